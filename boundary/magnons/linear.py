"""Exchange through magnons in linear response.

With X = m.mu_s - mu_m [J], dT = T_m - T_e and the conductances of `hanle.boundary.b_layer`,

    m.i  = g X - S dT              N.J = 2 [G_s (m.w - w_m) m + (G_s - G_r) w_perp + G_i m x w] + (2e/hbar) S dT m
    qdot = Pi X - kappa dT         i_perp = (1/4 pi) [g_r^tot mu_perp + g_i^el m x mu_s]

    G_s = -(2e^2/hbar) g,   G_r = G_s + (e^2/h) g_r^tot,   G_i = -(e^2/h) g_i^el,   Pi = T S/hbar
    g_r^tot = (1 - 2n/s) g_r + 2 pi g,   g_i^el = (1 - n/s) g_i

g = c dn_1/dmu, S = c dn_1/dT, kappa = (c/hbar) dn_2/dT, c = g_r/(pi s), with n_p of `hanle.boundary.magnons.integrals`
at mu = 0. Parabolic magnons, d = gap/(kB T), P = g_r/(pi s Lambda^3), Lambda^2 = 4 pi A/(kB T), L_k = Li_{k/2}(e^{-d}):

    g     = P [(3/2) L_3 + d L_1]                     kappa = (kB^2 T/hbar) P [(105/8) L_7 + (45/4) d L_5
    S     = kB P [(15/4) L_5 + 3 d L_3 + d^2 L_1]                             + (9/2) d^2 L_3 + d^3 L_1]

Second law: g kappa >= Pi S. Source: Bender & Tserkovnyak, 2015, Eqs (4), (5), with the correction of Eq. (2), which
turns the sign of 2 pi g. With magnons in equilibrium (w_m = 0, T_m = T_e) it is the law of Zhang et al., 2019.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hanle.boundary.b_layer import Conductances
from hanle.boundary.magnons.exchange import MagnonExchange
from hanle.boundary.magnons.integrals import occupations
from hanle.pde.constants import E_CHARGE, HBAR, K_B
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array

#: e^2/h [S]
QUANTUM = E_CHARGE**2 / (2 * np.pi * HBAR)
#: Part of Pi S by which g kappa may be below it.
ROUNDING = 1e-12
#: n/s above which the elastic factor of g_r is negative.
DENSE = 0.5


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
        h_pp, h_ep: to the lattice of F, from lattice and electrons of N [W/(m^2 K)], >= 0.

    Raises:
        InputError: T <= 0, a negative coefficient, or g kappa < Pi S.
    """

    temperature: ArrayLike
    g: ArrayLike
    S: ArrayLike
    kappa: ArrayLike
    g_r: ArrayLike
    g_i: ArrayLike = 0.0
    h_pp: ArrayLike = 0.0
    h_ep: ArrayLike = 0.0

    def __post_init__(self) -> None:
        require_temperature("temperature", self.temperature)
        for key, unit in (("g", "1/m^2"), ("kappa", "W/(K m^2)"), ("g_r", "1/m^2"), *_LATTICE):
            values = np.asarray(getattr(self, key), dtype=float)
            if not np.all(np.isfinite(values) & (values >= 0)):
                raise InputError(key, f"0 or positive [{unit}]", getattr(self, key), "this law would create energy")
        for key in ("S", "g_i"):
            if not np.all(np.isfinite(np.asarray(getattr(self, key), dtype=float))):
                raise InputError(key, "finite", getattr(self, key))
        g, kappa, seebeck = (np.asarray(v, dtype=float) for v in (self.g, self.kappa, self.S))
        heat, crossed = np.broadcast_arrays(g * kappa, self.Pi * seebeck)
        if np.any(heat < crossed * (1 - ROUNDING)):
            worst = np.unravel_index(int(np.argmin(heat - crossed)), heat.shape)
            received = f"g kappa = {heat[worst]:.6g}, Pi S = {crossed[worst]:.6g} W/(K m^4)"
            raise InputError(
                "magnon exchange", "such that g kappa >= Pi S", received, "this law would create energy"
            )

    @property
    def Pi(self) -> Array:
        """Spin Peltier coefficient T S/hbar [1/(s m^2)]."""
        return np.asarray(np.asarray(self.temperature) * np.asarray(self.S) / HBAR)

    @property
    def conductances(self) -> Conductances:
        """G_s, G_r, G_i [S/m^2] of the b-layer law."""
        return conductances(self.g, self.g_r, self.g_i)


_LATTICE = (("h_pp", "W/(m^2 K)"), ("h_ep", "W/(m^2 K)"))


def conductances(g: ArrayLike, g_r: ArrayLike, g_i: ArrayLike = 0.0) -> Conductances:
    """G_s, G_r, G_i [S/m^2] from the spin conductance and the total mixing conductance [1/m^2]."""
    sink = -4 * np.pi * QUANTUM * np.asarray(g, dtype=float)
    transverse, reactive = (QUANTUM * np.asarray(v, dtype=float) for v in (g_r, g_i))
    return Conductances(sink, sink + transverse, -reactive)


def mixing(given: Conductances) -> tuple[Array, Array, Array]:
    """g, g_r^tot, g_i^el [1/m^2] from the conductances of the b-layer; the inverse of `conductances`."""
    sink, real, imaginary = (np.asarray(v, dtype=float) for v in (given.G_s, given.G_r, given.G_i))
    return -sink / (4 * np.pi * QUANTUM), (real - sink) / QUANTUM, -imaginary / QUANTUM


def linear(exchange: MagnonExchange, temperature: ArrayLike) -> LinearExchange:
    """The coefficients at T [K], of the shape of T and the parameters.

    Raises:
        InputError: T <= 0, or more magnons than half the saturation density.
    """
    require_temperature("temperature", temperature)
    t, n = _occupations(exchange, temperature)
    strength = prefactor(exchange)
    g, seebeck, kappa = strength * n[1, 1], strength * K_B * n[2, 1], strength * K_B / HBAR * n[2, 2]
    real, imaginary = elastic_factors(exchange, n[0, 0])
    return LinearExchange(
        temperature=t,
        g=g,
        S=seebeck,
        kappa=kappa,
        g_r=real * np.asarray(exchange.g_r) + 2 * np.pi * g,
        g_i=imaginary * np.asarray(exchange.g_i),
        h_pp=exchange.h_pp,
        h_ep=exchange.h_ep,
    )


def magnon_density(exchange: MagnonExchange, temperature: ArrayLike) -> Array:
    """n in equilibrium [1/m^3]; compare with the spin density."""
    require_temperature("temperature", temperature)
    return np.asarray(_occupations(exchange, temperature)[1][0, 0])


def prefactor(exchange: MagnonExchange) -> Array:
    """g_r/(pi s), with the factor on what magnons carry [m]."""
    g_r, s, scale = (np.asarray(v) for v in (exchange.g_r, exchange.spin_density, exchange.inelastic_scale))
    return np.asarray(scale * g_r / (np.pi * s))


def elastic_factors(exchange: MagnonExchange, density: Array) -> tuple[Array, Array]:
    """1 - 2n/s and 1 - n/s, with n the density of magnons [1/m^3] that elastic scattering sees.

    Raises:
        InputError: n/s > 1/2.
    """
    part = exchange.crowding * density / np.asarray(exchange.spin_density, dtype=float)
    if np.any(part > DENSE):
        must = f"at most {DENSE:g} of the spin density (first order in n/s)"
        cure = "lower the temperature or the magnon potential, or check stiffness and spin density"
        raise InputError("density of magnons", must, float(np.max(part)), cure)
    return np.asarray(1 - 2 * part), np.asarray(1 - part)


def require_temperature(key: str, given: ArrayLike) -> None:
    """Refuse T <= 0 and what is not finite."""
    values = np.asarray(given, dtype=float)
    if not np.all(np.isfinite(values) & (values > 0)):
        raise InputError(key, "finite and > 0 K", given, "usual: 0.05 K to 350 K")


def _occupations(exchange: MagnonExchange, temperature: ArrayLike) -> tuple[Array, Array]:
    """T and what `occupations` gives at mu = 0, in the shape of T and spectrum."""
    shape = np.broadcast_shapes(np.shape(temperature), exchange.spectrum.shape)
    t = np.broadcast_to(np.asarray(temperature, dtype=float), shape)
    theta = K_B * t.ravel()
    found = occupations(exchange.spectrum.spread(shape), theta, np.zeros_like(theta))
    return t, found.reshape(*found.shape[:2], *shape)
