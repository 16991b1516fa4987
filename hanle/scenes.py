"""3D pictures of vector fields: spin accumulation, currents of charge and spin, torque.

Thin films are stretched along z; by how much stands on the picture. Where nothing can render in 3D, and for 1D and
2D devices, the pictures of `hanle.sections` and `hanle.curves` are drawn instead; `Picture.renderer` tells. Where
several processes hold the device all must call; the first draws.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hanle.curves import plot_profile
from hanle.figures import Picture, picture, scale_for
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.solution import Solution
from hanle.pde.tensors import Array
from hanle.quantities import choose, colour_map, largest_polarisation
from hanle.region_data import RegionData, all_regions
from hanle.rendering import Image, can_render, render
from hanle.scene_actors import Scene
from hanle.sections import draw_section
from hanle.together import led

#: Pixels between a side and its dimension line.
GAP = 26.0
#: Inches.
WIDTH = 7.2
#: Quantity -> the ways to draw it in 3D, the usual one first.
STYLES: Mapping[str, tuple[str, ...]] = {
    "spin_accumulation": ("surface", "slices"),
    "current": ("streamlines", "arrows"),
    "spin_current": ("surface", "slices", "arrows"),
    "torque": ("surface", "slices", "arrows"),
}


@dataclass(frozen=True)
class _Wish:
    """What to show, and how."""

    quantity: str
    component: str | None
    style: str
    arrows: bool
    surroundings: bool
    index: int
    title: str


def show(
    solution: Solution,
    path: str | os.PathLike[str],
    quantity: str = "spin_accumulation",
    *,
    style: str | None = None,
    polarisation: str | None = None,
    component: str | None = None,
    arrows: bool = True,
    surroundings: bool = True,
    index: int = 0,
    title: str = "",
    overwrite: bool = False,
) -> Picture:
    """Colours for the size of a vector field or one component of it, arrows or stream lines for its direction.

    Args:
        quantity: "spin_accumulation", mu_s/e on the metal; "current", the charge current density; "spin_current", the
            flow of the spins along one axis; "torque" per volume inside magnets that conduct (what magnets take through
            their faces is not part of it: `Result.torque_map`).
        style: one of `STYLES`, "slices" across the longest side; by default the first.
        polarisation: of "spin_current", axis of the spins "x", "y" or "z"; by default the one of which most flows. In
            1D all are drawn.
        component: "x", "y", "z" or "magnitude"; by default the magnitude, of the spin accumulation the largest
            component.
        arrows: draw the vector on a regular lattice on surfaces, slices and sections.
        surroundings: draw regions without unknowns, translucent.
        index: position along the batch axis.

    Raises:
        InputError: an unknown name, no region carries the quantity, or the file exists.
    """
    if quantity not in STYLES:
        raise unknown_name("quantity", quantity, tuple(STYLES))
    style = style or STYLES[quantity][0]
    if style not in STYLES[quantity]:
        raise unknown_name("style", style, STYLES[quantity])
    if polarisation is not None and quantity != "spin_current":
        raise InputError("polarisation", "given for the spin current only", polarisation)
    if polarisation not in (None, "x", "y", "z"):
        raise unknown_name("polarisation", str(polarisation), "xyz")
    if quantity == "spin_current":
        quantity += "_" + (polarisation or largest_polarisation(all_regions(solution, index=index)))
    wish = _Wish(quantity, component, style, arrows, surroundings, index, title)
    return _show(solution, path, wish, overwrite=overwrite)


def _show(solution: Solution, path: str | os.PathLike[str], wish: _Wish, *, overwrite: bool) -> Picture:
    system = solution.response.system
    axes = system.problem.mesh.axes
    if len(axes) == 1:
        torque = wish.quantity == "torque"
        return plot_profile(solution, path, torque=torque, index=wish.index, title=wish.title, overwrite=overwrite)
    regions = all_regions(solution, index=wish.index)
    return led(system.processes, lambda: _draw(axes, regions, path, wish, overwrite=overwrite))


def _draw(
    axes: tuple[str, ...],
    regions: Mapping[str, RegionData],
    path: str | os.PathLike[str],
    wish: _Wish,
    *,
    overwrite: bool,
) -> Picture:
    if len(axes) == 2 or not can_render():
        return _section(axes, regions, path, wish, overwrite=overwrite)
    shown, live = choose(wish.quantity, wish.component, regions)
    scene = Scene(shown, live, regions if wish.surroundings else live, wish.style, wish.arrows)
    ends = _dimension_lines(scene)
    with picture(path, size=(WIDTH, WIDTH), overwrite=overwrite) as (figure, save):
        image, pixels = render(scene.draw, direction=scene.camera, marks=ends.reshape(-1, 3))
        # Title, dimension lines and colour bar need about 1.5 inches besides the scene.
        figure.set_size_inches(WIDTH, 0.86 * WIDTH * image.shape[0] / image.shape[1] + 1.5)
        _compose(figure, image, pixels.reshape(3, 2, 2), scene, wish.title)
        return save(renderer="pyvista", z_scale=scene.z_scale)


def _section(
    axes: tuple[str, ...],
    regions: Mapping[str, RegionData],
    path: str | os.PathLike[str],
    wish: _Wish,
    *,
    overwrite: bool,
) -> Picture:
    """The same as a plane section; the spin accumulation of a 3D film is shown near its upper surface."""
    position = normal = None
    if len(axes) == 3 and wish.quantity == "spin_accumulation":
        _, live = choose(wish.quantity, wish.component, regions)
        heights = np.concatenate([r.points[:, 2] for r in live.values()])
        normal, position = "z", float(heights.max() - 1e-3 * np.ptp(heights))
    return draw_section(
        axes, regions, path, quantity=wish.quantity, component=wish.component, normal=normal, position=position,
        arrows=wish.arrows, title=wish.title, overwrite=overwrite,
    )  # fmt: skip


def _dimension_lines(scene: Scene) -> Array:
    """Ends (3 lines, 2, 3) in the scene: along x at the front, along y on the right, along z on the left."""
    (x0, y0, z0), (x1, y1, z1) = scene.place(scene.box)
    low, high = scene.drawn_box
    return np.array(
        [
            [(x0, low[1], low[2]), (x1, low[1], low[2])],
            [(high[0], y0, low[2]), (high[0], y1, low[2])],
            [(low[0], low[1], z0), (low[0], low[1], z1)],
        ]
    )


def _compose(figure: Any, image: Image, lines: Array, scene: Scene, title: str) -> None:
    """Image, dimension lines, colour bar, title and the stretch on one page."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    axes = figure.add_subplot()
    axes.imshow(image, interpolation="antialiased")
    axes.set(xticks=[], yticks=[])
    axes.set_axis_off()
    sizes = np.ptp(scene.box, axis=0)
    outward = (np.array([0.2, 1.0]), np.array([1.0, 0.6]), np.array([-1.0, 0.0]))
    for k, side in enumerate(outward):
        words = f"{'xyz'[k]}: {scale_for(sizes[k], 'm').text(sizes[k])}"
        _dimension_line(axes, lines[k] + GAP * side, side, words)
    scale = scale_for(scene.limits, scene.shown.unit)
    colours = ScalarMappable(
        Normalize(scale.factor * scene.limits[0], scale.factor * scene.limits[1]), colour_map(scene.shown)
    )
    bar = figure.colorbar(colours, ax=axes, orientation="horizontal", aspect=36, shrink=0.62, pad=0.02)
    bar.set_label(scale.label(scene.shown.label))
    bar.outline.set_linewidth(0.6)
    heading = [title, f"z × {scene.z_scale:g}" if scene.z_scale != 1 else ""]
    axes.set_title("   ".join(part for part in heading if part))


def _dimension_line(axes: Any, ends: Array, side: Array, words: str) -> None:
    (x0, y0), (x1, y1) = ends
    axes.plot([x0, x1], [y0, y1], color="0.15", linewidth=0.9, marker="|" if abs(x1 - x0) > abs(y1 - y0) else "_",
              markersize=6, clip_on=False)  # fmt: skip
    angle = np.degrees(np.arctan2(-(y1 - y0), x1 - x0))
    upright = (angle + 90) % 180 - 90
    vertical = abs(side[0]) > abs(side[1])
    axes.annotate(
        words,
        ((x0 + x1) / 2, (y0 + y1) / 2),
        (7 * side[0], -9 * side[1]),
        textcoords="offset points",
        rotation=0 if vertical else upright,
        rotation_mode="anchor",
        ha=("left" if side[0] > 0 else "right") if vertical else "center",
        va="center" if vertical else "top",
        annotation_clip=False,
    )
