"""Orders of convergence by manufactured solutions: every coefficient of the equation at once, in real units.

Two regions of nanometre size with conductivities 1e6 and 1e3 S/m meet at z = 0 in a law with a jump, a nonsymmetric
conductance matrix and sheet currents; every outer face has a Robin law. Fields are sines of a few nanometres, sources
S, F, g, k make them the solution. The device is driven along an invariant axis as well.

Two models: random tensors with every kind of coefficient, and a metal on a ferromagnet with a texture, whose tensors
vary from point to point, in contact by circuit theory.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from hanle.boundary.circuit import Circuit, normal_ferromagnet
from hanle.pde.coefficients import Bulk, FaceLaw, Side, term
from hanle.pde.engines.contract import Part
from hanle.pde.engines.scikit import Scikit
from hanle.pde.ferromagnet import ferromagnet
from hanle.pde.fields import CHARGE_AND_SPIN, Field, FieldSet
from hanle.pde.metal import normal_metal
from hanle.pde.problem import MINUS, PLUS, Face, Gradient, Problem
from hanle.pde.steady import dot

FIELDS = {
    "A": FieldSet((Field("p", 1, "V", "A/m^2", "first"), Field("q", 1, "V", "A/m^2", "second"))),
    "B": FieldSet((Field("p", 1, "V", "A/m^2", "first"),)),
}
SIGMA = {"A": 1e6, "B": 1e3}
SIZE = 8e-9
VOLTS = 1e-3
FIELD = 3e5
#: Step of the differences of fourth order that give div J: relative error 1e-11.
STEP = 1e-3 * SIZE
#: Measured orders may fall short of the asymptotic ones by this much on meshes this coarse.
SHORT = 0.2
#: The same sums in another order, with some cancellation.
ROUNDING = 1e-10
#: Balances of a solution with a residual of 1e-11.
SOLVED = 1e-9


class Exact:
    """Fields of one region with gradients along the mesh axes; the first is driven along x where that is none."""

    def __init__(self, rng, fields, axes):
        n = fields.size
        self.waves = np.zeros((n, 3))
        for a in axes:
            self.waves[:, "xyz".index(a)] = rng.uniform(0.7, 1.4, n) * rng.choice([-1, 1], n) * 2 / SIZE
        self.phases = rng.uniform(0, 2 * np.pi, n)
        self.macroscopic = np.zeros((3, n))
        if "x" not in axes:
            self.macroscopic[0, 0] = FIELD

    def values(self, points):
        return VOLTS * np.sin(points @ self.waves.T + self.phases)

    def gradients(self, points):
        """(..., 3, N)"""
        slope = VOLTS * np.cos(points @ self.waves.T + self.phases)
        return slope[..., None, :] * self.waves.T


@dataclass(frozen=True, eq=False)
class Model:
    """Laws at points (entities, points, 3): bulk(region, points) and face(points) with its roles below and above."""

    fields: dict[str, FieldSet]
    sigma: dict[str, float]
    bulk: Callable
    face: Callable
    roles: tuple[str, str]
    sheets: bool

    @property
    def sides(self):
        return dict(zip(self.roles, (MINUS, PLUS), strict=True))

    def drives(self, mesh):
        return () if "x" in mesh.axes else (Gradient(self.fields["A"].components[0], "x"),)

    def flux(self, region, exact, points):
        """J of the exact fields with S, which takes part of a known smooth field."""
        u, g = exact.values(points), exact.gradients(points)
        return self.bulk(region, points).flux(u[None], (g + exact.macroscopic)[None])[0] + self.extra(region) * g

    def divergence(self, region, exact, points):
        """div J by differences: of laws as they are, whatever varies in them."""
        total = 0.0
        for k, axis in enumerate(np.eye(3)):
            for count, factor in ((1, 8 / 12), (2, -1 / 12)):
                up, down = (self.flux(region, exact, points + s * count * STEP * axis) for s in (1, -1))
                total = total + factor * (up - down)[..., k, :] / STEP
        return total

    def extra(self, region):
        return 0.5 * self.sigma[region]


def every_coefficient(rng, axes):
    """Constant tensors of every kind, a law with a jump and sheet currents."""
    bulks = {r: coefficients(rng, r) for r in FIELDS}
    law = interface_law(rng)
    return Model(FIELDS, SIGMA, lambda r, points: bulks[r], lambda points: law, ("one", "two"), "y" in axes)


def texture(rng, axes):
    """A normal metal on a ferromagnet whose m turns everywhere, at the interface as well; B across both."""
    pattern = Exact(rng, FieldSet((Field("m", 3, "1", "1", "direction"),)), axes)
    field = np.array([4.0, -7.0, 9.0])
    below = {"conductivity": 2.5e6, "diffusion_constant": 3e-4, "diffusion_length": 2e-9, "spin_hall_angle": 0.2}
    above = {
        "conductivity": 4e5,
        "polarisation": 0.5,
        "diffusion_constant": 1e-4,
        "diffusion_length": 6e-9,
        "exchange_length": 3e-9,
        "dephasing_length": 2.5e-9,
        "spin_hall_angle": 0.2,
        "anomalous_hall_angle": 0.3,
        "anisotropy": 0.4,
    }

    def m(points):
        return (0.4 * pattern.values(points) / VOLTS + [0.2, -0.5, 0.9])[None]

    def bulk(region, points):
        if region == "A":
            return normal_metal(field=field, mobility=0.02, **below)
        return ferromagnet("F", magnetisation=m(points), field=field, mobility=0.02, **above)

    def face(points):
        return normal_ferromagnet("F", Circuit(3e14, 1e14, 2e14 + 1e14j, 0.7), m(points))

    sigma = {"A": below["conductivity"], "B": above["conductivity"]}
    both = dict.fromkeys("AB", CHARGE_AND_SPIN)
    return Model(both, sigma, bulk, face, ("normal", "ferromagnet"), sheets=False)


def coefficients(rng, region):
    """A with cross terms and an antisymmetric part, B, W and a nonsymmetric R."""
    n, sigma = FIELDS[region].size, SIGMA[region]
    root = rng.normal(size=(3, 3))
    antisymmetric = np.array([[0, 1, -2], [-1, 0, 0.5], [2, -0.5, 0]])
    coupling = rng.normal(size=(n, n))
    return Bulk(
        FIELDS[region],
        A=(
            term(sigma, np.eye(3) + 0.2 * root @ root.T, np.eye(n)),
            term(0.3 * sigma, antisymmetric, coupling + coupling.T),
            term(0.1 * sigma, 0.5 * (root + root.T), coupling),
        ),
        B=(term(0.3 * sigma / SIZE, rng.normal(size=3), rng.normal(size=(n, n))),),
        W=(term(0.3 * sigma / SIZE, rng.normal(size=3), rng.normal(size=(n, n))),),
        R=(term(9 * sigma / SIZE**2, 1.0, np.eye(n) + 0.3 * rng.normal(size=(n, n))),),
    )


def interface_law(rng):
    """G, Q, Q', L on the rows (A.p, A.q, B.p) without any symmetry but a decent sign."""
    g = 1e14
    return FaceLaw(
        sides=(Side("one", FIELDS["A"]), Side("two", FIELDS["B"])),
        G=(term(g, 1.0, -np.eye(3) + 0.4 * rng.normal(size=(3, 3))),),
        Q=(term(0.2 * g * SIZE, rng.normal(size=3), rng.normal(size=(3, 3))),),
        Qt=(term(0.2 * g * SIZE, rng.normal(size=3), rng.normal(size=(3, 3))),),
        L=(term(0.5 * g * SIZE**2, np.eye(3) + 0.2 * rng.normal(size=(3, 3)), np.eye(3)),),
    )


def components(values, shape=()):
    """Source terms of values (entities, points, *spatial, rows): one term per entry."""
    found = []
    rows = values.shape[-1]
    for index in np.ndindex(values.shape[2:]):
        spatial = np.zeros(values.shape[2:-1]) if shape else np.asarray(1.0)
        if shape:
            spatial[index[:-1]] = 1.0
        found.append(term(values[(slice(None), slice(None), *index)][None], spatial, np.eye(rows)[index[-1]]))
    return tuple(found)


def with_bulk_sources(model, region, exact, points):
    """The law with S and F that make the exact fields a solution: S splits a part of the flux off, F balances it."""
    u, g = exact.values(points), exact.gradients(points)
    bulk = model.bulk(region, points)
    force = bulk.loss(u[None], (g + exact.macroscopic)[None])[0] - model.divergence(region, exact, points)
    return replace(bulk, S=components(model.extra(region) * g, (3,)), F=components(force))


def outer_law(model, region, exact, samples):
    """N.J = H (U_ext - U) with U_ext such that the exact fields obey it."""
    fields = model.fields[region]
    h = model.sigma[region] / SIZE
    out = np.einsum("fi,fpin->fpn", samples.normals, model.flux(region, exact, samples.points))
    return FaceLaw(
        sides=(Side("inside", fields),),
        G=(term(-h, 1.0, np.eye(fields.size)),),
        g=components(out + h * exact.values(samples.points)),
    )


def jump_law(model, exact, samples):
    """Sources g and k of the interface: sheet currents b(y) e_y that vanish at the edges, fluxes to match."""
    points, normal, law = samples.points, samples.normals, model.face(samples.points)
    u = np.concatenate([exact[r].values(points) for r in "AB"], axis=-1)
    slopes = np.concatenate([exact[r].gradients(points) + exact[r].macroscopic for r in "AB"], axis=-1)
    tangential = slopes - np.einsum("fi,fj,fqjn->fqin", normal, normal, slopes)
    wanted = np.concatenate(
        [
            sign * np.einsum("fi,fqin->fqn", normal, model.flux(r, exact[r], points))
            for r, sign in (("A", 1), ("B", -1))
        ],
        axis=-1,
    )
    # K = strength sin(pi y / SIZE) e_y on each row in turn; only where y is a mesh axis.
    sheet = np.zeros_like(tangential)
    spread = np.zeros_like(u)
    if model.sheets:
        strength = SIGMA["A"] * VOLTS * np.array([0.3, -0.2, 0.5])
        sheet[..., 1, :] = strength * np.sin(np.pi * points[..., 1, None] / SIZE)
        spread = strength * np.pi / SIZE * np.cos(np.pi * points[..., 1, None] / SIZE)
    g = wanted - spread - law.flux(u[None], tangential[None])[0]
    k = sheet - law.sheet_current(u[None], tangential[None])[0]
    return replace(law, g=components(g), k=components(k, (3,)))


def manufactured(mesh, order, seed, laws=every_coefficient):
    """The problem with its sources, and the exact fields."""
    rng = np.random.default_rng(seed)
    fields = FIELDS if laws is every_coefficient else dict.fromkeys("AB", CHARGE_AND_SPIN)
    exact = {r: Exact(rng, f, mesh.axes) for r, f in fields.items()}
    model = laws(rng, mesh.axes)
    outer = {f: mesh.face_regions(f)[0] for f in mesh.faces if f != "A|B"}
    blank = {f: Face(FaceLaw((Side("inside", fields[r]),)), {"inside": MINUS}) for f, r in outer.items()}
    nothing = {r: Bulk(f, A=(term(1.0, np.eye(3), np.eye(f.size)),)) for r, f in fields.items()}
    closed = Face(
        FaceLaw(tuple(Side(role, f) for role, f in zip(model.roles, fields.values(), strict=True))), model.sides
    )
    empty = Problem(mesh, nothing, {"A|B": closed, **blank}, gradients=model.drives(mesh))
    system = Scikit(order).assemble(empty)
    zero = np.zeros(system.size)
    regions = {r: with_bulk_sources(model, r, e, system.samples(r, zero, {}).points) for r, e in exact.items()}
    faces = {
        f: replace(blank[f], law=outer_law(model, r, exact[r], system.face_samples(f, zero, {})))
        for f, r in outer.items()
    }
    faces["A|B"] = Face(jump_law(model, exact, system.face_samples("A|B", zero, {})), model.sides)
    return replace(empty, regions=regions, faces=faces), exact


def solve(elements, problem, order):
    system = elements(order).assemble(problem)
    load = system.source_load()
    for drive in problem.drives:
        load = load - FIELD * system.gradient_load(drive)
    whole = system.subsystem(Part.ALL)
    return system, whole.extend(elements.direct.prepare(whole.linear).solve(whole.restrict(load), tolerance=1e-11))


def error(system, state, exact):
    """Relative L2 errors of the values in each region."""
    found = []
    for r, e in exact.items():
        s = system.samples(r, state, {})
        wrong, right = s.values - e.values(s.points), e.values(s.points)
        squares = system.processes.total([np.sum(s.weights[..., None] * x**2) for x in (wrong, right)])
        found.append(np.sqrt(squares[0] / squares[1]))
    return np.array(found)


def two_regions(block_mesh, axes, simplices, cells):
    """A below z = 0, B above; inner points moved, the interface plane kept. Faces touch one region each."""
    coordinates = [np.linspace(0, SIZE, cells + 1) for _ in axes[:-1]] + [np.linspace(-SIZE, SIZE, 2 * cells + 1)]
    layout = np.repeat([0, 1], cells).reshape((1,) * (len(axes) - 1) + (-1,))
    return block_mesh(
        axes,
        coordinates,
        regions=("A", "B"),
        layout=layout,
        simplices=simplices,
        distort=0.15,
        planes=(("z", 0.0),),
    )


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(
    ("axes", "simplices", "cells"),
    [
        ("z", False, (16, 32)),
        ("yz", True, (8, 16)),
        ("yz", False, (8, 16)),
        ("xyz", True, (5, 8)),
        ("xyz", False, (3, 6)),
    ],
    ids=["line", "triangle", "quad", "tetra", "hexahedron"],
)
def test_order(elements, block_mesh, axes, simplices, cells, order):
    """Errors of the values fall with order + 1: any wrong sign, factor or missing term stops them near one."""
    errors = []
    for n in cells:
        problem, exact = manufactured(two_regions(block_mesh, axes, simplices, n), order, seed=5)
        errors.append(error(*solve(elements, problem, order), exact))
    measured = np.log(errors[0] / errors[1]) / np.log(cells[1] / cells[0])
    assert np.all(errors[1] < 0.1)
    assert np.all(measured > order + 1 - SHORT)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(
    ("axes", "simplices", "cells", "short"),
    [("yz", True, (6, 12), SHORT), ("xyz", True, (3, 5), 2 * SHORT), ("xyz", False, (3, 5), SHORT)],
    ids=["triangle", "tetra", "hexahedron"],
)
def test_order_in_a_texture(elements, block_mesh, axes, simplices, cells, short, order):
    """The law of ferromagnets with every coefficient, its tensors at the points, and a contact that knows m."""
    errors = []
    for n in cells:
        mesh = two_regions(block_mesh, axes, simplices, n)
        problem, exact = manufactured(mesh, order, seed=5, laws=texture)
        errors.append(error(*solve(elements, problem, order), exact))
    measured = np.log(errors[0] / errors[1]) / np.log(cells[1] / cells[0])
    assert np.all(errors[1] < 0.06)
    assert np.all(measured > order + 1 - short)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(
    ("axes", "simplices"),
    [("z", False), ("yz", True), ("yz", False), ("xyz", True), ("xyz", False)],
    ids=["line", "triangle", "quad", "tetra", "hexahedron"],
)
@pytest.mark.parametrize("laws", [every_coefficient, texture])
def test_operator_is_the_law(elements, block_mesh, rng, axes, simplices, order, laws):
    """Operator, loads and functionals against the laws evaluated at quadrature points, for random states."""
    problem, _ = manufactured(two_regions(block_mesh, axes, simplices, 3), order, seed=6, laws=laws)
    system = elements(order).assemble(problem)
    test, trial = VOLTS * rng.normal(size=(2, system.size))
    names = problem.drives
    amplitude = dict.fromkeys(names, FIELD)
    weak = dot(system, test, system.apply(trial) - system.source_load())
    weak += sum(FIELD * dot(system, test, system.gradient_load(name)) for name in names)
    assert weak == pytest.approx(strong(problem, system, test, {}, trial, amplitude), rel=ROUNDING)
    for name in names:
        found = dot(system, system.gradient_functional(name), trial) + FIELD * system.gradient_pair(name, name)
        found = found + system.source_functional(name)
        zero = np.zeros(system.size)
        assert found == pytest.approx(strong(problem, system, zero, {name: 1.0}, trial, amplitude), rel=ROUNDING)


@pytest.mark.parametrize("order", [1, 2])
def test_macroscopic_gradient_along_a_wavy_interface(elements, block_mesh, rng, order):
    """Periodic along y: interface laws see the part of G that is tangential to facets of any direction."""
    steps = np.linspace(0, SIZE, 7)
    flat = block_mesh(
        "yz",
        [steps, np.linspace(-SIZE, SIZE, 9)],
        regions=("A", "B"),
        layout=np.repeat([[0, 1]], 4, axis=1),
        periodic="y",
    )
    y, z = flat.points.T
    mesh = replace(flat, points=np.stack([y, z + 0.2 * SIZE * np.sin(2 * np.pi * y / SIZE)], axis=1))
    laws = {r: coefficients(rng, r) for r in FIELDS}
    law = interface_law(rng)
    law = replace(law, k=(term(1e4, rng.normal(size=3), rng.normal(size=3)),))
    drives = (Gradient("p", "y"), Gradient("q", "y"), Gradient("p", "x"))
    problem = Problem(mesh, laws, {"A|B": Face(law, {"one": MINUS, "two": PLUS})}, gradients=drives)
    system = elements(order).assemble(problem)
    test, trial = VOLTS * rng.normal(size=(2, system.size))
    amplitude = {"dp/dy": 2e5, "dq/dy": -3e5, "dp/dx": 1e5}
    weak = dot(system, test, system.apply(trial) - system.source_load())
    weak += sum(a * dot(system, test, system.gradient_load(name)) for name, a in amplitude.items())
    assert weak == pytest.approx(strong(problem, system, test, {}, trial, amplitude), rel=ROUNDING)
    for name in amplitude:
        found = dot(system, system.gradient_functional(name), trial) + system.source_functional(name)
        found = found + sum(a * system.gradient_pair(name, other) for other, a in amplitude.items())
        expected = strong(problem, system, 0 * test, {name: 1.0}, trial, amplitude)
        assert found == pytest.approx(expected, rel=ROUNDING)


def strong(problem, system, test, test_gradients, trial, gradients):
    """int J . grad v + (loss) v - sum_faces int (N.J) v - K . grad_t v, laws evaluated point by point."""
    total = 0.0
    for name, bulk in system.problem.regions.items():
        v, u = system.samples(name, test, test_gradients), system.samples(name, trial, gradients)
        density = np.sum(bulk.flux(u.values, u.gradients) * v.gradients, axis=(-2, -1))
        density = density + np.sum(bulk.loss(u.values, u.gradients) * v.values, axis=-1)
        total += float(system.processes.total(np.sum(density * v.weights)))
    for name, face in problem.faces.items():
        v, u = (
            system.face_samples(name, test, test_gradients),
            system.face_samples(name, trial, gradients),
        )
        density = -np.sum(face.law.flux(u.traces, u.gradients) * v.traces, axis=-1)
        density = density + np.sum(face.law.sheet_current(u.traces, u.gradients) * v.gradients, axis=(-2, -1))
        total += np.sum(density * v.weights)
    return total


@pytest.mark.parametrize("part", list(Part))
def test_transposed_operator(elements, block_mesh, rng, part):
    """v . (A u) = (A^T v) . u for each part of the operator."""
    problem, _ = manufactured(two_regions(block_mesh, "yz", False, 3), 1, seed=7)
    tagged = {
        n: replace(b, A=(b.A[0], *(replace(t, tag="small") for t in b.A[1:]))) for n, b in problem.regions.items()
    }
    system = elements().assemble(replace(problem, regions=tagged))
    u, v = rng.normal(size=(2, system.size))
    assert system.processes.any(system.apply(u, part))
    assert dot(system, v, system.apply(u, part)) == pytest.approx(
        dot(system, u, system.apply_transpose(v, part)), rel=ROUNDING
    )
    parts = system.apply(u, Part.REFERENCE) + system.apply(u, Part.PERTURBATIVE)
    np.testing.assert_allclose(parts, system.apply(u), rtol=0, atol=ROUNDING * np.abs(parts).max())


def test_ledger_of_a_solution_closes(elements, block_mesh):
    """Gains of each component and the power add up to zero; places add up to the laws at quadrature points."""
    problem, _ = manufactured(two_regions(block_mesh, "yz", True, 6), 1, seed=8)
    system, state = solve(elements, problem, 1)
    amplitude = dict.fromkeys(problem.drives, FIELD)
    entries = system.ledger(state, amplitude)
    for component in ("p", "q"):
        gains = np.array([e.gain[component][0] for e in entries if component in e.gain])
        assert abs(gains.sum()) < SOLVED * np.abs(gains).sum()
    powers = np.array([e.power[0] for e in entries])
    assert abs(powers.sum()) < SOLVED * np.abs(powers).sum()
    for name, bulk in system.problem.regions.items():
        s = system.samples(name, state, amplitude)
        lost = system.processes.total(np.einsum("bcqn,bcq->n", bulk.loss(s.values, s.gradients), s.weights))
        spent = np.sum(bulk.flux(s.values, s.gradients) * s.gradients, axis=(-2, -1)) * s.weights
        power = float(system.processes.total(spent.sum()))
        found = {e.kind: e for e in entries if e.place == name}
        for k, component in enumerate(bulk.fields.components):
            assert -found["loss"].gain[component][0] == pytest.approx(lost[k], rel=ROUNDING)
        assert found["flux"].power[0] == pytest.approx(power, rel=ROUNDING)
    samples = system.face_samples("A|B", state, amplitude)
    gained = np.einsum(
        "bfqn,bfq->n", problem.faces["A|B"].law.flux(samples.traces, samples.gradients), samples.weights
    )
    entry = next(e for e in entries if e.place == "A|B")
    assert entry.gain["p"][0] == pytest.approx(gained[0] + gained[2], rel=ROUNDING)
