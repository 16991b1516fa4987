"""What stores: the operator of one implicit time step, and the action of the capacities alone."""

from dataclasses import replace

from hanle.pde.coefficients import Bulk, FaceLaw, leading
from hanle.pde.errors import InputError
from hanle.pde.problem import Face, Problem
from hanle.pde.tensors import Array


def stepped(problem: Problem, rate: float) -> Problem:
    """The problem with R + rate C in place of R: what an implicit step solves.

    Args:
        rate: > 0 [1/s], the reciprocal of the (partial) step.
    """
    if not rate > 0:
        raise InputError("rate", "positive [1/s]", rate)
    return replace(problem, regions={name: _stepped(bulk, rate) for name, bulk in problem.regions.items()})


def _stepped(bulk: Bulk, rate: float) -> Bulk:
    """Capacities are numbers: a nonlinear law has the same at every state."""
    extra, touch = tuple(t.scaled(rate) for t in bulk.C), bulk.at
    whole = replace(bulk, R=(*bulk.R, *extra))
    if touch is None:
        return whole

    def near(values: Array, gradients: Array) -> Bulk:
        inner = touch(values, gradients)
        return replace(inner, R=(*inner.R, *extra))

    return replace(whole, at=near)


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


def _unknowns_only(law: FaceLaw) -> FaceLaw:
    return FaceLaw(law.sides, tie=law.tie, given=law.given)
