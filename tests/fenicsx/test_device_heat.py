"""Devices with heat and magnons by the engine fenicsx <-> scikit on the same mesh, on any number of processes.

strips of Pt on YIG on GGG         charge, spin, magnons and heat; nonlinear exchange and Joule heat by Newton
bars of Pt on YIG in 3D            the same; wires, heat contacts, sinks and boundary conductances
"""

from collections.abc import Callable
from contextlib import nullcontext as nothing
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI

import hanle
from hanle.boundary.heat_contact import heat_contact, heat_sink
from hanle.boundary.magnons.admissible import MagnonWarning
from hanle.heat_faces import one_temperature
from hanle.meshes.coarse import CoarseMeshWarning
from hanle.meshes.layers import film
from hanle.pde.coupling import carried as restricted_to
from hanle.pde.engines.fenicsx import Fenicsx
from hanle.pde.engines.scikit import Scikit
from hanle.pde.errors import InputError
from hanle.pde.fields import LATTICE_HEAT, FieldSet
from hanle.pde.heat import metal_heat
from hanle.pde.linear.direct import Direct
from hanle.pde.linear.parallel import solver as linear_solver
from hanle.pde.problem import MINUS, PLUS, Face, Problem, Terminal
from hanle.pde.processes import Processes
from hanle.pde.steady import respond

WORLD = Processes(MPI.COMM_WORLD)
NM = 1e-9
#: Of the largest value of a read-out: rounding of two factorisations with heat of very different coefficients.
SAME = 1e-8
RULE = hanle.MagnonInterface(g_r="4.1e18 1/m^2")
YIG = {"like": "YIG", "magnon_diffusion_length": "300 nm"}
#: YIG of so few spins per magnon that the first order in them is doubtful.
DOUBTFUL = {"spin_density": "3e27 1/m^3"}
M = (0.3, 0.9, -0.2)

pytestmark = pytest.mark.filterwarnings(f"ignore::{CoarseMeshWarning.__module__}.{CoarseMeshWarning.__name__}")


def lateral(**yig: Any) -> tuple[hanle.Device, Any]:
    """Injector and detector along y on YIG on GGG, which carries heat only, and a sink below."""
    pads = [("in", -150 * NM, 100 * NM, 7 * NM), ("out", 150 * NM, 100 * NM, 7 * NM)]
    device = hanle.Device(
        hanle.strips(0.8e-6, [("GGG", 100 * NM), ("YIG", 50 * NM)], pads),
        {"GGG": "GGG", "YIG": YIG | yig, "in": "Pt", "out": "Pt"},
        magnetisation={"YIG": M},
        field=np.array(M),
        transport=("magnons", "heat"),
        wires={"in": ["in"], "out": ["out"]},
        interfaces={
            "YIG|in": RULE,
            "bottom": hanle.HeatContact(lattice="1e8 W/(m^2 K)"),
            "GGG|YIG": hanle.HeatContact(lattice="3e8 W/(m^2 K)"),
        },
        heat_contacts={"heater": ["out|top"]},
    )
    return device, device.mesh(cells_per_length=1.0, growth=2.0)


def solid() -> tuple[hanle.Device, Any]:
    """A Hall bar of Pt on YIG, current between its ends, bath below."""
    shape = hanle.hall_bar("60 nm", "30 nm", [("YIG", "20 nm"), ("Pt", "4 nm")], contacts=("Pt",))
    device = hanle.Device(
        shape,
        {"YIG": YIG, "Pt": {"like": "Pt", "seebeck": "-5 uV/K"}},
        magnetisation={"YIG": M},
        field=np.array(M),
        transport=("magnons", "heat"),
        interfaces={"YIG|Pt": RULE},
        heat_contacts={"bath": ["bottom"], "heater": ["top"]},
    )
    sizes = {"x": 10 * NM, "y": 10 * NM}
    return device, device.mesh(cells_per_length=0.5, growth=1.0, lateral="uniform", sizes=sizes)


def pair(build: Callable[..., Any], options: dict[str, Any], **device: Any) -> list[Any]:
    found, mesh = build(**device)
    return [found.solve(engine=engine, mesh=mesh, **options) for engine in ("scikit", "fenicsx")]


def compare(alone: Any, together: Any, questions: list[Callable[[Any], Any]], part: float = SAME) -> None:
    for ask in questions:
        expected, answer = np.asarray(ask(alone)), np.asarray(ask(together))
        assert np.abs(expected).max() > 0
        np.testing.assert_allclose(answer, expected, rtol=0, atol=part * np.abs(expected).max())
        assert len(set(WORLD.gather(answer.tobytes()))) == 1


WIRING = {"in": "50 uA", "heater": "0.5 mK"}
#: Of multigrid to a residual of 1e-8; twice as many to 1e-12.
ITERATIONS = 24
DIRECT = {"solver": "direct", "tolerance": 1e-11}
PLACE = [[0, -140 * NM, 140 * NM], [0, 110 * NM, 130 * NM]]
LATERAL = [
    lambda r: [r.wire_current("in"), r.wire_current("out")],
    lambda r: r.wire_field("out"),
    lambda r: r.magnon_potential("YIG", PLACE),
    lambda r: r.temperature("YIG", PLACE, "magnons") - 300,
    lambda r: r.temperature("GGG", [[0, 30 * NM, 70 * NM]]) - 300,
    lambda r: r.heat_current("heater"),
]


@pytest.mark.parametrize("nonlinear", [False, True], ids=["linear", "nonlinear"])
def test_strips_on_a_substrate(nonlinear: bool) -> None:
    alone, together = pair(lateral, DIRECT | {"wiring": WIRING, "nonlinear": nonlinear})
    compare(alone, together, LATERAL)
    if nonlinear:
        assert len(together.residuals) == len(alone.residuals)
        assert together.electric_power == pytest.approx(alone.electric_power, rel=SAME)
        assert together.energy_error < 1e-6


SOLID = [
    lambda r: [r.terminal_voltage(name) for name in r.device.shape.terminals],
    lambda r: r.heat_current("bath"),
    lambda r: r.torque("YIG"),
    lambda r: r.temperature("Pt", [[10 * NM, 2 * NM, 22 * NM]], "electrons") - 300,
    lambda r: r.magnon_potential("YIG", [[-11 * NM, 3 * NM, 15 * NM]]),
]


@pytest.mark.parametrize("nonlinear", [False, True], ids=["linear", "nonlinear"])
def test_bar_in_three_dimensions(nonlinear: bool) -> None:
    wiring = {"left": "10 uA", "right": "ground", "heater": "5 mK"}
    alone, together = pair(solid, DIRECT | {"wiring": wiring, "nonlinear": nonlinear})
    compare(alone, together, SOLID)


def test_one_voice_for_doubtful_magnons() -> None:
    """The warning of a face that several processes hold is heard once."""
    device, mesh = lateral(**DOUBTFUL)
    given = DIRECT | {"wiring": {"in": "1 uA", "heater": "0 W/m"}, "nonlinear": True}
    with pytest.warns(MagnonWarning, match="more than 0.1") if WORLD.rank == 0 else nothing():
        device.solve(engine="fenicsx", mesh=mesh, **given)


def test_iterations_are_bounded() -> None:
    """Substrates that only heat enters, stiff contacts: what regions have in common is found over all of them."""
    device, mesh = lateral()
    for faces in (
        {"GGG|YIG": hanle.HeatContact(lattice="1e12 W/(m^2 K)")},
        {"YIG|in": hanle.MagnonInterface(h_pp="1e11 W/(m^2 K)")},
    ):
        stiff = device.with_changes(interfaces=dict(device.interfaces) | faces)
        result = stiff.solve(wiring=WIRING, engine="fenicsx", solver="multigrid", mesh=mesh)
        assert max(result.solution.response.proof.iterations.values()) <= ITERATIONS
    open_ = {name: law for name, law in device.interfaces.items() if name != "GGG|YIG"}
    tied = device.with_changes(interfaces=open_)
    alone = tied.solve(wiring=WIRING, engine="scikit", mesh=mesh, **DIRECT)
    together = tied.solve(wiring=WIRING, engine="fenicsx", solver="multigrid", tolerance=1e-12, mesh=mesh)
    assert max(together.solution.response.proof.iterations.values()) <= 2 * ITERATIONS
    assert max(float(balance.error[0]) for balance in together.balances.values()) < 1e-10
    compare(alone, together, LATERAL, 1e-7)


@pytest.mark.parametrize("name", ["direct", "multigrid"])
def test_temperatures_without_a_bath_are_refused(name: str) -> None:
    """The processes see the same bodies, whoever has their cells."""
    mesh = film(40 * NM, [("a", 20 * NM), ("b", 30 * NM)]).mesh(dict.fromkeys("ab", 10 * NM), cells_per_length=3)
    law = metal_heat(temperature=300.0, electrons=20.0, lattice=5.0, coupling=1e17)
    sides = {"below": MINUS, "above": PLUS}
    contact = Face(heat_contact(300.0, {("T_p", "T_p"): 1e8}), sides)
    sink = Face(heat_sink(300.0, {"T_p": 1e7}), {"body": MINUS})
    for faces, bodies in (({"a|b": contact}, "a, b"), ({"bottom": sink}, "b")):
        problem = Problem(mesh, {"a": law, "b": law}, faces)
        with pytest.raises(InputError, match=f"T_e, T_p in {bodies} must be held somewhere"):
            respond(problem, Fenicsx(), solver=linear_solver(name))
    respond(Problem(mesh, {"a": law, "b": law}, {"a|b": contact, "bottom": sink}), Fenicsx())


@pytest.mark.parametrize("owner", ["random", "last", "shares"])
def test_shared_temperatures_whoever_has_the_cells(partitioners: dict[str, Any], owner: str) -> None:
    """A lattice tied to that of a metal, a stiff contact to another metal; processes with few cells or none."""
    layers = [("a", 20 * NM), ("glass", 60 * NM), ("b", 20 * NM)]
    mesh = film(80 * NM, layers).mesh({name: 10 * NM for name, _ in layers}, cells_per_length=3)
    metal = metal_heat(temperature=300.0, electrons=20.0, lattice=5.0, coupling=1e17)
    lattice = restricted_to(
        metal_heat(temperature=300.0, electrons=0.0, lattice=1.4, coupling=0.0), FieldSet((LATTICE_HEAT,))
    )
    sides = {"below": MINUS, "above": PLUS}
    faces = {
        "a|glass": Face(one_temperature(FieldSet((LATTICE_HEAT,)), ("below", "above")), sides),
        "glass|b": Face(heat_contact(300.0, {("T_p", "T_p"): 1e12}), sides),
    }
    ends = {"hot": Terminal(("top",), "T_e"), "cold": Terminal(("bottom",), "T_p")}
    problem = Problem(mesh, {"a": metal, "glass": lattice, "b": metal}, faces, ends)
    expected = respond(problem, Scikit(), solver=Direct())
    engine = Fenicsx(partitioner=partitioners[owner])
    found = respond(problem, engine, solver=linear_solver("multigrid"), tolerance=1e-11)
    np.testing.assert_allclose(found.matrix, expected.matrix, rtol=1e-9)
    assert max(found.proof.iterations.values()) <= 2 * ITERATIONS
