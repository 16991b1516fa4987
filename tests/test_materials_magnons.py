"""Records of what magnons and lattices conduct.

tables <-> records, loss-free; the library agrees with itself and with the second law; errors name the key
"""

from dataclasses import replace

import pytest

from hanle.materials.load import load, material, numbers
from hanle.materials.magnons import HEAT_KEYS, MAGNON_KEYS, SPIN_KEYS, Magnons
from hanle.materials.records import Insulator, MagneticInsulator, NormalMetal
from hanle.materials.write import to_given
from hanle.pde.constants import E_CHARGE, MU_B
from hanle.pde.errors import InputError
from hanle.pde.magnons import magnon_insulator

CONDUCTANCES = {"kind": "magnetic insulator", "G_s": "-1e13 S/m^2", "G_r": "4e14 S/m^2", "G_i": "2e13 S/m^2"}
GLASS = {"kind": "insulator", "lattice_heat_conductivity": "1.4 W/(m K)"}


def test_library_yig_has_all_numbers_and_they_dissipate():
    yig = load("YIG")
    assert isinstance(yig, MagneticInsulator)
    assert yig.ordered
    assert yig.magnons.missing(*SPIN_KEYS, *HEAT_KEYS) == ()
    assert all(number.estimate for number in yig.magnons.numbers.values())
    value = yig.magnons.value
    magnon_insulator(
        "YIG",
        temperature=300.0,
        conductivity=value("magnon_conductivity"),
        diffusion_length=value("magnon_diffusion_length"),
        spin_seebeck=value("bulk_spin_seebeck"),
        heat_conductivity=value("magnon_heat_conductivity"),
    )
    # s = M_s/(g mu_B) with M_s = 140 kA/m and g = 2; kinetic theory: zeta = 1.1063e-4 V/K sigma_m.
    assert value("spin_density") == pytest.approx(140e3 / (2 * MU_B), rel=0.01)
    assert value("bulk_spin_seebeck") == pytest.approx(1.1063e-4 * value("magnon_conductivity"), rel=0.01)
    assert value("spin_wave_stiffness") == pytest.approx(0.532 * E_CHARGE * 1e-20, rel=0.01)


def test_gadolinium_garnet_has_no_magnons_and_platinum_has_heat():
    ggg, pt = load("GGG"), load("Pt")
    assert isinstance(ggg, MagneticInsulator)
    assert not ggg.ordered
    heat = {"lattice_heat_conductivity", "interface_heat_conductance", "lattice_heat_capacity"}
    assert set(ggg.magnons.numbers) == heat
    assert isinstance(pt, NormalMetal)
    assert pt.electron_lattice_coupling is not None
    assert pt.electron_lattice_coupling.value == 2.5e17
    assert pt.seebeck.value == -5e-6


@pytest.mark.parametrize(
    "given",
    [
        {"like": "YIG", "magnon_conductivity": "3.7e5 S/m", "anisotropy_gap": "0.01 meV"},
        CONDUCTANCES | {"magnon_diffusion_length": "9 um", "bulk_spin_seebeck": "-20 A/(m K)"},
        GLASS,
        GLASS | {"interface_heat_conductance": "1e8 W/(m^2 K)"},
        {"like": "Pt", "seebeck": "-3 uV/K", "spin_nernst_angle": -0.1, "electron_heat_conductivity": "11 W/(m K)"},
    ],
)
def test_tables_come_back_equal(given):
    record = material(given, "X")
    written = to_given(record)
    assert material(written, "X") == record
    assert all(key in numbers(record) for key in given if key in MAGNON_KEYS)


def test_a_table_with_conductances_keeps_the_magnons_it_is_like():
    changed = material({"like": "YIG", **{k: v for k, v in CONDUCTANCES.items() if k != "kind"}}, "X")
    assert isinstance(changed, MagneticInsulator)
    assert changed.moments is None
    assert changed.magnons == load("YIG").magnons


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"like": "YIG", "magnon_conductivity": "-1 S/m"}, r"X\.magnon_conductivity must be .* positive"),
        ({"like": "YIG", "anisotropy_gap": "-1 meV"}, r"X\.anisotropy_gap must be an energy, 0 or positive"),
        ({"like": "YIG", "magnon_difusion_length": "1 um"}, r"X\.magnon_difusion_length.*magnon_diffusion_length"),
        ({"like": "Pt", "electron_lattice_coupling": "0 W/(m^3 K)"}, r"X\.electron_lattice_coupling must be"),
        ({"kind": "insulator"}, r"X\.lattice_heat_conductivity must be given"),
        (GLASS | {"lattice_heat_conductivity": "-1 W/(m K)"}, r"X\.lattice_heat_conductivity must be"),
    ],
)
def test_bad_numbers_are_refused_by_key(given, message):
    with pytest.raises(InputError, match=message):
        material(given, "X")


def test_missing_numbers_are_named():
    assert Magnons().missing(*SPIN_KEYS) == SPIN_KEYS
    assert Magnons().value("bulk_spin_seebeck") == 0
    glass = material(GLASS, "X")
    assert isinstance(glass, Insulator)
    assert replace(glass, name="Y").name == "Y"
