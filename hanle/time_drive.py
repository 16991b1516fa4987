"""What drives a device in the course of time: the arguments of `solve`, in which functions of time may stand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hanle.device import Device
from hanle.pde import observables
from hanle.pde.errors import InputError
from hanle.pde.observables import FIELD_X, measure
from hanle.pde.problem import Problem
from hanle.pde.solution import Solution
from hanle.pde.stages import Drive
from hanle.pde.tensors import Array
from hanle.pde.transient import Drives
from hanle.wires import amplitudes, fluxes, wire_drive
from hanle.wiring import Wiring

#: A function of the time [s].
Signal = Callable[[float], float]
#: Keys of drives; names of terminals and wires follow the last one.
CURRENT, DENSITY, WIRING = "current", "current_density", "wiring."


@dataclass(frozen=True)
class Scaled:
    """A function of the time, times a factor."""

    factor: float
    function: Signal

    def __call__(self, time: float) -> float:
        return self.factor * float(self.function(time))


def split(drive: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Signal]]:
    """(the drive with one unit for each function, the functions by key: "wiring.left", "current").

    Args:
        drive: arguments of `read_drive`; a value may be a function of time [s] that returns SI, or (unit, function).

    Raises:
        InputError: a function in the wiring without the unit of its values.
    """
    signals: dict[str, Signal] = {}
    plain = dict(drive)
    for key in (CURRENT, DENSITY):
        plain[key] = _unit_of(drive.get(key), signals, key)
    if drive.get("wiring"):
        plain["wiring"] = {
            name: _unit_of(value, signals, f"{WIRING}{name}") for name, value in drive["wiring"].items()
        }
        for name, value in drive["wiring"].items():
            if callable(value):
                must = "with the unit of its values where it is a function of time"
                raise InputError(f"wiring.{name}", must, value, 'e.g. ("mA", function)')
    return plain, signals


def _unit_of(value: Any, signals: dict[str, Signal], key: str) -> Any:
    """What stands for a value while the wiring is read: itself, or one unit of a function, which is noted."""
    if callable(value):
        signals[key] = value
        return 1.0
    if isinstance(value, (tuple, list)):
        if len(value) != 2 or not isinstance(value[0], str) or not callable(value[1]):
            raise InputError(key, 'a value with unit, or (unit, function of time), e.g. ("mA", function)', value)
        signals[key] = value[1]
        return f"1 {value[0]}"
    return value


def drives(
    device: Device, problem: Problem, plan: Wiring, signals: Mapping[str, Signal], area: float, breaks: Any
) -> Drives:
    """The drives of the equations.

    Args:
        plan: read from what `split` returns.
        area: of a film, over which its current density is the mean.
        breaks: times at which a function jumps [s].
    """
    mesh = problem.mesh
    if plan.density is not None:
        given = {FIELD_X: _timed(plan.density * area, signals.get(DENSITY))}
        return Drives(fluxes=given, breaks=breaks)
    by_drive: dict[str, Signal] = {}
    for key, function in signals.items():
        name = next(iter(plan.currents), "") if key == CURRENT else key.removeprefix(WIRING)
        by_drive[wire_drive(device, mesh, name) if name in device.wires else name] = function
    fixed: dict[str, Any] = {**plan.amplitudes, **amplitudes(device, problem, plan)}
    flowing: dict[str, Any] = {**plan.fluxes, **fluxes(device, mesh, plan)}
    return Drives(
        {name: _timed(float(np.ravel(value)[0]), by_drive.get(name)) for name, value in fixed.items()},
        {name: _timed(float(np.ravel(value)[0]), by_drive.get(name)) for name, value in flowing.items()},
        breaks,
    )


def _timed(factor: float, function: Signal | None) -> Drive:
    return factor if function is None else Scaled(factor, function)


def wiring_in(device: Device, plan: Wiring, solution: Solution) -> Wiring:
    """What is given at the terminals at the time of a solution."""
    if plan.density is not None:
        area = measure(solution.response.system.problem, "u")
        return replace(plan, density=_number(solution.flux(FIELD_X) / area))
    mesh = solution.response.system.problem.mesh
    wires = {name: wire_drive(device, mesh, name) for name in (*plan.wire_currents, *plan.wire_fields)}
    t0 = _number(np.asarray(solution.response.system.problem.temperature))
    return replace(
        plan,
        currents={name: _number(observables.current_in(solution, name)) for name in plan.currents},
        voltages={name: _number(observables.voltage(solution, name)) for name in plan.voltages},
        wire_currents={name: _number(solution.flux(wires[name])) for name in plan.wire_currents},
        wire_fields={name: _number(solution.amplitude(wires[name])) for name in plan.wire_fields},
        temperatures={name: t0 * _number(solution.amplitude(name)) for name in plan.temperatures},
        heats={name: _number(solution.flux(name)) for name in plan.heats},
    )


def _number(values: Array) -> float:
    return float(np.ravel(values)[0])
