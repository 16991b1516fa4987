"""GMRES with an approximate inverse, after what is common to several components: what both multigrid solvers share."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from hanle.pde.linear.common import Correction, Inverse
from hanle.pde.linear.krylov import Progress, gmres
from hanle.pde.linear.operators import Operator
from hanle.pde.linear.reduced import Reduced
from hanle.pde.linear.refinement import by_field
from hanle.pde.tensors import Array


class Options(Protocol):
    """How long to iterate; see `krylov.gmres`."""

    @property
    def restart(self) -> int:
        """Directions kept."""
        ...

    @property
    def limit(self) -> int:
        """Iterations before it gives up."""
        ...

    @property
    def progress(self) -> Progress | None:
        """Called with (iteration, estimated relative residual)."""
        ...


class Iteration:
    """Solves A y = load for one system.

    Args:
        inverse: approximates the inverse of A, from and to vectors y.
        of_common: the same for the system among common states, where there are any.

    Attributes:
        iterations: of the last solve.
    """

    def __init__(
        self, reduced: Reduced, inverse: Inverse, of_common: Callable[[Reduced], Inverse], options: Options
    ) -> None:
        self._reduced, self._inverse, self._options = reduced, inverse, options
        self._operator = Operator(reduced.system)
        common = reduced.system.common
        self._correction = None if common is None else Correction(reduced, common, of_common)
        self.iterations = 0

    def solve(self, load: Array, tolerance: float) -> Array:
        """y to a relative true residual below `tolerance`, of each field where several have something in common."""
        self.iterations = 0
        if self._correction is None:
            return self._converged(load, tolerance)
        return by_field(self._reduced, self._converged, load, tolerance)

    def _converged(self, load: Array, tolerance: float) -> Array:
        options = self._options
        result = gmres(
            self._apply,
            self._precondition,
            load,
            tolerance=tolerance,
            restart=options.restart,
            limit=options.limit,
            progress=options.progress,
            processes=self._reduced.processes,
        )
        self.iterations += result.iterations
        return result.x

    def _apply(self, y: Array) -> Array:
        return self._reduced.restrict(self._operator.apply(self._reduced.extend(y)))

    def _precondition(self, r: Array) -> Any:
        """The inverse, after what is common; in the precision of the inverse."""
        if self._correction is None:
            return self._inverse(r)
        z = self._correction(r)
        step = self._inverse(r - self._apply(z))
        return np.asarray(z + step, dtype=step.dtype)
