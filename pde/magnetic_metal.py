"""Metal that hosts localised moments: a normal metal plus exchange field and anisotropic relaxation.

    Gamma = 1/tau_s + (1/tau_perp)(1 - m m) + (1/tau_par) m m        omega = (g mu_B/hbar) B - (n J S_par/hbar) m

    tau_par, tau_perp  s       flips along and loss across the moments (`hanle.materials.rates`, volume densities)
    n J S_par          J       exchange energy of the moments, summed over sublattices with the sign of S_par
    m                  1       axis of the moments; S_par <= 0 where they are along m: omega gains along + m for J > 0

All else is as in `hanle.pde.metal`. A layer of thickness b with n = n2D/b is the b-layer interface resolved as a
volume; it becomes the law of `hanle.boundary.b_layer` as b -> 0. Source: Zhang et al., 2019, Eqs (3)-(5).
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hanle.materials.rates import Rates
from hanle.pde.coefficients import Bulk, Coefficient, as_weight, matrix_terms
from hanle.pde.constants import HBAR, MU_B
from hanle.pde.fields import CHARGE_AND_SPIN
from hanle.pde.metal import normal_metal
from hanle.pde.tensors import Array, cross_matrix, outer, unit


def metal_with_moments(
    magnet: str,
    rates: Rates,
    magnetisation: ArrayLike,
    *,
    conductivity: ArrayLike,
    diffusion_constant: ArrayLike,
    diffusion_length: ArrayLike,
    g_factor: float = 2.0,
    **metal: Any,
) -> Bulk:
    """Coefficients of a metal with moments.

    Args:
        magnet: name of the moments, for the deposits.
        rates: volume rates 1/tau_par, 1/tau_perp [1/s] and exchange n J S_par [J].
        magnetisation: m, (..., 3), normalised here.
        conductivity, diffusion_constant, diffusion_length, g_factor, metal: those of
            `hanle.pde.metal.normal_metal`, without `relaxation` and `exchange_field`.

    Deposits [A/m^3, spin in charge units]: `lattice`, and what the moments get: `torque:<magnet>` across m and
    `flips:<magnet>` along it.
    """
    m = as_weight(unit(magnetisation), 1)
    along = outer(m)
    host = (as_weight(diffusion_constant) / as_weight(diffusion_length) ** 2)[..., None, None] * np.eye(3)
    across = as_weight(rates.perp)[..., None, None] * (np.eye(3) - along)
    flips = as_weight(rates.par)[..., None, None] * along
    energy = as_weight(rates.exchange)[..., None]
    bulk = normal_metal(
        conductivity=conductivity,
        diffusion_constant=diffusion_constant,
        relaxation=host + across + flips,
        exchange_field=-energy * m / (g_factor * MU_B),
        g_factor=g_factor,
        **metal,
    )
    inertia = (as_weight(conductivity) / as_weight(diffusion_constant))[..., None, None]
    turning = cross_matrix(-energy / HBAR * m)
    deposits = {
        "lattice": _spin(inertia * host),
        f"torque:{magnet}": _spin(inertia * (across - turning)),
        f"flips:{magnet}": _spin(inertia * flips),
    }
    return replace(bulk, deposits=deposits)


def _spin(matrix: Array) -> Coefficient:
    """Rows x, y, z of a deposit from the spin columns."""
    return matrix_terms(
        matrix, rows=slice(0, 3), columns=CHARGE_AND_SPIN.slice("w"), size=(3, CHARGE_AND_SPIN.size)
    )
