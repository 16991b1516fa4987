"""The one mesh all engines read: points, cells of one kind, named regions and named faces. SI metres."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from hanle.pde.errors import InputError, unknown_name
from hanle.pde.tensors import Array, unit
from hanle.pde.tensors import IntArray as IntArray

#: cell kind -> (dimension, nodes per cell). Node order is that of VTK and meshio.
CELL_KINDS: dict[str, tuple[int, int]] = {
    "line": (1, 2),
    "triangle": (2, 3),
    "quad": (2, 4),
    "tetra": (3, 4),
    "hexahedron": (3, 8),
}

#: local facets of a cell kind, as local node numbers (VTK order).
CELL_FACETS: dict[str, tuple[tuple[int, ...], ...]] = {
    "line": ((0,), (1,)),
    "triangle": ((0, 1), (1, 2), (2, 0)),
    "quad": ((0, 1), (1, 2), (2, 3), (3, 0)),
    "tetra": ((0, 1, 2), (0, 1, 3), (1, 2, 3), (0, 2, 3)),
    "hexahedron": ((0, 1, 2, 3), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)),
}


@dataclass(frozen=True, eq=False)
class Facets:
    """A named set of facets.

    Attributes:
        nodes: (n, k) point numbers of each facet.
        cells: (n, 2) cell on the minus side and cell on the plus side; -1 on the plus side of an outer boundary.
    """

    nodes: IntArray
    cells: IntArray

    @property
    def is_interface(self) -> bool:
        """Whether every facet has cells on both sides."""
        return bool(self.cells.size) and bool(np.all(self.cells[:, 1] >= 0))


@dataclass(frozen=True, eq=False, repr=False)
class TaggedMesh:
    """A mesh with names.

    Attributes:
        axes: spatial axes that the columns of `points` stand for, e.g. ("z",), ("y", "z"), ("x", "y", "z").
            Along the other axes the device is invariant.
        points: (n, len(axes)) coordinates [m].
        kind: a key of CELL_KINDS; one kind per mesh.
        cells: (c, nodes) point numbers, VTK order.
        regions: names of the regions.
        cell_region: (c,) index into `regions`.
        faces: name -> facets. Interfaces are called "A|B" (minus side A, plus side B); outer boundaries carry the
            names of the shape ("left", ...) or "A|outside" for what was not named. Each facet is in one set only.
        periodic: axis -> (m, 2) pairs of points (at the low end, at the high end) that are one and the same.
    """

    axes: tuple[str, ...]
    points: Array
    kind: str
    cells: IntArray
    regions: tuple[str, ...]
    cell_region: IntArray
    faces: Mapping[str, Facets] = field(default_factory=dict)
    periodic: Mapping[str, IntArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in CELL_KINDS:
            hint = (
                "wedges are not supported: use tetrahedra, or hexahedra from a graded tensor grid"
                if self.kind.startswith("wedge")
                else ""
            )
            raise InputError("mesh.kind", "one of " + ", ".join(CELL_KINDS), self.kind, hint)
        dimension, nodes = CELL_KINDS[self.kind]
        if len(self.axes) != dimension or self.points.shape[1] != dimension:
            raise InputError("mesh.axes", f"{dimension} axes with as many point coordinates", self.axes)
        if self.cells.ndim != 2 or self.cells.shape[1] != nodes:
            raise InputError("mesh.cells", f"an array (cells, {nodes})", self.cells.shape)
        if not np.all(np.isfinite(self.points)):
            raise InputError("mesh.points", "finite", "NaN or infinity")
        if self.cells.size and (self.cells.min() < 0 or self.cells.max() >= len(self.points)):
            raise InputError("mesh.cells", f"point numbers below {len(self.points)}", int(self.cells.max()))

    def __repr__(self) -> str:
        sizes = f"{len(self.points)} points, {len(self.cells)} cells ({self.kind})"
        return f"<TaggedMesh: axes {', '.join(self.axes)}; {sizes}; regions {', '.join(self.regions)}>"

    @property
    def dimension(self) -> int:
        """Number of resolved axes."""
        return len(self.axes)

    @property
    def face_names(self) -> tuple[str, ...]:
        """Names of all faces."""
        return tuple(self.faces)

    @cached_property
    def axis_numbers(self) -> tuple[int, ...]:
        """Numbers of the mesh axes among x, y, z."""
        return tuple("xyz".index(axis) for axis in self.axes)

    def points3(self, points: Array | None = None) -> Array:
        """Coordinates (n, 3) over x, y, z, zero along absent axes."""
        source = self.points if points is None else points
        full = np.zeros((*source.shape[:-1], 3))
        full[..., list(self.axis_numbers)] = source
        return full

    def region_cells(self, name: str) -> IntArray:
        """Numbers of the cells of a region."""
        if name not in self.regions:
            raise unknown_name("region", name, self.regions)
        return np.flatnonzero(self.cell_region == self.regions.index(name))

    def centres(self, name: str) -> Array:
        """Centres (cells of the region, 3) over x, y, z [m]."""
        return self.points3(self.points[self.cells[self.region_cells(name)]].mean(axis=1))

    def face_centres(self, name: str) -> Array:
        """Centres (facets, 3) of a named face [m]."""
        if name not in self.faces:
            raise unknown_name("face", name, self.faces)
        return self.points3(self.points[self.faces[name].nodes].mean(axis=1))

    def face_normals(self, name: str) -> Array:
        """Unit normals (facets, 3) of a named face, out of the minus side; of a warped facet that of its mean plane."""
        facets = self.faces[name]
        corners = self.points3(self.points[facets.nodes])
        if facets.nodes.shape[1] == 1:
            normals = np.broadcast_to(np.eye(3)[self.axis_numbers[0]], (len(corners), 3))
        elif facets.nodes.shape[1] == 2:
            out_of_plane = np.eye(3)[({0, 1, 2} - set(self.axis_numbers)).pop()]
            normals = np.cross(corners[:, 1] - corners[:, 0], out_of_plane)
        else:
            # Of a quadrilateral the diagonals, which span its mean plane.
            normals = np.cross(corners[:, 2] - corners[:, 0], corners[:, -1] - corners[:, 1])
        outward = corners.mean(axis=1) - self.points3(self.points[self.cells[facets.cells[:, 0]]].mean(axis=1))
        return unit(normals * np.sign(np.einsum("fi,fi->f", normals, outward))[:, None])

    def face_regions(self, name: str) -> tuple[str, ...]:
        """Regions on the minus and, for an interface, plus side of a face."""
        facets = self.faces[name]
        sides = facets.cells[0] if facets.is_interface else facets.cells[0, :1]
        return tuple(self.regions[self.cell_region[c]] for c in sides)

    def with_faces(self, faces: Mapping[str, Facets]) -> "TaggedMesh":
        """A copy with further (or replaced) named faces."""
        return replace(self, faces={**self.faces, **faces})
