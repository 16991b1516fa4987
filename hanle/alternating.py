"""Solve a device under an alternating drive."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from hanle.ac_results import ACResult
from hanle.capacities import require_gaps, require_storage
from hanle.device import Device
from hanle.dynamics import require_linear
from hanle.engines import AUTO, SCIKIT, choose_engine
from hanle.failures import heard_once, team
from hanle.joule_heating import heated
from hanle.meshes.tagged import TaggedMesh
from hanle.nonlinear_results import NonlinearResult
from hanle.pde.errors import InputError
from hanle.pde.harmonic import HarmonicResponse, HarmonicSolution, respond_at, wire_at
from hanle.pde.linearised import small_signals
from hanle.pde.observables import FIELD_X, measure
from hanle.pde.problem import Problem
from hanle.pde.quantity import parse
from hanle.pde.steady import TOLERANCE
from hanle.pde.tensors import Array
from hanle.resolution import resolving_mesh
from hanle.solving import Posed, pose
from hanle.wires import amplitudes, fluxes
from hanle.wiring import drive_table


def solve_ac(
    device: Device,
    *,
    frequency: Any,
    current: Any = None,
    current_density: Any = None,
    wiring: Mapping[str, Any] | None = None,
    source: str | None = None,
    drain: str | None = None,
    engine: str = AUTO,
    order: int | None = None,
    solver: str = AUTO,
    tolerance: float = TOLERANCE,
    about: NonlinearResult | None = None,
    mesh: TaggedMesh | None = None,
    mesh_options: Mapping[str, Any] | None = None,
    progress: Callable[[str], None] | None = None,
) -> ACResult:
    """Complex amplitudes of `device` under drives that oscillate like cos(2 pi f t).

    Args:
        frequency: f, e.g. "5 GHz" or a number [Hz], or a list of them: one solve on the exact engine, else one after
            the other on one mesh, which resolves the shorter lengths at the highest of them.
        current, current_density, wiring, source, drain: peak amplitudes; these and the rest as in `hanle.solve`.
        about: a result of solve(nonlinear=True) of the same device: amplitudes are those of small signals on top of its
            drive, on its mesh, with its engine and order. Magnons and heat store what they do at T_0.

    Raises:
        InputError: a frequency below 0 or without sense, a drive that does not fit the device, magnons or heat of which
            it is not known what they store, a result to start from that is one of another device, mesh or order.
        UnsupportedError: laws that are not linear.
        SolveError: no convergence.
    """
    frequencies, single = _frequencies(frequency)
    require_storage(device)
    processes = team(engine)
    omega = 2 * np.pi * frequencies
    drive = drive_table(current, current_density, wiring, source, drain)
    if about is not None:
        mesh, engine = _place_of(about, device, mesh, engine)
    with heard_once(processes):
        if mesh is None and not choose_engine(device, engine, order).batched:
            mesh = resolving_mesh([device], device.conditions, mesh_options, float(omega.max()))
            mesh_options = None
        posed = pose(
            device,
            drive=drive,
            engine=engine,
            order=order,
            solver=solver,
            mesh=mesh,
            mesh_options=mesh_options,
            conditions=None if about is None else about.conditions,
        )
    if about is not None:
        posed = replace(posed, problem=_signals(posed, device, about))
    require_linear(posed.problem, "AC response")
    require_gaps(posed.problem)
    solutions = []
    previous: HarmonicResponse | None = None
    for batch in [omega] if posed.engine.batched else omega[:, None]:
        previous = respond_at(
            posed.problem,
            batch,
            posed.engine,
            solver=posed.solver,
            tolerance=tolerance,
            previous=previous,
            progress=progress if processes.rank == 0 else None,
        )
        solutions.append(_driven(device, posed, previous))
    return ACResult(device, posed.problem.mesh, frequencies, tuple(solutions), posed.wiring, single)


def _place_of(
    about: NonlinearResult, device: Device, mesh: TaggedMesh | None, engine: str
) -> tuple[TaggedMesh, str]:
    """(mesh, engine) of a result about which signals are small."""
    if about.device is not device or not isinstance(about.mesh, TaggedMesh):
        raise InputError("about", "a nonlinear result of this device", about)
    if mesh is not None and mesh is not about.mesh:
        raise InputError("mesh", "that of the result in `about`", "another one", "leave it out")
    return about.mesh, SCIKIT if engine == AUTO else engine


def _signals(posed: Posed, device: Device, about: NonlinearResult) -> Problem:
    """The problem of small signals about a result."""
    here, there = posed.engine.assemble(posed.problem), about.solution
    if here.processes.any(there.state.shape != here.given_vector().shape):
        must = "a result of the same engine, order and processes"
        raise InputError("about", must, f"{there.state.size} unknowns, not {here.size}", "give `order` as for it")
    return small_signals(heated(device, posed.problem, about.conditions).problem, there)


def _frequencies(given: Any) -> tuple[Array, bool]:
    """(frequencies (n,) [Hz], whether there is one that is no list)."""
    single = isinstance(given, str) or np.ndim(given) == 0
    if not single and (np.ndim(given) != 1 or not len(given)):
        raise InputError("frequency", "a frequency, or a list of at least one", given, 'e.g. ["1 GHz", "10 GHz"]')
    values = [given] if single else list(given)
    keys = ["frequency"] if single else [f"frequency[{n}]" for n in range(len(values))]
    found = np.array([parse(v, "frequency", key) for v, key in zip(values, keys, strict=True)])
    for key, value in zip(keys, found, strict=True):
        if value < 0:
            raise InputError(key, ">= 0 Hz", float(value), "amplitudes at -f are the complex conjugates")
    return found, single


def _driven(device: Device, posed: Posed, response: HarmonicResponse) -> HarmonicSolution:
    plan = posed.wiring
    if plan.density is not None:
        flow = plan.density * measure(response.doubled.system.problem, "u")
        return wire_at(response, amplitudes={}, fluxes={FIELD_X: flow})
    return wire_at(
        response,
        amplitudes={**plan.amplitudes, **amplitudes(device, posed.problem, plan)},
        fluxes={**plan.fluxes, **fluxes(device, posed.problem.mesh, plan)},
    )
