"""A magnetic insulator whose magnons carry spin and heat: magnon potential, magnon and lattice temperature.

With t = (T - T_0)/T_0, linear about T_0:

    J_m = 2 sigma_m grad w_m + zeta T_0 grad t_m                              spin, J_m = -2e (flow of magnons)
    Q_m = zeta T_0 grad w_m + kappa_m T_0 grad t_m,   Q_p = kappa_p T_0 grad t_p   heat, Q = -q
    chi d_t w_m + c_mix d_t t_m = div J_m - (2 sigma_m/lambda_m^2) w_m - 2e Gamma T_0 (t_m - t_p)
    c_mix d_t w_m + c_m d_t t_m = div Q_m - 2e Gamma T_0 w_m - G_mp T_0 (t_m - t_p)
    c_p d_t t_p                 = div Q_p + 2e Gamma T_0 w_m + G_mp T_0 (t_m - t_p)

    sigma_m   S/m         magnon conductivity: J_m = 2 sigma_m grad w_m as in Cornelissen et al., 2016
    lambda_m  m           over which the number of magnons relaxes
    zeta      A/(m K)     spin Seebeck coefficient of the bulk
    kappa_m, kappa_p  W/(K m)
    G_mp      W/(K m^3)   heat from magnons to the lattice;  Gamma 1/(K m^3 s) its Onsager partner in the magnon number

    chi = 4 e^2 dn/dmu,  c_mix = 2e T_0 dn/dT,  c_m = T_0 C_m,  c_p = T_0 C_p

Second law: kappa_m >= T_0 zeta^2/(2 sigma_m) and (2 sigma_m/lambda_m^2) G_mp T_0 >= (2e Gamma T_0)^2; what is stored is
positive, (dn/dmu) C_m >= T_0 (dn/dT)^2.
Source: Bender and Tserkovnyak, 2015; Cornelissen et al., 2016.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.coefficients import Bulk, Coefficient, Deposit, Term, as_weight, present
from hanle.pde.constants import E_CHARGE
from hanle.pde.errors import InputError
from hanle.pde.fields import LATTICE_HEAT, MAGNON, MAGNON_HEAT, FieldSet
from hanle.pde.metal import require_positive
from hanle.pde.tensors import Array

MAGNONS = FieldSet((MAGNON, MAGNON_HEAT, LATTICE_HEAT))
#: Part by which a determinant of the second law may be negative.
ROUNDING = 1e-12

_ONE = np.eye(3)
_WM, _TM, _TP = range(3)


@dataclass(frozen=True, eq=False)
class MagnonCapacities:
    """What magnons and lattice store.

    Attributes:
        number: d n/d mu_m [1/(J m^3)].
        number_heat: d n/d T [1/(K m^3)].
        magnons, lattice: heat capacities [J/(K m^3)].
    """

    number: ArrayLike = 0.0
    number_heat: ArrayLike = 0.0
    magnons: ArrayLike = 0.0
    lattice: ArrayLike = 0.0


def magnon_insulator(
    magnet: str,
    *,
    temperature: ArrayLike,
    conductivity: ArrayLike,
    diffusion_length: ArrayLike,
    spin_seebeck: ArrayLike = 0.0,
    heat_conductivity: ArrayLike = 0.0,
    lattice_heat_conductivity: ArrayLike = 0.0,
    exchange_with_lattice: ArrayLike = 0.0,
    number_exchange: ArrayLike = 0.0,
    capacities: MagnonCapacities | None = None,
) -> Bulk:
    """The law of a magnetic insulator; symbols at the top.

    Args:
        magnet: its name, for the deposits.
        temperature: T_0 [K].
        conductivity, diffusion_length: sigma_m, lambda_m.
        spin_seebeck, heat_conductivity, lattice_heat_conductivity: zeta, kappa_m, kappa_p.
        exchange_with_lattice, number_exchange: G_mp, Gamma.

    Deposit "lattice:<magnet>" [A/m^3]: spin of magnons that relax, one row, along m.

    Raises:
        InputError: a value out of range, or the second law is broken; the message names the inequality.
    """
    t0, sigma, length, zeta, kappa, lattice, exchange, gamma = (
        as_weight(given)
        for given in (
            temperature,
            conductivity,
            diffusion_length,
            spin_seebeck,
            heat_conductivity,
            lattice_heat_conductivity,
            exchange_with_lattice,
            number_exchange,
        )
    )
    for key, value, unit in (
        ("temperature", t0, "K"),
        ("conductivity", sigma, "S/m"),
        ("diffusion_length", length, "m"),
    ):
        require_positive(key, value, unit)
    for key, value, unit in (
        ("heat_conductivity", kappa, "W/(K m)"),
        ("lattice_heat_conductivity", lattice, "W/(K m)"),
        ("exchange_with_lattice", exchange, "W/(K m^3)"),
    ):
        if not np.all(value >= 0):
            raise InputError(key, f"0 or positive [{unit}]", float(value.min()))
    loss, crossed = 2 * sigma / length**2, 2 * E_CHARGE * gamma * t0
    _require_law("heat_conductivity", "kappa_m >= T_0 zeta^2/(2 sigma_m)", 2 * sigma * kappa, t0 * zeta**2)
    _require_law(
        "exchange_with_lattice",
        "(2 sigma_m/lambda_m^2) G_mp >= 4 e^2 Gamma^2 T_0",
        loss * exchange * t0,
        crossed**2,
    )
    difference = _matrix((_TM, _TM, 1), (_TP, _TP, 1), (_TM, _TP, -1), (_TP, _TM, -1))
    mixed = _matrix((_WM, _TM, 1), (_WM, _TP, -1), (_TM, _WM, 1), (_TP, _WM, -1))
    relaxed = (Term(loss, np.asarray(1.0), _matrix((_WM, _WM, 1))), Term(crossed, np.asarray(1.0), mixed))
    return Bulk(
        fields=MAGNONS,
        A=present(
            (
                Term(2 * sigma, _ONE, _matrix((_WM, _WM, 1))),
                Term(zeta * t0, _ONE, _matrix((_WM, _TM, 1), (_TM, _WM, 1))),
                Term(kappa * t0, _ONE, _matrix((_TM, _TM, 1))),
                Term(lattice * t0, _ONE, _matrix((_TP, _TP, 1))),
            )
        ),
        R=present((*relaxed, Term(exchange * t0, np.asarray(1.0), difference))),
        C=_capacity(capacities or MagnonCapacities(), t0),
        deposits={f"lattice:{magnet}": Deposit(tuple(_row(t) for t in present(relaxed)), rows=1)},
        decay_lengths=_decay_lengths(sigma, zeta * t0, kappa * t0, lattice * t0, loss, crossed, exchange * t0),
    )


def _capacity(given: MagnonCapacities, t0: Array) -> Coefficient:
    number, mixed, magnons, lattice = (
        as_weight(g) for g in (given.number, given.number_heat, given.magnons, given.lattice)
    )
    for key, value, unit in (
        ("capacities.number", number, "1/(J m^3)"),
        ("capacities.magnons", magnons, "J/(K m^3)"),
        ("capacities.lattice", lattice, "J/(K m^3)"),
    ):
        if not np.all(value >= 0):
            raise InputError(key, f"0 or positive [{unit}]", float(value.min()))
    law = "(dn/dmu) C_m >= T_0 (dn/dT)^2"
    _require_law("capacities.number_heat", law, number * magnons, t0 * mixed**2)
    return present(
        (
            Term(4 * E_CHARGE**2 * number, np.asarray(1.0), _matrix((_WM, _WM, 1))),
            Term(2 * E_CHARGE * mixed * t0, np.asarray(1.0), _matrix((_WM, _TM, 1), (_TM, _WM, 1))),
            Term(magnons * t0, np.asarray(1.0), _matrix((_TM, _TM, 1))),
            Term(lattice * t0, np.asarray(1.0), _matrix((_TP, _TP, 1))),
        )
    )


def _matrix(*entries: tuple[int, int, float]) -> Array:
    fields = np.zeros((3, 3))
    for row, column, value in entries:
        fields[row, column] = value
    return fields


def _row(term: Term) -> Term:
    return Term(term.weight, term.spatial, term.fields[:1])


def _require_law(key: str, law: str, large: Array, small: Array) -> None:
    large, small = np.broadcast_arrays(large, small)
    if np.any(large < small * (1 - ROUNDING)):
        worst = np.unravel_index(int(np.argmin(large - small)), large.shape)
        received = f"a ratio of {large[worst] / small[worst]:.4g} between both sides"
        raise InputError(key, f"such that {law}", received, "this law would create energy")


def _decay_lengths(*numbers: Array) -> tuple[float, ...]:
    """Lengths [m] over which combinations of w_m, t_m, t_p decay, of every member of the weights."""
    sigma, zeta, kappa, lattice, loss, crossed, exchange = (a.ravel() for a in np.broadcast_arrays(*numbers))
    zero = np.zeros_like(sigma)
    a = np.stack([2 * sigma, zeta, zero, zeta, kappa, zero, zero, zero, lattice], -1).reshape(-1, 3, 3)
    r = np.stack([loss, crossed, -crossed, crossed, exchange, -exchange, -crossed, -exchange, exchange], -1)
    found = []
    for conduct, lose in zip(a, r.reshape(-1, 3, 3), strict=True):
        # Fields that do not conduct follow the others point by point.
        live = np.diag(conduct) > 0
        rates = np.linalg.eigvals(np.linalg.solve(conduct[np.ix_(live, live)], lose[np.ix_(live, live)])).real
        found += [1 / np.sqrt(rate) for rate in rates if rate > ROUNDING * np.abs(rates).max()]
    return tuple(sorted({float(length) for length in found}))
