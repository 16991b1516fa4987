"""What a device file asks for in the course of time: [ac], [transient] and [dynamics] beside [run].

    [ac]         frequency: one, a list, or { from = "1 GHz", to = "100 GHz", points = 21, spacing = "log" }
    [transient]  until, times, breaks, error, max_step                as in `hanle.transient`
    [dynamics]   the same, lagging, field_error                       as in `hanle.dynamics`
                 [dynamics.magnets.YIG]                               `hanle.magnet_tables`

Drives of [run] may then be functions of the time, written { unit = "mA", function = "module:function" }.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from hanle.ac_results import ACResult
from hanle.alternating import solve_ac
from hanle.device import Device
from hanle.magnet_tables import functions, read_magnet, require_numbers, write_magnet
from hanle.motions import dynamics
from hanle.options import require_known, require_table, values, write_values
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.quantity import exact, parse
from hanle.results import Result
from hanle.transients import transient

if TYPE_CHECKING:
    from xarray import Dataset

AC, TRANSIENT, DYNAMICS = TASKS = ("ac", "transient", "dynamics")
_ONE, _MANY = False, True
#: In the place of a dimension: true or false.
FLAG = "flag"
_COURSE = {
    "until": ("time", _ONE),
    "times": ("time", _MANY),
    "breaks": ("time", _MANY),
    "error": ("dimensionless", _ONE),
    "max_step": ("time", _ONE),
}
#: Keys of each task: (dimension, whether there may be several values).
KEYS = {
    AC: {"frequency": ("frequency", _MANY)},
    TRANSIENT: _COURSE,
    DYNAMICS: {**_COURSE, "lagging": (FLAG, _ONE), "field_error": ("dimensionless", _ONE)},
}
REQUIRED = {AC: "frequency", TRANSIENT: "until", DYNAMICS: "until"}
MAGNETS = "magnets"
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
        return tuple(x for magnet in self.options.get(MAGNETS, {}).values() for x in functions(magnet))


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
            found[key] = _read(table[key], dimension, many, f"{name}.{key}")
    if name == DYNAMICS:
        given = require_table(f"{name}.{MAGNETS}", table.get(MAGNETS, {}))
        found[MAGNETS] = {n: read_magnet(t, f"{name}.{MAGNETS}.{n}", folder) for n, t in given.items()}
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
    for key in ("error", "field_error"):
        if not 0 < options.get(key, 0.5) < 1:
            raise InputError(f"{task.name}.{key}", "between 0 and 1", options[key], "1e-4 is usual")
    if not options.get("max_step", until) > 0:
        raise InputError(f"{task.name}.max_step", "positive [s]", options["max_step"])
    if task.name == DYNAMICS and not options[MAGNETS]:
        raise InputError(f"{DYNAMICS}.{MAGNETS}", "at least one", "none", f"of {list(device.magnets)}")
    for name, magnet in options.get(MAGNETS, {}).items():
        if name not in device.magnets:
            raise unknown_name(f"{DYNAMICS}.{MAGNETS}", name, device.magnets)
        require_numbers(magnet, f"{DYNAMICS}.{MAGNETS}.{name}")


def write_task(task: Task) -> dict[str, Any]:
    """The table of a task; the opposite of `read_task`."""
    table: dict[str, Any] = {}
    for key, given in task.options.items():
        if key == MAGNETS:
            table[key] = {n: write_magnet(magnet, f"{task.name}.{key}.{n}") for n, magnet in given.items()}
            continue
        require_known(task.name, {key: given}, tuple(KEYS[task.name]))
        dimension, many = KEYS[task.name][key]
        table[key] = _written(given, dimension, many, f"{task.name}.{key}")
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
        checkpoint: of a course in time.
        resume: go on from it.
    """
    options = {**run, **task.options}
    if task.name == AC:
        response = solve_ac(device, **options, progress=say)
        return response, response.dataset(split=True)
    options |= {"checkpoint": checkpoint, "resume": resume, "progress": _unhurried(say)}
    if task.name == TRANSIENT:
        course = transient(device, **options)
        return course.final, course.dataset
    moving = dynamics(device, **options)
    return moving.final, moving.dataset


def _read(given: Any, dimension: str, many: bool, key: str) -> Any:
    if dimension != FLAG:
        return values(given, dimension, key) if many else parse(given, dimension, key, bare_is_si=False)
    if not isinstance(given, bool):
        raise InputError(key, "true or false", given)
    return given


def _written(given: Any, dimension: str, many: bool, key: str) -> Any:
    if dimension == FLAG:
        return bool(given)
    return write_values(given, dimension, key) if many else exact(parse(given, dimension, key), dimension)


def _unhurried(say: Progress) -> Progress:
    """Says at most one line per second."""
    said = [-np.inf]

    def tell(text: str) -> None:
        if monotonic() - said[0] >= 1.0:
            said[0] = monotonic()
            say(text)

    return tell
