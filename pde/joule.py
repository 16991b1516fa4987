"""Joule heat: what currents of charge, spin and magnons dissipate becomes heat.

For the fields U of a law that are potentials, whatever it contains (spin Hall and thermoelectric terms, relaxation),

    metal       U = u, w    T_e gains J . grad U + (loss of U) U              [W/m^3]
    insulator   U = w_m     T_m gains J . grad U,   T_p gains (loss of U) U   magnons that relax leave all their energy
    face        U = u, w    T_e of each side gains its share of what the law of the face dissipates [W/m^2]
                U = w_m     T_m likewise

so that the power which the currents lose is the heat that temperatures gain: energy is conserved to the last digit.
Reversible parts are in it with their sign: where current runs against thermoelectric forces, heat is taken up.

Heat that currents carry, S T j, needs the temperature of the place where S is constant: `varying(thermoelectric(...),
"T_e", absolute, rows=("T_e",))` of `hanle.pde.nonlinear`; then no heat of Thomson is left, as it should be.
"""

from dataclasses import replace

import numpy as np

from hanle.pde.coefficients import Bulk, Coefficient, FaceLaw, Term
from hanle.pde.errors import InputError
from hanle.pde.fields import ELECTRON_HEAT, LATTICE_HEAT, MAGNON, MAGNON_HEAT, POTENTIAL, SPIN, Field
from hanle.pde.nonlinear import touching
from hanle.pde.tensors import Array

#: Potentials, and who gains what their currents and their losses dissipate.
_HEATED = (
    (POTENTIAL, ELECTRON_HEAT, ELECTRON_HEAT),
    (SPIN, ELECTRON_HEAT, ELECTRON_HEAT),
    (MAGNON, MAGNON_HEAT, LATTICE_HEAT),
)


def joule(bulk: Bulk) -> Bulk:
    """A law with its own Joule heat, for `hanle.pde.newton`.

    Args:
        bulk: a law with charge, spin or magnons, and the temperatures that gain; it may be nonlinear itself.

    Raises:
        InputError: a temperature is missing, or nothing flows.
    """
    receivers = _receivers(bulk)

    def touch(values: Array, gradients: Array) -> Bulk:
        inner = touching(bulk, values, gradients)
        flux, loss = inner.flux(values, gradients), inner.loss(values, gradients)
        found = inner
        for row, conducts, loses in receivers:
            pushed, held = gradients * conducts, values * loses
            by_values, by_gradients = _slopes(inner, held, pushed)
            by_values, by_gradients = by_values + loss * loses, by_gradients + flux * conducts
            power = np.sum(flux * pushed, axis=(-2, -1)) + np.sum(loss * held, axis=-1)
            rest = power - np.sum(by_values * values, axis=-1) - np.sum(by_gradients * gradients, axis=(-2, -1))
            found = replace(
                found,
                R=(*found.R, *_terms(-by_values, row)),
                W=(*found.W, *(t for k in range(3) for t in _terms(-by_gradients[..., k, :], row, np.eye(3)[k]))),
                F=(*found.F, *_source(rest, row, bulk.fields.size)),
            )
        return found

    return replace(bulk, at=touch)


def joule_face(law: FaceLaw) -> FaceLaw:
    """A face law of charge and spin with the heat it makes, in equal parts to the electrons of its sides.

    Magnons that a law in linear response exchanges take their potential from the heat of magnons.

    What it dissipates is K . grad_t U - (N.J) U, summed over the potentials of all its sides; reservoirs outside are at
    zero. The nonlinear exchange with magnons makes its heat itself: `hanle.boundary.magnon_face_nonlinear`.

    Args:
        law: with charge or spin, and with the electron temperature of the sides that are heated
            (`hanle.pde.coupling.joined`); it may be nonlinear itself.

    Raises:
        InputError: no side has an electron temperature, or nothing flows.
    """
    groups = _face_receivers(law)
    plain = law.at

    def touch(traces: Array, gradients: Array) -> FaceLaw:
        inner = law if plain is None else plain(traces, gradients)
        found = inner
        for rows, potential in groups:
            found = _heated(found, inner, traces, gradients, rows, potential)
        return found

    return replace(law, at=touch)


def _heated(
    found: FaceLaw, inner: FaceLaw, traces: Array, gradients: Array, rows: list[int], potential: Array
) -> FaceLaw:
    """`found` with what the law `inner` dissipates of some potentials (1 in their columns), in equal parts to rows."""
    held, pushed = traces * potential, gradients * potential
    flux, sheet = inner.flux(traces, gradients) * potential, inner.sheet_current(traces, gradients) * potential
    turned = FaceLaw(inner.sides, G=_turned(inner.G), Q=_turned(inner.Qt), Qt=_turned(inner.Q), L=_turned(inner.L))
    by_traces = -flux - turned.flux(held, -pushed)
    by_gradients = sheet + turned.sheet_current(-held, pushed)
    power = np.sum(sheet * gradients, axis=(-2, -1)) - np.sum(flux * traces, axis=-1)
    rest = power - np.sum(by_traces * traces, axis=-1) - np.sum(by_gradients * gradients, axis=(-2, -1))
    share = 1 / len(rows)
    slopes = [(k, share * by_gradients[..., k, :]) for k in range(3)]
    return replace(
        found,
        G=(*found.G, *(t for row in rows for t in _terms(share * by_traces, row))),
        Q=(*found.Q, *(t for row in rows for k, slope in slopes for t in _terms(slope, row, np.eye(3)[k]))),
        g=(*found.g, *(t for row in rows for t in _source(share * rest, row, inner.size))),
    )


def _face_receivers(law: FaceLaw) -> list[tuple[list[int], Array]]:
    """(rows that gain, 1 for the columns of the potentials they gain from), for electrons and for magnons."""
    found = []
    for gain in (ELECTRON_HEAT, MAGNON_HEAT):
        rows, potential = [], np.zeros(law.size)
        for side in law.sides:
            for lossy, receiver, _ in _HEATED:
                if lossy.name in side.fields and receiver is gain:
                    potential[law.columns(side.role, lossy.name)] = 1.0
            if gain.name in side.fields:
                rows.append(int(law.columns(side.role, gain.name).start))
        if np.any(potential):
            found.append((rows, potential))
    if not found or not all(rows for rows, _ in found):
        must = "charge or spin, and an electron temperature on a side; with magnons their temperature too"
        raise InputError("sides", must, [side.fields.names for side in law.sides], "join the law with one of heat")
    return found


def _receivers(bulk: Bulk) -> list[tuple[int, Array, Array]]:
    """(row that gains, 1 for the columns whose currents and 1 for those whose losses it gains from)."""
    found: dict[int, Array] = {}
    for lossy, *gains in _HEATED:
        if lossy.name in bulk.fields:
            for part, gain in enumerate(gains):
                masks = found.setdefault(_row(bulk, gain), np.zeros((2, bulk.fields.size)))
                masks[part][bulk.fields.slice(lossy.name)] = 1.0
    if not found:
        raise InputError("fields", "charge, spin or magnons beside temperatures", bulk.fields.names)
    return [(row, masks[0], masks[1]) for row, masks in found.items()]


def _row(bulk: Bulk, gain: Field) -> int:
    if gain.name not in bulk.fields:
        raise InputError("fields", f"a set with the {gain.title}", bulk.fields.names, "combine the law with heat")
    return int(bulk.fields.slice(gain.name).start)


def _slopes(law: Bulk, values: Array, gradients: Array) -> tuple[Array, Array]:
    """How the fluxes and losses of a linear law change, weighed with gradients and values: by values, by gradients."""
    turned = Bulk(law.fields, A=_turned(law.A), B=_turned(law.W), R=_turned(law.R), W=_turned(law.B))
    return turned.loss(values, gradients), turned.flux(values, gradients)


def _turned(coefficient: Coefficient) -> Coefficient:
    """Terms with rows and columns exchanged."""
    return tuple(replace(t, spatial=t.spatial.T, fields=t.fields.T) for t in coefficient)


def _terms(weights: Array, row: int, spatial: Array | float = 1.0) -> Coefficient:
    """Terms from every column to one row; weights (..., columns)."""
    size = weights.shape[-1]
    unit = np.eye(size)
    return tuple(
        Term(weights[..., k], np.asarray(spatial, dtype=float), np.outer(unit[row], unit[k]))
        for k in range(size)
        if np.any(weights[..., k])
    )


def _source(weight: Array, row: int, size: int) -> Coefficient:
    return (Term(weight, np.asarray(1.0), np.eye(size)[row]),) if np.any(weight) else ()
