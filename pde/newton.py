"""Nonlinear steady problems: damped Newton's method on laws that give their own linearisation.

Each step solves the linear problem that touches the laws at the present state (`newton_step`). It is taken whole if the
residual falls, in parts otherwise, and in parts where a law is not defined at its end (a temperature below zero, a
magnon potential above the gap). The drive is raised from that of the start in one go; where that fails, in smaller
steps (continuation), each beginning along the tangent of the last state.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hanle.pde.engines.contract import Engine
from hanle.pde.errors import InputError, SolveError
from hanle.pde.linearised import linearised
from hanle.pde.newton_parts import STALLED, Move, Residual, Wanted, checked, title
from hanle.pde.newton_step import Iterate
from hanle.pde.problem import Problem
from hanle.pde.response import Proof
from hanle.pde.solution import Solution
from hanle.pde.steady import TOLERANCE
from hanle.pde.tensors import Array
from hanle.pde.threads import single_threaded_blas

#: Parts of a step below this are not tried.
SMALLEST = 1 / 64
#: Part of the drive below which continuation ends.
FINEST = 1e-3
#: Steps after which one that reduces the residual by less than tenfold counts as slow.
PATIENCE = 3
#: Part of the reduction that a linear residual would show, asked of each step.
DESCENT = 1e-2


@dataclass(frozen=True)
class Level:
    """What was done at one drive.

    Attributes:
        drive: part of the drive.
        residuals: relative nonlinear residual after each step, see `NewtonResult`.
        parts: the part taken of each step; the first leads here from the last drive.
    """

    drive: float
    residuals: tuple[float, ...]
    parts: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class NewtonResult:
    """The converged solution and how it was reached.

    Attributes:
        solution: the state; its response belongs to the problem linearised there (`solution.response.system`) and
            holds this state alone.
        levels: drives at which the iteration converged, in order; the last is the whole drive.
        solves: linear solves in all.
    """

    solution: Solution
    levels: tuple[Level, ...]
    solves: int

    @property
    def residuals(self) -> tuple[float, ...]:
        """Residual after each step at the whole drive: the largest over fields, each relative to its own terms."""
        return self.levels[-1].residuals


def newton(
    problem: Problem,
    engine: Engine,
    *,
    amplitudes: Mapping[str, float | Array],
    fluxes: Mapping[str, float | Array] | None = None,
    tolerance: float = TOLERANCE,
    max_steps: int = 20,
    solver: Any = None,
    start: Solution | None = None,
    through: Sequence[float] = (1.0,),
) -> NewtonResult:
    """Solve a problem whose laws may be nonlinear.

    A step costs one linear solve, and one for each drive of given flux (open terminals are such).

    Args:
        amplitudes, fluxes: as in `hanle.pde.solution.wire`.
        tolerance: bound on the relative residual of the equations of each field.
        max_steps: steps at one drive, at least 1; after so many the drive is approached in smaller steps.
        solver: a linear solver; the engine's choice if None.
        start: a solution of the same problem at other drives, from which the drive is raised; zero if None.
        through: parts of the way from the start to the whole drive to converge at, increasing, the last 1.

    Raises:
        SolveError: no convergence; the message names the equations, the drive and the law that was left.
        InputError: an unknown drive, a law that is not defined at the start.
    """
    if max_steps < 1:
        raise InputError("max_steps", "at least 1", max_steps)
    if not 0 < tolerance < 1:
        raise InputError("tolerance", "between 0 and 1", tolerance, "1e-8 is the default")
    goals = tuple(float(part) for part in through)
    if not goals or goals[-1] != 1.0 or goals[0] <= 0 or np.any(np.diff(goals) <= 0):
        raise InputError("through", "parts of the drive, increasing from above 0 to 1", goals)
    with single_threaded_blas():
        here = _at_rest(problem, engine, solver, tolerance)
        known, flowing = checked(problem, amplitudes, fluxes or {}, here.system.batch)
        if start is not None:
            here = here.placed(start)
        wanted = _wanted(here, start, known, flowing)
        path = _Path(wanted, tolerance, max_steps)
        for goal in goals:
            here = path.follow(here, goal)
        chosen = getattr(here.solver, "name", type(here.solver).__name__)
        residuals = {"newton": path.levels[-1].residuals[-1]}
        proof = Proof(engine.name, chosen, residuals, {"newton": path.solves}, tolerance)
        return NewtonResult(here.solution(proof), tuple(path.levels), path.solves)


def _at_rest(problem: Problem, engine: Engine, solver: Any, tolerance: float) -> Iterate:
    """The iterate at zero, all drives at rest."""
    system = engine.assemble(linearised(problem, None))
    state = np.zeros_like(system.given_vector())
    amplitudes = np.zeros((system.batch, len(problem.drives)))
    chosen = solver or engine.default_solver(system)
    return Iterate(problem, engine, chosen, tolerance, system, state, amplitudes)


def _wanted(
    here: Iterate, start: Solution | None, known: Mapping[str, Array], flowing: Mapping[str, Array]
) -> Wanted:
    """The way of the drives from those of the start to those asked for."""
    zero, given = np.zeros(here.system.batch), here.system.given_vector()
    if start is None:
        rest = np.zeros_like(given)
        amplitudes, fluxes = dict.fromkeys(known, zero), dict.fromkeys(flowing, zero)
    else:
        rest = given
        amplitudes = {name: start.amplitude(name) for name in known}
        fluxes = {name: start.flux(name) for name in flowing}
    return Wanted(
        {name: (amplitudes[name], value) for name, value in known.items()},
        {name: (fluxes[name], value) for name, value in flowing.items()},
        (rest, given),
    )


class _Diverged(Exception):
    """The iteration failed at one drive."""


@dataclass(eq=False)
class _Path:
    """Continuation in the drive.

    Attributes:
        drive: part of the drive at which the iteration converged last.
    """

    wanted: Wanted
    tolerance: float
    max_steps: int
    drive: float = 0.0
    solves: int = 0
    levels: list[Level] = field(default_factory=list)

    def follow(self, here: Iterate, goal: float) -> Iterate:
        """The converged iterate at a part of the drive.

        Raises:
            SolveError: steps of the drive became too small.
        """
        while self.drive < goal:
            here = self._raised(here, goal)
        return here

    def _raised(self, here: Iterate, goal: float) -> Iterate:
        """The converged iterate at some drive above the last, at most the goal."""
        move = here.step(self.wanted, goal, 1.0)
        self.solves += move.solves
        part = 1.0
        while True:
            drive = goal if part == 1.0 else self.drive + part * (goal - self.drive)
            try:
                found, level = self._settled(here.moved(move, part), drive, part)
            except (InputError, _Diverged) as error:
                here.memory.clear()
                part /= 2
                if part * (goal - self.drive) < FINEST:
                    raise SolveError(self._failure(here.problem, drive, error)) from error
            else:
                self.drive = drive
                self.levels.append(level)
                return found

    def _settled(self, here: Iterate, drive: float, part: float) -> tuple[Iterate, Level]:
        """The iterate that solves the equations at one drive."""
        fluxes = self.wanted.at(drive)[1]
        residual = here.residual(fluxes)
        history, parts = [float(residual.relative.max())], [part]
        while history[-1] > self.tolerance and not self._exhausted(residual, history):
            if len(history) == self.max_steps:
                raise _Diverged(f"the equations of {residual.worst} kept a residual of {_listed(history)}")
            try:
                slow = len(history) > PATIENCE and history[-1] > history[-2] / 10
                move = here.step(self.wanted, drive, history[-1], slow)
            except SolveError as error:
                raise _Diverged(str(error)) from error
            self.solves += move.solves
            try:
                here, residual, taken = self._damped(here, residual, move, fluxes)
            except _Diverged:
                if np.all(residual.certain <= self.tolerance):
                    break
                raise
            if taken < 1.0:
                # Shapes are carried on along whole steps only.
                here.memory.clear()
            history.append(float(residual.relative.max()))
            parts.append(taken)
        return here, Level(drive, tuple(history), tuple(parts))

    def _exhausted(self, residual: Residual, history: Sequence[float]) -> bool:
        """Whether steps no longer help, and rounding of temperatures explains what is left."""
        stalled = len(history) > 1 and history[-1] > history[-2] / STALLED
        return stalled and bool(np.all(residual.certain <= self.tolerance))

    def _damped(
        self, here: Iterate, before: Residual, move: Move, fluxes: Mapping[str, Array]
    ) -> tuple[Iterate, Residual, float]:
        """The iterate after the largest part of a step (per member of a batch) that makes the residual fall.

        A trial assembles its linear problem, though a residual needs loads only: nearly all trials are taken, and then
        the next step needs it. Laws frozen there (`hanle.pde.frozen`) would make one that is refused cheaper by a
        fifth, and all others dearer by a quarter.

        Returns:
            The iterate, its residual, the smallest part taken.
        """
        part = np.ones(len(before.relative))
        refusal: InputError | None = None
        while np.min(part) >= SMALLEST:
            try:
                trial = here.moved(move, part)
            except InputError as error:
                refusal, part = error, part / 2
                continue
            after = trial.residual(fluxes)
            fell = after.beside(before) <= (1 - DESCENT * part) * before.beside(after)
            fell |= after.relative <= self.tolerance
            # A weak field may wait while the others, next to which it is small, come closer.
            closer = after.overall(self.tolerance) <= before.overall(self.tolerance) / 2
            fell |= closer & (after.relative <= 2 * before.relative)
            if not np.all(fell):
                fell |= self._nearer(here, trial, move, part, fluxes)
            if np.all(fell):
                return trial, after, float(part.min())
            part = np.where(fell, part, part / 2)
        if refusal is not None:
            raise _Diverged(str(refusal)) from refusal
        size = float(before.relative.max())
        raise _Diverged(f"no part of a step lowers the residual of the equations of {before.worst}, {size:.1e}")

    def _nearer(
        self, here: Iterate, trial: Iterate, move: Move, part: Array, fluxes: Mapping[str, Array]
    ) -> NDArray[np.bool_]:
        """(batch,) whether the next step would be shorter than this one, by the operator of this one.

        A weak field may have a larger residual for a while, next to which it is small, although all come nearer.
        """
        try:
            left = here.correction(trial, fluxes)
        except SolveError:
            return np.zeros(len(part), dtype=bool)
        self.solves += left.solves
        return np.asarray(here.length(left, trial) <= (1 - part / 4) * here.length(move, trial))

    def _failure(self, problem: Problem, drive: float, error: Exception) -> str:
        amplitudes, fluxes, _ = self.wanted.at(drive)
        given = {title(problem, name): value for name, value in amplitudes.items()}
        given |= {f"flux at {title(problem, name)}": value for name, value in fluxes.items()}
        at = ", ".join(f"{name} = {np.max(np.abs(value)):.4g}" for name, value in given.items() if np.any(value))
        return (
            f"Newton's method converged up to {self.drive:.4g} of the drive and failed at {drive:.4g} of it"
            f" ({at or 'all drives at zero'}): {error}; lower the drive, start from a solution nearby, or look for a "
            "threshold in between"
        )


def _listed(history: Sequence[float]) -> str:
    shown = ", ".join(f"{r:.1e}" for r in history)
    return f"{history[-1]:.1e} after {len(history)} steps (residuals: {shown})"
