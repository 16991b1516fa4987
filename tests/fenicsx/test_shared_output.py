"""Results, tables, fields and pictures of a device that the processes of the program hold together.

They are those of the engine scikit on the same mesh, which every process solves as well; each file is there once.
"""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvista
import xarray
from matplotlib.image import imread
from mpi4py import MPI

import hanle
from hanle.cli import main
from hanle.meshes.coarse import CoarseMeshWarning
from hanle.pde.processes import Processes
from hanle.quantities import shares
from hanle.region_data import all_regions
from hanle.report import rows
from hanle.textures import directions

WORLD = Processes(MPI.COMM_WORLD)
NM = 1e-9
#: Both engines solve to this residual; answers are compared to SAME, fields to FIELD of their largest value.
TIGHT, SAME, FIELD = 1e-13, 1e-8, 1e-8

MESH = {"cells_per_length": 1, "lateral": "uniform", "sizes": {"x": 5 * NM, "y": 5 * NM}}

pytestmark = pytest.mark.filterwarnings(f"ignore::{CoarseMeshWarning.__module__}.{CoarseMeshWarning.__name__}")


def resistivity(points: Any) -> Any:
    """Varies from cell to cell: a weight of another cell would be seen."""
    return 3e-7 * (1 + 0.5 * np.sin(points @ np.array([0.3, 0.5, 1.1]) / NM))


@pytest.fixture(scope="module")
def device() -> hanle.Device:
    bar = hanle.hall_bar(60 * NM, 20 * NM, [("YIG", 5 * NM), ("Pt", 2 * NM)])
    return hanle.Device(
        bar, {"Pt": "Pt", "YIG": "YIG"}, field=(0.5, 0.3, 1.0), profiles={"Pt.resistivity": resistivity}, name="bar"
    )


def solved(device: hanle.Device, engine: str, **options: Any) -> hanle.Result:
    return device.solve(mesh_options=MESH, engine=engine, solver="direct", tolerance=TIGHT, **options)


@pytest.fixture(scope="module")
def pair(device: hanle.Device) -> tuple[hanle.Result, hanle.Result]:
    """The same by scikit and by fenicsx."""
    return solved(device, "scikit"), solved(device, "fenicsx")


def test_every_process_reports_the_whole_device(pair: tuple[hanle.Result, hanle.Result]) -> None:
    alone, together = pair
    for expected, found in zip(rows(alone), rows(together), strict=True):
        scale = abs(expected.value)
        if expected.name.startswith(("rho_T", "torque", "I(")):
            scale = max(abs(r.value) for r in rows(alone) if r.unit == expected.unit)
        assert abs(found.value - expected.value) <= SAME * scale, expected.name
    assert together.report().startswith("engine fenicsx")
    assert f"{alone.response.system.size} unknowns" in together.report()
    assert max(float(b.error[0]) for b in together.balances.values()) < SAME
    points = np.array([[5.0, 1.0, 6.0], [21.0, -4.0, 5.5], [-25.0, 3.0, 6.9]]) * NM
    np.testing.assert_allclose(
        together.spin_accumulation("Pt", points), alone.spin_accumulation("Pt", points), rtol=0, atol=1e-15
    )
    assert len(set(WORLD.gather(repr([r.value for r in rows(together)])))) == 1


@pytest.mark.parametrize("suffix", [".vtm", ".pvd", ".vtkhdf"])
def test_files_hold_the_cells_and_values_of_scikit(
    pair: tuple[hanle.Result, hanle.Result], tmp_path: Path, suffix: str
) -> None:
    alone, together = pair
    path = together.save(str(tmp_path / f"bar{suffix}"))
    assert path == tmp_path / f"bar{suffix}"
    read = pyvista.read(path)
    expected = all_regions(alone.solution, directions=directions(alone))
    for got, region in zip(read, expected.values(), strict=True):
        compare(got, region, {n: n.replace("/", " per ") if suffix == ".vtkhdf" else n for n in names(region)})
    listed = sorted(os.listdir(tmp_path))
    assert listed == sorted({f"bar{suffix}", *(["bar"] if suffix != ".vtkhdf" else [])})
    if suffix == ".pvd" and WORLD.size > 1:
        assert sorted(os.listdir(tmp_path / "bar" / "Pt")) == [f"{rank}.vtu" for rank in range(WORLD.size)]
    WORLD.gather(None)
    with pytest.raises(hanle.HanleError, match="overwrite=True"):
        together.save(str(path))


def names(region: Any) -> list[str]:
    return [*region.point_data, *region.cell_data]


def compare(got: Any, region: Any, name_of: dict[str, str]) -> None:
    """Cells, values and integrals of a region in a file."""
    assert got.n_cells == len(region.cells)
    assert sorted(got.array_names) == sorted(name_of.values())
    order, own_order = places(region.centres), places(got.cell_centers().points)
    for name, values in region.cell_data.items():
        close(got.cell_data[name_of[name]][own_order], values[order])
    known = {tuple(key): k for k, key in enumerate(keys(region.points))}
    numbers = [known[tuple(key)] for key in keys(got.points)]
    for name, values in region.point_data.items():
        close(got.point_data[name_of[name]], values[numbers])
    # Volumes of cells of a few nm are below what VTK takes for zero: measure in nm.
    sizes = got.scale(1e9).compute_cell_sizes()["Volume"] * 1e-27
    assert sizes.sum() == pytest.approx(shares(region, at_points=False).sum(), rel=SAME)
    for name, values in region.cell_data.items():
        close(sizes @ got.cell_data[name_of[name]], shares(region, at_points=False) @ values)


def keys(points: Any) -> Any:
    return np.round(np.asarray(points) / (1e-3 * NM)).astype(int)


def places(points: Any) -> Any:
    """The order of some points by their coordinates."""
    return np.lexsort(keys(points).T)


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=FIELD * np.abs(expected).max())


def test_pieces_share_no_cell(pair: tuple[hanle.Result, hanle.Result]) -> None:
    """Cells of all processes together: each of the mesh once, second-order fields at the corners."""
    alone, together = pair
    second = solved(together.device, "fenicsx", order=2)
    for result in (together, second):
        own = all_regions(result.solution, own=True)
        for name, region in all_regions(alone.solution).items():
            centres = np.concatenate(WORLD.gather(own[name].centres))
            np.testing.assert_array_equal(
                keys(centres)[places(centres)], keys(region.centres)[places(region.centres)]
            )
            assert list(own[name].cell_data) == list(region.cell_data)
            assert all(len(v) == len(own[name].cells) for v in own[name].cell_data.values())
            assert all(len(v) == len(own[name].points) for v in own[name].point_data.values())


def test_pictures(pair: tuple[hanle.Result, hanle.Result], tmp_path: Path) -> None:
    """Drawn once, of the whole device: those of scikit up to rounding in the colours."""
    alone, together = pair
    for quantity in ("spin_accumulation", "current"):
        found = together.show(quantity, str(tmp_path / f"{quantity}.png"))
        assert len(set(WORLD.gather(found.texts))) == 1
        if WORLD.rank == 0:
            expected = alone.show(quantity, str(tmp_path / f"{quantity}-scikit.png"))
            assert found.texts == expected.texts
            difference = np.abs(imread(found.path) - imread(expected.path))
            assert np.mean(difference > 0.05) < 1e-3


def test_sweep(device: hanle.Device, tmp_path: Path) -> None:
    """An angular scan: the same dataset on every process, one file, one picture."""
    options: dict[str, Any] = {"mesh_options": MESH, "tolerance": TIGHT, "solver": "direct"}
    scan = hanle.angles("beta", [0, 30, 90])
    expected = hanle.sweep(device, angle=scan, engine="scikit", progress=False, **options)
    found = hanle.sweep(device, angle=scan, engine="fenicsx", progress=True, **options)
    assert found.attrs["engine"] == "fenicsx"
    for name in ("rho_L", "rho_T", "rho_L_change", "voltage"):
        close(found[name].values, expected[name].values)
    assert len(set(WORLD.gather(found.rho_L.values.tobytes()))) == 1
    path = hanle.write_curves(found, tmp_path / "scan.nc", provenance={})
    WORLD.gather(None)
    assert path == tmp_path / "scan.nc"
    xarray.testing.assert_identical(hanle.read_curves(path).rho_L, found.rho_L)
    assert os.listdir(tmp_path) == ["scan.nc"]


TOML = """
name = "bar"
field = ["0.5 T", "0.3 T", "1 T"]
[shape]
kind = "hall_bar"
length = "60 nm"
width = "20 nm"
layers = [["YIG", "5 nm"], ["Pt", "2 nm"]]
[materials]
Pt = "Pt"
YIG = "YIG"
[run]
engine = "fenicsx"
solver = "direct"
[run.mesh]
cells_per_length = 1
lateral = "uniform"
sizes = { x = "5 nm", y = "5 nm" }
[sweep]
angle = { plane = "alpha", degrees = [0, 45] }
field = "2 T"
"""


def test_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The command writes one folder, prints once, and refuses to replace the folder on every process."""
    path = tmp_path / "device.toml"
    if WORLD.rank == 0:
        path.write_text(TOML)
    WORLD.gather(None)
    assert main(["run", str(path), "-o", str(tmp_path / "a")]) == 0
    shown = capfd.readouterr()
    assert ("balance(power)" in shown.out, "drawing" in shown.err) == (WORLD.rank == 0, WORLD.rank == 0)
    fields = "fields.vtm" if WORLD.size == 1 else "fields.pvd"
    files = {"curves.nc", "curves.png", "current.png", "spin_accumulation.png", "device.toml", "sources.bib"}
    assert set(os.listdir(tmp_path / "a")) == {*files, "results.json", "fields", fields}
    assert sorted(os.listdir(tmp_path)) == ["a", "device.toml"]
    stored = json.loads((tmp_path / "a" / "results.json").read_text())
    assert stored["proof"]["engine"] == "fenicsx"
    assert stored["proof"]["processes"] == WORLD.size
    WORLD.gather(None)
    assert main(["run", str(path), "-o", str(tmp_path / "a")]) == 1
    said = [text for text in WORLD.gather(capfd.readouterr().err) if text]
    assert len(said) == 1
    assert said[0].count("output must be free") == 1
    # The same by one process.
    words = ["run", str(path), "-o", str(tmp_path / "b"), "--no-pictures", "--quiet", "--engine", "scikit"]
    if WORLD.size == 1:
        assert main(words) == 0
        other = json.loads((tmp_path / "b" / "results.json").read_text())
        for name in ("rho_L", "rho_L_change", "V(V1)"):
            expected = other["quantities"][name]["value"]
            assert stored["quantities"][name]["value"] == pytest.approx(expected, rel=SAME)
    else:
        assert main(words) == 1
        assert any('engine must be "fenicsx"' in text for text in WORLD.gather(capfd.readouterr().err))
