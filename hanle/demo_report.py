"""What `hanle demo` prints, writes and draws of its findings."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hanle.device import Device
from hanle.fields_file import write_fields
from hanle.figures import COLOURS, limits, picture
from hanle.netcdf import write_curves
from hanle.output import provenance, whole_file
from hanle.pde.closed_forms.channels import channel_tensor, transverse_length
from hanle.pde.closed_forms.film import Film, Mixing, film_deficit
from hanle.pde.closed_forms.resistivity import exact_correction
from hanle.pde.constants import HBAR, MU_B
from hanle.pde.tensors import Array

if TYPE_CHECKING:
    from hanle.demo import Findings

CITATION = "Zhang et al., 2019, arXiv:1903.10558"


def formula(device: Device, thickness: float) -> tuple[float, float]:
    """(rho_L/rho - 1, rho_T [Ohm m]) of the film, Zhang et al., 2019, Eqs (13)-(15), exact in theta."""
    metal = device.materials["Pt"]
    n, lam, turned = _channels(device)
    g = device.conductances("YIG|Pt")
    film = Film(metal.rho, thickness, lam, turned, bottom=Mixing(g.G_s, g.G_r, g.G_i))
    found = exact_correction(film.deficit_tensor(n), metal.theta)
    return float(found.longitudinal), float(found.transverse * metal.rho)


def edge_change(device: Device, width: float) -> float:
    """What two bare edges change of rho_L/rho, to O(theta^2): less spin accumulates near them."""
    n, lam, turned = _channels(device)
    par, perp = (film_deficit(0.0, length, width, 1.0) - 1.0 for length in (lam, turned))
    return float(device.materials["Pt"].theta ** 2 * channel_tensor(par, perp, n)[2, 2])


def _channels(device: Device) -> tuple[Array, float, complex]:
    """(axis n of B, lambda, complex Lambda)."""
    metal, b = device.materials["Pt"], np.asarray(device.field)
    size = float(np.linalg.norm(b))
    turned = transverse_length(metal.lam, metal.g * MU_B * size / HBAR, metal.D)
    return b / size, metal.lam, complex(turned)


def contact_change(length: float, width: float) -> float:
    """What the end contacts take from a transverse voltage at the arms, length/4 away from them, relative.

    They are equipotentials and short it: Lippmann & Kuhrt, 1958, in the limit of a small Hall angle.
    """
    odd = np.arange(1, 40, 2)
    return float(-8 / np.pi**2 * np.sum(np.exp(-odd * np.pi * (length / 4) / width) / odd**2))


def table(found: "Findings") -> list[str]:
    """Lines of the comparison: formula, bar, deviation and where it comes from."""
    device = found.bar.device
    sizes = dict(device.shape.arguments)
    expected_l, expected_t = formula(device, dict(sizes["layers"])["Pt"])
    bar_l, bar_t = float(found.bar.rho_L_change), float(found.bar.rho_T)
    edges, contacts = (
        edge_change(device, sizes["width"]) / expected_l,
        contact_change(sizes["length"], sizes["width"]),
    )
    rest = bar_l / expected_l - 1 - found.mesh_errors[0] - edges
    lines = [
        "",
        f"{'':30}{'film formula':>14}{'bar in 3D':>12}{'deviation':>12}",
        _row("rho_L/rho - 1 (1e-3)", 1e3 * expected_l, 1e3 * bar_l),
        f"  deviation: mesh {found.mesh_errors[0]:+.2%}, edges {edges:+.2%} (formula of bare edges), rest {rest:+.2%}",
        _row("rho_T (nOhm m)", 1e9 * expected_t, 1e9 * bar_t),
    ]
    for plane, angle, words in (("beta", 0.0, "Hall, B along z"), ("alpha", 45.0, "planar Hall, B along x + y")):
        values = [
            1e9 * float(data[plane].isel(field=0, temperature=0).rho_T.sel(angle=angle))
            for data in (found.scan, found.spots)
        ]
        lines.append(_row(f"  {words}", *values))
    lines += [
        f"  deviation: mesh {found.mesh_errors[1]:+.2%}; the end contacts short transverse voltages: {contacts:+.2%} "
        "(formula);",
        "  the current bulges into the arms, which adds to the planar Hall voltage, less for narrower arms",
        f"exact engine against formula: {float(found.film.rho_L_change) / expected_l - 1:.0e}",
    ]
    return lines


def _row(name: str, expected: float, got: float) -> str:
    return f"{name:<30}{expected:>12.5f}{got:>14.5f}{got / expected - 1:>+12.2%}"


def write_files(found: "Findings", folder: Path, *, overwrite: bool) -> list[Path]:
    """Fields of the bar, scans and sweep of the film, the 3D points and the table."""
    notes = provenance(citations=[CITATION])
    written = [write_fields(found.bar.solution, folder / "bar.vtm", provenance=notes, overwrite=overwrite)]
    for name, data in (
        *((f"scan_{plane}", data) for plane, data in found.scan.items()),
        *((f"bar_{plane}", data) for plane, data in found.spots.items()),
        ("film_field_temperature", found.sweep),
    ):
        written.append(write_curves(data, folder / f"{name}.nc", provenance=notes, overwrite=overwrite))
    goal = folder / "table.txt"
    with whole_file(goal) as draft:
        draft.write_text("\n".join(table(found)[1:]) + "\n", encoding="utf-8")
    return [*written, goal]


def draw(found: "Findings", folder: Path, *, overwrite: bool) -> list[Path]:
    """Spin accumulation and current in 3D, the scans, and the film against the field."""
    from hanle.scenes import show

    bar, title = found.bar.solution, found.bar.device.name
    spin, current = folder / "spin_accumulation.png", folder / "current.png"
    return [
        show(bar, spin, component="y", style="slices", title=title, overwrite=overwrite).path,
        show(bar, current, "current", title=title, overwrite=overwrite).path,
        draw_scans(found, folder / "scans.png", overwrite=overwrite),
        draw_sweep(found, folder / "field.png", overwrite=overwrite),
    ]


def draw_scans(found: "Findings", path: Path, *, overwrite: bool) -> Path:
    """rho_L and rho_T over the angle in the three planes: lines the film, circles the bar."""
    with picture(path, size=(7.2, 3.8), overwrite=overwrite) as (figure, save):
        axes = figure.subplots(2, 3, sharex=True, sharey="row")
        for column, (plane, film) in enumerate(found.scan.items()):
            for row, name in enumerate(("rho_L_change", "rho_T")):
                _scan(axes[row, column], film[name], found.spots.get(plane), (1e3, 1e9)[row])
            axes[0, column].set_title(str(film.angle.attrs["long_name"]).replace("->", "→"))
            axes[1, column].set_xlabel("angle (°)")
        axes[0, 0].set_ylabel("$\\rho_L/\\rho - 1$ ($10^{-3}$)")
        axes[1, 0].set_ylabel("$\\rho_T$ (nΩ m)")
        axes[0, 0].set_xticks(range(0, 361, 90))
        figure.align_ylabels()
        axes[1, 2].legend(loc="best")
        return save().path


def _scan(axes: Any, film: Any, bar: Any, factor: float) -> None:
    axes.plot(film.angle, factor * film.values.ravel(), color=COLOURS[0], label="film, exact")
    if bar is not None:
        values = factor * bar[film.name].values.ravel()
        axes.plot(bar.angle, values, "o", color=COLOURS[1], markersize=5, fillstyle="none", label="bar, 3D",
                  clip_on=False, zorder=3)  # fmt: skip
    axes.set_xlim(0, 360)


def draw_sweep(found: "Findings", path: Path, *, overwrite: bool) -> Path:
    """How rho_L of the film changes with B along y, and across it; one panel per temperature."""
    data = found.sweep.rho_L_change
    with picture(path, size=(7.2, 2.7), overwrite=overwrite) as (figure, save):
        axes = figure.subplots(1, data.sizes["temperature"], sharex=True)
        for k, temperature in enumerate(data.temperature.values):
            start = data.isel(temperature=k, field=0)
            change = 1e6 * (data.isel(temperature=k) - start)
            for j, (angle, words) in enumerate({0.0: "$B\\parallel x$ or $z$", 90.0: "$B\\parallel y$"}.items()):
                style = ("-", (0, (5, 2)))[j]
                axes[k].plot(data.field, change.sel(angle=angle), color=COLOURS[j], linestyle=style, label=words)
            gap = 1e4 * float(start.sel(angle=0.0) - start.sel(angle=90.0))
            axes[k].set_title(f"{temperature:g} K, gap {gap:.1f} × 10⁻⁴")
            axes[k].set_xlabel("magnetic field (T)")
            axes[k].set_xlim(0, float(data.field[-1]))
            axes[k].set_ylim(*limits(change.values, 0.1))
        axes[0].set_ylabel(f"$\\rho_L/\\rho$ since {float(data.field[0]):g} T ($10^{{-6}}$)")
        axes[0].legend(loc="best")
        return save().path
