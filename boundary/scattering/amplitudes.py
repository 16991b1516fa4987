"""Scattering amplitudes of transverse modes, whatever they come from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hanle.boundary.scattering.quadrature import FLOOR, Sum
from hanle.pde.tensors import Array

ComplexArray: TypeAlias = NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class Amplitudes:
    """Scattering without spin-orbit coupling at points k_perp, all of one shape.

    Attributes:
        k_perp2: k_perp^2 [1/m^2].
        k_z: wave number in N [1/m], positive or positive imaginary.
        r_up, r_dn: reflection from N; 0 where k_z is imaginary.
        T_up, T_dn: |t'|^2 of waves from F; where k_z is imaginary, |psi(0)|^2 |k_z|/K of an incoming unit wave.
    """

    k_perp2: Array
    k_z: ComplexArray
    r_up: ComplexArray
    r_dn: ComplexArray
    T_up: Array
    T_dn: Array

    @property
    def propagates(self) -> NDArray[np.bool_]:
        """Where waves in N carry current."""
        return np.asarray(self.k_z.imag == 0)

    @property
    def A_up(self) -> ComplexArray:
        """1 + r of the majority, 0 where k_z is imaginary."""
        return np.asarray(np.where(self.propagates, 1 + self.r_up, 0))

    @property
    def A_dn(self) -> ComplexArray:
        """1 + r of the minority, 0 where k_z is imaginary."""
        return np.asarray(np.where(self.propagates, 1 + self.r_dn, 0))


#: Integrands of sums over modes: real rows (rows, points) of amplitudes.
Rows: TypeAlias = Callable[[Amplitudes], Array]


class Source(Protocol):
    """Where amplitudes come from: `hanle.boundary.scattering.model` or a table."""

    @property
    def h_R(self) -> float:
        """Strength of the spin-orbit coupling, without unit."""

    @property
    def mass(self) -> float:
        """Effective mass [kg]."""

    @property
    def tau_N(self) -> float:
        """Relaxation time in N [s]."""

    @property
    def tau_up(self) -> float:
        """Relaxation time of the majority [s]."""

    @property
    def tau_dn(self) -> float:
        """Relaxation time of the minority [s]."""

    @property
    def k(self) -> float:
        """Wave number of the scale [1/m]."""

    def total(
        self, rows: Rows, rtol: float | None = None, where: str = "sum over modes", floor: float = FLOOR
    ) -> Sum:
        """(1/4 pi) integral d(k_perp^2) of each row."""
