"""Temperatures that nothing holds are refused by every engine, whatever would solve for them.

two bodies, heat passed on or not      the names are those of the bodies without a bath
held by                                a terminal, a given value, surroundings, what a capacity stores, a reservoir
potentials                             float: a constant of them is not measured
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hanle.boundary.heat_contact import heat_contact, heat_sink, held_temperature
from hanle.meshes.layers import film, stack
from hanle.pde.coefficients import term
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.engines.scikit import Scikit
from hanle.pde.errors import InputError
from hanle.pde.heat import metal_heat
from hanle.pde.linear.direct import Direct
from hanle.pde.linear.multigrid import Multigrid
from hanle.pde.metal import normal_metal
from hanle.pde.problem import MINUS, PLUS, Face, Global, Gradient, Problem, Terminal
from hanle.pde.steady import respond

T0 = 300.0
H = 1e8
COUPLED = {"temperature": T0, "electrons": 20.0, "lattice": 5.0, "coupling": 1e17}
CONTACT = Face(heat_contact(T0, {("T_p", "T_p"): H}), {"below": MINUS, "above": PLUS})
ENGINES = {
    "exact": (Multilayer(), None),
    "direct": (Scikit(), Direct()),
    "multigrid": (Scikit(), Multigrid()),
}


def bodies(engine: Any, faces: dict[str, Face], **given: Any) -> Problem:
    """Layers a | b with heat of electrons and lattice; the exact engine takes the stack."""
    layers = [("a", 20e-9), ("b", 30e-9)]
    if isinstance(engine, Multilayer):
        mesh = stack(layers).layers_of_stack()
    else:
        mesh = film(40e-9, layers).mesh({"a": 1e-8, "b": 1e-8}, cells_per_length=3)
    return Problem(mesh, {name: metal_heat(**COUPLED) for name in "ab"}, faces, **given)


def outer(law: Any) -> Face:
    return Face(law, {"body": MINUS})


SINK = outer(heat_sink(T0, {"T_p": H}))


@pytest.mark.parametrize("name", ENGINES)
def test_bodies_without_a_bath_are_named(name: str) -> None:
    engine, solver = ENGINES[name]
    cases: list[tuple[dict[str, Face], str]] = [
        ({"a|b": CONTACT}, r"T_e, T_p in a, b must be held somewhere"),
        ({"bottom": SINK}, r"T_e, T_p in b must be held somewhere.*heat sink"),
        ({"top": SINK}, r"T_e, T_p in a must be held somewhere"),
    ]
    for faces, message in cases:
        with pytest.raises(InputError, match=message):
            respond(bodies(engine, faces), engine, solver=solver)
    respond(bodies(engine, {"a|b": CONTACT, "top": SINK}), engine, solver=solver)


@pytest.mark.parametrize("name", ENGINES)
def test_what_holds_a_temperature(name: str) -> None:
    engine, solver = ENGINES[name]
    electrons = replace(CONTACT, law=heat_contact(T0, {("T_e", "T_e"): H}))
    ways: list[tuple[dict[str, Face], dict[str, Any]]] = [
        ({"bottom": outer(held_temperature(T0, {"T_p": 310.0}))}, {}),
        ({}, {"terminals": {"hot": Terminal(("top",), "T_e")}}),
        ({}, {"globals": (Global("reservoir", ("top",), "T_p", admittance=1.0),)}),
    ]
    for faces, given in ways:
        respond(bodies(engine, {"a|b": electrons} | faces, **given), engine, solver=solver)
    with pytest.raises(InputError, match="T_e, T_p in a, b"):
        respond(bodies(engine, {"a|b": electrons}, globals=(Global("x", ("top",), "T_p"),)), engine, solver=solver)


def test_what_is_stored_holds() -> None:
    """As in a step of time; without exchange electrons have nothing."""
    engine = Scikit()
    problem = bodies(engine, {"a|b": CONTACT})
    stored = term(1e15, 1.0, np.diag([0.0, 1.0]))
    laws = {"a": replace(problem.regions["a"], R=(*problem.regions["a"].R, stored)), "b": problem.regions["b"]}
    respond(replace(problem, regions=laws), engine)
    apart = metal_heat(**COUPLED | {"coupling": 0.0})
    with pytest.raises(InputError, match="T_e in a must be held"):
        respond(replace(problem, regions=laws | {"a": replace(apart, R=(stored,))}), engine)


def test_islands_of_a_region() -> None:
    """A sink below one of two islands does not hold the other."""
    mesh = film(40e-9, [("a", 20e-9), ("b", 10e-9), ("c", 20e-9)]).mesh(
        dict.fromkeys("abc", 1e-8), cells_per_length=3
    )
    law = metal_heat(**COUPLED)
    merged = replace(mesh, cell_region=np.where(mesh.cell_region == 2, 0, mesh.cell_region))
    with pytest.raises(InputError, match="T_e, T_p in a must be held"):
        respond(Problem(merged, {"a": law}, {"bottom": SINK}), Scikit())


def test_potentials_float() -> None:
    metal = normal_metal(conductivity=1e6, diffusion_constant=1e-4, diffusion_length=3e-9, spin_hall_angle=0.1)
    mesh = film(40e-9, [("a", 20e-9)]).mesh({"a": 1e-8}, cells_per_length=3)
    respond(Problem(mesh, {"a": metal}, {}, gradients=(Gradient("u", "x"),)), Scikit(), solver=Direct())
