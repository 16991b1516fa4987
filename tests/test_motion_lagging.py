"""Magnets beside fields that store. What must agree and why:

small precession                 complex frequency in closed form: backflow with 1/L^2 = 1/lambda^2 - i omega/D
order in time                    3, of the complex frequency and of angular momentum
angular momentum                 what the magnet loses is stored or relaxes; order 3
motion that is given             film and interface put together by hand in the frame that turns, any cone
fields that relax fast           the course in which transport follows at once; the difference is linear in D^-1
interrupted and resumed          the whole course
"""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from scipy.integrate import simpson

from hanle.boundary.b_layer import Conductances, b_layer
from hanle.meshes.layered import Layers
from hanle.meshes.layers import stack
from hanle.pde.closed_forms.magnetisation_dynamics import enhancement
from hanle.pde.coefficients import FaceLaw, Side
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.engines.scikit import Scikit
from hanle.pde.errors import InputError, UnsupportedError
from hanle.pde.inertia import inertia
from hanle.pde.macrospin import GAMMA, Macrospins, Magnet, precession
from hanle.pde.macrospin_motion import move
from hanle.pde.macrospin_transport import Course
from hanle.pde.metal import normal_metal
from hanle.pde.motion_lagging import DIAGONAL, ERROR_FIELDS, ERROR_M, EXPLICIT, IMPLICIT, NODES
from hanle.pde.motion_record import MotionControl, MotionEvent, MotionRecord
from hanle.pde.observables import torque
from hanle.pde.problem import MINUS, PLUS, Face, Problem
from hanle.pde.tensors import unit

SIGMA, LAM, DIFFUSION = 2e6, 20e-9, 5e-4
G_R, G_I = 1.6e14, 0.3e14
D_F, D_N = 0.5e-9, 30e-9
M_S = 1.4e5
QUANTUM = E_CHARGE**2 / (2 * np.pi * HBAR)
DENSITY = M_S / (HBAR * GAMMA)
ROUND_OFF = 1e-12
#: Elements of order 2, a quarter of lambda long at most.
ELEMENTS = 1e-4


def film(length=LAM, diffusion=DIFFUSION, thickness=D_N, cells=4, layers=False):
    """{m} -> a metal on an insulating magnet F."""
    shape = stack([("F", D_F), ("N", thickness)])
    mesh = (
        Layers(("F", "N"), [[D_F, thickness]])
        if layers
        else shape.mesh({"N": LAM}, cells_per_length=cells, growth=1.2)
    )
    metal = normal_metal(conductivity=SIGMA, diffusion_constant=diffusion, diffusion_length=length)

    def problem(m):
        law = b_layer("F", Conductances(0.0, G_R, G_I), m["F"])
        return Problem(mesh, {"N": metal}, {"F|N": Face(law, {"metal": PLUS, "magnet": MINUS})})

    return problem


def magnet(problem, engine=None, **numbers):
    return Macrospins(problem, {"F": Magnet(M_S * D_F, **numbers)}, engine or Scikit(2))


def admittance(omega, length=LAM, diffusion=DIFFUSION, thickness=D_N):
    """J over w of a film with a free face, e^{-i omega t} [S/m^2]."""
    k = np.sqrt(1 / length**2 - 1j * omega / diffusion)
    return SIGMA * k * np.tanh(k * thickness)


@pytest.mark.slow
def test_small_precession_has_the_complex_frequency_of_lagging_backflow():
    """omega [1 + i (alpha + g*_eff(omega)/4 pi s d_F)] = gamma B, g*_eff of the admittance at the complex omega."""
    b, alpha = 20.0, 1e-3
    omega = exact = GAMMA * b + 0j
    for _ in range(60):
        mixing = (G_R + 1j * G_I) / QUANTUM
        effective = mixing / (1 + mixing * 4 * E_CHARGE**2 / HBAR / (4 * np.pi) / admittance(omega))
        omega = exact / (1 + 1j * (alpha + enhancement(1.0, DENSITY, D_F) * effective))
    spins = magnet(film(), damping=alpha, field=(0, 0, b))
    # without a start that is the mode, what is left of others is e^{-4} of the damping at the middle
    end, found = 6.0e-12, []
    for steps in (24, 48, 96):
        record = MotionRecord([0.6 * end, end])
        control = MotionControl(max_step=end / steps, fixed=True, lagging=True)
        m = move(spins, {"F": (0.01, 0, 1)}, end, record=record, control=control, breaks=(0.6 * end,)).m["F"]
        ratio = (m[1, 0] + 1j * m[1, 1]) / (m[0, 0] + 1j * m[0, 1])
        turns = 2 * np.pi * np.round((omega.real * 0.4 * end - np.angle(ratio)) / (2 * np.pi))
        found.append((np.angle(ratio) + turns) / (0.4 * end) + 1j * np.log(np.abs(ratio)) / (0.4 * end))
    errors = np.abs(np.array(found) - omega)
    orders = np.log2(errors[:-1] / errors[1:])
    assert np.all((orders > 2.7) & (orders < 3.3)), orders
    extrapolated = found[2] + (found[2] - found[1]) / 7
    assert abs(extrapolated - omega) < 0.01 * abs(omega.imag)
    at_once = mixing / (1 + mixing * 4 * E_CHARGE**2 / HBAR / (4 * np.pi) / admittance(0.0))
    quick = exact / (1 + 1j * (alpha + enhancement(1.0, DENSITY, D_F) * at_once))
    assert abs(quick - omega) > 0.3 * abs(omega.imag)


def test_what_a_magnet_loses_is_stored_and_relaxes():
    """B(t) along z, alpha = 0, S = int C w_z: -(M/gamma) dm_z + (hbar/2e) [dS + (D/lambda^2) int S dt] = 0."""
    end, missing, counts = 2e-12, [], (16, 32, 48)
    spins = magnet(film(cells=3), field=lambda t: (0, 0, 60.0 * (t / end) ** 3))
    mass = spins.engine.assemble(inertia(spins.problem({"F": np.array([0, 0, 1.0])})))
    start = unit([0.9, 0.0, 0.2])
    for steps in counts:
        control = MotionControl(max_step=end / steps, fixed=True, lagging=True)
        found = move(spins, {"F": start}, end, control=control)
        stored = np.array([mass.constant("w_z") @ state.fields.stored for state in found.states])
        relaxed = DIFFUSION / LAM**2 * simpson(stored, x=found.times)
        gained = HBAR / (2 * E_CHARGE) * (stored[-1] + relaxed)
        lost = M_S * D_F / GAMMA * (found.m["F"][-1] - start)[2]
        missing.append(abs(gained - lost))
        assert np.abs(np.linalg.norm(found.m["F"], axis=1) - 1).max() < ROUND_OFF
    assert abs(lost) > 0.1 * M_S * D_F / GAMMA
    assert relaxed > 0.2 * stored[-1] > 0
    orders = -np.diff(np.log(missing)) / np.diff(np.log(counts))
    assert np.all((orders > 2.7) & (orders < 3.8)), orders


@pytest.mark.parametrize("omega", [4e11, -1.2e12])
def test_motion_that_is_given_pumps_as_in_the_frame_that_turns(omega):
    """In that frame w at the face is steady: 2 [G_r (w - p)_perp - G_i m x (w - p)] = -Y w, Y(0) along the axis."""
    cone, end = 0.7, 5e-12
    motion = precession((0, 0, 1), cone, omega)
    spins = Macrospins(film(), {"F": Magnet(1.0, motion=motion)}, Scikit(2))
    found = move(spins, {}, end, record=MotionRecord([end]), control=MotionControl(lagging=True, fields=1e-3))
    m, rate = motion(end)
    across = np.eye(3) - np.outer(m, m)
    turned = np.array([[0, -m[2], m[1]], [m[2], 0, -m[0]], [-m[1], m[0], 0]])
    interface = 2 * (G_R * across - G_I * turned)
    p = HBAR / (2 * E_CHARGE) * np.cross(m, rate)
    # (x + i y) ~ e^{+i omega t}
    y = np.conj(admittance(omega))
    response = np.array([[y.real, -y.imag, 0], [y.imag, y.real, 0], [0, 0, admittance(0.0).real]])
    w = np.linalg.solve(response + interface, interface @ p)
    expected = HBAR / (2 * E_CHARGE) * (interface @ (w - p))
    np.testing.assert_allclose(found.m["F"][0], m, atol=ROUND_OFF)
    np.testing.assert_allclose(found.torques["F"][0], expected, atol=1e-3 * np.linalg.norm(expected))


def test_fast_fields_follow_at_once():
    """Steps of 3 and 6 relaxation times, from fields that have adapted; the difference grows like 1/D."""
    start, end, found = unit(np.array([[0.6, 0, 0.8]])), 2e-12, []
    control = MotionControl(max_step=end / 40, fixed=True, lagging=True)
    for diffusion in (0.05, 0.025):
        spins = magnet(film(diffusion=diffusion, cells=3), field=(0, 0, 3.0), damping=0.05)
        course = Course(spins)
        adapted = course.solution(0.0, start, course.rate(0.0, start)[0])
        found.append(move(spins, spins.named(start), end, initial=adapted, control=control).m["F"][-1])
    quick = move(spins, spins.named(start), end, control=MotionControl(1e-8)).m["F"][-1]
    differences = [m - quick for m in found]
    assert 1e-6 < np.linalg.norm(differences[0]) < 1e-4
    np.testing.assert_allclose(differences[1], 2 * differences[0], atol=0.05 * np.linalg.norm(differences[1]))


def test_fields_that_faces_prescribe_are_no_error_of_a_step():
    """Spin injected at the top turns the magnet; steps are as long as without it, and what they leave is as small."""
    found = {}
    for value in (0.0, 2e-3):

        def problem(m, value=value):
            bare = film()(m)
            sides = (Side("metal", bare.regions["N"].fields),)
            top = Face(FaceLaw(sides, given={"w": np.array([value, 0.0, -value])}), {"metal": MINUS})
            return replace(bare, faces={**bare.faces, "top": top})

        spins = magnet(problem, field=(0.2, 0, 9.0), damping=0.05)
        found[value] = [
            move(spins, {"F": (1.0, 0, 0.3)}, 1e-12, control=MotionControl(error, lagging=True, fields=1e2 * error))
            for error in (1e-4, 1e-5)
        ]
    (free, _), (rough, fine) = found[0.0], found[2e-3]
    turned = np.abs(fine.m["F"][-1] - free.m["F"][-1]).max()
    assert turned > 1e-2
    np.testing.assert_allclose(rough.m["F"][-1], fine.m["F"][-1], rtol=0, atol=1e-2 * turned)
    assert rough.steps < 2 * free.steps


@pytest.mark.parametrize("lagging", [False, True])
def test_interrupted_motion_goes_on(tmp_path, lagging):
    """A read-out stops it between two times of one step, after an event."""
    spins = magnet(film(layers=not lagging), None if lagging else Multilayer(), field=(0.2, 0, 9.0), damping=0.05)
    control, calls, end = MotionControl(1e-4, lagging=lagging, fields=1e-2), [], 2e-12
    times = np.concatenate([np.linspace(0, end, 5), [0.901 * end, 0.902 * end]])
    events = {f"m_x = {x}": MotionEvent(partial(lambda x, t, m: m["F"][0] - x, x)) for x in (0.9, -0.3)}

    def follow(stop=0, **options):
        def read(solution):
            calls.append(1)
            if len(calls) == stop:
                raise KeyboardInterrupt
            return torque(solution, "F")[0]

        record = MotionRecord(times, {"torque": read}, events)
        return move(spins, {"F": (1.0, 0, 0.3)}, end, record=record, **options)

    whole = follow(control=control)
    calls.clear()
    kept = replace(control, checkpoint=tmp_path / "motion.npz", every=3)
    with pytest.raises(KeyboardInterrupt):
        follow(6, control=kept)
    resumed = follow(control=kept, resume=True)
    assert resumed.steps == whole.steps > 5
    assert resumed.solves < whole.solves
    np.testing.assert_array_equal(resumed.times, np.sort(times))
    for key in ("m", "rates", "torques"):
        one, other = (getattr(x, key)["F"] for x in (resumed, whole))
        np.testing.assert_allclose(one, other, rtol=0, atol=(1e-9 if lagging else 0.0) * np.abs(other).max())
    for one in (resumed, whole):
        given = one.torques["F"]
        np.testing.assert_allclose(one.readings["torque"], given, rtol=0, atol=1e-7 * np.abs(given).max())
    assert [n for n, _ in resumed.events] == [n for n, _ in whole.events] == list(events)
    again = follow(control=kept, resume=True)
    np.testing.assert_array_equal(again.m["F"], resumed.m["F"])
    assert again.steps == resumed.steps
    with pytest.raises(InputError, match="of digest"):
        follow(control=replace(kept, tolerance=1e-3), resume=True)
    with pytest.raises(InputError, match="those of the checkpoint"):
        move(spins, {"F": (1.0, 0, 0.3)}, end, record=MotionRecord(times), control=kept, resume=True)


def test_a_step_that_is_interrupted_is_kept_once(tmp_path):
    """All steps are kept; an event's function fails after the end of the third one was."""
    spins = magnet(film(layers=True), Multilayer(), field=(0.2, 0, 9.0))
    file, calls = tmp_path / "motion.npz", []

    def follow(stop=0, **options):
        def watched(time, m):
            calls.append(time)
            if len(calls) == stop:
                raise KeyboardInterrupt
            return 1.0

        record = MotionRecord(events={"never": MotionEvent(watched)})
        control = MotionControl(1e-4, checkpoint=file)
        return move(spins, {"F": (1.0, 0, 0.3)}, 2e-12, record=record, control=control, **options)

    whole = follow()
    calls.clear()
    # one at the start, two in each step
    with pytest.raises(KeyboardInterrupt):
        follow(7)
    np.testing.assert_array_equal(follow(resume=True).times, whole.times)


def test_conditions_of_order_three():
    """Of both parts and between them: b.c = 1/2, b.c^2 = 1/3, b.A c = 1/6. The companion is the midpoint rule."""
    nodes = np.array([0.0, *NODES])
    explicit, implicit = np.zeros((2, 5, 5))
    for k, (one, other) in enumerate(zip(EXPLICIT, IMPLICIT, strict=True)):
        explicit[k + 1, : k + 1], implicit[k + 1, 1 : k + 2] = one, (*other, DIAGONAL)
    for matrix in (explicit, implicit):
        np.testing.assert_allclose(matrix.sum(axis=1), nodes, atol=1e-15)
        b = matrix[-1]
        found = [b.sum(), b @ nodes, b @ nodes**2, b @ explicit @ nodes, b @ implicit @ nodes]
        np.testing.assert_allclose(found, [1, 1 / 2, 1 / 3, 1 / 6, 1 / 6], atol=1e-15)
    for matrix, error in ((explicit, ERROR_M), (implicit, (0.0, *ERROR_FIELDS))):
        np.testing.assert_allclose(matrix[-1] - error, np.eye(5)[1], atol=1e-15)


def test_at_the_start_nothing_flows_back():
    """dm/dt with the bare g_r and g_i at the beginning of a course."""
    start, b = unit([0.6, 0.3, 0.5]), np.array([0.0, 0.0, 5.0])
    found = move(magnet(film(), field=b), {"F": start}, 1e-15, control=MotionControl(lagging=True))
    added, inertia_of = (float(enhancement(g / QUANTUM, DENSITY, D_F)) for g in (G_R, G_I))
    turn = np.array([[0, -start[2], start[1]], [start[2], 0, -start[0]], [-start[1], start[0], 0]])
    # g_i = -G_i/(e^2/h) makes m lighter.
    expected = np.linalg.solve((1 - inertia_of) * np.eye(3) - added * turn, -GAMMA * np.cross(start, b))
    np.testing.assert_allclose(found.rates["F"][0], expected, rtol=1e-3)


def test_refusals():
    with pytest.raises(UnsupportedError, match="multilayer solves no steps"):
        move(magnet(film(layers=True), Multilayer()), {"F": (0, 0, 1)}, 1e-12, control=MotionControl(lagging=True))
    with pytest.raises(InputError, match="left out where the transport follows"):
        move(magnet(film()), {"F": (0, 0, 1)}, 1e-12, initial={"w": (0, 0, 0)})
    with pytest.raises(InputError, match="the file to go on from"):
        move(magnet(film()), {"F": (0, 0, 1)}, 1e-12, resume=True)

    def changing(m):
        return film(diffusion=DIFFUSION * (1 + m["F"][0]))(m)

    with pytest.raises(UnsupportedError, match="a capacity that changes"):
        move(magnet(changing, field=(0, 0, 9)), {"F": (1, 0, 1)}, 1e-12, control=MotionControl(lagging=True))
    for motion, message in (
        (lambda t: (0, 0, 1), "m and dm/dt"),
        (lambda t: ((0, 0, 1), (0, 0, 1)), "perpendicular"),
        (lambda t: ((0, 0, 0), (0, 0, 0)), "not zero"),
    ):
        with pytest.raises(InputError, match=message):
            move(Macrospins(film(), {"F": Magnet(1.0, motion=motion)}, Scikit()), {}, 1e-12)
