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
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from hanle.pde import checkpoint
from hanle.pde.clock import DOUBLES, Clock, begin
from hanle.pde.engines.contract import Engine
from hanle.pde.errors import InputError, SolveError
from hanle.pde.initial_state import Initial, initial_state
from hanle.pde.problem import Problem
from hanle.pde.processes import ALONE
from hanle.pde.recording import Event, Record, crossing, entry, number, packed, watch
from hanle.pde.solution import Solution
from hanle.pde.stage_solves import Diverged
from hanle.pde.stages import Drive, Moment, Step, Stepper
from hanle.pde.steady import TOLERANCE, Progress
from hanle.pde.tensors import Array
from hanle.pde.transient_checkpoint import Effort, Standing, read, write

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


@dataclass(frozen=True, eq=False)
class Transient:
    """A course in time.

    Attributes:
        times: (n,) [s].
        readings: name -> (n, ...).
        solutions: at these times, if they were to be kept.
        events: (name, time [s]) in order.
        ended_by: name of the event that ended the course, "" if it came to its end.
        final: the last moment; its solution answers questions, its `rate` is dX/dt.
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
    """Follow a problem from `start` to `until` [s]; its laws and what it stores may be nonlinear.

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
        raise InputError("checkpoint", "the file to go on from", None)
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
    label = (problem, engine.name, getattr(engine, "order", 0), drives, clock.ends, times)
    run.label = checkpoint.digest(*label) if control.checkpoint else ""
    if resume:
        run.standing = run.resumed(clock)
    else:
        drives_then = initial.amplitudes[0] if isinstance(initial, Solution) else None
        run.standing = Standing(clock, stepper.begin(start, initial_state(stepper.system, initial), drives_then))
    return run.complete()


class _Run:
    """The loop of one course."""

    standing: Standing
    label: str

    def __init__(self, stepper: Stepper, record: Record, control: Control, times: Array | None) -> None:
        self.stepper, self.record, self.control, self._times = stepper, record, control, times

    def complete(self) -> Transient:
        """Step to the end."""
        processes = self.stepper.system.processes if self.control.checkpoint else ALONE
        with checkpoint.kept(processes, self._write):
            while not self.standing.clock.done and not self.standing.ended_by:
                self.standing = self._advanced(self.standing)
                steps = self.standing.effort.steps
                if steps % self.control.every == 0:
                    self._write()
                if self.control.progress is not None:
                    self.control.progress(f"t = {self.standing.moment.time:.6g} s, {steps} steps")
        standing, effort = self.standing, self.standing.effort.plus(self.stepper)
        return Transient(
            np.array([e.time for e in standing.entries]),
            packed(standing.entries, tuple(self.record.readings)),
            tuple(e.solution for e in standing.entries if e.solution is not None),
            standing.events,
            standing.ended_by,
            standing.moment if standing.moment.solution else self._again(standing),
            effort,
        )

    def _again(self, standing: Standing) -> Moment:
        """The last moment of a course that was complete already, for one solve: what a step of any size ends with."""
        clock, moment = standing.clock, standing.moment
        # The segment that the last step was in.
        clock = replace(clock, segment=clock.segment - clock.fresh)
        before = replace(moment, time=moment.time - clock.length)
        step = Step(before, moment, clock.length, {}, np.zeros_like(moment.state))
        return replace(moment, solution=self.stepper.within(step, 1.0, clock.clamp).solution)

    def _advanced(self, standing: Standing) -> Standing:
        """After one accepted step."""
        clock, largest, rejected = standing.clock, dict(standing.largest), 0
        while True:
            try:
                step = self.stepper.step(standing.moment, clock.dt, clock.stop, clock.clamp)
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
        watched, found, ended = self._events(standing, step, clock)
        after = step.after if not ended else self._at(step, found[-1][1], clock)
        entries = tuple(
            entry(self.record, m.time, _solution(m)) for m in self._moments(standing, step, clock, after)
        )
        following = clock.accepted(error)
        if following.fresh and not following.done and not ended:
            after = replace(after, rate=None, slope=None)
        effort = replace(
            standing.effort, steps=standing.effort.steps + 1, rejected=standing.effort.rejected + rejected
        )
        return Standing(
            following,
            after,
            (*standing.entries, *entries),
            (*standing.events, *found),
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
        self, standing: Standing, step: Step, clock: Clock
    ) -> tuple[dict[str, float], tuple[tuple[str, float], ...], bool]:
        """(values at the end of a step, (name, time) of the events in it, whether the last one ends the course)."""
        events = self.record.events
        if not events:
            return {}, (), False
        before = dict(standing.watched)
        if clock.fresh:
            before = watch(self.record, _solution(self.stepper.within(step, 0.0, clock.clamp)))
        after = watch(self.record, _solution(step.after))
        found: list[tuple[str, float]] = []
        for name, value in standing.watched.items():
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

    def _moments(self, standing: Standing, step: Step, clock: Clock, after: Moment) -> list[Moment]:
        """The moments of a step that are recorded; `after` is its end or the event that ends the course."""
        first = not standing.effort.steps
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
        if (path := self.control.checkpoint) is not None:
            write(path, self.stepper, self.label, self.standing, tuple(self.record.readings))

    def resumed(self, clock: Clock) -> Standing:
        """Where the checkpoint stands. Raises InputError if it is of another course."""
        if self.control.checkpoint is None:
            raise InputError("checkpoint", "the file to go on from", None)
        return read(self.control.checkpoint, self.stepper, self.label, clock, tuple(self.record.readings))


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
