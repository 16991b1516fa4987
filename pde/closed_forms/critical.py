"""Linear-in-field magnetoresistance of a film on one magnetic insulator, and the Gi at which it changes sign.

c1 = d[drho1/(theta^2 rho)]/d(omega tau_s) at omega = 0 with fixed conductances (Zhang et al., 2019, text above
Eq. (17)). It is odd in Gi, positive for 0 < Gi < Gi_c and negative for Gi > Gi_c.
"""

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.closed_forms.channels import ComplexArray, x_coth_minus_one
from hanle.pde.tensors import Array

#: Terms of the series of sinh(x)/x - 1: the remainder is below 1e-18 of the sum for x < 1.
_SERIES_TERMS = 9


def _sqrt_sinhc_minus_one_scaled(x: Array) -> Array:
    """e^{-x/2} sqrt(sinh(x)/x - 1) for x > 0 without overflow or cancellation."""
    small = np.where(x < 1.0, x, 1.0)
    series = np.zeros_like(small)
    for k in range(_SERIES_TERMS, 0, -1):
        series = (1.0 + series) * small**2 / ((2 * k) * (2 * k + 1))
    large = np.where(x < 1.0, 1.0, x)
    tail = -np.expm1(-2.0 * large) / (2.0 * large) - np.exp(-large)
    return np.asarray(np.where(x < 1.0, np.exp(-small / 2) * np.sqrt(series), np.sqrt(tail)))


def critical_gi(lam: ArrayLike, d: ArrayLike, rho: ArrayLike) -> Array:
    """Gi_c > 0 [S/m^2] of Zhang et al., 2019, Eq. (17): where c1 = 0 for Gr = Gs = 0 and vacuum on top.

    Args:
        lam, d, rho: spin diffusion length [m], thickness [m], Drude resistivity [Ohm m]; finite to d/lam = 1400.
    """
    length = np.asarray(lam, dtype=float)
    x = np.asarray(d, dtype=float) / length
    half = np.tanh(x / 2)
    # sinh(x/2)^2/cosh(x) = t^2/(1 + t^2) with t = tanh(x/2)
    front = half / np.sqrt(2.0 * (1.0 + half**2))
    return np.asarray(front * np.exp(x / 2) * _sqrt_sinhc_minus_one_scaled(x) / (length * np.asarray(rho)))


def critical_gi_asymptote(lam: ArrayLike, d: ArrayLike, rho: ArrayLike) -> Array:
    """`critical_gi` for d >> lam: e^{d/2lam} sqrt(lam/8d)/(lam rho) (the printed exponent has the wrong sign)."""
    length = np.asarray(lam, dtype=float)
    x = np.asarray(d, dtype=float) / length
    return np.asarray(np.exp(x / 2) / np.sqrt(8.0 * x) / (length * np.asarray(rho)))


def _coth_slope(argument: ArrayLike) -> ComplexArray:
    """dC/dy of C = x coth x, y = x^2: (C - x^2/sinh^2 x)/(2 y), with C^2 - y for the second term at small x."""
    x = np.asarray(argument, dtype=complex)
    g, y = x_coth_minus_one(x), x**2
    decay = np.exp(-2.0 * x)
    csch_squared = 4.0 * y * decay / np.expm1(-2.0 * x) ** 2
    return np.asarray(np.where(np.abs(x) < 1.0, y - g - g**2, 1.0 + g - csch_squared) / (2.0 * y))


def linear_slope(G_perp: ArrayLike, lam: ArrayLike, d: ArrayLike, rho: ArrayLike) -> Array:
    """c1 = d[drho1/(theta^2 rho)]/d(omega tau_s) at omega = 0, dimensionless, vacuum on top.

    Args:
        G_perp: Gs - Gr - i Gi [S/m^2] (`film.Mixing.perp`), held fixed.
        lam, d, rho: spin diffusion length [m], thickness [m], Drude resistivity [Ohm m].
    """
    x = np.asarray(np.asarray(d, dtype=float) / np.asarray(lam, dtype=float), dtype=complex)
    y, k = x**2, 2.0 * np.asarray(rho) * np.asarray(d) * np.asarray(G_perp, dtype=complex)
    c_half, c_whole = 1.0 + x_coth_minus_one(x / 2), 1.0 + x_coth_minus_one(x)
    numerator, denominator = y / c_half - k, y - k * c_whole
    numerator_slope = 1.0 / c_half - y * _coth_slope(x / 2) / (4.0 * c_half**2)
    slope = (numerator_slope - numerator / denominator * (1.0 - k * _coth_slope(x))) / denominator
    # x^2 = (d/lam)^2 (1 + i omega tau) and drho1 contains -Re R
    return np.asarray(np.imag(slope) * y.real)
