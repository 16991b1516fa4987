"""What a step in time needs of its stages: states U of N(U) + rate X(U) = load with wired drives.

`LinearStages` solves problems with linear laws; `stage_newton.NewtonStages` the others.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from hanle.pde.engines.contract import Engine, System
from hanle.pde.errors import SolveError
from hanle.pde.inertia import stepped
from hanle.pde.linearised import held
from hanle.pde.problem import Problem
from hanle.pde.response import Response
from hanle.pde.solution import Solution, wire
from hanle.pde.steady import Prepared, prepare
from hanle.pde.tensors import Array

#: Step sizes whose operators are kept.
OPERATORS = 4


class Diverged(SolveError):
    """A stage has no solution nearby: a shorter step may have one."""


@dataclass
class Tally:
    """What was done.

    Attributes:
        prepared: operators prepared; `solves`: linear solves.
        iterations: of linear solvers; corrections of Newton's method where laws are not linear.
        residual: the largest relative true residual.
    """

    prepared: int = 0
    solves: int = 0
    iterations: int = 0
    residual: float = 0.0


class StageSolver(Protocol):
    """Solves stages.

    Attributes:
        tally: what was done.
    """

    tally: Tally

    def solve(
        self,
        rate: float,
        load: Array,
        amplitudes: Mapping[str, float],
        fluxes: Mapping[str, float],
        near: tuple[Array, Array],
    ) -> Solution:
        """The state of one stage.

        Args:
            rate: of X(U) [1/s].
            load: beside the sources of the laws.
            amplitudes, fluxes: as in `hanle.pde.solution.wire`.
            near: a state close to it, and the amplitudes of the drives in it.

        Raises:
            Diverged: a shorter step may help.
            SolveError: a solve fails.
        """
        ...

    def answer(self, solution: Solution) -> Solution:
        """A solution that `solve` found, on the steady problem; it keeps no operator."""
        ...

    @property
    def kept(self) -> dict[str, Array]:
        """What the next solves depend on, beside their arguments; to be stored."""
        ...

    def restore(self, kept: Mapping[str, Array]) -> None:
        """Go on from what was kept."""
        ...


class LinearStages:
    """Stages of a linear problem: one solve each, with an operator prepared for each size of step."""

    def __init__(self, problem: Problem, system: System, engine: Engine, options: Mapping[str, Any]) -> None:
        """`system`: the problem, assembled; its own laws are those of this process's cells. `options`: of `prepare`."""
        self.tally = Tally()
        self._problem, self._system, self._engine, self._options = problem, system, engine, options
        self._sources, self._given = system.source_load(), system.given_vector()
        self._operators: OrderedDict[float, Prepared] = OrderedDict()
        self._latest: Response | None = None

    def solve(
        self,
        rate: float,
        load: Array,
        amplitudes: Mapping[str, float],
        fluxes: Mapping[str, float],
        near: tuple[Array, Array],
    ) -> Solution:
        """See `StageSolver.solve`."""
        prepared = self._operator(rate)
        # Drives are superposed later: what is solved for, and so its start, does not contain them.
        start, contained = near
        for name, amplitude in zip(self._system.problem.drives, contained, strict=True):
            start = start - amplitude * (prepared.lifts.get(name, 0.0) + prepared.changes[name])
        start = np.where(self._system.fixed, self._given, start)
        response = prepared.response(self._sources + load, start)
        tally = self.tally
        tally.solves += 1
        tally.iterations += response.proof.iterations["sources"]
        tally.residual = max(tally.residual, *response.proof.residuals.values())
        self._latest = response
        return wire(response, amplitudes=amplitudes, fluxes=fluxes)

    def answer(self, solution: Solution) -> Solution:
        """See `StageSolver.answer`; its state as if it came from sources."""
        found = held(self._system, solution.state, solution.amplitudes, solution.fluxes, solution.response.proof)
        return replace(
            found,
            reference_amplitudes=solution.reference_amplitudes,
            amplitude_changes=solution.amplitude_changes,
        )

    @property
    def kept(self) -> dict[str, Array]:
        """Nothing: operators follow from the size of the step."""
        return {}

    def restore(self, kept: Mapping[str, Array]) -> None:
        """Nothing to restore."""

    def _operator(self, rate: float) -> Prepared:
        if rate not in self._operators:
            # Without its states: a course that goes on from a file must start its solves from the same numbers.
            previous = None if self._latest is None else replace(self._latest, changes={}, history={})
            options = {"previous": previous, "near": self._system, **self._options}
            self._operators[rate] = prepare(stepped(self._problem, rate), self._engine, **options)
            self.tally.prepared += 1
            while len(self._operators) > OPERATORS:
                self._operators.popitem(last=False)
        self._operators.move_to_end(rate)
        return self._operators[rate]
