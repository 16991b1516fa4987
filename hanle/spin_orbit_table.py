"""Faces with spin-orbit coupling in device files.

    "Pt|Co" = { E_F = "5 eV", J = "0.5 eV", h_R = 0.1, tau_N = "10 fs", ..., memory_loss = true, sharvin_removed = true,
                damping_like = true, all_orders = false, accept = [] }
    "Pt|Co" = { g_up = "4e14 S/m^2", g_dn = ..., g_mix = ["3e14 S/m^2", "0 S/m^2"], N = { a = "3e3 S/m", b = ... },
                up = { ... }, dn = { ... }, loss = { G_NN = "1e12 S/m^2", ... } }

Numbers that are left out are 0, as in `hanle.RashbaInterface` and `hanle.RashbaCoefficients`. Where heat is solved for,
both take electrons and lattice ("1e9 W/(m^2 K)").
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from hanle.boundary.scattering.coefficients import DRIVES, POPULATIONS, Drive, MemoryLoss, RashbaCoefficients
from hanle.heat_faces import CARRIERS, CONTACT_DIMENSIONS, heat_given
from hanle.options import require_known
from hanle.pde.errors import InputError
from hanle.pde.quantity import exact, parse
from hanle.spin_orbit import CHOICES, MODEL, RashbaInterface, SpinOrbit

_AREA, _LINE = "conductance per area", "conductivity"
_LOSS = tuple(f.name for f in fields(MemoryLoss))
_SWITCHES = (*CHOICES, "all_orders")
#: Keys by which a table is known.
MODEL_KEY = "h_R"


def is_spin_orbit(table: Mapping[str, Any]) -> bool:
    """Whether a table of [interfaces] is one of those at the top."""
    return MODEL_KEY in table or any(name in table for name in POPULATIONS)


def read_spin_orbit(table: Mapping[str, Any], key: str) -> SpinOrbit:
    """The face law of a table; InputError at `key`."""
    try:
        return _model(table) if MODEL_KEY in table else _coefficients(table)
    except InputError as error:
        raise error.within(f"{key}.") from error


def write_spin_orbit(law: SpinOrbit, key: str) -> dict[str, Any]:
    """What `read_spin_orbit` reads back; InputError at `key` for arrays."""
    if isinstance(law, RashbaInterface):
        table = {name: exact(getattr(law, name), dimension) for name, dimension in MODEL.items()}
        table |= {name: getattr(law, name) for name in _SWITCHES} | _written_heat(law)
        return table | ({"accept": list(law.accept)} if law.accept else {})
    found: dict[str, Any] = _written(law, ("g_up", "g_dn"), _AREA, key)
    mixing = np.asarray(law.g_mix, dtype=complex)
    found["g_mix"] = [_number(part, _AREA, f"{key}.g_mix") for part in (mixing.real, mixing.imag)]
    for name in POPULATIONS:
        found[name] = _written(getattr(law, name), DRIVES, _LINE, f"{key}.{name}")
    return found | {"loss": _written(law.loss, _LOSS, _AREA, f"{key}.loss")} | _written_heat(law)


def _written_heat(law: SpinOrbit) -> dict[str, Any]:
    return {name: exact(h, CONTACT_DIMENSIONS[name]) for name, h in heat_given(law).items()}


def _written(record: Any, names: tuple[str, ...], dimension: str, key: str) -> dict[str, Any]:
    return {name: _number(getattr(record, name), dimension, f"{key}.{name}") for name in names}


def _number(value: Any, dimension: str, key: str) -> Any:
    if np.ndim(value):
        raise InputError(key, "a number, to be written", type(value).__name__, "keep arrays in Python")
    return exact(float(value), dimension)


def _model(table: Mapping[str, Any]) -> RashbaInterface:
    require_known("", table, (*MODEL, *_SWITCHES, "accept", *CARRIERS))
    if "E_F" not in table:
        raise InputError("E_F", "given", "nothing", 'e.g. "5 eV"')
    numbers = _present(table, MODEL | CONTACT_DIMENSIONS)
    accept = table.get("accept", [])
    if not isinstance(accept, list):
        raise InputError("accept", "a list of names", accept)
    switches: dict[str, Any] = {name: table[name] for name in _SWITCHES if name in table}
    return RashbaInterface(**numbers, **switches, accept=tuple(accept))


def _coefficients(table: Mapping[str, Any]) -> RashbaCoefficients:
    require_known("", table, ("g_up", "g_dn", "g_mix", *POPULATIONS, "loss", *CARRIERS))
    populations = [name for name in POPULATIONS if name in table]
    drives: dict[str, Any] = {name: Drive(**_numbers(table[name], DRIVES, _LINE, name)) for name in populations}
    conductances = _present(table, dict.fromkeys(("g_up", "g_dn"), _AREA))
    mixing = table.get("g_mix", "0 S/m^2")
    parts = mixing if isinstance(mixing, list) else [mixing]
    if len(parts) not in (1, 2):
        raise InputError("g_mix", 'a pair [real, imaginary], e.g. ["4e14 S/m^2", "0 S/m^2"]', mixing)
    g_mix = complex(*(parse(part, _AREA, "g_mix", bare_is_si=False) for part in parts))
    loss = MemoryLoss(**_numbers(table.get("loss", {}), _LOSS, _AREA, "loss"))
    heat: dict[str, Any] = _present(table, CONTACT_DIMENSIONS)
    return RashbaCoefficients(**drives, **conductances, g_mix=g_mix, loss=loss, **heat)


def _present(table: Mapping[str, Any], dimensions: Mapping[str, str]) -> dict[str, Any]:
    """The numbers of a table that have a dimension, in SI."""
    return {n: parse(table[n], d, n, bare_is_si=False) for n, d in dimensions.items() if n in table}


def _numbers(table: Any, known: tuple[str, ...], dimension: str, key: str) -> dict[str, Any]:
    if not isinstance(table, Mapping):
        raise InputError(key, f"a table of {', '.join(known)}", table)
    require_known(key, table, known)
    return {name: parse(value, dimension, f"{key}.{name}", bare_is_si=False) for name, value in table.items()}
