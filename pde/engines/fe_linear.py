"""What the linear solver is given: scaled, merged terms on the components that matter, and the way back to states."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hanle.meshes.tagged import IntArray
from hanle.pde.engines.contract import Part, Subsystem
from hanle.pde.engines.fe_common import common
from hanle.pde.engines.fe_gauge import component_scales, floating
from hanle.pde.engines.fe_numbering import Numbering
from hanle.pde.engines.fe_terms import FACE, FLUX, LOSS, Operator
from hanle.pde.engines.fe_unknowns import Unknowns
from hanle.pde.errors import InputError
from hanle.pde.linear.contract import BlockTerm, LinearBlock, LinearSystem
from hanle.pde.linear.sharing import Sharing
from hanle.pde.problem import Problem
from hanle.pde.processes import Processes
from hanle.pde.tensors import Array

#: Product of the two coupling coefficients over that of the own ones from which fields are solved together.
CLOSE = 0.25


def merged(operators: Sequence[Operator], part: Part) -> list[Operator]:
    """The terms of a part with the field matrices of equal scalar matrices added up."""
    found: dict[tuple[int, int, int], Operator] = {}
    for o in operators:
        if o.place.within(part):
            key = (id(o.matrix), o.row, o.col)
            known = found.get(key)
            fields = o.fields if known is None else known.fields + o.fields
            found[key] = Operator(o.place, o.row, o.col, o.matrix, fields, o.skew)
    return [o for o in found.values() if np.any(o.fields)]


@dataclass(frozen=True, eq=False)
class Assembled:
    """A problem as the linear solver needs it.

    Attributes:
        problem: with the laws of this process's cells.
        operators: all terms, unmerged.
        fixed: (size of x,) prescribed entries, closed under ties.
        unknowns: x = T y.
        coarsening: M-matrix of each block.
    """

    problem: Problem
    numbering: Numbering
    operators: Sequence[Operator]
    fixed: NDArray[np.bool_]
    unknowns: Unknowns
    coarsening: tuple[sp.csr_matrix, ...]


def subsystem(given: Assembled, part: Part, kept: Sequence[NDArray[np.bool_]]) -> Subsystem:
    """The linear system of a part, restricted to the components `kept` of each block.

    Unknowns are multiplied by a power of two per component and equations divided by it: entries are of order one.

    Raises:
        InputError: a piece of a component has no sink while that component has one elsewhere.
    """
    numbering = given.numbering
    scales = component_scales(numbering, given.operators, given.unknowns.processes)
    blocks = [k for k, mask in enumerate(kept) if mask.any()]
    terms = []
    for o in merged(given.operators, part):
        if o.row in blocks and o.col in blocks:
            fields = (o.fields / np.outer(scales[o.row], scales[o.col]))[np.ix_(kept[o.row], kept[o.col])]
            if np.any(fields):
                terms.append(BlockTerm(blocks.index(o.row), blocks.index(o.col), o.matrix, fields, o.skew))
    entries = np.concatenate([_entries(numbering, k, kept[k]) for k in blocks])
    scale = np.zeros(numbering.size)
    scale[entries] = np.concatenate([np.tile(scales[k][kept[k]], numbering.blocks[k].nodes) for k in blocks])
    loose = _floating(given, part)
    linear_blocks = tuple(_block(given, k, kept[k], loose[k]) for k in blocks)
    levels = common(given.problem, numbering, kept, scales, _held(given), given.unknowns.processes)
    linear = LinearSystem(linear_blocks, tuple(terms), common=levels)
    if given.unknowns.sharing is not None:
        return _shared(given.unknowns, entries, scale, linear)
    return _alone(given.unknowns, entries, scale, linear)


def _held(given: Assembled) -> NDArray[np.bool_]:
    """(size of x,) entries that no common level may move: prescribed ones, and those that are one on whole faces."""
    held = given.fixed.copy()
    for item in given.problem.globals:
        held[given.numbering.on_faces(item.faces, item.component)] = True
    return held


def _alone(
    unknowns: Unknowns,
    entries: IntArray,
    scale: Array,
    linear: LinearSystem,
) -> Subsystem:
    """Solver vectors are the kept entries of x; tied ones carry their load at the first."""
    ties, representative = _restricted_ties(unknowns.ties, entries)
    target = entries[representative] if unknowns.ties is None else unknowns.ties.indices[entries[representative]]
    factor = scale[entries[representative]]

    def restrict(load: Array) -> Array:
        found = np.zeros(len(entries))
        found[representative] = load[target] / factor
        return found

    def extend(solution: Array) -> Array:
        found = np.zeros(unknowns.size)
        found[target] = solution[representative] / factor
        return found

    return Subsystem(replace(linear, ties=ties), restrict, extend)


def _shared(
    unknowns: Unknowns,
    entries: IntArray,
    scale: Array,
    linear: LinearSystem,
) -> Subsystem:
    """Solver vectors are the kept ones among the unknowns that this process owns."""
    target = np.flatnonzero(scale[unknowns.representative])
    factor = scale[unknowns.representative][target]
    counts = unknowns.processes.gather(len(target))
    start = sum(counts[: unknowns.processes.rank])
    numbers = np.zeros(unknowns.size)
    numbers[target] = start + np.arange(len(target))
    index = unknowns.spread(numbers)[entries].astype(np.int64)
    sharing = Sharing(unknowns.processes.comm, index, start, start + len(target))

    def extend(solution: Array) -> Array:
        found = np.zeros(unknowns.size)
        found[target] = solution / factor
        return found

    return Subsystem(replace(linear, sharing=sharing), lambda load: load[target] / factor, extend)


def _entries(numbering: Numbering, block: int, kept: NDArray[np.bool_]) -> IntArray:
    b = numbering.blocks[block]
    whole = np.arange(numbering.offsets[block], numbering.offsets[block + 1]).reshape(b.nodes, b.fields.size)
    return whole[:, kept].ravel()


def _block(
    given: Assembled, k: int, kept: NDArray[np.bool_], loose: tuple[tuple[IntArray, ...], ...]
) -> LinearBlock:
    numbering, b = given.numbering, given.numbering.blocks[k]
    fixed = given.fixed[numbering.offsets[k] : numbering.offsets[k + 1]].reshape(b.nodes, b.fields.size)
    return LinearBlock(
        nodes=b.nodes,
        components=int(kept.sum()),
        fixed=np.ascontiguousarray(fixed[:, kept]),
        coarsening=given.coarsening[k],
        floating=tuple(pieces for pieces, x in zip(loose, kept, strict=True) if x),
        groups=_groups(given, k, kept),
    )


def _groups(given: Assembled, k: int, kept: NDArray[np.bool_]) -> tuple[slice, ...]:
    """The kept components of each field; neighbours that depend on each other closely are one group.

    A sink turns or mixes them into each other, as the two amplitudes of a field under AC and temperatures that exchange
    heat, or both decay and each flows with the gradient of the other, as magnons and their heat: one after the other,
    they would hardly notice what both have in common. A part of the operator keeps or drops components one by one.
    """
    fields, own = given.numbering.blocks[k].fields, [o for o in given.operators if (o.row, o.col) == (k, k)]
    sinks = [o.fields for o in own if o.place.kind == LOSS and o.on_values]
    close = _follow(own, sinks, fields.size, given.unknowns.processes)
    found: list[list[slice]] = []
    for new in (fields.slice(name) for name in fields.names):
        bound = bool(found) and any(_bound(r[old, new], r[new, old]) for r in sinks for old in found[-1])
        bound = bound or (bool(found) and any(np.any(close[old, new]) for old in found[-1]))
        if given.unknowns.processes.any(bound):
            found[-1].append(new)
        else:
            found.append([new])
    place = np.concatenate([[0], np.cumsum(kept)])
    ends = [(group[0].start, group[-1].stop) for group in found]
    return tuple(slice(int(place[a]), int(place[b])) for a, b in ends if place[b] > place[a])


def _follow(own: Sequence[Operator], sinks: Sequence[Array], size: int, processes: Processes) -> NDArray[np.bool_]:
    """(components, components) which of those that decay drive each other's flux by more than CLOSE of its own."""
    flux, lost = np.zeros((size, size)), np.zeros(size)
    for o in own:
        if o.place.kind == FLUX and not o.skew:
            flux += o.matrix.diagonal().sum() * o.fields
    for fields in sinks:
        lost += np.abs(fields).sum(axis=0)
    flux, lost = processes.total(flux), processes.total(lost)
    scale = np.outer(np.diag(flux), np.diag(flux))
    decay = np.outer(lost > 0.0, lost > 0.0)
    return np.asarray(decay & (flux * flux.T > CLOSE * np.abs(scale)))


def _bound(one: Array, other: Array) -> bool:
    """Whether fields turn into each other (antisymmetric) or exchange (symmetric, each loses what the other gains)."""
    exchange = bool(np.all(one <= 0.0)) and np.array_equal(one, other.T)
    return bool(np.any(one)) and (exchange or np.array_equal(one, -other.T))


def _restricted_ties(ties: sp.csr_matrix | None, entries: IntArray) -> tuple[sp.csr_matrix | None, IntArray]:
    """T on the kept entries, and one kept entry for each of its columns."""
    if ties is None:
        return None, np.arange(len(entries))
    label = ties.indices[entries]
    columns, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    shape = (len(entries), len(columns))
    indptr = np.arange(len(entries) + 1)
    return sp.csr_matrix((np.ones(len(entries)), inverse.astype(np.int32), indptr), shape=shape), first


def _floating(given: Assembled, part: Part) -> list[tuple[tuple[IntArray, ...], ...]]:
    numbering = given.numbering
    operators = [o for o in given.operators if o.place.within(part)]
    found = floating(numbering, operators, given.fixed, given.unknowns.processes)
    if part is Part.ALL:
        _require_sinks(given, operators, found)
    return found


def _require_sinks(
    given: Assembled, operators: Sequence[Operator], found: Sequence[tuple[tuple[IntArray, ...], ...]]
) -> None:
    """A component that is lost in one place must be lost, prescribed or handed on wherever it lives."""
    numbering, processes = given.numbering, given.unknowns.processes
    sunk_here = {
        name
        for o in operators
        if o.place.kind != FACE and o.on_values
        for name, column in zip(numbering.blocks[o.col].fields.components, o.fields.T, strict=True)
        if np.any(column)
    }
    sunk = set().union(*processes.gather(sunk_here))
    for k, (block, components) in enumerate(zip(numbering.blocks, found, strict=True)):
        for c, (name, pieces) in enumerate(zip(block.fields.components, components, strict=True)):
            for nodes in pieces if name in sunk else ():
                if not processes.any(_leaves(given, operators, k, c, nodes)):
                    regions = [r for r in block.regions if processes.any(np.isin(numbering.node_of[r], nodes))]
                    raise InputError(
                        f"{name} in {', '.join(regions)}",
                        "lost somewhere",
                        "no sink",
                        "give it a decay length, a face law or a given value",
                    )


def _leaves(given: Assembled, operators: Sequence[Operator], block: int, component: int, nodes: IntArray) -> bool:
    """Whether a face law or a tie connects a piece of a component to anything."""
    width = given.numbering.blocks[block].fields.size
    if np.any(given.unknowns.tied[given.numbering.offsets[block] + nodes * width + component]):
        return True
    return any(
        o.place.kind == FACE and o.col == block and np.any(o.fields[:, component]) and o.matrix[:, nodes].nnz
        for o in operators
    )
