"""Current perpendicular to the layers: pairs that must agree.

resistors of the stack          <-> up and down channels integrated through the layers in 40 digits, random stacks
infinite bilayer, closed form   <-> a period of the same resistors
layers << l                     <-> two channels in parallel; layers >> l <-> no spin accumulation, no GMR
interface with memory loss      <-> a thin layer of the same R*, gamma, delta; delta -> infinity: no GMR across it
P = gamma = 0                   <-> Ohm; all magnetisations reversed <-> the same; mirror image <-> the same
long finite multilayer          <-> infinite one, per period
"""

from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest

from hanle.pde.closed_forms.valet_fert import (
    Element,
    Lead,
    bilayer_period,
    gmr_ratio,
    half_infinite,
    layer,
    periodic_resistance,
    spin_accumulation,
    stack_resistance,
    two_channel_resistance,
)
from hanle.pde.errors import InputError

# Co and Cu: rho [Ohm m], P, l [m]; Co|Cu: r_b [Ohm m^2], gamma, delta.
CO = {"rho": 6e-8, "polarisation": 0.46, "length": 59e-9}
CU = {"rho": 5e-9, "length": 450e-9}
PY = {"rho": 1.2e-7, "polarisation": 0.7, "length": 5.5e-9}
BORDER = Element(5.1e-16, 0.77)
#: The chain of equations in double precision, against 40 digits.
ROUNDING = 1e-12


def slab(resistance, polarisation, reach):
    """Transfer of (u_up, u_dn, j_up, j_dn) through a layer of unit thickness: R*, P, x; a jump for x = 0."""
    own = [2 * mp.mpf(resistance) * (1 - s * mp.mpf(polarisation)) for s in (1, -1)]
    flips = mp.mpf(reach) ** 2 / (4 * mp.mpf(resistance))
    generator = mp.matrix(4)
    generator[0, 2], generator[1, 3] = own
    for row, sign in ((2, 1), (3, -1)):
        generator[row, 0], generator[row, 1] = sign * flips, -sign * flips
    return mp.expm(generator)


def integrated(elements, periodic):
    """Resistance by integration; without `periodic` the ends are spin sinks (u_up = u_dn)."""
    with mp.workdps(40 + int(2 * sum(float(e.reach) for e in elements))):
        carry = mp.eye(4)
        for e in elements:
            carry = slab(float(e.resistance), float(e.polarisation), float(e.reach)) * carry
        # Unknown: w and J at the start and the drop; u = 0 and j = 1 there.
        system, source = mp.matrix(3), mp.matrix(3, 1)
        start = [mp.matrix([1, -1, 0, 0]), mp.matrix([0, 0, 0.5, -0.5])]
        forced = carry * mp.matrix([0, 0, 0.5, 0.5])
        for column, vector in enumerate(start):
            end = carry * vector
            system[0, column], system[1, column] = end[0] + end[1], end[0] - end[1]
            system[2, column] = end[2] - end[3]
        system[0, 2] = -2
        source[0], source[1], source[2] = (
            -(forced[0] + forced[1]),
            -(forced[0] - forced[1]),
            -(forced[2] - forced[3]),
        )
        if periodic:
            system[1, 0] -= 2
            system[2, 1] -= 1
        else:
            # w = 0 at both ends instead of the spin current's equation
            system[2, 0], system[2, 1], source[2] = 1, 0, 0
        return float(mp.lu_solve(system, source)[2])


def random_stack(rng, size):
    """Layers and interfaces with very unequal numbers, some interfaces without memory loss."""
    found = []
    for k in range(size):
        if k % 2:
            found.append(Element(10 ** rng.uniform(-16, -15), rng.uniform(-0.9, 0.9), rng.choice([0.0, 0.3, 1.2])))
        else:
            p = rng.choice([0.0, rng.uniform(-0.8, 0.8)])
            found.append(
                layer(10 ** rng.uniform(-9, -6.5), 10 ** rng.uniform(-9, -7), 10 ** rng.uniform(-8.5, -6.5), p)
            )
    return found


@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("size", [1, 2, 3, 6, 9])
def test_random_stacks_equal_integrated_channels(rng, size, periodic):
    """Would catch a wrong sign of P, rho where rho/(1 - P^2) belongs, an interface counted once."""
    for _ in range(4):
        stack = random_stack(rng, size)
        found = periodic_resistance(stack) if periodic else stack_resistance(stack, Lead(), Lead())
        assert float(found) == pytest.approx(integrated(stack, periodic), rel=ROUNDING)


def test_leads_are_very_long_layers(rng):
    """Leads of a ferromagnet and of a normal metal are 40 l of the same, whose own resistance is taken off."""
    stack = random_stack(rng, 5)
    ends = [
        layer(PY["rho"], 40 * PY["length"], PY["length"], -0.7),
        layer(CU["rho"], 40 * CU["length"], CU["length"]),
    ]
    found = stack_resistance(stack, half_infinite(PY["rho"], PY["length"], -0.7), half_infinite(**CU))
    long = integrated([ends[0], *stack, ends[1]], periodic=False)
    expected = long - float(ends[0].ohmic + ends[1].ohmic)
    assert float(found) == pytest.approx(expected, rel=ROUNDING)


def bilayer(thickness, antiparallel, border=BORDER):
    """(Co, border, Cu, border) of the whole magnetic period."""
    co, cu = layer(thickness=thickness, **CO), layer(thickness=thickness, **CU)
    back = [co.reversed, border.reversed, cu, border.reversed] if antiparallel else [co, border, cu, border]
    # The interfaces on both sides of a magnet have its sign.
    return [co, border, cu, back[1], back[0], back[1], cu, border] if antiparallel else back


@pytest.mark.parametrize("thickness", [0.5e-9, 8e-9, 150e-9, 2e-6])
@pytest.mark.parametrize("antiparallel", [True, False])
def test_closed_form_of_the_infinite_multilayer(thickness, antiparallel):
    co, cu = layer(thickness=thickness, **CO), layer(thickness=thickness, **CU)
    whole = periodic_resistance(bilayer(thickness, antiparallel)) / (2 if antiparallel else 1)
    assert bilayer_period(co, cu, BORDER, antiparallel) == pytest.approx(float(whole), rel=ROUNDING)
    assert float(whole) == pytest.approx(
        integrated(bilayer(thickness, antiparallel), True) / (2 if antiparallel else 1), rel=ROUNDING
    )


def test_thin_layers_are_two_channels_and_thick_ones_have_no_gmr():
    """Deviation from two channels is of second order in d/l; the accumulations of thick layers do not meet."""
    deviations = []
    for d in (4e-9, 2e-9):
        stacks = [bilayer(d, side) for side in (False, True)]
        ratio = [float(periodic_resistance(s) / two_channel_resistance(s)) - 1 for s in stacks]
        deviations.append(abs(ratio[1]))
        assert abs(ratio[0]) < 1e-3
    assert deviations[0] / deviations[1] == pytest.approx(4, rel=0.5)
    co = layer(thickness=30 * CO["length"], **CO)
    cu = layer(thickness=30 * CU["length"], **CU)
    assert abs(gmr_ratio(*(bilayer_period(co, cu, BORDER, side) for side in (False, True)))) < 1e-12
    thin = [bilayer_period(layer(thickness=2e-9, **CO), layer(thickness=2e-9, **CU), BORDER, s) for s in (0, 1)]
    assert 0.3 < gmr_ratio(*thin) < 2


def test_memory_loss_is_a_thin_layer_and_kills_the_gmr():
    """An interface with delta is a slab; G_up, G_dn of an interface are 1/[2 r_b (1 -+ gamma)]."""
    resistance, gamma, delta, d = 7e-16, 0.6, 0.4, 1e-12
    thin = layer(resistance * (1 - gamma**2) / d, d, d / delta, gamma)
    given = Element(resistance, gamma, delta)
    for name in ("resistance", "polarisation", "reach", "own", "through"):
        assert float(getattr(thin, name)) == pytest.approx(float(getattr(given, name)), rel=ROUNDING)
    up, dn = (1 / (2 * resistance * (1 - s * gamma)) for s in (1, -1))
    assert float(given.ohmic) == pytest.approx(1 / (up + dn), rel=ROUNDING)
    assert (up - dn) / (up + dn) == pytest.approx(gamma, rel=ROUNDING)
    ratios = []
    for lost in (0.0, 0.5, 3.0, 40.0):
        border = Element(5.1e-16, 0.0, lost)
        ratios.append(gmr_ratio(*(periodic_resistance(bilayer(3e-9, s, border)) * (1 if s else 2) for s in (0, 1))))
    assert all(a > b for a, b in pairwise(ratios))
    assert abs(ratios[-1]) < 1e-12


def test_symmetries(rng):
    stack, left, right = random_stack(rng, 7), Lead(3e-15, 0.4), Lead(1e-16, -0.2)
    one = stack_resistance(stack, left, right)
    reversed_ = [e.reversed for e in stack]
    assert stack_resistance(reversed_, Lead(3e-15, -0.4), Lead(1e-16, 0.2)) == pytest.approx(
        float(one), rel=ROUNDING
    )
    assert stack_resistance(stack[::-1], right, left) == pytest.approx(float(one), rel=ROUNDING)
    bare = [Element(e.resistance, 0.0, e.reach) for e in stack]
    ohm = sum(float(e.resistance) for e in bare)
    assert stack_resistance(bare, Lead(3e-15), Lead(1e-16)) == pytest.approx(ohm, rel=ROUNDING)
    assert np.all(spin_accumulation(bare, Lead(3e-15), Lead()) == 0)


def test_a_long_finite_multilayer_becomes_the_infinite_one():
    """Each further period adds that of the infinite multilayer."""
    period = bilayer(8e-9, True)
    lead = half_infinite(**CU)
    many = [float(stack_resistance(period * n, lead, lead)) for n in (60, 61)]
    assert many[1] - many[0] == pytest.approx(float(periodic_resistance(period)), rel=1e-10)


def test_arrays_are_single_stacks():
    """A sweep of thickness and of lead in one call."""
    d = np.array([1e-9, 5e-9, 40e-9])[:, None]
    sinks = np.array([0.0, 2e-15])
    stack = [layer(thickness=d, **PY), BORDER, layer(thickness=7e-9, **CU), BORDER.reversed]
    found = stack_resistance(stack, Lead(sinks), Lead())
    assert found.shape == (3, 2)
    for i, j in np.ndindex(3, 2):
        one = [layer(thickness=d[i, 0], **PY), *stack[1:]]
        assert found[i, j] == pytest.approx(float(stack_resistance(one, Lead(sinks[j]), Lead())), rel=ROUNDING)


def test_refusals():
    with pytest.raises(InputError, match="polarisation must be below 1"):
        Element(1e-15, 1.0)
    with pytest.raises(InputError, match="reach must be >= 0"):
        Element(1e-15, 0.5, -0.1)
    with pytest.raises(InputError, match="two_channel_resistance"):
        periodic_resistance([Element(1e-15, 0.5), Element(2e-15)])
    with pytest.raises(InputError, match="memory loss"):
        bilayer_period(layer(thickness=1e-9, **CO), layer(thickness=1e-9, **CU), Element(1e-15, 0.5, 0.1), True)
