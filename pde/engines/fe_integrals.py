"""Integrals over cells and facets, cell by cell.

The jet of a shape function is (phi, d_1 phi, ..., d_n phi) in the n mesh coordinates; on a facet the derivatives are
the tangential ones. Every integral the engine needs is

    matrix   int w  sum_{st} jet_s(phi_a) form_st jet_t(phi_b)          vector   int w  sum_s form_s jet_s(phi_a)

with a constant `form`: form_00 is a mass, form_ik a stiffness, the mixed ones belong to B, W and Q.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from hanle.pde.engines.fe_cells import Cell
from hanle.pde.engines.fe_cells import cell as vertex_cell
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array

#: Cells treated at a time: local matrices of a chunk stay in the processor's cache.
CHUNK = 2048
#: Vertices of a straight cell lie within this fraction of its size of where its edges put them.
STRAIGHT = 1e-13


def chunks(count: int) -> Iterator[slice]:
    """Slices that cover range(count)."""
    for begin in range(0, count, CHUNK):
        yield slice(begin, min(begin + CHUNK, count))


def geometry(cell: Cell, corners: Array, points: Array) -> tuple[Array, Array]:
    """(inverse (c, q, d, n), measure (c, q)) of the map from the reference cell at reference points (q, d).

    corners: (c, vertices, n). Physical gradients are inverse^T applied to reference ones; on a facet (d = n - 1) they
    are tangential. The measure is the volume or area element.
    """
    slopes = vertex_cell(cell.kind, 1).gradients(points)
    q, vertices, d = slopes.shape
    count, _, n = corners.shape
    moved = np.swapaxes(corners, 1, 2).reshape(count * n, vertices)
    table = np.moveaxis(slopes, 1, 0).reshape(vertices, q * d)
    jacobian = np.swapaxes((moved @ table).reshape(count, n, q, d), 1, 2)
    if d == n:
        inverse, determinant = inverted(jacobian)
        return inverse, np.abs(determinant)
    if d == 0:
        return np.zeros((count, q, 0, n)), np.ones((count, q))
    metric = np.swapaxes(jacobian, -1, -2) @ jacobian
    inverse, determinant = inverted(metric)
    return inverse @ np.swapaxes(jacobian, -1, -2), np.sqrt(determinant)


def inverted(matrix: Array) -> tuple[Array, Array]:
    """(inverse, determinant) of small matrices (..., d, d), d <= 3, by cofactors."""
    d = matrix.shape[-1]
    cofactors = np.empty_like(matrix)
    if d == 1:
        cofactors[...] = 1.0
    elif d == 2:
        for i, j in np.ndindex(2, 2):
            cofactors[..., i, j] = (-1) ** (i + j) * matrix[..., 1 - i, 1 - j]
    else:
        for i, j in np.ndindex(3, 3):
            a, b, c, e = (i + 1) % 3, (i + 2) % 3, (j + 1) % 3, (j + 2) % 3
            cofactors[..., i, j] = matrix[..., a, c] * matrix[..., b, e] - matrix[..., a, e] * matrix[..., b, c]
    determinant = np.sum(matrix[..., 0, :] * cofactors[..., 0, :], axis=-1)
    if not np.all(determinant):
        raise InputError("mesh.cells", "cells with a volume", "a flat cell", "remove cells of zero volume")
    return np.swapaxes(cofactors, -1, -2) / determinant[..., None, None], determinant


def straight(cell: Cell, corners: Array) -> bool:
    """Whether the map of every cell is affine (parallelograms, parallelepipeds; simplices always)."""
    count, vertices, n = corners.shape
    if vertices <= cell.dimension + 1:
        return True
    table = _edges_and_excess(cell.kind)
    moved = np.abs(np.swapaxes(corners, 1, 2).reshape(count * n, vertices) @ table)
    size = moved[:, : cell.dimension].max(axis=1)
    return bool(np.all(moved[:, cell.dimension :] <= STRAIGHT * size[:, None]))


@lru_cache(maxsize=8)
def _edges_and_excess(kind: str) -> Array:
    """(vertices, d + others): edges from vertex 0, then how far each other vertex is from their combination."""
    reference = vertex_cell(kind, 1).nodes
    vertices, d = reference.shape
    edges = np.zeros((d, vertices))
    for k, e in enumerate(np.eye(d)):
        edges[k, np.flatnonzero((reference == e).all(axis=1))[0]] = 1.0
        edges[k, 0] -= 1.0
    others = [v for v in range(1, vertices) if reference[v].sum() > 1]
    excess = np.eye(vertices)[others] - reference[others] @ edges
    excess[:, 0] -= 1.0
    return np.asarray(np.concatenate([edges, excess]).T)


def local_matrices(cell: Cell, corners: Array, form: Array, weights: Array) -> Array:
    """Local matrices (c, a, b).

    Args:
        corners: (c, vertices, n).
        form: (1 + n, 1 + n), rows for the test function.
        weights: (c or 1, points or 1) at the points of the cell's quadrature.
    """
    constant = weights.shape[1] == 1 and straight(cell, corners)
    inverse, scale = _rule(cell, corners, weights, constant)
    products = _integrated(cell) if constant else _products(cell)
    nodes = len(cell.supports)
    total = np.zeros((len(corners), nodes * nodes))
    for rows in _PARTS:
        for columns in _PARTS:
            tensor = _pulled_back(form[rows, columns], inverse, rows == _GRADIENT, columns == _GRADIENT)
            if tensor is not None:
                factors = (tensor * scale[..., None, None]).reshape(len(corners), -1)
                total += factors @ products[:, rows, columns].reshape(-1, nodes * nodes)
    return total.reshape(len(corners), nodes, nodes)


def local_vectors(cell: Cell, corners: Array, form: Array, weights: Array) -> Array:
    """Local vectors (c, a); `form` (1 + n,) or (c, points, 1 + n), other arguments as in `local_matrices`."""
    inverse, scale = _rule(cell, corners, weights, False)
    jets = _jets(cell)
    value = np.broadcast_to(form[..., :1], (*scale.shape, 1))
    factors = np.concatenate([value, (inverse @ form[..., 1:, None])[..., 0]], axis=2)
    weighted = (factors * scale[..., None]).reshape(len(corners), -1)
    return np.asarray(weighted @ jets.reshape(-1, jets.shape[2]))


def measures(cell: Cell, corners: Array, weights: Array) -> Array:
    """Integral (c,) of the weights over each cell."""
    return np.asarray(_rule(cell, corners, weights, False)[1].sum(axis=1))


def physical_gradients(cell: Cell, inverse: Array, points: Array) -> Array:
    """(c, q, nodes, n) gradients of the shape functions at reference points (q, d)."""
    return np.asarray(np.einsum("cqdn,qad->cqan", inverse, cell.gradients(points), optimize=True))


_VALUE, _GRADIENT = slice(0, 1), slice(1, None)
_PARTS = (_VALUE, _GRADIENT)


def _pulled_back(part: Array, inverse: Array, rows: bool, columns: bool) -> Array | None:
    """The form in reference coordinates (c, q, ., .); None where it is zero."""
    if not np.any(part):
        return None
    tensor = inverse @ part if rows else part
    return tensor @ np.swapaxes(inverse, -1, -2) if columns else tensor


def _rule(cell: Cell, corners: Array, weights: Array, constant: bool) -> tuple[Array, Array]:
    """(inverse (c, q, d, n), weight x measure (c, q)); one point for straight cells of constant weight."""
    points, factors = (cell.centre, np.ones(1)) if constant else cell.quadrature
    if weights.shape[1] not in (1, len(factors)):
        raise InputError("weight", f"given at {len(cell.quadrature[1])} points per cell", weights.shape[1])
    inverse, measure = geometry(cell, corners, points)
    return inverse, measure * factors * weights


@lru_cache(maxsize=32)
def _jets(cell: Cell) -> Array:
    """(q, 1 + d, nodes) reference jets at the quadrature points."""
    points, _ = cell.quadrature
    return np.concatenate([cell.values(points)[:, None], np.swapaxes(cell.gradients(points), 1, 2)], axis=1)


@lru_cache(maxsize=32)
def _products(cell: Cell) -> Array:
    """(q, 1 + d, 1 + d, nodes, nodes) products of jets at the quadrature points."""
    jets = _jets(cell)
    return np.asarray(np.einsum("qsa,qtb->qstab", jets, jets))


@lru_cache(maxsize=32)
def _integrated(cell: Cell) -> Array:
    """(1, 1 + d, 1 + d, nodes, nodes) their integrals over the reference cell."""
    return np.asarray(np.tensordot(cell.quadrature[1], _products(cell), axes=1)[None])
