"""Hall bars with arms: pairs that must agree, and what each would catch.

rows and columns of the conductance matrix  <-> add up to zero                          gauge, charge lost anywhere
G(B, m)                                     <-> transpose of G(-B, -m), random interface   Onsager, lifts
four-terminal V/I                           <-> current and voltage leads swapped, B and m reversed
correction of G                             <-> G of the device minus G of its reference, to what the subtraction leaves
theta -> -theta                             <-> the same matrix
mirror y -> -y with B, m as axial vectors   <-> the same matrix, probes of both sides exchanged
charge, spin, power                         <-> balances, and terminal powers equal to what is dissipated
floating probe as terminal                  <-> the same probe as a global unknown
"""

import numpy as np
import pytest

from hanle.boundary.b_layer import Conductances, b_layer
from hanle.meshes.hall_bar import hall_bar
from hanle.pde.metal import normal_metal
from hanle.pde.observables import conductance_matrix, voltage, voltage_change
from hanle.pde.problem import MINUS, PLUS, Face, Global, Problem, Terminal
from hanle.pde.solution import wire
from hanle.pde.steady import respond
from hanle.pde.tensors import unit

RHO, D, LAMBDA, THETA = 4e-7, 2e-4, 3.4e-9, 0.2
M, B = unit([0.3, -0.5, 0.8]), np.array([8.0, -3.0, 15.0])
G = np.array([-2e13, 4e14, 1.5e14])
CURRENT = 1e-4
NAMES = ("left", "right", "V1", "V2", "V3", "V4")

SYMMETRY = 1e-10
BALANCE = 1e-10
TIGHT = 1e-12


@pytest.fixture(scope="module")
def shape():
    return hall_bar(24e-9, 8e-9, [("YIG", 6e-9), ("Pt", 4e-9)])


def meshed(shape, kind):
    options = {"growth": 1.0, "lateral": "uniform", "sizes": {"x": 2e-9, "y": 2e-9}}
    return shape.mesh({"Pt": LAMBDA}, cells_per_length=3, cells=kind, **options)


@pytest.fixture(scope="module", params=["hexahedron", "tetra"])
def mesh(shape, request):
    return meshed(shape, request.param)


def bar(shape, mesh, m=M, field=B, factor=1.0, theta=THETA, probes=NAMES, floating=()):
    law = b_layer("YIG", Conductances(*(g * factor for g in G)), m)
    metal = normal_metal(
        conductivity=1 / RHO,
        diffusion_constant=D,
        diffusion_length=LAMBDA,
        spin_hall_angle=theta,
        field=field,
        mobility=1e-3,
    )
    return Problem(
        mesh,
        {"Pt": metal},
        {"YIG|Pt": Face(law, {"metal": PLUS, "magnet": MINUS})},
        {name: Terminal(shape.terminals[name]) for name in probes},
        globals=tuple(Global(name, shape.terminals[name], "u") for name in floating),
    )


@pytest.fixture(scope="module")
def solve(elements):
    return lambda problem: respond(problem, elements(1), solver=elements.direct, tolerance=TIGHT)


@pytest.fixture(scope="module")
def factor(mesh):
    """Conductances that jump from facet to facet."""
    return np.random.default_rng(7).uniform(0.1, 2.0, len(mesh.faces["YIG|Pt"].nodes))


@pytest.fixture(scope="module")
def forward(solve, shape, mesh, factor):
    return solve(bar(shape, mesh, factor=factor))


@pytest.fixture(scope="module")
def backward(solve, shape, mesh, factor):
    return solve(bar(shape, mesh, -M, -B, factor))


def test_conductance_matrix_conserves_charge_and_needs_no_origin(forward):
    assert forward.drives == NAMES
    for part in (conductance_matrix(forward)[0], forward.reference[0], forward.correction[0]):
        size = np.abs(part).max()
        np.testing.assert_allclose(part.sum(axis=0), 0, atol=SYMMETRY * size)
        np.testing.assert_allclose(part.sum(axis=1), 0, atol=SYMMETRY * size)


def test_onsager_of_the_conductance_matrix(forward, backward):
    one, two = conductance_matrix(forward)[0], conductance_matrix(backward)[0]
    np.testing.assert_allclose(two, one.T, atol=SYMMETRY * np.abs(one).max())
    change, size = forward.correction[0], np.abs(forward.correction[0]).max()
    np.testing.assert_allclose(backward.correction[0], change.T, atol=SYMMETRY * size)
    assert np.abs(change - change.T).max() > 1e-3 * size


def four_terminal(response, source, drain, plus, minus):
    solution = wire(response, amplitudes={drain: 0.0}, fluxes={source: -CURRENT})
    return float(voltage(solution, plus, minus)[0]) / CURRENT


LEADS = [("left", "right", "V1", "V2"), ("left", "right", "V1", "V3"), ("V1", "V4", "left", "V2")]


@pytest.mark.parametrize("leads", LEADS)
def test_reciprocity_of_four_terminals(forward, backward, leads):
    source, drain, plus, minus = leads
    one = four_terminal(forward, source, drain, plus, minus)
    two = four_terminal(backward, plus, minus, source, drain)
    assert one == pytest.approx(two, rel=1e-9, abs=1e-9 * RHO / 4e-9)


def test_correction_is_the_difference_from_the_reference(solve, shape, mesh, factor, forward):
    """The bilinear form against two solutions: equal to what subtracting leaves of the digits."""
    reference = solve(bar(shape, mesh, factor=factor).reference())
    difference = conductance_matrix(forward)[0] - conductance_matrix(reference)[0]
    np.testing.assert_allclose(forward.correction[0], difference, atol=1e-12 * np.abs(forward.reference[0]).max())
    assert np.abs(reference.correction).max() < 1e-20 * np.abs(reference.reference).max()
    solution = wire(forward, amplitudes={"right": 0.0}, fluxes={"left": -CURRENT})
    known, change = voltage_change(solution, "V1", "V2")
    plain = four_terminal(reference, "left", "right", "V1", "V2") * CURRENT
    assert known[0] == pytest.approx(plain, rel=1e-9)
    whole = four_terminal(forward, "left", "right", "V1", "V2") * CURRENT
    assert known[0] + change[0] == pytest.approx(whole, rel=1e-9)
    assert 1e-4 < abs(change[0] / known[0]) < 0.2


def test_sign_of_the_spin_hall_angle(solve, shape, mesh, factor, forward):
    other = conductance_matrix(solve(bar(shape, mesh, factor=factor, theta=-THETA)))[0]
    np.testing.assert_allclose(other, conductance_matrix(forward)[0], rtol=1e-9)


def test_mirror_image(solve, shape):
    """y -> -y turns V1, V2 into V3, V4 and axial vectors into (-x, y, -z). Boxes that are not cut mirror themselves."""
    mesh = meshed(shape, "hexahedron")
    axial = np.array([-1.0, 1.0, -1.0])
    one = conductance_matrix(solve(bar(shape, mesh)))[0]
    two = conductance_matrix(solve(bar(shape, mesh, axial * M, axial * B)))[0]
    order = [NAMES.index(n) for n in ("left", "right", "V3", "V4", "V1", "V2")]
    np.testing.assert_allclose(two[np.ix_(order, order)], one, atol=1e-9 * np.abs(one).max())


def test_balances(forward):
    solution = wire(forward, amplitudes={"right": 0.0}, fluxes={"left": -CURRENT})
    assert {b.name for b in solution.balances} == {"u", "w_x", "w_y", "w_z", "power"}
    for balance in solution.balances:
        assert np.max(balance.error) < BALANCE, balance.name
    delivered = -sum(float(np.squeeze(e.power)) for e in solution.ledger if e.kind == "terminal")
    assert delivered == pytest.approx(CURRENT * voltage(solution, "left", "right")[0], rel=1e-9)
    dissipated = {e.place + e.kind: float(np.squeeze(e.power)) for e in solution.ledger if e.kind != "terminal"}
    assert all(power > 0 for power in dissipated.values())


def test_probe_as_a_global_unknown(solve, shape, mesh, factor, forward):
    """A floating contact whose potential is an unknown of the system instead of a terminal without current."""
    ends, probes = NAMES[:2], NAMES[2:]
    other = solve(bar(shape, mesh, factor=factor, probes=ends, floating=probes))
    full = conductance_matrix(forward)[0]
    rest = full[:2, :2] - full[:2, 2:] @ np.linalg.solve(full[2:, 2:], full[2:, :2])
    np.testing.assert_allclose(conductance_matrix(other)[0], rest, rtol=1e-9)
