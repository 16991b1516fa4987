"""Grids of boxes: points along each axis times a region per box, with holes; lines, quadrilaterals, hexahedra.

Optionally each box is cut into simplices along the paths from its lowest to its highest corner, one per order of the
axes (Kuhn). Equal cuts in all boxes fit together, also across periodic ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from hanle.meshes.tagged import Facets
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array, IntArray

#: Dimension -> corners of a box in VTK order, as steps along the axes.
CORNERS: dict[int, tuple[tuple[int, ...], ...]] = {
    0: ((),),
    1: ((0,), (1,)),
    2: ((0, 0), (1, 0), (1, 1), (0, 1)),
    3: ((0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)),
}
BOX_KIND = {1: "line", 2: "quad", 3: "hexahedron"}
SIMPLEX_KIND = {1: "line", 2: "triangle", 3: "tetra"}


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells of a tensor grid and every facet at which the region changes or the grid ends.

    Attributes:
        points: (n, d) coordinates [m]; the last axis runs fastest.
        kind: cell kind.
        cells: (c, nodes), VTK order, positive orientation.
        cell_region: (c,) region number.
        skin: facets; minus is the region with the lower number, plus is -1 on the outside.
        periodic: axis number -> (m, 2) points at the low and at the high end.
    """

    points: Array
    kind: str
    cells: IntArray
    cell_region: IntArray
    skin: Facets
    periodic: dict[int, IntArray]


def tensor_grid(
    coordinates: Sequence[Array], region: IntArray, periodic: Sequence[int] = (), *, simplices: bool = False
) -> Grid:
    """The grid of the boxes between `coordinates`.

    Args:
        coordinates: per axis (n_a + 1,) increasing points [m].
        region: (n_0, n_1, ...) region number per box; -1 where there is nothing.
        periodic: numbers of axes whose two ends are one and the same; facets there are interior.
        simplices: cut boxes into triangles or tetrahedra.

    Raises:
        InputError: the regions at the two ends of a periodic axis differ.
    """
    for axis in periodic:
        if not np.array_equal(region.take(0, axis), region.take(-1, axis)):
            raise InputError("periodic", "an axis along which both ends look the same", f"axis number {axis}")
    dimension = len(coordinates)
    strides = _strides(tuple(len(c) for c in coordinates))
    boxes = np.flatnonzero(region.ravel() >= 0)
    base = np.stack(np.unravel_index(boxes, region.shape), axis=1) @ strides
    offsets = np.array(CORNERS[dimension]) @ strides
    number = _renumber(base, offsets, tuple(len(c) for c in coordinates))
    cell_region = region.ravel()[boxes]
    corners = number[base[:, None] + offsets]
    pieces = _simplex_corners(dimension) if simplices else np.arange(len(offsets))[None]
    where = np.full(region.size, -1)
    where[boxes] = np.arange(len(boxes))
    skin = _skin(where.reshape(region.shape), region, strides, number, periodic, simplices)
    used = np.flatnonzero(number >= 0)
    indices = np.unravel_index(used, [len(c) for c in coordinates])
    return Grid(
        points=np.stack([c[i] for c, i in zip(coordinates, indices, strict=True)], axis=1),
        kind=(SIMPLEX_KIND if simplices else BOX_KIND)[dimension],
        cells=corners[:, pieces].reshape(-1, pieces.shape[1]) if simplices else corners,
        cell_region=np.repeat(cell_region, len(pieces)) if simplices else cell_region,
        skin=skin,
        periodic={a: _pairs(number, [len(c) for c in coordinates], a) for a in periodic},
    )


def _strides(shape: tuple[int, ...]) -> IntArray:
    return np.array([int(np.prod(shape[a + 1 :], dtype=np.int64)) for a in range(len(shape))])


def _renumber(base: IntArray, offsets: IntArray, shape: tuple[int, ...]) -> IntArray:
    """Number of each grid node among those that some box uses; -1 for the others."""
    used = np.zeros(int(np.prod(shape)), dtype=bool)
    for offset in offsets:
        used[base + offset] = True
    number = np.cumsum(used) - 1
    number[~used] = -1
    return number


def _pairs(number: IntArray, shape: list[int], axis: int) -> IntArray:
    nodes = number.reshape(shape)
    low, high = nodes.take(0, axis).ravel(), nodes.take(-1, axis).ravel()
    both = (low >= 0) & (high >= 0)
    return np.stack([low[both], high[both]], axis=1)


def _orders(axes: Sequence[int]) -> list[tuple[int, ...]]:
    return list(permutations(axes))


def _path(dimension: int, order: Sequence[int]) -> list[int]:
    """Corner numbers met when walking from the lowest corner along the axes in `order`."""
    step = [0] * dimension
    visited = [CORNERS[dimension].index(tuple(step))]
    for axis in order:
        step[axis] = 1
        visited.append(CORNERS[dimension].index(tuple(step)))
    return visited


def _simplex_corners(dimension: int) -> IntArray:
    """(d!, d + 1) corners of the simplices of a box; odd orders swap two corners to keep a positive volume."""
    rows = []
    for order in _orders(range(dimension)):
        row = _path(dimension, order)
        edges = np.diff([CORNERS[dimension][c] for c in row], axis=0)
        if np.linalg.det(edges) < 0:
            row[-2], row[-1] = row[-1], row[-2]
        rows.append(row)
    return np.array(rows)


def _skin(
    where: IntArray, region: IntArray, strides: IntArray, number: IntArray, periodic: Sequence[int], simplices: bool
) -> Facets:
    """Facets between boxes of different regions and at the ends; `where` is the cell number of each box or -1."""
    nodes, cells = [], []
    for axis in range(region.ndim):
        low, high, base = _facing(where, region, strides, axis, axis in periodic)
        facet, owners = _pieces(low, high, region.ndim, axis, simplices)
        nodes.append(number[base[:, None, None] + facet @ strides].reshape(-1, facet.shape[1]))
        cells.append(owners)
    both = np.concatenate(cells)
    flat = np.repeat(region[where >= 0], len(_orders(range(region.ndim)))) if simplices else region[where >= 0]
    swap = (both[:, 0] < 0) | ((both[:, 1] >= 0) & (flat[both[:, 0]] > flat[both[:, 1]]))
    both[swap] = both[swap][:, ::-1]
    return Facets(np.concatenate(nodes), both)


def _facing(
    where: IntArray, region: IntArray, strides: IntArray, axis: int, periodic: bool
) -> tuple[IntArray, IntArray, IntArray]:
    """Cells below and above each facet across `axis` (-1: none), and the lowest grid node of the facet."""
    ends = [(1, 1) if a == axis else (0, 0) for a in range(region.ndim)]
    padded = np.pad(region, ends, constant_values=-1)
    cells = np.pad(where, ends, constant_values=-1)
    # plane i lies between the padded boxes i and i + 1; the end planes of a periodic axis are interior
    planes = np.arange(1, region.shape[axis]) if periodic else np.arange(region.shape[axis] + 1)
    different = padded.take(planes, axis) != padded.take(planes + 1, axis)
    index = np.stack(np.nonzero(different), axis=1)
    index[:, axis] = planes[index[:, axis]]
    return cells.take(planes, axis)[different], cells.take(planes + 1, axis)[different], index @ strides


def _pieces(low: IntArray, high: IntArray, dimension: int, axis: int, simplices: bool) -> tuple[IntArray, IntArray]:
    """Corners (pieces, nodes, d) of a facet as steps from its lowest node; (facets * pieces, 2) cells on both sides."""
    others = [a for a in range(dimension) if a != axis]
    if not simplices:
        corners = np.zeros((1, len(CORNERS[dimension - 1]), dimension), dtype=np.int64)
        corners[0, :, others] = np.array(CORNERS[dimension - 1], dtype=np.int64).T
        return corners, np.stack([low, high], axis=1)
    orders, table = _orders(range(dimension)), np.array(CORNERS[dimension])
    paths = _orders(others)
    corners = table[[_path(dimension, path) for path in paths]]
    # the box below owns the facet at its high end: its simplex starts along `axis`; the box above ends along it
    of_low = np.array([orders.index((axis, *path)) for path in paths])
    of_high = np.array([orders.index((*path, axis)) for path in paths])
    owners = [
        np.where(cell[:, None] >= 0, cell[:, None] * len(orders) + mine, -1).ravel()
        for cell, mine in ((low, of_low), (high, of_high))
    ]
    return corners, np.stack(owners, axis=1)
