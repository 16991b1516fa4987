"""Tables (TOML) to records, from the library or from the user.

A value is a string with its unit, or a table {value, temperature, source, note, estimate}; plain numbers are
accepted where the quantity has no unit. `kind` says what the table describes ("normal metal" where it is left out);
its keys are the fields of the record (`hanle.materials.records`):

    normal metal         fields of `NormalMetal`
    ferromagnetic metal  fields of `FerromagneticMetal`
    magnetic metal       fields of `LocalMomentMetal`, its moments as below with `density` (volume) and
                         `moment_g_factor`; three couplings [J_x, J_y, J_z] are anisotropic exchange
    insulator            fields of `Insulator`
    magnetic insulator   `critical_temperature`, `g_factor`, `exchange` and a list `sublattices` with `spin`,
                         `areal_density`, `coupling` (J) or `reduced_coupling` (nu J) and `bulk_weight`; or `G_s`,
                         `G_r`, `G_i`; with either the fields of `hanle.materials.magnons.Magnons`

`like = "Pt"` starts from a record of the library and replaces what is given.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, TypeAlias

from hanle.materials import records
from hanle.materials.records import NormalMetal
from hanle.materials.schemas import SCHEMAS, Schema
from hanle.materials.sourced import Sourced
from hanle.materials.values import Table
from hanle.pde.errors import InputError, unknown_name

Record: TypeAlias = records.Record


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
    if isinstance(given, Record):
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
    if "like" not in table:
        record: Record = _schema(name, table).read(name, table)
        return record
    base = _named(str(table["like"]), f"{name}.like")
    given = {key: value for key, value in table.items() if key != "like"}
    schema = _schema(name, dict(base) | given)
    replaced = schema.replaced(given)
    kept = {key: value for key, value in base.items() if key not in replaced}
    inherited: Record = schema.read(name, kept | given)
    return inherited


def bibliography() -> dict[str, str]:
    """BibTeX entries of the library's sources by key."""
    text = files("hanle.materials").joinpath("library/sources.bib").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=@)", text.strip())
    return {match[1]: entry for entry in entries if (match := re.match(r"@\w+\{([^,]+),", entry))}


def numbers(record: Record) -> dict[str, Sourced]:
    """The sourced numbers of a record by key, for tables and citations."""
    return SCHEMAS[record.kind].numbers(record)


def _schema(name: str, table: Table) -> Schema[Any]:
    kind = str(table.get("kind", NormalMetal.kind))
    if kind not in SCHEMAS:
        raise unknown_name(f"{name}.kind", kind, SCHEMAS)
    return SCHEMAS[kind]


@cache
def _library() -> dict[str, Table]:
    folder = files("hanle.materials").joinpath("library")
    names = [item.name for item in folder.iterdir() if item.name.endswith(".toml")]
    return {n.removesuffix(".toml"): tomllib.loads(folder.joinpath(n).read_text(encoding="utf-8")) for n in names}


def _named(name: str, key: str) -> Table:
    if name not in _library():
        raise unknown_name(key, name, _library())
    return _library()[name]
