"""Files of fields and curves: names, units, values; whole or absent; nothing replaced unasked."""

import os
import re

import meshio
import numpy as np
import pytest
import pyvista
import xarray

from hanle.boundary.b_layer import Conductances, b_layer
from hanle.fields_file import write_fields
from hanle.meshes.layered import Layers
from hanle.meshes.layers import film
from hanle.meshes.tagged import TaggedMesh
from hanle.netcdf import read_curves, write_curves, write_table
from hanle.output import provenance
from hanle.pde.closed_forms.channels import transverse_length
from hanle.pde.closed_forms.film import Film, Mixing
from hanle.pde.closed_forms.film_profile import film_accumulation
from hanle.pde.constants import HBAR, MU_B
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.engines.scikit import Scikit
from hanle.pde.errors import InputError
from hanle.pde.metal import normal_metal
from hanle.pde.problem import Face, Gradient, Problem
from hanle.pde.solution import wire
from hanle.pde.steady import respond
from hanle.region_data import CURRENT, POTENTIAL, SPIN_ACCUMULATION, SPIN_CURRENT, region_data

NM = 1e-9
SIGMA, THETA, LENGTH = 4.1e6, 0.07, 1.3 * NM
#: Cell data are the exact flux at the centres: rounding only.
ROUNDING = 1e-12
#: Cubic spline through 24 points of an exponential that decays by exp(-4) over the layer.
SPLINE = 2e-3
#: Solves to 1e-12, closed form and quadrature to rounding.
EXACT = 1e-9
#: Midpoint rule over pieces of an exponential: (h/lambda)^2/24 of a correction of order theta^2.
MIDPOINT = 1e-6


def metal():
    return normal_metal(conductivity=SIGMA, diffusion_constant=6e-4, diffusion_length=LENGTH, spin_hall_angle=THETA)


def paint(points):
    """u = a x - b z, w_y = c exp(-z/lambda), w_x = w_z = 0; per point, with gradients."""
    a, b, c = 3e3, 7e2, 5e-7
    values, slopes = np.zeros((len(points), 4)), np.zeros((len(points), 3, 4))
    decay = c * np.exp(-points[:, 2] / LENGTH)
    values[:, 0], values[:, 2] = a * points[:, 0] - b * points[:, 2], decay
    slopes[:, 0, 0], slopes[:, 2, 0], slopes[:, 2, 2] = a, -b, -decay / LENGTH
    return values, slopes


def box():
    """Two hexahedra along x: Pt (with unknowns) and YIG (without)."""
    grid = np.array([(x, y, z) for z in (0, 1) for y in (0, 1) for x in (0, 1, 2)], dtype=float)
    cell = np.array([0, 1, 4, 3, 6, 7, 10, 9])
    return TaggedMesh(
        ("x", "y", "z"), grid * [300 * NM, 200 * NM, 5 * NM], "hexahedron", np.stack([cell, cell + 1]),
        ("Pt", "YIG (111)"), np.array([0, 1]),
    )  # fmt: skip


@pytest.fixture
def solution(painted):
    return painted(Problem(box(), {"Pt": metal()}), paint)


def test_units_signs_and_flux(solution):
    """V = -u, mu_s/e = 2w, and the flux law worked by hand with eps_xyz = +1 in j_x and eps_zyx = -1 in J_z^y."""
    data = region_data(solution, "Pt")
    values, _ = paint(data.points)
    np.testing.assert_array_equal(data.point_data[POTENTIAL], -values[:, 0])
    np.testing.assert_array_equal(data.point_data[SPIN_ACCUMULATION], 2 * values[:, 1:])
    _, slopes = paint(data.centres)
    expected = SIGMA * (1 - 2 * THETA**2) * slopes[:, 0, 0] + THETA * SIGMA * slopes[:, 2, 2]
    np.testing.assert_allclose(data.cell_data[CURRENT][:, 0], expected, rtol=ROUNDING)
    spin = SIGMA * slopes[:, 2, 2] - THETA * SIGMA * slopes[:, 0, 0]
    np.testing.assert_allclose(data.cell_data[SPIN_CURRENT["y"]][:, 2], spin, rtol=ROUNDING)


def test_files_open_in_meshio_and_pyvista(solution, tmp_path):
    notes = provenance(inputs="device", citations=["Zhang et al., 2019"])
    path = write_fields(solution, tmp_path / "new" / "fields", provenance=notes)
    assert path == tmp_path / "new" / "fields.vtm"
    data = region_data(solution, "Pt")
    piece = meshio.read(tmp_path / "new" / "fields" / "Pt.vtu")
    np.testing.assert_array_equal(piece.points, data.points)
    np.testing.assert_array_equal(piece.cells_dict["hexahedron"], data.cells)
    for name, values in data.point_data.items():
        np.testing.assert_array_equal(piece.point_data[name], values)
    for name, values in data.cell_data.items():
        np.testing.assert_array_equal(piece.cell_data[name][0], values)
    blocks = pyvista.read(path)
    assert blocks.keys() == ["Pt", "YIG (111)"]
    np.testing.assert_array_equal(blocks["Pt"][SPIN_ACCUMULATION], data.point_data[SPIN_ACCUMULATION])
    assert blocks["Pt"].volume == pytest.approx(300 * NM * 200 * NM * 5 * NM, rel=1e-6)
    assert blocks["YIG (111)"].n_cells == 1
    assert blocks.field_data["citations"][0] == "Zhang et al., 2019"
    assert set(blocks.field_data.keys()) == set(notes)


def test_layers_are_lines(painted, tmp_path):
    layers = Layers(("YIG", "Pt"), np.array([[20 * NM, 4 * LENGTH]]))

    def shifted(points):
        return paint(points - [0, 0, 20 * NM])

    solution = painted(Problem(layers, {"Pt": metal()}), shifted)
    data = region_data(solution, "Pt")
    assert data.kind == "line"
    _, slopes = shifted(data.centres)
    exact = SIGMA * slopes[:, 2, 2] - THETA * SIGMA * slopes[:, 0, 0]
    np.testing.assert_allclose(
        data.cell_data[SPIN_CURRENT["y"]][:, 2], exact, atol=SPLINE * np.abs(exact).max(), rtol=0
    )
    path = write_fields(solution, tmp_path / "stack.vtm", provenance={})
    assert pyvista.read(path)["YIG"].length == pytest.approx(20 * NM)


def test_existing_fields_are_refused_or_replaced(solution, tmp_path):
    path = write_fields(solution, tmp_path / "f.vtm", provenance={})
    with pytest.raises(InputError, match=re.escape(str(path)) + ".*overwrite=True"):
        write_fields(solution, path, provenance={})
    (tmp_path / "f" / "old.vtu").touch()
    write_fields(solution, path, provenance={}, overwrite=True)
    assert sorted(os.listdir(tmp_path / "f")) == ["Pt.vtu", "YIG__111_.vtu"]
    (tmp_path / "f" / "thesis.tex").touch()
    with pytest.raises(InputError, match="thesis"):
        write_fields(solution, path, provenance={}, overwrite=True)
    assert sorted(os.listdir(tmp_path)) == ["f", "f.vtm"]


def test_interrupted_fields_leave_what_was(solution, tmp_path, monkeypatch):
    def fail(*args, **kwargs):
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(meshio.Mesh, "write", fail)
        with pytest.raises(OSError, match="disk full"):
            write_fields(solution, tmp_path / "f.vtm", provenance={})
    assert os.listdir(tmp_path) == []
    path = write_fields(solution, tmp_path / "f.vtm", provenance={"run": "first"})
    before = path.read_bytes()
    replace = os.replace

    def fail_at_index(source, goal):
        if str(goal).endswith(".vtm"):
            raise OSError("disk full")
        replace(source, goal)

    monkeypatch.setattr(os, "replace", fail_at_index)
    with pytest.raises(OSError, match="disk full"):
        write_fields(solution, path, provenance={"run": "second"}, overwrite=True)
    assert path.read_bytes() == before
    assert meshio.read(tmp_path / "f" / "Pt.vtu").points.shape == (8, 3)
    assert sorted(os.listdir(tmp_path)) == ["f", "f.vtm"]


def curves():
    angle = np.linspace(0, 2 * np.pi, 9)
    return xarray.Dataset(
        {
            "rho_L": (("field", "angle"), 2e-7 / 3 * (1 + 1e-4 * np.outer([1.0, np.nan], np.cos(angle) ** 2)),
                      {"units": "Ohm m", "long_name": "longitudinal resistivity"}),
            "solved": ("field", [True, False], {"long_name": "whether the solve succeeded"}),
        },
        {
            "angle": ("angle", angle, {"units": "rad", "long_name": "angle beta"}),
            "field": ("field", [0.1, 9.0], {"units": "T", "long_name": "magnetic field"}),
            "probe": ("field", ["V1", "V2"], {"long_name": "voltage probe"}),
        },
    )  # fmt: skip


def test_curves_come_back_equal(tmp_path):
    dataset = curves()
    path = write_curves(dataset, tmp_path / "scan", provenance=provenance(inputs="a", citations=["A", "B"]))
    back = read_curves(path)
    xarray.testing.assert_equal(back, dataset)
    for name in dataset.variables:
        assert back[name].attrs == dataset[name].attrs
    assert back.attrs["citations"] == "A; B"
    assert len(back.attrs["input_sha256"]) == 64
    assert {"hanle_version", "numpy_version", "scipy_version", "date"} <= set(back.attrs)
    assert "citations" not in dataset.attrs


def test_table_holds_every_digit(tmp_path):
    dataset = curves()
    path = write_table(dataset, tmp_path / "scan.csv", provenance={"date": "today"})
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "field [T],angle [rad],probe,rho_L [Ohm m],solved"
    written = [float(line.split(",")[3] or "nan") for line in lines[1:]]
    np.testing.assert_array_equal(written, dataset.rho_L.values.ravel())
    assert len(lines) == 1 + dataset.rho_L.size
    assert "# date: today" in path.read_text()


@pytest.mark.parametrize("write", [write_curves, write_table])
def test_curves_without_units_are_refused(write, tmp_path):
    dataset = curves()
    del dataset.rho_L.attrs["units"]
    with pytest.raises(InputError, match=r"rho_L.*units.*given"):
        write(dataset, tmp_path / "scan", provenance={})
    with pytest.raises(InputError, match="complex"):
        write(curves().assign(rho_L=curves().rho_L.astype(complex).assign_attrs(curves().rho_L.attrs)),
              tmp_path / "scan", provenance={})  # fmt: skip
    assert os.listdir(tmp_path) == []


def test_interrupted_curves_leave_no_file(tmp_path, monkeypatch):
    def fail(self, draft, **kwargs):
        with open(draft, "w") as file:
            file.write("half")
        raise OSError("disk full")

    monkeypatch.setattr(xarray.Dataset, "to_netcdf", fail)
    with pytest.raises(OSError, match="disk full"):
        write_curves(curves(), tmp_path / "scan.nc", provenance={})
    assert os.listdir(tmp_path) == []


def test_existing_curves_are_refused(tmp_path):
    write_curves(curves(), tmp_path / "scan.nc", provenance={})
    with pytest.raises(InputError, match=r"scan\.nc.*overwrite=True"):
        write_curves(curves(), tmp_path / "scan.nc", provenance={})
    write_curves(curves(), tmp_path / "scan.nc", provenance={}, overwrite=True)
    with pytest.raises(InputError, match=r"ending in \.nc"):
        write_curves(curves(), tmp_path / "scan.txt", provenance={})


def test_index_outside_the_batch(solution):
    with pytest.raises(InputError, match="index must be from 0 to 0"):
        region_data(solution, "Pt", index=1)


AXIS = np.array([0.48, 0.64, 0.6])
MIXING = (-2e13, 3.5e14, 6e13)
FIELD, DRIVE = 7.0, 2e4


def driven(mesh, engine):
    """Pt on YIG, field and moments along AXIS, driven by du/dx."""
    pt = normal_metal(
        conductivity=SIGMA, diffusion_constant=6e-4, diffusion_length=LENGTH, spin_hall_angle=THETA,
        field=FIELD * AXIS, g_factor=2.0,
    )  # fmt: skip
    face = Face(b_layer("YIG", Conductances(*MIXING), AXIS), {"metal": "plus", "magnet": "minus"})
    problem = Problem(mesh, {"Pt": pt}, {"YIG|Pt": face}, gradients=(Gradient("u", "x"),))
    return wire(respond(problem, engine, tolerance=1e-12), amplitudes={"du/dx": DRIVE})


def test_files_of_a_stack_against_the_closed_form(tmp_path):
    """mu_s/e in the file is 2w of the closed form; j_x in the file adds up to the flux of the drive."""
    thickness = 5 * NM
    solution = driven(Layers(("YIG", "Pt"), [[20 * NM, thickness]]), Multilayer())
    piece = pyvista.read(write_fields(solution, tmp_path / "stack.vtm", provenance={}))["Pt"]
    omega = 2.0 * MU_B / HBAR * FIELD
    layer = Film(1 / SIGMA, thickness, LENGTH, transverse_length(LENGTH, omega, 6e-4), bottom=Mixing(*MIXING))
    exact = 2 * film_accumulation(layer, AXIS, THETA, (DRIVE, 0.0), np.asarray(piece.points)[:, 2] - 20 * NM)
    np.testing.assert_allclose(piece[SPIN_ACCUMULATION], exact, atol=EXACT * np.abs(exact).max(), rtol=0)
    lengths = piece.compute_cell_sizes()["Length"]
    assert piece[CURRENT][:, 0] @ lengths == pytest.approx(solution.flux("du/dx")[0], rel=MIDPOINT)


def test_files_of_a_section_carry_the_whole_current(tmp_path):
    """Bilinear cells: the flux at the centre times the area is the exact integral over the cell."""
    mesh = film(30 * NM, [("YIG", 20 * NM), ("Pt", 5 * NM)]).mesh({"Pt": LENGTH}, cells_per_length=3)
    solution = driven(mesh, Scikit())
    piece = pyvista.read(write_fields(solution, tmp_path / "film.vtm", provenance={}))["Pt"]
    # Areas of cells of a few nm^2 are below what VTK takes for zero: measure in nm.
    areas = piece.scale(1e9).compute_cell_sizes()["Area"] * 1e-18
    assert piece[CURRENT][:, 0] @ areas == pytest.approx(solution.flux("du/dx")[0], rel=EXACT)
    assert piece.n_cells == len(mesh.region_cells("Pt"))
