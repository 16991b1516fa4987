"""Moving magnets in sections and solids, on the engine of elements that --elements names. What must agree and why:

magnet | metal | magnet, modes   in phase coth, out of phase tanh of half the spacer   moments per length
two dots on a strip of copper    a transmission line in closed form                    spin exchanged along the strip
a dot that turns as it is told   the same line with a delay: torque on the other dot   prescribed motion, lagging
a solid                          its section                                           moments in 3D
"""

import numpy as np

import hanle
from hanle.materials.load import load
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.macrospin import GAMMA

CU = load("Cu")
SIGMA, LAM = 1 / CU.rho, CU.lam
G_R, M_S, D_F = 1.6e14, 1.4e5, 4e-9
YIG = {"kind": "magnetic insulator", "G_s": "0 S/m^2", "G_r": f"{G_R} S/m^2", "G_i": "0 S/m^2"}
FIELD, ALPHA = 0.4, 1e-3
NM = 1e-9
#: Elements of order 2; corrections of the line, (thickness over the length of decay)^2 of what crosses the film.
ELEMENTS, LINE = 1e-6, 1e-3
#: Errors of 30 steps, of the order of `field_error`.
STEPS = 0.015


def magnets(**changes):
    given = {"damping": ALPHA, "field": (0, 0, FIELD), "saturation_magnetisation": M_S, **changes}
    return {name: hanle.Macrospin(**given) for name in "AB"}


def decay(conductance):
    """-Re lambda of a mode whose pumping has this conductance, J = g p, per area of each magnet [S/m^2]."""
    a = ALPHA + GAMMA / (M_S * D_F) * (HBAR / (2 * E_CHARGE)) ** 2 * conductance
    return a * GAMMA * FIELD / (1 + a**2)


def test_modes_of_two_magnets_on_a_spacer(elements):
    thick = 60 * NM
    device = hanle.Device(
        hanle.section(24 * NM, [("A", D_F), ("Cu", thick), ("B", D_F)]),
        {"A": YIG, "Cu": "Cu", "B": YIG},
        magnetisation={"A": (0, 0, 1), "B": (0, 0, 1)},
        without=("spin Hall",),
    )
    options = {"mesh_options": {"sizes": {"y": 12 * NM}, "lateral": "uniform"}, "engine": elements.name}
    state = device.small_angles(magnets=magnets(), order=2, **options)
    half, g = thick / 2 / LAM, 2 * G_R
    expected = [-decay(g * y / (g + y)) for t in (1 / np.tanh(half), np.tanh(half)) for y in [SIGMA / LAM / t] * 2]
    np.testing.assert_allclose(state.rates.real, expected, rtol=ELEMENTS)


THICK, WIDTH, GAP, END = 4 * NM, 60 * NM, 80 * NM, 150 * NM


def dots(**changes):
    place = (GAP + WIDTH) / 2
    shape = hanle.strips(
        2 * (GAP / 2 + WIDTH + END),
        [("Cu", THICK)],
        [("A", -place, WIDTH, D_F), ("B", place, WIDTH, D_F)],
        **changes,
    )
    return hanle.Device(
        shape,
        {"A": YIG, "Cu": "Cu", "B": YIG},
        magnetisation={"A": (0, 0, 1), "B": (0, 0, 1)},
        without=("spin Hall",),
    )


def line(even, omega=0.0):
    """Conductance of the pumping of a dot, e^{-i omega t}: (sigma t) w'' = sigma t w/L^2 + g (w - p) below it.

    1/L^2 = 1/lambda^2 - i omega/D; g with what falls off across the film, t/3 sigma.
    """
    sheet, g = SIGMA * THICK, 1 / (1 / (2 * G_R) + THICK / (3 * SIGMA))
    slow = np.sqrt(1 / LAM**2 - 1j * omega / CU.D)
    k = np.sqrt(slow**2 + g / sheet)
    inner = sheet * slow * (np.tanh(GAP / 2 * slow) if even else 1 / np.tanh(GAP / 2 * slow))
    outer = sheet * slow * np.tanh(END * slow)
    # w = s + a cosh k x + b sinh k x, x from the middle of the dot
    s, x = g / (k**2 * sheet), k * WIDTH / 2
    rows = [
        [inner * np.cosh(x) + sheet * k * np.sinh(x), -inner * np.sinh(x) - sheet * k * np.cosh(x)],
        [outer * np.cosh(x) + sheet * k * np.sinh(x), outer * np.sinh(x) + sheet * k * np.cosh(x)],
    ]
    a, _ = np.linalg.solve(rows, [-inner * s, -outer * s])
    return g * (1 - s - a * np.sinh(x) / x)


MESH = {"sizes": {"x": 8 * NM}, "lateral": "uniform", "cells_per_length": 3}


def test_two_dots_on_a_strip_exchange_spin(elements):
    state = dots().small_angles(magnets=magnets(), order=2, engine=elements.name, mesh_options=MESH)
    expected = [-decay(line(even).real) for even in (True, True, False, False)]
    np.testing.assert_allclose(state.rates.real, expected, rtol=LINE)
    assert expected[0] > 0.8 * expected[2]


def test_a_solid_is_its_section(elements):
    flat, solid = (
        dots(**changes).small_angles(
            magnets=magnets(),
            engine=elements.name,
            mesh_options={"sizes": sizes, "lateral": "uniform", "cells_per_length": 3},
            solver="direct",
        )
        for changes, sizes in (
            ({}, {"x": 20 * NM}),
            ({"width": 40 * NM}, {"x": 20 * NM, "y": 20 * NM}),
        )
    )
    np.testing.assert_allclose(solid.rates, flat.rates, rtol=1e-7)


def test_a_dot_that_turns_as_told_turns_another_one_after_a_while(elements):
    """A on a small cone; of the torque on B at rest the line says amplitude and delay: half of even less odd."""
    cone, omega, end = 0.01, 1e12, "10 ps"
    motion = hanle.PrescribedMotion(hanle.precession((0, 0, 1), cone, omega))
    course = dots().dynamics(
        until=end,
        magnets={"A": motion},
        lagging=True,
        times=[end],
        field_error=1e-2,
        order=2,
        engine=elements.name,
        mesh_options=MESH | {"sizes": {"x": 15 * NM}},
    )
    m, rate = course.m["A"][0], course.found.rates["A"][0]
    p = HBAR / (2 * E_CHARGE) * np.cross(m, rate)
    # x + i y goes with e^{+i omega t}
    here, there = (np.conj(line(True, omega) + s * line(False, omega)) / 2 for s in (1, -1))
    for name, share in (("A", here), ("B", there)):
        found = course.final.torque(name) / WIDTH * 2 * E_CHARGE / HBAR
        expected = -share * (p[0] + 1j * p[1])
        assert abs(found[0] + 1j * found[1] - expected) < STEPS * abs(expected)
    # What arrives at B is late.
    at_once = line(True).real - line(False).real
    assert abs(np.angle(there / at_once)) > 0.3
