"""Bad input through the command line: the message names place, value and cure; exit code 1; nothing half-written.

Each case is a device file that works (`test_the_files_work`), changed in one place.
"""

import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from hanle import run as runner
from hanle.cli import main

DATA = Path(__file__).parent / "data"

FILM = """
field = ["0 T", "0 T", "1 T"]
[shape]
kind = "stack"
layers = [["YIG", "50 nm"], ["Pt", "5 nm"]]
[materials]
Pt = "Pt"
YIG = "YIG"
"""

BAR = """
field = ["0 T", "0 T", "1 T"]
[shape]
kind = "hall_bar"
length = "60 nm"
width = "20 nm"
layers = [["YIG", "5 nm"], ["Pt", "2 nm"]]
[materials]
Pt = "Pt"
YIG = "YIG"
[run]
wiring = { left = "1 mA", right = "ground" }
[run.mesh]
cells_per_length = 1
lateral = "uniform"
"""

MESH = """
field = ["0 T", "0 T", "1 T"]
[shape]
kind = "mesh"
path = "box.msh"
unit = "nm"
terminals = { left = ["left"], right = ["right"] }
[materials]
Pt = "Pt"
YIG = "Cu"
"""

Refused = Callable[..., str]


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    """refused(text, *parts): run the file, check that nothing was written and that stderr holds the parts."""

    def run(text: str, *parts: str, code: int = 1) -> str:
        (tmp_path / "device.toml").write_text(text)
        before = sorted(tmp_path.rglob("*"))
        assert main(["run", str(tmp_path / "device.toml"), "-o", str(tmp_path / "out"), "--no-pictures"]) == code
        shown = capsys.readouterr()
        assert shown.out == ""
        # modules that the file names may leave a cache of bytecode
        assert [p for p in sorted(tmp_path.rglob("*")) if "__pycache__" not in p.parts] == before
        for part in (str(tmp_path / "device.toml"), *parts):
            assert part in shown.err, shown.err
        assert "Traceback" not in shown.err
        return shown.err

    return run


def put_mesh(folder: Path, content: bytes | None = None) -> None:
    (folder / "box.msh").write_bytes(content or (DATA / "hexahedron-2.2-ascii.msh").read_bytes())


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


@pytest.mark.parametrize("text", [FILM, BAR, MESH], ids=["film", "bar", "mesh"])
@pytest.mark.filterwarnings("ignore::hanle.meshes.coarse.CoarseMeshWarning")
def test_the_files_work(text: str, tmp_path: Path) -> None:
    put_mesh(tmp_path)
    (tmp_path / "device.toml").write_text(text)
    assert (
        main(["run", str(tmp_path / "device.toml"), "-o", str(tmp_path / "out"), "--no-pictures", "--quiet"]) == 0
    )
    assert (tmp_path / "out" / "results.json").is_file()


def test_mistyped_key(refused: Refused) -> None:
    refused(changed(BAR, 'length = "60 nm"', 'lenght = "60 nm"'), "shape.lenght", 'did you mean "length"?')


def test_mistyped_table(refused: Refused) -> None:
    refused(changed(FILM, "[materials]", "[material]"), "material must be one of", 'did you mean "materials"?')


def test_mistyped_mesh_option(refused: Refused) -> None:
    text = changed(BAR, "cells_per_length", "cells_per_lenght")
    refused(text, "run.mesh.cells_per_lenght", 'did you mean "cells_per_length"?')


def test_missing_unit(refused: Refused) -> None:
    text = changed(FILM, '"5 nm"', "5")
    refused(text, "shape.layers.Pt must be a length; instead received 5 (no unit)", 'did you mean "5 nm"?')


def test_missing_unit_of_a_material(refused: Refused) -> None:
    text = changed(FILM, 'Pt = "Pt"', 'Pt = { like = "Pt", diffusion_length = 1.5 }')
    refused(text, "materials.Pt.diffusion_length", "1.5 (no unit)", 'did you mean "1.5 nm"?')


def test_missing_unit_of_the_field(refused: Refused) -> None:
    refused(changed(FILM, '"1 T"', "1"), "field.z must be a magnetic field", 'did you mean "1 T"?')


def test_wrong_dimension(refused: Refused) -> None:
    refused(changed(BAR, '"60 nm"', '"60 nA"'), "shape.length must be a length", "a current", "usual:")


def test_negative_length(refused: Refused) -> None:
    refused(changed(FILM, '"5 nm"', '"-5 nm"'), "shape.layers.Pt must be a positive length", "-5e-09")


def test_spin_hall_angle_too_large(refused: Refused) -> None:
    text = changed(FILM, 'Pt = "Pt"', 'Pt = { like = "Pt", spin_hall_angle = 0.8 }')
    refused(text, "materials.Pt.spin_hall_angle must be below 1/sqrt(2)", "0.8", "must be > 0")


def test_positive_spin_sink(refused: Refused) -> None:
    text = FILM + '[interfaces]\n"YIG|Pt" = { G_s = "1e12 S/m^2", G_r = "1e14 S/m^2", G_i = "0 S/m^2" }\n'
    refused(text, "interfaces.YIG|Pt.G_s must be <= 0 S/m^2", "1000000000000", "would create energy")


def test_positive_spin_sink_of_a_material(refused: Refused) -> None:
    given = '{ kind = "magnetic insulator", G_s = "1e12 S/m^2", G_r = "1e14 S/m^2", G_i = "0 S/m^2" }'
    refused(changed(FILM, 'YIG = "YIG"', f"YIG = {given}"), "YIG.G_s must be <= 0", "1e+12 S/m^2", "create energy")


def test_decoherence_rate_below_zero(refused: Refused) -> None:
    text = FILM + '[interfaces]\n"YIG|Pt" = { G_s = "-1e12 S/m^2", G_r = "-1e14 S/m^2", G_i = "0 S/m^2" }\n'
    refused(text, "G_r - G_s >= 0")


def test_mesh_without_the_named_region(refused: Refused, tmp_path: Path) -> None:
    put_mesh(tmp_path)
    refused(changed(MESH, 'Pt = "Pt"', 'Ptt = "Pt"'), "materials must be one of Pt, YIG", '"Ptt"', 'mean "Pt"?')


def test_region_without_material(refused: Refused) -> None:
    refused(changed(FILM, 'YIG = "YIG"\n', ""), "materials must be given for each region", "none for YIG")


def test_no_ground(refused: Refused) -> None:
    text = changed(BAR, 'left = "1 mA", right = "ground"', 'left = "1 mA"')
    refused(text, "run.wiring must be with one terminal at", "ground", "write wiring.")


@pytest.mark.filterwarnings("ignore::hanle.meshes.coarse.CoarseMeshWarning")
def test_conductor_without_ground(refused: Refused) -> None:
    text = changed(BAR, 'layers = [["YIG", "5 nm"], ["Pt", "2 nm"]]', """
layers = [["Cu", "2 nm"], ["YIG", "5 nm"], ["Pt", "2 nm"]]
contacts = ["Pt", "Cu"]""")  # fmt: skip
    text = changed(text, 'Pt = "Pt"', 'Pt = "Pt"\nCu = "Cu"') + "[contacts]\n"
    text += 'left = ["Pt|left"]\nright = ["Pt|right"]\nbelow = ["Cu|left"]\n'
    refused(text, "wiring must be with a ground", "none among below", 'write wiring.below = "ground"')


@pytest.mark.filterwarnings("ignore::hanle.meshes.coarse.CoarseMeshWarning")
def test_no_terminals_and_no_invariant_axis(refused: Refused, tmp_path: Path) -> None:
    put_mesh(tmp_path)
    text = changed(MESH, 'terminals = { left = ["left"], right = ["right"] }\n', "")
    refused(text, "terminals must be given", "shape.terminals")


def test_broken_mesh_file(refused: Refused, tmp_path: Path) -> None:
    whole = (DATA / "hexahedron-2.2-ascii.msh").read_bytes()
    put_mesh(tmp_path, whole[: len(whole) // 2])
    refused(MESH, "mesh file must be a whole .msh file", str(tmp_path / "box.msh"), "save it from Gmsh again")


def test_no_mesh_file(refused: Refused) -> None:
    refused(MESH, "path must be an existing .msh file", "box.msh")


def test_wedges(refused: Refused, tmp_path: Path) -> None:
    meshio = pytest.importorskip("meshio")
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [0, 1, 1]], dtype=float)
    tags = {"gmsh:physical": [np.array([1])], "gmsh:geometrical": [np.array([1])]}
    wedge = meshio.Mesh(
        points, [("wedge", np.arange(6)[None])], cell_data=tags, field_data={"Pt": np.array([1, 3])}
    )
    meshio.gmsh.write(tmp_path / "box.msh", wedge, fmt_version="2.2", binary=False)
    refused(MESH, "made of tetrahedra or of hexahedra", "wedge", "use tetrahedra")


def stored(folder: Path, values: object) -> str:
    np.savez(folder / "values.npz", m=np.asarray(values, dtype=float))
    digest = sha256((folder / "values.npz").read_bytes()).hexdigest()
    return f'{{ file = "values.npz", array = "m", sha256 = "{digest}" }}'


def test_nan_in_an_array(refused: Refused, tmp_path: Path) -> None:
    given = stored(tmp_path, [1.0, np.nan, 2.0])
    text = f'{BAR}[profiles]\n"Pt.resistivity" = {given}\n'
    refused(text, "profiles.Pt.resistivity must be finite everywhere", "NaN or infinity at [1], 1 in all")


def test_array_of_another_size(refused: Refused, tmp_path: Path) -> None:
    text = f'{BAR}[profiles]\n"Pt.resistivity" = {stored(tmp_path, [1e-7, 2e-7])}\n'
    refused(text, "Pt.resistivity must be of shape", "(2,)")


def test_changed_array(refused: Refused, tmp_path: Path) -> None:
    given = stored(tmp_path, [1.0])
    stored(tmp_path, [2.0])
    text = f'{BAR}[profiles]\n"Pt.resistivity" = {given}\n'
    refused(text, "profiles.Pt.resistivity.sha256 must be the hash of values.npz", "if the file is the right one")


def test_existing_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "device.toml").write_text(FILM)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    words = ["run", str(tmp_path / "device.toml"), "-o", str(tmp_path / "out"), "--no-pictures"]
    assert main(words) == 1
    message = capsys.readouterr().err
    assert f'output must be free; instead received "{tmp_path / "out"}"' in message
    assert "--overwrite" in message
    assert main([*words, "--overwrite"]) == 1
    assert "a folder of earlier results" in capsys.readouterr().err
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["mine.txt"]
    assert len(list(tmp_path.iterdir())) == 2


def test_unknown_material(refused: Refused) -> None:
    refused(changed(FILM, 'YIG = "YIG"', 'YIG = "YGI"'), "materials.YIG must be one of", '"YGI"', 'mean "YIG"?')


def test_unknown_terminal(refused: Refused) -> None:
    text = changed(BAR, 'right = "ground"', 'rihgt = "ground"')
    refused(text, "run.wiring must be one of", '"rihgt"', 'did you mean "right"?')


def test_unknown_face(refused: Refused) -> None:
    refused(FILM + '[interfaces]\n"Pt|YIG" = "closed"\n', "interfaces.Pt|YIG must be one of", 'mean "YIG|Pt"?')


def test_unknown_face_law(refused: Refused) -> None:
    refused(FILM + '[interfaces]\n"YIG|Pt" = "close"\n', "interfaces.YIG|Pt", 'did you mean "closed"?')


def test_conductances_between_metals(refused: Refused) -> None:
    text = changed(FILM, 'YIG = "YIG"', 'YIG = "Cu"')
    text += '[interfaces]\n"YIG|Pt" = { G_s = "-1e12 S/m^2", G_r = "1e14 S/m^2", G_i = "0 S/m^2" }\n'
    refused(text, "interfaces.YIG|Pt", "only between a metal and a magnetic insulator")


def test_callable_that_raises(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "profile_that_raises.py").write_text("def rho(points):\n    return 1 / 0\n")
    text = BAR + '[profiles]\n"Pt.resistivity" = "profile_that_raises:rho"\n'
    refused(text, "Pt.resistivity: the function rho raised ZeroDivisionError")


def test_unknown_function(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "profile_of_rho.py").write_text("def resistivity(points):\n    return 1e-7\n")
    text = BAR + '[profiles]\n"Pt.resistivity" = "profile_of_rho:resistivty"\n'
    refused(text, "profiles.Pt.resistivity", "a function of profile_of_rho", 'did you mean "resistivity"?')


def test_unknown_module(refused: Refused) -> None:
    text = BAR + '[profiles]\n"Pt.resistivity" = "no_such_module:rho"\n'
    refused(text, "profiles.Pt.resistivity", "no_such_module", "put it beside the file")


def test_zero_field_without_magnetisation(refused: Refused) -> None:
    refused(
        changed(FILM, '"1 T"', '"0 T"'), "magnetisation.YIG must be a vector that is not zero", "follows the field"
    )


def test_paramagnet_with_magnetisation(refused: Refused) -> None:
    text = changed(FILM, 'YIG = "YIG"', 'YIG = "GGG"') + "[magnetisation]\nYIG = [1, 0, 0]\n"
    refused(text, "magnetisation.YIG must be left out", "follow the field", "G_s, G_r, G_i in the record")


def test_current_through_a_film(refused: Refused) -> None:
    refused(FILM + '[run]\ncurrent = "1 mA"\n', "run.current must be left out", "use current_density")


def test_current_density_through_a_bar(refused: Refused) -> None:
    text = changed(BAR, "wiring = {", 'current_density = "1 A/m^2"\nwiring = {')
    refused(text, "run.current_density must be left out", "use current")


def test_current_beside_wiring(refused: Refused) -> None:
    refused(changed(BAR, "wiring = {", 'current = "1 mA"\nwiring = {'), "run.current must be left out where wiring")


def test_exact_engine_for_a_bar(refused: Refused) -> None:
    text = changed(BAR, "[run]", '[run]\nengine = "multilayer"')
    refused(text, "engine multilayer is for stacks of uniform layers", "use engine scikit")


def test_unknown_engine(refused: Refused) -> None:
    refused(changed(BAR, "[run]", '[run]\nengine = "scikits"'), "run.engine", 'did you mean "scikit"?')


def test_sweep_of_a_paramagnet_without_its_field(refused: Refused) -> None:
    text = changed(FILM, 'YIG = "YIG"', 'YIG = "GGG"') + '[sweep]\nangle = "beta"\nrotate = "m"\n'
    refused(text, "materials.YIG must be of ordered moments", 'use rotate="both"')


def test_broken_toml(refused: Refused) -> None:
    refused(changed(FILM, "[materials]", "[materials"), "device file must be valid TOML", "at line 6")


def test_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "no.toml")]) == 1
    assert "device file must be an existing TOML file" in capsys.readouterr().err


def test_interrupted(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*given: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "write_fields", interrupt)
    (tmp_path / "device.toml").write_text(FILM)
    assert main(["run", str(tmp_path / "device.toml"), "-o", str(tmp_path / "out"), "--no-pictures"]) == 130
    assert "interrupted" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["device.toml"]


@pytest.mark.parametrize("words", [[], ["rum"], ["run"], ["run", "x.toml", "--engine", "magic"]])
def test_wrong_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    assert "usage: hanle" in capsys.readouterr().err


def test_program(tmp_path: Path) -> None:
    """The installed command: exit code and one message, no traceback."""
    (tmp_path / "device.toml").write_text(changed(FILM, '"5 nm"', "5"))
    command = [sys.executable, "-c", "import sys; from hanle.cli import main; sys.exit(main())"]
    done = subprocess.run(
        [*command, "run", "device.toml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("hanle: device.toml: shape.layers.Pt must be a length")
