"""What the unknowns of a problem are connected to: scales, reach of the drives, floating pieces."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from hanle.meshes.tagged import IntArray
from hanle.pde.engines.fe_numbering import Numbering
from hanle.pde.engines.fe_terms import FACE, FLUX, Operator
from hanle.pde.engines.held import Meeting, require_held
from hanle.pde.problem import Problem
from hanle.pde.processes import Processes
from hanle.pde.tensors import Array


def component_scales(numbering: Numbering, operators: Sequence[Operator], processes: Processes) -> list[Array]:
    """For each block the factors s (components,) such that fields / (s s^T) are of order one; powers of two.

    A component has one scale in all blocks, because ties may join them. It follows from its conduction.
    """
    conduction: dict[str, float] = {}
    anything: dict[str, float] = {}
    for o in operators:
        if o.row == o.col and not o.skew:
            for k, name in enumerate(numbering.blocks[o.row].fields.components):
                size = abs(float(o.fields[k, k]))
                anything[name] = max(anything.get(name, 0.0), size)
                if o.place.kind == FLUX:
                    conduction[name] = max(conduction.get(name, 0.0), size)
    conduction, anything = (_largest(processes.gather(found)) for found in (conduction, anything))
    return [
        np.array([_root(conduction.get(n) or anything.get(n) or 1.0) for n in block.fields.components])
        for block in numbering.blocks
    ]


def _largest(tables: Sequence[dict[str, float]]) -> dict[str, float]:
    names = {name for table in tables for name in table}
    return {name: max(table.get(name, 0.0) for table in tables) for name in names}


def _root(size: float) -> float:
    """A power of two near the square root."""
    return float(2.0 ** np.round(0.5 * np.log2(size)))


def reached(
    numbering: Numbering, operators: Sequence[Operator], start: Iterable[str], processes: Processes
) -> list[NDArray[np.bool_]]:
    """For each block (components,): what the components in `start` drive through these terms, whole components."""
    # By name: ties join components of one name in different blocks.
    driven = {
        (numbering.blocks[o.col].fields.components[column], numbering.blocks[o.row].fields.components[row])
        for o in operators
        for row, column in np.argwhere(o.fields != 0.0)
    }
    links = set().union(*processes.gather(driven))
    names = set(start)
    size = -1
    while size != len(names):
        size = len(names)
        names |= {target for source, target in links if source in names}
    return [np.array([n in names for n in b.fields.components]) for b in numbering.blocks]


def floating(
    numbering: Numbering, operators: Sequence[Operator], fixed: NDArray[np.bool_], processes: Processes
) -> list[tuple[tuple[IntArray, ...], ...]]:
    """For each block and component the pieces without prescribed unknown and without sink in the bulk.

    On several processes each gets its part of the same pieces.
    Face laws are left to the solver, which looks for null vectors among the combinations of these pieces.
    """
    found: list[tuple[tuple[IntArray, ...], ...]] = []
    for k, b in enumerate(numbering.blocks):
        parts = numbering.pieces[k]
        held = fixed[numbering.offsets[k] : numbering.offsets[k + 1]].reshape(b.nodes, b.fields.size)
        sunk = _sunk(numbering, operators, k)
        settled = [[bool(np.any(held[p, c] | sunk[p, c])) for p in parts] for c in range(b.fields.size)]
        anywhere = np.any(processes.gather(settled), axis=0).reshape(b.fields.size, len(parts))
        found.append(tuple(tuple(p for p, s in zip(parts, row, strict=True) if not s) for row in anywhere))
    return found


def _sunk(numbering: Numbering, operators: Sequence[Operator], block: int) -> NDArray[np.bool_]:
    """(nodes, components) where a bulk term acts on the value, so that a constant is no null vector."""
    b = numbering.blocks[block]
    sunk = np.zeros((b.nodes, b.fields.size), dtype=bool)
    for o in operators:
        if o.place.kind != FACE and o.row == o.col == block and o.on_values:
            sunk[np.ix_(np.diff(o.matrix.indptr) > 0, np.any(o.fields != 0.0, axis=0))] = True
    return sunk


def require_levels(problem: Problem, numbering: Numbering) -> None:
    """Refuse a problem with a level that nothing holds, see `held`; of all cells, whoever holds them."""
    if not any(f.level for b in numbering.blocks for f in b.fields.fields):
        return
    body, start = {}, 0
    for k, b in enumerate(numbering.blocks):
        body[k] = np.zeros(b.nodes, dtype=np.int64)
        for number, nodes in enumerate(numbering.pieces[k]):
            body[k][nodes] = start + number
        start += len(numbering.pieces[k])

    def bodies(region: str, nodes: IntArray) -> IntArray:
        return body[numbering.block_of[region]][numbering.node_of[region][nodes]]

    meetings = [
        Meeting(face, dict(zip(sides, pair, strict=True)))
        for face, patches in numbering.patches.items()
        for patch in patches
        if len(patch.nodes)
        and (sides := [s for s, region in patch.regions.items() if region in numbering.block_of])
        for pair in np.unique([bodies(patch.regions[s], patch.nodes[:, 0]) for s in sides], axis=1).T.tolist()
    ]
    found = {r: np.unique(bodies(r, np.flatnonzero(t >= 0))).tolist() for r, t in numbering.node_of.items()}
    require_held(problem, found, meetings)
