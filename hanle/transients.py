"""Follow a device in time."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from hanle.capacities import require_gaps, require_storage
from hanle.course import Course, Instant, at_moment, questions
from hanle.device import Device
from hanle.dynamics import Question, require_linear
from hanle.engines import AUTO, MULTILAYER, SCIKIT
from hanle.failures import heard_once, team
from hanle.joule_heating import heated, require_heat
from hanle.meshes.tagged import TaggedMesh
from hanle.pde import transient as stepping
from hanle.pde.errors import InputError, UnsupportedError
from hanle.pde.observables import measure
from hanle.pde.quantity import parse
from hanle.pde.recording import Event, ReadOut, Record
from hanle.pde.solution import Solution
from hanle.pde.steady import TOLERANCE
from hanle.pde.tensors import Array
from hanle.pde.transient import Control
from hanle.results import Result
from hanle.solving import pose
from hanle.state_limits import require_possible
from hanle.time_drive import drives, split
from hanle.wiring import drive_table

#: A read-out of one's own: a function of the result at a time, its SI unit ("1" where there is none) and a title.
TimeReading: TypeAlias = (
    tuple[Callable[[Instant], ArrayLike], str] | tuple[Callable[[Instant], ArrayLike], str, str]
)


def transient(
    device: Device,
    *,
    until: Any,
    current: Any = None,
    current_density: Any = None,
    wiring: Mapping[str, Any] | None = None,
    source: str | None = None,
    drain: str | None = None,
    breaks: Sequence[Any] = (),
    initial: Result | None = None,
    times: Sequence[Any] | Array | None = None,
    read: Mapping[str, TimeReading] | None = None,
    events: Mapping[str, Event] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    every: int = 20,
    resume: bool = False,
    engine: str = AUTO,
    order: int | None = None,
    solver: str = AUTO,
    error: float = 1e-4,
    max_step: Any = None,
    tolerance: float = TOLERANCE,
    nonlinear: bool = False,
    mesh: TaggedMesh | None = None,
    mesh_options: Mapping[str, Any] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Course:
    """Follow `device` from t = 0, when the drives are switched on, until a time.

    Args:
        until: e.g. "10 ps".
        current, current_density, wiring, source, drain: as in `hanle.solve`; instead of a value a function of t [s]
            that returns SI, or (unit, function), e.g. ("mA", lambda t: np.sin(1e12 * t)); in wiring always the pair.
        breaks: times at which a function jumps or has a kink.
        initial: what to begin with: a result of the same device, on its mesh, under any drive; nothing accumulated if
            None.
        times: when to record; at the start and after each step if None.
        read: name -> (function of the result at that time, unit, title), e.g.
            {"mu": (lambda r: r.spin_accumulation("Pt", points), "V", "spin accumulation")}; kept besides voltages and
            currents of terminals and wires, the field of a film, and torques.
        events: name -> `hanle.Event`, whose function is given the result.
        checkpoint: a file from which `resume=True` goes on, on any number of processes; written after `every` steps,
            at the end, and when interrupted (of several processes: all of them). Functions that drive count by their
            names only.
        error: of a step, relative to the largest accumulation so far.
        max_step: the longest step; needed where a drive oscillates faster than the device answers.
        nonlinear: with Joule heat and magnons beyond linear response, for devices with heat, as in `hanle.solve`; what
            magnons and heat store then follows the state. `tolerance` is then that of Newton's method.
        engine, order, solver, tolerance, mesh, mesh_options, progress: as in `hanle.solve`, on finite elements. Fronts
            move away from faces: where cells grow with the distance from them, mesh_options={"growth": 1.0} keeps them
            sharp. Just after a jump a front, (D t)^{1/2} wide, is narrower than any cell.

    Raises:
        InputError: times out of order, a drive or a name that does not fit, a checkpoint of something else, magnons or
            heat of which it is not known what they store.
        UnsupportedError: the exact engine, or laws that are not linear where `nonlinear` is not asked for.
        SolveError: no convergence, or a step that vanishes; beyond linear response it names the time, and magnons that
            would condense.
        UserCodeError: a function fails.
    """
    if engine == MULTILAYER:
        raise UnsupportedError(f"engine multilayer solves no steps in time: use engine {SCIKIT}")
    require_parts(error=error)
    require_events(events, Event)
    require_storage(device)
    if nonlinear:
        require_heat(device)
    engine = SCIKIT if engine == AUTO else engine
    processes = team(engine)
    given, signals = split(drive_table(current, current_density, wiring, source, drain))
    if mesh is None and initial is not None:
        mesh = _mesh_of(initial)
    with heard_once(processes):
        posed = pose(
            device, drive=given, engine=engine, order=order, solver=solver, mesh=mesh, mesh_options=mesh_options
        )
    problem, plan = posed.problem, posed.wiring
    require_gaps(problem)
    beyond = heated(device, problem) if nonlinear else None
    if beyond is None:
        require_linear(problem, "a course in time")
    asked = own_questions(questions(device, problem), read or {})

    def of(function: Callable[[Any], ArrayLike]) -> ReadOut:
        return lambda solution: function(at_moment(device, plan, solution))

    def possible(solution: Solution) -> None:
        golden = beyond is not None and bool(beyond.exchanges)
        require_possible(device, solution, device.conditions.on_cells(problem.mesh), golden)

    record = Record(
        None if times is None else times_in(times, "times"),
        {name: of(question.ask) for name, question in asked.items()},
        {name: replace(event, function=of(event.function)) for name, event in (events or {}).items()},
        check=None if beyond is None else possible,
    )
    area = 1.0 if plan.density is None else float(measure(problem, "u")[0])
    found = stepping.transient(
        problem if beyond is None else beyond.problem,
        posed.engine,
        drives(device, problem, plan, signals, area, tuple(times_in(breaks, "breaks"))),
        parse(until, "time", "until"),
        initial=None if initial is None else initial.solution,
        record=record,
        control=Control(
            tolerance=error,
            max_step=np.inf if max_step is None else parse(max_step, "time", "max_step"),
            solver=posed.solver,
            solve_tolerance=tolerance,
            checkpoint=None if checkpoint is None else Path(checkpoint),
            every=every,
            progress=progress if processes.rank == 0 else None,
        ),
        resume=resume,
    )
    last = found.final.solution
    if beyond is not None and last is not None:
        with heard_once(processes):
            beyond.warn(lambda face: last.face(face).traces)
    attributes = {
        "engine": posed.engine.name,
        "steps": found.effort.steps,
        "largest_residual": found.effort.residual,
        "title": device.name,
    }
    return Course(device, found, asked, plan, attributes)


def require_parts(**given: Any) -> None:
    """Refuse errors that are no part of what they are errors of; InputError with the name."""
    for key, value in given.items():
        if isinstance(value, str) or not 0 < value < 1:
            raise InputError(key, "a number between 0 and 1", value, "usual: 1e-6 to 1e-2")


def require_events(events: Mapping[str, Any] | None, kind: type) -> None:
    """Refuse what is no event of a kind; InputError with its name."""
    for name, event in (events or {}).items():
        if not isinstance(event, kind):
            raise InputError(f"events.{name}", f"a hanle.{kind.__name__}", event)


def times_in(given: Sequence[Any] | Array, key: str) -> list[float]:
    """Times [s]; InputError where one is none, or where there is no list of them."""
    if isinstance(given, str) or np.ndim(given) != 1:
        raise InputError(key, "a list of times", given, 'e.g. ["1 ps", "2 ps"]')
    return [parse(time, "time", f"{key}[{n}]") for n, time in enumerate(given)]


def _mesh_of(initial: Result) -> TaggedMesh:
    if not isinstance(initial.mesh, TaggedMesh):
        must = "a result on finite elements"
        raise InputError("initial", must, "one of the exact engine", f'solve with engine="{SCIKIT}"')
    return initial.mesh


def own_questions(kept: Mapping[str, Question], read: Mapping[str, TimeReading]) -> dict[str, Question]:
    """All read-outs by name."""
    found = dict(kept)
    for name, given in read.items():
        if name in kept or name == "time":
            raise InputError("read", "under names of their own", name, f"kept already: time, {', '.join(kept)}")
        if not isinstance(given, tuple) or len(given) not in (2, 3) or not callable(given[0]):
            raise InputError(f"read.{name}", "(function of the result, unit) or (function, unit, title)", given)
        found[name] = Question(given[0], given[1], given[2] if len(given) == 3 else name)
    return found
