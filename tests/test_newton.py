"""Newton's method with made-up nonlinear laws that have exact solutions; quadratic convergence."""

from dataclasses import replace

import numpy as np
import pytest

from hanle.meshes.layered import Layers
from hanle.meshes.layers import stack
from hanle.pde.coefficients import Bulk, FaceLaw, Side, term
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.errors import InputError, SolveError, UnsupportedError
from hanle.pde.fields import CHARGE
from hanle.pde.newton import newton
from hanle.pde.problem import MINUS, Face, Problem, Terminal

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
