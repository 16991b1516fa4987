"""The coarsest level of multigrid: what is singular and what is only of very unequal scales.

two bodies, a weak link        solved, as long as the link is more than rounding
scales over 24 decades         the same verdict and the same answer
skew part beside small diagonals   solved
a body without ground          refused, whatever the scales
"""

import numpy as np
import pytest
import scipy.sparse as sp

from hanle.pde.errors import SolveError
from hanle.pde.linear.levels import _inverse

COUNT, SEED = 120, 5
#: Relative, of answers whose matrix has the condition 1/link.
ANSWER = 1e-6


def chain(link: float, ground: float) -> np.ndarray:
    """Two conducting chains of unlike size, a weak link between them, a ground at the first."""
    a = np.zeros((2 * COUNT, 2 * COUNT))
    for k in range(2 * COUNT - 1):
        g = link if k == COUNT - 1 else 1.0 + 0.5 * np.sin(k)
        a[k : k + 2, k : k + 2] += g * np.array([[1.0, -1.0], [-1.0, 1.0]])
    a[0, 0] += ground
    return a


def scales(decades: float) -> np.ndarray:
    return 10.0 ** np.random.default_rng(SEED).uniform(-decades / 2, decades / 2, 2 * COUNT)


@pytest.mark.parametrize("decades", [0, 24])
@pytest.mark.parametrize("link", [1e-2, 1e-9, 1e-12])
def test_weak_links_are_no_gaps(link: float, decades: float) -> None:
    a, s = chain(link, 0.3), scales(decades)
    # The last body alone at a level of 1: what it takes is what the link lets through.
    exact = np.where(np.arange(2 * COUNT) < COUNT, 0.0, 1.0)
    found = _inverse(sp.csr_matrix(s[:, None] * a * s), False)(s * (a @ exact)) * s
    np.testing.assert_allclose(found, exact, rtol=0, atol=max(ANSWER, 1e-15 * COUNT / link))


@pytest.mark.parametrize("decades", [0, 24])
@pytest.mark.parametrize(("link", "ground"), [(0.0, 0.3), (0.7, 0.0), (1e-9, 0.0)])
def test_bodies_without_ground_are_refused(link: float, ground: float, decades: float) -> None:
    s = scales(decades)
    with pytest.raises(SolveError, match="singular system"):
        _inverse(sp.csr_matrix(s[:, None] * chain(link, ground) * s), False)


def test_turning_beside_small_sinks() -> None:
    """A field that turns 1e12 times faster than it is lost: the diagonal says nothing of the size of a row."""
    a = np.kron(np.eye(COUNT), np.array([[1e-9, 1e3], [-1e3, 1e-9]]))
    a[:2, :2] += 1e-6 * np.eye(2)
    a = np.block([[a, np.zeros((len(a), 2 * COUNT))], [np.zeros((2 * COUNT, len(a))), chain(1e-3, 0.3)]])
    exact = np.random.default_rng(SEED).standard_normal(len(a))
    np.testing.assert_allclose(_inverse(sp.csr_matrix(a), False)(a @ exact), exact, rtol=0, atol=ANSWER)
