"""Lateral devices: pairs that must agree.

open valve, any field       <-> time-of-flight integral of rotating, diffusing spins
absorbing valve             <-> Takahashi and Maekawa's real form; a network of matrix square roots, oblique field
closed channel              <-> sum of images; long ends <-> open channel; short channel <-> uniform spin
channel on an insulator     <-> shifted precession and relaxation of the bare channel
point injection             <-> flux through a small circle or sphere; sheet <-> integral of the bulk source
"""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.linalg import expm, sqrtm

from hanle.pde.closed_forms.channels import transverse_length
from hanle.pde.closed_forms.film import Mixing
from hanle.pde.closed_forms.lateral import (
    absorbing_transfer,
    bulk_injection,
    closed_transfer,
    helix,
    helix_zero,
    insulator_contact,
    open_transfer,
    sheet_injection,
    supported_lengths,
    valve_resistance,
)
from hanle.pde.closed_forms.oblique import decay_matrix, mixing_tensor
from hanle.pde.constants import E_CHARGE
from hanle.pde.tensors import outer, unit

RHO, LAM, D = 2.6e-8, 430e-9, 9.4e-3
AREA, DISTANCE = 150e-9 * 60e-9, 610e-9
OMEGA = 4.2e10
LAMBDA = complex(transverse_length(LAM, OMEGA, D))
N = unit([0.4, -0.3, 0.7])
P1, P2 = 0.21 * unit([1.0, 0.2, -0.4]), 0.34 * unit([0.3, 1.0, 0.1])
ROUNDING = 1e-13


def rotation(angle):
    """Rotation about N by `angle`, from the axis-angle formula on a probe and an injected vector: p2.Rot.p1."""
    along = (N @ P1) * (N @ P2)
    return along + np.cos(angle) * (P1 @ P2 - along) + np.sin(angle) * (P2 @ np.cross(N, P1))


def test_open_valve_equals_the_time_of_flight_integral():
    """V/I = (rho D/A) int dt (4 pi D t)^{-1/2} e^{-L^2/4Dt - t/tau} p2.Rot(omega t).p1: fixes its sense."""
    tau = LAM**2 / D

    def weight(x):  # t = x^2 removes the root
        t = x * x
        return 2 * np.exp(-(DISTANCE**2) / (4 * D * t) - t / tau) * rotation(OMEGA * t) / np.sqrt(4 * np.pi * D)

    integral, _ = quad(weight, 1e-3 * tau**0.5, 7 * tau**0.5, epsabs=0, epsrel=1e-12, limit=400)
    transfer = [open_transfer(l, DISTANCE, RHO, AREA) for l in (LAM, LAMBDA)]
    assert valve_resistance(*transfer, N, P1, P2) == pytest.approx(RHO * D / AREA * integral, rel=1e-10)


def test_perpendicular_hanle_curve_and_magnitude():
    """(P1 P2 rho/2A) Re[Lam e^{-L/Lam}] for parallel contacts across the field."""
    transfer = [open_transfer(l, DISTANCE, RHO, AREA) for l in (LAM, LAMBDA)]
    y = np.array([0.0, 1.0, 0.0])
    ours = valve_resistance(*transfer, [0.0, 0.0, 1.0], 0.2 * y, 0.3 * y)
    assert ours == pytest.approx(0.06 * RHO / 2 / AREA * (LAMBDA * np.exp(-DISTANCE / LAMBDA)).real, rel=ROUNDING)
    assert valve_resistance(*transfer, y, 0.2 * y, -0.3 * y) == pytest.approx(
        -0.06 * RHO / 2 / AREA * LAM * np.exp(-DISTANCE / LAM), rel=ROUNDING
    )


@pytest.mark.parametrize("g", [(0.02, 0.3), (3.0, 40.0), (1e4, 1e5)])
def test_absorbing_valve_equals_takahashi_and_maekawa(g):
    channel = RHO * LAM / AREA
    r_1, r_2 = 1 / (g[0] * channel), 1 / (g[1] * channel)
    decay = np.exp(-DISTANCE / LAM)
    printed = 2 * channel * decay * r_1 * r_2 / ((1 + 2 * r_1) * (1 + 2 * r_2) - decay**2)
    assert absorbing_transfer(LAM, DISTANCE, RHO, AREA, *g) == pytest.approx(printed, rel=ROUNDING)


def test_absorbing_valve_in_an_oblique_field_equals_a_network():
    """w = T(0)(I_1 - g_1 w_1) - T(L) g_2 w_2 and so on, T(x) = (rho/2A) M^{-1/2} e^{-M^{1/2} x}."""
    contacts = [insulator_contact(Mixing(-2e12, 3e14, g_i), 1e-14) for g_i in (-1e14, 6e13)]
    root = np.real(sqrtm(decay_matrix(D / LAM**2 * np.eye(3), OMEGA * N, D)))
    near = RHO / 2 / AREA * np.linalg.inv(root)
    far = near @ expm(-root * DISTANCE)
    # N.J = 2 G w leaves the channel with a minus sign: -2 A_c G is the contact's conductance tensor
    g_1, g_2 = (-2e-14 * mixing_tensor(N, -2e12, 3e14, g_i) for g_i in (-1e14, 6e13))
    network = np.block([[np.eye(3) + near @ g_1, far @ g_2], [far @ g_1, np.eye(3) + near @ g_2]])
    w = np.linalg.solve(network, np.concatenate([near @ P1, far @ P1]))
    par = absorbing_transfer(LAM, DISTANCE, RHO, AREA, contacts[0][0], contacts[1][0])
    perp = absorbing_transfer(LAMBDA, DISTANCE, RHO, AREA, contacts[0][1], contacts[1][1])
    assert valve_resistance(par, perp, N, P1, P2) == pytest.approx(P2 @ w[3:], rel=1e-11)


def test_weak_absorption_is_the_open_channel_and_nothing_overflows():
    assert absorbing_transfer(LAMBDA, DISTANCE, RHO, AREA, 0.0, 0.0) == pytest.approx(
        complex(open_transfer(LAMBDA, DISTANCE, RHO, AREA)), rel=ROUNDING
    )
    assert absorbing_transfer(LAM, 1e4 * LAM, RHO, AREA, 1.0, 1.0) == 0.0


def test_closed_channel_equals_the_sum_of_images():
    """The ends reflect: sources at 2 k T and -2a + 2 k T in an infinite channel, T the whole length."""
    left, right = 240e-9, 530e-9
    total = left + DISTANCE + right
    images = 2 * total * np.arange(-40, 41)
    distances = np.abs(DISTANCE - np.concatenate([images, images - 2 * left]))
    for l in (LAM, LAMBDA):
        expected = np.sum(open_transfer(l, distances, RHO, AREA))
        assert closed_transfer(l, DISTANCE, RHO, AREA, left, right) == pytest.approx(expected, rel=ROUNDING)


def test_closed_channel_with_long_ends_is_open():
    ours = closed_transfer(LAMBDA, DISTANCE, RHO, AREA, 900 * LAM, 50 * LAM)
    assert ours == pytest.approx(complex(open_transfer(LAMBDA, DISTANCE, RHO, AREA)), rel=ROUNDING)


def test_short_closed_channel_stores_spin_uniformly():
    """All lengths << lam: w = I_s rho lam^2/(A total), so injected spin relaxes in the volume."""
    total = 3e-4 * LAM
    ours = closed_transfer(LAM, 1e-4 * LAM, RHO, AREA, 1e-4 * LAM, 1e-4 * LAM)
    assert ours == pytest.approx(RHO * LAM**2 / AREA / total, rel=1e-7)


def test_insulator_under_the_channel_shifts_rate_and_frequency():
    """1/tau_par += |Gs|/(e^2 nu t), omega += Gi/(e^2 nu t), e^2 nu = sigma/2D."""
    t, g = 12e-9, Mixing(-3e11, 4e11, 7e11)
    unit_rate = 1 / (E_CHARGE**2 * t / (2 * E_CHARGE**2 * D * RHO))
    par, perp = supported_lengths(LAM, LAMBDA, RHO, t, g)
    rate = D / LAM**2 + unit_rate * abs(g.s)
    assert par == pytest.approx(np.sqrt(D / rate), rel=ROUNDING)
    turned = transverse_length(np.sqrt(D / (D / LAM**2 + unit_rate * (g.r - g.s))), OMEGA + unit_rate * g.i, D)
    assert complex(perp) == pytest.approx(complex(turned), rel=ROUNDING)


def test_helix_solves_the_diffusion_equation_and_its_zeros():
    root = np.real(sqrtm(decay_matrix(D / LAM**2 * np.eye(3), OMEGA * N, D)))
    w0 = np.array([1e-6, -3e-6, 2e-6])
    assert helix(0.8e-6, LAM, LAMBDA, N, w0) == pytest.approx(expm(-root * 0.8e-6) @ w0, rel=1e-10)
    across = np.cross(N, [1.0, 0.0, 0.0])
    zeros = helix_zero(LAMBDA, np.arange(3))
    along = np.einsum("ka,a->k", helix(zeros, LAM, LAMBDA, N, across), across)
    decay = np.exp(-zeros * (1 / LAMBDA).real)
    assert np.max(np.abs(along) / decay) < 1e-14
    quarter = helix(zeros[0], LAM, LAMBDA, N, across)
    assert quarter / decay[0] == pytest.approx(np.cross(N, across), abs=1e-12)
    assert outer(N) @ quarter == pytest.approx(np.zeros(3), abs=1e-14)


def test_point_sources_carry_the_injected_current():
    """-(t/rho) 2 pi r w' -> 1 and -(1/rho) 4 pi r^2 w' -> 1 near the source, by a central difference."""
    r, step, t = 1e-4 * LAM, 1e-4, 5e-9
    pair = r * np.array([1 - step, 1 + step])
    sheet, bulk = sheet_injection(pair, LAM, RHO, t).real, bulk_injection(pair, LAM, RHO).real
    assert -np.diff(sheet)[0] / (2 * step) * 2 * np.pi * t / RHO == pytest.approx(1.0, rel=1e-6)
    assert -np.diff(bulk)[0] / (2 * step) * 4 * np.pi * r / RHO == pytest.approx(1.0, rel=1e-6)


def test_sheet_source_is_the_integral_of_bulk_sources():
    """A line of bulk sources through the sheet and its images is the sheet: t f_sheet = int dz f_bulk."""
    r = 0.7 * LAM

    def integrand(z):
        return float(bulk_injection(np.hypot(r, z), LAM, RHO).real)

    line, _ = quad(integrand, 0, 60 * LAM, epsabs=0, epsrel=1e-11, limit=200)
    assert sheet_injection(r, LAM, RHO, 1.0).real == pytest.approx(2 * line, rel=1e-9)
