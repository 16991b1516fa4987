"""Files from which an interrupted course goes on."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from hanle.pde import checkpoint
from hanle.pde.clock import Clock
from hanle.pde.errors import InputError
from hanle.pde.recording import Entry, packed
from hanle.pde.stages import Moment, Stepper
from hanle.pde.tensors import Array

#: The one of what a stage solver keeps that is a state.
_STATE = "state"


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
class Standing:
    """Where a course stands after a step; replaced as a whole, so that it can be interrupted anywhere.

    Attributes:
        clock: the next step.
        moment: the end of the step.
        entries: what is recorded so far.
        events, watched: events so far, and the values of their functions now.
        largest: field -> the largest norm so far.
        effort: so far, without what the stepper has done.
        ended_by: name of the event that ended the course, "" if none did.
        kept: what the stage solver needs to go on.
    """

    clock: Clock
    moment: Moment
    entries: tuple[Entry, ...] = ()
    events: tuple[tuple[str, float], ...] = ()
    watched: Mapping[str, float] = field(default_factory=dict)
    largest: Mapping[str, float] = field(default_factory=dict)
    effort: Effort = Effort()
    ended_by: str = ""
    kept: Mapping[str, Array] = field(default_factory=dict)


def write(path: Path, stepper: Stepper, digest: str, standing: Standing, readings: Sequence[str]) -> None:
    """Write the file; `readings` are the names of what is recorded."""
    clock, moment = standing.clock, standing.moment
    numbers = {
        "digest": digest,
        "clock": [clock.segment, clock.level, clock.position],
        "events": standing.events,
        "watched": standing.watched,
        "largest": standing.largest,
        "effort": asdict(standing.effort.plus(stepper)),
        "ended_by": standing.ended_by,
        "time": moment.time,
    }
    arrays = {f"reading.{name}": values for name, values in packed(standing.entries, readings).items()}
    arrays |= {"times": np.array([e.time for e in standing.entries]), "amplitudes": moment.amplitudes}
    states = {"state": moment.state}
    if moment.rate is not None:
        states["rate"] = moment.rate
    if moment.slope is not None:
        states["slope"], arrays["slope"] = np.split(moment.slope, [moment.state.size])
    for name, values in standing.kept.items():
        (states if name == _STATE else arrays)[f"kept.{name}"] = values
    checkpoint.write(path, stepper.system, checkpoint.Content(numbers, arrays, states))


def read(path: Path, stepper: Stepper, digest: str, clock: Clock, readings: Sequence[str]) -> Standing:
    """Where a course stands; the stage solver is made to go on from there.

    Raises:
        InputError: no such file, or one of another course or with other read-outs.
    """
    found = checkpoint.read(path, stepper.system, digest)
    numbers, arrays, states = found.numbers, found.arrays, found.states
    held = {name.removeprefix("reading."): x for name, x in arrays.items() if name.startswith("reading.")}
    if set(held) != set(readings):
        raise InputError("record.readings", f"those of the checkpoint: {sorted(held)}", sorted(readings))
    entries = (
        Entry(float(time), {name: held[name][k] for name in readings}) for k, time in enumerate(arrays["times"])
    )
    segment, level, position = numbers["clock"]
    kept = {n.removeprefix("kept."): x for n, x in {**arrays, **states}.items() if n.startswith("kept.")}
    stepper.stages.restore(kept)
    moment = stepper.begin(numbers["time"], states["state"], arrays["amplitudes"])
    slope = np.concatenate([states["slope"], arrays["slope"]]) if "slope" in states else None
    return Standing(
        replace(clock, segment=segment, level=level, position=position),
        replace(moment, rate=states.get("rate"), slope=slope),
        tuple(entries),
        tuple((str(name), float(time)) for name, time in numbers["events"]),
        numbers["watched"],
        numbers["largest"],
        Effort(**numbers["effort"]),
        numbers["ended_by"],
        kept,
    )
