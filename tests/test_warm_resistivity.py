"""Resistivity at the temperature of the place, beyond linear response. What must agree and why:

thin film, current given     <-> T - T_0 = P/(h - alpha P), P = d rho j^2       the film is as warm everywhere
                             <-> no steady state above h = alpha P              thermal runaway
thin film, field given       <-> the root of a quadratic                        it cools itself
table of two entries         <-> coefficient                                    the same line
bar with a Seebeck effect    <-> cos(a x), a^2 = alpha rho j^2/kappa            S T j at the temperature of the place
law of a magnet at a state   <-> differences                                    the Jacobian is that of the law
"""

import numpy as np
import pytest

import hanle
from hanle.joule_heating import heated
from hanle.pde.errors import SolveError
from hanle.solving import pose

T0, D, H, RHO, ALPHA = 300.0, 1e-8, 1e6, 4e-7, 2.5e-3
EXCHANGE = 1e19
#: h d/kappa, and what electrons are warmer than the lattice is in the formula.
THIN = 1e-3
PT = {
    "resistivity": {"value": f"{RHO} Ohm m", "temperature": "300 K"},
    "spin_hall_angle": 0.0,
    "diffusion_length": "1.5 nm",
    "density_of_states": "6e47 1/(J m^3)",
    "electron_heat_conductivity": "15 W/(m K)",
    "lattice_heat_conductivity": "5 W/(m K)",
    "electron_lattice_coupling": f"{EXCHANGE} W/(m^3 K)",
    "temperature_coefficient": f"{ALPHA} 1/K",
}
#: Second order on forty cells, and electrons hardly warmer than the lattice.
BAR = 1e-5
#: Temperature of the electrons per power density: through the face and to the lattice.
PER_POWER = D / H + 1 / EXCHANGE


def film(metal=PT):
    return hanle.Device(
        hanle.stack([("Pt", D)]),
        {"Pt": metal},
        transport=["heat"],
        wires={"Pt": ["Pt"]},
        interfaces={"bottom": hanle.HeatContact(lattice=f"{H} W/(m^2 K)")},
    )


def warmth(result):
    return float(result.temperature("Pt", [[0, 0, D / 2]], "electrons")[0]) - T0


def test_given_current(elements):
    power = RHO * 8e10**2 * PER_POWER
    expected = power / (1 - ALPHA * power)
    options = {"engine": elements.name, "solver": "direct", "nonlinear": True}
    result = film().solve(wiring={"Pt": f"{8e10 * D} A/m"}, **options)
    assert 20 < expected < 60
    assert warmth(result) == pytest.approx(expected, rel=THIN)
    assert result.wire_field("Pt") == pytest.approx(
        RHO * (1 + ALPHA * expected) * 8e10, rel=THIN * ALPHA * expected
    )
    table = {key: value for key, value in PT.items() if key != "temperature_coefficient"}
    line = [["300 K", 1.0], ["500 K", 1 + ALPHA * 200]]
    again = film(table | {"resistivity_ratios": line}).solve(wiring={"Pt": f"{8e10 * D} A/m"}, **options)
    assert warmth(again) == pytest.approx(warmth(result), rel=1e-7)
    cold = film(table).solve(wiring={"Pt": f"{8e10 * D} A/m"}, **options)
    assert warmth(cold) == pytest.approx(power, rel=THIN)


def test_given_field(elements):
    power = 3.2e4**2 / RHO * PER_POWER
    expected = (np.sqrt(1 + 4 * ALPHA * power) - 1) / (2 * ALPHA)
    result = film().solve(wiring={"Pt": "3.2e4 V/m"}, engine=elements.name, solver="direct", nonlinear=True)
    assert warmth(result) == pytest.approx(expected, rel=THIN)


def test_runaway_is_no_steady_state(elements):
    runaway = np.sqrt(1 / (ALPHA * RHO * PER_POWER))
    options = {"engine": elements.name, "solver": "direct", "nonlinear": True}
    near = film().solve(wiring={"Pt": f"{0.9 * runaway * D} A/m"}, **options)
    power = RHO * (0.9 * runaway) ** 2 * PER_POWER
    assert warmth(near) == pytest.approx(power / (1 - ALPHA * power), rel=10 * THIN)
    with pytest.raises(SolveError):
        film().solve(wiring={"Pt": f"{1.1 * runaway * D} A/m"}, **options)


@pytest.mark.parametrize("seebeck", ["0 uV/K", "-30 uV/K"])
def test_bar_between_two_baths(elements, seebeck):
    length, j, kappa = 2e-5, 1.0e10, 20.0
    strong = {"electron_lattice_coupling": "1e19 W/(m^3 K)", "seebeck": seebeck}
    bar = hanle.Device(
        hanle.stack([("Pt", length)], contacts=True),
        {"Pt": PT | strong},
        transport=["heat"],
        heat_contacts={"low": ["bottom"], "high": ["top"]},
    )
    result = bar.solve(
        wiring={"top": "ground", "bottom": f"{j} A/m^2"},
        engine=elements.name,
        order=2,
        solver="direct",
        nonlinear=True,
        mesh_options={"sizes": {"z": length / 40}},
    )
    a = np.sqrt(ALPHA * RHO * j**2 / kappa)
    half = np.tan(a * length / 2)
    middle = (1 / np.cos(a * length / 2) - 1) / ALPHA
    assert 30 < middle < 200
    at = [[0, 0, length / 2]]
    assert float(result.temperature("Pt", at)[0]) - T0 == pytest.approx(middle, rel=BAR)
    assert float(result.terminal_voltage("bottom")) == pytest.approx(RHO * j * 2 / a * half, rel=BAR)
    out, peltier = kappa * a / ALPHA * half, float(seebeck.split()[0]) * 1e-6 * T0 * j
    assert float(result.heat_current("low")) == pytest.approx(-out + peltier, rel=BAR)
    assert float(result.heat_current("high")) == pytest.approx(-out - peltier, rel=BAR)


def test_law_at_a_state(rng):
    """A ferromagnet: spin Hall, anomalous Hall and Seebeck terms all with the conductivity of the place."""
    magnet = {
        "like": "Co",
        "spin_hall_angle": 0.05,
        "seebeck": "-25 uV/K",
        "spin_dependent_seebeck": "4 uV/K",
        "lattice_heat_conductivity": "20 W/(m K)",
        "electron_lattice_coupling": "1e18 W/(m^3 K)",
        "temperature_coefficient": "3e-3 1/K",
    }
    device = hanle.Device(
        hanle.stack([("Co", D)], contacts=True),
        {"Co": magnet},
        magnetisation={"Co": (0.6, 0, 0.8)},
        transport=["heat"],
        heat_contacts={"bath": ["bottom"]},
    )
    posed = pose(device, drive={"current": "1 A/m^2"}, engine="scikit", mesh_options={"sizes": {"z": D / 2}})
    law = heated(device, posed.problem).problem.regions["Co"]
    assert law.at is not None
    size = law.fields.size
    scale = np.array([1e-3, *[1e-5] * 3, 0.1, 0.1])
    values = scale * rng.normal(size=(1, 1, 1, size))
    gradients = 1e7 * scale * rng.normal(size=(1, 1, 1, 3, size))
    near = law.at(values, gradients)
    for which in range(2 * size):
        moved = [values.copy(), gradients.copy()]
        step = 1e-5 * (scale[which % size] if which < size else 1e7 * scale[which % size])
        place = (..., which % size) if which < size else (..., 2, which % size)
        sides = []
        for sign in (1, -1):
            state = [x.copy() for x in moved]
            state[which >= size][place] += sign * step
            touched = law.at(*state)
            sides.append((touched.flux(*state), touched.loss(*state), near.flux(*state), near.loss(*state)))
        flux, loss, linear_flux, linear_loss = (plus - minus for plus, minus in zip(*sides, strict=True))
        for found, tangent, whole in ((linear_flux, flux, sides[0][0]), (linear_loss, loss, sides[0][1])):
            np.testing.assert_allclose(found, tangent, rtol=1e-6, atol=1e-9 * np.abs(whole).max())
    # The conductivity of the place.
    cold, t = law.at(0 * values, gradients), float(values[0, 0, 0, 4])
    ratio = near.flux(values, gradients)[..., :4] / cold.flux(0 * values, gradients)[..., :4]
    np.testing.assert_allclose(ratio, 1 / (1 + 3e-3 * T0 * t), rtol=1e-12)
