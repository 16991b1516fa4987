"""Macroscopic gradients that only some regions feel: bodies that are insulated from each other, each driven alone.

two films through magnons, exact engine <-> closed form; elements <-> exact engine
a driven film beside another            <-> nothing but magnons links them: no field in the other one
"""

import numpy as np
import pytest

from hanle.boundary.magnon_face import MAGNET, METAL, magnon_face
from hanle.boundary.magnons.linear import LinearExchange
from hanle.meshes.layers import stack
from hanle.pde.closed_forms import magnon_drag
from hanle.pde.coupling import carried, restricted
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.engines.scikit import Scikit
from hanle.pde.fields import CHARGE_AND_SPIN, MAGNON, FieldSet
from hanle.pde.magnons import magnon_insulator
from hanle.pde.metal import normal_metal
from hanle.pde.problem import MINUS, PLUS, Face, Gradient, Problem
from hanle.pde.solution import wire
from hanle.pde.steady import respond

SIGMA, LENGTH, THETA, G, THICKNESS = 2e6, 1.5e-9, 0.1, 2.1e17, (7e-9, 2e-7, 5e-9)
EXACT, TIGHT, BALANCE = 1e-9, 1e-12, 1e-9
#: Elements of order 2 on the default grading.
ELEMENTS = 2e-4


@pytest.fixture(scope="module")
def problem():
    exchange = LinearExchange(300.0, g=G, S=1.7e-6, kappa=6e7, g_r=4.3e18, g_i=-3e17)
    magnons = FieldSet((MAGNON,))
    metal = normal_metal(
        conductivity=SIGMA, diffusion_constant=3e-4, diffusion_length=LENGTH, spin_hall_angle=THETA
    )
    bulk = magnon_insulator("YIG", temperature=300.0, conductivity=4e5, diffusion_length=9e-6)
    law = restricted(magnon_face("YIG", exchange, (0, 1, 0)), {METAL: CHARGE_AND_SPIN, MAGNET: magnons})
    faces = {
        "A|YIG": Face(law, {METAL: MINUS, MAGNET: PLUS}),
        "YIG|B": Face(law, {METAL: PLUS, MAGNET: MINUS}),
    }
    shape = stack(list(zip(("A", "YIG", "B"), THICKNESS, strict=True)))
    mesh = shape.mesh(resolve={"A": LENGTH, "B": LENGTH, "YIG": THICKNESS[1] / 4})
    drives = tuple(Gradient("u", axis, (name,), name) for name in "AB" for axis in "xy")
    regions = {"A": metal, "YIG": carried(bulk, magnons), "B": metal}
    return Problem(mesh, regions, faces, gradients=drives)


def test_films_driven_alone_are_the_closed_form(problem):
    response = respond(problem, Multilayer(), tolerance=TIGHT)
    assert response.drives == ("du/dx(A)", "du/dy(A)", "du/dx(B)", "du/dy(B)")
    films = [magnon_drag.Film(SIGMA, LENGTH, THETA, d, G) for d in THICKNESS[::2]]
    expected = magnon_drag.conductance(films[0], magnon_drag.Magnons(4e5, 9e-6, THICKNESS[1]), films[1])
    np.testing.assert_allclose(response.matrix[0][np.ix_([0, 2], [0, 2])], expected, rtol=EXACT)


@pytest.mark.parametrize("engine", [Multilayer(), Scikit(order=2)], ids=["multilayer", "scikit"])
def test_engines_feel_them_in_one_body(problem, engine):
    exact = respond(problem, Multilayer(), tolerance=TIGHT).matrix
    response = respond(problem, engine, tolerance=TIGHT)
    np.testing.assert_allclose(response.matrix, exact, rtol=ELEMENTS, atol=1e-12)
    driven = wire(response, amplitudes={"du/dx(A)": 1e4, "du/dx(B)": 0.0})
    assert max(float(np.max(b.error)) for b in driven.balances) < BALANCE
    own, other = (driven.samples(name).gradients[..., 0, 0] for name in "AB")
    np.testing.assert_allclose(own, 1e4)
    np.testing.assert_allclose(other, 0.0)
