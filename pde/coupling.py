"""Laws on other sets of fields: put together, or without fields that a side does not carry."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hanle.pde.coefficients import Bulk, Coefficient, Deposit, FaceLaw, Side
from hanle.pde.errors import InputError
from hanle.pde.fields import NOTHING, FieldSet
from hanle.pde.tensors import Array, IntArray


def embedded(bulk: Bulk, fields: FieldSet) -> Bulk:
    """A linear law on a larger set of fields: the others keep out of it.

    Raises:
        InputError: the set lacks a field of the law, or the law is not linear.
    """
    _require_linear("bulk law", bulk.at or bulk.excess)
    place = _places(bulk.fields, fields)
    spread = replace(bulk, deposits={}).filtered(lambda c: _spread(c, place, place, fields.size))
    handed = bulk.deposits.items()
    deposits = {name: one.filtered(lambda c: _spread(c, None, place, fields.size)) for name, one in handed}
    return replace(spread, fields=fields, deposits=deposits)


def combined(*bulks: Bulk) -> Bulk:
    """The sum of linear laws, on all their fields in order of appearance.

    Deposits of one name add up; the shortest decay length counts.
    """
    found = {f.name: f for bulk in bulks for f in bulk.fields.fields}
    fields = FieldSet(tuple(found.values()))
    parts = [embedded(bulk, fields) for bulk in bulks]
    sums: dict[str, Any] = {
        key: tuple(t for part in parts for t in getattr(part, key)) for key in ("A", "B", "S", "R", "W", "F", "C")
    }
    lengths = tuple(length for part in parts for length in part.decay_lengths)
    return Bulk(fields=fields, **sums, deposits=_added(parts), decay_lengths=lengths)


def joined(*laws: FaceLaw) -> FaceLaw:
    """The sum of linear laws on one face: sides by role and their fields in order of appearance.

    Deposits of one name add up.

    Raises:
        InputError: a field has given values in two of the laws, or a law is not linear.
    """
    roles = tuple(dict.fromkeys(side.role for law in laws for side in law.sides))
    carried = {role: {f.name: f for law in laws for f in _on(law, role).fields} for role in roles}
    sides = tuple(Side(role, FieldSet(tuple(found.values()))) for role, found in carried.items())
    parts = [_moved(law, sides) for law in laws]
    given: dict[str, Array] = {}
    for part in parts:
        for name in part.given:
            if name in given:
                raise InputError("given", f"values of {name} in one law of a face", "two")
        given |= part.given
    sums: dict[str, Any] = {
        key: tuple(t for part in parts for t in getattr(part, key)) for key in ("G", "Q", "Qt", "L", "g", "k")
    }
    tie = tuple(dict.fromkeys(name for part in parts for name in part.tie))
    return FaceLaw(sides=sides, **sums, tie=tie, given=given, deposits=_added(parts))


def carried(bulk: Bulk, fields: FieldSet) -> Bulk:
    """A linear law on some of its fields: the others stay at zero and are reservoirs."""
    _require_linear("bulk law", bulk.at or bulk.excess)
    index = np.array(
        [k for name in fields.names for k in range(bulk.fields.slice(name).start, bulk.fields.slice(name).stop)]
    )
    handed = bulk.deposits.items()
    deposits = {name: one.filtered(lambda c: _picked(c, None, index, None)) for name, one in handed}
    plain = replace(bulk, deposits={}).filtered(lambda c: _picked(c, index, index, None))
    return replace(plain, fields=fields, deposits=deposits)


def without_side(law: FaceLaw, role: str) -> FaceLaw:
    """A law where the side with `role` carries no unknowns, because nothing of the law involves them.

    Raises:
        InputError: something flows into that side or out of it, or a deposit sees it.
    """
    kept = {side.role: NOTHING if side.role == role else side.fields for side in law.sides}

    def refuse(tag: str) -> None:
        must = f"without anything that the side {role} takes part in"
        raise InputError("law", must, tag or "other numbers")

    return _restricted(law, kept, refuse)


def restricted(law: FaceLaw, carried: Mapping[str, FieldSet]) -> FaceLaw:
    """A law on the fields that each side carries: the others stay at zero there and are reservoirs.

    Args:
        carried: role -> fields of the region on that side; roles that are absent carry nothing.
    """
    kept = {}
    for side in law.sides:
        present = carried.get(side.role, NOTHING)
        kept[side.role] = FieldSet(tuple(f for f in side.fields.fields if f.name in present))
    return _restricted(law, kept, None)


def _added(parts: Sequence[Bulk] | Sequence[FaceLaw]) -> dict[str, Deposit]:
    """The deposits of laws on equal fields, those of one name added up."""
    found: dict[str, Deposit] = {}
    for part in parts:
        for name, one in part.deposits.items():
            known = found.get(name)
            if known is None:
                found[name] = one
            elif known.rows == one.rows:
                found[name] = Deposit(
                    (*known.values, *one.values),
                    (*known.gradients, *one.gradients),
                    one.rows,
                    (*known.sources, *one.sources),
                )
            else:
                raise InputError(f"deposit {name}", f"of {known.rows} rows in all laws", one.rows)
    return found


def _on(law: FaceLaw, role: str) -> FieldSet:
    """Fields of a law on the side with `role`."""
    return next((side.fields for side in law.sides if side.role == role), NOTHING)


def _moved(law: FaceLaw, sides: tuple[Side, ...]) -> FaceLaw:
    """A law on sides with more fields."""
    _require_linear("face law", law.at)
    wider = FaceLaw(sides=sides)
    columns = [wider.columns(side.role, name) for side in law.sides for name in side.fields.names]
    place = np.array([k for c in columns for k in range(c.start, c.stop)], dtype=np.int64)
    plain = replace(law, deposits={}).filtered(lambda c: _spread(c, place, place, wider.size))
    handed = law.deposits.items()
    deposits = {name: one.filtered(lambda c: _spread(c, None, place, wider.size)) for name, one in handed}
    return replace(plain, sides=sides, deposits=deposits)


def _restricted(law: FaceLaw, kept: Mapping[str, FieldSet], refuse: Callable[[str], None] | None) -> FaceLaw:
    _require_linear("face law", law.at)
    rows: list[int] = []
    start = 0
    for side in law.sides:
        for field in side.fields.fields:
            if field.name in kept[side.role]:
                rows += range(start, start + field.size)
            start += field.size
    index = np.array(rows, dtype=np.int64)
    sides = tuple(Side(side.role, kept[side.role]) for side in law.sides)
    remaining = {f.name for side in sides for f in side.fields.fields}
    plain = replace(law, deposits={}).filtered(lambda c: _picked(c, index, index, refuse))
    deposits = {
        name: deposit.filtered(lambda c: _picked(c, None, index, refuse)) for name, deposit in law.deposits.items()
    }
    return replace(
        plain,
        sides=sides,
        deposits=deposits,
        tie=tuple(name for name in law.tie if name in remaining),
        given={name: value for name, value in law.given.items() if name in remaining},
    )


def _picked(
    coefficient: Coefficient, rows: IntArray | None, columns: IntArray, refuse: Callable[[str], None] | None
) -> Coefficient:
    """Some rows (all if None) and columns of the field parts; `refuse` is called with the tag of what gets lost."""
    found = []
    for t in coefficient:
        fields = t.fields if rows is None else t.fields[rows]
        if fields.ndim == 2:
            fields = fields[:, columns]
        if refuse and np.any(t.weight) and np.count_nonzero(fields) < np.count_nonzero(t.fields):
            refuse(t.tag)
        if np.any(fields):
            found.append(replace(t, fields=fields))
    return tuple(found)


def _spread(coefficient: Coefficient, rows: IntArray | None, columns: IntArray, size: int) -> Coefficient:
    """Field parts among those of a larger set; rows None: those of a deposit, which stay."""
    found = []
    for t in coefficient:
        height = len(t.fields) if rows is None else size
        place = np.arange(height) if rows is None else rows
        if t.fields.ndim == 1:
            fields = np.zeros(height)
            fields[place] = t.fields
        else:
            fields = np.zeros((height, size))
            fields[np.ix_(place, columns)] = t.fields
        found.append(replace(t, fields=fields))
    return tuple(found)


def _places(inner: FieldSet, outer: FieldSet) -> IntArray:
    """Columns of the fields of one set in another."""
    for name in inner.names:
        if name not in outer:
            raise InputError("fields", f"a set with {name}", outer.names)
    return np.array([k for name in inner.names for k in range(outer.slice(name).start, outer.slice(name).stop)])


def _require_linear(what: str, at: object) -> None:
    if at is not None:
        raise InputError(what, "linear", "one with `at` or `excess`", "change the fields of what they return")
