"""Device files with magnons and heat.

TOML <-> Python, loss-free; what `hanle check` says; what `hanle run` writes; errors name the place
"""

import json
from pathlib import Path

import pytest

import hanle
from hanle.checks import check
from hanle.cli import main
from hanle.config import Case, read_case, read_text, to_text
from hanle.pde.errors import InputError

TEXT = """
name = "spin Seebeck effect"
temperature = "280 K"
field = ["0 T", "50 mT", "0 T"]
transport = ["magnons", "heat"]

[shape]
kind = "stack"
layers = [["glass", "100 nm"], ["YIG", "200 nm"], ["Pt", "5 nm"]]

[materials]
Pt = { like = "Pt", seebeck = "-5 uV/K", spin_nernst_angle = -0.1 }

[materials.YIG]
like = "YIG"
magnon_conductivity = { value = "3.7e5 S/m", estimate = true, note = "chosen" }
bulk_spin_seebeck = "40 A/(m K)"

[materials.glass]
kind = "insulator"
lattice_heat_conductivity = "1.4 W/(m K)"

[interfaces]
"YIG|Pt" = { g_r = "4e18 1/m^2", g_i = "-2e17 1/m^2", elastic = "local", inelastic_scale = 0.6, h_pp = "2e8 W/(m^2 K)" }

[wires]
Pt = ["Pt"]

[heat_contacts]
hot = ["bottom"]
cold = ["top"]

[run]
wiring = { hot = "10 mK" }
"""


def written(case):
    return to_text(case, Path("."), "x.npz")[0]


def test_files_come_back_equal():
    case = read_case(TEXT)
    device = case.device
    assert device.transport == ("magnons", "heat")
    assert device.wires == {"Pt": ("Pt",)}
    assert device.heat_contacts == {"hot": ("bottom",), "cold": ("top",)}
    law = device.interfaces["YIG|Pt"]
    assert law == hanle.MagnonInterface(
        g_r=4e18, g_i=-2e17, elastic="local", inelastic_scale=0.6, h_pp="2e8 W/(m^2 K)"
    )
    text = written(case)
    again = read_case(text)
    assert written(again) == text
    assert again.device.materials == device.materials
    assert again.device.interfaces == device.interfaces
    assert again.run == case.run == {"wiring": {"hot": "10 mK"}}


def test_defaults_are_not_written():
    device = hanle.Device(hanle.stack([("YIG", 5e-8), ("Pt", 5e-9)]), {"YIG": "YIG", "Pt": "Pt"}, field=(0, 0.1, 0))
    text = written(Case(device))
    assert not any(word in text for word in ("transport", "wires", "heat_contacts"))
    magnons = device.with_changes(
        transport=("magnons",), interfaces={"YIG|Pt": hanle.MagnonInterface(inelastic_scale=0.6)}
    )
    read = read_text(written(Case(magnons)))
    assert read.interfaces == magnons.interfaces
    assert read.transport == ("magnons",)


def test_check_says_what_is_driven():
    text = check(read_case(TEXT))
    assert "10 mK above T_0 at hot" in text
    assert "engine      multilayer" in text
    for given, shown in (("1 MW/m^2", "1e+06 W/m^2 into hot"), ("0 W/m^2", "0 W/m^2 into hot")):
        assert shown in check(read_case(TEXT.replace('"10 mK"', f'"{given}"')))


def test_run_writes_fields_with_units(tmp_path, capsys):
    file = tmp_path / "device.toml"
    file.write_text(TEXT, encoding="utf-8")
    assert main(["run", str(file), "-o", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    assert "E(Pt)" in shown
    assert "balance(T_p)" in shown
    found = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    quantities = found["quantities"]
    assert quantities["E(Pt)"]["unit"] == "V/m"
    assert quantities["dT(hot)"]["value"] == pytest.approx(0.01)
    assert quantities["heat(hot)"]["value"] == pytest.approx(-quantities["heat(cold)"]["value"], rel=1e-9)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('g_r = "4e18 1/m^2"', "g_r = 4e18", r"interfaces\.YIG\|Pt\.g_r"),
        ('elastic = "local"', 'elastic = "locl"', r"interfaces\.YIG\|Pt\.elastic.*local"),
        ("inelastic_scale = 0.6", "inelastic_scal = 0.6", r"interfaces\.YIG\|Pt\.inelastic_scal.*inelastic_scale"),
        ('transport = ["magnons", "heat"]', 'transport = ["magnon", "heat"]', r"transport.*magnon.*magnons"),
        ('hot = ["bottom"]', 'hot = "bottom"', r"heat_contacts\.hot must be a list"),
        ('Pt = ["Pt"]', 'Pt = ["YIG"]', r"wires\.Pt"),
        ('hot = "10 mK"', 'hot = "10 mV"', r"run\.wiring\.hot must be a temperature difference"),
        ('"1.4 W/(m K)"', '"1.4 W/m"', r"glass\.lattice_heat_conductivity"),
    ],
)
def test_errors_name_the_place(old, new, message):
    assert old in TEXT
    with pytest.raises(InputError, match=message):
        read_case(TEXT.replace(old, new))
