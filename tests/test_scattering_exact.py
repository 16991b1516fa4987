"""The law to first order in h_R against the exact matching of 2x2 waves, and what holds at any h_R.

first order                      <-> exact, error ~ h_R^2: drives, share of the interface, flips, in-plane currents, AMR
S^dagger S                       <-> 1, with evanescent bands
J(+0) from waves in F            <-> J(-0) + lattice - interface magnet: (1) = (2) + (3) + (4)
field -> current at the face     <-> bias -> current in the plane, m -> -m (Onsager)
equal biases                     <-> nothing flows
turned m and E                   <-> turned response; m -> -m: damping-like even, field-like odd
flips                            <-> (1 + (m.n)^2)/2
insulating magnet                <-> no AMR;   empty minority band: isotropic part = -2 x anisotropic part
|r| = 1                          <-> Drude
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.constants import e as charge
from scipy.constants import hbar, m_e

from hanle.boundary.scattering.compute import all_orders, first_order
from hanle.boundary.scattering.in_plane import Bias, currents, in_plane, resistance
from hanle.boundary.scattering.landauer import QUANTUM, sharvin
from hanle.boundary.scattering.matching import match, spin_matrices
from hanle.boundary.scattering.model import Interface
from hanle.boundary.scattering.quadrature import QuadratureError, Transverse, mode_sum
from hanle.boundary.scattering.response import biased, driven, probabilities
from hanle.boundary.scattering.torque import drives, interface_share
from hanle.pde.errors import UnsupportedError

EV = charge
TIMES = {"tau_N": 1.1e-14, "tau_up": 2.3e-14, "tau_dn": 0.7e-14}
KINDS = {
    "step": Interface(E_F=5 * EV, J=1.2 * EV, h_R=0.05, **TIMES),
    "potential": Interface(E_F=5 * EV, u0=4e9, um=-1.5e9, h_R=-0.04, **TIMES),
    "everything": Interface(E_F=5 * EV, J=0.9 * EV, U_N=0.6 * EV, u0=3e9, um=-1.2e9, h_R=0.05, **TIMES),
    "half-metal": Interface(E_F=1 * EV, J=1.6 * EV, u0=1e9, h_R=0.05, **TIMES),
    "insulating magnet": Interface(E_F=2 * EV, J=1.1 * EV, U_F=5 * EV, u0=1e9, um=4e8, h_R=0.05, **TIMES),
    "insulating normal": Interface(E_F=2.5 * EV, J=1 * EV, U_N=4 * EV, u0=1e9, um=5e8, h_R=0.05, **TIMES),
}
METALS = ("step", "potential", "everything", "half-metal")
Z = np.array([0.0, 0.0, 1.0])
TILTED = np.array([0.48, -0.6, 0.64])
#: Sums over modes, relative to the largest of them; asked for are 1e-11.
QUADRATURE = 1e-10
#: Algebra in double precision.
ROUNDING = 1e-10
#: As large as it may be before it binds electrons to the interfaces above.
STRONG = 0.15
#: An error ~ h^2 falls by 4 when h is halved; the next order, h^2, is 1e-3 at h = 0.02.
QUARTER, NEXT_ORDER = 0.25, 0.02


@pytest.fixture(params=KINDS, ids=[name.replace(" ", "-") for name in KINDS])
def interface(request):
    return KINDS[request.param]


def points(interface, count=40):
    """Points in all intervals, down to 1e-8 of them from the edges."""
    limits = np.unique(np.concatenate([[0.0], interface.edges[interface.edges > 0]]))
    phi = np.concatenate([np.geomspace(1e-4, 1, count), np.pi - np.geomspace(1e-4, 1, count)])
    low, high = (np.repeat(v, phi.size) for v in (limits[:-1], limits[1:]))
    phi = np.tile(phi, limits.size - 1)
    return Transverse(low, high, (high - low) * np.sin(phi / 2) ** 2, (high - low) * np.cos(phi / 2) ** 2)


def mean(interface, rows):
    """Sum over modes of rows(matching, k) (rows, points, angles), 32 angles, m given with the interface."""
    angles = 2 * np.pi * (np.arange(32) + 0.5) / 32

    def density(at, m):
        k = np.sqrt(at.k_perp2)[:, None, None] * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        return rows(match(interface, at, angles, m), k, at).mean(axis=-1)

    return lambda m: mode_sum(interface.edges, lambda at: density(at, m), 1e-10, floor=1.0).value


def law(interface, m):
    """Driven response of the first order: J(-0) with j in front and lattice, (3, 4, 2) and (3, 3, 2)."""
    below, lattice = np.zeros((3, 4, 2)), np.zeros((3, 3, 2))
    for p, d in enumerate(drives(interface)):
        for i in (0, 1):
            y = np.cross(Z, np.eye(3)[i])
            turned, along = np.cross(m, y), m @ y
            below[p, 0, i] = d.delta * along
            below[p, 1:, i] = d.a * (y - m * along) + d.b * turned + d.gamma * m * along
            lattice[p, :, i] = d.b_lat * turned
    return below, lattice


@pytest.mark.parametrize("h", [0.02, 0.1, 0.4])
def test_unitarity_at_any_coupling(interface, h):
    found = match(replace(interface, h_R=h), points(interface), np.linspace(0.1, 6.2, 9), TILTED)
    assert found.flux_defect() < ROUNDING


def test_error_of_the_first_order_falls_as_h_squared(interface):
    defects = []
    for h in (0.04, 0.02):
        given = replace(interface, h_R=h)
        exact, (below, lattice) = driven(given, TILTED), law(given, TILTED)
        scale = max(np.abs(below).max(), np.abs(lattice).max())
        defects.append([np.abs(exact.below - below).max() / scale, np.abs(exact.lattice - lattice).max() / scale])
    coarse, fine = np.array(defects)
    active = coarse > 1e-9
    assert active.any()
    assert fine.max() < 1e-2
    assert fine[active] / coarse[active] == pytest.approx(QUARTER, abs=NEXT_ORDER)


def test_coefficients_to_all_orders(interface):
    """Each entry separately, where it is not zero."""
    defects = []
    for h in (0.04, 0.02):
        given = replace(interface, h_R=h)
        one, other = first_order(given), all_orders(given)
        pairs = [(getattr(d, key), getattr(x, key)) for d, x in zip(one.drives, other.drives, strict=True)
                 for key in ("a", "b", "b_lat", "gamma", "delta")]  # fmt: skip
        pairs += [(getattr(one.loss, k), getattr(other.loss, k)) for k in vars(one.loss)]
        pairs += [(one.g_mix.real, other.g_mix.real), (one.g_mix.imag, other.g_mix.imag)]
        assert (one.g_up, one.g_dn) == (other.g_up, other.g_dn)
        scale = max(abs(v) for v, _ in pairs[:15])
        defects.append([abs(x / d - 1) if abs(d) > 1e-9 * scale else 0.0 for d, x in pairs])
    coarse, fine = np.array(defects)
    active = coarse > 1e-6
    assert np.count_nonzero(active) >= 1
    assert fine.max() < 0.02
    assert fine[active] / coarse[active] == pytest.approx(QUARTER, abs=NEXT_ORDER)


@pytest.mark.parametrize("name", ["potential", "everything", "insulating magnet", "insulating normal"])
def test_share_of_the_interface_magnet(name):
    defects = []
    for h in (0.04, 0.02):
        given = replace(KINDS[name], h_R=h)
        a, b = interface_share(given)
        exact = driven(given, Z).interface
        found = np.stack([exact[:, 1, 0] - a, -exact[:, 0, 0] - b])
        defects.append(np.abs(found).max() / np.abs([a, b]).max())
    assert defects[1] < 1e-2
    assert defects[1] / defects[0] == pytest.approx(QUARTER, abs=NEXT_ORDER)


def test_angular_momentum_is_balanced(interface):
    """J(+0) from plane waves in F alone, not from the jump of the slope."""
    given = replace(interface, h_R=STRONG)
    spins = spin_matrices(TILTED)

    def rows(found, k, at):
        _, up, dn = given.waves(at)
        wave = np.stack([dn, up], axis=-1)[:, None, :, None]
        root = np.sqrt(np.abs(wave))
        incoming = np.eye(2) * found.in_F[..., None, :]
        slopes = (1j * wave * found.psi_N, 1j * wave * (found.psi_F - 2 * incoming / root))
        flows = []
        for psi, slope in zip((found.psi_N, found.psi_F), slopes, strict=True):
            flow = np.einsum("aji,...ik,...jk->a...k", spins, slope, psi.conj()).imag
            flows.append([flow.sum(axis=-1)] if psi is found.psi_N else [flow[..., 1], flow[..., 0]])
        whole = np.stack(flows[0] + flows[1])
        return np.stack([whole * k[..., i] for i in (0, 1)], axis=2).reshape(18, *k.shape[:-1])

    times = np.array([given.tau_N, given.tau_up, given.tau_dn])[:, None, None]
    above = QUANTUM * hbar / m_e * times * mean(given, rows)(TILTED).reshape(3, 3, 2)
    found = driven(given, TILTED)
    balance = found.below[:, 1:] + found.lattice - found.interface
    scale = max(np.abs(found.below).max(), np.abs(found.lattice).max())
    assert np.abs(above - balance).max() < QUADRATURE * scale
    assert np.abs(above - found.above[:, 1:]).max() < QUADRATURE * scale
    # The magnetisation takes nothing along itself, and no charge stays.
    assert np.abs(np.einsum("a,pai->pi", TILTED, found.interface)).max() < QUADRATURE * scale
    assert np.abs(found.above[:, 0] - found.below[:, 0]).max() < QUADRATURE * scale


def test_lattice_transfer_is_field_like_to_first_order():
    """Longitudinal spin and the damping-like part pass the interface up to h_R^3."""
    parts = []
    for h in (0.04, 0.02):
        found = driven(replace(KINDS["everything"], h_R=h), TILTED)
        y = np.stack([np.cross(Z, e) for e in np.eye(3)[:2]], axis=-1)
        across = y - np.outer(TILTED, TILTED @ y)
        along = np.einsum("a,pai->pi", TILTED, found.lattice)
        parts.append([np.abs(along).max(), np.abs((found.lattice * across).sum(axis=1)).max()])
    assert np.array(parts[1]) / np.array(parts[0]) == pytest.approx(1 / 8, abs=0.02)


def test_onsager_pairs(interface):
    """Field through population p -> current at -0, and bias -> sheet current of p."""
    given = replace(interface, h_R=STRONG)
    field, bias = driven(given, TILTED), biased(given, -TILTED)
    # An insulating side has nothing but rounding to compare.
    scale = np.abs(field.lattice).max()
    assert np.abs(np.moveaxis(bias.sheet[:, :, 1:4], 1, 2) - field.below[:, 1:]).max() < QUADRATURE * scale
    assert np.abs(bias.sheet[:, :, 0] + field.below[:, 0]).max() < QUADRATURE * scale
    # The current into F, by charge conservation, is the partner of u_F too.
    assert np.abs(bias.sheet[:, :, 4] - field.below[:, 0]).max() < QUADRATURE * scale


@pytest.mark.parametrize("name", METALS)
def test_sheet_currents_of_the_law(name):
    """K_p = V_p x n, V_p = a w_perp + b m x w - m (gamma (w_F - m.w) + delta (u_F - u_N)), error ~ h_R^2."""
    defects = []
    for h in (0.04, 0.02):
        given = replace(KINDS[name], h_R=h)
        exact, found = biased(given, TILTED).sheet, np.zeros((3, 2, 6))
        for p, d in enumerate(drives(given)):
            for c in range(6):
                u_n, w_n, u_f, w_f = float(c == 0), np.eye(6)[c, 1:4], float(c == 4), float(c == 5)
                along = TILTED @ w_n
                v = d.a * (w_n - TILTED * along) + d.b * np.cross(TILTED, w_n)
                v = v - TILTED * (d.gamma * (w_f - along) + d.delta * (u_f - u_n))
                found[p, :, c] = np.cross(v, Z)[:2]
        defects.append(np.abs(exact - found).max() / np.abs(found).max())
    assert defects[1] < 1e-2
    assert defects[1] / defects[0] == pytest.approx(QUARTER, abs=NEXT_ORDER)


def test_equilibrium(interface):
    """Equal biases: no current in N, no sheet current, and in F only the torque of an interfacial anisotropy."""
    given = replace(interface, h_R=STRONG)
    found = biased(given, TILTED)
    below, above, sheet = (flow[..., 0] + flow[..., 4] for flow in (found.below, found.above, found.sheet))
    scale = max(sharvin(given))
    assert np.abs(below).max() < QUADRATURE * scale
    assert np.abs(sheet).max() < QUADRATURE * np.abs(driven(given, TILTED).lattice).max()
    across = np.cross(Z, TILTED)
    assert np.abs(above[0]) < QUADRATURE * scale
    assert np.abs(np.cross(above[1:], across)).max() < QUADRATURE * scale


def test_circuit_without_coupling(interface):
    """(B1), (B2) at h_R = 0, and the change of the conductances, which has no linear part."""
    bare = replace(interface, h_R=0.0)
    law_now = first_order(bare)
    found = biased(bare, TILTED).below
    up, dn = law_now.g_up, law_now.g_dn
    along, across = np.outer(TILTED, TILTED), np.eye(3) - np.outer(TILTED, TILTED)
    cross = np.cross(np.eye(3), TILTED).T  # m x
    expected = np.zeros((4, 6))
    expected[0] = [-(up + dn), *((up - dn) * TILTED), up + dn, -(up - dn)]
    expected[1:, 0], expected[1:, 4], expected[1:, 5] = (s * TILTED for s in (up - dn, -(up - dn), up + dn))
    mixing = complex(law_now.g_mix)
    expected[1:, 1:4] = -(up + dn) * along - 2 * mixing.real * across - 2 * mixing.imag * -cross
    assert np.abs(found - expected).max() < QUADRATURE * max(sharvin(bare))


def test_flips_follow_the_direction_of_m():
    given = replace(KINDS["everything"], h_R=0.01)
    upright, tilted, flat = (probabilities(given, m) for m in (Z, TILTED, np.array([1.0, 0, 0])))
    share = (1 + TILTED[2] ** 2) / 2
    for key in ("reflected", "passed", "reflected_back", "passed_back"):
        whole = getattr(upright, key)[0, 1]
        assert getattr(tilted, key)[0, 1] == pytest.approx(share * whole, rel=1e-3)
        assert getattr(flat, key)[0, 1] == pytest.approx(whole / 2, rel=1e-3)


def test_response_turns_with_the_magnetisation():
    given = replace(KINDS["everything"], h_R=STRONG)
    turn = np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1.0]])
    one, other = driven(given, TILTED).below, driven(given, turn @ TILTED).below
    expected = np.einsum("ab,pbj,ij->pai", turn, one[:, 1:], turn[:2, :2])
    assert np.abs(other[:, 1:] - expected).max() < QUADRATURE * np.abs(one).max()


def test_damping_like_is_even_and_field_like_odd():
    given = KINDS["everything"]
    one, other = driven(given, Z).below, driven(given, -Z).below
    scale = np.abs(one).max()
    assert np.abs(one[:, 2, 0] - other[:, 2, 0]).max() < QUADRATURE * scale
    assert np.abs(one[:, 1, 0] + other[:, 1, 0]).max() < QUADRATURE * scale


@pytest.mark.parametrize("name", ["potential", "everything", "half-metal"])
def test_in_plane_currents(name):
    """Against (k_e/k_z) Tr[sigma (B + r B r^dagger + t' B t'^dagger)] of the exact waves."""
    along = np.array([0.8, 0.6, 0.0])
    bias = Bias(0.3, np.array([0.2, -0.5, 0.4]), -0.2, 0.35)
    spins = np.concatenate([np.eye(2)[None], spin_matrices(TILTED)])
    normal = 0.3 * np.eye(2) + np.einsum("a,aij->ij", bias.w_N, spins[1:])
    magnet = np.diag([bias.u_F + bias.w_F, bias.u_F - bias.w_F])
    defects = []
    for h in (0.04, 0.02):
        given = replace(KINDS[name], h_R=h)

        def rows(found, k, at, given=given):
            k_z = given.waves(at)[0]
            weight = np.where(k_z.imag == 0, 1 / np.abs(k_z), 0.0)[:, None] * (k @ along[:2])
            flow = found.r @ normal @ np.conj(np.swapaxes(found.r, -1, -2))
            flow = flow + found.t_back @ magnet @ np.conj(np.swapaxes(found.t_back, -1, -2))
            return weight * np.einsum("aji,...ij->a...", spins, flow).real

        exact = -QUANTUM * mean(given, rows)(TILTED)
        charge_now, spin = currents(in_plane(given), bias, TILTED, along, Z)
        defects.append(np.abs(exact - [charge_now, *spin]).max() / np.abs(exact).max())
    assert defects[1] < 1e-2
    assert defects[1] / defects[0] == pytest.approx(QUARTER, abs=NEXT_ORDER)


@pytest.mark.parametrize("name", ["step", "potential", "everything", "insulating magnet"])
def test_resistance_along_the_interface(name):
    """Density of the reflected electrons; m along x, y and tilted; the h_R^2 part, with an error ~ h_R^2."""
    for m in (np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), TILTED):
        defects = []
        for h in (0.04, 0.02):
            given = replace(KINDS[name], h_R=h)

            def rows(found, k, at, given=given):
                k_z = given.waves(at)[0]
                weight = np.where(k_z.imag == 0, 1 / np.abs(k_z), 0.0)[:, None] * k[..., 0] ** 2
                bare = given.amplitudes(at)
                without = (np.abs(bare.r_up) ** 2 + np.abs(bare.r_dn) ** 2)[:, None]
                changed = weight * ((np.abs(found.r) ** 2).sum(axis=(-1, -2)) - without)
                return np.stack([changed, 1e-4 * weight * without])

            exact = QUANTUM * hbar * given.tau_N / m_e * mean(given, rows)(m)[0]
            found = resistance(given)
            law_now = found.isotropic + found.anisotropic * (m[0] ** 2 + 3 * m[1] ** 2)
            defects.append(abs(exact - law_now) / h**2 / found.conventional)
        assert defects[1] < 1e-3
        assert defects[1] < 0.3 * defects[0] or defects[0] < 1e-9


def test_anisotropic_magnetoresistance_in_limits():
    magnet = resistance(KINDS["insulating magnet"])
    assert abs(magnet.anisotropic) < 1e-10 * magnet.conventional
    assert abs(magnet.isotropic) < 1e-10 * magnet.conventional
    given = KINDS["insulating magnet"]
    density = given.edges[0] ** 1.5 / (3 * np.pi**2)
    drude = density * charge**2 * given.tau_N / m_e
    assert magnet.conventional == pytest.approx(drude, rel=QUADRATURE)
    half = resistance(replace(KINDS["half-metal"], u0=0.0))
    assert half.isotropic == pytest.approx(-2 * half.anisotropic, rel=1e-9)
    # Real reflection amplitudes: the summand is positive, (A22)
    assert half.anisotropic > 0


def test_bound_states_of_the_coupling_are_refused():
    with pytest.raises(UnsupportedError, match="bound states of h_R"):
        all_orders(Interface(E_F=5 * EV, h_R=0.05, **TIMES))


def test_too_few_angles_are_named():
    """Without a barrier D vanishes at an edge and an angle; asked for by accepting the bound states of h_R."""
    given = Interface(E_F=5 * EV, J=0.2 * EV, h_R=0.4, **TIMES)
    with pytest.raises(QuadratureError, match="give a larger rtol"):
        driven(given, TILTED)
    assert driven(given, TILTED, rtol=1e-3).below.any()


def test_error_sizes_that_the_refusal_quotes():
    """Errors of a, b, b_lat relative to the largest of a population."""
    for h, size in ((0.05, 0.01), (0.1, 0.03), (0.2, 0.1)):
        for name in METALS:
            given = replace(KINDS[name], h_R=h)
            one, other = first_order(given, loss=False), all_orders(given, loss=False)
            for d, x in zip(one.drives, other.drives, strict=True):
                pairs = [(v, getattr(x, key)) for key, v in (("a", d.a), ("b", d.b), ("b_lat", d.b_lat))]
                scale = max(abs(v) for v, _ in pairs)
                assert all(abs(v - w) <= size * scale for v, w in pairs)
