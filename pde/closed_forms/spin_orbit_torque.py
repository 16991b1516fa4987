"""Spin-orbit torque of a heavy metal film on a magnet: damping-like and field-like efficiency.

    xi = (1 - sech(d/l)) G/(G + tanh(d/l)/l),        G = 2 rho (G_r - G_s + i G_i)
    xi_DL = theta Re xi,        xi_FL = - theta Im xi

    torque per area on the magnet = (hbar/2e) sigma E [ xi_DL (y - m (m.y)) + xi_FL m x y ]    [J/m^2]

for a field E along x and the outward normal N of the metal at the magnet along z; otherwise y -> N x E/|E|. tau is
angular momentum given to the magnet (`hanle.pde.observables.torque`). The other face is free. l is the spin diffusion
length, or where field and moments share an axis the complex length across it. From w'' = w/l^2,
w' - s = - G w at the magnet and w' = s at the free face, s = theta E y (Haney et al., 2013, for real G).

Validity: to first order in theta what a circuit sees: E is the field in the film. Exact in theta at given E.
"""

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.closed_forms.channels import ComplexArray
from hanle.pde.closed_forms.film import Mixing
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.tensors import Array, unit


def absorbed_part(d: ArrayLike, l: ArrayLike, rho: ArrayLike, mixing: Mixing) -> ComplexArray:
    """xi, the part of the spin Hall current theta sigma E that the magnet takes up.

    Args:
        d: thickness of the film [m].
        l: spin diffusion length, or complex length across the moments [m].
        rho: Drude resistivity [Ohm m].
        mixing: conductances of the face.
    """
    inverse = 1.0 / np.asarray(l, dtype=complex)
    x = np.asarray(d, dtype=float) * inverse
    g = -2.0 * np.asarray(rho, dtype=float) * mixing.perp
    # 1 - sech x and tanh x with decaying exponentials; 1 - sech = (1 - e^{-x})^2/(1 + e^{-2x}).
    missing = np.expm1(-x) ** 2 / (1 + np.exp(-2 * x))
    return np.asarray(missing * g / (g + np.tanh(x) * inverse))


def efficiency(theta: ArrayLike, d: ArrayLike, l: ArrayLike, rho: ArrayLike, mixing: Mixing) -> tuple[Array, Array]:
    """(xi_DL, xi_FL): damping-like and field-like; theta is the spin Hall angle, the rest as `absorbed_part`."""
    part = absorbed_part(d, l, rho, mixing)
    angle = np.asarray(theta, dtype=float)
    return np.asarray(angle * part.real), np.asarray(-angle * part.imag)


def torque(
    efficiencies: tuple[ArrayLike, ArrayLike], rho: ArrayLike, field: ArrayLike, normal: ArrayLike, m: ArrayLike
) -> Array:
    """Angular momentum per area and time given to the magnet [J/m^2], (..., 3).

    Args:
        efficiencies: (xi_DL, xi_FL).
        rho: Drude resistivity [Ohm m].
        field: E in the film (..., 3) [V/m].
        normal: N, outward from the metal at the magnet (..., 3).
        m: unit vector of the moments (..., 3).
    """
    y, axis = np.cross(unit(normal), np.asarray(field, dtype=float)), np.asarray(m, dtype=float)
    damping, turning = (np.asarray(e, dtype=float)[..., None] for e in efficiencies)
    across = y - axis * np.einsum("...a,...a->...", axis, y)[..., None]
    scale = HBAR / (2 * E_CHARGE * np.asarray(rho, dtype=float))[..., None]
    return np.asarray(scale * (damping * across + turning * np.cross(axis, y)))
