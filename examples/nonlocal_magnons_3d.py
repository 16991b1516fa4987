"""Strips of finite length on a wide film of YIG: what 3D changes in the nonlocal signal of magnons.

`nonlocal_magnons.py` takes the strips as infinite. Real ones (12.5 um here, as in the short series of Cornelissen et
al., 2015) end on a film that goes on: magnons spread beyond the ends of the injector, and the detector collects from
the side. With F the finite element signal per length of the strips over that of the section, the example

- compares F with that of a film without fields across it, where w_m is the sum of what every piece of the strips emits,

      w_m(r) = int q(r') G(|r - r'|) dA',   q = Y' (S - w_m),   G(r) = K_0(r/lambda_m)/(2 pi 2 sigma_m t)

  (S = 1 in the injector, 0 in the detector; infinite strips: G(x) = lambda_m exp(-|x|/lambda_m)/(2 2 sigma_m t)).
  Fields across the film change F by about 1 %: magnons crowd below the ends of the strips as below their edges. In a
  film of a quarter of the thickness the two agree ten times better;
- fits lambda_m with R = C/sinh(d/lambda), as is usual: strips shorter than the longest distance make it too short by
  12 %, although every number of the material is the same.
"""

import argparse
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import least_squares
from scipy.special import k0

import hanle
from hanle.boundary.magnons.linear import mixing
from hanle.figures import COLOURS, picture
from hanle.pde.closed_forms.magnon_drag import Film
from hanle.pde.tensors import Array

WIDTH, LENGTH, PT, YIG = 200e-9, 12.5e-6, 7e-9, 100e-9  # width, length and thickness of the strips, of the film [m]
SHORTEST, LONGEST = 1e-6, 40e-6  # gaps [m]
THIN, AT = YIG / 4, 2e-6  # thickness of the film and gap of the second comparison [m]
MARGIN = 50e-6  # film beyond the strips on all sides: five lambda_m
LAMBDA, SIGMA = 9.4e-6, 5e5  # of the library's YIG
CURRENT = "100 uA"


class Found(NamedTuple):
    """What the comparison is checked by."""

    deviation: float  #: of F from that of a film without fields across it, largest of all gaps
    thin: float  #: the same in the thinner film, at one gap
    infinite: float  #: lambda_m fitted to infinite strips [m]
    finite: float  #: lambda_m fitted to these strips [m]


def main(points: int = 8, refinement: float = 3.0, pictures: Path | None = None) -> Found:
    """Scan the gap in 3D and in the section, compare with the thin film; draw if a folder is given."""
    gaps = np.geomspace(SHORTEST, LONGEST, points)
    signals = np.array([both(gap, refinement) for gap in gaps]).T
    ratio, model = signals[1] / signals[0], np.array([spreading(gap) for gap in gaps])
    infinite, finite = both(AT, refinement, THIN)
    for gap, flat, deep, expected in zip(gaps, *signals, model, strict=True):
        print(
            f"gap {1e6 * gap:6.2f} um   R_21 {deep:10.4g} Ohm/m, infinite strips {flat:10.4g} Ohm/m"
            f"   F {deep / flat:.4f}, thin film {expected:.4f}"
        )
    lengths = [fitted(gaps, signal) for signal in signals]
    thin = abs(finite / infinite / spreading(AT, thickness=THIN) - 1)
    found = Found(float(np.abs(ratio / model - 1).max()), thin, *lengths)
    print(f"F agrees to {found.deviation:.1e}; in a film of {1e9 * THIN:.0f} nm to {thin:.1e}")
    print(f"lambda_m fitted: infinite strips {1e6 * lengths[0]:.2f} um, these strips {1e6 * lengths[1]:.2f} um")
    if pictures:
        draw(pictures / "nonlocal_magnons_3d.png", gaps, signals)
        solved(10e-6, refinement, YIG).show(
            "magnon_potential", str(pictures / "nonlocal_magnons_3d_map.png"), normal="z", overwrite=True
        )
    return found


def device(gap: float, thickness: float = YIG, **shape: Any) -> hanle.Device:
    """Injector and detector, `gap` apart from edge to edge [m]; `shape`: of 3D."""
    place = (gap + WIDTH) / 2
    names = ("injector", "detector")
    strips = [(name, side * place, WIDTH, PT) for name, side in zip(names, (-1, 1), strict=True)]
    ends = {f"{name}{end}": [f"{name}|y{end}"] for name in names for end in "+-"}
    return hanle.Device(
        hanle.strips(gap + 2 * WIDTH + 2 * MARGIN, [("YIG", thickness)], strips, **shape),
        {"YIG": "YIG", "injector": "Pt", "detector": "Pt"},
        field=("10 mT", "0 T", "0 T"),
        magnetisation={"YIG": (1, 0, 0)},
        interfaces={f"YIG|{name}": hanle.MagnonInterface(g_r="4.1e18 1/m^2") for name in names},
        transport=("magnons",),
        **{"contacts": ends} if shape else {"wires": {name: [name] for name in names}},
    )


def both(gap: float, refinement: float, thickness: float = YIG) -> tuple[float, float]:
    """R_21 of infinite strips and of these, per length [Ohm/m]."""
    flat = device(gap, thickness).solve(wiring={"injector": CURRENT}, mesh_options=fine(refinement))
    deep = solved(gap, refinement, thickness)
    return float(flat.wire_resistance("detector")), float(deep.resistance("detector-", "detector+")) / LENGTH


def solved(gap: float, refinement: float, thickness: float) -> hanle.Result:
    """The result in 3D; the detector is open."""
    return device(gap, thickness, width=LENGTH + 2 * MARGIN, strip_length=LENGTH).solve(
        wiring={"injector-": CURRENT, "injector+": "ground", "detector+": "ground"}, mesh_options=fine(refinement)
    )


def fine(refinement: float) -> dict[str, Any]:
    """Cells on both sides of the edges of the strips, where the flow of magnons crowds."""
    across = {"corners": True, "cells_per_length": refinement, "coarse_cells": 8}
    return across | {"lateral_growth": 1 + 1.5 / refinement, "sizes": {"x": LAMBDA / 4}}


def spreading(gap: float, thickness: float = YIG, across: int = 12, along: int = 40) -> float:
    """F of a film without fields across it; q is constant in cells of the strips, small ones at edges and ends."""
    x, y, sheet = cells(WIDTH, across), cells(LENGTH, along), 2 * SIGMA * thickness
    return absorbed(gap, sheet, x, y, plane) / (LENGTH * absorbed(gap, sheet, x, cells(1.0, 1), line))


def cells(size: float, count: int) -> tuple[Array, Array]:
    """(middles, widths) [m]."""
    ends = np.sin(np.linspace(-0.5, 0.5, count + 1) * np.pi) * size / 2
    return (ends[1:] + ends[:-1]) / 2, np.diff(ends)


def absorbed(
    gap: float, sheet: float, x: tuple[Array, Array], y: tuple[Array, Array], emitted: Callable[..., Array]
) -> float:
    """What the detector takes up where S = 1 in the injector.

    Args:
        sheet: 2 sigma_m t [S].
        x, y: cells across and along the strips.
        emitted: (distances along x and y, sizes along x and y) -> sheet w_m of cells with q = 1.
    """
    shift = (gap + WIDTH) / 2
    middles = [np.ravel(m) for m in np.meshgrid(np.concatenate([x[0] - shift, x[0] + shift]), y[0], indexing="ij")]
    sizes = [np.ravel(m) for m in np.meshgrid(np.tile(x[1], 2), y[1], indexing="ij")]
    apart = [m[:, None] - m for m in middles]
    green = emitted(*apart, *sizes) / sheet
    injector = middles[0] < 0
    w = np.linalg.solve(np.eye(len(green)) + uptake() * green, uptake() * green @ injector)
    return float(np.sum((uptake() * w * sizes[0] * sizes[1])[~injector]))


def plane(x: Array, y: Array, width: Array, height: Array) -> Array:
    """Integral of K_0(r/lambda_m)/(2 pi) over rectangles [m^2]: of its logarithm exactly, of the rest by its middle."""
    corners = [(a * width / 2, b * height / 2, a * b) for a in (-1, 1) for b in (-1, 1)]
    logarithm = sum(sign * _logarithm((x + u) / LAMBDA, (y + v) / LAMBDA) for u, v, sign in corners) * LAMBDA**2
    r = np.maximum(np.hypot(x, y) / LAMBDA, 1e-9)
    return np.asarray((width * height * (k0(r) + np.log(r)) - logarithm) / (2 * np.pi))


def _logarithm(x: Array, y: Array) -> Array:
    """Integral of ln r over the rectangle between 0 and (x, y), where neither is 0."""
    return 0.5 * (x * y * (np.log(x**2 + y**2) - 3) + x**2 * np.arctan(y / x) + y**2 * np.arctan(x / y))


def line(x: Array, y: Array, width: Array, height: Array) -> Array:
    """Integral of lambda_m exp(-|x|/lambda_m)/2 over cells of infinite strips [m^2]."""
    return np.asarray(LAMBDA / 2 * np.exp(-np.abs(x) / LAMBDA) * width) + 0 * y * height


@cache
def uptake() -> float:
    """Y' of a strip [S/m^2]."""
    film = Film(1 / 400e-9, 1.5e-9, 0.11, PT, float(mixing(device(SHORTEST).conductances("YIG|injector"))[0]))
    return float(film.contact * film.admittance / (film.contact + film.admittance))


def fitted(gaps: Array, signal: Array) -> float:
    """lambda_m [m] of the usual formula."""

    def wrong(guess: Array) -> Array:
        level, length = guess
        return np.asarray(np.log(-signal * np.sinh(gaps / (LAMBDA * length))) - level)

    return LAMBDA * float(least_squares(wrong, (0.0, 1.0)).x[1])


def draw(path: Path, gaps: Array, signals: Array) -> None:
    """-R_21 against the gap, and F with that of the thin film."""
    smooth = np.geomspace(gaps[0], gaps[-1], 25)
    with picture(path, size=(5.2, 5.2), overwrite=True) as (figure, save):
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        for signal, mark, label in zip(
            signals, ("s--", "o-"), ("infinite strips", "strips of 12.5 µm"), strict=True
        ):
            top.plot(1e6 * gaps, -signal, mark, color=COLOURS[0 if mark == "s--" else 1], ms=4, label=label)
        top.set(xscale="log", yscale="log", ylabel="nonlocal signal $-R_{21}$ (Ω/m)")
        top.legend(loc="lower left")
        for axes in (top, bottom):
            axes.axvline(1e6 * LENGTH, color="0.8", lw=0.8)
        top.annotate("length", (1e6 * LENGTH, 0.93), (3, 0), ("data", "axes fraction"), "offset points")
        bottom.axhline(1, color="0.8", lw=0.8)
        bottom.plot(
            1e6 * smooth,
            [spreading(gap) for gap in smooth],
            color=COLOURS[1],
            label="without fields across the film",
        )
        bottom.plot(1e6 * gaps, signals[1] / signals[0], "o", color=COLOURS[1], ms=5, label="finite elements")
        bottom.set(xlabel="gap between the strips (µm)", ylabel="ratio to infinite strips")
        bottom.legend(loc="lower left")
        save()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw into this folder")
    main(pictures=parser.parse_args().pictures)
