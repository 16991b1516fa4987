"""The nodes of a mesh for elements of an order, and the nodes of its named facets."""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from hanle.meshes.tagged import CELL_FACETS, Facets, IntArray, TaggedMesh
from hanle.pde.engines.fe_cells import FACET_KIND, Cell, cell
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array

Int32: TypeAlias = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Nodes:
    """Mesh plus element order, in units of a typical cell size so that scalar matrices are of order one.

    Attributes:
        mesh: the mesh [m].
        element: reference cell.
        unit: length unit [m], a power of two (so scaling does not round).
        points: (vertices, n) vertex coordinates in that unit.
        cells: (c, nodes) node numbers; nodes 0 ... vertices - 1 are the mesh points.
        positions: (nodes, n) node coordinates [m].
        periodic: (m, 2) pairs of nodes that are one and the same.
    """

    mesh: TaggedMesh
    element: Cell
    unit: float
    points: Array
    cells: Int32
    positions: Array
    periodic: IntArray

    @property
    def count(self) -> int:
        return len(self.positions)

    @cached_property
    def facet(self) -> Cell:
        """Reference cell of the facets."""
        return cell(FACET_KIND[self.mesh.kind], self.element.order)

    @property
    def vertex_element(self) -> Cell:
        """Reference cell with vertices only."""
        return cell(self.mesh.kind, 1)

    @property
    def vertex_facet(self) -> Cell:
        """Reference cell of the facets with vertices only."""
        return cell(FACET_KIND[self.mesh.kind], 1)

    def corners(self, cells: IntArray | slice) -> Array:
        """(c, vertices, n) scaled vertex coordinates of cells."""
        return np.asarray(self.points[self.cells[cells, : self.element.vertices]])

    def facet_corners(self, nodes: IntArray | Int32) -> Array:
        """(facets, vertices, n) scaled vertex coordinates of facets given by their nodes."""
        return np.asarray(self.points[nodes[:, : self.facet.vertices]])

    def facet_nodes(self, facets: Facets) -> IntArray:
        """(facets, nodes per facet) in the node order of the facet's reference cell."""
        cells = self.mesh.cells[facets.cells[:, 0]]
        wanted = np.sort(facets.nodes, axis=1)
        found = np.full((len(wanted), len(self.facet.supports)), -1, dtype=np.int64)
        for corners, nodes in zip(CELL_FACETS[self.mesh.kind], self.element.facet_nodes, strict=True):
            here = np.all(np.sort(cells[:, list(corners)], axis=1) == wanted, axis=1)
            found[here] = self.cells[facets.cells[here, 0]][:, nodes]
        if np.any(found < 0):
            stray = int(np.flatnonzero(found[:, 0] < 0)[0])
            raise InputError("mesh.faces", "facets of the cells on their minus side", facets.nodes[stray].tolist())
        return found


def nodes_of(mesh: TaggedMesh, order: int) -> Nodes:
    """Number the nodes: mesh points first, then middles of edges, faces and cells in the order of their vertices."""
    element = cell(mesh.kind, order)
    columns, positions, periodic = [mesh.cells], [mesh.points], [_pairs(mesh)]
    count = len(mesh.points)
    for size in sorted({len(s) for s in element.supports} - {1}):
        supports = [list(s) for s in element.supports if len(s) == size]
        tuples = np.sort(mesh.cells[:, supports].reshape(-1, size), axis=1)
        unique, numbers = np.unique(tuples, axis=0, return_inverse=True)
        columns.append(count + numbers.reshape(len(mesh.cells), len(supports)))
        positions.append(mesh.points[unique].mean(axis=1))
        periodic.append(count + _higher_pairs(mesh, unique))
        count += len(unique)
    unit = _typical_size(mesh)
    return Nodes(
        mesh=mesh,
        element=element,
        unit=unit,
        points=mesh.points / unit,
        cells=np.concatenate(columns, axis=1).astype(np.int32),
        positions=np.concatenate(positions),
        periodic=np.concatenate(periodic),
    )


def _typical_size(mesh: TaggedMesh) -> float:
    """A power of two near (volume of the bounding box / cells)^(1/d)."""
    extent = np.ptp(mesh.points, axis=0)
    size = float(np.exp(np.mean(np.log(extent)))) / len(mesh.cells) ** (1 / mesh.dimension)
    return float(2.0 ** np.round(np.log2(size)))


def _pairs(mesh: TaggedMesh) -> IntArray:
    found = [np.asarray(pairs, dtype=np.int64).reshape(-1, 2) for pairs in mesh.periodic.values()]
    return np.concatenate([np.zeros((0, 2), dtype=np.int64), *found])


def _higher_pairs(mesh: TaggedMesh, tuples: IntArray) -> IntArray:
    """Pairs among middles: the image of the vertices of one at the low end are the vertices of one at the high end."""
    found = [np.zeros((0, 2), dtype=np.int64)]
    for pairs in mesh.periodic.values():
        image = np.full(len(mesh.points), -1, dtype=np.int64)
        image[pairs[:, 0]] = pairs[:, 1]
        low = np.flatnonzero(np.all(image[tuples] >= 0, axis=1))
        wanted = np.sort(image[tuples[low]], axis=1)
        known = {tuple(row): k for k, row in enumerate(tuples.tolist())}
        matched = [
            (k, known[tuple(row)])
            for k, row in zip(low.tolist(), wanted.tolist(), strict=True)
            if tuple(row) in known
        ]
        found.append(np.array(matched, dtype=np.int64).reshape(-1, 2))
    return np.concatenate(found)
