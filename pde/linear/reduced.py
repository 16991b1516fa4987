"""The square system that is solved, A or T^T A T when unknowns are tied or shared (x = T y), and its null space.

With `sharing` a vector y is the part that this process owns, and sums over unknowns are sums over all processes.

Null vectors are constants over floating pieces. The contract lists candidates per block and component; pieces that
are coupled to each other float together, so the null space is found among the combinations of the candidates.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hanle.pde.errors import SolveError
from hanle.pde.linear.contract import LinearSystem
from hanle.pde.linear.operators import apply, apply_transpose, matrix
from hanle.pde.linear.sharing import Sharing
from hanle.pde.processes import ALONE, Processes
from hanle.pde.tensors import Array

#: A combination of floating constants counts as a null vector when A maps it below this fraction of the largest
#: image it could have (sum of absolute entries); assembly cancels to about 1e-12 of it.
NULL = 1e-9


@dataclass(frozen=True, eq=False)
class NullSpace:
    """Orthonormal rows: `right` (k, size) with A r = 0, `left` (k, size) with A^T l = 0."""

    right: Array
    left: Array
    processes: Processes = ALONE

    def project(self, x: Array) -> Array:
        """x without its part in the right null space: the zero-mean solution."""
        return np.asarray(x - self.right.T @ self.processes.total(self.right @ x))

    def balanced(self, rhs: Array, tolerance: float) -> Array:
        """rhs without its part in the left null space.

        Raises SolveError when that part is more than rounding and `tolerance` explain: nothing carries it away.
        """
        excess, size = self.processes.total(self.left @ rhs), norm(self.processes, rhs)
        if excess.size and np.abs(excess).max() > max(tolerance, NULL) * size:
            raise SolveError(
                f"no solution: a floating component receives a net source, {np.abs(excess).max():.1e} of"
                f" |rhs| = {size:.1e} - give it a terminal, a sink or sources that add up to zero"
            )
        return np.asarray(rhs - self.left.T @ excess)


def norm(processes: Processes, x: Array) -> float:
    """Euclidean norm of a vector whose parts the processes hold."""
    return float(np.sqrt(processes.total(x @ x)))


@dataclass(frozen=True, eq=False)
class Reduced:
    """A system with its fixed unknowns closed under the ties, seen through y with x = T y."""

    system: LinearSystem
    nulls: NullSpace

    @property
    def processes(self) -> Processes:
        """Those that share the unknowns."""
        return _processes(self.system)

    @property
    def sharing(self) -> Sharing:
        """How they share them, for solvers that need it."""
        found = self.system.sharing
        assert found is not None  # for the type checker: such solvers are given nothing else
        return found

    @cached_property
    def fixed(self) -> NDArray[np.bool_]:
        """(size of y,) fixed unknowns."""
        return self.restrict(self.system.fixed.astype(float)) > 0.0

    def restrict(self, x: Array) -> Array:
        """T^T x."""
        return _restrict(self.system, x)

    def extend(self, y: Array) -> Array:
        """T y."""
        return _extend(self.system, y)

    def spread(self, y: Array) -> Array:
        """A residual shared out evenly among the unknowns of x that are one."""
        return y if self._single else self.extend(y / self._copies)

    def gather(self, x: Array) -> Array:
        """Mean over the unknowns of x that are one."""
        return x if self._single else self.restrict(x) / self._copies

    @property
    def _single(self) -> bool:
        return self.system.ties is None and self.system.sharing is None

    @cached_property
    def _copies(self) -> Array:
        """Unknowns of x, on all processes, behind each of y."""
        return np.maximum(self.restrict(np.ones(self.system.size)), 1.0)

    def matrix(self) -> sp.csr_matrix:
        """T^T A T."""
        ties, a = self.system.ties, matrix(self.system)
        return a if ties is None else sp.csr_matrix(ties.T @ a @ ties)

    def load(self, rhs: Array) -> Array:
        """The right-hand side, zero on fixed unknowns: T^T b, or b itself where vectors are those of y."""
        if self.system.sharing is not None:
            return np.where(self.fixed, 0.0, rhs)
        return self.restrict(np.where(self.system.fixed, 0.0, rhs))

    def answer(self, y: Array) -> Array:
        """The solution as the caller's vector."""
        return y if self.system.sharing is not None else self.extend(y)

    def residual(self, y: Array, load: Array) -> Array:
        """load - T^T A T y, by the scipy twin: it shares nothing with the solvers' operators."""
        return load - self.restrict(apply(self.system, self.extend(y)))


def reduce(system: LinearSystem) -> Reduced:
    """Close the fixed unknowns under the ties and find the null space."""
    closed = _closed(system)
    return Reduced(closed, _null_space(closed))


def _processes(system: LinearSystem) -> Processes:
    return ALONE if system.sharing is None else Processes(system.sharing.comm)


def _restrict(system: LinearSystem, x: Array) -> Array:
    if system.sharing is not None:
        return system.sharing.gathered(x)
    return x if system.ties is None else np.asarray(system.ties.T @ x)


def _extend(system: LinearSystem, y: Array) -> Array:
    if system.sharing is not None:
        return system.sharing.spread(y)
    return y if system.ties is None else np.asarray(system.ties @ y)


def _closed(system: LinearSystem) -> LinearSystem:
    """The system in which unknowns tied to fixed ones are fixed as well."""
    if system.ties is None and system.sharing is None:
        return system
    reached = _extend(system, _restrict(system, system.fixed.astype(float))) > 0.0
    fixed = [view.astype(bool) for view in system.views((system.fixed | reached).astype(float))]
    blocks = tuple(replace(block, fixed=f) for block, f in zip(system.blocks, fixed, strict=True))
    return replace(system, blocks=blocks)


def _null_space(system: LinearSystem) -> NullSpace:
    candidates = _candidates(system)
    # y = mean of the tied unknowns; duplicates from pieces that share all their unknowns drop out below.
    count = np.maximum(_restrict(system, np.ones(system.size)), 1.0)
    reduced = np.array([_restrict(system, c) / count for c in candidates]).reshape(len(candidates), len(count))
    right = _combinations(system, reduced, transpose=False)
    left = _combinations(system, reduced, transpose=True)
    return NullSpace(right, left, _processes(system))


def _candidates(system: LinearSystem) -> Array:
    """(k, size of x) indicator vectors of the floating pieces."""
    vectors = []
    for start, block in zip(system.offsets, system.blocks, strict=False):
        for component, pieces in enumerate(block.floating):
            for nodes in pieces:
                vector = np.zeros(system.size)
                vector[start + nodes * block.components + component] = 1.0
                vectors.append(vector)
    return np.array(vectors).reshape(len(vectors), system.size)


def _combinations(system: LinearSystem, candidates: Array, transpose: bool) -> Array:
    """Orthonormal rows spanning the combinations of `candidates` that the reduced operator maps to zero."""
    if not len(candidates):
        return candidates
    mapping, processes = apply_transpose if transpose else apply, _processes(system)
    images = np.array([_restrict(system, mapping(system, _extend(system, c))) for c in candidates])
    size = np.array([_magnitude(system, _extend(system, c)) for c in candidates])
    _, values, rows = np.linalg.svd(_triangle(processes, images / size[:, None]))
    vectors = (rows[values < NULL] / size) @ candidates
    if not len(vectors):
        return np.asarray(vectors)
    _, values, rows = np.linalg.svd(_triangle(processes, vectors))
    kept = values > NULL * values.max()
    return np.asarray((rows[kept] / values[kept, None]) @ vectors)


def _triangle(processes: Processes, rows: Array) -> Array:
    """R (k, k) of the QR decomposition of rows^T, k vectors whose parts the processes hold."""
    k = len(rows)
    parts = processes.gather(np.linalg.qr(rows.T, mode="r"))
    return np.asarray(np.linalg.qr(np.concatenate([*parts, np.zeros((k, k))]), mode="r"))


def _magnitude(system: LinearSystem, x: Array) -> float:
    """Norm of |A| x with every scalar and field entry counted by its absolute value."""
    y = np.zeros(system.size)
    source, target = system.views(np.abs(x)), system.views(y)
    for term in system.terms:
        target[term.row][:] += (abs(term.matrix) @ source[term.col]) @ np.abs(term.fields).T
    return norm(_processes(system), _restrict(system, y)) or 1.0
