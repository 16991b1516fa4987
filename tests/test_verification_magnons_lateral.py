"""Two strips on a film of a magnetic insulator, section (x, z), currents along the strips: what must agree.

drag between strips          <-> a line with distributed contacts where strips are wide and the film thin
                                 exp(-gap/lambda_m) where the gap is long; R_ij(B, m) = R_ji(-B, -m)
multigrid                    <-> direct solver; few iterations from 1.5 nm to 10 um, from volts to relative temperatures
heater on one strip          <-> Kelvin's relation between Seebeck field and Peltier heat; heat in = heat out
"""

from dataclasses import replace

import numpy as np
import pytest

from hanle.boundary.heat_contact import held_temperature
from hanle.boundary.magnon_face import magnon_face
from hanle.boundary.magnons.linear import LinearExchange
from hanle.meshes.strips import strips
from hanle.pde.closed_forms import magnon_drag
from hanle.pde.coupling import carried, combined, restricted
from hanle.pde.fields import MAGNON, SPIN, Field, FieldSet
from hanle.pde.heat import HEAT, metal_heat
from hanle.pde.magnons import magnon_insulator
from hanle.pde.metal import normal_metal
from hanle.pde.problem import MINUS, PLUS, Face, Gradient, Problem, Terminal
from hanle.pde.solution import wire
from hanle.pde.steady import respond
from hanle.pde.tensors import unit

T0 = 300.0
PT = {"conductivity": 2e6, "diffusion_constant": 3e-4, "diffusion_length": 1.5e-9, "spin_hall_angle": 0.11}
GIVEN = LinearExchange(T0, g=1.6e17, S=1.2e-6, kappa=4e7, g_r=4.1e18, g_i=-3e17, h_pp=2.8e8, h_ep=3e7)
WIDTH, THICK, FILM = 1e-7, 7e-9, 2e-7
M, FIELD, ALONG_X = unit([1.0, 0.3, -0.4]), np.array([8.0, -3.0, 15.0]), np.array([1.0, 0.0, 0.0])
TIGHT, BALANCE, RECIPROCITY = 1e-12, 1e-8, 1e-10
#: More than 150 in the third case where a hierarchy cuts neighbours below a quarter of the strongest, and where
#: temperatures that exchange heat are solved one after the other.
ITERATIONS = 80
#: The drag is 1e-6 of the conductance of a strip, which its residual is relative to.
NONLOCAL = 1e-7


def metal(heat, field, charge):
    """Charge in a field of its own, so that each strip is driven alone."""
    found = normal_metal(field=field, **PT)
    if heat:
        found = combined(found, metal_heat(temperature=T0, electrons=15.0, lattice=5.0, coupling=2.5e17))
    own = Field(charge, 1, "V", "A/m^2", "minus the electrochemical potential")
    return replace(found, fields=FieldSet((own, *found.fields.fields[1:])))


def insulator(heat, length):
    thermal = {
        "spin_seebeck": 55.0,
        "heat_conductivity": 1.1,
        "lattice_heat_conductivity": 6.5,
        "exchange_with_lattice": 3e15,
        "number_exchange": 3e31,
    }
    found = magnon_insulator(
        "YIG", temperature=T0, conductivity=5e5, diffusion_length=length, **(thermal if heat else {})
    )
    return found if heat else carried(found, FieldSet((MAGNON,)))


def device(gap, heat=False, m=M, field=FIELD, film=FILM, length=9.4e-6, width=WIDTH, cells=3.0, **mesh):
    """Injector at low x, detector at high x; with heat, a heater on the injector and the bottom at T_0."""
    wide = 2 * gap + (4e-6 if heat else 12 * length)
    left, right = -(gap + width) / 2, (gap + width) / 2
    shape = strips(wide, [("YIG", film)], [("Pt", left, width, THICK), ("Pt2", right, width, THICK)])
    middle = insulator(heat, length)
    sizes = {"Pt": PT["diffusion_length"], "Pt2": PT["diffusion_length"], "YIG": min(*middle.decay_lengths, length)}
    spins = FieldSet((SPIN, *(HEAT.fields if heat else ())))
    law = restricted(magnon_face("YIG", GIVEN, m), {"metal": spins, "magnet": middle.fields})
    faces = {f"YIG|{n}": Face(law, {"metal": PLUS, "magnet": MINUS}) for n in ("Pt", "Pt2")}
    ends = {}
    if heat:
        faces["bottom"] = Face(held_temperature(T0, {"T_p": T0}), {"body": MINUS})
        ends = {"heater": Terminal(("Pt|top",), "T_e")}
    regions = {"Pt": metal(heat, field, "u"), "YIG": middle, "Pt2": metal(heat, field, "u2")}
    drives = Gradient("u", "y"), Gradient("u2", "y")
    return Problem(shape.mesh(sizes, cells_per_length=cells, **mesh), regions, faces, ends, drives)


def solved(problem, engine, solver, bound=BALANCE):
    response = respond(problem, engine, solver=solver, tolerance=TIGHT)
    sizes = {name: 1 / T0 if name == "heater" else 1e4 for name in response.drives}
    for balance in wire(response, amplitudes=sizes).balances:
        assert np.max(balance.error) < bound, (balance.name, balance.error)
    return response


def test_drag_decays_over_lambda_m(elements):
    """Strips far apart on a film much thinner than lambda_m = 1 um; m along x, where spins are injected."""
    found = []
    for gap in (4e-6, 5e-6):
        problem = device(gap, m=ALONG_X, field=np.zeros(3), length=1e-6, sizes={"x": 1.5e-7})
        found.append(solved(problem, elements(2), elements.direct).matrix[0, 1, 0])
    assert found[1] / found[0] == pytest.approx(np.exp(-1), rel=1e-3)


@pytest.mark.parametrize("gap", [3e-7, 3e-6])
def test_drag_of_wide_strips_on_a_thin_film(gap, elements):
    """A line with distributed contacts; the errors of that model fall with film/width and lambda/width."""
    length, errors = 1e-6, []
    for film, width in ((2e-8, 2e-7), (5e-9, 8e-7)):
        given = {"length": length, "film": film, "width": width, "sizes": {"x": 1.5e-7}}
        problem = device(gap, m=ALONG_X, field=np.zeros(3), **given)
        found = solved(problem, elements(2), elements.direct).matrix[0, 1, 0]
        strip = magnon_drag.Film(PT["conductivity"], PT["diffusion_length"], PT["spin_hall_angle"], THICK, GIVEN.g)
        line = magnon_drag.Magnons(5e5, length, film)
        margin = (gap + 12 * length - 2 * width) / 2
        errors.append(found / magnon_drag.lateral_drag(line, strip, width, gap, margin) - 1)
    assert abs(errors[0]) < 3e-2
    assert abs(errors[1]) < min(4e-3, 0.4 * abs(errors[0]))


@pytest.mark.parametrize("heat", [False, True])
def test_reciprocity_of_two_strips(heat, elements):
    here, there = (
        solved(device(1e-6, heat, s * M, s * FIELD), elements(), elements.direct).matrix[0] for s in (1, -1)
    )
    scale = np.sqrt(np.outer(*[np.abs(np.diag(here))] * 2))
    drag = here[-2:, -2:]
    np.testing.assert_allclose(drag[0, 1], there[-1, -2], rtol=NONLOCAL)
    np.testing.assert_allclose(here / scale, there.T / scale, atol=RECIPROCITY)
    assert abs(drag[0, 1] - drag[1, 0]) > 1e-5 * abs(drag[0, 1])


@pytest.mark.parametrize(("film", "order", "growth"), [(FILM, 1, 1.4), (FILM, 2, 1.4), (5e-5, 1, 1.2)])
def test_multigrid_on_scales_from_nanometres_to_micrometres(film, order, growth, elements):
    """Four decades of cell sizes."""
    problem = device(2e-6, True, film=film, growth=growth)
    direct, iterative = (
        respond(problem, elements(order), solver=one, tolerance=1e-10)
        for one in (elements.direct, elements.iterative)
    )
    assert max(iterative.proof.iterations.values()) < ITERATIONS
    scale = np.sqrt(np.outer(*[np.abs(np.diag(direct.matrix[0]))] * 2))
    np.testing.assert_allclose(iterative.matrix[0] / scale, direct.matrix[0] / scale, atol=1e-10)
