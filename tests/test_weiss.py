"""Weiss mean field and relaxation rates.

Pairs that must agree: vectorised and one at a time; mean field and 40-digit bisection from 0.01 K to 1000 K; two
sublattices, one uncoupled or empty, and a ferromagnet; antiferromagnet and a ferromagnet with T_N at B = 0; n equal
species and one; T > Tc and Curie-Weiss; T -> Tc and the critical amplitude; saturation and G0 S^2, G0 S/(pi nu J).
"""

import math

import mpmath
import numpy as np
import pytest
from scipy.constants import e, hbar, k
from scipy.constants import physical_constants as codata

from hanle.materials.rates import Rates, conductance_scale, rates, rates_at, strength
from hanle.materials.weiss import (
    Moments,
    antiferromagnet,
    ferrimagnet,
    ferromagnet,
    from_exchange,
    paramagnet,
    solve,
)
from hanle.pde.errors import InputError, SolveError

MU_B = codata["Bohr magneton"][0]
#: The solver stops at this relative self-consistency error.
SELF_CONSISTENT = 1e-12
#: Far from Tc the root is as good as that; condition numbers below 100.
ROOT = 1e-10
NU = 3.9e46
N2D = 5e18


def _bisection(spin: float, critical: float, field: float, temperature: float) -> mpmath.mpf:
    """-S_par in 40 digits from y = S B_S(S x(y)), by bisection from above."""
    with mpmath.workdps(40):
        zeeman = 2 * mpmath.mpf(MU_B) * field / (mpmath.mpf(k) * temperature)
        exchange = 3 * mpmath.mpf(critical) / (mpmath.mpf(spin) * (spin + 1) * temperature)
        a = mpmath.mpf(2 * spin + 1) / 2

        def excess(y: mpmath.mpf) -> mpmath.mpf:
            x = zeeman + exchange * y
            return y - (a * mpmath.coth(a * x) - mpmath.coth(x / 2) / 2)

        low, high = mpmath.mpf(10) ** -25, mpmath.mpf(spin)
        for _ in range(130):
            middle = (low + high) / 2
            low, high = (low, middle) if excess(middle) > 0 else (middle, high)
        return high


@pytest.mark.parametrize("spin", [0.5, 2.0, 3.5])
@pytest.mark.parametrize(
    ("temperature", "field"),
    [(t, b) for t in (0.01, 1.0, 30.0, 90.0, 110.0, 1000.0) for b in (0.0, 1e-6, 0.3, 12.0) if b > 0 or t < 100],
)
def test_one_sublattice_against_bisection(spin: float, temperature: float, field: float) -> None:
    found = -float(solve(ferromagnet(spin, 100.0), field, temperature).S_par[0])
    assert found == pytest.approx(float(_bisection(spin, 100.0, field, temperature)), rel=ROOT)


@pytest.mark.parametrize(
    "moments",
    [paramagnet(2.0), ferromagnet(2.0, 100.0), antiferromagnet(2.5, 100.0), ferrimagnet((2.5, 2.5), (3, 2), 560.0)],
    ids=["para", "ferro", "antiferro", "ferri"],
)
def test_vectorised_equals_loop_and_is_self_consistent(moments: Moments) -> None:
    """Independent of the solver: S_i recomputed from the level spacing of the returned S_j."""
    generator = np.random.default_rng(3)
    field = generator.uniform(0, 14, (4, 1))
    temperature = 10 ** generator.uniform(-2, 3, (1, 25))
    state = solve(moments, field, temperature)
    n = len(moments.spins)
    assert state.S_par.shape == state.x.shape == state.p.shape == (4, 25, n)
    for i, j in np.ndindex(4, 25):
        single = solve(moments, float(field[i, 0]), float(temperature[0, j]))
        np.testing.assert_allclose(state.S_par[i, j], single.S_par, rtol=SELF_CONSISTENT)
    spacing = 2 * MU_B * field[..., None] - np.einsum("ij,...j->...i", moments.exchange, state.S_par)
    x = spacing / (k * temperature[..., None])
    assert np.all(np.abs(x - state.x) <= ROOT * np.abs(state.x).max(axis=-1, keepdims=True))
    s = np.asarray(moments.spins)
    a = s + 0.5
    visible = np.abs(state.x) > 1e-3
    closed = -(a / np.tanh(a * state.x) - 0.5 / np.tanh(state.x / 2))
    np.testing.assert_allclose(state.S_par[visible], closed[visible], rtol=1e-9)


def test_no_moment_at_and_above_the_critical_temperature() -> None:
    """The test is made with Tc as given, so T = Tc is exactly zero; just below it is not."""
    for tc in (1.0, 16.5, 100.0, 559.9999):
        for moments in (ferromagnet(2.0, tc), antiferromagnet(2.5, tc), ferrimagnet((2.5, 2.0), (3, 2), tc)):
            state = solve(moments, 0.0, [tc, 1.5 * tc])
            np.testing.assert_array_equal(state.S_par, 0.0)
            np.testing.assert_array_equal(state.anisotropy, 0.0)
            np.testing.assert_array_equal(state.q, state.p / 2)
            assert np.all(solve(moments, 0.0, tc * (1 - 1e-6)).S_par != 0)


def test_curie_weiss() -> None:
    """Invariant 17: S_par = -S(S+1) g mu_B B/[3 kB (T - Tc)] to O(B^2)."""
    spin, tc, field = 2.0, 100.0, 1e-6
    temperature = np.array([101.0, 120.0, 400.0])
    found = solve(ferromagnet(spin, tc), field, temperature).S_par[:, 0]
    expected = -spin * (spin + 1) * 2 * MU_B * field / (3 * k * (temperature - tc))
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    free = solve(paramagnet(spin), field, temperature).S_par[:, 0]
    np.testing.assert_allclose(free, -spin * (spin + 1) * 2 * MU_B * field / (3 * k * temperature), rtol=1e-9)


@pytest.mark.parametrize("spin", [0.5, 2.0, 3.5, 1e4])
def test_critical_amplitude(spin: float) -> None:
    """Invariant 18: |S_par|^2 -> (10/3) S^2 (S+1)^2/[S^2 + (S+1)^2] (1 - T/Tc), error O(1 - T/Tc)."""
    below = np.array([1e-3, 1e-4, 1e-5])
    found = solve(ferromagnet(spin, 100.0), 0.0, 100.0 * (1 - below)).S_par[:, 0] ** 2
    amplitude = 10 / 3 * (spin * (spin + 1)) ** 2 / (spin**2 + (spin + 1) ** 2)
    np.testing.assert_array_less(np.abs(found / (amplitude * below) - 1), 3 * below)


def test_antiferromagnet_solves_the_ferromagnets_equation() -> None:
    temperature = np.array([0.01, 5.0, 50.0, 99.0, 99.999])
    afm = solve(antiferromagnet(2.5, 100.0), 0.0, temperature)
    fm = solve(ferromagnet(2.5, 100.0), 0.0, temperature)
    np.testing.assert_allclose(afm.S_par[:, 0], fm.S_par[:, 0], rtol=ROOT)
    np.testing.assert_allclose(afm.S_par[:, 1], -fm.S_par[:, 0], rtol=ROOT)
    np.testing.assert_allclose(afm.p, fm.p * [1, 1], rtol=1e-8)
    np.testing.assert_allclose(afm.x[:, 0], -afm.x[:, 1], rtol=ROOT)


def test_antiferromagnet_in_a_field() -> None:
    """Parallel susceptibility vanishes at T -> 0; beyond the exchange field both sublattices follow B."""
    afm = antiferromagnet(2.5, 100.0)
    assert abs(solve(afm, 5.0, 0.5).S_par.sum()) < 1e-9
    spin_flip = 3 * k * 100.0 / 3.5 / (2 * MU_B)
    assert np.all(solve(afm, 1.1 * spin_flip, 1.0).S_par < -2.4)
    high = solve(afm, 0.01, [200.0, 300.0]).S_par
    curie = -2.5 * 3.5 * 2 * MU_B * 0.01 / (3 * k * (np.array([200.0, 300.0]) + 100.0))
    np.testing.assert_allclose(high, np.stack([curie, curie], axis=-1), rtol=1e-6)


def test_empty_or_uncoupled_second_sublattice_is_a_ferromagnet() -> None:
    """A second species that does not touch the first one, with no density at the interface, changes nothing."""
    fm = ferromagnet(2.0, 100.0)
    both = from_exchange((2.0, 3.5), ((fm.exchange[0][0], 0.0), (0.0, 0.0)))
    assert both.critical_temperature == pytest.approx(100.0, rel=1e-14)
    field, temperature = np.array([[0.0], [3.0]]), np.array([1.0, 60.0, 99.0, 150.0])
    one = rates_at(fm, [N2D], [2e-48], NU, field, temperature)
    two = rates_at(both, [N2D, 0.0], [2e-48, 5e-48], NU, field, temperature)
    for name in ("par", "perp", "difference", "exchange"):
        np.testing.assert_allclose(getattr(two, name), getattr(one, name), rtol=ROOT)


def test_species_with_a_share_of_the_density_each() -> None:
    """Invariant 19, first half: four species of identical moments with n/4 each are one species."""
    fm = ferromagnet(2.0, 100.0)
    z = fm.exchange[0][0] / 4
    four = from_exchange((2.0,) * 4, ((z,) * 4,) * 4)
    one = rates_at(fm, [N2D], [2e-48], NU, 1.0, [2.0, 50.0, 300.0])
    shared = rates_at(four, [N2D / 4] * 4, [2e-48] * 4, NU, 1.0, [2.0, 50.0, 300.0])
    for name in ("par", "perp", "exchange"):
        np.testing.assert_allclose(getattr(shared, name), getattr(one, name), rtol=ROOT)


def test_compensated_antiferromagnet() -> None:
    """Invariant 19, second half: no exchange at compensation, rates of a ferromagnet of the same density."""
    temperature = np.array([1.0, 50.0, 95.0])
    fm = rates_at(ferromagnet(2.5, 100.0), [N2D], [2e-48], NU, 0.0, temperature)
    afm = rates_at(antiferromagnet(2.5, 100.0), [N2D / 2] * 2, [2e-48] * 2, NU, 0.0, temperature)
    np.testing.assert_allclose(afm.exchange, 0.0, atol=1e-10 * float(np.abs(fm.exchange).max()))
    np.testing.assert_allclose(afm.par, fm.par, rtol=1e-8)
    np.testing.assert_allclose(afm.perp, fm.perp, rtol=1e-8)


def test_exchange_of_yig_changes_sign_between_100_and_300_kelvin() -> None:
    """Compensation n_a J_a S_a = n_b J_b S_b holds at T = 0 only: the majority sublattice softens first."""
    yig = ferrimagnet((2.5, 2.5), (3.0, 2.0), 560.0)
    couplings = np.array([1.05, 1.0]) * 0.1 / NU
    found = rates_at(yig, [N2D, N2D], couplings.tolist(), NU, 0.0, [1.0, 100.0, 300.0, 500.0])
    assert np.all(np.sign(found.exchange) == [-1, -1, 1, 1])
    state = solve(yig, 0.0, [1.0, 300.0, 550.0])
    assert np.all(state.S_par[:, 0] < 0)
    assert np.all(state.S_par[:, 1] > 0)


def test_bonds_are_counted_from_both_sides() -> None:
    """z_ab n_a = z_ba n_b (4 and 6 for YIG's 3 : 2), and kB Tc = sqrt(z_ab z_ba) J S(S+1)/3."""
    yig = ferrimagnet((2.5, 2.5), (3.0, 2.0), 560.0)
    z_ab, z_ba = -yig.exchange[0][1], -yig.exchange[1][0]
    assert z_ba / z_ab == pytest.approx(6 / 4)
    assert math.sqrt(z_ab * z_ba) * 2.5 * 3.5 / 3 == pytest.approx(k * 560.0)
    coupling = k * 100.0 / (2 * 2.0 * 3.0)
    assert ferromagnet(2.0, 100.0).exchange[0][0] == pytest.approx(6 * coupling)
    assert coupling / k == pytest.approx(8.3333, abs=1e-4)


def test_net_moment_turns_over_at_magnetisation_compensation() -> None:
    """Many small spins lead at T = 0 (n S: 4 to 3.5), few large ones near Tc (n S(S+1): 6 to 15.75)."""
    moments = ferrimagnet((0.5, 3.5), (8.0, 1.0), 300.0)
    state = solve(moments, 0.0, np.array([1.0, 290.0]))
    net = -state.S_par @ np.array([8.0, 1.0])
    assert np.all(net > 0)
    assert np.sign(state.S_par[0, 0]) == -np.sign(state.S_par[1, 0])
    in_field = solve(moments, 0.1, np.array([1.0, 290.0]))
    np.testing.assert_array_equal(np.sign(in_field.S_par), np.sign(state.S_par))


#: Units of exchange: 30 K. Intra-sublattice couplings of either sign, three sublattices, frustration.
GENERAL = {
    "helped": ((0.5, -1.0), (-1.0, 0.5)),
    "opposed": ((-0.5, -1.0), (-1.0, -0.5)),
    "three": ((0.0, -1.0, 0.3), (-1.0, 0.0, -0.5), (0.3, -0.5, 0.0)),
    "frustrated": ((0.0, -1.0, -1.0), (-1.0, 0.0, -1.0), (-1.0, -1.0, 0.0)),
}


@pytest.mark.parametrize("name", GENERAL)
def test_general_exchange_is_self_consistent(name: str) -> None:
    """Fields up to 200 T turn sublattices over, densely: branches end and Newton meets their remains,
    and (opposed, 66 T, 20 K) lies on a transition of second order, where the root is degenerate."""
    energies = tuple(tuple(k * 30 * c for c in row) for row in GENERAL[name])
    moments = from_exchange((2.5,) * len(energies), energies)
    field, temperature = np.linspace(0, 200, 1001)[:, None], np.array([0.01, 1.0, 5.0, 20.0, 40.0, 120.0])
    state = solve(moments, field, temperature)
    spacing = 2 * MU_B * field[..., None] - np.einsum("ij,...j->...i", moments.exchange, state.S_par)
    x = spacing / (k * temperature[:, None])
    assert np.all(np.abs(x - state.x) <= 1e-9 * np.maximum(1.0, np.abs(state.x).max(axis=-1, keepdims=True)))


@pytest.mark.parametrize("field", [0.0, 20.0, 60.0, 90.0, 100.0, 150.0])
def test_branch_is_the_one_reached_by_plain_iteration_from_saturation(field: float) -> None:
    """Without competing couplings the plain map descends monotonically to the outermost root."""
    energies = tuple(tuple(k * 30 * c for c in row) for row in GENERAL["helped"])
    state = solve(from_exchange((2.5, 2.5), energies), field, 40.0)
    y = np.array([2.5, -2.5])
    for _ in range(5000):
        x = (2 * MU_B * field / k + 30 * np.array(GENERAL["helped"]) @ y) / 40.0
        y = 3.0 / np.tanh(3.0 * x) - 0.5 / np.tanh(x / 2)
    np.testing.assert_allclose(-state.S_par, y, rtol=1e-9)


def test_scale_of_the_conductances() -> None:
    """G0 = 3.82e13 S/m^2 for n2D = 5e18 1/m^2, nu J = 0.1 (Zhang et al., 2019, quote 3.8e13)."""
    assert float(conductance_scale(5e18, 0.1)) == pytest.approx(3.82e13, rel=1e-3)
    assert float(e**2 * NU * strength(N2D, NU, 0.1 / NU)) == pytest.approx(float(conductance_scale(N2D, 0.1)))


def _conductances(found: Rates) -> tuple[float, float, float]:
    return (
        float(-(e**2) * NU * found.par),
        float(e**2 * NU * found.difference),
        float(-(e**2) * NU / hbar * found.exchange),
    )


def test_isotropic_and_saturated_limits() -> None:
    """Invariant 16 and the saturated regime: worked values of G_s, G_r, G_i."""
    spin, reduced = 2.0, 0.08
    g0 = float(conductance_scale(N2D, reduced))
    isotropic = rates_at(paramagnet(spin), [N2D], [reduced / NU], NU, 0.0, 10.0)
    sink, real, imaginary = _conductances(isotropic)
    assert sink == pytest.approx(-2 / 3 * g0 * spin * (spin + 1))
    assert (real, imaginary) == (0.0, 0.0)
    sink, real, imaginary = _conductances(rates_at(paramagnet(spin), [N2D], [reduced / NU], NU, 14.0, 0.05))
    assert sink == pytest.approx(0.0, abs=1e-12 * g0)
    assert real == pytest.approx(g0 * spin**2)
    assert imaginary == pytest.approx(g0 * spin / (math.pi * reduced))


def test_second_law_and_complete_positivity() -> None:
    """1/tau_par >= 0, 1/tau_perp >= 1/(2 tau_par); for Weiss moments also 1/tau_perp >= 1/tau_par."""
    generator = np.random.default_rng(5)
    field, temperature = generator.uniform(0, 20, 200), 10 ** generator.uniform(-2, 3, 200)
    for moments in (ferromagnet(0.5, 30.0), ferrimagnet((2.5, 3.5), (3.0, 2.0), 200.0)):
        n = len(moments.spins)
        found = rates_at(moments, [N2D] * n, [1e-48, 3e-48][:n], NU, field, temperature)
        assert np.all(found.par >= 0)
        assert np.all(found.difference >= 0)
        np.testing.assert_allclose(found.perp - found.par, found.difference, atol=1e-13 * float(found.perp.max()))


def test_rates_broadcast_over_metals() -> None:
    state = solve(ferromagnet(2.0, 100.0), [[0.0], [1.0]], [5.0, 50.0, 150.0])
    found = rates(state, [N2D], [2e-48], np.array([NU, 2 * NU, 3 * NU]))
    assert found.par.shape == found.exchange.shape == (2, 3)
    np.testing.assert_allclose(found.par[:, 1], 2 * rates(state, [N2D], [2e-48], NU).par[:, 1])
    many = rates(solve(paramagnet(0.5), 1.0, 1.0), [N2D], [2e-48], np.array([NU, 2 * NU]))
    assert many.exchange.shape == (2,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: solve(paramagnet(2.0), -0.1, 5.0), "field must be finite, and >= 0"),
        (lambda: solve(paramagnet(2.0), math.nan, 5.0), "field must be finite"),
        (lambda: solve(paramagnet(2.0), 0.1, 0.0), "temperature must be finite and > 0"),
        (lambda: solve(paramagnet(2.0), 0.1, math.inf), "temperature must be finite"),
        (lambda: paramagnet(0.7), "spin must be a positive multiple of 1/2; instead received 0.7"),
        (lambda: ferromagnet(-0.5, 10.0), "spin must be a positive multiple of 1/2"),
        (lambda: ferromagnet(2.0, -10.0), "critical_temperature must be a temperature >= 0 K"),
        (lambda: ferrimagnet((2.0, 2.0), (1.0, 0.0), 10.0), "weights must be positive"),
        (lambda: Moments((), (), 0.0, ()), "moments must be n spins"),
        (lambda: Moments((2.0,), ((0.0,),), 0.0, (1.0,), 0.0), "g_factor must be positive"),
        (lambda: from_exchange((2.0, 2.0), ((0.0, 1e-22), (3e-22, 0.0))), "weights_i E_ij is symmetric"),
        (lambda: Moments((2.0,), ((1e-22,),), 3.0, (1.0,)), "critical_temperature must be what the exchange gives"),
        (
            lambda: rates_at(paramagnet(2.0), [N2D, N2D], [1e-48], NU, 1.0, 1.0),
            "densities and couplings must be 1 numbers each",
        ),
        (lambda: rates_at(paramagnet(2.0), [-N2D], [1e-48], NU, 1.0, 1.0), "densities must be finite and >= 0"),
        (
            lambda: rates_at(paramagnet(2.0), [N2D], [1e-48], 0.0, 1.0, 1.0),
            "density_of_states must be finite and > 0",
        ),
    ],
)
def test_refuses(call: object, message: str) -> None:
    with pytest.raises(InputError, match="must be") as caught:
        call()  # type: ignore[operator]
    assert message in str(caught.value)


def test_a_state_that_is_not_reached_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hanle.materials.self_consistency._MAX_ITERATIONS", 1)
    with pytest.raises(SolveError, match="relative error"):
        solve(ferromagnet(2.0, 100.0), 0.5, 99.0)


def test_moments_against_a_field_are_metastable():
    """Below Tc the state is the smooth continuation through B = 0; a strong field turns it over, heat forbids it."""
    magnet = ferromagnet(2.5, 100.0)
    fields = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    s = solve(magnet, fields, 60.0).S_par[:, 0]
    assert np.all(np.diff(s) < 0)
    assert abs(np.diff(s, n=3)).max() < 0.02 * abs(np.diff(s)).max()
    residual = s + 2.5 * brillouin(2.5, 2.5 * level(magnet, fields, s) / (k * 60.0))
    assert abs(residual).max() < 1e-11
    with pytest.raises(InputError, match="turn the moments over"):
        solve(magnet, -200.0, 60.0)
    with pytest.raises(InputError, match="only ordered moments"):
        solve(magnet, -1.0, 120.0)
    with pytest.raises(InputError, match="only ordered moments"):
        solve(paramagnet(2.5), -1.0, 60.0)


@pytest.mark.parametrize("temperature", [1.0, 20.0, 60.0, 79.9])
@pytest.mark.parametrize("spin", [0.5, 2.5])
def test_either_end_of_a_neel_vector_may_face_the_field(spin: float, temperature: float) -> None:
    """Turning the axis over exchanges the sublattices, up to fields that make them parallel."""
    fields = np.array([1e-10, 1e-3, 1.0, 20.0, 100.0, 1000.0])
    magnet = antiferromagnet(spin, 80.0)
    there, back = (solve(magnet, sign * fields, temperature).S_par for sign in (1.0, -1.0))
    assert np.abs(there + back[:, ::-1]).max() < 1e-12
    assert solve(magnet, -1.0, temperature).S_par[0] == pytest.approx(back[2, 0])
    with pytest.raises(InputError, match="turn the moments over"):
        solve(ferrimagnet((spin, spin), (3.0, 2.0), 80.0), -1000.0, temperature)


def brillouin(spin: float, argument):
    wide = (2 * spin + 1) / (2 * spin)
    return wide / np.tanh(wide * argument) - 1 / (2 * spin * np.tanh(argument / (2 * spin)))


def level(magnet, field, s_par):
    """eps = g mu_B B - E S_par [J]."""
    return 2.0 * codata["Bohr magneton"][0] * field - magnet.exchange[0][0] * s_par
