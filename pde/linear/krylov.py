"""Flexible GMRES, preconditioned from the right, stopped and verified on the true residual.

The preconditioner may work in single precision: its results are kept as they come (half the memory), so rounding in
it changes the search directions but not the answer (Saad, 1993). Vectors may be parts that several processes hold:
classical Gram-Schmidt needs one sum over the processes per iteration, and a second one where cancellation makes it
repeat itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import daxpy

from hanle.pde.errors import SolveError
from hanle.pde.processes import ALONE, Processes
from hanle.pde.tensors import Array

Map = Callable[[Array], Array]
Progress = Callable[[int, float], Any]

#: A cycle ends when the estimated residual is below this fraction of the tolerance; the estimate is optimistic.
TARGET = 0.8

#: A restart that reduces the true residual by less than this factor ends the iteration as stalled.
STALL = 0.7

#: An image that keeps less than this fraction of its length is orthogonalised again.
CANCELLED = 0.7


class NotConverged(SolveError):
    """GMRES ended above the tolerance; `best` holds the last iterate."""

    def __init__(self, message: str, best: Array) -> None:
        super().__init__(message)
        self.best = best


@dataclass(frozen=True, eq=False)
class Converged:
    """Result of `gmres`: the solution, the iterations it took and its true relative residual."""

    x: Array
    iterations: int
    residual: float


def gmres(
    apply: Map,
    precondition: Callable[[Array], NDArray[Any]],
    rhs: Array,
    *,
    tolerance: float,
    restart: int = 50,
    limit: int = 200,
    progress: Progress | None = None,
    processes: Processes = ALONE,
) -> Converged:
    """Solve apply(x) = rhs to |rhs - apply(x)| <= tolerance |rhs|.

    Args:
        apply: the operator on flat vectors.
        precondition: an approximate inverse; may differ a little from call to call and may return float32.
        rhs: (n,).
        tolerance: relative true residual.
        restart: directions kept; memory is `restart` times (8 + item size of the preconditioner) bytes per unknown.
        limit: iterations in total.
        progress: called with (iteration, estimated relative residual).
        processes: those that hold the parts of the vectors.

    Raises NotConverged with iterations, residual and next step.
    """
    scale = _norm(processes, rhs)
    x, r, norm, done = np.zeros_like(rhs), rhs.copy(), scale, 0
    while norm > tolerance * scale:
        cycle = _Cycle(r, norm, processes)
        while cycle.residual > TARGET * tolerance * scale and cycle.size < restart and done < limit:
            z = precondition(cycle.newest)
            if not cycle.extend(z, apply(z.astype(float, copy=False))):
                break
            done += 1
            if progress is not None:
                progress(done, cycle.residual / scale)
        x += cycle.update()
        r = rhs - apply(x)
        before, norm = norm, _norm(processes, r)
        if norm > tolerance * scale and (done >= limit or not norm <= STALL * before):
            raise NotConverged(_failure(done, norm / scale, tolerance, done < limit), x)
    return Converged(x, done, norm / scale if scale > 0.0 else 0.0)


class _Cycle:
    """One Arnoldi cycle: orthonormal directions, their preconditioned twins and the rotated Hessenberg matrix."""

    def __init__(self, r: Array, norm: float, processes: Processes) -> None:
        self._processes = processes
        self._basis = [r / norm]
        self._twins: list[NDArray[Any]] = []
        self._columns: list[Array] = []
        self._rotations: list[tuple[float, float]] = []
        self._right = [norm]

    @property
    def size(self) -> int:
        return len(self._columns)

    @property
    def newest(self) -> Array:
        return self._basis[-1]

    @property
    def residual(self) -> float:
        """Estimated norm of the residual."""
        return abs(self._right[-1])

    def extend(self, z: NDArray[Any], w: Array) -> bool:
        """Add the direction z with image w (overwritten); False if the numbers are not finite."""
        h = self._orthogonalise(w)
        last = h[-1]
        if not np.all(np.isfinite(h)):
            return False
        for k, (c, s) in enumerate(self._rotations):
            h[k], h[k + 1] = c * h[k] + s * h[k + 1], c * h[k + 1] - s * h[k]
        length = float(np.hypot(h[-2], h[-1]))
        if length == 0.0:
            return False
        c, s = h[-2] / length, h[-1] / length
        h[-2] = length
        self._rotations.append((c, s))
        self._right[-1:] = [c * self._right[-1], -s * self._right[-1]]
        self._columns.append(h[:-1])
        self._twins.append(z)
        self._basis.append(np.multiply(w, 1.0 / last, out=w) if last > 0.0 else w)
        return True

    def _orthogonalise(self, w: Array) -> Array:
        """Parts of w along the basis, taken off it, and the length of what is left."""
        h = np.zeros(len(self._basis) + 1)
        for _ in range(2):
            products = np.array([*(v @ w for v in self._basis), w @ w])
            *parts, square = self._processes.total(products)
            for part, v in zip(parts, self._basis, strict=True):
                _add(-part, v, w)
            h[:-1] += parts
            left = square - np.dot(parts, parts)
            h[-1] = np.sqrt(left) if left > 0.0 else 0.0
            if not h[-1] < CANCELLED * np.sqrt(square):
                break
        return h

    def update(self) -> Array:
        """The combination of directions that minimises the residual."""
        n = self.size
        y = np.zeros(n)
        for k in reversed(range(n)):
            y[k] = (self._right[k] - sum(self._columns[j][k] * y[j] for j in range(k + 1, n))) / self._columns[k][k]
        x = np.zeros_like(self._basis[0])
        for weight, z in zip(y, self._twins, strict=True):
            _add(weight, z.astype(float, copy=False), x)
        return x


def _norm(processes: Processes, x: Array) -> float:
    return float(np.sqrt(processes.total(x @ x)))


def _add(factor: float, x: Array, y: Array) -> None:
    """y += factor x without a temporary array; BLAS refuses the empty part of a process that owns nothing."""
    if y.size:
        daxpy(x, y, a=factor)


def _failure(iterations: int, residual: float, tolerance: float, stalled: bool) -> str:
    what = "stalled" if stalled else "stopped at its limit"
    return (
        f"GMRES {what} after {iterations} iterations at relative residual {residual:.1e}"
        f" (tolerance {tolerance:.0e})"
        ' - try solver="direct", a mesh with better shaped cells, or a larger tolerance'
    )
