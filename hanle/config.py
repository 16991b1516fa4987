"""Device files: TOML and Python objects are the same schema, loss-free both ways.

    name, temperature, field,
    without, transport              as in `hanle.Device`; numbers with unit are strings: "300 K", ["0 T", "0 T", "1 T"]
    [shape]                         kind = "hall_bar", and the arguments of `hanle.hall_bar`
    [materials]                     region = name in the library, or a table [materials.Pt]
    [magnetisation]                 magnet = [0, 0, 1]
    [interfaces]                    "YIG|Pt" = "closed", "continuous" or a table: `hanle.interface_table`
    [profiles]                      "Pt.resistivity", "YIG|Pt.G_r" = "module:function" or an array
    [contacts]                      terminal = [outer faces]
    [wires], [heat_contacts]        wire = [metals], contact = [outer faces]
    [run]                           current, current_density, wiring, source, drain, engine, order, solver, tolerance,
                                    mesh (options of the mesh)
    [sweep]                         angle, field, temperature, rotate, vary, harmonics
                                    ("Pt.thickness" = { from = "1 nm", to = "9 nm", points = 9 }: `hanle.variations`)
    [ac], [transient], [dynamics]   instead of a sweep: `hanle.tasks`
    [output]                        fields (true, false, "vtm", "pvd" or "vtkhdf"), pictures

Fields, magnetisations, profiles and conductances may be functions of position, written "module:function" (modules
beside the file are found), or arrays, written { file = "x.npz", array = "name", sha256 = "..." }; magnetisations also
OVF files, written { ovf = "x.ovf", ... }: `hanle.textures`.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field as attribute
from pathlib import Path
from typing import Any

import numpy as np

from hanle.boundary.b_layer import Conductances
from hanle.boundary.circuit import Circuit
from hanle.device import PROFILE_DIMENSIONS, Device
from hanle.interface_table import read_interface, read_profile, write_interface, write_profile
from hanle.materials.write import to_given
from hanle.options import (
    Output,
    read_output,
    read_run,
    read_sweep,
    require_known,
    with_signals,
    write_run,
    write_sweep,
)
from hanle.output import refuse_existing, target, whole_file
from hanle.pde.errors import HanleError, InputError
from hanle.pde.quantity import exact, parse
from hanle.profiles import Profile
from hanle.shapes import UserShape, from_table
from hanle.stored import (
    Store,
    checked_bytes,
    function_name,
    is_function_name,
    module_file,
    read_array,
    read_function,
)
from hanle.tasks import AC, TASKS, TRANSIENT, Task, read_task, require_task, write_task
from hanle.textures import OVF, OvfTexture, read_table
from hanle.time_drive import split
from hanle.toml import write_toml

_TABLES = (
    "shape",
    "materials",
    "magnetisation",
    "interfaces",
    "profiles",
    "contacts",
    "wires",
    "heat_contacts",
    "run",
    "sweep",
    *TASKS,
    "output",
)
KEYS = ("name", "temperature", "field", "without", "transport", *_TABLES)


@dataclass(frozen=True, eq=False)
class Case:
    """A device and what to do with it: one device file.

    Attributes:
        device: the device.
        run: keyword arguments of `solve`.
        sweep: keyword arguments of `sweep`; None: no sweep.
        output: what to write.
        folder: where the file is; None for a text or objects.
        task: AC response or course in time; None: one steady state, or a sweep.
    """

    device: Device
    run: Mapping[str, Any] = attribute(default_factory=dict)
    sweep: Mapping[str, Any] | None = None
    output: Output = attribute(default_factory=Output)
    folder: Path | None = None
    task: Task | None = None

    @property
    def modules(self) -> tuple[Path, ...]:
        """Modules beside the file that functions of the device come from."""
        device = self.device
        laws = [law for law in device.interfaces.values() if isinstance(law, (Conductances, Circuit))]
        given = [device.field, *device.magnetisation.values(), *device.profiles.values()]
        given += [value for law in laws for value in vars(law).values()]
        given += split(self.run)[1].values()
        given += self.task.functions if self.task else ()
        files = (module_file(value, self.folder) for value in given if callable(value) and self.folder)
        return tuple(dict.fromkeys(file for file in files if file))


def load(path: str | os.PathLike[str]) -> Device:
    """The device of a file; errors as in `load_case`."""
    return load_case(path).device


def load_case(path: str | os.PathLike[str]) -> Case:
    """Device and run options of a file.

    Raises:
        InputError: no such file, broken TOML, an unknown key, a missing unit, a value without sense; the message
            begins with the path and names the table.
    """
    source = Path(path)
    if not source.is_file():
        raise InputError("device file", "an existing TOML file", str(source))
    try:
        text = source.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(str(source), "text in UTF-8", str(error)) from error
    with errors_name(source):
        return read_case(text, source.parent)


def read_text(text: str, folder: Path | None = None) -> Device:
    """The device of a TOML text; files and modules it names are sought in `folder`."""
    return read_case(text, folder).device


def read_case(text: str, folder: Path | None = None) -> Case:
    """Device and run options of a TOML text; errors as in `load_case`, without a path."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError("device file", "valid TOML", str(error), 'e.g. temperature = "300 K"') from error
    require_known("", data, KEYS)
    for name in _TABLES:
        if not isinstance(data.get(name, {}), Mapping):
            raise InputError(name, f"a table [{name}]", data[name])
    for name in ("shape", "materials"):
        if name not in data:
            raise InputError(f"[{name}]", "given", "nothing")
    device, task = _device(data, folder), read_task(data, folder)
    if task is not None:
        require_task(task, device)
    timed = task is not None and task.name != AC
    run = read_run(with_signals(data.get("run", {}), folder) if timed else data.get("run", {}), device)
    if task is not None and "nonlinear" in run and task.name != TRANSIENT:
        raise InputError("run.nonlinear", f"left out with [{task.name}]", run["nonlinear"])
    return Case(
        device,
        run,
        read_sweep(data["sweep"], device) if "sweep" in data else None,
        read_output(data.get("output", {})),
        folder,
        task,
    )


def dump(given: Device | Case, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write a device, or a device with its run options, to a TOML file; `load` gives it back equal.

    Arrays go into a .npz file of the same name beside it.

    Raises:
        InputError: a lambda or another function that a file cannot name, a law of one's own, a shape that was not
            made by a function of `hanle`; the file exists and `overwrite` is false.
    """
    goal = target(path, (".toml",), overwrite=overwrite)
    arrays = goal.with_suffix(".npz")
    text, content = to_text(given, goal.parent, arrays.name)
    if content:
        refuse_existing(arrays, overwrite=overwrite)
        with whole_file(arrays) as draft:
            draft.write_bytes(content)
    with whole_file(goal) as draft:
        draft.write_text(text, encoding="utf-8")
    return goal


def to_text(given: Device | Case, folder: Path, arrays: str) -> tuple[str, bytes]:
    """(TOML text for a file in `folder`, content of the file `arrays` beside it; empty if it needs none)."""
    return _text(given, Store(arrays, folder))


def to_files(given: Device | Case, arrays: str) -> tuple[str, dict[str, bytes]]:
    """(TOML text, name -> content of the files beside it): all that it needs besides Python modules.

    These are the file `arrays`, where there are any, and copies of the OVF files and the mesh that the device reads.

    Raises:
        InputError: such a file is missing, or has changed since the device was made.
    """
    store = Store(arrays, None)
    text, content = _text(given, store)
    return text, ({arrays: content} if content else {}) | store.copies


def _text(given: Device | Case, store: Store) -> tuple[str, bytes]:
    case = given if isinstance(given, Case) else Case(given)
    table = _table(case.device, store)
    if case.run:
        table["run"] = write_run(case.run, case.device)
    if case.sweep is not None:
        table["sweep"] = write_sweep(case.sweep, case.device)
    if case.task is not None:
        table[case.task.name] = write_task(case.task)
    if case.output != Output():
        table["output"] = vars(case.output)
    content = store.finish()
    return write_toml(table), content


@contextmanager
def errors_name(place: object) -> Iterator[None]:
    """Errors inside begin with `place`, the file they are about."""
    try:
        yield
    except InputError as error:
        raise error.within(f"{place}: ") from error
    except HanleError as error:
        raise type(error)(f"{place}: {error}") from error


def _device(data: Mapping[str, Any], folder: Path | None) -> Device:
    shape_table = dict(data["shape"])
    if shape_table.get("kind") == "mesh" and "sha256" in shape_table:
        checked_bytes(Path(folder or ".", str(shape_table.get("path"))), shape_table.pop("sha256"), "shape")
    temperature = parse(data.get("temperature", "300 K"), "temperature", "temperature", bare_is_si=False)
    return Device(
        from_table(shape_table, folder=folder),
        materials=data["materials"],
        temperature=temperature,
        field=_vector(data.get("field", ["0 T"] * 3), "magnetic field", "field", folder),
        magnetisation={
            name: _vector(given, "dimensionless", f"magnetisation.{name}", folder)
            for name, given in data.get("magnetisation", {}).items()
        },
        interfaces={
            name: read_interface(given, f"interfaces.{name}", folder)
            for name, given in data.get("interfaces", {}).items()
        },
        profiles={
            name: read_profile(
                given, PROFILE_DIMENSIONS.get(name.rpartition(".")[2], ""), f"profiles.{name}", folder
            )
            for name, given in data.get("profiles", {}).items()
        },
        contacts={n: _faces(given, f"contacts.{n}") for n, given in data["contacts"].items()}
        if "contacts" in data
        else None,
        without=data.get("without", ()),
        transport=data.get("transport", ()),
        wires=data.get("wires", {}),
        heat_contacts=data.get("heat_contacts", {}),
        name=_title(data.get("name", "")),
    )


def _title(given: Any) -> str:
    if not isinstance(given, str):
        raise InputError("name", "a string", given)
    return given


def _faces(given: Any, key: str) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise InputError(key, "a list of outer faces", given)
    return tuple(given)


def _vector(given: Any, dimension: str, key: str, folder: Path | None) -> Any:
    if is_function_name(given):
        return read_function(given, key, folder)
    if isinstance(given, Mapping):
        # What an OVF file holds is a direction.
        if OVF in given and dimension == "dimensionless":
            return read_table(given, key, folder)
        return read_array(given, key, folder)
    if not isinstance(given, list) or len(given) != 3:
        must = 'three components, "module:function" or { file = ..., sha256 = ... }'
        raise InputError(key, must, given)
    return tuple(
        parse(c, dimension, f"{key}.{axis}", bare_is_si=False) for c, axis in zip(given, "xyz", strict=True)
    )


def _table(device: Device, store: Store) -> dict[str, Any]:
    table: dict[str, Any] = {"name": device.name} if device.name else {}
    table["temperature"] = exact(float(device.temperature), "temperature")
    table["field"] = _write_vector(device.field, "magnetic field", "field", store)
    for key in ("without", "transport"):
        if getattr(device, key):
            table[key] = list(getattr(device, key))
    table["shape"] = _write_shape(device.shape, store)
    table["materials"] = {name: to_given(record) for name, record in device.materials.items()}
    written = {
        "magnetisation": {
            name: m.table(store, f"magnetisation.{name}")
            if isinstance(m, OvfTexture)
            else _write_vector(m, "dimensionless", f"magnetisation.{name}", store)
            for name, m in device.magnetisation.items()
        },
        "interfaces": {name: write_interface(name, law, store) for name, law in device.interfaces.items()},
        "profiles": {
            name: write_profile(value, PROFILE_DIMENSIONS[name.rpartition(".")[2]], f"profiles.{name}", store)
            for name, value in device.profiles.items()
        },
    }
    table |= {name: entries for name, entries in written.items() if entries}
    if device.contacts is not None:
        table["contacts"] = {name: list(faces) for name, faces in device.contacts.items()}
    for key in ("wires", "heat_contacts"):
        if getattr(device, key):
            table[key] = {name: list(members) for name, members in getattr(device, key).items()}
    return table


def _write_shape(shape: Any, store: Store) -> dict[str, Any]:
    if not isinstance(shape, UserShape):
        raise InputError("shape", "made by hanle.stack, hanle.hall_bar, hanle.read_mesh, ...", type(shape).__name__)
    table = shape.table()
    if shape.kind == "mesh":
        path = Path(table["path"])
        if not path.is_file():
            raise InputError("shape.path", "an existing file", str(path))
        from hashlib import sha256

        digest = sha256(path.read_bytes()).hexdigest()
        table |= {"path": store.name(path, digest, "shape"), "sha256": digest}
    return table


def _write_vector(value: Profile, dimension: str, key: str, store: Store) -> Any:
    if callable(value):
        return function_name(value, key)
    array = np.asarray(value, dtype=float)
    return [exact(float(x), dimension) for x in array] if array.ndim == 1 else store.put(key, array)
