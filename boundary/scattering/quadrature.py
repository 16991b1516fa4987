"""Sums over transverse modes: per area, sum over k_perp = (1/4 pi) integral d(k_perp^2), with square-root edges.

Amplitudes are functions of k_z, K_up, K_dn = sqrt(edge - k_perp^2), so the integrand has square-root singularities at
every edge, from both sides. Between two neighbouring edges lo and hi

    k_perp^2 = lo + (hi - lo) sin^2(phi/2),   0 < phi < pi

makes both roots analytic in phi; Gauss-Legendre panels in phi are halved until the whole and its halves agree, which
also finds the peaks of resonances. Distances to the edges are computed from phi, so that no digits of k_z are lost.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from hanle.pde.errors import SolveError
from hanle.pde.tensors import Array

#: Gauss-Legendre points of a panel.
POINTS = 16
#: Halvings of a panel before the integral counts as divergent.
LEVELS = 45
#: Panels at a time before it does, too.
PANELS = 2000
#: Rows below this part of the largest need not be accurate by themselves.
FLOOR = 1e-6
#: Part of the tolerance that a single panel may use up.
SHARE = 0.004

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(POINTS)


class QuadratureError(SolveError):
    """A sum over transverse modes did not converge; the message names the momentum and the cause to look for."""


@dataclass(frozen=True, eq=False)
class Transverse:
    """Points k_perp^2 between two neighbouring edges, with their distances to both.

    Attributes:
        low, high: the edges [1/m^2]; since_low, to_high: distances to them, all of one shape.
    """

    low: Array
    high: Array
    since_low: Array
    to_high: Array

    @property
    def k_perp2(self) -> Array:
        """k_perp^2 [1/m^2]."""
        return np.asarray(self.low + self.since_low)

    def below(self, edge: float) -> Array:
        """edge - k_perp^2 without cancellation, where `edge` is an edge or lies outside."""
        return np.where(edge >= self.high, (edge - self.high) + self.to_high, (edge - self.low) - self.since_low)


#: Rows of integrands at points: (rows, *shape of the points).
Density: TypeAlias = Callable[[Transverse], Array]


@dataclass(frozen=True, eq=False)
class Sum:
    """Value of each row, a bound of its error and the sum of the absolute value, all (rows,)."""

    value: Array
    error: Array
    magnitude: Array


def mode_sum(
    edges: Array, density: Density, rtol: float = 1e-11, where: str = "sum over modes", floor: float = FLOOR
) -> Sum:
    """(1/4 pi) integral d(k_perp^2) of each row of `density` from 0 to the largest edge.

    Args:
        edges: values of k_perp^2 at which a band begins or ends [1/m^2]; those <= 0 are left out.
        density: the integrand.
        rtol: error allowed, relative to the integral of the absolute value.
        where: name of the sum, for the error.
        floor: smaller rows are summed as accurately as one of this part of the largest; rows have one unit. 1 is for
            rows that may vanish but for rounding; one row should then be of the size of the terms that cancel.

    Raises:
        QuadratureError: not reached after LEVELS halvings or with PANELS panels, or a value that is not finite.
    """
    limits = np.unique(np.concatenate([[0.0], edges[edges > 0]]))
    low, high = limits[:-1], limits[1:]
    start, stop = np.zeros(low.size), np.full(low.size, np.pi)
    value, error, done = np.array(0.0), np.array(0.0), np.array(0.0)
    for _ in range(LEVELS):
        coarse, halves, sizes = _panels(density, low, high, start, stop)
        if not np.all(np.isfinite(halves)):
            raise QuadratureError(
                f"{where}: the integrand is not finite; equal bands without a barrier may be the cause"
            )
        fine = halves.sum(axis=-1)
        miss = np.abs(fine - coarse)
        whole = done + sizes.sum(axis=(1, 2))
        allowed = rtol * np.maximum(whole, floor * whole.max())
        good = np.all(miss <= SHARE * allowed[:, None], axis=0)
        value, error = value + fine[:, good].sum(axis=1), error + miss[:, good].sum(axis=1)
        done = done + sizes[:, good].sum(axis=(1, 2))
        if np.all(good):
            return _checked(Sum(value, error, done), allowed, where)
        low, high, start, stop = _halved(low, high, start, stop, ~good)
        if low.size > PANELS:
            break
    worst = np.sqrt(low[0] + (high[0] - low[0]) * np.sin(start[0] / 2) ** 2)
    raise QuadratureError(
        f"{where} does not converge at k_perp = {worst:.6g} 1/m with ever smaller panels - it diverges, as sums of "
        "second order do where equal bands meet without a barrier, or a resonance has no width"
    )


def _panels(density: Density, low: Array, high: Array, start: Array, stop: Array) -> tuple[Array, Array, Array]:
    """Integrals over each panel (rows, panels), over its halves and of the absolute value (rows, panels, 2)."""
    middle = (start + stop) / 2
    begin = np.stack([start, start, middle], axis=-1)
    width = np.stack([stop - start, middle - start, stop - middle], axis=-1)
    phi = begin[..., None] + width[..., None] * (1 + _NODES) / 2
    span, shape = (high - low)[:, None, None], phi.shape
    points = Transverse(
        np.broadcast_to(low[:, None, None], shape).ravel(),
        np.broadcast_to(high[:, None, None], shape).ravel(),
        (span * np.sin(phi / 2) ** 2).ravel(),
        (span * np.cos(phi / 2) ** 2).ravel(),
    )
    measure = width[..., None] / 2 * _WEIGHTS * span * np.sin(phi) / 2 / (4 * np.pi)
    values = np.atleast_2d(density(points)).reshape(-1, *shape) * measure
    whole = values.sum(axis=-1)
    return whole[..., 0], whole[..., 1:], np.abs(values[..., 1:, :]).sum(axis=-1)


def _halved(
    low: Array, high: Array, start: Array, stop: Array, bad: NDArray[np.bool_]
) -> tuple[Array, Array, Array, Array]:
    middle = (start[bad] + stop[bad]) / 2
    first, second = (start[bad], middle), (middle, stop[bad])
    return (
        np.tile(low[bad], 2),
        np.tile(high[bad], 2),
        np.concatenate([first[0], second[0]]),
        np.concatenate([first[1], second[1]]),
    )


def _checked(found: Sum, allowed: Array, where: str) -> Sum:
    excess = found.error - allowed
    if np.any(excess > 0):
        row = int(np.argmax(excess))
        raise QuadratureError(
            f"{where}: error {found.error[row]:.2g} of {found.magnitude[row]:.2g} in row {row}, "
            f"where {allowed[row]:.2g} is allowed"
        )
    return found
