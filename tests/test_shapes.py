"""Shapes of blocks: volumes, areas, names, normals, periodic pairs, against sizes worked by hand.

What must hold                                        what it prevents
volumes and areas equal those of the drawing          lost or doubled cells at corners and holes
each facet of the skin is in exactly one named set    a face law applied twice, or nowhere
normals run from minus to plus, lower layer minus     a spin current with the wrong sign
cut boxes share each inner facet with one neighbour   hanging faces
"""

import pickle
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from hanle.meshes.facets import FaceRule, skin
from hanle.meshes.geometry import cell_volumes, check_mesh, face_area, facet_normals, region_volume
from hanle.meshes.hall_bar import cross, hall_bar
from hanle.meshes.layers import film, stack
from hanle.meshes.plan import cross_plan, hall_bar_plan
from hanle.meshes.shapes import Block, BlockShape
from hanle.meshes.strips import strips
from hanle.meshes.tagged import CELL_FACETS, TaggedMesh
from hanle.pde.errors import InputError

NM, UM = 1e-9, 1e-6
#: Sums of up to a million cells carry this relative rounding.
ROUNDING = 1e-10
LAYERS = [("YIG", 50 * NM), ("Pt", 5 * NM)]
RESOLVE = {"Pt": 1.5 * NM}

SHAPES: dict[str, Callable[[], BlockShape]] = {
    "bar": lambda: hall_bar(2 * UM, 0.4 * UM, LAYERS),
    "bar on a plate": lambda: hall_bar(2 * UM, 0.4 * UM, LAYERS, arms=1, plates={"YIG": 0.1 * UM}),
    "length of a bar": lambda: hall_bar(0.1 * UM, 0.4 * UM, LAYERS, periodic=("x",)),
    "patch of a film": lambda: hall_bar(0.1 * UM, 0.2 * UM, LAYERS, periodic=("x", "y")),
    "cross": lambda: cross(2 * UM, 0.4 * UM, LAYERS),
    "film": lambda: film(0.4 * UM, LAYERS),
    "periodic film": lambda: film(0.4 * UM, LAYERS, periodic=True),
    "plan": lambda: hall_bar_plan(2 * UM, 0.4 * UM, region="Pt"),
}
CUT = {2: "triangle", 3: "tetra"}


def close(found: float, wanted: float) -> bool:
    return abs(found - wanted) <= ROUNDING * abs(wanted)


def facet_set(nodes: np.ndarray) -> set[tuple[int, ...]]:
    return set(map(tuple, np.sort(nodes, axis=1).tolist()))


def at_periodic_ends(mesh: TaggedMesh, facets: set[tuple[int, ...]]) -> set[tuple[int, ...]]:
    """Those of `facets` all of whose points lie on one periodic end."""
    ends = [set(pairs[:, side].tolist()) for pairs in mesh.periodic.values() for side in (0, 1)]
    return {f for f in facets if any(set(f) <= end for end in ends)}


@pytest.mark.parametrize("cut", [False, True], ids=["boxes", "simplices"])
@pytest.mark.parametrize("name", SHAPES)
def test_every_facet_is_in_one_set(name: str, cut: bool) -> None:
    """Named faces = facets of one cell or of two regions, found here by counting; periodic ends are interior."""
    shape = SHAPES[name]()
    options = {"cells": CUT[len(shape.axes)]} if cut else {}
    mesh = shape.mesh(1.5 * NM, cells_per_length=3, growth=2.0, lateral="uniform", **options)
    check_mesh(mesh)
    seen: dict[tuple[int, ...], list[int]] = {}
    for local in CELL_FACETS[mesh.kind]:
        for cell, nodes in enumerate(np.sort(mesh.cells[:, local], axis=1).tolist()):
            seen.setdefault(tuple(nodes), []).append(cell)
    assert max(map(len, seen.values())) == 2
    wanted = {
        nodes for nodes, cells in seen.items() if len(cells) == 1 or len({*mesh.cell_region[cells].tolist()}) == 2
    }
    wanted -= at_periodic_ends(mesh, wanted)
    named = [row for facets in mesh.faces.values() for row in np.sort(facets.nodes, axis=1).tolist()]
    assert len(named) == len(wanted)
    assert set(map(tuple, named)) == wanted
    for facets in mesh.faces.values():
        for row, cells in zip(np.sort(facets.nodes, axis=1).tolist(), facets.cells.tolist(), strict=True):
            assert sorted(seen[tuple(row)]) == sorted(c for c in cells if c >= 0)


@pytest.mark.parametrize("cut", [False, True], ids=["boxes", "simplices"])
@pytest.mark.parametrize("name", [n for n in SHAPES if "periodic" not in n and "of a" not in n])
def test_skin_found_by_sorting_is_that_of_the_grid(name: str, cut: bool) -> None:
    shape = SHAPES[name]()
    options = {"cells": CUT[len(shape.axes)]} if cut else {}
    mesh = shape.mesh(1.5 * NM, cells_per_length=3, growth=2.0, lateral="uniform", **options)
    found = skin(mesh.kind, mesh.cells, mesh.cell_region, len(mesh.points))
    table = {tuple(sorted(n)): c for n, c in zip(found.nodes.tolist(), found.cells.tolist(), strict=True)}
    assert len(table) == sum(len(f.nodes) for f in mesh.faces.values())
    for facets in mesh.faces.values():
        for nodes, cells in zip(facets.nodes.tolist(), facets.cells.tolist(), strict=True):
            assert table[tuple(sorted(nodes))] == cells


@pytest.mark.parametrize("cells", ["hexahedron", "tetra"])
def test_hall_bar_sizes(cells: str) -> None:
    """Bar 2 x 0.4 um with two pairs of arms 0.1 x 0.3 um at -0.6 and 0.5 um, 5 nm on 50 nm."""
    bar = hall_bar(
        2 * UM, 0.4 * UM, LAYERS, arm_width=0.1 * UM, arm_length=0.3 * UM, arm_positions=(0.5 * UM, -0.6 * UM)
    )
    mesh = bar.mesh(RESOLVE, cells=cells)
    plan = (2 * 0.4 + 4 * 0.1 * 0.3) * UM**2
    side = (2 * 2 + 4 * 2 * 0.3 - 4 * 0.1 + 4 * 0.1) * UM
    assert close(region_volume(mesh, "Pt"), plan * 5 * NM)
    assert close(region_volume(mesh, "YIG"), plan * 50 * NM)
    for name in ("YIG|Pt", "top", "bottom"):
        assert close(face_area(mesh, name), plan)
    for name in ("left", "right"):
        assert close(face_area(mesh, name), 0.4 * UM * 5 * NM)
    for name in ("V1", "V2", "V3", "V4"):
        assert close(face_area(mesh, name), 0.1 * UM * 5 * NM)
    assert close(face_area(mesh, "Pt|outside"), (side - 4 * 0.1 * UM) * 5 * NM)
    assert close(face_area(mesh, "YIG|outside"), (side + 2 * 0.4 * UM) * 50 * NM)
    where = {name: mesh.face_centres(name).mean(axis=0) for name in bar.terminals}
    assert {n: (np.sign(c[0]), np.sign(round(c[1] / NM))) for n, c in where.items()} == {
        "left": (-1, 0),
        "right": (1, 0),
        "V1": (-1, 1),
        "V2": (1, 1),
        "V3": (-1, -1),
        "V4": (1, -1),
    }
    assert where["V1"][:2] == pytest.approx([-0.6 * UM, 0.5 * UM], rel=ROUNDING)
    assert where["V4"][:2] == pytest.approx([0.5 * UM, -0.5 * UM], rel=ROUNDING)


def test_plate_and_several_contacts() -> None:
    layers = [("YIG", 50 * NM), ("Pt", 5 * NM), ("Cu", 3 * NM)]
    bar = hall_bar(2 * UM, 0.4 * UM, layers, arms=1, contacts=["Pt", "Cu"], plates={"YIG": 0.1 * UM})
    mesh = bar.mesh({"Pt": 1.5 * NM, "Cu": 300 * NM})
    check_mesh(mesh)
    assert bar.terminals["V2"] == ("Pt|V2", "Cu|V2")
    assert close(face_area(mesh, "Cu|left"), 0.4 * UM * 3 * NM)
    wide, high = 2.2 * UM, (0.4 + 2 * 0.2 + 0.2) * UM
    assert close(region_volume(mesh, "YIG"), wide * high * 50 * NM)
    plan = (2 * 0.4 + 2 * 0.1 * 0.2) * UM**2
    assert close(face_area(mesh, "YIG|Pt"), plan)
    assert close(face_area(mesh, "YIG|outside"), wide * high - plan + 2 * (wide + high) * 50 * NM)


@pytest.mark.parametrize("name", SHAPES)
def test_normals_point_from_the_lower_to_the_upper_layer_and_outward(name: str) -> None:
    shape = SHAPES[name]()
    mesh = shape.mesh(RESOLVE)
    middle = mesh.points.mean(axis=0)
    signs = {"left": ("x", -1), "right": ("x", 1), "V1": ("y", 1), "top": ("z", 1), "bottom": ("z", -1)}
    signs |= {"YIG|Pt": ("z", 1), "Pt|y-": ("y", -1), "YIG|y+": ("y", 1)}
    for face, facets in mesh.faces.items():
        normals, areas = facet_normals(mesh, facets)
        assert np.all(areas > 0)
        if face in signs:
            axis, sign = signs[face]
            assert np.all(normals[:, mesh.axes.index(axis)] == pytest.approx(sign, rel=ROUNDING))
    if "YIG" in mesh.regions:
        assert mesh.face_regions("YIG|Pt") == ("YIG", "Pt")
    # the divergence theorem for the position vector gives the volume, if every outer normal points outward
    total = 0.0
    for facets in mesh.faces.values():
        if not facets.is_interface:
            normals, areas = facet_normals(mesh, facets)
            centres = mesh.points[facets.nodes].mean(axis=1)
            total += float(np.sum(areas * np.sum(normals * (centres - middle), axis=1)))
    for axis in mesh.periodic:
        width = np.subtract(*shape.extent[axis][::-1])
        total += float(cell_volumes(mesh).sum() / width * width)
    assert close(total, len(mesh.axes) * float(cell_volumes(mesh).sum()))


@pytest.mark.parametrize("cells", ["hexahedron", "tetra"])
def test_periodic_pairs_match(cells: str) -> None:
    mesh = SHAPES["patch of a film"]().mesh(RESOLVE, cells=cells)
    for axis, width in (("x", 0.1 * UM), ("y", 0.2 * UM)):
        a = mesh.axes.index(axis)
        low, high = mesh.points[mesh.periodic[axis][:, 0]], mesh.points[mesh.periodic[axis][:, 1]]
        assert len(low) == np.sum(mesh.points[:, a] == mesh.points[:, a].min())
        assert np.all(high[:, a] - low[:, a] == pytest.approx(width, rel=ROUNDING))
        assert np.array_equal(np.delete(high, a, axis=1), np.delete(low, a, axis=1))
        # facets at the two ends are the same after renumbering, diagonals included
        twin = dict(mesh.periodic[axis].tolist())
        local = [f for c in mesh.cells.tolist() for f in (tuple(c[i] for i in loc) for loc in CELL_FACETS[cells])]
        at_low = {tuple(sorted(twin[n] for n in f)) for f in local if all(n in twin for n in f)}
        at_high = {tuple(sorted(f)) for f in local if set(f) <= set(twin.values())}
        assert at_low == at_high
    assert set(mesh.faces) == {"bottom", "YIG|Pt", "top"}


def test_stack() -> None:
    shape = stack([("YIG", 50 * NM), ("Pt", 5 * NM), ("Cu", 20 * NM)])
    mesh = shape.mesh({"Pt": 1.5 * NM, "Cu": 300 * NM})
    check_mesh(mesh)
    assert tuple(mesh.faces) == ("YIG|Pt", "Pt|Cu", "bottom", "top")
    heights = {name: mesh.face_centres(name)[0, 2] for name in mesh.faces}
    assert heights == pytest.approx(
        {"bottom": 0.0, "YIG|Pt": 50 * NM, "Pt|Cu": 55 * NM, "top": 75 * NM}, rel=ROUNDING, abs=0.0
    )
    assert facet_normals(mesh, mesh.faces["bottom"])[0][0, 0] == -1.0
    assert shape.layers_of_stack().face_names == ("bottom", "YIG|Pt", "Pt|Cu", "top")
    assert shape.terminals == {}
    assert stack(LAYERS, contacts=True).terminals == {"bottom": ("bottom",), "top": ("top",)}


def test_shapes_can_be_keys_and_travel() -> None:
    for build in SHAPES.values():
        assert hash(build()) == hash(build())
        assert pickle.loads(pickle.dumps(build())) == build()


def test_cells_of_a_bar_are_graded_towards_layer_faces_and_side_edges() -> None:
    """First cells are decay length / cells per length: 0.25 nm across the film, 0.5 nm along it."""
    mesh = hall_bar(2 * UM, 0.4 * UM, LAYERS).mesh(RESOLVE)
    z = np.unique(mesh.points[:, 2])
    y = np.unique(mesh.points[:, 1])
    in_film = np.diff(z[z >= 50 * NM])
    edge = np.diff(y)[y[:-1] < -0.2 * UM * (1 - 1e-9)][-1]
    assert 0.25 / 1.4 * NM < in_film[0] <= 0.25 * NM * (1 + ROUNDING)
    assert 0.25 / 1.4 * NM < in_film[-1] <= 0.25 * NM * (1 + ROUNDING)
    assert 0.25 * NM < edge <= 0.5 * NM * (1 + ROUNDING)
    assert len(mesh.cells) < 100_000


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "negative length": (lambda: hall_bar(-1e-6, 1e-7, LAYERS), "length must be a positive length"),
    "text": (lambda: film("1 um", LAYERS), "width must be a positive length"),  # type: ignore[arg-type]
    "no layer": (lambda: stack([]), "at least one"),
    "repeated layer": (lambda: stack([("Pt", 1e-9), ("Pt", 2e-9)]), '"Pt_1", "Pt_2"'),
    "zero thickness": (lambda: stack([("Pt", 0.0)]), "layers.Pt must be a positive length"),
    "no pairs": (lambda: stack(["Pt", "YIG"]), "at least one .name"),  # type: ignore[list-item]
    "bar in a name": (lambda: stack([("a|b", 1e-9)]), "names without"),
    "arm outside": (lambda: hall_bar(2e-6, 4e-7, LAYERS, arm_positions=(0.0, 1e-6)), "inside the bar"),
    "arms overlap": (lambda: hall_bar(2e-6, 4e-7, LAYERS, arm_positions=(0.0, 5e-8)), "apart"),
    "arm count": (lambda: hall_bar(2e-6, 4e-7, LAYERS, arms=3, arm_positions=(0.0, 5e-7)), "one per pair"),
    "unknown contact": (lambda: hall_bar(2e-6, 4e-7, LAYERS, contacts=["Pd"]), "contacts must be one of"),
    "contact on a plate": (lambda: hall_bar(2e-6, 4e-7, LAYERS, plates={"Pt": 0.0}), "outline of the bar"),
    "unknown plate": (lambda: hall_bar(2e-6, 4e-7, LAYERS, plates={"GGG": 0.0}), "plates must be one of"),
    "arms and period": (lambda: hall_bar(2e-6, 4e-7, LAYERS, arms=1, periodic=("x",)), "without arms"),
    "period along z": (lambda: hall_bar(2e-6, 4e-7, LAYERS, periodic=("z",)), "one of x, y"),
    "stubby cross": (lambda: cross(1e-6, 1e-6, LAYERS), "longer than width"),
    "overlap": (
        lambda: BlockShape(("z",), ("a", "b"), (Block("a", (0.0,), (2.0,)), Block("b", (1.0,), (3.0,)))),
        "clear of other regions",
    ),
    "named face inside": (
        lambda: BlockShape(
            ("z",),
            ("a", "b"),
            (Block("a", (0.0,), (1.0,)), Block("b", (1.0,), (2.0,))),
            (FaceRule("lid", "a", "z", 1.0),),
        ).mesh(),
        "face lid must be on the surface of a",
    ),
    "uneven period": (
        lambda: BlockShape(
            ("x",), ("a", "b"), (Block("a", (0.0,), (1.0,)), Block("b", (1.0,), (2.0,))), periodic=("x",)
        ).mesh(),
        "both ends look the same",
    ),
    "unknown region": (lambda: stack(LAYERS).mesh({"Pd": 1e-9}), 'did you mean "Pt"|one of Pt, YIG'),
    "decay length": (lambda: stack(LAYERS).mesh({"Pt": -1e-9}), "resolve.Pt must be a positive decay length"),
    "unknown option": (lambda: stack(LAYERS).mesh(cell_per_length=3), 'did you mean "cells_per_length"'),
    "wrong cells": (lambda: stack(LAYERS).mesh(cells="tetra"), "cells must be line"),
    "too many cells": (lambda: film(1e-3, LAYERS).mesh(RESOLVE, max_cells=100), "max_cells must be at least"),
    "unknown axis": (lambda: film(1e-6, LAYERS).mesh(sizes={"x": 1e-9}), "sizes must be one of y, z"),
    "shrinking cells": (lambda: stack(LAYERS).mesh(growth=0.9), "growth must be at least 1"),
    "unknown lateral": (lambda: film(1e-6, LAYERS).mesh(lateral="even"), "lateral must be one of"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what: str) -> None:
    call, message = REFUSED[what]
    with pytest.raises(InputError, match=message):
        call()


def test_corners_are_fine_on_both_sides() -> None:
    """Below and beside a strip of short decay length the channel, of a long one, follows its cells."""
    shape = strips(1 * UM, [("Cu", 80 * NM)], [("Py", 0.0, 100 * NM, 30 * NM)])
    growth, resolve = 2.0, {"Cu": 400 * NM, "Py": 4 * NM}
    options = {"cells_per_length": 4.0, "growth": growth}
    worst = {}
    for corners in (False, True):
        mesh = shape.mesh(resolve, corners=corners, **options)
        sizes = [np.diff(np.unique(np.round(mesh.points[:, a] / NM, 6))) for a in (0, 1)]
        worst[corners] = max(float(np.max(np.maximum(s[1:] / s[:-1], s[:-1] / s[1:]))) for s in sizes)
        check_mesh(mesh)
    # Fitting whole cells into a block may shrink them by up to the growth again.
    assert worst[True] <= growth**2
    assert worst[False] > 10


def test_corners_change_nothing_where_all_is_even() -> None:
    shape = cross(2 * UM, 0.4 * UM, [("Pt", 5 * NM)])
    plain, smooth = (shape.mesh({}, corners=corners, lateral="uniform") for corners in (False, True))
    assert np.array_equal(plain.points, smooth.points)


def test_cross_plan() -> None:
    mesh = cross_plan(1 * UM, 0.2 * UM).mesh(0.1 * UM)
    assert close(region_volume(mesh, "film"), (2 * 0.2 - 0.04) * UM**2)
    assert all(close(face_area(mesh, name), 0.2 * UM) for name in ("left", "right", "V1", "V2"))


def test_volume_of_a_warped_hexahedron(rng: np.random.Generator) -> None:
    """Against Gauss points of the trilinear map, whose Jacobian is quadratic in each variable: two points are exact."""
    reference = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]])
    corners = reference + 0.25 * rng.uniform(-1, 1, (8, 3))
    mesh = TaggedMesh(("x", "y", "z"), corners, "hexahedron", np.arange(8)[None], ("a",), np.zeros(1, dtype=int))
    expected = 0.0
    for point in product(0.5 + np.array([-0.5, 0.5]) / np.sqrt(3), repeat=3):
        factor = np.where(reference, point, 1 - np.array(point))
        slope = np.where(reference, 1.0, -1.0)
        gradients = [slope[:, k] * np.delete(factor, k, axis=1).prod(axis=1) for k in range(3)]
        expected += np.linalg.det(np.array(gradients) @ corners) / 8
    assert cell_volumes(mesh)[0] == pytest.approx(expected, rel=ROUNDING)
