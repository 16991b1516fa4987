"""What a device file asks for in the course of time: [ac], [transient] and [dynamics] beside [run].

    [ac]         frequency: one, a list, or { from = "1 GHz", to = "100 GHz", points = 21, spacing = "log" }
    [transient]  until, times, breaks, error, max_step                as in `hanle.transient`
    [dynamics]   the same, as in `hanle.dynamics`, and [dynamics.magnets.YIG] with the arguments of `hanle.Macrospin`

Drives of [run] may then be functions of the time, written { unit = "mA", function = "module:function" }.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from hanle.ac_results import ACResult
from hanle.alternating import solve_ac
from hanle.device import Device
from hanle.macrospins import Macrospin
from hanle.motions import dynamics
from hanle.options import require_known, require_table, values, write_values
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.quantity import exact, parse
from hanle.results import Result
from hanle.stored import function_name, is_function_name, read_function
from hanle.transients import transient

if TYPE_CHECKING:
    from xarray import Dataset

AC, TRANSIENT, DYNAMICS = TASKS = ("ac", "transient", "dynamics")
_ONE, _MANY = False, True
_COURSE = {
    "until": ("time", _ONE),
    "times": ("time", _MANY),
    "breaks": ("time", _MANY),
    "error": ("dimensionless", _ONE),
    "max_step": ("time", _ONE),
}
#: Keys of each task: (dimension, whether there may be several values).
KEYS = {AC: {"frequency": ("frequency", _MANY)}, TRANSIENT: _COURSE, DYNAMICS: _COURSE}
REQUIRED = {AC: "frequency", TRANSIENT: "until", DYNAMICS: "until"}
MAGNETS = "magnets"
_NUMBERS = {
    "damping": "dimensionless",
    "saturation_magnetisation": "magnetisation",
    "gamma": "dimensionless",
}

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Task:
    """A course in time, or an AC response.

    Attributes:
        name: one of TASKS.
        options: keyword arguments of `solve_ac`, `transient` or `dynamics`, those of [run] excepted.
    """

    name: str
    options: Mapping[str, Any]

    @property
    def functions(self) -> tuple[Any, ...]:
        """What may be functions in it."""
        return tuple(x for magnet in self.options.get(MAGNETS, {}).values() for x in (magnet.field, magnet.more))


def read_task(data: Mapping[str, Any], folder: Path | None) -> Task | None:
    """The task of a device file; None where it asks for none.

    Raises:
        InputError: two of them, an unknown key, a value without sense.
    """
    asked = [name for name in ("sweep", *TASKS) if name in data]
    if len(asked) > 1:
        raise InputError(f"[{asked[1]}]", f"the only one: [{asked[0]}] is there too", "both", "use two files")
    name = asked[0] if asked else ""
    if name not in TASKS:
        return None
    table, known = data[name], KEYS[name]
    require_known(name, table, (*known, MAGNETS) if name == DYNAMICS else tuple(known))
    if REQUIRED[name] not in table:
        raise InputError(f"{name}.{REQUIRED[name]}", "given", "nothing")
    found: dict[str, Any] = {}
    for key, (dimension, many) in known.items():
        if key in table:
            place = f"{name}.{key}"
            given = table[key]
            found[key] = (
                values(given, dimension, place) if many else parse(given, dimension, place, bare_is_si=False)
            )
    if name == DYNAMICS:
        given = require_table(f"{name}.{MAGNETS}", table.get(MAGNETS, {}))
        found[MAGNETS] = {n: _read_magnet(t, f"{name}.{MAGNETS}.{n}", folder) for n, t in given.items()}
    return Task(name, found)


def require_task(task: Task, device: Device) -> None:
    """Refuse what the device cannot do, before anything is solved.

    Raises:
        InputError: a negative frequency, times outside of the course, a magnet that is none, numbers out of range.
    """
    options = task.options
    if task.name == AC:
        if np.any(np.asarray(options["frequency"]) < 0):
            worst = float(np.min(options["frequency"]))
            raise InputError("ac.frequency", ">= 0 Hz", worst, "amplitudes at -f are the complex conjugates")
        return
    until = options["until"]
    if not until > 0:
        raise InputError(f"{task.name}.until", "later than the beginning (0 s)", until)
    times = np.ravel(options.get("times", ()))
    if np.any((times < 0) | (times > until)):
        raise InputError(f"{task.name}.times", f"between 0 and {until:g} s", times.tolist())
    if task.name == DYNAMICS and not options[MAGNETS]:
        raise InputError(f"{DYNAMICS}.{MAGNETS}", "at least one", "none", f"of {list(device.magnets)}")
    for name, magnet in options.get(MAGNETS, {}).items():
        if name not in device.magnets:
            raise unknown_name(f"{DYNAMICS}.{MAGNETS}", name, device.magnets)
        if magnet.damping < 0:
            raise InputError(f"{DYNAMICS}.{MAGNETS}.{name}.damping", "0 or positive", magnet.damping)
        if not magnet.gamma > 0:
            raise InputError(f"{DYNAMICS}.{MAGNETS}.{name}.gamma", "positive [1/(s T)]", magnet.gamma)


def write_task(task: Task) -> dict[str, Any]:
    """The table of a task; the opposite of `read_task`."""
    table: dict[str, Any] = {}
    for key, given in task.options.items():
        if key == MAGNETS:
            table[key] = {n: _write_magnet(magnet, f"{task.name}.{key}.{n}") for n, magnet in given.items()}
            continue
        require_known(task.name, {key: given}, tuple(KEYS[task.name]))
        dimension, many = KEYS[task.name][key]
        place = f"{task.name}.{key}"
        table[key] = (
            write_values(given, dimension, place) if many else exact(parse(given, dimension, place), dimension)
        )
    return table


def solve_task(
    task: Task,
    device: Device,
    run: Mapping[str, Any],
    say: Progress,
    *,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> tuple[Result | ACResult, "Dataset"]:
    """(the last moment of a course or the AC response, everything against time or frequency).

    Args:
        checkpoint: of a course of [transient].
        resume: go on from it.
    """
    options = {**run, **task.options}
    if task.name == AC:
        response = solve_ac(device, **options, progress=say)
        return response, response.dataset(split=True)
    if task.name == TRANSIENT:
        course = transient(device, **options, checkpoint=checkpoint, resume=resume, progress=_unhurried(say))
        return course.final, course.dataset
    moving = dynamics(device, **options)
    return moving.final, moving.dataset


def _unhurried(say: Progress) -> Progress:
    """Says at most one line per second."""
    said = [-np.inf]

    def tell(text: str) -> None:
        if monotonic() - said[0] >= 1.0:
            said[0] = monotonic()
            say(text)

    return tell


def _read_magnet(given: Any, key: str, folder: Path | None) -> Macrospin:
    table = require_table(key, given)
    require_known(key, table, tuple(f.name for f in fields(Macrospin)))
    found: dict[str, Any] = {
        name: parse(table[name], dimension, f"{key}.{name}", bare_is_si=False)
        for name, dimension in _NUMBERS.items()
        if name in table
    }
    for name, dimension in (("field", "magnetic field"), ("begin", "dimensionless")):
        if name in table:
            found[name] = _read_vector(table[name], dimension, f"{key}.{name}", folder)
    if "more" in table:
        found["more"] = _read_function(table["more"], f"{key}.more", folder)
    if "anisotropies" in table:
        found["anisotropies"] = _read_anisotropies(table["anisotropies"], f"{key}.anisotropies")
    return Macrospin(**found)


def _read_anisotropies(given: Any, key: str) -> tuple[Any, ...]:
    pairs = given if isinstance(given, list) else [given]
    found = []
    for n, pair in enumerate(pairs):
        if not isinstance(pair, list) or len(pair) != 2:
            raise InputError(f"{key}[{n}]", 'a pair [axis, field], e.g. [[0, 0, 1], "-0.2 T"]', pair)
        axis = _read_vector(pair[0], "dimensionless", f"{key}[{n}]", None)
        found.append((axis, parse(pair[1], "magnetic field", f"{key}[{n}]", bare_is_si=False)))
    return tuple(found)


def _read_vector(given: Any, dimension: str, key: str, folder: Path | None) -> Any:
    if dimension == "magnetic field" and is_function_name(given):
        return read_function(given, key, folder)
    if not isinstance(given, list) or len(given) != 3:
        raise InputError(key, "three components", given)
    return tuple(
        parse(x, dimension, f"{key}.{axis}", bare_is_si=False) for x, axis in zip(given, "xyz", strict=True)
    )


def _read_function(given: Any, key: str, folder: Path | None) -> Any:
    if not is_function_name(given):
        raise InputError(key, '"module:function"', given)
    return read_function(given, key, folder)


def _write_magnet(magnet: Macrospin, key: str) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for entry in fields(Macrospin):
        name, given = entry.name, getattr(magnet, entry.name)
        place = f"{key}.{name}"
        if given is None or (name in _NUMBERS and given == entry.default):
            continue
        if callable(given):
            table[name] = function_name(given, place)
        elif name in _NUMBERS:
            table[name] = exact(parse(given, _NUMBERS[name], place), _NUMBERS[name])
        elif name == "anisotropies":
            pairs = [
                [_plain(axis), exact(parse(b, "magnetic field", place), "magnetic field")] for axis, b in given
            ]
            table |= {name: pairs} if pairs else {}
        else:
            dimension = "magnetic field" if name == "field" else "dimensionless"
            table[name] = [exact(parse(x, dimension, place), dimension) for x in given]
    return table


def _plain(vector: Any) -> list[float]:
    return [float(x) for x in np.ravel(vector)]
