"""Lateral spin transport in channels: pairs that must agree, and what each would catch.

closed channel, oblique field     <-> images, exact engine along x and elements at their order     face sources, ties
long channel                      <-> open valve
contacts that absorb              <-> Takahashi-Maekawa with complex lengths                       sinks on ties
magnet of a valve reversed        <-> sign of V
field reversed, contacts swapped  <-> same V (reciprocity)
Hanle helix behind a face         <-> T[e^{-x/l}], its zeros
channel on a magnetic insulator   <-> shifted relaxation and precession, error O(t/lambda), 2D     item 9
"""

from dataclasses import replace

import numpy as np
import pytest

from hanle.boundary.b_layer import Conductances, b_layer
from hanle.meshes.layered import Layers
from hanle.meshes.shapes import Block, BlockShape
from hanle.meshes.strips import channel
from hanle.pde.closed_forms.channels import channel_tensor, transverse_length
from hanle.pde.closed_forms.film import Mixing
from hanle.pde.closed_forms.lateral import (
    absorbing_transfer,
    closed_transfer,
    helix,
    helix_zero,
    open_transfer,
    supported_lengths,
    valve_resistance,
)
from hanle.pde.coefficients import FaceLaw, Side, term
from hanle.pde.constants import HBAR, MU_B
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.fields import CHARGE_AND_SPIN
from hanle.pde.metal import normal_metal
from hanle.pde.problem import MINUS, PLUS, Face, Problem
from hanle.pde.solution import wire
from hanle.pde.steady import respond
from hanle.pde.tensors import unit

RHO, LAMBDA, D = 2.6e-8, 430e-9, 9.4e-3
LARMOR = 2 * MU_B / HBAR
AXIS, FIELD = unit([0.4, -0.3, 0.7]), 0.25
LAM_N = transverse_length(LAMBDA, LARMOR * FIELD, D)
#: Multiples of LAMBDA/5, so that refined meshes have exactly twice the cells.
DISTANCE, LEFT, RIGHT = 1.4 * LAMBDA, 0.8 * LAMBDA, 1.2 * LAMBDA
#: P p of injector and detector.
P1, P2 = 0.21 * unit([1.0, 0.2, -0.4]), 0.34 * unit([0.3, 1.0, 0.1])
#: Spin conductances of contacts per area: a few times that of the channel, and of different kind along and across.
SINKS = np.array([(3e13, 8e13 + 4e13j), (1e14, 5e13 - 6e13j)])

EXACT = 1e-12
TIGHT = 1e-12
ORDER_MARGIN = 0.1


def joint(inject, sink):
    """A place in the channel: fields continuous, `inject` fed in [A/m^2], a contact that takes up g w.

    `sink`: conductance along the axis, and complex across it in the channel axis x -> -i [S/m^2].
    """
    source = np.zeros(8)
    source[1:4] = inject
    tensor = channel_tensor(np.real(sink[0]), sink[1], AXIS)
    fields = np.zeros((8, 8))
    fields[1:4, 1:4] = -tensor
    law = FaceLaw(
        (Side("below", CHARGE_AND_SPIN), Side("above", CHARGE_AND_SPIN)),
        tie=("u", "w"),
        G=(term(1.0, 1.0, fields),) if np.any(tensor) else (),
        g=(term(1.0, 1.0, source),),
    )
    return Face(law, {"below": MINUS, "above": PLUS})


def metal(field):
    return normal_metal(conductivity=1 / RHO, diffusion_constant=D, diffusion_length=LAMBDA, field=field)


def valve(geometry, field=FIELD * AXIS, inject=P1, sinks=((0.0, 0.0), (0.0, 0.0)), at="a|m"):
    """Channel a - m - b with the injector at one joint."""
    faces = {
        name: joint(inject if name == at else np.zeros(3), sink)
        for name, sink in zip(("a|m", "m|b"), sinks, strict=True)
    }
    return Problem(geometry, {name: metal(field) for name in geometry.regions}, faces)


@pytest.fixture
def detected(elements):
    """P2 p2 . w per injected density [Ohm m^2]."""

    def detected(problem, order=1, at="m|b", axis=P2, tolerance=TIGHT):
        engine = Multilayer() if isinstance(problem.mesh, Layers) else elements(order)
        solution = wire(respond(problem, engine, tolerance=tolerance), amplitudes={})
        for balance in solution.balances:
            assert np.max(balance.error) < 1e-10, balance.name
        return float(solution.face(at).traces[0, 0, 0, 1:4] @ axis)

    return detected


def exact_geometry(left=LEFT, right=RIGHT):
    return Layers(("a", "m", "b"), [[left, DISTANCE, right]], "x")


def line(cells, left=LEFT, right=RIGHT):
    shape = channel([("a", left), ("m", DISTANCE), ("b", right)])
    return shape.mesh(LAMBDA, cells_per_length=cells, growth=1.0)


def closed(left=LEFT, right=RIGHT, lengths=(LAMBDA, LAM_N)):
    transfer = [closed_transfer(l, DISTANCE, RHO, 1.0, left, right) for l in lengths]
    return float(valve_resistance(*transfer, AXIS, P1, P2))


def test_closed_channel_exactly(detected):
    assert detected(valve(exact_geometry())) == pytest.approx(closed(), rel=EXACT)


@pytest.mark.parametrize(("order", "rate", "finest"), [(1, 2, 3e-4), (2, 4, 3e-9)])
def test_order_of_a_closed_channel(detected, order, rate, finest):
    meshes = [line(n) for n in (5, 10, 20)]
    errors = [detected(valve(mesh), order) / closed() - 1 for mesh in meshes]
    assert abs(errors[-1]) < finest
    assert np.log2(errors[1] / errors[2]) == pytest.approx(rate, abs=ORDER_MARGIN)


def test_long_channel_is_open(detected):
    transfer = [open_transfer(l, DISTANCE, RHO, 1.0) for l in (LAMBDA, LAM_N)]
    expected = float(valve_resistance(*transfer, AXIS, P1, P2))
    assert detected(valve(exact_geometry(40 * LAMBDA, 300 * LAMBDA))) == pytest.approx(expected, rel=EXACT)


@pytest.mark.parametrize("strength", [1e-3, 1.0, 1e3])
def test_contacts_that_absorb(detected, strength):
    """Real sinks along the field, complex ones across it, from tunnelling to transparent."""
    sinks = strength * SINKS
    transfer = [absorbing_transfer(l, DISTANCE, RHO, 1.0, *sinks[:, k]) for k, l in enumerate((LAMBDA, LAM_N))]
    expected = float(valve_resistance(*transfer, AXIS, P1, P2))
    found = detected(valve(exact_geometry(40 * LAMBDA, 40 * LAMBDA), sinks=sinks))
    assert found == pytest.approx(expected, rel=1e-11)
    fine = detected(valve(line(12, 12 * LAMBDA, 12 * LAMBDA), sinks=sinks), 2)
    assert fine == pytest.approx(expected, rel=1e-6)


def test_hanle_curve(detected):
    """B across the contacts from 0 to several turns: the exact engine follows the closed form through its zeros."""
    y, z = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])
    curve, expected = [], []
    for field in np.linspace(-1.5, 1.5, 13):
        Lam = transverse_length(LAMBDA, LARMOR * field, D)
        expected.append((RHO / 2 * Lam * np.exp(-DISTANCE / Lam)).real)
        problem = valve(exact_geometry(60 * LAMBDA, 60 * LAMBDA), field * z, y)
        curve.append(detected(problem, axis=y))
    np.testing.assert_allclose(curve, expected, atol=EXACT * max(expected))
    assert min(curve) < 0


def test_reversed_magnet_and_reciprocity(detected):
    """V changes sign with the injector; (B, p) reversed and contacts swapped: the same V."""
    geometry = exact_geometry()
    plain = detected(valve(geometry))
    assert detected(valve(geometry, inject=-P1)) == pytest.approx(-plain, rel=EXACT)
    swapped = detected(valve(geometry, -FIELD * AXIS, -P2, at="m|b"), at="a|m", axis=-P1)
    assert swapped == pytest.approx(plain, rel=EXACT)
    wrong = detected(valve(geometry, FIELD * AXIS, P2, at="m|b"), at="a|m", axis=P1)
    assert abs(wrong / plain - 1) > 1e-2


def test_helix():
    """Spin behind the injector: decay and turn along x, and the places where one component vanishes."""
    z = np.array([0.0, 0.0, 1.0])
    geometry = exact_geometry(40 * LAMBDA, 40 * LAMBDA)
    solution = wire(respond(valve(geometry, 1.0 * z, np.array([1.0, 0, 0])), Multilayer()), amplitudes={})
    Lam = transverse_length(LAMBDA, LARMOR * 1.0, D)
    start = 40 * LAMBDA
    x = np.linspace(0, DISTANCE, 9)
    values = solution.values("m", np.stack([start + x, 0 * x, 0 * x], axis=1))[0, :, 1:]
    np.testing.assert_allclose(values, helix(x, LAMBDA, Lam, z, values[0]), atol=1e-11 * np.abs(values).max())
    # w(0) lies along T[Lam] x: its angle moves the zeros of w_x from those of Re e^{-x/Lam}.
    angle = np.angle(Lam)
    place = helix_zero(Lam, 0) * (1 - abs(angle) / (np.pi / 2))
    at_zero = solution.values("m", np.array([[start + place, 0, 0]]))[0, 0, 1]
    assert abs(at_zero) < 1e-10 * np.abs(values[0, 0])


@pytest.mark.parametrize("thickness", [8e-9, 16e-9])
def test_channel_on_a_magnetic_insulator(detected, thickness):
    """Section (x, z): film of thickness t << lambda on the insulator, injected at a joint through its height.

    Gi acts as an angular velocity here; the error of the formula is O(t/lambda).
    """
    mixing = Mixing(-4e10, 3e11, 2e11)
    pieces = {"a": LEFT, "m": DISTANCE, "b": RIGHT}
    found = detected(supported(thickness, pieces, mixing), 2, tolerance=1e-9)
    lengths = supported_lengths(LAMBDA, LAM_N, RHO, thickness, mixing)
    assert found == pytest.approx(closed(lengths=lengths), rel=2 * thickness / LAMBDA)
    assert abs(found / closed() - 1) > 0.05


def supported(thickness, pieces, mixing):
    """The valve as a section with the insulator below: built from the line by extrusion along z."""
    ends = np.concatenate([[0.0], np.cumsum(list(pieces.values()))])
    blocks = [Block("YIG", (0.0, -5e-9), (float(ends[-1]), 0.0))]
    blocks += [
        Block(name, (float(low), 0.0), (float(high), thickness))
        for name, low, high in zip(pieces, ends, ends[1:], strict=False)
    ]
    shape = BlockShape(("x", "z"), ("YIG", *pieces), tuple(blocks), lateral=("x",))
    mesh = shape.mesh(dict.fromkeys(pieces, LAMBDA), cells_per_length=6, growth=1.4)
    law = b_layer("YIG", Conductances(mixing.s, mixing.r, mixing.i), AXIS)
    faces = {f"YIG|{name}": Face(law, {"metal": PLUS, "magnet": MINUS}) for name in pieces}
    plain = valve(line(6))
    return replace(plain, mesh=mesh, faces={**plain.faces, **faces})
