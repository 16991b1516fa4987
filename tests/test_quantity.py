"""Quantities: every unit expression against a factor worked by hand, and one message per way to be wrong."""

import math

import numpy as np
import pytest

from hanle.pde.errors import InputError
from hanle.pde.quantity import DIMENSIONS, parse, show, usual_range

EV = 1.602176634e-19
#: Rounding of a few multiplications.
ROUNDING = 1e-14
#: `show` keeps four digits.
SHOWN = 5e-4

READ = [
    ("5 nm", "length", 5e-9),
    ("5nm", "length", 5e-9),
    ("-2.5e1 Angstrom", "length", -2.5e-9),
    ("3 \u00b5m", "length", 3e-6),
    ("3 \u03bcm", "length", 3e-6),
    ("3 um", "length", 3e-6),
    (".5 mm", "length", 5e-4),
    ("300 K", "temperature", 300.0),
    ("20 mK", "temperature", 0.02),
    ("1 mA", "current", 1e-3),
    ("0.1 T", "magnetic field", 0.1),
    ("500 Oe", "magnetic field", 0.05),
    ("2e-7 Ohm m", "resistivity", 2e-7),
    ("20 uohm cm", "resistivity", 2e-7),
    ("20 \u00b5\u03a9\u00b7cm", "resistivity", 2e-7),
    ("1e14 S/m^2", "conductance per area", 1e14),
    ("1e14 S m^-2", "conductance per area", 1e14),
    ("100 S/um2", "conductance per area", 1e14),
    ("4 cm^2/s", "diffusion constant", 4e-4),
    ("4 cm**2/s", "diffusion constant", 4e-4),
    ("4 cm\u00b2/s", "diffusion constant", 4e-4),
    ("0.1 eV nm^3", "energy volume", 0.1 * EV * 1e-27),
    ("100 meV", "energy", 0.1 * EV),
    ("5e18 1/m^2", "areal density", 5e18),
    ("5e18 /m^2", "areal density", 5e18),
    ("5 nm\u207b\u00b2", "areal density", 5e18),
    ("3.9e46 1/(J m^3)", "density of states", 3.9e46),
    ("6.25 1/(eV nm^3)", "density of states", 6.25e27 / EV),
    ("45 deg", "angle", math.pi / 4),
    ("45\u00b0", "angle", math.pi / 4),
    ("1 MA/cm^2", "current density", 1e10),
    ("1 kV/m", "electric field", 1e3),
    ("30 cm^2/(V s)", "mobility", 3e-3),
    ("9 GHz", "frequency", 9e9),
    ("2 1/ps", "rate", 2e12),
    ("5 %", "dimensionless", 0.05),
    ("0.1", "dimensionless", 0.1),
    ("1 kg m^2/s^2", "energy", 1.0),
    ("1 J/m^3/K", "heat capacity per volume", 1.0),
    (7, "length", 7.0),
    (np.float64(0.25), "magnetic field", 0.25),
]


@pytest.mark.parametrize(("given", "dimension", "expected"), READ)
def test_reads_si(given: object, dimension: str, expected: float) -> None:
    assert parse(given, dimension, "key") == pytest.approx(expected, rel=ROUNDING)


def test_text_needs_a_unit_where_numbers_do_not() -> None:
    assert parse(1.5, "length", "key") == 1.5
    assert parse("1.5", "dimensionless", "key") == 1.5
    with pytest.raises(InputError, match=r'no unit.*did you mean "1\.5 nm"'):
        parse("1.5", "length", "key")


REFUSED = [
    (1.5, "length", 'Pt.key must be a length; instead received 1.5 (no unit) - did you mean "1.5 nm"?'),
    ("1.5", "length", 'Pt.key must be a length; instead received 1.5 (no unit) - did you mean "1.5 nm"?'),
    ("5 nn", "length", 'instead received "nn" - did you mean "nm"?'),
    ("5 Kelvin", "temperature", 'instead received "Kelvin" - write e.g. "1 K"'),
    ("5 K", "length", 'Pt.key must be a length; instead received "5 K" (a temperature) - usual: 100 pm to 1 mm'),
    ("1 Ohm", "resistivity", '"1 Ohm" (a resistance)'),
    ("1 rad/s", "frequency", "s^-1 rad^1"),
    ("5 deg", "dimensionless", "must be a plain number; instead received"),
    ("1 Ohm/cm K", "resistivity", 'use parentheses, as in "1/(J m^3)"'),
    ("1 (m", "length", 'a ")" is missing'),
    ("1 m)", "length", 'a ")" has no "("'),
    ("1 m//s", "velocity", "a unit is missing"),
    ("1 m/", "velocity", "a unit is missing"),
    ("1 m#", "length", 'cannot read "#"'),
    ("nm", "length", "a number and a unit"),
    ("", "length", "a number and a unit"),
    (True, "length", "instead received True"),
    (None, "temperature", 'instead received None - write e.g. "1 K"'),
    ([1.0], "length", "instead received [1.0]"),
    (math.nan, "length", "finite; instead received nan"),
    (math.inf, "dimensionless", "finite"),
    ("nan nm", "length", "a number and a unit"),
    ("1e400 nm", "length", "finite"),
]


@pytest.mark.parametrize(("given", "dimension", "message"), REFUSED)
def test_refuses_with_the_cure(given: object, dimension: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(given, dimension, "Pt.key", bare_is_si=False)
    assert message in str(caught.value)
    assert str(caught.value).startswith("Pt.key must be ")


def test_an_unknown_dimension_names_the_nearest() -> None:
    with pytest.raises(InputError, match='did you mean "length"'):
        parse("5 nm", "lenght", "key")


def test_numbers_without_unit_need_none_when_plain() -> None:
    assert parse(0.1, "dimensionless", "key", bare_is_si=False) == 0.1


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_what_is_shown_can_be_read(dimension: str) -> None:
    """Also proves that unit and usual unit of every dimension are what they claim to be."""
    kind = DIMENSIONS[dimension]
    generator = np.random.default_rng(7)
    for value in 10 ** generator.uniform(math.log10(max(kind.low, 1e-6 * kind.high)), math.log10(kind.high), 20):
        for signed in (value, -value):
            assert parse(show(signed, dimension), dimension, "key", bare_is_si=False) == pytest.approx(
                signed, rel=SHOWN
            )
    assert parse(f"1 {kind.usual}", dimension, "key") > 0
    assert kind.low < kind.high
    assert " to " in usual_range(dimension)


@pytest.mark.parametrize(
    ("value", "dimension", "text"),
    [
        (5e-9, "length", "5 nm"),
        (999.99e-9, "length", "1 um"),
        (-2.5e-7, "length", "-250 nm"),
        (0.0, "length", "0 m"),
        (3e-4, "current", "300 uA"),
        (1e14, "conductance per area", "1e+14 S/m^2"),
        (0.11, "dimensionless", "0.11"),
        (1e-20, "length", "1e-05 fm"),
    ],
)
def test_shows_engineering_notation(value: float, dimension: str, text: str) -> None:
    assert show(value, dimension) == text
