"""Pictures of plane sections with matplotlib: 2D devices, and cuts through 3D ones."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hanle.cutting import PlaneFigure, cut, flat
from hanle.figures import FILLS, Picture, picture, scale_for
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.solution import Solution
from hanle.pde.tensors import Array
from hanle.quantities import DIVERGING, Quantity, choose, colour_map, colour_range, extent, stretch
from hanle.region_data import RegionData, all_regions
from hanle.together import led

#: Height of a stretched section relative to its width.
SECTION_HEIGHT = 0.3
#: Regions without unknowns are drawn up to this fraction of the size of the others.
SURROUNDINGS = 0.35
#: Arrows along the longer side.
ARROWS = 26
#: Arrows shorter than this part of the longest would be dots.
SMALLEST = 0.03


def plot_section(
    solution: Solution,
    path: str | os.PathLike[str],
    *,
    quantity: str = "spin_accumulation",
    component: str | None = None,
    normal: str | None = None,
    position: float | None = None,
    arrows: bool = True,
    index: int = 0,
    title: str = "",
    overwrite: bool = False,
) -> Picture:
    """A field in a plane: colours, and arrows of its in-plane part.

    Args:
        solution: of a 2D device (drawn as it is) or a 3D one (cut).
        quantity: "spin_accumulation", "current", "spin_current_y" (the flow of spins along y), "torque" or "potential".
        component: "x", "y", "z" or "magnitude"; by default the largest spin component, or the size of a flow.
        normal: 3D only: the axis across the cut; by default the shortest one of the device.
        position: 3D only: where the cut is on that axis [m]; by default in the middle of the conductors.
        arrows: draw the in-plane vector, even in number along both sides.
        index: position along the batch axis.

    Raises:
        InputError: a 1D device, a plane outside the device, an unknown name, or the file exists.
    """
    system = solution.response.system
    regions = all_regions(solution, index=index)
    return led(
        system.processes,
        lambda: draw_section(
            system.problem.mesh.axes, regions, path, quantity=quantity, component=component, normal=normal,
            position=position, arrows=arrows, title=title, overwrite=overwrite,
        ),
    )  # fmt: skip


def draw_section(
    mesh_axes: tuple[str, ...],
    regions: Mapping[str, RegionData],
    path: str | os.PathLike[str],
    *,
    quantity: str,
    component: str | None,
    normal: str | None,
    position: float | None,
    arrows: bool,
    title: str,
    overwrite: bool,
) -> Picture:
    """`plot_section` of the data of all regions."""
    shown, live = choose(quantity, component, regions)
    figures, plane, where = plane_figures(mesh_axes, regions, live, normal, position)
    cutted = {name: r for name, r in live.items() if len(figures[name].triangles)}
    if not cutted:
        raise InputError("position", f"inside the regions that carry the {shown.title}", position)
    corners = np.concatenate([figures[name].points for name in cutted])
    box = np.stack([corners.min(axis=0), corners.max(axis=0)])
    z_scale = stretch(np.ptp(box[:, 1]), np.ptp(box[:, 0]), SECTION_HEIGHT) if plane[1] == "z" else 1.0
    window = window_around(figures, box)
    width, height = np.ptp(window, axis=0) * [1.0, z_scale]
    size = _size(width / height)
    with picture(path, size=size, overwrite=overwrite) as (figure, save):
        axes = figure.add_subplot()
        draw_field(figure, axes, shown, figures, cutted, bar_below=width > 1.6 * height)
        _arrows(axes, shown, cutted, figures, plane, z_scale, width, arrows and shown.vector)
        name_surroundings(axes, {n: f for n, f in figures.items() if n not in cutted}, window)
        finish(axes, window, plane, z_scale)
        words = [title, where, f"z × {z_scale:g}" if z_scale != 1 else ""]
        axes.set_title("   ".join(word for word in words if word))
        return save(z_scale=z_scale)


def plane_figures(
    mesh_axes: tuple[str, ...],
    regions: Mapping[str, RegionData],
    live: Mapping[str, RegionData],
    normal: str | None,
    position: float | None,
) -> tuple[dict[str, PlaneFigure], str, str]:
    """(region -> figure, the two axes of the plane, words on where the cut is)."""
    if len(mesh_axes) == 1:
        raise InputError("solution", "of a 2D or 3D device", f"axes {mesh_axes}", "use plot_profile")
    if len(mesh_axes) == 2:
        numbers = ("xyz".index(mesh_axes[0]), "xyz".index(mesh_axes[1]))
        plane = "".join(mesh_axes)
        if numbers[0] > numbers[1]:
            numbers, plane = (numbers[1], numbers[0]), plane[::-1]
        return {n: flat(r.points, r.cells, numbers) for n, r in regions.items()}, plane, ""
    low, high = extent(live)
    if normal is None:
        normal = "xyz"[int(np.argmin(high - low))]
    if normal not in tuple("xyz"):
        raise unknown_name("normal", normal, "xyz")
    axis = "xyz".index(normal)
    place = float(low[axis] + high[axis]) / 2 if position is None else float(position)
    if not low[axis] <= place <= high[axis]:
        known = scale_for([low[axis], high[axis]], "m")
        must = f"between {known.text(low[axis])} and {known.text(high[axis])}"
        raise InputError("position", must, known.text(place))
    # On the lowest face nothing lies below the plane; a hair inside cuts the first cells.
    inside = max(place, float(low[axis] + 1e-6 * (high[axis] - low[axis])))
    found = {n: cut(r.points, r.cells, axis, inside) for n, r in regions.items()}
    return found, "xyz".replace(normal, ""), f"{normal} = {scale_for(place, 'm').text(place)}"


def window_around(figures: Mapping[str, PlaneFigure], box: Array) -> Array:
    """Corners (2, 2) [m] of what is drawn: the conductors, and some of what is around them."""
    everything = np.concatenate([f.points for f in figures.values()])
    room = SURROUNDINGS * np.ptp(box, axis=0)
    return np.stack(
        [np.maximum(everything.min(axis=0), box[0] - room), np.minimum(everything.max(axis=0), box[1] + room)]
    )


def _size(ratio: float) -> tuple[float, float]:
    """Inches for a panel of some width/height, colour bar and labels included."""
    if ratio > 1.6:
        return 6.4, float(np.clip(5.6 / ratio + 1.55, 2.3, 6.0))
    return float(np.clip(4.4 * ratio + 1.9, 3.2, 6.4)), 4.6


def draw_field(
    figure: Any,
    axes: Any,
    shown: Quantity,
    figures: Mapping[str, PlaneFigure],
    cutted: Mapping[str, RegionData],
    *,
    bar_below: bool,
    largest: float | None = None,
) -> None:
    """One field with its colour bar.

    Args:
        cutted: the regions that carry it; the others are drawn plain.
        largest: ends the colours at -largest and largest, told apart by their sign; None: as the values suggest.
    """
    from matplotlib.collections import LineCollection

    if largest is None:
        everything = np.concatenate([_on_figure(shown, r, figures[n]) for n, r in cutted.items()])
    else:
        everything = np.array([largest])
    scale = scale_for(everything, shown.unit)
    values = {n: scale.factor * _on_figure(shown, r, figures[n]) for n, r in cutted.items()}
    areas = [_areas(figures[name], at_points=shown.at_points) for name in cutted]
    low, high = colour_range(np.concatenate(list(values.values())), np.concatenate(areas), shown)
    colours = colour_map(shown)
    if largest is not None:
        low, high, colours = -scale.factor * largest, scale.factor * largest, DIVERGING
    image = None
    for k, (name, plane) in enumerate(figures.items()):
        if not len(plane.triangles):
            continue
        x, y = plane.points.T
        if name not in cutted:
            axes.tripcolor(
                x, y, plane.triangles, np.zeros(len(plane.triangles)), cmap=_single(FILLS[k % len(FILLS)])
            )
        else:
            options: dict[str, Any] = {"cmap": colours, "vmin": low, "vmax": high, "rasterized": True}
            if shown.at_points:
                image = axes.tripcolor(x, y, plane.triangles, values[name], shading="gouraud", **options)
            else:
                image = axes.tripcolor(x, y, plane.triangles, facecolors=values[name], **options)
        axes.add_collection(LineCollection(list(plane.outline()), colors="0.15", linewidths=0.7))
    bar = figure.colorbar(
        image, ax=axes, orientation="horizontal" if bar_below else "vertical", aspect=32, shrink=0.8
    )
    bar.set_label(scale.label(shown.label))
    bar.outline.set_linewidth(0.6)


def _single(colour: str) -> Any:
    from matplotlib.colors import ListedColormap

    return ListedColormap([colour])


def _areas(plane: PlaneFigure, *, at_points: bool) -> Array:
    """Area of each triangle, or the sum around each point."""
    a, b, c = (plane.points[plane.triangles[:, k]] for k in range(3))
    area = np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2
    if not at_points:
        return np.asarray(area)
    return np.asarray(np.bincount(plane.triangles.ravel(), np.repeat(area, 3), len(plane.points)), dtype=float)


def _on_figure(shown: Quantity, region: RegionData, plane: PlaneFigure) -> Array:
    values = shown.scalars(region)
    return plane.carry(values) if shown.at_points else values[plane.parents]


def _arrows(
    axes: Any,
    shown: Quantity,
    cutted: Mapping[str, RegionData],
    figures: Mapping[str, PlaneFigure],
    plane: str,
    z_scale: float,
    width: float,
    wanted: bool,
) -> None:
    if not wanted:
        return
    columns = ["xyz".index(axis) for axis in plane]
    spacing = width / ARROWS
    lattice = _lattice(np.concatenate([figures[name].points for name in cutted]), spacing, z_scale)
    places, vectors = [], []
    for name, region in cutted.items():
        figure, field = figures[name], shown.arrows(region)[:, columns]
        triangles, weights = figure.locate(lattice)
        inside = (triangles >= 0) & _clear(figure, lattice, 0.22 * spacing * np.array([1.0, 1 / z_scale]))
        places.append(lattice[inside])
        if shown.at_points:
            corners = figure.carry(field)[figure.triangles[triangles[inside]]]
            vectors.append(np.einsum("nc,nca->na", weights[inside], corners))
        else:
            # A flow is stretched like the picture, so that it follows the drawn walls; a spin keeps its direction.
            vectors.append(field[figure.parents[triangles[inside]]] * [1.0, z_scale if shown.flow else 1.0])
    at, field = np.concatenate(places), np.concatenate(vectors)
    size = np.linalg.norm(field, axis=1)
    longest = float(np.percentile(size, 98)) if len(size) else 0.0
    everything = np.concatenate([np.linalg.norm(shown.arrows(r), axis=1) for r in cutted.values()])
    # What is left of a field across the plane is rounding.
    if longest <= 1e-6 * everything.max():
        return
    # No arrow is longer than the spacing.
    field = field / longest * np.minimum(1.0, longest / np.maximum(size, 1e-300))[:, None]
    drawn = spacing * 0.9 * field
    at, drawn = at[size > SMALLEST * longest], drawn[size > SMALLEST * longest]
    axes.quiver(
        at[:, 0], at[:, 1], drawn[:, 0], drawn[:, 1] / z_scale, angles="xy", scale_units="xy", scale=1.0,
        pivot="mid", color="0.1", width=0.0022, headwidth=4.5, headlength=5, zorder=3,
    )  # fmt: skip


def _lattice(points: Array, spacing: float, z_scale: float) -> Array:
    """Places (n, 2) on a regular lattice in the box around some points, half a step away from its sides."""
    low, size = points.min(axis=0), np.ptp(points, axis=0)
    counts = np.maximum(3, np.round(size * [1.0, z_scale] / spacing)).astype(int)
    steps = [low[k] + size[k] * (np.arange(counts[k]) + 0.5) / counts[k] for k in range(2)]
    return np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 2)


def _clear(figure: PlaneFigure, places: Array, room: Array) -> NDArray[np.bool_]:
    """Whether there is room on all four sides, so that no arrow rides on a border: (n,)."""
    shifts = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]]) * room
    return np.asarray(np.all([figure.locate(places + shift)[0] >= 0 for shift in shifts], axis=0), dtype=bool)


def name_surroundings(axes: Any, figures: Mapping[str, PlaneFigure], window: Array) -> None:
    """Names of regions without unknowns where there is room: in the middle of what is seen of them, or above a hole."""
    for name, figure in figures.items():
        if len(figure.triangles):
            low = np.maximum(figure.points.min(axis=0), window[0])
            high = np.minimum(figure.points.max(axis=0), window[1])
            if np.all((high - low) > [0.1, 0.15] * np.ptp(window, axis=0)):
                places = low + np.array([[0.5, 0.5], [0.5, 0.93], [0.5, 0.07]]) * (high - low)
                inside = np.flatnonzero(figure.locate(places)[0] >= 0)
                if len(inside):
                    axes.text(*places[inside[0]], name, ha="center", va="center", fontsize=9)


def finish(axes: Any, window: Array, plane: str, z_scale: float) -> None:
    """Ends, proportions and units of the two axes."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set_xlim(*window[:, 0])
    axes.set_ylim(*window[:, 1])
    axes.set_aspect(z_scale)
    for axis, k, set_label in ((axes.xaxis, 0, axes.set_xlabel), (axes.yaxis, 1, axes.set_ylabel)):
        scale = scale_for(window[:, k], "m")
        axis.set_major_locator(MaxNLocator(8 if k == 0 else 4, steps=[1, 2, 2.5, 5, 10]))
        axis.set_major_formatter(FuncFormatter(lambda x, _, f=scale.factor: f"{x * f:.4g}".replace("-", "−")))
        set_label(scale.label(plane[k]))
