"""Bulk laws of insulators that carry magnons and heat."""

from typing import TYPE_CHECKING

from hanle.capacities import magnon_capacities
from hanle.conditions import Conditions
from hanle.materials.debye import lattice_capacity
from hanle.materials.insulators import Insulator
from hanle.materials.magnons import Magnons
from hanle.materials.records import MagneticInsulator
from hanle.pde.coefficients import Bulk
from hanle.pde.coupling import carried as restricted_to
from hanle.pde.errors import InputError
from hanle.pde.fields import LATTICE_HEAT, FieldSet
from hanle.pde.heat import metal_heat
from hanle.pde.magnons import magnon_insulator
from hanle.pde.tensors import Array
from hanle.transport import HEAT, carried

if TYPE_CHECKING:
    from hanle.device import Device


def insulator_law(device: "Device", region: str, points: Array, conditions: Conditions) -> Bulk | None:
    """The law of an insulator at points (n, 3); None where nothing that is solved for moves in it.

    Raises:
        InputError: numbers that break the second law; the key names the record.
    """
    record, fields = device.materials[region], carried(device, region)
    if not fields.size:
        return None
    if isinstance(record, Insulator):
        return _lattice(record.lattice_heat_conductivity.value, record, conditions)
    if not isinstance(record, MagneticInsulator):
        raise InputError(f"materials.{region}", "an insulator", record)
    value = record.magnons.value
    if fields.names == (LATTICE_HEAT.name,):
        return _lattice(value("lattice_heat_conductivity"), record.magnons, conditions)
    heat = HEAT in device.transport
    try:
        whole = magnon_insulator(
            region,
            temperature=conditions.temperature,
            conductivity=value("magnon_conductivity"),
            diffusion_length=value("magnon_diffusion_length"),
            spin_seebeck=value("bulk_spin_seebeck") if heat else 0.0,
            heat_conductivity=value("magnon_heat_conductivity") if heat else 0.0,
            lattice_heat_conductivity=value("lattice_heat_conductivity") if heat else 0.0,
            exchange_with_lattice=value("magnon_lattice_coupling") if heat else 0.0,
            number_exchange=value("magnon_number_exchange") if heat else 0.0,
            capacities=magnon_capacities(record, region, points, conditions, heat),
        )
    except InputError as error:
        raise error.within(f"materials.{region}: magnon ") from error
    return restricted_to(whole, fields)


def _lattice(conductivity: float, record: Insulator | Magnons, conditions: Conditions) -> Bulk:
    whole = metal_heat(
        temperature=conditions.temperature,
        electrons=0.0,
        lattice=conductivity,
        coupling=0.0,
        lattice_capacity=lattice_capacity(
            record.lattice_heat_capacity, record.debye_temperature, conditions.temperature
        ),
    )
    return restricted_to(whole, FieldSet((LATTICE_HEAT,)))
