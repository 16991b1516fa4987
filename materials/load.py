"""Tables (TOML) to records, from the library or from the user.

A value is a string with its unit, or a table {value, temperature, source, note, estimate}; plain numbers are
accepted where the quantity has no unit. Keys of a normal metal are the fields of `NormalMetal`; of a magnetic
insulator `critical_temperature`, `g_factor`, `exchange` and a list `sublattices` with `spin`, `areal_density`,
`coupling` (J) or `reduced_coupling` (nu J) and `bulk_weight`; or `G_s`, `G_r`, `G_i`. `like = "Pt"` starts from a
record of the library and replaces what is given.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, TypeAlias

from hanle.materials.records import (
    USER,
    FixedConductances,
    MagneticInsulator,
    NormalMetal,
    Sourced,
    Sublattice,
)
from hanle.materials.sourced import require_positive
from hanle.materials.weiss import (
    G_FACTOR,
    Moments,
    ferrimagnet,
    ferromagnet,
    from_exchange,
    require_critical_temperature,
    require_spin,
)
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.quantity import parse

Record: TypeAlias = NormalMetal | MagneticInsulator
Table: TypeAlias = Mapping[str, Any]

METAL: Final = "normal metal"
INSULATOR: Final = "magnetic insulator"

_METAL_KEYS: Final = {
    "resistivity": "resistivity",
    "spin_hall_angle": "dimensionless",
    "diffusion_length": "length",
    "density_of_states": "density of states",
    "diffusion_constant": "diffusion constant",
    "mobility": "mobility",
    "g_factor": "dimensionless",
}
#: Of each pair one is given; the other follows.
_ALTERNATIVES: Final = (("diffusion_length", "relaxation"), ("density_of_states", "diffusion_constant"))
_CONDUCTANCE_KEYS: Final = ("G_s", "G_r", "G_i")
_MOMENT_KEYS: Final = ("critical_temperature", "g_factor", "exchange", "sublattices")
_SUBLATTICE_KEYS: Final = ("spin", "areal_density", "coupling", "reduced_coupling", "bulk_weight")
_VALUE_KEYS: Final = ("value", "temperature", "source", "note", "estimate")
_COMMON_KEYS: Final = ("kind", "like", "title")


def available() -> tuple[str, ...]:
    """Names of the library's records."""
    return tuple(sorted(_library()))


def load(name: str) -> Record:
    """A record of the library; InputError with the nearest name."""
    return material(name, "material")


def title(name: str) -> str:
    """What a record of the library describes; InputError with the nearest name."""
    return str(_named(name, "material").get("title", ""))


def material(given: "str | Table | Record", key: str) -> Record:
    """A record from what the user gave at `key`: a library name, a table or a record."""
    if isinstance(given, (NormalMetal, MagneticInsulator)):
        return given
    if isinstance(given, str):
        return from_table(given, _named(given, key))
    if isinstance(given, Mapping):
        return from_table(key, given)
    raise InputError(key, "a library name, a table or a record", given, "library: " + ", ".join(available()))


def from_table(name: str, table: Table) -> Record:
    """A record from a table.

    Args:
        name: name of the record and first part of every key in messages ("Pt.diffusion_length").
        table: see the module.

    Raises:
        InputError: unknown or missing key, missing unit, value out of range.
    """
    full = _inherit(name, table)
    kind = full.get("kind", METAL)
    if kind == METAL:
        return _normal_metal(name, full)
    if kind == INSULATOR:
        return _magnetic_insulator(name, full)
    raise unknown_name(f"{name}.kind", str(kind), (METAL, INSULATOR))


def bibliography() -> dict[str, str]:
    """BibTeX entries of the library's sources by key."""
    text = files("hanle.materials").joinpath("library/sources.bib").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=@)", text.strip())
    return {match[1]: entry for entry in entries if (match := re.match(r"@\w+\{([^,]+),", entry))}


def numbers(record: Record) -> dict[str, Sourced]:
    """The sourced numbers of a record by key, for tables and citations."""
    if isinstance(record, NormalMetal):
        found = {name: getattr(record, name) for name in _METAL_KEYS}
        return {name: value for name, value in found.items() if value is not None}
    if record.conductances is not None:
        return {name: getattr(record.conductances, name) for name in _CONDUCTANCE_KEYS}
    # The facts behind the moments: their critical temperature, then one spin per sublattice.
    names = ("critical_temperature", *(f"sublattices[{i}].spin" for i in range(len(record.sublattices))))
    named = dict(zip(names, record.facts, strict=False))
    for i, sublattice in enumerate(record.sublattices):
        named[f"sublattices[{i}].areal_density"] = sublattice.areal_density
        named[f"sublattices[{i}].coupling"] = sublattice.coupling
    return named


@cache
def _library() -> dict[str, Table]:
    folder = files("hanle.materials").joinpath("library")
    names = [item.name for item in folder.iterdir() if item.name.endswith(".toml")]
    return {n.removesuffix(".toml"): tomllib.loads(folder.joinpath(n).read_text(encoding="utf-8")) for n in names}


def _named(name: str, key: str) -> Table:
    if name not in _library():
        raise unknown_name(key, name, _library())
    return _library()[name]


def _inherit(name: str, table: Table) -> dict[str, Any]:
    """The table laid over the library record it is `like`."""
    if "like" not in table:
        return dict(table)
    base = dict(_named(str(table["like"]), f"{name}.like"))
    for pair in _ALTERNATIVES:
        if any(key in table for key in pair):
            base = {key: value for key, value in base.items() if key not in pair}
    if any(key in table for key in _CONDUCTANCE_KEYS):
        base = {key: value for key, value in base.items() if key not in _MOMENT_KEYS}
    return base | {key: value for key, value in table.items() if key != "like"}


def _normal_metal(name: str, table: Table) -> NormalMetal:
    _require_known(name, table, (*_METAL_KEYS, "relaxation", *_COMMON_KEYS))
    values = {k: sourced(f"{name}.{k}", table[k], d) for k, d in _METAL_KEYS.items() if k in table}
    _require_present(name, table, ("resistivity", "spin_hall_angle"))
    relaxation = _relaxation(f"{name}.relaxation", table["relaxation"]) if "relaxation" in table else None
    return NormalMetal(name=name, relaxation=relaxation, **values)


def _magnetic_insulator(name: str, table: Table) -> MagneticInsulator:
    _require_known(name, table, (*_CONDUCTANCE_KEYS, *_MOMENT_KEYS, *_COMMON_KEYS))
    if any(key in table for key in _CONDUCTANCE_KEYS):
        _refuse_both(name, table)
        _require_present(name, table, _CONDUCTANCE_KEYS)
        values = {k: sourced(f"{name}.{k}", table[k], "conductance per area") for k in _CONDUCTANCE_KEYS}
        return MagneticInsulator(name, conductances=FixedConductances(**values))
    _require_present(name, table, ("critical_temperature", "sublattices"))
    entries = table["sublattices"]
    if not isinstance(entries, list) or not entries:
        raise InputError(f"{name}.sublattices", "a list of tables, one per sublattice", entries)
    keys = [f"{name}.sublattices[{i}]" for i in range(len(entries))]
    spins = tuple(_spin(key, entry) for key, entry in zip(keys, entries, strict=True))
    critical = sourced(f"{name}.critical_temperature", table["critical_temperature"], "temperature")
    require_critical_temperature(f"{name}.critical_temperature", critical.value)
    return MagneticInsulator(
        name,
        moments=_moments(name, table, tuple(s.value for s in spins), critical.value),
        sublattices=tuple(_sublattice(key, entry) for key, entry in zip(keys, entries, strict=True)),
        facts=(critical, *spins),
    )


def _moments(name: str, table: Table, spins: tuple[float, ...], critical: float) -> Moments:
    """One sublattice: para- or ferromagnet; two: ferri- or antiferromagnet; more: the exchange matrix is needed."""
    entries = table["sublattices"]
    g = _positive(f"{name}.g_factor", table.get("g_factor", G_FACTOR))
    keys = [f"{name}.sublattices[{i}].bulk_weight" for i in range(len(entries))]
    weights = tuple(_positive(key, entry.get("bulk_weight", 1.0)) for key, entry in zip(keys, entries, strict=True))
    if "exchange" in table:
        matrix = table["exchange"]
        if not isinstance(matrix, list) or not all(isinstance(row, list) for row in matrix):
            raise InputError(f"{name}.exchange", "a list of rows of energies", matrix)
        energies = tuple(
            tuple(parse(e, "energy", f"{name}.exchange", bare_is_si=False) for e in row) for row in matrix
        )
        return _require_agreement(name, from_exchange(spins, energies, weights, g), critical)
    if len(spins) == 1:
        return ferromagnet(spins[0], critical, g)
    if len(spins) == 2:
        return ferrimagnet((spins[0], spins[1]), (weights[0], weights[1]), critical, g)
    raise InputError(f"{name}.exchange", "given for more than two sublattices", None, "a matrix of energies E_ij")


def _positive(key: str, given: Any) -> float:
    value = sourced(key, given, "dimensionless")
    require_positive(key, value)
    return value.value


def _require_agreement(name: str, moments: Moments, critical: float) -> Moments:
    """The critical temperature given must be the one of the exchange matrix, to 1 %."""
    found = moments.critical_temperature
    if abs(found - critical) > 0.01 * max(found, critical):
        raise InputError(
            f"{name}.critical_temperature",
            f"what the exchange gives, {found:.4g} K",
            f"{critical:g} K",
            "scale exchange",
        )
    return moments


def _spin(key: str, entry: Any) -> Sourced:
    if not isinstance(entry, Mapping):
        raise InputError(key, "a table", entry)
    _require_known(key, entry, _SUBLATTICE_KEYS)
    _require_present(key, entry, ("spin", "areal_density"))
    spin = sourced(f"{key}.spin", entry["spin"], "dimensionless")
    require_spin(f"{key}.spin", spin.value)
    return spin


def _sublattice(key: str, entry: Table) -> Sublattice:
    given = [name for name in ("coupling", "reduced_coupling") if name in entry]
    if len(given) != 1:
        raise InputError(f"{key}.coupling", "given, or else reduced_coupling = nu J (one of the two)", given)
    dimension = "energy volume" if given[0] == "coupling" else "dimensionless"
    return Sublattice(
        areal_density=sourced(f"{key}.areal_density", entry["areal_density"], "areal density"),
        coupling=sourced(f"{key}.{given[0]}", entry[given[0]], dimension),
    )


def sourced(key: str, given: Any, dimension: str) -> Sourced:
    """A value with its source from a string, a plain number or a table; a missing unit is refused."""
    if not isinstance(given, Mapping):
        return Sourced(parse(given, dimension, key, bare_is_si=False), dimension)
    _require_known(key, given, _VALUE_KEYS)
    _require_present(key, given, ("value",))
    for name in ("source", "note"):
        if not isinstance(given.get(name, ""), str):
            raise InputError(f"{key}.{name}", "a string", given[name])
    if not isinstance(given.get("estimate", False), bool):
        raise InputError(f"{key}.estimate", "true or false", given["estimate"])
    at = given.get("temperature")
    return Sourced(
        parse(given["value"], dimension, key, bare_is_si=False),
        dimension,
        None if at is None else parse(at, "temperature", f"{key}.temperature", bare_is_si=False),
        given.get("source", USER),
        given.get("note", ""),
        given.get("estimate", False),
    )


def _relaxation(key: str, rows: Any) -> tuple[tuple[float, ...], ...]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise InputError(key, "a 3x3 list of rates", rows, 'e.g. "2 1/ps"')
    return tuple(tuple(parse(rate, "rate", key, bare_is_si=False) for rate in row) for row in rows)


def _require_known(key: str, table: Table, known: tuple[str, ...]) -> None:
    for name in table:
        if name not in known:
            raise unknown_name(f"{key}.{name}", name, known)


def _require_present(key: str, table: Table, needed: tuple[str, ...]) -> None:
    for name in needed:
        if name not in table:
            raise InputError(f"{key}.{name}", "given", None, "or start from a library record with like = ...")


def _refuse_both(name: str, table: Table) -> None:
    moment = [key for key in _MOMENT_KEYS if key in table]
    if moment:
        raise InputError(name, "either a set of moments or the conductances G_s, G_r, G_i", ["G_s, ...", *moment])
