"""A domain wall in a Pt/Co cross: map of the spin-orbit torque, resistance and Hall voltage against its position.

Pt 4 nm below Co 1 nm in the form of a cross, current along x. The magnetisation is +-z with a wall at x = X,

    m_z = tanh(s/w),   Neel wall: m_x = 1/cosh(s/w),   Bloch wall: m_y = 1/cosh(s/w),   s = x - X.

The spin current of Pt turns m by tau = DL (y - m (m.y)) + FL m x y per area, where y stands for z x j/|j|; the map is
split so at every place. Far from the wall DL and FL over the local current density have to be those of a uniform film,
which the exact engine gives without a mesh. Where the wall is, a Neel wall feels all of DL (m is normal to y), a Bloch
wall none in its middle (m is along y).

What a wall in an arm of width W adds to the resistance has two parts. Slices of arm with uniform m give

    Delta R = 1/W int [R_sq(m(x)) - R_sq(z)] dx

by anisotropic magnetoresistance (m along x) and spin absorbed at the interface (m along y), the sides of the arm
included. Spin that moves along x, which slices leave out, is added by `carried`, a model without thickness:
(1) A polarised current P leaves behind spin across m where m turns, which dephases over lambda_phi. For both kinds

    Delta R = (2/(W w)) R_sq^2 (t/rho_Co) P^2 lambda_phi^2 (1 - lambda_phi^2/w^2).

(2) Spin along m, which Co hardly absorbs (lambda_sf = 38 nm), leaves a Bloch wall sideways, into places where m has
turned and absorbs it: with P = 0 a Bloch wall lowers the resistance by an eighth less than slices say. The sides of the
arm give 0.0005 Ohm, anomalous Hall currents across the wall less than 1e-4 Ohm. Both parts together are within 0.5 % of
3D (P = 0: 0.5 mOhm); m is uniform in each cell of 2 nm, which is half of that, and twice the cells leave four times as
much. (Elements of second order see the steps of m: their cells would have to be smaller than lambda_phi.)

For a wall anywhere the perturbation of sheet resistances by the wall, with the currents k = K/I of a cross in plan,
gives both read-outs at once (k' for a current from V1 to V2 instead):

    Delta R = int k.(R_sq(m) - R_sq(z)).k dA,    (V1 - V2)/I = int k'.R_sq(m).k dA.
"""

import argparse
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import spsolve

import hanle
from hanle.materials.load import material
from hanle.pde.tensors import Array, cross_matrix, outer
from hanle.results import Result
from hanle.torque_maps import SpinOrbitTorqueMap

NM = 1e-9
LENGTH, WIDTH, WALL = 160.0, 40.0, 8.0  # [nm]
BELOW, ABOVE = 4.0, 1.0  # thickness of Pt and Co [nm]
ARM = -50.0  # middle of the left arm [nm]
CURRENT = 1e-4  # [A]
LAYERS = [("Pt", f"{BELOW} nm"), ("Co", f"{ABOVE} nm")]
PT: Any = material("Pt", "Pt")
CO: Any = material("Co", "Co")
#: Order of magnitude of Co|Cu and Co|Pt (circuit theory): G_up, G_dn, mixing conductance [S/m^2].
MIXING = 0.6e15 - 0.06e15j


class Magnet(NamedTuple):
    """Co and its interface."""

    polarisation: float
    interface: hanle.Circuit


POLARISED = Magnet(CO.polarisation.value, hanle.Circuit(1.2e15, 0.5e15, MIXING))
UNPOLARISED = Magnet(0.0, hanle.Circuit(0.85e15, 0.85e15, MIXING))
MESH = {
    "cells_per_length": 3,
    "growth": 1.6,
    "lateral": "uniform",
    "sizes": {"x": 2 * NM, "y": 4 * NM},
}
KINDS = {"Neel": 0, "Bloch": 1}


class Found(NamedTuple):
    """What is compared."""

    damping: float  #: error of DL/|j| far from the wall against the uniform film, relative
    field: float  #: the same of FL/|j|
    resistance: float  #: largest error of Delta R of four walls in the arm, over Delta R of the Neel wall
    slices: float  #: the same for slices alone
    closed: float  #: closed form of the part of P in a Neel wall, relative error against `carried`
    places: float  #: largest error of Delta R at any position, over that of the Neel wall in the arm
    hall: float  #: largest error of V1 - V2 at any position, over that of m = z


class Readings(NamedTuple):
    """Of walls at several positions, by kind."""

    resistance: dict[str, Array]  #: Delta R [Ohm]
    hall: dict[str, Array]  #: (V1 - V2)/I [Ohm]


def main(
    mesh: dict[str, Any] | None = None,
    positions: Sequence[float] = (-60.0, -50.0, -40.0, -30.0, -20.0, -10.0, 0.0, 20.0, 40.0),
    pictures: Path | None = None,
) -> Found:
    """Solve the uniform cross, and walls at these positions [nm]; those in the arm and in the middle are added."""
    chosen = mesh or MESH
    places = sorted({*positions, ARM, 0.0})
    uniform = solved((0, 0, 1.0), chosen)
    walls = {kind: {x: solved(wall(kind, x), chosen, uniform) for x in places} for kind in KINDS}
    damping, field = far_from_wall(walls["Bloch"][ARM])
    for kind in KINDS:
        report_torque(kind, walls[kind][0.0])
    found = Readings(
        {k: np.array([float(r.resistance() - uniform.resistance()) for r in w.values()]) for k, w in walls.items()},
        {k: np.array([float(r.resistance("V1", "V2")) for r in w.values()]) for k, w in walls.items()},
    )
    hall = float(uniform.resistance("V1", "V2"))
    print(f"m = z: R = {float(uniform.resistance()):.4f} Ohm, (V1 - V2)/I = {1e3 * hall:.4f} mOhm")
    plain = solved((0, 0, 1.0), chosen, magnet=UNPOLARISED)
    alike = {kind: solved(wall(kind, ARM), chosen, plain, UNPOLARISED) for kind in KINDS}
    arm = {(kind, POLARISED): float(found.resistance[kind][places.index(ARM)]) for kind in KINDS}
    arm |= {(kind, UNPOLARISED): float(alike[kind].resistance() - plain.resistance()) for kind in KINDS}
    errors = {key: report_wall(*key, change) for key, change in arm.items()}
    size = arm["Neel", POLARISED]
    expected = predicted(places)
    apart = max(float(np.abs(found.resistance[k] - expected.resistance[k]).max()) for k in KINDS) / size
    across = max(float(np.abs(found.hall[k] - expected.hall[k]).max()) for k in KINDS) / abs(hall)
    print(f"wall at {len(places)} places: largest error of Delta R {apart:.1%} of that of the Neel wall, "
          f"of V1 - V2 {across:.1%} of that of m = z")  # fmt: skip
    whole = float(np.trapezoid(*carried("Neel", POLARISED)[::-1])) / WIDTH
    print(f"part of P in a Neel wall: {whole:.5f} Ohm, closed form {left_behind(POLARISED):.5f} Ohm")
    if pictures:
        draw(pictures / "domain_wall_cross.png", {k: w[0.0] for k, w in walls.items()}, places, found)
    return Found(
        damping,
        field,
        max(abs(total) for total, _ in errors.values()) / size,
        max(abs(local) for _, local in errors.values()) / size,
        abs(left_behind(POLARISED) / whole - 1),
        apart,
        across,
    )


def wall(kind: str, position: float) -> Callable[[Array], Array]:
    """m at points (n, 3); the position in nm."""

    def m(points: Array) -> Array:
        return profile(kind, points[:, 0] / NM - position)

    return m


def profile(kind: str, s: Array) -> Array:
    """m (n, 3) at distances s [nm] from the middle of the wall."""
    found = np.zeros((len(s), 3))
    found[:, 2], found[:, KINDS[kind]] = np.tanh(s / WALL), 1 / np.cosh(s / WALL)
    return found


def device(shape: Any, m: Any, magnet: Magnet = POLARISED) -> hanle.Device:
    """Pt/Co with the numbers of the library."""
    cobalt = {"like": "Co", "polarisation": magnet.polarisation}
    return hanle.Device(
        shape, {"Pt": "Pt", "Co": cobalt}, magnetisation={"Co": m}, interfaces={"Pt|Co": magnet.interface}
    )


def solved(m: Any, mesh: dict[str, Any], previous: Result | None = None, magnet: Magnet = POLARISED) -> Result:
    """The cross with this magnetisation."""
    shape = hanle.cross(LENGTH * NM, WIDTH * NM, LAYERS, contacts=["Pt", "Co"])
    options: dict[str, Any] = {"previous": previous} if previous else {"mesh_options": mesh}
    return device(shape, m, magnet).solve(current=CURRENT, solver="multigrid", **options)


def film(m: Any, magnet: Magnet = POLARISED) -> Result:
    """The uniform film, without a mesh."""
    return device(hanle.stack(LAYERS), m, magnet).solve()


@cache
def arm_resistance(axis: int, magnet_is_polarised: bool) -> float:
    """R_sq [Ohm] of an arm with m along x, y or z: section (y, z), sides included."""
    magnet = POLARISED if magnet_is_polarised else UNPOLARISED
    return float(
        device(hanle.section(WIDTH * NM, LAYERS), tuple(np.eye(3)[axis]), magnet).solve(order=2).sheet_resistance
    )


def slices(kind: str, magnet: Magnet) -> float:
    """Delta R [Ohm] of a wall in an arm by uniform slices: of film, and what the sides of the arm change."""
    s = WALL * np.linspace(-8, 8, 41)
    sheet = np.array([float(film(tuple(m), magnet).sheet_resistance) for m in profile(kind, s)])
    sides = [arm_resistance(axis, magnet is POLARISED) for axis in (KINDS[kind], 2)]
    sides_change = sides[0] - sides[1] - (sheet[20] - sheet[0])
    return float(np.trapezoid(sheet - sheet[0], s) + 2 * WALL * sides_change) / WIDTH


@cache
def carried(kind: str, magnet: Magnet) -> tuple[Array, Array]:
    """(s [nm], what spin that moves along x adds to R_sq there [Ohm]): per field E_x, to second order in theta and P.

    Unknowns along x: w of Co, uniform over its thickness t, and a, the change of w at the top of Pt, which falls with
    cosh(z/lambda) below. With I = m J + 2 (Re G_mix + Im G_mix m x) w_perp out of Pt, J = g m.(w_Pt - w) and
    w_Pt = S y + a,

        t (sigma_F w' - P sigma_F m)' + m J = t sigma_F [(1 - P^2)/lambda_sf^2 (m.w) m + w_perp/lambda_phi^2]
        L sigma_N a'' - a/Z = I

    and the change of the sheet conductance is theta sigma_N (1 - 1/cosh(d/lambda)) a_y - t P sigma_F m.w'. What the
    field at one place changes at another belongs to both by halves, hence the mean over s and -s.
    """
    s = np.linspace(-15 * WALL, 15 * WALL, 2401)
    m, step = profile(kind, s), (s[1] - s[0]) * NM
    d, lam, sigma_n, p = BELOW * NM, PT.lam, 1 / PT.rho, magnet.polarisation
    thick = ABOVE * NM / CO.rho
    theta = PT.spin_hall_angle.value
    returned = theta * sigma_n * (1 - 1 / np.cosh(d / lam))
    shift = theta * lam * np.tanh(d / 2 / lam)
    total = np.asarray(magnet.interface.G_up) + np.asarray(magnet.interface.G_dn)
    share = (np.asarray(magnet.interface.G_up) - np.asarray(magnet.interface.G_dn)) / total
    through = float(total * (1 - share**2)) * outer(m)
    mixing = complex(magnet.interface.G_mix)
    taken = 2 * mixing.real * (np.eye(3) - outer(m)) + 2 * mixing.imag * cross_matrix(m)
    loss = thick * ((1 - p**2) / CO.lam**2 * outer(m) + (np.eye(3) - outer(m)) / CO.dephasing_length.value**2)
    local = np.block(
        [[loss + through, -through], [-through, through + taken + np.eye(3) * sigma_n * np.tanh(d / lam) / lam]]
    )
    source = np.concatenate([through[..., 1], -(through + taken)[..., 1]], axis=1) * shift
    difference = sp.diags([-1 / step, 1 / step], [0, 1], shape=(len(s) - 1, len(s)))
    depth = (d / 2 + lam / 4 * np.sinh(2 * d / lam)) / np.cosh(d / lam) ** 2
    spread = sp.kron(difference.T @ difference, np.diag([thick] * 3 + [sigma_n * depth] * 3))
    middle = (m[1:] + m[:-1]) / 2
    driven = p * thick * (difference.T @ middle)
    driven[0] += p * thick * m[0] / step
    driven[-1] -= p * thick * m[-1] / step
    here = np.linalg.solve(local, source[..., None])[..., 0]
    source[:, :3] += driven
    there = spsolve((sp.block_diag(list(local)) + spread).tocsc(), source.ravel()).reshape(-1, 6)
    slope = np.einsum("na,na->n", m, np.gradient(there[:, :3], step, axis=0))
    change = returned * (there - here)[:, 4] - p * thick * slope
    return s, -(arm_resistance(2, magnet is POLARISED) ** 2) * (change + change[::-1]) / 2


def left_behind(magnet: Magnet) -> float:
    """Delta R [Ohm] by the spin that a polarised current leaves behind in a wall of either kind: closed form."""
    area, phi = WIDTH * WALL * NM**2, CO.dephasing_length.value
    conducted = ABOVE * NM / CO.rho * (magnet.polarisation * phi) ** 2 * (1 - (phi / WALL / NM) ** 2)
    return float(2 / area * conducted * arm_resistance(2, magnet is POLARISED) ** 2)


def report_wall(kind: str, magnet: Magnet, change: float) -> tuple[float, float]:
    """Delta R of a wall in the arm minus that of slices and carried spin, and minus that of slices alone [Ohm]."""
    local = slices(kind, magnet)
    moved = float(np.trapezoid(*carried(kind, magnet)[::-1])) / WIDTH
    print(f"{kind} wall in the arm, P = {magnet.polarisation:g}: Delta R = {change:+.5f} Ohm; slices {local:+.5f} Ohm, "
          f"spin along x {moved:+.5f} Ohm: {change - local - moved:+.5f} Ohm are left")  # fmt: skip
    return change - local - moved, change - local


@cache
def plan() -> tuple[Array, Array, Array]:
    """(x [nm], area [m^2], k (2, n, 3) [1/m]) in a cross of one sheet: K/I from left to right and from V1 to V2."""
    shape = hanle.cross_plan(LENGTH * NM, WIDTH * NM, region="sheet")
    sheet = hanle.Device(shape, {"sheet": "Cu"})
    mesh = sheet.mesh(sizes={"x": 2 * NM, "y": 2 * NM})
    wirings = ({"left": "1 A/m", "right": "ground"}, {"V1": "1 A/m", "V2": "ground"})
    flows = [sheet.solve(wiring=wiring, mesh=mesh, order=2).current_density("sheet") for wiring in wirings]
    corners = mesh.points[mesh.cells]
    area = np.ptp(corners[..., 0], axis=1) * np.ptp(corners[..., 1], axis=1)
    return flows[0][0][:, 0] / NM, area, np.array([j for _, j in flows])


def predicted(places: Sequence[float] | Array) -> Readings:
    """Delta R and (V1 - V2)/I by perturbation with sheet resistances and `carried`, without a 3D mesh."""
    x, area, flows = plan()
    turned = np.cross([0, 0, 1.0], flows)
    levels = [arm_resistance(axis, True) for axis in range(3)]
    antisymmetric = float(film((0, 0, 1.0)).transverse_sheet_resistance)
    crossed = np.cross(flows[0], flows[1])[:, 2]

    def read(kind: str, place: float, other: int) -> float:
        m = profile(kind, x - place)
        along, across = (np.einsum("na,fna->fn", m, f) for f in (flows, turned))
        symmetric = (levels[0] - levels[2]) * along[0] * along[other]
        symmetric += (levels[1] - levels[2]) * across[0] * across[other]
        symmetric += np.interp(x - place, *carried(kind, POLARISED)) * flows[0][:, 0] * flows[other][:, 0]
        hall = antisymmetric * m[:, 2] * crossed if other else 0.0
        return float(area @ (symmetric + hall))

    both = [{kind: np.array([read(kind, p, other) for p in places]) for kind in KINDS} for other in (0, 1)]
    return Readings(*both)


def far_from_wall(result: Result) -> tuple[float, float]:
    """Relative errors of DL/|j| and FL/|j| in the middle of the right arm, the wall being in the left one."""
    found = result.spin_orbit_torque_map("Co")
    there = (np.abs(found.points[:, 0] / NM + ARM) < 8) & (np.abs(found.points[:, 1]) < 0.3 * WIDTH * NM)
    expected = film((0, 0, 1.0)).spin_orbit_torque("Co").efficiency
    errors = []
    for name, values, wanted in zip(("DL", "FL"), found.efficiency, expected, strict=True):
        errors.append(float(np.abs(values[there] / wanted - 1).max()))
        print(f"far from the wall: 2e/hbar {name}/j = {values[there].mean():.6f} "
              f"(uniform film {float(wanted):.6f}, largest error {errors[-1]:.1e})")  # fmt: skip
    return errors[0], errors[1]


def report_torque(kind: str, result: Result) -> None:
    """Torque in the middle of a wall in the crossing, over that of a uniform film, per current."""
    points, torque = result.torque_map("Co", "Pt|Co")
    away = np.linalg.norm(points[:, :2], axis=1)
    nearest = away < away.min() + 0.1 * NM
    size = np.linalg.norm(torque, axis=1)
    inside = float(np.linalg.norm(result.torque("Co", "Co")) / np.linalg.norm(result.torque("Co")))
    print(f"    |tau| in the middle {1e6 * size[nearest].mean():.4f} uJ/m^2, largest {1e6 * size.max():.4f} uJ/m^2; "
          f"inside Co (current through the wall) {inside:.1%} of the whole torque")  # fmt: skip


def draw(path: Path, middle: dict[str, Result], places: Sequence[float], found: Readings) -> None:
    """Torque over the cross for walls in its middle; resistance and Hall voltage against the position of the wall."""
    from hanle.figures import COLOURS, picture

    with picture(path, size=(7.4, 6.4), overwrite=True) as (figure, save):
        panels = figure.subplots(2, 2, height_ratios=(1.25, 1))
        names = {"Neel": "Néel wall", "Bloch": "Bloch wall"}
        maps = {kind: result.spin_orbit_torque_map("Co") for kind, result in middle.items()}
        largest = 1e6 * max(np.abs(seen.torque[:, 2]).max() for seen in maps.values())
        for axes, (kind, seen) in zip(panels[0], maps.items(), strict=True):
            image = draw_map(axes, seen, largest)
            axes.set_title(names[kind], fontsize=9.5)
        panels[0][1].set_ylabel("")
        figure.colorbar(image, ax=panels[0], shrink=0.85, pad=0.02).set_label("torque on Co $\\tau_z$ (µJ/m²)")
        fine = np.linspace(-65, 65, 131)
        expected = predicted(fine)
        labels = ("$R - R(m = z)$ (mΩ)", "$(V_1 - V_2)/I$ (mΩ)")
        for axes, points, line, label in zip(panels[1], found, expected, labels, strict=True):
            for kind, colour in zip(KINDS, COLOURS, strict=False):
                axes.plot(fine, 1e3 * line[kind], color=colour)
                axes.plot(places, 1e3 * points[kind], "o", color=colour, markersize=4.5, label=f"{names[kind]}, 3D")
            axes.plot([], [], color="0.3", label="from film and section")
            axes.set(xlabel="position of the wall (nm)", ylabel=label, xlim=(fine[0], fine[-1]))
            axes.axvspan(-WIDTH / 2, WIDTH / 2, color="0.93", zorder=0)
        panels[1][0].set_ylim(0, None)
        panels[1][1].legend(fontsize=8)
        for axes, name in zip(panels.ravel(), "abcd", strict=True):
            axes.set_title(f"({name})", loc="left")
        save()


def draw_map(axes: Any, seen: SpinOrbitTorqueMap, largest: float) -> Any:
    """Colours for z facet by facet, arrows in the plane, and where m_z = 0."""
    tau = 1e6 * seen.torque
    image = seen.draw(axes, tau[:, 2], cmap="coolwarm", clim=(-largest, largest))
    points = seen.points[:, :2] / NM
    _, sparse = np.unique((points + WIDTH / 2) // 8, axis=0, return_index=True)
    sparse = sparse[points[sparse, 0] > 2 - LENGTH / 2]
    arrows = axes.quiver(*points[sparse].T, *tau[sparse, :2].T, angles="xy", pivot="mid", width=0.004, scale=90,
                         color="0.1")  # fmt: skip
    axes.quiverkey(arrows, 0.82, 0.9, 5, "5 µJ/m²\nin plane", labelpos="S", fontproperties={"size": 7.5})
    axes.axvline(0, color="0.35", linewidth=0.8, linestyle=(0, (3, 2)))
    return image


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw into this folder")
    main(pictures=parser.parse_args().pictures)
