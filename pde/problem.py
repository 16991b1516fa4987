"""The problem: coefficients on named regions and faces, terminals and macroscopic drives.

The weak form all engines discretise, with v the test functions of a region and N outward from it:

    sum_regions  int J . grad v + (R U + W : grad U - F) v   =   sum_faces  int (N.J) v - K . grad_t v

Drives are the independent causes of a linear problem: each terminal (u = 1 there, 0 on the others) and each
macroscopic gradient G (allowed along invariant or periodic axes only).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from numpy.typing import ArrayLike

from hanle.meshes.layered import Layers
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.coefficients import Bulk, Coefficient, FaceLaw, leading, without
from hanle.pde.errors import InputError, UnsupportedError, unknown_name
from hanle.pde.fields import NOTHING, FieldSet

MINUS, PLUS = "minus", "plus"


@dataclass(frozen=True, eq=False)
class Face:
    """A face law put on a named face of the mesh.

    Attributes:
        law: the law; its roles say what it expects on each side.
        sides: role -> "minus" or "plus" side of the mesh face (outer boundaries have a minus side only).
    """

    law: FaceLaw
    sides: Mapping[str, str]


@dataclass(frozen=True)
class Terminal:
    """Outer faces at which one component is a common constant: a contact.

    Attributes:
        faces: names of outer faces of the mesh.
        component: which component is constant there; all others have free flux unless a face law says otherwise.
        also: components that have the same value there, on the faces that carry them; the flux of the contact is that
            of all of them.
    """

    faces: tuple[str, ...]
    component: str = "u"
    also: tuple[str, ...] = ()

    @property
    def components(self) -> tuple[str, ...]:
        """All that are constant there."""
        return (self.component, *self.also)


@dataclass(frozen=True)
class Gradient:
    """A macroscopic gradient that can be prescribed: `component` rises by one unit per metre along `axis`.

    Attributes:
        component, axis: of what, along x, y or z.
        regions: where; everywhere if empty. Bodies that are insulated from each other can each have a gradient.
        label: tells gradients of one component along one axis apart.
    """

    component: str
    axis: str
    regions: tuple[str, ...] = ()
    label: str = ""

    @property
    def name(self) -> str:
        """Name of the drive."""
        return f"d{self.component}/d{self.axis}" + (f"({self.label})" if self.label else "")

    def reaches(self, region: str) -> bool:
        """Whether a region feels it."""
        return not self.regions or region in self.regions

    @property
    def direction(self) -> int:
        """Number of the axis among x, y, z."""
        return "xyz".index(self.axis)


@dataclass(frozen=True)
class Global:
    """One scalar unknown: the common value of a component on some faces, with a balance of its own.

    total flux out of the device through the faces + admittance * value = source. A floating contact has
    admittance = source = 0; a lumped resistor to ground or a macroscopic reservoir has an admittance.
    """

    name: str
    faces: tuple[str, ...]
    component: str
    admittance: float = 0.0
    source: float = 0.0


@dataclass(frozen=True, eq=False)
class Problem:
    """Everything an engine needs. Frozen; changes are copies (`dataclasses.replace`).

    Attributes:
        mesh: a TaggedMesh, or Layers for the exact 1D engine (which also reads contiguous 1D meshes).
        regions: region -> law. Regions that are absent have no unknowns.
        faces: face name -> law. Faces that are absent are closed: no flux through them from either side.
        terminals: name -> Terminal.
        gradients: the macroscopic gradients that may be driven.
        globals: further scalar unknowns.
        temperature: T_0, about which relative temperatures are counted [K], a number or (batch, 1); for read-outs.
    """

    mesh: TaggedMesh | Layers
    regions: Mapping[str, Bulk]
    faces: Mapping[str, Face] = field(default_factory=dict)
    terminals: Mapping[str, Terminal] = field(default_factory=dict)
    gradients: tuple[Gradient, ...] = ()
    globals: tuple[Global, ...] = ()
    temperature: ArrayLike = 300.0

    def __post_init__(self) -> None:
        self._check_regions()
        self._check_faces()
        self._check_terminals()
        self._check_gradients()

    @cached_property
    def drives(self) -> tuple[str, ...]:
        """Names of all drives: terminals, then gradients."""
        return (*self.terminals, *(g.name for g in self.gradients))

    def fields_of(self, region: str) -> FieldSet:
        """Fields of a region; the empty set where it has no unknowns."""
        return self.regions[region].fields if region in self.regions else NOTHING

    def gradient(self, drive: str) -> Gradient:
        """The macroscopic gradient of that name; InputError for any other drive."""
        for g in self.gradients:
            if g.name == drive:
                return g
        raise unknown_name("drive", drive, self.drives)

    def reference(self) -> "Problem":
        """The problem without the tagged terms, those that make a (small) correction."""
        return self._filtered(leading)

    def without(self, *tags: str) -> "Problem":
        """The problem without the terms of some effects."""
        return self._filtered(lambda coefficient: without(coefficient, tags))

    def _filtered(self, keep: Callable[[Coefficient], Coefficient]) -> "Problem":
        return replace(
            self,
            regions={name: bulk.filtered(keep) for name, bulk in self.regions.items()},
            faces={name: replace(face, law=face.law.filtered(keep)) for name, face in self.faces.items()},
        )

    @property
    def curved(self) -> tuple[str, ...]:
        """Regions and faces whose laws are not linear ("region Pt")."""
        regions = (f"region {name}" for name, bulk in self.regions.items() if bulk.at or bulk.excess)
        faces = (f"face {name}" for name, face in self.faces.items() if face.law.at is not None)
        return (*regions, *faces)

    def require_linear(self) -> None:
        """Refuse laws that are not linear, as every engine does: UnsupportedError names the first."""
        if self.curved:
            raise UnsupportedError(f"the law of {self.curved[0]} is not linear; solve with hanle.pde.newton")

    def _check_regions(self) -> None:
        if not self.regions:
            raise InputError("regions", "at least one region with unknowns", "none")
        for name in self.regions:
            if name not in self.mesh.regions:
                raise unknown_name("regions", name, self.mesh.regions)

    def _check_faces(self) -> None:
        known = self.mesh.face_names
        for name, face in self.faces.items():
            if name not in known:
                raise unknown_name("faces", name, known)
            self._check_sides(name, face)
            self._check_tie(name, face.law)
        for terminal in self.terminals.values():
            for name in terminal.faces:
                if name not in known:
                    raise unknown_name("terminals", name, known)

    def _check_sides(self, name: str, face: Face) -> None:
        """Every side with fields stands on a region that carries them."""
        regions = self.mesh.face_regions(name)
        allowed = (MINUS, PLUS)[: len(regions)]
        for side in (side for side in face.law.sides if side.fields.size):
            place = face.sides.get(side.role)
            if place not in allowed:
                raise InputError(f"faces.{name}", f"{side.role} on one of {allowed}", place)
            region = regions[allowed.index(place)]
            missing = [n for n in side.fields.names if n not in self.fields_of(region)]
            if missing:
                must = f"a law for the fields of {region}"
                raise InputError(f"faces.{name}", must, missing[0], "drop its rows first")

    def _check_tie(self, name: str, law: FaceLaw) -> None:
        """Tied fields have two sides and are carried on both."""
        regions = self.mesh.face_regions(name)
        for field_name in law.tie:
            if len(regions) != 2:
                must = f"an interface (its law ties {field_name} of two sides)"
                raise InputError(f"faces.{name}", must, "an outer face")
            for region in regions:
                if field_name not in self.fields_of(region):
                    raise InputError(f"faces.{name}", f"between regions that both carry {field_name}", region)

    def _check_terminals(self) -> None:
        for name, terminal in self.terminals.items():
            for face in terminal.faces:
                regions = self.mesh.face_regions(face)
                if len(regions) != 1:
                    raise InputError(f"terminals.{name}", "on an outer face", face)
                if terminal.component not in self.fields_of(regions[0]).components:
                    raise InputError(
                        f"terminals.{name}",
                        f"on a region that carries {terminal.component}",
                        regions[0],
                        "contact a conductor: `contacts` names layers in a bar, terminals and their faces in a device",
                    )

    def _check_gradients(self) -> None:
        for g in self.gradients:
            if g.axis in self.mesh.axes and g.axis not in self.mesh.periodic:
                raise InputError(
                    f"gradient {g.name}",
                    "along an axis in which the device is invariant or periodic",
                    g.axis,
                    "drive a resolved axis with terminals at its ends",
                )
            if not any(g.component in b.fields.components for b in self.regions.values()):
                raise InputError(f"gradient {g.name}", "of a field of the problem", g.component)
