"""Magnets in time: explicit Runge-Kutta of order 5 on the sphere, with the step chosen from an error of order 4.

In a step m(t) = R(theta(t)) m with a rotation vector theta that begins at zero, so that |m| stays 1. With
omega = m x dm/dt,

    dtheta/dt = omega - theta x omega/2 + (1 - x cot x)/(4 x^2) theta x (theta x omega),      x = |theta|/2

which the pair of Dormand and Prince solves; its interpolant of order 4 gives m inside steps (after Munthe-Kaas, 1999).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as entry
from functools import partial

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import RK45

from hanle.pde.errors import InputError, SolveError, unknown_name
from hanle.pde.macrospin import Course, Macrospins, Torques, called, vector
from hanle.pde.recording import ReadOut, crossing, evaluated
from hanle.pde.tensors import Array

#: Coefficients of Dormand & Prince, 1980, with the interpolant of Shampine, 1986.
_A, _B, _C, _E, _P = RK45.A, RK45.B, RK45.C, RK45.E, RK45.P
#: The next step aims at this part of the tolerance; bounds of its growth.
SAFETY, LEAST, MOST = 0.9, 0.2, 5.0
#: Largest turn in a step, and turn of the first step [rad].
TURN, FIRST = 1.0, 0.02
#: |theta| below which the series takes the place of the cotangent.
SMALL = 1e-2
#: Steps shorter than this part of the time are refused.
SHORTEST = 1e-13


@dataclass(frozen=True)
class MotionEvent:
    """A time at which a function of the directions passes through zero.

    Attributes:
        function: (time, {magnet: m}) -> number.
        direction: +1 only rising, -1 only falling, 0 both.
        ends: whether the motion ends there.
        tolerance: how exactly the time is found, as part of the step.
    """

    function: Callable[[float, Mapping[str, Array]], float]
    direction: int = 0
    ends: bool = False
    tolerance: float = 1e-10

    def __post_init__(self) -> None:
        if self.direction not in (-1, 0, 1):
            raise InputError("event.direction", "one of -1, 0, 1", self.direction)

    def passes(self, before: float, after: float) -> bool:
        """Whether it passes through zero between two values, the second one included."""
        return (before < 0 <= after and self.direction >= 0) or (before > 0 >= after and self.direction <= 0)


@dataclass(frozen=True, eq=False)
class MotionRecord:
    """What to keep.

    Attributes:
        times: when [s]; None: at the start and after every step.
        readings: name -> function of the transport solution (one more solve each time).
        events: name -> MotionEvent.
    """

    times: ArrayLike | None = None
    readings: Mapping[str, ReadOut] = entry(default_factory=dict)
    events: Mapping[str, MotionEvent] = entry(default_factory=dict)


@dataclass(frozen=True)
class MotionControl:
    """How steps are chosen.

    Attributes:
        tolerance: error of m in a step [rad].
        max_step: no step is longer [s].
        fixed: True makes all steps `max_step` long (to measure orders).
        most_steps: SolveError after so many.
    """

    tolerance: float = 1e-6
    max_step: float = np.inf
    fixed: bool = False
    most_steps: int = 100_000

    def __post_init__(self) -> None:
        if not 0 < self.tolerance < 1:
            raise InputError("tolerance", "between 0 and 1 rad", self.tolerance, "1e-6 is the default")
        if not self.max_step > 0:
            raise InputError("max_step", "positive [s]", self.max_step)
        if self.fixed and not np.isfinite(self.max_step):
            raise InputError("max_step", "given where all steps are equal", self.max_step)


@dataclass(frozen=True, eq=False)
class MotionResult:
    """Magnets in time.

    Attributes:
        times: (n,) [s].
        m: magnet -> (n, 3).
        rates: magnet -> dm/dt (n, 3) [1/s].
        torques: magnet -> tau (n, 3), angular momentum per time that it takes [J, per length or area in 2D or 1D].
        readings: name -> (n, ...).
        events: (name, time [s]) in order.
        ended_by: name of the event that ended the motion, "" if it came to its end.
        steps, rejected: steps taken, and trials that were too long.
        solves: transport problems prepared, residual: the largest relative true residual.
    """

    times: Array
    m: Mapping[str, Array]
    rates: Mapping[str, Array]
    torques: Mapping[str, Array]
    readings: Mapping[str, Array]
    events: tuple[tuple[str, float], ...] = ()
    ended_by: str = ""
    steps: int = 0
    rejected: int = 0
    solves: int = 0
    residual: float = 0.0


def move(
    spins: Macrospins,
    start: Mapping[str, ArrayLike],
    until: float,
    *,
    begin: float = 0.0,
    breaks: Sequence[float] = (),
    record: MotionRecord | None = None,
    control: MotionControl | None = None,
) -> MotionResult:
    """Follow the magnets from `begin` to `until` [s].

    Args:
        start: magnet -> m (3,), normalised here.
        breaks: times at which a drive or field jumps or has a kink [s]; steps end there.

    Raises:
        InputError: a magnet without start, times out of order.
        SolveError: steps vanish or are too many, a transport solve fails.
        UserCodeError: a function of the user fails.
    """
    if not until > begin:
        raise InputError("until", f"later than the beginning ({begin:g} s)", until)
    run = _Run(spins, record or MotionRecord(), control or MotionControl(), (begin, until))
    return run.complete(spins.directions(start), sorted(t for t in {*breaks, until} if begin < t <= until))


def prescribed(
    spins: Macrospins,
    motion: Mapping[str, Callable[[float], tuple[ArrayLike, ArrayLike]]],
    times: ArrayLike,
    readings: Mapping[str, ReadOut] | None = None,
) -> MotionResult:
    """The transport beside magnets whose motion is given.

    Args:
        motion: magnet -> function of the time [s] that returns m (3,) and dm/dt (3,) [1/s]; see `precession`.
        times: when [s].
        readings: name -> function of the transport solution.
    """
    for name in motion:
        if name not in spins.magnets:
            raise unknown_name("motion", name, spins.magnets)
    moments = np.atleast_1d(np.asarray(times, dtype=float))
    keep = MotionRecord(moments, readings or {})
    run = _Run(spins, keep, MotionControl(), (float(moments.min()), float(moments.max())))
    for time in moments:
        pairs = {name: called(f"motion of {name}", f, float(time)) for name, f in motion.items()}
        m = spins.directions({name: pair[0] for name, pair in pairs.items()})
        rate = np.array([vector(f"rate of {name}", pairs[name][1]) for name in spins.magnets])
        run.keep(float(time), m, (rate, run.course.torques(float(time), m)))
    return run.result()


def precession(
    axis: ArrayLike, cone: float, omega: float, phase: float = 0.0
) -> Callable[[float], tuple[Array, Array]]:
    """Motion on a cone about an axis, for `prescribed`.

    Args:
        cone: angle between m and the axis [rad].
        omega: angular frequency [rad/s]; that of the free precession about B along the axis is positive.
    """
    about = vector("axis", axis)
    about = about / np.linalg.norm(about)
    first = np.cross(about, np.eye(3)[np.abs(about).argmin()])
    first = first / np.linalg.norm(first)
    second = np.cross(about, first)

    def motion(time: float) -> tuple[Array, Array]:
        angle = omega * time + phase
        m = np.cos(cone) * about + np.sin(cone) * (np.cos(angle) * first + np.sin(angle) * second)
        return m, omega * np.cross(about, m)

    return motion


@dataclass(frozen=True, eq=False)
class _Step:
    """A step from m (n, 3) at `time` over `size` [s]; theta = size sum_k slopes_k powers."""

    time: float
    size: float
    m: Array
    slopes: Array

    def at(self, part: float) -> Array:
        """m at time + part size."""
        weights = _P @ part ** np.arange(1, _P.shape[1] + 1)
        return rotated(self.size * np.einsum("s,sna->na", weights, self.slopes), self.m)


class _Run:
    """The loop of one motion, and what it keeps."""

    def __init__(
        self, spins: Macrospins, record: MotionRecord, control: MotionControl, span: tuple[float, float]
    ) -> None:
        self.spins, self.record, self.control = spins, record, control
        self.course = Course(spins)
        #: Times still to be kept; None: all steps.
        self._wanted = None if record.times is None else _ordered(record.times, *span).tolist()
        self._begin = span[0]
        self._kept: list[tuple[float, Array, Array, Array, dict[str, Array]]] = []
        self._events: list[tuple[str, float]] = []
        self._steps = self._rejected = 0
        self._ended_by = ""

    def complete(self, m: Array, stops: Sequence[float]) -> MotionResult:
        """From m at the beginning through all stops."""
        time, size = self._begin, 0.0
        rate, torques = self.course.rate(time, m)
        watched = self._watch(time, m)
        if self._wanted is None or self._due(time):
            self.keep(time, m, (rate, torques))
        for stop in stops:
            if self._ended_by:
                break
            rate, torques = self.course.rate(np.nextafter(time, stop), m)
            first = FIRST / max(float(np.linalg.norm(rate, axis=1).max()), FIRST / (stop - time))
            size = min(size, first) if size else first
            while time < stop and not self._ended_by:
                step, size, (rate, torques) = self._advance(time, m, (rate, torques), size, stop)
                time, m = self._finish(step, stop, watched, (rate, torques))
                watched = self._watch(time, m)
        return self.result()

    def keep(self, time: float, m: Array, now: tuple[Array, Torques]) -> None:
        """Add one time."""
        rate, torques = now
        found = {}
        if self.record.readings:
            solution = self.course.solution(time, m, rate)
            found = {n: evaluated("reading", n, f, solution) for n, f in self.record.readings.items()}
        self._kept.append((time, m, rate, torques.total(rate), found))

    def result(self) -> MotionResult:
        """What was kept."""
        times, m, rates, torques, readings = zip(*self._kept, strict=True) if self._kept else ((),) * 5
        shape = (len(times), len(self.spins.magnets), 3)
        directions, turned, given = (
            self.spins.named(np.reshape(x, shape).swapaxes(0, 1)) for x in (m, rates, torques)
        )
        return MotionResult(
            np.array(times),
            directions,
            turned,
            given,
            {name: np.array([r[name] for r in readings]) for name in self.record.readings},
            tuple(self._events),
            self._ended_by,
            self._steps,
            self._rejected,
            self.course.solves,
            self.course.residual,
        )

    def _advance(
        self, time: float, m: Array, now: tuple[Array, Torques], size: float, stop: float
    ) -> tuple[_Step, float, tuple[Array, Torques]]:
        """(step, next size, rate and torques at its end)."""
        control = self.control
        while True:
            if self._steps + self._rejected >= control.most_steps:
                raise SolveError(f"{control.most_steps} steps do not reach {stop:g} s: they stand at {time:.6g} s")
            size = min(control.max_step if control.fixed else size, control.max_step)
            last = size >= (stop - time) * (1 - 1e-9)
            taken = stop - time if last else size
            if taken < SHORTEST * (abs(time) + abs(stop)) and not last:
                raise SolveError(
                    f"the time step vanishes at {time:.6g} s: name the time among `breaks` if a drive jumps"
                )
            step, after, error = self._trial(time, m, now[0], taken)
            factor = float(np.clip(SAFETY * max(error, 1e-12) ** -0.2, LEAST, MOST))
            if error <= 1 or control.fixed:
                self._steps += 1
                return step, size if last and factor > 1 else taken * factor, after
            self._rejected += 1
            size = taken * factor

    def _trial(self, time: float, m: Array, rate: Array, size: float) -> tuple[_Step, tuple[Array, Torques], float]:
        """(step, rate and torques at its end, error over the tolerance)."""
        slopes = [np.cross(m, rate)]
        now: tuple[Array, Torques]
        for row, c in zip((*_A[1:], _B), (*_C[1:], 1.0), strict=True):
            theta = size * sum((a * k for a, k in zip(row, slopes, strict=False)), start=np.zeros_like(m))
            turned = rotated(theta, m)
            # The end belongs to what is before a jump.
            then = time + c * size if c < 1 else np.nextafter(time + size, time)
            now = self.course.rate(then, turned)
            slopes.append(_unwound(theta, np.cross(turned, now[0])))
        whole = np.array(slopes)
        error = float(np.linalg.norm(size * np.einsum("s,sna->na", _E, whole), axis=1).max())
        turn = float(np.linalg.norm(theta, axis=1).max())
        return _Step(time, size, m, whole), now, max(error / self.control.tolerance, (turn / TURN) ** 5)

    def _finish(
        self, step: _Step, stop: float, watched: Mapping[str, float], now: tuple[Array, Torques]
    ) -> tuple[float, Array]:
        """Record and look for events in a step; the time and m at which the next one begins."""
        end = stop if step.time + step.size >= stop * (1 - 1e-15) else step.time + step.size
        m = step.at(1.0)
        after = self._watch(end, m)
        found = []
        for name, event in self.record.events.items():
            if event.passes(watched[name], after[name]):
                ends = watched[name], after[name]
                found.append((crossing(partial(self._inside, step, name), 0.0, 1.0, ends, event.tolerance), name))
        for part, name in sorted(found):
            self._events.append((name, step.time + part * step.size))
            if self.record.events[name].ends:
                self._ended_by = name
                self._keep_between(step, part)
                return step.time + part * step.size, step.at(part)
        self._keep_between(step, 1.0, now)
        return end, m

    def _keep_between(self, step: _Step, part: float, now: tuple[Array, Torques] | None = None) -> None:
        """Keep what is wanted in the first part of a step; its end where all steps, or an event that ends, are kept."""
        end = step.time + part * step.size
        times = self._due(end)
        for time in times:
            m = step.at(min((time - step.time) / step.size, part))
            self.keep(time, m, self.course.rate(time, m))
        if (self._wanted is None or now is None) and end not in times:
            m = step.at(part)
            self.keep(end, m, now or self.course.rate(end, m))

    def _due(self, end: float) -> list[float]:
        """Times to be kept up to `end`, rounding included; each comes once."""
        wanted = self._wanted or []
        found = [t for t in wanted if t <= end + 4 * np.spacing(abs(end))]
        del wanted[: len(found)]
        return found

    def _inside(self, step: _Step, name: str, part: float) -> float:
        """The function of an event in a part of a step."""
        return self._watch(step.time + part * step.size, step.at(part))[name]

    def _watch(self, time: float, m: Array) -> dict[str, float]:
        given = self.spins.named(m)
        return {n: float(called(f"event {n}", e.function, time, given)) for n, e in self.record.events.items()}


def rotated(theta: Array, m: Array) -> Array:
    """m (n, 3) turned by rotation vectors theta (n, 3) [rad]; of length 1 to rounding."""
    angle = np.linalg.norm(theta, axis=1, keepdims=True)
    across, along = np.cross(theta, m), np.einsum("na,na->n", theta, m)[:, None] * theta
    half = np.sinc(angle / (2 * np.pi)) ** 2 / 2
    found = np.cos(angle) * m + np.sinc(angle / np.pi) * across + half * along
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))


def _unwound(theta: Array, omega: Array) -> Array:
    """dtheta/dt (n, 3) of rotation vectors theta whose rotation turns with omega."""
    x = np.linalg.norm(theta, axis=1, keepdims=True) / 2
    safe = np.where(x < SMALL / 2, 1.0, x)
    factor = np.where(x < SMALL / 2, 1 / 12 + x**2 / 180, (1 - safe / np.tan(safe)) / (4 * safe**2))
    once = np.cross(theta, omega)
    return np.asarray(omega - once / 2 + factor * np.cross(theta, once))


def _ordered(times: ArrayLike, begin: float, end: float) -> Array:
    found = np.unique(np.asarray(times, dtype=float))
    outside = found[~((found >= begin) & (found <= end))]
    if outside.size:
        raise InputError("times", f"between {begin:g} and {end:g} s", float(outside[0]))
    return found
