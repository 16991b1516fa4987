"""PETSc matrices over processes, written row by row into counted storage: PETSc keeps the only copy of the entries."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from petsc4py import PETSc

from hanle.pde.linear.contract import BlockTerm
from hanle.pde.linear.groups import Group
from hanle.pde.linear.operators import merge
from hanle.pde.linear.reduced import Reduced
from hanle.pde.linear.sharing import Sharing
from hanle.pde.tensors import Array, IntArray

#: Rows written at a time.
ROWS = 100_000


@dataclass(frozen=True, eq=False)
class Component:
    """One component over all processes: its own operator without skew terms, and where its unknowns are.

    Attributes:
        matrix: PETSc AIJ matrix; fixed unknowns have a typical diagonal entry and nothing else.
        own: (owned rows of the matrix,) their places in the owned part of y.
        typical: a typical diagonal entry.
    """

    matrix: Any
    own: IntArray
    typical: float


def component(reduced: Reduced, group: Group) -> Component:
    """The operator of a group of one component."""
    system, sharing = reduced.system, reduced.sharing
    entries = group.entries(system)
    here = np.zeros(system.size)
    here[entries] = 1.0
    own = np.flatnonzero(reduced.restrict(here) > 0.0)
    start = sum(reduced.processes.gather(len(own))[: reduced.processes.rank])
    numbers = np.zeros(sharing.owned)
    numbers[own] = start + np.arange(len(own))
    index = reduced.extend(numbers)[entries].astype(np.int64)
    local, typical = _decoupled(_local(reduced, group), system.fixed[entries])
    matrix = summed(Sharing(sharing.comm, index, start, start + len(own)), local)
    return Component(matrix, own, typical)


def _local(reduced: Reduced, group: Group) -> sp.csr_matrix:
    """The matrix of the group on this process, its parts one after the other."""
    sizes = [reduced.system.blocks[p.block].nodes for p in group.parts]
    places = {p.block: k for k, p in enumerate(group.parts)}
    terms = merge(
        BlockTerm(places[t.row], places[t.col], t.matrix, group.fields(t))
        for t in reduced.system.terms
        if not t.skew and t.row in places and t.col in places
    )
    rows: list[list[Any]] = [[sp.csr_matrix((a, b)) for b in sizes] for a in sizes]
    for t in terms:
        rows[t.row][t.col] = rows[t.row][t.col] + float(t.fields[0, 0]) * t.matrix
    return sp.csr_matrix(sp.vstack([sp.hstack(row, format="csr") for row in rows], format="csr"))


def _decoupled(matrix: sp.csr_matrix, fixed: NDArray[np.bool_]) -> tuple[sp.csr_matrix, float]:
    """The matrix with a typical diagonal entry on fixed unknowns, and that entry."""
    diagonal = np.abs(matrix.diagonal())
    typical = float(np.median(diagonal[diagonal > 0.0])) if np.any(diagonal > 0.0) else 1.0
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    matrix.data[fixed[rows] | fixed[matrix.indices]] = 0.0
    return sp.csr_matrix(matrix + sp.diags_array(np.where(fixed, typical, 0.0), format="csr")), typical


def summed(sharing: Sharing, local: sp.csr_matrix) -> Any:
    """The sum over processes of T^T A_p T, with A_p (size of x, size of x) the matrix of this one."""
    size = (sharing.owned, None)
    counts = _row_counts(sharing, local)
    # petsc4py takes empty arrays for no counts, and the process would then wait for others that have some.
    matrix = PETSc.Mat().createAIJ((size, size), nnz=counts if sharing.owned else (1, 1), comm=sharing.comm)
    numbers = PETSc.LGMap().create(sharing.index.astype(PETSc.IntType), comm=sharing.comm)
    matrix.setLGMap(numbers, numbers)
    for a in range(0, local.shape[0], ROWS):
        b = min(a + ROWS, local.shape[0])
        low, high = local.indptr[a], local.indptr[b]
        matrix.setValuesLocalIJV(
            (local.indptr[a : b + 1] - low).astype(PETSc.IntType),
            local.indices[low:high].astype(PETSc.IntType),
            local.data[low:high],
            addv=PETSc.InsertMode.ADD_VALUES,
            rowmap=np.arange(a, b, dtype=PETSc.IntType),
        )
    matrix.assemble()
    return matrix


def _row_counts(sharing: Sharing, local: sp.csr_matrix) -> tuple[Array, Array]:
    """Entries of each owned row inside and outside the columns its owner holds; shared ones count more than once."""
    starts = np.array(sharing.comm.allgather(sharing.start))
    total = sum(sharing.comm.allgather(sharing.owned))
    owner = np.searchsorted(starts, sharing.index, side="right") - 1
    rows = np.repeat(np.arange(local.shape[0]), np.diff(local.indptr))
    same = owner[rows] == owner[local.indices]
    inside, outside = (
        sharing.gathered(np.bincount(rows[s], minlength=local.shape[0]).astype(float)) for s in (same, ~same)
    )
    return (
        np.minimum(inside, sharing.owned).astype(PETSc.IntType),
        np.minimum(outside, total - sharing.owned).astype(PETSc.IntType),
    )
