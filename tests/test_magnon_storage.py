"""What magnons store at any potential and temperature. What must agree, and what each would catch:

number and heat               <-> sums over energies in multiprecision              closed forms, lost digits
slopes                        <-> differences; at rest 0: the capacities of `gas`   units of w_m and t_m
d n/d mu towards the gap      <-> the square root of their distance
uniform gas, pumped           <-> n(mu, T), heat(mu, T) of what was pumped in, with any step
the same                      <-> T ds = du - mu dn to mu/(k_B T)                    the bound of the docstring
the same, to the end          <-> SolveError at the time at which mu reaches the gap
device                        <-> what its magnons store; numbers of a record stay constants
"""

from dataclasses import replace

import mpmath as mp
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import fsolve

import hanle
from hanle.boundary.magnons.gas import capacities
from hanle.boundary.magnons.integrals import occupations
from hanle.boundary.magnons.spectrum import Parabolic
from hanle.boundary.magnons.storage import magnon_gas
from hanle.capacities import excess
from hanle.meshes.layers import stack
from hanle.pde.coefficients import term
from hanle.pde.constants import E_CHARGE, K_B
from hanle.pde.errors import InputError, SolveError
from hanle.pde.joule import joule
from hanle.pde.magnons import MAGNONS, MagnonCapacities, magnon_insulator
from hanle.pde.problem import Problem
from hanle.pde.recording import Record
from hanle.pde.stages import Stepper
from hanle.pde.storing import Excess
from hanle.pde.transient import Control, Drives, transient

A, GAP, T0 = 8.46e-40, 1.85e-23, 20.0
SPECTRUM = Parabolic(A, GAP)
#: Of C U: rounding of the polylogarithms over the smallest rise that is a difference.
CLOSED = 1e-11
#: Newton's tolerance, gathered over the steps of a course.
EXACT = 1e-7


def exact(mu, t):
    """(number, heat) above rest, by sums over energies."""

    def integral(power, m, theta):
        edge = mp.sqrt((GAP - m) / theta)
        ends = [0, edge / 4, edge, 4 * edge, 0.5, 1, 2, 4, 8, 12]
        value = mp.quad(
            lambda x: 2 * x ** (2 + power) / mp.expm1(x * x + edge**2), sorted({mp.mpf(e) for e in ends})
        )
        return theta ** mp.mpf(1.5 + power / 2) * value / (4 * mp.pi**2 * mp.mpf(A) ** 1.5)

    def at(m, theta):
        n, e = integral(0, m, theta), integral(2, m, theta)
        return n, e, 2 * e / 3

    rest = mp.mpf(K_B * T0)
    theta = rest * (1 + mp.mpf(t))
    n, e, p = at(mp.mpf(mu), theta)
    first, second = at(mp.mpf(0), rest), at(mp.mpf(0), theta)
    return n - first[0], (e + GAP * n - mu * n + p - second[2]) - (first[1] + GAP * first[0])


STATES = [
    (1e-7, 1e-8),
    (-3e-4, 1e-5),
    (9.9e-3, -9.9e-3),
    (0.0101, 1e-4),
    (0.5, -0.3),
    (1 - 1e-7, 0.2),
    (-40.0, 1.0),
]


@pytest.mark.parametrize(("part", "t"), STATES)
def test_number_and_heat(part, t):
    gas, mu = magnon_gas(A, GAP, T0), part * GAP
    with mp.workdps(40):
        known = [float(x) for x in exact(mu, t)]
    c = capacities(SPECTRUM, T0)
    linear = np.array([[c.number, c.number_heat * T0], [c.number_heat * T0, c.heat * T0]])
    amounts, _ = gas(np.array([mu / (2 * E_CHARGE), t]).reshape(2, 1, 1, 1))
    found = amounts.ravel() / [2 * E_CHARGE, 1.0] + linear @ [mu, t]
    size = np.abs(linear) @ np.abs([mu, t])
    assert np.all(np.abs(found - known) < CLOSED * size)


@pytest.mark.parametrize(("part", "t"), STATES)
def test_slopes(part, t):
    """Central differences, of third order in h."""
    gas, state = magnon_gas(A, GAP, T0), np.array([part * GAP / (2 * E_CHARGE), t])
    steps = [5e-3 * abs(1 - part) * GAP / (2 * E_CHARGE), 1e-4]

    def total(x):
        return gas(x.reshape(2, 1, 1, 1))[0].ravel()

    slopes = gas(state.reshape(2, 1, 1, 1))[1].reshape(2, 2)
    size = np.abs(gas(np.array([0.9 * GAP / 2 / E_CHARGE, 0.3]).reshape(2, 1, 1, 1))[1].reshape(2, 2))
    for k, h in enumerate(steps):
        step = h * np.eye(2)[k]
        difference = (total(state + step) - total(state - step)) / (2 * h)
        assert np.all(np.abs(difference - slopes[:, k]) < 3e-5 * np.maximum(size[:, k], np.abs(slopes[:, k])))


def test_limits():
    gas = magnon_gas(A, [GAP, 2 * GAP], T0)
    amounts, slopes = gas(np.zeros((2, 1, 2, 3)))
    c = capacities(Parabolic(A, np.array([GAP, 2 * GAP])), T0)
    assert np.all(amounts == 0.0)
    assert np.all(np.abs(slopes[0, 0, 0, :, 0]) < 1e-13 * 4 * E_CHARGE**2 * c.number)
    near = [np.array([GAP * (1 - x) / (2 * E_CHARGE), 0.0]).reshape(2, 1, 1, 1) for x in (1e-8, 4e-8)]
    ratio = np.divide(*(magnon_gas(A, GAP, T0)(x)[1][0, 0].item() for x in near))
    assert ratio == pytest.approx(2.0, rel=2e-3)
    for state, must in (((1.0, 0.0), "below the gap"), ((0.0, -1.0), "above 0 K")):
        with pytest.raises(InputError, match=must):
            magnon_gas(A, GAP, T0)(np.array([state[0] * GAP / (2 * E_CHARGE), state[1]]).reshape(2, 1, 1, 1))


#: Magnons pumped per volume and time, and heat with them: about half of the gap and T_0/7 per TIME.
TIME, PUMP, HEATING = 1e-9, 4e33, 1.2e12


def pumped():
    """A closed block of uniform magnons that lose nothing."""
    c = capacities(SPECTRUM, T0)
    law = magnon_insulator(
        "YIG",
        temperature=T0,
        conductivity=5e5,
        diffusion_length=1e4,
        heat_conductivity=1.0,
        lattice_heat_conductivity=6.0,
        capacities=MagnonCapacities(c.number, c.number_heat, c.heat, 1e6),
    )
    sources = (term(2 * E_CHARGE * PUMP, 1.0, [1.0, 0.0, 0.0]), term(HEATING, 1.0, [0.0, 1.0, 0.0]))
    stored = Excess(MAGNONS, ((("w_m", "T_m"), magnon_gas(A, GAP, T0)),))
    whole = replace(joule(replace(law, F=sources)), excess=stored)
    mesh = stack([("YIG", 1e-7)]).mesh(resolve={"YIG": 1e-7}, cells_per_length=1, growth=1.0001)
    return Problem(mesh, {"YIG": whole}, {})


def state_of(solution):
    """mu [J], T [K]."""
    w, t, _ = solution.values("YIG", [[0.0, 0.0, 3e-8]])[0, 0]
    return 2 * E_CHARGE * w, T0 * (1 + t)


def held(mu, temperature):
    """(n, u, d n/d mu, d n/d T, d u/d mu, d u/d T) of the gas."""
    n = occupations(Parabolic(np.array([A]), np.array([GAP])), np.array([K_B * temperature]), np.array([mu]))[
        ..., 0
    ]
    return n[0, 0], n[0, 1], n[1, 0], K_B * n[2, 0], n[1, 1], K_B * n[2, 1]


@pytest.mark.parametrize("count", [1, 4])
def test_pumped_gas(elements, count):
    """What is held is what was pumped in, at the end of every step whatever its size."""
    stepper = Stepper(pumped(), elements(1), amplitudes={}, fluxes={}, solver=elements.direct, tolerance=1e-11)
    moment = stepper.begin(0.0, np.zeros(stepper.system.size))
    for k in range(count):
        moment = stepper.step(moment, TIME / count, (k + 1) * TIME / count).after
        mu, temperature = state_of(moment.solution)
        number, heat = exact(mu, temperature / T0 - 1)
        assert float(number) == pytest.approx(PUMP * moment.time, rel=EXACT)
        assert float(heat) == pytest.approx(HEATING * moment.time, rel=EXACT)
    assert mu > 0.2 * GAP
    assert temperature > 1.02 * T0

    def slope(_, state):
        _, _, n_mu, n_t, u_mu, u_t = held(*state)
        return np.linalg.solve([[n_mu, n_t], [u_mu, u_t]], [PUMP, HEATING + state[0] * PUMP])

    entropy = solve_ivp(slope, (0, TIME), [0.0, T0], rtol=1e-10, atol=[1e-10 * GAP, 1e-9]).y[:, -1]
    bound = GAP / (K_B * T0)
    assert abs(temperature - entropy[1]) < bound * (temperature - T0)
    assert abs(mu - entropy[0]) < bound * mu


def test_condensation_at_its_time(elements):
    """mu reaches the gap when the gas holds what it can: later with d n/d mu that grows."""

    def lacks(unknown):
        time, t = unknown[0] * TIME, unknown[1]
        number, heat = exact(GAP * (1 - 1e-12), t)
        return [float(number) / (PUMP * TIME) - time / TIME, float(heat) / (HEATING * TIME) - time / TIME]

    time = fsolve(lacks, [1.6, 0.2], xtol=1e-10)[0] * TIME
    record = Record(readings={"mu": lambda s: state_of(s)[0]})
    options = {"record": record, "control": Control(1e-2, solver=elements.direct)}
    with pytest.raises(SolveError, match="region YIG: magnon potential must be below the gap: magnons") as error:
        transient(pumped(), elements(1), Drives(), 4 * time, **options)
    assert float(str(error.value).split("that at ")[1].split(" s")[0]) == pytest.approx(time, rel=1e-3)
    c = capacities(SPECTRUM, T0)
    linear = np.linalg.solve([[c.number, c.number_heat], [c.number_heat * T0, c.heat]], [PUMP, HEATING])
    assert time > 1.2 * GAP / linear[0]


def test_devices():
    """The gas of the record, with its gap; constants where the record gives numbers of its own."""
    own = {"magnon_heat_capacity": "1e4 J/(m^3 K)"}
    found = []
    for changes in ({}, own):
        device = hanle.Device(
            hanle.stack([("YIG", "50 nm"), ("Pt", "5 nm")]),
            {"YIG": {"like": "YIG"} | changes, "Pt": "Pt"},
            magnetisation={"YIG": (0, 1, 0)},
            field=(0, 1, 0),
            transport=("magnons", "heat"),
            heat_contacts={"bath": ["bottom"]},
            wires={"Pt": ["Pt"]},
        )
        found.append(excess(device.materials["YIG"], "YIG", MAGNONS, np.zeros((2, 3)), device.conditions))
    ((names, gas),) = found[0].parts
    assert names == ("w_m", "T_m")
    assert gas.gap.ravel()[0] == pytest.approx(1.855e-23, rel=1e-3)
    assert (gas.stiffness.item(), gas.temperature.item()) == (8.46e-40, 300.0)
    assert found[1] is None
