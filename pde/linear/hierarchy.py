"""Coarse levels of a LinearSystem: one Ruge-Stueben interpolation per block, shared by all its components.

Splitting and interpolation come from the block's `coarsening` M-matrix; the operators are Galerkin products of each
scalar matrix, so a level is again a sum of (scalar matrix) x (field matrix). Where components of a block are fixed on
different nodes, the interpolation vanishes there for those components only; the products then differ by matrices
that live next to the fixed nodes, and those become further terms.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hanle.pde.linear.contract import BlockTerm, LinearBlock, LinearSystem
from hanle.pde.linear.operators import merge

#: Neighbours count as strong from this fraction of the strongest coupling on. Ruge & Stueben, 1987, take 0.25; where
#: cells grow over decades from 1 nm to 1 um that cuts neighbours of about equal weight: 116 iterations instead of 20.
STRENGTH = 0.1
#: Interpolation weights below this fraction of the largest in their row are dropped: coarse stencils stay sparse.
TRUNCATION = 0.1
#: A level that keeps more than this fraction of the nodes is not worth its cost.
SLOW = 0.9


@dataclass(frozen=True, eq=False)
class Grid:
    """One level.

    Attributes:
        terms: merged terms without the skew ones, float64.
        free: per block (nodes, components), unknowns that exist on this level.
        down: per block the interpolation (nodes, coarser nodes) to this level from the next; empty on the coarsest.
    """

    terms: list[BlockTerm]
    free: list[NDArray[np.bool_]]
    down: list[sp.csr_matrix]

    @property
    def unknowns(self) -> int:
        return sum(f.size for f in self.free)


def grids(system: LinearSystem, coarsest: int) -> Iterator[Grid]:
    """The levels from fine to coarse, until at most `coarsest` unknowns are left.

    They are yielded one by one, so that the caller can store what it needs of a level before the next one is built.
    """
    terms = merge([t for t in system.terms if not t.skew])
    free = [~block.fixed for block in system.blocks]
    chains = [interpolations(block) for block in system.blocks]
    first = True
    while True:
        unknowns = sum(f.size for f in free)
        steps = [next(chain, None) for chain in chains] if unknowns > coarsest else [None] * len(chains)
        if all(step is None for step in steps):
            yield Grid(terms, free, [])
            return
        down = [
            sp.csr_matrix(sp.identity(len(f), format="csr")) if step is None else step
            for step, f in zip(steps, free, strict=True)
        ]
        yield Grid(terms, free, down)
        # The first level masks its fixed unknowns as it goes; from the second on they are gone from the matrices.
        terms = _galerkin(terms + (list(_masks(terms, free)) if first else []), down)
        free = [_coarse_free(p, f) for p, f in zip(down, free, strict=True)]
        first = False


def interpolations(block: LinearBlock) -> Iterator[sp.csr_matrix]:
    """Interpolations (nodes, coarser nodes) of one block, fine to coarse."""
    nodes_free = np.any(~block.fixed, axis=1)
    matrix = _without(block.coarsening, ~nodes_free)
    while True:
        p = interpolation(matrix)
        if p.shape[1] == 0 or p.shape[1] > SLOW * p.shape[0]:
            return
        yield p
        matrix = _product(p, matrix)


def interpolation(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """Classical interpolation (n, coarse n) of an M-matrix (n, n)."""
    from pyamg.classical import split
    from pyamg.classical.interpolate import classical_interpolation
    from pyamg.strength import classical_strength_of_connection

    strong = classical_strength_of_connection(matrix, STRENGTH, norm="min")
    splitting = split.RS(strong)
    return _truncated(sp.csr_matrix(classical_interpolation(matrix, strong, splitting, modified=True)))


def _truncated(p: sp.csr_matrix) -> sp.csr_matrix:
    """p without its small entries; row sums are kept, so constants stay constants."""
    rows = np.repeat(np.arange(p.shape[0]), np.diff(p.indptr))
    largest = np.zeros(p.shape[0])
    np.maximum.at(largest, rows, np.abs(p.data))
    kept = np.abs(p.data) >= TRUNCATION * largest[rows]
    before = np.bincount(rows, p.data, p.shape[0])
    after = np.bincount(rows[kept], p.data[kept], p.shape[0])
    factor = np.divide(before, after, out=np.ones(p.shape[0]), where=after != 0.0)
    data = np.where(kept, p.data * factor[rows], 0.0)
    result = sp.csr_matrix((data, p.indices, p.indptr), shape=p.shape)
    result.eliminate_zeros()
    result.sort_indices()
    return result


def _without(matrix: sp.csr_matrix, nodes: NDArray[np.bool_]) -> sp.csr_matrix:
    """The matrix with the couplings of `nodes` cut; isolated nodes get no coarse partner."""
    if not nodes.any():
        return matrix
    keep = sp.diags_array((~nodes).astype(float))
    cut = sp.csr_matrix(keep @ matrix @ keep + sp.diags_array(nodes.astype(float)))
    cut.eliminate_zeros()
    cut.sort_indices()
    return cut


def _product(p: sp.csr_matrix, matrix: sp.csr_matrix, q: sp.csr_matrix | None = None) -> sp.csr_matrix:
    """p^T matrix q (q = p when left out)."""
    result = sp.csr_matrix(p.T.tocsr() @ (matrix @ (p if q is None else q)))
    result.sort_indices()
    return result


def _galerkin(terms: Sequence[BlockTerm], down: Sequence[sp.csr_matrix]) -> list[BlockTerm]:
    return [BlockTerm(t.row, t.col, _product(down[t.row], t.matrix, down[t.col]), t.fields) for t in terms]


def _coarse_free(p: sp.csr_matrix, free: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Coarse unknowns that reach at least one free unknown."""
    return np.asarray(abs(p).T @ free.astype(float) > 0.0)


def _masks(terms: Sequence[BlockTerm], free: Sequence[NDArray[np.bool_]]) -> Iterator[BlockTerm]:
    """Terms that subtract the rows and columns of fixed unknowns."""
    for term in terms:
        for rows_fixed, row_components in _groups(~free[term.row]):
            for cols_fixed, col_components in _groups(~free[term.col]):
                fields = np.where(np.outer(row_components, col_components), -term.fields, 0.0)
                if np.any(fields) and (rows_fixed.any() or cols_fixed.any()):
                    yield BlockTerm(term.row, term.col, _touching(term.matrix, rows_fixed, cols_fixed), fields)


def _groups(fixed: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """(fixed nodes, components) for each distinct pattern of fixed nodes among the components."""
    columns = [np.ascontiguousarray(column) for column in fixed.T]
    first = [next(k for k, other in enumerate(columns) if np.array_equal(column, other)) for column in columns]
    for k in sorted(set(first)):
        yield columns[k], np.array(first) == k


def _touching(matrix: sp.csr_matrix, rows: NDArray[np.bool_], columns: NDArray[np.bool_]) -> sp.csr_matrix:
    """The entries in the given rows or columns."""
    kept = np.repeat(rows, np.diff(matrix.indptr)) | columns[matrix.indices]
    indptr = np.append(0, np.cumsum(kept, dtype=np.int32))[matrix.indptr]
    return sp.csr_matrix((matrix.data[kept], matrix.indices[kept], indptr), shape=matrix.shape)
