"""Magnets that conduct, through the door of the user. What must agree and why:

pillar Co | Cu | Co            series of resistors of Valet and Fert      exact engine; elements at h^2
film of a metal with moments   film formula of Zhang et al., 2025         any B, T and direction, in sweeps
Pt | Co with G_mix             damping-like and field-like torque         the transverse spin of Pt sees G_mix only
strips Py on Cu                nonlocal valve and its Hanle curve         contacts short and tunnelling
profiles of one value          the record with that value
"""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import hanle
from hanle.build import problem
from hanle.device import Device
from hanle.engines import layers
from hanle.materials.load import load, material
from hanle.materials.records import FerromagneticMetal, LocalMomentMetal, NormalMetal
from hanle.materials.weiss import solve
from hanle.pde.closed_forms import nonlocal_valve, spin_orbit_torque, valet_fert
from hanle.pde.closed_forms.channels import transverse_length
from hanle.pde.closed_forms.conducting_magnet import MagneticFilm, exchange_rates, precession
from hanle.pde.closed_forms.film import Mixing
from hanle.pde.constants import HBAR, MU_B
from hanle.pde.errors import InputError, UnsupportedError
from hanle.pde.tensors import unit
from hanle.sweeps import states_of

Array = NDArray[np.float64]

#: The exact engine against closed forms, relative.
EXACT = 1e-10
#: Second order: halving the cells divides the error by 4, here by this at least.
SECOND_ORDER = 3.3
#: A lateral valve against the formula for contacts of no width: strips of 20 nm on a channel of 20 nm, l = 350 nm.
FINITE_CONTACTS = 0.01

CO: dict[str, Any] = {"like": "Co", "anisotropy": 0.0, "anomalous_hall_angle": 0.0}
CU: dict[str, Any] = {"like": "Cu", "spin_hall_angle": 0.0}
PILLAR = hanle.stack([("F1", "8 nm"), ("Cu", "5 nm"), ("F2", "12 nm")])
INTERFACE = hanle.Circuit(1.5e15, 0.3e15, 0.6e15 + 0.1e15j, 0.3)
GADOLINIUM: dict[str, Any] = {
    "kind": "magnetic metal",
    "resistivity": "2 uOhm m",
    "spin_hall_angle": 0.1,
    "diffusion_length": "3 nm",
    "diffusion_constant": "0.01 cm^2/s",
    "critical_temperature": "120 K",
    "sublattices": [{"spin": 2.0, "density": "1.66e27 1/m^3", "coupling": "-0.18 meV nm^3"}],
}


def pillar(second: float, axis: Any = (0.0, 0.0, 1.0), **options: Any) -> Device:
    """Co | Cu | Co with the second magnet along or against the first."""
    directions = {"F1": np.asarray(axis), "F2": second * np.asarray(axis)}
    contacts = {"low": ["bottom"], "high": ["top"]}
    materials = {"F1": CO, "Cu": CU, "F2": CO}
    return Device(PILLAR, materials, magnetisation=directions, contacts=contacts, **options)


def series(second: float, interface: hanle.Circuit | None) -> float:
    """The same by Valet and Fert; no spin current leaves through the contacts."""
    co, cu = material(CO, "Co"), material(CU, "Cu")
    assert isinstance(co, FerromagneticMetal)
    assert isinstance(cu, NormalMetal)

    def magnet(thickness: float) -> valet_fert.Element:
        return valet_fert.layer(co.rho, thickness, co.lam, co.P)

    below, above = magnet(8e-9), magnet(12e-9)
    chain = [below, valet_fert.layer(cu.rho, 5e-9, cu.lam), above if second > 0 else above.reversed]
    if interface is not None:
        up, dn = float(np.real(interface.G_up)), float(np.real(interface.G_dn))
        p = (up - dn) / (up + dn)
        face = valet_fert.Element(1 / ((up + dn) * (1 - p**2)), p, interface.memory_loss)
        chain[1:2] = [face, chain[1], face if second > 0 else face.reversed]
    closed = valet_fert.Lead(spin_resistance=1e6)
    return float(valet_fert.stack_resistance(chain, closed, closed))


@pytest.mark.parametrize("interface", [None, INTERFACE], ids=["transparent", "circuit"])
def test_pillar_is_a_series_of_resistors(interface: hanle.Circuit | None, rng: np.random.Generator) -> None:
    faces = {} if interface is None else {"F1|Cu": interface, "Cu|F2": interface}
    found = {}
    for second in (1.0, -1.0):
        result = pillar(second, rng.normal(size=3), interfaces=faces).solve(current="1 MA/cm^2")
        assert result.proof.engine == "multilayer"
        found[second] = float(result.resistance("low", "high"))
        assert found[second] == pytest.approx(series(second, interface), rel=EXACT)
    assert found[-1.0] > found[1.0] * 1.001


@pytest.mark.parametrize("interface", [None, INTERFACE], ids=["transparent", "circuit"])
def test_elements_find_the_pillar_at_second_order(interface: hanle.Circuit | None) -> None:
    faces = {} if interface is None else {"F1|Cu": interface, "Cu|F2": interface}
    expected, errors = series(-1.0, interface), []
    for cells in (4, 8):
        options = {"cells_per_length": cells, "growth": 1.0}
        result = pillar(-1.0, interfaces=faces).solve(engine="scikit", mesh_options=options)
        errors.append(abs(float(result.resistance("low", "high")) / expected - 1))
    assert errors[0] < 1e-7
    assert errors[1] * SECOND_ORDER < errors[0]


def moments_film(record: LocalMomentMetal, thickness: float, size: Array, temperature: Array) -> MagneticFilm:
    """The film with the printed rates, moments along B."""
    state = solve(record.moments, size, temperature)
    density, coupling = np.array(record.densities), record.couplings(record.nu)
    strength = np.pi / HBAR * density * record.nu * coupling**2
    spins = np.array(record.moments.spins)
    host = record.D / record.lam**2
    par, perp = exchange_rates(strength, host, spins, state.x, state.S_par, state.q)
    turning = precession(record.g * MU_B / HBAR * size, np.sum(density * coupling * state.S_par, axis=-1))
    return MagneticFilm(record.rho, thickness, record.D, par, perp, turning)


@pytest.mark.parametrize("given", [GADOLINIUM, "CuFe"], ids=["ferromagnet", "impurities"])
@pytest.mark.parametrize("plane", ["alpha", "beta", "gamma"])
def test_sweeps_of_a_metal_with_moments_are_the_film_formula(plane: str, given: Any) -> None:
    record = material({"like": "CuFe", "spin_hall_angle": 0.1} if given == "CuFe" else given, "M")
    assert isinstance(record, LocalMomentMetal)
    device = Device(hanle.stack([("M", "40 nm")]), {"M": record}, field=(0, 0, 1))
    scan = hanle.angles(plane, [0, 20, 90, 200, 310])
    found = hanle.sweep(device, angle=scan, field=["0.5 T", "9 T"], temperature=[5, 80, 125, 300])
    size, temperature = (x[..., None] for x in np.meshgrid([0.5, 9.0], [5.0, 80.0, 125.0, 300.0], indexing="ij"))
    expected = moments_film(record, 40e-9, size, temperature).exact(scan.directions, record.theta)
    scale = np.abs(expected.longitudinal).max()
    assert np.abs(found.rho_L_change - expected.longitudinal).max() < EXACT * scale
    assert np.abs(found.rho_T / record.rho - expected.transverse).max() < EXACT * scale
    assert np.ptp(expected.longitudinal[:, 0], axis=-1).max() > 1e-6 * scale or plane == "gamma"


def test_ordered_moments_turn_without_the_field() -> None:
    device = Device(hanle.stack([("M", "5 nm")]), {"M": GADOLINIUM}, temperature=30.0)
    found = hanle.sweep(device, angle="beta", rotate="m")
    record = device.materials["M"]
    assert isinstance(record, LocalMomentMetal)
    film = moments_film(record, 5e-9, np.array(0.0), np.array(30.0))
    expected = film.exact(hanle.angles("beta").directions, record.theta)
    assert np.abs(found.rho_L_change.values[0, 0] - expected.longitudinal).max() < EXACT * 0.01
    with pytest.raises(InputError, match=r"magnetisation.*along B"):
        device.with_changes(temperature=150.0, field=(0, 0, 1), magnetisation={"M": (1, 0, 0)}).solve()


def test_bilayer_torque_is_the_closed_form(rng: np.random.Generator) -> None:
    """Transverse spin of Pt sees the mixing conductance alone, whatever passes along m."""
    pt = load("Pt")
    assert isinstance(pt, NormalMetal)
    mixing = Mixing(0.0, 5e14, -0.8e14)
    interface = hanle.Circuit(7e14, 4e14, 5e14 + 0.8e14j, 0.2)
    shape = hanle.stack([("Pt", "5 nm"), ("Co", "3 nm")])
    for m in unit(rng.normal(size=(4, 3))):
        device = Device(shape, {"Pt": pt, "Co": "Co"}, magnetisation={"Co": m}, interfaces={"Pt|Co": interface})
        result = device.solve(current_density="1 MA/cm^2")
        field = np.array([*(result.solution.amplitude(f"du/d{axis}")[0] for axis in "xy"), 0.0])
        parts = spin_orbit_torque.efficiency(pt.theta, 5e-9, pt.lam, pt.rho, mixing)
        expected = spin_orbit_torque.torque(parts, pt.rho, field, (0, 0, 1), m)
        assert np.abs(result.torque("Co") - expected).max() < EXACT * np.abs(expected).max()


STRIP = 20e-9
BARRIER = hanle.Circuit("6.5e12 S/m^2", "3.5e12 S/m^2", ("20e12 S/m^2", "8e12 S/m^2"))


def valve(second: float = 1.0, **options: Any) -> Device:
    """Two strips of Py on a channel of Cu behind tunnel barriers, magnetisations along the strips."""
    strips = [("F1", "-250 nm", STRIP, "20 nm"), ("F2", "250 nm", STRIP, "20 nm")]
    return Device(
        hanle.strips("6 um", [("Cu", "20 nm")], strips),
        {"Cu": CU, "F1": "Py", "F2": "Py"},
        magnetisation={"F1": (0, 1, 0), "F2": (0, second, 0)},
        interfaces={"Cu|F1": BARRIER, "Cu|F2": BARRIER},
        **options,
    )


def nonlocal_formula(field: Any) -> Array:
    """The valve between tunnel contacts of no width [Ohm m], parallel, in fields (n, 3)."""
    cu, py = material(CU, "Cu"), load("Py")
    assert isinstance(cu, NormalMetal)
    assert isinstance(py, FerromagneticMetal)
    size = np.linalg.norm(field, axis=-1)
    turned = transverse_length(cu.lam, cu.g * MU_B / HBAR * size, cu.D)
    axis = np.where(size[:, None] > 0, unit(field), (0.0, 0.0, 1.0))
    channel = nonlocal_valve.Channel(cu.rho, 20e-9, 0.5e-6, cu.lam, turned, axis, left=2.75e-6, right=2.75e-6)
    # The majority, which is injected, points along -m, and G_i turns with m.
    contact = nonlocal_valve.magnetic_contact(
        (0, -1, 0), 1 / (1e13 * STRIP), 0.3, py.rho * py.lam / STRIP, py.P, 2 * STRIP * (20e12 + 8e12j)
    )
    return nonlocal_valve.nonlocal_resistance(channel, contact, contact)


def test_nonlocal_resistance_of_parallel_and_antiparallel_strips() -> None:
    expected = nonlocal_formula(np.zeros((1, 3)))[0]
    for second in (1.0, -1.0):
        result = valve(second).solve(current="1 mA/um", source="F1", drain="left")
        assert result.resistance("F2", "right") == pytest.approx(second * expected, rel=FINITE_CONTACTS)
        assert max(float(np.max(b.error)) for b in result.balances.values()) < 1e-6


@pytest.mark.parametrize("direction", [(0, 0, 1), (0.3, 0.5, -0.8)], ids=["across", "oblique"])
def test_hanle_curve_of_strips(direction: Any) -> None:
    sizes = np.array([0.0, 0.2, 0.4, 0.8, 1.6])
    device = valve(field=unit(np.asarray(direction, dtype=float)))
    drive: dict[str, Any] = {"current": 1.0, "source": "F1", "drain": "left", "progress": False}
    voltage = hanle.sweep(device, field=sizes, **drive).voltage[:, 0]
    found = (voltage.sel(terminal="F2") - voltage.sel(terminal="right")).values
    expected = nonlocal_formula(sizes[:, None] * device.field)
    assert np.abs(found - expected).max() < FINITE_CONTACTS * expected[0]
    assert np.ptp(expected) > 0.3 * expected[0]


def faces_of(materials: Any, **options: Any) -> Any:
    """The face laws of a stack of some materials."""
    device = Device(hanle.stack([(n, "3 nm") for n in materials]), materials, field=(0, 0, 1), **options)
    mesh = layers(device)
    assert mesh is not None
    return problem(device, mesh).faces


@pytest.mark.parametrize(
    ("below", "above"),
    [("Pt", "Cu"), ("Pt", "Co"), ("Co", "Pt"), ("Co", "Py"), ("Pt", "CuFe"), ("CuFe", "Co"), ("CuFe", "CuFe")],
)
def test_metals_are_continuous(below: str, above: str) -> None:
    (face,) = faces_of({"A": below, "B": above}).values()
    assert face.law.tie == ("u", "w")
    assert not face.law.G


@pytest.mark.parametrize("metal", ["Pt", "Co", "CuFe"])
def test_any_metal_on_an_insulator_has_the_law_of_its_moments(metal: str) -> None:
    for materials in ({"YIG": "YIG", "M": metal}, {"M": metal, "YIG": "YIG"}):
        faces = faces_of(materials)
        (law,) = (face.law for face in faces.values())
        assert law.G
        assert set(law.deposits) >= {"torque:YIG"}
    assert not faces_of({"M": metal, "A": "YIG", "B": "GGG"}, interfaces={"M|A": "closed"})


def test_circuits_fit_the_pair_of_metals() -> None:
    plain, mixed = hanle.Circuit(2e14, 2e14), hanle.Circuit(3e14, 1e14, 4e14)
    between = faces_of({"A": "Pt", "B": "Cu"}, interfaces={"A|B": plain})["A|B"].law
    assert not between.tie
    assert set(between.deposits) == {"lattice:interface"}
    for materials in ({"A": "Pt", "B": "Co"}, {"A": "Co", "B": "Pt"}, {"A": "CuFe", "B": "Co"}):
        magnet = next(n for n, kind in materials.items() if kind == "Co")
        law = faces_of(materials, interfaces={"A|B": mixed})["A|B"].law
        assert set(law.deposits) == {f"torque:{magnet}", "lattice:interface"}
    collinear = hanle.Circuit(3e14, 1e14)
    assert faces_of({"A": "Co", "B": "Py"}, interfaces={"A|B": collinear})["A|B"].law.G


REFUSALS: list[tuple[dict[str, str], dict[str, Any], type[Exception], str]] = [
    ({"A": "Pt", "B": "YIG"}, {"interfaces": {"A|B": hanle.Circuit(1e14, 1e14)}}, InputError,
     r"interfaces\.A\|B must be G_up, G_dn, G_mix only between two metals"),
    ({"A": "Pt", "B": "Co"}, {"interfaces": {"A|B": hanle.Conductances(-1e12, 1e14, 0)}}, InputError,
     r"interfaces\.A\|B must be G_s, G_r, G_i only between a metal and a magnetic insulator"),
    ({"A": "Pt", "B": "YIG"}, {"interfaces": {"A|B": "continuous"}}, InputError, r"interfaces\.A\|B must be closed"),
    ({"A": "Pt", "B": "Cu"}, {"interfaces": {"A|B": hanle.Circuit(3e14, 1e14)}}, InputError,
     r"interfaces\.A\|B\.G_up must be G_up = G_dn"),
    ({"A": "Co", "B": "Py"}, {"interfaces": {"A|B": hanle.Circuit(3e14, 1e14, 1e14)}}, InputError,
     r"interfaces\.A\|B\.G_mix must be 0 between two ferromagnets"),
    ({"A": "Co", "B": "Py"},
     {"interfaces": {"A|B": hanle.Circuit(3e14, 1e14)}, "magnetisation": {"A": (1, 0, 0)}}, UnsupportedError,
     "not collinear"),
    ({"A": "Pt", "B": "Co"}, {"interfaces": {"A|B": hanle.Circuit(1e14, -1e14)}}, InputError,
     r"interfaces\.A\|B\.G_dn must be >= 0"),
    ({"A": "Pt", "B": "Co"}, {"interfaces": {"A|B": hanle.Circuit(1e14, 1e14, -1e14)}}, InputError,
     r"interfaces\.A\|B\.G_mix must be of a real part >= 0"),
    ({"A": "Pt", "B": "Co"}, {"interfaces": {"A|B": hanle.Circuit(1e14, 1e14, memory_loss=-1)}}, InputError,
     r"interfaces\.A\|B\.memory_loss must be >= 0"),
    ({"A": "Pt", "B": "Co"}, {"interfaces": {"A|B": hanle.Circuit("1 S/m", 1e14)}}, InputError,
     r"interfaces\.A\|B\.G_up"),
    ({"A": "Pt", "B": "Co"}, {"interfaces": {"A|B": hanle.Circuit([1e14] * 3, 1e14)}}, InputError,
     r"interfaces\.A\|B\.G_up must be of shape"),
    ({"A": "Pt", "B": "Co"}, {"interfaces": {"A|B": hanle.Circuit(1e14, 1e14, np.full(3, 1e14j))}}, InputError,
     r"interfaces\.A\|B\.G_mix must be of shape"),
    ({"A": "Pt", "B": "Co"}, {"interfaces": {"A|B": hanle.Circuit(1e14, 1e14, np.nan)}}, InputError,
     r"interfaces\.A\|B\.G_mix must be finite"),
    ({"A": "Pt", "B": "Co"}, {"interfaces": {"A|B": hanle.Circuit(1e14, 1e14, "4 S/m")}}, InputError,  # type: ignore[arg-type]
     r"interfaces\.A\|B\.G_mix"),
    ({"A": "Pt", "B": "Co"}, {"interfaces": {"A|B": hanle.Circuit(1e14, 1e14, {})}}, InputError,  # type: ignore[arg-type]
     r"interfaces\.A\|B\.G_mix must be a complex number, a pair"),
    ({"A": "Pt", "B": "Co"}, {"field": (0, 0, 0)}, InputError, r"magnetisation\.B must be a vector that is not zero"),
    ({"A": "Pt", "B": GADOLINIUM}, {"field": (0, 0, 0), "temperature": 50.0}, InputError,
     r"B\.field must be a vector of non-zero length"),
    ({"A": "Pt", "B": "CuFe"}, {"magnetisation": {"B": (1, 0, 0)}}, InputError,
     r"magnetisation\.B must be left out: the moments of a paramagnet"),
    ({"A": "Pt", "B": "Co"}, {"magnetisation": {"A": (1, 0, 0)}}, InputError, r"magnetisation.*A"),
    ({"A": "Pt", "B": "Co"}, {"magnetisation": {"B": np.ones((5, 3))}}, InputError,
     r"magnetisation\.B must be of shape"),
    ({"A": "Pt", "B": "Co"}, {"profiles": {"B.polarisation": 1.0}}, InputError, r"profiles\.B\.polarisation must be"),
    ({"A": "Pt", "B": "Co"}, {"profiles": {"B.exchange_length": -1e-9}}, InputError,
     r"profiles\.B\.exchange_length must be"),
    ({"A": "Pt", "B": "Co"}, {"profiles": {"A.polarisation": 0.1}}, InputError, r"A\.polarisation"),
    ({"A": "Pt", "B": "CuFe"}, {"profiles": {"B.polarisation": 0.1}}, InputError, r"B\.polarisation"),
]  # fmt: skip


@pytest.mark.parametrize(("materials", "options", "kind", "message"), REFUSALS)
def test_refusals_name_the_key(materials: Any, options: Any, kind: Any, message: str) -> None:
    field = {"field": (0, 0, 1)} | options
    with pytest.raises(kind, match=message):
        Device(hanle.stack([(n, "3 nm") for n in materials]), materials, **field).solve()


def test_profiles_of_one_value_are_the_record() -> None:
    values = {
        "resistivity": 2e-7,
        "diffusion_length": 6e-9,
        "polarisation": 0.3,
        "exchange_length": 4e-9,
        "dephasing_length": 2e-9,
        "anomalous_hall_angle": 0.01,
        "anisotropy": 0.05,
        "spin_hall_angle": 0.02,
    }
    shape = hanle.stack([("Pt", "5 nm"), ("F", "3 nm")])
    common: dict[str, Any] = {"magnetisation": {"F": (1, 2, 3)}}
    written = Device(shape, {"Pt": "Pt", "F": {"like": "Co"} | _with_units(values)}, **common).solve()
    plain = Device(shape, {"Pt": "Pt", "F": "Co"}, **common)
    profiles: dict[str, Any] = {f"F.{name}": value for name, value in values.items()}
    for given in (profiles, {n: (lambda p, v=v: np.full(len(p), v)) for n, v in profiles.items()}):
        found = plain.with_changes(profiles=given).solve(engine="scikit" if given is not profiles else "auto")
        close = EXACT if given is profiles else 1e-3
        assert found.rho_L == pytest.approx(float(written.rho_L), rel=close)
        assert found.torque("F") == pytest.approx(written.torque("F"), rel=close * 20)


def _with_units(values: Any) -> dict[str, Any]:
    units = {
        "resistivity": "Ohm m",
        **dict.fromkeys(("diffusion_length", "exchange_length", "dephasing_length"), "m"),
    }
    return {n: f"{v!r} {units[n]}" if n in units else v for n, v in values.items()}


TORQUE_MIXING = hanle.Circuit(7e14, 4e14, 5e14 + 0.8e14j, 0.2)


def bilayer(m: Any, layers_: Any = (("Pt", "5 nm"), ("Co", "3 nm")), **options: Any) -> Device:
    """Pt and Co that returns no transverse spin."""
    face = "|".join(name for name, _ in layers_)
    given: dict[str, Any] = {"materials": {"Pt": "Pt", "Co": "Co"}, "interfaces": {face: TORQUE_MIXING}} | options
    return Device(hanle.stack(list(layers_)), magnetisation={"Co": m}, **given)


def expected_efficiency() -> Array:
    """(xi_DL, xi_FL) per sigma E of the bilayer."""
    pt = load("Pt")
    assert isinstance(pt, NormalMetal)
    return (
        np.array(spin_orbit_torque.efficiency(pt.theta, 5e-9, pt.lam, pt.rho, Mixing(0.0, 5e14, -0.8e14))) / pt.rho
    )


@pytest.mark.parametrize("m", [(0, 0, 1), (0, 0, -1), (1, 0, 0), (0.3, -0.5, 0.8)])
def test_parts_of_the_torque_do_not_depend_on_m(m: Any) -> None:
    """DL even, FL odd in m; the parts of the formula for any direction, and over 2e/hbar and sigma E."""
    found = bilayer(m).solve().spin_orbit_torque("Co")
    assert found.metal == "Pt"
    assert np.abs(np.array(found.efficiency_per_field) / expected_efficiency() - 1).max() < EXACT
    y = np.cross([0, 0, 1.0], [1, 0, 0])
    assert np.abs(found.axis - y).max() < 1e-2
    again = found.damping_like * (found.axis - found.m * (found.m @ found.axis))
    again = again + found.field_like * np.cross(found.m, found.axis)
    assert found.per_area == pytest.approx(again, rel=EXACT, abs=EXACT * float(np.abs(again).max()))


def test_metal_above_its_magnet_turns_the_axis_over() -> None:
    below = bilayer((0, 0, 1)).solve().spin_orbit_torque("Co")
    above = bilayer((0, 0, 1), (("Co", "3 nm"), ("Pt", "5 nm"))).solve().spin_orbit_torque("Co")
    assert above.axis == pytest.approx(-below.axis, abs=EXACT)
    assert above.damping_like == pytest.approx(float(below.damping_like), rel=EXACT)
    assert above.field_like == pytest.approx(float(below.field_like), rel=EXACT)
    assert above.per_area[1] == pytest.approx(-below.per_area[1], rel=EXACT)


def test_effective_fields_turn_m_as_the_torque_does() -> None:
    found = bilayer((0.3, -0.5, 0.8)).solve(current_density="10 MA/cm^2").spin_orbit_torque("Co")
    damping, turning = found.effective_fields
    gamma, moment = 2 * MU_B / HBAR, 1.40e6 * 3e-9
    rate = -gamma / moment * found.per_area
    assert found.moment == pytest.approx(moment, rel=EXACT)
    assert -gamma * np.cross(found.m, damping + turning) == pytest.approx(rate, rel=1e-9)
    assert turning == pytest.approx(found.field_like / moment * found.axis, rel=EXACT)
    assert 1e-4 < np.linalg.norm(damping) < 1e-1


def test_efficiency_is_that_of_the_mean_current_of_the_metal() -> None:
    result = bilayer((0, 0, 1)).solve(engine="scikit", mesh_options={"cells_per_length": 12})
    found = result.spin_orbit_torque("Co")
    edges = np.sort(result.mesh.points[:, 0])  # type: ignore[union-attr]
    points, j = result.current_density("Pt")
    mean = np.average(j[np.argsort(points[:, 2])], axis=0, weights=np.diff(edges[edges < 5.0001e-9]))
    assert found.current_density == pytest.approx(float(np.linalg.norm(mean)), rel=1e-6)
    scale = found.electric_field / found.current_density
    assert np.array(found.efficiency) == pytest.approx(scale * expected_efficiency(), rel=1e-3)


def test_insulating_magnets_have_the_same_parts() -> None:
    fixed = {"kind": "magnetic insulator", "G_s": "0 S/m^2", "G_r": "5e14 S/m^2", "G_i": "-0.8e14 S/m^2"}
    device = Device(hanle.stack([("Pt", "5 nm"), ("M", "3 nm")]), {"Pt": "Pt", "M": fixed}, field=(0, 0, 0))
    found = device.with_changes(magnetisation={"M": (1, 1, 1)}).solve().spin_orbit_torque("M")
    assert np.abs(np.array(found.efficiency_per_field) / expected_efficiency() - 1).max() < EXACT
    with pytest.raises(InputError, match=r"materials\.M\.saturation_magnetisation must be given"):
        _ = found.effective_fields


def test_torques_per_area_of_wider_meshes_are_those_of_the_film() -> None:
    """A cross-section and a bar, periodic so that no edge matters."""
    m = (0.3, -0.5, 0.8)
    shape = hanle.section("20 nm", [("Pt", "5 nm"), ("Co", "3 nm")], periodic=True)
    options: dict[str, Any] = {"cells_per_length": 8}
    wide = bilayer(m).with_changes(shape=shape).solve(mesh_options=options).spin_orbit_torque("Co")
    film = bilayer(m).solve(engine="scikit", mesh_options=options).spin_orbit_torque("Co")
    for name in ("per_area", "electric_field", "current_density", "moment"):
        expected = np.asarray(getattr(film, name))
        assert getattr(wide, name) == pytest.approx(expected, rel=1e-6), name


def test_torques_that_cannot_be_split_are_refused() -> None:
    with pytest.raises(InputError, match="magnetisation must be not along N x E"):
        bilayer(
            (0, 1, 0), materials={"Pt": {"like": "Pt", "spin_hall_angle": 0.1}, "Co": CO}
        ).solve().spin_orbit_torque("Co")
    result = bilayer((0, 0, 1)).solve()
    with pytest.raises(InputError, match=r"magnet .*Pt"):
        result.spin_orbit_torque("Pt")
    with pytest.raises(InputError, match=r"metal .*Cu"):
        result.spin_orbit_torque("Co", "Cu")
    sandwich = Device(
        hanle.stack([("Pt", "5 nm"), ("Co", "3 nm"), ("Ta", "2 nm")]),
        {"Pt": "Pt", "Co": "Co", "Ta": "Ta"},
        magnetisation={"Co": (0, 0, 1)},
    ).solve()
    with pytest.raises(InputError, match=r"metal must be named: one beside Co"):
        sandwich.spin_orbit_torque("Co")
    assert sandwich.spin_orbit_torque("Co", "Ta").axis == pytest.approx(
        -sandwich.spin_orbit_torque("Co", "Pt").axis, abs=1e-3
    )
    texture = bilayer(lambda p: np.stack([0 * p[:, 0], 1e8 * p[:, 1], 1 + 0 * p[:, 0]], axis=1)).with_changes(
        shape=hanle.section("20 nm", [("Pt", "5 nm"), ("Co", "3 nm")])
    )
    with pytest.raises(InputError, match=r"magnetisation\.Co must be uniform"):
        texture.solve().spin_orbit_torque("Co")
    with pytest.raises(InputError, match="where a current flows along the face"):
        pillar(1.0).solve().spin_orbit_torque("F1", "Cu")


def test_batches_of_directions_have_one_efficiency() -> None:
    """Scans on the exact engine: parts along the batch; every state as solved alone."""
    device = bilayer((0, 0, 1)).with_changes(magnetisation={}, field=(0, 0, 1e-9))
    _, states = states_of(device, angle=hanle.angles("gamma", [0, 30, 75, 200]))
    found = device.solve(conditions=states).spin_orbit_torque("Co")
    assert found.m.shape == found.per_area.shape == (4, 3)
    efficiency = np.array(found.efficiency_per_field)
    assert np.abs(efficiency / expected_efficiency()[:, None] - 1).max() < 1e-6
    assert found.effective_fields[0].shape == (4, 3)
    for n, m in enumerate(hanle.angles("gamma", [0, 30, 75, 200]).directions):
        alone = device.with_changes(field=1e-9 * m).solve().spin_orbit_torque("Co")
        assert found.damping_like[n] == pytest.approx(float(alone.damping_like), rel=EXACT)


def test_contacts_reflect_spin_unless_they_are_sinks():
    """A ferromagnet alone: R A = rho L between sinks; contacts that reflect spin add what they build up, w' = P u'."""
    length = 5e-8
    device = hanle.Device(
        hanle.stack([("Co", length)]),
        {"Co": "Co"},
        magnetisation={"Co": (0.6, 0, 0.8)},
        without=["anisotropic magnetoresistance", "anomalous Hall"],
    )
    record = device.materials["Co"]
    ends = device.with_changes(contacts={"low": ["bottom"], "high": ["top"]})
    driven = {"current": "1e9 A/m^2", "source": "low", "drain": "high"}
    sunk = ends.with_changes(interfaces={"bottom": "sink", "top": "sink"})
    assert sunk.solve(**driven).resistance("low", "high") == pytest.approx(record.rho * length, rel=1e-9)
    share, decay = record.P**2 / (1 - record.P**2), record.lam
    built_up = share * 2 * decay * np.tanh(length / (2 * decay))
    expected = record.rho * (length + built_up)
    assert ends.solve(**driven).resistance("low", "high") == pytest.approx(expected, rel=1e-9)
    bar = sunk.with_changes(shape=hanle.channel([("Co", length)]), contacts={"low": ["left"], "high": ["right"]})
    assert bar.with_changes(interfaces={"left": "sink", "right": "sink"}).solve(
        engine="scikit", **driven
    ).resistance("low", "high") == pytest.approx(record.rho * length, rel=1e-6)


def test_only_outer_faces_of_metals_are_sinks():
    shape = hanle.stack([("YIG", "5 nm"), ("Pt", "5 nm")])
    for face in ("YIG|Pt", "bottom"):
        device = hanle.Device(shape, {"YIG": "YIG", "Pt": "Pt"}, field=(0, 0, 1), interfaces={face: "sink"})
        with pytest.raises(InputError, match="only at an outer face of a metal"):
            device.solve()
