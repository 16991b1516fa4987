"""Tables [dynamics.magnets.<region>] of a device file: how a magnet moves.

    damping, anisotropies, field, begin, saturation_magnetisation, gamma, more     as in `hanle.Macrospin`
    motion = "module:function"                                                    alone: `hanle.PrescribedMotion`

`field`, `more` and `motion` may be functions, written "module:function"; anisotropies are pairs [[0, 0, 1], "-0.2 T"].
"""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from hanle.macrospins import Macrospin, PrescribedMotion
from hanle.options import require_known, require_table
from hanle.pde.errors import InputError
from hanle.pde.quantity import exact, parse
from hanle.stored import function_name, is_function_name, read_function

MOTION = "motion"
_NUMBERS = {
    "damping": "dimensionless",
    "saturation_magnetisation": "magnetisation",
    "gamma": "dimensionless",
}


def functions(magnet: Macrospin | PrescribedMotion) -> tuple[Any, ...]:
    """What may be functions in it."""
    return (magnet.motion,) if isinstance(magnet, PrescribedMotion) else (magnet.field, magnet.more)


def require_numbers(magnet: Macrospin | PrescribedMotion, key: str) -> None:
    """Refuse numbers out of range; InputError."""
    if isinstance(magnet, PrescribedMotion):
        return
    if magnet.damping < 0:
        raise InputError(f"{key}.damping", "0 or positive", magnet.damping)
    if not magnet.gamma > 0:
        raise InputError(f"{key}.gamma", "positive [1/(s T)]", magnet.gamma)
    directions = {f"anisotropies[{n}]": axis for n, (axis, _) in enumerate(magnet.anisotropies)}
    if magnet.begin is not None:
        directions["begin"] = magnet.begin
    for name, direction in directions.items():
        if not np.any(direction):
            raise InputError(f"{key}.{name}", "along a vector that is not zero", [0, 0, 0])


def read_magnet(given: Any, key: str, folder: Path | None) -> Macrospin | PrescribedMotion:
    """From its table; InputError names the key."""
    table = require_table(key, given)
    if MOTION in table:
        require_known(key, table, (MOTION,))
        return PrescribedMotion(_read_function(table[MOTION], f"{key}.{MOTION}", folder))
    require_known(key, table, (*(f.name for f in fields(Macrospin)), MOTION))
    found: dict[str, Any] = {
        name: parse(table[name], dimension, f"{key}.{name}", bare_is_si=False)
        for name, dimension in _NUMBERS.items()
        if name in table
    }
    for name, dimension in (("field", "magnetic field"), ("begin", "dimensionless")):
        if name in table:
            found[name] = _read_vector(table[name], dimension, f"{key}.{name}", folder)
    if "more" in table:
        found["more"] = _read_function(table["more"], f"{key}.more", folder)
    if "anisotropies" in table:
        found["anisotropies"] = _read_anisotropies(table["anisotropies"], f"{key}.anisotropies")
    return Macrospin(**found)


def _read_anisotropies(given: Any, key: str) -> tuple[Any, ...]:
    pairs = given if isinstance(given, list) else [given]
    found = []
    for n, pair in enumerate(pairs):
        if not isinstance(pair, list) or len(pair) != 2:
            raise InputError(f"{key}[{n}]", 'a pair [axis, field], e.g. [[0, 0, 1], "-0.2 T"]', pair)
        axis = _read_vector(pair[0], "dimensionless", f"{key}[{n}]", None)
        found.append((axis, parse(pair[1], "magnetic field", f"{key}[{n}]", bare_is_si=False)))
    return tuple(found)


def _read_vector(given: Any, dimension: str, key: str, folder: Path | None) -> Any:
    if dimension == "magnetic field" and is_function_name(given):
        return read_function(given, key, folder)
    if not isinstance(given, list) or len(given) != 3:
        raise InputError(key, "three components", given)
    return tuple(
        parse(x, dimension, f"{key}.{axis}", bare_is_si=False) for x, axis in zip(given, "xyz", strict=True)
    )


def _read_function(given: Any, key: str, folder: Path | None) -> Callable[..., Any]:
    if not is_function_name(given):
        raise InputError(key, '"module:function"', given)
    return read_function(given, key, folder)


def write_magnet(magnet: Macrospin | PrescribedMotion, key: str) -> dict[str, Any]:
    """The opposite of `read_magnet`."""
    if isinstance(magnet, PrescribedMotion):
        return {MOTION: function_name(magnet.motion, f"{key}.{MOTION}")}
    table: dict[str, Any] = {}
    for entry in fields(Macrospin):
        name, given = entry.name, getattr(magnet, entry.name)
        place = f"{key}.{name}"
        if given is None or (name in _NUMBERS and given == entry.default):
            continue
        if callable(given):
            table[name] = function_name(given, place)
        elif name in _NUMBERS:
            table[name] = exact(parse(given, _NUMBERS[name], place), _NUMBERS[name])
        elif name == "anisotropies":
            pairs = [
                [_plain(axis), exact(parse(b, "magnetic field", place), "magnetic field")] for axis, b in given
            ]
            table |= {name: pairs} if pairs else {}
        else:
            dimension = "magnetic field" if name == "field" else "dimensionless"
            table[name] = [exact(parse(x, dimension, place), dimension) for x in given]
    return table


def _plain(vector: Any) -> list[float]:
    return [float(x) for x in np.ravel(vector)]
