"""Integrals over magnons that make up spin and energy currents, with their derivatives.

For p = 0 (spin) and 1 (energy), theta = kB T_m, theta_e = kB T_e,

    K_p(mu_ab) = Int D E^p (E - mu_ab) {n[(E - mu)/theta] - n[(E - mu_ab)/theta_e]} d eps
               = n_{p+1}(theta, mu) - mu_ab n_p(theta, mu) - Phi_p(theta_e, mu_ab)                       [J^{p+1}/m^3]
    n_p = Int D E^p n[(E - mu)/theta],      Phi_p = Int D E^p w n(w/theta_e),   w = E - mu_ab

Parabolic magnons, C = (4 pi A)^{-3/2}, d = (gap - mu)/theta, y = (gap - mu_ab)/theta_e:

    Int D eps^j n = C c_j theta^{3/2+j} L_{3+2j}(d),  c_j = Gamma(3/2+j)/Gamma(3/2)
    Phi_0 = C theta_e^{5/2} h_0(y),                   Phi_1 = C [theta_e^{7/2} h_1(y) + gap theta_e^{5/2} h_0(y)]

with L_k, h_p of `hanle.boundary.magnons.polylogarithms`. Where the three parts of K_p cancel to less than CANCELLED of
their sum, as they do near equilibrium, the value is the sum over energies of `hanle.boundary.magnons.quadrature`, which
does not cancel; derivatives never cancel. Other magnons: always by quadrature.
Relative error for parabolic magnons: 1e-12 of K_p, 1e-9 of derivatives; for others 1e-9.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from hanle.boundary.magnons import quadrature
from hanle.boundary.magnons.divided import divided
from hanle.boundary.magnons.polylogarithms import bose_integrals, polylogarithms
from hanle.boundary.magnons.quadrature import Reservoirs
from hanle.boundary.magnons.spectrum import Parabolic, Spectrum
from hanle.pde.tensors import Array

#: |K_p| over the sum of its parts below which rounding of the polylogarithms would exceed 1e-12 of K_p.
CANCELLED: Final = 1e-3


@dataclass(frozen=True, eq=False)
class Integrals:
    """K_p(mu_ab) at mu_ab = 0, u, -u, as functions of Q = u^2; first axis p = 0, 1, last axis points.

    Attributes:
        zero: K_p(0) and its derivatives with respect to mu, theta, theta_e, (2, 4, points).
        odd: [K_p(u) - K_p(-u)]/(2u) and its derivatives with respect to Q, mu, theta, theta_e, (2, 5, points).
        even: [K_p(u) + K_p(-u) - 2 K_p(0)]/(2Q) and the same derivatives, (2, 5, points).
        density: n_0 [1/m^3] and its derivatives with respect to mu, theta, (3, points).
    """

    zero: Array
    odd: Array
    even: Array
    density: Array


def occupations(spectrum: Spectrum, theta: Array, mu: Array) -> Array:
    """n_p for p = 0, 1, 2 [J^p/m^3] and derivatives: (value, by mu, by theta), p, points."""
    if not isinstance(spectrum, Parabolic):
        return quadrature.occupations(spectrum, theta, mu)
    a, gap = np.asarray(spectrum.stiffness), np.asarray(spectrum.gap)
    d = (gap - mu) / theta
    scale = theta**1.5 / (4 * np.pi * a) ** 1.5
    polylogs = polylogarithms((1, 3, 5, 7), d)
    moments = np.empty((3, 3, theta.size))  # of eps^j
    for j, factor in enumerate((1.0, 1.5, 3.75)):
        size = factor * scale * theta**j
        value, below = size * polylogs[j + 1], size * polylogs[j] / theta
        moments[:, j] = value, below, (1.5 + j) * value / theta + d * below
    first = moments[:, 1] + gap * moments[:, 0]
    second = moments[:, 2] + gap * (2 * moments[:, 1] + gap * moments[:, 0])
    return np.stack([moments[:, 0], first, second], axis=1)


def integrals(spectrum: Spectrum, state: Reservoirs) -> Integrals:
    """The integrals at u = `state.mu_ab` >= 0."""
    n, u = occupations(spectrum, state.theta, state.mu), state.mu_ab
    zero, odd, even = _electrons(spectrum, state.theta_e, u)
    at_rest = Reservoirs(state.theta, state.mu, state.theta_e, np.zeros_like(u))
    value = _value(spectrum, at_rest, (n[0, 1:], zero[:, 0]))
    # K_p(0) = n_{p+1} - Phi_p(0); the odd part of K_p/u is - n_p - Phi_odd, its even part - Phi_even
    none = np.zeros_like(n[:, :2])
    zero = np.stack([value, n[1, 1:], n[2, 1:], -zero[:, 1]], axis=1)
    odd = np.stack([-n[0, :2] - odd[:, 0], -odd[:, 1], -n[1, :2], -n[2, :2], -odd[:, 2]], axis=1)
    even = np.stack([-even[:, 0], -even[:, 1], none[1], none[2], -even[:, 2]], axis=1)
    return Integrals(zero, odd, even, n[:, 0])


def channel(spectrum: Spectrum, state: Reservoirs) -> Array:
    """K_p(mu_ab) and its derivatives with respect to mu_ab, mu, theta, theta_e, (2, 5, points)."""
    n, u = occupations(spectrum, state.theta, state.mu), state.mu_ab
    phi, by_u, by_theta = _emission(spectrum, state.theta_e, u)
    value = _value(spectrum, state, (n[0, 1:], -u * n[0, :2], phi))
    by_mu, by_magnons = n[1, 1:] - u * n[1, :2], n[2, 1:] - u * n[2, :2]
    return np.stack([value, -n[0, :2] - by_u, by_mu, by_magnons, -by_theta], axis=1)


def _value(spectrum: Spectrum, state: Reservoirs, parts: tuple[Array, ...]) -> Array:
    """K_p, (2, points), from its parts, the last of which is Phi_p, or by quadrature."""
    if not isinstance(spectrum, Parabolic):
        return quadrature.difference(spectrum, state)
    value = np.asarray(sum(parts[:-1]) - parts[-1])
    cancelled = np.any(np.abs(value) < CANCELLED * sum(np.abs(part) for part in parts), axis=0)
    if np.any(cancelled):
        rows = np.flatnonzero(cancelled)
        magnons = Parabolic(np.asarray(spectrum.stiffness)[rows], np.asarray(spectrum.gap)[rows])
        few = Reservoirs(state.theta[rows], state.mu[rows], state.theta_e[rows], state.mu_ab[rows])
        value[:, rows] = quadrature.difference(magnons, few)
    return value


def _electrons(spectrum: Spectrum, theta: Array, u: Array) -> tuple[Array, Array, Array]:
    """Phi_p at u = 0 (value, by theta), and its odd and even parts (value, by Q, by theta); (2, 2 or 3, points)."""
    q = (u / theta) ** 2
    if not isinstance(spectrum, Parabolic):
        return _scaled(quadrature.emissions(spectrum, theta, u), 1.0, theta, q)
    y = np.asarray(spectrum.gap) / theta
    rows = (
        np.stack(divided(bose_integrals, y, u / theta).rows(y))
        / (4 * np.pi * np.asarray(spectrum.stiffness)) ** 1.5
    )
    spin, energy = _scaled(rows[:, :1], 2.5, theta, q), _scaled(rows[:, 1:], 3.5, theta, q)
    zero, odd, even = (
        np.concatenate([s, e + np.asarray(spectrum.gap) * s]) for s, e in zip(spin, energy, strict=True)
    )
    return zero, odd, even


def _scaled(rows: Array, m: float, theta: Array, q: Array) -> tuple[Array, Array, Array]:
    """Parts of theta^m f(y - v), y ~ 1/theta and v = u/theta, from `Divided.rows` of f; `q` = v^2."""
    value, value_y, odd, odd_y, odd_q, even, even_y, even_q = rows
    zero = [theta**m * value, theta ** (m - 1) * (m * value - value_y)]
    by_theta = (m - 1) * odd - odd_y - 2 * q * odd_q
    first = [-(theta ** (m - 1)) * odd, -(theta ** (m - 3)) * odd_q, -(theta ** (m - 2)) * by_theta]
    by_theta = (m - 2) * even - even_y - 2 * q * even_q
    second = [theta ** (m - 2) * even, theta ** (m - 4) * even_q, theta ** (m - 3) * by_theta]
    return np.stack(zero, axis=1), np.stack(first, axis=1), np.stack(second, axis=1)


def _emission(spectrum: Spectrum, theta: Array, u: Array) -> tuple[Array, Array, Array]:
    """Phi_p(theta, u) and its derivatives with respect to u and theta, each (2, points)."""
    if not isinstance(spectrum, Parabolic):
        value, slope, with_y = quadrature.slopes(spectrum, Reservoirs(theta, np.zeros_like(u), theta, u))
        return theta * value, -slope, value - with_y
    gap = np.asarray(spectrum.gap)
    y = (gap - u) / theta
    h = bose_integrals(y) / (4 * np.pi * np.asarray(spectrum.stiffness)) ** 1.5
    power = np.array([2.5, 3.5])[:, None]
    value, by_u = theta**power * h[:, 0], -(theta ** (power - 1)) * h[:, 1]
    by_theta = theta ** (power - 1) * (power * h[:, 0] - y * h[:, 1])
    for part in (value, by_u, by_theta):
        part[1] += gap * part[0]
    return value, by_u, by_theta
