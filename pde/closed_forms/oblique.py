"""Film whose field, moments and relaxation tensor share no axis: the solution of `film` with 3x3 matrices.

    w'' = M w,    w'(d) = s + 2 rho G_top w(d),    w'(0) = s - 2 rho G_bottom w(0),    <w'> = (1 - Q) s,
    M = Gamma/D - [omega x]/D,    G = Gs + Gr [m x]^2 + Gi [m x],    s = theta z x E.

With Y = M d^2, k_0, k_1 = 2 rho d (G_bottom, G_top), C(Y) = sqrt(Y) coth sqrt(Y), about the middle of the film,

    A = (Y/2) C(Y/4)^{-1},    Z = (2 A - k_0 - k_1)^{-1},    X = 4 C(Y/4) - (k_0 + k_1) - (k_1 - k_0) Z (k_1 - k_0),
    Q = (X - 4) X^{-1},       X - 4 = 4 [C(Y/4) - 1] - 2 (k_0 + k_1) Z A + 2 (k_1 Z k_0 + k_0 Z k_1).

The last form of X - 4 follows from Z (2A - k_0 - k_1) = 1 and has no cancellation for thin films. C - 1 is a matrix
continued fraction at a reduced argument followed by doublings C(4Y) = C + Y C^{-1}, which contract: no eigenvectors
(M may be defective), nothing grows. Measured against `oblique_reference`: errors below 1e-15 of the largest element
of Q for d from 1e-4 to 50 decay lengths. Resistivities follow in `resistivity`. Exact in theta.

Validity: as `film`, but field and moments may be oblique.
"""

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.errors import InputError
from hanle.pde.tensors import Array, cross_matrix, is_symmetric

#: Reduced norm and levels of the continued fraction of C - 1: remainder below 1e-20.
_REDUCED_NORM = 0.25
_FRACTION_LEVELS = 8


def mixing_tensor(m: ArrayLike, s: ArrayLike, r: ArrayLike, i: ArrayLike) -> Array:
    """G (..., 3, 3) [S/m^2] with N.J = 2 G w, from the unit moment axis `m` (..., 3) and Gs, Gr, Gi [S/m^2]."""
    turn = cross_matrix(m)
    g_s, g_r, g_i = (np.asarray(g, dtype=float)[..., None, None] for g in (s, r, i))
    return np.asarray(g_s * np.eye(3) + g_r * (turn @ turn) + g_i * turn)


def decay_matrix(gamma: ArrayLike, omega: ArrayLike, diffusion: ArrayLike) -> Array:
    """M = (Gamma - [omega x])/D (..., 3, 3) [1/m^2].

    Args:
        gamma: spin relaxation tensor (..., 3, 3) [1/s], symmetric, positive.
        omega: precession angular velocity vector (..., 3) [rad/s], d_t w = + omega x w.
        diffusion: D [m^2/s], shape (...).
    """
    rate = np.asarray(gamma, dtype=float)
    if not is_symmetric(rate):
        raise InputError("gamma", "a symmetric tensor [1/s]", rate.tolist(), "put precession into omega")
    if np.any(np.linalg.eigvalsh(rate)[..., 0] <= 0.0):
        raise InputError("gamma", "positive definite [1/s]", rate.tolist())
    return np.asarray((rate - cross_matrix(omega)) / np.asarray(diffusion, dtype=float)[..., None, None])


def _coth_minus_one(y: Array) -> Array:
    """C(Y) - 1 for (..., 3, 3) matrices whose eigenvalues avoid the negative axis."""
    norm = np.linalg.norm(y, axis=(-2, -1))
    doublings = max(0, int(np.ceil(np.log(np.max(norm) / _REDUCED_NORM) / np.log(4.0))))
    reduced, eye = y * 0.25**doublings, np.eye(3)
    tail = (2 * _FRACTION_LEVELS + 3) * eye + 0.0 * reduced
    for odd in range(2 * _FRACTION_LEVELS + 1, 1, -2):
        tail = odd * eye + reduced @ np.linalg.inv(tail)
    g = reduced @ np.linalg.inv(tail)
    for _ in range(doublings):
        g = g + reduced @ np.linalg.inv(eye + g)
        reduced = 4.0 * reduced
    return np.asarray(g)


def _middle_form(
    M: ArrayLike, d: ArrayLike, rho: ArrayLike, bottom: ArrayLike, top: ArrayLike
) -> tuple[Array, ...]:
    """(X, X - 4, Z (k_1 - k_0)) of the module docstring."""
    thickness = np.asarray(d, dtype=float)[..., None, None]
    unit = 2.0 * np.asarray(rho, dtype=float)[..., None, None] * thickness
    y = np.asarray(M, dtype=float) * thickness**2
    k_0, k_1 = unit * np.asarray(bottom, dtype=float), unit * np.asarray(top, dtype=float)
    half = _coth_minus_one(y / 4)
    a = y @ np.linalg.inv(np.eye(3) + half) / 2
    z = np.linalg.inv(2 * a - k_0 - k_1)
    shift = 4 * half - 2 * (k_0 + k_1) @ z @ a + 2 * (k_1 @ z @ k_0 + k_0 @ z @ k_1)
    return 4 * np.eye(3) + shift, shift, z @ (k_1 - k_0)


_NO_FACE = np.zeros((3, 3))


def oblique_deficit(
    M: ArrayLike, d: ArrayLike, rho: ArrayLike, G_bottom: ArrayLike = _NO_FACE, G_top: ArrayLike = _NO_FACE
) -> Array:
    """Q = 1 - Rmat, shape (..., 3, 3), for `resistivity.exact_correction` and its companions.

    Args:
        M: decay matrix (..., 3, 3) [1/m^2], see `decay_matrix`.
        d: thickness [m].
        rho: Drude resistivity [Ohm m].
        G_bottom, G_top: face tensors (..., 3, 3) [S/m^2], see `mixing_tensor`; zero for vacuum.
    """
    x, shift, _ = _middle_form(M, d, rho, G_bottom, G_top)
    return np.asarray(shift @ np.linalg.inv(x))


def oblique_surface_accumulation(
    M: ArrayLike,
    d: ArrayLike,
    rho: ArrayLike,
    source: ArrayLike,
    G_bottom: ArrayLike = _NO_FACE,
    G_top: ArrayLike = _NO_FACE,
) -> tuple[Array, Array]:
    """(w at z = 0, w at z = d) [V], shapes (..., 3), for the source s = theta z x E (..., 3) [V/m]."""
    x, _, even = _middle_form(M, d, rho, G_bottom, G_top)
    s = np.asarray(source, dtype=float) * np.asarray(d, dtype=float)[..., None]
    odd_part = 2 * np.linalg.solve(x, s[..., None])
    even_part = even @ odd_part
    return np.asarray((even_part - odd_part)[..., 0]), np.asarray((even_part + odd_part)[..., 0])
