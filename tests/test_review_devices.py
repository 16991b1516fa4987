"""Devices that a hostile review found to answer wrongly, and what they must answer.

strips of a periodic film   <-> those of a wide one: a wire lies along the invariant axis, not across its strip
wires in 3D                 <-> refused: no axis is invariant
"""

import pytest

import hanle
from hanle.pde.errors import InputError

RULE = hanle.MagnonInterface(g_r="4.1e18 1/m^2")
#: Images of the strips one period away change the field of the injector by less.
IMAGES = 1e-3


def strips(periodic: bool = False, width: str | None = None) -> hanle.Device:
    placed = [("a", "-300 nm", "200 nm", "5 nm"), ("b", "300 nm", "200 nm", "5 nm")]
    return hanle.Device(
        hanle.strips("2 um", [("YIG", "100 nm")], placed, periodic=periodic, width=width),
        {"YIG": "YIG", "a": "Pt", "b": "Pt"},
        transport=("magnons",),
        wires={"a": ["a"], "b": ["b"]},
        field=(0.1, 0, 0),
        magnetisation={"YIG": (1, 0, 0)},
        interfaces={"YIG|a": RULE, "YIG|b": RULE},
    )


def test_wires_of_a_periodic_section_lie_along_the_invariant_axis() -> None:
    coarse = {"cells_per_length": 3.0, "growth": 2.0}
    open_, closed = (strips(p).solve(wiring={"a": "0.1 mA"}, mesh_options=coarse) for p in (False, True))
    assert float(closed.wire_field("a")) == pytest.approx(float(open_.wire_field("a")), rel=IMAGES)
    assert float(closed.wire_current("b")) == pytest.approx(0.0, abs=1e-12)


def test_wires_in_3d_are_refused() -> None:
    with pytest.raises(InputError, match=r"wires must be along x or y.*axes x, y, z.*use contacts"):
        strips(width="100 nm")
