"""PETSc matrices over processes: the blocks of a group without the coupled matrix, and the coupled matrix itself.

Rows are written block by block into counted storage: the only copy of the entries is the one PETSc keeps.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from petsc4py import PETSc

from hanle.meshes.tagged import IntArray
from hanle.pde.linear.contract import BlockTerm
from hanle.pde.linear.groups import Group
from hanle.pde.linear.operators import merge, same_pattern
from hanle.pde.linear.reduced import Reduced
from hanle.pde.linear.sharing import Sharing
from hanle.pde.tensors import Array

#: Rows written at a time.
ROWS = 20_000


@dataclass(frozen=True, eq=False)
class Members:
    """The unknowns of a group as nodes with `width` unknowns each, numbered over all processes.

    Attributes:
        entries: (nodes of this process, width) entries of x.
        sharing: of the nodes.
        own: (owned nodes, width) entries of the owned part of y.
    """

    entries: IntArray
    sharing: Sharing
    own: IntArray

    @property
    def width(self) -> int:
        return int(self.entries.shape[1])


def members(reduced: Reduced, group: Group) -> Members:
    """Number a group; nodes whose components are tied differently fall apart into single unknowns."""
    system = reduced.system
    tables = [
        system.offsets[p.block]
        + np.arange(system.blocks[p.block].nodes)[:, None] * system.blocks[p.block].components
        + np.arange(p.columns.start, p.columns.stop)
        for p in group.parts
    ]
    entries = np.concatenate(tables)
    found = _numbered(reduced, entries)
    if found is None:
        found = _numbered(reduced, entries.reshape(-1, 1))
    assert found is not None  # for the type checker: single unknowns cannot disagree
    return found


def _numbered(reduced: Reduced, entries: IntArray) -> Members | None:
    """Number nodes by their first component; None where another component does not follow it everywhere."""
    processes = reduced.processes

    def gathered(column: IntArray, values: Any) -> Array:
        x = np.zeros(reduced.system.size)
        x[column] = values
        return reduced.restrict(x)

    first = gathered(entries[:, 0], 1.0) > 0.0
    count = int(first.sum())
    start = sum(processes.gather(count)[: processes.rank])
    numbers = np.zeros(len(first))
    numbers[first] = start + np.arange(count)
    index = reduced.extend(numbers)[entries[:, 0]]
    own = np.full((count, entries.shape[1]), -1, dtype=np.int64)
    own[:, 0] = np.flatnonzero(first)
    follows = True
    for c in range(1, entries.shape[1]):
        copies = gathered(entries[:, c], 1.0)
        mean = gathered(entries[:, c], index) / np.maximum(copies, 1.0)
        follows &= bool(np.array_equal(reduced.extend(mean)[entries[:, c]], index))
        here = (copies > 0.0) & (mean >= start) & (mean < start + count)
        follows &= int(here.sum()) == int((copies > 0.0).sum()) == count
        own[(mean[here] - start).astype(np.int64), c] = np.flatnonzero(here)
    if processes.any(not follows or np.any(own < 0)):
        return None
    comm = reduced.system.sharing.comm if reduced.system.sharing is not None else PETSc.COMM_SELF.tompi4py()
    return Members(entries, Sharing(comm, index.astype(np.int64), start, start + count), own)


@dataclass(frozen=True, eq=False)
class Diagonal:
    """A group's own operator, its skew terms left out, as sums of (scalar matrix over its nodes) x (field matrix)."""

    terms: Sequence[tuple[sp.csr_matrix, Array]]
    members: Members
    free: Array

    @cached_property
    def pattern(self) -> sp.csr_matrix:
        """All entries of any of the scalar matrices, and the diagonal; data are the places of the entries."""
        nodes = len(self.members.entries)
        total = sp.identity(nodes, dtype=np.int8, format="csr")
        for k, (matrix, _) in enumerate(self.terms):
            if not any(same_pattern(matrix, other) for other, _ in self.terms[:k]):
                ones = np.ones(matrix.nnz, dtype=np.int8)
                total = total + sp.csr_matrix((ones, matrix.indices, matrix.indptr), shape=matrix.shape)
        total = sp.csr_matrix(total)
        total.sort_indices()
        return total

    @cached_property
    def typical(self) -> float:
        """A typical diagonal entry, for fixed unknowns."""
        diagonal = sum((np.outer(m.diagonal(), np.diag(f)) for m, f in self.terms), start=np.zeros((1, 1)))
        positive = np.abs(diagonal[diagonal != 0.0])
        return float(np.median(positive)) if positive.size else 1.0

    def chunks(self, shift: Array) -> Iterator[tuple[int, int, Array]]:
        """(first row, last row, entries (k, width, width)) with fixed unknowns replaced by the identity.

        `shift` (nodes, width) is added to the diagonal.
        """
        pattern, width = self.pattern, self.members.width
        places = [_places(pattern, matrix) for matrix, _ in self.terms]
        diagonal = _places(pattern, sp.identity(pattern.shape[0], format="csr"))
        assert diagonal is not None or pattern.nnz == pattern.shape[0]
        at = np.arange(pattern.nnz) if diagonal is None else diagonal
        extra = (1.0 - self.free) * self.typical + shift
        for a in range(0, pattern.shape[0], ROWS):
            b = min(a + ROWS, pattern.shape[0])
            low, high = pattern.indptr[a], pattern.indptr[b]
            data = np.zeros((high - low, width, width))
            for (matrix, fields), place in zip(self.terms, places, strict=True):
                values = matrix.data[matrix.indptr[a] : matrix.indptr[b], None, None] * fields
                if place is None:
                    data += values
                else:
                    data[place[matrix.indptr[a] : matrix.indptr[b]] - low] += values
            columns = pattern.indices[low:high]
            if not (np.all(self.free[a:b]) and np.all(self.free[columns])):
                rows = np.repeat(np.arange(a, b), np.diff(pattern.indptr[a : b + 1]))
                data *= self.free[rows][:, :, None] * self.free[columns][:, None, :]
            data[at[a:b, None] - low, np.arange(width), np.arange(width)] += extra[a:b]
            yield a, b, data


def _places(pattern: sp.csr_matrix, matrix: sp.csr_matrix) -> IntArray | None:
    """Where in the data of `pattern` the entries of `matrix` stand; None where the two agree."""
    if same_pattern(pattern, matrix):
        return None
    keys = [
        np.repeat(np.arange(m.shape[0], dtype=np.int64), np.diff(m.indptr)) * m.shape[1] + m.indices
        for m in (pattern, matrix)
    ]
    return np.searchsorted(keys[0], keys[1])


def diagonal(reduced: Reduced, group: Group) -> Diagonal:
    """The operator of a group on its nodes."""
    system = reduced.system
    found = members(reduced, group)
    starts = dict(zip((p.block for p in group.parts), _starts(reduced, group), strict=False))
    terms = []
    for t in merge(BlockTerm(t.row, t.col, t.matrix, group.fields(t)) for t in _own_terms(reduced, group)):
        matrix = _shifted(t.matrix, starts[t.row], starts[t.col], _starts(reduced, group)[-1])
        if found.width == group.width:
            terms.append((matrix, t.fields))
        else:
            wide = sp.csr_matrix(sp.kron(matrix, sp.csr_matrix(t.fields), "csr"))
            wide.sort_indices()
            terms.append((wide, np.ones((1, 1))))
    free = 1.0 - system.fixed[found.entries].astype(float)
    return Diagonal(terms, found, free)


def _own_terms(reduced: Reduced, group: Group) -> list[BlockTerm]:
    return [t for t in reduced.system.terms if not t.skew and group.fields(t).size]


def _starts(reduced: Reduced, group: Group) -> list[int]:
    """First node of each part among the nodes of the group, and their number."""
    return np.cumsum([0] + [reduced.system.blocks[p.block].nodes for p in group.parts]).tolist()


def _shifted(matrix: sp.csr_matrix, row: int, col: int, size: int) -> sp.csr_matrix:
    """The matrix as a part of one of (size, size)."""
    if matrix.shape == (size, size):
        return matrix
    after = size - row - matrix.shape[0]
    indptr = np.concatenate([np.zeros(row, np.int32), matrix.indptr, np.full(after, matrix.indptr[-1])])
    return sp.csr_matrix((matrix.data, matrix.indices + np.int32(col), indptr.astype(np.int32)), shape=(size, size))


def assembled(given: Diagonal, kind: str, shift: Array | float = 0.0) -> Any:
    """The PETSc matrix of a group over all processes, of type `kind` ("aij" or "baij").

    `shift` (nodes, width) is added to the diagonal of the part of this process.
    """
    chunks = given.chunks(np.broadcast_to(shift, given.members.entries.shape))
    return _filled(given.members.sharing, given.members.width, given.pattern, chunks, kind)


def coupled(sharing: Sharing, local: sp.csr_matrix) -> Any:
    """The sum over processes of T^T A_p T, with A_p (size of x, size of x) the matrix of this one."""
    return _filled(sharing, 1, local, [(0, local.shape[0], local.data)], "aij")


def _filled(
    sharing: Sharing, width: int, pattern: sp.csr_matrix, chunks: Iterable[tuple[int, int, Array]], kind: str
) -> Any:
    inside, outside = _row_counts(sharing, pattern)
    if kind == "aij":
        inside, outside = (np.repeat(n, width) * width for n in (inside, outside))
    size = (sharing.owned * width, None)
    create = PETSc.Mat().createAIJ if kind == "aij" else PETSc.Mat().createBAIJ
    matrix = create((size, size), bsize=width, nnz=(inside, outside), comm=sharing.comm)
    numbers = PETSc.LGMap().create(sharing.index.astype(PETSc.IntType), bsize=width, comm=sharing.comm)
    matrix.setLGMap(numbers, numbers)
    for a, b, data in chunks:
        low, high = pattern.indptr[a], pattern.indptr[b]
        matrix.setValuesBlockedLocalIJV(
            (pattern.indptr[a : b + 1] - low).astype(PETSc.IntType),
            pattern.indices[low:high].astype(PETSc.IntType),
            data.ravel(),
            addv=PETSc.InsertMode.ADD_VALUES,
            rowmap=np.arange(a, b, dtype=PETSc.IntType),
        )
    matrix.assemble()
    return matrix


def _row_counts(sharing: Sharing, pattern: sp.csr_matrix) -> tuple[NDArray[Any], NDArray[Any]]:
    """Entries of each owned row inside and outside the columns its owner holds; shared ones count more than once."""
    starts = np.array(sharing.comm.allgather(sharing.start))
    total = int(sharing.comm.allgather(sharing.stop)[-1])
    owner = np.searchsorted(starts, sharing.index, side="right") - 1
    rows = np.repeat(np.arange(pattern.shape[0]), np.diff(pattern.indptr))
    same = owner[rows] == owner[pattern.indices]
    counts = [np.bincount(rows[s], minlength=pattern.shape[0]).astype(float) for s in (same, ~same)]
    inside, outside = (sharing.gathered(n) for n in counts)
    owned = sharing.stop - sharing.start
    limits = (owned, total - owned)
    return tuple(
        np.minimum(n, limit).astype(PETSc.IntType) for n, limit in zip((inside, outside), limits, strict=True)
    )  # type: ignore[return-value]
