"""Does a mesh that was given belong to the shape of a device? Read-outs take their sizes from the shape."""

from typing import TYPE_CHECKING

import numpy as np

from hanle.meshes.files import MeshShape
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array
from hanle.shapes import UserShape

if TYPE_CHECKING:
    from hanle.device import Device

#: Ends closer than this part of the extent of the shape are the same.
SAME = 1e-9
#: What to do with a mesh of another shape.
CURE = "make it with device.mesh(...)"


def require_fit(device: "Device", mesh: TaggedMesh) -> None:
    """Refuse a mesh whose axes, regions or extents differ from those of the device's shape.

    Compared are the ends along each axis of every region and of the faces of every terminal, with those of a coarse
    mesh of the shape. A shape from a mesh file has no sizes of its own and takes any mesh.

    Raises:
        InputError: the mesh is one of another shape; the message names the extents.
    """
    shape = device.shape.shape if isinstance(device.shape, UserShape) else device.shape
    if isinstance(shape, MeshShape):
        return
    for key, names, given in (("axes", shape.axes, mesh.axes), ("regions", shape.regions, mesh.regions)):
        if sorted(names) != sorted(given):
            raise InputError(
                "mesh", f"of the device's shape, with {key} {', '.join(names)}", ", ".join(given), CURE
            )
    own = shape.mesh()
    size = np.ptp(own.points, axis=0)
    order = [mesh.axes.index(axis) for axis in own.axes]
    faces = sorted({face for faces in device.terminals.values() for face in faces} & {*own.faces} & {*mesh.faces})
    for place in (*own.regions, *faces):
        wanted, found = _ends(own, place), _ends(mesh, place)[:, order]
        if np.any(np.abs(found - wanted) > SAME * size):
            must = f"of the device's shape, where {place} has the extents {_said(own.axes, wanted)}"
            raise InputError("mesh", must, _said(own.axes, found), CURE)


def _ends(mesh: TaggedMesh, place: str) -> Array:
    """Lowest and highest coordinates (2, axes) [m] of a region or face."""
    nodes = mesh.cells[mesh.region_cells(place)] if place in mesh.regions else mesh.faces[place].nodes
    points = mesh.points[np.unique(nodes)]
    return np.stack([points.min(axis=0), points.max(axis=0)])


def _said(axes: tuple[str, ...], ends: Array) -> str:
    return ", ".join(
        f"{axis} {low:.6g} to {high:.6g} m" for axis, low, high in zip(axes, *ends.tolist(), strict=True)
    )
