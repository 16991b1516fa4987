"""Bulk laws of insulators that carry magnons and heat, and what heat adds to the law of a metal."""

from typing import TYPE_CHECKING

import numpy as np
from scipy.constants import e, k

from hanle.capacities import magnon_capacities
from hanle.conditions import Conditions
from hanle.materials.insulators import Insulator
from hanle.materials.records import MagneticInsulator, NormalMetal
from hanle.pde.coefficients import Bulk
from hanle.pde.coupling import carried as restricted_to
from hanle.pde.coupling import combined
from hanle.pde.errors import InputError
from hanle.pde.fields import LATTICE_HEAT, FieldSet
from hanle.pde.heat import metal_heat, thermoelectric
from hanle.pde.magnons import magnon_insulator
from hanle.pde.tensors import Array
from hanle.transport import HEAT, carried

if TYPE_CHECKING:
    from hanle.device import Device

#: Number of Lorenz, pi^2 k_B^2/(3 e^2) [V^2/K^2]: kappa_e = L sigma T.
LORENZ = np.pi**2 / 3 * (k / e) ** 2


def insulator_law(device: "Device", region: str, points: Array, conditions: Conditions) -> Bulk | None:
    """The law of an insulator at points (n, 3); None where nothing that is solved for moves in it.

    Raises:
        InputError: numbers that break the second law; the key names the record.
    """
    record, fields = device.materials[region], carried(device, region)
    if not fields.size:
        return None
    if isinstance(record, Insulator):
        capacity = record.lattice_heat_capacity
        stored = 0.0 if capacity is None else capacity.value
        return _lattice(record.lattice_heat_conductivity.value, stored, conditions)
    if not isinstance(record, MagneticInsulator):
        raise InputError(f"materials.{region}", "an insulator", record)
    value = record.magnons.value
    if fields.names == (LATTICE_HEAT.name,):
        return _lattice(value("lattice_heat_conductivity"), value("lattice_heat_capacity"), conditions)
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


def with_heat(bulk: Bulk, record: NormalMetal, conductivity: Array, conditions: Conditions) -> Bulk:
    """The law of a metal joined by the temperatures of its electrons and lattice.

    Args:
        conductivity: of the bulk, (1 - 2 theta^2)/rho, at the points of the region [S/m]: with it S is what is measured
            without current.
    """
    t0 = conditions.temperature
    given, lattice, coupling = (
        None if number is None else number.value
        for number in (
            record.electron_heat_conductivity,
            record.lattice_heat_conductivity,
            record.electron_lattice_coupling,
        )
    )
    electrons = LORENZ * np.asarray(t0) * conductivity if given is None else given
    seebeck = record.seebeck.value
    coupled = thermoelectric(
        temperature=t0,
        conductivity=conductivity,
        seebeck=seebeck,
        spin_nernst_angle=record.spin_nernst_angle.value,
    )
    capacity = record.lattice_heat_capacity
    heat = metal_heat(
        temperature=t0,
        electrons=electrons,
        lattice=lattice or 0.0,
        coupling=coupling or 0.0,
        electron_capacity=record.gamma * np.asarray(t0),
        lattice_capacity=0.0 if capacity is None else capacity.value,
    )
    return combined(bulk, heat, coupled) if seebeck else combined(bulk, heat)


def _lattice(conductivity: float, capacity: float, conditions: Conditions) -> Bulk:
    whole = metal_heat(
        temperature=conditions.temperature,
        electrons=0.0,
        lattice=conductivity,
        coupling=0.0,
        lattice_capacity=capacity,
    )
    return restricted_to(whole, FieldSet((LATTICE_HEAT,)))
