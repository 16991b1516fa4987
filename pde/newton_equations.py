"""The equations of each field in Newton's method: which rows they are, how large loads on them are, and what rounding
makes of them.

Equations of one field are weighed against each other in the scale of the solver; fields of different units never are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from hanle.pde.engines.contract import Subsystem, System
from hanle.pde.steady import norm
from hanle.pde.tensors import Array

#: Size of the terms of equations without any: what is divided by it, and its product with it, stay finite.
NOTHING = 1e-150


@dataclass(frozen=True, eq=False)
class Equations:
    """The equations of an assembled problem, field by field.

    Attributes:
        scaled: the subsystem in whose scale they are weighed.
    """

    system: System
    scaled: Subsystem

    @cached_property
    def rows(self) -> dict[str, Any]:
        """Field -> its rows."""
        fields = {f.name: f for bulk in self.system.problem.regions.values() for f in bulk.fields.fields}
        return {
            name: sum((self.system.constant(c) for c in f.components), start=np.zeros(1)) > 0
            for name, f in fields.items()
        }

    @cached_property
    def level(self) -> Array:
        """1 for relative temperatures: laws know T_0 (1 + t), so t is known to rounding of 1."""
        fields = {f for bulk in self.system.problem.regions.values() for f in bulk.fields.fields if f.unit == "1"}
        found = np.zeros_like(self.system.given_vector())
        for f in fields:
            found = found + self.rows[f.name]
        return found

    def size(self, load: Array, rows: Any) -> Array:
        """(batch,) size of a load on some rows."""
        return norm(self.system, self.scaled.restrict(np.where(rows, load, 0.0)))

    def inner(self, load: Array) -> dict[str, Array]:
        """Field -> (batch,) size of a load on its rows that are not fixed."""
        free = ~self.system.fixed
        return {name: self.size(load, rows & free) for name, rows in self.rows.items()}

    def rounding(self, state: Array, level: Array | float = 0.0) -> Array:
        """What a rounding of every entry of a state, and of its level, changes in the equations, in size."""
        noise = np.random.default_rng(0).standard_normal(state.shape) * 4 * np.finfo(float).eps
        return np.abs(self.system.apply((np.abs(state) + level) * noise))

    def terms(self, applied: Array, load: Array, noise: Array, tolerance: float) -> dict[str, Array]:
        """Field -> (batch,) size of the terms of its equations, at least what rounding makes over the tolerance."""
        least, found = self.inner(noise), {}
        ours, theirs = self.inner(applied), self.inner(load)
        for name, rows in self.rows.items():
            # Where every free row balances by itself (a uniform state) the fluxes through the contacts set the scale.
            sizes = np.maximum(ours[name] + theirs[name], self.size(applied, rows))
            found[name] = np.maximum(sizes, np.maximum(least[name] / tolerance, NOTHING))
        return found

    def relative(self, load: Array, scale: Mapping[str, Array]) -> Array:
        """(batch,) largest part of the terms of a field's equations that a load is."""
        parts = [self.size(load, rows) / scale[name] for name, rows in self.rows.items()]
        return np.asarray(np.max(parts, axis=0))
