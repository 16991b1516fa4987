"""What a text file cannot hold itself: functions, kept as "module:function"; arrays and files, with a hash.

Arrays are kept in a file beside the text. Files (OVF, meshes) stay where they are, or are copied beside it.
"""

import importlib
import io
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from hanle.pde.errors import InputError, UserCodeError, nearest, unknown_name
from hanle.pde.tensors import Array

_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_ARRAY_KEYS = ("file", "array", "sha256")


def is_function_name(text: Any) -> bool:
    """Whether `text` reads "module:function"."""
    return isinstance(text, str) and _FUNCTION.fullmatch(text) is not None


def function_name(function: Callable[..., Any], key: str) -> str:
    """ "module:function" of a function that `read_function` finds again.

    Raises:
        InputError: a lambda, a function inside a function, a method, or one of the running script.
    """
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
    cure = "put it at the top level of a module of its own"
    text = f"{module}:{name}"
    if module in (None, "__main__") or not is_function_name(text):
        raise InputError(key, "a function that a file can name", name or repr(function), cure)
    if _attribute(sys.modules[str(module)], name) is not function:
        raise InputError(key, "a function that a file can name", text, f"that name means something else; {cure}")
    return text


def read_function(text: str, key: str, folder: Path | None) -> Callable[..., Any]:
    """The function "module:function"; modules beside the file (in `folder`) are found first.

    Raises:
        InputError: no such module or function.
        UserCodeError: the module raised while it was imported.
    """
    module_name, _, name = text.partition(":")
    module = _import(module_name, key, folder)
    function = _attribute(module, name)
    if not callable(function):
        known = [n for n, value in vars(module).items() if callable(value) and not n.startswith("_")]
        raise InputError(key, f"a function of {module_name}", name, nearest(name, known))
    return function  # type: ignore[no-any-return]


def _attribute(module: Any, name: str) -> Any:
    found = module
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _import(name: str, key: str, folder: Path | None) -> Any:
    try:
        with _searched(folder):
            module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise UserCodeError(f"{key}: the module {name} needs {error.name}, which is not installed") from error
        cure = "put it beside the file, or on PYTHONPATH"
        raise InputError(key, "a function of a module that can be imported", name, cure) from error
    except Exception as error:
        raise UserCodeError(f"{key}: importing {name} raised {type(error).__name__}: {error}") from error
    beside = folder and Path(folder, *name.split(".")).with_suffix(".py")
    if beside and beside.is_file() and not _same_file(Path(module.__file__ or ""), beside):
        must = f"a module whose name is free: {module.__file__} was imported before"
        raise InputError(key, must, str(beside), "rename the file")
    return module


def module_file(function: Callable[..., Any], folder: Path) -> Path | None:
    """The file of the module of a function, if it lies in `folder`: what a copy of a device file needs beside it."""
    file = Path(getattr(sys.modules.get(function.__module__), "__file__", None) or "")
    return file if file.is_file() and file.parent.resolve() == folder.resolve() else None


def _same_file(a: Path, b: Path) -> bool:
    """Whether two files are one, or hold the same text."""
    return a.is_file() and (a.resolve() == b.resolve() or a.read_bytes() == b.read_bytes())


@contextmanager
def _searched(folder: Path | None) -> Iterator[None]:
    """Look for modules in `folder` first."""
    if folder is None:
        yield
        return
    place = str(folder.resolve())
    sys.path.insert(0, place)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(place)


#: Folder of the copies of files that a text names.
INPUTS = "inputs"


@dataclass
class Store:
    """Arrays on their way into one .npz file, and files; `put` and `name` return what the text says of them.

    Attributes:
        file: name of the .npz file.
        folder: where the text is, or None: the files it names go with it, as copies in a folder `INPUTS`.
        copies: name -> content of these copies.
    """

    file: str
    folder: Path | None
    copies: dict[str, bytes] = field(default_factory=dict)
    arrays: dict[str, Array] = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=list)

    def put(self, key: str, array: Array) -> dict[str, Any]:
        """The table {file, array, sha256} of an array; the hash is filled in by `finish`."""
        entry = {"file": self.file, "array": key}
        self.arrays[key] = np.asarray(array, dtype=float)
        self.entries.append(entry)
        return entry

    def name(self, path: Path, expected: str, key: str) -> str:
        """The name of a file whose SHA-256 is `expected`, as seen from the text.

        Raises:
            InputError: to be copied, it is missing or has another hash.
        """
        if self.folder is not None:
            return relative(str(path), self.folder)
        content = checked_bytes(path, expected, key)
        number, found = 1, f"{INPUTS}/{path.name}"
        while self.copies.get(found, content) != content:
            number += 1
            found = f"{INPUTS}/{path.stem}-{number}{path.suffix}"
        self.copies[found] = content
        return found

    def finish(self) -> bytes:
        """Content of the .npz file; empty where nothing was put."""
        if not self.arrays:
            return b""
        content = io.BytesIO()
        np.savez(content, **self.arrays)  # type: ignore[arg-type]
        for entry in self.entries:
            entry["sha256"] = sha256(content.getvalue()).hexdigest()
        return content.getvalue()


def read_array(table: Mapping[str, Any], key: str, folder: Path | None) -> Array:
    """An array from {file = "x.npz", array = "name", sha256 = "..."} (.npy without `array`).

    Raises:
        InputError: no such file or array, another hash, NaN.
    """
    for name in table:
        if name not in _ARRAY_KEYS:
            raise unknown_name(f"{key}.{name}", name, _ARRAY_KEYS)
    path = Path(folder or ".", str(table.get("file", "")))
    content = checked_bytes(path, table.get("sha256"), key)
    try:
        loaded = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise InputError(f"{key}.file", "a .npy or .npz file of numbers", str(path), str(error)) from error
    if isinstance(loaded, np.ndarray):
        found = loaded
    else:
        name = table.get("array", loaded.files[0] if len(loaded.files) == 1 else None)
        if name not in loaded.files:
            raise unknown_name(f"{key}.array", str(name), loaded.files)
        found = loaded[name]
    if found.dtype.kind not in "fiu":
        raise InputError(key, "an array of real numbers", str(found.dtype))
    return np.asarray(found, dtype=float)


def checked_bytes(path: Path, expected: Any, key: str) -> bytes:
    """Content of a file whose SHA-256 is `expected`.

    Raises:
        InputError: no such file, no hash, or another one.
    """
    if not path.is_file():
        raise InputError(f"{key}.file", "an existing file", str(path))
    content = path.read_bytes()
    found = sha256(content).hexdigest()
    if expected != found:
        cure = f'if the file is the right one, write sha256 = "{found}"'
        raise InputError(f"{key}.sha256", f"the hash of {path.name}", expected, cure)
    return content


def relative(path: str, folder: Path) -> str:
    """`path` as seen from `folder`, with forward slashes."""
    return Path(os.path.relpath(path, folder)).as_posix()
