"""Linear solvers over processes on films whose matrices are products of those of lines, without any engine.

solution on one, two, three processes   <-> sparse LU of the matrix of the whole film        sharing, fixed unknowns
two blocks joined by a conductance      <-> the same; weak, strong, and tied                 groups over blocks
floating potentials                     <-> zero mean, balanced load, net source refused     null space over processes
multigrid                               <-> iterations, with omega tau, lambda, order        each part of the sweep
a thousand solves                       <-> memory and PETSc's table of options as before
"""

import gc
import resource
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import pytest
import scipy.sparse as sp
import scipy.sparse.linalg as sla
from mpi4py import MPI
from petsc4py import PETSc

from hanle.pde.errors import SolveError
from hanle.pde.linear.contract import BlockTerm, LinearBlock, LinearSystem
from hanle.pde.linear.fieldsplit import Fieldsplit
from hanle.pde.linear.groups import groups
from hanle.pde.linear.mumps import Mumps
from hanle.pde.linear.operators import matrix
from hanle.pde.linear.process_parts import ProcessParts
from hanle.pde.linear.reduced import reduce as reduced
from hanle.pde.linear.sharing import Sharing
from hanle.pde.processes import Processes
from hanle.pde.tensors import EPSILON, cross_matrix

WORLD = Processes(MPI.COMM_WORLD)
SOLVERS = [Mumps(), Fieldsplit()]
#: Relative residual asked for, and the error it leaves: condition numbers are below 1e4.
SOLVED, AGREE = 1e-12, 1e-8
#: Growth of memory [MB] over the solves of `test_a_thousand_solves`, measured 0 to 3; one leaked hierarchy each: 60.
LEAK = 12.0
CHARGE, SPIN = slice(0, 1), slice(1, 4)
M, OMEGA = np.array([1.0, 0.0, 1.0]) / np.sqrt(2.0), np.array([1.0, 2.0, 3.0]) / np.sqrt(14.0)


def csr(a):
    a = sp.csr_matrix(a)
    a.sort_indices()
    a.indices, a.indptr = a.indices.astype(np.int32), a.indptr.astype(np.int32)
    return a


def kron(*factors):
    return csr(reduce(lambda a, b: sp.kron(a, b, "csr"), factors))


def line(x, order):
    """Stiffness, mass and phi_i' phi_j of a line; order 2 puts a node in the middle of each cell."""
    if order == 1:
        k, m, d = [[1, -1], [-1, 1]], np.array([[2, 1], [1, 2]]) / 6, np.array([[-1, -1], [1, 1]]) / 2
    else:
        k = np.array([[7, -8, 1], [-8, 16, -8], [1, -8, 7]]) / 3
        m = np.array([[4, 2, -1], [2, 16, 2], [-1, 2, 4]]) / 30
        d = np.array([[-3, -4, 1], [4, 0, -4], [-1, 4, 3]]) / 6
    h = np.diff(x)
    nodes = order * np.arange(len(h))[:, None] + np.arange(order + 1)
    i, j = np.repeat(nodes, order + 1, axis=1).ravel(), np.tile(nodes, order + 1).ravel()
    shape = (order * len(h) + 1,) * 2
    return [
        csr(sp.coo_matrix((np.multiply.outer(s, np.asarray(a, float)).ravel(), (i, j)), shape=shape))
        for a, s in ((k, 1 / h), (m, h), (d, np.ones(len(h))))
    ]


@dataclass(frozen=True)
class Layer:
    """A film of bricks [nm] with the charge potential u and the spin w in units of sigma0 = 1e6 S/m.

    `components`: those of (u, w_x, w_y, w_z) that live here.
    """

    cells: tuple[int, int, int] = (12, 5, 4)
    size: tuple[float, float, float] = (200.0, 60.0, 5.0)
    order: int = 1
    sigma: float = 1.0
    theta: float = 0.1
    length: float = 3.0
    turns: float = 2.0
    mixing: float = 0.1
    components: slice = slice(0, 4)
    held: bool = True

    def axes(self, first, last):
        """The lines of the cells first ... last - 1 along x."""
        x, y, z = (np.linspace(0, s, n + 1) for s, n in zip(self.size, self.cells, strict=True))
        return [line(c, self.order) for c in (x[first : last + 1], y, z)]

    def terms(self, axes, block):
        """Conduction, sink with precession, spin Hall effect on the surfaces, b-layer conductances at z = 0."""
        (kx, mx, _), (ky, my, _), (kz, mz, _) = axes
        mass, stiffness = kron(mx, my, mz), kron(kx, my, mz)
        stiffness.data += kron(mx, ky, mz).data + kron(mx, my, kz).data
        stiffness.indices, stiffness.indptr = mass.indices, mass.indptr
        spin, turn = np.diag([0.0, 1, 1, 1]), np.zeros((4, 4))
        turn[SPIN, SPIN] = -self.turns * cross_matrix(OMEGA)
        conduction = np.eye(4) - 2 * self.theta**2 * np.diag([1.0, 0, 0, 0])
        found = [(stiffness, conduction, False), (mass, (spin + turn) / self.length**2, False)]
        for a in range(3):
            fields = np.zeros((4, 4))
            fields[0, 1 + a] = fields[1 + a, 0] = self.theta
            found.append((self.skew(axes, a), fields, True))
        low, mix = sp.csr_matrix(([1.0], ([0], [0])), shape=mz.shape), np.zeros((4, 4))
        mix[SPIN, SPIN] = self.mixing * (np.eye(3) - np.outer(M, M) + cross_matrix(M)) / self.sigma
        found.append((kron(mx, my, low), mix, False))
        kept = self.components
        return [BlockTerm(block, block, m, self.sigma * f[kept, kept], skew) for m, f, skew in found]

    def skew(self, axes, a):
        """Sum over i, k of eps_iak d_i v d_k u."""
        total = 0
        for i, k in np.argwhere(EPSILON[:, a, :]):
            factors = [axis[1] for axis in axes]
            factors[i], factors[k] = axes[i][2], axes[k][2].T
            total = total + EPSILON[i, a, k] * kron(*factors)
        total.data[np.abs(total.data) < 1e-12 * np.abs(total.data).max()] = 0.0
        total.eliminate_zeros()
        return csr(total)

    def coarsening(self, first, last):
        """The 7-point stencil on all nodes."""
        fine = [np.linspace(0, s, self.order * n + 1) for s, n in zip(self.size, self.cells, strict=True)]
        fine[0] = fine[0][self.order * first : self.order * last + 1]
        lines = [line(x, 1)[:2] for x in fine]
        lumped = [csr(sp.diags_array(np.asarray(m.sum(axis=1)).ravel())) for _, m in lines]
        (k0, k1, k2), (m0, m1, m2) = [k for k, _ in lines], lumped
        return csr(kron(k0, m1, m2) + kron(m0, k1, m2) + kron(m0, m1, k2))


@dataclass(frozen=True)
class Film:
    """Layers on each other: fields of one name meet in `conductance` [nm^-1 sigma0], or are one where `tied`."""

    layers: tuple[Layer, ...]
    conductance: float = 0.1
    tied: tuple[int, ...] = ()

    def system(self, comm):
        """(the system of a process, global keys of its unknowns): slabs along x, the cut planes belong to the left."""
        cuts = np.linspace(0, self.layers[0].cells[0], comm.size + 1).astype(int)
        first, last = cuts[comm.rank : comm.rank + 2]
        blocks, terms, keys, base = [], [], [], 0
        for k, layer in enumerate(self.layers):
            axes = layer.axes(first, last)
            terms += layer.terms(axes, k)
            plane = axes[1][0].shape[0] * axes[2][0].shape[0]
            nodes, width = plane * axes[0][0].shape[0], layer.components.stop - layer.components.start
            fixed = np.zeros((nodes, width), bool)
            charge = layer.components.start == 0
            if layer.held and charge:
                fixed[:plane, 0] |= comm.rank == 0
                fixed[-plane:, 0] |= comm.rank == comm.size - 1
            loose = ((np.arange(nodes),),) if charge and not layer.held else ((),)
            split = (CHARGE, SPIN) if width == 4 else ()
            coarse = layer.coarsening(first, last)
            blocks.append(LinearBlock(nodes, width, fixed, coarse, (*loose, *[()] * (width - 1)), split))
            node = layer.order * first * plane + np.arange(nodes)
            component = np.arange(layer.components.start, layer.components.stop)
            keys.append(base + node[:, None] * 4 + component)
            base += 4 * plane * (layer.order * layer.cells[0] + 1)
        for low in range(len(self.layers) - 1):
            terms += self.join(low, first, last, keys)
        return self.shared(comm, blocks, terms, np.concatenate([k.ravel() for k in keys]))

    def join(self, low, first, last, keys):
        """The conductance between the top of one layer and the bottom of the next; ties change `keys` instead."""
        one, two = self.layers[low : low + 2]
        (_, mx, _), (_, my, _), _ = one.axes(first, last)
        sizes = [layer.axes(first, last)[2][0].shape[0] for layer in (one, two)]
        names = [list(range(layer.components.start, layer.components.stop)) for layer in (one, two)]
        faces = np.array([[a == b for b in names[1]] for a in names[0]], float)
        top = np.arange(keys[low].shape[0]).reshape(-1, sizes[0])[:, -1]
        bottom = np.arange(keys[low + 1].shape[0]).reshape(-1, sizes[1])[:, 0]
        for c in self.tied:
            keys[low + 1][bottom, names[1].index(c)] = keys[low][top, names[0].index(c)]
            faces[names[0].index(c)] = 0.0
        ends = [(sizes[0], sizes[0] - 1), (sizes[1], 0)]
        found = []
        for i in range(2):
            for j in range(2):
                at = sp.csr_matrix(([1.0], ([ends[i][1]], [ends[j][1]])), shape=(ends[i][0], ends[j][0]))
                fields = [[faces @ faces.T, -faces], [-faces.T, faces.T @ faces]][i][j]
                found.append(BlockTerm(low + i, low + j, kron(mx, my, at), self.conductance * fields))
        return found

    def shared(self, comm, blocks, terms, key):
        """Unknowns belong to the lowest process that has them, in the order of their keys."""
        processes, mine = Processes(comm), np.unique(key)
        before = np.concatenate([np.zeros(0, int), *processes.gather(mine)[: comm.rank]])
        owned = np.setdiff1d(mine, before)
        tables = processes.gather(owned)
        start = sum(len(t) for t in tables[: comm.rank])
        every = np.concatenate(tables)
        order = np.argsort(every)
        index = order[np.searchsorted(every[order], key)]
        sharing = Sharing(comm, index, start, start + len(owned))
        return LinearSystem(tuple(blocks), tuple(terms), sharing=sharing), owned


def load(owned, scale=1.0):
    """A load that depends on the key of an unknown only."""
    return scale * np.sin(12.9898 * owned + 78.233 * (owned % 4))


def whole(film, rhs=load):
    """Keys and dense-accurate solution of the whole film on this process alone."""
    system, keys = film.system(MPI.COMM_SELF)
    t = sp.csr_matrix((np.ones(system.size), (np.arange(system.size), system.sharing.index)))
    free = ~reduced(system).fixed
    a = sp.csc_matrix(t.T @ matrix(system) @ t)[free][:, free]
    x = np.zeros(len(keys))
    x[free] = sla.splu(a).solve(rhs(keys)[free])
    order = np.argsort(keys)
    return keys[order], x[order]


def gathered(keys, x):
    """All owned parts, by key."""
    keys, x = (np.concatenate(WORLD.gather(a)) for a in (keys, x))
    order = np.argsort(keys)
    return keys[order], x[order]


def error(film, solver):
    """Largest error of a solution relative to the largest value of its component, and what was prepared."""
    system, owned = film.system(MPI.COMM_WORLD)
    prepared = solver.prepare(system)
    keys, x = gathered(owned, prepared.solve(load(owned), tolerance=SOLVED))
    expected_keys, expected = whole(film)
    assert np.array_equal(keys, expected_keys)
    scale = np.array([np.abs(expected[keys % 4 == c]).max(initial=0.0) for c in range(4)])
    return float((np.abs(x - expected) / scale[keys % 4]).max()), prepared


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(
    "layer",
    [Layer(), Layer(turns=10.0, length=300.0), Layer(order=2, cells=(6, 3, 2)), Layer(size=(6.0, 5.0, 4.0))],
    ids=["film", "long decay", "second order", "cube"],
)
def test_one_film(solver, layer):
    off, prepared = error(Film((layer,)), solver)
    assert off < AGREE
    assert prepared.iterations == 0 or isinstance(solver, Fieldsplit)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("conductance", [1e-3, 1.0, 300.0])
def test_two_films_in_contact(solver, conductance):
    """G L0/sigma from weak to as good as tied: u of both films is one group, and so is w."""
    film = Film((Layer(), Layer(sigma=0.02, length=1.5, mixing=0.0, turns=0.5)), conductance)
    off, prepared = error(film, solver)
    assert off < AGREE
    if isinstance(solver, Fieldsplit):
        assert [type(i) is ProcessParts for i in prepared.inverses] == [False, True]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("tied", [(0,), (0, 1, 2, 3), (0, 2)])
def test_tied_films(solver, tied):
    """Potentials that are one on both sides of a face; with (0, 2) one component of w alone."""
    off, _ = error(Film((Layer(), Layer(sigma=3.0, length=8.0, mixing=0.0)), 0.3, tied), solver)
    assert off < AGREE


@pytest.mark.parametrize("solver", SOLVERS)
def test_films_with_different_fields(solver):
    """A film that carries w on one that carries u alone, and one that carries w_z alone."""
    spin, charge = Layer(components=SPIN, sigma=0.3, mixing=0.0), Layer(components=CHARGE, sigma=40.0)
    off, _ = error(Film((Layer(), charge), 0.2), solver)
    assert off < AGREE
    off, _ = error(Film((Layer(), spin), 0.2), solver)
    assert off < AGREE
    off, _ = error(Film((replace(spin, components=slice(3, 4)), Layer()), 0.2), solver)
    assert off < AGREE


@pytest.mark.parametrize("solver", SOLVERS)
def test_processes_without_nodes(solver):
    """All but the first hold nothing: their blocks have no nodes."""
    film = Film((Layer(), Layer(sigma=0.1)), 0.2)
    comm = MPI.COMM_WORLD
    system, owned = film.system(MPI.COMM_SELF)
    index, blocks, terms, size = system.sharing.index, system.blocks, system.terms, len(owned)
    if comm.rank > 0:
        none = np.zeros((0, 4), bool)
        blocks = tuple(LinearBlock(0, 4, none, sp.csr_matrix((0, 0)), groups=b.groups) for b in blocks)
        index, terms, owned = index[:0], (), owned[:0]
    sharing = Sharing(comm, index, size if comm.rank else 0, size)
    x = solver.prepare(LinearSystem(blocks, terms, sharing=sharing)).solve(load(owned), tolerance=SOLVED)
    _, found = gathered(owned, x)
    _, expected = whole(film)
    assert np.abs(found - expected).max() < AGREE * np.abs(expected).max()


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("conductance", [0.2, 0.0], ids=["coupled", "apart"])
def test_floating_potentials(solver, conductance):
    """Two films without contacts float together, or each by itself; their common level is that of zero mean."""
    layers = (Layer(held=False, cells=(9, 4, 3)), Layer(held=False, cells=(9, 4, 3), sigma=5.0, mixing=0.0))
    film = Film(layers, conductance)
    system, owned = film.system(MPI.COMM_WORLD)
    size = int(WORLD.total(len(owned))) // 2
    charge = [(owned % 4 == 0) & (owned // size == k) for k in range(2)]
    rhs = load(owned)
    pieces = charge if conductance == 0.0 else [charge[0] | charge[1]]
    for piece in pieces:
        rhs[piece] -= WORLD.total(rhs[piece].sum()) / WORLD.total(piece.sum())
    x = solver.prepare(system).solve(rhs, tolerance=SOLVED)
    scale = np.sqrt(WORLD.total(x @ x))
    for piece in pieces:
        assert abs(WORLD.total(x[piece].sum())) < 1e-10 * scale
    back = reduced(system).residual(x, rhs)
    assert np.sqrt(WORLD.total(back @ back)) < 2 * SOLVED * np.sqrt(WORLD.total(rhs @ rhs))
    with pytest.raises(SolveError, match="floating component receives a net source"):
        solver.prepare(system).solve(rhs + charge[0], tolerance=1e-8)


@pytest.mark.parametrize("solver", SOLVERS)
def test_component_without_equation_is_named(solver):
    """No conduction of w_y: all processes say so in the same words."""
    system, _ = Film((Layer(theta=0.0, mixing=0.0),)).system(MPI.COMM_WORLD)
    fields = np.diag([1.0, 1.0, 0.0, 1.0])
    silent = replace(system, terms=(replace(system.terms[0], fields=fields),))
    with pytest.raises(SolveError, match="390 unknowns of component 2 in block 0 have no equation") as caught:
        solver.prepare(silent)
    assert len(set(WORLD.gather(str(caught.value)))) == 1


def test_what_nothing_determines_is_named_by_the_direct_solver():
    """w without a sink, and not announced as floating."""
    system, _ = Film((Layer(theta=0.0, mixing=0.0),)).system(MPI.COMM_WORLD)
    lost = np.diag([0.0, 1.0, 1.0, 0.0])
    open_ended = replace(system, terms=(system.terms[0], replace(system.terms[1], fields=lost)))
    with pytest.raises(SolveError, match="component 3 in block 0 are not determined"):
        Mumps().prepare(open_ended)


def test_failure_carries_iterations_residual_and_the_next_step():
    system, owned = Film((Layer(),)).system(MPI.COMM_WORLD)
    prepared = Fieldsplit(limit=2).prepare(system)
    with pytest.raises(SolveError, match=r"limit after 2 iterations at relative residual .*direct"):
        prepared.solve(load(owned), tolerance=1e-12)


@pytest.mark.parametrize("turns", [0.0, 10.0])
@pytest.mark.parametrize(("length", "most"), [(3.0, 15), (300.0, 30)])
@pytest.mark.parametrize("order", [1, 2])
def test_iterations(turns, length, most, order):
    """Films of 4 : 1 : 0.05; the bounds hold on one to three processes, and hardly move with the mesh."""
    cells = (40, 16, 6) if order == 1 else (20, 8, 3)
    film = Film((Layer(cells, (1000.0, 200.0, 5.0), order=order, turns=turns, length=length),))
    system, owned = film.system(MPI.COMM_WORLD)
    prepared = Fieldsplit().prepare(system)
    prepared.solve(load(owned), tolerance=1e-8)
    assert 3 <= prepared.iterations <= most


def test_potentials_go_first():
    """The order of the sweep follows the sinks, whatever the order of the components."""
    system, _ = Film((Layer(components=SPIN, mixing=0.0), Layer(components=CHARGE)), 0.0).system(MPI.COMM_WORLD)
    assert [g.width for g in groups(reduced(system))] == [1, 3]


def test_a_thousand_solves():
    """Set-up and solve in a sweep leave neither memory nor options behind."""
    film, other = Film((Layer((6, 3, 2)),)), Film((Layer((4, 3, 2)),))
    system, owned = film.system(MPI.COMM_WORLD)
    small, _ = other.system(MPI.COMM_WORLD)
    options = len(PETSc.Options().getAll())

    def sweep(count):
        for k in range(count):
            Fieldsplit().prepare(system).solve(load(owned), tolerance=1e-6)
            if k % 5 == 0:
                Mumps().prepare(small)
        gc.collect()
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    before = sweep(30)
    assert sweep(150) - before < LEAK
    assert len(PETSc.Options().getAll()) == options
