"""Integrals over cells and facets, cell by cell.

The jet of a shape function is (phi, d_1 phi, ..., d_n phi) in the n mesh coordinates; on a facet the derivatives are
the tangential ones. Every integral the engine needs is a sum of

    matrix   int w  sum_{st} jet_s(phi_a) form_st jet_t(phi_b)          vector   int w  sum_s form_s jet_s(phi_a)

with a constant `form`: form_00 is a mass, form_ik a stiffness, the mixed ones belong to B, W and Q. `Mapped` finds
the geometry of some cells once for all integrals over them.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import TypeAlias

import numpy as np

from hanle.pde.engines.fe_cells import Cell
from hanle.pde.engines.fe_cells import cell as vertex_cell
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array

#: Cells treated at a time: what is known of a chunk stays in the processor's cache.
CHUNK = 1024
#: Vertices of a straight cell lie within this fraction of its size of where its edges put them.
STRAIGHT = 1e-13

#: (form, weights (cells or 1, points or 1)) of each term of a sum of integrals.
Integrand: TypeAlias = Sequence[tuple[Array, Array]]

_PARTS = (slice(0, 1), slice(1, None))


def chunks(count: int) -> Iterator[slice]:
    """Slices that cover range(count)."""
    for begin in range(0, count, CHUNK):
        yield slice(begin, min(begin + CHUNK, count))


class Mapped:
    """Cells with the geometry of their maps from the reference cell.

    Arrays inside run (..., points, cells): each component is contiguous.

    Args:
        cell: the reference cell.
        corners: (c, vertices, n).
    """

    def __init__(self, cell: Cell, corners: Array) -> None:
        self._cell, self._corners = cell, corners
        self._pulled: dict[tuple[bytes, int, int, bool], Array] = {}

    def matrices(self, integrand: Integrand) -> Array:
        """Local matrices (c, a, b); forms (1 + n, 1 + n), rows for the test function."""
        short = all(weights.shape[1] == 1 for _, weights in integrand) and self._straight
        scales = self._scales(integrand, short)
        nodes, count = len(self._cell.supports), len(self._corners)
        total = np.zeros((count, nodes * nodes))
        for rows, columns in np.ndindex(2, 2):
            parts = [form[_PARTS[rows], _PARTS[columns]] for form, _ in integrand]
            found = [
                self._pulled_back(part, rows, columns, short) * scale
                for part, scale in zip(parts, scales, strict=True)
                if np.any(part)
            ]
            if found:
                factors = sum(found[1:], start=found[0]).reshape(-1, count)
                total += factors.T @ _products(self._cell, rows, columns, short)
        return total.reshape(count, nodes, nodes)

    def vectors(self, integrand: Integrand) -> Array:
        """Local vectors (c, a); forms (1 + n,) or (c, points, 1 + n)."""
        pull = self._at_points[0]
        factors = np.zeros((1 + pull.shape[1], *pull.shape[2:]))
        for (form, _), scale in zip(integrand, self._scales(integrand, False), strict=True):
            value, *slope = (form if form.ndim == 3 else form[None, None]).T
            factors[0] += value * scale
            for k, along in enumerate(slope):
                if np.any(along):
                    factors[1:] += pull[k] * (along * scale)
        return np.asarray(factors.reshape(-1, len(self._corners)).T @ _jets(self._cell))

    def measures(self, weights: Array) -> Array:
        """Integral (c,) of the weights over each cell."""
        return np.asarray(self._scales([(np.zeros(0), weights)], False)[0].sum(axis=0))

    @cached_property
    def _straight(self) -> bool:
        return straight(self._cell, self._corners)

    @cached_property
    def _at_points(self) -> tuple[Array, Array]:
        points, factors = self._cell.quadrature
        pull, measure = _chart(self._cell, self._corners, points)
        return pull, measure * factors[:, None]

    @cached_property
    def _at_centre(self) -> tuple[Array, Array]:
        return _chart(self._cell, self._corners, self._cell.centre)

    def _scales(self, integrand: Integrand, short: bool) -> list[Array]:
        """Weight x measure (q, c) of each term; one point for straight cells of constant weight (`short`)."""
        points = len(self._cell.quadrature[1])
        for _, weights in integrand:
            if weights.shape[1] not in (1, points):
                raise InputError("weight", f"given at {points} points per cell", weights.shape[1])
        measure = (self._at_centre if short else self._at_points)[1]
        return [measure * weights.T for _, weights in integrand]

    def _pulled_back(self, part: Array, rows: int, columns: int, short: bool) -> Array:
        """A block of a form in reference coordinates (., ., q, c); rows, columns: 0 for values, 1 for gradients."""
        key = (part.tobytes(), rows, columns, short)
        if key not in self._pulled:
            pull = (self._at_centre if short else self._at_points)[0]
            tensor = np.tensordot(part, pull, 1) if columns else part[..., None, None]
            if rows and columns:
                tensor = sum((p[:, None] * t for p, t in zip(pull, tensor, strict=True)), start=np.zeros(1))
            elif rows:
                tensor = np.tensordot(part[:, 0], pull, 1)[:, None]
            self._pulled[key] = tensor
        return self._pulled[key]


def _chart(cell: Cell, corners: Array, points: Array) -> tuple[Array, Array]:
    """(pull (n, d, q, c), measure (q, c)) at reference points (q, d).

    Physical gradients are sums over d of `pull` times reference ones; on a facet (d = n - 1) they are tangential. The
    measure is the volume or area element.
    """
    slopes = vertex_cell(cell.kind, 1).gradients(points)
    q, vertices, d = slopes.shape
    count, _, n = corners.shape
    table = np.moveaxis(slopes, 2, 0).reshape(d * q, vertices)
    jacobian = np.stack([(table @ corners[..., k].T).reshape(d, q, count) for k in range(n)])
    if d == n:
        inverse, determinant = _inverted(jacobian)
        return np.swapaxes(inverse, 0, 1), np.abs(determinant)
    if d == 0:
        return np.zeros((n, 0, q, count)), np.ones((q, count))
    metric = np.einsum("kiqc,kjqc->ijqc", jacobian, jacobian)
    inverse, determinant = _inverted(metric)
    return np.einsum("kjqc,ijqc->kiqc", jacobian, inverse), np.sqrt(determinant)


def _inverted(matrix: Array) -> tuple[Array, Array]:
    """(inverse, determinant) of small matrices (d, d, ...), d <= 3, by cofactors."""
    d = len(matrix)
    cofactors = np.ones_like(matrix)
    if d == 2:
        for i, j in np.ndindex(2, 2):
            cofactors[i, j] = (-1) ** (i + j) * matrix[1 - i, 1 - j]
    elif d == 3:
        for i, j in np.ndindex(3, 3):
            a, b, c, e = (i + 1) % 3, (i + 2) % 3, (j + 1) % 3, (j + 2) % 3
            cofactors[i, j] = matrix[a, c] * matrix[b, e] - matrix[a, e] * matrix[b, c]
    determinant = sum((m * c for m, c in zip(matrix[0], cofactors[0], strict=True)), start=np.zeros(1))
    if not np.all(determinant):
        raise InputError("mesh.cells", "cells with a volume", "a flat cell", "remove cells of zero volume")
    return np.swapaxes(cofactors, 0, 1) / determinant, determinant


def geometry(cell: Cell, corners: Array, points: Array) -> tuple[Array, Array]:
    """(inverse (c, q, d, n), measure (c, q)) of the map from the reference cell at reference points (q, d).

    corners: (c, vertices, n). Physical gradients are inverse^T applied to reference ones; on a facet (d = n - 1) they
    are tangential. The measure is the volume or area element.
    """
    pull, measure = _chart(cell, corners, points)
    return np.ascontiguousarray(pull.T), np.ascontiguousarray(measure.T)


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


def slopes(cell: Cell, corners: Array, points: Array, values: Array) -> tuple[Array, Array]:
    """(gradients (c, q, n, N) of nodal values (c, nodes, N), measure (c, q)) at reference points (q, d)."""
    table = np.moveaxis(cell.gradients(points), 2, 0)
    d, q, nodes = table.shape
    count, _, width = values.shape
    found, measure = np.empty((count, q, corners.shape[2], width)), np.empty((count, q))
    for part in chunks(count):
        pull, size = _chart(cell, corners[part], points)
        along = table.reshape(d * q, nodes) @ values[part].swapaxes(0, 1).reshape(nodes, -1)
        along = along.reshape(d, *size.shape, width)
        for k, axis in enumerate(pull):
            rate = sum((p[..., None] * a for p, a in zip(axis, along, strict=True)), np.zeros(along.shape[1:]))
            found[part, :, k] = rate.swapaxes(0, 1)
        measure[part] = size.T
    return found, measure


@lru_cache(maxsize=32)
def _jets(cell: Cell) -> Array:
    """((1 + d) q, nodes) reference jets at the quadrature points."""
    points, _ = cell.quadrature
    found = np.concatenate([cell.values(points)[None], np.moveaxis(cell.gradients(points), 2, 0)])
    return found.reshape(-1, len(cell.supports))


@lru_cache(maxsize=128)
def _products(cell: Cell, rows: int, columns: int, short: bool) -> Array:
    """(s t q, nodes nodes) products of values (0) or gradients (1) at the points; `short`: integrated, q = 1."""
    jets = _jets(cell).reshape(1 + cell.dimension, -1, len(cell.supports))
    found = np.einsum("sqa,tqb->stqab", jets[_PARTS[rows]], jets[_PARTS[columns]])
    if short:
        found = np.einsum("q,stqab->stab", cell.quadrature[1], found)
    return np.asarray(found).reshape(-1, len(cell.supports) ** 2)
