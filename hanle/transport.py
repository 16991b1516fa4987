"""What a device solves for besides charge and spin in metals: magnons in insulators, heat in everything.

    transport = ()                    as without this module: magnons and heat in equilibrium
    transport = ("magnons",)          w_m in magnetic insulators that order; no temperature differences
    transport = ("magnons", "heat")   also the temperatures of electrons, magnons and lattice, linear about T_0
    transport = ("heat",)             temperatures of electrons and lattice, in devices without ordered insulators

T_0 is the temperature of the device. Joule heat is of second order and left out.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hanle.materials.conductors import Conductor
from hanle.materials.insulators import Insulator
from hanle.materials.magnons import HEAT_KEYS, SPIN_KEYS
from hanle.materials.records import MagneticInsulator
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.fields import ELECTRON_HEAT, LATTICE_HEAT, MAGNON, MAGNON_HEAT, NOTHING, SPIN, FieldSet

if TYPE_CHECKING:
    from hanle.device import Device
    from hanle.materials.load import Record

MAGNONS, HEAT = "magnons", "heat"
TRANSPORT = (MAGNONS, HEAT)
#: Keys that a metal needs where heat is solved for.
METAL_KEYS = ("lattice_heat_conductivity", "electron_lattice_coupling")


def read_transport(given: Sequence[str]) -> tuple[str, ...]:
    """Names of TRANSPORT in its order, each once; InputError for anything else."""
    listed = isinstance(given, Sequence) and not isinstance(given, str)
    if not listed or not all(isinstance(name, str) for name in given):
        raise InputError("transport", "a list", given, f"known: {', '.join(TRANSPORT)}")
    for name in given:
        if name not in TRANSPORT:
            raise unknown_name("transport", name, TRANSPORT)
    return tuple(name for name in TRANSPORT if name in given)


def require_numbers(device: "Device") -> None:
    """Refuse a transport that the materials do not know, and one that would leave out half of a device.

    Raises:
        InputError: the message names the keys that a record lacks.
    """
    magnets = [n for n, r in device.materials.items() if isinstance(r, MagneticInsulator) and r.ordered]
    if MAGNONS in device.transport and not magnets:
        raise InputError("transport", "without magnons: no magnetic insulator orders", list(device.transport))
    if device.transport == (HEAT,) and magnets:
        must = f"with magnons, which take part in the heat of {magnets[0]}"
        raise InputError("transport", must, list(device.transport), 'write transport = ["magnons", "heat"]')
    for name, record in device.materials.items():
        if missing := _missing(device, record):
            keys = ", ".join(f"{name}.{key}" for key in missing)
            must = f"given to solve for {' and '.join(device.transport)}"
            raise InputError(f"materials.{keys}", must, "nothing", "in the table or record of the material")


def carried(device: "Device", region: str) -> FieldSet:
    """Fields of a region besides u, in the order of its law; of metals the spin too, as face laws see them."""
    record, heat = device.materials[region], HEAT in device.transport
    if record.conducts:
        return FieldSet((SPIN, ELECTRON_HEAT, LATTICE_HEAT) if heat else (SPIN,))
    if isinstance(record, MagneticInsulator) and record.ordered and MAGNONS in device.transport:
        return FieldSet((MAGNON, MAGNON_HEAT, LATTICE_HEAT) if heat else (MAGNON,))
    return FieldSet((LATTICE_HEAT,)) if heat else NOTHING


def _missing(device: "Device", record: "Record") -> tuple[str, ...]:
    """Keys without which a record cannot take part."""
    heat = HEAT in device.transport
    if isinstance(record, Conductor):
        return tuple(key for key in METAL_KEYS if heat and getattr(record, key) is None)
    if isinstance(record, MagneticInsulator):
        if not record.ordered:
            return record.magnons.missing("lattice_heat_conductivity") if heat else ()
        spin = SPIN_KEYS if MAGNONS in device.transport else ()
        return record.magnons.missing(*spin, *(HEAT_KEYS if heat else ()))
    return ()


def lattice_conductance(record: "Record", key: str) -> float:
    """h between the lattices of an insulator and a metal [W/(m^2 K)]; InputError at `key` where it is not known."""
    given = (
        record.interface_heat_conductance
        if isinstance(record, Insulator)
        else record.magnons.numbers.get("interface_heat_conductance")
        if isinstance(record, MagneticInsulator)
        else None
    )
    if given is None:
        must = "given where heat crosses to a metal: interface_heat_conductance of the record"
        raise InputError(key, must, "nothing", 'or h_pp of a hanle.MagnonInterface; "closed" keeps heat out')
    return given.value
