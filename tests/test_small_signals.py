"""Signals that decay on their way: meshes, uncertainty, warnings; maps of temperatures. What must agree and why:

default mesh of a lateral device       a fine mesh of second order, over e^-20 of decay
bound of the residuals                 iterative against direct solutions: above the error, not far above the signal
signal below it                        a warning that names the wire
spin Peltier map                       odd in m: linear response; Joule heat drops out of half the difference
doubtful states                        a warning above the threshold of auto-oscillation
"""

import warnings
from pathlib import Path

import numpy as np
import pytest

import hanle
from hanle.boundary.magnons.admissible import MagnonWarning
from hanle.pde.errors import InputError
from hanle.resolution import lateral_bounds
from hanle.transport_readout import SmallSignalWarning

WIDTH, PT = 200e-9, 7e-9
#: Of the default mesh, edges of strips included: they crowd the flow.
DEFAULT = 0.025
#: An estimate that sums sizes may be too large by this factor.
SLACK = 3e3


def lateral(gap: float, length: float, angle: float = 0.0, heat: bool = False, field: float = 0.1) -> hanle.Device:
    place = (gap + WIDTH) / 2
    strips = [("injector", -place, WIDTH, PT), ("detector", place, WIDTH, PT)]
    m = (np.cos(angle), np.sin(angle), 0)
    return hanle.Device(
        hanle.strips(gap + 2 * WIDTH + 1e-6, [("YIG", 100e-9)], strips),
        {"YIG": {"like": "YIG", "magnon_diffusion_length": f"{length!r} m"}, "injector": "Pt", "detector": "Pt"},
        field=tuple(field * np.array(m)),
        magnetisation={"YIG": m},
        interfaces={f"YIG|{name}": hanle.MagnonInterface(g_r="4.1e18 1/m^2") for name in ("injector", "detector")},
        transport=("magnons", "heat") if heat else ("magnons",),
        wires={"injector": ["injector"], "detector": ["detector"]},
        heat_contacts={"bath": ["bottom"]} if heat else {},
    )


@pytest.mark.parametrize(("gap", "length"), [(2e-6, 1e-7), (5e-6, 1e-6), (1e-6, 9.4e-6)])
def test_default_meshes_carry_magnons(gap: float, length: float) -> None:
    device = lateral(gap, length)
    fine = {"corners": True, "coarse_cells": 8, "sizes": {"x": length / 8}}
    expected = device.solve(order=2, mesh_options=fine).wire_resistance("detector")
    found = device.solve().wire_resistance("detector")
    assert float(found) == pytest.approx(float(expected), rel=DEFAULT)


def test_bounds_of_cells() -> None:
    """(L/lambda) (h/lambda)^2/24 stays below 2 %; words of the user come first; other devices have none."""
    device = lateral(2e-6, 1e-7)
    h = lateral_bounds(device, device.conditions)["x"]
    assert 20 * (h / 1e-7) ** 2 / 24 == pytest.approx(0.02, rel=1e-6)
    assert lateral_bounds(lateral(0.3e-6, 1e-6), device.conditions)["x"] == pytest.approx(1e-6 / 3)
    cells = [np.diff(np.unique(device.mesh(**o).points[:, 0])).max() for o in ({}, {"sizes": {"x": 3e-7}})]
    assert cells[0] <= h * (1 + 1e-9) < cells[1]
    stack = hanle.Device(hanle.stack([("YIG", 1e-7), ("Pt", 5e-9)]), {"YIG": "YIG", "Pt": "Pt"})
    assert lateral_bounds(stack, stack.conditions) == {}


@pytest.mark.parametrize(("heat", "tolerance"), [(False, 1e-8), (False, 1e-11), (True, 1e-8)])
def test_uncertainty_bounds_the_error_of_iterative_solves(heat: bool, tolerance: float) -> None:
    device = lateral(1.5e-6, 1e-7, 0.8, heat)
    mesh = device.mesh()
    exact = device.solve(mesh=mesh, solver="direct").wire_field("detector")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSignalWarning)
        result = device.solve(mesh=mesh, solver="multigrid", tolerance=tolerance)
    error = abs(float(result.wire_field("detector")) - float(exact))
    bound = float(result.uncertainty("detector"))
    assert error < bound < SLACK * max(error, 1e-13 * abs(float(exact)))
    # Relative to the signal far below what the residual relative to the drive, 1e8 times the signal, suggests.
    assert bound < 1e7 * tolerance * abs(float(exact))


def test_given_amplitudes_have_no_uncertainty() -> None:
    device = lateral(1e-6, 1e-6, heat=True)
    result = device.solve()
    assert float(result.uncertainty("injector")) < 1e-12 * abs(float(result.wire_field("injector")))
    with pytest.raises(InputError, match="uncertainty"):
        result.uncertainty("bath")


def test_signals_that_are_lost_are_named() -> None:
    device = lateral(4e-6, 1e-7)
    with pytest.warns(SmallSignalWarning, match="the wire detector is known to"):
        device.solve(solver="multigrid", tolerance=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        device.solve()


def test_spin_peltier_is_odd_in_m(tmp_path: Path) -> None:
    gap, current = 0.5e-6, {"injector": "40 uA"}
    forth, back = (lateral(gap, 1e-6, angle, True) for angle in (0.0, np.pi))
    mesh = forth.mesh(cells_per_length=4.0)
    points = np.stack([np.linspace(-0.5e-6, 0.5e-6, 9), np.zeros(9), np.full(9, 95e-9)], axis=1)
    linear = [d.solve(wiring=current, mesh=mesh) for d in (forth, back)]
    rises = [np.asarray(r.temperature("YIG", points, "magnons")) - 300 for r in linear]
    size = np.abs(rises[0]).max()
    assert size > 1e-5
    np.testing.assert_allclose(rises[1], -rises[0], atol=1e-6 * size)
    heated = [d.solve(wiring=current, mesh=mesh, nonlinear=True, tolerance=1e-10) for d in (forth, back)]
    hot = [np.asarray(r.temperature("YIG", points, "magnons")) - 300 for r in heated]
    assert hot[0].max() > 20 * size
    np.testing.assert_allclose((hot[0] - hot[1]) / 2, rises[0], atol=2e-2 * size)
    picture = heated[0].show_temperatures(str(tmp_path / "odd.png"), reversed=heated[1], title="m and -m")
    for text in ("temperature of electrons", "temperature of magnons", "temperature of the lattice"):
        assert text in picture.texts
    assert any("(mK" in text for text in picture.texts)
    # Nothing is odd between a state and itself.
    same = heated[0].show_temperatures(str(tmp_path / "same.png"), reversed=heated[0])
    assert any(text.endswith("(K)") for text in same.texts)
    assert picture.z_scale >= 1
    assert picture.path.stat().st_size > 1e4
    with pytest.raises(InputError, match="on the same mesh"):
        heated[0].show_temperatures(str(tmp_path / "no.png"), reversed=back.solve(wiring=current))
    plain = hanle.Device(hanle.section(1e-6, [("Pt", PT)]), {"Pt": "Pt"}).solve()
    with pytest.raises(InputError, match="with heat, to show temperatures"):
        plain.show_temperatures(str(tmp_path / "no.png"))


@pytest.mark.parametrize(
    ("ratio", "words"), [(None, "electrons amplify"), (10.0, "electrons amplify"), (0.05, "m moves")]
)
def test_threshold_of_auto_oscillation_is_warned_of(ratio: float | None, words: str) -> None:
    """m.mu_s = 2e-24 J at the gap of 1.85e-24 J of 0.1 T: above gap (1 + alpha/alpha') for small damping only."""
    rule = hanle.MagnonInterface(g_r="4.1e18 1/m^2", damping_ratio=ratio)
    device = hanle.Device(
        hanle.stack([("low", PT), ("YIG", 1e-7)]),
        {"low": "Pt", "YIG": {"like": "YIG", "magnon_diffusion_length": "10 nm"}},
        magnetisation={"YIG": (0, 1, 0)},
        field=(0, 0.1, 0),
        transport=("magnons", "heat"),
        wires={"in": ["low"]},
        heat_contacts={"bath": ["top"]},
        interfaces={"low|YIG": rule},
    )
    with pytest.warns(MagnonWarning, match=words):
        device.solve(wiring={"in": "700 A/m"}, nonlinear=True, mesh_options={"cells_per_length": 4.0})
    with pytest.raises(InputError, match="damping_ratio must be 0 or positive"):
        hanle.MagnonInterface(damping_ratio=-1)
