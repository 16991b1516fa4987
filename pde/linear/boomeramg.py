"""Algebraic multigrid of hypre, over all processes, for groups of one component (Henson & Yang, 2002)."""

from itertools import count

import numpy as np
from petsc4py import PETSc

from hanle.pde.errors import SolveError
from hanle.pde.linear.groups import Group
from hanle.pde.linear.petsc_matrix import component
from hanle.pde.linear.reduced import Reduced
from hanle.pde.tensors import Array

#: Flat cells want a high threshold: 10 iterations with 0.25, 5 with 0.6.
OPTIONS = {
    "pc_type": "hypre",
    "pc_hypre_type": "boomeramg",
    "pc_hypre_boomeramg_strong_threshold": 0.6,
    "pc_hypre_boomeramg_coarsen_type": "HMIS",
    "pc_hypre_boomeramg_interp_type": "ext+i",
}
#: Part of a typical diagonal entry that is added where constants float; the sweep projects them out.
SHIFT = 1e-8

#: Prefixes of options are never used twice: PETSc has one table for all solvers.
_NUMBERS = count()


class BoomerAMG:
    """Approximate inverse of a group, from and to the owned parts of vectors y.

    Raises SolveError where hypre cannot set it up.
    """

    def __init__(self, reduced: Reduced, group: Group) -> None:
        given = component(reduced, group)
        self._own = given.own
        if reduced.processes.any(np.any(reduced.nulls.right[:, given.own])):
            given.matrix.shift(SHIFT * reduced.processes.largest(given.typical))
        self._rhs, self._out = given.matrix.createVecs()
        self._pc = PETSc.PC().create(given.matrix.comm)
        self._pc.setOperators(given.matrix)
        prefix, table = f"hanle_{next(_NUMBERS)}_", PETSc.Options()
        self._pc.setOptionsPrefix(prefix)
        try:
            for key, value in OPTIONS.items():
                table.setValue(prefix + key, value)
            self._pc.setFromOptions()
            self._pc.setUp()
        except PETSc.Error as error:
            raise SolveError(
                f'BoomerAMG cannot be set up (PETSc error {error.ierr}) - try solver="direct"'
            ) from error
        finally:
            for key in OPTIONS:
                table.delValue(prefix + key)

    def __call__(self, r: Array) -> Array:
        """The approximate solution, owned part; zero outside the group."""
        self._rhs.array[:] = r[self._own]
        self._pc.apply(self._rhs, self._out)
        z = np.zeros_like(r)
        z[self._own] = self._out.array_r
        return z
