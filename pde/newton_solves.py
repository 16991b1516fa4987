"""The linear solves of a step of Newton's method, each as tight as its fields need.

A linear solver knows one norm of all fields. What it may leave is the least that any field may have left: also one
whose own equations hold already, or its residual would be as large as that of the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from hanle.pde.errors import SolveError
from hanle.pde.newton_equations import Equations
from hanle.pde.newton_reuse import Kept, Reusing
from hanle.pde.tensors import Array

#: By how much rounding may exceed its estimate.
MISSED = 8.0
#: What equations that hold already ask for, at least, in units of what the others ask for.
FAINT = 1e-5
#: Relative residual of a solve: rounding at least, at most where hardly more than rounding is left.
TIGHT, ROUGH = 1e-12, 0.5


@dataclass(frozen=True, eq=False)
class Solves:
    """Solves with the operator of one iterate.

    Attributes:
        solver: a linear solver.
        kept: what was prepared for other iterates.
    """

    equations: Equations
    solver: Any
    kept: Kept = field(default_factory=Kept)

    def change(self, rhs: Array, goals: Mapping[str, Array], state: Array) -> tuple[Array, int]:
        """A x = rhs on the free unknowns; equations of fields that hold no more than rounding are let be.

        Args:
            goals: field -> (batch,) what may be left of its equations.
            state: whose rounding is in the right-hand side.

        Returns:
            x, and the number of solves it took.
        """
        equations = self.equations
        noise = equations.inner(equations.rounding(state))
        meant = equations.inner(equations.rounding(state, equations.level))
        driven, calm = list[float](), list[float]()
        for name, rows in equations.rows.items():
            # What heats weakly is small beside rounding of T_0, and meant; what heat drives elsewhere then is not.
            warm = equations.system.processes.any(equations.level[rows])
            known = noise[name] if warm else meant[name]
            goal = float(np.max(np.maximum(goals[name], noise[name])))
            if not np.all(equations.size(rhs, rows) <= known):
                driven.append(goal)
                continue
            rhs = np.where(rows, 0.0, rhs)
            if np.any(noise[name]):
                calm.append(goal)
        return self._found(rhs, driven, calm)

    def shape(self, left: Array, load: Array, whole: Array, accuracy: float) -> tuple[Array, int]:
        """What a shape of a drive lacks, and the number of solves it took.

        Args:
            left, load: what the equations leave at the shape so far, and at none.
            whole: the shape so far, with what is prescribed.
            accuracy: part of the load that may be left.
        """
        equations = self.equations
        noise = equations.inner(equations.rounding(whole))
        driven, calm = list[float](), list[float]()
        for name, rows in equations.rows.items():
            goal = np.max(np.maximum(accuracy * equations.size(load, rows), MISSED * noise[name]))
            if np.any(equations.size(left, rows) > goal):
                driven.append(float(goal))
                continue
            # Rounding, which a conductor without a terminal would take for a source.
            left = np.where(rows, 0.0, left)
            if np.any(noise[name]):
                calm.append(float(goal))
        return self._found(left, driven, calm)

    def _found(self, rhs: Array, driven: Sequence[float], calm: Sequence[float]) -> tuple[Array, int]:
        """A x = rhs but for loads that fields with a load and those without may have left, and the number of solves."""
        size = float(np.max(self.equations.size(rhs, ~self.equations.system.fixed)))
        if not driven or size == 0.0:
            return np.zeros_like(rhs), 0
        goal = min(driven)
        wanted = min([goal, *(max(least, FAINT * goal) for least in calm)])
        try:
            return self._within(rhs, wanted / size), 1
        except SolveError:
            if wanted == goal:
                raise
            # Out of reach; the next step has to do with what the fields without a load get.
            return self._within(rhs, goal / size), 2

    def _within(self, rhs: Array, tolerance: float) -> Array:
        scaled, bound = self.equations.scaled, float(np.clip(tolerance, TIGHT, ROUGH))
        return scaled.extend(self._prepared.solve(scaled.restrict(rhs), tolerance=bound))

    @cached_property
    def _prepared(self) -> Reusing:
        return Reusing(self.solver, self.equations.scaled.linear, self.kept)
