"""Two densities of states, one per spin: what the moments make of charge, and what they flip between.

    d_t N_par = - N_par/T_par - N_0/T_0,    T_par/T_0 = (nu_dn - nu_up)/(nu_up + nu_dn)
    steady:     N_par/N_0 = - T_par/T_0 = (nu_up - nu_dn)/(nu_up + nu_dn)

    N_0, N_par  1/m^3     charge and spin accumulated out of equilibrium, N_up + N_dn and N_up - N_dn
    nu_up/dn    1/(J m^3) densities of states along and against the quantisation axis of the moments
    T_par       s         flips; T_0 [s]: conversion of charge to spin

The steady state only says that both spins share one chemical potential, so that no rate enters. Zhang et al., 2025,
Eqs (60)-(63), with mu_s = (N_0 +- N_par)/(2 nu_s).
"""

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.constants import HBAR
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array


def spin_per_charge(nu_up: ArrayLike, nu_dn: ArrayLike) -> Array:
    """N_par/N_0 in the steady state, between -1 and 1.

    Args:
        nu_up, nu_dn: densities of states [1/(J m^3)], >= 0 and not both zero.
    """
    up, dn = (np.asarray(nu, dtype=float) for nu in (nu_up, nu_dn))
    if not (np.all(up >= 0) and np.all(dn >= 0) and np.all(up + dn > 0)):
        raise InputError("nu_up, nu_dn", ">= 0 and not both zero [1/(J m^3)]", (up.tolist(), dn.tolist()))
    return np.asarray((up - dn) / (up + dn))


def conversion_rate(nu_up: ArrayLike, nu_dn: ArrayLike, flip_rate: ArrayLike) -> Array:
    """1/T_0 [1/s] for flips of rate 1/T_par [1/s]; < 0 where the up spins have the larger density of states."""
    return np.asarray(-spin_per_charge(nu_up, nu_dn) * np.asarray(flip_rate, dtype=float))


def free_electron_density(fermi_energy: ArrayLike, mass: ArrayLike) -> Array:
    """nu per spin [1/(J m^3)] of free electrons, (2 m/hbar^2)^{3/2} E^{1/2}/(4 pi^2).

    Args:
        fermi_energy: E [J], > 0.
        mass: effective mass m [kg], > 0.
    """
    energy, m = np.asarray(fermi_energy, dtype=float), np.asarray(mass, dtype=float)
    if not (np.all(energy > 0) and np.all(m > 0)):
        raise InputError("fermi_energy, mass", "positive [J, kg]", (energy.tolist(), m.tolist()))
    return np.asarray((2 * m / HBAR**2) ** 1.5 * np.sqrt(energy) / (4 * np.pi**2))
