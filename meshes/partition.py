"""Who owns which cell of a mesh on several processes: recursive bisection by coordinates (Berger & Bokhari, 1987).

It depends on the mesh and the number of parts alone. Systems assembled one after the other on one mesh therefore have
the same layout of unknowns, in one run and in the next, which states that pass between them and checkpoints need; graph
partitioners of several processes promise no such thing.
"""

import numpy as np
from numpy.typing import NDArray

from hanle.meshes.tagged import IntArray, TaggedMesh
from hanle.pde.tensors import Array

#: Midpoints closer than this part of the extent of the mesh count as one layer.
SAME = 1e-9


def bisected(mesh: TaggedMesh, parts: int) -> IntArray:
    """(cells,) owner of each cell, 0 ... parts - 1, in shares that differ by one cell at most.

    Each cut is the one across an axis whose two sides have the fewest nodes in common. Time grows as the number of
    cells times the logarithm of that of parts.
    """
    cells, middles = _joined(mesh), _layers(mesh)
    seen = np.zeros(len(mesh.points), dtype=bool)
    owners = np.zeros(len(cells), dtype=np.int64)
    waiting = [(np.arange(len(cells)), 0, parts)]
    while waiting:
        here, first, count = waiting.pop()
        owners[here] = first
        if count > 1:
            left, mine, nodes = count // 2, middles[here], cells[here]
            cuts = (_below(mine, axis, len(here) * left // count) for axis in range(middles.shape[1]))
            low = min(cuts, key=lambda low: _shared(nodes, low, seen))
            waiting += [(here[low], first, left), (here[~low], first + left, count - left)]
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


def _below(middles: Array, axis: int, count: int) -> NDArray[np.bool_]:
    """(cells,) the first `count` cells along an axis; the other axes decide within a layer."""
    x = middles[:, axis]
    if count == 0:
        return np.zeros(len(x), dtype=bool)
    last = np.partition(x, count - 1)[count - 1]
    low = np.asarray(x < last)
    layer = np.flatnonzero(x == last)
    others = np.delete(middles[layer], axis, axis=1)
    order = np.lexsort(others.T) if others.size else np.arange(len(layer))
    low[layer[order[: count - np.count_nonzero(low)]]] = True
    return low


def _shared(nodes: IntArray, low: NDArray[np.bool_], seen: NDArray[np.bool_]) -> int:
    """Nodes on both sides of a cut; `seen` (points,) is False before and after."""
    below, above = nodes[low], nodes[~low]
    seen[below] = True
    found = len(np.unique(above[seen[above]]))
    seen[below] = False
    return found
