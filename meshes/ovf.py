"""Magnetisation textures from OVF files (OOMMF, mumax3 and others): versions 1.0 and 2.0, text, binary 4 and 8.

Rectangular meshes only. The lengths of a file are multiplied by its `meshunit`; values by its `valuemultiplier`.
Binary data are big-endian in version 1 and little-endian in version 2; x runs fastest, then y, then z.
Source: the file format chapter of the OOMMF user's guide.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.errors import InputError
from hanle.pde.tensors import Array, unit

#: Names of the ways to write the data.
REPRESENTATIONS = {"text": "Text", "binary4": "Binary 4", "binary8": "Binary 8"}
#: The number that begins binary data, by the bytes of a number.
CHECK = {4: 1234567.0, 8: 123456789012345.0}
#: Ends of the first line in version 1; the format takes the older ones for the same.
VERSION_1 = ("v1.0", "v1.00", "ovf 1.0", "v0.99", "v0.0a0")
#: Units of the mesh.
METRES = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6, "µm": 1e-6, "nm": 1e-9}
#: Part of a cell by which a point may lie outside the grid.
EDGE = 1e-6


@dataclass(frozen=True, eq=False)
class VectorGrid:
    """Vectors on a rectangular grid.

    Attributes:
        base: centre of the first cell (3,) [m].
        step: edges of the cells (3,) [m], > 0.
        values: (nx, ny, nz, 3), in the unit of the file; zero where there is no magnet.
    """

    base: Array
    step: Array
    values: Array

    @property
    def nodes(self) -> tuple[int, ...]:
        """Numbers of cells along x, y, z."""
        return self.values.shape[:3]

    @property
    def points(self) -> Array:
        """Centres of the cells (n, 3) [m], x fastest."""
        axes = (b + s * np.arange(n) for b, s, n in zip(self.base, self.step, self.nodes, strict=True))
        return np.stack([c.ravel(order="F") for c in np.meshgrid(*axes, indexing="ij")], axis=-1)

    @property
    def vectors(self) -> Array:
        """Values (n, 3) in the order of `points`."""
        return self.values.reshape(-1, 3, order="F")

    def texture(self, *, smooth: bool = True, uniform: str = "", shift: ArrayLike = (0.0, 0.0, 0.0)) -> "Texture":
        """The directions as a function of the place.

        Args:
            smooth: trilinear between the centres of the cells, else the value of the nearest cell.
            uniform: axes ("z") along which one layer of cells stands for all places.
            shift: what to add to the coordinates of the file [m].
        """
        for axis in uniform:
            if axis not in "xyz" or self.nodes["xyz".index(axis)] != 1:
                raise InputError("uniform", "axes along which the file has one cell", axis, f"cells: {self.nodes}")
        moved = VectorGrid(self.base + np.asarray(shift, dtype=float), self.step, unit(self.values))
        return Texture(moved, smooth, tuple("xyz".index(a) for a in uniform))


@dataclass(frozen=True, eq=False)
class Texture:
    """m(points): unit vectors (n, 3) at points (n, 3) [m]; made by `VectorGrid.texture`.

    Raises:
        InputError: a point outside the grid, or where the file has no magnet.
    """

    grid: VectorGrid
    smooth: bool
    uniform: tuple[int, ...]

    def __call__(self, points: ArrayLike) -> Array:
        places = np.atleast_2d(np.asarray(points, dtype=float))
        counts = np.array(self.grid.nodes)
        cells = (places - self.grid.base) / self.grid.step
        cells[:, list(self.uniform)] = 0.0
        outside = np.any((cells < -0.5 - EDGE) | (cells > counts - 0.5 + EDGE), axis=1)
        if np.any(outside):
            low, high = self.grid.base - self.grid.step / 2, self.grid.base + (counts - 0.5) * self.grid.step
            must = f"inside the grid of the file, from {low.tolist()} to {high.tolist()} m"
            cure = "shift the texture, or make it uniform along an axis with one cell"
            raise InputError("points of the texture", must, places[outside][0].tolist(), cure)
        cells = np.clip(cells, 0, counts - 1)
        found = self._between(cells) if self.smooth else self.grid.values[tuple(np.rint(cells).astype(int).T)]
        size = np.linalg.norm(found, axis=1)
        if np.any(size < EDGE):
            where = places[size < EDGE][0].tolist()
            raise InputError("points of the texture", "where the file has a magnetisation", where)
        return unit(found)

    def _between(self, cells: Array) -> Array:
        """Trilinear between the eight centres around each place, which is given in cells."""
        counts = np.array(self.grid.nodes)
        low = np.minimum(np.floor(cells).astype(int), np.maximum(counts - 2, 0))
        part = cells - low
        total = np.zeros((len(cells), 3))
        for corner in np.ndindex(2, 2, 2):
            weight = np.prod(np.where(corner, part, 1 - part), axis=1)
            index = np.minimum(low + corner, counts - 1)
            total += weight[:, None] * self.grid.values[tuple(index.T)]
        return total


def read_ovf(path: str | os.PathLike[str]) -> VectorGrid:
    """Read an OVF file with one segment on a rectangular mesh and three components.

    Raises:
        InputError: the message names the file and the line or keyword that cannot be used.
    """
    place = Path(path)
    try:
        content = place.read_bytes()
    except OSError as error:
        raise InputError(str(place), "a file that can be read", str(error)) from error
    version = _version(place, content)
    header, kind, start = _header(place, content)
    _require_rectangular(place, header)
    counts = [_number(place, header, f"{a}nodes") for a in "xyz"]
    if min(counts) < 1 or any(n % 1 for n in counts):
        raise InputError(f"{place}: xnodes, ynodes, znodes", "whole numbers of at least 1", counts)
    nodes = tuple(int(n) for n in counts)
    base, step = _geometry(place, header, nodes)
    if header.get("valuedim", "3") != "3":
        raise InputError(f"{place}: valuedim", "3", header["valuedim"], "a magnetisation has three components")
    count = 3 * int(np.prod(nodes))
    if kind == "text":
        numbers = _text(place, content, start, count)
    else:
        numbers = _binary(place, content, start, count, kind, version)
    if not np.all(np.isfinite(numbers)):
        raise InputError(f"{place}: data", "finite numbers", "NaN or infinity")
    factor = _number(place, header, "valuemultiplier") if version == 1 and "valuemultiplier" in header else 1.0
    return VectorGrid(base, step, factor * numbers.reshape(*nodes[::-1], 3).transpose(2, 1, 0, 3))


def write_ovf(path: str | os.PathLike[str], grid: VectorGrid, representation: str = "binary8") -> None:
    """Write an OVF 2.0 file; `representation` is one of `REPRESENTATIONS`."""
    if representation not in REPRESENTATIONS:
        raise InputError("representation", "one of " + ", ".join(REPRESENTATIONS), representation)
    name = REPRESENTATIONS[representation]
    lines = ["OOMMF OVF 2.0", "Segment count: 1", "Begin: Segment", "Begin: Header", "Title: m"]
    lines += [
        "meshunit: m",
        "meshtype: rectangular",
        "valuedim: 3",
        "valuelabels: m_x m_y m_z",
        "valueunits: 1 1 1",
    ]
    for a, base, step, n in zip("xyz", grid.base, grid.step, grid.nodes, strict=True):
        lines += [f"{a}base: {float(base)!r}", f"{a}stepsize: {float(step)!r}", f"{a}nodes: {n}"]
        lines += [f"{a}min: {float(base - step / 2)!r}", f"{a}max: {float(base + (n - 0.5) * step)!r}"]
    lines += ["End: Header", f"Begin: Data {name}"]
    if representation == "text":
        data = "".join(f"{x!r} {y!r} {z!r}\n" for x, y, z in grid.vectors.tolist()).encode()
    else:
        size = int(representation[-1])
        data = np.concatenate([[CHECK[size]], grid.vectors.ravel()]).astype(f"<f{size}").tobytes() + b"\n"
    end = f"# End: Data {name}\n# End: Segment\n"
    Path(path).write_bytes("".join(f"# {line}\n" for line in lines).encode() + data + end.encode())


def _version(place: Path, content: bytes) -> int:
    first = content.split(b"\n", 1)[0].decode("latin-1").strip().lower()
    if first.startswith("# oommf") and first.endswith(VERSION_1):
        return 1
    if first.startswith("# oommf") and first.endswith("ovf 2.0"):
        return 2
    raise InputError(f"{place}: line 1", '"# OOMMF OVF 2.0" or "# OOMMF: rectangular mesh v1.0"', first[:60])


def _header(place: Path, content: bytes) -> tuple[dict[str, str], str, int]:
    """(keyword -> value, "text" or "binary 4" or "binary 8", offset of the data).

    Keywords are in lower case and without blanks: neither counts in this format.
    """
    found: dict[str, str] = {}
    start = number = 0
    while start < len(content):
        end = content.find(b"\n", start)
        end = len(content) if end < 0 else end
        line, start, number = content[start:end].decode("latin-1").strip(), end + 1, number + 1
        text = line.lstrip("#").split("##")[0].strip()
        if number == 1 or not text or line.startswith("##"):
            continue
        key, colon, value = (part.strip() for part in text.partition(":"))
        if not line.startswith("#") or not colon:
            raise InputError(f"{place}: line {number}", 'a line "# keyword: value" of the header', line[:60])
        key = "".join(key.lower().split())
        if key == "begin" and value.lower().startswith("data"):
            kind = " ".join(value.lower().removeprefix("data").split())
            if kind not in ("text", "binary 4", "binary 8"):
                raise InputError(f"{place}: line {number}", "Begin: Data Text, Binary 4 or Binary 8", value)
            return found, kind, start
        found[key] = value
    raise InputError(str(place), 'a file with a line "# Begin: Data ..."', f"none in {number} lines")


def _number(place: Path, header: Mapping[str, str], key: str) -> float:
    if key not in header:
        raise InputError(f"{place}: {key}", "in the header", "no such keyword")
    try:
        value = float(header[key])
    except ValueError:
        raise InputError(f"{place}: {key}", "a number", header[key]) from None
    if not np.isfinite(value):
        raise InputError(f"{place}: {key}", "finite", header[key])
    return value


def _require_rectangular(place: Path, header: Mapping[str, str]) -> None:
    for key, only in (("meshtype", "rectangular"), ("segmentcount", "1")):
        if header.get(key, only).lower() != only:
            raise InputError(f"{place}: {key}", only, header[key], "other OVF files are not read")


def _geometry(place: Path, header: Mapping[str, str], nodes: tuple[int, ...]) -> tuple[Array, Array]:
    """Centre of the first cell and edges [m]; from the bounds where base or step are not written."""
    scale = header.get("meshunit", "nothing")
    if scale not in METRES:
        raise InputError(f"{place}: meshunit", "one of " + ", ".join(METRES), scale)
    base, step = np.zeros(3), np.zeros(3)
    for k, (a, n) in enumerate(zip("xyz", nodes, strict=True)):
        if f"{a}stepsize" in header:
            step[k] = _number(place, header, f"{a}stepsize")
        else:
            step[k] = (_number(place, header, f"{a}max") - _number(place, header, f"{a}min")) / n
        if step[k] <= 0:
            raise InputError(f"{place}: {a}stepsize", "positive", float(step[k]))
        known = f"{a}base" in header
        base[k] = _number(place, header, f"{a}base" if known else f"{a}min") + (0 if known else step[k] / 2)
    return base * METRES[scale], step * METRES[scale]


def _text(place: Path, content: bytes, start: int, count: int) -> Array:
    """`count` numbers, with or without comments between them, up to the line that ends the data."""
    numbers: list[float] = []
    first = content.count(b"\n", 0, start) + 1
    for number, line in enumerate(content[start:].decode("latin-1").split("\n"), start=first):
        if line.lower().lstrip("# ").startswith("end: data"):
            break
        try:
            numbers += [float(part) for part in line.split("#")[0].split()]
        except ValueError:
            raise InputError(f"{place}: line {number}", "numbers", line.strip()[:60]) from None
    if len(numbers) != count:
        raise InputError(f"{place}: data", f"{count} numbers, as the header says", len(numbers))
    return np.array(numbers)


def _binary(place: Path, content: bytes, start: int, count: int, kind: str, version: int) -> Array:
    size = int(kind[-1])
    form = np.dtype(f"{'>' if version == 1 else '<'}f{size}")
    stop = start + size * (count + 1)
    if not content[stop : stop + 40].lower().strip().startswith(b"# end: data"):
        must = f'followed by "# End: Data" after {count} numbers of {size} bytes, as the header says'
        raise InputError(f"{place}: data", must, f"{len(content) - start} bytes to the end of the file")
    numbers = np.frombuffer(content[start:stop], form).astype(float)
    if numbers[0] != CHECK[size]:
        raise InputError(f"{place}: data", f"begun by the number {CHECK[size]:.0f}", float(numbers[0]))
    return numbers[1:]
