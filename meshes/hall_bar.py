"""Hall bars and crosses in 3D: an outline (see `plan` for the picture and the probes) times layers along z.

Faces: "A|B" between layers (minus the lower one); "bottom" and "top" of the whole; contacts "left", "right", "V1" ...
on the contacted layer ("A|left", "B|left" with several); "A|outside" for the rest of the surface of each layer.
"""

from collections.abc import Mapping, Sequence

from hanle.meshes.layers import LayerList, elevations
from hanle.meshes.plan import Arms, Outline, cross_outline, outline, read_arms
from hanle.meshes.shapes import Block, BlockShape, contacted, end_faces, not_negative, positive, read_layers
from hanle.pde.errors import InputError, unknown_name


def hall_bar(
    length: float,
    width: float,
    layers: LayerList,
    *,
    arms: int | None = None,
    arm_width: float | None = None,
    arm_length: float | None = None,
    arm_positions: Sequence[float] | None = None,
    contacts: Sequence[str] | None = None,
    plates: Mapping[str, float] | None = None,
    periodic: Sequence[str] = (),
) -> BlockShape:
    """A Hall bar: current along x from "left" to "right", pairs of arms with probes "V1", "V2", ...

    The bar covers |x| <= length/2, |y| <= width/2 and z from 0 upwards. Probes are numbered along x on the +y side,
    then on the -y side: with two pairs V1 and V2 (+y), V3 and V4 (-y), so that V1 - V2 is longitudinal and V1 - V3 a
    Hall voltage.

    Args:
        length, width: of the bar without arms [m].
        layers: (name, thickness [m]), bottom to top, each name once.
        arms: pairs of arms; default 2, none if periodic.
        arm_width, arm_length: default width/4 and width/2 [m].
        arm_positions: middles of the pairs along x [m]; default spread evenly (two pairs: -length/4, length/4).
        contacts: layers that the terminals touch; default the topmost.
        plates: layer -> margin [m]: this layer is a rectangle around the whole outline, wider by the margin on each
            side, instead of having the outline of the bar (a magnet below a bar that was etched alone).
        periodic: ("x",) for a length of an infinite bar, ("x", "y") for a patch of a film: no contacts at these ends.

    Raises:
        InputError: a size that is not positive, an arm beyond the bar, an unknown layer.
    """
    x, y = positive(length, "length"), positive(width, "width")
    for axis in periodic:
        if axis not in ("x", "y"):
            raise unknown_name("periodic", axis, ("x", "y"))
    pairs = (0 if periodic else 2) if arms is None else arms
    if periodic and (pairs or plates):
        raise InputError("periodic", "used without arms and plates", tuple(periodic), "leave out arms and plates")
    shape = outline(
        x, y, read_arms(x, y, pairs, arm_width, arm_length, arm_positions) if pairs else Arms(), periodic
    )
    return layered(shape, layers, contacts, plates or {}, tuple(periodic))


def cross(
    length: float,
    width: float,
    layers: LayerList,
    *,
    contacts: Sequence[str] | None = None,
    plates: Mapping[str, float] | None = None,
) -> BlockShape:
    """A symmetric cross of two bars `length` x `width`: terminals "left", "right" (x), "V1" (+y), "V2" (-y).

    Other arguments, faces and errors as for `hall_bar`.
    """
    return layered(cross_outline(length, width), layers, contacts, plates or {}, ())


def layered(
    shape: Outline,
    layers: LayerList,
    contacts: Sequence[str] | None,
    plates: Mapping[str, float],
    periodic: tuple[str, ...],
) -> BlockShape:
    """Layers with one outline, axes (x, y, z)."""
    pairs = read_layers(layers)
    names, heights = tuple(name for name, _ in pairs), elevations(pairs)
    touched = contacted(names, contacts)
    margins = {name: not_negative(margin, f"plates.{name}") for name, margin in plates.items()}
    _check_plates(names, touched, margins)
    blocks = []
    for name, low, high in zip(names, heights, heights[1:], strict=False):
        flat = (shape.bounds(margins[name]),) if name in margins else shape.rectangles
        blocks += [Block(name, (x0, y0, low), (x1, y1, high)) for x0, x1, y0, y1 in flat]
    named = [*end_faces("bottom", names[:1], "z", 0.0), *end_faces("top", names[-1:], "z", heights[-1])]
    terminals = []
    for contact in shape.contacts:
        faces = touched if len(touched) > 1 else ()
        labels = [f"{region}|{contact.name}" for region in faces] or [contact.name]
        named += [contact.rule(r, label, solid=True) for r, label in zip(touched, labels, strict=True)]
        terminals.append((contact.name, tuple(labels)))
    return BlockShape(
        axes=("x", "y", "z"),
        regions=names,
        blocks=tuple(blocks),
        named=tuple(named),
        contacts=tuple(terminals),
        periodic=periodic,
        lateral=("x", "y"),
    )


def _check_plates(names: Sequence[str], touched: Sequence[str], margins: Mapping[str, float]) -> None:
    for name in margins:
        if name not in names:
            raise unknown_name("plates", name, names)
        if name in touched:
            raise InputError("contacts", "layers with the outline of the bar", name, "take it out of plates")
