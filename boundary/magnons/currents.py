"""Exchange through magnons for any spin accumulation, magnon potential below the gap and temperatures.

Electrons of N flip between their spins along mu_s and create or absorb a magnon: channels (a, b), a, b = +-1, with
mu_ab = (a - b) |mu_s|/2 and the weight W_ab = (1 + a c)(1 - b c), c = m.mu_s/|mu_s|. With K_p(mu_ab) of
`hanle.boundary.magnons.integrals`

    M_ab = (g_r/4 pi s) K_0(mu_ab)   [J/m^2]       N_ab = (g_r/4 pi hbar s) K_1(mu_ab)   [W/m^2]

    i    = - sum M_ab [W_ab m + (a/2 - b/2 - a b c) (n' - c m)] + (1/4 pi) [f_r g_r mu_perp + f_i g_i m x mu_s]
    qdot = - sum W_ab N_ab,         n' = mu_s/|mu_s|,   f_r = 1 - 2n/s,   f_i = 1 - n/s

Sum rules: m.i = - sum W_ab M_ab and n'.i = - sum (a - b)/2 W_ab M_ab, for the part of the magnons. Evaluated without
|mu_s| in a denominator: with Q = mu_s^2, A = m.mu_s and the zero, odd (H) and even (F) parts of M and N,

    i    = - [4 M_0 + 2 Q F + 2 A H] m - 2 (H + A F) mu_s + elastic part
    qdot = - [4 N_0 + 2 (Q + A^2) F_N + 4 A H_N]

Source: Bender & Tserkovnyak, 2015, Eqs (1)-(3), n = -m, with the sign of the second term of Eq. (2) corrected.
Validity: first order in n/s; magnons in equilibrium among themselves at mu_m, T_m; m at rest or moving slowly.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hanle.boundary.magnons.admissible import require_state
from hanle.boundary.magnons.exchange import MagnonExchange
from hanle.boundary.magnons.integrals import Integrals, channel, integrals
from hanle.boundary.magnons.linear import elastic_factors, prefactor
from hanle.boundary.magnons.quadrature import Reservoirs
from hanle.pde.constants import HBAR, K_B
from hanle.pde.tensors import Array, cross_matrix, outer, unit

#: Columns of the Jacobian after the three of mu_s.
MU_M, T_M, T_E = 3, 4, 5


@dataclass(frozen=True, eq=False)
class Currents:
    """What crosses from N to F at each state, (...) the shape of the states.

    Attributes:
        i: angular momentum per area and time that N loses [J/m^2], (..., 3); N.J = -(2e/hbar) i. Along m it is carried
            by magnons, m.i/hbar of them; across m it is the torque on the moments -i_perp.
        qdot: energy from the electrons of N to the magnons [W/m^2], (...).
        jacobian: derivatives of (i_x, i_y, i_z, qdot) with respect to (mu_s x, y, z [J], mu_m [J], T_m, T_e [K]),
            (..., 4, 6).
        turning: derivatives of the same with respect to m, (..., 4, 3), for changes across m: turning @ m = 0.
    """

    i: Array
    qdot: Array
    jacobian: Array
    turning: Array


@dataclass(frozen=True, eq=False)
class Channel:
    """M_ab [J/m^2], N_ab [W/m^2] and derivatives with respect to (mu_ab [J], mu_m [J], T_m, T_e [K]), (..., 4)."""

    M: Array
    N: Array
    M_slopes: Array
    N_slopes: Array


def currents(
    exchange: MagnonExchange, m: ArrayLike, mu_s: ArrayLike, mu_m: ArrayLike, T_m: ArrayLike, T_e: ArrayLike
) -> Currents:
    """Currents and their derivatives; all arguments and the parameters broadcast.

    Args:
        m: direction of the moments, (..., 3); normalised here.
        mu_s: spin accumulation 2 e w [J], (..., 3).
        mu_m: magnon potential 2 e w_m [J], below the gap.
        T_m, T_e: temperatures of the magnons and of the electrons of N [K], > 0.

    Raises:
        CondensationError: mu_m reaches the gap.
        InputError: T <= 0, or more magnons than half the saturation density.
    """
    axis, drive = (np.asarray(v, dtype=float) for v in (unit(m), mu_s))
    shape = np.broadcast_shapes(
        axis.shape[:-1], drive.shape[:-1], *(np.shape(v) for v in (mu_m, T_m, T_e)), _shape(exchange)
    )
    axis, drive = (np.broadcast_to(v, (*shape, 3)).reshape(-1, 3) for v in (axis, drive))
    state = _reservoirs(exchange, shape, np.linalg.norm(drive, axis=-1), mu_m, T_m, T_e)
    found = integrals(exchange.spectrum.spread(shape), state)
    factor = _broadcast(prefactor(exchange) / 4, shape)
    spin, spin_slopes, spin_turning = _spin(found, factor, axis, drive)
    heat, heat_slopes, heat_turning = _heat(found, factor / HBAR, axis, drive)
    elastic, elastic_slopes, elastic_turning = _elastic(exchange, shape, found.density, axis, drive)
    jacobian = np.concatenate([spin_slopes + elastic_slopes, heat_slopes[:, None]], axis=1)
    jacobian[..., [T_M, T_E]] *= K_B
    turning = np.concatenate([spin_turning + elastic_turning, heat_turning[:, None]], axis=1)
    turning = turning @ (np.eye(3) - outer(axis))
    return Currents(
        i=(spin + elastic).reshape(*shape, 3),
        qdot=heat.reshape(shape),
        jacobian=jacobian.reshape(*shape, 4, 6),
        turning=turning.reshape(*shape, 4, 3),
    )


def channels(
    exchange: MagnonExchange, mu_ab: ArrayLike, mu_m: ArrayLike, T_m: ArrayLike, T_e: ArrayLike
) -> Channel:
    """M_ab and N_ab; arguments as in `currents`, mu_ab [J] of any sign."""
    shape = np.broadcast_shapes(*(np.shape(v) for v in (mu_ab, mu_m, T_m, T_e)), _shape(exchange))
    state = _reservoirs(
        exchange, shape, np.broadcast_to(np.asarray(mu_ab, dtype=float), shape).ravel(), mu_m, T_m, T_e
    )
    found = channel(exchange.spectrum.spread(shape), state) * _broadcast(prefactor(exchange) / 4, shape)
    found = np.moveaxis(found.reshape(2, 5, *shape), 1, -1) * np.array([1.0, 1.0, 1.0, K_B, K_B])
    return Channel(found[0, ..., 0], found[1, ..., 0] / HBAR, found[0, ..., 1:], found[1, ..., 1:] / HBAR)


def _spin(found: Integrals, factor: Array, m: Array, mu_s: Array) -> tuple[Array, Array, Array]:
    """i of the magnons and its derivatives with respect to (mu_s, mu, theta, theta_e) and m."""
    q, along = np.sum(mu_s**2, axis=-1), np.sum(m * mu_s, axis=-1)
    zero, odd, even = factor * found.zero[0], factor * found.odd[0], factor * found.even[0]
    alpha = 4 * zero[0] + 2 * q * even[0] + 2 * along * odd[0]
    beta = odd[0] + along * even[0]
    # by Q, by A, then by mu, theta, theta_e
    alpha_q, alpha_a = 2 * even[0] + 2 * q * even[1] + 2 * along * odd[1], 2 * odd[0]
    beta_q, beta_a = odd[1] + along * even[1], even[0]
    rest = 4 * zero[1:] + 2 * q * even[2:] + 2 * along * odd[2:], odd[2:] + along * even[2:]
    vectors, eye = (m[:, :, None], mu_s[:, :, None]), np.eye(3)
    by_drive = (
        -vectors[0] * (_by(2 * alpha_q, mu_s) + _by(alpha_a, m))
        - 2 * vectors[1] * (_by(2 * beta_q, mu_s) + _by(beta_a, m))
        - 2 * beta[:, None, None] * eye
    )
    by_rest = -vectors[0] * rest[0].T[:, None] - 2 * vectors[1] * rest[1].T[:, None]
    by_m = -alpha[:, None, None] * eye - vectors[0] * _by(alpha_a, mu_s) - 2 * vectors[1] * _by(beta_a, mu_s)
    value = -alpha[:, None] * m - 2 * beta[:, None] * mu_s
    return value, np.concatenate([by_drive, by_rest], axis=-1), by_m


def _heat(found: Integrals, factor: Array, m: Array, mu_s: Array) -> tuple[Array, Array, Array]:
    """qdot and its derivatives, (points,), (points, 6), (points, 3)."""
    q, along = np.sum(mu_s**2, axis=-1), np.sum(m * mu_s, axis=-1)
    zero, odd, even = factor * found.zero[1], factor * found.odd[1], factor * found.even[1]
    size = q + along**2
    value = -(4 * zero[0] + 2 * size * even[0] + 4 * along * odd[0])
    by_q = -(2 * even[0] + 2 * size * even[1] + 4 * along * odd[1])
    by_a = -(4 * along * even[0] + 4 * odd[0])
    rest = -(4 * zero[1:] + 2 * size * even[2:] + 4 * along * odd[2:])
    by_drive = 2 * by_q[:, None] * mu_s + by_a[:, None] * m
    return value, np.concatenate([by_drive, rest.T], axis=-1), by_a[:, None] * mu_s


def _elastic(
    exchange: MagnonExchange, shape: tuple[int, ...], density: Array, m: Array, mu_s: Array
) -> tuple[Array, Array, Array]:
    """Elastic part of i and its derivatives; magnons reduce it."""
    real, imaginary = (
        _broadcast(np.asarray(g) / (4 * np.pi), shape)[:, None] for g in (exchange.g_r, exchange.g_i)
    )
    reduced, turned = (f.ravel()[:, None] for f in elastic_factors(exchange, density.reshape(3, *shape)[0]))
    along, aside = np.sum(m * mu_s, axis=-1)[:, None], np.cross(m, mu_s)
    across = mu_s - along * m
    value = reduced * real * across + turned * imaginary * aside
    s = _broadcast(exchange.spin_density, shape)[:, None]
    per_magnon = -exchange.crowding / s * (2 * real * across + imaginary * aside)
    by_drive = (reduced * real)[..., None] * (np.eye(3) - outer(m)) + (turned * imaginary)[
        ..., None
    ] * cross_matrix(m)
    by_rest = (
        per_magnon[:, :, None] * np.stack([density[1], density[2], np.zeros_like(density[0])], axis=-1)[:, None]
    )
    by_m = -(reduced * real)[..., None] * (along[..., None] * np.eye(3) + m[:, :, None] * mu_s[:, None])
    by_m -= (turned * imaginary)[..., None] * cross_matrix(mu_s)
    return value, np.concatenate([by_drive, by_rest], axis=-1), by_m


def _by(scale: Array, vector: Array) -> Array:
    """Rows that multiply a column: (points, 1, 3)."""
    return np.asarray((scale[:, None] * vector)[:, None, :])


def _reservoirs(
    exchange: MagnonExchange, shape: tuple[int, ...], mu_ab: Array, mu_m: ArrayLike, T_m: ArrayLike, T_e: ArrayLike
) -> Reservoirs:
    require_state(exchange, mu_m, T_m, T_e)
    mu, hot, cold = (_broadcast(v, shape) for v in (mu_m, T_m, T_e))
    return Reservoirs(K_B * hot, mu, K_B * cold, mu_ab)


def _broadcast(values: ArrayLike, shape: tuple[int, ...]) -> Array:
    return np.broadcast_to(np.asarray(values, dtype=float), shape).ravel()


def _shape(exchange: MagnonExchange) -> tuple[int, ...]:
    given = (exchange.g_r, exchange.g_i, exchange.spin_density, exchange.inelastic_scale)
    return np.broadcast_shapes(exchange.spectrum.shape, *(np.shape(v) for v in given))
