"""Which length a mesh has to resolve in each region."""

from typing import TYPE_CHECKING

import numpy as np

from hanle.build import metal_bulk
from hanle.conditions import Conditions
from hanle.profiles import varies

if TYPE_CHECKING:
    from hanle.device import Device


def decay_lengths(device: "Device", conditions: Conditions) -> dict[str, float]:
    """Metal -> shortest decay length [m]; what varies in space is sampled at the cell centres of a coarse mesh."""
    local = any(varies(p, 1) for p in device.profiles.values()) or varies(device.field, 3)
    coarse = device.shape.mesh(resolve={}) if local else None
    if coarse is not None:
        conditions = conditions.on_cells(coarse)
    found = {}
    for name in device.metals:
        points = np.zeros((1, 3)) if coarse is None else coarse.centres(name)
        lengths = metal_bulk(device, name, points, conditions).decay_lengths
        if lengths:
            found[name] = min(lengths)
    return found
