"""Device files: what is written is read back equal; what a file cannot hold is refused."""

import math
import random
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hanle
from hanle.boundary.b_layer import CONDUCTANCES, Conductances
from hanle.config import Case, dump, load, load_case, read_case, to_text
from hanle.device import Device
from hanle.materials.load import Record, material
from hanle.materials.load import load as library
from hanle.materials.records import MagneticInsulator, Sourced, Sublattice
from hanle.materials.weiss import from_exchange
from hanle.materials.write import same, to_given
from hanle.meshes.layers import stack as plain_stack
from hanle.options import Output
from hanle.pde.constants import E_CHARGE, K_B
from hanle.pde.errors import InputError
from hanle.pde.problem import Face
from hanle.pde.quantity import DIMENSIONS, exact, parse
from hanle.shapes import UserShape
from hanle.toml import write_toml

DATA = Path(__file__).parent / "data"
LAYERS = [("YIG", "50 nm"), ("Pt", "5 nm")]
FILM = '[shape]\nkind = "stack"\nlayers = [["Pt", "5 nm"]]\n[materials]\nPt = "Pt"\n'

SHAPES = [
    hanle.stack(LAYERS),
    hanle.stack([("Pt", "5 nm")], contacts=True),
    hanle.section("100 nm", LAYERS),
    hanle.section(1e-7, LAYERS, periodic=True),
    hanle.hall_bar("20 um", "4 um", LAYERS),
    hanle.hall_bar("20 um", "4 um", LAYERS, arms=0),
    hanle.hall_bar(
        "20 um",
        "4 um",
        LAYERS,
        arms=3,
        arm_width="0.3 um",
        arm_length="1 um",
        arm_positions=["-5.1 um", "0 nm", "5 um"],
        contacts=["Pt"],
        plates={"YIG": "1 um"},
    ),
    hanle.hall_bar("1 um", "0.5 um", LAYERS, periodic=["x", "y"]),
    hanle.cross("20 um", "4 um", LAYERS, plates={"YIG": "0 nm"}),
    hanle.strips("2 um", [("Cu", "60 nm")], [("Pt", "-0.3 um", "100 nm", "7 nm")], width="0.2 um", contacts=["Cu"]),
    hanle.strips("2 um", [("Cu", "60 nm")], [("Pt", "0 nm", "100 nm", "7 nm")], periodic=True),
    hanle.strips("2 um", [("Cu", "60 nm")], [("Pt", 0.0, "100 nm", "7 nm")], width="0.2 um", overhang="0.1 um"),
    hanle.strips("2 um", [("Cu", "60 nm")], [("Pt", 0.0, "100 nm", "7 nm")], width="9 um", strip_length="1 um"),
    hanle.hall_bar_plan("2 um", "0.5 um", region="Pt", arms=1, arm_width="0.1 um"),
    hanle.cross_plan("2 um", "0.5 um", region="Pt"),
    hanle.channel([("Cu", "1 um"), ("Pt", "2 um")]),
    hanle.wire([("Pt", "5 nm"), ("YIG", "20 nm")], length="1 um", sectors=24, contacts=["Pt"]),
    hanle.wire([("Pt", "5 nm"), ("YIG", "20 nm")]),
    hanle.read_mesh(DATA / "hexahedron-2.2-ascii.msh", unit="nm", terminals=["left", "right"]),
    hanle.read_mesh(
        DATA / "quad-4.1-binary.msh",
        unit="nm",
        axes=["y", "z"],
        regions=["Pt", "YIG"],
        terminals={"a": ["YIG|bottom"], "b": ["Pt|bottom"]},
        ignore=["left"],
    ),
]  # fmt: skip


def same_values(a: Any, b: Any) -> bool:
    return a is b if callable(a) else bool(np.array_equal(a, b))


def assert_same(a: Device, b: Device) -> None:
    """Every attribute equal, to the last digit; records but for their names."""
    assert a.shape == b.shape
    assert a.name == b.name
    assert a.temperature == b.temperature
    assert same_values(a.field, b.field)
    assert a.contacts == b.contacts
    assert a.materials.keys() == b.materials.keys()
    for name, record in a.materials.items():
        assert same(record, b.materials[name])
    for left, right in ((a.magnetisation, b.magnetisation), (a.profiles, b.profiles)):
        assert left.keys() == right.keys()
        assert all(same_values(left[name], right[name]) for name in left)
    assert a.interfaces.keys() == b.interfaces.keys()
    for face, law in a.interfaces.items():
        other = b.interfaces[face]
        if isinstance(law, Conductances):
            assert all(same_values(getattr(law, n), getattr(other, n)) for n in CONDUCTANCES)
        else:
            assert law == other


def simple(shape: UserShape, **options: Any) -> Device:
    """A device of library metals, B along z."""
    kinds = {"Pt": "Pt", "YIG": "YIG", "Cu": "Cu"}
    return Device(shape, {name: kinds[name] for name in shape.regions}, field=(0, 0, 1), **options)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.kind)
def test_shapes_return(shape: UserShape, tmp_path: Path) -> None:
    device = simple(shape)
    path = dump(device, tmp_path / "deep" / "device.toml")
    back = load(path)
    assert_same(device, back)
    assert back.shape.shape.terminals == shape.shape.terminals
    assert to_text(back, path.parent, "device.npz")[0] == path.read_text()


def test_everything_returns(tmp_path: Path, rng: np.random.Generator) -> None:
    (tmp_path / "profiles_of_test_config.py").write_text(
        "def field(points):\n    return 0 * points + [0, 0, 1]\n\n\ndef G_r(points):\n    return 1e13 + points[:, 0]\n"
    )
    (tmp_path / "first.toml").write_text(
        """
field = "profiles_of_test_config:field"
[shape]
kind = "stack"
layers = [["YIG", "50 nm"], ["Pt", "5 nm"], ["Cu", "3 nm"], ["EuS", "2 nm"]]
[materials]
YIG = "YIG"
Pt = "Pt"
Cu = "Cu"
EuS = "EuS"
[profiles]
"YIG|Pt.G_r" = "profiles_of_test_config:G_r"
"""
    )
    first = load(tmp_path / "first.toml")
    device = first.with_changes(
        name='a "name"\nwith lines',
        temperature="4.2 K",
        magnetisation={"EuS": rng.normal(size=(7, 3)), "YIG": (1, 2, 3)},
        interfaces={"YIG|Pt": Conductances("-1e12 S/m^2", 1e14, rng.uniform(1e12, 1e13, 5)), "Pt|Cu": "continuous"},
        profiles={**first.profiles, "Pt.resistivity": rng.uniform(1e-7, 4e-7, 9), "Pt.diffusion_length": "1.5 nm"},
        contacts={"in": ("bottom",), "out": ("top",)},
    )
    run = {
        "current": 1 / 3,
        "source": "in",
        "order": 2,
        "engine": "scikit",
        "solver": "direct",
        "tolerance": 1e-10,
        "mesh_options": {"growth": 1.3, "sizes": {"z": 1e-9}},
    }
    sweep = {"angle": hanle.angles("beta", [0, 30.5]), "field": (0.1, 9.0), "temperature": (4.2,), "rotate": "B"}
    case = Case(device, run, sweep, Output(fields=False))
    path = dump(case, tmp_path / "second.toml")
    back = load_case(path)
    assert_same(device, back.device)
    assert back.run == run
    assert back.sweep is not None
    assert {k: v for k, v in back.sweep.items() if k != "angle"} == {k: v for k, v in sweep.items() if k != "angle"}
    assert back.sweep["angle"].plane == "beta"
    assert list(back.sweep["angle"].degrees) == [0, 30.5]
    assert back.output == Output(fields=False)
    assert (tmp_path / "second.npz").is_file()


def own_ferrimagnet() -> MagneticInsulator:
    """Three sublattices, which need the exchange matrix."""
    energies = tuple(
        tuple(K_B * e for e in row) for row in ((10.0, -300.0, 5.0), (-200.0, 20.0, 7.0), (5.0, 10.5, 1.0))
    )
    moments = from_exchange((2.5, 2.5, 3.5), energies, (2.0, 3.0, 2.0), g_factor=1.99)
    couplings = (("energy volume", 3e-3 * E_CHARGE * 1e-27), ("dimensionless", 0.1), ("dimensionless", -0.02))
    sublattices = tuple(
        Sublattice(Sourced(k * 1e18, "areal density"), Sourced(value, dimension))
        for k, (dimension, value) in enumerate(couplings)
    )
    return MagneticInsulator("X", moments=moments, sublattices=sublattices)


MATERIALS: list[Record] = [
    replace(library("Pt"), spin_hall_angle=Sourced(0.07, "dimensionless", 10.0, "me", "a note", True)),  # type: ignore[arg-type]
    material(
        {
            "resistivity": "41.3 uOhm cm",
            "spin_hall_angle": -0.1,
            "diffusion_constant": "3 cm^2/s",
            "relaxation": [
                ["2 1/ps", "0.1 1/ps", "0 1/s"],
                ["0.1 1/ps", "3 1/ps", "0 1/s"],
                ["0 1/s", "0 1/s", "5 1/ps"],
            ],
            "mobility": "20 cm^2/(V s)",
            "g_factor": 2.1,
        },
        "m",
    ),
    material({"kind": "magnetic insulator", "G_s": "-1e12 S/m^2", "G_r": "3e14 S/m^2", "G_i": "2e13 S/m^2"}, "m"),
    material({"like": "YIG", "critical_temperature": "550 K", "g_factor": 2.02}, "m"),
    own_ferrimagnet(),
]  # fmt: skip


@pytest.mark.parametrize("record", MATERIALS, ids=["changed", "tensor", "conductances", "like", "exchange"])
def test_materials_return(record: Record) -> None:
    given = to_given(record)
    assert isinstance(given, dict)
    back = material(tomllib.loads(write_toml(given)), "m")
    if isinstance(record, MagneticInsulator) and not record.facts:
        assert isinstance(back, MagneticInsulator)
        back = replace(back, facts=())
    assert same(back, record)


def test_library_materials_stay_names() -> None:
    for name in ("Pt", "YIG", "GGG"):
        assert to_given(material({"like": name}, "materials.X")) == name


def test_strings_are_si_numbers() -> None:
    assert hanle.stack(LAYERS) == hanle.stack([("YIG", 50e-9), ("Pt", 5e-9)])
    assert hanle.hall_bar("20 um", "4 um", LAYERS, arm_width="0.3 um") == hanle.hall_bar(
        20e-6, 4e-6, [("YIG", 50e-9), ("Pt", 5e-9)], arm_width=0.3e-6
    )
    a = simple(hanle.stack(LAYERS), temperature="10 K").with_changes(
        field=("0.1 T", "0 T", "50 mT"),
        profiles={"Pt.resistivity": "40 uOhm cm"},
        interfaces={"YIG|Pt": Conductances("0 S/m^2", "1e14 S/m^2", "-1e13 S/m^2")},
    )
    b = simple(hanle.stack(LAYERS), temperature=10).with_changes(
        field=(0.1, 0, 0.05),
        profiles={"Pt.resistivity": 4e-7},
        interfaces={"YIG|Pt": Conductances(0, 1e14, -1e13)},
    )
    assert_same(a, b)


def test_exact_text_of_numbers() -> None:
    """parse(exact(x)) is x to the last digit, for every dimension and over 30 orders of magnitude."""
    numbers = random.Random(1)
    for dimension in DIMENSIONS:
        for _ in range(200):
            value = numbers.choice([-1, 1]) * 10 ** numbers.uniform(-20, 18)
            assert parse(exact(value, dimension), dimension, "key", bare_is_si=False) == value
    assert [exact(x, "length") for x in (5e-9, 1.5e-9, 20e-6, 0.0)] == ["5 nm", "1.5 nm", "20 um", "0 m"]


def test_toml_returns() -> None:
    """Random nested tables, with the characters that need care."""
    numbers = random.Random(2)
    letters = ['"', "\\", "\n", "\x7f", "é", "|", ".", " ", "a", "'", "#", "\t"]

    def text() -> str:
        return "".join(numbers.choices(letters, k=numbers.randint(1, 6)))

    def value(depth: int) -> Any:
        kinds: list[Callable[[], Any]] = [text, lambda: numbers.random() * 1e-9, lambda: 7, lambda: True]
        if depth:
            kinds += [
                lambda: [value(depth - 1) for _ in range(3)],
                lambda: {text(): value(depth - 1) for _ in range(3)},
            ]
        return numbers.choice(kinds)()

    for _ in range(300):
        table = {text(): value(3) for _ in range(4)}
        assert tomllib.loads(write_toml(table)) == table


def test_toml_refuses_nan() -> None:
    with pytest.raises(InputError, match=r"a\.b must be a string, a finite number"):
        write_toml({"a": {"b": math.nan}})


def test_lambdas_are_refused(tmp_path: Path) -> None:
    def inner(points: Any) -> Any:
        return points

    device = simple(hanle.stack(LAYERS))
    for function in (lambda points: points, inner):
        with pytest.raises(
            InputError, match=r"field must be a function that a file can name.*top level of a module"
        ):
            dump(device.with_changes(field=function), tmp_path / "device.toml")
    with pytest.raises(InputError, match=r"profiles\.Pt\.resistivity must be a function that a file can name"):
        dump(device.with_changes(profiles={"Pt.resistivity": lambda p: p[:, 0]}), tmp_path / "device.toml")
    inner.__qualname__ = "simple"
    with pytest.raises(InputError, match="that name means something else"):
        dump(device.with_changes(field=inner), tmp_path / "device.toml")
    assert not list(tmp_path.iterdir())


def test_functions_of_libraries_return(tmp_path: Path) -> None:
    device = simple(hanle.stack(LAYERS)).with_changes(field=math.fsum)
    assert load(dump(device, tmp_path / "device.toml")).field is math.fsum


def test_other_shapes_and_laws_are_refused(tmp_path: Path) -> None:
    device = Device(plain_stack([("Pt", 5e-9)]), {"Pt": "Pt"})
    with pytest.raises(InputError, match=r"shape must be made by hanle\.stack"):
        dump(device, tmp_path / "device.toml")
    law: Any = Face.__new__(Face)
    device = simple(hanle.stack(LAYERS)).with_changes(interfaces={"YIG|Pt": law})
    with pytest.raises(InputError, match=r"interfaces\.YIG\|Pt must be conductances or a name, to be written"):
        dump(device, tmp_path / "device.toml")


def test_changed_array_is_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    device = simple(hanle.stack(LAYERS)).with_changes(profiles={"Pt.resistivity": rng.uniform(1e-7, 2e-7, 4)})
    path = dump(device, tmp_path / "device.toml")
    np.savez(tmp_path / "device.npz", **{"profiles.Pt.resistivity": np.ones(4)})
    with pytest.raises(InputError, match=r"device\.toml: profiles\.Pt\.resistivity\.sha256 must be the hash"):
        load(path)
    (tmp_path / "device.npz").unlink()
    with pytest.raises(InputError, match=r"profiles\.Pt\.resistivity\.file must be an existing file"):
        load(path)


def test_changed_mesh_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "box.msh"
    source.write_bytes((DATA / "hexahedron-2.2-ascii.msh").read_bytes())
    path = dump(simple(hanle.read_mesh(source, unit="nm")), tmp_path / "device.toml")
    source.write_bytes((DATA / "tetra-2.2-ascii.msh").read_bytes())
    with pytest.raises(InputError, match=r"shape\.sha256 must be the hash of box\.msh"):
        load(path)


def test_files_are_not_overwritten(tmp_path: Path, rng: np.random.Generator) -> None:
    device = simple(hanle.stack(LAYERS))
    dump(device, tmp_path / "device.toml")
    with pytest.raises(InputError, match="output must be free"):
        dump(device, tmp_path / "device.toml")
    with_array = device.with_changes(profiles={"Pt.resistivity": rng.uniform(1e-7, 2e-7, 4)})
    (tmp_path / "other.npz").write_bytes(b"mine")
    with pytest.raises(InputError, match="output must be free"):
        dump(with_array, tmp_path / "other.toml")
    assert (tmp_path / "other.npz").read_bytes() == b"mine"
    assert not (tmp_path / "other.toml").exists()


def test_module_of_another_folder_is_refused(tmp_path: Path) -> None:
    """Two files with modules of one name: the second must not get the function of the first."""
    text = 'field = "module_named_twice:field"\n' + FILM
    for k, folder in enumerate((tmp_path / "a", tmp_path / "b")):
        folder.mkdir()
        (folder / "device.toml").write_text(text)
        (folder / "module_named_twice.py").write_text(f"def field(points):\n    return 0 * points + {k}\n")
    points = np.zeros((1, 3))
    field: Any = load(tmp_path / "a" / "device.toml").field
    assert field(points)[0, 0] == 0
    with pytest.raises(InputError, match="a module whose name is free"):
        load(tmp_path / "b" / "device.toml")


def test_ranges() -> None:
    text = FILM + "[sweep]\n"
    text += 'angle = { plane = "alpha", degrees = { from = 0, to = 90, points = 4 } }\n'
    text += 'field = { from = "0 T", to = "9 T", points = 10 }\ntemperature = "5 K"\n'
    found = read_case(text).sweep
    assert found is not None
    assert found["field"] == pytest.approx(tuple(range(10)))
    assert found["temperature"] == (5.0,)
    assert list(found["angle"].degrees) == [0, 30, 60, 90]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('angle = "delta"', "angle must be one of alpha, beta, gamma"),
        ("field = 0.1", r"sweep\.field\[0\] must be a magnetic field"),
        (
            'field = { from = "0 T", to = "9 T", points = 1 }',
            r"sweep\.field\.points must be a whole number, 2 or more",
        ),
        ('field = { from = "0 T", to = "9 T", step = 1 }', r"sweep\.field\.step must be one of"),
        ('rotate = "both"', "sweep must be over angle, field, temperature or vary"),
    ],
)
def test_sweeps_refused(line: str, message: str) -> None:
    text = FILM + "[sweep]\n"
    with pytest.raises(InputError, match=message):
        read_case(text + line)
