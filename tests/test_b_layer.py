"""The b-layer face law: numbers by hand, a symmetry, a limit, its deposits and its second law."""

import numpy as np
import pytest

from hanle.boundary.b_layer import Conductances, b_layer, conductances
from hanle.materials.rates import Rates, rates_at
from hanle.materials.weiss import paramagnet
from hanle.pde.coefficients import dense
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.errors import InputError

G = Conductances(-1.3e13, 3.1e14, 0.7e14)
ROUND_OFF = 1e-13


def matrix(law):
    return dense(law.G, (), (3, 3))[0, 0, 0]


def test_flux_is_the_vector_formula(rng):
    for _ in range(5):
        m, w = rng.normal(size=(2, 3))
        m /= np.linalg.norm(m)
        law = b_layer("YIG", G, 3.0 * m)
        expected = 2 * (G.G_s * w + G.G_r * np.cross(m, np.cross(m, w)) + G.G_i * np.cross(m, w))
        np.testing.assert_allclose(law.flux(w.reshape(1, 1, 1, 3)).reshape(3), expected, rtol=1e-12)


def test_what_the_metal_loses_the_magnet_gets(rng):
    """Fluxes + deposits = 0, torque perpendicular to m, flips along m."""
    m = rng.normal(size=3)
    m /= np.linalg.norm(m)
    law = b_layer("YIG", G, m)
    traces = rng.normal(size=(1, 4, 2, 3))
    torque = law.deposits["torque:YIG"].density(traces)
    flips = law.deposits["flips:YIG"].density(traces)
    scale = np.abs(torque).max()
    np.testing.assert_allclose(law.flux(traces) + torque + flips, 0, atol=ROUND_OFF * scale)
    np.testing.assert_allclose(torque @ m, 0, atol=ROUND_OFF * scale)
    np.testing.assert_allclose(np.cross(flips, m), 0, atol=ROUND_OFF * scale)


def test_reversed_magnetisation_transposes():
    m = np.array([0.2, -0.5, 0.8])
    np.testing.assert_allclose(matrix(b_layer("M", G, m)), matrix(b_layer("M", G, -m)).T, rtol=ROUND_OFF)


def test_isotropic_limit_knows_no_direction(rng):
    isotropic = Conductances(-2e13, 0.0, 0.0)
    for m in rng.normal(size=(3, 3)):
        np.testing.assert_allclose(matrix(b_layer("M", isotropic, m)), -4e13 * np.eye(3), atol=1.0)


def test_conductances_from_rates():
    """nu = 1e47 /(J m^3), rates 30 and 50 m/s: e^2 nu = 2.567e9 S s/m^3."""
    rates = Rates(*(np.array(v) for v in (30.0, 50.0, 20.0, -1.1e-28)))
    g = conductances(rates, 1e47)
    scale = E_CHARGE**2 * 1e47
    assert g.G_s == pytest.approx(-30 * scale)
    assert g.G_r == pytest.approx(20 * scale)
    assert g.G_i == pytest.approx(1.1e-28 * scale / HBAR)
    assert g.G_i > 0


def test_texture_and_batch_shapes(rng):
    m = rng.normal(size=(7, 3))
    law = b_layer("M", G, m)
    whole = dense(law.G, (), (3, 3))
    assert whole.shape == (1, 7, 1, 3, 3)
    np.testing.assert_allclose(whole[0, 3, 0], matrix(b_layer("M", G, m[3])), rtol=1e-12)
    batch = b_layer("M", Conductances(np.array([[-1e13], [-2e13]]), 1e14, 0.0), m[:2, None, :])
    assert dense(batch.G, (), (3, 3)).shape == (2, 1, 1, 3, 3)


@pytest.mark.parametrize("bad", [Conductances(1e13, 1e14, 0.0), Conductances(-1e13, -2e13, 0.0)])
def test_laws_that_create_energy_are_refused(bad):
    with pytest.raises(InputError, match="G_s <= 0 and G_r - G_s >= 0"):
        b_layer("M", bad, (0, 0, 1))


def test_refusal_quotes_the_conductances_of_the_worst_facet():
    given = Conductances(np.array([-1e13, 1e13, 0.0]), 1e14, 0.0)
    with pytest.raises(
        InputError, match=r"interface to M must.*received \"?G_s = 1e\+13 S/m\^2, G_r = 1e\+14 S/m\^2"
    ):
        b_layer("M", given, (0, 0, 1))


def test_reactive_conductance_may_have_any_sign_and_g_r_may_be_negative():
    b_layer("M", Conductances(-3e13, -1e13, -5e15), (0, 1, 0))


def test_zhang_2019_saturation_values():
    """Strongly magnetised: G_r = G0 S^2, G_i = G0 S/(pi nu J), G_s = 0; isotropic: G_s = -(2/3) G0 S(S+1)."""
    nu, spin, n2d = 2e46, 2.0, 5e18
    coupling = 0.1 / nu
    g0 = np.pi / HBAR * n2d * (E_CHARGE * 0.1) ** 2
    cold = conductances(rates_at(paramagnet(spin), [n2d], [coupling], nu, 10.0, 0.01), nu)
    assert cold.G_r == pytest.approx(g0 * spin**2, rel=1e-9)
    assert cold.G_i == pytest.approx(g0 * spin / (np.pi * 0.1), rel=1e-9)
    assert abs(cold.G_s) < 1e-9 * g0
    hot = conductances(rates_at(paramagnet(spin), [n2d], [coupling], nu, 0.0, 300.0), nu)
    assert hot.G_s == pytest.approx(-2 / 3 * g0 * spin * (spin + 1), rel=1e-12)
    assert hot.G_r == pytest.approx(0, abs=1e-12 * g0)
    assert hot.G_i == 0
