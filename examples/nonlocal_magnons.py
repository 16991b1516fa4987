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

The second part solves beyond linear response, with heat and the film on a bath: V = R_1 I + R_2 I^2 per length of the
detector. R_1 is even in m and goes as m_x^2 (one m_x where spin is injected, one where it is detected), R_2 as m_x:
Joule heat makes the magnons, whatever the direction of I and m. Far from the injector, compared with the thickness of
the film, the same magnons flow in both: R_2/R_1 does not depend on the gap.
"""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq

import hanle
from hanle.boundary.magnons.linear import mixing
from hanle.figures import COLOURS, picture
from hanle.pde.closed_forms.magnon_drag import Film
from hanle.pde.tensors import Array

WIDTH, PT, YIG = 200e-9, 7e-9, 100e-9  # width and thickness of the strips, thickness of the film [m]
SHORTEST, LONGEST = 0.2e-6, 40e-6  # gaps [m]
CURRENT, FIELD = 50e-6, 0.2  # of the second part [A], [T]: with less field magnons condense below the injector
MIDDLE = 1e-6  # gap at which m is turned [m]
MARGIN = 1e-6  # film beyond the strips: they absorb everything, what is behind them does not matter
LAMBDA, SIGMA = 9.4e-6, 5e5  # of the library's YIG


class Found(NamedTuple):
    """What the scan is checked by."""

    deviation: float  #: from the closed form with the longer gap, largest of all distances
    extra: float  #: by how much the shortest gap seems longer, in film thicknesses
    ratio: float  #: of R_2/R_1, largest relative change beyond four thicknesses of the film
    first_angle: float  #: of R_1 from cos^2, part of R_1 along x
    second_angle: float  #: of R_2 from cos, part of R_2 along x


def main(
    points: int = 12, refinement: float = 6.0, pairs: int = 9, angles: int = 13, pictures: Path | None = None
) -> Found:
    """Scan the gap, compare with the closed form; harmonics against gap and angle; draw if a folder is given."""
    gaps = np.geomspace(SHORTEST, LONGEST, points)
    wiring, mesh = {"injector": "100 uA"}, fine(refinement)
    results = [device(gap).solve(wiring=wiring, order=2, mesh_options=mesh) for gap in gaps]
    signal = np.array([float(result.wire_resistance("detector")) for result in results])
    film = pt(device(gaps[0]))
    extra = brentq(lambda more: closed(gaps[0] + more, film) / signal[0] - 1, 0, YIG)
    deviation = float(np.abs(signal / closed(gaps + extra, film) - 1).max())
    for gap, value, expected in zip(gaps, signal, closed(gaps, film), strict=True):
        print(f"gap {1e6 * gap:7.3f} um   R_21 {value:10.4g} Ohm/m   closed form {expected:10.4g} Ohm/m")
    print(f"gaps seem longer by {extra / YIG:.3f} of the film's thickness; then they agree to {deviation:.1e}")
    scan, turned = harmonics(pairs), rotation(angles)
    for gap, first, second in zip(*scan, strict=True):
        print(f"gap {1e6 * gap:7.3f} um   R_1 {first:10.4g} Ohm/m   R_2 {second:10.4g} V/(A^2 m)")
    far, ratio = scan[0] > 4 * YIG, scan[2] / scan[1]
    degrees, *values = turned
    rules = [np.cos(np.deg2rad(degrees)) ** power for power in (2, 1)]
    off = [float(np.abs(v / v[0] - rule).max()) for v, rule in zip(values, rules, strict=True)]
    found = Found(deviation, extra / YIG, float(np.ptp(ratio[far]) / abs(ratio[far].mean())), *off)
    print(
        f"R_2/R_1 the same to {found.ratio:.1e}; R_1 as cos^2 to {found.first_angle:.1e}, R_2 as cos to "
        f"{found.second_angle:.1e}"
    )
    if pictures:
        draw_harmonics(pictures / "nonlocal_magnons_harmonics.png", scan, turned)
        pair = [heated(MIDDLE, m).solve(**HEATED, nonlinear=True, mesh_options=SAME) for m in (1.0, -1.0)]
        pair[0].show_temperatures(
            str(pictures / "nonlocal_magnons_peltier.png"),
            reversed=pair[1],
            title="spin Peltier effect: half of T(m) − T(−m)",
            overwrite=True,
        )
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


def heated(gap: float, m: float = 1.0) -> hanle.Device:
    """The same with heat, the film on a bath, m along B, which is along x or, for m = -1, against it."""
    return device(gap).with_changes(
        field=(m * FIELD, 0.0, 0.0),
        magnetisation={},
        transport=("magnons", "heat"),
        heat_contacts={"bath": ["bottom"]},
    )


#: How the second part is driven and solved.
HEATED: dict[str, Any] = {"wiring": {"injector": f"{CURRENT!r} A"}, "tolerance": 1e-10}
SAME: dict[str, Any] = {"corners": True}


def harmonics(points: int) -> tuple[Array, Array, Array]:
    """(gaps, R_1 [Ohm/m], R_2 [V/(A^2 m)])."""
    gaps = np.geomspace(SHORTEST, LONGEST, points)
    pairs = [hanle.harmonics(heated(gap), **HEATED, mesh_options=SAME) for gap in gaps]
    first, second = (np.array([float(ask(pair)) for pair in pairs]) for ask in (_first, _second))
    return gaps, first, second


def _first(pair: hanle.Harmonics) -> Array:
    return pair.first("detector")


def _second(pair: hanle.Harmonics) -> Array:
    return pair.second("detector")


def rotation(points: int) -> tuple[Array, Array, Array]:
    """(angle from x in the plane [degrees], R_1 [Ohm/m], R_2 [V/(A^2 m)]); m follows B."""
    scan = hanle.sweep(
        heated(MIDDLE),
        angle=hanle.angles("alpha", np.linspace(0, 360, points)),
        harmonics=True,
        mesh_options=SAME,
        **HEATED,
    )
    kept = scan.sel(wire="detector").squeeze()
    return kept.angle.values, kept.field_along_1w.values, kept.field_along_2w.values


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


def draw_harmonics(path: Path, scan: tuple[Array, Array, Array], turned: tuple[Array, Array, Array]) -> None:
    """R_1 and R_2 against the gap, and against the angle of m."""
    with picture(path, size=(8.6, 3.4), overwrite=True) as (figure, save):
        left, right = figure.subplots(1, 2)
        other = left.twinx()
        gaps, degrees = 1e6 * scan[0], turned[0]
        smooth = np.deg2rad(np.linspace(0, 360, 181))
        handles = []
        for axes, k, title in ((left, 1, "$-R_1$ (Ω/m)"), (other, 2, "$-R_2$ (V/(A² m))")):
            colour = COLOURS[k - 1]
            line = axes.plot(gaps, -scan[k], "o-" if k == 1 else "s--", color=colour, ms=4, label=f"$R_{k}$")
            handles += line
            axes.set(xscale="log", yscale="log")
            axes.set_ylabel(title, color=colour)
            rule = np.cos(smooth) ** (3 - k)
            right.plot(np.rad2deg(smooth), rule, color=colour, lw=1, label="cos² α" if k == 1 else "cos α")
            right.plot(degrees, turned[k] / turned[k][0], "o" if k == 1 else "s", color=colour, ms=4)
        # As many decades on both sides, so that equal decay looks equal.
        low, high = left.get_ylim()
        top = other.get_ylim()[1]
        other.set_ylim(top * low / high, top)
        left.set_xlabel("gap between the strips (µm)")
        left.legend(handles=handles, loc="lower left")
        right.set(
            xlabel="angle α of m from x (degrees)", ylabel="$R$ over its value at α = 0", xticks=range(0, 361, 90)
        )
        right.legend(loc="lower left")
        save()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw into this folder")
    main(pictures=parser.parse_args().pictures)
