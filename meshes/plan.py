"""Outlines of bars seen from above (x, y): the bar, its arms and where its contacts are; and their 2D mesh shapes.

A bar covers -length/2 <= x <= length/2 and -width/2 <= y <= width/2. Its n pairs of arms leave at the given x:

         V1      V2   ...  Vn          y
         ||      ||                    ^
    +----++------++--------+           |
    left                right          +---> x
    +----++------++--------+
         ||      ||
        Vn+1    Vn+2  ...  V2n

With two pairs V1 - V2 and V3 - V4 are longitudinal voltages, V1 - V3 and V2 - V4 are Hall voltages.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from hanle.meshes.facets import FaceRule
from hanle.meshes.shapes import Block, BlockShape, check_name, not_negative, positive
from hanle.pde.errors import InputError

Rectangle = tuple[float, float, float, float]


@dataclass(frozen=True)
class Contact:
    """A straight end of an outline: the stretch `low` < other coordinate < `high` of the line axis = at [m]."""

    name: str
    axis: str
    at: float
    low: float
    high: float

    def rule(self, region: str, name: str, *, solid: bool) -> FaceRule:
        """The facets of `region` at this end; `solid` shapes have an axis z."""
        inf = math.inf
        low, high = (
            ((-inf, self.low), (inf, self.high)) if self.axis == "x" else ((self.low, -inf), (self.high, inf))
        )
        return FaceRule(
            name, region, self.axis, self.at, (*low, -inf) if solid else low, (*high, inf) if solid else high
        )


@dataclass(frozen=True)
class Outline:
    """Rectangles (x low, x high, y low, y high) [m] that make up a bar, and its contacts."""

    rectangles: tuple[Rectangle, ...]
    contacts: tuple[Contact, ...]

    def bounds(self, margin: float = 0.0) -> Rectangle:
        """Smallest rectangle around everything, widened by `margin` [m]."""
        x0, x1, y0, y1 = zip(*self.rectangles, strict=True)
        return min(x0) - margin, max(x1) + margin, min(y0) - margin, max(y1) + margin


@dataclass(frozen=True)
class Arms:
    """Pairs of arms for probes: positions of their middles along x, width and length [m]."""

    positions: tuple[float, ...] = ()
    width: float = 0.0
    length: float = 0.0


def outline(length: float, width: float, arms: Arms, periodic: Sequence[str] = ()) -> Outline:
    """A straight bar with pairs of arms; no end contacts along a periodic axis."""
    x, y = length / 2, width / 2
    rectangles: list[Rectangle] = [(-x, x, -y, y)]
    contacts = []
    if "x" not in periodic:
        contacts = [Contact("left", "x", -x, -y, y), Contact("right", "x", x, -y, y)]
    number = 0
    for sign in (1.0, -1.0):
        for at in arms.positions:
            number += 1
            low, high = at - arms.width / 2, at + arms.width / 2
            end = sign * (y + arms.length)
            rectangles.append((low, high, *sorted((sign * y, end))))  # type: ignore[arg-type]
            contacts.append(Contact(f"V{number}", "y", end, low, high))
    return Outline(tuple(rectangles), tuple(contacts))


def read_arms(
    length: float,
    width: float,
    arms: int,
    arm_width: float | None,
    arm_length: float | None,
    arm_positions: Sequence[float] | None,
) -> Arms:
    """Arms from what the user gave; see `hanle.meshes.hall_bar.hall_bar` for the defaults.

    Raises:
        InputError: an arm beyond the bar, overlapping arms, or as many positions as arms are not given.
    """
    if isinstance(arms, bool) or not isinstance(arms, int) or arms < 0:
        raise InputError("arms", "a number of pairs, 0 or more", arms)
    wide = positive(width / 4 if arm_width is None else arm_width, "arm_width")
    long = positive(width / 2 if arm_length is None else arm_length, "arm_length")
    # evenly spread: one pair in the middle, two pairs at -length/4 and length/4
    spread = [length * ((2 * i + 1) / (2 * arms) - 0.5) for i in range(arms)]
    positions = sorted(float(x) for x in (spread if arm_positions is None else arm_positions))
    if len(positions) != arms:
        raise InputError(
            "arm_positions", f"one per pair of arms ({arms})", list(positions), f"or arms={len(positions)}"
        )
    _check_arms(positions, wide, length)
    return Arms(tuple(positions), wide, long)


def _check_arms(positions: Sequence[float], width: float, length: float) -> None:
    """Arms lie inside the bar and apart from each other; all in metres, positions ascending."""
    for at in positions:
        if abs(at) + width / 2 > length / 2 * (1 + 1e-12):
            must = f"with the arms (width {width:.4g} m) inside the bar, |x| <= {length / 2 - width / 2:.4g} m"
            raise InputError("arm_positions", must, at, "x = 0 is the middle of the bar")
    for left, right in pairwise(positions):
        if right - left < width * (1 + 1e-9):
            raise InputError("arm_positions", f"more than arm_width = {width:.4g} m apart", [left, right])


def hall_bar_plan(
    length: float,
    width: float,
    *,
    region: str = "film",
    arms: int = 2,
    arm_width: float | None = None,
    arm_length: float | None = None,
    arm_positions: Sequence[float] | None = None,
) -> BlockShape:
    """A Hall bar seen from above, axes (x, y), invariant along z: quadrilaterals, no layers.

    Arguments, faces and terminals as for `hanle.meshes.hall_bar.hall_bar`, with one region.
    """
    check_name(region, "region")
    x, y = positive(length, "length"), positive(width, "width")
    return flat(outline(x, y, read_arms(x, y, arms, arm_width, arm_length, arm_positions)), region)


def cross_plan(length: float, width: float, *, region: str = "film") -> BlockShape:
    """A symmetric cross seen from above; see `hanle.meshes.hall_bar.cross`."""
    check_name(region, "region")
    return flat(cross_outline(length, width), region)


def cross_outline(length: float, width: float) -> Outline:
    """Two bars `length` x `width` at right angles."""
    long, wide = positive(length, "length"), positive(width, "width")
    reach = not_negative(long - wide, "length - width") / 2
    if reach == 0:
        raise InputError("length", f"longer than width = {wide:.4g} m", long)
    return outline(long, wide, Arms((0.0,), wide, reach))


def flat(shape: Outline, region: str) -> BlockShape:
    """One region with this outline, axes (x, y)."""
    blocks = tuple(Block(region, (x0, y0), (x1, y1)) for x0, x1, y0, y1 in shape.rectangles)
    named = tuple(c.rule(region, c.name, solid=False) for c in shape.contacts)
    contacts = tuple((c.name, (c.name,)) for c in shape.contacts)
    return BlockShape(("x", "y"), (region,), blocks, named, contacts, lateral=("x", "y"))
