"""The user's own amplitudes, for example from first principles: numbers on a grid of k_perp.

Nothing is interpolated but the finished integrands: amplitudes are used at the given points only, where they are
unitary, so no interpolation can break unitarity. Between two edges lo, hi the integrand is a smooth function of phi,

    k_perp^2 = lo + (hi - lo) sin^2(phi/2),

also at the square-root edges; a cubic spline in phi through all points of the interval is integrated. The error is the
difference from every second point. Grids that are uniform in phi converge fastest: `grid`.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import m_e
from scipy.interpolate import CubicSpline

from hanle.boundary.scattering.amplitudes import Amplitudes, Rows
from hanle.boundary.scattering.quadrature import FLOOR, QuadratureError, Sum
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array

#: Fewest points between two edges.
FEWEST = 8
#: Part by which |r|^2 + |t'|^2 may differ from 1.
UNITARY = 1e-6
#: Tolerance of sums over the table.
RTOL = 1e-4


def grid(edges: ArrayLike, points: int) -> Array:
    """k_perp [1/m] at which to compute amplitudes: `points` in each interval, none on an edge.

    Args:
        edges: wave numbers [1/m] at which bands end, of both sides, those <= 0 left out.
        points: per interval, >= 8.
    """
    limits = _limits(edges)
    phi = np.pi * (np.arange(points) + 0.5) / points
    squares = limits[:-1, None] + np.diff(limits)[:, None] * np.sin(phi / 2) ** 2
    return np.asarray(np.sqrt(squares).ravel())


@dataclass(frozen=True, eq=False)
class AmplitudeTable:
    """Amplitudes without spin-orbit coupling at the interface, on a grid.

    Attributes:
        k_perp: grid, ascending, between 0 and the largest edge [1/m].
        k_N2: k_z^2 of N at k_perp = 0 [1/m^2], the square of its Fermi wave number; negative where N is insulating.
        edges: all wave numbers at which a band of either side ends [1/m], sqrt(k_N2) among them.
        r_up, r_dn: reflection from N at each point; not used where k_perp^2 > k_N2.
        t_up, t_dn: t', transmission from F, complex or its size; with several bands the root of the summed |t'|^2.
        h_R, tau_N, tau_up, tau_dn, mass: as of `hanle.boundary.scattering.model.Interface`.
        scale: wave number of the scale where N is insulating [1/m].

    Raises:
        InputError: shapes, order, points on an edge, too few points, or |r|^2 + |t'|^2 different from 1.
    """

    k_perp: Array
    k_N2: float
    edges: ArrayLike
    r_up: NDArray[np.complexfloating]
    r_dn: NDArray[np.complexfloating]
    t_up: NDArray[np.complexfloating]
    t_dn: NDArray[np.complexfloating]
    h_R: float = 0.0
    tau_N: float = 0.0
    tau_up: float = 0.0
    tau_dn: float = 0.0
    mass: float = m_e
    scale: float = 0.0

    def __post_init__(self) -> None:
        points = np.asarray(self.k_perp, dtype=float)
        if points.ndim != 1 or not np.all(np.diff(points) > 0) or not points[0] >= 0:
            raise InputError("k_perp", "ascending from 0 or more [1/m]", f"shape {points.shape}")
        for key in ("r_up", "r_dn", "t_up", "t_dn"):
            if np.shape(getattr(self, key)) != points.shape:
                raise InputError(key, f"{points.size} numbers, one per k_perp", np.shape(getattr(self, key)))
        limits = _limits(self.edges)
        if not np.any(np.abs(limits - max(self.k_N2, 0.0)) <= UNITARY * limits[-1]):
            raise InputError("edges", "a list that contains sqrt(k_N2) [1/m]", self.edges)
        self._require_resolved(points, limits)
        self._require_unitary()

    def _require_resolved(self, points: Array, limits: Array) -> None:
        number = np.searchsorted(limits, points**2)
        if points[-1] ** 2 >= limits[-1] or np.isin(points[1:] ** 2, limits).any():
            raise InputError("k_perp", "between the edges, on none of them", points[-1], "use `grid`")
        for k in range(1, limits.size):
            if np.count_nonzero(number == k) < FEWEST:
                place = f"k_perp between {np.sqrt(limits[k - 1]):.5g} and {np.sqrt(limits[k]):.5g} 1/m"
                raise InputError(
                    place, f"at least {FEWEST} points", int(np.count_nonzero(number == k)), "use `grid`"
                )

    def _require_unitary(self) -> None:
        inside = np.asarray(self.k_perp) ** 2 < self.k_N2
        for spin, r, t in (("up", self.r_up, self.t_up), ("dn", self.r_dn, self.t_dn)):
            defect = np.abs(np.abs(np.asarray(r)) ** 2 + np.abs(np.asarray(t)) ** 2 - 1)[inside]
            if defect.size and not defect.max() <= UNITARY:
                worst = np.asarray(self.k_perp)[inside][int(np.argmax(defect))]
                received = f"off by {defect.max():.3g} at k_perp = {worst:.5g} 1/m"
                hint = "t' is that of waves from F, normalised to flux"
                raise InputError(f"|r_{spin}|^2 + |t_{spin}|^2", "1 where N has waves", received, hint)

    @property
    def k(self) -> float:
        """Wave number of the scale [1/m]."""
        return float(np.sqrt(self.k_N2)) if self.k_N2 > 0 else float(self.scale)

    @cached_property
    def amplitudes(self) -> Amplitudes:
        """The table in the form the formulas take."""
        points = np.asarray(self.k_perp, dtype=float)
        k_z = np.sqrt((self.k_N2 - points**2).astype(complex))
        inside = points**2 < self.k_N2
        r_up, r_dn = (np.where(inside, np.asarray(r, dtype=complex), 0) for r in (self.r_up, self.r_dn))
        return Amplitudes(points**2, k_z, r_up, r_dn, np.abs(self.t_up) ** 2, np.abs(self.t_dn) ** 2)

    def total(
        self, rows: Rows, rtol: float | None = None, where: str = "sum over modes", floor: float = FLOOR
    ) -> Sum:
        """Sum over transverse modes and area of integrands of the amplitudes; tolerance 1e-4 unless told otherwise.

        Raises:
            QuadratureError: every second point gives another result; the grid is too coarse or an edge was not named.
        """
        values = np.atleast_2d(rows(self.amplitudes))
        squares, limits = np.asarray(self.k_perp, dtype=float) ** 2, _limits(self.edges)
        number = np.searchsorted(limits, squares)
        fine, coarse, size = (np.zeros(len(values)) for _ in range(3))
        for k in range(1, limits.size):
            own = np.flatnonzero(number == k)
            low, span = limits[k - 1], limits[k] - limits[k - 1]
            phi = 2 * np.arcsin(np.sqrt((squares[own] - low) / span))
            density = values[:, own] * span * np.sin(phi) / 2 / (4 * np.pi)
            fine += _integral(phi, density)
            # The last point too: what lies beyond it is extrapolated.
            some = np.union1d(np.arange(0, own.size, 2), own.size - 1)
            coarse += _integral(phi[some], density[:, some])
            size += np.abs(_integral(phi, np.abs(density)))
        found = Sum(fine, np.abs(fine - coarse), size)
        allowed = (RTOL if rtol is None else rtol) * np.maximum(size, floor * size.max())
        worst = int(np.argmax(found.error - allowed))
        if found.error[worst] > allowed[worst]:
            raise QuadratureError(
                f"{where} from the table: half of its points change it by {found.error[worst] / size[worst]:.2g}, more "
                f"than {allowed[worst] / size[worst]:.2g} of the sum of absolute values - use more points"
            )
        return found


def _limits(edges: ArrayLike) -> Array:
    given = np.asarray(edges, dtype=float).ravel()
    if not np.any(given > 0):
        raise InputError("edges", "wave numbers of band edges, one of them positive [1/m]", edges)
    return np.unique(np.concatenate([[0.0], given[given > 0] ** 2]))


def _integral(phi: Array, values: Array) -> Array:
    return np.asarray(CubicSpline(phi, values, axis=-1).integrate(0.0, np.pi))
