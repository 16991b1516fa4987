"""The part of a solution that is common to several components, found over all blocks at once.

Multigrid coarsens block by block. Two blocks that a face couples stiffly, or that are tied, then differ at the face on
every coarse level, and what is smooth across it converges slowly. Of temperatures all that is slow is nearly one and
the same temperature at every place: its equations are those of one field on the union of the blocks, without any face.
Solved before the rest they leave what decays within the blocks (auxiliary space method; Xu, 1996).
"""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hanle.pde.linear.contract import BlockTerm, Common, LinearBlock, LinearSystem
from hanle.pde.linear.operators import merge
from hanle.pde.linear.reduced import Reduced, reduce
from hanle.pde.tensors import Array, IntArray

Inverse = Callable[[Array], Array | NDArray[np.float32]]


class Correction:
    """Approximate solution of a system among its common states, from and to vectors y.

    Args:
        reduced: a system that has them.
        invert: what approximates the inverse of their equations.
    """

    def __init__(self, reduced: Reduced, common: Common, invert: Callable[[Reduced], Inverse]) -> None:
        self._reduced = reduced
        self._common = reduce(_equations(reduced.system, common))
        self._basis = _basis(reduced.system, common, self._common)
        self._inverse = invert(self._common)

    def __call__(self, r: Array) -> Array:
        """The correction; zero on fixed unknowns."""
        load = self._common.restrict(self._basis.T @ self._reduced.spread(r))
        levels = self._inverse(np.where(self._common.fixed, 0.0, load)).astype(float, copy=False)
        return self._reduced.gather(self._basis @ self._common.extend(levels))


def _equations(system: LinearSystem, common: Common) -> LinearSystem:
    """The operator between common states, skew terms included."""
    terms = []
    for t in system.terms:
        fields = common.fields[t.row].T @ t.fields @ common.fields[t.col]
        if np.any(fields):
            entries = t.matrix.tocoo()
            places = (common.nodes[t.row][entries.row], common.nodes[t.col][entries.col])
            matrix = sp.csr_matrix((entries.data, places), shape=(common.count, common.count))
            matrix.sort_indices()
            terms.append(BlockTerm(0, 0, matrix, fields, t.skew))
    block = LinearBlock(common.count, common.fixed.shape[1], common.fixed, common.coarsening())
    return LinearSystem((block,), tuple(merge(terms)), sharing=common.sharing)


def _basis(system: LinearSystem, common: Common, reduced: Reduced) -> sp.csr_matrix:
    """(size of x, levels of this process) what each level moves; nothing that is fixed."""
    blocks = [
        sp.kron(_incidence(nodes, common.count), sp.csr_matrix(fields, dtype=float), "csr")
        for nodes, fields in zip(common.nodes, common.fields, strict=True)
    ]
    moved = sp.diags_array((~system.fixed).astype(float))
    free = sp.diags_array((~reduced.system.fixed).astype(float))
    return sp.csr_matrix(moved @ sp.vstack(blocks, format="csr") @ free)


def _incidence(nodes: IntArray, count: int) -> "sp.csr_matrix[np.float64]":
    arrays = (np.ones(len(nodes)), np.asarray(nodes, dtype=np.int32), np.arange(len(nodes) + 1))
    return sp.csr_matrix(arrays, shape=(len(nodes), count))
