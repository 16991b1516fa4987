"""The unknowns y of a problem (its states) and the block vectors x of the finite elements, x = T y.

T has one 1 per row. It identifies entries of x that ties, globals and periodic faces make one unknown, and, on several
processes, the copies of one unknown on each of them.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hanle.meshes.tagged import IntArray
from hanle.pde.linear.sharing import Sharing
from hanle.pde.processes import ALONE, Processes
from hanle.pde.tensors import Array


@dataclass(frozen=True, eq=False)
class Unknowns:
    """T, at most one of `ties` and `sharing` given; neither means x = y.

    Attributes:
        representative: (size,) for each unknown that this process owns one entry of its x.
        places: (size,) where these unknowns stand among all, in the order of one process that holds them all.
        total: number of unknowns on all processes.
        tied: (size of x,) entries that are one unknown with other nodes or regions of the device.
        ties: T on one process.
        sharing: T on several.
    """

    representative: IntArray
    places: IntArray
    total: int
    tied: NDArray[np.bool_]
    ties: sp.csr_matrix | None = None
    sharing: Sharing | None = None
    processes: Processes = ALONE

    @property
    def size(self) -> int:
        """Number of unknowns that this process owns: the length of its states."""
        return len(self.representative)

    def spread(self, y: Array) -> Array:
        """x = T y."""
        if self.sharing is not None:
            return self.sharing.spread(y)
        return y if self.ties is None else np.asarray(self.ties @ y)

    def gathered(self, x: Array) -> Array:
        """T^T x."""
        if self.sharing is not None:
            return self.sharing.gathered(x)
        return x if self.ties is None else np.asarray(self.ties.T @ x)

    def marked(self, entries: IntArray, count: int) -> NDArray[np.bool_]:
        """(size,) unknowns of which any process lists an entry of its x (of length `count`)."""
        marks = np.zeros(count)
        marks[entries] = 1.0
        return np.asarray(self.gathered(marks) > 0.0)


def alone(size: int, ties: sp.csr_matrix | None) -> Unknowns:
    """The unknowns of one process that holds them all; x has length `size`."""
    if ties is None:
        return Unknowns(np.arange(size), np.arange(size), size, np.zeros(size, dtype=bool))
    label, first = np.unique(ties.indices, return_index=True)
    return Unknowns(first, np.arange(len(label)), len(label), np.bincount(ties.indices)[ties.indices] > 1, ties)
