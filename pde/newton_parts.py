"""What Newton's method is asked for along the way of the drives, and what its equations leave at a state."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hanle.pde.errors import InputError, unknown_name
from hanle.pde.problem import Problem
from hanle.pde.tensors import Array

#: A step that reduces the residual by less stalls, where rounding can explain what is left.
STALLED = 4.0


@dataclass(frozen=True, eq=False)
class Wanted:
    """What is prescribed, as functions of the part of the drive (0: the start, 1: all of it).

    Attributes:
        amplitudes, fluxes: drive -> ((batch,) at the start, (batch,) at the end).
        given: states with the values that face laws prescribe, at the start and at the end.
    """

    amplitudes: Mapping[str, tuple[Array, Array]]
    fluxes: Mapping[str, tuple[Array, Array]]
    given: tuple[Array, Array]

    def at(self, part: float) -> tuple[dict[str, Array], dict[str, Array], Array]:
        """(amplitudes, fluxes, given values) at a part of the drive."""

        def between(ends: tuple[Array, Array]) -> Array:
            return (1 - part) * ends[0] + part * ends[1]

        amplitudes = {name: between(ends) for name, ends in self.amplitudes.items()}
        return amplitudes, {name: between(ends) for name, ends in self.fluxes.items()}, between(self.given)


@dataclass(frozen=True, eq=False)
class Residual:
    """What the equations leave, per field and per drive of given flux.

    Attributes:
        left, scale: name -> (batch,) what is left, and the size of its parts (at least what rounding of the state
            makes of them, over the tolerance).
        doubtful: the same size, at least what rounding of T_0 (1 + t) makes of them: laws may know no more of t.
    """

    left: Mapping[str, Array]
    scale: Mapping[str, Array]
    doubtful: Mapping[str, Array]

    @cached_property
    def relative(self) -> Array:
        """(batch,) the largest of all."""
        return np.asarray(np.max([self.left[name] / self.scale[name] for name in self.left], axis=0))

    @cached_property
    def certain(self) -> Array:
        """(batch,) the largest of all, of what is more than doubtful."""
        return np.asarray(np.max([self.left[name] / self.doubtful[name] for name in self.left], axis=0))

    @property
    def worst(self) -> str:
        """Name of the largest."""
        return max(self.left, key=lambda name: float(np.max(self.left[name] / self.scale[name])))

    def overall(self, least: float) -> Array:
        """(batch,) geometric mean of all, each at least `least`."""
        parts = [np.maximum(self.left[name] / self.scale[name], least) for name in self.left]
        return np.asarray(np.exp(np.mean(np.log(parts), axis=0)))

    def beside(self, other: "Residual") -> Array:
        """(batch,) root of the sum of squares, in the larger scale of this and another iterate."""
        scale = {name: np.maximum(self.scale[name], other.scale[name]) for name in self.left}
        return np.asarray(np.sqrt(sum((self.left[name] / scale[name]) ** 2 for name in self.left)))


def checked(
    problem: Problem, amplitudes: Mapping[str, float | Array], fluxes: Mapping[str, float | Array], batch: int
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Amplitudes and fluxes of all drives, (batch,) each; drives named nowhere are open.

    Raises:
        InputError: an unknown drive, or one that is given twice.
    """
    for name in (*amplitudes, *fluxes):
        if name not in problem.drives:
            raise unknown_name("drive", name, problem.drives)
        if name in amplitudes and name in fluxes:
            raise InputError(f"drive {name}", "given by amplitude or by flux", "both")

    def spread(value: float | Array) -> Array:
        return np.broadcast_to(np.asarray(value, dtype=float), batch)

    known = {name: spread(value) for name, value in amplitudes.items()}
    return known, {name: spread(fluxes.get(name, 0.0)) for name in problem.drives if name not in known}


def title(problem: Problem, drive: str) -> str:
    """What a user calls a drive: a gradient that has a label by that, with its axis where the label has several."""
    for gradient in problem.gradients:
        if gradient.name == drive and gradient.label:
            several = sum(other.label == gradient.label for other in problem.gradients) > 1
            return f"{gradient.label} along {gradient.axis}" if several else gradient.label
    return drive


@dataclass(frozen=True, eq=False)
class Move:
    """A step: changes of state and amplitudes (batch, drives), and the linear solves it took."""

    state: Array
    amplitudes: Array
    solves: int
