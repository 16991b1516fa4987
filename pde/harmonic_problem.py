"""The real problem of the amplitudes at one frequency.

Under drives Re(a e^{i Omega t}) every field is Re[(x + i y) e^{i Omega t}]: x in phase with a real amplitude, y its
quadrature. The balance C d_t U = div J - R U + ... then reads, with each coefficient once for x and once for y,

    0 = div J(x) - R x + Omega C y + F,        0 = div J(y) - R y - Omega C x

which is a steady problem with twice the fields. Its new coupling is antisymmetric where C is symmetric: it stores and
gives back, and dissipates nothing. Each field is followed by its quadrature, as what couples strongly should stand
together for solvers that go field by field.
"""

import re
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.coefficients import Bulk, Coefficient, Deposit, FaceLaw, Side
from hanle.pde.errors import InputError
from hanle.pde.fields import Field, FieldSet
from hanle.pde.problem import Face, Global, Problem, Terminal
from hanle.pde.tensors import Array, IntArray


def quadrature(name: str) -> str:
    """Name of the quadrature of a field, component, terminal or macroscopic gradient of the problem.

    "u" -> "uq", "w_x" -> "wq_x", "du/dx" -> "duq/dx", "du/dx(film)" -> "duq/dx(film)".
    """
    return re.sub(r"((_[xyz])?(/d[xyz](\(.*\))?)?)$", r"q\1", name, count=1)


def doubled(problem: Problem, omega: ArrayLike) -> Problem:
    """The problem of the amplitudes under e^{+i Omega t}; sources of the laws are amplitudes in phase.

    Fields, components, terminals and gradients have a partner called `quadrature(name)`. Each field of a region or of
    a side of a face is followed by its partner; rows of deposits are those in phase, then those in quadrature.

    The decay lengths of the laws stay those of slow drives; fast ones need a mesh for `ac_length` of
    `closed_forms.channels`, which is shorter.

    Args:
        omega: Omega [rad/s], a number, or a spectrum (batch,) or (batch, 1) for an engine that solves batches.

    Raises:
        UnsupportedError: a law that is not linear; linearise it at its steady state first.
        InputError: a frequency that is not finite, a name that is taken.
    """
    problem.require_linear()
    rate = np.reshape(np.asarray(omega, dtype=float), (-1, 1, 1))
    if not np.all(np.isfinite(rate)):
        raise InputError("omega", "finite [rad/s]", "NaN or infinity")
    _require_free_names(problem)
    return Problem(
        problem.mesh,
        {name: _bulk(bulk, rate) for name, bulk in problem.regions.items()},
        {name: Face(_face_law(face.law), face.sides) for name, face in problem.faces.items()},
        {
            **problem.terminals,
            **{quadrature(name): _terminal(t) for name, t in problem.terminals.items()},
        },
        (*problem.gradients, *(replace(g, component=quadrature(g.component)) for g in problem.gradients)),
        (*problem.globals, *(_global(g) for g in problem.globals)),
        problem.temperature,
    )


def _require_free_names(problem: Problem) -> None:
    names = {*problem.drives, *(g.name for g in problem.globals)}
    names |= {c for bulk in problem.regions.values() for c in bulk.fields.components}
    for name in sorted(names):
        if quadrature(name) in names:
            raise InputError(
                name, f"the only one beside {quadrature(name)}", quadrature(name), "rename one of them"
            )


def _terminal(item: Terminal) -> Terminal:
    return replace(item, component=quadrature(item.component), also=tuple(quadrature(c) for c in item.also))


def _global(item: Global) -> Global:
    return replace(item, name=quadrature(item.name), component=quadrature(item.component), source=0.0)


def _fields(fields: FieldSet) -> FieldSet:
    return FieldSet(tuple(f for field in fields.fields for f in (field, _partner(field))))


def _partner(field: Field) -> Field:
    title, level = f"{field.title}, quadrature", quadrature(field.level) if field.level else ""
    return replace(field, name=quadrature(field.name), title=title, level=level)


def _bulk(bulk: Bulk, rate: Array) -> Bulk:
    columns = places((bulk.fields,))

    def twice(coefficient: Coefficient) -> Coefficient:
        return _twice(coefficient, columns, columns)

    turned = tuple(replace(t, weight=rate * t.weight, fields=_turned(t.fields, columns)) for t in bulk.C)
    return replace(
        replace(bulk, deposits={}).filtered(twice),
        fields=_fields(bulk.fields),
        R=(*twice(bulk.R), *(turned if np.any(rate) else ())),
        C=(),
        deposits={name: _deposit(d, columns) for name, d in bulk.deposits.items()},
    )


def _face_law(law: FaceLaw) -> FaceLaw:
    columns = places(tuple(side.fields for side in law.sides))
    doubled_law = replace(law, deposits={}).filtered(lambda c: _twice(c, columns, columns))
    given = {quadrature(name): np.zeros_like(np.asarray(x, dtype=float)) for name, x in law.given.items()}
    return replace(
        doubled_law,
        sides=tuple(Side(side.role, _fields(side.fields)) for side in law.sides),
        tie=(*law.tie, *(quadrature(name) for name in law.tie)),
        given={**law.given, **given},
        deposits={name: _deposit(d, columns) for name, d in law.deposits.items()},
    )


def _deposit(deposit: Deposit, columns: IntArray) -> Deposit:
    rows = np.arange(2 * deposit.rows).reshape(2, -1)
    twice = deposit.filtered(lambda c: _twice(c, rows, columns))
    return replace(twice, rows=2 * deposit.rows)


def _turned(fields: Array, columns: IntArray) -> Array:
    """What acts on (x, y) as i times `fields` acts on x + i y."""
    found = np.zeros((columns.size, columns.size))
    phase, quarter = columns
    found[np.ix_(phase, quarter)], found[np.ix_(quarter, phase)] = -fields, fields
    return found


def places(sets: tuple[FieldSet, ...]) -> IntArray:
    """(2, n): where the n components of some sets of fields, one after the other, stand in phase and in quadrature."""
    sizes = [f.size for fields in sets for f in fields.fields]
    starts = np.repeat(np.cumsum([0, *sizes[:-1]]), sizes) if sizes else np.zeros(0, dtype=np.int64)
    inside = np.arange(sum(sizes)) - starts
    return np.stack([2 * starts + inside, 2 * starts + np.repeat(sizes, sizes).astype(np.int64) + inside])


def _twice(coefficient: Coefficient, rows: IntArray, columns: IntArray) -> Coefficient:
    """Matrices once for each amplitude, sources in phase only."""
    found = []
    for t in coefficient:
        if t.fields.ndim == 1:
            fields = np.zeros(rows.size)
            fields[rows[0]] = t.fields
        else:
            fields = np.zeros((rows.size, columns.size))
            for row, column in zip(rows, columns, strict=True):
                fields[np.ix_(row, column)] = t.fields
        found.append(replace(t, fields=fields))
    return tuple(found)
