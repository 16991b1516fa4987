"""Records to tables: what `hanle.materials.load.material` reads back as an equal record."""

from dataclasses import replace
from typing import Any

from hanle.materials.load import INSULATOR, METAL, Record, available, load, material, numbers
from hanle.materials.records import USER, MagneticInsulator, NormalMetal, Sourced, Sublattice
from hanle.materials.weiss import G_FACTOR, Moments
from hanle.pde.quantity import exact


def to_given(record: Record) -> "str | dict[str, Any]":
    """The name of an equal record of the library, otherwise a table with every number.

    The name of a record is not kept: a record read from a table is called after its place.
    """
    for name in available():
        if same(load(name), record):
            return name
    return _metal(record) if isinstance(record, NormalMetal) else _insulator(record)


def same(a: Record, b: Record) -> bool:
    """Whether two records are equal but for their names."""
    return type(a) is type(b) and replace(a, name="") == replace(b, name="")


def _metal(record: NormalMetal) -> dict[str, Any]:
    given = {name: number for name, number in numbers(record).items() if number != NormalMetal.g_factor}
    table = {"kind": METAL} | {name: _value(number) for name, number in given.items()}
    if record.relaxation is not None:
        table["relaxation"] = [[exact(rate, "rate") for rate in row] for row in record.relaxation]
    return table


def _insulator(record: MagneticInsulator) -> dict[str, Any]:
    if record.moments is None:
        return {"kind": INSULATOR} | {name: _value(number) for name, number in numbers(record).items()}
    moments = record.moments
    facts = record.facts or (
        Sourced(moments.critical_temperature, "temperature"),
        *(Sourced(spin, "dimensionless") for spin in moments.spins),
    )
    entries = [_sublattice(*parts) for parts in zip(facts[1:], moments.weights, record.sublattices, strict=True)]
    table: dict[str, Any] = {"kind": INSULATOR, "critical_temperature": _value(facts[0])}
    if moments.g_factor != G_FACTOR:
        table["g_factor"] = moments.g_factor
    table["sublattices"] = entries
    if len(entries) > 2 or _read_moments(table) != moments:
        table["exchange"] = [[exact(energy, "energy") for energy in row] for row in moments.exchange]
    return table


def _sublattice(spin: Sourced, weight: float, given: Sublattice) -> dict[str, Any]:
    key = "reduced_coupling" if given.coupling.dimension == "dimensionless" else "coupling"
    entry = {"spin": _value(spin), "areal_density": _value(given.areal_density), key: _value(given.coupling)}
    return entry if weight == 1.0 else entry | {"bulk_weight": weight}


def _read_moments(table: dict[str, Any]) -> Moments | None:
    """The moments of a table without exchange: para-, ferro-, ferri- or antiferromagnetic."""
    record = material(table, "record")
    return record.moments if isinstance(record, MagneticInsulator) else None


def _value(number: Sourced) -> Any:
    """A string or number; a table where more is known than the value."""
    value = exact(number.value, number.dimension)
    table: dict[str, Any] = {"value": value}
    if number.temperature is not None:
        table["temperature"] = exact(number.temperature, "temperature")
    if number.source != USER:
        table["source"] = number.source
    if number.note:
        table["note"] = number.note
    if number.estimate:
        table["estimate"] = True
    return table if len(table) > 1 else value
