"""Spin-orbit torque place by place: of bars, crosses and textures, where current and magnetisation vary.

    tau = DL (y - m (m.y)) + FL m x y,    y = N x j/|j|,    xi = (2e/hbar) tau/|j|

j is the mean current density over the thickness of the metal at that place, N the normal of the face from the metal to
the magnet, tau the angular momentum that the magnet takes through the face per area and time.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hanle.face_laws import face_magnetisation
from hanle.figures import scale_for
from hanle.meshes.geometry import cell_volumes
from hanle.meshes.tagged import TaggedMesh
from hanle.pde import observables
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.tensors import Array, unit
from hanle.torques import face_beside

if TYPE_CHECKING:
    from hanle.results import Result

#: Distance, over the largest facet, within which cells stand on a facet.
ON_TOP = 1e-6


@dataclass(frozen=True, eq=False)
class SpinOrbitTorqueMap:
    """What a magnet takes through the n facets of a flat face.

    Attributes:
        corners: of the facets (n, k, 3) [m].
        normal: N (3,), from the metal to the magnet.
        torque: tau (n, 3) [J/m^2].
        m: direction of the moments (n, 3).
        current_density: j (n, 3) [A/m^2].
    """

    corners: Array
    normal: Array
    torque: Array
    m: Array
    current_density: Array

    @property
    def points(self) -> Array:
        """Centres of the facets (n, 3) [m]."""
        return np.asarray(self.corners.mean(axis=1))

    @property
    def efficiency(self) -> tuple[Array, Array]:
        """(xi_DL, xi_FL), each (n,), per local current density; NaN where m is along y or no current flows."""
        axis = unit(np.cross(self.normal, self.current_density))
        size = np.linalg.norm(self.current_density, axis=1)
        scale = np.divide(2 * E_CHARGE / HBAR, size, out=np.full_like(size, np.nan), where=size > 0)
        damping, turning = observables.torque_parts(self.torque, self.m, axis)
        return scale * damping, scale * turning

    def draw(self, axes: Any, values: Array, **style: Any) -> Any:
        """Colour the facets of a 3D device on matplotlib axes, seen along the normal.

        Args:
            values: (n,).
            style: of matplotlib's PolyCollection: cmap, clim, ...

        Returns:
            What a colour bar is made of.
        """
        from matplotlib.collections import PolyCollection

        if self.corners.shape[1] < 3:
            raise InputError("draw", "asked of a 3D device", "facets that are lines", "plot values against points")
        across = [a for a in range(3) if a != int(np.argmax(np.abs(self.normal)))]
        corners = self.corners[:, :, across]
        scale = scale_for(corners, "m")
        shapes = PolyCollection(list(scale.factor * corners), array=values, linewidth=0, rasterized=True, **style)
        axes.add_collection(shapes)
        axes.autoscale_view()
        axes.margins(0)
        x, y = (scale.label("xyz"[a]) for a in across)
        axes.set(aspect="equal", xlabel=x, ylabel=y)
        return shapes


def spin_orbit_torque_map(result: "Result", magnet: str, metal: str | None = None) -> SpinOrbitTorqueMap:
    """The torque on a magnet through its face to a metal, and the current in the metal, place by place.

    Raises:
        InputError: no such magnet, none or several metals beside it, several faces or a curved one, layers without a
            mesh, or cells of the metal that do not stand in columns on the face, as those of files may.
    """
    mesh = result.mesh
    if magnet not in result.device.magnets:
        raise unknown_name("magnet", magnet, result.device.magnets)
    if not isinstance(mesh, TaggedMesh):
        raise InputError(
            "spin_orbit_torque_map", "asked of a device with a mesh", "layers", "use spin_orbit_torque"
        )
    face, beside = face_beside(result, magnet, metal)
    normal, _, _ = observables.flat_face(result.solution, face, beside)
    _, torque = result.torque_map(magnet, face)
    conditions = (result.conditions or result.device.conditions).on_cells(mesh)
    m = np.broadcast_to(face_magnetisation(result.device, mesh, face, magnet, conditions), torque.shape)
    corners = mesh.points3(mesh.points[mesh.faces[face].nodes])
    return SpinOrbitTorqueMap(corners, normal, torque, m, _current_on(result, mesh, corners, normal, beside))


def _current_on(result: "Result", mesh: TaggedMesh, corners: Array, normal: Array, metal: str) -> Array:
    """Mean current density (n, 3) [A/m^2] over the cells of a metal that stand on each facet."""
    from scipy.spatial import cKDTree

    def flat(points: Array) -> Array:
        return points - (points @ normal)[:, None] * normal

    centres, j = result.current_density(metal)
    within = ON_TOP * float(np.ptp(corners, axis=1).max())
    distance, row = cKDTree(flat(corners.mean(axis=1))).query(flat(centres), distance_upper_bound=within)
    found, row = np.isfinite(distance), np.asarray(row)
    weight, row = cell_volumes(mesh, mesh.region_cells(metal))[found], row[found]
    height = np.bincount(row, weight, len(corners))
    if not np.all(height):
        must = "of cells that stand in columns on the face"
        raise InputError("mesh", must, f"{int(np.sum(height == 0))} facets without one", "use a mesh of boxes")
    total = np.stack([np.bincount(row, weight * j[found, a], len(corners)) for a in range(3)], axis=1)
    return np.asarray(total / height[:, None])
