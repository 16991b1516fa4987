"""Corrections from edges and curved surfaces: half space, rectangular bar, round wire.

The current flows along x. Lengths lam and Lam are those of `channels`; corrections are relative to the Drude
resistivity and formed without cancellation.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ive

from hanle.pde.closed_forms.channels import ComplexArray, channel_tensor, fraction
from hanle.pde.closed_forms.film import film_deficit
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array


def half_space_accumulation(z: ArrayLike, lam: ArrayLike, Lam: ArrayLike, n: ArrayLike, source: ArrayLike) -> Array:
    """w = -T[l e^{-z/l}] s [V], shape (..., 3), below a vacuum surface: w'' = M w, w'(0) = s (Dyakonov, 2007).

    Args:
        z: depth below the surface, z >= 0 [m], along the inward normal.
        lam, Lam: length along n and complex transverse length [m].
        n: unit axis of the field (..., 3).
        source: s = theta N x E with N the inward normal (..., 3) [V/m].
    """
    depth = np.asarray(z, dtype=float)
    par, perp = (np.asarray(l, dtype=complex) for l in (lam, Lam))
    tensor = channel_tensor(-par * np.exp(-depth / par), -perp * np.exp(-depth / perp), n)
    return np.asarray((tensor @ np.asarray(source, dtype=float)[..., None])[..., 0])


def bar_correction(
    width: ArrayLike, d: ArrayLike, lam: ArrayLike, Lam: ArrayLike, n: ArrayLike, theta: ArrayLike
) -> Array:
    """rho_L/rho - 1 of a bar of width along y and thickness d along z in vacuum, to O(theta^2), exact in width/d.

    rho_L/rho = 1 + theta^2 [2 - R^(d)_yy - R^(width)_zz]: at this order faces and edges superpose, because the
    potential they induce is itself O(theta^2). The field may point along any unit axis n (..., 3). Tends to 0 for a
    thin wire and to the film value for a wide one.
    """
    face, edge = (
        channel_tensor(film_deficit(0.0, lam, size, 1.0), film_deficit(0.0, Lam, size, 1.0), n)
        for size in (d, width)
    )
    return np.asarray(np.asarray(theta, dtype=float) ** 2 * (face[..., 1, 1] + edge[..., 2, 2]))


def bar_correction_exact(width: ArrayLike, d: ArrayLike, lam: ArrayLike, theta: ArrayLike) -> Array:
    """rho_L/rho - 1 of the same bar without field, exact in theta: 1/[1 - theta^2 (2 - R(d) - R(width))] - 1."""
    loss = (film_deficit(0.0, lam, d, 1.0) + film_deficit(0.0, lam, width, 1.0)).real
    return _from_loss(np.asarray(theta, dtype=float) ** 2 * loss)


def wire_response(G_perp: ArrayLike, Lam: ArrayLike, radius: ArrayLike, rho: ArrayLike) -> ComplexArray:
    """F = (L/a) I1/(I1' - kappa L I1) at a/L of a round wire: 1 if thin and bare, 0 if thick or a strong sink.

    Args:
        G_perp: Gs - Gr - i Gi of the surface [S/m^2], moments and field along the wire.
        Lam: complex transverse length L [m].
        radius: a [m].
        rho: Drude resistivity [Ohm m].
    """
    inverse, load = _bessel_quotient(Lam, radius), _surface_load(G_perp, radius, rho)
    return np.asarray(1.0 / (inverse + 1.0 - load))


def wire_correction(
    G_perp: ArrayLike, Lam: ArrayLike, radius: ArrayLike, rho: ArrayLike, theta: ArrayLike
) -> Array:
    """rho_L/rho - 1 of a round wire, field and moments along it, exact in theta: 1/[1 - 2 theta^2 (1 - Re F)] - 1.

    Arguments as `wire_response`. 1 - F is formed without cancellation: the correction of a thin wire is ~ (a/L)^2.
    """
    inverse, load = _bessel_quotient(Lam, radius), _surface_load(G_perp, radius, rho)
    deficit = (inverse - load) / (inverse + 1.0 - load)
    return _from_loss(2.0 * np.asarray(theta, dtype=float) ** 2 * deficit.real)


def _surface_load(G_perp: ArrayLike, radius: ArrayLike, rho: ArrayLike) -> ComplexArray:
    """kappa a = 2 rho a G_perp."""
    return np.asarray(2.0 * np.asarray(rho) * np.asarray(radius) * np.asarray(G_perp, dtype=complex))


def _bessel_quotient(Lam: ArrayLike, radius: ArrayLike) -> ComplexArray:
    """x I0(x)/I1(x) - 2 at x = a/Lam, without overflow or cancellation (about x^2/4 near 0)."""
    x = np.asarray(np.asarray(radius) / np.asarray(Lam, dtype=complex))
    small = np.abs(x) < 1.0
    safe = np.where(small, 1.0, x)
    series = fraction(np.where(small, x, 1.0) ** 2, 4)
    return np.asarray(np.where(small, series, safe * ive(0, safe) / ive(1, safe) - 2.0))


def _from_loss(loss: Array) -> Array:
    """1/(1 - loss) - 1, where the conductivity is sigma (1 - loss)."""
    if np.any(loss >= 1.0):
        raise InputError("theta", "smaller than 0.707 in magnitude (spin Hall angle)", f"loss {np.max(loss):.3g}")
    return np.asarray(loss / (1.0 - loss))
