"""What the magnons and the lattice of a magnetic insulator conduct and store: numbers of a record, all optional.

E = gap + A q^2, gap = g mu_B B.m + anisotropy                    of `hanle.boundary.magnons`
sigma_m, lambda_m, zeta, kappa_m, kappa_p, G_mp, Gamma            of `hanle.pde.magnons`
dn/dmu, dn/dT, C_m where they are not those of E = gap + A q^2    of `hanle.boundary.magnons.gas`
"""

from dataclasses import dataclass, fields
from typing import Final

from hanle.materials.sourced import Sourced, require_positive
from hanle.pde.errors import InputError

#: Key -> dimension.
MAGNON_KEYS: Final = {
    "spin_wave_stiffness": "spin wave stiffness",
    "spin_density": "volume density",
    "anisotropy_gap": "energy",
    "magnon_conductivity": "conductivity",
    "magnon_diffusion_length": "length",
    "bulk_spin_seebeck": "bulk spin Seebeck coefficient",
    "magnon_heat_conductivity": "thermal conductivity",
    "lattice_heat_conductivity": "thermal conductivity",
    "magnon_lattice_coupling": "heat exchange per volume",
    "magnon_number_exchange": "number exchange per volume",
    "interface_heat_conductance": "thermal conductance per area",
    "magnon_number_susceptibility": "number susceptibility",
    "magnon_number_thermal_susceptibility": "number change per temperature",
    "magnon_heat_capacity": "heat capacity per volume",
    "lattice_heat_capacity": "heat capacity per volume",
    "debye_temperature": "temperature",
}
#: Those that may have any sign, or be 0.
_ANY_SIGN: Final = (
    "anisotropy_gap",
    "bulk_spin_seebeck",
    "magnon_number_exchange",
    "magnon_number_thermal_susceptibility",
)
#: What a device needs that solves for magnons, and what besides where it solves for heat.
SPIN_KEYS: Final = ("magnon_conductivity", "magnon_diffusion_length")
HEAT_KEYS: Final = (
    "spin_wave_stiffness",
    "spin_density",
    "bulk_spin_seebeck",
    "magnon_heat_conductivity",
    "lattice_heat_conductivity",
    "magnon_lattice_coupling",
)


@dataclass(frozen=True)
class Magnons:
    """Numbers of magnons and lattice; None where nothing is known.

    Attributes:
        spin_wave_stiffness: A.
        spin_density: s, spin per volume in units of hbar.
        anisotropy_gap: lowest energy of a magnon at B = 0.
        magnon_conductivity: sigma_m, J_m = 2 sigma_m grad w_m.
        magnon_diffusion_length: lambda_m.
        bulk_spin_seebeck: zeta.
        magnon_heat_conductivity, lattice_heat_conductivity: kappa_m, kappa_p.
        magnon_lattice_coupling: G_mp.
        magnon_number_exchange: Gamma, magnons lost over T_m - T_p; 0 where it is not given.
        interface_heat_conductance: h_pp to the lattice of a metal, where the interface says nothing else.
        magnon_number_susceptibility, magnon_number_thermal_susceptibility, magnon_heat_capacity: dn/dmu, dn/dT and C_m
            of magnons; None: those of the spectrum, which need a gap.
        lattice_heat_capacity: per volume; needed where heat is followed in time or at a frequency.
        debye_temperature: as that of a metal, see `Conductor`.
    """

    spin_wave_stiffness: Sourced | None = None
    spin_density: Sourced | None = None
    anisotropy_gap: Sourced | None = None
    magnon_conductivity: Sourced | None = None
    magnon_diffusion_length: Sourced | None = None
    bulk_spin_seebeck: Sourced | None = None
    magnon_heat_conductivity: Sourced | None = None
    lattice_heat_conductivity: Sourced | None = None
    magnon_lattice_coupling: Sourced | None = None
    magnon_number_exchange: Sourced | None = None
    interface_heat_conductance: Sourced | None = None
    magnon_number_susceptibility: Sourced | None = None
    magnon_number_thermal_susceptibility: Sourced | None = None
    magnon_heat_capacity: Sourced | None = None
    lattice_heat_capacity: Sourced | None = None
    debye_temperature: Sourced | None = None

    def check(self, name: str) -> None:
        """Refuse numbers <= 0 of the insulator `name`; zeta, Gamma and dn/dT may have any sign, the gap may be 0."""
        for key, given in self.numbers.items():
            if key == "anisotropy_gap" and given.value < 0:
                raise InputError(f"{name}.{key}", "an energy, 0 or positive", str(given))
            if key not in _ANY_SIGN:
                require_positive(f"{name}.{key}", given)

    @property
    def numbers(self) -> dict[str, Sourced]:
        """Those that are given, by key."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {key: value for key, value in found.items() if value is not None}

    def missing(self, *keys: str) -> tuple[str, ...]:
        """Those of some keys that are not given."""
        return tuple(key for key in keys if getattr(self, key) is None)

    def value(self, key: str) -> float:
        """A number in SI; 0 where it is not given."""
        given: Sourced | None = getattr(self, key)
        return 0.0 if given is None else given.value


#: Nothing is known.
NO_MAGNONS: Final = Magnons()
