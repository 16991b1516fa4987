"""AC response and courses in time of devices. What must agree and why:

film, complex rho_L, rho_T      closed form, 1/l^2 -> 1/l^2 + i omega/D     each eigenchannel has its own length
film, spectrum in one solve     one solve per frequency; elements           the same equations
omega -> 0                      solve                                       the drive is steady
film after a step of the field  series of its eigenmodes                    spin is stored, lost, moved and turned
long times                      solve                                       the drive is steady again
interrupted course              uninterrupted one                           the file holds everything
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import expm

import hanle
from hanle.device import Device
from hanle.dynamics import require_linear
from hanle.materials.load import load
from hanle.pde.closed_forms.channels import ac_length, transverse_length
from hanle.pde.closed_forms.film import Film, film_deficit
from hanle.pde.closed_forms.film_profile import film_accumulation
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
#: Residual of a solve, and what gathers on the way to a read-out.
SOLVED = 1e-7
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


def test_wide_section_is_the_film(film: Device) -> None:
    """Closed edges change the magnetoresistance in strips of about l, of which there are two."""
    section = film.with_changes(
        shape=hanle.section("600 nm", [("YIG", "20 nm"), ("Pt", THICKNESS)]),
    )
    found = section.solve_ac(frequency=SPECTRUM[1], order=2, solver="direct")
    expected = film.solve_ac(frequency=SPECTRUM[1])
    assert found.rho_L_change == pytest.approx(expected.rho_L_change, rel=2 * PT.lam / 600e-9)
    assert found.rho_L == pytest.approx(expected.rho_L, rel=1e-4)
    assert set(found.dataset()) == {"rho_L", "rho_L_change", "torque"}
    with pytest.raises(InputError, match="rho_T must be asked of a film"):
        _ = found.rho_T


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
    carrying = film.with_changes(materials={"Pt": "Pt", "YIG": "YIG"}, transport=["magnons"], field=(0, 0, 0))
    with pytest.raises(InputError, match=r"YIG\.anisotropy_gap must be such that magnons have a gap"):
        carrying.solve_ac(frequency=1e9)


def eigenmodes(z: float, t: float, field: float) -> np.ndarray:
    """mu_s/e (3,) of the bare film at height z and time t after a field along x: the steady answer less its modes.

    Mode n (odd) is cos(n pi z/d), fed with -(8 D/d) theta E y from the two faces and lost at the rate
    1/tau_s + D (n pi/d)^2 while it turns about B.
    """
    turning = PT.g * MU_B / HBAR * B * cross_matrix(AXIS)
    length = transverse_length(PT.lam, PT.g * MU_B / HBAR * B, PT.D)
    steady = 2 * film_accumulation(Film(PT.rho, THICKNESS, PT.lam, length), AXIS, THETA, (field, 0.0), z)
    fed = -8 * PT.D / THICKNESS * THETA * field * np.array([0.0, 1.0, 0.0])
    for n in range(1, 60, 2):
        q = n * np.pi / THICKNESS
        loss = (1 / TAU + PT.D * q**2) * np.eye(3) - turning
        steady = steady - np.cos(q * z) * expm(-loss * t) @ np.linalg.solve(loss, fed)
    return steady


@pytest.fixture
def bare(film: Device) -> Device:
    """The film without magnet, as a wire, whose field can be given; what flows back across it is of order theta^2."""
    return film.with_changes(
        shape=hanle.stack([("Pt", THICKNESS)]),
        materials={"Pt": "Pt"},
        magnetisation={},
        wires={"Pt": ["Pt"]},
        profiles={"Pt.spin_hall_angle": THETA},
    )


FINE = {"mesh_options": {"cells_per_length": 8, "growth": 1.0}, "order": 2, "solver": "direct"}
PLACE = np.array([[0.0, 0.0, 0.4e-9]])
E_X, THETA = 3e5, 0.01


def test_field_step_is_the_sum_of_eigenmodes(bare: Device) -> None:
    times = TAU * np.array([0.3, 1.0, 2.5, 12.0])
    found = bare.transient(
        until=times[-1],
        times=times,
        wiring={"Pt": f"{E_X} V/m"},
        read={"mu": (lambda r: r.spin_accumulation("Pt", PLACE)[0], "V", "spin accumulation")},
        error=1e-5,
        **FINE,
    )
    exact = np.array([eigenmodes(PLACE[0, 2], t, E_X) for t in times])
    np.testing.assert_allclose(found.dataset.mu, exact, atol=ELEMENTS * np.abs(exact).max(), rtol=0)
    assert found.dataset.mu.dims == ("time", "component")
    assert found.dataset.mu.attrs["units"] == "V"
    assert found.dataset.field_along.values == pytest.approx(np.full((4, 1), E_X), rel=1e-9)


def test_long_times_are_steady(film: Device, valve: Device) -> None:
    """Both a film at a given current and a device with terminals; the final moment answers as a result does."""
    options = {"order": 1, "solver": "direct"}
    course = film.transient(until=60 * TAU, current_density=2e10, **options)
    steady = film.solve(current_density=2e10, mesh=course.final.mesh, **options)
    last = course.final
    assert last.rho_L == pytest.approx(steady.rho_L, rel=1e-9)
    assert last.rho_T == pytest.approx(steady.rho_T, rel=1e-4)
    np.testing.assert_allclose(last.torque("YIG"), steady.torque("YIG"), rtol=1e-3)
    here = PLACE + np.array([0.0, 0.0, 20e-9])
    np.testing.assert_allclose(last.spin_accumulation("Pt", here), steady.spin_accumulation("Pt", here), rtol=1e-3)
    assert abs(course.dataset.torque.values[0]).max() < abs(course.dataset.torque.values[-1]).max()
    course = valve.transient(until="1 ns", current="1e10 A/m^2", **options)
    steady = valve.solve(current="1e10 A/m^2", mesh=course.final.mesh, **options)
    assert course.final.resistance() == pytest.approx(steady.resistance(), rel=1e-6)
    assert course.final.terminal_voltage("low") == pytest.approx(course.dataset.voltage.values[-1, 0], rel=1e-12)
    # What is accumulated later has no part in the voltage just after the step.
    assert course.dataset.voltage.values[0, 0] < 0.999 * course.dataset.voltage.values[-1, 0]


def test_steady_start_stays_and_current_is_followed(valve: Device) -> None:
    """A course that begins where it ends, then a current as a function, in SI and with unit."""
    steady = valve.solve(current="2e10 A/m^2", engine="scikit", solver="direct")
    rest = valve.transient(until="10 ps", current="2e10 A/m^2", initial=steady, solver="direct")
    np.testing.assert_allclose(rest.dataset.voltage[:, 0], steady.terminal_voltage("low"), rtol=1e-7)

    def pulse(t: float) -> float:
        return 2.0 if t < 2e-12 else -1.0

    options = {"until": "5 ps", "times": ["1 ps", "4 ps"], "breaks": ["2 ps"], "solver": "direct"}
    one = valve.transient(wiring={"low": ("TA/m^2", pulse), "high": "ground"}, **options)
    other = valve.transient(current=lambda t: 1e12 * pulse(t), **options)
    np.testing.assert_allclose(one.dataset.current.sel(terminal="low"), [2e12, -1e12], rtol=1e-9)
    np.testing.assert_allclose(one.dataset.voltage, other.dataset.voltage, rtol=1e-12)
    assert one.final.wiring.currents["low"] == pytest.approx(-1e12, rel=1e-9)


def test_interrupted_course_goes_on(film: Device, tmp_path) -> None:
    times, file = TAU * np.linspace(0, 6, 13), tmp_path / "course.npz"

    def follow(**options):
        return film.transient(
            until=times[-1],
            times=times,
            read={"mu": (lambda r: r.spin_accumulation("Pt", HEIGHTS), "V")},
            events={"half": hanle.Event(lambda r: abs(r.torque("YIG")[1]) - 1e-7, 1e-17)},
            solver="direct",
            **options,
        )

    whole = follow()
    steps = []

    def interrupt(text: str) -> None:
        steps.append(text)
        if len(steps) == whole.effort.steps // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        follow(checkpoint=file, progress=interrupt)
    rest = follow(checkpoint=file, resume=True)
    assert 1 < len(steps) < whole.effort.steps == rest.effort.steps
    for name in ("mu", "torque", "electric_field"):
        np.testing.assert_array_equal(rest.dataset[name], whole.dataset[name])
    assert rest.events == whole.events
    hanle.write_curves(rest.dataset, tmp_path / "c.nc", provenance=hanle.provenance(engine="scikit"))
    # Complete: what is left is one solve.
    again = follow(checkpoint=file, resume=True)
    assert again.effort == rest.effort
    for read in (
        lambda r: r.electric_field,
        lambda r: r.torque("YIG"),
        lambda r: r.spin_accumulation("Pt", HEIGHTS),
    ):
        np.testing.assert_allclose(read(again.final), read(whole.final), rtol=SOLVED)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"engine": "multilayer"}, UnsupportedError, "no steps in time: use engine scikit"),
        ({"until": "5 nm"}, InputError, "until must be a time"),
        ({"until": 0.0}, InputError, "until must be later than the start"),
        ({"times": "1 ps"}, InputError, "times must be a list of times"),
        ({"times": ["3 ns"]}, InputError, "times must be between 0 and"),
        ({"current": lambda t: t}, InputError, "current must be left out"),
        ({"current_density": ("A", abs)}, InputError, "current_density must be a current density"),
        ({"current_density": lambda t: 1 / 0}, UserCodeError, "ZeroDivisionError"),
        ({"read": {"torque": (abs, "V")}}, InputError, "names of their own"),
        ({"read": {"x": (lambda r: r.nothing, "V")}}, UserCodeError, "the reading x failed: AttributeError"),
        ({"read": {"x": (lambda r: r.rho_L_change, "1")}}, InputError, "asked of a steady state"),
        ({"resume": True}, InputError, "the file to go on from"),
    ],
)
def test_course_input_refused(film: Device, options: dict, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        film.transient(**{"until": 2 * TAU, "solver": "direct"} | options)


def test_laws_that_are_not_linear_are_refused(film: Device) -> None:
    problem = film.solve().response.system.problem
    curved = replace(problem.regions["Pt"], at=lambda values, gradients: problem.regions["Pt"])
    with pytest.raises(UnsupportedError, match="AC response needs linear laws, but the law of region Pt is not"):
        require_linear(replace(problem, regions={"Pt": curved}), "AC response")


def test_bar_with_probes() -> None:
    """In 2D: a Hall bar at rest and, long after a step, at steady state; the probes float."""
    shape = hanle.hall_bar_plan(length="4 um", width="1 um", region="Al")
    mesh = {"sizes": {"x": 2.5e-7, "y": 2.5e-7}}
    bar = Device(shape, materials={"Al": "Al"}, field=(0, 0, 1.0))
    steady = bar.solve(current="1 A/m", mesh_options=mesh, solver="direct")
    slow = bar.solve_ac(frequency="1 kHz", current="1 A/m", mesh=steady.mesh, solver="direct")
    course = bar.transient(until="5 ns", times=["5 ns"], current="1 A/m", mesh=steady.mesh, solver="direct")
    for found in (slow, course.final):
        assert found.terminal_voltage("V1", "V2") == pytest.approx(steady.terminal_voltage("V1", "V2"), rel=1e-6)
    assert slow.impedance("V1", "V2") == pytest.approx(steady.resistance("V1", "V2"), rel=1e-6)
    assert course.final.rho_L == pytest.approx(steady.rho_L, rel=1e-6)


def test_function_in_wiring_needs_a_unit(valve: Device) -> None:
    with pytest.raises(InputError, match="with the unit of its values"):
        valve.transient(until="1 ps", wiring={"low": lambda t: t, "high": "ground"})
