"""Scalar matrices of regions from UFL forms, compiled once per cell kind, order and part of the jet.

    int w  v F u,   w F v . grad u,   w grad v . F u,   w grad v . F grad u

with F a constant tensor and w a weight at the points of the quadrature rule of `fe_cells`, so that weights mean the
same as in every finite element engine. Matrices of faces come from the tables of `fe_integrals`: they involve nodes of
the facet only, and the process that owns the cell on the minus side has them all.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import basix.ufl
import numpy as np
import scipy.sparse as sp
import ufl
from dolfinx import fem
from numpy.typing import NDArray

from hanle.meshes.tagged import IntArray
from hanle.pde.engines import fenicsx_compat as compat
from hanle.pde.engines.fe_integrals import Integrand
from hanle.pde.engines.fe_nodes import Int32
from hanle.pde.engines.fe_numbering import Numbering
from hanle.pde.engines.fe_scalars import ROUNDING, Scalars, boundary_nodes, csr, is_skew
from hanle.pde.engines.fenicsx_mesh import KINDS, Distributed
from hanle.pde.engines.fenicsx_part import Part
from hanle.pde.problem import Problem
from hanle.pde.tensors import Array

Integers: TypeAlias = NDArray[np.integer[Any]]

_VALUE, _GRADIENT = slice(0, 1), slice(1, None)


@dataclass(frozen=True, eq=False)
class Held:
    """What a sweep keeps: the distributed mesh, the numbering of the whole problem and this process's part of it."""

    distributed: Distributed
    whole: Numbering
    part: Part


@dataclass(eq=False)
class Forms:
    """Integrates the matrices of regions, see `fe_scalars.RegionMatrices`."""

    held: Held
    _weight: Any = None
    _integrals: dict[tuple[str, str, bool], "_Integral"] = field(default_factory=dict)
    _places: dict[str, "_Place"] = field(default_factory=dict)

    def prepare(self, problem: Problem, scalars: Scalars) -> None:
        """Compile what the laws of a problem need. Collective, while a process without cells asks for no matrix."""
        for region, bulk in problem.regions.items():
            if region not in self._places:
                pattern = scalars.pattern(region)
                self._places[region] = _place(self.held.distributed, scalars.numbering, region, pattern)
            for kind, coefficient in zip(_KINDS, (bulk.R, bulk.W, bulk.B, bulk.A), strict=True):
                if coefficient:
                    self._compile(kind, region, everywhere=True)
            if any(np.any(t.spatial != t.spatial.T) for t in bulk.A):
                self._compile(_KINDS[-1], region, everywhere=False)

    def region(
        self, numbering: Numbering, region: str, pattern: tuple[Any, Any], integrand: Integrand
    ) -> sp.csr_matrix:
        """Matrix over a region on the pattern (indptr, indices) between nodes of its block."""
        place = self._places[region]
        everywhere = not all(is_skew(form) and weights.size == 1 for form, weights in integrand)
        data = np.zeros(len(pattern[1]))
        for form, weights in integrand:
            for kind in _KINDS:
                tensor = form[kind.rows, kind.columns]
                if np.any(tensor):
                    integral = self._integrals[kind.name, region, everywhere]
                    data += place.on_pattern(integral.assemble(tensor, weights))
        matrix = csr(data, pattern[1], pattern[0])
        return matrix if everywhere else _on(matrix, place.on_boundary)

    def _compile(self, kind: "_Kind", region: str, everywhere: bool) -> None:
        if (kind.name, region, everywhere) in self._integrals:
            return
        place, distributed = self._places[region], self.held.distributed
        if self._weight is None:
            self._weight = fem.Function(fem.functionspace(distributed.space.mesh, _at_points(distributed)))
        chosen = np.arange(len(place.cells)) if everywhere else place.outer
        self._integrals[kind.name, region, everywhere] = _Integral(distributed, kind, place, chosen, self._weight)


@dataclass(frozen=True)
class _Kind:
    """A part of the jet: rows and columns of its block in a form, and the integrand."""

    name: str
    rows: slice
    columns: slice
    integrand: Callable[[Any, Any, Any], Any]


_KINDS = (
    _Kind("vv", _VALUE, _VALUE, lambda f, u, v: f[0, 0] * u * v),
    _Kind("vg", _VALUE, _GRADIENT, lambda f, u, v: ufl.dot(f[0, :], ufl.grad(u)) * v),
    _Kind("gv", _GRADIENT, _VALUE, lambda f, u, v: ufl.dot(f[:, 0], ufl.grad(v)) * u),
    _Kind("gg", _GRADIENT, _GRADIENT, lambda f, u, v: ufl.inner(ufl.dot(f, ufl.grad(u)), ufl.grad(v))),
)


@dataclass(frozen=True, eq=False)
class _Place:
    """A region on this process.

    Attributes:
        cells: its cells in dolfinx, in the order of `Numbering.cells_of`.
        matrix: a dolfinx matrix with an entry for every pair of nodes of a cell.
        take: places in the data of that matrix, in the order of the entries of the pattern.
        starts: where the places of each entry start, None if each has one: periodic dofs are one node.
        outer: positions in `cells` of those with an edge on the boundary of what this process holds of the region.
        on_boundary: (nodes of the block,) nodes of that boundary: weights that are equal here may differ elsewhere.
    """

    cells: Int32
    matrix: Any
    take: Integers
    starts: IntArray | None
    outer: IntArray
    on_boundary: NDArray[np.bool_]

    def on_pattern(self, data: Array) -> Array:
        """Data of the dolfinx matrix at the entries of the pattern."""
        found = data[self.take]
        return found if self.starts is None else np.add.reduceat(found, self.starts)


def _place(part: Distributed, numbering: Numbering, region: str, pattern: tuple[Any, Any]) -> _Place:
    local = np.full(len(part.nodes.mesh.cells), -1, dtype=np.int32)
    local[part.cells] = np.arange(len(part.cells), dtype=np.int32)
    mine = numbering.cells_of[region]
    kept = boundary_nodes(part.nodes, mine)
    outer = np.flatnonzero(kept[part.nodes.cells[mine]].sum(axis=1) >= 2)
    node_of = numbering.node_of[region]
    block = numbering.blocks[numbering.block_of[region]]
    boundary = np.zeros(block.nodes, dtype=bool)
    boundary[node_of[kept & (node_of >= 0)]] = True
    u, v = ufl.TrialFunction(part.space), ufl.TestFunction(part.space)
    measure = ufl.Measure("dx", part.space.mesh, subdomain_data=[(1, local[mine])])
    matrix = fem.create_matrix(fem.form(u * v * measure(1)))
    take, starts = _positions(matrix.to_scipy(ghosted=True), node_of[part.node], pattern, block.nodes)
    return _Place(local[mine], matrix, take, starts, outer, boundary)


def _positions(
    structure: sp.csr_matrix, number: Integers, pattern: tuple[Any, Any], count: int
) -> tuple[Integers, IntArray | None]:
    """Where the entries of a pattern between nodes of a block stand in the data of a matrix between dofs.

    Returns `_Place.take` and `_Place.starts`.
    """
    rows = number[: structure.shape[0]].repeat(np.diff(structure.indptr))
    # Rows that other processes own may have columns beyond the dofs at hand; neither they nor other regions count.
    columns = np.append(number, np.full(structure.shape[1] - len(number), -1))[structure.indices]
    inside = np.flatnonzero((rows >= 0) & (columns >= 0)).astype(np.int32)
    found = sp.csr_matrix((inside, (rows[inside], columns[inside])), shape=(count, count))
    found.sort_indices()
    indptr, indices = pattern
    if found.nnz == len(inside) == len(indices):
        return np.asarray(found.data), None
    wanted = np.repeat(np.arange(count, dtype=np.int64), np.diff(indptr)) * count + indices
    if found.nnz == len(inside):
        keys = np.repeat(np.arange(count, dtype=np.int64), np.diff(found.indptr)) * count + found.indices
        return np.asarray(found.data[np.searchsorted(keys, wanted)]), None
    keys = rows[inside].astype(np.int64) * count + columns[inside]
    order = np.argsort(keys, kind="stable")
    first, last = (np.searchsorted(keys, wanted, side, sorter=order) for side in ("left", "right"))
    starts = np.cumsum(last - first) - (last - first)
    each = np.arange(int((last - first).sum())) + np.repeat(first - starts, last - first)
    return inside[order[each]], starts


class _Integral:
    """One compiled bilinear form over some cells of a region."""

    def __init__(self, part: Distributed, kind: _Kind, place: _Place, chosen: IntArray, weight: Any) -> None:
        domain = part.space.mesh
        points, weights = part.nodes.element.quadrature
        self._chosen, self._points, self._matrix = chosen, len(weights), place.matrix
        rule = {"quadrature_rule": "custom", "quadrature_points": points, "quadrature_weights": weights}
        measure = ufl.Measure("dx", domain, subdomain_data=[(1, place.cells[chosen])], metadata=rule)
        dimension = part.nodes.mesh.dimension
        shape = tuple(1 if s == _VALUE else dimension for s in (kind.rows, kind.columns))
        self._tensor = fem.Constant(domain, np.zeros(shape))
        u, v = ufl.TrialFunction(part.space), ufl.TestFunction(part.space)
        with warnings.catch_warnings():
            # UFL tells rules apart by their printed digits; there is one rule per cell kind and order.
            warnings.filterwarnings("ignore", "Applying str", UserWarning)
            self._form = fem.form(weight * kind.integrand(self._tensor, u, v) * measure(1))
        self._key = compat.coefficient_key(self._form)

    def assemble(self, tensor: Array, weights: Array) -> Array:
        """Data of the matrix for weights (cells or 1, points or 1) of the whole region."""
        mine = weights if len(weights) == 1 else weights[self._chosen]
        values = np.ascontiguousarray(np.broadcast_to(mine, (len(self._chosen), self._points)))
        self._tensor.value[...] = tensor
        self._matrix.data[:] = 0.0
        fem.assemble_matrix(self._matrix, self._form, coeffs={self._key: values})
        return np.asarray(self._matrix.data)


def _at_points(part: Distributed) -> Any:
    """Element with one value per point of the quadrature rule."""
    element = part.nodes.element
    points, weights = element.quadrature
    name = KINDS[element.kind][0]
    return basix.ufl.quadrature_element(name, points=points, weights=weights, degree=2 * element.order)


def _on(matrix: sp.csr_matrix, nodes: NDArray[np.bool_]) -> sp.csr_matrix:
    """The entries between some nodes that are not rounding."""
    coo = matrix.tocoo()
    size = np.abs(coo.data).max(initial=0.0)
    keep = nodes[coo.row] & nodes[coo.col] & (np.abs(coo.data) > ROUNDING * size)
    found = sp.csr_matrix((coo.data[keep], (coo.row[keep], coo.col[keep])), shape=matrix.shape)
    found.sort_indices()
    return found
