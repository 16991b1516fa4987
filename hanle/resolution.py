"""Which lengths a mesh has to resolve: near faces the shortest one of each region, and the way of magnons to others.

A signal that decays as exp(-L/lambda) over cells of the size h of first order comes out wrong by the part
(L/lambda) (h/lambda)^2/24: between wires on a film that carries magnons cells are bounded so that this stays below
LATERAL_ERROR, and by lambda/3.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hanle.conditions import Conditions
from hanle.media import region_law
from hanle.meshes.shapes import BlockShape
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.coefficients import Bulk, dense
from hanle.pde.fields import MAGNON
from hanle.profiles import varies
from hanle.shapes import UserShape
from hanle.transport import MAGNONS, carried

if TYPE_CHECKING:
    from hanle.device import Device

#: Part by which the decay of magnons between wires may be wrong on a mesh of first order.
LATERAL_ERROR = 0.02
#: Decay lengths after which nothing is left to be resolved, and most cells along an axis that this may ask for.
FURTHEST, MOST_CELLS = 40.0, 2000


def resolving_mesh(
    devices: Sequence["Device"],
    conditions: Conditions,
    options: Mapping[str, Any] | None = None,
    omega: float = 0.0,
) -> TaggedMesh:
    """One mesh for devices of one shape, for the shortest lengths of them all.

    Args:
        options: of the shape's `mesh`.
        omega: of an alternating drive [rad/s], under which fields change over shorter lengths.
    """
    shape = devices[0].shape
    lengths = shortest(decay_lengths(device, conditions, omega) for device in devices)
    bounds = shortest(lateral_bounds(device, conditions) for device in devices)
    given = dict(options or {})
    if bounds:
        given["bounds"] = bounds | dict(given.get("bounds", {}))
    found: TaggedMesh = shape.mesh(resolve=lengths, **given)
    return found


def decay_lengths(device: "Device", conditions: Conditions, omega: float = 0.0) -> dict[str, float]:
    """Region with unknowns -> shortest decay length [m], under a drive of e^{i omega t}.

    What varies in space is sampled at the cell centres of a coarse mesh.
    """
    return {name: min(lengths) for name, lengths in _all_lengths(device, conditions, omega).items()}


def lateral_bounds(device: "Device", conditions: Conditions) -> dict[str, float]:
    """Axis along the layers -> largest cell [m], for magnons on their way between metals; empty without."""
    shape = device.shape.shape if isinstance(device.shape, UserShape) else device.shape
    if MAGNONS not in device.transport or not isinstance(shape, BlockShape):
        return {}
    magnets = [name for name in device.materials if MAGNON in carried(device, name).fields]
    lengths = _all_lengths(device, conditions)
    length = min(max(lengths[name]) for name in magnets)
    found = {}
    for a, axis in enumerate(shape.axes):
        ends = [(b.low[a], b.high[a]) for b in shape.blocks if b.region in device.conductors]
        way = max((low for low, _ in ends), default=0.0) - min((high for _, high in ends), default=0.0)
        if axis in shape.lateral and way > 0:
            lowest, highest = shape.extent[axis]
            lossless = np.sqrt(24 * LATERAL_ERROR / min(way / length, FURTHEST))
            found[axis] = max(length * min(lossless, 1 / 3), (highest - lowest) / MOST_CELLS)
    return found


def shortest(lengths: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Name -> the shortest of several lengths."""
    found: dict[str, float] = {}
    for one in lengths:
        found |= {name: min(length, found.get(name, length)) for name, length in one.items()}
    return found


def _all_lengths(device: "Device", conditions: Conditions, omega: float = 0.0) -> dict[str, tuple[float, ...]]:
    """Region with unknowns -> its decay lengths [m]."""
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
        lengths = () if law is None else (*law.decay_lengths, *(_waves(law, omega) if omega else ()))
        if lengths:
            found[name] = lengths
    return found


def _waves(law: Bulk, omega: float) -> tuple[float, ...]:
    """The shortest 1/|k| [m] of solutions e^{kz + i omega t}: k^2 are the eigenvalues of A^-1 (R + i omega C)."""
    size = (law.fields.size,) * 2
    conducts = np.trace(dense(law.A, (3, 3), size), axis1=-4, axis2=-3) / 3
    loses = dense(law.R, (), size) + 1j * omega * dense(law.C, (), size)
    live = np.flatnonzero(np.all(np.diagonal(conducts, axis1=-2, axis2=-1) > 0, axis=(0, 1, 2)))
    a, r = (matrix[..., live[:, None], live] for matrix in (conducts, loses))
    squares = np.abs(np.linalg.eigvals(np.linalg.solve(a, r)))
    largest = float(np.max(squares, initial=0.0))
    return (largest**-0.5,) if largest > 0 else ()
