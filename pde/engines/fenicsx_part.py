"""This process's part of a numbered problem: its cells, its entries of x, the unknowns it owns.

Every process numbers the whole problem, as one process alone would; ties, periodic faces and terminals are thereby the
same everywhere, whoever holds the cells. A part keeps the cells its process owns and the facets whose minus side
they are.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from mpi4py import MPI
from numpy.typing import NDArray

from hanle.meshes.tagged import IntArray
from hanle.pde.coefficients import Coefficient
from hanle.pde.engines.fe_constraints import Constraints
from hanle.pde.engines.fe_numbering import Block, Numbering, Patch
from hanle.pde.engines.fe_scalars import require_weight
from hanle.pde.engines.fe_unknowns import Unknowns
from hanle.pde.linear.sharing import Sharing
from hanle.pde.problem import Problem
from hanle.pde.processes import Processes

#: Nodes between processes that one of them gets in a row.
DEALT = 16


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a numbering.

    Attributes:
        numbering: of the part.
        entry: (size of x of the part,) the entry of the whole x each stands for.
    """

    numbering: Numbering
    entry: IntArray


def part_of(whole: Numbering, cells: IntArray) -> Part:
    """The part of a numbering on the cells that this process owns."""
    owned = np.zeros(len(whole.nodes.mesh.cells), dtype=bool)
    owned[cells] = True
    cells_of = {name: numbers[owned[numbers]] for name, numbers in whole.cells_of.items()}
    patches = {name: tuple(_patches(found, owned)) for name, found in whole.patches.items()}
    used = _used(whole, cells_of, patches)
    local = [np.where(mask, np.cumsum(mask) - 1, -1).astype(np.int32) for mask in used]
    numbering = Numbering(
        nodes=whole.nodes,
        blocks=tuple(Block(b.fields, b.regions, int(u.sum())) for b, u in zip(whole.blocks, used, strict=True)),
        block_of=whole.block_of,
        node_of={n: np.where(t >= 0, local[whole.block_of[n]][t], -1) for n, t in whole.node_of.items()},
        cells_of=cells_of,
        patches=patches,
        given_pieces=tuple(
            [number[nodes[mask[nodes]]].astype(np.int64) for nodes in pieces]
            for pieces, number, mask in zip(whole.pieces, local, used, strict=True)
        ),
    )
    entries = [
        offset + (np.flatnonzero(mask)[:, None] * b.fields.size + np.arange(b.fields.size)).ravel()
        for offset, mask, b in zip(whole.offsets, used, whole.blocks, strict=False)
    ]
    return Part(numbering, np.concatenate(entries))


def _patches(patches: tuple[Patch, ...], owned: NDArray[np.bool_]) -> list[Patch]:
    found = []
    for p in patches:
        mine = owned[p.cells]
        if np.any(mine):
            found.append(Patch(p.facets[mine], p.nodes[mine], p.regions, p.cells[mine]))
    return found


def _used(
    whole: Numbering, cells_of: dict[str, IntArray], patches: dict[str, tuple[Patch, ...]]
) -> list[NDArray[np.bool_]]:
    """For each block the nodes that cells or facets of the part touch."""
    used = [np.zeros(b.nodes, dtype=bool) for b in whole.blocks]
    for name, cells in cells_of.items():
        used[whole.block_of[name]][whole.node_of[name][whole.nodes.cells[cells]]] = True
    for patch in (p for found in patches.values() for p in found):
        for name in patch.regions.values():
            if name in whole.block_of:
                used[whole.block_of[name]][whole.node_of[name][patch.nodes]] = True
    return used


def shared_unknowns(
    whole: Numbering, entry: IntArray, ties: sp.csr_matrix | None, processes: Processes
) -> Unknowns:
    """The unknowns behind a part's entries of x; those that several processes have are dealt out between them.

    Args:
        whole: numbering of the whole problem.
        entry: entries of the part.
        ties: of the whole problem, or None.
    """
    comm, rank, size = processes.comm, processes.rank, processes.size
    label = entry if ties is None else ties.indices[entry].astype(np.int64)
    first_entry = np.arange(whole.size) if ties is None else np.unique(ties.indices, return_index=True)[1]
    count = len(first_entry)
    # Runs of DEALT nodes go to one process each, in turn; all components of a node together.
    turn = (_nodes(whole, first_entry[label]) // DEALT + rank) % size
    owner = np.full(count, size * size, dtype=np.int32)
    owner[label] = turn * size + rank
    comm.Allreduce(MPI.IN_PLACE, owner, op=MPI.MIN)
    owner %= size
    counts = np.bincount(owner, minlength=processes.size)
    number = np.empty(count, dtype=np.int64)
    number[np.argsort(owner, kind="stable")] = np.arange(count)
    start = int(counts[:rank].sum())
    mine, first = np.unique(label, return_index=True)
    tied = np.zeros(len(label), dtype=bool) if ties is None else (np.bincount(ties.indices) > 1)[label]
    sharing = Sharing(comm, number[label], start, start + int(counts[rank]))
    own = owner[mine] == rank
    return Unknowns(first[own], mine[own], count, tied, sharing=sharing, processes=processes)


def _nodes(numbering: Numbering, entries: IntArray) -> IntArray:
    """The node within its block of each entry of x."""
    block = np.searchsorted(numbering.offsets, entries, side="right") - 1
    width = np.array([b.fields.size for b in numbering.blocks])
    return np.asarray((entries - np.array(numbering.offsets)[block]) // width[block])


def prescribed(whole: Constraints, entry: IntArray, size: int) -> Constraints:
    """The constraints of a part; `size` is the length of the whole x."""
    place = np.full(size, -1, dtype=np.int64)
    place[entry] = np.arange(len(entry))
    owners = {name: place[entries][place[entries] >= 0] for name, entries in whole.owners.items()}
    return Constraints(whole.fixed[entry], owners, whole.given[entry])


def local_laws(problem: Problem, numbering: Numbering) -> Problem:
    """The problem with the weights of bulk laws for the cells of a part.

    Every process checks the weights of all cells and facets, so that all of them raise where one would.
    """
    mesh = numbering.nodes.mesh
    for name, face in problem.faces.items():
        law = face.law
        for t in (*law.G, *law.Q, *law.Qt, *law.L, *law.g, *law.k):
            require_weight(f"face {name}", t.weight, len(mesh.faces[name].nodes))
    regions = {}
    for name, bulk in problem.regions.items():
        everywhere = mesh.region_cells(name)
        mine = np.searchsorted(everywhere, numbering.cells_of[name])
        regions[name] = bulk.filtered(_chosen(name, len(everywhere), mine))
    return replace(problem, regions=regions)


def _chosen(region: str, count: int, cells: IntArray) -> Callable[[Coefficient], Coefficient]:
    def keep(coefficient: Coefficient) -> Coefficient:
        for t in coefficient:
            require_weight(f"region {region}", t.weight, count)
        return tuple(t if t.weight.shape[1] == 1 else replace(t, weight=t.weight[:, cells]) for t in coefficient)

    return keep
