"""Built-in cases of `hanle verify` beyond films on an insulator: pillars, magnon drag, AC response, damping.

Numbers are in SI and unlike each other, so that a sign or a factor cannot hide.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from hanle.boundary.b_layer import Conductances
from hanle.boundary.circuit import Circuit
from hanle.boundary.magnons.linear import mixing
from hanle.device import Device
from hanle.macrospins import Macrospin
from hanle.magnon_faces import MagnonInterface
from hanle.meshes.layers import stack
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.closed_forms.channels import ac_length
from hanle.pde.closed_forms.film import film_deficit
from hanle.pde.closed_forms.magnetisation_dynamics import backflow, enhancement
from hanle.pde.closed_forms.magnon_drag import Film, Magnons, conductance
from hanle.pde.closed_forms.thermal_spin import Element as Layer
from hanle.pde.closed_forms.thermal_spin import respond
from hanle.pde.closed_forms.valet_fert import Element, Lead, layer, stack_resistance
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.macrospin import GAMMA
from hanle.pde.tensors import Array
from hanle.verify_cases import AXIS, DIFFUSION, EXACT, FIRST, LAMBDA, METAL, RHO, SECOND, THETA, Case, Method

#: Residual of the linear solves.
TOLERANCE = 1e-11
SPACER = METAL | {"resistivity": "0.03 uOhm m", "spin_hall_angle": 0.0, "diffusion_length": "20 nm"}
MAGNET = {
    "kind": "ferromagnetic metal",
    "resistivity": "0.3 uOhm m",
    "polarisation": 0.46,
    "diffusion_length": "9 nm",
    "diffusion_constant": "2e-4 m^2/s",
    "exchange_length": "2 nm",
    "dephasing_length": "1 nm",
}
INSULATOR = {"kind": "magnetic insulator", "G_s": "0 S/m^2", "G_r": "4e14 S/m^2", "G_i": "1e14 S/m^2"}
#: e^2/h [S].
QUANTUM = E_CHARGE**2 / (2 * np.pi * HBAR)


def cases() -> Iterator[Case]:
    """All of them; building one solves nothing."""
    yield _pillar()
    yield _warm_pillar()
    yield _drag()
    yield _alternating()
    yield _damping()


def _options(given: Device, method: Method, cells: float) -> dict[str, Any]:
    """Engine and mesh of a stack, `cells` per decay length."""
    if not method.order:
        return {"engine": method.engine, "tolerance": TOLERANCE}
    mesh: TaggedMesh = given.mesh(cells_per_length=cells, growth=1.0)
    return {"engine": method.engine, "order": method.order, "tolerance": TOLERANCE, "mesh": mesh}


def _pillar() -> Case:
    """m against each other; closed contacts; interfaces with memory loss."""
    up, dn, lost = 1.5e15, 0.3e15, 0.3
    face = Circuit(up, dn, 0.6e15 + 0.1e15j, lost)
    given = Device(
        stack([("F1", 8e-9), ("N", 5e-9), ("F2", 12e-9)]),
        {"F1": MAGNET, "N": SPACER, "F2": MAGNET},
        magnetisation={"F1": AXIS, "F2": -AXIS},
        interfaces={"F1|N": face, "N|F2": face},
        contacts={"low": ["bottom"], "high": ["top"]},
    )
    polarised = (up - dn) / (up + dn)
    contact = Element(1 / ((up + dn) * (1 - polarised**2)), polarised, lost)
    below, above = (layer(3e-7, thickness, 9e-9, 0.46) for thickness in (8e-9, 12e-9))
    chain = [below, contact, layer(3e-8, 5e-9, 20e-9), contact.reversed, above.reversed]
    closed = Lead(spin_resistance=1e6)

    def found(method: Method, cells: float) -> Array:
        return np.atleast_1d(
            given.solve(current="1 A/m^2", **_options(given, method, cells)).resistance("low", "high")
        )

    formula = "pillar, antiparallel, Valet and Fert with memory loss"
    exact = np.atleast_1d(stack_resistance(chain, closed, closed))
    # In coarse meshes the thinnest layer keeps its cells when the others are halved; what a residual leaves in a
    # resistance is more than the error of the elements.
    return Case(formula, exact, found, (EXACT, FIRST, SECOND), cells=16.0, left_out=100 * TOLERANCE)


def _warm_pillar() -> Case:
    """V per kelvin across P and AP, without current; electrons that do not heat the lattice."""
    warmth = {"electron_lattice_coupling": "1 W/(m^3 K)", "lattice_heat_conductivity": "5 W/(m K)"}
    magnet = MAGNET | warmth | {"seebeck": "-20 uV/K", "spin_dependent_seebeck": "30 uV/K"}
    magnet["electron_heat_conductivity"] = "20 W/(m K)"
    spacer = SPACER | warmth | {"seebeck": "2 uV/K", "electron_heat_conductivity": "150 W/(m K)"}
    devices, exact = [], []
    for sign in (1.0, -1.0):
        devices.append(
            Device(
                stack([("F1", 8e-9), ("N", 5e-9), ("F2", 12e-9)]),
                {"F1": magnet, "N": spacer, "F2": magnet},
                magnetisation={"F1": AXIS, "F2": sign * AXIS},
                contacts={"low": ["bottom"], "high": ["top"]},
                transport=("heat",),
                heat_contacts={"cold": ["bottom"], "hot": ["top"]},
            )
        )
        below, above = (
            Layer(1 / 3e-7, 20.0, s * 0.46, -2e-5, s * 3e-5, d, 9e-9) for s, d in ((1.0, 8e-9), (sign, 12e-9))
        )
        spaced = Layer(1 / 3e-8, 150.0, seebeck=2e-6, thickness=5e-9, length=2e-8)
        exact.append(respond([below, spaced, above], 300.0, 0.0, warming=1.0).voltage)

    def found(method: Method, cells: float) -> Array:
        wiring = {"hot": "1 K", "high": "ground"}
        results = (given.solve(wiring=wiring, **_options(given, method, cells)) for given in devices)
        return np.array([float(result.terminal_voltage("low", "high")) for result in results])

    formula = "pillar with heat, P and AP, two currents with spin-dependent Seebeck effect"
    # As in the pillar before.
    return Case(formula, np.array(exact), found, (EXACT, FIRST, SECOND), cells=16.0, left_out=100 * TOLERANCE)


def _drag() -> Case:
    thin, thick, film = 7e-9, 5e-9, 2e-7
    other = METAL | {"spin_hall_angle": -0.2, "diffusion_length": "2.3 nm"}
    given = Device(
        stack([("low", thin), ("YIG", film), ("high", thick)]),
        {"low": METAL, "YIG": "YIG", "high": other},
        magnetisation={"YIG": (0, 1, 0)},
        field=(0, 0.1, 0),
        interfaces={face: MagnonInterface(g_r=g) for face, g in (("low|YIG", 4e18), ("YIG|high", 7e18))},
        transport=("magnons",),
        wires={"in": ["low"], "out": ["high"]},
    )
    g = [float(mixing(given.conductances(face))[0]) for face in ("low|YIG", "YIG|high")]
    films = Film(1 / RHO, LAMBDA, THETA, thin, g[0]), Film(1 / RHO, 2.3e-9, -0.2, thick, g[1])
    magnons = given.materials["YIG"].magnons
    insulator = Magnons(magnons.value("magnon_conductivity"), magnons.value("magnon_diffusion_length"), film)
    expected = np.linalg.inv(conductance(films[0], insulator, films[1]))[1, 0]

    def found(method: Method, cells: float) -> Array:
        return np.atleast_1d(
            given.solve(wiring={"in": "1 A/m"}, **_options(given, method, cells)).wire_resistance("out")
        )

    return Case("magnon drag metal | insulator | metal", np.atleast_1d(expected), found, (EXACT, FIRST, SECOND))


def _alternating() -> Case:
    thickness, frequency = 4.25e-9, 300e9
    given = Device(stack([("N", thickness)]), {"N": METAL})
    short = ac_length(LAMBDA, 2 * np.pi * frequency, DIFFUSION)
    kept = THETA**2 * (1 + film_deficit(0.0, short, thickness, RHO, 0.0))
    change = np.atleast_1d(1 / (1 - kept) - 1)

    def found(method: Method, cells: float) -> Array:
        result = given.solve_ac(frequency=frequency, **_options(given, method, cells))
        return np.array([result.rho_L_change.real, result.rho_L_change.imag])

    exact = np.concatenate([change.real, change.imag])
    return Case("film at 300 GHz, complex resistivity", exact, found, (EXACT, FIRST, SECOND), cells=8.0)


def _damping() -> Case:
    film, thickness, moment = 15e-9, 4.25e-9, 1.4e5
    real, imaginary = 4e14, 1e14
    given = Device(
        stack([("YIG", film), ("N", thickness)]),
        {"YIG": INSULATOR, "N": METAL},
        interfaces={"YIG|N": Conductances(0.0, real, imaginary)},
        without=("spin Hall",),
    )
    magnets = {"YIG": Macrospin(damping=2e-3, field=2.0 * AXIS, begin=AXIS, saturation_magnetisation=moment)}
    effective = backflow((real + 1j * imaginary) / QUANTUM, thickness, LAMBDA, 1 / RHO)
    added = enhancement(np.real(effective), moment / (HBAR * GAMMA), film)

    def found(method: Method, cells: float) -> Array:
        state = given.small_angles(magnets=magnets, **_options(given, method, cells))
        return np.atleast_1d(state.damping("YIG").enhancement)

    return Case(
        "damping of a magnet by spin pumping, with backflow",
        np.atleast_1d(added),
        found,
        (EXACT, FIRST, SECOND),
        cells=8.0,
        # Rates of small motions are difference quotients of order 4 over 1e-3 rad.
        left_out=1e-9,
    )
