"""What differs between dolfinx 0.9 and 0.11, in one place."""

from typing import Any

import dolfinx
import numpy as np
from dolfinx import cpp, mesh
from dolfinx.graph import adjacencylist

from hanle.meshes.tagged import IntArray
from hanle.pde.tensors import Array

VERSION = tuple(int(part) for part in dolfinx.__version__.split(".")[:2])


def create_mesh(comm: Any, cells: IntArray, points: Array, element: Any, owners: IntArray) -> Any:
    """A mesh without ghost cells; `owners` says which process is to own each of the cells given here."""

    def destinations(*_: Any) -> Any:
        graph = adjacencylist(owners.astype(np.int32)[:, None])
        return getattr(graph, "_cpp_object", graph)

    if VERSION < (0, 10):
        return mesh.create_mesh(comm, cells, points, element, destinations)
    return mesh.create_mesh(comm, cells, element, points, destinations)


def coefficient_key(form: Any) -> Any:
    """The key of the only integral of a form among its packed coefficients.

    Its second part is the number of the subdomain in 0.9 and a running index later.
    """
    return next(iter(cpp.fem.pack_coefficients(form._cpp_object)))


def original_cells(domain: Any) -> IntArray:
    """(own cells,) number of each cell of this process among the cells given to `create_mesh`."""
    count = domain.topology.index_map(domain.topology.dim).size_local
    return np.asarray(domain.topology.original_cell_index, dtype=np.int64)[:count]
