"""Steps of magnets and of fields that store, in one scheme: what flows back lags behind m.

    M dU/dt = b(t, m, dm/dt) - A(m) U        fields, implicit
    dtheta/dt of m(t) = R(theta) m           magnets, explicit; see `hanle.pde.motion_steps`

In each stage m is known, while U and dm/dt are solved for together: the torque depends on both, and pumping on dm/dt.
Fields are stiff, magnets are not, and where the fields follow at once what remains is an explicit method for m.

Source: Ascher, Ruuth & Spiteri, 1997, scheme (4,4,3): order 3, L-stable in the fields, and the last stage is the step
for both. The midpoint rule of its first stage has order 2 and tells the errors; that of the fields goes once through
the operator of the step, so that what decays within a step does not count (after Hosea & Shampine, 1996).
"""

from collections.abc import Mapping, Sequence

import numpy as np

from hanle.pde.coefficients import dense
from hanle.pde.errors import UnsupportedError
from hanle.pde.fields import MAGNON, SPIN
from hanle.pde.initial_state import Initial, initial_state
from hanle.pde.linearised import held
from hanle.pde.macrospin import Macrospins
from hanle.pde.macrospin_transport import Answer, Course, Memory
from hanle.pde.motion_steps import Fields, State, Step, length, rotated, unwound
from hanle.pde.problem import Problem
from hanle.pde.response import Proof
from hanle.pde.solution import Solution
from hanle.pde.stages import Stepper
from hanle.pde.tensors import Array

#: Times of the stages after the first one, which is the beginning; diagonal of the implicit part.
NODES, DIAGONAL = (1 / 2, 2 / 3, 1 / 2, 1.0), 0.5
#: Weights of earlier stages: explicit ones begin with the beginning, implicit ones with the first stage after it.
EXPLICIT = ((1 / 2,), (11 / 18, 1 / 18), (5 / 6, -5 / 6, 1 / 2), (1 / 4, 7 / 4, 3 / 4, -7 / 4))
IMPLICIT = ((), (1 / 6,), (-1 / 2, 1 / 2), (3 / 2, -3 / 2, 1 / 2))
#: Weights of the step minus those of the midpoint rule.
ERROR_M, ERROR_FIELDS = (1 / 4, 3 / 4, 3 / 4, -7 / 4, 0.0), (1 / 2, -3 / 2, 1 / 2, 1 / 2)
#: Fields that relax by themselves.
RELAXING = (SPIN.name, MAGNON.name)
#: Part of the time ahead in which, at a jump, fields that store nothing adjust.
INSTANT = 1e-12


class Lagging:
    """Transport that stores, beside magnets.

    Attributes:
        course: solves stages, and counts.
        stepper: what fields store, and their norms.
    """

    order = 3

    def __init__(self, spins: Macrospins, m: Array, initial: Initial = None) -> None:
        """Fields that begin with `initial`, see `hanle.pde.initial_state`; m (n, 3) of any time.

        Raises:
            UnsupportedError: the exact engine.
            InputError: nothing stores anything.
        """
        if spins.engine.batched:
            raise UnsupportedError(f"the engine {spins.engine.name} solves no steps in time; use the engine scikit")
        self.course = Course(spins)
        rest = self.course.at_rest(m)
        self.stepper = Stepper(rest, spins.engine, amplitudes={}, fluxes={})
        state = initial_state(self.stepper.system, initial)
        none = np.zeros((1, len(rest.drives)))
        self.initial = Fields(state, self.stepper.inertial(state), none, none)

    def begin(self, time: float, m: Array, fields: Fields | None, span: float) -> State:
        """As `Mover.begin`: what is stored stays, all else adjusts."""
        kept = fields or self.initial
        m, rate = self.course.spins.placed(time, m), 1 / (INSTANT * span)
        answer = self._answer(time, m, Memory(rate, kept.stored * rate))
        speed = self.course.rate_at(time, answer.torques)
        state, amplitudes, fluxes = answer.combined(speed)
        found = Fields(state, kept.stored, amplitudes, fluxes, kept.largest, _residual(answer))
        return State(time, m, speed, answer.torques.total(speed), found)

    def step(self, before: State, size: float, end: float) -> Step:
        """As `Mover.step`."""
        start, spins, rate = _fields(before), self.course.spins, 1 / (DIAGONAL * size)
        slopes, gains, near = [np.cross(before.m, before.rate)], list[Array](), None
        for node, explicit, implicit in zip(NODES, EXPLICIT, IMPLICIT, strict=True):
            theta = size * _summed(explicit, slopes)
            # The end belongs to what is before a jump.
            time = before.time + node * size if node < 1 else float(np.nextafter(end, before.time))
            m = spins.placed(time, rotated(theta, before.m))
            known = _summed(implicit, gains) / DIAGONAL if gains else np.zeros_like(start.stored)
            answer = self._answer(time, m, Memory(rate, start.stored * rate + known, near))
            speed = self.course.rate_at(time, answer.torques)
            state, amplitudes, fluxes = answer.combined(speed)
            stored = self.stepper.inertial(state)
            gains.append((stored - start.stored) * rate - known)
            slopes.append(unwound(theta, np.cross(m, speed)))
            near = answer.members[0].response.source_state
        largest = self._largest(start.largest, (start.state, start.stored), (state, stored))
        missing = self._missing(answer, _summed(ERROR_FIELDS, gains) / DIAGONAL, largest)
        error = length(size * _summed(ERROR_M, slopes), spins), missing
        fields = Fields(state, stored, amplitudes, fluxes, largest, _residual(answer))
        after = State(end, m, speed, answer.torques.total(speed), fields)
        ends = size * slopes[0], theta, size * slopes[-1]
        return Step(before, after, lambda part: _hermite(part, *ends), error)

    def within(self, step: Step, part: float) -> State:
        """As `Mover.within`, by a shorter step from the same beginning."""
        if part in (0.0, 1.0):
            return step.after if part else step.before
        end = step.before.time + part * step.size
        return self.step(step.before, end - step.before.time, end).after

    def solution(self, state: State) -> Solution:
        """As `Mover.solution`."""
        fields, spins = _fields(state), self.course.spins
        system = spins.engine.assemble(self.course.in_motion(state.m, state.rate), self.stepper.system)
        solver = getattr(spins.solver, "name", "auto")
        proof = Proof(spins.engine.name, solver, {"stage": fields.residual}, {"stage": 0}, spins.tolerance)
        return held(system, fields.state, fields.amplitudes, fields.fluxes, proof)

    def _answer(self, time: float, m: Array, memory: Memory) -> Answer:
        found = self.course.answer(time, m, memory)
        capacities = (_capacities(system.problem) for system in (found.operator.system, self.stepper.system))
        if not _same(*capacities):
            raise UnsupportedError("a capacity that changes with m or the time: capacities must stay what they are")
        return found

    def _largest(self, so_far: Mapping[str, float], *states: tuple[Array, Array]) -> dict[str, float]:
        """Norms of fields, the largest of all."""
        found = dict(so_far)
        for state, stored in states:
            for name, size in self.stepper.norms(state, stored).items():
                found[name] = max(found.get(name, 0.0), size)
        return found

    def _missing(self, answer: Answer, load: Array, largest: Mapping[str, float]) -> float:
        """The error of the fields, in parts of their norms: what a load makes of the operator of the last stage."""
        system = answer.operator.system
        given = system.given_vector()
        whole = answer.operator.response(load + system.apply(given)).source_state
        wrong = np.where(system.fixed, 0.0, whole - given)
        sizes = self.stepper.norms(wrong, self.stepper.inertial(wrong))
        return max((size / largest[name] for name, size in sizes.items() if size > 0), default=0.0)


def relaxation_time(problem: Problem) -> float:
    """The longest time in which something that is stored relaxes where it is [s]; 0 where nothing does, or none.

    Temperatures, which only spread, do not count.
    """
    times = [0.0]
    for bulk in problem.regions.values():
        size = bulk.fields.size
        stored, lost = (
            np.einsum("...kk->...k", dense(coefficient, (), (size, size))) for coefficient in (bulk.C, bulk.R)
        )
        columns = [
            k
            for f in bulk.fields.fields
            if f.name in RELAXING
            for k in range(*bulk.fields.slice(f.name).indices(size))
        ]
        stored, lost = np.broadcast_arrays(stored[..., columns], lost[..., columns])
        times += (stored[lost > 0] / lost[lost > 0]).tolist()
    return max(times)


def _fields(state: State) -> Fields:
    if state.fields is None:
        raise ValueError("a state of lagging transport has fields")
    return state.fields


def _residual(answer: Answer) -> float:
    return max(r for one in answer.members for r in one.response.proof.residuals.values())


def _capacities(problem: Problem) -> list[Array]:
    return [t.weight for bulk in problem.regions.values() for t in bulk.C]


def _same(one: Sequence[Array], other: Sequence[Array]) -> bool:
    return len(one) == len(other) and all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def _summed(weights: Sequence[float], parts: Sequence[Array]) -> Array:
    return np.asarray(sum((w * x for w, x in zip(weights, parts, strict=True)), start=np.zeros(1)))


def _hermite(x: float, slope: Array, end: Array, last: Array) -> Array:
    """The cubic that is 0 at 0 and `end` at 1, with given slopes there."""
    return np.asarray(x * (1 - x) ** 2 * slope + x**2 * (3 - 2 * x) * end + x**2 * (x - 1) * last)
