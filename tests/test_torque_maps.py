"""Spin-orbit torque place by place.

what is mapped                                    must agree with
sum over facets of torque x area                  the torque through the face
sum over columns of j_x x area                    the current times the length of the bar
efficiencies far from edges                       the film of the exact engine, for m that varies along the bar too
"""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import hanle
from hanle.meshes.geometry import facet_normals
from hanle.pde.errors import InputError
from hanle.results import Result
from hanle.shapes import UserShape
from hanle.torque_maps import SpinOrbitTorqueMap

NM = 1e-9
LAYERS = [("Pt", "4 nm"), ("Co", "1 nm")]
LENGTH, WIDTH, CURRENT = 120 * NM, 40 * NM, 1e-4
MESH = {"cells_per_length": 3, "growth": 2.0, "lateral": "uniform", "sizes": {"x": 10 * NM, "y": 5 * NM}}
#: Elements of first order with 3 cells per decay length err by (1/3)^2/12; relative to DL.
ELEMENTS = 1 / 3**2 / 12
#: Relative residual of the solve, on sums.
SOLVED = 1e-6
TILTED = (0.48, 0.36, 0.8)


def device(shape: UserShape, m: object) -> hanle.Device:
    return hanle.Device(shape, {"Pt": "Pt", "Co": "Co"}, magnetisation={"Co": m}, interfaces={"Pt|Co": INTERFACE})


INTERFACE = hanle.Circuit(1.2e15, 0.5e15, 0.6e15 - 0.06e15j)


def wall(points: np.ndarray) -> np.ndarray:
    """m turns from z to x over a third of the bar, and stays there."""
    angle = np.clip((points[:, 0] + LENGTH / 6) / (LENGTH / 3), 0, 1) * np.pi / 2
    return np.stack([np.sin(angle), 0 * angle, np.cos(angle)], axis=1)


@pytest.fixture(scope="module")
def bar() -> Result:
    shape = hanle.hall_bar(length=LENGTH, width=WIDTH, layers=LAYERS, arms=0, contacts=["Pt", "Co"])
    return device(shape, wall).solve(current=CURRENT, mesh_options=MESH)


@pytest.fixture(scope="module")
def found(bar: Result) -> SpinOrbitTorqueMap:
    return bar.spin_orbit_torque_map("Co")


def test_sums(bar: Result, found: SpinOrbitTorqueMap) -> None:
    area = facet_normals(bar.mesh, bar.mesh.faces["Pt|Co"])[1]
    assert area @ found.torque == pytest.approx(bar.torque("Co", "Pt|Co"), rel=SOLVED, abs=1e-30)
    centres, j = bar.current_density("Co")
    volume = 1 * NM * area
    order = [int(np.linalg.norm(centres[:, :2] - p[:2], axis=1).argmin()) for p in found.points]
    in_cobalt = 0.0
    for n, k in enumerate(order):
        column = np.linalg.norm(centres[:, :2] - centres[k, :2], axis=1) < 1e-3 * NM
        in_cobalt += volume[n] * float(j[column, 0].mean())
    in_platinum = 4 * NM * float(area @ found.current_density[:, 0])
    assert in_platinum + in_cobalt == pytest.approx(CURRENT * LENGTH, rel=1e-4)


@pytest.mark.parametrize(("end", "m"), [(-1, (0, 0, 1)), (1, (1, 0, 0))])
def test_far_from_edges_it_is_the_film(found: SpinOrbitTorqueMap, end: int, m: tuple[int, int, int]) -> None:
    expected = device(hanle.stack(LAYERS), m).solve().spin_orbit_torque("Co").efficiency
    x, y = found.points[:, 0] * end, found.points[:, 1]
    there = (x > 0.3 * LENGTH) & (x < 0.4 * LENGTH) & (np.abs(y) < WIDTH / 4)
    assert there.sum() > 3
    for values, wanted in zip(found.efficiency, expected, strict=True):
        assert np.abs(values[there] - wanted).max() < ELEMENTS * abs(expected[0])


def test_sections_have_it_too() -> None:
    """Below the middle of a wide film; the facets are lines."""
    result = device(hanle.section(WIDTH, LAYERS), TILTED).solve(order=2)
    found = result.spin_orbit_torque_map("Co", "Pt")
    expected = device(hanle.stack(LAYERS), TILTED).solve().spin_orbit_torque("Co").efficiency
    middle = int(np.abs(found.points[:, 1]).argmin())
    for values, wanted in zip(found.efficiency, expected, strict=True):
        assert values[middle] == pytest.approx(float(wanted), abs=ELEMENTS * abs(expected[0]))
    with pytest.raises(InputError, match="draw must be asked of a 3D device"):
        found.draw(None, found.efficiency[0])


def test_no_split_where_no_current_flows_or_m_is_along_it() -> None:
    given = SpinOrbitTorqueMap(
        np.zeros((3, 4, 3)),
        np.array([0.0, 0.0, 1.0]),
        np.ones((3, 3)),
        np.array([[0, 0, 1.0], [0, 1.0, 0], [1.0, 0, 0]]),
        np.array([[0, 0, 0.0], [1e10, 0, 0], [1e10, 0, 0]]),
    )
    for values in given.efficiency:
        np.testing.assert_array_equal(np.isnan(values), [True, True, False])


def test_what_is_refused() -> None:
    film = device(hanle.stack(LAYERS), TILTED)
    with pytest.raises(InputError, match=r"asked of a device with a mesh.*use spin_orbit_torque"):
        film.solve().spin_orbit_torque_map("Co")
    with pytest.raises(InputError, match="magnet must be one of Co"):
        film.solve().spin_orbit_torque_map("Pt")
    cut = device(hanle.section(WIDTH, LAYERS), TILTED).solve(mesh_options={"cells": "triangle"})
    with pytest.raises(InputError, match="of cells that stand in columns on the face"):
        cut.spin_orbit_torque_map("Co")


def test_drawn(found: SpinOrbitTorqueMap, tmp_path: Path) -> None:
    figure = Figure()
    axes = figure.add_subplot()
    shown = found.draw(axes, found.efficiency[0], cmap="viridis")
    figure.savefig(tmp_path / "map.png")
    assert axes.get_xlabel() == "x (nm)"
    assert axes.get_xlim() == pytest.approx((-60, 60))
    assert axes.get_ylim() == pytest.approx((-20, 20))
    np.testing.assert_array_equal(shown.get_array(), found.efficiency[0])
