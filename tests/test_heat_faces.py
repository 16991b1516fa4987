"""Heat sinks and thermal boundary conductances of devices.

sink of conductance h                <-> resistances in series; electrons and lattice in parallel
conductance between two bodies       <-> resistances in series, of metals and of insulators; charge as without it
great h                              <-> one temperature; 0 <-> closed
elements                             <-> exact engine
device files                         <-> Python, loss-free; `hanle check`; what makes no sense
"""

from pathlib import Path

import numpy as np
import pytest

import hanle
from hanle.checks import check
from hanle.config import Case, read_case, to_text
from hanle.pde.errors import InputError
from hanle.sweeps import sweep

D_METAL, D_GLASS = 2e-5, 1e-6
#: Conductivities of lattice [W/(m K)]; h [W/(m^2 K)].
LATTICE, GLASS, H, H_ELECTRONS = 5.0, 1.4, 2e6, 3e7
#: Double precision; what the electrons carry.
EXACT, ELECTRONS = 1e-9, 2e-7
#: Relative resistance of a contact of h = 1e14 W/(m^2 K).
GREAT = 1e-6

INSULATOR = {"kind": "insulator", "lattice_heat_conductivity": f"{GLASS} W/(m K)"}
#: Electrons and lattice without exchange to speak of.
METAL = {
    "like": "Au",
    "spin_hall_angle": 0.0,
    "seebeck": "0 V/K",
    "electron_heat_conductivity": "20 W/(m K)",
    "lattice_heat_conductivity": f"{LATTICE} W/(m K)",
    "electron_lattice_coupling": "1e-3 W/(m^3 K)",
}
#: Electrons that carry nothing to speak of, 2e-7 of the lattice.
LATTICE_ONLY = METAL | {
    "electron_heat_conductivity": "1e-6 W/(m K)",
    "electron_lattice_coupling": "1e9 W/(m^3 K)",
}
BASE = {"transport": ("heat",), "heat_contacts": {"hot": ["bottom"]}}


def glasses(**interfaces):
    """Glass | glass | metal, warm below; the metal has a contact with the glass of 1e9 W/(m^2 K)."""
    given = {"b|Au": hanle.HeatContact(lattice="1e9 W/(m^2 K)")} | interfaces
    layers = [("a", D_GLASS), ("b", 2 * D_GLASS), ("Au", D_METAL)]
    materials = {"a": INSULATOR, "b": INSULATOR, "Au": LATTICE_ONLY}
    return hanle.Device(hanle.stack(layers), materials, interfaces=given, wires={"Au": ["Au"]}, **BASE)


def metals(**changes):
    """Two bars with terminals and heat contacts at their ends."""
    given = BASE | {"heat_contacts": {"hot": ["bottom"], "cold": ["top"]}} | changes
    shape = hanle.stack([("a", D_METAL), ("b", 2 * D_METAL)], contacts=True)
    return hanle.Device(shape, {"a": METAL, "b": METAL}, **given)


def worst(result):
    """Balance of heat."""
    return max(float(np.max(b.error)) for name, b in result.balances.items() if name.startswith("T_"))


@pytest.mark.parametrize("engine", ["multilayer", "scikit"])
def test_sink_and_boundary_are_resistances_in_series(engine):
    """R = d/kappa + 1/h."""
    device = glasses(**{"a|b": hanle.HeatContact(lattice=H), "top": hanle.HeatContact(lattice=2 * H)})
    result = device.solve(wiring={"hot": "1 K"}, engine=engine)
    resistance = 3 * D_GLASS / GLASS + 1 / H + 1e-9 + D_METAL / LATTICE + 1 / (2 * H)
    assert result.heat_current("hot") == pytest.approx(1 / resistance, rel=ELECTRONS)
    jump = result.temperature("a", [[0, 0, D_GLASS]]) - result.temperature("b", [[0, 0, D_GLASS]])
    assert jump[0] == pytest.approx(1 / (H * resistance), rel=ELECTRONS)
    assert worst(result) < 1e-8


def test_electrons_have_conductances_of_their_own():
    """Two metals without exchange in them: electrons and lattices in parallel, each in series."""
    contact = hanle.HeatContact(lattice=H, electrons=H_ELECTRONS)
    sink = hanle.HeatContact(lattice=3 * H, electrons=2 * H_ELECTRONS)
    device = metals(interfaces={"a|b": contact, "top": sink}, heat_contacts={"hot": ["bottom"]})
    result = device.solve(wiring={"hot": "1 K", "top": "ground"})
    lattice = 3 * D_METAL / LATTICE + 1 / H + 1 / (3 * H)
    electrons = 3 * D_METAL / 20 + 1 / H_ELECTRONS + 1 / (2 * H_ELECTRONS)
    assert result.heat_current("hot") == pytest.approx(1 / lattice + 1 / electrons, rel=1e-6)
    # Charge crosses as without.
    driven = {"bottom": "1e9 A/m^2", "top": "ground"}
    plain = metals(heat_contacts={"hot": ["bottom"]}).solve(wiring=driven)
    assert device.solve(wiring=driven).resistance() == pytest.approx(plain.resistance(), rel=EXACT)


def test_electrons_alone_reach_the_next_metal():
    """Only those named have a resistance; the others are as without."""
    wiring = {"hot": "1 K", "top": "ground"}
    one = metals(interfaces={"a|b": hanle.HeatContact(electrons=H_ELECTRONS)}).solve(wiring=wiring)
    expected = LATTICE / (3 * D_METAL) + 1 / (3 * D_METAL / 20 + 1 / H_ELECTRONS)
    assert one.heat_current("hot") == pytest.approx(expected, rel=1e-6)
    # Lattices apart, electrons at one temperature, one heat contact: still a path.
    apart = metals(interfaces={"a|b": hanle.HeatContact(lattice=0.0)}, heat_contacts={"hot": ["bottom"]})
    shut = {"a|b": hanle.HeatContact(lattice=0.0, electrons=0.0)}
    with pytest.raises(InputError, match="none for b"):
        apart.with_changes(interfaces=shut).solve(wiring=wiring)
    coupled = {name: METAL | {"electron_lattice_coupling": "1e17 W/(m^3 K)"} for name in "ab"}
    found = apart.with_changes(materials=coupled).solve(wiring=wiring)
    assert found.temperature("b", [[0, 0, 2 * D_METAL]])[0] == pytest.approx(301, rel=EXACT)


def test_electrons_of_a_metal_reach_the_lattice_of_an_insulator():
    device = hanle.Device(
        hanle.stack([("glass", D_GLASS), ("Au", D_METAL)]),
        {"glass": INSULATOR, "Au": METAL},
        interfaces={"glass|Au": hanle.HeatContact(lattice=0.0, electrons=H_ELECTRONS)},
        wires={"Au": ["Au"]},
        **BASE | {"heat_contacts": {"cold": ["bottom"], "hot": ["top"]}},
    )
    result = device.solve(wiring={"hot": "1 K"})
    assert result.heat_current("hot") == pytest.approx(
        1 / (D_GLASS / GLASS + 1 / H_ELECTRONS + D_METAL / 20), rel=1e-6
    )


def test_limits():
    open_top = {"top": hanle.HeatContact(lattice=H)}
    great = glasses(**open_top, **{"a|b": hanle.HeatContact(lattice=1e14)}).solve(wiring={"hot": "1 K"})
    expected = glasses(**open_top).solve(wiring={"hot": "1 K"}).heat_current("hot")
    assert great.heat_current("hot") == pytest.approx(expected, rel=GREAT)
    # Without a way out nothing flows.
    assert glasses().solve(wiring={"hot": "1 K"}).heat_current("hot") == pytest.approx(0, abs=1e-6)
    with pytest.raises(InputError, match="none for Au, b"):
        glasses(**{"a|b": hanle.HeatContact(lattice=0.0)}).solve()


def test_sweeps_over_temperature():
    """Conductances are per kelvin: the same at all T, as the lattices are."""
    device = glasses(**{"a|b": hanle.HeatContact(lattice=H), "top": hanle.HeatContact(lattice=H)})
    heat = sweep(device, temperature=[100.0, 300.0], wiring={"hot": "1 K"})["heat"].squeeze()
    alone = device.solve(wiring={"hot": "1 K"}).heat_current("hot")
    np.testing.assert_allclose(heat, alone, rtol=1e-6)


def test_a_sink_holds_temperatures_without_heat_contacts():
    """A current in Pt and a substrate at T_0: more resistance, warmer YIG."""
    given = {
        "materials": {"YIG": "YIG", "Pt": "Pt"},
        "field": (0, 0.1, 0),
        "magnetisation": {"YIG": (0, 1, 0)},
        "transport": ("magnons", "heat"),
        "wires": {"Pt": ["Pt"]},
    }
    shape = hanle.stack([("YIG", 2e-7), ("Pt", 5e-9)])
    with pytest.raises(InputError, match="heat_contacts must be given"):
        hanle.Device(shape, **given)
    sunk = hanle.Device(shape, interfaces={"bottom": hanle.HeatContact(lattice=H)}, **given)
    held = hanle.Device(shape, heat_contacts={"bath": ["bottom"]}, **given)
    one, other = (device.solve(wiring={"Pt": "50 A/m"}) for device in (sunk, held))
    # No heat passes the bottom of an insulated stack, whatever the conductance.
    assert one.wire_field("Pt") == pytest.approx(other.wire_field("Pt"), rel=EXACT)
    assert other.heat_current("bath") == pytest.approx(0, abs=1e-9)
    assert worst(one) < 1e-8


def test_paramagnets_take_the_conductances():
    """h_pp of a MagnonInterface and lattice of a HeatContact mean the same beside a paramagnet."""
    found = []
    for law in (hanle.HeatContact(lattice=H), hanle.MagnonInterface(h_pp=H)):
        device = hanle.Device(
            hanle.stack([("GGG", D_GLASS), ("Pt", 5e-9)]),
            {"GGG": "GGG", "Pt": "Pt"},
            field=(0, 1, 0),
            interfaces={"GGG|Pt": law},
            wires={"Pt": ["Pt"]},
            transport=("heat",),
            heat_contacts={"hot": ["bottom"], "cold": ["top"]},
        )
        found.append(float(device.solve(wiring={"hot": "1 K"}).heat_current("hot")))
    assert found[0] == pytest.approx(found[1], rel=EXACT)
    assert found[0] == pytest.approx(1 / (D_GLASS / 8 + 1 / H), rel=2e-3)


@pytest.mark.parametrize(
    ("face", "law", "message"),
    [
        ("a|b", {"lattice": H, "electrons": H}, r"interfaces\.a\|b\.electrons must be left out"),
        ("bottom", {"lattice": H}, r"interfaces\.bottom must be left out: the face is a heat contact"),
        ("top", {}, "lattice must be given"),
        ("top", {"lattice": "-1 W/(m^2 K)"}, "lattice must be 0 or positive"),
        ("top", {"electrons": "1 W/m"}, "electrons must be a thermal conductance per area"),
    ],
)
def test_contacts_that_make_no_sense_are_refused(face, law, message):
    with pytest.raises(InputError, match=message):
        glasses(**{face: hanle.HeatContact(**law)}).solve()


def test_contacts_need_heat_and_no_magnons():
    shape = hanle.stack([("YIG", 5e-8), ("Pt", 5e-9)])
    given = {"materials": {"YIG": "YIG", "Pt": "Pt"}, "field": (0, 0.1, 0), "wires": {"Pt": ["Pt"]}}
    law = hanle.HeatContact(lattice=H)
    with pytest.raises(InputError, match="left out where heat is not solved for"):
        hanle.Device(shape, interfaces={"top": law}, **given).solve()
    heat = {"transport": ("magnons", "heat"), "heat_contacts": {"hot": ["bottom"]}}
    with pytest.raises(InputError, match="h_pp and h_ep"):
        hanle.Device(shape, interfaces={"YIG|Pt": law}, **given, **heat).solve()


def test_device_files():
    contact = hanle.HeatContact(lattice="2 MW/(m^2 K)")
    device = glasses(**{"a|b": contact, "top": hanle.HeatContact(lattice=H, electrons=H_ELECTRONS)})
    text = to_text(Case(device, run={"wiring": {"hot": "1 K"}}), Path("."), "x.npz")[0]
    case = read_case(text)
    assert case.device.interfaces == device.interfaces
    assert to_text(case, Path("."), "x.npz")[0] == text
    said = check(case)
    assert "a|b: heat of lattice" in said
    assert "top: heat of electrons" in said
    with pytest.raises(InputError, match=r"interfaces\.b\|Au\.latice must be one of.*lattice"):
        read_case(text.replace("lattice =", "latice =", 1))
