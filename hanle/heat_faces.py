"""Faces that heat crosses: the user's `HeatContact`, and what holds without one.

metal | metal            T_e to T_e, T_p to T_p; without words one temperature on both sides of each; T_e across a
                         `Circuit` or an interface with spin-orbit coupling by the law of Wiedemann and Franz
insulator | insulator    T_p to T_p; without words one temperature
metal | insulator        T_p to T_p, with h of the record of the insulator without words; T_e to T_p only where given
                         (metal | ordered insulator with magnons: h_pp and h_ep of `hanle.magnon_faces`)
outer face               to surroundings at T_0 or another temperature; without words closed
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hanle.boundary.b_layer import MAGNET, METAL
from hanle.boundary.circuit import SEEBECK
from hanle.boundary.heat_contact import ABOVE, BELOW, heat_contact, heat_sink
from hanle.conditions import Conditions
from hanle.pde.coefficients import FaceLaw, Side
from hanle.pde.coupling import joined
from hanle.pde.errors import InputError
from hanle.pde.fields import ELECTRON_HEAT, LATTICE_HEAT, FieldSet
from hanle.pde.quantity import parse
from hanle.transport import HEAT, lattice_conductance

if TYPE_CHECKING:
    from hanle.device import Device

#: Attribute -> field.
CARRIERS = {"electrons": ELECTRON_HEAT, "lattice": LATTICE_HEAT}
HEAT_DIMENSION = "thermal conductance per area"
#: Numbers of a contact between metals for heat -> dimension; and those that a `Circuit` has besides.
CONTACT_DIMENSIONS = dict.fromkeys(CARRIERS, HEAT_DIMENSION)
CIRCUIT_DIMENSIONS = CONTACT_DIMENSIONS | dict.fromkeys(SEEBECK, "Seebeck coefficient")


@dataclass(frozen=True)
class HeatContact:
    """Thermal conductances of a face; charge and spin cross it as without these words.

    Attributes:
        lattice: h of the lattices, or from the lattice to the surroundings ("1e8 W/(m^2 K)").
        electrons: h of the electrons of two metals, from those of a metal to the lattice of an insulator, or to the
            surroundings. None, here and for the lattice: what holds without a `HeatContact`, top of this file.
        temperature: of the surroundings of an outer face ("310 K"); None: T_0, that of the device.

    Raises:
        InputError: h < 0, T <= 0, or no conductance given.
    """

    lattice: Any = None
    electrons: Any = None
    temperature: Any = None

    def __post_init__(self) -> None:
        if not self.given:
            raise InputError("lattice", "given, or electrons", "nothing", 'e.g. lattice="1e8 W/(m^2 K)"')
        for key, h in heat_numbers(self).items():
            object.__setattr__(self, key, h)
        if self.temperature is not None:
            kelvin = parse(self.temperature, "temperature", "temperature")
            if kelvin <= 0:
                raise InputError("temperature", "above 0 K", f"{kelvin} K", "usual: 0.01 K to 1000 K")
            object.__setattr__(self, "temperature", kelvin)

    @property
    def given(self) -> dict[str, Any]:
        """Conductances that are not None."""
        return heat_given(self)

    @property
    def open(self) -> bool:
        """Whether a number is positive."""
        return any(self.given.values())


def heat_given(choice: object) -> dict[str, Any]:
    """Attribute of CARRIERS -> what is given of it; of anything that a user says of a face."""
    return {key: value for key in CARRIERS if (value := getattr(choice, key, None)) is not None}


def heat_numbers(choice: object) -> dict[str, float]:
    """The same in SI [W/(m^2 K)]; InputError where one is negative."""
    found = {}
    for key, given in heat_given(choice).items():
        found[key] = parse(given, HEAT_DIMENSION, key)
        if found[key] < 0:
            raise InputError(key, "0 or positive [W/(m^2 K)]", found[key], "usual: 1e7 to 1e10")
    return found


def circuit_heat(choice: object) -> dict[str, Any]:
    """Names in CIRCUIT_DIMENSIONS -> what is given of it and not left out."""
    return heat_given(choice) | {key: value for key in SEEBECK if (value := getattr(choice, key, 0.0))}


def require_heat_contact(device: "Device", name: str, regions: Sequence[str], magnons: bool) -> None:
    """Refuse a `HeatContact` where it says nothing, or what other words say.

    Args:
        magnons: whether magnons reach the face, which is one between metal and magnet.
    """
    key, choice = f"interfaces.{name}", device.interfaces[name]
    if HEAT not in device.transport:
        must = "left out where heat is not solved for"
        raise InputError(key, must, "a HeatContact", 'transport = ["heat"] or ["magnons", "heat"]')
    if isinstance(choice, HeatContact) and choice.temperature is not None and len(regions) != 1:
        raise InputError(f"{key}.temperature", "left out inside the device", choice.temperature)
    without = not any(region in device.conductors for region in regions)
    if isinstance(choice, HeatContact) and choice.electrons is not None and without:
        raise InputError(f"{key}.electrons", "left out: there are none in an insulator", choice.electrons)
    if magnons:
        must = "a MagnonInterface where magnons reach a metal"
        raise InputError(key, must, "a HeatContact", "its h_pp and h_ep are the conductances for heat")
    if any(name in faces for faces in device.heat_contacts.values()):
        raise InputError(
            key, "left out: the face is a heat contact, with a temperature of its own", "a HeatContact"
        )


def sinks(device: "Device") -> list[str]:
    """Faces with a `HeatContact` of a positive number, inner ones among them."""
    return [name for name, choice in device.interfaces.items() if isinstance(choice, HeatContact) and choice.open]


def closed_for_heat(device: "Device") -> bool:
    """Whether one contact holds the temperature and nothing else: no heat flows there in linear response."""
    return len(device.heat_contacts) == 1 and not sinks(device)


def surroundings(device: "Device") -> dict[str, float]:
    """Faces with a `HeatContact` of a positive number -> T of what is beyond [K]; inner faces are among them."""
    given = {name: getattr(device.interfaces[name], "temperature", None) for name in sinks(device)}
    return {name: float(device.temperature if kelvin is None else kelvin) for name, kelvin in given.items()}


def is_shut(device: "Device", face: str, regions: Sequence[str]) -> bool:
    """Whether given numbers keep all heat from crossing an inner face: what is left out is open there."""
    given = heat_given(device.interfaces.get(face))
    if any(given.values()) or "lattice" not in given:
        return False
    return "electrons" in given or not all(region in device.conductors for region in regions)


def outer_sink(choice: HeatContact, conditions: Conditions, role: str) -> FaceLaw:
    """From an outer face to its surroundings."""
    t0 = conditions.temperature
    return heat_sink(t0, {CARRIERS[key].name: h for key, h in choice.given.items()}, choice.temperature, role)


def contact_of_alike(
    given: Mapping[str, Any],
    conditions: Conditions,
    carriers: Sequence[str],
    roles: tuple[str, str] = (BELOW, ABOVE),
) -> FaceLaw:
    """Heat between two metals or two insulators.

    Args:
        given: name in CARRIERS -> h [W/(m^2 K)], a number or a weight; those not given have one temperature.
        carriers: names of CARRIERS that both have.
    """
    pairs = {(CARRIERS[key].name,) * 2: h for key, h in given.items()}
    tied = tuple(CARRIERS[key] for key in carriers if key not in given)
    laws = [one_temperature(FieldSet(tied), roles)] if tied else []
    return joined(*laws, *([heat_contact(conditions.temperature, pairs, roles)] if pairs else []))


def lattice_contact(
    device: "Device",
    face: str,
    insulator: str,
    conditions: Conditions,
    lattice: Any = None,
    electrons: Any = None,
    roles: tuple[str, str] = (METAL, MAGNET),
) -> FaceLaw:
    """From the lattice, and the electrons if given, of a metal to the lattice of an insulator.

    Args:
        lattice: h [W/(m^2 K)]; None: that of the record.
        electrons: h [W/(m^2 K)]; None or 0: nothing.
        roles: of metal and insulator.
    """
    h = lattice_conductance(device.materials[insulator], f"interfaces.{face}") if lattice is None else lattice
    pairs = {(LATTICE_HEAT.name, LATTICE_HEAT.name): h}
    if electrons:
        pairs[ELECTRON_HEAT.name, LATTICE_HEAT.name] = electrons
    return heat_contact(conditions.temperature, pairs, roles)


def one_temperature(fields: FieldSet, roles: tuple[str, str]) -> FaceLaw:
    """Both sides at one temperature, reservoir by reservoir."""
    return FaceLaw(sides=tuple(Side(role, fields) for role in roles), tie=fields.names)
