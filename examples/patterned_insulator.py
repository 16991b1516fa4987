"""A film on a patterned insulator: a profile in space instead of a number.

Any conductance of an interface, and resistivity, theta and lambda of a metal, may be a function of position. Here the
conductances of Pt | YIG vary along y as 1 + eps cos(2 pi y/p), as over a grating etched into YIG. The film is driven
along x; its section (y, z), one period long, is solved with finite elements.

The answer depends on p/lambda: on a fine pattern the metal sees the mean conductance, on a coarse one every place has
the resistivity of its own uniform film. In between it follows a continued fraction (hanle.pde.closed_forms.modulated,
exact to O(theta^2); theta is small here, so that only the mesh is left as an error).
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import hanle
from hanle.boundary.b_layer import Conductances
from hanle.pde.closed_forms.channels import transverse_length
from hanle.pde.closed_forms.film import Film, Mixing
from hanle.pde.closed_forms.modulated import modulated_film
from hanle.pde.closed_forms.resistivity import leading_correction
from hanle.pde.constants import HBAR, MU_B
from hanle.pde.tensors import Array

RHO, LENGTH, THETA, DIFFUSION = 4e-7, 1.5e-9, 1e-3, 1e-3  # [Ohm m], [m], 1, [m^2/s]
THICKNESS, EPS, FIELD = 4e-9, 0.9, 9.0  # [m], 1, [T] along z
G = Conductances(-3e14, 4e14, 2e14)  # mean G_s, G_r, G_i [S/m^2]


def main(
    periods: Sequence[float] = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0),
    cells_per_length: float = 4.0,
    pictures: Path | None = None,
) -> float:
    """Solve films with these periods [lambda]; return the largest relative error of rho_L/rho - 1."""
    changes, errors = [], []
    for period in periods:
        options = {"cells_per_length": cells_per_length, "sizes": {"y": mesh_size(period)}}
        found = patterned(period * LENGTH).solve(mesh_options=options, order=2)
        exact = expected(period * LENGTH)
        changes.append(float(found.rho_L_change))
        errors.append(abs(changes[-1] / exact - 1))
        print(f"period {period:5.1f} lambda: rho_L/rho - 1 = {changes[-1]:.6e}, series {exact:.6e}, "
              f"error {errors[-1]:.1e}")  # fmt: skip
    if pictures:
        draw(pictures / "patterned_insulator.png", np.asarray(periods), np.asarray(changes))
    return max(errors)


def mesh_size(period: float) -> float:
    """Largest cell along y [m]: 24 cells per period, and enough of them per lambda."""
    return min(period / 24, 0.25) * LENGTH


def patterned(period: float) -> hanle.Device:
    """One period of the film; conductances are functions of the points (n, 3) of the interface."""

    def along_y(mean: float) -> object:
        return lambda points: mean * (1 + EPS * np.cos(2 * np.pi * points[:, 1] / period))

    return hanle.Device(
        hanle.section(period, [("YIG", 10e-9), ("Pt", THICKNESS)], periodic=True),
        materials={
            "YIG": {
                "kind": "magnetic insulator",
                "G_s": f"{G.G_s} S/m^2",
                "G_r": f"{G.G_r} S/m^2",
                "G_i": f"{G.G_i} S/m^2",
            },
            "Pt": {
                "resistivity": f"{RHO} Ohm m",
                "spin_hall_angle": THETA,
                "diffusion_length": f"{LENGTH} m",
                "diffusion_constant": f"{DIFFUSION} m^2/s",
            },
        },
        field=(0.0, 0.0, FIELD),
        profiles={f"YIG|Pt.{name}": along_y(getattr(G, name)) for name in ("G_s", "G_r", "G_i")},
    )


def film() -> Film:
    """The uniform film with the mean conductances."""
    turned = transverse_length(LENGTH, 2 * MU_B * FIELD / HBAR, DIFFUSION)
    return Film(RHO, THICKNESS, LENGTH, turned, bottom=Mixing(G.G_s, G.G_r, G.G_i))


def expected(period: float) -> float:
    """rho_L/rho - 1 from the series."""
    deficit = modulated_film(film(), EPS, period).deficit_tensor((0.0, 0.0, 1.0))
    return float(leading_correction(deficit, THETA).longitudinal)


def uniform(factor: float) -> float:
    """rho_L/rho - 1 of a uniform film with `factor` times the mean conductances."""
    whole = film()
    bottom = Mixing(*(factor * g for g in (G.G_s, G.G_r, G.G_i)))
    deficit = Film(whole.rho, whole.d, whole.lam, whole.Lam, bottom=bottom).deficit_tensor((0.0, 0.0, 1.0))
    return float(leading_correction(deficit, THETA).longitudinal)


def draw(path: Path, periods: Array, changes: Array) -> None:
    """What the interface changes of rho_L, relative to that of the mean conductances, over the period."""
    from hanle.figures import COLOURS, picture

    bare, mean = uniform(0.0), uniform(1.0)
    line = np.geomspace(0.5 * periods[0], 2 * periods[-1], 120)
    phases = 2 * np.pi * (np.arange(64) + 0.5) / 64
    local = np.mean([uniform(1 + EPS * np.cos(phase)) for phase in phases])
    with picture(path, size=(4.4, 3.0), overwrite=True) as (figure, save):
        axes = figure.add_subplot()
        series = (np.array([expected(p * LENGTH) for p in line]) - bare) / (mean - bare)
        axes.semilogx(line, series, color=COLOURS[0], label="series")
        found = (changes - bare) / (mean - bare)
        axes.plot(periods, found, "o", color=COLOURS[1], fillstyle="none", label="finite elements")
        limits = (
            (1.0, "mean conductance", "right"),
            ((local - bare) / (mean - bare), "mean of local films", "left"),
        )
        for value, words, side in limits:
            axes.axhline(value, color="0.5", linewidth=0.8, linestyle="--", zorder=0)
            place = line[-8] if side == "right" else line[7]
            axes.annotate(words, (place, value), (0, -4), textcoords="offset points", ha=side, va="top",
                          fontsize=8, color="0.3")  # fmt: skip
        axes.set_xlim(line[0], line[-1])
        axes.set_xticks([1, 10], labels=["1", "10"])
        axes.set_xlabel("period of the pattern ($\\lambda$)")
        axes.set_ylabel("effect of the interface on $\\rho_L$")
        axes.margins(y=0.14)
        axes.legend(loc="upper right", bbox_to_anchor=(1.0, 0.8))
        save()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw into this folder")
    main(pictures=parser.parse_args().pictures)
