"""A face law on a stack: which unknown stands behind each row, and what gradients and sources do there."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hanle.pde.coefficients import Coefficient, FaceLaw
from hanle.pde.engines.contract import Part
from hanle.pde.engines.tables import Table, dense, of_part, table
from hanle.pde.problem import Gradient
from hanle.pde.tensors import Array, IntArray


@dataclass(frozen=True, eq=False)
class StackFace:
    """A face law.

    Attributes:
        name: of the face.
        law: the law.
        unknowns: (rows,) unknown behind each row of the law.
        regions: (rows,) region on the side of each row.
    """

    name: str
    law: FaceLaw
    unknowns: IntArray
    regions: tuple[str, ...]

    @cached_property
    def components(self) -> tuple[str, ...]:
        """Component of each row."""
        return tuple(c for side in self.law.sides for c in side.fields.components)

    def rows(self, gradient: Gradient) -> list[int]:
        """Rows of the component of a macroscopic gradient, on both sides."""
        pairs = zip(self.components, self.regions, strict=True)
        return [k for k, (c, region) in enumerate(pairs) if c == gradient.component and gradient.reaches(region)]

    def conductance(self, part: Part) -> Table:
        """G of a part."""
        return table(of_part(self.law.G, part))

    def block(self, rows: list[int], part: Part) -> Array:
        """-G of some rows, (batch or 1, rows, rows): what the face adds to the operator."""
        return np.ascontiguousarray(-dense(self.conductance(part), rows, rows))

    def load(self, gradient: Gradient, part: Part) -> list[tuple[int, Array]]:
        """(unknown, a) for a unit macroscopic gradient."""
        entries = self._along(self.law.Q, gradient, part)
        mine = self.rows(gradient)
        return [(int(self.unknowns[i]), -w) for (i, j), w in entries.items() if j in mine]

    def collected(self, gradient: Gradient, part: Part) -> list[tuple[int, Array]]:
        """(unknown, sheet current along the gradient per trace)."""
        entries = self._along(self.law.Qt, gradient, part)
        mine = self.rows(gradient)
        return [(int(self.unknowns[j]), w) for (i, j), w in entries.items() if i in mine]

    def direct(self, test: Gradient, trial: Gradient, part: Part) -> Array:
        """Sheet current along `test` for a unit gradient `trial`, (batch or 1,)."""
        axes = test.direction, trial.direction
        entries = table(of_part(self.law.L, part), *axes)
        rows, columns = self.rows(test), self.rows(trial)
        return _total(w for (i, j), w in entries.items() if i in rows and j in columns)

    def emitted(self, gradient: Gradient) -> Array:
        """Sheet current along a gradient from the sources k, (batch or 1,)."""
        rows = self.rows(gradient)
        entries = table(self.law.k, gradient.direction)
        return _total(w for (i, _), w in entries.items() if i in rows)

    def sources(self) -> list[tuple[int, Array]]:
        """(unknown, gain) from the sources g."""
        return [(int(self.unknowns[i]), w) for (i, _), w in table(self.law.g).items()]

    def _along(self, coefficient: Coefficient, gradient: Gradient, part: Part) -> Table:
        return table(of_part(coefficient, part), gradient.direction)


def _total(weights: Iterable[Array]) -> Array:
    return sum(weights, start=np.zeros(1))
