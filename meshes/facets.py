"""Where a mesh ends and where its region changes: finding those facets and naming them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hanle.meshes.tagged import CELL_FACETS, Facets, IntArray
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array

#: Part of the extent of a mesh within which a facet lies in a plane.
IN_PLANE = 1e-9


@dataclass(frozen=True)
class FaceRule:
    """The outer facets of one region in a plane.

    Attributes:
        name: of the face.
        region: whose surface.
        axis, at: the plane axis = at [m]; axis None takes all that is left of the surface.
        low, high: if given, the centres of the facets lie in this box [m].
    """

    name: str
    region: str
    axis: str | None = None
    at: float = 0.0
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None


def skin(kind: str, cells: IntArray, cell_region: IntArray, points: int) -> Facets:
    """Every facet between two regions or at the end of the mesh, found by sorting the nodes of all facets.

    Args:
        kind: cell kind.
        cells: (c, nodes) point numbers, VTK order.
        cell_region: (c,) region numbers; the lower one is the minus side.
        points: number of points.

    Raises:
        InputError: more than two cells share a facet.
    """
    local = np.array(CELL_FACETS[kind])
    keys = np.concatenate([facet_keys(cells[:, nodes], points) for nodes in local], axis=1)
    order = np.lexsort(keys)
    equal = np.all(keys[:, order[1:]] == keys[:, order[:-1]], axis=0)
    del keys
    if np.any(equal[1:] & equal[:-1]):
        at = order[np.flatnonzero(equal[1:] & equal[:-1])[0]]
        raise InputError(
            "mesh.cells", "at most two at each facet", f"more at cell {at % len(cells)}", "remove doubled cells"
        )
    first = np.flatnonzero(equal)
    alone = np.ones(len(order), dtype=bool)
    alone[first], alone[first + 1] = False, False
    a, b = order[first], order[first + 1]
    between = cell_region[a % len(cells)] != cell_region[b % len(cells)]
    a, b = a[between], b[between]
    swap = cell_region[a % len(cells)] > cell_region[b % len(cells)]
    a, b = np.where(swap, b, a), np.where(swap, a, b)
    outer = np.sort(order[alone])
    minus = np.concatenate([a, outer])
    plus = np.concatenate([b % len(cells), np.full(len(outer), -1)])
    nodes = cells[(minus % len(cells))[:, None], local[minus // len(cells)]]
    return Facets(nodes, np.stack([minus % len(cells), plus], axis=1))


def facet_keys(nodes: IntArray, points: int) -> IntArray:
    """(1 or 2, n) numbers that are equal for facets (n, k) with the same nodes in any order, and only for them."""
    ordered = np.sort(nodes, axis=1).T
    pairs = [ordered[i : i + 2] for i in range(0, len(ordered), 2)]
    return np.stack([p[0] * np.int64(points) + p[1] if len(p) == 2 else p[0] for p in pairs])


def name_faces(
    axes: Sequence[str],
    points: Array,
    regions: Sequence[str],
    cell_region: IntArray,
    skin: Facets,
    rules: Sequence[FaceRule] = (),
) -> dict[str, Facets]:
    """All facets of `skin` in named sets: interfaces "A|B", outer faces by the first rule that fits, "A|outside".

    Raises:
        InputError: a rule that fits no facet.
    """
    minus, plus = skin.cells.T
    outer = plus < 0
    names = np.full(len(minus), -1)
    centres = points[skin.nodes].mean(axis=1)
    reach = IN_PLANE * np.ptp(points, axis=0)
    for number, rule in enumerate(rules):
        fits = outer & (names < 0) & (cell_region[minus] == regions.index(rule.region))
        if rule.axis is not None:
            a = axes.index(rule.axis)
            fits &= np.all(np.abs(points[skin.nodes, a] - rule.at) <= reach[a], axis=1)
        if rule.low is not None and rule.high is not None:
            fits &= np.all((centres > rule.low) & (centres < rule.high), axis=1)
        if not np.any(fits):
            raise InputError(
                f"face {rule.name}", f"on the surface of {rule.region}", f"{rule.axis} = {rule.at:.6g}"
            )
        names[fits] = number
    faces = {rule.name: _subset(skin, names == number) for number, rule in enumerate(rules)}
    return {**between_regions(regions, cell_region, skin), **faces, **_rest(regions, cell_region, skin, names)}


def between_regions(regions: Sequence[str], cell_region: IntArray, skin: Facets) -> dict[str, Facets]:
    """Interfaces "A|B" of a skin."""
    inner = skin.cells[:, 1] >= 0
    low = cell_region[skin.cells[:, 0]]
    high = np.where(inner, cell_region[skin.cells[:, 1]], 0)
    pair = np.where(inner, low * len(regions) + high, -1)
    return {
        f"{regions[p // len(regions)]}|{regions[p % len(regions)]}": _subset(skin, pair == p)
        for p in np.unique(pair).tolist()
        if p >= 0
    }


def _rest(regions: Sequence[str], cell_region: IntArray, skin: Facets, names: IntArray) -> Mapping[str, Facets]:
    free = (skin.cells[:, 1] < 0) & (names < 0)
    owner = np.where(free, cell_region[skin.cells[:, 0]], -1)
    return {f"{regions[r]}|outside": _subset(skin, owner == r) for r in np.unique(owner).tolist() if r >= 0}


def _subset(skin: Facets, chosen: np.ndarray) -> Facets:
    return Facets(skin.nodes[chosen], skin.cells[chosen])
