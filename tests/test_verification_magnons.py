"""Magnons and heat between metals and insulators, linear: pairs that must agree, and what each would catch.

drag through an insulator        <-> admittances, coth and csch; signs; exp(-d_F/lambda_m), 1/d_F
longitudinal spin Seebeck        <-> admittances of three temperatures; one temperature; thickness; signs
spin Peltier                     <-> Kelvin's relation with the Seebeck field, m oblique, B, G_i
drag with m oblique, B, G_i      <-> R_ij(B, m) = R_ji(-B, -m)
all                              <-> balances of charge, spin, magnons and energy
magnons in equilibrium           <-> the film on a b-layer
two times alpha' at a face       <-> Gilbert damping of the bulk
elements of both orders          <-> the exact engine, order 2 and 4
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad

from hanle.boundary.b_layer import b_layer
from hanle.boundary.heat_contact import heat_contact
from hanle.boundary.magnon_face import magnon_face
from hanle.boundary.magnons.exchange import MagnonExchange
from hanle.boundary.magnons.linear import LinearExchange, linear
from hanle.boundary.magnons.spectrum import Parabolic
from hanle.meshes.layered import Layers
from hanle.meshes.layers import stack
from hanle.pde.closed_forms import magnon_drag, seebeck_stack
from hanle.pde.constants import E_CHARGE, HBAR, K_B
from hanle.pde.coupling import carried, combined, restricted
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.fields import LATTICE_HEAT, MAGNON, SPIN, Field, FieldSet
from hanle.pde.heat import HEAT, metal_heat
from hanle.pde.magnons import MAGNONS, magnon_insulator
from hanle.pde.metal import normal_metal
from hanle.pde.observables import film_resistivity
from hanle.pde.problem import MINUS, PLUS, Face, Gradient, Problem, Terminal
from hanle.pde.solution import wire
from hanle.pde.steady import respond
from hanle.pde.tensors import unit

T0 = 300.0
PT = {"conductivity": 2e6, "diffusion_length": 1.5e-9, "spin_hall_angle": 0.11}
TA = {"conductivity": 6e5, "diffusion_length": 2.1e-9, "spin_hall_angle": 0.14}
D_PT, D_TA, DIFFUSION = 7e-9, 5e-9, 3e-4
HEAT_PT = {"electrons": 15.0, "lattice": 5.0, "coupling": 2.5e17}
HEAT_TA = {"electrons": 9.0, "lattice": 7.0, "coupling": 4e17}
YIG = {
    "conductivity": 5e5,
    "diffusion_length": 9.4e-6,
    "spin_seebeck": 55.0,
    "heat_conductivity": 1.1,
    "lattice_heat_conductivity": 6.5,
    "exchange_with_lattice": 3e15,
    "number_exchange": 3e31,
}
D_YIG = 2e-7
BELOW = LinearExchange(T0, g=1.6e17, S=1.2e-6, kappa=4e7, g_r=4.1e18, g_i=-3e17, h_pp=2.8e8, h_ep=3e7)
ABOVE = LinearExchange(T0, g=0.7e17, S=0.8e-6, kappa=3e7, g_r=2e18, g_i=4e17, h_pp=1.7e8, h_ep=1e7)
ALONG_Y = np.array([0.0, 1.0, 0.0])
OBLIQUE, FIELD = unit([0.36, -0.48, 0.7]), np.array([8.0, -3.0, 15.0])
MAGNON_ONLY, LATTICE = FieldSet((MAGNON,)), FieldSet((LATTICE_HEAT,))

EXACT, TIGHT, BALANCE, RECIPROCITY = 1e-10, 1e-12, 1e-10, 1e-10
#: Elements: the rows of a matrix add up to zero to rounding only, and t is large where its differences are small.
LEVEL = 1e-6


def renamed(bulk, name):
    """The metal with its charge in a field of its own, so that it is driven alone."""
    own = Field(name, 1, "V", "A/m^2", "minus the electrochemical potential")
    return replace(bulk, fields=FieldSet((own, *bulk.fields.fields[1:])))


def metal(numbers, heat=None, field=(0.0, 0.0, 0.0), charge="u"):
    found = normal_metal(diffusion_constant=DIFFUSION, field=field, **numbers)
    if heat:
        found = combined(found, metal_heat(temperature=T0, **heat))
    return renamed(found, charge)


def insulator(heat=True, **changes):
    if heat:
        return magnon_insulator("YIG", temperature=T0, **YIG | changes)
    alone = {"number_exchange": 0.0, "spin_seebeck": 0.0}
    return carried(magnon_insulator("YIG", temperature=T0, **YIG | alone | changes), MAGNON_ONLY)


def contact(given, m, metal_fields, magnet_fields, metal_side):
    law = restricted(magnon_face("YIG", given, m), {"metal": metal_fields, "magnet": magnet_fields})
    return Face(law, {"metal": metal_side, "magnet": PLUS if metal_side == MINUS else MINUS})


def drag(geometry, m=ALONG_Y, field=(0.0, 0.0, 0.0), heat=False, below=BELOW, above=ABOVE, **changes):
    """Pt below and Ta above YIG, each driven along x and y."""
    low = metal(PT, HEAT_PT if heat else None, field)
    high = metal(TA, HEAT_TA if heat else None, field, "u2")
    middle = insulator(heat, **changes)
    spins = FieldSet((SPIN, *(HEAT.fields if heat else ())))
    faces = {
        "Pt|YIG": contact(below, m, spins, middle.fields, MINUS),
        "YIG|Ta": contact(above, m, spins, middle.fields, PLUS),
    }
    terminals = {}
    if heat:
        terminals = {"hot": Terminal(("bottom",), "T_p"), "cold": Terminal(("top",), "T_p")}
    gradients = tuple(Gradient(u, axis) for u in ("u", "u2") for axis in "xy")
    return Problem(geometry, {"Pt": low, "YIG": middle, "Ta": high}, faces, terminals, gradients)


def layers(thickness=D_YIG):
    return Layers(("Pt", "YIG", "Ta"), [[D_PT, thickness, D_TA]])


def answer(problem, engine=None, solver=None, bound=BALANCE):
    """The response; with every drive at an amplitude of its own, all balances close."""
    response = respond(problem, engine or Multilayer(), solver=solver, tolerance=TIGHT)
    sizes = {name: (3 + k) * (1e-3 if name in problem.terminals else 1e4) for k, name in enumerate(response.drives)}
    for balance in wire(response, amplitudes=sizes).balances:
        assert np.max(balance.error) < bound, (balance.name, balance.error)
    return response


def test_drag_is_the_closed_form():
    found = answer(drag(layers())).matrix[0]
    expected = closed_drag(D_YIG)
    np.testing.assert_allclose(found[np.ix_([0, 2], [0, 2])], expected, rtol=EXACT)


def closed_drag(thickness, g=(BELOW.g, ABOVE.g), sigma=YIG["conductivity"]):
    films = [
        magnon_drag.Film(*numbers.values(), d, one)
        for numbers, d, one in zip((PT, TA), (D_PT, D_TA), g, strict=True)
    ]
    return magnon_drag.conductance(
        films[0], magnon_drag.Magnons(sigma, YIG["diffusion_length"], thickness), films[1]
    )


def electron_lattice(numbers, heat, thickness, name):
    """A metal film for the stack of admittances."""
    conduct = np.diag([numbers["conductivity"], heat["electrons"] * T0, heat["lattice"] * T0])
    exchange = heat["coupling"] * T0
    relax = np.array(
        [
            [numbers["conductivity"] / numbers["diffusion_length"] ** 2, 0, 0],
            [0, exchange, -exchange],
            [0, -exchange, exchange],
        ]
    )
    given = numbers["conductivity"], numbers["spin_hall_angle"]
    return seebeck_stack.Layer(name, ("w", "T_e", "T_p"), conduct, relax, thickness, *given)


def three_temperatures(thickness, sigma, length, zeta, kappa, lattice, exchange, number):
    """A magnetic insulator for the stack of admittances."""
    conduct = np.array([[2 * sigma, zeta * T0, 0], [zeta * T0, kappa * T0, 0], [0, 0, lattice * T0]])
    mixed, g = 2 * E_CHARGE * number * T0, exchange * T0
    relax = np.array([[2 * sigma / length**2, mixed, -mixed], [mixed, g, -g], [-mixed, -g, g]])
    return seebeck_stack.Layer("YIG", ("w_m", "T_m", "T_p"), conduct, relax, thickness)


KAPPA_GGG, D_GGG, H_GGG = 7.5, 5e-6, 1.5e8


def device(geometry, m=ALONG_Y, field=(0.0, 0.0, 0.0), above=ABOVE, **changes):
    """GGG | YIG | Ta, lattice held below and above: one film, heat from GGG."""
    spins = FieldSet((SPIN, *HEAT.fields))
    substrate = carried(metal_heat(temperature=T0, electrons=0.0, lattice=KAPPA_GGG, coupling=0.0), LATTICE)
    regions = {"GGG": substrate, "YIG": insulator(**changes), "Ta": metal(TA, HEAT_TA, field)}
    kapitza = heat_contact(T0, {("T_p", "T_p"): H_GGG})
    faces = {
        "GGG|YIG": Face(kapitza, {"below": MINUS, "above": PLUS}),
        "YIG|Ta": contact(above, m, spins, MAGNONS, PLUS),
    }
    ends = {"hot": Terminal(("bottom",), "T_p"), "cold": Terminal(("top",), "T_p")}
    return Problem(geometry, regions, faces, ends, (Gradient("u", "x"), Gradient("u", "y")))


def device_layers(thickness=D_YIG):
    return Layers(("GGG", "YIG", "Ta"), [[D_GGG, thickness, D_TA]])


def closed_device(thickness=D_YIG, given=ABOVE, **changes):
    numbers = YIG | changes
    middle = three_temperatures(thickness, *numbers.values())
    substrate = seebeck_stack.Layer("GGG", ("T_p",), np.array([[KAPPA_GGG * T0]]), np.zeros((1, 1)), D_GGG)
    top = electron_lattice(TA, HEAT_TA, D_TA, "Ta")
    form = seebeck_stack.exchange_form(T0, given.g, given.S, given.kappa, given.h_pp, given.h_ep)
    metal_nodes, magnet_nodes = top.nodes[:3], middle.nodes[3:]
    kapitza = H_GGG * T0 * np.array([[1.0, -1.0], [-1.0, 1.0]])
    contacts = [
        ((*metal_nodes, *magnet_nodes), form),
        ((("GGG", "high", "T_p"), ("YIG", "low", "T_p")), kapitza),
    ]
    return seebeck_stack.Stack((substrate, middle, top), contacts)


HOT, COLD = ("GGG", "low", "T_p"), ("Ta", "high", "T_p")


def seebeck(problem, engine=None, warm=1.0 / T0):
    """(E_x, E_y, heat from hot to cold) with 1 K across, no current."""
    response = respond(problem, engine or Multilayer(), tolerance=TIGHT)
    solution = wire(response, amplitudes={"hot": warm, "cold": 0.0})
    for balance in solution.balances:
        assert np.max(balance.error) < BALANCE, (balance.name, balance.error)
    hot, cold = (float(solution.flux(name)[0]) for name in ("hot", "cold"))
    assert hot + cold == pytest.approx(0, abs=EXACT * abs(hot))
    return *(float(solution.amplitude(f"du/d{a}")[0]) for a in "xy"), hot


@pytest.mark.parametrize("thickness", [2e-8, D_YIG, 3e-5])
def test_spin_seebeck_is_the_closed_form(thickness):
    """GGG hot, metal on top cold, m = +y, theta > 0: E_x > 0, and heat flows from hot to cold."""
    field, across, heat = seebeck(device(device_layers(thickness)))
    model = closed_device(thickness)
    unknowns, fed = model.solve({HOT: 1 / T0, COLD: 0.0})
    assert field == pytest.approx(unknowns[-1], rel=EXACT)
    assert heat == pytest.approx(fed[model.nodes.index(HOT)], rel=EXACT)
    assert abs(across) < EXACT * field
    assert min(field, heat) > 0


@pytest.mark.parametrize("m", [ALONG_Y, OBLIQUE])
def test_spin_peltier_is_the_partner_of_spin_seebeck(m):
    """Heat per current at equal temperatures against the field per temperature at reversed m and B."""
    field = FIELD if m is OBLIQUE else np.zeros(3)
    here, there = (answer(device(device_layers(), s * m, s * field)) for s in (1, -1))
    driven = wire(here, amplitudes={"hot": 0.0, "cold": 0.0}, fluxes={"du/dx": 1.0})
    e_x, e_y, _ = seebeck(device(device_layers(), -m, -field))
    turned = wire(here, amplitudes={"hot": 0.0, "cold": 0.0}, fluxes={"du/dy": 1.0})
    # Both terminals at T_0: heat that enters at "hot" (up), per current; the field belongs to 1 K at "hot".
    heat = np.array([float(one.flux("hot")[0]) for one in (driven, turned)])
    np.testing.assert_allclose(heat, -T0 * np.array([e_x, e_y]), rtol=RECIPROCITY, atol=RECIPROCITY * abs(heat[0]))
    scale = np.sqrt(np.outer(*[np.abs(np.diag(here.matrix[0]))] * 2))
    np.testing.assert_allclose(here.matrix[0] / scale, there.matrix[0].T / scale, atol=RECIPROCITY * 1e-3)
    if m is ALONG_Y:
        assert heat[0] == pytest.approx(T0 * seebeck(device(device_layers(), m))[0], rel=RECIPROCITY)


@pytest.mark.parametrize("heat", [False, True])
def test_reciprocity_of_the_drag(heat):
    """R_ij(B, m) = R_ji(-B, -m), m oblique, precession, G_i; not so without the reversal."""
    here, there = (answer(drag(layers(), s * OBLIQUE, s * FIELD, heat)) for s in (1, -1))
    scale = np.sqrt(np.outer(*[np.abs(np.diag(here.matrix[0]))] * 2))
    one, other = here.matrix[0] / scale, there.matrix[0].T / scale
    k = [here.index(f"d{u}/d{a}") for u in ("u", "u2") for a in "xy"]
    block = one[np.ix_(k[:2], k[2:])]
    size = np.abs(block).max()
    assert size > 1e-7
    np.testing.assert_allclose(block, other[np.ix_(k[:2], k[2:])], atol=RECIPROCITY * size)
    assert np.abs(block - one.T[np.ix_(k[:2], k[2:])]).max() > 1e-3 * size
    np.testing.assert_allclose(one, other, atol=RECIPROCITY)


def test_signs_and_limits_of_the_drag():
    """Positive drag of an open detector; exp(-d/lambda_m) far; resistances in series where nothing relaxes."""
    response = answer(drag(layers()))
    solution = wire(response, amplitudes={"du/dx": 1e4}, fluxes={"du2/dx": 0.0})
    below, above = (solution.face(name).traces[0, 0, 0] for name in ("Pt|YIG", "YIG|Ta"))
    # Rows of the metal come first: w, then w_m.
    assert min(below[1], below[3], above[1], above[3]) > 0
    assert solution.amplitude("du2/dx")[0] > 0
    assert response.matrix[0, 2, 0] < 0
    length = YIG["diffusion_length"]
    far = [answer(drag(layers(k * length))).matrix[0, 2, 0] for k in (8, 9)]
    assert far[1] / far[0] == pytest.approx(np.exp(-1), rel=5 * np.exp(-16))
    films = [magnon_drag.Film(*n.values(), d, g.g) for n, d, g in ((PT, D_PT, BELOW), (TA, D_TA, ABOVE))]
    series = sum(1 / f.admittance + 1 / f.contact for f in films)
    for thickness in (1e-9, 1e-7, 1e-5):
        found = answer(drag(layers(thickness), diffusion_length=1e3)).matrix[0, 2, 0]
        expected = thickness / (2 * YIG["conductivity"]) + series
        emf = [f.conversion / f.admittance for f in films]
        assert -emf[0] * emf[1] / found == pytest.approx(expected, rel=1e-9)


def test_limits_of_the_contact_and_of_the_line():
    transparent = replace(BELOW, g=1e22)
    solution = wire(answer(drag(layers(), below=transparent)), amplitudes={"du/dx": 1e4})
    w_y, w_m = solution.face("Pt|YIG").traces[0, 0, 0, [1, 3]]
    assert w_m == pytest.approx(w_y, rel=2e-4)
    closed = answer(drag(layers(), below=replace(BELOW, g=0.0, S=0.0)))
    assert closed.matrix[0, 2, 0] == 0
    uniform = wire(answer(drag(layers(), conductivity=1e14, diffusion_length=1e2)), amplitudes={"du/dx": 1e4})
    low, high = (uniform.face(name).traces[0, 0, 0, 3] for name in ("Pt|YIG", "YIG|Ta"))
    assert high == pytest.approx(low, rel=1e-6)


def test_drag_follows_the_square_of_m_y():
    """Leading order in theta: both conversions see m_y. With elastic mixing and no field."""
    thin = replace(BELOW, g_r=0.0, g_i=0.0), replace(ABOVE, g_r=0.0, g_i=0.0)
    drags = []
    for angle in (0.0, 0.4, 1.1):
        m = np.array([np.sin(angle), np.cos(angle), 0.0])
        drags.append(answer(drag(layers(), m, below=thin[0], above=thin[1])).matrix[0, 2, 0])
    np.testing.assert_allclose(np.array(drags) / drags[0], np.cos([0.0, 0.4, 1.1]) ** 2, rtol=4 * 0.14**2)


def test_magnons_in_equilibrium_leave_the_magnetoresistance():
    """A strong sink at the face: G_s = -(2 e^2/hbar) g in the film of Zhang et al., 2019, m oblique and B."""
    sink = {"conductivity": 1e14, "diffusion_length": 1e-9}
    spins = FieldSet((SPIN,))
    gradients = (Gradient("u", "x"), Gradient("u", "y"))
    geometry = Layers(("Pt", "YIG"), [[D_PT, D_YIG]])
    face = contact(BELOW, OBLIQUE, spins, MAGNON_ONLY, MINUS)
    regions = {"Pt": metal(PT, field=FIELD), "YIG": insulator(False, **sink)}
    found = film_resistivity(answer(Problem(geometry, regions, {"Pt|YIG": face}, gradients=gradients)))
    given = BELOW.conductances
    assert given.G_s == pytest.approx(-2 * E_CHARGE**2 / HBAR * BELOW.g, rel=EXACT)
    plain = Face(b_layer("YIG", given, OBLIQUE), {"metal": MINUS, "magnet": PLUS})
    expected = film_resistivity(
        answer(Problem(geometry, {"Pt": regions["Pt"]}, {"Pt|YIG": plain}, gradients=gradients))
    )
    for name in ("change_L", "change_T"):
        assert getattr(found, name)[0] == pytest.approx(getattr(expected, name)[0], rel=1e-6)


#: So strong that rounding of the exchanged heat hides the balances.
ONE_TEMPERATURE = {"lattice_heat_conductivity": 1e9, "exchange_with_lattice": 1e26}


def heated(problem):
    """1 K across, no current."""
    return wire(respond(problem, Multilayer(), tolerance=TIGHT), amplitudes={"hot": 1 / T0, "cold": 0.0})


def bulk_only():
    """Nothing but zeta at work: no S, no heat between magnons and electrons."""
    return replace(ABOVE, S=0.0, kappa=0.0)


def test_one_temperature():
    """kappa_p and G_mp without bound: J_0 = zeta dT/dz drives magnons, and E is the scalar closed form."""
    for thickness in (1e-7, 2e-5):
        solution = heated(device(device_layers(thickness), above=bulk_only(), **ONE_TEMPERATURE))
        slope = -float(solution.flux("hot")[0]) / 1e9
        film = magnon_drag.Film(*TA.values(), D_TA, ABOVE.g)
        middle = magnon_drag.Magnons(YIG["conductivity"], YIG["diffusion_length"], thickness)
        expected = magnon_drag.seebeck_field(middle, film, YIG["spin_seebeck"] * slope)
        assert solution.amplitude("du/dx")[0] == pytest.approx(expected, rel=1e-6)


def test_magnons_apart_from_the_lattice_carry_no_heat():
    """G_mp = 0: nothing heats magnons but the electrons above, so T_m = T_e there and E = 0."""
    apart = {"exchange_with_lattice": 0.0, "number_exchange": 0.0}
    fields = []
    for given in ({}, apart):
        fields.append(heated(device(device_layers(), **given)).amplitude("du/dx")[0])
    assert abs(fields[1]) < 1e-9 * fields[0]


@pytest.mark.parametrize(("g", "power"), [(1e8, 1.0), (1e21, 2.0)])
def test_thickness_of_the_insulator(g, power):
    """Below lambda_m, at a given gradient: d where the contact takes little, d^2 where it takes all."""
    fields = []
    for thickness in (1e-7, 2e-7):
        problem = device(device_layers(thickness), above=replace(bulk_only(), g=g), **ONE_TEMPERATURE)
        solution = heated(problem)
        fields.append(float(solution.amplitude("du/dx")[0] / solution.flux("hot")[0]))
    assert np.log2(fields[1] / fields[0]) == pytest.approx(power, abs=0.01)


def test_bulk_and_interface_drive_the_same_way():
    """Each alone gives E > 0; together they are not the sum, since each loads the other."""
    bulk = seebeck(device(device_layers(), above=replace(ABOVE, S=0.0)))[0]
    face = seebeck(device(device_layers(), spin_seebeck=0.0))[0]
    both = seebeck(device(device_layers()))[0]
    assert min(bulk, face) > 0
    assert abs(both / (bulk + face) - 1) > 1e-4


def test_two_faces_damp_like_the_bulk():
    """alpha' = g_r/(4 pi s d_F): a face takes magnons as Gilbert damping 2 alpha' of the bulk does."""
    spectrum, s, thickness = Parabolic(8.46e-40, 1.85e-24), 1.055e28, 5e-9
    exchange = MagnonExchange(g_r=4.1e18, spin_density=s, spectrum=spectrum)
    given = linear(exchange, T0)
    alpha = 2 * exchange.g_r / (4 * np.pi * s * thickness)

    def lost(root):
        energy = spectrum.gap + root**2
        x = energy / (K_B * T0)
        return spectrum.density(root**2) * energy * 2 * root / (4 * np.sinh(x / 2) ** 2 * K_B * T0)

    top = np.sqrt(60 * K_B * T0)
    rate = 2 * alpha / HBAR * quad(lost, 0, top, limit=500, epsabs=0, epsrel=1e-11)[0]
    assert given.g / HBAR == pytest.approx(rate * thickness, rel=1e-9)
    # In a film much thinner than its decay length the place of the loss does not matter.
    sigma = 1e9
    damped = insulator(False, conductivity=sigma, diffusion_length=np.sqrt(sigma / (2 * E_CHARGE**2 * rate)))
    free = insulator(False, conductivity=sigma, diffusion_length=1.0)
    geometry, spins = Layers(("Pt", "YIG"), [[D_PT, thickness]]), FieldSet((SPIN,))
    bottom = contact(BELOW, ALONG_Y, spins, MAGNON_ONLY, MINUS)
    far = restricted(magnon_face("YIG", given, ALONG_Y), {"magnet": MAGNON_ONLY})
    found = []
    for magnet, faces in ((damped, {}), (free, {"top": Face(far, {"magnet": MINUS})})):
        problem = Problem(
            geometry, {"Pt": metal(PT), "YIG": magnet}, {"Pt|YIG": bottom} | faces, gradients=(Gradient("u", "x"),)
        )
        found.append(answer(problem).correction[0, 0, 0])
    assert found[0] == pytest.approx(found[1], rel=1e-6)


@pytest.mark.parametrize("order", [1, 2])
def test_elements_converge_to_the_exact_stack(order, elements):
    """Charge, spin, magnons and three temperatures: h^2 and h^4 of the Seebeck, Peltier and drag entries."""
    sizes = {
        "Pt": PT["diffusion_length"], "GGG": 1e-6, "Ta": TA["diffusion_length"],
        "YIG": min(insulator().decay_lengths),
    }  # fmt: skip
    for build, pieces, (i, j) in (
        (device, (("GGG", D_GGG), ("YIG", D_YIG), ("Ta", D_TA)), ("du/dx", "hot")),
        (drag, (("Pt", D_PT), ("YIG", D_YIG), ("Ta", D_TA)), ("du2/dx", "du/dx")),
    ):
        heat = {"heat": True} if build is drag else {}
        exact = answer(build(Layers(tuple(n for n, _ in pieces), [[d for _, d in pieces]]), OBLIQUE, FIELD, **heat))
        errors = []
        for cells in (4, 8):
            mesh = stack(list(pieces)).mesh({n: sizes[n] for n, _ in pieces}, cells_per_length=cells, growth=1.0)
            found = answer(build(mesh, OBLIQUE, FIELD, **heat), elements(order), elements.direct, LEVEL)
            entries = np.array([one.matrix[0, one.index(i), one.index(j)] for one in (found, exact)])
            errors.append(abs(entries[0] / entries[1] - 1))
        assert np.log2(errors[0] / errors[1]) == pytest.approx(2 * order, abs=0.4), (i, j, errors)
        assert errors[1] < {1: 3e-3, 2: 2e-5}[order]
