"""Direct solver: sparse LU of the coupled, symmetrically scaled matrix, with iterative refinement."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as sla

from hanle.pde.errors import SolveError
from hanle.pde.linear.contract import LinearSystem
from hanle.pde.linear.reduced import Reduced, reduce
from hanle.pde.linear.refinement import refined, undetermined
from hanle.pde.tensors import Array

#: Pivots of the scaled matrix below this fraction of the largest mean a singular matrix; the flattest films
#: (length to thickness 1e5) stay above 1e-11.
SINGULAR = 1e-13


@dataclass(frozen=True)
class Direct:
    """LinearSolver that factorises; the reference for the others, and the choice below about 2000 nodes in 3D."""

    name: str = "direct"

    def prepare(self, system: LinearSystem) -> "Factorised":
        """Factorise. Raises SolveError naming the unknowns that nothing determines."""
        return Factorised(reduce(system))


class Factorised:
    """A factorisation, see contract.Prepared. Null vectors are pinned at one unknown each, then projected out."""

    iterations = 0

    def __init__(self, reduced: Reduced) -> None:
        self._reduced = reduced
        a = _pinned(reduced)
        self._pins = _pins(reduced)
        self._scale = _scaling(a, reduced)
        scale = sp.diags_array(self._scale)
        self._lu = _factorise(sp.csc_matrix(scale @ a @ scale), reduced)

    def solve(self, rhs: Array, *, tolerance: float) -> Array:
        """A x = rhs to a relative true residual below `tolerance`; raises SolveError."""
        return refined(self._reduced, self._back_substitute, rhs, tolerance)

    def _back_substitute(self, r: Array) -> Array:
        held = r.copy()
        held[self._pins] = 0.0
        return np.asarray(self._scale * self._lu.solve(self._scale * held))


def _pins(reduced: Reduced) -> list[int]:
    """One unknown per null vector, chosen one after the other so that the pinned system is well posed."""
    vectors = reduced.nulls.right.copy()
    pins = []
    for k in range(len(vectors)):
        pins.append(int(np.argmax(np.abs(vectors[k]))))
        vectors[k + 1 :] -= np.outer(vectors[k + 1 :, pins[-1]] / vectors[k, pins[-1]], vectors[k])
    return pins


def _pinned(reduced: Reduced) -> sp.csr_matrix:
    a, pins = reduced.matrix(), _pins(reduced)
    if not pins:
        return a
    free = np.ones(a.shape[0])
    free[pins] = 0.0
    keep = sp.diags_array(free)
    return sp.csr_matrix(keep @ a @ keep + sp.diags_array(1.0 - free))


def _scaling(a: sp.csr_matrix, reduced: Reduced) -> Array:
    """1 / sqrt(largest entry per row): fields and regions of unequal size weigh the same."""
    largest = np.asarray(abs(a).max(axis=1).todense()).ravel()
    if not np.all(largest > 0.0):
        raise SolveError(undetermined(reduced, (largest == 0.0).astype(float), "have no equation"))
    return np.asarray(1.0 / np.sqrt(largest))


def _factorise(a: sp.csc_matrix, reduced: Reduced) -> Any:
    # The diagonal dominates the symmetric part, so the ordering of A + A^T with rare pivoting has the least fill.
    def lu_of(matrix: sp.csc_matrix) -> Any:
        symmetric = {"SymmetricMode": True}
        return sla.splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.01, options=symmetric)

    try:
        lu = lu_of(a)
    except RuntimeError as error:
        nudge = 1e-12 * sp.identity(a.shape[0], format="csc")
        vector = lu_of(sp.csc_matrix(a + nudge)).solve(np.ones(a.shape[0]))
        raise SolveError(undetermined(reduced, vector, "are not determined")) from error
    pivots = np.abs(lu.U.diagonal())
    if pivots.min() < SINGULAR * pivots.max():
        vector = lu.solve(np.random.default_rng(0).standard_normal(a.shape[0]))
        raise SolveError(undetermined(reduced, vector, "are not determined"))
    return lu
