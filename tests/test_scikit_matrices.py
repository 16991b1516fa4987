"""Scalar matrices of the finite element engine against scikit-fem and scipy, on distorted meshes of all cell kinds."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.spatial import cKDTree

from hanle.pde.coefficients import Bulk, term
from hanle.pde.engines import kernels
from hanle.pde.engines.fe_coarsening import coarsening
from hanle.pde.engines.fe_integrals import Mapped
from hanle.pde.engines.fe_nodes import nodes_of
from hanle.pde.engines.fe_numbering import number
from hanle.pde.engines.fe_scalars import Scalars
from hanle.pde.engines.scikit import Scikit
from hanle.pde.fields import CHARGE, SPIN, FieldSet
from hanle.pde.problem import Problem
from hanle.pde.tensors import EPSILON

#: Both add the same products in another order; entries are of order one.
ROUNDING = 1e-12
#: VTK corner numbers in the order of scikit-fem's hexahedra.
SKFEM_HEX = [6, 2, 5, 7, 1, 3, 4, 0]
KINDS = [("z", False), ("yz", True), ("yz", False), ("xyz", True), ("xyz", False)]
IDS = ["line", "triangle", "quad", "tetra", "hexahedron"]


def numbered(mesh, order):
    problem = Problem(mesh, {name: Bulk(CHARGE) for name in mesh.regions})
    return problem, number(problem, nodes_of(mesh, order))


def distorted(block_mesh, axes, simplices, cells=4, **options):
    """A few flat cells of nanometre size with moved corners."""
    sizes = {"x": 3e-9, "y": 2e-9, "z": 1e-9}
    coordinates = [np.linspace(0, cells * sizes[a], cells + 1) for a in axes]
    return block_mesh(axes, coordinates, simplices=simplices, distort=0.2, **options)


def profile(places):
    """A weight that varies within cells, at places (..., n) in cell sizes."""
    return 1.0 + 0.5 * np.sin(places.sum(axis=-1))


def skfem_matrices(mesh, order, unit, form, weights):
    """(dof positions, matrix) of the same integral by scikit-fem."""
    import skfem

    pieces = {
        "line": (skfem.MeshLine, skfem.ElementLineP1, skfem.ElementLineP2),
        "triangle": (skfem.MeshTri, skfem.ElementTriP1, skfem.ElementTriP2),
        "quad": (skfem.MeshQuad, skfem.ElementQuad1, skfem.ElementQuad2),
        "tetra": (skfem.MeshTet, skfem.ElementTetP1, skfem.ElementTetP2),
        "hexahedron": (skfem.MeshHex, skfem.ElementHex1, skfem.ElementHex2),
    }[mesh.kind]
    cells = mesh.cells[:, SKFEM_HEX] if mesh.kind == "hexahedron" else mesh.cells
    other = pieces[0](np.ascontiguousarray(mesh.points.T / unit), np.ascontiguousarray(cells.T))
    basis = skfem.Basis(other, pieces[order](), intorder=2 * order)

    @skfem.BilinearForm
    def integral(u, v, w):
        trial = [u, *u.grad]
        test = [v, *v.grad]
        total = sum(form[s, t] * test[s] * trial[t] for s in range(len(test)) for t in range(len(trial)))
        return total * weights[:, None] * profile(w.x.T).T

    return basis.doflocs.T * unit, integral.assemble(basis).tocsr()


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("axes", "simplices"), KINDS, ids=IDS)
def test_matrices_are_those_of_skfem(block_mesh, rng, axes, simplices, order):
    """Any form, weights per cell over three decades and varying within cells."""
    mesh = distorted(block_mesh, axes, simplices, cells=3)
    _, numbering = numbered(mesh, order)
    unit = numbering.nodes.unit
    weights = 10.0 ** rng.uniform(-3, 0, len(mesh.cells))
    n = len(axes)
    points = numbering.nodes.element.quadrature[0]
    corners = mesh.points[mesh.cells]
    places = np.einsum("qv,cvn->cqn", numbering.nodes.vertex_element.values(points), corners) / unit
    for form in (np.diag([1.0] + [0.0] * n), np.diag([0.0] + [1.0] * n), rng.normal(size=(1 + n, 1 + n))):
        found = Scalars(numbering).matrix("A", form, weights[:, None] * profile(places))
        dofs, expected = skfem_matrices(mesh, order, unit, form, weights)
        distance, map_ = cKDTree(dofs).query(numbering.nodes.positions)
        assert distance.max() < 1e-9 * unit
        assert abs(found - expected[map_][:, map_]).max() < ROUNDING * abs(expected).max()


@pytest.mark.parametrize(("axes", "simplices"), KINDS, ids=IDS)
def test_compiled_assembly_is_the_coordinate_format(block_mesh, rng, axes, simplices):
    """Pattern and scatter against scipy, with nodes left out and a node that appears twice in a cell."""
    mesh = distorted(block_mesh, axes, simplices)
    connectivity = mesh.cells.astype(np.int32)
    count = int(connectivity.max()) + 1
    connectivity[connectivity == 1] = -1
    connectivity[connectivity == 2] = 3
    width = connectivity.shape[1]
    local = rng.normal(size=(len(connectivity), width, width))
    indptr, indices = kernels.pattern(connectivity, count, np.ones((width, width), dtype=bool))
    data = np.zeros(indices.size)
    kernels.scatter(indptr, indices, connectivity, local, data)
    rows = np.repeat(connectivity, width, axis=1).ravel()
    columns = np.tile(connectivity, (1, width)).ravel()
    kept = (rows >= 0) & (columns >= 0)
    twin = sp.csr_matrix((local.ravel()[kept], (rows[kept], columns[kept])), shape=(count, count))
    assert np.array_equal(indptr, twin.indptr)
    assert np.array_equal(indices, twin.sorted_indices().indices)
    np.testing.assert_allclose(data, twin.sorted_indices().data, rtol=0, atol=ROUNDING)


def test_straight_cells_take_the_short_way_exactly(block_mesh, rng):
    """One point per parallelepiped gives what full quadrature gives."""
    mesh = block_mesh("xyz", [np.linspace(0, 1, 4)] * 3)
    shear = np.eye(3) + 0.3 * rng.normal(size=(3, 3))
    nodes = nodes_of(mesh, 1)
    corners = nodes.corners(slice(None)) @ shear.T
    form = rng.normal(size=(4, 4))
    mapped = Mapped(nodes.element, corners)
    short, full = (mapped.matrices([(form, np.ones((1, points)))]) for points in (1, 8))
    np.testing.assert_allclose(short, full, rtol=0, atol=ROUNDING * abs(full).max())


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("axes", "simplices"), KINDS[1:], ids=IDS[1:])
def test_antisymmetric_matrices_live_on_the_boundary(block_mesh, axes, simplices, order):
    """The spin Hall matrices of a region: antisymmetric, without entries at inner nodes, equal to the full sum."""
    cells = 5
    mesh = distorted(block_mesh, axes, simplices, cells=cells)
    _, numbering = numbered(mesh, order)
    axes_of = list(mesh.axis_numbers)
    position = numbering.nodes.positions
    low, high = position.min(axis=0), position.max(axis=0)
    inner = np.all((position > low + 1e-3 * (high - low)) & (position < high - 1e-3 * (high - low)), axis=1)
    assert inner.any()
    for a in range(3):
        form = np.zeros((1 + len(axes), 1 + len(axes)))
        form[1:, 1:] = EPSILON[:, a, :][np.ix_(axes_of, axes_of)]
        if not np.any(form):
            continue
        matrix = Scalars(numbering).matrix("A", form, np.ones((1, 1)))
        assert matrix.nnz > 0
        assert np.diff(matrix.indptr)[inner].max() == 0
        assert abs(matrix + matrix.T).max() < ROUNDING
        mapped = Mapped(numbering.nodes.element, numbering.nodes.corners(slice(None)))
        dense = mapped.matrices([(form, np.ones((1, 1)))])
        c = numbering.nodes.cells
        rows, columns = np.repeat(c, c.shape[1], axis=1).ravel(), np.tile(c, (1, c.shape[1])).ravel()
        whole = sp.csr_matrix((dense.ravel(), (rows, columns)), shape=matrix.shape)
        assert abs(whole - matrix).max() < ROUNDING * abs(whole).max()


def test_antisymmetric_matrices_without_rounding(block_mesh):
    """On bricks what two cells give to a node of a top or bottom face cancels: nothing is stored there."""
    steps = np.array([0.0, 3.1, 5.7, 9.9, 11.3]) * 1e-9
    mesh = block_mesh("xyz", [steps, steps, steps * 0.01])
    _, numbering = numbered(mesh, 1)
    position = numbering.nodes.positions
    side = np.any((position[:, :2] <= 0) | (position[:, :2] >= steps[-1]), axis=1)
    form = np.zeros((4, 4))
    form[1:, 1:] = EPSILON[:, 2, :]
    matrix = Scalars(numbering).matrix("A", form, np.ones((1, 1)))
    assert np.array_equal(np.diff(matrix.indptr) > 0, side)


def test_terms_that_vary_are_one_matrix_per_field_part(block_mesh, rng):
    """Three axes of one pair of fields add up; what two pairs have in common stays one matrix; the sum is the law."""
    mesh = distorted(block_mesh, "xyz", False)
    shape = (1, len(mesh.cells), 8)
    varying, shared = rng.uniform(1, 2, (3, *shape)), rng.uniform(1, 2, shape)
    one, other = np.eye(4)[0], np.eye(4)[1]
    fields = FieldSet((*CHARGE.fields, SPIN))
    along = [term(1e15 * w, e, np.outer(one, other)) for w, e in zip(varying, np.eye(3), strict=True)]
    sinks = [term(f * shared, 1.0, np.outer(e, e)) for f, e in ((1e23, one), (3e23, other))]
    law = Bulk(fields, A=(term(1e6, np.eye(3), np.eye(4)),), W=tuple(along), R=tuple(sinks))
    system = Scikit().assemble(Problem(mesh, {"A": law}))
    assert len(system.terms.operators) == 4
    assert len({id(o.matrix) for o in system.terms.operators}) == 3
    state = rng.normal(size=system.size)
    samples = system.samples("A", state, {})
    loss = law.loss(samples.values, samples.gradients)
    expected = np.einsum("becn,bec->n", loss, samples.weights)
    found = system.apply(state).reshape(-1, 4).sum(axis=0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=ROUNDING * np.abs(expected).max())


def test_stiffness_and_mass_share_one_pattern(block_mesh):
    """So that linear solvers can read the indices once for both."""
    mesh = distorted(block_mesh, "xyz", False)
    laws = Bulk(CHARGE, A=(term(1e6, np.eye(3), [[1.0]]),), R=(term(1e23, 1.0, [[1.0]]),))
    system = Scikit().assemble(Problem(mesh, {"A": laws}))
    stiffness, mass = (o.matrix for o in system.terms.operators)
    assert stiffness.indices is mass.indices
    assert stiffness.indptr is mass.indptr
    assert stiffness.indices.dtype == np.int32


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("axes", "simplices"), KINDS, ids=IDS)
def test_coarsening_matrix(block_mesh, axes, simplices, order):
    """An M-matrix with zero row sums; on bricks of first order the finite difference stencil."""
    mesh = distorted(block_mesh, axes, simplices)
    laws = {"A": Bulk(CHARGE, A=(term(2.5e6, np.diag([1.0, 4.0, 9.0]), [[1.0]]),))}
    problem = Problem(mesh, laws)
    numbering = number(problem, nodes_of(mesh, order))
    matrix = coarsening(problem, numbering, Scalars(numbering), 0)
    dense = matrix.toarray()
    assert np.abs(dense - dense.T).max() < ROUNDING
    assert np.abs(dense.sum(axis=1)).max() < ROUNDING
    assert (dense - np.diag(np.diag(dense))).max() <= 0.0
    assert np.diag(dense).min() > 0.0


def test_coarsening_on_bricks_is_the_seven_point_stencil(block_mesh):
    sizes = np.array([3.0, 2.0, 0.1])
    mesh = block_mesh("xyz", [np.arange(4) * h * 1e-9 for h in sizes])
    laws = {"A": Bulk(CHARGE, A=(term(1e6, np.eye(3), [[1.0]]),))}
    problem = Problem(mesh, laws)
    numbering = number(problem, nodes_of(mesh, 1))
    matrix = coarsening(problem, numbering, Scalars(numbering), 0)
    centre = int(np.flatnonzero(np.all(np.abs(mesh.points - sizes * 1e-9) < 1e-15, axis=1))[0])
    row = matrix[[centre]]
    assert row.nnz == 7
    steps = np.abs(mesh.points[row.indices] - mesh.points[centre]).argmax(axis=1)
    off = row.indices != centre
    expected = -1 / sizes[steps[off]] ** 2 / (2 / sizes**2).sum()
    np.testing.assert_allclose(row.data[off] / row.data[~off], expected, rtol=ROUNDING)
