"""Coefficients for drift diffusion from those of scattering theory, whose conductances contain Sharvin resistances.

Where potentials are averages over all electrons, not those of the incoming ones, with Sharvin conductances g_N (per
spin) and g_N,s of F:

    across m    z   = 1 - g_mix/(2 g_N),                 g_mix, a + i b   divided by z
    along m     z_s = 1 - g_s (1/g_N + 1/g_N,s)/2,       g_s, (delta -+ gamma)/2   divided by z_s (up -, dn +)

b_lat does not change. Flips are kept as they are: they are of second order already. Of a contact without much barrier
g_mix is about g_N, z about 1/2, and the spin current driven into the magnet about doubles. The correction is applied
where this function is called, nowhere else.
Source: Schep et al., 1997; Bauer et al., 2003; for the drives the same elimination of the outgoing electrons.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from hanle.boundary.scattering.coefficients import Drive, RashbaCoefficients
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array

#: Smallest z: an interface without resistance has none in drift diffusion either.
LEAST = 1e-9


def without_sharvin(
    bare: RashbaCoefficients, sharvin_normal: ArrayLike, sharvin_up: ArrayLike, sharvin_dn: ArrayLike
) -> RashbaCoefficients:
    """The corrected coefficients.

    Args:
        bare: of scattering theory.
        sharvin_normal, sharvin_up, sharvin_dn: Sharvin conductances per spin [S/m^2], from
            `hanle.boundary.scattering.landauer.sharvin`; 0 for an empty band, whose conductance must be 0.

    Raises:
        InputError: conductances that no interface between such metals has, or an interface without resistance.
    """
    normal = np.asarray(sharvin_normal, dtype=float)
    if not np.all(normal > 0):
        must = "positive [S/m^2]"
        raise InputError(
            "sharvin_normal", must, sharvin_normal, "an insulating normal side has no conductances to correct"
        )
    mixing = np.asarray(bare.g_mix, dtype=complex)
    z = 1 - mixing / (2 * normal)
    if np.any(np.abs(mixing - normal) > normal * (1 + LEAST)):
        raise InputError("g_mix", "within |g_mix - g_Sharvin| <= g_Sharvin", bare.g_mix, "bare conductances are")
    if np.any(np.abs(z) < LEAST):
        raise InputError(
            "g_mix", "different from 2 g_Sharvin [S/m^2]", bare.g_mix, "drift diffusion cannot hold it"
        )
    z_up = _longitudinal("up", bare.g_up, normal, np.asarray(sharvin_up, dtype=float))
    z_dn = _longitudinal("dn", bare.g_dn, normal, np.asarray(sharvin_dn, dtype=float))
    return replace(
        bare,
        N=_corrected(bare.N, z, z_up, z_dn),
        up=_corrected(bare.up, z, z_up, z_dn),
        dn=_corrected(bare.dn, z, z_up, z_dn),
        g_up=np.asarray(bare.g_up) / z_up,
        g_dn=np.asarray(bare.g_dn) / z_dn,
        g_mix=mixing / z,
    )


def _longitudinal(spin: str, bare: ArrayLike, normal: Array, own: Array) -> Array:
    g = np.asarray(bare, dtype=float)
    if np.any(g > np.minimum(normal, own) * (1 + LEAST)):
        raise InputError(f"g_{spin}", "at most the Sharvin conductance of either side", bare)
    resistance = 1 / normal + np.divide(1.0, own, out=np.zeros_like(own), where=own > 0)
    z = 1 - g * resistance / 2
    if np.any(z < LEAST):
        hint = "an interface without resistance is transparent to drift diffusion"
        raise InputError(f"g_{spin}", "below the harmonic mean of both Sharvin conductances", bare, hint)
    return np.asarray(z)


def _corrected(given: Drive, z: Array, z_up: Array, z_dn: Array) -> Drive:
    across = (np.asarray(given.a) + 1j * np.asarray(given.b)) / z
    gamma, delta = np.asarray(given.gamma, dtype=float), np.asarray(given.delta, dtype=float)
    up, dn = (delta - gamma) / 2 / z_up, (delta + gamma) / 2 / z_dn
    return Drive(across.real, across.imag, given.b_lat, dn - up, up + dn)
