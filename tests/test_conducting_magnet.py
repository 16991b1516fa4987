"""Films of conducting magnets with local moments: pairs that must agree.

exact engine, any m, B, T             <-> film formula exact in theta; printed O(theta^2) form at theta^4
antiferromagnet                       <-> the same with the Neel vector, without exchange field
anisotropic exchange                  <-> 3x3 film, its multiprecision reference; J_x = J_y = J_z <-> isotropic
printed rates (84), (85), (91), (92)  <-> hanle.materials.rates
J = 0                                 <-> Hanle magnetoresistance; J = 0, B = 0 <-> no dependence on the angle
B -> infinity, T -> infinity          <-> saturated moments, infinite Hanle angle; isotropic relaxation
T > T_C, small B                      <-> change ~ B^2
an empty sublattice                   <-> the ferromagnet
thin magnet, n_S b fixed              <-> b-layer interface, first order in b
(B, m) reversed                       <-> transposed resistivity; power in = power lost
texture per cell                      <-> one uniform layer after the other
"""

from itertools import pairwise

import numpy as np
import pytest

from hanle.boundary.b_layer import b_layer, conductances
from hanle.materials.anisotropic import coupling_tensor
from hanle.materials.rates import Rates, rates, rates_at
from hanle.materials.weiss import antiferromagnet, ferrimagnet, ferromagnet, from_exchange, paramagnet, solve
from hanle.meshes.layered import Layers
from hanle.meshes.layers import stack
from hanle.pde.closed_forms.conducting_magnet import MagneticFilm, anisotropic_deficit, exchange_rates, precession
from hanle.pde.closed_forms.film import film_drho
from hanle.pde.closed_forms.oblique import decay_matrix
from hanle.pde.closed_forms.oblique_reference import oblique_deficit_multiprecision
from hanle.pde.closed_forms.resistivity import exact_correction
from hanle.pde.coefficients import FaceLaw, Side, dense
from hanle.pde.conducting_magnet import LocalMoments, conducting_magnet
from hanle.pde.constants import E_CHARGE, HBAR, MU_B
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.engines.scikit import Scikit
from hanle.pde.errors import InputError
from hanle.pde.fields import CHARGE_AND_SPIN
from hanle.pde.magnetic_metal import metal_with_moments
from hanle.pde.metal import normal_metal
from hanle.pde.observables import film_resistivity
from hanle.pde.problem import MINUS, PLUS, Face, Gradient, Problem
from hanle.pde.solution import wire
from hanle.pde.steady import respond
from hanle.pde.tensors import unit

RHO, D, LAM, THETA, THICKNESS = 2e-6, 1e-6, 3e-9, 0.1, 5e-9
NU = 2.126e46
DENSITY = 1.66e27
MEV = 1e-3 * E_CHARGE / DENSITY  # J for which n_S J = 1 meV
METAL = {"conductivity": 1 / RHO, "diffusion_constant": D, "diffusion_length": LAM, "spin_hall_angle": THETA}
IRON = LocalMoments(ferromagnet(2.0, 120.0), [DENSITY], [-0.3 * MEV])
NEEL = LocalMoments(antiferromagnet(2.0, 120.0), [DENSITY] * 2, [0.5 * MEV] * 2)
DRIVES = (Gradient("u", "x"), Gradient("u", "y"))
#: Rounding of the layered engine, relative to the correction.
EXACT = 1e-12


def change(bulk, thickness=THICKNESS):
    """(rho_L/rho - 1, rho_T/rho) of a film, shape (2, batch)."""
    found = film_resistivity(
        respond(Problem(Layers(("F",), [[thickness]]), {"F": bulk}, {}, gradients=DRIVES), Multilayer())
    )
    return np.stack([found.change_L, found.change_T])


def magnet(local=IRON, **given):
    """The medium with the density of states of the figure."""
    return conducting_magnet("F", local, density_of_states=NU, **METAL | given)


def film_of(local, field_along, temperature, omega_B=None):
    """The closed form with rates by the printed formulas."""
    state = solve(local.moments, field_along, temperature)
    k = np.pi / HBAR * np.array(local.densities) * NU * np.array(local.couplings) ** 2
    spins = np.array(local.moments.spins)
    par, perp = exchange_rates(k, D / LAM**2, spins, state.x, state.S_par, state.q)
    exchange = np.sum(np.array(local.densities) * local.couplings * state.S_par, axis=-1)
    turning = 2 * MU_B / HBAR * np.asarray(field_along) if omega_B is None else omega_B
    return MagneticFilm(RHO, THICKNESS, D, par, perp, precession(turning, exchange))


@pytest.mark.parametrize("local", [IRON, NEEL], ids=["ferromagnet", "antiferromagnet"])
def test_film_formula_equals_the_engine(local, rng):
    """A batch of temperatures and directions below and above the critical temperature, moments along B."""
    directions = unit(rng.normal(size=(12, 3)))
    strengths = rng.uniform(0.5, 20, 12)
    temperature = np.concatenate([rng.uniform(5, 119, 8), rng.uniform(121, 300, 4)])
    field = strengths[:, None] * directions
    found = change(magnet(local, temperature=temperature[:, None], field=field[:, None]))
    expected = film_of(local, strengths, temperature).exact(directions, THETA)
    for ours, theirs in zip(found, expected, strict=True):
        assert np.abs(ours - theirs).max() < EXACT * np.abs(found[0]).max()
    assert np.abs(found[1]).max() > 1e-4


def test_printed_form_errs_as_the_fourth_power_of_theta():
    """Would catch the -drho2 m_z of Eq. (87) and the lost 2 theta^2 of Eq. (93)."""
    m = unit([0.3, -0.5, 0.8])
    for local, field in ((IRON, 7.0), (NEEL, 0.0)):
        film = film_of(local, field, 60.0)
        errors = []
        for theta in (0.04, 0.02):
            bulk = magnet(local, temperature=60.0, field=field * m, magnetisation=m, spin_hall_angle=theta)
            errors.append(change(bulk)[:, 0] - np.array(film.printed(m, theta)))
        scale = np.array([1.0, 0.0]) if local is NEEL else np.ones(2)
        for large, small, counts in zip(*errors, scale, strict=True):
            assert abs(small) < 10 * 0.02**4
            if counts:
                assert large / small == pytest.approx(16, rel=0.01)


def test_printed_form_is_the_interface_film_without_conductances():
    """drho0, drho1, drho2 of both papers: drho0 = theta^2 rho (2 - R_par) there, rho R_par here."""
    film = film_of(IRON, 7.0, 60.0)
    zero, one, two = film.parts()
    drude = THETA**2 * RHO
    expected = (drude * (2 - zero), drude * one, drude * two)
    np.testing.assert_allclose(film_drho(film.film, THETA), expected, atol=1e-12 * drude)


def test_neel_vector_without_field_and_given():
    """No exchange field: rho_T has no part odd in m_z, and n and -n are the same."""
    n = unit([0.6, 0.5, -0.4])
    found = change(magnet(NEEL, temperature=50.0, field=np.zeros(3), magnetisation=n))[:, 0]
    back = change(magnet(NEEL, temperature=50.0, field=np.zeros(3), magnetisation=-n))[:, 0]
    film = film_of(NEEL, 0.0, 50.0)
    assert abs(float(film.omega)) < 1e-9 / HBAR * abs(NEEL.couplings[0]) * DENSITY
    assert film.parts()[2] == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(found, film.exact(n, THETA), atol=EXACT * abs(found[0]))
    np.testing.assert_allclose(found, back, atol=EXACT * abs(found[0]))
    # Eq. (97) and the sum of two sublattices: 1/tau_perp = 1/tau_0 + 2 Omega_0 at T = 0
    cold = film_of(NEEL, 0.0, 1.0)
    omega_0 = np.pi / HBAR * DENSITY * NU * (0.5 * MEV * 2.0) ** 2
    assert float(cold.perp) == pytest.approx(D / LAM**2 + 2 * omega_0, rel=1e-9)
    assert float(cold.par) == pytest.approx(D / LAM**2, rel=1e-9)


def test_moments_not_along_the_field():
    """m given: a 3x3 film with omega = omega_B + exchange along m, and the length of B along m in the Weiss field."""
    m, field = unit([0.2, 0.9, -0.3]), np.array([4.0, 1.0, 9.0])
    found = change(magnet(temperature=70.0, field=field, magnetisation=m))[:, 0]
    film = film_of(IRON, float(field @ m), 70.0, omega_B=0.0)
    gamma = film.perp * np.eye(3) + (film.par - film.perp) * np.outer(m, m)
    omega = 2 * MU_B / HBAR * field + film.omega * m
    expected = exact_correction(anisotropic_deficit(gamma, omega, D, THICKNESS, RHO), THETA)
    np.testing.assert_allclose(found, expected, atol=EXACT * abs(found[0]))


@pytest.mark.parametrize("k", [0, 1, 2])
def test_anisotropic_exchange_film(k):
    """Moments along each principal axis of J in turn: engine, 3x3 film, 40 digits; twice over the same rates."""
    frame, _ = np.linalg.qr(np.random.default_rng(k).normal(size=(3, 3)))
    tensor = coupling_tensor(np.array([0.4, -0.7, 1.1]) * MEV, frame)
    local = LocalMoments(ferromagnet(2.0, 120.0), [DENSITY], [tensor], anisotropic=True)
    m, field = frame[k], np.array([3.0, -2.0, 5.0])
    found = change(magnet(local, temperature=80.0, field=field, magnetisation=m))[:, 0]
    given = local.rates(NU, field, 80.0, m)
    gamma = given.gamma + D / LAM**2 * np.eye(3)
    omega = 2 * MU_B / HBAR * field - float(given.exchange) / HBAR * m
    deficit = anisotropic_deficit(gamma, omega, D, THICKNESS, RHO)
    np.testing.assert_allclose(found, exact_correction(deficit, THETA), atol=EXACT * abs(found[0]))
    matrix = decay_matrix(gamma, omega, D)
    exact = oblique_deficit_multiprecision(matrix, THICKNESS, RHO, np.zeros((3, 3)), np.zeros((3, 3)))
    np.testing.assert_allclose(deficit, exact, atol=EXACT * np.abs(exact).max())


def test_isotropic_tensor_is_the_isotropic_medium(rng):
    m = unit(rng.normal(size=3))
    tensor = LocalMoments(IRON.moments, IRON.densities, [IRON.couplings[0] * np.eye(3)], anisotropic=True)
    one, other = (magnet(local, temperature=60.0, field=3.0 * m) for local in (IRON, tensor))
    scale = np.abs(dense(one.R, (), (4, 4))).max()
    np.testing.assert_allclose(dense(one.R, (), (4, 4)), dense(other.R, (), (4, 4)), atol=EXACT * scale)
    for name in one.deposits:
        a, b = (dense(law.deposits[name].values, (), (3, 4)) for law in (one, other))
        np.testing.assert_allclose(a, b, atol=EXACT * scale)


@pytest.mark.parametrize("local", [IRON, NEEL], ids=["ferromagnet", "antiferromagnet"])
def test_printed_rates_equal_the_rates_of_the_materials(local):
    b, t = np.meshgrid([0.0, 2.0, 30.0], [1.0, 60.0, 130.0, 900.0], indexing="ij")
    found = rates_at(local.moments, local.densities, local.couplings, NU, b, t)
    film = film_of(local, b, t)
    np.testing.assert_allclose(film.par, found.par + D / LAM**2, rtol=1e-12)
    np.testing.assert_allclose(film.perp, found.perp + D / LAM**2, rtol=1e-12)


def test_no_coupling_is_hanle_magnetoresistance():
    """J = 0: the normal metal; without field no dependence on the angle either."""
    bare = LocalMoments(IRON.moments, [DENSITY], [0.0])
    field = np.array([3.0, -6.0, 8.0])
    plain = change(normal_metal(field=field, **METAL))
    np.testing.assert_array_equal(change(magnet(bare, temperature=30.0, field=field)), plain)
    angle = np.linspace(0, np.pi, 5)
    m = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=-1)[:, None]
    still = change(magnet(bare, temperature=30.0, field=np.zeros(3), magnetisation=m))
    assert np.ptp(still[0]) < EXACT * abs(still[0, 0])
    assert np.abs(still[1]).max() < EXACT * abs(still[0, 0])


def test_strong_fields_and_high_temperatures():
    """B -> infinity: no flips, 1/tau_perp = 1/tau_0 + Omega_0, R_perp -> 0; T -> infinity: Omega_1, isotropic."""
    unit_rate = np.pi / HBAR * DENSITY * NU * IRON.couplings[0] ** 2
    strong = film_of(IRON, 1e6, 50.0)
    assert float(strong.par) == pytest.approx(D / LAM**2, rel=1e-12)
    assert float(strong.perp) == pytest.approx(D / LAM**2 + 4 * unit_rate, rel=1e-12)
    z = np.array([0.0, 0.0, 1.0])
    found = change(magnet(temperature=50.0, field=1e6 * z))[0, 0]
    l = float(strong.Lam.real)
    assert found == pytest.approx(THETA**2 * 2 / (1 - 2 * THETA**2), abs=3 * THETA**2 * l / THICKNESS)
    hot = film_of(IRON, 1.0, 1e9)
    rate = D / LAM**2 + unit_rate * 2 * 2.0 * 3.0 / 3
    assert float(hot.par) == pytest.approx(rate, rel=1e-6)
    assert float(hot.perp) == pytest.approx(rate, rel=1e-6)
    assert float(hot.omega) == pytest.approx(2 * MU_B / HBAR, rel=1e-6)


def test_paramagnetic_change_is_quadratic_in_the_field():
    field = np.array([0.02, 0.04])
    found = film_of(IRON, np.append(field, 0.0), 140.0).exact([0.0, 0, 1], THETA).longitudinal
    one, two = found[:2] - found[2]
    assert two / one == pytest.approx(4, rel=1e-3)


def test_an_empty_sublattice_is_the_ferromagnet():
    """Second sublattice without moments, or with moments that the electrons do not feel."""
    field = np.array([1.0, 2.0, -3.0])
    alone = change(magnet(temperature=60.0, field=field))
    energy = IRON.moments.exchange[0][0]
    pair = from_exchange((2.0, 2.5), ((energy, 0.0), (0.0, 0.0)))
    for densities, couplings in (([DENSITY, 0.0], [-0.3 * MEV, MEV]), ([DENSITY, DENSITY], [-0.3 * MEV, 0.0])):
        found = change(magnet(LocalMoments(pair, densities, couplings), temperature=60.0, field=field))
        np.testing.assert_allclose(found, alone, atol=1e-11 * abs(alone[0, 0]))


def test_ferrimagnet_exchange_fields_subtract():
    """omega from both sublattices with the signs of their S_par; the rates add."""
    local = LocalMoments(ferrimagnet((2.5, 2.0), (3.0, 2.0), 300.0), [3e27, 2e27], [0.1 * MEV, 0.2 * MEV])
    state = solve(local.moments, 2.0, 100.0)
    assert state.S_par[0] < 0 < state.S_par[1]
    found = local.rates(NU, [0, 0, 2.0], 100.0, [0, 0, 1.0])
    by_hand = 3e27 * 0.1 * MEV * state.S_par[0] + 2e27 * 0.2 * MEV * state.S_par[1]
    assert float(found.exchange) == pytest.approx(by_hand, rel=1e-12)
    film = film_of(local, 2.0, 100.0)
    z = np.array([0, 0, 1.0])
    np.testing.assert_allclose(
        change(magnet(local, temperature=100.0, field=2.0 * z))[:, 0], film.exact(z, THETA), atol=1e-14
    )


def on_magnet(b, m, field):
    """A metal of 5 nm on a magnet: b-layer law for b = 0, a conducting magnet of thickness b with n_S b fixed else."""
    host = {**METAL, "conductivity": 2e6, "diffusion_constant": 2e-4}
    nu = 2e6 / (2 * E_CHARGE**2 * 2e-4)
    areal, coupling, moments = 5e18, 0.03 / nu, ferromagnet(2.0, 100.0)
    metal = normal_metal(field=field, **host)
    if b == 0:
        found = rates_at(moments, [areal], [coupling], nu, float(field @ m), 60.0)
        face = Face(b_layer("EuS", conductances(found, nu), m), {"metal": PLUS, "magnet": MINUS})
        return Problem(Layers(("EuS", "Pt"), [[1e-8, 5e-9]]), {"Pt": metal}, {"EuS|Pt": face}, gradients=DRIVES)
    tied = Face(
        FaceLaw((Side("b", CHARGE_AND_SPIN), Side("a", CHARGE_AND_SPIN)), tie=("u", "w")), {"b": MINUS, "a": PLUS}
    )
    local = LocalMoments(moments, [areal / b], [coupling])
    layer = conducting_magnet("EuS", local, temperature=60.0, field=field, magnetisation=m, **host)
    return Problem(Layers(("b", "Pt"), [[b, 5e-9]]), {"b": layer, "Pt": metal}, {"b|Pt": tied}, gradients=DRIVES)


def test_thin_magnet_becomes_the_interface():
    """First order in b for the resistivity times the conducting thickness."""
    m, field = unit([0.36, 0.48, 0.8]), np.array([0.5, 1.0, 4.0])
    limit = film_resistivity(respond(on_magnet(0, m, field), Multilayer()))
    for name in ("change_L", "change_T"):
        errors = []
        for b in (4e-12, 2e-12, 1e-12):
            found = film_resistivity(respond(on_magnet(b, m, field), Multilayer()))
            errors.append(getattr(found, name)[0] * (1 + b / 5e-9) - getattr(limit, name)[0])
        assert abs(errors[-1]) < 5e-3 * abs(getattr(limit, name)[0])
        assert errors[0] / errors[1] == pytest.approx(2, abs=0.05)
        assert errors[1] / errors[2] == pytest.approx(2, abs=0.05)


ORTHORHOMBIC = LocalMoments(
    ferromagnet(2.0, 120.0), [DENSITY], [coupling_tensor(np.array([0.4, -0.7, 1.1]) * MEV)], anisotropic=True
)


@pytest.mark.parametrize("local", [IRON, ORTHORHOMBIC], ids=["isotropic", "anisotropic"])
def test_onsager(local):
    """sigma_xy(B, m) = sigma_yx(-B, -m) for m not along B; B alone reversed is something else."""
    m, field = np.array([1.0, 0, 0]), np.array([4.0, -7.0, 9.0])

    def response(sign_b, sign_m):
        bulk = magnet(local, temperature=60.0, field=sign_b * field, magnetisation=sign_m * m)
        problem = Problem(Layers(("F",), [[THICKNESS]]), {"F": bulk}, {}, gradients=DRIVES)
        return respond(problem, Multilayer()).correction[0]

    forth, back = response(1, 1), response(-1, -1)
    assert np.abs(forth - back.T).max() < EXACT * np.abs(forth).max()
    assert abs(forth[0, 1] - forth[1, 0]) > 1e-4 * np.abs(forth).max()


@pytest.mark.parametrize("local", [IRON, ORTHORHOMBIC], ids=["isotropic", "anisotropic"])
def test_power_and_spin_balance(local):
    """Power of the drives is lost in the bulk; every entry dissipates."""
    bulk = magnet(local, temperature=60.0, field=[4.0, -7.0, 9.0], magnetisation=[0, 1.0, 0], diffusion_length=4e-9)
    problem = Problem(Layers(("F",), [[THICKNESS]]), {"F": bulk}, {}, gradients=DRIVES)
    solution = wire(respond(problem, Multilayer()), amplitudes={"du/dx": 1e5, "du/dy": -3e4})
    assert {b.name for b in solution.balances} == {"u", "w_x", "w_y", "w_z", "power"}
    assert all(b.error[0] < 1e-12 for b in solution.balances)
    for entry in solution.ledger:
        assert np.all(entry.power <= 0 if entry.kind == "terminal" else entry.power >= 0), entry


def spiral(z):
    """m turns about x through the film."""
    angle = 2.0 + 3.0 * z / THICKNESS
    return np.stack([0.4 + 0 * z, np.cos(angle), np.sin(angle)], axis=-1)


def test_texture_per_cell_equals_uniform_layers():
    """m given per cell of a mesh: as many layers of the exact engine; error of second-order elements, h^4."""
    count, field, errors = 6, np.array([2.0, 3.0, -1.0]), []
    edges = np.linspace(0, THICKNESS, count + 1)
    turned = spiral((edges[1:] + edges[:-1]) / 2)
    names = tuple(f"F{k}" for k in range(count))
    tie = FaceLaw((Side("b", CHARGE_AND_SPIN), Side("a", CHARGE_AND_SPIN)), tie=("u", "w"))
    bulks = {n: magnet(temperature=60.0, field=field, magnetisation=m) for n, m in zip(names, turned, strict=True)}
    faces = {f"{a}|{b}": Face(tie, {"b": MINUS, "a": PLUS}) for a, b in pairwise(names)}
    layers = Layers(names, [np.diff(edges)])
    exact = film_resistivity(respond(Problem(layers, bulks, faces, gradients=DRIVES), Multilayer()))
    for split in (4, 8):
        mesh = stack([("F", THICKNESS)]).mesh({"F": THICKNESS / count}, cells_per_length=split, growth=1.0)
        centres = mesh.points[mesh.cells].mean(axis=1)[:, -1]
        m = turned[np.minimum((centres / THICKNESS * count).astype(int), count - 1)]
        bulk = magnet(temperature=60.0, field=field, magnetisation=m)
        found = film_resistivity(respond(Problem(mesh, {"F": bulk}, {}, gradients=DRIVES), Scikit(order=2)))
        errors.append(found.change_T[0] / exact.change_T[0] - 1)
    assert abs(errors[1]) < 1e-4
    assert errors[0] / errors[1] == pytest.approx(16, rel=0.1)


def test_lifetime_instead_of_length_and_infinite():
    rates_of = Rates(*(np.array(v) for v in (3e12, 8e12, 5e12, -2e-23)))
    plain = {k: v for k, v in METAL.items() if k != "diffusion_length"}
    one = metal_with_moments("F", rates_of, (0, 0, 1), diffusion_length=LAM, **plain)
    two = metal_with_moments("F", rates_of, (0, 0, 1), spin_lifetime=LAM**2 / D, **plain)
    np.testing.assert_allclose(dense(one.R, (), (4, 4)), dense(two.R, (), (4, 4)), rtol=EXACT)
    free = metal_with_moments("F", rates_of, (0, 0, 1), spin_lifetime=np.inf, **plain)
    loss = dense(free.R, (), (4, 4))[0, 0, 0]
    assert loss[3, 3] == pytest.approx(3e12 / RHO / D, rel=EXACT)
    assert loss[1, 1] == pytest.approx(8e12 / RHO / D, rel=EXACT)


def test_default_density_of_states_is_that_of_einstein():
    bulk = conducting_magnet("F", IRON, temperature=60.0, field=[0, 0, 3.0], **METAL)
    nu = 1 / (2 * E_CHARGE**2 * RHO * D)
    expected = rates(solve(IRON.moments, 3.0, 60.0), IRON.densities, IRON.couplings, nu)
    loss = dense(bulk.R, (), (4, 4))[0, 0, 0]
    assert loss[3, 3] == pytest.approx((D / LAM**2 + float(expected.par)) / RHO / D, rel=EXACT)


def test_refusals():
    with pytest.raises(InputError, match=r"F\.field must be a vector of non-zero length"):
        magnet(temperature=60.0, field=np.zeros(3))
    with pytest.raises(InputError, match=r"F\.magnetisation must be along B at T >= T_C"):
        magnet(temperature=130.0, field=[0, 0, 1.0], magnetisation=[0, 0.1, 1.0])
    with pytest.raises(InputError, match="along B at T >= T_C"):
        magnet(
            LocalMoments(paramagnet(2.0), [DENSITY], [MEV]),
            temperature=1.0,
            field=[0, 0, 1.0],
            magnetisation=[1.0, 0, 0],
        )
    with pytest.raises(InputError, match=r"principal axis of couplings\[0\]"):
        magnet(ORTHORHOMBIC, temperature=60.0, field=[1.0, 1.0, 0])
    found = ORTHORHOMBIC.rates(NU, [0, 0, 1.0], 60.0, [0, 0, 1.0])
    with pytest.raises(InputError, match="magnetisation must be left out"):
        metal_with_moments("F", found, (0, 0, 1), **METAL)
    plain = Rates(*(np.array(v) for v in (3e12, 8e12, 5e12, -2e-23)))
    with pytest.raises(InputError, match="magnetisation must be given"):
        metal_with_moments("F", plain, **METAL)
    with pytest.raises(InputError, match="one of the two"):
        metal_with_moments("F", plain, (0, 0, 1), spin_lifetime=1e-12, **METAL)
    with pytest.raises(InputError, match=r"MagneticFilm\.par must be positive"):
        MagneticFilm(RHO, THICKNESS, D, 0.0, 1e12)
