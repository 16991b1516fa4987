"""Spin-orbit torque of an interface from its scattering amplitudes: Kim et al., 2017, Figs 4, 6, 8 and Table I.

A field E along a metal N on a magnet F drives electrons into the spin-orbit coupling at their interface. To first order
in its strength h_R the torque per area is

    T = Im(T_R) (Y - m (m.Y)) + Re(T_R) m x Y,      Y = n x E,      T_R = h_R hbar e k^3/(32 pi^2 m) sum_p tau_p I_p

with the populations p = N, up, dn (majority, minority of F). The real part is field-like, the imaginary one
damping-like.

    Fig. 4   step: exchange J in F only. Lines: I_p/(64 pi); of I_up the part of waves that are evanescent in N apart
    Fig. 6   interface potential u0, um, equal bands, k = k_F: parts of (tau + tau_e), (tau - tau_e) and tau_s,
             tau_e, tau_s = (tau_up +- tau_dn)/2, in units of h_R hbar e k^3/(4 pi^2 m)
    Fig. 8   insulating magnet, bands at U -+ J: T_R over
             h_R 2 sqrt(2m) e tau/(15 pi^2 hbar^2) [E_F/(U - J)]^(5/2) U^(3/2)

Prefactors of the print that are not used, because they contradict the sums they stand for: (21) is 2 pi times too
large, (28) to (30) and Fig. 8 are 4 times too large, the latter with U^(3/2) in the denominator, and the norm of Fig. 6
has k_F in the denominator where k_F^3 belongs.
In Fig. 6 u0 < |um| binds electrons to the interface; these sums leave them out, as the paper does.
"""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.integrate import quad

from hanle.boundary.scattering.amplitudes import Amplitudes
from hanle.boundary.scattering.compute import first_order
from hanle.boundary.scattering.model import Interface
from hanle.boundary.scattering.torque import torque_integrals, torque_per_field
from hanle.pde.closed_forms.rashba_torque import evanescent_normal, insulating_magnet
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.tensors import Array

EV, H_R, TAU = E_CHARGE, 0.05, 1e-14
#: |u0|, |um| up to this many k_F in Fig. 6.
REACH = 2.0
#: Parts of a torque below this share of it count as absent in Table I.
ABSENT = 1e-9


class Found(NamedTuple):
    """What the figures are checked by."""

    evanescent: float  #: largest relative deviation of the evanescent part from (21)
    maps: float  #: of Fig. 6 from the integrals (24), relative to the largest value
    insulator: float  #: largest relative deviation of Fig. 8 from (28)
    best: float  #: J/U of the maximum in Fig. 8
    table: dict[str, tuple[bool, bool]]  #: Table I: field-like, damping-like present


def main(points: int = 81, pictures: Path | None = None) -> Found:
    """Compute the figures, compare them with the closed forms, draw them if a folder is given."""
    ratio = np.linspace(0.1, 8.0, points)
    step, off_step = zip(*(bulk(x) for x in ratio), strict=True)
    # An even number of values leaves out 0, where nothing changes its sign visibly.
    axis = REACH * (np.arange(2 * (points // 2)) + 0.5) / (points // 2) - REACH
    maps = np.array([[barrier(u0, um) for u0 in axis] for um in axis])
    share = (np.arange(points) + 0.5) / points
    insulator, off_insulator = zip(*(insulating(q) for q in share), strict=True)
    found = Found(
        max(off_step),
        deviation_of_maps(axis, maps),
        max(off_insulator),
        float(share[int(np.argmax(insulator))]),
        systems(),
    )
    report(found)
    if pictures:
        draw(pictures / "kim2017_figures.png", (ratio, np.array(step)), (axis, maps), (share, np.array(insulator)))
    return found


def bulk(ratio: float) -> tuple[Array, float]:
    """Lines of Fig. 4 at E_F/J = `ratio`: N (FL, DL), up (FL, DL), dn (FL), evanescent part; its error against (21)."""
    step = Interface(E_F=EV, J=EV / ratio, h_R=H_R, tau_up=TAU)
    found = torque_integrals(step)
    beyond = evanescent_part(step)
    scale = H_R * HBAR * E_CHARGE * TAU * step.k**3 / (32 * np.pi**2 * step.mass)
    closed = float(evanescent_normal(H_R, step.E_F, step.J, TAU))
    lines = [found.N.real, found.N.imag, found.up.real - beyond, found.up.imag, found.dn.real, beyond]
    return np.array(lines) / (64 * np.pi), abs(scale * beyond / closed - 1)


def evanescent_part(step: Interface) -> float:
    """What waves that are evanescent in N add to I_up."""

    def rows(found: Amplitudes) -> Array:
        weight = found.k_perp2 / np.abs(found.k_z)
        return np.where(found.propagates, 0.0, weight * found.T_up)[None]

    return float(4 * np.pi / step.k**3 * step.total(rows).value[0])


def barrier(u0: float, um: float) -> Array:
    """Fig. 6 at u0, um in units of k_F: field-like and damping-like of charge, then of spin."""
    k = float(np.sqrt(Interface(E_F=EV).edges[0]))
    found = torque_integrals(Interface(E_F=EV, u0=u0 * k, um=um * k))
    of_spin = found.up - found.dn
    return np.array([found.N.real, of_spin.real, found.N.imag, of_spin.imag]) / 8


def deviation_of_maps(axis: Array, maps: Array) -> float:
    """Difference from (24), the corrected integrals over k_z, at some points."""
    some = np.linspace(0, axis.size - 1, 4).astype(int)
    worst = 0.0
    for i in some:
        for j in some:
            u0, um = float(axis[j]), float(axis[i])
            size = (4 * u0 * um, 2 * (u0**2 + um**2), -4 * u0, 4 * um)
            kernel = [float(quad(integrand, 0, 1, args=(u0, um, power), epsabs=1e-13)[0]) for power in (2, 3)]
            expected = np.array(
                [size[0] * kernel[0], size[1] * kernel[0], size[2] * kernel[1], size[3] * kernel[1]]
            )
            worst = max(worst, float(np.abs(maps[i, j] - expected).max()))
    return worst / float(np.abs(maps).max())


def integrand(z: float, u0: float, um: float, power: int) -> float:
    """k_perp^2 k_z^power/([4 k_z^2 + (u0 - um)^2][4 k_z^2 + (u0 + um)^2]), all in units of k_F."""
    return float((1 - z * z) * z**power / ((4 * z * z + (u0 - um) ** 2) * (4 * z * z + (u0 + um) ** 2)))


def insulating(q: float, filling: float = 0.7) -> tuple[float, float]:
    """Fig. 8 at J/U = q, which does not depend on the filling E_F/(U - J); its error against (28)."""
    u = 3 * EV
    magnet = Interface(E_F=filling * (1 - q) * u, J=q * u, U_F=u, h_R=H_R, tau_N=TAU)
    torque = float(torque_per_field(first_order(magnet))[0].real)
    closed = float(insulating_magnet(H_R, magnet.E_F, magnet.J, u, TAU))
    norm = H_R * 2 * np.sqrt(2 * magnet.mass) * E_CHARGE * TAU / (15 * np.pi**2 * HBAR**2)
    return torque / (norm * filling**2.5 * u**1.5), abs(torque / closed - 1)


def systems() -> dict[str, tuple[bool, bool]]:
    """Table I: whether field-like and damping-like torques exist, per kind of interface and current."""
    k = float(np.sqrt(Interface(E_F=5 * EV).edges[0]))
    kinds = {
        "bulk magnetism": Interface(E_F=5 * EV, J=1.5 * EV),
        "interface magnetism": Interface(E_F=5 * EV, u0=0.5 * k, um=0.2 * k),
        "ferromagnetic insulator": Interface(E_F=2 * EV, J=1 * EV, U_F=5 * EV, u0=0.2 * k, um=0.1 * k),
        "topological insulator": Interface(E_F=2 * EV, J=1 * EV, U_N=5 * EV, u0=0.2 * k, um=0.1 * k),
    }
    table = {}
    for name, interface in kinds.items():
        found = torque_integrals(interface)
        for source, value in (("j_N", found.N), ("j_F", found.up + 0.6 * found.dn)):
            if value:
                table[f"{name}, {source}"] = (abs(value.real) > ABSENT, abs(value.imag) > ABSENT * abs(value))
    return table


def report(found: Found) -> None:
    """Print what was found."""
    print(f"Fig. 4: evanescent part against (21): {found.evanescent:.1e}; print {2 * np.pi:.4f} times too large")
    print(
        f"Fig. 6: against the integrals (24): {found.maps:.1e}; norm h_R hbar e k_F^3/(4 pi^2 m), not 1/(24 pi m k_F)"
    )
    print(f"Fig. 8: against (28): {found.insulator:.1e}; print 4 times too large, U^(3/2) in the wrong place")
    print(f"        largest at J/U = {found.best:.3f} (1/3)")
    print("Table I                                  field-like   damping-like")
    for name, (field, damping) in found.table.items():
        print(f"  {name:38s} {'yes' if field else 'no':12s} {'yes' if damping else 'no'}")


def draw(path: Path, step: tuple[Array, Array], maps: tuple[Array, Array], insulator: tuple[Array, Array]) -> None:
    """Figs 4 and 8 above, the four maps of Fig. 6 below."""
    from hanle.figures import picture

    with picture(path, size=(7.0, 9.0), overwrite=True) as (figure, save):
        grid = figure.add_gridspec(3, 4, height_ratios=(1.15, 1, 1))
        draw_step(figure.add_subplot(grid[0, :2]), *step)
        draw_insulator(figure.add_subplot(grid[0, 2:]), *insulator)
        draw_maps(
            figure, [figure.add_subplot(grid[1 + k // 2, 2 * (k % 2) : 2 * (k % 2) + 2]) for k in range(4)], *maps
        )
        save()


def draw_step(axes: Any, ratio: Array, lines: Array) -> None:
    """Fig. 4."""
    from hanle.figures import COLOURS

    red, blue, cyan = COLOURS[1], COLOURS[0], COLOURS[5]
    looks = (("N, field-like", red, "--"), ("N, damping-like", red, "-"), ("majority, field-like", blue, "--"),
             ("majority, damping-like", blue, "-"), ("minority, field-like", cyan, "--"),
             ("majority, evanescent in N", blue, "-."))  # fmt: skip
    for values, (label, colour, style) in zip(lines.T, looks, strict=True):
        axes.plot(ratio, 1e3 * values, color=colour, linestyle=style, label=label, linewidth=1.5)
    axes.axhline(0, color="0.6", linewidth=0.6, zorder=0)
    axes.set(xlim=(0, ratio[-1]), ylim=(-4.5, 21), xlabel="$E_F/J$", ylabel="torque  ($10^{-3}$)")
    axes.set_title("Fig. 4: bulk magnetism", loc="left")
    axes.legend(fontsize=7.5, handlelength=2.6, labelspacing=0.25, loc="upper right")


def draw_insulator(axes: Any, share: Array, values: Array) -> None:
    """Fig. 8."""
    from hanle.figures import COLOURS

    axes.plot(share, values, color=COLOURS[0])
    axes.plot([1 / 3] * 2, [0, values.max()], color="0.6", linewidth=0.8, linestyle=":")
    axes.text(0.35, 0.08 * values.max(), "$J = U/3$", color="0.35")
    axes.set(xlim=(0, 1), ylim=(0, 1.12 * values.max()), xlabel="$J/U$", ylabel="field-like torque")
    axes.set_title("Fig. 8: insulating magnet", loc="left")


def draw_maps(figure: Any, panels: list[Any], axis: Array, maps: Array) -> None:
    """Fig. 6: sizes on one logarithmic scale."""
    from matplotlib.colors import LogNorm

    titles = ("field-like, charge", "field-like, spin", "damping-like, charge", "damping-like, spin")
    ends = (-REACH, REACH, -REACH, REACH)
    for number, (axes, title) in enumerate(zip(panels, titles, strict=True)):
        image = axes.imshow(
            np.abs(maps[..., number]),
            origin="lower",
            extent=ends,
            norm=LogNorm(1e-3, 0.2),
            cmap="magma",
            aspect="auto",
        )
        axes.plot([REACH, 0, REACH], [-REACH, 0, REACH], color="white", linewidth=0.9, linestyle="--")
        axes.set(xlim=ends[:2], ylim=ends[2:], xlabel="$u_0/k_F$", ylabel="$u_m/k_F$")
        axes.set(xticks=range(-2, 3), yticks=range(-2, 3))
        axes.set_title(f"Fig. 6: {title}", loc="left")
    panels[0].text(-1.9, 0.0, "bound states\nleft of the line", color="white", fontsize=7, va="center")
    figure.colorbar(image, ax=panels, label="size of the torque", shrink=0.8, pad=0.02)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw into this folder")
    main(pictures=parser.parse_args().pictures)
