"""Metal that hosts localised moments: a normal metal plus exchange field and anisotropic relaxation.

    Gamma = 1/tau_0 + (1/tau_perp)(1 - m m) + (1/tau_par) m m        omega = (g mu_B/hbar) B - (n J S_par/hbar) m

    tau_0              s       relaxation without the moments, lambda = (D tau_0)^{1/2}
    tau_par, tau_perp  s       flips along and loss across the moments (`hanle.materials.rates`, volume densities);
                               with anisotropic exchange a tensor instead (`hanle.materials.anisotropic`)
    n J S_par          J       exchange energy of the moments, summed over sublattices with the sign of S_par
    m                  1       axis of the moments; S_par <= 0 where they are along m: omega gains along + m for J > 0

A conducting ferro-, ferri- or antiferromagnet with local moments and a normal metal with magnetic impurities are this
medium alike. All else is as in `hanle.pde.metal`. A layer of thickness b with n = n2D/b is the b-layer interface
resolved as a volume; it becomes the law of `hanle.boundary.b_layer` as b -> 0. Source: Zhang et al., 2019, Eqs
(3)-(5); Zhang et al., 2025, Eqs (78), (80), whose sense of precession is the opposite one.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hanle.materials.anisotropic import TensorRates
from hanle.materials.rates import Rates
from hanle.pde.coefficients import Bulk, as_weight
from hanle.pde.constants import HBAR, MU_B
from hanle.pde.errors import InputError
from hanle.pde.metal import normal_metal, spin_deposit
from hanle.pde.tensors import Array, cross_matrix, outer, unit


def metal_with_moments(
    magnet: str,
    rates: Rates | TensorRates,
    magnetisation: ArrayLike | None = None,
    *,
    conductivity: ArrayLike,
    diffusion_constant: ArrayLike,
    diffusion_length: ArrayLike | None = None,
    spin_lifetime: ArrayLike | None = None,
    g_factor: float = 2.0,
    **metal: Any,
) -> Bulk:
    """Coefficients of a metal with moments.

    Args:
        magnet: name of the moments, for the deposits.
        rates: volume rates [1/s] and exchange n J S_par [J].
        magnetisation: m, (..., 3), normalised here; left out for `TensorRates`, which know their axis.
        diffusion_length, spin_lifetime: lambda [m] or tau_0 [s] without the moments, one of the two; tau_0 may be
            infinite.
        conductivity, diffusion_constant, g_factor, metal: those of `hanle.pde.metal.normal_metal`, without
            `relaxation` and `exchange_field`.

    Deposits [A/m^3, spin in charge units]: `lattice`, and what the moments get: `torque:<magnet>` across m and
    `flips:<magnet>` along it.

    Raises:
        InputError: m missing, or given with `TensorRates`; both or neither of lambda and tau_0; those of
            `normal_metal`.
    """
    m, across, flips = _moments(rates, magnetisation)
    host = _host_rate(diffusion_constant, diffusion_length, spin_lifetime)[..., None, None] * np.eye(3)
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
        "lattice": spin_deposit(inertia * host),
        f"torque:{magnet}": spin_deposit(inertia * (across - turning)),
        f"flips:{magnet}": spin_deposit(inertia * flips),
    }
    return replace(bulk, deposits=deposits)


def _moments(rates: Rates | TensorRates, magnetisation: ArrayLike | None) -> tuple[Array, Array, Array]:
    """(m, relaxation across m, relaxation along m), each with the leading axes of a weight."""
    if isinstance(rates, TensorRates):
        if magnetisation is not None:
            raise InputError("magnetisation", "left out: the rates know the axis of the moments", magnetisation)
        m = as_weight(rates.axis, 1)
        flips = as_weight(rates.par)[..., None, None] * outer(m)
        # The axis is a principal one: nothing of Gamma connects it with the plane across.
        return m, as_weight(rates.gamma, 2) - flips, flips
    if magnetisation is None:
        raise InputError("magnetisation", "given", magnetisation, "the axis of the moments")
    m = as_weight(unit(magnetisation), 1)
    along = outer(m)
    across = as_weight(rates.perp)[..., None, None] * (np.eye(3) - along)
    return m, across, as_weight(rates.par)[..., None, None] * along


def _host_rate(diffusion: ArrayLike, length: ArrayLike | None, lifetime: ArrayLike | None) -> Array:
    """1/tau_0 [1/s]."""
    if (length is None) == (lifetime is None):
        raise InputError("diffusion_length", "given, or else spin_lifetime (one of the two)", (length, lifetime))
    if length is not None:
        return as_weight(diffusion) / as_weight(length) ** 2
    tau = np.asarray(lifetime, dtype=float)
    if not np.all(tau > 0):
        raise InputError("spin_lifetime", "positive [s]", tau.tolist())
    return as_weight(1 / tau)
