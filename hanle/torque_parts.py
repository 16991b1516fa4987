"""A torque on a uniform magnet per area of its face, as damping-like and field-like part about an axis y.

    tau = DL (y - m (m.y)) + FL m x y                           angular momentum given to the magnet per area [J/m^2]
    xi = (2e/hbar) tau/|j|,    B = [FL y + DL y x m]/(M_s d)    [1], [T]; dm/dt = - gamma m x B, gamma = g mu_B/hbar

Moments are opposite to their spins: DL > 0 turns m away from y, DL < 0 towards it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hanle.face_laws import face_magnetisation
from hanle.materials.records import FerromagneticMetal
from hanle.pde import observables
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array

if TYPE_CHECKING:
    from hanle.results import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class TorqueParts:
    """Torque on one magnet per area of a face; arrays have a leading batch axis in sweeps.

    Attributes:
        magnet: name of the region.
        m: unit vector of the moments (3,).
        axis: y (3,).
        area: of the face [m^2; per length or area below 3D].
        per_area: what the whole magnet takes, through its faces and inside (3,) [J/m^2].
        damping_like, field_like: DL and FL [J/m^2]; NaN where m is along y.
        current_density: |j| that efficiencies refer to [A/m^2].
        moment: M_s times the volume per area [A]; None without a `saturation_magnetisation` of a magnet that conducts.
    """

    magnet: str
    m: Array
    axis: Array
    area: Array
    per_area: Array
    damping_like: Array
    field_like: Array
    current_density: Array
    moment: Array | None

    @property
    def efficiency(self) -> tuple[Array, Array]:
        """(xi_DL, xi_FL) per current density."""
        return self._over(self.current_density)

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


def parts(result: "Result", magnet: str, face: str, area: Array, axis: Array, current: Array) -> dict[str, Any]:
    """The fields of `TorqueParts`.

    Args:
        area: of the face (batch,).
        axis: y, (batch or 1, 3).
        current: mean current density (batch, 3) that efficiencies refer to.
    """
    per_area = observables.torque(result.solution, magnet) / area[:, None]
    m, axis = (np.broadcast_to(v, per_area.shape) for v in (direction(result, magnet, face), axis))
    damping, turning = observables.torque_parts(per_area, m, axis)
    found = {
        "m": m,
        "axis": axis,
        "area": area,
        "per_area": per_area,
        "damping_like": damping,
        "field_like": turning,
        "current_density": np.linalg.norm(current, axis=-1),
    }
    moment, count = _moment(result, magnet, area), len(per_area)
    whole = {name: plain(values, count) for name, values in found.items()}
    return {"magnet": magnet, "moment": None if moment is None else plain(moment, count), **whole}


def plain(values: Array, count: int) -> Array:
    """Of `count` states, without the batch axis where there is one."""
    whole = np.broadcast_to(values, (count, *values.shape[1:]))
    return np.asarray(whole[0] if count == 1 else whole)[()]


def direction(result: "Result", magnet: str, face: str) -> Array:
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
