"""One multigrid level in single precision: nodal-block smoother, residual, transfers; and the coarsest level."""

import warnings
from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import scipy.linalg as sl
import scipy.sparse as sp
import scipy.sparse.linalg as sla
from numpy.typing import NDArray

from hanle.pde.errors import SolveError
from hanle.pde.linear import kernels
from hanle.pde.linear.contract import BlockTerm
from hanle.pde.linear.hierarchy import Grid
from hanle.pde.linear.operators import Pass, passes
from hanle.pde.tensors import Array

Single = NDArray[np.float32]

#: Smoothing steps before, and again after, the coarse correction.
STEPS = 2
#: The steps damp the part of the spectrum above its largest value divided by this.
SPREAD = 3.0
#: Arnoldi steps for the largest eigenvalue of the scaled operator, and the safety factor on their estimate.
ARNOLDI, SAFETY = 8, 1.08
#: Unknowns up to which the coarsest level is factorised densely.
DENSE = 2000
#: Pivots below this, per row of the matrix and in units of the largest entry of their row, mean a singular matrix: that
#: is what rounding leaves of zero. Weaker links between bodies are not told from none.
SINGULAR = 0.5 * float(np.finfo(float).eps)
#: Rounds in which rows and columns are scaled to largest entries near one.
EQUILIBRATION = 8
#: Singular values of the coarsest level below this fraction of the largest belong to floating constants.
NULL = 1e-11


class Level:
    """Smoother, residual and transfers of one level.

    Args:
        grid: the level.
        copy: keep the matrices in single precision; False uses the caller's own arrays.

    Vectors are one flat float32 array per block; fixed unknowns stay zero.
    """

    def __init__(self, grid: Grid, copy: bool) -> None:
        self._free = [f.ravel().astype(np.float32) for f in grid.free]
        self.unknowns = grid.unknowns
        self._widths = [f.shape[1] for f in grid.free]
        self._inverse = [_nodal_inverse(grid, k) for k in range(len(grid.free))]
        self._main: list[Pass] = []
        self._rest: list[Pass] = []
        self._sort([p.single(copy) for p in passes(grid.terms)], grid)
        self._down = [p.astype(np.float32) for p in grid.down]
        self._up = [sp.csr_matrix(p.T.tocsr()) for p in self._down]
        self._all = [np.ones(p.shape[0] * w, np.float32) for p, w in zip(self._up, self._widths, strict=True)]
        self.weights = chebyshev(SAFETY * self._largest())

    def _sort(self, everything: list[Pass], grid: Grid) -> None:
        """The largest pass of each diagonal block is fused with the smoother; the rest is subtracted before."""
        for k, free in enumerate(grid.free):
            local = [p for p in everything if p.row == p.col == k]
            main = max(local, key=lambda p: p.indices.size)
            everything = [p for p in everything if p is not main]
            self._main.append(main.all_rows(len(free)))
        self._rest = [p.negative() for p in everything]

    def start(self, rhs: list[Single]) -> list[Single]:
        """The first smoothing step, from zero."""
        x = [np.empty_like(r) for r in rhs]
        for inverse, r, out in zip(self._inverse, rhs, x, strict=True):
            kernels.scale(inverse, self.weights[0], r, out)
        return x

    def smooth(self, x: list[Single], rhs: list[Single], weights: Sequence[np.float32]) -> list[Single]:
        """Block-Jacobi steps on A x = rhs."""
        for weight in weights:
            x = self._sweep(x, rhs, weight)
        return x

    def residual(self, x: list[Single], rhs: list[Single]) -> list[Single]:
        """rhs - A x on free unknowns, 0 on the others."""
        return self._sweep(x, rhs, np.float32(0.0))

    def restrict(self, r: list[Single]) -> list[Single]:
        """Transposed interpolation of a residual."""
        y = [np.zeros_like(free) for free in self._all]
        self._transfer(self._up, self._all, r, y)
        return y

    def prolong(self, coarse: list[Single], x: list[Single]) -> None:
        """x += interpolation of `coarse`."""
        self._transfer(self._down, self._free, coarse, x)

    def _transfer(
        self, matrices: list[sp.csr_matrix], free: list[Single], x: list[Single], y: list[Single]
    ) -> None:
        for p, mask, width, source, target in zip(matrices, free, self._widths, x, y, strict=True):
            kernels.transfer(p.indptr, p.indices, p.data, mask, width, source, target)

    def _sweep(self, x: list[Single], rhs: list[Single], weight: np.float32) -> list[Single]:
        if self._rest:
            rhs = [r.copy() for r in rhs]
            for p in self._rest:
                p.add(x[p.col], rhs[p.row])
        result = [np.empty_like(r) for r in rhs]
        for k, m in enumerate(self._main):
            matrices = (m.indptr, m.indices, m.first, m.second, m.first_fields, m.second_fields)
            kernels.relax(*matrices, self._inverse[k], self._free[k], weight, x[k], rhs[k], result[k])
        return result

    def _largest(self) -> float:
        """Estimate of the largest eigenvalue of the operator scaled by its nodal blocks."""
        rng = np.random.default_rng(0)
        zero = [np.zeros_like(f) for f in self._free]
        start = np.concatenate(self._free) * rng.standard_normal(sum(f.size for f in zero), dtype=np.float32)
        basis, h = [start / np.linalg.norm(start)], np.zeros((ARNOLDI + 1, ARNOLDI))
        ends = np.cumsum([f.size for f in zero])[:-1]
        for k in range(ARNOLDI):
            # One step of weight 1 on A x = 0 returns x - D^-1 A x.
            w = basis[k] - np.concatenate(self._sweep(np.split(basis[k], ends), zero, np.float32(1.0)))
            for j, v in enumerate(basis):
                h[j, k] = v @ w
                w -= np.float32(h[j, k]) * v
            h[k + 1, k] = np.linalg.norm(w)
            if h[k + 1, k] < 1e-5 * h[: k + 1, : k + 1].max():
                return float(np.abs(np.linalg.eigvals(h[: k + 1, : k + 1])).max())
            basis.append(w / np.float32(h[k + 1, k]))
        return float(np.abs(np.linalg.eigvals(h[:ARNOLDI])).max())


def chebyshev(largest: float) -> list[np.float32]:
    """Weights of STEPS Richardson steps that damp [largest / SPREAD, largest] best."""
    low = largest / SPREAD
    points = np.cos(np.pi * (np.arange(STEPS) + 0.5) / STEPS)
    return [np.float32(w) for w in 1.0 / (0.5 * (largest + low) + 0.5 * (largest - low) * points)]


def _nodal_inverse(grid: Grid, block: int) -> Single:
    """(n, c, c) inverses of the nodal blocks."""
    local = [t for t in grid.terms if t.row == t.col == block]
    diagonals = np.array([t.matrix.diagonal() for t in local])
    fields = np.array([t.fields for t in local])
    free = grid.free[block]
    out = np.empty((*free.shape, free.shape[1]), np.float32)
    singular = kernels.invert_blocks(diagonals, fields, free.ravel().astype(np.float32), out)
    if singular.any():
        node = int(np.argmax(singular))
        raise SolveError(
            f"singular system: {int(singular.sum())} nodes of block {block} have a component without an equation"
            f" (the first is node {node}) - give that component a conductivity or fix it there"
        )
    return out


class Coarsest:
    """Solver of the coarsest level, all blocks coupled.

    Args:
        grid: the level.
        singular: constants float; their part is left out of the solution.
    """

    def __init__(self, grid: Grid, singular: bool) -> None:
        self._ends = np.cumsum([f.size for f in grid.free])[:-1]
        self._free = np.concatenate([f.ravel() for f in grid.free])
        matrix = _coupled(grid.terms, [f.shape for f in grid.free], self._free)
        self._apply = _inverse(matrix, singular)

    def solve(self, rhs: list[Single]) -> list[Single]:
        """The solution, one flat array per block."""
        r = np.where(self._free, np.concatenate(rhs), 0.0).astype(float)
        return np.split(np.asarray(self._apply(r), dtype=np.float32), self._ends)


def _inverse(matrix: sp.csr_matrix, singular: bool) -> Callable[[Array], Array]:
    if matrix.shape[0] > DENSE:
        return cast(Callable[[Array], Array], sla.splu(sp.csc_matrix(matrix)).solve)
    if singular:
        inverse = np.linalg.pinv(matrix.toarray(), rcond=NULL)
        return lambda r: np.asarray(inverse @ r)
    dense, scale = equilibrated(matrix.toarray())
    # An exactly singular matrix shows in the pivots below; the warning would say it twice.
    with warnings.catch_warnings(action="ignore", category=sl.LinAlgWarning):
        factors = sl.lu_factor(dense)
    if not smallest_pivot(dense, factors) > SINGULAR * len(dense):
        raise SolveError(
            "singular system: a component has constants that nothing determines"
            ' - give it a ground, a sink, a decay length or a face law; solver="direct" names it'
        )
    return lambda r: np.asarray(scale * sl.lu_solve(factors, scale * r))


def equilibrated(dense: Array) -> tuple[Array, Array]:
    """(s a s, s): rows and columns scaled alike, the largest entry of each near one (Ruiz, 2001).

    The diagonal alone would not do: beside strong precession or storage it may be small in its row.
    """
    dense, scale = dense.copy(), np.ones(len(dense))
    for _ in range(EQUILIBRATION):
        size = np.abs(dense)
        largest = np.sqrt(size.max(axis=0, initial=0.0) * size.max(axis=1, initial=0.0))
        step = 1.0 / np.sqrt(np.where(largest > 0.0, largest, 1.0))
        dense *= step[:, None] * step
        scale *= step
    return dense, scale


def smallest_pivot(dense: Array, factors: tuple[Array, NDArray[np.int32]]) -> float:
    """The smallest pivot of `scipy.linalg.lu_factor` in units of the largest entry of the row it stands for."""
    order = np.arange(len(dense))
    for k, swapped in enumerate(factors[1]):
        order[[k, swapped]] = order[[swapped, k]]
    rows = np.abs(dense).max(axis=1, initial=0.0)[order]
    pivots = np.abs(np.diag(factors[0]))
    return float(np.min(np.divide(pivots, rows, out=np.zeros(len(rows)), where=rows > 0.0), initial=np.inf))


def _coupled(
    terms: Sequence[BlockTerm], shapes: Sequence[tuple[int, ...]], free: NDArray[np.bool_]
) -> sp.csr_matrix:
    """The coupled matrix; unknowns that do not exist get the identity."""
    sizes = [nodes * components for nodes, components in shapes]
    rows = [[sp.csr_matrix((a, b)) for b in sizes] for a in sizes]
    for t in terms:
        rows[t.row][t.col] = rows[t.row][t.col] + sp.kron(t.matrix, sp.csr_matrix(t.fields), "csr")
    total = sp.vstack([sp.hstack(row, format="csr") for row in rows], format="csr")
    keep = sp.diags_array(free.astype(float))
    return sp.csr_matrix(keep @ total @ keep + sp.diags_array((~free).astype(float)))
