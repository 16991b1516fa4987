"""Follow the magnets of a device in time: Landau-Lifshitz-Gilbert with the torque and pumping of the transport."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from hanle.course import Instant, at_moment, labelled, questions
from hanle.device import Device
from hanle.dynamics import Question
from hanle.macrospins import Macrospin, Moved, moved
from hanle.pde.errors import InputError
from hanle.pde.macrospin_motion import move
from hanle.pde.macrospin_transport import Course as Transport
from hanle.pde.motion_record import MotionControl, MotionEvent, MotionRecord, MotionResult
from hanle.pde.quantity import parse
from hanle.pde.recording import evaluated
from hanle.pde.tensors import Array
from hanle.transients import TimeReading, own_questions, times_in
from hanle.wiring import drive_table

if TYPE_CHECKING:
    import xarray


def dynamics(
    device: Device,
    *,
    until: Any,
    magnets: Mapping[str, Macrospin],
    current: Any = None,
    current_density: Any = None,
    wiring: Mapping[str, Any] | None = None,
    source: str | None = None,
    drain: str | None = None,
    breaks: Sequence[Any] = (),
    times: Sequence[Any] | Array | None = None,
    read: Mapping[str, TimeReading] | None = None,
    events: Mapping[str, MotionEvent] | None = None,
    error: float = 1e-6,
    max_step: Any = None,
    **options: Any,
) -> "MotionCourse":
    """Follow magnets of `device` from t = 0 until a time; the transport follows them at once.

    Args:
        until: e.g. "2 ns".
        magnets: region -> `hanle.Macrospin`; the others stay where they are.
        current, current_density, wiring, source, drain, breaks, times, read: as in `hanle.transient`; but
            nothing flows where none is given.
        events: name -> `hanle.MotionEvent`, whose function is given (time [s], {magnet: m}).
        error: of m in a step [rad].
        max_step: the longest step.
        options: engine, order, solver, tolerance, mesh, mesh_options, as in `hanle.solve`.

    Raises:
        InputError: times out of order, a name or number that does not fit, M_s known from nowhere.
        UnsupportedError: magnons, heat, textures, laws that are not linear.
        SolveError: steps vanish or are too many, a transport solve fails.
        UserCodeError: a function fails.
    """
    drive = drive_table(current, current_density, wiring, source, drain)
    posed = moved(device, magnets, drive, **options)
    asked = own_questions(questions(posed.device, posed.at_rest), read or {})
    if clash := [name for name in asked if name in ("m", "rate")]:
        raise InputError("read", "under names of their own", clash[0], "kept already: m, rate")
    found = move(
        posed.spins,
        posed.start,
        parse(until, "time", "until"),
        breaks=times_in(breaks, "breaks"),
        record=MotionRecord(None if times is None else times_in(times, "times"), events=events or {}),
        control=MotionControl(error, np.inf if max_step is None else parse(max_step, "time", "max_step")),
    )
    return MotionCourse(posed, found, asked)


@dataclass(frozen=True, eq=False, repr=False)
class MotionCourse:
    """Magnets of a device in the course of time.

    Attributes:
        moved: what was solved.
        found: the motion in the terms of the equations: m, rates and torques by magnet, events, effort.
        questions: the read-outs by name.
    """

    moved: Moved
    found: MotionResult
    questions: Mapping[str, Question]

    def __repr__(self) -> str:
        return f"<MotionCourse: {', '.join(self.m)}; {len(self.times)} times, {self.found.steps} steps>"

    @property
    def times(self) -> Array:
        """Recorded times (n,) [s]."""
        return self.found.times

    @property
    def m(self) -> Mapping[str, Array]:
        """Magnet -> direction (n, 3)."""
        return self.found.m

    @property
    def events(self) -> tuple[tuple[str, float], ...]:
        """(name, time [s]) in order."""
        return self.found.events

    @property
    def ended_by(self) -> str:
        """Name of the event that ended the motion, "" if none did."""
        return self.found.ended_by

    def at(self, number: int) -> Instant:
        """The device at one of the recorded times, its transport solved again with the magnets in motion."""
        names = tuple(self.m)
        m, rate = (np.array([values[n][number] for n in names]) for values in (self.found.m, self.found.rates))
        solution = Transport(self.moved.spins).solution(float(self.times[number]), m, rate)
        turned = self.moved.device.with_magnetisation(**dict(zip(names, m, strict=True)))
        return at_moment(turned, self.moved.plan, solution)

    @cached_property
    def final(self) -> Instant:
        """The last recorded moment."""
        return self.at(-1)

    @cached_property
    def dataset(self) -> "xarray.Dataset":
        """m, dm/dt and all read-outs against time, with units; one transport solve for each time."""
        names = tuple(self.m)
        axes = {"magnet": names, "component": tuple("xyz")}
        kept: dict[str, tuple[Array, Question]] = {}
        for name, values, unit, title in (
            ("m", self.found.m, "1", "direction of the magnetisation"),
            ("rate", self.found.rates, "1/s", "dm/dt"),
        ):
            whole = np.stack([values[n] for n in names], axis=1)
            kept[name] = (whole, Question(lambda r: r, unit, title, axes))
        answers: dict[str, list[Array]] = {name: [] for name in self.questions}
        for number in range(len(self.times)):
            moment: Any = self.at(number)
            for name, question in self.questions.items():
                answers[name].append(evaluated("read", name, question.ask, moment))
        kept |= {name: (np.array(found), self.questions[name]) for name, found in answers.items()}
        attributes = {
            "engine": self.moved.spins.engine.name,
            "steps": self.found.steps,
            "largest_residual": self.found.residual,
            "title": self.moved.device.name,
        }
        return labelled(self.times, kept, attributes)
