"""Conductances from scattering amplitudes: circuit theory, Sharvin, and the second order in h_R (memory loss).

    g_s   = (e^2/h) S[1 - |r_s|^2],   g_mix = (e^2/h) S[1 - r_up r_dn^*],   Sharvin: (e^2/h) k^2/4 pi
    flips, for m along n, f = (1 + (m.n)^2)/2 of it elsewhere, eps = k_perp^2/|k_z|^2:
        G_NN    = h_R^2 (e^2/4h) S[eps |A_up|^2 |A_dn|^2]         G_FF    = h_R^2 (e^2/4h) S'[eps T_up T_dn]
        G_Nu_Fd = h_R^2 (e^2/4h) S[eps |A_up|^2 T_dn]             G_Nd_Fu = h_R^2 (e^2/4h) S[eps |A_dn|^2 T_up]
    g_s changes by h_R^2 (e^2/4h) S[eps T_s ((1 - f) |A_s|^2 - 2 Re(A_s (f A_-s + (1 - f) A_s)))]

S: sums per area over modes with real k_z; S': imaginary k_z too. The mixing conductance changes at the same order; it
is in the exact matching only.
Source: Brataas, Nazarov & Bauer, 2000; Kim et al., 2017, (A10) and (A18), the latter corrected: the flips are a
current between each pair of the four terminals, not a function of the difference across the interface.
"""

import numpy as np

from hanle.boundary.scattering.amplitudes import Amplitudes, Source
from hanle.boundary.scattering.coefficients import MemoryLoss
from hanle.boundary.scattering.model import Interface
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.tensors import Array

#: e^2/h [S]
QUANTUM = E_CHARGE**2 / (2 * np.pi * HBAR)


def circuit(source: Source, rtol: float | None = None) -> tuple[float, float, complex]:
    """g_up, g_dn, g_mix [S/m^2], bare: the Sharvin resistances are in them."""
    up, dn, real, imaginary = QUANTUM * source.total(_circuit_rows, rtol, "conductances").value
    return float(up), float(dn), complex(real, imaginary)


def sharvin(interface: Interface) -> tuple[float, float, float]:
    """Sharvin conductances of N, up and dn, per spin [S/m^2]; 0 for an empty band."""
    normal, up, dn = (float(QUANTUM * max(edge, 0.0) / (4 * np.pi)) for edge in interface.edges)
    return normal, up, dn


def memory_loss(source: Source, rtol: float | None = None) -> MemoryLoss:
    """Flips and the change of g_up, g_dn, to second order in h_R.

    Raises:
        QuadratureError: the sums diverge (logarithmically), because equal bands meet without a barrier.
    """
    sums = source.h_R**2 * QUANTUM * source.total(_loss_rows, rtol, "spin memory loss").value
    return MemoryLoss(*(float(s) for s in sums))


def _circuit_rows(found: Amplitudes) -> Array:
    mixing = np.where(found.propagates, 1 - found.r_up * found.r_dn.conj(), 0)
    own = [np.where(found.propagates, t, 0.0) for t in (found.T_up, found.T_dn)]
    return np.stack([*own, mixing.real, mixing.imag])


def _loss_rows(found: Amplitudes) -> Array:
    eps = found.k_perp2 / np.abs(found.k_z) ** 2
    up, dn, t_up, t_dn = found.A_up, found.A_dn, found.T_up, found.T_dn
    both, cross = np.abs(up * dn) ** 2, (up * dn).real
    own = (np.abs(up) ** 2, np.abs(dn) ** 2)
    squares = ((up**2).real, (dn**2).real)
    flips = [both / 4, own[0] * t_dn / 4, own[1] * t_up / 4, t_up * t_dn / 4]
    normal = [-cross * t / 2 for t in (t_up, t_dn)]
    plane = [-(cross + z) * t / 4 + o * t / 8 for z, o, t in zip(squares, own, (t_up, t_dn), strict=True)]
    return np.stack([eps * row for row in (*flips, *normal, *plane)])
