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
(3) Both also change what the detector absorbs. A channel as thick as lambda is no line for any contact. The background,
0 in 1D, is charge current that spreads below F1.

The current is singular where an edge of permalloy lies on copper, so cells are small on both sides of such edges
(`corners`) and of second order. Over 1D at 300 nm, for R_c = 0, 1, 10 and 100 fOhm m^2:

    2D    0.973    0.977    0.995    1.005    (+- 2e-4 by the mesh)
    3D    0.890    0.962    0.994    1.005    (the first +- 0.003)

The first of 3D is 0.8837, 0.8874 and 0.8895 with cells of relative size 1.5, 1 and 0.5 (500 000 unknowns), which falls
like the square. The spin accumulation at the contact of F1 in the picture is that of a contact which no spin passes; it
decays within permalloy.
"""

import argparse
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import hanle
from hanle.materials.load import material
from hanle.meshes.coarse import CoarseMeshWarning
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
RESISTANCES = np.logspace(-16, -13, 10)
#: Separations of what is compared, and of Hanle curves [nm].
MIDDLE, FAR = 300.0, 600.0
DISTANCES = np.linspace(150, 900, 11)  # [nm]
WIDTHS = (25.0, 50.0, 75.0, 100.0, 150.0, 200.0)  # of the strips [nm]
THICKNESSES = (25.0, 50.0, 100.0, 150.0, 200.0, 300.0)  # of the channel [nm]
#: At 3 cells per decay length of permalloy, 3.6 nm, and of second order.
SOLID = {"cells_per_length": 3, "growth": 4.0, "lateral_cells_per_length": 3, "lateral_growth": 8.0, "corners": True,
         "sizes": {"x": 120 * NM, "y": 25 * NM}}  # fmt: skip
SECTION = {"cells_per_length": 3, "growth": 1.6, "lateral_cells_per_length": 3, "lateral_growth": 2.0,
           "corners": True}  # fmt: skip
#: 3D, tunnel contacts: nothing is crowded.
EVEN = {"cells_per_length": 3, "growth": 4.0, "lateral": "uniform", "sizes": {"x": 50 * NM, "y": 50 * NM}}
#: By how much meshes differ that are compared, and the order with which their errors fall.
FINER, ORDER = 1.5, 2.0


class Found(NamedTuple):
    """Ratios of spin signals."""

    tunnel: float  #: 3D over 1D, tunnel contacts
    transparent: float  #: 3D over 1D, transparent contacts
    error: float  #: of the latter by its mesh, estimated
    section: float  #: 2D over 1D, transparent contacts
    section_error: float  #: of the latter
    narrow: float  #: 2D over 1D, transparent contacts, narrowest strips
    wide: float  #: the same, widest strips
    thick: float  #: 2D over 1D, tunnel contacts, thickest channel
    hanle: float  #: largest deviation of the 3D Hanle curve of tunnel contacts from 1D, over the value at B = 0
    hanle_section: float  #: the same of transparent contacts in 2D
    entering: float  #: part of the current that enters in the fifth of the channel nearest to the contact


class Signal(NamedTuple):
    """What the two states of a valve tell [Ohm]."""

    spin: float
    background: float
    parallel: Result


class Curves(NamedTuple):
    """What is drawn: spin signals over 1D, and Hanle curves over their 1D value at B = 0."""

    spatial: dict[tuple[float, float], Signal]  #: (R_c, L) -> 3D
    contacts: Array  #: 2D at RESISTANCES
    widths: dict[float, Array]  #: R_c -> 2D at WIDTHS
    thicknesses: dict[float, Array]  #: R_c -> 2D at THICKNESSES
    fields: Array
    hanle: dict[float, Array]  #: R_c -> 2D for 0, 3D for TUNNEL


def main(
    valves: Sequence[tuple[float, float]] = ((1e-15, 300.0),),
    fields: Sequence[float] = (0.0, 0.2, 0.4, 0.7, 1.0, 1.4),
    solid: dict[str, Any] | None = None,
    fine: bool = False,
    pictures: Path | None = None,
) -> Found:
    """Solve valves.

    Args:
        valves: (R_c, L [nm]) of those in 3D besides (0, 300), (TUNNEL, 300) and (TUNNEL, 600).
        fields: of Hanle curves [T].
        solid: mesh options in 3D for contacts that are no tunnel contacts.
        fine: compare with a mesh twice as fine, not with a coarser one, and solve more valves.
    """
    mesh = solid or SOLID
    wanted = {*valves, (0.0, MIDDLE), (TUNNEL, MIDDLE), (TUNNEL, FAR)}
    if fine:
        wanted |= {(ra, MIDDLE) for ra in LINES} | {(0.0, L) for L in (200.0, 600.0)}
    spatial = {(ra, L): signal(L, ra, EVEN if ra >= TUNNEL else mesh) for ra, L in sorted(wanted)}
    for (ra, L), found in spatial.items():
        report(L, ra, found)
    other = refined(mesh, 2.0 if fine else 1 / FINER)
    both = [found.spin / float(line(MIDDLE, 0.0)) for found in (spatial[0.0, MIDDLE], signal(MIDDLE, 0.0, other))]
    limit, error = extrapolated(both if fine else both[::-1], 2.0 if fine else FINER, "3D")
    flat = [ratio(MIDDLE, 0.0, refined(SECTION, k)) for k in (1.0, FINER)]
    flat_limit, flat_error = extrapolated(flat, FINER, "2D")
    curves = Curves(
        spatial,
        np.array([ratio(MIDDLE, ra) for ra in RESISTANCES]),
        {ra: np.array([ratio(MIDDLE, ra, width=w) for w in WIDTHS]) for ra in (0.0, TUNNEL)},
        {ra: np.array([ratio(MIDDLE, ra, thickness=t) for t in THICKNESSES]) for ra in (0.0, TUNNEL)},
        np.asarray(fields),
        {
            0.0: hanle_curve(0.0, fields, signal(FAR, 0.0, SECTION, flat=True), flat=True),
            TUNNEL: hanle_curve(TUNNEL, fields, spatial[TUNNEL, FAR]),
        },
    )
    entering = entering_at_edge(spatial[0.0, MIDDLE].parallel)
    deviations = report_curves(curves, entering)
    if pictures:
        spatial[0.0, MIDDLE].parallel.show(
            path=str(pictures / "lateral_valve_3d.png"),
            component="y",
            arrows=False,
            title="1 mA from F1 to the left",
            overwrite=True,
        )
        draw(pictures / "lateral_valve.png", curves, limit, error)
    return Found(
        tunnel=spatial[TUNNEL, MIDDLE].spin / float(line(MIDDLE, TUNNEL)),
        transparent=limit,
        error=error,
        section=flat_limit,
        section_error=flat_error,
        narrow=float(curves.widths[0.0][0]),
        wide=float(curves.widths[0.0][-1]),
        thick=float(curves.thicknesses[TUNNEL][-1]),
        hanle=deviations[TUNNEL],
        hanle_section=deviations[0.0],
        entering=entering,
    )


def refined(mesh: dict[str, Any], factor: float) -> dict[str, Any]:
    """Mesh options with cells smaller by `factor` everywhere."""
    changed: dict[str, Any] = {key: mesh[key] * factor for key in ("cells_per_length", "lateral_cells_per_length")}
    changed |= {key: mesh[key] ** (1 / factor) for key in ("growth", "lateral_growth")}
    sizes = mesh.get("sizes", {"x": 50 * NM, "z": 20 * NM})
    return {**mesh, **changed, "sizes": {axis: size / factor for axis, size in sizes.items()}}


def extrapolated(values: Sequence[float], factor: float, name: str) -> tuple[float, float]:
    """The limit of ratios on two meshes, cells smaller by `factor` in the second, and what extrapolation adds to it."""
    coarse, last = values
    added = (last - coarse) / (factor**ORDER - 1)
    print(f"transparent, {MIDDLE:g} nm, {name} over 1D on two meshes: {coarse:.5f}, {last:.5f}; "
          f"limit {last + added:.5f} +- {abs(added):.5f}")  # fmt: skip
    return last + added, abs(added)


def valve(
    distance: float,
    resistance: float,
    sign: int,
    *,
    flat: bool = False,
    width: float = WIDTH,
    thickness: float = CHANNEL_THICKNESS,
    field: float = 0.0,
) -> hanle.Device:
    """The device: lengths in nm, R_c in Ohm m^2, F2 along sign y, B along z [T]."""
    solid = {} if flat else {"width": CHANNEL_WIDTH * NM, "overhang": OVERHANG * NM}
    strips = [(f, x * NM, width * NM, THICKNESS * NM) for f, x in (("F1", -distance / 2), ("F2", distance / 2))]
    shape = hanle.strips((distance + 2 * LEAD) * NM, [("Cu", thickness * NM)], strips, **solid)  # type: ignore[arg-type]
    # The least mixing conductance that contacts with these channels can have.
    contact = (
        hanle.Circuit.from_resistance(resistance, POLARISATION, 0.5 / resistance) if resistance else "continuous"
    )
    return hanle.Device(
        shape,
        MATERIALS,
        field=(0, 0, field),
        magnetisation={"F1": (0, 1, 0), "F2": (0, sign, 0)},
        interfaces={"Cu|F1": contact, "Cu|F2": contact},
    )


def voltage(device: hanle.Device, on: dict[str, Any] | Result) -> tuple[float, Result]:
    """V/I [Ohm] of the detector, on a mesh with these options or on that of an earlier result."""
    flat = len(device.shape.axes) == 2
    drive = {"F1": f"{1e-3 / (CHANNEL_WIDTH * NM)} A/m" if flat else "1 mA", "left": "ground"}
    result = device.solve(wiring=drive, order=2, **{"previous" if isinstance(on, Result) else "mesh_options": on})
    found = float(result.resistance("F2", "right"))
    return found / (CHANNEL_WIDTH * NM) if flat else found, result


def signal(distance: float, resistance: float, mesh: dict[str, Any], **options: Any) -> Signal:
    """Both states; `options` of `valve`."""
    with warnings.catch_warnings():
        # Meshes of 2 cells per length are there to be compared.
        warnings.simplefilter("ignore", CoarseMeshWarning)
        parallel, result = voltage(valve(distance, resistance, 1, **options), mesh)
    antiparallel, _ = voltage(valve(distance, resistance, -1, **options), result)
    return Signal((parallel - antiparallel) / 2, (parallel + antiparallel) / 2, result)


def ratio(distance: float, resistance: float, mesh: dict[str, Any] | None = None, **options: float) -> float:
    """Spin signal in 2D over that in 1D; `options`: width, thickness [nm]."""
    found = signal(distance, resistance, mesh or SECTION, flat=True, **options).spin
    return float(found / line(distance, resistance, **options))


def hanle_curve(resistance: float, fields: Sequence[float], without: Signal, flat: bool = False) -> Array:
    """Spin signal at FAR in these fields over the 1D value at B = 0; `without` field on the same mesh."""
    found, result = [], without.parallel
    for b in fields:
        total, result = voltage(valve(FAR, resistance, 1, flat=flat, field=b), result)
        found.append(total - without.background)
    return np.array(found) / line(FAR, resistance)


def line(
    distance: Any,
    resistance: float,
    field: Any = 0.0,
    width: float = WIDTH,
    thickness: float = CHANNEL_THICKNESS,
) -> Array:
    """The 1D formula [Ohm]."""
    area = width * CHANNEL_WIDTH * NM**2
    across = transverse_length(COPPER.lam, 2 * MU_B * np.asarray(field) / HBAR, COPPER.D)
    lead = LEAD * NM
    channel = Channel(
        COPPER.rho, CHANNEL_WIDTH * thickness * NM**2, np.asarray(distance) * NM, COPPER.lam, across,
        left=lead, right=lead,
    )  # fmt: skip
    # Spin across m meets the mixing conductance, or without an interface what permalloy dephases.
    mixing = area / resistance if resistance else area / (PERMALLOY.rho * PERMALLOY.dephasing_length.value)
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
    low, high = corners[lowest, :, 1].min(axis=1), corners[lowest, :, 1].max(axis=1)
    near = np.clip((high - 0.3 * CHANNEL_WIDTH * NM) / (high - low), 0, 1)
    return float((near * flow).sum() / flow.sum())


def report(distance: float, resistance: float, found: Signal) -> None:
    """One 3D valve against 1D."""
    expected = float(line(distance, resistance))
    print(f"{distance:g} nm, R_c = {resistance:g} Ohm m^2: R = {1e3 * found.spin:.4f} mOhm in 3D, "
          f"{1e3 * expected:.4f} mOhm in 1D (ratio {found.spin / expected:.4f}), "
          f"background {1e3 * found.background:.4f} mOhm")  # fmt: skip
    print(f"    F2 absorbs {absorbed(found):.3%} of P I (1D {absorbed_in_line(distance, resistance):.3%})")


def report_curves(curves: Curves, entering: float) -> dict[float, float]:
    """Print 2D over 1D; R_c -> largest deviation of the Hanle curve from 1D."""
    print(f"{entering:.1%} of the current enters the fifth of the channel nearest to the contact")

    def listed(values: Any, ratios: Array) -> str:
        return ", ".join(f"{value:g}: {r:.4f}" for value, r in zip(values, ratios, strict=True))

    print("2D over 1D against R_c (fOhm m^2): " + listed(np.round(1e15 * RESISTANCES, 2), curves.contacts))
    deviations = {}
    for ra, name in ((0.0, "transparent"), (TUNNEL, "tunnel")):
        print(f"    against strip width (nm), {name}: " + listed(WIDTHS, curves.widths[ra]))
        print(f"    against channel thickness (nm), {name}: " + listed(THICKNESSES, curves.thicknesses[ra]))
        expected = line(FAR, ra, curves.fields) / line(FAR, ra)
        deviations[ra] = float(np.abs(curves.hanle[ra] - expected).max())
        print(f"    Hanle curve at {FAR:g} nm, {name} ({'3D' if ra else '2D'}): largest deviation from 1D "
              f"{deviations[ra]:.1e} of the value at B = 0")  # fmt: skip
    return deviations


def draw(path: Path, curves: Curves, transparent: float, error: float) -> None:
    """Against separation, against the contacts, against sizes, Hanle curves; transparent 3D over 1D with its error."""
    from hanle.figures import COLOURS, picture

    with picture(path, size=(7.2, 5.6), overwrite=True) as (figure, save):
        (far, contacts), (sizes, turning) = figure.subplots(2, 2)
        draw_distances(far, curves.spatial)
        contacts.semilogx(1e15 * RESISTANCES, curves.contacts, color="0.3", label="2D")
        left = 1e15 * RESISTANCES[0] / 2.5
        contacts.plot(left, ratio(MIDDLE, 0.0), "x", color=COLOURS[0])
        for (ra, L), found in curves.spatial.items():
            if L == MIDDLE:
                level, bar = (found.spin / line(MIDDLE, ra), None) if ra else (transparent, error)
                contacts.errorbar(1e15 * ra or left, level, bar, fmt="o", color=COLOURS[LINES.index(ra)], markersize=5,
                                  capsize=2.5)  # fmt: skip
        contacts.plot([], [], "ko", markersize=5, label="3D")
        contacts.plot([], [], "kx", label="2D, transparent")
        contacts.set(xlabel="contact resistance (fΩ m²), left: transparent", ylabel="signal over 1D formula")
        for x, by, style, name in (
            (WIDTHS, curves.widths, "x-", "strip width"),
            (THICKNESSES, curves.thicknesses, "s--", "channel thickness"),
        ):
            for ra, ratios in by.items():
                label = f"{name}, {'tunnel' if ra else 'transparent'}"
                sizes.plot(x, ratios, style, color=COLOURS[LINES.index(ra)], markersize=4.5, label=label)
        sizes.set(xlabel="strip width, channel thickness (nm)", ylabel="2D signal over 1D formula")
        b = np.linspace(0, curves.fields[-1], 200)
        for ra, words in ((0.0, "2D, transparent"), (TUNNEL, "3D, tunnel")):
            colour = COLOURS[LINES.index(ra)]
            turning.plot(b, line(FAR, ra, b) / line(FAR, ra), color=colour)
            turning.plot(
                curves.fields, curves.hanle[ra], "o" if ra else "x", color=colour, markersize=5, label=words
            )
        turning.plot([], [], color="0.3", label="1D formula")
        turning.set(xlabel="magnetic field $B_z$ (T)", ylabel="signal over 1D value at $B = 0$")
        for axes, level in ((contacts, 1), (sizes, 1), (turning, 0)):
            axes.axhline(level, color="0.6", linewidth=0.8)
            axes.legend(fontsize=7.5)
        for axes, name in zip((far, contacts, sizes, turning), "abcd", strict=True):
            axes.set_title(f"({name})", loc="left")
        save()


def draw_distances(axes: Any, spatial: dict[tuple[float, float], Signal]) -> None:
    """Spin signals against the separation."""
    from hanle.figures import COLOURS

    x = np.linspace(DISTANCES[0], DISTANCES[-1], 100)
    for ra, colour in zip(LINES, COLOURS, strict=False):
        words = f"{1e15 * ra:g} fΩ m²" if ra else "transparent"
        axes.plot(x, 1e3 * line(x, ra), color=colour, label=words)
        points = [(L, 1e3 * s.spin) for (r, L), s in spatial.items() if r == ra]
        axes.plot(*np.array(points).reshape(-1, 2).T, "o", color=colour, markersize=5)
        flat = [1e3 * signal(L, ra, SECTION, flat=True).spin for L in DISTANCES[::2]]
        axes.plot(DISTANCES[::2], flat, "x", color=colour, markersize=4.5)
    axes.plot([], [], "kx", markersize=4.5, label="2D")
    axes.plot([], [], "ko", markersize=5, label="3D")
    axes.set(yscale="log", xlabel="separation (nm)", ylabel="spin signal (mΩ)")
    axes.set_ylim(0.08, 1500)
    axes.legend(fontsize=7.5, ncols=3, labelspacing=0.25, handlelength=1.4, columnspacing=1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw into this folder")
    parser.add_argument("--fine", action="store_true", help="a mesh twice as fine in 3D, more valves")
    given = parser.parse_args()
    main(fine=given.fine, pictures=given.pictures)
