"""The film of `oblique` in multiprecision, by a 6x6 matrix exponential: slow, and independent of `oblique`.

(w, w')' = [[0, 1], [M, 0]] (w, w') is carried from z = 0 to z = d; the face at z = d then fixes w(0). The working
precision covers the growth e^{d |M|^{1/2}}. Needs mpmath (pip install "hanle[test]").
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.tensors import Array


def oblique_deficit_multiprecision(
    M: ArrayLike, d: float, rho: float, G_bottom: ArrayLike, G_top: ArrayLike, digits: int = 40
) -> Array:
    """Q = 1 - Rmat (3, 3) with about `digits` correct digits before rounding to double; one film at a time.

    Arguments as `oblique.oblique_deficit` with tensors of shape (3, 3).
    """
    import mpmath  # type: ignore[import-untyped]

    y = np.asarray(M, dtype=float) * d**2
    reach = float(np.linalg.norm(y)) ** 0.5
    with mpmath.workdps(int(digits + reach + 20)):
        thickness = mpmath.mpf(d)
        scale = mpmath.sqrt(mpmath.mpf(max(1.0, reach)))
        decay = _matrix(mpmath, M) * thickness**2
        k_0 = _matrix(mpmath, G_bottom) * (2 * mpmath.mpf(rho) * thickness)
        k_1 = _matrix(mpmath, G_top) * (2 * mpmath.mpf(rho) * thickness)
        response = _response(mpmath, decay, k_0, k_1, scale)
        deficit = mpmath.eye(3) - response
        return np.array([[float(deficit[a, b]) for b in range(3)] for a in range(3)])


def _matrix(mp: Any, tensor: ArrayLike) -> Any:
    return mp.matrix(np.asarray(tensor, dtype=float).tolist())


def _response(mp: Any, decay: Any, k_0: Any, k_1: Any, scale: Any) -> Any:
    """Rmat from Y = M d^2 and k = 2 rho d G; the state is (w, d w'/scale) to balance the exponential."""
    generator = mp.zeros(6)
    for a in range(3):
        generator[a, a + 3] = scale
        for b in range(3):
            generator[a + 3, b] = decay[a, b] / scale
    carry = mp.expm(generator)
    ww, wv = carry[0:3, 0:3], carry[0:3, 3:6] / scale
    vw, vv = carry[3:6, 0:3] * scale, carry[3:6, 3:6]
    # v(0) = s - k_0 w(0) and v(d) = s + k_1 w(d) with v = d w', in units where s d = 1
    system = vw - vv * k_0 - k_1 * (ww - wv * k_0)
    source = mp.eye(3) - vv + k_1 * wv
    bottom = mp.inverse(system) * source
    top = (ww - wv * k_0) * bottom + wv
    return top - bottom
