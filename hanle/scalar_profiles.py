"""Pictures of magnons and heat through a stack: potential, temperatures, or a flow along the stack against depth."""

import os

import numpy as np

from hanle.figures import COLOURS, LINE_STYLES, Picture, limits, picture, scale_for, span_of
from hanle.layer_shading import layer_spans, shade_layers
from hanle.pde.errors import InputError
from hanle.pde.solution import Solution
from hanle.pde.tensors import Array
from hanle.quantities import QUANTITIES, Quantity
from hanle.region_data import RegionData, all_regions
from hanle.together import led

#: Drawn in one picture, whichever is asked for.
TEMPERATURES = ("temperature_electrons", "temperature_magnons", "temperature_lattice")


def plot_scalar_profile(
    solution: Solution,
    path: str | os.PathLike[str],
    *,
    quantity: str,
    index: int = 0,
    title: str = "",
    overwrite: bool = False,
) -> Picture:
    """One quantity against depth, layers shaded and named; of a temperature all three.

    Args:
        quantity: a key of `hanle.quantities.SECTIONS`; of a flow the part along the stack is drawn.
        index: position along the batch axis.

    Raises:
        InputError: no layer carries it, or the file exists.
    """
    system = solution.response.system
    regions = all_regions(solution, index=index)
    names = TEMPERATURES if quantity in TEMPERATURES else (quantity,)
    axis = system.problem.mesh.axes[0]
    return led(
        system.processes, lambda: _draw(axis, regions, path, [QUANTITIES[n] for n in names], title, overwrite)
    )


def _draw(
    mesh_axis: str,
    regions: dict[str, RegionData],
    path: str | os.PathLike[str],
    shown: list[Quantity],
    title: str,
    overwrite: bool,
) -> Picture:
    axis = "xyz".index(mesh_axis)
    curves = [
        (k, *_curve(quantity, region, axis))
        for k, quantity in enumerate(shown)
        for region in regions.values()
        if quantity.name in region.point_data or quantity.name in region.cell_data
    ]
    if not curves:
        raise InputError("quantity", "carried by a layer", shown[0].title, f"layers: {', '.join(regions)}")
    live = {n for n, r in regions.items() for q in shown if q.name in r.point_data or q.name in r.cell_data}
    spans = layer_spans(regions, live, axis)
    depth = span_of(spans.values(), mesh_axis)
    scale = scale_for([float(np.max(np.abs(y))) for _, _, y in curves], shown[0].unit)
    with picture(path, size=(5.6, 3.2), overwrite=overwrite) as (figure, save):
        axes = figure.add_subplot()
        named: set[int] = set()
        for k, x, y in curves:
            label = None if k in named else shown[k].symbol.format(a=mesh_axis)
            named.add(k)
            style = {"color": COLOURS[k], "linestyle": LINE_STYLES[k]}
            axes.plot(depth.shown(x), scale.factor * y, label=label, **style)
        axes.axhline(0.0, color="0.6", linewidth=0.6, zorder=0.5)
        axes.set_ylim(*limits(np.concatenate([[0.0], *(scale.factor * y for _, _, y in curves)])))
        axes.set_ylabel(scale.label("temperature" if len(shown) > 1 else shown[0].title))
        axes.set_xlabel(depth.label)
        axes.legend(loc="best", handlelength=2.6)
        shade_layers([axes], regions, spans, depth, axis)
        if title:
            figure.suptitle(title, fontsize=10.5)
        return save()


def _curve(shown: Quantity, region: RegionData, axis: int) -> tuple[Array, Array]:
    """(position [m], value) of one layer, in order."""
    values = shown.arrows(region)
    x = (region.points if shown.at_points else region.centres)[:, axis]
    order = np.argsort(x)
    return x[order], (values[:, axis] if shown.vector else values)[order]
