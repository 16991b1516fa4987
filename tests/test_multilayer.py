"""The layered engine: batches, balances, symmetries, fields inside layers, kernels against plain numpy, refusals."""

from dataclasses import replace

import numpy as np
import pytest

from hanle.boundary.b_layer import Conductances, b_layer
from hanle.meshes.layered import Layers
from hanle.meshes.tagged import Facets, TaggedMesh
from hanle.pde.coefficients import Bulk, FaceLaw, Side, matrix_terms, term
from hanle.pde.engines import twoport
from hanle.pde.engines.contract import Part
from hanle.pde.engines.multilayer import Multilayer, StackSystem
from hanle.pde.engines.twoport import Port, closed_form, profile, two_ports
from hanle.pde.errors import InputError, SolveError, UnsupportedError
from hanle.pde.fields import CHARGE, CHARGE_AND_SPIN, NOTHING
from hanle.pde.linear.tridiagonal import Chain, Link, Shunt, Tridiagonal, TridiagonalSystem
from hanle.pde.metal import normal_metal
from hanle.pde.observables import film_resistivity, measure
from hanle.pde.problem import Face, Global, Gradient, Problem, Terminal
from hanle.pde.solution import wire
from hanle.pde.steady import respond
from hanle.pde.tensors import Array

#: Rounding, relative to the largest number of its kind.
ROUNDING = 1e-13
#: Balances: quadrature of squared fields on graded panels.
BALANCE = 1e-10

BOTH = (Gradient("u", "x"), Gradient("u", "y"))
SIDES = (Side("below", CHARGE_AND_SPIN), Side("above", CHARGE_AND_SPIN))
ROLES = {"below": "minus", "above": "plus"}
TIED = Face(FaceLaw(SIDES, tie=("u", "w")), ROLES)


def metal(rng: np.random.Generator, batch: int = 1, *, tensor: bool = False, **changes: object) -> Bulk:
    one = (batch, 1)
    diffusion, length = 1e-4 * rng.uniform(0.3, 3, one), 1e-9 * rng.uniform(1, 8, one)
    root = rng.normal(size=(*one, 3, 3))
    rates = (diffusion / length**2)[..., None, None] * (
        np.eye(3) + 0.2 * (root + np.swapaxes(root, -1, -2)) ** 2 / 9
    )
    rates = rates + 2 * np.abs(rates).sum(axis=-1).max() * np.eye(3) * 0.1
    given = {
        "conductivity": 1e6 * rng.uniform(0.3, 5, one),
        "diffusion_constant": diffusion,
        "spin_hall_angle": rng.uniform(-0.1, 0.1, one),
        "field": 20 * rng.normal(size=(*one, 3)),
        **({"relaxation": rates} if tensor else {"diffusion_length": length}),
    }
    return normal_metal(**{**given, **changes})  # type: ignore[arg-type]


def magnet(rng: np.random.Generator, batch: int = 1) -> Face:
    law = b_layer("YIG", Conductances(-2e13, 4e14, 1e14), rng.normal(size=(batch, 1, 3)))
    return Face(law, {"metal": "minus"})


def jump(rng: np.random.Generator) -> Face:
    root = rng.normal(size=(3, 3))
    g = np.zeros((4, 4))
    g[0, 0], g[1:, 1:] = 1e15, 1e14 * (np.eye(3) + 0.2 * root @ root.T)
    whole = slice(0, 8)
    law = FaceLaw(SIDES, G=matrix_terms(np.block([[-g, g], [g, -g]]), rows=whole, columns=whole, size=(8, 8)))
    return Face(law, ROLES)


def stack(rng: np.random.Generator, batch: int = 1, tensor: bool = False) -> Problem:
    return Problem(
        Layers("ABC", 1e-9 * rng.uniform(0.5, 20, (batch, 3))),
        {name: metal(rng, batch, tensor=tensor) for name in "ABC"},
        {"bottom": magnet(rng, batch), "A|B": TIED, "B|C": jump(rng)},
        gradients=BOTH,
    )


def member(problem: Problem, k: int) -> Problem:
    """One member of a batch as a problem of its own."""

    def cut(coefficient):
        return tuple(replace(t, weight=t.weight[k : k + 1] if len(t.weight) > 1 else t.weight) for t in coefficient)

    return replace(
        problem,
        mesh=Layers(problem.mesh.names, problem.mesh.thickness[k : k + 1]),
        regions={n: b.filtered(cut) for n, b in problem.regions.items()},
        faces={n: replace(f, law=f.law.filtered(cut)) for n, f in problem.faces.items()},
    )


@pytest.mark.parametrize("tensor", [False, True])
def test_a_batch_equals_its_members(rng: np.random.Generator, tensor: bool) -> None:
    batch = 7
    problem = stack(rng, batch, tensor)
    whole = respond(problem, Multilayer(), tolerance=1e-12)
    for k in range(batch):
        one = respond(member(problem, k), Multilayer(), tolerance=1e-12)
        size = np.abs(one.correction).max()
        assert np.abs(whole.correction[k] - one.correction[0]).max() <= ROUNDING * size
        change = whole.changes["du/dx"][k] - one.changes["du/dx"][0]
        assert np.abs(change).max() <= 1e-11 * np.abs(one.changes["du/dx"]).max()


def test_many_members_are_solved_in_parts(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache-sized parts of a long batch change nothing."""
    problem = stack(rng, 10)
    whole = respond(problem, Multilayer(), tolerance=1e-12).correction
    monkeypatch.setattr("hanle.pde.linear.tridiagonal.CHUNK", 3)
    assert np.array_equal(respond(problem, Multilayer(), tolerance=1e-12).correction, whole)


def random_port(rng: np.random.Generator, ratio: float, turn: float) -> Port:
    """A three-component piece with closed form, `ratio` decay lengths thick."""
    s, r = 2e6, 1e24
    v = turn * r * rng.normal(size=3)
    cross = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    bulk = Bulk(
        CHARGE_AND_SPIN,
        A=(term(s, np.eye(3), np.eye(4)),),
        R=matrix_terms(r * np.eye(3) + cross, rows=slice(1, 4), columns=slice(1, 4), size=(4, 4)),
    )
    system = Multilayer().assemble(Problem(Layers(("A",), [[ratio * np.sqrt(s / r)]]), {"A": bulk}))
    (port,) = (p for p in system.model.layers[0].ports if len(p.components) == 3)
    assert port.closed is not None
    return port


@pytest.mark.parametrize("ratio", [1e-3, 0.1, 1.0, 10.0, 1e3])
@pytest.mark.parametrize("turn", [0.01, 3.0, 100.0])
def test_closed_form_equals_slabs(rng: np.random.Generator, ratio: float, turn: float) -> None:
    """Two independent routes to the same two-port, and to the fields inside."""
    port = random_port(rng, ratio, turn)
    p, t = closed_form(port.closed, port.thickness)
    general = two_ports(port, port.thickness)
    lost = general[0, 2] @ port.R[0]
    assert np.abs(t[0] - lost).max() <= 1e-13 * np.abs(lost).max() * max(1.0, np.sqrt(turn))
    # What a thick layer lets through is tiny: there only its own exponent counts, x times rounding.
    passed = np.abs(general[0, 0]).max()
    assert np.abs(p[0] - general[0, 0]).max() <= 3e-13 * (1 + ratio * np.sqrt(1 + turn)) * passed + 1e-300
    traces = rng.normal(size=(2, 1, 3))
    where = np.array([0.0, 1e-3, 0.3, 0.5, 0.9, 1.0])
    source = np.zeros((1, 3))
    closed = profile(port, tuple(traces), source, where)
    slabs = profile(replace(port, closed=None), tuple(traces), source, where)
    for a, b in zip(closed, slabs, strict=True):
        assert np.abs(a - b).max() <= 1e-11 * np.abs(b).max()


def test_pure_diffusion_needs_no_decay() -> None:
    """r = 0: P = s/d, nothing is lost, for one component and for rotation about any axis with r = 0."""
    system = Multilayer().assemble(
        Problem(Layers(("A",), [[4e-9]]), {"A": Bulk(CHARGE, A=(term(2e6, np.eye(3), [[1.0]]),))})
    )
    (port,) = system.model.layers[0].ports
    p, q, t0, t1 = port.passing
    assert p[0, 0, 0] == q[0, 0, 0] == pytest.approx(5e14, rel=1e-15)
    assert t0[0, 0, 0] == t1[0, 0, 0] == 0


def numpy_solution(system: TridiagonalSystem, rhs: Array) -> Array:
    """The plain twin of the kernels: dense matrices and numpy.linalg."""
    (chain,) = system.chains
    matrix = np.zeros((system.batch, system.size, system.size))
    for l in chain.links:
        for rows, columns, block in (
            (l.below, l.below, l.P + l.T0),
            (l.below, l.above, -l.P),
            (l.above, l.below, -l.Q),
            (l.above, l.above, l.Q + l.T1),
        ):
            matrix[:, rows[:, None], columns] += block
    for s in chain.shunts:
        matrix[:, s.here[:, None], s.here] += s.matrix
    free = np.flatnonzero(~system.fixed)
    solution = np.zeros_like(rhs)
    solution[:, free] = np.linalg.solve(matrix[:, free[:, None], free], rhs[:, free, None])[..., 0]
    return solution


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_kernels_equal_plain_numpy(rng: np.random.Generator, n: int) -> None:
    """Block elimination for any block size, a plane with empty slots, a fixed unknown, mixed batch sizes."""
    batch, planes = 4, 5
    numbers = np.arange(planes * n).reshape(planes, n)
    links, shunts = [], []
    for k in range(planes - 1):
        p, q, t0, t1 = (rng.normal(size=(batch if k % 2 else 1, n, n)) + 5 * n * np.eye(n) for _ in range(4))
        links.append(Link(numbers[k], numbers[k + 1], p, q, t0, t1))
        shunts.append(Shunt(numbers[k], rng.normal(size=(batch, n, n))))
    size = planes * n
    if n > 1:
        extra = np.array([numbers[2, 0], size])
        shunts.append(Shunt(extra, rng.normal(size=(1, 2, 2)) + 20 * np.eye(2)))
        numbers = np.concatenate([numbers, np.full((planes, 1), -1)], axis=1)
        numbers[2, n] = size
        size += 1
    fixed = np.zeros(size, dtype=bool)
    fixed[n] = True
    system = TridiagonalSystem(size, batch, fixed, (Chain(0, size, numbers, tuple(links), tuple(shunts)),))
    rhs = rng.normal(size=(batch, size))
    found = Tridiagonal().prepare(system).solve(rhs, tolerance=1e-12)
    assert np.abs(found - numpy_solution(system, rhs)).max() <= 1e-13 * np.abs(found).max() * size


def test_refinement_keeps_small_losses() -> None:
    """A layer of 1e-5 decay lengths loses 1e-10 of what it passes; spin put in at one face finds exactly that loss.

    Without the residual from differences, the sum of diagonal and off-diagonal would keep six digits of it.
    """
    twice_six_digits = 1e-12
    d, length, sigma = 2e-14, 2e-9, 2e6
    bulk = normal_metal(conductivity=sigma, diffusion_constant=1e-4, diffusion_length=length)
    system = Multilayer().assemble(Problem(Layers(("A",), [[d]]), {"A": bulk}))
    low, high = (system.model.numbering.traces[0, side][1] for side in (0, 1))
    rhs = np.zeros((1, system.size))
    rhs[0, low] = 1.0
    state = Tridiagonal().prepare(system.subsystem(Part.ALL).linear).solve(rhs, tolerance=1e-12)
    lost = sigma / length * np.tanh(d / length / 2)
    assert (state[0, low] + state[0, high]) * lost == pytest.approx(1.0, rel=twice_six_digits)


def test_onsager(rng: np.random.Generator) -> None:
    """sigma_xy(B, m) = sigma_yx(-B, -m), to rounding of the correction."""
    parameters = {"conductivity": 3e6, "diffusion_constant": 1e-4, "diffusion_length": 2e-9, "spin_hall_angle": 0.1}
    b, m = 30 * rng.normal(size=3), rng.normal(size=3)

    def matrix(sign: float) -> Array:
        problem = Problem(
            Layers(("Pt",), [[5e-9]]),
            {"Pt": normal_metal(**parameters, field=sign * b, mobility=1e-3)},
            {"top": Face(b_layer("YIG", Conductances(-2e13, 4e14, 1e14), sign * m), {"metal": "minus"})},
            gradients=BOTH,
        )
        return respond(problem, Multilayer(), tolerance=1e-12).correction[0]

    forth, back = matrix(1.0), matrix(-1.0)
    assert np.abs(forth - back.T).max() <= ROUNDING * np.abs(forth).max()
    assert np.abs(forth - forth.T).max() > 1e-4 * np.abs(forth).max()


@pytest.mark.parametrize("tensor", [False, True])
def test_ledger_closes(rng: np.random.Generator, tensor: bool) -> None:
    """Gains of every component and the dissipated power add up to zero; every sink dissipates."""
    solution = wire(
        respond(stack(rng, 3, tensor), Multilayer(), tolerance=1e-12), amplitudes={"du/dx": 1e5, "du/dy": -3e4}
    )
    assert {b.name for b in solution.balances} == {"u", "w_x", "w_y", "w_z", "power"}
    for balance in solution.balances:
        assert np.all(balance.error <= BALANCE), balance
    for entry in solution.ledger:
        assert np.all(entry.power <= 0 if entry.kind == "terminal" else entry.power >= 0), entry


@pytest.mark.parametrize("ratio", [1e-3, 1.0, 30.0, 1e3])
@pytest.mark.parametrize("tensor", [False, True])
def test_ledger_closes_in_thin_and_thick_layers(rng: np.random.Generator, ratio: float, tensor: bool) -> None:
    """The quadrature follows the decay from both faces, however many decay lengths the layer has.

    What a very thin layer loses is far less than what is driven through it: there the rounding of the latter counts.
    """
    bulk = metal(rng, tensor=tensor)
    problem = Problem(Layers(("Pt",), [[ratio * 3e-9]]), {"Pt": bulk}, {"bottom": magnet(rng)}, gradients=BOTH)
    solution = wire(respond(problem, Multilayer(), tolerance=1e-12), amplitudes={"du/dx": 1e5, "du/dy": -3e4})
    loss = next(e for e in solution.ledger if e.kind == "loss")
    face = next(e for e in solution.ledger if e.kind == "face")
    turnover = max(float(np.abs(v)[0]) for v in face.gain.values())
    driven = 1e5 * float(np.abs(solution.response.system.gradient_load("du/dx")).max())
    for name in ("w_x", "w_y", "w_z"):
        assert np.abs(loss.gain[name] + face.gain[name]) <= BALANCE * turnover + 1e-15 * driven
    (power,) = (b for b in solution.balances if b.name == "power")
    assert power.error[0] <= BALANCE


def test_ledger_with_terminals_global_given_and_sources(rng: np.random.Generator) -> None:
    fields = CHARGE_AND_SPIN
    bulk = metal(rng)
    bulk = replace(
        bulk, F=(term(1e16, 1.0, rng.normal(size=4)),), S=tuple(term(1e9, e, rng.normal(size=4)) for e in np.eye(3))
    )
    held = FaceLaw((Side("m", fields), Side("n", NOTHING)), given={"w": np.array([1e-6, 2e-6, -1e-6])})
    problem = Problem(
        Layers("AB", [[3e-9, 8e-9]]),
        {"A": bulk, "B": metal(rng)},
        {"A|B": jump(rng), "bottom": Face(held, {"m": "minus"})},
        {"low": Terminal(("bottom",))},
        BOTH,
        (Global("lead", ("top",), "u", admittance=3e14, source=1e8),),
    )
    response = respond(problem, Multilayer(), tolerance=1e-12)
    solution = wire(response, amplitudes={"low": 1e-3, "du/dx": 1e5, "du/dy": 0.0})
    for balance in solution.balances:
        assert np.all(balance.error <= BALANCE), balance
    assert {(e.place, e.kind) for e in solution.ledger} >= {
        ("bottom", "terminal"),
        ("lead", "terminal"),
        ("A|B", "face"),
    }
    low = solution.response.system.model.numbering.traces[0, 0]
    np.testing.assert_allclose(solution.state[0, low], [1e-3, 1e-6, 2e-6, -1e-6], rtol=1e-12)


def test_global_on_both_outer_faces(rng: np.random.Generator) -> None:
    """One floating constant at bottom and top: u equal there, fluxes out add up to the source."""
    bulk = replace(metal(rng), F=(term(1e16, 1.0, [1.0, 0, 0, 0]),))
    lead = Global("lead", ("bottom", "top"), "u", admittance=2e14, source=3e7)
    problem = Problem(Layers("AB", [[3e-9, 8e-9]]), {"A": bulk, "B": metal(rng)}, {"A|B": TIED}, globals=(lead,))
    system = Multilayer().assemble(problem)
    solver = Tridiagonal().prepare(system.subsystem(Part.ALL).linear)
    state = solver.solve(system.source_load(), tolerance=1e-12)
    u = system.average("bottom", "u", state)
    assert u == pytest.approx(system.average("top", "u", state), abs=0)
    assert 2e14 * u[0] == pytest.approx(3e7 + 1e16 * 3e-9, rel=1e-12)


def test_fields_inside(rng: np.random.Generator) -> None:
    """Samples obey the balance J_z' = R U by differences; probes, vertices and traces agree."""
    problem = stack(rng, tensor=True)
    solution = wire(respond(problem, Multilayer(), tolerance=1e-12), amplitudes={"du/dx": 1e5, "du/dy": 0.0})
    system = solution.response.system
    bottom = float(problem.mesh.thickness[0, 0])
    heights = bottom + float(problem.mesh.thickness[0, 1]) * (0.3 + 1e-4 * np.array([-1, 0, 1]))
    points = np.stack([0 * heights, 0 * heights, heights], axis=1)
    values = solution.values("B", points)[0]
    curvature = (values[0] - 2 * values[1] + values[2]) / (heights[1] - heights[0]) ** 2
    law = problem.regions["B"]
    loss = law.loss(values[None, None, 1:2], np.zeros((1, 1, 1, 3, 4)))[0, 0, 0]
    sigma = law.A[0].weight[0, 0, 0]
    assert np.abs(sigma * curvature[1:] - loss[1:]).max() <= 1e-5 * np.abs(loss).max()
    where, lines, nodes = system.vertex_values("B", solution.state)
    assert lines.shape == (len(where) - 1, 2)
    traces = system.model.numbering.traces
    ends = solution.state[0][np.stack([traces[1, 0], traces[1, 1]])]
    np.testing.assert_allclose(nodes[0, [0, -1]], ends, rtol=1e-12, atol=1e-15 * np.abs(ends).max())
    centre = system.samples("B", solution.state, solution.gradients, "centre")
    assert centre.weights.sum() == pytest.approx(measure(problem, "u")[0] - problem.mesh.thickness[0, [0, 2]].sum())
    assert centre.gradients[0, 0, 0, 0, 0] == 1e5


def test_layers_without_unknowns_are_skipped(rng: np.random.Generator) -> None:
    """YIG|Pt|YIG with magnets as data equals Pt between outer faces with the same laws."""
    pt, low, high = metal(rng), magnet(rng), magnet(rng)
    bare = Problem(Layers(("Pt",), [[4e-9]]), {"Pt": pt}, {"bottom": low, "top": high}, gradients=BOTH)
    faces = {"L|Pt": Face(low.law, {"metal": "plus"}), "Pt|H": Face(high.law, {"metal": "minus"})}
    full = Problem(Layers(("L", "Pt", "H"), [[50e-9, 4e-9, 9e-9]]), {"Pt": pt}, faces, gradients=BOTH)
    one, two = (respond(p, Multilayer(), tolerance=1e-12) for p in (bare, full))
    assert np.array_equal(one.correction, two.correction)
    assert measure(full, "u")[0] == 4e-9


def line_mesh(points: Array, kinds: list[int]) -> TaggedMesh:
    cells = np.stack([np.arange(len(points) - 1), np.arange(1, len(points))], axis=1)
    split = int(np.flatnonzero(np.diff(kinds))[0]) + 1
    return TaggedMesh(
        ("z",),
        points[:, None],
        "line",
        cells,
        ("B", "A"),
        np.array(kinds),
        {
            "low": Facets(np.array([[0]]), np.array([[0, -1]])),
            "B|A": Facets(np.array([[split]]), np.array([[split, split - 1]])),
            "high": Facets(np.array([[len(points) - 1]]), np.array([[len(points) - 2, -1]])),
        },
    )


def test_line_mesh_with_a_downward_normal(rng: np.random.Generator) -> None:
    """A contiguous line mesh equals Layers, though its interface runs from the upper to the lower layer."""
    a, b, low, between = metal(rng), metal(rng), magnet(rng), jump(rng)
    turned = Face(between.law, {"below": "plus", "above": "minus"})
    mesh = line_mesh(1e-9 * np.array([2.0, 3, 5, 6, 9]), [1, 1, 0, 0])
    lines = Problem(mesh, {"A": a, "B": b}, {"low": low, "B|A": turned}, gradients=BOTH)
    layers = Problem(
        Layers("AB", [[3e-9, 4e-9]]), {"A": a, "B": b}, {"bottom": low, "A|B": between}, gradients=BOTH
    )
    one, two = (respond(p, Multilayer(), tolerance=1e-12) for p in (lines, layers))
    assert np.abs(one.correction - two.correction).max() <= ROUNDING * np.abs(two.correction).max()
    zero = np.zeros((1, one.system.size))
    assert one.system.face_samples("B|A", zero, {}).normals[0, 2] == -1
    assert one.system.face_samples("low", zero, {}).points[0, 0, 2] == 2e-9


def test_resistivity_read_out_and_reuse(rng: np.random.Generator) -> None:
    """Film without magnet against its formula; unchanged layers are taken over by the next assembly."""
    d, length, theta = 6e-9, 2e-9, 0.1
    bulk = normal_metal(conductivity=2e6, diffusion_constant=1e-4, diffusion_length=length, spin_hall_angle=theta)
    problem = Problem(Layers(("Pt",), [[d]]), {"Pt": bulk}, {"top": magnet(rng)}, gradients=BOTH)
    first = Multilayer().assemble(problem)
    again = Multilayer().assemble(replace(problem, faces={}), first)
    assert again.model.layers[0] is first.model.layers[0]
    film = film_resistivity(respond(replace(problem, faces={}), Multilayer(), tolerance=1e-12))
    ratio = 1 - theta**2 * (2 - 2 * length / d * np.tanh(d / 2 / length))
    assert film.change_L[0] == pytest.approx(1 / ratio - 1, rel=1e-12)


def test_floating_potential_has_zero_mean_and_needs_balance(rng: np.random.Generator) -> None:
    """u has no contact here: mean zero if the sources balance; if not, the error names component and layer."""
    law = replace(metal(rng, field=(0, 0, 0)), S=(term(1e9, [0, 0, 1.0], [1.0, 0, 0, 0]),))
    system = Multilayer().assemble(
        Problem(Layers("AB", [[3e-9, 5e-9]]), {"A": law, "B": metal(rng)}, {"A|B": TIED})
    )
    solver = Tridiagonal().prepare(system.subsystem(Part.ALL).linear)
    state = solver.solve(system.source_load(), tolerance=1e-12)
    mean = sum(float(np.sum(s.weights * s.values[..., 0])) for s in (system.samples(r, state, {}) for r in "AB"))
    assert abs(mean) <= 1e-13 * 8e-9 * np.abs(state).max()
    unbalanced = np.zeros_like(state)
    unbalanced[:, system.model.numbering.traces[0, 0][0]] = 1.0
    with pytest.raises(SolveError, match="net flux of 1 into u of A and u of B, which has no sink"):
        solver.solve(unbalanced, tolerance=1e-8)


def test_a_common_constant_of_two_exchanging_fields_floats() -> None:
    """Exchange R = g (1, -1; -1, 1) loses nothing of a common constant: one null vector over two components."""
    law = Bulk(
        CHARGE_AND_SPIN,
        A=(term(1e6, np.eye(3), np.eye(4)),),
        R=matrix_terms([[1e22, -1e22], [-1e22, 1e22]], rows=slice(0, 2), columns=slice(0, 2), size=(4, 4)),
    )
    system = Multilayer().assemble(Problem(Layers(("A",), [[5e-9]]), {"A": law}))
    floating = system.subsystem(Part.ALL).linear.floating
    assert sorted(f.unknowns.size for f in floating) == [2, 2, 4]
    rhs = np.zeros((1, system.size))
    low, high = (system.model.numbering.traces[0, side] for side in (0, 1))
    rhs[0, low[0]], rhs[0, high[1]] = 1.0, -1.0
    state = Tridiagonal().prepare(system.subsystem(Part.ALL).linear).solve(rhs, tolerance=1e-12)
    assert np.abs(system.apply(state) - rhs).max() <= 1e-12


def refused(problem: Problem) -> StackSystem:
    return Multilayer().assemble(problem)


def test_refusals(rng: np.random.Generator) -> None:
    """What is not modelled is refused, and the engine to use is named."""
    good = metal(rng)
    layers = Layers(("A",), [[5e-9]])
    with pytest.raises(UnsupportedError, match="engine scikit"):
        refused(
            Problem(
                layers, {"A": normal_metal(conductivity=[1e6, 2e6], diffusion_constant=1e-4, diffusion_length=1e-9)}
            )
        )
    with pytest.raises(UnsupportedError, match="newton"):
        refused(Problem(layers, {"A": replace(good, at=lambda state: good)}))
    with pytest.raises(UnsupportedError, match="newton"):
        refused(
            Problem(
                layers, {"A": good}, {"top": replace(magnet(rng), law=replace(magnet(rng).law, at=lambda t: None))}
            )
        )
    plan = TaggedMesh(
        ("x", "y"), np.array([[0, 0], [1, 0], [0, 1.0]]), "triangle", np.array([[0, 1, 2]]), ("A",), np.array([0])
    )
    with pytest.raises(UnsupportedError, match=r"mesh of kind triangle.*engine scikit"):
        refused(Problem(plan, {"A": good}))
    with pytest.raises(InputError, match="one batch size"):
        refused(Problem(Layers(("A",), 1e-9 * np.ones((2, 1))), {"A": metal(rng, 3)}))
    with pytest.raises(InputError, match="invertible across the layer"):
        refused(Problem(layers, {"A": Bulk(CHARGE)}))
    with pytest.raises(InputError, match="ties u of two sides"):
        refused(Problem(layers, {"A": good}, {"top": Face(FaceLaw((SIDES[0],), tie=("u",)), ROLES)}))
    system = refused(Problem(layers, {"A": good}))
    with pytest.raises(InputError, match="rule"):
        system.samples("A", np.zeros((1, system.size)), {}, "simpson")
    with pytest.raises(InputError, match="inside A, 0 to 5e-09 m"):
        system.evaluate("A", np.zeros((1, system.size)), np.array([[0, 0, 6e-9]]))
    with pytest.raises(InputError, match="known: A"):
        system.evaluate("a", np.zeros((1, system.size)), np.zeros((1, 3)))
    with pytest.raises(InputError, match="whole or the reference part"):
        system.subsystem(Part.PERTURBATIVE)


def test_a_singular_stack_is_reported(rng: np.random.Generator) -> None:
    """Spin that precesses about z and never relaxes: w_z has a null vector no graph shows; the solve says so."""
    law = Bulk(
        CHARGE_AND_SPIN,
        A=(term(1e6, np.eye(3), np.eye(4)),),
        R=matrix_terms(
            [[0, 1e22, 1e22], [-1e22, 0, 1e22], [-1e22, -1e22, 0]],
            rows=slice(1, 4),
            columns=slice(1, 4),
            size=(4, 4),
        ),
    )
    system = Multilayer().assemble(Problem(Layers(("A",), [[5e-9]]), {"A": law}))
    rhs = np.zeros((1, system.size))
    rhs[0, system.model.numbering.traces[0, 0][1:]] = 1.0
    with pytest.raises(SolveError, match="neither sink nor contact"):
        Tridiagonal().prepare(system.subsystem(Part.ALL).linear).solve(rhs, tolerance=1e-8)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_precession_about_an_axis_has_a_closed_form(monkeypatch, axis):
    """B along x, y or z leaves two components that turn into each other: the same numbers as by slabs, fields inside
    the layer included."""
    field = np.zeros(3)
    field[axis] = 7.0
    law = Face(
        b_layer("YIG", Conductances(-2e13, 4e14, 1.5e14), np.eye(3)[axis]), {"metal": "plus", "magnet": "minus"}
    )
    bulk = normal_metal(
        conductivity=2.5e6, diffusion_constant=2e-5, diffusion_length=1.7e-9, spin_hall_angle=0.13, field=field
    )
    layers = Layers(("YIG", "Pt"), [[5e-8, 4.3e-9]])
    drives = (Gradient("u", "x"), Gradient("u", "y"))
    problem = Problem(layers, {"Pt": bulk}, {"YIG|Pt": law}, gradients=drives)
    points = np.array([[0, 0, 5e-8 + x] for x in (0.0, 1.1e-9, 3e-9, 4.3e-9)])

    def answers():
        response = respond(problem, Multilayer())
        return response.correction, wire(response, amplitudes={"du/dx": 1e4, "du/dy": 3e3}).values("Pt", points)

    closed = answers()
    monkeypatch.setattr(twoport, "_closed", lambda components, tables: None)
    slabs = answers()
    np.testing.assert_allclose(closed[0], slabs[0], rtol=1e-11, atol=1e-11 * np.abs(slabs[0]).max())
    np.testing.assert_allclose(closed[1], slabs[1], rtol=0, atol=1e-11 * np.abs(slabs[1]).max())
