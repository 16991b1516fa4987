"""Thermoelectric law of ferromagnets: the matrix of fluxes by itself.

matrix at m                    <-> transposed at -m, odd for w (Onsager and Casimir), with all effects at once
dissipation                    >= 0 at the bound of kappa_e, negative beyond: refused there
no charge and spin current     <-> kappa_e; no charge current: E = S grad T + theta_A S m x grad T, for any m
two channels                   <-> sums over up and dn with S_up, S_dn
turned frame                   <-> turned law
effects left out               <-> numbers of 0
"""

import numpy as np
import pytest

from hanle.pde.coefficients import dense, without
from hanle.pde.coupling import combined
from hanle.pde.effects import ANOMALOUS_NERNST, SPIN_NERNST, THERMOELECTRIC
from hanle.pde.errors import InputError
from hanle.pde.ferromagnet import ferromagnet
from hanle.pde.heat import metal_heat, thermoelectric

T0, SIGMA, KE = 290.0, 4e6, 25.0
S, S_S, TURN, P, THETA, ALPHA, AMR = -2.1e-5, -3.9e-6, 0.17, 0.45, 0.12, -0.03, 0.3
SHARED = {"conductivity": SIGMA, "polarisation": P, "anomalous_hall_angle": ALPHA, "anisotropy": AMR}
THERMAL = {
    "temperature": T0,
    "seebeck": S,
    "spin_dependent_seebeck": S_S,
    "anomalous_nernst_angle": TURN,
    "electrons": KE,
}
#: u, w, T_e.
KEPT = slice(0, 5)
ROUND_OFF = 1e-12


def law(m, ke=KE, theta=0.0, shared=None, **changes):
    given = SHARED | {"spin_hall_angle": theta, "magnetisation": m} | (shared or {})
    thermal = THERMAL | given | {"electrons": ke} | changes
    return combined(
        ferromagnet("Co", diffusion_constant=1e-3, diffusion_length=3e-8, dephasing_length=1e-9, **given),
        metal_heat(temperature=T0, electrons=ke, lattice=5.0, coupling=1e18),
        thermoelectric(**thermal),
    )


def matrix(bulk):
    """(3 flow, 5 rows) x (3 gradient, 5 columns) as a square matrix."""
    n = bulk.fields.size
    tensor = dense(bulk.A, (3, 3), (n, n))[0, 0, 0][:, :, KEPT, KEPT]
    return np.transpose(tensor, (0, 2, 1, 3)).reshape(15, 15)


def random_m(rng):
    m = rng.normal(size=3)
    return m / np.linalg.norm(m)


def test_onsager(rng):
    m = random_m(rng)
    changes = {"theta": THETA, "spin_nernst_angle": 0.2}
    parity = np.tile([1, -1, -1, -1, 1], 3)
    turned = parity[:, None] * matrix(law(-m, **changes)).T * parity
    found = matrix(law(m, **changes))
    scale = np.sqrt(np.outer(np.diag(found), np.diag(found)))
    np.testing.assert_allclose(found / scale, turned / scale, atol=1e-15)


def bound(nernst=TURN, theta=0.0):
    across, n = (1 - 2 * theta**2) / (1 - AMR / 3), nernst * S
    return T0 * SIGMA * (across * n**2 + ALPHA * n * (ALPHA * n + P * (1 - P**2) * S_S) / (across - P**2))


@pytest.mark.parametrize("theta", [0.0, THETA])
def test_second_law(theta, rng):
    """The smallest eigenvalue vanishes where kappa_e is at its bound, and is positive above."""
    turn = 30.0
    m, least = random_m(rng), bound(turn, theta)
    for factor in (1 + 1e-13, 1.5):
        whole = matrix(
            law(m, least * factor, theta, anomalous_nernst_angle=turn, spin_nernst_angle=0.3 if theta else 0.0)
        )
        scale = 1 / np.sqrt(np.diag(whole))
        lowest = np.linalg.eigvalsh(scale[:, None] * (whole + whole.T) / 2 * scale)[0]
        if factor < 1.1:
            assert abs(lowest) < 1e-11
        else:
            assert lowest > 1e-2
    with pytest.raises(InputError, match=r"electron_heat_conductivity must be at least \d+(\.\d)? W"):
        law(m, least * (1 - 1e-9), theta, anomalous_nernst_angle=turn)


def test_measured_without_currents(rng):
    """No flow of charge and spin leaves kappa_e (alpha = 0); with w = 0 the field of an open circuit is S, theta_A."""
    m = random_m(rng)
    bulk = matrix(law(m))
    heat = [4, 9, 14]
    rest = [k for k in range(15) if k not in heat]
    plain = matrix(law(m, shared={"anomalous_hall_angle": 0.0}, anomalous_nernst_angle=0.0))
    left = plain[np.ix_(heat, heat)] - plain[np.ix_(heat, rest)] @ np.linalg.solve(
        plain[np.ix_(rest, rest)], plain[np.ix_(rest, heat)]
    )
    np.testing.assert_allclose(left, KE * T0 * np.eye(3), rtol=ROUND_OFF, atol=ROUND_OFF * KE * T0)
    charge = [0, 5, 10]
    slope = np.array([3e6, -1e7, 2e7]) / T0
    field = np.linalg.solve(bulk[np.ix_(charge, charge)], -bulk[np.ix_(charge, heat)] @ slope)
    expected = S * T0 * (slope + TURN * np.cross(m, slope))
    np.testing.assert_allclose(field, expected, rtol=1e-10)
    # The spin current that is left is that of S_s, and the heat that of kappa_e and S_s.
    state = np.zeros(15)
    state[charge], state[heat] = field, slope
    flux = (bulk @ state).reshape(3, 5)
    spin = SIGMA * (1 - P**2) * S_S / 2 * T0 * np.outer(slope, m)
    np.testing.assert_allclose(flux[:, 1:4], spin, rtol=1e-9, atol=1e-9 * np.abs(spin).max())
    assert flux[:, 0] @ flux[:, 0] < (1e-9 * SIGMA * abs(S) * T0) ** 2 * (slope @ slope)


def test_two_channels(rng):
    """Sums over spins: j_s = sigma_s (grad u_s - S_s grad T), q = T sum S_s j_s - kappa grad T."""
    m = random_m(rng)
    bulk = law(m, shared={"anomalous_hall_angle": 0.0, "anisotropy": 0.0}, anomalous_nernst_angle=0.0)
    slopes = rng.normal(size=(3, 6))
    flux = bulk.flux(np.zeros((1, 1, 1, 6)), slopes.reshape(1, 1, 1, 3, 6))[0, 0, 0]
    up, dn = SIGMA * (1 + P) / 2, SIGMA * (1 - P) / 2
    seebeck = {up: S + (1 - P) / 2 * S_S, dn: S - (1 + P) / 2 * S_S}
    u, w, heat = slopes[:, 0], slopes[:, 1:4] @ m, T0 * slopes[:, 4]
    # Majority spins along -m.
    currents = {up: up * (u - w - seebeck[up] * heat), dn: dn * (u + w - seebeck[dn] * heat)}
    np.testing.assert_allclose(flux[:, 0], currents[up] + currents[dn], rtol=1e-9)
    np.testing.assert_allclose(-(flux[:, 1:4] @ m), currents[up] - currents[dn], rtol=1e-9)
    carried = T0 * (seebeck[up] * currents[up] + seebeck[dn] * currents[dn])
    np.testing.assert_allclose(flux[:, 4], KE * heat - carried, rtol=1e-9)


def test_turned_frame(rng):
    m, turn = random_m(rng), np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turn *= np.linalg.det(turn)
    here, there = (matrix(law(v, theta=THETA, spin_nernst_angle=0.2)).reshape(3, 5, 3, 5) for v in (m, turn @ m))
    spins = np.eye(5)
    spins[1:4, 1:4] = turn
    expected = np.einsum("ai,rp,ipkq,ck,sq->arcs", turn, spins, here, turn, spins)
    np.testing.assert_allclose(there, expected, rtol=1e-9, atol=1e-9 * SIGMA * abs(S) * T0)


def test_effects_left_out(rng):
    """Without its tag, a number of 0."""
    m = random_m(rng)
    whole = law(m, spin_nernst_angle=0.2)
    for tags, zero in (
        ((ANOMALOUS_NERNST,), {"anomalous_nernst_angle": 0.0, "spin_nernst_angle": 0.2}),
        ((SPIN_NERNST,), {}),
        (
            (THERMOELECTRIC, SPIN_NERNST, ANOMALOUS_NERNST),
            {"seebeck": 0.0, "spin_dependent_seebeck": 0.0, "anomalous_nernst_angle": 0.0},
        ),
    ):
        found = matrix(whole.filtered(lambda c, tags=tags: without(c, tags)))
        expected = matrix(law(m, **zero))
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"polarisation": 0.97}, "polarisation must be such that P"),
        ({"anisotropy": 3.5}, "anisotropy must be between"),
        ({"magnetisation": None}, "magnetisation must be given"),
        ({"electrons": 0.0}, "electron_heat_conductivity must be at least"),
    ],
)
def test_refusals(changes, message):
    given = SHARED | THERMAL | {"magnetisation": (0, 0, 1)}
    with pytest.raises(InputError, match=message):
        thermoelectric(**given | changes)
