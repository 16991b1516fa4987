"""Compiled kernels of the layered engine: two-ports of uniform layers, one loop over the batch each.

The layer  A U'' = R U + (W - B) U' + f  of thickness d, seen from its two faces with outward fluxes a (a_0 = -J(0),
a_1 = J(d), drives in J left out):

    a_0 = P (U_0 - U_1) + T_0 U_0 + C_0 f,        T_0 = C_0 R - B
    a_1 = Q (U_1 - U_0) + T_1 U_1 + C_1 f,        T_1 = C_1 R + B
    int U dz = I_0 U_0 + I_1 U_1 + I_c f

P and Q carry what passes through, T what is lost on the way. Kept apart, they stay accurate to round-off when one is
much smaller than the other: thin layers lose little, thick ones pass little. Arrays are (batch or 1, n, n).
"""

import math
from typing import Any

import numpy as np
from numba import njit

from hanle.pde.linear.tridiagonal_kernels import gauss_jordan

#: Thin slabs have decay times thickness below this; the power series then ends at round-off.
SLAB = 0.5
#: Powers in the series; what follows is below SLAB**17 / 17!, 2e-20.
TERMS = 16


@njit(cache=True, nogil=True)
def _scalar(s: float, r: float, d: float) -> tuple[float, float]:
    """(s/d) x/sinh x and (s/d) x tanh(x/2), with x = d sqrt(r/s)."""
    if r == 0.0:
        return s / d, 0.0
    x = d * math.sqrt(r / s)
    e = math.exp(-x)
    gap = -math.expm1(-x)
    return s / d * 2.0 * x * e / (gap * (1.0 + e)), s / d * x * gap / (1.0 + e)


@njit(cache=True, nogil=True)
def _rotating(s: float, r: float, turn: float, d: float) -> tuple[complex, complex]:
    """The same for r - i turn, r >= 0; exponentials decay, and 1 - exp(-x) is formed without cancellation."""
    size = math.hypot(r, turn)
    if size == 0.0:
        return complex(s / d, 0.0), complex(0.0, 0.0)
    real = math.sqrt(0.5 * (size + r) / s)
    a, b = d * real, -0.5 * d * turn / (s * real)
    e, half_sine, half_cosine = math.exp(-a), math.sin(0.5 * b), math.cos(0.5 * b)
    sine = 2.0 * half_sine * half_cosine
    gap = complex(-math.expm1(-a) + 2.0 * e * half_sine**2, e * sine)
    decay = complex(e * (1.0 - 2.0 * half_sine**2), -e * sine)
    x = complex(a, b)
    ratio = s / d * x / (1.0 + decay)
    return 2.0 * ratio * decay / gap, ratio * gap


@njit(cache=True, nogil=True)
def closed_scalar(s: Any, r: Any, d: Any, p: Any, t: Any) -> None:
    """P and T of one component: s, r, d are (batch or 1,), p and t (batch, 1, 1)."""
    for i in range(p.shape[0]):
        p[i, 0, 0], t[i, 0, 0] = _scalar(s[i % s.size], r[i % r.size], d[i % d.size])


@njit(cache=True, nogil=True)
def closed_vector(s: Any, r: Any, turn: Any, d: Any, p: Any, t: Any) -> None:
    """P and T of three components with R = r I + [v x]: `turn` holds v, (batch or 1, 3), p and t (batch, 3, 3).

    On the eigenvector with [n x] -> -i, R is r - i |v|; a function f of R is
    f(r) n n + Re f(r - i|v|) (1 - n n) - Im f(r - i|v|) [n x].
    """
    for i in range(p.shape[0]):
        si, ri, di = s[i % s.size], r[i % r.size], d[i % d.size]
        k = i % turn.shape[0]
        x, y, z = turn[k, 0], turn[k, 1], turn[k, 2]
        length = math.sqrt(x * x + y * y + z * z)
        if length > 0.0:
            x, y, z = x / length, y / length, z / length
        else:
            x, y, z = 0.0, 0.0, 1.0
        p_along, t_along = _scalar(si, ri, di)
        p_across, t_across = _rotating(si, ri, length, di)
        _spectral(p_along, p_across, x, y, z, p[i])
        _spectral(t_along, t_across, x, y, z, t[i])


@njit(cache=True, nogil=True)
def _spectral(along: float, across: complex, x: float, y: float, z: float, out: Any) -> None:
    real, turn = across.real, -across.imag
    gap = along - real
    out[0, 0], out[1, 1], out[2, 2] = real + gap * x * x, real + gap * y * y, real + gap * z * z
    out[0, 1], out[1, 0] = gap * x * y - turn * z, gap * x * y + turn * z
    out[0, 2], out[2, 0] = gap * x * z + turn * y, gap * x * z - turn * y
    out[1, 2], out[2, 1] = gap * y * z - turn * x, gap * y * z + turn * x


@njit(cache=True, nogil=True)
def _product(a: Any, b: Any, out: Any) -> None:
    n = a.shape[0]
    for i in range(n):
        for j in range(n):
            total = 0.0
            for k in range(n):
                total += a[i, k] * b[k, j]
            out[i, j] = total


@njit(cache=True, nogil=True)
def _invert(matrix: Any, out: Any, work: Any) -> None:
    out[:, :] = matrix
    gauss_jordan(out, work)


@njit(cache=True, nogil=True)
def _norm(a: Any) -> float:
    largest = 0.0
    for i in range(a.shape[0]):
        total = 0.0
        for j in range(a.shape[1]):
            total += abs(a[i, j])
        largest = max(largest, total)
    return largest


@njit(cache=True, nogil=True)
def _series(rho: Any, beta: Any, sums: Any, e: Any) -> None:
    """V(1), V'(1) and the integral of V over [0, 1] for V'' = rho V + beta V' + 1, V(0) = V'(0) = 0.

    All else follows: V' is the solution that starts with slope 1, 1 + V rho the one that starts with value 1.
    `sums` is (3, n, n), `e` work space (3, n, n). Without beta only even powers appear.
    """
    n = rho.shape[0]
    before, last, new = e[0], e[1], e[2]
    before[:] = 0.0
    last[:] = 0.0
    sums[:] = 0.0
    for i in range(n):
        last[i, i] = 0.5
        sums[0, i, i], sums[1, i, i], sums[2, i, i] = 0.5, 1.0, 1.0 / 6.0
    if _norm(beta) == 0.0:
        for j in range(4, TERMS + 1, 2):
            _product(rho, last, new)
            for i in range(n):
                for k in range(n):
                    new[i, k] /= j * (j - 1)
                    sums[0, i, k] += new[i, k]
                    sums[1, i, k] += j * new[i, k]
                    sums[2, i, k] += new[i, k] / (j + 1)
            last, new = new, last
        return
    for j in range(3, TERMS + 1):
        for i in range(n):
            for k in range(n):
                total = 0.0
                for l in range(n):
                    total += rho[i, l] * before[l, k] + (j - 1) * beta[i, l] * last[l, k]
                new[i, k] = total / (j * (j - 1))
                sums[0, i, k] += new[i, k]
                sums[1, i, k] += j * new[i, k]
                sums[2, i, k] += new[i, k] / (j + 1)
        before, last, new = last, new, before


@njit(cache=True, nogil=True)
def _slab(A: Any, R: Any, inverse: Any, rho: Any, beta: Any, h: float, port: Any, work: Any) -> None:
    """P, Q, C_0, C_1, I_0, I_1, I_c (rows of `port`) of a slab of thickness h thin enough for the series."""
    n = A.shape[0]
    sums, spare = work[0:3], work[3:6]
    slope_inverse, ratio, last, product = work[6], work[7], work[8], work[9]
    _series(rho, beta, sums, spare)
    value, slope, integral = sums[0], sums[1], sums[2]
    _invert(slope, slope_inverse, spare[0])
    _product(rho, value, ratio)
    _product(beta, slope, product)
    for i in range(n):
        for j in range(n):
            ratio[i, j] += product[i, j] + (1.0 if i == j else 0.0)
    _product(ratio, slope_inverse, last)
    _product(A, slope_inverse, port[0])
    _product(slope_inverse, value, ratio)
    _product(A, ratio, product)
    _product(product, inverse, port[2])
    _product(value, ratio, spare[0])
    _product(last, value, ratio)
    for i in range(n):
        for j in range(n):
            ratio[i, j] = slope[i, j] - ratio[i, j]
            spare[1, i, j] = integral[i, j] - spare[0, i, j]
    _product(A, ratio, product)
    _product(product, inverse, port[3])
    _product(A, last, product)
    _product(port[3], R, spare[2])
    _product(value, slope_inverse, port[5])
    _product(spare[1], inverse, port[6])
    _product(spare[1], rho, spare[0])
    for i in range(n):
        for j in range(n):
            port[0, i, j] /= h
            port[1, i, j] = product[i, j] / h - h * spare[2, i, j]
            port[2, i, j] *= h
            port[3, i, j] *= h
            port[4, i, j] = h * ((1.0 if i == j else 0.0) - port[5, i, j] + spare[0, i, j])
            port[5, i, j] *= h
            port[6, i, j] *= h**3


@njit(cache=True, nogil=True)
def _double_even(R: Any, port: Any, work: Any) -> None:
    """`_double` for a slab that looks alike from both faces (P = Q, C_0 = C_1): rows 0 and 2 only."""
    n = R.shape[0]
    loss, a, x, px = work[0], work[1], work[2], work[3]
    for i in range(n):
        for j in range(n):
            loss[i, j] = 2.0 * port[2, i, j]
    _product(loss, R, a)
    for i in range(n):
        for j in range(n):
            a[i, j] += 2.0 * port[0, i, j]
    _invert(a, x, work[4])
    _product(port[0], x, px)
    _product(px, loss, a)
    _product(px, port[0], work[4])
    for i in range(n):
        for j in range(n):
            port[2, i, j] += a[i, j]
            port[0, i, j] = work[4, i, j]


@njit(cache=True, nogil=True)
def _double(R: Any, port: Any, work: Any) -> None:
    """Two equal slabs one upon the other: eliminates the plane between them."""
    n = R.shape[0]
    loss, x, px, qx, a, b, c = work[0], work[1], work[2], work[3], work[4], work[5], work[6]
    for i in range(n):
        for j in range(n):
            loss[i, j] = port[2, i, j] + port[3, i, j]
            c[i, j] = port[4, i, j] + port[5, i, j]
    _product(loss, R, a)
    for i in range(n):
        for j in range(n):
            a[i, j] += port[0, i, j] + port[1, i, j]
    _invert(a, x, b)
    _product(c, x, work[7])
    _product(port[0], x, px)
    _product(port[1], x, qx)
    _product(work[7], port[1], a)
    _product(work[7], port[0], b)
    _product(work[7], loss, c)
    for i in range(n):
        for j in range(n):
            port[4, i, j] += a[i, j]
            port[5, i, j] += b[i, j]
            port[6, i, j] = 2.0 * port[6, i, j] - c[i, j]
    _product(px, loss, a)
    _product(qx, loss, b)
    _product(px, port[0], c)
    _product(qx, port[1], work[7])
    for i in range(n):
        for j in range(n):
            port[2, i, j] += a[i, j]
            port[3, i, j] += b[i, j]
            port[0, i, j] = c[i, j]
            port[1, i, j] = work[7, i, j]


@njit(cache=True, nogil=True)
def general(A: Any, B: Any, W: Any, R: Any, d: Any, integrals: bool, ports: Any) -> None:
    """Two-ports of any layer: a thin slab by its power series, doubled until it is the layer.

    `ports` (batch, 7, n, n) receives P, Q, C_0, C_1 and, if asked for, I_0, I_1, I_c. Doubling adds what is lost and
    multiplies what passes; nothing large is ever subtracted, and no exponential grows.
    """
    n = A.shape[1]
    work = np.empty((10, n, n))
    inverse, rho, beta = np.empty((n, n)), np.empty((n, n)), np.empty((n, n))
    for i in range(ports.shape[0]):
        a, r = A[i % A.shape[0]], R[i % R.shape[0]]
        thickness = d[i % d.size]
        for j in range(n):
            for k in range(n):
                work[0, j, k] = W[i % W.shape[0], j, k] - B[i % B.shape[0], j, k]
        _invert(a, inverse, work[1])
        _product(inverse, r, rho)
        _product(inverse, work[0], beta)
        rate = thickness * max(math.sqrt(_norm(rho)), _norm(beta))
        doublings = 0
        while rate > SLAB and doublings < 200:
            rate *= 0.5
            doublings += 1
        h = thickness * 0.5**doublings
        for j in range(n):
            for k in range(n):
                rho[j, k] *= h * h
                beta[j, k] *= h
        _slab(a, r, inverse, rho, beta, h, ports[i], work)
        if integrals or _norm(beta) > 0.0:
            for _ in range(doublings):
                _double(r, ports[i], work)
        else:
            for _ in range(doublings):
                _double_even(r, ports[i], work)
            ports[i, 1] = ports[i, 0]
            ports[i, 3] = ports[i, 2]


@njit(cache=True, nogil=True)
def losses(ports: Any, B: Any, R: Any, p: Any, q: Any, t0: Any, t1: Any) -> None:
    """P, Q, T_0 = C_0 R - B and T_1 = C_1 R + B from the output of `general`."""
    n = R.shape[1]
    for i in range(ports.shape[0]):
        b, r = B[i % B.shape[0]], R[i % R.shape[0]]
        _product(ports[i, 2], r, t0[i])
        _product(ports[i, 3], r, t1[i])
        for j in range(n):
            for k in range(n):
                p[i, j, k], q[i, j, k] = ports[i, 0, j, k], ports[i, 1, j, k]
                t0[i, j, k] -= b[j, k]
                t1[i, j, k] += b[j, k]
