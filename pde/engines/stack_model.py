"""A problem read as a stack: layers, faces and unknowns together, before anything is solved."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hanle.pde.coefficients import Bulk, FaceLaw
from hanle.pde.engines.contract import Part
from hanle.pde.engines.held import Meeting, require_held
from hanle.pde.engines.layer import Layer
from hanle.pde.engines.stack import Numbering, Stack, Trace, component_trace, law_traces, number, stack_of
from hanle.pde.engines.stack_face import StackFace
from hanle.pde.engines.tables import common_batch, nonzero, uniform
from hanle.pde.errors import InputError
from hanle.pde.problem import MINUS, PLUS, Gradient, Problem
from hanle.pde.tensors import Array, IntArray


@dataclass(frozen=True, eq=False)
class StackModel:
    """A problem on a stack.

    Attributes:
        batch: size of the batch (1 if nothing varies).
        stack, numbering: geometry and unknowns.
        layers: number of the layer -> layer, those with unknowns only.
        faces: name -> face law.
    """

    problem: Problem
    batch: int
    stack: Stack
    numbering: Numbering
    layers: Mapping[int, Layer]
    faces: Mapping[str, StackFace]

    @cached_property
    def terminals(self) -> dict[str, IntArray]:
        """Terminal -> its unknowns."""
        return {
            name: np.unique(
                np.concatenate(
                    [
                        self._unknowns(f"terminals.{name}", t.faces, t.component),
                        *(self._carried(t.faces, component) for component in t.also),
                    ]
                )
            )
            for name, t in self.problem.terminals.items()
        }

    @cached_property
    def globals(self) -> dict[str, int]:
        """Global -> its unknown."""
        found = {g.name: self._unknowns(f"globals.{g.name}", g.faces, g.component) for g in self.problem.globals}
        return {name: int(unknowns[0]) for name, unknowns in found.items()}

    @cached_property
    def given(self) -> tuple[tuple[str, int, Array], ...]:
        """(face, unknown, value (batch or 1,)) that face laws prescribe."""
        found = []
        for name, face in self.problem.faces.items():
            for field, values in face.law.given.items():
                ends = tuple(self.stack.sides[name].values())
                fields = self.problem.fields_of(self.stack.layers.names[ends[0][0]])
                if len(ends) != 1 or field not in fields:
                    raise InputError(
                        f"faces.{name}.given", f"on an outer face of a region that carries {field}", name
                    )
                unknowns = self.numbering.traces[ends[0]][fields.slice(field)]
                values = np.atleast_2d(np.asarray(values, dtype=float))
                values = np.broadcast_to(values, (values.shape[0], unknowns.size))
                found += [(name, int(u), values[:, k]) for k, u in enumerate(unknowns)]
        return tuple(found)

    @cached_property
    def fixed(self) -> NDArray[np.bool_]:
        """(size,) unknowns of terminals and given values."""
        fixed = np.zeros(self.numbering.size, dtype=bool)
        for unknowns in self.terminals.values():
            fixed[unknowns] = True
        fixed[[u for _, u, _ in self.given]] = True
        return fixed

    def traces(self, layer: int) -> tuple[IntArray, IntArray]:
        """Unknowns of a layer at its low and at its high face."""
        return self.numbering.traces[layer, 0], self.numbering.traces[layer, 1]

    def component(self, layer: int, name: str) -> int | None:
        """Number of a component in a layer, None where the layer lacks it."""
        components = self.layers[layer].bulk.fields.components
        return components.index(name) if name in components else None

    def driven(self, layer: int, gradient: Gradient) -> int | None:
        """Number of the component of a macroscopic gradient in a layer, None where the layer does not feel it."""
        return self.component(layer, gradient.component) if gradient.reaches(self.layers[layer].name) else None

    def unknown(self, key: str, face: str, component: str) -> int:
        """The unknown of a component on a face that has it on one side only."""
        return int(self._unknowns(key, (face,), component)[0])

    def _carried(self, faces: tuple[str, ...], component: str) -> IntArray:
        """Unknowns of a component on those of some outer faces whose layer carries it."""
        names = self.stack.layers.names
        beside = {f: names[next(iter(self.stack.sides[f].values()))[0]] for f in faces}
        mine = [f for f in faces if component in self.problem.fields_of(beside[f]).components]
        return self.numbering.of(component_trace(self.problem, self.stack, "terminals", f, component) for f in mine)

    def _unknowns(self, key: str, faces: tuple[str, ...], component: str) -> IntArray:
        if not faces:
            raise InputError(key, "on at least one face", faces)
        return self.numbering.of(component_trace(self.problem, self.stack, key, f, component) for f in faces)


def model_of(problem: Problem, previous: StackModel | None) -> StackModel:
    """Read a problem as a stack; layers of `previous` with the same law and thickness are taken over.

    Raises:
        UnsupportedError: lateral structure, coefficients that vary inside a layer, nonlinear laws.
        InputError: batch sizes that do not fit together, a field without conduction across its layer.
    """
    problem.require_linear()
    stack = stack_of(problem)
    batch = _batch(problem, stack)
    layers = {}
    for k, name in enumerate(stack.layers.names):
        if problem.fields_of(name).size:
            new = Layer(name, problem.regions[name], stack.thicknesses[k], stack.axis)
            layers[k] = next((old for old in previous.layers.values() if _same(old, new)), new) if previous else new
    traces = {name: law_traces(problem, stack, name, face) for name, face in problem.faces.items()}
    numbering = number(problem, stack, _coupled(problem, layers, traces))
    names = stack.layers.names
    faces = {
        name: StackFace(name, face.law, numbering.of(traces[name]), tuple(names[k] for k, *_ in traces[name]))
        for name, face in problem.faces.items()
    }
    return StackModel(problem, batch, stack, numbering, layers, faces)


def require_levels(problem: Problem) -> None:
    """Refuse a problem with a level that nothing holds, see `held`; every layer is a body."""
    place = {name: k for k, name in enumerate(problem.regions)}
    meetings = []
    for face in problem.mesh.face_names:
        sides = zip((MINUS, PLUS), problem.mesh.face_regions(face), strict=False)
        meetings.append(Meeting(face, {side: place[region] for side, region in sides if region in place}))
    require_held(problem, {name: [k] for name, k in place.items()}, meetings)


def _coupled(problem: Problem, layers: Mapping[int, Layer], traces: Mapping[str, list[Trace]]) -> list[list[Trace]]:
    """Sets of traces that a law couples."""
    sets: list[list[Trace]] = []
    for k, layer in layers.items():
        sets += [[(k, side, c) for side in (0, 1) for c in piece] for piece in layer.couplings()]
    for name, face in problem.faces.items():
        entries = StackFace(name, face.law, np.zeros(0, dtype=np.int64), ()).conductance(Part.ALL)
        sets += [[traces[name][i], traces[name][j]] for (i, j), w in entries.items() if nonzero(w)]
    return sets


def _same(old: Layer, new: Layer) -> bool:
    return old.bulk is new.bulk and old.axis == new.axis and np.array_equal(old.thickness, new.thickness)


def _batch(problem: Problem, stack: Stack) -> int:
    """The batch size shared by thicknesses and laws."""
    batch = int(stack.layers.thickness.shape[0])
    for key, law in (
        *_keyed("region", problem.regions),
        *_keyed("face", {n: f.law for n, f in problem.faces.items()}),
    ):
        if isinstance(law, Bulk):
            coefficients = (law.A, law.B, law.S, law.R, law.W, law.F)
        else:
            coefficients = (law.G, law.Q, law.Qt, law.L, law.g, law.k)
        batch = common_batch(key, batch, uniform(key, coefficients))
    return batch


def _keyed(kind: str, laws: Mapping[str, Bulk] | Mapping[str, FaceLaw]) -> list[tuple[str, Bulk | FaceLaw]]:
    return [(f"{kind} {name}", law) for name, law in laws.items()]
