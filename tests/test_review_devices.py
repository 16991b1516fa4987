"""Devices that a hostile review found to answer wrongly, and what they must answer.

strips of a periodic film   <-> those of a wide one: a wire lies along the invariant axis, not across its strip
wires in 3D                 <-> refused: no axis is invariant
read-outs over the current of an open wire, T <= 0, magnons above the gap, dense magnons: refused or warned of
"""

import re
import warnings

import numpy as np
import pytest
from scipy.constants import e, hbar, m_e

import hanle
from hanle.boundary.magnons.admissible import MagnonWarning
from hanle.config import read_case
from hanle.pde.errors import InputError, SolveError
from hanle.pde.macrospin import GAMMA

RULE = hanle.MagnonInterface(g_r="4.1e18 1/m^2")
#: Images of the strips one period away change the field of the injector by less.
IMAGES = 1e-3
#: Resistance of the contact for spin over that of Pt, at a million times the golden rule.
TRANSPARENT = 1e-5
#: Newton's tolerance.
BALANCED = 1e-8
#: Newton's tolerance over the part of the field that is rectified.
RECTIFIED = 1e-3


def strips(periodic: bool = False, width: str | None = None) -> hanle.Device:
    placed = [("a", "-300 nm", "200 nm", "5 nm"), ("b", "300 nm", "200 nm", "5 nm")]
    return hanle.Device(
        hanle.strips("2 um", [("YIG", "100 nm")], placed, periodic=periodic, width=width),
        {"YIG": "YIG", "a": "Pt", "b": "Pt"},
        transport=("magnons",),
        wires={"a": ["a"], "b": ["b"]},
        field=(0.1, 0, 0),
        magnetisation={"YIG": (1, 0, 0)},
        interfaces={"YIG|a": RULE, "YIG|b": RULE},
    )


def test_wires_of_a_periodic_section_lie_along_the_invariant_axis() -> None:
    coarse = {"cells_per_length": 3.0, "growth": 2.0}
    open_, closed = (strips(p).solve(wiring={"a": "0.1 mA"}, mesh_options=coarse) for p in (False, True))
    assert float(closed.wire_field("a")) == pytest.approx(float(open_.wire_field("a")), rel=IMAGES)
    assert float(closed.wire_current("b")) == pytest.approx(0.0, abs=1e-12)


def test_wires_in_3d_are_refused() -> None:
    with pytest.raises(InputError, match=r"wires must be along x or y.*axes x, y, z.*use contacts"):
        strips(width="100 nm")


def stack(
    rule: hanle.MagnonInterface | None = None, stiffness: str = "8.46e-40 J m^2", length: str = "9.4 um"
) -> hanle.Device:
    yig = {"like": "YIG", "spin_wave_stiffness": stiffness, "magnon_diffusion_length": length}
    return hanle.Device(
        hanle.stack([("low", "7 nm"), ("YIG", "100 nm"), ("high", "5 nm")]),
        {"low": "Pt", "YIG": yig, "high": "Pt"},
        field=(0, 0.1, 0),
        magnetisation={"YIG": (0, 1, 0)},
        transport=("magnons", "heat"),
        wires={"in": ["low"], "out": ["high"]},
        heat_contacts={"bath": ["bottom"], "top": ["top"]},
        interfaces={} if rule is None else {"low|YIG": rule, "YIG|high": rule},
    )


def test_open_wires_are_no_source() -> None:
    """The current of an open wire is rounding: dividing by it gave 1e17 K m/A."""
    result = stack().solve(wiring={"top": "10 mK"})
    for ask in (lambda: result.spin_peltier("top", "in"), lambda: result.wire_resistance("out", "in")):
        with pytest.raises(InputError, match="a wire that is driven"):
            ask()
    driven = stack().solve(wiring={"in": "1e5 V/m"})
    assert driven.wire_resistance("in", "in") == pytest.approx(float(1e5 / driven.wire_current("in")), rel=1e-12)


def test_temperatures_below_zero_are_refused() -> None:
    with pytest.raises(InputError, match=r"wiring.top must be a difference to T_0 = 300 K that leaves T above 0 K"):
        stack().solve(wiring={"top": "-400 K"})
    with pytest.raises(SolveError, match=r"temperature of .*lower the drive"):
        stack().solve(wiring={"top": "-1e11 W/m^2"}, nonlinear=True, mesh_options={"cells_per_length": 3.0})


def test_condensation_is_not_passed_over_where_the_exchange_is_linear() -> None:
    """An exchange without g_r knows no gap: mu_m was 150 times as large without a word."""
    options = {"nonlinear": True, "mesh_options": {"cells_per_length": 3.0}}
    with pytest.warns(MagnonWarning, match="magnon potential of YIG: .* above the gap"):
        stack().solve(wiring={"in": "1000 A/m"}, **options)  # mu_m is 1.5 gaps
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stack().solve(wiring={"in": "10 A/m"}, **options)


def test_dense_magnons_are_warned_of_in_linear_response() -> None:
    with pytest.warns(MagnonWarning, match="n/s = 0.253"):
        stack(RULE, stiffness="4e-40 J m^2").solve(wiring={"in": "1 A/m"})


@pytest.mark.parametrize(("given", "hint"), [("1 mA", 'e.g. "1 A/m" or "100 V/m"'), ("1 Ohm", '"1 A/m"')])
def test_hints_fit_the_dimension(given: str, hint: str) -> None:
    with pytest.raises(InputError, match=re.escape(hint)):
        stack().solve(wiring={"in": given})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"transport": None}, "transport must be a list"),
        ({"wires": {"in": 1}}, "wires.in must be a list of metals"),
        ({"heat_contacts": {"bath": None}}, "heat_contacts.bath must be a list of outer faces"),
        ({"interfaces": {"low|YIG": 1}}, "interfaces.low|YIG must be .*MagnonInterface, HeatContact"),
    ],
)
def test_what_is_no_list_is_refused(change: dict, message: str) -> None:
    with pytest.raises(InputError, match=message.replace("|", r"\|")):
        stack().with_changes(**change)


def test_magnons_of_a_transparent_contact_have_the_potential_of_the_electrons() -> None:
    """g -> infinity: mu_m = m.mu_s."""
    device = stack(hanle.MagnonInterface(g_r="4.1e18 1/m^2", inelastic_scale=1e6), stiffness="4e-39 J m^2")
    magnons = device.with_changes(transport=("magnons",), heat_contacts={})
    result, place = magnons.solve(wiring={"in": "1 A/m"}), [[0.0, 0.0, 7e-9]]
    electrons = float(result.spin_accumulation("low", place)[0, 1])
    assert float(result.magnon_potential("YIG", place)[0]) == pytest.approx(electrons, rel=TRANSPARENT)


def test_sign_of_the_spin_seebeck_coefficient() -> None:
    result = stack().solve(wiring={"top": "10 mK"})
    per_kelvin = [float(result.spin_seebeck("out", *pair)) for pair in (("top", "bath"), ("bath", "top"))]
    per_slope = [float(result.spin_seebeck("out", *pair, "YIG")) for pair in (("top", "bath"), ("bath", "top"))]
    assert per_kelvin[0] == -per_kelvin[1]
    assert per_slope[0] == -per_slope[1]
    # Pt on top and colder, m along y, theta > 0: E_x > 0. Here the top is warmer.
    assert per_kelvin[0] < 0
    assert per_slope[0] < 0


def test_enhanced_damping_does_not_know_the_gyromagnetic_ratio() -> None:
    """alpha' = g/(4 pi s d): with M_s = hbar gamma s of the record gamma drops out."""
    device = hanle.Device(
        hanle.stack([("YIG", "20 nm"), ("Pt", "5 nm")]),
        {"YIG": "YIG", "Pt": "Pt"},
        field=(0, 0.1, 0),
        magnetisation={"YIG": (0, 1, 0)},
        interfaces={"YIG|Pt": hanle.Conductances(-1e13, 3e14, 0.0)},
    )
    found = [
        device.small_angles(magnets={"YIG": hanle.Macrospin(gamma=factor * GAMMA)}).damping("YIG").enhancement
        for factor in (1.0, 1.5)
    ]
    assert found[1] == pytest.approx(found[0], rel=1e-9)


@pytest.mark.parametrize("warm", ["contact", "surroundings"])
def test_second_harmonics_know_nothing_of_steady_heat(warm: str) -> None:
    """The spin Seebeck field at rest, far larger, was counted as R_2 I^2."""
    plain = stack(RULE).with_changes(field=(0, 1, 0), heat_contacts={"bath": ["bottom"], "hot": ["top"]})
    given: dict = {"in": "30 A/m"}
    options = {"mesh_options": {"cells_per_length": 3.0}, "tolerance": 1e-11}
    if warm == "contact":
        alone, device, heated = plain, plain, given | {"hot": "1 mK"}
    else:
        sink = {"electrons": "1e12 W/(m^2 K)", "lattice": "1e12 W/(m^2 K)"}
        alone, device = (
            plain.with_changes(
                heat_contacts={"bath": ["bottom"]},
                interfaces={**plain.interfaces, "top": hanle.HeatContact(**sink, temperature=kelvin)},
            )
            for kelvin in (None, "300.001 K")
        )
        heated = given
    expected = hanle.harmonics(alone, wiring=given, **options)
    found = hanle.harmonics(device, wiring=heated, **options)
    assert found.rest is not None
    assert expected.rest is None
    at_rest = abs(float(found.rest.wire_field("out")))
    assert at_rest > 10 * abs(float(expected.second("out"))) * expected.drive**2
    assert float(found.second("out")) == pytest.approx(float(expected.second("out")), rel=RECTIFIED)
    second = found.readings()["field_along_2w"].values
    assert float(second[..., -1].ravel()[0]) == pytest.approx(float(found.second("out")), rel=1e-9)


def test_resistivities_that_relaxation_times_stand_for() -> None:
    """Drude: rho = m/(n e^2 tau) with n = k_F^3/(3 pi^2) of both spins, half of it for each spin of the magnet."""
    exchange, energy = 0.6 * e, 5 * e
    face = hanle.RashbaInterface(
        E_F=energy,
        J=exchange,
        u0="5 1/nm",
        h_R=0.1,
        tau_N="1.75 fs",
        tau_up="0.55 fs",
        tau_dn="0.26 fs",
        memory_loss=False,
        sharvin_removed=False,
        damping_like=True,
    )

    def sigma(kinetic: float, tau: float) -> float:
        density = (2 * m_e * kinetic) ** 1.5 / (6 * np.pi**2 * hbar**3)
        return float(density * e**2 * tau / m_e)

    magnet = sigma(energy + exchange, 0.55e-15) + sigma(energy - exchange, 0.26e-15)
    assert face.resistivities == pytest.approx((1 / (2 * sigma(energy, 1.75e-15)), 1 / magnet), rel=1e-12)


@pytest.mark.parametrize(
    ("wiring", "doubt"),
    [
        ({"in": "1800 A/m"}, "m.mu_s = .* above the gap"),  # 1.4 gaps, mu_m 0.7
        ({"in": "900 A/m"}, ""),  # 0.7 gaps
        ({"in": "1 A/m", "bath": "70 K", "top": "70 K"}, "n/s = 0.1"),
        ({"in": "1 A/m", "bath": "-70 K", "top": "-70 K"}, ""),
    ],
)
def test_doubts_about_a_nonlinear_state(wiring: dict, doubt: str) -> None:
    device = stack(RULE, length="5 nm").with_changes(field=(0, 0.2, 0))
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", MagnonWarning)
        device.solve(wiring=wiring, nonlinear=True, mesh_options={"cells_per_length": 3.0})
    texts = [str(w.message) for w in heard if w.category is MagnonWarning]
    assert bool(texts) == bool(doubt)
    assert all(re.match(doubt, text) for text in texts)


def test_axis_of_an_anisotropy_is_a_vector() -> None:
    spins = {"YIG": hanle.Macrospin(anisotropies=[("z", "5 mT")])}  # type: ignore[list-item]
    with pytest.raises(InputError, match="axis must be three finite numbers x, y, z; instead received"):
        stack().with_changes(transport=(), heat_contacts={}).small_angles(magnets=spins)


def test_energy_balance_of_a_device_that_heat_drives() -> None:
    """Beside the heat that passes through nothing is missing; the error was counted in units of rounding."""
    result = stack().solve(wiring={"top": "1e5 W/m^2"}, nonlinear=True, mesh_options={"cells_per_length": 3.0})
    assert result.energy_error < BALANCED
    assert float(result.heat_current("top")) == pytest.approx(1e5, rel=BALANCED)


def test_weak_joule_heat_is_seen() -> None:
    """At 1 A/m Newton's method left the temperatures of this bar at T_0 exactly, without a word."""
    heat = {"lattice_heat_conductivity": "5 W/(m K)", "electron_lattice_coupling": "2.5e17 W/(m^3 K)"}
    bar = hanle.Device(
        hanle.hall_bar_plan("4 um", "1 um"),
        {"film": {"like": "Cu"} | heat},
        transport=("heat",),
        heat_contacts={"bath": ["left", "right"]},
    )
    for current in ("1 A/m", "1e3 A/m"):
        # Ten times the tolerance of Newton's method: what many equations leave adds up.
        assert bar.solve(current=current, nonlinear=True).energy_error < 1e-7


def test_torques_of_moving_magnets_are_not_split() -> None:
    """Pumping is ten times the torque of the current here; it was counted as damping-like efficiency."""
    device = hanle.Device(
        hanle.stack([("YIG", "20 nm"), ("Pt", "4 nm")]),
        {"YIG": "YIG", "Pt": "Pt"},
        field=(0, 0.1, 0),
        magnetisation={"YIG": (0.1, 1, 0)},
        interfaces={"YIG|Pt": hanle.Conductances(-1e13, 3e14, 0)},
    )
    last = device.dynamics(until="5 ps", magnets={"YIG": hanle.Macrospin()}, current_density=1e10).final
    assert np.linalg.norm(last.torque("YIG")) > 0
    with pytest.raises(InputError, match="spin_orbit_torque must be asked of magnets at rest"):
        last.spin_orbit_torque("YIG")
    with pytest.raises(InputError, match="spin_transfer_torque must be asked of magnets at rest"):
        last.spin_transfer_torque("YIG", "Pt")


def test_uncertainty_of_one_state_is_refused() -> None:
    """It was NaN."""
    film = hanle.Device(
        hanle.stack([("Pt", "20 nm")]),
        {"Pt": "Pt"},
        transport=("heat",),
        wires={"Pt": ["Pt"]},
        heat_contacts={"bath": ["bottom"]},
    )
    assert film.solve(wiring={"Pt": "1 A/m"}, engine="scikit").uncertainty("Pt") >= 0
    with pytest.raises(InputError, match="uncertainty must be asked of a linear response"):
        film.solve(wiring={"Pt": "1000 A/m"}, nonlinear=True).uncertainty("Pt")
    with pytest.raises(InputError, match=r"result must be a linear response, made by `solve`; .* NonlinearResult"):
        film.solve(wiring={"Pt": "1000 A/m"}, nonlinear=True).again(film)


def test_magnons_that_are_frozen_out_carry_nothing() -> None:
    """exp(-gap/kT) is zero in double precision at 10 mK and 10 T; S/g was NaN."""
    cold = stack(RULE).with_changes(temperature=0.01, field=(0, 10, 0))
    result = cold.solve(wiring={"in": "1 mA/m", "bath": "1 uK"})
    assert result.wire_field("out") == 0
    assert np.isfinite(result.wire_field("in"))


FILM = """
[shape]
kind = "stack"
layers = [["YIG", "50 nm"], ["Pt", "5 nm"]]
[materials]
Pt = "Pt"
YIG = "YIG"
"""


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ('[ac]\nfrequency = "-1 GHz"', "ac.frequency must be >= 0 Hz"),
        ('[transient]\nuntil = "0 ps"', "transient.until must be later"),
        ('[transient]\nuntil = "1 ps"\ntimes = ["0 ps", "2 ps"]', "transient.times must be between 0 and 1e-12 s"),
        ('[dynamics]\nuntil = "1 ps"', "dynamics.magnets must be at least one"),
        ('[dynamics]\nuntil = "1 ps"\n[dynamics.magnets.YIGG]', "dynamics.magnets must be one of YIG"),
        ('[dynamics]\nuntil = "1 ps"\n[dynamics.magnets.YIG]\ndamping = -0.1', "YIG.damping must be 0 or positive"),
        ('[dynamics]\nuntil = "1 ps"\n[dynamics.magnets.YIG]\ngamma = 0', "YIG.gamma must be positive"),
    ],
)
def test_device_files_with_impossible_tasks_do_not_pass_the_check(task: str, message: str) -> None:
    """`hanle check` passed them; they failed when they ran."""
    read_case(FILM + '[dynamics]\nuntil = "1 ps"\n[dynamics.magnets.YIG]\n')
    with pytest.raises(InputError, match=re.escape(message)):
        read_case(FILM + task)


def test_wire_voltage_takes_a_length() -> None:
    result = stack().solve(wiring={"top": "10 mK"})
    assert result.wire_voltage("out", "100 um") == pytest.approx(1e-4 * float(result.wire_field("out")), rel=1e-12)
    for length, message in (("1 s", "length must be a length"), (-1e-6, "length must be positive")):
        with pytest.raises(InputError, match=message):
            result.wire_voltage("out", length)
