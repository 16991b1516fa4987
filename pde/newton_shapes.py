"""What drives of given flux do in a step of Newton's method: shapes, found by a solve or carried on from earlier steps.

A shape is the state that one unit of a drive makes while the others are at rest, by the linearised laws. Along the way
of a drive from amplitude a_0, where the shape s was solved for, states go as

    y(a) = y_0 + s w + q w^2 + c w^3 + ...      w = a - a_0,      dy/da = s + 2 q w + 3 c w^2 + ...

and what step k of Newton's method finds at fixed amplitude is the term in w^(k+1): the shape is carried on without a
solve.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hanle.pde.engines.contract import System
from hanle.pde.steady import dot
from hanle.pde.tensors import Array


@dataclass(frozen=True, eq=False)
class Shape:
    """What one unit of a drive does.

    Attributes:
        free: the state without the prescribed values.
        origin: amplitudes (batch, drives) at which it was solved for.
        steps: taken since.
    """

    free: Array
    origin: Array
    steps: int = 0


def carried_on(
    shapes: Mapping[str, Shape], found: Array, drives: Sequence[str], amplitudes: Array, powers: Mapping[str, Array]
) -> dict[str, Shape]:
    """Shapes after a step that found the change `found` at fixed amplitudes.

    Args:
        amplitudes: (batch, drives) before the step.
        powers: drive -> (batch,) what its way from the origin delivered, in size; the change is shared out by it.
    """
    total = np.maximum(sum(powers.values(), start=np.zeros(1)), np.finfo(float).tiny)
    result = {}
    for name, shape in shapes.items():
        result[name] = replace(shape, steps=shape.steps + 1)
        way = amplitudes - shape.origin
        others = [k for k, drive in enumerate(drives) if drive not in shapes]
        here = way[:, drives.index(name)]
        if not np.any(way[:, others]) and np.all(here):
            factor = (shape.steps + 2) * powers[name] / (total * here)
            grown = (factor[:, None] if found.ndim > 1 else factor[0]) * found
            result[name] = replace(result[name], free=shape.free + grown)
    return result


def driven(system: System, amplitudes: Array) -> Array:
    """Loads of the macroscopic gradients, of amplitudes (batch, drives)."""
    total = np.zeros(1)
    for gradient in system.problem.gradients:
        weight = amplitudes[:, system.problem.drives.index(gradient.name)]
        along = system.gradient_load(gradient.name)
        total = total + (weight[:, None] if along.ndim > 1 else weight[0]) * along
    return total


@dataclass(frozen=True, eq=False)
class Fluxes:
    """Fluxes gained at drives of an assembled problem.

    Attributes:
        load: on every unknown, beside the sources of the laws.
        state, reaction: a state, and what the equations gain there, per unknown, its sources included.
    """

    system: System
    load: Array | float
    state: Array
    reaction: Array

    def at(self, names: Sequence[str], state: Array, amplitudes: Array, sources: bool = True) -> dict[str, Array]:
        """name -> (batch,) flux gained at a drive, with what the sources of the laws add or without."""
        parts = self.parts(names, state, amplitudes, sources)
        return {name: np.asarray(sum(found, start=np.zeros(1))) for name, found in parts.items()}

    def parts(self, names: Sequence[str], state: Array, amplitudes: Array, sources: bool) -> dict[str, list[Array]]:
        """name -> the fluxes that add up to it."""
        system, found = self.system, dict[str, list[Array]]()
        full: Array | None = None
        for name in names:
            if name in system.problem.terminals:
                full = self._gained(state, amplitudes, sources) if full is None else full
                found[name] = [dot(system, system.terminal_vector(name), full)]
                continue
            found[name] = [dot(system, system.gradient_functional(name), state)]
            for gradient in system.problem.gradients:
                weight = amplitudes[:, system.problem.drives.index(gradient.name)]
                found[name].append(weight * system.gradient_pair(name, gradient.name))
            if sources:
                found[name].append(system.source_functional(name))
        return found

    def _gained(self, state: Array, amplitudes: Array, sources: bool) -> Array:
        if sources and state is self.state:
            return self.reaction
        full = self.system.apply(state) + driven(self.system, amplitudes)
        return full - self.system.source_load() - self.load if sources else full

    def with_sizes(
        self, names: Sequence[str], state: Array, amplitudes: Array, rounding: Array
    ) -> dict[str, tuple[Array, Array, Array]]:
        """name -> (flux, size of the fluxes it is made of, what rounding makes of it), each (batch,)."""
        system, terminals = self.system, self.system.problem.terminals
        inner = [name for name in names if name not in terminals]
        outer = list(terminals) if len(inner) < len(names) else []
        parts = self.parts((*outer, *inner), state, amplitudes, True)
        found = {}
        for name in names:
            first, *rest = parts[name]
            total = np.asarray(sum(rest, start=first))
            if name in terminals:
                alike = [n for n, t in terminals.items() if t.component == terminals[name].component]
                size = np.asarray(sum(np.abs(parts[n][0]) for n in alike))
                found[name] = (total, size, dot(system, system.terminal_vector(name), rounding))
                continue
            inside = dot(system, np.abs(system.gradient_functional(name)), np.abs(state))
            size = sum((np.abs(part) for part in rest), start=np.maximum(np.abs(first), inside))
            found[name] = (total, size, size * 4 * np.finfo(float).eps)
        return found
