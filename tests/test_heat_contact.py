"""Heat in metals and across their faces.

fluxes of the laws                       <-> the equations written out; second law; bad input by name
laws put together                        <-> sum of their fluxes
sinks and contacts in series             <-> resistances added up; heat in = heat out
held temperatures                        <-> several fields at once
contact of electrons with a lattice      <-> heat that enters the lattice over sqrt(kappa/G_ep)
bar of a metal with S < 0                <-> hot end positive; Kelvin's relation; kappa at zero current; second law
thermocouple                             <-> (S_b - S_a)(T_hot - T_cold)
"""

from dataclasses import replace

import numpy as np
import pytest

from hanle.boundary.circuit import normal_normal
from hanle.boundary.heat_contact import ABOVE, BELOW, BODY, heat_contact, heat_sink, held_temperature
from hanle.meshes.layered import Layers
from hanle.pde.coefficients import Deposit, FaceLaw, Side, dense, term
from hanle.pde.coupling import carried, combined, joined
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.errors import InputError
from hanle.pde.ferromagnet import ferromagnet
from hanle.pde.fields import CHARGE_AND_SPIN, ELECTRON_HEAT, LATTICE_HEAT, SPIN, FieldSet
from hanle.pde.heat import metal_heat, thermoelectric
from hanle.pde.metal import normal_metal
from hanle.pde.problem import MINUS, PLUS, Face, Problem, Terminal
from hanle.pde.solution import wire
from hanle.pde.steady import respond

T0 = 290.0
ROUND_OFF, EXACT, TIGHT, BALANCE = 1e-12, 1e-10, 1e-12, 1e-10
BELOW_ABOVE = {BELOW: MINUS, ABOVE: PLUS}


def plain(array):
    return np.asarray(array)[0, 0, 0]


def test_fluxes_are_the_equations(rng):
    t_e, t_p, other_e, other_p = rng.normal(size=4) * 1e-3
    sink = heat_sink(T0, {"T_e": 2e8, "T_p": 5e7}, surroundings=310.0)
    outside = (310 - T0) / T0
    found = plain(sink.flux(np.array([[[[t_e, t_p]]]])))
    np.testing.assert_allclose(found, [2e8 * T0 * (outside - t_e), 5e7 * T0 * (outside - t_p)], rtol=1e-11)
    contact = heat_contact(T0, {("T_e", "T_e"): 9e9, ("T_p", "T_p"): 2e8, ("T_e", "T_p"): 3e7})
    found = plain(contact.flux(np.array([[[[t_e, t_p, other_e, other_p]]]])))
    electrons, lattices, across = 9e9 * T0 * (other_e - t_e), 2e8 * T0 * (other_p - t_p), 3e7 * T0 * (other_p - t_e)
    np.testing.assert_allclose(found, [electrons + across, lattices, -electrons, -lattices - across], rtol=1e-11)
    matrix = dense(contact.G, (), (4, 4))[0, 0, 0]
    np.testing.assert_array_equal(matrix, matrix.T)
    assert np.linalg.eigvalsh(matrix).max() < ROUND_OFF * np.abs(matrix).max()
    np.testing.assert_allclose(matrix.sum(axis=0), 0, atol=ROUND_OFF * np.abs(matrix).max())


def test_laws_of_one_face_add_up(rng):
    """Spin and charge of one law, heat of another, deposits of both; fields in order of appearance."""
    n = CHARGE_AND_SPIN.size
    one = FaceLaw(
        (Side("metal", CHARGE_AND_SPIN), Side("magnet", FieldSet((SPIN,)))),
        G=(term(2.0, 1.0, rng.normal(size=(n + 3, n + 3))),),
        Qt=(term(2.0, [1, 0, 0], rng.normal(size=(n + 3, n + 3))),),
        tie=("w",),
        deposits={"lattice": Deposit((term(1.0, 1.0, rng.normal(size=(1, n + 3))),), rows=1)},
    )
    two = replace(
        heat_contact(T0, {("T_e", "T_p"): 3e7}, roles=("metal", "magnet")),
        deposits={"lattice": Deposit((term(1.0, 1.0, rng.normal(size=(1, 2))),), rows=1)},
        g=(term(1.0, 1.0, rng.normal(size=2)),),
    )
    whole = joined(one, two)
    assert [side.fields.names for side in whole.sides] == [("u", "w", "T_e"), ("w", "T_p")]
    assert whole.tie == ("w",)
    traces = rng.normal(size=(1, 2, 3, n + 5))
    first, second = [0, 1, 2, 3, 5, 6, 7], [4, 8]
    flux, given = whole.flux(traces), whole.deposits["lattice"].density(traces)
    np.testing.assert_allclose(flux[..., first], one.flux(traces[..., first]), rtol=1e-11)
    np.testing.assert_allclose(flux[..., second], two.flux(traces[..., second]), rtol=1e-11)
    expected = sum(law.deposits["lattice"].density(traces[..., k]) for law, k in ((one, first), (two, second)))
    assert given.shape[-1] == 1
    np.testing.assert_allclose(given, expected, rtol=1e-11)


def test_deposits_keep_their_rows_in_sums():
    law = replace(
        metal_heat(temperature=T0, electrons=1.0, lattice=1.0, coupling=1.0),
        deposits={"heat": Deposit((term(1.0, 1.0, [[1.0, 0.0]]),), rows=1)},
    )
    assert combined(law, law).deposits["heat"].density(np.array([[[[2.0, 0.0]]]])).tolist() == [[[[4.0]]]]
    other = replace(law, deposits={"heat": Deposit((term(1.0, 1.0, np.eye(2)),), rows=2)})
    with pytest.raises(InputError, match="deposit heat must be of 1 rows"):
        combined(law, other)


def test_bad_numbers_are_refused():
    with pytest.raises(InputError, match=r"conductances\.T_e must be 0 or positive"):
        heat_sink(T0, {"T_e": -1.0})
    with pytest.raises(InputError, match=r"conductances\.T_e\|T_p must be 0 or positive"):
        heat_contact(T0, {("T_e", "T_p"): -1.0})
    with pytest.raises(InputError, match="T_q"):
        heat_sink(T0, {"T_q": 1.0})
    with pytest.raises(InputError, match="surroundings must be positive"):
        heat_sink(T0, {"T_e": 1.0}, surroundings=-3.0)
    with pytest.raises(InputError, match="T_p must be positive"):
        held_temperature(T0, {"T_p": 0.0})
    twice = held_temperature(T0, {"T_p": 300.0})
    with pytest.raises(InputError, match="values of T_p in one law of a face"):
        joined(twice, twice)


def solved(problem):
    solution = wire(respond(problem, Multilayer(), tolerance=TIGHT), amplitudes={})
    for balance in solution.balances:
        assert np.max(balance.error) < BALANCE, balance.name
    return solution


KAPPA, THICK, H_BOTTOM, H_BETWEEN = (7.5, 1.2), (4e-6, 3e-7), 6e6, 2e8
LATTICE = FieldSet((LATTICE_HEAT,))


def body(kappa):
    return carried(metal_heat(temperature=T0, electrons=0.0, lattice=kappa, coupling=0.0), LATTICE)


def test_sinks_and_contacts_in_series():
    """305 K outside a sink below, 280 K held on top; the heat is the difference over the sum of resistances."""
    faces = {
        "bottom": Face(heat_sink(T0, {"T_p": H_BOTTOM}, surroundings=305.0), {BODY: MINUS}),
        "a|b": Face(heat_contact(T0, {("T_p", "T_p"): H_BETWEEN}), BELOW_ABOVE),
        "top": Face(held_temperature(T0, {"T_p": 280.0}), {BODY: MINUS}),
    }
    regions = {"a": body(KAPPA[0]), "b": body(KAPPA[1])}
    solution = solved(Problem(Layers(("a", "b"), [THICK]), regions, faces))
    resistance = 1 / H_BOTTOM + THICK[0] / KAPPA[0] + 1 / H_BETWEEN + THICK[1] / KAPPA[1]
    heat = (305.0 - 280.0) / resistance
    for region in regions:
        _, flux = solution.bulk_flux(region)
        np.testing.assert_allclose(-flux[0, :, 0, 2, 0], heat, rtol=EXACT)
    warm = T0 * (1 + solution.values("a", np.zeros((1, 3)))[0, 0, 0])
    assert warm == pytest.approx(305.0 - heat / H_BOTTOM, rel=EXACT)


def test_several_fields_are_held_at_once():
    given = held_temperature(T0, {"T_p": 293.0, "T_e": 296.0})
    metal = metal_heat(temperature=T0, electrons=15.0, lattice=5.0, coupling=2.5e17)
    faces = {
        "bottom": Face(given, {BODY: MINUS}),
        "top": Face(held_temperature(T0, {"T_e": 290.0, "T_p": 290.0}), {BODY: MINUS}),
    }
    solution = solved(Problem(Layers(("Pt",), [[2e-8]]), {"Pt": metal}, faces))
    low = T0 * (1 + solution.values("Pt", np.zeros((1, 3)))[0, 0])
    np.testing.assert_allclose(low, [296.0, 293.0], rtol=EXACT)


def test_electrons_heat_the_lattice_over_a_length():
    """Heat enters by electrons and leaves by the lattice: a resistance beyond d/kappa at either face."""
    own, other, coupling, d = 15.0, 5.0, 2.5e17, 4e-7
    metal = metal_heat(temperature=T0, electrons=own, lattice=other, coupling=coupling)
    faces = {
        "bottom": Face(held_temperature(T0, {"T_e": 291.0}), {BODY: MINUS}),
        "top": Face(held_temperature(T0, {"T_p": 290.0}), {BODY: MINUS}),
    }
    solution = solved(Problem(Layers(("Pt",), [[d]]), {"Pt": metal}, faces))
    _, flux = solution.bulk_flux("Pt")
    total = own + other
    length = (coupling * (1 / own + 1 / other)) ** -0.5
    # Near a face where all heat is in electrons T_e - T = q l kappa_p/(kappa_e kappa), with T the common temperature.
    resistance = d / total + length * (other / own + own / other) / total
    assert -flux[0, 0, 0, 2].sum() == pytest.approx(1.0 / resistance, rel=EXACT)


S_A, S_B = -2.1e-5, 1.4e-5
ELECTRONS = {"lattice": 0.0, "coupling": 0.0}


def conductor(seebeck, sigma, kappa, theta=0.0):
    found = combined(
        normal_metal(conductivity=sigma, diffusion_constant=3e-4, diffusion_length=2e-9, spin_hall_angle=theta),
        metal_heat(temperature=T0, electrons=kappa, **ELECTRONS),
        thermoelectric(temperature=T0, conductivity=sigma, seebeck=seebeck, spin_hall_angle=theta),
    )
    return carried(found, FieldSet((*CHARGE_AND_SPIN.fields, ELECTRON_HEAT)))


ENDS = {
    "left": Terminal(("bottom",)),
    "right": Terminal(("top",)),
    "hot": Terminal(("bottom",), "T_e"),
    "cold": Terminal(("top",), "T_e"),
}


def bar(theta):
    return Problem(Layers(("a",), [[3e-7]]), {"a": conductor(S_A, 2e6, 15.0, theta)}, {}, ENDS)


def test_thermoelectric_metals_dissipate():
    """kappa_e = 0 leaves one marginal combination, whatever the polarisations and the spin Hall angle."""
    m, p, theta = np.array([0.0, 0.6, 0.8]), 0.5, 0.3
    given = {"spin_hall_angle": theta, "spin_dependent_seebeck": -3e-5, "polarisation": p, "magnetisation": m}
    numbers = {"conductivity": 2e6, "polarisation": p, "spin_hall_angle": theta, "magnetisation": m}
    lengths = {"diffusion_length": 1e-8, "exchange_length": 1e-9, "dephasing_length": 1e-9}
    law = combined(
        ferromagnet("Co", diffusion_constant=1e-3, **numbers, **lengths),
        metal_heat(temperature=T0, electrons=0.0, **ELECTRONS),
        thermoelectric(temperature=T0, conductivity=2e6, seebeck=S_A, **given),
    )
    tensor = dense(law.A, (3, 3), (law.fields.size,) * 2)[0, 0, 0]
    kept = [k for k, name in enumerate(law.fields.components) if name != "T_p"]
    part = tensor[2, 2][np.ix_(kept, kept)]
    scale = 1 / np.sqrt(np.diag(part))
    values = np.linalg.eigvalsh(scale[:, None] * (part + part.T) / 2 * scale)
    assert abs(values[0]) < ROUND_OFF
    assert values[1] > 0.1


@pytest.mark.parametrize("theta", [0.0, 0.3])
def test_the_hot_end_of_an_n_type_bar_is_positive(theta):
    """S, kappa and S T_0 are those measured in the bulk, with the spin Hall effect too; sigma is then smaller."""
    response = respond(bar(theta), Multilayer(), tolerance=TIGHT)
    warm, d = 5.0 / T0, 3e-7
    open_ended = wire(response, amplitudes={"right": 0.0, "hot": warm, "cold": 0.0})
    volts = -open_ended.amplitude("left")[0]
    assert volts == pytest.approx(-S_A * 5.0, rel=EXACT)
    assert volts > 0
    # kappa is what is measured at zero current; a short circuit adds T_0 sigma S^2.
    assert open_ended.flux("hot")[0] == pytest.approx(15.0 * 5.0 / d, rel=EXACT)
    short = wire(response, amplitudes={"left": 0.0, "right": 0.0, "hot": warm, "cold": 0.0})
    assert short.flux("hot")[0] == pytest.approx(
        (15.0 + T0 * (1 - 2 * theta**2) * 2e6 * S_A**2) * 5.0 / d, rel=EXACT
    )
    # At one temperature a current j along +z carries q = S T_0 j along +z: electrons carry heat against it.
    driven = wire(response, amplitudes={"right": 0.0, "hot": 0.0, "cold": 0.0}, fluxes={"left": -1e9})
    _, flux = driven.bulk_flux("a")
    charge, heat = flux[0, 0, 0, 2, [0, 4]]
    assert charge == pytest.approx(1e9, rel=EXACT)
    assert -heat == pytest.approx(S_A * T0 * charge, rel=EXACT)
    np.testing.assert_allclose(response.matrix[0], response.matrix[0].T, rtol=EXACT)


def test_thermocouple():
    """V(left) - V(right) of a|b with a junction at T_j: -S_a (T_left - T_j) - S_b (T_j - T_right)."""
    regions = {"a": conductor(S_A, 2e6, 15.0), "b": conductor(S_B, 7e5, 4.0)}
    sides = {BELOW: MINUS, ABOVE: PLUS}
    charge = normal_normal(1 / 4e14)
    contact = heat_contact(T0, {("T_e", "T_e"): 9e8})
    law = joined(charge, contact)
    assert {side.role for side in law.sides} == {BELOW, ABOVE}
    problem = Problem(Layers(("a", "b"), [[3e-7, 2e-7]]), regions, {"a|b": Face(law, sides)}, ENDS)
    response = respond(problem, Multilayer(), tolerance=TIGHT)
    solution = wire(response, amplitudes={"right": 0.0, "hot": 4.0 / T0, "cold": 0.0})
    parts = np.array([3e-7 / 15.0, 1 / 9e8, 2e-7 / 4.0])
    falls = 4.0 * parts / parts.sum()
    expected = -S_A * falls[0] - S_B * falls[2]
    assert -solution.amplitude("left")[0] == pytest.approx(expected, rel=EXACT)
