"""Nonlinear laws frozen at a state: a linear problem with their values there and the slopes of another one.

    J = J_base(U) + [J - J_base](state),      loss likewise

With a base whose coefficients are constants only loads change from state to state, which cost little: this is how the
residual of a stage in time is found, and how a state that solves nonlinear equations answers questions.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from hanle.pde.coefficients import Bulk, Coefficient, Deposit, FaceLaw, Term
from hanle.pde.linearised import linearised
from hanle.pde.problem import Face, Problem
from hanle.pde.solution import Solution
from hanle.pde.tensors import Array

#: Differences below this part of what they are differences of are rounding.
ROUNDING = 8 * np.finfo(float).eps


def frozen(problem: Problem, base: Problem, solution: Solution) -> Problem:
    """The linear problem that has the values of the laws of `problem` at a solution, and the slopes of `base`.

    Args:
        base: a linear problem with the same fields, e.g. `at_rest(problem)`.

    Raises:
        InputError: a law is not defined at that state; the message names the region or face.
    """
    regions, faces, processes = dict(base.regions), dict(base.faces), solution.response.system.processes
    for name, bulk in problem.regions.items():
        if bulk.at is not None:
            with processes.alike(f"region {name}"):
                regions[name] = _bulk(bulk, base.regions[name], solution, name)
    for name, face in problem.faces.items():
        if face.law.at is not None:
            with processes.alike(f"face {name}"):
                faces[name] = Face(_face(face.law, base.faces[name].law, solution, name), face.sides)
    return replace(base, regions=regions, faces=faces)


def at_rest(problem: Problem) -> Problem:
    """The linear problem that touches `problem` at zero, with its capacities."""
    found = linearised(problem, None)
    regions = {name: replace(bulk, C=problem.regions[name].C) for name, bulk in found.regions.items()}
    return replace(found, regions=regions)


def _bulk(bulk: Bulk, base: Bulk, solution: Solution, region: str) -> Bulk:
    s = solution.samples(region)
    here = bulk if bulk.at is None else bulk.at(s.values, s.gradients)
    flux = _difference(here.flux(s.values, s.gradients), base.flux(s.values, s.gradients))
    loss = _difference(here.loss(s.values, s.gradients), base.loss(s.values, s.gradients))
    return replace(
        base,
        S=(*base.S, *_vectors(flux)),
        F=(*base.F, *_scalars(-loss)),
        deposits=_deposits(here.deposits, base.deposits, s.values, s.gradients),
    )


def _face(law: FaceLaw, base: FaceLaw, solution: Solution, face: str) -> FaceLaw:
    s = solution.face(face)
    here = law if law.at is None else law.at(s.traces, s.gradients)
    flux = _difference(here.flux(s.traces, s.gradients), base.flux(s.traces, s.gradients))
    sheet = _difference(here.sheet_current(s.traces, s.gradients), base.sheet_current(s.traces, s.gradients))
    return replace(
        base,
        g=(*base.g, *_scalars(flux)),
        k=(*base.k, *_vectors(sheet)),
        deposits=_deposits(here.deposits, base.deposits, s.traces, s.gradients),
    )


def _deposits(
    here: Mapping[str, Deposit], base: Mapping[str, Deposit], values: Array, gradients: Array
) -> dict[str, Deposit]:
    """What is handed over, with the slopes of `base`; it may lack some of the names."""
    found = {}
    for name, deposit in here.items():
        slopes = base.get(name, Deposit(rows=deposit.rows))
        change = _difference(deposit.density(values, gradients), slopes.density(values, gradients))
        found[name] = replace(slopes, sources=(*slopes.sources, *_scalars(change)))
    return found


def _difference(one: Array, other: Array) -> Array:
    """one - other by components (last axis), 0 where that is rounding everywhere."""
    change, axes = one - other, tuple(range(one.ndim - 1))
    size = np.maximum(np.abs(one), np.abs(other)).max(axis=axes, initial=0.0)
    return np.where(np.abs(change).max(axis=axes, initial=0.0) > ROUNDING * size, change, 0.0)


def _scalars(values: Array) -> Coefficient:
    """Sources (..., rows) as terms, one for each row that is not zero."""
    rows = np.eye(values.shape[-1])
    return tuple(Term(values[..., r], np.asarray(1.0), rows[r]) for r in range(len(rows)) if np.any(values[..., r]))


def _vectors(values: Array) -> Coefficient:
    """Sources (..., 3, rows) as terms, one for each direction and row that is not zero."""
    rows = np.eye(values.shape[-1])
    return tuple(
        Term(values[..., k, r], np.eye(3)[k], rows[r])
        for k in range(3)
        for r in range(len(rows))
        if np.any(values[..., k, r])
    )
