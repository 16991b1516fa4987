"""One implicit step in time, and the state at any time within the step.

    dX(U)/dt = b(t) - N(U),    with X(U) what is stored, M U where capacities are constants; M is singular where a
                               field stores nothing

Stage i of a diagonally implicit Runge-Kutta method solves, with N(U) = A U where all laws are linear,

    N(U_i) + X(U_i)/(gamma dt) = b(t_i) + X(U_n)/(gamma dt) + sum_{j<i} (a_ij/gamma) f_j
    f_i = [X(U_i) - X(U_n)]/(gamma dt) - sum_{j<i} (a_ij/gamma) f_j                    (= dX/dt at stage i)

so that what a step stores is what flows in over it, and fields that store nothing may jump between steps.

Source: Alexander, 1977, Sec. 2: three stages, order 3, L-stable, the last stage is the step (the fluxes and the fields
that store nothing are exact at its end). The second-order companion of the first two stages tells the error.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from hanle.pde.engines.contract import Engine, Part, System
from hanle.pde.errors import InputError, UnsupportedError, UserCodeError
from hanle.pde.frozen import at_rest
from hanle.pde.inertia import inertia, loaded
from hanle.pde.linearised import held
from hanle.pde.problem import Problem
from hanle.pde.response import Proof
from hanle.pde.solution import Solution
from hanle.pde.stage_newton import NewtonStages
from hanle.pde.stage_solves import LinearStages, StageSolver
from hanle.pde.steady import TOLERANCE, Progress
from hanle.pde.tensors import Array

#: What drives: a number, or a function of the time [s].
Drive: TypeAlias = float | Callable[[float], float]

#: The root of x^3 - 3 x^2 + 3 x/2 - 1/6 with which the method is L-stable.
GAMMA = 0.43586652150845899942
_MIDDLE = (1 + GAMMA) / 2
_B1, _B2 = -(6 * GAMMA**2 - 16 * GAMMA + 1) / 4, (6 * GAMMA**2 - 20 * GAMMA + 5) / 4
#: Times of the stages in a step, and the weights of earlier stages.
NODES = (GAMMA, _MIDDLE, 1.0)
EARLIER = ((), (_MIDDLE - GAMMA,), (_B1, _B2))
_LOW2 = (0.5 - GAMMA) / (_MIDDLE - GAMMA)
#: Weights of the step minus those of its companion.
ERROR = (_B1 - (1 - _LOW2), _B2 - _LOW2, GAMMA)


@dataclass(frozen=True, eq=False)
class Moment:
    """State at one time.

    Attributes:
        time: [s].
        state: U.
        stored: X(U).
        amplitudes: (drives,) of the drives in it.
        rate: dX/dt; None where the drives jump, as a rate has no value there.
        slope: d/dt of the state and then the amplitudes, likewise; tells where to look for those of the next step.
        solution: answers questions; its response holds this state alone. None for the state a course starts from.
    """

    time: float
    state: Array
    stored: Array
    amplitudes: Array
    rate: Array | None = None
    slope: Array | None = None
    solution: Solution | None = None


@dataclass(frozen=True, eq=False)
class Step:
    """A step from `before` to `after`.

    Attributes:
        dt: its size [s].
        error: field -> norm of the estimated error, see `Stepper.norms`.
        lacking: the estimated error of X.
    """

    before: Moment
    after: Moment
    dt: float
    error: Mapping[str, float]
    lacking: Array


class Stepper:
    """Steps of one problem.

    Attributes:
        system: the steady problem (at rest, where laws are not linear), assembled; states have its layout.
        stages: who solves the stages; its `tally` tells what was done.
    """

    def __init__(
        self,
        problem: Problem,
        engine: Engine,
        *,
        amplitudes: Mapping[str, Drive],
        fluxes: Mapping[str, Drive],
        solver: Any = None,
        tolerance: float = TOLERANCE,
        progress: Progress | None = None,
    ) -> None:
        if engine.batched:
            raise UnsupportedError(f"the engine {engine.name} solves no steps in time; use the engine scikit")
        self.problem = problem
        self._amplitudes, self._fluxes = amplitudes, fluxes
        linear = not problem.curved
        base = problem if linear else at_rest(problem)
        self._engine, self._bare = engine, inertia(base)
        self.system: System = engine.assemble(base)
        self._mass: System = engine.assemble(self._bare, self.system)
        self.stages: StageSolver
        if linear:
            options = {"solver": solver, "tolerance": tolerance, "progress": progress}
            self.stages = LinearStages(problem, self.system, engine, options)
        else:
            self.stages = NewtonStages(problem, self.system, engine, solver=solver, tolerance=tolerance)
        self._fields = self._masks()

    def inertial(self, state: Array) -> Array:
        """X(U), tested with every function.

        Raises:
            InputError: it is not defined at that state.
        """
        found = self._mass.apply(state, Part.PERTURBATIVE)
        if any(bulk.excess for bulk in self.problem.regions.values()):
            none = np.zeros((1, len(self.problem.drives)))
            here = held(self._mass, state, none, none, Proof("", "", {}, {}, 0.0))
            found = found + self._engine.assemble(loaded(self._bare, self.problem, here), self._mass).source_load()
        return found

    def norms(self, state: Array, stored: Array) -> dict[str, float]:
        """Field -> root of the sum of |U X| over its components: C times the mean square of the field.

        Where C mixes two fields the share of one of them may be negative.
        """
        product = np.where(self.system.fixed, 0.0, np.abs(state * stored))
        sums = self.system.processes.total([product @ mask for mask in self._fields.values()])
        return {name: float(np.sqrt(s)) for name, s in zip(self._fields, sums, strict=True)}

    def begin(self, time: float, state: Array, amplitudes: Array | None = None) -> Moment:
        """The moment with a given state, in which drives have certain amplitudes (0).

        Fields that store nothing need no value in it.
        """
        drives = np.zeros(len(self.problem.drives)) if amplitudes is None else amplitudes
        return Moment(time, state, self.inertial(state), drives)

    def step(self, before: Moment, dt: float, stop: float, clamp: Callable[[float], float] = float) -> Step:
        """One step to the time `stop`; `clamp` moves the times at which drives are evaluated off their jumps."""
        rate = 1 / (GAMMA * dt)
        rates: list[Array] = []
        slopes: list[Array] = []
        path, stored = _Path(before, dt), before.stored
        for node, weights in zip(NODES, EARLIER, strict=True):
            known, moved = _mixed(weights, rates), _mixed(weights, slopes)
            load, near = before.stored * rate + known, path.ahead(node)
            solution = self._solve(dt, clamp(before.time + node * dt), load, near)
            stored, whole = self.inertial(solution.state), _whole(solution.state, solution.amplitudes[0])
            rates.append((stored - before.stored) * rate - known)
            slopes.append((whole - path.start) * rate - moved)
            path.add(node, whole)
        lacking = dt * _summed(ERROR, rates)
        error = self.norms(dt * _summed(ERROR, slopes)[: stored.size], lacking)
        after = Moment(stop, solution.state, stored, solution.amplitudes[0], rates[-1], slopes[-1])
        return Step(before, self._answered(after, solution), dt, error, lacking)

    def filtered(self, step: Step, clamp: Callable[[float], float] = float) -> dict[str, float]:
        """Field -> norm of the estimated error e as the last stage passes it on, for one more solve.

        It is (1 + gamma dt A/M)^-1 e: what changes faster than the step has decayed at its end, where the estimate
        still counts it. Source: Hairer and Wanner, 1996, Sec. IV.8.
        """
        after, rate = step.after, 1 / (GAMMA * step.dt)
        if after.rate is None:
            raise ValueError("a step ends with a rate")
        load = (after.stored + step.lacking) * rate - after.rate
        moved = self._solve(step.dt, clamp(after.time), load, (after.state, after.amplitudes)).state
        return self.norms(moved - after.state, self.inertial(moved) - after.stored)

    def within(self, step: Step, part: float, clamp: Callable[[float], float] = float) -> Moment:
        """The moment at `part` (0 to 1) of a step, for one more solve with its operator.

        A polynomial W of what is stored through the ends of the step (cubic, or quadratic where the rate at its start
        has no value) goes into N(U) + [X(U) - W]/(gamma dt) = b - dW/dt, so that fields that store nothing obey their
        equations, and the others move by what the polynomial lacks.
        """
        before, after, dt = step.before, step.after, step.dt
        if after.rate is None:
            raise ValueError("a step ends with a rate")
        values, slopes = _hermite(part, smooth=before.rate is not None)
        begin = np.zeros_like(after.rate) if before.rate is None else before.rate
        stored, rate = (
            w[0] * before.stored + w[1] * after.stored + dt * (w[2] * begin + w[3] * after.rate)
            for w in (values, slopes)
        )
        rate = rate / dt
        near, drives = (
            (1 - part) * a + part * b
            for a, b in ((before.state, after.state), (before.amplitudes, after.amplitudes))
        )
        time = before.time + part * dt
        solution = self._solve(dt, clamp(time), stored / (GAMMA * dt) - rate, (near, drives))
        moved = self.inertial(solution.state)
        found = (moved - stored) / (GAMMA * dt) + rate
        return self._answered(Moment(time, solution.state, moved, solution.amplitudes[0], found), solution)

    def _answered(self, moment: Moment, solution: Solution) -> Moment:
        """A moment with its solution, which knows what is being stored."""
        answer = replace(self.stages.answer(solution), storing=storage(moment, self.system))
        return replace(moment, solution=answer)

    def _solve(self, dt: float, time: float, inertial: Array, near: tuple[Array, Array]) -> Solution:
        """The wired state of one stage. `near`: a state close to it, and the amplitudes of the drives in it."""
        amplitudes, fluxes = (
            {name: _value(name, drive, time) for name, drive in given.items()}
            for given in (self._amplitudes, self._fluxes)
        )
        return self.stages.solve(1 / (GAMMA * dt), inertial, amplitudes, fluxes, near)

    def _masks(self) -> dict[str, Array]:
        fields = {f.name: f for bulk in self.problem.regions.values() if bulk.C for f in bulk.fields.fields}
        return {name: np.asarray(sum(self.system.constant(c) for c in f.components)) for name, f in fields.items()}


class _Path:
    """States and amplitudes of the stages of a step, continued to the next one: the polynomial through them."""

    def __init__(self, before: Moment, dt: float) -> None:
        self.start = self._last = _whole(before.state, before.amplitudes)
        self._size = before.state.size
        # (time in the step, order of the derivative); beyond a jump nothing that was before it counts.
        self._kinds = [] if before.slope is None else [(0.0, 0), (0.0, 1)]
        self._data = [] if before.slope is None else [self.start, dt * before.slope]

    def add(self, node: float, whole: Array) -> None:
        """A stage."""
        self._kinds.append((node, 0))
        self._data.append(whole)
        self._last = whole

    def ahead(self, node: float) -> tuple[Array, Array]:
        """State and amplitudes expected at a stage."""
        found = self._last
        if len(self._data) > 1:
            powers = np.arange(len(self._data))
            rows = [
                x**powers if order == 0 else powers * x ** np.maximum(powers - 1, 0) for x, order in self._kinds
            ]
            found = _summed(np.linalg.solve(np.array(rows).T, node**powers).tolist(), self._data)
        return found[: self._size], found[self._size :]


def _whole(state: Array, amplitudes: Array) -> Array:
    return np.concatenate([state, amplitudes])


def storage(moment: Moment, system: System) -> dict[str, Array]:
    """Component -> (1,) rate at which the device stores it at a moment, the sum over dX/dt; "power" -> of U dX/dt.

    What its balance sheet (`Solution.ledger`) gains, given values and sources included. What is stored at values that
    are prescribed counts as passed on there.
    """
    if moment.rate is None:
        raise InputError("moment", "one with a rate", "the start of a course")
    names = {c for bulk in system.problem.regions.values() if bulk.C for c in bulk.fields.components}
    kept = np.where(system.fixed, 0.0, moment.rate)
    weights = {name: system.constant(name) for name in sorted(names)} | {"power": moment.state}
    return {name: np.atleast_1d(system.processes.total(float(w @ kept))) for name, w in weights.items()}


def _value(name: str, drive: Drive, time: float) -> float:
    """A drive at one time."""
    if not callable(drive):
        return float(drive)
    try:
        value = float(drive(time))
    except Exception as error:
        raise UserCodeError(f"the drive {name} failed at {time:.6g} s: {type(error).__name__}: {error}") from error
    if not np.isfinite(value):
        raise InputError(f"drive {name}", f"finite at {time:.6g} s", value)
    return value


def _mixed(weights: Sequence[float], parts: Sequence[Array]) -> Array:
    return _summed([w / GAMMA for w in weights], parts)


def _summed(weights: Sequence[float], parts: Sequence[Array]) -> Array:
    return sum((w * x for w, x in zip(weights, parts, strict=True)), start=np.zeros(1))


def _hermite(x: float, smooth: bool) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Weights of (value before, after, dt rate before, after) for value and derivative (times dt) at part x."""
    if smooth:
        value = (1 + 2 * x) * (1 - x) ** 2, x**2 * (3 - 2 * x), x * (1 - x) ** 2, x**2 * (x - 1)
        slope = 6 * x * (x - 1), 6 * x * (1 - x), (1 - x) * (1 - 3 * x), x * (3 * x - 2)
        return value, slope
    return (1 - x * (2 - x), x * (2 - x), 0.0, x * (x - 1)), (2 * x - 2, 2 - 2 * x, 0.0, 2 * x - 1)
