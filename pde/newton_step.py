"""One iterate of Newton's method: a state, the linear problem that touches the laws there, and the step from it.

All drives are unknowns or prescribed: terminals and macroscopic gradients of given amplitude move with the step at no
cost; one of given flux adds one solve for the shape of what it drives. With y the state, a the amplitudes, A, G and b
operator, gradient loads and sources of the linearised laws,

    A dy = b - A y - G a - (A g + G da)          g, da: what the prescribed values and amplitudes still change

which is the residual of the nonlinear equations at y, since the linearised laws touch them there. Equations of one
field are weighed against each other in the scale of the solver; fields of different units never are.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from hanle.pde.engines.contract import Engine, Part, Subsystem, System
from hanle.pde.errors import InputError
from hanle.pde.linearised import held, linearised
from hanle.pde.newton_parts import Residual, Wanted
from hanle.pde.problem import Problem
from hanle.pde.response import Proof
from hanle.pde.solution import Solution, balanced_solve
from hanle.pde.steady import dot, norm
from hanle.pde.tensors import Array

#: Relative residual of the solve of a step, at most; less where the iteration is close.
LOOSE = 1e-3
#: The same where hardly more than rounding is left.
ROUGH = 0.5
#: Relative residual of a solve, at least: rounding.
TIGHT = 1e-12


@dataclass(frozen=True, eq=False)
class Move:
    """A step: changes of state and amplitudes (batch, drives), and the linear solves it took."""

    state: Array
    amplitudes: Array
    solves: int


@dataclass(frozen=True, eq=False)
class Iterate:
    """A state with the linear problem that touches the laws there, assembled.

    Attributes:
        system: that problem.
        state, amplitudes: the state, and (batch, drives) of all drives.
        memory: shapes of the flux-driven drives found last, from which the next solves start.
        load: on every unknown, beside the sources of the laws.
        seen: the linear problem that stands for the laws at a solution.
        scaled: the subsystem in whose scale equations are weighed; that of the system if None.
    """

    problem: Problem
    engine: Engine
    solver: Any
    tolerance: float
    system: System
    state: Array
    amplitudes: Array
    memory: dict[str, Array] = field(default_factory=dict)
    load: Array | float = 0.0
    seen: Callable[[Problem, Solution], Problem] = linearised
    scaled: Subsystem | None = None

    def moved(self, move: Move, part: float | Array) -> "Iterate":
        """The iterate a part of a step further; the part is a number or (batch,).

        Raises:
            InputError: a law is not defined there.
        """
        portion = np.reshape(np.asarray(part, dtype=float), -1)
        state = self.state + (portion[:, None] if self.state.ndim > 1 else portion[0]) * move.state
        amplitudes = self.amplitudes + portion[:, None] * move.amplitudes
        proof = Proof("", "", {}, {}, self.tolerance)
        here = held(self.system, state, amplitudes, np.zeros_like(amplitudes), proof)
        system = self.engine.assemble(self.seen(self.problem, here), self.system)
        return replace(self, system=system, state=state, amplitudes=amplitudes)

    def placed(self, start: Solution) -> "Iterate":
        """The iterate at a solution of the same problem, at drives of its own.

        Raises:
            InputError: it is one of another problem.
        """
        if self.system.processes.any(np.shape(start.state) != np.shape(self.state)):
            raise InputError("start", f"a state of shape {np.shape(self.state)}", np.shape(start.state))
        return self.moved(Move(start.state - self.state, start.amplitudes - self.amplitudes, 0), 1.0)

    def solution(self, proof: Proof) -> Solution:
        """What the state answers."""
        drives = self.system.problem.drives
        fluxes = np.zeros_like(self.amplitudes)
        for k, name in enumerate(drives):
            fluxes[:, k] = self._flux(name)
        return held(self.system, self.state, self.amplitudes, fluxes, proof)

    def residual(self, fluxes: Mapping[str, Array]) -> Residual:
        """What the equations leave at the state, with these fluxes wanted at drives."""
        system = self.system
        applied, load = self._applied, self._load
        rounding = self._rounding(self.state, self._level)
        left: dict[str, Array] = {}
        scale: dict[str, Array] = {}
        for name, rows in self._rows.items():
            inner = rows & ~system.fixed
            sizes = self._size(applied, inner) + self._size(load, inner)
            # Where every free row balances by itself (a uniform state) the fluxes through the contacts set the scale.
            sizes = np.maximum(sizes, self._size(applied, rows))
            least = np.maximum(self._size(rounding, inner) / self.tolerance, np.finfo(float).tiny)
            left[name], scale[name] = self._size(applied - load, inner), np.maximum(sizes, least)
        for name, wanted in fluxes.items():
            found, size, least = self._flux_with_size(name, rounding)
            key = f"the flux at {name}"
            # A flux that is asked for must be told from rounding; one of zero need not.
            least = np.where(wanted != 0.0, 0.0, least / self.tolerance)
            size = np.maximum(size + np.abs(wanted), np.maximum(least, np.finfo(float).tiny))
            left[key], scale[key] = np.abs(found - wanted), size
        return Residual(left, scale)

    def step(self, wanted: Wanted, part: float, missing: float, slow: bool = False) -> Move:
        """The step towards a part of the drive.

        Args:
            missing: the relative residual here.
            slow: the iteration is; what drives of given flux do is found anew.

        Raises:
            SolveError: a solve fails.
            InputError: potentials are undetermined: nothing of a conductor is grounded.
        """
        amplitudes, fluxes, given = wanted.at(part)
        if slow:
            self.memory.clear()
            self._responses.clear()
        # Tight enough for quadratic convergence, and no tighter than the end asks for.
        enough = 0.3 * self.tolerance / max(missing, self.tolerance)
        accuracy = float(np.clip(max(missing, enough), TIGHT, LOOSE))
        return self.correction(self, fluxes, amplitudes, given, accuracy)

    def correction(
        self,
        there: "Iterate",
        fluxes: Mapping[str, Array],
        amplitudes: Mapping[str, Array] | None = None,
        given: Array | None = None,
        accuracy: float = LOOSE,
    ) -> Move:
        """What the operator of this iterate makes of the residual of another: how far that one is from the answer.

        Args:
            amplitudes, given: of drives, and a state with given values, that the other iterate may lack yet; all
                values that are prescribed stay where `given` is None.
            accuracy: relative residual of the solve.
        """
        system, drives = self.system, self.system.problem.drives
        change, moved = np.zeros_like(there.amplitudes), np.zeros_like(there.state)
        rhs = there._load - there._applied
        if given is not None:
            for name, value in (amplitudes or {}).items():
                k = drives.index(name)
                change[:, k] = value - there.amplitudes[:, k]
            prescribed = self.prescribed(there.amplitudes + change, given)
            moved = np.where(system.fixed, prescribed - there.state, 0.0)
            rhs = rhs - system.apply(moved) - self._driven(change)
        found, solves = self._solve(rhs, accuracy, there.state + moved)
        total = moved + found
        here = there._fluxes(fluxes, there.state, there.amplitudes)
        gained = self._fluxes(fluxes, total, change, sources=False)
        lacking = {name: value - here[name] - gained[name] for name, value in fluxes.items()}
        return self._completed(Move(total, change, solves), lacking)

    def length(self, move: Move, other: "Iterate") -> Array:
        """(batch,) length of a move: the root of the sum over fields of squares, each relative to the larger state."""
        total = np.zeros(1)
        for rows in self._rows.values():
            parts = [np.where(rows, x, 0.0) for x in (move.state, self.state, other.state)]
            change, *states = (norm(self.system, x) for x in parts)
            total = total + (change / np.maximum(np.maximum(*states), np.finfo(float).tiny)) ** 2
        return np.asarray(np.sqrt(total))

    def _completed(self, move: Move, lacking: Mapping[str, Array]) -> Move:
        """A step with as much of the drives of given flux as their fluxes lack."""
        if not lacking:
            return move
        system, drives, names = self.system, self.system.problem.drives, tuple(lacking)
        solves = 0
        if names not in self._responses:
            shapes = {name: self._shape(name) for name in names}
            columns = [self._fluxes(names, shapes[j][0], self._one(j), sources=False) for j in names]
            matrix = np.moveaxis(np.array([[column[i] for column in columns] for i in names]), -1, 0)
            solves = sum(count for _, count in shapes.values())
            self._responses[names] = {name: shape for name, (shape, _) in shapes.items()}, matrix
        states, matrix = self._responses[names]
        weights = balanced_solve(system.problem, matrix, np.stack(list(lacking.values()), axis=-1))
        total, change = move.state, move.amplitudes.copy()
        for weight, name in zip(weights.T, names, strict=True):
            total = total + (weight[:, None] if total.ndim > 1 else weight[0]) * states[name]
            change[:, drives.index(name)] += weight
        return Move(total, change, move.solves + solves)

    @cached_property
    def _responses(self) -> dict[tuple[str, ...], tuple[dict[str, Array], Array]]:
        """Drives of given flux -> (what one unit of each does, fluxes (batch, n, n) it drives)."""
        return {}

    @cached_property
    def _applied(self) -> Array:
        return self.system.apply(self.state)

    @cached_property
    def _load(self) -> Array:
        return self.system.source_load() + self.load - self._driven(self.amplitudes)

    @cached_property
    def _rows(self) -> dict[str, Any]:
        """Field -> its rows."""
        fields = {f.name: f for bulk in self.problem.regions.values() for f in bulk.fields.fields}
        return {
            name: sum((self.system.constant(c) for c in f.components), start=np.zeros(1)) > 0
            for name, f in fields.items()
        }

    @cached_property
    def _subsystem(self) -> Subsystem:
        return self.scaled or self.system.subsystem(Part.ALL)

    @cached_property
    def _prepared(self) -> Any:
        return self.solver.prepare(self._subsystem.linear)

    def _size(self, load: Array, rows: Any) -> Array:
        return norm(self.system, self._subsystem.restrict(np.where(rows, load, 0.0)))

    def _driven(self, amplitudes: Array) -> Array:
        """Loads of the macroscopic gradients."""
        total = np.zeros(1)
        for gradient in self.system.problem.gradients:
            weight = amplitudes[:, self.system.problem.drives.index(gradient.name)]
            along = self.system.gradient_load(gradient.name)
            total = total + (weight[:, None] if along.ndim > 1 else weight[0]) * along
        return total

    def prescribed(self, amplitudes: Array, given: Array) -> Array:
        """A state with the prescribed values on the fixed unknowns."""
        total = given
        for k, name in enumerate(self.system.problem.terminals):
            here = self.system.terminal_vector(name)
            weight = amplitudes[:, k]
            total = total + (weight[:, None] if here.ndim > 1 else weight[0]) * here
        return total

    def _solve(self, rhs: Array, accuracy: float, state: Array, start: Array | None = None) -> tuple[Array, int]:
        """A x = rhs on the free unknowns; equations of fields that hold no more than rounding are let be.

        Args:
            state: whose rounding is in the right-hand side.
            start: a state close to x, of a solve whose accuracy counts for all fields together.

        Returns:
            x, and the number of solves it took: 0 if the start is good enough.
        """
        rhs, inner = np.where(self.system.fixed, 0.0, rhs), ~self.system.fixed
        noise, meant = self._rounding(state), self._rounding(state, self._level if start is None else 0.0)
        left = rhs if start is None else np.where(self.system.fixed, 0.0, rhs - self.system.apply(start))
        goals = []
        for rows in self._rows.values():
            if np.all(self._size(left, rows) <= self._size(meant, rows & inner)):
                left, noise = np.where(rows, 0.0, left), np.where(rows, 0.0, noise)
            else:
                enough = 0.3 * self.tolerance * (self._size(self._applied, rows) + self._size(self._load, rows))
                goals.append(float(np.max(np.maximum(accuracy * self._size(rhs, rows), enough))))
        missing, least = (float(np.max(self._size(x, inner))) for x in (left, noise))
        if start is not None:
            goals = [accuracy * float(np.max(self._size(rhs, inner)))]
        if missing == 0.0 or (start is not None and missing <= goals[0]):
            return (np.zeros_like(rhs) if start is None else start), 0
        # The solver knows one norm of all fields: it is asked for what the weakest one needs.
        goal = float(np.clip(max(min(goals), least) / missing, TIGHT, ROUGH))
        found = self._subsystem.extend(self._prepared.solve(self._subsystem.restrict(left), tolerance=goal))
        return np.asarray(found if start is None else start + found), 1

    def _shape(self, name: str) -> tuple[Array, int]:
        """What one unit of a drive does while the others are at rest, and the number of solves it took.

        The step uses little of it as soon as the drive is nearly right, so one found at an earlier iterate may do.
        """
        system, start = self.system, self.memory.get(name)
        if name in system.problem.terminals:
            fixed = system.terminal_vector(name)
            rhs = -system.apply(fixed)
        else:
            fixed, rhs = np.zeros_like(self.state), -system.gradient_load(name)
        begin = np.zeros_like(rhs) if start is None else start
        found, solves = self._solve(rhs, LOOSE, fixed + begin, begin)
        self.memory[name] = found
        return fixed + found, solves

    def _rounding(self, state: Array, level: Array | float = 0.0) -> Array:
        """What a rounding of every entry of a state, and of its level, changes in the equations, in size."""
        noise = np.random.default_rng(0).standard_normal(state.shape) * 4 * np.finfo(float).eps
        return np.abs(self.system.apply((np.abs(state) + level) * noise))

    @cached_property
    def _level(self) -> Array:
        """1 for relative temperatures: laws know T_0 (1 + t), so t is known to rounding of 1."""
        fields = {f for bulk in self.problem.regions.values() for f in bulk.fields.fields if f.unit == "1"}
        found = np.zeros_like(self.state)
        for f in fields:
            found = found + self._rows[f.name]
        return found

    def _one(self, name: str) -> Array:
        """Amplitudes with 1 at one drive."""
        found = np.zeros_like(self.amplitudes)
        found[:, self.system.problem.drives.index(name)] = 1.0
        return found

    def _flux(self, name: str) -> Array:
        """(batch,) flux gained at a drive."""
        return self._fluxes((name,), self.state, self.amplitudes)[name]

    def _fluxes(
        self, names: Iterable[str], state: Array, amplitudes: Array, sources: bool = True
    ) -> dict[str, Array]:
        """(batch,) flux gained at drives, with what the sources of the laws add or without."""
        system, terminals = self.system, self.system.problem.terminals
        found, full = {}, None
        for name in names:
            if name in terminals:
                full = self._reaction(state, amplitudes, sources) if full is None else full
                found[name] = dot(system, system.terminal_vector(name), full)
            else:
                found[name] = np.asarray(sum(self._along(name, state, amplitudes, sources), start=np.zeros(1)))
        return found

    def _reaction(self, state: Array, amplitudes: Array, sources: bool) -> Array:
        """What the equations gain, per unknown."""
        if sources and state is self.state and amplitudes is self.amplitudes:
            return self._applied - self._load
        full = self.system.apply(state) + self._driven(amplitudes)
        return full - self.system.source_load() - self.load if sources else full

    def _along(self, name: str, state: Array, amplitudes: Array, sources: bool) -> list[Array]:
        """Parts of the flux along a macroscopic gradient."""
        system = self.system
        parts = [dot(system, system.gradient_functional(name), state)]
        for gradient in system.problem.gradients:
            weight = amplitudes[:, system.problem.drives.index(gradient.name)]
            parts.append(weight * system.gradient_pair(name, gradient.name))
        return [*parts, system.source_functional(name)] if sources else parts

    def _flux_with_size(self, name: str, rounding: Array) -> tuple[Array, Array, Array]:
        """(flux, size of the fluxes it is made of, what rounding makes of it), each (batch,)."""
        system = self.system
        found = self._flux(name)
        if name in system.problem.terminals:
            terminals = system.problem.terminals
            rest = [n for n, t in terminals.items() if t.component == terminals[name].component]
            sizes = [np.abs(self._flux(n)) for n in rest]
            return found, np.asarray(sum(sizes)), dot(system, system.terminal_vector(name), rounding)
        first_part, *parts = self._along(name, self.state, self.amplitudes, True)
        inside = dot(system, np.abs(system.gradient_functional(name)), np.abs(self.state))
        size = sum((np.abs(part) for part in parts), start=np.maximum(np.abs(first_part), inside))
        return found, size, size * 4 * np.finfo(float).eps


def first(problem: Problem, engine: Engine, solver: Any, tolerance: float) -> Iterate:
    """The iterate at zero, all drives at rest."""
    system = engine.assemble(linearised(problem, None))
    state = np.zeros_like(system.given_vector())
    amplitudes = np.zeros((system.batch, len(problem.drives)))
    chosen = solver or engine.default_solver(system)
    return Iterate(problem, engine, chosen, tolerance, system, state, amplitudes)
