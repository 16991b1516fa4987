"""One iterate of Newton's method: a state, the linear problem that touches the laws there, and the step from it.

All drives are unknowns or prescribed: terminals and macroscopic gradients of given amplitude move with the step at no
cost; one of given flux asks for the shape of what it drives (`newton_drives`). With y the state, a the amplitudes, A, G
and b operator, gradient loads and sources of the linearised laws,

    A dy = b - A y - G a - (A g + G da)          g, da: what the prescribed values and amplitudes still change

which is the residual of the nonlinear equations at y, since the linearised laws touch them there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from hanle.pde.engines.contract import Engine, Part, Subsystem, System
from hanle.pde.errors import InputError
from hanle.pde.linearised import held, linearised
from hanle.pde.newton_drives import FluxDrives
from hanle.pde.newton_equations import Equations
from hanle.pde.newton_parts import Move, Residual, Wanted, title
from hanle.pde.newton_reuse import Kept
from hanle.pde.newton_shapes import Fluxes, Shape, driven
from hanle.pde.newton_solves import TIGHT, Solves
from hanle.pde.problem import Problem
from hanle.pde.response import Proof
from hanle.pde.solution import Solution
from hanle.pde.steady import norm
from hanle.pde.tensors import Array

#: Relative residual of the solve of a step, at most; less where the iteration is close. What this costs in iterations
#: is little next to another step.
FINE = 1e-5
#: The same of a correction by an operator that is not the derivative at the place.
LOOSE = 1e-3
#: Part of the tolerance that one cause of a residual may take.
ENOUGH = 0.3
#: Part of the residual expected after a step that shapes of earlier steps may leave.
SPOILT = 0.3


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
        kept: the linear solver that was prepared last, for iterates to come.
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
    kept: Kept = field(default_factory=Kept)

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
        left = {name: self._equations.size(missing, rows) for name, rows in self._equations.rows.items()}
        found = self._fluxes.with_sizes(tuple(fluxes), self.state, self.amplitudes, self._noise)
        for name, wanted in fluxes.items():
            flux, size, least = found[name]
            key = f"the flux at {title(self.problem, name)}"
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
        missing = float(np.max(there._equations.relative(rhs, there._scale)))
        level = max(accuracy * min(missing, 1.0), ENOUGH * self.tolerance)
        goals = {
            name: np.maximum(accuracy * self._equations.size(rhs, rows), level * there._scale[name])
            for name, rows in self._equations.rows.items()
        }
        found, solves = self._solves.change(rhs, goals, there.state + moved)
        total = moved + found
        if not fluxes:
            return Move(total, change, solves)
        before = there._fluxes.at(tuple(fluxes), there.state, there.amplitudes)
        gained = self._fluxes.at(tuple(fluxes), total, change, sources=False)
        lacking = {name: value - before[name] - gained[name] for name, value in fluxes.items()}
        if there is self:
            self._flux_drives.carry_on(tuple(lacking), found)
        allowed = max(spoilt * missing, ENOUGH * self.tolerance)

        def scale(moved: Array) -> dict[str, Array]:
            return self._scale_at(there.state + moved)

        return self._flux_drives.completed(Move(total, change, solves), lacking, accuracy, allowed, scale)

    def length(self, move: Move, other: "Iterate") -> Array:
        """(batch,) length of a move: the root of the sum over fields of squares, each relative to the larger state."""
        total = np.zeros(1)
        for rows in self._equations.rows.values():
            parts = [np.where(rows, x, 0.0) for x in (move.state, self.state, other.state)]
            change, *states = (norm(self.system, x) for x in parts)
            total = total + (change / np.maximum(np.maximum(*states), np.finfo(float).tiny)) ** 2
        return np.asarray(np.sqrt(total))

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
        return self._equations.rounding(self.state, self._equations.level)

    @cached_property
    def _scale(self) -> dict[str, Array]:
        """Field -> (batch,) size of the terms of its equations, at least what rounding makes over the tolerance."""
        return self._terms(self._equations.rounding(self.state))

    @cached_property
    def _doubtful(self) -> dict[str, Array]:
        """The same with what rounding of T_0 (1 + t) makes."""
        return self._terms(self._noise)

    def _terms(self, noise: Array) -> dict[str, Array]:
        return self._equations.terms(self._applied, self._load, noise, self.tolerance)

    def _scale_at(self, state: Array) -> dict[str, Array]:
        """The scale, at least what rounding of another state makes: fields may be at rest here and not there."""
        least = self._equations.inner(self._equations.rounding(state))
        return {name: np.maximum(size, least[name] / self.tolerance) for name, size in self._scale.items()}

    @cached_property
    def _equations(self) -> Equations:
        return Equations(self.system, self.scaled or self.system.subsystem(Part.ALL))

    @cached_property
    def _solves(self) -> Solves:
        return Solves(self._equations, self.solver, self.kept)

    @cached_property
    def _flux_drives(self) -> FluxDrives:
        return FluxDrives(self._equations, self._solves, self._fluxes, self.amplitudes, self.memory)

    def prescribed(self, amplitudes: Array, given: Array) -> Array:
        """A state with the prescribed values on the fixed unknowns."""
        total = given
        for k, name in enumerate(self.system.problem.terminals):
            here = self.system.terminal_vector(name)
            weight = amplitudes[:, k]
            total = total + (weight[:, None] if here.ndim > 1 else weight[0]) * here
        return total
