"""Where a torque comes from. The parts add up to the whole.

    spin Hall    what the spin Hall effect of the metals makes, in the device without the drive of its interfaces
    interface    what fields along interfaces with spin-orbit coupling add, less
    lattice      what the lattice passes on there
    other        what is left without both: currents that magnets polarise

In films the equations are linear in each cause, and the parts do not depend on the order in which they are counted. In
bars with edges and arms they depend on it at the order of the square of the spin Hall angle.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hanle.boundary.rashba import LATTICE
from hanle.pde import observables
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.effects import INTERFACIAL, SPIN_HALL
from hanle.pde.tensors import Array
from hanle.spin_orbit import SpinOrbit
from hanle.torques import SpinOrbitTorque, spin_orbit_torque

if TYPE_CHECKING:
    from hanle.results import Result

#: Names of the parts.
INTERFACE, PASSED_ON, OTHER = "interface", "lattice", "other"


def torque_origins(result: "Result", magnet: str, metal: str | None = None) -> dict[str, SpinOrbitTorque]:
    """Origin -> its part of `spin_orbit_torque(result, magnet, metal)`, with the field and current of the whole.

    Raises:
        InputError: as `spin_orbit_torque`.
    """
    whole = spin_orbit_torque(result, magnet, metal)
    device, total = result.device, np.asarray(whole.per_area)
    coupled = any(isinstance(choice, SpinOrbit) for choice in device.interfaces.values())
    lattice = _passed_on(result, magnet, whole)
    uncoupled = _left(result, magnet, metal, (INTERFACIAL,)) if coupled else total
    other = _left(result, magnet, metal, (INTERFACIAL, SPIN_HALL))
    parts = {
        SPIN_HALL: uncoupled - other,
        INTERFACE: total - uncoupled - lattice,
        PASSED_ON: lattice,
        OTHER: other,
    }
    return {name: _part(whole, given) for name, given in parts.items()}


def _left(result: "Result", magnet: str, metal: str | None, effects: tuple[str, ...]) -> Array:
    """Torque per area (..., 3) of the device without some effects."""
    bare = result.device.with_changes(without=(*result.device.without, *effects))
    return np.asarray(spin_orbit_torque(result.again(bare), magnet, metal).per_area)


def _passed_on(result: "Result", magnet: str, whole: SpinOrbitTorque) -> Array:
    """What the lattice hands to a magnet per area (..., 3)."""
    faces, found = result.response.system.problem.faces, np.zeros_like(whole.per_area)
    for name, face in faces.items():
        if magnet in result.mesh.face_regions(name) and LATTICE in face.law.deposits:
            lost = observables.deposits(result.solution, name)[LATTICE]
            per_area = -HBAR / (2 * E_CHARGE) * lost / np.reshape(whole.area, (-1, 1))
            found = found + per_area.reshape(found.shape)
    return found


def _part(whole: SpinOrbitTorque, per_area: Array) -> SpinOrbitTorque:
    axis = np.broadcast_to(whole.axis, per_area.shape)
    damping, turning = observables.torque_parts(per_area, np.broadcast_to(whole.m, per_area.shape), axis)
    return replace(whole, per_area=per_area, damping_like=damping[()], field_like=turning[()])
