"""What `hanle run` prints and draws of magnons, heat and motion."""

import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray

import hanle
from hanle.checks import check
from hanle.config import load_case
from hanle.curves import plot_curves, plot_profile
from hanle.figures import span_of
from hanle.line_scales import separated
from hanle.meshes.coarse import CoarseMeshWarning
from hanle.report import proof_rows, rows
from hanle.run import draw_carriers, run

SEEBECK = (Path(__file__).parent / "data" / "seebeck.toml").read_text(encoding="utf-8")
FILM = """
field = ["0 T", "50 mT", "0 T"]
[shape]
kind = "stack"
layers = [["YIG", "20 nm"], ["Pt", "5 nm"]]
[materials]
YIG = "YIG"
Pt = "Pt"
"""
AC = FILM + '[ac]\nfrequency = ["1 GHz"]\n'
MOTION = """
[run]
current_density = "1e11 A/m^2"
[dynamics]
until = "20 ps"
[dynamics.magnets.YIG]
begin = [0.1, 1, 0]
"""


def case(tmp_path, text):
    path = tmp_path / "device.toml"
    path.write_text(text, encoding="utf-8")
    return load_case(path)


def test_temperatures_and_magnons_are_drawn(tmp_path):
    run(case(tmp_path, SEEBECK), tmp_path / "out")
    drawn = {path.name for path in (tmp_path / "out").glob("*.png")}
    assert drawn == {"spin_accumulation.png", "temperatures.png", "magnon_potential.png"}


def test_largest_temperatures(tmp_path):
    """In a stack that carries heat T is largest at the hot side of each layer."""
    device = case(tmp_path, SEEBECK).device
    solved = device.solve(wiring={"bottom": "10 K"})
    found = {row.name: row for row in rows(solved)}
    assert found["dT_max(YIG)"].value == pytest.approx(10, rel=1e-9)
    hot = solved.temperature("Pt", [[0, 0, 100e-9]], "electrons") - 300
    assert found["dT_max(Pt)"].value == pytest.approx(float(hot[0]), rel=1e-6)
    assert found["dT_max(Pt)"].unit == "K"
    cold = device.solve(wiring={"bottom": "-10 K"})
    assert cold.largest_temperature_change("YIG") == pytest.approx(-10, rel=1e-9)
    with pytest.raises(hanle.pde.errors.InputError, match="carrier"):
        solved.largest_temperature_change("Pt", "magnons")
    with pytest.raises(hanle.pde.errors.InputError, match="region"):
        solved.largest_temperature_change("Ptt")


def test_no_efficiency_of_torques_that_hold_pumping(tmp_path):
    moving = case(tmp_path, FILM + MOTION)
    found = run(moving, tmp_path / "out")
    names = [row.name for row in rows(found.result)]
    assert "torque_x(YIG)" in names
    assert not [name for name in names if name.startswith("efficiency")]
    at_rest = moving.device.solve(current_density="1e11 A/m^2")
    assert [row for row in rows(at_rest) if row.name.startswith("efficiency_DL")] == []  # m along y
    turned = moving.device.with_magnetisation(YIG=(1, 1, 0)).solve(current_density="1e11 A/m^2")
    assert [row.name for row in rows(turned) if row.name.startswith("efficiency_DL")]


def test_quadratures_have_words(tmp_path):
    found = proof_rows(run(case(tmp_path, AC), tmp_path / "out").result)
    titles = {row.name: row.title for row in found}
    assert titles["balance(uq)"].startswith("charge, quadrature:")
    assert titles["balance(wq_y)"].startswith("spin y, quadrature:")


def curves():
    """Fields of two wires that differ by 1e6, one at zero, and one variable of two alike."""
    distance = xarray.Variable("distance", [1e-6, 2e-6, 3e-6], {"units": "m", "long_name": "distance"})
    wires = ["injector", "detector", "idle"]
    field = np.array([[2e3, 2e3, 2e3], [4e-3, 2e-3, 1e-3], [0, 0, 0]]).T
    alike = np.array([[1.0, 2, 3], [2, 3, 4], [0.5, 1, 2]]).T
    return xarray.Dataset(
        {
            "field_along": (("distance", "wire"), field, {"units": "V/m", "long_name": "field along the wire"}),
            "alike": (("distance", "wire"), alike, {"units": "1", "long_name": "alike"}),
        },
        {"distance": distance, "wire": wires},
    )


def test_lines_decades_apart_get_panels(tmp_path):
    split, names = separated(curves(), ["field_along", "alike"])
    assert names == ["field_along(injector, idle)", "field_along(detector)", "alike"]
    detector = split["field_along(detector)"]
    assert detector.values.ravel() == pytest.approx([4e-3, 2e-3, 1e-3])
    assert detector.attrs["long_name"] == "field along the wire, detector"
    drawn = plot_curves(curves(), tmp_path / "curves.png")
    assert any("detector" in text for text in drawn.texts)
    assert not plt.get_fignums()


@pytest.mark.parametrize("rounding", [1e-20, -3e-19])
def test_rounding_gets_no_panel(rounding):
    data = curves()
    data["field_along"][:, 1] = rounding
    assert separated(data, ["field_along"])[1] == ["field_along"]


def test_films_on_thick_substrates_are_counted_from_their_faces(tmp_path):
    device = hanle.Device(
        hanle.stack([("GGG", "500 um"), ("YIG", "1 um"), ("Pt", "5 nm")]),
        {"GGG": "GGG", "YIG": "YIG", "Pt": "Pt"},
        magnetisation={"YIG": (0, 1, 0)},
        field=(0, 0.1, 0),
    )
    texts = plot_profile(device.solve().solution, tmp_path / "profile.png").texts
    assert "z − 501 µm (nm)" in texts
    assert not [text for text in texts if text.startswith("GGG")]  # far below what is shown


def test_axes_of_films():
    near = span_of([(0.0, 50e-9), (50e-9, 55e-9)], "z")
    assert near.origin == 0
    assert near.label == "z (nm)"
    assert near.shown(55e-9) == pytest.approx(55)
    below = span_of([(-5.2e-6, -5e-6)], "x")
    assert below.label == "x + 5.2 µm (nm)"
    assert below.shown(-5e-6) == pytest.approx(200)


def test_tables_of_the_documentation(tmp_path):
    """[run] and [dynamics] of the page on magnons, for the film at the top."""
    page = (Path(__file__).parents[1] / "docs" / "magnons_and_heat.md").read_text(encoding="utf-8")
    tables = page.split("```toml\n")[1].split("```")[0]
    said = check(case(tmp_path, FILM + tables))
    assert "course until 20 ns; YIG moves" in said


@pytest.mark.parametrize("sign", [1, -1])
def test_sign_of_nonlocal_signals(sign):
    """Positive on opposite sides of the film, negative on the same one: E is counted along the current."""
    if sign > 0:
        shape = hanle.stack([("in", "5 nm"), ("YIG", "50 nm"), ("out", "5 nm")])
        m, field = (0, 1, 0), (0, 0.1, 0)  # the current is along x
    else:
        strips = [("in", "-200 nm", "100 nm", "5 nm"), ("out", "200 nm", "100 nm", "5 nm")]
        shape = hanle.strips("1 um", [("YIG", "50 nm")], strips)
        m, field = (1, 0, 0), (0.1, 0, 0)  # along y
    device = hanle.Device(
        shape,
        {"YIG": "YIG", "in": "Pt", "out": "Pt"},
        magnetisation={"YIG": m},
        field=field,
        transport=("magnons",),
        wires={"in": ["in"], "out": ["out"]},
    )
    solved = device.solve(wiring={"in": "1 uA" if sign < 0 else "1 A/m"})
    assert sign * solved.wire_resistance("out") > 0
    assert solved.wire_resistance("in") > 0


def test_temperatures_of_bars_are_drawn(tmp_path):
    """A film in 3D is cut where it is, not in the substrate below it, which has no electrons."""
    device = hanle.Device(
        hanle.cross(length="60 nm", width="20 nm", layers=[("GGG", "30 nm"), ("Pt", "4 nm")]),
        {"GGG": "GGG", "Pt": "Pt"},
        field=(0, 0, 0.1),
        transport=("heat",),
        heat_contacts={"bath": ["bottom"]},
    )
    # In linear response: the Peltier heat at the ends.
    coarse = {"cells_per_length": 1, "growth": 3.0, "lateral_cells_per_length": 1, "lateral_growth": 4.0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoarseMeshWarning)
        solved = device.solve(current="1 uA", mesh_options=coarse)
    draw_carriers(solved, tmp_path)
    assert {path.name for path in tmp_path.glob("*.png")} == {"temperatures.png"}
    texts = solved.show_temperatures(str(tmp_path / "again.png")).texts
    assert {"temperature of electrons", "temperature of the lattice"} <= set(texts)
    assert any("z = 34 nm" in text for text in texts)
    below = solved.show_temperatures(str(tmp_path / "below.png"), normal="z", position=10e-9).texts
    assert "temperature of electrons" not in below
