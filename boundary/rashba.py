"""Metal against ferromagnet with spin-orbit coupling at the interface: torque from an in-plane current, and back.

With n from the normal metal N to the ferromagnet F, w_F = m.w in F, w_perp the part of w_N across m and the drives

    Y_N = n x grad_t u_N,   Y_up = n x grad_t (u_F - w_F),   Y_dn = n x grad_t (u_F + w_F)     [V/m], p = N, up, dn

the fluxes along n, the same on both sides but for the transverse spin, which F returns none of, are

    j       =  G D u - (G_up - G_dn) D w + sum_p delta_p m.Y_p
    J_par   = -(G_up - G_dn) D u + G D w + sum_p gamma_p m.Y_p                D x = x_F - x_N, w_N -> m.w_N
    J_N     =  m J_par - 2 Re G_mix w_perp - 2 Im G_mix m x w_N + sum_p [a_p (Y_p)_perp + b_p m x Y_p],   J_F = m J_par
    torque  = -(hbar/2e) [(J_N)_perp + sum_p b_lat_p m x Y_p]   to the magnet, the b_lat part from the lattice [J/m^2]

Onsager's partners are sheet currents [A/m] along the face, K_p = V_p x n with

    V_p     =  a_p w_perp + b_p m x w_N - m [gamma_p D w + delta_p D u]

K_N in N, K_up + K_dn in F, where m (K_dn - K_up) carries spin: n.j of the metal is j + div K_N, and so on. Flips of
second order in the coupling add, with f = (1 + (m.n)^2)/2 and mu_s = u -+ m.w at the side and spin s,

    G_NN, G_FF            4 f G m.w of either side lost to the lattice
    N_up-F_dn, N_dn-F_up  currents f G (mu_F - mu_N) that change their spin on the way

a and gamma are reactive, b and delta correct the dissipation of the metals beside them: no sign of theirs is wrong by
itself. The sheet currents neglect their own spin polarisation in N. Valid where both layers are thicker than the mean
free path and F than its dephasing length.
The coefficients come from `hanle.boundary.scattering` or are given. Source: Kim et al., 2017, corrected.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from hanle.boundary.circuit import MEMORY_LOSS, Circuit, normal_ferromagnet
from hanle.boundary.scattering.coefficients import Drive, RashbaCoefficients
from hanle.pde.coefficients import Coefficient, Deposit, FaceLaw, as_weight, direction, whole_matrix
from hanle.pde.coupling import without_side
from hanle.pde.effects import INTERFACIAL
from hanle.pde.fields import CHARGE_AND_SPIN
from hanle.pde.tensors import Array, cross_matrix, outer

#: What the lattice hands to the magnet by the coupling, negative: receiver of the spin.
LATTICE = "lattice:spin-orbit"

_U = CHARGE_AND_SPIN.slice("u").start
_W = CHARGE_AND_SPIN.slice("w")
_N = CHARGE_AND_SPIN.size
_W_F = slice(_N + _W.start, _N + _W.stop)


def rashba_interface(
    magnet: str, given: RashbaCoefficients, magnetisation: ArrayLike, normal: ArrayLike, insulating: str = ""
) -> FaceLaw:
    """The law between a normal metal (role "normal") and a ferromagnet (role "ferromagnet").

    Args:
        magnet: name of the ferromagnet, for the deposits.
        given: coefficients, each a number, per facet (facets,), or a batch (batch, 1).
        magnetisation: m, (..., 3) with the same leading axes; normalised here.
        normal: n from the normal metal to the ferromagnet, (3,) or (facets, 3).
        insulating: role of the side without unknowns, if one is an insulator.

    Deposits [A/m^2, spin in charge units], rows x, y, z: `torque:<magnet>`, all that the magnet takes;
    `lattice:spin-orbit`, minus what of it comes from the lattice; `lattice:interface`, longitudinal spin lost in flips.

    Raises:
        InputError: the second law is broken, or coefficients that reach an insulating side.
    """
    m, n = direction("magnetisation", magnetisation), direction("normal", normal)
    share = np.einsum("...a,...a->...", m, n) ** 2
    law = normal_ferromagnet(magnet, Circuit(*_kept(given, share), given.g_mix), m)
    flips, lost = _flips(given, m, (1 + share) / 2)
    torque, lattice = _handed(given, m, n)
    first = law.deposits
    whole = replace(
        law,
        G=(*law.G, *whole_matrix(flips)),
        Q=_along(_gained(given, m, n)),
        Qt=_along(_returned(given, m, n)),
        deposits={
            f"torque:{magnet}": replace(first[f"torque:{magnet}"], gradients=_along(torque)),
            LATTICE: Deposit(gradients=_along(lattice)),
            MEMORY_LOSS: Deposit((*first[MEMORY_LOSS].values, *whole_matrix(lost))),
        },
    )
    return without_side(whole, insulating) if insulating else whole


def _kept(given: RashbaCoefficients, share: Array) -> tuple[Array, Array]:
    """g_up and g_dn of electrons that keep their spin; `share` = (m.n)^2."""
    loss = given.loss
    changes = (loss.g_up_plane, loss.g_up_normal), (loss.g_dn_plane, loss.g_dn_normal)
    up, dn = (
        as_weight(g) + as_weight(plane) * (1 - share) + as_weight(upright) * share
        for g, (plane, upright) in zip((given.g_up, given.g_dn), changes, strict=True)
    )
    return up, dn


def _flips(given: RashbaCoefficients, m: Array, share: Array) -> tuple[Array, Array]:
    """(8x8 law, 3x8 loss along m) of the electrons that change their spin: -G c c^T for a current G c.traces."""
    loss = given.loss
    u_n, u_f = np.eye(2 * _N)[_U], np.eye(2 * _N)[_N + _U]
    w_n, w_f = _along_m(m, _W), _along_m(m, _W_F)
    law, lost = np.zeros((1, 1, 1, 2 * _N, 2 * _N)), np.zeros((1, 1, 1, 3, 2 * _N))
    for conductance, felt in (
        (4 * as_weight(loss.G_NN), w_n),
        (4 * as_weight(loss.G_FF), w_f),
        (as_weight(loss.G_Nu_Fd), u_f + w_f - u_n + w_n),
        (as_weight(loss.G_Nd_Fu), u_f - w_f - u_n - w_n),
    ):
        current = (conductance * share)[..., None] * felt
        law = law - felt[..., :, None] * current[..., None, :]
        taken = np.einsum("...a,...a->...", felt, w_n + w_f)
        lost = lost + (taken[..., None] * m)[..., None] * current[..., None, :]
    return law, lost


def _along_m(m: Array, columns: slice) -> Array:
    """m.w of one side as a functional of the traces (..., 8)."""
    picked = np.zeros((*m.shape[:-1], 2 * _N))
    picked[..., columns] = m
    return picked


def _populations(m: Array) -> tuple[Array, Array, Array]:
    """u_N, u_F - m.w_F and u_F + m.w_F as functionals of the traces (..., 8)."""
    w_f = _along_m(m, _W_F)
    u_n, u_f = (np.broadcast_to(np.eye(2 * _N)[k], w_f.shape) for k in (_U, _N + _U))
    return u_n, u_f - w_f, u_f + w_f


def _response(drive: Drive, m: Array) -> Array:
    """(..., 8, 3): gains of all rows per Y of one population."""
    a, b, gamma, delta = _entries(drive, "a", "b", "gamma", "delta")
    along, turn = outer(m), cross_matrix(m)
    charge, longitudinal = delta * m[..., None, :], gamma * along
    found = np.zeros((*np.broadcast_shapes((a + b + gamma + delta).shape[:-2], m.shape[:-1]), 2 * _N, 3))
    found[..., _U : _U + 1, :], found[..., _N + _U : _N + _U + 1, :] = charge, -charge
    found[..., _W, :] = a * (np.eye(3) - along) + b * turn + longitudinal
    found[..., _W_F, :] = -longitudinal
    return found


def _gained(given: RashbaCoefficients, m: Array, n: Array) -> Array:
    """Q (..., 3 gradient, 8, 8), with Y = [n x] grad."""
    pairs = zip(given.drives, _populations(m), strict=True)
    return _sum(np.einsum("...ra,...ak,...c->...krc", _response(d, m), cross_matrix(n), felt) for d, felt in pairs)


def _returned(given: RashbaCoefficients, m: Array, n: Array) -> Array:
    """Q' (..., 3 flow, 8, 8), with K = -[n x] V; V of m is the transposed response to Y of -m, odd in charge."""
    odd = np.ones(2 * _N)
    odd[[_U, _N + _U]] = -1.0
    pairs = zip(given.drives, _populations(m), strict=True)
    return _sum(
        -np.einsum("...r,...ia,...ca,c->...irc", felt, cross_matrix(n), _response(d, -m), odd) for d, felt in pairs
    )


def _handed(given: RashbaCoefficients, m: Array, n: Array) -> tuple[Array, Array]:
    """(to the magnet, to the lattice), each (..., 3 gradient, 3, 8)."""
    torque: list[Array] = []
    lattice: list[Array] = []
    for drive, felt in zip(given.drives, _populations(m), strict=True):
        a, b, b_lat = _entries(drive, "a", "b", "b_lat")
        turn = cross_matrix(m)
        for found, matrix in (
            (torque, -a * (np.eye(3) - outer(m)) - (b + b_lat) * turn),
            (lattice, b_lat * turn),
        ):
            found.append(np.einsum("...ra,...ak,...c->...krc", matrix, cross_matrix(n), felt))
    return _sum(torque), _sum(lattice)


def _entries(drive: Drive, *names: str) -> tuple[Array, ...]:
    """Entries of a drive, ready to multiply 3x3 matrices."""
    return tuple(as_weight(getattr(drive, name))[..., None, None] for name in names)


def _sum(parts: Iterable[Array]) -> Array:
    return sum(parts, start=np.zeros(1))


def _along(matrices: Array) -> Coefficient:
    """Terms of matrices (..., 3, rows, columns), one per direction x, y, z."""
    return tuple(
        t for k, axis in enumerate(np.eye(3)) for t in whole_matrix(matrices[..., k, :, :], axis, INTERFACIAL)
    )
