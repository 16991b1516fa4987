"""The commands run, check and materials: what they print and write, and that results can be made again from them."""

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hanle
from hanle.build import problem
from hanle.checks import check
from hanle.cli import main
from hanle.config import load_case
from hanle.engines import choose_engine
from hanle.run import run, with_options
from hanle.solving import solve

DATA = Path(__file__).parent / "data"

FILM = """
name = "Pt on YIG"
temperature = "77 K"
field = ["0.1 T", "0.2 T", "1 T"]
[shape]
kind = "stack"
layers = [["YIG", "50 nm"], ["Pt", "5 nm"]]
[materials]
Pt = "Pt"
YIG = "YIG"
"""

BAR = """
[shape]
kind = "hall_bar"
length = "60 nm"
width = "20 nm"
layers = [["YIG", "5 nm"], ["Pt", "2 nm"]]
[materials]
Pt = "Pt"
YIG = "YIG"
[run.mesh]
cells_per_length = 3
lateral = "uniform"
[sweep]
angle = { plane = "beta", degrees = [0, 90] }
field = "2 T"
"""


def write(folder: Path, text: str) -> str:
    (folder / "device.toml").write_text(text)
    return str(folder / "device.toml")


def numbers(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "results.json").read_text())
    return found


def test_run_writes_what_solve_finds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, FILM)
    assert main(["run", path, "--no-pictures"]) == 0
    out = tmp_path / "device-out"
    assert sorted(p.name for p in out.iterdir()) == [
        "device.toml",
        "fields",
        "fields.vtm",
        "results.json",
        "sources.bib",
    ]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["device-out", "device.toml"]
    result = hanle.load(path).solve()
    found = numbers(out)
    quantities = found["quantities"]
    assert quantities["rho_L"]["value"] == float(result.rho_L)
    assert quantities["rho_L"]["unit"] == "Ohm m"
    assert quantities["rho_T"]["value"] == float(result.rho_T)
    assert quantities["rho_L_change"]["value"] == float(result.rho_L_change)
    torque = [quantities[f"torque_{axis}(YIG)"]["value"] for axis in "xyz"]
    assert np.array_equal(torque, result.torque("YIG"))
    assert found["proof"]["engine"] == "multilayer"
    assert max(found["proof"]["balances"].values()) < 1e-10
    assert found["provenance"]["hanle version"] == hanle.__version__
    assert "althammer2013" in (out / "sources.bib").read_text()
    shown = capsys.readouterr()
    assert f"{float(result.rho_L):.6g} Ohm m" in shown.out
    assert "balance(power)" in shown.out
    assert "solving for du/dx" in shown.err


@pytest.mark.parametrize("ending", ["vtm", "pvd", "vtkhdf"])
def test_fields_in_the_format_asked_for(ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, FILM + f'[output]\nfields = "{ending}"\npictures = false\n')
    assert main(["run", path, "-o", str(tmp_path / "a"), "--quiet"]) == 0
    assert (tmp_path / "a" / f"fields.{ending}").is_file()
    assert load_case(tmp_path / "a" / "device.toml").output.fields == ending
    for wrong in ('"vtu"', "1", '"true"'):
        assert main(["run", write(tmp_path, FILM + f"[output]\nfields = {wrong}\n")]) == 1
        assert "output.fields must be true or false or vtm or pvd or vtkhdf" in capsys.readouterr().err
    assert main(["run", write(tmp_path, FILM + '[output]\npictures = "pvd"\n')]) == 1
    assert "output.pictures must be true or false; instead" in capsys.readouterr().err


def test_run_can_be_repeated_from_its_output(tmp_path: Path) -> None:
    path = write(tmp_path, FILM)
    assert main(["run", path, "-o", str(tmp_path / "a"), "--no-pictures", "--quiet"]) == 0
    again = ["run", str(tmp_path / "a" / "device.toml"), "-o", str(tmp_path / "b"), "--no-pictures", "--quiet"]
    assert main(again) == 0
    a, b = numbers(tmp_path / "a"), numbers(tmp_path / "b")
    assert a["quantities"] == b["quantities"]
    assert a["provenance"]["input sha256"] == b["provenance"]["input sha256"]


@pytest.mark.filterwarnings("ignore::hanle.meshes.coarse.CoarseMeshWarning")
def test_output_brings_its_functions_and_arrays(tmp_path: Path, rng: np.random.Generator) -> None:
    (tmp_path / "rho_of_test_cli.py").write_text("def rho(points):\n    return 3e-7 * (1 + points[:, 2] / 55e-9)\n")
    profiles = '[profiles]\n"Pt.resistivity" = "rho_of_test_cli:rho"\n[output]\nfields = false\npictures = false\n'
    path = write(tmp_path, FILM + profiles)
    assert main(["run", path, "-o", str(tmp_path / "a"), "--quiet"]) == 0
    assert {p.name for p in (tmp_path / "a").iterdir()} == {
        "device.toml",
        "results.json",
        "rho_of_test_cli.py",
        "sources.bib",
    }
    assert main(["run", str(tmp_path / "a" / "device.toml"), "-o", str(tmp_path / "b"), "--quiet"]) == 0
    assert numbers(tmp_path / "a")["quantities"] == numbers(tmp_path / "b")["quantities"]
    # Arrays belong to one mesh.
    shape = hanle.read_mesh(DATA / "hexahedron-2.2-ascii.msh", unit="nm", terminals=["left", "right"])
    cells = len(shape.mesh().region_cells("Pt"))
    profile = {"Pt.resistivity": rng.uniform(3e-7, 4e-7, cells)}
    device = hanle.Device(shape, {"Pt": "Pt", "YIG": "Cu"}, profiles=profile)
    hanle.dump(device, tmp_path / "other.toml")
    assert main(["run", str(tmp_path / "other.toml"), "-o", str(tmp_path / "c"), "--quiet", "--no-pictures"]) == 0
    assert (
        main(["run", str(tmp_path / "c" / "device.toml"), "-o", str(tmp_path / "d"), "--quiet", "--no-pictures"])
        == 0
    )
    assert numbers(tmp_path / "c")["quantities"] == numbers(tmp_path / "d")["quantities"]
    mesh = tmp_path / "c" / "inputs" / "hexahedron-2.2-ascii.msh"
    assert mesh.read_bytes() == (DATA / mesh.name).read_bytes()
    assert 'path = "inputs/hexahedron-2.2-ascii.msh"' in (tmp_path / "c" / "device.toml").read_text()


VALVE = """
[shape]
kind = "section"
width = "6 nm"
layers = [["A", "2 nm"], ["Pt", "2 nm"], ["B", "2 nm"]]
[materials]
Pt = "Pt"
A = "Co"
B = "Co"
[magnetisation]
A = { ovf = "one/m.ovf", shift = ["0 nm", "-1 nm", "-1 nm"] }
B = { ovf = "two/m.ovf", shift = ["0 nm", "-1 nm", "2 nm"], smooth = false }
[run.mesh]
cells_per_length = 3
[output]
fields = false
pictures = false
"""


def test_output_brings_its_ovf_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two textures in files of one name: the output goes elsewhere, the inputs vanish, and it runs as before."""
    given = tmp_path / "given"
    for name, kind in (("one", "text"), ("two", "binary4")):
        (given / name).mkdir(parents=True)
        shutil.copyfile(DATA / f"texture-{kind}.ovf", given / name / "m.ovf")
    assert main(["run", write(given, VALVE), "-o", str(tmp_path / "a"), "--quiet"]) == 0
    shutil.rmtree(given)
    (tmp_path / "far").mkdir()
    moved = (tmp_path / "a").rename(tmp_path / "far" / "away")
    for name, kind in (("m.ovf", "text"), ("m-2.ovf", "binary4")):
        assert (moved / "inputs" / name).read_bytes() == (DATA / f"texture-{kind}.ovf").read_bytes()
    assert 'ovf = "inputs/m-2.ovf"' in (moved / "device.toml").read_text()
    assert main(["run", str(moved / "device.toml"), "-o", str(tmp_path / "b"), "--quiet"]) == 0
    a, b = numbers(moved), numbers(tmp_path / "b")
    assert a["quantities"] == b["quantities"]
    assert a["provenance"]["input sha256"] == b["provenance"]["input sha256"]
    assert abs(a["quantities"]["torque_y(B)"]["value"]) > 0
    # also onto itself
    assert main(["run", str(moved / "device.toml"), "-o", str(moved), "--quiet", "--overwrite"]) == 0
    assert numbers(moved)["quantities"] == b["quantities"]
    (moved / "inputs" / "m.ovf").unlink()
    assert main(["run", str(moved / "device.toml"), "-o", str(tmp_path / "c"), "--quiet"]) == 1
    assert "m.ovf" in capsys.readouterr().err


def test_one_file_for_two_magnets_is_copied_once(tmp_path: Path) -> None:
    shutil.copyfile(DATA / "texture-text.ovf", tmp_path / "m.ovf")
    text = VALVE.replace("one/m.ovf", "m.ovf").replace("two/m.ovf", "m.ovf")
    assert main(["run", write(tmp_path, text), "-o", str(tmp_path / "a"), "--quiet"]) == 0
    assert [p.name for p in (tmp_path / "a" / "inputs").iterdir()] == ["m.ovf"]


def test_changed_files_are_refused_before_anything_is_solved(tmp_path: Path) -> None:
    shutil.copyfile(DATA / "texture-text.ovf", tmp_path / "m.ovf")
    text = VALVE.replace("one/m.ovf", "m.ovf").replace("two/m.ovf", "m.ovf")
    case = load_case(write(tmp_path, text))
    shutil.copyfile(DATA / "texture-binary8.ovf", tmp_path / "m.ovf")
    said: list[str] = []
    with pytest.raises(hanle.HanleError, match=r"magnetisation\.A\.sha256 must be the hash of m\.ovf"):
        run(case, tmp_path / "a", say=said.append)
    assert said == []
    assert not (tmp_path / "a").exists()


def test_options_of_the_command_line_are_part_of_the_input(tmp_path: Path) -> None:
    """Before or after those of the file: a repeated run says that its input is the same."""
    path = write(tmp_path, FILM + '[run]\nsolver = "direct"\n')
    words = ["--engine", "scikit", "--no-pictures", "--quiet"]
    assert main(["run", path, "-o", str(tmp_path / "a"), *words]) == 0
    assert main(["run", str(tmp_path / "a" / "device.toml"), "-o", str(tmp_path / "b"), *words]) == 0
    a, b = (numbers(tmp_path / name)["provenance"]["input sha256"] for name in "ab")
    assert a == b


def test_overwrite_replaces_results(tmp_path: Path) -> None:
    path = write(tmp_path, FILM)
    words = ["run", path, "-o", str(tmp_path / "out"), "--no-pictures", "--quiet"]
    assert main(words) == 0
    write(tmp_path, FILM.replace("77 K", "300 K"))
    assert main(words) == 1
    first = numbers(tmp_path / "out")
    assert main([*words, "--overwrite"]) == 0
    assert numbers(tmp_path / "out")["quantities"] != first["quantities"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["device.toml", "out"]


def test_quiet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", write(tmp_path, FILM), "--no-pictures", "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_engine_from_the_command_line(tmp_path: Path) -> None:
    path = write(tmp_path, FILM)
    words = ["run", path, "--no-pictures", "--quiet", "--engine", "scikit", "--order", "2", "--solver", "direct"]
    assert main(words) == 0
    found = numbers(tmp_path / "device-out")
    assert found["proof"]["engine"] == "scikit"
    assert found["proof"]["solver"] == "direct"
    second_order = 1e-4
    change = float(hanle.load(path).solve().rho_L_change)
    assert found["quantities"]["rho_L_change"]["value"] == pytest.approx(change, rel=second_order)
    copied = load_case(tmp_path / "device-out" / "device.toml")
    assert copied.run == {"engine": "scikit", "order": 2, "solver": "direct"}


def test_sweep_of_a_film(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, FILM + '[sweep]\nangle = "alpha"\nfield = ["0.1 T", "9 T"]\n')
    assert main(["run", path, "--quiet"]) == 0
    out = tmp_path / "device-out"
    names = {p.name for p in out.iterdir()}
    assert {"curves.nc", "curves.png", "spin_accumulation.png"} <= names
    curves = hanle.read_curves(out / "curves.nc")
    expected = hanle.sweep(hanle.load(path), angle="alpha", field=[0.1, 9.0])
    assert np.array_equal(curves.rho_L.values, expected.rho_L.values)
    assert curves.rho_L.attrs["units"] == "Ohm m"
    assert numbers(out)["quantities"]["rho_L"]["value"] == expected.rho_L.values[0, 0, 0]
    assert "the numbers below are those of the first state" in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore::hanle.meshes.coarse.CoarseMeshWarning")
def test_sweep_of_a_bar(tmp_path: Path) -> None:
    """B = 0 in the file: the sweep sets it, for the fields too."""
    path = write(tmp_path, BAR)
    assert main(["run", path, "--no-pictures", "--quiet"]) == 0
    out = tmp_path / "device-out"
    curves = hanle.read_curves(out / "curves.nc")
    case = load_case(path)
    one = solve(case.device.with_changes(field=(0, 0, 2)), **case.run)
    assert curves.rho_L_change.values[0, 0, 0] == pytest.approx(float(one.rho_L_change), rel=1e-5)
    assert list(curves.terminal.values) == ["left", "right", "V1", "V2", "V3", "V4"]
    found = numbers(out)["quantities"]
    assert found["V(V1)"]["value"] == pytest.approx(
        float(curves.voltage.sel(terminal="V1").values[0, 0, 0]), rel=1e-12
    )
    assert found["I(left)"]["value"] == pytest.approx(1e-3, rel=1e-12)


def test_check_of_a_film(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", write(tmp_path, FILM)]) == 0
    shown = capsys.readouterr().out
    for part in (
        "77 K, B = (0.1, 0.2, 1) T",
        "Pt: normal metal, shortest decay length 1.5 nm",
        "YIG|Pt: G_s -",
        "exact",
    ):
        assert part in shown
    assert [p.name for p in tmp_path.iterdir()] == ["device.toml"]


@pytest.mark.filterwarnings("ignore::hanle.meshes.coarse.CoarseMeshWarning")
@pytest.mark.parametrize("order", [1, 2])
def test_check_predicts_the_unknowns(order: int, tmp_path: Path) -> None:
    """Exact in first order; second order within a third, on the safe side."""
    case = with_options(load_case(write(tmp_path, BAR)), order=order)
    shown = check(case)
    line = next(line for line in shown.splitlines() if line.startswith("unknowns"))
    predicted = int(line.split()[2].rstrip(";"))
    device = case.device.with_changes(field=(0, 0, 2))
    posed = problem(device, device.mesh(**case.run["mesh_options"]))
    actual = choose_engine(device, order=order).assemble(posed).size
    assert predicted == actual if order == 1 else actual <= predicted < 4 / 3 * actual
    assert "first of 2" in shown
    assert "1 mA into left, right at 0 V; floating: V1, V2, V3, V4" in shown
    assert "cells per decay length" in shown


def test_warnings_are_messages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = BAR.replace("cells_per_length = 3", "cells_per_length = 1")
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert main(["check", write(tmp_path, text)]) == 0
    shown = capsys.readouterr()
    assert "hanle: warning: coarse mesh: Pt, across z at YIG|Pt" in shown.err
    assert "site-packages" not in shown.err


def test_materials(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["materials"]) == 0
    listed = capsys.readouterr().out
    for name in ("Pt", "Ta", "Cu", "Al", "Au", "YIG", "EuS", "GGG"):
        assert f"\n{name}" in f"\n{listed}"
    assert main(["materials", "YIG"]) == 0
    shown = capsys.readouterr().out
    assert "critical_temperature 560 K [kittel2005]" in " ".join(shown.split())
    assert "@article{zhang2019," in shown
    assert main(["materials", "Ptt"]) == 1
    assert 'did you mean "Pt"?' in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"hanle {hanle.__version__}\n"


def test_help_names_all_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    for name in ("run", "check", "materials", "verify", "demo"):
        assert f"\n    {name} " in shown or f"\n    {name}\n" in shown


def test_no_permission(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An error of the system is a message too; here: a folder that cannot be made."""
    path = write(tmp_path, FILM)
    (tmp_path / "file").write_text("")
    assert main(["run", path, "-o", str(tmp_path / "file" / "out"), "--no-pictures"]) == 1
    message = capsys.readouterr().err
    assert message.startswith("hanle: ")
    assert str(tmp_path / "file") in message
