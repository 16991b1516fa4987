"""Coefficients of a layer as tables: (row, column) -> weight over the batch, entries that are zero left out.

Layers have one weight per region and batch member; that makes a coefficient a short list of numbers, whatever
the number of fields, and shows which components are coupled at all.
"""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np

from hanle.pde.coefficients import Coefficient, Term, leading, perturbative
from hanle.pde.engines.contract import Part
from hanle.pde.errors import InputError, UnsupportedError
from hanle.pde.tensors import Array

#: (row, column) -> (batch or 1,). Sources have column 0.
Table: TypeAlias = Mapping[tuple[int, int], Array]


def of_part(coefficient: Coefficient, part: Part) -> Coefficient:
    """The terms of a part."""
    if part is Part.REFERENCE:
        return leading(coefficient)
    return perturbative(coefficient) if part is Part.PERTURBATIVE else coefficient


def table(coefficient: Coefficient, *index: int) -> dict[tuple[int, int], Array]:
    """Entries of a coefficient at one index of its spatial part (none for R, F, G and g)."""
    entries: dict[tuple[int, int], Array] = {}
    for t in coefficient:
        scale = float(t.spatial[index])
        if scale == 0.0:
            continue
        weight = t.weight[:, 0, 0]
        fields = t.fields if t.fields.ndim == 2 else t.fields[:, None]
        for i, j in zip(*(n.tolist() for n in np.nonzero(fields)), strict=True):
            factor = scale * float(fields[i, j])
            value = weight if factor == 1.0 else factor * weight
            entries[i, j] = entries[i, j] + value if (i, j) in entries else value
    return entries


def dense(entries: Table, rows: Iterable[int], columns: Iterable[int]) -> Array:
    """The matrix (batch or 1, rows, columns) of some rows and columns of a table."""
    rows, columns = tuple(rows), tuple(columns)
    found = {(i, j): entries[a, b] for i, a in enumerate(rows) for j, b in enumerate(columns) if (a, b) in entries}
    matrix = np.zeros((max((w.size for w in found.values()), default=1), len(rows), len(columns)))
    for (i, j), weight in found.items():
        matrix[:, i, j] = weight
    return matrix


def nonzero(weight: Array) -> bool:
    """Whether any member of the batch has the coefficient; the first one mostly settles it."""
    return bool(weight[0] != 0.0 or np.any(weight))


def is_zero(entries: Table) -> bool:
    """Whether no member of the batch has any entry."""
    return not any(nonzero(w) for w in entries.values())


def uniform(place: str, coefficients: Iterable[Coefficient]) -> int:
    """Batch size of the terms of a law (1 if none varies).

    Raises:
        UnsupportedError: a weight varies within the layer or over the face.
        InputError: weights of different batch sizes.
    """
    batch = 1
    for t in (t for coefficient in coefficients for t in coefficient):
        batch = common_batch(place, batch, _require_uniform(place, t).weight.shape[0])
    return batch


def common_batch(place: str, first: int, second: int) -> int:
    """The batch size of two arrays that must go together."""
    if 1 in (first, second) or first == second:
        return max(first, second)
    raise InputError(place, f"weights of one batch size ({first})", second)


def _require_uniform(place: str, t: Term) -> Term:
    if t.weight.shape[1:] != (1, 1):
        raise UnsupportedError(
            f"{place}: coefficients vary inside it (weights of shape {t.weight.shape}), but the engine multilayer "
            "solves layers with constant coefficients - split the layer, or use the engine scikit"
        )
    return t
