"""Nonlinear steady problems: Newton's method on laws that give their own linearisation.

A nonlinear law carries `at(state) -> law`: the linear law that touches it at a state, its value included in the sources
(J at the state minus the slopes times the state goes to S, and so on). Each Newton step is then one linear solve, and
the state of that solve is the next iterate. The iteration stops on the residual of the nonlinear equations, which is
the residual of the linearised ones at the state they touch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hanle.pde.coefficients import Bulk
from hanle.pde.engines.contract import Engine, System
from hanle.pde.errors import InputError, SolveError
from hanle.pde.problem import Face, Problem
from hanle.pde.solution import Solution, wire
from hanle.pde.steady import TOLERANCE, norm, respond
from hanle.pde.tensors import Array


@dataclass(frozen=True, eq=False)
class NewtonResult:
    """The converged solution and how it was reached.

    Attributes:
        solution: of the last linearised problem.
        residuals: relative nonlinear residual after each step.
    """

    solution: Solution
    residuals: tuple[float, ...]


def newton(
    problem: Problem,
    engine: Engine,
    *,
    amplitudes: Mapping[str, float | Array],
    fluxes: Mapping[str, float | Array] | None = None,
    tolerance: float = TOLERANCE,
    max_steps: int = 20,
    solver: Any = None,
) -> NewtonResult:
    """Solve a problem whose laws may be nonlinear.

    Args:
        amplitudes, fluxes: as in `hanle.pde.solution.wire`.
        tolerance: bound on the relative residual of the nonlinear equations.
        max_steps: SolveError with the residuals after so many steps, at least 1.
    """
    if max_steps < 1:
        raise InputError("max_steps", "at least 1", max_steps)
    residuals: list[float] = []
    linear, previous = linearised(problem, None), None
    for _ in range(max_steps):
        response = respond(linear, engine, solver=solver, tolerance=min(tolerance, TOLERANCE), previous=previous)
        solution = wire(response, amplitudes=amplitudes, fluxes=fluxes)
        linear = linearised(problem, solution)
        # Assembled once: the next step finds every matrix of the linearised problem in `previous`.
        previous = replace(response, system=engine.assemble(linear, response.system))
        residuals.append(_residual(previous.system, solution))
        if residuals[-1] <= tolerance:
            return NewtonResult(solution, tuple(residuals))
    history = ", ".join(f"{r:.1e}" for r in residuals)
    raise SolveError(
        f"Newton's method left a residual of {residuals[-1]:.1e} after {max_steps} steps where {tolerance:.1e} was "
        f"asked for (residuals: {history}); approach the drive in smaller steps, or look for a threshold in between"
    )


def linearised(problem: Problem, solution: Solution | None) -> Problem:
    """The linear problem that touches `problem` at a solution (at zero if None)."""
    regions = {}
    for name, bulk in problem.regions.items():
        if bulk.at is None:
            regions[name] = bulk
        else:
            regions[name] = bulk.at(*_state(bulk, name, solution))
    faces = {}
    for name, face in problem.faces.items():
        if face.law.at is None:
            faces[name] = face
        else:
            traces = np.zeros((1, 1, 1, face.law.size)) if solution is None else solution.face(name).traces
            faces[name] = Face(face.law.at(traces), face.sides)
    return replace(problem, regions=regions, faces=faces)


def _state(bulk: Bulk, region: str, solution: Solution | None) -> tuple[Array, Array]:
    """(values, gradients) at the quadrature points of a region."""
    if solution is None:
        return np.zeros((1, 1, 1, bulk.fields.size)), np.zeros((1, 1, 1, 3, bulk.fields.size))
    samples = solution.samples(region)
    return samples.values, samples.gradients


def _residual(system: System, solution: Solution) -> float:
    """Residual of the free equations at the state a system is linearised at, relative to the size of its parts.

    The largest of a batch.
    """
    load = system.source_load()
    for name, amplitude in solution.gradients.items():
        along = system.gradient_load(name)
        load = load - (amplitude[0] if along.ndim == 1 else amplitude[:, None]) * along
    applied = system.apply(solution.state)
    free_applied, free_load = (np.where(system.fixed, 0.0, x) for x in (applied, load))
    # Where every free row balances by itself (a uniform state) the fluxes through the contacts set the scale.
    scale = np.maximum(norm(system, free_applied) + norm(system, free_load), norm(system, applied))
    left = norm(system, free_applied - free_load)
    return float(np.max(np.divide(left, scale, out=np.zeros_like(left), where=scale > 0)))
