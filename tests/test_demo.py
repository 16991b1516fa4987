"""The demonstration with a coarse bar: numbers within what is expected, files that open, nothing replaced unasked."""

import meshio
import numpy as np
import pytest
import pyvista

from hanle.cli import main
from hanle.demo import QUICK_SPOTS, demo_device, film_of, run
from hanle.demo_report import contact_change, edge_change, formula, table
from hanle.netcdf import read_curves
from hanle.pde.closed_forms.channels import transverse_length
from hanle.pde.closed_forms.edges import bar_correction
from hanle.pde.constants import HBAR, MU_B
from hanle.region_data import POTENTIAL, SPIN_ACCUMULATION

#: Mesh and edges of the bar: 0.1 % each of rho_L/rho - 1.
LONGITUDINAL = 2e-3
#: What lateral cells, contacts (-1.6 %) and arms (+5 %) do to transverse voltages.
TRANSVERSE = 0.06
#: What is left of rho_L after mesh and edges are taken out.
REST = 1e-3


@pytest.fixture(scope="module")
def findings(tmp_path_factory):
    lines = []
    folder = tmp_path_factory.mktemp("demo") / "out"
    return run(folder, quick=True, say=lines.append), folder, lines


def test_bar_agrees_with_the_formula(findings):
    found, _, lines = findings
    longitudinal, transverse = formula(found.bar.device, 5e-9)
    assert float(found.film.rho_L_change) == pytest.approx(longitudinal, rel=1e-12)
    assert float(found.film.rho_T) == pytest.approx(transverse, rel=1e-9)
    assert float(found.bar.rho_L_change) == pytest.approx(longitudinal, rel=LONGITUDINAL)
    assert float(found.bar.rho_T) == pytest.approx(transverse, rel=TRANSVERSE)
    for plane, degrees in QUICK_SPOTS.items():
        bar, film = found.spots[plane], found.scan[plane].sel(angle=list(degrees))
        np.testing.assert_allclose(bar.rho_L_change, film.rho_L_change, rtol=LONGITUDINAL)
        np.testing.assert_allclose(bar.rho_T, film.rho_T, rtol=TRANSVERSE)
    text = "\n".join(table(found))
    assert f"{1e3 * longitudinal:.5f}" in text
    assert text in "\n".join(lines)


def test_remainder_is_explained(findings):
    found, _, _ = findings
    longitudinal, _ = formula(found.bar.device, 5e-9)
    edges = edge_change(found.bar.device, 4e-6) / longitudinal
    rest = float(found.bar.rho_L_change) / longitudinal - 1 - found.mesh_errors[0] - edges
    assert abs(rest) < REST
    assert -2e-3 < edges < 0


def test_edges_are_those_of_a_bare_bar():
    """The part of the edges is the width's share of the formula of a rectangular bar, at any direction of B."""
    device, n = demo_device(), np.array([0.36, 0.48, 0.8])
    metal = device.materials["Pt"]
    turned = transverse_length(metal.lam, 2 * MU_B * 40.0 / HBAR, metal.D)
    wide, narrow = (float(bar_correction(w, 5e-9, metal.lam, turned, n, metal.theta)) for w in (1.0, 4e-6))
    # 1 m stands for an endless width: lambda/1 m is left out.
    assert edge_change(device.with_changes(field=40.0 * n), 4e-6) == pytest.approx(narrow - wide, rel=1e-5)


def test_contacts_short_the_hall_voltage():
    assert contact_change(1.0, 1.0) == pytest.approx(-8 / np.pi**2 * np.exp(-np.pi / 4), rel=0.03)
    assert contact_change(1e-6, 1.0) == pytest.approx(-1, abs=0.02)
    assert abs(contact_change(20.0, 1.0)) < 1e-6


def test_solution_is_proven(findings):
    found, _, _ = findings
    assert max(found.bar.proof.residuals.values()) < 1e-7
    assert float(np.max(found.bar.balances["u"].error)) < 1e-6


def test_files_open(findings):
    found, folder, _ = findings
    assert set(found.files) == {folder / name for name in (
        "bar.vtm", "scan_alpha.nc", "scan_beta.nc", "scan_gamma.nc", "bar_alpha.nc", "bar_beta.nc",
        "film_field_temperature.nc", "table.txt",
    )}  # fmt: skip
    blocks = pyvista.read(folder / "bar.vtm")
    assert blocks.keys() == ["YIG", "Pt"]
    piece = meshio.read(folder / "bar" / "Pt.vtu")
    assert piece.point_data[SPIN_ACCUMULATION].shape == (len(piece.points), 3)
    assert np.ptp(piece.point_data[POTENTIAL]) > 0.9
    scan = read_curves(folder / "scan_beta.nc")
    assert scan.angle.attrs["units"] == "deg"
    swept = read_curves(folder / "film_field_temperature.nc")
    assert swept.sizes["angle"] == 2
    assert swept.rho_L.attrs["units"] == "Ohm m"
    assert "rho_T" in (folder / "table.txt").read_text()


def test_film_is_the_bar_without_edges():
    device = demo_device()
    film = film_of(device)
    assert film.shape.regions == device.shape.regions
    assert not film.terminals


def test_existing_folder_is_refused_before_anything_is_computed(tmp_path, capsys):
    (tmp_path / "out").mkdir()
    assert main(["demo", "-o", str(tmp_path / "out")]) == 1
    captured = capsys.readouterr()
    assert "--overwrite" in captured.err
    assert captured.out == ""


@pytest.mark.slow
def test_pictures(findings, tmp_path):
    from hanle.demo_report import draw

    found, _, _ = findings
    for path in draw(found, tmp_path, overwrite=False):
        assert path.stat().st_size > 10_000
