"""Round wires along x, of one region or of a core with shells: tetrahedra, or triangles of the cross-section.

Rings of triangles around the axis; their points lie exactly on circles, so that a wire of n sectors has the volume
of the inscribed prism, (n/2 pi) sin(2 pi/n) of that of the cylinder (0.997 for n = 48).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hanle.meshes.coarse import warn_if_coarse
from hanle.meshes.facets import FaceRule, name_faces, skin, without_ends
from hanle.meshes.geometry import corner_signs
from hanle.meshes.layers import LayerList
from hanle.meshes.options import UNIFORM, Options, Resolve, read_options, read_resolve
from hanle.meshes.shapes import (
    LATERAL_CELLS,
    OUTSIDE,
    RESOLVED_CELLS,
    check_count,
    contacted,
    end_faces,
    interval,
    positive,
    read_layers,
)
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array, IntArray


@dataclass(frozen=True)
class Wire:
    """A round wire; see `wire` and `wire_section`.

    Attributes:
        layers: (name, thickness [m]) from the axis outwards; the first thickness is the radius of the core.
        length: [m]; None for the cross-section alone.
        sectors: number of straight pieces of each circle.
        touched: regions that the terminals touch.
        periodic: axes along which it repeats.
    """

    layers: tuple[tuple[str, float], ...]
    length: float | None
    sectors: int
    touched: tuple[str, ...] = ()
    periodic: tuple[str, ...] = ()

    @property
    def axes(self) -> tuple[str, ...]:
        """Resolved axes."""
        return ("y", "z") if self.length is None else ("x", "y", "z")

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions, in the order that orients interfaces."""
        return tuple(name for name, _ in self.layers)

    @property
    def terminals(self) -> dict[str, tuple[str, ...]]:
        """Terminal -> outer faces."""
        return {name: tuple(rule.name for rule in rules) for name, rules in self._ends().items()}

    def mesh(self, resolve: Resolve = None, **options: Any) -> TaggedMesh:
        """Graded towards the wall, the shells and the ends; see `hanle.meshes.shapes.Shape.mesh`.

        `sizes` knows "x" only; cells are always triangles or tetrahedra.
        """
        given = {"cells": "triangle" if self.length is None else "tetra", **options}
        chosen = read_options(given, self.axes)
        if not chosen.simplices(len(self.axes)) or set(chosen.sizes) - {"x"}:
            raise InputError(
                "cells, sizes", 'simplices, and sizes along "x" only', (chosen.cells, dict(chosen.sizes))
            )
        lengths = read_resolve(resolve, self.regions)
        radii, ring_region = self._radii(lengths, chosen)
        points, cells = _disc(radii, self.sectors)
        cell_region = np.repeat(ring_region, np.r_[1, np.full(len(radii) - 1, 2)] * self.sectors)
        along = None if self.length is None else self._along(self.length, lengths, chosen)
        periodic: dict[str, IntArray] = {}
        if along is not None:
            check_count([len(along) - 1, 3 * len(cells)], ("x", "y and z"), chosen)
            ends = np.arange(len(points))
            periodic = {
                axis: np.stack([ends, ends + (len(along) - 1) * len(points)], axis=1) for axis in self.periodic
            }
            points, cells = _extruded(points, cells, along)
            cell_region = np.tile(cell_region.repeat(3), len(along) - 1)
        kind = str(given["cells"])
        surface = skin(kind, cells, cell_region, len(points))
        for axis in periodic:
            surface = without_ends(surface, points, self.axes.index(axis))
        faces = name_faces(self.axes, points, self.regions, cell_region, surface, self._rules())
        mesh = TaggedMesh(self.axes, points, kind, cells, self.regions, cell_region, faces, periodic)
        warn_if_coarse(mesh, lengths, skip=("x",) if chosen.lateral == UNIFORM or self.periodic else ())
        return mesh

    def _ends(self) -> dict[str, tuple[FaceRule, ...]]:
        if self.length is None or self.periodic:
            return {}
        return {
            "left": end_faces("left", self.touched, "x", 0.0),
            "right": end_faces("right", self.touched, "x", self.length),
        }

    def _rules(self) -> list[FaceRule]:
        """Named outer faces; the wall is what is left of the outermost region once its ends are taken."""
        outermost = self.regions[-1]
        rules = [rule for rules in self._ends().values() for rule in rules]
        if rules and self.length is not None and outermost not in self.touched:
            rules += [FaceRule(f"{outermost}|{OUTSIDE}", outermost, "x", at) for at in (0.0, self.length)]
        return [*rules, FaceRule("wall", outermost)]

    def _radii(self, lengths: dict[str, float], options: Options) -> tuple[Array, IntArray]:
        """Radii of the rings, without 0, and the region number inside each."""
        radii, numbers = [], []
        start = 0.0
        for number, (name, thickness) in enumerate(self.layers):
            length = lengths[name]
            points = interval(
                thickness,
                length / options.cells_per_length,
                options.growth,
                largest=math.inf,
                fewest=max(options.coarse_cells, RESOLVED_CELLS if number == 0 else 1),
                even=thickness <= length,
                ends="both" if number else "high",
            )
            radii.append(start + points[1:])
            numbers.append(np.full(len(points) - 1, number))
            start = radii[-1][-1]
        return np.concatenate(radii), np.concatenate(numbers)

    def _along(self, length: float, lengths: dict[str, float], options: Options) -> Array:
        cells, growth = options.along("x", self.axes, ("x",))
        decay = min(lengths.values())
        plain = bool(self.periodic) or options.lateral == UNIFORM
        return interval(
            length,
            math.inf if plain else decay / cells,
            growth,
            largest=options.largest("x", length / LATERAL_CELLS),
            fewest=1,
            even=length <= decay,
        )


def wire(
    length: float,
    layers: LayerList,
    *,
    sectors: int = 48,
    contacts: Sequence[str] | None = None,
    periodic: bool = False,
) -> Wire:
    """A round wire along x, 0 <= x <= length, its axis at y = z = 0.

    Faces: "A|B" between shells (minus the inner one), "left" and "right" on the contacted regions ("A|left", ... with
    several), "wall" around the outermost, "A|outside" for other ends. Terminals "left" and "right".

    Args:
        length: [m].
        layers: (name, thickness [m]) from the axis outwards; the first thickness is the radius of the core.
        sectors: straight pieces of each circle, at least 6.
        contacts: regions that the terminals touch; default the outermost.
        periodic: repeat along x: no ends, no terminals.

    Raises:
        InputError: a size that is not positive, an unknown region, too few sectors.
    """
    pairs = read_layers(layers)
    names = [name for name, _ in pairs]
    touched = contacted(names, contacts)
    return Wire(pairs, positive(length, "length"), _read_sectors(sectors), touched, ("x",) if periodic else ())


def wire_section(layers: LayerList, *, sectors: int = 48) -> Wire:
    """Cross-section (y, z) of a round wire, invariant along x: triangles; faces "A|B" and "wall", no terminals.

    Arguments as for `wire`.
    """
    return Wire(read_layers(layers), None, _read_sectors(sectors))


def _read_sectors(sectors: int) -> int:
    if isinstance(sectors, bool) or not isinstance(sectors, int) or sectors < 6:
        raise InputError("sectors", "a number of straight pieces, at least 6", sectors)
    return sectors


def _disc(radii: Array, sectors: int) -> tuple[Array, IntArray]:
    """Triangles between rings of points around the origin; inside the first ring a fan, then two per sector."""
    angle = 2 * np.pi * np.arange(sectors) / sectors
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points = np.concatenate([np.zeros((1, 2)), (radii[:, None, None] * circle).reshape(-1, 2)])
    here = np.arange(sectors)
    after = (here + 1) % sectors
    rings = [np.stack([np.zeros(sectors, dtype=np.int64), 1 + here, 1 + after], axis=1)]
    for ring in range(1, len(radii)):
        inner, outer = 1 + (ring - 1) * sectors, 1 + ring * sectors
        rings.append(np.stack([inner + here, outer + here, outer + after], axis=1))
        rings.append(np.stack([inner + here, outer + after, inner + after], axis=1))
    return points, np.concatenate(rings)


def _extruded(points: Array, triangles: IntArray, along: Array) -> tuple[Array, IntArray]:
    """Prisms over triangles at the places `along` the first axis, each cut into three tetrahedra.

    On every side face the cut runs from the lower-numbered point below to the higher-numbered one above, so that
    neighbours agree, and equally at all heights, so that periodic ends match.
    """
    count, slabs = len(points), len(along) - 1
    solid = np.concatenate([np.repeat(along, count)[:, None], np.tile(points, (slabs + 1, 1))], axis=1)
    a, b, c = np.sort(triangles, axis=1).T
    up = count
    prism = np.stack([[a, b, c, c + up], [a, b, b + up, c + up], [a, a + up, b + up, c + up]]).transpose(2, 0, 1)
    cells = (prism.reshape(1, -1, 4) + count * np.arange(slabs)[:, None, None]).reshape(-1, 4)
    reversed_ = corner_signs(solid, "tetra", cells) < 0
    cells[reversed_, 2:] = cells[reversed_][:, [3, 2]]
    return solid, cells
