"""Sweeps over angle, field, temperature and named numbers: batches on the exact engine, a loop with reuse elsewhere."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from hanle.conditions import Conditions
from hanle.device import Device
from hanle.engines import AUTO, SCIKIT, choose_engine
from hanle.failures import heard_once, team
from hanle.meshes.tagged import TaggedMesh
from hanle.opposite_drives import Harmonics
from hanle.opposite_drives import harmonics as harmonics_of
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.quantity import parse
from hanle.pde.tensors import Array, unit
from hanle.profiles import varies
from hanle.readings import Extra, Reading, dataset, readings
from hanle.resolution import resolving_mesh
from hanle.results import Result
from hanle.solving import solve
from hanle.variations import dimension_of, unit_of, varied

if TYPE_CHECKING:
    import xarray

#: Scan planes: from -> to, with the current along x and the film normal along z.
PLANES = {"alpha": ("x", "y"), "beta": ("z", "y"), "gamma": ("z", "x")}
#: What a scan turns.
BOTH, FIELD, MAGNETISATION = "both", "B", "m"
#: One of these, a magnet or several.
Turning: TypeAlias = str | Sequence[str]


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
    """The states of a sweep, flattened: field along its direction (n,) [T], temperature (n,) [K], direction (n, 3)."""

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
    rotate: Turning = BOTH,
    vary: Mapping[str, Any] | None = None,
    read: Mapping[str, Extra] | None = None,
    harmonics: bool = False,
    engine: str = AUTO,
    order: int | None = None,
    progress: bool = True,
    mesh_options: Mapping[str, Any] | None = None,
    **options: Any,
) -> "xarray.Dataset":
    """Resistivities, resistance, voltages and torques against field, temperature, angle and anything that has a name.

    Args:
        angle: `hanle.angles("beta")` or a plane's name; without it the direction of the device's field is kept.
        field: B along the rotated direction [T or strings], below 0 against it; default the device's |B|.
        temperature: T [K or strings]; default the device's. Only moments follow it: the numbers of metals stay what
            they are; vary them.
        rotate: "both" turns B and every m that was not given, "m" turns every m and leaves B, "B" turns B only; the
            name of a magnet, or a list of names, turns their m and leaves everything else.
        vary: name -> values (SI or strings), e.g. {"Pt.thickness": ["2 nm", "5 nm"], "Co.polarisation": [0.3, 0.4]}:
            thickness, polarisation, lengths, conductances, memory loss, ...; names in `hanle.variations`.
        read: name -> (function of the `Result`, unit, title), e.g.
            {"V12": (lambda r: r.terminal_voltage("V1", "V2"), "V", "voltage of the probes")}.
        harmonics: solve each state beyond linear response at the drive and at the opposite one, and keep of each
            read-out its first and second harmonic, <name>_1w and <name>_2w, per drive and per its square:
            `hanle.opposite_drives`.
        engine, order: as in `solve`.
        progress: show a progress bar (on a terminal, from the first process).
        mesh_options, options: of `device.mesh` and of `solve`.

    Returns:
        Dataset over what is varied, field, temperature and, where there is one, angle, with units. Of films, sections
        and bars rho_L, rho_T, rho_L_change and, on each face of a magnet to a normal metal ("interface"), torque_DL,
        torque_FL, efficiency_DL, efficiency_FL as in `Result.spin_orbit_torque` (NaN where m is along y); with
        terminals `voltage` against the ground and, where one current flows to it, `resistance`; of magnets `torque`.

    Raises:
        InputError: a texture, no direction for a field or a moment, or what `solve` refuses.
    """
    found, _ = sweep_and_first(
        device,
        angle=angle,
        field=field,
        temperature=temperature,
        rotate=rotate,
        vary=vary,
        read=read,
        harmonics=harmonics,
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
    vary: Mapping[str, Any] | None = None,
    read: Mapping[str, Extra] | None = None,
    harmonics: bool = False,
    engine: str = AUTO,
    order: int | None = None,
    progress: bool = True,
    mesh_options: Mapping[str, Any] | None = None,
    angle: Angles | str | None = None,
    field: Sequence[Any] | Any = None,
    temperature: Sequence[Any] | Any = None,
    rotate: Turning = BOTH,
    **options: Any,
) -> tuple["xarray.Dataset", Result]:
    """The dataset of `sweep`, and the result of the first state (of all states, where the engine takes a batch).

    Of harmonics it is the result at the drive itself.
    """
    processes = team(engine)
    axes = _axes(device, vary or {})
    devices = devices_of(device, axes)
    grid, states = states_of(device, angle=angle, field=field, temperature=temperature, rotate=rotate)
    if engine == AUTO and (harmonics or options.get("nonlinear")):
        engine = SCIKIT
    chosen = choose_engine(devices[0], engine, order)
    common = {"engine": chosen.name, "order": order, **options}
    if chosen.batched:
        jobs = [(one, states, {"mesh_options": mesh_options, **common}) for one in devices]
    else:
        with heard_once(processes):
            meshes = _meshes(devices, states, mesh_options or {})
        single = [state(states, n) for n in range(len(grid.field))]
        jobs = [(one, s, {"mesh": m, **common}) for one, m in zip(devices, meshes, strict=True) for s in single]
    results = _solved(jobs, progress and processes.rank == 0, harmonics)
    first = next(results)
    # Only numbers are kept of each state: the fields of a long sweep would fill the memory.
    parts, worst = [_readings(first, read)], _residual(first)
    for result in results:
        parts.append(_readings(result, read))
        worst = max(worst, _residual(result))
    attributes = {"engine": first.proof.engine, "solver": first.proof.solver, "largest_residual": worst}
    varying = {name: (values, _notes(device, name)) for name, values in axes.items()}
    found = dataset({**varying, **_coordinates(grid)}, parts, {**attributes, "title": device.name})
    return found, first.forward if isinstance(first, Harmonics) else first


def _readings(found: Result | Harmonics, read: Mapping[str, Extra] | None) -> dict[str, Reading]:
    return found.readings(read) if isinstance(found, Harmonics) else readings(found, read)


def devices_of(device: Device, vary: Mapping[str, Any]) -> list[Device]:
    """The devices of a sweep, the last name varying fastest; `vary` and errors as in `sweep`."""
    axes = _axes(device, vary)
    return [varied(device, dict(zip(axes, point, strict=True))) for point in product(*axes.values())]


def states_of(
    device: Device,
    *,
    angle: Angles | str | None = None,
    field: Sequence[Any] | Any = None,
    temperature: Sequence[Any] | Any = None,
    rotate: Turning = BOTH,
) -> tuple[Grid, Conditions]:
    """The states of a sweep and their conditions as one batch; arguments and errors as in `sweep`."""
    names, turns_field = _turned(device, rotate)
    if varies(device.field, 3) or any(varies(m, 3) for m in device.magnetisation.values()):
        raise InputError("sweep", "of a device with a uniform field and uniform magnetisations", "a texture")
    scan = angles(angle) if isinstance(angle, str) else angle
    if not isinstance(scan, Angles | None):
        raise InputError("angle", 'a plane, or hanle.angles("beta", [0, 45, 90])', scan)
    if scan is None and rotate not in (BOTH, FIELD, MAGNETISATION):
        raise InputError("angle", "given where rotate names a magnet", "nothing", 'e.g. angle="alpha"')
    grid = _grid(device, scan, field, temperature, turns_field)
    return grid, _conditions(device, grid, names, turns_field)


def state(states: Conditions, n: int) -> Conditions:
    """State n of a batch."""
    pick = {
        name: m[n, 0] if isinstance(m, np.ndarray) and m.ndim == 3 else m
        for name, m in states.magnetisation.items()
    }
    field = np.asarray(states.field)[n, 0]
    return Conditions(float(np.asarray(states.temperature)[n, 0]), field, pick)


def _residual(result: Result | Harmonics) -> float:
    return max(result.proof.residuals.values(), default=0.0)


def _turned(device: Device, rotate: Turning) -> tuple[tuple[str, ...], bool]:
    """(magnets whose m a scan turns, whether it turns B)."""
    free = tuple(n for n in device.magnets if n not in device.magnetisation)
    if rotate == BOTH:
        return free, True
    if rotate == FIELD:
        if free:
            raise InputError(f"magnetisation.{free[0]}", 'given when rotate="B"', "nothing", 'or use rotate="both"')
        return (), True
    named = (rotate,) if isinstance(rotate, str) else tuple(rotate)
    names = device.magnets if rotate == MAGNETISATION else named
    for name in names:
        if name not in device.magnets:
            raise unknown_name("rotate", name, (BOTH, FIELD, MAGNETISATION, *device.magnets))
        if device.is_paramagnet(name):
            must = "of ordered moments when m turns without B: those of a paramagnet follow the field"
            raise InputError(f"materials.{name}", must, "a paramagnet", 'use rotate="both"')
    return names, False


def _grid(device: Device, scan: Angles | None, field: Any, temperature: Any, turns_field: bool) -> Grid:
    b = np.asarray(device.field, dtype=float)
    sizes = _numbers(np.linalg.norm(b) if field is None else field, "magnetic field", "field")
    degrees = _numbers(device.temperature if temperature is None else temperature, "temperature", "temperature")
    if np.any(degrees <= 0):
        raise InputError("temperature", "above 0 K", float(degrees.min()), "usual: 0.01 K to 1000 K")
    if (scan is None or not turns_field) and not np.any(b) and np.any(sizes):
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


def _conditions(device: Device, grid: Grid, names: Sequence[str], turns_field: bool) -> Conditions:
    """One batch of conditions for all states."""
    along = grid.direction if turns_field else unit(device.field)[None]
    # What follows B turns round with it.
    sign = np.where(grid.field < 0, -1.0, 1.0)[:, None] if turns_field else 1.0
    moved = {name: sign * grid.direction for name in names if np.any(grid.direction)}
    base = Conditions(device.temperature, device.field, device.magnetisation)
    return base.with_batch(grid.temperature, grid.field[:, None] * along, moved)


def _axes(device: Device, vary: Mapping[str, Any]) -> dict[str, Array]:
    """What is varied: name -> values in SI."""
    if not isinstance(vary, Mapping):
        raise InputError("vary", 'a table name -> values, e.g. {"Pt.thickness": ["2 nm", "5 nm"]}', vary)
    return {name: _numbers(values, dimension_of(device, name), f"vary.{name}") for name, values in vary.items()}


def _notes(device: Device, name: str) -> dict[str, str]:
    place, _, quantity = name.rpartition(".")
    return {"units": unit_of(device, name), "long_name": f"{quantity.replace('_', ' ')} of {place}"}


def _meshes(devices: Sequence[Device], states: Conditions, options: Mapping[str, Any]) -> list[TaggedMesh]:
    """One mesh for all devices of one shape, so that curves carry no mesh noise."""
    shapes = [getattr(device.shape, "arguments", None) for device in devices]
    made: dict[Any, TaggedMesh] = {}
    for shape in shapes:
        if shape not in made:
            alike = [device for device, own in zip(devices, shapes, strict=True) if own == shape]
            made[shape] = resolving_mesh(alike, states, options)
    return [made[shape] for shape in shapes]


def _solved(
    jobs: Sequence[tuple[Device, Conditions, dict[str, Any]]], progress: bool, twice: bool
) -> Iterator[Result | Harmonics]:
    from tqdm import tqdm

    solver: Callable[..., Result | Harmonics] = harmonics_of if twice else solve
    previous: Result | Harmonics | None = None
    for device, conditions, options in tqdm(
        jobs, desc="sweep", unit="state", disable=None if progress and len(jobs) > 1 else True
    ):
        same = previous is not None and options.get("mesh") is previous.mesh
        previous = solver(device, conditions=conditions, previous=previous if same else None, **options)
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
