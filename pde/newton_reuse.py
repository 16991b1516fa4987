"""Solvers prepared for the operator of one iterate of Newton's method that serve following ones.

Coefficients move little between most iterates, and those of the first, where nothing flows yet, are often constants:
its multigrid levels then hold few matrices, so that a cycle takes half the time of one made for the operator itself.
Only the preconditioner is that of another operator: residuals are those of the operator itself.
"""

from dataclasses import dataclass
from math import log10
from typing import Any

from hanle.pde.errors import SolveError
from hanle.pde.linear.contract import LinearSystem
from hanle.pde.tensors import Array

#: A solver is made anew after one that took more iterations than so many times those with its own operator, and a few.
MANY, FEW = 2.0, 3


@dataclass(eq=False)
class Kept:
    """The solver that was prepared last, where it can serve other operators.

    Attributes:
        prepared: the solver.
        pace: decades per iteration with its own operator, at best.
    """

    prepared: Any = None
    pace: float = 0.0


class Reusing:
    """Solves with one operator, by what was kept where that serves; see `hanle.pde.linear.contract.Prepared`."""

    def __init__(self, solver: Any, system: LinearSystem, kept: Kept) -> None:
        self._solver, self._system, self._kept = solver, system, kept
        found = None if kept.prepared is None else kept.prepared.near(system)
        self._borrowed = found is not None
        self._prepared = self._anew() if found is None else found

    def solve(self, rhs: Array, *, tolerance: float) -> Array:
        """See `hanle.pde.linear.contract.Prepared.solve`."""
        try:
            found = self._prepared.solve(rhs, tolerance=tolerance)
        except SolveError:
            if not self._borrowed:
                raise
            self._prepared, self._borrowed = self._anew(), False
            return self.solve(rhs, tolerance=tolerance)
        self._judge(-log10(tolerance), self._prepared.iterations)
        return found  # type: ignore[no-any-return]

    def _anew(self) -> Any:
        found = self._solver.prepare(self._system)
        self._kept.prepared = found if hasattr(found, "near") else None
        self._kept.pace = 0.0
        return found

    def _judge(self, decades: float, iterations: int) -> None:
        """Learn how fast the solver is with its own operator; keep it no longer where it is slow with another."""
        if not self._borrowed:
            self._kept.pace = max(self._kept.pace, decades / max(iterations, 1))
        elif self._kept.pace and iterations > MANY * decades / self._kept.pace + FEW:
            self._kept.prepared = None
