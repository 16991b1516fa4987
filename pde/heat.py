"""Heat in metals: electron and lattice temperature, thermoelectric coupling to charge and spin, linear about T_0.

With t = (T - T_0)/T_0, Q = -q the heat that flows against q, and e = S T_0 (grad t_e + theta_A m x grad t_e),

    j    =  [charge law] - sigma_c e
    J^a  =  [spin law] + m_a [P sigma e + b grad t_e] - sigma_j S theta_N T_0 eps_iak d_k t_e
    Q_e  =  (kappa_e + T_0 x) T_0 grad t_e - S T_0 (j_c + theta_A m x j_c) + m_a b grad w^a
            - sigma_j S theta_N T_0 eps_iak d_k w^a
    c_e d_t t_e = div Q_e - G_ep T_0 (t_e - t_p),      c_p d_t t_p = div(kappa_p T_0 grad t_p) + G_ep T_0 (t_e - t_p)
    j_c  =  sigma_c grad u - P sigma m_a grad w^a,   b = sigma (1 - P^2) (S_s/2) T_0,   sigma_j = sigma (1 - 2 theta^2)

    S         V/K         Seebeck coefficient, E = S grad T without currents; < 0 where free electrons carry
    S_s       V/K         S_majority - S_minority, spins of the majority along -m; S = [(1 + P) S_majority +
                          (1 - P) S_minority]/2, so that S_s drives spin and no charge
    theta_A   1           anomalous Nernst angle, E = S grad T + theta_A S m x grad T; back: anomalous Ettingshausen
    theta_N   1           spin Nernst angle: as the spin Hall angle, for the current -sigma_j S grad T
    sigma_c   S/m         tensor of the charge law: sigma_j, with the anisotropic magnetoresistance and the anomalous
                          Hall effect of `hanle.pde.ferromagnet`
    kappa_e   W/(K m)     of electrons where neither charge nor spin flows;  kappa_p of the lattice
    G_ep      W/(K m^3)   electron-phonon coupling

x, of second order in S, makes kappa_e what is measured without currents; V(hot) - V(cold) = -S (T_hot - T_cold), so
that the hot end is positive where S < 0, and j carries the heat S T_0 j. Joule heat is of second order. Onsager's
relations hold under m -> -m. Ordinary and spin Hall currents that S grad T makes are left out (the latter: theta_N).
Second law: kappa_p, G_ep >= 0 and, with N = theta_A S, a sigma the conductivity across m, alpha the anomalous Hall
angle, kappa_e >= T_0 sigma {a N^2 + alpha N [alpha N + P (1 - P^2) S_s]/(a - P^2)}.
Sources: Bauer, Saitoh & van Wees, 2012; Slachter et al., 2010 (S_s) and 2011 (theta_A); Onsager's relations.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.coefficients import Bulk, Term, as_weight, direction, present
from hanle.pde.effects import ANOMALOUS_NERNST, SPIN_NERNST, THERMOELECTRIC
from hanle.pde.errors import InputError
from hanle.pde.ferromagnet import anisotropic_parts
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
    spin_dependent_seebeck: ArrayLike = 0.0,
    anomalous_hall_angle: ArrayLike = 0.0,
    anisotropy: ArrayLike = 0.0,
    anomalous_nernst_angle: ArrayLike = 0.0,
    magnetisation: ArrayLike | None = None,
    electrons: ArrayLike = 0.0,
) -> Bulk:
    """What couples heat to charge and spin; to be combined with the law of the metal and `metal_heat`.

    Args:
        temperature: T_0 [K].
        conductivity: Drude sigma of the charge law [S/m].
        seebeck: S [V/K].
        spin_hall_angle, polarisation, anomalous_hall_angle, anisotropy: theta, P, alpha and (rho_par - rho_perp)/rho of
            the charge law that this law is combined with.
        spin_nernst_angle: theta_N.
        spin_dependent_seebeck: S_s [V/K].
        anomalous_nernst_angle: theta_A.
        magnetisation: m, of a ferromagnet.
        electrons: kappa_e of the `metal_heat` that this law is combined with: it bounds theta_A.

    Raises:
        InputError: P^2 + 2 theta^2 >= 1, kappa_e below its bound, numbers of a ferromagnet without m.
    """
    t0, sigma, s = _positive_temperature(temperature), as_weight(conductivity), as_weight(seebeck)
    p, alpha, turn = (as_weight(x) for x in (polarisation, anomalous_hall_angle, anomalous_nernst_angle))
    part, ratios = 1 - 2 * as_weight(spin_hall_angle) ** 2, anisotropic_parts(as_weight(anisotropy))
    along, across = (part * ratio for ratio in ratios)
    _require_conduction(p, part, np.minimum(along, across))
    driven, nernst = (1 - p**2) * as_weight(spin_dependent_seebeck) / 2, turn * s
    lost = across * nernst**2 + alpha * nernst * (alpha * nernst + 2 * p * driven) / (across - p**2)
    _require_heat_conduction(as_weight(electrons), t0 * sigma * lost)
    magnetic = (p, driven, alpha, along - across, turn)
    m = None if magnetisation is None else direction("magnetisation", magnetisation)
    if m is None and any(np.any(x) for x in magnetic):
        raise InputError("magnetisation", "given: the numbers are those of a ferromagnet", None)
    # Tensors of the charge law over sigma, and of what S_s adds to x, as (1, m m, m x).
    charge = (across, along - across, alpha)
    open_spin = [driven**2 * c / (c - p**2) for c in (across, along)]
    strength, heat = sigma * s * t0, sigma * t0**2
    found = [
        *_tensor(-strength, charge, _pair(_U, _T), THERMOELECTRIC, m),
        *_tensor(heat * s**2, charge, _single(_T), THERMOELECTRIC, m),
        *_tensor(heat, (open_spin[0], open_spin[1] - open_spin[0]), _single(_T), THERMOELECTRIC, m),
        *_tensor(-strength * turn, _turned(charge), _pair(_U, _T), ANOMALOUS_NERNST, m),
        *_tensor(2 * heat * s**2 * turn, _turned(charge), _single(_T), ANOMALOUS_NERNST, m),
        *_tensor(heat * (s * turn) ** 2, _turned(_turned(charge)), _single(_T), ANOMALOUS_NERNST, m),
    ]
    angle = as_weight(spin_nernst_angle)
    for a in range(3):
        pair = _pair(_W + a, _T)
        if m is not None:
            found.append(Term((strength * p + sigma * t0 * driven) * m[..., a], _ONE, pair, THERMOELECTRIC))
            found += _tensor(strength * p * turn * m[..., a], (0.0, 0.0, 1.0), pair, ANOMALOUS_NERNST, m)
        found.append(Term(-part * strength * angle, EPSILON[:, a, :], pair, SPIN_NERNST))
    return Bulk(fields=COUPLED, A=present(found))


def _tensor(weight: Array, parts: Sequence[Array | float], fields: Array, tag: str, m: Array | None) -> list[Term]:
    """weight (a 1 + b m m + c m x), parts (a, b, c) of which the last may be left out; a 1 where there is no m."""
    found = [Term(weight * parts[0], _ONE, fields, tag)]
    if m is None:
        return found
    uniaxial = weight * parts[1]
    for i, k in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)):
        spatial = np.zeros((3, 3))
        spatial[i, k] = spatial[k, i] = 1.0
        found.append(Term(uniaxial * m[..., i] * m[..., k], spatial, fields, tag))
    for turning in (weight * part for part in parts[2:]):
        found += [Term(turning * m[..., a], EPSILON[:, a, :], fields, tag) for a in range(3)]
    return found


def _turned(parts: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
    """The tensor times m x: (a 1 + b m m + c m x) m x = a m x - c (1 - m m)."""
    everywhere, _, turning = parts
    return -turning, turning, everywhere


def _require_conduction(p: Array, part: Array, least: Array) -> None:
    """Refuse what makes the conduction of charge and spin singular or negative."""
    if not np.all(np.abs(p) < 1):
        raise InputError("polarisation", "between -1 and 1", float(p.flat[np.abs(p).argmax()]))
    if not np.all(part > p**2):
        raise InputError("spin_hall_angle", "such that P^2 + 2 theta^2 < 1", float((p**2 + 1 - part).max()))
    if not np.all(least > p**2):
        must = "such that P^2 < (1 - 2 theta^2) rho/max(rho_par, rho_perp)"
        raise InputError("polarisation", must, float(np.abs(p).max()))


def _require_heat_conduction(electrons: Array, least: Array) -> None:
    if np.any(electrons < least):
        must = f"at least {float(np.max(least)):.4g} W/(m K), with this seebeck and anomalous_nernst_angle"
        hint = "the anomalous Nernst effect would create energy"
        raise InputError("electron_heat_conductivity", must, float(np.min(electrons)), hint)


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
