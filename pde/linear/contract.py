"""What a linear solver is given and what it must do.

A system is a sum of (scalar sparse matrix) x (small field matrix). It is never stored as one coupled matrix
unless a direct solver asks for it. Unknowns are grouped in blocks: in a block every node carries the same
components. Vectors are flat: the blocks one after the other, each node-major (node, component).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hanle.pde.linear.sharing import Sharing
from hanle.pde.tensors import Array


@dataclass(frozen=True, eq=False)
class BlockTerm:
    """matrix (x) fields, acting from block `col` to block `row`.

    Attributes:
        matrix: scalar CSR matrix (nodes of `row`, nodes of `col`), int32 indices, sorted.
        fields: (components of `row`, components of `col`).
        skew: the scalar matrix stems from an antisymmetric spatial part: it lives on faces and preconditioners
            leave it out (after preconditioning it only moves eigenvalues along the imaginary axis).
    """

    row: int
    col: int
    matrix: sp.csr_matrix
    fields: Array
    skew: bool = False


@dataclass(frozen=True, eq=False)
class LinearBlock:
    """One block of unknowns.

    Attributes:
        nodes, components: its size; `nodes * components` unknowns.
        fixed: (nodes, components) unknowns that are prescribed: solvers return zero there.
        coarsening: symmetric M-matrix (nodes, nodes) with the anisotropy of the operator, from which a
            multigrid hierarchy can be built (consistent stretched bricks are no M-matrices: this one is lumped).
        floating: for each component, arrays of nodes over which a constant is in the null space (with `sharing` the
            part of each that this process holds; all processes list the same pieces).
        groups: the components that belong to one field, in order; empty: all belong together. Preconditioners may
            treat groups one after the other.
    """

    nodes: int
    components: int
    fixed: NDArray[np.bool_]
    coarsening: sp.csr_matrix
    floating: tuple[tuple[NDArray[np.int64], ...], ...] = ()
    groups: tuple[slice, ...] = ()


@dataclass(frozen=True, eq=False)
class Common:
    """States in which components of all blocks rise and fall together, node by node: one level that they relax to.

    Where faces couple blocks stiffly or tie them, no block by itself sees what is smooth across: such states are found
    in these equations, those of the system between states of this kind.

    Attributes:
        count: common nodes.
        nodes: for each block (nodes,) the common node of each of its nodes.
        fields: for each block (components, levels) what a level of 1 is in its components.
        fixed: (count, levels) levels that move nothing.
        coarsening: as in `LinearBlock`, of the common nodes; built where it is asked for.
        sharing: of the levels, (count * levels) on this process, node-major.
    """

    count: int
    nodes: tuple[NDArray[np.int64], ...]
    fields: tuple[Array, ...]
    fixed: NDArray[np.bool_]
    coarsening: Callable[[], sp.csr_matrix]
    sharing: Sharing | None = None


@dataclass(frozen=True, eq=False)
class LinearSystem:
    """A x = b on the unknowns that are not fixed.

    Unknowns that are one and the same are identified by `ties` (x = ties y, one process; vectors are those of x), or by
    `sharing` (x = y[index]; blocks and terms are then those of one process, the operator is the sum over processes
    of T^T A T, and vectors are the owned parts of y). Preconditioners may solve for what is `common` first.
    """

    blocks: tuple[LinearBlock, ...]
    terms: tuple[BlockTerm, ...]
    ties: sp.csr_matrix | None = None
    sharing: Sharing | None = None
    common: Common | None = None

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        return tuple(np.cumsum([0] + [b.nodes * b.components for b in self.blocks]).tolist())

    @property
    def size(self) -> int:
        return self.offsets[-1]

    @cached_property
    def fixed(self) -> NDArray[np.bool_]:
        return np.concatenate([b.fixed.ravel() for b in self.blocks])

    def views(self, x: Array) -> list[Array]:
        """Views (nodes, components) of the blocks of a flat vector."""
        return [
            x[a:b].reshape(block.nodes, block.components)
            for a, b, block in zip(self.offsets, self.offsets[1:], self.blocks, strict=False)
        ]


class Prepared(Protocol):
    """A factorisation or hierarchy, reused for many right-hand sides."""

    def solve(self, rhs: Array, *, tolerance: float) -> Array:
        """Solve for one flat right-hand side to a relative true residual below `tolerance`.

        Raises SolveError with cause, number and next step when it cannot.
        """
        ...

    @property
    def iterations(self) -> int:
        """Iterations of the last solve; 0 for a direct solver."""
        ...


class LinearSolver(Protocol):
    """prepare(system) -> prepared; see `direct.py` and `multigrid.py`."""

    @property
    def name(self) -> str:
        """The name a user asks for it by."""
        ...

    def prepare(self, system: LinearSystem) -> Prepared:
        """Factorise the matrix, or build its hierarchy, once for all right-hand sides."""
        ...
