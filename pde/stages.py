"""One implicit step in time of a linear problem, and its state at any time within the step.

    M dU/dt = b(t) - A U,    with M the action of the capacities C, singular where a field stores nothing

Stage i of a diagonally implicit Runge-Kutta method solves

    (A + M/(gamma dt)) U_i = b(t_i) + M U_n/(gamma dt) + sum_{j<i} (a_ij/gamma) f_j
    f_i = M (U_i - U_n)/(gamma dt) - sum_{j<i} (a_ij/gamma) f_j                        (= M dU/dt at stage i)

so that M only ever acts, and fields that store nothing may jump between steps.

Source: Alexander, 1977, Sec. 2: three stages, order 3, L-stable, the last stage is the step (the fluxes and the fields
that store nothing are exact at its end). The second-order companion of the first two stages tells the error.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from hanle.pde.engines.contract import Engine, Part, System
from hanle.pde.errors import InputError, UnsupportedError, UserCodeError
from hanle.pde.inertia import inertia, stepped
from hanle.pde.linearised import held
from hanle.pde.problem import Problem
from hanle.pde.response import Response
from hanle.pde.solution import Solution, wire
from hanle.pde.steady import TOLERANCE, Prepared, Progress, prepare
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
#: Step sizes whose operators are kept.
OPERATORS = 4


@dataclass(frozen=True, eq=False)
class Moment:
    """State at one time.

    Attributes:
        time: [s].
        state: U.
        stored: M U.
        amplitudes: (drives,) of the drives in it.
        rate: M dU/dt; None where the drives jump, as a rate has no value there.
        solution: answers questions; its response holds this state alone. None for the state a course starts from.
    """

    time: float
    state: Array
    stored: Array
    amplitudes: Array
    rate: Array | None = None
    solution: Solution | None = None


@dataclass(frozen=True, eq=False)
class Step:
    """A step from `before` to `after`.

    Attributes:
        dt: its size [s].
        error: field -> norm of the estimated error, see `Stepper.norms`.
    """

    before: Moment
    after: Moment
    dt: float
    error: Mapping[str, float]


class Stepper:
    """Steps of one problem.

    Attributes:
        system: the steady problem, assembled; states have its layout.
        prepared: how many operators were prepared; `solves`: how many stages were solved.
        iterations, residual: of all solves, the largest residual.
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
        problem.require_linear()
        self.problem, self._engine = problem, engine
        self._amplitudes, self._fluxes = amplitudes, fluxes
        self._options: dict[str, Any] = {"solver": solver, "tolerance": tolerance, "progress": progress}
        self.system: System = engine.assemble(problem)
        self._mass: System = engine.assemble(inertia(problem), self.system)
        self._sources, self._given = self.system.source_load(), self.system.given_vector()
        self._operators: OrderedDict[float, Prepared] = OrderedDict()
        self._latest: Response | None = None
        self._fields = self._masks()
        self.prepared = self.solves = self.iterations = 0
        self.residual = 0.0

    def inertial(self, state: Array) -> Array:
        """M U."""
        return self._mass.apply(state, Part.PERTURBATIVE)

    def norms(self, state: Array, stored: Array) -> dict[str, float]:
        """Field -> sqrt(U . M U) over its components: C times the mean square of the field."""
        product = np.where(self.system.fixed, 0.0, state * stored)
        sums = self.system.processes.total([product @ mask for mask in self._fields.values()])
        return {name: float(np.sqrt(max(s, 0.0))) for name, s in zip(self._fields, sums, strict=True)}

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
        near, solution, stored = (before.state, before.amplitudes), None, before.stored
        for node, weights in zip(NODES, EARLIER, strict=True):
            known, moved = _mixed(weights, rates), _mixed(weights, slopes)
            solution = self._solve(dt, clamp(before.time + node * dt), before.stored * rate + known, near)
            state = solution.state
            stored = self.inertial(state)
            rates.append((stored - before.stored) * rate - known)
            slopes.append((state - before.state) * rate - moved)
            near = state, solution.amplitudes[0]
        error = self.norms(dt * _summed(ERROR, slopes), dt * _summed(ERROR, rates))
        return Step(before, Moment(stop, near[0], stored, near[1], rates[-1], solution), dt, error)

    def within(self, step: Step, part: float, clamp: Callable[[float], float] = float) -> Moment:
        """The moment at `part` (0 to 1) of a step, for one more solve with its operator.

        A polynomial W through the ends of the step (cubic, or quadratic where the rate at its start has no value)
        goes into (A + M/(gamma dt)) (U - W) = b - A W - M dW/dt, so that fields that store nothing obey their
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
        return Moment(time, solution.state, moved, solution.amplitudes[0], found, solution)

    def _solve(self, dt: float, time: float, inertial: Array, near: tuple[Array, Array]) -> Solution:
        """The wired state of one stage, frozen. `near`: a state close to it, and the amplitudes of the drives in it."""
        prepared = self._operator(dt)
        amplitudes, fluxes = (
            {name: _value(name, drive, time) for name, drive in given.items()}
            for given in (self._amplitudes, self._fluxes)
        )
        # Drives are superposed later: what is solved for, and so its start, does not contain them.
        start, contained = near
        for name, amplitude in zip(self.problem.drives, contained, strict=True):
            start = start - amplitude * (prepared.lifts.get(name, 0.0) + prepared.changes[name])
        start = np.where(self.system.fixed, self._given, start)
        response = prepared.response(self._sources + inertial, start)
        self.solves += 1
        self.iterations += response.proof.iterations["sources"]
        self.residual = max(self.residual, *response.proof.residuals.values())
        self._latest = response
        return self._frozen(wire(response, amplitudes=amplitudes, fluxes=fluxes))

    def _frozen(self, solution: Solution) -> Solution:
        """The solution on the steady system, with its state as if it came from sources: it keeps no operator."""
        found = held(self.system, solution.state, solution.amplitudes, solution.fluxes, solution.response.proof)
        return replace(
            found,
            reference_amplitudes=solution.reference_amplitudes,
            amplitude_changes=solution.amplitude_changes,
        )

    def _operator(self, dt: float) -> Prepared:
        if dt not in self._operators:
            # Without its states: a course that goes on from a file must start its solves from the same numbers.
            previous = None if self._latest is None else replace(self._latest, changes={}, history={})
            problem = stepped(self.problem, 1 / (GAMMA * dt))
            self._operators[dt] = prepare(problem, self._engine, previous=previous, **self._options)
            self.prepared += 1
            while len(self._operators) > OPERATORS:
                self._operators.popitem(last=False)
        self._operators.move_to_end(dt)
        return self._operators[dt]

    def _masks(self) -> dict[str, Array]:
        fields = {f.name: f for bulk in self.problem.regions.values() if bulk.C for f in bulk.fields.fields}
        return {name: np.asarray(sum(self.system.constant(c) for c in f.components)) for name, f in fields.items()}


def storage(moment: Moment, system: System) -> dict[str, Array]:
    """Component -> (1,) rate at which the device stores it at a moment: the sum over its M dU/dt.

    What its balance sheet (`Solution.ledger`) gains, given values and sources included.
    """
    if moment.rate is None:
        raise InputError("moment", "one with a rate", "the start of a course")
    names = {c for bulk in system.problem.regions.values() if bulk.C for c in bulk.fields.components}
    return {
        name: np.atleast_1d(system.processes.total(float(system.constant(name) @ moment.rate)))
        for name in sorted(names)
    }


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
