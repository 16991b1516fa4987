"""Magnets that move beside transport: pairs that must agree, and what each would catch.

damping with backflow           <-> closed form; none on a film without sink; elements <-> the exact engine
magnet with axial spin          <-> tanh law; order 5; threshold where the sign changes
long runs                       <-> |m| = 1; energy falls
small angles                    <-> Kittel's frequency and linewidth; susceptibility; threshold of a spin Hall film
two magnets on one spacer       <-> in phase coth, out of phase tanh of half the spacer
precession beside Pt            <-> closed form of the inverse spin Hall field
ST-FMR                          <-> resistances and pumping put together by hand
"""

from dataclasses import replace

import numpy as np
import pytest

from hanle.boundary.b_layer import Conductances, b_layer
from hanle.boundary.circuit import Circuit, normal_ferromagnet, transparent
from hanle.meshes.layered import Layers
from hanle.meshes.layers import stack
from hanle.pde.closed_forms.magnetisation_dynamics import (
    AxialDrive,
    axial_motion,
    axial_rates,
    backflow,
    enhancement,
    pumped_spin,
    spin_pumping_field,
    threshold_field,
)
from hanle.pde.closed_forms.magnetisation_dynamics import threshold as axial_threshold
from hanle.pde.constants import E_CHARGE, HBAR, MU_B
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.engines.scikit import Scikit
from hanle.pde.errors import InputError, SolveError, UserCodeError
from hanle.pde.ferromagnet import ferromagnet
from hanle.pde.macrospin import GAMMA, Anisotropy, Macrospins, Magnet, precession
from hanle.pde.macrospin_linear import (
    FieldTone,
    Tone,
    amplitude,
    lorentzians,
    rectified,
    settled,
    spectrum,
    threshold,
)
from hanle.pde.macrospin_motion import move, prescribed
from hanle.pde.macrospin_transport import Course
from hanle.pde.metal import normal_metal
from hanle.pde.motion_record import MotionControl, MotionEvent, MotionRecord
from hanle.pde.problem import MINUS, PLUS, Face, Gradient, Problem, Terminal
from hanle.pde.tensors import cross_matrix, unit

M = unit([0.36, -0.48, 0.7])
SIGMA, LAM, DIFFUSION, THETA = 2e6, 1.5e-9, 3e-4, 0.08
G_R, G_I = 1.6e14, 0.2e14
QUANTUM = E_CHARGE**2 / (2 * np.pi * HBAR)
#: g_r - i g_i [1/m^2], G_i = -(e^2/h) g_i.
MIXING = (G_R + 1j * G_I) / QUANTUM
M_S, D_F, D_N = 1.4e5, 15e-9, 5e-9
DENSITY = M_S / (HBAR * GAMMA)
EXACT, ROUND_OFF = 1e-10, 1e-12
#: Difference quotients of order 4 over 1e-3 rad: 1e-12 of the precession, over the damping.
QUOTIENT = 1e-8


def film(thickness=D_N, theta=THETA, law=None, mesh=None, field=(0.0, 0.0, 0.0), terminals=None, length=LAM):
    """{m} -> Pt on an insulating magnet F."""
    metal = normal_metal(
        conductivity=SIGMA,
        diffusion_constant=DIFFUSION,
        diffusion_length=length,
        spin_hall_angle=theta,
        field=field,
    )

    def problem(m):
        face = law or b_layer("F", Conductances(0.0, G_R, G_I), m["F"])
        return Problem(
            mesh or Layers(("YIG", "Pt"), [[D_F, thickness]]),
            {"Pt": metal},
            {"YIG|Pt": Face(face, {"metal": PLUS, "magnet": MINUS})},
            terminals or {},
            (Gradient("u", "x"), Gradient("u", "y")),
        )

    return problem


FIELDS = {"du/dx": 0.0, "du/dy": 0.0}


def magnets(problem=None, damping=1e-3, engine=None, amplitudes=None, **magnet):
    alone = Magnet(M_S * D_F, damping, **magnet)
    return Macrospins(problem or film(), {"F": alone}, engine or Multilayer(), amplitudes or FIELDS)


@pytest.mark.parametrize("thickness", [0.5e-9, 2e-9, 12e-9])
def test_damping_with_backflow(thickness):
    """Quasi-static: omega = 0; Larmor precession of the electrons along m is in the solution."""
    field = 12.0 * M
    spins = magnets(film(thickness, theta=0.0, field=field), damping=2e-3, field=3.0 * M)
    found = settled(spins, {"F": M + 0.1}).damping("F")
    effective = backflow(MIXING, thickness, LAM, SIGMA, 0.0, 2 * MU_B / HBAR * 12.0, DIFFUSION)
    assert found.enhancement == pytest.approx(float(enhancement(effective.real, DENSITY, D_F)), rel=1e-8)
    assert found.inertia == pytest.approx(float(enhancement(-effective.imag, DENSITY, D_F)), rel=1e-8)
    assert found.total == pytest.approx(2e-3 + found.enhancement, rel=EXACT)


@pytest.mark.parametrize(("omega", "larmor"), [(2e12, 0.0), (6e11, 15.0), (-6e11, 15.0)])
def test_damping_where_backflow_lags(omega, larmor):
    """Of a precession at omega, positive about B: as the closed form with omega - omega_L."""
    spins = magnets(film(3e-9, theta=0.0, field=larmor * M), damping=2e-3, field=3.0 * M)
    found = settled(spins, {"F": M}).lagging(omega).damping("F")
    effective = backflow(MIXING, 3e-9, LAM, SIGMA, omega, 2 * MU_B / HBAR * larmor, DIFFUSION)
    assert found.enhancement == pytest.approx(float(enhancement(effective.real, DENSITY, D_F)), rel=1e-8)
    assert found.inertia == pytest.approx(float(enhancement(-effective.imag, DENSITY, D_F)), rel=1e-8)


def test_no_damping_without_a_sink():
    bare = float(enhancement(MIXING.real, DENSITY, D_F))
    for problem in (film(1e-13, theta=0.0), film(theta=0.0, length=1e-3)):
        assert abs(settled(magnets(problem, field=3.0 * M), {"F": M}).damping("F").enhancement) < 1e-3 * bare


def reservoir(u=0.0, damping=0.05, omega=GAMMA * 0.5, **changes):
    """A magnet on a film without relaxation whose top holds the spin accumulation hbar u z; the closed form."""
    thickness = 0.8e-9
    tops = {f"w_{a}": Terminal(("top",), f"w_{a}") for a in "xyz"}
    problem = film(thickness, theta=0.0, terminals=tops, length=1.0)
    series = thickness / SIGMA * 4 * E_CHARGE**2 / HBAR / (4 * np.pi)
    effective = MIXING / (1 + MIXING * series)
    drives = {**FIELDS, "w_x": 0.0, "w_y": 0.0, "w_z": HBAR * u / (2 * E_CHARGE)}
    spins = magnets(problem, damping, amplitudes=drives, field=(0, 0, omega / GAMMA), **changes)
    parts = (float(enhancement(part, DENSITY, D_F)) for part in (effective.real, -effective.imag))
    return spins, AxialDrive(omega, u, damping, *parts)


START = np.array([0.5, 0.3, -0.7])


def test_axial_motion_is_the_tanh_law():
    for u in (0.0, 8e11):
        spins, closed = reservoir(u, damping=0.3)
        found = move(spins, {"F": START}, 2e-11, control=MotionControl(1e-8))
        expected = axial_motion(closed, unit(START), found.times)
        # errors of the steps add up, about the field each turns with the precession
        assert np.abs(found.m["F"] - expected).max() < 1e-8 * found.steps
        assert abs(expected[-1, 2] - expected[0, 2]) > 0.05
        assert np.abs(np.linalg.norm(found.m["F"], axis=1) - 1).max() < ROUND_OFF


def test_order_in_time():
    spins, closed = reservoir(8e11)
    end, errors = 1.2e-10, []
    for steps in (8, 16, 32):
        found = move(spins, {"F": START}, end, control=MotionControl(max_step=end / steps, fixed=True))
        assert found.steps == steps
        errors.append(np.linalg.norm(found.m["F"][-1] - axial_motion(closed, unit(START), end)))
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    # from above: 6.4, 6.1, 5.6 up to 64 steps
    assert np.all((orders > 4.8) & (orders < 6.6)), orders


def test_sign_changes_at_the_threshold():
    _, closed = reservoir()
    critical = float(axial_threshold(closed)) / HBAR
    found, state = threshold(reservoir()[0], "w_z", (0.0, HBAR * critical / E_CHARGE), {"F": (0, 0, 1)})
    assert 2 * E_CHARGE * found / HBAR == pytest.approx(critical, rel=QUOTIENT)
    assert abs(state.growth) < QUOTIENT * closed.omega
    for part in (0.9, 1.1):
        growth = settled(reservoir(part * critical)[0], {"F": (0, 0, 1)}).growth
        # m_z = tanh(R t): small angles grow with -R
        assert growth == pytest.approx(-float(axial_rates(replace(closed, u=part * critical))[0]), rel=1e-6)
    with pytest.raises(InputError, match="the state is stable at both"):
        threshold(reservoir()[0], "w_z", (0.0, 0.5 * HBAR * critical / (2 * E_CHARGE)), {"F": (0, 0, 1)})


def test_spin_hall_threshold():
    """m along the spin accumulation, -y below Pt with E along x; corrections theta^2."""
    theta, damping = 1e-3, 4e-4
    effective = backflow(G_R / QUANTUM, D_N, LAM, SIGMA).real
    law = AxialDrive(GAMMA * 0.2, 0, damping, float(enhancement(effective, DENSITY, D_F)))
    closed = float(threshold_field(law, theta, D_N, LAM))

    def problem(m):
        return film(theta=theta, law=b_layer("F", Conductances(0.0, G_R, 0.0), m["F"]))(m)

    spins = magnets(problem, damping, field=(0, -0.2, 0))
    found, _ = threshold(spins, "du/dx", (0.0, 1.7 * closed), {"F": (0, -1, 0)})
    assert found == pytest.approx(closed, rel=3 * theta**2)


def test_energy_falls_and_length_stays():
    shape = (Anisotropy((0, 0, 2), -0.2), Anisotropy((1, 0, 0), 0.03))
    spins = magnets(damping=0.03, field=(0.02, 0.3, 0.05), anisotropies=shape)
    found = move(spins, {"F": (-0.6, -0.5, 0.4)}, 0.3e-9, control=MotionControl(1e-5))
    energy = [spins.energy(t, m[None])[0] for t, m in zip(found.times, found.m["F"], strict=True)]
    assert np.all(np.diff(energy) < 0)
    assert np.abs(np.linalg.norm(found.m["F"], axis=1) - 1).max() < ROUND_OFF
    # dE/dt is what alpha takes and what the torque takes
    rate, m, tau = (x["F"][5] for x in (found.rates, found.m, found.torques))
    slope = -M_S * D_F * spins.field(found.times[5], m[None])[0] @ rate
    lost = M_S * D_F / GAMMA * 0.03 * rate @ rate - tau @ np.cross(m, rate)
    assert slope == pytest.approx(-lost, rel=1e-9)


def test_linewidth_and_susceptibility_in_a_film_magnet():
    """Kittel: omega^2 = gamma^2 B (B + B_d)/(1 + a^2); half width a gamma (2 B + B_d)/(2 (1 + a^2))."""
    b, shape = 0.12, 0.175
    law = b_layer("F", Conductances(0.0, G_R, 0.0), (1, 0, 0))
    spins = magnets(film(theta=0.0, law=law), field=(b, 0, 0), anisotropies=(Anisotropy((0, 0, 1), -shape),))
    # The law is made for m along x: nearly right beside it.
    spins = replace(
        spins, problem=lambda m: film(theta=0.0, law=b_layer("F", Conductances(0.0, G_R, 0.0), m["F"]))(m)
    )
    state = settled(spins, {"F": (1, 0.1, 0.1)})
    a = 1e-3 + float(enhancement(backflow(G_R / QUANTUM, D_N, LAM, SIGMA).real, DENSITY, D_F))
    width = a * GAMMA * (2 * b + shape) / 2 / (1 + a**2)
    frequency = np.sqrt(GAMMA**2 * b * (b + shape) / (1 + a**2) - width**2)
    assert -state.growth == pytest.approx(width, rel=QUOTIENT * frequency / width)
    assert abs(state.rates[0].imag) == pytest.approx(frequency, rel=1e-8)
    omega = 1.1 * frequency
    # m = x + (0, m_y, m_z): (-i w) m = -gamma m x B + a x (-i w) m_perp, a field along y
    matrix = np.array(
        [[-1j * omega, GAMMA * (b + shape) - 1j * a * omega], [-GAMMA * b + 1j * a * omega, -1j * omega]]
    )
    expected = np.linalg.solve(matrix, GAMMA * np.array([0, 1.0]) * np.array([1, -1]))
    found = state.susceptibility("F", omega)[0, 1:, 1]
    np.testing.assert_allclose(np.abs(found), np.abs(expected), rtol=1e-6)


def valve(m, spacer=3e-9, numbers=("A", "B")):
    """Two insulating magnets on one spacer."""
    metal = normal_metal(conductivity=SIGMA, diffusion_constant=DIFFUSION, diffusion_length=LAM)
    g, (low, high) = Conductances(0.0, G_R, 0.0), numbers
    faces = {
        "low|N": Face(b_layer(low, g, m[low]), {"metal": PLUS, "magnet": MINUS}),
        "N|high": Face(b_layer(high, g, m[high]), {"metal": MINUS, "magnet": PLUS}),
    }
    return Problem(Layers(("low", "N", "high"), [[D_F, spacer, D_F]]), {"N": metal}, faces)


def test_dynamic_exchange_through_a_spacer():
    """In phase no spin crosses the middle: coth(d/2 lambda); out of phase w = 0 there: tanh; it is damped more."""
    alone = Magnet(M_S * D_F, 1e-3, field=(0, 0, 0.4))
    spins = Macrospins(valve, {"A": alone, "B": alone}, Multilayer())
    state = settled(spins, {"A": (0, 0, 1), "B": (0, 0, 1)})
    half = 1.5e-9 / LAM
    expected = []
    for share in (1 / np.tanh(half), np.tanh(half)):
        effective = G_R / (1 + 2 * G_R * LAM / SIGMA * share) / QUANTUM
        a = 1e-3 + float(enhancement(effective, DENSITY, D_F))
        expected += [-a * GAMMA * 0.4 / (1 + a**2)] * 2
    np.testing.assert_allclose(state.rates.real, expected, rtol=1e-7)
    assert expected[0] > 1.5 * expected[2]
    # In time: what is common lives longer than what differs.
    spins = replace(spins, magnets={n: replace(alone, damping=0.0) for n in "AB"})
    found = move(spins, {"A": (0.1, 0, 1), "B": (0, 0.1, 1)}, 0.4e-9, control=MotionControl(1e-5))
    across = [np.linalg.norm(found.m["A"] + s * found.m["B"], axis=1) for s in (1, -1)]
    common = np.linalg.norm((found.m["A"] + found.m["B"])[:, :2], axis=1)
    assert common[-1] / common[0] > across[1][-1] / across[1][0]


COBALT = {"conductivity": 5.5e6, "polarisation": 0.4, "diffusion_constant": 1.7e-3, "diffusion_length": 12e-9}
COBALT |= {"exchange_length": 1.3e-9, "dephasing_length": 0.9e-9}


def bilayer(m, thickness=4e-9, contact=True):
    """Pt below Co, transparent: the transverse spin turns and dephases inside Co."""
    regions = {
        "Pt": normal_metal(conductivity=SIGMA, diffusion_constant=DIFFUSION, diffusion_length=LAM),
        "Co": ferromagnet("F", magnetisation=m["F"], **COBALT),
    }
    faces = {"Pt|Co": Face(transparent(), {"below": MINUS, "above": PLUS})}
    return Problem(
        Layers(("Pt", "Co"), [[D_N, thickness]]),
        regions,
        faces,
        {"ground": Terminal(("bottom",))} if contact else {},
    )


def test_pumping_out_of_a_magnet_that_conducts():
    """Inside, w - p obeys w'' = k^2 w, k^2 = 1/l_phi^2 + i/l_J^2 on the plane across m: G_mix = sigma k tanh(k d)/2."""
    alone = Magnet(M_S * 4e-9, 5e-3, field=3.0 * M)
    spins = Macrospins(bilayer, {"F": alone}, Multilayer(), {"ground": 0.0})
    found = settled(spins, {"F": M}).damping("F")
    # Nothing connected: the loads of spin leave rounding on the potential, which floats.
    floating = replace(spins, problem=lambda m: bilayer(m, contact=False), amplitudes={})
    assert settled(floating, {"F": M}).damping("F").total == pytest.approx(found.total, rel=EXACT)
    k = np.sqrt(1 / 0.9e-9**2 + 1j / 1.3e-9**2)
    mixing = COBALT["conductivity"] * k * np.tanh(k * 4e-9) / 2
    effective = backflow(mixing / QUANTUM, D_N, LAM, SIGMA)
    assert found.enhancement == pytest.approx(float(enhancement(effective.real, DENSITY, 4e-9)), rel=1e-8)
    assert found.inertia == pytest.approx(float(enhancement(-effective.imag, DENSITY, 4e-9)), rel=1e-8)


def metallic_valve(m, shares=(0.4, 0.3)):
    """Co | Cu | Co with circuit theory at both faces, contacts below and above."""
    copper = normal_metal(conductivity=3e7, diffusion_constant=2e-2, diffusion_length=150e-9)
    regions = {"Cu": copper} | {
        n: ferromagnet(n, magnetisation=m[n], **COBALT | {"polarisation": p})
        for n, p in zip("AB", shares, strict=True)
    }
    given = Circuit(8e14, 2e14, 5e14 - 0.6e14j, 0.2)
    faces = {
        "A|Cu": Face(normal_ferromagnet("A", given, m["A"]), {"normal": PLUS, "ferromagnet": MINUS}),
        "Cu|B": Face(normal_ferromagnet("B", given, m["B"]), {"normal": MINUS, "ferromagnet": PLUS}),
    }
    contacts = {name: Terminal((name,)) for name in ("bottom", "top")}
    return Problem(Layers(("A", "Cu", "B"), [[8e-9, 6e-9, 3e-9]]), regions, faces, contacts)


def free_layers(volt, **magnet):
    numbers = {"field": (0, 0, 0.05), "damping": 0.01} | magnet
    alone = {n: Magnet(8e5 * d, **numbers) for n, d in (("A", 8e-6), ("B", 3e-9))}
    return Macrospins(metallic_valve, alone, Multilayer(), {"bottom": -volt, "top": 0.0})


def test_torques_between_magnets_are_partners():
    """tau_i by the turning of j at m = tau_j by the turning of i at -m; together they take power."""
    m = unit(np.array([[0.36, -0.48, 0.7], [-0.2, 0.9, 0.3]]))
    spins = free_layers(0.0)

    def matrix(m):
        found = Course(spins).torques(0.0, m)
        turned = -np.einsum("nka,nab->nkb", found.frames, cross_matrix(m))
        whole = np.einsum("nka,nkjl,jlb->najb", found.frames, found.pumping, turned)
        return whole.reshape(6, 6)

    here, there = matrix(m), matrix(-m)
    np.testing.assert_allclose(here, there.T, atol=EXACT * np.abs(here).max())
    assert np.abs(here[:3, 3:]).max() > 1e-3 * np.abs(here).max()
    assert np.linalg.eigvalsh(here + here.T).max() < EXACT * np.abs(here).max()


def test_current_through_a_valve():
    """Electrons that come from the fixed layer (current downwards) favour parallel magnets, from the free one opposite.

    A is a thousand times as heavy as B.
    """
    growth = {}
    for up in (1, -1):
        for volt in (-2e-4, 0.0, 2e-4):
            start = {"A": (0, 0, 1), "B": (0, 0, up)}
            field = {"field": (0, 0, 0.05 * up)}
            spins = free_layers(volt)
            spins = replace(spins, magnets={**spins.magnets, "B": replace(spins.magnets["B"], **field)})
            rates = settled(spins, start).rates
            growth[up, volt] = rates[np.abs(rates.real).argmax()].real
    slopes = [growth[up, 2e-4] - growth[up, -2e-4] for up in (1, -1)]
    assert slopes[0] > 0 > slopes[1]
    # Both free: they move each other, and energy falls.
    spins = replace(free_layers(0.0), magnets={n: Magnet(8e5 * 3e-9, 0.01, (0, 0, 0.05)) for n in "AB"})
    found = move(spins, {"A": (0.5, 0, 1), "B": (0, 0.7, -0.4)}, 6e-11, control=MotionControl(1e-4))
    both = zip(found.times, found.m["A"], found.m["B"], strict=True)
    energy = [spins.energy(t, np.array([a, b])).sum() for t, a, b in both]
    assert np.all(np.diff(energy) < 0)


def test_spin_pumping_into_pt():
    """m precesses about y; the film is open along x and y. Corrections theta^2 of what flows back."""
    omega, cone, theta = 6e10, 0.3, 1e-3
    problem = film(theta=theta, law=None)
    spins = Macrospins(problem, {"F": Magnet(M_S * D_F)}, Multilayer(), fluxes={"du/dx": 0.0, "du/dy": 0.0})
    times = np.arange(4) * 2 * np.pi / omega / 4
    found = prescribed(
        spins, {"F": precession((0, 1, 0), cone, omega)}, times, {"E": lambda s: s.amplitude("du/dx")}
    )
    effective = backflow(MIXING, D_N, LAM, SIGMA)
    spin = pumped_spin(effective, omega, cone)
    expected = spin_pumping_field(spin, theta, D_N, LAM, SIGMA)
    assert expected > 0
    assert found.readings["E"].mean() == pytest.approx(float(expected), rel=5 * theta**2)
    assert -found.torques["F"][:, 1].mean() == pytest.approx(float(spin), rel=5 * theta**2)


def ferromagnetic_resonance(oersted, theta=0.1):
    """b -> F with m in the plane at 45 degrees to the current, driven by E along x, open along y."""
    along = np.array([1, 1, 0]) / np.sqrt(2)

    def problem(m):
        return film(theta=theta, law=b_layer("F", Conductances(0.0, G_R, 0.0), m["F"]))(m)

    def at(b):
        magnet = Magnet(
            M_S * D_F,
            3e-3,
            field=b * along,
            anisotropies=(Anisotropy((0, 0, 1), -0.175),),
            per_drive={"du/dx": (0, oersted, 0)},
        )
        return Macrospins(problem, {"F": magnet}, Multilayer(), fluxes={"du/dx": 0.0, "du/dy": 0.0})

    return at, along


def test_rectified_voltage_is_resistance_times_current_and_pumping():
    """Mean E_x = Re(rho'.xi* j)/2 from resistances at rest, plus the field that pumping makes."""
    at, along = ferromagnetic_resonance(3e-6)
    omega, current = 2 * np.pi * 7e9, 20.0
    state = settled(at(0.16), {"F": along})
    tone = Tone("du/dx", current, omega)
    found = rectified(state, tone, lambda s: s.amplitude("du/dx"))[0]
    xi = state.directions(state.driven("du/dx", current, omega))[0]
    course, turn, resistive = Course(state.spins.driven("du/dx", 1.0)), 1e-4, 0.0
    for axis in state.frames[0]:
        ends = [course.solution(0.0, unit(along + s * turn * axis)[None], np.zeros((1, 3))) for s in (1, -1)]
        slope = (ends[0].amplitude("du/dx")[0] - ends[1].amplitude("du/dx")[0]) / (2 * turn)
        resistive += 0.5 * slope * current * (xi @ axis).real
    flow = 0.5 * np.real(np.cross(xi, np.conj(-1j * omega * xi)))
    effective = backflow(G_R / QUANTUM, D_N, LAM, SIGMA).real
    i_s = HBAR / (4 * np.pi) * effective * flow
    pumping = float(spin_pumping_field(i_s[1], 0.1, D_N, LAM, SIGMA))
    # theta^2 of what flows back: the spin Hall effect loads the film
    assert found == pytest.approx(resistive + pumping, rel=0.02)
    assert abs(pumping) > 0.05 * abs(found)
    assert abs(resistive) > 0.05 * abs(found)


def test_field_that_alternates_pumps():
    """A field turns m on an ellipse; only pumping is rectified. Corrections theta^2."""
    theta, omega = 1e-3, 2 * np.pi * 7e9
    at, along = ferromagnetic_resonance(0.0, theta)
    state = settled(at(0.16), {"F": along})
    tone = FieldTone("F", (0, 0, 1e-4), omega)
    found = rectified(state, tone, lambda s: s.amplitude("du/dx"))[0]
    xi = amplitude(state, tone)[0]
    flow = 0.5 * np.real(np.cross(xi, np.conj(-1j * omega * xi)))
    effective = backflow(G_R / QUANTUM, D_N, LAM, SIGMA).real
    expected = spin_pumping_field(HBAR / (4 * np.pi) * effective * flow[1], theta, D_N, LAM, SIGMA)
    assert found == pytest.approx(float(expected), rel=1e-4)


def test_alternating_drive_in_time_and_in_frequency():
    """After three periods with alpha = 0.5 what was at the start is gone; second order in the angle."""
    spins = magnets(damping=0.5, field=(0.1, 0.2, 0.0), per_drive={"du/dx": (0, 2e-7, 1e-7)})
    state, omega, size = settled(spins, {"F": (0.1, 0.2, 0.0)}), 5e10, 2e4
    xi = amplitude(state, Tone("du/dx", size, omega))
    end = 6 * np.pi / omega + 0.3 / omega
    alternating = spins.driven("du/dx", lambda t: size * np.cos(omega * t))
    found = move(alternating, state.spins.named(state.m), end, control=MotionControl(1e-6)).m["F"][-1]
    expected = (xi[0] * np.exp(-1j * omega * end)).real
    assert np.linalg.norm(expected) > 5e-3
    np.testing.assert_allclose(found - state.m[0], expected, atol=0.02 * np.linalg.norm(expected))


def test_resonance_without_and_with_the_field_of_the_current():
    """Damping-like torque and pumping are symmetric about the resonance; the Oersted field adds what is not."""
    omega, shape = 2 * np.pi * 7e9, 0.175
    centre = -shape / 2 + np.sqrt((shape / 2) ** 2 + (omega / GAMMA) ** 2)
    shares = []
    for oersted in (0.0, 3e-6):
        at, along = ferromagnetic_resonance(oersted)
        a = settled(at(centre), {"F": along}).damping("F").total
        width = a * omega / GAMMA
        fields = centre + width * np.linspace(-3, 3, 7)
        values = spectrum(at, fields, Tone("du/dx", 20.0, omega), lambda s: s.amplitude("du/dx"), {"F": along})
        fit = lorentzians(fields, values.ravel(), (centre, width))
        assert fit.centre == pytest.approx(centre, abs=0.05 * width)
        assert fit.half_width == pytest.approx(width, rel=0.05)
        assert fit.misfit < 0.02
        shares.append(abs(fit.antisymmetric / fit.symmetric))
    assert shares[0] < 0.05
    assert shares[1] > 0.3


def test_fit_finds_what_was_put_in(rng):
    b = np.linspace(0.1, 0.2, 41)
    x = (b - 0.153) / 0.006
    fit = lorentzians(b, 2.0 / (1 + x**2) - 0.7 * x / (1 + x**2) + 0.1, (0.15, 0.01))
    found = (fit.symmetric, fit.antisymmetric, fit.offset, fit.centre, fit.half_width)
    np.testing.assert_allclose(found, (2.0, -0.7, 0.1, 0.153, 0.006), rtol=1e-8)


def test_elements_find_the_same_torques():
    """Second order elements of lambda/8: (1/8)^4, less a constant."""
    mesh = stack([("YIG", D_F), ("Pt", D_N)]).mesh({"Pt": LAM}, cells_per_length=8, growth=1.0)
    drives = {"du/dx": 3e4, "du/dy": -1e4}
    m = M[None]
    exact = Course(magnets(amplitudes=drives)).rate(0.0, m)
    found = Course(magnets(film(mesh=mesh), engine=Scikit(2), amplitudes=drives)).rate(0.0, m)
    np.testing.assert_allclose(found[1].rest, exact[1].rest, atol=1e-4 * np.abs(exact[1].rest).max())
    np.testing.assert_allclose(found[1].pumping, exact[1].pumping, atol=1e-4 * np.abs(exact[1].pumping).max())


def test_switching_is_an_event():
    """m_z passes zero when R t + artanh m_z = 0; drives and fields may be functions of the time, with a jump."""
    spins, closed = reservoir(damping=0.3)
    up = MotionEvent(lambda t, m: m["F"][2], direction=1, ends=True)
    found = move(
        spins,
        {"F": (0.4, 0, -0.3)},
        1e-10,
        record=MotionRecord([0.0, 5e-12], events={"up": up}),
        control=MotionControl(1e-7),
    )
    expected = -np.arctanh(unit([0.4, 0, -0.3])[2]) / float(axial_rates(closed)[0])
    assert found.ended_by == "up"
    assert found.events[0][1] == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(found.times, [0, 5e-12, found.events[0][1]])
    # What is kept inside steps comes from the interpolant, of order 4.
    kept = np.linspace(-3e-12, 2e-12, 6)
    found = move(spins, {"F": START}, 2e-12, begin=-3e-12, record=MotionRecord(kept), control=MotionControl(1e-8))
    assert found.times.tolist() == kept.tolist()
    np.testing.assert_allclose(found.m["F"], axial_motion(closed, unit(START), kept + 3e-12), atol=1e-6)
    half = 3e-12
    late = replace(spins, magnets={"F": replace(spins.magnets["F"], field=lambda t: (0, 0, 0.5 * (t > half)))})
    found = move(late, {"F": START}, 8e-12, breaks=(half,), control=MotionControl(1e-7))
    assert found.rejected == 0
    expected = axial_motion(closed, unit(START), 8e-12 - half)
    np.testing.assert_allclose(found.m["F"][-1], expected, atol=1e-6)


def test_fields_add_up():
    spins = magnets(
        amplitudes={"du/dx": lambda t: 1e4 * t, "du/dy": 0.0},
        field=lambda t: (0, 0, t),
        anisotropies=(Anisotropy((0, 3, 0), 0.2), Anisotropy((0, 0, 1), -0.1)),
        per_drive={"du/dx": (1e-5, 0, 0)},
        more=lambda t, m: 0.01 * m["F"],
    )
    found = spins.field(2.0, M[None])[0]
    np.testing.assert_allclose(found, [0.2, 0.2 * M[1], 2.0 - 0.1 * M[2]] + 0.01 * M, rtol=ROUND_OFF)
    # The field is minus the slope of the energy, but for what drives and `more` add.
    slope = [(spins.energy(2.0, M[None] + h) - spins.energy(2.0, M[None] - h))[0] / 2e-4 for h in 1e-4 * np.eye(3)]
    np.testing.assert_allclose(-np.array(slope) / (M_S * D_F), [0, 0.2 * M[1], 2.0 - 0.1 * M[2]], atol=1e-9)


def test_bad_input_is_refused():
    spins = magnets(field=(0, 0, 1.0))
    for start, message in (
        ({}, "given for every magnet"),
        ({"G": M}, "m must be one of F"),
        ({"F": (0, 0, 0)}, "not zero"),
        ({"F": (1, 0)}, "three finite numbers"),
    ):
        with pytest.raises(InputError, match=message):
            move(spins, start, 1e-12)
    with pytest.raises(InputError, match="moment must be positive"):
        Magnet(0.0)
    with pytest.raises(InputError, match="per_drive"):
        magnets(per_drive={"du/dz": (1, 0, 0)})
    with pytest.raises(InputError, match="later than the beginning"):
        move(spins, {"F": M}, 0.0)
    with pytest.raises(SolveError, match="3 steps do not reach"):
        move(spins, {"F": M}, 1e-9, control=MotionControl(most_steps=3))
    with pytest.raises(UserCodeError, match=r"F\.more failed: KeyError"):
        move(magnets(more=lambda t, m: m["X"]), {"F": M}, 1e-12)
    with pytest.raises(InputError, match="a batch of 2"):
        move(magnets(film(mesh=Layers(("YIG", "Pt"), [[D_F, 1e-9], [D_F, 2e-9]]))), {"F": M}, 1e-12)
