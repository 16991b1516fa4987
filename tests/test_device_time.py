"""AC response and courses in time of devices. What must agree and why:

film, complex rho_L, rho_T      closed form, 1/l^2 -> 1/l^2 + i omega/D     each eigenchannel has its own length
film, spectrum in one solve     one solve per frequency; elements           the same equations
omega -> 0                      solve                                       the drive is steady
"""

import numpy as np
import pytest

import hanle
from hanle.device import Device
from hanle.materials.load import load
from hanle.pde.closed_forms.channels import ac_length, transverse_length
from hanle.pde.closed_forms.film import film_deficit
from hanle.pde.constants import HBAR, MU_B
from hanle.pde.errors import InputError, UnsupportedError, UserCodeError
from hanle.pde.tensors import cross_matrix

PT = load("Pt")
THICKNESS, B = 4.3e-9, 60.0
TAU = PT.lam**2 / PT.D
AXIS = np.array([1.0, 2.0, 2.0]) / 3
G_S, G_R, G_I = -2e13, 4e14, 1.5e14
RATES = dict(zip(("G_s", "G_r", "G_i"), (f"{g} S/m^2" for g in (G_S, G_R, G_I)), strict=True))
MAGNET = {"kind": "magnetic insulator", **RATES}
#: Frequencies below, at and above the relaxation of spin [Hz].
SPECTRUM = np.array([0.1, 1.0, 10.0]) / (2 * np.pi * TAU)
#: Round-off of the exact engine, relative to what spin does.
EXACT = 1e-9
#: Elements of second order with 6 cells per length.
ELEMENTS = 2e-4
HEIGHTS = np.array([[0.0, 0.0, 20.5e-9], [0.0, 0.0, 23e-9]])


@pytest.fixture
def film() -> Device:
    """Pt on a magnet along a field that points nowhere in particular."""
    shape = hanle.stack([("YIG", "20 nm"), ("Pt", THICKNESS)])
    return Device(shape, materials={"Pt": "Pt", "YIG": MAGNET}, field=B * AXIS, magnetisation={"YIG": AXIS})


@pytest.fixture
def valve() -> Device:
    """Two metals in series with a ferromagnet between them, a current through all of them."""
    shape = hanle.stack([("Cu", "30 nm"), ("Co", "5 nm"), ("Pt", "4 nm")])
    materials = {name: name for name in ("Cu", "Co", "Pt")}
    return Device(
        shape,
        materials=materials,
        field=(0, 0, 2.0),
        magnetisation={"Co": (0.6, 0.0, 0.8)},
        contacts={"low": ["bottom"], "high": ["top"]},
    )


def closed(frequency: float) -> tuple[complex, complex]:
    """(rho_L/rho - 1, rho_T/rho) of the film: its three eigenchannels, each with its length at the frequency."""
    omega = 2 * np.pi * frequency
    across = transverse_length(PT.lam, PT.g * MU_B / HBAR * B, PT.D)
    par = film_deficit(G_S, ac_length(PT.lam, omega, PT.D), THICKNESS, PT.rho, 0.0)
    mixing = G_S - G_R - 1j * G_I
    minus, plus = (
        film_deficit(mixing, ac_length(across, s * omega, PT.D), THICKNESS, PT.rho, 0.0) for s in (1, -1)
    )
    axis, turn = np.outer(AXIS, AXIS), cross_matrix(AXIS)
    q = par * axis + minus * (np.eye(3) - axis + 1j * turn) / 2 + np.conj(plus) * (np.eye(3) - axis - 1j * turn) / 2
    p = np.array([[1 + q[1, 1], -q[1, 0]], [-q[0, 1], 1 + q[0, 0]]])
    sigma = np.eye(2) - PT.theta**2 * p
    det = np.linalg.det(sigma)
    return sigma[1, 1] / det - 1, -sigma[1, 0] / det


def test_spectrum_of_a_film_is_the_closed_form(film: Device) -> None:
    found = film.solve_ac(frequency=SPECTRUM)
    exact = np.array([closed(f) for f in SPECTRUM]).T
    # The reference of the solver is the Drude film, as here.
    np.testing.assert_allclose(found.rho_L / PT.rho - 1, exact[0], rtol=EXACT)
    np.testing.assert_allclose(found.rho_T / PT.rho, exact[1], rtol=EXACT)
    assert np.all(np.abs(found.rho_L_change.imag) > 1e-5), "nothing to test"


def test_elements_and_single_frequencies_agree_with_the_spectrum(film: Device) -> None:
    whole = film.solve_ac(frequency=SPECTRUM, current_density="2e10 A/m^2")
    grid = film.solve_ac(
        frequency=SPECTRUM,
        current_density="2e10 A/m^2",
        order=2,
        solver="direct",
        mesh_options={"cells_per_length": 6, "growth": 1.0},
    )
    for name in ("rho_L_change", "rho_T"):
        np.testing.assert_allclose(getattr(grid, name), getattr(whole, name), rtol=ELEMENTS)
    one = film.solve_ac(frequency=f"{SPECTRUM[1] * 1e-9} GHz", current_density=2e10)
    assert one.rho_L == pytest.approx(whole.rho_L[1], rel=EXACT)
    for ask in (lambda r: r.spin_accumulation("Pt", HEIGHTS), lambda r: r.torque("YIG")):
        size = np.abs(ask(whole)).max()
        np.testing.assert_allclose(ask(one), ask(whole)[1], atol=EXACT * size, rtol=0)
        np.testing.assert_allclose(ask(grid), ask(whole), atol=ELEMENTS * size, rtol=0)


def test_slow_drive_is_the_steady_one(film: Device, valve: Device) -> None:
    """Both at rest and by continuity."""
    steady = film.solve()
    for frequency in (0.0, [1e-6 * SPECTRUM[0]]):
        slow = film.solve_ac(frequency=frequency)
        assert np.ravel(slow.rho_L)[0] == pytest.approx(steady.rho_L, rel=EXACT)
        assert np.ravel(slow.rho_T)[0] == pytest.approx(steady.rho_T, rel=1e-5)
        np.testing.assert_allclose(slow.torque("YIG").ravel(), steady.torque("YIG"), rtol=1e-5)
    slow, steady = valve.solve_ac(frequency="1 kHz", current="1e10 A/m^2"), valve.solve(current="1e10 A/m^2")
    assert slow.impedance() == pytest.approx(steady.resistance(), rel=1e-7)
    assert slow.terminal_voltage("low") == pytest.approx(steady.terminal_voltage("low"), rel=1e-7)
    assert valve.solve_ac(frequency="0 Hz", wiring={"low": "1 mV", "high": "ground"}).terminal_current(
        "low"
    ) == pytest.approx(1e-3 / steady.resistance(), rel=1e-9)


def test_spectrum_as_a_dataset(film: Device, valve: Device, tmp_path) -> None:
    place = HEIGHTS[:1]
    read = {"mu": (lambda r: r.spin_accumulation("Pt", place)[:, 0], "V", "spin accumulation")}
    found = film.solve_ac(frequency=[0.0, "1 GHz", "1 THz"]).dataset(read)
    assert found.rho_L.dims == ("frequency",)
    assert found.rho_L.attrs["units"] == "Ohm m"
    assert found.mu.sel(component="y").dims == ("frequency",)
    assert found.torque.sel(magnet="YIG").shape == (3, 3)
    assert found.frequency.attrs["units"] == "Hz"
    spectrum = valve.solve_ac(frequency=["1 GHz", "1 THz"])
    parts, whole = spectrum.dataset(split=True), spectrum.dataset()
    hanle.write_curves(parts, tmp_path / "spectrum.nc", provenance=hanle.provenance(engine="multilayer"))
    again = hanle.read_curves(tmp_path / "spectrum.nc")
    np.testing.assert_array_equal(again.impedance_real + 1j * again.impedance_imag, whole.impedance)
    # Stored spin answers late: the voltage of the accumulation lags behind.
    assert whole.impedance.values[0].real > whole.impedance.values[1].real
    assert np.all(whole.impedance.values.imag < 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frequency": "1 GT"}, "frequency"),
        ({"frequency": "1 T"}, "frequency must be a frequency"),
        ({"frequency": -1e9}, "frequency must be >= 0 Hz"),
        ({"frequency": []}, "a list of at least one"),
        ({"frequency": ["1 GHz", "-2 GHz"]}, r"frequency\[1\] must be >= 0 Hz"),
        ({"frequency": 1e9, "current": "1 mA"}, "current must be left out"),
    ],
)
def test_ac_input_refused(film: Device, options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        film.solve_ac(**options)


def test_questions_refused(film: Device, valve: Device) -> None:
    with pytest.raises(InputError, match="asked of a film"):
        _ = valve.solve_ac(frequency=1e9).rho_L
    with pytest.raises(InputError, match="wiring must be driven by one given current"):
        film.solve_ac(frequency=1e9).impedance()
    with pytest.raises(UserCodeError, match=r"read\.x: the function raised ZeroDivisionError"):
        film.solve_ac(frequency=1e9).dataset({"x": (lambda r: 1 / 0, "V")})
    heated = film.with_changes(
        shape=hanle.stack([("YIG", "20 nm"), ("Pt", THICKNESS)]),
        materials={"Pt": "Pt", "YIG": "YIG"},
        transport=["magnons"],
    )
    with pytest.raises(UnsupportedError, match="hold no capacities"):
        heated.solve_ac(frequency=1e9)
