"""What a course in time leaves behind: times, read-outs, events."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.errors import HanleError, InputError, SolveError, UserCodeError
from hanle.pde.solution import Solution
from hanle.pde.tensors import Array

ReadOut = Callable[[Solution], ArrayLike]
#: Iterations of the search for an event; each halves the interval at least.
SEARCH = 100


@dataclass(frozen=True)
class Event:
    """A time at which a function of the solution passes through zero.

    Attributes:
        function: Solution -> one number.
        tolerance: how exactly the time is found [s].
        direction: +1 only rising, -1 only falling, 0 both.
        ends: whether the course ends there.
    """

    function: ReadOut
    tolerance: float
    direction: int = 0
    ends: bool = False

    def __post_init__(self) -> None:
        if not self.tolerance > 0:
            raise InputError("event.tolerance", "positive [s]", self.tolerance)
        if self.direction not in (-1, 0, 1):
            raise InputError("event.direction", "one of -1, 0, 1", self.direction)

    def passes(self, before: float, after: float) -> bool:
        """Whether the function passes through zero between two values, the second one included."""
        rising = before < 0 <= after
        falling = before > 0 >= after
        return (rising and self.direction >= 0) or (falling and self.direction <= 0)


@dataclass(frozen=True)
class Record:
    """What to keep of a course.

    Attributes:
        times: when [s]; None: at the start and at the end of every step. A time within a step costs one solve. At a
            jump of the drives the value before it is kept, at the start the value after.
        readings: name -> function of the solution; arrays of one shape at all times.
        events: name -> Event.
        solutions: whether to keep the solutions themselves, one state each.
        check: called with the solution at each of these times; a SolveError ends the course, with the time.
    """

    times: ArrayLike | None = None
    readings: Mapping[str, ReadOut] = field(default_factory=dict)
    events: Mapping[str, Event] = field(default_factory=dict)
    solutions: bool = False
    check: Callable[[Solution], None] | None = None

    def ordered(self, start: float, end: float) -> Array | None:
        """The times, increasing. Raises InputError for one outside the course."""
        if self.times is None:
            return None
        times = np.unique(np.asarray(self.times, dtype=float))
        outside = times[~((times >= start) & (times <= end))]
        if outside.size:
            raise InputError("times", f"between {start:g} and {end:g} s", float(outside[0]))
        return times


@dataclass(frozen=True, eq=False)
class Entry:
    """One recorded time."""

    time: float
    readings: Mapping[str, Array]
    solution: Solution | None = None


def entry(record: Record, time: float, solution: Solution) -> Entry:
    """What a record keeps of a solution.

    Raises:
        SolveError: the check of the record fails.
    """
    if record.check is not None:
        try:
            record.check(solution)
        except SolveError as error:
            raise SolveError(f"at {time:.6g} s: {error}") from error
    readings = {name: evaluated("reading", name, f, solution) for name, f in record.readings.items()}
    return Entry(time, readings, solution if record.solutions else None)


def watch(record: Record, solution: Solution) -> dict[str, float]:
    """The values of the functions of all events."""
    return {name: number(name, event, solution) for name, event in record.events.items()}


def number(name: str, event: Event, solution: Solution) -> float:
    """The value of the function of one event; InputError unless it is one number."""
    value = evaluated("event", name, event.function, solution)
    if value.size != 1:
        raise InputError(f"event {name}", "a function that returns one number", f"shape {value.shape}")
    return float(value.ravel()[0])


def evaluated(kind: str, name: str, function: ReadOut, solution: Solution) -> Array:
    """A user's function of a solution; UserCodeError naming it where it fails."""
    try:
        return np.array(function(solution), dtype=float)
    except HanleError:
        raise
    except Exception as error:
        raise UserCodeError(f"the {kind} {name} failed: {type(error).__name__}: {error}") from error


def crossing(
    values: Callable[[float], float], low: float, high: float, ends: Sequence[float], exact: float
) -> float:
    """The parameter in (low, high] at which `values` passes through zero, by the Illinois false position.

    Args:
        ends: values at `low` and `high`, of opposite sign or zero at `high`.
        exact: width of the interval at which the search ends.

    Returns:
        The end of that interval at which the sign has changed already.
    """
    f_low, f_high = ends
    for step in range(SEARCH):
        if high - low <= exact or f_high == 0.0:
            break
        # Every third time the middle, so that the interval shrinks whatever the function.
        middle = 0.5 * (low + high) if step % 3 == 2 else low + (high - low) * f_low / (f_low - f_high)
        middle = float(np.clip(middle, low + 0.5 * exact, high - 0.5 * exact))
        f = values(middle)
        if f == 0.0 or np.sign(f) == np.sign(f_high):
            high, f_high, f_low = middle, f, 0.5 * f_low
        else:
            low, f_low, f_high = middle, f, 0.5 * f_high
    return high


def packed(entries: Sequence[Entry], names: Sequence[str]) -> dict[str, Any]:
    """Readings as arrays (times, ...). Raises InputError for one whose shape changes."""
    found = {}
    for name in names:
        shapes = {e.readings[name].shape for e in entries}
        if len(shapes) > 1:
            raise InputError(f"reading {name}", "of one shape at all times", sorted(shapes))
        found[name] = np.array([e.readings[name] for e in entries])
    return found
