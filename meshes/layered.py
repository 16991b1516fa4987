"""Layers along one axis: the geometry of the exact 1D engine."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hanle.meshes.tagged import TaggedMesh
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array, IntArray


@dataclass(frozen=True, eq=False)
class Layers:
    """Layers stacked along +axis.

    Attributes:
        names: regions, from the low to the high end; each name once.
        thickness: (batch or 1, layers) [m].
        axis: the axis of the stack; the device is invariant along the other two.

    Faces are called "bottom" and "top" (outer) and "A|B" between neighbours (A below B).
    """

    names: tuple[str, ...]
    thickness: Array
    axis: str = "z"

    def __post_init__(self) -> None:
        object.__setattr__(self, "thickness", np.atleast_2d(np.asarray(self.thickness, dtype=float)))
        if len(set(self.names)) != len(self.names) or not self.names:
            raise InputError("layers", "at least one layer, each with a name of its own", self.names)
        if self.thickness.shape[1] != len(self.names):
            raise InputError("layers.thickness", f"one per layer ({len(self.names)})", self.thickness.shape)
        if not np.all(np.isfinite(self.thickness) & (self.thickness > 0)):
            raise InputError("layers.thickness", "positive lengths [m]", self.thickness.min())

    @property
    def axes(self) -> tuple[str, ...]:
        """Resolved axes."""
        return (self.axis,)

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions, in the order that orients interfaces."""
        return self.names

    @property
    def periodic(self) -> dict[str, IntArray]:
        """Nothing: a stack ends. As `TaggedMesh.periodic`."""
        return {}

    @cached_property
    def face_names(self) -> tuple[str, ...]:
        """All faces, upwards: "bottom", the interfaces, "top"."""
        between = (f"{a}|{b}" for a, b in zip(self.names, self.names[1:], strict=False))
        return ("bottom", *between, "top")

    def face_regions(self, name: str) -> tuple[str, ...]:
        """Regions below and above a face; one region for "bottom" and "top"."""
        k = self.face_names.index(name)
        return (*self.names[max(k - 1, 0) : k], *self.names[k : k + 1])


def layers_of(mesh: TaggedMesh) -> Layers:
    """The layers of a 1D mesh whose regions are contiguous intervals."""
    if mesh.kind != "line":
        raise InputError("mesh.kind", "line (layers along one axis)", mesh.kind, "use the engine scikit")
    ends = mesh.points[:, 0][mesh.cells]
    low, high = ends.min(axis=1), ends.max(axis=1)
    names, spans = [], []
    for number, name in enumerate(mesh.regions):
        mine = mesh.cell_region == number
        start, stop = float(low[mine].min()), float(high[mine].max())
        filled = float((high - low)[mine].sum())
        if abs(filled - (stop - start)) > 1e-9 * (stop - start):
            raise InputError(f"region {name}", "one contiguous layer", "an interrupted one", "name each piece")
        names.append(name)
        spans.append((start, stop - start))
    order = np.argsort([start for start, _ in spans])
    return Layers(tuple(names[i] for i in order), np.array([[spans[i][1] for i in order]]), mesh.axes[0])
