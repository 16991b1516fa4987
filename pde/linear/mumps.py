"""Direct solver over processes: MUMPS factorises the coupled matrix (Amestoy et al., 2001)."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from petsc4py import PETSc

from hanle.pde.errors import SolveError
from hanle.pde.linear.contract import LinearSystem
from hanle.pde.linear.operators import matrix
from hanle.pde.linear.petsc_matrix import summed
from hanle.pde.linear.reduced import Reduced, norm, reduce
from hanle.pde.linear.refinement import refined, undetermined
from hanle.pde.linear.sharing import Sharing
from hanle.pde.tensors import Array

#: Growth |x| |A| / |b| of a solution from which the matrix counts as singular; the flattest films (length to
#: thickness 1e5) stay below 1e11.
SINGULAR = 1e13
#: Part of the largest diagonal entry added to name what a matrix that cannot be factorised leaves undetermined.
NUDGE = 1e-12
#: What MUMPS reports in INFOG(1).
NO_MEMORY, NO_PIVOT = (-5, -7, -8, -9, -11, -13, -14, -17, -18, -19, -20, -51, -52), (-6, -10)
#: Per cent of workspace beyond the estimate of the analysis (ICNTL(14)).
WORKSPACE = 50


@dataclass(frozen=True)
class Mumps:
    """LinearSolver that factorises: for small systems, and the reference for the others."""

    name: str = "direct"

    def prepare(self, system: LinearSystem) -> "Factors":
        """Factorise. Raises SolveError: memory exhausted, or the unknowns that nothing determines."""
        return Factors(reduce(system))


class Factors:
    """A factorisation, see contract.Prepared. Null vectors are pinned at one unknown each, then projected out."""

    iterations = 0

    def __init__(self, reduced: Reduced) -> None:
        self._reduced = reduced
        self._sharing = reduced.sharing
        # Objects of earlier solvers end here: all processes pass this line, whenever each of them let go of its own.
        PETSc.garbage_cleanup(self._sharing.comm)
        self._pins = _pins(reduced, self._sharing)
        local = matrix(_pinned(reduced, self._sharing, self._pins))
        _require_equations(reduced, local)
        self._matrix = summed(self._sharing, local)
        self._rhs, self._out = self._matrix.createVecs()
        self._pc, code = _factorised(self._matrix)
        if code in NO_PIVOT:
            raise SolveError(self._singular())
        if code != 0:
            raise SolveError(_failure(code, self._matrix.getSize()[0]))
        self._check_growth()

    def solve(self, rhs: Array, *, tolerance: float) -> Array:
        """A y = rhs to a relative true residual below `tolerance`; raises SolveError."""
        return refined(self._reduced, self._back_substitute, rhs, tolerance)

    def _back_substitute(self, r: Array) -> Array:
        self._rhs.array[:] = r
        self._rhs.array[self._held] = 0.0
        self._pc.apply(self._rhs, self._out)
        return np.array(self._out.array_r)

    @property
    def _held(self) -> NDArray[np.int64]:
        """Pins among the unknowns of this process."""
        inside = (self._pins >= self._sharing.start) & (self._pins < self._sharing.stop)
        return self._pins[inside] - self._sharing.start

    def _check_growth(self) -> None:
        """A random load makes a solution near the null space visible."""
        load = np.random.default_rng(self._sharing.start).standard_normal(self._sharing.owned)
        x, processes = self._back_substitute(load), self._reduced.processes
        scale = self._matrix.norm(PETSc.NormType.INFINITY)
        growth = norm(processes, x) * scale / norm(processes, load)
        if not growth < SINGULAR:
            raise SolveError(undetermined(self._reduced, np.nan_to_num(x), "are not determined"))

    def _singular(self) -> str:
        nudge = NUDGE * self._matrix.getDiagonal().norm(PETSc.NormType.INFINITY)
        self._matrix.shift(nudge)
        self._pc, code = _factorised(self._matrix)
        if code != 0:
            return _failure(code, self._matrix.getSize()[0])
        return undetermined(
            self._reduced, self._back_substitute(np.ones(self._sharing.owned)), "are not determined"
        )


def _pins(reduced: Reduced, sharing: Sharing) -> NDArray[np.int64]:
    """One unknown per null vector, chosen one after the other so that the pinned system is well posed."""
    vectors, pins = reduced.nulls.right.copy(), []
    for k in range(len(vectors)):
        at = int(np.argmax(np.abs(vectors[k]))) if sharing.owned else 0
        offers = reduced.processes.gather(
            (sharing.start + at, vectors[:, at] if sharing.owned else np.zeros(len(vectors)))
        )
        pin, column = max(offers, key=lambda offer: abs(offer[1][k]))
        pins.append(pin)
        vectors[k + 1 :] -= np.outer(column[k + 1 :] / column[k], vectors[k])
    return np.array(pins, dtype=np.int64)


def _pinned(reduced: Reduced, sharing: Sharing, pins: NDArray[np.int64]) -> LinearSystem:
    """The system with the pins among its fixed unknowns."""
    system = reduced.system
    held = system.views((system.fixed | np.isin(sharing.index, pins)).astype(float))
    blocks = tuple(replace(b, fixed=h > 0.0) for b, h in zip(system.blocks, held, strict=True))
    return replace(system, blocks=blocks)


def _require_equations(reduced: Reduced, local: sp.csr_matrix) -> None:
    entries = reduced.restrict(np.asarray(abs(local).sum(axis=1), dtype=float).ravel())
    empty = (entries == 0.0).astype(float)
    if reduced.processes.any(empty):
        raise SolveError(undetermined(reduced, empty, "have no equation"))


def _factorised(a: Any) -> tuple[Any, int]:
    """(preconditioner that solves with a, INFOG(1) of MUMPS)."""
    pc = PETSc.PC().create(a.comm)
    pc.setOperators(a)
    pc.setType(PETSc.PC.Type.LU)
    pc.setFactorSolverType("mumps")
    pc.setFactorSetUpSolverType()
    factors = pc.getFactorMatrix()
    factors.setMumpsIcntl(14, WORKSPACE)
    pc.setUp()
    return pc, int(factors.getMumpsInfog(1))


def _failure(code: int, size: int) -> str:
    if code in NO_MEMORY:
        return (
            f"the direct solver ran out of memory with {size} unknowns (MUMPS INFOG(1) = {code})"
            ' - use solver="multigrid", more processes on more machines, or a coarser mesh'
        )
    return f'the direct solver failed with {size} unknowns (MUMPS INFOG(1) = {code}) - use solver="multigrid"'
