"""Terms of face laws: mass, mixed and stiffness matrices of facets between the four pairs of sides.

The operator takes - (G t + Q grad_t t) against the test function and + (Q' t + L grad_t t) against its tangential
gradient. Macroscopic gradients enter with their tangential part.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from hanle.pde.coefficients import Coefficient, FaceLaw, Term
from hanle.pde.engines.fe_integrals import geometry
from hanle.pde.engines.fe_nodes import Nodes
from hanle.pde.engines.fe_numbering import Numbering, Patch
from hanle.pde.engines.fe_scalars import Scalars, weight_pattern
from hanle.pde.engines.fe_terms import FACE, Load, Operator, Pair, Place, Terms, form_matrix
from hanle.pde.errors import InputError
from hanle.pde.problem import Problem
from hanle.pde.tensors import Array


@dataclass(frozen=True, eq=False)
class Rows:
    """Where the rows of a face law on one side stand.

    Attributes:
        side: "minus" or "plus".
        region: the region there.
        law: rows of the law.
        columns: components of the region's block, one per row.
    """

    side: str
    region: str
    law: slice
    columns: tuple[int, ...]


def rows_of(problem: Problem, numbering: Numbering, face: str, patch: Patch) -> tuple[Rows, ...]:
    """The sides of a patch that carry unknowns addressed by the law."""
    item, found, start = problem.faces[face], [], 0
    for side in item.law.sides:
        rows = slice(start, start + side.fields.size)
        start = rows.stop
        region = patch.regions.get(item.sides.get(side.role, ""), "")
        if side.fields.size and region in numbering.block_of:
            columns = tuple(numbering.component(region, c) for c in side.fields.components)
            found.append(Rows(item.sides[side.role], region, rows, columns))
    return tuple(found)


def face_terms(problem: Problem, numbering: Numbering, scalars: Scalars, face: str) -> Terms:
    """Terms of the law of a face."""
    terms = Terms([], [], [], [])
    for patch in numbering.patches[face]:
        _PatchTerms(problem, numbering, scalars, face, patch, terms).collect()
    return terms


def normals(nodes: Nodes, patch: Patch, points: Array) -> Array:
    """(facets, q, 3) unit normals from the minus to the plus side at reference points (q, d) of the facets."""
    corners = nodes.facet_corners(patch.nodes)
    count, n = corners.shape[0], corners.shape[2]
    if n == 1:
        normal = np.ones((count, len(points), 1))
    else:
        slopes = nodes.vertex_facet.gradients(points)
        tangents = np.einsum("cvn,qvd->cqdn", corners, slopes)
        if n == 2:
            normal = np.stack([tangents[:, :, 0, 1], -tangents[:, :, 0, 0]], axis=-1)
        else:
            normal = np.cross(tangents[:, :, 0], tangents[:, :, 1])
        normal = normal / np.linalg.norm(normal, axis=-1, keepdims=True)
    outward = corners.mean(axis=1) - nodes.corners(patch.cells).mean(axis=1)
    sign = np.sign(np.einsum("cqn,cn->cq", normal, outward))
    return nodes.mesh.points3(normal * sign[..., None])


class _PatchTerms:
    """Collects the terms of a face law on one patch."""

    def __init__(
        self, problem: Problem, numbering: Numbering, scalars: Scalars, face: str, patch: Patch, terms: Terms
    ) -> None:
        self._law: FaceLaw = problem.faces[face].law
        self._numbering, self._scalars, self._terms = numbering, scalars, terms
        self._face, self._patch = face, patch
        self._count = len(numbering.nodes.mesh.faces[face].nodes)
        self._axes = numbering.nodes.mesh.axis_numbers
        self._rows = rows_of(problem, numbering, face, patch)
        self._drives = list(self._felt(problem))

    def _felt(self, problem: Problem) -> Iterator[tuple[str, Array, int]]:
        """(drive, tangential part (facets, q, 3) of its unit vector, row of the law) of macroscopic gradients."""
        nodes = self._numbering.nodes
        for g in problem.gradients:
            for rows in self._rows:
                names = self._numbering.blocks[self._numbering.block_of[rows.region]].fields.components
                for row, column in zip(range(rows.law.start, rows.law.stop), rows.columns, strict=True):
                    if names[column] == g.component and g.reaches(rows.region):
                        normal = normals(nodes, self._patch, nodes.facet.quadrature[0])
                        k = g.direction
                        yield g.name, np.eye(3)[k] - normal * normal[..., k, None], row

    def collect(self) -> None:
        """G, Q, Q', L, then the sources g and k."""
        law = self._law
        for kind, sign, coefficient in (
            ("vv", -1.0, law.G),
            ("vg", -1.0, law.Q),
            ("gv", 1.0, law.Qt),
            ("gg", 1.0, law.L),
        ):
            for t in self._here(coefficient):
                self._operators(kind, sign, t)
        loads, functionals = self._terms.loads, self._terms.functionals
        for t in self._here(law.Q):
            for drive, slope, row in self._drives:
                loads.extend(self._vectors(drive, "v", t, -(slope @ t.spatial), t.fields[:, row]))
        for t in self._here(law.Qt):
            for drive, slope, row in self._drives:
                functionals.extend(self._vectors(drive, "v", t, slope @ t.spatial, t.fields[row]))
        for t in self._here(law.L):
            for drive, slope, row in self._drives:
                loads.extend(self._vectors(drive, "g", t, slope @ t.spatial.T, t.fields[:, row]))
                functionals.extend(self._vectors(drive, "g", t, slope @ t.spatial, t.fields[row]))
                for trial, other, column in self._drives:
                    density = np.einsum("fqi,ik,fqk->fq", slope, t.spatial, other)
                    self._pair(drive, trial, t, density * t.fields[row, column])
        for t in self._here(law.g):
            loads.extend(self._vectors("", "v", t, np.ones((1, 1)), t.fields))
        for t in self._here(law.k):
            loads.extend(self._vectors("", "g", t, -t.spatial[None, None], t.fields))
            for drive, slope, row in self._drives:
                self._pair(drive, "", t, slope @ t.spatial * t.fields[row])

    def _here(self, coefficient: Coefficient) -> Iterator[Term]:
        """The terms with the weights of this patch."""
        for t in coefficient:
            if t.weight.shape[1] not in (1, self._count):
                raise InputError(f"face {self._face}: weight", f"one number or {self._count}", t.weight.shape[1])
            yield t if t.weight.shape[1] == 1 else replace(t, weight=t.weight[:, self._patch.facets])

    def _scale(self, t: Term, gradients: int) -> tuple[float, Array]:
        factor, pattern = weight_pattern(f"face {self._face}", t.weight, len(self._patch.facets))
        return factor * self._numbering.nodes.unit ** (len(self._axes) - 1 - gradients), pattern

    def _operators(self, kind: str, sign: float, t: Term) -> None:
        form = form_matrix(self._axes, kind, sign * t.spatial)
        factor, pattern = self._scale(t, kind.count("g"))
        if not (factor and np.any(form)):
            return
        size = float(form.ravel()[np.argmax(np.abs(form))])
        for r in self._rows:
            for s in self._rows:
                fields = self._placed(t.fields[r.law, s.law], r, s)
                if np.any(fields):
                    matrix = self._scalars.face_matrix(
                        self._face, self._patch, (r.side, s.side), form / size, pattern
                    )
                    row, col = (self._numbering.block_of[x.region] for x in (r, s))
                    place = Place(self._face, FACE, t.tag)
                    self._terms.operators.append(
                        Operator(place, row, col, matrix, factor * size * fields, False, kind[1] == "v")
                    )

    def _placed(self, fields: Array, row: Rows, column: Rows | None = None) -> Array:
        """Rows (and columns) of the law among the components of the blocks."""
        height = self._width(row)
        if column is None:
            found = np.zeros(height)
            found[list(row.columns)] = fields
        else:
            found = np.zeros((height, self._width(column)))
            found[np.ix_(row.columns, column.columns)] = fields
        return found

    def _width(self, rows: Rows) -> int:
        return self._numbering.blocks[self._numbering.block_of[rows.region]].fields.size

    def _vectors(self, drive: str, kind: str, t: Term, density: Array, fields: Array) -> Iterator[Load]:
        """Loads of the tests w density phi (kind "v") or w density . grad_t phi ("g") with a field part.

        density: (f or 1, q or 1) or (f or 1, q or 1, 3).
        """
        factor, pattern = self._scale(t, kind.count("g"))
        form = np.zeros((*density.shape[:2], 1 + len(self._axes)))
        if kind == "v":
            form[..., 0] = density
        else:
            form[..., 1:] = density[..., list(self._axes)]
        for r in self._rows:
            part = self._placed(fields[r.law], r)
            if factor and np.any(part) and np.any(form):
                vector = self._scalars.face_vector(self._patch, r.side, form, pattern)
                block = self._numbering.block_of[r.region]
                yield Load(Place(self._face, FACE, t.tag), drive, block, vector, factor * part)

    def _pair(self, test: str, trial: str, t: Term, density: Array) -> None:
        """density: (f, q)."""
        nodes = self._numbering.nodes
        factor, pattern = self._scale(t, 0)
        points, weights = nodes.facet.quadrature
        _, measure = geometry(nodes.facet, nodes.facet_corners(self._patch.nodes), points)
        value = factor * float(np.sum(measure * weights * pattern * density))
        if value:
            self._terms.pairs.append(Pair(Place(self._face, FACE, t.tag), test, trial, value))
