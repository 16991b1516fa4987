"""Film 0 < z < d with magnetic insulators on one or both sides, everything symmetric about one axis n.

The electric field E lies in the plane and s = theta z x E. Zhang et al., 2019, Eqs (13)-(15), are re-derived from

    w'' = M w,    w'(d) = s + 2 rho G_top w(d),    w'(0) = s - 2 rho G w(0),    <w'> = [w(d) - w(0)]/d = R s.

Channel along n: G = Gs and l = lambda. Channel n x -> -i: G = Gs - Gr - i Gi and l = Lambda. With x = d/l,
k = 2 rho d (G, G_top), C(x) = x coth x:

    R = [x^2/C(x/2) - k_0 - k_1] / [x^2 + k_0 k_1 - (k_0 + k_1) C(x)].

k_1 = 0 is Eq. (15); k_0 = k_1 is (2 l/d) tanh(d/2l)/[1 - 2 rho G l tanh(d/2l)]. Magnetoresistance depends on the
deficit 1 - R, which is evaluated in its own form: it keeps full relative accuracy for thin films, where R -> 1.

Validity: diffusive film, uniform in the plane, no edges; passive interfaces (Gs <= 0, Gr - Gs >= 0). R is exact in
theta. In a conducting magnet without interfaces take lam -> l_par and Lambda^-2 = l_perp^-2 + i omega/D.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.closed_forms.channels import ComplexArray, channel_tensor, x_coth_minus_one
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array


def _parts(
    G: ArrayLike, l: ArrayLike, d: ArrayLike, rho: ArrayLike, G_top: ArrayLike
) -> tuple[ComplexArray, ComplexArray, ComplexArray, ComplexArray, ComplexArray]:
    """(x^2, k_0 + k_1, k_0 k_1, C(x/2) - 1, C(x) - 1) of the module docstring."""
    x = np.asarray(d) / np.asarray(l, dtype=complex)
    unit = 2.0 * np.asarray(rho, dtype=float) * np.asarray(d, dtype=float)
    k_0, k_1 = unit * np.asarray(G, dtype=complex), unit * np.asarray(G_top, dtype=complex)
    return x**2, k_0 + k_1, k_0 * k_1, x_coth_minus_one(x / 2), x_coth_minus_one(x)


def film_response(G: ArrayLike, l: ArrayLike, d: ArrayLike, rho: ArrayLike, G_top: ArrayLike = 0.0) -> ComplexArray:
    """R(G, l) of one channel, dimensionless (Zhang et al., 2019, Eq. (15)).

    Args:
        G: conductance of the channel at the bottom face [S/m^2], complex.
        l: decay length of the channel [m], complex with Re l > 0, finite.
        d: thickness [m].
        rho: Drude resistivity [Ohm m].
        G_top: conductance of the channel at the top face [S/m^2]; 0 for vacuum.
    """
    y, total, product, half, whole = _parts(G, l, d, rho, G_top)
    return np.asarray((y / (1.0 + half) - total) / (y + product - total * (1.0 + whole)))


def film_deficit(G: ArrayLike, l: ArrayLike, d: ArrayLike, rho: ArrayLike, G_top: ArrayLike = 0.0) -> ComplexArray:
    """1 - R(G, l) without cancellation; arguments as `film_response`."""
    y, total, product, half, whole = _parts(G, l, d, rho, G_top)
    return np.asarray((y * half / (1.0 + half) + product - total * whole) / (y + product - total * (1.0 + whole)))


@dataclass(frozen=True)
class Mixing:
    """Spin conductances of one face, N.J = 2 [Gs w + Gr m x (m x w) + Gi m x w], N outward from the metal.

    Attributes:
        s, r, i: Gs (<= 0), Gr (>= Gs), Gi (either sign) [S/m^2]; numbers or arrays that broadcast.
    """

    s: ArrayLike = 0.0
    r: ArrayLike = 0.0
    i: ArrayLike = 0.0

    def __post_init__(self) -> None:
        if np.any(np.asarray(self.s) > 0):
            raise InputError("Mixing.s", "zero or negative [S/m^2] (second law)", self.s, "Gs is minus the sink")
        if np.any(np.asarray(self.r) < np.asarray(self.s)):
            raise InputError("Mixing.r", "at least Gs [S/m^2] (second law)", self.r)

    @property
    def par(self) -> Array:
        """Conductance of the channel along m, Gs [S/m^2]."""
        return np.asarray(self.s, dtype=float)

    @property
    def perp(self) -> ComplexArray:
        """Conductance of the channel m x -> -i, Gs - Gr - i Gi [S/m^2]."""
        return np.asarray(np.asarray(self.s) - np.asarray(self.r) - 1j * np.asarray(self.i))


@dataclass(frozen=True)
class Film:
    """A film with field and moments along one axis; every entry may be an array, they broadcast.

    Attributes:
        rho: Drude resistivity [Ohm m].
        d: thickness [m].
        lam: decay length along the axis [m].
        Lam: complex transverse length [m], see `channels.transverse_length`.
        bottom, top: conductances of the faces at z = 0 and z = d; vacuum by default.
    """

    rho: ArrayLike
    d: ArrayLike
    lam: ArrayLike
    Lam: ArrayLike
    bottom: Mixing = field(default_factory=Mixing)
    top: Mixing = field(default_factory=Mixing)

    def __post_init__(self) -> None:
        for name in ("rho", "d", "lam", "Lam"):
            value = np.asarray(getattr(self, name))
            if not np.all(np.real(value) > 0) or not np.all(np.isfinite(value)):
                raise InputError(f"Film.{name}", "finite with a positive real part (SI)", value.tolist())

    @property
    def responses(self) -> tuple[Array, ComplexArray]:
        """(R_par, R_perp), shape of the broadcast attributes."""
        par = film_response(self.bottom.par, self.lam, self.d, self.rho, self.top.par)
        perp = film_response(self.bottom.perp, self.Lam, self.d, self.rho, self.top.perp)
        return par.real, perp

    @property
    def deficits(self) -> tuple[Array, ComplexArray]:
        """(1 - R_par, 1 - R_perp) without cancellation."""
        par = film_deficit(self.bottom.par, self.lam, self.d, self.rho, self.top.par)
        perp = film_deficit(self.bottom.perp, self.Lam, self.d, self.rho, self.top.perp)
        return par.real, perp

    def response_tensor(self, n: ArrayLike) -> Array:
        """Rmat with <w'> = Rmat s, shape (..., 3, 3), for the unit axis `n` (..., 3)."""
        return channel_tensor(*self.responses, n)

    def deficit_tensor(self, n: ArrayLike) -> Array:
        """1 - Rmat without cancellation; feed it to `resistivity`."""
        return channel_tensor(*self.deficits, n)


def film_drho(film: Film, theta: ArrayLike) -> tuple[Array, Array, Array]:
    """(drho0, drho1, drho2) [Ohm m] of Zhang et al., 2019, Eq. (14), to O(theta^2).

    rho_L = rho + drho0 + drho1 (1 - n_y^2), rho_T = E_y/j_x = drho1 n_x n_y + drho2 n_z, current along x.
    drho1 is a difference of two deficits: its error is about 1e-16 theta^2 rho (1 - R_par).
    """
    par, perp = film.deficits
    scale = np.asarray(theta, dtype=float) ** 2 * np.asarray(film.rho, dtype=float)
    return np.asarray(scale * (1.0 + par)), np.asarray(scale * (perp.real - par)), np.asarray(-scale * perp.imag)
