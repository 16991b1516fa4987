"""A device becomes a problem: media for materials, default laws for pairs of media, drives and terminals.

This is the only place that knows both what things are made of and how the equations are put.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from hanle.boundary.b_layer import CONDUCTANCES
from hanle.conditions import Conditions
from hanle.face_laws import CLOSED, face_law
from hanle.media import region_law
from hanle.meshes.layered import Layers
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.problem import Face, Gradient, Problem, Terminal
from hanle.pde.tensors import Array
from hanle.spin_orbit import SpinOrbit
from hanle.wires import heat_terminals, require_separate, require_sinks, wire_gradients

if TYPE_CHECKING:
    from hanle.device import Device


def problem(device: "Device", mesh: TaggedMesh | Layers, conditions: Conditions | None = None) -> Problem:
    """The problem of a device on a mesh.

    Args:
        conditions: those of the device if None; a batch for engines that take one.

    Raises:
        InputError: a region without material, a quantity out of range, a magnet without direction.
    """
    conditions = (conditions or device.conditions).on_cells(mesh)
    _check_regions(device, mesh)
    _check_faces(device, mesh)
    _check_magnets(device, mesh)
    found = Problem(
        mesh=mesh,
        regions={
            name: law
            for name in device.materials
            if name in mesh.regions
            if (law := region_law(device, name, centres(mesh, name), conditions)) is not None
        },
        faces=_faces(device, mesh, conditions),
        terminals={name: Terminal(faces) for name, faces in device.terminals.items()}
        | heat_terminals(device, mesh),
        gradients=wire_gradients(device, mesh) if device.wires else _gradients(device, mesh),
        temperature=conditions.temperature,
    ).without(*device.without)
    require_separate(device, found)
    require_sinks(device, found)
    return found


def _faces(device: "Device", mesh: TaggedMesh | Layers, conditions: Conditions) -> dict[str, Face]:
    found = {name: face_law(device, mesh, name, conditions) for name in mesh.face_names}
    return {name: face for name, face in found.items() if face is not None}


def centres(mesh: TaggedMesh | Layers, region: str) -> Array:
    """Cell centres (n, 3); for a layer one point at the origin (its coefficients cannot vary inside)."""
    return np.zeros((1, 3)) if isinstance(mesh, Layers) else mesh.centres(region)


def magnetisation_in(conditions: Conditions, mesh: TaggedMesh | Layers, region: str) -> Array:
    """m in the cells of a magnet: (batch or 1, cells or 1, 3)."""
    m = conditions.on_cells(mesh).magnetisation_at(region, centres(mesh, region))
    return m if m.ndim == 3 else m.reshape(1, -1, 3)


def _gradients(device: "Device", mesh: TaggedMesh | Layers) -> tuple[Gradient, ...]:
    """Without terminals macroscopic fields drive, along x and y where the device is invariant or periodic."""
    if device.terminals:
        return ()
    periodic: Mapping[str, object] = {} if isinstance(mesh, Layers) else mesh.periodic
    found = tuple(Gradient("u", axis) for axis in "xy" if axis not in mesh.axes or axis in periodic)
    if not any(g.axis == "x" for g in found):
        must = "given where the device is not invariant along x"
        raise InputError("terminals", must, "none", "name outer faces: shape.terminals of a mesh, or [contacts]")
    return found


def _check_regions(device: "Device", mesh: TaggedMesh | Layers) -> None:
    for name in mesh.regions:
        if name not in device.materials:
            raise InputError(f"materials.{name}", "given: the shape has this region", "nothing")
    if not device.conductors:
        raise InputError("materials", "at least one metal", list(device.materials), "insulators carry no current")


def _check_magnets(device: "Device", mesh: TaggedMesh | Layers) -> None:
    """Every insulating magnet that is given a direction touches a metal that could feel it."""
    for name in (n for n in device.magnetisation if n not in device.conductors):
        beside = {
            region
            for face in mesh.face_names
            for region in mesh.face_regions(face)
            if name in mesh.face_regions(face)
        }
        if not beside & {*device.conductors}:
            must = "left out: the magnet touches no metal, so that its direction changes nothing"
            raise InputError(f"magnetisation.{name}", must, device.magnetisation[name])


def _check_faces(device: "Device", mesh: TaggedMesh | Layers) -> None:
    """Every face that the device names exists and can take what is said about it."""
    known = mesh.face_names
    contacted = {face for faces in device.terminals.values() for face in faces}
    for name, choice in device.interfaces.items():
        if name not in known:
            raise unknown_name(f"interfaces.{name}", name, known)
        if (choice == CLOSED or isinstance(choice, SpinOrbit)) and name in contacted:
            raise InputError(f"interfaces.{name}", "left out: the face is a contact", choice)
    for key in device.profiles:
        face, _, quantity = key.rpartition(".")
        if quantity not in CONDUCTANCES:
            continue
        if face not in known:
            raise unknown_name(f"profiles.{key}", face, known)
        conducts = {device.materials[r].conducts for r in mesh.face_regions(face)}
        if conducts != {True, False} or device.interfaces.get(face) == CLOSED:
            raise InputError(f"profiles.{key}", "of an open face between metal and magnet", face)
