"""Meshes from files and to files."""

import os
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hanle.meshes.coarse import warn_if_coarse
from hanle.meshes.geometry import check_mesh
from hanle.meshes.gmsh import from_meshio, to_meshio
from hanle.meshes.options import Resolve, read_resolve
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.quantity import parse


@dataclass(frozen=True, eq=False)
class MeshShape:
    """A mesh that is given, used as a shape.

    Attributes:
        given: the mesh; checked by `hanle.meshes.geometry.check_mesh`.
        contacts: terminal -> outer faces.
    """

    given: TaggedMesh
    contacts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_mesh(self.given)
        for name, faces in self.contacts.items():
            for face in faces:
                if face not in self.given.faces:
                    raise unknown_name(f"terminals.{name}", face, self.given.faces)
                if self.given.faces[face].is_interface:
                    raise InputError(f"terminals.{name}", "on the surface", face, "this face is an interface")

    @property
    def axes(self) -> tuple[str, ...]:
        """Resolved axes."""
        return self.given.axes

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions, in the order that orients interfaces."""
        return self.given.regions

    @property
    def terminals(self) -> dict[str, tuple[str, ...]]:
        """Terminal -> outer faces."""
        return dict(self.contacts)

    def mesh(self, resolve: Resolve = None, **options: Any) -> TaggedMesh:
        """The mesh as it is, with a `CoarseMeshWarning` where it does not resolve the decay lengths.

        Raises:
            InputError: options, which could only change the mesh.
        """
        if options:
            raise InputError(
                "mesh", "without options: the mesh is given", sorted(options), "refine it where it was made"
            )
        warn_if_coarse(self.given, read_resolve(resolve, self.regions), skip=self.given.periodic)
        return self.given


def read_mesh(
    path: str | os.PathLike[str],
    *,
    unit: str = "m",
    axes: Sequence[str] | None = None,
    regions: Sequence[str] | None = None,
    terminals: Sequence[str] | Mapping[str, Sequence[str]] = (),
    periodic: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> MeshShape:
    """A Gmsh file (.msh 2.2 or 4.1) as a shape.

    Physical groups of the highest dimension are regions, those one dimension below are faces. Interfaces are found by
    themselves and called "A|B"; what is left of the surface is "A|outside". A face group that touches several regions
    becomes "A|name", "B|name"; one between two regions is a part of their interface with a law of its own; one called
    "B|A" makes B the minus side.

    Args:
        path: of the file.
        unit: of its coordinates, e.g. "nm".
        axes: what the varying coordinates of a flat or straight mesh stand for, e.g. ("y", "z") for a section drawn
            in the x-y plane; default their own names.
        regions: all regions in the order that orients interfaces (minus first); default by group number.
        terminals: names of face groups, or terminal -> faces.
        periodic: axes along which the mesh repeats; the points at both ends must match.
        ignore: face groups to leave out.

    Raises:
        InputError: no such file, a broken file, elements or groups that cannot be used; the message says which.
    """
    source = Path(path)
    if not source.is_file():
        raise InputError("path", "an existing .msh file", str(source))
    scale = float(parse(f"1 {unit}", "length", "unit"))
    mesh = from_meshio(_read(source), scale=scale, axes=axes, regions=regions, periodic=periodic, ignore=ignore)
    return MeshShape(mesh, _contacts(terminals, mesh))


def write_mesh(mesh: TaggedMesh, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write a mesh in metres as a binary .msh 2.2 file with regions and faces as physical groups.

    The file appears whole or not at all. Periodic pairs are not kept: name the axes again when reading.

    Raises:
        InputError: the file exists and `overwrite` is false, or its name does not end in .msh.
    """
    import meshio

    goal = Path(path)
    if goal.suffix != ".msh":
        raise InputError("path", "a file name ending in .msh", str(goal))
    if goal.exists() and not overwrite:
        raise InputError("path", "free", str(goal), "choose another name or pass overwrite=True")
    raw = to_meshio(mesh)
    goal.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{goal.stem}-", dir=goal.parent) as folder:
        draft = Path(folder) / goal.name
        meshio.gmsh.write(draft, raw, fmt_version="2.2", binary=True)
        os.replace(draft, goal)
    return goal


def _read(source: Path) -> Any:
    import meshio

    try:
        # numpy only warns where text holds something else than the numbers it should
        with warnings.catch_warnings():
            warnings.filterwarnings("error", "string or file could not be read", DeprecationWarning)
            return meshio.gmsh.read(source)
    except Exception as error:
        cure = "save it from Gmsh again as .msh 4.1 (or 2.2), Mesh.SaveAll = 0"
        reason = f"{type(error).__name__} {error}".strip()
        raise InputError(
            "mesh file", "a whole .msh file of format 2.2 or 4.1", f"{source}: {reason}", cure
        ) from error


def _contacts(
    terminals: Sequence[str] | Mapping[str, Sequence[str]], mesh: TaggedMesh
) -> dict[str, tuple[str, ...]]:
    if isinstance(terminals, Mapping):
        return {name: tuple(faces) for name, faces in terminals.items()}
    found = {}
    for name in terminals:
        parts = tuple(face for face in (f"{region}|{name}" for region in mesh.regions) if face in mesh.faces)
        found[name] = (name,) if name in mesh.faces or not parts else parts
    return found
