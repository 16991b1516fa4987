"""Heat in metals: electron and lattice temperature, thermoelectric coupling to charge and spin, linear about T_0.

With t = (T - T_0)/T_0, Q = -q the heat that flows against q, and sigma_j = sigma (1 - 2 theta^2),

    j   = [charge law] - sigma_j S T_0 grad t_e
    J^a = [spin law] + sigma_j S P_T m_a T_0 grad t_e - sigma_j S theta_N T_0 eps_iak d_k t_e
    Q_e = (kappa_e + T_0 sigma_j S^2 x) T_0 grad t_e
          - sigma_j S T_0 [grad u - P_T m_a grad w^a + theta_N eps_iak d_k w^a]
    c_e d_t t_e = div Q_e - G_ep T_0 (t_e - t_p),      c_p d_t t_p = div(kappa_p T_0 grad t_p) + G_ep T_0 (t_e - t_p)
    x   = (1 - 2 theta^2) [1 - 2 P P_T + (1 - 2 theta^2) P_T^2]/(1 - 2 theta^2 - P^2)

    S         V/K         Seebeck coefficient, E = S grad T without currents; < 0 where free electrons carry
    P, P_T    1           polarisations of the charge current driven by grad u and by grad T; majority spins along -m
    theta_N   1           spin Nernst angle: as the spin Hall angle, for the current -sigma_j S grad T
    kappa_e   W/(K m)     of electrons where neither charge nor spin flows;  kappa_p of the lattice
    G_ep      W/(K m^3)   electron-phonon coupling

x makes kappa_e what is measured without currents, and the whole matrix dissipative; V(hot) - V(cold) = -S (T_hot -
T_cold), so that the hot end is positive where S < 0, and j carries the heat S T_0 j. Joule heat is of second order.
Second law: kappa_e, kappa_p, G_ep >= 0. Source: Bauer, Saitoh & van Wees, 2012; Onsager's relations.
"""

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.coefficients import Bulk, Term, as_weight, direction, present
from hanle.pde.effects import SPIN_NERNST, THERMOELECTRIC
from hanle.pde.errors import InputError
from hanle.pde.fields import ELECTRON_HEAT, LATTICE_HEAT, POTENTIAL, SPIN, FieldSet
from hanle.pde.metal import require_positive
from hanle.pde.tensors import EPSILON, Array

HEAT = FieldSet((ELECTRON_HEAT, LATTICE_HEAT))
COUPLED = FieldSet((POTENTIAL, SPIN, ELECTRON_HEAT))

_ONE, _SCALAR = np.eye(3), np.asarray(1.0)
_U, _W, _T = 0, 1, 4


def metal_heat(
    *,
    temperature: ArrayLike,
    electrons: ArrayLike,
    lattice: ArrayLike,
    coupling: ArrayLike,
    electron_capacity: ArrayLike = 0.0,
    lattice_capacity: ArrayLike = 0.0,
) -> Bulk:
    """Heat of electrons and lattice.

    Args:
        temperature: T_0 [K].
        electrons, lattice: kappa_e, kappa_p [W/(K m)].
        coupling: G_ep [W/(K m^3)].
        electron_capacity, lattice_capacity: [J/(K m^3)].

    Raises:
        InputError: a number out of range.
    """
    t0 = _positive_temperature(temperature)
    own, other, exchange = (
        _not_negative(key, given, unit)
        for key, given, unit in (
            ("electrons", electrons, "W/(K m)"),
            ("lattice", lattice, "W/(K m)"),
            ("coupling", coupling, "W/(K m^3)"),
        )
    )
    stored = (
        _not_negative(key, given, "J/(K m^3)")
        for key, given in (("electron_capacity", electron_capacity), ("lattice_capacity", lattice_capacity))
    )
    each = np.diag([1.0, 0.0]), np.diag([0.0, 1.0])
    difference = np.array([[1.0, -1.0], [-1.0, 1.0]])
    return Bulk(
        fields=HEAT,
        A=present((Term(own * t0, _ONE, each[0]), Term(other * t0, _ONE, each[1]))),
        R=present([Term(exchange * t0, _SCALAR, difference)]),
        C=present(Term(c * t0, _SCALAR, fields) for c, fields in zip(stored, each, strict=True)),
        decay_lengths=_decay_lengths(own, other, exchange),
    )


def thermoelectric(
    *,
    temperature: ArrayLike,
    conductivity: ArrayLike,
    seebeck: ArrayLike,
    spin_hall_angle: ArrayLike = 0.0,
    spin_nernst_angle: ArrayLike = 0.0,
    polarisation: ArrayLike = 0.0,
    thermal_polarisation: ArrayLike = 0.0,
    magnetisation: ArrayLike | None = None,
) -> Bulk:
    """What couples heat to charge and spin; to be combined with the law of the metal and `metal_heat`.

    Args:
        temperature: T_0 [K].
        conductivity: Drude sigma of the charge law [S/m].
        seebeck: S [V/K].
        spin_hall_angle: theta of the charge law that this law is combined with.
        spin_nernst_angle: theta_N.
        polarisation, thermal_polarisation: P and P_T, which need m.
        magnetisation: m, of a ferromagnet.

    Raises:
        InputError: P^2 + 2 theta^2 >= 1, polarisations without m.
    """
    t0, sigma, s = _positive_temperature(temperature), as_weight(conductivity), as_weight(seebeck)
    p, thermal, angle = (as_weight(x) for x in (polarisation, thermal_polarisation, spin_nernst_angle))
    if not np.all(np.abs(p) < 1):
        raise InputError("polarisation", "between -1 and 1", float(p.flat[np.abs(p).argmax()]))
    part = 1 - 2 * as_weight(spin_hall_angle) ** 2
    if not np.all(part > p**2):
        raise InputError("spin_hall_angle", "such that P^2 + 2 theta^2 < 1", float((p**2 + 1 - part).max()))
    strength = part * sigma * s * t0
    measured = part * (1 - 2 * p * thermal + part * thermal**2) / (part - p**2)
    found = [
        Term(-strength, _ONE, _pair(_U, _T), THERMOELECTRIC),
        Term(strength * s * t0 * measured, _ONE, _single(_T), THERMOELECTRIC),
    ]
    if np.any(p) or np.any(thermal):
        if magnetisation is None:
            raise InputError("magnetisation", "given where currents are polarised", None)
        m = direction("magnetisation", magnetisation)
        found += [Term(strength * thermal * m[..., a], _ONE, _pair(_W + a, _T), THERMOELECTRIC) for a in range(3)]
    found += [Term(-strength * angle, EPSILON[:, a, :], _pair(_W + a, _T), SPIN_NERNST) for a in range(3)]
    return Bulk(fields=COUPLED, A=present(found))


def _positive_temperature(given: ArrayLike) -> Array:
    t0 = as_weight(given)
    require_positive("temperature", t0, "K")
    return t0


def _not_negative(key: str, given: ArrayLike, unit: str) -> Array:
    value = as_weight(given)
    if not np.all(value >= 0):
        raise InputError(key, f"0 or positive [{unit}]", float(value.min()), "this law would create energy")
    return value


def _pair(row: int, column: int) -> Array:
    fields = np.zeros((COUPLED.size, COUPLED.size))
    fields[row, column] = fields[column, row] = 1.0
    return fields


def _single(row: int) -> Array:
    fields = np.zeros((COUPLED.size, COUPLED.size))
    fields[row, row] = 1.0
    return fields


def _decay_lengths(own: Array, other: Array, exchange: Array) -> tuple[float, ...]:
    """Length [m] over which electrons and lattice come to one temperature."""
    own, other, exchange = np.broadcast_arrays(own, other, exchange)
    rates = [
        g * sum(1 / k for k in (a, b) if k > 0)
        for a, b, g in zip(own.ravel(), other.ravel(), exchange.ravel(), strict=True)
    ]
    return tuple(sorted({float(rate**-0.5) for rate in rates if rate > 0}))
