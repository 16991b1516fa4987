"""What differs between dolfinx 0.9 and 0.11, in one place."""

from collections.abc import Callable
from typing import Any

import dolfinx
import numpy as np
from dolfinx import cpp, mesh

from hanle.meshes.tagged import IntArray
from hanle.pde.tensors import Array

VERSION = tuple(int(part) for part in dolfinx.__version__.split(".")[:2])


def create_mesh(
    comm: Any, cells: IntArray, points: Array, element: Any, partitioner: Callable[..., Any] | None
) -> Any:
    """A mesh without ghost cells, distributed by `partitioner` (the graph partitioner of dolfinx if None)."""
    if partitioner is None:
        extra = () if VERSION < (0, 11) else (2,)
        partitioner = mesh.create_cell_partitioner(mesh.GhostMode.none, *extra)
    if VERSION < (0, 10):
        return mesh.create_mesh(comm, cells, points, element, partitioner)
    return mesh.create_mesh(comm, cells, element, points, partitioner)


def coefficient_key(form: Any) -> Any:
    """The key of the only integral of a form among its packed coefficients.

    Its second part is the number of the subdomain in 0.9 and a running index later.
    """
    return next(iter(cpp.fem.pack_coefficients(form._cpp_object)))


def original_cells(domain: Any) -> IntArray:
    """(own cells,) number of each cell of this process among the cells given to `create_mesh`."""
    count = domain.topology.index_map(domain.topology.dim).size_local
    return np.asarray(domain.topology.original_cell_index, dtype=np.int64)[:count]
