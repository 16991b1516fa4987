"""Polylogarithms of half-integer order and the integrals of Bose functions they make up.

    L_k(x) = Li_{k/2}(e^{-x}),  x > 0;   dL_k/dx = - L_{k-2}
    h_p(y) = (1/Gamma(3/2)) Int_0^inf t^{p+1/2} (t + y) n(t + y) dt,  n(w) = 1/(e^w - 1),  p = 0, 1
           = c_p [(p + 3/2) L_{5+2p}(y) + y L_{3+2p}(y)],  c_0 = 1, c_1 = 3/2

h_p is analytic on the whole real axis, because w n(w) is; for y < 0 the L_k stand for their real parts.

    y >= 1        exponential series; its first term is all that is left of the frozen tail
    |y| < 1       power series: L_k(x) = Gamma(1-k/2) x^{k/2-1} + sum zeta(k/2-j) (-x)^j/j!; h_p without the first term
    -36 < y < -1  Chebyshev series, fitted once to Gauss-Legendre sums of the positive integrand
    y < -36       expansion about a step, exact to e^y
Relative error at most 1e-13.
"""

import math
from functools import cache
from typing import Final

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike
from scipy.special import binom, factorial, gamma, zeta

from hanle.pde.tensors import Array

#: Terms of the exponential and of the power series; enough for the eighth derivatives of h_p.
EXPONENTIALS, POWERS = 56, 32
#: Intervals of the Chebyshev series and their lengths.
INTERVALS: Final = ((-6.0, -1.0, 36), (-36.0, -6.0, 56))
#: Terms of the expansion about a step.
STEPS = 14
#: c_p of the module.
FACTOR: Final = (1.0, 1.5)
#: Smallest argument that is not 0: keeps x L_1(x) = 0 at x = 0.
TINY = 1e-200
_ZETA_HALF = -1.4603545088095868


def polylogarithms(twice_orders: tuple[int, ...], x: ArrayLike) -> Array:
    """L_k(x) for each odd k, (len(twice_orders), *shape of x).

    Args:
        twice_orders: the k, odd.
        x: >= 0; L_k(0) is zeta(k/2), or a large number where k < 3, such that x L_1 = 0 there.
    """
    given = np.maximum(np.asarray(x, dtype=float), TINY)
    flat = given.ravel()
    found = np.empty((len(twice_orders), flat.size))
    near = flat < 1
    found[:, ~near] = (_exponentials(flat[~near]) @ _exponential_weights(twice_orders)).T
    small = flat[near]
    found[:, near] = (_powers(small) @ _regular_weights(twice_orders)).T
    for row, k in enumerate(twice_orders):
        found[row, near] += gamma(1 - k / 2) * small ** (k / 2 - 1)
    return found.reshape(len(twice_orders), *given.shape)


def bose_integrals(y: ArrayLike, highest: int = 1) -> Array:
    """h_0, h_1 and their derivatives up to the order `highest` <= 8, (2, highest + 1, *shape of y).

    Args:
        y: any number; > -1 for derivatives above the first.
    """
    derivatives = tuple(range(highest + 1))
    given = np.asarray(y, dtype=float)
    flat = given.ravel()
    found = np.empty((flat.size, 2 * len(derivatives)))
    far, near, deep = flat >= 1, np.abs(flat) < 1, flat <= INTERVALS[-1][0]
    found[far] = _combined(flat[far], _exponentials(flat[far]), *_exponential_rows(derivatives))
    found[near] = _combined(flat[near], _powers(flat[near]), *_power_rows(derivatives))
    for number, (low, high, terms) in enumerate(INTERVALS):
        inside = (flat > low) & (flat <= high)
        if np.any(inside):
            basis = chebyshev.chebvander((2 * flat[inside] - low - high) / (high - low), terms - 1)
            found[inside] = basis @ _chebyshev_rows(number, derivatives) * _growth(flat[inside], derivatives)
    if np.any(deep):
        found[deep] = _step_rows(-flat[deep], derivatives)
    return np.moveaxis(found, -1, 0).reshape(2, len(derivatives), *given.shape)


def _exponentials(x: Array) -> Array:
    """e^{-jx}, j = 1, 2, ..., (points, EXPONENTIALS)."""
    return np.asarray(np.cumprod(np.repeat(np.exp(-x)[:, None], EXPONENTIALS, axis=1), axis=1))


def _powers(x: Array) -> Array:
    return np.vander(x, POWERS, increasing=True)


def _combined(y: Array, basis: Array, plain: Array, with_y: Array) -> Array:
    return np.asarray(basis @ plain + y[:, None] * (basis @ with_y))


@cache
def _exponential_weights(twice_orders: tuple[int, ...]) -> Array:
    j = np.arange(1, EXPONENTIALS + 1)[:, None]
    return np.asarray(j ** (-np.array(twice_orders) / 2))


@cache
def _regular_weights(twice_orders: tuple[int, ...]) -> Array:
    """Coefficients of x^j in L_k without its singular term, (POWERS, orders)."""
    j = np.arange(POWERS, dtype=float)
    return np.stack([(-1.0) ** j / factorial(j) * _zeta(k / 2 - j) for k in twice_orders], axis=1)


def _zeta(s: Array) -> Array:
    """Riemann's zeta at half-integers, by reflection below 0."""
    reflected = 1 - np.minimum(s, 0)
    below = 2 * (2 * np.pi) ** (-reflected) * np.cos(np.pi * reflected / 2) * gamma(reflected) * zeta(reflected, 1)
    return np.asarray(np.where(s > 1, zeta(np.maximum(s, 1.5), 1), np.where(s < 0, below, _ZETA_HALF)))


def _rows(derivatives: tuple[int, ...]) -> tuple[tuple[int, ...], Array, tuple[int, ...], Array]:
    """h_p^(n) = plain L_k + with_y y L_{k-2}: the k, plain, the k - 2, with_y; p outside, n inside."""
    pairs = [(p, n) for p in range(2) for n in derivatives]
    plain = np.array([FACTOR[p] * (-1.0) ** n * (p + 1.5 - n) for p, n in pairs])
    with_y = np.array([FACTOR[p] * (-1.0) ** n for p, n in pairs])
    # with k = 5 + 2p - 2n: d^n L_{5+2p}/dy^n = (-1)^n L_k, and y L_{3+2p} adds -n of the same
    return (
        tuple(5 + 2 * p - 2 * n for p, n in pairs),
        plain,
        tuple(3 + 2 * p - 2 * n for p, n in pairs),
        with_y,
    )


@cache
def _exponential_rows(derivatives: tuple[int, ...]) -> tuple[Array, Array]:
    first, plain, second, with_y = _rows(derivatives)
    return _exponential_weights(first) * plain, _exponential_weights(second) * with_y


@cache
def _power_rows(derivatives: tuple[int, ...]) -> tuple[Array, Array]:
    first, plain, second, with_y = _rows(derivatives)
    return _regular_weights(first) * plain, _regular_weights(second) * with_y


@cache
def _chebyshev_rows(interval: int, derivatives: tuple[int, ...]) -> Array:
    low, high, terms = INTERVALS[interval]
    nodes = chebyshev.chebpts1(terms)
    points = low + (high - low) * (1 + nodes) / 2
    values = np.stack([_direct(y, derivatives) for y in points]) / _growth(points, derivatives)
    basis = chebyshev.chebvander(nodes, terms - 1)
    scale = np.full(terms, 2 / terms)
    scale[0] = 1 / terms
    return np.asarray(scale[:, None] * (basis.T @ values))


def _growth(y: Array, derivatives: tuple[int, ...]) -> Array:
    """About how h_p and its derivatives grow towards negative y: leaves series of nearly constant functions."""
    return np.stack([(3 - y) ** (2.5 + p - n) for p in range(2) for n in derivatives], axis=-1)


def _direct(y: float, derivatives: tuple[int, ...]) -> Array:
    """h_0, h_1 and their first derivatives at y < 0, by panels in sqrt(t) about the step at t = -y."""
    steps = np.array([-36.0, -24, -16, -10, -6, -3, 0, 3, 6, 10, 16, 24, 40])
    ends = np.sqrt(np.concatenate([[0.0], np.linspace(0, -y, 4)[1:-1], -y + steps[-y + steps > 0]]))
    nodes, weights = np.polynomial.legendre.leggauss(24)
    ends = np.sort(ends)
    root = (ends[:-1, None] + np.diff(ends)[:, None] * (1 + nodes) / 2).ravel()
    measure = (np.diff(ends)[:, None] / 2 * weights).ravel() * 2 * root**2 / math.gamma(1.5)
    w = root**2 + y
    shapes = bose_times_argument(w, max(derivatives))
    return np.array([np.sum(measure * root ** (2 * p) * shapes[n]) for p in range(2) for n in derivatives])


@cache
def _bernoulli_weights() -> Array:
    """Coefficients of w^j in w n(w), (POWERS,): 1 - w/2 + w^2/12 - ..."""
    even = np.arange(2, POWERS, 2)
    weights = np.zeros(POWERS)
    weights[:2] = 1.0, -0.5
    weights[even] = 2 * (-1.0) ** (even // 2 + 1) * zeta(even, 1) / (2 * np.pi) ** even
    return weights


def bose_times_argument(w: Array, highest: int = 1) -> Array:
    """B(w) = w n(w) and its derivatives up to the order `highest` <= 8, (highest + 1, *shape of w), for any w.

    Relative error 1e-15 of B and B'; that of the eighth derivative at most 1e-8.
    """
    small = np.abs(w) < 1
    tail = np.exp(-np.abs(w))
    safe = np.where(small, 1.0, w)
    n = np.where(safe > 0, tail, -1.0) / np.where(small, 1.0, 1 - tail)
    found = np.empty((highest + 1, *w.shape))
    previous = n
    found[0] = safe * n
    for k in range(1, highest + 1):
        slope = _slope_polynomial(k)(n)
        found[k] = k * previous + safe * slope
        previous = slope
    if np.any(small):
        series = np.polynomial.Polynomial(_bernoulli_weights())
        for k in range(highest + 1):
            found[k, small] = series.deriv(k)(w[small])
    return found


@cache
def _slope_polynomial(order: int) -> np.polynomial.Polynomial:
    """The derivative of n(w) as a polynomial of n, from n' = -n - n^2; its terms have one sign."""
    if order == 0:
        return np.polynomial.Polynomial([0.0, 1.0])
    return _slope_polynomial(order - 1).deriv() * np.polynomial.Polynomial([0.0, -1.0, -1.0])


def _step_rows(u: Array, derivatives: tuple[int, ...]) -> Array:
    """h_p(-u) for large u: Int_0^u t^{p+1/2} (u - t) dt and moments of s/(e^s - 1) about the step."""
    columns = []
    for p in range(2):
        power = p + 0.5
        terms = [(power + 2, 1 / ((power + 1) * (power + 2)))]
        for j in range(STEPS):
            terms.append((power - 2 * j, 2 * binom(power, 2 * j) * factorial(2 * j + 1) * zeta(2 * j + 2, 1)))
        for n in derivatives:
            columns.append(sum((-1.0) ** n * c * _falling(e, n) * u ** (e - n) for e, c in terms))
    return np.asarray(np.stack(columns, axis=-1) / math.gamma(1.5))


def _falling(exponent: float, n: int) -> float:
    return math.prod(exponent - k for k in range(n))
