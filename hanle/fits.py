"""Fit numbers of a device to what was measured, by the names of `hanle.variations`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import least_squares

from hanle.conditions import Conditions
from hanle.device import Device
from hanle.engines import AUTO, SCIKIT, choose_engine
from hanle.meshes.tagged import TaggedMesh
from hanle.opposite_drives import Harmonics, harmonics
from hanle.pde.errors import InputError, SolveError, UserCodeError
from hanle.pde.quantity import parse, show
from hanle.pde.tensors import Array
from hanle.resolution import resolving_mesh
from hanle.results import Result
from hanle.solving import solve
from hanle.sweeps import BOTH, Angles, Turning, devices_of, state, states_of
from hanle.variations import dimension_of, varied

if TYPE_CHECKING:
    from xarray import DataArray

#: Relative change of a number for the derivatives.
STEP = 1e-3
#: Relative change of all numbers, and of the sum of squares, at which a fit has converged.
CONVERGED = 1e-6
#: Misfit of numbers that the device refuses, in standard deviations.
REFUSED = 1e6
#: Change of a number after which the meshes are made anew.
REMESH = 0.05
#: Condition of the normal equations above which the data do not tell the numbers apart.
DEGENERATE = 1e14


@dataclass(frozen=True, eq=False, repr=False)
class Fit:
    """Numbers of a device that describe data best.

    Attributes:
        device: with these numbers.
        values, errors: name -> number and its standard error [SI].
        correlations: (n, n) of the errors, in the order of `values`.
        model: what the device gives, of the shape of the data.
        chi: root of the mean square of (model - data)/error per degree of freedom; about 1 where the errors are right.
            The root of the mean square of model - data where none are given.
        evaluations: curves that were computed.
    """

    device: Device
    values: Mapping[str, float]
    errors: Mapping[str, float]
    correlations: Array
    model: Array
    chi: float
    evaluations: int

    def __repr__(self) -> str:
        kinds = {name: dimension_of(self.device, name) for name in self.values}
        found = [f"{n} = {show(v, kinds[n])} +- {show(self.errors[n], kinds[n])}" for n, v in self.values.items()]
        return f"<Fit: {', '.join(found)}>"


def fit(
    device: Device,
    data: "ArrayLike | DataArray",
    *,
    read: Callable[[Any], Any],
    start: Mapping[str, Any],
    error: ArrayLike | None = None,
    vary: Mapping[str, Any] | None = None,
    angle: Angles | str | None = None,
    field: Sequence[Any] | Any = None,
    temperature: Sequence[Any] | Any = None,
    rotate: Turning = BOTH,
    of_harmonics: bool = False,
    engine: str = AUTO,
    order: int | None = None,
    mesh_options: Mapping[str, Any] | None = None,
    **options: Any,
) -> Fit:
    """Least squares of a read-out against data, over the states of a sweep.

    Numbers keep their sign; steps are relative. Each state has one mesh during the fit, so that no noise of meshes gets
    into the derivatives, and a new one where the numbers move on.

    Args:
        data: measured values, over what is varied, field, temperature, angle, in the order of `hanle.sweep`; axes of
            length 1 may be left out.
        read: function of a result, e.g. lambda r: r.wire_resistance("detector").
        start: name -> where to begin (SI or strings), e.g. {"YIG.magnon_diffusion_length": "5 um"}.
        error: standard deviation of the data, a number or an array; for signals over decades e.g. 0.02*abs(data).
            None: all equal, of a size that follows from the misfit.
        vary, angle, field, temperature, rotate: the states, as in `hanle.sweep`.
        of_harmonics: `read` is given the `hanle.Harmonics` of each state, e.g. lambda h: h.second("detector").
        engine, order, mesh_options, options: as in `hanle.solve`.

    Raises:
        InputError: a name the device does not have, a start at zero, data of another shape, or that do not tell the
            numbers apart.
        SolveError: a solve, or the fit, does not converge.
    """
    begin = {name: parse(given, dimension_of(device, name), f"start.{name}") for name, given in start.items()}
    for name, value in begin.items():
        if not value:
            raise InputError(f"start.{name}", "not zero: a number keeps its sign", start[name])
    grid, states = states_of(device, angle=angle, field=field, temperature=temperature, rotate=rotate)
    if engine == AUTO and (of_harmonics or options.get("nonlinear")):
        engine = SCIKIT
    solver = harmonics if of_harmonics else solve
    common = {"engine": engine, "order": order, **options}
    curve = _Curve(device, dict(vary or {}), states, len(grid.field), solver, common, mesh_options or {}, read)
    measured = np.asarray(data, dtype=float).ravel()
    sigma = (
        np.ones_like(measured) if error is None else np.broadcast_to(error, np.shape(data)).ravel().astype(float)
    )
    _require_data(begin, measured, sigma, curve.size)
    # Of order one, so that neither volts nor metres are taken for zero.
    scale = float(np.abs(measured).max()) if error is None else 1.0
    names, values = tuple(begin), np.array(list(begin.values()))

    def misfit(x: Array) -> Array:
        try:
            found = curve.at(dict(zip(names, values * np.exp(x - 1), strict=True)))
        except InputError:
            # A step too far, to numbers that the device refuses: a shorter one is tried.
            if np.all(x == 1):
                raise
            return np.full(curve.size, REFUSED)
        return np.asarray((found - measured) / sigma / scale)

    while True:
        curve.remesh(dict(zip(names, values, strict=True)))
        first, steps = np.ones(len(names)), np.full(len(names), STEP)
        found = least_squares(misfit, first, diff_step=steps, xtol=CONVERGED, ftol=CONVERGED**2, gtol=CONVERGED**2)
        if not found.success:
            raise SolveError(f"the fit did not converge: {found.message}; start nearer, or with fewer numbers")
        moved, values = np.abs(found.x - 1).max(), values * np.exp(found.x - 1)
        if moved < REMESH:
            break
    return _fit(device, names, values, found, measured, sigma, None if error is not None else scale, curve, data)


def _fit(
    device: Device,
    names: tuple[str, ...],
    values: Array,
    found: Any,
    measured: Array,
    sigma: Array,
    scale: float | None,
    curve: "_Curve",
    data: Any,
) -> Fit:
    """The answer from the last least squares."""
    normal = found.jac.T @ found.jac
    size = np.sqrt(np.diag(normal))
    if np.any(size == 0) or np.linalg.cond(normal / np.outer(size, size)) > DEGENERATE:
        raise InputError("start", "numbers that the data tell apart", list(names), "fit fewer of them")
    covariance = np.linalg.inv(normal)
    freedom = max(len(measured) - len(names), 1)
    spread = float(np.sqrt(np.sum(found.fun**2) / freedom))
    relative = np.sqrt(np.diag(covariance)) * (1.0 if scale is None else spread)
    return Fit(
        varied(device, dict(zip(names, values, strict=True))),
        dict(zip(names, values.tolist(), strict=True)),
        dict(zip(names, (np.abs(values) * relative).tolist(), strict=True)),
        covariance / np.sqrt(np.outer(np.diag(covariance), np.diag(covariance))),
        (measured + found.fun * sigma * (scale or 1.0)).reshape(np.shape(data)),
        spread * (scale or 1.0),
        curve.evaluations,
    )


def _require_data(begin: Mapping[str, float], measured: Array, sigma: Array, size: int) -> None:
    if not begin:
        raise InputError("start", "at least one number to be found", "nothing")
    if measured.size != size:
        raise InputError("data", f"{size} numbers, one for each state", measured.size)
    if not np.all(np.isfinite(measured)) or not np.any(measured):
        raise InputError("data", "finite numbers, not all zero", measured.tolist())
    if not np.all(sigma > 0):
        raise InputError("error", "positive", float(sigma.min()), "leave out what is not known")
    if measured.size < len(begin):
        raise InputError("data", f"at least {len(begin)} numbers, as many as are to be found", measured.size)


@dataclass(eq=False)
class _Curve:
    """The read-out of all states for numbers to be tried.

    Attributes:
        axes: what is varied besides field, temperature and direction.
        meshes: of each point of the axes; None where the engine needs none or the shape itself is fitted.
        evaluations: curves computed so far.
    """

    device: Device
    axes: dict[str, Any]
    states: Conditions
    count: int
    solver: Callable[..., Result | Harmonics]
    options: dict[str, Any]
    mesh_options: Mapping[str, Any]
    read: Callable[[Any], Any]

    def __post_init__(self) -> None:
        self.evaluations = 0
        self._meshes: list[TaggedMesh | None] = []
        self._points = len(devices_of(self.device, self.axes))

    @property
    def size(self) -> int:
        """Number of states."""
        return self._points * self.count

    def remesh(self, numbers: Mapping[str, float]) -> None:
        """Meshes for devices with these numbers."""
        self._meshes = []
        for device in self._devices(numbers):
            engine = choose_engine(device, self.options["engine"], self.options["order"])
            self._meshes.append(
                None if engine.batched else resolving_mesh([device], self.states, self.mesh_options)
            )

    def at(self, numbers: Mapping[str, float]) -> Array:
        """The read-out (states,)."""
        self.evaluations += 1
        found = []
        for device, start, mesh in zip(self._devices(numbers), self._devices({}), self._meshes, strict=True):
            if mesh is None:
                result = self.solver(device, conditions=self.states, **self.options)
                found.append(self._asked(result, self.count))
                continue
            # A mesh belongs to one shape: where the shape is fitted, each has its own.
            same = device.shape == start.shape
            options: dict[str, Any] = {"mesh": mesh} if same else {"mesh_options": self.mesh_options}
            previous = None
            for n in range(self.count):
                previous = self.solver(
                    device, conditions=state(self.states, n), previous=previous, **options, **self.options
                )
                options = {"mesh": previous.mesh}
                found.append(self._asked(previous, 1))
        return np.concatenate(found)

    def _devices(self, numbers: Mapping[str, float]) -> list[Device]:
        return devices_of(varied(self.device, numbers), self.axes)

    def _asked(self, result: Result | Harmonics, count: int) -> Array:
        try:
            values = np.asarray(self.read(result), dtype=float)
        except Exception as error:
            raise UserCodeError(f"read: the function raised {type(error).__name__}: {error}") from error
        if values.size != count:
            raise InputError("read", f"a function that gives one number for each of {count} states", values.shape)
        return values.reshape(count)
