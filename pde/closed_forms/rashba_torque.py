"""Field-like torque of an interface with spin-orbit coupling where electrons are totally reflected.

Per area and field, first order in h_R, free electrons with exchange J > 0 in the magnet, "up" the majority:

    T = T_R m x (n x E)      angular momentum per area and time given to the magnet, n from N to F

    evanescent in N          T_R = h_R e tau_up D (5 E_F + 2 J)/(30 pi^2 hbar),   D = sqrt(2 m J)/hbar
    insulating magnet        T_R = h_R 2 sqrt(2m) e tau_N/(15 pi^2 hbar^2) J E_F^(5/2)/(U^2 - J^2)
    insulating normal side   T_R = h_R sqrt(2m) e/(15 pi^2 hbar^2) [(E_F + J)^(5/2) tau_up/(U + J)
                                                                    - (E_F - J)_+^(5/2) tau_dn/(U - J)]

Source: Kim et al., 2017, Eqs (21), (28), (29), (36). As printed (21) is 2 pi times and (28) to (30) are 4 times too
large; (36) is right.
Validity: no other potential at the interface; half spaces, specular, zero temperature.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.constants import m_e

from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.tensors import Array


def evanescent_normal(
    h_R: ArrayLike, fermi_energy: ArrayLike, exchange: ArrayLike, tau_up: ArrayLike, mass: float = m_e
) -> Array:
    """T_R of majority electrons whose waves in N are evanescent, for equal band bottoms without exchange [J/m^2/(V/m)].

    Args:
        h_R: without unit.
        fermi_energy: E_F above the band bottom of N [J], >= 0.
        exchange: J [J], >= 0.
        tau_up: relaxation time of the majority [s].
        mass: effective mass [kg].
    """
    e_f, j = np.asarray(fermi_energy, dtype=float), np.asarray(exchange, dtype=float)
    decay = np.sqrt(2 * mass * j) / HBAR
    scale = np.asarray(h_R) * np.asarray(tau_up) * E_CHARGE / (30 * np.pi**2 * HBAR)
    return np.asarray(scale * decay * (5 * e_f + 2 * j))


def insulating_magnet(
    h_R: ArrayLike,
    fermi_energy: ArrayLike,
    exchange: ArrayLike,
    barrier: ArrayLike,
    tau_N: ArrayLike,
    mass: float = m_e,
) -> Array:
    """T_R of a magnet with bands at `barrier` -+ `exchange`, both above `fermi_energy`; zero at the bottom of N [J]."""
    e_f, j, u = (np.asarray(v, dtype=float) for v in (fermi_energy, exchange, barrier))
    return np.asarray(2 * np.asarray(tau_N) * _scale(h_R, mass) * j * e_f**2.5 / (u**2 - j**2))


def insulating_magnet_bound(h_R: ArrayLike, barrier: ArrayLike, tau_N: ArrayLike, mass: float = m_e) -> Array:
    """The largest T_R of an insulating magnet of given `barrier` [J], reached at J = U/3, E_F = U - J."""
    scale = 2 * np.sqrt(mass) * E_CHARGE / (45 * np.sqrt(3) * np.pi**2 * HBAR**2)
    return np.asarray(scale * np.asarray(h_R) * np.asarray(tau_N) * np.asarray(barrier, dtype=float) ** 1.5)


def insulating_normal(
    h_R: ArrayLike,
    fermi_energy: ArrayLike,
    exchange: ArrayLike,
    barrier: ArrayLike,
    tau_up: ArrayLike,
    tau_dn: ArrayLike,
    mass: float = m_e,
) -> Array:
    """T_R where N is insulating, its band at `barrier` > `fermi_energy`; zero is halfway between the magnet's bands."""
    e_f, j, u = (np.asarray(v, dtype=float) for v in (fermi_energy, exchange, barrier))
    up = (e_f + j) ** 2.5 * np.asarray(tau_up) / (u + j)
    filled = np.maximum(e_f - j, 0.0) ** 2.5 * np.asarray(tau_dn)
    dn = np.divide(filled, u - j, out=np.zeros_like(filled + u), where=filled > 0)
    return np.asarray(_scale(h_R, mass) * (up - dn))


def _scale(h_R: ArrayLike, mass: float) -> Array:
    return np.asarray(np.asarray(h_R, dtype=float) * np.sqrt(2 * mass) * E_CHARGE / (15 * np.pi**2 * HBAR**2))
