"""Which length a mesh has to resolve in each region."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from hanle.conditions import Conditions
from hanle.media import region_law
from hanle.profiles import varies

if TYPE_CHECKING:
    from hanle.device import Device


def decay_lengths(device: "Device", conditions: Conditions) -> dict[str, float]:
    """Region with unknowns -> shortest decay length [m].

    What varies in space is sampled at the cell centres of a coarse mesh.
    """
    textures = [m for name, m in device.magnetisation.items() if name in device.conductors]
    local = any(varies(p, 1) for p in device.profiles.values())
    local |= any(varies(vector, 3) for vector in (device.field, *textures))
    coarse = device.shape.mesh(resolve={}) if local else None
    if coarse is not None:
        conditions = conditions.on_cells(coarse)
    found = {}
    for name in device.materials:
        points = np.zeros((1, 3)) if coarse is None else coarse.centres(name)
        law = region_law(device, name, points, conditions)
        if law is not None and law.decay_lengths:
            found[name] = min(law.decay_lengths)
    return found


def shortest(lengths: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Region -> the shortest of several lengths."""
    found: dict[str, float] = {}
    for one in lengths:
        found |= {name: min(length, found.get(name, length)) for name, length in one.items()}
    return found
