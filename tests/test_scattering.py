"""Scattering at an interface: the model, its sums over modes, and the law to first order. Pairs that must agree:

sums over modes                <-> 30 digits, from the printed formulas of the torque instead of ours
|r|^2 + |t'|^2                 <-> 1, also where bands are evanescent
Im, Re of T_R                  <-> Eq. (16), by unitarity; closed forms (21), (28), (29), (36)
equal relaxation times         <-> no spin current in N, no damping-like torque
u0 = um = 0                    <-> damping-like torque from evanescent minority waves only; gamma = delta = 0
insulating magnet / normal     <-> field-like only; (31), (32) change sign where the notes say
J, um -> -J, -um, up <-> dn    <-> I -> - I*; no magnetism: isotropic in m
J -> 0                         <-> 8/3 sqrt(J/E_F): not analytic
"""

from dataclasses import replace

import mpmath as mp
import numpy as np
import pytest
from scipy.constants import e as charge
from scipy.constants import hbar, m_e

from hanle.boundary.scattering.coefficients import Drive, MemoryLoss, RashbaCoefficients
from hanle.boundary.scattering.compute import first_order
from hanle.boundary.scattering.drift import without_sharvin
from hanle.boundary.scattering.landauer import circuit, memory_loss, sharvin
from hanle.boundary.scattering.model import Interface
from hanle.boundary.scattering.quadrature import QuadratureError, Transverse, mode_sum
from hanle.boundary.scattering.torque import drive_rows, drives, torque_integrals, torque_per_field
from hanle.boundary.scattering.validity import BOUND, bound_by_coupling, bound_states
from hanle.pde.closed_forms import rashba_torque
from hanle.pde.errors import InputError, UnsupportedError

EV = charge
TIMES = {"tau_N": 1.1e-14, "tau_up": 2.3e-14, "tau_dn": 0.7e-14}
#: All kinds of interface; times, potentials and bands are unequal.
KINDS = {
    "step": Interface(E_F=5 * EV, J=1.2 * EV, h_R=0.05, **TIMES),
    "potential": Interface(E_F=5 * EV, u0=4e9, um=-1.5e9, h_R=-0.04, **TIMES),
    "everything": Interface(E_F=5 * EV, J=0.9 * EV, U_N=0.6 * EV, u0=3e9, um=-1.2e9, h_R=0.05, **TIMES),
    "heavy": Interface(E_F=4 * EV, J=0.5 * EV, U_F=-2 * EV, u0=2e9, um=1e9, h_R=0.03, mass=1.7 * m_e, **TIMES),
    "half-metal": Interface(E_F=1 * EV, J=1.6 * EV, u0=1e9, h_R=0.05, **TIMES),
    "insulating magnet": Interface(E_F=2 * EV, J=1.1 * EV, U_F=5 * EV, u0=1e9, um=4e8, h_R=0.05, **TIMES),
    "insulating normal": Interface(E_F=2.5 * EV, J=1 * EV, U_N=4 * EV, u0=1e9, um=5e8, h_R=0.05, **TIMES),
    "one band": Interface(E_F=0.5 * EV, J=1 * EV, U_N=3 * EV, h_R=0.05, **TIMES),
}
#: Sums over modes, relative to sums of absolute values; asked for are 1e-11.
QUADRATURE = 1e-10
#: Algebra in double precision.
ROUNDING = 1e-12


@pytest.fixture(params=KINDS, ids=[name.replace(" ", "-") for name in KINDS])
def interface(request):
    return KINDS[request.param]


def spread(interface, count=200):
    """Points of all intervals between edges, down to 1e-12 of an interval from each edge."""
    limits = np.unique(np.concatenate([[0.0], interface.edges[interface.edges > 0]]))
    phi = np.concatenate([np.geomspace(1e-6, 1, count), np.pi - np.geomspace(1e-6, 1, count)])
    low, high = (np.repeat(v, phi.size) for v in (limits[:-1], limits[1:]))
    phi = np.tile(phi, limits.size - 1)
    return Transverse(low, high, (high - low) * np.sin(phi / 2) ** 2, (high - low) * np.cos(phi / 2) ** 2)


def printed(interface):
    """I_N, I_up, I_dn from Eq. (16), in 30 digits and without dimension."""
    with mp.workdps(30):
        ends = [mp.mpf(float(e)) / interface.k**2 for e in interface.edges]
        v = [mp.mpf(float(p)) / interface.k for p in interface.potentials]

        def waves(x):
            return [mp.sqrt(mp.mpc(e - x)) for e in ends]

        def integrand(x, part):
            kz, *bands = waves(x)
            d = [1j * (b + kz) - p for b, p in zip(bands, v, strict=True)]
            t = [4 * mp.re(b) * abs(kz) / abs(q) ** 2 for b, q in zip(bands, d, strict=True)]
            if mp.im(kz) == 0:
                r_u, r_d = (2j * kz / q - 1 for q in d)
                n = (1 - mp.conj(r_u) * r_d) * (r_u - mp.conj(r_d))
                return x / kz * {"N": n, "up": -r_d * t[0], "dn": mp.conj(r_u) * t[1]}[part]
            return x / abs(kz) * {"N": 0, "up": t[0], "dn": -t[1]}[part]

        limits = sorted({mp.mpf(0), *(e for e in ends if e > 0)})
        return {p: complex(mp.quad(lambda x, p=p: integrand(x, p), limits)) for p in ("N", "up", "dn")}


def test_torque_integrals_against_30_digits(interface):
    found, expected = torque_integrals(interface), printed(interface)
    size = max(abs(v) for v in expected.values())
    for part, value in expected.items():
        assert abs(getattr(found, part) - value) <= QUADRATURE * size


def test_flux_is_conserved(interface):
    assert interface.flux_defect(spread(interface)) < ROUNDING


def test_a_narrow_resonance_is_resolved():
    """A peak of width 1e-5; (1/4 pi) integral dx w/((x - a)^2 + w^2)."""
    a, w = 0.37, 1e-5

    def peak(at):
        return (w / ((at.k_perp2 - a) ** 2 + w**2))[None]

    found = mode_sum(np.array([1.0]), peak)
    exact = (np.arctan((1 - a) / w) + np.arctan(a / w)) / (4 * np.pi)
    assert found.value[0] == pytest.approx(exact, rel=1e-10)
    assert abs(found.value[0] - exact) < 10 * found.error[0] + 1e-12


def test_a_nearly_bound_state_is_resolved():
    """|v| < 1e-6 k: amplitudes change over 1e-6 of the Fermi wave number."""
    weak = Interface(E_F=5 * EV, u0=2e4, um=1e4, **TIMES)
    expected = printed(weak)
    assert abs(torque_integrals(weak).up - expected["up"]) < QUADRATURE * abs(expected["up"])


@pytest.mark.parametrize("part", [1.0, 1 + 1e-15, 1 + 1e-9])
def test_a_potential_of_one_spin_only(part):
    """u0 = um up to rounding, where v_up is 0 or all that is left of two large numbers."""
    given = Interface(E_F=5 * EV, u0=part * 3e9, um=3e9, **TIMES)
    expected, found = printed(replace(given, u0=3e9)), torque_integrals(given)
    for key, value in expected.items():
        assert abs(getattr(found, key) - value) <= 1e-8 * abs(expected["N"])


def test_a_divergence_is_named():
    equal = Interface(E_F=5 * EV, h_R=0.05, **TIMES)
    with pytest.raises(QuadratureError, match=r"spin memory loss.*loss=False"):
        first_order(equal)
    assert first_order(equal, loss=False).loss.G_NN == 0.0


def test_closed_forms():
    step, magnet, normal = KINDS["step"], KINDS["insulating magnet"], KINDS["insulating normal"]
    magnet, normal = replace(magnet, u0=0.0, um=0.0), replace(normal, u0=0.0, um=0.0)
    found = torque_per_field(first_order(magnet))
    expected = rashba_torque.insulating_magnet(0.05, magnet.E_F, magnet.J, magnet.U_F, magnet.tau_N)
    assert found[0] == pytest.approx(expected, rel=QUADRATURE)
    assert not found[1:].any()
    found = torque_per_field(first_order(normal))
    expected = rashba_torque.insulating_normal(0.05, normal.E_F, normal.J, normal.U_N, normal.tau_up, normal.tau_dn)
    assert found.sum() == pytest.approx(expected, rel=QUADRATURE)
    one = replace(KINDS["one band"], J=1.5 * EV)
    expected = rashba_torque.insulating_normal(0.05, one.E_F, one.J, one.U_N, one.tau_up, one.tau_dn)
    assert torque_per_field(first_order(one)).sum() == pytest.approx(expected, rel=QUADRATURE)

    def beyond(amplitudes):
        weight = amplitudes.k_perp2 / np.abs(amplitudes.k_z)
        return np.where(amplitudes.propagates, 0.0, weight * amplitudes.T_up)[None]

    # T_R = -(hbar/2e) b_lat, b_lat = - h_R e^2/(4 pi m) tau S
    third = step.h_R * step.tau_up * hbar * charge / (8 * np.pi * m_e) * step.total(beyond).value[0]
    expected = rashba_torque.evanescent_normal(step.h_R, step.E_F, step.J, step.tau_up)
    assert third == pytest.approx(expected, rel=QUADRATURE)


def test_largest_torque_of_an_insulating_magnet():
    """U = 3 eV: nowhere above the bound, and on it at J = 1 eV, E_F = 2 eV."""
    j = np.linspace(0.01, 2.99, 299) * EV
    bound = rashba_torque.insulating_magnet_bound(0.1, 3 * EV, 1e-14)
    found = rashba_torque.insulating_magnet(0.1, 3 * EV - j, j, 3 * EV, 1e-14)
    assert found.max() == pytest.approx(bound, rel=ROUNDING)
    assert j[found.argmax()] == pytest.approx(EV)


def test_equal_times_carry_no_spin_into_the_magnet(interface):
    same = first_order(replace(interface, tau_N=1e-14, tau_up=1e-14, tau_dn=1e-14), loss=False)
    for key in ("a", "b", "gamma", "delta"):
        values = np.array([getattr(d, key) for d in same.drives])
        assert abs(values.sum()) <= ROUNDING * np.abs(values).max()
    assert abs(torque_per_field(same).sum().imag) <= ROUNDING * np.abs(torque_per_field(same)).max()


def test_bulk_magnetism_damps_by_evanescent_waves_only():
    step = KINDS["step"]
    found = torque_integrals(step)
    assert abs(found.dn.imag) < ROUNDING
    assert found.up.imag == pytest.approx(-found.N.imag, rel=ROUNDING)
    for d in drives(step):
        assert abs(d.gamma) + abs(d.delta) <= ROUNDING * abs(d.b)

    def evanescent(amplitudes):
        rows = drive_rows(amplitudes)[:2]
        return np.where(amplitudes.k_perp2 > step.edges[2], rows, 0.0)

    everywhere = step.total(drive_rows).value[:2]
    assert step.total(evanescent).value == pytest.approx(everywhere, rel=ROUNDING)


def test_insulators_feel_the_lattice_only():
    magnet, normal = first_order(KINDS["insulating magnet"]), first_order(KINDS["insulating normal"])
    assert (magnet.g_up, magnet.g_dn) == (0, 0)
    assert abs(magnet.g_mix.imag) > 1e12
    assert (normal.g_up, normal.g_dn, normal.g_mix) == (0, 0, 0)
    for d in (*magnet.drives, *normal.drives):
        assert (d.a, d.b, d.gamma, d.delta) == (0, 0, 0, 0)
    assert magnet.N.b_lat != 0
    assert magnet.up.b_lat == magnet.dn.b_lat == normal.N.b_lat == 0
    assert normal.up.b_lat * normal.dn.b_lat < 0
    equal = replace(KINDS["insulating normal"], tau_up=1e-14, tau_dn=1e-14)
    assert abs(torque_per_field(first_order(equal)).sum()) > 0
    assert first_order(KINDS["one band"]).dn.b_lat == 0


def test_interface_exchange_can_cancel_that_of_an_insulating_magnet():
    """(32) with the corrected sign: q_dn - q_up + 2 um = 0 gives equal amplitudes at that k_perp, so the sum changes
    sign between um = 0 and twice the largest -(q_dn - q_up)/2."""
    bare = replace(KINDS["insulating magnet"], u0=3e9, um=0.0)
    _, up, dn = np.sqrt(-(bare.edges - bare.edges[0]))
    half = (dn - up) / 2
    torques = [torque_per_field(first_order(replace(bare, um=u)))[0].real for u in (0.0, -half, -2 * half)]
    assert torques[0] > abs(torques[1])
    assert torques[2] < 0


def test_reversed_magnetism_exchanges_the_spins(interface):
    turned = replace(interface, J=-interface.J, um=-interface.um)
    one, other = torque_integrals(interface), torque_integrals(turned)
    scale = max(abs(one.N), abs(one.up), abs(one.dn))
    for here, there in (("N", "N"), ("up", "dn"), ("dn", "up")):
        assert abs(getattr(other, there) + np.conj(getattr(one, here))) <= 10 * QUADRATURE * scale


def test_without_magnetism_m_has_no_meaning():
    bare = Interface(E_F=5 * EV, U_F=1 * EV, u0=2e9, h_R=0.05, tau_N=2e-14, tau_up=1e-14, tau_dn=1e-14)
    normal, up, dn = drives(bare)
    assert sum(d.a for d in (normal, up, dn)) == pytest.approx(normal.gamma + up.gamma + dn.gamma, rel=ROUNDING)
    for key in ("b", "delta", "b_lat"):
        assert abs(sum(getattr(d, key) for d in (normal, up, dn))) <= ROUNDING * abs(up.b)


def test_small_exchange_is_not_analytic():
    """Third term of (20a): I_up -> I_up(0) + (8/3) sqrt(J/E_F), so I_up/sqrt(J) of that part is constant."""
    for ratio in (1e-4, 1e-6, 1e-8):
        weak = Interface(E_F=5 * EV, J=ratio * 5 * EV)

        def beyond(amplitudes):
            weight = amplitudes.k_perp2 / np.abs(amplitudes.k_z)
            return np.where(amplitudes.propagates, 0.0, weight * amplitudes.T_up)[None]

        part = 4 * np.pi * weak.total(beyond).value[0] / weak.k**3
        assert part == pytest.approx(8 / 3 * np.sqrt(ratio), rel=ratio)


def test_linear_in_h_R_and_in_each_time(interface):
    base = first_order(interface, loss=False)
    for key, population in (("tau_N", "N"), ("tau_up", "up"), ("tau_dn", "dn")):
        more = first_order(replace(interface, **{key: 3 * getattr(interface, key)}), loss=False)
        for name in ("N", "up", "dn"):
            one, other = getattr(base, name), getattr(more, name)
            expected = 3 if name == population else 1
            assert np.array([other.a, other.b, other.b_lat]) == pytest.approx(
                expected * np.array([one.a, one.b, one.b_lat]), rel=ROUNDING
            )
    turned = first_order(replace(interface, h_R=-interface.h_R))
    assert torque_per_field(turned) == pytest.approx(-torque_per_field(base), rel=ROUNDING)
    assert circuit(replace(interface, h_R=0.0)) == circuit(interface)


def test_conductances_have_bounds(interface):
    up, dn, mixing = circuit(interface)
    normal, of_up, of_dn = sharvin(interface)
    assert 0 <= up <= min(normal, of_up) * (1 + ROUNDING)
    assert 0 <= dn <= min(normal, of_dn) * (1 + ROUNDING)
    assert abs(mixing - normal) <= normal - (up + dn) / 2 + ROUNDING * normal
    loss = memory_loss(interface)
    assert min(loss.G_NN, loss.G_Nu_Fd, loss.G_Nd_Fu, loss.G_FF) >= 0


def test_equal_fermi_surfaces_flip_alike():
    """All four channels, each half of the printed (A18b)."""
    given = KINDS["potential"]
    loss = memory_loss(given)
    assert np.array([loss.G_Nu_Fd, loss.G_Nd_Fu, loss.G_FF]) == pytest.approx(loss.G_NN, rel=QUADRATURE)

    def rows(amplitudes):
        eps = amplitudes.k_perp2 / amplitudes.k_z.real**2
        return (eps * np.abs(amplitudes.A_up) ** 2 * np.abs(amplitudes.A_dn) ** 2)[None]

    as_printed = given.h_R**2 * charge**2 / (4 * np.pi * hbar) * given.total(rows).value[0]
    assert as_printed == pytest.approx(2 * loss.G_NN, rel=QUADRATURE)


def test_bound_states_are_refused():
    attractive = Interface(E_F=5 * EV, u0=1e9, um=2e9, h_R=0.05, **TIMES)
    (found,) = bound_states(attractive)
    # kappa_N = kappa_up = 5e8
    assert found.spin == "up"
    assert found.k_perp == pytest.approx(np.hypot(attractive.k, 5e8), rel=ROUNDING)
    with pytest.raises(UnsupportedError, match=r"bound to the interface .spin up"):
        first_order(attractive)
    assert first_order(attractive, accept=(BOUND,)).g_up > 0
    with pytest.raises(InputError, match="bound states"):
        first_order(attractive, accept=("bound state",))


def test_different_fermi_surfaces_hold_weak_attraction():
    """Threshold sqrt(k_N^2 - K^2): just below and above it."""
    for given, number in ((KINDS["step"], 1), (KINDS["insulating magnet"], 2), (KINDS["one band"], 2)):
        bare = replace(given, u0=0.0, um=0.0)
        lowest = max(bare.edges[0], bare.edges[number], 0.0)
        reach = np.sqrt(lowest - bare.edges[0]) + np.sqrt(lowest - bare.edges[number])
        spin = ("up", "dn")[number - 1]
        assert spin not in {b.spin for b in bound_states(replace(bare, u0=-0.999 * reach))}
        found = {b.spin: b for b in bound_states(replace(bare, u0=-1.001 * reach))}[spin]
        kappa = [np.sqrt(found.k_perp**2 - e) for e in (bare.edges[0], bare.edges[number])]
        assert sum(kappa) == pytest.approx(1.001 * reach, rel=1e-9)


def test_h_R_binds_where_nothing_else_does():
    assert bound_by_coupling(Interface(E_F=5 * EV, h_R=0.05)) is not None
    assert bound_by_coupling(Interface(E_F=5 * EV, u0=1e9, h_R=0.05)) is None
    assert bound_by_coupling(Interface(E_F=5 * EV, u0=-1e9)) is None


def test_large_h_R_is_refused():
    strong = replace(KINDS["everything"], h_R=-0.25)
    with pytest.raises(InputError, match=r"h_R must be between.*10 % at 0.2"):
        first_order(strong)
    assert first_order(strong, accept=("large h_R",)).N.a != 0


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"E_F": float("nan")}, "E_F must be finite"),
        ({"tau_up": -1e-14}, "tau_up must be 0 or positive"),
        ({"mass": 0.0}, "mass must be positive"),
        ({"U_N": 9 * EV, "U_F": 9 * EV}, "E_F must be above"),
    ],
)
def test_impossible_parameters_are_named(change, named):
    with pytest.raises(InputError, match=named):
        replace(KINDS["step"], **change)


def test_user_numbers_are_checked():
    assert RashbaCoefficients(N=Drive(a=-1e5), g_mix=1e14 - 1e13j).up.a == 0
    with pytest.raises(InputError, match=r"Re g_mix must be 0 or positive"):
        RashbaCoefficients(g_mix=-1e14)
    with pytest.raises(InputError, match=r"up\.a must be finite \[S/m\]"):
        RashbaCoefficients(up=Drive(a=np.inf))
    with pytest.raises(InputError, match="G_FF must be 0 or positive"):
        MemoryLoss(G_FF=-1.0)


def test_sharvin_resistances_are_taken_out():
    """Against the elimination done by hand: potentials are means of incoming and outgoing electrons."""
    given = KINDS["everything"]
    bare, own = first_order(given), sharvin(given)
    found = without_sharvin(bare, *own)
    assert 1 / found.g_up == pytest.approx(1 / bare.g_up - (1 / own[0] + 1 / own[1]) / 2, rel=ROUNDING)
    assert 1 / found.g_mix == pytest.approx(1 / bare.g_mix - 1 / (2 * own[0]), rel=ROUNDING)
    # Flux f into F across m, in complex form: f = -2 g w + s with w of the incoming electrons. The outgoing carry
    # away f less than they brought, so that the mean is w + f/(4 g_N).
    s, w = complex(bare.N.a, bare.N.b), 0.3 - 0.2j
    flux = -2 * bare.g_mix * w + s
    mean = w + flux / (4 * own[0])
    assert flux == pytest.approx(-2 * found.g_mix * mean + complex(found.N.a, found.N.b), rel=ROUNDING)
    assert found.N.b_lat == bare.N.b_lat
    # One spin: current i_s = g_s (F_s - N_s) + s_s of incoming electrons; means N_s + i/2g_N and F_s - i/2g_F.
    for sign, g, new, sharvin_own in ((-1, bare.g_up, found.g_up, own[1]), (1, bare.g_dn, found.g_dn, own[2])):
        source = (bare.N.delta + sign * bare.N.gamma) / 2
        current = g * 0.7 + source
        across = 0.7 - current * (1 / own[0] + 1 / sharvin_own) / 2
        assert current == pytest.approx(new * across + (found.N.delta + sign * found.N.gamma) / 2, rel=ROUNDING)


def test_sharvin_correction_refuses_what_cannot_be_bare():
    with pytest.raises(InputError, match="g_up must be at most the Sharvin"):
        without_sharvin(RashbaCoefficients(g_up=2e15), 1e15, 1e15, 1e15)
    with pytest.raises(InputError, match="transparent"):
        without_sharvin(RashbaCoefficients(g_up=1e15), 1e15, 1e15, 1e15)
    with pytest.raises(InputError, match="g_mix"):
        without_sharvin(RashbaCoefficients(g_mix=1e15 + 2e15j), 1e15, 1e15, 1e15)
    insulator = first_order(KINDS["insulating magnet"])
    found = without_sharvin(insulator, *sharvin(KINDS["insulating magnet"]))
    # |r| = 1: 1/g_mix - 1/(2 g_N) is imaginary only if all modes have one phase
    assert found.g_mix.real > 0
    assert found.g_up == 0
