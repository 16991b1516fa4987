"""Joule heat: what the currents of charge and spin dissipate heats the electrons.

With J and loss of the fields u and w of a law, whatever it contains (spin Hall and thermoelectric terms, relaxation),

    p = J_u . grad u + sum_a [J^a . grad w^a + (loss of w^a) w^a]        W/m^3, a source of the electron temperature

so that the power which charge and spin lose is the heat that electrons gain: energy is conserved to the last digit.
Reversible parts are in p with their sign: where current runs against thermoelectric forces, heat goes back.

Heat that currents carry, S T j, needs the temperature of the place where S is constant: `varying(thermoelectric(...),
"T_e", absolute, rows=("T_e",))` of `hanle.pde.nonlinear`; then no heat of Thomson is left, as it should be.
"""

from dataclasses import replace

import numpy as np

from hanle.pde.coefficients import Bulk, Coefficient, Term
from hanle.pde.errors import InputError
from hanle.pde.fields import ELECTRON_HEAT, POTENTIAL, SPIN
from hanle.pde.nonlinear import touching
from hanle.pde.tensors import Array


def joule(bulk: Bulk) -> Bulk:
    """A law with its own Joule heat, for `hanle.pde.newton`.

    Args:
        bulk: a law with the electron temperature and with charge, spin or both; it may be nonlinear itself.

    Raises:
        InputError: it lacks these fields.
    """
    names = bulk.fields.names
    lossy = [name for name in (POTENTIAL.name, SPIN.name) if name in names]
    if ELECTRON_HEAT.name not in names or not lossy:
        raise InputError(
            "fields", "the electron temperature and charge or spin", names, "combine the metal with heat"
        )
    rows = np.zeros(bulk.fields.size)
    for name in lossy:
        rows[bulk.fields.slice(name)] = 1.0
    warm = bulk.fields.slice(ELECTRON_HEAT.name).start

    def touch(values: Array, gradients: Array) -> Bulk:
        inner = touching(bulk, values, gradients)
        by_values, by_gradients = _slopes(inner, values * rows, gradients * rows)
        flux, loss = inner.flux(values, gradients) * rows, inner.loss(values, gradients) * rows
        power = np.sum(flux * gradients, axis=(-2, -1)) + np.sum(loss * values, axis=-1)
        by_values, by_gradients = by_values + loss, by_gradients + flux
        rest = power - np.sum(by_values * values, axis=-1) - np.sum(by_gradients * gradients, axis=(-2, -1))
        return replace(
            inner,
            R=(*inner.R, *_terms(-by_values, warm)),
            W=(*inner.W, *(t for k in range(3) for t in _terms(-by_gradients[..., k, :], warm, np.eye(3)[k]))),
            F=(*inner.F, *_source(rest, warm, bulk.fields.size)),
        )

    return replace(bulk, at=touch)


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
