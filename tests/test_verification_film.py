"""Films through problem, engines and read-outs: pairs that must agree, and what each would catch.

finite elements, 1D, m and B oblique     <-> 3x3 closed form, at the order of the elements      any wrong coefficient
layered engine                           <-> the same, to rounding
2D and 3D meshes, laterally periodic     <-> the 1D answer of the same elements, to rounding    terms along x and y
m || B || y                              <-> no Gr, Gi, Hanle effect in sigma_xx                mixed components
m in the xz-plane                        <-> sigma_xx of any other direction there
theta -> -theta                          <-> same resistivity, opposite spin accumulation
E, m, B turned about z                   <-> turned response
insulator above                          <-> insulator below                                    sign of the normal
(Gi, omega) -> (-Gi, -omega)             <-> transposed response
strong sink; strong Gi                   <-> R = (l/d) tanh(d/l)
thin film, Gi                            <-> three times what Delta omega = Gi/(e^2 nu t) does, not once
uniformly pumped thin channel, Gi        <-> the same Delta omega, once
layer of moments resolved by elements    <-> the same layer solved exactly; the interface law as b -> 0

Errors are those of the correction rho_L/rho - 1, never of rho.
"""

import numpy as np
import pytest

from hanle.boundary.b_layer import Conductances, b_layer, conductances
from hanle.materials.rates import Rates
from hanle.meshes.hall_bar import hall_bar
from hanle.meshes.layered import Layers
from hanle.meshes.layers import film, stack
from hanle.pde.closed_forms.channels import channel_tensor
from hanle.pde.closed_forms.oblique import decay_matrix, mixing_tensor, oblique_deficit
from hanle.pde.closed_forms.resistivity import exact_correction
from hanle.pde.coefficients import FaceLaw, Side, term
from hanle.pde.constants import E_CHARGE, HBAR, MU_B
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.fields import CHARGE_AND_SPIN
from hanle.pde.magnetic_metal import metal_with_moments
from hanle.pde.metal import normal_metal
from hanle.pde.observables import film_resistivity
from hanle.pde.problem import MINUS, PLUS, Face, Gradient, Problem
from hanle.pde.solution import wire
from hanle.pde.steady import respond
from hanle.pde.tensors import unit

RHO, D, LAMBDA, THETA, THICKNESS = 4e-7, 2e-4, 1.7e-9, 0.13, 4.3e-9
METAL = {"conductivity": 1 / RHO, "diffusion_constant": D, "diffusion_length": LAMBDA, "spin_hall_angle": THETA}
GS, GR, GI = -2e13, 4e14, 1.5e14
M, B = unit([0.3, -0.5, 0.8]), np.array([8.0, -3.0, 15.0])
LARMOR = 2 * MU_B / HBAR
LAYERS = [("YIG", 50e-9), ("Pt", THICKNESS)]

#: Rounding of the layered engine, relative to the correction.
EXACT = 1e-12
#: Two discrete problems with one answer: rounding of a direct solution of a few hundred unknowns.
SAME = 1e-9
TIGHT = 1e-12
#: Discretisation error of second-order elements of a third of the spin diffusion length.
P2_SIMPLICES = 2e-6
#: Measured orders may miss the asymptotic ones by this much on the meshes below.
ORDER_MARGIN = 0.05


def on_insulator(mesh, m=M, field=B, g=(GS, GR, GI), face="YIG|Pt", **changes):
    """A film problem: Pt against YIG, E along every axis that is absent or periodic."""
    metal, magnet = (PLUS, MINUS) if face.endswith("Pt") else (MINUS, PLUS)
    periodic = () if isinstance(mesh, Layers) else mesh.periodic
    return Problem(
        mesh,
        {"Pt": normal_metal(field=field, **METAL | changes)},
        {face: Face(b_layer("YIG", Conductances(*g), m), {"metal": metal, "magnet": magnet})},
        gradients=tuple(Gradient("u", a) for a in "xy" if a not in mesh.axes or a in periodic),
    )


def line(cells=4, layers=LAYERS, growth=1.4):
    """Pt with `cells` elements per spin diffusion length at its faces."""
    return stack(layers).mesh({"Pt": LAMBDA}, cells_per_length=cells, growth=growth)


@pytest.fixture
def solve(elements):
    def solve(problem, order=1, tolerance=TIGHT):
        engine = Multilayer() if isinstance(problem.mesh, Layers) else elements(order)
        return respond(problem, engine, tolerance=tolerance)

    return solve


def closed_form(m, field, g=(GS, GR, GI), thickness=THICKNESS):
    decay = decay_matrix(D / LAMBDA**2 * np.eye(3), LARMOR * np.asarray(field), D)
    return exact_correction(oblique_deficit(decay, thickness, RHO, mixing_tensor(m, *g)), THETA)


def orders(cells, errors):
    """Slopes of log error against log element size between neighbouring meshes."""
    return -np.diff(np.log(np.abs(errors))) / np.diff(np.log(cells))


@pytest.mark.parametrize(("order", "rate", "finest"), [(1, 2, 2e-5), (2, 4, 2e-9)])
def test_order_of_the_correction_in_one_dimension(solve, order, rate, finest):
    """Halved elements: errors of rho_L/rho - 1 and rho_T/rho fall by 2^2 and 2^4 to below `finest` of themselves."""
    exact = closed_form(M, B)
    meshes = [line(n, growth=1.0) for n in (12, 24, 48)]
    cells = [len(mesh.region_cells("Pt")) for mesh in meshes]
    found = [film_resistivity(solve(on_insulator(mesh), order)) for mesh in meshes]
    errors = np.array(
        [(f.change_L[0] / exact.longitudinal - 1, f.change_T[0] / exact.transverse - 1) for f in found]
    )
    assert np.all(np.abs(errors[-1]) < finest)
    for component in errors.T:
        np.testing.assert_allclose(orders(cells, component), rate, atol=ORDER_MARGIN)


def test_order_of_the_fields(solve):
    """Spin accumulation at both faces, which makes the torques. Reference: the exact engine."""
    points = np.array([[0, 0, 50e-9], [0, 0, 50e-9 + THICKNESS]])

    def surface(problem, order=1):
        solution = wire(solve(problem, order), amplitudes={"du/dx": 1e5, "du/dy": -3e4})
        return solution.values("Pt", points)[0, :, 1:]

    exact = surface(on_insulator(Layers(("YIG", "Pt"), [[50e-9, THICKNESS]])))
    meshes = [line(n, growth=1.0) for n in (12, 24, 48)]
    cells = [len(mesh.region_cells("Pt")) for mesh in meshes]
    for order, rate in ((1, 2), (2, 4)):
        found = [np.linalg.norm(surface(on_insulator(mesh), order) - exact) for mesh in meshes]
        np.testing.assert_allclose(orders(cells, found), rate, atol=ORDER_MARGIN)


def test_layered_engine_is_the_closed_form(solve, rng):
    """Random oblique m and B, thickness and conductances over decades."""
    for _ in range(20):
        m, field = unit(rng.normal(size=3)), 20 * rng.normal(size=3)
        g = (-(10 ** rng.uniform(11, 14)), 10 ** rng.uniform(12, 15), rng.normal() * 1e14)
        thickness = LAMBDA * 10 ** rng.uniform(-1, 1.5)
        layers = Layers(("YIG", "Pt"), [[50e-9, thickness]])
        found = film_resistivity(solve(on_insulator(layers, m, field, g)))
        exact = closed_form(m, field, g, thickness)
        assert found.change_L[0] == pytest.approx(float(exact.longitudinal), rel=EXACT)
        assert found.change_T[0] == pytest.approx(float(exact.transverse), rel=EXACT, abs=EXACT * THETA**2)


LATERAL = {
    "quad": (film(10e-9, LAYERS, periodic=True), {}),
    "triangle": (film(10e-9, LAYERS, periodic=True), {}),
    "hexahedron": (hall_bar(10e-9, 8e-9, LAYERS, periodic=("x", "y")), {"x": 5e-9, "y": 4e-9}),
    "tetra": (hall_bar(10e-9, 8e-9, LAYERS, periodic=("x", "y")), {"x": 5e-9, "y": 4e-9}),
}


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("kind", LATERAL)
def test_laterally_uniform_meshes_give_the_line(solve, kind, order):
    """A uniform film has no lateral structure: the elements along x and y must not be felt at all.

    Second-order simplices alone contain more than the line does (their mid-edge nodes): there the bound is the error.
    """
    same = P2_SIMPLICES if order == 2 and kind in ("triangle", "tetra") else SAME
    shape, sizes = LATERAL[kind]
    mesh = shape.mesh({"Pt": LAMBDA}, cells_per_length=3, cells=kind, sizes=sizes)
    found, expected = solve(on_insulator(mesh), order), solve(on_insulator(line(3)), order)
    a, b = film_resistivity(found), film_resistivity(expected)
    assert a.change_L[0] == pytest.approx(b.change_L[0], rel=same)
    assert a.change_T[0] == pytest.approx(b.change_T[0], rel=same)
    assert a.thickness[0] == pytest.approx(THICKNESS * (10e-9 if mesh.dimension == 2 else 80e-18), rel=SAME)


@pytest.fixture
def sigma_xx(solve):
    """Change of <j_x> t/E_x at E_y = 0 by the spin Hall effect."""

    def sigma_xx(problem):
        response = solve(problem)
        assert response.drives == ("du/dx", "du/dy")
        return response.correction[0, 0, 0]

    return sigma_xx


def test_moments_along_the_spin_polarisation_are_not_felt(sigma_xx):
    """m || B || y: precession and mixing act on nothing; Gs still does."""
    y = (0, 1.0, 0)
    plain = sigma_xx(on_insulator(line(), y, (0, 0, 0), (GS, 0.0, 0.0)))
    for g, field in (((GS, GR, GI), 0.0), ((GS, GR, -3 * GI), 30.0)):
        assert sigma_xx(on_insulator(line(), y, (0, field, 0), g)) == pytest.approx(plain, rel=SAME)
    assert abs(sigma_xx(on_insulator(line(), y, (0, 0, 0), (4 * GS, 0.0, 0.0))) / plain - 1) > 1e-3


def test_no_angle_in_the_plane_across_the_spin_polarisation(sigma_xx):
    """m || B in the xz-plane."""
    directions = [np.array([np.sin(a), 0.0, np.cos(a)]) for a in (0.0, 0.4, 1.1, 2.5)]
    found = [sigma_xx(on_insulator(line(), n, 9 * n)) for n in directions]
    np.testing.assert_allclose(found, found[0], rtol=SAME)
    out = unit([1.0, 1.0, 0.0])
    assert abs(sigma_xx(on_insulator(line(), out, 9 * out)) / found[0] - 1) > 1e-2


def test_sign_of_the_spin_hall_angle(solve):
    points = np.array([[0, 0, 50e-9 + z * THICKNESS] for z in (0.0, 0.3, 1.0)])
    found = []
    for theta in (THETA, -THETA):
        response = solve(on_insulator(line(), spin_hall_angle=theta))
        found.append(
            (response.matrix, wire(response, amplitudes={"du/dx": 1e5, "du/dy": 3e4}).values("Pt", points))
        )
    np.testing.assert_allclose(found[1][0], found[0][0], rtol=SAME)
    np.testing.assert_allclose(found[1][1][..., 1:], -found[0][1][..., 1:], rtol=SAME)


def test_turning_everything_about_z(solve):
    for angle in (0.7, 2.0):
        c, s = np.cos(angle), np.sin(angle)
        turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
        before, after = (solve(on_insulator(line(), t @ M, t @ B)).correction[0] for t in (np.eye(3), turn))
        expected = turn[:2, :2] @ before @ turn[:2, :2].T
        np.testing.assert_allclose(after, expected, atol=SAME * np.abs(before).max())


def test_insulator_above(solve):
    below = solve(on_insulator(line())).correction
    above = solve(on_insulator(line(layers=LAYERS[::-1]), face="Pt|YIG")).correction
    np.testing.assert_allclose(above, below, rtol=SAME)


def test_reversed_precession_at_interface_and_in_bulk(solve):
    """Gi -> -Gi and B -> -B with m kept: sigma_xx same, the part odd in n_z flips."""
    one, two = solve(on_insulator(line())), solve(on_insulator(line(), M, -B, (GS, GR, -GI)))
    np.testing.assert_allclose(two.correction[0], one.correction[0].T, rtol=SAME)
    odd = one.correction[0, 0, 1] - one.correction[0, 1, 0]
    assert abs(odd) > 1e-2 * abs(one.correction[0, 0, 1])


@pytest.mark.parametrize("g", [(-1e22, 0.0, 0.0), (0.0, 0.0, 1e22)])
def test_strong_sink_and_strong_exchange_pin_the_spin(solve, g):
    """R -> (l/d) tanh(d/l): for all components with Gs, across m with Gi; m along z, no field."""
    x = THICKNESS / LAMBDA
    pinned, free = 1 - np.tanh(x) / x, 1 - 2 * np.tanh(x / 2) / x
    deficit = channel_tensor(pinned if g[0] else free, pinned, (0, 0, 1.0))
    exact = exact_correction(deficit, THETA).longitudinal
    layers = Layers(("YIG", "Pt"), [[50e-9, THICKNESS]])
    found = film_resistivity(solve(on_insulator(layers, (0, 0, 1.0), (0, 0, 0), g)))
    assert found.change_L[0] == pytest.approx(float(exact), rel=1e-6)  # 1/(2 rho G l) = 1e-7 from the limit
    found = film_resistivity(solve(on_insulator(line(32), (0, 0, 1.0), (0, 0, 0), g), 2))
    assert found.change_L[0] == pytest.approx(float(exact), rel=1e-6)


THIN = 0.02 * LAMBDA
#: Gi of a thin film as an angular velocity: Gi/(e^2 nu t) with e^2 nu = 1/(2 rho D).
SMALL_GI = 1e12
EQUIVALENT = np.array([0, 0, SMALL_GI * 2 * RHO * D / THIN / LARMOR])


@pytest.mark.parametrize("engine", ["multilayer", "elements"])
def test_gi_is_not_an_angular_velocity_for_the_odd_profile(solve, engine):
    """Thin film, m and B along z: rho_T ~ theta^2 k/4 by Gi and theta^2 k/12 by the Delta omega that k stands for.

    From R with x = d/Lambda -> 0 and k = 2 rho d Gi << x^2: 1 - R = x^2/12 - k/4, whereas x^2 -> x^2 - k gives k/12.
    """
    layers = [("YIG", 50e-9), ("Pt", THIN)]
    mesh = Layers(("YIG", "Pt"), [[50e-9, THIN]]) if engine == "multilayer" else line(4, layers)
    z = (0, 0, 1.0)
    by_gi = film_resistivity(solve(on_insulator(mesh, z, (0, 0, 0), (0.0, 0.0, SMALL_GI)), 2)).change_T[0]
    by_omega = film_resistivity(solve(on_insulator(mesh, z, EQUIVALENT, (0.0, 0.0, 0.0)), 2)).change_T[0]
    assert by_gi / by_omega == pytest.approx(3, rel=1e-2)


@pytest.mark.parametrize("engine", ["multilayer", "elements"])
def test_gi_is_an_angular_velocity_for_a_uniform_accumulation(solve, engine):
    """The same film pumped uniformly with spin along x: its Hanle angle is that of Delta omega, error O(t/lambda)."""
    layers = [("YIG", 50e-9), ("Pt", THIN)]
    mesh = Layers(("YIG", "Pt"), [[50e-9, THIN]]) if engine == "multilayer" else line(4, layers)
    found = []
    for g, field in (((0.0, 0.0, SMALL_GI), np.zeros(3)), ((0.0, 0.0, 0.0), EQUIVALENT)):
        problem = on_insulator(mesh, (0, 0, 1.0), field, g, spin_hall_angle=0.0)
        pump = (term(1e18, 1.0, [0, 1.0, 0, 0]),)
        bulk = problem.regions["Pt"]
        bulk = type(bulk)(bulk.fields, A=bulk.A, R=bulk.R, F=pump)
        pumped = Problem(mesh, {"Pt": bulk}, problem.faces, gradients=problem.gradients)
        solution = wire(solve(pumped, tolerance=1e-10), amplitudes={"du/dx": 0.0, "du/dy": 0.0})
        found.append(solution.values("Pt", np.array([[0, 0, 50e-9 + THIN / 2]]))[0, 0, 1:])
    assert abs(found[0][1]) > 1e-2 * abs(found[0][0])
    np.testing.assert_allclose(found[0], found[1], atol=1e-3 * abs(found[0][1]))
    assert LARMOR * EQUIVALENT[2] == pytest.approx(SMALL_GI / (E_CHARGE**2 * THIN / (2 * RHO * D * E_CHARGE**2)))


def test_layer_of_moments_resolved_by_elements(solve):
    """b-layer as a volume of 0.3 nm with strong transverse relaxation and exchange, tied to the film."""
    rates = Rates(*(np.array(v) for v in (3e13, 2e14, 1.5e14, -1e-20)))
    sides = (Side("below", CHARGE_AND_SPIN), Side("above", CHARGE_AND_SPIN))
    tied = Face(FaceLaw(sides, tie=("u", "w")), {"below": MINUS, "above": PLUS})
    pieces = {
        "b": metal_with_moments("EuS", rates, M, field=B, **METAL),
        "Pt": normal_metal(field=B, **METAL),
    }
    thicknesses = [("b", 0.3e-9), ("Pt", THICKNESS)]
    both = (Gradient("u", "x"), Gradient("u", "y"))
    layers = Layers(("b", "Pt"), [[size for _, size in thicknesses]])
    mesh = stack(thicknesses).mesh({"b": 0.4e-9, "Pt": LAMBDA}, cells_per_length=24, growth=1.0)
    exact, found = (
        film_resistivity(solve(Problem(x, pieces, {"b|Pt": tied}, gradients=both), 2)) for x in (layers, mesh)
    )
    assert found.change_L[0] == pytest.approx(exact.change_L[0], rel=1e-7)
    assert found.change_T[0] == pytest.approx(exact.change_T[0], rel=1e-6)


def test_thin_layer_of_moments_is_the_interface_law(solve):
    """Areal rates kept while b -> 0, elements in both: first order in b, and with exchange reversed it is not."""
    nu = 1 / (2 * RHO * D * E_CHARGE**2)
    areal = np.array([6e2, 4e3, 3.4e3])
    exchange = 2e-31
    thicknesses = np.array([4e-12, 2e-12])
    both = (Gradient("u", "x"), Gradient("u", "y"))

    def transverse(b, sign):
        """rho_T/rho times the conducting thickness."""
        if b == 0:
            law = conductances(Rates(*areal, np.array(-sign * exchange)), nu)
            return film_resistivity(solve(on_insulator(line(12), g=(law.G_s, law.G_r, law.G_i)), 2)).change_T[0]
        rates = Rates(*(np.array(r / b) for r in (*areal, -sign * exchange)))
        layer = metal_with_moments("EuS", rates, M, field=B, **METAL)
        sides = (Side("below", CHARGE_AND_SPIN), Side("above", CHARGE_AND_SPIN))
        tied = Face(FaceLaw(sides, tie=("u", "w")), {"below": MINUS, "above": PLUS})
        mesh = stack([("b", b), ("Pt", THICKNESS)]).mesh({"b": b, "Pt": LAMBDA}, cells_per_length=12)
        regions = {"b": layer, "Pt": normal_metal(field=B, **METAL)}
        problem = Problem(mesh, regions, {"b|Pt": tied}, gradients=both)
        return film_resistivity(solve(problem, 2, tolerance=1e-8)).change_T[0] * (1 + b / THICKNESS)

    limit, reversed_ = transverse(0, 1), transverse(0, -1)
    errors = np.array([transverse(b, 1) for b in thicknesses]) - limit
    assert abs(reversed_ - limit) > 0.1 * abs(limit)
    assert abs(errors[1]) < 0.02 * abs(limit)
    assert errors[0] / errors[1] == pytest.approx(2, abs=0.1)
