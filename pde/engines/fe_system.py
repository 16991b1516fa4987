"""An assembled problem of finite elements: a list of (scalar matrix) x (field matrix) and what can be asked of it.

The operator is never assembled as one coupled matrix. Engines differ in who integrates the scalar matrices and in who
holds which cells; this is the rest. Loads, functionals and `apply` are in SI (A, or A/m and A/m^2 in two and one
dimensions); states are in the units of the unknowns. Internally lengths are in units near the mean cell size and
components are scaled by their conduction, both by powers of two, so that what the linear solver sees is of order one
whatever the units.
"""

from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hanle.meshes.tagged import IntArray
from hanle.pde.engines import fe_samples
from hanle.pde.engines.contract import Entry, FaceSamples, Part, Samples, Subsystem
from hanle.pde.engines.fe_constraints import Constraints
from hanle.pde.engines.fe_faces import face_terms
from hanle.pde.engines.fe_gauge import reached, require_levels
from hanle.pde.engines.fe_globals import global_terms
from hanle.pde.engines.fe_ledger import face_flux, ledger
from hanle.pde.engines.fe_linear import Assembled, merged, subsystem
from hanle.pde.engines.fe_numbering import Numbering
from hanle.pde.engines.fe_scalars import Scalars
from hanle.pde.engines.fe_terms import Load, Operator, Terms, region_terms
from hanle.pde.engines.fe_unknowns import Unknowns
from hanle.pde.errors import InputError
from hanle.pde.problem import Problem
from hanle.pde.tensors import Array


def collected(problem: Problem, numbering: Numbering, scalars: Scalars, unknowns: Unknowns) -> Terms:
    """The terms of all laws of a problem."""
    terms = Terms([], [], [], [])
    with scalars.together():
        for region in problem.regions:
            terms.extend(region_terms(problem, numbering, scalars, region))
    for face in problem.faces:
        terms.extend(face_terms(problem, numbering, scalars, face))
    terms.extend(global_terms(problem, numbering, unknowns))
    return terms


class System:
    """An assembled problem, see `contract.System`.

    Attributes:
        problem: with the laws of this process's cells.
        numbering: entries of the block vectors x of this process.
        terms: this process's part of the operator and of the loads.
        coarse: for each block an M-matrix for multigrid, of this process's cells.
        unknowns: x = T y; states are y.

    Args:
        whole: problem and numbering of all cells, where this process has a part of them.
    """

    batch = 1

    def __init__(
        self,
        problem: Problem,
        numbering: Numbering,
        scalars: Scalars,
        terms: Terms,
        coarse: tuple[sp.csr_matrix, ...],
        unknowns: Unknowns,
        prescribed: Constraints,
        whole: tuple[Problem, Numbering] | None = None,
    ) -> None:
        self.problem = problem
        self.numbering = numbering
        self.scalars = scalars
        self.terms = terms
        self.coarse = coarse
        self._unknowns = unknowns
        self.processes = unknowns.processes
        self._constraints = prescribed
        self._whole = whole or (problem, numbering)
        self._merged: dict[Part, list[Operator]] = {}

    @property
    def size(self) -> int:
        return self._unknowns.size

    @property
    def unknowns(self) -> int:
        return self._unknowns.total

    @property
    def places(self) -> IntArray:
        return self._unknowns.places

    def fits(self, problem: Problem, order: int) -> bool:
        """Whether a problem has the same mesh and unknowns, so that the numbering holds for it."""
        mine = self.problem
        return (
            problem.mesh is mine.mesh
            and order == self.numbering.nodes.element.order
            and {n: b.fields for n, b in problem.regions.items()} == {n: b.fields for n, b in mine.regions.items()}
            and _tied(problem) == _tied(mine)
        )

    @cached_property
    def fixed(self) -> NDArray[np.bool_]:
        return self._unknowns.gathered(self._constraints.fixed.astype(float)) > 0.0

    def apply(self, state: Array, part: Part = Part.ALL) -> Array:
        """a(phi_i, state)."""
        source, target = self._blocks(self._spread(state)), np.zeros(self.numbering.size)
        out = self._blocks(target)
        for o in self._operators(part):
            seen = np.any(o.fields, axis=0)
            out[o.row] += (o.matrix @ source[o.col][:, seen]) @ o.fields[:, seen].T
        return self._gathered(target)

    def apply_transpose(self, state: Array, part: Part = Part.ALL) -> Array:
        """a(state, phi_i)."""
        source, target = self._blocks(self._spread(state)), np.zeros(self.numbering.size)
        out = self._blocks(target)
        for o in self._operators(part):
            seen = np.any(o.fields, axis=0)
            out[o.col][:, seen] += o.matrix.T @ (source[o.row] @ o.fields[:, seen])
        return self._gathered(target)

    def gradient_load(self, drive: str, part: Part = Part.ALL) -> Array:
        """a(phi_i, g)."""
        self.problem.gradient(drive)
        return self._sum(self.terms.loads, lambda load: load.drive == drive and load.place.within(part))

    def gradient_functional(self, drive: str, part: Part = Part.ALL) -> Array:
        """a(g, phi_i)."""
        self.problem.gradient(drive)
        return self._sum(self.terms.functionals, lambda load: load.drive == drive and load.place.within(part))

    def gradient_pair(self, test: str, trial: str, part: Part = Part.ALL) -> Array:
        """a(g_test, g_trial), shape (1,)."""
        self.problem.gradient(test), self.problem.gradient(trial)
        return self._pairs(test, trial, part)

    def source_load(self) -> Array:
        """Right-hand side of all sources."""
        return self._sum(self.terms.loads, lambda load: not load.drive)

    def source_functional(self, drive: str) -> Array:
        """Flux along the axis of `drive` from the sources S and k alone, shape (1,)."""
        self.problem.gradient(drive)
        return self._pairs(drive, "", Part.ALL)

    def terminal_vector(self, name: str) -> Array:
        """1 on the unknowns of a terminal."""
        terminal = self.problem.terminals[name]
        entries = self.numbering.on_faces(terminal.faces, *terminal.components)
        return self._unknowns.marked(entries, self.numbering.size).astype(float)

    def constant(self, component: str) -> Array:
        """1 on every unknown of a component."""
        found = np.zeros(self.numbering.size)
        for block, view in zip(self.numbering.blocks, self._blocks(found), strict=True):
            if component in block.fields.components:
                view[:, block.fields.components.index(component)] = 1.0
        return np.asarray(self._gathered(found) > 0.0, dtype=float)

    def given_vector(self) -> Array:
        """The values that face laws prescribe."""
        held = np.zeros(self.numbering.size)
        for name, entries in self._constraints.owners.items():
            if name not in self.problem.terminals:
                held[entries] = 1.0
        count = self._gathered(held)
        return self._gathered(held * self._constraints.given) / np.maximum(count, 1.0)

    def subsystem(self, part: Part) -> Subsystem:
        """See `contract.System.subsystem`; REFERENCE keeps the components that terminals and gradients reach.

        Raises:
            InputError: of the whole, a level that nothing holds.
        """
        if part is Part.ALL:
            require_levels(*self._whole)
        blocks = self.numbering.blocks
        kept = [np.ones(b.fields.size, dtype=bool) for b in blocks]
        if part is Part.REFERENCE:
            start = [c for t in self.problem.terminals.values() for c in t.components]
            start += [g.component for g in self.problem.gradients]
            kept = reached(self.numbering, self._operators(part), start, self.processes)
        closed = self._spread(self.fixed.astype(float)) > 0.0
        given = Assembled(self.problem, self.numbering, self.terms.operators, closed, self._unknowns, self.coarse)
        return subsystem(given, part, kept)

    def samples(
        self, region: str, state: Array, gradients: Mapping[str, Array | float], rule: str = "gauss"
    ) -> Samples:
        """See `contract.System.samples`."""
        return fe_samples.region_samples(self.problem, self.numbering, self._spread(state), region, gradients, rule)

    def face_samples(self, face: str, state: Array, gradients: Mapping[str, Array | float]) -> FaceSamples:
        """See `contract.System.face_samples`."""
        own = fe_samples.face_samples(self.problem, self.numbering, self._spread(state), face, gradients)
        total = self.processes.total
        parts = (own.points, own.weights, own.normals, own.traces, own.gradients)
        return FaceSamples(*(total(part) for part in parts))

    def face_flux(self, face: str, region: str, state: Array, gradients: Mapping[str, Array | float]) -> Array:
        """See `contract.System.face_flux`."""
        amplitudes = {g.name: fe_samples.amplitude(gradients, g.name) for g in self.problem.gradients}
        own = face_flux(self.numbering, self.terms, face, region, self._spread(state), amplitudes)
        return np.asarray(self.processes.total(own))[None]

    def evaluate(self, region: str, state: Array, points: Array) -> Array:
        """Values (1, n, N) at points (n, 3) inside a region; InputError for a point outside."""
        found, values = fe_samples.point_values(self.numbering, self._spread(state), region, points)
        count = self.processes.total(found)
        if not np.all(count):
            lost = np.asarray(points)[np.argmin(count)].tolist()
            raise InputError("points", f"inside {region}", lost, "coordinates in metres")
        return np.asarray(self.processes.total(values) / count[:, None])[None]

    def vertex_values(self, region: str, state: Array, own: bool = False) -> tuple[Array, IntArray, Array]:
        """See `contract.System.vertex_values`; middles of second order cells are left out."""
        x, cells = self._spread(state), self.numbering.cells_of
        if own or self.processes.size == 1:
            return fe_samples.vertex_values(self.numbering, x, region, fe_samples.known(cells, region))
        return fe_samples.all_vertex_values(self.numbering, x, region, self.processes)

    def ledger(self, state: Array, gradients: Mapping[str, Array | float]) -> tuple[Entry, ...]:
        """See `contract.System.ledger`; given values count as terminals named after their face."""
        amplitudes = {g.name: fe_samples.amplitude(gradients, g.name) for g in self.problem.gradients}
        owners = self._constraints.owners
        return ledger(self.numbering, self.terms, owners, self._unknowns, self._spread(state), amplitudes)

    def average(self, face: str, component: str, state: Array) -> Array:
        """Mean of a component over the part of a face whose minus side carries it, shape (1,)."""
        own = fe_samples.face_integral(self.numbering, self._spread(state), face, component)
        total, area = self.processes.total(own)
        if area == 0.0:
            raise InputError(f"face {face}", f"next to a region with {component}", "none")
        return np.array([total / area])

    def _operators(self, part: Part) -> list[Operator]:
        if part not in self._merged:
            self._merged[part] = merged(self.terms.operators, part)
        return self._merged[part]

    def _blocks(self, x: Array) -> list[Array]:
        return self.numbering.views(x)

    def _pairs(self, test: str, trial: str, part: Part) -> Array:
        values = (p.value for p in self.terms.pairs if (p.test, p.trial) == (test, trial) and p.place.within(part))
        return self.processes.total([sum(values)])

    def _spread(self, state: Array) -> Array:
        return self._unknowns.spread(state)

    def _gathered(self, x: Array) -> Array:
        return self._unknowns.gathered(x)

    def _sum(self, loads: list[Load], wanted: Callable[[Load], bool]) -> Array:
        total = np.zeros(self.numbering.size)
        views = self._blocks(total)
        for load in loads:
            if wanted(load):
                views[load.block] += np.multiply.outer(load.vector, load.fields)
        return self._gathered(total)


def _tied(problem: Problem) -> dict[str, tuple[str, ...]]:
    return {name: face.law.tie for name, face in problem.faces.items() if face.law.tie}
