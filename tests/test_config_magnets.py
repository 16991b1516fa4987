"""Device files of conducting magnets and metal | metal interfaces: what is written is read back equal."""

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hanle
from hanle.boundary.circuit import Circuit
from hanle.checks import check
from hanle.config import Case, dump, load, load_case, read_text, to_text
from hanle.device import Device
from hanle.materials.load import Record, material
from hanle.materials.load import load as library
from hanle.materials.write import same, to_given
from hanle.meshes.ovf import VectorGrid, read_ovf, write_ovf
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
#: Between the centres of cells of 2 nm in a wall of 40 nm a texture is linear: (2 * pi/40)^2/8.
LINEAR = 0.02
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
    assert_equal(contact, Circuit.from_resistance(0.5e-15, 0.75, 4e14))
    assert_equal(read('{ area_resistance = "0.5 mOhm um^2" }'), Circuit.from_resistance(0.5e-15))


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


@pytest.fixture
def wall(tmp_path: Path) -> Path:
    """A wall along x as OVF file: m turns from z to -z over 40 nm, one cell along y and z."""
    x = np.linspace(-19, 19, 20) * 1e-9
    angle = np.pi / 2 * (1 + x / 20e-9)
    values = np.stack([np.sin(angle), 0 * x, np.cos(angle)], axis=-1)[:, None, None]
    write_ovf(tmp_path / "wall.ovf", VectorGrid(np.array([x[0], 0, 0]), np.full(3, 2e-9), values))
    return tmp_path / "wall.ovf"


@pytest.mark.parametrize(
    "options",
    [{"uniform": "yz"}, {"uniform": "yz", "smooth": False, "shift": ("1 nm", "0 nm", "2.5 nm")}, {"uniform": "zy"}],
)
def test_textures_of_ovf_files_return(options: Any, wall: Path, tmp_path: Path) -> None:
    texture = hanle.read_ovf(wall, **options)
    device = read_text(VALVE).with_changes(magnetisation={"Co": texture})
    (tmp_path / "deep").mkdir()
    path = dump(device, tmp_path / "deep" / "device.toml")
    assert 'ovf = "../wall.ovf"' in path.read_text()
    back = load(path)
    assert back.magnetisation["Co"] == texture
    points = np.array([[3.3e-9, 1e-6, 0], [-7e-9, 0, 5e-9]])
    assert np.array_equal(back.magnetisation["Co"](points), texture(points))  # type: ignore[operator]
    assert to_text(back, path.parent, "device.npz")[0] == path.read_text()
    short = f"{VALVE.replace('Co = [0.0, 0.0, 1.0]', 'Co = { ovf = ' + repr(wall.name) + ' }')}"
    assert read_text(short, tmp_path).magnetisation["Co"] == hanle.read_ovf(wall)


def test_texture_is_used_and_has_the_torque_of_its_function(wall: Path) -> None:
    """A section of Co | Pt under a wall along y, against the same angles by hand."""
    values = read_ovf(wall).values
    grid = VectorGrid(np.array([0, -19e-9, 0]), np.full(3, 2e-9), values.transpose(1, 0, 2, 3))
    write_ovf(wall, grid)
    shape = hanle.section("38 nm", [("Pt", "5 nm"), ("Co", "3 nm")])

    def by_hand(points: Any) -> Any:
        angle = np.pi / 2 * (1 + points[:, 1] / 20e-9)
        return np.stack([np.sin(angle), 0 * angle, np.cos(angle)], axis=-1)

    device = Device(shape, {"Pt": "Pt", "Co": "Co"})
    totals = []
    for m in (hanle.read_ovf(wall, uniform="xz"), by_hand):
        result = device.with_changes(magnetisation={"Co": m}).solve(
            mesh_options={"cells_per_length": 3, "growth": 1.6}
        )
        totals.append(result.torque("Co"))
    assert np.abs(totals[0] - totals[1]).max() < LINEAR * np.abs(totals[1]).max()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('{ ovf = "nothing.ovf" }', r"magnetisation\.Co\..*nothing\.ovf must be a file that can be read"),
        ('{ ovf = "wall.ovf", sha256 = "00" }', r"magnetisation\.Co\.sha256 must be the hash of wall\.ovf"),
        ('{ ovf = "wall.ovf", uniform = "x" }', r"magnetisation\.Co\.uniform must be axes along which"),
        ('{ ovf = "wall.ovf", uniform = 1 }', r"magnetisation\.Co\.uniform must be axes"),
        ('{ ovf = "wall.ovf", smooth = 1 }', r"magnetisation\.Co\.smooth must be true or false"),
        ('{ ovf = "wall.ovf", shift = ["1 nm"] }', r"magnetisation\.Co\.shift must be three lengths"),
        ('{ ovf = "wall.ovf", shift = ["1 T", "0 nm", "0 nm"] }', r"magnetisation\.Co\.shift\.x must be"),
        ('{ ovf = "wall.ovf", uniforn = "z" }', r"magnetisation\.Co\.uniforn"),
    ],
)
def test_wrong_textures_name_the_key(table: str, message: str, wall: Path) -> None:
    with pytest.raises(InputError, match=message):
        read_text(VALVE.replace("[0.0, 0.0, 1.0]", table), wall.parent)


def test_changed_textures_are_refused(wall: Path, tmp_path: Path) -> None:
    texture = hanle.read_ovf(wall, uniform="yz")
    path = dump(read_text(VALVE).with_changes(magnetisation={"Co": texture}), tmp_path / "device.toml")
    wall.write_bytes(wall.read_bytes() + b"# more\n")
    with pytest.raises(InputError, match=r"magnetisation\.Co\.sha256 must be the hash of wall\.ovf"):
        load(path)
    assert hanle.read_ovf(wall, uniform="yz") != texture
