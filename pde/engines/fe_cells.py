"""Reference cells: Lagrange shape functions and quadrature on the unit line, triangle, square, tetrahedron, cube.

Vertices come in VTK order; second order adds a node in the middle of every edge, then (squares, cubes) of every
square face and of the cell. A node is described by the vertices it is the mean of, so the geometry needs vertices
only and neighbours agree on their common nodes.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from hanle.meshes.tagged import CELL_FACETS
from hanle.pde.tensors import Array

_SQUARE = ((0, 0), (1, 0), (1, 1), (0, 1))
_VERTICES: dict[str, tuple[tuple[int, ...], ...]] = {
    "point": ((),),
    "line": ((0,), (1,)),
    "triangle": ((0, 0), (1, 0), (0, 1)),
    "quad": _SQUARE,
    "tetra": ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "hexahedron": tuple((*corner, z) for z in (0, 1) for corner in _SQUARE),
}
_EDGES: dict[str, tuple[tuple[int, ...], ...]] = {
    "point": (),
    "line": ((0, 1),),
    "triangle": ((0, 1), (1, 2), (2, 0)),
    "quad": ((0, 1), (1, 2), (2, 3), (3, 0)),
    "tetra": ((0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3)),
    "hexahedron": (
        *((0, 1), (1, 2), (2, 3), (3, 0)),
        *((4, 5), (5, 6), (6, 7), (7, 4)),
        *((0, 4), (1, 5), (2, 6), (3, 7)),
    ),
}
_INTERIOR: dict[str, tuple[tuple[int, ...], ...]] = {
    "quad": ((0, 1, 2, 3),),
    "hexahedron": (*CELL_FACETS["hexahedron"], tuple(range(8))),
}
#: kind of the facets of a cell
FACET_KIND = {"line": "point", "triangle": "line", "quad": "line", "tetra": "triangle", "hexahedron": "quad"}
SIMPLICES = ("triangle", "tetra")


@dataclass(frozen=True)
class Cell:
    """A reference cell with Lagrange shape functions of an order (1 or 2); a "point" has one of value 1."""

    kind: str
    order: int

    @cached_property
    def dimension(self) -> int:
        return len(_VERTICES[self.kind][0])

    @property
    def vertices(self) -> int:
        """Number of vertices: the first so many nodes."""
        return len(_VERTICES[self.kind])

    @cached_property
    def supports(self) -> tuple[tuple[int, ...], ...]:
        """For each node the vertices whose mean it is, vertices first."""
        vertices = tuple((v,) for v in range(len(_VERTICES[self.kind])))
        if self.order == 1 or self.kind == "point":
            return vertices
        return (*vertices, *_EDGES[self.kind], *_INTERIOR.get(self.kind, ()))

    @cached_property
    def nodes(self) -> Array:
        """(nodes, d) reference coordinates."""
        vertices = np.array(_VERTICES[self.kind], dtype=float)
        return np.array([vertices[list(s)].mean(axis=0) for s in self.supports])

    @cached_property
    def edges(self) -> tuple[tuple[int, ...], ...]:
        return _EDGES[self.kind]

    @cached_property
    def facet_nodes(self) -> NDArray[np.int64]:
        """(facets, nodes per facet): local nodes of each facet, in the node order of the facet's own cell."""
        facet = cell(FACET_KIND[self.kind], self.order)
        numbers = {frozenset(s): k for k, s in enumerate(self.supports)}
        rows = [
            [numbers[frozenset(corners[v] for v in s)] for s in facet.supports]
            for corners in CELL_FACETS[self.kind]
        ]
        return np.array(rows)

    @cached_property
    def _exponents(self) -> NDArray[np.int64]:
        powers = product(range(self.order + 1), repeat=self.dimension)
        limit = self.order if self.kind in SIMPLICES else self.order * max(self.dimension, 1)
        kept = [p for p in powers if sum(p) <= limit]
        return np.array(kept, dtype=np.int64).reshape(len(kept), self.dimension)

    @cached_property
    def _inverse(self) -> Array:
        return np.asarray(np.linalg.inv(self._monomials(self.nodes)))

    def _monomials(self, points: Array) -> Array:
        return np.asarray(np.prod(points[:, None, :] ** self._exponents, axis=2))

    def values(self, points: Array) -> Array:
        """(points, nodes) shape functions at points (points, d)."""
        return np.asarray(self._monomials(points) @ self._inverse)

    def gradients(self, points: Array) -> Array:
        """(points, nodes, d) reference gradients at points (points, d)."""
        found = np.zeros((len(points), len(self.supports), self.dimension))
        for k in range(self.dimension):
            lower = self._exponents.copy()
            lower[:, k] = np.maximum(lower[:, k] - 1, 0)
            slope = self._exponents[:, k] * np.prod(points[:, None, :] ** lower, axis=2)
            found[:, :, k] = slope @ self._inverse
        return found

    @cached_property
    def centre(self) -> Array:
        """(1, d) the centre."""
        return np.asarray(np.array(_VERTICES[self.kind], dtype=float).mean(axis=0, keepdims=True))

    @cached_property
    def quadrature(self) -> tuple[Array, Array]:
        """(points (q, d), weights (q,)): exact for products of two shape functions on straight cells."""
        if self.kind == "point":
            return np.zeros((1, 0)), np.ones(1)
        if self.kind in SIMPLICES:
            return _simplex_rule(self.kind, 2 * self.order)
        x, w = np.polynomial.legendre.leggauss(self.order + 1)
        x, w = (x + 1) / 2, w / 2
        grids = np.meshgrid(*[x] * self.dimension, indexing="ij")
        weights = np.meshgrid(*[w] * self.dimension, indexing="ij")
        return np.stack([g.ravel() for g in grids], axis=1), np.prod([g.ravel() for g in weights], axis=0)


def _simplex_rule(kind: str, degree: int) -> tuple[Array, Array]:
    from skfem.quadrature import get_quadrature
    from skfem.refdom import RefTet, RefTri

    points, weights = get_quadrature({"triangle": RefTri, "tetra": RefTet}[kind], degree)
    return np.ascontiguousarray(points.T), np.asarray(weights)


@lru_cache(maxsize=32)
def cell(kind: str, order: int) -> Cell:
    """The one instance per kind and order, whose tables are computed once."""
    return Cell(kind, order)
