"""Refinement of solutions, all at once or until every field is as good as the whole, and what a singular matrix leaves
undetermined."""

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
#: Further solves for fields that are driven weakly, what one of them gains at most, and the part of the terms of all
#: fields below which the terms of one count no more.
PASSES, GAIN, FAINT = 2, 1e-6, 1e-5


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


def by_field(reduced: Reduced, solve: Callable[[Array, float], Array], load: Array, tolerance: float) -> Array:
    """A y = load by `solve`, to a residual below `tolerance` of the whole and of each field.

    A field that others drive weakly, such as heat that spins bring along, may be all residual where the whole has
    converged. Its residual is measured by what its own terms add up to, at least FAINT of those of all fields. Where
    that is out of reach, the best solution for the whole is returned.
    """
    y = solve(load, tolerance)
    for _ in range(PASSES):
        r = reduced.residual(y, load)
        left = norm(reduced.processes, r)
        wanted = tolerance * _faintest(reduced, y)
        if not left > wanted:
            break
        try:
            y = y + solve(r, max(wanted / left, GAIN))
        except SolveError:
            break
    return y


def _faintest(reduced: Reduced, y: Array) -> float:
    """The smallest size of the terms of a field, those that add up to nothing left aside."""
    system, sums = reduced.system, []
    x = np.where(system.fixed, 0.0, reduced.extend(y))
    for b, block in enumerate(system.blocks):
        for field in block.groups or (slice(0, block.components),):
            terms = np.zeros(block.nodes)
            for t in system.terms:
                if t.row == b:
                    image = (t.matrix @ system.views(x)[t.col]) @ t.fields[field].T
                    terms += np.sum(np.where(block.fixed[:, field], 0.0, image) ** 2, axis=1)
            sums.append(float(terms.sum()))
    sizes = np.sqrt(reduced.processes.total(sums))
    return float(np.min(np.maximum(sizes, FAINT * sizes.max(initial=0.0)), initial=np.inf))


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
