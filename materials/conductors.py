"""What all metals share: conduction, spin Hall angle, density of states or diffusion constant, heat capacities."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
from numpy.typing import ArrayLike

from hanle.materials.resistivity import Ratios, linear_ratio, require_ratios, tabulated_ratio
from hanle.materials.sourced import Sourced, require_positive
from hanle.materials.weiss import G_FACTOR
from hanle.pde.constants import E_CHARGE, K_B
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array

#: A number of 0 for an effect that nobody asked for.
NONE: Final = Sourced(0.0, "dimensionless", note="left out", estimate=True)
NO_SEEBECK: Final = Sourced(0.0, "Seebeck coefficient", note="left out", estimate=True)
FREE: Final = Sourced(G_FACTOR, "dimensionless", note="free electrons, rounded", estimate=True)


@dataclass(frozen=True, kw_only=True)
class Conductor(ABC):
    """A metal; the records of `hanle.materials.records` add what is their own.

    Attributes:
        kind: of the record, as tables name it.
        conducts, magnetic: what the record is to a device.
        profiles: quantities that may vary in space.
        name: as messages say it.
        resistivity: Drude resistivity rho_D; the bulk resistivity is rho_D/(1 - 2 theta^2).
        temperature_coefficient: alpha of rho(T) = rho [1 + alpha (T - T_rho)], T_rho the temperature of `resistivity`.
        resistivity_ratios: instead of it a table of (T [K], rho(T)/rho). With either the density of states and the Hall
            coefficient stay, so that D and the mobility fall as 1/rho(T); lengths, lifetimes and angles stay as given.
        elliott_yafet: then spin lifetimes fall as 1/rho(T) too, and lambda with them.
        spin_hall_angle: theta > 0 for Pt, theta^2 < 1/2.
        diffusion_length: lambda.
        density_of_states: nu per spin; or else `diffusion_constant`.
        diffusion_constant: D; sigma = 2 e^2 nu D.
        mobility: of the ordinary Hall term; None leaves it out.
        g_factor: of the conduction electrons.
        electron_heat_conductivity: kappa_e where no charge and spin flow; None: by the law of Wiedemann and Franz.
        lattice_heat_conductivity: kappa_p; this and the next one are needed where a device solves for heat.
        electron_lattice_coupling: G_ep.
        seebeck: S, < 0 where free electrons carry.
        spin_nernst_angle: theta_N, as the spin Hall angle for the current -sigma S grad T.
        sommerfeld_coefficient: gamma, heat capacity of the electrons over T; None: (2 pi^2/3) k_B^2 nu.
        lattice_heat_capacity: per volume; needed where heat is followed in time or at a frequency.
        debye_temperature: Theta; then that capacity follows T (`hanle.materials.debye`), None: it is a constant.

    Raises:
        InputError: a value out of range, or not exactly one of density of states and diffusion constant.
    """

    kind: ClassVar[str]
    conducts: ClassVar[bool] = True
    magnetic: ClassVar[bool]
    profiles: ClassVar[tuple[str, ...]]

    name: str
    resistivity: Sourced
    spin_hall_angle: Sourced
    diffusion_length: Sourced | None
    density_of_states: Sourced | None = None
    diffusion_constant: Sourced | None = None
    mobility: Sourced | None = None
    g_factor: Sourced = FREE
    electron_heat_conductivity: Sourced | None = None
    lattice_heat_conductivity: Sourced | None = None
    electron_lattice_coupling: Sourced | None = None
    seebeck: Sourced = NO_SEEBECK
    spin_nernst_angle: Sourced = NONE
    sommerfeld_coefficient: Sourced | None = None
    lattice_heat_capacity: Sourced | None = None
    debye_temperature: Sourced | None = None
    temperature_coefficient: Sourced | None = None
    resistivity_ratios: Ratios = ()
    elliott_yafet: bool = False

    def __post_init__(self) -> None:
        self.require_positive(
            "resistivity", "diffusion_length", "density_of_states", "diffusion_constant", "g_factor"
        )
        self.require_positive("sommerfeld_coefficient", "lattice_heat_capacity", "debye_temperature")
        self.require_positive(
            "electron_heat_conductivity", "lattice_heat_conductivity", "electron_lattice_coupling"
        )
        self.require_one("density_of_states", "diffusion_constant")
        self._require_warming()
        if self.theta**2 >= 0.5:
            key, reason = f"{self.name}.spin_hall_angle", "the bulk resistivity rho_D/(1 - 2 theta^2) must be > 0"
            raise InputError(key, "below 1/sqrt(2) = 0.707 in size", self.theta, reason)
        self.check()

    @abstractmethod
    def check(self) -> None:
        """Refuse what only this kind of metal can have wrong."""

    def require_positive(self, *names: str) -> None:
        """Refuse values <= 0 among those fields that are given."""
        for name in names:
            given: Sourced | None = getattr(self, name)
            if given is not None:
                require_positive(f"{self.name}.{name}", given)

    def require_one(self, first: str, second: str) -> None:
        """Refuse both or neither of two fields."""
        given = [name for name in (first, second) if getattr(self, name) is not None]
        if len(given) != 1:
            hint = "one follows from the other" if given else "neither is given"
            raise InputError(f"{self.name}.{first}", f"given, or else {second} (one of the two)", given, hint)

    def _require_warming(self) -> None:
        """Refuse two ways to depend on T, one without a beginning, and Elliott-Yafet without any."""
        if self.resistivity_ratios:
            key = f"{self.name}.resistivity_ratios"
            if self.temperature_coefficient is not None:
                raise InputError(key, "left out beside temperature_coefficient", self.resistivity_ratios)
            require_ratios(key, self.resistivity_ratios)
        elif self.temperature_coefficient is not None:
            if self.resistivity.temperature is None:
                must = "given where the resistivity has a temperature_coefficient"
                raise InputError(f"{self.name}.resistivity.temperature", must, None, "e.g. 300 K")
        elif self.elliott_yafet:
            must = "left out where the resistivity does not depend on T"
            raise InputError(f"{self.name}.elliott_yafet", must, True, "give temperature_coefficient")

    def resistivity_ratio(self, temperature: ArrayLike) -> tuple[Array, Array]:
        """rho(T) over the number of the record, and its slope [1/K], of the shape of T [K]; 1 and 0 if constant.

        Raises:
            InputError: T outside the table, or where rho(T) would not be positive.
        """
        reference = self.resistivity.temperature
        if self.resistivity_ratios:
            return tabulated_ratio(f"{self.name}.resistivity_ratios", self.resistivity_ratios, temperature)
        if self.temperature_coefficient is not None and reference is not None:
            key = f"{self.name}.temperature_coefficient"
            return linear_ratio(key, self.temperature_coefficient.value, reference, temperature)
        return np.ones(()), np.zeros(())

    def spin_flip_ratio(self, temperature: ArrayLike) -> Array:
        """lambda(T) and, of rates, 1/Gamma(T) over the numbers of the record: 1, or rho/rho(T) of Elliott and Yafet."""
        return 1 / self.resistivity_ratio(temperature)[0] if self.elliott_yafet else np.ones(())

    @property
    def rho(self) -> float:
        """Drude resistivity of the record [Ohm m]; at T: `resistivity_ratio`."""
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
        """Density of states per spin [1/(J m^3)]; in a ferromagnet the mean of the two."""
        if self.density_of_states is not None:
            return self.density_of_states.value
        return self.sigma / (2 * E_CHARGE**2 * self.D)

    @property
    def gamma(self) -> float:
        """Heat capacity of the electrons over T [J/(m^3 K^2)]."""
        if self.sommerfeld_coefficient is not None:
            return self.sommerfeld_coefficient.value
        return float(2 * np.pi**2 / 3 * K_B**2 * self.nu)
