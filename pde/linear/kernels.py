"""Compiled loops of the linear solvers; `operators.py` holds the numpy twin they are tested against.

Vectors are flat and node-major. Two scalar matrices with one sparsity pattern are applied in one pass: the
indices and the vector are read once for both. Indices are turned into unsigned numbers: a signed index would cost
a test for wrap-around per entry and keep the compiler from using vector instructions (three times slower).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numba as nb
import numpy as np

_U = np.uint64
_CHUNKS = 64

#: Unknowns below which one thread is used: on a busy machine threads that wait for each other cost more than the
#: work itself (ten times, measured at 4e5 unknowns); above, a pass takes longer than a slice of the scheduler.
PARALLEL = 1_000_000


@contextmanager
def threads_for(unknowns: int) -> Iterator[None]:
    """Use one thread inside the block for small systems; numba's own setting for the others."""
    before = nb.get_num_threads()
    try:
        nb.set_num_threads(before if unknowns >= PARALLEL else 1)
        yield
    finally:
        nb.set_num_threads(before)


@nb.njit(inline="always")
def _gather(indices, first, second, begin, end, x, width, column, stop, a, b, one):  # type: ignore[no-untyped-def]
    """a, b = rows of the two matrices times columns `column`, ..., `stop` - 1 of x; four lanes while many are left."""
    while column + 4 <= stop:
        a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = one - one
        for p in range(begin, end):
            j = _U(indices[p]) * _U(width) + _U(column)
            u, v = one * first[p], one * second[p]
            x0, x1, x2, x3 = x[j], x[j + _U(1)], x[j + _U(2)], x[j + _U(3)]
            a0 += u * x0
            a1 += u * x1
            a2 += u * x2
            a3 += u * x3
            b0 += v * x0
            b1 += v * x1
            b2 += v * x2
            b3 += v * x3
        a[column], a[column + 1], a[column + 2], a[column + 3] = a0, a1, a2, a3
        b[column], b[column + 1], b[column + 2], b[column + 3] = b0, b1, b2, b3
        column += 4
    if column + 3 == stop:
        a0 = a1 = a2 = b0 = b1 = b2 = one - one
        for p in range(begin, end):
            j = _U(indices[p]) * _U(width) + _U(column)
            u, v = one * first[p], one * second[p]
            x0, x1, x2 = x[j], x[j + _U(1)], x[j + _U(2)]
            a0 += u * x0
            a1 += u * x1
            a2 += u * x2
            b0 += v * x0
            b1 += v * x1
            b2 += v * x2
        a[column], a[column + 1], a[column + 2] = a0, a1, a2
        b[column], b[column + 1], b[column + 2] = b0, b1, b2
        column += 3
    while column < stop:
        a0 = b0 = one - one
        for p in range(begin, end):
            x0 = x[_U(indices[p]) * _U(width) + _U(column)]
            a0 += one * first[p] * x0
            b0 += one * second[p] * x0
        a[column], b[column] = a0, b0
        column += 1


@nb.njit(parallel=True, fastmath=True, cache=True)
def accumulate(  # type: ignore[no-untyped-def]
    rows, indptr, indices, first, second, first_fields, second_fields, x, y
):
    """y[rows] += (first (x) first_fields + second (x) second_fields) x.

    Args:
        rows: (r,) row of y of each matrix row; indptr (r + 1,); indices, first, second (entries,).
        first_fields, second_fields: (components of y, components of x).
        x, y: flat vectors.
    """
    count = rows.size
    height, width = first_fields.shape
    one = x.dtype.type(1)
    # Where coefficients vary, many a matrix sees one component only.
    begin, stop = width, 0
    for r in range(height):
        for c in range(width):
            if first_fields[r, c] != 0.0 or second_fields[r, c] != 0.0:
                begin, stop = min(begin, c), max(stop, c + 1)
    for chunk in nb.prange(_CHUNKS):
        a, b = np.empty(width, x.dtype), np.empty(width, x.dtype)
        for i in range(chunk * count // _CHUNKS, (chunk + 1) * count // _CHUNKS):
            _gather(indices, first, second, _U(indptr[i]), _U(indptr[i + 1]), x, width, begin, stop, a, b, one)
            base = _U(rows[i]) * _U(height)
            for r in range(height):
                s = one - one
                for c in range(begin, stop):
                    s += first_fields[r, c] * a[c] + second_fields[r, c] * b[c]
                y[base + _U(r)] += s


@nb.njit(parallel=True, fastmath=True, cache=True)
def relax(  # type: ignore[no-untyped-def]
    indptr, indices, first, second, first_fields, second_fields, inverse, free, weight, x, rhs, out
):
    """One damped block-Jacobi step, or a residual, in one pass.

    With r = rhs - (first (x) first_fields + second (x) second_fields) x:
    out = x + weight inverse r if weight is not zero, else out = r on free unknowns, 0 on the others.

    Args:
        indptr, indices, first, second: two scalar matrices (n, n) on one pattern.
        first_fields, second_fields: (c, c); inverse: (n, c, c) inverses of the nodal blocks, zero on fixed unknowns.
        free: (n * c,) 1 on free unknowns, 0 on fixed ones.
        x, rhs, out: (n * c,); `out` may be `rhs` but not `x`.
    """
    count, width = indptr.size - 1, first_fields.shape[0]
    one = x.dtype.type(1)
    for chunk in nb.prange(_CHUNKS):
        a, b, t = np.empty(width, x.dtype), np.empty(width, x.dtype), np.empty(width, x.dtype)
        for i in range(chunk * count // _CHUNKS, (chunk + 1) * count // _CHUNKS):
            _gather(indices, first, second, _U(indptr[i]), _U(indptr[i + 1]), x, width, 0, width, a, b, one)
            base = _U(i) * _U(width)
            for r in range(width):
                s = rhs[base + _U(r)]
                for c in range(width):
                    s -= first_fields[r, c] * a[c] + second_fields[r, c] * b[c]
                t[r] = s
            for r in range(width):
                if weight == 0.0:
                    out[base + _U(r)] = t[r] * free[base + _U(r)]
                else:
                    s = one - one
                    for c in range(width):
                        s += inverse[i, r, c] * t[c]
                    out[base + _U(r)] = x[base + _U(r)] + weight * s


@nb.njit(parallel=True, fastmath=True, cache=True)
def scale(inverse, weight, rhs, out):  # type: ignore[no-untyped-def]
    """out = weight inverse rhs, the first damped step from zero; shapes as in `relax`."""
    count, width = inverse.shape[0], inverse.shape[1]
    for i in nb.prange(count):
        base = _U(i) * _U(width)
        for r in range(width):
            s = weight - weight
            for c in range(width):
                s += inverse[i, r, c] * rhs[base + _U(c)]
            out[base + _U(r)] = weight * s


@nb.njit(parallel=True, fastmath=True, cache=True)
def transfer(indptr, indices, data, free, width, x, y):  # type: ignore[no-untyped-def]
    """y += matrix x on the free unknowns of y, the same scalar matrix for every one of `width` components."""
    for i in nb.prange(indptr.size - 1):
        for p in range(indptr[i], indptr[i + 1]):
            here, there = _U(i) * _U(width), _U(indices[p]) * _U(width)
            for c in range(width):
                y[here + _U(c)] += free[here + _U(c)] * data[p] * x[there + _U(c)]


@nb.njit(parallel=True, cache=True)
def invert_blocks(diagonals, fields, free, out):  # type: ignore[no-untyped-def]
    """Inverse nodal blocks by Gauss-Jordan elimination with pivoting; rows and columns of fixed unknowns are zero.

    Args:
        diagonals: (k, n) diagonals of k scalar matrices; fields: (k, c, c).
        free: (n * c,) 1 on free unknowns.
        out: (n, c, c).

    Returns (n,) True where a block is singular.
    """
    terms, count = diagonals.shape
    width = fields.shape[1]
    singular = np.zeros(count, np.bool_)
    for i in nb.prange(count):
        work = np.zeros((width, 2 * width))
        for r in range(width):
            work[r, width + r] = 1.0
            for c in range(width):
                if free[i * width + r] > 0 and free[i * width + c] > 0:
                    for k in range(terms):
                        work[r, c] += diagonals[k, i] * fields[k, r, c]
            if free[i * width + r] == 0:
                work[r, r] = 1.0
        for c in range(width):
            best = c
            for r in range(c + 1, width):
                if abs(work[r, c]) > abs(work[best, c]):
                    best = r
            if work[best, c] == 0.0:
                singular[i] = True
                continue
            for q in range(2 * width):
                work[c, q], work[best, q] = work[best, q], work[c, q]
            pivot = work[c, c]
            for q in range(2 * width):
                work[c, q] /= pivot
            for r in range(width):
                if r != c:
                    factor = work[r, c]
                    for q in range(2 * width):
                        work[r, q] -= factor * work[c, q]
        for r in range(width):
            for c in range(width):
                out[i, r, c] = work[r, width + c] * free[i * width + r] * free[i * width + c]
    return singular
