"""One magnet that moves as a whole beside a metal film: torque, spin pumping and what flows back.

    dm/dt  = -gamma m x B + alpha m x dm/dt - i_perp/(hbar s d_F)
    i_perp = (1/4 pi) [g_r (mu_perp - hbar m x dm/dt) + g_i (m x mu + hbar dm/dt)]

    m              direction of the moments of the magnet, d_F thick
    s       1/m^3  its spin density, less that of its magnons: M_s/(hbar gamma)
    mu      J      spin accumulation mu_s of the metal at the magnet, mu_perp = mu - m (m.mu)
    i_perp  J/m^2  angular momentum per area that the metal loses
    g_r, g_i 1/m^2 mixing conductance, total real part and imaginary part; G_r - G_s = (e^2/h) g_r, G_i = -(e^2/h) g_i

Every angular frequency is positive for the sense in which moments precess about m0 || B: that of dm/dt = gamma B x m.
Source: Bender & Tserkovnyak, 2015, Eqs (4) and (11), with their n = -m; Tserkovnyak et al., 2002.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.closed_forms.channels import ComplexArray
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.tensors import Array


@dataclass(frozen=True, eq=False)
class AxialDrive:
    """B and mu both along z.

    Attributes:
        omega: gamma B_z [rad/s].
        u: mu_z/hbar [rad/s].
        alpha: Gilbert damping of the magnet alone.
        damping: alpha'_r = g_r/(4 pi s d_F).
        inertia: alpha'_i = g_i/(4 pi s d_F).
    """

    omega: ArrayLike
    u: ArrayLike
    alpha: ArrayLike
    damping: ArrayLike
    inertia: ArrayLike = 0.0


def enhancement(mixing: ArrayLike, spin_density: ArrayLike, thickness: ArrayLike) -> Array:
    """alpha' = g/(4 pi s d_F) of one part of a mixing conductance [1/m^2].

    Args:
        mixing: g_r or Re g_eff for the damping; g_i or -Im g_eff for `AxialDrive.inertia`.
        spin_density: s [1/m^3].
        thickness: d_F [m].
    """
    g, s, d = (np.asarray(v, dtype=float) for v in (mixing, spin_density, thickness))
    return np.asarray(g / (4 * np.pi * s * d))


def axial_rates(drive: AxialDrive) -> tuple[Array, Array]:
    """R and the angular frequency of precession about +z [rad/s]; m_z = tanh(R t + c), see `axial_motion`.

    With a = alpha + alpha'_r and b = alpha'_i,

        R = [a (omega + b u) - (1 + b) alpha'_r u]/[(1 + b)^2 + a^2]
        precession = [(1 + b) (omega + b u) + a alpha'_r u]/[(1 + b)^2 + a^2]
    """
    omega, u, alpha, r, b = _values(drive)
    a, whole = alpha + r, omega + b * u
    size = (1 + b) ** 2 + a**2
    return np.asarray((a * whole - (1 + b) * r * u) / size), np.asarray(((1 + b) * whole + a * r * u) / size)


def axial_motion(drive: AxialDrive, start: ArrayLike, time: ArrayLike) -> Array:
    """m(t), (..., 3), from m(0) = `start` (3,) off the poles; `time` [s] of shape (...)."""
    begin, t = np.asarray(start, dtype=float), np.asarray(time, dtype=float)
    towards, turning = axial_rates(drive)
    m_z = np.tanh(np.arctanh(begin[2]) + towards * t)
    across = np.sqrt(1 - m_z**2)
    angle = np.arctan2(begin[1], begin[0]) + turning * t
    return np.stack([across * np.cos(angle), across * np.sin(angle), m_z], axis=-1)


def threshold(drive: AxialDrive) -> Array:
    """mu [J] above which m along B is unstable: hbar omega a/[(1 + b) alpha'_r - a b]; `drive.u` is not used.

    Without b: hbar omega (1 + alpha/alpha'_r). Infinite where no drive is strong enough.
    """
    omega, _, alpha, r, b = _values(drive)
    a = alpha + r
    gain = (1 + b) * r - a * b
    found = np.full(np.broadcast_shapes(np.shape(omega * a), np.shape(gain)), np.inf)
    return np.asarray(np.divide(HBAR * omega * a, gain, out=found, where=gain > 0))


def backflow(
    mixing: ArrayLike,
    thickness: ArrayLike,
    lam: ArrayLike,
    sigma: ArrayLike,
    omega: ArrayLike = 0.0,
    omega_l: ArrayLike = 0.0,
    diffusion: ArrayLike = np.inf,
) -> ComplexArray:
    """g_eff = g/(1 + g Z/4 pi), g = g_r - i g_i, of a magnet on a film whose other face is free [1/m^2].

        Z = (4 e^2/hbar) (L/sigma) coth(d/L),   1/L^2 = 1/lambda^2 - i (omega - omega_L)/D

    for a small precession at omega; electrons that precess as fast as m do not dephase. Re g_eff damps, -Im g_eff is
    the effective g_i. 0 for d -> 0 or lambda -> infinity: without a sink nothing is pumped.

    Args:
        mixing: g_r - i g_i [1/m^2].
        thickness: d of the film [m].
        lam: spin diffusion length [m].
        sigma: Drude conductivity [S/m].
        omega: of m [rad/s].
        omega_l: Larmor frequency of the electrons of the film [rad/s], positive for B along m0.
        diffusion: D [m^2/s].
    """
    g = np.asarray(mixing, dtype=complex)
    beat = (np.asarray(omega, dtype=float) - np.asarray(omega_l, dtype=float)) / np.asarray(diffusion, dtype=float)
    inverse = np.sqrt(1 / np.asarray(lam, dtype=float) ** 2 - 1j * beat)
    resistance = 4 * E_CHARGE**2 / HBAR / (np.asarray(sigma) * inverse * np.tanh(np.asarray(thickness) * inverse))
    return np.asarray(g / (1 + g * resistance / (4 * np.pi)))


def pumped_spin(effective: ArrayLike, omega: ArrayLike, cone: ArrayLike) -> Array:
    """Mean angular momentum along m0 that precession at a small angle hands to the film [J/m^2].

        i_s = (hbar omega/4 pi) Re g_eff sin^2(cone)

    Args:
        effective: g_eff of `backflow` [1/m^2].
        omega: of the precession about m0 [rad/s]; the stable one is positive.
        cone: angle between m and m0 [rad].
    """
    w, angle = np.asarray(omega, dtype=float), np.asarray(cone, dtype=float)
    return np.asarray(HBAR * w / (4 * np.pi) * np.real(effective) * np.sin(angle) ** 2)


def spin_pumping_field(
    i_s: ArrayLike, theta: ArrayLike, thickness: ArrayLike, lam: ArrayLike, sigma: ArrayLike
) -> Array:
    """E_x [V/m] of a film on top of the magnet (z > 0), open along x, where spin +y flows in along +z.

        E_x = theta l (2e/hbar) i_s/{sigma [d (1 - 2 theta^2) + 2 theta^2 l]},   l = lambda tanh(d/2 lambda)

    Args:
        i_s: angular momentum per area that enters [J/m^2], of `pumped_spin`.
        theta: spin Hall angle.
        thickness, lam: d and spin diffusion length of the film [m].
        sigma: Drude conductivity [S/m].
    """
    flow, angle, d, length, s = (np.asarray(v, dtype=float) for v in (i_s, theta, thickness, lam, sigma))
    reach = length * np.tanh(d / (2 * length))
    whole = s * (d * (1 - 2 * angle**2) + 2 * angle**2 * reach)
    return np.asarray(angle * reach * 2 * E_CHARGE / HBAR * flow / whole)


def threshold_field(drive: AxialDrive, theta: ArrayLike, thickness: ArrayLike, lam: ArrayLike) -> Array:
    """E [V/m] in a film with spin Hall angle theta at which auto-oscillation sets in, m along the spin accumulation.

        2 e theta lambda E tanh(d/2 lambda) = `threshold`

    The damping in `drive` is that of Re g_eff (`backflow`), g_s = 0; `thickness` and `lam` are those of the film [m].
    """
    angle, d, length = (np.asarray(v, dtype=float) for v in (theta, thickness, lam))
    return np.asarray(threshold(drive) / (2 * E_CHARGE * angle * length * np.tanh(d / (2 * length))))


def _values(drive: AxialDrive) -> tuple[Array, Array, Array, Array, Array]:
    given = (drive.omega, drive.u, drive.alpha, drive.damping, drive.inertia)
    omega, u, alpha, r, b = (np.asarray(v, dtype=float) for v in given)
    return omega, u, alpha, r, b
