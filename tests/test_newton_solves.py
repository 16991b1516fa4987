"""What a step of Newton's method costs, and what its solves leave.

fields with and without a load   <-> one solve leaves both what they may have left
a heated film                    <-> four linear solves, by voltage and by current: each step brings all fields closer
wires                            <-> named as the user named them
"""

from dataclasses import replace

import numpy as np
import pytest

from hanle.boundary.b_layer import Conductances, b_layer
from hanle.boundary.heat_contact import heat_sink
from hanle.meshes.layered import Layers
from hanle.pde.coefficients import Bulk, FaceLaw, Side, term
from hanle.pde.constants import HBAR, MU_B
from hanle.pde.coupling import joined
from hanle.pde.engines.contract import Part
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.errors import InputError, SolveError
from hanle.pde.fields import CHARGE
from hanle.pde.heat import metal_heat
from hanle.pde.joule import joule
from hanle.pde.metal import normal_metal
from hanle.pde.newton import newton
from hanle.pde.newton_equations import Equations
from hanle.pde.newton_parts import title
from hanle.pde.newton_solves import Solves
from hanle.pde.nonlinear import combined, resistive, varying
from hanle.pde.problem import MINUS, Face, Gradient, Problem, Terminal
from hanle.pde.steady import TOLERANCE

T0, SIGMA, HEIGHT, PITCH = 300.0, 1e6, 5e-9, 10e-9 / 3
#: Solves of a heated film at 20 mV: its conductivity falls by 2 %.
SOLVES = 4


@pytest.fixture
def film(block_mesh):
    """A platinum film on an insulator that cools it: precession, spin Hall effect, Joule heat, sigma(T)."""
    s = np.linspace(0, 1, 16)
    coordinates = PITCH * np.arange(8), PITCH * np.arange(4), HEIGHT * np.expm1(1.5 * s) / np.expm1(1.5)
    charge = normal_metal(
        conductivity=SIGMA,
        diffusion_constant=1e-4,
        diffusion_length=3e-9,
        spin_hall_angle=0.1,
        field=(0.0, 0.0, 1e12 * HBAR / (2 * MU_B)),
    )
    heat = metal_heat(temperature=T0, electrons=15.0, lattice=5.0, coupling=2.5e17)
    flows = combined(charge, replace(heat, A=(), R=()))
    bulk = joule(combined(varying(flows, "T_e", resistive(3.5e-3, T0)), heat))
    law = b_layer("insulator", Conductances(-1e13, 3e14, 1e14), (0.0, 1.0, 0.0))
    bottom = Face(joined(law, heat_sink(T0, {"T_p": 2.8e8}, role="metal")), {"metal": MINUS})
    terminals = {name: Terminal((name,)) for name in ("x-", "x+")}
    return Problem(block_mesh("xyz", coordinates), {"A": bulk}, {"z-": bottom}, terminals)


def test_solves_of_a_heated_film(elements, film):
    """The lattice, which only the electrons heat, holds its balance to rounding from the third step on."""
    voltage, engine, solver = 2e-2, elements(), elements.iterative
    by_voltage = newton(film, engine, amplitudes={"x-": voltage, "x+": 0.0}, solver=solver)
    current = float(by_voltage.solution.flux("x-")[0])
    by_current = newton(film, engine, amplitudes={"x+": 0.0}, fluxes={"x-": current}, solver=solver)
    # Both are within the tolerance of the same answer; errors of the voltage are those of the current.
    assert by_current.solution.amplitude("x-")[0] == pytest.approx(voltage, rel=10 * TOLERANCE)
    for found in (by_voltage, by_current):
        assert found.solves <= SOLVES
        assert found.residuals[-1] <= TOLERANCE
        assert np.all(np.diff(found.residuals) < 0)


LOOSE, FAINT = 1e-2, 1e-3


@pytest.fixture
def load_on_spins(elements, film):
    """(equations, load on the spins alone, what each field may have left, state that makes the load)."""
    bulk = film.regions["A"].at(np.zeros((1, 1, 1, 6)), np.full((1, 1, 1, 3, 6), 1e5))
    system = elements().assemble(replace(film, regions={"A": bulk}))
    equations = Equations(system, system.subsystem(Part.ALL))
    state = np.where(system.fixed, 0.0, np.random.default_rng(3).standard_normal(system.fixed.shape))
    load = np.where(equations.rows["w"] & ~system.fixed, system.apply(state), 0.0)
    size = LOOSE * equations.inner(load)["w"]
    return equations, load, {name: size * (1.0 if name == "w" else FAINT) for name in equations.rows}, state


def test_fields_without_a_load_are_not_spoilt(elements, load_on_spins):
    """Spins heat: what the solve leaves of the temperatures is what they may have left."""
    equations, load, goals, state = load_on_spins
    change, solves = Solves(equations, elements.iterative).change(load, goals, state)
    left = equations.inner(load - equations.system.apply(change))
    assert solves == 1
    assert all(left[name] <= goals[name] for name in goals)


class Coarse:
    """A solver that cannot do better than LOOSE / 2."""

    name, iterations = "coarse", 0

    def __init__(self, solver):
        self._solver = solver

    def prepare(self, system):
        self._prepared = self._solver.prepare(system)
        return self

    def solve(self, rhs, *, tolerance):
        if tolerance < LOOSE / 2:
            raise SolveError("stalled")
        return self._prepared.solve(rhs, tolerance=tolerance)


def test_what_fields_without_a_load_ask_for_may_be_out_of_reach(elements, load_on_spins):
    equations, load, goals, state = load_on_spins
    change, solves = Solves(equations, Coarse(elements.iterative)).change(load, goals, state)
    left = equations.inner(load - equations.system.apply(change))
    assert solves == 2
    assert left["w"] <= goals["w"]
    tight = {name: FAINT * size for name, size in goals.items()}
    with pytest.raises(SolveError, match="stalled"):
        Solves(equations, Coarse(elements.iterative)).change(load, tight, state)


def test_wires_are_named_as_the_user_named_them():
    """A sheet conductor that stands no more than 1 kV/m."""
    sides, along = (Side("metal", CHARGE),), np.zeros((3, 3))
    along[0, 0] = 1.0

    def touch(traces, gradients):
        if np.any(np.abs(gradients[..., 0, 0]) > 1e3):
            raise InputError("E", "below 1 kV/m", float(np.abs(gradients[..., 0, 0]).max()))
        return FaceLaw(sides, L=(term(4e-4, along, [[1.0]]),))

    bulk = Bulk(CHARGE, A=(term(1e-3, np.eye(3), np.eye(1)),))
    wire = Gradient("u", "x", label="injector")
    faces = {"bottom": Face(FaceLaw(sides, at=touch), {"metal": MINUS})}
    mesh = Layers(("wire",), np.array([[4e-8]]))
    problem = Problem(mesh, {"wire": bulk}, faces, {"top": Terminal(("top",))}, (wire,))
    with pytest.raises(SolveError, match=r"\(flux at injector = ") as caught:
        newton(problem, Multilayer(), amplitudes={"top": 0.0}, fluxes={wire.name: 1.0})
    assert wire.name not in str(caught.value)
    assert title(problem, "top") == "top"


def test_a_wire_with_several_axes_is_named_with_them():
    gradients = (Gradient("u", "x", label="injector"), Gradient("u", "y", label="injector"), Gradient("u", "x"))
    problem = Problem(Layers(("Pt",), np.array([[1e-9]])), {"Pt": Bulk(CHARGE)}, gradients=gradients)
    names = [title(problem, gradient.name) for gradient in gradients]
    assert names == ["injector along x", "injector along y", "du/dx"]
