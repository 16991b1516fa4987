"""The two eigenchannels of precession about one axis, and the scalar functions they share.

With the field, the moments and every relaxation tensor symmetric about one unit vector n, a linear spin problem
splits into the component along n (length lambda, real) and the circular one with n x -> -i (complex length Lambda,
Re Lambda > 0). A scalar answer f of both channels then gives the 3x3 tensor

    T[f] = f_par n n + Re f_perp (1 - n n) - Im f_perp [n x].

Signs: precession d_t w = + omega x w, omega the angular velocity along n, so 1/Lambda^2 = 1/lambda^2 + i omega/D.
All functions broadcast; scalars of a channel are complex arrays, tensors carry two trailing axes of length 3.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hanle.pde.tensors import Array, cross_matrix, outer

ComplexArray: TypeAlias = NDArray[np.complex128]

#: Levels of the continued fraction: its remainder is below 1e-20.
_FRACTION_LEVELS = 10


def channel_tensor(f_par: ArrayLike, f_perp: ArrayLike, n: ArrayLike) -> Array:
    """T[f] for the unit axis `n` (..., 3) and channel values `f_par`, `f_perp` (...); shape (..., 3, 3)."""
    par = np.real(np.asarray(f_par))[..., None, None]
    perp = np.asarray(f_perp, dtype=complex)[..., None, None]
    along = outer(n)
    return np.asarray(par * along + perp.real * (np.eye(3) - along) - perp.imag * cross_matrix(n))


def transverse_length(lam: ArrayLike, omega: ArrayLike, diffusion: ArrayLike) -> ComplexArray:
    """Complex length Lambda [m], 1/Lambda^2 = 1/lam^2 + i omega/D, branch Re Lambda > 0.

    Args:
        lam: spin diffusion length (in a magnet the transverse one) [m].
        omega: precession angular velocity along n [rad/s], either sign.
        diffusion: D [m^2/s].
    """
    length = np.asarray(lam, dtype=float)
    turn = np.asarray(omega, dtype=float) * length**2 / np.asarray(diffusion, dtype=float)
    return np.asarray(length / np.sqrt(1.0 + 1j * turn))


def ac_length(length: ArrayLike, frequency: ArrayLike, diffusion: ArrayLike) -> ComplexArray:
    """Length of an eigenchannel under e^{i Omega t}: 1/l^2 -> 1/l^2 + i Omega/D, Omega = `frequency` [rad/s]."""
    inverse = 1.0 / np.asarray(length, dtype=complex) ** 2
    return np.asarray(1.0 / np.sqrt(inverse + 1j * np.asarray(frequency) / np.asarray(diffusion)))


def x_coth_minus_one(x: ArrayLike) -> ComplexArray:
    """x coth(x) - 1 to full relative accuracy, for complex x with Re x >= 0 (even in x, about x^2/3 near 0).

    Below |x| = 1 the continued fraction y/(3 + y/(5 + ...)), y = x^2, has no cancellation; above, tanh does not
    overflow.
    """
    z = np.asarray(x, dtype=complex)
    small = np.abs(z) < 1.0
    safe = np.where(small, 1.0, z)
    return np.asarray(np.where(small, fraction(np.where(small, z, 1.0) ** 2, 3), safe / np.tanh(safe) - 1.0))


def fraction(y: ComplexArray, first: int) -> ComplexArray:
    """The continued fraction y/(first + y/(first + 2 + y/(first + 4 + ...))) for |y| < 1, first >= 3."""
    tail = np.full_like(y, first + 2 * _FRACTION_LEVELS)
    for step in range(_FRACTION_LEVELS - 1, -1, -1):
        tail = first + 2 * step + y / tail
    return np.asarray(y / tail)
