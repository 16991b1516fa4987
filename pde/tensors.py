"""Types of arrays, and small constant tensors: Levi-Civita symbol, cross-product matrices, unit vectors."""

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]


def _levi_civita() -> Array:
    eps = np.zeros((3, 3, 3))
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        eps[i, j, k], eps[k, j, i] = 1.0, -1.0
    return eps


#: Levi-Civita symbol, shape (3, 3, 3).
EPSILON: Array = _levi_civita()
EPSILON.setflags(write=False)


def cross_matrix(v: ArrayLike) -> Array:
    """Matrix [v x] with [v x] a = v x a. `v` has shape (..., 3), the result (..., 3, 3)."""
    return np.asarray(np.einsum("iab,...a->...ib", EPSILON, np.asarray(v, dtype=float)))


def outer(v: ArrayLike) -> Array:
    """Projector-like product v v^T. `v` has shape (..., 3), the result (..., 3, 3)."""
    a = np.asarray(v, dtype=float)
    return np.asarray(a[..., :, None] * a[..., None, :])


def unit(v: ArrayLike) -> Array:
    """`v` (..., 3) divided by its length; a zero vector stays zero."""
    a = np.asarray(v, dtype=float)
    length = np.linalg.norm(a, axis=-1, keepdims=True)
    return np.asarray(np.divide(a, length, out=np.zeros_like(a), where=length > 0))


def is_symmetric(tensor: ArrayLike) -> bool:
    """Whether tensors (..., n, n) equal their transposes, to rounding."""
    a = np.asarray(tensor, dtype=float)
    return bool(np.allclose(a, np.swapaxes(a, -1, -2), rtol=1e-12, atol=0.0))
