"""`hanle verify` of devices with wires and heat contacts."""

import hanle
from hanle import verify_device

PT = {"Pt": ["Pt"]}


def seebeck(**contacts):
    return hanle.Device(
        hanle.stack([("YIG", "50 nm"), ("Pt", "3 nm")]),
        {"YIG": "YIG", "Pt": "Pt"},
        magnetisation={"YIG": (0, 1, 0)},
        field=(0, 0.1, 0),
        transport=("magnons", "heat"),
        wires=PT,
        heat_contacts=contacts,
    )


def test_stacks_with_wires():
    """No formula: their drives are not those of a film."""
    device = seebeck(bottom=["bottom"], top=["top"])
    assert verify_device.formula(device) is None
    found = list(verify_device.rows(device))
    assert [row.engine for row in found] == ["multilayer", "scikit, order 1", "scikit, order 2"]
    assert all(row.ok for row in found)


def test_lone_heat_contacts_are_left_out():
    """No heat flows there: its response is rounding, which no refinement makes smaller."""
    assert all(row.ok for row in verify_device.rows(seebeck(bath=["bottom"])))


def test_nonlocal_signals_are_compared():
    strips = [("injector", "-200 nm", "100 nm", "5 nm"), ("detector", "200 nm", "100 nm", "5 nm")]
    device = hanle.Device(
        hanle.strips("1 um", [("YIG", "50 nm")], strips),
        {"YIG": "YIG", "injector": "Pt", "detector": "Pt"},
        magnetisation={"YIG": (1, 0, 0)},
        field=(0.1, 0, 0),
        transport=("magnons", "heat"),
        wires={"injector": ["injector"], "detector": ["detector"]},
        heat_contacts={"bath": ["bottom"]},
    )
    found = {row.formula: row for row in verify_device.rows(device)}
    assert all(row.ok for row in found.values())
    signal = found["elements of second order: nonlocal signal"]
    assert 0 < signal.deviation < signal.expected
