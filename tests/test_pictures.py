"""Pictures: what stands on them, that something is drawn, and what happens where nothing can render."""

import os
import warnings

import numpy as np
import pytest
import xarray
from matplotlib.image import imread

from hanle import rendering
from hanle.curves import plot_curves, plot_profile
from hanle.cutting import cut, flat
from hanle.figures import scale_for
from hanle.meshes.hall_bar import hall_bar
from hanle.meshes.layered import Layers
from hanle.meshes.layers import film
from hanle.pde.errors import InputError
from hanle.pde.metal import normal_metal
from hanle.pde.problem import Problem
from hanle.quantities import stretch
from hanle.rendering import RendererWarning
from hanle.scenes import show
from hanle.sections import plot_section

NM, UM = 1e-9, 1e-6
BOTTOM, THICKNESS, LENGTH = 20 * NM, 5 * NM, 1.3 * NM
#: A blank page of this size compresses to less, and has one colour.
SMALLEST_FILE, FEWEST_COLOURS = 8_000, 40
ROUNDING = 1e-12


def metal():
    return normal_metal(conductivity=4.1e6, diffusion_constant=6e-4, diffusion_length=LENGTH, spin_hall_angle=0.07)


def paint(points):
    """w_y odd about the middle of the film, w_z growing with y, u rising along x."""
    z = points[:, 2] - BOTTOM - THICKNESS / 2
    values, slopes = np.zeros((len(points), 4)), np.zeros((len(points), 3, 4))
    values[:, 0], slopes[:, 0, 0] = 1e4 * points[:, 0], 1e4
    values[:, 2], slopes[:, 2, 2] = 4e-7 * np.sinh(z / LENGTH), 4e-7 * np.cosh(z / LENGTH) / LENGTH
    values[:, 3], slopes[:, 1, 3] = 0.1 * points[:, 1], 0.1
    return values, slopes


@pytest.fixture
def stack(painted):
    layers = Layers(("YIG", "Pt", "MgO"), np.array([[BOTTOM, THICKNESS, 1 * NM]]))
    return painted(Problem(layers, {"Pt": metal()}), paint)


@pytest.fixture
def section(painted):
    return painted(Problem(film(100 * NM, [("YIG", BOTTOM), ("Pt", THICKNESS)]).mesh(), {"Pt": metal()}), paint)


@pytest.fixture
def bar(painted):
    shape = hall_bar(20 * UM, 4 * UM, [("YIG", BOTTOM), ("Pt", THICKNESS)], plates={"YIG": 1 * UM})
    return painted(Problem(shape.mesh(lateral="uniform"), {"Pt": metal()}), paint)


@pytest.fixture
def no_renderer(monkeypatch):
    monkeypatch.setattr(rendering, "renderer", lambda: (None, "exit code -11"))


def assert_drawn(picture):
    assert picture.path.stat().st_size > SMALLEST_FILE
    pixels = (imread(picture.path)[::3, ::3, :3] * 255).astype(int)
    assert len(np.unique(pixels @ [1, 256, 65536])) > FEWEST_COLOURS


def test_profile(stack, tmp_path):
    picture = plot_profile(stack, tmp_path / "profile", title="Pt on YIG")
    assert_drawn(picture)
    assert picture.renderer == "matplotlib"
    assert {"YIG 20 nm", "Pt 5 nm", "MgO 1 nm", "z (nm)", "Pt on YIG", "spin accumulation (µV)"} <= set(
        picture.texts
    )


def test_profile_refuses_a_section(section, tmp_path):
    with pytest.raises(InputError, match="plot_section"):
        plot_profile(section, tmp_path / "profile.png")
    assert os.listdir(tmp_path) == []


def curves(count=3):
    angle, field = np.linspace(0, 2 * np.pi, 25), np.geomspace(0.05, 9, count)
    wave = np.outer(field, np.cos(angle) ** 2)
    return xarray.Dataset(
        {
            "rho_L": (("field", "angle"), 2e-7 * (1 + 1e-5 * wave), {"units": "Ohm m", "long_name": "resistivity ρ_L"}),
            "change": (("field", "angle"), 1e-5 * wave, {"units": "1", "long_name": "relative change"}),
        },
        {
            "angle": ("angle", angle, {"units": "rad", "long_name": "angle α"}),
            "field": ("field", field, {"units": "T", "long_name": "magnetic field"}),
        },
    )  # fmt: skip


def test_curves_carry_units_and_legend(tmp_path):
    picture = plot_curves(curves(), tmp_path / "scan.png")
    assert_drawn(picture)
    texts = set(picture.texts)
    assert {"angle α (°)", "relative change (10⁻⁵)", "field = 50 mT", "field = 9 T", "90", "360"} <= texts
    assert any("− 200.0" in text and "(pΩ m)" in text for text in texts)


def test_many_curves_share_a_colour_bar(tmp_path):
    picture = plot_curves(curves(12), tmp_path / "scan.pdf", variables=["change"])
    assert picture.path.read_bytes().startswith(b"%PDF")
    assert "magnetic field (T)" in picture.texts
    assert not any(text.startswith("field =") for text in picture.texts)


def test_curves_refuse_unknown_names(tmp_path):
    with pytest.raises(InputError, match='did you mean "change"'):
        plot_curves(curves(), tmp_path / "scan.png", variables=["chang"])
    with pytest.raises(InputError, match="angle, field"):
        plot_curves(curves(), tmp_path / "scan.png", x="B")


def test_section_of_a_film(section, tmp_path):
    picture = plot_section(section, tmp_path / "film.png")
    assert_drawn(picture)
    assert picture.z_scale == 5.0
    assert {"z × 5", "y (nm)", "z (nm)", "YIG"} <= set(picture.texts)
    assert "spin accumulation $\\mu_{sy}/e$ (µV)" in picture.texts
    assert_drawn(plot_section(section, tmp_path / "j.png", quantity="current", component="y"))


def test_cut_through_a_bar(bar, tmp_path):
    picture = plot_section(bar, tmp_path / "cut.png", normal="x", position=0.0)
    assert_drawn(picture)
    assert any("x = 0" in text and "z × 200" in text for text in picture.texts)
    with pytest.raises(InputError, match="between −10 µm and 10 µm"):
        plot_section(bar, tmp_path / "far.png", normal="x", position=11 * UM)
    with pytest.raises(InputError, match='did you mean "current"'):
        plot_section(bar, tmp_path / "far.png", quantity="curent")
    assert os.listdir(tmp_path) == ["cut.png"]


@pytest.mark.parametrize("cells", [None, "tetra"])
def test_cut_is_exact_for_linear_fields(cells, rng):
    """Area of the cut, its outline, and a linear function carried over; at mesh planes, between them, at both ends."""
    sides = np.array([3 * UM, 2 * UM, 7 * NM])
    mesh = hall_bar(sides[0], sides[1], [("Pt", sides[2])], arms=0).mesh(lateral="uniform", cells=cells)
    points, slope = mesh.points3(), rng.normal(size=3) / sides
    for position in (2.1 * NM, sides[2] / 2, sides[2]):
        plane = cut(points, mesh.cells, 2, position)
        a, b, c = np.moveaxis(plane.points[plane.triangles], 1, 0)
        area = np.abs(np.cross(np.c_[b - a, 0 * a[:, :1]], np.c_[c - a, 0 * a[:, :1]])[:, 2]).sum() / 2
        assert area == pytest.approx(sides[0] * sides[1], rel=ROUNDING)
        border = np.linalg.norm(np.diff(plane.outline(), axis=1)[:, 0], axis=1).sum()
        assert border == pytest.approx(2 * (sides[0] + sides[1]), rel=1e-6)
        wanted = plane.points @ slope[:2] + slope[2] * position
        np.testing.assert_allclose(plane.carry(points @ slope), wanted, atol=1e-9)


def test_locate_interpolates(rng):
    mesh = film(100 * NM, [("Pt", 5 * NM)]).mesh()
    figure = flat(mesh.points3(), mesh.cells, (1, 2))
    places = np.array([-50 * NM, 0]) + rng.random((20, 2)) * [100 * NM, 5 * NM]
    triangles, weights = figure.locate(np.vstack([places, [[60 * NM, 1 * NM]]]))
    assert triangles[-1] == -1
    found = np.einsum("nc,nca->na", weights[:-1], figure.points[figure.triangles[triangles[:-1]]])
    np.testing.assert_allclose(found, places, atol=ROUNDING * 100 * NM)


def test_scene(bar, tmp_path, monkeypatch):
    """Needs a machine that renders; the other path is tested below."""
    if rendering.renderer()[0] is None:
        pytest.skip(f"no 3D renderer: {rendering.renderer()[1]}")
    monkeypatch.setattr(rendering, "SCENE_SIZE", (500, 320))
    picture = show(bar, tmp_path / "scene.png", title="Pt on YIG")
    assert picture.renderer == "pyvista"
    assert picture.z_scale == 200.0
    texts = set(picture.texts)
    assert {
        "Pt on YIG   z × 200",
        "x: 20 µm",
        "y: 8 µm",
        "z: 5 nm",
        "spin accumulation $\\mu_{sy}/e$ (µV)",
    } <= texts
    assert_drawn(picture)
    for style in ("streamlines", "arrows"):
        assert_drawn(show(bar, tmp_path / f"{style}.png", "current", style=style))
    assert_drawn(show(bar, tmp_path / "slices.png", style="slices"))


def test_no_renderer_warns_and_draws_a_section(bar, tmp_path, no_renderer):
    with pytest.warns(RendererWarning, match=r"exit code -11.*apt-get install libegl1"):
        picture = show(bar, tmp_path / "scene.png", title="Pt")
    assert picture.renderer == "matplotlib"
    assert any("z = 25 nm" in text for text in picture.texts)
    assert_drawn(picture)
    with pytest.warns(RendererWarning):
        assert show(bar, tmp_path / "j.png", "current").renderer == "matplotlib"


def test_flat_devices_need_no_renderer(section, stack, tmp_path, no_renderer):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "z × 5" in show(section, tmp_path / "film.png").texts
        assert "z (nm)" in show(stack, tmp_path / "stack.png").texts


@pytest.mark.parametrize(
    "code",
    [
        "print('spread', 9.0, flush=True); import os; os.abort()",
        "print('spread', 0.0)",
        "import time; time.sleep(9)",
    ],
)
def test_trial_survives_a_crash(monkeypatch, code):
    """A renderer that dies, draws nothing or hangs is no renderer; this process lives on."""
    monkeypatch.setattr(rendering, "_TRIAL", code)
    monkeypatch.setattr(rendering, "PATIENCE", 0.5)
    rendering.renderer.cache_clear()
    try:
        window, reason = rendering.renderer()
        assert window is None
        assert reason
        assert rendering.renderer() is rendering.renderer()
    finally:
        rendering.renderer.cache_clear()


def test_pictures_are_whole_or_absent(section, tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    path = plot_section(section, tmp_path / "film.png").path
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"film\.png.*overwrite=True"):
        plot_section(section, path)
    with pytest.raises(InputError, match=r"ending in \.png or \.pdf or \.svg"):
        plot_section(section, tmp_path / "film.bmp")

    def fail(self, draft, **kwargs):
        draft.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(OSError, match="disk full"):
        plot_section(section, path, overwrite=True)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["film.png"]


def test_no_global_state_is_left(section, tmp_path):
    import matplotlib

    before = dict(matplotlib.rcParams)
    plot_section(section, tmp_path / "film.png")
    assert dict(matplotlib.rcParams) == before
    pyplot = __import__("sys").modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()


@pytest.mark.parametrize(
    ("values", "unit", "label", "text"),
    [
        ([0.0, 8e-7], "V", "s (µV)", "0.8 µV"),
        ([8e-10], "m", "s (nm)", "0.8 nm"),
        ([2e-7], "Ohm m", "s (nΩ m)", "200 nΩ m"),
        ([-3.2e10], "A/m^2", "s (10¹⁰ A/m²)", "−3.2 10¹⁰ A/m²"),
        ([1.5e-4], "1", "s (10⁻⁴)", "1.5 10⁻⁴"),
        ([300.0], "K", "s (K)", "300 K"),
        ([np.pi], "rad", "s (°)", "180 °"),
        ([np.nan, 0.0], "T", "s (T)", "0"),
    ],
)
def test_scales(values, unit, label, text):
    scale = scale_for(values, unit)
    assert scale.label("s") == label
    assert scale.text(values[-1]) == text


@pytest.mark.parametrize(
    ("thin", "wide", "wanted", "expected"),
    [(5e-9, 20e-6, 0.07, 200.0), (1e-6, 2e-6, 0.3, 1.0), (1e-9, 1e-8, 0.3, 2.0), (1e-9, 1e-6, 0.5, 500.0)],
)
def test_stretch(thin, wide, wanted, expected):
    assert stretch(thin, wide, wanted) == expected
