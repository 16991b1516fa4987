"""Flexible GMRES over processes, preconditioned field by field.

One sweep goes through the groups of unknowns; each sees what the groups before it have put into its equations, by the
full operator, which is applied without a matrix. A group has the approximate inverse that suits it:

    one component        BoomerAMG over all processes: potentials without a sink
    several components   a multigrid cycle on each process's own part (`process_parts`), with the precession of the
                         components in every nodal block; BoomerAMG for one after the other where a part is singular

Own parts beat ILU and smoothed aggregation over all processes several times in time, memory and iterations, on flat
cells above all.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass

import numpy as np
from petsc4py import PETSc

from hanle.pde.errors import SolveError
from hanle.pde.linear import kernels
from hanle.pde.linear.boomeramg import BoomerAMG
from hanle.pde.linear.contract import BlockTerm, LinearSystem
from hanle.pde.linear.groups import Group, Part, groups
from hanle.pde.linear.iteration import Iteration
from hanle.pde.linear.krylov import Progress
from hanle.pde.linear.operators import merge, passes
from hanle.pde.linear.process_parts import ProcessParts
from hanle.pde.linear.reduced import Reduced, reduce
from hanle.pde.linear.refinement import undetermined
from hanle.pde.tensors import Array

Inverse = Callable[[Array], Array]


@dataclass(frozen=True)
class Fieldsplit:
    """LinearSolver for large systems that processes share.

    Attributes:
        restart: GMRES directions kept (16 bytes each per unknown).
        limit: iterations before it gives up.
        progress: called on every process with (iteration, estimated relative residual).
    """

    restart: int = 50
    limit: int = 200
    progress: Progress | None = None
    name: str = "multigrid"

    def prepare(self, system: LinearSystem) -> "Sweep":
        """Build the inverses of the groups. Raises SolveError naming a component without an equation."""
        reduced = reduce(system)
        with _threads(reduced):
            return Sweep(reduced, self)


class Sweep:
    """The groups of one system, see contract.Prepared.

    Attributes:
        inverses: what approximates each group, in order, for benchmarks and tests.
    """

    def __init__(self, reduced: Reduced, options: Fieldsplit) -> None:
        self._reduced = reduced
        # Objects of earlier solvers end here: all processes pass this line, whenever each of them let go of its own.
        PETSc.garbage_cleanup(reduced.sharing.comm)
        _require_equations(reduced)
        self._iteration = Iteration(reduced, self._sweep, _of_all, options)
        self.inverses: list[Inverse] = []
        self._couplings: list[Inverse | None] = []
        earlier: list[Group] = []
        for wanted in groups(reduced):
            for group, inverse in _inverses(reduced, wanted):
                self._couplings.append(_coupling(reduced, group, earlier))
                self.inverses.append(inverse)
                earlier.append(group)

    @property
    def iterations(self) -> int:
        """Of the last solve."""
        return self._iteration.iterations

    def solve(self, rhs: Array, *, tolerance: float) -> Array:
        """A y = rhs to a relative true residual below `tolerance`; raises SolveError with the next step."""
        reduced = self._reduced
        load = reduced.nulls.balanced(reduced.load(rhs), tolerance)
        with _threads(reduced):
            y = self._iteration.solve(load, tolerance)
        return reduced.nulls.project(y)

    def _sweep(self, r: Array) -> Array:
        z = np.zeros_like(r)
        for coupling, inverse in zip(self._couplings, self.inverses, strict=True):
            z += inverse(r if coupling is None else r - coupling(z))
        z[self._reduced.fixed] = 0.0
        return self._reduced.nulls.project(z) if len(self._reduced.nulls.right) else z


def _threads(reduced: Reduced) -> AbstractContextManager[None]:
    """Threads of the compiled loops: one where several processes share the machine."""
    return kernels.threads_for(reduced.system.size if reduced.processes.size == 1 else 0)


def _inverses(reduced: Reduced, group: Group) -> list[tuple[Group, Inverse]]:
    """What approximates a group, or the components it falls apart into."""
    if group.width > 1:
        with suppress(SolveError):
            return [(group, ProcessParts(reduced, group))]
    return [(single, BoomerAMG(reduced, single)) for single in group.singles]


def _of_all(reduced: Reduced) -> Inverse:
    """What approximates the only block of a system."""
    (block,) = reduced.system.blocks
    ((_, inverse),) = _inverses(reduced, Group((Part(0, slice(0, block.components)),)))
    return inverse


def _coupling(reduced: Reduced, group: Group, earlier: Sequence[Group]) -> Inverse | None:
    """y -> what earlier groups put into the equations of one; None where that is nothing."""
    terms = []
    for t in reduced.system.terms:
        fields = np.zeros_like(t.fields)
        for source in earlier:
            fields[group.columns(t.row), source.columns(t.col)] = group.fields(t, source)
        if np.any(fields):
            terms.append(BlockTerm(t.row, t.col, t.matrix, fields, t.skew))
    if not reduced.processes.any(len(terms) > 0):
        return None
    offsets, size, steps = reduced.system.offsets, reduced.system.size, passes(merge(terms))

    def apply(y: Array) -> Array:
        x, out = reduced.extend(y), np.zeros(size)
        for p in steps:
            p.add(x[offsets[p.col] : offsets[p.col + 1]], out[offsets[p.row] : offsets[p.row + 1]])
        return reduced.restrict(out)

    return apply


def _require_equations(reduced: Reduced) -> None:
    diagonal = np.abs(reduced.system.fixed.astype(float))
    views = reduced.system.views(diagonal)
    for t in reduced.system.terms:
        if t.row == t.col:
            views[t.row][:] += np.outer(np.abs(t.matrix.diagonal()), np.abs(np.diag(t.fields)))
    empty = (reduced.restrict(diagonal) == 0.0).astype(float)
    if reduced.processes.any(empty):
        raise SolveError(undetermined(reduced, empty, "have no equation"))
