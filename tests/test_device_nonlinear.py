"""Devices beyond linear response.

Joule-heated film on a heat contact  <-> a parabola (lattice and electrons together)
small drives                         <-> the linear device
power in                             = heat out: to Newton's tolerance
second harmonic of a stack           ~ I^2, odd in m, about the spin Seebeck field of the same heat; without g_r too
magnons that condense                <-> SolveError that names the threshold
"""

import numpy as np
import pytest

import hanle
from hanle.boundary.magnons.admissible import MagnonWarning
from hanle.options import read_run
from hanle.pde.constants import LORENZ
from hanle.pde.errors import InputError, SolveError, UnsupportedError
from hanle.run import solve_case, summary

T0, D_PT, D_YIG, D_HIGH = 300.0, 7e-9, 1e-7, 5e-9
THICKNESS, RHO = 2e-7, 2.2e-8
#: Newton's tolerance, and the part of the power by which energy may be missing.
TOLERANCE, BALANCE = 1e-10, 1e-8
#: Part by which the power of the third order changes a read-out at these drives.
THIRD = 2e-3
#: The same where T - T_0 is some mK, known to rounding of T_0.
ROUNDING = 1e-7
#: Joule heat enters the electrons of the whole film, that of a heater its lattice: they leave by other ways.
SPREAD = 0.05
RULE = hanle.MagnonInterface(g_r="4.1e18 1/m^2")
COARSE = {"cells_per_length": 4.0}


def film(**changes):
    """A metal film with its bottom at T_0, current along x."""
    heat = {"lattice_heat_conductivity": "5 W/(m K)", "electron_lattice_coupling": "3e16 W/(m^3 K)"}
    given = {
        "materials": {"Au": {"like": "Au", "spin_hall_angle": 0.0} | heat},
        "transport": ("heat",),
        "wires": {"Au": ["Au"]},
        "heat_contacts": {"bath": ["bottom"]},
    }
    return hanle.Device(hanle.stack([("Au", THICKNESS)]), **given | changes)


def seebeck_stack(sign=1.0, interface=RULE, **yig):
    """Pt | YIG | Pt, m along y: what is heated below is cooled above."""
    return hanle.Device(
        hanle.stack([("low", D_PT), ("YIG", D_YIG), ("high", D_HIGH)]),
        {"low": "Pt", "YIG": {"like": "YIG", "magnon_diffusion_length": "1 um"} | yig, "high": "Pt"},
        magnetisation={"YIG": (0, sign, 0)},
        field=(0, sign, 0),
        transport=("magnons", "heat"),
        wires={"in": ["low"], "out": ["high"]},
        heat_contacts={"bath": ["top"], "heater": ["bottom"]},
        interfaces={} if interface is None else {"low|YIG": interface, "YIG|high": interface},
    )


def solved(device, current, **options):
    options = {"tolerance": TOLERANCE, "mesh_options": COARSE} | options
    return device.solve(wiring={"in": current, "heater": "0 W/m^2"}, nonlinear=True, **options)


def test_heated_film_is_a_parabola():
    """kappa_e T_e + kappa_p T_p = p z (d - z/2), at nodes exactly; all heat leaves through the bath."""
    device = film()
    result = device.solve(wiring={"Au": "2e5 V/m"}, nonlinear=True, tolerance=TOLERANCE, mesh_options=COARSE)
    record = device.materials["Au"]
    z = np.array([THICKNESS])
    points = np.stack([0 * z, 0 * z, z], axis=1)
    ke, kp = LORENZ * T0 * record.sigma, 5.0
    found = ke * (result.temperature("Au", points, "electrons") - T0) + kp * (result.temperature("Au", points) - T0)
    power = record.sigma * 2e5**2
    np.testing.assert_allclose(found, power * z * (THICKNESS - z / 2), rtol=1e-8)
    assert result.electric_power == pytest.approx(power * THICKNESS, rel=BALANCE)
    assert result.heat_current("bath") == pytest.approx(-power * THICKNESS, rel=BALANCE)
    assert result.energy_error < BALANCE
    assert result.residuals[-1] < TOLERANCE
    assert result.levels[-1].drive == 1.0


@pytest.mark.parametrize("interface", [RULE, None], ids=["golden rule", "linear exchange"])
def test_second_harmonic_and_energy(interface):
    device = seebeck_stack(interface=interface)
    plus, minus = (solved(device, f"{i} A/m") for i in (500, -500))
    half = [solved(device, f"{i} A/m") for i in (250, -250)]
    turned = [solved(seebeck_stack(-1.0, interface), f"{i} A/m") for i in (500, -500)]

    def ask(result):
        return result.wire_field("out")

    second = hanle.even_part(plus, minus, ask)
    assert second / hanle.even_part(*half, ask) == pytest.approx(4, rel=THIRD)
    assert hanle.odd_part(plus, minus, ask) / hanle.odd_part(*half, ask) == pytest.approx(2, rel=THIRD)
    assert hanle.even_part(*turned, ask) == pytest.approx(-second, rel=1e-6)
    heat = plus.electric_power
    warmed = device.solve(wiring={"heater": f"{heat!r} W/m^2"}, engine="scikit", mesh_options=COARSE)
    assert second == pytest.approx(float(ask(warmed)), rel=SPREAD)
    assert max(r.energy_error for r in (plus, minus, *half, *turned)) < ROUNDING
    assert plus.temperature("low", [[0, 0, D_PT / 2]], "electrons")[0] > T0


@pytest.mark.filterwarnings("ignore:.*of the Joule heat is missing")
def test_small_drives_are_the_linear_device():
    device = seebeck_stack()
    linear = device.solve(wiring={"in": "1 mA/m", "heater": "0 W/m^2"}, engine="scikit", mesh_options=COARSE)
    found = solved(device, "1 mA/m", tolerance=1e-9)
    for wire in ("in", "out"):
        assert found.wire_field(wire) == pytest.approx(linear.wire_field(wire), rel=1e-4)
    assert solved(device, "1 mA/m", previous=found, mesh_options=None).wire_field("in") == pytest.approx(
        found.wire_field("in"), rel=1e-7
    )


def test_doubtful_magnons_are_warned_of():
    """Few spins per magnon: n/s above 0.1."""
    with pytest.warns(MagnonWarning, match="magnons per spin, more than 0.1"):
        solved(seebeck_stack(spin_density="3e27 1/m^3"), "1 A/m")


def test_seebeck_effect_and_joule_heat_keep_energy():
    """A bar with S: the heat that the current carries, at the temperature of the place, is in the balance."""
    heat = {"lattice_heat_conductivity": "5 W/(m K)", "electron_lattice_coupling": "3e17 W/(m^3 K)"}
    bar = hanle.Device(
        hanle.stack([("Au", 2e-6)], contacts=True),
        {"Au": {"like": "Au", "seebeck": "-5 uV/K", "spin_hall_angle": 0.0} | heat},
        transport=("heat",),
        heat_contacts={"hot": ["bottom"], "cold": ["top"]},
    )
    current = 1e11
    driven = bar.solve(
        wiring={"top": "ground", "bottom": f"{current} A/m^2"},
        nonlinear=True,
        tolerance=TOLERANCE,
        mesh_options=COARSE,
    )
    power = current**2 * 2e-6 / bar.materials["Au"].sigma
    # Both ends at T_0: no thermoelectric voltage, and half of the heat through each, but for what the current carries.
    assert driven.electric_power == pytest.approx(power, rel=BALANCE)
    assert driven.energy_error < BALANCE
    expected = -5e-6 * T0 * current
    assert driven.heat_current("hot") == pytest.approx(expected - power / 2, rel=BALANCE)
    assert driven.heat_current("cold") == pytest.approx(-expected - power / 2, rel=BALANCE)


def test_condensation_is_named():
    with pytest.raises(SolveError, match="magnons condense there"):
        solved(seebeck_stack(), "1e5 A/m")


def test_refusals():
    result = film().solve(wiring={"Au": "1e4 V/m"}, nonlinear=True, mesh_options=COARSE)
    for name in ("rho_L", "rho_L_change", "conductance_matrix"):
        with pytest.raises(InputError, match="asked of a linear response"):
            getattr(result, name)
    called = {"torque_origins": ("YIG",), "resistivity_origins": (), "unidirectional_change": ("Co", 1.0)}
    for name, arguments in called.items():
        with pytest.raises(InputError, match=f"{name} must be asked of a linear response"):
            getattr(result, name)(*arguments)
    with pytest.raises(UnsupportedError, match="multilayer solves linear problems only"):
        film().solve(nonlinear=True, engine="multilayer")
    plain = hanle.Device(hanle.stack([("Pt", D_PT)]), {"Pt": "Pt"})
    with pytest.raises(InputError, match="nonlinear must be left out where heat is not solved for"):
        plain.solve(nonlinear=True)


def test_device_files_say_nonlinear(tmp_path):
    device, run = film(), {"wiring": {"Au": "2e5 V/m"}, "nonlinear": True, "mesh_options": COARSE}
    path = hanle.dump(hanle.Case(device, run=run), tmp_path / "device.toml")
    assert "nonlinear = true" in path.read_text(encoding="utf-8")
    case = hanle.load_case(path)
    found = solve_case(case, lambda _: None, progress=False)
    assert found.result.electric_power > 0
    assert "heat(bath)" in summary(found)
    with pytest.raises(InputError, match=r"run\.nonlinear must be true or false"):
        read_run({"nonlinear": "yes"}, device)
    with pytest.raises(InputError, match=r"run\.nonlinear must be left out where heat is not solved for"):
        read_run({"nonlinear": True}, hanle.Device(hanle.stack([("Pt", D_PT)]), {"Pt": "Pt"}))
