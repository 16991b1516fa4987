"""Seebeck and Peltier effect of an interface between metals, of spin too, linear about T_0.

With D x = x_F - x_N along the normal from N to F, t = (T - T_0)/T_0 of the electrons, b = (1 - P^2) G (S_s/2) T_0,

    j       =  [circuit law] - G S T_0 D t                       the same on both sides
    J_par   =  [circuit law] + P G S T_0 D t + b D t             the same on both sides
    Q       =  (h + T_0 y) T_0 D t - S T_0 (j of the circuit law at D t = 0) + b D(m.w)
    y       =  G [S^2 + (1 - P^2) (S_s/2)^2]

    S      V/K          Seebeck coefficient of the interface: D u = S D T without currents
    S_s    V/K          S_majority - S_minority; S = [(1 + P) S_majority + (1 - P) S_minority]/2
    G, P   S/m^2, 1     of `hanle.boundary.circuit`; with memory loss the fictitious layer has S and S_s, too
    h      W/(m^2 K)    of electrons where neither charge nor spin flows: `hanle.boundary.heat_contact`

Without a number h is that of Wiedemann and Franz, h = L_0 T_0 G. This law is added to those of charge, spin and heat
by `hanle.pde.coupling.joined`; the matrix is symmetric (Onsager) and dissipates for any S and S_s where h >= 0.
Sources: Bauer, Saitoh & van Wees, 2012; Hatami et al., 2009; Onsager's relations.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from hanle.boundary.circuit import Circuit
from hanle.pde.coefficients import FaceLaw, Side, Term, as_weight, dense, direction, whole_matrix
from hanle.pde.constants import LORENZ
from hanle.pde.coupling import joined
from hanle.pde.effects import THERMOELECTRIC
from hanle.pde.errors import InputError
from hanle.pde.fields import ELECTRON_HEAT, POTENTIAL, SPIN, FieldSet
from hanle.pde.tensors import Array

COUPLED = FieldSet((POTENTIAL, SPIN, ELECTRON_HEAT))
_N = COUPLED.size
_U, _W, _T = (COUPLED.slice(field.name) for field in COUPLED.fields)


def thermoelectric_contact(
    temperature: ArrayLike,
    given: Circuit,
    seebeck: ArrayLike,
    spin_dependent_seebeck: ArrayLike = 0.0,
    magnetisation: ArrayLike | None = None,
    roles: tuple[str, str] = ("below", "above"),
) -> FaceLaw:
    """What couples the heat that crosses to charge and spin.

    Args:
        temperature: T_0 [K].
        given: G_up and G_dn.
        seebeck, spin_dependent_seebeck: S and S_s [V/K].
        magnetisation: m, along minus the spins of the majority of `given`; needed where G_up and G_dn or S_s differ
            from an unpolarised contact.
        roles: of both sides, those of the law that this one is joined with.

    Raises:
        InputError: T_0 <= 0, a polarised contact without m.
    """
    t0 = as_weight(temperature)
    if not np.all(t0 > 0):
        raise InputError("temperature", "positive [K]", float(t0.min()))
    up, dn = as_weight(given.G_up), as_weight(given.G_dn)
    s, half = as_weight(seebeck), as_weight(spin_dependent_seebeck) / 2
    total, series = up + dn, np.divide(4 * up * dn, up + dn, out=np.zeros_like(up + dn), where=up + dn > 0)
    jump_u, jump_t = _jump(_U.start), t0[..., None] * _jump(_T.start)
    form = -(total * s)[..., None, None] * _pair(jump_u, jump_t)
    form = form + (total * s**2 + series * half**2)[..., None, None] * _pair(jump_t, jump_t) / 2
    polarised = (up - dn) * s + series * half
    if np.any(polarised):
        if magnetisation is None:
            raise InputError("magnetisation", "given where the contact is polarised", None)
        m = direction("magnetisation", magnetisation)
        jump_w = sum(m[..., [a]] * _jump(_W.start + a) for a in range(3))
        form = form + polarised[..., None, None] * _pair(np.asarray(jump_w), jump_t)
    sides = (Side(roles[0], COUPLED), Side(roles[1], COUPLED))
    return FaceLaw(sides=sides, G=whole_matrix(-form, tag=THERMOELECTRIC))


def electron_conductance(law: FaceLaw, temperature: ArrayLike) -> Array:
    """h of electrons by the law of Wiedemann and Franz [W/(m^2 K)], a weight, from the charge that crosses a face.

    Args:
        law: of charge, with two sides.
        temperature: T_0 [K].
    """
    first, second = (law.columns(side.role, POTENTIAL.name).start for side in law.sides)
    charge = dense(law.G, (), (law.size, law.size))[..., first, second]
    return np.asarray(LORENZ * as_weight(temperature) * charge)


def at_mean_temperature(law: FaceLaw, carried: FaceLaw) -> FaceLaw:
    """A law in which the heat that currents carry is that of the mean temperature of both sides, not of T_0.

    Args:
        law: with the law `carried` in it, linear.
        carried: a `thermoelectric_contact`.
    """
    whole = joined(FaceLaw(sides=law.sides), carried)
    columns = [whole.columns(side.role, ELECTRON_HEAT.name).start for side in whole.sides]
    mask = np.zeros(whole.size)
    mask[columns] = 1.0
    terms = [replace(t, fields=mask[:, None] * t.fields) for t in whole.G]
    heat = FaceLaw(whole.sides, G=tuple(t for t in terms if np.any(t.fields)))

    def touch(traces: Array, gradients: Array) -> FaceLaw:
        mean = traces[..., columns].mean(axis=-1)
        flux = heat.flux(traces)
        scaled = tuple(replace(t, weight=t.weight * mean) for t in heat.G)
        units = np.eye(whole.size)
        slopes = tuple(
            Term(flux[..., r] / len(columns), np.asarray(1.0), np.outer(units[r], units[c]))
            for r in columns
            for c in columns
        )
        rest = tuple(Term(-mean * flux[..., r], np.asarray(1.0), units[r]) for r in columns)
        return replace(law, G=(*law.G, *scaled, *slopes), g=(*law.g, *rest))

    return replace(law, at=touch)


def _jump(column: int) -> Array:
    """x_F - x_N as a functional of the traces."""
    units = np.eye(2 * _N)
    return np.asarray(units[_N + column] - units[column])


def _pair(one: Array, other: Array) -> Array:
    """one other^T + other one^T."""
    product = one[..., :, None] * other[..., None, :]
    return np.asarray(product + np.swapaxes(product, -1, -2))
