"""The operator of a problem as a list of (scalar matrix) x (field matrix), with the loads of its drives and sources.

Field matrices are in SI: they carry the weight of the term and the powers of the length unit.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from hanle.pde.coefficients import Coefficient, Term
from hanle.pde.engines.contract import Part
from hanle.pde.engines.fe_integrals import Mapped, chunks
from hanle.pde.engines.fe_joined import Integral, joined
from hanle.pde.engines.fe_numbering import Numbering
from hanle.pde.engines.fe_scalars import Scalars, is_skew, weight_pattern
from hanle.pde.problem import Problem
from hanle.pde.tensors import Array

FLUX, LOSS, FACE = "flux", "loss", "face"


@dataclass(frozen=True, eq=False)
class Place:
    """Where a term comes from: a region ("flux", "loss") or a face."""

    name: str
    kind: str
    tag: str = ""

    def within(self, part: Part) -> bool:
        """Whether terms of this tag belong to a part of the operator."""
        return part is Part.ALL or bool(self.tag) == (part is Part.PERTURBATIVE)


@dataclass(frozen=True, eq=False)
class Operator:
    """matrix (x) fields from block `col` to block `row`; `on_values`: it acts on values, not on gradients."""

    place: Place
    row: int
    col: int
    matrix: sp.csr_matrix
    fields: Array
    skew: bool = False
    on_values: bool = False


@dataclass(frozen=True, eq=False)
class Load:
    """vector (x) fields on a block: a(phi, g), a(g, phi) of a drive, or the load of sources (drive "")."""

    place: Place
    drive: str
    block: int
    vector: Array
    fields: Array


@dataclass(frozen=True, eq=False)
class Pair:
    """a(g_test, g_trial), or the flux along g_test from the sources alone (trial "")."""

    place: Place
    test: str
    trial: str
    value: float


@dataclass(eq=False)
class Terms:
    """Everything the laws of a problem contribute."""

    operators: list[Operator]
    loads: list[Load]
    functionals: list[Load]
    pairs: list[Pair]

    def extend(self, other: "Terms") -> None:
        """Append the terms of another law."""
        self.operators.extend(other.operators)
        self.loads.extend(other.loads)
        self.functionals.extend(other.functionals)
        self.pairs.extend(other.pairs)


def region_terms(problem: Problem, numbering: Numbering, scalars: Scalars, region: str) -> Terms:
    """Terms of the bulk law of a region; none where this process has no cell of it."""
    if not len(numbering.cells_of[region]):
        return Terms([], [], [], [])
    return _RegionTerms(problem, numbering, scalars, region).collect()


def form_matrix(axes: tuple[int, ...], kind: str, spatial: Array) -> Array:
    """(1 + n, 1 + n) form of a spatial part (rows: test) restricted to the mesh axes.

    kind: "vv", "vg", "gv" or "gg", value or gradient of test and trial function.
    """
    form = np.zeros((1 + len(axes),) * 2)
    if kind == "vv":
        form[0, 0] = float(spatial)
    elif kind == "vg":
        form[0, 1:] = spatial[list(axes)]
    elif kind == "gv":
        form[1:, 0] = spatial[list(axes)]
    else:
        form[1:, 1:] = spatial[np.ix_(axes, axes)]
    return form


def form_vector(axes: tuple[int, ...], kind: str, spatial: Array) -> Array:
    """(1 + n,) form of a value (kind "v", spatial a number) or of a gradient ("g", spatial (3,))."""
    form = np.zeros(1 + len(axes))
    if kind == "v":
        form[0] = float(spatial)
    else:
        form[1:] = spatial[list(axes)]
    return form


def split(coefficient: Coefficient) -> Iterator[Term]:
    """Terms of A with symmetric and antisymmetric spatial parts apart."""
    for t in coefficient:
        even, odd = 0.5 * (t.spatial + t.spatial.T), 0.5 * (t.spatial - t.spatial.T)
        for part in (even, odd):
            if np.any(part):
                yield replace(t, spatial=part)


class _RegionTerms:
    """Collects the terms of one region."""

    def __init__(self, problem: Problem, numbering: Numbering, scalars: Scalars, region: str) -> None:
        self._bulk = problem.regions[region]
        self._drives = [(g.name, g.direction, g.component) for g in problem.gradients if g.reaches(region)]
        self._drives = [d for d in self._drives if d[2] in self._bulk.fields.components]
        self._numbering, self._scalars, self._region = numbering, scalars, region
        self._block = numbering.block_of[region]
        self._axes = numbering.nodes.mesh.axis_numbers
        self._terms = Terms([], [], [], [])

    def collect(self) -> Terms:
        """All terms: A, B, W, R, then the sources S and F."""
        bulk = self._bulk
        self._operators(FLUX, "gg", split(bulk.A))
        self._operators(FLUX, "gv", bulk.B)
        self._operators(LOSS, "vg", bulk.W)
        self._operators(LOSS, "vv", bulk.R)
        self._sources(FLUX, "g", [replace(t, spatial=-t.spatial) for t in bulk.S])
        self._sources(LOSS, "v", bulk.F)
        for t in split(bulk.A):
            for drive, k, column in self._columns():
                self._load(FLUX, drive, "g", t, t.spatial[:, k], t.fields[:, column])
                self._functional(FLUX, drive, "g", t, t.spatial[k], t.fields[column])
                for trial, l, other in self._columns():
                    self._pair(FLUX, drive, trial, t, t.spatial[k, l] * t.fields[column, other])
        for t in bulk.B:
            for drive, k, column in self._columns():
                self._functional(FLUX, drive, "v", t, t.spatial[k], t.fields[column])
        for t in bulk.W:
            for drive, k, column in self._columns():
                self._load(LOSS, drive, "v", t, t.spatial[k], t.fields[:, column])
        for t in bulk.S:
            for drive, k, column in self._columns():
                self._pair(FLUX, drive, "", t, t.spatial[k] * t.fields[column])
        return self._terms

    def _columns(self) -> list[tuple[str, int, int]]:
        """(drive, axis, column of its component) of the macroscopic gradients that this region feels."""
        names = self._bulk.fields.components
        return [(drive, k, names.index(component)) for drive, k, component in self._drives]

    def _scale(self, t: Term, gradients: int) -> tuple[float, Array]:
        """(weight and powers of the length unit, pattern)."""
        entities = len(self._numbering.cells_of[self._region])
        factor, pattern = weight_pattern(f"region {self._region}", t.weight, entities)
        return factor * self._numbering.nodes.unit ** (len(self._axes) - gradients), pattern

    def _integrals(self, forms: str, terms: Iterable[Term]) -> Iterator[Integral]:
        """What does not vanish; forms as in `form_matrix` or `form_vector`."""
        for t in terms:
            form = (form_matrix if len(forms) == 2 else form_vector)(self._axes, forms, t.spatial)
            factor, pattern = self._scale(t, forms.count("g"))
            if factor and np.any(form) and np.any(t.fields):
                size = float(form.ravel()[np.argmax(np.abs(form))])
                yield Integral(t.tag, form / size, pattern, factor * size * t.fields)

    def _operators(self, kind: str, forms: str, terms: Iterable[Term]) -> None:
        for tag, integrand, fields in joined(self._integrals(forms, terms)):
            matrix = self._scalars.matrix_of(self._region, integrand)
            place, skew = Place(self._region, kind, tag), is_skew(integrand[0][0])
            self._terms.operators.append(
                Operator(place, self._block, self._block, matrix, fields, skew, forms.endswith("v"))
            )

    def _sources(self, kind: str, forms: str, terms: Iterable[Term]) -> None:
        self._terms.loads.extend(self._vectors(kind, "", forms, terms))

    def _vectors(self, kind: str, drive: str, forms: str, terms: Iterable[Term]) -> Iterator[Load]:
        for tag, integrand, fields in joined(self._integrals(forms, terms)):
            vector = self._scalars.vector_of(self._region, integrand)
            yield Load(Place(self._region, kind, tag), drive, self._block, vector, fields)

    def _load(self, kind: str, drive: str, forms: str, t: Term, spatial: Array, fields: Array) -> None:
        part = replace(t, spatial=np.asarray(spatial), fields=fields)
        self._terms.loads.extend(self._vectors(kind, drive, forms, [part]))

    def _functional(self, kind: str, drive: str, forms: str, t: Term, spatial: Array, fields: Array) -> None:
        part = replace(t, spatial=np.asarray(spatial), fields=fields)
        self._terms.functionals.extend(self._vectors(kind, drive, forms, [part]))

    def _pair(self, kind: str, test: str, trial: str, t: Term, value: float) -> None:
        if value:
            factor, pattern = self._scale(t, 0)
            integral = factor * _integral(self._numbering, self._region, pattern)
            self._terms.pairs.append(Pair(Place(self._region, kind, t.tag), test, trial, value * integral))


def _integral(numbering: Numbering, region: str, pattern: Array) -> float:
    """Integral of a weight pattern over a region, in units of the length unit."""
    nodes, cells = numbering.nodes, numbering.cells_of[region]
    total = 0.0
    for part in chunks(len(cells)):
        weights = pattern if len(pattern) == 1 else pattern[part]
        total += float(Mapped(nodes.element, nodes.corners(cells[part])).measures(weights).sum())
    return total
