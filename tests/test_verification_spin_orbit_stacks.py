"""Sheet currents of an interface with spin-orbit coupling read as currents, and stacks of metal, magnet and metal.

current of a film by spin injected at its bottom   <-> closed form of the sheet currents, theta = 0
the same with all effects                          <-> Onsager: spin at the bottom by a field along the film, at -m
N | F | N with one such face                       <-> finite elements at measured order, torque and resistivities
bilayer turned about its normal                    <-> everything turned
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from hanle.boundary.circuit import Circuit, normal_ferromagnet
from hanle.boundary.rashba import LATTICE, rashba_interface
from hanle.boundary.scattering.coefficients import Drive, MemoryLoss, RashbaCoefficients
from hanle.meshes.layered import Layers
from hanle.meshes.layers import stack
from hanle.pde.coefficients import FaceLaw, Side, term
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.ferromagnet import ferromagnet
from hanle.pde.fields import CHARGE_AND_SPIN
from hanle.pde.metal import normal_metal
from hanle.pde.observables import deposits, film_resistivity, torque
from hanle.pde.problem import Face, Gradient, Problem
from hanle.pde.solution import wire
from hanle.pde.steady import respond
from hanle.pde.tensors import unit

M, UP = unit([0.36, -0.48, 0.7]), np.array([0.0, 0.0, 1.0])
GIVEN = RashbaCoefficients(
    N=Drive(3.1e3, -1.2e3, 2.3e3, 0.9e3, -0.4e3),
    up=Drive(-2.0e3, 0.7e3, 1.1e3, -0.3e3, 0.6e3),
    dn=Drive(0.8e3, 1.6e3, -0.5e3, 0.2e3, 0.35e3),
    g_up=4e14,
    g_dn=1e14,
    g_mix=3e14 + 0.4e14j,
    loss=MemoryLoss(1e12, 2e12, 3e12, 4e12, -1e12, -2e12, -3e12, -4e12),
)
BARE = replace(GIVEN, N=Drive(), up=Drive(), dn=Drive())
PT = {"conductivity": 2.5e6, "diffusion_constant": 3e-4, "diffusion_length": 1.7e-9, "spin_hall_angle": 0.12}
CO = {
    "conductivity": 5.5e6,
    "polarisation": 0.42,
    "diffusion_constant": 1.7e-3,
    "diffusion_length": 12e-9,
    "exchange_length": 1.3e-9,
    "dephasing_length": 0.9e-9,
    "anomalous_hall_angle": 0.01,
    "anisotropy": 0.02,
}
CU = {"conductivity": 3e7, "diffusion_constant": 2e-2, "diffusion_length": 150e-9, "spin_hall_angle": 0.003}
#: Between Co and Cu.
PLAIN = Circuit(1.2e15, 0.5e15, 5.5e14 - 0.3e14j)
D_PT, D_CO, D_CU, FIELD, SPIN = 5e-9, 3e-9, 7e-9, 2e4, 1e9
BOTH = (Gradient("u", "x"), Gradient("u", "y"))
EXACT = 1e-10


def injected(spin):
    """Spin current (3,) [A/m^2] into an outer face."""
    fields = np.zeros(CHARGE_AND_SPIN.size)
    fields[CHARGE_AND_SPIN.slice("w")] = spin
    return FaceLaw((Side("inside", CHARGE_AND_SPIN),), g=(term(1.0, 1.0, fields),))


def film(given=GIVEN, m=M, spin=(0, 0, 0), theta=PT["spin_hall_angle"]):
    """Pt 5 nm | Co 3 nm, driven along x and y and by spin injected at the bottom."""
    faces = {
        "Pt|Co": Face(rashba_interface("Co", given, m, UP), {"normal": "minus", "ferromagnet": "plus"}),
        "bottom": Face(injected(spin), {"inside": "minus"}),
    }
    regions = {
        "Pt": normal_metal(**PT | {"spin_hall_angle": theta}),
        "Co": ferromagnet("Co", magnetisation=m, **CO),
    }
    return Problem(Layers(("Pt", "Co"), [[D_PT, D_CO]]), regions, faces, gradients=BOTH)


def solved(problem, engine=None, angle=None, **options):
    response = respond(problem, engine or Multilayer(), tolerance=1e-12, **options)
    size = (0, 0) if angle is None else (FIELD * np.cos(angle), FIELD * np.sin(angle))
    return wire(response, amplitudes=dict(zip(("du/dx", "du/dy"), size, strict=True)))


def current(spin, **options):
    """Current (2,) [A/m] along the film by injected spin, at zero field."""
    solution = solved(film(spin=spin, **options))
    return np.array([solution.flux("du/dx")[0], solution.flux("du/dy")[0]])


def spin_at_bottom(angle, **options):
    """w (3,) [V] at the bottom by a field [per V/m], nothing injected."""
    solution = solved(film(**options), angle=angle)
    return solution.values("Pt", np.zeros((1, 3)))[0, 0, CHARGE_AND_SPIN.slice("w")] / FIELD


def test_sheet_currents_are_those_of_the_spin_at_the_face():
    """S along e across m, 1 -> e, i -> m x e: w = S/[cosh(d/l) (s + 2 G_mix)], V = (a + i b) w, K = V x n."""
    e = unit(np.cross(M, [0.3, 0.9, -0.2]))
    sigma, depth = PT["conductivity"], D_PT / PT["diffusion_length"]
    s = sigma / PT["diffusion_length"] * np.tanh(depth)
    a, b = (sum(getattr(d, key) for d in GIVEN.drives) for key in "ab")
    v = (a + 1j * b) * SPIN / np.cosh(depth) / (s + 2 * GIVEN.g_mix)
    expected = np.cross(v.real * e + v.imag * np.cross(M, e), UP)[:2]
    found = current(SPIN * e, theta=0.0)
    np.testing.assert_allclose(found, expected, atol=EXACT * np.abs(expected).max())


@pytest.mark.parametrize(("given", "theta"), [(GIVEN, 0.0), (GIVEN, 0.12), (BARE, 0.12)])
def test_torque_drive_and_sheet_current_are_partners(given, theta):
    """I_c per spin injected along a, at m, is w_a per E_c at -m: of the interface, of the spin Hall effect, of both."""
    by_spin = np.array([current(SPIN * axis, given=given, theta=theta) / SPIN for axis in np.eye(3)])
    by_field = np.array([spin_at_bottom(angle, given=given, m=-M, theta=theta) for angle in (0.0, np.pi / 2)]).T
    scale = np.abs(by_spin).max()
    np.testing.assert_allclose(by_spin, by_field, atol=EXACT * scale)
    if given is GIVEN:
        bare = np.array([current(SPIN * axis, given=BARE, theta=theta) / SPIN for axis in np.eye(3)])
        assert np.abs(by_spin - bare).max() > 1e3 * EXACT * scale


def test_a_bilayer_turned_about_its_normal(rng):
    """Field and m turned by an angle turn torque, what the lattice hands over, and the current."""
    angle = rng.uniform(0, 2 * np.pi)
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    here, there = solved(film(), angle=0.3), solved(film(m=turn @ M), angle=0.3 + angle)
    for found, expected in (
        (torque(there, "Co"), torque(here, "Co")),
        (deposits(there, "Pt|Co")[LATTICE], deposits(here, "Pt|Co")[LATTICE]),
    ):
        np.testing.assert_allclose(found[0], turn @ expected[0], atol=EXACT * np.abs(expected).max())
    flows = [np.array([x.flux("du/dx")[0], x.flux("du/dy")[0]]) for x in (there, here)]
    np.testing.assert_allclose(flows[0], turn[:2, :2] @ flows[1], atol=EXACT * np.abs(flows).max())


def sandwich(mesh, below):
    """Pt | Co | Cu, or turned over; the coupling is at Pt."""
    sides = ("minus", "plus") if below else ("plus", "minus")
    pt, cu = ("Pt|Co", "Co|Cu") if below else ("Co|Pt", "Cu|Co")
    normal = UP if below else -UP
    faces = {
        pt: Face(rashba_interface("Co", GIVEN, M, normal), {"normal": sides[0], "ferromagnet": sides[1]}),
        cu: Face(normal_ferromagnet("Co", PLAIN, M), {"normal": sides[1], "ferromagnet": sides[0]}),
    }
    regions = {
        "Pt": normal_metal(**PT),
        "Co": ferromagnet("Co", magnetisation=M, **CO),
        "Cu": normal_metal(**CU),
    }
    return Problem(mesh, regions, faces, gradients=BOTH)


@pytest.mark.parametrize("below", [True, False])
def test_stacks_of_three_converge_to_the_exact_ones(below, elements):
    """Torque through either face and inside, rho_L and rho_T, on two meshes of second order."""
    rows = [("Pt", D_PT), ("Co", D_CO), ("Cu", D_CU)][:: 1 if below else -1]
    names, sizes = zip(*rows, strict=True)
    faces = tuple("|".join(pair) for pair in pairwise(names))

    def numbers(problem, *engine, **options):
        solution = solved(problem, *engine, angle=0.0, **options)
        film_ = film_resistivity(solution.response)
        return [torque(solution, "Co", place)[0] for place in (*faces, "Co")], [
            film_.change_L[0],
            film_.change_T[0],
        ]

    exact = numbers(sandwich(Layers(names, [list(sizes)]), below))
    errors = []
    for cells in (6, 12):
        resolved = {"Pt": PT["diffusion_length"], "Co": CO["dephasing_length"], "Cu": 3e-9}
        mesh = stack(rows).mesh(resolved, cells_per_length=cells, growth=1.0)
        found = numbers(sandwich(mesh, below), elements(2), solver=elements.direct)
        errors.append([np.abs(np.array(f) - e).max() / np.abs(e).max() for f, e in zip(found, exact, strict=True)])
    rates = np.log2(np.array(errors[0]) / errors[1])
    assert np.all(np.abs(rates - 4) < 0.4), (rates, errors)
