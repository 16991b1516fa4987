"""The linear solvers by name, and the automatic choice with its reason."""

from dataclasses import dataclass

import numpy as np

from hanle.pde.errors import unknown_name
from hanle.pde.linear.contract import LinearSolver, LinearSystem, Prepared
from hanle.pde.linear.direct import Direct
from hanle.pde.linear.multigrid import Multigrid

#: Unknowns up to which a factorisation wins, by how it fills in: chains never, planes a little, solids soon.
PLANE, SOLID = 100_000, 8_000
#: Neighbours per node (itself included) from which a mesh counts as a plane or a solid: chains of first or second
#: order have at most 5, planes of triangles and quadrilaterals 7 to 9, solids of tetrahedra and bricks 15 to 27.
CHAIN_NEIGHBOURS, PLANE_NEIGHBOURS = 5.0, 12.0
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
    unknowns = int(np.count_nonzero(~system.fixed))
    neighbours = _neighbours(system)
    if neighbours <= CHAIN_NEIGHBOURS:
        return Direct(), f"direct: {unknowns} unknowns on lines, a factorisation has no fill"
    kind, limit = ("planes", PLANE) if neighbours <= PLANE_NEIGHBOURS else ("solids", SOLID)
    if unknowns <= limit:
        return Direct(), f"direct: {unknowns} unknowns on {kind}, up to {limit} a factorisation is faster"
    return Multigrid(), f"multigrid: {unknowns} unknowns on {kind}, above {limit} a factorisation fills in"


def _neighbours(system: LinearSystem) -> float:
    """Mean stored entries per row that has any, of the largest scalar matrix."""
    matrix = max((t.matrix for t in system.terms), key=lambda m: int(m.nnz))
    rows = int(np.count_nonzero(np.diff(matrix.indptr)))
    return float(matrix.nnz) / max(rows, 1)


@dataclass(frozen=True)
class Auto:
    """LinearSolver that prepares the one `choose` names."""

    name: str = "auto"

    def prepare(self, system: LinearSystem) -> Prepared:
        """Prepare the chosen solver."""
        return choose(system)[0].prepare(system)
