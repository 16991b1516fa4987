"""A domain wall in the insulator: magnetisation as a function of position.

A film on a magnet with domains +z and -z, walls at |y| = p/4 (the section is periodic), current along x:

    m_z = tanh(s/w),   Neel wall: m_y = 1/cosh(s/w),   Bloch wall: m_x = 1/cosh(s/w),   s = p/4 - |y|.

Where m turns towards y the spin accumulation (along y) is absorbed less and the resistance falls: a Neel wall is seen,
a Bloch wall hardly, since rho_L does not depend on m in the x-z plane. If the wall is wide, w >> lambda, every place
has the resistivity of a uniform film with its m, and the mean is known,

    1/rho_L = < 1/rho_L(m(y)) >,

with the closed form of the film inside. What is left falls as (lambda/w)^2.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

import hanle
from hanle.pde.closed_forms.film import Film, Mixing
from hanle.pde.closed_forms.resistivity import exact_correction
from hanle.pde.tensors import Array
from hanle.results import Result

RHO, LENGTH, THETA = 1e-6, 3e-9, 0.1  # [Ohm m], [m], 1
THICKNESS, PERIOD = 5e-9, 32.0  # [m], [w]
G_S, G_R, G_I = -2e13, 4e14, 1e14  # [S/m^2]


class Found(NamedTuple):
    """What one Neel wall and one Bloch wall change."""

    error: float  #: of the widest Neel wall against the local films, relative to what the wall changes
    order: float  #: p in error ~ (lambda/w)^p, from the two widest walls
    bloch: float  #: change by the widest Bloch wall relative to that by the Neel wall


def main(
    widths: Sequence[float] = (2.0, 4.0, 8.0, 16.0), cells_per_length: float = 5.0, pictures: Path | None = None
) -> Found:
    """Solve walls of these widths w [lambda]."""
    uniform = wall_change(None, widths[0], cells_per_length)
    neel, bloch = (
        np.array([wall_change(along, w, cells_per_length) - uniform for w in widths]) for along in ("y", "x")
    )
    local = local_films() - float(film_change(np.array([0.0, 0.0, 1.0])))
    errors = np.abs(neel / local - 1)
    for w, value, other, error in zip(widths, neel, bloch, errors, strict=True):
        print(f"w = {w:4.1f} lambda: Neel walls change rho_L/rho by {value:.4e} (local films {local:.4e}, "
              f"difference {error:.1e}), Bloch walls by {other:.1e}")  # fmt: skip
    order = float(np.log(errors[-2] / errors[-1]) / np.log(widths[-1] / widths[-2]))
    print(f"order {order:.2f} in lambda/w (2 expected)")
    if pictures:
        draw(pictures, cells_per_length)
    return Found(float(errors[-1]), order, float(abs(bloch[-1] / neel[-1])))


def texture(along: str | None, width: float) -> Callable[[Array], Array]:
    """m at points (n, 3); `along` is where m points in the middle of a wall, None for a single domain."""

    def m(points: Array) -> Array:
        found = np.zeros((len(points), 3))
        s = (PERIOD / 4 - np.abs(points[:, 1]) / width) if along else np.full(len(points), np.inf)
        found[:, 2] = np.tanh(s)
        if along:
            found[:, "xyz".index(along)] = 1 / np.cosh(s)
        return found

    return m


def device(along: str | None, width: float) -> hanle.Device:
    """One period of the film, walls of width `width` [m]; B = 0."""
    return hanle.Device(
        hanle.section(PERIOD * width, [("YIG", 10e-9), ("Pt", THICKNESS)], periodic=True),
        materials={
            "YIG": {
                "kind": "magnetic insulator",
                "G_s": f"{G_S} S/m^2",
                "G_r": f"{G_R} S/m^2",
                "G_i": f"{G_I} S/m^2",
            },
            "Pt": {
                "resistivity": f"{RHO} Ohm m",
                "spin_hall_angle": THETA,
                "diffusion_length": f"{LENGTH} m",
                "density_of_states": "3.9e46 1/(J m^3)",
            },
        },
        magnetisation={"YIG": texture(along, width)},
    )


def solved(along: str | None, width: float, cells_per_length: float) -> Result:
    """The film with walls of width w [lambda], second order.

    m is constant on each facet of the interface: y has to resolve the spin diffusion between these steps.
    """
    options = {"cells_per_length": cells_per_length, "growth": 1.2, "sizes": {"y": min(width / 6, 0.5) * LENGTH}}
    return device(along, width * LENGTH).solve(mesh_options=options, order=2)


def wall_change(along: str | None, width: float, cells_per_length: float) -> float:
    """rho_L/rho - 1."""
    return float(solved(along, width, cells_per_length).rho_L_change)


def film_change(m: Array) -> Array:
    """rho_L/rho - 1 of a uniform film with m (..., 3)."""
    film = Film(RHO, THICKNESS, LENGTH, LENGTH, bottom=Mixing(G_S, G_R, G_I))
    return exact_correction(film.deficit_tensor(m), THETA).longitudinal


def local_films() -> float:
    """rho_L/rho - 1 of very wide Neel walls."""
    y = PERIOD * ((np.arange(4000) + 0.5) / 4000 - 0.5)
    m = texture("y", 1.0)(np.stack([0 * y, y, 0 * y], axis=1))
    return float(1 / np.mean(1 / (1 + film_change(m))) - 1)


def draw(folder: Path, cells_per_length: float) -> None:
    """The spin accumulation over two Neel walls of width 4 lambda."""
    from hanle.sections import plot_section

    result = solved("y", 4.0, cells_per_length)
    plot_section(result.solution, folder / "domain_wall.png", title="Néel walls", overwrite=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw into this folder")
    main(pictures=parser.parse_args().pictures)
