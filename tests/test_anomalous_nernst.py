"""Anomalous Nernst effect of devices, and heat in bars and crosses of ferromagnets.

film, heat across, m in the plane     <-> E = theta_A S dT/d, odd in m; without the effect nothing; Cu beside shunts
cross, heat along, m out of the plane <-> V_y = theta_A S I_Q/kappa, whatever the anomalous Hall effect
response matrix at (B, m)             <-> transposed at (-B, -m): charge and heat ports in 2D and 3D
Ettingshausen                         <-> T_0 theta_A S times the current, per thickness
"""

import numpy as np
import pytest

import hanle
from hanle.pde.constants import LORENZ
from hanle.pde.effects import ANISOTROPY, ANOMALOUS_HALL, ANOMALOUS_NERNST, THERMOELECTRIC

T0, S, TURN, RHO = 300.0, -1.8e-5, 0.13, 2.5e-7
EXACT, TIGHT = 1e-9, 1e-13
#: What the ends take of S by short-circuiting the transverse field: theta_A^2 of their length.
SHORTED = 1e-3

PY = {
    "like": "Py",
    "resistivity": f"{RHO} Ohm m",
    "seebeck": f"{S} V/K",
    "spin_dependent_seebeck": "-3.8 uV/K",
    "anomalous_nernst_angle": TURN,
    "anomalous_hall_angle": 0.0,
    "anisotropy": 0.0,
    "lattice_heat_conductivity": "10 W/(m K)",
    "electron_lattice_coupling": "1e18 W/(m^3 K)",
}
HALL = {"anomalous_hall_angle": -0.02, "anisotropy": 0.03}
D = 3e-8


def film(m=(0, 1, 0), layers=(("Py", D),), materials=None, **changes):
    """Heat along z, wires along x."""
    found = materials or {"Py": PY}
    names = [name for name, _ in layers]
    return hanle.Device(
        hanle.stack(list(layers)),
        found,
        magnetisation={"Py": m},
        transport=("heat",),
        wires={"strip": names},
        heat_contacts={"cold": ["bottom"], "hot": ["top"]},
        **changes,
    )


def voltage(device, **options):
    return float(device.solve(wiring={"hot": "1 K"}, **options).wire_field("strip"))


@pytest.mark.parametrize("engine", ["multilayer", "scikit"])
def test_film_with_heat_across(engine):
    """E_x = theta_A S (y x z) dT/d with x = y x z; odd in m, sin of its angle."""
    expected = TURN * S / D
    options = {"engine": engine, "tolerance": 1e-12}
    assert voltage(film(), **options) == pytest.approx(expected, rel=EXACT)
    assert voltage(film((0, -1, 0)), **options) == pytest.approx(-expected, rel=EXACT)
    assert voltage(film((np.cos(0.4), np.sin(0.4), 0)), **options) == pytest.approx(
        expected * np.sin(0.4), rel=EXACT
    )


def test_effects_left_out():
    """Without the effect only what the anomalous Hall effect makes of thermal spin injection; without both nothing."""
    device = film(materials={"Py": PY | HALL}, m=(0, 1, 0))
    assert abs(voltage(device.with_changes(without=(ANOMALOUS_NERNST,)))) < 1e-2 * abs(voltage(device))
    nothing = device.with_changes(without=(ANOMALOUS_NERNST, ANOMALOUS_HALL))
    assert abs(voltage(nothing)) < 1e-9 * abs(voltage(device))
    left = device.with_changes(without=(ANOMALOUS_HALL, ANISOTROPY))
    assert voltage(left) == pytest.approx(TURN * S / D, rel=EXACT)
    bare = device.with_changes(without=(ANOMALOUS_HALL, ANISOTROPY, ANOMALOUS_NERNST, THERMOELECTRIC))
    # What rounding leaves.
    assert abs(voltage(bare)) < 1e-9 * abs(voltage(device))


def test_a_normal_metal_shunts():
    """Cu beside: E = theta_A S dT_F sigma_F/(sigma_F d_F + sigma_N d_N), dT_F what falls over the ferromagnet."""
    copper = {
        "like": "Cu",
        "lattice_heat_conductivity": "10 W/(m K)",
        "electron_lattice_coupling": "1e18 W/(m^3 K)",
        "electron_heat_conductivity": f"{LORENZ * T0 / RHO!r} W/(m K)",
    }
    plain = PY | {"spin_dependent_seebeck": "0 V/K"}
    device = film(layers=(("Py", D), ("Cu", 2 * D)), materials={"Py": plain, "Cu": copper})
    # Equal conductivities of heat: a third of dT falls over Py.
    fall = 1 / 3 * TURN * S / (D + 2 * D * RHO / 2.9e-8)
    # The polarised current of S grad T against that of Cu: spin at the face, some 1e-3 of it.
    assert voltage(device) == pytest.approx(fall, rel=2e-2)


def test_reciprocity_of_film_with_ettingshausen():
    """dT = 0: heat of a current at -m is T_0 times the field of heat at m."""
    m, field = np.array([0.2, 1, 0.4]), np.array([1.0, -2.0, 3.0])
    materials = {"Py": PY | HALL | {"spin_hall_angle": 0.05, "spin_nernst_angle": 0.1}}
    first = film(m, materials=materials, field=field).solve(wiring={"hot": "1 K"}, tolerance=TIGHT)
    turned = film(-m, materials=materials, field=-field)
    second = turned.solve(wiring={"strip": "1e3 A/m"}, tolerance=TIGHT)
    # Heat into the device at the hot side, per current; the sign as in V/dT = -Q/(T_0 I) of a bar.
    found = float(second.heat_current("hot")) / (T0 * 1e3)
    assert found == pytest.approx(-float(first.wire_field("strip")), rel=1e-10)
    plain = film().solve(wiring={"strip": "1e3 A/m"})
    assert abs(float(plain.heat_current("hot"))) == pytest.approx(T0 * TURN * abs(S) * 1e3 / D, rel=1e-6)


def port_matrix(m, field, shape, materials, interfaces=None, **options):
    """Currents and heat per voltage and relative temperature of all terminals and heat contacts."""
    device = hanle.Device(
        shape,
        materials,
        magnetisation={name: m for name in materials if name.startswith("F")},
        field=field,
        transport=("heat",),
        heat_contacts={"cold": shape.terminals["left"], "hot": shape.terminals["right"]},
        interfaces=interfaces or {},
    )
    return device.solve(wiring={"hot": "1 K", "right": "ground"}, engine="scikit", tolerance=TIGHT, **options)


#: Ends far from the middle: they short-circuit the transverse field.
CROSS = hanle.cross_plan("900 nm", "100 nm", region="F")


def test_transverse_voltage_of_a_cross():
    """E = S grad T + theta_A S m x grad T drives no current, since T is harmonic: V_y = theta_A S I_Q/kappa exactly."""
    plain = PY | HALL | {"spin_dependent_seebeck": "0 V/K"}
    kappa = LORENZ * T0 / RHO + 10
    errors = []
    for size in (2e-8, 1e-8):
        options = {"mesh_options": {"sizes": {"x": size, "y": size}, "lateral": "uniform"}, "solver": "direct"}
        result = port_matrix((0, 0, 1), (0, 0, 0), CROSS, {"F": plain}, **options)
        heat = -float(result.heat_current("hot"))
        found = float(result.terminal_voltage("V1", "V2"))
        # T' > 0 along x: E_y = theta_A S T', and the terminal at +y is at minus its integral.
        errors.append(abs(found / (TURN * S * heat / kappa) - 1))
        along = float(result.terminal_voltage("left", "right"))
        assert along == pytest.approx(S, rel=SHORTED)
    # Corners: order 4/3 at least.
    assert np.log2(errors[0] / errors[1]) > 1.25
    assert errors[1] < 1e-2


@pytest.mark.parametrize("dimension", [2, 3])
def test_response_matrix_is_that_of_reversed_fields(dimension, rng):
    """Charge and heat at all terminals: M(B, m) is the transpose of M(-B, -m), with all couplings."""
    m, field = rng.normal(size=(2, 3))
    magnet = PY | HALL | {"spin_hall_angle": 0.05, "spin_nernst_angle": 0.1, "mobility": "1e-3 m^2/(V s)"}
    magnet |= {"diffusion_length": "30 nm", "dephasing_length": "30 nm"}
    copper = {
        "like": "Cu",
        "lattice_heat_conductivity": "10 W/(m K)",
        "seebeck": "1.7 uV/K",
        "spin_hall_angle": 0.1,
    }
    copper |= {"electron_lattice_coupling": "1e17 W/(m^3 K)", "diffusion_length": "60 nm"}
    face = hanle.Circuit(6e14, 2e14, 3e14 + 1e14j, 0.3).with_heat(seebeck=-7e-6, spin_dependent_seebeck=4e-6)
    sizes = {"sizes": {"x": 2.5e-8, "y": 2.5e-8}, "cells_per_length": 3.0, "growth": 2.0, "lateral": "uniform"}
    if dimension == 2:
        shape, materials, interfaces = hanle.cross_plan("300 nm", "100 nm", region="F"), {"F": magnet}, {}
        sizes = {"sizes": {"x": 1e-8, "y": 1e-8}}
    else:
        layers = [("F", "20 nm"), ("N", "30 nm")]
        shape, materials = hanle.cross("150 nm", "50 nm", layers), {"F": magnet, "N": copper}
        interfaces = {"F|N": face}
    forth, back = (
        port_matrix(sign * m, 2 * sign * field, shape, materials, interfaces, mesh_options=sizes, solver="direct")
        for sign in (1.0, -1.0)
    )
    one, other = forth.response.matrix[0], back.response.matrix[0].T
    scale = np.sqrt(np.abs(np.outer(np.diag(one), np.diag(one))))
    assert np.max(np.abs(one - other) / scale) < 1e-10
    # And it is not symmetric by itself.
    assert np.max(np.abs(one - one.T) / scale) > 1e-6
