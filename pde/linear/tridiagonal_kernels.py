"""Compiled kernels of the block-tridiagonal solver, one loop over the batch each.

Matrices are (batch or 1, n, n), vectors (batch, size); `below`, `above`, `here` hold unknown numbers (-1: empty slot).
"""

import math
from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def link_apply(x: Any, y: Any, scale: Any, below: Any, above: Any, p: Any, q: Any, t0: Any, t1: Any) -> None:
    """y += two-port applied to x, from differences of traces; scale += sum of the sizes of what is added."""
    n = below.size
    for b in range(x.shape[0]):
        i0, i1, i2, i3 = b % p.shape[0], b % q.shape[0], b % t0.shape[0], b % t1.shape[0]
        for i in range(n):
            low, high, low_size, high_size = 0.0, 0.0, 0.0, 0.0
            for j in range(n):
                u, v = x[b, below[j]], x[b, above[j]]
                low += p[i0, i, j] * (u - v) + t0[i2, i, j] * u
                high += q[i1, i, j] * (v - u) + t1[i3, i, j] * v
                both = abs(u) + abs(v)
                low_size += abs(p[i0, i, j]) * both + abs(t0[i2, i, j] * u)
                high_size += abs(q[i1, i, j]) * both + abs(t1[i3, i, j] * v)
            y[b, below[i]] += low
            y[b, above[i]] += high
            scale[b, below[i]] += low_size
            scale[b, above[i]] += high_size


@njit(cache=True, nogil=True)
def shunt_apply(x: Any, y: Any, scale: Any, here: Any, matrix: Any) -> None:
    """y += matrix applied to x at some unknowns."""
    for b in range(x.shape[0]):
        m = b % matrix.shape[0]
        for i in range(here.size):
            total, size = 0.0, 0.0
            for j in range(here.size):
                part = matrix[m, i, j] * x[b, here[j]]
                total += part
                size += abs(part)
            y[b, here[i]] += total
            scale[b, here[i]] += size


@njit(cache=True, nogil=True)
def add_block(target: Any, rows: Any, columns: Any, source: Any) -> None:
    """target[:, rows, columns] += source."""
    for b in range(target.shape[0]):
        s = b % source.shape[0]
        for i in range(rows.size):
            for j in range(columns.size):
                target[b, rows[i], columns[j]] += source[s, i, j]


@njit(cache=True, nogil=True)
def eliminate(diagonal: Any, lower: Any, previous: Any, upper: Any) -> None:
    """diagonal -= lower @ previous @ upper, where `previous` is the inverse pivot of the plane below."""
    n = diagonal.shape[1]
    half = np.empty((n, n))
    for b in range(diagonal.shape[0]):
        l, p, u = b % lower.shape[0], b % previous.shape[0], b % upper.shape[0]
        for i in range(n):
            for j in range(n):
                total = 0.0
                for k in range(n):
                    total += lower[l, i, k] * previous[p, k, j]
                half[i, j] = total
        for i in range(n):
            for j in range(n):
                total = 0.0
                for k in range(n):
                    total += half[i, k] * upper[u, k, j]
                diagonal[b, i, j] -= total


@njit(cache=True, nogil=True)
def invert(matrices: Any) -> None:
    """Inverses in place: adjugate for three components, Gauss-Jordan with pivoting for others."""
    n = matrices.shape[1]
    work = np.empty((n, n))
    for b in range(matrices.shape[0]):
        if n == 1:
            matrices[b, 0, 0] = 1.0 / matrices[b, 0, 0] if matrices[b, 0, 0] != 0.0 else math.inf
        elif n == 3:
            _adjugate(matrices[b])
        else:
            gauss_jordan(matrices[b], work)


@njit(cache=True, nogil=True)
def _adjugate(m: Any) -> None:
    a, b, c, d, e, f = m[0, 0], m[0, 1], m[0, 2], m[1, 0], m[1, 1], m[1, 2]
    g, h, i = m[2, 0], m[2, 1], m[2, 2]
    x, y, z = e * i - f * h, f * g - d * i, d * h - e * g
    det = a * x + b * y + c * z
    s = 1.0 / det if det != 0.0 else math.inf
    m[0, 0], m[0, 1], m[0, 2] = s * x, s * (c * h - b * i), s * (b * f - c * e)
    m[1, 0], m[1, 1], m[1, 2] = s * y, s * (a * i - c * g), s * (c * d - a * f)
    m[2, 0], m[2, 1], m[2, 2] = s * z, s * (b * g - a * h), s * (a * e - b * d)


@njit(cache=True, nogil=True)
def gauss_jordan(matrix: Any, work: Any) -> None:
    """Inverse in place, with row pivoting; a singular matrix gives infinities. `work` has the shape of the matrix."""
    n = matrix.shape[0]
    for i in range(n):
        for j in range(n):
            work[i, j] = matrix[i, j]
            matrix[i, j] = 1.0 if i == j else 0.0
    for c in range(n):
        best = c
        for i in range(c + 1, n):
            if abs(work[i, c]) > abs(work[best, c]):
                best = i
        if best != c:
            for j in range(n):
                work[c, j], work[best, j] = work[best, j], work[c, j]
                matrix[c, j], matrix[best, j] = matrix[best, j], matrix[c, j]
        pivot = 1.0 / work[c, c] if work[c, c] != 0.0 else math.inf
        for j in range(n):
            work[c, j] *= pivot
            matrix[c, j] *= pivot
        for i in range(n):
            factor = work[i, c]
            if i != c and factor != 0.0:
                for j in range(n):
                    work[i, j] -= factor * work[c, j]
                    matrix[i, j] -= factor * matrix[c, j]


@njit(cache=True, nogil=True)
def forward(x: Any, here: Any, above: Any, inverse: Any, passed: Any) -> None:
    """x_here <- inverse x_here; x_above += passed x_here."""
    n = here.size
    values = np.empty(n)
    for b in range(x.shape[0]):
        m, q = b % inverse.shape[0], b % passed.shape[0]
        for i in range(n):
            total = 0.0
            for j in range(n):
                if here[j] >= 0:
                    total += inverse[m, i, j] * x[b, here[j]]
            values[i] = total
        for i in range(n):
            if here[i] >= 0:
                x[b, here[i]] = values[i]
        for i in range(n):
            if above[i] >= 0:
                total = 0.0
                for j in range(n):
                    total += passed[q, i, j] * values[j]
                x[b, above[i]] += total


@njit(cache=True, nogil=True)
def backward(x: Any, here: Any, above: Any, inverse: Any, passed: Any) -> None:
    """x_here += inverse (passed x_above)."""
    n = here.size
    values = np.empty(n)
    for b in range(x.shape[0]):
        m, p = b % inverse.shape[0], b % passed.shape[0]
        for i in range(n):
            total = 0.0
            for j in range(n):
                if above[j] >= 0:
                    total += passed[p, i, j] * x[b, above[j]]
            values[i] = total
        for i in range(n):
            if here[i] >= 0:
                total = 0.0
                for j in range(n):
                    total += inverse[m, i, j] * values[j]
                x[b, here[i]] += total


@njit(cache=True, nogil=True)
def verify(loads: Any, applied: Any, scale: Any, held: Any, residual: Any, error: Any, growth: Any) -> None:
    """Residual on the unknowns that are not held, and per member: its size over the largest |b| + |A| |x|
    (`error`), and the largest |A| |x| over the largest |b| (`growth`)."""
    for b in range(loads.shape[0]):
        worst, most, load = 0.0, 0.0, 0.0
        for i in range(loads.shape[1]):
            residual[b, i] = 0.0
            if not held[i]:
                residual[b, i] = loads[b, i] - applied[b, i]
                # not (a <= b) also takes hold of NaN
                if not abs(residual[b, i]) <= worst:
                    worst = abs(residual[b, i])
                load = max(load, abs(loads[b, i]))
                most = max(most, scale[b, i])
        error[b] = worst / (load + most) if load + most > 0.0 else 0.0
        growth[b] = most / load if load > 0.0 else 0.0
