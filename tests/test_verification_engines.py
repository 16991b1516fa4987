"""The conformance table: each engine gives each observable of each reference device, or refuses and names another.

              multilayer  multilayer  scikit      scikit      fenicsx     fenicsx
              of layers   of a line   order 1     order 2     order 1     order 2
film          oracle      =           h^2         h^4         h^2         h^4         oblique m and B, Hall effect
bilayer       oracle      =           h^2         h^4         h^2         h^4         two tied metals, unequal
spin-orbit    oracle      =           h^2         h^4         h^2         h^4         an interface with sheet currents
pillar        oracle      =           h^2         h^4         h^2         h^4         terminals, contact resistance
valve         oracle      =           h^2         h^4         h^2         h^4         sources and sinks on faces
floating      oracle      =           h^2         h^4         h^2         h^4         a contact as a global unknown
magnets       oracle      =           h^2         h^4         h^2         h^4         two ferromagnets, m oblique
moments       oracle      =           h^2         h^4         h^2         h^4         a metal with local moments
texture       -           refused     oracle      oracle      ==          ==          a section with m(y)
graded        -           refused     oracle      oracle      ==          ==          a coefficient within a layer
batch         solved      solved      refused     refused     refused     refused     several fields at once
layers        solved      -           refused     refused     refused     refused     a geometry without cells
nonlinear     -           refused     refused     refused     refused     refused     belongs to Newton

"=": to rounding. h^2, h^4: `BOUND`, on 10 elements per decay length. "==": what scikit of that order gives, to `SAME`.
Columns of fenicsx need dolfinx; where it is missing they are skipped.
"""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from hanle.boundary.b_layer import Conductances, b_layer
from hanle.boundary.circuit import Circuit, normal_ferromagnet
from hanle.boundary.rashba import rashba_interface
from hanle.boundary.scattering.coefficients import Drive, MemoryLoss, RashbaCoefficients
from hanle.materials.rates import Rates
from hanle.meshes.layered import Layers
from hanle.meshes.layers import film, stack
from hanle.meshes.strips import channel
from hanle.pde import observables
from hanle.pde.coefficients import FaceLaw, Side, term
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.engines.scikit import Scikit
from hanle.pde.errors import UnsupportedError
from hanle.pde.ferromagnet import ferromagnet
from hanle.pde.fields import CHARGE_AND_SPIN
from hanle.pde.linear.direct import Direct
from hanle.pde.magnetic_metal import metal_with_moments
from hanle.pde.metal import normal_metal
from hanle.pde.problem import MINUS, PLUS, Face, Global, Gradient, Problem, Terminal
from hanle.pde.solution import wire
from hanle.pde.steady import respond
from hanle.pde.tensors import unit

M, B = unit([0.3, -0.5, 0.8]), np.array([8.0, -3.0, 15.0])
G = Conductances(-2e13, 4e14, 1.5e14)
PT = {"conductivity": 2.5e6, "diffusion_constant": 2e-4, "diffusion_length": 1.7e-9, "spin_hall_angle": 0.13}
CU = {"conductivity": 5e7, "diffusion_constant": 1e-2, "diffusion_length": 4e-8, "spin_hall_angle": -0.01}
BOTH = (Gradient("u", "x"), Gradient("u", "y"))
SIDES = (Side("below", CHARGE_AND_SPIN), Side("above", CHARGE_AND_SPIN))
JOINED = {"below": MINUS, "above": PLUS}

EXACT, TIGHT, BALANCE = 1e-11, 1e-11, 1e-10
#: Largest deviation of any observable, relative to its largest component, by order; 0: the exact engine.
BOUND = {0: EXACT, 1: 3e-3, 2: 1e-5}
#: Identical meshes: two direct solutions.
SAME = 1e-9


def fenicsx(order):
    pytest.importorskip("dolfinx", reason="the engine fenicsx needs dolfinx")
    from hanle.pde.engines.fenicsx import Fenicsx

    return Fenicsx(order)


ELEMENTS = {"scikit": Scikit, "fenicsx": fenicsx}
elements_of_each_order = pytest.mark.parametrize(
    ("engine", "order"), [(name, order) for name in ELEMENTS for order in (1, 2)]
)


@dataclass(frozen=True, eq=False)
class Case:
    """A device for both kinds of geometry, and how it is driven and read."""

    pieces: tuple
    axis: str
    build: object
    drive: dict
    flux: dict
    places: dict

    def layers(self):
        return Layers(tuple(n for n, _, _ in self.pieces), [[d for _, d, _ in self.pieces]], self.axis)

    def mesh(self):
        sizes = [(n, d) for n, d, _ in self.pieces]
        shape = stack(sizes) if self.axis == "z" else channel(sizes)
        return shape.mesh({n: l for n, _, l in self.pieces if l}, cells_per_length=10, growth=1.0)


def on_magnet(m=M):
    return Face(b_layer("YIG", G, m), {"metal": PLUS, "magnet": MINUS})


def metal(record, field=B, mobility=2e-3):
    return normal_metal(field=field, mobility=mobility, **record)


def film_problem(geometry):
    return Problem(geometry, {"Pt": metal(PT)}, {"YIG|Pt": on_magnet()}, gradients=BOTH)


def bilayer_problem(geometry):
    joined = Face(FaceLaw(SIDES, tie=("u", "w")), JOINED)
    regions = {"Pt": metal(PT), "Cu": metal(CU)}
    return Problem(geometry, regions, {"YIG|Pt": on_magnet(), "Pt|Cu": joined}, gradients=BOTH)


RASHBA = RashbaCoefficients(
    Drive(3.1e4, -1.2e4, 2.3e4, 0.9e4, -0.4e4),
    Drive(-2.0e4, 0.7e4, 1.1e4, -0.3e4, 0.6e4),
    Drive(0.8e4, 1.6e4, -0.5e4, 0.2e4, 0.35e4),
    4e14, 1e14, 3e14 + 0.4e14j, MemoryLoss(1e12, 2e12, 3e12, 4e12),
)  # fmt: skip
CO = {
    "conductivity": 5.5e6, "polarisation": 0.42, "diffusion_constant": 1.7e-3, "diffusion_length": 1.2e-8,
    "exchange_length": 3e-9, "dephasing_length": 2e-9, "anomalous_hall_angle": 0.01, "anisotropy": 0.02,
}  # fmt: skip


def spin_orbit_problem(geometry):
    law = rashba_interface("Co", RASHBA, M, (0.0, 0.0, 1.0))
    regions = {"Pt": metal(PT), "Co": ferromagnet("Co", magnetisation=M, field=B, **CO)}
    return Problem(geometry, regions, {"Pt|Co": Face(law, {"normal": MINUS, "ferromagnet": PLUS})}, gradients=BOTH)


def contact_resistance():
    """Metals joined by a conductance per spin, so that u and w jump."""
    g = np.diag([1e15, 4e14, 4e14, 6e14])
    jump = np.block([[-g, g], [g, -g]])
    return Face(FaceLaw(SIDES, G=(term(1.0, 1.0, jump),)), JOINED)


def pillar_problem(geometry):
    regions = {"Pt": metal(PT), "Cu": metal(CU)}
    ends = {"low": Terminal(("bottom",)), "high": Terminal(("top",))}
    return Problem(geometry, regions, {"Pt|Cu": contact_resistance()}, ends, gradients=BOTH)


def floating_problem(geometry):
    plain = pillar_problem(geometry)
    lumped = (Global("load", ("top",), "u", admittance=3e13, source=2e9),)
    return replace(plain, terminals={"low": plain.terminals["low"]}, globals=lumped)


def valve_problem(geometry):
    source, sink = np.zeros(8), np.zeros((8, 8))
    source[1:4] = (2e9, -1e9, 5e8)
    sink[1:4, 1:4] = -np.diag([1e13, 3e13, 2e13])
    inject = FaceLaw(SIDES, tie=("u", "w"), g=(term(1.0, 1.0, source),))
    detect = FaceLaw(SIDES, tie=("u", "w"), G=(term(1.0, 1.0, sink),))
    regions = {n: metal(CU, (0.0, 0.1, 0.4), 0.0) for n in ("a", "m", "b")}
    return Problem(geometry, regions, {"a|m": Face(inject, JOINED), "m|b": Face(detect, JOINED)})


STRONG = CO | {
    "exchange_length": 1.6e-9, "dephasing_length": 1e-9, "spin_hall_angle": 0.05, "anomalous_hall_angle": 0.04,
    "anisotropy": 0.1, "mobility": 2e-3,
}  # fmt: skip


def magnets_problem(geometry):
    """Pt | Co | Cu | Fe: a mixing conductance below and above, m oblique and not collinear, P of either sign."""
    second = unit([-0.6, 0.2, 0.5])
    given = Circuit(1.5e15, 0.4e15, 1.2e15 + 0.3e15j, 0.4)
    roles = {"normal": MINUS, "ferromagnet": PLUS}
    iron = STRONG | {"polarisation": -0.3, "conductivity": 2e6, "diffusion_length": 5e-9}
    regions = {
        "Pt": metal(PT),
        "Co": ferromagnet("Co", magnetisation=M, field=B, **STRONG),
        "Cu": metal(CU),
        "Fe": ferromagnet("Fe", magnetisation=second, field=B, **iron),
    }
    faces = {
        "Pt|Co": Face(normal_ferromagnet("Co", given, M), roles),
        "Co|Cu": Face(FaceLaw(SIDES, tie=("u", "w")), JOINED),
        "Cu|Fe": Face(normal_ferromagnet("Fe", given, second), roles),
    }
    ends = {"low": Terminal(("bottom",)), "high": Terminal(("top",))}
    return Problem(geometry, regions, faces, ends, gradients=BOTH)


def moments_problem(geometry):
    """Flips along m, loss across it and an exchange field, on top of the host."""
    rates = Rates(*(np.array(v) for v in (1e13, 4e13, 6e13, -8e-21)))
    layer = metal_with_moments("Gd", rates, M, field=B, mobility=2e-3, **PT)
    joined = Face(FaceLaw(SIDES, tie=("u", "w")), JOINED)
    return Problem(geometry, {"Gd": layer, "Cu": metal(CU)}, {"Gd|Cu": joined}, gradients=BOTH)


PLANE = {"du/dx": 1e4, "du/dy": -3e3}
CASES = {
    "film": Case(
        (("YIG", 5e-8, None), ("Pt", 4.3e-9, 1.7e-9)), "z", film_problem, PLANE, {}, {"Pt": (5e-8, 5.2e-8, 5.43e-8)}
    ),
    "bilayer": Case(
        (("YIG", 5e-8, None), ("Pt", 3e-9, 1.7e-9), ("Cu", 2e-8, 1.7e-9)),
        "z", bilayer_problem, PLANE, {}, {"Pt": (5e-8, 5.3e-8), "Cu": (5.31e-8, 7.3e-8)},
    ),
    "spin-orbit": Case(
        (("Pt", 5e-9, 1.7e-9), ("Co", 3e-9, 1.7e-9)),
        "z", spin_orbit_problem, PLANE, {}, {"Pt": (1e-10, 5e-9), "Co": (6e-9, 8e-9)},
    ),
    "pillar": Case(
        (("Pt", 5e-9, 1.7e-9), ("Cu", 2e-8, 1.7e-9)),
        "z", pillar_problem, {"high": 0.0, **PLANE}, {"low": -1e9}, {"Pt": (1e-10, 5e-9), "Cu": (6e-9, 2.4e-8)},
    ),
    "floating": Case(
        (("Pt", 5e-9, 1.7e-9), ("Cu", 2e-8, 1.7e-9)),
        "z", floating_problem, {"low": 0.0, **PLANE}, {}, {"Pt": (1e-10, 5e-9), "Cu": (6e-9, 2.4e-8)},
    ),
    "magnets": Case(
        (("Pt", 4e-9, 1.7e-9), ("Co", 3e-9, 1e-9), ("Cu", 5e-9, 4e-9), ("Fe", 2e-9, 1e-9)),
        "z", magnets_problem, {"high": 0.0, **PLANE}, {"low": -1e11}, {"Co": (4.1e-9, 6e-9), "Fe": (1.3e-8,)},
    ),
    "moments": Case(
        (("Gd", 4e-9, 1.2e-9), ("Cu", 6e-9, 4e-9)),
        "z", moments_problem, PLANE, {}, {"Gd": (0.0, 3e-9), "Cu": (5e-9, 1e-8)},
    ),
    "valve": Case(
        (("a", 3e-8, 4e-8), ("m", 6e-8, 4e-8), ("b", 5e-8, 4e-8)),
        "x", valve_problem, {}, {}, {"a": (0.0, 2e-8), "m": (3e-8, 9e-8), "b": (1.2e-7,)},
    ),
}  # fmt: skip


def read(case, problem, engine):
    """Every observable by name."""
    solver = Direct() if isinstance(engine, Scikit) else None
    response = respond(problem, engine, solver=solver, tolerance=TIGHT)
    solution = wire(response, amplitudes=case.drive, fluxes=case.flux)
    for balance in solution.balances:
        assert np.max(balance.error) < BALANCE, balance.name
    found = {"reference": response.reference, "correction": response.correction, "fluxes": solution.fluxes}
    found["amplitudes"], found["sources"] = solution.amplitudes, response.source_flux
    if {"du/dx", "du/dy"} == set(response.drives):
        resistivity = observables.film_resistivity(response)
        found |= {"rho_L": resistivity.change_L, "rho_T": resistivity.change_T, "thickness": resistivity.thickness}
    if problem.terminals:
        found["conductance"] = observables.conductance_matrix(response)
        found["voltage"] = observables.voltage(solution, next(iter(problem.terminals)))
    found |= {f"deposit {k}": v for k, v in observables.deposits(solution).items()}
    for region, places in case.places.items():
        points = np.zeros((len(places), 3))
        points[:, "xyz".index(case.axis)] = places
        found[f"w in {region}"] = observables.spin_accumulation(solution, region, points)
        s = solution.samples(region)
        loss = problem.regions[region].loss(s.values, s.gradients)[..., 1:]
        found[f"relaxed in {region}"] = np.einsum("bep,bepn->bn", np.broadcast_to(s.weights, loss.shape[:3]), loss)
    for name, face in problem.faces.items():
        traces = solution.face(name).traces[0, 0, 0]
        rows = [c for side in face.law.sides for c in side.fields.components]
        # A device without terminals leaves u free up to a constant.
        found[f"trace {name}"] = traces[[k for k, c in enumerate(rows) if c != "u" or problem.terminals]]
    return found


def compare(found, expected, bound):
    """Every observable relative to its largest component."""
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        size = max(float(np.abs(value).max(initial=0.0)), 1e-300)
        deviation = float(np.abs(found[key] - value).max(initial=0.0)) / size
        assert deviation < bound, f"{key}: {deviation:.1e}"


@pytest.mark.parametrize(
    ("column", "order"), [("line", 0), *((name, order) for name in ELEMENTS for order in (1, 2))]
)
@pytest.mark.parametrize("name", CASES)
def test_observables(name, column, order):
    case = CASES[name]
    engine = Multilayer() if column == "line" else ELEMENTS[column](order)
    expected = read(case, case.build(case.layers()), Multilayer())
    compare(read(case, case.build(case.mesh()), engine), expected, BOUND[order])


def refused(problem, engine, match):
    with pytest.raises(UnsupportedError, match=match):
        respond(problem, engine)


@elements_of_each_order
def test_finite_elements_refuse_layers_and_batches(engine, order):
    """Both belong to the exact engine."""
    case, elements = CASES["film"], ELEMENTS[engine](order)
    refused(case.build(case.layers()), elements, "engine multilayer")
    fields = np.array([B, 2 * B])[:, None]
    batch = replace(case.build(case.mesh()), regions={"Pt": metal(PT, fields)})
    refused(batch, elements, "engine multilayer for batches")


def test_batch_equals_single_solves():
    case = CASES["film"]
    plain = case.build(case.layers())
    fields = np.array([B, -2 * B, (0.0, 0.0, 30.0)])
    batch = respond(replace(plain, regions={"Pt": metal(PT, fields[:, None])}), Multilayer())
    single = [respond(replace(plain, regions={"Pt": metal(PT, b)}), Multilayer()).correction[0] for b in fields]
    np.testing.assert_allclose(batch.correction, single, rtol=EXACT)


def texture():
    mesh = film(6e-9, [("YIG", 5e-9), ("Pt", 4e-9)], periodic=True).mesh({"Pt": 1.7e-9}, cells_per_length=3)
    y = mesh.face_centres("YIG|Pt")[:, 1] * 2 * np.pi / 6e-9
    return replace(
        film_problem(mesh), faces={"YIG|Pt": on_magnet(np.stack([np.cos(y), np.sin(y), 0 * y], axis=-1))}
    )


def graded():
    mesh = stack([("YIG", 5e-9), ("Pt", 4e-9)]).mesh({"Pt": 1.7e-9}, cells_per_length=4)
    profile = 2.5e6 * (1 + 0.5 * np.sin(1e9 * mesh.centres("Pt")[:, 2]))
    return Problem(mesh, {"Pt": metal(PT | {"conductivity": profile})}, {"YIG|Pt": on_magnet()}, gradients=BOTH)


#: What only elements resolve, and where it is read.
RESOLVED = {
    "texture": (texture, {"Pt": (5e-9, 7e-9, 9e-9)}),
    "graded": (graded, {"Pt": (5e-9, 7e-9, 9e-9)}),
}


@pytest.mark.parametrize("name", RESOLVED)
def test_exact_engine_refuses_what_is_not_layered(name):
    refused(RESOLVED[name][0](), Multilayer(), "engine scikit")


@elements_of_each_order
@pytest.mark.parametrize("name", RESOLVED)
def test_observables_of_what_is_not_layered(name, engine, order):
    """Balances close; fenicsx gives the numbers of scikit."""
    build, places = RESOLVED[name]
    case, problem = Case((), "z", build, PLANE if name == "graded" else {"du/dx": 1e4}, {}, places), build()
    found = read(case, problem, ELEMENTS[engine](order))
    if engine != "scikit":
        compare(found, read(case, problem, Scikit(order)), SAME)


@elements_of_each_order
def test_finite_elements_leave_nonlinear_laws_to_newton(engine, order):
    refused(nonlinear(), ELEMENTS[engine](order), "newton")


def test_exact_engine_leaves_nonlinear_laws_to_newton():
    refused(nonlinear(), Multilayer(), "newton")


def nonlinear():
    case, bulk = CASES["film"], metal(PT)
    curved = replace(bulk, at=lambda values, gradients: bulk)
    return replace(case.build(case.mesh()), regions={"Pt": curved})
