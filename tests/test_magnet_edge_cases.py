"""Magnets that conduct, where one is easily wrong: textures per cell at faces, laws that hand over nothing."""

import numpy as np
import pytest
from numpy.typing import NDArray

import hanle
from hanle.device import Device
from hanle.pde.errors import InputError

Array = NDArray[np.float64]
INTERFACE = hanle.Circuit(1e15, 5e14, 6e14 + 1e14j, 0.2)


def wall(points: Array) -> Array:
    """A wall across y."""
    y = points[:, 1] / 5e-9
    return np.stack([0 * y + 0.1, 1 / np.cosh(y), np.tanh(y)], axis=-1)


def test_texture_per_cell_is_that_of_the_cells_beside_the_face() -> None:
    """As the function of position where both sides of the face are sampled at the same y."""
    shape = hanle.section("20 nm", [("Pt", "4 nm"), ("Co", "2 nm")])
    device = Device(shape, {"Pt": "Pt", "Co": "Co"}, magnetisation={"Co": wall}, interfaces={"Pt|Co": INTERFACE})
    mesh = device.mesh()
    expected = device.solve(mesh=mesh)
    found = device.with_changes(magnetisation={"Co": wall(mesh.centres("Co"))}).solve(mesh=mesh)
    assert found.torque("Co") == pytest.approx(expected.torque("Co"), rel=1e-9)
    with pytest.raises(InputError, match=r"magnetisation\.Co must be uniform"):
        found.spin_orbit_torque("Co")
