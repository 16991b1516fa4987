"""Devices without some of their effects."""

import numpy as np
import pytest

import hanle
from hanle.pde.effects import EFFECTS
from hanle.pde.errors import InputError

FILM = hanle.Device(hanle.stack([("Pt", "5 nm"), ("Co", "3 nm")]), {"Pt": "Pt", "Co": "Co"}, field=(0, 3, 4))


def test_without_every_effect_the_resistivity_is_that_of_drude():
    bare = FILM.with_changes(without=list(EFFECTS)).solve()
    assert bare.rho_L_change == 0
    assert bare.rho_T == 0
    assert np.abs(FILM.solve().rho_L_change) > 1e-4


def test_without_the_spin_hall_effect_is_an_angle_of_zero():
    left_out = FILM.with_changes(without=("spin Hall", "spin Hall"))
    assert left_out.without == ("spin Hall",)
    zero = FILM.with_changes(profiles={"Pt.spin_hall_angle": 0.0, "Co.spin_hall_angle": 0.0})
    expected = zero.solve()
    np.testing.assert_allclose(left_out.solve().rho_L_change, expected.rho_L_change, rtol=1e-10)
    full = np.abs(FILM.solve().torque("Co")).max()
    np.testing.assert_allclose(left_out.solve().torque("Co"), expected.torque("Co"), atol=1e-12 * full)


@pytest.mark.parametrize("given", ["spin Hall", [1]])
def test_a_list_of_names_is_needed(given):
    with pytest.raises(InputError, match="a list of effects"):
        FILM.with_changes(without=given)


def test_unknown_effects_are_named():
    with pytest.raises(InputError, match='did you mean "anomalous Hall"'):
        FILM.with_changes(without=["anomalus Hall"])


def test_files_keep_what_is_left_out(tmp_path):
    path = hanle.dump(FILM.with_changes(without=["anomalous Hall"]), tmp_path / "film.toml")
    assert hanle.load(path).without == ("anomalous Hall",)
