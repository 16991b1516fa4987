"""Regions as VTK XML files: one .vtu per region, or one per region and process, and the indices that list them."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.sax.saxutils import quoteattr

from hanle.output import refuse_existing, scratch_folder
from hanle.pde.errors import InputError
from hanle.pde.processes import ALONE, Processes
from hanle.region_data import RegionData
from hanle.together import each, led, shared

BLOCKS, COLLECTION = ".vtm", ".pvd"
PIECE, PARALLEL = ".vtu", ".pvtu"


def write_xml(
    regions: Mapping[str, RegionData],
    goal: Path,
    *,
    provenance: Mapping[str, str],
    processes: Processes = ALONE,
    overwrite: bool = False,
) -> None:
    """Write the index `goal` and, in the folder of the same name, the regions.

    Args:
        regions: in a COLLECTION those of this process's cells, otherwise whole on each process.
        goal: ends in BLOCKS or COLLECTION.

    Raises:
        InputError: the folder exists and may not be replaced, holds files of others, or belongs to another index.
    """
    folder = goal.with_suffix("")
    led(processes, lambda: _check_folder(folder, goal, overwrite=overwrite))
    names = dict(zip(regions, _file_names(regions), strict=True))
    divided = processes.size > 1 and goal.suffix.lower() == COLLECTION
    with shared(processes, lambda: scratch_folder(goal)) as scratch:
        new = scratch / "new"
        led(processes, new.mkdir)
        if divided:
            files = {name: _write_divided(data, new, names[name], processes) for name, data in regions.items()}
        else:
            files = {name: f"{stem}{PIECE}" for name, stem in names.items()}
            led(processes, lambda: _write_pieces(regions, {name: new / file for name, file in files.items()}))
        listed = {name: f"{folder.name}/{file}" for name, file in files.items()}
        led(processes, lambda: _finish(_index(listed, provenance, goal.suffix.lower()), scratch, goal, folder))


def _check_folder(folder: Path, goal: Path, *, overwrite: bool) -> None:
    refuse_existing(folder, overwrite=overwrite)
    if not folder.exists():
        return
    foreign = [folder.name]
    if folder.is_dir():
        foreign = [p.name for p in folder.rglob("*") if p.suffix not in (PIECE, PARALLEL) and not p.is_dir()]
    if foreign:
        must = f"a name whose folder {folder} holds {PIECE} and {PARALLEL} files only"
        raise InputError("path", must, foreign[0], "choose another name")
    for other in (folder.with_suffix(suffix) for suffix in (BLOCKS, COLLECTION)):
        if other != goal and other.exists():
            must = f"a name whose folder {folder} no other index lists"
            raise InputError("path", must, str(other), "choose another name, or remove that index")


def _file_names(regions: Iterable[str]) -> list[str]:
    """File names, without ending, of regions; what file systems refuse becomes "_", clashes get a number."""
    names: list[str] = []
    for region in regions:
        stem = "".join(c if c.isalnum() or c in "-_.+" else "_" for c in region)
        same = sum(name.lower() == stem.lower() for name in names)
        names.append(f"{stem}-{len(names)}" if same else stem)
    return names


def _write_divided(data: RegionData, folder: Path, name: str, processes: Processes) -> str:
    """Write a region as one piece per process that has cells of it; returns the name of their index."""
    led(processes, (folder / name).mkdir)
    piece = f"{name}/{processes.rank}{PIECE}"

    def write() -> list[str]:
        if not len(data.cells):
            return []
        _write_piece(data, folder / piece)
        return [piece]

    pieces = [file for files in each(processes, write) for file in files]
    index = folder / f"{name}{PARALLEL}"
    led(processes, lambda: index.write_text(_pieces(data, pieces), encoding="utf-8"))
    return index.name


def _write_pieces(regions: Mapping[str, RegionData], paths: Mapping[str, Path]) -> None:
    for name, data in regions.items():
        _write_piece(data, paths[name])


def _write_piece(data: RegionData, path: Path) -> None:
    import meshio

    mesh = meshio.Mesh(
        data.points,
        [(data.kind, data.cells)],
        point_data=dict(data.point_data),
        cell_data={name: [values] for name, values in data.cell_data.items()},
    )
    mesh.write(path, file_format="vtu")


def _pieces(data: RegionData, files: Iterable[str]) -> str:
    """The .pvtu of a region: its arrays, and the files of its pieces."""

    def arrays(place: str, given: Mapping[str, int]) -> str:
        rows = (
            f'      <PDataArray type="Float64" Name={quoteattr(name)} NumberOfComponents="{count}"/>\n'
            for name, count in given.items()
        )
        return f"    <{place}>\n{''.join(rows)}    </{place}>\n"

    point_data, cell_data = (
        {name: values.shape[1] if values.ndim > 1 else 1 for name, values in found.items()}
        for found in (data.point_data, data.cell_data)
    )
    pieces = "".join(f"    <Piece Source={quoteattr(file)}/>\n" for file in files)
    body = arrays("PPoints", {"Points": 3}) + arrays("PPointData", point_data) + arrays("PCellData", cell_data)
    return _file(
        "PUnstructuredGrid", f'  <PUnstructuredGrid GhostLevel="0">\n{body}{pieces}  </PUnstructuredGrid>\n'
    )


def _index(files: Mapping[str, str], provenance: Mapping[str, str], suffix: str) -> str:
    """The index of the regions, as blocks with names or as a collection."""
    kind, element, number = "vtkMultiBlockDataSet", "vtkMultiBlockDataSet", "index"
    if suffix == COLLECTION:
        kind, element, number = "Collection", "Collection", "part"
    blocks = "\n".join(
        f"    <DataSet {number}={quoteattr(str(k))} name={quoteattr(name)} file={quoteattr(file)}/>"
        for k, (name, file) in enumerate(files.items())
    )
    notes = "\n".join(_text_array(name, text) for name, text in provenance.items())
    return _file(kind, f"  <{element}>\n{blocks}\n  </{element}>\n  <FieldData>\n{notes}\n  </FieldData>\n")


def _file(kind: str, body: str) -> str:
    head = f'<VTKFile type="{kind}" version="1.0" byte_order="LittleEndian">'
    return f'<?xml version="1.0"?>\n{head}\n{body}</VTKFile>\n'


def _text_array(name: str, text: str) -> str:
    # VTK stores a string as the codes of its bytes, ended by 0.
    codes = " ".join(str(byte) for byte in (*text.encode(), 0))
    head = f'<Array type="String" Name={quoteattr(name)} NumberOfTuples="1" format="ascii">'
    return f"    {head}{codes}</Array>"


def _finish(index: str, scratch: Path, goal: Path, folder: Path) -> None:
    """Write the index, and exchange the folder and it; an error in between brings the old folder back."""
    (scratch / goal.name).write_text(index, encoding="utf-8")
    old = scratch / "old"
    if folder.exists():
        os.replace(folder, old)
    try:
        os.replace(scratch / "new", folder)
        os.replace(scratch / goal.name, goal)
    except BaseException:
        if folder.exists():
            os.replace(folder, scratch / "rejected")
        if old.exists():
            os.replace(old, folder)
        raise
