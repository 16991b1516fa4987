"""Magnetisation and torque density of conducting magnets in files and pictures, against the result they come from."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hanle
from hanle.device import Device
from hanle.pde.errors import InputError
from hanle.region_data import MAGNETISATION, TORQUE, region_data
from hanle.results import Result
from hanle.textures import directions

#: Fields of first order integrate exactly at the centres of bricks.
EXACT = 1e-10
COARSE: dict[str, Any] = {"cells_per_length": 3, "growth": 1.6}
CO: dict[str, Any] = {"like": "Co", "dephasing_length": "4 nm", "exchange_length": "5 nm"}


def wall(points: Any) -> Any:
    """A wall along y, 20 nm wide."""
    angle = np.arctan2(points[:, 1], 1e-8)
    return np.stack([np.cos(angle), 0 * angle, np.sin(angle)], axis=-1)


def solved(shape: Any, **options: Any) -> Result:
    given: dict[str, Any] = {"magnetisation": {"Co": wall}} | options
    device = Device(shape, {n: {"Co": CO, "Pt": "Pt", "YIG": "YIG"}[n] for n in shape.regions}, **given)
    return device.solve(engine="scikit", mesh_options=COARSE)


@pytest.fixture(scope="module")
def section() -> Result:
    return solved(hanle.section("30 nm", [("Pt", "4 nm"), ("Co", "4 nm")]))


def test_density_adds_up_to_the_torque(section: Result) -> None:
    data = region_data(section.solution, "Co")
    corners = data.points[data.cells]
    size = np.prod(np.ptp(corners, axis=1)[:, 1:], axis=1)
    total = np.einsum("ca,c->a", data.cell_data[TORQUE], size)
    expected = section.torque("Co")
    assert np.abs(total - expected).max() < EXACT * np.abs(expected).max()
    assert TORQUE not in region_data(section.solution, "Pt").cell_data
    m = wall(data.centres)
    along = np.einsum("ca,ca->c", data.cell_data[TORQUE], m)
    assert np.abs(along).max() < EXACT * np.abs(data.cell_data[TORQUE]).max()


def test_layers_of_the_exact_engine_carry_their_torque() -> None:
    device = Device(hanle.stack([("Pt", "4 nm"), ("Co", "4 nm")]), {"Pt": "Pt", "Co": CO}, field=(1, 0, 2))
    result = device.solve()
    data = region_data(result.solution, "Co")
    z = np.sort(data.points[:, 2])
    total = np.einsum("ca,c->a", data.cell_data[TORQUE][np.argsort(data.centres[:, 2])], np.diff(z))
    assert np.abs(total - result.torque("Co")).max() < 0.02 * np.abs(total).max()
    m = directions(result)["Co"](data.centres)
    assert m == pytest.approx(np.broadcast_to(np.array([1, 0, 2]) / 5**0.5, m.shape), rel=EXACT, abs=EXACT)


@pytest.mark.parametrize("ending", ["vtm", "vtkhdf"])
def test_files_hold_direction_and_torque(ending: str, section: Result, tmp_path: Path) -> None:
    pyvista = pytest.importorskip("pyvista")
    blocks = pyvista.read(section.save(str(tmp_path / f"fields.{ending}")))
    held = blocks["Co"].cell_data
    centres = blocks["Co"].cell_centers().points
    name = {"vtm": str, "vtkhdf": lambda key: key.replace("/", " per ")}[ending]
    assert np.asarray(held[name(MAGNETISATION)]) == pytest.approx(wall(centres), rel=1e-6, abs=1e-6)
    assert held[name(TORQUE)].shape == (len(centres), 3)
    assert name(MAGNETISATION) not in blocks["Pt"].cell_data


def test_directions_of_every_kind_of_magnet(rng: np.random.Generator) -> None:
    shape = hanle.section("12 nm", [("YIG", "3 nm"), ("Pt", "4 nm"), ("Co", "3 nm")])
    options: dict[str, Any] = {"magnetisation": {"YIG": (0, 3, 4), "Co": (1, 1, 0)}, "temperature": 100}
    result = solved(shape, **options)
    points = rng.normal(size=(2, 3)) * 1e-9
    assert directions(result)["YIG"](points) == pytest.approx(np.array([[0, 0.6, 0.8]] * 2), abs=EXACT)
    cells = result.mesh.centres("Co")  # type: ignore[union-attr]
    values = wall(cells)
    given = result.device.with_changes(magnetisation={"YIG": (0, 3, 4), "Co": values})
    arrays = given.solve(engine="scikit", mesh=result.mesh)  # type: ignore[arg-type]
    assert directions(arrays)["Co"](cells) == pytest.approx(values, abs=EXACT)
    gadolinium = Device(hanle.stack([("GGG", "3 nm"), ("Pt", "4 nm")]), {"GGG": "GGG", "Pt": "Pt"}).solve()
    assert not directions(gadolinium)


def test_pictures_of_the_torque(section: Result, tmp_path: Path) -> None:
    assert section.show("torque", str(tmp_path / "section.png")).path.stat().st_size > 1000
    with pytest.raises(InputError, match="quantity must be carried by a region"):
        solved(hanle.section("12 nm", [("YIG", "3 nm"), ("Pt", "4 nm")]), magnetisation={"YIG": (0, 0, 1)},
               temperature=10).show("torque", str(tmp_path / "none.png"))  # fmt: skip
    film = Device(hanle.stack([("Co", "4 nm")]), {"Co": CO}, field=(0, 0, 1)).solve()
    profile = film.show("torque", str(tmp_path / "film.png"))
    assert {"$\\tau_x$", "$J_z^{\\,y}$"} <= set(profile.texts)
    assert any(text.startswith("torque density (") for text in profile.texts)
    without = Device(hanle.stack([("Cu", "4 nm")]), {"Cu": "Cu"}).solve()
    with pytest.raises(InputError, match="solution must be with a layer that has a torque density"):
        without.show("torque", str(tmp_path / "none.png"))


@pytest.mark.slow
def test_scenes_of_the_torque(tmp_path: Path) -> None:
    bar = solved(hanle.hall_bar("40 nm", "24 nm", [("Pt", "4 nm"), ("Co", "4 nm")], arms=0))
    for style in ("surface", "slices", "arrows"):
        assert bar.show("torque", str(tmp_path / f"{style}.png"), style=style).path.stat().st_size > 1000
