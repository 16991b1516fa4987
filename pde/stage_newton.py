"""Stages of problems whose laws are not linear: simplified Newton's method on the true residual.

One linearisation, factorised, serves all iterations of a stage, all stages of a step and following steps of the same
size, for as long as it contracts fast enough; otherwise it is made anew where the iteration stands. The residual
of a state is that of the laws themselves, frozen there (`hanle.pde.frozen`), which takes loads and no matrix. Where
the iteration fails the stage does: the step is to be made shorter.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import log
from typing import Any

import numpy as np

from hanle.pde.engines.contract import Engine, Part, System
from hanle.pde.errors import InputError, SolveError
from hanle.pde.frozen import at_rest, frozen
from hanle.pde.inertia import stepped
from hanle.pde.linearised import held, linearised
from hanle.pde.newton_parts import STALLED, Move, Residual, checked
from hanle.pde.newton_step import Iterate
from hanle.pde.problem import Problem
from hanle.pde.response import Proof
from hanle.pde.solution import Solution
from hanle.pde.stage_solves import Diverged, Tally
from hanle.pde.tensors import Array
from hanle.pde.threads import single_threaded_blas

#: Corrections of one stage, at most.
MOST = 14
#: Corrections still to come that cost about as much as a new linearisation.
WORTH = 5
#: Relative residual that is enough where rounding of temperatures can explain it.
WEAK = 1e-5
#: Growth of the residual at which a correction is taken back.
GROWTH = 2.0
#: Parts of a correction below this are not tried.
SMALLEST = 1 / 8


class NewtonStages:
    """Stages of a problem with laws that may be nonlinear; see `stage_solves.StageSolver`."""

    def __init__(self, problem: Problem, system: System, engine: Engine, *, solver: Any, tolerance: float) -> None:
        """`system`: the problem at rest (`frozen.at_rest`), assembled."""
        self.tally = Tally()
        self._problem, self._system, self._engine, self._base = problem, system, engine, at_rest(problem)
        self._solver = solver or engine.default_solver(system)
        self._tolerance = tolerance
        self._rate = 0.0
        self._rest: Iterate | None = None
        self._tangent: Iterate | None = None

    def solve(
        self,
        rate: float,
        load: Array,
        amplitudes: Mapping[str, float],
        fluxes: Mapping[str, float],
        near: tuple[Array, Array],
    ) -> Solution:
        """See `StageSolver.solve`."""
        with single_threaded_blas():
            known, flowing = checked(self._problem, amplitudes, fluxes, 1)
            rest = replace(self._at(rate), load=load)
            try:
                point = _placed(rest, near[0], np.reshape(near[1], (1, -1)))
            except InputError as error:
                raise Diverged(str(error)) from error
            point, residual = self._settled(point, known, flowing)
            size = float(residual.certain.max())
            self.tally.residual = max(self.tally.residual, size)
            name = getattr(self._solver, "name", type(self._solver).__name__)
            return point.solution(Proof(self._engine.name, name, {"newton": size}, {}, self._tolerance))

    def answer(self, solution: Solution) -> Solution:
        """See `StageSolver.answer`."""
        seen = frozen(self._problem, self._base, solution)
        system = self._engine.assemble(seen, self._system)
        return held(system, solution.state, solution.amplitudes, solution.fluxes, solution.response.proof)

    @property
    def kept(self) -> dict[str, Array]:
        """Where the linearisation was made, and for which rate."""
        if self._tangent is None:
            return {}
        here = self._tangent
        return {"rate": np.array(self._rate), "state": here.state, "amplitudes": here.amplitudes}

    def restore(self, kept: Mapping[str, Array]) -> None:
        """Make that linearisation again."""
        self._tangent = None
        if kept:
            rest = self._at(float(kept["rate"]))
            self._tangent = self._linearised(rest, kept["state"], kept["amplitudes"])

    def _at(self, rate: float) -> Iterate:
        """The stage's problem at rest, for a rate; the linearisation for another one is dropped."""
        if self._rest is None or rate != self._rate:
            whole = stepped(self._problem, rate)
            base = at_rest(whole)
            system = self._engine.assemble(base, self._system)
            zero = np.zeros_like(system.given_vector())
            drives = np.zeros((1, len(self._problem.drives)))
            self._rest = Iterate(
                whole,
                self._engine,
                self._solver,
                self._tolerance,
                system,
                zero,
                drives,
                seen=lambda problem, solution: frozen(problem, base, solution),
                scaled=system.subsystem(Part.ALL),
            )
            self._rate, self._tangent = rate, None
        return self._rest

    def _linearised(self, rest: Iterate, state: Array, drives: Array) -> Iterate:
        """The operator of Newton's method at a state. What drives of given flux do is found with it, once."""
        self.tally.prepared += 1
        return _placed(replace(rest, seen=linearised, scaled=None, memory={}), state, drives)

    def _settled(
        self, point: Iterate, known: Mapping[str, Array], fluxes: Mapping[str, Array]
    ) -> tuple[Iterate, Residual]:
        """The iterate that solves the equations of the stage, and its residual.

        Args:
            known, fluxes: of the drives; the first correction brings their amplitudes.

        Raises:
            Diverged: the iteration fails, also with linearisations of its own.
        """
        residual = point.residual(fluxes)
        sizes = [float(residual.relative.max())]
        fresh = False
        while not self._enough(residual, sizes) or self._lacks(point, known):
            if len(sizes) > MOST or not np.isfinite(sizes[-1]):
                listed = ", ".join(f"{size:.1e}" for size in sizes)
                raise Diverged(f"the equations of {residual.worst} kept a residual (Newton's method: {listed})")
            if self._tangent is None:
                self._tangent, fresh = self._linearised(self._at(self._rate), point.state, point.amplitudes), True
            try:
                found = self._corrected(point, residual, known, fluxes, SMALLEST if fresh else 1.0)
            except Diverged:
                if self._certain(residual) and not self._lacks(point, known):
                    break
                raise
            if found is None:
                # Taken back: the linearisation was an old one.
                self._tangent = None
                continue
            point, residual = found
            sizes.append(float(residual.relative.max()))
            fresh = False
            if not self._enough(residual, sizes) and self._slow(sizes):
                self._tangent = None
        return point, residual

    def _enough(self, residual: Residual, sizes: list[float]) -> bool:
        """Whether the stage is solved; where rounding of temperatures may be all that is left, less is enough."""
        stalled = len(sizes) > 1 and sizes[-1] > sizes[-2] / STALLED
        if sizes[-1] <= self._tolerance:
            return True
        return (stalled or sizes[-1] <= WEAK) and self._certain(residual)

    def _certain(self, residual: Residual) -> bool:
        return bool(np.all(residual.certain <= self._tolerance))

    def _slow(self, sizes: list[float]) -> bool:
        """Whether a new linearisation pays."""
        before, after = sizes[-2:]
        if after <= self._tolerance:
            return False
        return after >= before or log(self._tolerance / after) / log(after / before) > WORTH

    def _lacks(self, point: Iterate, known: Mapping[str, Array]) -> bool:
        """Whether drives have other amplitudes yet."""
        drives = self._problem.drives
        return any(np.any(point.amplitudes[:, drives.index(name)] != value) for name, value in known.items())

    def _corrected(
        self,
        point: Iterate,
        before: Residual,
        known: Mapping[str, Array],
        fluxes: Mapping[str, Array],
        smallest: float,
    ) -> tuple[Iterate, Residual] | None:
        """The iterate after a correction, or after parts of it down to `smallest`.

        Returns:
            None where nothing helped and only the whole was to be tried.

        Raises:
            Diverged: nothing helped.
        """
        if self._tangent is None:
            raise ValueError("a correction needs a linearisation")
        try:
            lacks = self._lacks(point, known)
            move = self._tangent.correction(point, fluxes, known, self._system.given_vector() if lacks else None)
        except SolveError as error:
            raise Diverged(str(error)) from error
        self.tally.solves += move.solves
        self.tally.iterations += 1
        # Other amplitudes are another question: its residual is compared with no earlier one.
        limit = np.inf if lacks else GROWTH * before.relative
        part, cause = 1.0, ""
        while part >= smallest:
            try:
                trial = point.moved(move, part)
            except InputError as error:
                cause = str(error)
            else:
                after = trial.residual(fluxes)
                if np.all(after.relative <= limit):
                    return trial, after
                cause = f"no part of a step lowers the residual of the equations of {after.worst}"
            part /= 2
        if smallest < 1.0:
            raise Diverged(cause)
        return None


def _placed(rest: Iterate, state: Array, drives: Array) -> Iterate:
    """An iterate at another state; InputError where a law is not defined there."""
    return rest.moved(Move(state - rest.state, drives - rest.amplitudes, 0), 1.0)
