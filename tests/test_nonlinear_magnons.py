"""Metals on a magnetic insulator beyond linear response: the face law and devices.

face                 <-> the equations; slopes by finite differences; energy; entropy; the linear law for small drives
drag                 <-> admittances of films and insulator with the same currents at the faces (four roots)
                         +E and -E differ at 10 K and hardly at 300 K; small drives: the linear device
magnon potential     <-> the drive at which it reaches the gap, named
device with heat     <-> power in = heat out; quadratic convergence; at most 6 solves; exact engine and elements
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import root

from hanle.boundary.magnon_face import MAGNET, METAL, magnon_face
from hanle.boundary.magnon_face_nonlinear import nonlinear_magnon_face
from hanle.boundary.magnons.admissible import CondensationError
from hanle.boundary.magnons.currents import channels, currents
from hanle.boundary.magnons.entropy import entropy_production
from hanle.boundary.magnons.exchange import MagnonExchange
from hanle.boundary.magnons.linear import linear
from hanle.boundary.magnons.spectrum import Parabolic
from hanle.meshes.layered import Layers
from hanle.meshes.layers import stack
from hanle.pde import coupling
from hanle.pde.closed_forms.magnon_drag import Film, Magnons
from hanle.pde.coefficients import FaceLaw, Side, dense
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.errors import InputError, SolveError
from hanle.pde.fields import LATTICE_HEAT, MAGNON, SPIN, FieldSet
from hanle.pde.heat import metal_heat, thermoelectric
from hanle.pde.joule import joule
from hanle.pde.magnons import magnon_insulator
from hanle.pde.metal import normal_metal
from hanle.pde.newton import newton
from hanle.pde.newton_step import ENOUGH
from hanle.pde.nonlinear import absolute, combined, resistive, restricted, varying
from hanle.pde.problem import MINUS, PLUS, Face, Gradient, Problem
from hanle.pde.solution import wire
from hanle.pde.steady import respond
from hanle.pde.tensors import unit

T0, M = 300.0, unit([0.36, -0.48, 0.7])
#: Gap in about 2 T, and in 0.1 T [J].
GAP, LOW_GAP = 3.7e-23, 1.85e-24
PT = {"conductivity": 2e6, "diffusion_length": 1.5e-9, "spin_hall_angle": 0.11}
TA = {"conductivity": 6e5, "diffusion_length": 2.1e-9, "spin_hall_angle": 0.14}
D_PT, D_F, D_TA = 7e-9, 2e-7, 5e-9
SIGMA_M, LAMBDA_M = 5e5, 9.4e-6
DRIVES = (Gradient("u", "x", ("N1",), "1"), Gradient("u", "x", ("N2",), "2"))
FIRST, SECOND = (g.name for g in DRIVES)
#: Size of mu_s/2e [V] and t in random states.
STATE = np.array([3e-6, 3e-6, 3e-6, 1e-2, 1e-2, 2e-6, 1e-2, 1e-2])
#: Energy of one face; residuals in which Newton's method meets rounding.
ENERGY = 1e-12
#: Newton's tolerance; the exchange is known to about 1e-11 of the larger of the flows that nearly cancel.
TOLERANCE, EXACT = 1e-10, 1e-8


def exchange(g_r, gap=GAP, **rest):
    return MagnonExchange(g_r, 1.055e28, Parabolic(8.46e-40, gap), g_i=-0.1 * g_r, **rest)


BELOW, ABOVE = exchange(4.1e18, h_pp=2.8e8, h_ep=3e7), exchange(2e18, h_pp=1.7e8, h_ep=1e7)


def at(state):
    return np.reshape(state, (1, 1, 1, 8)), np.zeros((1, 1, 1, 3, 8))


def gains(law, state):
    traces, gradients = at(state)
    return law.at(traces, gradients).flux(traces, gradients)[0, 0, 0]


def test_face_law_is_the_equations_and_conserves_energy(rng):
    law = nonlinear_magnon_face("YIG", BELOW, T0, M)
    for _ in range(5):
        state = STATE * rng.normal(size=8)
        w, (t_e, t_pn, w_m, t_m, t_pf) = state[:3], state[3:]
        mu_s, mu_m = 2 * E_CHARGE * w, 2 * E_CHARGE * w_m
        flow = currents(BELOW, M, mu_s, mu_m, T0 * (1 + t_m), T0 * (1 + t_e))
        lattice, crossing = 2.8e8 * T0 * (t_pn - t_pf), 3e7 * T0 * (t_e - t_pf)
        heat_n, heat_f = -flow.qdot + mu_s @ flow.i / HBAR, flow.qdot - mu_m * (M @ flow.i) / HBAR
        spin = -2 * E_CHARGE / HBAR * flow.i
        expected = [*spin, heat_n - crossing, -lattice, -spin @ M, heat_f, lattice + crossing]
        found = gains(law, state)
        np.testing.assert_allclose(found, expected, rtol=1e-9)
        # What spin and magnons lose at their potentials is the heat that all gain.
        lost = found[:3] @ w + found[5] * w_m
        heats = found[[3, 4, 6, 7]]
        assert abs(heats.sum() + lost) < ENERGY * np.abs(heats).max()
        handed = [d.density(at(state)[0])[0, 0, 0] for d in law.at(*at(state)).deposits.values()]
        np.testing.assert_allclose(sum(handed), -spin, rtol=1e-9)
        np.testing.assert_allclose(np.cross(handed[1], M), 0, atol=1e-9 * np.abs(spin).max())


def test_slopes_are_those_of_the_gains(rng):
    law = nonlinear_magnon_face("YIG", BELOW, T0, M)
    state = STATE * rng.normal(size=8)
    slopes = dense(law.at(*at(state)).G, (), (8, 8))[0, 0, 0]
    scale = np.abs(slopes * STATE).max(axis=1)
    for k in range(8):
        step = 1e-4 * STATE[k] * np.eye(8)[k]
        numeric = (gains(law, state + step) - gains(law, state - step)) / (2e-4 * STATE[k])
        assert np.all(np.abs(numeric - slopes[:, k]) < 1e-6 * np.abs(slopes[:, k]) + 1e-7 * scale / STATE[k])


def test_small_drives_give_the_linear_law(rng):
    """The deviation falls as the square of the drive, the relative one in proportion to it."""
    law, small = nonlinear_magnon_face("YIG", BELOW, T0, M), magnon_face("YIG", linear(BELOW, T0), M)
    state = STATE * rng.normal(size=8)
    parts = 10.0 ** -np.arange(4)
    ratios = []
    for part in parts:
        expected = small.flux(at(part * state)[0])[0, 0, 0]
        ratios.append(np.abs(gains(law, part * state) / expected - 1).max())
    assert ratios[0] > 1e-3
    np.testing.assert_allclose(np.array(ratios[1:]) / ratios[:-1], 0.1, rtol=0.05)
    # The linearisation at zero is the linear law itself.
    zero = dense(law.at(*at(np.zeros(8))).G, (), (8, 8))
    np.testing.assert_allclose(zero, dense(small.G, (), (8, 8)), rtol=1e-9, atol=0)


def test_entropy_is_produced(rng):
    """From the gains of the law alone: sum of heat gained over T; what the exchange says, plus the lattice."""
    law = nonlinear_magnon_face("YIG", BELOW, T0, M)
    for _ in range(30):
        state = STATE * rng.normal(size=8) * np.array([10, 10, 10, 10, 10, 1, 10, 10])
        state[3:] = np.clip(state[3:], -0.3, 0.3)
        found = gains(law, state)
        t = T0 * (1 + state)
        produced = np.sum(found[[3, 4, 6, 7]] / t[[3, 4, 6, 7]])
        lattice = 2.8e8 * T0 * (state[4] - state[7]) * (1 / t[7] - 1 / t[4])
        lattice += 3e7 * T0 * (state[3] - state[7]) * (1 / t[7] - 1 / t[3])
        mu = 2 * E_CHARGE * state
        magnons = entropy_production(BELOW, M, mu[:3], mu[5], t[6], t[3]).total
        assert produced > 0
        assert produced == pytest.approx(float(magnons) + lattice, rel=1e-7)


def test_parameters_per_facet_and_along_a_batch(rng):
    """The law of many facets is that of each one."""
    axes, g_r, gap = rng.normal(size=(3, 3)), np.array([1e18, 3e18, 5e18]), np.array([2e-23, 3e-23, 4e-23])
    given = exchange(g_r, gap)
    law = nonlinear_magnon_face("YIG", given, T0, axes)
    traces = STATE * rng.normal(size=(1, 3, 2, 8))
    found = law.at(traces, np.zeros((1, 3, 2, 3, 8))).flux(traces)
    for k in range(3):
        alone = nonlinear_magnon_face("YIG", exchange(g_r[k], gap[k]), T0, axes[k])
        for q in range(2):
            np.testing.assert_allclose(found[0, k, q], gains(alone, traces[0, k, q]), rtol=1e-9)


def test_states_outside_the_range_are_refused():
    law = nonlinear_magnon_face("YIG", BELOW, T0, M)
    high = np.zeros(8)
    high[5] = 1.01 * GAP / (2 * E_CHARGE)
    with pytest.raises(CondensationError, match="below the gap"):
        law.at(*at(high))
    cold = np.zeros(8)
    cold[3] = -1.1
    with pytest.raises(InputError, match="electron temperature must be finite and > 0 K"):
        law.at(*at(cold))
    with pytest.raises(InputError, match="temperature must be finite and > 0 K"):
        nonlinear_magnon_face("YIG", BELOW, 0.0, M)


def film(numbers):
    return normal_metal(diffusion_constant=3e-4, **numbers)


def drag(temperature, below=BELOW, above=ABOVE, nonlinear=True, mesh=None):
    """Injector N1 | F | N2 detector, m = +y, everything at one temperature."""
    carried = {METAL: FieldSet((SPIN,)), MAGNET: FieldSet((MAGNON,))}

    def face(given):
        if nonlinear:
            return restricted(nonlinear_magnon_face("YIG", given, temperature, [0, 1, 0]), carried)
        return coupling.restricted(magnon_face("YIG", linear(given, temperature), [0, 1, 0]), carried)

    magnons = magnon_insulator("YIG", temperature=temperature, conductivity=SIGMA_M, diffusion_length=LAMBDA_M)
    regions = {"N1": film(PT), "F": coupling.carried(magnons, FieldSet((MAGNON,))), "N2": film(TA)}
    faces = {
        "N1|F": Face(face(below), {METAL: MINUS, MAGNET: PLUS}),
        "F|N2": Face(face(above), {METAL: PLUS, MAGNET: MINUS}),
    }
    mesh = mesh or Layers(("N1", "F", "N2"), np.array([[D_PT, D_F, D_TA]]))
    return Problem(mesh, regions, faces, {}, DRIVES)


def line_mesh(cells):
    return stack([("N1", D_PT), ("F", D_F), ("N2", D_TA)]).mesh(
        resolve={"N1": 1.5e-9, "F": D_F, "N2": 2.1e-9}, cells_per_length=cells, growth=1.0001
    )


def films():
    keys = ("conductivity", "diffusion_length", "spin_hall_angle")
    return [Film(*(n[k] for k in keys), d, g=0.0) for n, d in ((PT, D_PT), (TA, D_TA))]


def carried_by(given, temperature, w, w_m):
    """Spin current [A/m^2] through a face along m."""
    found = channels(given, 2 * E_CHARGE * w, 2 * E_CHARGE * w_m, temperature, temperature)
    return -2 * E_CHARGE / HBAR * 4 * float(found.M)


def balances(x, field, temperature, below, above):
    """Spin that is left at both films and at both ends of the insulator [1e6 A/m^2]; x in uV."""
    lower, upper = films()
    w1, w2, m1, m2 = np.asarray(x) * 1e-6
    flows = [carried_by(below, temperature, w1, m1), carried_by(above, temperature, w2, m2)]
    line = Magnons(SIGMA_M, LAMBDA_M, D_F).line @ [m1, m2]
    left = lower.admittance * w1 - lower.conversion * field + flows[0], upper.admittance * w2 + flows[1]
    return np.array([*left, *(flows - line)]) / 1e6


def drag_current(field, temperature, below=BELOW, above=ABOVE):
    """Current per width in the detector at E = 0 there, by four roots."""
    guess = np.zeros(4)
    for part in (0.1, 0.3, 0.6, 1.0):
        found = root(balances, guess, args=(part * field, temperature, below, above), tol=1e-13)
        guess = found.x
    assert np.abs(found.fun).max() < 1e-9
    return -films()[1].conversion * guess[1] * 1e-6


@pytest.mark.parametrize("field", [3e5, -2e5])
@pytest.mark.parametrize("temperature", [300.0, 30.0])
def test_drag_beyond_linear_response(temperature, field):
    found = newton(drag(temperature), Multilayer(), amplitudes={FIRST: field, SECOND: 0.0}, tolerance=TOLERANCE)
    expected = drag_current(field, temperature)
    assert found.solution.flux(SECOND)[0] == pytest.approx(expected, rel=EXACT)
    assert found.solves <= 6


def test_drag_rectifies_when_cold():
    """+E and -E: unequal by more than a tenth at 10 K, by less than 0.3 % at 300 K."""

    def sum_of_both(temperature, field):
        both = np.array([field, -field])
        problem = drag(temperature, mesh=Layers(("N1", "F", "N2"), np.tile([[D_PT, D_F, D_TA]], (2, 1))))
        found = newton(problem, Multilayer(), amplitudes={FIRST: both, SECOND: np.zeros(2)}, tolerance=TOLERANCE)
        flux = found.solution.flux(SECOND)
        expected = [drag_current(e, temperature) for e in (both if temperature > 100 else both[:1])]
        np.testing.assert_allclose(flux[: len(expected)], expected, rtol=EXACT)
        return abs(flux.sum()) / np.abs(flux).max()

    assert 1e-4 < sum_of_both(300.0, 3e5) < 3e-3
    assert sum_of_both(10.0, 3e5) > 0.1


def test_small_drives_drag_as_in_linear_response():
    """The deviation is proportional to the drive."""
    linear_drag = wire(
        respond(drag(30.0, nonlinear=False), Multilayer()), amplitudes={FIRST: 1.0, SECOND: 0.0}
    ).flux(SECOND)[0]
    off = []
    for field in (1e5, 1e4, 1e3):
        found = newton(drag(30.0), Multilayer(), amplitudes={FIRST: field, SECOND: 0.0}, tolerance=TOLERANCE)
        off.append(found.solution.flux(SECOND)[0] / (field * linear_drag) - 1)
    assert abs(off[0]) > 1e-3
    np.testing.assert_allclose(np.array(off[1:]) / off[:-1], 0.1, rtol=0.05)


@pytest.mark.parametrize("order", [1, 2])
def test_elements_find_the_drag(elements, order):
    """The error falls with h^2 and h^4."""
    expected, errors = drag_current(3e5, 300.0), []
    for cells in (4, 8):
        found = newton(
            drag(300.0, mesh=line_mesh(cells)),
            elements(order),
            amplitudes={FIRST: 3e5, SECOND: 0.0},
            tolerance=TOLERANCE,
        )
        errors.append(abs(found.solution.flux(SECOND)[0] / expected - 1))
        assert found.solves <= 6
    assert errors[1] < (5e-3, 1e-5)[order - 1]
    assert np.log2(errors[0] / errors[1]) > 2 * order - 0.5


def test_condensation_is_named_at_its_threshold():
    """In a low field the magnon potential reaches the gap at an eighth of the drive."""
    below, above = (replace(e, spectrum=Parabolic(8.46e-40, LOW_GAP)) for e in (BELOW, ABOVE))
    edge = LOW_GAP / (2 * E_CHARGE) * 1e6 * (1 - 1e-12)

    def at_the_gap(x):
        return balances([x[0], x[1], edge, x[2]], x[3] * 1e5, 300.0, below, above)

    found = root(at_the_gap, [edge, 0.0, 0.0, 0.3], tol=1e-12)
    threshold = found.x[3] * 1e5
    assert np.abs(found.fun).max() < 1e-9
    field = 3e5
    with pytest.raises(
        SolveError, match=r"face N1\|F: magnon potential must be below the gap 1.85e-24 J"
    ) as caught:
        newton(drag(300.0, below, above), Multilayer(), amplitudes={FIRST: field, SECOND: 0.0}, tolerance=TOLERANCE)
    words = str(caught.value).split()
    converged, failed = float(words[5]), float(words[words.index("failed") + 2])
    assert converged <= threshold / field <= failed + 2e-3
    assert converged == pytest.approx(threshold / field, abs=2e-3)
    assert isinstance(caught.value.__cause__, InputError)
    back = newton(drag(300.0, below, above), Multilayer(), amplitudes={FIRST: -field, SECOND: 0.0}, tolerance=1e-9)
    assert back.solution.flux(SECOND)[0] > 0


def heated_metal(numbers):
    thermal = thermoelectric(
        temperature=T0, conductivity=numbers["conductivity"], seebeck=-1e-5, spin_nernst_angle=0.1
    )
    flows = combined(
        normal_metal(diffusion_constant=3e-4, field=(1.0, 2.0, 3.0), **numbers),
        varying(thermal, "T_e", absolute, rows=("T_e",)),
    )
    flows = varying(flows, "T_e", resistive(3e-3, T0))
    return joule(combined(flows, metal_heat(temperature=T0, electrons=15.0, lattice=5.0, coupling=2.5e17)))


def heated_stack(cells):
    """All fields; lattices held at T_0 at both outer faces."""
    magnons = magnon_insulator(
        "YIG",
        temperature=T0,
        conductivity=SIGMA_M,
        diffusion_length=LAMBDA_M,
        spin_seebeck=55.0,
        heat_conductivity=1.1,
        lattice_heat_conductivity=6.5,
        exchange_with_lattice=3e15,
        number_exchange=3e31,
    )
    bath = Face(FaceLaw((Side("body", FieldSet((LATTICE_HEAT,))),), given={"T_p": 0.0}), {"body": MINUS})
    axis = (0.36, -0.8, 0.3)
    faces = {
        "N1|F": Face(nonlinear_magnon_face("YIG", BELOW, T0, axis), {METAL: MINUS, MAGNET: PLUS}),
        "F|N2": Face(nonlinear_magnon_face("YIG", ABOVE, T0, axis), {METAL: PLUS, MAGNET: MINUS}),
        "bottom": bath,
        "top": bath,
    }
    regions = {"N1": heated_metal(PT), "F": joule(magnons), "N2": heated_metal(TA)}
    return Problem(line_mesh(cells), regions, faces, {}, DRIVES)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("field", [-3e5, 1e6])
def test_power_that_goes_in_comes_out_as_heat(elements, order, field):
    """Charge, spin, magnons and heat with an open detector; T rises by 1 K and by 13 K."""
    found = newton(heated_stack(4), elements(order), amplitudes={FIRST: field}, tolerance=1e-9)
    solution = found.solution
    power = -solution.flux(FIRST)[0] * field
    heat = sum(e.gain["T_p"][0] for e in solution.ledger if e.kind == "terminal" and "T_p" in e.gain)
    assert heat == pytest.approx(power, rel=1e-8)
    assert abs(solution.flux(SECOND)[0]) < 1e-9 * abs(solution.flux(FIRST)[0])
    assert max(float(b.error.max()) for b in solution.balances) < 1e-8
    r = np.array(found.residuals)
    steep = r[:-1] < 0.1
    assert steep.any()
    # The last step is solved as tightly as the tolerance asks for.
    assert np.all(r[1:][steep] <= np.maximum(r[:-1][steep] ** 1.7, ENOUGH * 1e-9))
    assert found.solves <= (6 if abs(field) < 5e5 else 8)
    rise = T0 * solution.values("N1", np.array([[0.0, 0.0, 3e-9]]))[0, 0, 4]
    assert rise == pytest.approx(1.18 * (field / 3e5) ** 2, rel=0.05)
