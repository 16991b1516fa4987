"""Read-outs of magnons, heat and wires. Arrays have a leading batch axis; of AC results they are complex amplitudes."""

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.errors import InputError, unknown_name
from hanle.pde.fields import ELECTRON_HEAT, LATTICE_HEAT, MAGNON, MAGNON_HEAT, Field
from hanle.pde.harmonic import HarmonicResponse, HarmonicSolution
from hanle.pde.observables import voltage
from hanle.pde.problem import Problem
from hanle.pde.solution import Solution
from hanle.pde.tensors import Array
from hanle.wires import wire_drive

if TYPE_CHECKING:
    from hanle.device import Device
    from hanle.results import Result

#: Solutions that answer alike.
Answer: TypeAlias = Solution | HarmonicSolution

#: Whose temperature: name -> field.
CARRIERS: dict[str, Field] = {"electrons": ELECTRON_HEAT, "magnons": MAGNON_HEAT, "lattice": LATTICE_HEAT}


def wire_field(result: "Result", wire: str) -> Array:
    """E along a wire (batch,) [V/m]."""
    return result.solution.amplitude(wire_drive(result.device, result.mesh, wire))


def wire_current(result: "Result", wire: str) -> Array:
    """Current along a wire (batch,) [A; A/m in 1D]."""
    return result.solution.flux(wire_drive(result.device, result.mesh, wire))


def wire_resistance(result: "Result", wire: str, source: str | None) -> Array:
    """E in a wire over the current in the source (batch,) [Ohm/m; Ohm in 1D].

    Raises:
        InputError: no source is named and there is not one wire with a given current.
    """
    if source is None:
        given = [name for name, current in result.wiring.wire_currents.items() if current]
        if len(given) != 1:
            raise InputError("source", "named where not one wire has a given current", given)
        source = given[0]
    return np.asarray(wire_field(result, wire) / _driven_current(result, "source", source))


def _driven_current(result: "Result", key: str, wire: str) -> Array:
    """Current along a wire whose current or field is given; the rounding error of an open one is refused."""
    current, plan = wire_current(result, wire), result.wiring
    if not np.all(plan.wire_currents.get(wire, 0.0) or plan.wire_fields.get(wire, 0.0)) or not np.all(current):
        raise InputError(key, "a wire that is driven, by a current or a field that is not zero", wire)
    return current


def magnon_potential(solution: Answer, region: str, points: ArrayLike) -> Any:
    """mu_m/e = 2 w_m (batch, n) [V] at points (n, 3) [m]."""
    return 2.0 * _values(solution, region, points, MAGNON)


def temperature_change(solution: Answer, region: str, points: ArrayLike, carrier: str) -> Any:
    """T - T_0 (batch, n) [K] at points (n, 3) [m]."""
    if carrier not in CARRIERS:
        raise unknown_name("carrier", carrier, CARRIERS)
    t0 = np.reshape(_problem(solution).temperature, (-1, 1))
    return t0 * _values(solution, region, points, CARRIERS[carrier])


def temperature(solution: Solution, region: str, points: ArrayLike, carrier: str) -> Array:
    """T (batch, n) [K] at points (n, 3) [m]."""
    change = temperature_change(solution, region, points, carrier)
    return np.asarray(np.reshape(_problem(solution).temperature, (-1, 1)) + change)


def largest_temperature_change(solution: Solution, region: str, carrier: str) -> Array:
    """T - T_0 (batch,) [K] where it is largest, of either sign."""
    if carrier not in CARRIERS:
        raise unknown_name("carrier", carrier, CARRIERS)
    problem = _problem(solution)
    if region not in problem.mesh.regions:
        raise unknown_name("region", region, problem.mesh.regions)
    fields = problem.fields_of(region)
    if CARRIERS[carrier].name not in fields.names:
        raise InputError("carrier", f"one that {region} has", carrier)
    _, _, values = solution.response.system.vertex_values(region, solution.state)
    change = values[:, :, fields.slice(CARRIERS[carrier].name).start]
    largest = np.take_along_axis(change, np.abs(change).argmax(axis=1)[:, None], axis=1)[:, 0]
    return np.asarray(np.ravel(problem.temperature) * largest)


def contact_temperature(device: "Device", solution: Answer, contact: str) -> Any:
    """T - T_0 (batch,) [K] of a heat contact."""
    return np.ravel(_problem(solution).temperature) * solution.amplitude(_contact(device, contact))


def heat_current(device: "Device", solution: Answer, contact: str) -> Any:
    """Heat into the device (batch,); Q = -q, so that it is the flux gained at the contact."""
    return solution.flux(_contact(device, contact))


def spin_seebeck(result: "Result", wire: str, hot: str, cold: str, region: str | None) -> Array:
    """E over T_hot - T_cold [V/(K m)], or over the mean gradient of the lattice temperature in a region [V/K].

    Args:
        wire: or a terminal: V against the ground over either [V/K, V m/K].

    Raises:
        InputError: both contacts have one temperature.
    """
    difference = result.contact_temperature(hot) - result.contact_temperature(cold)
    if not np.all(difference):
        raise InputError("hot", f"at another temperature than {cold}", hot)
    field = voltage(result.solution, wire) if wire in result.device.terminals else wire_field(result, wire)
    if region is None:
        return np.asarray(field / difference)
    samples = result.solution.samples(region)
    column = _column(result.solution, region, LATTICE_HEAT)
    slopes = samples.gradients[..., column] * samples.weights[..., None]
    t0 = np.ravel(result.solution.response.system.problem.temperature)
    mean = t0[:, None] * slopes.sum(axis=(1, 2)) / samples.weights.sum(axis=(1, 2))[:, None]
    return np.asarray(field / (np.sign(difference) * np.linalg.norm(mean, axis=-1)))


def spin_peltier(result: "Result", contact: str, wire: str) -> Array:
    """T - T_0 of a contact over the current in a wire (batch,)."""
    return np.asarray(result.contact_temperature(contact) / _driven_current(result, "wire", wire))


def _contact(device: "Device", contact: str) -> str:
    if contact not in device.heat_contacts:
        raise unknown_name("heat contact", contact, device.heat_contacts)
    return contact


def _problem(solution: Answer) -> Problem:
    response = solution.response
    return response.problem if isinstance(response, HarmonicResponse) else response.system.problem


def _values(solution: Answer, region: str, points: ArrayLike, field: Field) -> Any:
    return solution.values(region, np.asarray(points, dtype=float))[..., _column(solution, region, field)]


def _column(solution: Answer, region: str, field: Field) -> int:
    regions = _problem(solution).regions
    known = [name for name, bulk in regions.items() if field.name in bulk.fields]
    if region not in known:
        if not known:
            raise InputError("transport", f"one that has a {field.title}", region, 'e.g. ("magnons", "heat")')
        raise unknown_name("region", region, known)
    return int(regions[region].fields.slice(field.name).start)
