"""Averages of one spin S in a field, as closed forms in x = eps/kT that are stable for any x and S.

Levels eps k, k = -S..S, with Boltzmann weights e^{-x k}; <S_par> = -m(x). With a = S + 1/2, u = S(S+1) and the
Langevin function L(t) = coth t - 1/t:

    m = a L(a x) - L(x/2)/2                           the mean spin, S B_S(S x); the poles 1/x cancel exactly
    p = x m / (2 sinh^2(x/2))                         spin flips
    q = <S_par^2> = u - coth(x/2) m                   pure dephasing
    d = q - p/2                                       anisotropy of the relaxation, >= 0

Zhang et al., 2019, Eqs (6), (7), (18), with kB restored inside the argument. d is evaluated from L(t) - t/3 and not
as the difference: it vanishes as u (12 u + 1) x^2/180. Every function takes x of any shape and sign and an S that
broadcasts with it; m is odd, the others are even. No level sums: S = 10^4 costs what S = 1/2 does.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import zeta

from hanle.pde.tensors import Array

#: L(t)/t = sum_k _SERIES[k] t^(2k), radius of convergence pi.
_SERIES: Final[Array] = np.array([2 * (-1) ** (n + 1) * zeta(2 * n) / np.pi ** (2 * n) for n in range(1, 15)])
#: Below this the series is used: its 14 terms leave (0.7/pi)^28 < 1e-18, the closed form loses 2 digits there.
_SMALL: Final = 0.7


def mean_spin(x: ArrayLike, spin: ArrayLike) -> Array:
    """m(x) = -<S_par>, between -S and S."""
    return np.asarray(x, dtype=float) * _slope(x, spin)


def mean_spin_derivative(x: ArrayLike, spin: ArrayLike) -> Array:
    """dm/dx = <S_par^2> - <S_par>^2, to absolute accuracy (it decays as e^{-|x|})."""
    t, a = np.asarray(x, dtype=float), np.asarray(spin, dtype=float) + 0.5
    return np.asarray(a**2 * _langevin_derivative(a * t) - 0.25 * _langevin_derivative(t / 2))


def flip_factor(x: ArrayLike, spin: ArrayLike) -> Array:
    """p(x), between 2 S (S + 1)/3 at x = 0 and 0 for |x| >> 1."""
    half = np.abs(np.asarray(x, dtype=float)) / 2
    # h = (x/2)/sinh(x/2), written with decaying exponentials.
    tail = np.exp(-half)
    with np.errstate(invalid="ignore"):
        h = np.where(half > 0, 2 * half * tail / -np.expm1(-2 * half), 1.0)
    return np.asarray(2 * _slope(x, spin) * h**2)


def anisotropy_factor(x: ArrayLike, spin: ArrayLike) -> Array:
    """d(x) = q - p/2, between 0 at x = 0 and S^2 for |x| >> 1."""
    t, a = np.asarray(x, dtype=float), np.asarray(spin, dtype=float) + 0.5
    curved = -3 * (a**2 * _reduced_tail(a * t) - 0.25 * _reduced_tail(t / 2))
    linear = t * _slope(t, spin) * (t / 2 * _reduced(t / 2) - t / 4 * _langevin_derivative(t / 2))
    return np.asarray(curved - linear)


def mean_square(x: ArrayLike, spin: ArrayLike) -> Array:
    """q(x) = <S_par^2>, between S (S + 1)/3 at x = 0 and S^2 for |x| >> 1."""
    return np.asarray(anisotropy_factor(x, spin) + 0.5 * flip_factor(x, spin))


def _slope(x: ArrayLike, spin: ArrayLike) -> Array:
    """m(x)/x, even in x; S(S+1)/3 at x = 0."""
    t, a = np.asarray(x, dtype=float), np.asarray(spin, dtype=float) + 0.5
    return np.asarray(a**2 * _reduced(a * t) - 0.25 * _reduced(t / 2))


def _reduced(t: Array) -> Array:
    """L(t)/t."""
    return _small_or_large(t, _SERIES, lambda s: (1 / np.tanh(s) - 1 / s) / s)


def _reduced_tail(t: Array) -> Array:
    """L(t)/t - 1/3, O(t^2)."""
    tail = _SERIES.copy()
    tail[0] = 0.0
    return _small_or_large(t, tail, lambda s: (1 / np.tanh(s) - 1 / s) / s - 1 / 3)


def _langevin_derivative(t: Array) -> Array:
    """L'(t) = 1/t^2 - 1/sinh^2 t."""
    orders = 2 * np.arange(len(_SERIES)) + 1
    return _small_or_large(t, orders * _SERIES, lambda s: 1 / s**2 - 4 * np.exp(-2 * s) / np.expm1(-2 * s) ** 2)


def _small_or_large(t: Array, series: Array, closed: Callable[[Array], Array]) -> Array:
    """An even function of t: sum_k series[k] t^(2k) below `_SMALL`, the closed form above."""
    size = np.abs(np.asarray(t, dtype=float))
    small = size < _SMALL
    low = np.polynomial.polynomial.polyval(np.where(small, size, 0.0) ** 2, series)
    return np.asarray(np.where(small, low, closed(np.where(small, 1.0, size))))
