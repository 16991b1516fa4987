"""What the probes of a Hall bar read: a Pt bar on YIG in 3D, with arms.

A bar 20 um x 4 um x 5 nm with two pairs of arms carries 1 mA; the probes at the ends of the arms float. From their
voltages

    rho_L = (V1 - V2)/I  W d/L,      rho_T = (V3 - V1)/I  d,      W width, L distance of the arms, d thickness.

rho_L is compared with the same bar without spin Hall effect, which takes out what the arms do to the current; then it
agrees with the film formula but for edges and mesh. Transverse voltages depend on the geometry. The end contacts are
equipotentials and short them: at a distance x from a contact what is left is 1 - (8/pi^2) sum_odd exp(-n pi x/W)/n^2,
98.4 % here. With B along z (Hall) that is all, however wide the arms. With B in the plane, at 45 degrees to the
current (planar Hall), the current that bulges into the arms adds some per cent, less for narrower arms.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import hanle
from hanle.results import Result
from hanle.shapes import UserShape

LENGTH, WIDTH = 20.0, 4.0  # [um]
FIELD = 9.0  # [T]
PLANAR = (FIELD / np.sqrt(2), FIELD / np.sqrt(2), 0.0)
NORMAL = (0.0, 0.0, FIELD)
LAYERS = [("YIG", "50 nm"), ("Pt", "5 nm")]
MATERIALS: dict[str, Any] = {
    "YIG": "YIG",
    "Pt": {
        "resistivity": "1 uOhm m",
        "spin_hall_angle": 0.1,
        "diffusion_length": "3 nm",
        "density_of_states": "3.9e46 1/(J m^3)",
    },
}


class Found(NamedTuple):
    """Deviations of the bar from the film, relative."""

    longitudinal: float  #: of rho_L/rho - 1, largest
    hall: float  #: of rho_T with B along z from the film with shorting contacts, largest
    planar: tuple[float, ...]  #: of rho_T with B in the plane from the same, one per width of the arms


def main(
    arm_widths: Sequence[float] = (1.0, 0.5, 0.25), mesh: dict[str, Any] | None = None, pictures: Path | None = None
) -> Found:
    """Solve bars with arms of these widths [um]; `mesh`: options that replace a mesh that resolves the edges."""
    longitudinal, hall, planar = [], [], []
    for width in arm_widths:
        for field, into in ((PLANAR, planar), (NORMAL, hall)):
            film = device(hanle.stack(LAYERS), field).solve()
            bar = device(shape(width), field).solve(current="1 mA", mesh_options=mesh or {"lateral_growth": 2.5})
            longitudinal.append(float(bar.rho_L_change / film.rho_L_change - 1))
            into.append(float(bar.rho_T / film.rho_T / left_by_contacts() - 1))
            report(width, field, bar, film)
        if pictures and width == arm_widths[0]:
            draw(pictures / "hall_bar.png", bar)
    return Found(float(np.abs(longitudinal).max()), float(np.abs(hall).max()), tuple(planar))


def shape(arm_width: float) -> UserShape:
    """The bar; the arm width in um."""
    return hanle.hall_bar(length=f"{LENGTH} um", width=f"{WIDTH} um", layers=LAYERS, arm_width=f"{arm_width} um")


def device(shape: UserShape, field: Sequence[float]) -> hanle.Device:
    """Pt on YIG at 100 K, moments along the field."""
    return hanle.Device(shape, materials=MATERIALS, temperature="100 K", field=field)


def left_by_contacts() -> float:
    """Part of the transverse voltage that the contacts leave at the arms, a quarter of the length away from them."""
    odd = np.arange(1, 40, 2)
    return float(1 - 8 / np.pi**2 * np.sum(np.exp(-odd * np.pi * (LENGTH / 4) / WIDTH) / odd**2))


def report(width: float, field: Sequence[float], bar: Result, film: Result) -> None:
    """Voltages and resistivities of one bar."""
    place = "the plane" if field is PLANAR else "z"
    print(f"arms {width:g} um, B along {place}: V1 - V2 = {float(bar.terminal_voltage('V1', 'V2')) * 1e3:.4f} mV, "
          f"V3 - V1 = {float(bar.terminal_voltage('V3', 'V1')) * 1e6:.4f} uV")  # fmt: skip
    expected = float(film.rho_T) * left_by_contacts()
    print(f"    rho_L/rho - 1 = {float(bar.rho_L_change):.5e} (film {float(film.rho_L_change):.5e}), "
          f"rho_T = {float(bar.rho_T):.4e} Ohm m (film with contacts {expected:.4e})")  # fmt: skip


def draw(path: Path, bar: Result) -> None:
    """The potential seen from above."""
    from hanle.sections import plot_section

    plot_section(bar.solution, path, quantity="potential", title="Pt bar, 1 mA", overwrite=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw into this folder")
    main(pictures=parser.parse_args().pictures)
