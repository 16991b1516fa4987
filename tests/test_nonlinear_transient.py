"""Courses in time of problems that are not linear: pairs that must agree, and what each would catch.

uniform field, cubic loss            <-> closed form, order 3                        tableau with Newton's method
loss against a source                <-> tanh; with a limit of the law               steps without a solution
insulated wire, constant current     <-> dT/dt = j^2 rho/C; exponential with rho(T)  Joule heat at a floating contact
insulated wire, constant voltage     <-> a square root, order 3                      a field that stores nothing
linear loss of heat                  <-> exponential approach
sinusoidal current                   <-> heat at 2 Omega of one pole; slow: half the even part of steady solves
long times                           <-> Newton's steady solution, by voltage and by current
electric work                        = stored + lost: at every step, and over the course with the order of the sum
interrupted course                   <-> uninterrupted one
a law that ends                      <-> SolveError with the time and the law
"""

from dataclasses import replace

import numpy as np
import pytest

from hanle.meshes.layers import stack
from hanle.pde.coefficients import Bulk, FaceLaw, Side, term
from hanle.pde.errors import InputError, SolveError
from hanle.pde.fields import CHARGE, ELECTRON_HEAT, LATTICE_HEAT, FieldSet
from hanle.pde.heat import metal_heat, thermoelectric
from hanle.pde.joule import joule
from hanle.pde.metal import normal_metal
from hanle.pde.newton import newton
from hanle.pde.nonlinear import absolute, carried, combined, resistive, varying
from hanle.pde.problem import MINUS, Face, Problem, Terminal
from hanle.pde.recording import Record
from hanle.pde.stages import Stepper, storage
from hanle.pde.transient import Control, Drives, transient

T0, LENGTH, SIGMA, KE, KP, G_EP, S = 300.0, 2e-7, 2e6, 15.0, 5.0, 3e15, -2e-5
C_E, C_P, RISE, VOLTAGE = 3e4, 2.8e6, 3.5e-3, 0.06
#: Diffusion of heat along the wire.
TAU = C_P * LENGTH**2 / np.pi**2 / (KE + KP)
TOLERANCE, ORDER_MARGIN = 1e-11, 0.1
#: By how much more than the tolerance of its steps a course may be off.
GATHERED = 4.0
HEATS = FieldSet((ELECTRON_HEAT, LATTICE_HEAT))


def metal(rise=RISE, seebeck=S):
    charge = normal_metal(
        conductivity=SIGMA, diffusion_constant=3e-4, diffusion_length=1.5e-9, spin_hall_angle=0.05, field=(3, 1, -2)
    )
    thermal = thermoelectric(temperature=T0, conductivity=SIGMA, seebeck=seebeck, spin_nernst_angle=0.02)
    flows = varying(combined(charge, varying(thermal, "T_e", absolute, rows=("T_e",))), "T_e", resistive(rise, T0))
    heat = metal_heat(
        temperature=T0, electrons=KE, lattice=KP, coupling=G_EP, electron_capacity=C_E, lattice_capacity=C_P
    )
    return joule(combined(flows, heat))


def wire(bulk, faces=None, cells=6):
    mesh = stack([("wire", LENGTH)]).mesh(resolve={"wire": LENGTH}, cells_per_length=cells, growth=1.0001)
    return Problem(mesh, {"wire": bulk}, faces or {}, {name: Terminal((name,)) for name in ("bottom", "top")})


def cooled_wire():
    """Held at T_0 at both ends."""
    bath = FaceLaw((Side("body", HEATS),), given={"T_e": 0.0, "T_p": 0.0})
    return wire(metal(), {name: Face(bath, {"body": MINUS}) for name in ("bottom", "top")})


def lumped(rise=0.0, coupling=G_EP):
    """A wire without heat conduction to anything but a lattice at T_0, everywhere alike: C_E T' = p - G_ep T."""
    heat = metal_heat(temperature=T0, electrons=KE, lattice=KP, coupling=coupling, electron_capacity=C_E)
    charge = Bulk(CHARGE, A=(term(SIGMA, np.eye(3), [[1.0]]),))
    flows = combined(charge, replace(heat, A=(), R=(), C=()))
    flows = varying(flows, "T_e", resistive(rise, T0), rows=("u",)) if rise else flows
    whole = joule(combined(flows, heat))
    return carried(whole, FieldSet((*CHARGE.fields, ELECTRON_HEAT)))


def loss_of(size, slope, source=0.0, capacity=3e9, limit=np.inf):
    """C u' = source - size(u)."""

    def touch(values, gradients):
        u = values[..., 0]
        if np.any(u > limit):
            raise InputError("u", f"below {limit} V", float(u.max()))
        part = term(size(u) - slope(u) * u - source, 1.0, [1.0])
        return Bulk(
            CHARGE, A=conduction, R=(term(slope(u), 1.0, [[1.0]]),), F=(replace(part, weight=-part.weight),)
        )

    conduction = (term(SIGMA, np.eye(3), [[1.0]]),)
    return Bulk(CHARGE, A=conduction, C=(term(capacity, 1.0, [[1.0]]),), at=touch)


def closed(bulk):
    return replace(wire(bulk, cells=2), terminals={})


def lumped_wire(*given, **options):
    return wire(lumped(*given, **options), cells=2)


def level(component=0):
    return lambda solution: solution.values("wire", [[0.0, 0.0, 0.3 * LENGTH]])[0, 0, component]


def steps_of(problem, engine, drives, start, duration, count, solver):
    """The moments of a course with equal steps."""
    stepper = Stepper(
        problem, engine, amplitudes=drives.amplitudes, fluxes=drives.fluxes, solver=solver, tolerance=TOLERANCE
    )
    state = sum(value * stepper.system.constant(name) for name, value in start.items())
    moments = [stepper.begin(0.0, state + np.zeros(stepper.system.size))]
    last = None
    for k in range(count):
        last = stepper.step(moments[-1], duration / count, (k + 1) * duration / count)
        moments.append(last.after)
    return stepper, moments, last


CUBIC, CAPACITY, U0 = 2e22, 3e9, 0.4
#: Of the cubic loss.
HALF = CAPACITY / (2 * CUBIC * U0**2)


def test_order_in_time(elements):
    """u = u0/(1 + t/HALF)^{1/2}: order 3 at the ends of steps and within."""
    problem = closed(loss_of(lambda u: CUBIC * u**3, lambda u: 3 * CUBIC * u**2, capacity=CAPACITY))
    errors, inside = [], []
    for count in (8, 16, 32):
        stepper, moments, last = steps_of(problem, elements(1), Drives(), {"u": U0}, HALF, count, elements.direct)
        middle = stepper.within(last, 0.4)
        for found, moment in ((errors, moments[-1]), (inside, middle)):
            found.append(abs(level()(moment.solution) - U0 / np.sqrt(1 + moment.time / HALF)))
    for found in (errors, inside):
        assert np.log2(found[1] / found[2]) == pytest.approx(3, abs=ORDER_MARGIN)


@pytest.mark.parametrize("tolerance", [1e-3, 1e-5])
def test_approach_to_a_quadratic_loss_is_a_tanh(elements, tolerance):
    """C u' = P - k u^2: the error asked for, with one linearisation for several steps."""
    source, k = 5e20, 2e22
    end, time = np.sqrt(source / k), CAPACITY / np.sqrt(source * k)
    times = np.linspace(0, 4, 9) * time
    found = transient(
        closed(loss_of(lambda u: k * u**2, lambda u: 2 * k * u, source, CAPACITY)),
        elements(1),
        Drives(),
        times[-1],
        record=Record(times, {"u": level()}),
        control=Control(tolerance, solver=elements.direct),
    )
    error = np.abs(found.readings["u"] - end * np.tanh(times / time)).max() / end
    assert 1e-4 * tolerance < error < GATHERED * tolerance
    effort = found.effort
    assert effort.residual < 1e-8
    assert effort.operators < effort.steps
    assert effort.solves < 16 * effort.steps


@pytest.mark.parametrize("rise", [0.0, RISE])
def test_insulated_wire_heats_at_the_rate_of_its_current(elements, rise):
    """C T' = j^2 rho (1 + alpha T) through a floating contact; a straight line is exact with any step."""
    j = 3e12
    rate = j**2 / SIGMA / (C_E * T0)
    duration = 0.1 / rate
    found = transient(
        lumped_wire(rise, coupling=0.0),
        elements(1),
        Drives({"bottom": 0.0}, {"top": j}),
        duration,
        record=Record(readings={"t": level(1), "V": lambda s: s.amplitude("top")[0]}),
        control=Control(1e-6, solver=elements.direct, solve_tolerance=TOLERANCE),
    )
    a = rise * T0
    exact = np.expm1(a * rate * found.times) / a if a else rate * found.times
    np.testing.assert_allclose(
        found.readings["t"], exact, rtol=0, atol=exact[-1] * (1e-9 if not a else GATHERED * 1e-6)
    )
    resistance = LENGTH / SIGMA * (1 + a * found.readings["t"])
    np.testing.assert_allclose(np.abs(found.readings["V"]), j * resistance, rtol=1e-9)
    if not rise:
        assert found.effort.rejected == 0


def test_insulated_wire_at_constant_voltage(elements):
    """(1 + a t)^2 = 1 + 2 a rate time: order 3 with a potential that stores nothing."""
    a, field = RISE * T0, VOLTAGE / LENGTH
    rate = SIGMA * field**2 / (C_E * T0)
    duration, errors = 1.0 / (a * rate), []
    problem, drives = lumped_wire(RISE, coupling=0.0), Drives({"bottom": 0.0, "top": VOLTAGE})
    exact = (np.sqrt(1 + 2 * a * rate * duration) - 1) / a
    for count in (8, 16, 32):
        _, moments, _ = steps_of(problem, elements(1), drives, {}, duration, count, elements.direct)
        errors.append(abs(level(1)(moments[-1].solution) - exact))
        assert moments[-1].solution.flux("top")[0] == pytest.approx(
            SIGMA * field / (1 + a * level(1)(moments[-1].solution)), rel=1e-9
        )
    assert np.log2(errors[1] / errors[2]) == pytest.approx(3, abs=ORDER_MARGIN)


def test_linear_loss_of_heat_is_an_exponential(elements):
    """C T' = j^2 rho (1 + alpha T) - G T."""
    j = 1e12
    power, loss = j**2 / SIGMA, G_EP * T0 - j**2 / SIGMA * RISE * T0
    time = C_E * T0 / loss
    times = np.linspace(0.1, 6, 7) * time
    found = transient(
        lumped_wire(RISE),
        elements(1),
        Drives({"bottom": 0.0}, {"top": j}),
        times[-1],
        record=Record(times, {"t": level(1)}),
        control=Control(1e-5, solver=elements.direct),
    )
    exact = power / loss * -np.expm1(-times / time)
    np.testing.assert_allclose(found.readings["t"], exact, rtol=0, atol=GATHERED * 1e-5 * exact[-1])


@pytest.mark.parametrize("phase", [0.03, 0.7])
def test_heat_at_twice_the_frequency(elements, phase):
    """Re[-(T_even/2) e^{2i Omega t}/(1 + 2i Omega tau)]; slow: what opposite steady solves say, and +I is -I."""
    time, j = C_E / G_EP, 1e12
    omega = phase / time
    problem = lumped_wire()
    even = [
        newton(problem, elements(1), amplitudes={"bottom": 0.0}, fluxes={"top": sign * j}, solver=elements.direct)
        for sign in (1, -1)
    ]
    rises = [level(1)(result.solution) for result in even]
    assert rises[0] == pytest.approx(rises[1], rel=1e-9)
    period, points = 2 * np.pi / omega, 8
    wait = np.ceil(8 * time / period) * period
    times = wait + np.arange(points) / points * period
    found = transient(
        problem,
        elements(1),
        Drives({"bottom": 0.0}, {"top": lambda t: j * np.sin(omega * t)}),
        times[-1],
        record=Record(times, {"t": level(1)}),
        control=Control(1e-3, max_step=period / 16, solver=elements.direct),
    )
    second = 2 * np.mean(found.readings["t"] * np.exp(-2j * omega * times))
    mean = np.mean(found.readings["t"])
    expected = -rises[0] / 2 / (1 + 2j * phase)
    assert abs(second - expected) < GATHERED * 1e-3 * abs(expected)
    assert mean == pytest.approx(rises[0] / 2, rel=GATHERED * 1e-3)
    if phase < 0.1:
        assert abs(second + rises[0] / 2) < 2.1 * phase * rises[0] / 2


@pytest.mark.parametrize("by", ["voltage", "current"])
def test_long_time_is_the_steady_solution(elements, by):
    """With S T j, sigma(T) and two temperatures; a course that begins there stays with one step."""
    problem = cooled_wire()
    steady = newton(
        problem,
        elements(2),
        amplitudes={"bottom": 0.0, "top": VOLTAGE},
        tolerance=TOLERANCE,
        solver=elements.direct,
    ).solution
    current = float(steady.flux("top")[0])
    drives = (
        Drives({"bottom": 0.0, "top": VOLTAGE}) if by == "voltage" else Drives({"bottom": 0.0}, {"top": current})
    )
    record = Record(
        readings={
            "I": lambda s: s.flux("top")[0],
            "V": lambda s: s.amplitude("top")[0],
            "t": level(4),
            "p": level(5),
        }
    )
    control = Control(1e-2, solver=elements.direct, solve_tolerance=TOLERANCE)
    found = transient(problem, elements(2), drives, 200 * TAU, record=record, control=control)
    for name, ask in record.readings.items():
        assert found.readings[name][-1] == pytest.approx(ask(steady), rel=1e-8)
    assert found.readings["t"][-1] > 0.05
    still = transient(problem, elements(2), drives, TAU, initial=steady, record=record, control=control)
    assert (still.effort.steps, still.effort.rejected) == (1, 0)
    assert still.readings["t"][-1] == pytest.approx(level(4)(steady), rel=1e-8)


def heat_out(solution):
    """Through the ends [W/m^2]."""
    lines = [e.gain for e in solution.ledger if e.kind == "terminal" and "T_e" in e.gain]
    return -sum(gain[name][0] for gain in lines for name in ("T_e", "T_p") if name in gain)


def power_in(solution):
    return sum(solution.amplitude(n)[0] * solution.flux(n)[0] for n in ("bottom", "top"))


def test_energy(elements):
    """Power in = heat out + heat stored at every step; the work over the course, by Simpson's rule, of order 3."""
    problem, drives, errors = cooled_wire(), Drives({"bottom": 0.0, "top": VOLTAGE}), []
    for count in (16, 32):
        stepper, moments, _ = steps_of(problem, elements(1), drives, {}, TAU, count, elements.direct)
        rates, free = [], ~stepper.system.fixed
        for moment in moments[1:]:
            stored = storage(moment, stepper.system)
            kept = float(stored["T_e"][0] + stored["T_p"][0])
            gained, lost = power_in(moment.solution), heat_out(moment.solution)
            assert gained == pytest.approx(lost + kept, rel=1e-8)
            rates.append(gained - lost)
        assert min(rates) > 0.01 * gained
        # From the second step on: at the jump the ends take up the heat of Peltier at once.
        held = [
            sum((m.stored * free) @ stepper.system.constant(n) for n in ("T_e", "T_p"))
            for m in moments[count // 2 :]
        ]
        values, dt = np.array(rates[count // 2 - 1 :]), TAU / count
        work = dt / 3 * (values[0] + values[-1] + 4 * values[1:-1:2].sum() + 2 * values[2:-1:2].sum())
        errors.append(abs(stepper.system.processes.total(held[-1] - held[0]) - work) / work)
    assert np.log2(errors[0] / errors[1]) > 3 - 3 * ORDER_MARGIN
    assert errors[1] < 1e-6


def test_restart_is_the_uninterrupted_course(elements, interrupting, tmp_path):
    """To rounding: the linearisation is made again where it was made."""

    def run(path=None, reading=None, resume=False):
        record = Record(readings={"t": reading or level(4)})
        control = Control(1e-2, solver=elements.direct, checkpoint=path)
        drives = Drives({"bottom": 0.0, "top": lambda t: VOLTAGE if t < TAU else 0.0}, breaks=(TAU,))
        return transient(cooled_wire(), elements(1), drives, 2 * TAU, record=record, control=control, resume=resume)

    path = tmp_path / "course.npz"
    whole = run()
    for after in (6, 15):
        with pytest.raises(KeyboardInterrupt):
            run(path, interrupting(level(4), after))
        again = run(path, resume=True)
        np.testing.assert_array_equal(again.times, whole.times)
        np.testing.assert_allclose(again.readings["t"], whole.readings["t"], rtol=1e-12, atol=1e-15)
        assert again.effort.steps == whole.effort.steps > 14
    complete = run(path, resume=True)
    assert complete.effort.steps == again.effort.steps
    expected, found = (level(4)(one.final.solution) for one in (whole, complete))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_step_without_a_solution_is_made_shorter(elements):
    """A diode from far above: the first steps reach beyond the law, the course does not."""
    limit, source = 0.5, 6e20
    bulk = loss_of(lambda u: 1e21 * u**2, lambda u: 2e21 * u, source, CAPACITY, limit=1.2)
    end, time = np.sqrt(source / 1e21), CAPACITY / np.sqrt(source * 1e21)
    options = {"record": Record(readings={"u": level()}), "control": Control(1e-3, solver=elements.direct)}
    found = transient(closed(bulk), elements(1), Drives(), 20 * time, **options)
    assert found.effort.rejected > 0
    np.testing.assert_allclose(found.readings["u"], end * np.tanh(found.times / time), atol=GATHERED * 1e-3 * end)
    beyond = loss_of(lambda u: 1e21 * u**2, lambda u: 2e21 * u, source, CAPACITY, limit=limit)
    passed = time * np.arctanh(limit / end)
    with pytest.raises(SolveError, match=r"no state follows that at .*region wire: u must be below 0.5 V") as error:
        transient(closed(beyond), elements(1), Drives(), 20 * time, **options)
    assert float(str(error.value).split("that at ")[1].split(" s")[0]) == pytest.approx(passed, rel=1e-2)
