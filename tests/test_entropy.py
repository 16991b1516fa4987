"""Entropy that devices produce, and heat through their faces. What must agree and why:

Joule-heated wire                     power over T_0                        nothing else dissipates
spin accumulation that relaxes        power that the spin Hall effect takes from the current
heat through a stack                  q (1/T_low - 1/T_high)                linear response: to second order
heat contact in series                q^2/(h T_0^2) at the face, d q^2/(kappa T_0^2) inside
sum over places                       what leaves: an independent balance, on both engines
beyond linear response                the linear device where drives are small; heat over temperature of the contacts
reversed field and moments            even, as a quadratic form of dissipation must be
"""

import numpy as np
import pytest

import hanle
from hanle.config import Case, dump, load_case
from hanle.heat_faces import HeatContact
from hanle.pde.errors import InputError
from hanle.report import rows
from hanle.variations import varied

T0 = 300.0
KAPPA, H = 5.0, 1e8
PT, GGG = 5e-9, 2e-7
#: Of balances that hold to rounding.
EXACT = 1e-10
#: Heat over temperature is no element: error of the mesh.
MESH = 1e-4
COPPER = {"like": "Cu", "lattice_heat_conductivity": "5 W/(K m)", "electron_lattice_coupling": "1e17 W/(K m^3)"}
RULE = hanle.MagnonInterface(g_r="4.1e18 1/m^2")


def slab(**changes: object) -> hanle.Device:
    """An insulator on a metal, between a contact below and surroundings above."""
    given: dict[str, object] = {
        "transport": ("heat",),
        "wires": {"Pt": ["Pt"]},
        "heat_contacts": {"below": ["bottom"]},
        "interfaces": {"top": HeatContact(lattice=H, temperature="303 K")},
    }
    ggg = {"like": "GGG", "lattice_heat_conductivity": f"{KAPPA} W/(K m)"}
    return hanle.Device(hanle.stack([("Pt", PT), ("GGG", GGG)]), {"Pt": "Pt", "GGG": ggg}, **(given | changes))  # type: ignore[arg-type]


def stack(m: tuple[float, float, float] = (0.3, 0.9, -0.2), field: float = 0.3, **changes: object) -> hanle.Device:
    """Pt | YIG | Pt with moments and a field across each other."""
    given: dict[str, object] = {
        "field": tuple(field * np.array([0.1, 0.9, 0.2])),
        "magnetisation": {"YIG": m},
        "interfaces": {"low|YIG": RULE, "YIG|high": RULE},
        "transport": ("magnons", "heat"),
        "wires": {"in": ["low"], "out": ["high"]},
        "heat_contacts": {"below": ["bottom"], "above": ["top"]},
    }
    layers = [("low", 7e-9), ("YIG", 1e-7), ("high", 5e-9)]
    return hanle.Device(hanle.stack(layers), {"low": "Pt", "YIG": "YIG", "high": "Pt"}, **(given | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("engine", ["multilayer", "scikit"])
def test_heat_through_a_slab_into_surroundings(engine: str) -> None:
    q = 1e7
    result = slab().solve(engine=engine, wiring={"below": f"{q} W/m^2"})
    for face, sign in (("top", 1), ("bottom", -1), ("Pt|GGG", 1)):
        assert float(result.interface_heat_current(face)) == pytest.approx(sign * q, rel=EXACT)
    assert float(result.heat_current("below")) == pytest.approx(q, rel=EXACT)
    # At the top: 303 K, less nothing, plus what q needs to get out.
    top = float(result.temperature("GGG", [[0, 0, PT + GGG]])[0])
    assert top == pytest.approx(303 + q / H, rel=EXACT)
    found = result.entropy_production()
    assert float(found.places["GGG"]) == pytest.approx(GGG * q**2 / (KAPPA * T0**2), rel=EXACT)
    assert float(found.places["top"]) == pytest.approx(q**2 / (H * T0**2), rel=EXACT)
    rise = float(result.contact_temperature("below"))
    assert float(found.total) == pytest.approx(q * (rise - 3.0) / T0**2, rel=EXACT)
    assert float(found.error) < EXACT


def test_beyond_linear_response_heat_over_temperature_is_exact() -> None:
    """Constant conductivity: the profile stays linear, sigma = q (1/T_low - 1/T_high) part by part."""
    q = 1e8
    result = slab().solve(nonlinear=True, mesh_options={"sizes": {"z": 5e-9}}, wiring={"below": f"{q} W/m^2"})
    low, high = (float(t) for t in result.temperature("GGG", [[0, 0, PT], [0, 0, PT + GGG]]))
    found = result.entropy_production()
    assert high == pytest.approx(303 + q / H, rel=EXACT)
    assert low - high == pytest.approx(q * GGG / KAPPA, rel=EXACT)
    assert float(found.places["GGG"]) == pytest.approx(q * (1 / high - 1 / low), rel=MESH)
    assert float(found.places["top"]) == pytest.approx(q * (1 / 303 - 1 / high), rel=EXACT)
    hot = T0 + float(result.contact_temperature("below"))
    assert float(found.left) == pytest.approx(q * (1 / 303 - 1 / hot), rel=EXACT)
    assert float(found.error) < MESH


def test_joule_heat_over_temperature() -> None:
    """Copper without spin Hall effect: all of the power, in linear response already."""
    device = hanle.Device(
        hanle.stack([("Cu", 1e-7)]),
        {"Cu": COPPER | {"spin_hall_angle": 0.0}},
        transport=("heat",),
        wires={"Cu": ["Cu"]},
        heat_contacts={"bath": ["bottom"]},
    )
    result = device.solve(wiring={"Cu": "1e5 V/m"})
    power = device.materials["Cu"].sigma * 1e10 * 1e-7
    found = result.entropy_production()
    assert float(found.total) == pytest.approx(power / T0, rel=EXACT)
    heated = device.solve(wiring={"Cu": "1e5 V/m"}, nonlinear=True)
    assert float(heated.entropy_production().total) == pytest.approx(power / T0, rel=1e-3)
    assert float(heated.entropy_production().error) < MESH


@pytest.mark.parametrize("engine", ["multilayer", "scikit"])
@pytest.mark.parametrize("drive", [{"in": "50 A/m"}, {"below": "20 mK"}, {"in": "-20 A/m", "above": "1e5 W/m^2"}])
def test_sum_is_what_leaves_and_no_place_creates_order(engine: str, drive: dict[str, str]) -> None:
    result = stack().solve(engine=engine, wiring=drive, tolerance=1e-12)
    found = result.entropy_production()
    assert float(found.error) < EXACT
    assert set(found.places) == {"low", "YIG", "high", "low|YIG", "YIG|high"}
    assert all(float(value) > 0 for value in found.places.values())
    # Time reversal leaves what is dissipated under given forces; one drive of given amplitude each.
    if drive == {"below": "20 mK"}:
        turned = stack((-0.3, -0.9, 0.2), -0.3).solve(engine=engine, wiring=drive, tolerance=1e-12)
        assert float(turned.entropy_production().total) == pytest.approx(float(found.total), rel=1e-9)


def test_small_nonlinear_drives_are_linear() -> None:
    mesh = stack().mesh()
    drive = {"in": "5 A/m", "below": "0 K"}
    linear = stack().solve(engine="scikit", wiring=drive, mesh=mesh).entropy_production()
    found = stack().solve(wiring=drive, mesh=mesh, nonlinear=True, tolerance=1e-11).entropy_production()
    for place in ("low", "YIG", "low|YIG"):
        assert float(found.places[place]) == pytest.approx(float(linear.places[place]), rel=5e-2)
    assert float(found.total) == pytest.approx(float(linear.total), rel=MESH)
    assert float(found.error) < MESH


def test_batches_give_one_number_per_state() -> None:
    device = stack().with_changes(magnetisation={})
    entropy = (lambda r: r.entropy_production().total, "W/(K m^2)")
    found = hanle.sweep(
        device,
        angle=hanle.angles("alpha", [0, 60, 90]),
        wiring={"in": "50 A/m"},
        read={"s": entropy},
        progress=False,
    )
    norm = np.linalg.norm(device.field)
    alone = device.with_changes(field=norm * np.array([0.5, np.sqrt(3) / 2, 0]))
    expected = alone.solve(wiring={"in": "50 A/m"}).entropy_production().total
    assert float(found.s.squeeze()[1]) == pytest.approx(float(expected), rel=EXACT)


def test_heat_leaves_metal_for_insulator() -> None:
    """Electrons, magnons and lattice together are conserved at a face; sides differ by Joule heat only."""
    result = stack().solve(wiring={"below": "30 mK"})
    entering = float(result.heat_current("below"))
    for face, side in (("low|YIG", "low"), ("low|YIG", "YIG"), ("YIG|high", None), ("top", None)):
        assert float(result.interface_heat_current(face, side)) == pytest.approx(entering, rel=1e-8)
    with pytest.raises(InputError, match="side must be one of low, YIG"):
        result.interface_heat_current("low|YIG", "high")
    with pytest.raises(InputError, match="face"):
        result.interface_heat_current("low|YGI")


def test_surroundings_in_files_and_sweeps(tmp_path: object) -> None:
    path = dump(Case(slab(), run={}), tmp_path / "device.toml")  # type: ignore[operator]
    assert 'temperature = "303 K"' in path.read_text(encoding="utf-8")
    again = load_case(path).device
    assert again.interfaces["top"] == slab().interfaces["top"]
    warmer = varied(slab(), {"top.temperature": "306 K"})
    one, two = (float(d.solve(wiring={"below": "0 K"}).heat_current("below")) for d in (slab(), warmer))
    assert two == pytest.approx(2 * one, rel=EXACT)
    assert one < 0
    scan = hanle.sweep(slab(), vary={"top.temperature": [303, 306]}, wiring={"below": "0 K"}, progress=False)
    assert scan.heat_out.values.ravel() == pytest.approx([one, two], rel=EXACT)
    assert (list(scan.face.values), scan.heat_out.units) == (["top"], "W/m^2")
    with pytest.raises(InputError, match="temperature must be above 0 K"):
        HeatContact(lattice=1e8, temperature="-3 K")
    metals = hanle.Device(
        hanle.stack([("A", 1e-8), ("B", 1e-8)]),
        {"A": COPPER, "B": COPPER},
        transport=("heat",),
        wires={"AB": ["A", "B"]},
        heat_contacts={"below": ["bottom"]},
        interfaces={"A|B": HeatContact(lattice=1e8, temperature="301 K")},
    )
    with pytest.raises(InputError, match="left out inside the device"):
        metals.solve()


def test_devices_without_heat_say_so() -> None:
    with pytest.raises(InputError, match="asked of a device with transport"):
        hanle.Device(hanle.stack([("Pt", 5e-9)]), {"Pt": "Pt"}).solve().entropy_production()


def test_reports_quote_what_leaves_and_what_is_produced() -> None:
    result = slab().solve(wiring={"below": "1e7 W/m^2"})
    found = {row.name: row for row in rows(result)}
    assert found["heat(top)"].value == pytest.approx(-1e7, rel=EXACT)
    row = found["entropy_production"]
    assert row.value == pytest.approx(float(result.entropy_production().total), rel=EXACT)
    assert row.unit == "W/(K m^2)"
