"""Sweeps over angle, field and temperature on one mesh: a batch on the exact engine, a loop with reuse elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from hanle.conditions import Conditions
from hanle.device import Device
from hanle.engines import AUTO, choose_engine
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.quantity import parse
from hanle.pde.tensors import Array, unit
from hanle.profiles import varies
from hanle.results import Result
from hanle.solve import solve

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
    return Angles(plane, values)


@dataclass(frozen=True, eq=False)
class Grid:
    """The states of a sweep, flattened: field size (n,) [T], temperature (n,) [K], direction (n, 3)."""

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
    order: int = 1,
    progress: bool = True,
    mesh_options: Mapping[str, Any] | None = None,
    **options: Any,
) -> "xarray.Dataset":
    """Resistivities and voltages against field, temperature and angle.

    Args:
        angle: `hanle.angles("beta")` or a plane's name; without it the direction of the device's field is kept.
        field: |B| along the rotated direction [T or strings]; default the device's.
        temperature: T [K or strings]; default the device's.
        rotate: "both" turns B and every m that was not given, "m" turns every m and leaves B, "B" turns B only.
        engine, order: as in `solve`.
        progress: show a progress bar.
        mesh_options, options: of `device.mesh` and of `solve`.

    Returns:
        Dataset over (field, temperature, angle) with units: rho_L, rho_T, rho_L_change and, where there are
        terminals, `voltage` against the ground.
    """
    if rotate not in (BOTH, FIELD, MAGNETISATION):
        raise unknown_name("rotate", rotate, (BOTH, FIELD, MAGNETISATION))
    if varies(device.field, 3) or any(varies(m, 3) for m in device.magnetisation.values()):
        raise InputError("sweep", "of a device with a uniform field and uniform magnetisations", "a texture")
    scan = angles(angle) if isinstance(angle, str) else angle
    grid = _grid(device, scan, field, temperature)
    states = _conditions(device, grid, rotate)
    chosen = choose_engine(device, engine, order)
    common = {"engine": chosen.name, "order": order, **options}
    if chosen.batched:
        results = [solve(device, conditions=states, **common)]
    else:
        mesh = device.mesh(conditions=states, **(mesh_options or {}))
        results = list(_loop(device, states, {"mesh": mesh, **common}, progress))
    return _dataset(device, grid, scan, results)


def _grid(device: Device, scan: Angles | None, field: Any, temperature: Any) -> Grid:
    b = np.asarray(device.field, dtype=float)
    sizes = _numbers(np.linalg.norm(b) if field is None else field, "magnetic field", "field")
    degrees = _numbers(device.temperature if temperature is None else temperature, "temperature", "temperature")
    if np.any(sizes < 0):
        raise InputError("field", "sizes >= 0 T", float(sizes.min()), "turn the direction by 180 degrees instead")
    if scan is None and not np.any(b) and np.any(sizes):
        raise InputError(
            "field", "along a direction", "a device with B = 0", "give an angle, or the device a field"
        )
    directions = unit(b)[None] if scan is None else scan.directions
    shape = (len(sizes), len(degrees), len(directions))
    i, j, k = (index.ravel() for index in np.indices(shape))
    return Grid(shape, sizes[i], degrees[j], directions[k])


def _numbers(given: Any, dimension: str, key: str) -> Array:
    values = [given] if isinstance(given, str) or np.ndim(given) == 0 else list(given)
    if not values:
        raise InputError(key, "at least one value", given)
    return np.array([parse(v, dimension, f"{key}[{n}]") for n, v in enumerate(values)])


def _conditions(device: Device, grid: Grid, rotate: str) -> Conditions:
    """One batch of conditions for all states."""
    turned = grid.field[:, None] * grid.direction
    fixed = np.broadcast_to(np.asarray(device.field, dtype=float), turned.shape)
    turning = [n for n in device.magnets if rotate == MAGNETISATION or n not in device.magnetisation]
    if rotate == FIELD:
        missing = [n for n in turning if n not in device.magnetisation]
        if missing:
            raise InputError(
                f"magnetisation.{missing[0]}", 'given when rotate="B"', "nothing", 'or use rotate="both"'
            )
        turning = []
    moved = {name: grid.direction for name in turning if np.any(grid.direction)}
    base = Conditions(device.temperature, device.field, device.magnetisation)
    return base.with_batch(grid.temperature, fixed if rotate == MAGNETISATION else turned, moved)


def _loop(device: Device, states: Conditions, options: dict[str, Any], progress: bool) -> Iterator[Result]:
    from tqdm import tqdm

    previous = None
    count = np.shape(states.temperature)[0]
    for n in tqdm(range(count), desc="sweep", unit="state", disable=not progress):
        previous = solve(device, conditions=_one(states, n), previous=previous, **options)
        yield previous


def _one(states: Conditions, n: int) -> Conditions:
    """State n of a batch."""
    pick = {
        name: m[n, 0] if isinstance(m, np.ndarray) and m.ndim == 3 else m
        for name, m in states.magnetisation.items()
    }
    field = np.asarray(states.field)[n, 0]
    return Conditions(float(np.asarray(states.temperature)[n, 0]), field, pick)


def _dataset(device: Device, grid: Grid, scan: Angles | None, results: list[Result]) -> "xarray.Dataset":
    import xarray

    dims = ("field", "temperature", "angle")
    cube = grid.shape
    variables: dict[str, Any] = {}
    readable = not device.terminals or hasattr(device.shape, "readout")
    quantities = {
        "rho_L": ("Ohm m", "longitudinal resistivity"),
        "rho_T": ("Ohm m", "transverse resistivity"),
        "rho_L_change": ("1", "relative change of rho_L by spin Hall coupling"),
    }
    for name, (units, title) in quantities.items() if readable else ():
        values = np.concatenate([np.atleast_1d(getattr(r, name)) for r in results])
        variables[name] = (dims, values.reshape(cube), {"units": units, "long_name": title})
    if device.terminals:
        volts = [[r.terminal_voltage(t) for t in device.terminals] for r in results]
        attributes = {"units": "V", "long_name": "voltage against the ground"}
        variables["voltage"] = ((*dims, "terminal"), np.array(volts).reshape(*cube, -1), attributes)
    coordinates: dict[str, Any] = {
        "field": ("field", _axis(grid.field, grid.shape, 0), {"units": "T", "long_name": "magnetic field"}),
        "temperature": (
            "temperature",
            _axis(grid.temperature, grid.shape, 1),
            {"units": "K", "long_name": "temperature"},
        ),
    }
    if scan is not None:
        title = f"{scan.plane}: {PLANES[scan.plane][0]} -> {PLANES[scan.plane][1]}"
        coordinates["angle"] = ("angle", scan.degrees, {"units": "deg", "long_name": title})
    if device.terminals:
        coordinates["terminal"] = ("terminal", list(device.terminals), {"long_name": "terminal"})
    proof = results[-1].proof
    worst = max(max(r.proof.residuals.values(), default=0.0) for r in results)
    attributes = {"engine": proof.engine, "solver": proof.solver, "largest_residual": worst, "title": device.name}
    return xarray.Dataset(variables, coordinates, attributes)


def _axis(values: Array, shape: tuple[int, int, int], axis: int) -> Array:
    index: list[Any] = [0, 0, 0]
    index[axis] = slice(None)
    return np.asarray(values.reshape(shape)[tuple(index)])
