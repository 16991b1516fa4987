"""The conductances of one interface of a device, as numbers."""

from typing import TYPE_CHECKING

import numpy as np

from hanle.boundary.b_layer import CONDUCTANCES, Conductances
from hanle.face_laws import CLOSED, interface_conductances
from hanle.materials.records import MagneticInsulator
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.problem import Face
from hanle.profiles import varies
from hanle.spin_orbit import SpinOrbit

if TYPE_CHECKING:
    from hanle.device import Device


def uniform_conductances(device: "Device", face: str) -> Conductances:
    """G_s, G_r, G_i [S/m^2] of a face metal | magnet at the device's field and temperature.

    Raises:
        InputError: no such face, a face without this law, or one over which something varies.
    """
    regions = _open_faces(device)
    if face not in regions:
        raise unknown_name("face", face, regions)
    metal, magnet = regions[face]
    choice = device.interfaces.get(face)
    given = [getattr(choice, name) for name in CONDUCTANCES] if isinstance(choice, Conductances) else []
    keys = (f"{metal}.resistivity", *(f"{face}.{name}" for name in CONDUCTANCES))
    scalars = [*given, *(device.profiles[key] for key in keys if key in device.profiles)]
    vectors = [device.field, *(m for name, m in device.magnetisation.items() if name == magnet)]
    if any(varies(x, 1) for x in scalars) or any(varies(v, 3) for v in vectors):
        raise InputError("face", "one over which nothing varies", face, "see the ranges that `hanle check` prints")
    g = interface_conductances(device, face, metal, magnet, np.zeros((1, 3)), device.conditions)
    return Conductances(*(float(np.ravel(getattr(g, name))[0]) for name in CONDUCTANCES))


def _open_faces(device: "Device") -> dict[str, tuple[str, str]]:
    """Face -> (metal, magnet), for all faces with the b-layer law."""
    mesh = device.shape.mesh()
    found = {}
    for face in mesh.face_names:
        regions = mesh.face_regions(face)
        metals = [r for r in regions if r in device.conductors]
        magnets = [r for r in regions if isinstance(device.materials.get(r), MagneticInsulator)]
        choice = device.interfaces.get(face)
        if (
            len(metals) == 1
            and len(magnets) == 1
            and choice != CLOSED
            and not isinstance(choice, (Face, SpinOrbit))
        ):
            found[face] = (metals[0], magnets[0])
    return found
