"""The M-matrix of a block from which a multigrid hierarchy can be built.

A graph Laplacian on the edges of the cells. On lines, quadrilaterals and hexahedra an edge carries what vertex
quadrature of the conduction gives it (the 3-, 5- and 7-point stencil on bricks); on simplices the entry of the
stiffness matrix, or nothing where that is positive. In second order all pairs of nodes are coupled by distance. Rows
add up to zero, off-diagonals are never positive.
"""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hanle.meshes.tagged import IntArray
from hanle.pde.coefficients import Coefficient, leading
from hanle.pde.engines import kernels
from hanle.pde.engines.fe_cells import SIMPLICES, Cell
from hanle.pde.engines.fe_integrals import Mapped, chunks, geometry, straight
from hanle.pde.engines.fe_nodes import Int32
from hanle.pde.engines.fe_numbering import Numbering
from hanle.pde.engines.fe_scalars import Scalars
from hanle.pde.problem import Problem
from hanle.pde.tensors import Array


def coarsening(problem: Problem, numbering: Numbering, scalars: Scalars, block: int) -> sp.csr_matrix:
    """The matrix of a block, from the store where its conduction is the same."""
    axes, b = numbering.nodes.mesh.axis_numbers, numbering.blocks[block]
    tensors = {region: conduction(problem.regions[region].A, axes) for region in b.regions}
    flat = np.concatenate([tensor.ravel() for tensor in tensors.values()])
    flat = flat / (np.abs(flat).max(initial=0.0) or 1.0)

    def build() -> sp.csr_matrix:
        return graph(numbering, {region: numbering.connectivity(region) for region in b.regions}, tensors, b.nodes)

    found: sp.csr_matrix = scalars.kept(("coarsening", block), [flat], build)
    return found


def graph(
    numbering: Numbering, connectivity: Mapping[str, IntArray | Int32], tensors: Mapping[str, Array], count: int
) -> sp.csr_matrix:
    """The matrix (count, count) on nodes of one's own.

    Args:
        connectivity: region -> (its cells on this process, nodes of a cell).
        tensors: region -> what `conduction` returns.
    """
    nodes, element = numbering.nodes, numbering.nodes.element
    if not any(len(table) for table in connectivity.values()):
        return sp.csr_matrix((count, count))
    indptr, indices = kernels.pattern(np.concatenate(list(connectivity.values())), count, _coupled(element))
    data = np.zeros(indices.size)
    for region, table in connectivity.items():
        cells, tensor = numbering.cells_of[region], tensors[region]
        for part in chunks(len(cells)):
            local = _laplacian(element, nodes.corners(cells[part]), tensor if len(tensor) == 1 else tensor[part])
            kernels.scatter(indptr, indices, table[part], local, data)
    data /= float(np.abs(data).max(initial=0.0)) or 1.0
    return sp.csr_matrix((data, indices, indptr), shape=(count, count))


def _coupled(element: Cell) -> NDArray[np.bool_]:
    """Local pairs that get an entry: the edges of a first-order cell, all pairs of a second-order one."""
    count = len(element.supports)
    if element.order == 2:
        return np.ones((count, count), dtype=bool)
    coupled = np.eye(count, dtype=bool)
    for i, j in element.edges:
        coupled[i, j] = coupled[j, i] = True
    return coupled


def conduction(coefficient: Coefficient, axes: tuple[int, ...], among: NDArray[np.bool_] | None = None) -> Array:
    """(cells or 1, n, n) symmetric conduction of the reference problem, summed over the components, or `among` them."""
    total = np.zeros((1, len(axes), len(axes)))
    for t in leading(coefficient):
        spatial = t.spatial[np.ix_(axes, axes)]
        own = np.diagonal(t.fields) if among is None else np.diagonal(t.fields)[among]
        weight = t.weight[0].mean(axis=1) * float(own.sum())
        total = total + weight[:, None, None] * 0.5 * (spatial + spatial.T)
    return total


def _laplacian(element: Cell, corners: Array, tensor: Array) -> Array:
    """Local graph Laplacians (c, nodes, nodes)."""
    if element.order == 2:
        return _by_distance(element, corners, tensor)
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
    parts = []
    for i, k in np.ndindex(n, n):
        if np.any(tensor[:, i, k]):
            form = np.zeros((1 + n, 1 + n))
            form[1 + i, 1 + k] = 1.0
            parts.append((form, tensor[:, i, k, None]))
    stiffness = Mapped(element, corners).matrices(parts)
    local = np.zeros_like(stiffness)
    for i, j in element.edges:
        _add_edge(local, i, j, np.maximum(-stiffness[:, i, j], 0.0))
    return local


def _by_distance(element: Cell, corners: Array, tensor: Array) -> Array:
    """Every pair of nodes, coupled by the volume over the squared distance in the metric of the conduction.

    The stiffness of second order has positive entries of the size of the negative ones, and a first-order matrix on
    its vertices misses the middles that are strong neighbours in flat cells.
    """
    count = len(element.supports)
    places = np.stack([corners[:, list(s)].mean(axis=1) for s in element.supports], axis=1)
    volume = Mapped(element, corners).measures(np.ones((1, 1)))
    metric = np.linalg.inv(tensor)
    local = np.zeros((len(corners), count, count))
    for i, j in combinations(range(count), 2):
        apart = places[:, i] - places[:, j]
        squared = np.einsum("ci,cik,ck->c", apart, np.broadcast_to(metric, (len(apart), *metric.shape[1:])), apart)
        _add_edge(local, i, j, volume / (count * squared))
    return local


def _add_edge(local: Array, i: int, j: int, weight: Array) -> None:
    local[:, i, i] += weight
    local[:, j, j] += weight
    local[:, i, j] -= weight
    local[:, j, i] -= weight
