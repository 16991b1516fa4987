"""Conducting magnet with local moments: from spins, field and temperature to the coefficients of its metal.

    moments at (B.m, T)  ->  S_par, S_par^2  ->  tau_par, tau_perp (or a tensor), n_S J S_par  ->  metal_with_moments

Resistance depends on field and temperature through the moments only: their flips (tau_par), their dephasing
(tau_perp) and their exchange field, which adds to B in the precession. Zhang et al., 2025, Eqs (78)-(85), (91), (92);
magnetic impurities in a normal metal (their Appendix C) are the same with few moments.

Validity: electrons with one density of states per spin, moments independent of the electrons, one axis for all
sublattices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from hanle.materials.anisotropic import TensorRates, anisotropic_rates, require_principal
from hanle.materials.rates import Rates, rates
from hanle.materials.weiss import Moments, solve
from hanle.pde.coefficients import Bulk
from hanle.pde.constants import E_CHARGE
from hanle.pde.errors import InputError
from hanle.pde.magnetic_metal import metal_with_moments
from hanle.pde.tensors import Array, unit

#: Sine of the angle by which disordered moments may miss the field: rounding.
ALIGNED: Final = 1e-9
#: Where nothing sets an axis the moments relax spin alike along all.
ANY_AXIS: Final = (0.0, 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class LocalMoments:
    """Moments in the volume of a metal.

    Attributes:
        moments: Weiss model, one spin per sublattice; T_C = 0 for free impurities.
        densities: n_S of each sublattice [1/m^3].
        couplings: J of each sublattice [J m^3], shape (..., sublattices); or symmetric tensors
            (..., sublattices, 3, 3) with `anisotropic`, leading axes as those of the magnetisation.
        anisotropic: the couplings are tensors.
    """

    moments: Moments
    densities: Sequence[float]
    couplings: ArrayLike
    anisotropic: bool = False

    def rates(
        self, density_of_states: ArrayLike, field: ArrayLike, temperature: ArrayLike, axis: ArrayLike
    ) -> Rates | TensorRates:
        """Relaxation of the electrons [1/s] and exchange energy [J].

        Args:
            density_of_states: nu per spin [1/(J m^3)].
            field: B [T], (..., 3).
            temperature: T [K].
            axis: unit vector m of the moments, (..., 3).
        """
        along = np.einsum("...a,...a->...", np.asarray(field, dtype=float), np.asarray(axis, dtype=float))
        state = solve(self.moments, along, temperature)
        if self.anisotropic:
            return anisotropic_rates(state, self.densities, self.couplings, density_of_states, axis)
        return rates(state, self.densities, self.couplings, density_of_states)


def conducting_magnet(
    magnet: str,
    local: LocalMoments,
    *,
    temperature: ArrayLike,
    field: ArrayLike,
    conductivity: ArrayLike,
    diffusion_constant: ArrayLike,
    magnetisation: ArrayLike | None = None,
    density_of_states: ArrayLike | None = None,
    **metal: Any,
) -> Bulk:
    """Coefficients of the magnet; arguments per cell (cells,) or in a batch (batch, 1) as in `normal_metal`.

    Args:
        magnet: its name, for the deposits of `metal_with_moments`.
        local: its moments.
        temperature: T [K].
        field: B [T], (..., 3).
        conductivity, diffusion_constant: sigma [S/m] and D [m^2/s].
        magnetisation: axis m of the moments (..., 3), normalised here; along B where it is left out. Moments
            without order need none at B = 0.
        density_of_states: nu per spin [1/(J m^3)] of the golden rule; sigma/(2 e^2 D) where it is left out.
        metal: the other arguments of `metal_with_moments`.

    Raises:
        InputError: no direction of ordered moments (B = 0 or m = 0 somewhere), moments without order that are not along
            B, moments that are off the principal axes of anisotropic exchange somewhere, those of
            `hanle.materials.weiss.solve` and of the rates.
    """
    m = _axis(magnet, local.moments, magnetisation, field, temperature)
    if local.anisotropic:
        require_principal(local.couplings, m, f"{magnet}.magnetisation")
    nu = density_of_states
    if nu is None:
        nu = np.asarray(conductivity, dtype=float) / (2 * E_CHARGE**2 * np.asarray(diffusion_constant, dtype=float))
    found = local.rates(nu, field, temperature, m)
    return metal_with_moments(
        magnet,
        found,
        None if isinstance(found, TensorRates) else m,
        conductivity=conductivity,
        diffusion_constant=diffusion_constant,
        field=field,
        **metal,
    )


def _axis(
    magnet: str, moments: Moments, magnetisation: ArrayLike | None, field: ArrayLike, temperature: ArrayLike
) -> Array:
    """m (..., 3), any axis for disordered moments at B = 0; such moments that are not along B are refused."""
    b = np.asarray(field, dtype=float)
    m = unit(b if magnetisation is None else magnetisation)
    free = np.asarray(temperature, dtype=float) >= moments.critical_temperature
    if magnetisation is None:
        m = np.where((free & ~np.any(b, axis=-1))[..., None], ANY_AXIS, m)
    if not np.all(np.linalg.norm(m, axis=-1) > 0):
        where = "field" if magnetisation is None else "magnetisation"
        hint = "the moments are along B unless their magnetisation is given"
        raise InputError(f"{magnet}.{where}", "a vector of non-zero length everywhere", np.zeros(3).tolist(), hint)
    off = np.linalg.norm(np.cross(b, m), axis=-1) > ALIGNED * np.linalg.norm(b, axis=-1)
    if np.any(free & off):
        hint = "only ordered moments can point elsewhere"
        raise InputError(f"{magnet}.magnetisation", "along B at T >= T_C", np.asarray(magnetisation).tolist(), hint)
    return m
