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

from hanle.pde import observables
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.tensors import Array, unit
from hanle.torque_parts import TorqueParts, parts, plain

if TYPE_CHECKING:
    from hanle.results import Result


@dataclass(frozen=True, eq=False, kw_only=True)
class SpinOrbitTorque(TorqueParts):
    """Torque on one magnet per area of its face to a metal, split about y = N x E/|E|.

    Attributes, besides those of `TorqueParts`:
        metal: name of the region; `current_density` is |j| of its mean (so that efficiencies are of a metal without
            arms).
        electric_field: |E| along the face, mean over the cells of the metal there [V/m].
    """

    metal: str
    electric_field: Array

    @property
    def efficiency_per_field(self) -> tuple[Array, Array]:
        """(xi_DL, xi_FL) per electric field [S/m]."""
        return self._over(self.electric_field)


def spin_orbit_torque(result: "Result", magnet: str, metal: str | None = None) -> SpinOrbitTorque:
    """The torque on a magnet that points in one direction, split by the field in the metal beside it.

    Raises:
        InputError: no such magnet, none or several metals beside it, several faces or a curved one, a texture, no field
            along the face, m along y.
    """
    device, solution = result.device, result.solution
    if magnet not in device.magnets:
        raise unknown_name("magnet", magnet, device.magnets)
    face, beside = face_beside(result, magnet, metal)
    normal, area, field = observables.flat_face(solution, face, beside)
    axis = np.cross(normal, field)
    size = np.linalg.norm(axis, axis=-1)
    if np.any(size == 0):
        raise InputError("spin_orbit_torque", "asked where a current flows along the face", face)
    current, _ = observables.mean_current_density(solution, beside)
    shared = parts(result, magnet, face, area, unit(axis), current)
    return SpinOrbitTorque(metal=beside, electric_field=plain(size, np.size(shared["area"])), **shared)


def face_beside(result: "Result", magnet: str, metal: str | None) -> tuple[str, str]:
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
