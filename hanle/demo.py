"""`hanle demo`: a Pt Hall bar on YIG in 3D, compared with the formula of a film; curves, fields and pictures.

Field and temperature set the moments of YIG, these set the conductances of the interface. The bar is solved once on a
mesh that resolves its edges, and again for some directions of a scan; the exact engine gives the film for every
direction, field and temperature.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hanle.boundary.b_layer import CONDUCTANCES
from hanle.demo_report import draw, table, write_files
from hanle.device import Device
from hanle.materials.weiss import solve as solve_moments
from hanle.meshes.coarse import resolution
from hanle.pde.errors import InputError
from hanle.resolution import decay_lengths
from hanle.results import Result
from hanle.sweeps import PLANES, angles, sweep

if TYPE_CHECKING:
    import xarray

#: Mesh of the bar: graded towards edges and contacts, which needs few cells elsewhere.
FINE: dict[str, Any] = {"cells_per_length": 6.0, "lateral_growth": 4.0}
QUICK: dict[str, Any] = {"cells_per_length": 4.0, "lateral_growth": 8.0}
#: Directions solved in 3D, degrees.
SPOTS = {"alpha": (45.0, 90.0), "beta": (0.0, 45.0), "gamma": (45.0,)}
QUICK_SPOTS = {"alpha": (45.0,), "beta": (0.0,)}
FIELDS, TEMPERATURES = np.linspace(0.1, 9.0, 90), (10.0, 100.0, 300.0)
Z_AND_Y = (0.0, 90.0)


@dataclass(frozen=True, eq=False)
class Findings:
    """What the demonstration found.

    Attributes:
        bar, film: the solved bar, and the film without edges and arms.
        mesh_errors: relative errors of rho_L/rho - 1 and rho_T by the cells across the film, found on a film.
        scan, spots: film and bar over the angle, one dataset per plane.
        sweep: film over field, temperature and angle beta (0: B along z, 90: along y).
        seconds: total time.
        files: what was written.
    """

    bar: Result
    film: Result
    mesh_errors: tuple[float, ...]
    scan: dict[str, "xarray.Dataset"]
    spots: dict[str, "xarray.Dataset"]
    sweep: "xarray.Dataset"
    seconds: float = 0.0
    files: tuple[Path, ...] = field(default=())


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code 0.

    Raises:
        InputError: the folder for the output exists, without --overwrite.
    """
    parser = argparse.ArgumentParser(
        prog="hanle demo", description="A Pt Hall bar on YIG: table, fields, pictures."
    )
    parser.add_argument("-o", "--output", type=Path, default=Path("demo-out"), help="folder for files (demo-out)")
    parser.add_argument("--overwrite", action="store_true", help="replace earlier files there")
    parser.add_argument("--quick", action="store_true", help="a coarser bar, two 3D points, no pictures")
    given = parser.parse_args(argv)
    run(given.output, overwrite=given.overwrite, quick=given.quick)
    return 0


def run(
    output: Path, *, overwrite: bool = False, quick: bool = False, say: Callable[[str], None] = print
) -> Findings:
    """Solve, print and write everything.

    Args:
        output: folder for the files.
        quick: a coarser bar, two 3D points and no pictures.
        say: takes each line of text.

    Raises:
        InputError: `output` exists and `overwrite` is false.
    """
    if output.exists() and not overwrite:
        raise InputError("output", "free", str(output), "choose another folder with -o, or pass --overwrite")
    clock = Clock(say)
    device = demo_device()
    describe(device, say)
    found = solve_all(device, clock, quick=quick)
    for line in table(found):
        say(line)
    clock("writing fields and curves")
    written = write_files(found, output, overwrite=overwrite)
    if not quick:
        clock("drawing")
        written += draw(found, output, overwrite=overwrite)
    say(f"\n{output}/: " + ", ".join(str(p.relative_to(output)) for p in written))
    say(f"total {clock.seconds:.0f} s")
    return Findings(**{**vars(found), "seconds": clock.seconds, "files": tuple(written)})


class Clock:
    """Progress lines with the time since the start."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say, self.start = say, time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.start

    def __call__(self, text: str) -> None:
        self.say(f"{self.seconds:6.1f} s  {text}")


def demo_device() -> Device:
    """The device of demo.toml."""
    from hanle.config import read_text

    return read_text(files("hanle").joinpath("demo.toml").read_text(encoding="utf-8"))


def film_of(device: Device) -> Device:
    """The layers of the bar without its edges and arms."""
    from hanle.shapes import stack

    return device.with_changes(shape=stack(dict(device.shape.arguments)["layers"]), contacts=None)


def describe(device: Device, say: Callable[[str], None]) -> None:
    """Device, moments and interface at its field and temperature."""
    b, metal, magnet = np.asarray(device.field), device.materials["Pt"], device.materials["YIG"]
    spins = solve_moments(magnet.moments, float(np.linalg.norm(b)), device.temperature).S_par
    g = device.conductances("YIG|Pt")
    say(f"{device.name}: {device.temperature:g} K, B = ({', '.join(f'{x:g}' for x in b)}) T")
    say(
        f"Pt: rho {metal.resistivity}, theta {metal.theta:g}, lambda {metal.diffusion_length}, D {metal.D:.2g} m^2/s"
    )
    say(f"YIG: <S> of the sublattices {', '.join(f'{x:+.3f}' for x in spins)} along B (mean field)")
    values = ", ".join(f"{name} {float(getattr(g, name)):.3g}" for name in CONDUCTANCES)
    say(f"YIG|Pt: {values} S/m^2")


def solve_all(device: Device, clock: Clock, *, quick: bool) -> Findings:
    """Everything that is computed."""
    options, directions = (QUICK, QUICK_SPOTS) if quick else (FINE, SPOTS)
    film = film_of(device)
    exact = film.solve()
    meshed = film.solve(engine="scikit", mesh_options={"cells_per_length": options["cells_per_length"]})
    mesh = device.mesh(**options)
    clock(f"mesh: {len(mesh.points)} points, {len(mesh.region_cells('Pt'))} cells of Pt")
    for found in resolution(mesh, decay_lengths(device, device.conditions)):
        clock(f"  {found}")
    bar = device.solve(mesh=mesh, progress=clock)
    clock(bar.report().replace("\n", "; "))
    scans = {plane: sweep(film, angle=plane) for plane in PLANES}
    spots = {}
    for plane, degrees in directions.items():
        clock(f"bar in 3D, {plane} = {', '.join(f'{d:g}' for d in degrees)} degrees")
        spots[plane] = sweep(device, angle=angles(plane, degrees), mesh_options=options, progress=False)
    clock("film against field and temperature")
    errors = tuple(float(getattr(meshed, n) / getattr(exact, n) - 1) for n in ("rho_L_change", "rho_T"))
    swept = sweep(film, angle=angles("beta", Z_AND_Y), field=FIELDS, temperature=TEMPERATURES)
    return Findings(bar, exact, errors, scans, spots, swept)
