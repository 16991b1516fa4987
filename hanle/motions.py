"""Follow the magnets of a device in time: Landau-Lifshitz-Gilbert with the torque and pumping of the transport.

The transport follows m at once, or, with `lagging`, with what its fields store: spin in metals, magnons, heat. Thermal
noise is left out.
"""

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hanle.capacities import require_gaps, require_storage
from hanle.course import Instant, InTime, MovingInstant, at_moment, labelled, questions
from hanle.device import Device
from hanle.dynamics import Question
from hanle.engines import AUTO, SCIKIT
from hanle.failures import team
from hanle.macrospins import Macrospin, Moved, PrescribedMotion, moved
from hanle.pde.errors import InputError
from hanle.pde.macrospin_motion import move
from hanle.pde.macrospin_transport import Course as Transport
from hanle.pde.motion_lagging import Lagging, relaxation_time
from hanle.pde.motion_record import MotionControl, MotionEvent, MotionRecord, MotionResult
from hanle.pde.motion_steps import Following, Mover
from hanle.pde.quantity import parse
from hanle.pde.recording import evaluated
from hanle.pde.tensors import Array, unit
from hanle.profiles import varies
from hanle.readings import magnets_of
from hanle.results import Result
from hanle.transients import TimeReading, own_questions, require_events, require_parts, times_in
from hanle.wiring import drive_table

if TYPE_CHECKING:
    import xarray

#: `MotionCourse.delay` from which a course in which transport follows m at once says so.
DELAY = 0.1
#: Rate of motion times relaxation time up to which there is none.
NO_DELAY = 1e-3


class DelayWarning(UserWarning):
    """Transport was taken to follow m at once, but m moves about as fast as spins relax."""


def dynamics(
    device: Device,
    *,
    until: Any,
    magnets: Mapping[str, Macrospin | PrescribedMotion],
    current: Any = None,
    current_density: Any = None,
    wiring: Mapping[str, Any] | None = None,
    source: str | None = None,
    drain: str | None = None,
    breaks: Sequence[Any] = (),
    lagging: bool = False,
    initial: Result | None = None,
    times: Sequence[Any] | Array | None = None,
    read: Mapping[str, TimeReading] | None = None,
    events: Mapping[str, MotionEvent] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    every: int = 20,
    resume: bool = False,
    error: float = 1e-6,
    field_error: float = 1e-4,
    max_step: Any = None,
    progress: Callable[[str], None] | None = None,
    engine: str = AUTO,
    **options: Any,
) -> "MotionCourse":
    """Follow magnets of `device` from t = 0 until a time.

    Args:
        until: e.g. "2 ns".
        magnets: region -> `hanle.Macrospin`, or `hanle.PrescribedMotion`; the others stay where they are.
        current, current_density, wiring, source, drain, breaks, times, read: as in `hanle.transient`; but
            nothing flows where none is given.
        lagging: whether what the fields store is followed too, on finite elements. False: the transport follows m at
            once; where `MotionCourse.delay` is not small, a warning says so.
        initial: what lagging fields begin with, as in `hanle.transient`.
        events: name -> `hanle.MotionEvent`, whose function is given (time [s], {magnet: m}).
        checkpoint: a file from which `resume=True` goes on, written after `every` steps and when interrupted. Functions
            count by their names only. It holds the fields of all recorded times where they lag: give `times`.
        error: of m in a step [rad]. `field_error`: of lagging fields in a step, relative to the largest so far.
        max_step: the longest step.
        engine, options: order, solver, tolerance, mesh, mesh_options, as in `hanle.solve`; progress is called with a
            line of text after each step.

    Raises:
        InputError: times out of order, a name or number that does not fit, M_s or what fields store is known from
            nowhere, a checkpoint of something else.
        UnsupportedError: textures, laws that are not linear, lagging on the exact engine.
        SolveError: steps vanish or are too many, a transport solve fails.
        UserCodeError: a function fails.
    """
    drive = drive_table(current, current_density, wiring, source, drain)
    require_parts(error=error, field_error=field_error)
    require_events(events, MotionEvent)
    if lagging:
        require_storage(device)
        engine = SCIKIT if engine == AUTO else engine
        if initial is not None:
            options = {"mesh": initial.mesh, **options}
    posed = moved(device, magnets, drive, engine=engine, **options)
    if lagging:
        require_gaps(posed.at_rest)
    asked = own_questions(questions(posed.device, posed.at_rest), read or {})
    if clash := [name for name in asked if name in ("m", "rate")]:
        raise InputError("read", "under names of their own", clash[0], "kept already: m, rate")
    found = move(
        posed.spins,
        posed.start,
        parse(until, "time", "until"),
        breaks=times_in(breaks, "breaks"),
        initial=None if initial is None else initial.solution,
        record=MotionRecord(None if times is None else times_in(times, "times"), events=events or {}),
        control=MotionControl(
            error,
            np.inf if max_step is None else parse(max_step, "time", "max_step"),
            lagging=lagging,
            fields=field_error,
            checkpoint=None if checkpoint is None else Path(checkpoint),
            every=every,
            progress=progress if team(engine).rank == 0 else None,
        ),
        resume=resume,
    )
    course = MotionCourse(posed, found, asked, lagging)
    if not lagging and course.delay > DELAY:
        warnings.warn(
            f"transport follows m at once, but what flows back lags behind: pumping is wrong by {course.delay:.2g} of "
            "itself; follow with lagging=True",
            DelayWarning,
            stacklevel=2,
        )
    return course


@dataclass(frozen=True, eq=False, repr=False)
class MotionCourse(InTime):
    """Magnets of a device in the course of time.

    Attributes:
        moved: what was solved.
        found: the motion in the terms of the equations: m, rates and torques by magnet, events, effort.
        questions: the read-outs by name.
        lagging: whether fields lag behind m.
    """

    moved: Moved
    found: MotionResult
    questions: Mapping[str, Question]
    lagging: bool = False

    def __repr__(self) -> str:
        return f"<MotionCourse: {', '.join(self.m)}; {len(self.times)} times, {self.found.steps} steps>"

    @property
    def m(self) -> Mapping[str, Array]:
        """Magnet -> direction (n, 3)."""
        return self.found.m

    @cached_property
    def delay(self) -> float:
        """Part by which pumping, backflow taken off, changes as fields lag behind the fastest recorded motion.

        That is what goes wrong where the transport follows m at once; for a precession at the largest |dm/dt| about
        the m there, as `hanle.small_motions.SmallMotions.damping` has it.
        """
        speeds = [float(np.linalg.norm(state.rate, axis=1).max()) for state in self.found.states]
        fastest = int(np.argmax(speeds)) if speeds else 0
        # An upper bound, without a solve.
        if not speeds or speeds[fastest] * relaxation_time(self.moved.at_rest) <= NO_DELAY:
            return 0.0
        return Transport(self.moved.spins).delay(self.found.states[fastest].m, speeds[fastest])

    def at(self, number: int) -> Instant:
        """The device at one of the recorded times; transport that follows at once is solved again."""
        state = self.found.states[number]
        turned = self.moved.device.with_magnetisation(**dict(zip(self.m, state.m, strict=True)))
        return at_moment(turned, self.moved.plan, self._mover.solution(state), MovingInstant)

    @cached_property
    def _mover(self) -> Mover:
        spins = self.moved.spins
        return Lagging(spins, spins.directions(self.moved.start)) if self.lagging else Following(spins)

    def _of_all(self, values: Mapping[str, Array], still: bool) -> Array:
        """(times, magnets, 3) with those that stay where they are: m of a texture is NaN; dm/dt = 0 if `still`."""
        found = []
        for name in magnets_of(self.moved.at_rest):
            rest = np.zeros(3)
            if not still and name not in values:
                given = self.moved.device.magnetisation.get(name, self.moved.device.field)
                rest = np.full(3, np.nan) if varies(given, 3) else unit(np.asarray(given, dtype=float))
            found.append(values.get(name, np.tile(rest, (len(self.times), 1))))
        return np.stack(found, axis=1)

    @cached_property
    def final(self) -> Instant:
        """The last recorded moment."""
        return self.at(-1)

    @cached_property
    def dataset(self) -> "xarray.Dataset":
        """m, dm/dt and all read-outs against time, with units; one transport solve for each time."""
        names = magnets_of(self.moved.at_rest)
        axes = {"magnet": names, "component": tuple("xyz")}
        kept: dict[str, tuple[Array, Question]] = {}
        for name, values, units, title in (
            ("m", self._of_all(self.found.m, still=False), "1", "direction of the magnetisation"),
            ("rate", self._of_all(self.found.rates, still=True), "1/s", "dm/dt"),
        ):
            kept[name] = (values, Question(lambda r: r, units, title, axes))
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
