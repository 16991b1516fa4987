"""What a region is made of: frozen records whose numbers carry dimension, temperature and source.

    NormalMetal         sigma = 2 e^2 nu D (nu: density of states per spin), tau_s = lambda^2/D
    FerromagneticMetal  polarised conduction, as `hanle.pde.ferromagnet` puts it
    LocalMomentMetal    a metal with moments in its volume, as `hanle.pde.conducting_magnet` puts it
    Insulator           nothing but the heat of its lattice
    MagneticInsulator   microscopic (spins, critical temperature, areal densities and sd couplings at the interface),
                        or its interface conductances as plain numbers

Every record says its `kind`, whether it `conducts`, whether it is `magnetic`, and which of its quantities may vary in
space (`profiles`). A change is a copy: `dataclasses.replace`.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from hanle.materials.conductors import NO_SEEBECK, NONE, Conductor
from hanle.materials.insulators import Insulator
from hanle.materials.magnons import NO_MAGNONS, Magnons
from hanle.materials.rates import Rates, rates_at
from hanle.materials.sourced import USER, Sourced
from hanle.materials.sublattices import (
    Sublattice,
    VolumeSublattice,
    in_joules,
    require_coupling,
    require_density,
    require_one_per_spin,
    require_weights,
)
from hanle.materials.weiss import Moments
from hanle.pde.errors import InputError, UnsupportedError
from hanle.pde.tensors import Array, is_symmetric

__all__ = [
    "USER",
    "FerromagneticMetal",
    "FixedConductances",
    "Insulator",
    "LocalMomentMetal",
    "MagneticInsulator",
    "NormalMetal",
    "Record",
    "Sourced",
    "Sublattice",
    "VolumeSublattice",
]

_BANDS: Final = "density_of_states_polarisation"
_METAL_PROFILES: Final = ("resistivity", "spin_hall_angle", "diffusion_length")


@dataclass(frozen=True, kw_only=True)
class NormalMetal(Conductor):
    """A metal without moments.

    Attributes, besides those of `Conductor`:
        diffusion_length: lambda; or else `relaxation`.
        relaxation: symmetric positive definite 3x3 tensor of spin relaxation rates [1/s], x, y, z.
    """

    kind: ClassVar[str] = "normal metal"
    magnetic: ClassVar[bool] = False
    profiles: ClassVar[tuple[str, ...]] = _METAL_PROFILES

    diffusion_length: Sourced | None = None
    relaxation: tuple[tuple[float, ...], ...] | None = None

    def check(self) -> None:
        """Refuse lambda and a tensor together, neither, and a tensor that is none of rates."""
        self.require_one("diffusion_length", "relaxation")
        if self.relaxation is not None:
            _require_relaxation(f"{self.name}.relaxation", self.relaxation)

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


@dataclass(frozen=True, kw_only=True)
class FerromagneticMetal(Conductor):
    """A metallic ferromagnet by drift diffusion; signs and second law in `hanle.pde.ferromagnet`.

    Attributes, besides those of `Conductor`:
        resistivity: averaged over the directions of m, (rho_par + 2 rho_perp)/3, both spins together.
        diffusion_length: lambda_sf, over which spin along m decays.
        polarisation: P = (sigma_majority - sigma_minority)/sigma of the bulk, between -1 and 1; beta of Valet and
            Fert, 1993.
        exchange_length: lambda_J = (D hbar/exchange splitting)^{1/2}; None without precession about m.
        dephasing_length: lambda_phi of spin across m; None where it decays over lambda_sf, as in a normal metal.
        anomalous_hall_angle: alpha = sigma_AH/sigma; > 0 where the anomalous Hall effect has the sign of the
            ordinary one of electrons in a field along m, so < 0 for Co and Fe.
        anisotropy: (rho_par - rho_perp)/rho, between -3/2 and 3.
        density_of_states_polarisation: P_nu = (nu_majority - nu_minority)/(nu_majority + nu_minority), between -1
            and 1, majority spins along -m; None where it is not known. For read-outs (`hanle.spin_density`):
            transport knows the mean of both.
        saturation_magnetisation: M_s, with which a torque becomes an effective field.
        spin_dependent_seebeck: S_s = S_majority - S_minority; `seebeck` is their mean weighted with the conductivities.
        anomalous_nernst_angle: theta_ANE of the field theta_ANE S m x grad T beside S grad T, without current.
    """

    kind: ClassVar[str] = "ferromagnetic metal"
    magnetic: ClassVar[bool] = True
    profiles: ClassVar[tuple[str, ...]] = (
        *_METAL_PROFILES,
        "polarisation",
        "exchange_length",
        "dephasing_length",
        "anomalous_hall_angle",
        "anisotropy",
        _BANDS,
    )

    diffusion_length: Sourced
    polarisation: Sourced
    spin_hall_angle: Sourced = NONE
    exchange_length: Sourced | None = None
    dephasing_length: Sourced | None = None
    anomalous_hall_angle: Sourced = NONE
    anisotropy: Sourced = NONE
    density_of_states_polarisation: Sourced | None = None
    saturation_magnetisation: Sourced | None = None
    spin_dependent_seebeck: Sourced = NO_SEEBECK
    anomalous_nernst_angle: Sourced = NONE

    def check(self) -> None:
        """Refuse lengths <= 0, |P| >= 1, negative resistivities and what breaks the second law."""
        self.require_positive("exchange_length", "dephasing_length", "saturation_magnetisation")
        _require_bands(self.name, self.density_of_states_polarisation)
        if abs(self.P) >= 1:
            raise InputError(f"{self.name}.polarisation", "between -1 and 1 (|P| < 1)", self.P)
        if not -1.5 < self.amr < 3:
            hint = "(rho_par - rho_perp)/rho with rho = (rho_par + 2 rho_perp)/3; both must be positive"
            raise InputError(f"{self.name}.anisotropy", "between -1.5 and 3", self.amr, hint)
        bound = (1 - 2 * self.theta**2) / max(1 + 2 * self.amr / 3, 1 - self.amr / 3)
        if self.P**2 >= bound:
            must = f"below {bound**0.5:.4g} in size, with this spin_hall_angle and anisotropy"
            hint = "P^2 < (1 - 2 theta^2) rho/max(rho_par, rho_perp): this metal would create energy"
            raise InputError(f"{self.name}.polarisation", must, self.P, hint)

    @property
    def P(self) -> float:
        """Polarisation of the conductivity."""
        return self.polarisation.value

    @property
    def lam(self) -> float:
        """lambda_sf [m]."""
        return self.diffusion_length.value

    @property
    def lam_J(self) -> float:
        """Exchange length [m]; infinite where none is given."""
        return np.inf if self.exchange_length is None else self.exchange_length.value

    @property
    def lam_phi(self) -> float:
        """Dephasing length [m]; lambda_sf where none is given."""
        return self.lam if self.dephasing_length is None else self.dephasing_length.value

    @property
    def alpha(self) -> float:
        """Anomalous Hall angle."""
        return self.anomalous_hall_angle.value

    @property
    def amr(self) -> float:
        """Anisotropy of the resistivity."""
        return self.anisotropy.value


@dataclass(frozen=True, kw_only=True)
class LocalMomentMetal(Conductor):
    """A metal with localised moments in its volume: a ferro-, ferri- or antiferromagnet, or magnetic impurities.

    Attributes, besides those of `Conductor`:
        diffusion_length: lambda = (D tau_0)^{1/2} without the moments; or else `spin_lifetime`.
        spin_lifetime: tau_0 of the isotropic relaxation without the moments (spin-orbit coupling).
        density_of_states_polarisation: P_nu = (nu_majority - nu_minority)/(nu_majority + nu_minority), between -1
            and 1, majority spins along -m; None where it is not known. For read-outs (`hanle.spin_density`): transport
            knows the mean of both.
        moments: Weiss model; critical temperature 0 for free impurities.
        sublattices: one for each spin of the moments; several densities are in the ratio of `moments.weights`.
        facts: the sourced numbers behind `moments` (critical temperature, spins), for citations.
    """

    kind: ClassVar[str] = "magnetic metal"
    magnetic: ClassVar[bool] = True
    profiles: ClassVar[tuple[str, ...]] = (*_METAL_PROFILES, _BANDS)

    diffusion_length: Sourced | None = None
    spin_lifetime: Sourced | None = None
    density_of_states_polarisation: Sourced | None = None
    moments: Moments
    sublattices: tuple[VolumeSublattice, ...]
    facts: tuple[Sourced, ...] = ()

    def check(self) -> None:
        """Refuse sublattices that do not fit the moments, negative densities and couplings without the right unit."""
        self.require_positive("spin_lifetime")
        self.require_one("diffusion_length", "spin_lifetime")
        _require_bands(self.name, self.density_of_states_polarisation)
        require_one_per_spin(f"{self.name}.sublattices", self.moments, self.sublattices)
        for i, sublattice in enumerate(self.sublattices):
            key = f"{self.name}.sublattices[{i}]"
            require_density(f"{key}.density", sublattice.density)
            for coupling in sublattice.principal:
                require_coupling(f"{key}.coupling", coupling)
            if len({coupling.dimension for coupling in sublattice.principal}) > 1:
                received = [str(coupling) for coupling in sublattice.principal]
                raise InputError(f"{key}.coupling", "three numbers of one kind, all J or all nu J", received)
        require_weights(f"{self.name}.sublattices.density", self.moments, self.densities)

    @property
    def lam(self) -> float:
        """Spin diffusion length without the moments [m]."""
        if self.diffusion_length is not None:
            return self.diffusion_length.value
        return float(np.sqrt(self.D * self.tau_0))

    @property
    def tau_0(self) -> float:
        """Spin relaxation time without the moments [s]."""
        return self.lam**2 / self.D if self.spin_lifetime is None else self.spin_lifetime.value

    @property
    def densities(self) -> tuple[float, ...]:
        """n_S of each sublattice [1/m^3]."""
        return tuple(sublattice.density.value for sublattice in self.sublattices)

    @property
    def anisotropic(self) -> bool:
        """Whether the couplings are tensors."""
        return any(sublattice.anisotropic for sublattice in self.sublattices)

    def couplings(self, density_of_states: ArrayLike) -> Array:
        """J [J m^3] at nu [1/(J m^3)] per spin.

        Returns:
            shape (*nu, sublattices); with `anisotropic` diagonal tensors, (*nu, sublattices, 3, 3).
        """
        if not self.anisotropic:
            return in_joules([s.principal[0] for s in self.sublattices], density_of_states)
        principal = [in_joules(s.principal, density_of_states) for s in self.sublattices]
        return np.stack(principal, axis=-2)[..., None] * np.eye(3)


@dataclass(frozen=True)
class FixedConductances:
    """Interface conductances as plain numbers; G_s <= 0 and G_r - G_s >= 0 (second law)."""

    G_s: Sourced
    G_r: Sourced
    G_i: Sourced


@dataclass(frozen=True)
class MagneticInsulator:
    """An insulator with localised moments.

    Attributes:
        kind, conducts, magnetic, profiles: as those of `Conductor`.
        name: as messages say it.
        moments: Weiss model of the bulk; with `sublattices`, one for each spin.
        conductances: instead of both, the interface conductances.
        facts: the sourced numbers behind `moments` (critical temperature, spins), for citations.
        magnons: what magnons and lattice conduct; devices that solve for magnons or heat need it.

    Raises:
        InputError: neither or both of the two models, the second law broken, a negative density.
    """

    kind: ClassVar[str] = "magnetic insulator"
    conducts: ClassVar[bool] = False
    magnetic: ClassVar[bool] = True
    profiles: ClassVar[tuple[str, ...]] = ()

    name: str
    moments: Moments | None = None
    sublattices: tuple[Sublattice, ...] = ()
    conductances: FixedConductances | None = None
    facts: tuple[Sourced, ...] = ()
    magnons: Magnons = NO_MAGNONS

    def __post_init__(self) -> None:
        if (self.moments is None) == (self.conductances is None):
            must = "either a set of moments or the conductances G_s, G_r, G_i"
            raise InputError(self.name, must, "neither" if self.moments is None else "both")
        require_one_per_spin(f"{self.name}.sublattices", self.moments, self.sublattices)
        for i, sublattice in enumerate(self.sublattices):
            require_density(f"{self.name}.sublattices[{i}].areal_density", sublattice.areal_density)
            require_coupling(f"{self.name}.sublattices[{i}].coupling", sublattice.coupling)
        if self.conductances is not None:
            _require_dissipative(self.name, self.conductances)
        self.magnons.check(self.name)

    @property
    def ordered(self) -> bool:
        """Whether there is an order whose excitations are magnons; conductances as numbers say nothing else."""
        return self.moments is None or self.moments.critical_temperature > 0

    def couplings(self, density_of_states: ArrayLike) -> Array:
        """sd coupling J [J m^3] to a metal with nu [1/(J m^3)] per spin, shape (*nu, sublattices)."""
        return in_joules([s.coupling for s in self.sublattices], density_of_states)

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


Record: TypeAlias = NormalMetal | FerromagneticMetal | LocalMomentMetal | MagneticInsulator | Insulator


def _require_bands(name: str, given: Sourced | None) -> None:
    if given is not None and abs(given.value) > 1:
        raise InputError(f"{name}.{_BANDS}", "between -1 and 1", given.value)


def _require_relaxation(key: str, rates: tuple[tuple[float, ...], ...]) -> None:
    if [len(row) for row in rates] != [3, 3, 3]:
        raise InputError(key, "a 3x3 tensor of rates [1/s]", rates)
    matrix = np.asarray(rates, dtype=float)
    if not np.all(np.isfinite(matrix)) or not is_symmetric(matrix):
        raise InputError(key, "a symmetric 3x3 tensor of rates [1/s]", rates)
    slowest = float(np.linalg.eigvalsh(matrix).min())
    if slowest <= 0:
        raise InputError(key, "positive definite", slowest, "the slowest rate, an eigenvalue, must be > 0")


def _require_dissipative(name: str, g: FixedConductances) -> None:
    if g.G_s.value > 0:
        raise InputError(f"{name}.G_s", "<= 0", str(g.G_s), "a positive spin sink would create energy")
    if g.G_r.value < g.G_s.value:
        raise InputError(f"{name}.G_r", f">= G_s = {g.G_s}", str(g.G_r), "G_r - G_s is a decoherence rate, >= 0")
