"""Device files of conducting magnets and metal | metal interfaces: what is written is read back equal."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hanle
from hanle.boundary.circuit import Circuit, channels
from hanle.checks import check
from hanle.config import Case, dump, load, load_case, read_text, to_text
from hanle.device import Device
from hanle.materials.load import Record, material
from hanle.materials.load import load as library
from hanle.materials.write import same, to_given
from hanle.pde.errors import InputError
from hanle.toml import write_toml

VALVE = """
[shape]
kind = "stack"
layers = [["Pt", "5 nm"], ["Co", "3 nm"]]
[materials]
Pt = "Pt"
Co = "Co"
[magnetisation]
Co = [0.0, 0.0, 1.0]
"""
FIELDS = ("G_up", "G_dn", "G_mix", "memory_loss")
MODULE = """
def G(points):
    return 1e14 + 0 * points[:, 0]


def mixing(points):
    return (2e14 + 3e13j) + 0 * points[:, 0]


def wall(points):
    return 0 * points + [0, 1, 1]
"""

MATERIALS: dict[str, Any] = {
    "ferromagnet": {
        "kind": "ferromagnetic metal",
        "resistivity": {"value": "0.31 uOhm m", "temperature": "4.2 K", "source": "me", "estimate": True},
        "polarisation": -0.3,
        "diffusion_length": "4.7 nm",
        "exchange_length": "1.3 nm",
        "dephasing_length": "0.9 nm",
        "spin_hall_angle": 0.01,
        "anomalous_hall_angle": -0.02,
        "anisotropy": 0.03,
        "diffusion_constant": "7 cm^2/s",
        "mobility": "2 cm^2/(V s)",
        "g_factor": 2.1,
        "saturation_magnetisation": "800 kA/m",
    },
    "changed ferromagnet": {"like": "Py", "polarisation": 0.3},
    "impurities": {"like": "CuFe", "mobility": "30 cm^2/(V s)"},
    "antiferromagnet": {
        "kind": "magnetic metal",
        "resistivity": "1 uOhm m",
        "spin_hall_angle": 0.05,
        "diffusion_length": "5 nm",
        "density_of_states": "3e46 1/(J m^3)",
        "critical_temperature": "101.5 K",
        "exchange": [["0 meV", "-3 meV"], ["-3 meV", "0 meV"]],
        "moment_g_factor": 1.9,
        "sublattices": [
            {"spin": 2.5, "density": "1e28 1/m^3", "coupling": "0.1 meV nm^3"},
            {"spin": 2.5, "density": "1e28 1/m^3", "coupling": "0.1 meV nm^3"},
        ],
    },
    "anisotropic exchange": {
        "kind": "magnetic metal",
        "resistivity": "1 uOhm m",
        "spin_hall_angle": 0.05,
        "diffusion_length": "5 nm",
        "diffusion_constant": "1 cm^2/s",
        "critical_temperature": "40 K",
        "sublattices": [{"spin": 1.5, "density": "1e27 1/m^3", "reduced_coupling": [0.1, -0.2, 0.07]}],
    },
}


def read(interface: str) -> Any:
    """The interface Pt | Co of a file."""
    return read_text(f'{VALVE}[interfaces]\n"Pt|Co" = {interface}\n').interfaces["Pt|Co"]


def assert_equal(a: Any, b: Any) -> None:
    for name in FIELDS:
        x, y = getattr(a, name), getattr(b, name)
        assert x is y if callable(x) else np.array_equal(x, y)


@pytest.mark.parametrize("name", MATERIALS)
def test_records_return(name: str) -> None:
    record: Record = material(MATERIALS[name], "m")
    table = to_given(record)
    assert isinstance(table, dict)
    assert same(material(tomllib.loads(write_toml(table)), "m"), record)


def test_library_magnets_stay_names() -> None:
    for name in ("Co", "Py", "Fe", "Ni", "CoFeB", "CuFe"):
        assert to_given(library(name)) == name


def test_tables_of_interfaces() -> None:
    both = read(
        '{ G_up = "1e15 S/m^2", G_dn = "2e14 S/m^2", G_mix = ["4e14 S/m^2", "-1e13 S/m^2"], memory_loss = 0.25 }'
    )
    assert_equal(both, Circuit(1e15, 2e14, 4e14 - 1e13j, 0.25))
    assert_equal(read('{ G_up = "1e15 S/m^2", G_dn = "2e14 S/m^2" }'), Circuit(1e15, 2e14))
    assert_equal(read('{ G_up = "1 S/m^2", G_dn = "2 S/m^2", G_mix = "3 S/m^2" }'), Circuit(1.0, 2.0, 3.0))
    contact = read('{ area_resistance = "0.5 mOhm um^2", polarisation = 0.75, G_mix = ["4e14 S/m^2", "0 S/m^2"] }')
    assert_equal(contact, channels(0.5e-15, 0.75, 4e14))
    assert_equal(read('{ area_resistance = "0.5 mOhm um^2" }'), channels(0.5e-15))


@pytest.mark.parametrize(
    ("interface", "message"),
    [
        ('{ G_up = "1e15 S/m^2" }', r"interfaces\.Pt\|Co\.G_dn must be given"),
        ('{ G_mix = ["1 S/m^2", "0 S/m^2"] }', r"interfaces\.Pt\|Co\.G_up must be given"),
        ("{ polarisation = 0.5 }", r"interfaces\.Pt\|Co\.area_resistance must be given"),
        ('{ area_resistance = "1 Ohm m^2", G_up = "1 S/m^2" }', r"interfaces\.Pt\|Co.*G_up"),
        ('{ G_up = "1 S/m^2", G_dn = "1 S/m^2", G_s = "1 S/m^2" }', r"interfaces\.Pt\|Co.*G_s"),
        ('{ G_up = "1 S/m^2", G_dn = "1 S/m^2", G_mix = 4e14 }', r"interfaces\.Pt\|Co\.G_mix must be"),
        ('{ G_up = "1 S/m^2", G_dn = "1 S/m^2", G_mix = ["4 S/m", "0 S/m^2"] }', r"interfaces\.Pt\|Co\.G_mix"),
        ("{ G_up = 1e14, G_dn = 1e14 }", r"interfaces\.Pt\|Co\.G_up"),
        ('{ area_resistance = "-1 Ohm m^2" }', r"interfaces\.Pt\|Co\.area_resistance must be positive"),
        (
            '{ area_resistance = "1 Ohm m^2", polarisation = 1.5 }',
            r"interfaces\.Pt\|Co\.polarisation must be between",
        ),
        ('{ area_resistance = "math:exp" }', r"interfaces\.Pt\|Co\.area_resistance must be a number or an array"),
        ('{ G_up = "no_such_module:G", G_dn = "1 S/m^2" }', r"interfaces\.Pt\|Co\.G_up must be a function"),
    ],
)
def test_wrong_tables_name_the_key(interface: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(interface)


def test_everything_returns(tmp_path: Path, rng: np.random.Generator) -> None:
    """Numbers, functions and complex arrays in interfaces; textures; profiles of magnets."""
    (tmp_path / "functions_of_test_config_magnets.py").write_text(MODULE)
    module = "functions_of_test_config_magnets"
    (tmp_path / "first.toml").write_text(
        f"{VALVE.replace('[0.0, 0.0, 1.0]', chr(34) + module + ':wall' + chr(34))}[interfaces]\n"
        f'"Pt|Co" = {{ G_up = "{module}:G", G_dn = "1e13 S/m^2", G_mix = "{module}:mixing" }}\n'
        f'[profiles]\n"Co.polarisation" = 0.3\n"Co.exchange_length" = "2.5 nm"\n'
    )
    first = load_case(tmp_path / "first.toml")
    assert [file.name for file in first.modules] == [f"{module}.py"]
    mix = rng.uniform(1e13, 1e14, 5) + 1j * rng.normal(size=5) * 1e13
    for law in (
        first.device.interfaces["Pt|Co"],
        Circuit(rng.uniform(1e13, 1e15, 7), 1 / 3, mix, rng.uniform(0, 1, 3)),
        Circuit("1e15 S/m^2", 1e14, ("1e14 S/m^2", "-3e13 S/m^2")),  # type: ignore[arg-type]
    ):
        device = first.device.with_changes(
            interfaces={"Pt|Co": law},
            profiles={**first.device.profiles, "Co.anomalous_hall_angle": rng.normal(size=4)},
            magnetisation={"Co": rng.normal(size=(4, 3))},
        )
        path = dump(device, tmp_path / "second.toml", overwrite=True)
        back = load(path)
        assert_equal(back.interfaces["Pt|Co"], device.interfaces["Pt|Co"])
        assert np.array_equal(back.magnetisation["Co"], device.magnetisation["Co"])
        assert back.profiles.keys() == device.profiles.keys()
        assert all(np.array_equal(back.profiles[n], device.profiles[n]) for n in device.profiles)
        assert to_text(back, tmp_path, "second.npz")[0] == path.read_text()
    assert load(dump(first.device, tmp_path / "third.toml")).magnetisation == first.device.magnetisation


def test_functions_act_as_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "conductances_of_test_config_magnets.py").write_text(MODULE)
    module = "conductances_of_test_config_magnets"
    table = f'{{ G_up = "{module}:G", G_dn = "1e13 S/m^2", G_mix = "{module}:mixing" }}'
    device = read_text(f'{VALVE}[interfaces]\n"Pt|Co" = {table}\n', tmp_path)
    numbers = device.with_changes(interfaces={"Pt|Co": Circuit(1e14, 1e13, 2e14 + 3e13j)})
    found, expected = (d.solve(engine="scikit").torque("Co") for d in (device, numbers))
    assert np.array_equal(found, expected)


def test_check_describes_magnets_and_interfaces() -> None:
    shape = hanle.stack([("A", "5 nm"), ("B", "3 nm"), ("C", "3 nm"), ("D", "3 nm"), ("E", "3 nm")])
    materials = {"A": "Pt", "B": "Co", "C": "Cu", "D": "CuFe", "E": "YIG"}
    law = Circuit(1e15, 2e14, 4e14 + 1e13j, 0.25)
    device = Device(shape, materials, field=(0, 0, 1), interfaces={"A|B": law})
    lines = check(Case(device)).splitlines()
    assert "interface   A|B: G_up 1e+15, G_dn 2e+14, G_mix 4e+14 + i 1e+13 S/m^2, memory loss 0.25" in lines
    assert "interface   B|C: continuous" in lines
    assert any(line.startswith("interface   D|E: G_s ") for line in lines)
    assert any(
        line.startswith("region      B: ferromagnetic metal, shortest decay length 1.7 nm") for line in lines
    )
    assert any(line.startswith("region      D: magnetic metal, shortest decay length") for line in lines)
