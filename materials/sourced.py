"""Numbers that carry dimension, temperature and source.

Numbers follow the temperature of a device or sweep through the moments of a magnet and the resistivity of a metal
(`hanle.materials.resistivity`); elsewhere `Sourced.temperature` only says where a number was found.
"""

import math
from dataclasses import dataclass

from hanle.pde.errors import InputError, unknown_name
from hanle.pde.quantity import DIMENSIONS, show, usual_range

#: Source of a number that the user gave without one.
USER = "user"


@dataclass(frozen=True)
class Sourced:
    """A number in SI and where it comes from.

    Attributes:
        value: in the SI unit of `dimension`.
        dimension: a name in `hanle.pde.quantity.DIMENSIONS`.
        temperature: at which it was found [K]; None where it does not matter or is not known.
        source: BibTeX key, or "user".
        note: what a reader should know.
        estimate: the number is a judgement (of the source or ours), is worked out from what the note says, or is
            quoted at second hand; not a measurement read in the source.
    """

    value: float
    dimension: str
    temperature: float | None = None
    source: str = USER
    note: str = ""
    estimate: bool = False

    def __post_init__(self) -> None:
        if self.dimension not in DIMENSIONS:
            raise unknown_name("dimension", self.dimension, DIMENSIONS)
        if not math.isfinite(self.value):
            raise InputError("value", f"{DIMENSIONS[self.dimension].title}, finite", self.value)
        if self.temperature is not None and not (math.isfinite(self.temperature) and self.temperature > 0):
            raise InputError("temperature", "a temperature > 0 K", self.temperature, usual_range("temperature"))

    def __str__(self) -> str:
        return show(self.value, self.dimension)


def require_positive(key: str, given: Sourced) -> None:
    """Refuse a value <= 0."""
    if given.value <= 0:
        title = DIMENSIONS[given.dimension].title
        raise InputError(key, f"{title}, positive", str(given), f"usual: {usual_range(given.dimension)}")
