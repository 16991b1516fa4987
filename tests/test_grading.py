"""Points on an interval: exact ends, symmetry, bounded sizes and ratios, few cells.

The number of cells is compared with the sum of a geometric series, worked here independently.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from hanle.meshes.grading import bridged, graded, uniform
from hanle.meshes.layers import stack
from hanle.pde.errors import InputError

NM = 1e-9
#: Cell sizes are differences of coordinates: relative rounding of the smallest cell.
ROUNDING = 1e-6

lengths = some.floats(0.1 * NM, 1e6 * NM)
ratios = some.floats(1e-4, 2.0)
growths = some.floats(1.05, 3.0)


@given(lengths, ratios, growths, some.sampled_from(["both", "low", "high"]))
def test_sizes_and_ratios_are_bounded(length: float, ratio: float, growth: float, ends: str) -> None:
    first = ratio * length
    points = graded(length, first, growth=growth, ends=ends)
    sizes = np.diff(points)
    assert points[0] == 0.0
    assert points[-1] == length
    assert np.all(sizes > 0)
    neighbours = sizes[1:] / sizes[:-1]
    assert np.all(np.maximum(neighbours, 1 / neighbours) <= growth * (1 + ROUNDING))
    at_ends = {"both": sizes[[0, -1]], "low": sizes[:1], "high": sizes[-1:]}[ends]
    assert np.all(at_ends <= first * (1 + ROUNDING))
    if ends == "both":
        assert np.all(np.abs(points + points[::-1] - length) <= ROUNDING * sizes.min())
        series = math.log1p((growth - 1) * length / 2 / first) / math.log(growth)
        assert len(sizes) <= 2 * math.ceil(series * (1 + ROUNDING) + ROUNDING)


@given(lengths, ratios, some.floats(1e-2, 1.0))
def test_largest_cell(length: float, ratio: float, largest: float) -> None:
    sizes = np.diff(graded(length, ratio * length, largest=largest * length))
    assert sizes.max() <= largest * length * (1 + ROUNDING)
    assert sizes[[0, -1]].max() <= min(ratio, largest) * length * (1 + ROUNDING)


@given(lengths, ratios, ratios, growths, some.floats(1e-2, 1.0))
def test_both_ends_of_an_interval_are_resolved_as_they_ask(
    length: float, low: float, high: float, growth: float, largest: float
) -> None:
    points = bridged(length, low * length, high * length, growth=growth, largest=largest * length)
    sizes = np.diff(points)
    assert points[0] == 0.0
    assert points[-1] == length
    assert sizes[0] <= low * length * (1 + ROUNDING)
    assert sizes[-1] <= high * length * (1 + ROUNDING)
    assert sizes.max() <= largest * length * (1 + ROUNDING)
    neighbours = sizes[1:] / sizes[:-1]
    assert np.all(np.maximum(neighbours, 1 / neighbours) <= growth * (1 + ROUNDING))


@given(lengths, some.integers(1, 40))
def test_uniform(length: float, count: int) -> None:
    assert len(uniform(length, length / count)) == count + 1
    assert len(uniform(length, math.inf)) == 2


def test_growth_of_one_gives_equal_cells() -> None:
    assert np.diff(graded(10 * NM, 1 * NM, growth=1.0)) == pytest.approx([NM] * 10, rel=ROUNDING, abs=0.0)


def test_a_thick_layer_needs_few_cells_and_a_thin_one_equal_ones() -> None:
    """1 mm with a decay length of 1.5 nm: 2 ln(0.4 x 0.5 mm / 0.25 nm)/ln 1.4 = 80.4; 1 nm: steps of 0.25 nm."""
    assert len(stack([("Pt", 1e-3)]).mesh(1.5 * NM).cells) <= 84
    assert np.diff(stack([("Pt", 1 * NM)]).mesh(1.5 * NM).points[:, 0]) == pytest.approx(
        [0.25 * NM] * 4, rel=ROUNDING, abs=0.0
    )
    assert np.diff(stack([("Pt", 1.5 * NM)]).mesh(1.5 * NM, growth=2.0).points[:, 0]) == pytest.approx(
        [0.25 * NM] * 6, rel=ROUNDING, abs=0.0
    )
    assert len(stack([("Pt", 5 * NM)]).mesh(math.inf).cells) == 2
    assert len(stack([("Pt", 5 * NM)]).mesh({"Pt": None}).cells) == 2


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        ((-1.0, 1.0), "length"),
        ((math.inf, 1.0), "length"),
        ((1.0, 0.0), "first"),
        ((1.0, math.nan), "first"),
    ],
)
def test_refused(arguments: tuple[float, float], key: str) -> None:
    with pytest.raises(InputError, match=f"{key} must be"):
        graded(*arguments)


def test_refused_options() -> None:
    with pytest.raises(InputError, match="growth must be"):
        graded(1.0, 0.1, growth=0.5)
    with pytest.raises(InputError, match="ends must be"):
        graded(1.0, 0.1, ends="left")
    with pytest.raises(InputError, match="fewest must be"):
        graded(1.0, 0.1, fewest=0)
