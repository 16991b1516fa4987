"""Weiss mean field of localised spins, for any number of sublattices with one common axis.

    eps_i = g mu_B B - sum_j E_ij S_j         level spacing of sublattice i [J], moments antiparallel to spins
    S_i   = -S B_S(S eps_i / kT)              spin expectation along the axis (S_par), -S..S
    kB Tc = largest eigenvalue of E_ij S_j(S_j + 1)/3

    B      T   along the common axis m
    E_ij   J   (number of neighbours on j) x (exchange coupling), > 0 ferromagnetic; H = -sum over pairs J S.S
    x_i    1   eps_i/kT; carries the sign: x > 0 and S_par < 0 on a sublattice with its moment along m

One sublattice: E = z J_m = 3 kB Tc/[S(S+1)]. Source: Zhang et al., 2019, Eq. (18), with kB restored.
Below Tc at B = 0 the state is the limit B -> 0+: net moment along m (Neel order: first sublattice along m). At
T >= Tc and B = 0 the moments vanish exactly; the test is made with the Tc given. At B > 0 the collinear
state that this one turns into is returned. At B < 0 (against the moments) it is the metastable state, as long as it
exists; in an antiferromagnet B < 0 is B > 0 with the sublattices exchanged. Not modelled: canted states (spin flop),
magnons, quantum corrections to mean field. g = 2 as in the source.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hanle.materials.brillouin import (
    anisotropy_factor,
    flip_factor,
    mean_spin,
    mean_square,
)
from hanle.materials.self_consistency import Equations, descend
from hanle.pde.constants import K_B, MU_B
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array

G_FACTOR: Final = 2.0
#: Part of all moments up to which sublattices count as cancelling.
CANCELLED: Final = 1e-9


@dataclass(frozen=True)
class Moments:
    """Localised spins of a magnetic insulator.

    Use `paramagnet`, `ferromagnet`, `antiferromagnet`, `ferrimagnet` or `from_exchange`.

    Attributes:
        spins: S per sublattice, positive multiples of 1/2.
        exchange: E_ij [J], n x n; all zero for a paramagnet.
        critical_temperature: Tc or T_N [K], 0 for a paramagnet; must agree with `exchange`.
        weights: relative numbers of moments in the bulk; n_i E_ij is symmetric.
        g_factor: of the localised spins.
    """

    spins: tuple[float, ...]
    exchange: tuple[tuple[float, ...], ...]
    critical_temperature: float
    weights: tuple[float, ...]
    g_factor: float = G_FACTOR

    def __post_init__(self) -> None:
        n = len(self.spins)
        if n == 0 or len(self.weights) != n or [len(row) for row in self.exchange] != [n] * n:
            shapes = (n, [len(row) for row in self.exchange], len(self.weights))
            raise InputError("moments", "n spins, an n x n exchange matrix and n weights", shapes)
        for spin in self.spins:
            require_spin("spin", spin)
        if not all(math.isfinite(w) and w > 0 for w in self.weights):
            raise InputError("weights", "positive", self.weights, "leave an empty sublattice out")
        if not (math.isfinite(self.g_factor) and self.g_factor > 0):
            raise InputError("g_factor", "positive", self.g_factor, "2 for Fe3+, Gd3+, Eu2+")
        self._require_consistent_exchange()

    def _require_consistent_exchange(self) -> None:
        bonds = np.asarray(self.weights)[:, None] * np.asarray(self.exchange, dtype=float)
        if not np.allclose(bonds, bonds.T, rtol=1e-9, atol=0.0):
            hint = "a bond between i and j is counted from both sides"
            raise InputError("exchange", "such that weights_i E_ij is symmetric", self.exchange, hint)
        require_critical_temperature("critical_temperature", self.critical_temperature)
        found = _ordering_temperature(self.spins, self.exchange)
        if abs(found - self.critical_temperature) > 1e-6 * max(found, self.critical_temperature):
            must = f"what the exchange gives, {found:.6g} K"
            raise InputError("critical_temperature", must, self.critical_temperature, "use from_exchange")

    @cached_property
    def order(self) -> Array:
        """Signs (+1 or -1) of the moments along m in the ordered state, shape (n,); all +1 for a paramagnet."""
        spins = np.asarray(self.spins)
        if self.critical_temperature == 0:
            return np.ones(len(spins))
        values, vectors = np.linalg.eig(_curie_matrix(self.spins, self.exchange))
        leading = np.real(vectors[:, np.argmax(np.real(values))])
        signs = np.where(leading < 0, -1.0, 1.0)
        signs[np.abs(leading) < 1e-9 * np.abs(leading).max()] = 1.0
        return np.asarray(signs * signs[0])


@dataclass(frozen=True, eq=False)
class MomentState:
    """Averages of each sublattice; arrays of shape (*shape of B and T, sublattices), without units.

    Attributes:
        S_par: spin expectation along the axis m, negative where the moment is along m.
        x: eps/kT, with the sign of the sublattice.
        p: reduced spin-flip rate, 1/tau_par = K p.
        q: expectation of the square of the spin along the axis; reduced dephasing rate, 1/tau_perp = K (p/2 + q).
        anisotropy: q - p/2 without cancellation, 1/tau_perp - 1/tau_par = K (q - p/2).
    """

    S_par: Array
    x: Array
    p: Array
    q: Array
    anisotropy: Array


def paramagnet(spin: float, g_factor: float = G_FACTOR) -> Moments:
    """Free moments of spin S."""
    return Moments((spin,), ((0.0,),), 0.0, (1.0,), g_factor)


def ferromagnet(spin: float, critical_temperature: float, g_factor: float = G_FACTOR) -> Moments:
    """One sublattice with Curie temperature Tc [K]; Tc = 0 is a paramagnet."""
    require_spin("spin", spin)
    require_critical_temperature("critical_temperature", critical_temperature)
    exchange = 3 * K_B * critical_temperature / (spin * (spin + 1))
    return Moments((spin,), ((exchange,),), critical_temperature, (1.0,), g_factor)


def antiferromagnet(spin: float, neel_temperature: float, g_factor: float = G_FACTOR) -> Moments:
    """Two equal sublattices coupled to each other only, with Neel temperature T_N [K]."""
    return ferrimagnet((spin, spin), (1.0, 1.0), neel_temperature, g_factor)


def ferrimagnet(
    spins: tuple[float, float],
    weights: tuple[float, float],
    critical_temperature: float,
    g_factor: float = G_FACTOR,
) -> Moments:
    """Two sublattices coupled antiferromagnetically to each other only.

    Each bond is counted from both sides, z_ab n_a = z_ba n_b, so E_ab = -c n_b and E_ba = -c n_a.

    Args:
        spins: S_a, S_b.
        weights: relative numbers of moments in the bulk, n_a : n_b (3 : 2 for YIG).
        critical_temperature: Tc [K].
    """
    for spin, weight in zip(spins, weights, strict=True):
        require_spin("spin", spin)
        if not weight > 0:
            raise InputError("weights", "positive", weights, "leave an empty sublattice out")
    require_critical_temperature("critical_temperature", critical_temperature)
    (s_a, s_b), (n_a, n_b) = spins, weights
    c = 3 * K_B * critical_temperature / math.sqrt(n_a * n_b * s_a * (s_a + 1) * s_b * (s_b + 1))
    return Moments(spins, ((0.0, -c * n_b), (-c * n_a, 0.0)), critical_temperature, weights, g_factor)


def from_exchange(
    spins: tuple[float, ...],
    exchange: tuple[tuple[float, ...], ...],
    weights: tuple[float, ...] | None = None,
    g_factor: float = G_FACTOR,
) -> Moments:
    """Any number of sublattices from E_ij [J] (see the module); the critical temperature follows."""
    critical = _ordering_temperature(spins, exchange)
    return Moments(spins, exchange, critical, weights or (1.0,) * len(spins), g_factor)


def solve(moments: Moments, field: ArrayLike, temperature: ArrayLike) -> MomentState:
    """The self-consistent state at each (B, T).

    Args:
        field: B.m [T], along the axis of the moments. Below Tc it may be negative: the moments then stand against
            the field, which is metastable (a domain, a magnet with coercivity). The axis of an antiferromagnet has no
            wrong end: any field will do.
        temperature: T [K], > 0; the shapes broadcast.

    Raises:
        InputError: a negative field with T >= Tc or strong enough to turn the moments over, T <= 0, NaN.
        SolveError: self-consistency not reached.
    """
    b, t = np.broadcast_arrays(np.asarray(field, dtype=float), np.asarray(temperature, dtype=float))
    refused = ~np.isfinite(b) | ((b < 0) & (t >= moments.critical_temperature))
    if np.any(refused):
        hint = "in tesla; only ordered moments can stand against a field"
        raise InputError("field", "finite, and >= 0 along the moments at T >= Tc", b[refused].tolist(), hint)
    if not np.all(np.isfinite(t) & (t > 0)):
        raise InputError("temperature", "finite and > 0", t[~(t > 0)].tolist(), "usual: 0.01 K to 1000 K")
    x = _self_consistent(moments, b.ravel(), t.ravel()).reshape(*b.shape, len(moments.spins))
    spins = np.asarray(moments.spins)
    aligned = 0.0 - mean_spin(x, spins)
    turned = (b < 0) & (aligned @ np.asarray(moments.weights) > 0)
    if np.any(turned) and np.any(turned := turned & ~_compensated(moments, t)):
        hint = "reverse the magnetisation there"
        raise InputError("field", "too weak to turn the moments over", b[turned].tolist(), hint)
    return MomentState(
        S_par=aligned,
        x=x,
        p=flip_factor(x, spins),
        q=mean_square(x, spins),
        anisotropy=anisotropy_factor(x, spins),
    )


def _compensated(moments: Moments, temperature: Array) -> NDArray[np.bool_]:
    """Where the moments cancel at B = 0, as in an antiferromagnet: m and -m are then equivalent in any field."""
    spins, weights = np.asarray(moments.spins), np.asarray(moments.weights)
    t = temperature.ravel()
    net = mean_spin(_self_consistent(moments, np.zeros_like(t), t), spins) @ weights
    return np.asarray(np.abs(net) < CANCELLED * (weights @ spins)).reshape(temperature.shape)


def require_spin(key: str, spin: float) -> None:
    """Refuse what is not a positive multiple of 1/2."""
    if not (math.isfinite(spin) and spin > 0 and float(2 * spin).is_integer()):
        raise InputError(key, "a positive multiple of 1/2", spin, "5/2 for Fe3+, 7/2 for Gd3+ and Eu2+")


def require_critical_temperature(key: str, temperature: float) -> None:
    """Refuse a negative or non-finite Tc."""
    if not (math.isfinite(temperature) and temperature >= 0):
        raise InputError(key, "a temperature >= 0 K (0: no order)", temperature, "usual: 1 K to 1000 K")


def _curie_matrix(spins: tuple[float, ...], exchange: tuple[tuple[float, ...], ...]) -> Array:
    """Matrix whose largest eigenvalue is kB Tc: u_i E_ij/3."""
    s = np.asarray(spins, dtype=float)
    return np.asarray((s * (s + 1) / 3)[:, None] * np.asarray(exchange, dtype=float))


def _ordering_temperature(spins: tuple[float, ...], exchange: tuple[tuple[float, ...], ...]) -> float:
    largest = float(np.max(np.real(np.linalg.eigvals(_curie_matrix(spins, exchange)))))
    return max(0.0, largest / K_B)


def _self_consistent(moments: Moments, field: Array, temperature: Array) -> Array:
    """x = eps/kT, shape (points, n), of the branch described in the module."""
    energy = np.asarray(moments.exchange, dtype=float)
    drive = (moments.g_factor * MU_B * field / (K_B * temperature))[:, None] * np.ones(len(moments.spins))
    if not np.any(energy):
        return drive
    coupling = energy / (K_B * temperature)[:, None, None]
    live = (field > 0) | (temperature < moments.critical_temperature)
    x = np.zeros_like(drive)
    x[live] = _branch(moments, drive[live], coupling[live])
    return x


def _branch(moments: Moments, drive: Array, coupling: Array) -> Array:
    """x of the branch that starts, at B = 0+, with its net moment along m (`order` where there is none)."""
    spins, weights = np.asarray(moments.spins), np.asarray(moments.weights)
    order = np.broadcast_to(moments.order, drive.shape).copy()
    if np.any(order < 0):
        ordered = descend(Equations(spins, np.zeros_like(drive), coupling), order)
        order[ordered @ weights < -CANCELLED * (weights @ spins)] *= -1.0
    equations = Equations(spins, drive, coupling)
    return equations.argument(descend(equations, order))
