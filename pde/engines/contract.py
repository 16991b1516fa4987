"""What an engine must offer. Everything physical is written once, above this contract.

An engine turns a Problem into a System: an operator a(test, trial), loads of the drives, and samples of a state
from which observables compute fluxes with the law itself. Nothing here, and nothing in an engine, knows what a
field means.

Vectors ("states") are flat arrays (size,), or (batch, size) in a batched engine. `part` selects terms of the
operator by tag: ALL = REFERENCE + PERTURBATIVE.

An engine may run on several processes. A state then holds the unknowns that this process owns, so scalar products of
states and integrals over samples are this process's part of a sum (`System.processes.total`). What returns numbers
for the device, not states or samples, returns them complete on every process; every method is collective.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hanle.pde.problem import Problem
from hanle.pde.processes import Processes
from hanle.pde.tensors import Array


class Part(Enum):
    """Terms of the operator by tag."""

    ALL = "all"
    REFERENCE = "reference"
    PERTURBATIVE = "perturbative"


@dataclass(frozen=True, eq=False)
class Samples:
    """A state at the points of a quadrature rule of one region.

    Attributes:
        points: (entities, points, 3) coordinates over x, y, z [m].
        weights: (batch or 1, entities, points); their sum is the measure (volume, or per area or length of the
            axes in which the device is invariant).
        values: (batch, entities, points, N).
        gradients: (batch, entities, points, 3, N), macroscopic gradients included.
        entities: (entities,) their numbers among the cells of the region in mesh order (one for a layer); on several
            processes each samples its own, and the weights of the laws in `System.problem` are those of the same cells.
    """

    points: Array
    weights: Array
    values: Array
    gradients: Array
    entities: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class FaceSamples:
    """A state at the points of a quadrature rule of one face with a law.

    Attributes:
        points: (facets, points, 3) [m].
        weights: (batch or 1, facets, points), area weights.
        normals: (facets, 3), from the minus to the plus side.
        traces: (batch, facets, points, rows of the law).
        gradients: (batch, facets, points, 3, rows) tangential gradients, macroscopic ones included.
    """

    points: Array
    weights: Array
    normals: Array
    traces: Array
    gradients: Array


@dataclass(frozen=True, eq=False)
class Entry:
    """One line of the balance sheet of a state.

    Attributes:
        place: region or face name.
        kind: "flux" (the A, B, S terms), "loss" (R, W, F), "face" (face law) or "terminal".
        gain: component -> (batch,) what the device gains there in total [flux unit x area]; entries of a
            component add up to zero.
        power: (batch,) what is dissipated there [flux unit x field unit x area]; terminals and macroscopic
            gradients count as negative (they deliver).
    """

    place: str
    kind: str
    gain: Mapping[str, Array]
    power: Array


@dataclass(frozen=True, eq=False)
class Subsystem:
    """A linear system for a solver, with the maps between its vectors and states."""

    linear: Any
    restrict: Callable[[Array], Array]
    extend: Callable[[Array], Array]


class System(Protocol):
    """An assembled problem."""

    @property
    def problem(self) -> Problem:
        """What was assembled; on several processes the weights of its bulk laws are those of this process's cells."""
        ...

    @property
    def processes(self) -> Processes:
        """The processes that hold it."""
        ...

    @property
    def batch(self) -> int:
        """Number of states solved at once."""
        ...

    @property
    def size(self) -> int:
        """Number of unknowns, fixed ones included; of those this process owns."""
        ...

    @property
    def unknowns(self) -> int:
        """Number of unknowns of the device, fixed ones included."""
        ...

    @property
    def places(self) -> NDArray[np.int64]:
        """(size,) where the unknowns of this process stand in a state of the same problem on one process."""
        ...

    @property
    def fixed(self) -> NDArray[np.bool_]:
        """(size,) unknowns prescribed by terminals or given values."""
        ...

    def apply(self, state: Array, part: Part = Part.ALL) -> Array:
        """a(phi_i, state) for all test functions, fixed ones included: minus the flux gained there."""
        ...

    def apply_transpose(self, state: Array, part: Part = Part.ALL) -> Array:
        """a(state, phi_i)."""
        ...

    def gradient_load(self, drive: str, part: Part = Part.ALL) -> Array:
        """a(phi_i, g) with g the macroscopic gradient `drive`."""
        ...

    def gradient_functional(self, drive: str, part: Part = Part.ALL) -> Array:
        """a(g, phi_i): the flux along the axis of g, integrated over the device, per unknown."""
        ...

    def gradient_pair(self, test: str, trial: str, part: Part = Part.ALL) -> Array:
        """a(g_test, g_trial), shape (batch,)."""
        ...

    def source_load(self) -> Array:
        """Right-hand side of the sources S, F, g, k of all laws."""
        ...

    def source_functional(self, drive: str) -> Array:
        """Flux along the axis of the macroscopic gradient `drive` from the sources S alone, shape (batch,)."""
        ...

    def terminal_vector(self, name: str) -> Array:
        """State that is 1 on the unknowns of a terminal and 0 elsewhere."""
        ...

    def constant(self, component: str) -> Array:
        """State that is 1 on every unknown of a component and 0 elsewhere."""
        ...

    def given_vector(self) -> Array:
        """State with the values that face laws prescribe (`FaceLaw.given`), 0 elsewhere."""
        ...

    def subsystem(self, part: Part) -> Subsystem:
        """What the linear solver prepares; the reference part may leave out components that no drive reaches."""
        ...

    def samples(
        self, region: str, state: Array, gradients: Mapping[str, Array | float], rule: str = "gauss"
    ) -> Samples:
        """A state in a region at Gauss points or cell centres (rule="centre").

        `gradients`: amplitudes of the macroscopic gradients by drive name.
        """
        ...

    def face_samples(self, face: str, state: Array, gradients: Mapping[str, Array | float]) -> FaceSamples:
        """A state on a face that has a law."""
        ...

    def face_flux(self, face: str, region: str, state: Array, gradients: Mapping[str, Array | float]) -> Array:
        """N.J (batch, N) integrated over a face, N out of a region beside it [flux unit x area].

        It is what the balance of the region says: exact for layers, of the order of the balance for elements. Other
        faces with a flux of their own that meet the face at an edge take part of it there.
        """
        ...

    def evaluate(self, region: str, state: Array, points: Array) -> Array:
        """Values (batch, n, N) at points (n, 3) inside a region (macroscopic gradients not included)."""
        ...

    def vertex_values(self, region: str, state: Array, own: bool = False) -> tuple[Array, NDArray[np.int64], Array]:
        """(points (n, 3), cells (c, k) into them, values (batch, n, N)) of a region, for files and pictures.

        `own`: of the cells of this process only, without any that belong to others.
        """
        ...

    def ledger(self, state: Array, gradients: Mapping[str, Array | float]) -> tuple[Entry, ...]:
        """The balance sheet of a state."""
        ...

    def average(self, face: str, component: str, state: Array) -> Array:
        """Mean of a component over a named outer face, shape (batch,)."""
        ...


class Engine(Protocol):
    """assemble(problem) -> System. Engines keep no state of their own."""

    @property
    def name(self) -> str:
        """How the user calls it."""
        ...

    @property
    def batched(self) -> bool:
        """Whether it solves a batch of problems at once."""
        ...

    def assemble(self, problem: Problem, previous: System | None = None) -> System:
        """Assemble; blocks of `previous` whose inputs are equal are reused.

        Raises UnsupportedError naming the engine to use where the problem is not modelled here.
        """
        ...

    def default_solver(self, system: System) -> Any:
        """The linear solver to use when the caller names none."""
        ...
