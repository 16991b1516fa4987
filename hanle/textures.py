"""Magnetisation textures: OVF files (OOMMF, mumax3) as a device takes them and a device file keeps them; m in space.

    magnetisation = {"Py": hanle.read_ovf("wall.ovf", uniform="z")}
    [magnetisation]
    Py = { ovf = "wall.ovf", sha256 = "...", uniform = "z", smooth = false, shift = ["0 nm", "5 nm", "0 nm"] }

In a file sha256 may be left out; it is written, and checked where it is given.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree

from hanle.conditions import Conditions
from hanle.meshes.layered import Layers
from hanle.meshes.ovf import Texture
from hanle.meshes.ovf import read_ovf as read_grid
from hanle.options import require_known
from hanle.pde.errors import InputError
from hanle.pde.quantity import exact, parse
from hanle.pde.tensors import Array
from hanle.region_data import Direction
from hanle.stored import Store, checked_bytes

if TYPE_CHECKING:
    from hanle.results import Result

OVF = "ovf"
_KEYS = (OVF, "sha256", "smooth", "uniform", "shift")


@dataclass(frozen=True)
class OvfTexture:
    """m(points): unit vectors (n, 3) at points (n, 3) [m]; made by `read_ovf`. Equal where file and arguments are.

    Attributes:
        path: of the file, absolute.
        sha256: of its content when it was read.
        smooth, uniform, shift: as in `read_ovf`.
        texture: the directions.
    """

    path: str
    sha256: str
    smooth: bool
    uniform: str
    shift: tuple[float, float, float]
    texture: Texture = field(compare=False, repr=False)

    def __call__(self, points: ArrayLike) -> Array:
        return self.texture(points)

    def table(self, store: Store, key: str) -> dict[str, Any]:
        """What `read_table` reads back."""
        found: dict[str, Any] = {OVF: store.name(Path(self.path), self.sha256, key), "sha256": self.sha256}
        found |= {} if self.smooth else {"smooth": False}
        found |= {"uniform": self.uniform} if self.uniform else {}
        return found | ({"shift": [exact(x, "length") for x in self.shift]} if any(self.shift) else {})


def read_ovf(
    path: str | os.PathLike[str],
    *,
    smooth: bool = True,
    uniform: str = "",
    shift: Sequence[float | str] = (0.0, 0.0, 0.0),
) -> OvfTexture:
    """The directions in an OVF file (1.0 or 2.0, text or binary, rectangular mesh) as a function of position.

    Args:
        smooth: trilinear between the centres of the cells, else the value of the nearest cell.
        uniform: axes ("z") along which one layer of cells stands for all places.
        shift: what to add to the coordinates of the file, lengths.

    Raises:
        InputError: a file that cannot be read; the message names it. When a point of the device lies outside the grid
            of the file, or where the file has no magnet, solving raises `hanle.HanleError`.
    """
    if isinstance(shift, str) or len(shift) != 3:
        raise InputError("shift", "three lengths (x, y, z)", shift)
    moved = tuple(parse(x, "length", f"shift.{axis}") for x, axis in zip(shift, "xyz", strict=True))
    grid = read_grid(path)
    digest = sha256(Path(path).read_bytes()).hexdigest()
    texture = grid.texture(smooth=smooth, uniform=uniform, shift=np.array(moved))
    return OvfTexture(os.path.abspath(path), digest, bool(smooth), uniform, moved, texture)  # type: ignore[arg-type]


def read_table(table: Mapping[str, Any], key: str, folder: Path | None) -> OvfTexture:
    """The texture of a table {ovf = "x.ovf", ...} in a device file; its path counts from `folder`.

    Raises:
        InputError: as `read_ovf`, an unknown key, or another hash.
    """
    require_known(key, table, _KEYS)
    path = Path(folder or ".", str(table[OVF]))
    if "sha256" in table:
        checked_bytes(path, table["sha256"], key)
    options = {name: table[name] for name in ("smooth", "uniform", "shift") if name in table}
    for name, kind, must in (("smooth", bool, "true or false"), ("uniform", str, 'axes, e.g. "z"')):
        if not isinstance(options.get(name, kind()), kind):
            raise InputError(f"{key}.{name}", must, options[name])
    try:
        return read_ovf(path, **options)
    except InputError as error:
        raise error.within(f"{key}.") from error


def directions(result: "Result", index: int = 0) -> dict[str, Direction]:
    """Magnet -> m as a function of position, for files.

    Without magnets that have no direction (paramagnets without field) and insulators given one per facet.

    Args:
        index: position along the batch axis.
    """
    device, mesh = result.device, result.mesh
    conditions = (result.conditions or device.conditions).on_cells(mesh)
    found: dict[str, Direction] = {}
    for name in (n for n in device.magnets if n in mesh.regions):
        given = conditions.magnetisation.get(name)
        array = isinstance(given, np.ndarray) and given.ndim == 2
        points = np.zeros((1, 3)) if isinstance(mesh, Layers) else mesh.centres(name)
        if given is None and not np.all(np.any(conditions.field_at(points), axis=-1)):
            continue
        if array and name not in device.conductors:
            continue
        found[name] = _nearest(conditions, name, points) if array else _anywhere(conditions, name, index)
    return found


def _anywhere(conditions: Conditions, name: str, index: int) -> Direction:
    def m(points: Array) -> Array:
        vectors = conditions.magnetisation_at(name, points)
        if vectors.ndim == 3:
            vectors = vectors[min(index, len(vectors) - 1), 0]
        return np.array(np.broadcast_to(vectors, points.shape))

    return m


def _nearest(conditions: Conditions, name: str, centres: Array) -> Direction:
    """m given per cell: that of the nearest one."""
    tree, vectors = cKDTree(centres), conditions.magnetisation_at(name, centres)
    return lambda points: np.asarray(vectors[tree.query(points)[1]])
