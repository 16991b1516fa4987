"""Magnets whose motion is given, and courses of devices that are interrupted. What must agree and why:

a cone of any size beside Pt       inverse spin Hall fields, steady and alternating, in closed form at every time
one magnet as told, one free       forced precession, coth and tanh of half the spacer
one magnet held                    the course in which it is not followed
interrupted and resumed            the whole course, with its read-outs
transport that lags                a warning from the course that leaves it out
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hanle
from hanle.boundary.b_layer import Conductances, b_layer
from hanle.materials.load import load
from hanle.meshes.layered import Layers
from hanle.motions import DelayWarning
from hanle.pde.closed_forms.magnetisation_dynamics import backflow, pumped_spin, spin_pumping_field
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.errors import UnsupportedError
from hanle.pde.macrospin import GAMMA, Macrospins, Magnet, precession
from hanle.pde.macrospin_linear import settled
from hanle.pde.macrospin_motion import move
from hanle.pde.metal import normal_metal
from hanle.pde.motion_record import MotionControl, MotionRecord
from hanle.pde.problem import MINUS, PLUS, Face, Problem

PT = load("Pt")
SIGMA, LAM, WEAK = 1 / PT.rho, PT.lam, 1e-3
G_R, M_S, D_F, D_N, SPACER = 1.6e14, 1.4e5, 15e-9, 4e-9, 1e-9
QUANTUM = E_CHARGE**2 / (2 * np.pi * HBAR)
YIG = {"kind": "magnetic insulator", "G_s": "0 S/m^2", "G_r": f"{G_R} S/m^2", "G_i": "0 S/m^2"}
WEAK_PT = {"like": "Pt", "spin_hall_angle": WEAK}


def device(**changes: Any) -> hanle.Device:
    return hanle.Device(hanle.stack([("YIG", D_F), ("Pt", D_N)]), {"YIG": YIG, "Pt": WEAK_PT}, **changes)


def test_fields_of_a_precession_on_a_wide_cone() -> None:
    """i = (hbar/4 pi) g_eff m x dm/dt; E_x ~ i_y, steady about the axis y, E_y ~ -i_x alternates; theta^2 left out."""
    omega, cone = 6e10, 0.6
    motion = hanle.precession((0, 1, 0), cone, omega)
    times = np.arange(8) * 2 * np.pi / omega / 8
    course = device().dynamics(until=times[-1], magnets={"YIG": hanle.PrescribedMotion(motion)}, times=times)
    pairs = np.array([motion(t) for t in times])
    np.testing.assert_allclose(course.m["YIG"], pairs[:, 0], atol=1e-12)
    np.testing.assert_allclose(course.found.rates["YIG"], pairs[:, 1], atol=1e-12 * omega)
    effective = backflow(G_R / QUANTUM, D_N, LAM, SIGMA).real
    flow = HBAR / (4 * np.pi) * effective * np.cross(pairs[:, 0], pairs[:, 1])
    expected = np.stack(
        [spin_pumping_field(part, WEAK, D_N, LAM, SIGMA) for part in (flow[:, 1], -flow[:, 0])], axis=1
    )
    found = course.dataset["electric_field"].values
    np.testing.assert_allclose(found, expected, atol=5 * WEAK**2 * np.abs(expected).max())
    mean = spin_pumping_field(pumped_spin(effective, omega, cone), WEAK, D_N, LAM, SIGMA)
    assert found[:, 0].mean() == pytest.approx(float(mean), rel=5 * WEAK**2)
    assert np.ptp(found[:, 1]) / 2 == pytest.approx(float(mean) / np.tan(cone), rel=0.1)


def valve(m: dict[str, np.ndarray]) -> Problem:
    metal = normal_metal(conductivity=SIGMA, diffusion_constant=PT.D, diffusion_length=LAM)
    low, high = (b_layer(n, Conductances(0.0, G_R, 0.0), m[n]) for n in "AB")
    faces = {
        "A|N": Face(low, {"metal": PLUS, "magnet": MINUS}),
        "N|B": Face(high, {"metal": MINUS, "magnet": PLUS}),
    }
    return Problem(Layers(("A", "N", "B"), [[D_F, SPACER, D_F]]), {"N": metal}, faces)


def test_a_magnet_that_turns_as_told_drives_a_free_one() -> None:
    """xi'(1 - i a) = i gamma B xi + i a_x xi_A'; a of coth plus tanh, a_x of coth less tanh, halves of both."""
    b, omega, alpha, cone = 0.4, 6.5e10, 0.02, 5e-3
    even, odd = (
        2 * G_R / (1 + 2 * G_R * LAM / SIGMA / t)
        for t in (np.tanh(SPACER / 2 / LAM), 1 / np.tanh(SPACER / 2 / LAM))
    )
    pull = GAMMA / (M_S * D_F) * (HBAR / (2 * E_CHARGE)) ** 2
    own, other = alpha + pull * (even + odd) / 2, pull * (even - odd) / 2
    share = 1j * omega * other / (omega * (1 - 1j * own) - GAMMA * b)
    told = precession((0, 0, 1), cone, omega)
    start, end = told(0.0)[0], 1e-10
    xi = share * (start[0] + 1j * start[1])
    free = Magnet(M_S * D_F, alpha, field=(0, 0, b))
    spins = Macrospins(valve, {"A": Magnet(1.0, motion=told), "B": free}, Multilayer())
    found = move(spins, {"B": (xi.real, xi.imag, 1)}, end, record=MotionRecord([end]), control=MotionControl(1e-9))
    ahead = told(end)[0]
    expected = share * (ahead[0] + 1j * ahead[1])
    m = found.m["B"][0]
    assert abs(m[0] + 1j * m[1] - expected) < 1e-3 * abs(expected)
    assert abs(share) > 0.005
    np.testing.assert_allclose(found.m["A"][0], ahead, atol=1e-12)
    with pytest.raises(UnsupportedError, match="whose motion is given"):
        settled(spins, {"B": (0, 0, 1)})


def test_a_magnet_that_is_held() -> None:
    held, free = np.array([0.6, 0.0, 0.8]), Magnet(M_S * D_F, 0.01, field=(0, 0.1, 0.4))
    spins = Macrospins(valve, {"A": Magnet(1.0, motion=lambda t: (held, np.zeros(3))), "B": free}, Multilayer())
    alone = Macrospins(lambda m: valve({"A": held, **m}), {"B": free}, Multilayer())
    ends = [move(s, {"B": (1, 0, 0.2)}, 2e-11, control=MotionControl(1e-8)).m["B"][-1] for s in (spins, alone)]
    np.testing.assert_allclose(ends[0], ends[1], atol=1e-10)


@pytest.mark.parametrize("lagging", [False, True])
def test_interrupted_course_of_a_device_goes_on(tmp_path: Path, lagging: bool) -> None:
    magnets = {
        "YIG": hanle.Macrospin(damping=0.05, field=(0, 1.0, 3.0), begin=(1, 0, 0), saturation_magnetisation=M_S)
    }
    lines: list[str] = []

    def follow(stop: int = 0, **options: Any) -> Any:
        def said(line: str) -> None:
            lines.append(line)
            if len(lines) == stop:
                raise KeyboardInterrupt

        given = {"until": "4 ps", "magnets": magnets, "times": ["0 ps", "1 ps", "4 ps"], "current_density": 1e10}
        more = {"lagging": lagging, "error": 1e-5, "field_error": 1e-2, "progress": said}
        return device().dynamics(**given, **more, **options)

    whole, file = follow(), tmp_path / "course.npz"
    lines.clear()
    with pytest.raises(KeyboardInterrupt):
        follow(4, checkpoint=file, every=100)
    rest = follow(checkpoint=file, resume=True)
    assert rest.found.steps == whole.found.steps > 4
    for name in ("m", "rate", "torque", "electric_field"):
        one, other = (c.dataset[name].values for c in (rest, whole))
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-9 * np.abs(other).max())
    np.testing.assert_allclose(rest.final.torque("YIG"), whole.dataset["torque"][-1, 0], rtol=1e-6)


def test_transport_that_lags_is_named() -> None:
    """Copper relaxes in picoseconds: 10 T are too fast. Delay: relative change of pumping at that frequency."""
    shape = hanle.stack([("YIG", D_F), ("Cu", "400 nm")])
    slow = hanle.Device(shape, {"YIG": YIG, "Cu": "Cu"}, magnetisation={"YIG": (0.3, 0, 1)}, without=("spin Hall",))
    magnets = {"YIG": hanle.Macrospin(field=(0, 0, 10.0), saturation_magnetisation=M_S)}
    with pytest.warns(DelayWarning, match="follow with lagging=True"):
        course = slow.dynamics(until="0.2 ps", magnets=magnets)
    cu, omega = load("Cu"), float(np.linalg.norm(course.found.rates["YIG"], axis=1).max())
    late, quick = (backflow(G_R / QUANTUM, 400e-9, cu.lam, 1 / cu.rho, w, 0.0, cu.D) for w in (omega, 0.0))
    assert course.delay == pytest.approx(abs(late / quick - 1), rel=1e-3)
    calm = hanle.Macrospin(field=(0, 0, 0.1), begin=(1, 0, 1), saturation_magnetisation=M_S)
    assert device().dynamics(until="0.2 ps", magnets={"YIG": calm}).delay == 0
