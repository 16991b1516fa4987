"""Finite elements on lines, triangles, quadrilaterals, tetrahedra and hexahedra, first or second order.

Shape functions are continuous Lagrange polynomials; the operator is a list of (scalar matrix) x (field matrix) and is
never assembled as one coupled matrix. Integrals use Gauss rules that are exact for products of two shape functions on
straight cells: two points per direction in first order, three in second; on triangles and tetrahedra the rules of
scikit-fem of degree 2 and 4. Weights of terms may be given per cell or at these points.

Loads, functionals and `apply` are in SI (A, or A/m and A/m^2 in two and one dimensions); states are in the units of
the unknowns. Internally lengths are in units near the mean cell size and components are scaled by their conduction,
both by powers of two, so that what the linear solver sees is of order one whatever the units.
"""

from dataclasses import dataclass
from typing import Any

from hanle.meshes.tagged import TaggedMesh
from hanle.pde.engines.contract import System as AnySystem
from hanle.pde.engines.fe_coarsening import coarsening
from hanle.pde.engines.fe_constraints import constraints
from hanle.pde.engines.fe_nodes import nodes_of
from hanle.pde.engines.fe_numbering import number, ties
from hanle.pde.engines.fe_scalars import Scalars
from hanle.pde.engines.fe_system import System, collected
from hanle.pde.engines.fe_unknowns import alone
from hanle.pde.errors import InputError, UnsupportedError
from hanle.pde.problem import Problem


@dataclass(frozen=True)
class Scikit:
    """The finite element engine.

    Attributes:
        order: 1 or 2, polynomial order of the shape functions.
    """

    order: int = 1
    name: str = "scikit"
    batched: bool = False

    def __post_init__(self) -> None:
        if self.order not in (1, 2):
            raise InputError("order", "1 or 2", self.order)

    def assemble(self, problem: Problem, previous: AnySystem | None = None) -> "System":
        """Assemble a problem on a TaggedMesh.

        Args:
            previous: an earlier system; its numbering and the scalar matrices with equal mesh, weights and spatial
                part are used again.

        Raises:
            UnsupportedError: a batch, a mesh of layers, a law that is not linear.
            InputError: contacts that touch, weights of a wrong shape, a region without cells.
        """
        if not isinstance(problem.mesh, TaggedMesh):
            raise UnsupportedError("the engine scikit needs a mesh of cells; use the engine multilayer for layers")
        problem.require_linear()
        earlier = previous if isinstance(previous, System) and previous.fits(problem, self.order) else None
        numbering = earlier.numbering if earlier else number(problem, nodes_of(problem.mesh, self.order))
        unknowns = alone(numbering.size, ties(problem, numbering))
        scalars = Scalars(numbering, earlier.scalars if earlier else None)
        terms = collected(problem, numbering, scalars, unknowns)
        coarse = tuple(coarsening(problem, numbering, scalars, k) for k in range(len(numbering.blocks)))
        scalars.previous = None
        return System(problem, numbering, scalars, terms, coarse, unknowns, constraints(problem, numbering))

    def default_solver(self, system: AnySystem) -> Any:
        """Direct for small systems, multigrid for large ones."""
        from hanle.pde.linear.choose import solver

        return solver("auto")
