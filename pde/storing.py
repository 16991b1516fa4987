"""What regions store where capacities follow the state, as `Bulk.excess`.

    X(U) = C U + excess(U)

Each part of an excess is a function of some fields of one component: electrons of their temperature, a lattice of its
own, magnons of their potential and temperature together.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hanle.pde.coefficients import Coefficient, Term, as_weight
from hanle.pde.errors import InputError
from hanle.pde.fields import FieldSet
from hanle.pde.tensors import Array

#: Values (k, ...) of k fields -> what is stored beyond C U in their rows (k, ...), and its slopes (k, k, ...).
Part = Callable[[Array], tuple[Array, Array]]
#: Nodes and weights of Gauss's rule on (0, 1), exact to rounding for smooth functions that change by a percent.
NODES = 0.5 + np.sqrt(0.15) * np.array([-1.0, 0.0, 1.0])
WEIGHTS = np.array([5.0, 8.0, 5.0]) / 18


@dataclass(frozen=True, eq=False)
class Excess:
    """What a region stores beyond C U.

    Attributes:
        fields: of the region.
        parts: names of fields of one component, and what they store.
    """

    fields: FieldSet
    parts: tuple[tuple[tuple[str, ...], Part], ...]

    def __call__(self, values: Array) -> tuple[Coefficient, Coefficient]:
        """(amounts, slopes) at values (batch, entities, points, N), see `Bulk.excess`.

        Raises:
            InputError: at a state that cannot be: T <= 0, magnons above their gap.
        """
        amounts, slopes, unit = [], [], np.eye(self.fields.size)
        for names, part in self.parts:
            columns = [self.fields.slice(name).start for name in names]
            here, by = part(np.stack([values[..., c] for c in columns]))
            amounts += [Term(x, np.asarray(1.0), unit[c]) for x, c in zip(here, columns, strict=True)]
            slopes += [
                Term(by[a, b], np.asarray(1.0), np.outer(unit[r], unit[c]))
                for a, r in enumerate(columns)
                for b, c in enumerate(columns)
            ]
        return tuple(amounts), tuple(slopes)


@dataclass(frozen=True, eq=False)
class Proportional:
    """Electrons: C = gamma T, so that gamma T_0^2 (t + t^2/2) is stored, t = (T - T_0)/T_0.

    Attributes:
        strength: gamma T_0^2 [J/m^3], a weight.
    """

    strength: Array

    def __call__(self, values: Array) -> tuple[Array, Array]:
        """See `Part`."""
        require_warm(values[0])
        slope = self.strength * values
        return slope * values / 2, slope[None]


@dataclass(frozen=True, eq=False)
class Warmed:
    """A lattice: what its heat function says.

    Attributes:
        scale: weight [J/(m^3 K)] of that function.
        temperature: T_0 [K], a weight.
        heat: T [K] -> (energy [K], its slope): `scale` times the slope is the heat capacity.
        near: |t| below which the energy is the integral of its slope: a difference would lose digits.
    """

    scale: Array
    temperature: Array
    heat: Callable[[Array], tuple[Array, Array]]
    near: float = 1e-2

    def __call__(self, values: Array) -> tuple[Array, Array]:
        """See `Part`."""
        require_warm(values[0])
        t, t0 = values[0], np.broadcast_to(self.temperature, values[0].shape)
        begin, capacity = self.heat(self.temperature)
        energy, slope = self.heat(t0 * (1 + t))
        amount = energy - begin - capacity * t0 * t
        small = np.abs(t) < self.near
        if np.any(small):
            here, start, first = t[small], t0[small], np.broadcast_to(capacity, t.shape)[small]
            along = [
                w * (self.heat(start * (1 + x * here))[1] - first) for x, w in zip(NODES, WEIGHTS, strict=True)
            ]
            amount[small] = start * here * sum(along)
        return (self.scale * amount)[None], (self.scale * t0 * (slope - capacity))[None, None]


def warmed(capacity: Array, temperature: Array, heat: Callable[[Array], tuple[Array, Array]]) -> Warmed:
    """A lattice with a heat capacity [J/(K m^3)] at T_0 [K] that changes as the slope of a function."""
    t0 = as_weight(temperature)
    return Warmed(as_weight(capacity) / heat(t0)[1], t0, heat)


def require_warm(t: Array) -> None:
    """Refuse T <= 0, t = (T - T_0)/T_0.

    Raises:
        InputError: the message gives the lowest T over T_0.
    """
    if t.size and not np.all(t > -1):
        raise InputError("temperature", "above 0 K", f"{1 + float(np.min(t)):.4g} T_0")
