"""Nonlocal spin valve with magnetic electrodes, from transparent to tunnel contacts, in any magnetic field.

A contact is an interface of resistance R_c and polarisation P_c to a magnet of spin resistance R_F = rho_F l_F/A_c and
polarisation P_F (R_c -> 0 transparent, R_c -> infinity tunnel). Seen from the channel it injects P_e I and absorbs g w:

    1/g = R_c/(1 - P_c^2) + R_F/(1 - P_F^2),        P_e = g [ P_c R_c/(1 - P_c^2) + P_F R_F/(1 - P_F^2) ]

along its magnetisation p (rho_F, R_c of both spins in parallel, so that R_F/(1 - P_F^2) is the spin resistance), and
a detector without current reads V = P_e p.w. Across p a contact may absorb with its own complex conductance. With the
Green's functions t(x, x') = T[f] of the channel (`lateral`, field axis n), g_1 and g_2 now tensors,

    w_1 = t_11 (P_1 p_1 I - g_1 w_1) - t_12 g_2 w_2,        w_2 = t_21 (P_1 p_1 I - g_1 w_1) - t_22 g_2 w_2.

Collinear and open this is Takahashi and Maekawa, 2003, with R_N = rho l/A:

    V/I = 2 R_N e^{-L/l} prod_i [P_e/(g R_N)]_i / { prod_i [1 + 2/(g R_N)]_i - e^{-2L/l} }

(half the difference of parallel and antiparallel states). `lateral` holds the simpler cases: tunnel contacts and
isotropic absorption, where l -> Lambda gives the Hanle curve. Validity: contacts short against l, channel thin and
narrow against l, electrodes thicker than a few l_F, no precession inside them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.closed_forms.channels import ComplexArray, channel_tensor
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array, unit


@dataclass(frozen=True)
class Channel:
    """A uniform channel with contacts at 0 and L.

    Attributes:
        rho: resistivity [Ohm m].
        area: cross-section A [m^2].
        distance: L [m].
        lam: spin diffusion length along the field [m].
        Lam: complex length across it, `channels.transverse_length` [m].
        n: unit axis of the field (..., 3).
        left, right: lengths beyond the contacts [m]; infinite for an open channel.
    """

    rho: ArrayLike
    area: ArrayLike
    distance: ArrayLike
    lam: ArrayLike
    Lam: ArrayLike
    n: ArrayLike = (0.0, 0.0, 1.0)
    left: ArrayLike = np.inf
    right: ArrayLike = np.inf

    def green(self, one: int, other: int) -> Array:
        """t (..., 3, 3) [Ohm]: w at contact `one` per spin current fed in at contact `other` (0 or 1)."""
        along, across = (self._scalar(l, one, other) for l in (self.lam, self.Lam))
        return channel_tensor(along, across, self.n)

    def _scalar(self, l: ArrayLike, one: int, other: int) -> ComplexArray:
        """(rho l/A) cosh(a/l) cosh(b/l)/sinh(T/l): a, b from the left and right ends to the nearer contact."""
        inverse: ComplexArray = np.asarray(1.0 / np.asarray(l, dtype=complex))
        span = np.asarray(self.distance, dtype=float)
        left = np.asarray(self.left, dtype=float) + min(one, other) * span
        right = np.asarray(self.right, dtype=float) + (1 - max(one, other)) * span
        between = abs(one - other) * span
        ends = (1 + _decay(2 * left, inverse)) * (1 + _decay(2 * right, inverse))
        below = 2 * (1 - _decay(2 * (left + right + between), inverse))
        scale = np.asarray(self.rho) / (np.asarray(self.area) * inverse)
        return np.asarray(scale * np.exp(-between * inverse) * ends / below)


@dataclass(frozen=True)
class Contact:
    """A contact as the channel sees it.

    Attributes:
        polarisation: P_e, -1..1.
        along: g along the magnetisation [S], >= 0.
        axis: p (..., 3), the polarisation of the injected spin for P_e > 0; normalised where it is used.
        across: complex g across it [S], channel p x -> -i; None: as `along`.
    """

    polarisation: ArrayLike
    along: ArrayLike
    axis: ArrayLike
    across: ArrayLike | None = None

    def __post_init__(self) -> None:
        if not np.all(np.abs(self.polarisation) <= 1):
            raise InputError("polarisation", "between -1 and 1", self.polarisation)
        if not np.all(np.asarray(self.along) >= 0):
            raise InputError("along", ">= 0 [S]", self.along, "a contact absorbs spin")
        if self.across is not None and not np.all(np.real(self.across) >= 0):
            raise InputError("across", "with a real part >= 0 [S]", self.across, "a contact absorbs spin")

    @property
    def tensor(self) -> Array:
        """g (..., 3, 3) [S]."""
        return channel_tensor(self.along, self.along if self.across is None else self.across, unit(self.axis))

    @property
    def vector(self) -> Array:
        """P_e p (..., 3)."""
        return np.asarray(self.polarisation, dtype=float)[..., None] * unit(self.axis)


def magnetic_contact(
    axis: ArrayLike,
    resistance: ArrayLike,
    polarisation: ArrayLike,
    magnet_resistance: ArrayLike = 0.0,
    magnet_polarisation: ArrayLike = 0.0,
    across: ArrayLike | None = None,
) -> Contact:
    """A contact to a magnet, from the numbers at the top of this file.

    Args:
        axis: p (..., 3).
        resistance, polarisation: R_c [Ohm], >= 0, and P_c of the interface.
        magnet_resistance, magnet_polarisation: R_F = rho_F l_F/A_c [Ohm], >= 0, and P_F. One of R_c, R_F is > 0.
        across: complex conductance for spins across p [S], e.g. 2 A_c (G_r + i G_i).
    """
    pieces = []
    for name, r, p in (
        ("polarisation", resistance, polarisation),
        ("magnet_polarisation", magnet_resistance, magnet_polarisation),
    ):
        share = np.asarray(p, dtype=float)
        if not np.all(np.abs(share) < 1):
            raise InputError(name, "below 1 in size", p, "the second law")
        pieces.append((np.asarray(r, dtype=float) / (1 - share**2), share))
    (r_c, p_c), (r_f, p_f) = pieces
    if not (np.all(r_c >= 0) and np.all(r_f >= 0) and np.all(r_c + r_f > 0)):
        raise InputError(
            "resistance", ">= 0 and not zero with that of the magnet [Ohm]", (resistance, magnet_resistance)
        )
    total = r_c + r_f
    return Contact((p_c * r_c + p_f * r_f) / total, 1 / total, axis, across)


def nonlocal_resistance(channel: Channel, injector: Contact, detector: Contact) -> Array:
    """V/I [Ohm] of the detector at x = L for a current through the injector at x = 0; > 0 for parallel p, no field."""
    g_1, g_2 = injector.tensor, detector.tensor
    t = [[channel.green(i, j) for j in (0, 1)] for i in (0, 1)]
    # In units of the spin current fed in: rows w_1, w_2.
    blocks = [[np.eye(3) + t[0][0] @ g_1, t[0][1] @ g_2], [t[1][0] @ g_1, np.eye(3) + t[1][1] @ g_2]]
    shape = np.broadcast_shapes(*(b.shape[:-2] for row in blocks for b in row))
    system = np.zeros((*shape, 6, 6))
    for i, row in enumerate(blocks):
        for j, block in enumerate(row):
            system[..., 3 * i : 3 * i + 3, 3 * j : 3 * j + 3] = block
    sources = [np.einsum("...ab,...b->...a", t[i][0], injector.vector) for i in (0, 1)]
    source = np.concatenate(np.broadcast_arrays(*sources), axis=-1)
    w = np.linalg.solve(system, source[..., None])[..., 0]
    return np.asarray(np.einsum("...a,...a->...", detector.vector, w[..., 3:]))


def takahashi_maekawa(channel_resistance: ArrayLike, reach: ArrayLike, one: Contact, other: Contact) -> Array:
    """V/I [Ohm] of parallel contacts on an open channel without field, as printed; minus it for antiparallel ones.

    Args:
        channel_resistance: R_N = rho l/A [Ohm].
        reach: L/l.
        one, other: injector and detector; their axes are not looked at.
    """
    r_n, decay = np.asarray(channel_resistance, dtype=float), np.exp(-np.asarray(reach, dtype=float))
    ratio_1, ratio_2 = (1 / (np.asarray(c.along, dtype=float) * r_n) for c in (one, other))
    above = 2 * r_n * decay * (one.polarisation * ratio_1) * (other.polarisation * ratio_2)
    return np.asarray(above / ((1 + 2 * ratio_1) * (1 + 2 * ratio_2) - decay**2))


def _decay(length: ArrayLike, inverse: ComplexArray) -> ComplexArray:
    """e^{-length inverse}, 0 for an infinite length."""
    finite = np.isfinite(np.asarray(length, dtype=float))
    return np.asarray(np.where(finite, np.exp(-np.where(finite, length, 0.0) * inverse), 0.0))
