"""Small alternating signals about a nonlinear steady state. What must agree and why:

wire that warms, about a current   <-> Z = R + 2 I^2 R R'/(G - I^2 R' + i Omega C)      heat follows with one pole
the same in time                   <-> course with a current that swings a little       both linearise one problem
frequency -> 0, golden rule        <-> difference of two steady solves                  Jacobian at the state
about nothing                      <-> the linear device
"""

from dataclasses import replace

import numpy as np
import pytest

import hanle
from hanle.meshes.layers import stack
from hanle.pde.coefficients import Bulk, term
from hanle.pde.errors import InputError
from hanle.pde.fields import CHARGE, ELECTRON_HEAT, FieldSet
from hanle.pde.harmonic import respond_at, wire_at
from hanle.pde.heat import metal_heat
from hanle.pde.joule import joule
from hanle.pde.linearised import small_signals
from hanle.pde.newton import newton
from hanle.pde.nonlinear import carried, combined, resistive, varying
from hanle.pde.observables import voltage
from hanle.pde.problem import Problem, Terminal
from hanle.pde.recording import Record
from hanle.pde.transient import Control, Drives, transient

T0, LENGTH, SIGMA, G_EP, C_E, RISE = 300.0, 2e-7, 2e6, 3e15, 3e4, 3.5e-3
TIGHT = 1e-11
RULE = hanle.MagnonInterface(g_r="4.1e18 1/m^2")
COARSE = {"cells_per_length": 3.0}
#: Difference of two solves 1 % apart, and Newton's tolerance over that.
DIFFERENCE = 1e-4


def warming_wire():
    """Everywhere alike: E = j rho (1 + alpha T), C T' = E j - G T."""
    heat = metal_heat(temperature=T0, electrons=15.0, lattice=5.0, coupling=G_EP, electron_capacity=C_E)
    flows = combined(Bulk(CHARGE, A=(term(SIGMA, np.eye(3), [[1.0]]),)), replace(heat, A=(), R=(), C=()))
    law = joule(combined(varying(flows, "T_e", resistive(RISE, T0), rows=("u",)), heat))
    mesh = stack([("wire", LENGTH)]).mesh(resolve={"wire": LENGTH}, cells_per_length=2, growth=1.0001)
    fields = FieldSet((*CHARGE.fields, ELECTRON_HEAT))
    return Problem(
        mesh, {"wire": carried(law, fields)}, {}, {name: Terminal((name,)) for name in ("bottom", "top")}
    )


J = 1e12


def impedance(omega):
    """V/I at omega [Ohm m^2], and the steady rise of T [K]."""
    cold = LENGTH / SIGMA
    slope = J**2 / SIGMA * RISE
    rise = J**2 / SIGMA / (G_EP - slope)
    hot = cold * (1 + RISE * rise)
    return hot + 2 * J**2 / SIGMA * RISE * hot / (G_EP - slope + 1j * omega * C_E), rise


@pytest.mark.parametrize("phase", [0.0, 0.3, 3.0])
def test_impedance_of_a_warming_wire(elements, phase):
    problem, omega = warming_wire(), phase * G_EP / C_E
    options = {"amplitudes": {"bottom": 0.0}, "fluxes": {"top": -J}, "solver": elements.direct}
    steady = newton(problem, elements(1), tolerance=TIGHT, **options).solution
    expected, rise = impedance(omega)
    assert steady.values("wire", [[0, 0, LENGTH / 2]])[0, 0, 1] * T0 == pytest.approx(rise, rel=1e-9)
    signals = small_signals(problem, steady)
    found = wire_at(
        respond_at(signals, omega, elements(1), solver=elements.direct),
        amplitudes={"bottom": 0.0},
        fluxes={"top": -1.0},
    )
    assert abs(found.voltage("top")[0] - expected) < 1e-8 * abs(expected)
    assert abs(expected / (LENGTH / SIGMA) - 1) > 0.1


def test_course_with_a_small_swing(elements):
    """Its first harmonic is the impedance, to the square of the swing."""
    problem, omega, swing = warming_wire(), 0.8 * G_EP / C_E, 1e-2
    options = {"amplitudes": {"bottom": 0.0}, "fluxes": {"top": -J}, "solver": elements.direct}
    steady = newton(problem, elements(1), tolerance=TIGHT, **options).solution
    period = 2 * np.pi / omega
    times = (3 + np.arange(8) / 8) * period
    found = transient(
        problem,
        elements(1),
        Drives({"bottom": 0.0}, {"top": lambda t: -J * (1 + swing * np.sin(omega * t))}),
        times[-1],
        initial=steady,
        record=Record(times, {"V": lambda s: voltage(s, "top")[0]}),
        control=Control(1e-5, max_step=period / 16, solver=elements.direct),
    )
    first = 2j * np.mean(found.readings["V"] * np.exp(-1j * omega * times)) / (J * swing)
    expected = impedance(omega)[0]
    assert abs(first - expected) < 2 * swing * abs(expected - impedance(1e30)[0])


def seebeck_stack():
    layers = [("low", 7e-9), ("YIG", 50e-9), ("high", 5e-9)]
    return hanle.Device(
        hanle.stack(layers),
        {"low": "Pt", "YIG": {"like": "YIG", "magnon_diffusion_length": "1 um"}, "high": "Pt"},
        magnetisation={"YIG": (0, 1, 0)},
        field=(0, 1, 0),
        transport=("magnons", "heat"),
        wires={"in": ["low"], "out": ["high"]},
        heat_contacts={"bath": ["top"], "heater": ["bottom"]},
        interfaces={"low|YIG": RULE, "YIG|high": RULE},
    )


def wired(current):
    return {"in": f"{current} A/m", "heater": "0 W/m^2"}


def test_slow_signals_are_differences_of_steady_states():
    device, options = seebeck_stack(), {"nonlinear": True, "tolerance": 1e-10}
    state = device.solve(wiring=wired(500), mesh_options=COARSE, **options)
    above, below = (device.solve(wiring=wired(500 + d), mesh=state.mesh, **options) for d in (5, -5))
    signal = device.solve_ac(frequency="1 Hz", wiring=wired(1), about=state)
    for wire in ("in", "out"):
        slope = (above.wire_field(wire) - below.wire_field(wire)) / 10
        assert signal.wire_field(wire).real == pytest.approx(slope, rel=DIFFERENCE)
        assert abs(signal.wire_field(wire).imag) < DIFFERENCE * abs(slope)
    linear = device.solve_ac(frequency="1 Hz", wiring=wired(1), mesh=state.mesh, engine="scikit")
    assert abs(linear.wire_field("out") / signal.wire_field("out") - 1) > 0.1
    rest = device.solve(wiring=wired(0), mesh=state.mesh, **options)
    about_rest = device.solve_ac(frequency="1 Hz", wiring=wired(1), about=rest)
    assert about_rest.wire_field("out") == pytest.approx(linear.wire_field("out"), rel=1e-6)
    with pytest.raises(InputError, match="about must be a nonlinear result of this device"):
        seebeck_stack().solve_ac(frequency="1 Hz", wiring=wired(1), about=state)
    with pytest.raises(InputError, match="about must be a result of the same engine, order"):
        device.solve_ac(frequency="1 Hz", wiring=wired(1), about=state, order=2)
