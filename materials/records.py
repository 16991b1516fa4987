"""What a region is made of: frozen records whose numbers carry dimension, temperature and source.

No number follows the temperature of a device or sweep except through the moments of a magnet; `Sourced.temperature`
only says where a number was found.

Normal metal: sigma = 2 e^2 nu D (nu: density of states per spin), tau_s = lambda^2/D.
Magnetic insulator: either microscopic (spins, critical temperature, areal densities and sd couplings at the
interface) or its interface conductances as plain numbers. A change is a copy: `dataclasses.replace`.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hanle.materials.rates import Rates, rates_at
from hanle.materials.weiss import G_FACTOR, Moments
from hanle.pde.constants import E_CHARGE
from hanle.pde.errors import InputError, UnsupportedError, unknown_name
from hanle.pde.quantity import DIMENSIONS, show, usual_range
from hanle.pde.tensors import Array, is_symmetric

#: Source of a number that the user gave without one.
USER = "user"


@dataclass(frozen=True)
class Sourced:
    """A number in SI and where it comes from.

    Attributes:
        value: in the SI unit of `dimension`.
        dimension: a name in `hanle.pde.quantity.DIMENSIONS`.
        temperature: at which it was found [K]; None where it does not matter or is not known.
        source: BibTeX key, or "user".
        note: what a reader should know.
        estimate: the number is a judgement (of the source or ours), not a measurement.
    """

    value: float
    dimension: str
    temperature: float | None = None
    source: str = USER
    note: str = ""
    estimate: bool = False

    def __post_init__(self) -> None:
        if self.dimension not in DIMENSIONS:
            raise unknown_name("dimension", self.dimension, DIMENSIONS)
        if not math.isfinite(self.value):
            raise InputError("value", f"{DIMENSIONS[self.dimension].title}, finite", self.value)
        if self.temperature is not None and not (math.isfinite(self.temperature) and self.temperature > 0):
            raise InputError("temperature", "a temperature > 0 K", self.temperature, usual_range("temperature"))

    def __str__(self) -> str:
        return show(self.value, self.dimension)


@dataclass(frozen=True)
class NormalMetal:
    """A metal without moments.

    Attributes:
        name: as messages say it.
        resistivity: Drude resistivity rho_D; the bulk resistivity is rho_D/(1 - 2 theta^2).
        spin_hall_angle: theta > 0 for Pt, theta^2 < 1/2.
        diffusion_length: lambda; or else `relaxation`.
        relaxation: symmetric positive definite 3x3 tensor of spin relaxation rates [1/s], x, y, z.
        density_of_states: nu per spin; or else `diffusion_constant`.
        diffusion_constant: D.
        mobility: of the ordinary Hall term; None leaves it out.
        g_factor: of the conduction electrons.

    Raises:
        InputError: a value out of range, or not exactly one of the two in each pair above.
    """

    name: str
    resistivity: Sourced
    spin_hall_angle: Sourced
    diffusion_length: Sourced | None = None
    relaxation: tuple[tuple[float, ...], ...] | None = None
    density_of_states: Sourced | None = None
    diffusion_constant: Sourced | None = None
    mobility: Sourced | None = None
    g_factor: Sourced = Sourced(G_FACTOR, "dimensionless", note="free electrons, rounded", estimate=True)

    def __post_init__(self) -> None:
        for name in ("resistivity", "diffusion_length", "density_of_states", "diffusion_constant", "g_factor"):
            given: Sourced | None = getattr(self, name)
            if given is not None:
                require_positive(f"{self.name}.{name}", given)
        self._require_one("diffusion_length", "relaxation")
        self._require_one("density_of_states", "diffusion_constant")
        if self.theta**2 >= 0.5:
            key, reason = f"{self.name}.spin_hall_angle", "the bulk resistivity rho_D/(1 - 2 theta^2) must be > 0"
            raise InputError(key, "below 1/sqrt(2) = 0.707 in size", self.theta, reason)
        if self.relaxation is not None:
            _require_relaxation(f"{self.name}.relaxation", self.relaxation)

    def _require_one(self, first: str, second: str) -> None:
        given = [name for name in (first, second) if getattr(self, name) is not None]
        if len(given) != 1:
            hint = "one follows from the other" if given else "neither is given"
            raise InputError(f"{self.name}.{first}", f"given, or else {second} (one of the two)", given, hint)

    @property
    def rho(self) -> float:
        """Drude resistivity [Ohm m]."""
        return self.resistivity.value

    @property
    def sigma(self) -> float:
        """Drude conductivity [S/m]."""
        return 1 / self.rho

    @property
    def theta(self) -> float:
        """Spin Hall angle."""
        return self.spin_hall_angle.value

    @property
    def g(self) -> float:
        """g factor of the conduction electrons."""
        return self.g_factor.value

    @property
    def mu(self) -> float:
        """Mobility of the ordinary Hall term [m^2/(V s)]; 0 where it is left out."""
        return 0.0 if self.mobility is None else self.mobility.value

    @property
    def D(self) -> float:
        """Diffusion constant [m^2/s]."""
        if self.diffusion_constant is not None:
            return self.diffusion_constant.value
        return self.sigma / (2 * E_CHARGE**2 * self.nu)

    @property
    def nu(self) -> float:
        """Density of states per spin [1/(J m^3)]."""
        if self.density_of_states is not None:
            return self.density_of_states.value
        return self.sigma / (2 * E_CHARGE**2 * self.D)

    @property
    def lam(self) -> float:
        """Spin diffusion length [m]; UnsupportedError where `relaxation` is a tensor."""
        if self.diffusion_length is None:
            raise UnsupportedError(
                f"{self.name} has a tensor of relaxation rates: use relaxation_rates, not lambda"
            )
        return self.diffusion_length.value

    @property
    def tau_s(self) -> float:
        """Spin relaxation time [s]; UnsupportedError where `relaxation` is a tensor."""
        return self.lam**2 / self.D

    @property
    def relaxation_rates(self) -> Array:
        """Gamma [1/s], shape (3, 3)."""
        if self.relaxation is not None:
            return np.asarray(self.relaxation, dtype=float)
        return np.eye(3) / self.tau_s


@dataclass(frozen=True)
class FixedConductances:
    """Interface conductances as plain numbers; G_s <= 0 and G_r - G_s >= 0 (second law)."""

    G_s: Sourced
    G_r: Sourced
    G_i: Sourced


@dataclass(frozen=True)
class Sublattice:
    """Moments of one sublattice as the metal meets them.

    Attributes:
        areal_density: n2D at the interface, >= 0.
        coupling: sd coupling, as J ("energy volume") or as nu J ("dimensionless"), the number that
            Zhang et al., 2019, quote; > 0 aligns spins.
    """

    areal_density: Sourced
    coupling: Sourced


@dataclass(frozen=True)
class MagneticInsulator:
    """An insulator with localised moments.

    Attributes:
        name: as messages say it.
        moments: Weiss model of the bulk; with `sublattices`, one for each spin.
        conductances: instead of both, the interface conductances.
        facts: the sourced numbers behind `moments` (critical temperature, spins), for citations.

    Raises:
        InputError: neither or both of the two models, the second law broken, a negative density.
    """

    name: str
    moments: Moments | None = None
    sublattices: tuple[Sublattice, ...] = ()
    conductances: FixedConductances | None = None
    facts: tuple[Sourced, ...] = ()

    def __post_init__(self) -> None:
        if (self.moments is None) == (self.conductances is None):
            must = "either a set of moments or the conductances G_s, G_r, G_i"
            raise InputError(self.name, must, "neither" if self.moments is None else "both")
        if len(self.sublattices) != (0 if self.moments is None else len(self.moments.spins)):
            raise InputError(f"{self.name}.sublattices", "one for each spin of the moments", len(self.sublattices))
        for i, sublattice in enumerate(self.sublattices):
            _require_sublattice(f"{self.name}.sublattices[{i}]", sublattice)
        if self.conductances is not None:
            _require_dissipative(self.name, self.conductances)

    def couplings(self, density_of_states: ArrayLike) -> Array:
        """sd coupling J [J m^3] to a metal with nu [1/(J m^3)] per spin, shape (*nu, sublattices)."""
        nu = np.asarray(density_of_states, dtype=float)
        reduced = [s.coupling.dimension == "dimensionless" for s in self.sublattices]
        values = np.array([s.coupling.value for s in self.sublattices])
        return values / np.where(reduced, nu[..., None], 1.0)

    def rates(self, density_of_states: ArrayLike, field: ArrayLike, temperature: ArrayLike) -> Rates:
        """Relaxation of the electrons of a metal at the interface; see `hanle.materials.rates`.

        Args:
            density_of_states: nu of the metal per spin [1/(J m^3)], a number or per facet.
            field: B [T], >= 0, along the moments.
            temperature: T [K], > 0; the shapes broadcast.

        Raises:
            UnsupportedError: the record gives conductances instead of moments.
        """
        if self.moments is None:
            raise UnsupportedError(f"{self.name} gives G_s, G_r, G_i as numbers: use conductances")
        densities = [s.areal_density.value for s in self.sublattices]
        return rates_at(
            self.moments, densities, self.couplings(density_of_states), density_of_states, field, temperature
        )


def require_positive(key: str, given: Sourced) -> None:
    """Refuse a value <= 0."""
    if given.value <= 0:
        title = DIMENSIONS[given.dimension].title
        raise InputError(key, f"{title}, positive", str(given), f"usual: {usual_range(given.dimension)}")


def _require_relaxation(key: str, rates: tuple[tuple[float, ...], ...]) -> None:
    if [len(row) for row in rates] != [3, 3, 3]:
        raise InputError(key, "a 3x3 tensor of rates [1/s]", rates)
    matrix = np.asarray(rates, dtype=float)
    if not np.all(np.isfinite(matrix)) or not is_symmetric(matrix):
        raise InputError(key, "a symmetric 3x3 tensor of rates [1/s]", rates)
    slowest = float(np.linalg.eigvalsh(matrix).min())
    if slowest <= 0:
        raise InputError(key, "positive definite", slowest, "the slowest rate, an eigenvalue, must be > 0")


def _require_sublattice(key: str, sublattice: Sublattice) -> None:
    density, coupling = sublattice.areal_density, sublattice.coupling
    if density.value < 0:
        raise InputError(f"{key}.areal_density", ">= 0", str(density), f"usual: {usual_range('areal density')}")
    if coupling.dimension not in ("dimensionless", "energy volume"):
        must = "nu J (a plain number) or J (an energy times a volume)"
        raise InputError(f"{key}.coupling", must, str(coupling), 'e.g. 0.1 or "2 meV nm^3"')


def _require_dissipative(name: str, g: FixedConductances) -> None:
    if g.G_s.value > 0:
        raise InputError(f"{name}.G_s", "<= 0", str(g.G_s), "a positive spin sink would create energy")
    if g.G_r.value < g.G_s.value:
        raise InputError(f"{name}.G_r", f">= G_s = {g.G_s}", str(g.G_r), "G_r - G_s is a decoherence rate, >= 0")
