"""Film on an interface whose conductances vary as 1 + eps cos(q . r), q anywhere in the plane, to O(theta^2).

In each eigenchannel the harmonics w_n cos(n q . r) have w_n'(0) = -Y_n w_n(0), Y_n = k_n tanh(k_n d),
k_n^2 = 1/l^2 + (n q)^2 (vacuum on top). Eliminating n >= 1 from w' = s - K0 (1 + eps cos q . r) w at z = 0 gives
w_0' = s - K_eff w_0 with

    K_eff = K0 + (K1^2/2)/(Y_1 - K0 - (K1^2/4)/(Y_2 - K0 - ...)),    K0 = 2 rho G,  K1 = eps K0,

so that a uniform film with G_eff = K_eff/(2 rho) has the same mean response. q -> inf: K_eff = K0; q -> 0: R is
averaged over the phase. Use `resistivity.leading_correction`: beyond O(theta^2) the modulation also drives a
potential along q, which is not included.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.closed_forms.channels import ComplexArray
from hanle.pde.closed_forms.film import Film, Mixing
from hanle.pde.errors import InputError, SolveError

_FIRST_LEVELS, _MOST_LEVELS = 16, 65536
#: Two depths of the continued fraction must agree to this relative size.
_FRACTION_TOLERANCE = 1e-15


def modulated_film(film: Film, eps: ArrayLike, period: ArrayLike) -> Film:
    """The uniform film with the mean response of `film` under a modulated bottom interface.

    Args:
        film: unmodulated film, vacuum on top.
        eps: amplitude of the modulation, |eps| <= 1 (beyond, the interface would be active in places).
        period: 2 pi/q [m].
    """
    if np.any(film.top.par != 0.0) or np.any(film.top.perp != 0.0):
        raise InputError("film.top", "vacuum", film.top, "this formula modulates the only interface")
    if np.any(np.abs(np.asarray(eps)) > 1.0):
        raise InputError("eps", "between -1 and 1", eps)
    par = modulated_conductance(film.bottom.par, eps, period, film.lam, film.d, film.rho).real
    perp = modulated_conductance(film.bottom.perp, eps, period, film.Lam, film.d, film.rho)
    return replace(film, bottom=Mixing(s=par, r=par - perp.real, i=-perp.imag))


def modulated_conductance(
    G: ArrayLike, eps: ArrayLike, period: ArrayLike, l: ArrayLike, d: ArrayLike, rho: ArrayLike
) -> ComplexArray:
    """G_eff [S/m^2] of one channel; arguments as `film.film_response` and `modulated_film`."""
    unit = 2.0 * np.asarray(rho, dtype=float)
    k_0 = unit * np.asarray(G, dtype=complex)
    k_1 = np.asarray(eps) * k_0
    levels, last = _FIRST_LEVELS, _fraction(k_0, k_1, l, d, period, _FIRST_LEVELS)
    while levels < _MOST_LEVELS:
        levels *= 2
        value = _fraction(k_0, k_1, l, d, period, levels)
        if np.all(np.abs(value - last) <= _FRACTION_TOLERANCE * np.abs(value)):
            return np.asarray(value / unit)
        last = value
    raise SolveError(
        f"the continued fraction of the modulated interface has not converged after {levels} harmonics; "
        "the period is too long for a strong interface: average film_response over the phase instead"
    )


def _fraction(
    k_0: ComplexArray, k_1: ComplexArray, l: ArrayLike, d: ArrayLike, period: ArrayLike, levels: int
) -> ComplexArray:
    """K_eff with `levels` harmonics."""
    inverse = 1.0 / np.asarray(l, dtype=complex) ** 2
    wave = 2 * np.pi / np.asarray(period, dtype=float)
    tail: ComplexArray = np.zeros_like(k_0)
    for n in range(levels, 0, -1):
        k_n = np.sqrt(inverse + (n * wave) ** 2)
        numerator = k_1**2 / (2.0 if n == 1 else 4.0)
        tail = numerator / (k_n * np.tanh(k_n * np.asarray(d)) - k_0 - tail)
    return np.asarray(k_0 + tail)
