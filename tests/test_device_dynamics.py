"""Magnets of devices in motion. What must agree and why:

damping of YIG | Pt                 closed form with backflow            M_s from the spin density of the magnons
damping of Co | Pt                  closed form, spin lost inside Co     M_s and lengths from the record
frequency of a film                 Kittel                               anisotropy, applied field
threshold by the spin Hall effect   closed form, and motion beside it    current density, torque, pumping
motion under a current pulse        the same put together by hand        drives of devices are those of the equations
rectified fields                    closed form of spin pumping          alternating fields and currents
elements                            the exact engine                     volume of a meshed magnet
"""

import numpy as np
import pytest

import hanle
from hanle import Device, Macrospin, MotionEvent
from hanle.boundary.b_layer import Conductances, b_layer
from hanle.materials.load import load
from hanle.meshes.layered import Layers
from hanle.pde.closed_forms.magnetisation_dynamics import (
    AxialDrive,
    backflow,
    enhancement,
    spin_pumping_field,
    threshold_field,
)
from hanle.pde.constants import E_CHARGE, HBAR, MU_B
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.errors import InputError, UnsupportedError
from hanle.pde.macrospin import GAMMA, Anisotropy, Macrospins, Magnet
from hanle.pde.macrospin_linear import Tone, rectified
from hanle.pde.macrospin_motion import move
from hanle.pde.metal import normal_metal
from hanle.pde.problem import MINUS, PLUS, Face, Gradient, Problem

PT, CO = load("Pt"), load("Co")
D_F, D_N, D_CO = 15e-9, 5e-9, 4e-9
G_R, G_I = 1.6e14, 0.2e14
M_S = 1.4e5
QUANTUM = E_CHARGE**2 / (2 * np.pi * HBAR)
AXIS = np.array([1.0, 2.0, 2.0]) / 3
ROUND_OFF = 1e-12
SHAPE = (((0, 0, 1), "-0.2 T"),)
#: Of small angles: difference quotients of order 4 over 1e-3 rad.
QUOTIENT = 1e-8
#: Of the corrections theta^2 that the closed threshold leaves out.
WEAK = 1e-3

WEAK_PT = {
    "kind": "normal metal",
    "resistivity": f"{PT.rho!r} Ohm m",
    "diffusion_length": f"{PT.lam!r} m",
    "spin_hall_angle": WEAK,
    "mobility": "3 cm^2/(V s)",
    "diffusion_constant": f"{PT.D!r} m^2/s",
}


def yig_pt(g_i: float = G_I, pt: object = "Pt", **changes: object) -> Device:
    rates = {"G_s": "0 S/m^2", "G_r": f"{G_R} S/m^2", "G_i": f"{g_i} S/m^2"}
    materials = {"Pt": pt, "YIG": {"kind": "magnetic insulator", **rates}}
    return Device(hanle.stack([("YIG", D_F), ("Pt", D_N)]), materials=materials, **changes)  # type: ignore[arg-type]


def yig(**changes: object) -> dict[str, Macrospin]:
    return {"YIG": Macrospin(**{"saturation_magnetisation": M_S, **changes})}  # type: ignore[arg-type]


def added(mixing: complex, saturation: float, thickness: float, field: float = 0.0) -> complex:
    """Damping and inertia that a mixing conductance [S/m^2] adds beside Pt."""
    found = backflow(mixing / QUANTUM, D_N, PT.lam, 1 / PT.rho, 0.0, PT.g * MU_B / HBAR * field, PT.D)
    density = saturation / (HBAR * GAMMA)
    real, inertia = (float(enhancement(part, density, thickness)) for part in (found.real, -found.imag))
    return complex(real, inertia)


def test_damping_of_yig_on_pt() -> None:
    """B along m, also for the electrons."""
    device = yig_pt(field=12.0 * AXIS, without=("spin Hall",))
    found = device.small_angles(magnets=yig(damping=2e-3)).damping("YIG")
    closed = added(G_R + 1j * G_I, M_S, D_F, 12.0)
    assert found.enhancement == pytest.approx(closed.real, rel=QUOTIENT)
    assert found.inertia == pytest.approx(closed.imag, rel=QUOTIENT)
    assert found.total == pytest.approx(2e-3 + closed.real, rel=QUOTIENT)


def test_saturation_from_the_spin_density_of_magnons() -> None:
    shape = hanle.stack([("YIG", D_F), ("Pt", D_N)])
    given = hanle.Conductances(0.0, G_R, 0.0)
    device = Device(
        shape,
        {"Pt": "Pt", "YIG": "YIG"},
        interfaces={"YIG|Pt": given},
        magnetisation={"YIG": AXIS},
        without=("spin Hall",),
    )
    density = load("YIG").magnons.spin_density.value
    found = device.small_angles(magnets={"YIG": Macrospin(field=3 * AXIS)}).damping("YIG")
    assert found.total == pytest.approx(added(G_R, HBAR * GAMMA * density, D_F).real, rel=QUOTIENT)


def test_damping_of_cobalt_on_pt() -> None:
    """Spin across m dephases inside Co over l_phi; the record names no exchange length."""
    device = Device(
        hanle.stack([("Pt", D_N), ("Co", D_CO)]),
        {"Pt": "Pt", "Co": "Co"},
        magnetisation={"Co": (0, 0, 1)},
        without=("spin Hall",),
    )
    found = device.small_angles(magnets={"Co": Macrospin(damping=0.01, field=(0, 0, "3 T"))}).damping("Co")
    k = 1 / CO.dephasing_length.value
    closed = added(k * np.tanh(k * D_CO) / (2 * CO.rho), CO.saturation_magnetisation.value, D_CO)
    assert found.enhancement == pytest.approx(closed.real, rel=QUOTIENT)


def test_frequency_of_a_film() -> None:
    """Kittel: gamma^2 B (B + B_d)/(1 + a^2), less the width squared."""
    b, shape = 0.12, 0.175
    magnet = yig(
        damping=1e-3, field=(f"{b} T", 0, 0), anisotropies=(((0, 0, 1), f"-{shape} T"),), begin=(1, 0.1, 0.1)
    )
    found = yig_pt(0.0, without=("spin Hall",)).small_angles(magnets=magnet)
    a = 1e-3 + added(G_R, M_S, D_F).real
    width = a * GAMMA * (2 * b + shape) / 2 / (1 + a**2)
    frequency = np.sqrt(GAMMA**2 * b * (b + shape) / (1 + a**2) - width**2)
    assert found.frequencies == pytest.approx([frequency / (2 * np.pi)], rel=QUOTIENT)
    assert -found.rates[0].real == pytest.approx(width, rel=QUOTIENT * frequency / width)


def test_threshold_of_a_spin_hall_film() -> None:
    """Small angles grow beyond the closed threshold, in the equations of motion too."""
    device = yig_pt(0.0, WEAK_PT)
    law = AxialDrive(GAMMA * 0.2, 0, 4e-4, added(G_R, M_S, D_F).real)
    critical = float(threshold_field(law, WEAK, D_N, PT.lam)) / PT.rho
    magnet = yig(damping=4e-4, field=(0, -0.2, 0), begin=(0, -1, 0))
    found = device.small_angles(magnets=magnet, current_density=critical / 2).threshold(0.0, 3.0)
    assert found == pytest.approx(2.0, rel=3 * WEAK**2)
    with pytest.raises(InputError, match="the state is stable at both"):
        device.small_angles(magnets=magnet, current_density=critical / 2).threshold(0.0, 1.5)
    tilted = yig(damping=4e-4, field=(0, -0.2, 0), begin=(0.02, -1, 0))
    cone = []
    for part in (0.5, 1.5):
        course = device.dynamics(
            until="0.2 ns", magnets=tilted, current_density=part * critical, times=[0, "0.2 ns"]
        )
        cone.append(np.hypot(*course.m["YIG"][:, [0, 2]].T))
    assert cone[0][1] < cone[0][0]
    assert cone[1][1] > cone[1][0]


def test_rectified_fields() -> None:
    """Spin pumping <-> closed form, weak spin Hall effect; ST-FMR <-> the drive of the equations."""
    magnet = yig(damping=3e-3, field=(0, "0.2 T", 0), anisotropies=SHAPE, begin=(0, 1, 0))
    state = yig_pt(0.0, WEAK_PT).small_angles(magnets=magnet)
    frequency = float(state.frequencies[0])
    omega = 2 * np.pi * frequency

    def along(result: hanle.Result) -> float:
        return float(np.ravel(result.electric_field)[0])  # type: ignore[attr-defined]

    found = state.rectified(frequency, along, field={"YIG": ("10 uT", 0, 0)})
    xi = (state.state.susceptibility("YIG", omega) @ (1e-5, 0, 0))[0]
    flow = 0.5 * np.real(np.cross(xi, np.conj(-1j * omega * xi)))[1]
    i_s = HBAR / (4 * np.pi) * backflow(G_R / QUANTUM, D_N, PT.lam, 1 / PT.rho).real * flow
    assert found == pytest.approx(float(spin_pumping_field(i_s, WEAK, D_N, PT.lam, 1 / PT.rho)), rel=1e-4)
    tone = Tone("du/dx", 1e10 * D_N, omega)
    tilted = yig_pt().small_angles(magnets=yig(damping=3e-3, field=("0.1 T", "0.2 T", 0), begin=(1, 2, 0)))
    by_hand = rectified(tilted.state, tone, lambda solution: solution.amplitude("du/dx"))
    assert abs(by_hand[0]) > 0
    assert tilted.rectified(frequency, along, current_density="1e10 A/m^2") == pytest.approx(by_hand[0], rel=1e-9)
    with pytest.raises(InputError, match="one field or one drive"):
        state.rectified("9 GHz", along)


def pulse(time: float) -> float:
    return 2e11 * np.sin(2 * np.pi * 5e9 * time)


MOTION = {"damping": 0.02, "field": ("20 mT", "0.3 T", 0), "anisotropies": SHAPE, "begin": (-0.6, -0.5, 0.4)}


def test_motion_is_that_of_the_problem_put_together_by_hand() -> None:
    times = np.linspace(0, 0.1e-9, 6)
    course = yig_pt().dynamics(until="0.1 ns", magnets=yig(**MOTION), current_density=pulse, times=times)
    metal = normal_metal(
        conductivity=1 / PT.rho, diffusion_constant=PT.D, diffusion_length=PT.lam, spin_hall_angle=PT.theta
    )

    def problem(m: dict[str, np.ndarray]) -> Problem:
        face = Face(b_layer("YIG", Conductances(0.0, G_R, G_I), m["YIG"]), {"metal": PLUS, "magnet": MINUS})
        layers = Layers(("YIG", "Pt"), [[D_F, D_N]])
        return Problem(layers, {"Pt": metal}, {"YIG|Pt": face}, {}, (Gradient("u", "x"), Gradient("u", "y")))

    alone = Magnet(M_S * D_F, 0.02, (0.02, 0.3, 0.0), (Anisotropy((0, 0, 1), -0.2),))
    spins = Macrospins(problem, {"YIG": alone}, Multilayer(), fluxes={"du/dx": lambda t: D_N * pulse(t)})
    expected = move(spins, {"YIG": MOTION["begin"]}, 0.1e-9)
    np.testing.assert_allclose(course.m["YIG"][-1], expected.m["YIG"][-1], rtol=0, atol=1e-4)
    assert np.abs(np.linalg.norm(course.m["YIG"], axis=1) - 1).max() < ROUND_OFF
    data = course.dataset
    assert dict(data.m.sizes) == {"time": 6, "magnet": 1, "component": 3}
    assert data.m.units == "1"
    assert data.torque.units == "J/m^2"
    assert data.electric_field.units == "V/m"
    np.testing.assert_allclose(data.torque[:, 0], course.found.torques["YIG"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(course.final.device.magnetisation["YIG"], course.m["YIG"][-1], rtol=ROUND_OFF)


def test_wiring_of_terminals() -> None:
    """One current in three spellings; none where nothing is given."""
    device = Device(
        hanle.stack([("Cu", "30 nm"), ("Co", D_CO), ("Pt", D_N)]),
        {name: name for name in ("Cu", "Co", "Pt")},
        magnetisation={"Co": (0.6, 0, 0.8)},
        contacts={"low": ["bottom"], "high": ["top"]},
    )
    magnets = {"Co": Macrospin(damping=0.01, field=(0, 0, "0.5 T"))}
    wiring = {"high": "ground"}
    drives = (
        {"current": "1e11 A/m^2"},
        {"current": lambda time: 1e11},
        {"wiring": {**wiring, "low": ("MA/m^2", lambda time: 1e5)}},
        {},
    )
    found = [device.dynamics(until="2 ps", magnets=magnets, times=["2 ps"], **drive) for drive in drives]
    levels = [float(course.final.terminal_voltage("low", "high")) for course in found]
    assert levels[1:3] == pytest.approx([levels[0]] * 2, rel=ROUND_OFF)
    assert levels[0] > 1e-4
    assert abs(levels[3]) < ROUND_OFF


def test_elements_and_events() -> None:
    event = MotionEvent(lambda time, m: m["YIG"][0], ends=True)
    found = [
        yig_pt().dynamics(
            until="200 ps",
            magnets=yig(**MOTION),
            events={"across": event},
            current_density="1e11 A/m^2",
            error=1e-4,
            **options,  # type: ignore[arg-type]
        )
        for options in ({}, {"engine": "scikit", "order": 2})
    ]
    assert [course.ended_by for course in found] == ["across", "across"]
    exact, elements = found
    assert abs(exact.m["YIG"][-1, 0]) < QUOTIENT
    assert elements.events[0][1] == pytest.approx(exact.events[0][1], rel=1e-3)
    np.testing.assert_allclose(elements.m["YIG"][-1], exact.m["YIG"][-1], atol=1e-3)


@pytest.mark.parametrize(
    ("changes", "magnets", "message"),
    [
        ({}, {"YIG": Macrospin(field=(0, 0, 1))}, r"materials\.YIG\.saturation_magnetisation must be given"),
        ({}, {"YG": Macrospin()}, 'did you mean "YIG"'),
        ({}, {}, "magnets must be at least one"),
        ({}, yig(damping=-1), r"magnets\.YIG\.damping must be"),
        ({}, yig(anisotropies=("1 T",)), r"magnets\.YIG\.anisotropies\[0\] must be a pair"),
        ({"magnetisation": {"YIG": lambda p: p + 1}}, yig(), "is a texture"),
    ],
)
def test_refusals(changes: dict, magnets: dict, message: str) -> None:
    with pytest.raises((InputError, UnsupportedError), match=message):
        yig_pt(**{"field": (0, 0, 1), **changes}).dynamics(until="1 ns", magnets=magnets)
