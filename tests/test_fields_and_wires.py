"""Electric fields that differ from device to device, and those of periodic axes. What must agree and why:

origins of a torque between contacts    <-> the device without an effect, driven to the same field: its current then
                                            drives another field, as its resistance is another
periodic section with a wire            <-> the film: no current flows across, so that a Hall field stands there too
"""

import numpy as np
import pytest

import hanle
from hanle.meshes.coarse import CoarseMeshWarning

pytestmark = pytest.mark.filterwarnings(f"ignore::{CoarseMeshWarning.__module__}.{CoarseMeshWarning.__name__}")

#: Rounding of two solves.
SAME = 1e-9
RASHBA = hanle.RashbaInterface(
    E_F="5 eV",
    h_R=0.1,
    J="0.6 eV",
    u0="2 1/nm",
    um="0.5 1/nm",
    tau_N="10 fs",
    tau_up="15 fs",
    tau_dn="5 fs",
    memory_loss=True,
    sharvin_removed=True,
    damping_like=True,
)


def test_origins_between_contacts_are_those_at_one_field():
    shape = hanle.hall_bar("10 nm", "5 nm", [("Pt", "5 nm"), ("Co", "3 nm")])
    bar = hanle.Device(
        shape,
        {"Pt": "Pt", "Co": "Co"},
        magnetisation={"Co": (0.3, -0.4, 0.8)},
        interfaces={"Pt|Co": RASHBA},
    )
    mesh = bar.mesh(cells_per_length=1, growth=1.5, lateral="uniform", sizes={"x": 5e-9, "y": 5e-9})
    options = {"mesh": mesh, "engine": "scikit", "order": 1, "solver": "direct"}
    result = bar.solve(current=1e-6, **options)
    bare = bar.with_changes(without=["interfacial spin-orbit"])
    here, there = (r.spin_orbit_torque("Co").electric_field for r in (result, bare.solve(current=1e-6, **options)))
    ratio = float(here / there)
    assert abs(ratio - 1) > 1e3 * SAME
    expected = bare.solve(current=1e-6 * ratio, **options).spin_orbit_torque("Co").per_area
    np.testing.assert_allclose(result.torque_origins("Co")["spin Hall"].per_area, expected, rtol=SAME)


def test_a_wire_across_which_a_section_is_periodic():
    width, found = 12e-9, []
    layers = [("YIG", "4 nm"), ("Pt", "3 nm")]
    for shape in (hanle.stack(layers), hanle.section(width, layers, periodic=True)):
        device = hanle.Device(
            shape,
            {"Pt": "Pt", "YIG": "YIG"},
            field=(1.0, 2.0, 5.0),
            magnetisation={"YIG": (0.3, 0.5, 0.8)},
            wires={"Pt": ["Pt"]},
        )
        mesh = device.mesh(cells_per_length=3)
        result = device.solve(wiring={"Pt": "1 kV/m"}, mesh=mesh, engine="scikit", order=1, solver="direct")
        area = 1.0 if shape.axes == ("z",) else width
        across = result.solution.amplitude("du/dy(Pt)")[0]
        found.append([across, result.solution.flux("du/dx(Pt)")[0] / area, *(result.torque("YIG") / area)])
    film, section = found
    assert abs(film[0]) > 1e-6 * 1e3
    np.testing.assert_allclose(section, film, rtol=SAME)
