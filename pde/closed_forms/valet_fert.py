"""Collinear stacks with the current perpendicular to the layers: Valet and Fert's series of resistors.

    j = (u' + P w')/rho,    J = (w' + P u')/rho,    J' = w/(r l),    r = rho/(1 - P^2) per length, w'' = w/l^2

    u, w   V          minus the potential, half the spin accumulation along the common axis (up)
    j, J   A/m^2      charge current, the same everywhere, and spin current j_up - j_dn
    P      1          (sigma_up - sigma_dn)/sigma; changes sign with the magnetisation; 0 in a normal metal
    l      m          spin diffusion length of the layer

A layer of thickness d is an element (resistance r d, polarisation P, reach x = d/l). An interface is an element too:
resistance AR* = r_b, asymmetry gamma, spin memory loss delta; G_up/dn = 1/[2 r_b (1 -+ gamma)]. With R* = r d or r_b,

    J_left  = P j + x/(R* sinh x) [w_right - w_left cosh x]
    J_right = P j + x/(R* sinh x) [w_right cosh x - w_left]
    u_right - u_left = R* (1 - P^2) j - P (w_right - w_left)

so that the spin accumulations at the joints solve a chain of linear equations; the last line gives the resistance.
Valet and Fert, 1993; their rho* is r here, of layers and interfaces alike. Resistances are for unit area [Ohm m^2].
Validity: collinear magnetisations, layers thicker than the mean free path, no spin Hall effect.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.errors import InputError
from hanle.pde.tensors import Array


@dataclass(frozen=True)
class Element:
    """One resistor of the stack; every entry may be an array, those of one stack broadcast.

    Attributes:
        resistance: R* [Ohm m^2], > 0.
        polarisation: P or gamma along the common axis, |P| < 1.
        reach: thickness over spin diffusion length, or delta of an interface; >= 0.
    """

    resistance: ArrayLike
    polarisation: ArrayLike = 0.0
    reach: ArrayLike = 0.0

    def __post_init__(self) -> None:
        if not np.all(np.asarray(self.resistance) > 0):
            hint = "leave a transparent interface out"
            raise InputError("resistance", "positive [Ohm m^2]", self.resistance, hint)
        if not np.all(np.abs(self.polarisation) < 1):
            raise InputError("polarisation", "below 1 in size", self.polarisation, "the second law")
        if not np.all(np.asarray(self.reach) >= 0):
            raise InputError("reach", ">= 0", self.reach, "delta < 0 would create spin")

    @property
    def reversed(self) -> "Element":
        """With the magnetisation turned over."""
        return replace(self, polarisation=-np.asarray(self.polarisation, dtype=float))

    @property
    def ohmic(self) -> Array:
        """Resistance without spin accumulation, R* (1 - P^2) [Ohm m^2]."""
        return np.asarray(np.asarray(self.resistance) * (1 - np.asarray(self.polarisation) ** 2))

    @property
    def own(self) -> Array:
        """x/(R* tanh x): spin current that w at one end drives into the element, the other end held [S/m^2]."""
        x = np.asarray(self.reach, dtype=float)
        safe = np.where(x > 0, x, 1.0)
        return np.asarray(np.where(x > 0, safe / np.tanh(safe), 1.0) / np.asarray(self.resistance))

    @property
    def through(self) -> Array:
        """x/(R* sinh x): what reaches the other end [S/m^2]."""
        x = np.asarray(self.reach, dtype=float)
        safe = np.where(x > 0, x, 1.0)
        decay = 2 * safe * np.exp(-safe) / -np.expm1(-2 * safe)
        return np.asarray(np.where(x > 0, decay, 1.0) / np.asarray(self.resistance))


@dataclass(frozen=True)
class Lead:
    """A half-infinite end of a stack: spin resistance r l [Ohm m^2] (0: a spin sink) and polarisation."""

    spin_resistance: ArrayLike = 0.0
    polarisation: ArrayLike = 0.0


def layer(rho: ArrayLike, thickness: ArrayLike, length: ArrayLike, polarisation: ArrayLike = 0.0) -> Element:
    """A layer of a metal.

    Args:
        rho: resistivity [Ohm m] of both spins in parallel.
        thickness, length: d and l [m].
        polarisation: P along the common axis.
    """
    d, p = np.asarray(thickness, dtype=float), np.asarray(polarisation, dtype=float)
    return Element(np.asarray(rho) * d / (1 - p**2), p, d / np.asarray(length, dtype=float))


def half_infinite(rho: ArrayLike, length: ArrayLike, polarisation: ArrayLike = 0.0) -> Lead:
    """A lead of a metal; arguments as `layer`."""
    p = np.asarray(polarisation, dtype=float)
    return Lead(np.asarray(rho) * np.asarray(length) / (1 - p**2), p)


def two_channel_resistance(elements: Sequence[Element]) -> Array:
    """Resistance without spin relaxation [Ohm m^2]: up and down channels in parallel (all layers << l)."""
    up, dn = (
        sum(2 * np.asarray(e.resistance) * (1 - s * np.asarray(e.polarisation)) for e in elements) for s in (1, -1)
    )
    return np.asarray(up * dn / (up + dn))


def periodic_resistance(elements: Sequence[Element]) -> Array:
    """Resistance of one magnetic period of an infinite multilayer [Ohm m^2].

    Args:
        elements: one magnetic period in order; antiparallel layers need both orientations in it.
    """
    return _resistance(elements, None, None)


def stack_resistance(elements: Sequence[Element], left: Lead, right: Lead) -> Array:
    """Resistance of a stack between two half-infinite leads [Ohm m^2].

    What the spin accumulation drops inside magnetic leads is included, their ohmic resistance is not.
    """
    return _resistance(elements, left, right)


def gmr_ratio(parallel: ArrayLike, antiparallel: ArrayLike) -> Array:
    """(R_AP - R_P)/R_P."""
    return np.asarray(np.asarray(antiparallel) / np.asarray(parallel) - 1)


def spin_accumulation(elements: Sequence[Element], left: Lead | None = None, right: Lead | None = None) -> Array:
    """w/j at the joints [Ohm m^2], shape (..., joints): left end, between elements, right end.

    Without leads the stack is periodic and the last joint is the first one, given once.
    """
    stack = [np.broadcast_arrays(e.own, e.through, np.asarray(e.polarisation, dtype=float)) for e in elements]
    periodic = left is None or right is None
    if periodic and not np.all(sum(np.asarray(e.reach, dtype=float) for e in elements) > 0):
        raise InputError("elements", "such that spin relaxes somewhere", 0.0, "use two_channel_resistance")
    joints = len(elements) + (0 if periodic else 1)
    shape = np.broadcast_shapes(*(own.shape for own, _, _ in stack), *(np.shape(e) for e in _ends(left, right)))
    coupling, diagonal = np.zeros((*shape, joints, joints)), np.zeros((*shape, joints))
    source = np.zeros((*shape, joints))
    for k, (own, through, p) in enumerate(stack):
        a, b = k, (k + 1) % joints
        # Rows: J at the start of the next element minus J at the end of the last one is zero.
        for here, there, sign in ((a, b, 1), (b, a, -1)):
            diagonal[..., here] += own
            coupling[..., here, there] -= through
            source[..., here] += sign * p
    scale = 1 / np.sqrt(diagonal)
    if left is not None and right is not None:
        for end, lead, sign in ((0, left, -1), (-1, right, 1)):
            # In a lead J = P j +- w/(r l); a sink, r l = 0, holds w = 0.
            r = np.asarray(lead.spin_resistance, dtype=float)
            scale[..., end] = np.sqrt(r / (1 + r * diagonal[..., end]))
            source[..., end] += sign * np.asarray(lead.polarisation)
    # With a unit diagonal on both sides no pivot is exchanged: exchanges would integrate the growing solution.
    matrix = np.eye(joints) + scale[..., :, None] * coupling * scale[..., None, :]
    return np.asarray(scale * np.linalg.solve(matrix, (scale * source)[..., None])[..., 0])


def _resistance(elements: Sequence[Element], left: Lead | None, right: Lead | None) -> Array:
    w = spin_accumulation(elements, left, right)
    joints = w.shape[-1]
    total = sum((e.ohmic for e in elements), start=np.zeros(()))
    for k, element in enumerate(elements):
        total = total - np.asarray(element.polarisation) * (w[..., (k + 1) % joints] - w[..., k])
    if left is not None and right is not None:
        # In a lead u' = rho j - P w' and w falls to zero.
        total = total - np.asarray(left.polarisation) * w[..., 0] + np.asarray(right.polarisation) * w[..., -1]
    return np.asarray(total)


def _ends(left: Lead | None, right: Lead | None) -> list[ArrayLike]:
    return [
        value for lead in (left, right) if lead is not None for value in (lead.spin_resistance, lead.polarisation)
    ]


def bilayer_period(magnet: Element, metal: Element, interface: Element, antiparallel: bool) -> Array:
    """Resistance of magnet and metal, half a magnetic period, of the infinite multilayer (F|N) [Ohm m^2].

    With y = (x/R*) coth(x/2) of the magnet, the same of the metal (tanh where the layers are antiparallel) and t = J/j
    at the interfaces, Valet and Fert, 1993, in closed form:

        R = R_F (1 - beta^2) + R_N + 2 r_b (1 - gamma^2) + 2 beta (beta - t)/y_F + 2 r_b gamma (gamma - t)
        t = (beta/y_F + gamma r_b)/(1/y_F + r_b + 1/y_N)

    Args:
        magnet, metal: layers.
        interface: both interfaces, asymmetry gamma with the sign of beta for the same majority; no memory loss.
        antiparallel: neighbouring magnets are antiparallel.
    """
    if np.any(np.asarray(interface.reach) != 0):
        raise InputError("interface.reach", "0", interface.reach, "use periodic_resistance with memory loss")
    beta, gamma = np.asarray(magnet.polarisation, dtype=float), np.asarray(interface.polarisation, dtype=float)
    x, z = np.asarray(magnet.reach, dtype=float) / 2, np.asarray(metal.reach, dtype=float) / 2
    slope = np.tanh(z) if antiparallel else 1 / np.tanh(z)
    own = np.asarray(magnet.resistance) / (2 * x) * np.tanh(x)
    other = np.asarray(metal.resistance) / (2 * z) / slope
    r_b = np.asarray(interface.resistance, dtype=float)
    t = (beta * own + gamma * r_b) / (own + r_b + other)
    extra = 2 * (own * beta * (beta - t) + r_b * gamma * (gamma - t))
    return np.asarray(magnet.ohmic + metal.ohmic + 2 * interface.ohmic + extra)
