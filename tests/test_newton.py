"""Newton's method with made-up nonlinear laws that have exact solutions.

conductivity that depends on u   <-> Kirchhoff's transform, driven by voltage and by current
leaks at a face                  <-> roots of one equation: a cubic, a diode, one that ends at a threshold
sheet current of a face          <-> a cubic in the field along it
steps                            <-> quadratic convergence; damped; through drives; from a solution nearby
failures                         <-> the drive, the equations and the law that was left are named
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

from hanle.meshes.layered import Layers
from hanle.meshes.layers import stack
from hanle.pde.coefficients import Bulk, FaceLaw, Side, term
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.errors import InputError, SolveError, UnsupportedError
from hanle.pde.fields import CHARGE, SPIN, FieldSet
from hanle.pde.metal import normal_metal
from hanle.pde.newton import newton
from hanle.pde.problem import MINUS, Face, Gradient, Problem, Terminal

SIGMA, LENGTH, SLOPE, VOLTAGE = 3e6, 40e-9, 5.0, 0.3


def heated_metal() -> Bulk:
    """sigma(u) = SIGMA (1 + SLOPE u): J at a state, and A, B as its derivatives with the value in S."""

    def touch(values, gradients):
        u, slope = values[..., 0], gradients[..., 2, 0]
        local = SIGMA * (1 + SLOPE * u)
        along = np.array([0.0, 0.0, 1.0])
        return Bulk(
            CHARGE,
            A=(term(local, np.eye(3), [[1.0]]),),
            B=(term(SIGMA * SLOPE * slope, along, [[1.0]]),),
            S=(term(-SIGMA * SLOPE * slope * u, along, [1.0]),),
        )

    return Bulk(CHARGE, at=touch)


def cubic_leak(strength: float) -> FaceLaw:
    """N.J = -strength u^3."""
    sides = (Side("metal", CHARGE),)

    def touch(traces, gradients):
        u = traces[..., 0]
        return FaceLaw(
            sides,
            G=(term(-3 * strength * u**2, 1.0, [[1.0]]),),
            g=(term(2 * strength * u**3, 1.0, [1.0]),),
        )

    return FaceLaw(sides, at=touch)


def leak(current, limit=np.inf) -> FaceLaw:
    """N.J = -f(u), with f and its derivative from current(u); not defined for |u| > limit."""
    sides = (Side("metal", CHARGE),)

    def touch(traces, gradients):
        u = traces[..., 0]
        if np.any(np.abs(u) > limit):
            raise InputError("u", f"below {limit} V", float(np.abs(u).max()))
        size, slope = current(u)
        return FaceLaw(sides, G=(term(-slope, 1.0, [[1.0]]),), g=(term(slope * u - size, 1.0, [1.0]),))

    return FaceLaw(sides, at=touch)


def diode(u):
    return 1e9 * np.expm1(u / 0.026), 1e9 / 0.026 * np.exp(u / 0.026)


def wire(bulk: Bulk, faces=None, terminals=("bottom", "top")) -> Problem:
    mesh = stack([("wire", LENGTH)]).mesh(resolve={"wire": LENGTH / 4})
    return Problem(mesh, {"wire": bulk}, faces or {}, {name: Terminal((name,)) for name in terminals})


def test_conductivity_that_depends_on_the_potential(elements):
    """Kirchhoff's transform: J L = SIGMA (V + SLOPE V^2/2); quadratic convergence."""
    found = newton(wire(heated_metal()), elements(2), amplitudes={"bottom": 0.0, "top": VOLTAGE}, tolerance=1e-11)
    expected = SIGMA * (VOLTAGE + SLOPE * VOLTAGE**2 / 2) / LENGTH
    assert found.solution.flux("top")[0] == pytest.approx(expected, rel=1e-10)
    r = np.array(found.residuals)
    assert len(r) <= 7
    assert r[-1] < 1e-11
    steep = (r[1:] < 1e-2) & (r[:-1] > 1e-7) & (r[:-1] < 1e-1)
    orders = np.log(r[1:][steep]) / np.log(r[:-1][steep])
    assert orders.size
    assert orders.max() > 1.7


def test_potential_converges_with_the_mesh(elements):
    """u + SLOPE u^2/2 is linear in z: the largest error inside the cells of second order falls with h^3."""
    z = np.linspace(0, LENGTH, 5001)[1:-1]
    total = VOLTAGE + SLOPE * VOLTAGE**2 / 2
    exact = (np.sqrt(1 + 2 * SLOPE * total * z / LENGTH) - 1) / SLOPE
    errors = []
    for cells in (64, 128, 256):
        mesh = stack([("wire", LENGTH)]).mesh(resolve={"wire": LENGTH}, cells_per_length=cells, growth=1.0001)
        problem = replace(wire(heated_metal()), mesh=mesh)
        found = newton(problem, elements(2), amplitudes={"bottom": 0.0, "top": VOLTAGE}, tolerance=1e-10)
        values = found.solution.values("wire", np.stack([0 * z, 0 * z, z], axis=1))[0, :, 0]
        errors.append(np.abs(values - exact).max())
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(orders, 3, atol=0.2)


def test_nonlinear_face_law(elements):
    """u at the leaking end: SIGMA (V - u)/L = g u^3."""
    strength = 4e14
    law = Face(cubic_leak(strength), {"metal": MINUS})
    bulk = Bulk(CHARGE, A=(term(SIGMA, np.eye(3), np.eye(1)),))
    found = newton(wire(bulk, {"bottom": law}, ("top",)), elements(), amplitudes={"top": VOLTAGE}, tolerance=1e-12)
    end = found.solution.face("bottom").traces[0, 0, 0, 0]
    assert SIGMA * (VOLTAGE - end) / LENGTH == pytest.approx(strength * end**3, rel=1e-9)
    assert len(found.residuals) <= 8


def test_failure_tells_the_residuals(elements):
    with pytest.raises(SolveError, match=r"the equations of u kept a residual of .* after 1 steps"):
        newton(
            wire(heated_metal()),
            elements(),
            amplitudes={"bottom": 0.0, "top": VOLTAGE},
            max_steps=1,
            tolerance=1e-12,
        )


def test_engines_refuse_a_nonlinear_law(elements):
    with pytest.raises(UnsupportedError, match="newton"):
        elements().assemble(wire(heated_metal()))


def test_two_stacks_at_once():
    """The exact engine takes nonlinear faces, too: u at the leaking end of a short and a long wire."""
    strength, lengths = 4e14, np.array([LENGTH, 5 * LENGTH])
    bulk = Bulk(CHARGE, A=(term(SIGMA, np.eye(3), np.eye(1)),))
    faces = {"bottom": Face(cubic_leak(strength), {"metal": MINUS})}
    problem = Problem(Layers(("wire",), lengths[:, None]), {"wire": bulk}, faces, {"top": Terminal(("top",))})
    found = newton(problem, Multilayer(), amplitudes={"top": VOLTAGE}, tolerance=1e-12)
    end = found.solution.face("bottom").traces[:, 0, 0, 0]
    np.testing.assert_allclose(SIGMA * (VOLTAGE - end) / lengths, strength * end**3, rtol=1e-9)


def test_no_step_is_refused(elements):
    with pytest.raises(InputError, match="max_steps must be at least 1"):
        newton(wire(heated_metal()), elements(), amplitudes={"bottom": 0.0, "top": VOLTAGE}, max_steps=0)


def leaking(law, terminals=("top",)):
    """A linear wire that leaks at its bottom."""
    bulk = Bulk(CHARGE, A=(term(SIGMA, np.eye(3), np.eye(1)),))
    return wire(bulk, {"bottom": Face(law, {"metal": MINUS})}, terminals)


def test_steps_are_shortened_where_they_overshoot(elements):
    """A diode in series with the wire: the first step goes to e^{11} times the current."""
    found = newton(leaking(leak(diode)), elements(), amplitudes={"top": VOLTAGE}, tolerance=1e-11)
    end = brentq(lambda u: SIGMA * (VOLTAGE - u) / LENGTH - diode(u)[0], 0, VOLTAGE, xtol=1e-15)
    assert found.solution.face("bottom").traces[0, 0, 0, 0] == pytest.approx(end, rel=1e-9)


def switch(u):
    return 3e13 * (np.arctan((u - 0.1) / 0.005) + np.arctan(20)), 3e13 / 0.005 / (1 + ((u - 0.1) / 0.005) ** 2)


def test_steps_that_would_swing_are_taken_in_part(elements):
    """A leak that switches on at 0.1 V: whole steps jump between its flat ends."""
    found = newton(leaking(leak(switch)), elements(), amplitudes={"top": VOLTAGE}, tolerance=1e-11)
    end = brentq(lambda u: SIGMA * (VOLTAGE - u) / LENGTH - switch(u)[0], 0, VOLTAGE, xtol=1e-15)
    assert found.solution.face("bottom").traces[0, 0, 0, 0] == pytest.approx(end, rel=1e-9)
    assert len(found.levels) == 1
    assert min(found.levels[0].parts) < 1


def test_no_law_is_evaluated_outside_its_range(elements):
    """The first step would end at 0.3 V, the answer is 0.13 V, the law ends at 0.14 V."""
    steep = leak(lambda u: (5e15 * u**3, 15e15 * u**2), limit=0.14)
    found = newton(leaking(steep), elements(), amplitudes={"top": VOLTAGE}, tolerance=1e-11)
    end = brentq(lambda u: SIGMA * (VOLTAGE - u) / LENGTH - 5e15 * u**3, 0, VOLTAGE, xtol=1e-15)
    assert 0.13 < end < 0.14
    assert found.solution.face("bottom").traces[0, 0, 0, 0] == pytest.approx(end, rel=1e-9)
    assert len(found.levels) > 1


def test_a_threshold_is_named_with_its_drive(elements):
    """A leak that saturates carries 0.7 of the current asked for."""
    most, wanted = 7e12, 1e13
    full = leak(lambda u: (most * np.tanh(u / 0.02), most / 0.02 * (1 - np.tanh(u / 0.02) ** 2)))
    with pytest.raises(SolveError, match=r"failed at 0\.\d* of it \(flux at top = .*e\+12\)") as caught:
        newton(leaking(full), elements(), amplitudes={}, fluxes={"top": wanted}, tolerance=1e-6)
    words = str(caught.value).split()
    converged, failed = float(words[5]), float(words[words.index("failed") + 2])
    # Near the threshold u grows without bound: the last 1 % take longer than the method follows.
    assert 0.69 < converged < most / wanted
    assert failed > converged
    assert any(words in str(caught.value) for words in ("the equations of u", "the flux at top", "solve"))


def test_a_law_that_ends_is_named(elements):
    ends = leak(lambda u: (1e13 * u, np.full_like(u, 1e13)), limit=0.1)
    with pytest.raises(SolveError, match=r"face bottom: u must be below 0\.1 V") as caught:
        newton(leaking(ends), elements(), amplitudes={"top": VOLTAGE})
    assert isinstance(caught.value.__cause__, InputError)
    words = str(caught.value).split()
    # u at the end is (SIGMA/LENGTH)/(SIGMA/LENGTH + 1e13) of the voltage.
    last = 0.1 / VOLTAGE * (1 + 1e13 * LENGTH / SIGMA)
    assert float(words[5]) == pytest.approx(last, abs=2e-3)
    assert float(words[5]) <= last


def test_current_and_voltage_drive_the_same(elements):
    """Given the current, the voltage follows; each step then takes one solve more, if at all."""
    problem, engine = wire(heated_metal()), elements(2)
    current = SIGMA * (VOLTAGE + SLOPE * VOLTAGE**2 / 2) / LENGTH
    found = newton(problem, engine, amplitudes={"bottom": 0.0}, fluxes={"top": current}, tolerance=1e-11)
    assert found.solution.amplitude("top")[0] == pytest.approx(VOLTAGE, rel=1e-10)
    assert found.solution.flux("top")[0] == pytest.approx(current, rel=1e-10)
    assert found.solution.flux("bottom")[0] == pytest.approx(-current, rel=1e-10)
    steps = sum(len(level.residuals) for level in found.levels)
    assert steps <= found.solves <= 2 * steps
    by_voltage = newton(problem, engine, amplitudes={"bottom": 0.0, "top": VOLTAGE}, tolerance=1e-11)
    assert by_voltage.solves == sum(len(level.residuals) for level in by_voltage.levels)


def test_what_a_current_drives_is_carried_on_from_step_to_step(elements):
    """At moderate drive it is solved for once: as many solves as steps, by current as by voltage."""
    problem, engine, voltage = wire(heated_metal()), elements(2), VOLTAGE / 60
    current = SIGMA * (voltage + SLOPE * voltage**2 / 2) / LENGTH
    found = newton(problem, engine, amplitudes={"bottom": 0.0}, fluxes={"top": current}, tolerance=1e-8)
    assert found.solution.amplitude("top")[0] == pytest.approx(voltage, rel=1e-8)
    by_voltage = newton(problem, engine, amplitudes={"bottom": 0.0, "top": voltage}, tolerance=1e-8)
    assert found.solves == len(found.residuals) <= len(by_voltage.residuals) + 1


def test_drives_on_the_way_and_solutions_nearby(elements):
    problem, engine, drive = wire(heated_metal()), elements(), {"bottom": 0.0, "top": VOLTAGE}
    whole = newton(problem, engine, amplitudes=drive, tolerance=1e-10)
    parts = newton(problem, engine, amplitudes=drive, tolerance=1e-10, through=(0.25, 0.6, 1.0))
    assert [level.drive for level in parts.levels] == [0.25, 0.6, 1.0]
    assert parts.solution.flux("top") == pytest.approx(whole.solution.flux("top"), rel=1e-9)
    near = newton(
        problem, engine, amplitudes={"bottom": 0.0, "top": 1.01 * VOLTAGE}, tolerance=1e-10, start=whole.solution
    )
    total = 1.01 * VOLTAGE + SLOPE * (1.01 * VOLTAGE) ** 2 / 2
    assert near.solution.flux("top")[0] == pytest.approx(SIGMA * total / LENGTH, rel=1e-9)
    assert near.solves < whole.solves


def test_stacks_of_a_batch_at_unequal_drives():
    """A diode at 0.01 V and at 0.5 V."""
    voltages = np.array([0.01, 0.5])
    bulk = Bulk(CHARGE, A=(term(SIGMA, np.eye(3), np.eye(1)),))
    problem = Problem(
        Layers(("wire",), np.full((2, 1), LENGTH)),
        {"wire": bulk},
        {"bottom": Face(leak(diode), {"metal": MINUS})},
        {"top": Terminal(("top",))},
    )
    found = newton(problem, Multilayer(), amplitudes={"top": voltages}, tolerance=1e-11)
    for end, voltage in zip(found.solution.face("bottom").traces[:, 0, 0, 0], voltages, strict=True):
        expected = brentq(lambda u, v=voltage: SIGMA * (v - u) / LENGTH - diode(u)[0], 0, voltage, xtol=1e-15)
        assert end == pytest.approx(expected, rel=1e-9)


def film(conductance: float, bend: float):
    """A film with a sheet current K = L (1 + bend g^2) g of its bottom."""
    sides = (Side("metal", CHARGE),)

    def touch(traces, gradients):
        g = gradients[..., 0, 0]
        slope = conductance * (1 + 3 * bend * g**2)
        along = np.zeros((3, 3))
        along[0, 0] = 1.0
        rest = conductance * (1 + bend * g**2) * g - slope * g
        return FaceLaw(sides, L=(term(slope, along, [[1.0]]),), k=(term(rest, [1.0, 0.0, 0.0], [1.0]),))

    law = FaceLaw(sides, at=touch)
    bulk = Bulk(CHARGE, A=(term(SIGMA, np.eye(3), np.eye(1)),))
    faces = {"bottom": Face(law, {"metal": MINUS})}
    mesh = Layers(("wire",), np.array([[LENGTH]]))
    return Problem(mesh, {"wire": bulk}, faces, {"top": Terminal(("top",))}, (Gradient("u", "x"),))


def test_a_face_law_sees_gradients_along_the_face():
    """sigma d E + L (E + bend E^3) is the current per width, given E and given the current."""
    field, bend = 2e5, 1e-10
    current = SIGMA * LENGTH * field + 0.05 * (field + bend * field**3)
    rest = {"top": 0.0}
    found = newton(film(0.05, bend), Multilayer(), amplitudes=rest | {"du/dx": field}, tolerance=1e-12)
    assert found.solution.flux("du/dx")[0] == pytest.approx(current, rel=1e-10)
    found = newton(film(0.05, bend), Multilayer(), amplitudes=rest, fluxes={"du/dx": current}, tolerance=1e-12)
    assert found.solution.amplitude("du/dx")[0] == pytest.approx(field, rel=1e-10)


def test_a_terminal_may_have_the_name_of_a_face_with_given_values(elements):
    """u and w are held at the same faces: the current flows as if w were not there."""
    bulk = normal_metal(conductivity=SIGMA, diffusion_constant=1e-3, diffusion_length=5e-9)
    held = FaceLaw((Side("metal", FieldSet((SPIN,))),), given={"w": np.zeros(3)})
    problem = wire(bulk, {name: Face(held, {"metal": MINUS}) for name in ("bottom", "top")})
    found = newton(problem, elements(), amplitudes={"bottom": 0.0, "top": VOLTAGE})
    assert found.solution.flux("top")[0] == pytest.approx(SIGMA * VOLTAGE / LENGTH, rel=1e-9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"through": (0.5,)}, "through must be parts of the drive"),
        ({"through": (0.5, 0.2, 1.0)}, "through must be parts of the drive"),
        ({"tolerance": 0.0}, "tolerance must be between 0 and 1"),
        ({"fluxes": {"top": 1.0}}, "given by amplitude or by flux"),
        ({"amplitudes": {"left": 1.0}}, "drive must be one of bottom, top"),
        ({"amplitudes": {}}, "ground must be one terminal of each connected conductor"),
    ],
)
def test_bad_requests_are_refused(elements, options, message):
    given = {"amplitudes": {"bottom": 0.0, "top": VOLTAGE}} | options
    with pytest.raises(InputError, match=message):
        newton(wire(heated_metal()), elements(), **given)


def test_a_law_that_is_not_defined_at_the_start_is_refused(elements):
    with pytest.raises(InputError, match="face bottom: u must be below -1"):
        newton(leaking(leak(diode, limit=-1)), elements(), amplitudes={"top": VOLTAGE})
