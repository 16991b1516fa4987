"""The face between a metal and an insulator with magnons, and the laws of both bulks.

fluxes                                <-> the equations written out
random coefficients                   <-> dissipative; symmetric but for precession
magnons and heat in equilibrium       <-> the b-layer law
fluxes + deposits                     <-> zero for spin; heat and magnon number that leave one side enter the other
bulk of magnons, heat, thermoelectric <-> fluxes and losses written out; second law refused by name
"""

import numpy as np
import pytest

from hanle.boundary.b_layer import b_layer
from hanle.boundary.magnon_face import MAGNET, METAL, METAL_FIELDS, magnon_face
from hanle.boundary.magnons.linear import LinearExchange
from hanle.pde.coefficients import dense
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.coupling import carried, combined, restricted
from hanle.pde.errors import InputError
from hanle.pde.fields import MAGNON, SPIN, FieldSet
from hanle.pde.heat import metal_heat, thermoelectric
from hanle.pde.magnons import MagnonCapacities, magnon_insulator
from hanle.pde.metal import normal_metal
from hanle.pde.tensors import unit

M, T0 = unit([0.36, -0.48, 0.7]), 290.0
GIVEN = LinearExchange(T0, g=2.1e17, S=1.7e-6, kappa=6.0e7, g_r=4.3e18, g_i=-3e17, h_pp=2.8e8, h_ep=3e7)
SIGMA, ZETA, KAPPA, LATTICE, LENGTH = 4e5, 40.0, 1.5, 6.5, 9e-6
G_MP, GAMMA = 3e15, 3e32
YIG = {
    "temperature": T0,
    "conductivity": SIGMA,
    "diffusion_length": LENGTH,
    "spin_seebeck": ZETA,
    "heat_conductivity": KAPPA,
    "lattice_heat_conductivity": LATTICE,
    "exchange_with_lattice": G_MP,
    "number_exchange": GAMMA,
}
ROUND_OFF = 1e-12


def plain(array):
    return np.asarray(array)[0, 0, 0]


def test_fluxes_are_the_equations(rng):
    traces = rng.normal(size=8) * np.array([1e-6] * 3 + [1e-4, 2e-4, 1e-6, 3e-4, 1e-4])
    w, t_e, t_pn, w_m, t_m, t_pf = traces[:3], *traces[3:]
    g, x, d = GIVEN.conductances, M @ w - w_m, t_m - t_e
    across = w - M * (M @ w)
    spin = 2 * g.G_s * M * x + 2 * (g.G_s - g.G_r) * across + 2 * g.G_i * np.cross(M, w)
    spin = spin + 2 * E_CHARGE / HBAR * GIVEN.S * T0 * d * M
    magnons = 2 * E_CHARGE / HBAR * T0 * GIVEN.S * x - GIVEN.kappa * T0 * d
    lattice, crossing = GIVEN.h_pp * T0 * (t_pn - t_pf), GIVEN.h_ep * T0 * (t_e - t_pf)
    expected = [*spin, -magnons - crossing, -lattice, -spin @ M, magnons, lattice + crossing]
    law = magnon_face("YIG", GIVEN, M)
    found = plain(law.flux(traces.reshape(1, 1, 1, 8)))
    np.testing.assert_allclose(found, expected, rtol=1e-11)
    handed = {name: plain(dep.density(traces.reshape(1, 1, 1, 8))) for name, dep in law.deposits.items()}
    np.testing.assert_allclose(sum(handed.values()), -spin, rtol=1e-11)
    np.testing.assert_allclose(np.cross(handed["magnons:YIG"], M), 0, atol=ROUND_OFF * np.abs(spin).max())
    assert abs(handed["torque:YIG"] @ M) < ROUND_OFF * np.abs(spin).max()


def test_random_faces_dissipate(rng):
    """The symmetric part has no positive eigenvalue; all but precession is symmetric."""
    for _ in range(50):
        g, kappa = 10 ** rng.uniform(15, 19), 10 ** rng.uniform(5, 8)
        seebeck = rng.uniform(-1, 1) * np.sqrt(g * kappa * HBAR / T0)
        given = LinearExchange(T0, g, seebeck, kappa, 10 ** rng.uniform(17, 19), rng.normal() * 1e18, 1e8, 1e7)
        matrix = dense(magnon_face("YIG", given, rng.normal(size=3)).G, (), (8, 8))[0, 0, 0]
        scale = 1 / np.sqrt(np.abs(np.diag(matrix)))
        matrix = scale[:, None] * matrix * scale
        assert np.linalg.eigvalsh(matrix + matrix.T).max() < 1e-10
        odd = matrix - matrix.T
        assert np.abs(odd[3:]).max() < ROUND_OFF
        assert np.abs(odd[:3, :3]).max() > 0


def test_in_equilibrium_it_is_the_b_layer():
    law = restricted(magnon_face("YIG", GIVEN, M), {METAL: FieldSet((SPIN,))})
    expected = b_layer("YIG", GIVEN.conductances, M)
    found = dense(law.G, (), (3, 3))
    np.testing.assert_allclose(found, dense(expected.G, (), (3, 3)), rtol=1e-11)
    torque = dense(law.deposits["torque:YIG"].values, (), (3, 3))
    np.testing.assert_allclose(torque, dense(expected.deposits["torque:YIG"].values, (), (3, 3)), rtol=1e-11)
    away = dense(law.deposits["magnons:YIG"].values, (), (3, 3))
    np.testing.assert_allclose(away, dense(expected.deposits["flips:YIG"].values, (), (3, 3)), rtol=1e-11)
    assert law.sides[1].role == MAGNET
    assert METAL_FIELDS.size == 5


def test_bulk_of_magnons_is_the_equations(rng):
    law = magnon_insulator("YIG", capacities=MagnonCapacities(1e45, 6e23, 3e5, 3e6), **YIG)
    values, slopes = rng.normal(size=3), rng.normal(size=(3, 3))
    flux = plain(law.flux(values.reshape(1, 1, 1, 3), slopes.reshape(1, 1, 1, 3, 3)))
    w, t_m, t_p = slopes.T
    expected = [2 * SIGMA * w + ZETA * T0 * t_m, ZETA * T0 * w + KAPPA * T0 * t_m, LATTICE * T0 * t_p]
    np.testing.assert_allclose(flux, np.transpose(expected), rtol=ROUND_OFF)
    loss = plain(law.loss(values.reshape(1, 1, 1, 3), np.zeros((1, 1, 1, 3, 3))))
    w, t_m, t_p = values
    crossed, exchanged = 2 * E_CHARGE * GAMMA * T0, G_MP * T0 * (t_m - t_p)
    number = 2 * SIGMA / LENGTH**2 * w + crossed * (t_m - t_p)
    np.testing.assert_allclose(loss, [number, crossed * w + exchanged, -crossed * w - exchanged], rtol=1e-11)
    given = plain(law.deposits["lattice:YIG"].density(values.reshape(1, 1, 1, 3)))
    np.testing.assert_allclose(given, [number], rtol=1e-11)
    stored = dense(law.C, (), (3, 3))[0, 0, 0]
    mixed = 2 * E_CHARGE * 6e23 * T0
    expected = [[4 * E_CHARGE**2 * 1e45, mixed, 0], [mixed, 3e5 * T0, 0], [0, 0, 3e6 * T0]]
    np.testing.assert_allclose(stored, expected, rtol=ROUND_OFF)


def test_decay_lengths_of_magnons_solve_the_equations():
    """exp(-z/l) with some amplitudes is a solution: A/l^2 - R is singular."""
    law = magnon_insulator("YIG", **YIG)
    conduct, lose = dense(law.A, (3, 3), (3, 3))[0, 0, 0, 2, 2], dense(law.R, (), (3, 3))[0, 0, 0]
    assert len(law.decay_lengths) == 2
    for length in law.decay_lengths:
        matrix = conduct - length**2 * lose
        scale = 1 / np.sqrt(np.diag(conduct))
        singular = np.linalg.svd(scale[:, None] * matrix * scale, compute_uv=False)
        assert singular[-1] < 1e-9 * singular[0]
    alone = carried(law, FieldSet((MAGNON,)))
    assert alone.fields.names == ("w_m",)
    assert dense(alone.A, (3, 3), (1, 1))[0, 0, 0, 0, 0, 0, 0] == 2 * SIGMA


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spin_seebeck": 500.0}, "heat_conductivity must be such that kappa_m >= T_0 zeta"),
        ({"number_exchange": 1e34}, "exchange_with_lattice must be such that"),
        ({"conductivity": 0.0}, "conductivity must be positive"),
        ({"lattice_heat_conductivity": -1.0}, "lattice_heat_conductivity must be 0 or positive"),
    ],
)
def test_inadmissible_magnons_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        magnon_insulator("YIG", **YIG | changes)


def metal(**changes):
    """Charge, spin and heat of a ferromagnet-like medium, m along M."""
    given = {
        "seebeck": -2e-5,
        "spin_nernst_angle": 0.15,
        "polarisation": 0.4,
        "spin_dependent_seebeck": 1.1e-5,
    } | changes
    return combined(
        normal_metal(conductivity=2e6, diffusion_constant=3e-4, diffusion_length=1.5e-9, spin_hall_angle=0.1),
        metal_heat(temperature=T0, electrons=15.0, lattice=5.0, coupling=2.5e17),
        thermoelectric(temperature=T0, conductivity=2e6, magnetisation=M, **given),
    )


def test_thermoelectric_fluxes_are_the_equations(rng):
    s, theta, driven, p = -2e-5, 0.15, 1.1e-5 / 2, 0.4
    # Of the current that grad T drives, what is polarised.
    thermal = p + (1 - p**2) * driven / s
    slopes, strength = rng.normal(size=(3, 6)), 2e6 * s * T0
    bare = combined(
        normal_metal(conductivity=2e6, diffusion_constant=3e-4, diffusion_length=1.5e-9, spin_hall_angle=0.1),
        metal_heat(temperature=T0, electrons=15.0, lattice=5.0, coupling=2.5e17),
    )
    added = plain(metal().flux(np.zeros((1, 1, 1, 6)), slopes.reshape(1, 1, 1, 3, 6)))
    added = added - plain(bare.flux(np.zeros((1, 1, 1, 6)), slopes.reshape(1, 1, 1, 3, 6)))
    u, w, t = slopes[:, 0], slopes[:, 1:4], slopes[:, 4]
    spin = strength * thermal * np.outer(t, M)
    for a, axis in enumerate(np.eye(3)):
        # eps_iak d_k t = (axis x grad t)_i
        spin[:, a] -= strength * theta * np.cross(axis, t)
    curl = sum(np.cross(axis, w[:, a]) for a, axis in enumerate(np.eye(3)))
    open_circuit = (1 - 2 * p * thermal + thermal**2) / (1 - p**2)
    heat = strength * s * T0 * open_circuit * t - strength * (u - thermal * w @ M + theta * curl)
    np.testing.assert_allclose(added[:, 0], -strength * t, rtol=1e-9)
    np.testing.assert_allclose(added[:, 1:4], spin, rtol=1e-7, atol=1e-9 * np.abs(spin).max())
    np.testing.assert_allclose(added[:, 4], heat, rtol=1e-9)


def test_heat_conductivity_is_that_without_currents():
    """The Schur complement of u and w is kappa_e T_0, whatever the polarisations (theta = 0)."""
    law = combined(
        metal_heat(temperature=T0, electrons=15.0, lattice=5.0, coupling=2.5e17),
        thermoelectric(
            temperature=T0,
            conductivity=2e6,
            seebeck=-2e-5,
            polarisation=0.4,
            spin_dependent_seebeck=1.1e-5,
            magnetisation=M,
        ),
    )
    order = [law.fields.slice(n).start for n in ("T_e", "u")] + list(
        range(law.fields.slice("w").start, law.fields.slice("w").stop)
    )
    tensor = dense(law.A, (3, 3), (law.fields.size,) * 2)[0, 0, 0, 0, 0][np.ix_(order, order)]
    charge = np.zeros((4, 4))
    charge[0, 0], charge[1:, 1:] = 2e6, 2e6 * np.eye(3)
    charge[0, 1:] = charge[1:, 0] = -0.4 * 2e6 * M
    left = tensor[0, 0] - tensor[0, 1:] @ np.linalg.solve(charge, tensor[1:, 0])
    assert left == pytest.approx(15.0 * T0, rel=ROUND_OFF)


def test_bad_numbers_of_heat_are_refused():
    with pytest.raises(InputError, match="coupling must be 0 or positive"):
        metal_heat(temperature=T0, electrons=15.0, lattice=5.0, coupling=-1.0)
    with pytest.raises(InputError, match="polarisation must be between -1 and 1"):
        metal(polarisation=1.0)
    with pytest.raises(InputError, match="magnetisation must be given"):
        thermoelectric(temperature=T0, conductivity=2e6, seebeck=-2e-5, polarisation=0.4)
    with pytest.raises(InputError, match="temperature must be positive"):
        metal_heat(temperature=0.0, electrons=15.0, lattice=5.0, coupling=1e17)
