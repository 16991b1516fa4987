"""Coefficients of linear flux laws: what media and face laws return and what engines discretise.

Region:     C d_t U = div J - R U - W : (grad U + G) + F,      J = A : (grad U + G) + B U + S
Face:       N.J of each side (N outward from that side) is the gain of that side:
            N.J = G_vv t + Q grad_t t + g,     K = Q' t + L grad_t t + k
            with t the traces of both sides, K sheet currents tested with grad_t v.
Here G (a vector of prescribed macroscopic gradients) is not a coefficient: it drives the problem.

Every coefficient is a short sum of terms (weight) x (spatial part) x (field part). Engines assemble one
scalar matrix per distinct (weight, spatial part) and combine; nothing here knows what the fields mean.
Second law: sym(A) >= 0, sym(R) >= 0, sym(G_vv) <= 0; each law refuses what would break it, naming its own numbers.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.contraction import contracted, flattened, kron
from hanle.pde.errors import InputError
from hanle.pde.fields import FieldSet
from hanle.pde.tensors import Array, unit


def as_weight(values: ArrayLike, components: int = 0) -> Array:
    """Weights as an array of shape (batch, entities, points), each axis 1 where the weight does not depend on it.

    A number becomes (1, 1, 1); a 1D array is per entity (cells of a region, facets of a face); a 2D array is
    (batch, entities), so a parameter batch is (batch, 1); a 3D array is taken as it is. Points are those of
    the engine's quadrature rule.

    Args:
        components: trailing axes that hold the components of a vector (1) or tensor (2); they stay at the end.
    """
    weight = np.asarray(values, dtype=float)
    lead = weight.ndim - components
    if not 0 <= lead <= 3:
        tail = ", ..." * components
        raise InputError("weight", f"a number or an array of shape (batch, entities, points{tail})", weight.shape)
    if not np.all(np.isfinite(weight)):
        raise InputError("weight", "finite", "NaN or infinity", "look for missing values in the arrays given")
    if lead < 3:
        weight = weight.reshape((1,) * (2 - lead) + weight.shape[:lead] + (1,) + weight.shape[lead:])
    return weight


def direction(key: str, vectors: ArrayLike) -> Array:
    """Unit vectors (batch, entities, points, 3) along `vectors` (..., 3); InputError at `key` where one is zero."""
    given = as_weight(vectors, 1)
    if not np.all(np.any(given, axis=-1)):
        raise InputError(key, "a vector that is not zero, everywhere", "a zero vector")
    return unit(given)


@dataclass(frozen=True, eq=False)
class Term:
    """One term of a coefficient.

    Attributes:
        weight: shape (batch or 1, entities or 1, points or 1), SI units of the coefficient.
        spatial: constant spatial part: shape (3, 3) in A and L [i flow, k gradient], (3,) in B, S, W, Q, Q',
            () in R, F, C, G_vv. Indices run over x, y, z always.
        fields: constant field part: (rows, columns), or (rows,) in the sources S, F, g, k.
        tag: "", or the name of the effect where it makes a (small) correction; `Problem.reference()` drops such terms.
    """

    weight: Array
    spatial: Array
    fields: Array
    tag: str = ""

    def scaled(self, factor: float) -> "Term":
        """The term with its weight multiplied by `factor`."""
        return replace(self, weight=self.weight * factor)


Coefficient: TypeAlias = tuple[Term, ...]


def term(weight: ArrayLike, spatial: ArrayLike, fields: ArrayLike, tag: str = "") -> Term:
    """A term from anything array-like; see `as_weight` for the weight."""
    return Term(as_weight(weight), np.asarray(spatial, float), np.asarray(fields, float), tag)


def matrix_terms(
    values: ArrayLike,
    spatial: ArrayLike = 1.0,
    *,
    rows: slice,
    columns: slice,
    size: tuple[int, int],
    tag: str = "",
) -> Coefficient:
    """Terms for a dense matrix that varies: one term per entry that is not identically zero.

    Args:
        values: shape (..., r, c); the leading axes are those of a weight, see `as_weight`.
        spatial: the spatial part shared by all entries.
        rows, columns: where the r x c block stands in the field matrix.
        size: (rows, columns) of the whole field matrix.
    """
    dense = np.asarray(values, dtype=float)
    terms = []
    for i, j in np.ndindex(dense.shape[-2:]):
        if np.any(dense[..., i, j]):
            fields = np.zeros(size)
            fields[rows.start + i, columns.start + j] = 1.0
            terms.append(term(dense[..., i, j], spatial, fields, tag))
    return tuple(terms)


def whole_matrix(values: ArrayLike, spatial: ArrayLike = 1.0, tag: str = "") -> Coefficient:
    """`matrix_terms` of a matrix (..., rows, columns) that is the whole field part."""
    rows, columns = np.shape(values)[-2:]
    size = (rows, columns)
    return matrix_terms(values, spatial, rows=slice(0, rows), columns=slice(0, columns), size=size, tag=tag)


def dense(coefficient: Coefficient, spatial_shape: tuple[int, ...], fields_shape: tuple[int, ...]) -> Array:
    """The full tensor, (batch, entities, points, *spatial_shape, *fields_shape): for tests and dense engines."""
    total = np.zeros((1, 1, 1, *spatial_shape, *fields_shape))
    for t in coefficient:
        part = np.multiply.outer(t.spatial.reshape(spatial_shape), t.fields.reshape(fields_shape))
        total = total + t.weight.reshape(t.weight.shape + (1,) * part.ndim) * part
    return total


def without(coefficient: Coefficient, tags: Iterable[str]) -> Coefficient:
    """The terms whose tag is not among `tags`."""
    dropped = frozenset(tags)
    return tuple(t for t in coefficient if t.tag not in dropped)


def present(terms: Iterable[Term]) -> Coefficient:
    """The terms that are not zero everywhere."""
    return tuple(t for t in terms if np.any(t.weight))


def leading(coefficient: Coefficient) -> Coefficient:
    """The terms without a tag."""
    return tuple(t for t in coefficient if not t.tag)


def perturbative(coefficient: Coefficient) -> Coefficient:
    """The terms with a tag."""
    return tuple(t for t in coefficient if t.tag)


@dataclass(frozen=True, eq=False)
class Deposit:
    """What a region or face hands to a receiver, from the values and gradients of the fields there.

    Attributes:
        values: field part (rows, columns), spatial part ().
        gradients: field part (rows, columns), spatial part (3,); tangential gradients on a face.
        sources: field part (rows,), spatial part (): what a linearised law hands over at zero.
        rows: their number, x, y, z of spin; said, since a deposit that vanishes has no terms.
    """

    values: Coefficient = ()
    gradients: Coefficient = ()
    rows: int = 3
    sources: Coefficient = ()

    def density(self, values: Array, gradients: Array | None = None) -> Array:
        """(batch, entities, points, rows) [flux unit on a face, per metre in a region].

        Args:
            values: (batch, entities, points, columns).
            gradients: (batch, entities, points, 3, columns), needed where the deposit sees them.
        """
        if self.gradients and gradients is None:
            raise InputError("gradients", "given for a deposit that sees gradients", None)
        slopes = np.zeros((1, 1, 1, 3, values.shape[-1])) if gradients is None else gradients
        parts = [t.weight[..., None] * (values @ t.fields.T) for t in self.values]
        for t in self.gradients:
            parts.append(t.weight[..., None] * np.einsum("k,ab,...kb->...a", t.spatial, t.fields, slopes))
        return sum(parts, start=_sum_of(self.sources, (*values.shape[:-1], self.rows)))

    def filtered(self, keep: Callable[[Coefficient], Coefficient]) -> "Deposit":
        """The deposit with `keep` applied to each of its coefficients."""
        return replace(self, values=keep(self.values), gradients=keep(self.gradients), sources=keep(self.sources))


@dataclass(frozen=True, eq=False)
class Bulk:
    """The law of a region: its fields and the coefficients of the equation at the top of this file.

    `deposits` name where the sink R U goes ("lattice"; of spin: rows x, y, z).
    `decay_lengths` [m] tell the mesh what to resolve: an array of the real lengths over which fields decay.
    A nonlinear law gives `at(values, gradients) -> Bulk`: the linear law that touches it there, its value included
    in S and F; shapes as in `flux`.
    `excess(values)` tells what is stored beyond C U where capacities follow the state: (amounts, field parts (rows,),
    their slopes, field parts (rows, columns)), both zero where the fields are.
    """

    fields: FieldSet
    A: Coefficient = ()
    B: Coefficient = ()
    S: Coefficient = ()
    R: Coefficient = ()
    W: Coefficient = ()
    F: Coefficient = ()
    C: Coefficient = ()
    deposits: Mapping[str, Deposit] = field(default_factory=dict)
    decay_lengths: tuple[float, ...] = ()
    at: "Callable[[Array, Array], Bulk] | None" = None
    excess: Callable[[Array], tuple[Coefficient, Coefficient]] | None = None

    def filtered(self, keep: Callable[[Coefficient], Coefficient]) -> "Bulk":
        """A copy in which every coefficient went through `keep`, those of its linearisations too."""
        touch = self.at
        return replace(
            self,
            at=None if touch is None else lambda values, gradients: touch(values, gradients).filtered(keep),
            A=keep(self.A),
            B=keep(self.B),
            S=keep(self.S),
            R=keep(self.R),
            W=keep(self.W),
            F=keep(self.F),
            C=keep(self.C),
            deposits={name: deposit.filtered(keep) for name, deposit in self.deposits.items()},
        )

    def flux(self, values: Array, gradients: Array) -> Array:
        """J = A : gradients + B values + S.

        Args:
            values: shape (batch, entities, points, N).
            gradients: grad U + G, shape (batch, entities, points, 3, N).

        Returns:
            Flux densities, shape (batch, entities, points, 3, N), first index the flow direction.
        """
        return _vectors(self.A, self.B, self.S, values, gradients)

    def loss(self, values: Array, gradients: Array) -> Array:
        """R U + W : gradients - F, shape (batch, entities, points, N); shapes as in `flux`."""
        return _scalars(self.R, self.W, values, gradients) - _sum_of(self.F, values.shape)


def _scalars(on_values: Coefficient, on_gradients: Coefficient, values: Array, gradients: Array) -> Array:
    """What R and W, or G and Q, make of values (batch, entities, points, N): the same shape."""
    flat = flattened(gradients)
    parts = [(kron(t.spatial[None], t.fields), t.weight, flat) for t in on_gradients]
    parts += [(t.fields, t.weight, values) for t in on_values]
    return contracted(parts, values.shape)


def _sum_of(sources: Coefficient, shape: tuple[int, ...]) -> Array:
    """Sources F or g, shape (batch, entities, points, N)."""
    return sum((t.weight[..., None] * t.fields for t in sources), start=np.zeros(shape))


def _vectors(
    on_gradients: Coefficient, on_values: Coefficient, sources: Coefficient, values: Array, gradients: Array
) -> Array:
    """What A, B and S, or L, Q' and k, make of gradients (batch, entities, points, 3, N): the same shape."""
    flat, one = flattened(gradients), np.ones((1, 1, 1, 1))
    parts = [(kron(t.spatial, t.fields), t.weight, flat) for t in on_gradients]
    parts += [(kron(t.spatial[:, None], t.fields), t.weight, values) for t in on_values]
    parts += [(kron(t.spatial[:, None], t.fields[:, None]), t.weight, one) for t in sources]
    found = contracted(parts, flat.shape)
    return found.reshape(*found.shape[:3], *gradients.shape[3:])


@dataclass(frozen=True)
class Side:
    """One side of a face: the role a law gives it ("metal", "magnet") and the fields the law addresses there."""

    role: str
    fields: FieldSet


@dataclass(frozen=True, eq=False)
class FaceLaw:
    """The law of a face: an interface with two sides, or an outer boundary with one.

    Rows and columns of every field part run over the fields of `sides[0]`, then of `sides[1]`.
    Values are outward gains: the normal of each side points out of that side, so a law needs no orientation.

    Attributes:
        G: (value, value), N.J gained per trace [flux unit / field unit], spatial part ().
        Q: (value, gradient): N.J gained per tangential gradient, spatial part (3,).
        Qt: (gradient, value): sheet current per trace, spatial part (3,).
        L: (gradient, gradient): sheet conductance, spatial part (3, 3), projected on the face by the engine.
        g: sources of N.J, fields part (rows,), spatial part ().
        k: sources of the sheet current, fields part (rows,), spatial part (3,).
        tie: names of fields that are continuous across the face (their unknowns are identified).
        given: fields fixed on an outer boundary, name -> value(s) in the field's unit.
        deposits: name -> what the face hands to that receiver [flux unit].
        at: of a nonlinear law, `at(traces, gradients) -> FaceLaw`: the linear law that touches it there, its value
            included in g and k; shapes as in `flux`.
    """

    sides: tuple[Side, ...]
    G: Coefficient = ()
    Q: Coefficient = ()
    Qt: Coefficient = ()
    L: Coefficient = ()
    g: Coefficient = ()
    k: Coefficient = ()
    tie: tuple[str, ...] = ()
    given: Mapping[str, Array] = field(default_factory=dict)
    deposits: Mapping[str, Deposit] = field(default_factory=dict)
    at: "Callable[[Array, Array], FaceLaw] | None" = None

    @property
    def size(self) -> int:
        """Number of rows."""
        return sum(side.fields.size for side in self.sides)

    def columns(self, role: str, name: str) -> slice:
        """Columns of field `name` on the side with `role`; KeyError if there is no such side or field."""
        start = 0
        for side in self.sides:
            if side.role == role:
                inner = side.fields.slice(name)
                return slice(start + inner.start, start + inner.stop)
            start += side.fields.size
        raise KeyError(role)

    def filtered(self, keep: Callable[[Coefficient], Coefficient]) -> "FaceLaw":
        """The law with `keep` applied to each of its coefficients, those of its linearisations too."""
        touch = self.at
        return replace(
            self,
            at=None if touch is None else lambda traces, gradients: touch(traces, gradients).filtered(keep),
            G=keep(self.G),
            Q=keep(self.Q),
            Qt=keep(self.Qt),
            L=keep(self.L),
            g=keep(self.g),
            k=keep(self.k),
            deposits={name: deposit.filtered(keep) for name, deposit in self.deposits.items()},
        )

    def flux(self, traces: Array, gradients: Array | None = None) -> Array:
        """N.J gained by each side, shape (batch, entities, points, rows), from traces of the same shape.

        `gradients`: tangential gradients (batch, entities, points, 3, rows), needed where the law has Q.
        """
        if self.Q and gradients is None:
            raise InputError("gradients", "given for a law with a (value, gradient) part", None)
        slopes = np.zeros((1, 1, 1, 3, self.size)) if gradients is None else gradients
        return _scalars(self.G, self.Q, traces, slopes) + _sum_of(self.g, traces.shape)

    def sheet_current(self, traces: Array, gradients: Array) -> Array:
        """Sheet currents K, shape (batch, entities, points, 3, rows); shapes of the arguments as in `flux`."""
        return _vectors(self.L, self.Qt, self.k, traces, gradients)
