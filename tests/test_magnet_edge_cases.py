"""Magnets that conduct, where one is easily wrong: textures per cell at faces, laws that hand over nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import hanle
from hanle.device import Device
from hanle.meshes.facets import subset
from hanle.meshes.ovf import VectorGrid, write_ovf
from hanle.pde.coefficients import Deposit
from hanle.pde.errors import InputError
from hanle.transverse import TransverseSpinWarning

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


def test_deposit_without_terms_is_zero() -> None:
    assert np.array_equal(Deposit().density(np.ones((2, 5, 1, 8))), np.zeros((2, 5, 1, 3)))
    assert Deposit(rows=1).filtered(lambda terms: terms).density(np.ones((1, 1, 1, 4))).shape == (1, 1, 1, 1)


@pytest.mark.filterwarnings("ignore::hanle.transverse.TransverseSpinWarning")
@pytest.mark.parametrize("interface", [hanle.Circuit(1e15, 1e14), hanle.Circuit(0.0, 0.0)])
def test_faces_that_take_no_spin_leave_the_others_to_count(interface: hanle.Circuit) -> None:
    """One face with memory loss and torque, one with neither."""
    shape = hanle.stack([("Pt", "3 nm"), ("Co", "2 nm"), ("Ta", "2 nm")])
    faces = {"Pt|Co": interface, "Co|Ta": INTERFACE}
    materials = {name: name for name in ("Pt", "Co", "Ta")}
    result = Device(shape, materials, magnetisation={"Co": (0.3, 0.1, 0.8)}, interfaces=faces).solve()
    parts = [result.torque("Co", place) for place in ("Pt|Co", "Co", "Co|Ta")]
    assert not np.any(parts[0])
    assert np.sum(parts, axis=0) == pytest.approx(result.torque("Co"), rel=1e-12)
    assert result.torque_map("Co", "Pt|Co")[1].shape == (1, 3)


def test_unpolarised_magnet_without_exchange_is_the_normal_metal() -> None:
    """Without a length of its own, spin across m decays over that of the spin along it; a profile changes both."""
    metal = {
        "resistivity": "2e-7 Ohm m",
        "spin_hall_angle": 0.1,
        "diffusion_length": "2 nm",
        "diffusion_constant": "5 cm^2/s",
    }
    kinds = {"kind": "normal metal"}, {"kind": "ferromagnetic metal", "polarisation": 0.0}
    for profiles in ({}, {"M.diffusion_length": 5e-9}):
        options = {"field": (0.4, 1.0, 2.0), "profiles": profiles}
        results = [Device(hanle.stack([("M", "4 nm")]), {"M": metal | kind}, **options).solve() for kind in kinds]
        normal, magnet = ((float(r.rho_L_change), float(r.rho_T)) for r in results)
        assert magnet == pytest.approx(normal, rel=1e-9)


def test_circuit_between_normal_metals_may_conduct_nothing() -> None:
    """As the closed face."""
    device = Device(hanle.stack([("Pt", "3 nm"), ("Cu", "2 nm")]), {"Pt": "Pt", "Cu": "Cu"})
    laws = {"Pt|Cu": hanle.Circuit(0.0, 0.0)}, {"Pt|Cu": "closed"}
    found, expected = (device.with_changes(interfaces=law).solve().rho_L_change for law in laws)
    assert found == pytest.approx(float(expected), rel=1e-12)


def test_torque_per_area_needs_one_face(tmp_path: Path) -> None:
    """A mesh file may give the interface in two parts: no area is that of the magnet."""
    shape = hanle.section("20 nm", [("Pt", "4 nm"), ("Co", "2 nm")])
    materials, m = {"Pt": "Pt", "Co": "Co"}, {"Co": (0.0, 0.0, 1.0)}
    whole = Device(shape, materials, magnetisation=m, interfaces={"Pt|Co": INTERFACE})
    mesh = whole.mesh()
    left = mesh.face_centres("Pt|Co")[:, 1] < 5e-9
    faces = dict(mesh.faces)
    face = faces.pop("Pt|Co")
    faces |= {"left part": subset(face, left), "right part": subset(face, ~left)}
    path = hanle.write_mesh(replace(mesh, faces=faces), tmp_path / "parts.msh")
    laws = dict.fromkeys(("left part", "right part"), INTERFACE)
    parts = Device(hanle.read_mesh(path), materials, magnetisation=m, interfaces=laws, contacts={})
    result = parts.solve()
    field = result.solution.amplitude("du/dx") / whole.solve(mesh=mesh).solution.amplitude("du/dx")
    assert result.torque("Co") == pytest.approx(whole.solve(mesh=mesh).torque("Co") * field, rel=1e-6)
    with pytest.raises(InputError, match=r"metal must be beside Co at one face.*left part.*right part"):
        result.spin_orbit_torque("Co")
    assert "torque_DL" not in hanle.sweep(parts, field=[0.0], progress=False)


def test_texture_that_does_not_cover_its_magnet_is_named(tmp_path: Path) -> None:
    grid = VectorGrid(np.array([0.0, -8e-9, 0.0]), np.array([1e-9, 2e-9, 1e-9]), np.ones((1, 5, 1, 3)))
    write_ovf(tmp_path / "wall.ovf", grid)
    shape = hanle.section("20 nm", [("Pt", "4 nm"), ("Co", "2 nm")])
    texture = hanle.read_ovf(tmp_path / "wall.ovf", uniform="xz")
    device = Device(shape, {"Pt": "Pt", "Co": "Co"}, magnetisation={"Co": texture})
    with pytest.raises(InputError, match=r"^magnetisation\.Co: points of the texture must be inside the grid"):
        device.solve()


def test_charge_that_passes_an_interface_to_and_fro_counts_in_its_balance() -> None:
    """A wire whose core and shell exchange charge: no error of rounding over rounding."""
    normal, magnet = {"like": "Pt", "diffusion_length": "5 nm"}, {"like": "Co", "dephasing_length": "5 nm"}
    shape = hanle.wire([("N", "10 nm"), ("F", "5 nm")])
    device = Device(
        shape, {"N": normal, "F": magnet}, magnetisation={"F": (0.0, 1.0, 0.0)}, interfaces={"N|F": INTERFACE}
    )
    result = device.solve(mesh_options={"cells_per_length": 3})
    current = float(np.abs(result.solution.flux("du/dx")[0]))
    assert np.all(result.balances["u"].turnover > 1e-6 * current)
    assert max(float(np.max(b.error)) for b in result.balances.values()) < 1e-9


@pytest.mark.parametrize(
    ("temperature", "material"), [(300.0, "CuFe"), (200.0, "ordering"), (300.0, "anisotropic")]
)
def test_moments_without_order_need_no_axis_without_field(temperature: float, material: str) -> None:
    """At B = 0 the resistance is the limit of small fields in any direction."""
    coupling: object = (
        ["0.2 meV nm^3", "0.1 meV nm^3", "0.3 meV nm^3"] if material == "anisotropic" else "0.2 meV nm^3"
    )
    record = {
        "kind": "magnetic metal",
        "resistivity": "2 uOhm m",
        "spin_hall_angle": 0.1,
        "diffusion_length": "3 nm",
        "diffusion_constant": "0.01 cm^2/s",
        "critical_temperature": "120 K",
        "sublattices": [{"spin": 2.0, "density": "1.66e27 1/m^3", "coupling": coupling}],
    }
    given = {"like": "CuFe", "spin_hall_angle": 0.1} if material == "CuFe" else record
    device = Device(hanle.stack([("M", "9 nm")]), {"M": given}, temperature=temperature)
    found = float(device.solve().rho_L_change)
    for axis in np.eye(3):
        weak = device.with_changes(field=1e-6 * axis).solve()
        assert found == pytest.approx(float(weak.rho_L_change), rel=1e-8)


@pytest.mark.parametrize("engine", ["multilayer", "scikit"])
def test_interface_without_conductance_parts_the_conductors(engine: str) -> None:
    """No current crosses: both sides need a ground, as where the face is closed."""
    shape = hanle.stack([("Pt", "4 nm"), ("Co", "3 nm")], contacts=True)
    faces = {"Pt|Co": hanle.Circuit(0.0, 0.0, 1e14)}
    device = Device(shape, {"Pt": "Pt", "Co": "Co"}, magnetisation={"Co": (0.0, 0.0, 1.0)}, interfaces=faces)
    with pytest.raises(InputError, match="wiring must be with a ground, or a given voltage, on each conductor"):
        device.solve(engine=engine)
    result = device.solve(engine=engine, wiring={"bottom": "1 mV", "top": "ground"})
    touching = device.with_changes(interfaces={}).solve(engine=engine, wiring={"bottom": "1 mV", "top": "ground"})
    assert abs(result.terminal_current("bottom")) < 1e-9 * touching.terminal_current("bottom")


def test_circuit_without_mixing_is_warned_about_where_spin_across_m_comes() -> None:
    """By another magnet, a spin Hall metal, a field; not in a collinear pillar, nor where nothing passes."""
    shape = hanle.stack([("A", "3 nm"), ("N", "4 nm"), ("B", "3 nm")], contacts=True)
    law = hanle.Circuit(1e15, 5e14)
    copper = {"like": "Cu", "spin_hall_angle": 0.0}
    both = {"A|N": law, "N|B": law}
    z, tilted = (0.0, 0.0, 1.0), (0.0, 0.3, 1.0)
    materials = {"A": "Co", "N": copper, "B": "Py"}
    device = Device(shape, materials, magnetisation={"A": z, "B": (0.0, 0.0, -1.0)}, interfaces=both)
    device.solve()
    device.with_changes(magnetisation={"A": z, "B": tilted}, interfaces=dict.fromkeys(both, INTERFACE)).solve()
    for changes in (
        {"magnetisation": {"A": z, "B": tilted}},
        {"materials": materials | {"N": "Pt"}},
        {"field": tilted},
    ):
        with pytest.warns(TransverseSpinWarning, match=r"interfaces\.(A\|N|N\|B) has no G_mix"):
            device.with_changes(**changes).solve()
    # As a film: a face that nothing passes, with or without G_mix.
    film = Device(hanle.stack([("Pt", "3 nm"), ("B", "2 nm")]), {"Pt": "Pt", "B": "Co"}, magnetisation={"B": z})
    film.with_changes(interfaces={"Pt|B": hanle.Circuit(0.0, 0.0)}).solve()
