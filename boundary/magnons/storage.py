"""What magnons of E = gap + A q^2 store at any potential below the gap and any temperature, as `Bulk.excess`.

With theta = k_B T, L_k of `hanle.boundary.magnons.polylogarithms` at (gap - mu)/theta, c = (theta/(4 pi A))^{3/2}:

    n = c L_3,   pressure p = theta c L_5,   u = 3p/2 + gap n,   entropy s = (u + p - mu n)/theta
    d n/d mu = c L_1/theta                                         grows without bound towards the gap

Rows of w_m = mu/2e and t_m = (T - T_0)/T_0:

    2e (n - n_0)            number
    T s - p(0, T) - u_0     heat: what T ds adds up to where mu rises last, and u - u_0 where mu = 0

T ds = du - mu dn is no differential of a function. Along other ways heat differs by (s - s(mu = 0)) dT, the part
mu/(k_B T) of the heat capacity of magnons at most: 2e-3 for a gap at 1 T and 300 K.
Source: Bender and Tserkovnyak, 2015 (spectrum); ideal Bose gas.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from hanle.boundary.magnons.polylogarithms import polylogarithms
from hanle.pde.coefficients import as_weight
from hanle.pde.constants import E_CHARGE, K_B
from hanle.pde.errors import InputError
from hanle.pde.storing import NODES, WEIGHTS, require_warm
from hanle.pde.tensors import Array

#: Potential over gap, and t, below which amounts are integrals of their slopes: a difference would lose digits.
NEAR = 1e-2


@dataclass(frozen=True, eq=False)
class MagnonGas:
    """What a gas stores beyond C U, a `hanle.pde.storing.Part` of (w_m, t_m).

    Attributes:
        stiffness: A [J m^2]; gap: > 0 [J]; temperature: T_0 [K]; weights.
    """

    stiffness: Array
    gap: Array
    temperature: Array

    def __call__(self, values: Array) -> tuple[Array, Array]:
        """(amounts (2, ...), slopes (2, 2, ...)) at (w_m, t_m), (2, batch, entities, points).

        Raises:
            InputError: T <= 0, or magnons at or above their gap.
        """
        mu, t = 2 * E_CHARGE * values[0], values[1]
        a, gap, theta0 = (np.broadcast_to(x, t.shape) for x in (self.stiffness, self.gap, K_B * self.temperature))
        require_warm(t)
        if not np.all(mu < gap):
            must = "below the gap: magnons condense there"
            raise InputError(
                "magnon potential", must, f"{float(np.max(mu - gap)):.4g} J above it", "or raise the gap by a field"
            )
        start, capacities = (np.broadcast_to(x, (*x.shape[:-3], *t.shape)) for x in self._rest)
        rise = np.stack([mu, t])
        held, slopes = _stored(a, gap, theta0, mu, t)
        slopes = slopes - capacities
        amounts = held - start - _product(capacities, rise)
        small = (np.abs(mu) < NEAR * gap) & (np.abs(t) < NEAR)
        if np.any(small):
            here, first = rise[:, small], capacities[..., small]
            gas = a[small], gap[small], theta0[small]
            along = [w * (_stored(*gas, *(x * here))[1] - first) for x, w in zip(NODES, WEIGHTS, strict=True)]
            amounts[:, small] = _product(sum(along), here)
        # From mu to w_m = mu/2e, and from numbers of magnons to their spin.
        amounts[0] *= 2 * E_CHARGE
        slopes[0] *= 2 * E_CHARGE
        slopes[:, 0] *= 2 * E_CHARGE
        return amounts, slopes

    @cached_property
    def _rest(self) -> tuple[Array, Array]:
        """What is stored at T_0 and mu = 0, and its slopes."""
        a, gap, theta0 = np.broadcast_arrays(self.stiffness, self.gap, K_B * self.temperature)
        return _stored(a, gap, theta0, np.zeros_like(gap), np.zeros_like(gap))


def magnon_gas(stiffness: ArrayLike, gap: ArrayLike, temperature: ArrayLike) -> MagnonGas:
    """A gas from anything that makes weights; A [J m^2], gap > 0 [J], T_0 [K]."""
    return MagnonGas(as_weight(stiffness), as_weight(gap), as_weight(temperature))


def _stored(a: Array, gap: Array, theta0: Array, mu: Array, t: Array) -> tuple[Array, Array]:
    """(n, T s - p(0, T)) and their slopes by mu and t, points last."""
    theta = theta0 * (1 + t)
    d, scale = (gap - mu) / theta, (theta / (4 * np.pi * a)) ** 1.5
    l1, l3, l5 = polylogarithms((1, 3, 5), d)
    n, p, by_mu = scale * l3, theta * scale * l5, scale * l1 / theta
    by_theta = 1.5 * n / theta + d * by_mu
    s = 2.5 * p / theta + d * n
    l3, l5 = polylogarithms((3, 5), gap / theta)
    rest = theta * scale * l5
    s_rest = 2.5 * rest / theta + gap / theta * scale * l3
    warming = s - s_rest + 1.5 * s + (gap - mu) * by_theta
    slopes = np.stack([np.stack([by_mu, theta0 * by_theta]), np.stack([theta * by_theta, theta0 * warming])])
    return np.stack([n, theta * s - rest]), slopes


def _product(matrices: Array, vectors: Array) -> Array:
    """Matrices (2, 2, ...) times vectors (2, ...)."""
    return np.stack([row[0] * vectors[0] + row[1] * vectors[1] for row in matrices])
