"""Magnets that move beside magnons and heat. What must agree and why:

damping beside magnons            backflow of the golden rule (polylogarithms): (1 - 2n/s) g_r + 2 pi g
YIG | Cu | YIG in a heat flow     threshold of auto-oscillation <-> collinear stack in closed form, transverse by hand
heated stack that pumps           balances of spin, power and heat close
heat that begins to flow, m still <-> `Device.transient`, another scheme in time
Co | Cu | Co, current across      threshold of P and AP <-> Valet and Fert's resistors, transverse by hand; switching
the same, heat across             growth of small angles <-> spin accumulation at rest, transverse by hand
"""

import mpmath
import numpy as np
import pytest

import hanle
from hanle.boundary.magnons.exchange import MagnonExchange
from hanle.boundary.magnons.linear import linear
from hanle.boundary.magnons.spectrum import Parabolic
from hanle.materials.load import load
from hanle.pde.closed_forms import seebeck_stack, valet_fert
from hanle.pde.closed_forms.magnetisation_dynamics import backflow, enhancement
from hanle.pde.constants import E_CHARGE, HBAR, K_B
from hanle.pde.macrospin import GAMMA

T0, GAP = 300.0, 5e-23
D_A, D_N, D_B = 60e-9, 30e-9, 4e-9
G_S, G_R = -8e12, 1.5e14
FIELD, ALPHA = 2e-3, 2e-4
QUANTUM = E_CHARGE**2 / (2 * np.pi * HBAR)
CU, YIG = load("Cu"), load("YIG")
INSULATOR = {"like": "YIG", "anisotropy_gap": f"{GAP!r} J"}
#: Of small angles: difference quotients of order 4 over 1e-3 rad.
QUOTIENT = 1e-7
BALANCE = 1e-9
METAL_HEAT = ("lattice_heat_conductivity", "electron_lattice_coupling")


def pillar(up=1.0, down=1.0):
    """A | Cu | B, moments along z, warm or cold below A; no field acts on the electrons."""
    face = hanle.Conductances(G_S, G_R, 0.0)
    return hanle.Device(
        hanle.stack([("A", D_A), ("Cu", D_N), ("B", D_B)]),
        {"A": INSULATOR, "Cu": "Cu", "B": INSULATOR},
        magnetisation={"A": (0, 0, up), "B": (0, 0, down)},
        interfaces={"A|Cu": face, "Cu|B": face},
        transport=["magnons", "heat"],
        wires={"Cu": ["Cu"]},
        heat_contacts={"below": ["bottom"], "above": ["top"]},
    )


def collinear(up):
    """w and the spin current into B, both along z, per kelvin below A; B along +z, A along `up` z; in closed form."""
    value, cu = YIG.magnons.value, {k: getattr(CU, k).value for k in METAL_HEAT}
    sigma, zeta = value("magnon_conductivity"), value("bulk_spin_seebeck") * T0
    conduct = np.diag([2 * sigma, value("magnon_heat_conductivity") * T0, value("lattice_heat_conductivity") * T0])
    conduct[0, 1] = conduct[1, 0] = zeta
    coupled = T0 * np.array([[0, 0, 0], [0, 1, -1], [0, -1, 1]])
    relax = value("magnon_lattice_coupling") * coupled
    relax[0, 0] = 2 * sigma / value("magnon_diffusion_length") ** 2
    low, high = (
        seebeck_stack.Layer(n, ("w_m", "T_m", "T_p"), conduct, relax, d) for n, d in (("A", D_A), ("B", D_B))
    )
    electrons = np.pi**2 / 3 * (K_B / E_CHARGE) ** 2 * T0 / CU.rho
    conduct = np.diag([1 / CU.rho, electrons * T0, cu[METAL_HEAT[0]] * T0])
    relax = cu[METAL_HEAT[1]] * coupled + np.diag([1 / CU.rho / CU.lam**2, 0, 0])
    metal = seebeck_stack.Layer("Cu", ("w", "T_e", "T_p"), conduct, relax, D_N)
    rule = linear(MagnonExchange(1e18, value("spin_density"), Parabolic(value("spin_wave_stiffness"), GAP)), T0)
    g = -G_S * HBAR / (2 * E_CHARGE**2)
    h = value("interface_heat_conductance")
    form = seebeck_stack.exchange_form(T0, g, g * rule.S / rule.g, g * rule.kappa / rule.g, h)
    contacts = []
    for magnet, metal_end, magnet_end, sign in (("A", "low", "high", up), ("B", "high", "low", 1)):
        along = np.diag([sign, 1, 1, 1, 1, 1])
        nodes = [("Cu", metal_end, f) for f in metal.fields] + [(magnet, magnet_end, f) for f in low.fields]
        contacts.append((nodes, along @ form @ along))
    stack = seebeck_stack.Stack([low, metal, high], contacts)
    unknowns, _ = stack.solve({("A", "low", "T_p"): 1 / T0, ("B", "high", "T_p"): 0.0})
    at = stack.place(contacts[1][0])
    return float(unknowns[at[0]]), float(form[0] @ unknowns[at])


def unstable(w, current, sides, moment, pull):
    """(damping, drive at threshold): w and the spin current into B along m, per drive, at rest.

    B tilted by xi meets -xi w, its own current along m, which now has the part xi J across, and p of its motion; the
    film and A answer with the admittance Y: torque -(hbar/2e) g Y/(g + Y) [p + xi (w + J/Y)], g = 2 (G_r - G_s).

    Args:
        sides: g of A and B; moment: M_s d; pull: (alpha, B) along m.
    """
    sigma, t = 1 / CU.rho, np.tanh(D_N / CU.lam)
    y = sides[0] * CU.lam / sigma
    admittance = sigma / CU.lam * (y + t) / (1 + y * t)
    effective = sides[1] * admittance / (sides[1] + admittance)
    strength = GAMMA / moment * HBAR / (2 * E_CHARGE) * effective
    damping = pull[0] + strength * HBAR / (2 * E_CHARGE)
    return damping, float(damping * GAMMA * pull[1] / (strength * (w + current / admittance)))


@pytest.mark.parametrize("up", [1, -1])
def test_heat_flow_drives_a_magnet_unstable(up):
    w, current = collinear(up)
    moment = YIG.magnons.value("spin_density") * HBAR * GAMMA * D_B
    damping, critical = unstable(w, current, [2 * (G_R - G_S)] * 2, moment, (ALPHA, FIELD))
    device = pillar(up)
    at_face = device.solve(wiring={"below": "1 K"}).spin_accumulation("Cu", [[0, 0, D_A + D_N]])
    assert at_face[0, 2] / 2 == pytest.approx(w, rel=1e-7)
    magnets = {"B": hanle.Macrospin(damping=ALPHA, field=(0, 0, FIELD))}
    state = device.small_angles(magnets=magnets, wiring={"below": f"{critical!r} K"})
    assert state.damping("B").total == pytest.approx(damping, rel=QUOTIENT)
    assert state.threshold(0.0, 2.0) == pytest.approx(1.0, rel=QUOTIENT)
    slopes = [
        device.small_angles(magnets=magnets, wiring={"below": f"{part * critical!r} K"}).rates[0].real
        for part in (0.9, 1.1)
    ]
    assert slopes[0] < 0 < slopes[1]


def test_damping_is_that_of_the_golden_rule():
    """Parabolic magnons with the gap: g and n by polylogarithms; backflow into Pt; magnons take nothing across m."""
    g_r, d_pt, d_f = 4.1e18, 4e-9, 10e-9
    value, pt = YIG.magnons.value, load("Pt")
    device = hanle.Device(
        hanle.stack([("YIG", d_f), ("Pt", d_pt)]),
        {"YIG": INSULATOR, "Pt": "Pt"},
        magnetisation={"YIG": (0.6, 0, 0.8)},
        interfaces={"YIG|Pt": hanle.MagnonInterface(g_r=f"{g_r} 1/m^2")},
        transport=["magnons", "heat"],
        wires={"Pt": ["Pt"]},
        heat_contacts={"below": ["bottom"]},
        without=("spin Hall",),
    )
    theta = K_B * T0
    wave = (theta / (4 * np.pi * value("spin_wave_stiffness"))) ** 1.5
    thin, half = (float(mpmath.polylog(k, mpmath.exp(-GAP / theta))) for k in (1.5, 0.5))
    g = g_r / (np.pi * value("spin_density")) * wave * (1.5 * thin + GAP / theta * half)
    mixing = (1 - 2 * wave * thin / value("spin_density")) * g_r + 2 * np.pi * g
    assert abs(mixing / g_r - 1) > 0.02
    closed = enhancement(backflow(mixing, d_pt, pt.lam, 1 / pt.rho).real, value("spin_density"), d_f)
    magnets = {"YIG": hanle.Macrospin(damping=ALPHA, field=(0.6, 0, 0.8))}
    for drive in ({}, {"wiring": {"Pt": "0 A/m"}}):
        found = device.small_angles(magnets=magnets, **drive).damping("YIG")
        assert found.enhancement == pytest.approx(float(closed), rel=QUOTIENT)


def test_balances_of_a_heated_stack_that_pumps():
    magnets = {n: hanle.Macrospin(damping=ALPHA, field=(0, 0.3, 0.4)) for n in "AB"}
    course = pillar(-1).dynamics(until="3 ps", magnets=magnets, wiring={"below": "5 K"}, times=["3 ps"], error=1e-4)
    result = course.final
    assert np.abs(course.found.rates["B"]).max() > 1e9
    assert max(float(np.max(b.error)) for b in result.balances.values()) < BALANCE
    # Heat goes through, and what enters the Cu across m of B is the torque on B.
    assert result.heat_current("below") == pytest.approx(-result.heat_current("above"), rel=1e-6)
    w = result.spin_accumulation("Cu", [[0, 0, D_A + D_N]])[0] / 2
    m, rate = course.m["B"][-1], course.found.rates["B"][-1]
    p = HBAR / (2 * E_CHARGE) * np.cross(m, rate)
    torque = HBAR / (2 * E_CHARGE) * 2 * (G_R - G_S) * (w - m * (m @ w) - p)
    np.testing.assert_allclose(result.torque("B"), torque, rtol=1e-7, atol=1e-9 * np.abs(torque).max())


def test_heat_that_begins_to_flow_beside_a_magnet_at_rest():
    """B along z holds m: lagging fields are those of a course in time, to the errors of both."""
    device, point = pillar(), [[0, 0, D_A + D_N]]
    read = {"w": (lambda r: r.spin_accumulation("Cu", point)[0, 2], "V")}
    mesh = {"mesh_options": {"cells_per_length": 3}}
    given = {"until": "1 ns", "times": ["0.1 ns", "1 ns"], "wiring": {"below": "1 K"}, "read": read, **mesh}
    still = device.transient(**given, error=1e-3).dataset["w"].values
    magnets = {"B": hanle.Macrospin(field=(0, 0, 0.1))}
    course = device.dynamics(**given, magnets=magnets, lagging=True, error=1e-3, field_error=1e-2)
    assert course.found.steps < 40
    np.testing.assert_allclose(course.m["B"][-1], (0, 0, 1), atol=1e-12)
    np.testing.assert_allclose(course.dataset["m"][-1, 0], (0, 0, 1), atol=1e-12)
    assert not np.any(course.dataset["rate"][:, 0])
    np.testing.assert_allclose(course.dataset["w"].values, still, rtol=5e-3)
    assert still[0] < 0.9 * still[1]


G_UP, G_DN, G_MIX = 8e14, 2e14, 5e14
D_FIXED, D_FREE = 8e-9, 3e-9
COBALT = {"like": "Co", "anisotropy": 0, "anomalous_hall_angle": 0}


def valve(up, **changes):
    """Co | Cu | Co with contacts below (a sink of spin) and above; A along z, B along `up` z."""
    contact = hanle.Circuit(G_up=G_UP, G_dn=G_DN, G_mix=G_MIX)
    return hanle.Device(
        hanle.stack([("A", D_FIXED), ("Cu", D_N), ("B", D_FREE)]),
        {"A": COBALT, "Cu": "Cu", "B": COBALT},
        magnetisation={"A": (0, 0, 1), "B": (0, 0, up)},
        interfaces={"A|Cu": contact, "Cu|B": contact, "bottom": "sink"},
        contacts={"low": ["bottom"], "high": ["top"]},
        **changes,
    )


def critical_current(up, field, alpha):
    """(damping, A/m^2 upwards) at which B along `up` z, held by a field along m, turns unstable."""
    co, share = load("Co"), (G_UP - G_DN) / (G_UP + G_DN)
    polarisation, r_b = co.polarisation.value, 1 / (2 * G_UP * (1 - share))
    elements = [
        valet_fert.layer(co.rho, D_FIXED, co.lam, polarisation),
        valet_fert.Element(r_b, share),
        valet_fert.layer(CU.rho, D_N, CU.lam),
        valet_fert.Element(r_b, up * share),
        valet_fert.layer(co.rho, D_FREE, co.lam, up * polarisation),
    ]
    # The majority points along -m; no spin passes the upper contact.
    w = -valet_fert.spin_accumulation(elements, valet_fert.Lead(), valet_fert.Lead(1e6))
    current = -(elements[2].own * w[3] - elements[2].through * w[2])
    moment = co.saturation_magnetisation.value * D_FREE
    return unstable(up * w[3], up * current, [2 * G_MIX] * 2, moment, (alpha, field))


@pytest.mark.parametrize("up", [1, -1])
def test_threshold_of_a_metallic_pillar(up):
    """Parallel turns unstable under one sign of the current, antiparallel under the other one (Slonczewski, 2002)."""
    damping, critical = critical_current(up, 0.05, 0.01)
    assert np.sign(critical) == up
    magnets = {"B": hanle.Macrospin(damping=0.01, field=(0, 0, 0.05 * up))}
    state = valve(up).small_angles(magnets=magnets, current=critical, source="low", drain="high")
    assert state.damping("B").total == pytest.approx(damping, rel=QUOTIENT)
    assert state.threshold(0.0, 3.0) == pytest.approx(1.0, rel=QUOTIENT)


def test_heat_across_a_metallic_pillar_changes_the_damping():
    """Spin-dependent Seebeck effect of cobalt: growth by w and the spin current at rest, no charge flows."""
    device = valve(1, transport=["heat"], heat_contacts={"cold": ["bottom"], "hot": ["top"]})
    given = {"wiring": {"low": "ground", "hot": "20 K"}}
    faces = [[0, 0, D_FIXED], [0, 0, D_FIXED + D_N]]
    low, high = device.solve(**given).spin_accumulation("Cu", faces)[:, 2] / 2
    film = valet_fert.layer(CU.rho, D_N, CU.lam)
    moment = load("Co").saturation_magnetisation.value * D_FREE
    current = -(film.own * high - film.through * low)
    a, critical = unstable(high, current, [2 * G_MIX] * 2, moment, (0.01, 0.05))
    magnets = {"B": hanle.Macrospin(damping=0.01, field=(0, 0, 0.05))}
    found = device.small_angles(magnets=magnets, **given).rates[0].real
    assert found == pytest.approx(-a * GAMMA * 0.05 * (1 - 1 / critical) / (1 + a**2), rel=1e-5)
    assert abs(critical) < 10


def test_a_current_switches_a_pillar_and_back():
    """Held by an easy axis; beyond both thresholds."""
    easy = {"anisotropies": (((0, 0, 1), 0.05),), "damping": 0.05}
    turned = hanle.MotionEvent(lambda time, m: m["B"][2], ends=True)
    for up in (1, -1):
        _, critical = critical_current(up, 0.05, 0.05)
        begin = hanle.Macrospin(**easy, begin=(0.2, 0, up))
        course = valve(up).dynamics(
            until="5 ns",
            magnets={"B": begin},
            current=4 * critical,
            source="low",
            drain="high",
            events={"turned": turned},
            times=[],
            error=1e-3,
        )
        assert course.ended_by == "turned"
        held = valve(up).dynamics(
            until="0.5 ns",
            magnets={"B": begin},
            current=0.5 * critical,
            source="low",
            drain="high",
            times=["0.5 ns"],
            error=1e-3,
        )
        assert up * held.m["B"][-1, 2] > np.cos(0.18)
