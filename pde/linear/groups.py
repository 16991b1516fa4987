"""Groups of unknowns that a field-split preconditioner treats one after the other.

A group is one field: the same components over all blocks that carry them. Blocks say which of their components belong
together (`LinearBlock.groups`); across blocks, those belong together that are tied or share a common level, or that
face laws couple most.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hanle.pde.linear.contract import BlockTerm, LinearSystem
from hanle.pde.linear.reduced import Reduced
from hanle.pde.tensors import Array, IntArray


@dataclass(frozen=True)
class Part:
    """Components `columns` of one block."""

    block: int
    columns: slice

    @property
    def width(self) -> int:
        return int(self.columns.stop - self.columns.start)


@dataclass(frozen=True)
class Group:
    """Parts of blocks, at most one of each."""

    parts: tuple[Part, ...]

    @property
    def width(self) -> int:
        """Components per node, the largest number."""
        return max(p.width for p in self.parts)

    @property
    def singles(self) -> "list[Group]":
        """Its components one by one; parts of unequal width have their last ones in common."""
        return [
            Group(
                tuple(
                    Part(p.block, slice(p.columns.stop - k, p.columns.stop - k + 1))
                    for p in self.parts
                    if p.width >= k
                )
            )
            for k in range(self.width, 0, -1)
        ]

    def columns(self, block: int) -> slice:
        """Its components in a block."""
        return next((p.columns for p in self.parts if p.block == block), slice(0, 0))

    def entries(self, system: LinearSystem) -> IntArray:
        """Its entries of x, part by part and node by node."""
        tables = [
            (
                system.offsets[p.block]
                + np.arange(system.blocks[p.block].nodes)[:, None] * system.blocks[p.block].components
                + np.arange(p.columns.start, p.columns.stop)
            ).ravel()
            for p in self.parts
        ]
        return np.concatenate(tables)

    def fields(self, term: BlockTerm, source: "Group | None" = None) -> Array:
        """The field matrix of a term from `source` (itself) to this group, other entries left out."""
        return term.fields[self.columns(term.row), (source or self).columns(term.col)]


def groups(reduced: Reduced) -> list[Group]:
    """The groups in the order of the sweep.

    A field that drives another and is not driven by it comes first; otherwise the one with the weaker sink, since what
    nothing absorbs reaches everywhere, while what decays answers nearby.
    """
    system, processes = reduced.system, reduced.processes
    found = _joined(reduced)
    sinks = [sink(reduced, g) for g in found]
    own = [[float(any(np.any(b.fields(t, a)) for t in system.terms)) for a in found] for b in found]
    driven = processes.total(own) > 0.0
    order: list[int] = []
    while len(order) < len(found):
        left = [k for k in range(len(found)) if k not in order]
        free = [k for k in left if not any(driven[k, j] and not driven[j, k] for j in left)]
        order.append(min(free or left, key=lambda k: sinks[k]))
    return [found[k] for k in order]


def sink(reduced: Reduced, group: Group) -> float:
    """(1, A 1) / trace A of a group's own operator: 0 where nothing is lost, 1 where nothing spreads."""
    system = reduced.system
    lost, trace = 0.0, 0.0
    free = [~b.fixed for b in system.blocks]
    for t in system.terms:
        fields = group.fields(t)
        if fields.size and not t.skew:
            rows, cols = (free[k][:, group.columns(k)].astype(float) for k in (t.row, t.col))
            lost += float(np.sum(rows * ((t.matrix @ cols) @ fields.T)))
            if t.row == t.col:
                trace += float(t.matrix.diagonal() @ rows @ np.diag(fields))
    lost, trace = reduced.processes.total([lost, trace])
    return abs(lost) / trace if trace > 0.0 else 0.0


def _joined(reduced: Reduced) -> list[Group]:
    """Parts of different blocks with the strongest bonds first, never two of one block in a group."""
    blocks = reduced.system.blocks
    parts = [Part(k, s) for k, b in enumerate(blocks) for s in b.groups or (slice(0, b.components),)]
    found = [{k} for k in range(len(parts))]
    bonds = _bonds(reduced, parts)
    for i, j in sorted(zip(*np.nonzero(bonds), strict=True), key=lambda ij: (-bonds[ij], ij)):
        one, other = (next(g for g in found if k in g) for k in (i, j))
        held = {parts[k].block for k in one} & {parts[k].block for k in other}
        if one is not other and not held:
            found.remove(other)
            one |= other
    return [Group(tuple(parts[k] for k in sorted(g))) for g in found]


def _bonds(reduced: Reduced, parts: Sequence[Part]) -> Array:
    """(parts, parts) sum of the absolute couplings; infinite where parts share unknowns or a level."""
    system = reduced.system
    sums = np.zeros((len(parts), len(parts)))
    marks = [_present(reduced, p) for p in parts] if len(system.blocks) > 1 else []
    for i, a in enumerate(parts):
        for j, b in enumerate(parts):
            if a.block != b.block and a.width == b.width:
                sums[i, j] = _coupling(system, a, b) + _coupling(system, b, a)
            if a.block != b.block and (np.any(marks[i] & marks[j]) or _share_level(system, a, b)):
                sums[i, j] = np.inf
    return reduced.processes.total(sums)


def _share_level(system: LinearSystem, a: Part, b: Part) -> bool:
    if system.common is None:
        return False
    one, other = (np.any(system.common.fields[p.block][p.columns], axis=0) for p in (a, b))
    return bool(np.any(one & other))


def _coupling(system: LinearSystem, a: Part, b: Part) -> float:
    return sum(
        float(np.abs(t.fields[a.columns, b.columns]).max(initial=0.0) * np.abs(t.matrix.data).sum())
        for t in system.terms
        if (t.row, t.col, t.skew) == (a.block, b.block, False)
    )


def _present(reduced: Reduced, part: Part) -> NDArray[np.bool_]:
    """(size of y,) the unknowns of a part."""
    x = np.zeros(reduced.system.size)
    reduced.system.views(x)[part.block][:, part.columns] = 1.0
    return reduced.restrict(x) > 0.0
