"""Moments in a metal: what the moments get, limits, and the b-layer as a thin volume."""

import numpy as np
import pytest

from hanle.boundary.b_layer import b_layer, conductances
from hanle.materials.rates import Rates, rates_at
from hanle.materials.weiss import ferromagnet
from hanle.meshes.layered import Layers
from hanle.pde.coefficients import FaceLaw, Side, dense
from hanle.pde.constants import E_CHARGE, HBAR, MU_B
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.fields import CHARGE_AND_SPIN
from hanle.pde.magnetic_metal import metal_with_moments
from hanle.pde.metal import normal_metal
from hanle.pde.observables import film_resistivity
from hanle.pde.problem import MINUS, PLUS, Face, Gradient, Problem
from hanle.pde.steady import respond

SIGMA, D, LAMBDA, THETA = 2e6, 2e-4, 2.2e-9, 0.1
METAL = {"conductivity": SIGMA, "diffusion_constant": D, "diffusion_length": LAMBDA, "spin_hall_angle": THETA}
RATES = Rates(*(np.array(v) for v in (3e12, 8e12, 5e12, -2e-23)))
ROUND_OFF = 1e-13


def test_precession_and_relaxation_by_hand():
    m, field = np.array([0.0, 0.6, 0.8]), np.array([1.0, 0, -2.0])
    w = np.array([1e-6, -2e-6, 5e-7])
    bulk = metal_with_moments("Eu", RATES, m, field=field, **METAL)
    loss = bulk.loss(np.concatenate([[0.0], w]).reshape(1, 1, 1, 4), np.zeros((1, 1, 1, 3, 4)))[0, 0, 0, 1:]
    omega = 2 * MU_B / HBAR * field + 2e-23 / HBAR * m
    along = m * (m @ w)
    relaxed = w * D / LAMBDA**2 + 8e12 * (w - along) + 3e12 * along
    np.testing.assert_allclose(loss, SIGMA / D * (relaxed - np.cross(omega, w)), rtol=1e-12)


def test_deposits_and_the_torque_of_the_field_make_the_loss(rng):
    m, field = np.array([0.0, 0.6, 0.8]), np.array([1.0, 0, -2.0])
    bulk = metal_with_moments("Eu", RATES, m, field=field, **METAL)
    values = rng.normal(size=(1, 1, 1, 4))
    given = sum(law.density(values) for law in bulk.deposits.values())[0, 0, 0]
    by_field = -SIGMA / D * np.cross(2 * MU_B / HBAR * field, values[0, 0, 0, 1:])
    loss = bulk.loss(values, np.zeros((1, 1, 1, 3, 4)))[0, 0, 0, 1:]
    np.testing.assert_allclose(given + by_field, loss, rtol=1e-12)
    torque = bulk.deposits["torque:Eu"].density(values)[0, 0, 0]
    assert abs(torque @ m) < ROUND_OFF * np.linalg.norm(torque)


def test_no_moments_is_the_normal_metal():
    none = Rates(*(np.array(0.0) for _ in range(4)))
    bulk = metal_with_moments("M", none, (0, 0, 1), field=(1.0, 2, 3), **METAL)
    plain = normal_metal(field=(1.0, 2, 3), **METAL)
    np.testing.assert_allclose(dense(bulk.R, (), (4, 4)), dense(plain.R, (), (4, 4)), rtol=ROUND_OFF)


def film(b, m, field):
    """A metal film on an insulator: interface law for b = 0, a metal layer of thickness b with the moments else."""
    nu = SIGMA / (2 * E_CHARGE**2 * D)
    n2d, coupling = 5e18, 0.03 / nu
    moments = ferromagnet(2.0, 100.0)
    field = np.asarray(field, dtype=float)
    areal = rates_at(moments, [n2d], [coupling], nu, float(field @ m), 60.0)
    gradients = (Gradient("u", "x"), Gradient("u", "y"))
    bulk = normal_metal(field=field, **METAL)
    if b == 0:
        face = Face(b_layer("EuS", conductances(areal, nu), m), {"metal": PLUS, "magnet": MINUS})
        return Problem(Layers(("EuS", "Pt"), [[1e-8, 5e-9]]), {"Pt": bulk}, {"EuS|Pt": face}, gradients=gradients)
    volume = rates_at(moments, [n2d / b], [coupling], nu, float(field @ m), 60.0)
    sides = (Side("below", CHARGE_AND_SPIN), Side("above", CHARGE_AND_SPIN))
    tied = Face(FaceLaw(sides, tie=("u", "w")), {"below": MINUS, "above": PLUS})
    hosted = metal_with_moments("EuS", volume, m, field=field, **METAL)
    layers = Layers(("b", "Pt"), [[b, 5e-9]])
    return Problem(layers, {"b": hosted, "Pt": bulk}, {"b|Pt": tied}, gradients=gradients)


@pytest.mark.parametrize("m", [(0, 0, 1.0), (0.36, 0.48, 0.8)])
def test_thin_layer_of_moments_becomes_the_interface_law(m):
    """First order in b: halving b halves the difference, and it vanishes; oblique m with B not along it."""
    m, field = np.asarray(m), np.array([0.5, 1.0, 4.0])
    limit = film_resistivity(respond(film(0, m, field), Multilayer()))
    thicknesses = np.array([4e-12, 2e-12, 1e-12])
    found = [film_resistivity(respond(film(b, m, field), Multilayer())) for b in thicknesses]
    for name in ("change_L", "change_T"):
        # The layer adds to the conducting thickness: integrate the correction instead of averaging it.
        scale = 1 + thicknesses / 5e-9
        errors = [getattr(f, name)[0] * s - getattr(limit, name)[0] for f, s in zip(found, scale, strict=True)]
        assert abs(errors[-1]) < 5e-3 * abs(getattr(limit, name)[0])
        assert errors[0] / errors[1] == pytest.approx(2, abs=0.05)
        assert errors[1] / errors[2] == pytest.approx(2, abs=0.05)
