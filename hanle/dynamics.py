"""What AC response and courses in time share: what a device must be for them, and its usual read-outs.

Metals store spin: C = sigma/D = 2 e^2 nu, in normal metals, ferromagnets and metals with local moments alike (in
magnets with the mean of both densities of states). What magnons and heat store: `hanle.capacities`. Metals are neutral
at all times; m stays where it is, and interfaces answer at once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hanle.device import Device
from hanle.pde.errors import UnsupportedError
from hanle.pde.problem import Problem
from hanle.readings import CURRENT_UNIT, HEAT_UNIT, TORQUE_UNIT, WIRE_UNIT, magnets_of


def require_linear(problem: Problem, what: str) -> None:
    """Refuse laws that are not linear; UnsupportedError names the first."""
    try:
        problem.require_linear()
    except UnsupportedError as error:
        place = str(error).partition(" is not linear")[0]
        raise UnsupportedError(
            f"{what} needs linear laws, but {place} is not linear: linearise it first"
        ) from error


@dataclass(frozen=True, eq=False)
class Question:
    """A read-out of a result.

    Attributes:
        ask: of an `ACResult` or a `Result`: values (..., places), the axes of the answers first.
        units, title: for a dataset.
        labels: names of the further axes -> labels along them.
    """

    ask: Callable[[Any], Any]
    units: str
    title: str
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)


def usual(device: Device, problem: Problem) -> dict[str, Question]:
    """Voltages and currents of terminals and wires, temperatures and heat of heat contacts, and torques."""
    dimension = len(problem.mesh.axes)
    names, wires, magnets = tuple(device.terminals), tuple(device.wires), magnets_of(problem)
    contacts, heat = tuple(device.heat_contacts), HEAT_UNIT[dimension]
    found: dict[str, Question] = {}
    for name, method, unit, title, axis, places in (
        ("voltage", "terminal_voltage", "V", "voltage against the ground", "terminal", names),
        ("current", "terminal_current", CURRENT_UNIT[dimension], "current into the device", "terminal", names),
        ("field_along", "wire_field", "V/m", "field along the wire", "wire", wires),
        ("current_along", "wire_current", WIRE_UNIT.get(dimension, ""), "current along the wire", "wire", wires),
        ("temperature_difference", "contact_temperature", "K", "T - T_0 of the contact", "contact", contacts),
        ("heat", "heat_current", heat, "heat into the device", "contact", contacts),
    ):
        if places:
            found[name] = Question(_each(method, places, -1), unit, title, {axis: places})
    if magnets:
        labels = {"magnet": magnets, "component": tuple("xyz")}
        ask = _each("torque", magnets, -2)
        found["torque"] = Question(ask, TORQUE_UNIT[dimension], "torque on the magnet", labels)
    return found


def _each(method: str, places: Sequence[str], axis: int) -> Callable[[Any], Any]:
    """The answers of a method of a result for some places, along an axis."""
    return lambda result: np.stack([getattr(result, method)(place) for place in places], axis=axis)
