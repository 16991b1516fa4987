"""AC response: pairs that must agree, and what each would catch.

film at any frequency             <-> closed form with 1/l^2 -> 1/l^2 + i Omega/D       sign and size of the coupling
elements                          <-> exact engine, at their order                      assembly of doubled fields
line that stores charge           <-> coth and sinh of sqrt(i omega RC)                 terminals, wiring, impedance
Omega -> 0                        <-> steady; slope <-> moment of the step response (test_transient)
Y_ij(B, m)                        <-> Y_ji(-B, -m)                                      reciprocity
power that terminals deliver      <-> mean dissipation
rows of a doubled face law        <-> the law on complex traces
drives in quadrature              <-> i times those in phase, no iterations
"""

from dataclasses import replace

import numpy as np
import pytest

from hanle.boundary.b_layer import Conductances, b_layer
from hanle.meshes.layered import Layers
from hanle.meshes.layers import stack
from hanle.pde import observables
from hanle.pde.closed_forms.channels import ac_length, transverse_length
from hanle.pde.closed_forms.film import Mixing, film_deficit
from hanle.pde.coefficients import Bulk, Deposit, FaceLaw, Side, term
from hanle.pde.constants import E_CHARGE, HBAR, MU_B
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.errors import InputError, UnsupportedError
from hanle.pde.fields import CHARGE, CHARGE_AND_SPIN, SPIN, FieldSet
from hanle.pde.harmonic import film_resistivity_at, respond_at, turned, wire_at
from hanle.pde.harmonic_problem import doubled, quadrature
from hanle.pde.metal import normal_metal
from hanle.pde.problem import MINUS, PLUS, Face, Global, Gradient, Problem, Terminal
from hanle.pde.steady import respond
from hanle.pde.tensors import cross_matrix

RHO, D, LAMBDA, THETA, THICKNESS = 4e-7, 2e-4, 1.7e-9, 0.13, 4.3e-9
TAU = LAMBDA**2 / D
G = Mixing(-2e13, 4e14, 1.5e14)
N, B = np.array([0.3, -0.5, 0.8]) / np.linalg.norm([0.3, -0.5, 0.8]), 200.0
SPECTRUM = np.array([0.1, 1.0, 10.0]) / TAU
#: Round-off of about ten operations.
EXACT = 1e-12
#: Of the direct and iterative solves of elements.
TIGHT = 1e-12
ORDER_MARGIN = 0.1


def pt(field, **changes):
    values = {"diffusion_constant": D, "diffusion_length": LAMBDA, "spin_hall_angle": THETA}
    return normal_metal(conductivity=1 / RHO, field=field, **values | changes)


def film(mesh, n=N, field=B * N, sides=("YIG|Pt", PLUS, MINUS), gradients="xy", **changes):
    name, metal, magnet = sides
    law = Face(b_layer("YIG", Conductances(G.s, G.r, G.i), n), {"metal": metal, "magnet": magnet})
    drives = tuple(Gradient("u", axis) for axis in gradients)
    return Problem(mesh, {"Pt": pt(field, **changes)}, {name: law}, gradients=drives)


def stack_film(**changes):
    return film(Layers(("YIG", "Pt"), [[50e-9, THICKNESS]]), **changes)


def closed_film(omega):
    """Complex (rho_L, rho_T) of the film: three eigenchannels, each with its length at Omega.

    The circular channels turn by -i and +i about n; the second is the complex conjugate of the first at -Omega.
    """
    across = transverse_length(LAMBDA, 2 * MU_B / HBAR * B, D)
    along = film_deficit(G.par, ac_length(LAMBDA, omega, D), THICKNESS, RHO, 0.0)
    minus, plus = (film_deficit(G.perp, ac_length(across, s * omega, D), THICKNESS, RHO, 0.0) for s in (1, -1))
    axis, turn = np.outer(N, N), cross_matrix(N)
    q = along * axis + minus * (np.eye(3) - axis + 1j * turn) / 2
    q = q + np.conj(plus) * (np.eye(3) - axis - 1j * turn) / 2
    p = np.array([[1 + q[1, 1], -q[1, 0]], [-q[0, 1], 1 + q[0, 0]]])
    sigma = (np.eye(2) - THETA**2 * p) / RHO
    det = np.linalg.det(sigma)
    return sigma[1, 1] / det, -sigma[1, 0] / det


def test_film_is_the_closed_form():
    """A whole spectrum in one solve."""
    found = film_resistivity_at(respond_at(stack_film(), SPECTRUM, Multilayer()))
    exact = np.array([closed_film(omega) for omega in SPECTRUM]).T
    np.testing.assert_allclose(found.rho_L, exact[0], rtol=EXACT)
    np.testing.assert_allclose(found.rho_T, exact[1], rtol=1e3 * EXACT)
    np.testing.assert_allclose(found.change_L, exact[0] / RHO - 1, rtol=1e3 * EXACT)
    assert np.all(np.abs(np.imag(found.change_L)) > 1e-4), "the film has no dispersion to test"


def test_slow_drive_is_steady():
    """Omega = 0 exactly, and by continuity at small Omega."""
    problem = stack_film()
    steady = observables.film_resistivity(respond(problem, Multilayer()))
    found = film_resistivity_at(respond_at(problem, np.array([0.0, 1e-6 / TAU]), Multilayer()))
    assert found.change_L[0] == pytest.approx(steady.change_L[0], rel=EXACT)
    assert found.change_T[0] == pytest.approx(steady.change_T[0], rel=EXACT)
    np.testing.assert_allclose(found.change_L[1], steady.change_L[0], rtol=1e-5)


@pytest.mark.parametrize(("order", "expected"), [(1, 2), (2, 4)])
def test_elements_approach_the_exact_answer(elements, order, expected):
    exact = film_resistivity_at(respond_at(stack_film(), SPECTRUM[1], Multilayer()))
    errors = []
    for cells in (12, 24):
        mesh = stack([("YIG", 50e-9), ("Pt", THICKNESS)]).mesh({"Pt": 6 * THICKNESS / cells}, growth=1.0)
        response = respond_at(film(mesh), SPECTRUM[1], elements(order), solver=elements.direct, tolerance=TIGHT)
        found = film_resistivity_at(response)
        errors.append(abs(np.array([found.change_L / exact.change_L, found.change_T / exact.change_T]) - 1))
    assert np.all(np.log2(errors[0] / errors[1]) > expected - ORDER_MARGIN)
    assert np.all(errors[1] < 1e-2)


@pytest.fixture
def cable():
    """A line that stores charge between contacts: sigma d_x^2 u = c d_t u."""
    sigma, c, length = 3e6, 2.7e9, 40e-9
    law = Bulk(CHARGE, A=(term(sigma, np.eye(3), [[1.0]]),), C=(term(c, 1.0, [[1.0]]),))
    mesh = Layers(("wire",), [[length]])
    return Problem(mesh, {"wire": law}, {}, {"low": Terminal(("bottom",)), "high": Terminal(("top",))})


def test_impedance_of_a_line_that_stores_charge(cable):
    omega = np.array([1e13, 1e14, 3e15])
    k, sigma, length = np.sqrt(1j * omega * 2.7e9 / 3e6), 3e6, 40e-9
    own, mutual = sigma * k / np.tanh(k * length), -sigma * k / np.sinh(k * length)
    response = respond_at(cable, omega, Multilayer())
    np.testing.assert_allclose(response.matrix[:, 0, 0], own, rtol=EXACT)
    np.testing.assert_allclose(response.matrix[:, 1, 0], mutual, rtol=10 * EXACT)
    current = 2e9 - 7e9j
    solution = wire_at(response, amplitudes={"high": 0.0}, fluxes={"low": -current})
    np.testing.assert_allclose(solution.current_in("low"), np.full(3, current), rtol=EXACT)
    np.testing.assert_allclose(solution.impedance("low", "high"), 1 / own, rtol=EXACT)
    np.testing.assert_allclose(solution.flux("high") / solution.amplitude("low"), mutual, rtol=10 * EXACT)
    middle = solution.values("wire", [[0.0, 0.0, 15e-9]])[:, 0, 0]
    profile = np.sinh(k * (length - 15e-9)) / np.sinh(k * length)
    np.testing.assert_allclose(middle / solution.amplitude("low"), profile, rtol=10 * EXACT)


def test_floating_contact_and_given_value(cable):
    """The far end held at zero by a face law, driven by a current into one unknown: the same impedance."""
    held = FaceLaw((Side("wire", CHARGE),), given={"u": np.zeros(1)})
    floating = Global("low", ("bottom",), "u", source=5e9)
    problem = replace(cable, terminals={}, faces={"top": Face(held, {"wire": MINUS})}, globals=(floating,))
    solution = wire_at(respond_at(problem, 1e14, Multilayer()), amplitudes={})
    k = np.sqrt(1j * 1e14 * 2.7e9 / 3e6)
    found = solution.values("wire", [[0.0, 0.0, 0.0]])[:, 0, 0]
    np.testing.assert_allclose(np.abs(found), 5e9 * np.abs(np.tanh(k * 40e-9) / (3e6 * k)), rtol=EXACT)


def test_torque_is_the_spin_current_lost_at_the_face():
    """m along z, B = 0: the complex accumulation at the face, and it lags behind the current."""
    problem = stack_film(n=(0, 0, 1.0), field=np.zeros(3))
    solution = wire_at(
        respond_at(problem, 1 / TAU, Multilayer()), amplitudes={}, fluxes={"du/dx": 1e10 * THICKNESS}
    )
    w = solution.traces("YIG|Pt")[0, 0, 0]
    lost = -2 * ((G.s - G.r) * w + G.i * np.cross([0, 0, 1.0], w))
    np.testing.assert_allclose(solution.torque("YIG")[0], HBAR / (2 * E_CHARGE) * lost, rtol=EXACT)
    np.testing.assert_allclose(
        solution.spin_accumulation("Pt", [[0.0, 0.0, 50e-9]])[0, 0],
        2 * solution.values("Pt", [[0.0, 0.0, 50e-9]])[0, 0, 1:],
        rtol=EXACT,
    )
    assert np.all(np.abs(np.imag(solution.torque("YIG")[0, :2])) > 1e-3 * np.abs(solution.torque("YIG")[0, :2]))


@pytest.fixture
def bar(block_mesh):
    """A bar with a magnet below, contacts at its ends, and a field along the axis in which it is uniform."""

    def build(sign=1.0, cells=(10, 6)):
        mesh = block_mesh(
            "xz", [np.linspace(0, 9e-9, cells[0] + 1), np.linspace(0, 4e-9, cells[1] + 1)], regions=("Pt",)
        )
        problem = film(mesh, sign * N, sign * B * N, sides=("z-", MINUS, PLUS), gradients="y", mobility=1e-3)
        return replace(problem, terminals={"low": Terminal(("x-",)), "high": Terminal(("x+",))})

    return build


def test_reciprocity(elements, bar):
    """Y_ij(Omega, B, m) = Y_ji(Omega, -B, -m)."""
    one, other = (
        respond_at(bar(sign), SPECTRUM[1], elements(1), solver=elements.direct, tolerance=TIGHT).matrix[0]
        for sign in (1.0, -1.0)
    )
    scale = np.sqrt(np.abs(np.outer(np.diag(one), np.diag(one))))
    np.testing.assert_allclose(one / scale, other.T / scale, rtol=0, atol=1e-10)
    assert np.abs((one - one.T) / scale).max() > 1e-4


def test_power_and_balances(elements, bar):
    """Half Re(V I*) is what regions and faces dissipate on average."""
    response = respond_at(bar(), SPECTRUM[1], elements(2), solver=elements.direct, tolerance=TIGHT)
    solution = wire_at(response, amplitudes={"high": 0.0, "low": 1e-3 + 2e-3j})
    for balance in solution.doubled.balances:
        assert np.max(balance.error) < 1e-10, balance.name
    spent = solution.mean_power()
    assert {kind for _, kind in spent} >= {"flux", "loss", "face", "terminal"}
    delivered = 0.5 * np.real(solution.voltage("low") * np.conj(solution.current_in("low")))
    losses = sum(power for (_, kind), power in spent.items() if kind != "terminal")
    np.testing.assert_allclose(losses, delivered, rtol=1e-9)
    assert np.all(spent["Pt", "loss"] > 0)


def test_quadrature_follows_from_the_part_in_phase(elements, bar):
    """Complex linearity on the level of states: no iteration is spent on drives in quadrature."""
    response = respond_at(bar(cells=(60, 30)), SPECTRUM[2], elements(1), solver=elements.iterative).doubled
    iterations = response.proof.iterations
    assert iterations["low"] > 0
    assert iterations["duq/dy"] == iterations["lowq"] == iterations["highq"] == 0
    assert iterations["high"] <= iterations["low"] // 2
    system = response.system
    state = response.changes["low"]
    scale = np.abs(system.apply(state)).max()
    np.testing.assert_allclose(
        system.apply(turned(system, state)), turned(system, system.apply(state)), rtol=0, atol=1e-12 * scale
    )


@pytest.mark.parametrize("phase", [0.1, 1.0, 10.0])
def test_iterations_do_not_grow(elements, block_mesh, phase):
    """Omega tau_s up to 10 costs the solver of large systems at most a third more iterations than a steady solve."""
    coordinates = [np.linspace(0, size, n + 1) for size, n in ((20e-9, 14), (12e-9, 10), (8e-9, 8))]
    problem = film(
        block_mesh("xyz", coordinates, regions=("Pt",)), sides=("z-", MINUS, PLUS), gradients="", mobility=1e-3
    )
    problem = replace(problem, terminals={"low": Terminal(("x-",)), "high": Terminal(("x+",))})
    options = {"solver": elements.iterative}
    steady = respond(problem, elements(1), **options).proof.iterations["low"]
    found = respond_at(problem, phase / TAU, elements(1), **options).doubled.proof.iterations["low"]
    assert 0 < found <= max(1.34 * steady, steady + 2)


def test_rows_of_a_face_with_two_sides(rng):
    """A law between sides of different fields acts on complex traces as it does on real ones; sheet terms too."""
    sides = (Side("a", CHARGE_AND_SPIN), Side("b", FieldSet((SPIN,))))
    law = FaceLaw(
        sides,
        G=(term(2.0, 1.0, rng.normal(size=(7, 7))),),
        Q=(term(1.5, [0.0, 1.0, 2.0], rng.normal(size=(7, 7))),),
        L=(term(3.0, np.eye(3), rng.normal(size=(7, 7))),),
        g=(term(0.7, 1.0, rng.normal(size=7)),),
        tie=("w",),
        deposits={"lattice": Deposit((term(1.0, 1.0, rng.normal(size=(3, 7))),))},
    )
    problem = Problem(
        Layers(("A", "B"), [[1e-9, 2e-9]]),
        {"A": pt(np.zeros(3)), "B": Bulk(FieldSet((SPIN,)), A=(term(1e6, np.eye(3), np.eye(3)),))},
        {"A|B": Face(law, {"a": MINUS, "b": PLUS})},
    )
    twice = doubled(problem, 1.0).faces["A|B"].law
    assert twice.tie == ("w", "wq")
    assert [side.fields.names for side in twice.sides] == [("u", "uq", "w", "wq"), ("w", "wq")]
    x, y = rng.normal(size=(2, 1, 1, 1, 7))
    slopes, other = rng.normal(size=(2, 1, 1, 1, 3, 7))

    def joined(p, q):
        return np.concatenate(
            [part[..., s] for s in (slice(0, 1), slice(1, 4), slice(4, 7)) for part in (p, q)], axis=-1
        )

    zero = law.flux(0 * x, 0 * slopes)
    flux, sheet = (
        twice.flux(joined(x, y), joined(slopes, other)),
        twice.sheet_current(joined(x, y), joined(slopes, other)),
    )
    np.testing.assert_allclose(flux, joined(law.flux(x, slopes), law.flux(y, other) - zero), rtol=EXACT)
    np.testing.assert_allclose(sheet, joined(law.sheet_current(x, slopes), law.sheet_current(y, other)), rtol=EXACT)
    given = twice.deposits["lattice"].density(joined(x, y))
    one = law.deposits["lattice"]
    np.testing.assert_allclose(given, np.concatenate([one.density(x), one.density(y)], axis=-1), rtol=EXACT)


def test_names():
    assert quadrature("u") == "uq"
    assert quadrature("w_x") == "wq_x"
    assert quadrature("du/dx") == "duq/dx"
    assert quadrature("dw_x/dy") == "dwq_x/dy"
    assert quadrature("T_e") == "T_eq"


def test_refusals(cable):
    curved = replace(cable.regions["wire"], at=lambda values, gradients: cable.regions["wire"])
    with pytest.raises(UnsupportedError, match="not linear"):
        doubled(replace(cable, regions={"wire": curved}), 1.0)
    with pytest.raises(InputError, match="omega must be finite"):
        doubled(cable, np.nan)
    twice = replace(cable, terminals={"low": Terminal(("bottom",)), "lowq": Terminal(("top",))})
    with pytest.raises(InputError, match="low must be the only one beside lowq"):
        doubled(twice, 1.0)
    response = respond_at(cable, 1e14, Multilayer())
    with pytest.raises(InputError, match="did you mean"):
        wire_at(response, amplitudes={"hihg": 0.0})
    with pytest.raises(InputError, match="did you mean"):
        response.index("lowq")
