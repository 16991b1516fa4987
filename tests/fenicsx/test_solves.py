"""Whole solves by the engine fenicsx: every observable of reference devices, on any number of processes.

film section, m(y)      quads, triangles     <-> scikit on the same mesh, one process on the same mesh
Hall bar                hexahedra, tetra     <-> the same; Onsager with a random interface
cross, floating contact hexahedra            <-> the same
valve of a channel      line                 <-> the same
round wire in a shell   tetrahedra, ties     <-> the same
magnet with a wall      hexahedra, tetra     <-> the same; iterations where a contact lies between processes
uniform film            quads, triangles     <-> the exact engine, at the order of the elements
nonlinear metal, leak   quads                <-> Newton with scikit, step by step
sweep of a field        quads                <-> fresh solves, the distributed mesh and its matrices kept

Cells are shared out at random unless a test says otherwise: nearly all facets lie between processes.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from mpi4py import MPI

from hanle.boundary.b_layer import Conductances, b_layer
from hanle.boundary.circuit import Circuit, normal_ferromagnet
from hanle.meshes.hall_bar import cross, hall_bar
from hanle.meshes.layered import Layers
from hanle.meshes.layers import film
from hanle.meshes.strips import channel
from hanle.meshes.wire import wire as round_wire
from hanle.pde import observables
from hanle.pde.coefficients import Bulk, FaceLaw, Side, term
from hanle.pde.engines.fenicsx import Fenicsx
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.engines.scikit import Scikit
from hanle.pde.ferromagnet import ferromagnet
from hanle.pde.fields import CHARGE, CHARGE_AND_SPIN
from hanle.pde.linear.direct import Direct
from hanle.pde.linear.parallel import solver
from hanle.pde.metal import normal_metal
from hanle.pde.newton import newton
from hanle.pde.problem import MINUS, PLUS, Face, Global, Gradient, Problem, Terminal
from hanle.pde.processes import Processes
from hanle.pde.solution import wire
from hanle.pde.steady import respond
from hanle.pde.tensors import unit

WORLD = Processes(MPI.COMM_WORLD)
NM = 1e-9
LAMBDA = 1.7 * NM
PT = {"conductivity": 2.5e6, "diffusion_constant": 2e-4, "diffusion_length": LAMBDA, "spin_hall_angle": 0.13}
CU = {"conductivity": 5e7, "diffusion_constant": 1e-2, "diffusion_length": 40 * NM, "spin_hall_angle": -0.01}
M, B = unit([0.3, -0.5, 0.8]), np.array([8.0, -3.0, 15.0])
G = (-2e13, 4e14, 1.5e14)
SIDES = (Side("below", CHARGE_AND_SPIN), Side("above", CHARGE_AND_SPIN))

#: Residual of a solve, relative.
TIGHT = 1e-12
#: Two solutions of one discrete problem, relative to the largest component of an observable.
SAME, SAME_ENGINE, SYMMETRY = 1e-9, 1e-10, 1e-10
BALANCE = 1e-9
ORDER_MARGIN = 0.1
#: To a residual of 1e-8 on one to three processes.
ITERATIONS = 20


@dataclass(frozen=True, eq=False)
class Device:
    """A problem, how it is driven, and where it is read."""

    problem: Problem
    amplitudes: dict = field(default_factory=dict)
    fluxes: dict = field(default_factory=dict)


def metal(record=PT, b=B):
    return normal_metal(field=b, mobility=1e-3, **record)


def on_magnet(m=M, factor=1.0, metal=PLUS):
    law = b_layer("YIG", Conductances(*(g * factor for g in G)), m)
    return Face(law, {"metal": metal, "magnet": MINUS if metal == PLUS else PLUS})


def random_factor(mesh, face="YIG|Pt"):
    """Conductances that jump from facet to facet."""
    return np.random.default_rng(5).uniform(0.1, 2.0, len(mesh.faces[face].nodes))


def section(cells):
    layers = [("YIG", 5 * NM), ("Pt", 4 * NM)]
    mesh = film(6 * NM, layers, periodic=True).mesh({"Pt": LAMBDA}, cells_per_length=3, cells=cells)
    y = mesh.face_centres("YIG|Pt")[:, 1] * 2 * np.pi / (6 * NM)
    texture = on_magnet(np.stack([np.cos(y), np.sin(y), 0.3 + 0 * y], axis=-1), random_factor(mesh))
    drives = (Gradient("u", "x"), Gradient("u", "y"))
    return Device(
        Problem(mesh, {"Pt": metal()}, {"YIG|Pt": texture}, gradients=drives), {"du/dx": 1e5, "du/dy": 3e4}
    )


def bar(cells, m=M, b=B):
    shape = hall_bar(24 * NM, 8 * NM, [("YIG", 6 * NM), ("Pt", 2 * NM)])
    mesh = shape.mesh(
        {"Pt": LAMBDA},
        cells_per_length=3,
        growth=1.0,
        cells=cells,
        lateral="uniform",
        sizes={"x": 2 * NM, "y": 2 * NM},
    )
    law = on_magnet(m, random_factor(mesh))
    ends = {name: Terminal(faces) for name, faces in shape.terminals.items()}
    return Device(Problem(mesh, {"Pt": metal(b=b)}, {"YIG|Pt": law}, ends), {"right": 0.0}, {"left": -1e-4})


def cross_with_floating_contact():
    shape = cross(20 * NM, 6 * NM, [("YIG", 6 * NM), ("Pt", 2 * NM)])
    mesh = shape.mesh(
        {"Pt": LAMBDA}, cells_per_length=3, growth=1.0, lateral="uniform", sizes={"x": 2 * NM, "y": 2 * NM}
    )
    ends = {name: Terminal(shape.terminals[name]) for name in ("left", "right", "V1")}
    lumped = (Global("V2", shape.terminals["V2"], "u", admittance=1e-3, source=1e-5),)
    problem = Problem(mesh, {"Pt": metal()}, {"YIG|Pt": on_magnet()}, ends, globals=lumped)
    return Device(problem, {"right": 0.0}, {"left": -1e-4})


def valve():
    source, sink = np.zeros(8), np.zeros((8, 8))
    source[1:4] = (2e9, -1e9, 5e8)
    sink[1:4, 1:4] = -np.diag([1e13, 3e13, 2e13])
    mesh = channel([("a", 30 * NM), ("m", 60 * NM), ("b", 50 * NM)]).mesh(40 * NM, cells_per_length=10)
    joined = {"below": MINUS, "above": PLUS}
    faces = {
        "a|m": Face(FaceLaw(SIDES, tie=("u", "w"), g=(term(1.0, 1.0, source),)), joined),
        "m|b": Face(FaceLaw(SIDES, tie=("u",), G=(term(1.0, 1.0, sink),)), joined),
    }
    return Device(Problem(mesh, {name: metal(CU, (0.0, 0.1, 0.4)) for name in "amb"}, faces))


def shell():
    """A core and a shell of two metals in perfect contact, the magnet around them."""
    shape = round_wire(5 * NM, [("core", 1.5 * NM), ("Pt", 1.5 * NM)], sectors=12)
    mesh = shape.mesh(
        {"core": LAMBDA, "Pt": LAMBDA}, cells_per_length=3, growth=1.0, sizes={"x": 2 * NM}, lateral="uniform"
    )
    tied = Face(
        FaceLaw((Side("in", CHARGE_AND_SPIN), Side("out", CHARGE_AND_SPIN)), tie=("u", "w")),
        {"in": MINUS, "out": PLUS},
    )
    faces = {"core|Pt": tied, "wall": on_magnet(factor=random_factor(mesh, "wall"), metal=MINUS)}
    ends = {name: Terminal(faces) for name, faces in shape.terminals.items()}
    problem = Problem(mesh, {"core": metal(CU), "Pt": metal()}, faces, ends)
    return Device(problem, {next(iter(ends)): 0.0}, {list(ends)[1]: 1e-5})


CO = {
    "conductivity": 5.5e6,
    "polarisation": 0.42,
    "diffusion_constant": 1.7e-3,
    "diffusion_length": 40 * NM,
    "exchange_length": 1.5 * NM,
    "dephasing_length": 1.0 * NM,
    "spin_hall_angle": 0.06,
    "anomalous_hall_angle": 0.05,
    "anisotropy": 0.08,
}


def magnet(cells, size=(6 * NM, 3 * NM), apart=False, turn=1 / (3 * NM)):
    """Pt|Co with a wall in m, per cell and per facet of a contact with a mixing conductance and memory loss."""
    shape = hall_bar(*size, [("Pt", 2 * NM), ("Co", 2 * NM)], arms=0, contacts=("Pt", "Co"))
    mesh = shape.mesh(
        {"Pt": LAMBDA, "Co": LAMBDA},
        cells_per_length=3,
        growth=1.0,
        cells=cells,
        lateral="uniform",
        sizes={"x": 1.5 * NM, "y": 1.5 * NM},
    )
    mesh = staggered(mesh) if apart else mesh

    def wall(points):
        angle = 0.4 + (points[:, 0] + 0.6 * points[:, 1]) * turn
        return unit(np.stack([np.cos(angle), 0.4 + 0 * angle, np.sin(angle)], axis=-1))

    at_face = wall(mesh.face_centres("Pt|Co"))
    contact = Circuit(1.5e15, 0.4e15, (1.2e15 + 0.3e15j) * random_factor(mesh, "Pt|Co"), 0.4)
    law = Face(normal_ferromagnet("Co", contact, at_face), {"normal": MINUS, "ferromagnet": PLUS})
    regions = {"Pt": metal(), "Co": ferromagnet("Co", magnetisation=wall(mesh.centres("Co")), field=B, **CO)}
    ends = {name: Terminal(faces) for name, faces in shape.terminals.items()}
    return Device(Problem(mesh, regions, {"Pt|Co": law}, ends), {"right": 0.0}, {"left": -1e-5})


def staggered(mesh):
    """The mesh with its cells in order of x, those of the upper region as if 4 nm further left."""
    x = mesh.points[mesh.cells].mean(axis=1)[:, 0] - 4 * NM * mesh.cell_region
    order = np.argsort(x, kind="stable")
    place = np.append(np.argsort(order), -1)
    faces = {name: replace(facets, cells=place[facets.cells]) for name, facets in mesh.faces.items()}
    return replace(mesh, cells=mesh.cells[order], cell_region=mesh.cell_region[order], faces=faces)


DEVICES = {
    "section of quads": lambda: section("quad"),
    "section of triangles": lambda: section("triangle"),
    "bar of hexahedra": lambda: bar("hexahedron"),
    "bar of tetrahedra": lambda: bar("tetra"),
    "cross": cross_with_floating_contact,
    "valve": valve,
    "wire": shell,
    "magnet of hexahedra": lambda: magnet("hexahedron"),
    "magnet of tetrahedra": lambda: magnet("tetra"),
}


def solve(device, engine, **options):
    options = {"tolerance": TIGHT} | options
    if isinstance(engine, Scikit):
        options["solver"] = Direct()
    response = respond(device.problem, engine, **options)
    return response, wire(response, amplitudes=device.amplitudes, fluxes=device.fluxes)


def read(device, engine, **options):
    """Every observable by name."""
    problem = device.problem
    response, solution = solve(device, engine, **options)
    for balance in solution.balances:
        assert np.max(balance.error) < BALANCE, balance.name
    found = {"reference": response.reference, "correction": response.correction, "fluxes": solution.fluxes}
    found |= {"amplitudes": solution.amplitudes, "sources": response.source_flux}
    found |= {f"deposit {k}": v for k, v in observables.deposits(solution).items()}
    if problem.terminals:
        found["conductance"] = observables.conductance_matrix(response)
    for region in problem.regions:
        points, current = observables.current_density(solution, region)
        found |= {f"points in {region}": points, f"current in {region}": current}
        found[f"spin current in {region}"] = observables.spin_current(solution, region)[1]
        found[f"w in {region}"] = observables.spin_accumulation(solution, region, points[::5])
        found[f"gradients in {region}"] = solution.samples(region).gradients
        values = response.system.vertex_values(region, solution.state)[2]
        # Without terminals u is free up to a constant.
        found[f"vertices of {region}"] = values if problem.terminals else values[..., 1:]
    for name in problem.faces:
        traces = solution.face(name).traces
        rows = [c for side in problem.faces[name].law.sides for c in side.fields.components]
        found[f"traces on {name}"] = traces[..., [k for k, c in enumerate(rows) if c != "u" or problem.terminals]]
    for e in solution.ledger:
        found[f"power of {e.place} {e.kind}"] = e.power
    return found


#: What is exactly zero in one region is compared on this part of the largest value of its kind in all regions.
FLOOR = 1e-3


def compare(found, expected, bound):
    assert found.keys() == expected.keys()
    power = max(np.abs(v).max() for k, v in expected.items() if k.startswith("power"))
    sizes = {key: float(np.abs(value).max(initial=0.0)) for key, value in expected.items()}
    kinds: dict[str, float] = {}
    for key, size in sizes.items():
        kinds[key.rpartition(" ")[0]] = max(kinds.get(key.rpartition(" ")[0], 0.0), size)
    for key, value in expected.items():
        size = power if key.startswith("power") else max(sizes[key], FLOOR * kinds[key.rpartition(" ")[0]], 1e-300)
        wrong = WORLD.largest(float(np.abs(found[key] - value).max(initial=0.0))) / size
        assert wrong < bound, f"{key}: {wrong:.1e}"


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", DEVICES)
def test_observables_are_those_of_scikit(partitioners, name, order):
    """And, solved by the same engine on one process, more closely."""
    device = DEVICES[name]()
    found = read(device, Fenicsx(order, partitioner=partitioners["random"]), solver=solver("direct"))
    compare(found, read(device, Scikit(order)), SAME)
    compare(found, read(device, Fenicsx(order, MPI.COMM_SELF), solver=solver("direct")), SAME_ENGINE)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", DEVICES)
def test_preconditioned_solves_give_the_same(partitioners, name, order):
    """Field-split iterations on the partition of dolfinx."""
    device = DEVICES[name]()
    compare(read(device, Fenicsx(order), solver=solver("multigrid")), read(device, Scikit(order)), SAME)


@pytest.mark.parametrize("turn", [1 / (3 * NM), 0.0], ids=["wall", "uniform"])
@pytest.mark.parametrize("kind", ["hexahedron", "tetra"])
def test_iterations_with_contacts_between_processes(partitioners, kind, turn):
    """Parts end at different x in each metal: processes hold nodes beyond their cells, for the contact alone."""
    device = magnet(kind, (15 * NM, 12 * NM), apart=True, turn=turn)
    engine = Fenicsx(partitioner=partitioners["shares"])
    found, _ = solve(device, engine, solver=solver("multigrid"), tolerance=1e-8)
    expected, _ = solve(device, Scikit())
    np.testing.assert_allclose(found.matrix, expected.matrix, rtol=1e-6)
    assert max(found.proof.iterations.values()) <= ITERATIONS


@pytest.mark.parametrize("kind", ["quad", "triangle"])
@pytest.mark.parametrize(("order", "rate", "finest"), [(1, 2, 2e-3), (2, 4, 1e-5)])
def test_order_towards_the_exact_engine(partitioners, kind, order, rate, finest):
    """Correction of the resistivity of a uniform film, m and B oblique."""
    layers = [("YIG", 5 * NM), ("Pt", 2.5 * LAMBDA)]
    drives = (Gradient("u", "x"), Gradient("u", "y"))

    def corrections(geometry, engine):
        problem = Problem(geometry, {"Pt": metal()}, {"YIG|Pt": on_magnet()}, gradients=drives)
        found = observables.film_resistivity(respond(problem, engine, tolerance=TIGHT))
        return np.array([found.change_L[0], found.change_T[0]])

    exact = corrections(Layers(("YIG", "Pt"), [[t for _, t in layers]]), Multilayer())
    errors = []
    for n in (8, 16):
        shape = film(4 * NM, layers, periodic=True)
        mesh = shape.mesh({"Pt": LAMBDA}, cells_per_length=n, growth=1.0, cells=kind, sizes={"y": 1 * NM})
        errors.append(np.abs(corrections(mesh, Fenicsx(order, partitioner=partitioners["random"])) / exact - 1))
    assert np.all(errors[1] < finest)
    np.testing.assert_allclose(np.log2(errors[0] / errors[1]), rate, atol=ORDER_MARGIN)


@pytest.mark.parametrize("cells", ["hexahedron", "tetra"])
def test_onsager(partitioners, cells):
    """Conductances and their corrections transpose under (B, m) -> (-B, -m), and not otherwise."""
    engine = Fenicsx(partitioner=partitioners["random"])
    forward, backward = (solve(bar(cells, s * M, s * B), engine)[0].correction[0] for s in (1, -1))
    size = np.abs(forward).max()
    np.testing.assert_allclose(backward, forward.T, atol=SYMMETRY * size)
    assert np.abs(forward - forward.T).max() > 1e-3 * size


def nonlinear():
    """sigma(u) = s (1 + 5 u) and a face that leaks g u^3: J at a state, and its slopes with the value in S and g."""
    s, slope, leak = 3e6, 5.0, 4e14

    def bulk(values, gradients):
        u, along = values[..., 0], gradients[..., 0]
        parts = [(np.eye(3)[k], s * slope * along[..., k]) for k in range(3) if np.any(along[..., k])]
        return Bulk(
            CHARGE,
            A=(term(s * (1 + slope * u), np.eye(3), [[1.0]]),),
            B=tuple(term(weight, axis, [[1.0]]) for axis, weight in parts),
            S=tuple(term(-weight * u, axis, [1.0]) for axis, weight in parts),
        )

    def face(traces, gradients):
        u = traces[..., 0]
        return FaceLaw(sides, G=(term(-3 * leak * u**2, 1.0, [[1.0]]),), g=(term(2 * leak * u**3, 1.0, [1.0]),))

    sides = (Side("metal", CHARGE),)
    mesh = film(20 * NM, [("Pt", 10 * NM)]).mesh({"Pt": 10 * NM}, cells_per_length=6, sizes={"y": 2 * NM})
    law = Face(FaceLaw(sides, at=face), {"metal": MINUS})
    return Problem(mesh, {"Pt": Bulk(CHARGE, at=bulk)}, {"bottom": law}, {"top": Terminal(("top",))})


def test_newton(partitioners):
    """The same residuals step by step, where they are not rounding, and the same state."""
    problem = nonlinear()
    expected = newton(problem, Scikit(2), amplitudes={"top": 0.3}, tolerance=1e-11)
    engine = Fenicsx(2, partitioner=partitioners["random"])
    found = newton(problem, engine, amplitudes={"top": 0.3}, tolerance=1e-11)
    assert len(found.residuals) == len(expected.residuals) <= 8
    for one, two in zip(found.residuals, expected.residuals, strict=True):
        assert one == pytest.approx(two, rel=1e-3, abs=1e-10)
    assert found.solution.flux("top")[0] == pytest.approx(expected.solution.flux("top")[0], rel=SAME)
    for ask in (lambda s: s.samples("Pt").values, lambda s: s.face("bottom").traces):
        np.testing.assert_allclose(ask(found.solution), ask(expected.solution), rtol=SAME)


def test_sweep(partitioners):
    """Turned field and moments start from the states before; what does not depend on them is kept."""
    engine, plain, previous = Fenicsx(2, partitioner=partitioners["random"]), section("quad"), None
    for angle in (0.0, 0.3, 0.6):
        c, s = np.cos(angle), np.sin(angle)
        turned = replace(plain.problem, regions={"Pt": metal(b=np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ B)})
        found = respond(turned, engine, tolerance=TIGHT, previous=previous)
        fresh = respond(turned, Scikit(2), solver=Direct(), tolerance=TIGHT)
        np.testing.assert_allclose(found.matrix, fresh.matrix, atol=SAME * np.abs(fresh.matrix).max())
        np.testing.assert_allclose(found.correction, fresh.correction, atol=SAME * np.abs(fresh.correction).max())
        if previous is not None:
            assert found.system.scalars.integrals is previous.system.scalars.integrals
            old = {id(o.matrix) for o in previous.system.terms.operators}
            assert all(id(o.matrix) in old for o in found.system.terms.operators)
            assert found.history["du/dx"]
        previous = found
