"""Multigrid on a shared scalar hierarchy as the preconditioner of flexible GMRES.

The operator is coercive plus skew. The preconditioner takes all of it but the skew face terms, precession included:
block-Jacobi steps with the exact nodal blocks, their weights the reciprocal Chebyshev points of the upper part of the
spectrum, on every level; a dense factorisation of the coupled system on the coarsest. The cycle runs in single
precision on the caller's own matrices; GMRES keeps the answer in double.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from hanle.pde.linear import kernels
from hanle.pde.linear.contract import LinearSystem
from hanle.pde.linear.hierarchy import grids
from hanle.pde.linear.iteration import Iteration
from hanle.pde.linear.krylov import Progress
from hanle.pde.linear.levels import Coarsest, Level, Single
from hanle.pde.linear.reduced import Reduced, reduce
from hanle.pde.linear.ties import springs
from hanle.pde.tensors import Array

#: Unknowns of the coarsest level, which is solved by a dense factorisation.
COARSEST = 800


@dataclass(frozen=True)
class Multigrid:
    """LinearSolver for large systems; memory and time grow in proportion to the unknowns.

    Attributes:
        restart: GMRES directions kept (12 bytes each per unknown).
        limit: iterations before it gives up.
        progress: called with (iteration, estimated relative residual).
    """

    restart: int = 50
    limit: int = 150
    progress: Progress | None = None
    name: str = "multigrid"

    def prepare(self, system: LinearSystem) -> "Hierarchy":
        """Build the levels. Raises SolveError naming a node without an equation."""
        reduced = reduce(system)
        return Hierarchy(reduced, self, Cycle(reduced))


class Hierarchy:
    """The levels of one system, see contract.Prepared."""

    def __init__(self, reduced: Reduced, options: Multigrid, cycle: "Cycle") -> None:
        self._reduced, self._options, self._cycle = reduced, options, cycle
        self._iteration = Iteration(reduced, cycle, Cycle, options)

    def near(self, system: LinearSystem) -> "Hierarchy | None":
        """The same levels as the preconditioner of another system of the same unknowns; None where they cannot be."""
        reduced, mine = reduce(system), self._reduced
        nulls = reduced.nulls.right, mine.nulls.right
        alike = np.array_equal(system.fixed, mine.system.fixed) and nulls[0].shape == nulls[1].shape
        alike = alike and np.allclose(*nulls)
        return Hierarchy(reduced, self._options, self._cycle) if alike else None

    @property
    def iterations(self) -> int:
        """Of the last solve."""
        return self._iteration.iterations

    def solve(self, rhs: Array, *, tolerance: float) -> Array:
        """A x = rhs to a relative true residual below `tolerance`; raises SolveError with the next step."""
        reduced = self._reduced
        load = reduced.nulls.balanced(reduced.load(rhs), tolerance)
        with kernels.threads_for(reduced.system.size):
            y = self._iteration.solve(load, tolerance)
        return reduced.answer(reduced.nulls.project(y))


class Cycle:
    """One multigrid cycle: y, the right-hand side of the tied system, to an approximate solution in float32."""

    def __init__(self, reduced: Reduced) -> None:
        self._reduced = reduced
        self._levels: list[Level] = []
        system = reduced.system
        approximated = replace(system, terms=(*system.terms, *springs(system)))
        with kernels.threads_for(system.size):
            for grid in grids(approximated, COARSEST):
                if grid.down:
                    with kernels.threads_for(grid.unknowns):
                        self._levels.append(Level(grid, copy=bool(self._levels)))
                else:
                    self._coarsest = Coarsest(grid, singular=len(reduced.nulls.right) > 0)

    def __call__(self, y: Array) -> Single:
        reduced = self._reduced
        x = reduced.spread(y)
        offsets = reduced.system.offsets
        parts = [x[a:b].astype(np.float32) for a, b in pairwise(offsets)]
        z = reduced.gather(np.concatenate(self._step(parts, 0)))
        if len(reduced.nulls.right):
            z = reduced.nulls.project(z)
        return z.astype(np.float32, copy=False)

    def _step(self, rhs: list[Single], depth: int) -> list[Single]:
        if depth == len(self._levels):
            return self._coarsest.solve(rhs)
        level = self._levels[depth]
        with kernels.threads_for(level.unknowns):
            x = level.smooth(level.start(rhs), rhs, level.weights[1:])
            coarse_rhs = level.restrict(level.residual(x, rhs))
        coarse = self._step(coarse_rhs, depth + 1)
        with kernels.threads_for(level.unknowns):
            level.prolong(coarse, x)
            return level.smooth(x, rhs, level.weights[::-1])
