"""Nonlocal valves and spin-orbit torque: pairs that must agree.

valve with electrodes, any field   <-> channel and electrodes integrated with matrix exponentials, 3 spin components
collinear, open                    <-> Takahashi and Maekawa as printed, transparent to tunnel
isotropic absorption, B across     <-> complex form of `lateral.absorbing_transfer`
tunnel contacts, closed channel    <-> `lateral.closed_transfer`; oblique field <-> `lateral.valve_resistance`
injector and detector exchanged with B and m reversed <-> the same resistance (Onsager)
torque of a film on a magnet       <-> integrated film; exact engine with the b-layer law
"""

import mpmath as mp
import numpy as np
import pytest
from scipy.linalg import expm

from hanle.boundary.b_layer import Conductances, b_layer
from hanle.meshes.layered import Layers
from hanle.pde.closed_forms.channels import transverse_length
from hanle.pde.closed_forms.film import Mixing
from hanle.pde.closed_forms.lateral import absorbing_transfer, closed_transfer, open_transfer, valve_resistance
from hanle.pde.closed_forms.nonlocal_valve import (
    Channel,
    Contact,
    magnetic_contact,
    nonlocal_resistance,
    takahashi_maekawa,
)
from hanle.pde.closed_forms.oblique import decay_matrix
from hanle.pde.closed_forms.spin_orbit_torque import absorbed_part, efficiency, torque
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.errors import InputError
from hanle.pde.metal import normal_metal
from hanle.pde.observables import torque as torque_of
from hanle.pde.problem import MINUS, PLUS, Face, Gradient, Problem
from hanle.pde.solution import wire
from hanle.pde.steady import respond
from hanle.pde.tensors import unit

# Copper strip with permalloy electrodes.
RHO, LAM, D, OMEGA = 2.6e-8, 430e-9, 9.4e-3, 4.2e10
AREA, DISTANCE = 150e-9 * 60e-9, 610e-9
JUNCTION = 150e-9 * 80e-9
R_PY = 1.2e-7 * 5.5e-9 / JUNCTION
LAMBDA = complex(transverse_length(LAM, OMEGA, D))
N = unit([0.4, -0.3, 0.7])
P_1, P_2 = unit([1.0, 0.2, -0.4]), unit([0.3, 1.0, 0.1])
#: From transparent (no interface) to tunnelling: R_c [Ohm].
CONTACTS = [0.0, 0.3 * R_PY, 3.0, 1e6]
ROUNDING = 1e-12
#: Integrated through 30 decay lengths of the channel ends, in double precision with stable half-spaces.
INTEGRATED = 1e-10


def electrode(resistance, polarisation, magnet, own):
    """(a, g, v): the channel gains spin a I - g w; the far end of the magnet reads u = v w without current.

    Integrated through 30 l. Gains are N.J with N along x, out of the channel; charge gains I with u = - V are V/I.
    """
    with mp.workdps(60):
        rates = mp.matrix(4)
        p, r = mp.mpf(own), mp.mpf(magnet) / (1 - mp.mpf(own) ** 2)
        # x in units of l, from the interface into the magnet; state (u_up, u_dn, I_up, I_dn), I along x
        rates[0, 2], rates[1, 3] = 2 * r * (1 - p), 2 * r * (1 + p)
        rates[2, 0], rates[2, 1] = 1 / (4 * r), -1 / (4 * r)
        rates[3, 0], rates[3, 1] = -1 / (4 * r), 1 / (4 * r)
        jump = mp.eye(4)
        border = mp.mpf(resistance) / (1 - mp.mpf(polarisation) ** 2)
        jump[0, 2], jump[1, 3] = 2 * border * (1 - polarisation), 2 * border * (1 + polarisation)
        carry = mp.expm(30 * rates) * jump
        answers = []
        for w, current in ((1, 0), (0, 1)):
            first = carry * mp.matrix([w, -w, mp.mpf(current) / 2, mp.mpf(current) / 2])
            spin = carry * mp.matrix([0, 0, 0.5, -0.5])
            away = -(first[0] - first[1]) / (spin[0] - spin[1])
            end = first + away * spin
            answers.append((away, (end[0] + end[1]) / 2))
        return float(answers[1][0]), -float(answers[0][0]), float(answers[0][1])


@pytest.mark.parametrize("resistance", CONTACTS)
def test_contact_equals_an_integrated_electrode(resistance):
    """Injected part, absorption and reading of interface + magnet."""
    found = magnetic_contact(P_1, resistance, 0.35, R_PY, 0.7)
    injected, absorbed, read = electrode(resistance, 0.35, R_PY, 0.7)
    assert float(found.polarisation) == pytest.approx(injected, rel=ROUNDING)
    assert float(found.along) == pytest.approx(absorbed, rel=ROUNDING)
    assert float(found.polarisation) == pytest.approx(read, rel=ROUNDING)


def integrated_valve(injector, detector, omega, left, right):
    """V/I from w' = -(rho/A) I_s, I_s' = -(A/rho) M w, both contacts as jumps of I_s; ends closed."""
    decay = decay_matrix(D / LAM**2 * np.eye(3), omega, D)
    scale = RHO / AREA * LAM
    generator = np.zeros((6, 6))
    generator[:3, 3:] = -np.eye(3)
    generator[3:, :3] = -decay * LAM**2

    def carry(length):
        return expm(generator * length / LAM)

    def absorb(contact):
        jump = np.eye(6)
        jump[3:, :3] = -scale * contact.tensor
        return jump

    start = np.vstack([np.eye(3), np.zeros((3, 3))])
    before = carry(left) @ start
    whole = carry(right) @ absorb(detector) @ carry(DISTANCE)
    source = np.concatenate([np.zeros(3), injector.vector])
    end, forced = whole @ absorb(injector) @ before, whole @ source
    w_end = np.linalg.solve(end[3:], -forced[3:])
    at_detector = carry(DISTANCE) @ (absorb(injector) @ before @ w_end + source)
    return scale * float(detector.vector @ at_detector[:3])


@pytest.mark.parametrize("first", CONTACTS)
@pytest.mark.parametrize("second", CONTACTS)
def test_oblique_valve_equals_integration(first, second):
    """Closed channel, contacts that absorb across p with a complex conductance, field oblique to both."""
    one = magnetic_contact(P_1, first, 0.35, R_PY, 0.7, across=2 * JUNCTION * (4e14 + 1e14j))
    two = magnetic_contact(P_2, second, -0.2, R_PY, 0.7, across=2 * JUNCTION * (2e13 - 5e13j))
    left, right = 240e-9, 530e-9
    channel = Channel(RHO, AREA, DISTANCE, LAM, LAMBDA, N, left, right)
    expected = integrated_valve(one, two, OMEGA * N, left, right)
    assert float(nonlocal_resistance(channel, one, two)) == pytest.approx(expected, rel=INTEGRATED)


@pytest.mark.parametrize("first", CONTACTS)
@pytest.mark.parametrize("second", CONTACTS)
def test_collinear_valve_equals_takahashi_and_maekawa(first, second):
    """From transparent to tunnel; also the raw print with its own ratios, and the sign of antiparallel states."""
    one, two = (magnetic_contact(P_1, r, 0.35, R_PY, 0.7) for r in (first, second))
    channel = Channel(RHO, AREA, DISTANCE, LAM, LAM)
    found = float(nonlocal_resistance(channel, one, two))
    r_n, reach = RHO * LAM / AREA, DISTANCE / LAM
    assert found == pytest.approx(float(takahashi_maekawa(r_n, reach, one, two)), rel=ROUNDING)
    above, below = 2 * r_n * np.exp(-reach), 1.0
    for r in (first, second):
        a, b = r / r_n / (1 - 0.35**2), R_PY / r_n / (1 - 0.7**2)
        above, below = above * (0.35 * a + 0.7 * b), below * (1 + 2 * a + 2 * b)
    assert found == pytest.approx(above / (below - np.exp(-2 * reach)), rel=ROUNDING)
    turned = Contact(two.polarisation, two.along, -P_1)
    assert nonlocal_resistance(channel, one, turned) == pytest.approx(-found, rel=ROUNDING)


def test_tunnel_limit_and_closed_channel_and_oblique_field():
    """g -> 0: the forms of `lateral`; R_c = 1e6 Ohm leaves 1e-6 of absorption."""
    one, two = (Contact(p, 0.0, axis) for p, axis in ((0.21, P_1), (0.34, P_2)))
    for ends, transfer in (
        ((np.inf, np.inf), lambda l: open_transfer(l, DISTANCE, RHO, AREA)),
        ((2e-7, 5e-7), lambda l: closed_transfer(l, DISTANCE, RHO, AREA, 2e-7, 5e-7)),
    ):
        channel = Channel(RHO, AREA, DISTANCE, LAM, LAMBDA, N, *ends)
        expected = valve_resistance(transfer(LAM), transfer(LAMBDA), N, 0.21 * P_1, 0.34 * P_2)
        assert nonlocal_resistance(channel, one, two) == pytest.approx(float(expected), rel=ROUNDING)
    near, far = (magnetic_contact(P_1, 1e6, 0.3, r, 0.7) for r in (R_PY, 0.0))
    assert near.polarisation == pytest.approx(0.3, rel=1e-5)
    assert near.along == pytest.approx(float(far.along), rel=1e-5)


def test_hanle_curve_with_isotropic_absorption_is_the_complex_form():
    """Field across parallel contacts: V/I = P_1 P_2 Re f(Lambda), a whole curve in one call."""
    one, two = (magnetic_contact([0, 1.0, 0], r, 0.35, R_PY, 0.7) for r in (0.1, 2.0))
    omega = np.linspace(-2e11, 2e11, 41)
    turned = transverse_length(LAM, omega, D)
    found = nonlocal_resistance(Channel(RHO, AREA, DISTANCE, LAM, turned), one, two)
    f = absorbing_transfer(turned, DISTANCE, RHO, AREA, one.along, two.along)
    expected = one.polarisation * two.polarisation * f.real
    np.testing.assert_allclose(found, expected, atol=ROUNDING * np.abs(expected).max())
    assert found.argmax() == 20
    assert found.min() < 0


def test_onsager():
    """R_12(B, m) = R_21(-B, -m): reversed Larmor sense and axes; without the reversal it differs."""
    one = magnetic_contact(P_1, 0.2, 0.35, R_PY, 0.7, across=2 * JUNCTION * (4e14 + 1e14j))
    two = magnetic_contact(P_2, 2.0, -0.2, R_PY, 0.7, across=2 * JUNCTION * (2e13 - 5e13j))
    there = nonlocal_resistance(Channel(RHO, AREA, DISTANCE, LAM, LAMBDA, N, 2e-7, 5e-7), one, two)
    reversed_ = [Contact(c.polarisation, c.along, -np.asarray(c.axis), c.across) for c in (one, two)]
    back = Channel(RHO, AREA, DISTANCE, LAM, LAMBDA, -N, 5e-7, 2e-7)
    assert nonlocal_resistance(back, reversed_[1], reversed_[0]) == pytest.approx(float(there), rel=ROUNDING)
    unturned = nonlocal_resistance(Channel(RHO, AREA, DISTANCE, LAM, LAMBDA, N, 5e-7, 2e-7), two, one)
    assert abs(unturned / there - 1) > 0.01


def test_long_closed_ends_are_open():
    one, two = (magnetic_contact(P_1, r, 0.35, R_PY, 0.7) for r in (0.1, 2.0))
    ends = [(np.inf, np.inf), (900 * LAM, 60 * LAM)]
    found = [nonlocal_resistance(Channel(RHO, AREA, DISTANCE, LAM, LAMBDA, N, *e), one, two) for e in ends]
    assert found[0] == pytest.approx(float(found[1]), rel=ROUNDING)


def test_refusals():
    with pytest.raises(InputError, match="magnet_polarisation must be below 1"):
        magnetic_contact(P_1, 1.0, 0.5, R_PY, 1.0)
    with pytest.raises(InputError, match="not zero with that of the magnet"):
        magnetic_contact(P_1, 0.0, 0.5)
    with pytest.raises(InputError, match="along must be >= 0"):
        Contact(0.3, -1.0, P_1)
    with pytest.raises(InputError, match="real part"):
        Contact(0.3, 1.0, P_1, across=-1 + 2j)


# --- torque of a heavy metal film ---------------------------------------------------------------------------------
PT = {"rho": 4e-7, "lam": 1.6e-9, "theta": 0.1}
MIXING = Mixing(-3e13, 4e14, -9e13)
FIELD = np.array([3e4, 0.0, 0.0])
M = unit([0.3, -0.5, 0.6])


@pytest.mark.parametrize("d", [0.05e-9, 1e-9, 5e-9, 60e-9])
def test_torque_equals_an_integrated_film(d):
    """w' = s + rho J, w'' = w/l^2 with a free face at 0 and N.J = 2 G w at d, all three components."""
    s = PT["theta"] * np.array([-FIELD[1], FIELD[0], 0.0])
    turn = np.cross(M, np.eye(3), axisb=0).T
    g = MIXING.s * np.eye(3) + MIXING.r * turn @ turn + MIXING.i * turn
    x = d / PT["lam"]
    # w = s l sinh(z/l) + c cosh(z/l); divided by cosh(d/l)
    system = np.tanh(x) / PT["lam"] * np.eye(3) - 2 * PT["rho"] * g
    c = np.linalg.solve(system, s * (1 / np.cosh(x) - 1) + 2 * PT["rho"] * g @ s * PT["lam"] * np.tanh(x))
    w = s * PT["lam"] * np.sinh(x) + c * np.cosh(x)
    flux = 2 * g @ w
    expected = -HBAR / (2 * E_CHARGE) * (flux - M * (M @ flux))
    both = efficiency(PT["theta"], d, PT["lam"], PT["rho"], MIXING)
    found = torque(both, PT["rho"], FIELD, [0, 0, 1.0], M)
    # the integrated film subtracts numbers of size cosh(d/l)
    np.testing.assert_allclose(found, expected, atol=1e-14 * np.cosh(min(x, 30)) ** 2 * np.abs(expected).max())


def test_torque_equals_the_engine():
    """Film on either side of the magnet, deposits of the b-layer law; E is given."""
    for names, normal in ((("magnet", "Pt"), -1.0), (("Pt", "magnet"), 1.0)):
        bulk = normal_metal(
            conductivity=1 / PT["rho"],
            diffusion_constant=1e-4,
            diffusion_length=PT["lam"],
            spin_hall_angle=PT["theta"],
        )
        law = b_layer("magnet", Conductances(MIXING.s, MIXING.r, MIXING.i), M)
        sides = {"metal": PLUS if normal < 0 else MINUS, "magnet": MINUS if normal < 0 else PLUS}
        mesh = Layers(names, [[5e-9, 5e-9]])
        gradients = (Gradient("u", "x"), Gradient("u", "y"))
        problem = Problem(mesh, {"Pt": bulk}, {"|".join(names): Face(law, sides)}, gradients=gradients)
        solution = wire(respond(problem, Multilayer()), amplitudes={"du/dx": FIELD[0], "du/dy": 0.0})
        both = efficiency(PT["theta"], 5e-9, PT["lam"], PT["rho"], MIXING)
        expected = torque(both, PT["rho"], FIELD, [0, 0, normal], M)
        np.testing.assert_allclose(
            torque_of(solution, "magnet")[0], expected, atol=ROUNDING * np.abs(expected).max()
        )


def test_limits_of_the_efficiency():
    """Thin films give (d^2/2l^2) G/(G + d/l^2); a strong magnet takes the whole spin Hall current of a thick film."""
    g = 2 * PT["rho"] * (MIXING.r - MIXING.s + 1j * MIXING.i)
    thin = 1e-5 * PT["lam"]
    ratio = absorbed_part(thin, PT["lam"], PT["rho"], MIXING) / (0.5e-10 * g / (g + 1e-5 / PT["lam"]))
    assert complex(ratio) == pytest.approx(1, rel=1e-9)
    assert complex(absorbed_part(1.0, PT["lam"], PT["rho"], Mixing(0, 1e30, 0))) == pytest.approx(1, rel=ROUNDING)
    damping, turning = efficiency(PT["theta"], 5e-9, PT["lam"], PT["rho"], Mixing(0.0, 4e14, 0.0))
    assert turning == 0
    assert 0 < damping < PT["theta"]
