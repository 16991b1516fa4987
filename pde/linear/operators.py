"""Application of a LinearSystem without its coupled matrix.

Terms whose field matrices are proportional are merged into one scalar matrix; scalar matrices that share a sparsity
pattern are applied two at a time in one compiled pass; matrices that live on faces touch their own rows only.
`twin` does the same with scipy, one term after the other: the independent check of every solve.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hanle.pde.linear.contract import BlockTerm, LinearSystem
from hanle.pde.linear.kernels import accumulate
from hanle.pde.tensors import Array

Real: TypeAlias = NDArray[np.float64] | NDArray[np.float32]

#: Relative difference below which two field matrices count as proportional (a few roundings).
PROPORTIONAL = 1e-14


@dataclass(frozen=True, eq=False)
class Pass:
    """(first (x) first_fields + second (x) second_fields) from block `col` to the `rows` of block `row`.

    Attributes:
        rows: (r,) rows that have entries; indptr: (r + 1,); indices: (entries,) int32.
        first, second: (entries,) data on the shared pattern; a lone matrix is its own partner with zero fields.
        first_fields, second_fields: (components of `row`, components of `col`).
    """

    row: int
    col: int
    rows: NDArray[np.int32]
    indptr: NDArray[np.int32]
    indices: NDArray[np.int32]
    first: Real
    second: Real
    first_fields: Real
    second_fields: Real

    def single(self, copy: bool) -> "Pass":
        """The pass for float32 vectors; with `copy` the matrices become float32 as well."""
        return replace(
            self,
            first=self.first.astype(np.float32) if copy else self.first,
            second=self.second.astype(np.float32) if copy else self.second,
            first_fields=self.first_fields.astype(np.float32),
            second_fields=self.second_fields.astype(np.float32),
        )

    def negative(self) -> "Pass":
        """The pass that subtracts."""
        return replace(self, first_fields=-self.first_fields, second_fields=-self.second_fields)

    def all_rows(self, count: int) -> "Pass":
        """The pass with all `count` rows listed, the empty ones too."""
        indptr = np.zeros(count + 1, np.int32)
        indptr[self.rows + 1] = np.diff(self.indptr)
        return replace(self, rows=np.arange(count, dtype=np.int32), indptr=np.cumsum(indptr, dtype=np.int32))

    def add(self, x: Real, y: Real) -> None:
        """y += this pass times x, for flat vectors of the blocks `col` and `row`."""
        accumulate(
            self.rows,
            self.indptr,
            self.indices,
            self.first,
            self.second,
            self.first_fields,
            self.second_fields,
            x,
            y,
        )


def same_pattern(a: sp.csr_matrix, b: sp.csr_matrix) -> bool:
    """Whether two CSR matrices store the same entries in the same order."""
    if a.shape != b.shape or a.nnz != b.nnz:
        return False
    return all(p is q or np.array_equal(p, q) for p, q in ((a.indptr, b.indptr), (a.indices, b.indices)))


def merge(terms: Iterable[BlockTerm]) -> list[BlockTerm]:
    """Equivalent terms in which no two between the same blocks have proportional field matrices.

    Terms without entries are dropped; skew terms are merged among themselves only. A term that has no partner keeps
    its matrix uncopied.
    """
    merged: list[BlockTerm] = []
    for term in terms:
        if term.matrix.nnz == 0 or not np.any(term.fields):
            continue
        for k, other in enumerate(merged):
            if (other.row, other.col, other.skew) != (term.row, term.col, term.skew):
                continue
            factor = _ratio(term.fields, other.fields)
            if factor is not None:
                total = _sum(other.matrix, term.matrix, factor)
                merged[k] = BlockTerm(term.row, term.col, total, other.fields, term.skew)
                break
        else:
            merged.append(term)
    return merged


def _ratio(a: Array, b: Array) -> float | None:
    """The factor f with a = f b, or None."""
    at = np.unravel_index(np.argmax(np.abs(b)), b.shape)
    factor = float(a[at] / b[at])
    close = np.abs(a - factor * b).max() <= PROPORTIONAL * np.abs(a).max()
    return factor if close else None


def _like(pattern: sp.csr_matrix, data: Array) -> sp.csr_matrix:
    """A matrix with other data on the same index arrays."""
    arrays = (data, pattern.indices, pattern.indptr)
    return sp.csr_matrix(arrays, shape=pattern.shape, copy=False)


def _sum(a: sp.csr_matrix, b: sp.csr_matrix, factor: float) -> sp.csr_matrix:
    """a + factor b, keeping a shared pattern shared."""
    if same_pattern(a, b):
        return _like(a, a.data + factor * b.data)
    total = sp.csr_matrix(a + factor * b)
    total.sort_indices()
    return total


def passes(terms: Sequence[BlockTerm]) -> list[Pass]:
    """Group terms by blocks and sparsity pattern, two scalar matrices per pass that see about the same components."""
    groups: list[list[BlockTerm]] = []
    for term in terms:
        for group in groups:
            head = group[0]
            if (head.row, head.col) == (term.row, term.col) and same_pattern(head.matrix, term.matrix):
                group.append(term)
                break
        else:
            groups.append([term])
    for group in groups:
        group.sort(key=_reach)
    return [
        _pair(group[k], group[k + 1] if k + 1 < len(group) else None)
        for group in groups
        for k in range(0, len(group), 2)
    ]


def _reach(term: BlockTerm) -> tuple[int, int]:
    """Sorts terms that see many components first, then by the first component they see."""
    seen = np.flatnonzero(np.any(term.fields != 0.0, axis=0))
    return int(seen[0] - seen[-1]), int(seen[0])


def _pair(first: BlockTerm, second: BlockTerm | None) -> Pass:
    matrix = first.matrix
    rows = np.flatnonzero(np.diff(matrix.indptr)).astype(np.int32)
    # Rows without entries take no space in `indices`, so leaving them out leaves the entries where they are.
    indptr = np.append(matrix.indptr[rows], matrix.indptr[-1]).astype(np.int32, copy=False)
    fields = np.ascontiguousarray(first.fields, dtype=float)
    return Pass(
        row=first.row,
        col=first.col,
        rows=rows,
        indptr=indptr,
        indices=matrix.indices.astype(np.int32, copy=False),
        first=matrix.data,
        second=matrix.data if second is None else second.matrix.data,
        first_fields=fields,
        second_fields=np.zeros_like(fields) if second is None else np.ascontiguousarray(second.fields, dtype=float),
    )


class Operator:
    """The system as a linear map of flat vectors; fixed unknowns are decoupled and mapped to themselves."""

    def __init__(self, system: LinearSystem) -> None:
        self.system = system
        self._passes = passes(merge(system.terms))
        self._fixed = np.flatnonzero(system.fixed)

    def apply(self, x: Array) -> Array:
        """A x; `x` and the result are flat (size,)."""
        system, offsets = self.system, self.system.offsets
        free = np.array(x, dtype=float)
        free[self._fixed] = 0.0
        y = np.zeros(system.size)
        for p in self._passes:
            p.add(free[offsets[p.col] : offsets[p.col + 1]], y[offsets[p.row] : offsets[p.row + 1]])
        y[self._fixed] = x[self._fixed]
        return y


def apply(system: LinearSystem, x: Array) -> Array:
    """A x by scipy, term by term: the twin of `Operator.apply`, for checks and occasional use."""
    return _by_terms(system, x, transpose=False)


def apply_transpose(system: LinearSystem, x: Array) -> Array:
    """A^T x by scipy, term by term; fixed unknowns are mapped to themselves."""
    return _by_terms(system, x, transpose=True)


def _by_terms(system: LinearSystem, x: Array, transpose: bool) -> Array:
    free = np.where(system.fixed, 0.0, x)
    y = np.zeros(system.size)
    source, target = system.views(free), system.views(y)
    for term in system.terms:
        if transpose:
            target[term.col][:] += term.matrix.T @ (source[term.row] @ term.fields)
        else:
            target[term.row][:] += (term.matrix @ source[term.col]) @ term.fields.T
    return np.where(system.fixed, x, y)


def matrix(system: LinearSystem) -> sp.csr_matrix:
    """The coupled CSR matrix (size, size), fixed rows and columns replaced by the identity; ties not applied."""
    shape = (system.size, system.size)
    held = np.flatnonzero(system.fixed)
    parts: list[tuple[Any, ...]] = [(held, held, np.ones(held.size))]
    for term in merge(system.terms):
        block = sp.kron(term.matrix, sp.csr_matrix(term.fields), "coo")
        i, j = block.row + system.offsets[term.row], block.col + system.offsets[term.col]
        kept = ~(system.fixed[i] | system.fixed[j])
        parts.append((i[kept], j[kept], block.data[kept]))
    rows, columns, data = (np.concatenate(part) for part in zip(*parts, strict=True))
    return sp.csr_matrix((data, (rows, columns)), shape=shape)
