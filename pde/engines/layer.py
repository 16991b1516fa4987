"""One uniform layer: the pieces its law splits into, their two-ports, and what drives and sources do in it.

Along the axis z of the stack:  J_z = A_zz U' + s + B_z U,   J_z' = R U + W_z U' + f,   where macroscopic gradients G
and sources give  s = A_zk G_k + S_z,   f = W_k G_k - F.  A uniform s passes through without a field inside.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from hanle.pde.coefficients import Bulk, Coefficient
from hanle.pde.engines.contract import Part
from hanle.pde.engines.sets import Sets
from hanle.pde.engines.tables import Table, dense, is_zero, nonzero, of_part, table
from hanle.pde.engines.twoport import Port, port
from hanle.pde.tensors import Array

#: (0 at the low face or 1 at the high one, component, (batch or 1,) value).
FaceValue: TypeAlias = tuple[int, int, Array]


@dataclass(frozen=True, eq=False)
class Drive:
    """What a macroscopic gradient or a source puts into a layer, as coefficients, an index of each and a column.

    Attributes:
        across: s, from A at (axis of the stack, axis of the gradient), or S.
        inside: f, from W, or -F.
        column: component of the gradient; 0 for a source.
        sign: of f.
    """

    across: Coefficient
    across_index: tuple[int, ...]
    inside: Coefficient
    inside_index: tuple[int, ...]
    column: int
    sign: float = 1.0

    def s(self, part: Part) -> dict[int, Array]:
        """Component -> s, (batch or 1,)."""
        entries = table(of_part(self.across, part), *self.across_index)
        return {i: w for (i, j), w in entries.items() if j == self.column}

    def f(self, part: Part, size: int) -> Array:
        """f, (batch or 1, size)."""
        entries = table(of_part(self.inside, part), *self.inside_index)
        return self.sign * dense(entries, range(size), (self.column,))[:, :, 0]


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer of the stack.

    Attributes:
        name: its region.
        bulk: its law.
        thickness: (batch or 1,) [m].
        axis: number of the axis of the stack.
    """

    name: str
    bulk: Bulk
    thickness: Array
    axis: int

    @property
    def size(self) -> int:
        """Number of components."""
        return self.bulk.fields.size

    @cached_property
    def ports(self) -> tuple[Port, ...]:
        """Two-ports of the pieces."""
        tables = self._tables(Part.ALL)
        return tuple(port(self.name, piece, self.thickness, tables) for piece in self._pieces(tables))

    @cached_property
    def reference_ports(self) -> tuple[Port, ...]:
        """The same without perturbative terms; pieces that have none are the very same objects."""
        touched = {i for t in self._tables(Part.PERTURBATIVE).values() for pair in t for i in pair}
        tables = self._tables(Part.REFERENCE)
        return tuple(
            port(self.name, p.components, self.thickness, tables) if touched & set(p.components) else p
            for p in self.ports
        )

    def ports_of(self, part: Part) -> tuple[Port, ...]:
        """Two-ports of the whole or of the reference part."""
        return self.reference_ports if part is Part.REFERENCE else self.ports

    def across(self, part: Part) -> Table:
        """A_zz of a part."""
        return table(of_part(self.bulk.A, part), self.axis, self.axis)

    def gradient(self, component: int, axis: int) -> Drive:
        """The drive of a unit macroscopic gradient."""
        return Drive(self.bulk.A, (self.axis, axis), self.bulk.W, (axis,), component)

    def sources(self) -> Drive:
        """The drive of the sources S and F."""
        return Drive(self.bulk.S, (self.axis,), self.bulk.F, (), 0, -1.0)

    def ends(self, drive: Drive, part: Part) -> list[FaceValue]:
        """Outward fluxes for a drive and zero traces."""
        values = [(side, c, w if side else -w) for c, w in drive.s(part).items() for side in (0, 1)]
        if not drive.inside:
            return values
        if part is not Part.PERTURBATIVE:
            return values + self._listed(self._from_f(part, drive))
        whole, reference = self._from_f(Part.ALL, drive), self._from_f(Part.REFERENCE, drive)
        return values + self._listed((whole[0] - reference[0], whole[1] - reference[1]))

    def collected(self, component: int, axis: int, part: Part) -> list[FaceValue]:
        """The flux of a component along an invariant axis, integrated over the layer, per trace."""
        conducted = table(of_part(self.bulk.A, part), axis, self.axis)
        rows = {j: w for (i, j), w in conducted.items() if i == component}
        values = [(side, c, w if side else -w) for c, w in rows.items() for side in (0, 1)]
        if not self.bulk.B:
            return values
        if part is not Part.PERTURBATIVE:
            return values + self._listed(self._carried(component, axis, part))
        whole, reference = (self._carried(component, axis, p) for p in (Part.ALL, Part.REFERENCE))
        return values + self._listed((whole[0] - reference[0], whole[1] - reference[1]))

    def direct(self, component: int, axis: int, drive: Drive, prompt: Array, part: Part) -> Array:
        """The same for a drive and zero traces, (batch or 1,).

        Args:
            prompt: flux density of that component along that axis which the drive makes by itself (A_kk G, or S).
        """
        total = prompt * self.thickness
        if not self.bulk.B:
            return total
        if part is not Part.PERTURBATIVE:
            return total + self._stored(component, axis, part, drive)
        whole, reference = (self._stored(component, axis, p, drive) for p in (Part.ALL, Part.REFERENCE))
        return total + whole - reference

    def along(self, component: int, axis: int, other: int, other_axis: int, part: Part) -> Array:
        """A_kk between two macroscopic gradients, (batch or 1,)."""
        return table(of_part(self.bulk.A, part), axis, other_axis).get((component, other), np.zeros(1))

    def emitted(self, component: int, axis: int) -> Array:
        """S_k of a component, (batch or 1,)."""
        return table(self.bulk.S, axis).get((component, 0), np.zeros(1))

    def couplings(self) -> Iterable[tuple[int, ...]]:
        """The sets of components that the law couples across the layer."""
        return (p.components for p in self.ports)

    def _tables(self, part: Part) -> dict[str, Table]:
        bulk, z = self.bulk, self.axis
        found = {
            "A": table(of_part(bulk.A, part), z, z),
            "B": table(of_part(bulk.B, part), z),
            "W": table(of_part(bulk.W, part), z),
            "R": table(of_part(bulk.R, part)),
        }
        return {name: {} if is_zero(entries) else entries for name, entries in found.items()}

    def _pieces(self, tables: dict[str, Table]) -> list[tuple[int, ...]]:
        sets = Sets(self.size)
        for entries in tables.values():
            for pair, weight in entries.items():
                if nonzero(weight):
                    sets.join(pair)
        roots = sets.roots()
        return [tuple(i for i in range(self.size) if roots[i] == root) for root in dict.fromkeys(roots)]

    def _row(self, entries: Table, index: int) -> Array:
        return dense(entries, (index,), range(self.size))[:, 0, :]

    @staticmethod
    def _listed(ends: tuple[Array, Array]) -> list[FaceValue]:
        return [(side, c, w) for side, values in enumerate(ends) for c, w in enumerate(values.T) if np.any(w)]

    def _from_f(self, part: Part, drive: Drive) -> tuple[Array, Array]:
        """C_0 f and C_1 f."""
        f = drive.f(part, self.size)
        batch = max([len(f), *(p.batch for p in self.ports)])
        low, high = np.zeros((batch, self.size)), np.zeros((batch, self.size))
        for p in self.ports_of(part):
            own = list(p.components)
            if np.any(f[:, own]):
                for target, load in ((low, p.load[0]), (high, p.load[1])):
                    target[:, own] = np.einsum("bij,bj->bi", load, f[:, own])
        return low, high

    def _carried(self, component: int, axis: int, part: Part) -> tuple[Array, Array]:
        """B_k times the integral of the fields, per trace."""
        b = self._row(table(of_part(self.bulk.B, part), axis), component)
        batch = max([len(b), *(p.batch for p in self.ports)])
        low, high = np.zeros((batch, self.size)), np.zeros((batch, self.size))
        for p in self.ports_of(part):
            own = list(p.components)
            if np.any(b[:, own]):
                for target, integral in ((low, p.integral[0]), (high, p.integral[1])):
                    target[:, own] = np.einsum("bi,bij->bj", b[:, own], integral)
        return low, high

    def _stored(self, component: int, axis: int, part: Part, drive: Drive) -> Array:
        """B_k times the integral of the fields that a drive makes between zero traces."""
        b = self._row(table(of_part(self.bulk.B, part), axis), component)
        f = drive.f(part, self.size)
        total = np.zeros(1)
        for p in self.ports_of(part):
            own = list(p.components)
            if np.any(b[:, own]) and np.any(f[:, own]):
                total = total + np.einsum("bi,bij,bj->b", b[:, own], p.integral[2], f[:, own])
        return total
