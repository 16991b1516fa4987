"""Where a mesh ends and where its region changes: finding those facets and naming them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hanle.meshes.tagged import CELL_FACETS, Facets
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array, IntArray

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


def without_ends(surface: Facets, points: Array, axis: int) -> Facets:
    """A skin without the outer facets at both ends of a periodic axis (its number)."""
    low, high = points[:, axis].min(), points[:, axis].max()
    reach = IN_PLANE * (high - low)
    place = points[surface.nodes, axis]
    at_end = np.all(place <= low + reach, axis=1) | np.all(place >= high - reach, axis=1)
    return subset(surface, ~at_end | (surface.cells[:, 1] >= 0))


def find_facets(nodes: IntArray, among: IntArray, points: int) -> IntArray:
    """(n,) row of `among` (m, k) with the same points as each row of `nodes` (n, k), in any order; -1 if none."""
    keys = facet_keys(np.concatenate([among, nodes]), points)
    order = np.lexsort(keys)
    new = np.r_[True, np.any(keys[:, order[1:]] != keys[:, order[:-1]], axis=0)]
    group = np.empty(len(order), dtype=np.int64)
    group[order] = np.cumsum(new) - 1
    row = np.full(int(new.sum()), -1)
    row[group[: len(among)]] = np.arange(len(among))
    return np.asarray(row[group[len(among) :]])


def name_faces(
    axes: Sequence[str],
    points: Array,
    regions: Sequence[str],
    cell_region: IntArray,
    skin: Facets,
    rules: Sequence[FaceRule] = (),
) -> dict[str, Facets]:
    """All facets of `skin` in named sets: interfaces "A|B", outer faces by the first rule that fits, "A|outside".

    Rules with the same name add up.

    Raises:
        InputError: a rule that fits no facet.
    """
    minus, plus = skin.cells.T
    outer = plus < 0
    names = np.full(len(minus), -1)
    centres = points[skin.nodes].mean(axis=1)
    reach = IN_PLANE * np.ptp(points, axis=0)
    labels = list(dict.fromkeys(rule.name for rule in rules))
    for rule in rules:
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
        names[fits] = labels.index(rule.name)
    faces = {label: subset(skin, names == number) for number, label in enumerate(labels)}
    free = subset(skin, names < 0)
    return {
        **between_regions(regions, cell_region, free),
        **faces,
        **outside(regions, cell_region, free),
    }


def between_regions(regions: Sequence[str], cell_region: IntArray, skin: Facets) -> dict[str, Facets]:
    """Interfaces "A|B" of a skin."""
    inner = skin.cells[:, 1] >= 0
    low = cell_region[skin.cells[:, 0]]
    high = np.where(inner, cell_region[skin.cells[:, 1]], 0)
    pair = np.where(inner, low * len(regions) + high, -1)
    return {
        f"{regions[p // len(regions)]}|{regions[p % len(regions)]}": subset(skin, pair == p)
        for p in np.unique(pair).tolist()
        if p >= 0
    }


def outside(regions: Sequence[str], cell_region: IntArray, skin: Facets) -> dict[str, Facets]:
    """Outer facets "A|outside" of a skin."""
    owner = np.where(skin.cells[:, 1] < 0, cell_region[skin.cells[:, 0]], -1)
    return {f"{regions[r]}|outside": subset(skin, owner == r) for r in np.unique(owner).tolist() if r >= 0}


def subset(skin: Facets, chosen: NDArray[np.bool_]) -> Facets:
    """The chosen rows."""
    return Facets(skin.nodes[chosen], skin.cells[chosen])
