"""Solve a device: mesh, problem, engine, wiring, result."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from hanle.build import problem as build_problem
from hanle.conditions import Conditions
from hanle.device import Device
from hanle.engines import AUTO, choose_engine, choose_solver
from hanle.meshes.layered import Layers
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.errors import InputError
from hanle.pde.quantity import parse
from hanle.pde.solution import Solution, wire
from hanle.pde.steady import TOLERANCE, Response, respond
from hanle.results import Result
from hanle.wiring import Wiring, read_wiring, through

#: Mean current density of a film when none is given [A/m^2]; resistivities do not depend on it.
FILM_CURRENT_DENSITY = 1e10
#: Current through a device with terminals when none is given [A].
DEVICE_CURRENT = 1e-3


def solve(
    device: Device,
    *,
    current: Any = None,
    current_density: Any = None,
    wiring: Mapping[str, Any] | None = None,
    source: str = "left",
    drain: str = "right",
    engine: str = AUTO,
    order: int = 1,
    solver: str = AUTO,
    tolerance: float = TOLERANCE,
    mesh: TaggedMesh | None = None,
    mesh_options: Mapping[str, Any] | None = None,
    conditions: Conditions | None = None,
    previous: Result | None = None,
    progress: Callable[[str], None] | None = None,
) -> Result:
    """Solve `device`.

    Args:
        current: what enters at `source` and leaves at `drain` (the ground); other terminals float. Default 1 mA.
        current_density: mean <j_x> of a device without terminals (a film). Default 1e10 A/m^2.
        wiring: instead of `current`: terminal -> "1 mA", "10 uV" or "ground".
        engine: "auto", "multilayer" (exact, layered 1D) or "scikit" (finite elements).
        order: 1 or 2, of the finite elements.
        solver: "auto", "direct" or "multigrid".
        tolerance: relative true residual of each solve.
        mesh: instead of the one made by `device.mesh(**mesh_options)`.
        conditions: instead of the device's own; a batch for the exact engine.
        previous: an earlier result on the same mesh, whose unchanged matrices are reused.
        progress: called with a line of text before each step.

    Raises:
        InputError: a drive that does not fit the device.
        SolveError: no convergence; the message names the next step.
    """
    chosen = choose_engine(device, engine, order)
    geometry = _geometry(device, chosen.batched, mesh, mesh_options or {}, conditions, previous)
    problem = build_problem(device, geometry, conditions)
    response = respond(
        problem,
        chosen,
        solver=choose_solver(solver),
        tolerance=tolerance,
        previous=previous.response if previous else None,
        progress=progress,
    )
    if device.terminals:
        if current_density is not None:
            raise InputError(
                "current_density", "left out for a device with terminals", current_density, "use current"
            )
        size = len(geometry.axes)
        amount = DEVICE_CURRENT if current is None else current
        plan = read_wiring(device, wiring, size) if wiring else through(device, amount, source, drain, size)
        return Result(device, geometry, wire(response, amplitudes=plan.amplitudes, fluxes=plan.fluxes), plan)
    if wiring or current is not None:
        raise InputError(
            "current", "left out for a device without terminals", wiring or current, "use current_density"
        )
    density = parse(
        FILM_CURRENT_DENSITY if current_density is None else current_density, "current density", "current_density"
    )
    return Result(device, geometry, _film(response, density), Wiring())


def _geometry(
    device: Device,
    layered: bool,
    mesh: TaggedMesh | None,
    options: Mapping[str, Any],
    conditions: Conditions | None,
    previous: Result | None,
) -> TaggedMesh | Layers:
    if layered and mesh is None:
        layers: Layers = device.shape.layers_of_stack()
        return layers
    if mesh is None and previous is not None and isinstance(previous.mesh, TaggedMesh):
        return previous.mesh
    return device.mesh(conditions=conditions, **options) if mesh is None else mesh


def _film(response: Response, density: float) -> Solution:
    """A mean current density along x; no mean current along y, if that is driven at all."""
    return wire(response, amplitudes={}, fluxes={"du/dx": density * np.asarray(response.system.measure("u"))})
