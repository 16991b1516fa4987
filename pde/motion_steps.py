"""Steps of magnets on the sphere: explicit Runge-Kutta of order 5 with transport that follows m at once.

In a step m(t) = R(theta(t)) m with a rotation vector theta that begins at zero, so that |m| stays 1. With
omega = m x dm/dt,

    dtheta/dt = omega - theta x omega/2 + (1 - x cot x)/(4 x^2) theta x (theta x omega),      x = |theta|/2

which the pair of Dormand and Prince solves; its interpolant of order 4 gives m inside steps (after Munthe-Kaas, 1999).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from scipy.integrate import RK45

from hanle.pde.macrospin import Macrospins
from hanle.pde.macrospin_transport import Course
from hanle.pde.solution import Solution
from hanle.pde.tensors import Array

#: Coefficients of Dormand & Prince, 1980, with the interpolant of Shampine, 1986.
_A, _B, _C, _E, _P = RK45.A, RK45.B, RK45.C, RK45.E, RK45.P
#: |theta| below which the series takes the place of the cotangent.
SMALL = 1e-2


@dataclass(frozen=True, eq=False)
class Fields:
    """What the fields of the transport hold at one time, where they store.

    Attributes:
        state: U; stored: M U.
        amplitudes, fluxes: (1, drives) in it.
        largest: field -> largest norm so far, see `hanle.pde.stages.Stepper.norms`.
        residual: of the solve it comes from.
    """

    state: Array
    stored: Array
    amplitudes: Array
    fluxes: Array
    largest: Mapping[str, float] = field(default_factory=dict)
    residual: float = 0.0


@dataclass(frozen=True, eq=False)
class State:
    """Magnets at one time.

    Attributes:
        time: [s].
        m, rate, torque: (n, 3); dm/dt [1/s], tau as in `macrospin_motion.MotionResult`.
        fields: None where they follow m at once.
    """

    time: float
    m: Array
    rate: Array
    torque: Array
    fields: Fields | None = None


@dataclass(frozen=True, eq=False)
class Step:
    """A step from `before` to `after`.

    Attributes:
        turn: function of the part of the step (0 to 1) -> theta (n, 3).
        error: of m [rad], of the fields in parts of their largest norms.
    """

    before: State
    after: State
    turn: Callable[[float], Array]
    error: tuple[float, float]

    @property
    def size(self) -> float:
        """[s]."""
        return self.after.time - self.before.time

    def at(self, part: float) -> Array:
        """m (n, 3) at a part of the step, magnets whose motion is given left out."""
        return rotated(self.turn(part), self.before.m)


class Mover(Protocol):
    """How magnets and transport go from one time to the next."""

    course: Course

    @property
    def order(self) -> int:
        """Order of the estimated errors in the size of a step."""
        ...

    def begin(self, time: float, m: Array, fields: Fields | None, span: float) -> State:
        """The state with given m and stored fields at a time at which drives may jump; `span` [s] lies ahead."""
        ...

    def step(self, before: State, size: float, end: float) -> Step:
        """A step of a size [s]; it ends at the time `end`."""
        ...

    def within(self, step: Step, part: float) -> State:
        """The state at a part of a step."""
        ...

    def solution(self, state: State) -> Solution:
        """The transport of a state."""
        ...


class Following:
    """Transport that follows m at once."""

    order = 5

    def __init__(self, spins: Macrospins) -> None:
        self.course = Course(spins)

    def begin(self, time: float, m: Array, fields: Fields | None, span: float) -> State:
        """As `Mover.begin`."""
        rate, torques = self.course.rate(time, m)
        return State(time, torques.m, rate, torques.total(rate))

    def step(self, before: State, size: float, end: float) -> Step:
        """As `Mover.step`."""
        slopes, after = [np.cross(before.m, before.rate)], before
        for row, c in zip((*_A[1:], _B), (*_C[1:], 1.0), strict=True):
            theta = size * sum((a * k for a, k in zip(row, slopes, strict=False)), start=np.zeros_like(before.m))
            # The end belongs to what is before a jump.
            then = before.time + c * size if c < 1 else np.nextafter(end, before.time)
            after = self.begin(float(then), rotated(theta, before.m), None, size)
            slopes.append(unwound(theta, np.cross(after.m, after.rate)))
        whole = np.array(slopes)

        def turn(part: float) -> Array:
            weights = _P @ part ** np.arange(1, _P.shape[1] + 1)
            return np.asarray(size * np.einsum("s,sna->na", weights, whole))

        error = length(size * np.einsum("s,sna->na", _E, whole), self.course.spins)
        return Step(before, State(end, after.m, after.rate, after.torque), turn, (error, 0.0))

    def within(self, step: Step, part: float) -> State:
        """As `Mover.within`."""
        time = step.before.time + part * step.size
        return step.after if part == 1 else self.begin(time, step.at(part), None, step.size)

    def solution(self, state: State) -> Solution:
        """As `Mover.solution`."""
        return self.course.solution(state.time, state.m, state.rate)


def length(vectors: Array, spins: Macrospins) -> float:
    """The longest of vectors (n, 3), those of magnets whose motion is given left out."""
    free = [k for k, magnet in enumerate(spins.magnets.values()) if magnet.motion is None]
    return float(np.linalg.norm(vectors[free], axis=1).max(initial=0.0))


def rotated(theta: Array, m: Array) -> Array:
    """m (n, 3) turned by rotation vectors theta (n, 3) [rad]; of length 1 to rounding."""
    angle = np.linalg.norm(theta, axis=1, keepdims=True)
    across, along = np.cross(theta, m), np.einsum("na,na->n", theta, m)[:, None] * theta
    half = np.sinc(angle / (2 * np.pi)) ** 2 / 2
    found = np.cos(angle) * m + np.sinc(angle / np.pi) * across + half * along
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))


def unwound(theta: Array, omega: Array) -> Array:
    """dtheta/dt (n, 3) of rotation vectors theta whose rotation turns with omega."""
    x = np.linalg.norm(theta, axis=1, keepdims=True) / 2
    safe = np.where(x < SMALL / 2, 1.0, x)
    factor = np.where(x < SMALL / 2, 1 / 12 + x**2 / 180, (1 - safe / np.tan(safe)) / (4 * safe**2))
    once = np.cross(theta, omega)
    return np.asarray(omega - once / 2 + factor * np.cross(theta, once))
