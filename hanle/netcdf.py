"""Curves as files: NetCDF through h5netcdf, and tables as CSV.

After a sweep on several processes each of them holds the same dataset: the first writes it, the others return at once.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hanle.launch import leads
from hanle.output import named, target, whole_file
from hanle.pde.errors import InputError

if TYPE_CHECKING:
    from xarray import Dataset


def write_curves(
    dataset: "Dataset",
    path: str | os.PathLike[str],
    *,
    provenance: Mapping[str, str],
    overwrite: bool = False,
) -> Path:
    """Write a dataset as NetCDF 4; `read_curves` gives it back equal.

    Args:
        dataset: every variable and coordinate has the attributes `long_name` and, if numeric, `units` ("1" where
            there is none).
        path: ends in .nc, which may be left out.
        provenance: becomes attributes of the file, "_" for blanks; see `hanle.output.provenance`.

    Raises:
        InputError: an attribute is missing, a variable is complex, or the file exists.
    """
    _check(dataset)
    if not leads(dataset.attrs.get("engine", "")):
        return named(path, (".nc",))
    goal = target(path, (".nc",), overwrite=overwrite)
    stamped = dataset.assign_attrs({name.replace(" ", "_"): text for name, text in provenance.items()})
    with whole_file(goal) as draft:
        stamped.to_netcdf(draft, engine="h5netcdf")
    return goal


def read_curves(path: str | os.PathLike[str]) -> "Dataset":
    """The dataset of a file written by `write_curves`, loaded into memory.

    Raises:
        InputError: there is no such file.
    """
    import xarray

    if not Path(path).is_file():
        raise InputError("path", "a NetCDF file", str(path))
    with xarray.open_dataset(path, engine="h5netcdf") as dataset:
        return dataset.load()


def write_table(
    dataset: "Dataset",
    path: str | os.PathLike[str],
    *,
    provenance: Mapping[str, str],
    overwrite: bool = False,
) -> Path:
    """Write a dataset as CSV: one row per point, coordinates first, columns "name [unit]", full precision.

    Lines that start with "#" hold the provenance and what the columns mean. Errors as in `write_curves`.
    """
    _check(dataset)
    if not leads(dataset.attrs.get("engine", "")):
        return named(path, (".csv",))
    goal = target(path, (".csv",), overwrite=overwrite)
    coordinates = list(dataset.sizes)
    columns = [*coordinates, *(name for name in dataset.coords if name not in coordinates), *dataset.data_vars]
    frame = (
        dataset.to_dataframe().reset_index()[columns] if dataset.dims else dataset.expand_dims("").to_dataframe()
    )
    notes = [f"# {name}: {text}" for name, text in provenance.items()]
    notes += [f"# {name}: {dataset[name].attrs['long_name']}" for name in columns]
    frame = frame[columns].set_axis([_heading(dataset, name) for name in columns], axis=1)
    text = "\n".join(note.replace("\n", " ") for note in notes) + "\n" + frame.to_csv(index=False)
    with whole_file(goal) as draft:
        draft.write_text(text, encoding="utf-8")
    return goal


def _heading(dataset: "Dataset", name: Any) -> str:
    unit = dataset[name].attrs.get("units", "1")
    return str(name) if unit == "1" else f"{name} [{unit}]"


def _check(dataset: "Dataset") -> None:
    for name in dataset.dims:
        if name not in dataset.coords:
            raise InputError(f"dimension {name}", "a coordinate with values", "none", "use dataset.assign_coords")
    for name, variable in dataset.variables.items():
        wanted = ("long_name", "units") if variable.dtype.kind in "fiuc" else ("long_name",)
        for key in wanted:
            if not variable.attrs.get(key):
                raise InputError(f"{name}.attrs[{key!r}]", "given", "nothing", 'units: SI, "1" where there is none')
        if variable.dtype.kind == "c":
            raise InputError(str(name), "real", "complex numbers", "store real and imaginary part under two names")
