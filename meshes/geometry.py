"""Volumes, areas and normals of a mesh, and the check that every cell is a proper one."""

import numpy as np

from hanle.meshes.layered import Layers
from hanle.meshes.tagged import CELL_FACETS, Facets, TaggedMesh
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array, IntArray

#: A corner of a cell and its neighbours along the edges, right-handed in a proper cell.
_CORNER_NEIGHBOURS: dict[str, tuple[tuple[int, ...], ...]] = {
    "line": ((0, 1),),
    "triangle": ((0, 1, 2),),
    "quad": ((0, 1, 3), (1, 2, 0), (2, 3, 1), (3, 0, 2)),
    "tetra": ((0, 1, 2, 3),),
    "hexahedron": (
        (0, 1, 3, 4), (1, 2, 0, 5), (2, 3, 1, 6), (3, 0, 2, 7),
        (4, 7, 5, 0), (5, 4, 6, 1), (6, 5, 7, 2), (7, 6, 4, 3),
    ),
}  # fmt: skip
#: Simplices that fill a cell; hexahedra may have warped faces.
_SIMPLICES: dict[str, tuple[tuple[int, ...], ...]] = {
    "line": ((0, 1),),
    "triangle": ((0, 1, 2),),
    "quad": ((0, 1, 2), (0, 2, 3)),
    "tetra": ((0, 1, 2, 3),),
}
#: Cells treated at once, to bound memory.
_CHUNK = 200_000
#: A corner is flat when its volume is below this part of the product of its edges.
_FLAT = 1e-10


def cell_volumes(mesh: TaggedMesh, cells: IntArray | None = None) -> Array:
    """(c,) volumes [m^3, m^2 or m] of all cells, or of those with these numbers; negative where nodes are reversed."""
    factor = (1.0, 0.5, 1 / 6)[mesh.dimension - 1]
    nodes = mesh.cells if cells is None else mesh.cells[cells]
    volumes = np.empty(len(nodes))
    for start in range(0, len(nodes), _CHUNK):
        part = slice(start, start + _CHUNK)
        if mesh.kind == "hexahedron":
            volumes[part] = _hexahedra(mesh.points[nodes[part]])
        else:
            simplices = (_determinant(mesh.points, nodes[part][:, s])[0] for s in _SIMPLICES[mesh.kind])
            volumes[part] = factor * sum(simplices)
    return volumes


def _hexahedra(corners: Array) -> Array:
    """Volumes (c,) of hexahedra with corners (c, 8, 3) and bilinear faces: Grandy, 1997, UCRL-ID-128886."""
    a, b, c = (corners[:, 6] - corners[:, k] for k in (1, 3, 4))
    d, e, f = (corners[:, k] - corners[:, 0] for k in (7, 2, 5))
    triples = ((a + d, b, e), (d, b + f, c), (a, f, c + e))
    return np.asarray(sum(np.sum(u * np.cross(v, w), axis=1) for u, v, w in triples) / 12)


def region_volume(mesh: TaggedMesh | Layers, region: str) -> Array:
    """Volume (batch or 1,) of a region [m^3, m^2 or m]."""
    if isinstance(mesh, Layers):
        return np.asarray(mesh.thickness[:, mesh.names.index(region)])
    return np.array([cell_volumes(mesh, mesh.region_cells(region)).sum()])


def facet_normals(mesh: TaggedMesh, facets: Facets) -> tuple[Array, Array]:
    """Unit normals (n, d) from minus to plus (outward on an outer face) and areas (n,) [m^2, m; 1 in 1D]."""
    corners = mesh.points[facets.nodes]
    if mesh.dimension == 1:
        vectors = np.ones((len(corners), 1))
    elif mesh.dimension == 2:
        edge = corners[:, 1] - corners[:, 0]
        vectors = np.stack([edge[:, 1], -edge[:, 0]], axis=1)
    else:
        # half the cross product of the diagonals; a triangle repeats its last corner
        vectors = np.cross(corners[:, 2] - corners[:, 0], corners[:, -1] - corners[:, 1]) / 2
        if corners.shape[1] == 3:
            vectors = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2
    inside = mesh.points[mesh.cells[facets.cells[:, 0]]].mean(axis=1)
    away = np.sum((corners.mean(axis=1) - inside) * vectors, axis=1)
    areas = np.linalg.norm(vectors, axis=1)
    return np.where(away < 0, -1.0, 1.0)[:, None] * vectors / areas[:, None], areas


def face_area(mesh: TaggedMesh, name: str) -> float:
    """Area of a named face [m^2, m; number of points in 1D]."""
    return float(facet_normals(mesh, mesh.faces[name])[1].sum())


def corner_signs(points: Array, kind: str, cells: IntArray) -> IntArray:
    """(c,) +1 where all corners of a cell are right-handed, -1 where all are left-handed, 0 elsewhere."""
    signs = np.empty(len(cells), dtype=np.int64)
    for start in range(0, len(cells), _CHUNK):
        part = cells[start : start + _CHUNK]
        found = []
        for corner in _CORNER_NEIGHBOURS[kind]:
            volume, size = _determinant(points, part[:, corner])
            found.append(np.where(np.abs(volume) > _FLAT * size, np.sign(volume), 0))
        all_corners = np.stack(found)
        same = np.all(all_corners == all_corners[0], axis=0)
        signs[start : start + _CHUNK] = np.where(same, all_corners[0], 0)
    return signs


def check_mesh(mesh: TaggedMesh) -> None:
    """Refuse cells that are flat, folded or reversed, and faces whose facets do not fit their cells and names.

    Raises:
        InputError: naming the first faulty cell or face and how many there are.
    """
    if not len(mesh.cells):
        raise InputError("mesh.cells", "at least one cell", 0)
    if mesh.cell_region.shape != (len(mesh.cells),):
        raise InputError("mesh.cell_region", f"one number per cell ({len(mesh.cells)})", mesh.cell_region.shape)
    if mesh.cell_region.min() < 0 or mesh.cell_region.max() >= len(mesh.regions):
        raise InputError("mesh.cell_region", f"numbers below {len(mesh.regions)}", int(mesh.cell_region.max()))
    _check_cells(mesh)
    seen: dict[bytes, str] = {}
    for name, facets in mesh.faces.items():
        _check_face(mesh, name, facets)
        for row in np.sort(facets.nodes, axis=1):
            other = seen.setdefault(row.tobytes(), name)
            if other != name:
                raise InputError(f"faces.{name}", "apart from all other faces", f"a facet of {other} too")


def _check_cells(mesh: TaggedMesh) -> None:
    signs = corner_signs(mesh.points, mesh.kind, mesh.cells)
    if np.any(signs < 1):
        bad = int(np.argmax(signs < 1))
        where = ", ".join(f"{x:.6g}" for x in mesh.points[mesh.cells[bad]].mean(axis=0))
        state = "reversed" if signs[bad] < 0 else "flat or folded"
        raise InputError(
            "mesh.cells",
            "convex, with positive volume",
            f"{int(np.sum(signs < 1))} that are not, first cell {bad} ({state}) at ({where}) m",
            "mesh again, or reorder the nodes of reversed cells",
        )


def _check_face(mesh: TaggedMesh, name: str, facets: Facets) -> None:
    key = f"faces.{name}"
    size = len(CELL_FACETS[mesh.kind][0])
    if not len(facets.nodes) or facets.nodes.shape[1] != size or facets.cells.shape != (len(facets.nodes), 2):
        must = f"at least one facet: nodes (n, {size}) and cells (n, 2)"
        raise InputError(key, must, (facets.nodes.shape, facets.cells.shape))
    if facets.cells[:, 0].min() < 0 or facets.cells.max() >= len(mesh.cells):
        raise InputError(key, "with a cell on the minus side of each facet", int(facets.cells[:, 0].min()))
    inner = facets.cells[:, 1] >= 0
    if inner.any() != inner.all():
        raise InputError(key, "inside or on the surface", "some facets of either kind", "give the parts two names")
    for side in (0, 1) if inner.all() else (0,):
        _check_side(mesh, key, facets.nodes, facets.cells[:, side])
    parts = name.split("|")
    if len(parts) == 2 and set(parts) <= set(mesh.regions) and tuple(parts) != mesh.face_regions(name):
        raise InputError(key, "between the regions of its name, minus side first", mesh.face_regions(name))


def _check_side(mesh: TaggedMesh, key: str, nodes: IntArray, cells: IntArray) -> None:
    """The facets belong to these cells, and the cells to one region."""
    belongs = np.all(np.any(mesh.cells[cells][:, None] == nodes[:, :, None], axis=2), axis=1)
    if not belongs.all():
        raise InputError(key, "made of facets of its cells", f"facet {int(np.argmin(belongs))}")
    found = np.unique(mesh.cell_region[cells])
    if len(found) > 1:
        names = [mesh.regions[r] for r in found]
        raise InputError(key, "between one pair of regions", names, "give each pair a face of its own")


def _determinant(points: Array, nodes: IntArray) -> tuple[Array, Array]:
    """det of the edges from the first node, and the product of their lengths."""
    edges = points[nodes[:, 1:]] - points[nodes[:, :1]]
    size = np.prod(np.linalg.norm(edges, axis=2), axis=1)
    if edges.shape[1] == 1:
        return edges[:, 0, 0], size
    if edges.shape[1] == 2:
        return edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0], size
    return np.sum(edges[:, 0] * np.cross(edges[:, 1], edges[:, 2]), axis=1), size
