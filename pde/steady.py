"""Steady linear problems: one solve per drive on one factorisation, corrections without cancellation.

The full operator is A = A_ref + A_pert, with A_pert the couplings tagged as perturbative. For each drive j a lift
g_j (terminals: the reference solution with 1 on terminal j; macroscopic gradients: the gradient itself) carries the
large, well known part of the answer, and the solve is for the rest:

    A v_j = -A g_j,      response_ij = a(g_i, g_j + v_j) = [a_ref(g_i, g_j)] + [a_pert(g_i, g_j) + a(g_i, v_j)]

The first bracket is the response of the reference problem, the second its correction: two resistances are never
subtracted. `response_ij` is the flux gained at terminal i (or the integral of the flux along gradient i) per unit
of drive j.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hanle.pde.engines.contract import Engine, Part, Subsystem, System
from hanle.pde.errors import InputError, SolveError
from hanle.pde.problem import Problem
from hanle.pde.response import Proof, Response
from hanle.pde.tensors import Array
from hanle.pde.threads import single_threaded_blas

#: Relative true residual of a solve unless the caller says otherwise.
TOLERANCE = 1e-8
#: Earlier states of a sweep from which a solve starts.
HISTORY = 12
#: A constant potential counts as driving nothing if the flux it leaves is below this part of that of the contacts.
CLOSED = 1e-11
#: A load below so many times what rounding of the lift makes of it is rounding.
NOISE = 10

Progress = Callable[[str], None]
#: (system, drive, changes found for other drives) -> a state close to the change of the drive, or None.
Guess = Callable[[System, str, Mapping[str, Array]], Array | None]


def respond(
    problem: Problem,
    engine: Engine,
    *,
    solver: Any = None,
    tolerance: float = TOLERANCE,
    previous: Response | None = None,
    progress: Progress | None = None,
    guess: Guess | None = None,
) -> Response:
    """Solve `problem` for each of its drives and for its sources.

    Args:
        solver: a linear solver; the engine's choice if None.
        tolerance: bound on the relative true residual of each solve.
        previous: an earlier response whose assembled blocks are reused where inputs are equal.
        progress: called with a short text before each solve.
        guess: starts of solves that other solves or a symmetry of the problem offer.

    Raises:
        SolveError: a residual above the tolerance; the message names the drive, the number and the next step.
    """
    rest: dict[str, Any] = {"previous": previous, "progress": progress, "guess": guess}
    return prepare(problem, engine, solver=solver, tolerance=tolerance, **rest).response()


def prepare(
    problem: Problem,
    engine: Engine,
    *,
    solver: Any = None,
    tolerance: float = TOLERANCE,
    previous: Response | None = None,
    progress: Progress | None = None,
    guess: Guess | None = None,
    near: System | None = None,
) -> "Prepared":
    """Assemble `problem`, prepare the solver and solve for each drive; arguments and errors as in `respond`.

    Args:
        near: a system on the same mesh that shares its numbering and matrices where there is no `previous`.
    """
    if not 0 < tolerance < 1:
        raise InputError("tolerance", "between 0 and 1", tolerance, "1e-8 is the default")
    say = progress or (lambda text: None)
    with single_threaded_blas():
        say("assembling")
        system = engine.assemble(problem, previous.system if previous else near)
        solver = solver or engine.default_solver(system)
        common = _common_level(system)
        lifts = _known_lifts(system, previous, tolerance) or _lifts(system, solver, common, tolerance, say)
        say("preparing the solver")
        run = _Run(system, solver, tolerance, say)
        changes = _changes(run, lifts, None if common is None else list(problem.terminals)[-1], previous, guess)
        reference, correction = _matrices(system, lifts, changes)
    return Prepared(engine, system, run, lifts, changes, reference, correction, previous)


def _changes(
    run: "_Run", lifts: Mapping[str, Array], last: str | None, previous: Response | None, guess: Guess | None
) -> dict[str, Array]:
    """v_j of every drive; that of the terminal `last` follows from the others."""
    problem, changes = run.system.problem, dict[str, Array]()
    for name in problem.drives:
        if name != last:
            rhs = run.above_rounding(-_load(run.system, name, lifts, Part.ALL), lifts.get(name))
            near = guess(run.system, name, changes) if guess else None
            changes[name] = run.solve(name, rhs, _earlier(previous, name) if near is None else (near,))
    if last is not None:
        others = (changes[n] for n in problem.terminals if n != last)
        changes[last] = -sum(others, start=np.zeros_like(lifts[last]))
    return changes


@dataclass(frozen=True, eq=False)
class Prepared:
    """A problem assembled and solved for its drives, ready for sources: time steps share it.

    Attributes:
        engine, system: the engine and what it assembled.
        lifts, changes, reference, correction: as in `Response`.
        previous: an earlier response, for the history of sweeps.
    """

    engine: Engine
    system: System
    _run: "_Run"
    lifts: Mapping[str, Array]
    changes: Mapping[str, Array]
    reference: Array
    correction: Array
    previous: Response | None = None

    def response(self, load: Array | None = None, start: Array | None = None) -> Response:
        """The response with the sources of the laws, or with others.

        Args:
            load: right-hand side of the sources instead of `system.source_load()`: a vector like a state. Fluxes of
                sources along macroscopic gradients are those of the laws.
            start: a state close to that of the sources, from which their solve starts.

        Raises:
            SolveError: as `respond`.
        """
        system, drives = self.system, self.system.problem.drives
        with single_threaded_blas():
            sources, given = (system.source_load() if load is None else load), system.given_vector()
            earlier = () if start is None else (start - given,)
            state = given + self._run.solve("sources", sources - system.apply(given), earlier)
            flux = np.zeros(self.reference.shape[:2])
            for row, name in enumerate(drives):
                own = (
                    system.source_functional(name)
                    if name not in self.lifts
                    else -dot(system, self.lifts[name], sources)
                )
                flux[:, row] = dot(system, _functional(system, name, self.lifts), state) + own
        return Response(
            system,
            drives,
            {name: self.lifts.get(name, np.zeros_like(self.changes[name])) for name in drives},
            self.changes,
            state,
            self.reference,
            self.correction,
            flux,
            self._run.proof(self.engine),
            {name: _earlier(self.previous, name) for name in drives},
        )


class _Run:
    """The prepared operator of one problem and what its solves showed."""

    def __init__(self, system: System, solver: Any, tolerance: float, say: Progress) -> None:
        self.system, self.solver, self.tolerance, self.say = system, solver, tolerance, say
        self.whole = system.subsystem(Part.ALL)
        self.prepared = solver.prepare(self.whole.linear)
        self.residuals: dict[str, float] = {}
        self.iterations: dict[str, int] = {}

    def solve(self, what: str, rhs: Array, earlier: Sequence[Array] = ()) -> Array:
        """A state = rhs on the free unknowns, started from the best combination of earlier states."""
        self.say(f"solving for {what}")
        rhs = np.where(self.system.fixed, 0.0, rhs)
        if not self.system.processes.any(rhs):
            self.residuals[what], self.iterations[what] = 0.0, 0
            return np.zeros_like(rhs)
        start, left = _best_start(self.system, rhs, earlier)
        missing = _relative(self.system, self.whole, left, rhs)
        self.iterations[what] = 0
        if missing > self.tolerance:
            wanted = min(self.tolerance / missing, 0.1) if len(earlier) else self.tolerance
            start = start + self.whole.extend(self.prepared.solve(self.whole.restrict(left), tolerance=wanted))
            self.iterations[what] = int(self.prepared.iterations)
        self.residuals[what] = _verify(self.system, self.whole, what, start, rhs, self.tolerance)
        return start

    def above_rounding(self, rhs: Array, lift: Array | None) -> Array:
        """The load that a lift leaves, 0 where it is but rounding: the lift is then the solution already."""
        if lift is None or rhs.ndim > 1 or _rounding(self.system, self.whole, lift, rhs) * NOISE < 1:
            return rhs
        return np.zeros_like(rhs)

    def proof(self, engine: Engine) -> Proof:
        name = getattr(self.solver, "name", type(self.solver).__name__)
        return Proof(engine.name, name, self.residuals, self.iterations, self.tolerance)


def _earlier(previous: Response | None, name: str) -> tuple[Array, ...]:
    """Changes of a drive in earlier states, newest first."""
    if previous is None or name not in previous.changes:
        return ()
    return (previous.changes[name], *previous.history.get(name, ()))[:HISTORY]


def _best_start(system: System, rhs: Array, earlier: Sequence[Array]) -> tuple[Array, Array]:
    """(combination of earlier states with the smallest residual, that residual); zero and rhs without any."""
    if rhs.ndim > 1 or system.processes.any([state.shape != rhs.shape for state in earlier]):
        earlier = ()
    if not earlier:
        return np.zeros_like(rhs), rhs
    images = np.array([np.where(system.fixed, 0.0, system.apply(state)) for state in earlier])
    gram, projected = system.processes.total(images @ images.T), system.processes.total(images @ rhs)
    scale = 1 / np.sqrt(np.maximum(np.diag(gram), np.finfo(float).tiny))
    weights = scale * np.linalg.lstsq(gram * np.outer(scale, scale), scale * projected, rcond=1e-13)[0]
    start = sum((c * state for c, state in zip(weights, earlier, strict=True)), start=np.zeros(1))
    return start, np.where(system.fixed, 0.0, rhs - system.apply(start))


def norm(system: System, state: Array) -> Array:
    """Euclidean norm(s) of a state over all processes, at least shape (1,)."""
    return np.asarray(np.sqrt(dot(system, state, state)))


def _relative(system: System, scaled: Subsystem, part: Array, whole: Array) -> float:
    """|part| / |whole| of two loads, the largest of a batch, in the scale of the solver: A and W in one sum."""
    one, other = (norm(system, scaled.restrict(load)) for load in (part, whole))
    return float(np.max(one / np.maximum(other, np.finfo(float).tiny)))


def _known_lifts(system: System, previous: Response | None, tolerance: float) -> dict[str, Array] | None:
    """The lifts of an earlier response, if they solve the reference problem of this system as well."""
    if previous is None:
        return None
    if system.processes.any(previous.source_state.shape != system.given_vector().shape):
        return None
    found = {}
    for name in system.problem.terminals:
        start, lift = system.terminal_vector(name), previous.lifts.get(name)
        if lift is None or system.processes.any((lift - start)[..., system.fixed]):
            return None
        flow, left = (np.where(system.fixed, 0.0, system.apply(x, Part.REFERENCE)) for x in (start, lift))
        if np.any(norm(system, left) > 10 * tolerance * norm(system, flow)):
            return None
        found[name] = lift
    return found


def _common_level(system: System) -> Array | None:
    """The state in which all terminals are at 1, if it is a constant that drives nothing; None otherwise.

    Then the drives of all terminals add up to it, and the last one need not be solved for.
    """
    terminals = system.problem.terminals
    components = _level_of(system.problem)
    if not components:
        return None
    level = np.asarray(sum(system.constant(component) for component in components))
    contacts = sum(system.terminal_vector(name) for name in terminals)
    if system.processes.any((level - contacts)[..., system.fixed]):
        return None
    leak, flow = (
        system.processes.largest(np.abs(system.apply(x)).max(initial=0.0)) for x in (level, np.asarray(contacts))
    )
    return level if leak <= CLOSED * flow else None


def _level_of(problem: Problem) -> tuple[str, ...]:
    """Components that are level with all terminals, as all temperatures are; none where those differ in kind."""
    held = {component for t in problem.terminals.values() for component in t.components}
    fields = dict.fromkeys(f for bulk in problem.regions.values() for f in bulk.fields.fields)
    levels = {f.level or f.name for f in fields if held.intersection(f.components)}
    if len(levels) != 1:
        return ()
    return tuple(c for f in fields if (f.level or f.name) in levels for c in f.components)


def _lifts(system: System, solver: Any, common: Array | None, tolerance: float, say: Progress) -> dict[str, Array]:
    """Reference solutions with 1 on one terminal and 0 on the others.

    Their own error is harmless: the change v_j is solved against the residual the lift leaves.
    """
    names = list(system.problem.terminals)
    if not names:
        return {}
    part = system.subsystem(Part.REFERENCE)
    prepared = solver.prepare(part.linear)
    lifts: dict[str, Array] = {}
    for name in names:
        if common is not None and name == names[-1]:
            lifts[name] = common - sum(lifts.values(), start=np.zeros(1))
            break
        start = system.terminal_vector(name)
        rhs = np.where(system.fixed, 0.0, -system.apply(start, Part.REFERENCE))
        if system.processes.any(rhs):
            say(f"reference solution for {name}")
            start = start + part.extend(prepared.solve(part.restrict(rhs), tolerance=tolerance))
        lifts[name] = start
    return lifts


def _load(system: System, name: str, lifts: Mapping[str, Array], part: Part) -> Array:
    return system.apply(lifts[name], part) if name in lifts else system.gradient_load(name, part)


def _functional(system: System, name: str, lifts: Mapping[str, Array]) -> Array:
    return system.apply_transpose(lifts[name]) if name in lifts else system.gradient_functional(name)


def _verify(system: System, scaled: Subsystem, what: str, state: Array, rhs: Array, tolerance: float) -> float:
    """Relative true residual on the free unknowns."""
    residual = np.where(system.fixed, 0.0, rhs - system.apply(state))
    worst = _relative(system, scaled, residual, rhs)
    if not (worst <= 10 * tolerance or worst <= _rounding(system, scaled, state, rhs)):
        raise SolveError(
            f"the solve for {what} left a relative residual of {worst:.1e} where {tolerance:.1e} was asked for; "
            'use solver="direct", or look for a region whose fields have neither sink nor contact'
        )
    return worst


def _rounding(system: System, scaled: Subsystem, state: Array, rhs: Array) -> float:
    """Residual, relative to rhs, that a rounding of every entry of the state makes: fine meshes cancel large terms."""
    noise = np.random.default_rng(0).standard_normal(state.shape) * 4 * np.finfo(float).eps
    moved = np.where(system.fixed, 0.0, system.apply(state * noise))
    return _relative(system, scaled, moved, rhs)


def _column(system: System, j: str, lifts: Mapping[str, Array], part: Part) -> Array:
    """a(g_i, g_j) for all drives i, shape (batch, drives); the load of g_j is made once."""
    load = _load(system, j, lifts, part)
    rows = []
    for i in system.problem.drives:
        if i in lifts:
            rows.append(dot(system, lifts[i], load))
        elif j in lifts:
            rows.append(dot(system, system.gradient_functional(i, part), lifts[j]))
        else:
            rows.append(system.gradient_pair(i, j, part))
    return np.stack(np.broadcast_arrays(*rows), axis=-1)


def _matrices(system: System, lifts: Mapping[str, Array], changes: Mapping[str, Array]) -> tuple[Array, Array]:
    """(reference, correction) of the response matrix, each (batch, drives, drives)."""
    drives = system.problem.drives
    reference, correction = np.zeros((2, system.batch, len(drives), len(drives)))
    for column, j in enumerate(drives):
        reference[:, :, column] = _column(system, j, lifts, Part.REFERENCE)
        correction[:, :, column] = _column(system, j, lifts, Part.PERTURBATIVE)
    for row, i in enumerate(drives):
        functional = _functional(system, i, lifts)
        for column, j in enumerate(drives):
            correction[:, row, column] += dot(system, functional, changes[j])
    return reference, correction


def dot(system: System, a: Array, b: Array) -> Array:
    """Scalar products of states over all processes, at least shape (1,)."""
    return np.atleast_1d(system.processes.total(np.einsum("...i,...i->...", a, b)))
