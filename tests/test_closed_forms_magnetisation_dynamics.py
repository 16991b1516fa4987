"""One magnet on a metal film: pairs that must agree.

tanh law, precession    <-> integration of the equation of motion written out      (|m| = 1 kept, all signs)
threshold               <-> sign of R, growth of a small deviation
backflow                <-> spin diffusion with precession in the rotating frame   (signs of g_i, omega_L)
omega = g_i = 0         <-> G/(1 + 2 (lambda/sigma) G coth(d/lambda)); thin film, long lambda: no damping
pumped spin             <-> mean of -i along m0 over a cycle of the same system
ISHE field              <-> spin diffusion with the spin Hall effect, solved by finite differences
"""

import numpy as np
import pytest
from scipy.integrate import solve_bvp, solve_ivp

from hanle.pde.closed_forms.magnetisation_dynamics import (
    AxialDrive,
    axial_motion,
    axial_rates,
    backflow,
    enhancement,
    pumped_spin,
    spin_pumping_field,
    threshold,
    threshold_field,
)
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.tensors import cross_matrix

DRIVE = AxialDrive(omega=6.3e10, u=1.9e11, alpha=4e-3, damping=2.1e-2, inertia=-3e-3)
LAM, SIGMA, DIFFUSION, THETA = 1.5e-9, 2e6, 2.4e-5, 0.11
INTEGRATION = 1e-8  # of solve_ivp at rtol 1e-11 over some hundred periods
SMALL_ANGLE = 1e-6  # corrections of second order in angles of 1e-4
BOUNDARY_VALUES = 1e-7  # of solve_bvp at tol 1e-9


def velocity(drive, m):
    """dm/dt of the equation of motion as printed: a linear system, since dm/dt stands on both sides."""
    z = np.array([0.0, 0.0, 1.0])
    cross, across = cross_matrix(m), np.eye(3) - np.outer(m, m)
    a = drive.alpha + drive.damping
    right = -drive.omega * cross @ z - drive.u * (drive.damping * across @ z + drive.inertia * cross @ z)
    return np.linalg.solve((1 + drive.inertia) * np.eye(3) - a * cross, right)


@pytest.mark.parametrize("u", [1.9e11, 1e10, -5e10])
def test_axial_motion(u):
    drive = AxialDrive(DRIVE.omega, u, DRIVE.alpha, DRIVE.damping, DRIVE.inertia)
    start = np.array([0.48, -0.6, 0.64])
    times = np.linspace(0, 2e-9, 21)
    found = axial_motion(drive, start, times)
    solved = solve_ivp(lambda _, m: velocity(drive, m), (0, 2e-9), start, t_eval=times, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(found, solved.y.T, atol=INTEGRATION)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, rtol=1e-14)


def test_threshold():
    """R changes its sign there, and a small deviation from B begins to grow."""
    found = threshold(DRIVE)
    rates = [
        axial_rates(AxialDrive(DRIVE.omega, f * found / HBAR, DRIVE.alpha, DRIVE.damping, DRIVE.inertia))[0]
        for f in (0.99, 1.0, 1.01)
    ]
    assert rates[0] > 0 > rates[2]
    assert abs(rates[1]) < 1e-12 * rates[0] / 0.01
    tilted = np.array([1e-3, 0, np.sqrt(1 - 1e-6)])
    for f, sign in ((0.9, -1), (1.1, 1)):
        drive = AxialDrive(DRIVE.omega, f * found / HBAR, DRIVE.alpha, DRIVE.damping, DRIVE.inertia)
        assert np.sign(velocity(drive, tilted)[0]) == sign


def test_threshold_without_inertia():
    drive = AxialDrive(DRIVE.omega, 0.0, DRIVE.alpha, DRIVE.damping)
    expected = HBAR * DRIVE.omega * (1 + DRIVE.alpha / DRIVE.damping)
    assert threshold(drive) == pytest.approx(expected, rel=1e-14)
    assert threshold(AxialDrive(6e10, 0.0, 1e-3, 0.0)) == np.inf
    field = threshold_field(drive, THETA, 5e-9, LAM)
    accumulation = 2 * E_CHARGE * THETA * LAM * field * np.tanh(5e-9 / (2 * LAM))
    assert accumulation == pytest.approx(expected, rel=1e-14)


def chebyshev_points(n, d):
    """Points in 0..d and the matrix of derivatives there."""
    k = np.arange(n + 1)
    x = np.cos(np.pi * k / n)
    c = np.where((k == 0) | (k == n), 2.0, 1.0) * (-1.0) ** k
    gaps = x[:, None] - x[None, :] + np.eye(n + 1)
    matrix = np.outer(c, 1 / c) / gaps
    matrix -= np.diag(matrix.sum(axis=1))
    return d * (1 - x) / 2, -2 / d * matrix


def pumped(g_r, g_i, d, omega, omega_l, cone):
    """i at one moment, m = (sin cone, 0, cos cone) turning at omega about z: w at rest in the frame that turns along.

    omega z x w = D w'' - w/tau + omega_L z x w in 0 < z < d, free at d; at 0 the film loses i.
    """
    n = 24
    _, slope = chebyshev_points(n, d)
    m = np.array([np.sin(cone), 0, np.cos(cone)])
    motion, turn = omega * np.cross([0, 0, 1.0], m), cross_matrix([0, 0, 1.0])
    cross, across = cross_matrix(m), np.eye(3) - np.outer(m, m)
    law = (g_r * across + g_i * cross) / (4 * np.pi)
    source = (-g_r * np.cross(m, motion) + g_i * motion) * HBAR / (4 * np.pi)
    one = np.eye(n + 1)
    bulk = np.kron(DIFFUSION * slope @ slope - DIFFUSION / LAM**2 * one, np.eye(3))
    bulk += np.kron(one, (omega_l - omega) * turn)
    right = np.zeros(3 * (n + 1))
    # N.J = - sigma w'(0) = - (2e/hbar) i,  i = law 2e w + source
    bulk[:3] = np.kron(slope[0], SIGMA * np.eye(3))
    bulk[:3, :3] -= 2 * E_CHARGE / HBAR * law * 2 * E_CHARGE
    right[:3] = 2 * E_CHARGE / HBAR * source
    bulk[-3:] = np.kron(slope[n], np.eye(3))
    w = np.linalg.solve(bulk, right)[:3]
    return law @ (2 * E_CHARGE * w) + source, m, motion


@pytest.mark.parametrize(("g_i", "omega_l"), [(0.0, 0.0), (6e17, 0.0), (-9e17, 3e12), (4e17, -4e12)])
def test_backflow(g_i, omega_l):
    """i = (hbar/4 pi)[- Re g_eff m x dm/dt + (- Im g_eff) dm/dt] for small angles."""
    g_r, d, omega, cone = 4.1e18, 3e-9, 8e11, 1e-4
    effective = backflow(g_r - 1j * g_i, d, LAM, SIGMA, omega, omega_l, DIFFUSION)
    i, m, motion = pumped(g_r, g_i, d, omega, omega_l, cone)
    expected = HBAR / (4 * np.pi) * (-effective.real * np.cross(m, motion) - effective.imag * motion)
    # corrections of second order in the angle
    assert np.linalg.norm(i - expected) < 10 * cone * np.linalg.norm(expected)
    assert i[:2] == pytest.approx(expected[:2], rel=SMALL_ANGLE)


def test_pumped_spin():
    """What the film gains along m0 in the mean, for a positive precession: positive."""
    omega, cone = 8e11, 1e-3
    effective = backflow(4.1e18 - 3e17j, 3e-9, LAM, SIGMA, omega, 1e12, DIFFUSION)
    i, _, _ = pumped(4.1e18, 3e17, 3e-9, omega, 1e12, cone)
    found = pumped_spin(effective, omega, cone)
    assert found > 0
    assert -i[2] == pytest.approx(found, rel=100 * cone**2)


def test_static_backflow_is_that_of_circuits():
    g, d = 4.1e18, 4e-9
    conductance = E_CHARGE**2 / (2 * np.pi * HBAR) * g
    expected = g / (1 + 2 * LAM / SIGMA * conductance / np.tanh(d / LAM))
    assert backflow(g, d, LAM, SIGMA) == pytest.approx(expected, rel=1e-14)
    assert abs(backflow(g, 1e-16, LAM, SIGMA)) < 1e-6 * g
    assert abs(backflow(g, d, 1.0, SIGMA)) < 1e-6 * g
    assert backflow(1e3, d, LAM, SIGMA) == pytest.approx(1e3, rel=1e-12)


def test_enhancement():
    """g_r = 4.1e18 /m^2 on 20 nm of YIG, s = 1.055e28 /m^3: 4.1e18/(4 pi 1.055e28 2e-8) = 1.546e-3."""
    assert enhancement(4.1e18, 1.055e28, 20e-9) == pytest.approx(1.546e-3, rel=1e-3)


@pytest.mark.parametrize("d", [1e-9, 4e-9, 12e-9])
def test_spin_pumping_field(d):
    """w_y'' = w_y/lambda^2, J_z^y = sigma (w' - theta E), the current along x zero: E from solve_bvp."""
    i_s, length = 2e-9, LAM

    def equations(z, f):
        return np.stack([f[1], f[0], (1 - 2 * THETA**2) * f[3] + THETA * f[1], np.zeros_like(z)]) * (d / length)

    # f = w, dw/dz, current below z, E in units of 2e i_s/(hbar sigma), times lambda for w; z in units of d
    def ends(low, high):
        return np.array([low[1] - THETA * low[3] + 1, high[1] - THETA * high[3], low[2], high[2]])

    z = np.linspace(0, 1, 41)
    solved = solve_bvp(equations, ends, z, np.zeros((4, 41)), tol=1e-9, max_nodes=20000)
    expected = solved.y[3, 0] * 2 * E_CHARGE * i_s / (HBAR * SIGMA)
    assert expected > 0
    assert spin_pumping_field(i_s, THETA, d, LAM, SIGMA) == pytest.approx(expected, rel=BOUNDARY_VALUES)
