"""Courses in time: implicit, adaptive, with events, checkpoints and restart.

`stages` makes each step, `clock` chooses its size. Where laws are not linear and a step has no solution it is made
shorter, until it is plain that no state follows. The error of a step is estimated for each field that stores
something, in the norm sqrt(int C U^2), relative to the largest norm of that field met so far; trial steps that were too
long count for that, so that a course that begins at zero has a scale. Where it keeps steps from growing it is passed
through the last stage (`Stepper.filtered`, one more solve), so that fields that follow a slow drive do not pay for how
fast they could be; not just after a jump. Fields that store nothing follow from the others at once.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from hanle.pde import checkpoint
from hanle.pde.clock import DOUBLES, Clock, begin
from hanle.pde.engines.contract import Engine
from hanle.pde.errors import InputError, SolveError
from hanle.pde.initial_state import Initial, initial_state
from hanle.pde.problem import Problem
from hanle.pde.recording import Entry, Event, Record, crossing, entry, number, packed, watch
from hanle.pde.solution import Solution
from hanle.pde.stage_solves import Diverged
from hanle.pde.stages import Drive, Moment, Step, Stepper
from hanle.pde.steady import TOLERANCE, Progress
from hanle.pde.tensors import Array

#: Error, over the tolerance, that a step without a solution counts for: the next one is a quarter as long.
FAILED = 25.0
#: Steps shorter than this part of the time since the last jump are not made shorter still where they have no solution.
VANISHING = 1e-7


@dataclass(frozen=True)
class Drives:
    """What drives a course: numbers, or functions of the time [s].

    Attributes:
        amplitudes, fluxes: as in `hanle.pde.solution.wire`.
        breaks: times at which one of them jumps or has a kink [s]; steps end there.
    """

    amplitudes: Mapping[str, Drive] = field(default_factory=dict)
    fluxes: Mapping[str, Drive] = field(default_factory=dict)
    breaks: tuple[float, ...] = ()


@dataclass(frozen=True)
class Control:
    """How a course is made.

    Attributes:
        tolerance: error of a step, relative to the largest norm of each field so far.
        max_step: no step is longer [s]; needed where a drive oscillates faster than the fields show.
        solver, solve_tolerance: of each stage, see `steady.prepare`.
        checkpoint: file from which an interrupted course can go on; written every `every` steps, at the end and when
            the course is interrupted or fails.
        progress: called with a short text after each step.
    """

    tolerance: float = 1e-4
    max_step: float = np.inf
    solver: Any = None
    solve_tolerance: float = TOLERANCE
    checkpoint: Path | None = None
    every: int = 20
    progress: Progress | None = None

    def __post_init__(self) -> None:
        if not 0 < self.tolerance < 1:
            raise InputError("tolerance", "between 0 and 1", self.tolerance, "1e-4 is the default")
        if self.every < 1:
            raise InputError("every", "at least 1 step", self.every)


@dataclass(frozen=True)
class Effort:
    """What a course took and what it can show for itself.

    Attributes:
        steps, rejected: steps taken, and trials that were too long.
        operators: how many were prepared, `solves`: linear solves; one per stage where all laws are linear.
        iterations: of linear solvers; corrections of Newton's method where laws are not linear.
        residual: the largest relative true residual of all stages.
    """

    steps: int = 0
    rejected: int = 0
    operators: int = 0
    solves: int = 0
    iterations: int = 0
    residual: float = 0.0

    def plus(self, stepper: Stepper) -> "Effort":
        """With what a stepper did."""
        tally = stepper.stages.tally
        return replace(
            self,
            operators=self.operators + tally.prepared,
            solves=self.solves + tally.solves,
            iterations=self.iterations + tally.iterations,
            residual=max(self.residual, tally.residual),
        )


@dataclass(frozen=True, eq=False)
class Transient:
    """A course in time.

    Attributes:
        times: (n,) [s].
        readings: name -> (n, ...).
        solutions: at these times, if they were to be kept.
        events: (name, time [s]) in order.
        ended_by: name of the event that ended the course, "" if it came to its end.
        final: the last moment; its solution answers questions, its `rate` is M dU/dt.
        effort: steps, solves and the largest residual.
    """

    times: Array
    readings: Mapping[str, Array]
    solutions: tuple[Solution, ...]
    events: tuple[tuple[str, float], ...]
    ended_by: str
    final: Moment
    effort: Effort


def transient(
    problem: Problem,
    engine: Engine,
    drives: Drives,
    until: float,
    *,
    start: float = 0.0,
    initial: Initial = None,
    record: Record | None = None,
    control: Control | None = None,
    resume: bool = False,
) -> Transient:
    """Follow a problem from `start` to `until` [s]; its laws may be nonlinear, with capacities that are numbers.

    Args:
        initial: state at the start; fields that store nothing adjust to the drives at once.
        resume: go on from the checkpoint of a course with the same problem, drives, times and engine.

    Raises:
        UnsupportedError: an engine that solves no steps.
        InputError: nothing stores anything, times out of order, a checkpoint of something else.
        SolveError: a step vanishes, or a solve fails; where laws are not linear it names what diverged, and when.
        UserCodeError: a reading or event fails.
    """
    record, control = record or Record(), control or Control()
    if control.checkpoint is None and resume:
        raise InputError("control.checkpoint", "the file to go on from", None)
    if control.checkpoint is not None and record.solutions:
        raise InputError("record.solutions", "False where a checkpoint is written", True, "record readings instead")
    stepper = Stepper(
        problem,
        engine,
        amplitudes=drives.amplitudes,
        fluxes=drives.fluxes,
        solver=control.solver,
        tolerance=control.solve_tolerance,
    )
    clock = begin(start, until, drives.breaks, control.max_step)
    times = record.ordered(start, until)
    run = _Run(stepper, record, control, times)
    label = (problem, engine.name, getattr(engine, "order", 0), drives, clock.ends)
    run.label = checkpoint.digest(*label) if control.checkpoint else ""
    if resume:
        run.state = run.read(clock)
    else:
        drives_then = initial.amplitudes[0] if isinstance(initial, Solution) else None
        run.state = _State(clock, stepper.begin(start, initial_state(stepper.system, initial), drives_then))
    return run.complete()


@dataclass(frozen=True, eq=False)
class _State:
    """Where a course stands after a step; replaced as a whole, so that it can be interrupted anywhere."""

    clock: Clock
    moment: Moment
    entries: tuple[Entry, ...] = ()
    events: tuple[tuple[str, float], ...] = ()
    watched: Mapping[str, float] = field(default_factory=dict)
    largest: Mapping[str, float] = field(default_factory=dict)
    effort: Effort = Effort()
    ended_by: str = ""
    kept: Mapping[str, Array] = field(default_factory=dict)


class _Run:
    """The loop of one course."""

    state: _State
    label: str

    def __init__(self, stepper: Stepper, record: Record, control: Control, times: Array | None) -> None:
        self.stepper, self.record, self.control, self._times = stepper, record, control, times

    def complete(self) -> Transient:
        """Step to the end."""
        try:
            while not self.state.clock.done and not self.state.ended_by:
                self.state = self._advanced(self.state)
                steps = self.state.effort.steps
                if steps % self.control.every == 0:
                    self._write()
                if self.control.progress is not None:
                    self.control.progress(f"t = {self.state.moment.time:.6g} s, {steps} steps")
        finally:
            # At the end, and when the user or an error interrupts: the last complete step is there to go on from.
            self._write()
        state = self.state
        return Transient(
            np.array([e.time for e in state.entries]),
            packed(state.entries, tuple(self.record.readings)),
            tuple(e.solution for e in state.entries if e.solution is not None),
            state.events,
            state.ended_by,
            state.moment,
            state.effort.plus(self.stepper),
        )

    def _advanced(self, state: _State) -> _State:
        """After one accepted step."""
        clock, largest, rejected = state.clock, dict(state.largest), 0
        while True:
            try:
                step = self.stepper.step(state.moment, clock.dt, clock.stop, clock.clamp)
            except Diverged as diverged:
                clock, rejected = _shorter(clock, diverged), rejected + 1
                continue
            error = self._error(step, step.error, largest)
            if error > DOUBLES and not clock.fresh:
                with suppress(Diverged):
                    error = min(error, self._error(step, self.stepper.filtered(step, clock.clamp), largest))
            if error <= 1:
                break
            clock, rejected = clock.rejected(error), rejected + 1
        watched, found, ended = self._events(state, step, clock)
        after = step.after if not ended else self._at(step, found[-1][1], clock)
        entries = tuple(entry(self.record, m.time, _solution(m)) for m in self._moments(state, step, clock, after))
        following = clock.accepted(error)
        if following.fresh and not following.done and not ended:
            after = replace(after, rate=None, slope=None)
        effort = replace(state.effort, steps=state.effort.steps + 1, rejected=state.effort.rejected + rejected)
        return _State(
            following,
            after,
            (*state.entries, *entries),
            (*state.events, *found),
            watched,
            largest,
            effort,
            found[-1][0] if ended else "",
            self.stepper.stages.kept,
        )

    def _error(self, step: Step, errors: Mapping[str, float], largest: dict[str, float]) -> float:
        """Error over tolerance, the largest of the fields; `largest` learns the norms."""
        before, after = step.before, step.after
        for norms in (self.stepper.norms(m.state, m.stored) for m in (before, after)):
            for name, size in norms.items():
                largest[name] = max(largest.get(name, 0.0), size)
        parts = [e / largest[name] if e > 0.0 else 0.0 for name, e in errors.items()]
        error = max(parts, default=0.0) / self.control.tolerance
        if not np.isfinite(error):
            raise SolveError(
                f"the step at {before.time:.6g} s left numbers that are not finite; check the drives there"
            )
        return error

    def _events(
        self, state: _State, step: Step, clock: Clock
    ) -> tuple[dict[str, float], tuple[tuple[str, float], ...], bool]:
        """(values at the end of a step, (name, time) of the events in it, whether the last one ends the course)."""
        events = self.record.events
        if not events:
            return {}, (), False
        before = dict(state.watched)
        if clock.fresh:
            before = watch(self.record, _solution(self.stepper.within(step, 0.0, clock.clamp)))
        after = watch(self.record, _solution(step.after))
        found: list[tuple[str, float]] = []
        for name, value in state.watched.items():
            # Where the drives jump the function may jump through zero.
            if clock.fresh and events[name].passes(value, before[name]):
                found.append((name, step.before.time))
        for name, event in events.items():
            if event.passes(before[name], after[name]):
                ends = before[name], after[name]
                part = crossing(self._along(step, name, event, clock), 0.0, 1.0, ends, event.tolerance / step.dt)
                found.append((name, step.before.time + part * step.dt))
        found.sort(key=lambda item: item[1])
        last = next((k for k, (name, _) in enumerate(found) if events[name].ends), None)
        return after, tuple(found if last is None else found[: last + 1]), last is not None

    def _along(self, step: Step, name: str, event: Event, clock: Clock) -> Callable[[float], float]:
        """The function of an event along a step."""
        return lambda part: number(name, event, _solution(self.stepper.within(step, part, clock.clamp)))

    def _moments(self, state: _State, step: Step, clock: Clock, after: Moment) -> list[Moment]:
        """The moments of a step that are recorded; `after` is its end or the event that ends the course."""
        first = not state.effort.steps
        if self._times is None:
            return [*([self._at(step, step.before.time, clock)] if first else []), after]
        low = step.before.time
        wanted = [float(t) for t in self._times if low < t <= after.time or (first and t == low)]
        return [after if time == after.time else self._at(step, time, clock) for time in wanted]

    def _at(self, step: Step, time: float, clock: Clock) -> Moment:
        if time == step.after.time:
            return step.after
        return self.stepper.within(step, (time - step.before.time) / step.dt, clock.clamp)

    def _write(self) -> None:
        """A checkpoint, if they are wanted."""
        if self.control.checkpoint is None:
            return
        state = self.state
        clock, moment = state.clock, state.moment
        numbers = {
            "digest": self.label,
            "clock": [clock.segment, clock.level, clock.position],
            "events": state.events,
            "watched": state.watched,
            "largest": state.largest,
            "effort": asdict(state.effort.plus(self.stepper)),
            "ended_by": state.ended_by,
            "time": moment.time,
        }
        readings = packed(state.entries, tuple(self.record.readings))
        arrays = {f"reading.{name}": values for name, values in readings.items()}
        arrays |= {"times": np.array([e.time for e in state.entries]), "state": moment.state}
        arrays["amplitudes"] = moment.amplitudes
        arrays |= {f"kept.{name}": values for name, values in state.kept.items()}
        arrays |= {name: x for name in ("rate", "slope") if (x := getattr(moment, name)) is not None}
        checkpoint.write(self.control.checkpoint, self.stepper.system.processes, numbers, arrays)

    def read(self, clock: Clock) -> _State:
        """Where the checkpoint stands. Raises InputError if it is of another course."""
        path = self.control.checkpoint
        if path is None:
            raise InputError("control.checkpoint", "the file to go on from", None)
        numbers, arrays = checkpoint.read(path, self.stepper.system.processes, self.label)
        names = tuple(self.record.readings)
        held = {name.removeprefix("reading."): x for name, x in arrays.items() if name.startswith("reading.")}
        if set(held) != set(names):
            raise InputError("record.readings", f"those of the checkpoint: {sorted(held)}", sorted(names))
        entries = (
            Entry(float(time), {name: held[name][k] for name in names}) for k, time in enumerate(arrays["times"])
        )
        segment, level, position = numbers["clock"]
        kept = {name.removeprefix("kept."): x for name, x in arrays.items() if name.startswith("kept.")}
        self.stepper.stages.restore(kept)
        moment = self.stepper.begin(numbers["time"], arrays["state"], arrays["amplitudes"])
        return _State(
            replace(clock, segment=segment, level=level, position=position),
            replace(moment, rate=arrays.get("rate"), slope=arrays.get("slope")),
            tuple(entries),
            tuple((str(name), float(time)) for name, time in numbers["events"]),
            numbers["watched"],
            numbers["largest"],
            Effort(**numbers["effort"]),
            numbers["ended_by"],
            kept,
        )


def _shorter(clock: Clock, diverged: Diverged) -> Clock:
    """The clock with a shorter step, after one that has no solution.

    Raises:
        SolveError: the step is short already next to the time since the last jump, so that no state follows.
    """
    since = clock.time - clock.ends[clock.segment]
    if clock.dt > VANISHING * (since or clock.length):
        return clock.rejected(FAILED)
    raise SolveError(
        f"no state follows that at {clock.time:.6g} s, however short the step ({clock.dt:.1e} s): {diverged}; lower"
        " the drive, or look for a threshold that is passed then"
    ) from diverged


def _solution(moment: Moment) -> Solution:
    """The solution of a moment after a solve."""
    if moment.solution is None:
        raise SolveError(f"the course has made no step at {moment.time:.6g} s; there is nothing to read")
    return moment.solution
