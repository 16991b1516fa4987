"""A device with magnons and heat by the engine fenicsx <-> scikit on the same mesh, on any number of processes."""

import pytest

import hanle

#: Direct solvers on one mesh: rounding, with heat of very different coefficients.
SAME = 1e-8


@pytest.mark.parametrize("heat", [False, True], ids=["magnons", "heat"])
def test_nonlocal_device_is_that_of_scikit(heat):
    strips = [("in", -0.3e-6, 2e-7, 7e-9), ("out", 0.3e-6, 2e-7, 7e-9)]
    device = hanle.Device(
        hanle.strips(2e-6, [("YIG", 1e-7)], strips),
        {"YIG": "YIG", "in": "Pt", "out": "Pt"},
        magnetisation={"YIG": (1, 0, 0)},
        field=(0.1, 0, 0),
        transport=("magnons", "heat") if heat else ("magnons",),
        wires={"in": ["in"], "out": ["out"]},
        heat_contacts={"bath": ["bottom"], "heater": ["in|top"]} if heat else {},
    )
    driven = {"in": "1 mA"} | ({"heater": "1 W/m"} if heat else {})
    alone = device.solve(wiring=driven, engine="scikit")
    found = device.solve(wiring=driven, engine="fenicsx", mesh=alone.mesh)
    assert found.wire_resistance("out") == pytest.approx(alone.wire_resistance("out"), rel=SAME)
    points = [[0.0, 0.0, 5e-8]]
    assert found.magnon_potential("YIG", points) == pytest.approx(alone.magnon_potential("YIG", points), rel=SAME)
    if heat:
        for contact in ("bath", "heater"):
            assert found.heat_current(contact) == pytest.approx(alone.heat_current(contact), rel=SAME)
    assert max(float(b.error[0]) for b in found.balances.values()) < SAME
