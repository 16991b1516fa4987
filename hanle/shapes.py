"""Shapes as users make them: lengths as strings with units or in metres; each remembers how it was made.

    hanle.stack([("YIG", "50 nm"), ("Pt", "5 nm")])
    hanle.hall_bar(length="20 um", width="4 um", layers=[("YIG", "50 nm"), ("Pt", "5 nm")])

What regions, faces and terminals are called is said by the functions of `hanle.meshes` that build them.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hanle.parameters import (
    COUNT,
    FLAG,
    LAYERS,
    LENGTH,
    LENGTHS,
    NAMES,
    PATH,
    PLATES,
    STRIPS,
    TERMINALS,
    TEXT,
    Parameter,
)
from hanle.pde.errors import InputError, unknown_name
from hanle.readout import BarReadout

if TYPE_CHECKING:
    from hanle.meshes.shapes import Shape
    from hanle.meshes.tagged import TaggedMesh

#: A length: "5 nm", or a number in metres.
Length = str | float
LayerList = Iterable[tuple[str, Length]]


@dataclass(frozen=True)
class UserShape:
    """A shape and the words that made it, so that a file can hold it. Equal where kind and arguments are equal.

    Attributes:
        kind: a key of `KINDS`.
        arguments: (name, SI value) pairs, without what was left out.
        shape: the shape itself.
        readout: how resistivities are read, for bars.
    """

    kind: str
    arguments: tuple[tuple[str, Any], ...]
    shape: "Shape" = field(compare=False, repr=False)
    readout: BarReadout | None = field(default=None, compare=False, repr=False)

    @property
    def axes(self) -> tuple[str, ...]:
        return self.shape.axes

    @property
    def regions(self) -> tuple[str, ...]:
        return self.shape.regions

    @property
    def terminals(self) -> dict[str, tuple[str, ...]]:
        return self.shape.terminals

    @property
    def layers(self) -> tuple[tuple[str, float], ...]:
        """(name, thickness [m]) of the layers; InputError for shapes without."""
        arguments = dict(self.arguments)
        if "layers" not in arguments:
            raise InputError("shape", "made of layers", self.kind)
        return tuple(arguments["layers"])

    def mesh(self, resolve: Any = None, **options: Any) -> "TaggedMesh":
        """A mesh; see `hanle.meshes.shapes.Shape.mesh`."""
        return self.shape.mesh(resolve, **options)

    def table(self) -> dict[str, Any]:
        """What `from_table` reads back as an equal shape: kind and arguments as text with units."""
        known = KINDS[self.kind].parameters
        return {"kind": self.kind} | {name: known[name].write(value) for name, value in self.arguments}


@dataclass(frozen=True)
class Kind:
    """A kind of shape.

    Attributes:
        build: SI arguments -> shape.
        parameters: name -> how it is read and written.
        required: names that must be given.
        readout: (shape, SI arguments) -> how a bar is read.
    """

    build: Callable[..., "Shape"]
    parameters: Mapping[str, Parameter]
    required: tuple[str, ...]
    readout: Callable[[Mapping[str, Any]], BarReadout | None] = lambda arguments: None


def make(kind: str, given: Mapping[str, Any], *, bare_is_si: bool = True, key: str = "") -> UserShape:
    """A shape from its kind and arguments; None counts as left out.

    Args:
        bare_is_si: take numbers without unit as metres; files refuse them.
        key: put before the names of arguments in messages ("shape.").

    Raises:
        InputError: an unknown kind or argument, a missing one, a value without sense.
    """
    if kind not in KINDS:
        raise unknown_name(f"{key}kind", kind, KINDS)
    known = KINDS[kind]
    for name in given:
        if name not in known.parameters:
            raise unknown_name(f"{key}{name}", name, known.parameters)
    for name in known.required:
        if given.get(name) is None:
            raise InputError(f"{key}{name}", f"given for a {kind}", "nothing")
    arguments = {
        name: known.parameters[name].read(value, f"{key}{name}", bare_is_si)
        for name, value in given.items()
        if value is not None
    }
    try:
        shape = known.build(**{name: _plain(known.parameters[name], value) for name, value in arguments.items()})
    except InputError as error:
        raise error.within(key) from error
    return UserShape(kind, tuple(sorted(arguments.items())), shape, known.readout(arguments))


def from_table(table: Mapping[str, Any], *, folder: Path | None = None) -> UserShape:
    """A shape from the table [shape] of a file; paths are relative to `folder`. Errors as in `make`."""
    given = dict(table)
    kind = given.pop("kind", None)
    if not isinstance(kind, str):
        raise InputError("shape.kind", "one of " + ", ".join(sorted(KINDS)), kind)
    if kind == "mesh" and folder is not None and isinstance(given.get("path"), str):
        given["path"] = str(folder / given["path"])
    return make(kind, given, bare_is_si=False, key="shape.")


def stack(layers: LayerList, *, contacts: bool = False) -> UserShape:
    """Layers along z, (name, thickness) from the bottom to the top; see `hanle.meshes.layers.stack`.

    Args:
        contacts: make "bottom" and "top" terminals (current along z); otherwise the current is in the plane.
    """
    return make("stack", {"layers": layers, "contacts": contacts or None})


def section(width: Length, layers: LayerList, *, periodic: bool = False) -> UserShape:
    """Cross-section (y, z) of a film of finite width, current along x; see `hanle.meshes.layers.film`."""
    return make("section", {"width": width, "layers": layers, "periodic": periodic or None})


def hall_bar(
    length: Length,
    width: Length,
    layers: LayerList,
    *,
    arms: int | None = None,
    arm_width: Length | None = None,
    arm_length: Length | None = None,
    arm_positions: Sequence[Length] | None = None,
    contacts: Sequence[str] | None = None,
    plates: Mapping[str, Length] | None = None,
    periodic: Sequence[str] = (),
) -> UserShape:
    """A Hall bar in 3D with probes V1, V2, ...; see `hanle.meshes.hall_bar.hall_bar`.

    rho_L is read between the first and the last probe on the +y side, or between the ends where there are fewer than
    two pairs of arms; rho_T between the first probe at +y and the one across.
    """
    return make("hall_bar", {**locals(), "periodic": periodic or None})


def cross(
    length: Length,
    width: Length,
    layers: LayerList,
    *,
    contacts: Sequence[str] | None = None,
    plates: Mapping[str, Length] | None = None,
) -> UserShape:
    """A symmetric cross in 3D, terminals left, right, V1, V2; see `hanle.meshes.hall_bar.cross`."""
    return make("cross", locals())


def hall_bar_plan(
    length: Length,
    width: Length,
    *,
    region: str | None = None,
    arms: int | None = None,
    arm_width: Length | None = None,
    arm_length: Length | None = None,
    arm_positions: Sequence[Length] | None = None,
) -> UserShape:
    """A Hall bar seen from above (x, y), one region ("film" by default), invariant along z.

    Names and read-out as for `hall_bar`; currents are per thickness (A/m), which the shape does not know. No field is
    along z, where a film carries no current: the two differ at second order in what turns the current out of the plane
    (Hall effects of B or m in the plane, anisotropy of m aslant). See `hanle.meshes.plan.hall_bar_plan`.
    """
    return make("hall_bar_plan", locals())


def cross_plan(length: Length, width: Length, *, region: str | None = None) -> UserShape:
    """A symmetric cross seen from above; see `hanle.meshes.plan.cross_plan`."""
    return make("cross_plan", locals())


def strips(
    length: Length,
    layers: LayerList,
    strips: Iterable[tuple[str, Length, Length, Length]],
    *,
    width: Length | None = None,
    contacts: Sequence[str] | None = None,
    periodic: bool = False,
    overhang: Length | None = None,
    strip_length: Length | None = None,
) -> UserShape:
    """A channel along x with strips (name, position, width, thickness) on it; see `hanle.meshes.strips.strips`.

    Args:
        overhang: how far strips reach over both sides of a channel with a width, to be contacted at their ends.
        strip_length: instead; shorter than the width, the strips end on the channel.
    """
    return make("strips", {**locals(), "periodic": periodic or None})


def channel(segments: LayerList) -> UserShape:
    """A channel along x as a line of segments (name, length); see `hanle.meshes.strips.channel`."""
    return make("channel", {"segments": segments})


def wire(
    layers: LayerList,
    *,
    length: Length | None = None,
    sectors: int | None = None,
    contacts: Sequence[str] | None = None,
    periodic: bool = False,
) -> UserShape:
    """A round wire along x, layers from the axis outwards; see `hanle.meshes.wire`.

    Args:
        length: without it the shape is the cross-section (y, z) alone, which has no terminals.
    """
    return make("wire", {**locals(), "periodic": periodic or None})


def read_mesh(
    path: str | os.PathLike[str],
    *,
    unit: str = "m",
    axes: Sequence[str] | None = None,
    regions: Sequence[str] | None = None,
    terminals: Sequence[str] | Mapping[str, Sequence[str]] = (),
    periodic: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> UserShape:
    """A Gmsh file (.msh 2.2 or 4.1); see `hanle.meshes.files.read_mesh`."""
    given = {"path": os.fspath(path), "unit": unit, "axes": axes, "regions": regions}
    optional = {"terminals": terminals, "periodic": periodic, "ignore": ignore}
    return make("mesh", given | {name: value or None for name, value in optional.items()})


def _plain(parameter: Parameter, value: Any) -> Any:
    """What builders take: mappings where arguments are kept as pairs."""
    pairs = parameter is PLATES or (parameter is TERMINALS and all(isinstance(entry, tuple) for entry in value))
    return dict(value) if pairs else value


def _builder(module: str, name: str) -> Callable[..., "Shape"]:
    """A function of `hanle.meshes`, imported when it is called."""

    def build(**given: Any) -> "Shape":
        shape: Shape = getattr(import_module(f"hanle.meshes.{module}"), name)(**given)
        return shape

    return build


def _wire(length: float | None = None, **given: Any) -> "Shape":
    from hanle.meshes.wire import wire, wire_section

    if length is not None:
        return wire(length, **given)
    for name in ("contacts", "periodic"):
        if name in given:
            raise InputError(name, "left out for the cross-section of a wire", given[name], "or give a length")
    return wire_section(**given)


def _read_bar(arguments: Mapping[str, Any]) -> BarReadout | None:
    from hanle.meshes.plan import read_arms

    if arguments.get("periodic"):
        return None
    length, width = arguments["length"], arguments["width"]
    count = arguments.get("arms", 2)
    names = ("arm_width", "arm_length", "arm_positions")
    arms = read_arms(length, width, count, *(arguments.get(name) for name in names)) if count else None
    positions = arms.positions if arms else ()
    thickness = dict(arguments["layers"]) if "layers" in arguments else None
    across = ("V1", f"V{count + 1}") if positions else None
    if len(positions) < 2:
        return BarReadout(("left", "right"), across, length, width, thickness)
    return BarReadout(("V1", f"V{count}"), across, positions[-1] - positions[0], width, thickness)


_LAYERED = {"length": LENGTH, "width": LENGTH, "layers": LAYERS, "contacts": NAMES, "plates": PLATES}
_ARMS = {"arms": COUNT, "arm_width": LENGTH, "arm_length": LENGTH, "arm_positions": LENGTHS}
#: The kinds of shapes, by name.
KINDS: dict[str, Kind] = {
    "stack": Kind(_builder("layers", "stack"), {"layers": LAYERS, "contacts": FLAG}, ("layers",)),
    "section": Kind(
        _builder("layers", "film"), {"width": LENGTH, "layers": LAYERS, "periodic": FLAG}, ("width", "layers")
    ),
    "hall_bar": Kind(
        _builder("hall_bar", "hall_bar"),
        {**_LAYERED, **_ARMS, "periodic": NAMES},
        ("length", "width", "layers"),
        readout=_read_bar,
    ),
    "cross": Kind(_builder("hall_bar", "cross"), _LAYERED, ("length", "width", "layers")),
    "hall_bar_plan": Kind(
        _builder("plan", "hall_bar_plan"),
        {"length": LENGTH, "width": LENGTH, "region": TEXT, **_ARMS},
        ("length", "width"),
        readout=_read_bar,
    ),
    "cross_plan": Kind(
        _builder("plan", "cross_plan"), {"length": LENGTH, "width": LENGTH, "region": TEXT}, ("length", "width")
    ),
    "strips": Kind(
        _builder("strips", "strips"),
        {
            "length": LENGTH,
            "layers": LAYERS,
            "strips": STRIPS,
            "width": LENGTH,
            "contacts": NAMES,
            "periodic": FLAG,
            "overhang": LENGTH,
            "strip_length": LENGTH,
        },
        ("length", "layers", "strips"),
    ),
    "channel": Kind(_builder("strips", "channel"), {"segments": LAYERS}, ("segments",)),
    "wire": Kind(
        _wire,
        {"layers": LAYERS, "length": LENGTH, "sectors": COUNT, "contacts": NAMES, "periodic": FLAG},
        ("layers",),
    ),
    "mesh": Kind(
        _builder("files", "read_mesh"),
        {
            "path": PATH,
            "unit": TEXT,
            "axes": NAMES,
            "regions": NAMES,
            "terminals": TERMINALS,
            "periodic": NAMES,
            "ignore": NAMES,
        },
        ("path",),
    ),
}
