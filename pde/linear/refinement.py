"""Iterative refinement of a direct solution, and what a singular matrix leaves undetermined."""

from collections.abc import Callable

import numpy as np

from hanle.pde.errors import SolveError
from hanle.pde.linear.operators import matrix
from hanle.pde.linear.reduced import Reduced, norm
from hanle.pde.tensors import Array

#: Rounding of one residual, relative to its terms.
ROUNDING = 4 * np.finfo(float).eps
#: Refinement steps; each gains several digits, the second usually reaches rounding.
REFINEMENTS = 6


def refined(reduced: Reduced, solve: Callable[[Array], Array], rhs: Array, tolerance: float) -> Array:
    """A x = rhs to a relative true residual below `tolerance`, by repeated `solve` of what is left.

    Raises SolveError when the residual stays above both the tolerance and rounding.
    """
    load = reduced.nulls.balanced(reduced.load(rhs), tolerance)
    size = norm(reduced.processes, load)
    y, r, best = np.zeros_like(load), load, size
    for _ in range(REFINEMENTS):
        if best <= tolerance * size:
            break
        trial = reduced.nulls.project(y + solve(r))
        r = reduced.residual(trial, load)
        reached = norm(reduced.processes, r)
        if not reached < best:
            break
        y, best = trial, reached
    if best > tolerance * size and best > _rounding(reduced, y):
        raise SolveError(
            f"direct solve stalled at relative residual {best / size:.1e} (tolerance {tolerance:.0e})"
            " - the matrix is close to singular: look for a component without ground or sink, or for"
            " coefficients that differ by more than twelve decades"
        )
    return reduced.answer(y)


def _rounding(reduced: Reduced, y: Array) -> float:
    """Residual that rounding alone leaves: fine meshes add large terms that cancel."""
    summed = reduced.restrict(abs(matrix(reduced.system)) @ np.abs(reduced.extend(y)))
    return ROUNDING * norm(reduced.processes, summed)


def undetermined(reduced: Reduced, vector: Array, what: str) -> str:
    """Name the block and component where `vector`, close to the null space, is largest."""
    processes = reduced.processes
    x, largest = np.abs(reduced.extend(vector)), reduced.processes.largest
    views = reduced.system.views(x)
    peaks = [[largest(view[:, c].max(initial=0.0)) for c in range(view.shape[1])] for view in views]
    block = int(np.argmax([max(peak) for peak in peaks]))
    component = int(np.argmax(peaks[block]))
    marked = np.zeros(reduced.system.size)
    reduced.system.views(marked)[block][:, component] = views[block][:, component] > 0.5 * peaks[block][component]
    count = int(processes.total(np.count_nonzero(reduced.restrict(marked))))
    return (
        f"singular system: {count} unknowns of component {component} in block {block} {what}"
        " - give that component a ground, a sink, a decay length or a face law"
    )
