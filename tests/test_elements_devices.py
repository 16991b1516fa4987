"""Engines of finite elements on small devices: films, bars, contacts, partial ties, floating constants, refusals."""

from dataclasses import replace

import numpy as np
import pytest

from hanle.boundary.b_layer import Conductances, b_layer
from hanle.meshes.layered import Layers
from hanle.meshes.layers import stack
from hanle.pde import observables
from hanle.pde.coefficients import Bulk, FaceLaw, Side, term
from hanle.pde.engines.contract import Part
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.errors import InputError, UnsupportedError
from hanle.pde.fields import CHARGE, CHARGE_AND_SPIN
from hanle.pde.metal import normal_metal
from hanle.pde.problem import MINUS, PLUS, Face, Global, Gradient, Problem, Terminal
from hanle.pde.solution import wire
from hanle.pde.steady import respond

PT = {"conductivity": 2.5e6, "diffusion_constant": 2e-4, "diffusion_length": 1.7e-9, "spin_hall_angle": 0.13}
CU = {"conductivity": 5e7, "diffusion_constant": 1e-2, "diffusion_length": 4e-7}
FIELD = (3.0, 20.0, 5.0)
MIXING = Conductances(-2e13, 4e14, 1.5e14)
M = (1.0, 0.3, 0.7)
#: Two meshes, one discrete answer: rounding of the direct solver.
SAME = 1e-10
#: An exact discrete answer.
EXACT = 1e-11
TIGHT = 1e-12


@pytest.fixture
def tight(elements):
    def tight(problem, order=1, **options):
        return respond(problem, elements(order), solver=elements.direct, tolerance=TIGHT, **options)

    return tight


def film(mesh, m=M, gradients="xy", field=FIELD, faces=("YIG|Pt",)):
    law = b_layer("YIG", MIXING, m)
    metal = MINUS if "z-" in faces else PLUS
    sides = {"metal": metal, "magnet": PLUS if metal == MINUS else MINUS}
    laws = {name: Face(law, sides) for name in faces}
    return Problem(
        mesh,
        {"Pt": normal_metal(field=field, mobility=1e-3, **PT)},
        laws,
        gradients=tuple(Gradient("u", axis) for axis in gradients),
    )


def stack_mesh(cells=24):
    return stack([("YIG", 50e-9), ("Pt", 4e-9)]).mesh({"Pt": 6 * 4e-9 / cells}, growth=1.0)


@pytest.mark.parametrize(("order", "expected"), [(1, 2), (2, 4)])
def test_film_approaches_the_exact_solution(tight, order, expected):
    """Correction of the resistivity, B and m in general directions: nodal order 2 and 4."""
    exact = observables.film_resistivity(respond(film(Layers(("YIG", "Pt"), [[50e-9, 4e-9]])), Multilayer()))
    errors = []
    for cells in (12, 24):
        mesh = stack([("YIG", 50e-9), ("Pt", 4e-9)]).mesh({"Pt": 6 * 4e-9 / cells}, growth=1.0)
        assert len(mesh.region_cells("Pt")) == cells
        found = observables.film_resistivity(tight(film(mesh), order))
        errors.append([found.change_L / exact.change_L - 1, found.change_T / exact.change_T - 1])
    errors = np.abs(errors)[..., 0]
    assert np.all(errors[1] < 1e-2)
    assert np.all(np.log2(errors[0] / errors[1]) > expected - 0.1)


@pytest.mark.parametrize(
    ("axes", "cut", "order"),
    [("yz", False, 1), ("yz", False, 2), ("yz", True, 1), ("xyz", False, 1), ("xyz", False, 2)],
)
def test_uniform_film_is_the_one_dimensional_one(tight, block_mesh, axes, cut, order):
    """Periodic along the film: response per area, from gradients along periodic and invariant axes alike."""
    z = np.linspace(0, 4e-9, 7) ** 1.2 / 4e-9**0.2
    # Cut cells need equal steps: only then no lateral position is special.
    steps = np.array([0, 2.0, 4.0, 6.0] if cut else [0, 2.0, 3.0, 6.0]) * 1e-9
    lateral = [steps for _ in axes[:-1]]
    flat = block_mesh(axes, [*lateral, z], regions=("Pt",), simplices=cut, periodic=axes[:-1])
    line = block_mesh("z", [z], regions=("Pt",))
    one, many = (tight(film(mesh, faces=("z-",)), order) for mesh in (line, flat))
    area = 6e-9 ** (len(axes) - 1)
    np.testing.assert_allclose(many.matrix / area, one.matrix, rtol=SAME, atol=SAME * np.abs(one.matrix).max())
    scale = np.abs(one.correction).max()
    np.testing.assert_allclose(many.correction / area, one.correction, rtol=0, atol=SAME * scale)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(
    ("axes", "cut"), [("x", False), ("xy", True), ("xy", False), ("xyz", True), ("xyz", False)]
)
def test_conductance_of_a_bar(tight, block_mesh, axes, cut, order):
    """sigma A / L on distorted cells: the linear potential is in every space."""
    length, width = 40e-9, 10e-9
    coordinates = [np.linspace(0, length, 5), *[np.linspace(0, width, 4)] * (len(axes) - 1)]
    mesh = block_mesh(axes, coordinates, simplices=cut, distort=0.2)
    bulk = Bulk(CHARGE, A=(term(2.5e6, np.eye(3), [[1.0]]),))
    problem = Problem(mesh, {"A": bulk}, terminals={"left": Terminal(("x-",)), "right": Terminal(("x+",))})
    response = tight(problem, order)
    g = 2.5e6 * width ** (len(axes) - 1) / length
    np.testing.assert_allclose(response.matrix[0], g * np.array([[1, -1], [-1, 1]]), rtol=EXACT)
    solution = wire(response, amplitudes={"left": 0.0}, fluxes={"right": 3.0 * g})
    assert observables.voltage(solution, "right", "left")[0] == pytest.approx(-3.0, rel=EXACT)
    middle = np.zeros((1, 3))
    middle[0, list(mesh.axis_numbers)] = [length / 2, *[width / 3] * (len(axes) - 1)]
    assert solution.values("A", middle)[0, 0, 0] == pytest.approx(1.5, rel=EXACT)
    assert response.system.average("x+", "u", solution.state)[0] == pytest.approx(3.0, rel=EXACT)
    assert observables.measure(problem, "u")[0] == pytest.approx(length * width ** (len(axes) - 1), rel=EXACT)


def two_metals(block_mesh, cells=10):
    x = np.concatenate([np.linspace(0, 30e-9, cells + 1), np.linspace(30e-9, 50e-9, cells + 1)[1:]])
    return block_mesh("x", [x], regions=("A", "B"), layout=np.repeat([0, 1], cells))


def test_partial_tie_keeps_the_other_fields_apart(tight, block_mesh):
    """u is continuous between two metals, w is not: no spin current crosses, the charge current does."""
    pt, cu = (normal_metal(field=(0, 0, 2.0), **v) for v in (PT, CU))
    sides = (Side("one", CHARGE_AND_SPIN), Side("two", CHARGE_AND_SPIN))
    problem = Problem(
        two_metals(block_mesh),
        {"A": pt, "B": cu},
        {"A|B": Face(FaceLaw(sides, tie=("u",)), {"one": MINUS, "two": PLUS})},
        {"left": Terminal(("A|x-",)), "right": Terminal(("B|x+",))},
        gradients=(Gradient("u", "y"),),
    )
    response = tight(problem)
    system = response.system
    assert system.unknowns == 4 * (11 + 11) - 1
    reference = 1 / (30e-9 / 2.5e6 + 20e-9 / 5e7)
    assert response.reference[0, 0, 0] == pytest.approx(reference, rel=EXACT)
    solution = wire(response, amplitudes={"left": 0.0, "right": 1.0, "du/dy": 1e5})
    traces = solution.face("A|B").traces[0, 0, 0]
    assert traces[0] == pytest.approx(traces[4], rel=EXACT)
    alone = replace(problem, mesh=problem.mesh, faces={})
    lonely = wire(tight(alone), amplitudes={"left": 0.0, "right": 0.0, "du/dy": 1e5})
    points = np.array([[29e-9, 0, 0]])
    tied = wire(response, amplitudes={"left": 0.0, "right": 0.0, "du/dy": 1e5}).values("A", points)[0, 0]
    # The field along y makes w_z at the ends of A; without spin crossing it is that of A alone.
    assert abs(tied[3]) > 1e-7
    assert tied[3] == pytest.approx(lonely.values("A", points)[0, 0, 3], rel=1e-6)


def test_tie_between_regions_with_different_fields(tight, block_mesh):
    """One region carries charge and spin, the other charge only: two blocks, one potential."""
    plain = Bulk(CHARGE, A=(term(5e7, np.eye(3), [[1.0]]),))
    problem = Problem(
        two_metals(block_mesh),
        {"A": normal_metal(**PT), "B": plain},
        {
            "A|B": Face(
                FaceLaw((Side("one", CHARGE_AND_SPIN), Side("two", CHARGE)), tie=("u",)),
                {"one": MINUS, "two": PLUS},
            )
        },
        {"left": Terminal(("A|x-",)), "right": Terminal(("B|x+",))},
    )
    response = tight(problem)
    assert len(response.system.subsystem(Part.ALL).linear.blocks) == 2
    reference = 1 / (30e-9 / 2.5e6 + 20e-9 / 5e7)
    assert response.reference[0, 0, 0] == pytest.approx(reference, rel=EXACT)
    whole = 1 / (30e-9 / (2.5e6 * (1 - 2 * 0.13**2)) + 20e-9 / 5e7)
    assert response.matrix[0, 0, 0] == pytest.approx(whole, rel=EXACT)


def test_full_tie_shares_the_nodes_of_the_interface(tight, block_mesh):
    """Nothing but the numbering tells a tied pair of equal metals from one metal."""
    pt = normal_metal(field=(0, 0, 2.0), **PT)
    sides = (Side("one", CHARGE_AND_SPIN), Side("two", CHARGE_AND_SPIN))
    mesh = two_metals(block_mesh)
    whole = replace(
        mesh,
        regions=("A",),
        cell_region=0 * mesh.cell_region,
        faces={"A|x-": mesh.faces["A|x-"], "B|x+": mesh.faces["B|x+"]},
    )
    terminals = {"left": Terminal(("A|x-",)), "right": Terminal(("B|x+",))}
    tie = {"A|B": Face(FaceLaw(sides, tie=("u", "w")), {"one": MINUS, "two": PLUS})}
    tied = Problem(mesh, {"A": pt, "B": pt}, tie, terminals, (Gradient("u", "y"),))
    plain = Problem(whole, {"A": pt}, {}, terminals, (Gradient("u", "y"),))
    found, expected = tight(tied), tight(plain)
    assert found.system.unknowns == expected.system.unknowns == 4 * 21
    assert found.system.subsystem(Part.ALL).linear.ties is None
    np.testing.assert_allclose(
        found.matrix, expected.matrix, rtol=EXACT, atol=EXACT * np.abs(expected.matrix).max()
    )


def cross(block_mesh):
    """A square with three contacts, and its three-terminal conductances by a direct solve."""
    mesh = block_mesh("xy", [np.linspace(0, 20e-9, 9)] * 2, distort=0.1)
    faces = dict(mesh.faces)
    top = faces["y+"]
    middle = np.abs(mesh.face_centres("y+")[:, 0] - 10e-9) < 4e-9
    faces["probe"] = replace(top, nodes=top.nodes[middle], cells=top.cells[middle])
    faces["y+"] = replace(top, nodes=top.nodes[~middle], cells=top.cells[~middle])
    mesh = replace(mesh, faces=faces)
    terminals = {"left": Terminal(("x-",)), "right": Terminal(("x+",))}
    return Problem(mesh, {"A": normal_metal(field=(0, 0, 1.0), mobility=0.05, **PT)}, terminals=terminals)


def test_floating_constant_with_admittance(tight, block_mesh):
    """A lumped conductor to ground against the Schur complement of the three-terminal conductances."""
    problem = cross(block_mesh)
    probe = {**problem.terminals, "probe": Terminal(("probe",))}
    g = tight(replace(problem, terminals=probe)).matrix[0]
    for admittance, source in ((0.0, 0.0), (0.3 * g[2, 2], 0.0), (0.3 * g[2, 2], 2e5)):
        lumped = Global("lump", ("probe",), "u", admittance, source)
        response = tight(replace(problem, globals=(lumped,)))
        solution = wire(response, amplitudes={"left": 0.0, "right": 1.0})
        level = (source - g[2, 1]) / (g[2, 2] + admittance)
        assert response.system.average("probe", "u", solution.state)[0] == pytest.approx(level, rel=EXACT)
        assert solution.flux("right")[0] == pytest.approx(g[1, 1] + g[1, 2] * level, rel=EXACT)
        # Spin circulates: what the bulk loses adds up to nothing, so its balance has no scale.
        assert all(b.error[0] < 1e-10 for b in solution.balances if not b.name.startswith("w"))


def test_ledger_of_a_device(tight, block_mesh):
    """Charge through the contacts, spin lost in the bulk and to the magnet: every balance closes."""
    mesh = block_mesh("xz", [np.linspace(0, 30e-9, 7), np.linspace(0, 4e-9, 5)], distort=0.1)
    law = Face(b_layer("YIG", MIXING, M), {"metal": MINUS, "magnet": PLUS})
    terminals = {"left": Terminal(("x-",)), "right": Terminal(("x+",))}
    problem = Problem(mesh, {"A": normal_metal(field=FIELD, **PT)}, {"z-": law}, terminals)
    solution = wire(tight(problem), amplitudes={"left": 0.0}, fluxes={"right": 1.0})
    assert {b.name for b in solution.balances} == {"u", "w_x", "w_y", "w_z", "power"}
    assert all(b.turnover[0] > 0 and b.error[0] < 1e-9 for b in solution.balances)
    entries = {(e.place, e.kind): e for e in solution.ledger}
    assert entries["right", "terminal"].gain["u"][0] == pytest.approx(1.0, rel=1e-9)
    given = sum(solution.fluxes[0] * solution.amplitudes[0])
    assert -sum(entries[t, "terminal"].power[0] for t in terminals) == pytest.approx(given, rel=1e-9)
    torque = observables.deposits(solution)
    lost = np.array([entries["z-", "face"].gain[f"w_{a}"][0] for a in "xyz"])
    np.testing.assert_allclose(-(torque["torque:YIG"] + torque["flips:YIG"])[0], lost, rtol=1e-9)


def test_previous_system_is_reused(tight, block_mesh):
    """A turned magnetisation rebuilds face terms only; the answer is that of a fresh assembly."""
    mesh = block_mesh("xz", [np.linspace(0, 30e-9, 7), np.linspace(0, 4e-9, 5)], regions=("Pt",), distort=0.1)
    first = tight(film(mesh, gradients="y", faces=("z-",)))
    turned = film(mesh, m=(0.2, -1.0, 0.4), gradients="y", field=(1.0, -2.0, 7.0), faces=("z-",))
    again, fresh = tight(turned, previous=first), tight(turned)
    assert again.system.numbering is first.system.numbering
    old = {id(o.matrix) for o in first.system.terms.operators}
    assert all(id(o.matrix) in old for o in again.system.terms.operators)
    np.testing.assert_array_equal(again.matrix, fresh.matrix)
    assert not np.allclose(again.correction, first.correction, rtol=1e-3, atol=0.0)
    weaker = replace(turned, regions={"Pt": normal_metal(field=np.linspace(0, 1, 24)[:, None] * FIELD, **PT)})
    np.testing.assert_array_equal(tight(weaker, previous=first).matrix, tight(weaker).matrix)
    finer = film(block_mesh("z", [np.linspace(0, 4e-9, 9)], regions=("Pt",)), faces=("z-",))
    np.testing.assert_array_equal(tight(finer, previous=first).matrix, tight(finer).matrix)


def test_previous_system_with_other_ties(tight, block_mesh):
    """An interface that becomes continuous needs new numbers."""
    pt = normal_metal(**PT)
    terminals = {"left": Terminal(("A|x-",)), "right": Terminal(("B|x+",))}
    sides = (Side("one", CHARGE_AND_SPIN), Side("two", CHARGE_AND_SPIN))
    contact = FaceLaw(sides, G=(term(1e15, 1.0, np.kron([[-1, 1], [1, -1]], np.eye(4))),))
    mesh = two_metals(block_mesh)
    jump, tied = (
        Problem(mesh, {"A": pt, "B": pt}, {"A|B": Face(law, {"one": MINUS, "two": PLUS})}, terminals)
        for law in (contact, FaceLaw(sides, tie=("u", "w")))
    )
    first = tight(jump)
    bulk = 50e-9 / (2.5e6 * (1 - 2 * 0.13**2))
    assert first.matrix[0, 0, 0] == pytest.approx(1 / (bulk + 1e-15), rel=EXACT)
    second = tight(tied, previous=first)
    assert second.matrix[0, 0, 0] == pytest.approx(1 / bulk, rel=EXACT)
    np.testing.assert_array_equal(tight(jump, previous=second).matrix, first.matrix)


@pytest.mark.parametrize("factor", [1e3, 1e-2, 7.3])
def test_units_do_not_matter(tight, block_mesh, factor):
    """Lengths in other units, with conductivities to match: the same numbers to rounding."""

    def bar(length, voltage):
        mesh = block_mesh("xz", [np.linspace(0, 30e-9, 7) * length, np.linspace(0, 4e-9, 5) * length])
        pt = dict(PT, diffusion_length=PT["diffusion_length"] * length, conductivity=2.5e6 / voltage)
        pt["diffusion_constant"] *= length**2
        g = Conductances(*(v / (length * voltage) for v in (-2e13, 4e14, 1.5e14)))
        law = Face(b_layer("YIG", g, M), {"metal": MINUS, "magnet": PLUS})
        terminals = {"left": Terminal(("x-",)), "right": Terminal(("x+",))}
        return Problem(mesh, {"A": normal_metal(field=FIELD, **pt)}, {"z-": law}, terminals)

    plain, scaled = tight(bar(1.0, 1.0)), tight(bar(factor, 1.0))
    np.testing.assert_allclose(scaled.correction, plain.correction, rtol=1e-9)
    np.testing.assert_allclose(scaled.reference, plain.reference, rtol=1e-12)
    micro = tight(bar(1.0, factor))
    np.testing.assert_allclose(micro.correction * factor, plain.correction, rtol=1e-9)
    for response in (plain, scaled, micro):
        linear = response.system.subsystem(Part.ALL).linear
        sizes = [float(np.abs(t.fields).max() * np.abs(t.matrix.data).max()) for t in linear.terms]
        assert 0.1 < max(sizes) < 30.0
        assert all(1e-2 < np.abs(t.matrix.data).max() < 1e2 for t in linear.terms)


@pytest.mark.usefixtures("one_process")
def test_points_of_a_state(elements, block_mesh, rng):
    """A linear field on distorted cells, from all doors: points, vertices, samples, faces."""
    for axes, cut, order in (
        ("z", False, 2),
        ("yz", True, 1),
        ("yz", False, 2),
        ("xyz", True, 2),
        ("xyz", False, 1),
    ):
        sizes = [30e-9 if a != "z" else 2e-9 for a in axes]
        mesh = block_mesh(axes, [np.linspace(0, s, 6) for s in sizes], simplices=cut, distort=0.2)
        bulk = Bulk(CHARGE, A=(term(2.5e6, np.eye(3), [[1.0]]),))
        law = FaceLaw((Side("inside", CHARGE),), G=(term(-1e14, 1.0, [[1.0]]),))
        problem = Problem(mesh, {"A": bulk}, {"z+": Face(law, {"inside": MINUS})})
        system = elements(order).assemble(problem)
        slope = np.zeros(3)
        slope[list(mesh.axis_numbers)] = rng.normal(size=len(axes)) * 1e6
        state = system.numbering.nodes.mesh.points3(system.numbering.nodes.positions) @ slope
        points = np.zeros((200, 3))
        points[:, list(mesh.axis_numbers)] = rng.uniform(0, 1, (200, len(axes))) * sizes
        close = {"rtol": 0, "atol": EXACT * np.abs(state).max()}
        np.testing.assert_allclose(system.evaluate("A", state, points)[0, :, 0], points @ slope, **close)
        places, cells, values = system.vertex_values("A", state)
        np.testing.assert_allclose(values[0, :, 0], places @ slope, **close)
        assert cells.shape == mesh.cells.shape
        for rule in ("gauss", "centre"):
            s = system.samples("A", state, {}, rule)
            np.testing.assert_allclose(s.values[0, ..., 0], s.points @ slope, **close)
            flat = np.abs(s.gradients[0, ..., 0] - slope).max()
            assert flat < EXACT * np.abs(slope).max() * 30
            assert s.weights.sum() == pytest.approx(np.prod(sizes), rel=EXACT)
        f = system.face_samples("z+", state, {})
        np.testing.assert_allclose(f.traces[0, ..., 0], f.points @ slope, **close)
        np.testing.assert_allclose(f.normals, np.tile([0, 0, 1.0], (len(f.normals), 1)), atol=EXACT)
        along = np.where(np.arange(3) == 2, 0.0, slope)
        assert np.abs(f.gradients[0, ..., 0] - along).max() < EXACT * np.abs(slope).max() * 30
        assert f.weights.sum() == pytest.approx(np.prod(sizes[:-1]), rel=EXACT)
        with pytest.raises(InputError, match="inside A"):
            system.evaluate("A", state, points + 1e-6)


def test_given_values(tight, block_mesh):
    """w = 0 at one end of a wire: a spin sink; a scalar given per facet."""
    mesh = block_mesh("xy", [np.linspace(0, 8e-9, 41), np.linspace(0, 4e-9, 5)])
    bulk = Bulk(CHARGE, A=(term(1e6, np.eye(3), [[1.0]]),))
    ends = {name: np.linspace(1.0, 2.0, 5) for name in ("x-", "x+")}
    per_facet = {name: 0.5 * (v[1:] + v[:-1]) for name, v in ends.items()}
    laws = {
        n: Face(FaceLaw((Side("metal", CHARGE),), given={"u": v}), {"metal": MINUS}) for n, v in per_facet.items()
    }
    response = tight(Problem(mesh, {"A": bulk}, laws))
    state = wire(response, amplitudes={}).state
    corner = response.system.evaluate("A", state, np.array([[0, 2e-9, 0], [8e-9, 1e-9, 0]]))[0, :, 0]
    np.testing.assert_allclose(corner, [1.5, 1.25], rtol=EXACT)
    lam = 1.7e-9
    pt = normal_metal(**PT)
    sink = FaceLaw((Side("metal", CHARGE_AND_SPIN),), given={"w": np.zeros(3)})
    source = FaceLaw((Side("metal", CHARGE_AND_SPIN),), given={"w": np.array([0, 0, 1e-3])})
    line = block_mesh("x", [np.linspace(0, 8e-9, 200)])
    faces = {"x-": Face(source, {"metal": MINUS}), "x+": Face(sink, {"metal": MINUS})}
    response = tight(Problem(line, {"A": pt}, faces), order=2)
    solution = wire(response, amplitudes={})
    found = solution.values("A", np.array([[3e-9, 0, 0]]))[0, 0, 3]
    assert found == pytest.approx(1e-3 * np.sinh(5e-9 / lam) / np.sinh(8e-9 / lam), rel=1e-7)
    assert all(b.error[0] < 1e-9 for b in solution.balances if b.name in ("w_z", "power"))


@pytest.mark.usefixtures("one_process")
def test_floating_pieces(tight, elements, block_mesh):
    """Islands without contact float one by one; where a sink exists elsewhere, spin without one is an error."""
    x = np.linspace(0, 10e-9, 11)
    mesh = block_mesh("x", [x], regions=("A", "B"), layout=np.repeat([0, 1], 5))
    pt = normal_metal(**PT)
    problem = Problem(mesh, {"A": pt, "B": pt}, gradients=(Gradient("u", "y"),))
    block = elements().assemble(problem).subsystem(Part.ALL).linear.blocks[0]
    assert [len(pieces) for pieces in block.floating] == [2, 0, 0, 0]
    assert sorted(len(p) for p in block.floating[0]) == [6, 6]
    grounded = replace(problem, terminals={"left": Terminal(("A|x-",))})
    block = elements().assemble(grounded).subsystem(Part.ALL).linear.blocks[0]
    assert [len(pieces) for pieces in block.floating] == [1, 0, 0, 0]
    response = tight(grounded)
    assert np.all(np.isfinite(wire(response, amplitudes={"left": 0.0, "du/dy": 1e5}).state))
    endless = normal_metal(conductivity=5e7, diffusion_constant=1e-2, relaxation=np.zeros((3, 3)))
    with pytest.raises(InputError, match="w_x in B"):
        elements().assemble(replace(problem, regions={"A": pt, "B": endless})).subsystem(Part.ALL)


def test_reference_part_leaves_spin_out(elements, block_mesh):
    """Contacts reach charge only until theta couples spin."""
    system = elements().assemble(cross(block_mesh))
    reference, whole = (system.subsystem(part).linear for part in (Part.REFERENCE, Part.ALL))
    assert [b.components for b in reference.blocks] == [1]
    assert [b.components for b in whole.blocks] == [4]
    assert all(not t.skew for t in reference.terms)
    assert any(t.skew for t in whole.terms)


def test_refusals(elements, block_mesh):
    mesh = block_mesh("z", [np.linspace(0, 4e-9, 5)], regions=("Pt",))
    plain = film(mesh, faces=("z-",))
    with pytest.raises(InputError, match="order"):
        elements(3)
    with pytest.raises(UnsupportedError, match="multilayer"):
        elements().assemble(film(Layers(("YIG", "Pt"), [[50e-9, 4e-9]])))
    batch = normal_metal(**dict(PT, spin_hall_angle=np.array([[0.1], [0.2]])))
    with pytest.raises(UnsupportedError, match="loop"):
        elements().assemble(replace(plain, regions={"Pt": batch}))
    curved = replace(plain.regions["Pt"], at=lambda values, gradients: plain.regions["Pt"])
    with pytest.raises(UnsupportedError, match="newton"):
        elements().assemble(replace(plain, regions={"Pt": curved}))
    uneven = normal_metal(**dict(PT, spin_hall_angle=np.linspace(0, 0.1, 3)))
    with pytest.raises(InputError, match="one per entity"):
        elements().assemble(replace(plain, regions={"Pt": uneven}))
    square = block_mesh("xy", [np.linspace(0, 4e-9, 5)] * 2, regions=("Pt",))
    touching = {"a": Terminal(("x-",)), "b": Terminal(("y-",))}
    with pytest.raises(InputError, match="apart from other contacts"):
        elements().assemble(Problem(square, {"Pt": normal_metal(**PT)}, terminals=touching))
    with pytest.raises(InputError, match="gauss"):
        elements().assemble(plain).samples("Pt", np.zeros(20), {}, "midpoint")


@pytest.mark.parametrize(
    ("axes", "simplices"), [("z", False), ("yz", True), ("yz", False), ("xyz", True), ("xyz", False)]
)
def test_normals_of_a_mesh_are_those_of_the_elements(block_mesh, axes, simplices, elements):
    """Out of the minus side, on an interface that is not flat, of every cell kind."""
    grid = [np.linspace(0, 4e-9, 3)] * (len(axes) - 1) + [np.linspace(0, 4e-9, 5)]
    layout = np.array([0, 0, 1, 1]).reshape((1,) * (len(axes) - 1) + (4,))
    mesh = block_mesh(axes, grid, regions=("A", "B"), layout=layout, simplices=simplices, distort=0.2)
    metal = normal_metal(conductivity=1e6, diffusion_constant=1e-3, diffusion_length=3e-9)
    joined = Face(
        FaceLaw((Side("a", CHARGE_AND_SPIN), Side("b", CHARGE_AND_SPIN)), tie=("u", "w")),
        {"a": "minus", "b": "plus"},
    )
    system = elements(1).assemble(
        Problem(
            mesh,
            {"A": metal, "B": metal},
            {"A|B": joined},
            gradients=(Gradient("u", "x"),) if "x" not in axes else (),
        )
    )
    sampled = system.face_samples("A|B", system.constant("u"), {}).normals
    found = mesh.face_normals("A|B")
    assert len(axes) == 1 or np.ptp(found, axis=0).max() > 0.05
    np.testing.assert_allclose(found, sampled, atol=1e-12)
