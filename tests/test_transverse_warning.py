"""A ferromagnet without exchange and dephasing length is warned about where, and only where, spin across m can come."""

import warnings
from typing import Any

import numpy as np
import pytest

import hanle
from hanle.cli import main
from hanle.config import dump
from hanle.transverse import TransverseSpinWarning

BARE: dict[str, Any] = {
    "kind": "ferromagnetic metal",
    "resistivity": "0.2 uOhm m",
    "polarisation": 0.4,
    "diffusion_length": "8 nm",
    "diffusion_constant": "5 cm^2/s",
}
PLAIN: dict[str, Any] = {"like": "Cu", "spin_hall_angle": 0.0}
SHAPE = hanle.stack([("A", "3 nm"), ("B", "2 nm"), ("C", "4 nm")])
Z, X = (0, 0, 1), (1, 0, 0)


def device(a: Any = BARE, b: Any = PLAIN, c: Any = BARE, **options: Any) -> hanle.Device:
    """A spin valve A | B | C, along z unless said otherwise."""
    materials = {"A": a, "B": b, "C": c}
    magnets = [n for n, given in materials.items() if given is not PLAIN and given != "Pt"]
    given: dict[str, Any] = {"magnetisation": dict.fromkeys(magnets, Z)} | options
    return hanle.Device(SHAPE, materials, **given)


def warned(given: hanle.Device, **options: Any) -> list[str]:
    """The magnets that are warned about."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        given.solve(**options)
    messages = [str(w.message) for w in found if w.category is TransverseSpinWarning]
    assert len(found) == len(messages)
    return [message.split()[0] for message in messages]


CIRCUIT = hanle.Circuit(1e15, 5e14, 6e14)
BOTH = {"A|B": CIRCUIT, "B|C": CIRCUIT}
TEXTURE = {"A": Z, "C": lambda p: np.stack([0 * p[:, 0], 1e9 * p[:, 1], 1 + 0 * p[:, 0]], axis=1)}
PROFILES = {f"{n}.dephasing_length": 1e-9 for n in "AC"}
CASES: list[tuple[str, hanle.Device, list[str]]] = [
    ("collinear", device(), []),
    ("opposite", device(magnetisation={"A": Z, "C": (0, 0, -2)}), []),
    ("field along m", device(field=(0, 0, -3)), []),
    ("moments follow the field", device(field=(0.2, 0, 1), magnetisation={}), []),
    ("crossed", device(magnetisation={"A": Z, "C": X}), ["A", "C"]),
    ("field across m", device(field=(0.1, 0, 0)), ["A", "C"]),
    ("spin Hall metal", device(b="Pt"), ["A", "C"]),
    ("spin Hall magnet", device(BARE | {"spin_hall_angle": 0.01}), ["A", "C"]),
    ("spin Hall profile", device(profiles={"B.spin_hall_angle": 0.1}), ["A", "C"]),
    ("one has lengths", device("Co", magnetisation={"A": Z, "C": X}), ["C"]),
    ("exchange length", device(*[BARE | {"exchange_length": "2 nm"}, "Pt"] * 1, c="Co"), []),
    ("profiles", device(b="Pt", profiles=PROFILES), []),
    ("no magnet", device(BARE | {"polarisation": 0.0}, "Pt", "Co"), []),
    ("behind circuits", device(b="Pt", interfaces=BOTH), []),
    ("behind one circuit", device(b="Pt", interfaces={"A|B": CIRCUIT}), ["C"]),
    ("closed", device(b="Pt", interfaces={"A|B": "closed"}), ["C"]),
    ("own spin Hall effect", device(BARE | {"spin_hall_angle": 0.01}, interfaces=BOTH), ["A"]),
    ("texture", device(magnetisation=TEXTURE, interfaces=BOTH).with_changes(
        shape=hanle.section("20 nm", [("A", "3 nm"), ("B", "2 nm"), ("C", "4 nm")])), ["C"]),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_who_is_warned_about(given: hanle.Device, expected: list[str]) -> None:
    options = {} if given.shape is SHAPE else {"mesh_options": {"cells_per_length": 3, "sizes": {"y": 2e-9}}}
    assert warned(given, **options) == expected


def test_spin_across_m_is_what_the_quiet_devices_lack() -> None:
    """The rule against solutions: with neither length, silence means that all spin of the magnets is along m."""
    for _, given, expected in CASES:
        if expected or given.shape is not SHAPE or any(r.theta for r in given.materials.values()):  # type: ignore[union-attr]
            continue
        result = given.solve()
        m = np.asarray(result.device.conditions.magnetisation_at("A", np.zeros((1, 3)))).reshape(3)
        w = result.spin_accumulation("A", np.array([[0, 0, 1e-9]]))[0]
        assert np.linalg.norm(np.cross(m, w)) <= 1e-12 * np.linalg.norm(w)


def test_sweeps_and_insulators() -> None:
    free = device(magnetisation={}, field=(0, 0, 0.1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        hanle.sweep(free, angle=hanle.angles("beta", [0, 30, 90]), progress=False)
        given = free.with_changes(magnetisation={"A": Z, "C": Z})
        with pytest.raises(TransverseSpinWarning, match="neither exchange_length nor dephasing_length"):
            hanle.sweep(given, angle=hanle.angles("beta", [0, 30]), rotate="B", progress=False)
    insulator = free.with_changes(
        materials={"A": "YIG", "B": PLAIN, "C": BARE}, magnetisation={"A": X, "C": Z}, field=(0, 0, 0)
    )
    assert warned(insulator) == ["C"]
    assert warned(insulator.with_changes(magnetisation={"A": Z, "C": Z})) == []


@pytest.mark.filterwarnings(f"always::{TransverseSpinWarning.__module__}.{TransverseSpinWarning.__name__}")
def test_command_line_says_it_once(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    path = dump(device(b="Pt", c="Co"), tmp_path / "device.toml")
    assert main(["check", str(path)]) == 0
    said = capsys.readouterr().err
    assert said.count("hanle: warning: A has neither exchange_length nor dephasing_length: spin across") == 1
    assert said.count("materials.A; in Co") == 1
