"""Files from which an interrupted motion goes on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hanle.pde import checkpoint
from hanle.pde.errors import InputError
from hanle.pde.macrospin import Macrospins
from hanle.pde.motion_steps import Fields, State
from hanle.pde.problem import Problem
from hanle.pde.processes import Processes
from hanle.pde.tensors import Array

_STATE = ("m", "rate", "torque")
_FIELDS = ("state", "stored", "amplitudes", "fluxes")


@dataclass(frozen=True, eq=False)
class Kept:
    """What is recorded of one time: m, rate, torque (n, 3), and read-outs."""

    time: float
    m: Array
    rate: Array
    torque: Array
    readings: Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class Standing:
    """Where a motion stands after a step; replaced as a whole, so that it can be interrupted anywhere.

    Attributes:
        state: at the end of the step.
        size: that the next step should have [s]; 0: not known yet.
        segment: number of the segment between jumps; `fresh`: whether the next step is its first one.
        events, watched: events so far, and the values of their functions now.
        steps, rejected: steps taken, and trials that were too long.
        ended_by: name of the event that ended the motion, "" if none did.
        kept: how many times are recorded.
    """

    state: State
    size: float = 0.0
    segment: int = 0
    fresh: bool = True
    events: tuple[tuple[str, float], ...] = ()
    watched: Mapping[str, float] = field(default_factory=dict)
    steps: int = 0
    rejected: int = 0
    ended_by: str = ""
    kept: int = 0


_NUMBERS = ("size", "segment", "fresh", "events", "watched", "steps", "rejected", "ended_by", "kept")


def label(spins: Macrospins, problem: Problem, *others: Any) -> str:
    """The digest of a motion: its magnets, its drives, its problem at the start, and whatever else."""
    engine = spins.engine
    given = (spins.magnets, spins.amplitudes, spins.fluxes, engine.name, getattr(engine, "order", 0))
    return checkpoint.digest(problem, given, others)


def write(path: Path, processes: Processes, digest: str, standing: Standing, kept: Sequence[Kept]) -> None:
    """Write this process's part of the file."""
    state = standing.state
    numbers: dict[str, Any] = {name: getattr(standing, name) for name in _NUMBERS}
    arrays = {f"now.{name}": getattr(state, name) for name in _STATE}
    if state.fields is not None:
        numbers["largest"] = state.fields.largest
        arrays |= {f"fields.{name}": getattr(state.fields, name) for name in _FIELDS}
    arrays |= {f"kept.{name}": np.array([getattr(k, name) for k in kept]) for name in ("time", *_STATE)}
    names = sorted({name for k in kept for name in k.readings})
    arrays |= {f"reading.{name}": np.array([k.readings[name] for k in kept]) for name in names}
    checkpoint.write(
        path, processes, {"digest": digest, "clock": [state.time, standing.segment], **numbers}, arrays
    )


def read(path: Path, processes: Processes, digest: str, readings: Sequence[str]) -> tuple[Standing, list[Kept]]:
    """Where a motion stands, and what it kept.

    Raises:
        InputError: no such file, or one of another motion or with other read-outs.
    """
    numbers, arrays = checkpoint.read(path, processes, digest)
    held = {name.removeprefix("reading."): x for name, x in arrays.items() if name.startswith("reading.")}
    if set(held) != set(readings) and len(arrays["kept.time"]):
        raise InputError("record.readings", f"those of the checkpoint: {sorted(held)}", sorted(readings))
    fields = None
    if "fields.state" in arrays:
        stored: dict[str, Any] = {name: arrays[f"fields.{name}"] for name in _FIELDS}
        fields = Fields(**stored, largest=numbers["largest"])
    now: dict[str, Any] = {name: arrays[f"now.{name}"] for name in _STATE}
    state = State(float(numbers["clock"][0]), **now, fields=fields)
    kept = []
    for k, time in enumerate(arrays["kept.time"]):
        then: dict[str, Any] = {name: arrays[f"kept.{name}"][k] for name in _STATE}
        kept.append(Kept(float(time), **then, readings={n: x[k] for n, x in held.items()}))
    events = tuple((str(name), float(time)) for name, time in numbers["events"])
    return Standing(state, **{**{name: numbers[name] for name in _NUMBERS}, "events": events}), kept
