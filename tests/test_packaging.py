"""What a user gets from `pip install`: a quick import, one top-level name, every source and data file."""

import importlib
import subprocess
import sys
import time
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("hanle", "pde", "boundary", "materials", "meshes")
HEAVY = ("numpy", "scipy", "pyvista", "matplotlib", "xarray", "skfem", "pyamg", "numba", "meshio")
IMPORT_SECONDS = 0.3  # beyond the start of the bare interpreter


def run(code: str, folder: Path) -> str:
    """Output of a new interpreter started in `folder`, away from the sources."""
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def best_time(code: str, folder: Path) -> float:
    """Shortest of three runs, in seconds: other load on the machine only adds to it."""

    def once() -> float:
        start = time.perf_counter()
        run(code, folder)
        return time.perf_counter() - start

    return min(once() for _ in range(3))


def test_import_is_quick(tmp_path: Path) -> None:
    extra = best_time("import hanle", tmp_path) - best_time("pass", tmp_path)
    assert extra < IMPORT_SECONDS


def test_import_loads_no_heavy_library(tmp_path: Path) -> None:
    loaded = run("import sys, hanle; print(*sys.modules)", tmp_path).split()
    assert "hanle" in loaded
    assert set(HEAVY).isdisjoint(loaded)


def test_public_names_load_and_say_what_they_are() -> None:
    hanle = importlib.import_module("hanle")
    assert set(hanle.__all__) <= set(dir(hanle))
    for name in hanle.__all__:
        assert getattr(hanle, name).__doc__, name


def test_unknown_public_name() -> None:
    hanle = importlib.import_module("hanle")
    with pytest.raises(AttributeError, match="no attribute 'Devise'"):
        _ = hanle.Devise


def new_enough_setuptools() -> bool:
    try:
        return int(version("setuptools").split(".")[0]) >= 77
    except PackageNotFoundError:
        return False


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """File names inside a wheel built from a copy of the sources (a build writes into its source folder)."""
    if not new_enough_setuptools():
        pytest.skip("building a wheel needs setuptools 77 or newer: pip install 'hanle[test]'")
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for folder in FOLDERS:
        copytree(ROOT / folder, source / folder, ignore=ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        (source / name).write_bytes((ROOT / name).read_bytes())
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--wheel-dir", str(out)]
    subprocess.run([*pip, str(source)], check=True)
    (built,) = out.glob("hanle-*.whl")
    return zipfile.ZipFile(built).namelist()


def test_wheel_has_one_top_level_name(wheel: list[str]) -> None:
    assert {name.split("/")[0] for name in wheel if ".dist-info/" not in name} == {"hanle"}


def test_wheel_holds_every_source_and_data_file(wheel: list[str]) -> None:
    """Fails when a new folder is missing from the package list of pyproject.toml."""
    expected = set()
    for folder in FOLDERS:
        inside = "hanle" if folder == "hanle" else f"hanle/{folder}"
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                expected.add(f"{inside}/{path.relative_to(ROOT / folder).as_posix()}")
    assert "hanle/py.typed" in expected
    assert expected <= set(wheel), f"missing from the wheel: {sorted(expected - set(wheel))}"
