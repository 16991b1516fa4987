"""What the exchange through magnons refuses, and what it warns of.

Refused: a magnon potential that reaches the gap (magnons condense: no steady state of thermal magnons), T <= 0, more
magnons than half the saturation density, coefficients of linear response that would create energy.

Warned of, once a solution is known (`warn_if_doubtful`):
    n/s > 0.1                         the exchange is of first order in the density of magnons
    m.mu_s > gap                      electrons amplify the modes below m.mu_s: magnons are thermal only as long as they
                                      scatter each other fast
    m.mu_s > gap (1 + alpha/alpha')   the lowest mode oscillates by itself, m is not at rest; alpha damping of the
                                      magnet, alpha' = Re g_eff/(4 pi s d_F) what the interface adds
"""

import warnings

import numpy as np
from numpy.typing import ArrayLike

from hanle.boundary.magnons.exchange import MagnonExchange
from hanle.boundary.magnons.integrals import occupations
from hanle.boundary.magnons.linear import require_temperature
from hanle.pde.constants import K_B
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array, unit

#: n/s above which first order in it is doubtful.
DILUTE = 0.1


class CondensationError(InputError):
    """The magnon potential reaches the gap: magnons would condense. Newton's method takes a shorter step instead."""


class MagnonWarning(UserWarning):
    """Magnons are where the theory of their exchange is doubtful."""


def require_state(exchange: MagnonExchange, mu_m: ArrayLike, T_m: ArrayLike, T_e: ArrayLike) -> None:
    """Refuse a magnon potential [J] at the gap or above it, and T <= 0 [K].

    Raises:
        CondensationError: mu_m >= gap.
        InputError: a number that is not finite, T <= 0.
    """
    require_temperature("magnon temperature", T_m)
    require_temperature("electron temperature", T_e)
    mu, gap = np.broadcast_arrays(np.asarray(mu_m, dtype=float), np.asarray(exchange.spectrum.gap, dtype=float))
    if not np.all(np.isfinite(mu)):
        raise InputError("magnon potential", "finite [J]", mu_m)
    if np.any(mu >= gap):
        worst = np.unravel_index(int(np.argmax(mu - gap)), mu.shape)
        must = f"below the gap {gap[worst]:.6g} J"
        cure = "magnons condense there and have no steady state: lower the drive, or raise the gap by a field"
        raise CondensationError("magnon potential", must, f"{mu[worst]:.6g} J", cure)


def warn_if_doubtful(
    exchange: MagnonExchange,
    m: ArrayLike,
    mu_s: ArrayLike,
    mu_m: ArrayLike,
    T_m: ArrayLike,
    damping_ratio: float | None = None,
) -> tuple[str, ...]:
    """The doubts of the module about a state, each with a `MagnonWarning`.

    Args:
        m, mu_s, mu_m, T_m: as in `hanle.boundary.magnons.currents.currents`.
        damping_ratio: alpha/alpha'; without it the last doubt is left out.
    """
    gap = np.asarray(exchange.spectrum.gap, dtype=float)
    along = np.sum(unit(m) * np.asarray(mu_s, dtype=float), axis=-1)
    part = float(np.max(_density(exchange, mu_m, T_m) / np.asarray(exchange.spin_density, dtype=float)))
    doubts = []
    if part > DILUTE:
        doubts.append(
            f"n/s = {part:.3g} magnons per spin, more than {DILUTE:g}: the exchange is of first order in n/s"
        )
    excess, shown = np.max(along - gap), f"m.mu_s = {np.max(along):.4g} J"
    if damping_ratio is not None and np.any(along >= gap * (1 + damping_ratio)):
        doubts.append(f"{shown} is above the threshold of auto-oscillation, gap x {1 + damping_ratio:.4g}: m moves")
    elif excess > 0:
        doubts.append(
            f"{shown} is above the gap: electrons amplify magnons, which are thermal only if they scatter fast"
        )
    for doubt in doubts:
        warnings.warn(doubt, MagnonWarning, stacklevel=2)
    return tuple(doubts)


def _density(exchange: MagnonExchange, mu_m: ArrayLike, T_m: ArrayLike) -> Array:
    shape = np.broadcast_shapes(np.shape(mu_m), np.shape(T_m), exchange.spectrum.shape)
    mu, t = (np.broadcast_to(np.asarray(v, dtype=float), shape).ravel() for v in (mu_m, T_m))
    return np.asarray(occupations(exchange.spectrum.spread(shape), K_B * t, mu)[0, 0].reshape(shape))
