"""From the spin response of a straight film to its resistivity: 2x2 sheet tensor, exact in theta and to O(theta^2).

    <j> = sigma (1 - 2 theta^2) E - theta^2 sigma z x (Rmat z x E)    (in the plane; exact, as j_z = 0 needs no u')

With Q = 1 - Rmat (3x3, the deficit tensor of `film` or `oblique`) this is <j> = sigma (1 - theta^2 P) E,
P = [[1 + Q_yy, -Q_yx], [-Q_xy, 1 + Q_xx]], so that every correction is a sum without cancellation.
rho_L = sigma_yy/det = E_x/j_x and rho_T = -sigma_yx/det = E_y/j_x at <j_y> = 0, current along x.
Corrections are relative to the Drude resistivity rho: rho_L/rho - 1 and rho_T/rho. The bulk value of the first is
2 theta^2/(1 - 2 theta^2).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.errors import InputError
from hanle.pde.tensors import Array


class Correction(NamedTuple):
    """Relative corrections of a film's resistivity."""

    longitudinal: Array  #: rho_L/rho - 1
    transverse: Array  #: rho_T/rho


def _loss(deficit: ArrayLike) -> Array:
    """P (..., 2, 2) of the module docstring from the deficit tensor (..., 3, 3)."""
    q = np.asarray(deficit, dtype=float)
    first = np.stack([1.0 + q[..., 1, 1], -q[..., 1, 0]], axis=-1)
    second = np.stack([-q[..., 0, 1], 1.0 + q[..., 0, 0]], axis=-1)
    return np.stack([first, second], axis=-2)


def _theta_squared(theta: ArrayLike) -> Array:
    square = np.asarray(theta, dtype=float) ** 2
    if np.any(square >= 0.5):
        raise InputError("theta", "smaller than 0.707 in magnitude (spin Hall angle)", theta)
    return square


def sigma_eff(deficit: ArrayLike, rho: ArrayLike, theta: ArrayLike) -> Array:
    """Effective conductivity (..., 2, 2) [S/m], exact in theta: <j_i> = sigma_eff_ij E_j.

    Args:
        deficit: 1 - Rmat, shape (..., 3, 3).
        rho: Drude resistivity [Ohm m], shape (...).
        theta: spin Hall angle, theta^2 < 1/2.
    """
    square = _theta_squared(theta)[..., None, None]
    return np.asarray((np.eye(2) - square * _loss(deficit)) / np.asarray(rho, dtype=float)[..., None, None])


def exact_correction(deficit: ArrayLike, theta: ArrayLike) -> Correction:
    """Corrections of a film of arbitrary theta (theta^2 < 1/2) for the deficit tensor (..., 3, 3)."""
    square, p = _theta_squared(theta), _loss(deficit)
    s_xx, s_yy = 1.0 - square * p[..., 0, 0], 1.0 - square * p[..., 1, 1]
    mixed = square**2 * p[..., 0, 1] * p[..., 1, 0]
    det = s_xx * s_yy - mixed
    longitudinal = (s_yy * square * p[..., 0, 0] + mixed) / det
    return Correction(np.asarray(longitudinal), np.asarray(square * p[..., 1, 0] / det))


def leading_correction(deficit: ArrayLike, theta: ArrayLike) -> Correction:
    """Corrections to O(theta^2), Zhang et al., 2019, Eq. (13) without the ordinary Hall term; error O(theta^4)."""
    square, p = np.asarray(theta, dtype=float) ** 2, _loss(deficit)
    return Correction(np.asarray(square * p[..., 0, 0]), np.asarray(square * p[..., 1, 0]))


def ordinary_hall(omega_c_tau: ArrayLike, n: ArrayLike) -> Array:
    """Ordinary Hall part of rho_T/rho to first order, -omega_c tau n_z, to be added to `transverse`.

    Args:
        omega_c_tau: Hall angle e B tau/m >= 0 of electrons.
        n: unit vector of the field, shape (..., 3).
    """
    return np.asarray(-np.asarray(omega_c_tau, dtype=float) * np.asarray(n, dtype=float)[..., 2])
