"""Injector | insulator | detector: one metal film drags a current in another through magnons. Closed form.

Films below and above a magnetic insulator, m = +y, currents along x, T = 0 everywhere relative to the bath. With the
normal of each film towards the insulator (s = +1 for the film below it, -1 for the film above), w and w_m at the faces,

    film        N.J = Y w - s b E              Y = (sigma/lambda) tanh(d/lambda)
                I   = a E + s b w              b = theta sigma [1 - sech(d/lambda)]
                                               a = sigma [(1 - 2 theta^2) d + theta^2 lambda tanh(d/lambda)]
    contact     N.J = -K (w - w_m)             K = 4 e^2 g/hbar
    insulator   K_1 (w_1 - w_m1) = L coth(d_F/lambda_m) w_m1 - L csch(d_F/lambda_m) w_m2,  L = 2 sigma_m/lambda_m

I is the current per width [A/m], E the field in the film. All w: half the spin accumulation along y [V].
Source: Cornelissen et al., 2016, for the diffusion of magnons; Zhang et al., 2019, for the film.
"""

from dataclasses import dataclass

import numpy as np

from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.tensors import Array


@dataclass(frozen=True)
class Film:
    """A metal film: sigma [S/m], lambda [m], theta, thickness d [m], and g [1/m^2] of its face with the insulator."""

    sigma: float
    length: float
    theta: float
    thickness: float
    g: float

    @property
    def admittance(self) -> float:
        """Y [S/m^2]."""
        return float(self.sigma / self.length * np.tanh(self.thickness / self.length))

    @property
    def conversion(self) -> float:
        """b [S/m]: spin current per field, and current per width per w at the face."""
        return float(self.theta * self.sigma * (1 - 1 / np.cosh(self.thickness / self.length)))

    @property
    def sheet(self) -> float:
        """a [S]: current per width and field where w = 0 at the face."""
        bare = (1 - 2 * self.theta**2) * self.thickness
        return float(self.sigma * (bare + self.theta**2 * self.length * np.tanh(self.thickness / self.length)))

    @property
    def contact(self) -> float:
        """K [S/m^2]."""
        return 4 * E_CHARGE**2 * self.g / HBAR


@dataclass(frozen=True)
class Magnons:
    """An insulator: sigma_m [S/m], lambda_m [m], thickness d_F [m]."""

    sigma: float
    length: float
    thickness: float

    @property
    def line(self) -> Array:
        """(2, 2) spin that enters at both faces per w_m there [S/m^2]."""
        x, size = self.thickness / self.length, 2 * self.sigma / self.length
        return size * np.array([[1 / np.tanh(x), -1 / np.sinh(x)], [-1 / np.sinh(x), 1 / np.tanh(x)]])


def conductance(below: Film, insulator: Magnons, above: Film) -> Array:
    """(2, 2) current per width in the films (below, above) per field in them [S]."""
    # Unknowns w_1, w_2, w_m1, w_m2; each row a balance of spin that leaves.
    contacts = np.diag([below.contact, above.contact])
    films = np.diag([below.admittance, above.admittance])
    balance = np.block([[films + contacts, -contacts], [-contacts, contacts + insulator.line]])
    convert = np.zeros((4, 2))
    convert[0, 0], convert[1, 1] = below.conversion, -above.conversion
    return np.diag([below.sheet, above.sheet]) + convert.T @ np.linalg.solve(balance, convert)


def seebeck_field(insulator: Magnons, film: Film, driven: float) -> float:
    """E [V/m] at I = 0 in a film on top of an insulator, which reflects magnons at its bottom.

    At the top the insulator gives K (w - w_m) = L tanh(d_F/lambda_m) w_m + J_0 [1 - sech(d_F/lambda_m)].

    Args:
        driven: J_0 = zeta dT/dz [A/m^2], the part of J_m that heat drives, uniform; the contact has no S of its own.
    """
    x = insulator.thickness / insulator.length
    size = 2 * insulator.sigma / insulator.length * np.tanh(x)
    source = driven * (1 - 1 / np.cosh(x))
    k, b = film.contact, film.conversion
    matrix = np.array([[film.admittance + k, -k, b], [-k, k + size, 0.0], [0.0, 0.0, film.sheet]])
    matrix[2, 0] = -b
    return float(np.linalg.solve(matrix, [0.0, -source, 0.0])[2])


def lateral_drag(insulator: Magnons, film: Film, width: float, gap: float, margin: float) -> float:
    """Current in one of two strips on top of an insulator per field along the other [S m], m across the strips.

    With Z = 1/(1/Y + 1/K), w_m obeys w_m'' = w_m/lambda_m^2 away from the strips and, below them,
    w_m'' = w_m/lambda_m^2 + (Z/2 sigma_m d_F) (w_m - b E/Y). Holds for d_F much smaller than width and lambda_m, and a
    width much larger than the decay length of the metal.

    Args:
        width, gap: of the strips and between them [m].
        margin: from a strip to the closed end of the insulator beside it [m].
    """
    section = 2 * insulator.sigma * insulator.thickness
    shunt = film.admittance * film.contact / (film.admittance + film.contact)
    free, below = 1 / insulator.length, np.sqrt(1 / insulator.length**2 + shunt / section)

    def piece(rate: float, length: float) -> Array:
        x = rate * length
        return section * rate * np.array([[1 / np.tanh(x), -1 / np.sinh(x)], [-1 / np.sinh(x), 1 / np.tanh(x)]])

    # w_m at the four edges of the strips; below the first it decays to `level` per field.
    level = shunt * film.conversion / film.admittance / (section * below**2)
    total = np.diag(section * free * np.tanh(margin * free) * np.array([1.0, 0.0, 0.0, 1.0]))
    total[:2, :2] += piece(below, width)
    total[1:3, 1:3] += piece(free, gap)
    total[2:, 2:] += piece(below, width)
    edges = np.linalg.solve(total, [*(piece(below, width).sum(axis=1) * level), 0.0, 0.0])
    entering = piece(below, width).sum(axis=1) @ edges[2:]
    return float(film.conversion * shunt / film.admittance * entering / (section * below**2))
