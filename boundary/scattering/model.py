"""A model interface: free electrons on both sides, exchange in the magnet, a spin-dependent potential between them.

    H = - (hbar^2/2m) Laplace + (hbar^2/2m) kappa delta(z) + U_N (z < 0) + [U_F + J sigma.m] (z > 0)
    kappa = u0 + um sigma.m + h_R sigma.(k x n)

n = z points from the normal side N to the magnet F, sigma is the electron spin, m the magnetisation; "up" is the
majority, the spin along -m. Waves across the interface, at k_perp = |k x n|, roots with Im >= 0:

    k_z^2 = 2m(E_F - U_N)/hbar^2 - k_perp^2       K_up^2, K_dn^2 = 2m(E_F - U_F +- J)/hbar^2 - k_perp^2

One record covers all kinds: a step (J, U_F), an interface potential (u0, um), a magnet with one or no band at E_F, an
insulating normal side (surface of a topological insulator), and any combination. Amplitudes without h_R, v = u0 -+ um:

    D = i (K + k_z) - v,   A = 1 + r = 2i k_z/D,   |t'|^2 = 4 Re(K) |k_z| / |D|^2

r: reflection of a wave from N (k_z real), t': transmission of a wave from F (K real); |t'|^2 is also used where k_z is
imaginary. Source: Kim et al., 2017, Eqs (5)-(7).
Validity: equal masses on both sides, specular interface, zero temperature.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.constants import m_e

from hanle.boundary.scattering.amplitudes import Amplitudes, ComplexArray, Rows
from hanle.boundary.scattering.quadrature import FLOOR, Sum, Transverse, mode_sum
from hanle.pde.constants import HBAR
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array

#: Bands whose k^2 differ by less than this part are one band, and such a part of a potential is none.
EQUAL = 1e-14
#: Tolerance of sums over modes, relative to the sum of absolute values.
RTOL = 1e-11


@dataclass(frozen=True)
class Interface:
    """Parameters of the model.

    Attributes:
        E_F: Fermi energy [J], on the scale of U_N and U_F.
        J: exchange in the magnet [J]; > 0 where "up" has the larger Fermi surface.
        U_N, U_F: potentials of both sides [J].
        u0, um: interface potential and its exchange [1/m].
        h_R: strength of the spin-orbit coupling at the interface, without unit; the sign belongs to n from N to F.
        tau_N, tau_up, tau_dn: momentum relaxation times [s], >= 0.
        mass: effective mass on both sides [kg].

    Raises:
        InputError: no electrons at E_F, or a number outside its range.
    """

    E_F: float
    J: float = 0.0
    U_N: float = 0.0
    U_F: float = 0.0
    u0: float = 0.0
    um: float = 0.0
    h_R: float = 0.0
    tau_N: float = 0.0
    tau_up: float = 0.0
    tau_dn: float = 0.0
    mass: float = m_e

    def __post_init__(self) -> None:
        for key in self.__dataclass_fields__:
            if not np.isfinite(getattr(self, key)):
                raise InputError(key, "finite", getattr(self, key))
        for key in ("tau_N", "tau_up", "tau_dn"):
            if getattr(self, key) < 0:
                raise InputError(key, "0 or positive [s]", getattr(self, key), "usual: 1e-15 to 1e-13 s")
        if not self.mass > 0:
            raise InputError("mass", "positive [kg]", self.mass, f"free electrons: {m_e:.4g} kg")
        if not self.edges.max() > 0:
            hint = "neither side has electrons there"
            raise InputError("E_F", "above U_N or above U_F - |J| [J]", self.E_F, hint)

    @cached_property
    def edges(self) -> Array:
        """k_perp^2 at which the bands of N, up and dn end [1/m^2], (3,); <= 0 for a band that is empty."""
        scale = 2 * self.mass / HBAR**2
        above = (self.E_F - self.U_N, self.E_F - self.U_F + self.J, self.E_F - self.U_F - self.J)
        ends = np.array([scale * energy for energy in above])
        # Bands meant to be equal differ by rounding, which would be an interval of its own.
        for k, other in ((1, 0), (2, 0), (2, 1)):
            if abs(ends[k] - ends[other]) <= EQUAL * np.abs(ends).max():
                ends[k] = ends[other]
        return ends

    @cached_property
    def k(self) -> float:
        """Wave number of the scale [1/m]: k_F of N, or where N is insulating the larger one of F."""
        return float(np.sqrt(self.edges[0] if self.edges[0] > 0 else self.edges[1:].max()))

    @property
    def potentials(self) -> tuple[float, float]:
        """v_up, v_dn: interface potential for spins along -m and +m [1/m]."""
        own = self.u0 - self.um, self.u0 + self.um
        rounding = EQUAL * (abs(self.u0) + abs(self.um) + self.k)
        return own[0] if abs(own[0]) > rounding else 0.0, own[1] if abs(own[1]) > rounding else 0.0

    @property
    def kind(self) -> str:
        """Which sides conduct, in words."""
        normal, up, dn = self.edges > 0
        if not normal:
            return "insulating normal side"
        if up and dn:
            return "metals"
        return "half-metallic magnet" if up or dn else "insulating magnet"

    def waves(self, at: Transverse) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
        """k_z, K_up, K_dn [1/m] at the points."""
        k_z, up, dn = (np.sqrt(at.below(edge).astype(complex)) for edge in self.edges)
        return k_z, up, dn

    def amplitudes(self, at: Transverse) -> Amplitudes:
        """Amplitudes without h_R at the points."""
        k_z, *bands = self.waves(at)
        in_normal = k_z.imag == 0
        r, transmitted = [], []
        for wave, potential in zip(bands, self.potentials, strict=True):
            denominator = 1j * (wave + k_z) - potential
            r.append(np.where(in_normal, (1j * (k_z - wave) + potential) / denominator, 0))
            transmitted.append(4 * wave.real * np.abs(k_z) / np.abs(denominator) ** 2)
        return Amplitudes(at.k_perp2, k_z, r[0], r[1], transmitted[0], transmitted[1])

    def total(
        self, rows: Rows, rtol: float | None = None, where: str = "sum over modes", floor: float = FLOOR
    ) -> Sum:
        """Sum over transverse modes and area of integrands of the amplitudes; tolerance 1e-11 unless told otherwise."""
        return mode_sum(
            self.edges, lambda at: rows(self.amplitudes(at)), RTOL if rtol is None else rtol, where, floor
        )

    def flux_defect(self, at: Transverse) -> float:
        """Largest |1 - |r|^2 - |t'|^2| where k_z is real and of |1 - |r|^2| where moreover K is imaginary."""
        found = self.amplitudes(at)
        kept = [np.abs(r) ** 2 + t for r, t in ((found.r_up, found.T_up), (found.r_dn, found.T_dn))]
        defects = np.abs(np.stack(kept) - 1)[:, found.propagates]
        return float(defects.max()) if defects.size else 0.0
