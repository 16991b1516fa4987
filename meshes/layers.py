"""Layers on top of each other: the stack (1D along z) and the cross-section of a film or bar (2D, y and z)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hanle.meshes.layered import Layers
from hanle.meshes.options import Resolve
from hanle.meshes.shapes import Block, BlockShape, end_faces, positive, read_layers
from hanle.meshes.tagged import TaggedMesh

#: (name, thickness [m]) pairs, bottom to top.
LayerList = Iterable[tuple[str, float]]


@dataclass(frozen=True)
class Stack:
    """Layers along z, invariant along x and y. Faces: "bottom", "A|B" upwards, "top".

    Attributes:
        layers: (name, thickness [m]) from z = 0 upwards.
        contacted: whether "bottom" and "top" are terminals; otherwise the stack is driven in the plane.
    """

    layers: tuple[tuple[str, float], ...]
    contacted: bool = False

    @property
    def axes(self) -> tuple[str, ...]:
        """Resolved axes."""
        return ("z",)

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions, in the order that orients interfaces."""
        return tuple(name for name, _ in self.layers)

    @property
    def terminals(self) -> dict[str, tuple[str, ...]]:
        """Terminal -> outer faces."""
        return {"bottom": ("bottom",), "top": ("top",)} if self.contacted else {}

    def mesh(self, resolve: Resolve = None, **options: Any) -> TaggedMesh:
        """A graded line mesh; see `hanle.meshes.shapes.Shape.mesh`."""
        heights = elevations(self.layers)
        named = (
            *end_faces("bottom", self.regions[:1], "z", 0.0),
            *end_faces("top", self.regions[-1:], "z", heights[-1]),
        )
        blocks = tuple(
            Block(name, (low,), (high,))
            for name, low, high in zip(self.regions, heights[:-1], heights[1:], strict=True)
        )
        return BlockShape(self.axes, self.regions, blocks, named).mesh(resolve, **options)

    def layers_of_stack(self) -> Layers:
        """The same geometry for the exact engine."""
        return Layers(self.regions, np.array([[size for _, size in self.layers]]))


def stack(layers: LayerList, *, contacts: bool = False) -> Stack:
    """Layers along z.

    Args:
        layers: (name, thickness [m]), bottom to top, each name once.
        contacts: make "bottom" and "top" terminals (current along z).

    Raises:
        InputError: no layer, a repeated name, a thickness that is not positive.
    """
    return Stack(read_layers(layers), contacts)


def film(width: float, layers: LayerList, *, periodic: bool = False) -> BlockShape:
    """Cross-section (y, z) of layers of finite width, invariant along x, the direction of the current.

    The section covers -width/2 <= y <= width/2 and z from 0 upwards. Faces: "bottom", "A|B" upwards, "top", and
    the side edges "y-" and "y+" ("A|y-", "B|y-", ... with several layers). No terminals.

    Args:
        width: [m].
        layers: (name, thickness [m]), bottom to top, each name once.
        periodic: repeat along y (for textures); there are no side edges then.
    """
    pairs = read_layers(layers)
    half = positive(width, "width") / 2
    names, heights = [name for name, _ in pairs], elevations(pairs)
    blocks = tuple(
        Block(name, (-half, low), (half, high))
        for name, low, high in zip(names, heights, heights[1:], strict=False)
    )
    edges = () if periodic else (*end_faces("y-", names, "y", -half), *end_faces("y+", names, "y", half))
    named = (*end_faces("bottom", names[:1], "z", 0.0), *end_faces("top", names[-1:], "z", heights[-1]), *edges)
    repeated = ("y",) if periodic else ()
    return BlockShape(("y", "z"), tuple(names), blocks, named, periodic=repeated, lateral=("y",))


def elevations(layers: Iterable[tuple[str, float]]) -> list[float]:
    """Heights of all faces [m], from 0 upwards."""
    heights = [0.0]
    for _, thickness in layers:
        heights.append(heights[-1] + thickness)
    return heights
