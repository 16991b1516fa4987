"""What a gas of magnons stores, conducts and loses: closed forms for the bulk, at mu = 0.

    n = Int D n_B d eps,  u = Int D E n_B d eps                       per volume, n_B the Bose function of E/(k_B T)
    capacities   d n/d mu,  d n/d T = (1/T) d u/d mu,  d u/d T        what is stored by potential and temperature
    relaxation   (2 alpha/hbar) (d u/d mu, d u/d T, d^2/d T of E^2)   loss to the lattice of a Gilbert damping alpha
    conduction   of a lifetime tau that does not depend on energy, E = gap + A q^2

d n/d mu grows as gap^(-1/2) where the gap is small: nothing but a gap keeps the number of slow magnons finite.
Source: Cornelissen et al., 2016; Bender & Tserkovnyak, 2015 (the brackets of an interface are those of `relaxation`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hanle.boundary.magnons.integrals import occupations
from hanle.boundary.magnons.linear import require_temperature
from hanle.boundary.magnons.spectrum import Parabolic, Spectrum
from hanle.pde.constants import E_CHARGE, HBAR, K_B
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array


@dataclass(frozen=True, eq=False)
class Capacities:
    """What magnons store; (d n/d mu) (d u/d T) > T (d n/d T)^2.

    Attributes:
        number: d n/d mu [1/(J m^3)].
        number_heat: d n/d T [1/(K m^3)].
        heat: d u/d T at a given potential [J/(K m^3)].
    """

    number: Array
    number_heat: Array
    heat: Array


@dataclass(frozen=True, eq=False)
class Relaxation:
    """What magnons lose to the lattice.

    Attributes:
        number: Gamma, number over mu_m [1/(J m^3 s)]; sigma_m/(2 e^2 lambda_m^2) of a record.
        number_exchange: Gamma_nT, number over T_m - T_p [1/(K m^3 s)].
        heat: G_mp [W/(K m^3)].
    """

    number: Array
    number_exchange: Array
    heat: Array


@dataclass(frozen=True, eq=False)
class Conduction:
    """What magnons carry.

    Attributes:
        conductivity: sigma_m [S/m].
        spin_seebeck: zeta [A/(m K)].
        heat: kappa_m [W/(m K)].
    """

    conductivity: Array
    spin_seebeck: Array
    heat: Array


def capacities(spectrum: Spectrum, temperature: ArrayLike) -> Capacities:
    """What is stored at T [K], of the shape of T and the spectrum.

    Raises:
        InputError: T <= 0, or no gap.
    """
    if not np.all(np.asarray(spectrum.gap) > 0):
        must = "positive [J]: the number of magnons over their potential grows as gap^(-1/2)"
        raise InputError("gap", must, float(np.min(spectrum.gap)), "a field along m, or an anisotropy")
    n = _moments(spectrum, temperature)
    return Capacities(n[1, 0], K_B * n[2, 0], K_B * n[2, 1])


def relaxation(spectrum: Spectrum, temperature: ArrayLike, damping: ArrayLike) -> Relaxation:
    """What Gilbert damping alpha >= 0 takes away at T [K]."""
    alpha = np.asarray(damping, dtype=float)
    if not np.all(np.isfinite(alpha) & (alpha >= 0)):
        raise InputError("damping", "0 or positive", damping, "1e-5 to 1e-3 in YIG")
    n, rate = _moments(spectrum, temperature), 2 * alpha / HBAR
    return Relaxation(rate * n[1, 1], rate * K_B * n[2, 1], rate * K_B * n[2, 2])


def conduction(spectrum: Parabolic, temperature: ArrayLike, lifetime: ArrayLike) -> Conduction:
    """What magnons of a lifetime tau > 0 [s] carry at T [K]: kinetic theory."""
    tau = np.asarray(lifetime, dtype=float)
    if not np.all(np.isfinite(tau) & (tau > 0)):
        raise InputError("lifetime", "positive [s]", lifetime, "about 0.1 ps in YIG at 300 K")
    n = _moments(spectrum, temperature)
    # (v^2/3) D = (2/hbar)^2 A eps D/3, and eps d n_B/d E by parts: 3/2 of what is not differentiated.
    strength = 2 * np.asarray(spectrum.stiffness) * tau / HBAR**2
    gap, t = np.asarray(spectrum.gap), np.asarray(temperature, dtype=float)
    eps = n[0, 1] - gap * n[0, 0]
    eps_squared = n[0, 2] - 2 * gap * n[0, 1] + gap**2 * n[0, 0]
    first = 5 / 3 * eps + gap * n[0, 0]
    second = 7 / 3 * eps_squared + 10 / 3 * gap * eps + gap**2 * n[0, 0]
    return Conduction(
        2 * E_CHARGE**2 * strength * n[0, 0], 2 * E_CHARGE * strength * first / t, strength * second / t
    )


def _moments(spectrum: Spectrum, temperature: ArrayLike) -> Array:
    """n_p = Int D E^p n_B for p = 0, 1, 2 and derivatives: (value, by mu, by k_B T), p, ... at mu = 0."""
    require_temperature("temperature", temperature)
    shape = np.broadcast_shapes(np.shape(temperature), spectrum.shape)
    theta = K_B * np.broadcast_to(np.asarray(temperature, dtype=float), shape).ravel()
    found = occupations(spectrum.spread(shape), theta, np.zeros_like(theta))
    return np.asarray(found.reshape(*found.shape[:2], *shape))
