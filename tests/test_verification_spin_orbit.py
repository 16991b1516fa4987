"""The interface condition with spin-orbit coupling: formulas, balances, symmetries, limits, and bilayers.

fluxes, sheet currents, torque        <-> the equations written out, in vectors
fluxes + deposits                     <-> zero; covariant under rotations; reversed stacking
Q and Q'                              <-> Onsager's partners under m -> -m
no coupling, insulating magnet, metal <-> circuit theory, b-layer, torque only
driven bilayer                        <-> closed form: torque of spin Hall effect, interface and lattice, any m
                                          superposition; d -> 0
the same with sheet currents, a cross <-> finite elements at measured order; response_ij(m) = response_ji(-m); balances
"""

from dataclasses import replace

import numpy as np
import pytest

from hanle.boundary.b_layer import Conductances, b_layer
from hanle.boundary.circuit import MEMORY_LOSS, Circuit, normal_ferromagnet
from hanle.boundary.rashba import LATTICE, rashba_interface
from hanle.boundary.scattering.coefficients import Drive, MemoryLoss, RashbaCoefficients
from hanle.meshes.layered import Layers
from hanle.meshes.layers import stack
from hanle.pde.coefficients import dense
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.errors import InputError
from hanle.pde.ferromagnet import ferromagnet
from hanle.pde.metal import normal_metal
from hanle.pde.observables import deposits, film_resistivity, torque, torque_parts
from hanle.pde.problem import Face, Gradient, Problem, Terminal
from hanle.pde.solution import wire
from hanle.pde.steady import respond
from hanle.pde.tensors import unit
from hanle.shapes import cross

M, UP = unit([0.36, -0.48, 0.7]), np.array([0.0, 0.0, 1.0])
LOSS = MemoryLoss(1e12, 2e12, 3e12, 4e12, -1e12, -2e12, -3e12, -4e12)
GIVEN = RashbaCoefficients(
    N=Drive(3.1e3, -1.2e3, 2.3e3, 0.9e3, -0.4e3),
    up=Drive(-2.0e3, 0.7e3, 1.1e3, -0.3e3, 0.6e3),
    dn=Drive(0.8e3, 1.6e3, -0.5e3, 0.2e3, 0.35e3),
    g_up=4e14,
    g_dn=1e14,
    g_mix=3e14 + 0.4e14j,
    loss=LOSS,
)
PT = {"conductivity": 2.5e6, "diffusion_constant": 3e-4, "diffusion_length": 1.7e-9, "spin_hall_angle": 0.12}
CO = {
    "conductivity": 5.5e6,
    "polarisation": 0.42,
    "diffusion_constant": 1.7e-3,
    "diffusion_length": 12e-9,
    "exchange_length": 1.3e-9,
    "dephasing_length": 0.9e-9,
}
D_PT, D_CO, FIELD = 5e-9, 3e-9, 2e4
NF = {"normal": "minus", "ferromagnet": "plus"}
BOTH = (Gradient("u", "x"), Gradient("u", "y"))
ROUND_OFF, EXACT, BALANCE = 1e-12, 1e-10, 1e-9


def plain(array):
    return np.asarray(array)[0, 0, 0]


def traces_of(rng):
    """Values (8,) and gradients (3, 8) of both sides, tangential to the face."""
    gradients = rng.normal(size=(3, 8)) * 10
    gradients[2] = 0
    return rng.normal(size=8) * 1e-6, gradients


def on(law, values, gradients):
    lead = (1, 1, 1)
    return values.reshape(*lead, *values.shape), gradients.reshape(*lead, *gradients.shape)


def test_fluxes_sheet_currents_and_torque_are_the_equations(rng):
    values, slopes = traces_of(rng)
    u_n, w, u_f, w_f = values[0], values[1:4], values[4], values[5:] @ M
    e_n, e_f, slope = slopes[:, 0], slopes[:, 4], slopes[:, 5:] @ M
    across, du, dw = w - M * (M @ w), u_f - u_n, w_f - M @ w
    share = (1 + M[2] ** 2) / 2
    up, dn = (4e14 - 3e12 + 2e12 * M[2] ** 2), (1e14 - 4e12 + 2e12 * M[2] ** 2)
    j = (up + dn) * du - (up - dn) * dw
    along = -(up - dn) * du + (up + dn) * dw
    source, lattice, sheets = np.zeros(3), np.zeros(3), []
    for drive, field in zip(GIVEN.drives, (e_n, e_f - slope, e_f + slope), strict=True):
        y = np.cross(UP, field)
        j += drive.delta * (M @ y)
        along += drive.gamma * (M @ y)
        source += drive.a * (y - M * (M @ y)) + drive.b * np.cross(M, y)
        lattice += drive.b_lat * np.cross(M, y)
        v = drive.a * across + drive.b * np.cross(M, w) - M * (drive.gamma * dw + drive.delta * du)
        sheets.append(np.cross(v, UP))
    transverse = -2 * 3e14 * across - 2 * 0.4e14 * np.cross(M, w) + source
    first = share * 2e12 * (u_f + w_f - u_n + M @ w)
    second = share * 3e12 * (u_f - w_f - u_n - M @ w)
    j_n = along - 4 * share * 1e12 * (M @ w) - first + second
    j_f = along + 4 * share * 4e12 * w_f + first - second
    charge = j + first + second
    law = rashba_interface("Co", GIVEN, M, UP)
    found = plain(law.flux(*on(law, values, slopes)))
    expected = np.r_[charge, M * j_n + transverse, -charge, -M * j_f]
    np.testing.assert_allclose(found, expected, atol=ROUND_OFF * np.abs(expected).max())
    given = {name: plain(d.density(*on(law, values, slopes))) for name, d in law.deposits.items()}
    scale = np.abs(transverse).max()
    np.testing.assert_allclose(given["torque:Co"], -transverse - lattice, atol=ROUND_OFF * scale)
    np.testing.assert_allclose(given[LATTICE], lattice, atol=ROUND_OFF * scale)
    np.testing.assert_allclose(given[MEMORY_LOSS], M * (j_f - j_n), atol=ROUND_OFF * np.abs(expected).max())
    sheet = plain(law.sheet_current(*on(law, values, slopes)))
    scale = np.abs(sheets).max()
    np.testing.assert_allclose(sheet[:, 0], sheets[0], atol=ROUND_OFF * scale)
    np.testing.assert_allclose(sheet[:, 4], sheets[1] + sheets[2], atol=ROUND_OFF * scale)
    np.testing.assert_allclose(sheet[:, 5:], np.outer(sheets[2] - sheets[1], M), atol=ROUND_OFF * scale)
    np.testing.assert_array_equal(sheet[:, 1:4], 0)


def test_what_the_metals_lose_is_handed_over(rng):
    law = rashba_interface("Co", GIVEN, M, UP)
    traces, gradients = rng.normal(size=(1, 3, 2, 8)), rng.normal(size=(1, 3, 2, 3, 8)) * 1e8
    flux = law.flux(traces, gradients)
    total = flux[..., 1:4] + flux[..., 5:] + sum(d.density(traces, gradients) for d in law.deposits.values())
    np.testing.assert_allclose(total, 0, atol=ROUND_OFF * np.abs(flux).max())
    np.testing.assert_allclose(flux[..., 0] + flux[..., 4], 0, atol=ROUND_OFF * np.abs(flux).max())


def test_rotated_together_the_law_is_the_same(rng):
    """Spin, space, m and n turned by one rotation; with the magnet below, n points down."""
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    values, slopes = traces_of(rng)
    turned_values, turned_slopes = values.copy(), turn @ slopes
    for k in (1, 5):
        turned_values[k : k + 3] = turn @ values[k : k + 3]
        turned_slopes[:, k : k + 3] = turned_slopes[:, k : k + 3] @ turn.T
    here, there = rashba_interface("Co", GIVEN, M, UP), rashba_interface("Co", GIVEN, turn @ M, turn @ UP)
    found = plain(there.flux(*on(there, turned_values, turned_slopes)))
    expected = plain(here.flux(*on(here, values, slopes)))
    for k in (1, 5):
        expected[k : k + 3] = turn @ expected[k : k + 3]
    np.testing.assert_allclose(found, expected, atol=ROUND_OFF * np.abs(expected).max())
    sheet = plain(here.sheet_current(*on(here, values, slopes)))
    turned = plain(there.sheet_current(*on(there, turned_values, turned_slopes)))
    np.testing.assert_allclose(turned[:, [0, 4]], turn @ sheet[:, [0, 4]], atol=ROUND_OFF * np.abs(sheet).max())


def test_fluxes_and_sheet_currents_are_onsager_partners():
    """w is odd and u even when time is reversed: Q'_ca(m) = s_a s_c Q_ac(-m) with s = -1 for u, 1 for w, face value."""
    one, other = rashba_interface("Co", GIVEN, M, UP), rashba_interface("Co", GIVEN, -M, UP)
    q, back = dense(other.Q, (3,), (8, 8))[0, 0, 0], dense(one.Qt, (3,), (8, 8))[0, 0, 0]
    odd = np.array([1, -1, -1, -1, 1, -1, -1, -1])
    # N.J gained at a face dissipates -v.G v, a sheet current +K.grad: partners carry opposite signs.
    np.testing.assert_allclose(back, -odd[:, None] * odd * np.swapaxes(q, 1, 2), atol=ROUND_OFF * np.abs(q).max())


def test_without_coupling_it_is_circuit_theory():
    bare = RashbaCoefficients(g_up=4e14, g_dn=1e14, g_mix=3e14 + 0.4e14j)
    found, expected = (
        rashba_interface("Co", bare, M, UP),
        normal_ferromagnet("Co", Circuit(4e14, 1e14, bare.g_mix), M),
    )
    np.testing.assert_allclose(dense(found.G, (), (8, 8)), dense(expected.G, (), (8, 8)), atol=ROUND_OFF * 1e15)
    assert not found.Q
    assert not found.Qt


def test_an_insulating_magnet_is_the_b_layer_with_a_torque_of_the_lattice():
    given = RashbaCoefficients(N=Drive(b_lat=2e3), g_mix=3e14 + 0.4e14j)
    law = rashba_interface("YIG", given, M, UP, insulating="ferromagnet")
    insulator = b_layer("YIG", Conductances(0.0, 3e14, -0.4e14), M)
    np.testing.assert_allclose(
        dense(law.G, (), (4, 4))[0, 0, 0, 1:, 1:], dense(insulator.G, (), (3, 3))[0, 0, 0], atol=ROUND_OFF * 1e15
    )
    assert law.size == 4
    assert (law.Q, law.Qt) == ((), ())
    slopes = np.zeros((1, 1, 1, 3, 4))
    slopes[..., 0, 0] = 1e4
    given_to = law.deposits["torque:YIG"].density(np.zeros((1, 1, 1, 4)), slopes)[0, 0, 0]
    np.testing.assert_allclose(given_to, -2e3 * 1e4 * np.cross(M, [0, 1, 0]), rtol=ROUND_OFF)


def test_an_insulating_metal_leaves_torque_only():
    given = RashbaCoefficients(up=Drive(b_lat=2e3), dn=Drive(b_lat=-5e2))
    law = rashba_interface("Co", given, M, UP, insulating="normal")
    assert law.size == 4
    assert (law.G, law.Q, law.Qt) == ((), (), ())
    slopes = np.zeros((1, 1, 1, 3, 4))
    slopes[..., 0, 0] = 1e4
    torque_density = law.deposits["torque:Co"].density(np.zeros((1, 1, 1, 4)), slopes)[0, 0, 0]
    np.testing.assert_allclose(torque_density, -1.5e3 * 1e4 * np.cross(M, [0, 1, 0]), rtol=ROUND_OFF)


@pytest.mark.parametrize("side", ["normal", "ferromagnet"])
def test_an_insulating_side_takes_no_current(side):
    with pytest.raises(InputError, match=f"the side {side} takes part in"):
        rashba_interface("Co", GIVEN, M, UP, insulating=side)


def bilayer(given=GIVEN, m=M, geometry=None, below=True, theta=PT["spin_hall_angle"], **changes):
    """Pt 5 nm | Co 3 nm driven along x and y; the magnet above, or below."""
    pieces = (("Pt", D_PT), ("Co", D_CO)) if below else (("Co", D_CO), ("Pt", D_PT))
    names, sizes = zip(*pieces, strict=True)
    mesh = geometry or Layers(names, [list(sizes)])
    sides = NF if below else {"normal": "plus", "ferromagnet": "minus"}
    law = rashba_interface("Co", given, m, UP if below else -UP)
    regions = {
        "Pt": normal_metal(**PT | {"spin_hall_angle": theta}),
        "Co": ferromagnet("Co", magnetisation=m, **CO | changes),
    }
    return Problem(mesh, regions, {"|".join(names): Face(law, sides)}, gradients=BOTH)


def solved(problem, engine=None, along="du/dx", **options):
    response = respond(problem, engine or Multilayer(), **{"tolerance": 1e-12, **options})
    return wire(response, amplitudes={name: FIELD * (name == along) for name in ("du/dx", "du/dy")})


def taken(given, theta=PT["spin_hall_angle"], thickness=D_PT):
    """DL + i FL [A/m^2] of a bilayer whose ferromagnet takes all transverse spin at the face, per y = n x E/|E|.

    On transverse vectors y -> 1 and m x y -> i. N.J of the metal is s w - theta sigma E (1 - sech(d/l)) with
    s = sigma/l tanh(d/l), and -2 G_mix w + (a + i b) E by the law.
    """
    a, b, b_lat = (sum(getattr(drive, name) for drive in given.drives) * FIELD for name in ("a", "b", "b_lat"))
    sigma, depth = PT["conductivity"], thickness / PT["diffusion_length"]
    s, pumped = sigma / PT["diffusion_length"] * np.tanh(depth), theta * sigma * FIELD * (1 - 1 / np.cosh(depth))
    w = (pumped + a + 1j * b) / (s + 2 * given.g_mix)
    return 2 * given.g_mix * w - a - 1j * (b + b_lat)


def parts(problem, m, below=True, engine=None, **options):
    """DL + i FL [A/m^2] of a solved bilayer."""
    found = torque(solved(problem, engine, **options), "Co")
    axis = np.array([[0, 1.0, 0]]) * (1 if below else -1)
    damping, turning = torque_parts(found, unit(m)[None], axis)
    return (damping[0] + 1j * turning[0]) * 2 * E_CHARGE / HBAR


#: As in GIVEN, without what drives spin and charge into the ferromagnet.
CLOSED = RashbaCoefficients(
    *(replace(d, gamma=0.0, delta=0.0) for d in GIVEN.drives), GIVEN.g_up, GIVEN.g_dn, GIVEN.g_mix
)


@pytest.mark.parametrize("m", [M, -M, [0, 0, 1.0], [1, 0, 0.2]])
@pytest.mark.parametrize("below", [True, False])
def test_torque_of_a_bilayer_is_the_closed_form(m, below):
    """The same two numbers for every m."""
    found = parts(bilayer(CLOSED, m, below=below), m, below)
    assert abs(found - taken(CLOSED)) < EXACT * abs(found)


def test_spin_hall_effect_and_interface_add_up():
    bare = RashbaCoefficients(g_up=GIVEN.g_up, g_dn=GIVEN.g_dn, g_mix=GIVEN.g_mix, loss=LOSS)
    hall, interface = parts(bilayer(bare), M), parts(bilayer(theta=0.0), M)
    both = parts(bilayer(), M)
    assert abs(hall + interface - both) < EXACT * abs(both)
    assert abs(interface) > 0.01 * abs(both)


def test_thin_metal_leaves_the_torque_of_the_lattice():
    """d -> 0: the metal takes no spin current, what remains is field-like; the spin Hall part goes as d^2."""
    b_lat = sum(d.b_lat for d in CLOSED.drives) * FIELD
    left = []
    for thickness in (4e-11, 2e-11):
        problem = bilayer(CLOSED, geometry=Layers(("Pt", "Co"), [[thickness, D_CO]]), theta=0.0)
        left.append(abs(parts(problem, M) + 1j * b_lat))
    assert left[0] / left[1] == pytest.approx(2.0, rel=0.1)
    bare = replace(CLOSED, N=Drive(), up=Drive(), dn=Drive())
    hall = [abs(parts(bilayer(bare, geometry=Layers(("Pt", "Co"), [[d, D_CO]])), M)) for d in (4e-11, 2e-11)]
    assert hall[0] / hall[1] == pytest.approx(4.0, rel=0.1)


@pytest.mark.parametrize("given", [GIVEN, CLOSED])
def test_onsager(given):
    """rho_xy(m) = rho_yx(-m); the interface changes rho by more than the bounds."""
    options = {"anomalous_hall_angle": 0.01, "anisotropy": 0.02}
    here, there, bare = (
        respond(bilayer(g, m, **options), Multilayer(), tolerance=1e-12).matrix[0]
        for g, m in ((given, M), (given, -M), (replace(given, N=Drive(), up=Drive(), dn=Drive()), M))
    )
    scale = np.abs(here - np.diag(np.diag(here))).max()
    np.testing.assert_allclose(here, there.T, atol=EXACT * scale)
    assert np.abs(here - bare).max() > 1e3 * EXACT * scale


@pytest.mark.parametrize("along", ["du/dx", "du/dy"])
def test_balances_close(along):
    solution = solved(bilayer(), along=along)
    assert {b.name for b in solution.balances} >= {"u", "w_x", "power"}
    for balance in solution.balances:
        assert np.all(balance.error < BALANCE), balance.name
    given = deposits(solution)
    assert min(np.abs(given[name]).max() for name in (LATTICE, MEMORY_LOSS)) > 0


@pytest.mark.parametrize("order", [1, 2])
def test_finite_elements_converge_to_the_exact_bilayer(order, elements):
    """Torque and resistivities of a line at two meshes, order 2 and 4."""
    exact = solved(bilayer())
    expected = torque(exact, "Co")[0], film_resistivity(exact.response).change_L[0]
    errors = []
    for cells in (4, 8):
        shape = stack([("Pt", D_PT), ("Co", D_CO)])
        mesh = shape.mesh(
            {"Pt": PT["diffusion_length"], "Co": CO["dephasing_length"]}, cells_per_length=cells, growth=1.0
        )
        found = solved(bilayer(geometry=mesh), elements(order), solver=elements.direct)
        errors.append(
            [
                np.abs(torque(found, "Co")[0] - expected[0]).max() / np.abs(expected[0]).max(),
                abs(film_resistivity(found.response).change_L[0] / expected[1] - 1),
            ]
        )
    rates = np.log2(np.array(errors[0]) / errors[1])
    assert np.all(np.abs(rates - 2 * order) < 0.4), (rates, errors)


CROSS = cross(length="40 nm", width="16 nm", layers=[("Pt", D_PT), ("Co", D_CO)])


def crossing(mesh, m, field):
    hall = {"anomalous_hall_angle": 0.01, "anisotropy": 0.02}
    regions = {
        "Pt": normal_metal(field=field, mobility=2e-3, **PT),
        "Co": ferromagnet("Co", magnetisation=m, field=field, **CO | hall),
    }
    law = rashba_interface("Co", GIVEN, m, UP)
    terminals = {name: Terminal(faces) for name, faces in CROSS.terminals.items()}
    return Problem(mesh, regions, {"Pt|Co": Face(law, NF)}, terminals)


@pytest.mark.parametrize("solver", ["direct", "multigrid"])
def test_a_cross_keeps_onsager_and_its_balances(solver, elements):
    """G_ij(B, m) = G_ji(-B, -m) of four terminals, with currents along the interface in every direction."""
    mesh, field = CROSS.mesh({"Pt": 5e-9, "Co": 5e-9}, cells_per_length=1.0), np.array([8.0, -3.0, 15.0])
    chosen = elements.direct if solver == "direct" else elements.iterative
    here, there = (
        respond(crossing(mesh, s * M, s * field), elements(), solver=chosen, tolerance=1e-12) for s in (1, -1)
    )
    scale = np.abs(here.matrix).max()
    np.testing.assert_allclose(here.matrix[0], there.matrix[0].T, atol=EXACT * scale)
    assert np.abs(here.matrix[0] - here.matrix[0].T).max() > 1e-4 * scale
    for balance in wire(here, amplitudes={"right": 0.0}, fluxes={"left": -1e-6}).balances:
        assert np.all(balance.error < BALANCE), balance.name
    assert max(here.proof.iterations.values()) < 40
