"""Files from which an interrupted course goes on: arrays, numbers and the digest of what they belong to.

Each process writes and reads a part of its own, without a word to the others, so that an interrupted run leaves its
parts behind. A file is complete or absent: it is written beside its goal and then takes its name.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hanle.pde.errors import InputError
from hanle.pde.processes import Processes

#: Version of the files; others are refused.
VERSION = 1
_NUMBERS = "numbers"


def write(path: Path, processes: Processes, numbers: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    """Write this process's part; `numbers` is anything JSON holds exactly."""
    goal = part(path, processes)
    goal.parent.mkdir(parents=True, exist_ok=True)
    draft = goal.with_name(f".{goal.name}.{os.getpid()}.draft")
    label = json.dumps({"version": VERSION, "processes": processes.size, **numbers})
    try:
        with draft.open("wb") as stream:
            held: dict[str, Any] = {_NUMBERS: np.array(label), **arrays}
            np.savez(stream, **held)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(draft, goal)
    finally:
        draft.unlink(missing_ok=True)


def read(path: Path, processes: Processes, digest: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(numbers, arrays) of this process's part.

    Raises:
        InputError: no such file, another version, another problem, another number of processes, or parts that were
            written at different times.
    """
    goal = part(path, processes)
    if processes.any(not goal.is_file()):
        raise InputError("checkpoint", "a file of an earlier run", str(goal), "leave out `resume` to start anew")
    with np.load(goal, allow_pickle=False) as held:
        arrays = {name: held[name] for name in held.files}
    numbers = json.loads(str(arrays.pop(_NUMBERS)))
    for key, must in (("version", VERSION), ("processes", processes.size), ("digest", digest)):
        if processes.any(numbers.get(key) != must):
            hint = "the same problem, drives, times and engine are needed to go on" if key == "digest" else ""
            raise InputError(f"checkpoint {goal.name}", f"of {key} {must}", numbers.get(key), hint)
    if len(set(processes.gather(json.dumps(numbers["clock"])))) > 1:
        raise InputError("checkpoint", "of one time on all processes", "parts of different steps", "start anew")
    return numbers, arrays


def part(path: Path, processes: Processes) -> Path:
    """The file of this process: the path itself where it is alone."""
    return path if processes.size == 1 else path.with_name(f"{path.name}.{processes.rank}")


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
