"""Anisotropic exchange: tensor of relaxation rates, and densities of states that differ between the spins.

golden rule over levels, any quantisation axis   <-> sum k_i (1 - u_i^2), S = 1/2..7/2
J_x = J_y = J_z                                  <-> hanle.materials.rates
rotated frame                                    <-> rotated tensor
corrected print, Eqs (70), (75)                  <-> the tensor
antiferromagnet                                  <-> twice one sublattice, without exchange field
"""

import numpy as np
import pytest
from scipy.constants import m_e

from hanle.materials.anisotropic import anisotropic_rates, coupling_tensor
from hanle.materials.brillouin import anisotropy_factor, flip_factor, mean_spin, mean_square
from hanle.materials.rates import rates
from hanle.materials.spin_bands import conversion_rate, free_electron_density, spin_per_charge
from hanle.materials.weiss import MomentState, antiferromagnet, ferromagnet, solve
from hanle.pde.constants import E_CHARGE, HBAR, MU_B
from hanle.pde.errors import InputError

NU, DENSITY, MEV = 2.1e46, 1.7e27, 1e-3 * E_CHARGE
J = np.array([1.3, -0.4, 2.1]) * MEV / DENSITY
#: Sums over up to eight levels; rotations.
ROUNDING = 1e-12
FRAME, _ = np.linalg.qr(np.random.default_rng(4).normal(size=(3, 3)))


def operators(spin):
    """S_x, S_y, S_z (3, 2S+1, 2S+1) and energies rising along z."""
    k = np.arange(-spin, spin + 0.25)
    up = np.diag(np.sqrt(spin * (spin + 1) - k[:-1] * (k[:-1] + 1)), -1).astype(complex)
    return np.stack([0.5 * (up + up.T), -0.5j * (up - up.T), np.diag(k).astype(complex)]), k


def golden_rule(x, spin, coupling, u):
    """1/tau of an electron quantised along u, H = -sum J_i S_i s_i, in units (pi/hbar) n nu: sum over all levels.

    Both flips of the electron, rates (2 pi/hbar) n nu |<f|V|i>|^2 times the integral of f(E)[1 - f(E - cost)]/kT.
    """
    moments, k = operators(spin)
    pauli = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
    _, states = np.linalg.eigh(np.einsum("a,aij->ij", u, pauli))
    sigma = np.einsum("ki,aij,jl->akl", states.conj().T, pauli / 2, states)
    weight = np.exp(-x * (k - k.min() if x > 0 else k - k.max()))
    weight /= weight.sum()
    cost = x * (k[:, None] - k[None, :])
    bands = np.where(cost == 0, 1.0, cost / np.expm1(np.where(cost == 0, 1.0, cost)))
    total = 0.0
    for b, a in ((0, 1), (1, 0)):
        matrix = np.einsum("i,imn->mn", coupling * sigma[:, b, a], moments)
        total += np.sum(np.abs(matrix) ** 2 * bands * weight[None, :])
    return 2 * total


def state_at(x, spin):
    """A moment with level spacing x kT and nothing else."""
    t = np.array([x])
    return MomentState(
        -mean_spin(t, spin), t, flip_factor(t, spin), mean_square(t, spin), anisotropy_factor(t, spin)
    )


@pytest.mark.parametrize("spin", [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5])
@pytest.mark.parametrize("x", [0.01, 0.8, -2.5, 12.0, 60.0])
def test_tensor_equals_the_golden_rule_for_any_axis(spin, x, rng):
    """Would catch the J_x J_x + J_y J_y of the print, a lost nu, exchanged k_x and k_y."""
    found = anisotropic_rates(state_at(x, spin), [DENSITY], [coupling_tensor(J)], NU, [0, 0, 1.0])
    unit_rate = np.pi / HBAR * DENSITY * NU
    for u in [*np.eye(3), *rng.normal(size=(5, 3))]:
        axis = u / np.linalg.norm(u)
        assert found.along(axis) == pytest.approx(unit_rate * golden_rule(x, spin, J, axis), rel=ROUNDING)
    assert found.par == pytest.approx(unit_rate * golden_rule(x, spin, J, [0, 0, 1.0]), rel=ROUNDING)


@pytest.mark.parametrize("x", [0.3, 4.0])
def test_corrected_print(x):
    """Zhang et al., 2025, Eqs (70) with (J_x + J_y)^2 and (75) with nu, in their own pieces."""
    spin, phi = 2.0, 0.6
    state = state_at(x, spin)
    along, square = state.S_par[0], state.q[0]
    minus_plus, plus_minus = spin * (spin + 1) - square - along, spin * (spin + 1) - square + along
    emit, absorb = x / np.expm1(x) * minus_plus, x * (1 + 1 / np.expm1(x)) * plus_minus
    quarter = np.pi / (4 * HBAR) * DENSITY * NU
    par = quarter * ((J[0] + J[1]) ** 2 * emit + (J[0] - J[1]) ** 2 * absorb)
    mixed = (np.sin(phi) * J[0]) ** 2 + (np.cos(phi) * J[1]) ** 2
    perp = quarter * mixed * (emit + absorb) + 4 * quarter * J[2] ** 2 * square
    found = anisotropic_rates(state, [DENSITY], [coupling_tensor(J)], NU, [0, 0, 1.0])
    assert found.par == pytest.approx(par, rel=ROUNDING)
    assert found.along([np.cos(phi), np.sin(phi), 0]) == pytest.approx(perp, rel=ROUNDING)


def test_equal_couplings_are_the_isotropic_rates(rng):
    """Any axis, two sublattices, a grid of fields and temperatures."""
    moments = antiferromagnet(2.5, 80.0)
    b, t = np.meshgrid([0.5, 3.0], [10.0, 70.0, 200.0], indexing="ij")
    state = solve(moments, b, t)
    densities, couplings = [DENSITY, 0.3 * DENSITY], J[:2]
    m = rng.normal(size=3)
    m /= np.linalg.norm(m)
    plain = rates(state, densities, couplings, NU)
    found = anisotropic_rates(state, densities, couplings[:, None, None] * np.eye(3), NU, m)
    expected = plain.perp[..., None, None] * (np.eye(3) - np.outer(m, m)) + plain.par[..., None, None] * np.outer(
        m, m
    )
    np.testing.assert_allclose(found.gamma, expected, rtol=0, atol=ROUNDING * plain.perp.max())
    np.testing.assert_allclose(found.par, plain.par, rtol=ROUNDING)
    np.testing.assert_allclose(found.exchange, plain.exchange, rtol=ROUNDING)


def test_rotated_frame_rotates_the_tensor():
    """Moments along each principal axis in turn; exchange from the coupling along them, with the sign of m."""
    state = solve(ferromagnet(2.0, 100.0), 0.0, 60.0)
    tensor = coupling_tensor(J, FRAME)
    for k in range(3):
        order = [(k + 1) % 3, (k + 2) % 3, k]
        straight = anisotropic_rates(state, [DENSITY], [coupling_tensor(J[order])], NU, [0, 0, 1.0])
        for sign in (1, -1):
            turned = anisotropic_rates(state, [DENSITY], [tensor], NU, sign * FRAME[k])
            frame = FRAME[order]
            expected = frame.T @ straight.gamma @ frame
            np.testing.assert_allclose(turned.gamma, expected, atol=ROUNDING * np.abs(expected).max())
            assert turned.exchange == pytest.approx(float(straight.exchange), rel=ROUNDING)
            assert straight.exchange == pytest.approx(DENSITY * J[k] * state.S_par[0], rel=ROUNDING)


def test_complete_positivity(rng):
    """Each rate is at most the sum of the others, for any couplings."""
    state = solve(ferromagnet(1.5, 50.0), 0.7, 20.0)
    for j in rng.normal(size=(30, 3)):
        found = anisotropic_rates(state, [DENSITY], [coupling_tensor(j * 1e-49)], NU, [0, 0, 1.0])
        a, b, c = np.diag(found.gamma)
        assert max(a, b, c) <= (a + b + c) / 2


def test_antiferromagnet_is_two_sublattices_without_exchange_field():
    state = solve(antiferromagnet(2.0, 100.0), 0.0, 40.0)
    alone = solve(ferromagnet(2.0, 100.0), 0.0, 40.0)
    tensor = coupling_tensor(J)
    two = anisotropic_rates(state, [DENSITY, DENSITY], [tensor, tensor], NU, [0, 0, 1.0])
    one = anisotropic_rates(alone, [DENSITY], [tensor], NU, [0, 0, 1.0])
    np.testing.assert_allclose(two.gamma, 2 * one.gamma, rtol=1e-10)
    assert abs(two.exchange) < ROUNDING * abs(one.exchange)


def test_an_empty_sublattice_changes_nothing():
    state = solve(ferromagnet(2.0, 100.0), 1.0, 40.0)
    double = MomentState(
        *(np.repeat(getattr(state, n), 2, axis=-1) for n in ("S_par", "x", "p", "q", "anisotropy"))
    )
    one = anisotropic_rates(state, [DENSITY], [coupling_tensor(J)], NU, [0, 0, 1.0])
    two = anisotropic_rates(double, [DENSITY, 0.0], [coupling_tensor(J)] * 2, NU, [0, 0, 1.0])
    np.testing.assert_array_equal(one.gamma, two.gamma)
    assert one.exchange == two.exchange


def test_axis_off_the_principal_axes_is_refused_by_name():
    state = solve(ferromagnet(2.0, 100.0), 0.0, 60.0)
    tensor = coupling_tensor(J)
    with pytest.raises(InputError, match=r"axis must be a principal axis of couplings\[0\].*0\.6"):
        anisotropic_rates(state, [DENSITY], [tensor], NU, [0.6, 0.0, 0.8])
    # uniaxial exchange has a whole plane of principal axes
    uniaxial = coupling_tensor([J[0], J[0], J[2]])
    anisotropic_rates(state, [DENSITY], [uniaxial], NU, [0.6, 0.8, 0.0])
    with pytest.raises(InputError, match="symmetric 3x3"):
        anisotropic_rates(state, [DENSITY], [tensor + np.triu(np.ones((3, 3)), 1) * 1e-50], NU, [0, 0, 1.0])
    with pytest.raises(InputError, match="orthonormal"):
        coupling_tensor(J, 2 * np.eye(3))


def test_charge_makes_spin_where_the_densities_of_states_differ():
    """d_t N_s = W (mu_other - mu_s) for N_s = nu_s mu_s, integrated to the end, whatever W."""
    up, dn = 3.1e46, 1.2e46
    rate = 4e12
    w = rate / (1 / up + 1 / dn)
    generator = w * np.array([[-1 / up, 1 / dn], [1 / up, -1 / dn]])
    values, vectors = np.linalg.eig(generator)
    end = vectors @ np.diag(np.where(np.isclose(values, 0, atol=1e-3 * rate), 1.0, 0.0)) @ np.linalg.inv(vectors)
    n_up, n_dn = end @ [1.0, 0.0]
    assert spin_per_charge(up, dn) == pytest.approx(n_up - n_dn, rel=ROUNDING)
    # Eq. (60) at N_par = 0: the conversion alone
    spin_rate = (generator @ [0.5, 0.5]) @ [1, -1]
    assert -conversion_rate(up, dn, rate) == pytest.approx(spin_rate, rel=ROUNDING)
    assert spin_per_charge(up, up) == 0
    with pytest.raises(InputError, match="nu_up, nu_dn"):
        spin_per_charge(-1.0, 1.0)


def test_numbers_of_the_figure():
    """1 eV and the free mass: nu = 2.126e46/(J m^3); n J = 1 meV and S = 2 make 17.28 T."""
    assert free_electron_density(E_CHARGE, m_e) == pytest.approx(2.126e46, rel=2e-4)
    state = solve(ferromagnet(2.0, 100.0), 0.0, 1.0)
    found = rates(state, [DENSITY], [MEV / DENSITY], NU)
    assert -found.exchange / (2 * MU_B) == pytest.approx(17.28, rel=3e-4)
