"""Magnons of an insulator: E = gap + eps with a density of states D(eps) [1/(J m^3)].

Parabolic   E = gap + A q^2, D = sqrt(eps)/(4 pi^2 A^{3/2})        integrals are polylogarithms
Shaped      any D, a function or a table                           integrals by quadrature
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.errors import InputError
from hanle.pde.tensors import Array


class Spectrum(Protocol):
    """What an interface must know of the magnons."""

    @property
    def gap(self) -> ArrayLike:
        """Lowest energy of a magnon [J], > 0 or 0."""

    def density(self, eps: Array) -> Array:
        """D at energies above the gap [1/(J m^3)], same shape as `eps` [J]."""


@dataclass(frozen=True, eq=False)
class Parabolic:
    """E = gap + A q^2.

    Attributes:
        stiffness: A [J m^2], > 0; 8.5e-40 in YIG.
        gap: hbar times the lowest frequency [J], >= 0; g mu_B B in an isotropic magnet, 1.9e-24 at 0.1 T.

    Raises:
        InputError: a number out of its range.
    """

    stiffness: ArrayLike
    gap: ArrayLike

    def __post_init__(self) -> None:
        a, gap = (np.asarray(v, dtype=float) for v in (self.stiffness, self.gap))
        if not np.all(np.isfinite(a) & (a > 0)):
            raise InputError("stiffness", "positive [J m^2]", self.stiffness, "8.5e-40 in YIG")
        if not np.all(np.isfinite(gap) & (gap >= 0)):
            raise InputError("gap", "0 or positive [J]", self.gap, "g mu_B B: 1.9e-24 at 0.1 T")

    def density(self, eps: Array) -> Array:
        """sqrt(eps)/(4 pi^2 A^{3/2})."""
        a = np.asarray(self.stiffness, dtype=float)
        return np.asarray(np.sqrt(eps) / (4 * np.pi**2 * a**1.5))
