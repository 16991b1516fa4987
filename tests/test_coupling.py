"""Laws put together and laws without some fields, against their dense tensors."""

import numpy as np
import pytest

from hanle.pde.coefficients import Bulk, Deposit, FaceLaw, Side, dense, term
from hanle.pde.coupling import combined, embedded, restricted, without_side
from hanle.pde.errors import InputError
from hanle.pde.fields import CHARGE, CHARGE_AND_SPIN, NOTHING, SPIN, Field, FieldSet

HEAT = Field("T", 1, "K", "W/m^2", "temperature")
WARM = FieldSet((HEAT,))
ROUND_OFF = 1e-14


def law(rng, fields):
    n = fields.size
    return Bulk(
        fields,
        A=(term(2.0, rng.normal(size=(3, 3)), rng.normal(size=(n, n))),),
        S=(term(3.0, rng.normal(size=3), rng.normal(size=n)),),
        R=(term(0.5, 1.0, rng.normal(size=(n, n))),),
        C=(term(0.1, 1.0, rng.normal(size=(n, n))),),
        deposits={"lattice": Deposit((term(1.0, 1.0, rng.normal(size=(3, n))),))},
        decay_lengths=(n * 1e-9,),
    )


def test_a_sum_of_laws_is_the_sum_of_their_fluxes_and_losses(rng):
    """Charge and spin beside heat, and a third law that couples spin to heat."""
    parts = law(rng, CHARGE_AND_SPIN), law(rng, WARM), law(rng, FieldSet((SPIN, HEAT)))
    whole = combined(*parts)
    assert whole.fields.names == ("u", "w", "T")
    assert whole.decay_lengths == (4e-9, 1e-9, 4e-9)
    values, gradients = rng.normal(size=(1, 2, 3, 5)), rng.normal(size=(1, 2, 3, 3, 5))
    columns = [0, 1, 2, 3], [4], [1, 2, 3, 4]
    flux, loss, given = np.zeros((1, 2, 3, 3, 5)), np.zeros((1, 2, 3, 5)), 0.0
    for part, own in zip(parts, columns, strict=True):
        flux[..., own] += part.flux(values[..., own], gradients[..., own])
        loss[..., own] += part.loss(values[..., own], gradients[..., own])
        given = given + part.deposits["lattice"].density(values[..., own])
    np.testing.assert_allclose(whole.flux(values, gradients), flux, rtol=ROUND_OFF, atol=ROUND_OFF)
    np.testing.assert_allclose(whole.loss(values, gradients), loss, rtol=ROUND_OFF, atol=ROUND_OFF)
    np.testing.assert_allclose(whole.deposits["lattice"].density(values), given, rtol=ROUND_OFF, atol=ROUND_OFF)


def test_a_law_needs_its_fields(rng):
    with pytest.raises(InputError, match="a set with T"):
        embedded(law(rng, WARM), CHARGE_AND_SPIN)


def test_nonlinear_laws_are_changed_by_their_linearisation(rng):
    curved = Bulk(CHARGE, at=lambda values, gradients: law(rng, CHARGE))
    with pytest.raises(InputError, match="bulk law must be linear"):
        combined(curved, law(rng, WARM))


def face(rng):
    n = 4 + 2
    return FaceLaw(
        (Side("metal", CHARGE_AND_SPIN), Side("magnet", FieldSet((CHARGE.fields[0], HEAT)))),
        G=(term(2.0, 1.0, rng.normal(size=(n, n))),),
        Qt=(term(2.0, [1, 0, 0], rng.normal(size=(n, n))),),
        g=(term(1.0, 1.0, rng.normal(size=n)),),
        tie=("u",),
        deposits={"torque": Deposit((term(1.0, 1.0, rng.normal(size=(3, n))),))},
    )


def test_fields_that_are_not_carried_are_reservoirs(rng):
    """Rows and columns of them are gone."""
    whole = face(rng)
    found = restricted(whole, {"metal": FieldSet((SPIN,)), "magnet": WARM})
    kept = [1, 2, 3, 5]
    assert [side.fields.names for side in found.sides] == [("w",), ("T",)]
    np.testing.assert_array_equal(dense(found.G, (), (4, 4)), dense(whole.G, (), (6, 6))[..., kept, :][..., kept])
    np.testing.assert_array_equal(
        dense(found.Qt, (3,), (4, 4)), dense(whole.Qt, (3,), (6, 6))[..., kept, :][..., kept]
    )
    np.testing.assert_array_equal(dense(found.g, (), (4,)), dense(whole.g, (), (6,))[..., kept])
    torque = dense(found.deposits["torque"].values, (), (3, 4))
    np.testing.assert_array_equal(torque, dense(whole.deposits["torque"].values, (), (3, 6))[..., kept])
    assert found.tie == ()
    assert restricted(whole, {"magnet": WARM}).sides[0].fields == NOTHING


def test_a_side_goes_only_if_nothing_involves_it(rng):
    with pytest.raises(InputError, match="anything that the side magnet takes part in"):
        without_side(face(rng), "magnet")
