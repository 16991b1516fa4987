"""Metal against a magnetic insulator: the b-layer interface.

With N outward from the metal (true on either side and on curved faces) and m the unit magnetisation:

    N_i J_i^a = 2 [ G_s w + G_r m x (m x w) + G_i m x w ]^a,          N.j = 0

    w              V      half the spin accumulation at the face of the metal
    G_s            S/m^2  spin sink: flips the longitudinal spin; G_s = -e^2 nu / tau_par <= 0
    G_r            S/m^2  real mixing conductance: G_r = e^2 nu (1/tau_perp - 1/tau_par)
    G_i            S/m^2  imaginary mixing conductance: G_i = -(e^2/hbar) n2D nu J S_par; reactive, any sign
    1/tau_par/perp m/s    relaxation rates of the b-layer times its thickness (`hanle.materials.rates`)
    S_par          1      spin expectation along the moment axis, <= 0 where the moment is along m

Second law: G_s <= 0 and G_r - G_s >= 0. Source: Zhang et al., 2019, Eqs (6)-(12).
Several sublattices with one axis: G_s, G_r, G_i add.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hanle.materials.rates import Rates
from hanle.pde.coefficients import Deposit, FaceLaw, Side, as_weight, whole_matrix
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.errors import InputError
from hanle.pde.fields import NOTHING, SPIN, FieldSet
from hanle.pde.tensors import cross_matrix, outer, unit

METAL, MAGNET = "metal", "magnet"
#: Names of the conductances.
CONDUCTANCES = ("G_s", "G_r", "G_i")
#: Part of the conductances by which they may miss the second law.
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Conductances:
    """G_s, G_r, G_i [S/m^2], each a number or an array per facet or batch."""

    G_s: ArrayLike
    G_r: ArrayLike
    G_i: ArrayLike


def conductances(rates: Rates, density_of_states: ArrayLike) -> Conductances:
    """Conductances from the rates of the b-layer (areal densities: m/s and J m).

    Args:
        rates: from `hanle.materials.rates`.
        density_of_states: nu of the metal, per spin [1/(J m^3)].
    """
    scale = E_CHARGE**2 * np.asarray(density_of_states, dtype=float)
    return Conductances(-scale * rates.par, scale * rates.difference, -scale / HBAR * rates.exchange)


def b_layer(magnet: str, conductances: Conductances, magnetisation: ArrayLike) -> FaceLaw:
    """The face law.

    Args:
        magnet: name of the magnet, for the deposits.
        conductances: numbers, per facet (facets,), or a batch (batch, 1).
        magnetisation: m, (..., 3) with the same leading axes; normalised here.

    Deposits [A/m^2, spin current in charge units; the angular momentum handed over is hbar/2e times it]:
        `torque:<magnet>`: what turns the magnet, perpendicular to m, rows x, y, z.
        `flips:<magnet>`: what flips its spins, along m.

    Raises:
        InputError: the second law is broken.
    """
    _require_dissipative(magnet, conductances)
    m = as_weight(unit(magnetisation), 1)
    sink, real, imaginary = (as_weight(g)[..., None, None] for g in _values(conductances))
    along, turn = outer(m), cross_matrix(m)
    transverse = np.eye(3) - along
    longitudinal = 2.0 * sink * along
    perpendicular = 2.0 * ((sink - real) * transverse + imaginary * turn)
    return FaceLaw(
        sides=(Side(METAL, FieldSet((SPIN,))), Side(MAGNET, NOTHING)),
        G=whole_matrix(longitudinal + perpendicular),
        deposits={
            f"torque:{magnet}": Deposit(whole_matrix(-perpendicular)),
            f"flips:{magnet}": Deposit(whole_matrix(-longitudinal)),
        },
    )


def _require_dissipative(magnet: str, given: Conductances) -> None:
    """Refuse G_s > 0 or G_r < G_s, beyond rounding."""
    sink, real = np.broadcast_arrays(*(np.asarray(g, dtype=float) for g in (given.G_s, given.G_r)))
    excess = np.maximum(sink, sink - real)
    if np.any(excess > ROUNDING * np.maximum(np.abs(sink), np.abs(real))):
        worst = np.unravel_index(int(np.argmax(excess)), excess.shape)
        received = f"G_s = {sink[worst]:.6g} S/m^2, G_r = {real[worst]:.6g} S/m^2"
        must = "dissipative (G_s <= 0 and G_r - G_s >= 0)"
        raise InputError(f"interface to {magnet}", must, received, "this law would create energy")


def _values(g: Conductances) -> tuple[ArrayLike, ArrayLike, ArrayLike]:
    return g.G_s, g.G_r, g.G_i
