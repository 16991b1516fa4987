"""Files appear whole or not at all, never replace others unasked, and say where they come from."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from hanle.pde.errors import InputError

#: Packages whose versions decide the numbers in a file; those of an engine are quoted where it was used.
NUMERICAL_PACKAGES = ("numpy", "scipy")
ENGINE_PACKAGES = {"fenicsx": ("fenics-dolfinx", "petsc4py", "mpi4py")}


def provenance(*, inputs: str = "", citations: Iterable[str] = (), engine: str = "") -> dict[str, str]:
    """Where a file comes from: attributes for every file and picture.

    Args:
        inputs: text of the input (a device as TOML); its SHA-256 is kept, not the text.
        citations: what the run relied on, one entry each.
        engine: whose libraries are quoted with their versions.

    Returns:
        "hanle version", "numpy version", "scipy version", "date" (UTC, ISO 8601), and if given "input sha256",
        "citations" (joined by "; ") and the versions of an engine's libraries.
    """
    packages = ("hanle", *NUMERICAL_PACKAGES, *ENGINE_PACKAGES.get(engine, ()))
    found = {f"{name} version": version(name) for name in packages}
    found["date"] = datetime.now(UTC).isoformat(timespec="seconds")
    if inputs:
        found["input sha256"] = sha256(inputs.encode()).hexdigest()
    cited = "; ".join(citations)
    if cited:
        found["citations"] = cited
    return found


def target(path: str | os.PathLike[str], suffixes: tuple[str, ...], *, overwrite: bool) -> Path:
    """The path to write to, its folder created; the first of `suffixes` is added where there is none.

    Raises:
        InputError: the ending is not one of `suffixes`, or something is there and `overwrite` is false.
    """
    goal = named(path, suffixes)
    refuse_existing(goal, overwrite=overwrite)
    if goal.is_dir():
        raise InputError("path", "a file", str(goal), "this is a folder")
    goal.parent.mkdir(parents=True, exist_ok=True)
    return goal


def named(path: str | os.PathLike[str], suffixes: tuple[str, ...]) -> Path:
    """The path with an ending; the first of `suffixes` is added where there is none.

    Raises:
        InputError: the ending is not one of `suffixes`.
    """
    goal = Path(path)
    if not goal.suffix:
        goal = goal.with_suffix(suffixes[0])
    if goal.suffix.lower() not in suffixes:
        raise InputError("path", "a file name ending in " + " or ".join(suffixes), str(goal))
    return goal


def require_free_folder(goal: Path, *, overwrite: bool, marker: str) -> None:
    """Refuse, before any work is done, what `whole_folder` would refuse; creates the folder above `goal`.

    Raises:
        InputError: `goal` exists and may not be replaced.
        OSError: nothing can be written beside it.
    """
    refuse_existing(goal, overwrite=overwrite)
    if goal.exists() and not (goal.is_dir() and ((goal / marker).is_file() or not any(goal.iterdir()))):
        raise InputError("output", f"a folder of earlier results (with {marker})", str(goal), "choose another name")
    goal.parent.mkdir(parents=True, exist_ok=True)
    with scratch_folder(goal):
        pass


def refuse_existing(goal: Path, *, overwrite: bool) -> None:
    """Raise InputError where `goal` exists and may not be replaced."""
    if goal.exists() and not overwrite:
        raise InputError("output", "free", str(goal), "choose another name, or overwrite=True (--overwrite)")


@contextmanager
def whole_file(goal: Path) -> Iterator[Path]:
    """A temporary name beside `goal` to write to; it becomes `goal` at the end, or vanishes on an exception."""
    with scratch_folder(goal) as folder:
        draft = folder / goal.name
        yield draft
        os.replace(draft, goal)


@contextmanager
def whole_folder(goal: Path, *, overwrite: bool, marker: str) -> Iterator[Path]:
    """A temporary folder beside `goal` to write to; it becomes `goal` at the end, or vanishes on an exception.

    Args:
        overwrite: replace an earlier folder, if it holds a file called `marker` or nothing at all.

    Raises:
        InputError: `goal` exists and may not be replaced.
    """
    require_free_folder(goal, overwrite=overwrite, marker=marker)
    with scratch_folder(goal) as scratch:
        draft, old = scratch / "new", scratch / "old"
        draft.mkdir()
        yield draft
        if goal.exists():
            os.replace(goal, old)
        try:
            os.replace(draft, goal)
        except BaseException:
            if old.exists():
                os.replace(old, goal)
            raise


@contextmanager
def scratch_folder(goal: Path) -> Iterator[Path]:
    """A hidden folder beside `goal`, on the same file system so that renaming is atomic; removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix=f".{goal.stem}-", dir=goal.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
