"""Layers of a stack behind a profile: which are shown, their shades and names."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from hanle.figures import FILLS, Span, scale_for
from hanle.region_data import RegionData

#: A layer without unknowns is drawn up to this fraction of the thickness of the others.
DATA_LAYER = 0.22


def layer_spans(regions: dict[str, RegionData], live: set[str], axis: int) -> dict[str, tuple[float, float]]:
    """What is drawn of each layer, [m]: outer layers without unknowns are cut short, or left out."""
    ends = {n: (float(r.points[:, axis].min()), float(r.points[:, axis].max())) for n, r in regions.items()}
    low, high = min(ends[n][0] for n in live), max(ends[n][1] for n in live)
    room = DATA_LAYER * (high - low)
    shown = {n: (max(a, low - room), min(b, high + room)) for n, (a, b) in ends.items()}
    return {n: (a, b) for n, (a, b) in shown.items() if a < b}


def shade_layers(
    axes: Sequence[Any],
    regions: dict[str, RegionData],
    spans: dict[str, tuple[float, float]],
    depth: Span,
    axis: int,
) -> None:
    """Shade and name the layers of a stack; `spans` of `layer_spans`, `depth` the axis they are drawn along."""
    low, high = min(a for a, _ in spans.values()), max(b for _, b in spans.values())
    free = low
    for k, (name, (start, end)) in enumerate(spans.items()):
        for ax in axes:
            ax.axvspan(depth.shown(start), depth.shown(end), color=FILLS[k % len(FILLS)], zorder=0, linewidth=0)
        whole = float(np.ptp(regions[name].points[:, axis]))
        narrow = (end - start) < 0.16 * (high - low)
        middle = max((start + end) / 2, free) if narrow else (start + end) / 2
        free = middle + 0.034 * (high - low)
        axes[0].annotate(
            f"{name} {scale_for(whole, 'm').text(whole)}",
            (depth.shown(middle), 1.0),
            (0, 4),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            va="bottom",
            rotation=90 if narrow else 0,
            fontsize=8.5,
        )
    for ax in axes:
        ax.set_xlim(depth.shown(low), depth.shown(high))
        for start, _ in list(spans.values())[1:]:
            ax.axvline(depth.shown(start), color="0.45", linewidth=0.7, zorder=0.6)
