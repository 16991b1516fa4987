"""hanle doctor and the probe of the engine fenicsx, with libraries that are missing or broken in every way."""

import os
import shutil
import sys
import time
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import hanle
from hanle import doctor
from hanle.cli import main
from hanle.pde.engines import fenicsx_available
from hanle.pde.engines.fenicsx_available import form_cache, require_dolfinx
from hanle.pde.errors import UnsupportedError

DEVICE = """
[shape]
kind = "stack"
layers = [["YIG", "50 nm"], ["Pt", "5 nm"]]
[materials]
Pt = "Pt"
YIG = "YIG"
"""


def fake_libraries(**changes: Any) -> dict[str, Any]:
    """Modules that stand for dolfinx 0.9 with its friends, but for the changes."""
    given: dict[str, Any] = {"version": "0.9.0", "scalar": float, "packages": ("hypre", "mumps"), **changes}
    petsc = SimpleNamespace(
        ScalarType=given["scalar"],
        IntType=lambda: SimpleNamespace(itemsize=4),
        Sys=SimpleNamespace(
            getVersion=lambda: (3, 22, 5), hasExternalPackage=lambda name: name in given["packages"]
        ),
    )
    mpi = SimpleNamespace(Get_library_version=lambda: "Open MPI v5.0.7, package: Some\nmore")
    return {
        "dolfinx": SimpleNamespace(__version__=given["version"]),
        "mpi4py": SimpleNamespace(__version__="4.0.3", MPI=mpi),
        "petsc4py": SimpleNamespace(PETSc=petsc),
    }


def install(monkeypatch: pytest.MonkeyPatch, modules: dict[str, Any]) -> None:
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.parametrize("version", ["0.9.0", "0.10.0.post5", "1.0.0"])
def test_engine_can_run(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, fake_libraries(version=version))
    require_dolfinx()
    assert fenicsx_available.mpi() == "4.0.3, Open MPI v5.0.7"
    assert fenicsx_available.petsc().startswith("3.22.5, real numbers, 32-bit")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": "0.8.0"}, "dolfinx 0.8.0 is too old: 0.9 or newer is needed"),
        ({"scalar": complex}, "this PETSc is built for complex numbers"),
        ({"packages": ("mumps",)}, "this PETSc is built without hypre"),
        ({"packages": ()}, "this PETSc is built without hypre and mumps"),
    ],
)
def test_engine_is_refused(changes: dict[str, Any], reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, fake_libraries(**changes))
    with pytest.raises(UnsupportedError, match=reason) as refused:
        require_dolfinx()
    assert "conda env create -f environment.yml" in str(refused.value)


@pytest.mark.parametrize("missing", ["dolfinx", "mpi4py", "petsc4py"])
def test_missing_engine_is_a_message(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command line names what is missing and three ways to get it; nothing is written."""
    install(monkeypatch, {**fake_libraries(), missing: None})
    (tmp_path / "device.toml").write_text(DEVICE)
    assert main(["run", str(tmp_path / "device.toml"), "--engine", "fenicsx", "--quiet"]) == 1
    message = capsys.readouterr().err
    for part in (
        "the engine fenicsx cannot run here",
        missing,
        "environment.yml",
        "apt-get install",
        "docker build",
    ):
        assert part in message
    assert "Traceback" not in message
    assert [path.name for path in tmp_path.iterdir()] == ["device.toml"]


def test_form_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "fenics"
    install(
        monkeypatch, {"dolfinx": SimpleNamespace(jit=SimpleNamespace(get_options=lambda: {"cache_dir": folder}))}
    )
    assert form_cache() == f"{folder}, writable"
    folder.mkdir()
    for name in ("libffcx_forms_1.c", "libffcx_forms_1.c.cached", "libffcx_forms_2.c"):
        (folder / name).touch()
    assert form_cache() == f"{folder}, writable"  # the second form is being compiled
    late = time.time() - 2 * fenicsx_available.ABANDONED
    os.utime(folder / "libffcx_forms_1.c", (late, late))
    os.utime(folder / "libffcx_forms_2.c", (late, late))
    with pytest.raises(RuntimeError, match=r"interrupted; delete .*libffcx_forms_2\.c$"):
        form_cache()


def test_form_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    options = {"cache_dir": str(tmp_path / "file" / "fenics")}
    install(monkeypatch, {"dolfinx": SimpleNamespace(jit=SimpleNamespace(get_options=lambda: options))})
    with pytest.raises(RuntimeError, match="cannot be written"):
        form_cache()


def on_path(monkeypatch: pytest.MonkeyPatch, folder: Path, **sources: str) -> None:
    """Modules with these sources that child processes find before all others."""
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(folder))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise OSError('libpetsc.so.3: cannot open')", "OSError: libpetsc.so.3: cannot open"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import os, sys; print('no network', file=sys.stderr, flush=True); os.abort()", "no network"),
        ("import os; os.write(1, b'\\xff noise'); os._exit(7)", "ends Python with exit code 7"),
        ("import os; raise RuntimeError('PMIX_RANK' in os.environ)", "RuntimeError: False"),
    ],
)
def test_broken_library_is_reported(
    source: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PMIX_RANK", "0")
    on_path(monkeypatch, tmp_path, dolfinx=source)
    first = doctor.tried("fenicsx")[0]
    assert (first.name, first.works) == ("dolfinx", False)
    assert said in first.text


def test_library_that_hangs_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path(monkeypatch, tmp_path, dolfinx="import time; time.sleep(60)")
    monkeypatch.setattr(doctor, "PATIENCE", 1.0)
    assert doctor.tried("fenicsx") == [doctor.Finding("dolfinx", False, "takes more than 1 s")]


def test_child_that_does_not_start_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    assert doctor.tried("packages") == [doctor.Finding("packages", False, "ends Python with exit code 1")]


def test_doctor_finds_what_hanle_needs(capsys: pytest.CaptureFixture[str]) -> None:
    """dolfinx may be there or not: the exit code is that of hanle itself."""
    assert main(["doctor"]) == 0
    shown = capsys.readouterr().out
    for part in (f"hanle {hanle.__version__}", "numpy ", "scikit-fem ", "threads", "off screen", "dolfinx "):
        assert part in shown


def test_doctor_names_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = "raise ImportError('broken on purpose')"
    on_path(monkeypatch, tmp_path, tqdm=broken, dolfinx=broken)
    assert main(["doctor"]) == 1
    shown = capsys.readouterr().out
    assert "NO: ImportError: broken on purpose" in shown
    assert "hanle cannot work here without tqdm" in shown
    assert "conda env create -f environment.yml" in shown


def test_package_that_is_too_old() -> None:
    with pytest.raises(RuntimeError, match=r"is too old: numpy>=99\.0 is needed"):
        doctor.package("numpy>=99.0")
    assert doctor.package("scikit-fem>=10") == version("scikit-fem")
    assert doctor.checks("packages").keys() >= {"numpy", "scikit-fem", "numba"}
