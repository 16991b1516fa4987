"""Resistivity against temperature: rho(T) = rho r(T), rho the number of the record.

r = 1 + alpha (T - T_rho)       alpha the temperature coefficient, T_rho the temperature at which rho was found
r from a table                  monotone cubic between its entries, refused outside
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.errors import InputError
from hanle.pde.quantity import exact, parse
from hanle.pde.tensors import Array

#: (T [K], rho(T)/rho), T increasing.
Ratios = tuple[tuple[float, float], ...]


def linear_ratio(key: str, coefficient: float, reference: float, temperature: ArrayLike) -> tuple[Array, Array]:
    """(r, dr/dT [1/K]) at T [K]; InputError at `key` where r <= 0."""
    t = np.asarray(temperature, dtype=float)
    found = 1 + coefficient * (t - reference)
    if not np.all(found > 0):
        worst = float(t.flat[int(np.argmin(found))]) if t.ndim else float(t)
        must = f"such that the resistivity is positive at {worst:.6g} K"
        raise InputError(key, must, f"{coefficient:.6g} 1/K from {reference:.6g} K", "give resistivity_ratios")
    return found, np.full_like(found, coefficient)


def tabulated_ratio(key: str, ratios: Ratios, temperature: ArrayLike) -> tuple[Array, Array]:
    """(r, dr/dT [1/K]) at T [K]; InputError at `key` outside the table."""
    from scipy.interpolate import PchipInterpolator

    t, known = np.asarray(temperature, dtype=float), np.array(ratios)
    low, high = known[0, 0], known[-1, 0]
    if not np.all((t >= low) & (t <= high)):
        outside = float(t.flat[int(np.argmax(np.maximum(low - t, t - high)))])
        raise InputError(key, f"known at {outside:.6g} K", f"{low:.6g} to {high:.6g} K", "extend the table")
    curve = PchipInterpolator(known[:, 0], known[:, 1])
    return np.asarray(curve(t)), np.asarray(curve(t, 1))


def require_ratios(key: str, ratios: Ratios) -> None:
    """Refuse a table without two entries, or with temperatures that do not increase, or numbers <= 0."""
    if len(ratios) < 2:
        raise InputError(key, "at least two pairs of temperature and rho(T)/rho", ratios)
    known = np.array(ratios)
    if not np.all(np.isfinite(known) & (known > 0)) or not np.all(np.diff(known[:, 0]) > 0):
        raise InputError(key, "temperatures that increase, with ratios > 0", ratios)


def read_ratios(key: str, given: Any) -> Ratios:
    """The table of a file: [["4.2 K", 0.6], ["300 K", 1.0]]."""
    if not isinstance(given, Sequence) or not all(
        isinstance(row, (list, tuple)) and len(row) == 2 for row in given
    ):
        raise InputError(key, "a list of pairs", given, 'e.g. [["4.2 K", 0.6], ["300 K", 1.0]]')
    return tuple(
        (
            parse(t, "temperature", f"{key}[{n}]", bare_is_si=False),
            parse(r, "dimensionless", f"{key}[{n}]"),
        )
        for n, (t, r) in enumerate(given)
    )


def write_ratios(ratios: Ratios) -> list[list[Any]]:
    """What `read_ratios` reads back."""
    return [[exact(t, "temperature"), r] for t, r in ratios]
