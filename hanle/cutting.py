"""Plane figures of cells: the mesh itself in 2D, the cut through it in 3D. No graphics library is needed."""

from dataclasses import dataclass

import numpy as np

from hanle.pde.tensors import Array
from hanle.region_data import IntArray

#: A hexahedron as six tetrahedra around its diagonal, VTK numbering.
_HEXAHEDRON = np.array([[0, 1, 2, 6], [0, 2, 3, 6], [0, 3, 7, 6], [0, 7, 4, 6], [0, 4, 5, 6], [0, 5, 1, 6]])
#: Edges that a plane cuts where the first 1, 2 or 3 corners (in the order of their height) are below it.
_CUT_EDGES = {1: [(0, 1), (0, 2), (0, 3)], 2: [(0, 2), (0, 3), (1, 3), (1, 2)], 3: [(0, 3), (1, 3), (2, 3)]}


@dataclass(frozen=True, eq=False)
class PlaneFigure:
    """Triangles in a plane.

    Attributes:
        points: (n, 2) [m] along the two axes of the plane.
        triangles: (t, 3) point numbers.
        parents: (t,) the cell each triangle belongs to.
        corners: (n, 2) and
        shares: (n,): a value at a point is (1 - share) value[corner 0] + share value[corner 1].
    """

    points: Array
    triangles: IntArray
    parents: IntArray
    corners: IntArray
    shares: Array

    def carry(self, values: Array) -> Array:
        """Point values (mesh points, ...) carried over to the points of the figure."""
        share = self.shares.reshape(-1, *(1,) * (values.ndim - 1))
        return np.asarray((1 - share) * values[self.corners[:, 0]] + share * values[self.corners[:, 1]])

    def outline(self) -> Array:
        """Segments (s, 2, 2) [m] of the border: edges that belong to one triangle only."""
        if not len(self.triangles):
            return np.zeros((0, 2, 2))
        size = np.maximum(np.ptp(self.points, axis=0), np.finfo(float).tiny)
        _, merged = np.unique(np.round(self.points / size * 1e7).astype(np.int64), axis=0, return_inverse=True)
        merged = merged.ravel()
        a, b, c = merged[self.triangles].T
        # A plane through mesh points cuts the cells beside it in lines: triangles without area.
        sides = self.triangles[(a != b) & (b != c) & (c != a)][:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
        _, first, count = np.unique(np.sort(merged[sides], axis=1), axis=0, return_index=True, return_counts=True)
        return np.asarray(self.points[sides[first[count == 1]]])

    def locate(self, places: Array) -> tuple[IntArray, Array]:
        """(triangle (n,), barycentric weights (n, 3)) of some places (n, 2); -1 where no triangle covers a place."""
        corners = self.points[self.triangles]
        low, high = corners.min(axis=1), corners.max(axis=1)
        found, weights = np.full(len(places), -1), np.zeros((len(places), 3))
        for k, place in enumerate(places):
            near = np.flatnonzero(np.all((low <= place) & (place <= high), axis=1))
            a, b, c = np.moveaxis(corners[near], 1, 0)
            area = _cross(b - a, c - a)
            usable = np.where(area == 0, 1.0, area)
            shares = (
                np.stack([_cross(b - place, c - place), _cross(c - place, a - place)], axis=1) / usable[:, None]
            )
            shares = np.column_stack([shares, 1 - shares.sum(axis=1)])
            inside = np.flatnonzero((shares.min(axis=1) >= -1e-9) & (area != 0))
            if inside.size:
                found[k], weights[k] = near[inside[0]], shares[inside[0]]
        return found, weights


def _cross(a: Array, b: Array) -> Array:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])


def flat(points: Array, cells: IntArray, axes: tuple[int, int]) -> PlaneFigure:
    """Triangles and quadrilaterals as they are; `axes` are the numbers of the axes of the plane."""
    parts = [[0, 1, 2]] if cells.shape[1] == 3 else [[0, 1, 2], [0, 2, 3]]
    triangles = cells[:, parts].reshape(-1, 3)
    own = np.arange(len(points))
    parents = np.repeat(np.arange(len(cells)), len(parts))
    return PlaneFigure(points[:, list(axes)], triangles, parents, np.stack([own, own], axis=1), np.zeros(len(own)))


def cut(points: Array, cells: IntArray, normal: int, position: float) -> PlaneFigure:
    """The cut of tetrahedra or hexahedra with the plane `normal` = `position` [m]; empty where it misses them."""
    heights = points[:, normal] - position
    heights[np.abs(heights) < 1e-9 * np.ptp(points[:, normal])] = 0.0
    tetrahedra = cells if cells.shape[1] == 4 else cells[:, _HEXAHEDRON].reshape(-1, 4)
    parents = np.repeat(np.arange(len(cells)), len(tetrahedra) // max(1, len(cells)))
    order = np.argsort(heights[tetrahedra], axis=1)
    tetrahedra = np.take_along_axis(tetrahedra, order, axis=1)
    below = np.sum(heights[tetrahedra] < 0, axis=1)
    corners, triangles, owners = [np.zeros((0, 2), np.int64)], [np.zeros((0, 3), np.int64)], [np.zeros(0, np.int64)]
    for number, edges in _CUT_EDGES.items():
        chosen = below == number
        fan = np.array([[0, 1, 2], [0, 2, 3]][: len(edges) - 2])
        start = sum(len(c) for c in corners)
        base = start + len(edges) * np.arange(np.count_nonzero(chosen))
        triangles.append((base[:, None, None] + fan).reshape(-1, 3))
        owners.append(np.repeat(parents[chosen], len(fan)))
        corners.append(tetrahedra[chosen][:, edges].reshape(-1, 2))
    ends = np.concatenate(corners)
    low, high = heights[ends[:, 0]], heights[ends[:, 1]]
    shares = -low / (high - low)
    plane = [axis for axis in range(3) if axis != normal]
    on_plane = (1 - shares)[:, None] * points[ends[:, 0]] + shares[:, None] * points[ends[:, 1]]
    return PlaneFigure(on_plane[:, plane], np.concatenate(triangles), np.concatenate(owners), ends, shares)
