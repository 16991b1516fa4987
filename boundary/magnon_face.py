"""Metal against a magnetic insulator with thermal magnons: spin and heat cross, in linear response.

With n from the metal N to the insulator F, m the direction of the moments, t = (T - T_0)/T_0 and

    X = m.w - w_m,     d = t_m - t_e      (magnons of F, electrons of N)

    n.J = 2 G_s m X + 2 (G_s - G_r) w_perp + 2 G_i m x w + (2e/hbar) S T_0 m d       spin that enters F
    n.q = (2e/hbar) S T_0 X - kappa T_0 d                                           electrons of N -> magnons of F
        + h_pp T_0 (t_p^N - t_p^F) + h_ep T_0 (t_e - t_p^F)                         lattice and electrons -> lattice

    G_s = -(2e^2/hbar) g; g, S, kappa, G_r, G_i as in `hanle.boundary.magnons.linear`

The face is the boundary law of `hanle.boundary.b_layer` where magnons and heat are in equilibrium (w_m = t = 0): then
the longitudinal spin goes to the lattice of F. Second law: G_s <= 0, G_r >= G_s, g kappa >= T_0 S^2/hbar.
Source: Bender & Tserkovnyak, 2015, with the sign of the transverse part corrected.
"""

import numpy as np
from numpy.typing import ArrayLike

from hanle.boundary.magnons.linear import LinearExchange
from hanle.pde.coefficients import Deposit, FaceLaw, Side, as_weight, direction, whole_matrix
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.fields import ELECTRON_HEAT, LATTICE_HEAT, MAGNON, MAGNON_HEAT, SPIN, FieldSet
from hanle.pde.tensors import Array, cross_matrix, outer

METAL, MAGNET = "metal", "magnet"
#: Fields the law addresses on either side.
METAL_FIELDS = FieldSet((SPIN, ELECTRON_HEAT, LATTICE_HEAT))
MAGNET_FIELDS = FieldSet((MAGNON, MAGNON_HEAT, LATTICE_HEAT))

_SIZE = METAL_FIELDS.size + MAGNET_FIELDS.size
_W, _TE, _TPN, _WM, _TM, _TPF = slice(0, 3), 3, 4, 5, 6, 7


def magnon_face(magnet: str, given: LinearExchange, magnetisation: ArrayLike) -> FaceLaw:
    """The law between a metal (role "metal") and an insulator with magnons (role "magnet").

    Sides that lack fields of METAL_FIELDS or MAGNET_FIELDS: `hanle.pde.coupling.restricted`.

    Args:
        magnet: name of the insulator, for the deposits.
        given: coefficients, numbers, per facet (facets,), or a batch (batch, 1).
        magnetisation: m, (..., 3) with the same leading axes; normalised here.

    Deposits [A/m^2, spin in charge units], rows x, y, z: `torque:<magnet>`, transverse, and `magnons:<magnet>`, what
    magnons carry away along m.

    Raises:
        InputError: the second law is broken (by `LinearExchange`).
    """
    m, g = direction("magnetisation", magnetisation), given.conductances
    t0, seebeck, heat, lattice, crossing = (
        as_weight(x) for x in (given.temperature, given.S, given.kappa, given.h_pp, given.h_ep)
    )
    sink, real, imaginary = (as_weight(x) for x in (g.G_s, g.G_r, g.G_i))
    drive, warmer = _functional(m, _WM), _difference(_TM, _TE)
    cross = 2 * E_CHARGE / HBAR * seebeck * t0
    longitudinal = _scaled(2 * sink, drive, drive) + _scaled(cross, drive, warmer) + _scaled(cross, warmer, drive)
    exchanged = (
        longitudinal
        - _scaled(heat * t0, warmer, warmer)
        - _scaled(lattice * t0, _difference(_TPN, _TPF), _difference(_TPN, _TPF))
        - _scaled(crossing * t0, _difference(_TE, _TPF), _difference(_TE, _TPF))
    )
    transverse = 2 * (sink - real)[..., None, None] * (np.eye(3) - outer(m))
    transverse = transverse + 2 * imaginary[..., None, None] * cross_matrix(m)
    across = np.zeros((*transverse.shape[:-2], _SIZE, _SIZE))
    across[..., _W, _W] = transverse
    return FaceLaw(
        sides=(Side(METAL, METAL_FIELDS), Side(MAGNET, MAGNET_FIELDS)),
        G=whole_matrix(exchanged + across),
        deposits={
            f"torque:{magnet}": Deposit(whole_matrix(-across[..., _W, :])),
            f"magnons:{magnet}": Deposit(whole_matrix(-longitudinal[..., _W, :])),
        },
    )


def _functional(m: Array, minus: int) -> Array:
    """m.w minus an unknown, (..., 8)."""
    found = np.zeros((*m.shape[:-1], _SIZE))
    found[..., _W] = m
    found[..., minus] = -1.0
    return found


def _difference(plus: int, minus: int) -> Array:
    found = np.zeros(_SIZE)
    found[plus], found[minus] = 1.0, -1.0
    return found


def _scaled(weight: Array, rows: Array, columns: Array) -> Array:
    return np.asarray(weight[..., None, None] * rows[..., :, None] * columns[..., None, :])
