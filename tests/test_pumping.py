"""Laws of magnets that move: pairs that must agree, and what each would catch.

moving face laws                    <-> the law at rest seen from w - p; power is taken from the magnet
torque                              <-> the formula of Bender & Tserkovnyak
laws put together                   <-> sources of deposits add up
current of a film by motion at m    <-> Onsager: torque by a field at -m; spin-orbit interface, magnet that conducts
"""

import numpy as np
import pytest

from hanle.boundary.b_layer import Conductances, b_layer
from hanle.boundary.circuit import Circuit, normal_ferromagnet, transparent
from hanle.boundary.magnon_face import magnon_face
from hanle.boundary.magnons.linear import LinearExchange
from hanle.boundary.rashba import rashba_interface
from hanle.boundary.scattering.coefficients import Drive, RashbaCoefficients
from hanle.meshes.layered import Layers
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.coupling import joined
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.errors import InputError
from hanle.pde.ferromagnet import ferromagnet
from hanle.pde.metal import normal_metal
from hanle.pde.observables import torque
from hanle.pde.problem import MINUS, PLUS, Face, Gradient, Problem
from hanle.pde.pumping import Motion, moving, pumped
from hanle.pde.solution import wire
from hanle.pde.steady import respond
from hanle.pde.tensors import unit

M = unit([0.36, -0.48, 0.7])
G_R, G_I = 1.6e14, 0.2e14
#: g_r - i g_i [1/m^2], G_i = -(e^2/h) g_i.
MIXING = (G_R + 1j * G_I) * 2 * np.pi * HBAR / E_CHARGE**2
EXACT, ROUND_OFF = 1e-10, 1e-12
RASHBA = RashbaCoefficients(
    N=Drive(3.1e3, -1.2e3, 2.3e3, 0.9e3, -0.4e3),
    up=Drive(-2.0e3, 0.7e3, 1.1e3, -0.3e3, 0.6e3),
    dn=Drive(0.8e3, 1.6e3, -0.5e3, 0.2e3, 0.35e3),
    g_up=4e14,
    g_dn=1e14,
    g_mix=3e14 + 0.4e14j,
)
LAWS = {
    "b-layer": (b_layer("F", Conductances(-2e13, G_R, G_I), M), slice(0, 3)),
    "circuit": (normal_ferromagnet("F", Circuit(4e14, 1e14, 3e14 + 1e14j, 0.3), M), slice(1, 4)),
    "spin-orbit": (rashba_interface("F", RASHBA, M, (0, 0, 1)), slice(1, 4)),
    "magnons": (magnon_face("F", LinearExchange(290.0, 2e17, 1.7e-6, 6e7, 4.3e18, -3e17), M), slice(0, 3)),
}


@pytest.mark.parametrize("name", LAWS)
def test_a_moving_law_is_the_law_from_a_turning_frame(name, rng):
    law, columns = LAWS[name]
    rate = np.cross(M, rng.normal(size=3)) * 1e11
    traces, p = rng.normal(size=(1, 2, 1, law.size)) * 1e-4, np.zeros(law.size)
    p[columns] = HBAR / (2 * E_CHARGE) * np.cross(M, rate)
    moved, slopes = pumped(law, Motion(M, rate)), np.zeros((1, 2, 1, 3, law.size))
    np.testing.assert_allclose(moved.flux(traces, slopes), law.flux(traces - p, slopes), rtol=1e-9)
    for receiver, one in moved.deposits.items():
        expected = law.deposits[receiver].density(traces - p, slopes)
        atol = ROUND_OFF * np.abs(law.flux(traces, slopes)).max()
        np.testing.assert_allclose(one.density(traces, slopes), expected, rtol=1e-9, atol=atol)
    # A metal in equilibrium takes power from the magnet.
    given = moved.deposits["torque:F"].density(np.zeros((1, 1, 1, law.size)), slopes[:, :1])[0, 0, 0]
    assert given @ np.cross(M, rate) < 0
    assert abs(given @ M) < 1e-9 * np.linalg.norm(given)


def test_torque_is_the_formula(rng):
    """i_perp = (1/4 pi)[g_r (mu_perp - hbar m x dm/dt) + g_i (m x mu + hbar dm/dt)], mu = 2 e w."""
    rate, w = np.cross(M, rng.normal(size=3)) * 1e11, rng.normal(size=3) * 1e-5
    law = pumped(b_layer("F", Conductances(0.0, G_R, G_I), M), Motion(M, rate))
    found = HBAR / (2 * E_CHARGE) * law.deposits["torque:F"].density(w.reshape(1, 1, 1, 3))[0, 0, 0]
    mu, g = 2 * E_CHARGE * w, MIXING
    expected = g.real * (mu - M * (M @ mu) - HBAR * np.cross(M, rate)) - g.imag * (np.cross(M, mu) + HBAR * rate)
    np.testing.assert_allclose(found, expected / (4 * np.pi), rtol=1e-9)


def test_laws_on_one_face_keep_what_pumping_hands_over(rng):
    rate = np.cross(M, rng.normal(size=3)) * 1e11
    one = pumped(LAWS["b-layer"][0], Motion(M, rate))
    both = joined(one, one).deposits["torque:F"].density(np.zeros((1, 1, 1, 3)))
    np.testing.assert_allclose(both, 2 * one.deposits["torque:F"].density(np.zeros((1, 1, 1, 3))), rtol=ROUND_OFF)


PT = {"conductivity": 2.5e6, "diffusion_constant": 3e-4, "diffusion_length": 1.7e-9}
CO = {"conductivity": 5.5e6, "polarisation": 0.4, "diffusion_constant": 1.7e-3, "diffusion_length": 12e-9}
CO |= {"exchange_length": 1.3e-9, "dephasing_length": 0.9e-9}


def film(m, rate, theta=0.12, through=False):
    """Pt | Co that moves: a spin-orbit interface, or a transparent one through which the transverse spin passes."""
    law = transparent() if through else rashba_interface("Co", RASHBA, m, (0, 0, 1))
    below, above = ("below", "above") if through else ("normal", "ferromagnet")
    regions = {
        "Pt": normal_metal(spin_hall_angle=theta, **PT),
        "Co": ferromagnet("Co", magnetisation=m, spin_hall_angle=0.5 * theta, **CO),
    }
    faces = {"Pt|Co": Face(law, {below: MINUS, above: PLUS})}
    drives = Gradient("u", "x"), Gradient("u", "y")
    rest = Problem(Layers(("Pt", "Co"), [[5e-9, 3e-9]]), regions, faces, gradients=drives)
    return moving(rest, {"Co": Motion(m, rate)})


@pytest.mark.parametrize(("theta", "through"), [(0.0, False), (0.12, False), (0.12, True)])
def test_current_by_motion_is_the_partner_of_torque_by_a_field(theta, through):
    """dI_c/d(m x dm/dt)_a at m = dtau_a/dE_c at -m, with what the lattice hands over."""

    def solved(m, rate, field):
        response = respond(film(m, rate, theta, through), Multilayer(), tolerance=1e-12)
        return wire(response, amplitudes=dict(zip(("du/dx", "du/dy"), field, strict=True)))

    turn = np.cross(M, [0.3, 0.9, -0.2])
    for omega in (turn, np.cross(M, turn)):
        moved = solved(M, 1e10 * np.cross(omega, M), (0, 0))
        current = np.array([moved.flux("du/dx")[0], moved.flux("du/dy")[0]]) / 1e10
        fields = np.eye(2) * 1e4
        given = np.array([torque(solved(-M, np.zeros(3), f), "Co")[0] @ omega for f in fields]) / 1e4
        np.testing.assert_allclose(current, given, atol=EXACT * np.abs(given).max())


@pytest.mark.parametrize("through", [False, True])
def test_balances_close(through):
    rate = 1e11 * np.cross(M, [0.3, 0.9, -0.2])
    response = respond(film(M, rate, through=through), Multilayer(), tolerance=1e-12)
    for balance in wire(response, amplitudes={"du/dx": 1e3, "du/dy": 2e3}).balances:
        assert np.all(balance.error < EXACT), balance.name


def test_bad_motion_is_refused():
    with pytest.raises(InputError, match="perpendicular to m"):
        pumped(LAWS["b-layer"][0], Motion(M, M))
    rest = film(M, np.zeros(3))
    with pytest.raises(InputError, match="magnet must be one of Co"):
        moving(rest, {"G": Motion(M, (0, 0, 0))})
