"""Sums of terms: shapes, algebra and the filters."""

import numpy as np
import pytest

from hanle.pde.coefficients import (
    Bulk,
    FaceLaw,
    Side,
    as_weight,
    dense,
    leading,
    matrix_terms,
    perturbative,
    term,
    without,
)
from hanle.pde.errors import InputError
from hanle.pde.fields import CHARGE, CHARGE_AND_SPIN, NOTHING, SPIN, FieldSet

ROUND_OFF = 1e-13


@pytest.mark.parametrize(
    ("given", "shape"),
    [(2.0, (1, 1, 1)), (np.ones(5), (1, 5, 1)), (np.ones((4, 1)), (4, 1, 1)), (np.ones((2, 3, 4)), (2, 3, 4))],
)
def test_weights_always_have_three_axes(given, shape):
    assert as_weight(given).shape == shape


def test_weight_refuses_nan_and_too_many_axes():
    with pytest.raises(InputError, match="finite"):
        as_weight([1.0, np.nan])
    with pytest.raises(InputError, match="array of shape"):
        as_weight(np.ones((1, 1, 1, 1)))


def test_matrix_terms_rebuild_the_matrix(rng):
    values = rng.normal(size=(6, 3, 3))
    values[:, 0, 1] = 0
    terms = matrix_terms(values, rows=slice(1, 4), columns=slice(0, 3), size=(4, 3))
    assert len(terms) == 8
    np.testing.assert_array_equal(dense(terms, (), (4, 3))[0, :, 0, 1:], values)


def test_flux_equals_the_dense_tensors(rng):
    """Bulk.flux and .loss against einsum over the dense views, all coefficients at once, weights per point."""
    weights = rng.uniform(1, 2, size=(2, 5, 3))
    law = Bulk(
        fields=CHARGE_AND_SPIN,
        A=(term(weights, rng.normal(size=(3, 3)), rng.normal(size=(4, 4))), term(3.0, np.eye(3), np.eye(4))),
        B=(term(weights, rng.normal(size=3), rng.normal(size=(4, 4))),),
        S=(term(weights[0, :, 0], rng.normal(size=3), rng.normal(size=4)),),
        R=(term(weights, 1.0, rng.normal(size=(4, 4))),),
        W=(term(weights, rng.normal(size=3), rng.normal(size=(4, 4))),),
        F=(term(weights, 1.0, rng.normal(size=4)),),
    )
    u, g = rng.normal(size=(2, 5, 3, 4)), rng.normal(size=(2, 5, 3, 3, 4))
    a, b, s = dense(law.A, (3, 3), (4, 4)), dense(law.B, (3,), (4, 4)), dense(law.S, (3,), (4,))
    expected = np.einsum("...ikab,...kb->...ia", np.broadcast_to(a, (2, 5, 3, 3, 3, 4, 4)), g)
    expected += np.einsum("...iab,...b->...ia", np.broadcast_to(b, (2, 5, 3, 3, 4, 4)), u) + s
    np.testing.assert_allclose(law.flux(u, g), expected, rtol=1e-10, atol=1e-12)
    loss = np.einsum("...ab,...b->...a", np.broadcast_to(dense(law.R, (), (4, 4)), (2, 5, 3, 4, 4)), u)
    loss += np.einsum("...kab,...kb->...a", np.broadcast_to(dense(law.W, (3,), (4, 4)), (2, 5, 3, 3, 4, 4)), g)
    np.testing.assert_allclose(law.loss(u, g), loss - dense(law.F, (), (4,)), rtol=1e-10, atol=1e-12)


def test_filters_split_a_coefficient():
    coefficient = (term(1.0, np.eye(3), np.eye(4)), term(2.0, np.eye(3), np.eye(4), "spin Hall"))
    assert leading(coefficient) == without(coefficient, {"spin Hall"}) == coefficient[:1]
    assert perturbative(coefficient) == coefficient[1:]
    law = Bulk(CHARGE_AND_SPIN, A=coefficient).filtered(leading)
    assert law.A == coefficient[:1]


def test_face_columns_by_role():
    law = FaceLaw(sides=(Side("metal", CHARGE_AND_SPIN), Side("other", FieldSet((SPIN,)))))
    assert law.columns("metal", "w") == slice(1, 4)
    assert law.columns("other", "w") == slice(4, 7)
    with pytest.raises(KeyError):
        law.columns("magnet", "w")


def test_face_with_value_gradient_part_needs_gradients(rng):
    """A made-up law with Q, Q' and L: fluxes and sheet currents from traces and tangential gradients."""
    q, l = rng.normal(size=(2, 2)), rng.normal(size=(2, 2))
    law = FaceLaw(
        sides=(Side("a", CHARGE), Side("b", CHARGE)),
        Q=(term(2.0, [1, 0, 0], q),),
        Qt=(term(2.0, [1, 0, 0], -q.T),),
        L=(term(3.0, np.eye(3), l),),
    )
    traces, gradients = rng.normal(size=(1, 4, 2, 2)), rng.normal(size=(1, 4, 2, 3, 2))
    np.testing.assert_allclose(law.flux(traces, gradients), 2 * gradients[..., 0, :] @ q.T, rtol=ROUND_OFF)
    sheet = 3 * gradients @ l.T
    sheet[..., 0, :] -= 2 * traces @ q
    np.testing.assert_allclose(law.sheet_current(traces, gradients), sheet, rtol=ROUND_OFF)
    with pytest.raises(InputError, match="gradients must be given"):
        law.flux(traces)


def test_a_side_without_fields_has_no_rows():
    assert FaceLaw(sides=(Side("metal", FieldSet((SPIN,))), Side("magnet", NOTHING))).size == 3


def test_laws_take_no_points_at_all():
    """A process may hold no cells of a region."""
    law = Bulk(CHARGE_AND_SPIN, A=(term(2.0, np.eye(3), np.eye(4)),), R=(term(1.0, 1.0, np.eye(4)),))
    values, gradients = np.zeros((1, 0, 2, 4)), np.zeros((1, 0, 2, 3, 4))
    assert law.flux(values, gradients).shape == gradients.shape
    assert law.loss(values, gradients).shape == values.shape
