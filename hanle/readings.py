"""The numbers of solved states as a dataset with units."""

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from hanle.device import Device
from hanle.pde.tensors import Array
from hanle.results import Result

if TYPE_CHECKING:
    import xarray

#: name -> (units, title); rho is the resistivity without spin Hall coupling.
QUANTITIES = {
    "rho_L": ("Ohm m", "longitudinal resistivity"),
    "rho_T": ("Ohm m", "transverse resistivity"),
    "rho_L_change": ("1", "rho_L/rho - 1"),
    "voltage": ("V", "voltage against the ground"),
}


def readings(result: Result) -> dict[str, Array]:
    """What a sweep keeps of a result: name -> (states, ...); `voltage` is (states, terminals)."""
    found: dict[str, Array] = {}
    if result.has_resistivity:
        film = result.film
        found = {"rho_L": film.rho_L, "rho_T": film.rho_T, "rho_L_change": film.change_L}
        if np.any(np.isnan(film.rho_T)):
            del found["rho_T"]
    if result.device.terminals:
        found["voltage"] = np.stack(
            [np.atleast_1d(result.terminal_voltage(name)) for name in result.device.terminals], axis=-1
        )
    return found


def dataset(
    device: Device,
    coordinates: Mapping[str, tuple[Array, Mapping[str, str]]],
    parts: Iterable[Mapping[str, Array]],
    attributes: Mapping[str, Any],
) -> "xarray.Dataset":
    """Readings of all states, in the order of the grid of coordinates, as an xarray Dataset.

    Args:
        coordinates: dimension -> (values, attributes), slowest first.
        parts: of `readings`.
    """
    import xarray

    collected = list(parts)
    shape = tuple(len(values) for values, _ in coordinates.values())
    variables: dict[str, Any] = {}
    for name in collected[0]:
        values = np.concatenate([part[name] for part in collected])
        # A batch in which nothing differs (no field, no magnet) is solved once.
        values = np.broadcast_to(values, (math.prod(shape), *values.shape[1:]))
        units, title = QUANTITIES[name]
        dims = (*coordinates, "terminal") if name == "voltage" else tuple(coordinates)
        variables[name] = (dims, values.reshape(*shape, *values.shape[1:]), {"units": units, "long_name": title})
    axes: dict[str, Any] = {name: (name, values, dict(attrs)) for name, (values, attrs) in coordinates.items()}
    if device.terminals:
        axes["terminal"] = ("terminal", list(device.terminals), {"long_name": "terminal"})
    return xarray.Dataset(variables, axes, dict(attributes))
