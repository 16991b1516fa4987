"""Magnets in time, with a step chosen from the estimated error: events, checkpoints and restart.

`motion_steps` makes steps with transport that follows m at once, `motion_lagging` with transport that stores.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde import checkpoint
from hanle.pde.engines.contract import System
from hanle.pde.errors import InputError, SolveError, unknown_name
from hanle.pde.initial_state import Initial
from hanle.pde.macrospin import Macrospins, called
from hanle.pde.motion_checkpoint import Kept, Standing, label, read, write
from hanle.pde.motion_lagging import Lagging
from hanle.pde.motion_record import MotionControl, MotionRecord, MotionResult
from hanle.pde.motion_steps import Following, Mover, State, Step
from hanle.pde.processes import ALONE
from hanle.pde.recording import ReadOut, crossing, evaluated
from hanle.pde.tensors import Array

#: The next step aims at this part of the tolerance; bounds of its growth.
SAFETY, LEAST, MOST = 0.9, 0.2, 5.0
#: Largest turn in a step, and turn of the first step [rad].
TURN, FIRST = 1.0, 0.02
#: Steps shorter than this part of the time are refused.
SHORTEST = 1e-13


def move(
    spins: Macrospins,
    start: Mapping[str, ArrayLike],
    until: float,
    *,
    begin: float = 0.0,
    breaks: Sequence[float] = (),
    initial: Initial = None,
    record: MotionRecord | None = None,
    control: MotionControl | None = None,
    resume: bool = False,
) -> MotionResult:
    """Follow the magnets from `begin` to `until` [s].

    Args:
        start: magnet -> m (3,), normalised here; not needed for magnets whose motion is given.
        breaks: times at which a drive or field jumps or has a kink [s]; steps end there.
        initial: what lagging fields begin with; nothing accumulated if None.
        resume: go on from the checkpoint of a motion with the same magnets, problem, drives, times and engine.

    Raises:
        InputError: a magnet without start, times out of order, a checkpoint of something else.
        SolveError: steps vanish or are too many, a transport solve fails.
        UserCodeError: a function of the user fails.
    """
    if not until > begin:
        raise InputError("until", f"later than the beginning ({begin:g} s)", until)
    record, control = record or MotionRecord(), control or MotionControl()
    if resume and control.checkpoint is None:
        raise InputError("checkpoint", "the file to go on from", None)
    if initial is not None and not control.lagging:
        raise InputError(
            "initial", "left out where the transport follows m at once", "given", "or add lagging=True"
        )
    m = spins.directions(start, begin)
    stops = (begin, *sorted({t for t in breaks if begin < t < until}), until)
    mover: Mover = Lagging(spins, m, initial) if control.lagging else Following(spins)
    run = _Run(mover, record, control, stops)
    if control.checkpoint is not None:
        kind = control.lagging, control.tolerance, control.fields, control.max_step
        problem = mover.course.at_rest(m)
        run.label = label(spins, problem, stops, kind, m, run._wanted)
        run.system = spins.engine.assemble(problem)
    run.standing = run.read() if resume else run.at_start(m)
    return run.complete()


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
    taught = {name: replace(magnet, motion=motion.get(name)) for name, magnet in spins.magnets.items()}
    spins = replace(spins, magnets=taught)
    if missing := [name for name in spins.magnets if name not in motion]:
        raise InputError("motion", "given for every magnet", f"none for {missing[0]}")
    span = float(moments.min()), float(moments.max())
    run = _Run(Following(spins), MotionRecord(moments, readings or {}), MotionControl(), span)
    for time in moments:
        run.keep(run.mover.begin(float(time), spins.directions({}, float(time)), None, 1.0))
    return run.result(None)


class _Run:
    """The loop of one motion, and what it keeps."""

    standing: Standing

    def __init__(
        self, mover: Mover, record: MotionRecord, control: MotionControl, stops: tuple[float, ...]
    ) -> None:
        self.mover, self.record, self.control, self.stops = mover, record, control, stops
        self.label = ""
        #: The transport at rest, where there are checkpoints.
        self.system: System | None = None
        #: Times still to be kept; None: all steps.
        self._wanted = None if record.times is None else _ordered(record.times, stops[0], stops[-1]).tolist()
        self._kept: list[Kept] = []

    def at_start(self, m: Array) -> Standing:
        """Where the motion begins."""
        state = self.mover.begin(self.stops[0], m, None, self.stops[1] - self.stops[0])
        if self._wanted is None or self._due(state.time):
            self.keep(state)
        return Standing(state, watched=self._watch(state.time, state.m), kept=len(self._kept))

    def complete(self) -> MotionResult:
        """Step to the end."""
        with checkpoint.kept(ALONE if self.system is None else self.system.processes, self._write):
            while self.standing.segment < len(self.stops) - 1 and not self.standing.ended_by:
                self.standing = self._advanced(self.standing)
                if self.standing.steps % self.control.every == 0:
                    self._write()
                if self.control.progress is not None:
                    self.control.progress(f"t = {self.standing.state.time:.6g} s, {self.standing.steps} steps")
        return self.result(self.standing)

    def keep(self, state: State) -> None:
        """Add one time."""
        found = {}
        if self.record.readings:
            solution = self.mover.solution(state)
            found = {n: evaluated("reading", n, f, solution) for n, f in self.record.readings.items()}
        self._kept.append(Kept(state, found))

    def result(self, standing: Standing | None) -> MotionResult:
        """What was kept."""
        course, kept = self.mover.course, self._kept
        shape = (len(kept), len(course.spins.magnets), 3)
        directions, turned, given = (
            course.spins.named(np.reshape([getattr(k.state, key) for k in kept], shape).swapaxes(0, 1))
            for key in ("m", "rate", "torque")
        )
        readings = {name: np.array([k.readings[name] for k in kept]) for name in self.record.readings}
        found = MotionResult(np.array([k.state.time for k in kept]), directions, turned, given, readings)
        states = tuple(k.state for k in kept)
        found = replace(found, states=states, solves=course.solves, residual=course.residual)
        if standing is None:
            return found
        return replace(
            found,
            events=standing.events,
            ended_by=standing.ended_by,
            steps=standing.steps,
            rejected=standing.rejected,
            final=standing.state,
        )

    def _advanced(self, standing: Standing) -> Standing:
        """After one accepted step."""
        stop, state, size = self.stops[standing.segment + 1], standing.state, standing.size
        if standing.fresh:
            now = float(np.nextafter(state.time, stop))
            state = replace(self.mover.begin(now, state.m, state.fields, stop - now), time=state.time)
            fastest = float(np.linalg.norm(state.rate, axis=1).max())
            first = FIRST / max(fastest, FIRST / (stop - state.time))
            size = min(size, first) if size else first
        step, size, rejected = self._accepted(state, size, stop, standing.steps + standing.rejected)
        found, ended = self._events(step, standing.watched)
        part = (found[-1][1] - state.time) / step.size if ended else 1.0
        self._keep_between(step, part)
        after = self.mover.within(step, part)
        last = step.after.time == stop
        return Standing(
            after,
            size,
            standing.segment + last,
            last,
            (*standing.events, *found),
            self._watch(after.time, after.m),
            standing.steps + 1,
            standing.rejected + rejected,
            ended,
            len(self._kept),
        )

    def _accepted(self, state: State, size: float, stop: float, made: int) -> tuple[Step, float, int]:
        """(step, next size, trials that were too long); `made`: steps so far."""
        control, rejected = self.control, 0
        while True:
            if made + rejected >= control.most_steps:
                raise SolveError(
                    f"{control.most_steps} steps do not reach {stop:g} s: they stand at {state.time:.6g} s"
                )
            size = min(control.max_step if control.fixed else size, control.max_step)
            last = size >= (stop - state.time) * (1 - 1e-9)
            taken = stop - state.time if last else size
            if taken < SHORTEST * (abs(state.time) + abs(stop)) and not last:
                raise SolveError(
                    f"the time step vanishes at {state.time:.6g} s: name the time among `breaks` if a drive jumps"
                )
            step = self.mover.step(state, taken, stop if last else state.time + taken)
            order, turn = self.mover.order, float(np.linalg.norm(step.turn(1.0), axis=1).max())
            error = max(step.error[0] / control.tolerance, step.error[1] / control.fields, (turn / TURN) ** order)
            if not np.isfinite(error):
                raise SolveError(f"the step at {state.time:.6g} s left numbers that are not finite")
            factor = float(np.clip(SAFETY * max(error, 1e-12) ** (-1 / order), LEAST, MOST))
            if error <= 1 or control.fixed:
                return step, size if last and factor > 1 else taken * factor, rejected
            rejected += 1
            size = taken * factor
            if state.fields is not None and step.after.fields is not None:
                # Trials that were too long give a scale to fields that begin at zero.
                state = replace(state, fields=replace(state.fields, largest=step.after.fields.largest))

    def _events(self, step: Step, watched: Mapping[str, float]) -> tuple[tuple[tuple[str, float], ...], str]:
        """((name, time) of the events in a step, the last of which may end the motion; its name then)."""
        after = self._watch(step.after.time, step.after.m)
        found = []
        for name, event in self.record.events.items():
            if event.passes(watched[name], after[name]):
                ends = watched[name], after[name]
                part = crossing(partial(self._inside, step, name), 0.0, 1.0, ends, event.tolerance)
                found.append((name, step.before.time + part * step.size))
        found.sort(key=lambda item: item[1])
        for k, (name, _) in enumerate(found):
            if self.record.events[name].ends:
                return tuple(found[: k + 1]), name
        return tuple(found), ""

    def _keep_between(self, step: Step, part: float) -> None:
        """Keep what is wanted in the first part of a step; its end where all steps, or an event that ends, are kept."""
        end = step.after.time if part == 1 else step.before.time + part * step.size
        times = self._due(end)
        for time in times:
            self.keep(replace(self.mover.within(step, min((time - step.before.time) / step.size, part)), time=time))
        if (self._wanted is None or part < 1) and end not in times:
            self.keep(self.mover.within(step, part))

    def _due(self, end: float) -> list[float]:
        """Times to be kept up to `end`, rounding included; each comes once."""
        wanted = self._wanted or []
        found = [t for t in wanted if t <= end + 4 * np.spacing(abs(end))]
        del wanted[: len(found)]
        return found

    def _inside(self, step: Step, name: str, part: float) -> float:
        """The function of an event in a part of a step."""
        time = step.before.time + part * step.size
        return self._watch(time, self.mover.course.spins.placed(time, step.at(part)))[name]

    def _watch(self, time: float, m: Array) -> dict[str, float]:
        given = self.mover.course.spins.named(m)
        found = {
            n: np.asarray(called(f"event {n}", e.function, time, given)) for n, e in self.record.events.items()
        }
        for name, value in found.items():
            if value.size != 1:
                raise InputError(f"event {name}", "a function that returns one number", f"shape {value.shape}")
        return {name: float(value.ravel()[0]) for name, value in found.items()}

    def _write(self) -> None:
        """A checkpoint, if they are wanted."""
        if self.control.checkpoint is not None and self.system is not None:
            kept = self._kept[: self.standing.kept]
            write(self.control.checkpoint, self.system, self.label, self.standing, kept)

    def read(self) -> Standing:
        """Where the checkpoint stands. Raises InputError if it is of another motion."""
        if self.control.checkpoint is None or self.system is None:
            raise InputError("checkpoint", "the file to go on from", None)
        standing, self._kept = read(self.control.checkpoint, self.system, self.label, tuple(self.record.readings))
        if self._wanted is not None:
            self._wanted = self._wanted[sum(k.state.time in self._wanted for k in self._kept) :]
        return standing


def _ordered(times: ArrayLike, begin: float, end: float) -> Array:
    found = np.unique(np.asarray(times, dtype=float))
    outside = found[~((found >= begin) & (found <= end))]
    if outside.size:
        raise InputError("times", f"between {begin:g} and {end:g} s", float(outside[0]))
    return found
