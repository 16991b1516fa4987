"""Maps of the temperatures of a section: electrons, magnons and lattice below each other, in one scale of colours."""

import os
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from hanle.figures import Picture, picture
from hanle.pde.errors import InputError
from hanle.pde.solution import Solution
from hanle.quantities import QUANTITIES, extent, stretch
from hanle.region_data import RegionData, all_regions
from hanle.scalar_profiles import TEMPERATURES
from hanle.sections import (
    SECTION_HEIGHT,
    draw_field,
    finish,
    name_surroundings,
    plane_figures,
    window_around,
)
from hanle.together import led

#: How far below its upper face a film is cut, in parts of its thickness with what is below it.
NEAR = 1e-3


def plot_temperatures(
    solution: Solution,
    path: str | os.PathLike[str],
    *,
    reversed: Solution | None = None,
    normal: str | None = None,
    position: float | None = None,
    index: int = 0,
    title: str = "",
    overwrite: bool = False,
) -> Picture:
    """T - T_0 of all reservoirs in a plane, red above and blue below T_0.

    Args:
        solution: of a 2D device, or of a 3D one (cut).
        reversed: the same device with m, or the drive, reversed, on the same mesh: half the difference is drawn. The
            spin Peltier effect is odd in m, Joule heat is even.
        normal, position, index: as in `hanle.sections.plot_section`; but films in 3D are cut near their upper face,
            and reservoirs that the plane does not meet are left out.

    Raises:
        InputError: a 1D device, no temperatures, another mesh of `reversed`, or the file exists.
    """
    system = solution.response.system
    regions = all_regions(solution, index=index)
    if reversed is not None:
        regions = _odd(regions, all_regions(reversed, index=index))
    axes = system.problem.mesh.axes
    return led(system.processes, lambda: _draw(axes, regions, path, normal, position, title, overwrite))


def _odd(here: Mapping[str, RegionData], there: Mapping[str, RegionData]) -> dict[str, RegionData]:
    """Half the difference of two states on one mesh."""
    found = {}
    for name, region in here.items():
        other = there.get(name)
        if other is None or not np.array_equal(region.points, other.points):
            raise InputError("reversed", "solved on the same mesh", name, "pass mesh=result.mesh to solve")
        parts = {key: (region.point_data[key] - other.point_data[key]) / 2 for key in region.point_data}
        found[name] = replace(region, point_data=parts, cell_data={})
    return found


def _draw(
    mesh_axes: tuple[str, ...],
    regions: Mapping[str, RegionData],
    path: str | os.PathLike[str],
    normal: str | None,
    position: float | None,
    title: str,
    overwrite: bool,
) -> Picture:
    quantities = [QUANTITIES[name] for name in TEMPERATURES]
    live = {q.name: {name: r for name, r in regions.items() if q.name in r.point_data} for q in quantities}
    shown = [q for q in quantities if live[q.name]]
    if not shown:
        raise InputError("transport", "with heat, to show temperatures", "none", 'transport = ["magnons", "heat"]')
    warm = {name: r for q in shown for name, r in live[q.name].items()}
    if len(mesh_axes) == 3 and normal is None and position is None:
        low, high = extent(warm)
        axis = int(np.argmin(high - low))
        normal, position = "xyz"[axis], float(high[axis] - NEAR * (high - low)[axis])
    figures, plane, where = plane_figures(mesh_axes, regions, warm, normal, position)
    cutted = {q.name: {n: r for n, r in live[q.name].items() if len(figures[n].triangles)} for q in shown}
    shown = [q for q in shown if cutted[q.name]]
    largest = max(float(np.abs(q.scalars(r)).max()) for q in shown for r in cutted[q.name].values())
    corners = np.concatenate([figures[name].points for name in warm])
    window = window_around(figures, np.stack([corners.min(axis=0), corners.max(axis=0)]))
    z_scale = stretch(np.ptp(window[:, 1]), np.ptp(window[:, 0]), SECTION_HEIGHT) if plane[1] == "z" else 1.0
    width, height = np.ptp(window, axis=0) * [1.0, z_scale]
    with picture(path, size=(6.8, 0.6 + len(shown) * (0.3 + 5.4 * height / width)), overwrite=overwrite) as (
        figure,
        save,
    ):
        panels = np.atleast_1d(figure.subplots(len(shown), 1, sharex=True))
        for axes, quantity in zip(panels, shown, strict=True):
            part = cutted[quantity.name]
            # The title stands above the panel.
            brief = replace(quantity, title="")
            draw_field(figure, axes, brief, figures, part, bar_below=False, largest=largest or 1.0)
            name_surroundings(axes, {n: f for n, f in figures.items() if n not in part}, window)
            finish(axes, window, plane, z_scale)
            axes.set_title(quantity.title, loc="left")
            if axes is not panels[-1]:
                axes.set_xlabel("")
        figure.suptitle("   ".join(w for w in (title, where, f"z × {z_scale:g}" if z_scale != 1 else "") if w))
        return save(z_scale=z_scale)
