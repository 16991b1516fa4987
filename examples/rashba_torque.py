"""Spin-orbit torque of Pt on CoFeB, with and without spin-orbit coupling at their interface: films and a Hall cross.

CoFeB of 1.5 nm on Pt of thickness d, m = z, current along x. Torque per area on CoFeB: DL (y - m (m.y)) + FL m x y; DL
and FL are shown as xi = (2e/hbar) tau/E. The interface is a step J between free electrons with a potential u0, um and
the Rashba coupling h_R there (Kim et al., 2017, corrected; conductances without Sharvin resistances; theta of Pt is of
films on an insulating magnet, without a torque of this interface in it). Relaxation times follow from resistivities,
tau = m_e sigma/(n e^2) for each kind of electrons: mean free paths of 2.3 nm in Pt and 0.8 nm in CoFeB, which layers
have to exceed.

Films: all transverse spin is taken at the interface, and the torque is that of one complex number per origin. With
s = (sigma/lambda) tanh(d/lambda), C = cosh(d/lambda), G = 2 G_mix and sums over populations of a, b, b_lat,

    spin Hall effect   xi_DL + i xi_FL =  theta sigma (1 - 1/C) G/(s + G)
    interface                            -(a + i b) s/(s + G)
    lattice                              -i b_lat

A Hall cross, d = 5 nm, arms as wide as the bar: the current spreads where it passes the arms. Per local current the
torque, and each part of it, is that of the film; per current over the width of the bar, which an experiment divides by,
it is not. The experiment is done numerically: m is turned by B_x or B_y and at each place by the field B(r) of the
torque there, (m_x, m_y) = (B_x, B_y)/B_k; the Hall resistance R with the current and against it gives

    h_x = (B_k^2/B_x) [R(I) - R(-I)]/(2 R'') = B_DL - 2 xi B_FL,      h_y = B_FL - 2 xi B_DL,      xi = R_P/R_A,

R'' = d^2R/dm_x^2 = -R_A and R_P, of m_x m_y, from fields in other directions (Hayashi et al., 2014). What it finds is
explained in 2D: with the sheet currents k of the current and k' of a current between the probes, and for each place
sheet resistances of the film, levels R_x, R_y, R_z and the anomalous Hall effect, R is

    int dA {R_A m_z (k x k')_z + (R_x - R_z) (m.k)(m.k') + (R_y - R_z) (m.(z x k))(m.(z x k'))}

To lowest order DL and FL appear too small by the factor W int (k x k')_z k_x dA/int (k x k')_z dA, 0.67 for such a
cross; the terms of R_P weigh places differently, so that the correction by xi no longer separates the two, and the
smaller one takes an error from the larger. Narrow arms measure the film.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.constants import m_e
from scipy.spatial import cKDTree

import hanle
from hanle.boundary.rashba import LATTICE
from hanle.materials.load import material
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.observables import deposit_map
from hanle.pde.tensors import Array
from hanle.results import Result
from hanle.torque_maps import SpinOrbitTorqueMap

NM = 1e-9
THICK, MAGNET, WIDTH, LENGTH = 5.0, 1.5, 200.0, 600.0  # Pt, CoFeB, the bar [nm]
PT: Any = material("Pt", "Pt")
COFEB: Any = material("CoFeB", "CoFeB")
FERMI, EXCHANGE = 5.0 * E_CHARGE, 0.6 * E_CHARGE
UP = np.array([0.0, 0.0, 1.0])
ORIGINS = {"spin Hall": "spin Hall: without coupling", "interface": "interface", "lattice": "lattice"}
#: Anisotropy field [T], tilt by the applied field, and current [A] of the experiment.
B_K, TILT, CURRENT = 0.05, 0.05, 2e-4
MESH = {"cells_per_length": 3, "growth": 2.0, "lateral": "uniform", "sizes": {"x": 25 * NM, "y": 25 * NM}}
#: Mean free path in Pt [nm], which its thickness has to exceed.
FREE_PATH = 2.3


class Found(NamedTuple):
    """What is compared."""

    film: float  #: largest error of any part in the films against the formulas, over the largest part
    local: float  #: largest difference from the film of a part per local current in the cross, over DL
    experiment: Array  #: DL, FL that the experiment finds in the film, over the true ones
    inferred: Array  #: DL, FL that it finds in the cross, over those of the film
    explained: Array  #: the same by the weights of places in 2D


class Map(NamedTuple):
    """Torque on the magnet of the cross at the centres of the facets."""

    whole: SpinOrbitTorqueMap
    sheet: Array  #: (n, 2) sheet current in Pt over its mean I_Pt/W
    parts: dict[str, Array]  #: origin -> (n,) 2e/hbar (DL + i FL) over the current density at this place
    field: Array  #: (n, 2) effective field [T]


def main(
    thicknesses: Sequence[float] = (*np.linspace(0.5, 4, 8), *np.linspace(5, 12, 8)),
    mesh: dict[str, Any] | None = None,
    arms: Sequence[float] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.85, 1.0),
    pictures: Path | None = None,
) -> Found:
    """Films of these thicknesses of Pt [nm], the cross, and in 2D arms of these widths over that of the bar."""
    films = sweep(thicknesses)
    largest = max(np.abs(v).max() for v in films.values())
    error = max(float(np.abs(films[n] - closed(n, np.asarray(thicknesses))).max()) for n in ORIGINS) / largest
    report_films(thicknesses, films, error)
    uniform = cross(UP, mesh or MESH)
    found = torque_map(uniform)
    local = report_map(found)
    true = film_fields()
    experiment = infer(measured(film_resistance, true[None])) / true
    inferred = infer(measured(cross_resistance(uniform, found), found.field)) / true
    explained = {width: infer(sheet_resistances(width)) / true for width in (*arms, 1.0)}
    report_experiment(true, experiment, inferred, explained)
    if pictures:
        draw(pictures / "rashba_torque.png", thicknesses, films, found, inferred, explained)
    return Found(error, local, experiment, inferred, explained[1.0])


def interface() -> hanle.RashbaInterface:
    """Pt|CoFeB, with relaxation times from the resistivities and the numbers of electrons of the model."""
    k = np.sqrt(2 * m_e * np.array([FERMI, FERMI + EXCHANGE, FERMI - EXCHANGE])) / HBAR
    n = k**3 / (6 * np.pi**2)
    p, sigma = COFEB.polarisation.value, 1 / COFEB.rho
    sigmas = np.array([1 / PT.rho / 2, sigma * (1 + p) / 2, sigma * (1 - p) / 2])
    tau = dict(zip(("tau_N", "tau_up", "tau_dn"), m_e * sigmas / (n * E_CHARGE**2), strict=True))
    return hanle.RashbaInterface(
        E_F=FERMI, J=EXCHANGE, u0="5 1/nm", um="4 1/nm", h_R=0.1, **tau,
        memory_loss=True, sharvin_removed=True, damping_like=True,
    )  # fmt: skip


INTERFACE = interface()


def device(shape: Any, m: Any = UP) -> hanle.Device:
    """Pt/CoFeB with the numbers of the library."""
    return hanle.Device(
        shape,
        {"Pt": "Pt", "CoFeB": "CoFeB"},
        magnetisation={"CoFeB": m},
        interfaces={"Pt|CoFeB": INTERFACE},
    )


def layers(thickness: float = THICK) -> list[tuple[str, str]]:
    """Thickness of Pt in nm."""
    return [("Pt", f"{thickness} nm"), ("CoFeB", f"{MAGNET} nm")]


def sweep(thicknesses: Sequence[float]) -> dict[str, Array]:
    """Origin -> (n,) xi_DL + i xi_FL per field [S/m] of films, from the exact engine."""

    def part(name: str) -> Any:
        def per_field(result: Result) -> Array:
            damping, turning = result.torque_origins("CoFeB")[name].efficiency_per_field
            return np.array([damping, turning, 0.0])

        return per_field, "S/m"

    read = {f"xi of {name}": part(name) for name in ORIGINS}
    varied = {"Pt.thickness": [f"{d} nm" for d in thicknesses]}
    found = hanle.sweep(device(hanle.stack(layers())), vary=varied, read=read, progress=False)
    values = {name: found[f"xi of {name}"].values.reshape(-1, 3) for name in ORIGINS}
    return {name: v[:, 0] + 1j * v[:, 1] for name, v in values.items()}


def closed(name: str, thickness: Array) -> Array:
    """The formula for a part; thicknesses in nm."""
    c = INTERFACE.coefficients
    a, b, b_lat = (sum(float(getattr(d, key)) for d in c.drives) for key in ("a", "b", "b_lat"))
    depth, sigma = thickness * NM / PT.lam, 1 / PT.rho
    s, mixing = sigma / PT.lam * np.tanh(depth), 2 * complex(c.g_mix)
    if name == "spin Hall":
        return np.asarray(PT.spin_hall_angle.value * sigma * (1 - 1 / np.cosh(depth)) * mixing / (s + mixing))
    return np.asarray(-(a + 1j * b) * s / (s + mixing) if name == "interface" else -1j * b_lat + 0 * s)


def report_films(thicknesses: Sequence[float], films: dict[str, Array], error: float) -> None:
    """The table."""
    print("xi_DL, xi_FL per field [1e5 S/m] of films")
    print("d(Pt) nm    " + "".join(f"{name:>18}" for name in (*ORIGINS, "sum")))
    for k, d in enumerate(thicknesses):
        print(f"{d:8.2f}    " + row([1e-5 * films[name][k] for name in ORIGINS]))
    print(f"largest error against the formulas, over the largest part: {error:.1e}")


def cross(m: Any, mesh: dict[str, Any] | None = None, previous: Result | None = None) -> Result:
    """The cross with this magnetisation, solved."""
    shape = hanle.cross(LENGTH * NM, WIDTH * NM, layers(), contacts=["Pt", "CoFeB"])
    options: dict[str, Any] = {"previous": previous} if previous else {"mesh_options": mesh}
    return device(shape, m).solve(current=CURRENT, solver="direct", **options)


def torque_map(result: Result) -> Map:
    """The cross with m = z, solved again without the drive of its interface."""
    bare = result.again(result.device.with_changes(without=["interfacial spin-orbit"]))
    found, hall = (r.spin_orbit_torque_map("CoFeB") for r in (result, bare))
    _, passed = deposit_map(result.solution, "Pt|CoFeB", LATTICE)
    lattice = replace(found, torque=-HBAR / 2 / E_CHARGE * passed[0])
    whole, *own = (damping + 1j * field for damping, field in (t.efficiency for t in (found, hall, lattice)))
    moment = COFEB.saturation_magnetisation.value * MAGNET * NM
    mean = np.abs(film().current_density("Pt")[1]).max()
    parts = dict(zip(ORIGINS, (own[0], whole - own[0] - own[1], own[1]), strict=True))
    return Map(found, found.current_density[:, :2] / mean, parts, np.cross(found.torque, UP)[:, :2] / moment)


def film(m: Any = UP) -> Result:
    """The film with as much current per width as the bar."""
    return device(hanle.stack(layers()), m).solve(current_density=CURRENT / (WIDTH * (THICK + MAGNET) * NM**2))


def film_fields() -> Array:
    """B_DL, B_FL [T] of the film."""
    torque = film().spin_orbit_torque("CoFeB")
    return np.array([float(torque.damping_like), float(torque.field_like)]) / float(torque.moment)


class Resistances(NamedTuple):
    """Hall resistances of the experiment [Ohm]."""

    upright: float  #: m = z
    turned: Array  #: (2,): B between x and y, between x and -y; without current
    tilted: Array  #: (2, 2): B along x, y; with the current, against it


def measured(solve: Callable[[Array], float], field: Array) -> Resistances:
    """Of a magnet whose `solve(m)` gives the Hall resistance; `field` (n, 2) or (1, 2) is what the current makes."""

    def tilt(applied: Sequence[float], sign: int) -> Array:
        across = TILT * np.array([applied]) + sign * field / B_K
        return np.column_stack([across, np.sqrt(1 - np.sum(across**2, axis=1))])

    turned = [solve(tilt(way, 0)[:1]) for way in ((1, 1), (1, -1))]
    tilted = [[solve(tilt(way, sign)) for sign in (1, -1)] for way in ((1, 0), (0, 1))]
    return Resistances(solve(UP[None]), np.array(turned), np.array(tilted))


def film_resistance(m: Array) -> float:
    """Of the film."""
    return float(film(m[0]).transverse_sheet_resistance)


def cross_resistance(uniform: Result, found: Map) -> Callable[[Array], float]:
    """Of the cross, where every place turns by itself."""
    nearest = cKDTree(found.whole.points[:, :2])

    def solve(m: Array) -> float:
        def texture(points: Array) -> Array:
            return np.asarray(m[nearest.query(points[:, :2])[1]])

        return float(cross(m[0] if len(m) == 1 else texture, previous=uniform).resistance("V1", "V2"))

    return solve


def infer(seen: Resistances) -> Array:
    """B_DL, B_FL [T] as an experiment finds them."""
    bent = (seen.turned.mean() - seen.upright) / TILT**2
    planar = (seen.turned[0] - seen.turned[1]) / (4 * TILT**2)
    h = B_K * (seen.tilted[:, 0] - seen.tilted[:, 1]) / (2 * TILT * bent)
    xi = -planar / bent
    return np.linalg.solve(np.array([[1, -2 * xi], [-2 * xi, 1]]), h)


def sheet_resistances(arm: float) -> Resistances:
    """Of the bar with arms of this width over its own, from sheet resistances of the film and currents in 2D."""
    area, k, other = sheet_currents(arm)
    turned = [np.column_stack([-v[:, 1], v[:, 0]]) for v in (k, other)]
    weight = area * (k[:, 0] * other[:, 1] - k[:, 1] * other[:, 0])
    upright, hall = film(), film_resistance(UP[None])
    tilted = [film(np.array([*(TILT * np.eye(2)[axis]), np.sqrt(1 - TILT**2)])) for axis in (0, 1)]
    levels = [float(r.sheet_resistance - upright.sheet_resistance) / TILT**2 for r in tilted]

    def solve(m: Array) -> float:
        pairs = ((k, other), turned)
        symmetric = [area @ (np.sum(m[:, :2] * a, axis=1) * np.sum(m[:, :2] * b, axis=1)) for a, b in pairs]
        return float(hall * np.sum(weight * m[:, 2]) + np.dot(levels, symmetric))

    damping, turning = film_fields()
    return measured(solve, WIDTH * NM * (damping * k + turning * turned[0]))


def sheet_currents(arm: float) -> tuple[Array, Array, Array]:
    """(areas (n,) of cells [m^2], k and k' (n, 2) [1/m])."""
    width = WIDTH * NM
    shape = hanle.hall_bar_plan(
        LENGTH * NM, width, region="sheet", arms=1, arm_width=arm * width, arm_length=(LENGTH - WIDTH) / 2 * NM
    )
    sheet = hanle.Device(shape, {"sheet": "Cu"})
    mesh = sheet.mesh(sizes={"x": arm * width / 10, "y": width / 20})
    probes = [name for name in sheet.terminals if name not in ("left", "right")]
    wirings = ({"left": "1 A/m", "right": "ground"}, {probes[0]: "1 A/m", probes[1]: "ground"})
    k, other = (sheet.solve(wiring=wiring, mesh=mesh, order=2).current_density("sheet")[1] for wiring in wirings)
    corners = mesh.points[mesh.cells]
    return np.ptp(corners[..., 0], axis=1) * np.ptp(corners[..., 1], axis=1), k[:, :2], other[:, :2]


def report_map(found: Map) -> float:
    """Parts in the arm and in the crossing over local current, the largest difference from the film, over DL."""
    origins = film().torque_origins("CoFeB")
    expected = {name: complex(*(float(xi) for xi in part.efficiency)) for name, part in origins.items()}
    size = abs(sum(expected.values()).real)
    places = {"middle of an arm": (-0.5 * LENGTH + 0.5 * WIDTH, 0.0), "middle of the crossing": (0.0, 0.0)}
    errors = []
    print("\nxi_DL, xi_FL per local current in Pt     " + "".join(f"{name:>18}" for name in (*ORIGINS, "sum")))
    print(f"{'film':<40} " + row([expected[name] for name in ORIGINS]))
    for place, point in places.items():
        here = int(np.linalg.norm(found.whole.points[:, :2] / NM - point, axis=1).argmin())
        parts = [found.parts[name][here] for name in ORIGINS]
        print(f"{f'{place}: {np.linalg.norm(found.sheet[here]):.3f} I/W':<40} " + row(parts))
        errors.append(max(abs(part - expected[name]) for part, name in zip(parts, ORIGINS, strict=True)) / size)
    hot = np.linalg.norm(found.sheet, axis=1).max()
    print(f"largest difference from the film {max(errors):.1e} of DL; largest current {hot:.2f} I/W")
    return max(errors)


def row(parts: Sequence[complex]) -> str:
    """Parts and their sum."""
    return "".join(f"   {v.real:7.4f} {v.imag:7.4f}" for v in (*parts, sum(parts)))


def report_experiment(true: Array, experiment: Array, inferred: Array, explained: dict[float, Array]) -> None:
    """What the experiment finds, over the film."""
    per_density = 1e14 * true / float(film().spin_orbit_torque("CoFeB").current_density)
    print(f"\nfilm: B_DL {per_density[0]:.4f}, B_FL {per_density[1]:.4f} mT per 1e11 A/m^2 in Pt")
    print("inferred from the Hall resistance over true ones  DL       FL")
    lines = {"film, exact": experiment, "cross in 3D": inferred}
    lines |= {f"2D, arms of {arm:.2f} W": values for arm, values in explained.items()}
    for name, values in lines.items():
        print(f"    {name:<42} {values[0]:8.4f} {values[1]:8.4f}")


def draw(
    path: Path,
    thicknesses: Sequence[float],
    films: dict[str, Array],
    found: Map,
    inferred: Array,
    explained: dict[float, Array],
) -> None:
    """Films above; the field in the cross and what an experiment finds below."""
    from hanle.figures import COLOURS, picture

    with picture(path, size=(7.4, 6.2), overwrite=True) as (figure, save):
        panels = figure.subplots(2, 2)
        fine = np.linspace(0.05, max(thicknesses), 200)
        for axes, take, kind in zip(panels[0], (np.real, np.imag), ("DL", "FL"), strict=True):
            for name, colour in zip(ORIGINS, COLOURS, strict=False):
                axes.plot(fine, 1e-5 * take(closed(name, fine)), color=colour, linewidth=1.2, label=ORIGINS[name])
            total = 1e-5 * take(sum(closed(name, fine) for name in ORIGINS))
            axes.plot(fine, total, color="black", linewidth=2, label="sum: with coupling")
            axes.plot(thicknesses, 1e-5 * take(sum(films.values())), "o", color="black", markersize=3.5)
            axes.axhline(0, color="0.7", linewidth=0.6, zorder=0)
            axes.axvspan(0, FREE_PATH, color="0.93", zorder=-1)
            axes.set(xlabel="thickness of Pt (nm)", xlim=(0, fine[-1]))
            axes.set_ylabel(f"$\\xi_\\mathrm{{{kind}}}$ per field ($10^5$ S/m)")
        panels[0][1].legend(loc="center right", bbox_to_anchor=(1, 0.38))
        draw_map(figure, panels[1][0], found)
        widths = sorted(explained)
        for k, (kind, colour) in enumerate(zip(("DL", "FL"), (COLOURS[1], COLOURS[5]), strict=True)):
            panels[1][1].plot(
                [0, *widths], [1, *(explained[w][k] for w in widths)], color=colour, label=f"{kind}, 2D"
            )
            panels[1][1].plot(1.0, inferred[k], "o", color=colour, label=f"{kind}, 3D cross")
        panels[1][1].axhline(1, color="0.7", linewidth=0.6, zorder=0)
        panels[1][1].set(
            xlabel="width of the arms over that of the bar", ylabel="inferred field over that of the film"
        )
        panels[1][1].set(xlim=(0, 1.04), ylim=(0.55, 1.1))
        panels[1][1].legend(loc="lower left")
        for axes, name in zip(panels.ravel(), "abcd", strict=True):
            axes.set_title(f"({name})", loc="left")
        save()


def draw_map(figure: Any, axes: Any, found: Map) -> None:
    """Size and direction of the effective field at each place, over the film."""
    ratio = found.field / np.linalg.norm(film_fields())
    image = found.whole.draw(axes, np.linalg.norm(ratio, axis=1), cmap="viridis", clim=(0, 1.3))
    x, y = found.whole.points[:, :2].T / NM
    seen = (np.floor(x / 25) + np.floor(y / 25)) % 2 == 0
    axes.quiver(x[seen], y[seen], *ratio[seen].T, angles="xy", pivot="mid", width=0.004, scale=22, color="white")
    axes.set(xticks=[-200, 0, 200], yticks=[-200, 0, 200])
    figure.colorbar(image, ax=axes, shrink=0.8, pad=0.03).set_label("|B| over that of the film")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw into this folder")
    main(pictures=parser.parse_args().pictures)
