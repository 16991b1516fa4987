"""Numbers of the unknowns.

Every region has its own copy of its nodes; regions joined by an interface that ties all fields of both share the
nodes of that interface, and periodic pairs are one node. Regions with equal fields form a block. What is tied
beyond that (single fields, or a component that is one constant on some faces) is a tie between unknowns: x = T y,
where y are the states and x the block vectors of the linear solver.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from hanle.meshes.tagged import Facets, IntArray
from hanle.pde.engines.fe_nodes import Int32, Nodes
from hanle.pde.errors import InputError
from hanle.pde.fields import FieldSet
from hanle.pde.problem import MINUS, PLUS, Problem
from hanle.pde.tensors import Array


@dataclass(frozen=True, eq=False)
class Patch:
    """Facets of one named face between one pair of regions.

    Attributes:
        facets: numbers within the face.
        nodes: (facets, k) mesh nodes.
        regions: ("minus", and for an interface "plus") -> region.
        cells: (facets,) cells on the minus side.
    """

    facets: IntArray
    nodes: IntArray
    regions: Mapping[str, str]
    cells: IntArray


@dataclass(frozen=True, eq=False)
class Block:
    """Unknowns of the regions with one set of fields."""

    fields: FieldSet
    regions: tuple[str, ...]
    nodes: int


@dataclass(frozen=True, eq=False)
class Numbering:
    """Unknowns of a problem.

    Attributes:
        nodes: nodes of the mesh.
        blocks: in the order of the linear system.
        block_of: region -> number of its block.
        node_of: region -> (mesh nodes,) node within the block, -1 outside the region.
        cells_of: region -> its cells.
        patches: face -> its patches.
        given_pieces: what `pieces` returns, where cells at hand are not all that connect nodes.
    """

    nodes: Nodes
    blocks: tuple[Block, ...]
    block_of: Mapping[str, int]
    node_of: Mapping[str, Int32]
    cells_of: Mapping[str, IntArray]
    patches: Mapping[str, tuple[Patch, ...]]
    given_pieces: tuple[list[IntArray], ...] | None = None

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        return tuple(np.cumsum([0] + [b.nodes * b.fields.size for b in self.blocks]).tolist())

    @cached_property
    def pieces(self) -> tuple[list[IntArray], ...]:
        """For each block the nodes of its connected pieces."""
        return self.given_pieces or tuple(_pieces(self, k) for k in range(len(self.blocks)))

    @property
    def size(self) -> int:
        """Length of a block vector x."""
        return self.offsets[-1]

    def views(self, x: Array) -> list[Array]:
        """Views (nodes, components) of the blocks of x."""
        ends = zip(self.blocks, self.offsets, self.offsets[1:], strict=False)
        return [x[a:b].reshape(block.nodes, block.fields.size) for block, a, b in ends]

    def connectivity(self, region: str) -> Int32:
        """(cells of the region, nodes) nodes within the block."""
        return np.asarray(self.node_of[region][self.nodes.cells[self.cells_of[region]]])

    def component(self, region: str, name: str) -> int:
        """Column of a component in the block of a region."""
        return self.blocks[self.block_of[region]].fields.components.index(name)

    def unknowns(self, region: str, component: str, nodes: IntArray) -> IntArray:
        """Entries of x of one component at mesh nodes of a region."""
        k = self.block_of[region]
        width = self.blocks[k].fields.size
        local = self.node_of[region][nodes].astype(np.int64)
        return np.asarray(self.offsets[k] + local * width + self.component(region, component))

    def on_faces(self, faces: tuple[str, ...], *components: str) -> IntArray:
        """Entries of x of some components on outer faces (regions that lack a component are passed over)."""
        found = [
            self.unknowns(patch.regions["minus"], component, np.unique(patch.nodes))
            for component in components
            for name in faces
            for patch in self.patches[name]
            if self.carries(patch.regions["minus"], component)
        ]
        return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *found]))

    def carries(self, region: str, component: str) -> bool:
        """Whether a region has unknowns of that component."""
        return region in self.block_of and component in self.blocks[self.block_of[region]].fields.components


def number(problem: Problem, nodes: Nodes) -> Numbering:
    """Number the unknowns of a problem."""
    mesh = nodes.mesh
    cells_of = {name: mesh.region_cells(name) for name in problem.regions}
    patches = {name: tuple(_patches(nodes, facets)) for name, facets in mesh.faces.items()}
    sets = list(dict.fromkeys(b.fields for b in problem.regions.values()))
    blocks, block_of, node_of = [], {}, {}
    for k, fields in enumerate(sets):
        regions = tuple(n for n, b in problem.regions.items() if b.fields == fields)
        numbers, count = _number_block(problem, nodes, regions, cells_of, patches)
        blocks.append(Block(fields, regions, count))
        block_of.update(dict.fromkeys(regions, k))
        node_of.update(numbers)
    numbering = Numbering(nodes, tuple(blocks), block_of, node_of, cells_of, patches)
    _check_periodic(numbering)
    return numbering


def ties(problem: Problem, numbering: Numbering) -> sp.csr_matrix | None:
    """T (x, y) with one 1 per row, or None where nothing is tied beyond shared nodes."""
    pairs = [*_field_ties(problem, numbering), *_global_ties(problem, numbering)]
    if not pairs:
        return None
    joined = np.concatenate(pairs)
    size = numbering.size
    graph = sp.coo_matrix((np.ones(len(joined)), joined.T), shape=(size, size))
    count, label = connected_components(graph, directed=False)
    return sp.csr_matrix((np.ones(size), label.astype(np.int32), np.arange(size + 1)), shape=(size, count))


def _patches(nodes: Nodes, facets: Facets) -> Iterator[Patch]:
    """The facets of a face by pair of regions; a named outer face may run over several regions."""
    mesh = nodes.mesh
    if not len(facets.nodes):
        return
    found = nodes.facet_nodes(facets)
    inside = facets.cells >= 0
    regions = np.where(inside, mesh.cell_region[facets.cells], -1)
    for pair in np.unique(regions, axis=0):
        here = np.flatnonzero(np.all(regions == pair, axis=1))
        names = {side: mesh.regions[r] for side, r in zip(("minus", "plus"), pair, strict=True) if r >= 0}
        yield Patch(here, found[here], names, facets.cells[here, 0])


def _number_block(
    problem: Problem,
    nodes: Nodes,
    regions: tuple[str, ...],
    cells_of: Mapping[str, IntArray],
    patches: Mapping[str, tuple[Patch, ...]],
) -> tuple[dict[str, Int32], int]:
    """node_of for the regions of a block, and the number of nodes. Order: by mesh node, then by region."""
    count = nodes.count
    present = np.zeros((len(regions), count), dtype=bool)
    for k, name in enumerate(regions):
        present[k, nodes.cells[cells_of[name]].ravel()] = True
    pairs = [_within(present, k, nodes.periodic) for k in range(len(regions))]
    for name, face in problem.faces.items():
        for patch in patches[name]:
            if len(patch.regions) == 2 and all(r in regions for r in patch.regions.values()):
                fields = problem.fields_of(patch.regions["minus"])
                if set(face.law.tie) >= set(fields.names):
                    shared = np.unique(patch.nodes)
                    sides = [regions.index(patch.regions[s]) * count + shared for s in ("minus", "plus")]
                    pairs.append(np.stack(sides, axis=1))
    joined = np.concatenate(pairs)
    label = np.arange(len(regions) * count)
    if len(joined):
        involved, local = np.unique(joined, return_inverse=True)
        local = local.reshape(joined.shape)
        graph = sp.coo_matrix((np.ones(len(local)), local.T), shape=(len(involved),) * 2)
        _, component = connected_components(graph, directed=False)
        first = np.full(component.max() + 1, len(label))
        np.minimum.at(first, component, involved)
        label[involved] = first[component]
    named = np.zeros(len(label), dtype=bool)
    named[label[present.ravel()]] = True
    used = np.flatnonzero(named)
    used = used[np.lexsort((used // count, used % count))]
    numbers = np.full(len(label), -1, dtype=np.int32)
    numbers[used] = np.arange(len(used), dtype=np.int32)
    table = np.where(present.ravel(), numbers[label], -1).reshape(present.shape)
    return {name: np.ascontiguousarray(table[k]) for k, name in enumerate(regions)}, len(used)


def _within(present: NDArray[np.bool_], k: int, periodic: IntArray) -> IntArray:
    """Periodic pairs of which a region has both nodes, numbered region-wise."""
    both = present[k][periodic].all(axis=1)
    return np.asarray(k * present.shape[1] + periodic[both])


def _pieces(numbering: Numbering, block: int) -> list[IntArray]:
    """Sets of nodes of a block that cells connect."""
    b = numbering.blocks[block]
    tables = [numbering.connectivity(region) for region in b.regions]
    i = np.concatenate([np.repeat(table[:, 0], table.shape[1] - 1) for table in tables])
    j = np.concatenate([table[:, 1:].ravel() for table in tables])
    graph = sp.coo_matrix((np.ones(len(i), dtype=np.int8), (i, j)), shape=(b.nodes, b.nodes))
    _, label = connected_components(graph, directed=False)
    order = np.argsort(label, kind="stable").astype(np.int64)
    return np.split(order, np.flatnonzero(np.diff(label[order])) + 1)


def _check_periodic(numbering: Numbering) -> None:
    """Refuse periodic pairs at which one region ends and another begins."""
    pairs = numbering.nodes.periodic
    if not len(pairs):
        return
    low, high, both = (np.zeros(len(pairs), dtype=bool) for _ in range(3))
    for table in numbering.node_of.values():
        here = table[pairs] >= 0
        low, high, both = low | here[:, 0], high | here[:, 1], both | here.all(axis=1)
    if np.any(low & high & ~both):
        raise InputError("mesh.periodic", "pairs within one region", "different regions at the two ends")


def _field_ties(problem: Problem, numbering: Numbering) -> Iterator[IntArray]:
    """Pairs of unknowns of fields that a face law ties where the regions do not share the nodes already."""
    for name, face in problem.faces.items():
        for patch in numbering.patches[name] if face.law.tie else ():
            sides, shared = [patch.regions[s] for s in (MINUS, PLUS)], np.unique(patch.nodes)
            for field in (f for f in problem.fields_of(sides[0]).fields if f.name in face.law.tie):
                for component in field.components:
                    a, b = (numbering.unknowns(region, component, shared) for region in sides)
                    if np.any(a != b):
                        yield np.stack([a, b], axis=1)


def _global_ties(problem: Problem, numbering: Numbering) -> Iterator[IntArray]:
    for item in problem.globals:
        entries = numbering.on_faces(item.faces, item.component)
        if not len(entries):
            raise InputError(f"globals.{item.name}", f"on faces of regions with {item.component}", item.faces)
        yield np.stack([np.full(len(entries), entries[0]), entries], axis=1)
