"""Mistakes in device files of magnons, heat and motion: refused before anything is solved, by key and with the cure."""

from pathlib import Path

import pytest

import hanle
from hanle.checks import check
from hanle.config import load_case, read_case
from hanle.pde.errors import InputError

SEEBECK = (Path(__file__).parent / "data" / "seebeck.toml").read_text(encoding="utf-8")
MOTION = """
field = ["0 T", "50 mT", "0 T"]
[shape]
kind = "stack"
layers = [["YIG", "20 nm"], ["Pt", "5 nm"]]
[materials]
YIG = "YIG"
Pt = "Pt"
[dynamics]
until = "20 ns"
[dynamics.magnets.YIG]
damping = 3e-4
anisotropies = [[[0, 0, 1], "-0.176 T"]]
begin = [0.1, 1, 0]
"""
AC = MOTION.split("[dynamics]")[0] + '[ac]\nfrequency = ["1 GHz"]\n'


def refused(tmp_path, text, *changes):
    """What is said of a device file after replacements (old, new)."""
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "device.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        check(load_case(path))
    return str(error.value)


def test_files_without_the_mistakes_pass(tmp_path):
    for text in (SEEBECK, MOTION, AC):
        path = tmp_path / "device.toml"
        path.write_text(text, encoding="utf-8")
        assert "engine" in check(load_case(path))


@pytest.mark.parametrize(
    ("text", "old", "new", "key", "said"),
    [
        (SEEBECK, 'YIG = "YIG"\n', "", "materials", "none for YIG"),
        (SEEBECK, "[0, 1, 0]", "[0, 0, 0]", ": magnetisation.YIG", "not zero"),
        (SEEBECK, "g_r =", "gr =", "interfaces.YIG|Pt.gr", 'did you mean "g_r"'),
        (SEEBECK, '"10 K"', '"1 W/m^2", top = "1 W/m^2"', "run.wiring", "one heat contact at a temperature"),
        (MOTION, "[0.1, 1, 0]", "[0, 0, 0]", "dynamics.magnets.YIG.begin", "not zero"),
        (MOTION, "[0, 0, 1]", "[0, 0, 0]", "dynamics.magnets.YIG.anisotropies[0]", "not zero"),
        (MOTION, '"20 ns"', '"20 ns"\nerror = -1', "dynamics.error", "between 0 and 1"),
        (MOTION, '"20 ns"', '"20 ns"\nfield_error = 2', "dynamics.field_error", "between 0 and 1"),
        (MOTION, '"20 ns"', '"20 ns"\nmax_step = "0 s"', "dynamics.max_step", "positive [s]"),
        (AC, '["1 GHz"]', "[]", "ac.frequency", "at least one value"),
    ],
)
def test_refused(tmp_path, text, old, new, key, said):
    words = refused(tmp_path, text, (old, new))
    assert key in words
    assert said in words


def test_heat_at_every_contact_needs_a_way_out(tmp_path):
    """Surroundings behind a face of the device hold its temperature as well."""
    path = tmp_path / "device.toml"
    path.write_text(SEEBECK.replace('"10 K"', '"1 W/m^2", top = "1 W/m^2"'), encoding="utf-8")
    with pytest.raises(InputError, match="one heat contact"):
        check(load_case(path))
    device = hanle.Device(
        hanle.stack([("YIG", "100 nm"), ("Pt", "5 nm")]),
        {"YIG": "YIG", "Pt": "Pt"},
        magnetisation={"YIG": (0, 1, 0)},
        field=(0, 0.1, 0),
        interfaces={"top": hanle.HeatContact(lattice="1e8 W/(m^2 K)")},
        transport=("magnons", "heat"),
        wires={"Pt": ["Pt"]},
        heat_contacts={"bottom": ["bottom"]},
    )
    solved = device.solve(wiring={"bottom": "1e6 W/m^2"})
    # All of it leaves through h = 1e8 W/(m^2 K): 10 mK between Pt and what is beyond.
    assert solved.temperature("Pt", [[0, 0, 105e-9]]) == pytest.approx(300.01, abs=1e-6)


def test_nonlinear_files_can_be_checked(tmp_path):
    path = tmp_path / "device.toml"
    path.write_text(SEEBECK + "nonlinear = true\n", encoding="utf-8")
    assert "beyond linear response" in check(load_case(path))


def small_motions():
    device = hanle.Device(
        hanle.stack([("YIG", "10 nm"), ("Pt", "5 nm")]),
        {"YIG": "YIG", "Pt": "Pt"},
        field=("0 T", "50 mT", "0 T"),
        magnetisation={"YIG": (0, 1, 0)},
        interfaces={"YIG|Pt": hanle.Conductances(0.0, 3e14, 0.0)},
    )
    magnet = hanle.Macrospin(damping=3e-4, anisotropies=[((0, 0, 1), "-0.176 T")])
    return device.small_angles(magnets={"YIG": magnet}, current_density="1e10 A/m^2")


def test_bounds_of_a_threshold_are_those_of_the_user():
    motions = small_motions()
    assert motions.threshold(-100, 0) < 0
    with pytest.raises(InputError, match=r"multiples of the given current.*\(0, 100\).*stable at both"):
        motions.threshold(0, 100)


def test_unknown_alternating_drive():
    with pytest.raises(InputError, match=r'drive must be one of .*current_density.*"drive"'):
        small_motions().rectified("9 GHz", lambda r: r.electric_field[0], drive={"current_density": "1e10 A/m^2"})


def test_small_motions_print_their_modes():
    # Kittel: gamma sqrt(B (B + 0.176 T))/2 pi = 2.97 GHz.
    assert repr(small_motions()).startswith("<SmallMotions: YIG; modes at 2.9")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (((0, 0, 0), 0.1, 1e10), "axis must be along a vector that is not zero"),
        (((0, 0, 1), float("nan"), 1e10), "cone must be a finite number"),
    ],
)
def test_precession_about_nothing(given, said):
    with pytest.raises(InputError, match=said):
        hanle.precession(*given)


def test_frequency_of_a_resonance():
    device = hanle.Device(
        hanle.stack([("YIG", "10 nm"), ("Pt", "5 nm")]), {"YIG": "YIG", "Pt": "Pt"}, field=("0.1 T", "0 T", "0 T")
    )
    with pytest.raises(InputError, match="frequency must be positive"):
        hanle.ferromagnetic_resonance(
            device, magnets={"YIG": hanle.Macrospin(damping=1e-3)}, field="0.1 T", frequency="0 GHz",
            current_density="1e10 A/m^2",
        )  # fmt: skip


def test_check_says_what_heat_does():
    text = SEEBECK.replace('layers = [["YIG"', 'layers = [["GGG", "1 um"], ["YIG"').replace(
        'YIG = "YIG"', 'GGG = "GGG"\nYIG = "YIG"'
    )
    assert "GGG|YIG: closed to charge and spin, heat crosses" in check(read_case(text))
