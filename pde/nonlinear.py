"""Laws made of laws that may be nonlinear: put together, without some fields, with coefficients that vary with a field.

The coefficients that such a law has beside `at` are those about zero, where all fields are zero.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from hanle.pde import coupling
from hanle.pde.coefficients import Bulk, Coefficient, Deposit, FaceLaw, Side, Term, as_weight
from hanle.pde.errors import InputError
from hanle.pde.fields import NOTHING, FieldSet
from hanle.pde.tensors import Array, IntArray

#: Values (factor, derivative) at values of a field, of the same shape.
Factor = Callable[[Array], tuple[Array, Array]]


def touching(bulk: Bulk, values: Array, gradients: Array) -> Bulk:
    """The linear law that touches a law at a state; the law itself where it is linear."""
    return bulk if bulk.at is None else bulk.at(values, gradients)


def combined(*bulks: Bulk) -> Bulk:
    """The sum of laws, as `hanle.pde.coupling.combined`."""
    whole = coupling.combined(*(replace(bulk, at=None) for bulk in bulks))
    if all(bulk.at is None for bulk in bulks):
        return whole
    places = [_columns(bulk.fields, whole.fields) for bulk in bulks]

    def touch(values: Array, gradients: Array) -> Bulk:
        parts = zip(bulks, places, strict=True)
        return coupling.combined(*(touching(b, values[..., k], gradients[..., k]) for b, k in parts))

    return replace(whole, at=touch)


def carried(bulk: Bulk, fields: FieldSet) -> Bulk:
    """A law on some of its fields: the others stay at zero and are reservoirs."""
    plain = coupling.carried(replace(bulk, at=None), fields)
    if bulk.at is None:
        return plain
    columns = _columns(fields, bulk.fields)

    def touch(values: Array, gradients: Array) -> Bulk:
        whole = touching(bulk, _spread(values, columns, bulk.fields), _spread(gradients, columns, bulk.fields))
        return coupling.carried(whole, fields)

    return replace(plain, at=touch)


def restricted(law: FaceLaw, carried: Mapping[str, FieldSet]) -> FaceLaw:
    """A law on the fields that each side carries, as `hanle.pde.coupling.restricted`."""
    plain, touch = coupling.restricted(replace(law, at=None), carried), law.at
    if touch is None:
        return plain
    columns = np.concatenate([_face_columns(law, side) for side in plain.sides])

    def narrow(traces: Array, gradients: Array) -> FaceLaw:
        whole = FieldSet(tuple(f for side in law.sides for f in side.fields.fields))
        state = (_spread(traces, columns, whole), _spread(gradients, columns, whole))
        return coupling.restricted(touch(*state), carried)

    return replace(plain, at=narrow)


def varying(bulk: Bulk, of: str, factor: Factor, rows: tuple[str, ...] | None = None) -> Bulk:
    """A law whose fluxes and losses are multiplied by a function of one of its fields.

    Args:
        of: name of the field, of one component.
        factor: its values -> (factor, derivative); an InputError where it is not defined shortens the step of Newton's
            method. `resistive` is one.
        rows: fields whose fluxes and losses are multiplied; all if None.
    """
    column = bulk.fields.slice(of).start
    names = bulk.fields.names if rows is None else rows
    chosen = np.zeros(bulk.fields.size, dtype=bool)
    for name in names:
        chosen[bulk.fields.slice(name)] = True

    def touch(values: Array, gradients: Array) -> Bulk:
        inner = touching(bulk, values, gradients)
        here = values[..., column]
        size, slope = (as_weight(x) for x in factor(here))
        flux, loss = slope[..., None, None] * inner.flux(values, gradients), inner.loss(values, gradients)
        loss = slope[..., None] * loss
        scaled = replace(inner, deposits={}).filtered(lambda c: _scaled(c, size, chosen))
        vectors = [(flux[..., i, r], np.eye(3)[i], r) for i in range(3) for r in np.flatnonzero(chosen)]
        scalars = [(loss[..., r], np.asarray(1.0), r) for r in np.flatnonzero(chosen)]
        return replace(
            scaled,
            B=(*scaled.B, *_moving(vectors, column, len(chosen))),
            S=(*scaled.S, *_still(vectors, -here, len(chosen))),
            R=(*scaled.R, *_moving(scalars, column, len(chosen))),
            F=(*scaled.F, *_still(scalars, here, len(chosen))),
            C=inner.C,
            deposits={n: _weakened(d, size) if rows is None else d for n, d in inner.deposits.items()},
        )

    return replace(bulk, at=touch)


def resistive(coefficient: float, temperature: float) -> Factor:
    """Conductivities that fall as 1/(1 + alpha (T - T_0)), for fields t = (T - T_0)/T_0.

    Args:
        coefficient: alpha at T_0 [1/K]; 0.003 to 0.004 in most metals.
        temperature: T_0 [K].
    """
    rise = coefficient * temperature

    def factor(t: Array) -> tuple[Array, Array]:
        resistance = 1 + rise * t
        if not np.all(resistance > 0):
            must = "such that the resistivity is positive"
            raise InputError("temperature", must, f"{float(np.min(t)) + 1:.4g} T_0", "lower the drive")
        return 1 / resistance, -rise / resistance**2

    return factor


def absolute(t: Array) -> tuple[Array, Array]:
    """T/T_0 as a function of t = (T - T_0)/T_0: heat that currents carry grows with T where S does not change."""
    return 1 + t, np.ones_like(t)


def _scaled(coefficient: Coefficient, size: Array, chosen: Array) -> Coefficient:
    """The rows `chosen` multiplied by `size`."""
    found = []
    for t in coefficient:
        mask = chosen.reshape(-1, *(1,) * (t.fields.ndim - 1))
        inside, outside = np.where(mask, t.fields, 0.0), np.where(mask, 0.0, t.fields)
        found += [replace(t, weight=t.weight * size, fields=inside)] if np.any(inside) else []
        found += [replace(t, fields=outside)] if np.any(outside) else []
    return tuple(found)


def _weakened(deposit: Deposit, size: Array) -> Deposit:
    return deposit.filtered(lambda c: tuple(replace(t, weight=t.weight * size) for t in c))


Rows = list[tuple[Array, Array, Any]]


def _moving(parts: Rows, column: int, size: int) -> Coefficient:
    """Terms weight x spatial part from one column to a row each."""
    return tuple(
        Term(w, spatial, np.outer(np.eye(size)[row], np.eye(size)[column]))
        for w, spatial, row in parts
        if np.any(w)
    )


def _still(parts: Rows, factor: Array, size: int) -> Coefficient:
    """Sources weight x factor x spatial part in a row each."""
    return tuple(Term(w * factor, spatial, np.eye(size)[row]) for w, spatial, row in parts if np.any(w * factor))


def _columns(inner: FieldSet, outer: FieldSet) -> IntArray:
    """Columns of the components of one set in another."""
    found = [np.arange(outer.slice(n).start, outer.slice(n).stop) for n in inner.names]
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def _face_columns(law: FaceLaw, side: Side) -> IntArray:
    """Columns of a law that the fields of one of its sides have."""
    if side.fields == NOTHING:
        return np.zeros(0, dtype=np.int64)
    found = [law.columns(side.role, name) for name in side.fields.names]
    return np.concatenate([np.arange(c.start, c.stop) for c in found])


def _spread(values: Array, columns: IntArray, fields: FieldSet) -> Array:
    """Values with zeros for the fields that are not among the columns."""
    found = np.zeros((*values.shape[:-1], fields.size))
    found[..., columns] = values
    return found
