"""Relaxation of conduction electrons by moments with anisotropic exchange, -sum_i J_i S_i s_i along principal axes.

    Gamma   = (tr K) 1 - K                                 relaxation tensor of the electron spin
    K       = (pi/hbar) n nu [ (p/2) (P J P)^2 + q (J_z)^2 m m ],   P = 1 - m m,  J_z = m.J m
    omega   = omega_B - (n J_z S_par/hbar) m               its precession: only the exchange along the moments

In the frame of the principal axes with the moments along z this is K = diag(k_x, k_y, k_z),

    k_x, k_y = (pi/2 hbar) n nu J_{x,y}^2 p,    k_z = (pi/hbar) n nu J_z^2 q
    1/tau along z = k_x + k_y,    along x = k_y + k_z,    along a unit vector u = sum_i k_i (1 - u_i^2)

    J     tensor of the sd coupling [J m^3], symmetric, shape (3, 3) in x, y, z of the device; J = J_sd 1 is isotropic
    m     axis of the moments, a principal axis of every J: other directions are refused
    n, nu, p, q   as in `hanle.materials.rates`: volume densities give 1/s and J, areal ones m/s and J m

Source: Zhang et al., 2025, Eqs (64)-(75), with (J_x + J_y)^2 in the first term of Eq. (70) and nu in the third of
Eq. (75), without which they do not become Eqs (84) and (85) where J_x = J_y = J_z. K has no negative eigenvalue, so
that each rate is at most the sum of the two others. Sublattices add.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from hanle.materials.rates import strength
from hanle.materials.weiss import MomentState
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array, is_symmetric, outer, unit

#: Part of J by which m may miss a principal axis: rounding of a rotated tensor.
ROUNDING: Final = 1e-9


@dataclass(frozen=True, eq=False)
class TensorRates:
    """Rates at each (B, T), or per cell; the counterpart of `hanle.materials.rates.Rates`.

    Attributes:
        gamma: Gamma [1/s], or [m/s] at an interface, shape (..., 3, 3) in x, y, z of the device.
        par: 1/tau_par = k_x + k_y of spins along the moments, without cancellation, shape (...).
        axis: unit vector m of the moments, shape (..., 3).
        exchange: sum of n J_z S_par [J], or [J m], shape (...).
    """

    gamma: Array
    par: Array
    axis: Array
    exchange: Array

    def along(self, direction: ArrayLike) -> Array:
        """1/tau of spins along the unit vector `direction` (..., 3): its diagonal element of Gamma."""
        u = np.asarray(direction, dtype=float)
        return np.asarray(np.einsum("...a,...ab,...b->...", u, self.gamma, u))


def coupling_tensor(principal: ArrayLike, axes: ArrayLike = ((1, 0, 0), (0, 1, 0), (0, 0, 1))) -> Array:
    """J (..., 3, 3) from its principal values.

    Args:
        principal: J_x, J_y, J_z [J m^3], shape (..., 3).
        axes: the principal axes x, y, z as rows, orthonormal, shape (..., 3, 3).
    """
    frame = np.asarray(axes, dtype=float)
    if not np.allclose(frame @ np.swapaxes(frame, -1, -2), np.eye(3), rtol=0.0, atol=ROUNDING):
        raise InputError("axes", "three orthonormal rows", frame.tolist(), "the principal axes of the exchange")
    values = np.asarray(principal, dtype=float)[..., None]
    return np.asarray(np.swapaxes(frame, -1, -2) @ (values * frame))


def anisotropic_rates(
    state: MomentState,
    densities: Sequence[float],
    couplings: ArrayLike,
    density_of_states: ArrayLike,
    axis: ArrayLike,
) -> TensorRates:
    """Rates of a solved state; leading shapes of state, couplings, density of states and axis broadcast.

    Args:
        state: from `hanle.materials.weiss.solve`.
        densities: n per sublattice, >= 0.
        couplings: J per sublattice [J m^3], shape (..., sublattices, 3, 3).
        density_of_states: nu per spin [1/(J m^3)], > 0.
        axis: m (..., 3), normalised here.

    Raises:
        InputError: m is no principal axis of one of the couplings, a coupling is no symmetric tensor.
    """
    count = state.S_par.shape[-1]
    n, j, m = np.asarray(densities, dtype=float), np.asarray(couplings, dtype=float), unit(axis)
    if n.shape != (count,) or j.shape[-3:] != (count, 3, 3):
        must = f"{count} numbers and {count} 3x3 tensors, one per sublattice"
        raise InputError("densities and couplings", must, (n.shape, j.shape))
    if not np.all(np.isfinite(n) & (n >= 0)):
        raise InputError("densities", "finite and >= 0", n.tolist(), "usual in a magnet: 1e27 to 1e29 1/m^3")
    nu = np.asarray(density_of_states, dtype=float)
    if not np.all(np.isfinite(nu) & (nu > 0)):
        raise InputError("density_of_states", "finite and > 0", nu.tolist(), "usual: 1e45 to 1e48 1/(J m^3)")
    require_principal(j, m)
    m = m[..., None, :]
    j_z = np.einsum("...a,...ab,...b->...", m, j, m)
    along = outer(m)
    # Across the moments only flips act, so that P J P = J - J_z m m holds their whole coupling.
    across = j - j_z[..., None, None] * along
    unit_rate = strength(n, nu[..., None], 1.0)
    flips = np.sum((0.5 * unit_rate * state.p)[..., None, None] * (across @ across), axis=-3)
    # Saturated moments flip e^{-x} times less often than they dephase: the two are never subtracted.
    dephasing = np.sum((unit_rate * state.q * j_z**2)[..., None, None] * (np.eye(3) - along), axis=-3)
    par = np.trace(flips, axis1=-2, axis2=-1)
    exchange = np.sum(n * j_z * state.S_par, axis=-1)
    gamma = par[..., None, None] * np.eye(3) - flips + dephasing
    shape = gamma.shape[:-2]
    return TensorRates(
        gamma=gamma,
        par=np.broadcast_to(par, shape),
        axis=np.broadcast_to(m[..., 0, :], (*shape, 3)),
        exchange=np.broadcast_to(exchange, shape),
    )


def require_principal(couplings: ArrayLike, axis: ArrayLike, key: str = "axis") -> None:
    """Refuse couplings that are no symmetric tensors and moments that are along none of their principal axes.

    Args:
        couplings: J per sublattice (..., sublattices, 3, 3).
        axis: unit vectors (..., 3): one, a batch, or a texture, each of which must be a principal axis.
        key: where they come from, for the message.
    """
    couplings, m = np.asarray(couplings, dtype=float), np.asarray(axis, dtype=float)
    if not (np.all(np.isfinite(couplings)) and is_symmetric(couplings)):
        raise InputError("couplings", "finite symmetric 3x3 tensors [J m^3]", couplings.tolist())
    for k in range(couplings.shape[-3]):
        j = couplings[..., k, :, :]
        turned = np.einsum("...ab,...b->...a", j, m)
        off = turned - np.einsum("...a,...a->...", turned, m)[..., None] * m
        size = np.linalg.norm(j, axis=(-2, -1))
        excess = np.linalg.norm(off, axis=-1) - ROUNDING * size
        if np.any(excess > 0):
            worst = np.broadcast_to(m, off.shape)[np.unravel_index(int(np.argmax(excess)), excess.shape)]
            must = f"a principal axis of couplings[{k}]"
            hint = (
                "anisotropic exchange is known for moments along its principal axes only, in textures everywhere; "
                "moments without a direction of their own are along B"
            )
            raise InputError(key, must, np.round(worst, 6).tolist(), hint)
