"""Fields as VTK files: one .vtu per region and a .vtm that lists them, for ParaView, pyvista and meshio."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.sax.saxutils import quoteattr

from hanle.output import refuse_existing, scratch_folder, target
from hanle.pde.errors import InputError
from hanle.pde.solution import Solution
from hanle.region_data import RegionData, all_regions


def write_fields(
    solution: Solution,
    path: str | os.PathLike[str],
    *,
    provenance: Mapping[str, str],
    index: int = 0,
    overwrite: bool = False,
) -> Path:
    """Write the fields of every region.

    `path` ("out/fields.vtm", the ending may be left out) becomes an index of blocks named after the regions; the
    pieces are `out/fields/<region>.vtu`. Coordinates are in metres. Point data: "potential V [V]", "spin
    accumulation mu_s/e [V]"; cell data: "charge current density j [A/m^2]", "spin current density J, x-polarised
    [A/m^2]" and so on (3 components: flow along x, y, z). Regions without unknowns hold their geometry.

    Args:
        provenance: kept in the index as field data; see `hanle.output.provenance`.
        index: position along the batch axis.
        overwrite: replace earlier files of that name.

    Returns:
        The path of the index.

    Raises:
        InputError: the output exists and may not be replaced, or its folder holds files of others.
    """
    goal = target(path, (".vtm",), overwrite=overwrite)
    pieces = goal.with_suffix("")
    _check_pieces(pieces, overwrite=overwrite)
    regions = all_regions(solution, index=index)
    with scratch_folder(goal) as scratch:
        (scratch / "new").mkdir()
        names = dict(zip(regions, _file_names(regions), strict=True))
        for name, data in regions.items():
            _write_piece(data, scratch / "new" / names[name])
        listed = {name: f"{pieces.name}/{file}" for name, file in names.items()}
        (scratch / goal.name).write_text(_index(listed, provenance), encoding="utf-8")
        _put_in_place(scratch, goal, pieces)
    return goal


def _check_pieces(pieces: Path, *, overwrite: bool) -> None:
    refuse_existing(pieces, overwrite=overwrite)
    if pieces.exists():
        foreign = [p.name for p in pieces.iterdir() if p.suffix != ".vtu"] if pieces.is_dir() else [pieces.name]
        if foreign:
            raise InputError(
                "path", f"a name whose folder {pieces} holds .vtu files only", foreign[0], "choose another name"
            )


def _file_names(regions: Iterable[str]) -> list[str]:
    """File names of regions; what file systems refuse becomes "_", clashes get a number."""
    names: list[str] = []
    for region in regions:
        stem = "".join(c if c.isalnum() or c in "-_.+" else "_" for c in region)
        same = sum(name.lower().startswith(f"{stem.lower()}.vtu") for name in names)
        names.append(f"{stem}-{len(names)}.vtu" if same else f"{stem}.vtu")
    return names


def _write_piece(data: RegionData, path: Path) -> None:
    import meshio

    mesh = meshio.Mesh(
        data.points,
        [(data.kind, data.cells)],
        point_data=dict(data.point_data),
        cell_data={name: [values] for name, values in data.cell_data.items()},
    )
    mesh.write(path, file_format="vtu")


def _index(pieces: Mapping[str, str], provenance: Mapping[str, str]) -> str:
    blocks = "\n".join(
        f"    <DataSet index={quoteattr(str(k))} name={quoteattr(name)} file={quoteattr(file)}/>"
        for k, (name, file) in enumerate(pieces.items())
    )
    notes = "\n".join(_text_array(name, text) for name, text in provenance.items())
    return (
        '<?xml version="1.0"?>\n'
        '<VTKFile type="vtkMultiBlockDataSet" version="1.0" byte_order="LittleEndian">\n'
        f"  <vtkMultiBlockDataSet>\n{blocks}\n  </vtkMultiBlockDataSet>\n"
        f"  <FieldData>\n{notes}\n  </FieldData>\n"
        "</VTKFile>\n"
    )


def _text_array(name: str, text: str) -> str:
    # VTK stores a string as the codes of its bytes, ended by 0.
    codes = " ".join(str(byte) for byte in (*text.encode(), 0))
    head = f'<Array type="String" Name={quoteattr(name)} NumberOfTuples="1" format="ascii">'
    return f"    {head}{codes}</Array>"


def _put_in_place(scratch: Path, goal: Path, pieces: Path) -> None:
    """Exchange pieces and index; an error in between brings the old pieces back."""
    old = scratch / "old"
    if pieces.exists():
        os.replace(pieces, old)
    try:
        os.replace(scratch / "new", pieces)
        os.replace(scratch / goal.name, goal)
    except BaseException:
        if pieces.exists():
            os.replace(pieces, scratch / "rejected")
        if old.exists():
            os.replace(old, pieces)
        raise
