"""What is connected to the terminals: currents, voltages, ground."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hanle.heat_faces import sinks
from hanle.pde.coefficients import FaceLaw
from hanle.pde.errors import HanleError, InputError, unknown_name
from hanle.pde.fields import POTENTIAL
from hanle.pde.problem import Problem
from hanle.pde.quantity import parse

if TYPE_CHECKING:
    from hanle.device import Device

GROUND = "ground"
#: Keys of what drives a device, in `solve` and in the table [run] of a file.
DRIVE = ("current", "current_density", "wiring", "source", "drain")
#: Dimension of a current by the number of mesh axes: per invariant area or length below 3.
CURRENT_DIMENSION = {3: "current", 2: "current per length", 1: "current density"}
#: The same of the current of a wire and of the heat through a contact.
WIRE_CURRENT = {2: "current", 1: "current per length"}
HEAT_INTO = {3: "power", 2: "power per length", 1: "heat flux"}
#: Units in messages.
CURRENT_SYMBOL = {3: "mA", 2: "A/m", 1: "A/m^2"}
HEAT_UNIT = {3: "W", 2: "W/m", 1: "W/m^2"}
#: What flows through a device with terminals when nothing is said, by the number of mesh axes.
DEVICE_CURRENT = {3: 1e-3, 2: 1.0, 1: 1e10}
#: Mean current density of a film when nothing is said [A/m^2]; resistivities do not depend on it.
FILM_CURRENT_DENSITY = 1e10


def drive_table(current: Any, current_density: Any, wiring: Any, source: Any, drain: Any) -> dict[str, Any]:
    """What a caller gave to drive a device, by the keys of DRIVE; None where nothing."""
    return dict(zip(DRIVE, (current, current_density, wiring, source, drain), strict=True))


@dataclass(frozen=True)
class Wiring:
    """Terminal -> what is given there; terminals that are absent float (no current).

    Attributes:
        currents: into the device [A in 3D, A/m in 2D, A/m^2 in 1D].
        voltages: V [V]; the ground is 0 V.
        density: mean <j_x> of a device without terminals [A/m^2]; None where there are terminals or wires.
        wire_currents: wire -> current along it [A; A/m in 1D]; wires that are absent are open.
        wire_fields: wire -> given field E [V/m].
        temperatures: heat contact -> T - T_0 [K]; contacts that are absent are at T_0.
        heats: heat contact -> heat into the device [W; W/m in 2D, W/m^2 in 1D].
    """

    currents: Mapping[str, float] = field(default_factory=dict)
    voltages: Mapping[str, float] = field(default_factory=dict)
    density: float | None = None
    wire_currents: Mapping[str, float] = field(default_factory=dict)
    wire_fields: Mapping[str, float] = field(default_factory=dict)
    temperatures: Mapping[str, float] = field(default_factory=dict)
    heats: Mapping[str, float] = field(default_factory=dict)

    @property
    def amplitudes(self) -> dict[str, float]:
        """u = -V of the terminals with a given voltage."""
        return {name: -v for name, v in self.voltages.items()}

    @property
    def pair(self) -> tuple[str, str] | None:
        """(source, ground) where one given current, not zero, flows to one terminal at a given voltage; else None."""
        sources = [name for name, current in self.currents.items() if current]
        if len(sources) != 1 or len(self.voltages) != 1:
            return None
        return sources[0], next(iter(self.voltages))

    @property
    def fluxes(self) -> dict[str, float]:
        """Outflow at the terminals with a given current."""
        return {name: -i for name, i in self.currents.items()}


def read_drive(
    device: "Device",
    *,
    wiring: Mapping[str, Any] | None = None,
    current: Any = None,
    current_density: Any = None,
    source: str | None = None,
    drain: str | None = None,
    bare_is_si: bool = True,
) -> Wiring:
    """What drives a device; arguments as in `hanle.solving.solve`.

    Args:
        bare_is_si: take numbers without unit as SI; otherwise refuse them.

    Raises:
        InputError: two drives at once, one that does not fit the device, an unknown terminal, no ground.
    """
    dimension = len(device.shape.axes)
    pair = {"current": current, "source": source, "drain": drain}
    given = {key: value for key, value in pair.items() if value is not None}
    if device.wires:
        for key, value in (given | {"current_density": current_density}).items():
            if value is not None:
                raise InputError(key, "left out for a device with wires", value, "name the wire in wiring")
        return _read_extra(device, wiring or {next(iter(device.wires)): _usual(dimension)}, dimension)
    if not device.terminals:
        for key, value in (given | ({"wiring": wiring} if wiring else {})).items():
            raise InputError(key, "left out for a device without terminals", value, "use current_density")
        if current_density is None:
            return Wiring(density=FILM_CURRENT_DENSITY)
        density = parse(current_density, "current density", "current_density", bare_is_si=bare_is_si)
        return Wiring(density=density)
    if current_density is not None:
        raise InputError("current_density", "left out for a device with terminals", current_density, "use current")
    if wiring:
        for key, value in given.items():
            raise InputError(key, "left out where wiring is given", value, "say everything in wiring")
        return read_wiring(device, wiring, dimension)
    amount: Any = DEVICE_CURRENT[dimension] if current is None else current
    if current is not None and not bare_is_si:
        amount = parse(current, CURRENT_DIMENSION[dimension], "current", bare_is_si=False)
    names = list(device.terminals)
    if len(names) < 2:
        raise InputError("terminals", "at least two: a source and a ground", names)
    begin = source or names[0]
    return through(device, amount, begin, drain or next(n for n in names if n != begin), dimension)


def read_wiring(device: "Device", given: Mapping[str, Any], dimension: int) -> Wiring:
    """From {"left": "1 mA", "right": "ground", "V1": "0.2 V"}; the unit tells currents from voltages.

    Raises:
        InputError: an unknown terminal, a value that is neither, or no terminal with a given voltage.
    """
    currents: dict[str, float] = {}
    voltages: dict[str, float] = {}
    known = device.terminals
    extra = _read_extra(device, {n: v for n, v in given.items() if n in device.heat_contacts}, dimension)
    for name, value in given.items():
        if name in device.heat_contacts:
            continue
        if name not in known:
            raise unknown_name("wiring", name, (*known, *device.heat_contacts))
        if value == GROUND:
            voltages[name] = 0.0
        elif isinstance(value, str):
            kind, amount = _current_or_voltage(value, dimension, f"wiring.{name}")
            (currents if kind == "current" else voltages)[name] = amount
        else:
            hint = f'e.g. "1 {CURRENT_SYMBOL[dimension]}"'
            raise InputError(f"wiring.{name}", 'a current, a voltage or "ground"', value, hint)
    if not voltages:
        must = 'with one terminal at "ground" or at a voltage'
        raise InputError("wiring", must, dict(given), f'write wiring.{next(reversed(known), "right")} = "ground"')
    return replace(extra, currents=currents, voltages=voltages)


def _usual(dimension: int) -> str:
    """Current of the first wire when nothing is said."""
    return f"{DEVICE_CURRENT[3]} A" if dimension == 2 else f"{DEVICE_CURRENT[2]} A/m"


def _read_extra(device: "Device", given: Mapping[str, Any], dimension: int) -> Wiring:
    """What is given at wires and heat contacts; the unit tells a current from a field, a temperature from a heat."""
    known = (*device.wires, *device.heat_contacts)
    # Of wires and of contacts, by the number of the dimension that fits.
    along: tuple[dict[str, float], dict[str, float]] = ({}, {})
    heat: tuple[dict[str, float], dict[str, float]] = ({}, {})
    for name, value in given.items():
        if name not in known:
            raise unknown_name("wiring", name, known)
        wire = name in device.wires
        must = "a current or a field" if wire else "a temperature difference to T_0 or a heat"
        current = "1 mA" if dimension == 2 else "1 A/m"
        hint = f'e.g. "{current}" or "100 V/m"' if wire else f'e.g. "10 mK" or "0 {HEAT_UNIT[dimension]}"'
        kinds = (WIRE_CURRENT[dimension], "electric field") if wire else ("temperature", HEAT_INTO[dimension])
        if not isinstance(value, str):
            raise InputError(f"wiring.{name}", must, value, hint)
        second, amount = _either(value, kinds, f"wiring.{name}", must, hint)
        if not wire and not second and float(device.temperature) + amount <= 0:
            must = f"a difference to T_0 = {float(device.temperature):g} K that leaves T above 0 K"
            raise InputError(f"wiring.{name}", must, value)
        (along if wire else heat)[second][name] = amount
    if heat[1] and len(heat[1]) == len(device.heat_contacts) and not sinks(device):
        must = "with one heat contact at a temperature: contacts not named are at T_0"
        raise InputError("wiring", must, f"heat at all of them: {', '.join(heat[1])}", "leave one of them out")
    return Wiring(wire_currents=along[0], wire_fields=along[1], temperatures=heat[0], heats=heat[1])


def _either(text: str, dimensions: tuple[str, str], key: str, must: str, hint: str) -> tuple[bool, float]:
    """(whether it is of the second dimension, value in SI)."""
    for second, dimension in enumerate(dimensions):
        try:
            return bool(second), parse(text, dimension, key)
        except HanleError:
            continue
    raise InputError(key, must, text, hint)


def through(device: "Device", current: Any, source: str, drain: str, dimension: int) -> Wiring:
    """A current that enters at `source` and leaves at `drain`, which is the ground.

    `dimension`: number of mesh axes; the current is per invariant length (2) or area (1).
    """
    for key, name in (("source", source), ("drain", drain)):
        if name not in device.terminals:
            raise unknown_name(key, name, device.terminals)
    if source == drain:
        raise InputError("drain", "another terminal than the source", drain)
    return Wiring({source: parse(current, CURRENT_DIMENSION[dimension], "current")}, {drain: 0.0})


def _current_or_voltage(text: str, dimension: int, key: str) -> tuple[str, float]:
    try:
        return "current", parse(text, CURRENT_DIMENSION[dimension], key)
    except HanleError:
        try:
            return "voltage", parse(text, "voltage", key)
        except HanleError:
            hint = f'e.g. "1 {CURRENT_SYMBOL[dimension]}" or "10 uV"'
            raise InputError(key, 'a current, a voltage or "ground"', text, hint) from None


def require_grounds(problem: Problem, wiring: Wiring) -> None:
    """Refuse a wiring that leaves the potential of a conductor with terminals undetermined.

    Raises:
        InputError: no terminal of some conductor is at a given voltage; the message names its terminals.
    """
    conductor = conductors(problem)
    terminals: dict[int, list[str]] = {}
    for name, terminal in problem.terminals.items():
        if terminal.component != POTENTIAL.name:
            continue
        region = problem.mesh.face_regions(terminal.faces[0])[0]
        terminals.setdefault(conductor[region], []).append(name)
    for names in terminals.values():
        if not any(name in wiring.voltages for name in names):
            must = "with a ground, or a given voltage, on each conductor"
            raise InputError(
                "wiring", must, f"none among {', '.join(names)}", f'write wiring.{names[-1]} = "ground"'
            )


def carriers(problem: Problem, terminal: str) -> tuple[str, ...]:
    """Regions that a current from this terminal can reach."""
    conductor = conductors(problem)
    fed = {conductor[problem.mesh.face_regions(face)[0]] for face in problem.terminals[terminal].faces}
    return tuple(region for region, number in conductor.items() if number in fed)


def conductors(problem: Problem) -> dict[str, int]:
    """Region -> number of the conductor it belongs to: regions whose common face lets charge through."""
    number = {name: k for k, name in enumerate(problem.regions)}
    for name, face in problem.faces.items():
        touching = problem.mesh.face_regions(name)
        if len(touching) == 2 and _lets_charge_through(face.law):
            a, b = (number[region] for region in touching)
            number = {region: a if k == b else k for region, k in number.items()}
    return number


def _lets_charge_through(law: FaceLaw) -> bool:
    """Whether the potentials of both sides are one, or a current flows between them."""
    sides = [side for side in law.sides if POTENTIAL.name in side.fields.names]
    if len(sides) < 2 or law.at is not None:
        return len(sides) == 2
    row, column = (law.columns(side.role, POTENTIAL.name).start for side in sides)
    return POTENTIAL.name in law.tie or any(t.fields[row, column] and np.any(t.weight) for t in law.G)
