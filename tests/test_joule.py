"""Joule heat and coefficients that vary with temperature.

contact                            <-> half of its heat on either side
power of a law                     <-> J . grad U + loss U, at random states; slopes by finite differences
wire, S != 0                       <-> a parabola: heat of Thomson only where S changes
wire, sigma(T), electrons, lattice <-> the equations by scipy.integrate.solve_bvp
resistance that rises              <-> the current above which no temperature is steady
power in                           = heat out, to rounding
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_bvp

from hanle.meshes.layers import stack
from hanle.pde.coefficients import FaceLaw, Side, term
from hanle.pde.errors import InputError, SolveError
from hanle.pde.fields import CHARGE_AND_SPIN, ELECTRON_HEAT, LATTICE_HEAT, MAGNON, POTENTIAL, SPIN, FieldSet
from hanle.pde.heat import metal_heat, thermoelectric
from hanle.pde.joule import joule, joule_face
from hanle.pde.magnons import magnon_insulator
from hanle.pde.metal import normal_metal
from hanle.pde.newton import newton
from hanle.pde.nonlinear import absolute, carried, combined, resistive, varying
from hanle.pde.problem import MINUS, PLUS, Face, Problem, Terminal

T0, LENGTH, SIGMA, KE, KP, G_EP, S = 300.0, 2e-7, 2e6, 15.0, 5.0, 3e15, -2e-5
RISE, VOLTAGE = 3.5e-3, 0.06
#: Newton's tolerance, and the part of the turnover by which energy may be missing.
TOLERANCE, BALANCE = 1e-10, 1e-9


def metal(rise=0.0, theta=0.0, seebeck=S):
    charge = normal_metal(
        conductivity=SIGMA,
        diffusion_constant=3e-4,
        diffusion_length=1.5e-9,
        spin_hall_angle=theta,
        field=(3, 1, -2),
    )
    thermal = thermoelectric(temperature=T0, conductivity=SIGMA, seebeck=seebeck, spin_nernst_angle=theta)
    flows = combined(charge, varying(thermal, "T_e", absolute, rows=("T_e",)))
    if rise:
        flows = varying(flows, "T_e", resistive(rise, T0))
    return joule(combined(flows, metal_heat(temperature=T0, electrons=KE, lattice=KP, coupling=G_EP)))


def wire(bulk, cells):
    """Held at T_0 at both ends."""
    mesh = stack([("wire", LENGTH)]).mesh(resolve={"wire": LENGTH}, cells_per_length=cells, growth=1.0001)
    bath = FaceLaw((Side("body", FieldSet((ELECTRON_HEAT, LATTICE_HEAT))),), given={"T_e": 0.0, "T_p": 0.0})
    ends = ("bottom", "top")
    faces = {name: Face(bath, {"body": MINUS}) for name in ends}
    return Problem(mesh, {"wire": bulk}, faces, {name: Terminal((name,)) for name in ends})


def solved(bulk, engine, cells=16, voltage=VOLTAGE):
    return newton(
        wire(bulk, cells), engine, amplitudes={"bottom": 0.0, "top": voltage}, tolerance=TOLERANCE, through=(1.0,)
    )


def heat_out(solution):
    lines = [e.gain for e in solution.ledger if e.kind == "terminal" and "T_e" in e.gain]
    return -sum(gain.get(name, np.zeros(1))[0] for gain in lines for name in ("T_e", "T_p"))


def insulator():
    return joule(
        magnon_insulator(
            "YIG",
            temperature=T0,
            conductivity=5e5,
            diffusion_length=9e-6,
            spin_seebeck=55.0,
            heat_conductivity=1.1,
            lattice_heat_conductivity=6.5,
            exchange_with_lattice=3e15,
            number_exchange=3e31,
        )
    )


@pytest.mark.parametrize(
    ("law", "lossy"),
    [(metal(RISE, 0.1), [0, 1, 2, 3]), (insulator(), [0])],
    ids=["metal", "insulator"],
)
def test_linearisations_have_the_value_the_slopes_and_the_energy(law, lossy, rng):
    n = law.fields.size
    potential = np.isin(np.arange(n), lossy)
    values = np.where(potential, 1e-5, 1e-2) * rng.normal(size=(1, 2, 3, n))
    slopes = np.where(potential, 1e4, 1e6) * rng.normal(size=(1, 2, 3, 3, n))

    def total(v, g):
        touching = law.at(v, g)
        return np.concatenate([touching.flux(v, g), touching.loss(v, g)[..., None, :]], axis=-2)

    here = law.at(values, slopes)
    flux, loss = here.flux(values, slopes), here.loss(values, slopes)
    power = np.sum(flux[..., lossy] * slopes[..., lossy], axis=(-2, -1)) + np.sum(
        loss[..., lossy] * values[..., lossy], axis=-1
    )
    # Heats exchange among themselves; their sum loses what the currents dissipate, with the opposite sign.
    heats = loss[..., ~potential].sum(axis=-1)
    size = np.abs(loss[..., ~potential]).sum(axis=-1)
    assert np.abs(heats + power).max() < 1e-12 * size.max()
    step_v, step_g = values * rng.normal(size=values.shape), slopes * rng.normal(size=slopes.shape)
    h = 1e-4
    numeric = (
        total(values + h * step_v, slopes + h * step_g) - total(values - h * step_v, slopes - h * step_g)
    ) / (2 * h)
    exact = np.concatenate(
        [
            here.flux(values + step_v, slopes + step_g) - flux,
            (here.loss(values + step_v, slopes + step_g) - loss)[..., None, :],
        ],
        axis=-2,
    )
    scale = np.abs(exact).max(axis=(0, 1, 2, 3), keepdims=True)
    # Error of the central difference: h^2 times a relative third derivative of order one.
    np.testing.assert_allclose(numeric / scale, exact / scale, atol=1e-7)


@pytest.mark.parametrize("order", [1, 2])
def test_heated_wire_is_a_parabola(elements, order):
    """kappa_e T_e + kappa_p T_p = p z (L - z)/2 at nodes, whatever S is, as S does not change."""
    found = solved(metal(), elements(order)).solution
    z = np.linspace(0, LENGTH, 9)[1:-1]
    t = T0 * found.values("wire", np.stack([0 * z, 0 * z, z], axis=1))[0]
    expected = SIGMA * (VOLTAGE / LENGTH) ** 2 * z * (LENGTH - z) / 2
    np.testing.assert_allclose(KE * t[:, 4] + KP * t[:, 5], expected, rtol=2e-9)
    assert t[3, 4] > 1.3 * t[3, 5]


def test_heat_of_currents_taken_at_one_temperature_is_not_that_of_a_constant_seebeck_coefficient(elements):
    """The reason for `absolute`: with S T_0 j instead of S T j the profile is not symmetric."""
    charge = normal_metal(conductivity=SIGMA, diffusion_constant=3e-4, diffusion_length=1.5e-9)
    thermal = thermoelectric(temperature=T0, conductivity=SIGMA, seebeck=S)
    heat = metal_heat(temperature=T0, electrons=KE, lattice=KP, coupling=G_EP)
    found = solved(joule(combined(charge, thermal, heat)), elements()).solution
    points = np.array([[0, 0, LENGTH / 4], [0, 0, 3 * LENGTH / 4]])
    low, high = found.values("wire", points)[0, :, 4]
    assert abs(low / high - 1) > 1e-3
    assert heat_out(found) == pytest.approx(found.flux("top")[0] * VOLTAGE, rel=BALANCE)


def equations(z, y):
    """y = u, j, T_e - T_0, q_e, T_p - T_0, q_p over voltage, ... in SI; one dimension, S constant."""
    _, j, te, qe, tp, qp = y
    sigma = SIGMA / (1 + RISE * te)
    dte, dtp = -(qe - S * (T0 + te) * j) / KE, -qp / KP
    du = j / sigma + S * dte
    exchange = G_EP * (te - tp)
    return np.stack([du, 0 * j, dte, j * du - exchange, dtp, exchange])


def reference():
    """(j, z, T_e - T_0, T_p - T_0), scaled for the solver."""
    scale = np.array([VOLTAGE, SIGMA * VOLTAGE / LENGTH, 1.0, KE / LENGTH, 1.0, KE / LENGTH])[:, None]

    def scaled(x, y):
        return equations(x, y * scale) * LENGTH / scale

    def ends(a, b):
        return np.array([a[0], b[0] - 1, a[2], b[2], a[4], b[4]])

    x = np.linspace(0, 1, 101)
    start = np.zeros((6, x.size))
    start[0], start[1] = x, 1.0
    found = solve_bvp(scaled, ends, x, start, tol=1e-9, max_nodes=100000)
    assert found.status == 0
    return found.sol, scale


@pytest.mark.parametrize("order", [1, 2])
def test_heated_wire_with_a_resistance_that_rises(elements, order):
    """Against the ordinary differential equations; errors fall with h^2 and h^4 at nodes."""
    exact, scale = reference()
    errors, currents = [], []
    for cells in (8, 16):
        found = solved(metal(RISE), elements(order), cells)
        assert found.solves <= 6
        z = np.array([0.25, 0.5, 0.75])
        points = np.stack([0 * z, 0 * z, z * LENGTH], axis=1)
        t = T0 * found.solution.values("wire", points)[0][:, 4:6]
        errors.append(np.abs(t - (exact(z)[[2, 4]]).T).max())
        currents.append(abs(found.solution.flux("top")[0] / (exact(0.0)[1] * scale[1, 0]) - 1))
        power = found.solution.flux("top")[0] * VOLTAGE
        assert heat_out(found.solution) == pytest.approx(power, rel=BALANCE)
    peak = exact(0.5)[2]
    assert peak > 10
    assert errors[0] < (2e-2, 1e-4)[order - 1] * peak
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2 * order, abs=0.3)
    assert np.log2(currents[0] / currents[1]) == pytest.approx(2 * order, abs=0.3)


def contact(conductance, sheet=0.0):
    """Charge passes between two metals, heat does not; charge also flows along the face."""
    fields = FieldSet((POTENTIAL, ELECTRON_HEAT))
    between = np.zeros((4, 4))
    between[np.ix_([0, 2], [0, 2])] = [[-1, 1], [1, -1]]
    along = np.zeros((4, 4))
    along[0, 0] = 1.0
    sides = (Side("below", fields), Side("above", fields))
    return FaceLaw(sides, G=(term(conductance, 1.0, between),), L=(term(sheet, np.eye(3), along),))


def test_linearised_heat_of_a_face(rng):
    """Value: half of K . grad u - (N.J) u to each side; slopes by finite differences; cross terms of any size."""
    crossed = np.zeros((4, 4))
    crossed[np.ix_([0, 2], [0, 2])] = rng.normal(size=(2, 2))
    plain = replace(
        contact(3e13, 0.2),
        Q=(term(2e6, rng.normal(size=3), crossed),),
        Qt=(term(3e6, rng.normal(size=3), crossed.T),),
    )
    law = joule_face(plain)
    traces = np.array([1e-2, 1e-3, 1e-2, 1e-3]) * rng.normal(size=(1, 3, 2, 4))
    gradients = 1e4 * rng.normal(size=(1, 3, 2, 3, 4))

    def gain(t, g):
        return law.at(t, g).flux(t, g)

    power = np.sum(plain.sheet_current(traces, gradients) * gradients, axis=(-2, -1))
    power = power - np.sum(plain.flux(traces, gradients) * traces, axis=-1)
    found = gain(traces, gradients)
    np.testing.assert_allclose(found[..., 1], power / 2, rtol=1e-12)
    np.testing.assert_allclose(found[..., 3], power / 2, rtol=1e-12)
    step, slope = traces * rng.normal(size=traces.shape), gradients * rng.normal(size=gradients.shape)
    ahead, behind = (gain(traces + x * step, gradients + x * slope) for x in (0.5, -0.5))
    here = law.at(traces, gradients)
    # The heat is quadratic: central differences are exact.
    exact = here.flux(traces + step, gradients + slope) - found
    np.testing.assert_allclose(ahead - behind, exact, rtol=1e-9, atol=1e-9 * np.abs(exact).max())


def test_a_contact_that_heats(elements):
    """Two wires in series with a contact: power in is heat out, half of that of the contact on either side."""
    conductance, length = 2e13, LENGTH / 2
    mesh = stack([("below", length), ("above", length)]).mesh(
        resolve=dict.fromkeys(("below", "above"), length), cells_per_length=8, growth=1.0001
    )
    charge = normal_metal(conductivity=SIGMA, diffusion_constant=3e-4, diffusion_length=1.5e-9)
    heat = metal_heat(temperature=T0, electrons=KE, lattice=KP, coupling=0.0)
    bulk = joule(combined(charge, heat))
    bath = FaceLaw((Side("body", FieldSet((ELECTRON_HEAT, LATTICE_HEAT))),), given={"T_e": 0.0, "T_p": 0.0})
    faces = {name: Face(bath, {"body": MINUS}) for name in ("bottom", "top")}
    faces["below|above"] = Face(joule_face(contact(conductance)), {"below": MINUS, "above": PLUS})
    ends = {name: Terminal((name,)) for name in ("bottom", "top")}
    problem = Problem(mesh, {"below": bulk, "above": bulk}, faces, ends)
    found = newton(problem, elements(), amplitudes={"bottom": 0.0, "top": VOLTAGE}, tolerance=TOLERANCE).solution
    j = VOLTAGE / (2 * length / SIGMA + 1 / conductance)
    assert found.flux("top")[0] == pytest.approx(j, rel=1e-9)
    assert heat_out(found) == pytest.approx(j * VOLTAGE, rel=BALANCE)
    # At the contact: kappa T' = j^2/(2 conductance), and the parabola of the wire.
    end = T0 * found.face("below|above").traces[0, 0, 0, 1]
    assert end == pytest.approx((j**2 / (2 * conductance) * length + j**2 / SIGMA * length**2 / 2) / KE, rel=1e-8)


def test_a_plate_with_either_solver(elements, block_mesh):
    """Two dimensions, crooked cells, spin Hall effect, a current given: power in is heat out, direct and iterative."""
    x, y = np.linspace(0, 4e-8, 13), np.linspace(0, 2e-8, 7)
    mesh = block_mesh("xy", (x, y), distort=0.2)
    bath = FaceLaw((Side("body", FieldSet((ELECTRON_HEAT, LATTICE_HEAT))),), given={"T_e": 0.0, "T_p": 0.0})
    faces = {"x-": Face(bath, {"body": MINUS})}
    terminals = {name: Terminal((name,)) for name in ("x-", "x+")}
    problem = Problem(mesh, {"A": metal(RISE, 0.1)}, faces, terminals)
    found = []
    for solver in (elements.direct, elements.iterative):
        one = newton(problem, elements(), amplitudes={"x-": 0.0}, fluxes={"x+": 2e4}, solver=solver)
        assert one.solves <= 6
        power = one.solution.flux("x+")[0] * one.solution.amplitude("x+")[0]
        assert heat_out(one.solution) == pytest.approx(power, rel=1e-6)
        found.append(one.solution.amplitude("x+")[0])
    assert found[0] == pytest.approx(found[1], rel=1e-7)
    plain = 2e4 * 4e-8 / (SIGMA * 2e-8)
    assert found[0] > 1.03 * plain


def test_convergence_is_quadratic(elements):
    r = np.array(solved(metal(RISE, 0.1), elements(), voltage=0.1).residuals)
    steep = (r[:-1] < 0.1) & (r[1:] > 1e-11)
    assert steep.any()
    assert (np.log(r[1:][steep]) / np.log(r[:-1][steep])).min() > 1.7


def test_a_resistance_that_would_vanish_shortens_steps_or_is_named(elements):
    """A resistivity that falls with T has a runaway: no steady state above some voltage."""
    with pytest.raises(SolveError, match=r"failed at 0\.\d* of it \(top ="):
        solved(metal(-4e-3), elements(), voltage=1.0)


def test_thermal_runaway_is_named_with_its_current(elements):
    """A mode of wave number k = pi/L grows where j^2 rho alpha = kappa_e k^2 + G kappa_p k^2/(kappa_p k^2 + G)."""
    k = np.pi / LENGTH
    lost = KE * k**2 + G_EP * KP * k**2 / (KP * k**2 + G_EP)
    critical = np.sqrt(lost * SIGMA / RISE)
    with pytest.raises(SolveError, match=r"the equations of|no part of a step") as caught:
        newton(
            wire(metal(RISE, seebeck=0.0), 16),
            elements(2),
            amplitudes={"bottom": 0.0},
            fluxes={"top": 1.25 * critical},
            tolerance=1e-6,
            max_steps=10,
        )
    converged = float(str(caught.value).split()[5]) * 1.25
    # T - T_0 = 1/(1 - (j/critical)^2) times that of a small current: 20 times at 0.975 of it.
    assert 0.9 < converged < 1.0


def test_fields_that_are_missing_are_named():
    charge = normal_metal(conductivity=SIGMA, diffusion_constant=3e-4, diffusion_length=1.5e-9)
    with pytest.raises(InputError, match="a set with the relative temperature of electrons"):
        joule(charge)
    heat = metal_heat(temperature=T0, electrons=KE, lattice=KP, coupling=G_EP)
    with pytest.raises(InputError, match="charge, spin or magnons beside temperatures"):
        joule(heat)
    with pytest.raises(InputError, match="sides must be charge or spin, and an electron temperature"):
        joule_face(FaceLaw((Side("metal", CHARGE_AND_SPIN),)))


def test_deposits_vary_with_their_law(rng):
    """Spin that relaxes goes to the lattice: less of it where the conductivity has fallen."""
    plain = combined(
        normal_metal(conductivity=SIGMA, diffusion_constant=3e-4, diffusion_length=1.5e-9),
        metal_heat(temperature=T0, electrons=KE, lattice=KP, coupling=G_EP),
    )
    values, slopes = rng.normal(size=(1, 1, 1, 6)) * 0.1, np.zeros((1, 1, 1, 3, 6))
    found = varying(plain, "T_e", resistive(RISE, T0)).at(values, slopes).deposits["lattice"].density(values)
    expected = plain.deposits["lattice"].density(values) / (1 + RISE * T0 * values[..., [4]])
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_nonlinear_laws_on_some_of_their_fields(rng):
    """Spin alone, charge and heat in equilibrium: that part of the whole law, deposits included."""
    whole = metal(RISE, 0.1)
    alone = carried(whole, FieldSet((SPIN,)))
    values, slopes = 1e-5 * rng.normal(size=(1, 1, 1, 3)), 1e3 * rng.normal(size=(1, 1, 1, 3, 3))
    wide, steep = np.zeros((1, 1, 1, 6)), np.zeros((1, 1, 1, 3, 6))
    wide[..., 1:4], steep[..., 1:4] = values, slopes
    found, expected = alone.at(values, slopes), whole.at(wide, steep)
    assert alone.fields.names == ("w",)
    np.testing.assert_allclose(found.flux(values, slopes), expected.flux(wide, steep)[..., 1:4], rtol=1e-12)
    np.testing.assert_allclose(found.loss(values, slopes), expected.loss(wide, steep)[..., 1:4], rtol=1e-12)
    np.testing.assert_allclose(
        found.deposits["lattice"].density(values), expected.deposits["lattice"].density(wide), rtol=1e-12
    )
    assert carried(insulator(), FieldSet((MAGNON,))).fields.names == ("w_m",)
    assert CHARGE_AND_SPIN.size == 4
