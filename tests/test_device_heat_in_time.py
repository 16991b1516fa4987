"""Heat and magnons of devices in the course of time. What must agree and why:

metal film that is heated           <-> Laplace transforms of both temperatures     capacities, exchange, faces
the same in a section               <-> the film                                    closed edges change nothing
step size                           <-> order 3                                     the scheme in time
heat supplied, lost and stored      <-> each other                                  capacities in read-outs and laws
film of YIG beside Pt, switched off <-> slowest root of the equation of its magnons dn/dmu, relaxation, contact
Pt | YIG after a heat pulse         <-> solve, long after; reversed m               all fields together
course of a contact that is warmed  <-> the same in steps                           electrons follow the lattice there
"""

import numpy as np
import pytest
from scipy.optimize import brentq

import hanle
from hanle.boundary.magnons.gas import capacities
from hanle.boundary.magnons.linear import mixing
from hanle.boundary.magnons.spectrum import Parabolic
from hanle.pde.constants import E_CHARGE, HBAR, MU_B
from hanle.pde.errors import InputError

T0, D, Q = 300.0, 60e-9, 1e9
PT = {
    "like": "Pt",
    "electron_heat_conductivity": "12 W/(m K)",
    "lattice_heat_conductivity": "4 W/(m K)",
    "electron_lattice_coupling": "1e17 W/(m^3 K)",
    "sommerfeld_coefficient": "700 J/(m^3 K^2)",
    "lattice_heat_capacity": "2.5e6 J/(m^3 K)",
}
KAPPA, CAPACITY, G = np.diag([12.0, 4.0]), np.diag([700 * T0, 2.5e6]), 1e17
DIFFERENCE = np.array([[1.0, -1.0], [-1.0, 1.0]])
TAU = D**2 * CAPACITY.sum() / KAPPA.sum()
TIMES = TAU * np.array([0.02, 0.1, 0.5, 1.5])
HEIGHTS = D * np.array([0.2, 0.6, 0.9])
HEAT = {"bath": ["bottom"], "top": ["top"]}
#: Second order with four cells per length, and steps to 1e-5.
ELEMENTS = 2e-4
#: Steps to 1e-4.
SECTION = 1e-3
#: A course to 1e-6 against itself.
STEPS = 2e-5


def film(elements_shape=None, **changes):
    """One metal film between a bath and a heater."""
    shape = elements_shape or hanle.stack([("Pt", D)])
    given = {"transport": ["heat"], "wires": {"Pt": ["Pt"]}, "heat_contacts": HEAT}
    return hanle.Device(shape, {"Pt": PT}, **given | changes)


def warming(z, t):
    """(T_e, T_p) - T_0 at height z, time t after heat Q is switched on at the top, where both have one temperature.

    K T'' = (G + s C) T of their Laplace transforms, turned back along the contour of Talbot.
    """
    angle = np.arange(1, 32) * np.pi / 32
    nodes = 0.4 * 32 * np.concatenate([[1.0], angle * (1 / np.tan(angle) + 1j)]) / t
    turns = np.concatenate([[0.5], 1 + 1j * (angle + (angle / np.tan(angle) - 1) / np.tan(angle))])
    found = np.zeros(2)
    for s, turn in zip(nodes, turns, strict=True):
        rates, modes = np.linalg.eig(np.linalg.solve(KAPPA, G * DIFFERENCE + s * CAPACITY))
        k = np.sqrt(rates)
        # Amplitudes of sinh(kz)/cosh(kD): no difference at the top, and heat Q of both together.
        top = np.array([(modes[0] - modes[1]) * np.tanh(k * D), np.ones(2) @ KAPPA @ modes * k])
        amplitudes = np.linalg.solve(top, np.array([0.0, Q / s]))
        field = modes @ (amplitudes * np.exp(k * (z - D)) * (1 - np.exp(-2 * k * z)) / (1 + np.exp(-2 * k * D)))
        found += 0.4 / t * np.real(np.exp(s * t) * turn * field)
    return found


def points(z, dimension=1):
    return np.stack([np.zeros_like(z), np.full_like(z, 30e-9 if dimension == 2 else 0.0), z], axis=-1)


@pytest.mark.parametrize("dimension", [1, 2])
def test_warming_film_is_the_transform(elements, dimension):
    shape = None if dimension == 1 else hanle.section("100 nm", [("Pt", D)])
    heat = f"{Q * (1.0 if dimension == 1 else 1e-7)!r} {'W/m^2' if dimension == 1 else 'W/m'}"
    at = points(HEIGHTS, dimension)
    read = {n: (lambda r, n=n: r.temperature("Pt", at, n), "K") for n in ("electrons", "lattice")}
    options = {"cells_per_length": 4, "growth": 1.0} if dimension == 1 else {"sizes": {"y": 1e-7, "z": 5e-9}}
    times = TIMES if dimension == 1 else TIMES[:2]
    course = film(shape).transient(
        until=times[-1],
        times=times,
        wiring={"top": heat},
        read=read,
        error=1e-5 if dimension == 1 else 1e-4,
        order=2,
        engine=elements.name,
        solver="direct",
        mesh_options=options,
    )
    exact = T0 + np.array([[warming(z, t) for z in HEIGHTS] for t in times])
    largest, accepted = np.abs(exact - T0).max(), ELEMENTS if dimension == 1 else SECTION
    for k, name in enumerate(read):
        np.testing.assert_allclose(course.dataset[name], exact[..., k], rtol=0, atol=accepted * largest)
    # The electrons, which store less and conduct more, are ahead.
    assert np.max(exact[..., 0] - exact[..., 1]) > 100 * ELEMENTS * largest


def smooth(t):
    return np.sin(np.pi * t / TAU) ** 2


def test_order_in_time(elements):
    """Fixed steps under a smooth drive: errors fall as the third power."""
    device, ends = film(), []
    for steps in (32, 64, 256):
        course = device.transient(
            until=TAU,
            wiring={"top": ("W/m^2", lambda t: Q * smooth(t))},
            times=[TAU],
            read={"lattice": (lambda r: r.temperature("Pt", points(HEIGHTS)) - T0, "K")},
            error=0.9,
            max_step=TAU / steps,
            engine=elements.name,
            solver="direct",
            mesh_options={"cells_per_length": 4},
        )
        ends.append(course.dataset.lattice.values[-1])
    errors = [float(np.abs(end - ends[-1]).max()) for end in ends[:2]]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(3.0, abs=0.2)


def test_what_is_supplied_is_lost_or_stored(elements):
    """Heat in through the contacts up to a time, and what the capacities hold then."""
    times = np.linspace(0, 0.8 * TAU, 81)
    course = film().transient(
        until=times[-1],
        times=times,
        wiring={"top": ("W/m^2", lambda t: Q * smooth(t))},
        error=1e-6,
        engine=elements.name,
        solver="direct",
        mesh_options={"cells_per_length": 4},
    )
    heat = course.dataset.heat.sum("contact").values
    weights = np.ones(81)
    weights[1:-1:2], weights[2:-1:2] = 4, 2
    supplied = (times[1] - times[0]) / 3 * weights @ heat
    samples = course.final.solution.samples("Pt")
    mean = T0 * np.einsum("bcpf,bcp->f", samples.values[..., -2:], samples.weights)
    stored = float(np.diag(CAPACITY) @ mean)
    assert stored == pytest.approx(supplied, rel=STEPS)
    assert course.dataset.heat.sel(contact="bath").values[-1] < -0.01 * Q, "nothing is lost"
    assert max(float(np.max(b.error)) for b in course.final.balances.values() if b.name == "u") < 1e-6


#: Part of the exchange with Pt that leaves the contact as slow as diffusion.
WEAK = 0.01


def carrying(**changes):
    """Pt on a film of YIG, m and B along y."""
    shape = hanle.stack([("YIG", 3e-7), ("Pt", 5e-9)])
    given = {"magnetisation": {"YIG": (0, 1, 0)}, "field": (0, 0.1, 0), "wires": {"Pt": ["Pt"]}}
    return hanle.Device(shape, {"YIG": "YIG", "Pt": "Pt"}, **given | {"transport": ["magnons"]} | changes)


def slowest(device):
    """Slowest rate s [1/s], and kd: w_m = cos(kz) e^{-st}, 2 sigma_m k tan(kd) = Y Y_Pt/(Y + Y_Pt) at the contact."""
    pt, yig, d, thin = device.materials["Pt"], device.materials["YIG"].magnons.value, 3e-7, 5e-9
    sigma, length = yig("magnon_conductivity"), yig("magnon_diffusion_length")
    gap = 2 * MU_B * 0.1
    chi = 4 * E_CHARGE**2 * float(capacities(Parabolic(yig("spin_wave_stiffness"), gap), T0).number)
    g = WEAK * float(mixing(device.conductances("YIG|Pt"))[0])
    contact = 4 * E_CHARGE**2 * g / HBAR

    def lacking(k):
        s = (2 * sigma * k**2 + 2 * sigma / length**2) / chi
        decay = np.sqrt(1 / pt.lam**2 - s / pt.D)
        film = pt.sigma * decay * np.tanh(decay * thin)
        return 2 * sigma * k * np.tan(k * d) - contact * film / (contact + film)

    k = brentq(lacking, 1e-3 / d, (np.pi / 2 - 1e-9) / d, xtol=1e-12 / d)
    return (2 * sigma * k**2 + 2 * sigma / length**2) / chi, k * d


def test_magnons_decay_as_they_must(elements):
    """After the current is switched off; nothing but the slowest mode is left after a while."""
    device = carrying(interfaces={"YIG|Pt": hanle.MagnonInterface(inelastic_scale=WEAK)})
    rate, phase = slowest(device)
    # Neither the contact alone nor diffusion alone decides.
    assert 0.3 < phase < 1.5
    options = {"engine": elements.name, "solver": "direct", "order": 2, "tolerance": 1e-12}
    start = device.solve(wiring={"Pt": "100 A/m"}, mesh_options={"cells_per_length": 4}, **options)
    at = [[0, 0, 1e-7]]
    times = np.array([6.0, 7.0]) / rate
    course = device.transient(
        until=times[-1],
        times=times,
        initial=start,
        wiring={"Pt": "0 A/m"},
        read={"mu": (lambda r: r.magnon_potential("YIG", at)[0], "V")},
        error=1e-6,
        **options,
    )
    first, second = course.dataset.mu.values
    assert np.log(first / second) == pytest.approx(1.0, rel=1e-4)
    assert abs(first) > 1e-12


def test_time_resolved_spin_seebeck_effect_ends_as_the_steady_one(elements):
    heat = {"transport": ["magnons", "heat"], "heat_contacts": HEAT}
    device = carrying(**heat)
    options = {"engine": elements.name, "solver": "direct", "order": 2}
    course = device.transient(until="1 us", wiring={"top": "1e7 W/m^2"}, tolerance=1e-10, **options)
    steady = device.solve(wiring={"top": "1e7 W/m^2"}, mesh=course.final.mesh, tolerance=1e-10, **options)
    found = course.dataset
    assert float(found.temperature_difference.sel(contact="top")[-1]) == pytest.approx(
        float(steady.contact_temperature("top")), rel=1e-4
    )
    assert float(found.field_along[-1, 0]) == pytest.approx(float(steady.wire_field("Pt")), rel=1e-2)
    assert float(found.heat.sel(contact="bath")[-1]) == pytest.approx(-1e7, rel=1e-4)
    other = carrying(magnetisation={"YIG": (0, -1, 0)}, field=(0, -0.1, 0), **heat)
    turned = other.transient(until="2 ns", wiring={"top": "1e7 W/m^2"}, times=["2 ns"], **options)
    again = device.transient(until="2 ns", wiring={"top": "1e7 W/m^2"}, times=["2 ns"], **options)
    assert float(turned.dataset.field_along[0, 0]) == pytest.approx(
        -float(again.dataset.field_along[0, 0]), rel=1e-6
    )
    assert float(turned.dataset.temperature_difference[0, 1]) == pytest.approx(
        float(again.dataset.temperature_difference[0, 1]), rel=1e-6
    )


def test_temperature_of_a_contact_as_a_function(elements):
    """Electrons at a contact on a metal have the temperature of the lattice there, whatever it does."""
    options = {"until": TAU, "times": [0.3 * TAU, TAU], "engine": elements.name, "solver": "direct"}
    read = {"e": (lambda r: r.temperature("Pt", points(np.array([D])), "electrons")[0] - T0, "K")}
    one = film().transient(wiring={"top": ("mK", lambda t: 5.0)}, read=read, **options)
    other = film().transient(wiring={"top": "5 mK"}, read=read, **options)
    np.testing.assert_allclose(one.dataset.e, 5e-3, rtol=1e-9)
    np.testing.assert_allclose(one.dataset.heat, other.dataset.heat, rtol=1e-9)
    assert one.final.wiring.temperatures["top"] == pytest.approx(5e-3, rel=1e-12)
    ramp = film().transient(wiring={"top": ("K", lambda t: 1e-3 * t / TAU)}, read=read, **options)
    np.testing.assert_allclose(ramp.dataset.temperature_difference.sel(contact="top"), [3e-4, 1e-3], rtol=1e-9)
    np.testing.assert_allclose(ramp.dataset.e, [3e-4, 1e-3], rtol=1e-8)


@pytest.mark.parametrize(
    ("materials", "field", "transport", "message"),
    [
        ({"YIG": "YIG", "Pt": PT}, 0.0, ["magnons"], r"YIG\.anisotropy_gap must be such that magnons have a gap"),
        ({"YIG": "YIG", "Pt": "bare"}, 0.1, ["magnons", "heat"], r"Pt\.lattice_heat_capacity must be given"),
        ({"YIG": "bare", "Pt": PT}, 0.1, ["magnons"], r"YIG\.spin_wave_stiffness must be given"),
    ],
)
def test_what_is_not_known_is_named(materials, field, transport, message):
    bare = {
        "Pt": {"resistivity": "0.4 uOhm m", "spin_hall_angle": 0.1, "diffusion_length": "2 nm",
               "density_of_states": "6e47 1/(J m^3)", "lattice_heat_conductivity": "5 W/(m K)",
               "electron_lattice_coupling": "1e17 W/(m^3 K)"},
        "YIG": {"kind": "magnetic insulator", "G_s": "-1e13 S/m^2", "G_r": "4e14 S/m^2", "G_i": "0 S/m^2",
                "magnon_conductivity": "5e5 S/m", "magnon_diffusion_length": "9 um"},
    }  # fmt: skip
    chosen = {name: bare[name] if given == "bare" else given for name, given in materials.items()}
    heat = {"heat_contacts": HEAT} if "heat" in transport else {}
    device = hanle.Device(
        hanle.stack([("YIG", 3e-7), ("Pt", 5e-9)]),
        chosen,
        magnetisation={"YIG": (0, 1, 0)},
        field=(0, field, 0),
        transport=transport,
        wires={"Pt": ["Pt"]},
        **heat,
    )
    with pytest.raises(InputError, match=message):
        device.transient(until="1 ps", wiring={"Pt": "1 A/m"})
    with pytest.raises(InputError, match=message):
        device.solve_ac(frequency="1 GHz", wiring={"Pt": "1 A/m"})


def test_given_susceptibility_needs_no_gap():
    number = {"like": "YIG", "magnon_number_susceptibility": "3e48 1/(J m^3)"}
    device = carrying(field=(0, 0, 0))
    device = device.with_changes(materials={"YIG": number, "Pt": "Pt"})
    found = device.solve_ac(frequency=["1 kHz", "1 GHz"], wiring={"Pt": "1 A/m"})
    assert abs(found.wire_field("Pt")[1].imag) > 0
