"""How many cells a mesh spends on a decay length, and the warning where they are too few."""

import math
import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from hanle.meshes.geometry import cell_volumes, facet_normals
from hanle.meshes.tagged import TaggedMesh

#: First-order elements miss the decay at a face by more than a few per cent below this.
FEWEST_CELLS = 3.0
#: Height of a cell over a facet = this x volume / area; 1 for boxes.
_HEIGHT = {"triangle": 2.0, "tetra": 3.0}


class CoarseMeshWarning(UserWarning):
    """A decay length is not resolved where it matters: at the faces of a region."""


@dataclass(frozen=True)
class Resolution:
    """Cells per decay length of a region at the faces across one axis; the smallest found.

    Attributes:
        region, axis: where.
        face: the face with the thickest cells.
        cells: decay length / thickness of these cells, measured across the face.
        size: that thickness [m].
        length: the decay length [m].
    """

    region: str
    axis: str
    face: str
    cells: float
    size: float
    length: float

    def __str__(self) -> str:
        # rounded down: what is too few must not read like enough
        step = 10.0 ** (math.floor(math.log10(self.cells)) - 1)
        cells = math.floor(self.cells / step * (1 + 1e-9)) * step
        return (
            f"{self.region}, across {self.axis} at {self.face}: {cells:.2g} cells per decay length "
            f"({self.size:.3g} m cells, {self.length:.3g} m)"
        )


def resolution(mesh: TaggedMesh, lengths: Mapping[str, float]) -> tuple[Resolution, ...]:
    """Smallest number of cells per decay length, for each region with one and each axis its faces cross.

    Args:
        lengths: region -> decay length [m]; infinite: nothing to resolve.

    A facet counts for the axis closest to its normal.
    """
    worst: dict[tuple[str, str], Resolution] = {}
    for name, facets in mesh.faces.items():
        normals, areas = facet_normals(mesh, facets)
        across = np.argmax(np.abs(normals), axis=1)
        for side, region in enumerate(mesh.face_regions(name)):
            length = lengths.get(region, math.inf)
            if math.isinf(length):
                continue
            sizes = _HEIGHT.get(mesh.kind, 1.0) * cell_volumes(mesh, facets.cells[:, side]) / areas
            for a in np.unique(across).tolist():
                size = float(sizes[across == a].max())
                found = Resolution(region, mesh.axes[a], name, length / size, size, length)
                key = (region, found.axis)
                if key not in worst or found.cells < worst[key].cells:
                    worst[key] = found
    return tuple(worst.values())


def warn_if_coarse(
    mesh: TaggedMesh, lengths: Mapping[str, float], *, fewest: float = FEWEST_CELLS, skip: Collection[str] = ()
) -> tuple[Resolution, ...]:
    """The parts of `resolution` below `fewest` cells, each with a `CoarseMeshWarning`; axes in `skip` are left out."""
    # the last digits of a cell size are rounding
    few = [r for r in resolution(mesh, lengths) if r.cells < fewest * (1 - 1e-6) and r.axis not in skip]
    for found in few:
        cure = f"raise cells_per_length or lower sizes['{found.axis}']"
        warnings.warn(
            f"coarse mesh: {found}; at least {fewest:g} are needed - {cure}", CoarseMeshWarning, stacklevel=3
        )
    return tuple(few)
