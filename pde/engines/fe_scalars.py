"""Scalar matrices and vectors, one per distinct (place, integrand); those of a previous problem are reused.

All are dimensionless: coordinates are in units of `Nodes.unit` and weights are divided by their largest value. Both
factors return in the small field matrices (`weight_pattern`, `power`). What is asked for together is integrated in one
pass over the cells.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hanle.meshes.tagged import IntArray
from hanle.pde.engines import kernels
from hanle.pde.engines.fe_integrals import Integrand, Mapped, chunks
from hanle.pde.engines.fe_nodes import Int32, Nodes
from hanle.pde.engines.fe_numbering import Numbering, Patch
from hanle.pde.errors import InputError, UnsupportedError
from hanle.pde.tensors import Array

#: Weight patterns that differ by less than this count as equal (a few roundings).
SAME = 1e-15
#: Entries of antisymmetric matrices below this fraction of the largest entries of their cells are rounding.
ROUNDING = 1e-13


def require_weight(place: str, weight: Array, entities: int) -> None:
    """Refuse a batch (UnsupportedError) and weights that fit neither one entity nor all (InputError)."""
    if weight.shape[0] != 1:
        raise UnsupportedError(
            f"{place}: finite elements solve one set of parameters at a time; use the engine multilayer for batches"
            " of layered films, or a loop (solve with previous=) for everything else"
        )
    if weight.shape[1] not in (1, entities):
        raise InputError(f"{place}: weight", f"one number or one per entity ({entities})", weight.shape[1])


def weight_pattern(place: str, weight: Array, entities: int) -> tuple[float, Array]:
    """(factor, pattern (entities or 1, points or 1) with largest value 1) of the weight of a term."""
    require_weight(place, weight, entities)
    flat = weight[0]
    factor = float(flat.ravel()[np.argmax(np.abs(flat))]) if flat.size else 0.0
    if factor == 0.0:
        return 0.0, np.ones((1, 1))
    pattern = flat / factor
    if np.all(np.abs(pattern - 1.0) <= SAME):
        pattern = np.ones((1, 1))
    return factor, pattern


class RegionMatrices(Protocol):
    """Who integrates the matrices of regions for a Scalars."""

    def region(
        self, numbering: Numbering, region: str, pattern: tuple[Int32, Int32], integrand: Integrand
    ) -> sp.csr_matrix:
        """int w jet(test) . form . jet(trial) over a region, see `fe_integrals`.

        Args:
            pattern: (indptr, indices) of the matrix between nodes of the region's block.
        """
        ...


#: Adds the integrals over some cells of a region, given their positions and nodes within the block.
_Job = Callable[[Mapped, slice, Int32], None]


@dataclass(eq=False)
class Scalars:
    """The store. `previous` serves results for the same numbering; only what is asked for again is kept.

    Matrices of regions are integrated here, or by `integrals` where it is given.
    """

    numbering: Numbering
    previous: "Scalars | None" = None
    integrals: RegionMatrices | None = None
    _found: dict[tuple[object, ...], list[tuple[Sequence[Array], Any]]] = field(default_factory=dict)
    _jobs: dict[str, list[_Job]] = field(default_factory=dict)
    _waiting: bool = False

    @contextmanager
    def together(self) -> Iterator[None]:
        """Matrices and vectors of regions asked for inside hold their numbers when it ends."""
        self._waiting = True
        try:
            yield
        finally:
            self._waiting = False
        self._integrate()

    def matrix(self, region: str, form: Array, pattern: Array) -> sp.csr_matrix:
        """Matrix on the nodes of the region's block; `form` as in `fe_integrals`, over the mesh axes."""
        return self.matrix_of(region, [(form, pattern)])

    def matrix_of(self, region: str, integrand: Integrand) -> sp.csr_matrix:
        """The same for a sum of integrals."""
        found: sp.csr_matrix = self._of_region("matrix", region, integrand, self._matrix)
        return found

    def vector_of(self, region: str, integrand: Integrand) -> Array:
        """Vector (nodes of the block,)."""
        found: Array = self._of_region("vector", region, integrand, self._vector)
        return found

    def face_matrix(
        self, face: str, patch: Patch, sides: tuple[str, str], form: Array, pattern: Array
    ) -> sp.csr_matrix:
        """Matrix (nodes of the block of sides[0], of sides[1]) over a patch; its weights are those of the patch."""
        key = ("face", face, *patch.regions.values(), sides, form.tobytes())
        found: sp.csr_matrix = self.kept(key, [pattern], lambda: self._face_matrix(patch, sides, form, pattern))
        return found

    def face_vector(self, patch: Patch, side: str, form: Array, pattern: Array) -> Array:
        """Vector (nodes of the block of a side,); `form` (1 + n,) or (facets, points, 1 + n). Not stored."""
        nodes = self.numbering.nodes
        local = Mapped(nodes.facet, nodes.facet_corners(patch.nodes)).vectors([(form, pattern)])
        rows = self.numbering.node_of[patch.regions[side]][patch.nodes]
        return np.asarray(np.bincount(rows.ravel(), local.ravel(), self._count(patch.regions[side])), dtype=float)

    def pattern(self, region: str) -> tuple[Int32, Int32]:
        """(indptr, indices) of the matrices of a region: all pairs of nodes of a cell."""

        def build() -> Any:
            connectivity = self.numbering.connectivity(region)
            coupled = np.ones((connectivity.shape[1],) * 2, dtype=bool)
            return kernels.pattern(connectivity, self._count(region), coupled)

        indptr, indices = self.kept(("pattern", region), [], build)
        return indptr, indices

    def kept(self, key: tuple[object, ...], patterns: Sequence[Array], build: Callable[[], Any]) -> Any:
        """What was built for a key and weight patterns, or is built now."""
        for store in (self, self.previous):
            if store is not None:
                for weights, value in store._found.get(key, ()):
                    if all(_same(*pair) for pair in zip(weights, patterns, strict=True)):
                        if store is not self:
                            self._found.setdefault(key, []).append((weights, value))
                        return value
        value = build()
        self._found.setdefault(key, []).append((patterns, value))
        return value

    def _of_region(
        self, kind: str, region: str, integrand: Integrand, build: Callable[[str, Integrand], Any]
    ) -> Any:
        key = (kind, region, *(form.tobytes() for form, _ in integrand))
        value = self.kept(key, [pattern for _, pattern in integrand], lambda: build(region, integrand))
        if not self._waiting:
            self._integrate()
        return value

    def _integrate(self) -> None:
        """Run what waits, in one pass over the cells of each region."""
        nodes, jobs, self._jobs = self.numbering.nodes, self._jobs, {}
        for region, waiting in jobs.items():
            cells = self.numbering.cells_of[region]
            for part in chunks(len(cells)):
                mapped = Mapped(nodes.element, nodes.corners(cells[part]))
                connectivity = self.numbering.node_of[region][nodes.cells[cells[part]]]
                for job in waiting:
                    job(mapped, part, connectivity)

    def _count(self, region: str) -> int:
        return self.numbering.blocks[self.numbering.block_of[region]].nodes

    def _matrix(self, region: str, integrand: Integrand) -> sp.csr_matrix:
        indptr, indices = self.pattern(region)
        if self.integrals is not None:
            return self.integrals.region(self.numbering, region, (indptr, indices), integrand)
        if len(integrand) == 1 and is_skew(integrand[0][0]) and integrand[0][1].shape[1] == 1:
            return self._skew_matrix(region, *integrand[0])
        data = np.zeros(indices.size)

        def add(mapped: Mapped, part: slice, connectivity: Int32) -> None:
            kernels.scatter(indptr, indices, connectivity, mapped.matrices(_chosen(integrand, part)), data)

        self._jobs.setdefault(region, []).append(add)
        return csr(data, indices, indptr)

    def _skew_matrix(self, region: str, form: Array, pattern: Array) -> sp.csr_matrix:
        """Antisymmetric form: where the weight is constant only pairs of boundary nodes stay (a null Lagrangian)."""
        numbering = self.numbering
        cells, weights = numbering.cells_of[region], pattern
        keep = np.ones(numbering.nodes.count, dtype=bool)
        if pattern.size == 1:
            keep = self.kept(("boundary", region), [], lambda: boundary_nodes(numbering.nodes, cells))
            cells = cells[keep[numbering.nodes.cells[cells]].sum(axis=1) >= 2]
        table = np.where(keep, numbering.node_of[region], -1).astype(np.int32)
        connectivity = table[numbering.nodes.cells[cells]]
        coupled = ~np.eye(connectivity.shape[1], dtype=bool)
        indptr, indices = kernels.pattern(connectivity, self._count(region), coupled)
        data, size = np.zeros(indices.size), np.zeros(indices.size)
        nodes = numbering.nodes
        for part in chunks(len(cells)):
            local = Mapped(nodes.element, nodes.corners(cells[part])).matrices(_chosen([(form, weights)], part))
            kernels.scatter(indptr, indices, connectivity[part], local, data)
            largest = np.abs(local).max(axis=(1, 2), keepdims=True)
            kernels.scatter(indptr, indices, connectivity[part], np.broadcast_to(largest, local.shape).copy(), size)
        data[np.abs(data) <= ROUNDING * size] = 0.0
        matrix = csr(data, indices, indptr)
        matrix.eliminate_zeros()
        return matrix

    def _vector(self, region: str, integrand: Integrand) -> Array:
        total = np.zeros(self._count(region))

        def add(mapped: Mapped, part: slice, connectivity: Int32) -> None:
            np.add.at(total, connectivity.ravel(), mapped.vectors(_chosen(integrand, part)).ravel())

        self._jobs.setdefault(region, []).append(add)
        return total

    def _face_matrix(self, patch: Patch, sides: tuple[str, str], form: Array, pattern: Array) -> sp.csr_matrix:
        nodes, node_of = self.numbering.nodes, self.numbering.node_of
        local = Mapped(nodes.facet, nodes.facet_corners(patch.nodes)).matrices([(form, pattern)])
        rows, columns = (node_of[patch.regions[side]][patch.nodes] for side in sides)
        i = np.broadcast_to(rows[:, :, None], local.shape).ravel()
        j = np.broadcast_to(columns[:, None, :], local.shape).ravel()
        shape = (self._count(patch.regions[sides[0]]), self._count(patch.regions[sides[1]]))
        matrix = sp.csr_matrix((local.ravel(), (i, j)), shape=shape)
        matrix.sort_indices()
        return matrix


def is_skew(form: Array) -> bool:
    """Whether a form is a pure antisymmetric gradient-gradient one."""
    inner = form[1:, 1:]
    mixed = np.any(form[0]) or np.any(form[:, 0])
    return bool(not mixed and np.any(inner) and np.array_equal(inner, -inner.T))


def _chosen(integrand: Integrand, part: slice) -> Integrand:
    """An integrand with the weights of some cells."""
    return [(form, weights if len(weights) == 1 else weights[part]) for form, weights in integrand]


def _same(one: Array, other: Array) -> bool:
    return one.shape == other.shape and bool(np.all(np.abs(one - other) <= SAME))


def csr(data: Array, indices: Int32, indptr: Int32) -> sp.csr_matrix:
    """A square matrix with the very arrays given."""
    count = len(indptr) - 1
    matrix = sp.csr_matrix((data, indices, indptr), shape=(count, count), copy=False)
    # The very arrays, not views: linear solvers recognise a shared pattern by identity.
    matrix.indices, matrix.indptr = indices, indptr
    matrix.has_sorted_indices = True
    matrix.has_canonical_format = True
    return matrix


def boundary_nodes(nodes: Nodes, region_cells: IntArray) -> NDArray[np.bool_]:
    """(mesh nodes,) nodes on facets that belong to one cell of a region only.

    A facet is known by the sum of random 64-bit numbers of its vertices: much cheaper than sorting their numbers, and
    two of 1e7 facets are mixed up with a probability of 1e-6.
    """
    cells = nodes.cells[region_cells]
    numbers = np.random.default_rng(0).integers(2**63, size=len(nodes.points), dtype=np.int64)
    local = nodes.element.facet_nodes
    with np.errstate(over="ignore"):
        keys = np.stack([numbers[cells[:, f[: nodes.facet.vertices]]].sum(axis=1) for f in local])
    order = np.argsort(keys, axis=None)
    same = np.diff(keys.ravel()[order]) == 0
    single = np.ones(len(order), dtype=bool)
    single[1:] &= ~same
    single[:-1] &= ~same
    facet, cell = np.unravel_index(order[single], keys.shape)
    found = np.zeros(nodes.count, dtype=bool)
    found[cells[cell[:, None], local[facet]]] = True
    return found
