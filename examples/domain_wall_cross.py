"""A domain wall in a Pt/Co cross: map of the spin-orbit torque, resistance and Hall voltage.

Pt 4 nm below Co 1 nm in the form of a cross, current along x. The magnetisation is +-z with a wall at x = X,

    m_z = tanh(s/w),   Neel wall: m_x = 1/cosh(s/w),   Bloch wall: m_y = 1/cosh(s/w),   s = x - X.

The spin current of Pt turns m by tau = DL (y - m (m.y)) + FL m x y per area, where y stands for z x j/|j|; the map is
split so at every place. Far from the wall DL and FL over the local current density have to be those of a uniform film,
which the exact engine gives without a mesh. Where the wall is, a Neel wall feels all of DL (m is normal to y), a Bloch
wall none in its middle (m is along y).

The resistance of Pt/Co depends on m along x (anisotropic magnetoresistance of Co) and along y (spin absorbed at the
interface). A wall in an arm is read against films in parallel slices,

    Delta R = 1/W int [R_sq(m(x)) - R_sq(z)] dx,      W width of the arm,

which holds if Co conducts both spins alike (P = 0). A polarised current adds to walls of either kind the spin that it
piles up where m turns, since the wall is narrower than the diffusion length of Co. The transverse voltage V1 - V2
(anomalous Hall) tells on which side of the crossing the wall is.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import hanle
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.observables import torque_parts
from hanle.pde.tensors import Array, unit
from hanle.results import Result

NM = 1e-9
LENGTH, WIDTH, WALL = 160.0, 40.0, 8.0  # [nm]
ARM = -50.0  # middle of the left arm [nm]
CURRENT = 1e-4  # [A]
LAYERS = [("Pt", "4 nm"), ("Co", "1 nm")]
#: Order of magnitude of Co|Cu and Co|Pt (circuit theory): G_up, G_dn, mixing conductance [S/m^2].
MIXING = 0.6e15 - 0.06e15j
POLARISED = ("Co", hanle.Circuit(1.2e15, 0.5e15, MIXING))
UNPOLARISED = ({"like": "Co", "polarisation": 0}, hanle.Circuit(0.85e15, 0.85e15, MIXING))
MESH = {
    "cells_per_length": 3,
    "growth": 1.6,
    "lateral": "uniform",
    "sizes": {"x": 4 * NM, "y": 8 * NM},
}
KINDS = {"Neel": 0, "Bloch": 1}
#: |m x y| below which the two parts of the torque cannot be told apart.
SEEN = 0.2


class Found(NamedTuple):
    """What is compared."""

    damping: float  #: error of DL/|j| far from the wall against the uniform film, relative
    field: float  #: the same of FL/|j|
    neel: float  #: P = 0: Delta R of a Neel wall minus that of slices, over the latter
    bloch: float  #: the same of a Bloch wall, over Delta R of the Neel wall
    piled: float  #: what P adds to the Neel wall over what it adds to the Bloch wall
    hall: tuple[float, ...]  #: V1 - V2 with the wall in the left arm and in the middle, over that of m = z


class Map(NamedTuple):
    """Torque through the interface."""

    points: Array  #: (n, 3) [m]
    torque: Array  #: (n, 3) [J/m^2]
    damping: Array  #: (n,) 2e/hbar DL/|j|; NaN where m is along y
    field: Array  #: (n,) 2e/hbar FL/|j|


def main(mesh: dict[str, Any] | None = None, pictures: Path | None = None) -> Found:
    """Solve the uniform cross, and walls in the left arm and in the middle."""
    chosen = mesh or MESH
    uniform = solved((0, 0, 1.0), chosen)
    arm = {kind: solved(wall(kind, ARM), chosen, uniform) for kind in KINDS}
    middle = {kind: solved(wall(kind, 0.0), chosen, uniform) for kind in KINDS}
    damping, field = far_from_wall(arm["Bloch"])
    hall = float(uniform.terminal_voltage("V1", "V2"))
    print(f"m = z: R = {float(uniform.resistance()):.4f} Ohm, V1 - V2 = {1e6 * hall:.4f} uV")
    plain = solved((0, 0, 1.0), chosen, magnet=UNPOLARISED)
    alike, piled = {}, {}
    expected = {kind: (slices(axis, POLARISED), slices(axis, UNPOLARISED)) for kind, axis in KINDS.items()}
    for kind, (local, local_alike) in expected.items():
        change = float(arm[kind].resistance() - uniform.resistance())
        without = float(solved(wall(kind, ARM), chosen, plain, UNPOLARISED).resistance() - plain.resistance())
        alike[kind], piled[kind] = without - local_alike, change - local
        print(f"{kind} wall in the arm: Delta R = {change:+.4f} Ohm, slices {local:+.4f} Ohm; "
              f"P = 0: {without:+.4f} Ohm, slices {local_alike:+.4f} Ohm")  # fmt: skip
        hall_here = [1e6 * float(r[kind].terminal_voltage("V1", "V2")) for r in (arm, middle)]
        print(f"    V1 - V2 = {hall_here[0]:+.4f} uV, {hall_here[1]:+.4f} uV with the wall in the middle")
        report_torque(kind, middle[kind])
    size = expected["Neel"][1]
    print(f"spin piled up: {piled['Neel']:.4f} Ohm (Neel), {piled['Bloch']:.4f} Ohm (Bloch); "
          f"P = 0: {alike['Neel']:.4f} Ohm, {alike['Bloch']:.4f} Ohm are left")  # fmt: skip
    if pictures:
        draw(pictures / "domain_wall_cross.png", middle)
    return Found(
        damping,
        field,
        abs(alike["Neel"] / size),
        abs(alike["Bloch"] / size),
        piled["Neel"] / piled["Bloch"],
        tuple(float(r["Neel"].terminal_voltage("V1", "V2")) / hall for r in (arm, middle)),
    )


def wall(kind: str, position: float) -> Callable[[Array], Array]:
    """m at points (n, 3); the position in nm."""

    def m(points: Array) -> Array:
        s = (points[:, 0] / NM - position) / WALL
        found = np.zeros((len(points), 3))
        found[:, 2], found[:, KINDS[kind]] = np.tanh(s), 1 / np.cosh(s)
        return found

    return m


def device(shape: Any, m: Any, magnet: tuple[Any, hanle.Circuit] = POLARISED) -> hanle.Device:
    """Pt/Co with the numbers of the library; `magnet`: Co and its interface."""
    return hanle.Device(
        shape, {"Pt": "Pt", "Co": magnet[0]}, magnetisation={"Co": m}, interfaces={"Pt|Co": magnet[1]}
    )


def solved(
    m: Any,
    mesh: dict[str, Any],
    previous: Result | None = None,
    magnet: tuple[Any, hanle.Circuit] = POLARISED,
) -> Result:
    """The cross with this magnetisation."""
    shape = hanle.cross(LENGTH * NM, WIDTH * NM, LAYERS, contacts=["Pt", "Co"])
    options: dict[str, Any] = {"previous": previous} if previous else {"mesh_options": mesh}
    return device(shape, m, magnet).solve(current=CURRENT, **options)


def film(m: Any, magnet: tuple[Any, hanle.Circuit] = POLARISED) -> Result:
    """The uniform film, without a mesh."""
    return device(hanle.stack(LAYERS), m, magnet).solve()


def slices(axis: int, magnet: tuple[Any, hanle.Circuit]) -> float:
    """Delta R [Ohm] of a wall whose middle is along `axis`, by films in slices across the arm."""
    s = WALL * np.linspace(-8, 8, 41)
    m = np.zeros((len(s), 3))
    m[:, 2], m[:, axis] = np.tanh(s / WALL), 1 / np.cosh(s / WALL)
    sheet = np.array([float(film(tuple(direction), magnet).sheet_resistance) for direction in m])
    return float(np.trapezoid(sheet - sheet[0], s) / WIDTH)


def torque_map(result: Result) -> Map:
    """Torque through the interface, split by the direction of the current below it, over its density in Pt."""
    points, torque = result.torque_map("Co", "Pt|Co")
    current = current_below(result, points)
    size = np.linalg.norm(current, axis=1)
    m = result.device.conditions.magnetisation_at("Co", points)
    m = np.broadcast_to(m, points.shape)
    axis = unit(np.cross([0, 0, 1.0], current))
    seen = np.linalg.norm(np.cross(m, axis), axis=1) > SEEN
    parts = np.full((2, len(points)), np.nan)
    parts[:, seen] = torque_parts(torque[seen], m[seen], axis[seen])
    damping, field = 2 * E_CHARGE / HBAR * parts / size
    return Map(points, torque, damping, field)


def current_below(result: Result, points: Array) -> Array:
    """Mean current density (n, 3) over the thickness of Pt below points of the interface [A/m^2]."""
    mesh = result.mesh
    height = np.ptp(mesh.points[mesh.cells[mesh.region_cells("Pt")]][..., 2], axis=1)  # type: ignore[union-attr]
    centres, j = result.current_density("Pt")

    def columns(where: Array) -> list[tuple[int, int]]:
        return [tuple(place) for place in np.round(where[:, :2] / (1e-3 * NM)).astype(int).tolist()]

    number = {place: k for k, place in enumerate(columns(points))}
    row = np.array([number[place] for place in columns(centres)])
    total = np.stack([np.bincount(row, height * j[:, a], len(points)) for a in range(3)], axis=1)
    return total / np.bincount(row, height, len(points))[:, None]


def far_from_wall(result: Result) -> tuple[float, float]:
    """Relative errors of DL/|j| and FL/|j| in the middle of the right arm, the wall being in the left one."""
    found = torque_map(result)
    there = (np.abs(found.points[:, 0] / NM + ARM) < 8) & (np.abs(found.points[:, 1]) < 0.3 * WIDTH * NM)
    expected = film((0, 0, 1.0)).spin_orbit_torque("Co").efficiency
    errors = []
    for name, values, wanted in zip(("DL", "FL"), (found.damping, found.field), expected, strict=True):
        errors.append(float(np.abs(values[there] / wanted - 1).max()))
        print(f"far from the wall: 2e/hbar {name}/j = {values[there].mean():.6f} "
              f"(uniform film {float(wanted):.6f}, largest error {errors[-1]:.1e})")  # fmt: skip
    return errors[0], errors[1]


def report_torque(kind: str, result: Result) -> None:
    """Torque in the middle of a wall in the crossing, over that of a uniform film, per current."""
    found = torque_map(result)
    away = np.linalg.norm(found.points[:, :2], axis=1)
    nearest = away < away.min() + 0.1 * NM
    size = np.linalg.norm(found.torque, axis=1)
    inside = float(np.linalg.norm(result.torque("Co", "Co")) / np.linalg.norm(result.torque("Co")))
    print(f"    |tau| in the middle {1e6 * size[nearest].mean():.4f} uJ/m^2, largest {1e6 * size.max():.4f} uJ/m^2; "
          f"inside Co (current through the wall) {inside:.1%} of the whole torque")  # fmt: skip


def draw(path: Path, results: dict[str, Result]) -> None:
    """Torque over the cross: arrows in the plane, colours for z."""
    from hanle.figures import picture

    with picture(path, size=(7.6, 3.9), overwrite=True) as (figure, save):
        maps = {kind: torque_map(result) for kind, result in results.items()}
        largest = 1e6 * max(np.abs(found.torque[:, 2]).max() for found in maps.values())
        panels = figure.subplots(1, 2, sharey=True)
        for axes, (kind, found) in zip(panels, maps.items(), strict=True):
            x, y = found.points[:, :2].T / NM
            tau = 1e6 * found.torque
            image = axes.tripcolor(*triangles(x, y), tau[:, 2], cmap="coolwarm", vmin=-largest, vmax=largest,
                                   shading="gouraud", rasterized=True)  # fmt: skip
            columns = np.unique(np.round(x, 3))
            shown = np.isin(np.round(x, 3), columns[len(columns) % 2 :: 2])
            axes.quiver(x[shown], y[shown], tau[shown, 0], tau[shown, 1], angles="xy", pivot="mid", width=0.0035,
                        scale=16 * np.abs(tau).max(), color="0.1")  # fmt: skip
            axes.set_aspect("equal")
            axes.set(
                xlabel="x (nm)", title=f"{kind.replace('e', 'é', 1) if kind == 'Neel' else kind} wall at x = 0"
            )
        panels[0].set_ylabel("y (nm)")
        bar = figure.colorbar(image, ax=panels, orientation="horizontal", aspect=40, shrink=0.5)
        bar.set_label("torque on Co: colour $\\tau_z$ (µJ/m²), arrows in the plane")
        save()


def triangles(x: Array, y: Array) -> tuple[Any, ...]:
    """Triangles between the centres of facets, without those across the corners of the cross."""
    from matplotlib.tri import Triangulation

    mesh = Triangulation(x, y)
    for v in (x, y):
        step = np.diff(np.unique(np.round(v, 3))).max()
        mesh.set_mask(
            (np.ptp(v[mesh.triangles], axis=1) > 1.6 * step) | (False if mesh.mask is None else mesh.mask)
        )
    return (mesh,)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw into this folder")
    main(pictures=parser.parse_args().pictures)
