"""Who owns which cell of a mesh on several processes: recursive bisection by coordinates (Berger & Bokhari, 1987).

It depends on the mesh and the number of parts alone. Systems assembled one after the other on one mesh therefore have
the same layout of unknowns, in one run and in the next, which states that pass between them and checkpoints need; graph
partitioners of several processes promise no such thing.
"""

from collections.abc import Iterator

import numpy as np

from hanle.meshes.tagged import IntArray, TaggedMesh
from hanle.pde.tensors import Array

#: Midpoints closer than this part of the extent of the mesh count as one layer.
SAME = 1e-9


def bisected(mesh: TaggedMesh, parts: int) -> IntArray:
    """(cells,) owner of each cell, 0 ... parts - 1, in shares that differ by one cell at most.

    Each cut is the one across an axis whose two sides have the fewest nodes in common.
    """
    cells, middles = _joined(mesh), _layers(mesh)
    owners = np.zeros(len(cells), dtype=np.int64)
    waiting = [(np.arange(len(cells)), 0, parts)]
    while waiting:
        here, first, count = waiting.pop()
        owners[here] = first
        if count > 1:
            left = count // 2
            low, high = min(_cuts(middles[here], len(here) * left // count), key=lambda c: _shared(cells, here, c))
            waiting += [(here[low], first, left), (here[high], first + left, count - left)]
    return owners


def _joined(mesh: TaggedMesh) -> IntArray:
    """(cells, nodes) with one number for periodic images."""
    numbers = np.arange(len(mesh.points))
    for pairs in mesh.periodic.values():
        numbers[pairs[:, 1]] = numbers[pairs[:, 0]]
    return np.asarray(numbers[mesh.cells])


def _layers(mesh: TaggedMesh) -> Array:
    """(cells, axes) midpoints as parts of the extent, those of one layer equal to the last digit."""
    middles = mesh.points[mesh.cells].mean(axis=1)
    extent = np.ptp(mesh.points, axis=0)
    return np.asarray(np.rint((middles - mesh.points.min(axis=0)) / np.where(extent > 0, extent, 1.0) / SAME))


def _cuts(middles: Array, count: int) -> Iterator[tuple[IntArray, IntArray]]:
    """(places of the first `count` cells, of the others) along each axis; other axes decide within a layer."""
    axes = middles.shape[1]
    for axis in range(axes):
        order = np.lexsort([middles[:, (axis + k) % axes] for k in reversed(range(axes))])
        yield order[:count], order[count:]


def _shared(cells: IntArray, here: IntArray, cut: tuple[IntArray, IntArray]) -> int:
    """Nodes on both sides of a cut."""
    low, high = (np.unique(cells[here[side]]) for side in cut)
    return len(np.intersect1d(low, high, assume_unique=True))
