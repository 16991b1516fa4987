"""Torques, textures and spin densities of magnets that the processes of the program hold together.

They are those of the engine scikit on the same mesh, which every process solves as well.
"""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvista
from mpi4py import MPI

import hanle
from hanle.cli import main
from hanle.meshes.coarse import CoarseMeshWarning
from hanle.meshes.ovf import VectorGrid, write_ovf
from hanle.pde.processes import Processes
from hanle.region_data import MAGNETISATION, TORQUE, all_regions
from hanle.textures import directions

WORLD = Processes(MPI.COMM_WORLD)
NM = 1e-9
WIDTH = 24 * NM
#: Both engines solve to this residual; answers are compared to SAME of their largest value.
TIGHT, SAME = 1e-13, 1e-8

MESH = {"cells_per_length": 1, "lateral": "uniform", "sizes": {"y": 2 * NM}}
#: The magnet absorbs spin across m inside, over lengths that the mesh shows.
CO = {"like": "Co", "dephasing_length": "4 nm", "exchange_length": "5 nm", "density_of_states_polarisation": -0.7}
#: Part of a torque that points along y, the axis of the parts: m is off it everywhere.
TILT = 0.3

pytestmark = pytest.mark.filterwarnings(f"ignore::{CoarseMeshWarning.__module__}.{CoarseMeshWarning.__name__}")


def wall(points: Any) -> Any:
    """m turns from z to -z over the width."""
    angle = np.pi * (points[:, 1] / WIDTH + 0.5)
    return np.stack([np.sin(angle), 0 * angle + TILT, np.cos(angle)], axis=-1)


def section(m: Any) -> hanle.Device:
    shape = hanle.section(WIDTH, [("Pt", 3 * NM), ("Co", 3 * NM)])
    return hanle.Device(shape, {"Pt": "Pt", "Co": CO}, magnetisation={"Co": m}, name="wall")


def solved(device: hanle.Device, engine: str, **options: Any) -> hanle.Result:
    given = options if "mesh" in options else {"mesh_options": MESH}
    return device.solve(engine=engine, solver="direct", tolerance=TIGHT, **given)


def ovf(folder: Path) -> Path:
    """The wall as a file, written by the first process: cells of 1 nm across y."""
    path = folder / "wall.ovf"
    if WORLD.rank == 0:
        y = (np.arange(24) - 11.5) * NM
        values = wall(np.stack([0 * y, y, 0 * y], axis=-1))
        grid = VectorGrid(np.array([0, y[0], 0]), np.full(3, NM), values[None, :, None].reshape(1, 24, 1, 3).copy())
        write_ovf(path, grid)
    WORLD.gather(None)
    return path


def close(found: Any, expected: Any) -> None:
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=SAME * np.abs(expected).max())


def alike(values: Any) -> None:
    """The same numbers on every process."""
    assert len(set(WORLD.gather(np.asarray(values).tobytes()))) == 1


@pytest.mark.parametrize("m", [(0.2, TILT, 1.0), (-1.0, TILT, 0.1)])
def test_parts_of_the_torque_are_those_of_one_process(m: Any) -> None:
    alone, together = (solved(section(m), engine).spin_orbit_torque("Co") for engine in ("scikit", "fenicsx"))
    for name in (
        "m",
        "axis",
        "per_area",
        "damping_like",
        "field_like",
        "electric_field",
        "current_density",
        "moment",
    ):
        close(getattr(together, name), getattr(alone, name))
        alike(getattr(together, name))
    for name in ("efficiency", "efficiency_per_field", "effective_fields"):
        close(getattr(together, name), getattr(alone, name))
    assert np.all(np.abs(alone.per_area) > 0)


COUPLED = hanle.RashbaInterface(
    "5 eV",
    0.1,
    True,
    True,
    True,
    J="0.6 eV",
    u0="2 1/nm",
    um="0.5 1/nm",
    tau_N="10 fs",
    tau_up="15 fs",
    tau_dn="5 fs",
)


@pytest.mark.parametrize("face", [None, COUPLED])
def test_spin_through_an_interface_is_that_of_one_process(face: Any) -> None:
    device = section((0.2, TILT, 1.0))
    if face is not None:
        device = device.with_changes(interfaces={"Pt|Co": face})
    alone, together = (solved(device, engine) for engine in ("scikit", "fenicsx"))
    for side in ("Pt", "Co"):
        found = together.interface_spin_current("Pt|Co", side)
        close(found, alone.interface_spin_current("Pt|Co", side))
        alike(found)
    close(together.torque("Co"), alone.torque("Co"))
    close(together.torque_origins("Co")["spin Hall"].per_area, alone.torque_origins("Co")["spin Hall"].per_area)


@pytest.mark.parametrize("given", ["function", "file", "array"])
def test_textures_are_those_of_one_process(given: str, tmp_path: Path) -> None:
    device = section(wall)
    mesh = device.mesh(**MESH)
    if given == "file":
        device = section(hanle.read_ovf(ovf(tmp_path), uniform="xz"))
    if given == "array":
        device = section(wall(mesh.centres("Co")))
    alone, together = (solved(device, engine, mesh=mesh) for engine in ("scikit", "fenicsx"))
    for place in ("Co", None):
        close(together.torque("Co", place), alone.torque("Co", place))
        alike(together.torque("Co", place))
    centres, density = together.torque_map("Co", "Co")
    expected = alone.torque_map("Co", "Co")
    close(centres, expected[0])
    close(density, expected[1])
    with pytest.raises(hanle.HanleError, match=r"magnetisation\.Co must be uniform"):
        together.spin_orbit_torque("Co")
    ratios = [result.charge_to_spin("Co") for result in (alone, together)]
    for name in ("points", "ratio", "relaxation_rate", "conversion_rate", "mean"):
        close(getattr(ratios[1], name), getattr(ratios[0], name))
        alike(getattr(ratios[1], name))
    points = np.array([[0, -9.3, 4.1], [0, 0.2, 5.9], [0, 11.1, 3.2]]) * NM
    close(*(result.spin_density("Co", points, 1e20) for result in (together, alone)))
    m = directions(together)["Co"](centres)
    close(m, directions(alone)["Co"](centres))
    assert np.ptp(m[:, 2]) > 1


def test_each_process_shows_the_texture_of_its_cells() -> None:
    device = section(wall)
    mesh = device.mesh(**MESH)
    for m in (wall, wall(mesh.centres("Co"))):
        alone, together = (solved(section(m), engine, mesh=mesh) for engine in ("scikit", "fenicsx"))
        own = all_regions(together.solution, own=True, directions=directions(together))["Co"]
        whole = all_regions(alone.solution, directions=directions(alone))["Co"]
        for name in (MAGNETISATION, TORQUE):
            order, own_order = (
                np.lexsort(np.round(c / (1e-3 * NM)).astype(int).T)
                for c in (whole.centres, np.concatenate(WORLD.gather(own.centres)))
            )
            found = np.concatenate(WORLD.gather(own.cell_data[name]))
            close(found[own_order], whole.cell_data[name][order])


DEVICE = """
name = "wall"
[shape]
kind = "section"
width = "24 nm"
layers = [["Pt", "3 nm"], ["Co", "3 nm"]]
[materials]
Pt = "Pt"
Co = "Co"
[magnetisation]
Co = { ovf = "wall.ovf", uniform = "xz" }
[run]
solver = "direct"
mesh = { cells_per_length = 1, lateral = "uniform", sizes = { y = "2 nm" } }
[output]
pictures = false
"""


def test_run_with_a_texture_can_be_repeated(tmp_path: Path) -> None:
    """One copy of the file, fields that show m, and the same numbers from the output folder."""
    path = ovf(tmp_path)
    if WORLD.rank == 0:
        (tmp_path / "device.toml").write_text(DEVICE)
    WORLD.gather(None)
    words = ["run", "--engine", "fenicsx", "--quiet"]
    assert main([*words, str(tmp_path / "device.toml"), "-o", str(tmp_path / "a")]) == 0
    assert (tmp_path / "a" / "inputs" / "wall.ovf").read_bytes() == path.read_bytes()
    assert os.listdir(tmp_path / "a" / "inputs") == ["wall.ovf"]
    fields = pyvista.read(tmp_path / "a" / ("fields.vtm" if WORLD.size == 1 else "fields.pvd"))
    magnets = [block for block in fields if MAGNETISATION in block.cell_data]
    assert len(magnets) == 1
    m = wall(magnets[0].cell_centers().points)
    # between the centres of cells of 1 nm the file is linear: (pi/24)^2/8 of m, and its tilt is normalised away
    expected = m / np.linalg.norm(m, axis=1)[:, None]
    np.testing.assert_allclose(magnets[0].cell_data[MAGNETISATION], expected, atol=0.01)
    WORLD.gather(None)
    assert main([*words, str(tmp_path / "a" / "device.toml"), "-o", str(tmp_path / "b")]) == 0
    a, b = (json.loads((tmp_path / name / "results.json").read_text()) for name in "ab")
    assert a["provenance"]["input sha256"] == b["provenance"]["input sha256"]
    assert a["proof"]["processes"] == b["proof"]["processes"] == WORLD.size
    for name, quantity in a["quantities"].items():
        assert b["quantities"][name]["value"] == pytest.approx(quantity["value"], rel=SAME, abs=1e-30), name
