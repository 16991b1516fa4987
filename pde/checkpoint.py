"""Files from which an interrupted course goes on: states, arrays, numbers and the digest of what they belong to.

One file for all processes, in which states stand in the order of one process alone: another number of processes may go
on from it. It is complete or absent whenever a process is killed: the first one writes it beside its goal, and then it
takes its name.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from hanle.pde.engines.contract import System
from hanle.pde.errors import InputError
from hanle.pde.processes import Processes
from hanle.pde.tensors import Array

#: Version of the files; others are refused.
VERSION = 2
_NUMBERS, _STATE = "numbers", "state:"
#: Seconds that an interrupted process waits for the others.
PATIENCE = 2.0


@dataclass(frozen=True, eq=False)
class Content:
    """What a file holds.

    Attributes:
        numbers: anything JSON holds exactly, the same on all processes; "clock" tells the step.
        arrays: the same on all processes.
        states: (..., size) unknowns of this process.
    """

    numbers: Mapping[str, Any]
    arrays: Mapping[str, Any] = field(default_factory=dict)
    states: Mapping[str, Array] = field(default_factory=dict)


@contextmanager
def kept(processes: Processes, write: Callable[[], None]) -> Iterator[None]:
    """Write at the end of what is done inside, and where the user or an error interrupts it.

    On several processes an interruption writes only where all of them meet it; the file before stands otherwise.
    """
    with processes.apart() as apart:
        try:
            yield
        except BaseException:
            if apart.meet(PATIENCE):
                write()
            raise
    write()


def write(path: Path, system: System, content: Content) -> None:
    """Write a file, unless an interruption found the processes in different steps."""
    processes = system.processes
    if len(set(processes.gather(json.dumps(content.numbers["clock"])))) > 1:
        return
    states = {f"{_STATE}{name}": _whole(system, state) for name, state in content.states.items()}
    if processes.rank:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    label = np.array(json.dumps({"version": VERSION, **content.numbers}))
    held: dict[str, Any] = {_NUMBERS: label, **content.arrays, **states}
    try:
        with draft.open("wb") as stream:
            np.savez(stream, **held)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def read(path: Path, system: System, digest: str) -> Content:
    """What `write` wrote, on any number of processes.

    Raises:
        InputError: no such file or none of this kind, another version, another problem.
    """
    processes = system.processes
    # The first process may still be writing what the others go on from.
    processes.gather(None)
    if processes.any(not path.is_file()):
        raise InputError("checkpoint", "a file of an earlier run", str(path), "leave out `resume` to start anew")
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as held:
            arrays = {name: held[name] for name in held.files}
        numbers = json.loads(str(arrays.pop(_NUMBERS)))
    except (OSError, ValueError, TypeError, AttributeError, KeyError, BadZipFile) as error:
        raise InputError(
            "checkpoint", "a file of an earlier run", str(path), f"it cannot be read: {error}"
        ) from error
    for key, must in (("version", VERSION), ("digest", digest)):
        if processes.any(numbers.get(key) != must):
            hint = "the same problem, drives, times and engine are needed to go on" if key == "digest" else ""
            raise InputError(f"checkpoint {path.name}", f"of {key} {must}", numbers.get(key), hint)
    if len(set(processes.gather(json.dumps(numbers["clock"])))) > 1:
        raise InputError(
            "checkpoint", "the same on all processes", str(path), "use a folder that all of them share"
        )
    states = {name.removeprefix(_STATE): arrays.pop(name) for name in list(arrays) if name.startswith(_STATE)}
    return Content(numbers, arrays, {name: whole[..., system.places] for name, whole in states.items()})


def _whole(system: System, own: Array) -> Array:
    """(..., unknowns) the states of all processes, on the first one."""
    if system.processes.size == 1:
        return own
    whole = np.zeros((*own.shape[:-1], system.unknowns if system.processes.rank == 0 else 0))

    def place(part: tuple[NDArray[np.int64], Array]) -> None:
        whole[..., part[0]] = part[1]

    system.processes.stream((system.places, own), place)
    return whole


def digest(*things: Any) -> str:
    """SHA-256 over everything that dataclasses, mappings, sequences, arrays and numbers hold.

    Functions count by name only.
    """
    found = hashlib.sha256()
    for thing in things:
        for piece in _pieces(thing):
            found.update(piece)
    return found.hexdigest()


def _pieces(thing: Any) -> Iterator[bytes]:
    if isinstance(thing, np.ndarray):
        yield f"array {thing.dtype.str} {thing.shape};".encode()
        yield np.ascontiguousarray(thing).tobytes()
    elif is_dataclass(thing):
        yield f"{type(thing).__name__}(".encode()
        for field in fields(thing):
            yield f"{field.name}=".encode()
            yield from _pieces(getattr(thing, field.name))
        yield b")"
    elif isinstance(thing, Mapping):
        for name, value in thing.items():
            yield f"{name!r}:".encode()
            yield from _pieces(value)
        yield b";"
    elif isinstance(thing, tuple | list):
        yield b"["
        for item in thing:
            yield from _pieces(item)
        yield b"]"
    elif callable(thing):
        yield f"function {getattr(thing, '__qualname__', type(thing).__name__)};".encode()
    elif thing is None or isinstance(thing, str | int | float | np.generic):
        yield f"{thing!r};".encode()
    else:
        raise TypeError(f"{type(thing).__name__} has no digest")
