"""Nonlinear exchange through magnons: pairs that must agree.

currents                     <-> sum over channels with M_ab, N_ab written out           (no division by |mu_s|)
spin along mu_s              <-> spins that flip, counted: sees the sign of the transverse term
T = T', mu_s || m, m.mu_s = mu_m <-> no currents, at any mu_m; not for oblique mu_s
entropy from the currents    <-> sum of positive channels
Jacobian                     <-> channels' derivatives, differences of fourth order, second of T = 0
mu_s -> 0                    <-> linear response, whatever the direction
rotation of mu_s and m       <-> rotation of i, same energy current
Newton's method              converges quadratically, also through mu_ab = gap
T = T' = 0                   <-> emission law and elastic torque
"""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hanle.boundary.magnons.admissible import CondensationError, MagnonWarning, warn_if_doubtful
from hanle.boundary.magnons.currents import channels, currents
from hanle.boundary.magnons.entropy import entropy_production
from hanle.boundary.magnons.exchange import MagnonExchange
from hanle.boundary.magnons.linear import linear, magnon_density
from hanle.boundary.magnons.spectrum import Parabolic, Shaped
from hanle.pde.constants import HBAR, K_B
from hanle.pde.errors import InputError
from hanle.pde.tensors import unit

A, S, GAP, G_R, G_I = 8.46e-40, 1.055e28, 1.85e-24, 4.1e18, -3e17
ROUND_OFF = 1e-12
STENCIL = 1e-6  # differences of fourth order, relative step 1e-3, and their cancellation
SIGNS = (1.0, -1.0)


def yig(gap=GAP, g_i=G_I, **options):
    return MagnonExchange(G_R, S, Parabolic(A, gap), g_i=g_i, **options)


def states(rng, count):
    """m, mu_s, mu_m, T_m, T_e: |mu_s| from far below kB T to far above the gap, both reservoirs 0.5 K to 350 K."""
    m, mu_s = (
        unit(rng.normal(size=(count, 3))),
        rng.normal(size=(count, 3)) * 10 ** rng.uniform(-27, -21, (count, 1)),
    )
    mu_m = GAP * rng.choice([-1, 0.5, 0.999, 1e-6, 0], count)
    hot, cold = 10 ** rng.uniform(-0.3, np.log10(350), (2, count))
    near = rng.random(count) < 0.3
    return m, mu_s, mu_m, hot, np.where(near, hot * (1 + 1e-7), cold)


def written_out(exchange, m, mu_s, mu_m, T_m, T_e):
    """i_inelastic (3), qdot, sum over channels of counted flips, and sizes: Eqs (2), (3) with n = -m, corrected."""
    size, direction = np.linalg.norm(mu_s, axis=-1), unit(mu_s)
    n = -m
    c = np.sum(n * direction, axis=-1)
    across = direction - c[:, None] * n
    i, qdot, flips = np.zeros_like(m), np.zeros(len(m)), np.zeros(len(m))
    i_size, q_size = np.zeros(len(m)), np.zeros(len(m))
    for a in SIGNS:
        for b in SIGNS:
            found = channels(exchange, (a - b) / 2 * size, mu_m, T_m, T_e)
            weight = (1 - a * c) * (1 + b * c)
            along, aside = weight * found.M, (a / 2 - b / 2 + a * b * c) * found.M
            i += along[:, None] * n - aside[:, None] * across
            qdot -= weight * found.N
            flips -= (a - b) / 2 * weight * found.M
            i_size += np.abs(along) + np.abs(aside)
            q_size += np.abs(weight * found.N)
    return i, qdot, flips, i_size, q_size


def elastic(exchange, m, mu_s, mu_m, T_m):
    n = magnon_density_at(mu_m, T_m)
    across = mu_s - np.sum(m * mu_s, axis=-1)[:, None] * m
    reduced, turned = 1 - 2 * exchange.crowding * n / S, 1 - exchange.crowding * n / S
    return (reduced[:, None] * G_R * across + turned[:, None] * exchange.g_i * np.cross(m, mu_s)) / (4 * np.pi)


def magnon_density_at(mu_m, T_m):
    """n depends on gap - mu_m: equilibrium with a smaller gap."""
    return magnon_density(MagnonExchange(G_R, S, Parabolic(A, GAP - mu_m)), T_m)


@pytest.mark.parametrize("choice", ["bulk", "local", "none"])
def test_currents_are_the_sum_over_channels(rng, choice):
    exchange, state = yig(elastic=choice, inelastic_scale=0.6), states(rng, 200)
    m, mu_s, mu_m, T_m, _ = state
    found = currents(exchange, *state)
    i, qdot, _, i_size, q_size = written_out(exchange, *state)
    scattered = elastic(exchange, m, mu_s, mu_m, T_m)
    size = i_size + np.linalg.norm(scattered, axis=-1)
    assert np.all(np.abs(found.i - scattered - i) <= ROUND_OFF * size[:, None])
    assert np.all(np.abs(found.qdot - qdot) <= ROUND_OFF * q_size)


def test_flips_are_counted(rng):
    """n'.i = - sum (a - b)/2 W M: the misprinted sign of the transverse term gives another answer."""
    state = states(rng, 200)
    m, mu_s, _, _, _ = state
    i, _, flips, size, _ = written_out(yig(), *state)
    assert np.all(np.abs(np.sum(unit(mu_s) * i, axis=-1) - flips) <= ROUND_OFF * size)
    misprint = 2 * np.sum(m * i, axis=-1)[:, None] * m - i
    assert np.median(np.abs(np.sum(unit(mu_s) * misprint, axis=-1) - flips) / size) > 1e-3


def test_transverse_magnons_add_to_the_mixing_conductance():
    """Beyond elastic scattering i_perp = + (g/2) mu_perp."""
    exchange, t = yig(elastic="none", g_i=0.0), 300.0
    found = currents(exchange, (0, 0, 1.0), (1e-28, 0, 0), 0.0, t, t)
    beyond = found.i[0] / 1e-28 - G_R / (4 * np.pi)
    assert beyond == pytest.approx(linear(exchange, t).g / 2, rel=1e-9)


def test_collinear(rng):
    """i.m = -4 M, qdot = -4 N at mu_ab = m.mu_s, of either sign."""
    mu_s = rng.normal(size=40) * 1e-23
    m = unit(rng.normal(size=(40, 3)))
    found, one = (
        currents(yig(), m, mu_s[:, None] * m, 0.3 * GAP, 20.0, 15.0),
        channels(yig(), mu_s, 0.3 * GAP, 20.0, 15.0),
    )
    np.testing.assert_allclose(np.sum(m * found.i, axis=-1), -4 * one.M, rtol=1e-10)
    np.testing.assert_allclose(found.qdot, -4 * one.N, rtol=1e-10)


def test_detailed_balance(rng):
    """No currents where N and F are in equilibrium with each other."""
    m = unit(rng.normal(size=(60, 3)))
    mu_m, t = GAP * rng.uniform(-5, 0.999, 60), 10 ** rng.uniform(-0.3, 2.5, 60)
    found = currents(yig(), m, mu_m[:, None] * m, mu_m, t, t)
    law = linear(yig(GAP), t)
    assert np.all(np.abs(np.sum(m * found.i, axis=-1)) < 1e-11 * law.g * np.abs(mu_m))
    assert np.all(np.abs(found.qdot) < 1e-11 * law.Pi * np.abs(mu_m))
    exact = channels(yig(), mu_m, mu_m, t, t)
    np.testing.assert_array_equal([exact.M, exact.N], 0.0)
    tilted = unit(m + 0.3 * unit(rng.normal(size=(60, 3))))
    oblique = currents(yig(), m, mu_m[:, None] * tilted, mu_m, t, t)
    assert np.all(np.abs(oblique.qdot) > 1e-6 * law.Pi * np.abs(mu_m))


def test_second_law(rng):
    exchange, state = yig(), states(rng, 300)
    m, mu_s, mu_m, T_m, T_e = state
    entropy, found = entropy_production(exchange, *state), currents(exchange, *state)
    assert np.all(entropy.channels >= 0)
    assert np.all(entropy.elastic >= 0)
    heat_n = np.sum(mu_s * found.i, axis=-1) / HBAR - found.qdot
    heat_f = found.qdot - mu_m * np.sum(m * found.i, axis=-1) / HBAR
    size = ROUND_OFF * (np.abs(heat_n) / T_e + np.abs(heat_f) / T_m)
    assert np.all(np.abs(heat_n / T_e + heat_f / T_m - entropy.total) <= size + 1e-10 * entropy.total)


def test_second_law_without_elastic_scattering(rng):
    """Magnons alone obey it; with the misprinted sign they would not."""
    state = states(rng, 300)
    m, mu_s, mu_m, T_m, T_e = state
    i, qdot, _, _, _ = written_out(yig(), *state)
    channel_sum = entropy_production(yig(), *state).channels.sum(axis=(-2, -1))

    def produced(i):
        heat_n, heat_f = np.sum(mu_s * i, axis=-1) / HBAR - qdot, qdot - mu_m * np.sum(m * i, axis=-1) / HBAR
        return heat_n / T_e + heat_f / T_m, np.abs(heat_n / T_e) + np.abs(heat_f / T_m)

    found, size = produced(i)
    assert np.all(np.abs(found - channel_sum) <= ROUND_OFF * size + 1e-10 * channel_sum)
    assert produced(2 * np.sum(m * i, axis=-1)[:, None] * m - i)[0].min() < 0


def stacked(exchange, m, mu_s, mu_m, T_m, T_e):
    found = currents(exchange, m, mu_s, mu_m, T_m, T_e)
    return np.concatenate([found.i, found.qdot[:, None]], axis=1)


def slope(f, step):
    """Central difference of fourth order."""
    return (8 * (f(step) - f(-step)) - f(2 * step) + f(-2 * step)) / (12 * step[:, None])


def far_states(rng, count):
    """States in which no difference of the reservoirs is small: differences of them are then good to 1e-9."""
    m, mu_s = (
        unit(rng.normal(size=(count, 3))),
        rng.normal(size=(count, 3)) * 10 ** rng.uniform(-24, -21, (count, 1)),
    )
    cold = 10 ** rng.uniform(-0.3, 2, count)
    return m, mu_s, 2e-22 * rng.uniform(-1, 0.9, count), cold * rng.uniform(1.3, 3, count), cold


def test_jacobian_against_differences(rng):
    exchange = yig(2e-22)
    state = far_states(rng, 60)
    m, mu_s, mu_m, T_m, T_e = state
    found = currents(exchange, *state)
    values = np.abs(stacked(exchange, *state))
    values[:, :3] = values[:, :3].max(axis=1)[:, None]
    drive, zero = 1e-3 * np.maximum(np.linalg.norm(mu_s, axis=1), K_B * T_e), np.zeros(60)
    steps = [(0, drive), (1, drive), (2, drive), (3, 1e-3 * (2e-22 - mu_m)), (4, 1e-3 * T_m), (5, 1e-3 * T_e)]
    for column, step in steps:
        size = np.where(
            column < 3, np.abs(found.jacobian[:, :, :3]).max(axis=2), np.abs(found.jacobian[:, :, column])
        )
        axis = np.eye(3)[column] if column < 3 else np.zeros(3)

        def moved(h, column=column, axis=axis):
            shifts = [h if column == k else zero for k in (3, 4, 5)]
            return stacked(
                exchange, m, mu_s + h[:, None] * axis, mu_m + shifts[0], T_m + shifts[1], T_e + shifts[2]
            )

        size[:, :3] = size[:, :3].max(axis=1)[:, None]
        error = np.abs(slope(moved, step) - found.jacobian[:, :, column])
        assert np.all(error <= STENCIL * size + ROUND_OFF * values / step[:, None]), column


def test_turning_of_the_order(rng):
    state = far_states(rng, 60)
    m, mu_s, *rest = state
    exchange = yig(2e-22)
    found = currents(exchange, *state)
    np.testing.assert_allclose(
        np.einsum("nij,nj->ni", found.turning, m) / np.abs(found.turning).max(), 0, atol=1e-14
    )
    for k in range(3):
        aside = np.cross(m, np.eye(3)[k])
        moved = slope(
            lambda h, aside=aside: stacked(exchange, m + h[:, None] * aside, mu_s, *rest), np.full(60, 1e-3)
        )
        expected = np.einsum("nij,nj->ni", found.turning, aside)
        size = np.abs(found.turning).max(axis=2)
        size[:, :3] = size[:, :3].max(axis=1)[:, None]
        # the derivative of qdot is checked on the scale of qdot itself, which its differences cancel from
        size[:, 3] += np.abs(found.qdot)
        assert np.all(np.abs(moved - expected) <= STENCIL * size)


def test_slopes_are_those_of_the_channels(rng):
    """By mu_m, T_m, T_e: sums over channels of their derivatives, at any state."""
    exchange, state = yig(elastic="none"), states(rng, 200)
    m, mu_s, mu_m, T_m, T_e = state
    found = currents(exchange, *state)
    size, direction = np.linalg.norm(mu_s, axis=-1), unit(mu_s)
    c = np.sum(m * direction, axis=-1)
    across = direction - c[:, None] * m
    expected, scale = np.zeros((200, 4, 3)), np.zeros((200, 4, 3))
    for a in SIGNS:
        for b in SIGNS:
            one = channels(exchange, (a - b) / 2 * size, mu_m, T_m, T_e)
            weight, aside = (1 + a * c) * (1 - b * c), a / 2 - b / 2 - a * b * c
            vector = -(weight[:, None] * m + aside[:, None] * across)
            parts = vector[:, :, None] * one.M_slopes[:, None, 1:], -weight[:, None] * one.N_slopes[:, 1:]
            expected[:, :3] += parts[0]
            expected[:, 3] += parts[1]
            scale[:, :3] += np.abs(one.M_slopes[:, None, 1:])
            scale[:, 3] += np.abs(one.N_slopes[:, 1:])
    assert np.all(np.abs(found.jacobian[:, :, 3:] - expected) <= 1e-9 * scale)


def test_small_spin_accumulation_has_no_direction(rng):
    """|mu_s| = 1e-40 J and 0: same currents and Jacobian; linear in between."""
    m = unit([0.3, -0.5, 0.8])
    zero = currents(yig(), m, np.zeros(3), 0.2 * GAP, 12.0, 9.0)
    tiny = currents(yig(), m, 1e-40 * unit(rng.normal(size=(5, 3))), 0.2 * GAP, 12.0, 9.0)
    for name in ("i", "qdot", "jacobian"):
        expected = np.broadcast_to(getattr(zero, name), getattr(tiny, name).shape)
        size = np.abs(expected).max(axis=-1, keepdims=True) if name != "qdot" else np.abs(expected)
        assert np.all(np.abs(getattr(tiny, name) - expected) <= ROUND_OFF * size)
    np.testing.assert_allclose(zero.turning[:3] @ m, 0, atol=1e-12 * np.abs(zero.turning).max())


def test_rotations(rng):
    m, mu_s, *rest = states(rng, 50)
    turn = Rotation.random(rng=rng).as_matrix()
    found, turned = currents(yig(), m, mu_s, *rest), currents(yig(), m @ turn.T, mu_s @ turn.T, *rest)
    size = np.linalg.norm(found.i, axis=-1)[:, None]
    assert np.all(np.abs(turned.i - found.i @ turn.T) <= 1e-9 * size)
    np.testing.assert_allclose(turned.qdot, found.qdot, rtol=1e-9)


@pytest.mark.parametrize("t_e", [0.05, 0.5, 5.0])
def test_nothing_breaks_at_the_gap(t_e):
    """mu_ab = gap, mu_m = 0.999999 gap, T' = 0.05 K: finite, and the same on either side of mu_ab = gap."""
    m, direction = unit([0.1, 0.2, 0.9]), unit([0.5, -0.2, 0.7])
    u = GAP * np.array([1 - 1e-9, 1.0, 1 + 1e-9])
    found = currents(yig(), m, u[:, None] * direction, 0.999999 * GAP, 4.0, t_e)
    for name in ("i", "qdot", "jacobian", "turning"):
        values = getattr(found, name)
        assert np.all(np.isfinite(values))
        # neighbours differ by 1e-9 of a derivative
        assert np.all(np.abs(values[[0, 2]] - values[1]) <= 1e-6 * np.abs(values[1]).max())


def test_newton_converges_quadratically_through_the_gap():
    """mu_s that carries a given i along m, from mu_s = 0 to three times the gap at 0.2 K."""
    exchange, m = yig(), np.array([0.0, 0.6, 0.8])
    goal = currents(exchange, m, 3 * GAP * unit([0.2, 0.5, 0.9]), 0.5 * GAP, 0.3, 0.2).i
    mu_s, misses = np.zeros(3), []
    for _ in range(12):
        found = currents(exchange, m, mu_s, 0.5 * GAP, 0.3, 0.2)
        misses.append(abs(m @ (found.i - goal)) / abs(m @ goal))
        mu_s = mu_s - np.linalg.solve(found.jacobian[:3, :3], found.i - goal)
    misses = np.array(misses)
    # i along m is 1e-6 of the elastic i across it, whose rounding ends the convergence
    last = np.flatnonzero(misses < 1e-8)[0]
    assert last <= 5
    assert np.all(misses[2 : last + 1] < misses[1:last] ** 2)


def test_cold_limit():
    """T, T' -> 0: nothing but elastic torque below the gap; above it emission ~ (m.mu_s - gap)^{5/2}, along -m."""
    m = np.array([0.0, 0.0, 1.0])
    below = currents(yig(), m, (0.4 * GAP, 0, 0.5 * GAP), 0.0, 1e-4, 1e-4)
    np.testing.assert_allclose(below.i[:2], np.array([G_R, G_I]) * 0.4 * GAP / (4 * np.pi), rtol=1e-12)
    assert abs(below.i[2]) < 1e-100 * below.i[0]
    above = currents(yig(), m, (0, 0, 6 * GAP), 0.0, 1e-4, 1e-4)
    emitted = G_R / (np.pi * S) * 4 / 15 * (5 * GAP) ** 2.5 / (4 * np.pi**2 * A**1.5)
    assert above.i[2] == pytest.approx(emitted, rel=1e-5)


def test_any_density_of_states(rng):
    """The parabolic spectrum by quadrature."""
    general = MagnonExchange(G_R, S, Shaped(GAP, lambda e: np.sqrt(e) / (4 * np.pi**2 * A**1.5)), g_i=G_I)
    state = states(rng, 12)
    found, expected = currents(general, *state), currents(yig(), *state)
    for name in ("i", "qdot", "jacobian", "turning"):
        a, b = getattr(found, name), getattr(expected, name)
        axes = tuple(range(1, b.ndim))
        assert np.all(
            np.abs(a - b) <= 1e-8 * np.abs(b).max(axis=axes[-1:], keepdims=True)
            if axes
            else np.abs(a / b - 1) < 1e-8
        )
    entropy = entropy_production(general, *state)
    np.testing.assert_allclose(entropy.total, entropy_production(yig(), *state).total, rtol=1e-9)


def test_parameters_and_states_broadcast():
    exchange = MagnonExchange(np.array([[1e18], [3e18]]), S, Parabolic(A, np.array([[1.0], [2.0]]) * GAP))
    found = currents(exchange, (0, 0, 1.0), (1e-25, 0, 2e-25), 0.0, np.array([3.0, 5.0, 8.0]), 4.0)
    assert found.i.shape == (2, 3, 3)
    assert found.jacobian.shape == (2, 3, 4, 6)
    one = currents(MagnonExchange(3e18, S, Parabolic(A, 2 * GAP)), (0, 0, 1.0), (1e-25, 0, 2e-25), 0.0, 8.0, 4.0)
    np.testing.assert_allclose(found.i[1, 2], one.i, rtol=1e-14)
    assert entropy_production(exchange, (0, 0, 1.0), (1e-25, 0, 0), 0.0, 3.0, 4.0).total.shape == (2, 1)


def test_refused():
    m, mu_s = (0, 0, 1.0), (0, 0, 1e-25)
    with pytest.raises(CondensationError, match=r"magnon potential must be below the gap 1\.85e-24 J"):
        currents(yig(), m, mu_s, [0.0, GAP], 4.0, 4.0)
    with pytest.raises(InputError, match="magnon temperature must be finite and > 0 K"):
        currents(yig(), m, mu_s, 0.0, -1.0, 4.0)
    with pytest.raises(InputError, match="electron temperature must be finite and > 0 K"):
        currents(yig(), m, mu_s, 0.0, 4.0, 0.0)
    with pytest.raises(InputError, match=r"density of magnons must be at most 0\.5 of the spin density"):
        currents(MagnonExchange(G_R, S / 10, Parabolic(A, GAP)), m, mu_s, 0.0, 350.0, 350.0)
    with pytest.raises(InputError, match="g_r must be positive"):
        MagnonExchange(-G_R, S, Parabolic(A, GAP))
    with pytest.raises(InputError, match="spin_density must be positive"):
        MagnonExchange(G_R, 0.0, Parabolic(A, GAP))
    with pytest.raises(InputError, match="h_pp must be 0 or positive"):
        yig(h_pp=-1.0)
    with pytest.raises(InputError, match="g_i must be finite"):
        yig(g_i=np.inf)
    with pytest.raises(InputError, match='did you mean "local"'):
        yig(elastic="locl")


def test_doubts():
    m = (0, 0, 1.0)
    assert warn_if_doubtful(yig(), m, (0, 0, 0.9 * GAP), 0.0, 300.0) == ()
    with pytest.warns(MagnonWarning, match="electrons amplify magnons"):
        warn_if_doubtful(yig(), m, (0, 0, 1.1 * GAP), 0.0, 300.0, damping_ratio=0.5)
    with pytest.warns(MagnonWarning, match="threshold of auto-oscillation, gap x 1.5"):
        warn_if_doubtful(yig(), m, (0, 0, 1.6 * GAP), 0.0, 300.0, damping_ratio=0.5)
    with pytest.warns(MagnonWarning, match="magnons per spin"):
        warn_if_doubtful(MagnonExchange(G_R, S / 3, Parabolic(A, GAP)), m, (0, 0, 0), 0.0, 300.0)
