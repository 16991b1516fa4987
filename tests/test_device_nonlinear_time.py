"""Devices beyond linear response in the course of time. What must agree and why:

Joule-heated film on a bath          <-> series of its modes                       capacities of records, Joule heat
electric power                       = heat out + stored, over the course
Pt | YIG | Pt, golden rule, long     <-> solve(nonlinear=True)                     magnons, heat and spin together
small drives                         <-> the linear course
magnons that condense on the way     <-> SolveError with the time
"""

import numpy as np
import pytest
from scipy.linalg import expm

import hanle
from hanle.pde.constants import LORENZ
from hanle.pde.errors import InputError, SolveError

T0, D, D_PT, D_YIG, D_HIGH = 300.0, 200e-9, 7e-9, 100e-9, 5e-9
FIELD, G = 2e5, 3e17
#: Newton's tolerance.
TIGHT = 1e-10
#: Elements and steps.
SERIES = 2e-3
LONG = 1e-6
RULE = hanle.MagnonInterface(g_r="4.1e18 1/m^2")
COARSE = {"cells_per_length": 3.0}
STORES = {"lattice_heat_capacity": "2.5e6 J/(m^3 K)"}


def film(**changes):
    """A metal film with its bottom at T_0, current along x."""
    heat = {"lattice_heat_conductivity": "5 W/(m K)", "electron_lattice_coupling": f"{G} W/(m^3 K)"}
    given = {
        "materials": {"Au": {"like": "Au", "spin_hall_angle": 0.0, "seebeck": "0 V/K"} | heat | STORES},
        "transport": ("heat",),
        "wires": {"Au": ["Au"]},
        "heat_contacts": {"bath": ["bottom"]},
    }
    return hanle.Device(hanle.stack([("Au", D)]), **given | changes)


def numbers(device):
    """(power density, conductivities, capacities of electrons and lattice, slowest time) of the film."""
    record = device.materials["Au"]
    kappa, capacity = np.array([LORENZ * T0 * record.sigma, 5.0]), np.array([record.gamma * T0, 2.5e6])
    return record.sigma * FIELD**2, kappa, capacity, capacity.sum() * (2 * D / np.pi) ** 2 / kappa.sum()


def heating(z, t, power, kappa, capacity):
    """(T_e, T_p) - T_0 (2, z): both at T_0 below and closed above; electrons are heated from t = 0.

    Every mode sin(n z) is two equations.
    """
    found = np.zeros((2, len(z)))
    for n in np.arange(1, 200, 2) * np.pi / (2 * D):
        loss = np.diag(kappa * n**2) + G * np.array([[1.0, -1.0], [-1.0, 1.0]])
        steady = np.linalg.solve(loss, [2 * power / (n * D), 0.0])
        found += np.outer(steady - expm(-loss / capacity[:, None] * t) @ steady, np.sin(n * z))
    return found


def test_joule_heated_film_is_a_series():
    device = film()
    power, kappa, capacity, slow = numbers(device)
    z = np.array([0.3, 0.6, 1.0]) * D
    points = np.stack([0 * z, 0 * z, z], axis=1)
    times = np.array([0.1, 0.5, 1.5]) * slow
    read = {
        "T": (lambda r: [r.temperature("Au", points, who) - T0 for who in ("electrons", "lattice")], "K"),
        "power": (lambda r: r.electric_power, "W/m^2"),
        "out": (lambda r: r.heat_out, "W/m^2"),
    }
    options = {"nonlinear": True, "read": read, "mesh_options": {"growth": 1.3}}
    course = device.transient(wiring={"Au": f"{FIELD} V/m"}, until=times[-1], times=times, error=1e-5, **options)
    data = course.dataset
    exact = np.array([heating(z, t, power, kappa, capacity) for t in times])
    np.testing.assert_allclose(data["T"], exact, rtol=0, atol=SERIES * exact.max())
    np.testing.assert_allclose(data["power"], power * D, rtol=1e-8)
    assert np.all(np.diff(data["out"]) > 0)


def test_energy_over_a_course():
    """What was supplied less what left is what the film holds: the work over the course, by its own steps."""
    device = film()
    _, _, _, slow = numbers(device)
    record = device.materials["Au"]
    z = np.linspace(0, D, 401)
    points = np.stack([0 * z, 0 * z, z], axis=1)

    def held(result):
        rises = [result.temperature("Au", points, who) - T0 for who in ("electrons", "lattice")]
        return np.trapezoid(record.gamma * T0 * rises[0] + 2.5e6 * rises[1], z)

    def drive(t):
        return FIELD * np.sin(2 * t / slow)

    read = {"left": (lambda r: r.electric_power - r.heat_out, "W/m^2"), "held": (held, "J/m^2")}
    options = {"nonlinear": True, "read": read, "mesh_options": {"growth": 1.3}}
    times = np.linspace(0, 1.5, 41) * slow
    course = device.transient(wiring={"Au": ("V/m", drive)}, until=times[-1], times=times, error=1e-5, **options)
    left, stored = course.dataset["left"].values, course.dataset["held"].values
    dt = times[1]
    work = dt / 3 * (left[0] + left[-1] + 4 * left[1:-1:2].sum() + 2 * left[2:-1:2].sum())
    assert stored[-1] - stored[0] == pytest.approx(work, rel=SERIES)
    assert abs(left[-1]) > 0.01 * np.abs(left).max()


def seebeck_stack(**changes):
    """Pt | YIG | Pt, m along y."""
    given = {
        "magnetisation": {"YIG": (0, 1, 0)},
        "field": (0, 1, 0),
        "transport": ("magnons", "heat"),
        "wires": {"in": ["low"], "out": ["high"]},
        "heat_contacts": {"bath": ["top"], "heater": ["bottom"]},
        "interfaces": {"low|YIG": RULE, "YIG|high": RULE},
    }
    pt, yig = {"like": "Pt"} | STORES, {"like": "YIG", "magnon_diffusion_length": "1 um"}
    layers = [("low", D_PT), ("YIG", D_YIG), ("high", D_HIGH)]
    return hanle.Device(hanle.stack(layers), {"low": pt, "YIG": yig, "high": pt}, **given | changes)


def wired(current):
    return {"in": current, "heater": "0 W/m^2"}


@pytest.mark.slow
def test_long_time_is_the_steady_solution():
    device = seebeck_stack()
    steady = device.solve(wiring=wired("500 A/m"), nonlinear=True, tolerance=TIGHT, mesh_options=COARSE)
    course = device.transient(
        wiring=wired("500 A/m"), until="2 us", nonlinear=True, tolerance=TIGHT, error=1e-2, mesh_options=COARSE
    )
    last = course.final
    for wire in ("in", "out"):
        assert last.wire_field(wire) == pytest.approx(steady.wire_field(wire), rel=LONG)
    assert last.contact_temperature("heater") == pytest.approx(steady.contact_temperature("heater"), rel=LONG)
    assert last.electric_power == pytest.approx(last.heat_out, rel=LONG)
    assert course.effort.residual < TIGHT
    assert course.effort.operators < 2 * course.effort.steps
    begun = device.transient(
        wiring=wired("500 A/m"), until="1 ns", nonlinear=True, initial=steady, tolerance=TIGHT, error=1e-2
    )
    assert begun.effort.steps == 1
    assert begun.final.wire_field("out") == pytest.approx(steady.wire_field("out"), rel=LONG)


@pytest.mark.slow
def test_small_drives_are_the_linear_course():
    device, options = seebeck_stack(), {"until": "0.1 ns", "times": ["10 ps", "0.1 ns"], "mesh_options": COARSE}
    one, other = (
        device.transient(wiring=wired("1 mA/m"), nonlinear=nonlinear, error=1e-2, **options).dataset
        for nonlinear in (True, False)
    )
    np.testing.assert_allclose(one["field_along"], other["field_along"], rtol=1e-2)


def test_condensation_names_the_time():
    with pytest.raises(SolveError, match=r"at .*e-\d+ s.*: region YIG: magnon potential must be below the gap"):
        seebeck_stack().transient(
            wiring=wired("1e5 A/m"), until="1 us", nonlinear=True, error=1e-2, mesh_options=COARSE
        )


def test_refusals():
    plain = hanle.Device(hanle.stack([("Pt", D_PT)]), {"Pt": "Pt"})
    with pytest.raises(InputError, match="nonlinear must be left out where heat is not solved for"):
        plain.transient(until="1 ps", nonlinear=True)
