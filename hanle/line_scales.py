"""Lines of one variable that differ by decades in panels of their own: a detector beside its injector."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hanle.pde.tensors import Array

if TYPE_CHECKING:
    from xarray import DataArray, Dataset

#: Dimensions along which a variable is of one kind but of any size. Components stay together: a small one is small.
PLACES = ("wire", "terminal", "contact")
#: A line this many times smaller than another one cannot be read beside it.
APART = 30.0
#: Lines this many times smaller than the largest are its rounding.
ROUNDING = 1e-12


def separated(dataset: "Dataset", chosen: Sequence[str]) -> tuple["Dataset", list[str]]:
    """The dataset with variables split by size along `PLACES`, and the names to draw in place of `chosen`.

    Parts are called "<name>(<labels>)" and say in their `long_name` what they hold.
    """
    found, names = dataset, list[str]()
    for name in chosen:
        place = next((d for d in dataset[name].dims if d in PLACES and dataset.sizes[d] > 1), None)
        groups = [] if place is None else _by_size(dataset[name], str(place))
        if len(groups) < 2:
            names.append(name)
            continue
        for group in groups:
            labels = ", ".join(str(dataset[place].values[k]) for k in group)
            part = dataset[name].isel({place: group}).rename({place: f"{place} of {name}({labels})"})
            title = f"{dataset[name].attrs.get('long_name', name)}, {labels}"
            found = found.assign({f"{name}({labels})": part.assign_attrs(long_name=title)})
            names.append(f"{name}({labels})")
    return found, names


def _by_size(variable: "DataArray", place: str) -> list[list[int]]:
    """Positions along a dimension, in groups of similar size; lines at zero stay with the first group."""
    sizes = _largest(variable.transpose(place, ...).values)
    sizes[sizes < ROUNDING * sizes.max()] = 0.0
    groups: list[list[int]] = []
    for k in sorted(np.flatnonzero(sizes), key=lambda n: -sizes[n]):
        if not groups or sizes[groups[-1][0]] > APART * sizes[k]:
            groups.append([])
        groups[-1].append(int(k))
    if groups:
        groups[0] += [int(k) for k in np.flatnonzero(sizes == 0)]
    return [sorted(group) for group in groups]


def _largest(values: Array) -> Array:
    """Largest finite size of each row."""
    rows = np.abs(np.asarray(values, dtype=float)).reshape(len(values), -1)
    return np.asarray(np.max(rows, axis=1, where=np.isfinite(rows), initial=0.0))
