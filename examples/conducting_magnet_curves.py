"""Magnetoresistance of a conducting magnet, or of Pt with magnetic impurities: Zhang et al., 2025, Fig. 3.

A film with local moments along x, current along x. The moments relax the spins of the electrons and make them precess,

    omega_L = (g mu_B/hbar)(B - B_sd),        B_sd = n_S J S_par/(g mu_B) > 0 for J < 0
    rho_L   = rho + theta^2 rho [2 - Re R],   R = (2 Lam/d) tanh(d/2 Lam),   1/Lam^2 = 1/(D tau_perp) + i omega_L/D

(Eqs (78), (83)-(90) to second order in theta; here exact in theta). Antiparallel coupling shifts the Hanle effect:
resistance falls with the field up to B = B_sd, exactly so where the moments no longer follow B, and rises above.

From the caption: theta = 0.1, S = 2, l_0 = 3 nm, d = 5 nm, E_F = 1 eV with the free mass, D = 1e-6 m^2/s, and
rho = 2.0e-6 Ohm m where 2.0e6 is printed. D is taken as printed: E_F and rho would give 4.6e-4 m^2/s, with which
hardly any effect is left. From their Appendix C: n_S a^3 = 0.1 with a = 0.392 nm. Not in the text and chosen here:
T_C = 100 K and the fields, temperatures and couplings of each panel.
"""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.constants import m_e
from scipy.optimize import brentq

from hanle.materials.rates import rates_at
from hanle.materials.spin_bands import free_electron_density
from hanle.materials.weiss import ferromagnet
from hanle.meshes.layered import Layers
from hanle.pde.closed_forms.conducting_magnet import MagneticFilm, precession
from hanle.pde.conducting_magnet import LocalMoments, conducting_magnet
from hanle.pde.constants import E_CHARGE, HBAR, MU_B
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.observables import film_resistivity
from hanle.pde.problem import Gradient, Problem
from hanle.pde.steady import respond
from hanle.pde.tensors import Array

RHO, D, LENGTH, THETA, THICKNESS = 2.0e-6, 1.0e-6, 3e-9, 0.1, 5e-9
NU = float(free_electron_density(E_CHARGE, m_e))
DENSITY = 0.1 / (0.392e-9) ** 3  # n_S [1/m^3]
MOMENTS = ferromagnet(2.0, 100.0)
AXIS = np.array([1.0, 0.0, 0.0])

LARGEST = 20.0  # [T]
#: Panels against B: temperature [K] and n_S J [meV] of each line.
AGAINST_FIELD = {
    "a": [(t, -0.5) for t in (10.0, 60.0, 90.0, 110.0, 200.0)],
    "b": [(10.0, j) for j in (-0.5, 0.0, 0.5)],
    "c": [(60.0, j) for j in (-0.2, -0.4, -0.6, -0.8)],
}
#: Panel d, against T: n_S J [meV] at FIELD [T].
AGAINST_TEMPERATURE, FIELD, HOTTEST = (-0.2, -0.4, -0.6, -0.8), 6.0, 200.0


class Found(NamedTuple):
    """What the figure is checked by."""

    deviation: float  #: from the closed form, relative to the correction
    minimum: float  #: field of the minimum over B_sd, n_S J = -0.5 meV at 10 K: saturated moments
    warm_minimum: float  #: the same at 60 K, where the rates still follow the field
    temperature: float  #: of the minimum in panel d minus that where B_sd = B, n_S J = -0.6 meV [K]


def main(points: int = 161, pictures: Path | None = None) -> Found:
    """Compute all panels, compare every point with the closed form, draw them if a folder is given."""
    field = np.linspace(0, LARGEST, points)
    temperature = np.linspace(2.0, HOTTEST, points)
    lines = {name: [curve(j, field, t) for t, j in panel] for name, panel in AGAINST_FIELD.items()}
    lines["d"] = [curve(j, FIELD, temperature) for j in AGAINST_TEMPERATURE]
    expected = {name: [closed(j, field, t) for t, j in panel] for name, panel in AGAINST_FIELD.items()}
    expected["d"] = [closed(j, FIELD, temperature) for j in AGAINST_TEMPERATURE]
    found = Found(
        deviation=max(float(np.abs(np.array(lines[k]) / np.array(expected[k]) - 1).max()) for k in lines),
        minimum=lowest_field(-0.5, 10.0) / crossing_field(-0.5, 10.0),
        warm_minimum=lowest_field(-0.5, 60.0) / crossing_field(-0.5, 60.0),
        temperature=lowest_temperature(-0.6) - crossing_temperature(-0.6),
    )
    print(f"largest deviation from the closed form: {found.deviation:.1e} of rho_L/rho - 1")
    print(f"10 K, n_S J = -0.5 meV: B_sd = {crossing_field(-0.5, 10.0):.4f} T, minimum at {found.minimum:.8f} B_sd")
    print(f"60 K: B_sd = {crossing_field(-0.5, 60.0):.4f} T, minimum at {found.warm_minimum:.8f} B_sd")
    warm = crossing_temperature(-0.6)
    print(f"{FIELD:g} T, -0.6 meV: B_sd = B at {warm:.2f} K, minimum {found.temperature:+.3f} K away")
    if pictures:
        draw(pictures / "conducting_magnet_curves.png", field, temperature, lines)
    return found


def local(energy: float) -> LocalMoments:
    """The moments; `energy` is n_S J in meV."""
    return LocalMoments(MOMENTS, [DENSITY], [1e-3 * E_CHARGE * energy / DENSITY])


def curve(energy: float, field: ArrayLike, temperature: ArrayLike) -> Array:
    """rho_L/rho - 1 by the exact engine, one batch over field and temperature."""
    b, t = np.broadcast_arrays(np.asarray(field, dtype=float), np.asarray(temperature, dtype=float))
    magnet = conducting_magnet(
        "magnet",
        local(energy),
        temperature=t[:, None],
        field=b[:, None, None] * AXIS,
        magnetisation=AXIS,
        conductivity=1 / RHO,
        diffusion_constant=D,
        diffusion_length=LENGTH,
        spin_hall_angle=THETA,
        density_of_states=NU,
    )
    mesh = Layers(("film",), np.array([[THICKNESS]]))
    problem = Problem(mesh, {"film": magnet}, {}, gradients=(Gradient("u", "x"), Gradient("u", "y")))
    return film_resistivity(respond(problem, Multilayer())).change_L


def closed(energy: float, field: ArrayLike, temperature: ArrayLike) -> Array:
    """rho_L/rho - 1 by the closed form."""
    moments = local(energy)
    r = rates_at(MOMENTS, moments.densities, moments.couplings, NU, field, temperature)
    host = D / LENGTH**2
    omega = precession(2 * MU_B / HBAR * np.asarray(field), r.exchange)
    return MagneticFilm(RHO, THICKNESS, D, r.par + host, r.perp + host, omega).exact(AXIS, THETA).longitudinal


def exchange_field(energy: float, field: ArrayLike, temperature: ArrayLike) -> Array:
    """B_sd [T]."""
    moments = local(energy)
    r = rates_at(MOMENTS, moments.densities, moments.couplings, NU, field, temperature)
    return np.asarray(r.exchange / (2 * MU_B))


def crossing_field(energy: float, temperature: float) -> float:
    """B at which B_sd = B [T]."""
    return float(brentq(lambda b: float(exchange_field(energy, b, temperature)) - b, 0.1, LARGEST, xtol=1e-12))


def crossing_temperature(energy: float) -> float:
    """T at which B_sd = FIELD [K]."""
    return float(brentq(lambda t: float(exchange_field(energy, FIELD, t)) - FIELD, 2.0, HOTTEST, xtol=1e-10))


def lowest_field(energy: float, temperature: float) -> float:
    """B at which rho_L is smallest [T], by the slope of the closed form."""
    start = crossing_field(energy, temperature)

    def slope(b: float) -> float:
        return float(np.diff(closed(energy, np.array([b - 1e-3, b + 1e-3]), temperature))[0])

    return float(brentq(slope, 0.8 * start, 1.2 * start, xtol=1e-9))


def lowest_temperature(energy: float) -> float:
    """T at which rho_L is smallest [K]."""
    start = crossing_temperature(energy)

    def slope(t: float) -> float:
        return float(np.diff(closed(energy, FIELD, np.array([t - 1e-3, t + 1e-3])))[0])

    return float(brentq(slope, 0.8 * start, 1.2 * start, xtol=1e-9))


def draw(path: Path, field: Array, temperature: Array, lines: dict[str, list[Array]]) -> None:
    """Four panels as printed; circles where B_sd = B."""
    from hanle.figures import picture

    words = {"a": f"$n_S J$ = {in_mev(-0.5)}", "b": "$T$ = 10 K", "c": "$T$ = 60 K", "d": f"$B_x$ = {FIELD:g} T"}
    labels = {
        "a": [f"{t:g} K" for t, _ in AGAINST_FIELD["a"]],
        "b": [in_mev(j) for _, j in AGAINST_FIELD["b"]],
        "c": [in_mev(j) for _, j in AGAINST_FIELD["c"]],
        "d": [in_mev(j) for j in AGAINST_TEMPERATURE],
    }
    marks = {name: [shifted(j, t) for t, j in panel] for name, panel in AGAINST_FIELD.items()}
    marks["d"] = [shifted(j) for j in AGAINST_TEMPERATURE]
    with picture(path, size=(7.0, 5.6), overwrite=True) as (figure, save):
        for axes, name in zip(figure.subplots(2, 2, sharey=True).ravel(), lines, strict=True):
            draw_panel(axes, temperature if name == "d" else field, labels[name], lines[name], marks[name])
            axes.set_title(f"({name}) {words[name]}", loc="left")
            axes.set_xlabel("temperature (K)" if name == "d" else "magnetic field $B_x$ (T)")
            if name in "ac":
                axes.set_ylabel("$\\rho_L/\\rho - 1$ (%)")
        save()


def in_mev(energy: float) -> str:
    """An energy in words."""
    return f"{energy:g} meV".replace("-", "−")


def shifted(energy: float, temperature: float | None = None) -> tuple[float, float] | None:
    """(B, or T if no temperature is given; rho_L/rho - 1) where B_sd = B; None if it is nowhere."""
    try:
        at = crossing_temperature(energy) if temperature is None else crossing_field(energy, temperature)
    except ValueError:
        return None
    return at, float(closed(energy, FIELD, at) if temperature is None else closed(energy, at, temperature))


def draw_panel(
    axes: Any, x: Array, labels: list[str], lines: list[Array], marks: list[tuple[float, float] | None]
) -> None:
    """One line per entry."""
    from matplotlib import colormaps

    for k, (label, values, mark) in enumerate(zip(labels, lines, marks, strict=True)):
        colour = colormaps["viridis"](0.88 * k / (len(lines) - 1))
        axes.plot(x, 100 * values, color=colour, linewidth=1.5, label=label)
        if mark:
            axes.plot(mark[0], 100 * mark[1], "o", color=colour, markersize=5, markerfacecolor="white")
    axes.plot([], [], "o", color="0.3", markersize=5, markerfacecolor="white", label="$B_{sd} = B_x$")
    axes.set(xlim=(0, x[-1]), ylim=(1.0, 1.95))
    axes.legend(fontsize=7.5, handlelength=1.5, labelspacing=0.25, columnspacing=1.2, ncols=3, loc="lower center")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw into this folder")
    main(pictures=parser.parse_args().pictures)
