"""The film with oblique axes: pairs that must agree.

doubled matrix functions <-> multiprecision matrix exponential    (<= 1e-13 of every correction)
axes parallel            <-> `film`
film                     <-> scipy's boundary-value solver with the laws written out
(B, m) reversed          <-> transposed resistivity (Onsager)
everything turned about z, or the film turned over <-> turned or equal resistivity
"""

import numpy as np
import pytest
from scipy.integrate import solve_bvp

from hanle.pde.closed_forms.channels import transverse_length
from hanle.pde.closed_forms.film import Film, Mixing
from hanle.pde.closed_forms.oblique import (
    decay_matrix,
    mixing_tensor,
    oblique_deficit,
    oblique_surface_accumulation,
)
from hanle.pde.closed_forms.oblique_reference import oblique_deficit_multiprecision
from hanle.pde.closed_forms.resistivity import exact_correction, leading_correction, sigma_eff
from hanle.pde.errors import InputError
from hanle.pde.tensors import unit

RHO, LAM, D, THETA = 8.3e-7, 1.6e-9, 4.7e-6, 0.11

AGREEMENT = 1e-13  # of the largest element of the deficit, and of each correction
ROUNDING = 1e-14


def random_film(rng, decades=(-4.0, 1.7), top=True):
    """(M, d, rho, G_bottom, G_top) of a film with unrelated axes and conductances over six decades."""
    shape = rng.normal(size=(3, 3))
    gamma = D / LAM**2 * (np.eye(3) + 0.3 * shape @ shape.T)
    M = decay_matrix(gamma, 4e12 * rng.normal(size=3), D)
    faces = []
    for scale in 10 ** rng.uniform(10, 16, size=2):
        s, r, i = scale * rng.uniform(size=3) * [-1, 1, np.sign(rng.normal())]
        faces.append(mixing_tensor(unit(rng.normal(size=3)), s, r, i))
    return M, LAM * 10 ** rng.uniform(*decades), RHO, faces[0], faces[1] if top else np.zeros((3, 3))


@pytest.mark.parametrize("seed", range(12))
def test_double_precision_equals_the_matrix_exponential(seed):
    arguments = random_film(np.random.default_rng(seed), top=bool(seed % 3))
    ours, exact = oblique_deficit(*arguments), oblique_deficit_multiprecision(*arguments)
    assert np.max(np.abs(ours - exact)) < AGREEMENT * np.max(np.abs(exact))
    for correction in (exact_correction, leading_correction):
        ours_c, exact_c = correction(ours, THETA), correction(exact, THETA)
        assert ours_c.longitudinal == pytest.approx(exact_c.longitudinal, rel=AGREEMENT)
        assert ours_c.transverse == pytest.approx(exact_c.transverse, rel=AGREEMENT)


def test_defective_decay_matrix():
    """Precession about x with unequal relaxation, at the exceptional point: M has no eigenbasis."""
    gamma = D / LAM**2 * np.diag([1.0, 1.0, 3.0])
    M = decay_matrix(gamma, [D / LAM**2, 0.0, 0.0], D)
    assert np.linalg.cond(np.linalg.eig(M)[1]) > 1e7
    faces = mixing_tensor(unit([1.0, 2.0, -1.0]), -1e13, 2e14, 5e13), np.zeros((3, 3))
    exact = oblique_deficit_multiprecision(M, 4e-9, RHO, *faces)
    assert np.max(np.abs(oblique_deficit(M, 4e-9, RHO, *faces) - exact)) < AGREEMENT * np.max(np.abs(exact))


@pytest.mark.parametrize("d", [1e-13, 2.3e-9, 4e-7])
def test_parallel_axes_give_the_collinear_film(d):
    n, omega, g, h = unit([0.3, -0.5, 0.8]), 2.1e12, (-3e13, 2e14, -9e13), (-1e12, 4e13, 7e13)
    film = Film(RHO, d, LAM, transverse_length(LAM, omega, D), Mixing(*g), Mixing(*h))
    M = decay_matrix(D / LAM**2 * np.eye(3), omega * n, D)
    ours = oblique_deficit(M, d, RHO, mixing_tensor(n, *g), mixing_tensor(n, *h))
    expected = film.deficit_tensor(n)
    assert np.max(np.abs(ours - expected)) < ROUNDING * np.max(np.abs(expected))


def test_surface_accumulation_and_response_solve_the_laws():
    """sigma (w' - s) is J_z; N.J = 2 G w with N outward. A wrong sign or transpose anywhere would show."""
    solver_error = 1e-7
    M, d, rho, bottom, top = random_film(np.random.default_rng(5), decades=(0.0, 0.6))
    s = np.array([0.8, -0.6, 0.0])  # unit source; lengths below in d

    def right(_, y):
        return np.vstack([y[3:], M * d**2 @ y[:3]])

    def ends(a, b):
        low, high = 2 * rho * d * bottom @ a[:3], 2 * rho * d * top @ b[:3]
        return np.concatenate([-(a[3:] - s) - low, b[3:] - s - high])

    answer = solve_bvp(right, ends, np.linspace(0, 1, 61), np.zeros((6, 61)), tol=1e-9, max_nodes=40000)
    assert answer.success
    low, high = (answer.sol(z)[:3] for z in (0.0, 1.0))
    ours = oblique_surface_accumulation(M, d, rho, s, bottom, top)
    assert np.max(np.abs(np.array(ours) / d - [low, high])) < solver_error
    assert np.max(np.abs(s - oblique_deficit(M, d, rho, bottom, top) @ s - (high - low))) < solver_error


def test_power_balance_of_the_faces_and_bulk():
    """s.(1-Q).s d + 2 rho sum w.G.w = int |w'|^2 + w.Gamma.w/D >= 0: the response is passive for random films."""
    rng = np.random.default_rng(11)
    for _ in range(40):
        M, d, rho, bottom, top = random_film(rng)
        response = np.eye(3) - oblique_deficit(M, d, rho, bottom, top)
        low, high = oblique_surface_accumulation(M, d, rho, np.eye(3)[0], bottom, top)
        faces = -2 * rho * (low @ bottom @ low + high @ top @ high) / d
        assert 0 <= faces <= response[0, 0] * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_onsager(seed):
    """rho_ij(B, m) = rho_ji(-B, -m), with m oblique to B: [omega x] and Gi change sign, Q is transposed."""
    M, d, rho, bottom, top = random_film(np.random.default_rng(100 + seed))
    forward = sigma_eff(oblique_deficit(M, d, rho, bottom, top), rho, THETA)
    reverse = sigma_eff(oblique_deficit(M.T, d, rho, bottom.T, top.T), rho, THETA)
    assert np.max(np.abs(forward - reverse.T)) < ROUNDING / rho


def test_reversed_moments_and_field_transpose_the_tensors():
    m, omega, gamma = unit([1.0, 2.0, 3.0]), np.array([1e12, -3e12, 2e12]), D / LAM**2 * np.diag([1.0, 1.5, 1.2])
    assert np.array_equal(mixing_tensor(-m, -1e13, 2e14, 5e13), mixing_tensor(m, -1e13, 2e14, 5e13).T)
    assert np.array_equal(decay_matrix(gamma, -omega, D), decay_matrix(gamma, omega, D).T)


def test_turning_everything_about_z_turns_the_conductivity():
    angle = 0.9
    turn = np.eye(3)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    M, d, rho, bottom, top = random_film(np.random.default_rng(3))
    turned = [turn @ tensor @ turn.T for tensor in (M, bottom, top)]
    before = sigma_eff(oblique_deficit(M, d, rho, bottom, top), rho, THETA)
    after = sigma_eff(oblique_deficit(turned[0], d, rho, *turned[1:]), rho, THETA)
    assert np.max(np.abs(after - turn[:2, :2] @ before @ turn[:2, :2].T)) < ROUNDING / rho


def test_turning_the_film_over_changes_nothing():
    M, d, rho, bottom, top = random_film(np.random.default_rng(4))
    first, second = oblique_deficit(M, d, rho, bottom, top), oblique_deficit(M, d, rho, top, bottom)
    assert np.max(np.abs(first - second)) < ROUNDING * np.max(np.abs(first))


def test_a_batch_equals_its_members():
    films = [random_film(np.random.default_rng(seed)) for seed in range(4)]
    batch = oblique_deficit(*(np.stack(column) for column in zip(*films, strict=True)))
    for member, arguments in zip(batch, films, strict=True):
        single = oblique_deficit(*arguments)
        assert np.max(np.abs(member - single)) < ROUNDING * np.max(np.abs(single))


def test_relaxation_tensor_is_checked():
    with pytest.raises(InputError, match="gamma must be a symmetric"):
        decay_matrix([[1.0, 0.5, 0], [0, 1, 0], [0, 0, 1]], [0.0, 0, 0], D)
    with pytest.raises(InputError, match="gamma must be positive"):
        decay_matrix(np.diag([1.0, -1.0, 1.0]), [0.0, 0, 0], D)
