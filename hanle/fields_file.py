"""Fields as files for ParaView, pyvista and meshio: VTK XML (.vtm, .pvd) or VTKHDF (.vtkhdf).

Coordinates are in metres. Point data: "potential V [V]", "spin accumulation mu_s/e [V]"; cell data: "charge current
density j [A/m^2]", "spin current density J, x-polarised [A/m^2]" and so on (3 components: flow along x, y, z), and of
magnets "magnetisation direction m [1]" and, inside those that conduct, "torque density [J/m^3]". Regions without
unknowns hold their geometry. Where several processes hold the device, each cell is written by one of them.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from hanle.output import target
from hanle.pde.solution import Solution
from hanle.region_data import Direction, all_regions
from hanle.together import led
from hanle.vtk_hdf import write_hdf
from hanle.vtk_xml import BLOCKS, COLLECTION, write_xml

HDF = ".vtkhdf"


def write_fields(
    solution: Solution,
    path: str | os.PathLike[str],
    *,
    provenance: Mapping[str, str],
    index: int = 0,
    overwrite: bool = False,
    directions: Mapping[str, Direction] | None = None,
) -> Path:
    """Write the fields of every region. Where several processes hold the device, all must call.

    The ending of `path` chooses the format:

        .vtm     (also where there is none) an index of blocks named after the regions, and in the folder of the same
                 name one file "<region>.vtu" for each; on several processes the first writes all of it
        .pvd     an index of the regions, and in that folder "<region>.vtu", or on several processes "<region>.pvtu" and
                 one piece per process
        .vtkhdf  one HDF5 file with blocks named after the regions; a slash, which HDF5 keeps for itself, becomes
                 " per " in names ("A per m^2")

    Args:
        provenance: kept as field data (.vtm, .pvd) or in the group "provenance" (.vtkhdf); see
            `hanle.output.provenance`.
        index: position along the batch axis.
        overwrite: replace earlier files of that name.
        directions: magnet -> m, to be written in its cells; from `hanle.textures.directions`.

    Returns:
        The path of the index, or of the one file.

    Raises:
        InputError: the output exists and may not be replaced, or its folder holds files of others.
    """
    processes = solution.response.system.processes
    goal = led(processes, lambda: target(path, (BLOCKS, COLLECTION, HDF), overwrite=overwrite))
    # A format that takes pieces never needs the whole device in one process.
    regions = all_regions(solution, index=index, own=goal.suffix.lower() != BLOCKS, directions=directions)
    if goal.suffix.lower() == HDF:
        write_hdf(regions, goal, provenance=provenance, processes=processes)
    else:
        write_xml(regions, goal, provenance=provenance, processes=processes, overwrite=overwrite)
    return goal
