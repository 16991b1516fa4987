"""Where a torque or a magnetoresistance comes from. The parts add up to the whole.

Torque:

    spin Hall    what the spin Hall effect of the metals makes, in the device without the drive of its interfaces
    interface    what fields along interfaces with spin-orbit coupling add, less
    lattice      what the lattice passes on there
    other        what is left without both: currents that magnets polarise

Resistivity: effects are added one after the other, in the order of `hanle.pde.effects.EFFECTS`.

Parts of the torque are those at the electric field of the whole device: of a film the vector, of a bar its mean along
the face. In films the equations are linear in each cause then, and the parts do not depend on the order in which they
are counted. In bars with edges and arms they depend on it at the order of the square of the spin Hall angle.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hanle.boundary.rashba import LATTICE
from hanle.pde import observables
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.effects import EFFECTS, INTERFACIAL, SPIN_HALL
from hanle.pde.solution import wire
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
    uncoupled = _left(result, magnet, whole, (INTERFACIAL,)) if coupled else total
    other = _left(result, magnet, whole, (INTERFACIAL, SPIN_HALL))
    parts = {
        SPIN_HALL: uncoupled - other,
        INTERFACE: total - uncoupled - lattice,
        PASSED_ON: lattice,
        OTHER: other,
    }
    return {name: _part(whole, given) for name, given in parts.items()}


def resistivity_origins(result: "Result") -> dict[str, tuple[Array, Array]]:
    """Effect -> (its part of rho_L/rho_D - 1, its part of rho_T [Ohm m]), of those that the device has.

    Each is what changes when the effect joins those before it in `EFFECTS`: first the spin Hall effect, with Hanle
    precession and magnetic interfaces, last the coupling at interfaces. Solves once per effect.
    """
    device = result.device
    present = [name for name in EFFECTS if name not in device.without]
    found, before = {}, None
    for count in range(len(present) + 1):
        left = present[count:]
        solved = result.again(device.with_changes(without=(*device.without, *left))) if left else result
        values = np.stack(np.broadcast_arrays(solved.rho_L_change, solved.rho_T))
        if before is not None and np.any(values != before):
            part = values - before
            found[present[count - 1]] = part[0][()], part[1][()]
        before = values
    return found


def _left(result: "Result", magnet: str, whole: SpinOrbitTorque, effects: tuple[str, ...]) -> Array:
    """Torque per area (..., 3) of the device without some effects, at the electric field of the whole one."""
    bare = result.again(result.device.with_changes(without=(*result.device.without, *effects)))
    if not result.device.terminals:
        bare = replace(bare, solution=wire(bare.response, amplitudes=result.solution.gradients))
    found = spin_orbit_torque(bare, magnet, whole.metal)
    return np.asarray(found.per_area * (whole.electric_field / found.electric_field)[..., None])


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
