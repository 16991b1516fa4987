"""Linear solvers that serve several iterates of Newton's method.

levels of another operator       <-> the same solution, to the tolerance; refused where unknowns differ
one that fails or is slow        <-> made anew, at once or for the next operator
"""

import numpy as np
import pytest

from hanle.pde.engines.contract import Part
from hanle.pde.engines.scikit import Scikit
from hanle.pde.errors import SolveError
from hanle.pde.linear.direct import Direct
from hanle.pde.linear.multigrid import Hierarchy, Multigrid
from hanle.pde.metal import normal_metal
from hanle.pde.newton_reuse import FEW, MANY, Kept, Reusing
from hanle.pde.problem import Problem, Terminal

TOLERANCE = 1e-9


def assembled(mesh, conductivity, terminals=("x-", "x+")):
    """The linear system of a block with a conductivity that differs from cell to cell."""
    bulk = normal_metal(
        conductivity=conductivity,
        diffusion_constant=1e-4,
        diffusion_length=3e-9,
        spin_hall_angle=0.1,
    )
    problem = Problem(mesh, {"A": bulk}, {}, {name: Terminal((name,)) for name in terminals})
    return Scikit().assemble(problem).subsystem(Part.ALL).linear


@pytest.fixture
def block(block_mesh):
    return block_mesh("xyz", (np.linspace(0, 3e-8, 11), np.linspace(0, 2e-8, 8), np.linspace(0, 1e-8, 7)))


def test_levels_of_another_operator_find_the_same(block, rng):
    cells = len(block.cells)
    plain = assembled(block, 1e6)
    bent = assembled(block, 1e6 * (1 + 0.3 * rng.uniform(-1, 1, cells))[None, :, None])
    rhs = np.where(bent.fixed, 0.0, rng.standard_normal(bent.size))
    hierarchy = Multigrid().prepare(plain)
    near = hierarchy.near(bent)
    assert isinstance(near, Hierarchy)
    found = near.solve(rhs, tolerance=TOLERANCE)
    expected = Direct().prepare(bent).solve(rhs, tolerance=1e-13)
    assert np.linalg.norm(found - expected) <= 1e3 * TOLERANCE * np.linalg.norm(expected)
    # Not the solution of the operator that the levels are of.
    other = hierarchy.solve(rhs, tolerance=TOLERANCE)
    assert np.linalg.norm(other - expected) > 1e-3 * np.linalg.norm(expected)


def test_levels_are_of_no_use_for_other_unknowns(block):
    hierarchy = Multigrid().prepare(assembled(block, 1e6))
    assert hierarchy.near(assembled(block, 1e6, terminals=("x-",))) is None


class Counting:
    """A solver whose `near` takes so many iterations, or fails."""

    name = "counting"

    def __init__(self, later):
        self.later, self.made = later, 0

    def prepare(self, system):
        self.made += 1
        return Told(self, 10)


class Told:
    def __init__(self, solver, iterations):
        self._solver, self.iterations = solver, iterations

    def near(self, system):
        return Told(self._solver, self._solver.later)

    def solve(self, rhs, *, tolerance):
        if self.iterations is None:
            raise SolveError("stalled")
        return rhs


#: Iterations that are just not too many where the own operator takes ten.
ENOUGH = int(MANY * 10 + FEW)


@pytest.mark.parametrize(("later", "made"), [(10, 1), (ENOUGH, 1), (ENOUGH + 1, 2), (None, 3)])
def test_what_serves_no_more_is_made_anew(later, made):
    """Three operators; a slow solver is replaced for the next one, a failing one at once."""
    solver, kept = Counting(later), Kept()
    for _ in range(3):
        found = Reusing(solver, None, kept).solve(np.ones(3), tolerance=1e-8)
        np.testing.assert_array_equal(found, 1.0)
    assert solver.made == made


def test_failures_with_the_own_operator_are_told():
    class Failing(Counting):
        def prepare(self, system):
            return Told(self, None)

    with pytest.raises(SolveError, match="stalled"):
        Reusing(Failing(10), None, Kept()).solve(np.ones(3), tolerance=1e-8)


def test_solvers_that_serve_one_operator_are_not_kept(block):
    kept = Kept()
    Reusing(Direct(), assembled(block, 1e6), kept)
    assert kept.prepared is None
