"""Device files that ask for an AC response, a course in time or motion: what they solve is what Python solves."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import hanle
from hanle.cli import main
from hanle.config import Case, load_case, read_case
from hanle.pde.errors import InputError
from hanle.tasks import KEYS, read_task, write_task

DATA = Path(__file__).parent / "data"
FILM = """
temperature = "100 K"
field = ["0 T", "0 T", "5 T"]
[shape]
kind = "stack"
layers = [["YIG", "50 nm"], ["Pt", "5 nm"]]
[materials]
Pt = "Pt"
YIG = "YIG"
"""
AC = """
[ac]
frequency = { from = "1 GHz", to = "1 THz", points = 4, spacing = "log" }
"""
TRANSIENT = """
[run]
engine = "scikit"
[run.current_density]
unit = "GA/m^2"
function = "signals:wave"
[run.mesh.sizes]
z = "0.5 nm"
[transient]
until = "0.4 ps"
times = { from = "0 ps", to = "0.4 ps", points = 3 }
breaks = ["0.1 ps"]
max_step = "0.1 ps"
error = 1e-2
"""
DYNAMICS = """
[dynamics]
until = "20 ps"
times = ["0 ps", "20 ps"]
error = 1e-4
[dynamics.magnets.YIG]
damping = 0.01
begin = [0.3, 0, 1]
saturation_magnetisation = "140 kA/m"
anisotropies = [[[0, 0, 1], "-0.17 T"]]
field = "signals:along_z"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with the module of functions beside the device files; forgotten afterwards, as others have copies."""
    (tmp_path / "signals.py").write_bytes((DATA / "signals.py").read_bytes())
    sys.modules.pop("signals", None)
    yield tmp_path
    sys.modules.pop("signals", None)


def run(folder: Path, text: str) -> Path:
    path = folder / "device.toml"
    path.write_text(text, encoding="utf-8")
    assert main(["check", str(path)]) == 0
    assert main(["run", str(path), "--quiet"]) == 0
    return folder / "device-out"


def test_ac(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = run(folder, FILM + AC)
    shown = capsys.readouterr().out
    assert "AC response at 4 frequencies, 1 GHz to 1 THz" in shown
    assert "those of the first frequency" in shown
    expected = hanle.load(folder / "device.toml").solve_ac(frequency=[1e9, 1e10, 1e11, 1e12])
    curves = hanle.read_curves(out / "curves.nc")
    # The frequencies differ by rounding.
    assert curves.rho_L_imag.values == pytest.approx(expected.rho_L.imag, rel=1e-12)
    quantities = json.loads((out / "results.json").read_text())["quantities"]
    assert quantities["rho_T_real"]["value"] == curves.rho_T_real.values[0]
    assert (out / "curves.png").is_file()
    assert not list(out.glob("fields*"))


def test_course_in_time(folder: Path) -> None:
    out = run(folder, FILM + TRANSIENT)
    device = hanle.load(folder / "device.toml")
    expected = device.transient(
        until="0.4 ps",
        current_density=("GA/m^2", lambda t: np.sin(2e12 * t)),
        engine="scikit",
        times=[0.0, 2e-13, 4e-13],
        breaks=[1e-13],
        max_step=1e-13,
        error=1e-2,
        mesh_options={"sizes": {"z": 5e-10}},
    )
    curves = hanle.read_curves(out / "curves.nc")
    assert np.array_equal(curves.electric_field.values, expected.dataset.electric_field.values)
    quantities = json.loads((out / "results.json").read_text())["quantities"]
    assert quantities["rho_T"]["value"] == expected.final.rho_T
    assert not list(folder.glob("*.checkpoint*"))
    # The folder of results holds all it needs to be solved again.
    assert main(["run", str(out / "device.toml"), "-o", str(folder / "again"), "--quiet", "--no-pictures"]) == 0
    again = hanle.read_curves(folder / "again" / "curves.nc")
    assert np.array_equal(again.electric_field.values, curves.electric_field.values)


def test_interrupted_course_is_resumed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "device.toml"
    text = FILM + TRANSIENT.replace("error = 1e-2", "error = 1e-3")
    path.write_text(text, encoding="utf-8")
    whole = folder / "whole"
    assert main(["run", str(path), "-o", str(whole), "--quiet", "--no-pictures"]) == 0

    from hanle.pde import stages

    step, calls = stages.Stepper.step, []

    def interrupted(*given: object, **more: object) -> stages.Step:
        calls.append(1)
        if len(calls) == 15:
            raise KeyboardInterrupt
        return step(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(stages.Stepper, "step", interrupted)
    capsys.readouterr()
    assert main(["run", str(path), "--quiet", "--no-pictures"]) == 130
    assert "goes on from device-out.checkpoint.npz with --resume" in capsys.readouterr().err
    assert (folder / "device-out.checkpoint.npz").is_file()
    assert not (folder / "device-out").exists()
    calls.clear()
    calls += [0] * 15
    assert main(["run", str(path), "--quiet", "--no-pictures", "--resume"]) == 0
    resumed, expected = (hanle.read_curves(out / "curves.nc") for out in (folder / "device-out", whole))
    assert np.array_equal(resumed.electric_field.values, expected.electric_field.values)
    assert not list(folder.glob("*.checkpoint*"))


def test_a_run_killed_while_it_writes_results_is_resumed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The course is complete then; what is left is to write."""
    path = folder / "device.toml"
    path.write_text(FILM + TRANSIENT, encoding="utf-8")
    words = ["run", str(path), "--quiet", "--no-pictures"]
    with monkeypatch.context() as patched:
        patched.setattr(hanle.run, "_write_numbers", lambda *given: (_ for _ in ()).throw(KeyboardInterrupt))
        assert main(words) == 130
    assert main([*words, "--resume"]) == 0
    assert main([*words, "-o", str(folder / "whole")]) == 0
    found, expected = (json.loads((folder / out / "results.json").read_text()) for out in ("device-out", "whole"))
    for name, given in expected["quantities"].items():
        assert found["quantities"][name]["value"] == pytest.approx(given["value"], rel=1e-6, abs=1e-25), name


def test_motion(folder: Path) -> None:
    out = run(folder, FILM + DYNAMICS)
    device = hanle.load(folder / "device.toml")
    macrospin = hanle.Macrospin(
        damping=0.01,
        begin=(0.3, 0, 1),
        saturation_magnetisation="140 kA/m",
        anisotropies=[((0, 0, 1), "-0.17 T")],
        field=lambda t: (0.0, 0.0, 0.1 + 0.01 * np.sin(1e10 * t)),
    )
    expected = device.dynamics(until="20 ps", magnets={"YIG": macrospin}, times=[0, 2e-11], error=1e-4)
    curves = hanle.read_curves(out / "curves.nc")
    assert np.array_equal(curves.m.values[:, 0], expected.m["YIG"])
    # Nothing flows through the film, so there is a field but no resistivity.
    quantities = json.loads((out / "results.json").read_text())["quantities"]
    assert "rho_L" not in quantities
    assert "torque_x(YIG)" in quantities


GIVEN = """
[run]
engine = "scikit"
[run.mesh.sizes]
z = "0.5 nm"
[dynamics]
until = "10 ps"
times = ["0 ps", "10 ps"]
lagging = true
field_error = 1e-2
error = 1e-3
[dynamics.magnets.YIG]
motion = "signals:turning"
"""


def test_given_motion_with_fields_that_lag(folder: Path) -> None:
    out = run(folder, FILM + GIVEN)
    curves = hanle.read_curves(out / "curves.nc")
    angle = 1e11 * 1e-11
    assert curves.m.values[-1, 0] == pytest.approx([0.6 * np.cos(angle), 0.6 * np.sin(angle), 0.8])
    device = hanle.load(folder / "device.toml")
    motion = hanle.PrescribedMotion(hanle.precession((0, 0, 1), np.arcsin(0.6), 1e11, -np.pi / 2))
    options = {"error": 1e-3, "field_error": 1e-2, "mesh_options": {"sizes": {"z": 5e-10}}}
    course = device.dynamics(until="10 ps", magnets={"YIG": motion}, times=[0, 1e-11], lagging=True, **options)
    np.testing.assert_allclose(curves.electric_field, course.dataset.electric_field, rtol=1e-6)


@pytest.mark.parametrize("text", [AC, TRANSIENT, DYNAMICS, GIVEN])
def test_files_return(text: str, folder: Path) -> None:
    case = read_case(FILM + text, folder)
    assert case.task is not None
    back = load_case(hanle.config.dump(case, folder / "copy.toml"))
    assert back.task is not None
    assert write_task(back.task) == write_task(case.task)
    assert back.run == case.run
    assert bool(case.modules) == ("signals" in text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[ac]\n", "ac.frequency must be given"),
        ('[ac]\nfrequency = "1 nm"\n', "ac.frequency"),
        ('[ac]\nfrequency = { from = "0 Hz", to = "1 GHz", points = 3, spacing = "log" }\n', "positive"),
        ('[ac]\nfrequency = { from = "1 Hz", to = "1 GHz", points = 3, spacing = "cubic" }\n', "even or log"),
        ('[ac]\nfrequency = "1 GHz"\nuntil = "1 ps"\n', "ac.until"),
        ('[ac]\nfrequency = "1 GHz"\n[transient]\nuntil = "1 ps"\n', "the only one"),
        ('[transient]\nuntil = "1 ps"\n[sweep]\nfield = "1 T"\n', "the only one"),
        ("[transient]\nuntil = 3\n", "transient.until"),
        ('[dynamics]\nuntil = "1 ns"\n[dynamics.magnets.YIG]\nalpha = 0.1\n', "dynamics.magnets.YIG.alpha"),
        ('[dynamics]\nuntil = "1 ns"\n[dynamics.magnets.YIG]\nfield = "0.1 T"\n', "three components"),
        ('[dynamics]\nuntil = "1 ns"\n[dynamics.magnets.YIG]\nanisotropies = [[0, 0, 1]]\n', "a pair"),
        ('[dynamics]\nuntil = "1 ns"\nlagging = 1\n', "dynamics.lagging must be true or false"),
        ('[dynamics]\nuntil = "1 ns"\n[dynamics.magnets.YIG]\nmotion = 3\n', "module:function"),
        (
            '[dynamics]\nuntil = "1 ns"\n[dynamics.magnets.YIG]\nmotion = "signals:turning"\ndamping = 0.1\n',
            "dynamics.magnets.YIG.damping",
        ),
        ('[run]\nnonlinear = true\n[ac]\nfrequency = "1 GHz"\n', "run.nonlinear"),
        (
            '[run]\ncurrent_density = { unit = "A/m^2", function = 3 }\n[transient]\nuntil = "1 ps"\n',
            "run.current_density",
        ),
        ('[run]\ncurrent_density = { unit = "A/m^2", function = "signals:wave" }\n', "current_density"),
    ],
)
def test_what_means_nothing_is_refused(text: str, message: str, folder: Path) -> None:
    with pytest.raises(InputError, match=message):
        read_case(FILM + text, folder)


def test_only_courses_in_time_are_resumed() -> None:
    case = read_case(FILM + AC)
    with pytest.raises(InputError, match="resume"):
        hanle.run.solve_case(case, lambda _: None, progress=False, resume=True)


def test_no_task() -> None:
    assert read_task({"sweep": {}}, None) is None
    assert read_case(FILM).task is None
    assert Case(read_case(FILM).device).task is None
    assert set(KEYS) == {"ac", "transient", "dynamics"}
