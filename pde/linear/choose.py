"""The linear solvers by name, and the automatic choice with its reason.

A factorisation costs about the number of unknowns times the square of the front, the unknowns on a cut through the
mesh: one node on lines, the square root of the nodes on planes, their power 2/3 in solids. The front is measured as the
mean width of the matrix after reordering (Cuthill & McKee, 1969).
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from hanle.pde.errors import unknown_name
from hanle.pde.linear.contract import LinearSolver, LinearSystem, Prepared
from hanle.pde.linear.direct import Direct
from hanle.pde.linear.multigrid import Multigrid

#: Unknowns in the front up to which a factorisation takes no longer than five solves by multigrid, whatever their
#: number n: about 2.5e-10 s times n front^2 (long bars up to three times that) against 2e-5 s times n.
FRONT = 280
#: n front^2 up to which it takes half a second at most: then it is taken in any case, being exact.
WORK = 2e9
NAMES = ("auto", "direct", "multigrid")


def solver(name: str) -> LinearSolver:
    """The linear solver called `name`: "direct", "multigrid" or "auto".

    Raises InputError with the nearest name for any other.
    """
    if name not in NAMES:
        raise unknown_name("solver", name, NAMES)
    solvers: dict[str, LinearSolver] = {"auto": Auto(), "direct": Direct(), "multigrid": Multigrid()}
    return solvers[name]


def choose(system: LinearSystem) -> tuple[LinearSolver, str]:
    """The solver for a system and the reason, one clause."""
    size = int(np.count_nonzero(~system.fixed))
    width = front(system)
    what = f"{size} unknowns, about {width} on a cut through the mesh"
    if width <= FRONT or size * width**2 <= WORK:
        return Direct(), f"direct: {what}, where a factorisation is cheap"
    return Multigrid(), f"multigrid: {what}, where a factorisation is slow"


def front(system: LinearSystem) -> int:
    """Unknowns on a typical cut, summed over the blocks: they lie on each other as often as behind each other."""
    total = 0.0
    for k, block in enumerate(system.blocks):
        local = [t.matrix for t in system.terms if t.row == t.col == k and not t.skew]
        if local:
            total += block.components * _width(max(local, key=lambda m: int(m.nnz)))
    return int(np.ceil(total))


def _width(matrix: sp.csr_matrix) -> float:
    """Mean distance from the first entry of a row to the diagonal after reordering."""
    from scipy.sparse.csgraph import reverse_cuthill_mckee

    order = reverse_cuthill_mckee(matrix, symmetric_mode=True)
    place = np.empty_like(order)
    place[order] = np.arange(order.size, dtype=order.dtype)
    rows = np.flatnonzero(np.diff(matrix.indptr))
    lowest = np.minimum.reduceat(place[matrix.indices], matrix.indptr[rows]) if rows.size else np.zeros(0)
    return float(np.maximum(place[rows] - lowest, 0).sum()) / max(matrix.shape[0], 1)


@dataclass(frozen=True)
class Auto:
    """LinearSolver that prepares the one `choose` names."""

    name: str = "auto"

    def prepare(self, system: LinearSystem) -> Prepared:
        """Prepare the chosen solver."""
        return choose(system)[0].prepare(system)
