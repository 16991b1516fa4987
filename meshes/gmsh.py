"""Gmsh meshes (.msh 2.2 and 4.1) to and from `TaggedMesh`, through meshio; names are those of physical groups.

Groups of the highest dimension are regions, groups one dimension below are faces. Lower groups are not read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hanle.meshes.facets import between_regions, find_facets, outside, skin, subset, without_ends
from hanle.meshes.geometry import check_mesh, corner_signs
from hanle.meshes.shapes import OUTSIDE
from hanle.meshes.tagged import CELL_KINDS, Facets, TaggedMesh
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.tensors import Array, IntArray

#: meshio's names of facets: dimension -> kinds.
FACET_KINDS = {0: ("vertex",), 1: ("line",), 2: ("triangle", "quad")}
#: Points closer than this part of the extent of a mesh to a plane lie in it.
IN_PLANE = 1e-7
_TAGS = "gmsh:physical"
#: Nodes of a cell with reversed orientation, in the order that mends it.
_MIRRORED = {
    "line": [1, 0],
    "triangle": [0, 2, 1],
    "quad": [0, 3, 2, 1],
    "tetra": [0, 1, 3, 2],
    "hexahedron": [4, 5, 6, 7, 0, 1, 2, 3],
}


@dataclass(frozen=True, eq=False)
class Groups:
    """Elements of one dimension: nodes (n, k), number of the physical group (n,), number -> name."""

    nodes: IntArray
    tags: IntArray
    names: dict[int, str]


def from_meshio(
    raw: Any,
    *,
    scale: float = 1.0,
    axes: Sequence[str] | None = None,
    regions: Sequence[str] | None = None,
    periodic: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> TaggedMesh:
    """A `TaggedMesh` from a `meshio.Mesh` with Gmsh's tags and names; arguments as for `files.read_mesh`.

    Raises:
        InputError: elements that are not supported, cells or faces without a proper group.
    """
    kind = _cell_kind(raw)
    dimension = CELL_KINDS[kind][0]
    _check_single_group(raw)
    solid = _groups(raw, dimension, (kind,))
    names = _region_names(solid, regions)
    # points that only the geometry needed (centres of arcs) are dropped
    used, numbers = np.unique(solid.nodes, return_inverse=True)
    cells = numbers.reshape(solid.nodes.shape)
    coordinates, found_axes = _columns(np.asarray(raw.points, dtype=float)[used], dimension, axes)
    points = scale * coordinates
    reversed_ = corner_signs(points, kind, cells) < 0
    cells[reversed_] = cells[reversed_][:, _MIRRORED[kind]]
    tags, position = np.unique(solid.tags, return_inverse=True)
    cell_region = np.array([names.index(solid.names[tag]) for tag in tags.tolist()])[position]
    surface = skin(kind, cells, cell_region, len(points))
    pairs = {}
    for axis in periodic:
        if axis not in found_axes:
            raise unknown_name("periodic", axis, found_axes)
        pairs[axis] = _periodic_pairs(points, found_axes.index(axis), axis)
        surface = without_ends(surface, points, found_axes.index(axis))
    number = np.full(len(raw.points), -1)
    number[used] = np.arange(len(used))
    groups = _groups(raw, dimension - 1, FACET_KINDS[dimension - 1])
    faces = _faces(surface, _named(groups, number, surface, len(points), ignore), names, cell_region)
    mesh = TaggedMesh(found_axes, points, kind, cells, names, cell_region, faces, pairs)
    check_mesh(mesh)
    return mesh


def to_meshio(mesh: TaggedMesh) -> Any:
    """A `meshio.Mesh` in metres with regions and faces as physical groups; periodic pairs are not kept."""
    import meshio

    facet_kind = {0: "vertex", 1: "line"}.get(mesh.dimension - 1, "")
    facet_kind = facet_kind or ("quad" if mesh.kind == "hexahedron" else "triangle")
    blocks: list[tuple[str, IntArray]] = [(mesh.kind, mesh.cells)]
    tags = [mesh.cell_region + 1]
    names = {name: np.array([number + 1, mesh.dimension]) for number, name in enumerate(mesh.regions)}
    for number, (name, facets) in enumerate(mesh.faces.items()):
        label = name if name not in names else f"face {name}"
        if '"' in label or label in names:
            raise InputError(f"faces.{name}", "named without quotes and differently from the regions", name)
        names[label] = np.array([number + 1, mesh.dimension - 1])
        blocks.append((facet_kind, facets.nodes))
        tags.append(np.full(len(facets.nodes), number + 1))
    data = {_TAGS: tags, "gmsh:geometrical": tags}
    return meshio.Mesh(mesh.points3(), blocks, cell_data=data, field_data=names)


def _cell_kind(raw: Any) -> str:
    """The one cell kind of the highest dimension."""
    kinds = list(dict.fromkeys(block.type for block in raw.cells if len(block.data)))
    solid = {"wedge": 3, "pyramid": 3} | {kind: dimension for kind, (dimension, _) in CELL_KINDS.items()}
    for kind in kinds:
        family = kind.rstrip("0123456789")
        if kind != "vertex" and kind not in solid:
            cure = "mesh with order 1 (Mesh.ElementOrder = 1)" if family in solid else "use other elements"
            raise InputError("mesh file", "made of first-order elements", kind, cure)
    highest = max((solid[k] for k in kinds if k != "vertex"), default=0)
    top = [k for k in kinds if solid.get(k) == highest]
    if not top:
        raise InputError(
            "mesh file", "with cells: lines, triangles, quadrilaterals, tetrahedra or hexahedra", kinds
        )
    if set(top) & {"wedge", "pyramid"}:
        cure = "use tetrahedra, or hexahedra from an extrusion with Recombine"
        raise InputError("mesh file", "made of tetrahedra or of hexahedra", ", ".join(top), cure)
    if len(top) > 1:
        raise InputError(
            "mesh file", "of one cell kind", ", ".join(top), "recombine all surfaces and volumes, or none of them"
        )
    return str(top[0])


def _check_single_group(raw: Any) -> None:
    """Format 4.1 can put elements into several groups, of which one would be lost."""
    sets = {name: s for name, s in raw.cell_sets.items() if not name.startswith("gmsh:")}
    for block in range(len(raw.cells)):
        within = [name for name, members in sets.items() if len(members[block])]
        if len(within) > 1:
            raise InputError("physical groups", "apart from each other", within, "put each entity into one group")


def _groups(raw: Any, dimension: int, kinds: Sequence[str]) -> Groups:
    names = {int(tag): str(name) for name, (tag, dim) in raw.field_data.items() if int(dim) == dimension}
    data = raw.cell_data.get(_TAGS)
    if data is None:
        raise InputError(
            "physical groups",
            "in the file: they name regions and faces",
            "none",
            'e.g. Physical Volume("Pt") = {1};',
        )
    nodes, tags = [], []
    for block, tag in zip(raw.cells, data, strict=True):
        if block.type in kinds and len(block.data):
            nodes.append(np.asarray(block.data, dtype=np.int64))
            # a negative tag means that the element is reversed with respect to its entity
            tags.append(np.abs(np.asarray(tag, dtype=np.int64)))
    if len({block.shape[1] for block in nodes}) > 1:
        raise InputError("mesh file", "of one facet kind", list(kinds))
    size = nodes[0].shape[1] if nodes else 1
    return Groups(
        np.concatenate([*nodes, np.zeros((0, size), dtype=np.int64)]),
        np.concatenate([*tags, np.zeros(0, dtype=np.int64)]),
        names,
    )


def _region_names(cells: Groups, wanted: Sequence[str] | None) -> tuple[str, ...]:
    """Regions that have cells, in the order of the caller or of the tags."""
    tags = np.unique(cells.tags).tolist()
    nameless = [tag for tag in tags if tag not in cells.names]
    if nameless:
        count = int(np.isin(cells.tags, nameless).sum())
        raise InputError(
            "physical groups",
            "named for all cells, and names different from those of faces",
            f"{count} cells in groups {nameless} (0: no group)",
            'e.g. Physical Volume("Pt") = {1};',
        )
    found = tuple(cells.names[tag] for tag in tags)
    for name in found:
        if "|" in name:
            raise InputError("physical groups", 'regions named without "|"', name)
    if wanted is None:
        return found
    for name in wanted:
        if name not in found:
            raise unknown_name("regions", name, found)
    if sorted(wanted) != sorted(found):
        raise InputError("regions", "all of " + ", ".join(found), list(wanted))
    return tuple(wanted)


def _columns(points: Array, dimension: int, axes: Sequence[str] | None) -> tuple[Array, tuple[str, ...]]:
    """The coordinates that vary, and the axes they stand for."""
    points = np.pad(points, ((0, 0), (0, 3 - points.shape[1])))
    spread = np.ptp(points, axis=0)
    varying = [a for a in range(3) if spread[a] > IN_PLANE * spread.max()]
    if len(varying) != dimension:
        must = "along one coordinate axis" if dimension == 1 else "in one coordinate plane"
        must = must if dimension < 3 else "in space"
        raise InputError("mesh file", must, "coordinates varying along " + ", ".join("xyz"[a] for a in varying))
    found = tuple("xyz"[a] for a in varying) if axes is None else tuple(axes)
    if len(found) != dimension or len(set(found)) != dimension or not set(found) <= set("xyz"):
        raise InputError("axes", f"{dimension} of x, y, z for a mesh of dimension {dimension}", axes)
    return points[:, varying], found


def _periodic_pairs(points: Array, a: int, axis: str) -> IntArray:
    """Points at the low and at the high end with equal other coordinates."""
    from scipy.spatial import cKDTree

    place, reach = points[:, a], IN_PLANE * float(np.ptp(points, axis=0).max())
    ends = [np.flatnonzero(np.abs(place - end) <= reach) for end in (place.min(), place.max())]
    if len(ends[0]) == len(ends[1]):
        low, high = (np.delete(points[end], a, axis=1) for end in ends)
        # a line has no other coordinates: its two ends are twins
        away, twin = (np.asarray(found) for found in (cKDTree(high).query(low) if low.shape[1] else ([0.0], [0])))
        if away.max() <= reach and len(np.unique(twin)) == len(twin):
            return np.stack([ends[0], ends[1][twin]], axis=1)
    counts = f"{len(ends[0])} and {len(ends[1])} points that do not match"
    raise InputError(
        "periodic", f"an axis with equal meshes at both ends of {axis}", counts, "use Periodic Surface"
    )


def _named(
    given: Groups, number: IntArray, surface: Facets, points: int, ignore: Sequence[str]
) -> Iterator[tuple[str, IntArray]]:
    """Name and rows of `surface` of each face group."""
    for tag in np.unique(given.tags).tolist():
        name = given.names.get(tag, "")
        if not name or name in ignore:
            continue
        nodes = number[given.nodes[given.tags == tag]]
        rows = find_facets(nodes, surface.nodes, points) if nodes.min() >= 0 else np.full(len(nodes), -1)
        if np.any(rows < 0):
            raise InputError(
                f"physical group {name}",
                "on the surface or between two regions",
                f"{int(np.sum(rows < 0))} facets inside one region or at a periodic end",
                f'ignore=["{name}"] leaves it out; otherwise divide the region there',
            )
        yield name, np.unique(rows)


def _faces(
    surface: Facets, named: Iterator[tuple[str, IntArray]], regions: Sequence[str], cell_region: IntArray
) -> dict[str, Facets]:
    """Named sets; a group over several regions is split into "A|name", "B|name"; "B|A" turns an interface round."""
    cells = surface.cells.copy()
    number = np.full(len(cells), -1)
    labels: list[str] = []
    for name, rows in named:
        pairs = _region_pairs(surface.cells[rows], regions, cell_region)
        shown = sorted("|".join(pair) for pair in pairs)
        if shown == [name]:
            continue
        if _turned(name, pairs):
            same = _between(surface.cells, cell_region, *(regions.index(r) for r in pairs[0]))
            cells[same] = cells[same][:, ::-1]
            continue
        if len(pairs) > 1 and any(plus != OUTSIDE for _, plus in pairs):
            raise InputError(
                f"physical group {name}", "between one pair of regions", shown, "give each pair a group"
            )
        if np.any(number[rows] >= 0):
            other = labels[int(number[rows].max())]
            raise InputError(f"physical group {name}", "apart from all other groups", f"a facet of {other} too")
        minus = cell_region[surface.cells[rows, 0]]
        for region in np.unique(minus).tolist():
            labels.append(name if len(pairs) == 1 else f"{regions[region]}|{name}")
            number[rows[minus == region]] = len(labels) - 1
    oriented = Facets(surface.nodes, cells)
    free = subset(oriented, number < 0)
    faces = {label: subset(oriented, number == k) for k, label in enumerate(labels)}
    return {**between_regions(regions, cell_region, free), **faces, **outside(regions, cell_region, free)}


def _turned(name: str, pairs: Sequence[tuple[str, str]]) -> bool:
    """Whether a group lies between two regions, named the other way round."""
    return len(pairs) == 1 and OUTSIDE not in pairs[0] and pairs[0][::-1] == tuple(name.split("|"))


def _region_pairs(cells: IntArray, regions: Sequence[str], cell_region: IntArray) -> list[tuple[str, str]]:
    """Names of the regions on the minus and the plus side (OUTSIDE for none) of facets between `cells` (n, 2)."""
    sides = np.where(cells < 0, len(regions), cell_region[cells])
    names = (*regions, OUTSIDE)
    return [(names[minus], names[plus]) for minus, plus in np.unique(sides, axis=0).tolist()]


def _between(cells: IntArray, cell_region: IntArray, minus: int, plus: int) -> NDArray[np.bool_]:
    """Facets from region `minus` to region `plus`."""
    inner = cells[:, 1] >= 0
    return np.asarray(inner & (cell_region[cells[:, 0]] == minus) & (cell_region[cells[:, 1]] == plus))
