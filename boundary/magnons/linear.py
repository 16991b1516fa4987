"""Exchange through magnons in linear response.

With X = m.mu_s - mu_m [J], dT = T_m - T_e and the conductances of `hanle.boundary.b_layer`,

    m.i  = g X - S dT              N.J = 2 [G_s (m.w - w_m) m + (G_s - G_r) w_perp + G_i m x w] + (2e/hbar) S dT m
    qdot = Pi X - kappa dT         i_perp = (1/4 pi) [g_r^tot mu_perp + g_i^el m x mu_s]

    G_s = -(2e^2/hbar) g,   G_r = G_s + (e^2/h) g_r^tot,   G_i = -(e^2/h) g_i^el,   Pi = T S/hbar
    g_r^tot = (1 - 2n/s) g_r + 2 pi g,   g_i^el = (1 - n/s) g_i

Second law: g kappa >= Pi S. Source: Bender & Tserkovnyak, 2015, Eqs (4), (5), with the correction of Eq. (2), which
turns the sign of 2 pi g.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hanle.boundary.b_layer import Conductances
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.tensors import Array

#: e^2/h [S]
QUANTUM = E_CHARGE**2 / (2 * np.pi * HBAR)


@dataclass(frozen=True, eq=False)
class LinearExchange:
    """Coefficients of linear response about T; numbers or arrays that broadcast.

    Attributes:
        temperature: T, of everything [K], > 0.
        g: spin conductance [1/m^2], >= 0.
        S: spin Seebeck coefficient [J/(K m^2)].
        kappa: heat conductance at mu_s = mu_m = 0 [W/(K m^2)].
        g_r: total real mixing conductance g_r^tot [1/m^2], >= 0.
        g_i: imaginary mixing conductance g_i^el [1/m^2], sign of the source.
        h_pp, h_ep: to the lattice of F, from lattice and electrons of N [W/(m^2 K)].
    """

    temperature: ArrayLike
    g: ArrayLike
    S: ArrayLike
    kappa: ArrayLike
    g_r: ArrayLike
    g_i: ArrayLike = 0.0
    h_pp: ArrayLike = 0.0
    h_ep: ArrayLike = 0.0

    @property
    def Pi(self) -> Array:
        """Spin Peltier coefficient T S/hbar [1/(s m^2)]."""
        return np.asarray(np.asarray(self.temperature) * np.asarray(self.S) / HBAR)

    @property
    def conductances(self) -> Conductances:
        """G_s, G_r, G_i [S/m^2] of the b-layer law."""
        sink = -2 * E_CHARGE**2 / HBAR * np.asarray(self.g, dtype=float)
        return Conductances(
            sink,
            sink + QUANTUM * np.asarray(self.g_r, dtype=float),
            -QUANTUM * np.asarray(self.g_i, dtype=float),
        )
