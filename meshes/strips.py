"""Lateral devices: a channel along x with strips on top (nonlocal valves, gratings), and a channel as a line."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hanle.meshes.facets import FaceRule
from hanle.meshes.layers import LayerList, elevations
from hanle.meshes.shapes import Block, BlockShape, check_name, contacted, end_faces, positive, read_layers
from hanle.pde.errors import InputError


@dataclass(frozen=True)
class Strip:
    """A strip on top of a channel.

    Attributes:
        name: of its region and of the terminal on its top.
        position: of its middle along x [m].
        width, thickness: along x and z [m].
    """

    name: str
    position: float
    width: float
    thickness: float

    @property
    def span(self) -> tuple[float, float]:
        """Its ends along x [m]."""
        return self.position - self.width / 2, self.position + self.width / 2


def strips(
    length: float,
    layers: LayerList,
    strips: Iterable[Strip | tuple[str, float, float, float]],
    *,
    width: float | None = None,
    contacts: Sequence[str] | None = None,
    periodic: bool = False,
    overhang: float | None = None,
    strip_length: float | None = None,
) -> BlockShape:
    """A layered channel along x with strips across it: section (x, z), or 3D with a width.

    The channel covers |x| <= length/2, z from 0 upwards (and |y| <= width/2); the strips stand on it.
    Faces: "A|B" (minus the lower one, layers below strips), "bottom", ends "left" and "right" of the contacted layers
    ("A|left", ... with several), "<strip>|top", "A|outside". Terminals: "left", "right" and one per strip, on its top
    (a device leaves out those of strips that are insulators). Strips with an overhang or a length of their own are
    contacted at their end at high y, "<strip>|y+"; "<strip>|y-" is the other end, and their tops belong to
    "<strip>|outside".

    Args:
        length: of the channel [m].
        layers: of the channel, (name, thickness [m]), bottom to top.
        strips: `Strip`s or (name, position, width, thickness) [m]; they may touch but not overlap.
        width: along y [m]; None: invariant along y.
        contacts: layers that "left" and "right" touch; default the topmost.
        periodic: repeat along x (a grating): no ends, no terminals "left" and "right".
        overhang: how far the strips reach over both sides of the channel along y [m], for shapes with a width; there
            is nothing below them. None: they end with the channel.
        strip_length: of the strips along y [m], instead of an overhang; shorter than the width, they end on the channel
            (a film much wider than the strips on it).

    Raises:
        InputError: an overhang or length of strips without a width, or both; a strip beyond the channel, overlapping
            or repeated strips, a size that is not positive.
    """
    half, pairs = positive(length, "length") / 2, read_layers(layers)
    names, heights = [name for name, _ in pairs], elevations(pairs)
    crossing = [_read_strip(s, half, names) for s in strips]
    regions = (*names, *(s.name for s in crossing))
    if len(set(regions)) != len(regions):
        raise InputError("strips", "regions with a name of their own each", list(regions))
    touched = contacted(names, contacts)
    side = 0.0 if width is None else positive(width, "width") / 2
    reach = _reach(side, overhang, strip_length)
    blocks = _section(names, heights, half, crossing)
    if width is not None:
        blocks = [_widened(b, side if b.region in names or reach is None else reach) for b in blocks]
    ends = () if periodic else (("left", -half), ("right", half))
    sets = [(name, end_faces(name, touched, "x", at)) for name, at in ends]
    if reach is None:
        sets += [(s.name, (FaceRule(f"{s.name}|top", s.name, "z", heights[-1] + s.thickness),)) for s in crossing]
    else:
        sets += [(s.name, (FaceRule(f"{s.name}|y+", s.name, "y", reach),)) for s in crossing]
    far_ends = () if reach is None else tuple(FaceRule(f"{s.name}|y-", s.name, "y", -reach) for s in crossing)
    axes = ("x", "z") if width is None else ("x", "y", "z")
    return BlockShape(
        axes=axes,
        regions=regions,
        blocks=tuple(blocks),
        named=(
            *end_faces("bottom", names[:1], "z", 0.0),
            *(rule for _, rules in sets for rule in rules),
            *far_ends,
        ),
        contacts=tuple((name, tuple(rule.name for rule in rules)) for name, rules in sets),
        periodic=("x",) if periodic else (),
        lateral=axes[:-1],
    )


def _reach(side: float, overhang: float | None, strip_length: float | None) -> float | None:
    """Half the length of strips that are contacted at their ends; `side`: half the width of the channel, or 0."""
    for key, given in (("overhang", overhang), ("strip_length", strip_length)):
        if given is not None and not side:
            raise InputError(key, "left out without a width", given, "or give the width of the channel")
    if strip_length is None:
        return None if overhang is None else side + positive(overhang, "overhang")
    if overhang is not None:
        raise InputError("strip_length", "left out beside an overhang", strip_length)
    return positive(strip_length, "strip_length") / 2


def _section(names: Sequence[str], heights: Sequence[float], half: float, crossing: Iterable[Strip]) -> list[Block]:
    """Blocks of the section (x, z): layers of the channel, then strips on top."""
    layers = zip(names, heights, heights[1:], strict=False)
    below = [Block(name, (-half, low), (half, high)) for name, low, high in layers]
    top = heights[-1]
    return [*below, *(Block(s.name, (s.span[0], top), (s.span[1], top + s.thickness)) for s in crossing)]


def _widened(block: Block, half: float) -> Block:
    """A block of the section (x, z) between y = -half and y = half."""
    return Block(block.region, (block.low[0], -half, block.low[1]), (block.high[0], half, block.high[1]))


def channel(segments: LayerList) -> BlockShape:
    """A channel along x as a line, invariant along y and z; it starts at x = 0.

    Faces and terminals: "left", "right"; "A|B" where segments meet (minus the left one). A place where something is
    injected or measured is the end of a segment: cut the channel there.

    Args:
        segments: (name, length [m]) along x, each name once.
    """
    pairs = read_layers(segments, "segments")
    names, places = tuple(name for name, _ in pairs), elevations(pairs)
    blocks = tuple(
        Block(name, (low,), (high,)) for name, low, high in zip(names, places[:-1], places[1:], strict=True)
    )
    named = (*end_faces("left", names[:1], "x", 0.0), *end_faces("right", names[-1:], "x", places[-1]))
    return BlockShape(("x",), names, blocks, named, (("left", ("left",)), ("right", ("right",))))


def _read_strip(given: Strip | tuple[str, float, float, float], half: float, layers: Sequence[str]) -> Strip:
    if not isinstance(given, Strip) and len(given) != 4:
        raise InputError("strips", "(name, position, width, thickness)", given)
    strip = given if isinstance(given, Strip) else Strip(*given)
    check_name(strip.name, "strips")
    key = f"strips.{strip.name}"
    positive(strip.width, f"{key}.width")
    positive(strip.thickness, f"{key}.thickness")
    if not math.isfinite(strip.position) or max(map(abs, strip.span)) > half * (1 + 1e-12):
        raise InputError(
            f"{key}.position",
            f"such that the strip lies on the channel, |x| <= {half:.4g} m",
            strip.position,
            "x = 0 is the middle of the channel",
        )
    if strip.name in (*layers, "left", "right"):
        raise InputError("strips", 'named differently from the layers, "left" and "right"', strip.name)
    return strip
