"""Direct solver for stacks: block elimination upwards, substitution downwards, the whole batch at once.

Unknowns lie on planes. Neighbouring planes are joined by links (two-ports), unknowns of one plane by shunts:

    link    a_below = P (x_below - x_above) + T0 x_below,     a_above = Q (x_above - x_below) + T1 x_above
    shunt   a_here = matrix x_here

The operator is applied from differences of neighbouring unknowns, so that the residual is accurate where P and T
differ by many orders; one step of refinement then gives the solution that accuracy too.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hanle.pde.errors import SolveError
from hanle.pde.linear.tridiagonal_kernels import (
    add_block,
    backward,
    eliminate,
    forward,
    invert,
    link_apply,
    shunt_apply,
    verify,
)
from hanle.pde.tensors import Array

IntArray = NDArray[np.int64]

#: Corrections after the first solution; the first one is always made.
REFINEMENTS = 3
#: Fluxes inside a stack more than this times larger than the load mean a singular system.
GROWTH = 1e12
#: Part of the largest load that counts as its rounding.
ROUNDING = 1e-12
#: Members of the batch treated together: what they need stays in the cache.
CHUNK = 2048


@dataclass(frozen=True, eq=False)
class Link:
    """A two-port between neighbouring planes.

    Attributes:
        below, above: (n,) unknowns at its two faces.
        P, Q, T0, T1: (batch or 1, n, n).
    """

    below: IntArray
    above: IntArray
    P: Array
    Q: Array
    T0: Array
    T1: Array


@dataclass(frozen=True, eq=False)
class Shunt:
    """A matrix (batch or 1, n, n) on unknowns (n,) of one plane."""

    here: IntArray
    matrix: Array


@dataclass(frozen=True, eq=False)
class Chain:
    """A set of coupled unknowns, contiguous in the vectors; numbered from 0 inside the chain.

    Attributes:
        start, size: its place in the vectors.
        planes: (planes, n) unknowns upwards, -1 in empty slots.
        banded: links join neighbouring planes only; if not, the chain has one row and is solved as a full matrix.
    """

    start: int
    size: int
    planes: IntArray
    links: tuple[Link, ...]
    shunts: tuple[Shunt, ...]
    banded: bool = True

    @property
    def batch(self) -> int:
        """Batch size of its links and shunts."""
        sizes = [m.shape[0] for l in self.links for m in (l.P, l.Q, l.T0, l.T1)]
        return max([*sizes, *(s.matrix.shape[0] for s in self.shunts)], default=1)

    @property
    def span(self) -> slice:
        return slice(self.start, self.start + self.size)

    def cut(self, part: slice) -> "Chain":
        """The chain of some members of the batch."""

        def of(m: Array) -> Array:
            return m if m.shape[0] == 1 else m[part]

        links = tuple(Link(l.below, l.above, of(l.P), of(l.Q), of(l.T0), of(l.T1)) for l in self.links)
        shunts = tuple(Shunt(s.here, of(s.matrix)) for s in self.shunts)
        return replace(self, links=links, shunts=shunts)

    def apply(self, x: Array) -> tuple[Array, Array]:
        """A x and |A| |x|, for x (batch, size of the chain)."""
        x = np.ascontiguousarray(x)
        y, scale = np.zeros(x.shape), np.zeros(x.shape)
        for l in self.links:
            link_apply(x, y, scale, l.below, l.above, l.P, l.Q, l.T0, l.T1)
        for s in self.shunts:
            shunt_apply(x, y, scale, s.here, s.matrix)
        return y, scale

    def apply_transpose(self, x: Array) -> Array:
        """Transpose of A applied to x (batch, size of the chain)."""
        y = np.zeros(x.shape)
        for l in self.links:
            low, high = x[:, l.below], x[:, l.above]
            passed = _transposed(l.P, low) - _transposed(l.Q, high)
            for k, slot in enumerate(l.below):
                y[:, slot] += passed[:, k] + _transposed(l.T0, low)[:, k]
            for k, slot in enumerate(l.above):
                y[:, slot] += _transposed(l.T1, high)[:, k] - passed[:, k]
        for s in self.shunts:
            values = _transposed(s.matrix, x[:, s.here])
            for k, slot in enumerate(s.here):
                y[:, slot] += values[:, k]
        return y


def _transposed(matrix: Array, x: Array) -> Array:
    return np.asarray(np.einsum("bji,bj->bi", matrix, x))


@dataclass(frozen=True, eq=False)
class Floating:
    """Unknowns over which a constant is in the null space.

    Attributes:
        name: the component, for messages.
        unknowns: (m,); the first one is pinned while solving.
        weights: (batch or 1, m), sum one: the solution is returned with zero weighted mean.
    """

    name: str
    unknowns: IntArray
    weights: Array


@dataclass(frozen=True, eq=False)
class TridiagonalSystem:
    """A x = b for (batch, size) vectors on the unknowns that are not fixed."""

    size: int
    batch: int
    fixed: NDArray[np.bool_]
    chains: tuple[Chain, ...]
    floating: tuple[Floating, ...] = ()

    @cached_property
    def held(self) -> NDArray[np.bool_]:
        """(size,) unknowns that are zero while solving: fixed or pinned."""
        held = self.fixed.copy()
        held[[f.unknowns[0] for f in self.floating]] = True
        return held


@dataclass(frozen=True)
class Tridiagonal:
    """LinearSolver for `TridiagonalSystem`."""

    name: str = "tridiagonal"

    def prepare(self, system: TridiagonalSystem) -> "Factorised":
        """Eliminate all chains upwards."""
        return Factorised(system, tuple(_prepare(chain, system.held[chain.span]) for chain in system.chains))


@dataclass(frozen=True, eq=False)
class Factorised:
    """A factorisation, see contract.Prepared."""

    system: TridiagonalSystem
    chains: tuple["PreparedChain", ...]

    @property
    def iterations(self) -> int:
        """Zero: a direct solver."""
        return 0

    def solve(self, rhs: Array, *, tolerance: float) -> Array:
        """Solve for right-hand sides (batch, size), or (size,) for a single one; fixed unknowns are zero.

        The residual |b - A x| is verified relative to the largest |b| + |A| |x| of its chain. Chains without load
        are left at zero.

        Raises:
            SolveError: a floating component with a net load, or a singular system.
        """
        loads = np.atleast_2d(rhs)
        if np.any(self.system.fixed):
            loads = np.where(self.system.fixed, 0.0, loads)
        if len(loads) < self.system.batch:
            loads = np.repeat(loads, self.system.batch, axis=0)
        x = np.zeros(loads.shape)
        for chain in self.chains:
            span = chain.chain.span
            if not np.any(loads[:, span]):
                continue
            floating = [f for f in self.system.floating if span.start <= f.unknowns[0] < span.stop]
            for f in floating:
                _require_balance(f, loads, tolerance)
            chain.solve(x[:, span], loads[:, span], self.system.held[span], tolerance)
            for f in floating:
                x[:, f.unknowns] -= np.sum(f.weights * x[:, f.unknowns], axis=1, keepdims=True)
        return x if rhs.ndim == 2 or len(x) > 1 else x[0]


def _require_balance(floating: Floating, loads: Array, tolerance: float) -> None:
    part = loads[:, floating.unknowns]
    # Loads of other unknowns leave their rounding here.
    rounding = ROUNDING * np.abs(loads).max(axis=1)
    excess = np.abs(part.sum(axis=1)) - max(tolerance, 1e-10) * np.abs(part).sum(axis=1) - rounding
    if np.any(excess > 0):
        net = float(part.sum(axis=1)[np.argmax(excess)])
        raise SolveError(
            f"the loads put a net flux of {net:.3g} into {floating.name}, which has no sink, terminal or given value"
            " there - add one, or balance the sources"
        )


@dataclass(frozen=True, eq=False)
class PreparedChain:
    """A chain and its elimination for each part of the batch."""

    chain: Chain
    parts: tuple["Eliminated", ...]

    def solve(self, x: Array, loads: Array, held: NDArray[np.bool_], tolerance: float) -> None:
        """Solve into x, in place; see Factorised.solve."""
        for n, start in enumerate(range(0, len(x), CHUNK)):
            members = slice(start, start + CHUNK)
            part = self.parts[n if len(self.parts) > 1 else 0]
            x[members] = part.solve(loads[members], held, tolerance, start)


@dataclass(frozen=True, eq=False)
class Eliminated:
    """One part of the batch of a chain.

    Attributes:
        chain: the chain, cut to the part.
        inverses: inverse pivot of each plane, (batch or 1, n, n).
        up, down: what passes from each plane to the next one and back, (batch or 1, n, n).
    """

    chain: Chain
    inverses: tuple[Array, ...]
    up: tuple[Array, ...]
    down: tuple[Array, ...]

    def solve(self, loads: Array, held: NDArray[np.bool_], tolerance: float, start: int) -> Array:
        """Solve, verify, refine; loads are (members, size of the chain), `start` the number of the first member."""
        loads = np.ascontiguousarray(loads)
        x = np.zeros(loads.shape)
        residual = loads.copy()
        residual[:, held] = 0.0
        error, growth = np.zeros(len(x)), np.zeros(len(x))
        for _ in range(1 + REFINEMENTS):
            self._substitute(residual)
            x += residual
            applied, scale = self.chain.apply(x)
            verify(loads, applied, scale, held, residual, error, growth)
            if np.all((error <= tolerance) & (growth <= GROWTH)):
                break
        else:
            _fail(error, growth, start, tolerance)
        self._substitute(residual)
        return x + residual

    def _substitute(self, x: Array) -> None:
        planes = self.chain.planes
        for k in range(len(planes)):
            above = planes[k + 1] if k + 1 < len(planes) else np.full_like(planes[k], -1)
            forward(x, planes[k], above, self.inverses[k], self.up[k] if k < len(self.up) else self.inverses[k])
        for k in reversed(range(len(planes) - 1)):
            backward(x, planes[k], planes[k + 1], self.inverses[k], self.down[k])


def _fail(error: Array, growth: Array, start: int, tolerance: float) -> None:
    wrong = ~((error <= tolerance) & (growth <= GROWTH))
    worst = int(np.argmax(wrong))
    raise SolveError(
        f"the stack solve left a relative residual of {error[worst]:.1e} (tolerance {tolerance:.0e}; fluxes inside "
        f"are {growth[worst]:.0e} times the load) in member {start + worst} of the batch - the system is singular: "
        "look for a field with neither sink nor contact"
    )


def _prepare(chain: Chain, held: NDArray[np.bool_]) -> PreparedChain:
    batch = chain.batch
    parts = (
        [chain.cut(slice(start, start + CHUNK)) for start in range(0, batch, CHUNK)] if batch > CHUNK else [chain]
    )
    return PreparedChain(chain, tuple(_eliminate(part, held) for part in parts))


def _eliminate(chain: Chain, held: NDArray[np.bool_]) -> Eliminated:
    """Inverse pivots upwards: D_k - up (D_{k-1})^-1 down."""
    pivots, up, down = _assemble(chain, held)
    for k, pivot in enumerate(pivots):
        if k:
            eliminate(pivot, up[k - 1], pivots[k - 1], down[k - 1])
        invert(pivot)
    return Eliminated(chain, tuple(pivots), tuple(up), tuple(down))


def _assemble(chain: Chain, held: NDArray[np.bool_]) -> tuple[list[Array], list[Array], list[Array]]:
    """Diagonal blocks and, with the sign turned, the blocks below and above the diagonal."""
    planes, n = chain.planes, chain.planes.shape[1]
    where = {int(u): (k, i) for k, plane in enumerate(planes) for i, u in enumerate(plane) if u >= 0}
    pivots = [np.zeros((chain.batch, n, n)) for _ in planes]
    up: list[Array] = [np.zeros((1, n, n)) for _ in planes[1:]]
    down = list(up)
    for l in chain.links:
        (low, rows), (high, columns) = _slots(where, l.below), _slots(where, l.above)
        for pivot, slots, parts in ((pivots[low], rows, (l.P, l.T0)), (pivots[high], columns, (l.Q, l.T1))):
            for part in parts:
                add_block(pivot, slots, slots, part)
        if chain.banded:
            up[low] = _placed(up[low], columns, rows, l.Q)
            down[low] = _placed(down[low], rows, columns, l.P)
        else:
            add_block(pivots[0], columns, rows, -l.Q)
            add_block(pivots[0], rows, columns, -l.P)
    for s in chain.shunts:
        k, slots = _slots(where, s.here)
        add_block(pivots[k], slots, slots, s.matrix)
    _hold(planes, held, pivots, up, down)
    return pivots, up, down


def _slots(where: dict[int, tuple[int, int]], unknowns: IntArray) -> tuple[int, IntArray]:
    """The plane of some unknowns and their slots in it."""
    places = [where[int(u)] for u in unknowns]
    return places[0][0], np.array([slot for _, slot in places], dtype=np.int64)


def _placed(block: Array, rows: IntArray, columns: IntArray, part: Array) -> Array:
    """block + part in its slots; the part itself where it fills an empty block."""
    n = block.shape[1]
    every = np.arange(n)
    if np.array_equal(rows, every) and np.array_equal(columns, every) and not np.any(block):
        return part
    placed = np.zeros((max(len(block), len(part)), n, n)) + block
    add_block(placed, rows, columns, part)
    return placed


def _hold(
    planes: IntArray, held: NDArray[np.bool_], pivots: list[Array], up: list[Array], down: list[Array]
) -> None:
    """Identity rows for held unknowns and empty slots, nothing passed to them."""
    for k, plane in enumerate(planes):
        for slot in np.flatnonzero((plane < 0) | held[plane]).tolist():
            pivots[k][:, slot, :] = 0.0
            pivots[k][:, slot, slot] = 1.0
            for passing, other in ((up, k - 1), (down, k)):
                if 0 <= other < len(passing):
                    passing[other] = passing[other].copy()
                    passing[other][:, slot, :] = 0.0
