"""A device with one number changed, by name: what a sweep can vary besides angle, field and temperature.

"Pt.thickness"      a layer; "F2.position", "F2.width", "F2.thickness" of a strip, "Cu.length" of a segment
"shape.width"       any other length of the shape
"Co.polarisation"   what may vary in space: resistivity, spin_hall_angle, diffusion_length, ... (`Device.profiles`)
"YIG.magnon_diffusion_length"  any other number that its record gives: magnon_conductivity, anisotropy_gap, seebeck,
                    lattice_heat_conductivity, ...
"YIG|Pt.G_r"        G_s, G_r, G_i of a face to an insulating magnet
"YIG|Pt.g_r"        g_r, g_i, inelastic_scale, h_pp, h_ep of a `MagnonInterface` that the device has
"top.temperature"   lattice, electrons, temperature of a `HeatContact` that the device has
"Co|Cu.G_up"        G_up, G_dn, G_mix_real, G_mix_imaginary, memory_loss of a `Circuit` that the device has, or
                    area_resistance and polarisation, which set G_up and G_dn; its electrons, lattice, seebeck and
                    spin_dependent_seebeck where they are given
"Pt|Co.h_R"         E_F, J, u0, um, h_R, tau_N, ... of a `RashbaInterface` that the device has
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hanle.boundary.b_layer import CONDUCTANCES
from hanle.boundary.circuit import Circuit
from hanle.device import PROFILE_DIMENSIONS, Device
from hanle.heat_faces import CIRCUIT_DIMENSIONS, HEAT_DIMENSION, HeatContact, circuit_heat, heat_given
from hanle.magnon_faces import NUMBERS, MagnonInterface
from hanle.materials.changed import plain_numbers, with_number
from hanle.parameters import LENGTH
from hanle.pde.errors import InputError, nearest, unknown_name
from hanle.pde.quantity import DIMENSIONS, parse
from hanle.shapes import KINDS, UserShape, make
from hanle.spin_orbit import MODEL, RashbaInterface

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What a sweep takes by other names.
OWN_ARGUMENTS = ("angle", "field", "temperature")
#: Arguments of shapes that are rows (name, size, ...): what the sizes are.
_ROWS = {"layers": ("thickness",), "segments": ("length",), "strips": ("position", "width", "thickness")}
_CIRCUIT = {
    **dict.fromkeys(("G_up", "G_dn", "G_mix_real", "G_mix_imaginary"), "conductance per area"),
    **dict.fromkeys(("memory_loss", "polarisation"), "dimensionless"),
    "area_resistance": "resistance area",
}


def variables(device: Device) -> dict[str, str]:
    """What can be varied of a device: name -> dimension, a key of `hanle.pde.quantity.DIMENSIONS`."""
    found = dict.fromkeys((name for name, *_ in _sizes(device.shape)), "length")
    for region, record in device.materials.items():
        found |= {f"{region}.{key}": dimension for key, dimension in plain_numbers(record).items()}
        found |= {f"{region}.{quantity}": PROFILE_DIMENSIONS[quantity] for quantity in record.profiles}
    for face in _insulator_faces(device):
        found |= {f"{face}.{name}": PROFILE_DIMENSIONS[name] for name in CONDUCTANCES}
    for face, law in device.interfaces.items():
        if isinstance(law, Circuit):
            heat = {name: CIRCUIT_DIMENSIONS[name] for name in circuit_heat(law)}
            found |= {f"{face}.{name}": dimension for name, dimension in (_CIRCUIT | heat).items()}
        if isinstance(law, RashbaInterface):
            heat = dict.fromkeys(heat_given(law), HEAT_DIMENSION)
            found |= {f"{face}.{name}": dimension for name, dimension in (MODEL | heat).items()}
        if isinstance(law, MagnonInterface):
            found |= {f"{face}.{name}": dimension for name, dimension in NUMBERS.items()}
        if isinstance(law, HeatContact):
            found |= {f"{face}.{name}": HEAT_DIMENSION for name in law.given} | {
                f"{face}.temperature": "temperature"
            }
    return found


def dimension_of(device: Device, name: str) -> str:
    """The dimension of what is varied under a name.

    Raises:
        InputError: the device has nothing of that name.
    """
    known = variables(device)
    if name in known:
        return known[name]
    if name in OWN_ARGUMENTS:
        must = "a number of a region, a face or the shape"
        raise InputError("vary", must, name, f"{name} is an argument of the sweep itself")
    place, _, quantity = name.rpartition(".")
    here = [found.rpartition(".")[2] for found in known if found.rpartition(".")[0] == place]
    if here:
        raise unknown_name(f"vary.{place}", quantity, here)
    raise InputError(
        "vary", 'named "place.quantity"', name, nearest(place or name, {n.rpartition(".")[0] for n in known})
    )


def unit_of(device: Device, name: str) -> str:
    """SI unit of a variable; "1" where there is none."""
    return DIMENSIONS[dimension_of(device, name)].unit or "1"


def varied(device: Device, values: Mapping[str, Any]) -> Device:
    """A copy with some numbers replaced.

    Args:
        values: name (top of this file) -> number in SI, or text with a unit.

    Raises:
        InputError: the device has nothing of that name, a wrong unit, a value that the device refuses.
    """
    for name, given in values.items():
        value = parse(given, dimension_of(device, name), f"vary.{name}")
        sizes = {key: (argument, row, column) for key, argument, row, column in _sizes(device.shape)}
        place, _, quantity = name.rpartition(".")
        if name in sizes:
            device = device.with_changes(shape=_resized(device.shape, *sizes[name], value))
        elif isinstance(contact := device.interfaces.get(place), Circuit):
            law = _with_conductance(contact, place, quantity, value)
            device = device.with_changes(interfaces={**device.interfaces, place: law})
        elif _of_contact(contact, quantity):
            changed = replace(contact, **{quantity: value})  # type: ignore[type-var]
            device = device.with_changes(interfaces={**device.interfaces, place: changed})
        elif place in device.materials and quantity not in device.materials[place].profiles:
            record = with_number(device.materials[place], quantity, value)
            device = device.with_changes(materials={**device.materials, place: record})
        else:
            device = device.with_changes(profiles={**device.profiles, name: value})
    return device


def _sizes(shape: Any) -> "Iterator[tuple[str, str, int | None, int | None]]":
    """(name, argument of the shape, row, column) of every length."""
    if not isinstance(shape, UserShape):
        return
    parameters = KINDS[shape.kind].parameters
    for argument, value in shape.arguments:
        if argument in _ROWS:
            for row, (name, *_) in enumerate(value):
                for column, size in enumerate(_ROWS[argument], start=1):
                    yield f"{name}.{size}", argument, row, column
        elif parameters[argument] is LENGTH:
            yield f"shape.{argument}", argument, None, None


def _resized(shape: UserShape, argument: str, row: int | None, column: int | None, value: float) -> UserShape:
    arguments = dict(shape.arguments)
    if row is None or column is None:
        arguments[argument] = value
    else:
        rows = [list(entry) for entry in arguments[argument]]
        rows[row][column] = value
        arguments[argument] = [tuple(entry) for entry in rows]
    return make(shape.kind, {**arguments, **{k: dict(v) for k, v in arguments.items() if k == "plates"}})


def _insulator_faces(device: Device) -> "Iterator[str]":
    """Names, in both orders, of faces that a metal and an insulating magnet may share."""
    insulators = [n for n in device.magnets if n not in device.conductors]
    for insulator in insulators:
        for metal in device.conductors:
            yield from (f"{insulator}|{metal}", f"{metal}|{insulator}")


def _of_contact(contact: Any, quantity: str) -> bool:
    """Whether the law of a face holds a number itself."""
    if isinstance(contact, MagnonInterface):
        return quantity in NUMBERS
    return isinstance(contact, RashbaInterface | HeatContact)


def _with_conductance(law: Circuit, face: str, name: str, value: float) -> Circuit:
    if any(callable(getattr(law, f.name)) or np.ndim(getattr(law, f.name)) for f in fields(law)):
        raise InputError(f"vary.{face}.{name}", "of an interface whose conductances are numbers", "a profile")
    mix, up, dn = complex(law.G_mix), float(law.G_up), float(law.G_dn)  # type: ignore[arg-type]
    if name.startswith("G_mix"):
        return replace(law, G_mix=complex(value, mix.imag) if name == "G_mix_real" else complex(mix.real, value))
    if name not in ("area_resistance", "polarisation"):
        return replace(law, **{name: value})
    resistance = value if name == "area_resistance" else 1 / (up + dn)
    share = value if name == "polarisation" else (up - dn) / (up + dn)
    found = Circuit.from_resistance(resistance, share)
    return replace(law, G_up=found.G_up, G_dn=found.G_dn)
