"""What a metal N and a magnetic insulator F exchange through magnons and lattice: the parameters of one interface.

m is the direction of the moments; a magnon carries +hbar along m. Flows are counted from N to F. With the spin
accumulation mu_s = 2 e w [J], the magnon potential mu_m = 2 e w_m [J] and the temperatures T_e (N) and T_m (F),

    i      J/m^2   angular momentum per area and time that N loses;  N.J = -(2e/hbar) i in `hanle.boundary.b_layer`
    qdot   W/m^2   energy that the electrons of N hand to the magnons; the magnons gain qdot - mu_m (m.i)/hbar as heat,
                   the electrons of N gain -qdot + (mu_s.i)/hbar
    h_pp (T_p^N - T_p^F),  h_ep (T_e - T_p^F)    W/m^2   heat to the lattice of F from the lattice and electrons of N

`hanle.boundary.magnons.linear` gives i and qdot in linear response, `hanle.boundary.magnons.currents` beyond it.
Source: Bender & Tserkovnyak, 2015, with the sign of the second term of Eq. (2) corrected; their n is -m.
"""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike

from hanle.boundary.magnons.spectrum import Spectrum
from hanle.pde.errors import InputError, unknown_name

#: What reduces elastic scattering: the density of magnons in the bulk, at the surface (twice that), or nothing.
Elastic: TypeAlias = Literal["bulk", "local", "none"]
#: Density of magnons that elastic scattering sees, in units of that of the bulk.
CROWDING: Final[dict[str, float]] = {"bulk": 1.0, "local": 2.0, "none": 0.0}


@dataclass(frozen=True, eq=False)
class MagnonExchange:
    """Parameters of one interface; each number may be an array that broadcasts with the state.

    Attributes:
        g_r: real part of the mixing conductance at T = 0 [1/m^2], > 0; G_r = (e^2/h) g_r. Usual: 1e18 to 1e19.
        spin_density: s, spin of F per volume in units of hbar [1/m^3], > 0. Usual: 1e27 to 1e29.
        spectrum: magnons of F, `Parabolic` or `Shaped` in `hanle.boundary.magnons.spectrum`.
        g_i: imaginary part at T = 0 [1/m^2], any sign, as in the source: G_i = -(e^2/h) g_i.
        elastic: density of magnons in the factors 1 - 2n/s of g_r and 1 - n/s of g_i: "bulk" (as the source), "local"
            (2n, at the surface, where the magnons that scatter electrons have their antinodes) or "none" (factor 1).
        inelastic_scale: factor on all that magnons carry; 1 is the golden rule, about 0.6 is claimed for YIG|Pt.
        h_pp: from the lattice of N to that of F [W/(m^2 K)], >= 0. Usual: 1e7 to 1e9.
        h_ep: from the electrons of N to the lattice of F [W/(m^2 K)], >= 0.

    Raises:
        InputError: a number out of its range, an unknown `elastic`.
    """

    g_r: ArrayLike
    spin_density: ArrayLike
    spectrum: Spectrum
    g_i: ArrayLike = 0.0
    elastic: Elastic = "bulk"
    inelastic_scale: ArrayLike = 1.0
    h_pp: ArrayLike = 0.0
    h_ep: ArrayLike = 0.0

    def __post_init__(self) -> None:
        if self.elastic not in get_args(Elastic):
            raise unknown_name("elastic", self.elastic, get_args(Elastic))
        _require("g_r", self.g_r, "[1/m^2], usual: 1e18 to 1e19", positive=True)
        _require("spin_density", self.spin_density, "[1/m^3], usual: 1e27 to 1e29", positive=True)
        _require("inelastic_scale", self.inelastic_scale, "(1: golden rule)")
        _require("h_pp", self.h_pp, "[W/(m^2 K)], usual: 1e7 to 1e9")
        _require("h_ep", self.h_ep, "[W/(m^2 K)]")
        if not np.all(np.isfinite(np.asarray(self.g_i, dtype=float))):
            raise InputError("g_i", "finite [1/m^2]", self.g_i)

    @property
    def crowding(self) -> float:
        """Density of magnons in the elastic factors over that of the bulk: 1, 2 or 0."""
        return CROWDING[self.elastic]


def _require(key: str, given: ArrayLike, unit: str, positive: bool = False) -> None:
    values = np.asarray(given, dtype=float)
    allowed = values > 0 if positive else values >= 0
    if not np.all(np.isfinite(values) & allowed):
        raise InputError(key, f"{'positive' if positive else '0 or positive'} {unit}", given)
