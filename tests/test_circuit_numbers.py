"""Conductances of an interface from the numbers that people have: AR and P, AR*, gamma and delta, channels per area."""

from typing import Any

import numpy as np
import pytest
from scipy.constants import e, h

import hanle
from hanle.config import dump, load, read_text
from hanle.materials.records import FerromagneticMetal, NormalMetal
from hanle.pde.closed_forms import valet_fert
from hanle.pde.errors import InputError

#: Round-off of a few operations.
ROUNDING = 1e-13
#: The exact engine against a closed form.
EXACT = 1e-10
FIELDS = ("G_up", "G_dn", "G_mix", "memory_loss")

STACK = """
[shape]
kind = "stack"
layers = [["Cu", "5 nm"], ["Co", "3 nm"]]
[materials]
Cu = "Cu"
Co = "Co"
[magnetisation]
Co = [0, 0, 1]
[interfaces]
"""


def numbers(law: Any) -> list[Any]:
    return [np.asarray(getattr(law, name)) for name in FIELDS]


def assert_equal(a: Any, b: Any) -> None:
    for x, y in zip(numbers(a), numbers(b), strict=True):
        assert x == pytest.approx(y, rel=ROUNDING)


def read(interface: str) -> Any:
    return read_text(f'{STACK}"Cu|Co" = {interface}\n').interfaces["Cu|Co"]


def test_valet_fert_numbers_are_resistances_of_both_spins() -> None:
    """Co | Cu as in tables: 2 AR* = 1.02 fOhm m^2, gamma = 0.77, delta = 0.25."""
    law = hanle.Circuit.valet_fert("0.51 fOhm m^2", 0.77, G_mix=4e14 - 1e13j, delta=0.25)
    r_up, r_dn = 1 / np.asarray(law.G_up), 1 / np.asarray(law.G_dn)
    assert (r_up + r_dn) / 4 == pytest.approx(0.51e-15, rel=ROUNDING)
    assert (r_dn - r_up) / (r_dn + r_up) == pytest.approx(0.77, rel=ROUNDING)
    assert (law.G_mix, law.memory_loss) == (4e14 - 1e13j, 0.25)
    parallel = 0.51e-15 * (1 - 0.77**2)
    assert_equal(law, hanle.Circuit.from_resistance(parallel, 0.77, 4e14 - 1e13j, 0.25))
    assert_equal(law, hanle.Circuit.from_resistance(f"{parallel!r} Ohm m^2", 0.77, 4e14 - 1e13j, 0.25))


def test_half_metallic_contacts_pass_one_spin() -> None:
    law = hanle.Circuit.from_resistance(1e-15, 1.0)
    assert (law.G_up, law.G_dn) == (pytest.approx(1e15), 0.0)


def test_channels_carry_a_quantum_each(rng: np.random.Generator) -> None:
    up, dn, real, imaginary = (rng.uniform(1, 20, 4) * 1e18).tolist()
    law = hanle.Circuit.from_channels(up, dn, real + 1j * imaginary, 0.1)
    q = e**2 / h
    assert_equal(law, hanle.Circuit(q * up, q * dn, q * (real + 1j * imaginary), 0.1))
    strings = hanle.Circuit.from_channels(
        f"{up!r} 1/m^2", f"{dn * 1e-18!r} 1/nm^2", (f"{real!r} 1/m^2", f"{imaginary!r} 1/m^2"), 0.1
    )
    assert_equal(strings, law)
    arrays = hanle.Circuit.from_channels(np.full(3, up), dn, np.full(3, real + 1j * imaginary))
    assert np.asarray(arrays.G_mix).shape == np.asarray(arrays.G_up).shape == (3,)
    real_only = hanle.Circuit.from_channels(up, dn, "15 1/nm^2")
    assert real_only.G_mix == pytest.approx(q * 15e18, rel=ROUNDING)
    # with the Sharvin resistance taken out: 1/G_mix = 1/g - 1/(2 g_N)
    drift = hanle.Circuit.from_channels("4 1/nm^2", "2 1/nm^2", "10 1/nm^2").without_sharvin(
        *(q * n * 1e18 for n in (10, 20, 20))
    )
    assert drift.G_mix == pytest.approx(q * 20e18, rel=ROUNDING)
    strings = hanle.Circuit(f"{4e18 * q!r} S/m^2", f"{2e18 * q!r} S/m^2", f"{1e19 * q!r} S/m^2")  # type: ignore[arg-type]
    assert_equal(strings.without_sharvin(*(q * n * 1e18 for n in (10, 20, 20))), drift)


@pytest.mark.parametrize("second", [1.0, -1.0])
def test_a_pillar_with_these_numbers_is_the_series_of_resistors(second: float) -> None:
    """Co | Cu | Co, parallel and antiparallel: the closed form takes r_b, gamma and delta as they are."""
    r_b, gamma, delta = 0.51e-15, 0.77, 0.25
    co = {"like": "Co", "anisotropy": 0.0, "anomalous_hall_angle": 0.0}
    law = hanle.Circuit.valet_fert(r_b, gamma, delta=delta)
    device = hanle.Device(
        hanle.stack([("F1", "8 nm"), ("N", "5 nm"), ("F2", "12 nm")]),
        {"F1": co, "N": {"like": "Cu", "spin_hall_angle": 0.0}, "F2": co},
        magnetisation={"F1": (0, 0, 1), "F2": (0, 0, second)},
        interfaces={"F1|N": law, "N|F2": law},
        contacts={"low": ["bottom"], "high": ["top"]},
    )
    f, n = device.materials["F1"], device.materials["N"]
    assert isinstance(f, FerromagneticMetal)
    assert isinstance(n, NormalMetal)
    face = valet_fert.Element(r_b, gamma, delta)
    upper = [face, valet_fert.layer(f.rho, 12e-9, f.lam, f.P)]
    chain = [
        valet_fert.layer(f.rho, 8e-9, f.lam, f.P),
        face,
        valet_fert.layer(n.rho, 5e-9, n.lam),
        *(upper if second > 0 else [element.reversed for element in upper]),
    ]
    closed = valet_fert.Lead(spin_resistance=1e6)
    found = device.solve(current="1 MA/cm^2").resistance("low", "high")
    assert found == pytest.approx(float(valet_fert.stack_resistance(chain, closed, closed)), rel=EXACT)


@pytest.mark.parametrize(
    ("interface", "expected"),
    [
        ('{ r_b = "0.51 fOhm m^2", gamma = 0.77, G_mix = ["4e14 S/m^2", "-1e13 S/m^2"], delta = 0.25 }',
         hanle.Circuit.valet_fert(0.51e-15, 0.77, 4e14 - 1e13j, 0.25)),
        ('{ r_b = "0.51 fOhm m^2", gamma = -0.3 }', hanle.Circuit.valet_fert(0.51e-15, -0.3)),
        ('{ g_up = "10 1/nm^2", g_dn = "5 1/nm^2", g_mix = ["15 1/nm^2", "0.5 1/nm^2"], memory_loss = 0.1 }',
         hanle.Circuit.from_channels(1e19, 5e18, 15e18 + 0.5e18j, 0.1)),
        ('{ g_up = "10 1/nm^2", g_dn = "5 1/nm^2", g_mix = "15 1/nm^2" }',
         hanle.Circuit.from_channels(1e19, 5e18, 15e18)),
        ('{ g_up = "10 1/nm^2", g_dn = "5 1/nm^2" }', hanle.Circuit.from_channels(1e19, 5e18)),
    ],
)  # fmt: skip
def test_files_hold_them(interface: str, expected: Any, tmp_path: Any) -> None:
    found = read(interface)
    assert_equal(found, expected)
    device = read_text(f'{STACK}"Cu|Co" = {interface}\n')
    assert_equal(load(dump(device, tmp_path / "device.toml")).interfaces["Cu|Co"], expected)


@pytest.mark.parametrize(
    ("interface", "message"),
    [
        ('{ r_b = "0.51 fOhm m^2" }', r"interfaces\.Cu\|Co\.gamma must be given"),
        ('{ gamma = 0.7 }', r"interfaces\.Cu\|Co\.r_b must be given"),
        ('{ r_b = "0.51 fOhm m^2", gamma = 1 }', r"interfaces\.Cu\|Co\.gamma must be between -1 and 1"),
        ('{ r_b = "0 Ohm m^2", gamma = 0 }', r"interfaces\.Cu\|Co\.r_b must be positive"),
        ('{ r_b = "0.51 fOhm m^2", gamma = 0.7, memory_loss = 0.1 }', r"interfaces\.Cu\|Co.*memory_loss"),
        ('{ r_b = "math:exp", gamma = 0.7 }', r"interfaces\.Cu\|Co\.r_b must be a number or an array"),
        ('{ g_up = "1 1/nm^2" }', r"interfaces\.Cu\|Co\.g_dn must be given"),
        ('{ g_up = "1 S/m^2", g_dn = "1 1/nm^2" }', r"interfaces\.Cu\|Co\.g_up must be an areal density"),
        ('{ g_up = "1 1/nm^2", g_dn = "-1 1/nm^2" }', r"interfaces\.Cu\|Co\.g_dn must be 0 or positive"),
        ('{ g_up = "1 1/nm^2", g_dn = "1 1/nm^2", g_mix = "-1 1/nm^2" }',
         r"interfaces\.Cu\|Co\.g_mix must be of a real part >= 0"),
        ('{ g_up = "1 1/nm^2", g_dn = "1 1/nm^2", g_mix = "math:exp" }',
         r"interfaces\.Cu\|Co\.g_mix must be a number or an array"),
        ('{ g_up = "1 1/nm^2", g_dn = "1 1/nm^2", g_mix = 3 }', r'interfaces\.Cu\|Co\.g_mix must be a pair.*1/nm'),
        ('{ g_up = "1 1/nm^2", g_dn = "1 1/nm^2", G_mix = "1 S/m^2" }', r"interfaces\.Cu\|Co.*G_mix"),
    ],
)  # fmt: skip
def test_wrong_numbers_name_the_key(interface: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(interface)
