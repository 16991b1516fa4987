"""Solve a device: mesh, problem, engine, wiring, result."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hanle.build import problem as build_problem
from hanle.conditions import Conditions
from hanle.device import Device
from hanle.engines import AUTO, choose_engine, choose_solver, layers
from hanle.failures import heard_once, team
from hanle.fitting import require_fit
from hanle.meshes.layered import Layers
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.engines.contract import Engine
from hanle.pde.errors import InputError
from hanle.pde.observables import FIELD_X, measure
from hanle.pde.problem import Problem
from hanle.pde.response import Response
from hanle.pde.solution import Solution, wire
from hanle.pde.steady import TOLERANCE, respond
from hanle.results import Result
from hanle.transport_readout import warn_if_lost
from hanle.transverse import warn_if_undamped, warn_if_unmixed
from hanle.wires import amplitudes, fluxes
from hanle.wiring import Wiring, drive_table, read_drive, require_grounds


def solve(
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
    mesh: TaggedMesh | None = None,
    mesh_options: Mapping[str, Any] | None = None,
    conditions: Conditions | None = None,
    previous: Result | None = None,
    progress: Callable[[str], None] | None = None,
    nonlinear: bool = False,
) -> Result:
    """Solve `device`. In a program of several processes all must call, with the same arguments, for engine "fenicsx".

    Args:
        current: what enters at `source` and leaves at `drain` (the ground); other terminals float. Default 1 mA
            (1 A/m in 2D, 1e10 A/m^2 in 1D).
        source, drain: default the first and the second terminal of the device ("left", "right" for bars).
        current_density: mean <j_x> of a device without terminals (a film). Default 1e10 A/m^2.
        wiring: instead of `current`: terminal -> "1 mA", "10 uV" or "ground"; terminals not named float. Wire ->
            "1 mA" or "100 V/m", heat contact -> "10 mK" or "1 mW": `hanle.wires`.
        engine: "auto", "multilayer" (exact, layered 1D), "scikit" (finite elements) or "fenicsx" (finite elements
            on as many processes as the program was started with).
        order: 1 (the default) or 2, of the finite elements; "auto" takes them where it is given. Profiles and textures
            are constant in each cell: second order resolves their steps and gains nothing inside such metals.
        solver: "auto", "direct" or "multigrid".
        tolerance: relative true residual of each solve.
        mesh: instead of the one made by `device.mesh(**mesh_options)`; of the same axes, regions and extents.
        conditions: instead of the device's own; a batch for the exact engine.
        previous: an earlier result on the same mesh, whose unchanged matrices are reused.
        progress: called with a line of text before each step, on the first process.
        nonlinear: with Joule heat and magnons beyond linear response, for devices with heat; see
            `hanle.nonlinear_solving.solve_nonlinear`. The result is a `NonlinearResult`.

    Raises:
        InputError: a drive or a mesh that does not fit the device.
        SolveError: no convergence; the message names the next step.
    """
    drive = drive_table(current, current_density, wiring, source, drain)
    if nonlinear:
        from hanle.nonlinear_solving import solve_nonlinear

        return solve_nonlinear(
            device,
            **drive,
            engine=engine,
            order=order,
            solver=solver,
            tolerance=tolerance,
            mesh=mesh,
            mesh_options=mesh_options,
            conditions=conditions,
            previous=previous,
            progress=progress,
        )
    processes = team(engine)
    with heard_once(processes):
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
    response = respond(
        posed.problem,
        posed.engine,
        solver=posed.solver,
        tolerance=tolerance,
        previous=previous.response if previous else None,
        progress=progress if processes.rank == 0 else None,
    )
    plan = posed.wiring
    if plan.density is None:
        solution = wire(
            response,
            amplitudes={**plan.amplitudes, **amplitudes(device, posed.problem, plan)},
            fluxes={**plan.fluxes, **fluxes(device, posed.problem.mesh, plan)},
        )
    else:
        solution = _film(response, plan.density)
    used = posed.problem.mesh

    def again(other: Device, earlier: Result) -> Result:
        return solve(
            other,
            **drive,
            engine=posed.engine.name,
            order=order,
            solver=solver,
            tolerance=tolerance,
            mesh=None if isinstance(used, Layers) else used,
            conditions=conditions,
            previous=earlier,
        )

    result = Result(device, used, solution, plan, conditions, again)
    if device.wires:
        with heard_once(processes):
            warn_if_lost(result)
    return result


@dataclass(frozen=True, eq=False)
class Posed:
    """All that a solve needs, checked: `solver` is None where the engine chooses."""

    wiring: Wiring
    engine: Engine
    solver: Any
    problem: Problem


def pose(
    device: Device,
    *,
    drive: Mapping[str, Any],
    engine: str = AUTO,
    order: int | None = None,
    solver: str = AUTO,
    mesh: TaggedMesh | None = None,
    mesh_options: Mapping[str, Any] | None = None,
    conditions: Conditions | None = None,
    previous: Result | None = None,
) -> Posed:
    """What `solve` solves, without solving it; arguments and errors as there, `drive` with the keys of DRIVE."""
    plan = read_drive(device, **drive)
    chosen = choose_engine(device, engine, order)
    linear = choose_solver(solver, chosen)
    geometry = _geometry(device, chosen.batched, mesh, mesh_options or {}, conditions, previous)
    problem = build_problem(device, geometry, conditions)
    require_grounds(problem, plan)
    for warn in (warn_if_undamped, warn_if_unmixed):
        warn(device, geometry, conditions or device.conditions)
    return Posed(plan, chosen, linear, problem)


def _geometry(
    device: Device,
    layered: bool,
    mesh: TaggedMesh | None,
    options: Mapping[str, Any],
    conditions: Conditions | None,
    previous: Result | None,
) -> TaggedMesh | Layers:
    if mesh is not None and options:
        raise InputError("mesh_options", "left out where a mesh is given", dict(options))
    stack = layers(device) if layered and mesh is None else None
    if stack is not None:
        if options:
            must = "left out for the exact engine, which needs no mesh"
            raise InputError("mesh_options", must, dict(options), 'or use engine="scikit"')
        return stack
    if mesh is None and previous is not None and isinstance(previous.mesh, TaggedMesh):
        if previous.device.shape != device.shape:
            raise InputError("previous", "a result for the same shape", previous.shape_name, "leave it out")
        return previous.mesh
    if mesh is None:
        return device.mesh(conditions=conditions, **options)
    if previous is None or previous.mesh is not mesh or previous.device.shape != device.shape:
        require_fit(device, mesh)
    return mesh


def _film(response: Response, density: float) -> Solution:
    """A mean current density along x; no mean current along y, if that is driven at all."""
    return wire(response, amplitudes={}, fluxes={FIELD_X: density * measure(response.system.problem, "u")})
