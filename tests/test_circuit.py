"""Metal | metal interfaces: the formulas of the notes, limits, and the layer that memory loss stands for.

fluxes + deposits                     <-> zero, torque across m, loss along m
memory loss                           <-> a real layer of that conductance, polarisation and thickness
no memory loss                        <-> J = G D w - (G_up - G_dn) D u; infinite: w = 0 and J = -P j
large conductances                    <-> the transparent interface, at first order in 1/G
G_up = G_dn = 0                       <-> the b-layer with G_r = Re G_mix, G_i = -Im G_mix
heavy metal on a magnet               <-> (1 - sech(d/l)) G/(G + tanh(d/l)/l) with G = 2 G_mix/sigma
amplitudes of random scatterers       <-> bare conductances within the bounds, what is left dissipates
"""

import numpy as np
import pytest

from hanle.boundary.b_layer import Conductances, b_layer
from hanle.boundary.circuit import (
    MEMORY_LOSS,
    Circuit,
    collinear_ferromagnets,
    normal_ferromagnet,
    normal_normal,
    transparent,
)
from hanle.meshes.layered import Layers
from hanle.meshes.layers import stack
from hanle.pde.coefficients import FaceLaw, Side, dense
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.engines.scikit import Scikit
from hanle.pde.errors import InputError, UnsupportedError
from hanle.pde.ferromagnet import ferromagnet
from hanle.pde.fields import CHARGE_AND_SPIN
from hanle.pde.metal import normal_metal
from hanle.pde.observables import spin_accumulation, torque
from hanle.pde.problem import Face, Gradient, Problem, Terminal
from hanle.pde.solution import wire
from hanle.pde.steady import respond
from hanle.pde.tensors import unit

M = unit([0.36, -0.48, 0.8])
G = Circuit(1.5e15, 0.4e15, 1.2e15 + 0.3e15j, 0.7)
PT = {"conductivity": 2.5e6, "diffusion_constant": 3e-4, "diffusion_length": 1.7e-9}
TA = {"conductivity": 6e5, "diffusion_constant": 1e-4, "diffusion_length": 2.3e-9}
MAGNET = {
    "conductivity": 5.5e6,
    "polarisation": 0.42,
    "diffusion_constant": 1.7e-3,
    "diffusion_length": 12e-9,
    "exchange_length": 1.3e-9,
    "dephasing_length": 0.9e-9,
}
ROUND_OFF = 1e-12
#: Rounding of the layered engine where charge and spin couple.
EXACT = 1e-10
BALANCE = 1e-9
#: Discretisation error of the correction with second-order elements of a quarter of the shortest length.
P2 = 3e-5
UP = {"below": "minus", "above": "plus"}
NF = {"normal": "minus", "ferromagnet": "plus"}
ENDS = {"low": Terminal(("bottom",)), "high": Terminal(("top",))}
OPEN = FaceLaw((Side("metal", CHARGE_AND_SPIN),), given={"w": np.array([2e-4, -1e-4, 3e-4])})


def magnet(m=M, **changes):
    return ferromagnet("Co", magnetisation=m, **MAGNET | changes)


def solve(problem):
    return respond(problem, Multilayer(), tolerance=1e-12)


def matrix(law):
    return dense(law.G, (), (8, 8))[0, 0, 0]


def test_fluxes_are_the_formulas(rng):
    """J(0) and J(d) of the notes written out with sinh and cosh, j the same on both sides."""
    traces = rng.normal(size=8)
    u_n, w, u_f, w_f = traces[0], traces[1:4], traces[4], traces[5:] @ M
    g, p, delta, w_n = 1.9e15, 1.1 / 1.9, 0.7, w @ M
    j = g * (u_f - u_n - p * (w_f - w_n))
    scale = g * (1 - p**2) * delta / np.sinh(delta)
    j_n = scale * (w_f - w_n * np.cosh(delta)) - p * j
    j_f = scale * (w_f * np.cosh(delta) - w_n) - p * j
    across = -2 * 1.2e15 * (w - w_n * M) - 2 * 0.3e15 * np.cross(M, w)
    found = normal_ferromagnet("Co", G, 2 * M).flux(traces.reshape(1, 1, 1, 8)).reshape(8)
    np.testing.assert_allclose(found[[0, 4]], [j, -j], rtol=ROUND_OFF)
    np.testing.assert_allclose(found[1:4], j_n * M + across, rtol=1e-11)
    np.testing.assert_allclose(found[5:], -j_f * M, rtol=1e-11)


LAWS = {
    "normal | ferromagnet": normal_ferromagnet("Co", G, M),
    "normal | normal": normal_normal(0.6e-15, 1.3),
    "ferromagnet | ferromagnet": collinear_ferromagnets(Circuit(1e15, 3e15, 0.0, 0.4), M, -M),
}


@pytest.mark.parametrize("name", LAWS)
def test_what_the_metals_lose_is_handed_over(name, rng):
    law, traces = LAWS[name], rng.normal(size=(1, 3, 2, 8))
    flux = law.flux(traces)
    given = {receiver: rows.density(traces) for receiver, rows in law.deposits.items()}
    scale = np.abs(flux).max()
    total = flux[..., 1:4] + flux[..., 5:] + sum(given.values())
    np.testing.assert_allclose(total, 0, atol=ROUND_OFF * scale)
    np.testing.assert_allclose(flux[..., 0] + flux[..., 4], 0, atol=ROUND_OFF * scale)
    if "torque:Co" in given:
        np.testing.assert_allclose(given["torque:Co"] @ M, 0, atol=ROUND_OFF * scale)
    if "ferromagnet" in name:
        np.testing.assert_allclose(np.cross(given[MEMORY_LOSS], M), 0, atol=ROUND_OFF * scale)


def test_no_memory_loss_is_the_two_channel_law(rng):
    traces = rng.normal(size=8)
    law = normal_ferromagnet("Co", Circuit(1.5e15, 0.4e15, 0.0), M)
    found = law.flux(traces.reshape(1, 1, 1, 8)).reshape(8)
    du, dw = traces[4] - traces[0], (traces[5:] - traces[1:4]) @ M
    up, dn = 1.5e15 * (du - dw), 0.4e15 * (du + dw)
    np.testing.assert_allclose(found[0], up + dn, rtol=ROUND_OFF)
    np.testing.assert_allclose(found[1:4], (dn - up) * M, rtol=1e-11)
    np.testing.assert_allclose(found[5:], (up - dn) * M, rtol=1e-11)
    weak = matrix(normal_ferromagnet("Co", Circuit(1.5e15, 0.4e15, 0.0, 1e-5), M))
    np.testing.assert_allclose(weak, matrix(law), atol=1e-10 * 1.9e15)


def stacked(law_or_layer, lower, upper, roles=UP):
    """Two layers and what joins them: a face law, or a third layer (law, thickness); spin given below."""
    faces = {"bottom": Face(OPEN, {"metal": "minus"})}
    if isinstance(law_or_layer, FaceLaw):
        return Problem(
            Layers(("A", "B"), [[3e-9, 5e-9]]),
            {"A": lower, "B": upper},
            {"A|B": Face(law_or_layer, roles), **faces},
            ENDS,
        )
    bulk, thickness = law_or_layer
    tied = Face(transparent(), UP)
    return Problem(
        Layers(("A", "I", "B"), [[3e-9, thickness, 5e-9]]),
        {"A": lower, "I": bulk, "B": upper},
        {"A|I": tied, "I|B": tied, **faces},
        ENDS,
    )


def spins(problem, height):
    """Spin accumulation in the middle of A and of B, and the drop, for a current across the stack."""
    solution = wire(solve(problem), amplitudes={"low": 0.0}, fluxes={"high": 2e11})
    assert max(b.error.max() for b in solution.balances) < BALANCE
    below = spin_accumulation(solution, "A", np.array([[0, 0, 1.5e-9]]))[0, 0]
    above = spin_accumulation(solution, "B", np.array([[0, 0, 3e-9 + height + 2.5e-9]]))[0, 0]
    return below, above, solution.amplitude("high")[0]


@pytest.mark.parametrize("delta", [0.3, 2.5])
def test_memory_loss_between_normal_metals_is_a_layer(delta):
    """Any spin axis: a layer of conductivity G t and diffusion length t/delta, whatever its thickness t."""
    g, t = 1.1e15, 0.4e-9
    lower, upper = normal_metal(**PT), normal_metal(**TA)
    layer = normal_metal(conductivity=g * t, diffusion_constant=1e-4, diffusion_length=t / delta)
    a = spins(stacked(normal_normal(1 / g, delta), lower, upper), 0.0)
    b = spins(stacked((layer, t), lower, upper), t)
    for found, expected in zip(a, b, strict=True):
        np.testing.assert_allclose(found, expected, rtol=EXACT)


@pytest.mark.parametrize("sign", [1, -1])
def test_memory_loss_of_polarised_interfaces_is_a_layer(sign):
    """Along m: F|F with opposite magnetisations and N|F, each against a layer with polarisation P and the same m."""
    g, p, delta, t = 1.9e15, sign * 1.1 / 1.9, 0.7, 0.4e-9
    given = Circuit.from_resistance(1 / g, p, memory_loss=delta)
    layer = magnet(conductivity=g * t, polarisation=p, diffusion_length=t / delta)
    upper = magnet(-M, polarisation=0.6)
    pairs = [(magnet(), collinear_ferromagnets(given, M, -M), UP)]
    pairs.append((normal_metal(**PT), normal_ferromagnet("Co", given, M), NF))
    for lower, law, roles in pairs:
        a = spins(stacked(law, lower, upper, roles), 0.0)
        b = spins(stacked((layer, t), lower, upper), t)
        assert a[2] == pytest.approx(b[2], rel=EXACT)
        for found, expected in zip(a[:2], b[:2], strict=True):
            assert found @ M == pytest.approx(expected @ M, rel=EXACT)
        assert abs(a[1] @ M) > 1e-3 * abs(a[0] @ M)


def test_infinite_memory_loss_is_a_perfect_sink():
    """w = 0 on both sides, so each metal is on its own between w = 0 and its end; charge meets 1/G.

    Below, given w_0: J = -sigma w_0/[l sinh(d/l)]. Above, with a closed end and J = (1 - P^2) sigma w' - P j:
    J = P j [1/cosh(d/l) - 1].
    """
    law, j = normal_ferromagnet("Co", Circuit.from_resistance(1 / 1.9e15, 1.1 / 1.9, 1e15, 1e9), M), 2e11
    solution = wire(
        solve(stacked(law, normal_metal(**PT), magnet(), NF)), amplitudes={"low": 0.0}, fluxes={"high": j}
    )
    traces = solution.face("A|B").traces
    (u_n, *w_n), (u_f, *w_f) = traces[0, 0, 0].reshape(2, 4)
    given, ratio = OPEN.given["w"] @ M, 5 / 12
    assert max(abs(w_n @ M), abs(w_f @ M)) < 1e-8 * abs(given)
    assert u_f - u_n == pytest.approx(j / 1.9e15, rel=1e-6)
    fluxes = law.flux(traces)[0, 0, 0]
    assert fluxes[1:4] @ M == pytest.approx(-2.5e6 / 1.7e-9 * given / np.sinh(3 / 1.7), rel=1e-6)
    assert -fluxes[5:] @ M == pytest.approx(0.42 * j * (1 / np.cosh(ratio) - 1), rel=1e-6)


def test_extreme_memory_loss_neither_overflows_nor_cancels():
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        matrix(normal_normal(1e-15, 1e9))
        small = matrix(normal_normal(1e-15, 1e-6)) - matrix(normal_normal(1e-15))
    assert np.abs(small).max() < 1e-11 * 1e15


def test_large_conductances_are_the_transparent_interface():
    """First order in 1/G: ten times the conductance, a tenth of the difference."""
    lower, upper = normal_metal(**PT), normal_metal(**TA)
    limit = np.concatenate(spins(stacked(transparent(), lower, upper), 0.0)[:2])
    errors = []
    for g in (1e18, 1e19):
        found = np.concatenate(spins(stacked(normal_normal(1 / g), lower, upper), 0.0)[:2])
        errors.append(np.abs(found - limit).max() / np.abs(limit).max())
    assert errors[0] / errors[1] == pytest.approx(10, rel=0.02)
    assert errors[1] < 1e-3


@pytest.mark.parametrize("ends", [ENDS, {}], ids=["contacts", "film"])
def test_finite_elements_agree_with_the_exact_stack(ends):
    """Pt with spin Hall effect on Co, across and along the film; with no contact the potential floats."""
    law = normal_ferromagnet("Co", G, M)
    regions = {
        "Pt": normal_metal(**PT, spin_hall_angle=0.1),
        "Co": magnet(anomalous_hall_angle=0.01, anisotropy=0.02),
    }
    mesh = stack([("Pt", 4e-9), ("Co", 8e-9)]).mesh({"Pt": 1.7e-9, "Co": 0.9e-9}, cells_per_length=4)
    drives = (Gradient("u", "x"), Gradient("u", "y"))
    ground = ends or {"ground": Terminal(("top",))}
    elements = Problem(mesh, regions, {"Pt|Co": Face(law, NF)}, ends, drives)
    exact = Problem(Layers(("Pt", "Co"), [[4e-9, 8e-9]]), regions, {"Pt|Co": Face(law, NF)}, ground, drives)
    found = respond(elements, Scikit(2), tolerance=1e-11).correction[0]
    expected = solve(exact).correction[0][-len(found) :, -len(found) :]
    scale = np.sqrt(np.abs(np.outer(np.diag(expected), np.diag(expected))))
    assert np.abs((found - expected) / scale).max() < P2


@pytest.mark.parametrize("m", [(0, 0, 1.0), (0.36, -0.48, 0.8), (1.0, 0, 0)])
def test_the_potential_of_a_film_floats_in_the_exact_engine(m):
    """The interface couples u and w; a constant u makes no flux all the same, so that no ground is needed."""
    law = normal_ferromagnet("Co", G, m)
    regions = {"Pt": normal_metal(**PT, spin_hall_angle=0.1), "Co": magnet(m, anomalous_hall_angle=0.01)}
    layers, faces = Layers(("Pt", "Co"), [[4e-9, 8e-9]]), {"Pt|Co": Face(law, NF)}
    drives = (Gradient("u", "x"), Gradient("u", "y"))
    free = solve(Problem(layers, regions, faces, gradients=drives)).matrix[0]
    held = solve(Problem(layers, regions, faces, {"ground": Terminal(("top",))}, drives)).matrix[0, 1:, 1:]
    np.testing.assert_allclose(free, held, rtol=EXACT, atol=EXACT * np.abs(held).max())


def test_insulating_magnet_is_the_b_layer():
    """G_r = Re G_mix, G_i = -Im G_mix, G_s = 0: fluxes and torques."""
    circuit = normal_ferromagnet("YIG", Circuit(0.0, 0.0, 3e14 - 0.8e14j), M)
    insulating = b_layer("YIG", Conductances(0.0, 3e14, 0.8e14), M)
    expected = dense(insulating.G, (), (3, 3))[0, 0, 0]
    np.testing.assert_allclose(matrix(circuit)[1:4, 1:4], expected, atol=1.0)
    whole = matrix(circuit)
    whole[1:4, 1:4] = 0
    assert not whole.any()
    found = dense(circuit.deposits["torque:YIG"].values, (), (3, 8))[0, 0, 0, :, 1:4]
    np.testing.assert_allclose(
        found, dense(insulating.deposits["torque:YIG"].values, (), (3, 3))[0, 0, 0], atol=1.0
    )


@pytest.mark.parametrize("kind", ["circuit", "b_layer"])
@pytest.mark.parametrize("m", [(0, 0, 1.0), (0.36, -0.48, 0.8), (1.0, 0, 0)])
def test_spin_orbit_torque_efficiency(kind, m):
    """tau = (hbar/2e) theta sigma E {Re xi [y - m (m.y)] + Im xi m x y}, xi = (1 - sech(d/l)) g/(g + tanh(d/l)/l).

    g = 2 G_mix/sigma = 2 (G_r - i G_i)/sigma; the metal below the magnet (N = +z), current along x. An independent
    answer: one complex equation for the spin across m.
    """
    d, length, sigma, theta, mix, m = 4e-9, 1.7e-9, 2.5e6, 0.11, 0.8e15 + 0.3e15j, np.asarray(m)
    metal = normal_metal(**PT, spin_hall_angle=theta)
    if kind == "circuit":
        law, roles = normal_ferromagnet("Co", Circuit(1e15, 0.4e15, mix), m), NF
        layers, regions = Layers(("Pt", "Co"), [[d, 8e-9]]), {"Pt": metal, "Co": magnet(m)}
    else:
        law, roles = b_layer("Co", Conductances(-1e13, mix.real - 1e13, -mix.imag), m), {"metal": "minus"}
        roles["magnet"] = "plus"
        layers, regions = Layers(("Pt", "Co"), [[d, 8e-9]]), {"Pt": metal}
    ground, field = {"ground": Terminal(("bottom",))}, 3e4
    problem = Problem(layers, regions, {"Pt|Co": Face(law, roles)}, ground, (Gradient("u", "x"),))
    solution = wire(solve(problem), amplitudes={"du/dx": field, "ground": 0.0})
    found = torque(solution, "Co", "Pt|Co")[0]
    g = 2 * mix / sigma
    xi = (1 - 1 / np.cosh(d / length)) * g / (g + np.tanh(d / length) / length)
    y = np.array([0, 1.0, 0])
    expected = xi.real * (y - m * m[1]) + xi.imag * np.cross(m, y)
    np.testing.assert_allclose(
        found,
        HBAR / (2 * E_CHARGE) * theta * sigma * field * expected,
        rtol=EXACT,
        atol=1e-12 * np.abs(found).max(),
    )
    assert xi.real > 0
    assert xi.imag > 0


def test_second_law_for_random_conductances(rng):
    for _ in range(100):
        values = 10 ** rng.uniform(12, 17, 4)
        given = Circuit(values[0], values[1], values[2] + 1j * rng.normal() * values[3], 10 ** rng.uniform(-3, 2))
        for law in (
            normal_ferromagnet("M", given, rng.normal(size=3)),
            normal_normal(1 / values[0], given.memory_loss),
        ):
            power = np.linalg.eigvalsh(matrix(law) + matrix(law).T)
            assert power.max() < ROUND_OFF * np.abs(power).max()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (Circuit(-1e15, 1e15, 1e15), r"G_up of the interface to Co must be 0 or positive.*-1e\+15 S/m\^2"),
        (Circuit(1e15, np.array([1e15, -2e14]), 1e15), r"G_dn of the interface.*-2e\+14"),
        (Circuit(1e15, 1e15, -1e14 + 5e15j), r"Re G_mix of the interface"),
        (Circuit(1e15, 1e15, 1e15, -0.1), r"memory_loss of the interface"),
        (Circuit(np.nan, 1e15, 1e15), "G_up of the interface"),
    ],
)
def test_laws_that_create_energy_are_refused(given, said):
    with pytest.raises(InputError, match=said):
        normal_ferromagnet("Co", given, M)


def test_other_refusals():
    with pytest.raises(UnsupportedError, match="thin normal metal between them"):
        collinear_ferromagnets(Circuit(1e15, 2e15), M, (0, 0, 1))
    with pytest.raises(InputError, match="G_mix must be 0 between two ferromagnets"):
        collinear_ferromagnets(Circuit(1e15, 2e15, 1e15), M, M)
    with pytest.raises(InputError, match="magnetisation must be a vector that is not zero"):
        normal_ferromagnet("Co", G, (0, 0, 0))
    with pytest.raises(InputError, match="area_resistance must be positive"):
        normal_normal(0.0)
    with pytest.raises(InputError, match="polarisation must be between -1 and 1"):
        Circuit.from_resistance(1e-15, 1.2)


def test_antiparallel_channels_are_those_of_the_lower_magnet():
    """Reversing the upper m changes nothing in the law; reversing both is P -> -P in the spin seen along the axis."""
    given = Circuit(1e15, 3e15, 0.0, 0.4)
    parallel, antiparallel = (matrix(collinear_ferromagnets(given, M, m)) for m in (M, -M))
    np.testing.assert_array_equal(parallel, antiparallel)
    swapped = matrix(collinear_ferromagnets(Circuit(3e15, 1e15, 0.0, 0.4), -M, M))
    np.testing.assert_allclose(swapped, parallel, atol=1e-3)


def test_batches_and_facets(rng):
    m = unit(rng.normal(size=(5, 3)))
    mix = np.array([1e15 + 2e14j, 2e15])[:, None]
    whole = dense(normal_ferromagnet("Co", Circuit(1e15, 2e15, mix, 0.2), m).G, (), (8, 8))
    assert whole.shape == (2, 5, 1, 8, 8)
    one = matrix(normal_ferromagnet("Co", Circuit(1e15, 2e15, 1e15 + 2e14j, 0.2), m[3]))
    np.testing.assert_allclose(whole[0, 3, 0], one, rtol=ROUND_OFF, atol=1.0)
    jumps = dense(normal_normal(np.array([1e-15, 2e-15]), np.array([[0.1], [0.2], [0.3]])).G, (), (8, 8))
    assert jumps.shape == (3, 2, 1, 8, 8)


# --- scattering theory


def scatterers(rng, n=400):
    """Reflection amplitudes of n channels per spin (N side), of which some of the magnet's are closed."""
    size = np.sqrt(rng.uniform(0, 1, (2, n)))
    return size * np.exp(2j * np.pi * rng.uniform(size=(2, n)))


def test_random_scatterers_are_within_the_bounds_and_dissipate(rng):
    """Bare sums 1 - |r|^2 and 1 - r_up r_dn^* of random amplitudes pass; what is left has Re G_mix >= 0."""
    quantum = 1e13
    for n in (1, 3, 50):
        up, dn = scatterers(rng, n)
        bare = Circuit(
            quantum * np.sum(1 - np.abs(up) ** 2),
            quantum * np.sum(1 - np.abs(dn) ** 2),
            quantum * np.sum(1 - up * dn.conj()),
            0.3,
        )
        left = bare.without_sharvin(n * quantum, 2 * n * quantum, 2 * n * quantum)
        assert np.real(left.G_mix) >= 0
        assert left.memory_loss == 0.3
        assert 1 / left.G_mix == pytest.approx(1 / bare.G_mix - 1 / (2 * n * quantum), rel=ROUND_OFF)
        assert 1 / left.G_up == pytest.approx(1 / bare.G_up - (1 + 0.5) / (2 * n * quantum), rel=ROUND_OFF)
        normal_ferromagnet("M", left, M)


def test_bounds_of_bare_conductances():
    """g_N = 1e15 per spin: G_mix = 1.6e15 misses |G_mix - g_N|^2 <= (g_N - G_up)(g_N - G_dn), G_up = G_dn = g_N/2."""
    Circuit(5e14, 5e14, 1.5e15).without_sharvin(1e15, 2e15, 2e15)
    with pytest.raises(InputError, match=r"G_mix must be within .*1\.6e\+15"):
        Circuit(5e14, 5e14, 1.6e15).without_sharvin(1e15, 2e15, 2e15)
    with pytest.raises(InputError, match=r"G_mix must be within"):
        Circuit(5e14, 5e14, 4.9e14).without_sharvin(1e15, 2e15, 2e15)
    Circuit(9e14, 1e14, 1.3e15).without_sharvin(1e15, 2e15, 2e15)
    with pytest.raises(InputError, match=r"G_mix must be within .*1\.31e\+15"):
        Circuit(9e14, 1e14, 1.31e15).without_sharvin(1e15, 2e15, 2e15)
    with pytest.raises(InputError, match="G_mix must be below twice the Sharvin conductance"):
        Circuit(0.0, 0.0, 2e15).without_sharvin(1e15, 2e15, 2e15)
    with pytest.raises(InputError, match="G_up must be at most the Sharvin conductance"):
        Circuit(1.1e15, 1e14, 1e15).without_sharvin(1e15, 2e15, 2e15)
    with pytest.raises(InputError, match="no resistance: use `transparent`"):
        Circuit(1e15, 1e14, 1e15).without_sharvin(1e15, 1e15, 2e15)
    with pytest.raises(InputError, match="sharvin_normal must be positive"):
        Circuit(1e14, 1e14, 1e15).without_sharvin(0.0, 1e15, 2e15)
