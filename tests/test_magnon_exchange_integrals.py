"""Integrals over magnons: pairs that must agree.

L_k, h_p and derivatives          <-> mpmath's polylogarithms                     (all branches of the argument)
divided differences               <-> their definition with 60 digits             (no loss at v -> 0 and y = v)
K_0, K_1 (spin, energy)           <-> multiprecision quadrature of the integrand  (0.5-350 K, frozen, gap reached)
K_0, K_1 and derivatives          <-> polylogarithms with 60 digits               (cancelling and frozen states)
polylogarithms <-> quadrature     two ways, one answer
T = 0, mu_ab > gap                <-> emission law (mu_ab - gap)^{5/2}
table and function of D           <-> the parabolic spectrum that they describe
"""

import mpmath
import numpy as np
import pytest

from hanle.boundary.magnons import quadrature
from hanle.boundary.magnons.divided import SMALL, divided
from hanle.boundary.magnons.integrals import channel, integrals, occupations
from hanle.boundary.magnons.polylogarithms import bose_integrals, bose_times_argument, polylogarithms
from hanle.boundary.magnons.quadrature import Reservoirs
from hanle.boundary.magnons.spectrum import Parabolic, Shaped, tabulated
from hanle.pde.constants import K_B
from hanle.pde.errors import InputError, SolveError, UserCodeError

A = 8.46e-40
SERIES = 1e-13  # stated in polylogarithms.py
DIGITS = 1e-12  # stated in integrals.py for values
SLOPES = 1e-9  # and for derivatives
DIVIDED = 1e-11  # rounding over v^4 at v = 0.1


def li(k, x):
    """Re Li_{k/2}(e^{-x}) with the digits of the context."""
    return mpmath.re(mpmath.polylog(mpmath.mpf(k) / 2, mpmath.exp(-mpmath.mpf(x))))


def test_polylogarithms(rng):
    x = np.concatenate([10 ** rng.uniform(-9, 2.5, 12), [1 - 1e-12, 1.0, 300.0]])
    orders = (7, 5, 3, 1, -1)
    found = polylogarithms(orders, x)
    with mpmath.workdps(30):
        expected = [[float(li(k, v)) for v in x] for k in orders]
    np.testing.assert_allclose(found, expected, rtol=SERIES)


def test_polylogarithms_at_zero():
    found = polylogarithms((3, 5, 7), 0.0)
    np.testing.assert_allclose(found, [float(mpmath.zeta(k / 2)) for k in (3, 5, 7)], rtol=SERIES)
    assert 0.0 * polylogarithms((1,), 0.0)[0] == 0.0


@pytest.mark.parametrize(
    ("low", "high", "highest"), [(1, 200, 4), (-1, 1, 4), (-6, -1, 1), (-36, -6, 1), (-60, -36, 1)]
)
def test_bose_integrals(rng, low, high, highest):
    y = np.append(rng.uniform(low, high, 5), low + 1e-9)
    found = bose_integrals(y, highest)

    def expected(p, n, at):
        at, c = mpmath.mpf(at), (1, mpmath.mpf(1.5))[p]
        return (
            c * (-1) ** n * ((p + mpmath.mpf(1.5) - n) * li(5 + 2 * p - 2 * n, at) + at * li(3 + 2 * p - 2 * n, at))
        )

    with mpmath.workdps(40):
        for p in range(2):
            for n in range(highest + 1):
                np.testing.assert_allclose(found[p, n], [float(expected(p, n, v)) for v in y], rtol=SERIES)


def test_divided_differences(rng):
    y = np.concatenate([10 ** rng.uniform(-5, 1.3, 12), [0.05, 0.3, 2.0, 2.0]])
    v = np.concatenate([10 ** rng.uniform(-8, 1, 12), [0.05, 0.3, SMALL * (1 - 1e-9), SMALL]])
    found = divided(lambda at, highest: bose_times_argument(at, highest)[None], y, v)

    def bose(w):
        return w / mpmath.expm1(w) if w else mpmath.mpf(1)

    def odd(at, q):
        step = mpmath.sqrt(q)
        return (bose(at + step) - bose(at - step)) / (2 * step)

    def even(at, q):
        step = mpmath.sqrt(q)
        return (bose(at + step) + bose(at - step) - 2 * bose(at)) / (2 * q)

    with mpmath.workdps(80):
        for name, f in (("odd", odd), ("even", even)):
            for at, step, value, by_y, by_q in zip(
                y, v, *(getattr(found, f"{name}{k}")[0] for k in ("", "_y", "_q")), strict=True
            ):
                at, q = mpmath.mpf(at), mpmath.mpf(step) ** 2
                dy, dq = mpmath.mpf(10) ** -20, q * mpmath.mpf(10) ** -15
                assert value == pytest.approx(float(f(at, q)), rel=DIGITS)
                assert by_y == pytest.approx(
                    float((f(at + dy, q) - f(at - dy, q)) / (2 * dy)), abs=DIVIDED * abs(value)
                )
                assert by_q == pytest.approx(
                    float((f(at, q + dq) - f(at, q - dq)) / (2 * dq)), abs=DIVIDED * abs(value)
                )


def row(*values):
    return Reservoirs(*(np.atleast_1d(np.asarray(v, dtype=float)) for v in values))


def by_quadrature(p, gap, theta, mu, theta_e, mu_ab, size):
    """K_p/size from the integrand as printed; mpmath stops at an absolute error, so the size must be about K_p."""
    gap, theta, mu, theta_e, mu_ab = (mpmath.mpf(float(v)) for v in (gap, theta, mu, theta_e, mu_ab))
    size = mpmath.mpf(float(size)) * 4 * mpmath.pi**2 * mpmath.mpf(A) ** mpmath.mpf(1.5)

    def integrand(t):
        energy = gap + t**2
        w = energy - mu_ab
        y = w / theta_e
        electrons = theta_e * (y / mpmath.expm1(y) if y else 1)
        return 2 * t**2 / size * energy**p * (w / mpmath.expm1((energy - mu) / theta) - electrons)

    # panels that shrink towards the pole at the gap and towards the step of the electrons
    step = max(mu_ab - gap, 0)
    top, least = 60 * max(theta, theta_e) + step, min(gap - mu, theta, theta_e) / 4
    ends = {mpmath.mpf(0), *(mpmath.sqrt(top / mpmath.mpf(2) ** k) for k in range(60) if top / 2**k > least)}
    if step:
        ends |= {mpmath.sqrt(max(step + c * theta_e, 0)) for c in (-60, -20, -6, -2, 0, 2, 6, 20, 60)}
    return mpmath.quad(integrand, sorted(ends), method="gauss-legendre", maxdegree=5)


# (T, T_e [K], gap [kB K], mu/gap, mu_ab/gap): warm, cold, frozen to e^-14 and e^-90, at the gap, T' = 0.05 K
STATES = [
    (300.0, 290.0, 0.134, -0.5, 3.0),
    (350.0, 0.5, 20.0, 0.3, 1.0),
    (0.5, 0.55, 7.0, 0.2, -0.4),
    (0.5, 0.5, 45.0, 1e-3, 2e-3),
    (4.0, 0.05, 0.134, 0.999999, 1.0),
    (4.0, 0.05, 0.134, 0.999999, 60.0),
]


@pytest.mark.parametrize("state", STATES)
def test_exchange_against_quadrature(state):
    hot, cold, gap, mu, mu_ab = state
    gap *= K_B
    given = row(K_B * hot, mu * gap, K_B * cold, mu_ab * gap)
    found = channel(Parabolic(A, gap).spread((1,)), given)[:, 0, 0]
    with mpmath.workdps(20):
        for p in range(2):
            ratio = by_quadrature(p, gap, given.theta[0], mu * gap, given.theta_e[0], mu_ab * gap, found[p])
            assert float(ratio) == pytest.approx(1, rel=1e-11)


def half(p, gap, mu_pole, mu_ab, theta):
    """Int D E^p (E - mu_ab) n[(E - mu_pole)/theta] from polylogarithms."""
    root, lift = (4 * mpmath.pi * mpmath.mpf(A)) ** mpmath.mpf(-1.5), gap - mu_ab
    d = (gap - mu_pole) / theta
    d = d if d else mpmath.mpf(10) ** -200
    moments = [
        root * mpmath.gamma(1.5 + j) / mpmath.gamma(1.5) * theta ** (mpmath.mpf(1.5) + j) * li(3 + 2 * j, d)
        for j in range(3)
    ]
    if p == 0:
        return moments[1] + lift * moments[0]
    return moments[2] + (lift + gap) * moments[1] + gap * lift * moments[0]


def exact(p, gap, mu_ab, mu, theta, theta_e):
    gap, mu_ab, mu, theta, theta_e = (mpmath.mpf(v) for v in (gap, mu_ab, mu, theta, theta_e))
    return half(p, gap, mu, mu_ab, theta) - half(p, gap, mu_ab, mu_ab, theta_e)


def random_states(rng, count):
    """gap, mu_ab, mu, theta, theta_e: far from equilibrium, next to it, frozen, at the gap."""
    for k in range(count):
        hot = 10 ** rng.uniform(np.log10(0.5), np.log10(350))
        cold = hot * (1 + rng.choice([-0.9, 1]) * 10 ** rng.uniform(-9, 0))
        cold = cold if k % 3 else 10 ** rng.uniform(np.log10(0.05), np.log10(350))
        gap = float(rng.choice([1e-24, 2e-23, 1e-22 * hot]))
        mu = gap * float(rng.choice([0.0, 0.5, 0.999999, -2.0, 1e-6]))
        mu_ab = float(rng.choice([0.0, gap, mu, mu * (1 + 1e-5), 2 * gap, -gap, 30 * K_B * rng.normal()]))
        yield gap, mu_ab, mu, K_B * hot, K_B * cold


def test_exchange_against_polylogarithms(rng):
    with mpmath.workdps(40):
        for gap, mu_ab, mu, theta, theta_e in random_states(rng, 18):
            found = channel(Parabolic(A, gap).spread((1,)), row(theta, mu, theta_e, mu_ab))[:, 0, 0]
            expected = [float(exact(p, gap, mu_ab, mu, theta, theta_e)) for p in range(2)]
            np.testing.assert_allclose(found, expected, rtol=DIGITS)


def test_slopes_against_polylogarithms(rng):
    """Derivatives by mu_ab, mu, theta, theta_e, from differences with 80 digits."""
    with mpmath.workdps(60):
        for gap, mu_ab, mu, theta, theta_e in random_states(rng, 2):
            found = channel(Parabolic(A, gap).spread((1,)), row(theta, mu, theta_e, mu_ab))[:, 1:, 0]
            at = [mpmath.mpf(v) for v in (mu_ab, mu, theta, theta_e)]
            for p in range(2):
                for k in range(4):
                    step = theta_e * mpmath.mpf(10) ** -25
                    sides = [exact(p, gap, *(v + s * step * (j == k) for j, v in enumerate(at))) for s in (1, -1)]
                    assert found[p, k] == pytest.approx(float((sides[0] - sides[1]) / (2 * step)), rel=SLOPES)


def many_states(rng, count):
    columns = np.array(list(random_states(rng, count))).T
    gap, mu_ab, mu, theta, theta_e = columns
    return Parabolic(np.full(count, A), gap), Reservoirs(theta, mu, theta_e, mu_ab)


def test_two_ways_one_answer(rng):
    spectrum, state = many_states(rng, 300)
    found, expected = channel(spectrum, state)[:, 0], quadrature.difference(spectrum, state)
    np.testing.assert_allclose(found, expected, rtol=DIGITS)


def test_parts_are_those_of_the_channels(rng):
    """Zero, odd and even parts add up to K(u), K(-u) with their derivatives."""
    spectrum, state = many_states(rng, 200)
    u = np.abs(state.mu_ab) + 1e-3 * state.theta_e
    whole = integrals(spectrum, Reservoirs(state.theta, state.mu, state.theta_e, u))
    for sign in (1.0, -1.0):
        direct = channel(spectrum, Reservoirs(state.theta, state.mu, state.theta_e, sign * u))
        value = whole.zero[:, 0] + sign * u * whole.odd[:, 0] + u**2 * whole.even[:, 0]
        size = np.abs(whole.zero[:, 0]) + np.abs(u * whole.odd[:, 0]) + np.abs(u**2 * whole.even[:, 0])
        assert np.all(np.abs(value - direct[:, 0]) <= DIGITS * size)
        by_rest = whole.zero[:, 1:] + sign * u * whole.odd[:, 2:] + u**2 * whole.even[:, 2:]
        size = np.abs(whole.zero[:, 1:]) + np.abs(u * whole.odd[:, 2:]) + np.abs(u**2 * whole.even[:, 2:])
        assert np.all(np.abs(by_rest - direct[:, 2:]) <= SLOPES * size)
        parts = (whole.odd[:, 0], 2 * sign * u * whole.even[:, 0], 2 * u**2 * whole.odd[:, 1])
        parts = (*parts, 2 * sign * u**3 * whole.even[:, 1])
        assert np.all(np.abs(sum(parts) - direct[:, 1]) <= SLOPES * sum(np.abs(p) for p in parts))


def test_emission_at_zero_temperature():
    """Below the gap nothing; above it - (4/15) (mu_ab - gap)^{5/2}/(4 pi^2 A^{3/2}), up to (theta/gap)^2."""
    gap, cold = 1.85e-24, 1e-5 * K_B
    spectrum = Parabolic(A, gap).spread((2,))
    state = row([cold] * 2, [0.0] * 2, [cold] * 2, [0.99 * gap, 5 * gap])
    below, above = channel(spectrum, state)[0, 0]
    assert abs(below) < 1e-50 * abs(above)
    assert above == pytest.approx(-4 / 15 * (4 * gap) ** 2.5 / (4 * np.pi**2 * A**1.5), rel=1e-7)


def parabola(eps):
    return np.sqrt(eps) / (4 * np.pi**2 * A**1.5)


def test_shaped_spectrum_is_the_parabolic_one(rng):
    gap = 1.85e-24
    closed, general = Parabolic(A, gap), Shaped(gap, parabola, edges=(3e-22,))
    hot, cold = 10 ** rng.uniform(-0.3, 2.5, (2, 12))
    cold[:4] = hot[:4] * (1 + 1e-6)
    state = row(K_B * hot, gap * rng.uniform(-1, 0.999, 12), K_B * cold, K_B * rng.normal(size=12) * 10)
    np.testing.assert_allclose(channel(general, state), channel(closed.spread((12,)), state), rtol=SLOPES)
    u = np.abs(state.mu_ab) * 10 ** rng.uniform(-6, 0, 12)
    both = [
        integrals(s, Reservoirs(state.theta, state.mu, state.theta_e, u)) for s in (general, closed.spread((12,)))
    ]
    for name in ("zero", "odd", "even", "density"):
        np.testing.assert_allclose(getattr(both[0], name), getattr(both[1], name), rtol=SLOPES)


def test_branches_of_a_spectrum(rng):
    """Two branches, a second one 40 K above the gap: the sum of two parabolic spectra."""
    gap, lift = 1.85e-24, 40 * K_B
    both = Shaped(gap, lambda eps: parabola(eps) + parabola(np.maximum(eps - lift, 0)), edges=(lift,))
    count = 20
    cold = 10 ** rng.uniform(0, 2.5, count)
    state = row(
        K_B * cold * rng.uniform(1, 3, count),
        gap * rng.uniform(-1, 0.9, count),
        K_B * cold,
        1e-22 * rng.normal(size=count),
    )
    branches = [quadrature.difference(Parabolic(A, e).spread((count,)), state) for e in (gap, gap + lift)]
    np.testing.assert_allclose(quadrature.difference(both, state), sum(branches), rtol=SLOPES)


def test_edges_that_nobody_named():
    """A second branch, or a peak, that panels do not see is refused instead of integrated wrongly."""
    theta, lift = np.array([100 * K_B]), 40 * K_B
    hidden = (
        lambda eps: parabola(eps) + 2 * parabola(np.maximum(eps - lift, 0)),
        lambda eps: parabola(eps) * (1 + 40 * np.exp(-(((eps - lift) / (0.3 * K_B)) ** 2))),
    )
    for function in hidden:
        with pytest.raises(SolveError, match="name the energies at which D jumps or has a root"):
            occupations(Shaped(1e-24, function), theta, np.zeros(1))


def test_table_of_the_density_of_states():
    """400 rows: the interpolation in sqrt(eps) is exact for a parabolic band, the band ends at 30 kT."""
    theta, gap = K_B * 20.0, 1.85e-24
    eps = theta * np.linspace(0, 6, 400) ** 2
    found = occupations(tabulated(gap, eps, parabola(eps)), np.array([theta]), np.zeros(1))
    expected = occupations(Parabolic(A, gap).spread((1,)), np.array([theta]), np.zeros(1))
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_band_with_an_end():
    """A flat narrow band: n = D width n(E)."""
    gap, width, theta = 2e-22, 1e-26, K_B * 10.0
    flat = Shaped(gap, lambda eps: np.full_like(eps, 1e48), top=width)
    found = occupations(flat, np.array([theta]), np.zeros(1))[0, 0, 0]
    assert found == pytest.approx(1e48 * width / np.expm1((gap + width / 2) / theta), rel=1e-8)


def broken(eps):
    raise ZeroDivisionError("x")


def test_what_a_density_of_states_must_be():
    with pytest.raises(InputError, match="density of states must be finite and 0 or positive"):
        Shaped(0.0, lambda eps: -eps).density(np.ones(3))
    with pytest.raises(InputError, match="an array of shape"):
        Shaped(0.0, lambda eps: 1.0).density(np.ones(3))
    with pytest.raises(UserCodeError, match="broken raised ZeroDivisionError"):
        Shaped(0.0, broken).density(np.ones(3))
    with pytest.raises(InputError, match="edges must be increasing"):
        Shaped(0.0, parabola, edges=(2e-22, 1e-22))
    with pytest.raises(InputError, match="increasing from 0"):
        tabulated(0.0, [1e-22, 2e-22], [1.0, 1.0])
    with pytest.raises(InputError, match="stiffness must be positive"):
        Parabolic(-A, 0.0)
    with pytest.raises(InputError, match="gap must be 0 or positive"):
        Parabolic(A, -1e-24)
