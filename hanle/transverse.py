"""Warnings about spin across m: where it would live in a ferromagnet as long as in a normal metal, or not get there.

Without exchange length and dephasing length a ferromagnetic metal does not turn the spin across its magnetisation,
which decays over lambda_sf. Where all spin is along m (a pillar with collinear magnets) neither length matters; where
spin across m can come, magnets absorb it within about a nanometre, and torque and resistance depend on it. The same
holds for the mixing conductance of a circuit interface, without which such spin stays in the normal metal.
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
    """Spin across the magnetisation of a ferromagnet meets no more than in a normal metal, or does not get there."""


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


def warn_if_unmixed(device: "Device", mesh: TaggedMesh | Layers, conditions: Conditions) -> tuple[str, ...]:
    """The circuits without G_mix that spin across m can reach, each with a `TransverseSpinWarning`."""
    found = []
    for face in mesh.face_names:
        regions, law = mesh.face_regions(face), device.interfaces.get(face)
        magnets = [r for r in regions if isinstance(device.materials[r], FerromagneticMetal)]
        if not isinstance(law, Circuit) or len(magnets) != 1 or callable(law.G_mix) or np.any(law.G_mix):
            continue
        normal = next(r for r in regions if r != magnets[0])
        conducts = any(callable(g) or np.any(g) for g in (law.G_up, law.G_dn))
        if conducts and _across(device, mesh, conditions, magnets[0], _joined(device, mesh, normal)):
            found.append(face)
            warnings.warn(
                f"interfaces.{face} has no G_mix: spin across the magnetisation of {magnets[0]} is not absorbed there, "
                "so that no torque is handed over - give G_mix; its real part is at least (G_up + G_dn)/2 as long as "
                "the conductances are those of scattering theory",
                TransverseSpinWarning,
                stacklevel=2,
            )
    return tuple(found)


def _has_lengths(device: "Device", name: str, record: FerromagneticMetal) -> bool:
    lengths = ("exchange_length", "dephasing_length")
    return any(getattr(record, n) is not None or f"{name}.{n}" in device.profiles for n in lengths)


def _reached(device: "Device", mesh: TaggedMesh | Layers, conditions: Conditions, name: str) -> bool:
    """Whether spin in a magnet need not be along its m."""
    return _across(device, mesh, conditions, name, _joined(device, mesh, name))


def _across(
    device: "Device", mesh: TaggedMesh | Layers, conditions: Conditions, name: str, joined: set[str]
) -> bool:
    """Whether spin in some metals need not be along the m of a magnet: by spin Hall effect, other magnets or fields."""
    if any(_has_spin_hall(device, metal) for metal in joined):
        return True
    local = conditions.on_cells(mesh)
    axis = _directions(local, name, centres(mesh, name))[:, :1]
    touching = [mesh.face_regions(f) for f in mesh.face_names if device.interfaces.get(f) != CLOSED]
    beside = {r for regions in touching if joined & set(regions) for r in regions}
    vectors = [_directions(local, n, centres(mesh, n)) for n in device.magnets if n in beside]
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
