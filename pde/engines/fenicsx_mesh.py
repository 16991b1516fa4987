"""A mesh distributed by dolfinx, and what its cells and degrees of freedom are called in the mesh it came from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import basix.ufl
import numpy as np
import ufl
from dolfinx import fem

from hanle.meshes.tagged import IntArray, TaggedMesh
from hanle.pde.engines import fenicsx_compat as compat
from hanle.pde.engines.fe_cells import cell
from hanle.pde.engines.fe_nodes import Nodes
from hanle.pde.errors import InputError

#: Names of the cells, and the place of each vertex of dolfinx among those of VTK.
KINDS: dict[str, tuple[str, tuple[int, ...]]] = {
    "line": ("interval", (0, 1)),
    "triangle": ("triangle", (0, 1, 2)),
    "quad": ("quadrilateral", (0, 1, 3, 2)),
    "tetra": ("tetrahedron", (0, 1, 2, 3)),
    "hexahedron": ("hexahedron", (0, 1, 3, 2, 4, 5, 7, 6)),
}

#: (mesh, processes) -> (cells,) the process that owns each cell: the same on every process and at every call.
Partitioner = Callable[[TaggedMesh, int], IntArray]


@dataclass(frozen=True, eq=False)
class Distributed:
    """This process's part of a mesh.

    Attributes:
        nodes: the nodes of the whole mesh, the same on every process.
        space: scalar Lagrange space of the order of the nodes; coordinates are in `nodes.unit`.
        cells: (own cells of dolfinx,) their numbers in the whole mesh.
        node: (degrees of freedom at hand,) the node of the whole mesh each stands for.
    """

    nodes: Nodes
    space: Any
    cells: IntArray
    node: IntArray


def distribute(nodes: Nodes, comm: Any, partitioner: Partitioner) -> Distributed:
    """Share out the cells of a mesh that every process holds.

    Every process hands dolfinx its share of cells and points; the partitioner decides who owns which cell. There are no
    ghost cells: an integral over a facet needs the nodes of the facet only, and the cell on its minus side owns it.
    """
    kind, order, owners = nodes.mesh.kind, nodes.element.order, partitioner(nodes.mesh, comm.size)
    if owners.shape != (len(nodes.mesh.cells),) or np.any((owners < 0) | (owners >= comm.size)):
        must = f"an array ({len(nodes.mesh.cells)},) of numbers from 0 to {comm.size - 1}"
        raise InputError("partitioner(mesh, processes)", must, owners)
    name, vertices = KINDS[kind]
    shares = [np.array_split(np.arange(count), comm.size)[comm.rank] for count in _sizes(nodes)]
    coordinates = ufl.Mesh(basix.ufl.element("Lagrange", name, 1, shape=(nodes.mesh.dimension,)))
    domain = compat.create_mesh(
        comm,
        nodes.mesh.cells[shares[0]][:, vertices].astype(np.int64),
        np.ascontiguousarray(nodes.points[shares[1]]),
        coordinates,
        owners[shares[0]],
    )
    space = fem.functionspace(domain, ("Lagrange", order))
    cells = compat.original_cells(domain)
    index_map = space.dofmap.index_map
    node = np.full(index_map.size_local + index_map.num_ghosts, -1, dtype=np.int64)
    table = np.asarray(space.dofmap.list)[: len(cells)]
    node[table] = nodes.cells[cells][:, _local_nodes(kind, order, space)]
    return Distributed(nodes, space, cells, node)


def _sizes(nodes: Nodes) -> tuple[int, int]:
    return len(nodes.mesh.cells), len(nodes.points)


def _local_nodes(kind: str, order: int, space: Any) -> IntArray:
    """For each degree of freedom of a cell our local node at the same place of the reference cell."""
    theirs, ours = space.element.basix_element.points, cell(kind, order).nodes
    apart = np.abs(theirs[:, None] - ours[None]).max(axis=2)
    return np.asarray(np.argmin(apart, axis=1))
