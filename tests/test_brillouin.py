"""Averages of one spin: closed forms against sums over levels.

Pairs that must agree: closed forms and level sums in 60 digits (S = 1/2..7/2, any x); golden rule built from
operators and the closed p, q; S -> infinity and the Langevin function; x -> 0 and x -> infinity and their limits.
"""

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray

from hanle.materials.brillouin import (
    anisotropy_factor,
    flip_factor,
    mean_spin,
    mean_spin_derivative,
    mean_square,
)

SPINS = [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
XS = [1e-9, 1e-5, 1e-3, 0.1, 0.3, 0.69, 0.71, 1.39, 1.41, 2.0, 5.0, 10.0, 50.0, 300.0, -3.0, -1e-4]
#: Closed forms lose at most two digits just above the switch from the series.
CLOSED = 1e-13
#: Rounding of numpy sums over up to eight levels, with cancelling entries.
LEVELS = 1e-12


def _exact(x: float, spin: float) -> dict[str, mpmath.mpf]:
    with mpmath.workdps(60):
        t = mpmath.mpf(x)
        levels = [mpmath.mpf(k) / 2 for k in range(-round(2 * spin), round(2 * spin) + 1, 2)]
        weights = [mpmath.e ** (-t * k) for k in levels]
        m = -mpmath.fsum(k * w for k, w in zip(levels, weights, strict=True)) / mpmath.fsum(weights)
        q = mpmath.fsum(k * k * w for k, w in zip(levels, weights, strict=True)) / mpmath.fsum(weights)
        p = t * m / (2 * mpmath.sinh(t / 2) ** 2)
        return {"m": m, "q": q, "p": p, "d": q - p / 2, "slope": q - m * m}


@pytest.mark.parametrize("spin", SPINS)
@pytest.mark.parametrize("x", XS)
def test_closed_forms_equal_level_sums(x: float, spin: float) -> None:
    exact = _exact(x, spin)
    assert float(mean_spin(x, spin)) == pytest.approx(float(exact["m"]), rel=CLOSED)
    assert float(mean_square(x, spin)) == pytest.approx(float(exact["q"]), rel=CLOSED)
    assert float(flip_factor(x, spin)) == pytest.approx(float(exact["p"]), rel=CLOSED, abs=1e-300)
    assert float(anisotropy_factor(x, spin)) == pytest.approx(float(exact["d"]), rel=CLOSED)
    # The slope decays as e^{-|x|}; only its absolute size is promised.
    assert float(mean_spin_derivative(x, spin)) == pytest.approx(float(exact["slope"]), rel=CLOSED, abs=1e-14)


def _spin_dot_spin(spin: float) -> NDArray[np.complex128]:
    """S.s of a moment S and an electron, as <k', b| S.s |k, a>, indices [k', b, k, a], electron up first."""
    k = np.arange(-spin, spin + 0.25)
    raising = np.diag(np.sqrt(spin * (spin + 1) - k[:-1] * (k[:-1] + 1)), -1).astype(complex)
    moment = (0.5 * (raising + raising.T), -0.5j * (raising - raising.T), np.diag(k).astype(complex))
    pauli = (np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1]))
    return sum(np.einsum("mk,ba->mbka", S, 0.5 * s) for S, s in zip(moment, pauli, strict=True))


def _golden_rule(x: float, spin: float) -> tuple[float, float]:
    """1/T1 and 1/T2 of an electron, H = -J S.s, in units of K = (pi/hbar) n nu J^2, from matrix elements.

    1/T1 = sum of the rates up -> down and down -> up, (2 pi/hbar) n nu |J <f|S.s|i>|^2 times the integral of
    f(E)[1 - f(E - cost)]/kT, cost/(e^cost - 1) for what the moment's transition takes. 1/T2 is half of it plus
    (2 pi/hbar) n nu |difference of the two elastic amplitudes|^2/2.
    """
    k = np.arange(-spin, spin + 0.25)
    boltzmann = np.exp(-x * (k + np.sign(x) * spin))
    boltzmann /= boltzmann.sum()
    v = _spin_dot_spin(spin)
    cost = x * (k[:, None] - k[None, :])
    np.fill_diagonal(cost, 1.0)  # flips always move the moment: the diagonal carries no weight
    bands = cost / np.expm1(cost)
    flips = sum(np.sum(np.abs(v[:, 1 - a, :, a]) ** 2 * bands * boltzmann) for a in (0, 1))
    elastic = np.diagonal(v[:, 0, :, 0] - v[:, 1, :, 1])
    par = 2 * float(flips)
    return par, par / 2 + float(boltzmann @ np.abs(elastic) ** 2)


@pytest.mark.parametrize("spin", SPINS)
@pytest.mark.parametrize("x", [0.01, 0.4, 1.7, 6.0, 20.0])
def test_golden_rule(x: float, spin: float) -> None:
    """Would catch a factor 2 in p, q or K, and a lost e^{-x}."""
    par, perp = _golden_rule(x, spin)
    p, q = float(flip_factor(x, spin)), float(mean_square(x, spin))
    assert p == pytest.approx(par, rel=LEVELS)
    assert p / 2 + q == pytest.approx(perp, rel=LEVELS)


@pytest.mark.parametrize("spin", [*SPINS, 1e4])
def test_limits(spin: float) -> None:
    u = spin * (spin + 1)
    assert float(flip_factor(0.0, spin)) == pytest.approx(2 * u / 3, rel=CLOSED)
    assert float(mean_square(0.0, spin)) == pytest.approx(u / 3, rel=CLOSED)
    assert float(anisotropy_factor(0.0, spin)) == 0.0
    assert float(mean_spin(0.0, spin)) == 0.0
    small = 1e-4 / (spin + 0.5)
    assert float(anisotropy_factor(small, spin)) == pytest.approx(u * (12 * u + 1) * small**2 / 180, rel=1e-7)
    large = 60.0
    assert float(flip_factor(large, spin)) == pytest.approx(2 * spin * large * np.exp(-large), rel=1e-3)
    huge = np.array([1e3, 1e6, 1e12])
    np.testing.assert_array_equal(flip_factor(huge, spin), 0.0)
    np.testing.assert_allclose(mean_spin(huge, spin), spin, rtol=CLOSED)
    np.testing.assert_allclose(mean_square(huge, spin), spin**2, rtol=CLOSED)


def test_classical_limit() -> None:
    """S = 10^4: m/S is the Langevin function of S x to 1/S, and nothing overflows."""
    spin = 1e4
    reduced = np.array([1e-3, 0.1, 1.0, 5.0, 40.0])
    langevin = 1 / np.tanh(reduced) - 1 / reduced
    np.testing.assert_allclose(mean_spin(reduced / spin, spin) / spin, langevin, rtol=2 / spin)


@pytest.mark.parametrize("spin", [*SPINS, 1e4])
def test_parity_and_bounds(spin: float) -> None:
    """m odd, the others even; q >= p/2 (G_r >= 0 for Weiss moments), 0 <= m <= S."""
    x = np.geomspace(1e-12, 1e4, 400)
    np.testing.assert_array_equal(mean_spin(-x, spin), -mean_spin(x, spin))
    for even in (flip_factor, mean_square, anisotropy_factor):
        np.testing.assert_array_equal(even(-x, spin), even(x, spin))
    assert np.all(anisotropy_factor(x, spin) >= 0)
    assert np.all(np.diff(mean_square(x, spin)) >= -1e-14 * spin**2)
    assert np.all(mean_spin(x, spin) <= spin * (1 + 1e-14))
