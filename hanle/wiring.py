"""What is connected to the terminals: currents, voltages, ground."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hanle.pde.errors import HanleError, InputError, unknown_name
from hanle.pde.quantity import parse

if TYPE_CHECKING:
    from hanle.device import Device

GROUND = "ground"


@dataclass(frozen=True)
class Wiring:
    """Terminal -> what is given there; terminals that are absent float (no current).

    Attributes:
        currents: into the device [A in 3D, A/m in 2D, A/m^2 in 1D].
        voltages: V [V]; the ground is 0 V.
    """

    currents: Mapping[str, float] = field(default_factory=dict)
    voltages: Mapping[str, float] = field(default_factory=dict)

    @property
    def amplitudes(self) -> dict[str, float]:
        """u = -V of the terminals with a given voltage."""
        return {name: -v for name, v in self.voltages.items()}

    @property
    def fluxes(self) -> dict[str, float]:
        """Outflow at the terminals with a given current."""
        return {name: -i for name, i in self.currents.items()}


def read_wiring(device: "Device", given: Mapping[str, Any], dimension: int) -> Wiring:
    """From {"left": "1 mA", "right": "ground", "V1": "0.2 V"}; the unit tells currents from voltages.

    Raises:
        InputError: an unknown terminal, a value that is neither, or no terminal with a given voltage.
    """
    currents: dict[str, float] = {}
    voltages: dict[str, float] = {}
    known = device.terminals
    for name, value in given.items():
        if name not in known:
            raise unknown_name("wiring", name, known)
        if value == GROUND:
            voltages[name] = 0.0
        elif isinstance(value, str):
            kind, amount = _current_or_voltage(value, CURRENT_DIMENSION[dimension], f"wiring.{name}")
            (currents if kind == "current" else voltages)[name] = amount
        else:
            raise InputError(f"wiring.{name}", 'a current, a voltage or "ground"', value, 'e.g. "1 mA"')
    if not voltages:
        must = 'with one terminal at "ground" or at a voltage'
        raise InputError("wiring", must, dict(given), f'write wiring.{next(reversed(known), "right")} = "ground"')
    return Wiring(currents, voltages)


#: Dimension of a current by the number of mesh axes: per invariant area or length below 3.
CURRENT_DIMENSION = {3: "current", 2: "current per length", 1: "current density"}


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


def _current_or_voltage(text: str, dimension: str, key: str) -> tuple[str, float]:
    try:
        return "current", parse(text, dimension, key)
    except HanleError:
        try:
            return "voltage", parse(text, "voltage", key)
        except HanleError:
            raise InputError(key, 'a current, a voltage or "ground"', text, 'e.g. "1 mA" or "10 uV"') from None
