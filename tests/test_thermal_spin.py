"""Heat in stacks of ferromagnets and normal metals, current and heat perpendicular to the layers.

exact engine                <-> two-current closed form: spin valves, transparent and resistive faces, P, AP, any m
elements                    -> the same, at their order
thermal spin injection      <-> Slachter's formula for thick layers
spin-dependent Peltier      <-> closed form of P - AP, one end without heat
Kelvin                      V/dT (m) = -Q/(T_0 I) (-m), with every coupling on
"""

import numpy as np
import pytest

import hanle
from hanle.pde.closed_forms.thermal_spin import Element, injected, respond
from hanle.pde.constants import LORENZ

T0 = 300.0
#: Double precision behind sums over layers; small differences of large ones.
EXACT, SMALL = 1e-9, 1e-6

CO = {"rho": 1.5e-7, "length": 3.8e-8, "P": 0.46, "S": -2.1e-5, "S_s": -1.8e-6, "kappa": 30.0}
PY = {"rho": 2.5e-7, "length": 5e-9, "P": 0.65, "S": -1.8e-5, "S_s": -3.8e-6, "kappa": 20.0}
CU = {"rho": 2.9e-8, "length": 3.5e-7, "P": 0.0, "S": 1.7e-6, "S_s": 0.0, "kappa": 200.0}


def record(given, **changes):
    """Electrons without exchange with the lattice to speak of."""
    table = {
        "resistivity": f"{given['rho']!r} Ohm m",
        "diffusion_length": f"{given['length']!r} m",
        "diffusion_constant": "5e-3 m^2/s",
        "spin_hall_angle": 0.0,
        "electron_heat_conductivity": f"{given['kappa']!r} W/(m K)",
        "lattice_heat_conductivity": "5 W/(m K)",
        "electron_lattice_coupling": "1e-3 W/(m^3 K)",
        "seebeck": f"{given['S']!r} V/K",
    }
    if given["P"]:
        table |= {
            "kind": "ferromagnetic metal",
            "polarisation": given["P"],
            "dephasing_length": "5 nm",
            "spin_dependent_seebeck": f"{given['S_s']!r} V/K",
        }
    return table | changes


def element(given, thickness, sign=1.0):
    return Element(
        1 / given["rho"],
        given["kappa"],
        sign * given["P"],
        given["S"],
        sign * given["S_s"],
        thickness,
        given["length"],
    )


FACE = hanle.Circuit.from_resistance(8e-16, 0.6).with_heat(seebeck=-7e-6, spin_dependent_seebeck=4e-6)
G_FACE = 1 / 8e-16


def face_element(sign=1.0):
    return Element(G_FACE, LORENZ * T0 * G_FACE, 0.6 * sign, -7e-6, 4e-6 * sign)


THICK = {"low": 2e-8, "F": 1.5e-8, "N": 6e-8, "G": 1e-8, "high": 3e-8}


def valve(sign=1.0, axis=(0, 0, 1), interfaces=None, **changes):
    """Cu | Co | Cu | Py | Cu."""
    shape = hanle.stack(list(THICK.items()), contacts=True)
    axis = np.asarray(axis, dtype=float)
    return hanle.Device(
        shape,
        {"low": record(CU), "F": record(CO), "N": record(CU), "G": record(PY), "high": record(CU)},
        magnetisation={"F": axis, "G": sign * axis},
        transport=("heat",),
        heat_contacts={"cold": ["bottom"], "hot": ["top"]},
        interfaces=interfaces or {},
        **changes,
    )


def elements_of(sign, faces):
    found = [
        element(CU, THICK["low"]),
        element(CO, THICK["F"]),
        element(CU, THICK["N"]),
        element(PY, THICK["G"], sign),
        element(CU, THICK["high"]),
    ]
    if faces:
        found.insert(1, face_element())
        found.insert(5, face_element(sign))
    return found


RESISTIVE = {"low|F": FACE, "G|high": FACE}


def answers(device, engine="multilayer", **options):
    """(V and heat of 1 K, V and heat of a current): the currents along z that the closed form counts."""
    warmed = device.solve(wiring={"hot": "1 K", "top": "ground"}, engine=engine, **options)
    driven = device.solve(wiring={"bottom": "1e10 A/m^2", "top": "ground"}, engine=engine, **options)
    return np.array(
        [[float(r.terminal_voltage("bottom", "top")), -float(r.heat_current("cold"))] for r in (warmed, driven)]
    )


@pytest.mark.parametrize("faces", [False, True], ids=["transparent", "resistive"])
@pytest.mark.parametrize("sign", [1.0, -1.0], ids=["P", "AP"])
def test_stacks_are_the_two_current_model(sign, faces, rng):
    device = valve(sign, rng.normal(size=3), RESISTIVE if faces else None)
    found = answers(device)
    stack = elements_of(sign, faces)
    warmed, driven = respond(stack, T0, 0.0, warming=1.0), respond(stack, T0, 1e10, warming=0.0)
    lattice = 5.0 / sum(THICK.values())
    np.testing.assert_allclose(found[0], [warmed.voltage, warmed.heat + lattice], rtol=EXACT)
    np.testing.assert_allclose(found[1], [driven.voltage, driven.heat], rtol=EXACT)


def test_accumulation_is_that_of_the_two_current_model():
    device = valve(-1.0, (0, 1, 0), RESISTIVE)
    result = device.solve(wiring={"hot": "1 K", "top": "ground"})
    stack = respond(elements_of(-1.0, True), T0, 0.0, warming=1.0)
    z = np.cumsum(list(THICK.values()))
    points = [[0, 0, z[1]], [0, 0, z[2]]]
    found = result.spin_accumulation("N", points)[:, 1]
    np.testing.assert_allclose(found, 2 * stack.accumulation[[3, 4]], rtol=EXACT)


def equal_cells(size):
    """Cells of one size [m] everywhere; shortest decay length: 5 nm."""
    return {"cells_per_length": 5e-9 / size, "growth": 1.0, "sizes": {"z": size}}


@pytest.mark.parametrize("order", [1, 2])
def test_elements_approach_the_exact_engine(elements, order):
    """Voltages, heat and spin accumulation of a driven and of a warmed valve."""
    ends = np.cumsum(list(THICK.values()))[1:3]

    def ask(**options):
        device = valve(-1.0, interfaces=RESISTIVE)
        found = []
        for wiring in ({"hot": "1 K", "top": "ground"}, {"bottom": "1e10 A/m^2", "top": "ground"}):
            result = device.solve(wiring=wiring, tolerance=1e-13, **options)
            found += [*result.spin_accumulation("N", [[0, 0, z] for z in ends])[:, 2]]
            found += [float(result.terminal_voltage("bottom", "top")), float(result.heat_current("cold"))]
        return np.array(found)

    exact = ask(engine="multilayer")
    sizes = [1.25e-9, 6.25e-10] if order == 1 else [5e-9 / 3, 5e-9 / 6]
    errors = [
        np.abs(ask(engine=elements.name, order=order, mesh_options=equal_cells(h)) / exact - 1) for h in sizes
    ]
    rates = np.log2(errors[0] / errors[1])
    # The heat of the warmed valve is nearly that of its layers alone.
    seen = errors[1] > 1e-10
    assert seen.sum() >= 6
    np.testing.assert_allclose(rates[seen], 2 * order, atol=0.1 * order)


def test_thermal_spin_injection_of_thick_layers():
    """Slachter et al., 2010: mu_s/e = -2 c h T' / [(c/l) (kappa/K)^{1/2} + sigma_N/l_N], ends insulated for spin."""
    thickness = {"F": 6e-7, "N": 6e-6}
    device = hanle.Device(
        hanle.stack(list(thickness.items()), contacts=True),
        {
            "F": record(CO, lattice_heat_conductivity="1e-6 W/(m K)"),
            "N": record(CU, lattice_heat_conductivity="1e-6 W/(m K)"),
        },
        magnetisation={"F": (1, 0, 0)},
        transport=("heat",),
        heat_contacts={"cold": ["bottom"], "hot": ["top"]},
    )
    result = device.solve(wiring={"hot": "1 K", "top": "ground"})
    q = -float(result.heat_current("cold"))
    magnet, metal = element(CO, 1.0), element(CU, 1.0)
    w = injected(magnet, metal, T0, q / magnet.heat_at(T0))
    mu = result.spin_accumulation("N", [[0, 0, thickness["F"]]])[:, 0]
    assert mu[0] == pytest.approx(2 * w, rel=SMALL)
    # Without the reaction of spin on heat, which is small: lambda_F S_s T' R.
    known = (
        -CO["length"]
        * CO["S_s"]
        * q
        / CO["kappa"]
        / (1 + magnet.length / metal.length * metal.conductance / magnet.c)
    )
    assert mu[0] == pytest.approx(known, rel=2e-4)


def test_spin_dependent_peltier_effect_of_a_pillar():
    """One end without heat: the spin current warms it, differently in P and AP (Flipse et al., 2012)."""
    found, expected = [], []
    for sign in (1.0, -1.0):
        device = valve(sign, interfaces=RESISTIVE)
        result = device.solve(wiring={"bottom": "1e10 A/m^2", "top": "ground", "hot": "0 W/m^2"})
        found.append(float(result.contact_temperature("hot")))
        # What the electrons bring the lattice takes back.
        stack, lattice = elements_of(sign, True), 5.0 / sum(THICK.values())
        still, carried = (respond(stack, T0, j, warming=t).heat for j, t in ((1e10, 0.0), (0.0, 1.0)))
        expected.append(-still / (carried + lattice))
    np.testing.assert_allclose(found, expected, rtol=SMALL)
    assert found[0] - found[1] == pytest.approx(expected[0] - expected[1], rel=1e-4)
    assert abs(found[0] - found[1]) > 1e-3 * abs(found[0])


COUPLED = {"spin_hall_angle": 0.1, "spin_nernst_angle": -0.2, "electron_lattice_coupling": "3e17 W/(m^3 K)"}
MAGNET = COUPLED | {
    "anomalous_hall_angle": 0.02,
    "anisotropy": 0.03,
    "anomalous_nernst_angle": 0.2,
    "exchange_length": "2 nm",
    "mobility": "3e-3 m^2/(V s)",
}
LOSSY = {
    "low|F": hanle.Circuit(6e14, 2e14, 3e14 + 1e14j, 0.3).with_heat(
        lattice="1e9 W/(m^2 K)", seebeck="-7 uV/K", spin_dependent_seebeck="4 uV/K"
    ),
    "N|G": hanle.Circuit(3e15, 1e15, 2e15 - 1e14j, 0.5),
    "G|high": hanle.HeatContact(lattice=3e8),
}


@pytest.mark.parametrize("engine", ["multilayer", "scikit"])
def test_kelvin_relation_with_every_coupling(engine, rng):
    """V/dT at (m, B) is -Q/(T_0 I) at (-m, -B): oblique m, spin Hall and Nernst effects, memory loss, mixing."""
    first, second, field = rng.normal(size=(3, 3))
    seebeck, peltier = [], []
    for turn in (1.0, -1.0):
        device = valve(interfaces=LOSSY, field=2 * turn * field).with_changes(
            materials={
                "low": record(CU, **COUPLED),
                "F": record(CO, **MAGNET),
                "N": record(CU, **COUPLED),
                "G": record(PY, **MAGNET | {"anomalous_nernst_angle": -0.1}),
                "high": record(CU, **COUPLED),
            },
            magnetisation={"F": turn * first, "G": turn * second},
        )
        (volts, _), (_, heat) = answers(
            device,
            engine,
            tolerance=1e-13,
            **({"mesh_options": {"cells_per_length": 4.0}} if engine == "scikit" else {}),
        )
        seebeck.append(volts)
        peltier.append(-heat / (T0 * 1e10))
    np.testing.assert_allclose(seebeck, peltier[::-1], rtol=1e-10)
    # The two differ: the law is not even in m.
    assert abs(seebeck[0] / seebeck[1] - 1) > 1e-7


def test_a_contact_for_heat_alone_drives_no_current(elements):
    """One temperature everywhere: what rounding makes of S T in metals without terminals is no net source."""
    copper = record(CU, electron_lattice_coupling="1e17 W/(m^3 K)")
    glass = {
        "kind": "insulator",
        "lattice_heat_conductivity": "1.4 W/(m K)",
        "interface_heat_conductance": "1e8 W/(m^2 K)",
    }
    device = hanle.Device(
        hanle.section("200 nm", [("glass", "100 nm"), ("Cu", "20 nm"), ("Co", "10 nm")]),
        {"glass": glass, "Cu": copper, "Co": record(CO)},
        magnetisation={"Co": (0, 1, 0)},
        transport=("heat",),
        wires={"film": ["Cu", "Co"]},
        heat_contacts={"bath": ["bottom"]},
    )
    options = {"engine": elements.name, "solver": "direct", "mesh_options": {"cells_per_length": 4.0}}
    result = device.solve(wiring={"bath": "1 K"}, **options)
    points = [[0, 0, 1.25e-7]]
    assert result.temperature("Co", points)[0] == pytest.approx(T0 + 1, rel=EXACT)
    assert abs(float(result.wire_field("film"))) < 1e-9 * abs(CO["S"]) / 1e-7
