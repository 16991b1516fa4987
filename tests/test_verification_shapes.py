"""Bars and wires through problem, engine and read-out: pairs that must agree, and what each would catch.

rectangular section, any field, small theta   <-> faces + edges, O(theta^2)               spin Hall terms along y
the same, no field, large theta               <-> closed form exact in theta              the induced potential u
bar in 3D, periodic along x                   <-> its section, to rounding                terms along x
bar in 3D between contacts                    <-> the same resistance                     lifts, terminals, u given
wide section with interface                   <-> film + edge terms that fall off as 1/W
round wire, interface on its wall             <-> Bessel functions, exact in theta        curved normals, both signs
wire in 3D, tetrahedra, periodic or contacted <-> its section; the same resistance
shell around a core                           <-> the full wire                           ties on curved interfaces

Errors are those of the correction rho_L/rho - 1, never of rho.
"""

import numpy as np
import pytest

from hanle.boundary.b_layer import Conductances, b_layer
from hanle.meshes.hall_bar import hall_bar
from hanle.meshes.layers import film
from hanle.meshes.wire import wire, wire_section
from hanle.pde.closed_forms.channels import transverse_length
from hanle.pde.closed_forms.edges import bar_correction, bar_correction_exact, wire_correction
from hanle.pde.closed_forms.film import Film, Mixing
from hanle.pde.closed_forms.resistivity import leading_correction
from hanle.pde.coefficients import FaceLaw, Side
from hanle.pde.constants import HBAR, MU_B
from hanle.pde.fields import CHARGE_AND_SPIN
from hanle.pde.metal import normal_metal
from hanle.pde.observables import conductance_matrix
from hanle.pde.problem import MINUS, PLUS, Face, Gradient, Problem, Terminal
from hanle.pde.steady import respond
from hanle.pde.tensors import unit

RHO, D, LAMBDA = 4e-7, 2e-4, 1.7e-9
LARMOR = 2 * MU_B / HBAR
#: Multiples of LAMBDA, so that refined meshes have exactly twice the cells each way.
WIDTH, THICKNESS, RADIUS = 5.1e-9, 3.4e-9, 3e-9
N = unit([0.3, -0.5, 0.8])
FIELD = 20.0
LAM_N = transverse_length(LAMBDA, LARMOR * FIELD, D)
GS, GR, GI = -2e13, 4e14, 1.5e14

TIGHT = 1e-12
SAME = 1e-9
#: Small enough that the next order, relative size theta^2, is below every error asked of it.
LEADING_THETA = 1e-5
ORDER_MARGIN = 0.1
#: Cut cells are not mirror images of each other: at a contact their error is felt.
END_OF_TETRAHEDRA = 1e-3


def metal(theta, field=(0, 0, 0.0)):
    return normal_metal(
        conductivity=1 / RHO, diffusion_constant=D, diffusion_length=LAMBDA, spin_hall_angle=theta, field=field
    )


def driven(mesh, regions, faces=None):
    return Problem(mesh, regions, faces or {}, gradients=(Gradient("u", "x"),))


@pytest.fixture
def change(elements):
    """rho_L/rho - 1 of a device driven along x with nothing flowing out sideways."""

    def change(problem, order=1):
        response = respond(problem, elements(order), solver=elements.direct, tolerance=TIGHT)
        return float(-response.correction[0, 0, 0] / response.matrix[0, 0, 0])

    return change


def orders(sizes, errors):
    return np.diff(np.log(np.abs(errors))) / np.diff(np.log(sizes))


def section(cells, kind="quad"):
    """Equal cells, about `cells` per spin diffusion length."""
    return film(WIDTH, [("Pt", THICKNESS)]).mesh(
        {"Pt": LAMBDA}, cells_per_length=cells, growth=1.0, sizes={"y": LAMBDA / cells}, cells=kind
    )


def size_of(mesh):
    return 1 / np.sqrt(len(mesh.cells))


@pytest.mark.parametrize("kind", ["quad", "triangle"])
@pytest.mark.parametrize(("order", "rate", "finest"), [(1, 2, 2e-3), (2, 4, 1e-5)])
def test_section_with_edges_in_a_field(change, kind, order, rate, finest):
    """Oblique field of 20 T; order of the correction on three meshes."""
    exact = bar_correction(WIDTH, THICKNESS, LAMBDA, LAM_N, N, LEADING_THETA)
    meshes = [section(n, kind) for n in (3, 6, 12)]
    errors = [change(driven(m, {"Pt": metal(LEADING_THETA, FIELD * N)}), order) / exact - 1 for m in meshes]
    assert abs(errors[-1]) < finest
    assert orders([size_of(m) for m in meshes], errors)[-1] == pytest.approx(rate, abs=ORDER_MARGIN)


@pytest.mark.parametrize("theta", [0.1, 0.3, 0.6])
def test_section_without_field_is_exact_in_theta(change, theta):
    exact = bar_correction_exact(WIDTH, THICKNESS, LAMBDA, theta)
    meshes = [section(n) for n in (3, 6)]
    errors = [change(driven(m, {"Pt": metal(theta)}), 2) / exact - 1 for m in meshes]
    assert abs(errors[-1]) < 1e-5
    assert orders([size_of(m) for m in meshes], errors)[-1] == pytest.approx(4, abs=0.3)


def test_next_order_in_theta(change):
    """Edges in a field: what the formula leaves out is O(theta^4), relative theta^2 (from the induced potential)."""
    mesh = section(12)
    found = []
    for theta in (0.05, 0.1):
        exact = bar_correction(WIDTH, THICKNESS, LAMBDA, LAM_N, N, theta)
        found.append((change(driven(mesh, {"Pt": metal(theta, FIELD * N)}), 2) / exact - 1) / theta**2)
    assert found[0] == pytest.approx(found[1], rel=0.05)
    assert 0.1 < found[0] < 3


@pytest.mark.parametrize("kind", ["hexahedron", "tetra"])
def test_bar_in_three_dimensions_is_its_section(change, kind):
    """Periodic along x: hexahedra give the section of quadrilaterals to rounding, tetrahedra to their error."""
    shape = hall_bar(8e-9, WIDTH, [("Pt", THICKNESS)], periodic=("x",))
    mesh = shape.mesh(
        {"Pt": LAMBDA},
        cells_per_length=3,
        lateral_cells_per_length=3,
        growth=1.0,
        lateral_growth=1.0,
        sizes={"x": 4e-9, "y": LAMBDA / 3},
        cells=kind,
    )
    law = {"Pt": metal(LEADING_THETA, FIELD * N)}
    if kind == "hexahedron":
        assert change(driven(mesh, law)) == pytest.approx(change(driven(section(3), law)), rel=SAME)
    exact = bar_correction(WIDTH, THICKNESS, LAMBDA, LAM_N, N, LEADING_THETA)
    assert change(driven(mesh, law)) == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize("kind", ["hexahedron", "tetra"])
def test_bar_between_contacts(change, elements, kind):
    """Without field nothing depends on x, and contacts that absorb no spin keep it so: the periodic bar again."""
    length = 30e-9
    options = {"cells_per_length": 3, "growth": 1.0, "lateral": "uniform", "cells": kind}
    options["sizes"] = {"x": length / 10, "y": LAMBDA / 3}
    shape = hall_bar(length, WIDTH, [("Pt", THICKNESS)], arms=0)
    mesh = shape.mesh({"Pt": LAMBDA}, **options)
    law = {"Pt": metal(0.05)}
    terminals = {name: Terminal(faces) for name, faces in shape.terminals.items()}
    response = respond(
        Problem(mesh, law, terminals=terminals), elements(1), solver=elements.direct, tolerance=TIGHT
    )
    g = conductance_matrix(response)[0]
    reference = response.reference[0, 0, 0]
    assert reference == pytest.approx(WIDTH * THICKNESS / (RHO * length), rel=SAME)
    periodic = hall_bar(length, WIDTH, [("Pt", THICKNESS)], periodic=("x",)).mesh({"Pt": LAMBDA}, **options)
    found = -response.correction[0, 0, 0] / g[0, 0]
    same = SAME if kind == "hexahedron" else END_OF_TETRAHEDRA
    assert found == pytest.approx(change(driven(periodic, law)), rel=same)
    np.testing.assert_allclose(g.sum(axis=0), 0, atol=SAME * abs(g[0, 0]))


def test_edges_of_a_film_on_an_insulator_fall_off_with_its_width(change):
    """rho_L - rho_film ~ 1/W: twice the width, half the difference (W >> lambda)."""
    theta, field = LEADING_THETA, 9.0
    mixing = Mixing(GS, GR, GI)
    Lam = transverse_length(LAMBDA, LARMOR * field, D)
    flat = leading_correction(Film(RHO, THICKNESS, LAMBDA, Lam, mixing).deficit_tensor(N), theta).longitudinal
    differences = []
    for width in (20e-9, 40e-9):
        mesh = film(width, [("YIG", 6e-9), ("Pt", THICKNESS)]).mesh({"Pt": LAMBDA}, cells_per_length=5)
        law = Face(b_layer("YIG", Conductances(GS, GR, GI), N), {"metal": PLUS, "magnet": MINUS})
        problem = driven(mesh, {"Pt": metal(theta, field * N)}, {"YIG|Pt": law})
        differences.append(change(problem, 2) / flat - 1)
    assert abs(differences[0]) > 0.01
    assert differences[0] / differences[1] == pytest.approx(2, rel=0.02)


WIRE_FIELD = 15.0
WIRE_LAMBDA = transverse_length(LAMBDA, LARMOR * WIRE_FIELD, D)


def wire_exact(theta, g=(GS, GR, GI)):
    return wire_correction(g[0] - g[1] - 1j * g[2], WIRE_LAMBDA, RADIUS, RHO, theta)


def wire_problem(mesh, theta=0.2, g=(GS, GR, GI), side=MINUS, wall="wall"):
    """Field and moments along the wire."""
    law = Face(b_layer("YIG", Conductances(*g), (1.0, 0, 0)), {"metal": side})
    regions = {r: metal(theta, (WIRE_FIELD, 0, 0)) for r in mesh.regions if r != "YIG"}
    return driven(mesh, regions, {wall: law})


def wire_mesh(sectors, length=None, layers=(("Pt", RADIUS),), **options):
    cells = sectors / 4
    options = {"cells_per_length": cells, "growth": 1.0} | options
    resolve = {name: LAMBDA for name, _ in layers if name != "YIG"}
    if length is None:
        return wire_section(layers, sectors=sectors).mesh(resolve, **options)
    return wire(length, layers, sectors=sectors, periodic=True).mesh(resolve, sizes={"x": length / 2}, **options)


@pytest.mark.parametrize("g", [(0.0, 0.0, 0.0), (GS, GR, GI), (0.0, 0.0, -4e14)])
def test_order_of_a_round_wire(change, g):
    """First-order triangles; the inscribed polygon is an error of the same order."""
    counts = (16, 32, 64)
    errors = [change(wire_problem(wire_mesh(n), g=g)) / wire_exact(0.2, g) - 1 for n in counts]
    assert abs(errors[-1]) < 1.5e-3
    assert orders(1 / np.array(counts), errors)[-1] == pytest.approx(2, abs=ORDER_MARGIN)


def test_second_order_elements_do_not_mend_the_polygon(change):
    """Straight sides: the error of the shape stays and falls as 1/sectors^2, even with the field resolved."""
    errors = [change(wire_problem(wire_mesh(n)), 2) / wire_exact(0.2) - 1 for n in (12, 24)]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.05)


def test_wire_of_tetrahedra_is_its_section(change):
    """Periodic along x, length of two layers of cells: to rounding."""
    flat, solid = change(wire_problem(wire_mesh(16))), change(wire_problem(wire_mesh(16, 3e-9)))
    assert solid == pytest.approx(flat, rel=SAME)


def test_order_of_a_wire_of_tetrahedra(change):
    counts = (12, 24, 48)
    errors = [change(wire_problem(wire_mesh(n, 1e-9))) / wire_exact(0.2) - 1 for n in counts]
    assert orders(1 / np.array(counts), errors)[-1] == pytest.approx(2, abs=ORDER_MARGIN)
    assert abs(errors[-1]) < 1e-3


def test_wire_between_contacts(change, elements):
    """Terminals instead of a field: the same correction, since nothing depends on x (B along x)."""
    shape = wire(6e-9, [("Pt", RADIUS)], sectors=16)
    mesh = shape.mesh({"Pt": LAMBDA}, cells_per_length=4, growth=1.0, sizes={"x": 2e-9}, lateral="uniform")
    section = wire_problem(wire_mesh(16))
    terminals = {name: Terminal(faces) for name, faces in shape.terminals.items()}
    response = respond(
        Problem(mesh, section.regions, section.faces, terminals),
        elements(1),
        solver=elements.direct,
        tolerance=TIGHT,
    )
    g = conductance_matrix(response)[0]
    assert -response.correction[0, 0, 0] / g[0, 0] == pytest.approx(change(section), rel=END_OF_TETRAHEDRA)


def test_insulator_shell_gives_the_same_as_an_outer_wall(change):
    """The metal inside, the magnet as a region around it: the normal then comes from an interface."""
    mesh = wire_mesh(16, layers=(("Pt", RADIUS), ("YIG", 2e-9)))
    assert change(wire_problem(mesh, wall="Pt|YIG")) == pytest.approx(change(wire_problem(wire_mesh(16))), rel=SAME)


def test_core_and_tied_shell_of_one_metal(change):
    """Two regions in perfect contact are one: radii at the same places, unknowns identified on a curved face."""
    layers = (("core", RADIUS / 2), ("Pt", RADIUS / 2))
    mesh = wire_mesh(16, layers=layers, cells_per_length=4)
    plain = wire_problem(mesh)
    sides = (Side("inside", CHARGE_AND_SPIN), Side("outside", CHARGE_AND_SPIN))
    tied = Face(FaceLaw(sides, tie=("u", "w")), {"inside": MINUS, "outside": PLUS})
    both = driven(mesh, plain.regions, {**plain.faces, "core|Pt": tied})
    joined = wire_mesh(16, cells_per_length=4)
    np.testing.assert_allclose(np.sort(mesh.points, axis=0), np.sort(joined.points, axis=0), atol=1e-20)
    assert change(both) == pytest.approx(change(wire_problem(joined)), rel=SAME)
