"""Rows of the tables of `hanle verify`, and the deviations in them."""

from dataclasses import dataclass

import numpy as np

from hanle.pde.tensors import Array

#: Rounding of the exact engine, relative to a correction.
ROUNDING = 1e-11
#: Estimates of errors hold to about this factor.
SAFETY = 2.0


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        formula: what is compared with what.
        engine: the engine, with the order of its elements.
        deviation: relative, of the largest component.
        expected: largest deviation that the method explains.
    """

    formula: str
    engine: str
    deviation: float
    expected: float

    @property
    def ok(self) -> bool:
        return bool(self.deviation <= self.expected)


def richardson(coarse: Array, fine: Array, order: float, ratio: float = 2.0) -> float:
    """Estimated relative error of `fine`, with `SAFETY`: elements `ratio` times smaller than those of `coarse`."""
    return float(SAFETY * difference(coarse, fine) / (ratio**order - 1))


def difference(found: Array, exact: Array) -> float:
    """Largest deviation of a component, relative to the largest component."""
    size = float(np.max(np.abs(exact)))
    return float(np.max(np.abs(np.asarray(found) - exact))) / size if size else float(np.max(np.abs(found)))
