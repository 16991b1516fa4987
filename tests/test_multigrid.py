"""Multigrid against the direct solver and against itself on finer meshes.

The model is the film of the spin Hall magnetoresistance: fields [u, w_x, w_y, w_z] on consistent Q1 bricks, made by
tensor products of line matrices. Lengths in nm; the equations are divided by the conductivity.
"""

from dataclasses import replace
from functools import reduce as fold

import numpy as np
import pytest
import scipy.sparse as sp
import skfem
from skfem.models.poisson import laplace, mass

from hanle.pde.errors import SolveError
from hanle.pde.linear.contract import BlockTerm, LinearBlock, LinearSystem
from hanle.pde.linear.direct import Direct
from hanle.pde.linear.hierarchy import grids
from hanle.pde.linear.levels import Level
from hanle.pde.linear.multigrid import Multigrid
from hanle.pde.linear.operators import apply, matrix
from hanle.pde.tensors import cross_matrix

#: Both solvers stop at a residual of 1e-12; conditioning costs two digits, on cells of 1:1000 three in u.
SOLVED, AGREE = 1e-12, 1e-9
#: The functional b.x depends on the well-conditioned part only.
FUNCTIONAL = 1e-10
#: Rounding of a few dozen float32 operations.
SINGLE = 1e-5
#: Sums of a few thousand numbers of order one.
ROUNDING = 1e-13
#: Growth of the iterations that counts as independent of the mesh.
GROWTH = 1.5


def csr(a):
    a = sp.csr_matrix(a)
    a.sort_indices()
    a.indices, a.indptr = a.indices.astype(np.int32), a.indptr.astype(np.int32)
    return a


def kron(*factors):
    return csr(fold(lambda a, b: sp.kron(a, b, "csr"), factors))


def line(x):
    """Stiffness, mass, lumped mass and the matrix of int phi_i' phi_j of linear elements."""
    h = np.diff(x)
    sides = np.r_[h, 0] + np.r_[0, h]
    stiffness = sp.diags_array([-1 / h, np.r_[1 / h, 0] + np.r_[0, 1 / h], -1 / h], offsets=[-1, 0, 1])
    consistent = sp.diags_array([h / 6, sides / 3, h / 6], offsets=[-1, 0, 1])
    half = np.full(len(h), 0.5)
    mixed = sp.diags_array([-half, np.r_[-0.5, np.zeros(len(h) - 1), 0.5], half], offsets=[-1, 0, 1])
    return stiffness, consistent, sp.diags_array(sides / 2), mixed


def graded(thickness, n):
    s = np.linspace(0.0, 1.5, n)
    return thickness * np.expm1(s) / np.expm1(1.5)


def film(shape=(16, 8, 7), step=10 / 3, x=None, y=None, z=None, grounded=True, **physics):
    """The film, its right-hand side (drive 1 V/nm along x on the lifted potential) and its volume [nm^3]."""
    x = np.arange(shape[0]) * step if x is None else x
    y = np.arange(shape[1]) * step if y is None else y
    z = graded(5.0, shape[2]) if z is None else z
    (kx, mx, lx, cx), (ky, my, ly, cy), (kz, mz, lz, cz) = line(x), line(y), line(z)
    stiffness = csr(kron(kx, my, mz) + kron(mx, ky, mz) + kron(mx, my, kz))
    coarsening = csr(kron(kx, ly, lz) + kron(lx, ky, lz) + kron(lx, ly, kz))
    bottom = sp.csr_matrix(([1.0], ([0], [0])), shape=(len(z), len(z)))
    curls = [kron(mx, cy.T, cz) - kron(mx, cy, cz.T), kron(cx, my, cz.T) - kron(cx.T, my, cz)]
    curls.append(kron(cx.T, cy, mz) - kron(cx, cy.T, mz))
    theta, reaction, conductance = constants(**physics)
    terms = [BlockTerm(0, 0, stiffness, np.diag([1 - 2 * theta**2, 1.0, 1.0, 1.0]))]
    terms.append(BlockTerm(0, 0, kron(mx, my, mz), reaction))
    terms.append(BlockTerm(0, 0, kron(mx, my, bottom), conductance))
    nodes = len(x) * len(y) * len(z)
    rhs = np.zeros((nodes, 4))
    for a, curl in enumerate(curls):
        curl.data[np.abs(curl.data) < 1e-13 * np.abs(curl.data).max()] = 0.0
        curl.eliminate_zeros()
        coupling = np.zeros((4, 4))
        coupling[0, 1 + a] = coupling[1 + a, 0] = theta
        terms.append(BlockTerm(0, 0, csr(curl), coupling, skew=True))
        rhs[:, 1 + a] = -theta * (curl @ np.repeat(x, len(y) * len(z)))
    fixed = np.zeros((len(x), len(y) * len(z), 4), bool)
    fixed[[0, -1], :, 0] = grounded
    block = LinearBlock(nodes, 4, fixed.reshape(nodes, 4), coarsening)
    return LinearSystem((block,), tuple(terms)), rhs.ravel(), np.ptp(x) * np.ptp(y) * np.ptp(z)


def constants(theta=0.1, length=3.0, diffusion=1e-4, larmor=1e12, n=(0, 0, 1), m=(0, 1, 0), g=(-1e13, 3e14, 1e14)):
    """theta, reaction [1/nm^2] and face conductance [1/nm] of the fields at a conductivity of 1e6 S/m."""
    reaction, face = np.zeros((2, 4, 4))
    reaction[1:, 1:] = np.eye(3) / length**2 - larmor / (diffusion * 1e18) * cross_matrix(n)
    c = cross_matrix(np.array(m) / np.linalg.norm(m))
    face[1:, 1:] = -2e-15 * (g[0] * np.eye(3) + g[1] * c @ c + g[2] * c)
    return theta, reaction, face


def iterations(system, rhs, tolerance=1e-8):
    prepared = Multigrid().prepare(system)
    prepared.solve(rhs, tolerance=tolerance)
    return prepared.iterations


def tanh_graded(n, length):
    return length * (1 + np.tanh(1.8 * np.linspace(-1, 1, n)) / np.tanh(1.8)) / 2


STRONG = {"diffusion": 1e-5, "larmor": 1e13, "g": (-1e13, 1e15, 1e15)}
CASES = {
    "benchmark": {},
    "cubes": {"step": 0.8},
    "flat cells": {"step": 800.0},
    "strong precession": STRONG,
    "oblique axes": {**STRONG, "n": (0.6, 0.48, 0.64), "m": (0.3, 0.8, 0.5)},
    "long diffusion": {"length": 300.0},
    "short diffusion": {"length": 0.5},
    "large angle": {"theta": 0.3},
    "stretched": {"x": tanh_graded(16, 1500.0), "y": tanh_graded(8, 25.0)},
}


@pytest.mark.parametrize("case", CASES)
def test_equals_direct(case):
    system, rhs, _ = film(**CASES[case])
    prepared = Multigrid().prepare(system)
    x = prepared.solve(rhs, tolerance=SOLVED)
    expected = Direct().prepare(system).solve(rhs, tolerance=SOLVED)
    assert np.linalg.norm(x - expected) < AGREE * np.linalg.norm(expected)
    assert rhs @ x == pytest.approx(rhs @ expected, rel=FUNCTIONAL)
    assert not np.any(x[system.fixed])
    assert prepared.iterations <= 30


@pytest.mark.parametrize("case", ["benchmark", "cubes", "flat cells", "oblique axes", "large angle"])
def test_iterations_do_not_grow_with_the_mesh(case):
    """1e3 to 3e4 nodes of one kind of cell; a bad hierarchy doubles its iterations with each factor of ten."""
    coarse, fine = (film(shape, **CASES[case])[:2] for shape in ((14, 8, 9), (60, 32, 16)))
    few, many = iterations(*coarse), iterations(*fine)
    assert many <= 20
    assert many < GROWTH * few


@pytest.mark.slow
@pytest.mark.parametrize(
    ("physics", "expected"),
    [({}, 8.2609368e-3), ({"diffusion": 1e-5, "larmor": 1e13, "g": (-1e13, 3e14, 3e14)}, 3.8253672e-3)],
)
def test_benchmark_film(physics, expected):
    """1e5 nodes; the corrections to the conductance come from two other finite-element codes on the same mesh."""
    system, rhs, volume = film((112, 56, 16), **physics)
    prepared = Multigrid().prepare(system)
    x = prepared.solve(rhs, tolerance=1e-10)
    assert rhs @ x / volume == pytest.approx(expected, abs=5e-11)
    assert prepared.iterations <= 18


def test_levels_are_sparse():
    """Coarse levels together store less than twice the finest one, on cubes and on flat cells."""
    for step in (0.33, 10 / 3, 300.0):
        sizes = [sum(t.matrix.nnz for t in grid.terms) for grid in grids(film((40, 20, 16), step)[0], 800)]
        assert sum(sizes[1:]) < 2 * sizes[0]


def test_level_in_single_precision_equals_its_matrix(rng):
    """One smoothing step and the residual, against the coupled matrix and the inverses of its diagonal blocks."""
    system, _, _ = film((7, 5, 4), **STRONG)
    system = replace(system, terms=tuple(t for t in system.terms if not t.skew))
    level = Level(next(iter(grids(system, 10))), copy=False)
    a, free = matrix(system).toarray(), ~system.fixed
    x, rhs = (np.where(free, v, 0.0) for v in rng.standard_normal((2, system.size)))
    residual = np.where(free, rhs - a @ x, 0.0)
    (found,) = level.residual([x.astype(np.float32)], [rhs.astype(np.float32)])
    assert np.abs(found - residual).max() < SINGLE * np.abs(residual).max()
    blocks = [a[k : k + 4, k : k + 4] for k in range(0, system.size, 4)]
    step = np.concatenate([np.linalg.solve(b, r) for b, r in zip(blocks, residual.reshape(-1, 4), strict=True)])
    (found,) = level.smooth([x.astype(np.float32)], [rhs.astype(np.float32)], [np.float32(0.3)])
    assert np.abs(found - x - 0.3 * step).max() < SINGLE * np.abs(step).max()


def stacked(shape, conductance, components=4, tied=False):
    """A film under a second one with other fields: a conductance [1/nm] in the face between, u optionally tied."""
    system, rhs, _ = film(shape)
    upper, _, _ = film(shape, grounded=False, length=1.0, larmor=1e13, diffusion=1e-5, g=(0, 0, 0))
    nx, ny, nz = shape
    masses = [line(np.arange(n) * 10 / 3)[1] for n in (nx, ny)]
    low, high = np.arange(4), np.arange(4 - components, 4)
    nodes = upper.blocks[0].nodes
    block = replace(upper.blocks[0], components=components, fixed=np.zeros((nodes, components), bool))
    terms = list(system.terms)
    terms += [BlockTerm(1, 1, t.matrix, 3 * t.fields[np.ix_(high, high)], t.skew) for t in upper.terms]
    ends = ((nz - 1, low), (0, high))
    for row, (i, rows) in enumerate(ends):
        for col, (j, cols) in enumerate(ends):
            place = sp.csr_matrix(([1.0], ([i], [j])), shape=(nz, nz))
            jump = np.eye(4) * (1.0 if row == col else -1.0) * conductance
            jump[0, 0] = 0.0 if tied else jump[0, 0]
            terms.append(BlockTerm(row, col, kron(*masses, place), jump[np.ix_(rows, cols)]))
    size = nodes * (4 + components)
    group = np.arange(size)
    columns = np.arange(nx * ny) * nz
    group[4 * nodes + components * columns] = 4 * (columns + nz - 1)
    _, group = np.unique(group, return_inverse=True)
    ties = csr(sp.csr_matrix((np.ones(size), (np.arange(size), group)))) if tied else None
    return LinearSystem((system.blocks[0], block), tuple(terms), ties), np.r_[rhs, np.zeros(components * nodes)]


@pytest.mark.parametrize("components", [1, 4])
@pytest.mark.parametrize("conductance", [1e-3, 0.1, 10.0])
def test_two_blocks_with_a_jump(conductance, components):
    """From an opaque to a nearly transparent face; the upper block has all fields or w_z alone."""
    system, rhs = stacked((12, 6, 8), conductance, components)
    x = Multigrid().prepare(system).solve(rhs, tolerance=SOLVED)
    expected = Direct().prepare(system).solve(rhs, tolerance=SOLVED)
    assert np.linalg.norm(x - expected) < AGREE * np.linalg.norm(expected)
    assert iterations(*stacked((36, 18, 8), conductance, components)) < GROWTH * iterations(system, rhs)


def test_tied_blocks():
    system, rhs = stacked((12, 6, 8), 0.1, tied=True)
    x = Multigrid().prepare(system).solve(rhs, tolerance=SOLVED)
    expected = Direct().prepare(system).solve(rhs, tolerance=SOLVED)
    assert np.linalg.norm(x - expected) < AGREE * np.linalg.norm(expected)
    assert iterations(*stacked((36, 18, 8), 0.1, tied=True)) < GROWTH * iterations(system, rhs)


def periodic(shape):
    """The film, all fields equal at both ends of y."""
    system, rhs, _ = film(shape)
    nodes = np.arange(system.blocks[0].nodes).reshape(shape)
    nodes[:, -1] = nodes[:, 0]
    _, group = np.unique(4 * nodes.ravel()[:, None] + np.arange(4), return_inverse=True)
    ties = sp.csr_matrix((np.ones(system.size), (np.arange(system.size), group.ravel())))
    return replace(system, ties=csr(ties)), rhs


def test_periodic_film():
    """Ties across the block itself; corners of the mesh belong to one group of two nodes each."""
    system, rhs = periodic((16, 8, 7))
    x = Multigrid().prepare(system).solve(rhs, tolerance=SOLVED)
    expected = Direct().prepare(system).solve(rhs, tolerance=SOLVED)
    assert np.linalg.norm(x - expected) < AGREE * np.linalg.norm(expected)
    assert iterations(*periodic((48, 24, 7))) < GROWTH * iterations(system, rhs)


def test_floating_film(rng):
    """No terminal: u has zero mean and the iterations stay those of the grounded film."""
    system, _, _ = film((24, 12, 8), grounded=False)
    nodes = system.blocks[0].nodes
    floating = ((np.arange(nodes),), (), (), ())
    system = replace(system, blocks=(replace(system.blocks[0], floating=floating),))
    rhs = rng.standard_normal((nodes, 4))
    rhs[:, 0] -= rhs[:, 0].mean()
    x = Multigrid().prepare(system).solve(rhs.ravel(), tolerance=SOLVED)
    assert abs(x.reshape(nodes, 4)[:, 0].mean()) < ROUNDING * np.abs(x).max()
    assert np.linalg.norm(rhs.ravel() - apply(system, x)) < 2 * SOLVED * np.linalg.norm(rhs)
    assert iterations(system, rhs.ravel()) <= 18


def test_scattered_fixed_unknowns(rng):
    """Every component fixed elsewhere, some nodes wholly: the masks of the coarse levels."""
    system, rhs, _ = film((16, 8, 7))
    fixed = rng.random((system.blocks[0].nodes, 4)) < 0.2
    fixed[rng.random(len(fixed)) < 0.1] = True
    system = replace(system, blocks=(replace(system.blocks[0], fixed=fixed),))
    x = Multigrid().prepare(system).solve(rhs, tolerance=SOLVED)
    expected = Direct().prepare(system).solve(rhs, tolerance=SOLVED)
    assert np.linalg.norm(x - expected) < AGREE * np.linalg.norm(expected)


def tetrahedra(rng, n, thickness, order):
    """A perturbed block of tetrahedra, 60 nm wide."""
    width = 60.0
    mesh = skfem.MeshTet.init_tensor(*(np.linspace(0, end, n) for end in (width, width, thickness)))
    _, column = np.unique(np.round(mesh.p[:2], 6), axis=1, return_inverse=True)
    shift = rng.uniform(-0.25, 0.25, (2, column.max() + 1))[:, column.ravel()] * width / n
    inner = np.all((mesh.p[:2] > 1e-9) & (mesh.p[:2] < width - 1e-9), axis=0)
    mesh = skfem.MeshTet(np.ascontiguousarray(mesh.p + np.vstack([shift * inner, np.zeros(inner.size)])), mesh.t)
    basis = skfem.Basis(mesh, skfem.ElementTetP1() if order == 1 else skfem.ElementTetP2())
    stiffness, nodes = csr(laplace.assemble(basis)), basis.N
    first = csr(laplace.assemble(skfem.Basis(mesh, skfem.ElementTetP1())))
    volumes = csr(mass.assemble(basis))
    if order == 2:
        first = by_distance(stiffness, basis.doflocs.T, np.asarray(abs(volumes).sum(axis=1)).ravel())
    fixed = np.zeros((nodes, 4), bool)
    fixed[(basis.doflocs[0] < 1e-9) | (basis.doflocs[0] > width - 1e-9), 0] = True
    block = LinearBlock(nodes, 4, fixed, first)
    theta, reaction, _ = constants(**STRONG)
    terms = (
        BlockTerm(0, 0, stiffness, np.diag([1 - 2 * theta**2, 1, 1, 1])),
        BlockTerm(0, 0, volumes, reaction),
    )
    return LinearSystem((block,), terms), np.where(fixed, 0.0, rng.standard_normal((nodes, 4))).ravel()


def by_distance(pattern, points, measures):
    """Neighbours coupled by (measure of the smaller)/(distance)^2, as the engine does for second order."""
    entries = pattern.tocoo()
    apart = entries.row != entries.col
    i, j = entries.row[apart], entries.col[apart]
    weights = np.minimum(measures[i], measures[j]) / np.sum((points[i] - points[j]) ** 2, axis=1)
    couplings = sp.csr_matrix((-weights, (i, j)), shape=pattern.shape)
    return csr(couplings - sp.diags_array(np.asarray(couplings.sum(axis=1)).ravel()))


@pytest.mark.parametrize(("order", "thickness"), [(1, 60.0), (1, 6.0), (1, 0.6), (2, 60.0), (2, 0.6)])
def test_tetrahedra(rng, order, thickness):
    """First and second order, down to cells a hundred times wider than high."""
    system, rhs = tetrahedra(rng, 7 - order, thickness, order)
    x = Multigrid().prepare(system).solve(rhs, tolerance=SOLVED)
    expected = Direct().prepare(system).solve(rhs, tolerance=SOLVED)
    assert np.linalg.norm(x - expected) < AGREE * np.linalg.norm(expected)
    assert iterations(*tetrahedra(rng, 20 if order == 1 else 11, thickness, order)) <= 26


def test_failure_names_residual_and_next_step():
    system, rhs, _ = film((24, 12, 8))
    seen = []
    prepared = Multigrid(limit=2, progress=lambda *args: seen.append(args)).prepare(system)
    with pytest.raises(
        SolveError, match=r"after 2 iterations at relative residual \d\.\de-\d+ .*solver=\"direct\""
    ):
        prepared.solve(rhs, tolerance=1e-10)
    assert len(seen) == 2


def test_hierarchy_is_reused():
    """Two right-hand sides, one hierarchy, no state in between."""
    system, rhs, _ = film((24, 12, 8))
    prepared = Multigrid().prepare(system)
    first = prepared.solve(rhs, tolerance=1e-10)
    assert np.allclose(
        prepared.solve(-2 * rhs, tolerance=1e-10), -2 * first, rtol=0, atol=1e-8 * np.abs(first).max()
    )
    assert np.array_equal(prepared.solve(rhs, tolerance=1e-10), first)
