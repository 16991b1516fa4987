"""Steps that halve and double on a dyadic grid: the times at which drives jump are hit exactly, and few step sizes
occur, so that prepared operators are used again.

Between two jumps lies a segment; its steps are the segment divided by powers of two, and a step of size dt begins at a
multiple of dt from the beginning of the segment.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hanle.pde.errors import InputError, SolveError

#: Part of the tolerance at which the next step aims.
SAFETY = 0.8
#: Order of the estimated error in dt.
ORDER = 3
#: Error over tolerance up to which the next step may be twice as long.
DOUBLES = (SAFETY / 2) ** ORDER
#: Halvings at once, and doublings at once.
MOST_HALVINGS, MOST_DOUBLINGS = 8, 2
#: Halvings of a segment after which a step counts as vanishing.
DEEPEST = 50
#: Distance from a jump at which drives are evaluated, as part of the segment.
BESIDE = 1e-12


@dataclass(frozen=True)
class Clock:
    """Where a course stands: the step from `time` to `time + dt` is next.

    Attributes:
        ends: times of beginning, jumps and end, increasing [s].
        segment: number of the segment.
        level: dt is the segment divided by 2^level.
        position: steps of this size from the beginning of the segment.
        longest: no step is longer [s].
    """

    ends: tuple[float, ...]
    segment: int = 0
    level: int = 0
    position: int = 0
    longest: float = np.inf

    @property
    def done(self) -> bool:
        """Whether the end is reached."""
        return self.segment == len(self.ends) - 1

    @property
    def length(self) -> float:
        """Length of the segment [s]."""
        return self.ends[self.segment + 1] - self.ends[self.segment]

    @property
    def dt(self) -> float:
        """Size of the next step [s]."""
        return float(self.length * 0.5**self.level)

    @property
    def time(self) -> float:
        """Beginning of the next step [s]."""
        return self.ends[self.segment] + (0.0 if self.done else self.dt * self.position)

    @property
    def stop(self) -> float:
        """End of the next step [s]."""
        last = self.position + 1 == 2**self.level
        return self.ends[self.segment + 1] if last else self.ends[self.segment] + self.dt * (self.position + 1)

    @property
    def fresh(self) -> bool:
        """Whether the next step begins at a jump."""
        return self.position == 0

    def clamp(self, time: float) -> float:
        """`time` moved off the jumps, into the inside of the segment."""
        start, stop = self.ends[self.segment], self.ends[self.segment + 1]
        away = max(BESIDE * self.length, 4 * np.spacing(max(abs(start), abs(stop))))
        return float(min(max(time, start + away), stop - away))

    def accepted(self, error: float) -> "Clock":
        """After a step whose error was `error` times the tolerance."""
        clock = replace(self, position=self.position + 1)
        if clock.position == 2**self.level:
            return clock._begun(self.dt * min(_factor(error), 2.0**MOST_DOUBLINGS))
        factor = _factor(error)
        for _ in range(MOST_DOUBLINGS):
            if factor < 2 or clock.position % 2 or clock.level == 0 or 2 * clock.dt > self.longest:
                break
            clock, factor = replace(clock, level=clock.level - 1, position=clock.position // 2), factor / 2
        return clock

    def rejected(self, error: float) -> "Clock":
        """The same time with a smaller step. Raises SolveError where none is small enough."""
        halvings = int(np.clip(np.ceil(-np.log2(_factor(error))), 1, MOST_HALVINGS))
        if self.level + halvings > DEEPEST:
            raise SolveError(
                f"the time step vanishes at {self.time:.6g} s (below {self.dt:.1e} s): something jumps there; name the "
                "time among `breaks`, or allow a larger tolerance"
            )
        return replace(self, level=self.level + halvings, position=self.position * 2**halvings)

    def _begun(self, wish: float) -> "Clock":
        """At the beginning of the next segment, with steps of at most `wish` [s]."""
        clock = replace(self, segment=self.segment + 1, level=0, position=0)
        if clock.done:
            return clock
        return clock.limited(min(wish, self.longest))

    def limited(self, longest: float) -> "Clock":
        """At the beginning of a segment, with steps of at most `longest` [s]."""
        level = int(np.ceil(max(np.log2(self.length / longest), 0.0))) if longest < self.length else 0
        return replace(self, level=level)


def begin(start: float, end: float, breaks: Sequence[float], longest: float) -> Clock:
    """The clock of a course from `start` to `end` with jumps at `breaks` (those outside are dropped).

    Raises:
        InputError: an end before the start, or times that are not finite.
    """
    times = np.asarray([start, end, *breaks], dtype=float)
    if not np.all(np.isfinite(times)):
        raise InputError("times", "finite [s]", "NaN or infinity")
    if not end > start:
        raise InputError("until", f"later than the start ({start:g} s)", end)
    if not longest > 0:
        raise InputError("max_step", "positive [s]", longest)
    inside = np.unique(times[(times >= start) & (times <= end)])
    return Clock(tuple(inside.tolist()), longest=longest).limited(longest)


def _factor(error: float) -> float:
    """By how much a step may be longer than one that made `error` times the tolerance."""
    return float(SAFETY * max(error, 1e-12) ** (-1 / ORDER))
