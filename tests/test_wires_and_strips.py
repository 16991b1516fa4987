"""Wires, lateral strips and channels: volumes, areas, names, and how well meshes resolve a decay length."""

import math
import pickle
import warnings
from collections.abc import Callable

import numpy as np
import pytest

from hanle.meshes.coarse import CoarseMeshWarning, resolution, warn_if_coarse
from hanle.meshes.geometry import cell_volumes, check_mesh, face_area, facet_normals, region_volume
from hanle.meshes.hall_bar import hall_bar
from hanle.meshes.layers import film, stack
from hanle.meshes.strips import Strip, channel, strips
from hanle.meshes.tagged import CELL_FACETS, TaggedMesh
from hanle.meshes.wire import wire, wire_section
from hanle.pde.errors import InputError

NM = 1e-9
ROUNDING = 1e-10


def close(found: float, wanted: float) -> bool:
    return abs(found - wanted) <= ROUNDING * abs(wanted)


def polygon(sectors: int, radius: float) -> float:
    """Area of a regular polygon with its corners on the circle."""
    return sectors / 2 * math.sin(2 * math.pi / sectors) * radius**2


def cells_per_facet(mesh: TaggedMesh) -> dict[tuple[int, ...], int]:
    count: dict[tuple[int, ...], int] = {}
    for local in CELL_FACETS[mesh.kind]:
        for nodes in np.sort(mesh.cells[:, local], axis=1).tolist():
            count[tuple(nodes)] = count.get(tuple(nodes), 0) + 1
    return count


@pytest.mark.parametrize("contacts", [None, ["Cu"], ["Cu", "Pt"]])
@pytest.mark.parametrize("sectors", [7, 24])
def test_wire_with_a_shell(sectors: int, contacts: list[str] | None) -> None:
    """Volumes and areas of inscribed prisms; every facet of one cell only is in exactly one outer face."""
    shape = wire(100 * NM, [("Cu", 12 * NM), ("Pt", 5 * NM)], sectors=sectors, contacts=contacts)
    mesh = shape.mesh({"Pt": 5 * NM}, cells_per_length=3, growth=2.0)
    check_mesh(mesh)
    core, whole = polygon(sectors, 12 * NM), polygon(sectors, 17 * NM)
    assert close(region_volume(mesh, "Cu"), core * 100 * NM)
    assert close(region_volume(mesh, "Pt"), (whole - core) * 100 * NM)
    chord = 2 * sectors * math.sin(math.pi / sectors)
    assert close(face_area(mesh, "wall"), chord * 17 * NM * 100 * NM)
    assert close(face_area(mesh, "Cu|Pt"), chord * 12 * NM * 100 * NM)
    ends = {"Cu": core, "Pt": whole - core}
    touched = contacts or ["Pt"]
    for terminal in ("left", "right"):
        names = shape.terminals[terminal]
        assert names == (
            (terminal,) if len(touched) == 1 else ("Cu|left".replace("left", terminal), f"Pt|{terminal}")
        )
        for name, region in zip(names, touched, strict=True):
            assert close(face_area(mesh, name), ends[region])
    for region in set(ends) - set(touched):
        assert close(face_area(mesh, f"{region}|outside"), 2 * ends[region])
    count = cells_per_facet(mesh)
    assert set(count.values()) == {1, 2}
    outer = [
        tuple(row) for f in mesh.faces.values() if not f.is_interface for row in np.sort(f.nodes, axis=1).tolist()
    ]
    assert len(outer) == len(set(outer))
    assert set(outer) == {nodes for nodes, number in count.items() if number == 1}


def test_wall_is_round_and_normals_are_radial() -> None:
    mesh = wire(100 * NM, [("Pt", 20 * NM)], sectors=48).mesh(1.5 * NM)
    radius = np.hypot(*mesh.points[np.unique(mesh.faces["wall"].nodes), 1:].T)
    assert np.all(np.abs(radius - 20 * NM) <= 1e-15 * 20 * NM * 4)
    normals, _ = facet_normals(mesh, mesh.faces["wall"])
    centres = mesh.face_centres("wall")
    assert np.all(np.sum(normals[:, 1:] * centres[:, 1:], axis=1) / np.hypot(*centres[:, 1:].T) > 0.998)
    assert np.all(facet_normals(mesh, mesh.faces["left"])[0][:, 0] == pytest.approx(-1.0))


def test_wire_section_and_periodic_wire() -> None:
    layers = [("Cu", 12 * NM), ("Pt", 5 * NM)]
    section = wire_section(layers, sectors=24)
    mesh = section.mesh({"Pt": 5 * NM})
    check_mesh(mesh)
    assert (mesh.axes, mesh.kind, set(mesh.faces)) == (("y", "z"), "triangle", {"Cu|Pt", "wall"})
    assert close(region_volume(mesh, "Cu"), polygon(24, 12 * NM))
    assert mesh.face_regions("Cu|Pt") == ("Cu", "Pt")
    solid = wire(30 * NM, layers, sectors=24, periodic=True)
    mesh = solid.mesh({"Pt": 5 * NM}, cells_per_length=3, growth=2.0)
    assert (set(mesh.faces), solid.terminals) == ({"Cu|Pt", "wall"}, {})
    low, high = (mesh.points[mesh.periodic["x"][:, side]] for side in (0, 1))
    assert np.array_equal(low[:, 1:], high[:, 1:])
    assert np.all(high[:, 0] - low[:, 0] == 30 * NM)
    twin = dict(mesh.periodic["x"].tolist())
    ends = {nodes for nodes, number in cells_per_facet(mesh).items() if number == 1}
    at_low = {tuple(sorted(twin[n] for n in nodes)) for nodes in ends if all(n in twin for n in nodes)}
    assert at_low == {nodes for nodes in ends if set(nodes) <= set(twin.values())}
    assert pickle.loads(pickle.dumps(solid)) == solid
    assert hash(solid) != hash(section)


VALVE = (2000 * NM, [("SiO2", 30 * NM), ("Cu", 100 * NM)], [("F1", -300 * NM, 100 * NM, 20 * NM)])


@pytest.mark.parametrize("cells", [None, "simplex"])
@pytest.mark.parametrize("width", [None, 150 * NM])
def test_lateral_valve(width: float | None, cells: str | None) -> None:
    length, layers, first = VALVE
    shape = strips(length, layers, [*first, Strip("F2", 250 * NM, 200 * NM, 30 * NM)], width=width)
    kinds = {None: None, "simplex": "triangle" if width is None else "tetra"}
    mesh = shape.mesh({"Cu": 300 * NM, "F1": 5 * NM, "F2": 5 * NM}, cells=kinds[cells])
    check_mesh(mesh)
    deep = 1.0 if width is None else width
    assert mesh.axes == (("x", "z") if width is None else ("x", "y", "z"))
    assert close(region_volume(mesh, "Cu"), length * 100 * NM * deep)
    assert close(region_volume(mesh, "F2"), 200 * NM * 30 * NM * deep)
    assert close(face_area(mesh, "Cu|F1"), 100 * NM * deep)
    assert close(face_area(mesh, "left"), 100 * NM * deep)
    assert close(face_area(mesh, "bottom"), length * deep)
    assert shape.terminals == {"left": ("left",), "right": ("right",), "F1": ("F1|top",), "F2": ("F2|top",)}
    assert mesh.face_centres("F2|top")[:, 2] == pytest.approx(160 * NM, rel=ROUNDING)
    assert mesh.face_centres("F2|top")[:, 0].mean() == pytest.approx(250 * NM, rel=1e-6)
    assert mesh.face_regions("Cu|F1") == ("Cu", "F1")
    assert np.all(facet_normals(mesh, mesh.faces["Cu|F1"])[0][:, -1] > 0.5)


@pytest.mark.parametrize("cells", [None, "tetra"])
def test_strips_that_reach_over_the_channel(cells: str | None) -> None:
    length, layers, first = VALVE
    shape = strips(length, layers, [*first, ("F2", 250 * NM, 200 * NM, 30 * NM)], width=150 * NM, overhang=60 * NM)
    mesh = shape.mesh({"Cu": 300 * NM, "F1": 5 * NM, "F2": 5 * NM}, cells=cells)
    check_mesh(mesh)
    assert shape.terminals == {"left": ("left",), "right": ("right",), "F1": ("F1|y+",), "F2": ("F2|y+",)}
    assert close(region_volume(mesh, "Cu"), length * 100 * NM * 150 * NM)
    assert close(region_volume(mesh, "F2"), 200 * NM * 30 * NM * 270 * NM)
    assert close(face_area(mesh, "Cu|F2"), 200 * NM * 150 * NM)
    for end, sign in (("y+", 1), ("y-", -1)):
        assert close(face_area(mesh, f"F1|{end}"), 100 * NM * 20 * NM)
        assert mesh.face_centres(f"F1|{end}")[:, 1] == pytest.approx(sign * 135 * NM, rel=ROUNDING)
    outside = 2 * 20 * 270 + 100 * 270 + 2 * 100 * 60  # sides, top, and what hangs over
    assert close(face_area(mesh, "F1|outside"), outside * NM**2)


@pytest.mark.parametrize("cells", [None, "tetra"])
def test_strips_that_end_on_the_channel(cells: str | None) -> None:
    length, layers, first = VALVE
    shape = strips(length, layers, first, width=150 * NM, strip_length=90 * NM)
    mesh = shape.mesh({"Cu": 300 * NM, "F1": 5 * NM}, cells=cells)
    check_mesh(mesh)
    assert shape.terminals["F1"] == ("F1|y+",)
    assert close(region_volume(mesh, "Cu"), length * 100 * NM * 150 * NM)
    assert close(face_area(mesh, "Cu|F1"), 100 * NM * 90 * NM)
    for end, sign in (("y+", 1), ("y-", -1)):
        assert close(face_area(mesh, f"F1|{end}"), 100 * NM * 20 * NM)
        assert mesh.face_centres(f"F1|{end}")[:, 1] == pytest.approx(sign * 45 * NM, rel=ROUNDING)
    assert close(face_area(mesh, "F1|outside"), (2 * 20 + 100) * 90 * NM**2)


def test_strips_as_long_as_said_are_those_with_an_overhang() -> None:
    long = strips(*VALVE, width=150 * NM, strip_length=270 * NM)
    for mine, other in zip(long.blocks, strips(*VALVE, width=150 * NM, overhang=60 * NM).blocks, strict=True):
        np.testing.assert_allclose((mine.low, mine.high), (other.low, other.high), rtol=ROUNDING)


def test_touching_strips_and_gratings() -> None:
    length, layers, first = VALVE
    shape = strips(length, layers, [*first, ("F2", -200 * NM, 100 * NM, 10 * NM)], contacts=["SiO2", "Cu"])
    mesh = shape.mesh(300 * NM)
    check_mesh(mesh)
    assert close(face_area(mesh, "F1|F2"), 10 * NM)
    assert shape.terminals["left"] == ("SiO2|left", "Cu|left")
    grating = strips(1000 * NM, layers, first, periodic=True)
    mesh = grating.mesh(300 * NM)
    assert set(grating.terminals) == {"F1"}
    assert set(mesh.faces) == {"SiO2|Cu", "Cu|F1", "bottom", "F1|top", "Cu|outside", "F1|outside"}
    assert len(mesh.periodic["x"]) == np.sum(mesh.points[:, 0] == mesh.points[:, 0].min())


def test_channel() -> None:
    shape = channel([("in", 200 * NM), ("between", 500 * NM), ("out", 1000 * NM)])
    mesh = shape.mesh(300 * NM)
    check_mesh(mesh)
    assert (mesh.axes, mesh.kind) == (("x",), "line")
    places = {name: mesh.face_centres(name)[0, 0] / NM for name in mesh.faces}
    assert places == pytest.approx({"left": 0.0, "in|between": 200.0, "between|out": 700.0, "right": 1700.0})
    assert shape.terminals == {"left": ("left",), "right": ("right",)}


def test_default_meshes_resolve_the_decay_length() -> None:
    """6 cells per length across layers and in sections, 3 along the layers of a solid; nothing warns."""
    layers = [("YIG", 50 * NM), ("Pt", 5 * NM)]
    lengths = {"Pt": 1.5 * NM}
    for shape, along in ((film(1e-6, layers), 6.0), (hall_bar(2e-6, 4e-7, layers), 3.0)):
        mesh = shape.mesh(lengths)
        found = {r.axis: r for r in resolution(mesh, lengths)}
        assert {r.region for r in found.values()} == {"Pt"}
        # scaling the geometric series to the interval shrinks cells by less than one growth factor
        assert 6.0 * (1 - ROUNDING) <= found["z"].cells < 6.0 * 1.4
        assert along * (1 - ROUNDING) <= found["y"].cells < along * 2.0
        assert found["z"].cells * found["z"].size == pytest.approx(1.5 * NM)
    tetra = hall_bar(2e-6, 4e-7, layers).mesh(lengths, cells="tetra")
    assert {r.axis: r.cells for r in resolution(tetra, lengths)} == pytest.approx(
        {r.axis: r.cells for r in resolution(mesh, lengths)}
    )


def test_coarse_meshes_warn_with_the_numbers() -> None:
    shape = stack([("YIG", 50 * NM), ("Pt", 20 * NM)])
    with pytest.warns(CoarseMeshWarning, match=r"Pt, across z at .*: 1\.\d cells per decay length") as caught:
        shape.mesh({"Pt": 1.5 * NM}, cells_per_length=1.5)
    assert "cells_per_length" in str(caught[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        film(1e-6, [("Pt", 5 * NM)]).mesh(1.5 * NM, lateral="uniform")
    few = film(1e-6, [("Pt", 5 * NM)]).mesh(1.5 * NM, lateral="uniform")
    with pytest.warns(CoarseMeshWarning, match="sizes\\['y'\\]"):
        found = warn_if_coarse(few, {"Pt": 1.5 * NM})
    assert [(r.region, r.axis) for r in found] == [("Pt", "y")]
    assert found[0].size == pytest.approx(125 * NM)


def test_sizes_bound_cells_along_one_axis() -> None:
    mesh = film(1e-6, [("Pt", 5 * NM)]).mesh(1.5 * NM, sizes={"y": 20 * NM, "z": 0.1 * NM})
    y, z = (np.diff(np.unique(mesh.points[:, a])) for a in (0, 1))
    assert y.max() <= 20 * NM * (1 + 1e-6)
    assert z.max() <= 0.1 * NM * (1 + 1e-6)


@pytest.mark.slow
def test_a_million_hexahedra() -> None:
    """A large bar has exactly its volume; time and memory are benchmarked elsewhere."""
    bar = hall_bar(20e-6, 4e-6, [("YIG", 50 * NM), ("Pt", 5 * NM)])
    mesh = bar.mesh(
        {"Pt": 1.5 * NM}, cells_per_length=20, growth=1.15, lateral_cells_per_length=8, lateral_growth=1.3
    )
    assert len(mesh.cells) > 800_000
    assert close(float(cell_volumes(mesh).sum()), 55 * NM * (80e-12 + 4 * 2e-12))


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "strip beyond": (lambda: strips(*VALVE[:2], [("F1", 950 * NM, 200 * NM, 1 * NM)]), "lies on the channel"),
    "strips overlap": (
        lambda: strips(*VALVE[:2], [*VALVE[2], ("F2", -250 * NM, 100 * NM, 1 * NM)]),
        "region F2 must be clear of other regions",
    ),
    "strip named as a layer": (lambda: strips(*VALVE[:2], [("Cu", 0.0, NM, NM)]), "named differently"),
    "same strips": (lambda: strips(*VALVE[:2], [*VALVE[2], *VALVE[2]]), "name of their own"),
    "overhang in a section": (lambda: strips(*VALVE, overhang=NM), "overhang must be left out without a width"),
    "no overhang": (lambda: strips(*VALVE, width=NM, overhang=0.0), "overhang must be a positive length"),
    "strip length in a section": (lambda: strips(*VALVE, strip_length=NM), "strip_length must be left out without"),
    "strip length and overhang": (
        lambda: strips(*VALVE, width=NM, strip_length=NM, overhang=NM),
        "strip_length must be left out beside an overhang",
    ),
    "no strip length": (
        lambda: strips(*VALVE, width=NM, strip_length=-NM),
        "strip_length must be a positive length",
    ),
    "no thickness": (lambda: strips(*VALVE[:2], [("F1", 0.0, NM, 0.0)]), "strips.F1.thickness"),
    "strip without numbers": (lambda: strips(*VALVE[:2], [("F1", 0.0)]), "name, position"),  # type: ignore[list-item]
    "unknown contact": (lambda: strips(*VALVE, contacts=["Al"]), "contacts must be one of"),
    "no segment": (lambda: channel([]), "segments must be at least one"),
    "few sectors": (lambda: wire(1e-7, [("Pt", 1e-8)], sectors=5), "at least 6"),
    "contact of a wire": (lambda: wire(1e-7, [("Pt", 1e-8)], contacts=["Cu"]), "contacts must be one of"),
    "no length": (lambda: wire(0.0, [("Pt", 1e-8)]), "length must be"),
    "boxes in a wire": (lambda: wire(1e-7, [("Pt", 1e-8)]).mesh(cells="hexahedron"), "simplices"),
    "large wire": (lambda: wire(1e-7, [("Pt", 1e-8)]).mesh(1e-9, max_cells=10), "max_cells must be at least"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what: str) -> None:
    call, message = REFUSED[what]
    with pytest.raises(InputError, match=message):
        call()
