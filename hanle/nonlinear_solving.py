"""Solve a device beyond linear response, by Newton's method."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

from hanle.conditions import Conditions
from hanle.device import Device
from hanle.engines import AUTO, MULTILAYER, SCIKIT
from hanle.failures import heard_once, team
from hanle.joule_heating import heated, require_heat
from hanle.meshes.tagged import TaggedMesh
from hanle.nonlinear_results import NonlinearResult
from hanle.pde.errors import UnsupportedError
from hanle.pde.newton import newton
from hanle.pde.steady import TOLERANCE
from hanle.results import Result
from hanle.solving import pose
from hanle.state_limits import require_possible
from hanle.transport_readout import DOUBTFUL, SmallSignalWarning
from hanle.wires import amplitudes, fluxes
from hanle.wiring import drive_table


def solve_nonlinear(
    device: Device,
    *,
    current: Any = None,
    current_density: Any = None,
    wiring: Mapping[str, Any] | None = None,
    source: str | None = None,
    drain: str | None = None,
    engine: str = AUTO,
    order: int | None = None,
    solver: str = AUTO,
    tolerance: float = TOLERANCE,
    max_steps: int = 20,
    mesh: TaggedMesh | None = None,
    mesh_options: Mapping[str, Any] | None = None,
    conditions: Conditions | None = None,
    previous: Result | None = None,
    progress: Callable[[str], None] | None = None,
) -> NonlinearResult:
    """Solve a device with heat under its whole drive: Joule heat, magnons beyond linear response.

    What is nonlinear: `hanle.joule_heating`; all other numbers of the records stay those at T_0.

    Args:
        current, current_density, wiring, source, drain, order, solver, mesh, mesh_options, conditions, progress: as in
            `hanle.solve`.
        engine: "auto" is "scikit"; or "fenicsx".
        tolerance: of Newton's method, relative to the terms of the equations of each field.
        max_steps: of Newton's method at one drive; after so many the drive is approached in smaller steps.
        previous: a result on the same mesh; from a nonlinear one of the same device the drive is raised from its own.

    Raises:
        InputError: heat is not solved for, or a drive or a mesh that does not fit the device.
        UnsupportedError: the exact engine, or a face whose heat has nowhere to go.
        SolveError: no convergence, or T <= 0; the message names the drive, and magnons that would condense.
    """
    if engine == MULTILAYER:
        raise UnsupportedError(f"engine multilayer solves linear problems only: use engine {SCIKIT}")
    engine = SCIKIT if engine == AUTO else engine
    drive = drive_table(current, current_density, wiring, source, drain)
    processes = team(engine)
    with heard_once(processes):
        require_heat(device)
        posed = pose(
            device,
            drive=drive,
            engine=engine,
            order=order,
            solver=solver,
            mesh=mesh,
            mesh_options=mesh_options,
            conditions=conditions,
            previous=previous,
        )
        beyond = heated(device, posed.problem, conditions)
    if progress and processes.rank == 0:
        progress("Newton's method")
    plan, linear = posed.wiring, posed.problem
    start = None
    if isinstance(previous, NonlinearResult) and previous.device is device and previous.mesh is linear.mesh:
        start = previous.solution if previous.conditions is conditions else None
    found = newton(
        beyond.problem,
        posed.engine,
        amplitudes={**plan.amplitudes, **amplitudes(device, linear, plan)},
        fluxes={**plan.fluxes, **fluxes(device, linear.mesh, plan)},
        tolerance=tolerance,
        max_steps=max_steps,
        solver=posed.solver,
        start=start,
    )
    with heard_once(processes):
        beyond.warn(lambda face: found.solution.face(face).traces)
        given = (conditions or device.conditions).on_cells(linear.mesh)
        require_possible(device, found.solution, given, bool(beyond.exchanges))
        result = NonlinearResult(device, linear.mesh, found.solution, plan, conditions, newton=found)
        _warn_if_unseen(result)
    return result


def _warn_if_unseen(result: NonlinearResult) -> None:
    """Warn of drives so weak that Newton's method takes their Joule heat for rounding."""
    plan = result.wiring
    driven = any(
        any(given.values()) for given in (plan.currents, plan.voltages, plan.wire_currents, plan.wire_fields)
    )
    if driven and result.energy_error > DOUBTFUL:
        warnings.warn(
            f"{result.energy_error:.2g} of the Joule heat is missing: it is rounding beside T_0; raise the drive",
            SmallSignalWarning,
            stacklevel=4,
        )
