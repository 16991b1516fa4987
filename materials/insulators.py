"""Insulators without moments: substrates and barriers."""

from dataclasses import dataclass
from typing import ClassVar

from hanle.materials.sourced import Sourced, require_positive


@dataclass(frozen=True)
class Insulator:
    """An insulator without moments, whose lattice conducts heat: a substrate, a barrier.

    Attributes:
        kind, conducts, magnetic, profiles: as those of `Conductor`.
        name: as messages say it.
        lattice_heat_conductivity: kappa_p.
        interface_heat_conductance: h of the lattice to that of a metal; needed beside metals.
        lattice_heat_capacity: per volume; needed where heat is followed in time or at a frequency.
        debye_temperature: as that of `Conductor`.

    Raises:
        InputError: a number <= 0.
    """

    kind: ClassVar[str] = "insulator"
    conducts: ClassVar[bool] = False
    magnetic: ClassVar[bool] = False
    profiles: ClassVar[tuple[str, ...]] = ()

    name: str
    lattice_heat_conductivity: Sourced
    interface_heat_conductance: Sourced | None = None
    lattice_heat_capacity: Sourced | None = None
    debye_temperature: Sourced | None = None

    def __post_init__(self) -> None:
        heat = "lattice_heat_conductivity", "interface_heat_conductance"
        for key in (*heat, "lattice_heat_capacity", "debye_temperature"):
            given: Sourced | None = getattr(self, key)
            if given is not None:
                require_positive(f"{self.name}.{key}", given)
