"""Tied unknowns in a preconditioner that works on the untied ones.

The tied system is A restricted to vectors whose tied entries agree. Its inverse is approximated by that of A plus
springs between tied unknowns, as stiff as the operator itself is there: the mean over tied entries of its solution
differs from the tied solution by a bounded factor, whatever the mesh (fictitious space lemma, Nepomnyaschikh, 1992).
"""

from collections.abc import Iterator, Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hanle.pde.errors import UnsupportedError
from hanle.pde.linear.contract import BlockTerm, LinearSystem
from hanle.pde.tensors import Array

#: Stiffness of a spring in units of the larger diagonal entry of the unknowns it joins.
STIFFNESS = 0.5


def springs(system: LinearSystem) -> Iterator[BlockTerm]:
    """Terms that pull every tied unknown to the first of its group.

    Raises UnsupportedError when the ties do more than identify unknowns.
    """
    if system.ties is None:
        return
    member, leader = _pairs(sp.csr_matrix(system.ties))
    stiffness = _stiffness(system, member, leader)
    places = [_locate(system, member), _locate(system, leader)]
    kinds = np.unique(np.vstack([places[0][:2], places[1][:2]]), axis=1).T
    for kind in kinds:
        chosen = np.all(np.vstack([places[0][:2], places[1][:2]]) == kind[:, None], axis=0)
        nodes = [place[2][chosen] for place in places]
        yield from _spring(system, [(kind[0], kind[1]), (kind[2], kind[3])], nodes, stiffness[chosen])


def _pairs(ties: sp.csr_matrix) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(members, their leaders): unknowns of x that share an unknown of y, leaders being the first of each."""
    used = np.flatnonzero(np.diff(ties.indptr))
    if ties.nnz != used.size or not np.all(ties.data == 1.0):
        raise UnsupportedError(
            'the multigrid solver takes ties that identify unknowns (one entry 1 per row) - use solver="direct"'
        )
    _, first, group = np.unique(ties.indices, return_index=True, return_inverse=True)
    leader = used[first][group]
    moved = used != leader
    return used[moved], leader[moved]


def _stiffness(system: LinearSystem, member: NDArray[np.int64], leader: NDArray[np.int64]) -> Array:
    diagonal = np.zeros(system.size)
    views = system.views(diagonal)
    for t in system.terms:
        if t.row == t.col:
            views[t.row][:] += np.outer(t.matrix.diagonal(), np.diag(t.fields))
    return np.asarray(STIFFNESS * np.maximum(diagonal[member], diagonal[leader]))


def _locate(system: LinearSystem, unknowns: NDArray[np.int64]) -> Array:
    """(3, k): block, component and node of unknowns."""
    starts = np.array(system.offsets)
    block = np.searchsorted(starts, unknowns, side="right") - 1
    width = np.array([b.components for b in system.blocks])[block]
    local = unknowns - starts[block]
    return np.vstack([block, local % width, local // width])


def _spring(
    system: LinearSystem, ends: Sequence[tuple[int, int]], nodes: Sequence[NDArray[np.int64]], stiffness: Array
) -> Iterator[BlockTerm]:
    """stiffness (x_a - x_b)^2 / 2 as four terms; ends are (block, component)."""
    for a in range(2):
        for b in range(2):
            row, col = system.blocks[ends[a][0]], system.blocks[ends[b][0]]
            fields = np.zeros((row.components, col.components))
            fields[ends[a][1], ends[b][1]] = 1.0 if a == b else -1.0
            entries = (nodes[a].astype(np.int32), nodes[b].astype(np.int32))
            matrix = sp.csr_matrix((stiffness, entries), shape=(row.nodes, col.nodes))
            yield BlockTerm(int(ends[a][0]), int(ends[b][0]), matrix, fields)
