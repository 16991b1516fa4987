"""Sheets with terminals: Corbino disk, two-terminal square, van der Pauw, Hall bar with shorting ends.

Sheets have a uniform resistivity tensor [[rho_L, -rho_T], [rho_T, rho_L]] (rho_T = E_y/j_x at <j_y> = 0) and a
thickness t; where the tensor is anisotropic it is said so.
"""

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.closed_forms.film import Film
from hanle.pde.errors import InputError, SolveError
from hanle.pde.tensors import Array

_NEWTON_STEPS = 60


def corbino_film(
    film: Film, n: ArrayLike, theta: ArrayLike, inner: ArrayLike, outer: ArrayLike
) -> tuple[Array, Array]:
    """(R_0, R/R_0 - 1) of a Corbino disk made of `film`, to O(theta^2), field along `n` in any direction.

    R_0 = (rho/2 pi t) ln(b/a) [Ohm];  R/R_0 - 1 = theta^2 [(2 - Rp) + (Rp - Re Rt)(1 + n_z^2)/2]: the current is
    radial, and the correction is the film's rho_L averaged over its direction. Valid for thickness << inner radius.

    Args:
        film: the film.
        n: unit axis (..., 3).
        theta: spin Hall angle.
        inner, outer: radii a < b [m].
    """
    par, perp = film.deficits
    n_z = np.asarray(n, dtype=float)[..., 2]
    bare = np.asarray(film.rho) / (2 * np.pi * np.asarray(film.d)) * _log_ratio(inner, outer)
    relative = np.asarray(theta, dtype=float) ** 2 * (1.0 + par + (perp.real - par) * (1.0 + n_z**2) / 2)
    return np.asarray(bare), np.asarray(relative)


def corbino_resistance(
    rho_L: ArrayLike, rho_T: ArrayLike, thickness: ArrayLike, inner: ArrayLike, outer: ArrayLike
) -> Array:
    """Corbino disk of an isotropic Hall sheet [Ohm]: (rho_L/2 pi t) ln(b/a) (1 + (rho_T/rho_L)^2); exact."""
    longitudinal = np.asarray(rho_L, dtype=float)
    beta = np.asarray(rho_T) / longitudinal
    return np.asarray(longitudinal / (2 * np.pi * np.asarray(thickness)) * _log_ratio(inner, outer) * (1 + beta**2))


def square_resistance(rho_L: ArrayLike, rho_T: ArrayLike, thickness: ArrayLike) -> Array:
    """Two-terminal square, contacts along two full opposite edges [Ohm]: sqrt(rho_L^2 + rho_T^2)/t; exact."""
    return np.asarray(np.hypot(np.asarray(rho_L), np.asarray(rho_T)) / np.asarray(thickness))


def van_der_pauw(R_a: ArrayLike, R_b: ArrayLike, thickness: ArrayLike) -> Array:
    """rho [Ohm m] of any simply connected sheet: e^{-pi R_a t/rho} + e^{-pi R_b t/rho} = 1 (no Hall effect).

    Args:
        R_a, R_b: the two four-terminal resistances [Ohm], positive.
        thickness: t [m].
    """
    first, second = np.broadcast_arrays(np.asarray(R_a, dtype=float), np.asarray(R_b, dtype=float))
    if np.any(first <= 0) or np.any(second <= 0):
        raise InputError("R_a, R_b", "positive [Ohm]", [R_a, R_b])
    big, small = np.maximum(first, second), np.minimum(first, second)
    # the sum is convex and decreasing in v = pi t R_big/rho; v = ln 2 lies left of its root, so Newton climbs to it
    ratio = small / big
    v = np.full_like(big, np.log(2.0))
    for _ in range(_NEWTON_STEPS):
        rest = np.exp(-v) + np.expm1(-ratio * v)
        step = rest / (np.exp(-v) + ratio * np.exp(-ratio * v))
        v = v + step
        if np.all(np.abs(step) <= 1e-14 * v):
            return np.asarray(np.pi * np.asarray(thickness) * big / v)
    raise SolveError("van der Pauw's equation has not converged: R_a and R_b differ by too many decades")


def hall_geometry_factor(length: ArrayLike, width: ArrayLike, hall_angle: ArrayLike) -> Array:
    """Hall voltage of an L x W bar with contacts along its full ends, relative to an infinite bar.

    G_H = 1 - (16/pi^2) e^{-pi L/2W} [1 - (8/9) e^{-pi L/2W}] (1 - thH^2/3), tan thH = rho_T/rho_L, small thH
    (Lippmann and Kuhrt, 1958, quoted from the literature); refused below L/W = 0.85.
    """
    aspect = np.asarray(length, dtype=float) / np.asarray(width, dtype=float)
    if np.any(aspect < 0.85):
        raise InputError("length/width", "at least 0.85", aspect.tolist(), "shorter bars need a numerical solution")
    short = np.exp(-np.pi * aspect / 2)
    return np.asarray(
        1 - 16 / np.pi**2 * short * (1 - 8 / 9 * short) * (1 - np.asarray(hall_angle, dtype=float) ** 2 / 3)
    )


def isotropic_width(width: ArrayLike, rho_xx: ArrayLike, rho_yy: ArrayLike) -> tuple[Array, Array]:
    """(width', rho') of the isotropic sheet equivalent to one with principal axes x and y.

    y is rescaled by sqrt(rho_yy/rho_xx) and rho' = sqrt(rho_xx rho_yy); lengths along x and all resistances stay.
    """
    along, across = np.asarray(rho_xx, dtype=float), np.asarray(rho_yy, dtype=float)
    return np.asarray(np.asarray(width) * np.sqrt(across / along)), np.sqrt(along * across)


def _log_ratio(inner: ArrayLike, outer: ArrayLike) -> Array:
    a, b = np.asarray(inner, dtype=float), np.asarray(outer, dtype=float)
    if np.any(a <= 0) or np.any(b <= a):
        raise InputError("inner, outer", "0 < inner < outer [m]", [inner, outer])
    return np.asarray(np.log(b / a))
