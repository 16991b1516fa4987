"""Exact two-ports of one uniform layer, seen from its two faces (equations at the top of `multilayer_kernels`).

A layer splits into pieces: sets of components that the bulk law couples. Where A = s I and R = r I + [v x] (any r >= 0;
one to three components, two being those across v) and nothing else acts, the two-port is a closed form; anything else
goes through slabs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from hanle.pde.engines.multilayer_kernels import closed_scalar, closed_vector, general, losses
from hanle.pde.engines.tables import Table, dense
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array

Complex: TypeAlias = NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class Closed:
    """A closed-form piece: A = s I, R = r I + [v x].

    Attributes:
        size: components; two are the first two of three with v along the third.
        s, r: (batch or 1,).
        v: (batch or 1, 3), None for one component.
    """

    size: int
    s: Array
    r: Array
    v: Array | None


@dataclass(frozen=True, eq=False)
class Port:
    """What a piece does between its faces, for a part of the coefficients.

    Attributes:
        components: numbers of the components in the layer.
        thickness: (batch or 1,) [m].
        tables: coefficients across the layer, "A", "B", "W", "R".
        closed: parameters of the closed form, None where it does not apply.
    """

    components: tuple[int, ...]
    thickness: Array
    tables: Mapping[str, Table]
    closed: Closed | None

    @cached_property
    def A(self) -> Array:
        """(batch or 1, n, n), on slopes in the flux."""
        return self._dense("A")

    @cached_property
    def B(self) -> Array:
        """(batch or 1, n, n), on values in the flux."""
        return self._dense("B")

    @cached_property
    def W(self) -> Array:
        """(batch or 1, n, n), on slopes in the balance."""
        return self._dense("W")

    @cached_property
    def R(self) -> Array:
        """(batch or 1, n, n), on values in the balance."""
        return self._dense("R")

    @cached_property
    def batch(self) -> int:
        """Batch size of the coefficients and the thickness."""
        own = (w for t in self.tables.values() for (i, _), w in t.items() if i in self.components)
        return max([self.thickness.size, *(w.size for w in own)])

    def _dense(self, name: str) -> Array:
        return dense(self.tables[name], self.components, self.components)

    @cached_property
    def full(self) -> Array:
        """P, Q, C_0, C_1, I_0, I_1, I_c as (batch or 1, 7, n, n), by the general method."""
        return two_ports(self, self.thickness)

    @cached_property
    def passing(self) -> tuple[Array, Array, Array, Array]:
        """P, Q, T_0, T_1, each (batch or 1, n, n)."""
        if self.closed is not None:
            p, t = closed_form(self.closed, self.thickness)
            return p, p, t, t
        ports = two_ports(self, self.thickness, integrals=False)
        p, q, t0, t1 = (np.empty((len(ports), *self.R.shape[1:])) for _ in range(4))
        losses(ports, self.B, self.R, p, q, t0, t1)
        return p, q, t0, t1

    @property
    def load(self) -> tuple[Array, Array]:
        """C_0, C_1: outward fluxes at both faces for a unit source f."""
        return self.full[:, 2], self.full[:, 3]

    @property
    def integral(self) -> tuple[Array, Array, Array]:
        """I_0, I_1, I_c: the integral of the fields over the layer."""
        return self.full[:, 4], self.full[:, 5], self.full[:, 6]


def port(place: str, components: tuple[int, ...], thickness: Array, tables: Mapping[str, Table]) -> Port:
    """The two-port of a piece from the tables "A", "B", "W", "R" of the layer.

    Raises:
        InputError: a component has no conduction across the layer (A is singular).
    """
    coupled = any(i in components for name in "BW" for i, _ in tables[name])
    found = Port(components, thickness, tables, None if coupled else _closed(components, tables))
    if found.closed is None and not np.all(np.abs(np.linalg.det(found.A)) > 0):
        raise InputError(
            f"{place}.A", "invertible across the layer", found.A[0].tolist(), "leave out the field there"
        )
    return found


def _closed(components: tuple[int, ...], tables: Mapping[str, Table]) -> Closed | None:
    """Parameters of the closed form if the piece has it: found in the numbers, not in what they mean."""
    A, R = tables["A"], tables["R"]
    zero = np.zeros(1)
    first = components[0]
    s, r = A.get((first, first), zero), R.get((first, first), zero)
    if len(components) > 3 or not (np.all(s > 0) and np.all(r >= 0)):
        return None
    if len(components) == 1:
        return Closed(1, s, r, None)
    turning = _turning(components, R)
    isotropic = all(_equal(A.get((i, i), zero), s) and _equal(R.get((i, i), zero), r) for i in components[1:])
    mixed = any((i, j) in A or (j, i) in A for i, j in combinations(components, 2))
    return Closed(len(components), s, r, turning) if isotropic and not mixed and turning is not None else None


def _turning(components: tuple[int, ...], R: Table) -> Array | None:
    """v (batch or 1, 3) of the antisymmetric part [v x] of R; None where the rest is not diagonal."""
    zero = np.zeros(1)
    for i, j in combinations(components, 2):
        if not _equal(R.get((i, j), zero), -R.get((j, i), zero)):
            return None
    x, y = components[:2]
    around = [zero, zero, R.get((y, x), zero)]
    if len(components) == 3:
        z = components[2]
        around[:2] = [R.get((z, y), zero), R.get((x, z), zero)]
    return np.stack(np.broadcast_arrays(*around), axis=-1)


def _equal(a: Array, b: Array) -> bool:
    return a is b or bool(np.all(a == b))


def closed_form(closed: Closed, thickness: Array) -> tuple[Array, Array]:
    """P and T of a closed-form piece, each (batch or 1, n, n)."""
    parts = (closed.s, closed.r, thickness)
    n, batch = 1, max(p.size for p in parts)
    if closed.v is not None:
        n, batch = 3, max(batch, closed.v.shape[0])
    p, t = np.empty((batch, n, n)), np.empty((batch, n, n))
    s, r, d = (np.ascontiguousarray(x) for x in parts)
    if closed.v is None:
        closed_scalar(s, r, d, p, t)
    else:
        closed_vector(s, r, np.ascontiguousarray(closed.v), d, p, t)
    return p[:, : closed.size, : closed.size], t[:, : closed.size, : closed.size]


def two_ports(piece: Port, thickness: Array, *, integrals: bool = True) -> Array:
    """P, Q, C_0, C_1 and (if asked for) I_0, I_1, I_c of a layer of the same law and this thickness.

    Returns:
        Shape (batch or 1, 7, n, n).
    """
    n = len(piece.components)
    ports = np.empty((max(piece.batch, thickness.size), 7, n, n))
    general(*(np.ascontiguousarray(x) for x in (piece.A, piece.B, piece.W, piece.R, thickness)), integrals, ports)
    return ports


def profile(piece: Port, traces: tuple[Array, Array], source: Array, where: Array) -> tuple[Array, Array]:
    """Fields inside the layer and their slopes along its axis.

    Args:
        traces: values at the low and the high face, (batch, n) each.
        source: f of the balance, (batch or 1, n).
        where: (points,) positions from 0 (low face) to 1.

    Returns:
        values and slopes, (batch, points, n) each.
    """
    if piece.closed is not None and not np.any(source):
        return _closed_profile(piece.closed, piece.thickness, traces, where)
    values, slopes = zip(*(_inside(piece, traces, source, float(x)) for x in where), strict=True)
    return np.stack(values, axis=1), np.stack(slopes, axis=1)


def _inside(piece: Port, traces: tuple[Array, Array], source: Array, x: float) -> tuple[Array, Array]:
    """Values and slopes (batch, n) at one point, from the two-ports below and above it."""
    low, high = traces
    shape = np.broadcast_shapes(low.shape, (piece.batch, 1))
    slope_from_below = x >= 0.5
    if x <= 0.0 or x >= 1.0:
        value: Array = np.broadcast_to(low if x <= 0.0 else high, shape)
        below = above = piece.full
    else:
        below, above = (two_ports(piece, piece.thickness * part, integrals=False) for part in (x, 1.0 - x))
        loss = below[:, 3] + above[:, 2]
        middle = below[:, 1] + above[:, 0] + loss @ piece.R
        given = _times(below[:, 1], low) + _times(above[:, 0], high) - _times(loss, source)
        value = _solved(middle, given)
    # The slope from the thicker side: the thin one divides a small difference by a small length.
    lost = _times(piece.R, value) + source
    if slope_from_below:
        flux = _times(below[:, 1], value - low) + _times(below[:, 3], lost)
    else:
        flux = -_times(above[:, 0], value - high) - _times(above[:, 2], lost)
    return value, _solved(piece.A, flux)


def _solved(matrix: Array, vector: Array) -> Array:
    full = np.broadcast_to(matrix, (len(vector), *matrix.shape[1:]))
    return np.asarray(np.linalg.solve(full, vector[..., None])[..., 0], dtype=float)


def _times(matrix: Array, vector: Array) -> Array:
    return np.asarray(np.einsum("...ij,...j->...i", matrix, vector))


def _closed_profile(
    closed: Closed, thickness: Array, traces: tuple[Array, Array], where: Array
) -> tuple[Array, Array]:
    """Mean and half difference of the traces, carried inwards by cosh(x eta)/cosh(x/2) and sinh(x eta)/sinh(x/2)."""
    d = thickness[:, None]
    s, r = closed.s[:, None], closed.r[:, None]
    padding = [(0, 0), (0, (1 if closed.v is None else 3) - closed.size)]
    low, high = (np.pad(t, padding)[:, None, :] for t in traces)
    mean, half = 0.5 * (low + high), 0.5 * (high - low)
    along = _shapes(d * np.sqrt(r / s + 0j), where)
    if closed.v is None:
        even, odd, even_slope, odd_slope = (f.real[..., None] for f in along)
        values, slopes = even * mean + odd * half, even_slope * mean + odd_slope * half
        return values, np.asarray(slopes / d[..., None])
    length = np.linalg.norm(closed.v, axis=-1, keepdims=True)
    n = np.divide(closed.v, length, out=np.zeros_like(closed.v) + np.eye(3)[2], where=length > 0)[:, None, :]
    across = _shapes(d * np.sqrt((r - 1j * length) / s), where)
    turned = [_turned(f, g, n, v) for f, g, v in zip(along, across, (mean, half, mean, half), strict=True)]
    values, slopes = turned[0] + turned[1], (turned[2] + turned[3]) / d[..., None]
    return values[..., : closed.size], np.asarray(slopes[..., : closed.size])


def _turned(along: Complex, across: Complex, n: Array, vector: Array) -> Array:
    """f(R) applied to vectors (batch, 1, 3): f = along n n + Re across (1 - n n) - Im across [n x]."""
    parallel = np.sum(n * vector, axis=-1, keepdims=True) * n
    rest = vector - parallel
    real = along.real[..., None] * parallel + across.real[..., None] * rest
    return np.asarray(real - across.imag[..., None] * np.cross(n, rest))


def _shapes(x: Complex, where: Array) -> tuple[Complex, Complex, Complex, Complex]:
    """Even and odd shape at eta = where - 1/2, and their derivatives with respect to the position; (batch, points).

    cosh(x eta)/cosh(x/2), sinh(x eta)/sinh(x/2) and derivatives, from decaying exponentials; x has Re x >= 0.
    """
    eta = where[None, :] - 0.5
    size, sign = np.abs(eta), np.sign(eta)
    fall: Complex = np.exp(-x * (0.5 - size))
    inner: Complex = -np.expm1(-2.0 * x * size)
    outer: Complex = -np.expm1(-x)
    flat = np.broadcast_to(x == 0, inner.shape)
    even = fall * (2.0 - inner) / (2.0 - outer)
    even_slope = x * sign * fall * inner / (2.0 - outer)
    odd = np.broadcast_to(2.0 * eta, inner.shape).astype(np.complex128)
    odd_slope = np.full(inner.shape, 2.0, dtype=np.complex128)
    np.divide(sign * fall * inner, outer, out=odd, where=~flat)
    np.divide(x * fall * (2.0 - inner), outer, out=odd_slope, where=~flat)
    return even, odd, even_slope, odd_slope
