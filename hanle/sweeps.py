"""Sweeps over angle, field and temperature on one mesh: a batch on the exact engine, a loop with reuse elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from hanle.conditions import Conditions
from hanle.device import Device
from hanle.engines import AUTO, choose_engine
from hanle.failures import heard_once, team
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.quantity import parse
from hanle.pde.tensors import Array, unit
from hanle.profiles import varies
from hanle.readings import dataset, readings
from hanle.results import Result
from hanle.solving import solve

if TYPE_CHECKING:
    import xarray

#: Scan planes: from -> to, with the current along x and the film normal along z.
PLANES = {"alpha": ("x", "y"), "beta": ("z", "y"), "gamma": ("z", "x")}
#: What a scan turns.
BOTH, FIELD, MAGNETISATION = "both", "B", "m"


@dataclass(frozen=True, eq=False)
class Angles:
    """An angular scan.

    Attributes:
        plane: "alpha" (x -> y), "beta" (z -> y) or "gamma" (z -> x).
        degrees: the angles.
    """

    plane: str
    degrees: Array

    @property
    def directions(self) -> Array:
        """Unit vectors (n, 3)."""
        start, end = (np.eye(3)["xyz".index(axis)] for axis in PLANES[self.plane])
        radians = np.deg2rad(self.degrees)[:, None]
        return np.asarray(np.cos(radians) * start + np.sin(radians) * end)


def angles(plane: str, degrees: ArrayLike | None = None) -> Angles:
    """A scan in one of the three standard planes; by default 0 to 360 degrees in steps of 5."""
    if plane not in PLANES:
        raise unknown_name("angle", plane, PLANES)
    values = np.arange(0.0, 361.0, 5.0) if degrees is None else np.atleast_1d(np.asarray(degrees, dtype=float))
    if values.ndim != 1 or not values.size or not np.all(np.isfinite(values)):
        raise InputError("angle.degrees", "at least one finite number [degrees]", values.tolist())
    return Angles(plane, values)


@dataclass(frozen=True, eq=False)
class Grid:
    """The states of a sweep, flattened: field size (n,) [T], temperature (n,) [K], direction (n, 3)."""

    scan: Angles | None
    shape: tuple[int, int, int]
    field: Array
    temperature: Array
    direction: Array


def sweep(
    device: Device,
    *,
    angle: Angles | str | None = None,
    field: Sequence[Any] | Any = None,
    temperature: Sequence[Any] | Any = None,
    rotate: str = BOTH,
    engine: str = AUTO,
    order: int | None = None,
    progress: bool = True,
    mesh_options: Mapping[str, Any] | None = None,
    **options: Any,
) -> "xarray.Dataset":
    """Resistivities and voltages against field, temperature and angle.

    Args:
        angle: `hanle.angles("beta")` or a plane's name; without it the direction of the device's field is kept.
        field: |B| along the rotated direction [T or strings]; default the device's.
        temperature: T [K or strings]; default the device's. Only moments follow it: the numbers of metals stay what
            they are. Solve `device.with_changes(materials=...)` one by one for a metal that changes with T.
        rotate: "both" turns B and every m that was not given, "m" turns every m and leaves B, "B" turns B only.
        engine, order: as in `solve`.
        progress: show a progress bar (on a terminal, from the first process).
        mesh_options, options: of `device.mesh` and of `solve`.

    Returns:
        Dataset over field, temperature and, where there is one, angle, with units: rho_L, rho_T, rho_L_change (of
        films, sections and bars) and, where there are terminals, `voltage` against the ground.

    Raises:
        InputError: a texture, no direction for a field or a moment, or what `solve` refuses.
    """
    found, _ = sweep_and_first(
        device,
        angle=angle,
        field=field,
        temperature=temperature,
        rotate=rotate,
        engine=engine,
        order=order,
        progress=progress,
        mesh_options=mesh_options,
        **options,
    )
    return found


def sweep_and_first(
    device: Device,
    *,
    angle: Angles | str | None = None,
    field: Sequence[Any] | Any = None,
    temperature: Sequence[Any] | Any = None,
    rotate: str = BOTH,
    engine: str = AUTO,
    order: int | None = None,
    progress: bool = True,
    mesh_options: Mapping[str, Any] | None = None,
    **options: Any,
) -> tuple["xarray.Dataset", Result]:
    """The dataset of `sweep`, and the result of the first state (of all states, where the engine takes a batch)."""
    processes = team(engine)
    grid, states = states_of(device, angle=angle, field=field, temperature=temperature, rotate=rotate)
    chosen = choose_engine(device, engine, order)
    common = {"engine": chosen.name, "order": order, **options}
    if chosen.batched:
        results: Iterator[Result] = iter([solve(device, conditions=states, mesh_options=mesh_options, **common)])
    else:
        with heard_once(processes):
            mesh = device.mesh(conditions=states, **(mesh_options or {}))
        results = _loop(device, states, {"mesh": mesh, **common}, progress and processes.rank == 0)
    first = next(results)
    # Only numbers are kept of each state: the fields of a long sweep would fill the memory.
    parts, worst = [readings(first)], _residual(first)
    for result in results:
        parts.append(readings(result))
        worst = max(worst, _residual(result))
    attributes = {"engine": first.proof.engine, "solver": first.proof.solver, "largest_residual": worst}
    return dataset(device, _coordinates(grid), parts, {**attributes, "title": device.name}), first


def states_of(
    device: Device,
    *,
    angle: Angles | str | None = None,
    field: Sequence[Any] | Any = None,
    temperature: Sequence[Any] | Any = None,
    rotate: str = BOTH,
) -> tuple[Grid, Conditions]:
    """The states of a sweep and their conditions as one batch; arguments and errors as in `sweep`."""
    if rotate not in (BOTH, FIELD, MAGNETISATION):
        raise unknown_name("rotate", rotate, (BOTH, FIELD, MAGNETISATION))
    if varies(device.field, 3) or any(varies(m, 3) for m in device.magnetisation.values()):
        raise InputError("sweep", "of a device with a uniform field and uniform magnetisations", "a texture")
    scan = angles(angle) if isinstance(angle, str) else angle
    if not isinstance(scan, Angles | None):
        raise InputError("angle", 'a plane, or hanle.angles("beta", [0, 45, 90])', scan)
    grid = _grid(device, scan, field, temperature, rotate)
    return grid, _conditions(device, grid, rotate)


def state(states: Conditions, n: int) -> Conditions:
    """State n of a batch."""
    pick = {
        name: m[n, 0] if isinstance(m, np.ndarray) and m.ndim == 3 else m
        for name, m in states.magnetisation.items()
    }
    field = np.asarray(states.field)[n, 0]
    return Conditions(float(np.asarray(states.temperature)[n, 0]), field, pick)


def _residual(result: Result) -> float:
    return max(result.proof.residuals.values(), default=0.0)


def _grid(device: Device, scan: Angles | None, field: Any, temperature: Any, rotate: str) -> Grid:
    b = np.asarray(device.field, dtype=float)
    sizes = _numbers(np.linalg.norm(b) if field is None else field, "magnetic field", "field")
    degrees = _numbers(device.temperature if temperature is None else temperature, "temperature", "temperature")
    if np.any(sizes < 0):
        raise InputError("field", "sizes >= 0 T", float(sizes.min()), "turn the direction by 180 degrees instead")
    if np.any(degrees <= 0):
        raise InputError("temperature", "above 0 K", float(degrees.min()), "usual: 0.01 K to 1000 K")
    if (scan is None or rotate == MAGNETISATION) and not np.any(b) and np.any(sizes):
        raise InputError(
            "field", "along a direction", "a device with B = 0", "give an angle, or the device a field"
        )
    directions = unit(b)[None] if scan is None else scan.directions
    shape = (len(sizes), len(degrees), len(directions))
    i, j, k = (index.ravel() for index in np.indices(shape))
    return Grid(scan, shape, sizes[i], degrees[j], directions[k])


def _numbers(given: Any, dimension: str, key: str) -> Array:
    values = [given] if isinstance(given, str) or np.ndim(given) == 0 else list(given)
    if not values:
        raise InputError(key, "at least one value", given)
    return np.array([parse(v, dimension, f"{key}[{n}]") for n, v in enumerate(values)])


def _conditions(device: Device, grid: Grid, rotate: str) -> Conditions:
    """One batch of conditions for all states."""
    turning = [n for n in device.magnets if rotate == MAGNETISATION or n not in device.magnetisation]
    if rotate == FIELD and turning:
        raise InputError(f"magnetisation.{turning[0]}", 'given when rotate="B"', "nothing", 'or use rotate="both"')
    for name in turning if rotate == MAGNETISATION else ():
        if device.is_paramagnet(name):
            must = 'of ordered moments when rotate="m": those of a paramagnet follow the field'
            raise InputError(f"materials.{name}", must, "a paramagnet", 'use rotate="both"')
    along = unit(device.field)[None] if rotate == MAGNETISATION else grid.direction
    moved = {name: grid.direction for name in turning if np.any(grid.direction)}
    base = Conditions(device.temperature, device.field, device.magnetisation)
    return base.with_batch(grid.temperature, grid.field[:, None] * along, moved)


def _loop(device: Device, states: Conditions, options: dict[str, Any], progress: bool) -> Iterator[Result]:
    from tqdm import tqdm

    previous = None
    count = np.shape(states.temperature)[0]
    for n in tqdm(range(count), desc="sweep", unit="state", disable=None if progress else True):
        previous = solve(device, conditions=state(states, n), previous=previous, **options)
        yield previous


def _coordinates(grid: Grid) -> dict[str, tuple[Array, dict[str, str]]]:
    """Dimension -> (values, attributes), slowest first."""
    found = {
        "field": (_axis(grid.field, grid.shape, 0), {"units": "T", "long_name": "magnetic field"}),
        "temperature": (_axis(grid.temperature, grid.shape, 1), {"units": "K", "long_name": "temperature"}),
    }
    scan = grid.scan
    if scan is not None:
        title = f"{scan.plane}: {PLANES[scan.plane][0]} -> {PLANES[scan.plane][1]}"
        found["angle"] = (scan.degrees, {"units": "deg", "long_name": title})
    return found


def _axis(values: Array, shape: tuple[int, int, int], axis: int) -> Array:
    index: list[Any] = [0, 0, 0]
    index[axis] = slice(None)
    return np.asarray(values.reshape(shape)[tuple(index)])
