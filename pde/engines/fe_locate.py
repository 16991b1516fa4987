"""Which cell holds a point, and where in the cell."""

import numpy as np
from scipy.spatial import cKDTree

from hanle.meshes.tagged import IntArray
from hanle.pde.engines.fe_cells import SIMPLICES, Cell, cell
from hanle.pde.engines.fe_integrals import straight
from hanle.pde.tensors import Array

#: A point this far outside, in units of the cell, still belongs to it (rounding of coordinates).
OUTSIDE = 1e-6
#: Newton steps of the inverse map; it converges quadratically on cells that are not folded.
STEPS = 12
#: Candidate cells per point, tried in this order.
CANDIDATES = (8, 64, 512)


def locate(element: Cell, corners: Array, points: Array) -> tuple[IntArray, Array]:
    """(cell of each point, -1 where there is none; reference coordinates (n, d)).

    corners: (cells, vertices, n); points: (n points, n), in the same unit.
    """
    # Cells of films are flat: distances count in units of the mean extent of a cell along each axis.
    extent = np.ptp(corners, axis=1).mean(axis=0)
    tree = cKDTree(corners.mean(axis=1) / extent)
    found = np.full(len(points), -1, dtype=np.int64)
    reference = np.zeros_like(points)
    low, high = corners.min(axis=1), corners.max(axis=1)
    for count in CANDIDATES:
        open_ = np.flatnonzero(found < 0)
        if not len(open_):
            break
        _, near = tree.query(points[open_] / extent, k=min(count, len(corners)))
        near = near.reshape(len(open_), -1)
        _try(element, corners, points, open_, near, found, reference)
    for p in np.flatnonzero(found < 0):
        margin = OUTSIDE * (high - low)
        near = np.flatnonzero(np.all((points[p] >= low - margin) & (points[p] <= high + margin), axis=1))
        if len(near):
            _try(element, corners, points, np.array([p]), near[None], found, reference)
    return found, reference


def _try(
    element: Cell, corners: Array, points: Array, which: IntArray, near: IntArray, found: IntArray, reference: Array
) -> None:
    """Test the candidates `near` (points, k) of the points `which`; keep the one that holds each point best."""
    flat = near.ravel()
    local = inverse_map(element, corners[flat], np.repeat(points[which], near.shape[1], axis=0))
    excess = _excess(element, local).reshape(near.shape)
    best = np.argmin(excess, axis=1)
    rows = np.arange(len(which))
    good = excess[rows, best] <= OUTSIDE
    found[which[good]] = near[rows, best][good]
    reference[which[good]] = local.reshape(*near.shape, -1)[rows, best][good]


def inverse_map(element: Cell, corners: Array, points: Array) -> Array:
    """Reference coordinates (n, d) of points (n, d), one cell (vertices, d) for each."""
    linear = cell(element.kind, 1)
    local = np.repeat(linear.centre, len(points), axis=0)
    for _ in range(1 if straight(linear, corners) else STEPS):
        values = linear.values(local)
        here = np.einsum("pv,pvn->pn", values, corners)
        slopes = linear.gradients(local)
        jacobian = np.einsum("pvn,pvd->pnd", corners, slopes)
        step = np.linalg.solve(jacobian, (points - here)[..., None])[..., 0]
        # Candidates far from the point may be folded there: a bounded step keeps the iteration finite.
        local = np.clip(local + step, -8.0, 9.0)
    return local


def _excess(element: Cell, local: Array) -> Array:
    """How far outside the reference cell, 0 inside."""
    outside = np.maximum(-local, 0.0).max(axis=1)
    if element.kind in SIMPLICES:
        return np.asarray(np.maximum(outside, local.sum(axis=1) - 1.0))
    return np.asarray(np.maximum(outside, (local - 1.0).max(axis=1)))
