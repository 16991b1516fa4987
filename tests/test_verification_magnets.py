"""Magnets that conduct, by finite elements in 2D and 3D: pairs that must agree, and what each would catch.

Pt|Co along the film, Pt|Co|Cu|Fe across it   <-> the exact engine at the order of the elements, on bent meshes: every
    P, AP and oblique; three kinds of moments     term of the laws along every axis; torques, DL and FL
Hall bar with a wall, random interface        <-> transpose under (B, m) -> (-B, -m); charge, spin and power balance;
                                                  what lattice, magnet and interface get adds up to nothing
magnet of thickness b, n b fixed, with edges  <-> b-layer interface with the same wall, first order in b
preconditioned iterations, Pt|Co              <-> the direct solver, in a bounded number of iterations

A film in which nothing varies along x and y has the exact solution of its layers on any mesh; meshes are bent so that
elements do not know.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest

from hanle.boundary.b_layer import b_layer, conductances
from hanle.boundary.circuit import MEMORY_LOSS, Circuit, normal_ferromagnet, transparent
from hanle.materials.anisotropic import coupling_tensor
from hanle.materials.rates import rates_at
from hanle.materials.weiss import antiferromagnet
from hanle.materials.weiss import ferromagnet as weiss_ferromagnet
from hanle.meshes.hall_bar import hall_bar
from hanle.meshes.layered import Layers
from hanle.meshes.layers import film
from hanle.pde.conducting_magnet import LocalMoments, conducting_magnet
from hanle.pde.constants import E_CHARGE
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.ferromagnet import ferromagnet
from hanle.pde.metal import normal_metal
from hanle.pde.observables import deposits, torque, torque_map, torque_parts
from hanle.pde.problem import MINUS, PLUS, Face, Gradient, Problem, Terminal
from hanle.pde.solution import wire
from hanle.pde.steady import respond
from hanle.pde.tensors import unit

NM = 1e-9
M, B = unit([0.36, -0.48, 0.8]), np.array([8.0, -3.0, 15.0])
PT = {"conductivity": 2.5e6, "diffusion_constant": 3e-4, "diffusion_length": 1.7 * NM, "spin_hall_angle": 0.15}
CU = {"conductivity": 2e7, "diffusion_constant": 5e-3, "diffusion_length": 20 * NM, "spin_hall_angle": -0.03}
CO = {
    "conductivity": 5.5e6,
    "polarisation": 0.42,
    "diffusion_constant": 1.7e-3,
    "diffusion_length": 40 * NM,
    "exchange_length": 1.5 * NM,
    "dephasing_length": 1.0 * NM,
    "spin_hall_angle": 0.06,
    "anomalous_hall_angle": 0.05,
    "anisotropy": 0.08,
    "mobility": 8e-4,
}
FE = CO | {"conductivity": 2e6, "polarisation": -0.55, "diffusion_length": 5 * NM, "exchange_length": 2.0 * NM}
CONTACT = Circuit(1.5e15, 0.4e15, 1.2e15 + 0.3e15j, 0.4)
OTHER = Circuit(0.3e15, 0.9e15, 0.7e15 - 0.2e15j, 0.2)

#: Relative residual of a solve; balances and symmetries of the discrete problem are its rounding.
TIGHT = 1e-12
BALANCE = SYMMETRY = 1e-10
#: Two solutions of one discrete problem.
SAME = 1e-9
#: Measured orders on meshes this coarse.
ORDER_MARGIN = 0.25

TIED = Face(transparent(), {"below": MINUS, "above": PLUS})
ON_TOP = {"normal": MINUS, "ferromagnet": PLUS}
BOTH = (Gradient("u", "x"), Gradient("u", "y"))


def circuit(given, m):
    return Face(normal_ferromagnet("M", given, m), ON_TOP)


def metal(record, field=B):
    return normal_metal(field=field, **record)


def magnet(record, m=M, field=B, name="Co"):
    return ferromagnet(name, magnetisation=m, field=field, **record)


# --- layers


@dataclass(frozen=True, eq=False)
class Device:
    """Layers for any geometry, their drives, and the magnet whose torque is read.

    Attributes:
        layers: name -> (thickness [m], law).
        faces: laws of the interfaces.
        amplitudes, fluxes: what drives it; fluxes per area [A/m^2].
        m: direction of that magnet.
    """

    layers: dict
    faces: dict
    amplitudes: dict
    fluxes: dict
    magnet: str = "Co"
    m: object = None

    @property
    def sizes(self):
        return [(name, thickness) for name, (thickness, _) in self.layers.items()]

    def problem(self, mesh):
        ends = {"low": Terminal(("bottom",)), "high": Terminal(("top",))} if self.fluxes else {}
        regions = {name: law for name, (_, law) in self.layers.items()}
        return Problem(mesh, regions, self.faces, ends, BOTH)


def along(face):
    """Current along the film, moments and field oblique."""
    layers = {"Pt": (2 * NM, metal(PT)), "Co": (3 * NM, magnet(CO))}
    return Device(layers, {"Pt|Co": face}, {"du/dx": 1e5, "du/dy": 0.0}, {}, m=M)


def across(m):
    """Current through two magnets, the second along m; the sign of either polarisation matters."""
    layers = {
        "Pt": (2 * NM, metal(PT)),
        "Co": (2 * NM, magnet(CO)),
        "Cu": (2 * NM, metal(CU)),
        "Fe": (2 * NM, magnet(FE, m, name="Fe")),
    }
    faces = {
        "Pt|Co": Face(normal_ferromagnet("Co", CONTACT, M), ON_TOP),
        "Co|Cu": TIED,
        "Cu|Fe": Face(normal_ferromagnet("Fe", OTHER, m), ON_TOP),
    }
    return Device(layers, faces, {"low": 0.0, "du/dx": 1e4, "du/dy": 0.0}, {"high": 1e10}, "Fe", m)


DENSITY, TEMPERATURE = 1.66e27, 60.0
MEV = 1e-3 * E_CHARGE / DENSITY
HOST = {"conductivity": 1e6, "diffusion_constant": 1e-6, "diffusion_length": 3 * NM, "spin_hall_angle": 0.2}
#: Principal axes of anisotropic exchange.
FRAME = np.linalg.qr(np.array([[0.4, 1.0, -0.2], [1.0, 0.3, 0.7], [-0.3, 0.5, 1.0]]))[0].T
MOMENTS = {
    "ferromagnet": LocalMoments(weiss_ferromagnet(2.0, 120.0), [DENSITY], [-0.3 * MEV]),
    "antiferromagnet": LocalMoments(antiferromagnet(2.0, 120.0), [DENSITY] * 2, [0.25 * MEV] * 2),
    "orthorhombic": LocalMoments(
        weiss_ferromagnet(2.0, 120.0),
        [DENSITY],
        [coupling_tensor(np.array([0.2, -0.35, 0.5]) * MEV, FRAME)],
        anisotropic=True,
    ),
}


def with_moments(kind):
    """A metal with local moments on platinum, in perfect contact."""
    local = MOMENTS[kind]
    m = FRAME[0] if local.anisotropic else M
    law = conducting_magnet("Co", local, temperature=TEMPERATURE, field=B, magnetisation=m, mobility=1e-3, **HOST)
    layers = {"Pt": (2 * NM, metal(PT)), "Co": (3 * NM, law)}
    return Device(layers, {"Pt|Co": TIED}, {"du/dx": 1e5, "du/dy": 0.0}, {}, m=m)


DEVICES = {
    "film, transparent": lambda: along(TIED),
    "film, circuit": lambda: along(Face(normal_ferromagnet("Co", CONTACT, M), ON_TOP)),
    "pillar, parallel": lambda: across(M),
    "pillar, antiparallel": lambda: across(-M),
    "pillar, oblique": lambda: across(unit([-0.5, 0.7, 0.3])),
    **{f"film, {kind}": lambda kind=kind: with_moments(kind) for kind in MOMENTS},
}
PERIOD = 4 * NM


def bent(mesh, thicknesses):
    """The mesh bent by a smooth map that keeps the layers and the period."""
    points = mesh.points.copy()
    z, heights = mesh.points[:, -1], np.cumsum([0.0, *thicknesses])
    for k, axis in enumerate(mesh.axes[:-1]):
        phase = 2 * np.pi * mesh.points[:, k] / PERIOD
        points[:, k] += 0.05 * PERIOD * np.sin(phase) * np.cos(np.pi * z / heights[-1] + k)
        for low, high in pairwise(heights):
            inside = np.where((z > low) & (z < high), np.sin(np.pi * (z - low) / (high - low)), 0.0)
            points[:, -1] += 0.08 * (high - low) * inside * np.cos(phase + (axis == "y"))
    return replace(mesh, points=points)


def bent_mesh(device, kind, cells, lateral):
    """`cells` per layer, `lateral` per period."""
    thicknesses = [d for _, d in device.sizes]
    flat = film(PERIOD, device.sizes, periodic=True)
    solid = hall_bar(PERIOD, PERIOD, device.sizes, periodic=("x", "y"))
    shape = flat if kind in ("quad", "triangle") else solid
    sizes = dict.fromkeys("xy" if shape is solid else "y", PERIOD / lateral)
    resolve = {name: 3 * d / cells for name, d in device.sizes}
    mesh = shape.mesh(resolve, cells_per_length=3, growth=1.0, cells=kind, sizes=sizes)
    return bent(mesh, thicknesses)


def read(device, problem, engine, solver=None):
    """Response per area, torque per area, and DL and FL of a film."""
    area = 1.0 if isinstance(problem.mesh, Layers) else PERIOD ** (len(problem.mesh.axes) - 1)
    response = respond(problem, engine, solver=solver, tolerance=TIGHT)
    fluxes = {name: value * area for name, value in device.fluxes.items()}
    solution = wire(response, amplitudes=device.amplitudes, fluxes=fluxes)
    given = torque(solution, device.magnet)[0] / area
    found = {"matrix": response.matrix[0] / area, "correction": response.correction[0] / area, "torque": given}
    if not device.fluxes:
        found["DL, FL"] = np.array(torque_parts(given, device.m, np.array([0, 1.0, 0])))
    return found


def deviation(found, expected):
    """Each observable relative to its largest component; responses, of different units, to the drives of their row
    and column."""
    size = np.sqrt(np.abs(np.diag(expected["correction"])))
    scale = dict.fromkeys(("matrix", "correction"), np.outer(size, size))
    return np.array([np.abs((found[k] - v) / scale.get(k, np.abs(v).max())).max() for k, v in expected.items()])


#: Smallest order measured on meshes this coarse; one and two less than these would mean a wrong term.
ORDERS = {1: 1.7, 2: 3.5}
#: (kind, order) -> (cells per layer, cells per period) of two meshes, largest deviation on the finer, devices.
SOME = ("film, circuit", "pillar, oblique", "film, orthorhombic")
MESHES = {
    ("quad", 1): (((6, 6), (12, 12)), 3e-3, DEVICES),
    ("triangle", 1): (((6, 6), (12, 12)), 3e-3, DEVICES),
    ("quad", 2): (((4, 4), (8, 8)), 3e-5, DEVICES),
    ("triangle", 2): (((4, 4), (8, 8)), 3e-5, DEVICES),
    ("hexahedron", 1): (((4, 4), (8, 8)), 7e-3, DEVICES),
    ("tetra", 1): (((4, 4), (8, 8)), 7e-3, DEVICES),
    ("hexahedron", 2): (((4, 2), (8, 4)), 3e-5, SOME),
    ("tetra", 2): (((4, 4), (6, 6)), 7e-5, SOME[:1]),
}


@pytest.mark.parametrize(
    ("kind", "order", "name"), [(*key, name) for key, (*_, devices) in MESHES.items() for name in devices]
)
def test_layers_at_the_order_of_the_elements(elements, kind, order, name):
    """Response matrix, its correction, the torque on a magnet and its parts."""
    device, (counts, finest, _) = DEVICES[name](), MESHES[kind, order]
    layers = Layers(tuple(device.layers), [[d for _, d in device.sizes]])
    exact, errors = read(device, device.problem(layers), Multilayer()), []
    for count in counts:
        problem = device.problem(bent_mesh(device, kind, *count))
        errors.append(deviation(read(device, problem, elements(order), elements.direct), exact))
    assert np.all(errors[1] < finest)
    rates = np.log(errors[0] / errors[1]) / np.log(counts[1][0] / counts[0][0])
    assert np.all(rates > ORDERS[order]), rates


@pytest.mark.parametrize("name", ["pillar, parallel", "pillar, antiparallel", "pillar, oblique"])
def test_sign_of_the_polarisation(elements, name):
    """What the test above would miss if nothing depended on it: either polarisation reversed is another device."""
    device = DEVICES[name]()
    mesh = bent_mesh(device, "quad", 4, 4)
    found = read(device, device.problem(mesh), elements(2), elements.direct)
    for region, record, m in (("Co", CO, M), ("Fe", FE, device.m)):
        other = magnet(record | {"polarisation": -record["polarisation"]}, m, name=region)
        changed = replace(device, layers={**device.layers, region: (2 * NM, other)})
        assert np.all(deviation(read(changed, changed.problem(mesh), elements(2), elements.direct), found) > 1e-3)


# --- a bar with a wall


def bar_shape(kind="hexahedron"):
    shape = hall_bar(18 * NM, 6 * NM, [("Pt", 2 * NM), ("Co", 3 * NM)], arms=1, contacts=("Pt", "Co"))
    sizes = {"x": 1.5 * NM, "y": 1.5 * NM}
    resolve = {"Pt": 2 * NM, "Co": 2.2 * NM}
    return shape, shape.mesh(resolve, cells_per_length=3, growth=1.0, lateral="uniform", sizes=sizes, cells=kind)


def wall(points):
    """A wall along x that is tilted and turns faster on one side of the bar."""
    angle = points[:, 0] / (3 * NM) + points[:, 1] / (5 * NM)
    return unit(np.stack([np.cos(angle), 0.4 + 0 * angle, np.sin(angle)], axis=-1))


def bar(shape, mesh, sign=1.0, field=B):
    """Everything at once: a wall per cell and per facet, conductances that jump from facet to facet."""
    m, at_face = (sign * wall(p) for p in (mesh.centres("Co"), mesh.face_centres("Pt|Co")))
    factor = np.random.default_rng(3).uniform(0.1, 2.0, len(at_face))
    given = Circuit(CONTACT.G_up * factor, CONTACT.G_dn * factor, CONTACT.G_mix * factor, 0.4)
    regions = {"Pt": metal(PT, sign * field), "Co": magnet(CO, m, sign * field)}
    ends = {name: Terminal(faces) for name, faces in shape.terminals.items()}
    return Problem(mesh, regions, {"Pt|Co": Face(normal_ferromagnet("Co", given, at_face), ON_TOP)}, ends)


@pytest.mark.parametrize("kind", ["hexahedron", "tetra"])
def test_onsager_and_balances_of_a_bar(elements, kind):
    """G(B, m) is the transpose of G(-B, -m) and of nothing less; charge, spin and power of the same solve add up."""
    shape, mesh = bar_shape(kind)
    forward, backward = (
        respond(bar(shape, mesh, sign), elements(1), solver=elements.direct, tolerance=TIGHT) for sign in (1, -1)
    )
    for one, two in ((forward.matrix[0], backward.matrix[0]), (forward.correction[0], backward.correction[0])):
        size = np.abs(one).max()
        np.testing.assert_allclose(two, one.T, atol=SYMMETRY * size)
        np.testing.assert_allclose(one.sum(axis=0), 0, atol=SYMMETRY * size)
        np.testing.assert_allclose(one.sum(axis=1), 0, atol=SYMMETRY * size)
        assert np.abs(one - one.T).max() > 1e-3 * size
        assert np.abs(one - two).max() > 1e-3 * size
    solution = wire(forward, amplitudes={"right": 0.0}, fluxes={"left": -1e-5})
    assert {b.name for b in solution.balances} == {"u", "w_x", "w_y", "w_z", "power"}
    for balance in solution.balances:
        assert np.max(balance.error) < BALANCE, balance.name
    dissipated = [float(np.squeeze(e.power)) for e in solution.ledger if e.kind != "terminal"]
    assert min(dissipated) > 0


def test_spin_goes_to_lattice_magnet_and_interface(elements):
    """No spin leaves through the contacts: without B what all three get adds up to nothing; torques are across m."""
    shape, mesh = bar_shape()
    response = respond(bar(shape, mesh, field=0 * B), elements(1), solver=elements.direct, tolerance=TIGHT)
    solution = wire(response, amplitudes={"right": 0.0}, fluxes={"left": -1e-5})
    given = {name: total[0] for name, total in deposits(solution).items()}
    assert set(given) == {"lattice", "torque:Co", MEMORY_LOSS}
    size = max(np.abs(total).max() for total in given.values())
    np.testing.assert_allclose(sum(given.values()), 0, atol=SAME * size)
    assert min(np.abs(total).max() for total in given.values()) > 1e-3 * size
    centres, density = torque_map(solution, "Co", "Co")
    np.testing.assert_allclose(centres, mesh.centres("Co"), atol=1e-9 * NM)
    along = np.einsum("ca,ca->c", density[0], wall(centres))
    assert np.abs(along).max() < SAME * np.abs(density).max()


# --- a magnet that becomes an interface


AREAL = 5e18
#: Weak enough to leave the moments of a wall as they are.
WEAK = B / 10
NU = PT["conductivity"] / (2 * E_CHARGE**2 * PT["diffusion_constant"])
IMPURITIES = 0.03 / NU


def boxes(points):
    """The wall, constant in boxes of 1.5 nm, which are cut into tetrahedra or not."""
    return wall(1.5 * NM * (np.floor(points / (1.5 * NM)) + 0.5) * [1, 1, 0])


def thin(kind, thickness):
    """Pt with edges on a magnet with a wall: an interface (0), or a layer of that thickness with n b fixed."""
    layers = [("EuS", thickness or 6 * NM), ("Pt", 3 * NM)]
    options = {"growth": 1.0, "cells": kind, "cells_per_length": 3}
    if kind == "quad":
        shape, sizes = film(6 * NM, layers), {"y": 1.5 * NM}
    else:
        shape = hall_bar(9 * NM, 6 * NM, layers, arms=0, contacts=("EuS", "Pt") if thickness else ("Pt",))
        sizes = {"x": 1.5 * NM, "y": 1.5 * NM}
    mesh = shape.mesh({"Pt": 2.2 * NM}, sizes=sizes, lateral="uniform", **options)
    moments, drives = weiss_ferromagnet(2.0, 100.0), BOTH[:1] if kind == "quad" else ()
    metals, m = {"Pt": metal(PT, WEAK)}, boxes(mesh.face_centres("EuS|Pt"))
    ends = {name: Terminal(faces) for name, faces in shape.terminals.items()}
    if thickness:
        m = boxes(mesh.centres("EuS"))
        local = LocalMoments(moments, [AREAL / thickness], [IMPURITIES])
        metals["EuS"] = conducting_magnet("EuS", local, temperature=TEMPERATURE, field=WEAK, magnetisation=m, **PT)
        return Problem(mesh, metals, {"EuS|Pt": TIED}, ends, drives)
    found = rates_at(moments, [AREAL], [IMPURITIES], NU, m @ WEAK, TEMPERATURE)
    face = Face(b_layer("EuS", conductances(found, NU), m), {"metal": PLUS, "magnet": MINUS})
    return Problem(mesh, metals, {"EuS|Pt": face}, ends, drives)


@pytest.mark.parametrize("kind", ["quad", "hexahedron", "tetra"])
def test_thin_magnet_with_a_wall_and_edges_becomes_the_interface(elements, kind):
    """First order in b on one mesh of Pt: moments per cell of the layer, or per facet of the interface."""

    def solve(b):
        return respond(thin(kind, b), elements(1), solver=elements.direct, tolerance=TIGHT).correction[0]

    limit = solve(0.0)
    errors = [np.abs(solve(b) / limit - 1).max() for b in (8e-13, 4e-13, 2e-13)]
    assert errors[-1] < 2e-3
    assert errors[0] / errors[1] == pytest.approx(2, abs=0.05)
    assert errors[1] / errors[2] == pytest.approx(2, abs=0.05)


# --- iterations


#: Iterations to 1e-8 for a step of coefficients on one process and on several, whose parts vary; their growth on a
#: mesh with 8 times the cells.
ITERATIONS, SHARED, GROWTH = 16, 32, 1.4
STEPS = {
    "along": ("hexahedron", "along", {}),
    "across": ("hexahedron", "across", {"exchange_length": 1 * NM}),
    "tetrahedra": ("tetra", "along", {"dephasing_length": np.inf}),
}


def step(cells, kind, direction, changes):
    """Pt|Co of 18 x 9 nm with P = 0.4: decay lengths of 1 to 40 nm side by side."""
    shape = hall_bar(18 * NM, 9 * NM, [("Pt", 4 * NM), ("Co", 6 * NM)], arms=0, contacts=("Pt", "Co"))
    size = 6 * NM / cells
    options = {"growth": 1.0, "lateral": "uniform", "sizes": {"x": size, "y": size}, "cells": kind}
    mesh = shape.mesh({"Pt": 2 * size, "Co": 2 * size}, cells_per_length=3, **options)
    m, at_face = wall(mesh.centres("Co")), wall(mesh.face_centres("Pt|Co"))
    regions = {"Pt": metal(PT), "Co": magnet(CO | {"polarisation": 0.4} | changes, m)}
    ends = {"low": ("bottom",), "high": ("top",)} if direction == "across" else shape.terminals
    face = Face(normal_ferromagnet("Co", CONTACT, at_face), ON_TOP)
    return Problem(mesh, regions, {"Pt|Co": face}, {name: Terminal(faces) for name, faces in ends.items()})


@pytest.mark.parametrize("name", STEPS)
def test_iterations_for_a_step_of_coefficients(elements, name):
    few, many = (respond(step(n, *STEPS[name]), elements(1), solver=elements.iterative) for n in (3, 6))
    exact = respond(step(3, *STEPS[name]), elements(1), solver=elements.direct)
    np.testing.assert_allclose(few.matrix, exact.matrix, rtol=1e-7)
    alone = few.system.processes.size == 1
    few, many = (max(r.proof.iterations.values()) for r in (few, many))
    assert many <= (min(ITERATIONS, GROWTH * few) if alone else SHARED)
