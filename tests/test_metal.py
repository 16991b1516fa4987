"""The normal metal's coefficients against numbers worked by hand, a symmetry and limits."""

import numpy as np
import pytest

from hanle.pde.coefficients import dense, leading
from hanle.pde.constants import HBAR, MU_B
from hanle.pde.errors import InputError
from hanle.pde.metal import normal_metal

SIGMA, D, LAMBDA, THETA, MOBILITY = 2.5e6, 3e-4, 1.7e-9, 0.11, 4e-3
FIELD = np.array([0.3, -1.1, 2.0])
ROUND_OFF = 1e-13


def metal(**changes):
    arguments = {
        "conductivity": SIGMA,
        "diffusion_constant": D,
        "diffusion_length": LAMBDA,
        "spin_hall_angle": THETA,
        "field": FIELD,
        "mobility": MOBILITY,
    } | changes
    return normal_metal(**arguments)


def flux(bulk, gradient):
    """Flux density (3, 4) for one gradient (3, 4)."""
    return bulk.flux(np.zeros((1, 1, 1, 4)), gradient.reshape(1, 1, 1, 3, 4)).reshape(3, 4)


def test_charge_current_along_x_sends_spin_y_along_z():
    """CONVENTIONS: theta > 0 means j_s = (hbar/2e) theta j_c x s, so J_z^y = -theta sigma E in charge units
    (the angular momentum flow is -(hbar/2e) J)."""
    gradient = np.zeros((3, 4))
    gradient[0, 0] = 1e4
    j = flux(metal(mobility=0.0), gradient)
    assert j[0, 0] == pytest.approx(SIGMA * (1 - 2 * THETA**2) * 1e4, rel=ROUND_OFF)
    assert j[2, 2] == pytest.approx(-THETA * SIGMA * 1e4, rel=ROUND_OFF)
    assert j[1, 3] == pytest.approx(THETA * SIGMA * 1e4, rel=ROUND_OFF)
    assert np.count_nonzero(j) == 3


def test_ordinary_hall_current_is_minus_sigma_mu_grad_u_cross_b():
    gradient = np.zeros((3, 4))
    gradient[:, 0] = [2e3, -5e2, 7e2]
    j = flux(metal(spin_hall_angle=0.0), gradient)[:, 0]
    expected = SIGMA * gradient[:, 0] - SIGMA * MOBILITY * np.cross(gradient[:, 0], FIELD)
    np.testing.assert_allclose(j, expected, rtol=ROUND_OFF)


def test_loss_is_relaxation_minus_precession():
    w = np.array([1e-6, 3e-6, -2e-6])
    values = np.concatenate([[0.2], w]).reshape(1, 1, 1, 4)
    loss = metal().loss(values, np.zeros((1, 1, 1, 3, 4))).reshape(4)
    omega = 2.0 * MU_B / HBAR * FIELD
    np.testing.assert_allclose(loss[1:], SIGMA / LAMBDA**2 * w - SIGMA / D * np.cross(omega, w), rtol=ROUND_OFF)
    assert loss[0] == 0


def test_exchange_field_turns_spin_like_a_field_but_has_no_hall_effect():
    moved = metal(field=0.0 * FIELD, exchange_field=FIELD)
    np.testing.assert_allclose(dense(moved.R, (), (4, 4)), dense(metal().R, (), (4, 4)), rtol=ROUND_OFF)
    np.testing.assert_allclose(dense(moved.A, (3, 3), (4, 4)), dense(metal(mobility=0.0).A, (3, 3), (4, 4)))


def test_onsager_casimir_of_the_bulk_law():
    """A(B)[i a, k b] = eps_a eps_b A(-B)[k b, i a] with the spin odd under time reversal."""
    parity = np.array([1, -1, -1, -1])
    forward = dense(metal().A, (3, 3), (4, 4))[0, 0, 0]
    backward = dense(metal(field=-FIELD).A, (3, 3), (4, 4))[0, 0, 0]
    np.testing.assert_allclose(
        forward, np.einsum("a,b,kiba->ikab", parity, parity, backward), rtol=ROUND_OFF, atol=1e-9
    )


def test_spin_hall_terms_dissipate_nothing():
    """The symmetric part of A is that of the metal without cross terms."""
    with_terms = dense(metal().A, (3, 3), (4, 4))[0, 0, 0].transpose(0, 2, 1, 3).reshape(12, 12)
    eigenvalues = np.linalg.eigvalsh(0.5 * (with_terms + with_terms.T))
    assert eigenvalues.min() == pytest.approx(SIGMA * (1 - 2 * THETA**2), rel=1e-12)
    assert eigenvalues.max() == pytest.approx(SIGMA, rel=1e-12)


def test_reference_is_drude():
    reference = metal().filtered(leading)
    tensor = dense(reference.A, (3, 3), (4, 4))[0, 0, 0]
    np.testing.assert_array_equal(tensor, SIGMA * np.einsum("ik,ab->ikab", np.eye(3), np.eye(4)))


def test_relaxation_tensor_and_length_agree_when_isotropic():
    rate = D / LAMBDA**2
    tensor = metal(diffusion_length=None, relaxation=rate * np.eye(3))
    np.testing.assert_allclose(dense(tensor.R, (), (4, 4)), dense(metal().R, (), (4, 4)), rtol=ROUND_OFF)


def test_anisotropic_relaxation_enters_whole():
    gamma = np.array([[3.0, 0.4, 0.0], [0.4, 2.0, -0.3], [0.0, -0.3, 5.0]]) * 1e13
    r = dense(metal(diffusion_length=None, relaxation=gamma, field=0 * FIELD).R, (), (4, 4))[0, 0, 0]
    np.testing.assert_allclose(r[1:, 1:], SIGMA / D * gamma, rtol=ROUND_OFF)


def test_values_may_vary_per_cell_and_per_batch():
    cells = np.array([1e-9, 2e-9, 4e-9])
    r = dense(metal(diffusion_length=cells, field=0 * FIELD).R, (), (4, 4))
    np.testing.assert_allclose(r[0, :, 0, 1, 1], SIGMA / cells**2, rtol=ROUND_OFF)
    batch = np.linspace(0, 2, 5)[:, None, None] * FIELD
    rb = dense(metal(field=batch).R, (), (4, 4))
    assert rb.shape == (5, 1, 1, 4, 4)
    np.testing.assert_allclose(rb[4, 0, 0], dense(metal(field=2 * FIELD).R, (), (4, 4))[0, 0, 0], rtol=ROUND_OFF)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"conductivity": -1.0}, "conductivity must be positive"),
        ({"diffusion_length": 0.0}, "diffusion_length must be positive"),
        ({"spin_hall_angle": 0.8}, "spin_hall_angle must be below"),
        ({"relaxation": np.eye(3)}, "one of the two"),
        ({"diffusion_length": None}, "one of the two"),
        ({"diffusion_length": None, "relaxation": np.array([[1.0, 2, 0], [0, 1, 0], [0, 0, 1]])}, "symmetric"),
        ({"diffusion_length": None, "relaxation": np.diag([1.0, -1, 1])}, "non-negative"),
        ({"conductivity": np.array([1e6, np.nan])}, "must be finite"),
    ],
)
def test_bad_values_are_refused(change, said):
    with pytest.raises(InputError, match=said):
        metal(**change)
