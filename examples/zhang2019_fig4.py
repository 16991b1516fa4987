"""Magnetoresistance of a film on a paramagnet or a ferromagnet: Zhang et al., 2019, Fig. 4.

One device per panel, swept over field, temperature and direction in one batch on the exact engine. The conductances
follow from the moments at each B and T; the film then shows

    rho_L = rho + drho_0 + drho_1 (1 - n_y^2),        drho_0 = theta^2 rho [2 - R(G_s, lam)],
    drho_1 = theta^2 rho {R(G_s, lam) - Re R(G_s - G_r - i G_i, Lam)},     1/Lam^2 = 1/lam^2 + i omega_B/D

(Eqs (13)-(15), to second order in theta; compared here in the form exact in theta). On the ferromagnet the slope at
B -> 0 changes sign at a thickness d_c: Eq. (17) gives 3.757 nm for G_r = 0; the G_r of these moments moves it to
4.264 nm to second order in theta, and to 4.276 nm at theta = 0.1.

The caption gives all material parameters (below). The legends are missing in the text: chosen here are 1, 3, 10 and
30 K (a, b), 10, 50, 90 and 120 K (c, d), 2, 3, 4, 5 and 8 nm (e, f), and fields up to 10 T. The reference point
"B_y -> 0" is B_y = 1 mT at each temperature, "B_z -> 0" in (e, f) B_z = 1 mT.
"""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import hanle
from hanle.pde.closed_forms.channels import transverse_length
from hanle.pde.closed_forms.film import Film, Mixing
from hanle.pde.closed_forms.resistivity import exact_correction
from hanle.pde.constants import E_CHARGE, HBAR, MU_B
from hanle.pde.tensors import Array

CELL = (0.4e-9) ** 3  # a_c^3 [m^3]
NU = 0.04 / (0.1 * E_CHARGE * CELL)  # nu |J| = 0.04 with |J| = 0.1 eV a_c^3 [1/(J m^3)]
METAL = {
    "resistivity": "1 uOhm m",
    "spin_hall_angle": 0.1,
    "diffusion_length": "3 nm",
    "density_of_states": f"{NU} 1/(J m^3)",
}
MOMENTS = {"spin": 2.0, "areal_density": f"{0.5 / 0.4**2} 1/nm^2"}
PANELS = {"a": ("0 K", 0.1), "b": ("0 K", -0.1), "c": ("100 K", 0.1), "d": ("100 K", -0.1)}
TEMPERATURES = {"0 K": (1.0, 3.0, 10.0, 30.0), "100 K": (10.0, 50.0, 90.0, 120.0)}
THICKNESSES = (2.0, 3.0, 4.0, 5.0, 8.0)  # [nm]
#: Where the legends have room.
LEGENDS: dict[str, dict[str, Any]] = {
    "a": {"loc": "lower center", "ncols": 2},
    "c": {"loc": "center right", "bbox_to_anchor": (1.0, 0.57)},
    "e": {"loc": "upper left"},
}
SMALL = 1e-3  # the field that stands for B -> 0 [T]


class Found(NamedTuple):
    """What the figure is checked by."""

    deviation: float  #: from the closed form, relative to the correction
    thickness: float  #: at which the slope at B -> 0 changes sign on the ferromagnet, J > 0 [m]


def main(points: int = 101, pictures: Path | None = None) -> Found:
    """Compute all panels, compare every point with the closed form, draw them if a folder is given."""
    field = np.linspace(SMALL, 10.0, points)
    upper = {name: panel(*PANELS[name], "2 nm", field) for name in PANELS}
    lower = {
        name: {d: panel("100 K", j, f"{d} nm", field, (10.0,)) for d in THICKNESSES}
        for name, j in (("e", 0.1), ("f", -0.1))
    }
    worst = max(
        *(deviation(data, *PANELS[name], 2e-9) for name, data in upper.items()),
        *(deviation(data, "100 K", j, d * 1e-9)
          for name, j in (("e", 0.1), ("f", -0.1)) for d, data in lower[name].items()),
    )  # fmt: skip
    turning = turning_thickness()
    print(f"largest deviation from the closed form: {worst:.1e} of rho_L/rho - 1")
    print(f"slope at B -> 0 changes sign at d = {turning * 1e9:.3f} nm (4.264 nm for theta -> 0)")
    if pictures:
        draw(pictures / "zhang2019_fig4.png", upper, lower)
    return Found(worst, turning)


def panel(
    critical: str, coupling: float, thickness: str, field: Array, temperatures: tuple[float, ...] = ()
) -> Any:
    """rho_L over (field, temperature, angle); angle 0 is B along z, angle 90 along y."""
    device = hanle.Device(
        hanle.stack([("MI", "10 nm"), ("metal", thickness)]),
        materials={"metal": METAL, "MI": insulator(critical, coupling)},
    )
    beta = hanle.angles("beta", [0.0, 90.0])
    return hanle.sweep(device, angle=beta, field=field, temperature=temperatures or TEMPERATURES[critical])


def insulator(critical: str, coupling: float) -> dict[str, Any]:
    """The insulator as a table; `coupling` is J in eV a_c^3."""
    sublattice = MOMENTS | {"coupling": f"{coupling * CELL / 1e-27} eV nm^3"}
    return {"kind": "magnetic insulator", "critical_temperature": critical, "sublattices": [sublattice]}


def deviation(data: Any, critical: str, coupling: float, thickness: float) -> float:
    """Largest difference of rho_L/rho - 1 between sweep and closed form, relative."""
    from hanle.boundary.b_layer import conductances
    from hanle.materials.load import material

    metal, magnet = material(METAL, "metal"), material(insulator(critical, coupling), "MI")
    b, t = np.meshgrid(data.field, data.temperature, indexing="ij")
    g = conductances(magnet.rates(metal.nu, b, t), metal.nu)
    turned = transverse_length(metal.lam, 2 * MU_B * b / HBAR, metal.D)
    film = Film(metal.rho, thickness, metal.lam, turned, bottom=Mixing(g.G_s, g.G_r, g.G_i))
    along = [exact_correction(film.deficit_tensor(n), metal.theta).longitudinal for n in ((0, 0, 1.0), (0, 1.0, 0))]
    expected = np.stack(along, axis=-1)
    return float(np.max(np.abs(data.rho_L_change.values / expected - 1)))


def turning_thickness() -> float:
    """d_c at 10 K [m]: bisection on the slope between 2 and 6 nm."""
    from scipy.optimize import brentq

    def slope(d: float) -> float:
        # Saturated moments do not change between these fields; their own dependence on B is left out.
        data = panel("100 K", 0.1, f"{d} nm", np.array([SMALL, 50 * SMALL]), (1.0,))
        return float(np.diff(data.rho_L_change.values[:, 0, 0])[0])

    return float(brentq(slope, 3.0, 6.0, xtol=1e-5)) * 1e-9


def draw(path: Path, upper: dict[str, Any], lower: dict[str, dict[float, Any]]) -> None:
    """Six panels as printed: rows J > 0 and J < 0, columns paramagnet, ferromagnet, thickness."""
    from hanle.figures import picture

    with picture(path, size=(7.4, 4.9), overwrite=True) as (figure, save):
        axes = figure.subplots(2, 3, sharex=True)
        for name, data in upper.items():
            place = axes[int(name in "bd"), int(name in "cd")]
            change = data.rho_L_change - data.rho_L_change.isel(field=0, angle=1)
            lines = {f"{t:g} K": change.isel(temperature=k).values.T for k, t in enumerate(data.temperature.values)}
            draw_panel(place, data.field.values, lines, name)
        for name, films in lower.items():
            lines = {}
            for d, data in films.items():
                change = data.rho_L_change - data.rho_L_change.isel(field=0)
                lines[f"{d:g} nm"] = change.isel(temperature=0, angle=[0]).values.T
            draw_panel(axes[int(name == "f"), 2], data.field.values, lines, name)
        for place, words in zip(axes[0], ("paramagnet", "ferromagnet", "ferromagnet, 10 K"), strict=True):
            place.set_title(words)
        for row, words in zip(axes, ("J > 0", "J < 0"), strict=True):
            row[0].set_ylabel(f"${words}$\n$\\Delta\\rho_L/\\rho$ ($10^{{-4}}$)")
        for place in axes[:, 0]:
            place.set_ylim(-2.3, 2.3)
        for place in axes[1]:
            place.set_xlabel("magnetic field (T)")
        save()


def draw_panel(axes: Any, field: Array, lines: dict[str, Array], name: str) -> None:
    """Solid: B along z; dashed: along y. The upper panel of a column carries the legend."""
    from matplotlib import colormaps

    for k, (label, curves) in enumerate(lines.items()):
        colour = colormaps["viridis"](0.9 * k / (len(lines) - 1))
        for values, style in zip(curves, ("-", "--"), strict=False):
            axes.plot(
                field, 1e4 * values, style, color=colour, linewidth=1.4, label=label if style == "-" else None
            )
    axes.set_xlim(0, field[-1])
    axes.set_xticks(np.linspace(0, field[-1], 6))
    axes.set_title(f"({name})", loc="left")
    if name in LEGENDS:
        axes.legend(fontsize=7.5, handlelength=1.6, labelspacing=0.25, columnspacing=1.2, **LEGENDS[name])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw into this folder")
    main(pictures=parser.parse_args().pictures)
