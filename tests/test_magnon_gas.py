"""A gas of magnons in the bulk. What must agree and why:

dn/dmu, dn/dT, C_m          <-> derivatives of n and u in 40 digits; sums over energies: polylogarithms and prefactors
                            <-> those of a density of states as a function
du/dmu                      <-> T dn/dT                                     Maxwell: what is stored is symmetric
dn/dmu at a small gap       <-> gap^(-1/2)                                  slow magnons
sigma_m, zeta, kappa_m      <-> sums over v^2; ratios without a gap
Gilbert damping             <-> twice that of an interface, alpha' = g_r/(4 pi s d)
"""

import mpmath as mp
import numpy as np
import pytest

from hanle.boundary.magnons.exchange import MagnonExchange
from hanle.boundary.magnons.gas import capacities, conduction, relaxation
from hanle.boundary.magnons.linear import linear
from hanle.boundary.magnons.spectrum import Parabolic, Shaped
from hanle.pde.constants import E_CHARGE, HBAR, K_B
from hanle.pde.errors import InputError

A, GAP = 8.46e-40, 1.85e-24
#: Temperature [K] and gap [J]: frozen, quantum and classical, and nearly without a gap.
STATES = [(0.5, 5e-23), (2.0, GAP), (40.0, GAP), (300.0, 3e-21), (350.0, 1e-27)]
#: Polylogarithms in double precision.
CLOSED = 1e-12
#: Quadrature of another density of states.
SUMMED = 1e-9


def exact(weight, temperature, gap):
    """Int D weight(eps) (-n') d eps, n' = d n_B/d E at mu = 0, in panels of sqrt(eps) that double."""
    theta = K_B * temperature
    ends = np.concatenate([[0.0], 12 * 2.0 ** np.arange(np.floor(np.log2(np.sqrt(gap / theta) / 100)), 1)])
    nodes, weights = np.polynomial.legendre.leggauss(40)
    root = (ends[:-1, None] + np.diff(ends)[:, None] * (1 + nodes) / 2).ravel()
    measure = (np.diff(ends)[:, None] / 2 * weights).ravel() * 2 * theta * root
    eps = theta * root**2
    slope = 1 / (4 * theta * np.sinh((eps + gap) / (2 * theta)) ** 2)
    return float(np.sum(measure * np.sqrt(eps) / (4 * np.pi**2 * A**1.5) * weight(eps) * slope))


@pytest.mark.parametrize(("temperature", "gap"), STATES)
def test_capacities_are_derivatives(temperature, gap):
    found = capacities(Parabolic(A, gap), temperature)
    # dn/dT = (1/T) Int D E (-n'), du/dT = (1/T) Int D E^2 (-n').
    assert float(found.number) == pytest.approx(exact(lambda e: 1.0, temperature, gap), rel=CLOSED)
    first = exact(lambda e: e + gap, temperature, gap)
    assert float(found.number_heat) == pytest.approx(first / temperature, rel=CLOSED)
    second = exact(lambda e: (e + gap) ** 2, temperature, gap)
    assert float(found.heat) == pytest.approx(second / temperature, rel=CLOSED)
    assert found.number * found.heat > temperature * found.number_heat**2


def test_capacities_are_slopes_of_number_and_energy():
    """Numeric derivatives of n = Li_{3/2}/Lambda^3 and u, nothing differentiated by hand."""
    temperature, gap = 77.0, 4e-23

    def number(mu, t):
        size = (4 * mp.pi * mp.mpf(A) / (mp.mpf(K_B) * t)) ** mp.mpf("1.5")
        return mp.polylog(mp.mpf("1.5"), mp.exp(-(gap - mu) / (K_B * t))) / size

    def energy(mu, t):
        size = (4 * mp.pi * mp.mpf(A) / (mp.mpf(K_B) * t)) ** mp.mpf("1.5")
        kinetic = mp.mpf("1.5") * K_B * t * mp.polylog(mp.mpf("2.5"), mp.exp(-(gap - mu) / (K_B * t))) / size
        return kinetic + gap * number(mu, t)

    with mp.workdps(40):
        scale = mp.mpf("1e-30")
        by_mu = [mp.diff(lambda x, f=f: f(x * scale, mp.mpf(temperature)), 0) / scale for f in (number, energy)]
        by_t = [mp.diff(lambda t, f=f: f(mp.mpf(0), t), mp.mpf(temperature)) for f in (number, energy)]
    found = capacities(Parabolic(A, gap), temperature)
    assert float(found.number) == pytest.approx(float(by_mu[0]), rel=CLOSED)
    assert float(found.number_heat) == pytest.approx(float(by_t[0]), rel=CLOSED)
    assert float(found.heat) == pytest.approx(float(by_t[1]), rel=CLOSED)
    assert float(by_mu[1]) == pytest.approx(temperature * float(found.number_heat), rel=CLOSED)


def test_another_density_of_states():
    """The parabolic one as a function, summed over energies; and shapes that broadcast."""
    temperature, gap = 120.0, 2e-22
    shaped = Shaped(gap, lambda eps: np.sqrt(eps) / (4 * np.pi**2 * A**1.5))
    plain, other = capacities(Parabolic(A, gap), temperature), capacities(shaped, temperature)
    for name in ("number", "number_heat", "heat"):
        assert float(getattr(other, name)) == pytest.approx(float(getattr(plain, name)), rel=SUMMED)
    many = capacities(Parabolic(A, np.array([[1e-24, gap]])), np.array([[10.0], [temperature], [300.0]]))
    assert many.heat.shape == (3, 2)
    assert many.heat[1, 1] == pytest.approx(float(plain.heat), rel=CLOSED)


def test_slow_magnons_are_many():
    """dn/dmu = sqrt(pi k_B T/gap)/(Lambda^3 k_B T) without the next order, 1.46/sqrt(pi k_B T/gap) = 4e-4."""
    gap, theta = 1e-28, K_B * 300
    closed = np.sqrt(np.pi * theta / gap) / (4 * np.pi * A / theta) ** 1.5 / theta
    assert float(capacities(Parabolic(A, gap), 300.0).number) == pytest.approx(closed, rel=5e-4)
    with pytest.raises(InputError, match=r"gap must be positive .* a field along m, or an anisotropy"):
        capacities(Parabolic(A, 0.0), 300.0)


@pytest.mark.parametrize(("temperature", "gap"), STATES)
def test_conduction_is_kinetic_theory(temperature, gap):
    tau = 1.1e-13
    found = conduction(Parabolic(A, gap), temperature, tau)
    # v^2/3 = 4 A eps/(3 hbar^2)
    each = 4 * A * tau / (3 * HBAR**2)
    sigma = 2 * E_CHARGE**2 * each * exact(lambda e: e, temperature, gap)
    zeta = 2 * E_CHARGE * each * exact(lambda e: e * (e + gap), temperature, gap) / temperature
    kappa = each * exact(lambda e: e * (e + gap) ** 2, temperature, gap) / temperature
    for value, wanted in ((found.conductivity, sigma), (found.spin_seebeck, zeta), (found.heat, kappa)):
        assert float(value) == pytest.approx(wanted, rel=10 * CLOSED)
    # The second law of the bulk.
    assert found.heat > temperature * found.spin_seebeck**2 / (2 * found.conductivity)


def test_ratios_without_a_gap():
    """zeta/sigma_m = 1.1063e-4 V/K; sigma_m = 5e5 S/m from tau = 0.1 ps in YIG at 300 K."""
    found = conduction(Parabolic(A, 0.0), 300.0, 1e-13)
    assert float(found.spin_seebeck / found.conductivity) == pytest.approx(1.1063e-4, rel=1e-4)
    ratio = 35 / 8 * (K_B / E_CHARGE) ** 2 * float(mp.zeta(3.5) / mp.zeta(1.5))
    assert float(found.heat / found.conductivity / 300.0) == pytest.approx(ratio, rel=CLOSED)
    assert float(found.conductivity) == pytest.approx(5e5, rel=0.02)


def test_gilbert_damping_is_that_of_an_interface():
    """g/hbar = 2 d Gamma(alpha'), alpha' = g_r/(4 pi s d), and the same for S and kappa."""
    spectrum, g_r, s, d, temperature = Parabolic(A, GAP), 4.1e18, 7.5e27, 3e-8, 300.0
    face = linear(MagnonExchange(g_r, s, spectrum), temperature)
    found = relaxation(spectrum, temperature, g_r / (4 * np.pi * s * d))
    assert float(2 * d * found.number) == pytest.approx(float(face.g / HBAR), rel=CLOSED)
    assert float(2 * d * found.number_exchange) == pytest.approx(float(face.S / HBAR), rel=CLOSED)
    assert float(2 * d * found.heat) == pytest.approx(float(face.kappa), rel=CLOSED)
    assert found.number * found.heat > temperature * found.number_exchange**2


@pytest.mark.parametrize(("function", "value"), [(relaxation, -1e-4), (conduction, 0.0)])
def test_refusals(function, value):
    with pytest.raises(InputError, match=r"(damping|lifetime) must be .*positive"):
        function(Parabolic(A, GAP), 300.0, value)
