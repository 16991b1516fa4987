"""Entropy that the exchange through magnons produces [W/(K m^2)]; never negative.

    sigma    = [mu_s.i/hbar - qdot]/T_e + [qdot - mu_m (m.i)/hbar]/T_m = sum sigma_ab + sigma_el
    sigma_ab = W_ab (g_r/4 pi hbar s) kB Int D w [n(x) - n(y)] (y - x) d eps,   w = E - mu_ab
    sigma_el = f_r g_r mu_perp^2/(4 pi hbar T_e)

with x, y of `hanle.boundary.magnons.quadrature` and the rest of `hanle.boundary.magnons.currents`. Each sigma_ab is
summed over energies as it stands, a positive integrand: nothing cancels near equilibrium.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hanle.boundary.magnons.admissible import require_state
from hanle.boundary.magnons.exchange import MagnonExchange
from hanle.boundary.magnons.integrals import occupations
from hanle.boundary.magnons.linear import elastic_factors, prefactor
from hanle.boundary.magnons.quadrature import Reservoirs, production
from hanle.pde.constants import HBAR, K_B
from hanle.pde.tensors import Array, unit

#: Signs a and b of the channels.
SIGNS = (1.0, -1.0)


@dataclass(frozen=True, eq=False)
class Entropy:
    """Production of entropy [W/(K m^2)].

    Attributes:
        channels: sigma_ab, (..., 2, 2) for a, b = +1, -1.
        elastic: what elastic scattering adds, (...).
    """

    channels: Array
    elastic: Array

    @property
    def total(self) -> Array:
        """The sum, (...)."""
        return np.asarray(self.channels.sum(axis=(-2, -1)) + self.elastic)


def entropy_production(
    exchange: MagnonExchange, m: ArrayLike, mu_s: ArrayLike, mu_m: ArrayLike, T_m: ArrayLike, T_e: ArrayLike
) -> Entropy:
    """Entropy per area and time; arguments and errors as `hanle.boundary.magnons.currents.currents`."""
    require_state(exchange, mu_m, T_m, T_e)
    axis, drive = (np.asarray(v, dtype=float) for v in (unit(m), mu_s))
    size, direction = np.linalg.norm(drive, axis=-1), unit(drive)
    along = np.sum(axis * direction, axis=-1)
    spectrum = exchange.spectrum
    shape = np.broadcast_shapes(*(np.shape(v) for v in (along, mu_m, T_m, T_e)), spectrum.shape)
    size, along, mu, hot, cold = (np.broadcast_to(v, shape) for v in (size, along, mu_m, T_m, T_e))
    theta, theta_e = K_B * hot.ravel(), K_B * cold.ravel()
    scale = K_B / HBAR * prefactor(exchange) / 4
    found = []
    for a in SIGNS:
        for b in SIGNS:
            state = Reservoirs(theta, mu.ravel(), theta_e, ((a - b) / 2 * size).ravel())
            weight = (1 + a * along) * (1 - b * along)
            found.append(scale * weight * production(spectrum.spread(shape), state).reshape(shape))
    density = occupations(spectrum.spread(shape), theta, mu.ravel())[0, 0].reshape(shape)
    reduced, _ = elastic_factors(exchange, density)
    across = np.sum(drive**2, axis=-1) * (1 - along**2)
    elastic = reduced * np.asarray(exchange.g_r) * across / (4 * np.pi * HBAR * cold)
    whole = np.stack(np.broadcast_arrays(*found), axis=-1)
    return Entropy(whole.reshape(*whole.shape[:-1], 2, 2), np.asarray(elastic))
