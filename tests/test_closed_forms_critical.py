"""Gi_c <-> root of a multiprecision derivative; c1 <-> that derivative; Gi_c <-> its limits; a printed film."""

import mpmath
import numpy as np
import pytest
from scipy.optimize import brentq

from hanle.pde.closed_forms.critical import critical_gi, critical_gi_asymptote, linear_slope
from hanle.pde.constants import E_CHARGE, HBAR

LAM, RHO = 3.0e-9, 1.0e-6


def slope_multiprecision(conductance, d):
    """-d Re R/d(omega tau) at 0 by a numerical derivative of Eq. (15) with 50 digits."""

    def response(x):
        l = mpmath.mpf(LAM) / mpmath.sqrt(1 + 1j * x)
        load = mpmath.mpf(RHO) * conductance * l
        top = 1 - load * mpmath.coth(d / (2 * l))
        return mpmath.re(2 * l / d * mpmath.tanh(d / (2 * l)) * top / (1 - 2 * load * mpmath.coth(d / l)))

    return -mpmath.diff(response, 0)


@pytest.mark.parametrize("ratio", [0.1, 0.6, 0.9999, 1.0001, 3.0, 10.0])
def test_critical_gi_is_the_root_of_the_derivative(ratio):
    with mpmath.workdps(50):
        d, guess = mpmath.mpf(ratio * LAM), mpmath.mpf(float(critical_gi(LAM, ratio * LAM, RHO)))
        root = mpmath.findroot(lambda g: slope_multiprecision(-1j * g, d), (guess, 1.001 * guess), tol=1e-30)
        assert abs(guess / root - 1) < 1e-14


@pytest.mark.parametrize("ratio", [1e-3, 0.5, 1.5, 2.1, 8.0, 40.0])
def test_slope_equals_the_multiprecision_derivative(ratio):
    # In a thin film the slope is (d/lambda)^2 times a number of order one that is left of terms of order one.
    rounding = 1e-12 + 4 * np.finfo(float).eps / ratio**2
    for conductance in (-2e13 - 1e14j, -5e14 + 3e13j, -1j * 4e13):
        with mpmath.workdps(50):
            exact = float(slope_multiprecision(mpmath.mpmathify(conductance), mpmath.mpf(ratio * LAM)))
        assert linear_slope(conductance, LAM, ratio * LAM, RHO) == pytest.approx(exact, rel=rounding)


def test_slope_is_odd_in_gi_and_changes_sign_at_the_critical_value():
    d = np.array([1.0, 4.0]) * LAM
    gi = critical_gi(LAM, d, RHO)
    below, above = (linear_slope(-1j * factor * gi, LAM, d, RHO) for factor in (0.9, 1.1))
    assert np.all(below > 0)
    assert np.all(above < 0)
    assert linear_slope(0.9j * gi, LAM, d, RHO) == pytest.approx(-below, rel=1e-12)


def test_asymptote_has_a_growing_exponent_and_nothing_overflows():
    d = np.array([20.0, 1000.0]) * LAM
    ratio = critical_gi(LAM, d, RHO) / critical_gi_asymptote(LAM, d, RHO)
    assert ratio == pytest.approx(1.0, rel=2 * 20 * np.exp(-20))


def test_thin_film_limit():
    """x -> 0: tanh^2(x/2)/2 * x^2/6 = x^4/48 of 1/(lam rho)^2."""
    x = 1e-5
    assert critical_gi(LAM, x * LAM, RHO) == pytest.approx(x**2 / np.sqrt(48) / (LAM * RHO), rel=x**2)


def test_critical_thickness_of_the_saturated_film_of_figure_4():
    """d_c = 3.757 nm with Gr = 0 and 4.264 nm with Gr = G0 S^2 (S = 2, nu J = 0.04, n2D = 0.5/a^2, a = 0.4 nm)."""
    spin, coupling, n_2d = 2.0, 0.04, 0.5 / (0.4e-9) ** 2
    unit = np.pi / HBAR * n_2d * (E_CHARGE * coupling) ** 2
    g_r, g_i = unit * spin**2, unit * spin / (np.pi * coupling)

    def threshold(gr):
        return brentq(lambda d: linear_slope(-gr - 1j * g_i, LAM, d, RHO), 2e-9, 8e-9, xtol=1e-15)

    assert critical_gi(LAM, threshold(0.0), RHO) == pytest.approx(g_i, rel=1e-6)
    assert threshold(0.0) == pytest.approx(3.757e-9, abs=1e-12)
    assert threshold(g_r) == pytest.approx(4.264e-9, abs=1e-12)
