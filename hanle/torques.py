"""Spin-orbit torque of a solved device: damping-like and field-like part, efficiency, effective field.

    tau = DL (y - m (m.y)) + FL m x y,    y = N x E/|E|       angular momentum given to the magnet per area [J/m^2]
    xi = (2e/hbar) tau/|j|,    xi_E = (2e/hbar) tau/|E|       [1], [S/m]
    B = [FL y + DL y x m]/(M_s d)                             [T], dm/dt = - gamma m x B with gamma = g mu_B/hbar

N points from the metal into the magnet, E is the field along their face: y is the axis y for a current along x through
a metal below its magnet. m is the direction of the moments. DL is even and FL odd in m where the torque is that of one
mixing conductance; in other magnets both depend on m.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hanle.face_laws import face_magnetisation
from hanle.materials.records import FerromagneticMetal
from hanle.pde import observables
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.tensors import Array, unit

if TYPE_CHECKING:
    from hanle.results import Result


@dataclass(frozen=True, eq=False)
class SpinOrbitTorque:
    """Torque on one magnet per area of its face to a metal; arrays have a leading batch axis in sweeps.

    Attributes:
        magnet, metal: names of the regions.
        m: unit vector of the moments (3,).
        axis: y = N x E/|E| (3,).
        area: of the face [m^2; per length or area below 3D].
        per_area: what the whole magnet takes, through its faces and inside (3,) [J/m^2].
        damping_like, field_like: DL and FL [J/m^2].
        electric_field: |E| along the face, mean over the cells of the metal there [V/m].
        current_density: |j| of the mean over the metal [A/m^2].
        moment: M_s times the volume per area [A]; None without a `saturation_magnetisation` of a magnet that conducts.
    """

    magnet: str
    metal: str
    m: Array
    axis: Array
    area: Array
    per_area: Array
    damping_like: Array
    field_like: Array
    electric_field: Array
    current_density: Array
    moment: Array | None

    @property
    def efficiency(self) -> tuple[Array, Array]:
        """(xi_DL, xi_FL) per current density in the metal, its mean: of a metal without arms."""
        return self._over(self.current_density)

    @property
    def efficiency_per_field(self) -> tuple[Array, Array]:
        """(xi_DL, xi_FL) per electric field [S/m]."""
        return self._over(self.electric_field)

    @property
    def effective_fields(self) -> tuple[Array, Array]:
        """(DL y x m, FL y)/(M_s d): the fields (3,) [T] that would turn m as the two parts do.

        Raises:
            InputError: M_s is not known.
        """
        moment = self._known_moment
        damping, turning = (np.asarray(part / moment)[..., None] for part in (self.damping_like, self.field_like))
        return np.asarray(damping * np.cross(self.axis, self.m)), np.asarray(turning * self.axis)

    @property
    def fields_per_current_density(self) -> tuple[Array, Array]:
        """(damping-like, field-like) effective field per current density in the metal [T m^2/A], signed as DL and FL.

        1e-14 T m^2/A is 1 mT per 1e11 A/m^2. Raises InputError where M_s is not known.
        """
        moment = self._known_moment
        return tuple(np.asarray(t / moment / self.current_density) for t in (self.damping_like, self.field_like))  # type: ignore[return-value]

    @property
    def _known_moment(self) -> Array:
        if self.moment is None:
            key, must = f"materials.{self.magnet}.saturation_magnetisation", "given, of a ferromagnetic metal"
            raise InputError(key, must, "nothing", "divide the torque by M_s times the thickness")
        return self.moment

    def _over(self, size: Array) -> tuple[Array, Array]:
        scale = 2 * E_CHARGE / HBAR / size
        return np.asarray(scale * self.damping_like), np.asarray(scale * self.field_like)


def spin_orbit_torque(result: "Result", magnet: str, metal: str | None = None) -> SpinOrbitTorque:
    """The torque on a magnet that points in one direction, split by the field in the metal beside it.

    Raises:
        InputError: no such magnet, none or several metals beside it, several faces or a curved one, a texture, no field
            along the face, m along y.
    """
    device, solution = result.device, result.solution
    if magnet not in device.magnets:
        raise unknown_name("magnet", magnet, device.magnets)
    face, beside = _face(result, magnet, metal)
    normal, area, field = observables.flat_face(solution, face, beside)
    m = _direction(result, magnet, face)
    axis = np.cross(normal, field)
    size = np.linalg.norm(axis, axis=-1)
    if np.any(size == 0):
        raise InputError("spin_orbit_torque", "asked where a current flows along the face", face)
    axis = unit(axis)
    per_area = observables.torque(solution, magnet) / area[:, None]
    m = np.broadcast_to(m, per_area.shape)
    damping, turning = observables.torque_parts(per_area, m, np.broadcast_to(axis, per_area.shape))
    current, _ = observables.mean_current_density(solution, beside)
    moment = _moment(result, magnet, area)

    def plain(values: Array) -> Array:
        """Without the batch axis where there is one state only."""
        whole = np.broadcast_to(values, (len(per_area), *values.shape[1:]))
        return np.asarray(whole[0] if len(whole) == 1 else whole)[()]

    return SpinOrbitTorque(
        magnet,
        beside,
        m=plain(m),
        axis=plain(axis),
        area=plain(area),
        per_area=plain(per_area),
        damping_like=plain(damping),
        field_like=plain(turning),
        electric_field=plain(size),
        current_density=plain(np.linalg.norm(current, axis=-1)),
        moment=None if moment is None else plain(moment),
    )


def _face(result: "Result", magnet: str, metal: str | None) -> tuple[str, str]:
    """The face between a magnet and a metal, and the metal."""
    mesh, conductors = result.mesh, result.device.conductors
    found: dict[str, list[str]] = {}
    for name in result.response.system.problem.faces:
        regions = mesh.face_regions(name)
        for beside in regions if magnet in regions else ():
            if beside != magnet and beside in conductors:
                found.setdefault(beside, []).append(name)
    if metal is None and len(found) == 1:
        metal = next(iter(found))
    if metal is None:
        raise InputError("metal", f"named: one beside {magnet}", list(found) or "no metal is beside it")
    if metal not in found:
        raise unknown_name("metal", metal, found)
    if len(found[metal]) > 1:
        must, cure = f"beside {magnet} at one face, which gives the area", "use torque, and the areas of the faces"
        raise InputError("metal", must, found[metal], cure)
    return found[metal][0], metal


def _direction(result: "Result", magnet: str, face: str) -> Array:
    """m (batch or 1, 3) of a uniform magnet."""
    conditions = (result.conditions or result.device.conditions).on_cells(result.mesh)
    m = face_magnetisation(result.device, result.mesh, face, magnet, conditions)
    if m.ndim == 3:
        return m[:, 0]
    if m.ndim == 2 and np.any(np.abs(m - m[0]) > observables.ALONG):
        raise InputError(f"magnetisation.{magnet}", "uniform", "a texture", "use torque_map")
    return m.reshape(-1, 3)[:1]


def _moment(result: "Result", magnet: str, area: Array) -> Array | None:
    record = result.device.materials[magnet]
    if not isinstance(record, FerromagneticMetal) or record.saturation_magnetisation is None:
        return None
    _, volume = observables.mean_current_density(result.solution, magnet)
    return np.asarray(record.saturation_magnetisation.value * volume / area)
