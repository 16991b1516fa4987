"""The metallic ferromagnet: the formulas of its notes, its symmetries, and stacks solved independently.

P = 0, one decay length                  <-> the normal metal, term by term
random admissible coefficients           <-> no negative entropy production; refusals at the bounds
(m, B) -> (-m, -B)                       <-> transposed law; transposed response of a bilayer with everything in it
collinear stacks of finite layers        <-> two-channel equations by matrix exponentials
F|N of infinite layers                   <-> Valet and Fert's series resistors
open circuit; current across             <-> even in P; odd in P, with the sign that spin injection has
transverse spin                          <-> exp(-q z), turning with the right hand about m
thick F                                  <-> interface with G_mix = sigma q/2
uniform films                            <-> rho_T = -rho alpha m_z, rho_L and rho_T of anisotropic magnetoresistance
texture by cell in finite elements       <-> the same as layers of their own
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import expm

from hanle.boundary.circuit import Circuit, collinear_ferromagnets, normal_ferromagnet, transparent
from hanle.meshes.layered import Layers
from hanle.meshes.layers import stack
from hanle.pde.coefficients import FaceLaw, Side, dense
from hanle.pde.constants import HBAR, MU_B
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.engines.scikit import Scikit
from hanle.pde.errors import InputError
from hanle.pde.ferromagnet import ferromagnet
from hanle.pde.fields import CHARGE_AND_SPIN
from hanle.pde.metal import normal_metal
from hanle.pde.observables import film_resistivity, spin_accumulation
from hanle.pde.problem import Face, Gradient, Problem, Terminal
from hanle.pde.solution import wire
from hanle.pde.steady import respond
from hanle.pde.tensors import unit

M = unit([0.36, -0.48, 0.8])
MAGNET = {
    "conductivity": 5.5e6,
    "polarisation": 0.42,
    "diffusion_constant": 1.7e-3,
    "diffusion_length": 12e-9,
    "exchange_length": 1.3e-9,
    "dephasing_length": 0.9e-9,
    "spin_hall_angle": 0.06,
    "anomalous_hall_angle": 0.013,
    "anisotropy": 0.021,
    "mobility": 8e-4,
}
PT = {"conductivity": 2.5e6, "diffusion_constant": 3e-4, "diffusion_length": 1.7e-9, "spin_hall_angle": 0.11}
CU = {"conductivity": 4.8e7, "diffusion_constant": 1.6e-2, "diffusion_length": 300e-9}
ROUND_OFF = 1e-12
#: Rounding of the layered engine where charge and spin couple.
EXACT = 1e-10
BALANCE = 1e-9
#: Discretisation error of second-order elements of a quarter of the shortest length.
P2 = 1e-6
BOTH = (Gradient("u", "x"), Gradient("u", "y"))
UP = {"below": "minus", "above": "plus"}
ENDS = {"low": Terminal(("bottom",)), "high": Terminal(("top",))}
BETWEEN = ("Co|Cu", "Cu|Fe", "Fe|Pt")
TIED = Face(transparent(), UP)


def magnet(m=M, **changes):
    return ferromagnet("Co", magnetisation=m, **MAGNET | changes)


def plain(m=M, **changes):
    """A magnet without what acts on charge currents along a film."""
    return magnet(m, **{"spin_hall_angle": 0, "anomalous_hall_angle": 0, "anisotropy": 0, "mobility": 0} | changes)


def solve(problem, engine=None):
    return respond(problem, engine or Multilayer(), tolerance=1e-12)


def test_fluxes_are_the_vector_formulas(rng):
    field, slope = np.array([0.3, -1.1, 2.0]), rng.normal(size=(3, 4))
    found = magnet(field=field).flux(np.zeros((1, 1, 1, 4)), slope.reshape(1, 1, 1, 3, 4)).reshape(3, 4)
    s, p, theta, a = (MAGNET[k] for k in ("conductivity", "polarisation", "spin_hall_angle", "anisotropy"))
    e, w = slope[:, 0], slope[:, 1:]
    along = M * (M @ e)
    resistivity = np.array([1 + 2 * a / 3, 1 - a / 3]) / (s * (1 - 2 * theta**2))
    j = along / resistivity[0] + (e - along) / resistivity[1] + 0.013 * s * np.cross(M, e) - p * s * w @ M
    j -= s * 8e-4 * np.cross(e, field)
    spin = s * w - p * s * np.outer(e, M) - s * 8e-4 * np.cross(w.T, field).T
    for a, axis in enumerate(np.eye(3)):
        j += theta * s * np.cross(axis, w[:, a])
        spin[:, a] += theta * s * np.cross(axis, e)
    np.testing.assert_allclose(found[:, 0], j, rtol=ROUND_OFF)
    np.testing.assert_allclose(found[:, 1:], spin, rtol=1e-11)


def test_losses_and_who_gets_them(rng):
    field, w = np.array([0.3, -1.1, 2.0]), rng.normal(size=3)
    bulk, values = magnet(field=field), np.concatenate([[0.7], w]).reshape(1, 1, 1, 4)
    s, along = MAGNET["conductivity"], M * (M @ w)
    lattice = s * (1 - 0.42**2) / 12e-9**2 * along
    torque = s / 0.9e-9**2 * (w - along) - s / 1.3e-9**2 * np.cross(M, w)
    turned = -s / 1.7e-3 * np.cross(2 * MU_B / HBAR * field, w)
    found = bulk.loss(values, np.zeros((1, 1, 1, 3, 4)))[0, 0, 0]
    np.testing.assert_allclose(found[1:], lattice + torque + turned, rtol=ROUND_OFF)
    np.testing.assert_allclose(bulk.deposits["lattice"].density(values)[0, 0, 0], lattice, rtol=ROUND_OFF)
    np.testing.assert_allclose(bulk.deposits["torque:Co"].density(values)[0, 0, 0], torque, rtol=ROUND_OFF)


def test_without_polarisation_it_is_the_normal_metal():
    given = {**PT, "field": (1.0, -2, 0.4), "mobility": 3e-3}
    found = ferromagnet("M", polarisation=0, magnetisation=M, dephasing_length=PT["diffusion_length"], **given)
    metal = normal_metal(**given)
    for name, spatial in (("A", (3, 3)), ("R", ()), ("C", ())):
        np.testing.assert_array_equal(
            dense(getattr(found, name), spatial, (4, 4)), dense(getattr(metal, name), spatial, (4, 4))
        )


def test_reference_keeps_the_polarisation_only():
    problem = Problem(Layers(("F",), [[5e-9]]), {"F": magnet(field=(1, 2, 3))}, gradients=BOTH)
    expected = plain().A
    found = problem.reference().regions["F"].A
    np.testing.assert_array_equal(dense(found, (3, 3), (4, 4)), dense(expected, (3, 3), (4, 4)))


def quadratic(coefficient, spatial):
    """Symmetric part as a matrix over (flow, component)."""
    whole = dense(coefficient, spatial, (4, 4))[0, 0, 0]
    whole = whole.transpose(0, 2, 1, 3).reshape(12, 12) if spatial else whole
    return 0.5 * (whole + whole.T)


def random_magnet(rng):
    p, theta, a = rng.uniform(-1, 1), rng.uniform(-0.7, 0.7), rng.uniform(-1.4, 2.9)
    least = (1 - 2 * theta**2) * min(1 / (1 + 2 * a / 3), 1 / (1 - a / 3))
    changes = {"polarisation": p, "spin_hall_angle": theta, "anisotropy": a, "anomalous_hall_angle": rng.normal()}
    lengths = {f"{k}_length": 10 ** rng.uniform(-10, -7) for k in ("diffusion", "exchange", "dephasing")}
    return changes | lengths | {"field": 10 * rng.normal(size=3)}, p**2 < least


def test_second_law_for_random_coefficients(rng):
    """Admissible coefficients dissipate in every state; all others are refused."""
    seen = set()
    for _ in range(200):
        changes, admissible = random_magnet(rng)
        seen.add(admissible)
        m = rng.normal(size=3)
        if not admissible:
            with pytest.raises(InputError, match=r"P\^2 < .*create energy"):
                magnet(m, **changes)
            continue
        bulk = magnet(m, **changes)
        conduction, loss = np.linalg.eigvalsh(quadratic(bulk.A, (3, 3))), np.linalg.eigvalsh(quadratic(bulk.R, ()))
        assert conduction.min() > 0
        assert loss.min() > -ROUND_OFF * loss.max()
    assert seen == {True, False}


def test_onsager_casimir_of_the_law(rng):
    parity = np.array([1, -1, -1, -1])
    forward, backward = magnet(field=(1, 2, -3)), magnet(-M, field=(-1, -2, 3))
    a, b = (dense(law.A, (3, 3), (4, 4))[0, 0, 0] for law in (forward, backward))
    np.testing.assert_allclose(a, np.einsum("a,b,kiba->ikab", parity, parity, b), rtol=ROUND_OFF, atol=1e-9)
    r, t = (dense(law.R, (), (4, 4))[0, 0, 0] for law in (forward, backward))
    np.testing.assert_allclose(r, t.T, rtol=ROUND_OFF)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"polarisation": 1.0}, r"polarisation must be between -1 and 1 \(\|P\| < 1\)"),
        ({"polarisation": 0.8, "spin_hall_angle": 0.43, "anisotropy": 0}, r"P\^2 \+ 2 theta\^2 < 1"),
        ({"anisotropy": 3.0}, "anisotropy must be between -1.5 and 3"),
        ({"anisotropy": -1.5}, "anisotropy must be"),
        ({"exchange_length": 0.0}, r"exchange_length must be positive \[m\]"),
        ({"dephasing_length": -1e-9}, "dephasing_length must be positive"),
        ({"diffusion_length": np.nan}, "diffusion_length must be a length"),
        ({"conductivity": 0.0}, "conductivity must be positive"),
        ({"diffusion_constant": 0.0}, "diffusion_constant must be positive"),
        ({"m": np.zeros((3, 3))}, "magnetisation must be a vector that is not zero"),
    ],
)
def test_bad_values_are_refused(changes, said):
    with pytest.raises(InputError, match=said):
        magnet(**changes)
    magnet(polarisation=0.8, spin_hall_angle=0.42, anisotropy=0)


def test_batches_and_textures():
    m = unit(np.random.default_rng(1).normal(size=(7, 3)))
    whole = dense(magnet(m, polarisation=np.array([[0.1], [0.5]])).A, (3, 3), (4, 4))
    assert whole.shape == (2, 7, 1, 3, 3, 4, 4)
    one = dense(magnet(m[4], polarisation=0.5).A, (3, 3), (4, 4))[0, 0, 0]
    np.testing.assert_allclose(whole[1, 4, 0], one, rtol=ROUND_OFF, atol=1e-6)


def test_decay_lengths_are_those_of_both_spins():
    longitudinal, transverse = magnet().decay_lengths
    assert longitudinal == pytest.approx(12e-9)
    assert transverse == pytest.approx(1 / np.sqrt(1 / 0.9e-9**2 - 1j / 1.3e-9**2).real)
    assert plain(exchange_length=np.inf, dephasing_length=np.inf).decay_lengths == pytest.approx((12e-9,))


# --- uniform films


def film(**changes):
    m = changes.pop("m")
    problem = Problem(Layers(("F",), [[6e-9]]), {"F": magnet(m, **changes)}, gradients=BOTH)
    return film_resistivity(solve(problem))


@pytest.mark.parametrize("m_z", [1.0, -0.6])
def test_sign_of_the_anomalous_hall_effect(m_z):
    """rho_T = -rho alpha m_z/(1 + alpha^2), from (1 + alpha [m x])^-1 = (1 - alpha [m x] + alpha^2 m m)/(1 + alpha^2):
    the sign and the size of the ordinary Hall effect with omega_c tau = alpha and B along m."""
    m, rho, alpha = (0, np.sqrt(1 - m_z**2), m_z), 1 / MAGNET["conductivity"], 0.013
    none = {"spin_hall_angle": 0, "anisotropy": 0, "polarisation": 0}
    found = film(m=m, mobility=0, **none).rho_T[0]
    assert found == pytest.approx(-rho * alpha * m_z / (1 + alpha**2), rel=ROUND_OFF)
    ordinary = film(m=m, mobility=alpha, field=m, anomalous_hall_angle=0, **none).rho_T[0]
    assert found == pytest.approx(ordinary, rel=1e-10)


def test_anisotropic_magnetoresistance_of_a_film():
    """rho_L = rho_perp + (rho_par - rho_perp) cos^2, rho_T = (rho_par - rho_perp) sin cos, their mean over all
    directions 1/sigma; the reference does not know m."""
    phi, ratio, rho = 0.7, 0.3, 1 / MAGNET["conductivity"]
    none = {"spin_hall_angle": 0, "anomalous_hall_angle": 0, "mobility": 0}
    found = film(m=(np.cos(phi), np.sin(phi), 0), anisotropy=ratio, **none)
    assert found.rho_L[0] == pytest.approx(rho * (1 - ratio / 3 + ratio * np.cos(phi) ** 2), rel=ROUND_OFF)
    assert found.rho_T[0] == pytest.approx(rho * ratio * np.sin(phi) * np.cos(phi), rel=ROUND_OFF)
    assert found.reference[0] == pytest.approx(rho, rel=ROUND_OFF)


# --- collinear stacks


def channel_step(sigma, p, length, thickness):
    """Transfer of (mu_up, mu_dn, j_up, j_dn) across a layer: j_s = s_s mu_s', j_up' = K (mu_up - mu_dn) = -j_dn'."""
    up, dn = sigma * (1 + p) / 2, sigma * (1 - p) / 2
    k = up * dn / (up + dn) / length**2
    rates = np.zeros((4, 4))
    rates[0, 2], rates[1, 3] = 1 / up, 1 / dn
    rates[2, :2], rates[3, :2] = (k, -k), (-k, k)
    return expm(rates * thickness)


def channel_resistance(layers):
    """Drop of (mu_up + mu_dn)/2 for j = 1 A/m^2 between ends that let no spin out.

    Args:
        layers: (sigma, P, length, thickness) upwards.
    """
    scale = np.diag([1.0, 1.0, 1e15, 1e15])  # currents in units of 1e15: exponentials of like numbers
    total = np.eye(4)
    for layer in layers:
        total = np.linalg.inv(scale) @ channel_step(*layer) @ scale @ total
    start = total @ np.array([0, 0, 0.5e-15, 0.5e-15])
    # Both channels carry half of the current at the top as well; the common level is free.
    half = (0.5e-15 - start[2]) / (total[2, 0] - total[2, 1])
    bottom = np.array([half, -half])
    return (total[:2, :2] @ bottom + start[:2]).mean()


def test_collinear_stack_is_the_two_channel_model():
    """Co|Cu|Fe|Pt with interfaces transparent to spin; parallel and antiparallel, m oblique, P > 0 and P < 0."""
    names, lengths, d = ("Co", "Cu", "Fe", "Pt"), (12e-9, 300e-9, 5e-9, 1.7e-9), (9e-9, 40e-9, 3e-9, 4e-9)
    sigma, p = (5.5e6, 4.8e7, 2e6, 2.5e6), (0.42, 0.0, -0.6, 0.0)
    drops = []
    for sign in (1, -1):
        iron = plain(sign * M, polarisation=-0.6, conductivity=2e6, diffusion_length=5e-9)
        kinds = (plain(), normal_metal(**CU), iron, normal_metal(**PT | {"spin_hall_angle": 0}))
        problem = Problem(
            Layers(names, [d]), dict(zip(names, kinds, strict=True)), dict.fromkeys(BETWEEN, TIED), ENDS
        )
        solution = wire(solve(problem), amplitudes={"low": 0.0}, fluxes={"high": 1e15})
        layers = list(zip(sigma, np.multiply(p, (1, 1, sign, 1)), lengths, d, strict=True))
        drops.append(solution.amplitude("high")[0])
        assert drops[-1] == pytest.approx(1e15 * channel_resistance(layers), rel=EXACT)
        assert max(b.error.max() for b in solution.balances) < BALANCE
    assert abs(drops[0] / drops[1] - 1) > 1e-3


def test_infinite_layers_are_series_resistors():
    """Valet and Fert, 1993: R = rho_F d_F + r_b (1 - gamma^2) + rho_N d_N + r_SI with spin resistances r = rho* l,
    r_SI = [r_N (beta^2 r_F + gamma^2 r_b) + r_F r_b (beta - gamma)^2]/(r_F + r_N + r_b); w = 0 deep in F."""
    beta, gamma, r_b = 0.42, 0.7, 0.8e-15
    d_f, d_n = 40 * 12e-9, 40 * 1.7e-9
    g = 1 / (r_b * (1 - gamma**2))
    faces = {
        "Pt|Co": Face(
            normal_ferromagnet("Co", Circuit(g * (1 + gamma) / 2, g * (1 - gamma) / 2, 1e15), M),
            {"normal": "minus", "ferromagnet": "plus"},
        ),
        "top": Face(FaceLaw((Side("metal", CHARGE_AND_SPIN),), given={"w": np.zeros(3)}), {"metal": "minus"}),
    }
    problem = Problem(
        Layers(("Pt", "Co"), [[d_n, d_f]]),
        {"Pt": normal_metal(**PT | {"spin_hall_angle": 0}), "Co": plain()},
        faces,
        ENDS,
    )
    r_f, r_n = 12e-9 / (5.5e6 * (1 - beta**2)), 1.7e-9 / 2.5e6
    series = d_f / 5.5e6 + d_n / 2.5e6 + r_b * (1 - gamma**2)
    coupled = (r_n * (beta**2 * r_f + gamma**2 * r_b) + r_f * r_b * (beta - gamma) ** 2) / (r_f + r_n + r_b)
    assert 1 / solve(problem).matrix[0, 0, 0] == pytest.approx(series + coupled, rel=EXACT)
    assert coupled > 1e-3 * series


def injector(p, drive_current):
    """Cu on Co: a current across the interface, or E along x in a spin Hall metal at open circuit."""
    metal = normal_metal(**CU) if drive_current else normal_metal(**PT)
    problem = Problem(
        Layers(("Co", "N"), [[30e-9, 6e-9]]),
        {"Co": plain(polarisation=p), "N": metal},
        {"Co|N": TIED},
        ENDS if drive_current else {},
        gradients=() if drive_current else BOTH,
    )
    response = solve(problem)
    if drive_current:
        solution = wire(response, amplitudes={"low": 0.0}, fluxes={"high": drive_current})
    else:
        solution = wire(response, amplitudes={"du/dx": 1e4, "du/dy": 0.0})
    return spin_accumulation(solution, "N", np.array([[0, 0, 31e-9], [0, 0, 35e-9]]))[0]


def test_electrons_that_leave_the_magnet_carry_majority_spin_along_minus_m():
    """Charge current from N into Co along -z (electrons enter N): mu_s along -m for P > 0, odd in P."""
    # The flux gained at the top is the outflow there; electrons flow up if the charge current flows down.
    up = injector(0.42, -1e10)
    assert np.all(up @ M < 0)
    np.testing.assert_allclose(np.cross(up, M), 0, atol=EXACT * np.abs(up).max())
    np.testing.assert_allclose(injector(-0.42, -1e10), -up, rtol=EXACT, atol=EXACT * np.abs(up).max())


def test_at_open_circuit_only_the_square_of_the_polarisation_enters():
    found, reversed_, none = (injector(p, 0) for p in (0.42, -0.42, 0.0))
    np.testing.assert_allclose(found, reversed_, rtol=EXACT, atol=EXACT * np.abs(found).max())
    assert np.abs(found - none).max() > 1e-3 * np.abs(found).max()


# --- transverse spin


def test_transverse_spin_decays_and_turns_with_the_right_hand_about_m():
    q = np.sqrt(1 / 0.9e-9**2 - 1j / 1.3e-9**2)
    start = 1e-5 * np.array([1.0, 0, 0])
    face = Face(FaceLaw((Side("metal", CHARGE_AND_SPIN),), given={"w": start}), {"metal": "minus"})
    problem = Problem(
        Layers(("F",), [[40e-9]]), {"F": plain((0, 0, 1))}, {"bottom": face}, {"low": Terminal(("top",))}
    )
    solution = wire(solve(problem), amplitudes={"low": 0.0})
    z = np.array([0.1e-9, 0.7e-9, 2e-9])
    w = spin_accumulation(solution, "F", z[:, None] * [0, 0, 1.0])[0] / 2
    np.testing.assert_allclose(w[:, 0] + 1j * w[:, 1], 1e-5 * np.exp(-q * z), rtol=EXACT)
    assert w[0, 1] > 0
    assert max(b.error.max() for b in solution.balances) < BALANCE


@pytest.mark.parametrize("m", [(0, 0, 1), (1, 0, 0), (0.6, 0, -0.8)])
def test_thick_magnet_is_an_interface_with_mixing_conductance(m):
    """G_mix = sigma q/2 with q = sqrt(1/lambda_phi^2 - i/lambda_J^2), for the transverse spin of E along x (spin y)."""
    q = np.sqrt(1 / 0.9e-9**2 - 1j / 1.3e-9**2)
    circuit = normal_ferromagnet("Co", Circuit(0.0, 0.0, 5.5e6 * q / 2), m)
    answers = []
    for face in (Face(circuit, {"normal": "plus", "ferromagnet": "minus"}), TIED):
        problem = Problem(
            Layers(("Co", "Pt"), [[40e-9, 3e-9]]),
            {"Co": plain(m, polarisation=0), "Pt": normal_metal(**PT)},
            {"Co|Pt": face},
            gradients=BOTH[:1],
        )
        solution = wire(solve(problem), amplitudes={"du/dx": 1e4})
        answers.append(spin_accumulation(solution, "Pt", np.array([[0, 0, 40e-9], [0, 0, 42e-9]])))
    # At an interface that is closed to the longitudinal spin only the transverse one agrees.
    across = np.eye(3) - np.outer(m, m)
    np.testing.assert_allclose(answers[0] @ across, answers[1] @ across, atol=EXACT * np.abs(answers[1]).max())
    assert np.abs(answers[1] @ np.cross(m, [0, 1, 0])).max() > 1e-2 * np.abs(answers[1]).max()


# --- bilayers


def bilayer(m, field, rng_seed=5):
    rng = np.random.default_rng(rng_seed)
    field = np.asarray(field, dtype=float)
    law = Circuit(1.5e15, 0.4e15, 0.9e15 + 0.3e15j, 0.4)
    return Problem(
        Layers(("Pt", "Co", "Ta", "Fe"), [rng.uniform(1e-9, 6e-9, 4)]),
        {
            "Pt": normal_metal(field=field, mobility=1e-3, **PT),
            "Co": magnet(m, field=field),
            "Ta": normal_metal(field=field, **PT | {"spin_hall_angle": -0.2, "conductivity": 6e5}),
            "Fe": magnet(m, field=field, polarisation=-0.3, exchange_length=0.7e-9),
        },
        {
            "Pt|Co": Face(normal_ferromagnet("Co", law, m), {"normal": "minus", "ferromagnet": "plus"}),
            "Co|Ta": TIED,
            "Ta|Fe": Face(collinear_ferromagnets(Circuit(1e15, 3e15, 0, 0.2), m, -np.asarray(m)), UP),
        },
        {"ground": Terminal(("top",))},
        BOTH,
    )


def test_onsager_of_a_stack_with_everything():
    forward = solve(bilayer(M, (8, -3, 15)))
    backward = solve(bilayer(-M, (-8, 3, -15)))
    matrix = forward.matrix[0, 1:, 1:]
    np.testing.assert_allclose(matrix, backward.matrix[0, 1:, 1:].T, rtol=EXACT, atol=1e-12 * np.abs(matrix).max())
    assert abs(matrix[0, 1] + matrix[1, 0]) > 1e-6 * matrix[0, 0]
    assert abs(matrix[0, 1] - matrix[1, 0]) > 1e-4 * matrix[0, 0]
    solution = wire(forward, amplitudes={"du/dx": 1e4, "du/dy": -2e4, "ground": 0.0})
    # No charge crosses the ground, so its balance has nothing to be relative to.
    assert max(b.error.max() for b in solution.balances if b.name != "u") < BALANCE


# --- finite elements


def wall(mesh, regions, engine, **faces):
    return solve(Problem(mesh, regions, faces, ENDS, gradients=BOTH), engine).matrix[0]


def test_texture_by_cell_is_layers_of_their_own():
    """Two magnetisations in one region of finite elements <-> two tied regions, to rounding; <-> the exact stack, at
    the order of the elements."""
    m = unit([[0.36, -0.48, 0.8], [0.8, 0.5, -0.1]])
    mesh = stack([("A", 4e-9), ("B", 6e-9)]).mesh({"A": 0.9e-9, "B": 0.9e-9}, cells_per_length=4)
    layers, tied = {"A": magnet(m[0]), "B": magnet(m[1])}, {"A|B": TIED}
    two = wall(mesh, layers, Scikit(2), **tied)
    faces = {name: face for name, face in mesh.faces.items() if name != "A|B"}
    one = replace(mesh, regions=("A",), cell_region=0 * mesh.cell_region, faces=faces)
    texture = wall(one, {"A": magnet(m[mesh.cell_region])}, Scikit(2))
    exact = wall(Layers(("A", "B"), [[4e-9, 6e-9]]), layers, Multilayer(), **tied)
    scale = np.sqrt(np.outer(np.diag(exact), np.diag(exact)))
    assert np.abs((texture - two) / scale).max() < EXACT
    assert np.abs((two - exact) / scale).max() < P2
