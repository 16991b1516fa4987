"""The engine fenicsx is the engine scikit on identical meshes, to rounding, on any number of processes.

Every process assembles the whole device with scikit as well. Coefficients are random and complete: sources, couplings
of values with gradients, sheet currents, weights per cell, per facet and per point. Cells are shared out by dolfinx,
at random, so that nearly every facet lies between processes, or all to the last process.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mpi4py import MPI

from hanle.meshes.files import read_mesh
from hanle.meshes.partition import bisected
from hanle.pde.coefficients import Bulk, FaceLaw, Side, term
from hanle.pde.engines.contract import Part
from hanle.pde.engines.fe_nodes import nodes_of
from hanle.pde.engines.fenicsx import Fenicsx
from hanle.pde.engines.scikit import Scikit
from hanle.pde.errors import InputError, UnsupportedError
from hanle.pde.fields import Field, FieldSet
from hanle.pde.problem import MINUS, PLUS, Face, Global, Gradient, Problem, Terminal
from hanle.pde.processes import Processes

WORLD = Processes(MPI.COMM_WORLD)
DATA = Path(__file__).parents[1] / "data"
NM = 1e-9
SIGMA, SIZE, VOLTS = 2e6, 8e-9, 1e-3
#: The same sums in another order, relative to the largest entry of a component.
ROUNDING = 1e-12

P, Q = Field("p", 1, "V", "A/m^2", "first"), Field("q", 3, "V", "A/m^2", "second")
BOTH, ONE = FieldSet((P, Q)), FieldSet((P,))
#: Who gets which cell, see `partitioners`.
PARTITIONS = ("bisected", "random", "last")
MESHES = {
    "line": ("z", False, ""),
    "triangle": ("yz", True, ""),
    "quad": ("yz", False, ""),
    "periodic quad": ("xz", False, "x"),
    "tetra": ("xyz", True, "x"),
    "hexahedron": ("xyz", False, "x"),
}


class Twins:
    """One problem assembled by both engines, compared entry by entry."""

    def __init__(self, problem, order, partitioner=bisected):
        self.problem = problem
        self.whole = Scikit(order).assemble(problem)
        self.part = Fenicsx(order, partitioner=partitioner).assemble(problem)
        entry = self.part.scalars.integrals.held.part.entry[self.part._unknowns.representative]
        ties = self.whole._unknowns.ties
        #: For each unknown of this process its number in the states of scikit.
        self.mine = entry if ties is None else ties.indices[entry]
        self.state = VOLTS * np.random.default_rng(1).standard_normal(self.whole.size)
        self.amplitudes = {g.name: 1e4 * (k + 1) for k, g in enumerate(problem.gradients)}
        self._of = [self.whole.constant(c) > 0 for c in dict.fromkeys(_components(problem))]

    def vectors(self, what, ask):
        """ask(system, its part of the random state) -> a state, against that of scikit per component."""
        expected, found = ask(self.whole, self.state), ask(self.part, self.state[self.mine])
        size = np.full(expected.shape, np.abs(expected).max())
        for mask in self._of:
            largest = np.abs(expected[mask]).max(initial=0.0)
            size[mask] = largest or size[mask]
        self.near(what, found, expected[self.mine], size[self.mine])

    def numbers(self, what, ask):
        """ask(...) -> numbers of the whole device."""
        self.near(what, ask(self.part, self.state[self.mine]), ask(self.whole, self.state))

    @staticmethod
    def near(what, found, expected, size=None):
        """All processes learn the largest deviation on any of them, so that all pass or fail together."""
        found, expected = np.asarray(found), np.asarray(expected)
        assert found.shape == expected.shape, what
        if size is None:
            size = np.full(expected.shape, WORLD.largest(np.abs(expected).max(initial=0.0)))
        wrong = np.abs(found - expected)
        relative = np.divide(wrong, size, out=np.where(wrong > 0, np.inf, 0.0), where=size > 0)
        assert WORLD.largest(relative.max(initial=0.0)) < ROUNDING, what

    def everything(self):
        self.unknowns()
        self.operators()
        for region in self.problem.regions:
            self.region(region)
        self.faces()
        self.totals()

    def unknowns(self):
        assert self.part.unknowns == self.whole.unknowns == self.whole.size
        everyone = np.concatenate(WORLD.gather(self.mine))
        assert np.array_equal(np.sort(everyone), np.arange(self.whole.size))
        for name in self.problem.terminals:
            self.vectors(name, lambda s, x, n=name: s.terminal_vector(n))
        for component in _components(self.problem):
            self.vectors(component, lambda s, x, c=component: s.constant(c))
        self.vectors("given", lambda s, x: s.given_vector())
        self.vectors("fixed", lambda s, x: s.fixed.astype(float))

    def operators(self):
        for part in Part:
            self.vectors(f"operator {part}", lambda s, x, p=part: s.apply(x, p))
            self.vectors(f"transpose {part}", lambda s, x, p=part: s.apply_transpose(x, p))
            for g in self.problem.gradients:
                self.vectors(f"load {g.name}", lambda s, x, n=g.name, p=part: s.gradient_load(n, p))
                self.vectors(f"functional {g.name}", lambda s, x, n=g.name, p=part: s.gradient_functional(n, p))
                for h in self.problem.gradients:
                    self.numbers("pair", lambda s, x, i=g.name, j=h.name, p=part: s.gradient_pair(i, j, p))
        self.vectors("sources", lambda s, x: s.source_load())
        for g in self.problem.gradients:
            self.numbers("source functional", lambda s, x, n=g.name: s.source_functional(n))

    def region(self, name):
        x, y = self.state, self.state[self.mine]
        for rule in ("gauss", "centre"):
            whole = self.whole.samples(name, x, self.amplitudes, rule)
            part = self.part.samples(name, y, self.amplitudes, rule)
            own = part.entities
            assert np.array_equal(np.sort(np.concatenate(WORLD.gather(own))), whole.entities)
            self.near("points", part.points, whole.points[own], np.full(part.points.shape, SIZE))
            for key in ("weights", "values", "gradients"):
                expected = getattr(whole, key)
                size = np.full(getattr(part, key).shape, np.abs(expected).max())
                self.near(f"{rule} {key}", getattr(part, key), expected[:, own], size)
        points, cells, values = self.whole.vertex_values(name, x)
        for found, expected in zip(self.part.vertex_values(name, y), (points, cells, values), strict=True):
            self.near("vertices", found, expected)
        here = self.part.vertex_values(name, y, own=True)
        self.near("own vertices", here[0][here[1]], points[cells][own], np.full((*here[1].shape, 3), SIZE))
        size = np.full((1, *here[1].shape, values.shape[-1]), np.abs(values).max())
        self.near("own values", here[2][:, here[1]], values[:, cells[own]], size)
        places = np.concatenate([whole.points.reshape(-1, 3)[::3], points[::2]])
        self.numbers("evaluate", lambda s, x: s.evaluate(name, x, places))
        with pytest.raises(InputError, match=f"inside {name}"):
            self.part.evaluate(name, y, places + 1e-6)

    def faces(self):
        for name in self.problem.faces:
            for key in ("points", "weights", "normals", "traces", "gradients"):
                self.numbers(
                    f"{name} {key}", lambda s, x, n=name, k=key: getattr(s.face_samples(n, x, self.amplitudes), k)
                )
        for name, facets in self.problem.mesh.faces.items():
            region = self.problem.mesh.face_regions(name)[0]
            if not facets.is_interface and region in self.problem.regions:
                for c in self.problem.fields_of(region).components:
                    self.numbers(f"average {name}", lambda s, x, n=name, c=c: s.average(n, c, x))

    def totals(self):
        sheets = [
            {(e.place, e.kind): e for e in s.ledger(x, self.amplitudes)}
            for s, x in ((self.whole, self.state), (self.part, self.state[self.mine]))
        ]
        assert sheets[0].keys() == sheets[1].keys()
        power = max(abs(e.power[0]) for e in sheets[0].values())
        for key, expected in sheets[0].items():
            found = sheets[1][key]
            self.near(f"power of {key}", found.power, expected.power, np.array([power]))
            assert found.gain.keys() == expected.gain.keys(), key
            for c, gain in expected.gain.items():
                turnover = sum(abs(e.gain[c]) for e in sheets[0].values() if c in e.gain)
                self.near(f"gain of {key}", found.gain[c], gain, turnover)


def _components(problem):
    return dict.fromkeys(c for b in problem.regions.values() for c in b.fields.components)


def bulk(rng, fields, cells, points):
    """Every coefficient; antisymmetric parts with equal and with varying weights."""
    n, s = fields.size, SIGMA
    root, coupling = rng.normal(size=(3, 3)), rng.normal(size=(n, n))
    skew = root - root.T
    per_cell, per_point = rng.uniform(0.1, 2, cells), rng.uniform(0.1, 2, (1, cells, points))
    return Bulk(
        fields,
        A=(
            term(s * per_cell, np.eye(3) + 0.2 * root @ root.T, np.eye(n)),
            term(0.3 * s, skew, coupling + coupling.T, "one"),
            term(0.2 * s * per_cell, skew, coupling, "other"),
            term(0.1 * s * per_point, root, coupling),
        ),
        B=(term(0.3 * s / SIZE * per_point, rng.normal(size=3), rng.normal(size=(n, n)), "one"),),
        W=(term(0.3 * s / SIZE, rng.normal(size=3), rng.normal(size=(n, n))),),
        R=(term(9 * s / SIZE**2 * per_cell, 1.0, np.eye(n) + 0.3 * rng.normal(size=(n, n))),),
        S=(term(s * VOLTS / SIZE * per_point, rng.normal(size=3), rng.normal(size=n)),),
        F=(term(s * VOLTS / SIZE**2 * per_cell, 1.0, rng.normal(size=n)),),
    )


def face_law(rng, sides, facets, points, tie=()):
    """Jump, sheet terms and sources with weights per facet and per point."""
    g, n = 1e14, sum(side.fields.size for side in sides)
    per_facet, per_point = rng.uniform(0.1, 2, facets), rng.uniform(0.1, 2, (1, facets, points))
    return FaceLaw(
        sides,
        G=(term(g * per_facet, 1.0, -np.eye(n) + 0.4 * rng.normal(size=(n, n))),),
        Q=(term(0.2 * g * SIZE * per_point, rng.normal(size=3), rng.normal(size=(n, n))),),
        Qt=(term(0.2 * g * SIZE, rng.normal(size=3), rng.normal(size=(n, n)), "one"),),
        L=(term(0.5 * g * SIZE**2 * per_facet, rng.normal(size=(3, 3)), rng.normal(size=(n, n))),),
        g=(term(g * VOLTS * per_point, 1.0, rng.normal(size=n)),),
        k=(term(g * VOLTS * SIZE * per_facet, rng.normal(size=3), rng.normal(size=n)),),
        tie=tie,
    )


def problem_on(mesh, fields, order, ties=None, seed=3):
    """Random laws in all regions, on all interfaces, and on the outer faces at the low end of z.

    One terminal and one floating contact on the sides along the first axis, over all regions that reach them.
    """
    rng, nodes = np.random.default_rng(seed), nodes_of(mesh, order)
    points, on_facet = len(nodes.element.quadrature[1]), len(nodes.facet.quadrature[1])
    regions = {r: bulk(rng, f, len(mesh.region_cells(r)), points) for r, f in fields.items()}
    faces = {}
    for name, facets in mesh.faces.items():
        roles = [r for r in mesh.face_regions(name) if r in fields]
        sides = tuple(Side(r, fields[r]) for r in roles)
        where = {r: side for r, side in zip(mesh.face_regions(name), (MINUS, PLUS), strict=False) if r in fields}
        if roles and (facets.is_interface or name.endswith("z-")):
            law = face_law(rng, sides, len(facets.nodes), on_facet, (ties or {}).get(name, ()))
            if name.endswith("z-") and "q" in fields[roles[0]].names:
                law = replace(law, given={"q": rng.normal(size=(len(facets.nodes), 3))})
            faces[name] = Face(law, where)
    low, high = (
        tuple(n for n, f in mesh.faces.items() if n.endswith(end) and mesh.face_regions(n)[0] in fields)
        for end in ends_of(mesh)
    )
    drives = tuple(
        Gradient(c, a)
        for a in "xyz"
        if a not in mesh.axes or a in mesh.periodic
        for c in ("p", "q_y")
        if c == "p" or BOTH in fields.values()
    )
    contacts = {"contact": Terminal(low, "p")} if low else {}
    floating = Global("floating", high, "p", admittance=SIGMA * SIZE ** (mesh.dimension - 2), source=1e3)
    return Problem(mesh, regions, faces, contacts, drives, (floating,) if high else ())


def ends_of(mesh):
    if "left" in mesh.faces:
        return "left", "right"
    return ("y-", "y+") if "y" in mesh.axes else ("z-", "z+")


def layered(block_mesh, kind, layout, cells=4):
    """`cells` cells along z per entry of the layout, numbers of the regions A, B, C, D."""
    axes, cut, periodic = MESHES[kind]
    count = max(layout) + 1
    z = np.linspace(0, SIZE * len(layout), cells * len(layout) + 1)
    layers = np.repeat(layout, cells).reshape((1,) * (len(axes) - 1) + (-1,))
    return block_mesh(
        axes,
        [*[np.linspace(0, SIZE, 4)] * (len(axes) - 1), z],
        regions=tuple("ABCD"[:count]),
        layout=layers,
        simplices=cut,
        periodic=periodic,
        distort=0.15,
        planes=tuple(("z", SIZE * k) for k in range(1, len(layout))),
    )


@pytest.mark.parametrize("partition", PARTITIONS)
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("kind", MESHES)
def test_jumps_between_different_fields(partitioners, block_mesh, kind, order, partition):
    """p and q in A, p in B, nothing in C; a contact and a floating contact that touch both."""
    mesh = layered(block_mesh, kind, (0, 1, 2), cells=2)
    Twins(problem_on(mesh, {"A": BOTH, "B": ONE}, order), order, partitioners[partition]).everything()


@pytest.mark.parametrize("partition", PARTITIONS)
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("kind", MESHES)
def test_ties(partitioners, block_mesh, kind, order, partition):
    """A and B share nodes, q alone is continuous between B and C, p alone between C and D."""
    mesh = layered(block_mesh, kind, (0, 1, 2, 3), cells=2)
    fields = {"A": BOTH, "B": BOTH, "C": BOTH, "D": ONE}
    ties = {"A|B": ("p", "q"), "B|C": ("q",), "C|D": ("p",)}
    Twins(problem_on(mesh, fields, order, ties), order, partitioners[partition]).everything()


@pytest.mark.parametrize("partition", PARTITIONS)
@pytest.mark.parametrize("kind", ["line", "triangle", "quad", "tetra", "hexahedron"])
def test_gmsh_file(partitioners, kind, partition):
    """Regions and contacts by the names drawn."""
    mesh = read_mesh(DATA / f"{kind}-4.1-binary.msh", unit="nm", terminals=["left", "right"]).mesh()
    Twins(problem_on(mesh, {"YIG": ONE, "Pt": BOTH}, 1), 1, partitioners[partition]).everything()


@pytest.mark.parametrize("partition", PARTITIONS)
def test_fewer_cells_than_processes(partitioners, block_mesh, partition):
    """A region of a single cell, and a mesh of two cells."""
    mesh = block_mesh("z", [np.linspace(0, SIZE, 6)], regions=("A", "B"), layout=np.array([0, 1, 0, 0, 0]))
    fields = {"A": BOTH, "B": ONE}
    for order in (1, 2):
        Twins(problem_on(mesh, fields, order), order, partitioners[partition]).everything()
    mesh = block_mesh("z", [np.linspace(0, SIZE, 3)], regions=("A", "B"), layout=np.array([0, 1]))
    Twins(problem_on(mesh, fields, 1), 1, partitioners[partition]).everything()


def test_weights_that_are_equal_on_each_process(partitioners, block_mesh):
    """Antisymmetric terms live on the boundary of the cells with one weight, here those of one process."""
    mesh = block_mesh("yz", [np.linspace(0, SIZE, 9)] * 2)
    share = np.concatenate([np.full(len(s), k) for k, s in enumerate(np.array_split(mesh.cells, WORLD.size))])
    skew = np.array([[0, 1, -2], [-1, 0, 0.5], [2, -0.5, 0]])
    bulk = Bulk(ONE, A=(term(SIGMA, np.eye(3), np.eye(1)), term(SIGMA * (1 + share), skew, np.eye(1))))
    Twins(Problem(mesh, {"A": bulk}), 1, partitioners["shares"]).everything()


def test_wrong_weights_are_refused_by_all_processes(partitioners, block_mesh):
    """Also by those that hold nothing of the region or face, which would wait for the others."""
    mesh = layered(block_mesh, "quad", (0, 1))
    problem = problem_on(mesh, {"A": BOTH, "B": ONE}, 1)
    engine = Fenicsx(partitioner=partitioners["last"])
    for weight, error in ((np.ones(2), InputError), (np.ones((2, 1)), UnsupportedError)):
        law = replace(problem.faces["A|B"].law, G=(term(weight, 1.0, np.eye(5)),))
        with pytest.raises(error, match=r"face A\|B"):
            engine.assemble(replace(problem, faces={"A|B": replace(problem.faces["A|B"], law=law)}))
        wrong = Bulk(ONE, A=(term(weight, np.eye(3), np.eye(1)),))
        with pytest.raises(error, match="region B"):
            engine.assemble(replace(problem, regions={**problem.regions, "B": wrong}))


def test_one_process_of_several_solves_alone(block_mesh):
    """MPI.COMM_SELF: every process holds the whole device, whatever the others do."""
    mesh = layered(block_mesh, "quad", (0, 1))
    problem = problem_on(mesh, {"A": BOTH, "B": ONE}, 1)
    system = Fenicsx(comm=MPI.COMM_SELF).assemble(problem)
    assert system.size == system.unknowns == Scikit().assemble(problem).size
    assert system.processes.size == 1


@pytest.mark.parametrize("partition", ["bisected", "random"])
def test_one_mesh_has_one_layout(partitioners, block_mesh, partition):
    """States pass between systems that were assembled apart from each other, and from one run to the next."""
    mesh = layered(block_mesh, "hexahedron", (0, 1))
    fields = {"A": BOTH, "B": ONE}
    layouts = set()
    for _ in range(8):
        twins = Twins(problem_on(mesh, fields, 1), 1, partitioners[partition])
        layouts.add((twins.mine.tobytes(), twins.part.numbering.cells_of["A"].tobytes()))
    assert WORLD.gather(len(layouts)) == [1] * WORLD.size


def test_wrong_owners_are_refused(block_mesh):
    mesh = layered(block_mesh, "quad", (0, 1))
    problem = problem_on(mesh, {"A": BOTH, "B": ONE}, 1)
    for owners in (np.zeros(2, dtype=int), np.full(len(mesh.cells), WORLD.size), np.full(len(mesh.cells), -1)):
        with pytest.raises(InputError, match="numbers from 0 to"):
            Fenicsx(partitioner=lambda mesh, parts, given=owners: given).assemble(problem)


def test_facets_between_processes(partitioners, block_mesh):
    """The random partition does what it is for: most facets of the interface lie between two processes."""
    mesh = layered(block_mesh, "hexahedron", (0, 1))
    twins = Twins(problem_on(mesh, {"A": BOTH, "B": ONE}, 1), 1, partitioners["random"])
    owner = np.zeros(len(mesh.cells))
    for cells in twins.part.numbering.cells_of.values():
        owner[cells] = WORLD.rank
    owner = WORLD.total(owner)
    sides = owner[mesh.faces["A|B"].cells]
    crossing = np.mean(sides[:, 0] != sides[:, 1])
    assert crossing > 0.8 * (1 - 1 / WORLD.size) - 0.1 if WORLD.size > 1 else crossing == 0
