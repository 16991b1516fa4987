"""The fields a problem can have, their order and their units.

A region lists the fields it carries; the components of these fields, in that order, are the columns of
every field matrix of that region.
"""

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Field:
    """One field: a scalar potential or a spin vector.

    Attributes:
        name: short name used in laws ("u", "w").
        size: number of components (1 or 3; spin components always run over x, y, z).
        unit: unit of the unknown in SI.
        flux_unit: unit of its flux density.
        title: what a user calls it.
        level: what its value is a deviation from, the same for fields that relax to one value: something must hold it.
            Empty where a constant may be added and nothing that is measured changes, or where a sink holds it anyway.
    """

    name: str
    size: int
    unit: str
    flux_unit: str
    title: str
    level: str = ""

    @property
    def components(self) -> tuple[str, ...]:
        """Names of the components: "u"; "w_x", "w_y", "w_z"."""
        return (self.name,) if self.size == 1 else tuple(f"{self.name}_{a}" for a in "xyz")


#: u = -V = minus the electrochemical potential per charge; E = grad u.
POTENTIAL = Field("u", 1, "V", "A/m^2", "minus the electrochemical potential")
#: w_m = mu_m/(2e), the magnon chemical potential over 2e; its flux is J_m = -2e times the flow of magnons.
MAGNON = Field("w_m", 1, "V", "A/m^2", "magnon chemical potential")
#: Temperatures of linear problems as (T - T_0)/T_0, conjugate to the heat Q = -q that a region gains [W/m^2].
ELECTRON_HEAT = Field("T_e", 1, "1", "W/m^2", "relative temperature of electrons", "T")
MAGNON_HEAT = Field("T_m", 1, "1", "W/m^2", "relative temperature of magnons", "T")
LATTICE_HEAT = Field("T_p", 1, "1", "W/m^2", "relative temperature of the lattice", "T")
#: w = mu_s/(2e), half the spin accumulation, one component per spin axis.
SPIN = Field("w", 3, "V", "A/m^2", "half the spin accumulation")


@dataclass(frozen=True)
class FieldSet:
    """Fields in order; knows where the components of each one stand."""

    fields: tuple[Field, ...] = ()

    @cached_property
    def size(self) -> int:
        """Number of components of all fields."""
        return sum(field.size for field in self.fields)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the fields, in order."""
        return tuple(field.name for field in self.fields)

    @cached_property
    def components(self) -> tuple[str, ...]:
        """Names of the components of all fields, in order."""
        return tuple(name for field in self.fields for name in field.components)

    def slice(self, name: str) -> slice:
        """Columns of the field called `name`; KeyError if the set lacks it."""
        start = 0
        for field in self.fields:
            if field.name == name:
                return slice(start, start + field.size)
            start += field.size
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return name in self.names


NOTHING = FieldSet()
CHARGE = FieldSet((POTENTIAL,))
CHARGE_AND_SPIN = FieldSet((POTENTIAL, SPIN))
