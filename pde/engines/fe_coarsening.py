"""The M-matrix of a block from which a multigrid hierarchy can be built.

A graph Laplacian on the edges of the cells. On lines, quadrilaterals and hexahedra an edge carries what vertex
quadrature of the conduction gives it (the 3-, 5- and 7-point stencil on bricks); on simplices the entry of the
stiffness matrix, or nothing where that is positive. Rows add up to zero, off-diagonals are never positive.
"""

import numpy as np
import scipy.sparse as sp

from hanle.pde.coefficients import PERTURBATIVE, Coefficient, without
from hanle.pde.engines import kernels
from hanle.pde.engines.fe_cells import SIMPLICES, Cell, cell
from hanle.pde.engines.fe_integrals import chunks, geometry, local_matrices, straight
from hanle.pde.engines.fe_nodes import Int32
from hanle.pde.engines.fe_numbering import Numbering
from hanle.pde.engines.fe_scalars import Scalars
from hanle.pde.problem import Problem
from hanle.pde.tensors import Array

#: M-matrix on the nodes, or for second order on the vertices; interpolation from the vertices or None.
Coarsening = tuple[sp.csr_matrix, sp.csr_matrix | None]


def coarsening(problem: Problem, numbering: Numbering, scalars: Scalars, block: int) -> Coarsening:
    """The matrix of a block, from the store where its conduction is the same."""
    axes = numbering.nodes.mesh.axis_numbers
    tensors = {
        region: _conduction(problem.regions[region].A, axes, len(numbering.cells_of[region]))
        for region in numbering.blocks[block].regions
    }
    flat = np.concatenate([tensor.ravel() for tensor in tensors.values()])
    flat = flat / (np.abs(flat).max(initial=0.0) or 1.0)
    found: Coarsening = scalars.kept(("coarsening", block), flat, lambda: _coarsening(numbering, block, tensors))
    return found


def _coarsening(numbering: Numbering, block: int, tensors: dict[str, Array]) -> Coarsening:
    nodes, b = numbering.nodes, numbering.blocks[block]
    element = cell(nodes.mesh.kind, 1)
    connectivity = np.concatenate([numbering.connectivity(r) for r in b.regions])
    vertices, interpolation, count = connectivity[:, : element.vertices], None, b.nodes
    if nodes.element.order == 2:
        used = np.unique(vertices)
        table = np.zeros(b.nodes, dtype=np.int32)
        table[used] = np.arange(len(used), dtype=np.int32)
        vertices, count = table[vertices], len(used)
        interpolation = _interpolation(nodes.element, connectivity, vertices, b.nodes, count)
    coupled = np.zeros((element.vertices,) * 2, dtype=bool)
    for i, j in element.edges:
        coupled[i, j] = coupled[j, i] = True
    np.fill_diagonal(coupled, True)
    indptr, indices = kernels.pattern(vertices, count, coupled)
    data = np.zeros(indices.size)
    start = 0
    for region in b.regions:
        cells = numbering.cells_of[region]
        tensor = tensors[region]
        for part in chunks(len(cells)):
            local = _laplacian(element, nodes.corners(cells[part]), tensor if len(tensor) == 1 else tensor[part])
            kernels.scatter(indptr, indices, vertices[start + part.start : start + part.stop], local, data)
        start += len(cells)
    data /= float(np.abs(data).max(initial=0.0)) or 1.0
    return sp.csr_matrix((data, indices, indptr), shape=(count, count)), interpolation


def _conduction(coefficient: Coefficient, axes: tuple[int, ...], cells: int) -> Array:
    """(cells or 1, n, n) symmetric conduction of the reference problem, summed over the components."""
    total = np.zeros((1, len(axes), len(axes)))
    for t in without(coefficient, PERTURBATIVE):
        spatial = t.spatial[np.ix_(axes, axes)]
        weight = t.weight[0].mean(axis=1) * float(np.trace(t.fields))
        total = total + weight[:, None, None] * 0.5 * (spatial + spatial.T)
    return total


def _laplacian(element: Cell, corners: Array, tensor: Array) -> Array:
    """Local graph Laplacians (c, v, v)."""
    if element.kind in SIMPLICES:
        return _from_stiffness(element, corners, tensor)
    local = np.zeros((len(corners), element.vertices, element.vertices))
    points = element.centre if straight(element, corners) else element.nodes
    inverse, measure = geometry(element, corners, points)
    metric = np.sum((inverse @ tensor[:, None]) * inverse, axis=-1) * measure[..., None]
    if len(points) == 1:
        metric = np.broadcast_to(metric, (len(corners), element.vertices, element.dimension))
    for i, j in element.edges:
        along = int(np.flatnonzero(element.nodes[i] != element.nodes[j])[0])
        weight = (metric[:, i, along] + metric[:, j, along]) / element.vertices
        _add_edge(local, i, j, weight)
    return local


def _from_stiffness(element: Cell, corners: Array, tensor: Array) -> Array:
    n = corners.shape[2]
    stiffness = np.zeros((len(corners), element.vertices, element.vertices))
    for i, k in np.ndindex(n, n):
        if np.any(tensor[:, i, k]):
            form = np.zeros((1 + n, 1 + n))
            form[1 + i, 1 + k] = 1.0
            stiffness += local_matrices(element, corners, form, tensor[:, i, k, None])
    local = np.zeros_like(stiffness)
    for i, j in element.edges:
        _add_edge(local, i, j, np.maximum(-stiffness[:, i, j], 0.0))
    return local


def _add_edge(local: Array, i: int, j: int, weight: Array) -> None:
    local[:, i, i] += weight
    local[:, j, j] += weight
    local[:, i, j] -= weight
    local[:, j, i] -= weight


def _interpolation(element: Cell, connectivity: Int32, vertices: Int32, nodes: int, count: int) -> sp.csr_matrix:
    """(nodes, vertices): every node is the mean of the vertices it belongs to."""
    weights = np.zeros((len(element.supports), element.vertices))
    for k, support in enumerate(element.supports):
        weights[k, list(support)] = 1.0 / len(support)
    # Each node once: from the last cell that has it.
    owner, place = np.zeros((2, nodes), dtype=np.int64)
    for k in range(connectivity.shape[1]):
        owner[connectivity[:, k]] = np.arange(len(connectivity))
        place[connectivity[:, k]] = k
    rows = np.repeat(np.arange(nodes, dtype=np.int32), element.vertices)
    entries = (weights[place].ravel(), (rows, vertices[owner].ravel()))
    matrix: sp.csr_matrix = sp.csr_matrix(entries, shape=(nodes, count))
    matrix.eliminate_zeros()
    matrix.sort_indices()
    return matrix
