"""The numbers of solved states as a dataset with units."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from hanle.pde import observables
from hanle.pde.errors import InputError, UserCodeError
from hanle.pde.problem import Problem
from hanle.pde.tensors import Array
from hanle.results import Result
from hanle.torques import spin_orbit_torque
from hanle.transport_readout import outer

if TYPE_CHECKING:
    import xarray

#: Units by the number of mesh axes: per invariant length or area below 3.
CURRENT_UNIT = {3: "A", 2: "A/m", 1: "A/m^2"}
RESISTANCE_UNIT = {3: "Ohm", 2: "Ohm m", 1: "Ohm m^2"}
WIRE_UNIT = {2: "A", 1: "A/m"}
WIRE_RESISTANCE = {2: "Ohm/m", 1: "Ohm"}
HEAT_UNIT = {3: "W", 2: "W/m", 1: "W/m^2"}
ENTROPY_UNIT = {3: "W/K", 2: "W/(K m)", 1: "W/(K m^2)"}
TORQUE_UNIT = {3: "N m", 2: "N", 1: "J/m^2"}

#: A read-out of one's own: a function of the result, its SI unit ("1" where there is none) and, if wanted, a title.
#: Of a batch of states (exact engine) it gets all at once and returns arrays with a leading axis.
Extra: TypeAlias = tuple[Callable[[Result], Any], str] | tuple[Callable[[Result], Any], str, str]


@dataclass(frozen=True, eq=False)
class Reading:
    """What states tell of one quantity.

    Attributes:
        values: (states, ...).
        units, title: of the dataset.
        labels: names of the further axes -> labels along them.
    """

    values: Array
    units: str
    title: str
    labels: Mapping[str, Sequence[str]] = attribute(default_factory=dict)


def readings(result: Result, extra: Mapping[str, Extra] | None = None) -> dict[str, Reading]:
    """What a sweep keeps of a result."""
    dimension = len(result.mesh.axes)
    found: dict[str, Reading] = {}
    if result.has_resistivity:
        film = result.film
        found["rho_L"] = Reading(film.rho_L, "Ohm m", "longitudinal resistivity")
        if not np.any(np.isnan(film.rho_T)):
            found["rho_T"] = Reading(film.rho_T, "Ohm m", "transverse resistivity")
        # rho is the resistivity without spin Hall coupling.
        found["rho_L_change"] = Reading(film.change_L, "1", "rho_L/rho - 1")
    names = tuple(result.device.terminals)
    if names:
        levels = [observables.voltage(result.solution, name) for name in names]
        found["voltage"] = Reading(np.stack(levels, -1), "V", "voltage against the ground", {"terminal": names})
    if result.wiring.pair:
        values = np.atleast_1d(result.resistance())
        found["resistance"] = Reading(values, RESISTANCE_UNIT[dimension], "resistance")
    found |= _driven(result)
    magnets = receivers(result)
    if magnets:
        torques = np.stack([observables.torque(result.solution, name) for name in magnets], axis=1)
        axes = {"magnet": magnets, "component": tuple("xyz")}
        found["torque"] = Reading(torques, TORQUE_UNIT[dimension], "torque on the magnet", axes)
    found |= torque_parts(result)
    labels = {axis for reading in found.values() for axis in reading.labels}
    for name, given in (extra or {}).items():
        if name in found or name in labels:
            kept = ", ".join((*found, *sorted(labels)))
            raise InputError("read", "under names of their own", name, f"a sweep keeps {kept}")
        if not isinstance(given, tuple) or len(given) not in (2, 3):
            raise InputError(f"read.{name}", "(function of the result, unit) or (function, unit, title)", given)
        found[name] = _own(result, name, *given)
    return found


def _driven(result: Result) -> dict[str, Reading]:
    """Of wires: field and current; of heat contacts: temperature and heat; of outer faces with a `HeatContact` heat."""
    found, dimension = dict[str, Reading](), len(result.mesh.axes)
    wires, contacts = tuple(result.device.wires), tuple(result.device.heat_contacts)
    open_faces = tuple(outer(result))
    for name, quantity, unit, title, axis, places in (
        ("field_along", result.wire_field, "V/m", "field along the wire", "wire", wires),
        (
            "current_along",
            result.wire_current,
            WIRE_UNIT.get(dimension, ""),
            "current along the wire",
            "wire",
            wires,
        ),
        ("temperature_difference", result.contact_temperature, "K", "T - T_0 of the contact", "contact", contacts),
        ("heat", result.heat_current, HEAT_UNIT[dimension], "heat into the device", "contact", contacts),
        (
            "heat_out",
            result.interface_heat_current,
            HEAT_UNIT[dimension],
            "heat to the surroundings",
            "face",
            open_faces,
        ),
    ):
        if places:
            values = np.stack([np.atleast_1d(quantity(place)) for place in places], axis=-1)
            found[name] = Reading(values, unit, title, {axis: places})
    if len([current for current in result.wiring.wire_currents.values() if current]) == 1:
        values = np.stack([np.atleast_1d(result.wire_resistance(wire)) for wire in wires], axis=-1)
        title = "field along the wire over the given current"
        found["wire_resistance"] = Reading(values, WIRE_RESISTANCE[dimension], title, {"wire": wires})
    return found


def receivers(result: Result) -> tuple[str, ...]:
    """Magnets that take torque through a face or inside."""
    return magnets_of(result.response.system.problem)


def magnets_of(problem: Problem) -> tuple[str, ...]:
    """The same, of a problem."""
    places = [face.law.deposits for face in problem.faces.values()]
    places += [bulk.deposits for bulk in problem.regions.values()]
    names = [name for deposits in places for name in deposits if name.startswith("torque:")]
    return tuple(dict.fromkeys(name.removeprefix("torque:") for name in names))


def torque_parts(result: Result) -> dict[str, Reading]:
    """torque_DL, torque_FL, efficiency_DL, efficiency_FL of magnets beside metals with a current along their face."""
    faces = dict(_faces(result)) if result.has_resistivity else {}
    if not faces:
        return {}
    parts = [spin_orbit_torque(result, magnet, metal) for magnet, metal in faces.values()]
    labels = {"interface": tuple(faces)}

    def stacked(values: Iterable[Array]) -> Array:
        return np.stack([np.atleast_1d(v) for v in values], axis=-1)

    titles = "damping-like torque", "field-like torque"
    found = {}
    for k, (kind, title) in enumerate(zip(("DL", "FL"), titles, strict=True)):
        per_area = stacked((p.damping_like, p.field_like)[k] for p in parts)
        found[f"torque_{kind}"] = Reading(per_area, "J/m^2", f"{title} per area", labels)
        efficiency = stacked(p.efficiency[k] for p in parts)
        found[f"efficiency_{kind}"] = Reading(efficiency, "1", f"{title} efficiency", labels)
    return found


def _faces(result: Result) -> Iterator[tuple[str, tuple[str, str]]]:
    """Flat faces between a magnet that has a direction and a metal without: name -> (magnet, metal).

    Without pairs that meet at several faces, none of which has the area of the magnet.
    """
    device, taking = result.device, receivers(result)
    conditions = result.conditions or device.conditions
    along = not callable(conditions.field) and np.all(np.linalg.norm(conditions.field, axis=-1) > 0)
    beside = {face: result.mesh.face_regions(face) for face in result.response.system.problem.faces}
    pairs = [frozenset(regions) for regions in beside.values()]
    for face, regions in beside.items():
        magnets = [r for r in regions if r in taking and not device.is_paramagnet(r)]
        metals = [r for r in regions if r in device.conductors and r not in device.magnets]
        single = len(magnets) == len(metals) == 1 and pairs.count(frozenset(regions)) == 1
        if single and observables.is_flat(result.solution, face):
            given = conditions.magnetisation.get(magnets[0])
            uniform = along if given is None else not callable(given) and np.ndim(given) != 2
            if uniform:
                yield face, (magnets[0], metals[0])


def _own(result: Result, name: str, function: Callable[[Result], Any], units: str, title: str = "") -> Reading:
    """A read-out of the user's."""
    try:
        values = np.asarray(function(result), dtype=float)
    except Exception as error:
        raise UserCodeError(f"read.{name}: the function raised {type(error).__name__}: {error}") from error
    states = len(result.solution.amplitudes)
    # A result of one state gives plain numbers.
    values = values if states > 1 else values[None]
    if values.shape not in ((states,), (states, 3)):
        must = f"a number, or a vector (3,), for each of {states} states"
        raise InputError(f"read.{name}", must, values.shape)
    return Reading(values, units, title or name, {"component": tuple("xyz")} if values.ndim == 2 else {})


def dataset(
    coordinates: Mapping[str, tuple[Array, Mapping[str, str]]],
    parts: Sequence[Mapping[str, Reading]],
    attributes: Mapping[str, Any],
) -> "xarray.Dataset":
    """Readings of all states, in the order of the grid of coordinates, as an xarray Dataset.

    Args:
        coordinates: dimension -> (values, attributes), slowest first.
        parts: of `readings`, each of equally many states.
    """
    import xarray

    shape = tuple(len(values) for values, _ in coordinates.values())
    each = math.prod(shape) // len(parts)
    variables: dict[str, Any] = {}
    axes: dict[str, Any] = {name: (name, values, dict(attrs)) for name, (values, attrs) in coordinates.items()}
    for name, first in parts[0].items():
        # A batch in which nothing differs (no field, no magnet) is solved once.
        tail = first.values.shape[1:]
        values = np.concatenate([np.broadcast_to(part[name].values, (each, *tail)) for part in parts])
        notes = {"units": first.units, "long_name": first.title}
        variables[name] = ((*coordinates, *first.labels), values.reshape(*shape, *tail), notes)
        axes |= {axis: (axis, list(labels), {"long_name": axis}) for axis, labels in first.labels.items()}
    return xarray.Dataset(variables, axes, dict(attributes))
