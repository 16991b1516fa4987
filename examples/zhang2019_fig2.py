"""Interface conductances from localised moments: Zhang et al., 2019, Fig. 2.

A metal touches a magnetic insulator with n2D moments of spin S per area, coupled to its electrons by J. Their mean
field gives <S>, <S^2>, from these the relaxation rates of the electrons at the interface, and from these

    G_s  = -e^2 nu / tau_par                    spin flips, the moments lose or gain a magnon
    G_r - G_s/2                                 dephasing, the moments stay as they are
    G_i  = -(e^2/hbar) n2D nu J <S>             interfacial exchange field

in units of G_0 = (pi/hbar) n2D (e nu J)^2. (a) a paramagnet against B at 1 K; (b) a ferromagnet, T_C = 100 K, against
T at B = 0. Known limits: free moments -G_s/2 = G_r - G_s/2 = S(S+1)/3, G_i = 0; saturated moments G_s = 0,
G_r = S^2, G_i = S/(pi nu J).

The caption prints "G_r - G_s" for the dephasing; the curve is G_r - G_s/2, as the text and Eq. (7) have it. Chosen
here, because the caption does not say: B up to 10 T in (a), B = 0 and T up to 150 K in (b).
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hanle.boundary.b_layer import Conductances, conductances
from hanle.materials.rates import conductance_scale
from hanle.materials.records import MagneticInsulator, Sourced, Sublattice
from hanle.materials.weiss import ferromagnet
from hanle.pde.constants import E_CHARGE
from hanle.pde.tensors import Array

SPIN, REDUCED_COUPLING = 2.0, 0.08  # S and nu J
LATTICE = 0.4e-9  # [m]
DENSITY = 0.5 / LATTICE**2  # n2D [1/m^2]
NU = REDUCED_COUPLING / (0.2 * E_CHARGE * LATTICE**3)  # from J = 0.2 eV per cell of the metal [1/(J m^3)]


class Errors(NamedTuple):
    """Largest deviation from the known limits, in G_0."""

    free: float  #: paramagnet at B = 0, ferromagnet above T_C
    saturated: float  #: ferromagnet at the lowest temperature


def main(points: int = 241, pictures: Path | None = None) -> Errors:
    """Compute both panels, compare their ends with the known limits, draw them if a folder is given."""
    field, temperature = np.linspace(0, 10, points), np.linspace(1, 150, points)
    paramagnet = curves(insulator(0.0), field, np.full(points, 1.0))
    ferromagnet = curves(insulator(100.0), np.zeros(points), temperature)
    free = np.array([[0.0, 1.0, 1.0]]).T * SPIN * (SPIN + 1) / 3
    saturated = np.array([[SPIN / (np.pi * REDUCED_COUPLING), SPIN**2, 0.0]]).T
    errors = Errors(
        free=float(np.abs(np.column_stack([paramagnet[:, 0], ferromagnet[:, temperature > 100]]) - free).max()),
        saturated=float(np.abs(ferromagnet[:, :1] - saturated).max()),
    )
    print(f"G_0 = {conductance_scale(DENSITY, REDUCED_COUPLING):.3g} S/m^2")
    print(f"free moments:      G_i = 0, both others {free[1, 0]:g} G_0; largest error {errors.free:.1e} G_0")
    print(f"saturated moments: G_i = {saturated[0, 0]:.4g}, 4, 0 G_0;   largest error {errors.saturated:.1e} G_0")
    if pictures:
        draw(pictures / "zhang2019_fig2.png", field, paramagnet, temperature, ferromagnet)
    return errors


def insulator(critical_temperature: float) -> MagneticInsulator:
    """The insulator of the figure; T_C = 0 is a paramagnet."""
    moments = Sublattice(Sourced(DENSITY, "areal density"), Sourced(REDUCED_COUPLING, "dimensionless"))
    return MagneticInsulator("MI", ferromagnet(SPIN, critical_temperature), (moments,))


def curves(magnet: MagneticInsulator, field: Array, temperature: Array) -> Array:
    """G_i, G_r - G_s/2 and -G_s/2 in units of G_0, shape (3, points)."""
    g: Conductances = conductances(magnet.rates(NU, field, temperature), NU)
    half_flips = -np.asarray(g.G_s) / 2
    scale = conductance_scale(DENSITY, REDUCED_COUPLING)
    return np.stack([np.asarray(g.G_i), np.asarray(g.G_r) + half_flips, half_flips]) / scale


def draw(path: Path, field: Array, paramagnet: Array, temperature: Array, ferromagnet: Array) -> None:
    """Both panels side by side."""
    from hanle.figures import COLOURS, LINE_STYLES, picture

    names = ("$G_i$", "$G_r - G_s/2$", "$-G_s/2$")
    with picture(path, size=(6.6, 2.9), overwrite=True) as (figure, save):
        left, right = figure.subplots(1, 2, sharey=True)
        panels = ((left, field, paramagnet), (right, temperature, ferromagnet))
        for axes, x, values in panels:
            for k, name in enumerate(names):
                axes.plot(x, values[k], color=COLOURS[k], linestyle=LINE_STYLES[k], label=name)
            axes.set_xlim(x[0], x[-1])
            axes.set_ylim(0, 8.6)
        left.set_xlabel("magnetic field (T)")
        right.set_xlabel("temperature (K)")
        left.set_ylabel("conductance ($G_0$)")
        left.set_title("(a) paramagnet, 1 K", loc="left")
        right.set_title("(b) ferromagnet, $T_C$ = 100 K, $B$ = 0", loc="left")
        right.legend(loc="upper right")
        save()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw into this folder")
    main(pictures=parser.parse_args().pictures)
