"""Root finder of the mean-field equations y_i = m_i(h_i + sum_j c_ij y_j), for many points at once.

y = -S_par is the mean spin of each sublattice, m the mean spin of a free one (`hanle.materials.brillouin`), h and c
field and exchange in units of kT. Several roots exist below the critical temperature; the one wanted is the
outermost in the signs of the order, and the search comes down to it from saturation.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hanle.materials.brillouin import mean_spin, mean_spin_derivative
from hanle.pde.errors import SolveError
from hanle.pde.tensors import Array

#: Accepted Newton correction relative to the largest |y|: an estimate of the error of y.
TOLERANCE: Final = 1e-12
#: Rounding of one evaluation of m, relative.
_ROUNDING: Final = 2e-15
_MAX_ITERATIONS: Final = 4000
#: Growth of the residual that a Newton step may cause where the couplings compete: a sweep leaves no residual in the
#: last sublattice, so that a step which halves the error can raise the residual of a degenerate root.
_LENIENCE: Final = 10.0
#: Length of the first block of iterations.
_BLOCK: Final = 30


@dataclass(frozen=True, eq=False)
class Equations:
    """spins S (n,), drive h (points, n), coupling c (points, n, n)."""

    spins: Array
    drive: Array
    coupling: Array

    def argument(self, y: Array) -> Array:
        """x = h + c y, shape (points, n)."""
        return np.asarray(self.drive + np.einsum("pij,pj->pi", self.coupling, y))

    def residual(self, y: Array) -> Array:
        """y - m(x(y)), shape (points, n)."""
        return y - mean_spin(self.argument(y), self.spins)

    def noise(self, y: Array) -> Array:
        """Rounding of the residual, largest entry of each point, shape (points,)."""
        terms = np.abs(self.drive) + np.einsum("pij,pj->pi", np.abs(self.coupling), np.abs(y))
        entries = np.abs(y) + mean_spin_derivative(self.argument(y), self.spins) * terms
        return np.asarray(_ROUNDING * entries.max(axis=1))

    def at(self, points: NDArray[np.bool_] | NDArray[np.intp]) -> "Equations":
        """The equations of some of the points."""
        return Equations(self.spins, self.drive[points], self.coupling[points])


def descend(equations: Equations, order: Array) -> Array:
    """The root reached from saturation y = order * S.

    Args:
        order: signs of the moments in the ordered state, shape (points, n).

    Without competing couplings (order_i c_ij order_j >= 0) the map m is monotone in the signs of the order, so that
    sweeps of y_i <- m_i come down to the outermost root and cannot pass it. A Newton step is always taken where it
    comes down as well and stays above (order * residual >= 0), and in every second block of iterations where it
    lowers the residual. The other blocks leave the remains of a branch that a field has just destroyed, which
    Newton circles; blocks double in length, since leaving takes the longer the closer the branch is. With
    competing couplings sweeps still lower the free energy, but which of several roots is reached is not promised.

    Raises:
        SolveError: `TOLERANCE` is not reached.
    """
    monotone = np.all(order[:, :, None] * equations.coupling * order[:, None, :] >= 0, axis=(1, 2))
    spins = equations.spins * (1 + _ROUNDING)
    y = order * equations.spins
    error = np.full(len(y), np.inf)
    for iteration in range(_MAX_ITERATIONS):
        k = np.flatnonzero(error > TOLERANCE)
        if len(k) == 0:
            return y
        now, signs, old = equations.at(k), order[k], y[k]
        new = _newton(now, old)
        after = now.residual(new)
        size = np.maximum(np.abs(new).max(axis=1, keepdims=True), np.finfo(float).tiny)
        correction = np.abs(new - old).max(axis=1) / size[:, 0]
        limit = np.where(monotone[k], 1.0, _LENIENCE) * np.abs(now.residual(old)).max(axis=1)
        improves = np.abs(after).max(axis=1) < limit
        improves &= (iteration // _BLOCK + 1).bit_length() % 2 == 1
        improves |= monotone[k] & _comes_down(signs, new - old, after, 10 * _ROUNDING * size)
        accepted = (improves & np.all(np.abs(new) <= spins, axis=1)) | (correction <= TOLERANCE)
        swept = now.at(~accepted)
        new[~accepted] = _sweep(swept, old[~accepted])
        after[~accepted] = swept.residual(new[~accepted])
        y[k] = new
        only_noise = np.abs(after).max(axis=1) <= now.noise(new)
        error[k] = np.where(only_noise, 0.0, np.where(accepted, correction, np.inf))
    raise SolveError(
        f"Weiss mean field: relative error {np.max(error):.1e} after {_MAX_ITERATIONS} iterations, wanted "
        f"{TOLERANCE:.0e}; change field or temperature slightly, or check the signs of the exchange matrix"
    )


def _comes_down(signs: Array, step: Array, residual: Array, slack: Array) -> Array:
    """Where, in the signs of the order, no entry rises and no residual is negative."""
    return np.asarray(np.all((signs * step <= slack) & (signs * residual >= -slack), axis=1))


def _newton(equations: Equations, y: Array) -> Array:
    """One Newton step; out of bounds, so that it is refused, where the Jacobian is singular."""
    slope = mean_spin_derivative(equations.argument(y), equations.spins)
    jacobian = np.eye(y.shape[1]) - slope[..., None] * equations.coupling
    singular = np.linalg.det(jacobian) == 0
    jacobian[singular] = np.eye(y.shape[1])
    step = np.linalg.solve(jacobian, equations.residual(y)[..., None])[..., 0]
    return np.asarray(np.where(singular[:, None], 2 * equations.spins, y - step))


def _sweep(equations: Equations, y: Array) -> Array:
    """One sublattice after the other follows the present state of the others (Gauss-Seidel)."""
    y = y.copy()
    for i, spin in enumerate(equations.spins):
        own = equations.coupling[:, i, i]
        others = equations.argument(y)[:, i] - own * y[:, i]
        y[:, i] = mean_spin(others + own * y[:, i], spin)
        opposed = own < 0
        if np.any(opposed):
            y[opposed, i] = _self_opposed(others[opposed], own[opposed], float(spin))
    return y


def _self_opposed(field: Array, own: Array, spin: float) -> Array:
    """The only root of y = m(field + own y) for own < 0, by bisection to rounding."""
    low, high = np.full(field.shape, -spin), np.full(field.shape, spin)
    for _ in range(60):
        middle = 0.5 * (low + high)
        above = middle > mean_spin(field + own * middle, spin)
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.asarray(0.5 * (low + high))
