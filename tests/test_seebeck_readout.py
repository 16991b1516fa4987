"""Spin Seebeck voltages, plain and normalised. What must agree and why:

wire of a stack            closed form of its layers, and voltage = field x length
bar in 3D with contacts    the stack times the length of the bar; odd in m
per gradient               per difference x (difference/mean gradient)
surroundings               a contact at their temperature, where h is large
"""

from typing import Any

import pytest

import hanle
from hanle.pde.errors import InputError

LENGTH, WIDTH, YIG, PT = 1e-7, 4e-8, 5e-8, 5e-9
#: Elements of first order, four cells per length.
MESH = 2e-2
COARSE = {"lateral": "uniform", "sizes": {"x": 5e-8, "y": 4e-8}, "cells_per_length": 4}


def device(shape: Any, sign: float = 1.0, **changes: Any) -> hanle.Device:
    yig = {"like": "YIG", "magnon_diffusion_length": "100 nm", "magnon_lattice_coupling": "2.5e14 W/(m^3 K)"}
    given: dict[str, Any] = {
        "field": (0, sign * 0.1, 0),
        "magnetisation": {"YIG": (0, sign, 0)},
        "transport": ("magnons", "heat"),
        "heat_contacts": {"bottom": ["bottom"], "top": ["top"]},
        "interfaces": {"YIG|Pt": hanle.MagnonInterface(g_r="4.1e18 1/m^2")},
    }
    return hanle.Device(shape, {"YIG": yig, "Pt": "Pt"}, **(given | changes))


def stack(**changes: Any) -> hanle.Device:
    return device(hanle.stack([("YIG", YIG), ("Pt", PT)]), wires={"Pt": ["Pt"]}, **changes)


def test_voltage_and_normalised_fields() -> None:
    result = stack().solve(wiring={"top": "-10 mK"})
    field = float(result.wire_field("Pt"))
    # Pt above and colder, m along +y, theta > 0.
    assert field > 0
    assert float(result.wire_voltage("Pt", 2e-3)) == pytest.approx(2e-3 * field, rel=1e-12)
    assert float(result.spin_seebeck("Pt", "bottom", "top")) == pytest.approx(field / 0.01, rel=1e-12)
    low, high = (float(t) for t in result.temperature("YIG", [[0, 0, 0], [0, 0, YIG]]))
    per_gradient = float(result.spin_seebeck("Pt", "bottom", "top", "YIG"))
    assert per_gradient == pytest.approx(field / ((low - high) / YIG), rel=1e-6)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_contacts_in_three_dimensions(sign: float) -> None:
    bar = device(hanle.hall_bar(LENGTH, WIDTH, [("YIG", YIG), ("Pt", PT)], arms=0), sign)
    wiring = {"left": "0 A", "right": "ground", "top": "-10 mK"}
    result = bar.solve(wiring=wiring, mesh_options=COARSE)
    expected = stack().solve(wiring={"top": "-10 mK"})
    for region in (None, "YIG"):
        found = float(result.spin_seebeck("left", "bottom", "top", region))
        line = float(expected.spin_seebeck("Pt", "bottom", "top", region))
        assert found == pytest.approx(sign * line * LENGTH, rel=MESH)
    with pytest.raises(InputError, match="at another temperature than top"):
        result.spin_seebeck("left", "top", "top")


def test_surroundings_drive_like_a_contact() -> None:
    """1e14 W/(m^2 K) is no resistance beside that of 50 nm."""
    sink = hanle.HeatContact(lattice="1e14 W/(m^2 K)", electrons="1e14 W/(m^2 K)", temperature="299.99 K")
    driven = stack(
        heat_contacts={"bottom": ["bottom"]},
        interfaces={"YIG|Pt": hanle.MagnonInterface(g_r="4.1e18 1/m^2"), "top": sink},
    ).solve(wiring={"Pt": "0 A/m"})
    held = stack().solve(wiring={"top": "-10 mK"})
    assert float(driven.wire_field("Pt")) == pytest.approx(float(held.wire_field("Pt")), rel=1e-3)
    heat = float(driven.interface_heat_current("top"))
    assert heat == pytest.approx(-float(held.heat_current("top")), rel=1e-3)
    assert heat > 0
