"""A nonlocal spin valve of permalloy and copper: the 1D formula against devices with real contacts.

Two permalloy strips F1, F2 cross a copper channel, their centres L apart. A current I from the end of F1 to the left
end of the channel injects spin, and the voltage of F2 against the right end detects it. Reversing F2 changes the sign
of the spin signal R = (V_P - V_AP)/2I and leaves the background (V_P + V_AP)/2I. Compared are, with the same numbers,

    1D  Takahashi and Maekawa, 2003 (contacts are points, for a channel with closed ends), from transparent to tunnel,
    2D  the section along the channel, each strip contacted on its whole top,
    3D  strips that reach over the channel and are contacted at their ends.

Tunnel contacts let the current spread: all three agree within a per cent. Transparent ones differ. (1) Width: spin that
enters through a strip narrower than the channel is thick meets a spreading resistance and returns, which lowers the
signal; wide strips face each other at less than L, which raises it. (2) Crowding: permalloy has ten times the
resistivity of copper, so that most of the current drops into the channel at its edge and the spin piles up there.
(3) Both also change what the detector absorbs. The background, 0 in 1D, is charge current that spreads below F1.
With this mesh transparent signals in 3D are 3 % below those of one twice as fine; the ratio 3D over 2D moves by 1 %.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import hanle
from hanle.materials.load import material
from hanle.pde.closed_forms.channels import transverse_length
from hanle.pde.closed_forms.nonlocal_valve import Channel, magnetic_contact, nonlocal_resistance
from hanle.pde.constants import HBAR, MU_B
from hanle.pde.observables import deposits
from hanle.pde.tensors import Array
from hanle.results import Result

NM = 1e-9
WIDTH, CHANNEL_WIDTH, CHANNEL_THICKNESS, THICKNESS = 100.0, 100.0, 80.0, 30.0  # [nm]
OVERHANG, LEAD = 60.0, 500.0  # of the strips, and from the middle of a strip to the end of the channel [nm]
POLARISATION = 0.4  # of strips and contacts, as lateral valves give at 300 K
COPPER: Any = material("Cu", "Cu")
PERMALLOY: Any = material("Py", "Py")
MATERIALS: dict[str, Any] = {
    "Cu": "Cu",
    "F1": {"like": "Py", "polarisation": POLARISATION, "anisotropy": 0},
    "F2": {"like": "Py", "polarisation": POLARISATION, "anisotropy": 0},
}
#: Contact resistances [Ohm m^2]; 0 is transparent.
LINES = (0.0, 1e-15, 1e-14, 1e-13)
TUNNEL = 1e-13
DISTANCES = np.linspace(150, 900, 11)  # [nm]
WIDTHS = (25.0, 50.0, 100.0, 200.0)  # of the strips [nm]
#: 3D, transparent contacts: fine at the edges, where the current enters; 2D: the same and finer.
SOLID = {"cells_per_length": 3, "growth": 2.0, "lateral_cells_per_length": 3, "lateral_growth": 4.0}
SECTION = {"cells_per_length": 6, "growth": 1.4, "lateral_cells_per_length": 6, "lateral_growth": 1.6}
#: 3D, tunnel contacts: nothing is crowded.
EVEN = {"cells_per_length": 3, "growth": 2.0, "lateral": "uniform", "sizes": {"x": 25 * NM, "y": 25 * NM}}


class Found(NamedTuple):
    """Ratios of spin signals."""

    tunnel: float  #: 3D over 1D, tunnel contacts
    transparent: float  #: 3D over 1D, transparent contacts
    crowding: float  #: 3D over 2D on equal meshes, transparent contacts
    narrow: float  #: 2D over 1D, transparent contacts, narrowest strips
    wide: float  #: the same, widest strips
    hanle: float  #: largest deviation of the 3D Hanle curve from the 1D one, relative to its value at B = 0
    entering: float  #: part of the current that enters in the fifth of the channel nearest to the contact


class Signal(NamedTuple):
    """What the two states of a valve tell [Ohm]."""

    spin: float
    background: float
    parallel: Result


def main(
    separations: Sequence[float] = (200.0, 300.0, 600.0),
    fields: Sequence[float] = (0.0, 0.2, 0.4, 0.7, 1.0, 1.4),
    solid: dict[str, Any] | None = None,
    pictures: Path | None = None,
) -> Found:
    """Solve valves; `separations` [nm] and `fields` [T] are those of 3D, `solid` replaces its mesh options."""
    mesh, middle = solid or SOLID, separations[len(separations) // 2]
    spatial = {(0.0, L): signal(L, 0.0, mesh) for L in separations}
    spatial |= {(TUNNEL, L): signal(L, TUNNEL, EVEN) for L in separations}
    flat = {(ra, L): signal(L, ra, SECTION, flat=True).spin for ra in LINES for L in (middle, DISTANCES[-1])}
    for (ra, L), found in spatial.items():
        report(L, ra, found)
    for ra in LINES:
        print(f"R_c = {ra:g} Ohm m^2: 2D over 1D {flat[ra, middle] / line(middle, ra):.4f} at {middle:g} nm, "
              f"{flat[ra, DISTANCES[-1]] / line(DISTANCES[-1], ra):.4f} at {DISTANCES[-1]:g} nm")  # fmt: skip
    widths = [
        float(signal(middle, 0.0, SECTION, flat=True, width=w).spin / line(middle, 0.0, width=w)) for w in WIDTHS
    ]
    print("transparent strips " + ", ".join(f"{w:g} nm wide: {r:.3f}" for w, r in zip(WIDTHS, widths, strict=True))
          + " (2D over 1D)")  # fmt: skip
    transparent = spatial[0.0, middle]
    crowding = transparent.spin / signal(middle, 0.0, in_section(mesh), flat=True).spin
    entering = entering_at_edge(transparent.parallel)
    print(f"{entering:.1%} of the current enters the fifth of the channel nearest to the contact: "
          f"3D over 2D {crowding:.3f}")  # fmt: skip
    curve = hanle_curve(separations[-1], fields)
    expected = line(separations[-1], TUNNEL, np.asarray(fields))
    deviation = float(np.abs(curve - expected).max() / abs(expected[0]))
    for b, r, e in zip(fields, curve, expected, strict=True):
        print(f"B = {b:.2f} T: {1e3 * r:+.4f} mOhm in 3D, {1e3 * e:+.4f} mOhm in 1D")
    print(f"Hanle curve at {separations[-1]:g} nm: largest deviation {deviation:.1e} of the value at B = 0")
    if pictures:
        transparent.parallel.show(
            path=str(pictures / "lateral_valve_3d.png"),
            component="y",
            arrows=False,
            title="1 mA from F1 to the left",
            overwrite=True,
        )
        draw(pictures / "lateral_valve.png", spatial, widths, fields, curve, separations[-1])
    return Found(
        tunnel=spatial[TUNNEL, middle].spin / float(line(middle, TUNNEL)),
        transparent=transparent.spin / float(line(middle, 0.0)),
        crowding=crowding,
        narrow=float(widths[0]),
        wide=float(widths[-1]),
        hanle=deviation,
        entering=entering,
    )


def valve(
    distance: float, resistance: float, sign: int, *, flat: bool = False, width: float = WIDTH, field: float = 0.0
) -> hanle.Device:
    """The device: lengths in nm, R_c in Ohm m^2, F2 along sign y, B along z [T]."""
    solid = {} if flat else {"width": CHANNEL_WIDTH * NM, "overhang": OVERHANG * NM}
    strips = [(f, x * NM, width * NM, THICKNESS * NM) for f, x in (("F1", -distance / 2), ("F2", distance / 2))]
    shape = hanle.strips((distance + 2 * LEAD) * NM, [("Cu", CHANNEL_THICKNESS * NM)], strips, **solid)  # type: ignore[arg-type]
    # The least mixing conductance that contacts with these channels can have.
    contact = hanle.Circuit.from_resistance(resistance, POLARISATION, 0.5 / resistance) if resistance else "continuous"
    return hanle.Device(
        shape,
        MATERIALS,
        field=(0, 0, field),
        magnetisation={"F1": (0, 1, 0), "F2": (0, sign, 0)},
        interfaces={"Cu|F1": contact, "Cu|F2": contact},
    )


def in_section(mesh: dict[str, Any]) -> dict[str, Any]:
    """The options of a 3D mesh for the section (x, z)."""
    return {**mesh, "sizes": {axis: size for axis, size in mesh.get("sizes", {}).items() if axis != "y"}}


def voltage(device: hanle.Device, mesh: dict[str, Any], previous: Result | None = None) -> tuple[float, Result]:
    """V/I [Ohm] of the detector."""
    flat = len(device.shape.axes) == 2
    drive = {"F1": f"{1e-3 / (CHANNEL_WIDTH * NM)} A/m" if flat else "1 mA", "left": "ground"}
    options = {} if previous else {"mesh_options": mesh}
    result = device.solve(wiring=drive, previous=previous, **options)
    found = float(result.resistance("F2", "right"))
    return found / (CHANNEL_WIDTH * NM) if flat else found, result


def signal(
    distance: float, resistance: float, mesh: dict[str, Any], *, flat: bool = False, width: float = WIDTH
) -> Signal:
    """Both states at B = 0."""
    parallel, result = voltage(valve(distance, resistance, 1, flat=flat, width=width), mesh)
    antiparallel, _ = voltage(valve(distance, resistance, -1, flat=flat, width=width), mesh, result)
    return Signal((parallel - antiparallel) / 2, (parallel + antiparallel) / 2, result)


def hanle_curve(distance: float, fields: Sequence[float]) -> Array:
    """Spin signal [Ohm] of tunnel contacts at these fields."""
    background = signal(distance, TUNNEL, EVEN).background
    return np.array([voltage(valve(distance, TUNNEL, 1, field=b), EVEN)[0] - background for b in fields])


def line(distance: Any, resistance: float, field: Any = 0.0, width: float = WIDTH) -> Array:
    """The 1D formula [Ohm]."""
    area = width * CHANNEL_WIDTH * NM**2
    across = transverse_length(COPPER.lam, 2 * MU_B * np.asarray(field) / HBAR, COPPER.D)
    lead = LEAD * NM
    channel = Channel(
        COPPER.rho, CHANNEL_WIDTH * CHANNEL_THICKNESS * NM**2, np.asarray(distance) * NM, COPPER.lam, across,
        left=lead, right=lead,
    )  # fmt: skip
    mixing = area / resistance if resistance else None
    strip = PERMALLOY.rho * PERMALLOY.lam / area
    contact = magnetic_contact((0, 1, 0), resistance / area, POLARISATION, strip, POLARISATION, mixing)
    return nonlocal_resistance(channel, contact, contact)


def absorbed(found: Signal) -> float:
    """Part of P I that is lost in F2."""
    lost = deposits(found.parallel.solution, only="F2")["lattice"][0, 1]
    return float(abs(lost) / (POLARISATION * 1e-3))


def absorbed_in_line(distance: float, resistance: float) -> float:
    """The same in 1D: g w_2/(P I) with w_2 = V/P."""
    area = WIDTH * CHANNEL_WIDTH * NM**2
    along = (1 - POLARISATION**2) * area / (resistance + PERMALLOY.rho * PERMALLOY.lam)
    return float(along * line(distance, resistance) / POLARISATION**2)


def entering_at_edge(result: Result) -> float:
    """Part of the current into the channel that enters in the fifth nearest to the contact of F1."""
    mesh = result.mesh
    corners = mesh.points[mesh.cells[mesh.region_cells("F1")]]  # type: ignore[union-attr]
    points, j = result.current_density("F1")
    lowest = (points[:, 2] < points[:, 2].min() * (1 + 1e-9)) & (np.abs(points[:, 1]) < CHANNEL_WIDTH / 2 * NM)
    flow = (np.ptp(corners[..., 0], axis=1) * np.ptp(corners[..., 1], axis=1) * j[:, 2])[lowest]
    near = points[lowest, 1] > 0.3 * CHANNEL_WIDTH * NM
    return float(flow[near].sum() / flow.sum())


def report(distance: float, resistance: float, found: Signal) -> None:
    """One 3D valve against 1D."""
    expected = float(line(distance, resistance))
    print(f"{distance:g} nm, R_c = {resistance:g} Ohm m^2: R = {1e3 * found.spin:.4f} mOhm in 3D, "
          f"{1e3 * expected:.4f} mOhm in 1D (ratio {found.spin / expected:.4f}), "
          f"background {1e3 * found.background:.4f} mOhm")  # fmt: skip
    print(f"    F2 absorbs {absorbed(found):.3%} of P I (1D {absorbed_in_line(distance, resistance):.3%})")


def draw(
    path: Path,
    spatial: dict[tuple[float, float], Signal],
    widths: Sequence[float],
    fields: Sequence[float],
    curve: Array,
    distance: float,
) -> None:
    """Against separation, against the width of the strips, Hanle curve."""
    from hanle.figures import COLOURS, picture

    with picture(path, size=(7.6, 3.0), overwrite=True) as (figure, save):
        far, wide, turning = figure.subplots(1, 3, width_ratios=(1.3, 0.8, 1.1))
        x = np.linspace(DISTANCES[0], DISTANCES[-1], 100)
        for ra, colour in zip(LINES, COLOURS, strict=False):
            words = f"{1e15 * ra:g} fΩ m²" if ra else "transparent"
            far.plot(x, 1e3 * line(x, ra), color=colour, label=words)
            points = [(L, 1e3 * s.spin) for (r, L), s in spatial.items() if r == ra]
            far.plot(*np.array(points).reshape(-1, 2).T, "o", color=colour, markersize=4.5)
            flat = [1e3 * signal(L, ra, SECTION, flat=True).spin for L in DISTANCES[::2]]
            far.plot(DISTANCES[::2], flat, "x", color=colour, markersize=4.5)
        far.plot([], [], "kx", markersize=4.5, label="2D")
        far.plot([], [], "ko", markersize=4.5, label="3D")
        far.set(yscale="log", xlabel="separation (nm)", ylabel="spin signal (mΩ)")
        far.set_ylim(0.08, 900)
        far.legend(fontsize=7.5, ncols=2, labelspacing=0.25, handlelength=1.4, columnspacing=1)
        wide.plot(WIDTHS, widths, "x-", color=COLOURS[0])
        wide.axhline(1, color="0.6", linewidth=0.8)
        wide.set(xlim=(0, 1.1 * WIDTHS[-1]), xlabel="strip width (nm)", ylabel="2D over 1D, transparent")
        b = np.linspace(0, fields[-1], 200)
        turning.plot(b, 1e3 * line(distance, TUNNEL, b), color=COLOURS[3], label="1D")
        turning.plot(fields, 1e3 * curve, "o", color=COLOURS[3], markersize=4.5, label="3D")
        turning.axhline(0, color="0.6", linewidth=0.8)
        turning.set(xlabel="magnetic field $B_z$ (T)", ylabel="spin signal (mΩ)")
        turning.legend(title=f"{1e15 * TUNNEL:g} fΩ m², {distance:g} nm")
        for axes, name in zip((far, wide, turning), "abc", strict=True):
            axes.set_title(f"({name})", loc="left")
        save()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw into this folder")
    main(pictures=parser.parse_args().pictures)
