"""What stores: the operator of one implicit time step, and what is stored at a state.

X(U) = C U + excess(U)      the excess only where capacities follow the state (`Bulk.excess`)
"""

from dataclasses import replace

import numpy as np

from hanle.pde.coefficients import Bulk, Coefficient, FaceLaw, Term, leading
from hanle.pde.errors import InputError
from hanle.pde.problem import Face, Problem
from hanle.pde.solution import Solution
from hanle.pde.tensors import Array


def stepped(problem: Problem, rate: float) -> Problem:
    """The problem with R U + rate X(U) in place of R U: what an implicit step solves.

    Args:
        rate: > 0 [1/s], the reciprocal of the (partial) step.
    """
    if not rate > 0:
        raise InputError("rate", "positive [1/s]", rate)
    return replace(problem, regions={name: _stepped(bulk, rate) for name, bulk in problem.regions.items()})


def _stepped(bulk: Bulk, rate: float) -> Bulk:
    extra, touch, excess = _scaled(bulk.C, rate), bulk.at, bulk.excess
    whole = replace(bulk, R=(*bulk.R, *extra), excess=None)
    if touch is None and excess is None:
        return whole

    def near(values: Array, gradients: Array) -> Bulk:
        inner = bulk if touch is None else touch(values, gradients)
        loss, gain = extra, inner.F
        if excess is not None:
            amounts, slopes = excess(values)
            loss = (*extra, *_scaled(slopes, rate))
            gain = (*gain, *_scaled(amounts, -rate), *(t for s in slopes for t in _at(s.scaled(rate), values)))
        return replace(inner, R=(*inner.R, *loss), F=gain, at=None, excess=None)

    return replace(whole, at=near)


def _scaled(coefficient: Coefficient, factor: float) -> Coefficient:
    return tuple(t.scaled(factor) for t in coefficient)


def _at(slope: Term, values: Array) -> Coefficient:
    """A slope times the values, as a source."""
    columns = np.flatnonzero(np.any(slope.fields, axis=0))
    return tuple(Term(slope.weight * values[..., c], slope.spatial, slope.fields[:, c]) for c in columns)


def inertia(problem: Problem) -> Problem:
    """The problem whose perturbative part is the action of C alone, on the same unknowns.

    Its reference part is the conduction, which engines need to lay out their matrices and share with the problem.

    Raises:
        InputError: no region stores anything.
    """
    if not any(bulk.C for bulk in problem.regions.values()):
        raise InputError(
            "problem", "with a field that stores something (a capacity C)", "none", "solve it as steady"
        )
    regions = {
        name: Bulk(bulk.fields, A=leading(bulk.A), R=tuple(replace(t, tag="inertia") for t in bulk.C))
        for name, bulk in problem.regions.items()
    }
    faces = {name: Face(_unknowns_only(face.law), face.sides) for name, face in problem.faces.items()}
    return replace(problem, regions=regions, faces=faces)


def loaded(bare: Problem, problem: Problem, solution: Solution) -> Problem:
    """What a problem stores beyond C U at a solution as sources, and nothing else, on the unknowns of its `inertia`.

    Raises:
        InputError: what is stored is not defined there; the message names the region.
    """
    regions = {name: Bulk(bulk.fields) for name, bulk in bare.regions.items()}
    for name, bulk in problem.regions.items():
        if bulk.excess is not None:
            with solution.response.system.processes.alike(f"region {name}"):
                amounts, _ = bulk.excess(solution.samples(name).values)
            regions[name] = replace(regions[name], F=amounts)
    return replace(bare, regions=regions)


def _unknowns_only(law: FaceLaw) -> FaceLaw:
    return FaceLaw(law.sides, tie=law.tie, given=law.given)
