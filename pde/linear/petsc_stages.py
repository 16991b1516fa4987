"""Approximate inverses of one group of unknowns by PETSc."""

from collections.abc import Mapping
from itertools import count
from typing import Any

import numpy as np
from petsc4py import PETSc

from hanle.pde.errors import SolveError
from hanle.pde.tensors import Array

_NUMBERS = count()

BOOMERAMG = {
    "pc_type": "hypre",
    "pc_hypre_type": "boomeramg",
    "pc_hypre_boomeramg_strong_threshold": 0.6,
    "pc_hypre_boomeramg_coarsen_type": "HMIS",
    "pc_hypre_boomeramg_interp_type": "ext+i",
}
ILU = {"pc_type": "ilu", "pc_factor_in_place": True}
ASM = {"pc_type": "asm", "pc_asm_overlap": 1, "sub_pc_type": "ilu", "sub_pc_factor_in_place": True}
GAMG = {
    "pc_type": "gamg",
    "pc_gamg_agg_nsmooths": 1,
    "pc_gamg_threshold": 0.0,
    "pc_gamg_aggressive_coarsening": 0,
    "mg_levels_ksp_type": "richardson",
    "mg_levels_ksp_max_it": 1,
    "mg_levels_pc_type": "bjacobi",
    "mg_levels_sub_pc_type": "ilu",
}


class Inverse:
    """A PETSc preconditioner, built once; its options are gone from PETSc's table afterwards."""

    def __init__(self, matrix: Any, options: Mapping[str, Any]) -> None:
        prefix = f"hanle_{next(_NUMBERS)}_"
        table = PETSc.Options()
        for key, value in options.items():
            table[prefix + key] = value
        self._pc = PETSc.PC().create(matrix.comm)
        self._pc.setOptionsPrefix(prefix)
        self._pc.setOperators(matrix)
        self._rhs, self._out = matrix.createVecs()
        try:
            self._pc.setFromOptions()
            self._pc.setUp()
            self._pc.setUpOnBlocks()
        except PETSc.Error as error:
            raise SolveError(
                f'the preconditioner {options["pc_type"]} cannot be set up (PETSc error {error.ierr}) - try solver="direct"'
            ) from error
        finally:
            for key in options:
                table.delValue(prefix + key)

    def __call__(self, r: Array) -> Array:
        """The approximate solution; overwritten by the next call."""
        self._rhs.array[:] = r
        self._pc.apply(self._rhs, self._out)
        return np.asarray(self._out.array_r)
