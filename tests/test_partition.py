"""Who owns which cell: equal shares, small common boundaries, nothing but the mesh and the number decides."""

from dataclasses import replace

import numpy as np
import pytest

from hanle.meshes.partition import bisected
from hanle.meshes.tagged import TaggedMesh

NM = 1e-9
#: Cells along x, y and z.
SHAPE = (24, 7, 5)


def block(points_of_axis: tuple[np.ndarray, ...]) -> TaggedMesh:
    """A tensor grid of bricks, numbered at random."""
    rng = np.random.default_rng(1)
    counts = [len(p) for p in points_of_axis]
    points = np.stack(np.meshgrid(*points_of_axis, indexing="ij"), axis=-1).reshape(-1, 3)
    node = np.arange(len(points)).reshape(counts)
    low, high = slice(None, -1), slice(1, None)
    corners = [(low, low), (high, low), (high, high), (low, high)]
    cells = np.stack([node[a, b, c].ravel() for c in (low, high) for a, b in corners], axis=1)
    names = rng.permutation(len(points))
    cells = names[rng.permutation(cells)]
    return TaggedMesh(
        ("x", "y", "z"), points[np.argsort(names)], "hexahedron", cells, ("Pt",), np.zeros(len(cells), int)
    )


def graded() -> TaggedMesh:
    """Micrometres along x against nanometres along z, steps that grow by 10 %."""
    steps = np.concatenate([[0], np.cumsum(1.1 ** np.arange(SHAPE[0]))])
    return block(
        (2e-6 * steps / steps[-1], np.linspace(0, 90 * NM, SHAPE[1] + 1), np.linspace(0, 2 * NM, SHAPE[2] + 1))
    )


def common(mesh: TaggedMesh, owners: np.ndarray) -> int:
    """Nodes that more than one part has, each as often as others have it."""
    parts = [len(np.unique(mesh.cells[owners == k])) for k in range(owners.max() + 1)]
    return sum(parts) - len(mesh.points)


@pytest.mark.parametrize("parts", [1, 2, 3, 5, 8])
def test_equal_shares(parts: int) -> None:
    owners = bisected(graded(), parts)
    shares = np.bincount(owners, minlength=parts)
    assert len(shares) == parts
    assert np.ptp(shares) <= 1


@pytest.mark.parametrize("parts", [2, 3, 4, 6])
def test_cuts_are_across_the_axis_with_most_cells(parts: int) -> None:
    """SHAPE[0] is a multiple of all of them: plane cuts, one cross-section of nodes each."""
    mesh = graded()
    assert common(mesh, bisected(mesh, parts)) == (parts - 1) * (SHAPE[1] + 1) * (SHAPE[2] + 1)


def test_numbers_of_cells_and_nodes_do_not_matter() -> None:
    mesh = graded()
    order = np.random.default_rng(2).permutation(len(mesh.cells))
    turned = replace(mesh, cells=mesh.cells[order])
    for parts in (2, 5):
        np.testing.assert_array_equal(bisected(mesh, parts)[order], bisected(turned, parts))


def test_units_do_not_matter() -> None:
    mesh = graded()
    np.testing.assert_array_equal(bisected(mesh, 5), bisected(replace(mesh, points=1e9 * mesh.points), 5))


def test_fewer_cells_than_parts() -> None:
    mesh = block((np.array([0, NM, 2 * NM]), np.array([0, NM]), np.array([0, NM])))
    assert sorted(bisected(mesh, 5)) == sorted(set(bisected(mesh, 5)))


def test_periodic_images_are_one_node() -> None:
    """Across a ring two cross-sections of 7 x 3 nodes are shared, along it 10 x 3; across an open bar one."""
    bar = block((np.linspace(0, 1e-6, 11), np.linspace(0, 50 * NM, 7), np.linspace(0, 2 * NM, 3)))
    ends = [np.flatnonzero(bar.points[:, 0] == x) for x in (0, 1e-6)]
    pairs = [end[np.lexsort(bar.points[end].T)] for end in ends]
    ring = replace(bar, periodic={"x": np.stack(pairs, axis=1)})
    for mesh, axis in ((bar, 0), (ring, 1)):
        middles = mesh.points[mesh.cells].mean(axis=1)[:, axis]
        low, high = (middles[bisected(mesh, 2) == k] for k in (0, 1))
        assert low.max() < high.min()
