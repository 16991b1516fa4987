"""Sharvin resistances: from conductances of scattering theory to those of drift diffusion.

Potentials of drift diffusion are averages over all electrons, not those of the incoming ones. With Sharvin conductances
g_N (per spin) of the normal metal and g_F,s of the ferromagnet, bare conductances are divided by

    z_s = 1 - g_s (1/g_N + 1/g_F,s)/2         along m, per spin
    z   = 1 - g_mix/(2 g_N)                   across m, complex

Source: Schep et al., 1997; Bauer et al., 2003.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hanle.pde.errors import InputError
from hanle.pde.tensors import Array

#: Part by which conductances may miss a microscopic bound, and smallest size of a factor.
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Bare:
    """Conductances of scattering theory [S/m^2] and the names a caller gives them in errors."""

    up: ArrayLike
    dn: ArrayLike
    mix: NDArray[np.complexfloating] | complex
    names: tuple[str, str, str] = ("g_up", "g_dn", "g_mix")


def sharvin_factors(
    bare: Bare, normal: ArrayLike, up: ArrayLike, dn: ArrayLike
) -> tuple[Array, Array, NDArray[np.complex128]]:
    """z_up, z_dn, z.

    Args:
        normal: Sharvin conductance of N per spin [S/m^2], > 0.
        up, dn: Sharvin conductances of majority and minority of F [S/m^2]; 0 for an empty band, which conducts nothing.

    Raises:
        InputError: numbers that no scattering matrix has: g_s above a Sharvin conductance, or
            |g_mix - g_N|^2 > (g_N - g_up)(g_N - g_dn), Schwarz's inequality for the reflection matrices, which also
            says Re g_mix >= (g_up + g_dn)/2; an interface without resistance.
    """
    g_n = np.asarray(normal, dtype=float)
    if not np.all(g_n > 0):
        must, cure = "positive [S/m^2]", "an insulating normal side has no conductances to correct"
        raise InputError("sharvin_normal", must, float(g_n.min()), cure)
    found, reflected = [], []
    for key, given, own in zip(bare.names, (bare.up, bare.dn), (up, dn), strict=False):
        g, g_f = np.asarray(given, dtype=float), np.asarray(own, dtype=float)
        found.append(_longitudinal(key, g, g_n, g_f))
        reflected.append(np.clip(1 - g / g_n, 0, None))
    mix = np.asarray(bare.mix, dtype=complex)
    excess = np.abs(mix / g_n - 1) ** 2 - reflected[0] * reflected[1]
    if np.any(excess > ROUNDING):
        must = "within |g_mix - g_N|^2 <= (g_N - g_up)(g_N - g_dn), g_N Sharvin's, for bare conductances"
        raise InputError(bare.names[2], must, _worst(mix, excess))
    z = 1 - mix / (2 * g_n)
    if np.any(np.abs(z) <= ROUNDING):
        raise InputError(bare.names[2], "below twice the Sharvin conductance of N", _worst(mix, -np.abs(z)))
    return found[0], found[1], np.asarray(z)


def _longitudinal(key: str, g: Array, g_n: Array, g_f: Array) -> Array:
    if not np.all(g_f >= 0):
        raise InputError(f"sharvin of {key}", "0 or positive [S/m^2]", float(g_f.min()))
    largest = np.minimum(g_n, g_f)
    if np.any(g > largest * (1 + ROUNDING)):
        must = "at most the Sharvin conductance of either side for bare conductances"
        raise InputError(key, must, _worst(g, g - largest))
    own = np.divide(1.0, g_f, out=np.zeros_like(g_f), where=g_f > 0)
    z = 1 - g * (1 / g_n + own) / 2
    if np.any(z <= ROUNDING):
        must = "below the harmonic mean of both Sharvin conductances"
        raise InputError(key, must, _worst(g, -z), "this interface has no resistance: use `transparent`")
    return np.asarray(z)


def _worst(values: NDArray[np.generic], excess: Array) -> str:
    """The entry that misses a bound most."""
    values, excess = np.broadcast_arrays(values, excess)
    return f"{values.flat[int(excess.argmax())]:.6g} S/m^2"
