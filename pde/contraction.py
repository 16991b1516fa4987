"""Sums of products of constant matrices, weights and fields at points: how coefficients are applied."""

from collections.abc import Sequence

import numpy as np

from hanle.pde.tensors import Array

#: Points (batch x entities x points) that are worked on at a time.
PIECE = 8192


def contracted(parts: Sequence[tuple[Array, Array, Array]], shape: tuple[int, ...]) -> Array:
    """Sum of matrix x weight x input: matrix (rows, columns), weight (b, e, p), input (b, e, p, columns).

    A few entities at a time, component by component: what is in use stays in the processor's cache, and matrices are
    mostly zero.

    Args:
        shape: (b, e, p, rows) at least.
    """
    lead = np.broadcast_shapes(shape[:3], *(weight.shape for _, weight, _ in parts))
    total = np.zeros((*lead, shape[3]))
    entries = [[(i, j, matrix[i, j]) for i, j in np.argwhere(matrix)] for matrix, _, _ in parts]
    step = max(1, PIECE // max(1, lead[0] * lead[2]))
    for begin in range(0, lead[1], step):
        piece = slice(begin, begin + step)
        out = np.zeros((shape[3], *total[:, piece].shape[:3]))
        inputs = {id(x): np.ascontiguousarray(_cut(x, piece).transpose(3, 0, 1, 2)) for _, _, x in parts}
        for (_, weight, x), nonzero in zip(parts, entries, strict=True):
            here, components = _cut(weight, piece), inputs[id(x)]
            for row, column, factor in nonzero:
                out[row] += factor * here * components[column]
        total[:, piece] = out.transpose(1, 2, 3, 0)
    return total


def kron(spatial: Array, fields: Array) -> Array:
    """Kronecker product of two matrices; numpy's takes four times as long."""
    outer = np.multiply.outer(spatial, fields).swapaxes(1, 2)
    return outer.reshape(len(spatial) * len(fields), -1)


def flattened(gradients: Array) -> Array:
    """Gradients (..., 3, N) as (..., 3 N), for products with matrices."""
    *lead, axes, fields = gradients.shape
    # A process may hold none of the cells: -1 would have no meaning.
    return gradients.reshape(*lead, axes * fields)


def _cut(values: Array, entities: slice) -> Array:
    return values if values.shape[1] == 1 else values[:, entities]
