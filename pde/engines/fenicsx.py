"""Finite elements with dolfinx, PETSc and MPI: the same problems as `scikit`, on as many processes as there are.

Every process builds the same Problem. dolfinx shares out the cells, numbers the degrees of freedom and integrates the
matrices of regions from UFL forms (`fenicsx_forms`); the linear solvers are PETSc's. What laws mean, and what can be
asked of a solution, is that of every finite element engine (`fe_system`): shape functions, quadrature points and the
numbers of cells agree with `scikit`. States hold the unknowns that this process owns.

Needs fenics-dolfinx 0.9 to 0.11 with PETSc for real numbers; `hanle doctor` says how to get them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from mpi4py import MPI

from hanle.meshes.partition import bisected
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.engines.contract import System as AnySystem
from hanle.pde.engines.fe_coarsening import coarsening
from hanle.pde.engines.fe_constraints import constraints
from hanle.pde.engines.fe_nodes import nodes_of
from hanle.pde.engines.fe_numbering import number, ties
from hanle.pde.engines.fe_scalars import Scalars
from hanle.pde.engines.fe_system import System, collected
from hanle.pde.engines.fenicsx_forms import Forms, Held
from hanle.pde.engines.fenicsx_mesh import Partitioner, distribute
from hanle.pde.engines.fenicsx_part import local_laws, part_of, prescribed, shared_unknowns
from hanle.pde.errors import InputError, UnsupportedError
from hanle.pde.problem import Problem
from hanle.pde.processes import Processes


@dataclass(frozen=True)
class Fenicsx:
    """The finite element engine on MPI processes.

    Attributes:
        order: 1 or 2, polynomial order of the shape functions.
        comm: an MPI communicator of mpi4py; all processes of the program if None.
        partitioner: who owns which cell, see `fenicsx_mesh.Partitioner`.
    """

    order: int = 1
    comm: Any = None
    partitioner: Partitioner = bisected
    name: str = "fenicsx"
    batched: bool = False

    def __post_init__(self) -> None:
        if self.order not in (1, 2):
            raise InputError("order", "1 or 2", self.order)

    def assemble(self, problem: Problem, previous: AnySystem | None = None) -> System:
        """Assemble a problem on a TaggedMesh that every process holds.

        Args:
            previous: an earlier system; its distribution, numbering and the scalar matrices with equal mesh, weights
                and spatial part are used again.

        Raises:
            UnsupportedError: no dolfinx, a batch, a mesh of layers, a law that is not linear.
            InputError: contacts that touch, weights of a wrong shape, a region without cells.
        """
        if not isinstance(problem.mesh, TaggedMesh):
            raise UnsupportedError("the engine fenicsx needs a mesh of cells; use the engine multilayer for layers")
        problem.require_linear()
        processes = Processes(self._communicator())
        earlier = previous if isinstance(previous, System) and previous.fits(problem, self.order) else None
        forms = earlier.scalars.integrals if earlier else None
        if not isinstance(forms, Forms):
            earlier, forms = None, Forms(self._held(problem, problem.mesh, processes))
        whole, part = forms.held.whole, forms.held.part
        tied = ties(problem, whole)
        unknowns = shared_unknowns(whole, part.entry, tied, processes)
        mine = local_laws(problem, part.numbering)
        scalars = Scalars(part.numbering, earlier.scalars if earlier else None, forms)
        forms.prepare(mine, scalars)
        terms = collected(mine, part.numbering, scalars, unknowns)
        coarse = tuple(coarsening(mine, part.numbering, scalars, k) for k in range(len(whole.blocks)))
        scalars.previous = None
        held = prescribed(constraints(problem, whole), part.entry, whole.size)
        return System(mine, part.numbering, scalars, terms, coarse, unknowns, held, (problem, whole))

    def default_solver(self, system: AnySystem) -> Any:
        """MUMPS for small systems, the field-split preconditioner for large ones."""
        from hanle.pde.linear.parallel import solver

        return solver("auto")

    def _communicator(self) -> Any:
        return MPI.COMM_WORLD if self.comm is None else self.comm

    def _held(self, problem: Problem, mesh: TaggedMesh, processes: Processes) -> Held:
        nodes = nodes_of(mesh, self.order)
        whole = number(problem, nodes)
        distributed = distribute(nodes, processes.comm, self.partitioner)
        return Held(distributed, whole, part_of(whole, np.sort(distributed.cells)))
