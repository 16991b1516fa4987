"""Nonlocal magnon device: two Pt strips on a film of YIG, signal against their distance (Cornelissen et al., 2015).

A current in one strip injects spin by the spin Hall effect, magnons carry it along the film, and the other strip turns
it into a field by the inverse effect; m in the plane, along the distance. With R_21 the field in the detector over the
current in the injector [Ohm/m],

    R_21 = -b'^2 p T/(Y' kappa (W a')^2)       T = C L csch(x)/[(C + L coth x)^2 - (L csch x)^2],  x = (s - W)/lambda_m

    film        Y, b, a of `hanle.pde.closed_forms.magnon_drag`, contact K = 4 e^2 g/hbar
    both        Y' = K Y/(K + Y),  b' = b K/(K + Y),  a' = a + b^2/(K + Y) + b'^2 p/Y'
    under Pt    kappa^2 = 1/lambda_m^2 + Y'/(2 sigma_m t),  C = 2 sigma_m t kappa,  p = Y'/(Y' + 2 sigma_m t/lambda_m^2)
    gap         L = 2 sigma_m t/lambda_m

for strips of width W >> 1/kappa at distance s (middle to middle) on a film of thickness t without fields across it.
The strips absorb far more than the film loses (C >> L), so that R_21 goes as 1/sinh x: as 1/(s - W) in short gaps, as
exp(-s/lambda_m) in long ones. As 1/kappa < t, magnons crowd below the inner edges of the strips: all gaps seem longer
by one length, about half of t, which is taken from the shortest one and put into the closed form of the others.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

import hanle
from hanle.boundary.magnons.linear import mixing
from hanle.figures import COLOURS, picture
from hanle.pde.closed_forms.magnon_drag import Film
from hanle.pde.tensors import Array

WIDTH, PT, YIG = 200e-9, 7e-9, 100e-9  # width and thickness of the strips, thickness of the film [m]
SHORTEST, LONGEST = 0.2e-6, 40e-6  # gaps [m]
MARGIN = 1e-6  # film beyond the strips: they absorb everything, what is behind them does not matter
LAMBDA, SIGMA = 9.4e-6, 5e5  # of the library's YIG


class Found(NamedTuple):
    """What the scan is checked by."""

    deviation: float  #: from the closed form with the longer gap, largest of all distances
    extra: float  #: by how much the shortest gap seems longer, in film thicknesses


def main(points: int = 12, refinement: float = 6.0, pictures: Path | None = None) -> Found:
    """Scan the gap, compare with the closed form, draw if a folder is given."""
    gaps = np.geomspace(SHORTEST, LONGEST, points)
    wiring, mesh = {"injector": "100 uA"}, fine(refinement)
    results = [device(gap).solve(wiring=wiring, order=2, mesh_options=mesh) for gap in gaps]
    signal = np.array([float(result.wire_resistance("detector")) for result in results])
    film = pt(device(gaps[0]))
    extra = brentq(lambda more: closed(gaps[0] + more, film) / signal[0] - 1, 0, YIG)
    found = Found(float(np.abs(signal / closed(gaps + extra, film) - 1).max()), extra / YIG)
    for gap, value, expected in zip(gaps, signal, closed(gaps, film), strict=True):
        print(f"gap {1e6 * gap:7.3f} um   R_21 {value:10.4g} Ohm/m   closed form {expected:10.4g} Ohm/m")
    print(
        f"gaps seem longer by {found.extra:.3f} of the film's thickness; then they agree to {found.deviation:.1e}"
    )
    if pictures:
        draw(pictures / "nonlocal_magnons.png", gaps, signal, film, extra)
        middle = results[int(np.searchsorted(gaps, 1e-6))]
        middle.show("magnon_potential", str(pictures / "nonlocal_magnons_map.png"), overwrite=True)
    return found


def device(gap: float) -> hanle.Device:
    """Injector and detector, `gap` apart from edge to edge [m]."""
    place = (gap + WIDTH) / 2
    strips = [("injector", -place, WIDTH, PT), ("detector", place, WIDTH, PT)]
    return hanle.Device(
        hanle.strips(gap + 2 * WIDTH + 2 * MARGIN, [("YIG", YIG)], strips),
        {"YIG": "YIG", "injector": "Pt", "detector": "Pt"},
        field=("10 mT", "0 T", "0 T"),
        magnetisation={"YIG": (1, 0, 0)},
        interfaces={f"YIG|{name}": hanle.MagnonInterface(g_r="4.1e18 1/m^2") for name in ("injector", "detector")},
        transport=("magnons",),
        wires={"injector": ["injector"], "detector": ["detector"]},
    )


def fine(refinement: float) -> dict[str, object]:
    """Cells on both sides of the edges of the strips, where the flow of magnons crowds."""
    return {
        "corners": True,
        "cells_per_length": refinement,
        "coarse_cells": 8,
        "sizes": {"x": LAMBDA / 3 / refinement},
    }


def pt(example: hanle.Device) -> Film:
    """A strip for the closed form, per width."""
    g = float(mixing(example.conductances("YIG|injector"))[0])
    return Film(1 / 400e-9, 1.5e-9, 0.11, PT, g)


def closed(gap: Array, film: Film) -> Array:
    """R_21 at the top of this file [Ohm/m]."""
    inner, outer = film.contact, film.admittance
    y = inner * outer / (inner + outer)
    b = film.conversion * inner / (inner + outer)
    sheet = 2 * SIGMA * YIG
    part = y / (y + sheet / LAMBDA**2)
    a = film.sheet + film.conversion**2 / (inner + outer) + b**2 * part / y
    kappa = np.sqrt(1 / LAMBDA**2 + y / sheet)
    x, line, strip = gap / LAMBDA, sheet / LAMBDA, sheet * kappa
    across = line / np.sinh(x)
    passed = strip * across / ((strip + line / np.tanh(x)) ** 2 - across**2)
    return np.asarray(-(b**2) * part * passed / (y * kappa * (WIDTH * a) ** 2))


def draw(path: Path, gaps: Array, signal: Array, film: Film, extra: float) -> None:
    """-R_21 against the gap, both logarithmic, and its deviation from the closed form."""
    smooth = np.geomspace(gaps[0], gaps[-1], 300)
    with picture(path, size=(5.2, 5.2), overwrite=True) as (figure, save):
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        top.axvline(1e6 * LAMBDA, color="0.8", lw=0.8)
        top.annotate("$\\lambda_m$", (1e6 * LAMBDA, 0.93), (3, 0), ("data", "axes fraction"), "offset points")
        top.plot(1e6 * smooth, -closed(smooth, film), ls="--", color=COLOURS[0], label="closed form")
        top.plot(1e6 * smooth, -closed(smooth + extra, film), color=COLOURS[0], label="with the longer gap")
        top.plot(1e6 * gaps, -signal, "o", color=COLOURS[1], ms=5, label="finite elements")
        top.set(xscale="log", yscale="log", ylabel="nonlocal signal $-R_{21}$ (Ω/m)")
        top.legend(loc="lower left")
        bottom.axhline(0, color="0.8", lw=0.8)
        bottom.plot(1e6 * gaps, 100 * (signal / closed(gaps, film) - 1), "o--", color=COLOURS[0], ms=4)
        bottom.plot(1e6 * gaps, 100 * (signal / closed(gaps + extra, film) - 1), "o-", color=COLOURS[0], ms=4)
        bottom.set(xlabel="gap between the strips (µm)", ylabel="deviation (%)")
        save()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw into this folder")
    main(pictures=parser.parse_args().pictures)
