"""Files from which an interrupted motion goes on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hanle.pde import checkpoint
from hanle.pde.engines.contract import System
from hanle.pde.errors import InputError
from hanle.pde.macrospin import Macrospins
from hanle.pde.motion_steps import Fields, State
from hanle.pde.problem import Problem
from hanle.pde.tensors import Array

_STATE = ("time", "m", "rate", "torque")
_FIELDS = ("state", "stored", "amplitudes", "fluxes", "residual")
#: Those that hold unknowns.
_UNKNOWNS = ("state", "stored")


@dataclass(frozen=True, eq=False)
class Kept:
    """What is recorded of one time: the state and read-outs."""

    state: State
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


def write(path: Path, system: System, digest: str, standing: Standing, kept: Sequence[Kept]) -> None:
    """Write the file."""
    numbers = {name: getattr(standing, name) for name in _NUMBERS}
    numbers |= {"digest": digest, "clock": [standing.state.time, standing.segment]}
    if standing.state.fields is not None:
        numbers["largest"] = standing.state.fields.largest
    columns = {f"now.{name}": x[0] for name, x in _columns([standing.state]).items()}
    columns |= {f"kept.{name}": x for name, x in _columns([k.state for k in kept]).items()}
    states = {name: x for name, x in columns.items() if name.partition(".")[2] in _UNKNOWNS}
    arrays = {name: x for name, x in columns.items() if name not in states}
    for name in kept[0].readings if kept else ():
        arrays[f"reading.{name}"] = np.array([k.readings[name] for k in kept])
    checkpoint.write(path, system, checkpoint.Content(numbers, arrays, states))


def read(path: Path, system: System, digest: str, readings: Sequence[str]) -> tuple[Standing, list[Kept]]:
    """Where a motion stands, and what it kept.

    Raises:
        InputError: no such file, or one of another motion or with other read-outs.
    """
    content = checkpoint.read(path, system, digest)
    numbers, arrays = content.numbers, {**content.arrays, **content.states}
    largest = numbers.get("largest", {})
    parts = {
        kind: {n.removeprefix(f"{kind}."): x for n, x in arrays.items() if n.startswith(f"{kind}.")}
        for kind in ("now", "kept", "reading")
    }
    kept = []
    if parts["kept"]:
        if set(parts["reading"]) != set(readings):
            raise InputError(
                "record.readings", f"those of the checkpoint: {sorted(parts['reading'])}", sorted(readings)
            )
        for k in range(len(parts["kept"]["time"])):
            state = _state({name: x[k] for name, x in parts["kept"].items()}, largest)
            kept.append(Kept(state, {name: x[k] for name, x in parts["reading"].items()}))
    found: dict[str, Any] = {name: numbers[name] for name in _NUMBERS}
    found["events"] = tuple((str(name), float(time)) for name, time in numbers["events"])
    return Standing(_state(parts["now"], largest), **found), kept


def _columns(states: Sequence[State]) -> dict[str, Array]:
    """Numbers of states, the axis of the states first."""
    if not states:
        return {}
    found = {name: np.array([getattr(state, name) for state in states]) for name in _STATE}
    if states[0].fields is not None:
        found |= {name: np.array([getattr(state.fields, name) for state in states]) for name in _FIELDS}
    return found


def _state(given: Mapping[str, Array], largest: Mapping[str, float]) -> State:
    """One state of its numbers."""
    time, m, rate, torque = (given[name] for name in _STATE)
    if _FIELDS[0] not in given:
        return State(float(time), m, rate, torque)
    state, stored, amplitudes, fluxes, residual = (given[name] for name in _FIELDS)
    fields = Fields(state, stored, amplitudes, fluxes, largest, float(residual))
    return State(float(time), m, rate, torque, fields)
