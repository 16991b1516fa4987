"""Film of a conducting magnet with local moments, vacuum on both sides, current along x.

    rho_L/rho - 1 = theta^2 [2 - R_par + (R_par - Re R_perp)(1 - m_y^2)]         rho_T = E_y/j_x at <j_y> = 0
    rho_T/rho     = theta^2 [(R_par - Re R_perp) m_x m_y + Im R_perp m_z]        R = (2 l/d) tanh(d/2l)

    R_par: l = l_par = (D tau_par)^{1/2},    R_perp: 1/l^2 = 1/(D tau_perp) + i omega_L/D
    1/tau_par  = 1/tau_0 + sum K x n_B(x) [S(S+1) - <S_par^2> - S_par]
    1/tau_perp = 1/(2 tau_0) + 1/(2 tau_par) + sum K <S_par^2>,    K = (pi/hbar) n_S nu J^2
    omega_L    = omega_B - sum n_S J S_par/hbar

Zhang et al., 2025, Eqs (78), (84)-(90), and with two sublattices (91)-(97), where the exchange fields cancel and m is
the Neel vector. Corrected: omega_L turns in the physical sense, which makes the last term of rho_T positive; the sums
run over all sublattices; the 2 theta^2 rho of Eq. (86) stands in Eq. (93) too. Eqs (86)-(97) keep the order theta^2;
`exact` is the same film for any theta. It is the film of `film` with G = 0.

Validity: as `film`. Anisotropic exchange leaves no axis of symmetry: `anisotropic_deficit`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.closed_forms.channels import ComplexArray, transverse_length
from hanle.pde.closed_forms.film import Film
from hanle.pde.closed_forms.oblique import decay_matrix, oblique_deficit
from hanle.pde.closed_forms.resistivity import Correction, exact_correction
from hanle.pde.constants import HBAR
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array


def exchange_rates(
    strength: ArrayLike, host: ArrayLike, spin: ArrayLike, x: ArrayLike, S_par: ArrayLike, S_square: ArrayLike
) -> tuple[Array, Array]:
    """(1/tau_par, 1/tau_perp) [1/s], Zhang et al., 2025, Eqs (84), (85), (91), (92); isotropic exchange.

    Args:
        strength: K (..., sublattices) [1/s].
        host: 1/tau_0 (...) [1/s].
        spin: S (..., sublattices).
        x: level spacing over kT (..., sublattices), negative where the moment stands against m.
        S_par, S_square: spin along m and its mean square (..., sublattices).
    """
    s, t, along, square = (np.asarray(v, dtype=float) for v in (spin, x, S_par, S_square))
    with np.errstate(invalid="ignore", over="ignore"):
        bose = np.where(t == 0, 1.0, t / np.expm1(t))
    rate = np.asarray(host, dtype=float)
    par = rate + np.sum(strength * bose * (s * (s + 1) - square - along), axis=-1)
    return np.asarray(par), np.asarray(rate / 2 + par / 2 + np.sum(strength * square, axis=-1))


def precession(omega_B: ArrayLike, exchange: ArrayLike) -> Array:
    """omega_L along m [rad/s] from omega_B = g mu_B B/hbar and the exchange energy sum n_S J S_par [J]; Eq. (78)."""
    return np.asarray(np.asarray(omega_B, dtype=float) - np.asarray(exchange, dtype=float) / HBAR)


@dataclass(frozen=True)
class MagneticFilm:
    """A film of thickness d; every entry may be an array, they broadcast.

    Attributes:
        rho: Drude resistivity [Ohm m].
        d: thickness [m].
        diffusion: D [m^2/s].
        par, perp: 1/tau_par and 1/tau_perp [1/s], > 0, with the part of the host.
        omega: omega_L along m [rad/s]; 0 for an antiferromagnet without field.
    """

    rho: ArrayLike
    d: ArrayLike
    diffusion: ArrayLike
    par: ArrayLike
    perp: ArrayLike
    omega: ArrayLike = 0.0

    def __post_init__(self) -> None:
        for name in ("rho", "d", "diffusion", "par", "perp"):
            if not np.all(np.asarray(getattr(self, name)) > 0):
                raise InputError(f"MagneticFilm.{name}", "positive (SI)", getattr(self, name))

    @property
    def l_par(self) -> Array:
        """Decay length along m [m]."""
        return np.asarray(np.sqrt(np.asarray(self.diffusion) / np.asarray(self.par)))

    @property
    def l_perp(self) -> Array:
        """Decay length across m without precession [m]."""
        return np.asarray(np.sqrt(np.asarray(self.diffusion) / np.asarray(self.perp)))

    @property
    def Lam(self) -> ComplexArray:
        """Complex length across m [m]."""
        return transverse_length(self.l_perp, self.omega, self.diffusion)

    @property
    def film(self) -> Film:
        """The same film for `film`, `film_profile` and `plates`."""
        return Film(self.rho, self.d, self.l_par, self.Lam)

    def parts(self) -> tuple[Array, Array, Array]:
        """(drho0, drho1, drho2)/rho of Eqs (88)-(90), (95)-(97), as printed: without the factor theta^2."""
        half = np.asarray(self.d, dtype=float) / 2
        par = self.l_par / half * np.tanh(half / self.l_par)
        perp = self.Lam / half * np.tanh(half / self.Lam)
        return np.asarray(par), np.asarray(par - perp.real), np.asarray(perp.imag)

    def printed(self, m: ArrayLike, theta: ArrayLike) -> Correction:
        """(rho_L/rho - 1, rho_T/rho) to O(theta^2), Eqs (86), (87), (93), (94).

        Args:
            m: unit vector of the moments or Neel vector, (..., 3).
            theta: spin Hall angle.
        """
        zero, one, two = self.parts()
        x, y, z = np.moveaxis(np.asarray(m, dtype=float), -1, 0)
        square = np.asarray(theta, dtype=float) ** 2
        return Correction(square * (2 - zero + one * (1 - y**2)), square * (one * x * y + two * z))

    def exact(self, m: ArrayLike, theta: ArrayLike) -> Correction:
        """(rho_L/rho - 1, rho_T/rho) for any theta; arguments as `printed`."""
        return exact_correction(self.film.deficit_tensor(m), theta)


def anisotropic_deficit(
    gamma: ArrayLike, omega: ArrayLike, diffusion: ArrayLike, d: ArrayLike, rho: ArrayLike
) -> Array:
    """1 - (2/d) M^{-1/2} tanh(M^{1/2} d/2), M = (Gamma - [omega x])/D: the film for a full relaxation tensor.

    Feed it to `resistivity`: (..., 3, 3).

    Args:
        gamma: relaxation with the part of the host (..., 3, 3) [1/s].
        omega: omega_L as a vector (..., 3) [rad/s].
        diffusion, d, rho: D [m^2/s], thickness [m], Drude resistivity [Ohm m].
    """
    return oblique_deficit(decay_matrix(gamma, omega, diffusion), d, rho)
