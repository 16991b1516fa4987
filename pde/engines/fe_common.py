"""Levels that components of several regions share, for the linear solver: temperatures at one place."""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from hanle.meshes.tagged import IntArray
from hanle.pde.engines.fe_coarsening import conduction, graph
from hanle.pde.engines.fe_numbering import Numbering
from hanle.pde.fields import FieldSet
from hanle.pde.linear.contract import Common
from hanle.pde.linear.sharing import Sharing
from hanle.pde.problem import Problem
from hanle.pde.processes import Processes
from hanle.pde.tensors import Array


def common(
    problem: Problem,
    numbering: Numbering,
    kept: Sequence[NDArray[np.bool_]],
    scales: Sequence[Array],
    fixed: NDArray[np.bool_],
    processes: Processes,
) -> Common | None:
    """The levels of a problem; None where no two regions share any.

    Args:
        kept: for each block the components of the linear system; blocks without any are not among its blocks.
        scales: for each block what unknowns are multiplied by.
        fixed: (size of x,) entries that no level may move.
    """
    found = _levels(numbering, kept)
    present = [k for k, mask in enumerate(kept) if mask.any()]
    if not found or not processes.any(_is_shared(numbering, found, present)):
        return None
    label, nodes = _places(numbering, found, present)
    fields, held = [], np.zeros((len(label), len(found)))
    for k in present:
        columns = _columns(numbering.blocks[k].fields, found) * kept[k][:, None]
        fields.append((columns * scales[k][:, None])[kept[k]])
        own = fixed[numbering.offsets[k] : numbering.offsets[k + 1]].reshape(-1, len(columns))
        np.maximum.at(held, nodes[k], (own @ columns > 0.0).astype(float))

    def coarsening() -> sp.csr_matrix:
        return _coarsening(problem, numbering, found, nodes, len(label))

    sharing = None if processes.comm is None else _sharing(label, len(found), processes)
    return Common(len(label), tuple(nodes[k] for k in present), tuple(fields), held > 0.0, coarsening, sharing)


def _levels(numbering: Numbering, kept: Sequence[NDArray[np.bool_]]) -> list[str]:
    """Levels with kept components, in order."""
    names = (
        field.level
        for block, mask in zip(numbering.blocks, kept, strict=True)
        for field in block.fields.fields
        if field.level and mask[block.fields.slice(field.name)].all()
    )
    return list(dict.fromkeys(names))


def _columns(fields: FieldSet, levels: Sequence[str]) -> Array:
    """(components, levels) 1 where a component has a level."""
    owners = [field.level for field in fields.fields for _ in field.components]
    return np.array([[float(owner == level) for level in levels] for owner in owners])


def _is_shared(numbering: Numbering, levels: Sequence[str], present: Sequence[int]) -> bool:
    """Whether regions with a level meet in a node of the mesh."""
    count = np.zeros(numbering.nodes.count, dtype=int)
    for region, k in numbering.block_of.items():
        if k in present and _columns(numbering.blocks[k].fields, levels).any():
            count += numbering.node_of[region] >= 0
    return bool(np.any(count > 1))


def _places(
    numbering: Numbering, levels: Sequence[str], present: Sequence[int]
) -> tuple[IntArray, dict[int, IntArray]]:
    """(mesh node behind each common node of this process, block -> common node of each of its nodes)."""
    one = _identified(numbering)
    behind = {k: np.full(numbering.blocks[k].nodes, -1, dtype=np.int64) for k in present}
    for region, k in numbering.block_of.items():
        if k in present and _columns(numbering.blocks[k].fields, levels).any():
            here = np.flatnonzero(numbering.node_of[region] >= 0)
            behind[k][numbering.node_of[region][here]] = one[here]
    label = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *behind.values()]))
    label = label[label >= 0]
    return label, {k: np.maximum(np.searchsorted(label, places), 0) for k, places in behind.items()}


def _identified(numbering: Numbering) -> IntArray:
    """(mesh nodes,) the first of the nodes that periodic pairs make one."""
    count, pairs = numbering.nodes.count, numbering.nodes.periodic
    if not len(pairs):
        return np.arange(count)
    graph = sp.coo_matrix((np.ones(len(pairs)), pairs.T), shape=(count, count))
    _, piece = connected_components(graph, directed=False)
    return np.asarray(np.unique(piece, return_index=True)[1][piece])


def _coarsening(
    problem: Problem, numbering: Numbering, levels: Sequence[str], nodes: dict[int, IntArray], count: int
) -> sp.csr_matrix:
    regions, columns = {}, {}
    for region, k in numbering.block_of.items():
        mask = np.asarray(_columns(numbering.blocks[k].fields, levels).any(axis=1))
        if k in nodes and mask.any():
            regions[region], columns[region] = nodes[k][numbering.connectivity(region)], mask
    axes = numbering.nodes.mesh.axis_numbers
    tensors = {region: conduction(problem.regions[region].A, axes, columns[region]) for region in regions}
    return graph(numbering, regions, tensors, count)


def _sharing(label: IntArray, width: int, processes: Processes) -> Sharing:
    """Of levels at mesh nodes `label`: the first process that has a node owns it."""
    parts = processes.gather(label)
    everywhere = np.unique(np.concatenate(parts))
    owner = np.full(len(everywhere), processes.size)
    for rank in reversed(range(processes.size)):
        owner[np.searchsorted(everywhere, parts[rank])] = rank
    number = np.empty(len(everywhere), dtype=np.int64)
    number[np.argsort(owner, kind="stable")] = np.arange(len(everywhere))
    counts = np.bincount(owner, minlength=processes.size)
    start = int(counts[: processes.rank].sum()) * width
    index = number[np.searchsorted(everywhere, label)][:, None] * width + np.arange(width)
    return Sharing(processes.comm, index.ravel(), start, start + int(counts[processes.rank]) * width)
