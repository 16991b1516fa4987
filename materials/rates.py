"""Relaxation of conduction electrons by localised moments: golden rule with the sd coupling -J S.s.

    1/tau_par  = K p                    flips, along the moments
    1/tau_perp = K (p/2 + q)            flips and dephasing, across
    K          = (pi/hbar) n nu J^2     summed over sublattices
    exchange   = n J S_par              summed over sublattices with the sign of S_par

    n    areal density at an interface [1/m^2]: rates in m/s ("per unit length", T1 = b tau_par), exchange in J m;
         volume density in a bulk magnet [1/m^3]: rates in 1/s, exchange in J
    nu   density of states of the metal per spin [1/(J m^3)]
    J    sd coupling [J m^3], > 0: spins parallel

The exchange adds -(n J S_par)/hbar to the Larmor frequency. Source: Zhang et al., 2019, Eqs (4), (6), (7); p, q
from `hanle.materials.weiss`. Moments of one sublattice are uncorrelated (mean field), so that rates add.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hanle.materials.weiss import Moments, MomentState, solve
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array


@dataclass(frozen=True, eq=False)
class Rates:
    """Rates at each (B, T); units as in the module.

    Attributes:
        par, perp: 1/tau_par and 1/tau_perp.
        difference: 1/tau_perp - 1/tau_par without cancellation, >= 0.
        exchange: sum of n J S_par.
    """

    par: Array
    perp: Array
    difference: Array
    exchange: Array


def strength(density: ArrayLike, density_of_states: ArrayLike, coupling: ArrayLike) -> Array:
    """K = (pi/hbar) n nu J^2, [m/s] or [1/s]; arguments broadcast."""
    n, nu, j = (np.asarray(v, dtype=float) for v in (density, density_of_states, coupling))
    return np.asarray(np.pi / HBAR * n * nu * j**2)


def conductance_scale(density: ArrayLike, reduced_coupling: ArrayLike) -> Array:
    """G0 = (pi/hbar) n2D (e nu J)^2 [S/m^2], the scale of the interface conductances.

    Args:
        density: n2D [1/m^2].
        reduced_coupling: nu J, without unit. n2D = 5e18 1/m^2 and nu J = 0.1 give 3.8e13 S/m^2.
    """
    return np.asarray(
        np.pi / HBAR * np.asarray(density, dtype=float) * (E_CHARGE * np.asarray(reduced_coupling)) ** 2
    )


def rates(
    state: MomentState, densities: Sequence[float], couplings: ArrayLike, density_of_states: ArrayLike
) -> Rates:
    """Rates of a solved state; shape of (B, T) broadcast with that of `density_of_states`.

    Args:
        state: from `hanle.materials.weiss.solve`.
        densities: n per sublattice, >= 0.
        couplings: J per sublattice [J m^3], shape (sublattices,) or (*nu, sublattices).
        density_of_states: nu per spin [1/(J m^3)], > 0.
    """
    count = state.S_par.shape[-1]
    n, j = np.asarray(densities, dtype=float), np.asarray(couplings, dtype=float)
    if n.shape != (count,) or j.shape[-1:] != (count,):
        raise InputError("densities and couplings", f"{count} numbers each, one per sublattice", (n.shape, j.shape))
    if not np.all(np.isfinite(n) & (n >= 0)):
        raise InputError("densities", "finite and >= 0", n.tolist(), "usual at an interface: 1e17 to 2e19 1/m^2")
    nu = np.asarray(density_of_states, dtype=float)
    if not np.all(np.isfinite(nu) & (nu > 0)):
        raise InputError("density_of_states", "finite and > 0", nu.tolist(), "usual: 1e45 to 1e48 1/(J m^3)")
    k = strength(n, nu[..., None], j)
    return Rates(
        par=np.sum(k * state.p, axis=-1),
        perp=np.sum(k * (0.5 * state.p + state.q), axis=-1),
        difference=np.sum(k * state.anisotropy, axis=-1),
        exchange=np.sum(n * j * state.S_par, axis=-1) + np.zeros(nu.shape),
    )


def rates_at(
    moments: Moments,
    densities: Sequence[float],
    couplings: ArrayLike,
    density_of_states: ArrayLike,
    field: ArrayLike,
    temperature: ArrayLike,
) -> Rates:
    """`rates` of the Weiss state at field B [T] >= 0 and temperature T [K]."""
    return rates(solve(moments, field, temperature), densities, couplings, density_of_states)
