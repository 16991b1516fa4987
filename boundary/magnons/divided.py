"""Differences of a function at y + v and y - v, divided such that they are smooth functions of q = v^2:

    odd  = [f(y+v) - f(y-v)]/(2v)            even = [f(y+v) + f(y-v) - 2 f(y)]/(2v^2)

with their derivatives with respect to y and q. Spin currents are made of these, so that they do not divide by a spin
accumulation that vanishes. Below v = 0.1 from Taylor series, above from the definition.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from hanle.pde.tensors import Array

#: f(y, highest): rows of a function and its derivatives, (rows, highest + 1, *shape of y).
Derivatives: TypeAlias = Callable[[Array, int], Array]
#: Below this v the Taylor series serve; they need the derivatives up to the order HIGHEST.
SMALL: Final = 0.1
HIGHEST: Final = 8


@dataclass(frozen=True, eq=False)
class Divided:
    """Each (rows, *shape of y).

    Attributes:
        value, value_y: f(y) and its derivative.
        odd, odd_y, odd_q: [f(y+v) - f(y-v)]/(2v) and its derivatives with respect to y and q = v^2.
        even, even_y, even_q: [f(y+v) + f(y-v) - 2 f(y)]/(2v^2) and its derivatives.
    """

    value: Array
    value_y: Array
    odd: Array
    odd_y: Array
    odd_q: Array
    even: Array
    even_y: Array
    even_q: Array

    def rows(self, y: Array) -> tuple[Array, ...]:
        """value, y value_y, odd, y odd_y, odd_q, even, y even_y, even_q."""
        return (
            self.value,
            y * self.value_y,
            self.odd,
            y * self.odd_y,
            self.odd_q,
            self.even,
            y * self.even_y,
            self.even_q,
        )


def divided(f: Derivatives, y: Array, v: Array) -> Divided:
    """The divided differences.

    Args:
        f: the function; derivatives above the first are asked for at v < 0.1 only.
        y: (points, ...).
        v: (points,), >= 0.
    """
    small = v < SMALL
    step = v.reshape(v.shape + (1,) * (y.ndim - 1))
    if np.all(small):
        return Divided(*_series(f, y, step))
    if not np.any(small):
        return Divided(*_direct(f, y, step))
    near, far = _series(f, y[small], step[small]), _direct(f, y[~small], step[~small])
    found = np.empty((*near.shape[:2], *y.shape))
    found[:, :, small], found[:, :, ~small] = near, far
    return Divided(*found)


def _direct(f: Derivatives, y: Array, v: Array) -> Array:
    plus, minus, zero = (np.moveaxis(f(at, 1), 1, 0) for at in (y + v, y - v, y))
    odd, odd_y = (plus - minus) / (2 * v)
    even, even_y = (plus + minus - 2 * zero) / (2 * v**2)
    odd_q = ((plus[1] + minus[1]) / 2 - odd) / (2 * v**2)
    even_q = (odd_y - 2 * even) / (2 * v**2)
    return np.stack([zero[0], zero[1], odd, odd_y, odd_q, even, even_y, even_q])


def _series(f: Derivatives, y: Array, v: Array) -> Array:
    d = np.moveaxis(f(y, HIGHEST), 1, 0)
    q = v**2
    odd = d[1] + q * (d[3] / 6 + q * (d[5] / 120 + q * d[7] / 5040))
    odd_y = d[2] + q * (d[4] / 6 + q * (d[6] / 120 + q * d[8] / 5040))
    odd_q = d[3] / 6 + q * (d[5] / 60 + q * d[7] / 1680)
    even = d[2] / 2 + q * (d[4] / 24 + q * (d[6] / 720 + q * d[8] / 40320))
    even_y = d[3] / 2 + q * (d[5] / 24 + q * d[7] / 720)
    even_q = d[4] / 24 + q * (d[6] / 360 + q * d[8] / 13440)
    return np.stack([d[0], d[1], odd, odd_y, odd_q, even, even_y, even_q])
