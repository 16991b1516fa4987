"""Field-split preconditioned GMRES on distributed systems: one field after the other, each with what suits it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from petsc4py import PETSc

from hanle.pde.linear import kernels
from hanle.pde.linear.contract import BlockTerm, LinearSystem
from hanle.pde.linear.groups import Group, groups
from hanle.pde.linear.krylov import Progress, gmres
from hanle.pde.linear.operators import Operator, merge, passes
from hanle.pde.linear.petsc_matrix import assembled, diagonal
from hanle.pde.linear.petsc_stages import ASM, BOOMERAMG, GAMG, ILU, Inverse
from hanle.pde.linear.reduced import Reduced, reduce
from hanle.pde.tensors import Array

#: Part of the diagonal added to a group with floating constants.
SHIFT = 1e-8
#: ILU is used where it takes at least this part off a constant in one step.
SLOW = 0.9


@dataclass(frozen=True)
class Fieldsplit:
    """LinearSolver for large systems over processes."""

    restart: int = 50
    limit: int = 200
    progress: Progress | None = None
    name: str = "multigrid"
    force: str = ""

    def prepare(self, system: LinearSystem) -> "Split":
        return Split(reduce(system), self)


class Stage:
    """One group of the sweep."""

    def __init__(self, reduced: Reduced, group: Group, earlier: list[Group], force: str = "") -> None:
        given = diagonal(reduced, group)
        self.own = given.members.own
        self.coupling = Coupling(reduced, group, earlier) if earlier else None
        self.kind, self.rate = "", 0.0
        one = reduced.processes.size == 1
        width = given.members.width
        local = ILU if one else ASM
        nulls = reduced.nulls.right[:, self.own.ravel()]
        shift = SHIFT * given.typical if reduced.processes.any(np.any(nulls)) else 0.0
        if width == 1 and force != "ilu1":
            self.kind = "boomeramg"
            self.inverse = Inverse(assembled(given, "aij", shift), BOOMERAMG)
            return
        if force != "gamg":
            matrix = assembled(given, "baij", shift)
            ones, image = matrix.createVecs()
            ones.set(1.0)
            matrix.mult(ones, image)
            self.kind = local["pc_type"]
            self.inverse = Inverse(matrix, local)
            left = 1.0 - self.inverse(image.array_r)
            self.rate = float(np.sqrt(reduced.processes.total(left @ left) / reduced.processes.total(left.size)))
            if self.rate < SLOW or force == "ilu":
                return
            del self.inverse, matrix
            PETSc.garbage_cleanup(given.members.sharing.comm)
        self.kind = "gamg"
        self.inverse = Inverse(assembled(given, "aij", shift), GAMG)

    def apply(self, r: Array) -> Array:
        return self.inverse(r[self.own].ravel()).reshape(self.own.shape)


class Coupling:
    """What earlier groups put into one."""

    def __init__(self, reduced: Reduced, group: Group, earlier: list[Group]) -> None:
        self.reduced = reduced
        terms = []
        for t in reduced.system.terms:
            fields = np.zeros_like(t.fields)
            for source in earlier:
                fields[group.columns(t.row), source.columns(t.col)] = group.fields(t, source)
            if np.any(fields):
                terms.append(BlockTerm(t.row, t.col, t.matrix, fields, t.skew))
        self.passes = passes(merge(terms))
        self.present = reduced.processes.any(len(self.passes) > 0)

    def apply(self, y: Array) -> Array:
        system = self.reduced.system
        x, out = self.reduced.extend(y), np.zeros(system.size)
        for p in self.passes:
            p.add(
                x[system.offsets[p.col] : system.offsets[p.col + 1]],
                out[system.offsets[p.row] : system.offsets[p.row + 1]],
            )
        return self.reduced.restrict(out)


class Split:
    """The prepared sweep."""

    def __init__(self, reduced: Reduced, options: Fieldsplit) -> None:
        self._reduced, self._options = reduced, options
        PETSc.garbage_cleanup(reduced.system.sharing.comm)
        self._operator = Operator(reduced.system)
        found = groups(reduced)
        self.stages = [Stage(reduced, g, found[:k], options.force) for k, g in enumerate(found)]
        self.iterations = 0

    def solve(self, rhs: Array, *, tolerance: float) -> Array:
        reduced, options = self._reduced, self._options
        load = reduced.nulls.balanced(reduced.load(rhs), tolerance)
        with kernels.threads_for(reduced.system.size if reduced.processes.size == 1 else 0):
            result = gmres(
                lambda y: reduced.restrict(self._operator.apply(reduced.extend(y))),
                self._precondition,
                load,
                tolerance=tolerance,
                restart=options.restart,
                limit=options.limit,
                progress=options.progress,
                processes=reduced.processes,
            )
        self.iterations = result.iterations
        return reduced.answer(reduced.nulls.project(result.x))

    def _precondition(self, r: Array) -> Array:
        z = np.zeros_like(r)
        for stage in self.stages:
            left = r
            if stage.coupling is not None and stage.coupling.present:
                left = r - stage.coupling.apply(z)
            z[stage.own] = stage.apply(left)
        z[self._reduced.fixed] = 0.0
        return self._reduced.nulls.project(z) if len(self._reduced.nulls.right) else z
