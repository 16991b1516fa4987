"""The warning for ferromagnets in which spin across m would live as long as in a normal metal.

Without exchange length and dephasing length a ferromagnetic metal does not turn the spin across its magnetisation,
which decays over lambda_sf. Where all spin is along m (a pillar with collinear magnets) neither length matters; where
spin across m can come, magnets absorb it within about a nanometre, and torque and resistance depend on it.
"""

import warnings
from typing import TYPE_CHECKING

import numpy as np

from hanle.boundary.circuit import Circuit
from hanle.build import centres
from hanle.conditions import Conditions
from hanle.face_laws import CLOSED
from hanle.materials.conductors import Conductor
from hanle.materials.records import FerromagneticMetal
from hanle.meshes.layered import Layers
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.tensors import Array, unit
from hanle.spin_orbit import SpinOrbit

if TYPE_CHECKING:
    from hanle.device import Device

#: Sine of the angle up to which two directions are one.
COLLINEAR = 1e-6


class TransverseSpinWarning(UserWarning):
    """Spin across the magnetisation of a ferromagnet meets no more than in a normal metal."""


def warn_if_undamped(device: "Device", mesh: TaggedMesh | Layers, conditions: Conditions) -> tuple[str, ...]:
    """The ferromagnets without either length that spin across m can reach, each with a `TransverseSpinWarning`."""
    found = tuple(
        name
        for name, record in device.materials.items()
        if isinstance(record, FerromagneticMetal)
        and name in mesh.regions
        and (record.P != 0 or f"{name}.polarisation" in device.profiles)
        and not _has_lengths(device, name, record)
        and _reached(device, mesh, conditions, name)
    )
    for name in found:
        warnings.warn(
            f"{name} has neither exchange_length nor dephasing_length: spin across its magnetisation does not precess "
            "and decays over diffusion_length only, as in a normal metal, so that torques reach too deep - give at "
            f'least one of them in materials.{name}; in Co, Fe and Ni they are "1 nm" to "5 nm"',
            TransverseSpinWarning,
            stacklevel=2,
        )
    return found


def _has_lengths(device: "Device", name: str, record: FerromagneticMetal) -> bool:
    lengths = ("exchange_length", "dephasing_length")
    return any(getattr(record, n) is not None or f"{name}.{n}" in device.profiles for n in lengths)


def _reached(device: "Device", mesh: TaggedMesh | Layers, conditions: Conditions, name: str) -> bool:
    """Whether spin in a magnet need not be along its m."""
    joined = _joined(device, mesh, name)
    if any(_has_spin_hall(device, metal) for metal in joined):
        return True
    local = conditions.on_cells(mesh)
    axis = _directions(local, name, centres(mesh, name))[:, :1]
    magnets = [n for n in device.magnets if n in joined or (n in mesh.regions and n not in device.conductors)]
    vectors = [_directions(local, n, centres(mesh, n)) for n in magnets]
    vectors += [_stacked(unit(local.field_at(centres(mesh, n)))) for n in joined]
    return any(np.any(np.linalg.norm(np.cross(axis, v), axis=-1) > COLLINEAR) for v in vectors)


def _joined(device: "Device", mesh: TaggedMesh | Layers, name: str) -> set[str]:
    """A magnet and the metals from which spin across m can reach it: circuits hand a magnet spin along its m only."""
    found, new = {name}, [name]
    while new:
        here = new.pop()
        for face in mesh.face_names:
            regions, choice = mesh.face_regions(face), device.interfaces.get(face)
            magnetic = any(isinstance(device.materials[r], FerromagneticMetal) for r in regions)
            if here not in regions or choice == CLOSED or (isinstance(choice, Circuit | SpinOrbit) and magnetic):
                continue
            beside = [r for r in regions if r in device.conductors and r not in found]
            found.update(beside)
            new += beside
    return found


def _has_spin_hall(device: "Device", metal: str) -> bool:
    record = device.materials[metal]
    return f"{metal}.spin_hall_angle" in device.profiles or (isinstance(record, Conductor) and record.theta != 0)


def _directions(conditions: Conditions, magnet: str, points: Array) -> Array:
    """m (batch or 1, n, 3), 0 where nothing sets it."""
    given = conditions.magnetisation.get(magnet)
    if given is None:
        return _stacked(unit(conditions.field_at(points)))
    if isinstance(given, np.ndarray) and given.ndim == 2:
        return unit(given)[None]  # per cell, or per facet of an insulator
    return _stacked(conditions.magnetisation_at(magnet, points))


def _stacked(vectors: Array) -> Array:
    """(batch or 1, n or 1, 3)."""
    return vectors if vectors.ndim == 3 else vectors.reshape(1, -1, 3)
