"""Coefficients for drift diffusion from those of scattering theory, whose conductances contain Sharvin resistances.

With the factors of `hanle.boundary.sharvin`,

    across m    g_mix, a + i b              divided by z
    along m     g_s, (delta -+ gamma)/2     divided by z_s (up -, dn +)

b_lat does not change. Flips are kept as they are: they are of second order already. Of a contact without much barrier
g_mix is about g_N, z about 1/2, and the spin current driven into the magnet about doubles. The correction is applied
where this function is called, nowhere else.
Source: Schep et al., 1997; Bauer et al., 2003; for the drives the same elimination of the outgoing electrons.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hanle.boundary.scattering.coefficients import Drive, RashbaCoefficients
from hanle.boundary.sharvin import Bare, sharvin_factors
from hanle.pde.tensors import Array


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
    mixing = np.asarray(bare.g_mix, dtype=complex)
    given = Bare(bare.g_up, bare.g_dn, mixing)
    z_up, z_dn, z = sharvin_factors(given, sharvin_normal, sharvin_up, sharvin_dn)
    return replace(
        bare,
        N=_corrected(bare.N, z, z_up, z_dn),
        up=_corrected(bare.up, z, z_up, z_dn),
        dn=_corrected(bare.dn, z, z_up, z_dn),
        g_up=np.asarray(bare.g_up) / z_up,
        g_dn=np.asarray(bare.g_dn) / z_dn,
        g_mix=mixing / z,
    )


def _corrected(given: Drive, z: NDArray[np.complexfloating], z_up: Array, z_dn: Array) -> Drive:
    across = (np.asarray(given.a) + 1j * np.asarray(given.b)) / z
    gamma, delta = np.asarray(given.gamma, dtype=float), np.asarray(given.delta, dtype=float)
    up, dn = (delta - gamma) / 2 / z_up, (delta + gamma) / 2 / z_dn
    return Drive(across.real, across.imag, given.b_lat, dn - up, up + dn)
