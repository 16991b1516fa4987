"""The interface law as the limit of a thin layer: Zhang et al., 2019, Eqs (3)-(9), b -> 0.

A magnetic insulator acts on the electrons of a metal only where they meet: in a layer of thickness b that holds the
moments, n2D/b per volume. There the spins relax (1/tau_par, 1/tau_perp) and precess in the exchange field. As b -> 0
the layer becomes the boundary condition

    N.J = 2 [G_s w + G_r m x (m x w) + G_i m x w].

This example builds both problems by hand, from laws on layers, and solves them with the exact engine: the difference
falls in proportion to b. B and m need not be parallel.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hanle.boundary.b_layer import MAGNET, METAL, b_layer, conductances
from hanle.boundary.circuit import transparent
from hanle.materials.rates import Rates, rates_at
from hanle.materials.weiss import ferromagnet
from hanle.meshes.layered import Layers
from hanle.pde.constants import E_CHARGE
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.magnetic_metal import metal_with_moments
from hanle.pde.metal import normal_metal
from hanle.pde.observables import film_resistivity
from hanle.pde.problem import MINUS, PLUS, Face, Gradient, Problem
from hanle.pde.steady import respond
from hanle.pde.tensors import Array

SIGMA, DIFFUSION = 2e6, 2e-4  # [S/m], [m^2/s]
FIELD = np.array([0.5, 1.0, 4.0])  # [T]
M = np.array([0.36, 0.48, 0.8])
BULK = {
    "conductivity": SIGMA,
    "diffusion_constant": DIFFUSION,
    "diffusion_length": 2.2e-9,
    "spin_hall_angle": 0.1,
    "field": FIELD,
}
NU = SIGMA / (2 * E_CHARGE**2 * DIFFUSION)  # [1/(J m^3)]
THICKNESS, DENSITY, REDUCED_COUPLING, TEMPERATURE = 5e-9, 5e18, 0.03, 60.0  # [m], [1/m^2], 1, [K]
DRIVES = (Gradient("u", "x"), Gradient("u", "y"))


class Found(NamedTuple):
    """How the layer approaches the interface."""

    order: float  #: p in error ~ b^p, from the two thinnest layers
    error: float  #: of the thinnest layer, relative


def main(layers: Sequence[float] = (0.4, 0.2, 0.1, 0.05, 0.025), pictures: Path | None = None) -> Found:
    """Solve layers of these thicknesses [nm] and the interface."""
    b = np.asarray(layers) * 1e-9
    limit = spin_hall_loss(interface(), 0.0)
    errors = np.array([abs(spin_hall_loss(layer(x), x) / limit - 1) for x in b])
    for x, error in zip(b, errors, strict=True):
        print(f"b = {x * 1e9:6.3f} nm: rho_L/rho - 1 differs from that of the interface law by {error:.2e}")
    order = float(np.log(errors[-2] / errors[-1]) / np.log(b[-2] / b[-1]))
    print(f"order {order:.3f} in b (1 expected)")
    if pictures:
        draw(pictures / "b_layer_limit.png", b, errors)
    return Found(order, float(errors[-1]))


def moments(density: float) -> Rates:
    """Relaxation by the moments: areal density [1/m^2] for the interface, volume density [1/m^3] for the layer."""
    spins = ferromagnet(spin=2.0, critical_temperature=100.0)
    return rates_at(spins, [density], [REDUCED_COUPLING / NU], NU, float(FIELD @ M), TEMPERATURE)


def interface() -> Problem:
    """Metal with the boundary condition."""
    face = Face(b_layer("EuS", conductances(moments(DENSITY), NU), M), {METAL: PLUS, MAGNET: MINUS})
    thickness = np.array([[1e-8, THICKNESS]])
    return Problem(
        Layers(("EuS", "Pt"), thickness), {"Pt": normal_metal(**BULK)}, {"EuS|Pt": face}, gradients=DRIVES
    )


def layer(b: float) -> Problem:
    """Metal on a layer of itself that holds the moments."""
    hosted = metal_with_moments("EuS", moments(DENSITY / b), M, **BULK)
    contact = Face(transparent(), {"below": MINUS, "above": PLUS})
    thickness = np.array([[b, THICKNESS]])
    return Problem(
        Layers(("b", "Pt"), thickness),
        {"b": hosted, "Pt": normal_metal(**BULK)},
        {"b|Pt": contact},
        gradients=DRIVES,
    )


def spin_hall_loss(problem: Problem, b: float) -> float:
    """rho_L/rho - 1 per thickness of the metal: the layer conducts too and dilutes the mean by 1 + b/d."""
    return float(film_resistivity(respond(problem, Multilayer())).change_L[0]) * (1 + b / THICKNESS)


def draw(path: Path, b: Array, errors: Array) -> None:
    """Error over b with the line of first order."""
    from hanle.figures import COLOURS, picture

    with picture(path, size=(4.0, 3.0), overwrite=True) as (figure, save):
        axes = figure.add_subplot()
        axes.loglog(1e9 * b, errors, "o", color=COLOURS[0], fillstyle="none", label="layer of thickness $b$")
        axes.loglog(1e9 * b, errors[-1] * b / b[-1], "--", color="0.4", linewidth=1.0, label="proportional to $b$")
        axes.set_xticks(1e9 * b, labels=[f"{1e9 * x:g}" for x in b])
        axes.minorticks_off()
        axes.set_xlabel("$b$ (nm)")
        axes.set_ylabel("relative difference of $\\rho_L/\\rho - 1$")
        axes.legend(loc="upper left")
        save()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw into this folder")
    main(pictures=parser.parse_args().pictures)
