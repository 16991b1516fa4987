"""In-plane currents near the interface, on the side of N: driven by a bias (first order), or by a field (second order).

With eps = k_perp^2/k_z^2 and sums per area over real k_z [S/m^2],

    G_Rr^{s s' s''} = - (h_R e^2/2h) S[eps A_s A_s' r_s''^*],    G_Rt^{s s'} = - (h_R e^2/2h) S[eps A_s T_s']

give charge and spin current densities along a unit vector e in the plane, v = e x n, N_s = u_N -+ m.w_N,
F_s = u_F -+ w_F for up, dn, and Im(G_Rr^{sss} + G_Rt^{ss}) = 0:

    j = (m.v) Im[G_Rt^{dd} (F_d - N_d) - G_Rt^{uu} (F_u - N_u)]
        + Im[(G_Rr^{udu} + G_Rr^{udd}) v.w + i (G_Rr^{udu} - G_Rr^{udd}) v.(m x w)],    w: across m, in N

The densities are those at z -> -0; they fade over the mean free path. A field along x drives, in N near the interface,

    j_x = E [conventional + isotropic + anisotropic (m_x^2 + 3 m_y^2)]

Source: Kim et al., 2017, (A12)-(A16), (A21); (A13b) and the weights of (A21) corrected.
"""

from dataclasses import dataclass

import numpy as np

from hanle.boundary.scattering.amplitudes import Amplitudes, Source
from hanle.boundary.scattering.landauer import QUANTUM
from hanle.pde.constants import E_CHARGE
from hanle.pde.tensors import Array


@dataclass(frozen=True)
class InPlane:
    """G_Rr and G_Rt [S/m^2]; the letters u, d are spins up, dn in the order of the definition."""

    r_udu: complex
    r_udd: complex
    r_uud: complex
    r_ddu: complex
    t_uu: complex
    t_dd: complex
    t_du: complex
    t_ud: complex


@dataclass(frozen=True)
class Bias:
    """Potentials at the interface [V]: u and w (3,) in N; u and w_F = m.w in F."""

    u_N: float
    w_N: Array
    u_F: float
    w_F: float


@dataclass(frozen=True)
class Resistance:
    """Current density per field near the interface, in N [S/m]; the last two to second order in h_R."""

    conventional: float
    isotropic: float
    anisotropic: float


def in_plane(source: Source, rtol: float | None = None) -> InPlane:
    """The coefficients.

    Raises:
        QuadratureError: they diverge, because equal bands meet without a barrier.
    """
    sums = -source.h_R * QUANTUM / 2 * source.total(_bias_rows, rtol, "in-plane currents").value
    return InPlane(*(complex(re, im) for re, im in zip(sums[::2], sums[1::2], strict=True)))


def currents(given: InPlane, bias: Bias, m: Array, along: Array, normal: Array) -> tuple[float, Array]:
    """Charge current and spin current (3,) along a unit vector in the plane [A/m^2], at z -> -0."""
    v = np.cross(along, normal)
    along_m, across = m @ bias.w_N, bias.w_N - m * (m @ bias.w_N)
    n_u, n_d = bias.u_N - along_m, bias.u_N + along_m
    f_u, f_d = bias.u_F - bias.w_F, bias.u_F + bias.w_F
    g, turned = given, np.cross(m, bias.w_N)
    up, dn = g.t_uu.imag * (f_u - n_u), g.t_dd.imag * (f_d - n_d)
    straight, aside = v @ across, v @ turned
    charge = (m @ v) * (dn - up)
    charge += ((g.r_udu + g.r_udd) * straight + 1j * (g.r_udu - g.r_udd) * aside).imag
    along_spin = (m @ v) * (dn + up)
    along_spin += (g.r_udd * (straight - 1j * aside) - g.r_udu * (straight + 1j * aside)).imag
    p = g.r_udu * n_u + g.t_du * f_u - np.conj(g.r_udd * n_d + g.t_ud * f_d)
    q = g.r_ddu + np.conj(g.r_uud)
    spin = m * along_spin + p.imag * (v - m * (m @ v)) + p.real * np.cross(m, v)
    spin += (m @ v) * (q.imag * across + q.real * turned)
    return float(charge), np.asarray(spin)


def resistance(source: Source, rtol: float | None = None) -> Resistance:
    """What the interface does to the current along it, driven in N; AMR is the last part.

    Raises:
        QuadratureError: the second order diverges, because a band meets an equal one without a barrier.
    """
    scale = E_CHARGE**2 * source.tau_N / (4 * np.pi * source.mass)
    first = float(source.total(_flow_rows, rtol, "current along the interface").value[0])
    second = source.h_R**2 * source.total(_resistance_rows, rtol, "resistance along the interface", floor=1.0).value
    return Resistance(scale * first, scale / 2 * float(second[0]), scale / 16 * float(second[1]))


def _bias_rows(found: Amplitudes) -> Array:
    eps = np.where(found.propagates, found.k_perp2 / np.abs(found.k_z) ** 2, 0.0)
    up, dn, r_up, r_dn = found.A_up, found.A_dn, found.r_up.conj(), found.r_dn.conj()
    reflected = (up * dn * r_up, up * dn * r_dn, up * up * r_dn, dn * dn * r_up)
    passed = (up * found.T_up, dn * found.T_dn, dn * found.T_up, up * found.T_dn)
    return np.stack([eps * part for value in (*reflected, *passed) for part in (value.real, value.imag)])


def _flow_rows(found: Amplitudes) -> Array:
    weight = np.where(found.propagates, found.k_perp2 / np.abs(found.k_z), 0.0)
    return np.asarray(weight * (2 + np.abs(found.r_up) ** 2 + np.abs(found.r_dn) ** 2))[None]


def _resistance_rows(found: Amplitudes) -> Array:
    weight = np.where(found.propagates, found.k_perp2**2 / np.abs(found.k_z) ** 3, 0.0)
    up, dn, r_up, r_dn = found.A_up, found.A_dn, found.r_up.conj(), found.r_dn.conj()
    own = (up * dn * (up.conj() * dn.conj() - up * r_up - dn * r_dn)).real
    split = (np.abs(up) ** 2 - np.abs(dn) ** 2) ** 2 - 2 * ((up - dn) * (up**2 * r_up - dn**2 * r_dn)).real
    squares, sizes = np.abs(up) ** 2 + np.abs(dn) ** 2, np.abs(up) + np.abs(dn)
    # Both cancel where the magnet insulates; the last row is of the size of their terms.
    return np.stack([weight * own, weight * split, weight * squares * (squares + sizes)])
