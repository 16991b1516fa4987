"""What must hold of devices with spin-orbit coupling at a face, whatever their numbers; what they refuse.

equal relaxation times                <-> nothing but the field-like torque of the lattice; no resistance
any direction of m                    <-> the same two numbers per field
populations by themselves             <-> add up to all of them
insulating magnet, insulating metal   <-> closed forms (28) and (36) of Kim et al., 2017, corrected, with their sign
a round wire                          <-> closed form with Bessel functions, at second order
the same metal on both sides          <-> no torque
a sweep over angles                   <-> each angle by itself
one number per facet                  <-> the number
relaxation times                      <-> resistivities, mean free paths
files                                 <-> every field of a model
the page of the manual                <-> what its program prints
"""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import iv, ivp

import hanle
from hanle.boundary.scattering.coefficients import Drive
from hanle.boundary.scattering.quadrature import QuadratureError
from hanle.checks import check
from hanle.config import Case
from hanle.pde.closed_forms.rashba_torque import insulating_magnet, insulating_normal
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.errors import InputError

EV = E_CHARGE
FACE = hanle.RashbaInterface(
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
M = (0.3, -0.4, 0.8)
FILM = hanle.Device(
    hanle.stack([("Pt", "5 nm"), ("Co", "3 nm")]),
    {"Pt": "Pt", "Co": "Co"},
    magnetisation={"Co": M},
    interfaces={"Pt|Co": FACE},
)
ORIGINS = ("spin Hall", "interface", "lattice")
ROUND_OFF, EXACT = 1e-12, 1e-10


def per_field(part):
    return complex(*(float(value) for value in part.efficiency_per_field))


def coupled(face, **changes):
    return FILM.with_changes(interfaces={"Pt|Co": face}, **changes)


@pytest.mark.parametrize("options", [{}, {"sharvin_removed": False}, {"all_orders": True}])
def test_equal_relaxation_times_leave_the_lattice_alone(options):
    """No current of one population differs from that of another: nothing to be filtered, whatever the interface."""
    equal = replace(FACE, tau_N="7 fs", tau_up="7 fs", tau_dn="7 fs", **options)
    result, other = coupled(equal).solve(), FILM.solve()
    parts = {name: per_field(part) for name, part in result.torque_origins("Co").items()}
    scale = abs(per_field(other.torque_origins("Co")["interface"]))
    assert abs(parts["interface"]) < EXACT * scale
    assert abs(parts["lattice"].real) < EXACT * scale < abs(parts["lattice"].imag)
    change, twist = result.resistivity_origins().get("interfacial spin-orbit", (0.0, 0.0))
    expected = other.resistivity_origins()["interfacial spin-orbit"]
    assert abs(change) < EXACT * abs(expected[0])
    assert abs(twist) < EXACT * abs(expected[1])


@pytest.mark.parametrize("plane", ["alpha", "beta", "gamma"])
def test_every_direction_of_m_has_the_same_torque_per_field(plane):
    """Of every origin; the resistance that turns with m changes the field, not this."""
    read = {
        f"{origin} {kind}": (lambda r, n=origin, k=k: r.torque_origins("Co")[n].efficiency_per_field[k], "S/m")
        for origin in ORIGINS
        for k, kind in enumerate(("DL", "FL"))
    }
    device = FILM.with_changes(magnetisation={"Co": (0, 0, 1)})
    scan = hanle.angles(plane, [5, 40, 130, 220, 305])
    found = hanle.sweep(device, angle=scan, rotate="m", read=read, progress=False)
    expected = FILM.solve().torque_origins("Co")
    scale = abs(sum(map(per_field, expected.values())))
    for name in ORIGINS:
        values = found[f"{name} DL"].values + 1j * found[f"{name} FL"].values
        np.testing.assert_allclose(values, per_field(expected[name]), atol=1e-9 * scale)


def test_a_sweep_is_each_angle_by_itself():
    found = hanle.sweep(
        FILM.with_changes(magnetisation={"Co": (0, 0, 1)}),
        angle=hanle.angles("beta", [10, 50, 230]),
        rotate="m",
        read={
            "part": (lambda r: r.torque_origins("Co")["interface"].per_area, "J/m^2"),
            "odd": (lambda r: r.unidirectional_change("Co", 2.0), "1"),
        },
        progress=False,
    )
    for k, angle in enumerate(np.deg2rad([10, 50, 230])):
        alone = FILM.with_changes(magnetisation={"Co": (0, np.sin(angle), np.cos(angle))}).solve()
        part, whole = alone.torque_origins("Co")["interface"].per_area, alone.spin_orbit_torque("Co")
        np.testing.assert_allclose(found.part.values.reshape(-1, 3)[k], part, atol=ROUND_OFF * np.abs(part).max())
        assert found.torque_DL.values.ravel()[k] == pytest.approx(float(whole.damping_like), rel=EXACT)
        assert found.odd.values.ravel()[k] == pytest.approx(
            float(alone.unidirectional_change("Co", 2.0)), rel=EXACT
        )
        assert found.rho_T.values.ravel()[k] == pytest.approx(float(alone.rho_T), rel=EXACT)


@pytest.mark.parametrize("origin", ["interface", "lattice"])
def test_populations_add_up(origin):
    """At a given field: what each relaxation time makes by itself, twice as much for twice the time."""
    given = FACE.coefficients

    def torque(**drives):
        only = replace(given, **{name: drives.get(name, Drive()) for name in ("N", "up", "dn")})
        return per_field(coupled(only).solve().torque_origins("Co")[origin])

    parts = [torque(**{name: getattr(given, name)}) for name in ("N", "up", "dn")]
    assert sum(parts) == pytest.approx(per_field(FILM.solve().torque_origins("Co")[origin]), rel=EXACT)
    doubled = coupled(replace(FACE, tau_up="30 fs")).solve().torque_origins("Co")[origin]
    assert per_field(doubled) == pytest.approx(sum(parts) + parts[1], rel=EXACT)


def test_an_insulating_magnet_has_the_torque_of_the_closed_form():
    """T = +(28) m x (n x E) for the field E = -grad V, N from the metal to the magnet."""
    barrier = replace(FACE, E_F="2 eV", J="1 eV", U_F="5 eV", u0=0, um=0, tau_up=0, tau_dn=0)
    device = coupled(
        barrier,
        shape=hanle.stack([("Pt", "5 nm"), ("Co", "20 nm")]),
        materials={"Pt": "Pt", "Co": "YIG"},
    )
    part = device.solve().torque_origins("Co")["lattice"]
    expected = float(insulating_magnet(0.1, 2 * EV, EV, 5 * EV, 1e-14))
    assert float(part.field_like / part.electric_field) == pytest.approx(expected, rel=1e-9)


def test_the_surface_of_an_insulator_has_the_torque_of_the_closed_form():
    """T = (36) m x (n x E); here the magnet lies below its surface, n = -z."""
    surface = replace(
        FACE, E_F="2 eV", J="1 eV", U_N="5 eV", u0=0, um=0, tau_N=0, memory_loss=False, sharvin_removed=False
    )
    device = hanle.Device(
        hanle.stack([("Co", "3 nm")]),
        {"Co": "Co"},
        magnetisation={"Co": M},
        interfaces={"top": surface},
        without=["spin Hall", "anomalous Hall", "anisotropic magnetoresistance"],
    )
    result, m = device.solve(), np.array(M) / np.linalg.norm(M)
    field = 1e10 * device.materials["Co"].rho
    size = float(insulating_normal(0.1, 2 * EV, EV, 5 * EV, 1.5e-14, 5e-15)) * field
    expected = size * np.cross(m, np.cross([0, 0, -1.0], [1.0, 0, 0]))
    np.testing.assert_allclose(result.torque("Co"), expected, atol=1e-9 * np.abs(expected).max())


def test_the_same_metal_on_both_sides_gives_no_torque():
    """Each face by itself gives one: n points from the metal to the magnet, here up, there down."""
    device = hanle.Device(
        hanle.stack([("Pt", "5 nm"), ("Co", "3 nm"), ("above", "5 nm")]),
        {"Pt": "Pt", "Co": "Co", "above": "Pt"},
        magnetisation={"Co": M},
        interfaces={"Pt|Co": FACE, "Co|above": FACE},
    )
    result = device.solve()
    alone = np.abs(result.torque("Co", "Pt|Co")).max()
    np.testing.assert_allclose(result.torque("Co"), 0, atol=EXACT * alone)
    scale = abs(per_field(FILM.solve().spin_orbit_torque("Co")))
    for part in result.torque_origins("Co", "Pt").values():
        assert abs(per_field(part)) < EXACT * scale


def test_a_round_wire_has_the_torque_of_the_closed_form():
    """Current along a core of Pt in a shell of Co, m along it: one torque at all facets, at second order.

    Spin turns once about the wire: w = I_1(r/lambda), s = (sigma/lambda) I_1'/I_1; nothing returns from a lower face.
    """
    radius, pt, given = 6e-9, FILM.materials["Pt"], FACE.coefficients
    a, b, b_lat = (sum(float(getattr(d, key)) for d in given.drives) for key in ("a", "b", "b_lat"))
    ratio, mixing = ivp(1, radius / pt.lam) / iv(1, radius / pt.lam), 2 * given.g_mix
    s = ratio / pt.rho / pt.lam
    w = (pt.spin_hall_angle.value / pt.rho + a + 1j * b) / (s + mixing)
    expected = (mixing * w - a - 1j * (b + b_lat)) * HBAR / (2 * E_CHARGE)
    errors = []
    for sectors in (16, 32):
        shape = hanle.wire([("Pt", "6 nm"), ("Co", "3 nm")], sectors=sectors)
        device = FILM.with_changes(shape=shape, magnetisation={"Co": (1, 0, 0)})
        mesh = device.mesh(cells_per_length=sectors / 4, growth=1.0)
        result = device.solve(mesh=mesh)
        _, torque = result.torque_map("Co", "Pt|Co")
        axis = np.cross(mesh.face_normals("Pt|Co"), [1.0, 0, 0])
        parts = [np.sum(torque * v, axis=1) for v in (axis, np.cross([1.0, 0, 0], axis))]
        found = (parts[0] + 1j * parts[1]) / result.solution.amplitudes[0, 0]
        np.testing.assert_allclose(found, found.mean(), rtol=EXACT)
        errors.append(abs(found[0] - expected) / abs(expected))
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.05)
    assert errors[1] < 2e-3
    with pytest.raises(InputError, match="face must be flat"):
        result.torque_origins("Co")


def test_numbers_can_vary_over_the_face():
    """A texture that is none and arrays that are constant change nothing; arrays of another size are refused."""
    device = FILM.with_changes(shape=hanle.section("30 nm", [("Pt", "5 nm"), ("Co", "3 nm")]))
    mesh = device.mesh(growth=3.0)
    count, given = len(mesh.face_centres("Pt|Co")), FACE.coefficients
    varied = replace(given, N=replace(given.N, a=np.full(count, given.N.a)), g_up=np.full(count, given.g_up))
    expected = device.solve(mesh=mesh).torque("Co")
    changes = {
        "interfaces": {"Pt|Co": varied},
        "magnetisation": {"Co": lambda points: np.tile(M, (len(points), 1))},
    }
    found = device.with_changes(**changes).solve(mesh=mesh).torque("Co")
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    wrong = replace(given, up=Drive(b=np.zeros(count + 1)))
    with pytest.raises(
        InputError, match=rf"interfaces\.Pt\|Co\.up\.b must be a number, or one for each of {count}"
    ):
        device.with_changes(interfaces={"Pt|Co": wrong}).solve(mesh=mesh)


def test_relaxation_times_are_resistivities_and_mean_free_paths():
    """5 eV: k_F = 11.456 1/nm, n = 5.0767e28 1/m^3, v = 1.3262e6 m/s; 10 fs make 69.9 nOhm m and 13.3 nm."""
    normal, magnet = FACE.resistivities
    assert normal == pytest.approx(69.9e-9, rel=1e-3)
    assert FACE.mean_free_paths[0] == pytest.approx(13.26e-9, rel=1e-3)
    sigma = [10e-15 * tau * energy**1.5 for tau, energy in ((1.5, 5.6), (0.5, 4.4))]
    assert magnet == pytest.approx(normal * 2 * 10e-15 * 5**1.5 / sum(sigma), rel=1e-9)
    insulating = replace(FACE, U_N="9 eV", tau_N=0.0, sharvin_removed=False)
    assert insulating.resistivities[0] == np.inf
    assert insulating.mean_free_paths[0] == 0
    assert "damping_like true; relaxation times of 69.89 and 63.81 nOhm m" in check(Case(FILM))


def test_files_keep_every_field_of_a_model(tmp_path):
    given = replace(
        FACE, U_N="0.1 eV", U_F="-0.2 eV", mass=8e-31, all_orders=True, accept=("bound states",), damping_like=False
    )
    assert hanle.load(hanle.dump(coupled(given), tmp_path / "model.toml")).interfaces["Pt|Co"] == given
    varied = replace(FACE.coefficients, up=Drive(b=np.zeros(3)))
    with pytest.raises(InputError, match=r"interfaces\.Pt\|Co\.up\.b must be a number, to be written"):
        hanle.dump(coupled(varied), tmp_path / "array.toml")


def test_numbers_are_given_with_units_too():
    given = hanle.RashbaCoefficients(
        N=Drive(a="3 kS/m"), g_up="4e14 S/m^2", g_dn="1e14 S/m^2", g_mix=("3e14 S/m^2", "-1e13 S/m^2")
    )
    assert (given.N.a, given.g_up, given.g_mix) == (3e3, 4e14, 3e14 - 1e13j)
    with pytest.raises(InputError, match="g_up must be a number, a string with unit or an array"):
        hanle.RashbaCoefficients(g_up=lambda points: 1e14)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"E_F": 5.0}, 'E_F must be at most 1.6e-16 J; instead received 5.0 - with its unit: "5 eV"'),
        ({"tau_N": 10.0}, "tau_N must be at most 1e-09 s"),
        ({"all_orders": "no"}, "all_orders must be true or false"),
        ({"accept": "large h_R"}, r'accept must be a list of names; instead received "large h_R" - write \["large'),
        ({"tau_N": 0, "tau_up": 0, "tau_dn": 0}, "no electrons are driven without"),
        ({"U_N": "9 eV", "tau_N": 0}, "sharvin_removed must be false where the metal is insulating"),
    ],
)
def test_models_that_say_too_little_or_too_much_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        replace(FACE, **changes)


def test_flips_that_diverge_name_the_choice():
    """Equal bands without a barrier: the sum of second order diverges."""
    with pytest.raises(QuadratureError, match="without flips: memory_loss false"):
        replace(FACE, J=0, u0=0, um=0, sharvin_removed=False)


def test_a_surface_takes_no_current():
    with pytest.raises(InputError, match=r"without currents into the insulating side normal: only up\.b_lat"):
        FILM.with_changes(interfaces={"top": FACE}).solve()


def test_names_of_axes_are_taken():
    with pytest.raises(InputError, match="read must be under names of their own"):
        hanle.sweep(FILM, read={"interface": (lambda r: 1.0, "1")}, progress=False)


def test_the_manual_prints_what_it_says(capsys):
    page = (Path(__file__).parents[1] / "docs" / "spin_orbit_interfaces.md").read_text(encoding="utf-8")
    program, said = re.search(r"```python\n(.*?)```\n\n((?:    [^\n]*\n)+)", page, re.DOTALL).groups()
    names = {}
    exec(program, names)
    printed = re.sub(r"-(0\.0000)", r" \1", capsys.readouterr().out)
    assert printed == said.replace("    ", "", 1).replace("\n    ", "\n")
    normal, magnet = (round(1e9 * rho) for rho in names["face"].resistivities)
    assert f"Pt {normal}, CoFeB {magnet} nOhm m" in page
    for removed, mixing in ((False, "3.7e14"), (True, "6.9e14")):
        found = replace(names["face"], sharvin_removed=removed).coefficients.g_mix.real
        assert f"{found:.1e}".replace("+", "") == mixing
        assert mixing in page
