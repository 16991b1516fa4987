"""Compiled loops of the linear solvers; `operators.py` holds the numpy twin they are tested against.

Vectors are flat and node-major. Two scalar matrices with one sparsity pattern are applied in one pass: the
indices and the vector are read once for both. Indices are turned into unsigned numbers: a signed index would cost
a test for wrap-around per entry and keep the compiler from using vector instructions (three times slower).
"""

import numba as nb
import numpy as np

_U = np.uint64
_CHUNKS = 64


@nb.njit(inline="always")
def _gather(indices, first, second, begin, end, x, width, column, a, b, one):  # type: ignore[no-untyped-def]
    """a, b = rows of the two matrices times columns `column`, ... of x; four lanes while that many are left."""
    while column + 4 <= width:
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
    if column + 3 == width:
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
    while column < width:
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
    for chunk in nb.prange(_CHUNKS):
        a, b = np.empty(width, x.dtype), np.empty(width, x.dtype)
        for i in range(chunk * count // _CHUNKS, (chunk + 1) * count // _CHUNKS):
            _gather(indices, first, second, _U(indptr[i]), _U(indptr[i + 1]), x, width, 0, a, b, one)
            base = _U(rows[i]) * _U(height)
            for r in range(height):
                s = one - one
                for c in range(width):
                    s += first_fields[r, c] * a[c] + second_fields[r, c] * b[c]
                y[base + _U(r)] += s
