"""The tables [run], [sweep] and [output] of a device file: arguments of `solve` and `sweep`, and what is written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hanle.engines import ENGINES, SOLVERS
from hanle.meshes.options import Options, read_options
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.quantity import exact, parse
from hanle.stored import function_name, is_function_name, read_function
from hanle.sweeps import BOTH, Angles, angles
from hanle.time_drive import split
from hanle.transport import HEAT
from hanle.variations import dimension_of
from hanle.wiring import CURRENT_DIMENSION, DRIVE, read_drive

if TYPE_CHECKING:
    from hanle.device import Device

RUN_KEYS = (*DRIVE, "engine", "order", "solver", "tolerance", "nonlinear", "mesh")
SWEEP_KEYS = ("angle", "field", "temperature", "rotate", "vary", "harmonics")
#: Endings of files of fields; see `hanle.write_fields`.
FIELD_FORMATS = ("vtm", "pvd", "vtkhdf")
_RANGE_KEYS = ("from", "to", "points", "spacing")
_SPACINGS: Mapping[str, Callable[..., Any]] = {"even": np.linspace, "log": np.geomspace}


@dataclass(frozen=True)
class Output:
    """What a run writes beside its results.

    Attributes:
        fields: files of the fields: whether, or in which of FIELD_FORMATS.
        pictures: of fields and curves.
    """

    fields: bool | str = True
    pictures: bool = True


def read_run(table: Mapping[str, Any], device: "Device") -> dict[str, Any]:
    """Keyword arguments of `hanle.solving.solve` from [run]; numbers in SI, drives checked against the device.

    Drives may be pairs (unit, function of the time): `with_signals`.
    """
    require_known("run", table, RUN_KEYS)
    drive = {key: table[key] for key in DRIVE if key in table}
    require_table("run.wiring", drive.get("wiring", {}))
    try:
        if drive:
            read_drive(device, **split(drive)[0], bare_is_si=False)
    except InputError as error:
        raise error.within("run.") from error
    found = dict(drive)
    for key, dimension in _drive_dimensions(device).items():
        if key in drive and not isinstance(drive[key], tuple):
            found[key] = parse(drive[key], dimension, f"run.{key}", bare_is_si=False)
    found |= _numerics(table)
    if "nonlinear" in table:
        found["nonlinear"] = _beyond_linear(table["nonlinear"], device)
    if "mesh" in table:
        found["mesh_options"] = _read_mesh(table["mesh"], device)
    return found


def with_signals(table: Mapping[str, Any], folder: Path | None) -> dict[str, Any]:
    """[run] with pairs (unit, function of the time) in place of { unit = "mA", function = "module:function" }."""
    found = dict(table)
    for key in ("current", "current_density"):
        if key in table:
            found[key] = read_signal(table[key], f"run.{key}", folder)
    if isinstance(table.get("wiring"), Mapping):
        wiring = table["wiring"]
        found["wiring"] = {name: read_signal(x, f"run.wiring.{name}", folder) for name, x in wiring.items()}
    return found


def read_signal(given: Any, key: str, folder: Path | None) -> Any:
    """(unit, function of the time) from a table {unit, function}; anything else as it is."""
    if not isinstance(given, Mapping):
        return given
    require_known(key, given, ("unit", "function"))
    unit, function = given.get("unit"), given.get("function")
    if not isinstance(unit, str) or not is_function_name(function):
        must = '{ unit = "mA", function = "module:function" }'
        raise InputError(key, must, dict(given))
    return unit, read_function(str(function), f"{key}.function", folder)


def write_signal(given: Any, key: str) -> Any:
    """The opposite of `read_signal`."""
    if isinstance(given, tuple):
        return {"unit": given[0], "function": function_name(given[1], key)}
    return given


def write_run(run: Mapping[str, Any], device: "Device") -> dict[str, Any]:
    """[run] from keyword arguments of `solve`; the opposite of `read_run`."""
    table = {("mesh" if key == "mesh_options" else key): value for key, value in run.items()}
    for key, dimension in _drive_dimensions(device).items():
        if isinstance(table.get(key), tuple):
            table[key] = write_signal(table[key], f"run.{key}")
        elif key in table:
            table[key] = exact(parse(table[key], dimension, key), dimension)
    if table.get("wiring"):
        table["wiring"] = {n: write_signal(given, f"run.wiring.{n}") for n, given in table["wiring"].items()}
    sizes = table.get("mesh", {}).get("sizes")
    if sizes:
        written = {axis: exact(parse(size, "length", f"sizes.{axis}"), "length") for axis, size in sizes.items()}
        table["mesh"] = {**table["mesh"], "sizes": written}
    require_known("run", table, RUN_KEYS)
    # One order, whatever the command line added: equal inputs are equal texts.
    return {key: table[key] for key in RUN_KEYS if key in table}


def read_sweep(table: Mapping[str, Any], device: "Device") -> dict[str, Any]:
    """Keyword arguments of `hanle.sweeps.sweep` from [sweep]; names in `vary` are checked against the device."""
    require_known("sweep", table, SWEEP_KEYS)
    found: dict[str, Any] = {}
    if "angle" in table:
        found["angle"] = _read_angle(table["angle"])
    for key, dimension in (("field", "magnetic field"), ("temperature", "temperature")):
        if key in table:
            found[key] = values(table[key], dimension, f"sweep.{key}")
    varied = require_table("sweep.vary", table.get("vary", {}))
    if varied:
        found["vary"] = {n: values(v, dimension_of(device, n), f"sweep.vary.{n}") for n, v in varied.items()}
    if not found:
        raise InputError("sweep", "over angle, field, temperature or vary", dict(table))
    if "rotate" in table:
        found["rotate"] = _turning(table["rotate"])
    if "harmonics" in table:
        if not isinstance(table["harmonics"], bool):
            raise InputError("sweep.harmonics", "true or false", table["harmonics"])
        found["harmonics"] = table["harmonics"]
    return found


def write_sweep(sweep: Mapping[str, Any], device: "Device") -> dict[str, Any]:
    """[sweep] from keyword arguments of `sweep`; the opposite of `read_sweep`."""
    require_known("sweep", sweep, SWEEP_KEYS)
    table: dict[str, Any] = {}
    angle = sweep.get("angle")
    if isinstance(angle, Angles):
        whole = angles(angle.plane).degrees
        degrees = [float(d) for d in angle.degrees]
        same = np.array_equal(whole, angle.degrees)
        table["angle"] = angle.plane if same else {"plane": angle.plane, "degrees": degrees}
    elif angle is not None:
        table["angle"] = angle
    for key, dimension in (("field", "magnetic field"), ("temperature", "temperature")):
        if sweep.get(key) is not None:
            table[key] = write_values(sweep[key], dimension, f"sweep.{key}")
    rotate = sweep.get("rotate", BOTH)
    if rotate != BOTH:
        table["rotate"] = rotate if isinstance(rotate, str) else list(rotate)
    if sweep.get("vary"):
        table["vary"] = {
            n: write_values(v, dimension_of(device, n), f"sweep.vary.{n}") for n, v in sweep["vary"].items()
        }
    if sweep.get("harmonics"):
        table["harmonics"] = True
    return table


def write_values(given: Any, dimension: str, key: str) -> list[Any]:
    """Numbers as a list that `values` reads back."""
    found = [given] if isinstance(given, str) or np.ndim(given) == 0 else list(given)
    return [exact(parse(v, dimension, key), dimension) for v in found]


def read_output(table: Mapping[str, Any]) -> Output:
    """What to write, from [output]."""
    require_known("output", table, ("fields", "pictures"))
    for key, value in table.items():
        formats = FIELD_FORMATS if key == "fields" else ()
        if not isinstance(value, bool) and value not in formats:
            raise InputError(f"output.{key}", " or ".join(("true", "false", *formats)), value)
    return Output(**table)


def require_known(place: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Refuse keys of a table that mean nothing."""
    for key in table:
        if key not in known:
            raise unknown_name(f"{place}.{key}" if place else key, key, known)


def _drive_dimensions(device: "Device") -> dict[str, str]:
    return {"current": CURRENT_DIMENSION[len(device.shape.axes)], "current_density": "current density"}


def _numerics(table: Mapping[str, Any]) -> dict[str, Any]:
    """Engine, order, solver and tolerance; names are checked here so that a file fails before anything is solved."""
    found: dict[str, Any] = {}
    for key, known in (("engine", ENGINES), ("solver", SOLVERS)):
        if key in table:
            found[key] = _text(f"run.{key}", table[key])
            if found[key] not in known:
                raise unknown_name(f"run.{key}", found[key], known)
    if "order" in table:
        if table["order"] not in (1, 2) or isinstance(table["order"], bool):
            raise InputError("run.order", "1 or 2", table["order"])
        found["order"] = int(table["order"])
    if "tolerance" in table:
        found["tolerance"] = parse(table["tolerance"], "dimensionless", "run.tolerance")
        if not 0 < found["tolerance"] < 1:
            raise InputError("run.tolerance", "between 0 and 1", table["tolerance"], "1e-8 is the default")
    return found


def _beyond_linear(given: Any, device: "Device") -> bool:
    if not isinstance(given, bool):
        raise InputError("run.nonlinear", "true or false", given)
    if given and HEAT not in device.transport:
        must = "left out where heat is not solved for"
        raise InputError("run.nonlinear", must, given, 'transport = ["heat"] or ["magnons", "heat"]')
    return given


def _read_mesh(table: Any, device: "Device") -> dict[str, Any]:
    options = dict(require_table("run.mesh", table))
    if "sizes" in options:
        sizes = require_table("run.mesh.sizes", options["sizes"])
        options["sizes"] = {
            axis: parse(size, "length", f"run.mesh.sizes.{axis}", bare_is_si=False) for axis, size in sizes.items()
        }
    require_known("run.mesh", options, tuple(f.name for f in fields(Options)))
    try:
        read_options(options, device.shape.axes)
    except InputError as error:
        raise error.within("run.mesh.") from error
    except TypeError as error:
        raise InputError("run.mesh", "numbers and names of the right kind", options, str(error)) from error
    return options


def _read_angle(given: Any) -> Angles:
    if isinstance(given, str):
        return angles(given)
    table = require_table("sweep.angle", given)
    require_known("sweep.angle", table, ("plane", "degrees"))
    degrees = table.get("degrees")
    chosen = None if degrees is None else values(degrees, "dimensionless", "sweep.angle.degrees")
    return angles(_text("sweep.angle.plane", table.get("plane")), chosen)


def values(given: Any, dimension: str, key: str) -> tuple[float, ...]:
    """Numbers in SI: one, a list, or {from, to, points, spacing}, spaced "even" or "log"."""
    if isinstance(given, Mapping):
        require_known(key, given, _RANGE_KEYS)
        count = given.get("points")
        if isinstance(count, bool) or not isinstance(count, int) or count < 2:
            raise InputError(f"{key}.points", "a whole number, 2 or more", count)
        low, high = (parse(given.get(end), dimension, f"{key}.{end}", bare_is_si=False) for end in ("from", "to"))
        spacing = given.get("spacing", "even")
        if spacing not in _SPACINGS:
            raise InputError(f"{key}.spacing", " or ".join(_SPACINGS), spacing)
        if spacing == "log" and not 0 < min(low, high):
            raise InputError(key, "positive where the spacing is logarithmic", dict(given))
        return tuple(float(x) for x in _SPACINGS[spacing](low, high, count))
    found = given if isinstance(given, list) else [given]
    if not found:
        raise InputError(key, "at least one value", "an empty list")
    return tuple(parse(v, dimension, f"{key}[{n}]", bare_is_si=False) for n, v in enumerate(found))


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InputError(key, "a name", value)
    return value


def _turning(given: Any) -> str | tuple[str, ...]:
    """What a scan turns: a word or a magnet, or several magnets."""
    if isinstance(given, list) and given and all(isinstance(name, str) for name in given):
        return tuple(given)
    return _text("sweep.rotate", given)


def require_table(key: str, value: Any) -> Mapping[str, Any]:
    """Refuse what is no table."""
    if not isinstance(value, Mapping):
        raise InputError(key, "a table", value)
    return value
