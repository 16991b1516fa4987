"""One iterate of Newton's method: a state, the linear problem that touches the laws there, and the step from it.

All drives are unknowns or prescribed: terminals and macroscopic gradients of given amplitude move with the step at no
cost; one of given flux asks for the shape of what it drives (`newton_shapes`). With y the state, a the amplitudes, A, G
and b operator, gradient loads and sources of the linearised laws,

    A dy = b - A y - G a - (A g + G da)          g, da: what the prescribed values and amplitudes still change

which is the residual of the nonlinear equations at y, since the linearised laws touch them there. Equations of one
field are weighed against each other in the scale of the solver; fields of different units never are.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from hanle.pde.engines.contract import Engine, Part, Subsystem, System
from hanle.pde.errors import InputError
from hanle.pde.linearised import held, linearised
from hanle.pde.newton_parts import Move, Residual, Wanted
from hanle.pde.newton_shapes import Fluxes, Shape, carried_on, driven
from hanle.pde.problem import Problem
from hanle.pde.response import Proof
from hanle.pde.solution import Solution, balanced_solve
from hanle.pde.steady import norm
from hanle.pde.tensors import Array

#: Relative residual of the solve of a step, at most; less where the iteration is close. What this costs in iterations
#: is little next to another step.
FINE = 1e-5
#: The same of a correction by an operator that is not the derivative at the place.
LOOSE = 1e-3
#: Size of the terms of equations without any: what is divided by it, and its product with it, stay finite.
NOTHING = 1e-150
#: Part of the tolerance that one cause of a residual may take.
ENOUGH = 0.3
#: Part of the residual expected after a step that shapes of earlier steps may leave.
SPOILT = 0.3
#: The same where hardly more than rounding is left.
ROUGH = 0.5
#: By how much rounding may exceed its estimate.
MISSED = 8.0
#: Relative residual of a solve, at least: rounding.
TIGHT = 1e-12


@dataclass(frozen=True, eq=False)
class Iterate:
    """A state with the linear problem that touches the laws there, assembled.

    Attributes:
        system: that problem.
        state, amplitudes: the state, and (batch, drives) of all drives.
        memory: shapes of drives of given flux, kept from step to step.
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
    memory: dict[str, Shape] = field(default_factory=dict)
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
        found = self._fluxes.at(self.system.problem.drives, self.state, self.amplitudes)
        fluxes = np.stack(list(found.values()), axis=-1) if found else np.zeros_like(self.amplitudes)
        return held(self.system, self.state, self.amplitudes, fluxes, proof)

    def residual(self, fluxes: Mapping[str, Array]) -> Residual:
        """What the equations leave at the state, with these fluxes wanted at drives."""
        missing, scale = np.where(self.system.fixed, 0.0, self._applied - self._load), dict(self._scale)
        left = {name: self._size(missing, rows) for name, rows in self._rows.items()}
        found = self._fluxes.with_sizes(tuple(fluxes), self.state, self.amplitudes, self._noise)
        for name, wanted in fluxes.items():
            flux, size, least = found[name]
            key = f"the flux at {name}"
            # A flux that is asked for must be told from rounding; one of zero need not.
            least = np.where(wanted != 0.0, 0.0, least / self.tolerance)
            size = np.maximum(size + np.abs(wanted), np.maximum(least, np.finfo(float).tiny))
            left[key], scale[key] = np.abs(flux - wanted), size
        return Residual(left, scale, scale | self._doubtful)

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
        # Tight enough for quadratic convergence, and no tighter than the end asks for.
        enough = ENOUGH * self.tolerance / max(missing, self.tolerance)
        accuracy = float(np.clip(max(missing, enough), TIGHT, FINE))
        return self.correction(self, fluxes, amplitudes, given, accuracy, SPOILT * missing)

    def correction(
        self,
        there: "Iterate",
        fluxes: Mapping[str, Array],
        amplitudes: Mapping[str, Array] | None = None,
        given: Array | None = None,
        accuracy: float = LOOSE,
        spoilt: float = LOOSE,
    ) -> Move:
        """What the operator of this iterate makes of the residual of another: how far that one is from the answer.

        Args:
            amplitudes, given: of drives, and a state with given values, that the other iterate may lack yet; all
                values that are prescribed stay where `given` is None.
            accuracy: relative residual of the solve.
            spoilt: part of the residual that shapes of earlier steps may leave.
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
            rhs = rhs - system.apply(moved) - driven(self.system, change)
        rhs = np.where(system.fixed, 0.0, rhs)
        missing = float(np.max(there._relative(rhs)))
        level = max(accuracy * min(missing, 1.0), ENOUGH * self.tolerance)
        goals = {
            name: np.maximum(accuracy * self._size(rhs, r), level * there._scale[name])
            for name, r in self._rows.items()
        }
        found, solves = self._solve(rhs, goals, there.state + moved)
        total = moved + found
        if not fluxes:
            return Move(total, change, solves)
        before = there._fluxes.at(tuple(fluxes), there.state, there.amplitudes)
        gained = self._fluxes.at(tuple(fluxes), total, change, sources=False)
        lacking = {name: value - before[name] - gained[name] for name, value in fluxes.items()}
        if there is self:
            self._carry_on(tuple(lacking), found)
        allowed = max(spoilt * missing, ENOUGH * self.tolerance)
        return self._completed(Move(total, change, solves), lacking, accuracy, allowed)

    def length(self, move: Move, other: "Iterate") -> Array:
        """(batch,) length of a move: the root of the sum over fields of squares, each relative to the larger state."""
        total = np.zeros(1)
        for rows in self._rows.values():
            parts = [np.where(rows, x, 0.0) for x in (move.state, self.state, other.state)]
            change, *states = (norm(self.system, x) for x in parts)
            total = total + (change / np.maximum(np.maximum(*states), np.finfo(float).tiny)) ** 2
        return np.asarray(np.sqrt(total))

    def _carry_on(self, names: Sequence[str], found: Array) -> None:
        """Shapes kept in memory, after a step that found a change at fixed amplitudes."""
        known = {name: self.memory[name] for name in names if name in self.memory}
        drives, before, powers = self.system.problem.drives, dict[str, Array](), dict[str, Array]()
        for name, shape in known.items():
            before[name] = self._response(name, (name,))[0][name]
            powers[name] = np.abs((self.amplitudes - shape.origin)[:, drives.index(name)] ** 2 * before[name])
        for name, shape in carried_on(known, found, drives, self.amplitudes, powers).items():
            self.memory[name] = shape
            if np.any(np.abs(self._response(name, (name,))[0][name] - before[name]) > np.abs(before[name]) / 2):
                # A series in the drive says nothing any more.
                del self.memory[name]

    def _completed(self, move: Move, lacking: Mapping[str, Array], accuracy: float, allowed: float) -> Move:
        """A step with as much of the drives of given flux as their fluxes lack."""
        solves = move.solves
        for name in lacking:
            if name not in self.memory:
                solves += self._shape(name, accuracy)
        weights = self._weights(lacking)
        spoils = {name: np.abs(weights[name]) * self._response(name, tuple(lacking))[1] for name in lacking}
        kept = [name for name in lacking if self.memory[name].origin is not self.amplitudes]
        stale = [name for name in kept if np.any(spoils[name] > allowed)]
        if stale:
            solves += sum(self._shape(name, accuracy) for name in stale)
            weights = self._weights(lacking)
        total, change = move.state, move.amplitudes.copy()
        for name, weight in weights.items():
            shape = self._whole(name, self.memory[name].free)
            total = total + (weight[:, None] if total.ndim > 1 else weight[0]) * shape
            change[:, self.system.problem.drives.index(name)] += weight
        return Move(total, change, solves)

    def _weights(self, lacking: Mapping[str, Array]) -> dict[str, Array]:
        """(batch,) amplitudes that make up for fluxes."""
        columns = [self._response(name, tuple(lacking))[0] for name in lacking]
        matrix = np.moveaxis(np.array([[column[i] for column in columns] for i in lacking]), -1, 0)
        found = balanced_solve(self.system.problem, matrix, np.stack(list(lacking.values()), axis=-1))
        return dict(zip(lacking, found.T, strict=True))

    def _response(self, name: str, names: tuple[str, ...]) -> tuple[dict[str, Array], Array]:
        """What the shape of a drive in memory gives: the fluxes at drives, and the part of the terms that it spoils."""
        shape, key = self.memory[name], (name, *names)
        known = self._responses.get(key)
        if known is None or known[0] is not shape:
            fluxes = self._fluxes.at(names, self._whole(name, shape.free), self._one(name), sources=False)
            known = shape, fluxes, self._relative(self._unmoved(name, shape.free))
            self._responses[key] = known
        return known[1:]

    @cached_property
    def _responses(self) -> dict[tuple[str, ...], tuple[Shape, dict[str, Array], Array]]:
        return {}

    @cached_property
    def _applied(self) -> Array:
        return self.system.apply(self.state)

    @cached_property
    def _load(self) -> Array:
        return self.system.source_load() + self.load - driven(self.system, self.amplitudes)

    @cached_property
    def _fluxes(self) -> Fluxes:
        return Fluxes(self.system, self.load, self.state, self._applied - self._load)

    @cached_property
    def _noise(self) -> Array:
        return self._rounding(self.state, self._level)

    @cached_property
    def _scale(self) -> dict[str, Array]:
        """Field -> (batch,) size of the terms of its equations, at least what rounding makes over the tolerance."""
        return self._terms(self._rounding(self.state))

    @cached_property
    def _doubtful(self) -> dict[str, Array]:
        """The same with what rounding of T_0 (1 + t) makes."""
        return self._terms(self._noise)

    def _terms(self, noise: Array) -> dict[str, Array]:
        found, inner = {}, ~self.system.fixed
        for name, rows in self._rows.items():
            sizes = self._size(self._applied, rows & inner) + self._size(self._load, rows & inner)
            # Where every free row balances by itself (a uniform state) the fluxes through the contacts set the scale.
            sizes = np.maximum(sizes, self._size(self._applied, rows))
            least = np.maximum(self._size(noise, rows & inner) / self.tolerance, NOTHING)
            found[name] = np.maximum(sizes, least)
        return found

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

    def prescribed(self, amplitudes: Array, given: Array) -> Array:
        """A state with the prescribed values on the fixed unknowns."""
        total = given
        for k, name in enumerate(self.system.problem.terminals):
            here = self.system.terminal_vector(name)
            weight = amplitudes[:, k]
            total = total + (weight[:, None] if here.ndim > 1 else weight[0]) * here
        return total

    def _solve(self, rhs: Array, goals: Mapping[str, Array], state: Array) -> tuple[Array, int]:
        """A x = rhs on the free unknowns; equations of fields that hold no more than rounding are let be.

        Args:
            goals: field -> (batch,) what may be left of its equations.
            state: whose rounding is in the right-hand side.

        Returns:
            x, and the number of solves it took.
        """
        noise, meant, inner = self._rounding(state), self._rounding(state, self._level), ~self.system.fixed
        least = []
        for name, rows in self._rows.items():
            rounding = self._size(noise, rows & inner)
            # What heats weakly is small beside rounding of T_0, and meant; what heat drives elsewhere then is not.
            known = rounding if np.any(self._level[rows]) else self._size(meant, rows & inner)
            if np.all(self._size(rhs, rows) <= known):
                rhs = np.where(rows, 0.0, rhs)
            else:
                least.append(float(np.max(np.maximum(goals[name], rounding))))
        # The solver knows one norm of all fields: it is asked for what the weakest one needs.
        return self._found(rhs, min(least, default=0.0))

    def _found(self, rhs: Array, goal: float) -> tuple[Array, int]:
        """A x = rhs but for a load of the size `goal`, and the number of solves it took."""
        size = float(np.max(self._size(rhs, ~self.system.fixed)))
        if size == 0.0:
            return np.zeros_like(rhs), 0
        tolerance = float(np.clip(goal / size, TIGHT, ROUGH))
        return self._subsystem.extend(self._prepared.solve(self._subsystem.restrict(rhs), tolerance=tolerance)), 1

    def _shape(self, name: str, accuracy: float) -> int:
        """Solve for a shape, starting from that in memory; the number of solves it took."""
        zero = np.zeros_like(self.state)
        begin = self.memory[name].free if name in self.memory else zero
        left, load = self._unmoved(name, begin), self._unmoved(name, zero)
        noise = np.where(self.system.fixed, 0.0, self._rounding(self._whole(name, begin)))
        goals, solves = [], 0
        for rows in self._rows.values():
            goal = np.max(np.maximum(accuracy * self._size(load, rows), MISSED * self._size(noise, rows)))
            if np.any(self._size(left, rows) > goal):
                goals.append(float(goal))
            else:
                # Rounding, which a conductor without a terminal would take for a source.
                left = np.where(rows, 0.0, left)
        if goals:
            change, solves = self._found(left, min(goals))
            begin = begin + change
        self.memory[name] = Shape(begin, self.amplitudes)
        return solves

    def _whole(self, name: str, free: Array) -> Array:
        """A shape with what is prescribed."""
        at_terminal = name in self.system.problem.terminals
        return self.system.terminal_vector(name) + free if at_terminal else free

    def _unmoved(self, name: str, free: Array) -> Array:
        """What the equations of a shape leave."""
        left = -self.system.apply(self._whole(name, free)) - driven(self.system, self._one(name))
        return np.where(self.system.fixed, 0.0, left)

    def _relative(self, load: Array) -> Array:
        """(batch,) largest part of the terms of a field's equations that a load is."""
        parts = [self._size(load, rows) / self._scale[name] for name, rows in self._rows.items()]
        return np.asarray(np.max(parts, axis=0))

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
