"""What a device looks like: named blocks, named faces and contacts. Sizes in metres.

Names of faces, for all shapes:

    "A|B"         between regions A and B; minus side A, plus side B, in the order of `regions`
    as given      outer faces with a name of their own ("left", "V1", "top"); each touches one region: where a contact
                  covers several, its faces are called "A|left", "B|left" and the terminal holds them all
    "A|outside"   the rest of the surface of A
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import Any, Protocol

import numpy as np

from hanle.meshes.coarse import warn_if_coarse
from hanle.meshes.facets import FaceRule, name_faces
from hanle.meshes.grading import bridged, graded, uniform
from hanle.meshes.options import UNIFORM, Options, Resolve, read_options, read_resolve
from hanle.meshes.tagged import TaggedMesh
from hanle.meshes.tensor import tensor_grid
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.tensors import Array, IntArray

OUTSIDE = "outside"
#: Coordinates closer than this part of the extent of a shape are the same plane.
SAME_PLANE = 1e-9


class Shape(Protocol):
    """What a device needs to know of its geometry. Implementations are frozen."""

    @property
    def axes(self) -> tuple[str, ...]:
        """Resolved axes among x, y, z; the device is invariant along the others."""

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions; their order decides which side of an interface is minus."""

    @property
    def terminals(self) -> dict[str, tuple[str, ...]]:
        """Terminal -> outer faces."""

    def mesh(self, resolve: Resolve = None, **options: Any) -> TaggedMesh:
        """A mesh that resolves these decay lengths [m]; `options` are those of `hanle.meshes.options.Options`."""


@dataclass(frozen=True)
class Block:
    """An axis-parallel box of one region, between the corners `low` and `high` [m]."""

    region: str
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class BlockShape:
    """Boxes side by side.

    Attributes:
        axes: resolved axes.
        regions: names, in the order that orients interfaces (layers: bottom to top).
        blocks: boxes; those of one region may overlap, those of different regions may only touch.
        named: outer faces with names of their own.
        contacts: (terminal, its faces) pairs.
        periodic: axes along which the shape repeats; no faces there.
        lateral: axes along the layers, where the lateral options of `mesh` hold.
    """

    axes: tuple[str, ...]
    regions: tuple[str, ...]
    blocks: tuple[Block, ...]
    named: tuple[FaceRule, ...] = ()
    contacts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    periodic: tuple[str, ...] = ()
    lateral: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for block in self.blocks:
            if not all(low < high for low, high in zip(block.low, block.high, strict=True)):
                raise InputError(f"region {block.region}", "a box with positive sides", (block.low, block.high))
        for axis in self.periodic:
            if axis not in self.axes:
                raise unknown_name("periodic", axis, self.axes)
        if self.layout.max() < 0:
            raise InputError("blocks", "at least one block", self.blocks)

    @property
    def terminals(self) -> dict[str, tuple[str, ...]]:
        """Terminal -> outer faces."""
        return dict(self.contacts)

    @property
    def extent(self) -> dict[str, tuple[float, float]]:
        """Axis -> lowest and highest coordinate [m]."""
        return {
            axis: (min(b.low[a] for b in self.blocks), max(b.high[a] for b in self.blocks))
            for a, axis in enumerate(self.axes)
        }

    @cached_property
    def planes(self) -> tuple[Array, ...]:
        """Per axis the coordinates at which some block begins or ends."""
        return tuple(
            _distinct([x for b in self.blocks for x in (b.low[a], b.high[a])]) for a in range(len(self.axes))
        )

    @cached_property
    def layout(self) -> IntArray:
        """Region number of each box between `planes`; -1 where there is nothing."""
        layout = np.full([len(p) - 1 for p in self.planes], -1)
        for block in self.blocks:
            inside = tuple(
                slice(_position(p, low), _position(p, high))
                for p, low, high in zip(self.planes, block.low, block.high, strict=True)
            )
            mine = self.regions.index(block.region)
            other = layout[inside][(layout[inside] >= 0) & (layout[inside] != mine)]
            if other.size:
                raise InputError(
                    f"region {block.region}", "clear of other regions", f"overlap with {self.regions[other[0]]}"
                )
            layout[inside] = mine
        return layout

    def mesh(self, resolve: Resolve = None, **options: Any) -> TaggedMesh:
        """A graded tensor mesh; see `Shape.mesh`.

        Raises:
            InputError: an unknown option or region, or more than `max_cells` cells.
        """
        chosen = read_options(options, self.axes)
        lengths = read_resolve(resolve, self.regions)
        spans = [self._spans(a, lengths, chosen) for a in range(len(self.axes))]
        check_count([sum(len(p) - 1 for p in pieces) for pieces in spans], self.axes, chosen)
        layout = self.layout
        for a, pieces in enumerate(spans):
            layout = np.repeat(layout, [len(p) - 1 for p in pieces], axis=a)
        coordinates = [_joined(pieces, planes) for pieces, planes in zip(spans, self.planes, strict=True)]
        repeated = [self.axes.index(axis) for axis in self.periodic]
        grid = tensor_grid(coordinates, layout, repeated, simplices=chosen.simplices(len(self.axes)))
        mesh = TaggedMesh(
            axes=self.axes,
            points=grid.points,
            kind=grid.kind,
            cells=grid.cells,
            regions=self.regions,
            cell_region=grid.cell_region,
            faces=name_faces(self.axes, grid.points, self.regions, grid.cell_region, grid.skin, self.named),
            periodic={self.axes[a]: pairs for a, pairs in grid.periodic.items()},
        )
        unresolved = self.lateral if chosen.lateral == UNIFORM else ()
        warn_if_coarse(mesh, lengths, skip=(*unresolved, *self.periodic))
        return mesh

    def _spans(self, a: int, lengths: Mapping[str, float], options: Options) -> list[Array]:
        """Points of each interval between neighbouring planes, counted from its low end."""
        axis = self.axes[a]
        plain = axis in self.periodic or (axis in self.lateral and options.lateral == UNIFORM)
        cells, growth = options.along(axis, self.axes, self.lateral)
        found, largest = [], []
        for i, span in enumerate(np.diff(self.planes[a])):
            present = np.unique(self.layout.take(i, a))
            length = min((lengths[self.regions[r]] for r in present if r >= 0), default=math.inf)
            fewest = options.coarse_cells if math.isinf(length) else RESOLVED_CELLS
            size = options.largest(axis, span / LATERAL_CELLS if axis in self.lateral else math.inf)
            first = math.inf if plain else length / cells
            found.append(interval(float(span), first, growth, largest=size, fewest=fewest, even=span <= length))
            largest.append(min(size, span / fewest))
        return found if plain or not options.corners else _smoothed(found, largest, growth)


#: Fewest cells across a layer with a decay length, and along a stretch of a layer unless `sizes` says otherwise.
RESOLVED_CELLS = 4
LATERAL_CELLS = 8


def interval(
    span: float, first: float, growth: float, *, largest: float, fewest: int, even: bool, ends: str = "both"
) -> Array:
    """Points 0 ... `span`: equal cells where nothing decays within (`even`), else graded from `ends`."""
    largest = min(largest, span / fewest)
    if even or math.isinf(first):
        return uniform(span, min(first, largest))
    return graded(span, first, growth=growth, largest=largest, ends=ends)


def _smoothed(spans: Sequence[Array], largest: Sequence[float], growth: float) -> list[Array]:
    """The intervals again, their cells at both ends no larger than `growth` times those of the neighbours."""
    ends = [(float(points[1]), float(points[-1] - points[-2])) for points in spans]
    found = []
    for i, points in enumerate(spans):
        low = min(ends[i][0], growth * ends[i - 1][1]) if i else ends[i][0]
        high = min(ends[i][1], growth * ends[i + 1][0]) if i + 1 < len(ends) else ends[i][1]
        same = (low, high) == ends[i]
        found.append(points if same else bridged(float(points[-1]), low, high, growth=growth, largest=largest[i]))
    return found


def check_count(counts: Sequence[int], axes: Sequence[str], options: Options) -> None:
    """Refuse a mesh with more boxes than `max_cells`, before it takes memory."""
    total = math.prod(counts)
    if total > options.max_cells:
        per_axis = ", ".join(f"{n} along {axis}" for n, axis in zip(counts, axes, strict=True))
        raise InputError(
            "max_cells",
            f"at least the {total} cells of this mesh ({per_axis})",
            options.max_cells,
            'lower cells_per_length, raise growth, or use lateral="uniform"',
        )


def read_layers(layers: Iterable[tuple[str, float]], key: str = "layers") -> tuple[tuple[str, float], ...]:
    """(name, thickness [m]) pairs, checked: at least one, each name once, lengths positive."""
    given = list(layers)
    if not given or not all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in given):
        raise InputError(key, 'at least one (name, thickness [m]), e.g. [("YIG", 50e-9)]', given)
    pairs = tuple((check_name(name, key), positive(size, f"{key}.{name}")) for name, size in given)
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            cure = f'call them "{name}_1", "{name}_2" and give both the same material'
            raise InputError(key, "layers with a name of their own each", name, cure)
    return pairs


def contacted(names: Sequence[str], contacts: Sequence[str] | None) -> tuple[str, ...]:
    """The layers that the terminals touch; the last one where nothing is said.

    Raises:
        InputError: an unknown layer, none at all, or one twice.
    """
    touched = tuple(names[-1:] if contacts is None else contacts)
    for name in touched:
        if name not in names:
            raise unknown_name("contacts", name, names)
    if not touched or len(set(touched)) != len(touched):
        raise InputError("contacts", "at least one layer, each once", list(touched))
    return touched


def check_name(name: object, key: str) -> str:
    """`name` as the name of a region, which has to be able to stand in "A|B"."""
    if not isinstance(name, str) or not name.strip() or "|" in name or name == OUTSIDE:
        raise InputError(key, f'names without "|", not empty and not "{OUTSIDE}"', name)
    return name


def positive(value: object, key: str) -> float:
    """`value` as a positive finite length [m]."""
    return _number(value, key, "a positive length [m]", lambda x: x > 0)


def not_negative(value: object, key: str) -> float:
    """`value` as a finite length [m] that may be zero."""
    return _number(value, key, "a length [m], zero or positive", lambda x: x >= 0)


def _number(value: object, key: str, must: str, valid: Callable[[float], bool]) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InputError(key, must, value)
    if not math.isfinite(value) or not valid(float(value)):
        raise InputError(key, must, value)
    return float(value)


def end_faces(
    name: str,
    regions: Sequence[str],
    axis: str,
    at: float,
    low: tuple[float, ...] | None = None,
    high: tuple[float, ...] | None = None,
) -> tuple[FaceRule, ...]:
    """Rules for the outer facets of `regions` in a plane; one face per region, called `name` if there is only one."""
    if len(regions) == 1:
        return (FaceRule(name, regions[0], axis, at, low, high),)
    return tuple(FaceRule(f"{region}|{name}", region, axis, at, low, high) for region in regions)


def _distinct(values: Sequence[float]) -> Array:
    """Sorted values; those closer than rounding are one."""
    ordered = np.sort(np.asarray(values, dtype=float))
    gap = SAME_PLANE * (ordered[-1] - ordered[0])
    return ordered[np.r_[True, np.diff(ordered) > gap]]


def _position(planes: Array, value: float) -> int:
    return int(np.argmin(np.abs(planes - value)))


def _joined(pieces: Sequence[Array], planes: Array) -> Array:
    """All points along an axis; the planes are met exactly."""
    inner = [plane + points[:-1] for plane, points in zip(planes, pieces, strict=False)]
    return np.concatenate([*inner, planes[-1:]])
