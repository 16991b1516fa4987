"""Lateral spin transport in a uniform channel of cross-section A: non-local valves, Hanle curves, helix.

A contact with spin polarisation P1 along the unit vector p1 feeds the current I; the spin current P1 I enters the
channel. A second one at the distance L reads V = P2 p2 . w. Each eigenchannel of the field axis n has a transfer
function f(l) [Ohm] from injected spin current to w, l = lambda along n and the complex Lambda across it, so that

    V/I = P1 P2 p2 . T[f] p1        (the difference of parallel and antiparallel states is twice this).

V/I > 0 for parallel p1, p2 at zero field. Validity: channel thin and narrow against lambda, point-like contacts,
theta = 0 in the channel. g = A/(rho l) [S] is the spin conductance of one channel arm.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import kv

from hanle.pde.closed_forms.channels import ComplexArray, channel_tensor
from hanle.pde.closed_forms.film import Mixing
from hanle.pde.tensors import Array


def valve_resistance(
    f_par: ArrayLike, f_perp: ArrayLike, n: ArrayLike, contact_1: ArrayLike, contact_2: ArrayLike
) -> Array:
    """V/I [Ohm] for any field direction.

    Args:
        f_par, f_perp: a transfer function below at lambda and at Lambda [Ohm].
        n: unit axis of the field (..., 3).
        contact_1, contact_2: P1 p1 and P2 p2, vectors of length |P| <= 1 (..., 3).
    """
    transfer = channel_tensor(f_par, f_perp, n)
    return np.asarray(np.einsum("...a,...ab,...b->...", np.asarray(contact_2), transfer, np.asarray(contact_1)))


def open_transfer(l: ArrayLike, distance: ArrayLike, rho: ArrayLike, area: ArrayLike) -> ComplexArray:
    """Infinite channel, tunnel contacts: f = (rho l/2A) e^{-L/l}.

    Args:
        l: decay length of the eigenchannel [m], Re l > 0.
        distance: L between the contacts [m].
        rho: channel resistivity [Ohm m].
        area: cross-section A [m^2].
    """
    length = np.asarray(l, dtype=complex)
    return np.asarray(np.asarray(rho) * length / (2.0 * np.asarray(area)) * np.exp(-np.asarray(distance) / length))


def absorbing_transfer(
    l: ArrayLike, distance: ArrayLike, rho: ArrayLike, area: ArrayLike, g_1: ArrayLike, g_2: ArrayLike
) -> ComplexArray:
    """Infinite channel whose contacts absorb spin: f = g/{[2g^2 + g(g1+g2)] e^{L/l} + g1 g2 sinh(L/l)}.

    Equals Takahashi and Maekawa, 2003, for real g_i. Arguments as `open_transfer`, and
        g_1, g_2: spin conductances of the contacts for this eigenchannel [S]; see `insulator_contact`.
    """
    length = np.asarray(l, dtype=complex)
    g = np.asarray(area) / (np.asarray(rho) * length)
    one, two = np.asarray(g_1, dtype=complex), np.asarray(g_2, dtype=complex)
    reach = np.asarray(distance) / length
    below = 2 * g**2 + g * (one + two) - one * two * np.expm1(-2 * reach) / 2
    return np.asarray(g * np.exp(-reach) / below)


def closed_transfer(
    l: ArrayLike, distance: ArrayLike, rho: ArrayLike, area: ArrayLike, left: ArrayLike, right: ArrayLike
) -> ComplexArray:
    """Closed channel, tunnel contacts: f = (rho l/A) cosh(a/l) cosh(b/l)/sinh((a+b+L)/l).

    Arguments as `open_transfer`, and
        left, right: lengths a, b of the channel beyond the contacts [m]; long ones give the open channel.
    """
    length = np.asarray(l, dtype=complex)
    inverse, span = 1.0 / length, np.asarray(distance, dtype=float)
    a, b = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
    ends = (1 + np.exp(-2 * a * inverse)) * (1 + np.exp(-2 * b * inverse))
    below = -2 * np.expm1(-2 * (a + b + span) * inverse)
    return np.asarray(np.asarray(rho) * length / np.asarray(area) * np.exp(-span * inverse) * ends / below)


def insulator_contact(mixing: Mixing, area: ArrayLike) -> tuple[Array, ComplexArray]:
    """(g_par, g_perp) [S] of a magnetic insulator on `area` A_c [m^2]: 2 A_c |Gs|, 2 A_c (Gr - Gs + i Gi)."""
    twice = 2.0 * np.asarray(area, dtype=float)
    return np.asarray(-twice * mixing.par), np.asarray(-twice * mixing.perp)


def supported_lengths(
    lam: ArrayLike, Lam: ArrayLike, rho: ArrayLike, thickness: ArrayLike, mixing: Mixing
) -> tuple[Array, ComplexArray]:
    """(l_par, Lambda) [m] of a channel on a magnetic insulator, moments along the field; error O(thickness/lam).

    1/l_par^2 = 1/lam^2 + 2 rho |Gs|/t,  1/Lambda^2 = 1/Lam^2 + 2 rho (Gr - Gs + i Gi)/t: Gi acts as the extra
    angular velocity Gi/(e^2 nu t).

    Args:
        lam, Lam: lengths of the bare channel [m].
        rho, thickness: resistivity [Ohm m] and thickness t << lam [m].
        mixing: conductances of the face.
    """
    load = 2.0 * np.asarray(rho, dtype=float) / np.asarray(thickness, dtype=float)
    par = 1.0 / np.sqrt(1.0 / np.asarray(lam, dtype=float) ** 2 - load * mixing.par)
    perp = 1.0 / np.sqrt(1.0 / np.asarray(Lam, dtype=complex) ** 2 - load * mixing.perp)
    return np.asarray(par), np.asarray(perp)


def helix(x: ArrayLike, lam: ArrayLike, Lam: ArrayLike, n: ArrayLike, start: ArrayLike) -> Array:
    """w(x) = T[e^{-x/l}] w(0) [V], shape (..., 3): precessing decay along a half-infinite channel.

    Args:
        x: distance from the start, x >= 0 [m], shape (...).
        lam, Lam: channel lengths [m].
        n: unit axis of the field (..., 3).
        start: w(0) (..., 3) [V].
    """
    along = np.asarray(x, dtype=float)
    decay = [np.exp(-along / np.asarray(l, dtype=complex)) for l in (lam, Lam)]
    return np.asarray((channel_tensor(decay[0], decay[1], n) @ np.asarray(start, dtype=float)[..., None])[..., 0])


def helix_zero(Lam: ArrayLike, order: ArrayLike) -> Array:
    """Distance x [m] of the zero number `order` = 0, 1, ... of Re e^{-x/Lam}: x |Im 1/Lam| = pi/2 + order pi."""
    turn = np.abs(np.imag(1.0 / np.asarray(Lam, dtype=complex)))
    return np.asarray(np.pi * (0.5 + np.asarray(order)) / turn)


def sheet_injection(r: ArrayLike, l: ArrayLike, rho: ArrayLike, thickness: ArrayLike) -> ComplexArray:
    """w per injected spin current [Ohm] at the distance r from a point in an infinite sheet: rho K0(r/l)/(2 pi t).

    Args: `r` [m], `l` decay length [m], `rho` [Ohm m], `thickness` t << |l| [m].
    """
    bessel = kv(0, np.asarray(r) / np.asarray(l, dtype=complex))
    return np.asarray(np.asarray(rho) * bessel / (2 * np.pi * np.asarray(thickness)))


def bulk_injection(r: ArrayLike, l: ArrayLike, rho: ArrayLike) -> ComplexArray:
    """w per injected spin current [Ohm] at the distance r [m] from a point in the bulk: rho e^{-r/l}/(4 pi r)."""
    distance = np.asarray(r, dtype=float)
    return np.asarray(np.asarray(rho) * np.exp(-distance / np.asarray(l, dtype=complex)) / (4 * np.pi * distance))
