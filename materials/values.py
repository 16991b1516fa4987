"""One value of a table: a string with its unit, a plain number, or a table.

Such a table has the keys value, temperature, source, note and estimate; all but the first may be left out.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from hanle.materials.sourced import USER, Sourced, require_positive
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.quantity import exact, parse

Table: TypeAlias = Mapping[str, Any]

_VALUE_KEYS: Final = ("value", "temperature", "source", "note", "estimate")


def sourced(key: str, given: Any, dimension: str) -> Sourced:
    """A value with its source; a missing unit is refused.

    Args:
        key: the place, as messages say it ("Pt.resistivity").
        given: what stands there.
        dimension: a name in `hanle.pde.quantity.DIMENSIONS`.
    """
    if not isinstance(given, Mapping):
        return Sourced(parse(given, dimension, key, bare_is_si=False), dimension)
    require_known(key, given, _VALUE_KEYS)
    require_present(key, given, ("value",))
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


def plain(number: Sourced) -> Any:
    """What `sourced` reads back as an equal number: a string or number; a table where more is known than the value."""
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


def positive(key: str, given: Any) -> float:
    """A plain number > 0."""
    value = sourced(key, given, "dimensionless")
    require_positive(key, value)
    return value.value


def matrix(key: str, rows: Any, dimension: str, must: str, hint: str = "") -> tuple[tuple[float, ...], ...]:
    """Rows of values in SI; `must` and `hint` are for the message where `rows` is no list of lists."""
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise InputError(key, must, rows, hint)
    return tuple(tuple(parse(entry, dimension, key, bare_is_si=False) for entry in row) for row in rows)


def require_known(key: str, table: Table, known: Sequence[str]) -> None:
    """Refuse keys that mean nothing, with the nearest one that does."""
    for name in table:
        if name not in known:
            raise unknown_name(f"{key}.{name}", name, known)


def require_present(key: str, table: Table, needed: Sequence[str]) -> None:
    """Refuse a table without a key that is needed."""
    for name in needed:
        if name not in table:
            raise InputError(f"{key}.{name}", "given", None, "or start from a library record with like = ...")
