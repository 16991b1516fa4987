"""One uniform layer: the pieces its law splits into, their two-ports, and what drives and sources do in it.

Along the axis z of the stack:  J_z = A_zz U' + s + B_z U,   J_z' = R U + W_z U' + f,   where macroscopic gradients G and
sources give  s = A_zk G_k + S_z,   f = W_k G_k - F.  A uniform s passes through without a field inside.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hanle.pde.coefficients import Bulk
from hanle.pde.engines.contract import Part
from hanle.pde.engines.stack import Sets
from hanle.pde.engines.tables import Table, column, is_zero, nonzero, of_part, table
from hanle.pde.engines.twoport import Port, port
from hanle.pde.tensors import Array


@dataclass(frozen=True, eq=False)
class Drive:
    """What a macroscopic gradient or a source puts into a layer: s and f by part, (batch or 1, N) each."""

    s: dict[Part, Array]
    f: dict[Part, Array]


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
        return Drive(
            {p: self._column(table(of_part(self.bulk.A, p), self.axis, axis), component) for p in Part},
            {p: self._column(table(of_part(self.bulk.W, p), axis), component) for p in Part},
        )

    def sources(self) -> Drive:
        """The drive of the sources S and F."""
        return Drive(
            {p: self._column(table(of_part(self.bulk.S, p), self.axis), 0) for p in Part},
            {p: -self._column(table(of_part(self.bulk.F, p)), 0) for p in Part},
        )

    def ends(self, drive: Drive, part: Part) -> tuple[Array, Array]:
        """Outward fluxes (batch or 1, N) at the low and the high face, for a drive and zero traces."""
        low, high = -drive.s[part], drive.s[part]
        if part is Part.PERTURBATIVE:
            whole, reference = (self._from_f(p, drive.f[p]) for p in (Part.ALL, Part.REFERENCE))
            return low + whole[0] - reference[0], high + whole[1] - reference[1]
        added = self._from_f(part, drive.f[part])
        return low + added[0], high + added[1]

    def collected(self, component: int, axis: int, part: Part) -> tuple[Array, Array]:
        """The flux of a component along an invariant axis, integrated over the layer, per trace.

        Returns:
            (batch or 1, N) for the traces at the low and at the high face.
        """
        conducted = self._row(table(of_part(self.bulk.A, part), axis, self.axis), component)
        if not self.bulk.B:
            return -conducted, conducted
        if part is Part.PERTURBATIVE:
            whole, reference = (self._carried(component, axis, p) for p in (Part.ALL, Part.REFERENCE))
            return whole[0] - reference[0] - conducted, whole[1] - reference[1] + conducted
        low, high = self._carried(component, axis, part)
        return low - conducted, high + conducted

    def direct(self, component: int, axis: int, drive: Drive, prompt: dict[Part, Array], part: Part) -> Array:
        """The same for a drive and zero traces, (batch or 1,).

        Args:
            prompt: by part, the flux density of that component along that axis which the drive makes by itself
                (A_kk G, or S).
        """
        total = prompt[part] * self.thickness
        if not self.bulk.B:
            return total
        if part is Part.PERTURBATIVE:
            return (
                total
                + self._stored(component, axis, Part.ALL, drive.f)
                - self._stored(component, axis, Part.REFERENCE, drive.f)
            )
        return total + self._stored(component, axis, part, drive.f)

    def along(self, component: int, axis: int, other: int, other_axis: int) -> dict[Part, Array]:
        """A_kk of two macroscopic gradients by part, (batch or 1,)."""
        return {
            p: table(of_part(self.bulk.A, p), axis, other_axis).get((component, other), np.zeros(1)) for p in Part
        }

    def emitted(self, component: int, axis: int) -> dict[Part, Array]:
        """S_k of a component by part, (batch or 1,)."""
        return {p: table(of_part(self.bulk.S, p), axis).get((component, 0), np.zeros(1)) for p in Part}

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

    def _column(self, entries: Table, index: int) -> Array:
        found = column(entries, range(self.size), index)
        return np.zeros((1, self.size)) if found is None else found

    def _row(self, entries: Table, index: int) -> Array:
        return self._column({(j, 0): w for (i, j), w in entries.items() if i == index}, 0)

    def _from_f(self, part: Part, f: Array) -> tuple[Array, Array]:
        """C_0 f and C_1 f."""
        if not np.any(f):
            return np.zeros((1, self.size)), np.zeros((1, self.size))
        batch = max([len(f), *(p.batch for p in self.ports)])
        low, high = np.zeros((batch, self.size)), np.zeros((batch, self.size))
        for p in self.ports_of(part):
            own = list(p.components)
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

    def _stored(self, component: int, axis: int, part: Part, f: dict[Part, Array]) -> Array:
        """B_k times the integral of the fields that f makes between zero traces."""
        b = self._row(table(of_part(self.bulk.B, part), axis), component)
        total = np.zeros(1)
        for p in self.ports_of(part):
            own = list(p.components)
            if np.any(b[:, own]) and np.any(f[part][:, own]):
                total = total + np.einsum("bi,bij,bj->b", b[:, own], p.integral[2], f[part][:, own])
        return total
