"""Regions as one VTKHDF file (VTK file formats, 2024: MultiBlockDataSet of UnstructuredGrid) that h5py writes.

Each block is one partition: pyvista reads no others. The first process writes; it holds one array of one process at a
time, and HDF5 need not be a parallel one.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from hanle.output import whole_file
from hanle.pde.processes import ALONE, Processes
from hanle.pde.tensors import Array
from hanle.region_data import RegionData
from hanle.together import led, shared, streamed

ROOT, ASSEMBLY, PROVENANCE = "VTKHDF", "Assembly", "provenance"
#: Of the format.
VERSION = (2, 2)
#: Numbers of VTK for kinds of cells.
CELL_TYPES = {"line": 3, "triangle": 5, "quad": 9, "tetra": 10, "hexahedron": 12}


def write_hdf(
    regions: Mapping[str, RegionData],
    goal: Path,
    *,
    provenance: Mapping[str, str],
    processes: Processes = ALONE,
) -> None:
    """Write `goal`; `regions` are those of this process's cells."""
    import h5py

    opened: list[Any] = []
    with shared(processes, lambda: whole_file(goal)) as draft, ExitStack() as held:

        def start() -> None:
            opened.append(held.enter_context(h5py.File(draft, "w", track_order=True)))
            _head(opened[0], provenance)

        led(processes, start)
        for number, (name, data) in enumerate(zip(_block_names(regions), regions.values(), strict=True)):
            _write_block(opened, f"{ROOT}/{name}", number, data, processes)
        led(processes, held.close)


def _head(file: Any, provenance: Mapping[str, str]) -> None:
    root = file.create_group(ROOT, track_order=True)
    _mark(root, "MultiBlockDataSet")
    root.create_group(ASSEMBLY, track_order=True)
    for name, text in provenance.items():
        file[f"{PROVENANCE}/{_name(name)}"] = text


def _mark(group: Any, kind: str) -> None:
    """What VTK reads first; the type must be ASCII of fixed length."""
    group.attrs["Version"] = np.array(VERSION, dtype=np.int64)
    group.attrs["Type"] = np.bytes_(kind)


def _write_block(opened: list[Any], place: str, number: int, data: RegionData, processes: Processes) -> None:
    """One region; `opened` holds the file on the first process and nothing on the others."""
    sizes = np.array(processes.gather((len(data.points), len(data.cells))))
    before = sizes[: processes.rank, 0].sum()
    points, cells = (int(n) for n in sizes.sum(axis=0))
    width = data.cells.shape[1]

    def start() -> None:
        file = opened[0]
        group = file.create_group(place, track_order=True)
        _mark(group, "UnstructuredGrid")
        group.attrs["Index"] = number
        for name, count in (("Points", points), ("Cells", cells), ("ConnectivityIds", cells * width)):
            group[f"NumberOf{name}"] = np.array([count], dtype=np.int64)
        group["Offsets"] = width * np.arange(cells + 1, dtype=np.int64)
        group["Types"] = np.full(cells, CELL_TYPES[data.kind], dtype=np.uint8)
        for kind in ("PointData", "CellData"):
            group.create_group(kind, track_order=True)
        file[f"{ROOT}/{ASSEMBLY}/{place.rpartition('/')[2]}"] = _link(place)

    led(processes, start)
    arrays = {"Points": data.points, "Connectivity": (data.cells + before).ravel()}
    arrays |= {f"PointData/{_name(name)}": values for name, values in data.point_data.items()}
    arrays |= {f"CellData/{_name(name)}": values for name, values in data.cell_data.items()}
    for name, part in arrays.items():
        length = sum(processes.gather(len(part)))
        streamed(processes, part, _into(opened, f"{place}/{name}", (length, *part.shape[1:])))


def _link(place: str) -> Any:
    import h5py

    return h5py.SoftLink(f"/{place}")


def _into(opened: list[Any], name: str, shape: tuple[int, ...]) -> Callable[[Array], None]:
    """take(part): the next rows of a dataset, made for the first."""
    filled = 0

    def take(part: Array) -> None:
        nonlocal filled
        dataset = opened[0].require_dataset(name, shape, part.dtype)
        dataset[filled : filled + len(part)] = part
        filled += len(part)

    return take


def _name(text: str) -> str:
    return text.replace("/", " per ")


def _block_names(regions: Iterable[str]) -> list[str]:
    """Names of blocks: those of the regions, with a number where HDF5 or VTK use them otherwise or they clash."""
    names: list[str] = []
    for region in regions:
        name = _name(region)
        names.append(f"{name}-{len(names)}" if name in (*names, ASSEMBLY, ".") else name)
    return names
