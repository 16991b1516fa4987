"""Magnons of an insulator: E = gap + eps with a density of states D(eps) [1/(J m^3)].

Parabolic   E = gap + A q^2, D = sqrt(eps)/(4 pi^2 A^{3/2})        integrals are polylogarithms
Shaped      any D, from a function or (`tabulated`) a table        integrals by quadrature
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.errors import InputError, UserCodeError
from hanle.pde.tensors import Array

#: Distances of panels from an edge, over that to the next one: roots at the edge cost 1e-10.
LADDER: Final = 0.25 ** np.arange(1, 9)


@dataclass(frozen=True, eq=False)
class Parabolic:
    """E = gap + A q^2.

    Attributes:
        stiffness: A [J m^2], > 0; 8.5e-40 in YIG.
        gap: hbar times the lowest frequency [J], >= 0; g mu_B B in an isotropic magnet, 1.9e-24 at 0.1 T.
            Both may be arrays that broadcast with the state.

    Raises:
        InputError: a number out of its range.
    """

    stiffness: ArrayLike
    gap: ArrayLike

    def __post_init__(self) -> None:
        a = np.asarray(self.stiffness, dtype=float)
        if not np.all(np.isfinite(a) & (a > 0)):
            raise InputError("stiffness", "positive [J m^2]", self.stiffness, "8.5e-40 in YIG")
        _require_gap(self.gap)

    def density(self, eps: Array) -> Array:
        """D at energies above the gap [1/(J m^3)]; `eps` [J] broadcasts with the stiffness."""
        return np.asarray(np.sqrt(eps) / (4 * np.pi**2 * np.asarray(self.stiffness, dtype=float) ** 1.5))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the parameters."""
        return np.broadcast_shapes(np.shape(self.stiffness), np.shape(self.gap))

    def spread(self, shape: tuple[int, ...]) -> "Parabolic":
        """The same with one number per state, for states of this shape in one row."""
        return Parabolic(*(np.broadcast_to(v, shape).ravel() for v in (self.stiffness, self.gap)))


@dataclass(frozen=True, eq=False)
class Shaped:
    """Any density of states.

    Attributes:
        gap: lowest energy of a magnon [J], >= 0.
        function: D(eps) [1/(J m^3)] at an array of energies above the gap [J]; finite and >= 0.
        edges: energies above the gap [J], increasing, at which D jumps or behaves like a root: where branches begin and
            end, van Hove energies. Between them D is smooth in sqrt(eps) on the scale of kB T, or of the knots;
            integrals are then exact to about 1e-9.
        top: D = 0 above it [J]; infinite for a band without end. The same as an edge.
        knots: energies above the gap [J] at which a higher derivative of D jumps: those of a spline.

    Raises:
        InputError: a number out of its range; later, values of D that are negative or not finite.
        UserCodeError: later, what the function raised.
    """

    gap: float
    function: Callable[[Array], ArrayLike]
    edges: tuple[float, ...] = ()
    top: float = np.inf
    knots: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        _require_gap(self.gap)
        if not self.top > 0:
            raise InputError("top", "positive [J]", self.top, "the width of the band of magnons")
        inner = np.array([0.0, *self.edges, self.top])
        if not np.all(np.diff(inner) > 0):
            raise InputError("edges", f"increasing, between 0 and the top {self.top:.6g} J", self.edges)

    def density(self, eps: Array) -> Array:
        """D at energies above the gap [1/(J m^3)], same shape as `eps` [J].

        Raises:
            InputError: D is negative or not finite, or has another shape.
            UserCodeError: the function raised.
        """
        name = getattr(self.function, "__name__", type(self.function).__name__)
        try:
            found = np.asarray(self.function(eps), dtype=float)
        except Exception as error:
            raise UserCodeError(f"density of states: {name} raised {type(error).__name__}: {error}") from error
        if found.shape != eps.shape:
            raise InputError("density of states", f"an array of shape {eps.shape}", found.shape)
        if not np.all(np.isfinite(found) & (found >= 0)):
            raise InputError("density of states", "finite and 0 or positive [1/(J m^3)]", found.min())
        return found

    @cached_property
    def panels(self) -> Array:
        """Energies above the gap at which panels of a quadrature end [J], dense on either side of each edge."""
        corners = np.array([*self.edges, *([self.top] if np.isfinite(self.top) else [])])
        below = np.diff(corners, prepend=0.0)
        above = np.append(below[1:], corners[-1:])
        graded = [corners + sign * np.outer(LADDER, size) for sign, size in ((-1, below), (1, above))]
        return np.concatenate([np.asarray(self.knots, dtype=float), corners, *(g.ravel() for g in graded)])

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the parameters: one spectrum."""
        return ()

    def spread(self, shape: tuple[int, ...]) -> "Shaped":
        """Itself: it is the same for all states."""
        return self


Spectrum: TypeAlias = Parabolic | Shaped


def tabulated(gap: float, eps: ArrayLike, density: ArrayLike) -> Shaped:
    """Density of states from a table, by monotone cubic interpolation in sqrt(eps); 0 above its end.

    Args:
        gap: lowest energy of a magnon [J].
        eps: energies above the gap [J], increasing from 0.
        density: D [1/(J m^3)], >= 0, same length.
    """
    x, d = np.asarray(eps, dtype=float), np.asarray(density, dtype=float)
    if x.ndim != 1 or x.shape != d.shape or x.size < 2:
        raise InputError("table", "two rows of one length, at least 2", (x.shape, d.shape))
    if x[0] != 0 or not np.all(np.diff(x) > 0):
        raise InputError("eps", "increasing from 0 [J]", eps, "energies are counted from the gap")
    if not np.all(np.isfinite(d) & (d >= 0)):
        raise InputError("density", "finite and 0 or positive [1/(J m^3)]", density)
    from scipy.interpolate import PchipInterpolator

    curve = PchipInterpolator(np.sqrt(x), d)

    def table(at: Array) -> Array:
        return np.asarray(np.maximum(curve(np.minimum(np.sqrt(at), np.sqrt(x[-1]))), 0.0))

    return Shaped(gap, table, top=float(x[-1]), knots=tuple(x[1:-1].tolist()))


def _require_gap(given: ArrayLike) -> None:
    gap = np.asarray(given, dtype=float)
    if not np.all(np.isfinite(gap) & (gap >= 0)):
        raise InputError("gap", "0 or positive [J]", given, "g mu_B B: 1.9e-24 at 0.1 T")
