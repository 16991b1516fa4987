"""A course in time as the user sees it: times, read-outs, and results of single moments."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from hanle.dynamics import Question, usual
from hanle.nonlinear_results import electric_power, heat_out
from hanle.pde.errors import InputError
from hanle.pde.motion_record import MotionResult
from hanle.pde.observables import FIELD_X, FIELD_Y, FilmResistivity, measure
from hanle.pde.problem import Problem
from hanle.pde.solution import Solution
from hanle.pde.tensors import Array
from hanle.pde.transient import Transient
from hanle.pde.transient_checkpoint import Effort
from hanle.results import Result
from hanle.time_drive import wiring_in
from hanle.wiring import Wiring

#: Part of the current due to the field of an open film below which its own current is rounding.
ROUNDING = 1e-9

if TYPE_CHECKING:
    import xarray

    from hanle.device import Device
    from hanle.torques import SpinOrbitTorque
    from hanle.transfer_torque import SpinTransferTorque


@dataclass(frozen=True, eq=False, repr=False)
class Instant(Result):
    """A device at one moment of a course: answers what a `Result` does, but for the response to other drives."""

    @cached_property
    def film(self) -> FilmResistivity:
        """E over j at this moment; nothing is known of what couplings change."""
        solution, device = self.solution, self.device
        if device.terminals or device.wires:
            return super().film
        area = measure(solution.response.system.problem, "u")
        j = solution.flux(FIELD_X) / area
        if not self._flows:
            raise InputError("rho_L", "asked while a current flows", 0.0, "use electric_field")
        unknown = np.full_like(j, np.nan)
        across = solution.amplitude(FIELD_Y) / j if FIELD_Y in solution.response.drives else unknown
        thickness = unknown if self.mesh.axes != ("z",) else area
        return FilmResistivity(solution.amplitude(FIELD_X) / j, across, unknown, unknown, unknown, thickness)

    @property
    def has_resistivity(self) -> bool:
        """Whether rho_L can be asked for: not of a film through which nothing flows."""
        return super().has_resistivity and (FIELD_X not in self.response.drives or self._flows)

    @property
    def _flows(self) -> bool:
        """Whether a film carries a current that is more than what is left of the one against its field."""
        conducted = np.abs(self.solution.amplitude(FIELD_X) * self.response.reference[:, 0, 0])
        return bool(np.all(np.abs(self.solution.flux(FIELD_X)) > ROUNDING * conducted))

    @property
    def rho_L_change(self) -> Array:
        """Refused: InputError."""
        raise _steady_only("rho_L_change")

    @property
    def conductance_matrix(self) -> Array:
        """Refused: InputError."""
        raise _steady_only("conductance_matrix")

    def unidirectional_change(self, magnet: str, slope: float) -> Array:
        """Refused: InputError."""
        raise _steady_only("unidirectional_change")

    @property
    def electric_power(self) -> float:
        """What terminals and wires deliver at this moment [W; W/m in 2D, W/m^2 in 1D].

        Beyond linear response it is what leaves as heat and what is stored.
        """
        return electric_power(self)

    @property
    def heat_out(self) -> float:
        """Heat that leaves through heat contacts and sinks at this moment [W; W/m in 2D, W/m^2 in 1D]."""
        return heat_out(self)

    @property
    def electric_field(self) -> Array:
        """Macroscopic E_x, E_y (2,) of a film [V/m]; E_y is NaN where the device is not invariant along y."""
        response = self.response
        if FIELD_X not in response.drives:
            raise InputError("electric_field", "asked of a film", self.shape_name, "use wire_field or voltages")
        found = [
            self.solution.amplitude(name)[0] if name in response.drives else np.nan for name in (FIELD_X, FIELD_Y)
        ]
        return np.array(found)


def _steady_only(name: str) -> InputError:
    return InputError(name, "asked of a steady state", "one moment of a course", "use Device.solve")


@dataclass(frozen=True, eq=False, repr=False)
class MovingInstant(Instant):
    """One moment of magnets in motion: torques hold what pumping takes, voltages and E/j what it drives."""

    def spin_orbit_torque(self, magnet: str, metal: str | None = None) -> "SpinOrbitTorque":
        """Refused: InputError."""
        raise _rest_only("spin_orbit_torque")

    def spin_transfer_torque(self, magnet: str, polariser: str, metal: str | None = None) -> "SpinTransferTorque":
        """Refused: InputError."""
        raise _rest_only("spin_transfer_torque")


def _rest_only(name: str) -> InputError:
    cure = "use torque, or Device.solve with the magnetisation of this moment"
    return InputError(name, "asked of magnets at rest", "magnets in motion, whose torque holds spin pumping", cure)


def at_moment(device: "Device", plan: Wiring, solution: Solution, kind: type[Instant] = Instant) -> Instant:
    """A solution of a course as a result of this kind."""
    mesh = solution.response.system.problem.mesh
    return kind(device, mesh, solution, wiring_in(device, plan, solution))


def questions(device: "Device", problem: Problem) -> dict[str, Question]:
    """What every course keeps."""
    found = usual(device, problem)
    if FIELD_X in problem.drives:
        labels = {"direction": tuple("xy")}
        found["electric_field"] = Question(lambda r: r.electric_field, "V/m", "macroscopic electric field", labels)
    return found


class InTime:
    """What a course tells of its times, be it of fields or of magnets."""

    found: Transient | MotionResult

    @property
    def times(self) -> Array:
        """Recorded times (n,) [s]."""
        return self.found.times

    @property
    def events(self) -> tuple[tuple[str, float], ...]:
        """(name, time [s]) in order."""
        return self.found.events

    @property
    def ended_by(self) -> str:
        """Name of the event that ended the course, "" if none did."""
        return self.found.ended_by


@dataclass(frozen=True, eq=False, repr=False)
class Course(InTime):
    """A device in the course of time.

    Attributes:
        device: what was solved.
        found: the course in the terms of the equations.
        questions: the read-outs by name.
        plan: wiring, functions of time as one unit.
        attributes: of the dataset.
    """

    device: "Device"
    found: Transient
    questions: Mapping[str, Question]
    plan: Wiring
    attributes: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"<Course: {self.device.name or 'device'}; {len(self.times)} times, {self.effort.steps} steps>"

    @property
    def effort(self) -> Effort:
        """Steps, solves and the largest residual."""
        return self.found.effort

    @cached_property
    def final(self) -> Instant:
        """The last moment; another course can begin with it."""
        solution = self.found.final.solution
        if solution is None:
            raise ValueError("a course ends with a solution")
        return at_moment(self.device, self.plan, solution)

    @cached_property
    def dataset(self) -> "xarray.Dataset":
        """All read-outs against time, with units."""
        kept = {name: (values, self.questions[name]) for name, values in self.found.readings.items()}
        return labelled(self.times, kept, self.attributes)


def labelled(
    times: Array, kept: Mapping[str, tuple[Array, Question]], attributes: Mapping[str, Any]
) -> "xarray.Dataset":
    """Values (times, ...) by name as a dataset with units."""
    import xarray

    axes: dict[str, Any] = {"time": ("time", times, {"units": "s", "long_name": "time"})}
    variables = {}
    for name, (values, question) in kept.items():
        known = dict(question.labels) or _labels(name, values.shape[1:])
        axes |= {axis: (axis, list(places), {"long_name": axis, "units": "1"}) for axis, places in known.items()}
        variables[name] = (("time", *known), values, {"units": question.units, "long_name": question.title})
    return xarray.Dataset(variables, axes, dict(attributes))


def _labels(name: str, shape: tuple[int, ...]) -> dict[str, Any]:
    """Axes of a read-out of one's own: the last one holds components where it has three, others are counted."""
    found: dict[str, Any] = {}
    for k, size in enumerate(shape):
        if size == 3 and k == len(shape) - 1:
            found["component"] = tuple("xyz")
        else:
            found[f"{name}_{k}"] = range(size)
    return found
