"""Linear exchange through magnons: pairs that must agree.

g, S, kappa, Pi, n        <-> multiprecision quadrature of their definitions       (0.5-350 K, frozen tails included)
closed brackets           <-> the polylogarithm forms of the module docstring      (gap, ratios without it, its root)
g, S, kappa               <-> derivatives of the nonlinear currents at equilibrium
g kappa                   <-> more than Pi S, 0.4367 of it without a gap
interface                 <-> bulk Gilbert damping 2 alpha' of a film d_F thick
magnons in equilibrium    <-> the b-layer law
G_s, G_r, G_i             <-> g, g_r, g_i and back
T -> 0                    <-> the mixing conductance of the scattering theory
"""

import mpmath
import numpy as np
import pytest

from hanle.boundary.b_layer import Conductances, b_layer
from hanle.boundary.magnons.currents import currents
from hanle.boundary.magnons.exchange import MagnonExchange
from hanle.boundary.magnons.linear import LinearExchange, conductances, linear, magnon_density, mixing
from hanle.boundary.magnons.spectrum import Parabolic, Shaped
from hanle.pde.constants import E_CHARGE, HBAR, K_B
from hanle.pde.errors import InputError

A, S, GAP, G_R = 8.46e-40, 1.055e28, 1.85e-24, 4.1e18
QUANTUM = E_CHARGE**2 / (2 * np.pi * HBAR)
DIGITS = 1e-11
ROUND_OFF = 1e-13


def yig(gap=GAP, **options):
    return MagnonExchange(G_R, S, Parabolic(A, gap), g_i=-3e17, **options)


def moment(power, gap, t):
    """Int D E^power (-dn/dE), with 20 digits, over its value at the gap: see `definitions`."""
    theta, gap = mpmath.mpf(K_B * t), mpmath.mpf(gap)

    def integrand(root):
        energy = gap + theta * root**2
        # e^{gap/theta} taken out: mpmath stops at an absolute error
        decay = mpmath.exp(-theta * root**2 / theta) / (1 - mpmath.exp(-energy / theta)) ** 2
        return 2 * root**2 * (energy / theta) ** power * decay

    ends = [0, *(mpmath.sqrt(gap / theta) * mpmath.mpf(2) ** k for k in range(-2, 14)), 1, 2, 3, 5, 9]
    whole = mpmath.quad(integrand, sorted(e for e in ends if e <= 9), method="gauss-legendre", maxdegree=5)
    return (
        whole
        * mpmath.sqrt(theta)
        * theta**power
        / (4 * mpmath.pi**2 * mpmath.mpf(A) ** 1.5)
        * mpmath.exp(-gap / theta)
    )


@pytest.mark.parametrize(("t", "gap"), [(0.5, GAP), (350.0, GAP), (4.0, 7e-23), (0.5, 6.9e-22), (77.0, 2e-25)])
def test_coefficients_against_quadrature(t, gap):
    """(0.5 K, 6.9e-22 J) is frozen to e^-100."""
    found = linear(yig(gap), t)
    with mpmath.workdps(20):
        scale = mpmath.mpf(G_R) / (mpmath.pi * mpmath.mpf(S))
        g, seebeck, kappa = (scale * moment(power, gap, t) for power in (1, 2, 3))
        assert float(found.g / g) == pytest.approx(1, rel=DIGITS)
        assert float(found.S * t / seebeck) == pytest.approx(1, rel=DIGITS)
        assert float(found.kappa * t * HBAR / kappa) == pytest.approx(1, rel=DIGITS)
        assert float(found.Pi * HBAR / seebeck) == pytest.approx(1, rel=DIGITS)


def test_closed_brackets(rng):
    """The polylogarithm forms in the docstring of the module, for random states."""
    t, gap = 10 ** rng.uniform(-0.3, 2.5, 8), 10 ** rng.uniform(-25, -21.5, 8)
    found = linear(MagnonExchange(G_R, S, Parabolic(A, gap)), t)
    d = gap / (K_B * t)
    one, three, five, seven = (
        np.array([float(mpmath.polylog(mpmath.mpf(k) / 2, mpmath.exp(-mpmath.mpf(x)))) for x in d])
        for k in (1, 3, 5, 7)
    )
    p = G_R / (np.pi * S) * (K_B * t / (4 * np.pi * A)) ** 1.5
    np.testing.assert_allclose(found.g, p * (1.5 * three + d * one), rtol=DIGITS)
    np.testing.assert_allclose(found.S, K_B * p * (3.75 * five + 3 * d * three + d**2 * one), rtol=DIGITS)
    bracket = 105 / 8 * seven + 45 / 4 * d * five + 4.5 * d**2 * three + d**3 * one
    np.testing.assert_allclose(found.kappa, K_B * p * K_B * t / HBAR * bracket, rtol=DIGITS)
    density = magnon_density(MagnonExchange(G_R, S, Parabolic(A, gap)), t)
    np.testing.assert_allclose(density, three * (K_B * t / (4 * np.pi * A)) ** 1.5, rtol=DIGITS)


def test_without_a_gap():
    """Ratios from zeta functions; powers 3/2, 3/2, 5/2 of T."""
    cold, warm = linear(yig(0.0), 10.0), linear(yig(0.0), 40.0)
    z3, z5, z7 = (float(mpmath.zeta(k / 2)) for k in (3, 5, 7))
    ratio = warm.Pi * warm.S / (warm.g * warm.kappa)
    assert ratio == pytest.approx(3.75**2 * z5**2 / (1.5 * 105 / 8 * z3 * z7), rel=DIGITS)
    assert ratio == pytest.approx(0.43670, abs=5e-6)
    assert warm.g / cold.g == pytest.approx(8.0, rel=DIGITS)
    assert warm.S / cold.S == pytest.approx(8.0, rel=DIGITS)
    assert warm.kappa / cold.kappa == pytest.approx(32.0, rel=DIGITS)
    assert 2 * np.pi * warm.g / G_R == pytest.approx(3 * magnon_density(yig(0.0), 40.0) / S, rel=DIGITS)


def test_gap_enters_with_its_root():
    """g(gap) = P [3/2 zeta(3/2) - 2 sqrt(pi d) + O(d)]."""
    t, d = 300.0, 1e-6
    free, gapped = linear(yig(0.0), t).g, linear(yig(d * K_B * t), t).g
    p = G_R / (np.pi * S) * (K_B * t / (4 * np.pi * A)) ** 1.5
    assert (free - gapped) / p == pytest.approx(2 * np.sqrt(np.pi * d), rel=10 * np.sqrt(d))


def test_room_temperature_numbers():
    """Gapless YIG at 300 K: n/s = 0.060; the sign misprint would give 0.70 instead of 1.06."""
    exchange = MagnonExchange(G_R, S, Parabolic(A, 0.0))
    assert magnon_density(exchange, 300.0) / S == pytest.approx(0.060, abs=5e-4)
    assert linear(exchange, 300.0).g_r / G_R == pytest.approx(1.060, abs=5e-4)
    local = MagnonExchange(G_R, S, Parabolic(A, 0.0), elastic="local")
    assert linear(local, 300.0).g_r / G_R == pytest.approx(0.940, abs=5e-4)
    bare = MagnonExchange(G_R, S, Parabolic(A, 0.0), elastic="none")
    assert linear(bare, 300.0).g_r / G_R == pytest.approx(1.180, abs=1e-3)


@pytest.mark.parametrize("t", [0.7, 30.0, 340.0])
def test_derivatives_of_the_currents(t):
    """Jacobian at equilibrium, m = z: along m (g, S, kappa, Pi), across m g_r^tot and g_i."""
    exchange = yig(elastic="local", inelastic_scale=0.6)
    law, found = linear(exchange, t), currents(exchange, (0, 0, 1.0), (0, 0, 0), 0.0, t, t)
    seebeck, heat = np.array([-law.S, law.S]), np.array([-law.kappa, law.kappa])
    along = [0, 0, law.g, -law.g, *seebeck]
    np.testing.assert_allclose(found.jacobian[2], along, rtol=DIGITS, atol=0)
    np.testing.assert_allclose(found.jacobian[3], [0, 0, law.Pi, -law.Pi, *heat], rtol=DIGITS, atol=0)
    across = np.array([[law.g_r, -law.g_i], [law.g_i, law.g_r]]) / (4 * np.pi)
    np.testing.assert_allclose(found.jacobian[:2, :2], across, rtol=DIGITS)
    np.testing.assert_allclose(found.jacobian[:2, 2:], 0.0)


def test_freezing_out():
    """T -> 0: thermal activation e^{-gap/kT}, then nothing but elastic scattering."""
    exchange = yig(2e-22)
    cold = linear(exchange, 0.5)
    d = 2e-22 / (K_B * 0.5)
    p = G_R / (np.pi * S) * (K_B * 0.5 / (4 * np.pi * A)) ** 1.5
    assert cold.g == pytest.approx(p * np.exp(-d) * (d + 1.5), rel=np.exp(-d) + 1e-12)
    assert cold.g_r == pytest.approx(G_R, rel=1e-12)
    assert linear(exchange, 0.01).g == 0.0


def test_second_law(rng):
    t, gap = 10 ** rng.uniform(-0.3, 2.5, 200), 10 ** rng.uniform(-25, -21.5, 200)
    found = linear(MagnonExchange(G_R, S, Parabolic(A, gap)), t)
    assert np.all(found.g * found.kappa > found.Pi * found.S)
    np.testing.assert_allclose(found.Pi, t * found.S / HBAR, rtol=ROUND_OFF)


def test_interface_is_a_bulk_sink_of_twice_its_damping():
    """g/hbar = 2 d_F Gam(alpha'), Gam = (2 alpha/hbar) Int D E (-dn/dE): the antinode at the surface is the 2."""
    d_f, t = 23e-9, 120.0
    damping = G_R / (4 * np.pi * S * d_f)
    with mpmath.workdps(20):
        gilbert = float(2 * damping / HBAR * moment(1, GAP, t))
    assert linear(yig(), t).g / HBAR == pytest.approx(2 * d_f * gilbert, rel=DIGITS)


def test_dictionary():
    given = Conductances(-5.6e13, 1.1e14, 1.1e13)
    g, g_r, g_i = mixing(given)
    back = conductances(g, g_r, g_i)
    for name in ("G_s", "G_r", "G_i"):
        assert getattr(back, name) == pytest.approx(getattr(given, name), rel=ROUND_OFF)
    assert given.G_s == pytest.approx(-2 * E_CHARGE**2 / HBAR * g, rel=ROUND_OFF)
    assert given.G_r - given.G_s == pytest.approx(QUANTUM * g_r, rel=ROUND_OFF)
    assert given.G_i == pytest.approx(-QUANTUM * g_i, rel=ROUND_OFF)


def test_elastic_dephasing_of_the_b_layer():
    """G_r - G_s/2 = (e^2/h) (1 - 2n/s) g_r."""
    exchange, t = yig(), 250.0
    found = linear(exchange, t).conductances
    elastic = QUANTUM * (1 - 2 * magnon_density(exchange, t) / S) * G_R
    assert found.G_r - found.G_s / 2 == pytest.approx(elastic, rel=DIGITS)


def test_magnons_in_equilibrium_leave_the_b_layer_law(rng):
    """N.J = -(2e/hbar) i at mu_m = 0, T_m = T_e equals the flux of the face law."""
    exchange, t = yig(), 200.0
    m, w = rng.normal(size=(2, 3))
    m /= np.linalg.norm(m)
    law = b_layer("YIG", linear(exchange, t).conductances, m)
    response = currents(exchange, m, (0, 0, 0), 0.0, t, t).jacobian[:3, :3] @ (2 * E_CHARGE * w)
    flux = law.flux(w.reshape(1, 1, 1, 3)).reshape(3)
    np.testing.assert_allclose(-2 * E_CHARGE / HBAR * response, flux, rtol=1e-10)


def test_other_spectra():
    """A linear band D = C eps^2 without a gap: Int eps^3 (-n') = 3 Gamma(3) zeta(3) theta^3 and so on."""
    c, t = 1e88, 50.0
    exchange = MagnonExchange(G_R, S, Shaped(0.0, lambda eps: c * eps**2))
    found, theta, scale = linear(exchange, t), K_B * t, G_R / (np.pi * S)
    for power, value in ((3, found.g), (4, found.S * t), (5, found.kappa * t * HBAR)):
        bose = float(mpmath.gamma(power + 1) * mpmath.zeta(power))
        assert value == pytest.approx(scale * c * theta**power * bose, rel=1e-10)


def test_shapes():
    exchange = MagnonExchange(np.full((5, 1), G_R), S, Parabolic(A, np.linspace(1, 2, 5)[:, None] * GAP))
    found = linear(exchange, np.array([10.0, 20.0]))
    assert found.g.shape == found.g_r.shape == (5, 2)
    assert found.g[3, 1] == pytest.approx(linear(yig(1.75 * GAP), 20.0).g, rel=ROUND_OFF)


GOOD = {"temperature": 300.0, "g": 1e17, "S": 2e-6, "kappa": 2.4e8, "g_r": 4e18}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"S": 6e-6}, "magnon exchange must be such that g kappa >= Pi S"),
        ({"temperature": 0.0}, "temperature must be finite and > 0 K"),
        ({"g": -1e17}, r"g must be 0 or positive \[1/m\^2\]"),
        ({"h_pp": -1.0}, "h_pp must be 0 or positive"),
        ({"g_i": np.nan}, "g_i must be finite"),
    ],
)
def test_refused(changes, message):
    LinearExchange(**GOOD)
    with pytest.raises(InputError, match=message):
        LinearExchange(**{**GOOD, **changes})
