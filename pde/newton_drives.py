"""Drives of given flux in a step of Newton's method: how much of each, and the shapes that say what one unit does.

A shape is solved for once and carried on from step to step (`newton_shapes`), for as long as what it gets wrong is
little next to what the step leaves anyway.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from hanle.pde.newton_equations import Equations
from hanle.pde.newton_parts import Move
from hanle.pde.newton_shapes import Fluxes, Shape, carried_on, driven
from hanle.pde.newton_solves import Solves
from hanle.pde.solution import balanced_solve
from hanle.pde.tensors import Array


@dataclass(frozen=True, eq=False)
class FluxDrives:
    """Drives of given flux at one iterate.

    Attributes:
        amplitudes: of the iterate, (batch, drives).
        memory: drive -> its shape, kept from iterate to iterate.
    """

    equations: Equations
    solves: Solves
    fluxes: Fluxes
    amplitudes: Array
    memory: dict[str, Shape]
    _responses: dict[tuple[str, ...], tuple[Shape, dict[str, Array]]] = field(default_factory=dict)

    def carry_on(self, names: Sequence[str], found: Array) -> None:
        """Carry shapes on after a step that found a change at fixed amplitudes."""
        known = {name: self.memory[name] for name in names if name in self.memory}
        drives, before, powers = self._drives, dict[str, Array](), dict[str, Array]()
        for name, shape in known.items():
            before[name] = self._response(name, (name,))[name]
            powers[name] = np.abs((self.amplitudes - shape.origin)[:, drives.index(name)] ** 2 * before[name])
        for name, shape in carried_on(known, found, drives, self.amplitudes, powers).items():
            self.memory[name] = shape
            if np.any(np.abs(self._response(name, (name,))[name] - before[name]) > np.abs(before[name]) / 2):
                # A series in the drive says nothing any more.
                del self.memory[name]

    def completed(
        self,
        move: Move,
        lacking: Mapping[str, Array],
        accuracy: float,
        allowed: float,
        scale: Callable[[Array], Mapping[str, Array]],
    ) -> Move:
        """A step with as much of the drives of given flux as their fluxes lack.

        Args:
            accuracy: of shapes that are solved for.
            allowed: part of the terms of a field's equations that shapes of earlier steps may spoil.
            scale: size of those terms after a change of the state.
        """
        solves = move.solves
        for name in lacking:
            if name not in self.memory:
                solves += self._solve(name, accuracy)
        weights = self._weights(lacking)
        found = self._added(move, weights)
        kept = [name for name in lacking if self.memory[name].origin is not self.amplitudes]
        if kept:
            terms = scale(found.state)
            spoils = {n: self.equations.relative(self._unmoved(n, self.memory[n].free), terms) for n in kept}
            stale = [name for name in kept if np.any(np.abs(weights[name]) * spoils[name] > allowed)]
            if stale:
                solves += sum(self._solve(name, accuracy) for name in stale)
                found = self._added(move, self._weights(lacking))
        return replace(found, solves=solves)

    @property
    def _drives(self) -> tuple[str, ...]:
        return self.equations.system.problem.drives

    def _added(self, move: Move, weights: Mapping[str, Array]) -> Move:
        """A step with so much of each shape."""
        total, change = move.state, move.amplitudes.copy()
        for name, weight in weights.items():
            shape = self._whole(name, self.memory[name].free)
            total = total + (weight[:, None] if total.ndim > 1 else weight[0]) * shape
            change[:, self._drives.index(name)] += weight
        return replace(move, state=total, amplitudes=change)

    def _weights(self, lacking: Mapping[str, Array]) -> dict[str, Array]:
        """(batch,) amplitudes that make up for fluxes."""
        columns = [self._response(name, tuple(lacking)) for name in lacking]
        matrix = np.moveaxis(np.array([[column[i] for column in columns] for i in lacking]), -1, 0)
        found = balanced_solve(self.equations.system.problem, matrix, np.stack(list(lacking.values()), axis=-1))
        return dict(zip(lacking, found.T, strict=True))

    def _response(self, name: str, names: tuple[str, ...]) -> dict[str, Array]:
        """The fluxes at drives that the shape of a drive in memory gives."""
        shape, key = self.memory[name], (name, *names)
        known = self._responses.get(key)
        if known is None or known[0] is not shape:
            fluxes = self.fluxes.at(names, self._whole(name, shape.free), self._one(name), sources=False)
            known = self._responses[key] = shape, fluxes
        return known[1]

    def _solve(self, name: str, accuracy: float) -> int:
        """Solve for a shape, starting from that in memory; the number of solves it took."""
        zero = np.zeros_like(self.fluxes.state)
        begin = self.memory[name].free if name in self.memory else zero
        left, load = self._unmoved(name, begin), self._unmoved(name, zero)
        change, solves = self.solves.shape(left, load, self._whole(name, begin), accuracy)
        self.memory[name] = Shape(begin + change, self.amplitudes)
        return solves

    def _whole(self, name: str, free: Array) -> Array:
        """A shape with what is prescribed."""
        at_terminal = name in self.equations.system.problem.terminals
        return self.equations.system.terminal_vector(name) + free if at_terminal else free

    def _unmoved(self, name: str, free: Array) -> Array:
        """What the equations of a shape leave."""
        system = self.equations.system
        left = -system.apply(self._whole(name, free)) - driven(system, self._one(name))
        return np.where(system.fixed, 0.0, left)

    def _one(self, name: str) -> Array:
        """Amplitudes with 1 at one drive."""
        found = np.zeros_like(self.amplitudes)
        found[:, self._drives.index(name)] = 1.0
        return found
