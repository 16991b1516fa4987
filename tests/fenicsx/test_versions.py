"""What the engine is built on does its work: dolfinx, PETSc for real numbers, hypre, MUMPS, the compiler of forms."""

from typing import Any

import numpy as np
import pytest
import ufl
from dolfinx import fem, mesh
from dolfinx.fem.petsc import assemble_matrix
from mpi4py import MPI
from petsc4py import PETSc

from hanle.pde.engines.fenicsx_available import NEEDED_ONCE, require_dolfinx

DIRECT = 1e-12  # relative residual of a solve by elimination, 300 unknowns
TOLERANCE = 1e-10


def test_everything_is_there() -> None:
    require_dolfinx()
    for check in NEEDED_ONCE.values():
        check()


def test_scalars_are_real() -> None:
    assert np.dtype(PETSc.ScalarType) == np.float64


@pytest.mark.parametrize(
    ("kind", "preconditioner", "package", "tolerance"),
    [("preonly", "lu", "mumps", DIRECT), ("gmres", "hypre", "boomeramg", TOLERANCE)],
)
def test_solvers_solve(kind: str, preconditioner: str, package: str, tolerance: float) -> None:
    """Reaction and diffusion on a square shared by all processes."""
    domain = mesh.create_unit_square(MPI.COMM_WORLD, 16, 16)
    space = fem.functionspace(domain, ("Lagrange", 1))
    u, v = ufl.TrialFunction(space), ufl.TestFunction(space)
    matrix = assemble_matrix(fem.form((ufl.inner(ufl.grad(u), ufl.grad(v)) + u * v) * ufl.dx))
    matrix.assemble()
    solver: Any = PETSc.KSP().create(MPI.COMM_WORLD)
    solver.setOperators(matrix)
    solver.setType(kind)
    solver.getPC().setType(preconditioner)
    if preconditioner == "lu":
        solver.getPC().setFactorSolverType(package)
    else:
        solver.getPC().setHYPREType(package)
        # From the right, so that it stops on the true residual.
        solver.setPCSide(PETSc.PC.Side.RIGHT)
    solver.setTolerances(rtol=tolerance / 100)
    x, b = matrix.createVecs()
    b.set(1.0)
    solver.solve(b, x)
    residual = b.duplicate()
    matrix.mult(x, residual)
    residual.axpy(-1.0, b)
    assert residual.norm() <= tolerance * b.norm()
