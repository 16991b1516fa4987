"""Levels that nothing holds, found before a solve: temperatures without a bath.

Components of one level that exchange with each other, in bodies that pass them on to each other, can all rise by a
constant: a sink in one of them, a face to surroundings or a prescribed value must keep them. Otherwise the equations
have no unique answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from hanle.pde.coefficients import Coefficient, FaceLaw
from hanle.pde.errors import InputError
from hanle.pde.fields import FieldSet
from hanle.pde.problem import MINUS, Face, Problem

#: Part of its terms below which a sum of coefficients is zero.
ROUNDING = 1e-12

#: (body, component).
Vertex = tuple[int, str]


@dataclass(frozen=True)
class Meeting:
    """Bodies at a named face: "minus" and, at an interface, "plus" -> number of the body."""

    face: str
    bodies: Mapping[str, int]


def require_held(problem: Problem, bodies: Mapping[str, Iterable[int]], meetings: Sequence[Meeting]) -> None:
    """Refuse a problem with a level that nothing holds.

    Args:
        bodies: region -> numbers of its connected bodies; one body may reach over several regions.
        meetings: the bodies that meet at faces, and those at outer faces.

    Raises:
        InputError: it names the components, the regions and the cure.
    """
    links = _Links()
    for region, found in bodies.items():
        law = problem.regions[region]
        for body in found:
            columns = _columns(law.fields, body)
            links.known |= {v for v in columns if v is not None}
            links.add(law.R, columns)
    for meeting in meetings:
        _add_meeting(links, problem, meeting)
    for item in problem.globals:
        _add_global(links, item.faces, item.component, bool(item.admittance), meetings)
    free = links.free()
    if free:
        names = ", ".join(sorted({component for _, component in free}))
        regions = [r for r, found in bodies.items() if {b for b, _ in free} & set(found)]
        raise InputError(
            f"{names} in {', '.join(regions)}",
            "held somewhere",
            "nothing that fixes its level",
            "give one of these bodies a heat contact or a heat sink: a terminal, a given value, or an outer face with a"
            " conductance to its surroundings",
        )


@dataclass
class _Links:
    """What holds vertices, and what makes them rise together."""

    known: set[Vertex] = field(default_factory=set)
    held: set[Vertex] = field(default_factory=set)
    bonds: list[tuple[Vertex, Vertex]] = field(default_factory=list)

    def add(self, coefficient: Coefficient, columns: Sequence[Vertex | None]) -> None:
        """Terms that act on values: a row whose entries do not cancel holds, entries off the diagonal bind."""
        places = [k for k, v in enumerate(columns) if v is not None]
        total, size = np.zeros((1, 1, 1, len(places))), np.zeros((1, 1, 1, len(places)))
        for t in coefficient:
            fields = float(t.spatial) * t.fields[np.ix_(places, places)]
            total = total + t.weight[..., None] * fields.sum(axis=1)
            size = size + np.abs(t.weight)[..., None] * np.abs(fields).sum(axis=1)
            if np.any(t.weight):
                pairs = ((columns[places[i]], columns[places[j]]) for i, j in np.argwhere(fields))
                self.bonds += [(a, b) for a, b in pairs if a is not None and b is not None]
        lost = np.any(np.abs(total) > ROUNDING * size, axis=(0, 1, 2))
        self.held |= {v for k, v in enumerate(columns) if v is not None and lost[places.index(k)]}

    def free(self) -> set[Vertex]:
        """The vertices of one set that nothing holds; empty if there is none."""
        order = sorted(self.known)
        place = {v: k for k, v in enumerate(order)}
        pairs = [(place[a], place[b]) for a, b in self.bonds if a in place and b in place]
        rows, columns = np.array(pairs, dtype=int).reshape(-1, 2).T
        graph = sp.coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(order),) * 2)
        count, label = connected_components(graph, directed=False)
        kept = {int(label[place[v]]) for v in self.held if v in place}
        for k in range(count):
            if k not in kept:
                return {v for v in order if label[place[v]] == k}
        return set()


def _columns(fields: FieldSet, body: int | None) -> list[Vertex | None]:
    """For each component the vertex it is, None where it has no level or the body is not there."""
    return [
        (body, component) if f.level and body is not None else None
        for f in fields.fields
        for component in f.components
    ]


def _add_meeting(links: _Links, problem: Problem, meeting: Meeting) -> None:
    outer = meeting.bodies.get(MINUS)
    for terminal in problem.terminals.values():
        if outer is not None and meeting.face in terminal.faces:
            links.held |= {(outer, component) for component in terminal.components}
    face = problem.faces.get(meeting.face)
    if face is not None:
        _add_face(links, face, meeting.bodies)


def _add_face(links: _Links, face: Face, bodies: Mapping[str, int]) -> None:
    law: FaceLaw = face.law
    columns = [v for side in law.sides for v in _columns(side.fields, bodies.get(face.sides.get(side.role, "")))]
    links.add(law.G, columns)
    links.held |= {v for v in columns if v is not None and v[1] in law.given}
    for name in law.tie:
        links.bonds += pairwise((body, name) for body in bodies.values())


def _add_global(
    links: _Links, faces: Sequence[str], component: str, holds: bool, meetings: Sequence[Meeting]
) -> None:
    found = [(m.bodies[MINUS], component) for m in meetings if m.face in faces and MINUS in m.bodies]
    links.bonds += pairwise(found)
    if holds:
        links.held |= set(found)
