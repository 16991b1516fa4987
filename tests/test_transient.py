"""Courses in time: pairs that must agree, and what each would catch.

uniform accumulation              <-> e^{-t/tau} Rot(omega t) w0, order 3            tableau, inertia, precession
film after a current step         <-> series of its eigenmodes, at the element order  spatial part of the stages
line that stores charge           <-> its series, driven by a current                 floating contacts that store
long times                        <-> steady solve; steady start stays where it is
sinusoidal drive                  <-> AC response
moment of the step response       <-> slope of the AC response at Omega = 0
stored spin                       <-> balance sheet at every step
interrupted course                <-> uninterrupted one, bit by bit
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import expm

from hanle.boundary.b_layer import Conductances, b_layer
from hanle.meshes.layered import Layers
from hanle.meshes.layers import stack
from hanle.pde.checkpoint import digest
from hanle.pde.clock import DEEPEST, begin
from hanle.pde.closed_forms.channels import transverse_length
from hanle.pde.closed_forms.film import Film
from hanle.pde.closed_forms.film_profile import film_accumulation
from hanle.pde.coefficients import Bulk, FaceLaw, Side, term
from hanle.pde.constants import HBAR, MU_B
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.errors import InputError, SolveError, UnsupportedError, UserCodeError
from hanle.pde.fields import CHARGE
from hanle.pde.harmonic import respond_at, wire_at
from hanle.pde.heat import metal_heat
from hanle.pde.metal import normal_metal
from hanle.pde.problem import MINUS, PLUS, Face, Gradient, Problem, Terminal
from hanle.pde.recording import Event, Record
from hanle.pde.solution import wire
from hanle.pde.stages import Stepper, storage
from hanle.pde.steady import respond
from hanle.pde.tensors import cross_matrix, unit
from hanle.pde.transient import Control, Drives, transient

SIGMA, D, LAMBDA, THETA, THICKNESS = 2.5e6, 2e-4, 1.7e-9, 0.13, 6.8e-9
TAU = LAMBDA**2 / D
AXIS, B = unit([0.4, -0.3, 0.7]), 400.0
#: omega_L tau_s is about 1.
OMEGA = 2 * MU_B / HBAR * B * AXIS
TURNING = cross_matrix(OMEGA)
E = 3e5
ORDER_MARGIN = 0.1
#: By how much more than the tolerance of its steps a course may be off.
GATHERED = 4.0
#: Error soon after a jump, of the first step and of the mesh at a time too short for it.
SOON = 0.02


def metal(**changes):
    values = {"conductivity": SIGMA, "diffusion_constant": D, "diffusion_length": LAMBDA, "spin_hall_angle": THETA}
    return normal_metal(field=B * AXIS, **values | changes)


def film(cells=12, **changes):
    mesh = stack([("Pt", THICKNESS)]).mesh({"Pt": 6 * THICKNESS / cells}, growth=1.0)
    assert len(mesh.cells) == cells
    return Problem(mesh, {"Pt": metal(**changes)}, gradients=(Gradient("u", "x"),))


def magnetic_film(cells=12):
    """A film on a magnet, which takes up and turns spin."""
    law = b_layer("YIG", Conductances(-2e13, 4e14, 1.5e14), unit([1.0, 0.3, 0.7]))
    return replace(film(cells), faces={"bottom": Face(law, {"metal": MINUS, "magnet": PLUS})})


def spin_at(height):
    return lambda solution: solution.values("Pt", [[0.0, 0.0, height]])[0, 0, 1:]


def current(solution):
    return solution.flux("du/dx")[0]


def decay(times, w0):
    return np.array([expm((TURNING - np.eye(3) / TAU) * t) @ w0 for t in times])


W0 = np.array([1e-3, 4e-4, -7e-4])


@pytest.mark.parametrize("tolerance", [1e-3, 1e-5])
def test_decay_of_a_uniform_accumulation(elements, tolerance):
    """The error asked for, at the ends of steps and at times within them."""
    times = np.linspace(0.0, 5 * TAU, 23)
    found = transient(
        film(),
        elements(1),
        Drives({"du/dx": 0.0}),
        times[-1],
        initial={"w": W0},
        record=Record(times, {"w": spin_at(2e-9)}),
        control=Control(tolerance, solver=elements.direct),
    )
    np.testing.assert_array_equal(found.times, times)
    error = np.abs(found.readings["w"] - decay(times, W0)).max() / np.linalg.norm(W0)
    assert 1e-3 * tolerance < error < GATHERED * tolerance
    assert found.effort.steps < 60 * (1e-3 / tolerance) ** (1 / 3)
    assert found.effort.operators <= 8 < found.effort.steps


def test_slow_drives_take_long_steps(elements):
    """A drive a thousand times slower than the film: steps as long as the drive allows, accurate at all times."""
    slow = 1e-3 / TAU
    until = 2.5 / slow
    drive = Drives({"du/dx": lambda t: E * np.sin(slow * t)})
    control = Control(1e-4, solver=elements.direct)
    record = Record(np.linspace(0.3 * until, until, 7), {"w": spin_at(0.0)})
    found = transient(film(), elements(1), drive, until, record=record, control=control)
    assert found.effort.steps < 40
    short = replace(control, max_step=until / 800)
    fine = transient(film(), elements(1), drive, until, record=record, control=short)
    scale = np.abs(fine.readings["w"]).max()
    np.testing.assert_allclose(found.readings["w"], fine.readings["w"], atol=GATHERED * 1e-4 * scale, rtol=0)
    steady = wire(respond(film(), elements(1)), amplitudes={"du/dx": E * np.sin(slow * until)})
    np.testing.assert_allclose(found.readings["w"][-1], spin_at(0.0)(steady), atol=2 * slow * TAU * scale, rtol=0)


def test_order_in_time(elements):
    """Three at the end of a step, within it two with the start and three without."""
    problem, errors, inside = film(), [], []
    for steps in (8, 16, 32):
        stepper = Stepper(problem, elements(1), amplitudes={"du/dx": 0.0}, fluxes={}, solver=elements.direct)
        state = sum(w * stepper.system.constant(f"w_{a}") for w, a in zip(W0, "xyz", strict=True))
        moment, dt = stepper.begin(0.0, state), 3 * TAU / steps
        for k in range(steps):
            step = stepper.step(moment, dt, (k + 1) * dt)
            moment = step.after
        middle = stepper.within(step, 0.4)
        end, at = decay([3 * TAU, middle.time], W0)
        errors.append(np.linalg.norm(spin_at(2e-9)(moment.solution) - end))
        inside.append(np.linalg.norm(spin_at(2e-9)(middle.solution) - at))
    assert np.log2(errors[1] / errors[2]) == pytest.approx(3, abs=ORDER_MARGIN)
    assert np.log2(inside[1] / inside[2]) == pytest.approx(3, abs=ORDER_MARGIN)


def eigenmodes(z, t):
    """w (3,) at height z and time t after E is switched on: the steady answer less its decaying modes.

    Mode n (odd) is cos(n pi z/d), fed with -(4 D/d) theta z x E from the two faces and lost at the rate
    1/tau_s + D (n pi/d)^2 while it turns.
    """
    length = transverse_length(LAMBDA, 2 * MU_B / HBAR * B, D)
    steady = film_accumulation(Film(1 / SIGMA, THICKNESS, LAMBDA, length), AXIS, THETA, (E, 0.0), z)
    fed = -4 * D / THICKNESS * THETA * E * np.array([0.0, 1.0, 0.0])
    for n in range(1, 60, 2):
        q = n * np.pi / THICKNESS
        loss = (1 / TAU + D * q**2) * np.eye(3) - TURNING
        steady = steady - np.cos(q * z) * expm(-loss * t) @ np.linalg.solve(loss, fed)
    return steady


@pytest.mark.parametrize(("order", "expected"), [(1, 2), (2, 4)])
def test_film_after_a_current_step(elements, order, expected):
    """Against the series of eigenmodes, with Hanle precession; the error falls with the order of the elements."""
    times = np.array([0.05, 0.2, 0.7, 2.5]) * TAU
    exact = np.array([eigenmodes(0.0, t) for t in times])
    errors = []
    for cells in (8, 16):
        found = transient(
            film(cells),
            elements(order),
            Drives({"du/dx": E}),
            times[-1],
            record=Record(times, {"w": spin_at(0.0), "I": current}),
            control=Control(1e-6, solver=elements.direct),
        )
        difference = found.readings["w"] - exact
        errors.append(np.abs(difference[1:]).max() / np.abs(exact).max())
        # j_x gains theta sigma d_z w_y: the current follows the accumulation at the faces at once.
        spin = THETA * SIGMA * -2 * found.readings["w"][:, 1]
        np.testing.assert_allclose(
            found.readings["I"], SIGMA * (1 - 2 * THETA**2) * THICKNESS * E + spin, rtol=1e-7
        )
    assert np.log2(errors[0] / errors[1]) > expected - 3 * ORDER_MARGIN
    assert errors[1] < (1e-2 if order == 1 else 1e-4)


def test_long_time_is_steady(elements):
    """And a course that begins in the steady state stays there with the largest steps."""
    problem = magnetic_film()
    steady = wire(respond(problem, elements(2), solver=elements.direct), amplitudes={"du/dx": E})
    record = Record(readings={"w": spin_at(0.0), "torque": lambda s: s.face("bottom").traces[0, 0, 0]})
    course = transient(
        problem, elements(2), Drives({"du/dx": E}), 30 * TAU, record=record, control=Control(solver=elements.direct)
    )
    w = spin_at(0.0)(steady)
    np.testing.assert_allclose(course.readings["w"][-1], w, rtol=0, atol=1e-4 * np.linalg.norm(w))
    still = transient(
        problem,
        elements(2),
        Drives({"du/dx": E}),
        30 * TAU,
        initial=steady,
        record=record,
        control=Control(solver=elements.direct),
    )
    np.testing.assert_allclose(still.readings["w"], np.tile(w, (2, 1)), rtol=1e-8, atol=1e-8 * np.linalg.norm(w))
    assert (still.effort.steps, still.effort.rejected) == (1, 0)


def test_balance_at_every_step(elements):
    """What the balance sheet gains is what is stored: the rate of the method against the laws on the state."""
    problem = magnetic_film()
    stepper = Stepper(problem, elements(2), amplitudes={"du/dx": E}, fluxes={}, solver=elements.direct)
    moment = stepper.begin(0.0, np.zeros(stepper.system.size))
    for k in range(6):
        moment = stepper.step(moment, 0.1 * TAU, 0.1 * (k + 1) * TAU).after
        ledger = moment.solution.ledger
        for name in ("w_x", "w_y", "w_z"):
            stored = moment.solution.storing[name]
            gains = np.array([entry.gain[name] for entry in ledger if name in entry.gain])
            assert np.sum(gains) == pytest.approx(float(stored[0]), rel=1e-8, abs=1e-9 * np.abs(gains).sum())
        assert max(float(b.error[0]) for b in moment.solution.balances) < 1e-9
    within = stepper.within(stepper.step(moment, 0.2 * TAU, 0.8 * TAU), 0.4)
    assert max(float(b.error[0]) for b in within.solution.balances) < 1e-9
    assert abs(storage(moment, stepper.system)["w_y"][0]) > 1e-6 * np.abs(gains).sum()


def test_sinusoidal_drive_becomes_the_harmonic_response(elements):
    problem, omega = magnetic_film(), 1.7 / TAU
    period = 2 * np.pi / omega
    times = 6 * period + np.linspace(0, period, 9)
    options = {"solver": elements.direct}
    found = transient(
        problem,
        elements(2),
        Drives({"du/dx": lambda t: E * np.cos(omega * t)}),
        times[-1],
        record=Record(times, {"w": spin_at(0.0), "I": current}),
        control=Control(1e-5, max_step=period / 8, **options),
    )
    harmonic = wire_at(respond_at(problem, omega, elements(2), **options), amplitudes={"du/dx": E})
    phases = np.exp(1j * omega * times)
    w = np.real(np.outer(phases, harmonic.values("Pt", [[0.0, 0.0, 0.0]])[0, 0, 1:]))
    np.testing.assert_allclose(found.readings["w"], w, rtol=0, atol=1e-4 * np.abs(w).max())
    np.testing.assert_allclose(
        found.readings["I"], np.real(phases * harmonic.flux("du/dx")[0]), rtol=0, atol=1e-5 * SIGMA * THICKNESS * E
    )


def test_moment_of_the_step_response(elements):
    """d M/d(i Omega) at 0 = integral of the step response less its final value."""
    problem, omega = film(), 1e-3 / TAU
    slope = np.imag(respond_at(problem, omega, elements(2), solver=elements.direct).matrix[0, 0, 0]) / omega
    found = transient(
        problem,
        elements(2),
        Drives({"du/dx": 1.0}),
        30 * TAU,
        record=Record(readings={"I": current}),
        control=Control(1e-6, solver=elements.direct),
    )
    rest = found.readings["I"] - found.readings["I"][-1]
    moment = np.trapezoid(rest, found.times)
    assert abs(slope) > 1e-6 * SIGMA * THICKNESS * TAU
    assert moment == pytest.approx(slope, rel=2e-3)


@pytest.fixture
def cable():
    """A line that stores charge: sigma d_z^2 u = c d_t u, contacts at both ends."""
    law = Bulk(CHARGE, A=(term(3e6, np.eye(3), [[1.0]]),), C=(term(2.7e9, 1.0, [[1.0]]),))
    mesh = stack([("wire", 40e-9)]).mesh(resolve={"wire": 4e-9})
    return Problem(mesh, {"wire": law}, {}, {"low": Terminal(("bottom",)), "high": Terminal(("top",))})


def charging(t):
    """Resistance per area that a constant current sees: grounded far end, closed near one but for the current."""
    n = np.arange(400)
    rate = 3e6 / 2.7e9 * ((n + 0.5) * np.pi / 40e-9) ** 2
    modes = 8 / ((2 * n + 1) * np.pi) ** 2
    return 40e-9 / 3e6 * (1 - np.sum(modes * np.exp(-np.multiply.outer(t, rate)), axis=-1))


SLOWEST = 1 / (3e6 / 2.7e9 * (0.5 * np.pi / 40e-9) ** 2)


def test_current_pulse_into_a_floating_contact(elements, cable):
    """Jumps of the current: superposed series; the contact stores too."""
    stop, density = 0.37 * SLOWEST, 4e9
    times = np.array([0.03, 0.2, 0.37, 0.37 + 1e-6, 0.37 + 1e-5, 0.4, 0.9, 2.0]) * SLOWEST
    found = transient(
        cable,
        elements(2),
        Drives({"high": 0.0}, {"low": lambda t: -density if t < stop else 0.0}, breaks=(stop,)),
        times[-1],
        record=Record(times, {"V": lambda s: -s.amplitude("low")[0], "I": lambda s: -s.flux("low")[0]}),
        control=Control(1e-5, solver=elements.direct),
    )
    after = np.where(times > stop, charging(np.maximum(times - stop, 0.0)), 0.0)
    expected = density * (charging(times) - after)
    # Soon after the jump the voltage falls with the square root of the time, within the first cell.
    error = np.abs(found.readings["V"] - expected) / expected.max()
    assert np.all(error < np.where((times > stop) & (times < 1.001 * stop), 2e-3, 1e-4))
    np.testing.assert_allclose(
        found.readings["I"], np.where(times > stop, 0.0, density), rtol=0, atol=1e-7 * density
    )
    assert found.effort.steps < 300


def test_start_under_another_given_value(elements, cable):
    """A line held at 0.3 V at its far end and grounded at the near one discharges once both are grounded."""
    sides = (Side("wire", CHARGE),)

    def held(value):
        law = FaceLaw(sides, given={"u": np.array([value])})
        return replace(cable, terminals={"low": cable.terminals["low"]}, faces={"top": Face(law, {"wire": MINUS})})

    steady = wire(respond(held(0.3), elements(2), solver=elements.direct), amplitudes={"low": 0.0})
    times = np.array([0.5, 1.0, 3.0]) * SLOWEST / 4
    found = transient(
        held(0.0),
        elements(2),
        Drives({"low": 0.0}),
        times[-1],
        initial=steady,
        record=Record(times, {"u": lambda s: s.values("wire", [[0.0, 0.0, 20e-9]])[0, 0, 0]}),
        control=Control(1e-5, solver=elements.direct),
    )
    n = np.arange(1, 200)
    modes = 2 * (-1.0) ** (n + 1) / (n * np.pi) * np.sin(n * np.pi / 2)
    rate = 3e6 / 2.7e9 * (n * np.pi / 40e-9) ** 2
    exact = 0.3 * np.sum(modes * np.exp(-np.multiply.outer(times, rate)), axis=-1)
    np.testing.assert_allclose(found.readings["u"], exact, rtol=1e-3)


@pytest.mark.parametrize("capacity", [2e4, 0.0])
def test_electrons_and_lattice_come_to_one_temperature(elements, capacity):
    """Two fields with sinks into each other, no drive at all; electrons without capacity follow at once."""
    lattice, coupling = 2.8e6, 1e17
    law = metal_heat(
        temperature=300.0,
        electrons=60.0,
        lattice=8.0,
        coupling=coupling,
        electron_capacity=capacity,
        lattice_capacity=lattice,
    )
    problem = Problem(film().mesh, {"Pt": law})
    rate = coupling * (1 / capacity + 1 / lattice) if capacity else coupling / lattice
    times = np.array([0.0, 0.3, 1.0, 4.0]) / rate
    found = transient(
        problem,
        elements(1),
        Drives(),
        times[-1],
        initial={"T_e": 0.01, "T_p": -0.002},
        record=Record(times, {"T": lambda s: s.values("Pt", [[0.0, 0.0, 1e-9]])[0, 0]}),
        control=Control(1e-6, solver=elements.direct),
    )
    mean = (capacity * 0.01 - lattice * 0.002) / (capacity + lattice)
    gap = 0.012 * np.exp(-rate * times) if capacity else np.zeros(4)
    exact = mean + np.outer(gap, [lattice, -capacity]) / (capacity + lattice)
    np.testing.assert_allclose(found.readings["T"], exact, rtol=0, atol=1e-7)


def test_events(elements):
    """A rising and a falling passage, one that never comes, one at a jump, and one that ends the course."""
    stop = 4 * TAU
    exact = 0.37 * TAU

    def level(solution):
        return solution.samples("Pt").values[0, ..., 1].mean() / decay([exact], W0)[0, 0] - 1

    def pulse(solution):
        return solution.amplitude("du/dx")[0] - 0.5

    drives = Drives({"du/dx": lambda t: 1.0 if TAU <= t < stop else 0.0}, breaks=(TAU, stop))
    events = {
        "falls": Event(level, 1e-6 * TAU),
        "rises": Event(level, 1e-6 * TAU, direction=1),
        "on": Event(pulse, 1e-3 * TAU, direction=1),
        "off": Event(pulse, 1e-3 * TAU, direction=-1, ends=True),
    }
    found = transient(
        film(spin_hall_angle=0.0),
        elements(1),
        drives,
        10 * TAU,
        initial={"w": W0},
        record=Record(readings={"w": spin_at(1e-9)}, events=events),
        control=Control(1e-6, solver=elements.direct),
    )
    assert [name for name, _ in found.events] == ["falls", "on", "off"]
    assert found.events[0][1] == pytest.approx(exact, rel=1e-5)
    assert found.events[1][1] == TAU
    assert found.events[2][1] == stop
    assert found.ended_by == "off"
    assert found.times[-1] == found.final.time == stop


def test_event_within_a_step_ends_there(elements):
    """The earlier of two in one step, whatever their order in the record."""

    def passing(part):
        return lambda solution: spin_at(1e-9)(solution)[0] - part * W0[0]

    events = {
        "late": Event(passing(0.5), 1e-5 * TAU),
        "early": Event(passing(0.52), 1e-5 * TAU, ends=True),
    }
    found = transient(
        film(spin_hall_angle=0.0),
        elements(1),
        Drives({"du/dx": 0.0}),
        10 * TAU,
        initial={"w": W0},
        record=Record(readings={"w": spin_at(1e-9)}, events=events),
        control=Control(1e-3, solver=elements.direct),
    )
    assert found.ended_by == "early"
    assert len(found.events) == 1
    assert found.readings["w"][-1, 0] == pytest.approx(0.52 * W0[0], rel=1e-4)
    assert found.times[-1] == found.final.time == found.events[0][1]
    np.testing.assert_allclose(found.readings["w"][-1], decay([found.times[-1]], W0)[0], rtol=1e-3)


def test_times_soon_after_a_jump(elements):
    """The polynomial of the first step after a jump takes no rate from before it."""
    stop = 2 * TAU
    times = stop + np.linspace(0.002, 0.04, 9) * TAU
    found = transient(
        film(16),
        elements(2),
        Drives({"du/dx": lambda t: E if t < stop else 0.0}, breaks=(stop,)),
        3 * TAU,
        record=Record(times, {"w": spin_at(0.0)}),
        control=Control(3e-3, solver=elements.direct),
    )
    exact = np.array([eigenmodes(0.0, t) - eigenmodes(0.0, t - stop) for t in times])
    assert np.abs(found.readings["w"] - exact).max() < SOON * np.abs(exact).max()


def test_restart_is_the_uninterrupted_course(elements, interrupting, tmp_path):
    times = np.linspace(0, 3, 8) * TAU
    drives = Drives({"du/dx": lambda t: E if t < TAU else 0.0}, breaks=(TAU,))

    def run(path=None, reading=None, resume=False, every=1000, **changes):
        record = Record(
            times, {"w": reading or spin_at(0.0)}, {"low": Event(lambda s: spin_at(0.0)(s)[1] + 3e-5, 1e-4 * TAU)}
        )
        control = Control(1e-4, solver=elements.direct, checkpoint=path, every=every)
        return transient(
            magnetic_film(**changes), elements(1), drives, 3 * TAU, record=record, control=control, resume=resume
        )

    path = tmp_path / "runs" / "course.npz"
    whole = run()
    with pytest.raises(KeyboardInterrupt):
        run(path, interrupting(spin_at(0.0), 4))
    again = run(path, resume=True)
    np.testing.assert_array_equal(again.times, whole.times)
    np.testing.assert_array_equal(again.readings["w"], whole.readings["w"])
    np.testing.assert_array_equal(again.final.state, whole.final.state)
    assert again.events == whole.events
    assert whole.events
    assert again.effort.steps == whole.effort.steps
    with pytest.raises(KeyboardInterrupt):
        run(path, interrupting(spin_at(0.0), 6), every=1)
    np.testing.assert_array_equal(run(path, resume=True).readings["w"], whole.readings["w"])
    assert run(path, resume=True).effort.solves == again.effort.solves, "a complete course needs no solve"
    with pytest.raises(InputError, match="of digest"):
        run(path, resume=True, cells=14)
    with pytest.raises(InputError, match="a file of an earlier run"):
        run(tmp_path / "other.npz", resume=True)
    assert [p.suffix for p in path.parent.iterdir() if p.suffix == ".draft"] == []


def test_solutions_are_kept(elements):
    found = transient(
        film(),
        elements(1),
        Drives({"du/dx": E}),
        2 * TAU,
        record=Record([0.0, TAU, 2 * TAU], {"w": spin_at(0.0)}, solutions=True),
        control=Control(solver=elements.direct),
    )
    np.testing.assert_array_equal([spin_at(0.0)(s) for s in found.solutions], found.readings["w"])
    points, flux = found.solutions[1].bulk_flux("Pt")
    assert points.shape == (12, 1, 3)
    assert flux.shape == (1, 12, 1, 3, 4)


def test_iterative_solver(elements, block_mesh):
    """Stages start from the one before: they need no more iterations than a steady solve. Residuals stay small."""
    coordinates = [np.linspace(0, size, n + 1) for size, n in ((20e-9, 12), (12e-9, 8), (8e-9, 6))]
    mesh = block_mesh("xyz", coordinates, regions=("Pt",))
    problem = Problem(mesh, {"Pt": metal()}, {}, {"low": Terminal(("x-",)), "high": Terminal(("x+",))})
    options = {"solver": elements.iterative}
    steady = respond(problem, elements(1), **options)
    found = transient(
        problem,
        elements(1),
        Drives({"high": 0.0, "low": 1e-3}),
        TAU,
        record=Record(readings={"I": lambda s: s.flux("low")[0]}),
        control=Control(1e-2, **options),
    )
    assert found.effort.iterations <= found.effort.solves * steady.proof.iterations["low"]
    assert found.effort.residual < 1e-7
    exact = wire(steady, amplitudes={"high": 0.0, "low": 1e-3}).flux("low")[0]
    assert found.readings["I"][-1] == pytest.approx(exact, rel=1e-2)


def test_clock_keeps_to_its_grid(rng):
    """Whatever the errors, steps end exactly at the jumps and sizes are powers of two of a segment."""
    clock = begin(0.1, 2.3, (0.7, 5.0), 0.5)
    assert clock.ends == (0.1, 0.7, 2.3)
    ends = []
    while not clock.done:
        assert clock.ends[clock.segment] <= clock.time < clock.stop <= clock.ends[clock.segment + 1]
        assert clock.dt <= 0.5
        assert clock.ends[clock.segment] < clock.clamp(clock.time) < clock.clamp(clock.stop)
        error = 10.0 ** rng.uniform(-4, 1.5)
        if error > 1:
            before, clock = clock, clock.rejected(error)
            assert clock.time == pytest.approx(before.time, rel=1e-12)
            assert clock.dt <= before.dt / 2
        else:
            before, stop, clock = clock, clock.stop, clock.accepted(error)
            assert clock.time == pytest.approx(stop, rel=1e-12)
            assert clock.done or clock.dt <= 4 * before.dt
            ends.append(stop)
    assert ends[-1] == 2.3
    assert 0.7 in ends


def test_clock_begins_a_segment_with_the_steps_before_it():
    clock = begin(0.0, 2.0, (1.0,), np.inf).rejected(1e4)
    small = clock.dt
    while clock.segment == 0:
        clock = clock.accepted(1.0)
    assert small / 2 <= clock.dt <= small


def test_digest_sees_every_number():
    problem = film()
    assert digest(problem) == digest(film())
    assert digest(problem) != digest(film(diffusion_constant=D * (1 + 1e-15)))
    assert digest(problem) != digest(film(cells=14))
    assert digest(problem) != digest(replace(problem, gradients=()))


def test_refusals(elements, cable):
    course = {"engine": elements(1), "drives": Drives({"du/dx": 1.0}), "until": TAU}
    steady = replace(film(), regions={"Pt": replace(metal(), C=())})
    with pytest.raises(InputError, match="stores something"):
        transient(steady, **course)
    layers = Problem(Layers(("Pt",), [[THICKNESS]]), {"Pt": metal()}, gradients=(Gradient("u", "x"),))
    with pytest.raises(UnsupportedError, match="use the engine scikit"):
        transient(layers, **course | {"engine": Multilayer()})
    with pytest.raises(InputError, match="until must be later than the start"):
        transient(film(), **course | {"until": -TAU})
    with pytest.raises(InputError, match="initial must be one of u, w"):
        transient(film(), **course, initial={"W": W0})
    with pytest.raises(InputError, match=r"initial.w must be 3 components"):
        transient(film(), **course, initial={"w": 1.0})
    with pytest.raises(InputError, match="times must be between"):
        transient(film(), **course, record=Record([2 * TAU]))
    with pytest.raises(UserCodeError, match="the reading bad failed: ZeroDivisionError"):
        transient(film(), **course, record=Record(readings={"bad": lambda s: 1 / 0}))
    with pytest.raises(InputError, match="one number"):
        transient(film(), **course, record=Record(events={"bad": Event(spin_at(0.0), 1e-3 * TAU)}))
    with pytest.raises(InputError, match="the file to go on from"):
        transient(film(), **course, resume=True)
    with pytest.raises(InputError, match="tolerance must be between 0 and 1"):
        Control(0.0)


def test_drives_that_fail(elements):
    course = {"engine": elements(1), "until": TAU}
    with pytest.raises(InputError, match="drive du/dx must be finite at"):
        transient(film(), drives=Drives({"du/dx": lambda t: np.nan}), **course)
    with pytest.raises(UserCodeError, match="the drive du/dx failed at"):
        transient(film(), drives=Drives({"du/dx": lambda t: {}[t]}), **course)
    with pytest.raises(SolveError, match="name the time among `breaks`"):
        replace(begin(0.0, TAU, (), np.inf), level=DEEPEST).rejected(2.0)
