"""Moments of each sublattice as the electrons of a metal meet them: how many there are, and their sd coupling.

At an interface moments have an areal density, in the volume of a metal a density. The coupling is given as J ("energy
volume") or as nu J ("dimensionless"), the number that Zhang et al., 2019, quote; > 0 aligns spins.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hanle.materials.sourced import Sourced
from hanle.materials.weiss import Moments
from hanle.pde.errors import InputError
from hanle.pde.quantity import usual_range
from hanle.pde.tensors import Array

#: Relative difference by which densities may miss the weights of the Weiss model: rounding of numbers in files.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Sublattice:
    """Moments of one sublattice at an interface.

    Attributes:
        areal_density: n2D, >= 0.
        coupling: see the module.
    """

    areal_density: Sourced
    coupling: Sourced


@dataclass(frozen=True)
class VolumeSublattice:
    """Moments of one sublattice in the volume of a metal.

    Attributes:
        density: n_S, >= 0.
        coupling: see the module; three numbers are J_x, J_y, J_z along x, y, z of the device (anisotropic exchange).
    """

    density: Sourced
    coupling: Sourced | tuple[Sourced, Sourced, Sourced]

    @property
    def anisotropic(self) -> bool:
        """Whether the coupling is three numbers."""
        return isinstance(self.coupling, tuple)

    @property
    def principal(self) -> tuple[Sourced, Sourced, Sourced]:
        """J_x, J_y, J_z, equal where the exchange is isotropic."""
        return self.coupling if isinstance(self.coupling, tuple) else (self.coupling,) * 3


def in_joules(couplings: Sequence[Sourced], density_of_states: ArrayLike) -> Array:
    """J [J m^3] to electrons with nu [1/(J m^3)] per spin, shape (*nu, number of couplings)."""
    nu = np.asarray(density_of_states, dtype=float)
    reduced = [coupling.dimension == "dimensionless" for coupling in couplings]
    values = np.array([coupling.value for coupling in couplings])
    return values / np.where(reduced, nu[..., None], 1.0)


def require_density(key: str, given: Sourced) -> None:
    """Refuse a negative number of moments."""
    if given.value < 0:
        raise InputError(key, ">= 0", str(given), f"usual: {usual_range(given.dimension)}")


def require_coupling(key: str, given: Sourced) -> None:
    """Refuse what is neither J nor nu J."""
    if given.dimension not in ("dimensionless", "energy volume"):
        must = "nu J (a plain number) or J (an energy times a volume)"
        raise InputError(key, must, str(given), 'e.g. 0.1 or "2 meV nm^3"')


def require_one_per_spin(key: str, moments: Moments | None, sublattices: Sequence[object]) -> None:
    """Refuse more or fewer sublattices than the Weiss model has spins."""
    if len(sublattices) != (0 if moments is None else len(moments.spins)):
        raise InputError(key, "one for each spin of the moments", len(sublattices))


def require_weights(key: str, moments: Moments, densities: Sequence[float]) -> None:
    """Refuse densities that are not in the ratio of the weights of the Weiss model: the bonds are counted with both."""
    ratios = np.asarray(densities) / np.asarray(moments.weights)
    if not np.allclose(ratios, ratios[0], rtol=ROUNDING, atol=0.0) or (len(ratios) > 1 and ratios[0] == 0):
        must = f"in the ratio of the weights of the moments, {moments.weights}"
        raise InputError(key, must, list(densities), "leave an empty sublattice out")
