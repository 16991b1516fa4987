"""Pictures of conducting magnets: spin currents, torque, and what legends say."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

import hanle
from hanle.curves import plot_curves
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array
from hanle.quantities import choose
from hanle.region_data import SPIN_ACCUMULATION, RegionData
from hanle.results import Result
from hanle.run import _drawn
from hanle.sections import plot_section

#: A page on which nothing is drawn has one colour.
FEWEST_COLOURS = 40


@pytest.fixture(scope="module")
def valve() -> Result:
    strips = [("F1", -150e-9, 80e-9, 20e-9), ("F2", 150e-9, 80e-9, 20e-9)]
    device = hanle.Device(
        hanle.strips("800 nm", [("Cu", "60 nm")], strips),
        {"Cu": "Cu", "F1": "Py", "F2": "Py"},
        magnetisation={"F1": (0, 1, 0), "F2": (1, 0, 0)},
    )
    return device.solve(wiring={"F1": "1e4 A/m", "left": "ground"})


def colours(path: Path) -> int:
    return len(np.unique(imread(path)[..., :3].reshape(-1, 3), axis=0))


def test_spin_current_of_one_polarisation(valve: Result, tmp_path: Path) -> None:
    found = valve.show("spin_current", str(tmp_path / "largest.png"))
    assert r"spin current density |$J_{}^{\,y}$| (10¹⁰ A/m²)" in found.texts
    assert colours(found.path) > FEWEST_COLOURS
    other = valve.show("spin_current", str(tmp_path / "x.png"), polarisation="x", component="z")
    assert any(r"$J_{z}^{\,x}$" in text for text in other.texts)
    cut = plot_section(valve.solution, tmp_path / "cut.png", quantity="spin_current_y", component="x")
    assert any(r"$J_{x}^{\,y}$" in text for text in cut.texts)
    with pytest.raises(InputError, match='polarisation must be one of x, y, z; instead received "up"'):
        valve.show("spin_current", str(tmp_path / "up.png"), polarisation="up")
    with pytest.raises(InputError, match="polarisation must be given for the spin current only"):
        valve.show("torque", str(tmp_path / "up.png"), polarisation="x")
    with pytest.raises(
        InputError, match="quantity must be one of current, spin_accumulation, spin_current, torque"
    ):
        valve.show("spin", str(tmp_path / "spin.png"))


def test_the_component_that_fills_the_volume_is_shown() -> None:
    """A peak at a contact is not what a picture is about."""
    points = np.array([[x, 0.0, 0.0] for x in np.linspace(0, 1, 101)])
    cells = np.stack([np.arange(100), np.arange(1, 101)], axis=1)
    w = np.zeros((101, 3))
    w[:, 1], w[0, 2] = 1.0, 30.0
    region = RegionData("Pt", "line", points, cells, {SPIN_ACCUMULATION: w}, {})
    assert choose("spin_accumulation", None, {"Pt": region})[0].component == "y"
    w[:3, 2] = 1000.0
    assert choose("spin_accumulation", None, {"Pt": region})[0].component == "z"


def bilayer(**changes: Any) -> hanle.Device:
    shape = hanle.stack([("Pt", "5 nm"), ("Co", "1.2 nm")])
    return hanle.Device(shape, {"Pt": "Pt", "Co": "Co"}, **{"magnetisation": {"Co": (0, 0, 1)}, **changes})


def test_legends_name_what_differs(tmp_path: Path) -> None:
    vary = {"Pt.thickness": np.array([2e-9, 4e-9, 8e-9]), "Pt.diffusion_length": ["1 nm", "2 nm"]}
    found = hanle.sweep(bilayer(), vary=vary)
    texts = plot_curves(found, tmp_path / "a.png", variables=["rho_L", "torque_DL"]).texts
    assert {"diffusion length of Pt = 1 nm", "diffusion length of Pt = 2 nm", "thickness of Pt (nm)"} <= set(texts)
    assert not any("temperature" in text or "Pt|Co" in text for text in texts)
    scan = hanle.sweep(bilayer(), angle="gamma", rotate="Co")
    texts = plot_curves(scan, tmp_path / "b.png", variables=["rho_L_change", "torque"]).texts
    assert {"x", "y", "z"} <= set(texts)
    assert "γ: z → x (°)" in texts
    assert any("ρ$_{\\mathrm{L}}$/ρ − 1" in text for text in texts)


def test_many_lines_share_a_bar_and_keep_their_legend(tmp_path: Path) -> None:
    device = bilayer(magnetisation={}, field=(0, 0, 1))
    fields: Array = np.linspace(0.1, 3, 8)
    found = hanle.sweep(device, angle="beta", field=fields, vary={"Pt.thickness": ["3 nm", "6 nm"]})
    texts = plot_curves(found, tmp_path / "a.png", variables=["rho_L", "torque_DL"]).texts
    assert {"thickness of Pt = 3 nm", "thickness of Pt = 6 nm", "magnetic field (T)"} <= set(texts)
    assert not any(text.startswith("field =") for text in texts)


def test_what_a_run_draws() -> None:
    scan = hanle.sweep(bilayer(), angle="gamma", rotate="Co")
    # Without exchange length and mixing conductance the field-like torque is rounding.
    assert _drawn(scan) == ["rho_L", "rho_T", "rho_L_change", "torque_DL"]
    pillar = hanle.stack([("Cu", "5 nm"), ("Co", "3 nm")], contacts=True)
    device = hanle.Device(pillar, {"Cu": "Cu", "Co": "Co"}, magnetisation={"Co": (0, 0, 1)})
    assert _drawn(hanle.sweep(device, vary={"Cu.thickness": [1e-9, 2e-9]})) == ["resistance"]
