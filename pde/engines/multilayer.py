"""The exact engine for stacks: uniform layers along one axis, any fields, a batch of stacks at once.

The unknowns are the traces of the fields at the faces of the layers. Between them every layer is solved exactly, and
operator, loads, functionals and pairs are what remains after that elimination; so the response they give is exact to
rounding, for layers of 1e-3 or of 1e3 decay lengths alike.

Sources (S, F, g, k) belong to the state: samples, values and balances of a state include what they make inside.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hanle.pde.engines.contract import Entry, FaceSamples, Part, Samples, Subsystem, System
from hanle.pde.engines.layer import FaceValue
from hanle.pde.engines.stack_chains import chains_of, floating_of
from hanle.pde.engines.stack_ledger import face_samples, ledger
from hanle.pde.engines.stack_model import StackModel, model_of, require_levels
from hanle.pde.engines.stack_samples import face_flux, sample, values_at, vertices
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.linear.tridiagonal import Chain, Tridiagonal, TridiagonalSystem
from hanle.pde.problem import Problem
from hanle.pde.processes import ALONE, Processes
from hanle.pde.tensors import Array, IntArray


@dataclass(frozen=True)
class Multilayer:
    """Engine for `Layers` and for line meshes with contiguous regions; linear, steady, batched."""

    name: str = "multilayer"
    batched: bool = True

    def assemble(self, problem: Problem, previous: System | None = None) -> "StackSystem":
        """Assemble; layers of `previous` with the same law object and equal thickness are taken over.

        Raises:
            UnsupportedError: lateral structure, coefficients that vary inside a layer, nonlinear laws.
            InputError: batch sizes that do not fit together, a field without conduction across its layer.
        """
        return StackSystem(model_of(problem, previous.model if isinstance(previous, StackSystem) else None))

    def default_solver(self, system: System) -> Tridiagonal:
        """Block elimination along the stack."""
        return Tridiagonal()


@dataclass(frozen=True, eq=False)
class StackSystem:
    """An assembled stack; see `contract.System`. States have shape (batch, size); (size,) is accepted."""

    model: StackModel
    processes: Processes = ALONE

    @property
    def problem(self) -> Problem:
        """What was assembled."""
        return self.model.problem

    @property
    def batch(self) -> int:
        """Number of stacks."""
        return self.model.batch

    @property
    def size(self) -> int:
        """Number of unknowns of one stack."""
        return self.model.numbering.size

    @property
    def unknowns(self) -> int:
        """The same: one process holds them all."""
        return self.size

    @property
    def places(self) -> IntArray:
        """(size,) where they stand: each at its own number."""
        return np.arange(self.size)

    @property
    def fixed(self) -> NDArray[np.bool_]:
        """(size,) unknowns of terminals and given values."""
        return self.model.fixed

    @cached_property
    def whole(self) -> tuple[Chain, ...]:
        """The operator."""
        return chains_of(self.model, Part.ALL)

    @cached_property
    def reference(self) -> tuple[Chain, ...]:
        """The operator without perturbative terms."""
        return chains_of(self.model, Part.REFERENCE)

    @cached_property
    def perturbative(self) -> tuple[Chain, ...]:
        """Their difference; exactly linear in the perturbative terms where the law is."""
        return chains_of(self.model, Part.PERTURBATIVE)

    def chains(self, part: Part) -> tuple[Chain, ...]:
        """The operator of a part."""
        if part is Part.ALL:
            return self.whole
        return self.reference if part is Part.REFERENCE else self.perturbative

    def apply(self, state: Array, part: Part = Part.ALL) -> Array:
        """a(phi_i, state)."""
        x = self._state(state)
        result = np.zeros(x.shape)
        for chain in self.chains(part):
            result[:, chain.span] = chain.apply(x[:, chain.span])[0]
        return result

    def apply_transpose(self, state: Array, part: Part = Part.ALL) -> Array:
        """a(state, phi_i)."""
        x = self._state(state)
        result = np.zeros(x.shape)
        for chain in self.chains(part):
            result[:, chain.span] = chain.apply_transpose(x[:, chain.span])
        return result

    def gradient_load(self, drive: str, part: Part = Part.ALL) -> Array:
        """a(phi_i, g)."""
        g = self.problem.gradient(drive)
        load = self._zero()
        for k, layer in self.model.layers.items():
            component = self.model.driven(k, g)
            if component is not None:
                self._add_ends(load, k, layer.ends(layer.gradient(component, g.direction), part))
        return self._add(load, (entry for face in self.model.faces.values() for entry in face.load(g, part)))

    def gradient_functional(self, drive: str, part: Part = Part.ALL) -> Array:
        """a(g, phi_i)."""
        g = self.problem.gradient(drive)
        functional = self._zero()
        for k, layer in self.model.layers.items():
            component = self.model.driven(k, g)
            if component is not None:
                self._add_ends(functional, k, layer.collected(component, g.direction, part))
        return self._add(functional, (e for face in self.model.faces.values() for e in face.collected(g, part)))

    def gradient_pair(self, test: str, trial: str, part: Part = Part.ALL) -> Array:
        """a(g_test, g_trial), shape (batch,)."""
        g, h = self.problem.gradient(test), self.problem.gradient(trial)
        i, j = g.direction, h.direction
        total = np.zeros(self.batch)
        for k, layer in self.model.layers.items():
            a, b = self.model.driven(k, g), self.model.driven(k, h)
            if a is not None and b is not None:
                total += layer.direct(a, i, layer.gradient(b, j), layer.along(a, i, b, j, part), part)
        for face in self.model.faces.values():
            total += face.direct(g, h, part)
        return total

    def source_load(self) -> Array:
        """Right-hand side of all sources."""
        load = self._zero()
        for k, layer in self.model.layers.items():
            if layer.bulk.S or layer.bulk.F:
                self._add_ends(load, k, layer.ends(layer.sources(), Part.ALL))
        load = -load
        sources = {
            name: np.full(1, g.source) for name, g in zip(self.model.globals, self.problem.globals, strict=True)
        }
        load = self._add(load, ((self.model.globals[name], value) for name, value in sources.items()))
        return self._add(load, (entry for face in self.model.faces.values() for entry in face.sources()))

    def source_functional(self, drive: str) -> Array:
        """Flux along the axis of `drive` from the sources alone, shape (batch,)."""
        g = self.problem.gradient(drive)
        axis = g.direction
        total = np.zeros(self.batch)
        for k, layer in self.model.layers.items():
            component = self.model.driven(k, g)
            if component is not None and (layer.bulk.S or layer.bulk.F):
                emitted = layer.emitted(component, axis)
                total += layer.direct(component, axis, layer.sources(), emitted, Part.ALL)
        for face in self.model.faces.values():
            total += face.emitted(g)
        return total

    def terminal_vector(self, name: str) -> Array:
        """1 on the unknowns of a terminal."""
        if name not in self.model.terminals:
            raise unknown_name("terminal", name, self.model.terminals)
        vector = self._zero()
        vector[:, self.model.terminals[name]] = 1.0
        return vector

    def constant(self, component: str) -> Array:
        """1 on every unknown of a component."""
        vector = self._zero()
        for k in self.model.layers:
            column = self.model.component(k, component)
            if column is not None:
                for side in (0, 1):
                    vector[:, self.model.numbering.traces[k, side][column]] = 1.0
        return vector

    def given_vector(self) -> Array:
        """The values that face laws prescribe."""
        vector = self._zero()
        for _, unknown, value in self.model.given:
            vector[:, unknown] = value
        return vector

    def subsystem(self, part: Part) -> Subsystem:
        """The whole or the reference part; its vectors are the states themselves.

        Raises:
            InputError: of the whole, a level that nothing holds.
        """
        if part is Part.ALL:
            require_levels(self.problem)
        if part is Part.PERTURBATIVE:
            raise InputError(
                "part", "the whole or the reference part (the perturbative one is singular)", part.value
            )
        floating = floating_of(self.model)
        linear = TridiagonalSystem(self.size, self.batch, self.fixed, self.chains(part), floating)
        return Subsystem(linear, lambda vector: vector, lambda vector: vector)

    def samples(
        self, region: str, state: Array, gradients: Mapping[str, Array | float], rule: str = "gauss"
    ) -> Samples:
        """See `contract.System.samples`."""
        return sample(self.model, self._layer(region), self._state(state), gradients, rule)

    def face_samples(self, face: str, state: Array, gradients: Mapping[str, Array | float]) -> FaceSamples:
        """See `contract.System.face_samples`."""
        if face not in self.model.faces:
            raise unknown_name("face with a law", face, self.model.faces)
        return face_samples(self.model, face, self._state(state), gradients)

    def face_flux(self, face: str, region: str, state: Array, gradients: Mapping[str, Array | float]) -> Array:
        """See `contract.System.face_flux`."""
        return face_flux(self.model, face, self._layer(region), self._state(state), gradients)

    def evaluate(self, region: str, state: Array, points: Array) -> Array:
        """Values (batch, n, N) at points (n, 3); InputError for a point outside the layer."""
        return values_at(self.model, self._layer(region), self._state(state), points)

    def vertex_values(self, region: str, state: Array, own: bool = False) -> tuple[Array, IntArray, Array]:
        """See `contract.System.vertex_values`."""
        return vertices(self.model, self._layer(region), self._state(state))

    def ledger(self, state: Array, gradients: Mapping[str, Array | float]) -> tuple[Entry, ...]:
        """See `contract.System.ledger`."""
        x = self._state(state)
        residual = self.apply(x) - self.source_load()
        for name, amplitude in gradients.items():
            residual = residual + np.reshape(amplitude, (-1, 1)) * self.gradient_load(name)
        return ledger(self.model, x, gradients, residual)

    def average(self, face: str, component: str, state: Array) -> Array:
        """The component on a face that has it on one side, shape (batch,)."""
        return self._state(state)[:, self.model.unknown("face", face, component)]

    def _layer(self, region: str) -> int:
        known = {layer.name: k for k, layer in self.model.layers.items()}
        if region not in known:
            raise unknown_name("region", region, known)
        return known[region]

    def _zero(self) -> Array:
        return np.zeros((self.batch, self.size))

    def _state(self, state: Array) -> Array:
        """A state as (batch, size)."""
        x = np.atleast_2d(np.asarray(state, dtype=float))
        return x if len(x) >= self.batch else np.repeat(x, self.batch, axis=0)

    def _add_ends(self, vector: Array, layer: int, ends: Iterable[FaceValue]) -> None:
        traces = self.model.traces(layer)
        for side, component, value in ends:
            vector[:, traces[side][component]] += value

    def _add(self, vector: Array, entries: Iterable[tuple[int, Array]]) -> Array:
        for unknown, value in entries:
            vector[:, unknown] += value
        return vector
