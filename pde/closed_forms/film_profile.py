"""Spin accumulation across the film of `film`: w(z) = T[f(z)] s with s = theta z x E.

About the middle of the film, zeta = z - d/2, each channel is

    f = o sinh(zeta/l)/sinh(d/2l) + e cosh(zeta/l)/cosh(d/2l),
    o = R d/2,    e = o (k_1 - k_0)/[x^2/C(x/2) - k_0 - k_1]        in the symbols of `film`.
"""

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.closed_forms.channels import ComplexArray, channel_tensor, x_coth_minus_one
from hanle.pde.closed_forms.film import Film, film_response
from hanle.pde.tensors import Array


def channel_profile(
    z: ArrayLike, G: ArrayLike, l: ArrayLike, d: ArrayLike, rho: ArrayLike, G_top: ArrayLike = 0.0
) -> ComplexArray:
    """f(z) [m] of one channel, w = f s, at the height `z` [m] above the bottom; the rest as `film_response`."""
    thickness, length = np.asarray(d, dtype=float), np.asarray(l, dtype=complex)
    x = thickness / length
    unit = 2.0 * np.asarray(rho) * thickness
    bottom, top = unit * np.asarray(G, dtype=complex), unit * np.asarray(G_top, dtype=complex)
    odd = film_response(G, l, d, rho, G_top) * thickness / 2
    even = odd * (top - bottom) / (x**2 / (1.0 + x_coth_minus_one(x / 2)) - bottom - top)
    zeta = np.asarray(z, dtype=float) - thickness / 2
    depth = (np.abs(zeta) - thickness / 2) / length
    sinh_ratio = np.sign(zeta) * np.exp(depth) * np.expm1(-2 * np.abs(zeta) / length) / np.expm1(-x)
    cosh_ratio = np.exp(depth) * (1 + np.exp(-2 * np.abs(zeta) / length)) / (1 + np.exp(-x))
    return np.asarray(odd * sinh_ratio + even * cosh_ratio)


def film_accumulation(film: Film, n: ArrayLike, theta: float, E: ArrayLike, z: ArrayLike) -> Array:
    """w [V], shape (..., 3), of a film driven by an in-plane field; exact in theta.

    Args:
        film: scalars, or arrays that broadcast against `z`.
        n: unit axis of field and moments, shape (3,).
        theta: spin Hall angle.
        E: electric field (E_x, E_y) [V/m], shape (2,).
        z: heights above the bottom face, 0 <= z <= d [m], shape (...).
    """
    par = channel_profile(z, film.bottom.par, film.lam, film.d, film.rho, film.top.par)
    perp = channel_profile(z, film.bottom.perp, film.Lam, film.d, film.rho, film.top.perp)
    e_x, e_y = np.asarray(E, dtype=float)
    return np.asarray(channel_tensor(par, perp, n) @ (theta * np.array([-e_y, e_x, 0.0])))
