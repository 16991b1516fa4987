"""What to keep of magnets in motion, how steps are chosen, and what is found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as entry
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.errors import InputError
from hanle.pde.motion_steps import State
from hanle.pde.recording import ReadOut
from hanle.pde.steady import Progress
from hanle.pde.tensors import Array


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
        lagging: whether fields that store follow in time; else the transport follows m at once.
        fields: error of lagging fields in a step, in parts of the largest norm of each so far.
        checkpoint: file from which an interrupted motion can go on; written every `every` steps, at the end and when
            the motion is interrupted or fails.
        progress: called with a short text after each step.
    """

    tolerance: float = 1e-6
    max_step: float = np.inf
    fixed: bool = False
    most_steps: int = 100_000
    lagging: bool = False
    fields: float = 1e-4
    checkpoint: Path | None = None
    every: int = 20
    progress: Progress | None = None

    def __post_init__(self) -> None:
        if not 0 < self.tolerance < 1:
            raise InputError("tolerance", "between 0 and 1 rad", self.tolerance, "1e-6 is the default")
        if not 0 < self.fields < 1:
            raise InputError("fields", "between 0 and 1", self.fields, "1e-4 is the default")
        if self.every < 1:
            raise InputError("every", "at least 1 step", self.every)
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
        states: those recorded, with what lagging fields hold; `final`: the last one reached.
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
    states: tuple[State, ...] = ()
    final: State | None = None
