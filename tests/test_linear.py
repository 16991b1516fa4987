"""Linear systems as sums of (scalar matrix) x (field matrix): operators, direct solver, GMRES, choice of solver.

Pairs that must agree: compiled operator = scipy twin = coupled matrix; direct solve = dense solve; adjoint = transpose.
"""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from hanle.pde.errors import InputError, SolveError, UnsupportedError
from hanle.pde.linear.choose import choose, front, solver
from hanle.pde.linear.contract import BlockTerm, LinearBlock, LinearSystem
from hanle.pde.linear.direct import Direct
from hanle.pde.linear.krylov import NotConverged, gmres
from hanle.pde.linear.multigrid import Multigrid
from hanle.pde.linear.operators import Operator, apply, apply_transpose, matrix, merge, passes

#: Sums of a few hundred products in another order.
ROUNDING = 1e-13
#: Refinement stops at this relative residual; the condition numbers below are under 1e3.
SOLVED, AGREE = 1e-13, 1e-10


def laplacian(n, h=1.0):
    """Stiffness of a line with n nodes, free ends."""
    main = np.full(n, 2.0)
    main[[0, -1]] = 1.0
    return csr(sp.diags_array([np.full(n - 1, -1.0), main, np.full(n - 1, -1.0)], offsets=[-1, 0, 1]) / h)


def csr(a):
    a = sp.csr_matrix(a)
    a.sort_indices()
    a.indices, a.indptr = a.indices.astype(np.int32), a.indptr.astype(np.int32)
    return a


def grid(*counts):
    """Sum of lines: the 7-point stiffness of a box."""
    total = sp.csr_matrix((1, 1))
    for n in counts:
        total = sp.kron(total, sp.identity(n)) + sp.kron(sp.identity(total.shape[0]), laplacian(n))
    return csr(total)


def random_system(rng, components=(5, 1, 3), fixed=0.2):
    """Blocks of grids with dense couplings of their fields, shared patterns, proportional fields, sparse interfaces."""
    shapes = [(4, 3, 3), (5, 3, 2), (3, 3, 3)][: len(components)]
    blocks, terms = [], []
    for k, (shape, c) in enumerate(zip(shapes, components, strict=True)):
        stiffness = grid(*shape)
        n = stiffness.shape[0]
        mass = csr(stiffness.copy())
        mass.data = rng.uniform(0.0, 0.1, mass.nnz)
        other = csr(sp.random(n, n, 0.1, rng=rng))
        strong = np.diag(rng.uniform(1e-3, 1e3, c))
        terms += [BlockTerm(k, k, stiffness, strong), BlockTerm(k, k, mass, rng.standard_normal((c, c)))]
        terms += [BlockTerm(k, k, other, rng.standard_normal((c, c))), BlockTerm(k, k, mass, -2.5 * strong)]
        terms += [BlockTerm(k, k, csr(sp.identity(n)), 30.0 * strong)]
        blocks.append(LinearBlock(n, c, rng.random((n, c)) < fixed, stiffness))
    for row, col in ((0, 1), (1, 0), (2, 0)):
        if max(row, col) < len(blocks):
            a, b = blocks[row], blocks[col]
            face = csr(sp.random(a.nodes, b.nodes, 0.01, rng=rng))
            terms.append(BlockTerm(row, col, face, rng.standard_normal((a.components, b.components)), skew=True))
    return LinearSystem(tuple(blocks), tuple(terms))


@pytest.mark.parametrize("components", [(1,), (2,), (3,), (4,), (6,), (5, 1, 3), (4, 7, 2)])
def test_compiled_operator_equals_its_twin_and_the_coupled_matrix(rng, components):
    system = random_system(rng, components)
    x = rng.standard_normal(system.size)
    expected = apply(system, x)
    scale = np.abs(expected).max()
    assert np.abs(Operator(system).apply(x) - expected).max() < ROUNDING * scale
    assert np.abs(matrix(system) @ x - expected).max() < ROUNDING * scale
    assert np.array_equal(expected[system.fixed], x[system.fixed])


def test_transpose_is_the_adjoint(rng):
    system = random_system(rng)
    x, y = rng.standard_normal((2, system.size))
    forth, back = y @ apply(system, x), x @ apply_transpose(system, y)
    assert forth == pytest.approx(back, rel=1e-11)
    assert np.abs(matrix(system).T @ x - apply_transpose(system, x)).max() < ROUNDING * np.abs(x).max() * 1e4


def test_terms_are_merged_and_patterns_shared():
    """K x F, M x (-3 F) and N x G with one pattern: two scalar matrices remain, in one pass, without copying N."""
    k = grid(4, 4)
    m, n = k.copy(), k.copy()
    m.data, n.data = np.full(k.nnz, 2.0), np.full(k.nnz, 5.0)
    f, g = np.diag([1.0, 2.0]), np.array([[0.0, 1.0], [-1.0, 0.0]])
    merged = merge([BlockTerm(0, 0, k, f), BlockTerm(0, 0, m, -3 * f), BlockTerm(0, 0, n, g)])
    assert [t.matrix.nnz for t in merged] == [k.nnz, k.nnz]
    np.testing.assert_allclose(merged[0].matrix.data, k.data - 6.0, rtol=1e-15)
    (only,) = passes(merged)
    assert only.second is n.data


def test_faces_touch_their_own_rows(rng):
    face = csr(sp.csr_matrix((np.ones(2), ([3, 7], [1, 2])), shape=(9, 5)))
    (only,) = passes([BlockTerm(0, 0, face, np.ones((1, 1)))])
    assert only.rows.tolist() == [3, 7]


def dense_solution(system, rhs):
    free = ~system.fixed
    x = np.zeros(system.size)
    x[free] = np.linalg.solve(matrix(system).toarray()[np.ix_(free, free)], rhs[free])
    return x


def test_direct_equals_dense(rng):
    system = random_system(rng, (3, 2, 1))
    rhs = rng.standard_normal(system.size)
    prepared = Direct().prepare(system)
    x = prepared.solve(rhs, tolerance=SOLVED)
    expected = dense_solution(system, rhs)
    assert np.abs(x - expected).max() < AGREE * np.abs(expected).max()
    assert not np.any(x[system.fixed])
    assert prepared.iterations == 0


def ring(rng, n=12, fixed=()):
    """A line whose last node is tied to its first: a ring with n - 1 nodes, two components."""
    held = np.zeros((n, 2), bool)
    for node in fixed:
        held[node] = True
    k = laplacian(n)
    loss = csr(sp.diags_array(rng.uniform(0.5, 1.0, n)))
    terms = (BlockTerm(0, 0, k, np.diag([1.0, 2.0])), BlockTerm(0, 0, loss, np.array([[1.0, 3.0], [-3.0, 1.0]])))
    groups = np.arange(2 * n) % (2 * n - 2)
    ties = csr(sp.csr_matrix((np.ones(2 * n), (np.arange(2 * n), groups))))
    return LinearSystem((LinearBlock(n, 2, held, k),), terms, ties)


@pytest.mark.parametrize("linear_solver", [Direct(), Multigrid()])
@pytest.mark.parametrize("fixed", [(), (0,), (5,)])
def test_ties(rng, linear_solver, fixed):
    """Against the dense solution in the untied unknowns; fixing one of two tied nodes fixes both."""
    system = ring(rng, fixed=fixed)
    rhs = rng.standard_normal(system.size)
    t = system.ties.toarray()
    both = t @ (t.T @ system.fixed) > 0
    closed = replace(system, blocks=(replace(system.blocks[0], fixed=both.reshape(-1, 2)),))
    free = t.T @ both == 0
    reduced = (t.T @ matrix(closed).toarray() @ t)[np.ix_(free, free)]
    expected = t[:, free] @ np.linalg.solve(reduced, (t.T @ rhs)[free])
    x = linear_solver.prepare(system).solve(rhs, tolerance=1e-12)
    assert np.abs(x - expected).max() < AGREE * np.abs(expected).max()


def floating_system(rng, coupled):
    """Two boxes, component 0 floating in each; `coupled`: a conductance between them, so they float together."""
    k = grid(4, 3, 3)
    n = k.shape[0]
    block = LinearBlock(n, 2, np.zeros((n, 2), bool), k, floating=((np.arange(n),), ()))
    terms = [BlockTerm(b, b, k, np.eye(2)) for b in range(2)]
    terms += [BlockTerm(b, b, csr(sp.identity(n)), np.diag([0.0, 0.3])) for b in range(2)]
    if coupled:
        face = csr(sp.diags_array((np.arange(n) % 3 == 0) * rng.uniform(0.5, 1.0, n)))
        face.eliminate_zeros()
        e = np.diag([1.0, 0.0])
        terms += [BlockTerm(a, b, face, e if a == b else -e) for a in range(2) for b in range(2)]
    return LinearSystem((block, block), tuple(terms))


@pytest.mark.parametrize("linear_solver", [Direct(), Multigrid()])
@pytest.mark.parametrize("coupled", [True, False])
def test_floating_constants(rng, linear_solver, coupled):
    """Against the pseudo-inverse, which is the zero-mean solution."""
    system = floating_system(rng, coupled)
    rhs = rng.standard_normal(system.size)
    sources = [view[:, 0] for view in system.views(rhs)]
    means = [np.mean(sources)] * 2 if coupled else [source.mean() for source in sources]
    for source, mean in zip(sources, means, strict=True):
        source -= mean
    expected = np.linalg.pinv(matrix(system).toarray(), rcond=1e-12) @ rhs
    x = linear_solver.prepare(system).solve(rhs, tolerance=1e-12)
    assert np.abs(x - expected).max() < AGREE * np.abs(expected).max()
    with pytest.raises(SolveError, match="floating component receives a net source"):
        linear_solver.prepare(system).solve(rhs + 1.0, tolerance=1e-8)


def test_undetermined_component_is_named():
    k = grid(4, 4)
    block = LinearBlock(16, 3, np.zeros((16, 3), bool), k)
    sink = BlockTerm(0, 0, csr(sp.identity(16)), np.diag([1.0, 0.0, 1.0]))
    with pytest.raises(SolveError, match="16 unknowns of component 1 in block 0 are not determined"):
        Direct().prepare(LinearSystem((block,), (BlockTerm(0, 0, k, np.eye(3)), sink)))
    with pytest.raises(SolveError, match="constants that nothing determines"):
        Multigrid().prepare(LinearSystem((block,), (BlockTerm(0, 0, k, np.eye(3)), sink)))
    with pytest.raises(SolveError, match="16 unknowns of component 1 in block 0 have no equation"):
        Direct().prepare(LinearSystem((block,), (BlockTerm(0, 0, k, np.diag([1.0, 0.0, 1.0])), sink)))


def test_component_without_equation_is_named_by_multigrid():
    k, silent = grid(20, 20, 20), np.diag([1.0, 0.0])
    block = LinearBlock(8000, 2, np.zeros((8000, 2), bool), k)
    with pytest.raises(SolveError, match="8000 nodes of block 0 have a component without an equation"):
        Multigrid().prepare(LinearSystem((block,), (BlockTerm(0, 0, k, silent),)))
    with pytest.raises(SolveError, match="constants that nothing determines"):
        Multigrid().prepare(
            LinearSystem(
                (LinearBlock(16, 2, np.zeros((16, 2), bool), grid(4, 4)),), (BlockTerm(0, 0, grid(4, 4), silent),)
            )
        )


def test_gmres_restarts_reports_and_stops_on_the_true_residual(rng):
    a = np.diag(np.linspace(1.0, 50.0, 80)) + 0.5 * rng.standard_normal((80, 80))
    rhs, seen = rng.standard_normal(80), []
    result = gmres(
        lambda x: a @ x, lambda r: r, rhs, tolerance=1e-9, restart=30, progress=lambda *args: seen.append(args)
    )
    assert np.linalg.norm(rhs - a @ result.x) <= 1e-9 * np.linalg.norm(rhs)
    assert [i for i, _ in seen] == list(range(1, result.iterations + 1))
    assert result.iterations > 30
    assert gmres(lambda x: a @ x, lambda r: r, 0 * rhs, tolerance=1e-9).iterations == 0


def test_gmres_reaches_double_accuracy_with_a_single_precision_preconditioner(rng):
    a = np.diag(np.geomspace(1.0, 1e6, 60)) + rng.standard_normal((60, 60))
    inverse, rhs = np.linalg.inv(a).astype(np.float32), rng.standard_normal(60)
    result = gmres(lambda x: a @ x, lambda r: inverse @ r.astype(np.float32), rhs, tolerance=1e-12)
    assert result.iterations < 8
    assert np.linalg.norm(rhs - a @ result.x) <= 1e-12 * np.linalg.norm(rhs)


def test_gmres_failures_carry_the_best_iterate(rng):
    a = np.diag(np.linspace(1.0, 50.0, 80))
    rhs = rng.standard_normal(80)
    with pytest.raises(NotConverged, match=r"limit after 3 iterations at relative residual .*direct") as caught:
        gmres(lambda x: a @ x, lambda r: r, rhs, tolerance=1e-9, limit=3)
    assert 0.0 < np.linalg.norm(rhs - a @ caught.value.best) < np.linalg.norm(rhs)
    shift = np.roll(np.eye(80), 1, axis=0)
    with pytest.raises(NotConverged, match="stalled after 20 iterations"):
        gmres(lambda x: shift @ x, lambda r: r, np.eye(80)[0], tolerance=1e-9, restart=20)


def test_multigrid_refuses_general_ties(rng):
    system = ring(rng)
    with pytest.raises(UnsupportedError, match="direct"):
        Multigrid().prepare(replace(system, ties=csr(0.5 * system.ties)))


def plain(*counts):
    k = grid(*counts)
    n = k.shape[0]
    return LinearSystem((LinearBlock(n, 1, np.zeros((n, 1), bool), k),), (BlockTerm(0, 0, k, np.eye(1)),))


@pytest.mark.parametrize(
    ("counts", "name", "cut"),
    [
        ((30000,), "direct", (1, 1)),
        ((5, 20000), "direct", (5, 10)),
        ((150, 150), "direct", (80, 150)),
        ((550, 550), "multigrid", (280, 550)),
        ((24, 24, 24), "direct", (280, 576)),
        ((15, 15, 15), "direct", (90, 225)),
        ((40, 40, 40), "multigrid", (800, 1600)),
    ],
)
def test_automatic_choice(counts, name, cut):
    """A cut through a box holds at most its smallest section, half of that along a diagonal front."""
    system = plain(*counts)
    chosen, why = choose(system)
    assert chosen.name == name
    assert why.startswith(name)
    assert cut[0] <= front(system) <= cut[1]


def test_solver_names():
    assert [solver(name).name for name in ("auto", "direct", "multigrid")] == ["auto", "direct", "multigrid"]
    with pytest.raises(InputError, match='did you mean "multigrid"'):
        solver("multigird")
