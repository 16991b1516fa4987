"""Heat and magnons of devices under alternating drives. What must agree and why:

thick insulator heated at its face   <-> q/(kappa k), k = (i omega/D)^(1/2)        thermal waves: size, phase, decay
line heater on an insulator          <-> the logarithm of Cahill, 1990             the same in 2D
Pt | YIG | metal, any m and B        <-> swapped wires under -m, -B; Kelvin        Onsager at a frequency
omega = 0, omega -> 0                <-> solve                                     the drive is steady
elements                             <-> exact engine, one frequency               equations and meshes
two strips on YIG, in 2D             <-> each other under -m, -B                   the same on elements
what is stored                       <-> the gas of magnons; positive; record by record
a field that varies                  <-> each place with its own gap
"""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

import hanle
from hanle.boundary.magnons.gas import capacities
from hanle.boundary.magnons.spectrum import Parabolic
from hanle.magnon_media import insulator_law
from hanle.materials.load import load, material
from hanle.materials.write import to_given
from hanle.pde.coefficients import dense
from hanle.pde.constants import E_CHARGE, MU_B
from hanle.pde.errors import InputError
from hanle.pde.magnons import MagnonCapacities, magnon_insulator

T0 = 300.0
KAPPA, CAPACITY = 1.4, 1.6e6
GLASS = {
    "kind": "insulator",
    "lattice_heat_conductivity": f"{KAPPA} W/(m K)",
    "lattice_heat_capacity": f"{CAPACITY} J/(m^3 K)",
    "interface_heat_conductance": "1e9 W/(m^2 K)",
}
TWO = {"bath": ["bottom"], "top": ["top"]}
AXIS = np.array([2.0, 6.0, -3.0]) / 7
SPECTRUM = np.array([1e5, 3e7, 1e9, 2e11])
EXACT = 1e-9
#: Second order, four or five cells per length at the frequency.
ELEMENTS = 2e-4
#: Terms of the order of (half width/thermal length)^2, and the corners of the heater.
LINE = 0.02
#: The tolerance of these solves on elements.
SOLVED = 1e-9


def test_heat_enters_as_a_thermal_wave():
    """Cahill and others: T lags by 45 degrees and falls as omega^(-1/2); the wave decays over (2D/omega)^(1/2)."""
    device = hanle.Device(
        hanle.stack([("Pt", 5e-9), ("glass", 2e-5)]),
        {"Pt": "Pt", "glass": GLASS},
        transport=["heat"],
        wires={"Pt": ["Pt"]},
        heat_contacts=TWO,
    )
    frequencies = np.array([1e6, 4e6, 1.6e7])
    found = device.solve_ac(frequency=frequencies, wiring={"top": "1e6 W/m^2"})
    k = np.sqrt(2j * np.pi * frequencies * CAPACITY / KAPPA)
    np.testing.assert_allclose(found.contact_temperature("top"), 1e6 / (KAPPA * k), rtol=EXACT)
    depth = np.array([1e-7, 3e-7])
    at = np.stack([0 * depth, 0 * depth, 2e-5 + 5e-9 - depth], axis=-1)
    expected = 1e6 / (KAPPA * k[:, None]) * np.exp(-k[:, None] * depth)
    np.testing.assert_allclose(found.temperature("glass", at), expected, rtol=1e-7)
    np.testing.assert_allclose(found.heat_current("top"), 1e6, rtol=EXACT)
    grid = device.solve_ac(frequency=frequencies[1], wiring={"top": "1e6 W/m^2"}, order=2, solver="direct")
    assert grid.contact_temperature("top") == pytest.approx(found.contact_temperature("top")[1], rel=ELEMENTS)


def line(omega, half):
    """T [K m/W] of a line of uniform heat: Cahill, 1990, Eq. (8)."""
    q2 = 1j * omega * CAPACITY / KAPPA

    def part(x, pick):
        value = np.sinc(x * half / np.pi) ** 2 / np.sqrt(x * x + q2)
        return pick(value)

    ends = np.abs(q2) ** 0.5 * np.array([0, 0.3, 1, 3, 10]), np.array([1, 3, 10, 30, 100]) / half
    grid = np.unique(np.concatenate(ends))
    real, imaginary = (
        sum(quad(part, a, b, args=(pick,), limit=200)[0] for a, b in pairwise(grid)) for pick in (np.real, np.imag)
    )
    return (real + 1j * imaginary) / (np.pi * KAPPA)


def test_line_heater_on_an_insulator(elements):
    device = hanle.Device(
        hanle.strips("60 um", [("glass", 3e-5)], [("Pt", 0.0, 2e-7, 1e-8)]),
        {"Pt": "Pt", "glass": GLASS},
        transport=["heat"],
        wires={"Pt": ["Pt"]},
        heat_contacts={"bath": ["bottom"], "heater": ["Pt|top"]},
    )
    frequencies = np.array([2e4, 1e5])
    found = device.solve_ac(
        frequency=frequencies, wiring={"heater": "1 W/m"}, engine=elements.name, order=2, solver="direct"
    )
    t = found.contact_temperature("heater")
    exact = np.array([line(2 * np.pi * f, 1e-7) for f in frequencies])
    np.testing.assert_allclose(t.imag, exact.imag, rtol=LINE)
    assert t[0].real - t[1].real == pytest.approx((exact[0] - exact[1]).real, rel=LINE)
    # The logarithm itself.
    assert exact[0].real - exact[1].real == pytest.approx(np.log(5) / (2 * np.pi * KAPPA), rel=LINE)
    assert exact[0].imag == pytest.approx(-1 / (4 * KAPPA), rel=LINE)


def stack(sign=1.0, transport=("magnons", "heat"), **changes):
    """Pt | YIG | a metal with the spin Hall angle of Ta; m and B along different axes that are no axes of anything."""
    m, b = sign * AXIS, sign * np.array([0.3, 0.5, 0.2])
    heat = {"heat_contacts": TWO} if "heat" in transport else {}
    given = {
        "materials": {"low": "Pt", "YIG": "YIG", "high": {"like": "Pt", "spin_hall_angle": -0.2}},
        "magnetisation": {"YIG": m},
        "field": b,
        "transport": transport,
        "wires": {"in": ["low"], "out": ["high"]},
    }
    return hanle.Device(hanle.stack([("low", 7e-9), ("YIG", 1e-7), ("high", 5e-9)]), **given | heat | changes)


@pytest.mark.parametrize("transport", [("magnons",), ("magnons", "heat")])
def test_reciprocity_at_a_frequency(transport):
    device, other = stack(1.0, transport), stack(-1.0, transport)
    there = device.solve_ac(frequency=SPECTRUM, wiring={"in": "1 A/m"})
    back = other.solve_ac(frequency=SPECTRUM, wiring={"out": "1 A/m"})
    np.testing.assert_allclose(there.wire_field("out"), back.wire_field("in"), rtol=EXACT)
    size = np.abs(there.wire_field("out"))
    assert np.all(np.abs(np.angle(there.wire_field("out")[1:3])) > 1e-3), "in phase: nothing is stored"
    assert size[-1] < 0.1 * size[0], "magnons should not follow"


def test_kelvin_at_a_frequency():
    """Heat that a current brings, both contacts at T_0, and the current that warming one of them drives."""
    driven = stack().solve_ac(frequency=SPECTRUM, wiring={"out": "1 V/m", "in": "0 V/m"})
    warmed = stack(-1.0).solve_ac(frequency=SPECTRUM, wiring={"top": "1 K", "in": "0 V/m", "out": "0 V/m"})
    np.testing.assert_allclose(driven.heat_current("top"), T0 * warmed.wire_current("out"), rtol=1e-8)
    assert np.all(np.abs(driven.heat_current("top")) > 0)


def test_slow_drives_are_steady_ones():
    device, wiring = stack(), {"in": "1 A/m", "top": "2e5 W/m^2"}
    steady, rest = device.solve(wiring=wiring), device.solve_ac(frequency=0.0, wiring=wiring)
    slow = device.solve_ac(frequency=[1e-3], wiring=wiring)
    at = [[0, 0, 5e-8]]
    for ask in (
        lambda r: r.wire_field("out"),
        lambda r: r.contact_temperature("top"),
        lambda r: r.heat_current("bath"),
        lambda r: r.magnon_potential("YIG", at),
    ):
        np.testing.assert_allclose(ask(rest), ask(steady), rtol=1e-10)
        np.testing.assert_allclose(np.ravel(ask(slow)), np.ravel(ask(steady)), rtol=1e-6)
    for carrier in ("magnons", "lattice"):
        change = steady.temperature("YIG", at, carrier) - T0
        np.testing.assert_allclose(rest.temperature("YIG", at, carrier), change, rtol=1e-8)
    found = device.solve_ac(frequency=SPECTRUM, wiring=wiring).dataset()
    assert found.heat.sel(contact="top").attrs["units"] == "W/m^2"
    np.testing.assert_allclose(found.temperature_difference.sel(contact="bath"), 0.0, atol=1e-15)


def test_elements_agree_with_the_exact_engine(elements):
    device, wiring = stack(), {"in": "1 A/m", "top": "0 W/m^2"}
    whole = device.solve_ac(frequency=SPECTRUM[1:3], wiring=wiring)
    at = [[0, 0, 4e-8], [0, 0, 9e-8]]
    for n, frequency in enumerate(SPECTRUM[1:3]):
        grid = device.solve_ac(
            frequency=frequency,
            wiring=wiring,
            engine=elements.name,
            order=2,
            solver="direct",
            mesh_options={"cells_per_length": 5, "growth": 1.0},
        )
        for ask in (
            lambda r: np.atleast_2d(r.wire_field("out")).T,
            lambda r: np.atleast_2d(r.contact_temperature("top")).T,
            lambda r: np.atleast_2d(r.magnon_potential("YIG", at)),
            lambda r: np.atleast_2d(r.temperature("YIG", at, "magnons")),
        ):
            exact = ask(whole)[n]
            assert np.abs(ask(grid)[0] - exact).max() < ELEMENTS * np.abs(exact).max()


def test_strips_are_reciprocal_at_a_frequency(elements):
    """2D; heat, magnons, Hanle precession and m out of every plane."""

    def device(sign):
        return hanle.Device(
            hanle.strips("3 um", [("YIG", 1e-7)], [("in", -4e-7, 2e-7, 7e-9), ("out", 4e-7, 3e-7, 5e-9)]),
            {"YIG": "YIG", "in": "Pt", "out": {"like": "Pt", "spin_hall_angle": -0.1}},
            magnetisation={"YIG": sign * AXIS},
            field=sign * np.array([0.3, 0.5, 0.2]),
            transport=["magnons", "heat"],
            wires={"in": ["in"], "out": ["out"]},
            heat_contacts={"bath": ["bottom"]},
        )

    given = {"frequency": 2e8, "engine": elements.name, "solver": "direct", "tolerance": 1e-12}
    there = device(1.0).solve_ac(wiring={"in": "1 mA"}, **given)
    back = device(-1.0).solve_ac(wiring={"out": "1 mA"}, mesh=there.mesh, **given)
    signal = there.wire_field("out")
    assert back.wire_field("in") == pytest.approx(complex(signal), rel=SOLVED)
    assert abs(np.angle(signal)) > 1e-2


def storage(device, region="YIG"):
    law = insulator_law(device, region, np.zeros((1, 3)), device.conditions)
    assert law is not None
    return dense(law.C, (), (law.fields.size,) * 2)[0, 0, 0]


def test_what_a_magnet_stores():
    """Of the spectrum with gap g mu_B B.m; a number of the record takes its place."""
    device = stack()
    gap = 2 * MU_B * float(AXIS @ [0.3, 0.5, 0.2])
    gas = capacities(Parabolic(8.46e-40, gap), T0)
    c = storage(device)
    expected = np.diag([4 * E_CHARGE**2 * float(gas.number), T0 * float(gas.heat), 3.0e6 * T0])
    expected[0, 1] = expected[1, 0] = 2 * E_CHARGE * T0 * float(gas.number_heat)
    np.testing.assert_allclose(c, expected, rtol=1e-12)
    assert np.linalg.eigvalsh(c / np.sqrt(np.outer(np.diag(c), np.diag(c)))).min() > 0
    given = {"like": "YIG", "magnon_heat_capacity": "3e4 J/(m^3 K)", "anisotropy_gap": "0.02 meV"}
    changed = storage(device.with_changes(materials=device.materials | {"YIG": given}))
    assert changed[1, 1] == pytest.approx(3e4 * T0, rel=1e-12)
    more = capacities(Parabolic(8.46e-40, gap + 2e-5 * E_CHARGE), T0)
    assert changed[0, 0] == pytest.approx(4 * E_CHARGE**2 * float(more.number), rel=1e-12)
    alone = storage(stack(transport=("magnons",)))
    assert alone.shape == (1, 1)
    assert alone[0, 0] == pytest.approx(c[0, 0], rel=1e-12)
    along = stack(transport=("magnons",), magnetisation={}, field=(0.0, -0.3, 0.4))
    half = capacities(Parabolic(8.46e-40, 2 * MU_B * 0.5), T0)
    assert storage(along)[0, 0] == pytest.approx(4 * E_CHARGE**2 * float(half.number), rel=1e-12)
    # Nothing is refused in a steady solve where nothing is known.
    against = stack(transport=("magnons",), field=-0.1 * AXIS)
    assert not storage(against).any()


def test_each_place_has_its_own_gap():
    def field(p):
        return np.outer(1 + 1e7 * p[:, 2], AXIS)

    device, places = stack(field=field), np.array([[0, 0, 1e-8], [0, 0, 1e-8], [0, 0, 6e-8]])
    law = insulator_law(device, "YIG", places, device.conditions)
    assert law is not None
    found = dense(law.C, (), (3, 3))[0, :, 0, 0, 0]
    gaps = 2 * MU_B * np.array([1.1, 1.1, 1.6])
    np.testing.assert_allclose(
        found, 4 * E_CHARGE**2 * capacities(Parabolic(8.46e-40, gaps), T0).number, rtol=1e-12
    )
    sweep = stack().conditions.with_batch(
        np.array([100.0, 300.0]), np.stack([AXIS, 2 * AXIS]), {"YIG": np.stack([AXIS, AXIS])}
    )
    law = insulator_law(stack(), "YIG", np.zeros((1, 3)), sweep)
    assert law is not None
    batch = dense(law.C, (), (3, 3))[:, 0, 0, 1, 1]
    wanted = [t * float(capacities(Parabolic(8.46e-40, 2 * MU_B * b), t).heat) for t, b in ((100.0, 1), (300.0, 2))]
    np.testing.assert_allclose(batch, wanted, rtol=1e-12)


def test_a_gap_that_closes_somewhere_is_refused(elements):
    def field(p):
        return np.outer(0.1 - 2e6 * p[:, 2], AXIS)

    device = stack(transport=("magnons",), field=field)
    with pytest.raises(InputError, match=r"materials\.YIG\.anisotropy_gap must be such that magnons have a gap"):
        device.solve_ac(
            frequency="1 GHz", wiring={"in": "1 A/m"}, engine=elements.name, mesh_options={"sizes": {"z": 1e-8}}
        )


def test_storage_without_a_lower_bound_is_refused():
    with pytest.raises(InputError, match=r"capacities\.number_heat must be such that \(dn/dmu\) C_m >= T_0"):
        magnon_insulator(
            "X",
            temperature=T0,
            conductivity=5e5,
            diffusion_length=1e-5,
            capacities=MagnonCapacities(1e48, 1e24, 1e2),
        )
    with pytest.raises(InputError, match=r"capacities\.lattice must be 0 or positive"):
        magnon_insulator(
            "X", temperature=T0, conductivity=5e5, diffusion_length=1e-5, capacities=MagnonCapacities(lattice=-1.0)
        )


GIVEN = {
    "like": "YIG",
    "magnon_number_susceptibility": "3e48 1/(J m^3)",
    "magnon_number_thermal_susceptibility": "3e24 1/(m^3 K)",
    "magnon_heat_capacity": "1.7e4 J/(m^3 K)",
    "lattice_heat_capacity": "2.9e6 J/(m^3 K)",
    "magnon_number_exchange": "2e32 1/(m^3 K s)",
}


@pytest.mark.parametrize(
    "given",
    [
        GIVEN,
        GLASS,
        {"like": "Co", "sommerfeld_coefficient": "7e2 J/(m^3 K^2)", "lattice_heat_capacity": "3e6 J/(m^3 K)"},
    ],
)
def test_tables_come_back_equal(given):
    record = material(given, "X")
    assert material(to_given(record), "X") == record


def test_numbers_of_records():
    device = stack()
    device = device.with_changes(materials=device.materials | {"YIG": GIVEN})
    law = insulator_law(device, "YIG", np.zeros((1, 3)), device.conditions)
    assert law is not None
    r = dense(law.R, (), (3, 3))[0, 0, 0]
    # Gamma (T_m - T_p) of magnons is spin and heat.
    assert r[0, 1] == -r[0, 2] == r[1, 0] == pytest.approx(2 * E_CHARGE * 2e32 * T0, rel=1e-12)
    assert storage(device)[0, 1] == pytest.approx(2 * E_CHARGE * 3e24 * T0, rel=1e-12)
    pt = load("Pt")
    # gamma of the nu of the record, 6.8 mJ/(mol K^2) over 9.09 cm^3/mol.
    assert pt.gamma == pytest.approx(6.8e-3 / 9.09e-6, rel=0.01)
    with pytest.raises(InputError, match=r"X\.lattice_heat_capacity must be"):
        material({"like": "Pt", "lattice_heat_capacity": "0 J/(m^3 K)"}, "X")
    with pytest.raises(InputError, match=r"materials\.YIG: magnon exchange_with_lattice must be such that"):
        stack(materials=device.materials | {"YIG": GIVEN | {"magnon_number_exchange": "1e33 1/(m^3 K s)"}}).solve()
