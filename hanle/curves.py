"""Pictures of curves: profiles through a stack, and sweeps over angle, field or anything else."""

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from hanle.figures import (
    COLOURS,
    LINE_STYLES,
    Picture,
    Scale,
    Span,
    limits,
    picture,
    scale_for,
    span_of,
    symbols,
)
from hanle.launch import leads
from hanle.layer_shading import layer_spans, shade_layers
from hanle.line_scales import separated
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.solution import Solution
from hanle.pde.tensors import Array
from hanle.region_data import SPIN_ACCUMULATION, SPIN_CURRENT, TORQUE, RegionData, all_regions
from hanle.together import led

if TYPE_CHECKING:
    from xarray import DataArray, Dataset

#: More lines than this share a colour bar instead of a legend.
LEGEND_LINES = 6
#: Letters in a row of a legend.
LEGEND_WIDTH = 66
#: Letters in a row of the label of an axis.
LABEL = 24
#: A curve that varies by less than this, relative to its size, is drawn as a difference to its mean.
FLAT = 0.02


def plot_profile(
    solution: Solution,
    path: str | os.PathLike[str],
    *,
    spin_current: bool = True,
    torque: bool = False,
    index: int = 0,
    title: str = "",
    overwrite: bool = False,
) -> Picture:
    """mu_s/e (and the spin current that flows through the stack) against depth, layers shaded and named.

    Args:
        solution: of a 1D device; layers without unknowns are shortened.
        spin_current: draw the flow along the stack in a second panel.
        torque: draw what magnets that conduct take inside, in a further panel.
        index: position along the batch axis.

    Raises:
        InputError: the mesh is not 1D, no layer carries spin, or takes torque if that is wanted, or the file exists.
    """
    system = solution.response.system
    axes = system.problem.mesh.axes
    if len(axes) != 1:
        raise InputError("solution", "of a 1D device", f"axes {axes}", "use plot_section")
    regions = all_regions(solution, index=index)
    wanted = (True, spin_current, torque)
    panels = [panel for panel, shown in zip(_panels(axes[0]), wanted, strict=True) if shown]
    return led(system.processes, lambda: _draw_profile(axes[0], regions, path, panels, title, overwrite))


@dataclass(frozen=True)
class _Profile:
    """A panel of a profile: what it shows, the symbol of a component {a}, SI unit, and its values in a region."""

    title: str
    symbol: str
    unit: str
    carried: Callable[[RegionData], bool]
    values: Callable[[RegionData, int], tuple[Array, Array]]


def _panels(mesh_axis: str) -> tuple[_Profile, ...]:
    """Spin accumulation, spin current along the stack, torque density."""
    axis = "xyz".index(mesh_axis)

    def carries_spin(region: RegionData) -> bool:
        return SPIN_ACCUMULATION in region.point_data

    return (
        _Profile("spin accumulation", "$\\mu_{{s,{a}}}/e$", "V", carries_spin,
                 lambda r, a: (r.points[:, axis], r.point_data[SPIN_ACCUMULATION][:, a])),
        _Profile("spin current density", f"$J_{mesh_axis}^{{{{\\,{{a}}}}}}$", "A/m^2", carries_spin,
                 lambda r, a: (r.centres[:, axis], r.cell_data[SPIN_CURRENT["xyz"[a]]][:, axis])),
        _Profile("torque density", "$\\tau_{a}$", "J/m^3", lambda r: TORQUE in r.cell_data,
                 lambda r, a: (r.centres[:, axis], r.cell_data[TORQUE][:, a])),
    )  # fmt: skip


def _draw_profile(
    mesh_axis: str,
    regions: dict[str, RegionData],
    path: str | os.PathLike[str],
    panels: Sequence[_Profile],
    title: str,
    overwrite: bool,
) -> Picture:
    axis = "xyz".index(mesh_axis)
    live = [r for r in regions.values() if SPIN_ACCUMULATION in r.point_data]
    if not live:
        raise InputError("solution", "with a layer that carries spin", tuple(regions))
    spans = layer_spans(regions, {r.name for r in live}, axis)
    depth = span_of(spans.values(), mesh_axis)
    with picture(path, size=(5.6, 2.7 * len(panels) + 0.5), overwrite=overwrite) as (figure, save):
        axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
        for ax, panel in zip(axes, panels, strict=True):
            _draw_components(ax, [r for r in regions.values() if panel.carried(r)], depth, panel)
        shade_layers(axes, regions, spans, depth, axis)
        axes[-1].set_xlabel(depth.label)
        if title:
            figure.suptitle(title, fontsize=10.5)
        figure.align_ylabels()
        return save()


def _draw_components(axes: Any, regions: Sequence[RegionData], depth: Span, panel: _Profile) -> None:
    if not regions:
        raise InputError("solution", f"with a layer that has a {panel.title}", "none")
    curves = [[_sorted(*panel.values(r, a)) for a in range(3)] for r in regions]
    scale = scale_for([np.max(np.abs(y)) for curve in curves for _, y in curve], panel.unit)
    for curve in curves:
        for a, (x, y) in enumerate(curve):
            axes.plot(
                depth.shown(x),
                scale.factor * y,
                color=COLOURS[a],
                linestyle=LINE_STYLES[a],
                label=panel.symbol.format(a="xyz"[a]) if curve is curves[0] else None,
            )
    axes.axhline(0.0, color="0.6", linewidth=0.6, zorder=0.5)
    values = [scale.factor * y for curve in curves for _, y in curve]
    axes.set_ylim(*limits(np.concatenate([*values, [0.0]])))
    axes.set_ylabel(scale.label(panel.title))
    axes.legend(loc="best", handlelength=2.6)


def _sorted(x: Array, y: Array) -> tuple[Array, Array]:
    order = np.argsort(x)
    return x[order], y[order]


def plot_curves(
    dataset: "Dataset",
    path: str | os.PathLike[str],
    *,
    x: str | None = None,
    variables: Sequence[str] | None = None,
    title: str = "",
    overwrite: bool = False,
) -> Picture:
    """Every variable in a panel of its own against one coordinate; the other coordinates tell the lines apart.

    Wires, terminals or contacts whose values differ by decades get a panel each.

    Axes carry `long_name` and `units` of the dataset, with SI prefixes; angles are shown in degrees. A curve that
    varies little is shown as the difference to a round value, which its label states. After a sweep on
    several processes the first one writes.

    Args:
        x: dimension along the axis; "angle" if there is one, otherwise the longest.
        variables: which data variables, in this order; all numeric ones that depend on `x` if None.

    Raises:
        InputError: no such variable or dimension, nothing to draw, or the file exists.
    """
    across = _axis_of(dataset, x)
    dataset, chosen = separated(dataset, _chosen(dataset, across, variables))
    bar_of = _bar_of(dataset, chosen, across)
    size = (5.6 if bar_of is None else 6.4, 0.9 + 2.1 * len(chosen))
    writes = leads(dataset.attrs.get("engine", ""))
    with picture(path, size=size, overwrite=overwrite, write=writes) as (figure, save):
        axes = figure.subplots(len(chosen), 1, sharex=True, squeeze=False)[:, 0]
        horizontal = _scale_of(dataset[across])
        for ax, name in zip(axes, chosen, strict=True):
            _panel(ax, dataset, name, across, horizontal, bar_of)
        _finish_x(axes[-1], dataset[across], horizontal)
        if bar_of is not None:
            _line_bar(figure, axes, dataset[bar_of])
        _legends(axes)
        if title:
            figure.suptitle(title, fontsize=10.5)
        figure.align_ylabels()
        return save()


def _bar_of(dataset: "Dataset", chosen: Sequence[str], across: str) -> str | None:
    """The dimension that a colour bar tells apart: the last one of all panels, if some panel has many lines."""
    several = [[d for d in _several(dataset, name) if d != across] for name in chosen]
    shared = [d for d in several[0] if all(d in others for others in several)]
    most = max(math.prod(dataset.sizes[d] for d in others) for others in several)
    return shared[-1] if shared and most > LEGEND_LINES else None


def _several(dataset: "Dataset", name: str) -> list[str]:
    """Dimensions of a variable along which there is more than one value."""
    return [str(d) for d in dataset[name].dims if dataset.sizes[d] > 1]


def _legends(axes: Any) -> None:
    """A legend above each panel whose lines differ from those of the panel above it."""
    before: list[str] = []
    for ax in axes:
        _, labels = ax.get_legend_handles_labels()
        if labels and labels != before:
            columns = max(1, min(3, LEGEND_WIDTH // max(map(len, labels))))
            ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=columns, handlelength=2.2, borderaxespad=0.3)
        before = labels


def _axis_of(dataset: "Dataset", x: str | None) -> str:
    if x is not None:
        if x not in dataset.dims:
            raise unknown_name("x", x, map(str, dataset.dims))
        return x
    if "angle" in dataset.dims:
        return "angle"
    numbers = [name for name in dataset.sizes if dataset[name].dtype.kind in "fiu"]
    if not numbers:
        raise InputError("dataset", "with at least one dimension that has numbers", list(dataset.sizes))
    return str(max(numbers, key=lambda name: dataset.sizes[name]))


def _chosen(dataset: "Dataset", across: str, variables: Sequence[str] | None) -> list[str]:
    drawable = [str(n) for n, v in dataset.data_vars.items() if across in v.dims and v.dtype.kind in "fiu"]
    for name in variables or ():
        if name not in drawable:
            raise unknown_name("variables", name, drawable)
    if not drawable:
        raise InputError("dataset", f"with a number that depends on {across}", tuple(dataset.data_vars))
    return list(variables or drawable)


def _panel(axes: Any, dataset: "Dataset", name: str, across: str, horizontal: Scale, bar_of: str | None) -> None:
    variable = dataset[name].transpose(..., across)
    others = variable.dims[:-1]
    rows = np.asarray(variable.values, dtype=float).reshape(-1, dataset.sizes[across])
    base = _base(rows)
    scale = scale_for(rows - base, variable.attrs.get("units", "1"))
    order = np.argsort(dataset[across].values, kind="stable")
    markers = "o" if dataset.sizes[across] <= 24 else ""
    for k, row in enumerate(rows):
        place = dict(zip(others, np.unravel_index(k, variable.shape[:-1]), strict=True))
        axes.plot(
            horizontal.factor * dataset[across].values[order],
            scale.factor * (row - base)[order],
            marker=markers,
            markersize=3.4,
            label=_line_label(dataset, place, bar_of),
            **_line_style(dataset, place, k, bar_of),
        )
    axes.set_ylabel(_label(variable, scale, base), fontsize=9)
    axes.set_ylim(*limits(scale.factor * (rows - base)))


def _base(rows: Array) -> float:
    """A round value to subtract where the rows vary little, otherwise 0."""
    finite = rows[np.isfinite(rows)]
    if not finite.size or np.ptp(finite) == 0 or np.ptp(finite) > FLAT * np.abs(finite).max():
        return 0.0
    step = 10.0 ** np.floor(np.log10(np.ptp(finite)))
    return float(np.round(finite.mean() / step) * step)


def _label(variable: "DataArray", scale: Scale, base: float) -> str:
    words = str(variable.attrs.get("long_name", variable.name))
    title = "\n".join(wrap(symbols(words), LABEL))
    if base:
        whole = scale_for(base, variable.attrs.get("units", "1"))
        digits = max(0, int(np.ceil(np.log10(scale.factor / whole.factor))) + 1)
        times = " × " if whole.unit.startswith("10") else " "
        sign = "−" if base > 0 else "+"
        title = f"{title}\n{sign} {whole.factor * abs(base):.{digits}f}{times}{whole.unit}"
    return scale.label(title)


def _scale_of(coordinate: "DataArray") -> Scale:
    return scale_for(coordinate.values, coordinate.attrs.get("units", "1"))


def _line_label(dataset: "Dataset", place: dict[Any, Any], bar_of: str | None) -> str:
    """What sets a line apart besides the colour bar; nothing (a leading "_") for all but the first of its colours."""
    if place.get(bar_of):
        return "_"
    parts = []
    for name, k in place.items():
        coordinate = dataset[name]
        if coordinate.size == 1 or name == bar_of:
            continue
        if coordinate.dtype.kind not in "fiu":
            parts.append(str(coordinate.values[k]))
            continue
        # One value sets its own prefix: 50 mT beside 9 T.
        value = float(coordinate.values[k])
        words = coordinate.attrs.get("long_name", name) if "." in name else name
        parts.append(f"{words} = {scale_for(value, coordinate.attrs.get('units', '1')).text(value)}")
    return ", ".join(parts) or "_"


def _line_style(dataset: "Dataset", place: dict[Any, Any], k: int, bar_of: str | None) -> dict[str, Any]:
    if bar_of is None or bar_of not in place:
        return {"color": COLOURS[k % len(COLOURS)], "linestyle": LINE_STYLES[k % len(LINE_STYLES)]}
    from matplotlib import colormaps

    count = dataset.sizes[bar_of]
    others = [int(n) for name, n in place.items() if name != bar_of]
    shade = colormaps["viridis"](0.92 * place[bar_of] / max(1, count - 1))
    return {"color": shade, "linestyle": LINE_STYLES[sum(others) % len(LINE_STYLES)]}


def _line_bar(figure: Any, axes: Any, coordinate: "DataArray") -> None:
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import BoundaryNorm, ListedColormap

    count = coordinate.size
    colours = ListedColormap([colormaps["viridis"](0.92 * k / max(1, count - 1)) for k in range(count)])
    mapped = ScalarMappable(BoundaryNorm(np.arange(count + 1) - 0.5, count), colours)
    bar = figure.colorbar(mapped, ax=list(axes), shrink=0.85, aspect=30)
    scale = _scale_of(coordinate) if coordinate.dtype.kind in "fiu" else Scale(1.0, "")
    every = np.unique(np.linspace(0, count - 1, min(count, 13)).round().astype(int))
    bar.set_ticks(every, labels=[_tick(coordinate.values[k], scale) for k in every])
    bar.set_label(scale.label(symbols(str(coordinate.attrs.get("long_name", coordinate.name)))))


def _logarithmic(values: Array) -> bool:
    """Whether positive values over more than a decade are spaced by their ratios."""
    ordered = np.sort(np.asarray(values, dtype=float))
    if len(ordered) < 3 or not ordered[0] > 0 or ordered[-1] < 10 * ordered[0]:
        return False
    steps = np.diff(np.log(ordered))
    return bool(steps.max() < 2 * steps.min())


def _tick(value: Any, scale: Scale) -> str:
    return str(value) if isinstance(value, str) else f"{scale.factor * float(value):.3g}".replace("-", "−")


def _finish_x(axes: Any, coordinate: "DataArray", scale: Scale) -> None:
    ends = scale.factor * np.array([np.min(coordinate.values), np.max(coordinate.values)])
    if ends[0] < ends[1]:
        axes.set_xlim(*ends)
    if _logarithmic(coordinate.values):
        axes.set_xscale("log")
    if scale.unit == "°":
        step = next((s for s in (15, 30, 45, 60, 90) if np.ptp(ends) <= 8 * s), 90)
        axes.set_xticks(np.arange(np.ceil(ends[0] / step) * step, ends[1] + 1e-6, step))
    axes.set_xlabel(scale.label(symbols(str(coordinate.attrs.get("long_name", coordinate.name)))))
