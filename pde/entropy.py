"""Entropy that a solved problem produces, region by region and face by face [W/K; per length or area below 3D].

Linear response about T_0: all fields are conjugate to their fluxes (volts to A, (T - T_0)/T_0 to W), so that

    T_0 sigma = J . grad U + U . loss        in regions        - (U - U_ext) . N.J        at faces

is what laws dissipate; antisymmetric parts (Hall, precession) drop out, and sigma is a quadratic form of the drives.
Beyond linear response, with reservoirs r at the temperatures T_r that gain the heat -loss_r from everything else,

    sigma = sum_r Q_r . grad T_r/T_r^2 - loss_r/T_r      in regions        sum_r N.Q_r/T_r - N.Q/T_ext      at faces

with Q = -q. Either must equal what leaves: (power delivered + heat in . (T - T_0)/T_0)/T_0, or -(heat in)/T summed over
contacts and surroundings. Where fields solve their equations on elements only, so does the second to their error.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hanle.pde.fields import ELECTRON_HEAT, LATTICE_HEAT, MAGNON_HEAT
from hanle.pde.solution import Solution
from hanle.pde.tensors import Array

RESERVOIRS = (ELECTRON_HEAT.name, MAGNON_HEAT.name, LATTICE_HEAT.name)


@dataclass(frozen=True, eq=False)
class Entropy:
    """Production of entropy (batch,) [W/K; W/(K m) in 2D, W/(K m^2) in 1D].

    Attributes:
        places: region or face -> what it produces, >= 0.
        left: what leaves through contacts and to the surroundings.
    """

    places: Mapping[str, Array]
    left: Array

    @property
    def total(self) -> Array:
        """Of the whole problem."""
        return np.asarray(sum(self.places.values(), start=np.zeros_like(self.left)))

    @property
    def error(self) -> Array:
        """|total - left| over the larger of both, 0 where both are."""
        size = np.maximum(np.abs(self.total), np.abs(self.left))
        return np.divide(np.abs(self.total - self.left), size, out=np.zeros_like(size), where=size > 0)


def entropy_production(solution: Solution, surroundings: Mapping[str, float] | None = None) -> Entropy:
    """Of a problem in linear response, to second order in its drives.

    Args:
        surroundings: outer face -> T_ext [K] of what its heat goes to; others at T_0.
    """
    t0 = np.ravel(solution.response.system.problem.temperature)
    places: dict[str, Array] = {}
    left = np.zeros(solution.amplitudes.shape[0])
    for entry in solution.ledger:
        if entry.kind == "terminal":
            left = left - entry.power / t0
        else:
            places[entry.place] = places.get(entry.place, 0.0) + entry.power / t0
    for face, kelvin in (surroundings or {}).items():
        more = (kelvin / t0 - 1) * sum(_heat_gained(solution, face).values()) / t0
        places[face], left = places[face] + more, left + more
    return Entropy(places, left)


def entropy_production_at(solution: Solution, surroundings: Mapping[str, float] | None = None) -> Entropy:
    """Of a state beyond linear response (`hanle.pde.newton`), whose temperatures are all reservoirs of its energy.

    Args:
        surroundings: outer face -> T_ext [K], of every face through which heat leaves, contacts excepted.
    """
    system = solution.response.system
    problem, t0 = system.problem, np.ravel(system.problem.temperature)
    places = {name: _in_region(solution, name) for name in problem.regions}
    left = np.zeros(solution.amplitudes.shape[0])
    for name in problem.faces:
        heats = _heat_gained(solution, name, over_temperature=True)
        if heats:
            places[name] = np.asarray(sum(heats.values()))
    for face, kelvin in (surroundings or {}).items():
        lost = sum(_heat_gained(solution, face).values()) / kelvin
        places[face], left = places[face] - lost, left - lost
    for name, terminal in problem.terminals.items():
        if terminal.component in RESERVOIRS:
            left = left - solution.flux(name) / (t0 * (1 + solution.amplitude(name)))
    return Entropy(places, left)


def _in_region(solution: Solution, region: str) -> Array:
    """sigma integrated over a region, beyond linear response."""
    system, s = solution.response.system, solution.own_samples(region)
    bulk, t0 = system.problem.regions[region], np.reshape(system.problem.temperature, (-1, 1, 1))
    flux, loss = bulk.flux(s.values, s.gradients), bulk.loss(s.values, s.gradients)
    density = np.zeros(flux.shape[:3])
    for name in RESERVOIRS:
        if name in bulk.fields:
            k = bulk.fields.slice(name).start
            kelvin = t0 * (1 + s.values[..., k])
            slope = np.sum(flux[..., k] * s.gradients[..., k], axis=-1)
            density = density + slope * t0 / kelvin**2 - loss[..., k] / kelvin
    weights = np.broadcast_to(s.weights, density.shape)
    return system.processes.total(np.sum(weights * density, axis=(1, 2)))


def _heat_gained(solution: Solution, face: str, *, over_temperature: bool = False) -> dict[tuple[str, str], Array]:
    """(role, reservoir) -> heat that a side gains at a face (batch,), or that heat over its temperature."""
    problem = solution.response.system.problem
    law, samples = problem.faces[face].law, solution.face(face)
    flux, t0 = law.flux(samples.traces, samples.gradients), np.reshape(problem.temperature, (-1, 1, 1))
    found = {}
    for side in law.sides:
        for name in RESERVOIRS:
            if name in side.fields:
                k = law.columns(side.role, name).start
                kelvin = t0 * (1 + samples.traces[..., k]) if over_temperature else 1.0
                weights = np.broadcast_to(samples.weights, flux.shape[:3])
                found[side.role, name] = np.asarray(np.sum(weights * flux[..., k] / kelvin, axis=(1, 2)))
    return found
