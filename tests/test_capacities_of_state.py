"""Capacities that follow the state. What must agree, and what each would catch:

Debye's energy and capacity           <-> quadrature; T^3 and Dulong and Petit        series, both sides of their border
excess                                <-> difference of multiprecision energies       lost digits at small rises
slopes of excesses                    <-> complex or finite differences
electron gas without losses, heated   <-> T^2 = T_0^2 + 2 P t/gamma, with any step    X, not C dU, is what steps add up
electrons and Debye lattice           <-> scipy's solver; energy exact at each step   both capacities, the coupling
the same with equal steps             <-> order 3
long times                            <-> Newton's steady solution
small signals about a hot state       <-> one pole with gamma T
weak drive                            <-> the linear course
interrupted course                    <-> uninterrupted one
T <= 0                                <-> InputError with the region
film at 40 K, record at 300 K         <-> energy of electrons and lattice            capacities of records, T_0
"""

from dataclasses import replace

import mpmath as mp
import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

import hanle
from hanle.materials.debye import Debye, debye_function, lattice_capacity
from hanle.materials.sourced import Sourced
from hanle.meshes.layers import stack
from hanle.pde.coefficients import Bulk, FaceLaw, Side, as_weight, term
from hanle.pde.errors import InputError
from hanle.pde.fields import CHARGE, ELECTRON_HEAT, LATTICE_HEAT, FieldSet
from hanle.pde.harmonic import respond_at, wire_at
from hanle.pde.heat import metal_heat
from hanle.pde.joule import joule
from hanle.pde.linearised import small_signals
from hanle.pde.newton import newton
from hanle.pde.nonlinear import combined, resistive, varying
from hanle.pde.problem import MINUS, Face, Problem, Terminal
from hanle.pde.recording import Record
from hanle.pde.stages import Stepper
from hanle.pde.storing import Excess, Proportional, warmed
from hanle.pde.transient import Control, Drives, transient

T0, LENGTH, SIGMA, G_EP = 60.0, 2e-7, 2e6, 3e15
GAMMA, C_P, THETA = 500.0, 6e5, 240.0
TIGHT, ORDER_MARGIN = 1e-11, 0.15
#: Newton's tolerance, gathered over the steps of a course.
EXACT = 1e-8
FIELDS = FieldSet((*CHARGE.fields, ELECTRON_HEAT, LATTICE_HEAT))
#: E/LENGTH of a wire whose electrons alone would reach 3 T_0 in one TIME.
TIME = 1e-12
VOLTAGE = LENGTH * np.sqrt(4 * GAMMA * T0**2 / SIGMA / TIME)
POWER = SIGMA * (VOLTAGE / LENGTH) ** 2


def law(coupling=G_EP, lattice=C_P, rise=0.0, excess=True):
    """u, T_e, T_p: electrons that hold gamma T, a lattice after Debye."""
    heat = metal_heat(
        temperature=T0,
        electrons=15.0,
        lattice=5.0,
        coupling=coupling,
        electron_capacity=GAMMA * T0,
        lattice_capacity=lattice,
    )
    flows = combined(Bulk(CHARGE, A=(term(SIGMA, np.eye(3), [[1.0]]),)), replace(heat, A=(), R=(), C=()))
    flows = varying(flows, "T_e", resistive(rise, T0), rows=("u",)) if rise else flows
    whole = joule(combined(flows, heat))
    parts = (
        (("T_e",), Proportional(as_weight(GAMMA * T0**2))),
        (("T_p",), warmed(as_weight(lattice), as_weight(T0), Debye(THETA))),
    )
    return replace(whole, excess=Excess(whole.fields, parts)) if excess else whole


def wire(bulk, faces=None, cells=1):
    mesh = stack([("wire", LENGTH)]).mesh(resolve={"wire": LENGTH}, cells_per_length=cells, growth=1.0001)
    return Problem(mesh, {"wire": bulk}, faces or {}, {name: Terminal((name,)) for name in ("bottom", "top")})


def drives(voltage=VOLTAGE):
    return Drives({"bottom": 0.0, "top": voltage})


def rise(component):
    return lambda solution: solution.values("wire", [[0.0, 0.0, 0.3 * LENGTH]])[0, 0, component]


def debye_energy(t, capacity=C_P):
    """Energy [J/m^3] from 0 K of a lattice that holds `capacity` at T_0, by quadrature."""

    def shape(y):
        return quad(lambda x: x**4 * np.exp(x) / np.expm1(x) ** 2, 0, min(y, 80), epsabs=0, epsrel=1e-13)[0] / y**3

    def mean(y):
        return quad(lambda x: x**3 / np.expm1(x), 0, min(y, 80), epsabs=0, epsrel=1e-13)[0] / y**3

    return capacity / shape(THETA / T0) * t * mean(THETA / t)


def steps_of(problem, engine, duration, count, solver):
    given = drives()
    stepper = Stepper(problem, engine, amplitudes=given.amplitudes, fluxes={}, solver=solver, tolerance=TIGHT)
    moments = [stepper.begin(0.0, np.zeros(stepper.system.size))]
    for k in range(count):
        moments.append(stepper.step(moments[-1], duration / count, (k + 1) * duration / count).after)
    return stepper, moments


@pytest.mark.parametrize("y", [1e-3, 0.3, 1.9999, 2.0001, 7.0, 60.0, 900.0])
def test_debye(y):
    """2e-14: rounding of the series, worst just below their border."""
    with mp.workdps(30):
        exact = 3 / mp.mpf(y) ** 3 * mp.quad(lambda x: x**3 / mp.expm1(x), mp.linspace(0, min(y, 90), 9))
        capacity = 4 * exact - 3 * y / mp.expm1(y)
    energy, slope = Debye(THETA)(THETA / y)
    assert debye_function(y) == pytest.approx(float(exact), rel=2e-14)
    assert energy == pytest.approx(THETA / y * float(exact), rel=2e-14)
    assert slope == pytest.approx(float(capacity), rel=2e-14)


def test_debye_limits():
    assert Debye(THETA)(1e5)[1] == pytest.approx(1 - (THETA / 1e5) ** 2 / 20, rel=1e-12)
    number, theta = Sourced(2.5e6, "heat capacity per volume", 300.0), Sourced(THETA, "temperature")
    assert lattice_capacity(number, theta, 300.0) == pytest.approx(2.5e6, rel=1e-14)
    low = lattice_capacity(number, theta, 2.0)
    assert low == pytest.approx(2.5e6 * 4 * np.pi**4 / 5 * (2 / THETA) ** 3 / Debye(THETA)(300.0)[1], rel=1e-12)
    assert lattice_capacity(number, None, 2.0) == lattice_capacity(replace(number, temperature=None), theta, 2.0)
    assert Debye(THETA)(2.0)[1] == pytest.approx(4 * np.pi**4 / 5 * (2 / THETA) ** 3, rel=1e-12)


@pytest.mark.parametrize("t", [-0.6, -3e-3, 1e-9, 2e-4, 9.99e-3, 1.001e-2, 0.5, 4.0])
def test_excess_of_a_lattice_keeps_its_digits(t):
    """Relative to C U: what small rises add is not lost beside the energy at T_0."""

    def mean(x):
        y = mp.mpf(THETA) / x
        return x * 3 / y**3 * mp.quad(lambda s: s**3 / mp.expm1(s), mp.linspace(0, y, 5))

    lattice = warmed(as_weight(C_P), as_weight(T0), Debye(THETA))
    with mp.workdps(40):
        capacity = mp.diff(mean, T0)
        exact = C_P / capacity * (mean(T0 * (1 + mp.mpf(t))) - mean(T0)) - C_P * T0 * mp.mpf(t)
        slope = C_P * T0 * (mp.diff(mean, T0 * (1 + mp.mpf(t))) / capacity - 1)
    amount, by = lattice(np.full((1, 1, 1, 1), t))
    assert amount.item() == pytest.approx(float(exact), abs=2e-13 * C_P * T0 * abs(t))
    assert by.item() == pytest.approx(float(slope), abs=2e-13 * C_P * T0)


@pytest.mark.parametrize("count", [1, 5])
def test_electron_gas_without_losses(elements, count):
    """T^2 = T_0^2 + 2 P t/gamma at the end of any step: the stored energy is linear in time."""
    _, moments = steps_of(wire(law(coupling=0.0)), elements(1), TIME, count, elements.direct)
    for moment in moments[1:]:
        found = T0 * (1 + rise(1)(moment.solution))
        assert found == pytest.approx(np.sqrt(T0**2 + 2 * POWER * moment.time / GAMMA), rel=EXACT)
        assert rise(2)(moment.solution) == pytest.approx(0.0, abs=EXACT)
    assert found == pytest.approx(3 * T0, rel=EXACT)


#: A lattice light enough to warm from T_0 to 3 T_0 and an exchange within TIME.
LIGHT, STRONG = 2e4, GAMMA * T0 / TIME


def test_electrons_and_lattice(elements):
    """Two temperatures against scipy, third order; the energy that is stored is P t to Newton's tolerance."""

    def slopes(_, state):
        te, tp = state
        held = derivative(tp)
        return [(POWER - STRONG * (te - tp)) / (GAMMA * te), STRONG * (te - tp) / held]

    def derivative(t):
        y = THETA / t
        c = quad(lambda x: x**4 * np.exp(x) / np.expm1(x) ** 2, 0, y, epsabs=0, epsrel=1e-12)[0] / y**3
        y0 = THETA / T0
        return LIGHT * c / (quad(lambda x: x**4 * np.exp(x) / np.expm1(x) ** 2, 0, y0, epsrel=1e-12)[0] / y0**3)

    exact = solve_ivp(slopes, (0, 2 * TIME), [T0, T0], rtol=1e-11, atol=1e-9, method="DOP853").y[:, -1]
    errors = []
    for count in (8, 16, 32):
        problem = wire(law(coupling=STRONG, lattice=LIGHT))
        _, moments = steps_of(problem, elements(1), 2 * TIME, count, elements.direct)
        warm = np.array([[T0 * (1 + rise(k)(m.solution)) for k in (1, 2)] for m in moments[1:]])
        errors.append(np.abs(warm[-1] - exact).max())
        kept = GAMMA / 2 * (warm[:, 0] ** 2 - T0**2)
        kept += [debye_energy(t, LIGHT) - debye_energy(T0, LIGHT) for t in warm[:, 1]]
        np.testing.assert_allclose(kept, [POWER * m.time for m in moments[1:]], rtol=EXACT)
    assert np.log2(errors[1] / errors[2]) == pytest.approx(3, abs=ORDER_MARGIN)
    assert exact.min() > 1.5 * T0


def test_adaptive_course(elements):
    """The error asked for, read-outs within steps included."""
    times = np.linspace(0.1, 1, 7) * TIME
    found = transient(
        wire(law(coupling=0.0, rise=0.02)),
        elements(1),
        drives(),
        TIME,
        record=Record(times, {"t": rise(1)}),
        control=Control(1e-5, solver=elements.direct),
    )

    def slope(_, t):
        return [POWER / (1 + 0.02 * (t[0] - T0)) / (GAMMA * t[0])]

    exact = solve_ivp(slope, (0, TIME), [T0], t_eval=times, rtol=1e-11, atol=1e-10).y[0]
    np.testing.assert_allclose(T0 * (1 + found.readings["t"]), exact, rtol=0, atol=4e-5 * exact[-1])


def test_long_time_is_the_steady_solution(elements):
    bath = FaceLaw((Side("body", FieldSet((ELECTRON_HEAT, LATTICE_HEAT))),), given={"T_e": 0.0, "T_p": 0.0})
    faces = {name: Face(bath, {"body": MINUS}) for name in ("bottom", "top")}
    problem, weak = wire(law(rise=3e-3), faces, cells=4), 0.03
    steady = newton(
        problem,
        elements(1),
        amplitudes={"bottom": 0.0, "top": weak},
        tolerance=TIGHT,
        solver=elements.direct,
    ).solution
    slow = C_P * LENGTH**2 / 20.0
    control = Control(1e-2, solver=elements.direct, solve_tolerance=TIGHT)
    readings = {"e": rise(1), "p": rise(2)}
    found = transient(
        problem, elements(1), drives(weak), 100 * slow, record=Record(readings=readings), control=control
    )
    for name, ask in readings.items():
        assert found.readings[name][-1] == pytest.approx(ask(steady), rel=1e-8)
    assert rise(1)(steady) > 0.1


def test_small_signals_store_what_they_do_at_the_state(elements):
    """V/I of a warming wire about a current: its heat follows with C = gamma T of the hot state."""
    problem = wire(law(coupling=0.0, rise=3e-3))
    sink = replace(problem.regions["wire"], at=lossy(problem.regions["wire"].at))
    problem, j, loss = replace(problem, regions={"wire": sink}), 1e12, 3e16
    options = {"amplitudes": {"bottom": 0.0}, "fluxes": {"top": -j}, "solver": elements.direct}
    steady = newton(problem, elements(1), tolerance=TIGHT, **options).solution
    hot = T0 * (1 + rise(1)(steady))
    slope = j**2 / SIGMA * 3e-3
    omega = loss / (GAMMA * hot)
    resistance = LENGTH / SIGMA * (1 + 3e-3 * (hot - T0))
    expected = resistance + 2 * slope * resistance / (loss - slope + 1j * omega * GAMMA * hot)
    response = respond_at(small_signals(problem, steady), omega, elements(1), solver=elements.direct)
    found = wire_at(response, amplitudes={"bottom": 0.0}, fluxes={"top": -1.0}).voltage("top")[0]
    assert abs(found - expected) < 1e-8 * abs(expected)
    assert hot > 1.25 * T0


def lossy(touch, loss=3e16):
    """With electrons and a lattice that lose heat to what stays at T_0."""

    def near(values, gradients):
        inner = touch(values, gradients)
        extra = np.zeros((3, 3))
        extra[1, 1] = extra[2, 2] = 1.0
        return replace(inner, R=(*inner.R, term(loss * T0, 1.0, extra)))

    return near


def test_weak_drives_are_the_linear_course(elements):
    """To the part by which T rises; of the lattice where it is far from Dulong and Petit too."""
    weak = 1e-4 * VOLTAGE
    found = []
    for excess in (True, False):
        problem = wire(law(coupling=STRONG, lattice=LIGHT, excess=excess))
        options = {"record": Record(readings={"e": rise(1), "p": rise(2)})}
        control = Control(1e-3, solver=elements.direct, solve_tolerance=TIGHT)
        found.append(transient(problem, elements(1), drives(weak), TIME, control=control, **options).readings)
    for name in ("e", "p"):
        size = found[1][name][-1]
        assert 0 < size < 1e-7
        assert found[0][name][-1] == pytest.approx(size, rel=1e-6)


def test_restart_is_the_uninterrupted_course(elements, interrupting, tmp_path):
    def run(theta=THETA, path=None, reading=None, resume=False):
        bulk = law(coupling=STRONG, lattice=LIGHT)
        electrons, (names, lattice) = bulk.excess.parts
        parts = (electrons, (names, replace(lattice, heat=Debye(theta))))
        bulk = replace(bulk, excess=replace(bulk.excess, parts=parts))
        record = Record(readings={"t": reading or rise(1)})
        control = Control(1e-3, solver=elements.direct, checkpoint=path)
        return transient(wire(bulk), elements(1), drives(), TIME, record=record, control=control, resume=resume)

    whole, path = run(), tmp_path / "course"
    with pytest.raises(KeyboardInterrupt):
        run(path=path, reading=interrupting(rise(1), 4))
    with pytest.raises(InputError, match="the same problem"):
        run(THETA + 1, path, interrupting(rise(1), 0), resume=True)
    again = run(path=path, reading=interrupting(rise(1), 0), resume=True)
    np.testing.assert_allclose(again.times, whole.times, rtol=1e-12)
    np.testing.assert_allclose(again.readings["t"], whole.readings["t"], rtol=1e-12)


def test_refusals(elements):
    problem = wire(law())
    stepper = Stepper(problem, elements(1), amplitudes=drives().amplitudes, fluxes={}, solver=elements.direct)
    with pytest.raises(InputError, match=r"region wire: temperature must be above 0 K"):
        stepper.begin(0.0, -1.1 * stepper.system.constant("T_p"))
    with pytest.raises(InputError, match="linear"):
        combined(problem.regions["wire"], metal_heat(temperature=T0, electrons=1.0, lattice=1.0, coupling=1.0))


#: Holds the level of T, and no more: next to nothing leaves.
LEAK = hanle.HeatContact(lattice="1e-3 W/(m^2 K)")


def film(**changes):
    record = {
        "like": "Au",
        "seebeck": "0 V/K",
        "spin_hall_angle": 0.0,
        "sommerfeld_coefficient": "70 J/(m^3 K^2)",
        "lattice_heat_conductivity": "5 W/(m K)",
        "electron_lattice_coupling": "1e18 W/(m^3 K)",
        "lattice_heat_capacity": {"value": "2.5e6 J/(m^3 K)", "temperature": "300 K"},
        "debye_temperature": "165 K",
    }
    given = {"transport": ("heat",), "wires": {"Au": ["Au"]}, "interfaces": {"bottom": LEAK}}
    return hanle.Device(hanle.stack([("Au", "50 nm")]), {"Au": record}, **given | changes)


def test_insulated_film_of_a_device():
    """What Joule heat leaves in it, by the records: electrons and lattice of one temperature at the end."""
    device, field, cold = film(temperature="40 K"), 3e6, 40.0
    last = device.transient(wiring={"Au": f"{field} V/m"}, until="20 ps", nonlinear=True, error=1e-3).final
    points = np.array([[0.0, 0.0, 2e-8]])
    te, tp = (last.temperature("Au", points, who)[0] for who in ("electrons", "lattice"))
    scale = 2.5e6 / Debye(165.0)(300.0)[1]
    kept = 35 * (te**2 - cold**2) + scale * (Debye(165.0)(tp)[0] - Debye(165.0)(cold)[0])
    power = float(last.electric_power) / 50e-9
    assert kept == pytest.approx(power * 20e-12, rel=1e-7)
    assert te > 1.5 * cold
