"""B given per cell of a mesh with two metals and a magnet is the same as the function it was sampled from."""

import numpy as np
import pytest

import hanle
from hanle.meshes.files import MeshShape
from hanle.pde.errors import InputError

METAL = {
    "kind": "normal metal",
    "resistivity": "0.5 uOhm m",
    "spin_hall_angle": 0.1,
    "diffusion_constant": "1 cm^2/s",
}
MATERIALS = {
    "YIG": "YIG",
    "Pt": {**METAL, "diffusion_length": "2 nm"},
    "Ta": {**METAL, "spin_hall_angle": -0.05, "diffusion_length": "1.5 nm"},
}


def stripes(points):
    """Constant in each cell of the mesh below: changes sign at y = 0."""
    return np.outer(np.where(points[:, 1] < 0, -3.0, 5.0), [0.2, 0.1, 1.0])


@pytest.fixture
def device():
    layers = [("YIG", "10 nm"), ("Pt", "3 nm"), ("Ta", "4 nm")]
    return hanle.Device(hanle.section("30 nm", layers), MATERIALS, temperature="100 K", field=stripes)


def test_array_is_its_function(device):
    mesh = device.mesh(cells_per_length=4, sizes={"y": 3e-9})
    centres = mesh.points3(mesh.points[mesh.cells].mean(axis=1))
    sampled = device.with_changes(field=stripes(centres), magnetisation={"YIG": stripes})
    exact = device.with_changes(magnetisation={"YIG": stripes})
    a, b = sampled.solve(mesh=mesh, tolerance=1e-11), exact.solve(mesh=mesh, tolerance=1e-11)
    assert float(a.rho_L_change) == pytest.approx(float(b.rho_L_change), rel=1e-9)
    uniform = device.with_changes(field=(1.0, 0.5, 5.0), magnetisation={}).solve(mesh=mesh)
    assert float(a.rho_L_change) != pytest.approx(float(uniform.rho_L_change), rel=1e-6)


def test_array_of_another_mesh_is_refused(device):
    mesh = device.mesh(cells_per_length=4, sizes={"y": 3e-9})
    with pytest.raises(InputError, match="field must be one vector, or one per cell of the mesh"):
        device.with_changes(field=np.ones((5, 3))).solve(mesh=mesh)


def test_array_on_a_mesh_from_elsewhere(device):
    """A device on its own mesh: the array belongs to it, nothing else need be given."""
    mesh = device.mesh(cells_per_length=4, sizes={"y": 3e-9})
    centres = mesh.points3(mesh.points[mesh.cells].mean(axis=1))
    fixed = device.with_changes(shape=MeshShape(mesh), field=stripes(centres), magnetisation={"YIG": stripes})
    exact = device.with_changes(magnetisation={"YIG": stripes})
    found, expected = fixed.solve(tolerance=1e-11), exact.solve(mesh=mesh, tolerance=1e-11)
    assert float(found.rho_L_change) == pytest.approx(float(expected.rho_L_change), rel=1e-9)
