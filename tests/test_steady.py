"""Procedure, wiring and read-outs on stacks, where every answer can be worked by hand or has a closed form."""

import numpy as np
import pytest

from hanle.boundary.b_layer import Conductances, b_layer
from hanle.meshes.layered import Layers
from hanle.pde import observables
from hanle.pde.closed_forms.channels import transverse_length
from hanle.pde.closed_forms.film import Film, Mixing
from hanle.pde.closed_forms.resistivity import exact_correction
from hanle.pde.coefficients import FaceLaw, Side
from hanle.pde.constants import E_CHARGE, HBAR, MU_B
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.errors import InputError
from hanle.pde.fields import CHARGE_AND_SPIN, NOTHING
from hanle.pde.metal import normal_metal
from hanle.pde.problem import MINUS, PLUS, Face, Gradient, Problem, Terminal
from hanle.pde.solution import wire
from hanle.pde.steady import respond

RHO, D, LAMBDA, THETA, THICKNESS = 4e-7, 2e-4, 1.7e-9, 0.13, 4.3e-9
G = Mixing(-2e13, 4e14, 1.5e14)
#: Of the correction itself; round-off of about ten operations.
EXACT = 1e-12


def pt(field=(0, 0, 0.0), **changes):
    values = {
        "conductivity": 1 / RHO,
        "diffusion_constant": D,
        "diffusion_length": LAMBDA,
        "spin_hall_angle": THETA,
    }
    return normal_metal(field=field, **values | changes)


def film(m, field, gradients=("x", "y")):
    law = b_layer("YIG", Conductances(G.s, G.r, G.i), m)
    return Problem(
        Layers(("YIG", "Pt"), [[50e-9, THICKNESS]]),
        {"Pt": pt(field)},
        {"YIG|Pt": Face(law, {"metal": PLUS, "magnet": MINUS})},
        gradients=tuple(Gradient("u", axis) for axis in gradients),
    )


def test_film_on_an_insulator_is_the_closed_form(rng):
    """m along B, any direction: correction of rho_L and rho_T exact in theta."""
    for _ in range(10):
        n = rng.normal(size=3)
        n /= np.linalg.norm(n)
        size = rng.uniform(0.1, 40)
        found = observables.film_resistivity(respond(film(n, size * n), Multilayer()))
        length = transverse_length(LAMBDA, 2 * MU_B / HBAR * size, D)
        exact = exact_correction(Film(RHO, THICKNESS, LAMBDA, length, bottom=G).deficit_tensor(n), THETA)
        assert found.change_L[0] == pytest.approx(float(exact.longitudinal), rel=EXACT)
        assert found.change_T[0] == pytest.approx(float(exact.transverse), rel=EXACT, abs=1e-3 * EXACT)
        assert found.rho_L[0] == pytest.approx(RHO * (1 + float(exact.longitudinal)), rel=EXACT)


def test_resistivity_with_ordinary_hall_effect():
    """No spin Hall effect: rho_T = -rho mu B_z and rho_L = rho, to first order in mu B in the law."""
    bulk = pt((0, 0, 3.0), spin_hall_angle=0.0, mobility=2e-3)
    problem = Problem(
        Layers(("Pt",), [[THICKNESS]]), {"Pt": bulk}, gradients=(Gradient("u", "x"), Gradient("u", "y"))
    )
    found = observables.film_resistivity(respond(problem, Multilayer()))
    tan = 2e-3 * 3.0
    assert found.rho_T[0] == pytest.approx(-RHO * tan / (1 + tan**2), rel=EXACT)
    assert found.rho_L[0] == pytest.approx(RHO / (1 + tan**2), rel=EXACT)
    assert found.change_L[0] == pytest.approx(-(tan**2) / (1 + tan**2), rel=EXACT)


def test_torque_is_the_spin_current_lost_at_the_face():
    """m along z, B = 0: complex mixing conductance acts on the accumulation at the face."""
    response = respond(film((0, 0, 1.0), np.zeros(3)), Multilayer())
    solution = wire(response, amplitudes={}, fluxes={"du/dx": 1e10 * THICKNESS})
    w = solution.face("YIG|Pt").traces[0, 0, 0]
    lost = -2 * ((G.s - G.r) * w + G.i * np.cross([0, 0, 1.0], w))
    np.testing.assert_allclose(observables.torque(solution, "YIG")[0], HBAR / (2 * E_CHARGE) * lost, rtol=EXACT)
    with pytest.raises(InputError, match="did you mean"):
        observables.torque(solution, "YlG")


def test_balances_close():
    response = respond(film((0.3, -0.5, 0.8), np.array([1.0, 2.0, -5.0])), Multilayer())
    solution = wire(response, amplitudes={}, fluxes={"du/dx": 1e10 * THICKNESS})
    assert {b.name for b in solution.balances} == {"u", "w_x", "w_y", "w_z", "power"}
    for balance in solution.balances:
        assert balance.error.max() < 1e-10, balance.name


@pytest.fixture
def pillar():
    """Two metals in series between contacts."""
    sides = (Side("below", CHARGE_AND_SPIN), Side("above", CHARGE_AND_SPIN))
    joined = Face(FaceLaw(sides, tie=("u", "w")), {"below": MINUS, "above": PLUS})
    return Problem(
        Layers(("Pt", "Cu"), [[5e-9, 120e-9]]),
        {
            "Pt": pt(),
            "Cu": pt(conductivity=5e7, diffusion_length=3e-7, diffusion_constant=1e-2, spin_hall_angle=0.0),
        },
        {"Pt|Cu": joined},
        {"low": Terminal(("bottom",)), "high": Terminal(("top",))},
    )


def test_resistors_in_series(pillar):
    """Current along z: the spin currents of the spin Hall effect are in the plane, the charge law has 1 - 2 theta^2."""
    response = respond(pillar, Multilayer())
    per_area = RHO * 5e-9 / (1 - 2 * THETA**2) + 120e-9 / 5e7
    expected = np.array([[1, -1], [-1, 1]]) / per_area
    np.testing.assert_allclose(observables.conductance_matrix(response)[0], expected, rtol=EXACT)
    solution = wire(response, amplitudes={"high": 0.0}, fluxes={"low": -1e9})
    assert observables.voltage(solution, "low", "high")[0] == pytest.approx(1e9 * per_area, rel=EXACT)
    assert observables.current_in(solution, "high")[0] == pytest.approx(-1e9, rel=EXACT)
    reference, change = observables.voltage_change(solution, "low", "high")
    assert reference[0] == pytest.approx(1e9 * (RHO * 5e-9 + 120e-9 / 5e7), rel=EXACT)
    assert change[0] == pytest.approx(1e9 * RHO * 5e-9 * (1 / (1 - 2 * THETA**2) - 1), rel=1e-10)


def test_wiring_without_ground_is_refused(pillar):
    response = respond(pillar, Multilayer())
    with pytest.raises(InputError, match="ground must be one terminal"):
        wire(response, amplitudes={}, fluxes={"low": -1e9, "high": 1e9})


def test_wiring_twice_or_unknown_is_refused(pillar):
    response = respond(pillar, Multilayer())
    with pytest.raises(InputError, match="by amplitude or by flux"):
        wire(response, amplitudes={"high": 0.0}, fluxes={"high": 1.0})
    with pytest.raises(InputError, match="did you mean"):
        wire(response, amplitudes={"hihg": 0.0})


def test_problem_refuses_what_it_cannot_mean(pillar):
    with pytest.raises(InputError, match="did you mean"):
        Problem(pillar.mesh, {"Ptt": pt()})
    with pytest.raises(InputError, match="invariant or periodic"):
        Problem(pillar.mesh, {"Pt": pt()}, gradients=(Gradient("u", "z"),))
    with pytest.raises(InputError, match="of a field of the problem"):
        Problem(pillar.mesh, {"Pt": pt()}, gradients=(Gradient("T_e", "x"),))
    with pytest.raises(InputError, match="on an outer face"):
        Problem(pillar.mesh, pillar.regions, pillar.faces, {"a": Terminal(("Pt|Cu",))})
    law = FaceLaw((Side("below", CHARGE_AND_SPIN), Side("above", NOTHING)), tie=("u",))
    with pytest.raises(InputError, match="between regions that both carry u"):
        Problem(pillar.mesh, {"Pt": pt()}, {"Pt|Cu": Face(law, {"below": MINUS, "above": PLUS})})


def test_reference_drops_the_perturbative_terms(pillar):
    response = respond(pillar.reference(), Multilayer())
    np.testing.assert_array_equal(response.correction, 0)
