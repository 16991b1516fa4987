"""Points on an interval, dense where something decays and sparse elsewhere.

From an end that is resolved the cells grow geometrically, h, h r, h r^2, ..., up to a largest size; both halves of an
interval mirror each other. The number of cells grows with the logarithm of length/h only.
"""

import math

import numpy as np

from hanle.pde.errors import InputError
from hanle.pde.tensors import Array

#: Ends of an interval towards which cells may shrink.
ENDS = ("both", "low", "high")


def graded(
    length: float,
    first: float,
    *,
    growth: float = 1.4,
    largest: float = math.inf,
    ends: str = "both",
    fewest: int = 1,
) -> Array:
    """Points 0 ... `length` of cells that are at most `first` long at the ends and grow inwards.

    Args:
        length: of the interval [m].
        first: upper bound of the cells at the graded ends [m]; infinite where nothing decays.
        growth: largest ratio of neighbouring cells, >= 1; 1 gives equal cells.
        largest: upper bound of all cells [m].
        ends: "both" (symmetric about the middle), "low" or "high".
        fewest: smallest number of cells.

    Returns:
        (n,) increasing points; the first is 0 and the last is `length` exactly.

    Raises:
        InputError: a length or size that is not positive, or a growth below 1.
    """
    _check(length, first, growth, largest, ends, fewest)
    largest = min(largest, length / fewest)
    first = min(first, largest)
    if ends == "both":
        half = _half(length / 2, first, growth, largest)
        points = np.concatenate([half, length - half[-2::-1]])
    else:
        points = _half(length, first, growth, largest)
        points = length - points[::-1] if ends == "high" else points
    points[0], points[-1] = 0.0, length
    return points


def bridged(length: float, low: float, high: float, *, growth: float = 1.4, largest: float = math.inf) -> Array:
    """Points on an interval whose two ends are resolved differently: cells grow from both until they meet.

    Args:
        length: of the interval [m].
        low, high: upper bounds of the first and of the last cell [m]; infinite where nothing decays.
        growth: largest ratio of neighbouring cells, >= 1.
        largest: upper bound of all cells [m].

    Returns:
        (n,) increasing points; the first is 0 and the last is `length` exactly.

    Raises:
        InputError: a length or size that is not positive, or a growth below 1.
    """
    for first in (low, high):
        _check(length, first, growth, largest, "both", 1)
    largest = min(largest, length)
    sizes: tuple[list[float], list[float]] = ([], [])
    following = [min(low, largest), min(high, largest)]
    total = 0.0
    while total < length * (1 - 1e-12):
        end = 0 if following[0] <= following[1] else 1
        sizes[end].append(following[end])
        total += following[end]
        following[end] = min(following[end] * growth, largest)
    points = np.cumsum([0.0, *sizes[0], *sizes[1][::-1]])
    points *= length / points[-1]
    points[-1] = length
    return np.asarray(points)


def uniform(length: float, largest: float) -> Array:
    """Points 0 ... `length` [m] of equal cells not longer than `largest` [m]."""
    # a ratio such as 3.0000000000000004 means three cells
    count = max(1, math.ceil(length / largest * (1 - 1e-12)))
    return np.linspace(0.0, length, count + 1)


def _half(length: float, first: float, growth: float, largest: float) -> Array:
    """Cells that grow from 0 and fill `length` exactly, none larger than asked."""
    sizes: list[float] = []
    total, size = 0.0, first
    while total < length * (1 - 1e-12):
        if growth == 1.0 or size >= largest:
            sizes += [min(size, largest)] * math.ceil((length - total) / min(size, largest) * (1 - 1e-12))
            break
        sizes.append(size)
        total += size
        size = min(size * growth, largest)
    points = np.concatenate([[0.0], np.cumsum(sizes)])
    return np.asarray(points * (length / points[-1]))


def _check(length: float, first: float, growth: float, largest: float, ends: str, fewest: int) -> None:
    if not (math.isfinite(length) and length > 0):
        raise InputError("length", "a positive length [m]", length)
    for key, value in (("first", first), ("largest", largest)):
        if not value > 0:
            raise InputError(key, "a positive cell size [m]", value)
    if not (math.isfinite(growth) and growth >= 1):
        raise InputError("growth", "at least 1", growth, "usual: 1.2 to 2")
    if ends not in ENDS:
        raise InputError("ends", "one of " + ", ".join(ENDS), ends)
    if fewest < 1:
        raise InputError("fewest", "at least one cell", fewest)
