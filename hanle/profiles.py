"""Values that may vary in space: a number, an array per cell or facet, or a function of position."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hanle.pde.errors import InputError, UserCodeError
from hanle.pde.tensors import Array

#: A value in space. Functions take points (n, 3) [m] and return (n,) or, for vectors, (n, 3), in SI units.
Profile: TypeAlias = float | ArrayLike | Callable[[Array], ArrayLike]


def varies(value: Profile, components: int) -> bool:
    """Whether a profile depends on position."""
    return callable(value) or np.ndim(value) > (components > 1)


def scalar_at(value: Profile, points: Array, key: str) -> Array:
    """A scalar profile at points (n, 3): shape () if constant, else (n,)."""
    return _at(value, points, key, ())


def vector_at(value: Profile, points: Array, key: str) -> Array:
    """A vector profile at points (n, 3): shape (3,) if constant, else (n, 3)."""
    return _at(value, points, key, (3,))


def complex_at(value: Profile, points: Array, key: str) -> NDArray[np.complex128]:
    """A complex profile at points (n, 3): shape () if constant, else (n,)."""
    raw = np.asarray(_call(value, points, key) if callable(value) else value, dtype=complex)
    return scalar_at(raw.real, points, key) + 1j * scalar_at(raw.imag, points, key)


def _at(value: Profile, points: Array, key: str, tail: tuple[int, ...]) -> Array:
    raw = _call(value, points, key) if callable(value) else value
    if np.iscomplexobj(raw):
        raise InputError(key, "real", "complex numbers")
    found = np.asarray(raw, dtype=float)
    wanted = (len(points), *tail)
    if found.shape not in (tail, wanted):
        must = f"of shape {tail} or {wanted} (one per cell or facet of this mesh)"
        cure = "arrays belong to one mesh: give it (solve(mesh=...)), or a function of position instead"
        raise InputError(key, must, found.shape, cure)
    if not np.all(np.isfinite(found)):
        raise InputError(
            key, "finite everywhere", "NaN or infinity", f"{np.sum(~np.isfinite(found))} entries are not"
        )
    return found


def _call(function: Callable[[Array], ArrayLike], points: Array, key: str) -> ArrayLike:
    try:
        return function(points)
    except InputError as error:
        # From a function of ours: a texture that does not cover the device.
        raise error.within(f"{key}: ") from error
    except Exception as error:
        name = getattr(function, "__qualname__", repr(function))
        raise UserCodeError(f"{key}: the function {name} raised {type(error).__name__}: {error}") from error
