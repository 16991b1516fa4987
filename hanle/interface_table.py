"""Profiles and face laws in device files.

    "YIG|Pt" = "closed", "continuous", "sink"
             | { G_s = "-1e12 S/m^2", G_r = ..., G_i = ... }
             | { g_r = "4e18 1/m^2", elastic = "bulk", inelastic_scale = 0.6, h_pp = "2.8e8 W/(m^2 K)", ... }
             | { lattice = "1e8 W/(m^2 K)", electrons = "1e9 W/(m^2 K)" }
             | { G_up = "1e15 S/m^2", G_dn = ..., G_mix = ["4e14 S/m^2", "1e13 S/m^2"], memory_loss = 0.25 }
             | { area_resistance = "0.5 mOhm um^2", polarisation = 0.75, G_mix = ..., memory_loss = ... }
             | { r_b = "0.5 fOhm m^2", gamma = 0.77, G_mix = ..., delta = 0.25 }
             | { g_up = "10 1/nm^2", g_dn = "5 1/nm^2", g_mix = ["15 1/nm^2", "0.5 1/nm^2"], memory_loss = 0.25 }
             | a table of `hanle.spin_orbit_table`

The three before are `Circuit.from_resistance`, `Circuit.valet_fert` and `Circuit.from_channels`. G_mix is a pair
(real, imaginary), or real; it and memory_loss (delta) are 0 where left out. Each number may be a profile. Where heat is
solved for, circuits also take electrons and lattice [W/(m^2 K)], seebeck and spin_dependent_seebeck ("-5 uV/K").
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hanle.boundary.b_layer import CONDUCTANCES, Conductances
from hanle.boundary.circuit import Circuit
from hanle.boundary.scattering.coefficients import POPULATIONS
from hanle.device import PROFILE_DIMENSIONS
from hanle.heat_faces import CARRIERS, CIRCUIT_DIMENSIONS, HEAT_DIMENSION, HeatContact, circuit_heat
from hanle.magnon_faces import NUMBERS, MagnonInterface
from hanle.options import require_known
from hanle.pde.errors import InputError
from hanle.pde.quantity import exact, parse
from hanle.profiles import Profile
from hanle.spin_orbit import SpinOrbit
from hanle.spin_orbit_table import MODEL_KEY, is_spin_orbit, read_spin_orbit, write_spin_orbit
from hanle.stored import Store, function_name, is_function_name, read_array, read_function


@dataclass(frozen=True)
class _Form:
    """One way to give the numbers of a circuit.

    Attributes:
        make: a constructor, its arguments called like the keys.
        own: keys that tell the form from others; the first `count` are needed.
        mixing, loss: keys that may be left out.
    """

    make: Callable[..., Circuit]
    own: tuple[str, ...]
    count: int
    mixing: str = "G_mix"
    loss: str = "memory_loss"

    @property
    def needed(self) -> tuple[str, ...]:
        return self.own[: self.count]


_FORMS = (
    _Form(Circuit.from_resistance, ("area_resistance", "polarisation"), 1),
    _Form(Circuit.valet_fert, ("r_b", "gamma"), 2, loss="delta"),
    _Form(Circuit.from_channels, ("g_up", "g_dn"), 2, mixing="g_mix"),
    _Form(Circuit, ("G_up", "G_dn"), 2),
)
_DIRECT = _FORMS[-1]
_CIRCUIT = tuple(dict.fromkeys(name for f in _FORMS for name in (*f.own, f.mixing, f.loss)))
_MAGNONS = (*NUMBERS, "elastic")
_DIMENSIONS = {
    **dict.fromkeys(("G_up", "G_dn", "G_mix"), "conductance per area"),
    **dict.fromkeys(("g_up", "g_dn", "g_mix"), "areal density"),
    **dict.fromkeys(("area_resistance", "r_b"), "resistance area"),
    **dict.fromkeys(("polarisation", "memory_loss", "gamma", "delta"), "dimensionless"),
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
    if is_spin_orbit(given):
        return read_spin_orbit(given, key)
    if any(name in given for name in _MAGNONS):
        return _read_magnons(given, key)
    if any(name in given for name in _CIRCUIT):
        return _read_circuit(given, key, folder)
    if any(name in given for name in CARRIERS):
        return _read_heat(given, key)
    require_known(key, given, (*CONDUCTANCES, *_CIRCUIT, *CARRIERS, *_MAGNONS, MODEL_KEY, *POPULATIONS))
    _require_present(key, given, CONDUCTANCES)
    return Conductances(
        *(read_profile(given[n], PROFILE_DIMENSIONS[n], f"{key}.{n}", folder) for n in CONDUCTANCES)
    )


def write_interface(name: str, law: Any, store: Store) -> Any:
    """What `read_interface` reads back. Raises InputError for a law of one's own, which stays in Python."""
    key = f"interfaces.{name}"
    if isinstance(law, str):
        return law
    if isinstance(law, SpinOrbit):
        return write_spin_orbit(law, key)
    if isinstance(law, MagnonInterface):
        written = {n: exact(getattr(law, n), d) for n, d in NUMBERS.items() if getattr(law, n) is not None}
        return written | ({"elastic": law.elastic} if law.g_r is not None else {})
    if isinstance(law, HeatContact):
        beyond = {} if law.temperature is None else {"temperature": exact(law.temperature, "temperature")}
        return {n: exact(h, HEAT_DIMENSION) for n, h in law.given.items()} | beyond
    if isinstance(law, Circuit):
        return _write_circuit(law, key, store)
    if isinstance(law, Conductances):
        return {n: write_profile(getattr(law, n), PROFILE_DIMENSIONS[n], f"{key}.{n}", store) for n in CONDUCTANCES}
    raise InputError(key, "conductances or a name, to be written", type(law).__name__, "keep it in Python")


def _read_heat(given: Mapping[str, Any], key: str) -> HeatContact:
    require_known(key, given, (*CARRIERS, "temperature"))
    values = {
        n: parse(v, HEAT_DIMENSION if n in CARRIERS else n, f"{key}.{n}", bare_is_si=False)
        for n, v in given.items()
    }
    try:
        return HeatContact(**values)
    except InputError as error:
        raise error.within(f"{key}.") from error


def _read_magnons(given: Mapping[str, Any], key: str) -> MagnonInterface:
    require_known(key, given, _MAGNONS)
    values: dict[str, Any] = {
        n: parse(v, NUMBERS[n], f"{key}.{n}", bare_is_si=False) if n in NUMBERS else v for n, v in given.items()
    }
    try:
        return MagnonInterface(**values)
    except InputError as error:
        raise error.within(f"{key}.") from error


def _read_circuit(given: Mapping[str, Any], key: str, folder: Path | None) -> Circuit:
    heat = {
        n: parse(given[n], d, f"{key}.{n}", bare_is_si=False) for n, d in CIRCUIT_DIMENSIONS.items() if n in given
    }
    given = {n: value for n, value in given.items() if n not in heat}
    return _read_conductances(given, key, folder).with_heat(**heat)


def _read_conductances(given: Mapping[str, Any], key: str, folder: Path | None) -> Circuit:
    form = next((f for f in _FORMS if any(name in given for name in f.own)), _DIRECT)
    require_known(key, given, (*form.own, form.mixing, form.loss))
    _require_present(key, given, form.needed)
    values = {n: read_profile(given[n], _DIMENSIONS[n], f"{key}.{n}", folder) for n in given if n != form.mixing}
    if form.mixing in given:
        values[form.mixing] = _read_mixing(given[form.mixing], form.mixing, key, folder)
    if form.make is Circuit:
        return Circuit(**values)
    for name in (*form.own, *(["g_mix"] if form.mixing == "g_mix" else [])):
        if callable(values.get(name)):
            must = "a number or an array; functions of position stand in G_up, G_dn and G_mix"
            raise InputError(f"{key}.{name}", must, given[name])
    try:
        return form.make(**values)
    except InputError as error:
        raise error.within(f"{key}.") from error


def _read_mixing(given: Any, name: str, place: str, folder: Path | None) -> Any:
    key = f"{place}.{name}"
    if is_function_name(given):
        return read_function(given, key, folder)
    if isinstance(given, str):
        return complex(read_profile(given, _DIMENSIONS[name], key, folder))
    if not isinstance(given, list) or len(given) != 2:
        unit = "4e14 S/m^2" if name == "G_mix" else "15 1/nm^2"
        raise InputError(key, f'a pair [real, imaginary], e.g. ["{unit}", "{unit}"]', given)
    real, imaginary = (read_profile(part, _DIMENSIONS[name], key, folder) for part in given)
    found = np.asarray(real) + 1j * np.asarray(imaginary)
    return found if found.ndim else complex(found)


def _write_circuit(law: Circuit, key: str, store: Store) -> dict[str, Any]:
    table = {
        n: write_profile(getattr(law, n), _DIMENSIONS[n], f"{key}.{n}", store) for n in (*_DIRECT.own, _DIRECT.loss)
    }
    table |= {n: exact(value, CIRCUIT_DIMENSIONS[n]) for n, value in circuit_heat(law).items()}
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
