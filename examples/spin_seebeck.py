"""Longitudinal spin Seebeck effect of Pt on YIG on GGG against the thickness of YIG, and its partner of Peltier.

Heat q goes up through GGG, YIG and Pt, m = +y, and the open Pt has a field E along x. With a current i [A/m] in Pt
instead, and no heat through the top, the top is warmer than the bottom by dT. Kelvin: with q upwards,

    dT/i = T_0 E/q

Magnons end at GGG: spin that goes into Pt is what relaxes in YIG. In a film of thickness t << lambda_m w_m grows until
it stops what heat drives, and E/q goes as t^2 (above 20 nm, over which T_m reaches T_p); in thick ones it stays. Where
w_m = 0 at Pt and T_m = T_p, it goes as 1 - 1/cosh(t/lambda_m), half of which is reached at t = 1.32 lambda_m. zeta = 0
is the effect of the interface alone. Between two lattices of insulators there is no resistance, so that GGG drops out
of E/q and dT/i: the closed form (`hanle.pde.closed_forms.seebeck_stack`) begins with YIG. A field B opens the gap
g mu_B B of magnons.

All records are those of 300 K, so that there is no curve against temperature; B acts on the interface only, because
sigma_m, zeta and kappa_m are numbers of the records. Joule heat is of second order and left out. Needs mpmath
(pip install "hanle[test]").
"""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq

import hanle
from hanle.boundary.magnons.exchange import MagnonExchange
from hanle.boundary.magnons.linear import linear
from hanle.boundary.magnons.spectrum import Parabolic
from hanle.figures import COLOURS, LINE_STYLES, picture
from hanle.pde.closed_forms.seebeck_stack import Layer, Stack, exchange_form
from hanle.pde.constants import MU_B
from hanle.pde.tensors import Array

T0, MIXING, LATTICES = 300.0, 4.1e18, 2.8e8  # [K], [1/m^2], [W/(m^2 K)]
PT, THINNEST, THICKEST = 5e-9, 1e-9, 100e-6  # thickness [m]
GGG = 1e-6  # more of it changes nothing but the digits that are lost to its fall of temperature [m]
HEAT, CURRENT = 1e6, 50.0  # q [W/m^2], i [A/m]: 1e10 A/m^2 in Pt
WEAK = 0.1  # B of the scan of thickness [T]
#: lambda_m [m], and zeta = 0: lines of the picture.
LENGTHS = (9.4e-6, 1e-6, 1e-7)
#: Films of the scan of B, and that of the temperatures [m].
FILMS, SHOWN = (1e-8, 1e-7, 1e-5), 2e-7
#: Exchange of heat that makes two temperatures one [W/m^2], in the 40 digits of the closed form.
ONE = 1e30
METAL, MAGNET = ("w", "T_e", "T_p"), ("w_m", "T_m", "T_p")


class Found(NamedTuple):
    """What the scans are checked by: largest relative errors, and two numbers of the curve."""

    thickness: float  #: E/q against the closed form, all thicknesses and lengths
    field: float  #: E/q against the closed form, all B
    peltier: float  #: dT/i against the closed form
    kelvin: float  #: dT/i against T_0 E/q
    thick: float  #: E/q of the thickest film [V m/W]
    half: float  #: thickness at which E/q is half of that, over lambda_m


class Film(NamedTuple):
    """What is varied."""

    thickness: float  #: of YIG [m]
    length: float = LENGTHS[0]  #: lambda_m [m]
    bulk: bool = True  #: with zeta
    b: float = WEAK  #: B along y [T]


def main(points: int = 21, fields: int = 9, pictures: Path | None = None) -> Found:
    """Scan thickness and field, compare with the closed form, draw if a folder is given."""
    sizes, strengths = np.geomspace(THINNEST, THICKEST, points), np.linspace(0, 20, fields)
    lines = [(length, True) for length in LENGTHS] + [(LENGTHS[0], False)]
    scans = {line: np.array([seebeck(Film(t, *line)) for t in sizes]) for line in lines}
    closed = {line: np.array([closed_seebeck(Film(t, *line)) for t in sizes]) for line in lines}
    for t, value, expected in zip(sizes, scans[lines[0]], closed[lines[0]], strict=True):
        print(f"YIG {1e9 * t:10.1f} nm   E/q {value:11.5g} V m/W   closed form {expected:11.5g} V m/W")
    gaps = {t: np.array([seebeck(Film(t, b=b)) for b in strengths]) for t in FILMS}
    closed_gaps = {t: np.array([closed_seebeck(Film(t, b=b)) for b in strengths]) for t in FILMS}
    middle = Film(SHOWN)
    driven = device(middle).solve(wiring={"Pt": f"{CURRENT!r} A/m", "top": "0 W/m^2"})
    warmer, expected = float(driven.spin_peltier("top", "Pt")), closed_peltier(middle)
    kelvin = T0 * seebeck(middle)
    curve = scans[lines[0]]
    found = Found(
        max(worst(scans[line], closed[line]) for line in lines),
        max(worst(gaps[t], closed_gaps[t]) for t in FILMS),
        abs(warmer / expected - 1),
        abs(warmer / kelvin - 1),
        float(curve[-1]),
        brentq(lambda x: closed_seebeck(Film(x * LENGTHS[0])) / curve[-1] - 0.5, 0.5, 3),
    )
    print(f"dT/i {warmer:.6g} K m/A   closed form {expected:.6g}   T_0 E/q {kelvin:.6g}")
    print(f"half of the effect at {found.half:.3f} lambda_m")
    print(
        "largest errors: "
        + ", ".join(f"{name} {getattr(found, name):.1e}" for name in ("thickness", "field", "peltier", "kelvin"))
    )
    if pictures:
        draw(pictures / "spin_seebeck.png", (sizes, scans), (strengths, gaps), driven)
    return found


def worst(values: Array, expected: Array) -> float:
    """Largest relative error."""
    return float(np.abs(values / expected - 1).max())


def device(film: Film) -> hanle.Device:
    """Pt on YIG on GGG, baths below and above."""
    yig: dict[str, Any] = {"like": "YIG", "magnon_diffusion_length": f"{film.length!r} m"}
    return hanle.Device(
        hanle.stack([("GGG", GGG), ("YIG", film.thickness), ("Pt", PT)]),
        {"GGG": "GGG", "YIG": yig if film.bulk else yig | {"bulk_spin_seebeck": "0 A/(m K)"}, "Pt": "Pt"},
        temperature=T0,
        field=(0, film.b, 0),
        magnetisation={"YIG": (0, 1, 0)},
        interfaces={"YIG|Pt": hanle.MagnonInterface(g_r=MIXING, h_pp=LATTICES)},
        transport=("magnons", "heat"),
        wires={"Pt": ["Pt"]},
        heat_contacts={"bottom": ["bottom"], "top": ["top"]},
    )


def seebeck(film: Film) -> float:
    """E/q, exact engine [V m/W]."""
    result = device(film).solve(wiring={"top": f"{-HEAT!r} W/m^2"})
    return float(result.wire_field("Pt")) / HEAT


def closed_stack(film: Film) -> Stack:
    """YIG and Pt by admittances."""
    records = device(film).materials
    of, pt = records["YIG"].magnons.value, records["Pt"]
    sigma, zeta = of("magnon_conductivity"), of("bulk_spin_seebeck") * T0
    heat = T0 * np.array([of("magnon_heat_conductivity"), of("lattice_heat_conductivity")])
    equal = np.array([[0, 0, 0], [0, 1, -1], [0, -1, 1]])
    yig = Layer(
        "YIG",
        MAGNET,
        np.array([[2 * sigma, zeta, 0], [zeta, heat[0], 0], [0, 0, heat[1]]]),
        of("magnon_lattice_coupling") * T0 * equal + np.diag([2 * sigma / film.length**2, 0, 0]),
        film.thickness,
    )
    numbers = (pt.electron_heat_conductivity, pt.lattice_heat_conductivity, pt.electron_lattice_coupling)
    electrons, lattice, coupling = (T0 * number.value for number in numbers)
    relax = coupling * equal + np.diag([pt.sigma / pt.diffusion_length.value**2, 0, 0])
    theta = pt.spin_hall_angle.value
    top = Layer("Pt", METAL, np.diag([pt.sigma, electrons, lattice]), relax, PT, pt.sigma, theta)
    spectrum = Parabolic(of("spin_wave_stiffness"), 2 * MU_B * film.b)
    rule = linear(MagnonExchange(MIXING, of("spin_density"), spectrum), T0)
    form = exchange_form(T0, *(float(x) for x in (rule.g, rule.S, rule.kappa)), LATTICES)
    nodes = [("Pt", "low", f) for f in METAL] + [("YIG", "high", f) for f in MAGNET]
    # At a heat contact electrons and lattice have one temperature.
    above = [("Pt", "high", f) for f in METAL[1:]]
    return Stack([yig, top], [(nodes, form), (above, ONE * equal[1:, 1:])])


def closed_seebeck(film: Film) -> float:
    """E/q of the closed form [V m/W]: the lattice below 1 K warmer than that above."""
    stack, bottom = closed_stack(film), ("YIG", "low", "T_p")
    unknowns, fed = stack.solve({bottom: 1 / T0, ("Pt", "high", "T_p"): 0.0})
    field, heat = unknowns[stack.place([("Pt", "E")])], fed[stack.place([bottom])]
    return float(field[0] / heat[0])


def closed_peltier(film: Film) -> float:
    """dT/i of the closed form [K m/A]."""
    stack, field = closed_stack(film), ("Pt", "E")
    unknowns, fed = stack.solve({("YIG", "low", "T_p"): 0.0, field: 1.0})
    warmer, current = unknowns[stack.place([("Pt", "high", "T_p")])], fed[stack.place([field])]
    return float(T0 * warmer[0] / current[0])


def draw(
    path: Path,
    scan: tuple[Array, dict[tuple[float, bool], Array]],
    gaps: tuple[Array, dict[float, Array]],
    driven: hanle.Result,
) -> None:
    """E/q against thickness, against B, and the temperatures that a current makes."""
    with picture(path, size=(10.5, 3.4), overwrite=True) as (figure, save):
        left, middle, right = figure.subplots(1, 3, width_ratios=(1.25, 1, 1.25))
        draw_thickness(left, *scan)
        strengths, values = gaps
        smooth = np.linspace(strengths[0], strengths[-1], 60)
        for t, colour, label in zip(FILMS, COLOURS, ("10 nm", "100 nm", "10 µm"), strict=False):
            zero = closed_seebeck(Film(t, b=0.0))
            line = [closed_seebeck(Film(t, b=b)) / zero for b in smooth]
            middle.plot(smooth, line, color=colour, label=label)
            middle.plot(strengths, values[t] / zero, "o", color=colour, ms=4)
        middle.set(xlabel="field $B$ (T)", ylabel="$E/q$, relative to $B = 0$", title="gap of the magnons")
        middle.legend(title="YIG", loc="upper left")
        draw_temperatures(right, driven)
        for axes, letter in zip((left, middle, right), "abc", strict=True):
            axes.set_title(f"({letter})", loc="left", fontsize=10)
        save()


def draw_thickness(axes: Any, sizes: Array, scans: dict[tuple[float, bool], Array]) -> None:
    """E/q against the thickness: closed form as lines, exact engine as points."""
    smooth = np.geomspace(sizes[0], sizes[-1], 60)
    for k, (line, values) in enumerate(scans.items()):
        length, bulk = line
        label = f"$\\lambda_m$ = {1e6 * length:g} µm" if bulk else "interface alone ($\\zeta = 0$)"
        curve = np.array([closed_seebeck(Film(t, *line)) for t in smooth])
        axes.plot(1e9 * smooth, 1e9 * curve, color=COLOURS[k], ls=LINE_STYLES[0 if bulk else 1], label=label)
        axes.plot(1e9 * sizes, 1e9 * values, "o", color=COLOURS[k], ms=3.5)
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="thickness of YIG (nm)",
        ylabel="$E/q$ (nV m/W)",
        title="spin Seebeck effect",
    )
    axes.set_ylim(bottom=1e-8)
    axes.legend(loc="lower right")


def draw_temperatures(axes: Any, driven: hanle.Result) -> None:
    """Temperatures at CURRENT against the height above the interface."""
    place = GGG + SHOWN
    heights = {"YIG": np.linspace(-100e-9, 0, 400), "Pt": np.linspace(0, PT, 60)}

    def plotted(region: str, reservoir: str, label: str | None, colour: int) -> None:
        z = heights[region]
        inside = np.clip(place + z, place - SHOWN, place + PT)
        points = np.stack([0 * z, 0 * z, inside], axis=1)
        rise = np.asarray(driven.temperature(region, points, reservoir)) - T0
        axes.plot(1e9 * z, 1e6 * rise, color=COLOURS[colour], label=label)

    plotted("Pt", "electrons", "electrons of Pt", 2)
    plotted("YIG", "magnons", "magnons of YIG", 0)
    plotted("YIG", "lattice", "lattices", 1)
    plotted("Pt", "lattice", None, 1)
    axes.axvspan(0, 1e9 * PT, color="0.92", zorder=0)
    axes.set(
        xlabel="height above YIG|Pt (nm)",
        ylabel="$T - T_0$ at $j$ = 10$^{10}$ A/m² (µK)",
        title="spin Peltier effect",
    )
    axes.legend(loc="best")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw into this folder")
    main(pictures=parser.parse_args().pictures)
