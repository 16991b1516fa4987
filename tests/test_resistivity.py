"""Resistivity against temperature. What must agree and why:

films at a temperature               <-> films whose record holds rho(T), D(T), lambda(T) as numbers
a sweep of temperature, all at once  <-> one solve each; elements
tables                               <-> records, loss-free
"""

from dataclasses import replace

import numpy as np
import pytest

import hanle
from hanle.materials.load import load, material
from hanle.materials.records import NormalMetal
from hanle.materials.sourced import Sourced
from hanle.materials.write import to_given
from hanle.media import region_law
from hanle.pde.coefficients import dense
from hanle.pde.errors import InputError
from hanle.sweeps import sweep

ALPHA, T_RHO = 2.5e-3, 300.0
LINEAR = {"like": "Pt", "temperature_coefficient": f"{ALPHA} 1/K", "mobility": "2 cm^2/(V s)"}
TABLE = {"like": "Pt", "resistivity_ratios": [["4.2 K", 0.6], ["77 K", 0.66], ["300 K", 1.0], ["400 K", 1.2]]}
MAGNET = {"kind": "magnetic insulator", "G_s": "-2e13 S/m^2", "G_r": "4e14 S/m^2", "G_i": "1e14 S/m^2"}
EXACT = 1e-12
SWEEP = 1e-9


def film(metal, temperature):
    shape = hanle.stack([("YIG", "20 nm"), ("Pt", "4 nm")])
    m = np.array([1.0, 2.0, -2.0]) / 3
    return hanle.Device(
        shape, {"YIG": MAGNET, "Pt": metal}, temperature=temperature, field=5 * m, magnetisation={"YIG": m}
    )


def as_numbers(ratio, **changes):
    """The record whose numbers are those at a temperature, worked out here."""
    pt = material(LINEAR, "Pt")
    assert isinstance(pt, NormalMetal)
    assert pt.mobility is not None
    return replace(
        pt,
        resistivity=replace(pt.resistivity, value=pt.rho * ratio),
        mobility=replace(pt.mobility, value=pt.mu / ratio),
        temperature_coefficient=None,
        **changes,
    )


@pytest.mark.parametrize("temperature", [10.0, 300.0, 431.0])
def test_film_at_a_temperature(temperature):
    """With nu given D falls as 1/rho; lambda stays."""
    ratio = 1 + ALPHA * (temperature - T_RHO)
    found, wanted = film(LINEAR, temperature).solve(), film(as_numbers(ratio), temperature).solve()
    assert found.rho_L == pytest.approx(float(wanted.rho_L), rel=EXACT)
    assert found.rho_T == pytest.approx(float(wanted.rho_T), rel=EXACT)
    assert found.rho_L_change == pytest.approx(float(wanted.rho_L_change), rel=EXACT)
    # What a spin Hall film has beside rho is 1e-2.
    assert float(found.rho_L) == pytest.approx(400e-9 * ratio, rel=0.03)


def test_elliott_yafet():
    """tau and D both as 1/rho: lambda too; a tensor of rates grows as rho."""
    temperature = 120.0
    ratio = 1 + ALPHA * (temperature - T_RHO)
    pt = load("Pt")
    assert isinstance(pt, NormalMetal)
    assert pt.diffusion_length is not None
    length = replace(pt.diffusion_length, value=pt.lam / ratio)
    found = film(LINEAR | {"elliott_yafet": True}, temperature).solve()
    wanted = film(as_numbers(ratio, diffusion_length=length), temperature).solve()
    assert found.rho_T == pytest.approx(float(wanted.rho_T), rel=EXACT)
    assert abs(found.rho_T / film(LINEAR, temperature).solve().rho_T - 1) > 0.05
    rates = [["600 1/ns", "0 1/ns", "0 1/ns"], ["0 1/ns", "500 1/ns", "0 1/ns"], ["0 1/ns", "0 1/ns", "900 1/ns"]]
    whole = tuple(tuple(r) for r in 1e9 * ratio * np.diag([600.0, 500.0, 900.0]))
    found = film(LINEAR | {"relaxation": rates, "elliott_yafet": True}, temperature).solve()
    wanted = film(as_numbers(ratio, diffusion_length=None, relaxation=whole), temperature).solve()
    assert found.rho_T == pytest.approx(float(wanted.rho_T), rel=EXACT)


def test_where_D_is_given_the_density_of_states_stays():
    pt = load("Pt")
    given = {"like": "Pt", "temperature_coefficient": f"{ALPHA} 1/K", "diffusion_constant": f"{pt.D!r} m^2/s"}
    one, other = (film(metal, 100.0).solve() for metal in (given, LINEAR | {"mobility": "0 m^2/(V s)"}))
    assert one.rho_T == pytest.approx(float(other.rho_T), rel=SWEEP)


def test_sweep_of_temperature_and_elements():
    device, temperatures = film(TABLE, 300.0), [5.0, 77.0, 250.0, 390.0]
    found = sweep(device, temperature=temperatures).squeeze()
    for n, t in enumerate(temperatures):
        single = device.with_changes(temperature=t).solve()
        assert float(found.rho_L[n]) == pytest.approx(float(single.rho_L), rel=SWEEP)
        assert float(found.rho_T[n]) == pytest.approx(float(single.rho_T), rel=SWEEP)
    assert float(found.rho_L[1] / found.rho_L[2]) == pytest.approx(0.66 / 0.917, rel=0.02)
    grid = device.with_changes(temperature=77.0).solve(
        engine="scikit", order=2, solver="direct", mesh_options={"cells_per_length": 6, "growth": 1.0}
    )
    assert float(grid.rho_L) == pytest.approx(float(found.rho_L[1]), rel=1e-6)


def slope(points):
    return 4e-7 * (1 + 1e8 * points[:, 2])


def test_profile_is_that_at_the_temperature_of_the_number():
    ratio = 1 + ALPHA * (100.0 - T_RHO)
    places = np.array([[0.0, 0, 1e-9], [0, 0, 3e-9]])
    profiles = {"Pt.resistivity": slope}
    device = hanle.Device(hanle.stack([("Pt", "4 nm")]), {"Pt": LINEAR}, temperature=100.0, profiles=profiles)
    law = region_law(device, "Pt", places, device.conditions)
    assert law is not None
    weight = next(t.weight.ravel() for t in law.A if np.array_equal(t.fields, np.eye(4)))
    np.testing.assert_allclose(weight, 1 / (4e-7 * np.array([1.1, 1.3]) * ratio), rtol=EXACT)


def coefficients(record, temperature):
    """A, R and C of a magnet, with heat, as tensors."""
    device = hanle.Device(
        hanle.stack([("X", "4 nm")]),
        {"X": record},
        temperature=temperature,
        field=(0, 0.3, 1),
        magnetisation={"X": (0.6, 0, 0.8)} if record.kind == "ferromagnetic metal" else {},
        transport=["heat"],
        wires={"X": ["X"]},
        heat_contacts={"bath": ["bottom"]},
    )
    law = region_law(device, "X", np.zeros((1, 3)), device.conditions)
    assert law is not None
    size = (law.fields.size,) * 2
    return dense(law.A, (3, 3), size), dense(law.R, (), size), dense(law.C, (), size)


@pytest.mark.parametrize("name", ["Co", "CuFe"])
@pytest.mark.parametrize("follows", [False, True])
def test_magnets_too(name, follows):
    """Heat included: kappa_e of Wiedemann and Franz takes rho(T)."""
    temperature, heat = (
        40.0,
        {"lattice_heat_conductivity": "5 W/(m K)", "electron_lattice_coupling": "1e17 W/(m^3 K)"},
    )
    base = {"like": name, "seebeck": "-20 uV/K"} | heat
    if name == "CuFe":
        base |= {"spin_lifetime": "3 ps"}
    warm = material(base | {"temperature_coefficient": f"{ALPHA} 1/K", "elliott_yafet": follows}, "X")
    wanted = material(base, "X")
    ratio = 1 + ALPHA * (temperature - wanted.resistivity.temperature)
    changes = {"resistivity": replace(wanted.resistivity, value=wanted.rho * ratio)}
    if follows:
        key = "spin_lifetime" if name == "CuFe" else "diffusion_length"
        changes[key] = replace(getattr(wanted, key), value=getattr(wanted, key).value / ratio)
    for found, exact in zip(
        coefficients(warm, temperature), coefficients(replace(wanted, **changes), temperature), strict=True
    ):
        np.testing.assert_allclose(found, exact, rtol=EXACT, atol=EXACT * np.abs(exact).max())


@pytest.mark.parametrize("given", [LINEAR, TABLE, LINEAR | {"elliott_yafet": True}])
def test_tables_come_back_equal(given):
    record = material(given, "X")
    assert material(to_given(record), "X") == record


def test_one_way_replaces_the_other():
    record = material(TABLE, "X")
    assert record.resistivity_ratios[0] == (4.2, 0.6)
    value, slope = record.resistivity_ratio(np.array([77.0, 300.0]))
    np.testing.assert_allclose(value, [0.66, 1.0], rtol=EXACT)
    step = (record.resistivity_ratio(200.01)[0] - record.resistivity_ratio(199.99)[0]) / 0.02
    assert record.resistivity_ratio(200.0)[1] == pytest.approx(float(step), rel=1e-6)
    assert slope.shape == (2,)
    assert load("Pt").resistivity_ratio(77.0) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (LINEAR | {"resistivity": "400 nOhm m"}, r"X\.resistivity\.temperature must be given"),
        (TABLE | {"temperature_coefficient": "1e-3 1/K"}, r"resistivity_ratios must be left out beside"),
        ({"like": "Pt", "elliott_yafet": True}, r"elliott_yafet must be left out"),
        (LINEAR | {"elliott_yafet": 1}, r"elliott_yafet must be true or false"),
        ({"like": "Pt", "resistivity_ratios": [["300 K", 1.0]]}, "at least two pairs"),
        ({"like": "Pt", "resistivity_ratios": [["300 K", 1.0], ["77 K", 0.6]]}, "temperatures that increase"),
        (
            {"like": "Pt", "resistivity_ratios": [[300, 1.0], ["400 K", 1.6]]},
            r"resistivity_ratios\[0\] must be a temp",
        ),
        ({"like": "Pt", "resistivity_ratios": "linear"}, "a list of pairs"),
    ],
)
def test_bad_tables_are_refused(given, message):
    with pytest.raises(InputError, match=message):
        material(given, "X")


@pytest.mark.parametrize(
    ("metal", "temperature", "message"),
    [
        (TABLE, 401.0, r"^materials\.Pt\.resistivity_ratios must be known at 401 K"),
        (
            LINEAR | {"temperature_coefficient": "4e-3 1/K"},
            20.0,
            r"^materials\.Pt\.temperature_coefficient must be such that",
        ),
    ],
)
def test_temperatures_without_a_resistivity(metal, temperature, message):
    with pytest.raises(InputError, match=message):
        film(metal, temperature).solve()


def test_ratio_of_a_record_without_words_is_one():
    metal = NormalMetal(
        name="X",
        resistivity=Sourced(1e-7, "resistivity"),
        spin_hall_angle=Sourced(0.0, "dimensionless"),
        diffusion_length=Sourced(1e-8, "length"),
        diffusion_constant=Sourced(1e-3, "diffusion constant"),
    )
    assert metal.resistivity_ratio([100.0, 200.0])[0].shape == ()
