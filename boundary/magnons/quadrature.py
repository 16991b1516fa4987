"""Integrals over the energies of magnons, for any density of states and any state of the reservoirs.

With E = gap + eps, x = (E - mu)/theta for the magnons (theta = kB T_m), w = E - mu_ab and y = w/theta_e for the
electrons (theta_e = kB T_e), integrands are products of D(eps), powers of E and

    w [n(x) - n(y)] = theta_e B(y) expm1(y - x)/(1 - e^{-x}),    B(y) = y/(e^y - 1)

which loses no digits where both reservoirs are nearly in equilibrium. eps = t^2 removes roots at the gap;
Gauss-Legendre panels in t, other ones for each state, are graded to the pole of n(x), the decays of both reservoirs and
the step of B at mu_ab above the gap. Weights are positive: what has one sign (production of entropy) keeps it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from hanle.boundary.magnons.divided import divided
from hanle.boundary.magnons.polylogarithms import bose_times_argument
from hanle.boundary.magnons.spectrum import Parabolic, Shaped, Spectrum
from hanle.pde.errors import SolveError
from hanle.pde.tensors import Array

#: Gauss-Legendre points of a panel.
POINTS: Final = 12
#: Ends of panels: in sqrt(theta) from the gap, and in theta_e from the step.
DECAY: Final = np.array([0.5, 1.0, 1.6, 2.2, 2.8, 3.4, 4.0, 4.8, 5.6, 6.4])
STEP: Final = np.array([-40.0, -20.0, -10.0, -5.0, -2.0, 0.0, 2.0, 5.0, 10.0, 20.0])
#: Panels between the pole of n(x) and theta.
POLE: Final = 7
#: Relative change of an integral with halved panels above which the density of states counts as unresolved.
UNRESOLVED: Final = 1e-7
#: Values of an array in one go; bounds memory.
CHUNK: Final = 400_000
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(POINTS)


@dataclass(frozen=True, eq=False)
class Reservoirs:
    """States in one row, each (points,), in joule: theta, mu of the magnons, theta_e of the electrons, mu_ab."""

    theta: Array
    mu: Array
    theta_e: Array
    mu_ab: Array

    def part(self, rows: slice) -> "Reservoirs":
        """The states of these rows."""
        return Reservoirs(self.theta[rows], self.mu[rows], self.theta_e[rows], self.mu_ab[rows])


@dataclass(frozen=True, eq=False)
class Nodes:
    """Energies E [J] and weights D d(eps) [1/m^3] of some states, (points, nodes), with the rows they belong to."""

    rows: slice
    state: Reservoirs
    energy: Array
    weight: Array

    def x(self) -> Array:
        """(E - mu)/theta."""
        return np.asarray((self.energy - self.state.mu[:, None]) / self.state.theta[:, None])

    def total(self, integrand: Array) -> Array:
        """Sum over nodes of an integrand (..., points, nodes)."""
        return np.asarray(np.einsum("...pn,pn->...p", integrand, self.weight))


def difference(spectrum: Spectrum, state: Reservoirs) -> Array:
    """Int D E^p w [n(x) - n(y)] for p = 0, 1, (2, points) [J/m^3, J^2/m^3], without cancellation."""
    found = np.empty((2, state.theta.size))
    for at in nodes(spectrum, state):
        values = _exchanged(at)
        found[:, at.rows] = at.total(np.stack([values, at.energy * values]))
    return found


def production(spectrum: Spectrum, state: Reservoirs) -> Array:
    """Int D w [n(x) - n(y)] (y - x), (points,) [J/m^3]; never negative where mu is below the gap."""
    found = np.empty(state.theta.size)
    for at in nodes(spectrum, state):
        found[at.rows] = at.total(_exchanged(at) * _gap_of_arguments(at))
    return found


def occupations(spectrum: Spectrum, theta: Array, mu: Array) -> Array:
    """Int D E^p n(x) and derivatives: (value, by mu, by theta), p = 0, 1, 2, points.

    Raises:
        SolveError: the integrals change with halved panels: D has features that its edges do not name.
    """
    found = _occupations(spectrum, theta, mu, halved=False)
    if theta.size:
        few = np.array([np.argmin(theta), np.argmax(theta)])
        finer = _occupations(spectrum, theta[few], mu[few], halved=True)[0]
        miss = np.abs(finer - found[0][:, few])
        if np.any(miss > UNRESOLVED * np.abs(finer)):
            part = float(np.max(miss[finer != 0] / np.abs(finer[finer != 0])))
            raise SolveError(
                f"density of states of magnons: an integral is uncertain by {part:.2g} of itself, more than "
                f"{UNRESOLVED:g} - name the energies at which D jumps or has a root, in edges, or use a table"
            )
    return found


def _occupations(spectrum: Spectrum, theta: Array, mu: Array, halved: bool) -> Array:
    found = np.empty((3, 3, theta.size))
    for at in nodes(spectrum, Reservoirs(theta, mu, theta, np.zeros_like(mu)), halved):
        x = at.x()
        n = np.exp(-x) / -np.expm1(-x)
        slope = n * (1 + n) / at.state.theta[:, None]
        parts = np.stack([n, slope, slope * x])[:, None]
        found[..., at.rows] = at.total(at.energy ** np.arange(3)[:, None, None] * parts)
    return found


def emissions(spectrum: Spectrum, theta_e: Array, u: Array) -> Array:
    """Int D E^p f for p = 0, 1 and the parts f of B(E/theta_e) at v = u/theta_e, (8, 2, points) [J^p/m^3].

    The parts are `Divided.rows`.
    """
    found = np.empty((8, 2, u.size))
    for at in nodes(spectrum, Reservoirs(theta_e, np.zeros_like(u), theta_e, u)):
        y = at.energy / at.state.theta_e[:, None]
        for row, values in enumerate(divided(_bose, y, at.state.mu_ab / at.state.theta_e).rows(y)):
            found[row, 0, at.rows], found[row, 1, at.rows] = at.total(values[0]), at.total(values[0] * at.energy)
    return found


def slopes(spectrum: Spectrum, state: Reservoirs) -> Array:
    """Int D E^p of B(y), B'(y) and y B'(y) for p = 0, 1, (3, 2, points)."""
    found = np.empty((3, 2, state.theta.size))
    for at in nodes(spectrum, state):
        y = (at.energy - at.state.mu_ab[:, None]) / at.state.theta_e[:, None]
        value, slope = bose_times_argument(y)
        parts = np.stack([value, slope, y * slope])[:, None]
        found[..., at.rows] = at.total(at.energy ** np.arange(2)[:, None, None] * parts)
    return found


def nodes(spectrum: Spectrum, state: Reservoirs, halved: bool = False) -> Iterator[Nodes]:
    """Nodes of all states, some states at a time; `halved`: of panels half as wide."""
    knots = np.sqrt(spectrum.panels) if isinstance(spectrum, Shaped) else np.zeros(0)
    panels = 2 * DECAY.size + STEP.size + POLE + 2 + knots.size
    size = max(1, CHUNK // (panels * POINTS))
    for start in range(0, state.theta.size, size):
        rows = slice(start, min(start + size, state.theta.size))
        yield _nodes(_row(spectrum, rows), state.part(rows), rows, knots, halved)


def _nodes(spectrum: Spectrum, state: Reservoirs, rows: slice, knots: Array, halved: bool) -> Nodes:
    t = _ends(spectrum, state, knots)
    if halved:
        t = np.sort(np.concatenate([t, (t[:, 1:] + t[:, :-1]) / 2], axis=1), axis=1)
    used = np.any(np.diff(t, axis=1) > 0, axis=0)
    low, width = t[:, :-1][:, used, None], np.diff(t, axis=1)[:, used, None]
    # panels without width still need arguments at which nothing overflows
    least = 1e-12 * np.sqrt(state.theta)[:, None, None]
    root = np.maximum(low + width * (1 + _NODES) / 2, least).reshape(len(t), -1)
    eps = root**2
    density = spectrum.density(eps.T).T if isinstance(spectrum, Parabolic) else spectrum.density(eps)
    weight = (width * _WEIGHTS / 2).reshape(len(t), -1) * 2 * root * density
    gap = np.broadcast_to(np.asarray(spectrum.gap, dtype=float), state.theta.shape)
    return Nodes(rows, state, gap[:, None] + eps, weight)


def _ends(spectrum: Spectrum, state: Reservoirs, knots: Array) -> Array:
    """Where panels end in t = sqrt(eps), increasing, (points, ends)."""
    gap = np.broadcast_to(np.asarray(spectrum.gap, dtype=float), state.theta.shape)
    warm, cold = np.maximum(state.theta, state.theta_e), np.sqrt(state.theta_e)
    step = np.maximum(state.mu_ab - gap, 0.0)
    end = np.minimum(step + 41 * warm, spectrum.top if isinstance(spectrum, Shaped) else np.inf)
    top, hot = np.sqrt(end), np.sqrt(state.theta)
    # a gap that is nearly closed: below this, n(x) has lost its pole in the weight
    pole = np.clip(np.sqrt(gap - state.mu) / hot, 1e-7, 0.4)
    graded = hot[:, None] * (pole / 1.5)[:, None] * (0.6 / pole)[:, None] ** (np.arange(POLE) / POLE)
    around = np.sqrt(np.maximum(step[:, None] + state.theta_e[:, None] * STEP * (step > 0)[:, None], 0.0))
    ends = [np.zeros_like(top)[:, None], graded, hot[:, None] * DECAY, cold[:, None] * DECAY, around]
    ends += [np.broadcast_to(knots, (top.size, knots.size)), top[:, None]]
    return np.sort(np.minimum(np.concatenate(ends, axis=1), top[:, None]), axis=1)


def _row(spectrum: Spectrum, rows: slice) -> Spectrum:
    if isinstance(spectrum, Shaped):
        return spectrum
    return Parabolic(np.asarray(spectrum.stiffness)[rows], np.asarray(spectrum.gap)[rows])


def _gap_of_arguments(at: Nodes) -> Array:
    """y - x, without a difference of large numbers."""
    s = at.state
    rate = (s.theta - s.theta_e) / (s.theta * s.theta_e)
    w = at.energy - s.mu_ab[:, None]
    return np.asarray(w * rate[:, None] + ((s.mu - s.mu_ab) / s.theta)[:, None])


def _exchanged(at: Nodes) -> Array:
    """w [n(x) - n(y)]."""
    x, further = at.x(), _gap_of_arguments(at)
    y = (at.energy - at.state.mu_ab[:, None]) / at.state.theta_e[:, None]
    tail = np.exp(-x)
    # B(-y) = y/(1 - e^{-y}) serves where n(y) is the smaller of the two
    forward = further <= 0
    b = bose_times_argument(np.where(forward, y, -y), 0)[0]
    decay = np.expm1(-np.abs(further)) / -np.expm1(-x)
    return np.asarray(at.state.theta_e[:, None] * b * decay * np.where(forward, 1.0, -tail))


def _bose(y: Array, highest: int) -> Array:
    return bose_times_argument(y, highest)[None]
