"""First and second harmonics of devices with magnons and heat. What must agree and why:

R_1 of a stack at small drive    the drag of the exact engine       magnons that spin injects are linear response
R_2 of a stack                   spin Seebeck field of the same heat, exact engine      Joule heat drives it
R_1, R_2 at half the drive       the same                           V = R_1 I + R_2 I^2
m turned in the plane            R_1 even, cos^2;  R_2 odd, cos     one projection at the detector, one at the injector
a bar, warm at one end           R_1 = rho L, R_2 = -S rho L^2/(2 kappa): Joule heat and Seebeck effect
drives by voltage or field       the same R_2 by current
sweeps                           single pairs of solves             names, units, meshes, files
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hanle
from hanle.options import read_sweep, write_sweep
from hanle.pde.constants import LORENZ
from hanle.pde.errors import InputError
from hanle.run import solve_case

RULE = hanle.MagnonInterface(g_r="4.1e18 1/m^2")
TOLERANCE = 1e-10
#: Elements of first order against the exact engine, six cells for each length.
MESH = 2e-2
#: Joule heat enters the electrons of the whole film, that of a heater its lattice: they leave by other ways.
SPREAD = 0.05
#: Part by which terms of the third and fourth power change R_1 and R_2 at these drives.
HIGHER = 2e-3
#: Part by which fields and moments that are not along the spins change the angular dependence (Hanle, G_i).
ANGLE = 2e-3
COARSE = {"cells_per_length": 4.0}
WIDTH, PT, YIG = 100e-9, 7e-9, 50e-9


def stack(m: tuple[float, float, float] = (0, 1, 0)) -> hanle.Device:
    """Pt | YIG | Pt; lambda_m so long that most magnons arrive."""
    return hanle.Device(
        hanle.stack([("low", PT), ("YIG", YIG), ("high", 5e-9)]),
        {"low": "Pt", "YIG": {"like": "YIG", "magnon_diffusion_length": "1 um"}, "high": "Pt"},
        magnetisation={"YIG": m},
        field=tuple(0.5 * x for x in m),
        transport=("magnons", "heat"),
        wires={"in": ["low"], "out": ["high"]},
        heat_contacts={"bath": ["top"], "heater": ["bottom"]},
        interfaces={"low|YIG": RULE, "YIG|high": RULE},
    )


def lateral(gap: float = 0.4e-6, m: tuple[float, float, float] | None = None) -> hanle.Device:
    """Two strips on a film; m along B where it is not given."""
    place = (gap + WIDTH) / 2
    strips = [("injector", -place, WIDTH, PT), ("detector", place, WIDTH, PT)]
    return hanle.Device(
        hanle.strips(gap + 2 * WIDTH + 1e-6, [("YIG", YIG)], strips),
        {"YIG": {"like": "YIG", "magnon_diffusion_length": "1 um"}, "injector": "Pt", "detector": "Pt"},
        field=(0.2, 0, 0),
        magnetisation={} if m is None else {"YIG": m},
        interfaces={f"YIG|{name}": RULE for name in ("injector", "detector")},
        transport=("magnons", "heat"),
        wires={"injector": ["injector"], "detector": ["detector"]},
        heat_contacts={"bath": ["bottom"]},
    )


def test_harmonics_of_a_stack() -> None:
    wiring = {"in": "200 A/m", "heater": "0 W/m^2"}
    found = hanle.harmonics(stack(), wiring=wiring, tolerance=TOLERANCE)
    half = hanle.harmonics(stack(), wiring=wiring | {"in": "100 A/m"}, tolerance=TOLERANCE, mesh=found.mesh)
    drag = float(stack().solve(wiring=wiring).wire_resistance("out"))
    assert float(found.first("out")) == pytest.approx(drag, rel=MESH)
    assert (found.drive, found.unit) == (200.0, "A/m")
    for ask in (found.first, found.second):
        other = half.first if ask == found.first else half.second
        assert float(other("out")) == pytest.approx(float(ask("out")), rel=HIGHER)
    power = found.forward.electric_power
    warmed = stack().solve(wiring={"heater": f"{power!r} W/m^2"})
    assert 200.0**2 * float(found.second("out")) == pytest.approx(float(warmed.wire_field("out")), rel=SPREAD)
    asked = found.second(lambda r: r.wire_field("out"))
    assert float(asked) == float(found.second("out"))
    assert "at +- 200 A/m" in repr(found)


def test_angles_tell_the_harmonics_apart() -> None:
    """Transport along x, spins of the strips along x: what is injected goes as m_x, as does what is detected."""
    degrees = np.array([0.0, 40.0, 90.0, 220.0])
    scan = hanle.sweep(
        lateral(),
        angle=hanle.angles("alpha", degrees),
        harmonics=True,
        wiring={"injector": "20 uA"},
        tolerance=TOLERANCE,
        mesh_options=COARSE,
        progress=False,
    ).squeeze()
    cosine = np.cos(np.deg2rad(degrees))
    first, second = (scan[f"field_along_{n}w"].sel(wire="detector").values for n in (1, 2))
    np.testing.assert_allclose(first / first[0], cosine**2, atol=ANGLE)
    np.testing.assert_allclose(second / second[0], cosine, atol=ANGLE)
    assert first[0] < 0
    assert abs(second[0]) * 20e-6 > 1e-2 * abs(first[0])
    assert scan.field_along_1w.units == "V/m/A"
    assert scan.heat_2w.units == "W/m/A^2"
    # What leaves is Joule heat, the same for any direction but for the magnetoresistance.
    np.testing.assert_allclose(scan.heat_2w.values, scan.heat_2w.values[0], rtol=1e-2)
    # Odd in the current is only what the resistance does that is odd in it.
    assert float(np.abs(scan.heat_1w).max()) < 1e-5 * 20e-6 * float(np.abs(scan.heat_2w).max())


def test_only_m_turns() -> None:
    """rotate="m" keeps B: the gap of the magnons changes with B.m, the signs of the harmonics do not."""
    scan = hanle.sweep(
        lateral(m=(1, 0, 0)).with_changes(
            field=(1e-3, 0, 0),
            materials={"YIG": {"like": "YIG", "anisotropy_gap": "50 ueV"}, "injector": "Pt", "detector": "Pt"},
        ),
        angle=hanle.angles("alpha", [0, 180]),
        rotate="YIG",
        harmonics=True,
        wiring={"injector": "20 uA"},
        tolerance=TOLERANCE,
        mesh_options=COARSE,
        progress=False,
    ).squeeze()
    first, second = (scan[f"field_along_{n}w"].sel(wire="detector").values for n in (1, 2))
    assert first[1] == pytest.approx(first[0], rel=HIGHER)
    assert second[1] == pytest.approx(-second[0], rel=HIGHER)


def test_distance_by_sweep_is_a_pair_of_solves() -> None:
    device, ends = lateral(), ["0.3 um", "0.45 um"]
    scan = hanle.sweep(
        device, vary={"detector.position": ends}, harmonics=True, wiring={"injector": "20 uA"}, progress=False
    ).squeeze()
    assert list(scan["detector.position"].values) == pytest.approx([0.3e-6, 0.45e-6])
    moved = hanle.Device(
        hanle.strips(
            0.4e-6 + 2 * WIDTH + 1e-6,
            [("YIG", YIG)],
            [("injector", -0.25e-6, WIDTH, PT), ("detector", 0.45e-6, WIDTH, PT)],
        ),
        device.materials,
        **{
            key: getattr(device, key)
            for key in ("field", "magnetisation", "interfaces", "transport", "wires", "heat_contacts")
        },
    )
    pair = hanle.harmonics(moved, wiring={"injector": "20 uA"})
    kept = scan.sel(wire="detector").isel({"detector.position": 1})
    assert float(kept.field_along_1w) == pytest.approx(float(pair.first("detector")), rel=1e-6)
    assert float(kept.field_along_2w) == pytest.approx(float(pair.second("detector")), rel=1e-5)
    assert np.all(np.diff(np.abs(scan.field_along_1w.sel(wire="detector"))) < 0)


def test_nonlinear_sweep_without_harmonics() -> None:
    scan = hanle.sweep(
        lateral(), field=[0.2, 0.3], nonlinear=True, wiring={"injector": "20 uA"}, progress=False
    ).squeeze()
    alone = lateral().with_changes(field=(0.3, 0, 0)).solve(nonlinear=True, wiring={"injector": "20 uA"})
    assert float(scan.field_along.sel(wire="detector")[1]) == pytest.approx(
        float(alone.wire_field("detector")), rel=1e-6
    )
    assert float(scan.wire_resistance.sel(wire="detector")[1]) == pytest.approx(
        float(alone.wire_resistance("detector")), rel=1e-6
    )
    # Of a stack too, which the exact engine would take otherwise.
    given: dict[str, Any] = {"nonlinear": True, "wiring": {"in": "100 A/m"}, "mesh_options": COARSE}
    found = hanle.sweep(stack(), field=[0.5], progress=False, **given)
    assert found.attrs["engine"] == "scikit"
    assert float(found.field_along.sel(wire="out").squeeze()) == pytest.approx(
        float(stack().solve(**given).wire_field("out")), rel=1e-6
    )


def bar(length: float) -> hanle.Device:
    """A metal between two contacts; one end at T_0, none of the heat leaves through the other."""
    heat = {"lattice_heat_conductivity": "5 W/(m K)", "electron_lattice_coupling": "1e18 W/(m^3 K)"}
    return hanle.Device(
        hanle.stack([("Au", length)], contacts=True),
        {"Au": {"like": "Au", "seebeck": "-5 uV/K", "spin_hall_angle": 0.0} | heat},
        transport=("heat",),
        heat_contacts={"cold": ["top"]},
    )


def test_seebeck_effect_of_joule_heat_in_a_bar() -> None:
    length, current = 2e-6, 1e11
    device = bar(length)
    record: Any = device.materials["Au"]
    wiring = {"top": "ground", "bottom": f"{current} A/m^2"}
    found = hanle.harmonics(device, wiring=wiring, tolerance=TOLERANCE)
    kappa = LORENZ * 300 * record.sigma + 5.0
    # S^2 T_0/(rho kappa) of it is what the heat of Peltier does.
    merit = 25e-12 * 300 / (record.rho * kappa)
    assert merit < 2e-3
    assert float(found.first("bottom")) == pytest.approx(record.rho * length, rel=2 * merit)
    expected = 5e-6 * record.rho * length**2 / (2 * kappa)
    assert float(found.second("bottom")) == pytest.approx(expected, rel=5e-3)
    assert found.unit == "A/m^2"
    # By voltage: I = V/R - R_2 I^2/R.
    volts = current * record.rho * length
    driven = hanle.harmonics(device, wiring={"top": "ground", "bottom": f"{volts!r} V"}, tolerance=TOLERANCE)
    second = driven.second(lambda r: r.terminal_current("bottom"))
    assert float(second) == pytest.approx(-expected / (record.rho * length) ** 3, rel=2e-2)
    assert driven.unit == "V"


def test_drives_by_field_and_with_heat_that_stays() -> None:
    """The heater warms both ways alike: it is even in the drive."""
    wiring = {"in": "1e4 V/m", "heater": "1e5 W/m^2"}
    found = hanle.harmonics(stack(), wiring=wiring, tolerance=TOLERANCE, mesh_options=COARSE)
    assert found.unit == "V/m"
    assert float(found.backward.wire_field("in")) == -1e4
    assert float(found.backward.contact_temperature("bath")) == 0
    heats = [float(r.interface_heat_current("bottom")) for r in (found.forward, found.backward)]
    assert heats == pytest.approx([-1e5, -1e5], rel=1e-6)


def test_refusals() -> None:
    with pytest.raises(InputError, match="one current, voltage or field that is not zero"):
        hanle.harmonics(stack(), wiring={"in": "1 A/m", "out": "1 A/m"})
    with pytest.raises(InputError, match="one current, voltage or field that is not zero"):
        hanle.harmonics(stack(), wiring={"heater": "1 W/m^2"})
    plain = hanle.Device(hanle.stack([("Pt", PT)]), {"Pt": "Pt"})
    with pytest.raises(InputError, match="left out where heat is not solved for"):
        hanle.harmonics(plain)


def test_files_say_harmonics(tmp_path: Path) -> None:
    device = lateral()
    given: dict[str, Any] = {"vary": {"YIG.magnon_diffusion_length": (1e-6,)}, "harmonics": True}
    assert read_sweep(write_sweep(given, device), device) == given
    with pytest.raises(InputError, match=r"sweep\.harmonics must be true or false"):
        read_sweep({"field": ["1 T"], "harmonics": 1}, device)
    case = hanle.Case(device, run={"wiring": {"injector": "20 uA"}}, sweep=given)
    path = hanle.dump(case, tmp_path / "device.toml")
    found = solve_case(hanle.load_case(path), lambda _: None, progress=False)
    assert "field_along_2w" in found.curves
    assert found.result.wire_current("injector") == pytest.approx(20e-6)
