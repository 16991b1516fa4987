"""Devices whose insulators carry magnons and whose layers carry heat.

drag of a stack                     <-> admittances of films, coth and csch (m along y)
spin Seebeck field of a stack       <-> admittances of three temperatures, assembled here
spin Seebeck <-> spin Peltier       Kelvin's relation; sign; heat in = heat out
magnons that conduct without bound  <-> the device without magnons
strips on a film                    <-> exp(-distance/lambda_m) far from the injector; reciprocity; elements <-> films
Seebeck and Peltier effect of a bar  <-> S dT and S T_0 j; strips in 3D <-> the section
default                             <-> the equations of the device without magnons, bit for bit
"""

import numpy as np
import pytest

import hanle
from hanle.boundary.magnons.exchange import MagnonExchange
from hanle.boundary.magnons.linear import linear, mixing
from hanle.boundary.magnons.spectrum import Parabolic
from hanle.pde.closed_forms import magnon_drag, seebeck_stack
from hanle.pde.constants import LORENZ, MU_B
from hanle.pde.errors import InputError
from hanle.report import proof_rows, rows
from hanle.sweeps import sweep

T0, D_LOW, D_YIG, D_HIGH = 300.0, 7e-9, 2e-7, 5e-9
LAYERS = [("low", D_LOW), ("YIG", D_YIG), ("high", D_HIGH)]
MATERIALS = {"low": "Pt", "YIG": "YIG", "high": {"like": "Pt", "spin_hall_angle": -0.2, "diffusion_length": "2 nm"}}
HEAT = {"bath": ["bottom"], "top": ["top"]}
PLAIN = {"kind": "magnetic insulator", "G_s": "0 S/m^2", "G_r": "4e14 S/m^2", "G_i": "0 S/m^2"}
EXACT, BALANCE, KELVIN = 1e-9, 1e-9, 1e-9
#: Exact engine, double precision; the closed form has forty digits.
CLOSED = 1e-9
#: The default tolerance of a solve.
SOLVED = 1e-8
#: theta^2, times what two films change of it.
SMALL = 1e-3
#: How well the gap between two strips is known to a film: a part of its thickness.
GAP = 0.15


def film(transport=("magnons",), **changes):
    """Pt | YIG | a metal with the spin Hall angle of Ta, m along y."""
    heat = {"heat_contacts": HEAT} if "heat" in transport else {}
    given = {
        "materials": MATERIALS,
        "magnetisation": {"YIG": (0, 1, 0)},
        "field": (0, 0.1, 0),
        "transport": transport,
        "wires": {"in": ["low"], "out": ["high"]},
    }
    return hanle.Device(hanle.stack(LAYERS), **given | heat | changes)


def worst(result):
    return max(float(np.max(b.error)) for b in result.balances.values())


def films(device):
    """The two metals for the closed form."""
    g = [float(mixing(device.conductances(face))[0]) for face in ("low|YIG", "YIG|high")]
    return (
        magnon_drag.Film(2.5e6, 1.5e-9, 0.11, D_LOW, g[0]),
        magnon_drag.Film(2.5e6, 2e-9, -0.2, D_HIGH, g[1]),
    )


def test_drag_is_the_closed_form():
    device = film()
    low, high = films(device)
    expected = np.linalg.inv(magnon_drag.conductance(low, magnon_drag.Magnons(5e5, 9.4e-6, D_YIG), high))
    result = device.solve(wiring={"in": "2 A/m"})
    assert result.wire_current("in") == pytest.approx(2.0, rel=EXACT)
    assert result.wire_resistance("in") == pytest.approx(expected[0, 0], rel=EXACT)
    assert result.wire_resistance("out") == pytest.approx(expected[1, 0], rel=EXACT)
    # The signs of the notes: the angles of Pt and Ta differ in sign.
    assert result.wire_resistance("out") < 0
    assert result.magnon_potential("YIG", [[0, 0, D_LOW + D_YIG / 2]])[0] > 0
    back = device.solve(wiring={"out": "-1 A/m"})
    assert back.wire_resistance("in", "out") == pytest.approx(expected[0, 1], rel=EXACT)
    shorted = device.solve(wiring={"in": "1 A/m", "out": "0 V/m"})
    assert shorted.wire_current("out") == pytest.approx(-expected[1, 0] / expected[1, 1], rel=1e-6)
    assert max(worst(r) for r in (result, back, shorted)) < BALANCE


def test_magnons_that_conduct_without_bound_are_in_equilibrium():
    """w_m -> 0 is the device of today: the same resistance change, and nothing in the other film."""
    field_driven = {"in": "1e4 V/m", "out": "1e4 V/m"}
    tilted = {"magnetisation": {"YIG": (0.3, 0.8, -0.4)}}
    fast = {"like": "YIG", "magnon_conductivity": "1e15 S/m", "magnon_diffusion_length": "1 nm"}
    now = film((), **tilted).solve(wiring=field_driven)
    there = film(materials=MATERIALS | {"YIG": fast}, **tilted).solve(wiring=field_driven)
    for wire in ("in", "out"):
        assert there.wire_current(wire) == pytest.approx(now.wire_current(wire), rel=EXACT)
    np.testing.assert_allclose(there.torque("YIG"), now.torque("YIG"), rtol=1e-6, atol=1e-30)
    # The library's magnons are far from it.
    some = film(**tilted).solve(wiring=field_driven)
    assert abs(some.wire_current("in") / now.wire_current("in") - 1) > 1e-6


def test_without_transport_nothing_changes():
    """Wires with one field are the film of today."""
    plain = hanle.Device(hanle.stack(LAYERS), MATERIALS, magnetisation={"YIG": (0, 1, 0)}, field=(0, 0.1, 0))
    assert plain.transport == ()
    today = plain.solve(current_density=1e10)
    field = float(today.solution.amplitude("du/dx")[0])
    one = film((), wires={"both": ["low", "high"]}).solve(wiring={"both": f"{field!r} V/m"})
    assert one.wire_current("both") == pytest.approx(1e10 * (D_LOW + D_HIGH), rel=EXACT)
    assert today.has_resistivity
    assert not one.has_resistivity


def test_spin_seebeck_and_peltier_obey_kelvin():
    device = film(("magnons", "heat"))
    seebeck = device.solve(wiring={"bath": "1 K"})
    assert seebeck.heat_current("bath") == pytest.approx(-seebeck.heat_current("top"), rel=EXACT)
    assert seebeck.heat_current("bath") > 0
    assert seebeck.contact_temperature("bath") == pytest.approx(1.0, rel=EXACT)
    # Warm below, cold above: E > 0 where theta > 0, E < 0 where theta < 0.
    assert seebeck.wire_field("in") > 0 > seebeck.wire_field("out")
    per_kelvin = seebeck.spin_seebeck("out", "bath", "top")
    assert per_kelvin == pytest.approx(float(seebeck.wire_field("out")), rel=EXACT)
    # Shorted instead of open: I per T; the Peltier heat at one temperature is T_0 times that, with the other sign.
    short = device.solve(wiring={"bath": "1 K", "in": "0 V/m", "out": "0 V/m"})
    driven = device.solve(wiring={"out": "1 V/m", "in": "0 V/m"})
    assert driven.heat_current("bath") == pytest.approx(-T0 * float(short.wire_current("out")), rel=KELVIN)
    open_top = device.solve(wiring={"in": "1 A/m", "top": "0 W/m^2"})
    assert open_top.heat_current("bath") == pytest.approx(0, abs=1e-9)
    peltier = open_top.spin_peltier("top", "in")
    # dT/I = -T_0 E/q of the open device with q driven: both are odd in m.
    fed = device.solve(wiring={"top": "1e6 W/m^2"})
    assert peltier == pytest.approx(-T0 * float(fed.wire_field("in")) / 1e6, rel=KELVIN)
    assert max(worst(r) for r in (seebeck, short, driven, fed)) < BALANCE


def test_a_contact_is_one_terminal_whichever_way_it_is_given():
    """Heat that is given enters electrons and lattice of a metal at one temperature: E/q and Kelvin's relation."""
    device = film(("magnons", "heat"))
    held = device.solve(wiring={"bath": "1 K"})
    fed = device.solve(wiring={"top": "-1e6 W/m^2"})
    ratio = [float(r.wire_field("out") / r.heat_current("bath")) for r in (held, fed)]
    assert ratio[1] == pytest.approx(ratio[0], rel=KELVIN)
    driven = device.solve(wiring={"out": "1 A/m", "top": "0 W/m^2"})
    assert driven.spin_peltier("top", "out") == pytest.approx(T0 * ratio[0], rel=KELVIN)
    at_top = [
        r.temperature("high", [[0, 0, D_LOW + D_YIG + D_HIGH]], c)
        for r in (fed, held)
        for c in ("electrons", "lattice")
    ]
    assert at_top[0] == pytest.approx(at_top[1], rel=1e-12)
    elements = device.solve(wiring={"top": "-1e6 W/m^2"}, engine="scikit", order=2, tolerance=1e-12)
    # As the Seebeck field of elements against the exact engine.
    assert elements.wire_field("out") == pytest.approx(fed.wire_field("out"), rel=1e-3)
    assert elements.heat_current("top") == pytest.approx(-1e6, rel=EXACT)


def closed_stack():
    """The film of this module with the numbers of the records, by admittances; B and G_i without effect at m = y."""
    device = film(("magnons", "heat"))
    yig = device.materials["YIG"].magnons.value
    layers = []
    for name, sigma, length, theta, size in (
        ("low", 2.5e6, 1.5e-9, 0.11, D_LOW),
        ("high", 2.5e6, 2e-9, -0.2, D_HIGH),
    ):
        exchange = 2.5e17 * T0 * np.array([[0, 0, 0], [0, 1, -1], [0, -1, 1]])
        relax = exchange + np.diag([sigma / length**2, 0, 0])
        conduct = np.diag([sigma, 15 * T0, 5 * T0])
        layers.append(seebeck_stack.Layer(name, ("w", "T_e", "T_p"), conduct, relax, size, sigma, theta))
    sigma, zeta = yig("magnon_conductivity"), yig("bulk_spin_seebeck") * T0
    conduct = np.array([[2 * sigma, zeta, 0], [zeta, 1.0 * T0, 0], [0, 0, 6.5 * T0]])
    relax = 2.5e15 * T0 * np.array([[0, 0, 0], [0, 1, -1], [0, -1, 1]])
    relax = relax + np.diag([2 * sigma / yig("magnon_diffusion_length") ** 2, 0, 0])
    layers.insert(1, seebeck_stack.Layer("YIG", ("w_m", "T_m", "T_p"), conduct, relax, D_YIG))
    # S/g and kappa/g of parabolic magnons with the gap g mu_B B.
    rule = linear(MagnonExchange(1e18, 7.5e27, Parabolic(8.46e-40, 2 * MU_B * 0.1)), T0)
    contacts = []
    for metal, ends, face in (("low", ("high", "low"), "low|YIG"), ("high", ("low", "high"), "YIG|high")):
        g = float(mixing(device.conductances(face))[0])
        form = seebeck_stack.exchange_form(T0, g, g * rule.S / rule.g, g * rule.kappa / rule.g, 2.8e8)
        nodes = [(metal, ends[0], f) for f in ("w", "T_e", "T_p")] + [
            ("YIG", ends[1], f) for f in ("w_m", "T_m", "T_p")
        ]
        contacts.append((nodes, form))
    return seebeck_stack.Stack(layers, contacts)


def test_spin_seebeck_field_is_the_closed_form():
    stack = closed_stack()
    held = {("low", "low", f): 1 / T0 for f in ("T_e", "T_p")} | {("high", "high", f): 0.0 for f in ("T_e", "T_p")}
    unknowns, fed = stack.solve(held)
    found = film(("magnons", "heat")).solve(wiring={"bath": "1 K"})
    for wire, name in (("in", "low"), ("out", "high")):
        assert found.wire_field(wire) == pytest.approx(unknowns[stack.place([(name, "E")])[0]], rel=CLOSED)
    heat = sum(fed[k] for k in stack.place([("low", "low", f) for f in ("T_e", "T_p")]))
    assert found.heat_current("bath") == pytest.approx(heat, rel=CLOSED)


def test_temperatures_fall_from_warm_to_cold():
    device = film(("magnons", "heat"))
    result = device.solve(wiring={"bath": "1 K"})
    heights = np.linspace(D_LOW, D_LOW + D_YIG, 5)
    points = np.stack([0 * heights, 0 * heights, heights], axis=1)
    lattice = result.temperature("YIG", points)
    magnons = result.temperature("YIG", points, "magnons")
    assert np.all(np.diff(lattice) < 0)
    assert T0 < lattice[-1] < lattice[0] < T0 + 1
    # Deep inside magnons follow the lattice, at the faces they do not.
    assert abs(magnons[2] - lattice[2]) < 1e-3
    assert abs(magnons[0] - lattice[0]) > 1e-3
    # q = -kappa grad T: two lattices in series with the contacts and the magnons carry it, closed form without magnons.
    resistances = [D_LOW / 20.0, 1 / 2.8e8, D_YIG / 7.5, 1 / 2.8e8, D_HIGH / 20.0]
    assert result.heat_current("bath") == pytest.approx(1 / sum(resistances), rel=0.15)
    electrons = result.temperature("high", [[0, 0, D_LOW + D_YIG + D_HIGH / 2]], "electrons")
    assert T0 < electrons[0] < lattice[-1]


def test_insulator_beyond_reach_and_golden_rule():
    """MagnonInterface: conductances of the golden rule, and a scale on what magnons carry."""
    rule = hanle.MagnonInterface(g_r="4.1e18 1/m^2", g_i="-3e17 1/m^2")
    weak = hanle.MagnonInterface(inelastic_scale=1e-6)
    device = film(interfaces={"low|YIG": rule})
    g, g_r, g_i = mixing(device.conductances("low|YIG"))
    # g of parabolic magnons at 300 K, 3/2 zeta(3/2) g_r/(pi s Lambda^3) less the gap; n/s about 6 %.
    assert 1.2e17 < g < 2e17
    assert g_r / 4.1e18 == pytest.approx(1.06, abs=0.05)
    assert g_i < 0
    strong = device.solve(wiring={"in": "1 A/m"}).wire_field("out")
    faint = film(interfaces={"low|YIG": weak}).solve(wiring={"in": "1 A/m"}).wire_field("out")
    assert 0 < faint / strong < 1e-3


def test_substrates_carry_heat():
    """Glass in series adds its resistance, between lattices without any of the face."""
    layers = [("glass", 1e-6), ("YIG", 1e-7), ("Pt", D_HIGH)]
    glass = {"kind": "insulator", "lattice_heat_conductivity": "1.4 W/(m K)"}
    device = hanle.Device(
        hanle.stack(layers),
        {"glass": glass, "YIG": "YIG", "Pt": "Pt"},
        magnetisation={"YIG": (0, 1, 0)},
        field=(0, 0.1, 0),
        transport=("heat", "magnons"),
        wires={"Pt": ["Pt"]},
        heat_contacts=HEAT,
    )
    assert device.transport == ("magnons", "heat")
    result = device.solve(wiring={"bath": "1 K"})
    resistance = 1e-6 / 1.4 + 1e-7 / 7.5 + 1 / 2.8e8 + D_HIGH / 20
    assert result.heat_current("bath") == pytest.approx(1 / resistance, rel=0.02)
    assert result.spin_seebeck("Pt", "bath", "top", "YIG") > 0
    assert worst(result) < BALANCE


def nonlocal_device(distance, transport=("magnons",), length=60e-6, **changes):
    """Two Pt strips across a film of YIG thinner than anything in it, m along x."""
    strips = [(n, x, 2e-7, 7e-9) for n, x in (("in", -distance / 2), ("out", distance / 2))]
    heat = {"heat_contacts": {"bath": ["bottom"]}} if "heat" in transport else {}
    return hanle.Device(
        hanle.strips(length, [("YIG", 1e-7)], strips),
        {"YIG": {"like": "YIG", "magnon_diffusion_length": "2 um"}, "in": "Pt", "out": "Pt"},
        magnetisation={"YIG": (1, 0, 0)},
        field=(0.1, 0, 0),
        transport=transport,
        wires={"in": ["in"], "out": ["out"]},
        **heat | changes,
    )


def test_nonlocal_signal_decays_over_the_magnon_length():
    """In a thin film between strips that take all spin w_m goes as 1/sinh(gap/lambda_m)."""
    found = {}
    for distance in (1e-6, 8e-6):
        device = nonlocal_device(distance)
        result = device.solve(wiring={"in": "1 mA"})
        found[distance] = result.wire_resistance("out")
        assert worst(result) < 1e-8
    back = device.solve(wiring={"out": "1 mA"}, mesh=result.mesh)
    assert back.wire_resistance("in") == pytest.approx(found[8e-6], rel=1e-9)
    near, far = 1e-6 - 2e-7, 8e-6 - 2e-7
    # Magnons reach some 20 nm under the strips, in a film of 100 nm: a short gap is known to some per cent.
    assert found[1e-6] / found[8e-6] == pytest.approx(np.sinh(far / 2e-6) / np.sinh(near / 2e-6), rel=GAP)
    assert found[8e-6] < 0


def test_nonlocal_heat_and_its_pictures(tmp_path):
    device = nonlocal_device(1e-6, ("magnons", "heat"), length=6e-6)
    result = device.solve(wiring={"in": "1 mA"})
    assert worst(result) < 1e-8
    assert result.wire_resistance("out") == pytest.approx(
        device.solve(wiring={"out": "1 mA"}, mesh=result.mesh).wire_resistance("in"), rel=1e-8
    )
    picture = result.show("temperature_magnons", str(tmp_path / "t.png"))
    assert picture.path.stat().st_size > 10_000
    names = [row.name for row in rows(result)]
    assert {"E(out)", "I(in)", "resistance(out)", "dT(bath)", "heat(bath)"} <= set(names)
    assert "balance(T_m)" in [row.name for row in proof_rows(result)]
    files = result.save(str(tmp_path / "f.vtm"))
    assert files.exists()


def test_profiles_of_stacks_are_drawn(tmp_path):
    result = film(("magnons", "heat")).solve(wiring={"bath": "1 K"})
    for quantity in ("magnon_potential", "magnon_current", "temperature_magnons", "heat_current_lattice"):
        picture = result.show(quantity, str(tmp_path / f"{quantity}.png"))
        assert picture.path.stat().st_size > 10_000
    with pytest.raises(InputError, match="carried by a layer"):
        film().solve(wiring={"in": "1 A/m"}).show("temperature_lattice", str(tmp_path / "none.png"))


def test_drag_follows_the_component_of_m_across_the_current():
    """Only spin along m goes into magnons: R_21 ~ m_y^2, but for theta^2 in the resistances of the films."""
    device = film(magnetisation={}, field=(0.1, 0, 0))
    degrees = [0.0, 30.0, 60.0, 90.0]
    found = sweep(device, angle=hanle.angles("alpha", degrees), wiring={"in": "1 A/m"})
    signal = found["field_along"].squeeze().sel(wire="out").values
    expected = np.sin(np.radians(degrees)) ** 2
    np.testing.assert_allclose(signal / signal[-1], expected, atol=SMALL)


def test_nonlocal_heat_is_reciprocal():
    """A heated strip makes a field in the other one; a current there cools or warms the strip: Kelvin, in 2D."""
    contacts = {"bath": ["bottom"], "heater": ["in|top"]}
    device = nonlocal_device(1e-6, ("magnons", "heat"), length=6e-6, heat_contacts=contacts)
    heated = device.solve(wiring={"heater": "1 W/m"})
    driven = device.solve(wiring={"out": "1 mA", "heater": "0 W/m"}, mesh=heated.mesh)
    assert heated.contact_temperature("heater") > 0
    assert heated.heat_current("bath") == pytest.approx(-1, rel=SOLVED)
    signal = float(heated.wire_field("out"))
    assert signal != 0
    assert driven.spin_peltier("heater", "out") == pytest.approx(-T0 * signal, rel=1e-6)


def test_sweeps_keep_wires_and_contacts():
    device = film(("magnons", "heat"))
    found = sweep(device, temperature=[100.0, 300.0], wiring={"bath": "1 K"})
    assert found["field_along"].squeeze().dims == ("temperature", "wire")
    assert found["heat"].attrs["units"] == "W/m^2"
    np.testing.assert_allclose(found["temperature_difference"].sel(contact="bath"), 1.0, rtol=EXACT)
    alone = device.solve(wiring={"bath": "1 K"})
    np.testing.assert_allclose(
        found["field_along"].squeeze().sel(temperature=300.0, wire="out"), float(alone.wire_field("out")), rtol=1e-9
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"transport": ("phonons",)}, "transport.*phonons"),
        ({"transport": "magnons"}, "transport must be a list"),
        ({"transport": ("heat",), "heat_contacts": HEAT}, "with magnons, which take part"),
        ({"transport": ("magnons", "heat"), "heat_contacts": {}}, "heat_contacts must be given"),
        ({"heat_contacts": HEAT}, "heat_contacts must be left out"),
        ({"wires": {"in": ["low"]}}, "wires must be with every metal in one"),
        ({"wires": {"in": ["low", "YIG"], "out": ["high"]}}, r"wires\.in"),
        ({"wires": {"in": ["low", "high"], "out": ["high"]}}, "wires must be with each of the metals"),
        (
            {"materials": MATERIALS | {"YIG": PLAIN}},
            r"YIG\.magnon_conductivity, YIG\.magnon_diffusion_length must be given",
        ),
        (
            {"materials": MATERIALS | {"low": "CuFe"}, "transport": ("magnons", "heat"), "heat_contacts": HEAT},
            r"low\.lattice_heat_conductivity, low\.electron_lattice_coupling must be given",
        ),
        ({"materials": MATERIALS | {"YIG": "GGG"}, "magnetisation": {}}, "no magnetic insulator orders"),
    ],
)  # fmt: skip
def test_devices_that_make_no_sense_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        film(**change)


@pytest.mark.parametrize(
    ("wiring", "message"),
    [
        ({"in": "1 K"}, r"wiring\.in must be a current or a field"),
        ({"in": 1.0}, r"wiring\.in must be a current or a field"),
        ({"bath": "1 mA"}, r"wiring\.bath must be a temperature difference"),
        ({"inn": "1 A/m"}, r"wiring.*inn"),
    ],
)
def test_wirings_that_make_no_sense_are_refused(wiring, message):
    with pytest.raises(InputError, match=message):
        film(("magnons", "heat")).solve(wiring=wiring)


def test_numbers_that_break_the_second_law_are_refused():
    bad = {"like": "YIG", "bulk_spin_seebeck": "500 A/(m K)"}
    device = film(("magnons", "heat"), materials=MATERIALS | {"YIG": bad})
    with pytest.raises(InputError, match=r"materials\.YIG: magnon heat_conductivity must be such that"):
        device.solve()
    against = film(("magnons", "heat"), magnetisation={"YIG": (0, -1, 0)})
    with pytest.raises(InputError, match="m against B needs an anisotropy_gap"):
        against.solve()
    with pytest.raises(InputError, match="h_pp"):
        hanle.MagnonInterface(h_pp="-1 W/(m^2 K)")
    with pytest.raises(InputError, match="g_r must be given with g_i"):
        hanle.MagnonInterface(g_i="1e17 1/m^2")
    with pytest.raises(InputError, match="between a metal and a magnetic insulator"):
        hanle.Device(
            hanle.stack([("a", 5e-9), ("b", 5e-9)]),
            {"a": "Pt", "b": "Au"},
            interfaces={"a|b": hanle.MagnonInterface()},
        ).solve()


def test_bodies_without_a_heat_contact_are_refused():
    device = film(("magnons", "heat"), heat_contacts={"bath": ["bottom"]}, interfaces={"low|YIG": "closed"})
    with pytest.raises(InputError, match="none for YIG, high"):
        device.solve()
    with pytest.raises(InputError, match="wires must be given"):
        film(wires={}).solve().wire_field("in")


def test_wires_that_touch_are_refused():
    device = hanle.Device(
        hanle.stack([("a", 5e-9), ("b", 5e-9)]), {"a": "Pt", "b": "Au"}, wires={"a": ["a"], "b": ["b"]}
    )
    with pytest.raises(InputError, match="put both into one wire"):
        device.solve()
    with pytest.raises(InputError, match=r"heat_contacts\.bath"):
        film(("magnons", "heat"), heat_contacts={"bath": ["floor"]}).solve()


@pytest.mark.parametrize("engine", ["multilayer", "scikit"])
def test_seebeck_and_peltier_effect_of_a_metal(engine):
    """Charge and heat through one bar: V = -S dT, q = S T_0 j, and heat by the law of Wiedemann and Franz."""
    given = {"like": "Au", "seebeck": "-5 uV/K", "spin_hall_angle": 0.0}
    heat = {"lattice_heat_conductivity": "5 W/(m K)", "electron_lattice_coupling": "3e17 W/(m^3 K)"}
    bar = hanle.Device(
        hanle.stack([("Au", 2e-5)], contacts=True),
        {"Au": given | heat},
        transport=("heat",),
        heat_contacts={"hot": ["bottom"], "cold": ["top"]},
    )
    warm = bar.solve(wiring={"top": "ground", "hot": "1 K"}, engine=engine)
    assert warm.terminal_voltage("bottom") == pytest.approx(5e-6, rel=SOLVED)
    kappa = LORENZ * T0 * bar.materials["Au"].sigma + 5
    assert warm.heat_current("hot") == pytest.approx(kappa / 2e-5, rel=SOLVED)
    driven = bar.solve(wiring={"top": "ground", "bottom": "1e10 A/m^2"}, engine=engine)
    assert driven.heat_current("hot") == pytest.approx(-5e-6 * T0 * 1e10, rel=SOLVED)
    assert driven.conductance_matrix.shape == (2, 2)
    assert driven.resistance() > 0
    # Spin, the current of the open bar and the heat of its lattice in the other case are rounding only.
    assert all(r.balances[name].error < BALANCE for r in (warm, driven) for name in ("T_e", "power"))


@pytest.mark.parametrize(("order", "error"), [(1, 6e-3), (2, 6e-5)])
def test_elements_are_the_exact_engine(order, error):
    """Cells of a sixth of a decay length, of a boundary layer of w_m and T_m too."""
    for transport, wiring in ((("magnons",), {"in": "1 A/m"}), (("magnons", "heat"), {"bath": "1 K"})):
        device = film(transport)
        exact, found = device.solve(wiring=wiring), device.solve(wiring=wiring, engine="scikit", order=order)
        for wire in ("in", "out"):
            assert found.wire_field(wire) == pytest.approx(exact.wire_field(wire), rel=error)


def test_strips_in_3d_are_the_section():
    """Terminals at the ends of strips: the voltage of the open one is E times its length."""
    width, gap = 4e-7, 4e-7
    strips = [("in", -(gap + 2e-7) / 2, 2e-7, 7e-9), ("out", (gap + 2e-7) / 2, 2e-7, 7e-9)]
    shape = {"length": 1.2e-6, "layers": [("YIG", 1e-7)], "strips": strips}
    given = {
        "materials": {"YIG": "YIG", "in": "Pt", "out": "Pt"},
        "magnetisation": {"YIG": (1, 0, 0)},
        "field": (0.1, 0, 0),
        "transport": ("magnons",),
    }
    flat = hanle.Device(hanle.strips(**shape), wires={"in": ["in"], "out": ["out"]}, **given)
    coarse = {"cells_per_length": 3.0, "lateral": "uniform", "sizes": {"x": 5e-8}}
    expected = flat.solve(wiring={"in": "1 mA"}, mesh_options=coarse).wire_resistance("out")
    ends = {f"{n}{side}": [f"{n}|y{side}"] for n in ("in", "out") for side in "+-"}
    deep = hanle.Device(hanle.strips(**shape, width=width, overhang=1e-7), contacts=ends, **given)
    found = deep.solve(
        wiring={"in-": "1 mA", "in+": "ground", "out+": "ground"},
        mesh_options=coarse | {"sizes": {"x": 5e-8, "y": 5e-8}},
    )
    # E = -grad V, and the ends of the strips beyond the film carry no signal.
    assert found.resistance("out-", "out+") == pytest.approx(float(expected) * width, rel=0.05)
    assert worst(found) < 1e-7
