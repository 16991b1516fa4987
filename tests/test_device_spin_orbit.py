"""Devices with spin-orbit coupling at a face, from the user's side.

origins of a torque                   <-> the device without an effect; coefficients of the interface; they add up
magnet above, below, in a sandwich    <-> the same torque per n x E
insulating magnet, surface of one     <-> field-like torque of the lattice alone
damping_like, sharvin, memory_loss    <-> what each switch takes away
a bar in 3D                           <-> the film, within the effect of its edges
unidirectional resistance             <-> solved again with the conductivity that the accumulation makes
files                                 <-> equal devices
"""

from dataclasses import replace

import numpy as np
import pytest

import hanle
from hanle.boundary.scattering.drift import without_sharvin
from hanle.boundary.scattering.landauer import sharvin
from hanle.checks import check
from hanle.config import Case
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.errors import InputError
from hanle.pde.observables import torque
from hanle.pde.solution import wire

CHOSEN = {"memory_loss": True, "sharvin_removed": True, "damping_like": True}
NUMBERS = {
    "E_F": "5 eV",
    "h_R": 0.1,
    "J": "0.6 eV",
    "u0": "2 1/nm",
    "um": "0.5 1/nm",
    "tau_N": "10 fs",
    "tau_up": "15 fs",
    "tau_dn": "5 fs",
}
FACE = hanle.RashbaInterface(**NUMBERS, **CHOSEN)
M = (0.3, -0.4, 0.8)
FILM = hanle.Device(
    hanle.stack([("Pt", "5 nm"), ("Co", "3 nm")]),
    {"Pt": "Pt", "Co": "Co"},
    magnetisation={"Co": M},
    interfaces={"Pt|Co": FACE},
)
FIELD = 1e10 * FILM.materials["Pt"].rho
ROUND_OFF, EXACT = 1e-12, 1e-10
#: Edges of a bar of 40 nm, where spin accumulates, over its area.
EDGES = 0.05


def complex_torque(torque):
    return complex(torque.damping_like, torque.field_like)


def test_origins_add_up_to_the_torque():
    result = FILM.solve()
    whole, parts = result.spin_orbit_torque("Co"), result.torque_origins("Co")
    assert sum(complex_torque(p) for p in parts.values()) == pytest.approx(complex_torque(whole), rel=ROUND_OFF)
    bare = FILM.with_changes(without=["interfacial spin-orbit"]).solve()
    hall = torque(wire(bare.response, amplitudes=result.solution.gradients), "Co")[0]
    np.testing.assert_allclose(parts["spin Hall"].per_area, hall, rtol=EXACT)
    assert min(abs(complex_torque(parts[name])) for name in ("spin Hall", "interface", "lattice")) > 1e-9
    assert abs(complex_torque(parts["other"])) < EXACT * abs(complex_torque(whole))


def test_the_part_of_the_interface_does_not_know_the_spin_hall_effect():
    """In a film without anomalous Hall effect, so that both have a field along x."""
    found = []
    for left_out in (["anomalous Hall"], ["anomalous Hall", "spin Hall"]):
        device = FILM.with_changes(without=left_out, magnetisation={"Co": (0.6, 0, 0.8)})
        parts = device.solve().torque_origins("Co")
        found.append([parts[name].efficiency_per_field for name in ("interface", "lattice")])
    np.testing.assert_allclose(found[0], found[1], rtol=EXACT, atol=EXACT * np.abs(found[0]).max())


def test_the_part_of_the_lattice_is_its_coefficient():
    given = -HBAR / (2 * E_CHARGE) * sum(d.b_lat for d in FACE.coefficients.drives)
    result = FILM.solve()
    part = result.torque_origins("Co")["lattice"]
    assert part.field_like == pytest.approx(given * result.spin_orbit_torque("Co").electric_field, rel=EXACT)
    assert abs(part.damping_like) < ROUND_OFF * abs(part.field_like)


@pytest.mark.parametrize(
    ("layers", "face"),
    [
        ([("Co", "3 nm"), ("Pt", "5 nm")], "Co|Pt"),
        ([("Pt", "5 nm"), ("Co", "3 nm"), ("Cu", "4 nm")], "Pt|Co"),
    ],
)
def test_stacking_does_not_matter(layers, face):
    """Turned over, and with a metal on the other side that the transverse spin does not reach."""
    stack = hanle.stack(layers)
    materials = {name: name for name, _ in layers}
    device = FILM.with_changes(shape=stack, materials=materials, interfaces={face: FACE})
    driven = {"current_density": "1e10 A/m^2"}
    expected = FILM.solve(**driven).spin_orbit_torque("Co", "Pt")
    found = device.solve(**driven).spin_orbit_torque("Co", "Pt")
    # Spin Hall effect of Co and its neighbour: per field, a fraction of a percent.
    ratio = np.array(found.efficiency_per_field) / np.array(expected.efficiency_per_field)
    np.testing.assert_allclose(ratio, 1.0, rtol=ROUND_OFF if len(layers) == 2 else 0.02)


def test_an_insulating_magnet_gets_the_torque_of_the_lattice():
    barrier = replace(FACE, U_F="9 eV", tau_up=0.0, tau_dn=0.0, sharvin_removed=False)
    device = hanle.Device(
        hanle.stack([("Pt", "5 nm"), ("YIG", "20 nm")]),
        {"Pt": "Pt", "YIG": "YIG"},
        magnetisation={"YIG": M},
        interfaces={"Pt|YIG": barrier},
    )
    parts = device.solve().torque_origins("YIG")
    assert abs(parts["interface"].damping_like) < EXACT * abs(parts["lattice"].field_like)
    assert abs(parts["interface"].field_like) < EXACT * abs(parts["lattice"].field_like)
    assert parts["lattice"].field_like != 0


def test_a_magnet_on_an_insulator_gets_a_torque_at_its_surface():
    """The surface of a topological insulator: b_lat of the magnet's own electrons."""
    surface = replace(FACE, U_N="9 eV", tau_N=0.0, sharvin_removed=False)
    device = hanle.Device(
        hanle.stack([("Co", "3 nm")]),
        {"Co": "Co"},
        magnetisation={"Co": M},
        interfaces={"bottom": surface},
        without=["spin Hall", "anomalous Hall", "anisotropic magnetoresistance"],
    )
    result = device.solve()
    b_lat = sum(float(d.b_lat) for d in surface.coefficients.drives)
    field = 1e10 * device.materials["Co"].rho
    torque = -HBAR / (2 * E_CHARGE) * b_lat * field * np.cross(np.array(M) / np.linalg.norm(M), [0, 1.0, 0])
    np.testing.assert_allclose(result.torque("Co"), torque, rtol=1e-9, atol=1e-9 * np.abs(torque).max())


def test_each_choice_takes_away_what_it_names():
    bare = replace(FACE, sharvin_removed=False)
    expected = without_sharvin(bare.coefficients, *sharvin(FACE.model))
    assert FACE.coefficients.g_mix == pytest.approx(expected.g_mix, rel=ROUND_OFF)
    assert abs(FACE.coefficients.g_mix) > 1.2 * abs(bare.coefficients.g_mix)
    assert all(drive.a == 0 for drive in replace(FACE, damping_like=False).coefficients.drives)
    assert replace(FACE, memory_loss=False).coefficients.loss.G_NN == 0 < FACE.coefficients.loss.G_NN


@pytest.mark.parametrize("missing", CHOSEN)
def test_choices_must_be_made(missing):
    with pytest.raises(InputError, match=f"{missing} must be said"):
        hanle.RashbaInterface(**NUMBERS, **{k: v for k, v in CHOSEN.items() if k != missing})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"materials": {"Pt": "Pt", "Co": "Cu"}, "magnetisation": {}}, "between one ferromagnet and a metal"),
        (
            {"materials": {"Pt": "Py", "Co": "Co"}, "magnetisation": {"Pt": M, "Co": M}},
            "between one ferromagnet and a metal",
        ),
        ({"materials": {"Pt": "Pt", "Co": "YIG"}}, "without currents into the insulating side ferromagnet"),
    ],
)
def test_faces_that_do_not_fit_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        FILM.with_changes(**changes).solve()


def test_numbers_can_be_given_and_files_keep_both(tmp_path):
    numbers = FILM.with_changes(interfaces={"Pt|Co": FACE.coefficients})
    expected = FILM.solve().torque("Co")
    np.testing.assert_array_equal(numbers.solve().torque("Co"), expected)
    for name, device in (("model", FILM), ("numbers", numbers)):
        again = hanle.load(hanle.dump(device, tmp_path / f"{name}.toml"))
        np.testing.assert_allclose(again.solve().torque("Co"), expected, rtol=ROUND_OFF)
        assert type(again.interfaces["Pt|Co"]) is type(device.interfaces["Pt|Co"])
        assert "spin-orbit coupling, g_up" in check(Case(again))


def test_sweeps_vary_the_strength():
    found = hanle.sweep(FILM, vary={"Pt|Co.h_R": [0.0, 0.1]}, progress=False)
    bare = FILM.with_changes(without=["interfacial spin-orbit"], interfaces={"Pt|Co": replace(FACE, h_R=0.0)})
    torque = found.torque_FL.values.ravel()
    assert torque[0] == pytest.approx(float(bare.solve().spin_orbit_torque("Co").field_like), rel=1e-9)
    assert torque[1] == pytest.approx(float(FILM.solve().spin_orbit_torque("Co").field_like), rel=1e-9)


def test_effective_fields_per_current_density():
    """B = tau/(M_s d) per j of the metal; 1e-14 T m^2/A is 1 mT per 1e11 A/m^2."""
    torque = FILM.solve().spin_orbit_torque("Co")
    moment = FILM.materials["Co"].saturation_magnetisation.value * 3e-9
    expected = np.array([torque.damping_like, torque.field_like]) / moment / torque.current_density
    np.testing.assert_allclose(torque.fields_per_current_density, expected, rtol=ROUND_OFF)
    assert 1e-16 < abs(expected[0]) < 1e-12


def test_a_bar_has_the_torque_of_the_film():
    bar = hanle.hall_bar(length="120 nm", width="40 nm", layers=[("Pt", "5 nm"), ("Co", "3 nm")])
    coarse = {"cells_per_length": 3, "growth": 3.0}
    found = FILM.with_changes(shape=bar).solve(current="1 mA", mesh_options=coarse).spin_orbit_torque("Co")
    expected = FILM.solve().spin_orbit_torque("Co")
    np.testing.assert_allclose(found.efficiency_per_field, expected.efficiency_per_field, rtol=EDGES)


def test_parts_of_the_resistivity_add_up():
    result = FILM.solve()
    parts = result.resistivity_origins()
    assert {"spin Hall", "interfacial spin-orbit", "anisotropic magnetoresistance"} <= parts.keys()
    total = np.sum([[p[0], p[1]] for p in parts.values()], axis=0)
    np.testing.assert_allclose(total, [result.rho_L_change, result.rho_T], rtol=1e-10)


def test_unidirectional_resistance_is_that_of_a_changed_conductivity():
    """Solved again with the conductivity that the accumulation of either current direction makes."""
    slope, options = -2.0, {"current_density": "1e11 A/m^2", "engine": "scikit", "order": 2}
    device = FILM.with_changes(magnetisation={"Co": (0.2, 1, 0.3)})
    result = device.solve(**options)
    m = np.array([0.2, 1, 0.3]) / np.linalg.norm([0.2, 1, 0.3])
    found = []
    for sign in (1, -1):

        def resistivity(points, sign=sign):
            longitudinal = result.spin_accumulation("Co", points) / 2 @ m
            return device.materials["Co"].rho / (1 + sign * slope * longitudinal)

        changed = device.with_changes(profiles={"Co.resistivity": resistivity})
        found.append(float(changed.solve(mesh=result.mesh, **options).sheet_resistance))
    odd = (found[0] - found[1]) / 2 / float(result.sheet_resistance)
    # The profile is taken at the centres of the cells.
    assert result.unidirectional_change("Co", slope) == pytest.approx(odd, rel=5e-3)
    exact = device.solve(current_density="1e11 A/m^2")
    assert exact.unidirectional_change("Co", slope) == pytest.approx(odd, rel=5e-3)
    back = device.solve(current_density="-1e11 A/m^2")
    assert back.unidirectional_change("Co", slope) == pytest.approx(
        -exact.unidirectional_change("Co", slope), rel=1e-9
    )


def test_unidirectional_resistance_needs_a_ferromagnet():
    with pytest.raises(InputError, match="one of the ferromagnetic metals"):
        FILM.solve().unidirectional_change("Pt", 1.0)
