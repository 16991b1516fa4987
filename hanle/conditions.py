"""Temperature, field and magnetisation of a device, for one state or a batch of states."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as attribute

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree

from hanle.meshes.layered import Layers
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array, unit
from hanle.profiles import Profile, vector_at


@dataclass(frozen=True, eq=False)
class Conditions:
    """What a device is exposed to.

    Attributes:
        temperature: T [K]; a number, or (batch, 1).
        field: B [T]; a vector, one per cell of the whole mesh, a function of position, or a batch (batch, 1, 3).
        magnetisation: region -> m, as `field`; regions that are absent have m along B.
    """

    temperature: ArrayLike = 300.0
    field: Profile = (0.0, 0.0, 0.0)
    magnetisation: Mapping[str, Profile] = attribute(default_factory=dict)

    def field_at(self, points: Array) -> Array:
        """B at points (n, 3): (3,), (n, 3) or (batch, 1, 3) [T]."""
        return _vectors(self.field, points, "field")

    def magnetisation_at(self, region: str, points: Array) -> Array:
        """Unit vector m of a magnet at points (n, 3), shapes as in `field_at`; along B where not given.

        Raises:
            InputError: no direction is given and B = 0, or a given vector vanishes.
        """
        key = f"magnetisation.{region}"
        given = self.magnetisation.get(region)
        vectors = self.field_at(points) if given is None else _vectors(given, points, key)
        if np.any(np.linalg.norm(vectors, axis=-1) == 0):
            hint = "it follows the field where it is not given, and the field is zero" if given is None else ""
            raise InputError(key, "a vector that is not zero", (0.0, 0.0, 0.0), hint)
        return unit(vectors)

    def on_cells(self, mesh: TaggedMesh | Layers) -> "Conditions":
        """A copy in which B given per cell of a mesh (cells, 3) is a function of position: that of the nearest cell."""
        if callable(self.field) or np.ndim(self.field) != 2 or isinstance(mesh, Layers):
            return self
        values = np.asarray(self.field, dtype=float)
        if values.shape != (len(mesh.cells), 3):
            must = f"one vector, or one per cell of the mesh ({len(mesh.cells)}, 3)"
            raise InputError("field", must, values.shape, "arrays belong to one mesh: give it (solve(mesh=...))")
        tree = cKDTree(mesh.points3(mesh.points[mesh.cells].mean(axis=1)))
        return replace(self, field=lambda points: values[tree.query(points)[1]])

    def with_batch(self, temperature: Array, field: Array, magnetisation: Mapping[str, Array]) -> "Conditions":
        """A copy for a batch of states: arrays (batch,), (batch, 3) and region -> (batch, 3)."""
        return replace(
            self,
            temperature=temperature[:, None],
            field=field[:, None, :],
            magnetisation={**self.magnetisation, **{name: m[:, None, :] for name, m in magnetisation.items()}},
        )


def _vectors(value: Profile, points: Array, key: str) -> Array:
    # A batch (batch, 1, 3) comes from sweeps, already checked; everything else is checked against the points.
    if isinstance(value, np.ndarray) and value.ndim == 3:
        return value
    return vector_at(value, points, key)
