"""Currents at the interface to all orders in h_R, from the exact matching; the frame is n = z.

Per area, with psi of unit flux and B the bias of the incoming electrons [V] (u + sigma.w in N, u_F -+ w_F for up, dn in
F; for a field -(hbar k.E/m) tau_p, p = N, up, dn),

    J^a(z) = - (e^2/h) S< Im Tr[sigma_a psi'(z) B psi^dagger] >          a = 0 is the charge current j
    K_p    = - (e^2/h) S< (hbar k/m) tau_p Tr[P_p outgoing B outgoing^dagger] >      current in the plane [A/m]

K_p is what the outgoing electrons of population p carry along the interface over their mean free path. The lattice
gives J_F - J(-0), the magnetisation at the interface takes J_F - J(+0), the bulk of the magnet J(+0).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hanle.boundary.scattering.amplitudes import ComplexArray
from hanle.boundary.scattering.landauer import QUANTUM
from hanle.boundary.scattering.matching import DN, UP, Matching, match, spin_matrices
from hanle.boundary.scattering.model import RTOL, Interface
from hanle.boundary.scattering.quadrature import QuadratureError, Transverse, mode_sum
from hanle.pde.constants import HBAR
from hanle.pde.tensors import Array

#: Angles of k in the plane: first attempt and limit.
FEWEST, MOST = 16, 512


@dataclass(frozen=True, eq=False)
class Driven:
    """Response to a field E in the plane through each population; axes (N, up, dn), current, (E_x, E_y) [S/m].

    Attributes:
        below, above: j, J^x, J^y, J^z at z = -0 and +0, (3, 4, 2).
        lattice: J_F - J(-0), (3, 3, 2): the lattice gives it to the spins.
        interface: J_F - J(+0), (3, 3, 2): the magnetisation at the interface takes it.
    """

    below: Array
    above: Array
    lattice: Array
    interface: Array


@dataclass(frozen=True, eq=False)
class Biased:
    """Response to biases; the last axis is u_N, w_x, w_y, w_z of N, u_F, w_F.

    Attributes:
        below, above: j, J^x, J^y, J^z at z = -0 and +0 [S/m^2], (4, 6).
        sheet: K_x, K_y of N, up, dn [S/m], (3, 2, 6).
    """

    below: Array
    above: Array
    sheet: Array


@dataclass(frozen=True, eq=False)
class Probabilities:
    """(e^2/h) S of probabilities between spins along m [S/m^2], (2, 2) each, to (up, dn) from (up, dn)."""

    reflected: Array
    passed: Array
    reflected_back: Array
    passed_back: Array


def driven(interface: Interface, m: Array, rtol: float | None = None) -> Driven:
    """Response to a field along the interface, for the magnetisation m (3,)."""
    spins = np.concatenate([np.eye(2)[None], spin_matrices(m)])

    def rows(found: Matching, k: Array) -> Array:
        sides = _incoming(found)
        parts = []
        for psi, slope in sides:
            above, lifted = slope + found.kappa @ psi, slope + found.rashba @ psi
            flows = [_traces(spins, s, psi) for s in (slope, above, lifted)]
            lattice, held = flows[2] - flows[0], flows[2] - flows[1]
            parts.append(np.concatenate([flows[0], flows[1], lattice[1:], held[1:]]))
        whole = np.stack(parts)
        return np.asarray(whole[:, :, None] * np.moveaxis(k, -1, 0))

    sums = _angular_sum(interface, m, rows, rtol, "response to a field").reshape(3, 14, 2)
    times = np.array([interface.tau_N, interface.tau_up, interface.tau_dn])[:, None, None]
    sums = QUANTUM * HBAR * interface.k / interface.mass * times * sums
    return Driven(sums[:, :4], sums[:, 4:8], sums[:, 8:11], sums[:, 11:])


def biased(interface: Interface, m: Array, rtol: float | None = None) -> Biased:
    """Response to biases of both sides, for the magnetisation m (3,)."""
    spins = np.concatenate([np.eye(2)[None], spin_matrices(m)])
    bias = np.concatenate([spins, np.eye(2)[None], np.diag([1.0, -1.0])[None]]).astype(complex)

    def rows(found: Matching, k: Array) -> Array:
        flows, sheets = [], []
        for number, b in enumerate(bias):
            psi, slope = (found.psi_N, found.slope_N) if number < 4 else (found.psi_F, found.slope_F)
            away_n, away_f = (found.r, found.t) if number < 4 else (found.t_back, found.r_back)
            above = slope + found.kappa @ psi
            flows.append(np.concatenate([_traces(spins, s @ b, psi) for s in (slope, above)]))
            leaving = [np.einsum("...ij,jk,...ik->...i", s, b, s.conj()).real for s in (away_n, away_f)]
            normal, magnet = leaving[0] * found.in_N, leaving[1] * found.in_F
            carried = np.stack([normal.sum(axis=-1), magnet[..., UP], magnet[..., DN]])
            sheets.append((carried[:, None] * np.moveaxis(k, -1, 0)).reshape(6, *k.shape[:-1]))
        return np.concatenate([np.stack(flows, axis=1).reshape(48, *k.shape[:-1]), *sheets])

    sums = -QUANTUM * _angular_sum(interface, m, rows, rtol, "response to a bias")
    times = np.array([interface.tau_N, interface.tau_up, interface.tau_dn])[:, None, None]
    sheet = HBAR * interface.k / interface.mass * times * np.moveaxis(sums[48:].reshape(6, 3, 2), 0, -1)
    below, above = sums[:48].reshape(2, 4, 6)
    return Biased(below, above, sheet)


def probabilities(interface: Interface, m: Array, rtol: float | None = None) -> Probabilities:
    """Conductances between the four terminals N_up, N_dn, F_up, F_dn, for the magnetisation m (3,)."""

    def rows(found: Matching, k: Array) -> Array:
        kept_n, kept_f = found.in_N[..., :, None], found.in_F[..., :, None]
        amplitudes = (kept_n * found.r, kept_f * found.t, kept_f * found.r_back, kept_n * found.t_back)
        order = np.ix_((UP, DN), (UP, DN))
        parts = [np.moveaxis(np.abs(s) ** 2, (-2, -1), (0, 1))[order].reshape(4, *k.shape[:-1]) for s in amplitudes]
        return np.concatenate(parts)

    sums = QUANTUM * _angular_sum(interface, m, rows, rtol, "spin flips").reshape(4, 2, 2)
    return Probabilities(*sums)


def _incoming(found: Matching) -> tuple[tuple[ComplexArray, ComplexArray], ...]:
    """Waves of the populations N, up, dn: psi(0) and its slope at -0."""
    up, dn = (np.diag(np.eye(2)[s]) for s in (UP, DN))
    return (
        (found.psi_N, found.slope_N),
        (found.psi_F @ up, found.slope_F @ up),
        (found.psi_F @ dn, found.slope_F @ dn),
    )


def _traces(spins: ComplexArray, left: ComplexArray, right: ComplexArray) -> Array:
    """Im Tr[sigma_a left right^dagger], (4, ...)."""
    density = np.einsum("...ik,...jk->...ij", left, right.conj())
    return np.asarray(np.einsum("aji,...ij->a...", spins, density).imag)


def _angular_sum(
    interface: Interface, m: Array, rows: Callable[[Matching, Array], Array], rtol: float | None, where: str
) -> Array:
    """Sum over modes of the mean over angles, with as many angles as it takes; `rows` are counted in fluxes.

    Many rows vanish by symmetry, in the mean over angles or point by point. The last row, the number of incoming waves
    (`rows` get k in units of the Fermi wave number), is what the tolerance refers to.
    """
    tolerance = RTOL if rtol is None else rtol
    previous: Array | None = None
    count = FEWEST
    while count <= MOST:
        # Half a step off the axes, so that no angle is special.
        angles = 2 * np.pi * (np.arange(count) + 0.5) / count

        def density(at: Transverse, angles: Array = angles) -> Array:
            k = np.sqrt(at.k_perp2)[:, None, None] * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
            matched = match(interface, at, angles, m)
            waves = (matched.in_N.sum(axis=-1) + matched.in_F.sum(axis=-1))[:, 0]
            found = rows(matched, k / interface.k).reshape(-1, *k.shape[:-1]).mean(axis=-1)
            return np.concatenate([found, waves[None]])

        done = mode_sum(interface.edges, density, tolerance, where, floor=1.0)
        if previous is not None and np.all(np.abs(done.value - previous) <= tolerance * done.magnitude.max()):
            return done.value[:-1]
        previous, count = done.value, 2 * count
    raise QuadratureError(
        f"{where}: {MOST} angles of k in the plane do not reach a relative tolerance of {tolerance:g}, as where h_R is "
        "about to bind electrons to the interface; give a larger rtol"
    )
