"""Films on interfaces that vary in the plane: pairs that must agree, and what each would catch.

G (1 + eps cos q.r), 2D, q along y             <-> continued fraction of the harmonics, O(theta^2)   facet weights
the same in 3D with q along x; q along y       <-> the 2D answer; turned by 90 degrees               axes of faces
random G, m and B oblique: rho_xy(B, m)        <-> rho_yx(-B, -m), 2D and 3D                         Onsager
random G, spin Hall angle reversed             <-> same response
random G, above                                <-> below, mirrored
m that turns along y (a wall)                  <-> Onsager; m uniform as its limit
charge, spin, power                            <-> balances close; torque and flips add up to what leaves the metal

Errors are those of the correction, never of rho.
"""

import numpy as np
import pytest

from hanle.boundary.b_layer import Conductances, b_layer
from hanle.meshes.hall_bar import hall_bar
from hanle.meshes.layers import film
from hanle.pde.closed_forms.channels import transverse_length
from hanle.pde.closed_forms.film import Film, Mixing
from hanle.pde.closed_forms.modulated import modulated_film
from hanle.pde.closed_forms.resistivity import leading_correction
from hanle.pde.constants import HBAR, MU_B
from hanle.pde.engines.scikit import Scikit
from hanle.pde.metal import normal_metal
from hanle.pde.observables import deposits, film_resistivity
from hanle.pde.problem import MINUS, PLUS, Face, Gradient, Problem
from hanle.pde.solution import wire
from hanle.pde.steady import respond
from hanle.pde.tensors import unit

RHO, D, LAMBDA, THICKNESS = 4e-7, 2e-4, 1.7e-9, 4.25e-9
LARMOR = 2 * MU_B / HBAR
G = np.array([-2e13, 4e14, 1.5e14])
N, FIELD = unit([0.3, -0.5, 0.8]), 12.0
PERIOD, EPS = 6.8e-9, 0.8
LAYERS = [("YIG", 50e-9), ("Pt", THICKNESS)]
OBLIQUE = np.array([8.0, -3.0, 15.0])

#: Loads along y cancel but for theta: their rounding is 2e-11 of them.
TIGHT = 1e-11
#: Symmetries of the discrete problem: rounding of a direct solution, relative to the correction.
SYMMETRY = 1e-10
SAME = 1e-9
#: The next order is smaller by theta^2.
LEADING_THETA = 3e-5
ORDER_MARGIN = 0.1


def metal(theta, field):
    return normal_metal(
        conductivity=1 / RHO, diffusion_constant=D, diffusion_length=LAMBDA, spin_hall_angle=theta, field=field
    )


def on_interface(mesh, factor, m=N, field=FIELD * N, theta=LEADING_THETA, g=G, face="YIG|Pt"):
    """Conductances g times `factor`: a number, per facet, or (1, facets, points)."""
    sides = {"metal": PLUS, "magnet": MINUS} if face == "YIG|Pt" else {"metal": MINUS, "magnet": PLUS}
    law = b_layer("YIG", Conductances(*(x * factor for x in g)), m)
    drives = tuple(Gradient("u", a) for a in "xy" if a not in mesh.axes or a in mesh.periodic)
    return Problem(mesh, {"Pt": metal(theta, field)}, {face: Face(law, sides)}, gradients=drives)


@pytest.fixture
def solve(elements):
    return lambda problem, order=1: respond(problem, elements(order), solver=elements.direct, tolerance=TIGHT)


def section(fineness, period=PERIOD, **options):
    return film(period, LAYERS, periodic=True).mesh(
        {"Pt": LAMBDA}, cells_per_length=fineness, growth=1.0, sizes={"y": period / (4 * fineness)}, **options
    )


def patch(fineness, **options):
    """3D, periodic along x and y."""
    return hall_bar(PERIOD, PERIOD, LAYERS, periodic=("x", "y")).mesh(
        {"Pt": LAMBDA}, cells_per_length=fineness, growth=1.0, **options
    )


def cosine(mesh, order, axis="y"):
    """1 + eps cos(q y) at the points where the elements integrate."""
    empty = on_interface(mesh, 1.0)
    system = Scikit(order).assemble(empty)
    points = system.face_samples("YIG|Pt", np.zeros(system.size), {}).points
    return 1 + EPS * np.cos(2 * np.pi * points[..., "xyz".index(axis)] / PERIOD)[None]


def exact():
    Lam = transverse_length(LAMBDA, LARMOR * FIELD, D)
    flat = Film(RHO, THICKNESS, LAMBDA, Lam, Mixing(*G))
    return leading_correction(modulated_film(flat, EPS, PERIOD).deficit_tensor(N), LEADING_THETA)


@pytest.mark.parametrize("kind", ["quad", "triangle"])
@pytest.mark.parametrize(("order", "rate", "finest"), [(1, 2, 2e-4), (2, 4, 5e-7)])
def test_order_on_a_modulated_interface(solve, kind, order, rate, finest):
    """All harmonics of the modulation take part; the transverse part, 20 times smaller, must be as good."""
    expected, errors = exact(), []
    for n in (4, 8):
        mesh = section(n * 3 - n * order, cells=kind)
        found = film_resistivity(solve(on_interface(mesh, cosine(mesh, order)), order))
        errors.append([found.change_L[0] / expected.longitudinal - 1, found.change_T[0] / expected.transverse - 1])
    errors = np.abs(errors)
    assert np.log2(errors[0, 0] / errors[1, 0]) == pytest.approx(rate, abs=ORDER_MARGIN)
    assert errors[1, 0] < finest
    assert errors[1, 1] < 5 * finest


def test_values_per_facet_keep_second_order(solve):
    """Conductances at the middles of the facets, as devices give them: order 2 whatever the elements."""
    expected, errors = exact(), []
    for n in (4, 8, 16):
        mesh = section(n)
        factor = 1 + EPS * np.cos(2 * np.pi * mesh.face_centres("YIG|Pt")[:, 1] / PERIOD)
        errors.append(
            film_resistivity(solve(on_interface(mesh, factor), 2)).change_L[0] / expected.longitudinal - 1
        )
    assert np.log2(errors[1] / errors[2]) == pytest.approx(2, abs=ORDER_MARGIN)
    assert abs(errors[2]) < 1e-4


@pytest.mark.parametrize("axis", ["x", "y"])
def test_modulation_in_three_dimensions(solve, axis):
    """Uniform along the other axis: hexahedra give what quadrilaterals give; along x all is turned by 90 degrees."""
    flat = section(3)
    turn = np.eye(3) if axis == "y" else np.array([[0, 1.0, 0], [-1, 0, 0], [0, 0, 1]])
    expected = turn[:2, :2] @ solve(on_interface(flat, cosine(flat, 1), theta=0.1)).correction[0] @ turn[:2, :2].T
    sizes = {a: PERIOD / 12 if a == axis else PERIOD / 2 for a in "xy"}
    mesh = patch(3, sizes=sizes)
    problem = on_interface(mesh, cosine(mesh, 1, axis), turn @ N, FIELD * turn @ N, theta=0.1)
    found = solve(problem).correction[0] / PERIOD
    np.testing.assert_allclose(found, expected, atol=SAME * np.abs(expected).max())


MESHES = {
    "quad": lambda: section(3),
    "triangle": lambda: section(3, cells="triangle"),
    "hexahedron": lambda: patch(3, sizes={"x": PERIOD / 5, "y": PERIOD / 5}),
    "tetra": lambda: patch(3, sizes={"x": PERIOD / 4, "y": PERIOD / 4}, cells="tetra"),
}


def random_interface(mesh, rng):
    """Conductances that jump from facet to facet by up to a factor of 20, their second law kept."""
    return rng.uniform(0.1, 2.0, len(mesh.faces["YIG|Pt"].nodes))


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("kind", MESHES)
def test_onsager_on_a_random_interface(solve, kind, order, rng):
    """Response and correction transpose under (B, m) -> (-B, -m), and not otherwise."""
    mesh = MESHES[kind]()
    factor = random_interface(mesh, rng)
    forward = solve(on_interface(mesh, factor, N, OBLIQUE, 0.2), order)
    backward = solve(on_interface(mesh, factor, -N, -OBLIQUE, 0.2), order)
    size = np.abs(forward.correction).max()
    np.testing.assert_allclose(backward.correction[0], forward.correction[0].T, atol=SYMMETRY * size)
    assert abs(forward.correction[0, 0, 1] - forward.correction[0, 1, 0]) > 1e-3 * size
    found = [film_resistivity(r) for r in (forward, backward)]
    assert found[0].change_L[0] == pytest.approx(found[1].change_L[0], rel=SYMMETRY)


@pytest.mark.parametrize("kind", ["quad", "tetra"])
def test_onsager_with_a_wall_in_the_magnet(solve, kind, rng):
    """m turns along y, per facet; only all of B and m together may be reversed."""
    mesh = MESHES[kind]()
    y = mesh.face_centres("YIG|Pt")[:, 1] * 2 * np.pi / PERIOD
    m = unit(np.stack([np.cos(y), 0.3 + 0 * y, np.sin(y)], axis=-1))
    forward, backward, wrong = (
        solve(on_interface(mesh, 1.0, s * m, t * OBLIQUE, 0.2)).correction[0]
        for s, t in ((1, 1), (-1, -1), (-1, 1))
    )
    np.testing.assert_allclose(backward, forward.T, atol=SYMMETRY * np.abs(forward).max())
    assert np.abs(wrong - forward.T).max() > 1e-3 * np.abs(forward).max()


@pytest.mark.parametrize("kind", MESHES)
def test_sign_of_the_spin_hall_angle(solve, kind, rng):
    mesh = MESHES[kind]()
    factor = random_interface(mesh, rng)
    plus, minus = (solve(on_interface(mesh, factor, N, OBLIQUE, theta)) for theta in (0.2, -0.2))
    np.testing.assert_allclose(minus.correction, plus.correction, rtol=SAME)
    points = mesh.centres("Pt")[::7]
    u, v = (wire(r, amplitudes={"du/dx": 1e5, "du/dy": 2e4}).values("Pt", points) for r in (plus, minus))
    np.testing.assert_allclose(v[..., 1:], -u[..., 1:], atol=SAME * np.abs(u[..., 1:]).max())


def test_insulator_above_a_random_one(solve, rng):
    below = section(3)
    above = film(PERIOD, LAYERS[::-1], periodic=True).mesh(
        {"Pt": LAMBDA}, cells_per_length=3, growth=1.0, sizes={"y": PERIOD / 12}
    )
    factor = random_interface(below, rng)
    order = np.argsort(below.face_centres("YIG|Pt")[:, 1]), np.argsort(above.face_centres("Pt|YIG")[:, 1])
    mirrored = np.empty_like(factor)
    mirrored[order[1]] = factor[order[0]]
    one = solve(on_interface(below, factor, N, OBLIQUE, 0.2)).correction
    two = solve(on_interface(above, mirrored, N, OBLIQUE, 0.2, face="Pt|YIG")).correction
    # z -> -z with w -> -w leaves all laws as they are, and y -> y.
    np.testing.assert_allclose(two, one, atol=SAME * np.abs(one).max())


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("kind", MESHES)
def test_balances_and_deposits(solve, kind, order, rng):
    """Nothing is lost; what turns the magnet and what flips its spins is all that leaves through the face."""
    mesh = MESHES[kind]()
    problem = on_interface(mesh, random_interface(mesh, rng), N, OBLIQUE, 0.2)
    solution = wire(solve(problem, order), amplitudes={}, fluxes={"du/dx": 1e10 * THICKNESS * PERIOD})
    assert {b.name for b in solution.balances} == {"u", "w_x", "w_y", "w_z", "power"}
    for balance in solution.balances:
        assert np.max(balance.error) < 1e-10, balance.name
    (face,) = (e for e in solution.ledger if e.place == "YIG|Pt")
    given = deposits(solution)
    total = given["torque:YIG"][0] + given["flips:YIG"][0]
    lost = -np.array([float(np.squeeze(face.gain[f"w_{a}"])) for a in "xyz"])
    np.testing.assert_allclose(total, lost, atol=SAME * np.abs(lost).max())
    assert abs(given["torque:YIG"][0] @ N) < SAME * np.linalg.norm(given["torque:YIG"])
