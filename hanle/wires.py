"""Wires and heat contacts: what drives a device besides its terminals.

A wire is a set of metal regions that carry a current along an axis in which the device is invariant, x where there is a
choice, each wire with a field E of its own: two strips across a film in a section, two films of a stack. Along another
such axis, or a periodic one from end to end, no current flows in any wire.

A heat contact is a set of outer faces at which lattice and electrons have one temperature. All other outer faces are
closed for heat, but for those with a `HeatContact`.

    wiring = {"injector": "1 mA"}                     a wire: its current [A; A/m in 1D]
             {"injector": "100 V/m"}                  or its field; wires not named are open
             {"top": "10 mK"}                         a heat contact: T - T_0
             {"top": "1 mW"}                          or the heat into the device [W; W/m in 2D, W/m^2 in 1D]; contacts
                                                      not named are at T_0
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from hanle.heat_faces import CARRIERS, is_shut, sinks
from hanle.meshes.layered import Layers
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.fields import ELECTRON_HEAT, LATTICE_HEAT
from hanle.pde.problem import Gradient, Problem, Terminal
from hanle.pde.tensors import Array, IntArray
from hanle.transport import HEAT
from hanle.wiring import Wiring, conductors

if TYPE_CHECKING:
    from hanle.device import Device


def read_names(key: str, given: Mapping[str, Sequence[str]], of: str) -> dict[str, tuple[str, ...]]:
    """name -> regions or faces, checked for form and for names that come twice."""
    found = {}
    for name, members in given.items():
        listed = isinstance(members, Sequence) and not isinstance(members, str)
        if not listed or not members or not all(isinstance(n, str) for n in members):
            raise InputError(f"{key}.{name}", f"a list of {of}, at least one", members)
        found[name] = tuple(members)
    every = [member for members in found.values() for member in members]
    for member in every:
        if every.count(member) > 1:
            raise InputError(key, f"with each of the {of} in one of them", member)
    return found


def require_wires(device: "Device") -> None:
    """Refuse wires that are none, and drives that do not go together.

    Raises:
        InputError: a region that is no metal or belongs to no wire, wires beside contacts, a name used twice.
    """
    if device.wires:
        if device.contacts:
            raise InputError("wires", "left out where contacts are given", list(device.wires))
        wire_axes(device.shape.axes)
        for name, members in device.wires.items():
            for region in members:
                if region not in device.conductors:
                    raise unknown_name(f"wires.{name}", region, device.conductors)
        used = {region for members in device.wires.values() for region in members}
        if idle := [region for region in device.conductors if region not in used]:
            raise InputError("wires", "with every metal in one of them", idle, "a wire without current is open")
    if device.heat_contacts and HEAT not in device.transport:
        raise InputError("heat_contacts", "left out where heat is not solved for", list(device.heat_contacts))
    if HEAT in device.transport and not device.heat_contacts and not sinks(device):
        must = "given: temperatures need a place where the lattice is at T_0"
        raise InputError("heat_contacts", must, "nothing", 'e.g. heat_contacts = {"bath": ["bottom"]}')
    if HEAT in device.transport and not device.wires and not device.terminals:
        must = "given, with every metal in one of them, for a film with heat contacts"
        raise InputError("wires", must, "nothing", 'e.g. wires = {"Pt": ["Pt"]}')
    for name in (*device.wires, *device.terminals):
        if name in device.heat_contacts:
            raise InputError(f"heat_contacts.{name}", "a name of its own", "that of a wire or terminal")


def wire_axes(axes: Sequence[str]) -> tuple[str, ...]:
    """Axes in which a mesh with these axes is invariant and wires can lie, that of the current first."""
    found = tuple(axis for axis in "xy" if axis not in axes)
    if not found:
        must = "along x or y, in which the device is invariant"
        raise InputError("wires", must, f"a device with axes {', '.join(axes)}", "use contacts")
    return found


def wire_gradients(device: "Device", mesh: TaggedMesh | Layers) -> tuple[Gradient, ...]:
    """The fields of all wires."""
    along = wire_axes(mesh.axes)
    periodic: Mapping[str, IntArray] = {} if isinstance(mesh, Layers) else mesh.periodic
    return tuple(
        Gradient("u", axis, tuple(regions), name)
        for name, regions in device.wires.items()
        for axis in (*along, *periodic)
        if axis in along or _reaches(mesh, regions, periodic[axis])
    )


def _reaches(mesh: TaggedMesh | Layers, regions: Sequence[str], pairs: IntArray) -> bool:
    """Whether some regions are at both ends of a periodic axis: only there a field along it drives a current."""
    if isinstance(mesh, Layers):
        return False
    points = np.concatenate([np.ravel(mesh.cells[mesh.region_cells(region)]) for region in regions])
    return bool(np.any(np.isin(pairs[:, 0], points) & np.isin(pairs[:, 1], points)))


def wire_drive(device: "Device", mesh: TaggedMesh | Layers, name: str) -> str:
    """Name of the drive of a wire along its current; InputError with the nearest name."""
    if not device.wires:
        raise InputError("wires", "given, to ask for one", "none", 'wires = {"Pt": ["Pt"]} of the device')
    if name not in device.wires:
        raise unknown_name("wire", name, device.wires)
    return Gradient("u", wire_axes(mesh.axes)[0], tuple(device.wires[name]), name).name


def heat_terminals(device: "Device", mesh: TaggedMesh | Layers) -> dict[str, Terminal]:
    """Heat contacts in the terms of the equations.

    Raises:
        InputError: a face that does not exist, or is not an outer one.
    """
    for name, faces in device.heat_contacts.items():
        for face in faces:
            if face not in mesh.face_names:
                raise unknown_name(f"heat_contacts.{name}", face, mesh.face_names)
            if len(mesh.face_regions(face)) != 1:
                raise InputError(f"heat_contacts.{name}", "on outer faces", face)
    return {
        name: Terminal(
            tuple(faces),
            LATTICE_HEAT.name,
            (ELECTRON_HEAT.name,) if any(mesh.face_regions(f)[0] in device.conductors for f in faces) else (),
        )
        for name, faces in device.heat_contacts.items()
    }


def require_separate(device: "Device", problem: Problem) -> None:
    """Refuse wires that touch: metals that exchange charge have one field."""
    number = conductors(problem)
    wire_of = {region: name for name, regions in device.wires.items() for region in regions}
    first: dict[int, str] = {}
    for region, body in number.items():
        if region in wire_of and first.setdefault(body, wire_of[region]) != wire_of[region]:
            must = f"of metals that no charge reaches from the wire {first[body]}"
            raise InputError(f"wires.{wire_of[region]}", must, region, "put both into one wire")


def require_sinks(device: "Device", problem: Problem) -> None:
    """Refuse bodies whose temperature nothing sets: no heat contact in reach of their lattice.

    Raises:
        InputError: the message names their regions.
    """
    if HEAT not in device.transport:
        return
    body = {name: {name} for name in problem.regions}
    for name, face in problem.faces.items():
        regions = problem.mesh.face_regions(name)
        carry = (any(field.name in side.fields for field in CARRIERS.values()) for side in face.law.sides)
        if len(regions) == 2 and all(carry) and not is_shut(device, name, regions):
            whole = body[regions[0]] | body[regions[1]]
            body |= dict.fromkeys(whole, whole)
    faces = [face for faces in device.heat_contacts.values() for face in faces]
    faces += [face for face in sinks(device) if len(problem.mesh.face_regions(face)) == 1]
    reached = {region for face in faces for region in body[problem.mesh.face_regions(face)[0]]}
    if alone := sorted(set(problem.regions) - reached):
        must = "such that heat reaches one of them from every region: temperatures are not determined otherwise"
        raise InputError("heat_contacts", must, f"none for {', '.join(alone)}")


def amplitudes(device: "Device", problem: Problem, wiring: Wiring) -> dict[str, Array]:
    """Drive -> given field [V/m] or relative temperature, of wires and heat contacts."""
    mesh, t0 = problem.mesh, np.ravel(problem.temperature)
    found = {wire_drive(device, mesh, name): np.asarray(e) for name, e in wiring.wire_fields.items()}
    contacts = (n for n in device.heat_contacts if n not in wiring.heats)
    return found | {name: wiring.temperatures.get(name, 0.0) / t0 for name in contacts}


def fluxes(device: "Device", mesh: TaggedMesh | Layers, wiring: Wiring) -> dict[str, float]:
    """Drive -> given current of a wire, or heat into the device at a contact, which is the flux gained there."""
    found = {wire_drive(device, mesh, name): amount for name, amount in wiring.wire_currents.items()}
    return found | dict(wiring.heats)
