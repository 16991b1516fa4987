"""Profiles and face laws in device files.

    "YIG|Pt" = "closed", "continuous"
             | { G_s = "-1e12 S/m^2", G_r = ..., G_i = ... }
             | { G_up = "1e15 S/m^2", G_dn = ..., G_mix = ["4e14 S/m^2", "1e13 S/m^2"], memory_loss = 0.25 }
             | { area_resistance = "0.5 mOhm um^2", polarisation = 0.75, G_mix = ..., memory_loss = ... }

G_mix is a pair (real, imaginary), or real; it and memory_loss are 0 where left out. Each number may be a profile.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hanle.boundary.b_layer import CONDUCTANCES, Conductances
from hanle.boundary.circuit import Circuit, channels
from hanle.device import PROFILE_DIMENSIONS
from hanle.options import require_known
from hanle.pde.errors import InputError
from hanle.pde.quantity import exact, parse
from hanle.profiles import Profile
from hanle.stored import Store, function_name, is_function_name, read_array, read_function

_CHANNELS = ("G_up", "G_dn")
_RESISTANCE = ("area_resistance", "polarisation")
_REST = ("G_mix", "memory_loss")
_DIMENSIONS = {
    **dict.fromkeys(("G_up", "G_dn", "G_mix"), "conductance per area"),
    "area_resistance": "resistance area",
    **dict.fromkeys(("polarisation", "memory_loss"), "dimensionless"),
}


def read_profile(given: Any, dimension: str, key: str, folder: Path | None) -> Any:
    """A number with unit, a function "module:function" or a stored array."""
    if is_function_name(given):
        return read_function(given, key, folder)
    if isinstance(given, Mapping):
        return read_array(given, key, folder)
    # An unknown quantity has no dimension; the device names it.
    return parse(given, dimension, key, bare_is_si=False) if dimension else given


def write_profile(value: Profile, dimension: str, key: str, store: Store) -> Any:
    """What `read_profile` reads back."""
    if callable(value):
        return function_name(value, key)
    array = np.asarray(value, dtype=float)
    return store.put(key, array) if array.ndim else exact(float(array), dimension)


def read_interface(given: Any, key: str, folder: Path | None) -> Any:
    """A face law from its table, or the name as it is."""
    if not isinstance(given, Mapping):
        return given
    if any(name in given for name in (*_CHANNELS, *_RESISTANCE, *_REST)):
        return _read_circuit(given, key, folder)
    require_known(key, given, (*CONDUCTANCES, *_CHANNELS, *_RESISTANCE, *_REST))
    _require_present(key, given, CONDUCTANCES)
    return Conductances(
        *(read_profile(given[n], PROFILE_DIMENSIONS[n], f"{key}.{n}", folder) for n in CONDUCTANCES)
    )


def write_interface(name: str, law: Any, store: Store) -> Any:
    """What `read_interface` reads back. Raises InputError for a law of one's own, which stays in Python."""
    key = f"interfaces.{name}"
    if isinstance(law, str):
        return law
    if isinstance(law, Circuit):
        return _write_circuit(law, key, store)
    if isinstance(law, Conductances):
        return {n: write_profile(getattr(law, n), PROFILE_DIMENSIONS[n], f"{key}.{n}", store) for n in CONDUCTANCES}
    raise InputError(key, "conductances or a name, to be written", type(law).__name__, "keep it in Python")


def _read_circuit(given: Mapping[str, Any], key: str, folder: Path | None) -> Circuit:
    first = _RESISTANCE if any(name in given for name in _RESISTANCE) else _CHANNELS
    require_known(key, given, (*first, *_REST))
    _require_present(key, given, first[: 1 if first is _RESISTANCE else 2])
    values = {n: read_profile(given[n], _DIMENSIONS[n], f"{key}.{n}", folder) for n in given if n != "G_mix"}
    if "G_mix" in given:
        values["G_mix"] = _read_mixing(given["G_mix"], f"{key}.G_mix", folder)
    if first is _CHANNELS:
        return Circuit(**values)
    for name in _RESISTANCE:
        if callable(values.get(name)):
            must = "a number or an array; functions of position stand in G_up and G_dn"
            raise InputError(f"{key}.{name}", must, given[name])
    try:
        return channels(**values)
    except InputError as error:
        raise error.within(f"{key}.") from error


def _read_mixing(given: Any, key: str, folder: Path | None) -> Any:
    if is_function_name(given):
        return read_function(given, key, folder)
    if isinstance(given, str):
        return complex(read_profile(given, _DIMENSIONS["G_mix"], key, folder))
    if not isinstance(given, list) or len(given) != 2:
        raise InputError(key, 'a pair [real, imaginary], e.g. ["4e14 S/m^2", "0 S/m^2"]', given)
    real, imaginary = (read_profile(part, _DIMENSIONS["G_mix"], key, folder) for part in given)
    found = np.asarray(real) + 1j * np.asarray(imaginary)
    return found if found.ndim else complex(found)


def _write_circuit(law: Circuit, key: str, store: Store) -> dict[str, Any]:
    table = {
        n: write_profile(getattr(law, n), _DIMENSIONS[n], f"{key}.{n}", store) for n in (*_CHANNELS, "memory_loss")
    }
    mix: Any = law.G_mix
    if callable(mix):
        return table | {"G_mix": function_name(mix, f"{key}.G_mix")}
    parts = {"real": np.real(mix), "imaginary": np.imag(mix)}
    return table | {
        "G_mix": [write_profile(v, _DIMENSIONS["G_mix"], f"{key}.G_mix.{n}", store) for n, v in parts.items()]
    }


def _require_present(key: str, given: Mapping[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        if name not in given:
            raise InputError(f"{key}.{name}", "given", "nothing", 'e.g. "1e13 S/m^2"; 0 is written "0 S/m^2"')
