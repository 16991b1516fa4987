"""Problems with nonlinear laws, seen near one state: the linear problem that touches them there.

A nonlinear law carries `at(state) -> law`: the linear law that touches it at a state, its value included in the sources
(J at the state minus the slopes times the state goes to S, and so on).
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from hanle.pde.coefficients import Bulk, Coefficient, Deposit, FaceLaw
from hanle.pde.engines.contract import System
from hanle.pde.problem import Face, Problem
from hanle.pde.processes import ALONE, Processes
from hanle.pde.response import Proof, Response
from hanle.pde.solution import Solution
from hanle.pde.tensors import Array


def linearised(problem: Problem, solution: Solution | None) -> Problem:
    """The linear problem that touches `problem` at a solution (at zero if None).

    Raises:
        InputError: a law is not defined at that state; the message names the region or face.
    """
    regions = {name: _bulk(bulk, name, solution) for name, bulk in problem.regions.items()}
    faces = {name: Face(_face(face.law, name, solution), face.sides) for name, face in problem.faces.items()}
    return replace(problem, regions=regions, faces=faces)


def small_signals(problem: Problem, solution: Solution) -> Problem:
    """The linear problem of small changes about a solution: no sources, and prescribed values that stay.

    Capacities are those at that state, so that it may be solved at a frequency or in time.

    Raises:
        InputError: as `linearised`.
    """
    found = linearised(problem, solution)
    regions = {
        name: replace(
            bulk,
            S=(),
            F=(),
            C=_stored(problem.regions[name], name, solution),
            deposits=_without_sources(bulk.deposits),
        )
        for name, bulk in found.regions.items()
    }
    faces = {name: replace(face, law=_quiet(face.law)) for name, face in found.faces.items()}
    quiet = tuple(replace(item, source=0.0) for item in found.globals)
    return replace(found, regions=regions, faces=faces, globals=quiet)


def _quiet(law: FaceLaw) -> FaceLaw:
    given = {name: np.zeros_like(np.asarray(values, dtype=float)) for name, values in law.given.items()}
    return replace(law, g=(), k=(), given=given, deposits=_without_sources(law.deposits))


def _without_sources(deposits: Mapping[str, Deposit]) -> dict[str, Deposit]:
    return {name: replace(deposit, sources=()) for name, deposit in deposits.items()}


def _stored(bulk: Bulk, region: str, solution: Solution) -> Coefficient:
    if bulk.excess is None:
        return bulk.C
    with _processes(solution).alike(f"region {region}"):
        return (*bulk.C, *bulk.excess(solution.samples(region).values)[1])


def _bulk(bulk: Bulk, region: str, solution: Solution | None) -> Bulk:
    if bulk.at is None:
        return replace(bulk, excess=None)
    if solution is None:
        values, gradients = np.zeros((1, 1, 1, bulk.fields.size)), np.zeros((1, 1, 1, 3, bulk.fields.size))
    else:
        samples = solution.samples(region)
        values, gradients = samples.values, samples.gradients
    with _processes(solution).alike(f"region {region}"):
        return replace(bulk.at(values, gradients), excess=None)


def _face(law: FaceLaw, face: str, solution: Solution | None) -> FaceLaw:
    if law.at is None:
        return law
    if solution is None:
        traces, gradients = np.zeros((1, 1, 1, law.size)), np.zeros((1, 1, 1, 3, law.size))
    else:
        samples = solution.face(face)
        traces, gradients = samples.traces, samples.gradients
    with _processes(solution).alike(f"face {face}"):
        return law.at(traces, gradients)


def _processes(solution: Solution | None) -> Processes:
    """Those that hold a state, of which each sees its own part; zero is the same for all."""
    return ALONE if solution is None else solution.response.system.processes


def held(system: System, state: Array, amplitudes: Array, fluxes: Array, proof: Proof) -> Solution:
    """A solution that is one state: its response tells that state and nothing of others.

    Args:
        state: as those of the system, fixed unknowns included.
        amplitudes, fluxes: (batch, drives).
    """
    drives = system.problem.drives
    nothing = np.zeros_like(state)
    none = np.zeros((*amplitudes.shape, len(drives)))
    parts = dict.fromkeys(drives, nothing)
    response = Response(system, drives, parts, parts, state, none, none, fluxes, proof)
    return Solution(response, amplitudes, amplitudes, np.zeros_like(amplitudes))
