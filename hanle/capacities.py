"""What magnons and heat store in a device, and what must be known of it before it is followed in time.

electrons   gamma T                  of metals; gamma of free electrons where the record gives none
lattice     lattice_heat_capacity    of the record; with its debye_temperature as Debye's law says, else a constant
magnons     dn/dmu, dn/dT, C_m       of the record, else of E = gap + A q^2 at T_0 (`hanle.boundary.magnons.gas`), with
                                     gap = g mu_B B.m + anisotropy_gap

In linear response what counts is the capacity at T_0; `excess` is what is stored beyond that. Steady solves need none
of this: there a law stores what is known.
"""

from typing import TYPE_CHECKING

import numpy as np

from hanle.boundary.magnons.gas import capacities
from hanle.boundary.magnons.spectrum import Parabolic
from hanle.boundary.magnons.storage import magnon_gas
from hanle.conditions import Conditions
from hanle.magnon_faces import gap_in
from hanle.materials.conductors import Conductor
from hanle.materials.debye import Debye, lattice_capacity
from hanle.materials.records import MagneticInsulator, Record
from hanle.pde.coefficients import as_weight
from hanle.pde.errors import InputError
from hanle.pde.fields import ELECTRON_HEAT, LATTICE_HEAT, MAGNON, MAGNON_HEAT, FieldSet
from hanle.pde.magnons import MagnonCapacities
from hanle.pde.problem import Problem
from hanle.pde.storing import Excess, Part, Proportional, warmed
from hanle.pde.tensors import Array
from hanle.transport import HEAT, MAGNONS

if TYPE_CHECKING:
    from hanle.device import Device

#: Attributes of `MagnonCapacities` -> keys of `Magnons`; without heat only the first.
STORED = {
    "number": "magnon_number_susceptibility",
    "number_heat": "magnon_number_thermal_susceptibility",
    "magnons": "magnon_heat_capacity",
}
LATTICE = "lattice_heat_capacity"
STIFFNESS = "spin_wave_stiffness"


def magnon_capacities(
    record: MagneticInsulator, region: str, points: Array, conditions: Conditions, heat: bool
) -> MagnonCapacities:
    """What magnons and lattice of a region store at points (n, 3); 0 where it is not known.

    Args:
        heat: whether temperatures are solved for.
    """
    given = record.magnons
    known = given.lattice_heat_capacity if heat else None
    lattice = lattice_capacity(known, given.debye_temperature, conditions.temperature)
    asked = {name: key for name, key in STORED.items() if heat or name == "number"}
    found = {name: np.asarray(given.value(key)) for name, key in asked.items()}
    if given.missing(*asked.values()):
        gap = magnon_gap(record, region, points, conditions)
        if given.missing(STIFFNESS) or not np.all(gap > 0):
            return MagnonCapacities(lattice=lattice)
        closed = _of_spectrum(given.value(STIFFNESS), gap, conditions)
        found |= {name: closed[name] for name, key in asked.items() if given.missing(key)}
    return MagnonCapacities(lattice=lattice, **found)


def excess(record: Record, region: str, fields: FieldSet, points: Array, conditions: Conditions) -> Excess | None:
    """What a region with these fields stores beyond its capacities at T_0; None where they are constants.

    Args:
        points: (n, 3) of its cells.
    """
    parts: list[tuple[tuple[str, ...], Part]] = []
    t0 = as_weight(conditions.temperature)
    if isinstance(record, Conductor) and ELECTRON_HEAT.name in fields:
        parts.append(((ELECTRON_HEAT.name,), Proportional(record.gamma * t0**2)))
    lattice = record.magnons if isinstance(record, MagneticInsulator) else record
    capacity, theta = lattice.lattice_heat_capacity, lattice.debye_temperature
    if LATTICE_HEAT.name in fields and capacity is not None and theta is not None:
        now = lattice_capacity(capacity, theta, t0)
        parts.append(((LATTICE_HEAT.name,), warmed(now, t0, Debye(theta.value))))
    if isinstance(record, MagneticInsulator) and {MAGNON.name, MAGNON_HEAT.name} <= set(fields.names):
        gap = magnon_gap(record, region, points, conditions)
        numbers = record.magnons
        # Numbers that the record gives itself are constants: they say nothing of other states.
        own = len(numbers.missing(*STORED.values())) < len(STORED)
        if not own and not numbers.missing(STIFFNESS) and np.all(gap > 0):
            stored = magnon_gas(numbers.value(STIFFNESS), gap, t0)
            parts.append(((MAGNON.name, MAGNON_HEAT.name), stored))
    return Excess(fields, tuple(parts)) if parts else None


def magnon_gap(record: MagneticInsulator, region: str, points: Array, conditions: Conditions) -> Array:
    """g mu_B B.m + anisotropy [J] at points (n, 3): (), (n,) or (batch, 1); m along B where it is not given."""
    field = conditions.field_at(points)
    if region in conditions.magnetisation:
        along = np.sum(field * conditions.magnetisation_at(region, points), axis=-1)
    else:
        along = np.linalg.norm(field, axis=-1)
    return gap_in(record, along)


def require_storage(device: "Device") -> None:
    """Refuse records that do not say what magnons and heat store.

    Raises:
        InputError: the message names the keys.
    """
    for name, record in device.materials.items():
        if missing := _lacking(device, record):
            keys = ", ".join(f"{name}.{key}" for key in missing)
            must = "given to follow magnons and heat in time or at a frequency"
            raise InputError(f"materials.{keys}", must, "nothing", "in the table or record of the material")


def require_gaps(problem: Problem) -> None:
    """Refuse magnets whose magnons store without bound.

    Raises:
        InputError: no gap, and no dn/dmu in the record.
    """
    for name, bulk in problem.regions.items():
        if MAGNON.name in bulk.fields:
            column = bulk.fields.slice(MAGNON.name).start
            if not any(t.fields[column, column] for t in bulk.C):
                must = "such that magnons have a gap: their number over their potential grows as gap^(-1/2)"
                cure = f"a field along m, {name}.anisotropy_gap, or {', '.join(f'{name}.{k}' for k in STORED.values())}"
                raise InputError(f"materials.{name}.anisotropy_gap", must, "no gap", cure)


def _lacking(device: "Device", record: Record) -> tuple[str, ...]:
    heat = HEAT in device.transport
    if not isinstance(record, MagneticInsulator):
        return (LATTICE,) if heat and record.lattice_heat_capacity is None else ()
    numbers = record.magnons
    lacking = numbers.missing(LATTICE) if heat else ()
    if not record.ordered or MAGNONS not in device.transport:
        return lacking
    own = numbers.missing(*STORED.values()) if heat else numbers.missing(STORED["number"])
    return (*lacking, *(numbers.missing(STIFFNESS) if own else ()))


def _of_spectrum(stiffness: float, gap: Array, conditions: Conditions) -> dict[str, Array]:
    """By attribute, of the shape of gap and temperature."""
    t0 = np.asarray(conditions.temperature, dtype=float)
    if t0.ndim == 0:
        # A field that varies takes few values: each is worked out once.
        few, places = np.unique(gap, return_inverse=True)
        found = capacities(Parabolic(stiffness, few), t0)
        parts = [x[places].reshape(gap.shape) for x in (found.number, found.number_heat, found.heat)]
    else:
        found = capacities(Parabolic(stiffness, gap), t0)
        parts = [found.number, found.number_heat, found.heat]
    return dict(zip(STORED, parts, strict=True))
