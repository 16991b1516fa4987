"""Mistakes in courses, motions and small motions: each message names the key, what it must be, and what was given."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hanle
from hanle.pde.errors import InputError

SPIN = hanle.Macrospin(damping=0.01, begin=(0.3, 0, 1), anisotropies=[((0, 0, 1), "-0.17 T")])


@pytest.fixture(scope="module")
def film() -> hanle.Device:
    return hanle.Device(
        hanle.stack([("YIG", "50 nm"), ("Pt", "5 nm")]), {"Pt": "Pt", "YIG": "YIG"}, field=(0, 0, 5)
    )


@pytest.fixture(scope="module")
def small(film: hanle.Device) -> Any:
    return film.small_angles(magnets={"YIG": SPIN}, current_density="1e10 A/m^2")


def field(result: Any) -> Any:
    return result.electric_field[0]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda s: s.threshold("1e10 A/m^2", 2), r'low must be a multiple of the given current.*"1e10 A/m\^2"'),
        (lambda s: s.threshold(1, np.nan), "high must be a multiple of the given current, a finite number.*nan"),
        (lambda s: s.rectified("9 GHz", field, field=("1 mT", 0, 0)), "field must be a magnet and its amplitude"),
        (lambda s: s.rectified("9 nm", field, current_density=1e10), "frequency must be a frequency"),
        (lambda s: s.damping("Fe"), "magnet must be one of YIG"),
    ],
)
def test_small_motions(ask: Callable[[Any], Any], message: str, small: Any) -> None:
    with pytest.raises(InputError, match=message):
        ask(small)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"error": 0}, "error must be a number between 0 and 1; instead received 0"),
        ({"field_error": 2}, "field_error must be a number between 0 and 1; instead received 2"),
        ({"magnets": {"YIG": 0.01}}, "magnets.YIG must be a hanle.Macrospin or a hanle.PrescribedMotion"),
        ({"events": {"x": lambda t, m: 1}}, "events.x must be a hanle.MotionEvent"),
        (
            {"events": {"x": hanle.MotionEvent(lambda t, m: m["YIG"])}},
            r"event x must be a function that .*shape \(3,\)",
        ),
        ({"current_density": lambda t: np.nan}, "drive du/dx must be finite at 0 s; instead received nan"),
        ({"resume": True}, "checkpoint must be the file to go on from"),
        (
            {"resume": True, "checkpoint": "none.npz"},
            "checkpoint must be a file of an earlier run.*leave out `resume`",
        ),
    ],
)
def test_motions(given: dict[str, Any], message: str, film: hanle.Device) -> None:
    with pytest.raises(InputError, match=message):
        film.dynamics(**{"until": "1 ps", "magnets": {"YIG": SPIN}} | given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"error": 1}, "error must be a number between 0 and 1; instead received 1"),
        ({"events": {"x": hanle.MotionEvent(lambda t, m: 1)}}, "events.x must be a hanle.Event"),
        ({"resume": True}, "checkpoint must be the file to go on from"),
    ],
)
def test_courses(given: dict[str, Any], message: str, film: hanle.Device) -> None:
    with pytest.raises(InputError, match=message):
        film.transient(until="1 ps", mesh_options={"cells_per_length": 3}, **given)
