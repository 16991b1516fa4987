"""Gmsh files: what is read is the geometry that was drawn, and what cannot be used is refused with the way out.

The files in tests/data were written by Gmsh (see make_meshes.py there): YIG on 0 <= x <= 20 nm, Pt on 20 <= x <= 50 nm,
10 nm wide along the other axes. Other files are written with meshio.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import meshio
import numpy as np
import pytest

from hanle.meshes.coarse import CoarseMeshWarning, resolution
from hanle.meshes.files import MeshShape, read_mesh, write_mesh
from hanle.meshes.geometry import cell_volumes, face_area, facet_normals, region_volume
from hanle.meshes.gmsh import from_meshio
from hanle.meshes.hall_bar import hall_bar
from hanle.meshes.layers import film, stack
from hanle.meshes.tagged import Facets, TaggedMesh
from hanle.meshes.wire import wire
from hanle.pde.errors import InputError

DATA = Path(__file__).parent / "data"
NM = 1e-9
#: The files hold 16 digits; sums of a few hundred terms lose two.
ROUNDING = 1e-13
KINDS = ("line", "triangle", "quad", "tetra", "hexahedron")


@pytest.mark.parametrize("mode", ["ascii", "binary"])
@pytest.mark.parametrize("version", ["2.2", "4.1"])
@pytest.mark.parametrize("kind", KINDS)
def test_files_of_gmsh(kind: str, version: str, mode: str) -> None:
    shape = read_mesh(DATA / f"{kind}-{version}-{mode}.msh", unit="nm", terminals=["left", "right"])
    mesh = shape.mesh()
    d = len(mesh.axes)
    assert (mesh.kind, mesh.axes, mesh.regions) == (kind, ("x", "y", "z")[:d], ("YIG", "Pt"))
    end = (10 * NM) ** (d - 1)
    assert region_volume(mesh, "YIG") == pytest.approx(20 * NM * end, rel=ROUNDING, abs=0)
    assert region_volume(mesh, "Pt") == pytest.approx(30 * NM * end, rel=ROUNDING, abs=0)
    assert cell_volumes(mesh).min() > 0
    for name in ("YIG|Pt", "left", "right"):
        assert face_area(mesh, name) == pytest.approx(end, rel=ROUNDING, abs=0)
    if d > 1:
        side = 10 * NM ** (d - 1) * 10 ** (d - 2)
        assert face_area(mesh, "Pt|bottom") == pytest.approx(3 * side, rel=ROUNDING, abs=0)
        assert face_area(mesh, "YIG|outside") == pytest.approx(2 * side * (1, 3)[d - 2], rel=ROUNDING, abs=0)
    normals = {n: facet_normals(mesh, mesh.faces[n])[0][:, 0] for n in ("left", "YIG|Pt", "right")}
    for name, sign in (("left", -1.0), ("YIG|Pt", 1.0), ("right", 1.0)):
        assert np.all(normals[name] == pytest.approx(sign, rel=ROUNDING))
    assert shape.terminals == {"left": ("left",), "right": ("right",)}


def test_order_of_regions_decides_the_minus_side() -> None:
    mesh = read_mesh(DATA / "quad-4.1-ascii.msh", unit="nm", regions=["Pt", "YIG"]).given
    assert mesh.face_regions("Pt|YIG") == ("Pt", "YIG")
    assert np.all(facet_normals(mesh, mesh.faces["Pt|YIG"])[0][:, 0] == pytest.approx(-1.0, rel=ROUNDING))


def test_a_plane_mesh_can_stand_for_another_section() -> None:
    """x-y of the file becomes y-z: the coordinates keep their order."""
    mesh = read_mesh(DATA / "quad-4.1-ascii.msh", unit="nm", axes=("y", "z"), terminals=["bottom"])
    assert mesh.axes == ("y", "z")
    assert np.ptp(mesh.given.points, axis=0) == pytest.approx([50 * NM, 10 * NM], rel=ROUNDING)
    assert mesh.terminals == {"bottom": ("YIG|bottom", "Pt|bottom")}


def test_periodic_axis() -> None:
    mesh = read_mesh(DATA / "hexahedron-2.2-binary.msh", unit="nm", periodic=["y"], ignore=["bottom"]).given
    low, high = (mesh.points[mesh.periodic["y"][:, side]] for side in (0, 1))
    assert np.all(np.abs(high - low - [0, 10 * NM, 0]) <= 10 * NM * ROUNDING)
    assert len(low) == 15
    assert face_area(mesh, "Pt|outside") == pytest.approx(2 * 30 * 10 * NM**2, rel=ROUNDING, abs=0)
    with pytest.raises(InputError, match='ignore=\\["bottom"\\]'):
        read_mesh(DATA / "hexahedron-2.2-binary.msh", periodic=["y"])


def test_periodic_twins_are_found_in_any_order() -> None:
    mesh = read_mesh(squares(TWO), periodic=["y"]).given
    low, high = (mesh.points[mesh.periodic["y"][:, side]] for side in (0, 1))
    assert np.array_equal(high - low, [[0.0, 10.0]] * 3)
    line = read_mesh(DATA / "line-4.1-ascii.msh", periodic=["x"], ignore=["left", "right"]).given
    assert np.ptp(line.points[line.periodic["x"]]) == 50.0


def test_periodic_ends_have_to_match() -> None:
    with pytest.raises(InputError, match="equal meshes at both ends of y"):
        read_mesh(squares({"unit": (0, 1, 2, 3)}, SLANTED), periodic=["y"])


ROUND_TRIP: dict[str, Callable[[], TaggedMesh]] = {
    "line": lambda: stack([("YIG", 50 * NM), ("Pt", 5 * NM)]).mesh({"Pt": 1.5 * NM}),
    "quad": lambda: film(100 * NM, [("YIG", 50 * NM), ("Pt", 5 * NM)]).mesh(20 * NM),
    "triangle": lambda: film(100 * NM, [("YIG", 50 * NM), ("Pt", 5 * NM)]).mesh(20 * NM, cells="triangle"),
    "hexahedron": lambda: hall_bar(1e-6, 2e-7, [("YIG", 50 * NM), ("Pt", 5 * NM)], arms=1).mesh(30 * NM),
    "tetra": lambda: wire(100 * NM, [("Cu", 10 * NM), ("Pt", 5 * NM)], sectors=12).mesh(10 * NM),
}


@pytest.mark.parametrize("kind", ROUND_TRIP)
def test_write_and_read(kind: str, tmp_path: Path) -> None:
    mesh = ROUND_TRIP[kind]()
    path = write_mesh(mesh, tmp_path / "new" / "mesh.msh")
    back = read_mesh(path).given
    assert (back.kind, back.axes, back.regions) == (kind, mesh.axes, mesh.regions)
    assert np.array_equal(back.points, mesh.points)
    assert np.array_equal(back.cells, mesh.cells)
    assert np.array_equal(back.cell_region, mesh.cell_region)
    assert set(back.faces) == set(mesh.faces)
    for name, facets in mesh.faces.items():
        assert sorted(map(sorted, back.faces[name].nodes.tolist())) == sorted(map(sorted, facets.nodes.tolist()))
        assert sorted(map(tuple, back.faces[name].cells.tolist())) == sorted(map(tuple, facets.cells.tolist()))


def test_files_are_not_replaced_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mesh, path = ROUND_TRIP["line"](), tmp_path / "mesh.msh"
    path.write_text("mine")
    with pytest.raises(InputError, match="overwrite=True"):
        write_mesh(mesh, path)

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(meshio.gmsh, "write", fail)
        with pytest.raises(OSError, match="disk full"):
            write_mesh(mesh, path, overwrite=True)
    assert path.read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["mesh.msh"]
    write_mesh(mesh, path, overwrite=True)
    assert read_mesh(path).regions == mesh.regions
    with pytest.raises(InputError, match="a file name ending"):
        write_mesh(mesh, tmp_path / "mesh.vtu")


SQUARES = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [2, 0], [2, 1]], dtype=float) * 10
SLANTED = np.array([[0, 0], [10, 0], [9, 10], [0, 10]], dtype=float)
_FOLDER: list[Path] = []


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path) -> None:
    _FOLDER[:] = [tmp_path]


def save(points: Any, blocks: list[tuple[str, Any]], tags: list[Any], names: dict[str, tuple[int, int]]) -> Path:
    """A .msh 2.2 file with these blocks of elements and tags."""
    path = _FOLDER[0] / "made.msh"
    points = np.pad(np.asarray(points, dtype=float), ((0, 0), (0, 3 - np.shape(points)[1])))
    data = {key: [np.asarray(t) for t in tags] for key in ("gmsh:physical", "gmsh:geometrical")}
    fields = {name: np.array(value) for name, value in names.items()}
    raw = meshio.Mesh(points, blocks, cell_data=data, field_data=fields)
    meshio.gmsh.write(path, raw, fmt_version="2.2", binary=False)
    return path


def squares(
    regions: dict[str, tuple[int, ...]],
    points: Any = SQUARES,
    lines: dict[str, list[tuple[int, int]]] | None = None,
) -> Path:
    """Quadrilaterals, one per region, with named groups of lines."""
    blocks: list[tuple[str, Any]] = [("quad", np.array(list(regions.values())))]
    tags: list[Any] = [np.arange(1, 1 + len(regions))]
    names = {name: (k, 2) for k, name in enumerate(regions, 1)}
    for k, (name, edges) in enumerate((lines or {}).items(), 1):
        blocks.append(("line", np.array(edges)))
        tags.append(np.full(len(edges), k))
        names[name] = (k, 1)
    return save(points, blocks, tags, names)


TWO = {"a": (0, 1, 2, 3), "b": (1, 4, 5, 2)}


def test_named_interfaces() -> None:
    """ "b|a" turns the interface round, another name makes it a face of its own; the rest is "a|b" as before."""
    mesh = read_mesh(squares(TWO, lines={"b|a": [(1, 2)]})).given
    assert mesh.face_regions("b|a") == ("b", "a")
    assert mesh.faces["b|a"].cells.tolist() == [[1, 0]]
    assert set(mesh.faces) == {"b|a", "a|outside", "b|outside"}
    mesh = read_mesh(squares(TWO, lines={"gate": [(1, 2)], "a|b": [(1, 2)]})).given
    assert mesh.faces["gate"].cells.tolist() == [[0, 1]]
    assert "a|b" not in mesh.faces


def test_reversed_cells_are_turned() -> None:
    """A clockwise square is mended; its neighbour still shares the facet."""
    mesh = read_mesh(squares({"a": (0, 3, 2, 1), "b": (1, 4, 5, 2)})).given
    assert cell_volumes(mesh) == pytest.approx([100.0, 100.0])
    assert mesh.faces["a|b"].cells.tolist() == [[0, 1]]


def test_negative_tags_mean_reversed_elements() -> None:
    mesh = read_mesh(save(SQUARES, [("quad", [[0, 3, 2, 1]])], [[-1]], {"a": (1, 2)})).given
    assert cell_volumes(mesh) == pytest.approx([100.0])


def test_an_entity_in_two_groups_is_refused() -> None:
    """Format 4.1 lists all groups of an entity, the tags only the first."""
    raw = meshio.gmsh.read(DATA / "quad-4.1-ascii.msh")
    raw.cell_sets["more"] = list(raw.cell_sets["Pt"])
    with pytest.raises(InputError, match=r"'Pt', 'more'.*one group"):
        from_meshio(raw)


def test_points_without_cells_are_dropped() -> None:
    mesh = read_mesh(squares({"a": (0, 1, 2, 3)}, [*SQUARES[:4], (5.0, 5.0)])).given
    assert len(mesh.points) == 4


def wedges() -> Path:
    points = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [0, 1, 1]]
    return save(points, [("wedge", [[0, 1, 2, 3, 4, 5]])], [[1]], {"a": (1, 3)})


def second_order() -> Path:
    points = [[0, 0], [1, 0], [0, 1], [0.5, 0], [0.5, 0.5], [0, 0.5]]
    return save(points, [("triangle6", [[0, 1, 2, 3, 4, 5]])], [[1]], {"a": (1, 2)})


def mixed() -> Path:
    blocks = [("quad", [[0, 1, 2, 3]]), ("triangle", [[1, 4, 5]])]
    return save(SQUARES, blocks, [[1], [1]], {"a": (1, 2)})


def cut(keep: float, name: str = "tetra-4.1-binary.msh") -> Path:
    path = _FOLDER[0] / "cut.msh"
    data = (DATA / name).read_bytes()
    path.write_bytes(data[: int(keep * len(data))])
    return path


def text(content: str) -> Path:
    path = _FOLDER[0] / "text.msh"
    path.write_text(content)
    return path


FLAT = [*SQUARES[:2], (20.0, 0.0), (5.0, 0.0)]
FOLDED = [SQUARES[0], SQUARES[1], SQUARES[3], SQUARES[2]]
REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "no file": (lambda: read_mesh("nowhere.msh"), "an existing .msh file"),
    "not a mesh": (lambda: read_mesh(text("hello\n")), "a whole .msh file"),
    "empty": (lambda: read_mesh(text("")), "a whole .msh file"),
    "binary cut in the nodes": (lambda: read_mesh(cut(0.5)), "a whole .msh file"),
    "binary cut in the elements": (lambda: read_mesh(cut(0.9)), "a whole .msh file"),
    "text cut in the nodes": (lambda: read_mesh(cut(0.3, "tetra-2.2-ascii.msh")), "a whole .msh file"),
    "text cut in the elements": (lambda: read_mesh(cut(0.9, "tetra-4.1-ascii.msh")), "a whole .msh file"),
    "wedges": (lambda: read_mesh(wedges()), "wedge - use tetrahedra|use tetrahedra"),
    "second order": (lambda: read_mesh(second_order()), "mesh with order 1"),
    "mixed": (lambda: read_mesh(mixed()), "of one cell kind.*recombine"),
    "no names": (
        lambda: read_mesh(save(SQUARES, [("quad", [[0, 1, 2, 3]])], [[1]], {})),
        'named for all cells.*Physical Volume\\("Pt"\\)',
    ),
    "cells without group": (
        lambda: read_mesh(save(SQUARES, [("quad", [[0, 1, 2, 3], [1, 4, 5, 2]])], [[1, 0]], {"a": (1, 2)})),
        "1 cells in groups \\[0\\]",
    ),
    "only points": (lambda: read_mesh(save(SQUARES, [("vertex", [[0]])], [[1]], {"a": (1, 0)})), "with cells"),
    "flat cell": (lambda: read_mesh(squares({"a": (0, 1, 2, 3)}, FLAT)), "flat or folded|in one coordinate plane"),
    "folded cell": (lambda: read_mesh(squares({"a": (0, 1, 2, 3)}, FOLDED)), "cell 0 \\(flat or folded\\)"),
    "doubled cells": (
        lambda: read_mesh(squares({"a": (0, 1, 2, 3), "b": (1, 4, 5, 2), "c": (1, 4, 5, 2)})),
        "at most two at each facet",
    ),
    "face inside a region": (
        lambda: read_mesh(save(SQUARES, [("quad", list(TWO.values())), ("line", [[1, 2]])], [[1, 1], [1]],
                               {"a": (1, 2), "cut": (1, 1)})),
        'physical group cut must be on the surface.*ignore=\\["cut"\\]',
    ),
    "face in two groups": (
        lambda: read_mesh(squares(TWO, lines={"gate": [(1, 2)], "drain": [(2, 1)]})),
        "a facet of drain too|a facet of gate too",
    ),
    "face inside and outside": (
        lambda: read_mesh(squares(TWO, lines={"gate": [(1, 2), (0, 1)]})),
        "between one pair of regions",
    ),
    "bent plane": (
        lambda: read_mesh(squares({"a": (0, 1, 2, 3)}, [[0, 0, 0], [1, 0, 0], [1, 1, 1], [0, 1, 0]])),
        "in one coordinate plane",
    ),
    "wrong axes": (lambda: read_mesh(squares(TWO), axes=("x",)), "2 of x, y, z"),
    "unknown region": (lambda: read_mesh(squares(TWO), regions=["a", "c"]), "regions must be one of a, b"),
    "not all regions": (lambda: read_mesh(squares(TWO), regions=["a"]), "all of a, b"),
    "unknown terminal": (lambda: read_mesh(squares(TWO), terminals=["left"]), "terminals.left must be one of"),
    "interface as terminal": (lambda: read_mesh(squares(TWO), terminals=["a|b"]), "this face is an interface"),
    "unknown unit": (lambda: read_mesh(squares(TWO), unit="K"), "unit"),
    "options": (lambda: read_mesh(squares(TWO)).mesh(cells_per_length=3), "refine it where it was made"),
    "resolve": (lambda: read_mesh(squares(TWO)).mesh({"c": 1.0}), "resolve must be one of"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what: str) -> None:
    call, message = REFUSED[what]
    with pytest.raises(InputError, match=message):
        call()


def test_given_mesh_warns_where_it_is_coarse() -> None:
    with pytest.warns(CoarseMeshWarning, match="a, across"):
        read_mesh(squares(TWO)).mesh({"a": 20.0})
    read_mesh(squares(TWO)).mesh({"a": 30.0})


@pytest.mark.parametrize("turned", [False, True])
def test_the_thickest_cells_count(turned: bool) -> None:
    """Cells of 10 and 30 at the two ends: the coarser end decides, whichever is named first."""
    points = [[0, 0], [10, 0], [10, 10], [0, 10], [40, 0], [40, 10]]
    ends = [[(3, 0)], [(4, 5)]]
    names = ("left", "right")[:: -1 if turned else 1]
    blocks = [("quad", list(TWO.values())), *(("line", edge) for edge in ends)]
    order = [names.index("left") + 1, names.index("right") + 1]
    tags = {name: (k, 1) for k, name in enumerate(names, 1)}
    mesh = read_mesh(save(points, blocks, [[1, 1], order[:1], order[1:]], {"a": (1, 2), **tags})).given
    found = {r.axis: r for r in resolution(mesh, {"a": 60.0})}
    assert (found["x"].face, found["x"].cells, found["x"].size) == (
        "right",
        pytest.approx(2.0),
        pytest.approx(30.0),
    )


def test_faces_of_a_given_mesh_are_checked() -> None:
    mesh = read_mesh(squares(TWO)).given
    facets = mesh.faces["a|b"]
    wrong = {"a|b": Facets(facets.nodes, facets.cells[:, ::-1])}
    with pytest.raises(InputError, match="minus side first"):
        MeshShape(mesh.with_faces(wrong))
    with pytest.raises(InputError, match="apart from all other faces"):
        MeshShape(mesh.with_faces({"copy": facets}))
    with pytest.raises(InputError, match="made of facets of its cells"):
        MeshShape(mesh.with_faces({"new": Facets(np.array([[0, 5]]), np.array([[0, -1]]))}))
    for parts, message in (
        (("a|outside", "b|outside"), "one pair of regions"),
        (("a|b", "a|outside"), "two names"),
    ):
        joined = [np.concatenate([getattr(mesh.faces[p], key) for p in parts]) for key in ("nodes", "cells")]
        with pytest.raises(InputError, match=message):
            MeshShape(replace(mesh, faces={"all": Facets(*joined)}))
    for wrong_regions, message in ((np.array([0]), "one number per cell"), (np.array([0, 2]), "numbers below 2")):
        with pytest.raises(InputError, match=message):
            MeshShape(replace(mesh, cell_region=wrong_regions))
