"""Geometry and numbering of a stack: layers, planes, unknowns (traces of the fields at the faces of the layers)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from hanle.meshes.layered import Layers, layers_of
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.engines.sets import Sets
from hanle.pde.errors import InputError, UnsupportedError, unknown_name
from hanle.pde.problem import MINUS, PLUS, Face, Problem
from hanle.pde.tensors import Array, IntArray

#: A face of a layer: (number of the layer, 0 for its low and 1 for its high face).
End: TypeAlias = tuple[int, int]
#: A component of a layer at one of its faces: (layer, 0 or 1, component).
Trace: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Stack:
    """Where things are.

    Attributes:
        layers: the layers.
        axis: number of the axis of the stack among x, y, z.
        origin: coordinate of the lowest face [m].
        sides: face name -> {"minus": end, "plus": end}; outer faces have a minus side only.
    """

    layers: Layers
    axis: int
    origin: float
    sides: Mapping[str, Mapping[str, End]]

    def height(self, end: End) -> float:
        """Coordinate of a face of a layer in the first member of the batch [m]."""
        layer, side = end
        return self.origin + float(self.layers.thickness[0, : layer + side].sum())

    def plane(self, face: str) -> int:
        """Number of the plane of a face, from 0 at the lowest."""
        layer, side = self.sides[face][MINUS]
        return layer + side

    def normal(self, face: str) -> float:
        """+1 where the normal (from minus to plus, outward on outer faces) points along the axis."""
        return 1.0 if self.sides[face][MINUS][1] == 1 else -1.0

    @property
    def thicknesses(self) -> tuple[Array, ...]:
        """Thickness (batch or 1,) of each layer [m]."""
        return tuple(self.layers.thickness.T)


def stack_of(problem: Problem) -> Stack:
    """The stack behind a problem on Layers or on a line mesh with contiguous regions.

    Raises:
        UnsupportedError: the mesh resolves more than one axis, or is periodic.
    """
    mesh = problem.mesh
    if isinstance(mesh, Layers):
        return Stack(mesh, "xyz".index(mesh.axis), 0.0, _layer_sides(mesh))
    if mesh.kind != "line" or mesh.periodic:
        what = "a periodic mesh" if mesh.periodic else f"a mesh of kind {mesh.kind}"
        raise UnsupportedError(
            f"{what}: the engine multilayer solves stacks of layers only - use the engine scikit"
        )
    layers = layers_of(mesh)
    return Stack(layers, mesh.axis_numbers[0], float(mesh.points.min()), _mesh_sides(mesh, layers))


def _layer_sides(layers: Layers) -> dict[str, dict[str, End]]:
    last = len(layers.names) - 1
    sides = {name: {MINUS: (k, 1), PLUS: (k + 1, 0)} for k, name in enumerate(layers.face_names[1:-1])}
    return {"bottom": {MINUS: (0, 0)}, **sides, "top": {MINUS: (last, 1)}}


def _mesh_sides(mesh: TaggedMesh, layers: Layers) -> dict[str, dict[str, End]]:
    sides = {}
    for name, facets in mesh.faces.items():
        if len(facets.nodes) != 1:
            raise InputError(f"faces.{name}", "one point of the line", len(facets.nodes))
        at = float(mesh.points[facets.nodes[0, 0], 0])
        ends = {}
        for role, cell in zip((MINUS, PLUS), facets.cells[0].tolist(), strict=True):
            if cell >= 0:
                layer = layers.names.index(mesh.regions[mesh.cell_region[cell]])
                ends[role] = (layer, int(float(mesh.points[mesh.cells[cell], 0].mean()) < at))
        sides[name] = ends
    return sides


@dataclass(frozen=True, eq=False)
class Numbering:
    """Unknowns of a stack, ordered by chain (sets of unknowns that are coupled at all), then upwards.

    Attributes:
        size: number of unknowns.
        traces: end -> (N,) unknowns of the components of the layer there.
        planes: (size,) plane of each unknown; -1 where it lies on several (a Global on both outer faces).
        chains: unknowns of each chain.
    """

    size: int
    traces: Mapping[End, IntArray]
    planes: IntArray
    chains: tuple[IntArray, ...]

    def of(self, traces: Iterable[Trace]) -> IntArray:
        """Unknowns of some traces."""
        return np.array([self.traces[layer, side][c] for layer, side, c in traces], dtype=np.int64)


def number(problem: Problem, stack: Stack, coupled: Iterable[Iterable[Trace]]) -> Numbering:
    """Number the unknowns: traces that are tied or share a Global are one; `coupled` lists sets that laws couple."""
    names = stack.layers.names
    every = [(k, side, c) for k, n in enumerate(names) for side in (0, 1) for c in range(problem.fields_of(n).size)]
    place = {trace: k for k, trace in enumerate(every)}
    same = Sets(len(every))
    for identified in (*_ties(problem, stack), *_globals(problem, stack)):
        same.join(place[t] for t in identified)
    chained = Sets(len(every))
    for k in range(len(every)):
        chained.join((k, same.find(k)))
    for group in coupled:
        chained.join(place[t] for t in group)
    return _ordered(stack, every, same.roots(), chained.roots())


def _ordered(stack: Stack, every: list[Trace], same: list[int], chained: list[int]) -> Numbering:
    planes: dict[int, set[int]] = {}
    for (layer, side, _), root in zip(every, same, strict=True):
        planes.setdefault(root, set()).add(layer + side)
    order = sorted(planes, key=lambda root: (chained[root], max(planes[root]), root))
    unknown = {root: n for n, root in enumerate(order)}
    traces: dict[End, list[int]] = {(k, side): [] for k in range(len(stack.layers.names)) for side in (0, 1)}
    for (layer, side, _), root in zip(every, same, strict=True):
        traces[layer, side].append(unknown[root])
    owner = np.array([chained[r] for r in order], dtype=np.int64)
    return Numbering(
        len(order),
        {end: np.array(numbers, dtype=np.int64) for end, numbers in traces.items()},
        np.array([min(planes[r]) if len(planes[r]) == 1 else -1 for r in order], dtype=np.int64),
        tuple(np.flatnonzero(owner == c) for c in dict.fromkeys(owner.tolist())),
    )


def field_traces(problem: Problem, stack: Stack, end: End, field: str) -> list[Trace]:
    """Traces of a field at a face of a layer."""
    span = problem.fields_of(stack.layers.names[end[0]]).slice(field)
    return [(*end, c) for c in range(span.start, span.stop)]


def law_traces(problem: Problem, stack: Stack, name: str, face: Face) -> list[Trace]:
    """The trace behind each row of a face law."""
    ends = stack.sides[name]
    return [
        trace
        for side in face.law.sides
        for field in side.fields.names
        for trace in field_traces(problem, stack, ends[face.sides[side.role]], field)
    ]


def component_trace(problem: Problem, stack: Stack, key: str, face: str, component: str) -> Trace:
    """The trace of a component on a face with that component on one side only."""
    if face not in stack.sides:
        raise unknown_name(key, face, stack.sides)
    found = [
        (*end, components.index(component))
        for end in stack.sides[face].values()
        if component in (components := problem.fields_of(stack.layers.names[end[0]]).components)
    ]
    if len(found) != 1:
        raise InputError(key, f"on faces with {component} on one side", face)
    return found[0]


def _ties(problem: Problem, stack: Stack) -> list[tuple[Trace, Trace]]:
    """Pairs of traces that a face law identifies."""
    pairs: list[tuple[Trace, Trace]] = []
    for name, face in problem.faces.items():
        for field in face.law.tie:
            ends = stack.sides[name]
            low, high = (field_traces(problem, stack, ends[role], field) for role in (MINUS, PLUS))
            pairs.extend(zip(low, high, strict=True))
    return pairs


def _globals(problem: Problem, stack: Stack) -> list[list[Trace]]:
    """Traces that share the value of a Global."""
    return [
        [component_trace(problem, stack, f"globals.{g.name}", face, g.component) for face in g.faces]
        for g in problem.globals
    ]
