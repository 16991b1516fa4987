"""Direct solver: sparse LU of the coupled, symmetrically scaled matrix, with iterative refinement."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as sla

from hanle.pde.errors import SolveError
from hanle.pde.linear.contract import LinearSystem
from hanle.pde.linear.reduced import Reduced, reduce
from hanle.pde.tensors import Array

#: Pivots of the scaled matrix below this fraction of the largest mean a singular matrix; the flattest films
#: (length to thickness 1e5) stay above 1e-11.
SINGULAR = 1e-13
#: Refinement steps; each gains several digits, the second usually reaches rounding.
#: Rounding of one residual, relative to its terms.
ROUNDING = 4 * np.finfo(float).eps
REFINEMENTS = 6


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
        reduced = self._reduced
        load = reduced.nulls.balanced(reduced.load(rhs), tolerance)
        norm = float(np.linalg.norm(load))
        y, r, best = np.zeros_like(load), load, norm
        for _ in range(REFINEMENTS):
            if best <= tolerance * norm:
                break
            trial = reduced.nulls.project(y + self._back_substitute(r))
            r = reduced.residual(trial, load)
            reached = float(np.linalg.norm(r))
            if not reached < best:
                break
            y, best = trial, reached
        if best > tolerance * norm and best > self._rounding(y):
            raise SolveError(
                f"direct solve stalled at relative residual {best / norm:.1e} (tolerance {tolerance:.0e})"
                " - the matrix is close to singular: look for a component without ground or sink, or for"
                " coefficients that differ by more than twelve decades"
            )
        return reduced.extend(y)

    def _rounding(self, y: Array) -> float:
        """Residual that rounding alone leaves: fine meshes add large terms that cancel."""
        return ROUNDING * float(np.linalg.norm(abs(self._reduced.matrix()) @ np.abs(y)))

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
        raise SolveError(_undetermined(reduced, (largest == 0.0).astype(float), "have no equation"))
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
        raise SolveError(_undetermined(reduced, vector, "are not determined")) from error
    pivots = np.abs(lu.U.diagonal())
    if pivots.min() < SINGULAR * pivots.max():
        vector = lu.solve(np.random.default_rng(0).standard_normal(a.shape[0]))
        raise SolveError(_undetermined(reduced, vector, "are not determined"))
    return lu


def _undetermined(reduced: Reduced, vector: Array, what: str) -> str:
    """Name the block and component where `vector`, close to the null space, is largest."""
    x = np.abs(reduced.extend(vector))
    views = reduced.system.views(x)
    block = int(np.argmax([view.max(initial=0.0) for view in views]))
    component = int(np.argmax(views[block].max(axis=0)))
    count = int(np.count_nonzero(views[block][:, component] > 0.5 * views[block].max()))
    return (
        f"singular system: {count} unknowns of component {component} in block {block} {what}"
        " - give that component a ground, a sink, a decay length or a face law"
    )
