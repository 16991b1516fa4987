"""Where the magnetoresistance falls with B: Zhang et al., 2019, Fig. 3c and Eq. (17).

A film of thickness d on a magnetic insulator, m and B along z, only G_i at the interface, G_r = G_s = 0. Precession in
B (Hanle) and at the interface (G_i) add up where they overlap, and for G_i > 0 one expects the resistance to rise
with B. Beyond the critical value

    G_ic^2 = sinh^2(d/2 lam)/[2 lam^2 rho^2 cosh(d/lam)] [(lam/d) sinh(d/lam) - 1]

it falls: what the field turns at the free surface diffuses to the interface and is turned back there.

The map shows d rho_L/d omega_B at constant G_i and omega_B -> 0, from the exact engine: every pixel is a film of its
own, all of them solved as one batch for +B and -B. It goes deeper than `hanle.Device`: laws are put on layers by hand.
The paper gives no scales; here d and G_i are in units of lam and 1/(lam rho), in which the map is universal.
"""

import argparse
from pathlib import Path

import numpy as np

from hanle.boundary.b_layer import MAGNET, METAL, Conductances, b_layer
from hanle.meshes.layered import Layers
from hanle.pde.closed_forms.critical import critical_gi
from hanle.pde.constants import HBAR, MU_B
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.metal import normal_metal
from hanle.pde.observables import film_resistivity
from hanle.pde.problem import MINUS, PLUS, Face, Gradient, Problem
from hanle.pde.steady import respond
from hanle.pde.tensors import Array

RHO, LENGTH, DIFFUSION = 1e-6, 3e-9, 5e-4  # [Ohm m], [m], [m^2/s]
THETA = 1e-3  # Eq. (17) is of leading order in theta; at theta = 0.1 the line moves by 1.5 %
UNIT = 1 / (LENGTH * RHO)  # of G_i [S/m^2]
TURN = 1e-3  # omega_B tau_s of the difference quotient, whose error is TURN^2 of the slope


def main(points: int = 181, pictures: Path | None = None) -> float:
    """Compute the map on points x points films; return the largest relative error of the critical line."""
    thickness = np.linspace(0.25, 5.0, points) * LENGTH
    conductance = np.linspace(-4.0, 4.0, points) * UNIT
    d, g = (a.ravel() for a in np.meshgrid(thickness, conductance, indexing="ij"))
    slope = linear_slope(d, g).reshape(points, points)
    exact = critical_gi(LENGTH, thickness, RHO)
    error = float(np.max(np.abs(sign_change(thickness) / exact - 1)))
    print(f"{points}^2 films; critical line from {exact[0] / UNIT:.2g} to {exact[-1] / UNIT:.2g} /(lam rho): "
          f"largest relative error {error:.1e}")  # fmt: skip
    if pictures:
        draw(pictures / "zhang2019_fig3c.png", thickness, conductance, slope / THETA**2, exact)
    return error


def change(thickness: Array, conductance: Array, turn: float) -> Array:
    """rho_L/rho - 1 of each film (films,) at omega_B tau_s = turn."""
    field = HBAR * turn * DIFFUSION / LENGTH**2 / (2 * MU_B)
    bulk = normal_metal(
        conductivity=1 / RHO,
        diffusion_constant=DIFFUSION,
        diffusion_length=LENGTH,
        spin_hall_angle=THETA,
        field=(0.0, 0.0, field),
    )
    law = b_layer("MI", Conductances(0.0, 0.0, conductance[:, None]), (0.0, 0.0, 1.0))
    problem = Problem(
        Layers(("MI", "metal"), np.stack([np.full_like(thickness, 1e-8), thickness], axis=1)),
        regions={"metal": bulk},
        faces={"MI|metal": Face(law, {METAL: PLUS, MAGNET: MINUS})},
        gradients=(Gradient("u", "x"), Gradient("u", "y")),
    )
    return film_resistivity(respond(problem, Multilayer())).change_L


def linear_slope(thickness: Array, conductance: Array) -> Array:
    """d(rho_L/rho)/d(omega_B tau_s) at B -> 0 of each film (films,)."""
    return (change(thickness, conductance, TURN) - change(thickness, conductance, -TURN)) / (2 * TURN)


def sign_change(thickness: Array) -> Array:
    """The positive G_i of each thickness at which the slope turns negative: bisection of all films together."""
    low, high = np.full_like(thickness, 1e-4 * UNIT), np.full_like(thickness, 1e4 * UNIT)
    for _ in range(50):
        middle = np.sqrt(low * high)
        rising = linear_slope(thickness, middle) > 0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    return np.sqrt(low * high)


def draw(path: Path, thickness: Array, conductance: Array, slope: Array, critical: Array) -> None:
    """The map with the critical line; the colour scale is linear near zero and logarithmic beyond."""
    from matplotlib.colors import SymLogNorm

    from hanle.figures import picture

    top = float(np.abs(slope).max())
    norm = SymLogNorm(1e-3, vmin=-top, vmax=top)
    x, y = thickness / LENGTH, conductance / UNIT
    with picture(path, size=(4.6, 3.6), overwrite=True) as (figure, save):
        axes = figure.add_subplot()
        image = axes.pcolormesh(x, y, slope.T, cmap="RdBu_r", norm=norm, rasterized=True)
        for sign in (1, -1):
            axes.plot(x, sign * critical / UNIT, "k--", label="$\\pm G_{ic}$, Eq. (17)" if sign > 0 else None)
        axes.set_ylim(y[0], y[-1])
        axes.set_xlabel("thickness $d/\\lambda$")
        axes.set_ylabel("$G_i\\;\\lambda\\rho$")
        axes.legend(loc="lower right")
        bar = figure.colorbar(image, ax=axes, ticks=[-1e-2, -1e-3, 0, 1e-3, 1e-2])
        bar.set_label("$\\partial(\\rho_L/\\theta^2\\rho)/\\partial(\\omega_B\\tau_s)$")
        save()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw into this folder")
    main(pictures=parser.parse_args().pictures)
