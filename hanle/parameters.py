"""Arguments of shapes: from what people type (strings with units) to SI numbers, and back to text for files."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hanle.pde.errors import InputError
from hanle.pde.quantity import exact, parse

#: reader(value, key, bare_is_si) -> SI value; a number without unit is refused where bare_is_si is false.
Reader = Callable[[Any, str, bool], Any]


@dataclass(frozen=True)
class Parameter:
    """How one argument is read and written.

    Attributes:
        read: value, key and whether numbers without unit are SI -> value in SI, hashable.
        write: the SI value -> what a file holds.
    """

    read: Reader
    write: Callable[[Any], Any] = lambda value: value


def _length(value: Any, key: str, bare_is_si: bool) -> float:
    return parse(value, "length", key, bare_is_si=bare_is_si)


def _flag(value: Any, key: str, bare_is_si: bool) -> bool:
    if not isinstance(value, bool):
        raise InputError(key, "true or false", value)
    return value


def _count(value: Any, key: str, bare_is_si: bool) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(key, "a whole number", value)
    return value


def _text(value: Any, key: str, bare_is_si: bool) -> str:
    if not isinstance(value, str):
        raise InputError(key, "a string", value)
    return value


def _names(value: Any, key: str, bare_is_si: bool) -> tuple[str, ...]:
    return tuple(_text(name, f"{key}[{n}]", bare_is_si) for n, name in enumerate(_items(value, key, "names")))


def _lengths(value: Any, key: str, bare_is_si: bool) -> tuple[float, ...]:
    return tuple(_length(x, f"{key}[{n}]", bare_is_si) for n, x in enumerate(_items(value, key, "lengths")))


def _layers(value: Any, key: str, bare_is_si: bool) -> tuple[tuple[str, float], ...]:
    found = []
    for n, pair in enumerate(_items(value, key, "(name, thickness) pairs")):
        if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2:
            raise InputError(f"{key}[{n}]", "a (name, thickness) pair", pair, 'e.g. ("Pt", "5 nm")')
        name = _text(pair[0], f"{key}[{n}]", bare_is_si)
        found.append((name, _length(pair[1], f"{key}.{name}", bare_is_si)))
    return tuple(found)


def _strips(value: Any, key: str, bare_is_si: bool) -> tuple[tuple[str, float, float, float], ...]:
    found = []
    for n, given in enumerate(_items(value, key, "(name, position, width, thickness)")):
        if isinstance(given, str) or not isinstance(given, Sequence) or len(given) != 4:
            raise InputError(f"{key}[{n}]", "(name, position, width, thickness)", given)
        name = _text(given[0], f"{key}[{n}]", bare_is_si)
        sizes = zip(("position", "width", "thickness"), given[1:], strict=True)
        x, width, thickness = (_length(size, f"{key}.{name}.{what}", bare_is_si) for what, size in sizes)
        found.append((name, x, width, thickness))
    return tuple(found)


def _plates(value: Any, key: str, bare_is_si: bool) -> tuple[tuple[str, float], ...]:
    if not isinstance(value, Mapping):
        raise InputError(key, "a table layer -> margin", value, 'e.g. {"YIG": "1 um"}')
    return tuple((name, _length(size, f"{key}.{name}", bare_is_si)) for name, size in value.items())


def _terminals(value: Any, key: str, bare_is_si: bool) -> Any:
    if not isinstance(value, Mapping):
        return _names(value, key, bare_is_si)
    return tuple((name, _names(faces, f"{key}.{name}", bare_is_si)) for name, faces in value.items())


def _items(value: Any, key: str, what: str) -> Sequence[Any]:
    if isinstance(value, (str, bytes, Mapping)) or not hasattr(value, "__iter__"):
        raise InputError(key, f"a list of {what}", value)
    return list(value)


def _write_length(value: float) -> Any:
    return exact(value, "length")


def _write_rows(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [[name, *map(_write_length, sizes)] for name, *sizes in rows]


def _write_terminals(value: Any) -> Any:
    named = all(isinstance(entry, tuple) for entry in value)
    return {name: list(faces) for name, faces in value} if value and named else list(value)


LENGTH = Parameter(_length, _write_length)
FLAG = Parameter(_flag)
COUNT = Parameter(_count)
TEXT = Parameter(_text)
#: Absolute, so that a shape does not depend on the folder it was made in.
PATH = Parameter(lambda value, key, bare_is_si: os.path.abspath(_text(value, key, bare_is_si)))
NAMES = Parameter(_names, list)
LENGTHS = Parameter(_lengths, lambda value: [_write_length(x) for x in value])
LAYERS = Parameter(_layers, _write_rows)
STRIPS = Parameter(_strips, _write_rows)
PLATES = Parameter(_plates, lambda value: {name: _write_length(size) for name, size in value})
TERMINALS = Parameter(_terminals, _write_terminals)
