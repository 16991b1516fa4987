"""Built-in cases of `hanle verify`: devices small enough for a second, and the formulas that know their answers.

Quantities are those that are hard to get right: the correction rho_L/rho - 1 (about 1e-4 to 1e-2 of the resistivity),
a voltage without any charge current, a torque.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from hanle.boundary.b_layer import Conductances
from hanle.build import problem as build_problem
from hanle.device import Device
from hanle.engines import MULTILAYER, SCIKIT, choose_engine
from hanle.meshes.layers import film, stack
from hanle.meshes.strips import channel
from hanle.meshes.tagged import TaggedMesh
from hanle.meshes.wire import wire
from hanle.pde.closed_forms.channels import transverse_length
from hanle.pde.closed_forms.edges import bar_correction, wire_correction
from hanle.pde.closed_forms.film import Film, Mixing
from hanle.pde.closed_forms.film_profile import film_accumulation
from hanle.pde.closed_forms.lateral import closed_transfer, valve_resistance
from hanle.pde.closed_forms.modulated import modulated_film
from hanle.pde.closed_forms.resistivity import exact_correction, leading_correction
from hanle.pde.coefficients import FaceLaw, Side, term
from hanle.pde.constants import E_CHARGE, HBAR, MU_B
from hanle.pde.fields import CHARGE_AND_SPIN
from hanle.pde.problem import MINUS, PLUS, Face
from hanle.pde.solution import wire as wire_up
from hanle.pde.steady import respond
from hanle.pde.tensors import Array, unit

#: The metal of all cases; g = 2.
METAL = {
    "kind": "normal metal",
    "resistivity": "0.4 uOhm m",
    "spin_hall_angle": 0.13,
    "diffusion_length": "1.7 nm",
    "diffusion_constant": "2e-4 m^2/s",
}
RHO, LAMBDA, DIFFUSION, THETA, THICKNESS = 4e-7, 1.7e-9, 2e-4, 0.13, 4.25e-9
MIXING = Mixing(-2e13, 4e14, 1.5e14)
INTERFACE = Conductances(MIXING.s, MIXING.r, MIXING.i)
#: Direction of field and moments, size of the field [T].
AXIS, FIELD = unit([0.3, -0.5, 0.8]), 17.0
LAYERS = (("YIG", 5e-8), ("Pt", THICKNESS))
#: Mean current density of films [A/m^2]; only the torque depends on it.
CURRENT_DENSITY = 1e10
#: Where a formula leaves out theta^4: its error is theta^2.
SMALL_THETA = 1e-4


@dataclass(frozen=True)
class Method:
    """An engine as verified.

    Attributes:
        order: of the elements; 0 is the exact engine for layers.
        elements: the engine of finite elements.
    """

    order: int
    elements: str = SCIKIT

    @property
    def engine(self) -> str:
        return self.elements if self.order else MULTILAYER

    @property
    def name(self) -> str:
        return f"{self.engine}, order {self.order}" if self.order else self.engine


EXACT, FIRST, SECOND = Method(0), Method(1), Method(2)


@dataclass(frozen=True, eq=False)
class Case:
    """One formula and how its quantity is computed.

    Attributes:
        formula: what is compared, for the table.
        exact: the value of the formula; a number or an array that is compared by its largest component.
        found: (method, cells per decay length) -> the same from the equations.
        methods: engines to use.
        cells: of the coarser of the two meshes, per decay length.
        rate: order of the elements -> power of the element size with which the error falls.
        left_out: relative size of what the formula itself neglects.
    """

    formula: str
    exact: Array
    found: Callable[[Method, float], Array]
    methods: tuple[Method, ...]
    cells: float = 4.0
    rate: Callable[[int], int] = lambda order: 2 * order
    left_out: float = 0.0


def cases() -> Iterator[Case]:
    """All built-in cases; building one solves nothing."""
    yield _film()
    yield _hanle_film()
    yield _bar()
    yield _wire()
    yield _modulated()
    yield _valve()
    yield _torque()


def turned(field: float, lam: float = LAMBDA, diffusion: float = DIFFUSION) -> complex:
    """Complex transverse length [m] at a field [T]."""
    return complex(transverse_length(lam, 2 * MU_B / HBAR * field, diffusion))


def device(shape: Any, *, theta: float = THETA, **changes: Any) -> Device:
    """A device of the metal of all cases, with field and moments along one axis."""
    metal = METAL | {"spin_hall_angle": theta}
    materials = {name: "YIG" if name == "YIG" else metal for name in shape.regions}
    magnets = {"magnetisation": {"YIG": AXIS}} if "YIG" in materials else {}
    return Device(shape, **{"materials": materials, "field": FIELD * AXIS, **magnets, **changes})


def mesh_of(given: Device, cells: float, **options: Any) -> TaggedMesh:
    """Equal elements, `cells` per spin diffusion length."""
    metals = dict.fromkeys(given.conductors, LAMBDA)
    mesh: TaggedMesh = given.shape.mesh(metals, cells_per_length=cells, growth=1.0, **options)
    return mesh


def _solved(given: Device, method: Method, mesh: TaggedMesh | None) -> Any:
    order, geometry = (method.order, mesh) if method.order else (None, None)
    return given.solve(
        engine=method.engine, order=order, mesh=geometry, tolerance=1e-11, current_density=CURRENT_DENSITY
    )


def _changes(given: Device, method: Method, mesh: TaggedMesh | None) -> Array:
    """(rho_L/rho - 1, rho_T/rho)."""
    found = _solved(given, method, mesh).film
    return np.array([found.change_L[0], found.change_T[0]])


def _change(given: Device, method: Method, mesh: TaggedMesh | None) -> Array:
    return np.asarray(_solved(given, method, mesh).film.change_L)


def _film() -> Case:
    given = device(stack(LAYERS), interfaces={"YIG|Pt": INTERFACE})
    known = Film(RHO, THICKNESS, LAMBDA, turned(FIELD), MIXING)
    return Case(
        "film on an insulator, Zhang et al. (13)-(15), exact in theta",
        np.array(exact_correction(known.deficit_tensor(AXIS), THETA)),
        lambda method, cells: _changes(given, method, mesh_of(given, cells)),
        (EXACT, FIRST, SECOND),
        cells=8.0,
    )


def _hanle_film() -> Case:
    given = device(stack(LAYERS[1:]))
    known = Film(RHO, THICKNESS, LAMBDA, turned(FIELD))
    return Case(
        "bare film, Hanle magnetoresistance",
        np.array(exact_correction(known.deficit_tensor(AXIS), THETA)),
        lambda method, cells: _changes(given, method, mesh_of(given, cells)),
        (EXACT, FIRST, SECOND),
        cells=8.0,
    )


def _bar() -> Case:
    width = 5.1e-9
    given = device(film(width, LAYERS[1:]), theta=SMALL_THETA)
    return Case(
        "bar with edges in an oblique field, O(theta^2)",
        np.atleast_1d(bar_correction(width, THICKNESS, LAMBDA, turned(FIELD), AXIS, SMALL_THETA)),
        lambda method, cells: _change(given, method, mesh_of(given, cells, sizes={"y": LAMBDA / cells})),
        (FIRST, SECOND),
        left_out=SMALL_THETA**2,
    )


def _wire() -> Case:
    radius, x = 3e-9, np.array([1.0, 0.0, 0.0])
    interfaces = {"Pt|YIG": INTERFACE}

    def found(method: Method, cells: float) -> Array:
        shape = wire(2e-9, [("Pt", radius), ("YIG", 1e-9)], sectors=int(6 * cells), periodic=True)
        given = device(shape, field=FIELD * x, magnetisation={"YIG": x}, interfaces=interfaces)
        problem = build_problem(given, mesh_of(given, cells, sizes={"x": 1e-9}))
        response = respond(problem, choose_engine(given, method.elements, method.order), tolerance=1e-11)
        along = response.index("du/dx")
        return np.asarray(-response.correction[:, along, along] / response.matrix[:, along, along])

    return Case(
        "round wire in an insulator, tetrahedra, exact in theta",
        np.atleast_1d(wire_correction(MIXING.perp, turned(FIELD), radius, RHO, THETA)),
        found,
        (FIRST,),
    )


def _modulated() -> Case:
    period, depth = 6.8e-9, 0.8

    def profile(value: float) -> Callable[[Array], Array]:
        return lambda points: value * (1 + depth * np.cos(2 * np.pi * points[:, 1] / period))

    sizes = {"G_s": MIXING.s, "G_r": MIXING.r, "G_i": MIXING.i}
    given = device(
        film(period, LAYERS, periodic=True),
        theta=SMALL_THETA,
        interfaces={"YIG|Pt": INTERFACE},
        profiles={f"YIG|Pt.{name}": profile(float(np.asarray(value))) for name, value in sizes.items()},
    )
    flat = modulated_film(Film(RHO, THICKNESS, LAMBDA, turned(FIELD), MIXING), depth, period)
    return Case(
        "film on a modulated interface, O(theta^2)",
        np.array(leading_correction(flat.deficit_tensor(AXIS), SMALL_THETA)),
        lambda method, cells: _changes(given, method, mesh_of(given, cells, sizes={"y": period / (4 * cells)})),
        (FIRST, SECOND),
        # profiles are sampled at the middles of facets
        rate=lambda order: 2,
        left_out=SMALL_THETA**2,
    )


def _valve() -> Case:
    segments = (("left", 300e-9), ("middle", 600e-9), ("right", 500e-9))
    rho, lam, diffusion, field = 2.6e-8, 430e-9, 9.4e-3, 0.25
    inject, detect = 0.21 * unit([1.0, 0.2, -0.4]), 0.34 * unit([0.3, 1.0, 0.1])
    metal = METAL | {"resistivity": rho, "diffusion_length": lam, "diffusion_constant": diffusion}
    metal |= {"spin_hall_angle": 0.0}
    places = {"left|middle": _joint(inject), "middle|right": _joint(np.zeros(3))}
    given = Device(
        channel(segments),
        materials={name: _si(metal) for name, _ in segments},
        field=field * AXIS,
        interfaces=places,
    )
    lengths = (lam, turned(field, lam, diffusion))
    along, across = (closed_transfer(l, 600e-9, rho, 1.0, 300e-9, 500e-9) for l in lengths)

    def found(method: Method, cells: float) -> Array:
        mesh = channel(segments).mesh(lam, cells_per_length=cells, growth=1.0)
        engine = choose_engine(given, method.elements, method.order) if method.order else _layered()
        # both ends at the same potential: no charge current anywhere
        ends = dict.fromkeys(given.terminals, 0.0)
        solution = wire_up(respond(build_problem(given, mesh), engine, tolerance=1e-11), amplitudes=ends)
        return np.atleast_1d(solution.face("middle|right").traces[0, 0, 0, 1:4] @ detect)

    return Case(
        "lateral valve, oblique Hanle field, closed channel",
        np.atleast_1d(valve_resistance(along, across, AXIS, inject, detect)),
        found,
        (EXACT, FIRST, SECOND),
    )


def _layered() -> Any:
    from hanle.pde.engines.multilayer import Multilayer

    return Multilayer()


def _si(record: dict[str, Any]) -> dict[str, Any]:
    """Numbers of a metal as text with SI units."""
    units = {"resistivity": "Ohm m", "diffusion_length": "m", "diffusion_constant": "m^2/s"}
    return {key: f"{value!r} {units[key]}" if key in units else value for key, value in record.items()}


def _joint(inject: Array) -> Face:
    """Fields continuous, spin current `inject` [A/m^2] fed in."""
    source = np.concatenate([[0.0], inject, np.zeros(4)])
    sides = (Side("below", CHARGE_AND_SPIN), Side("above", CHARGE_AND_SPIN))
    law = FaceLaw(sides, tie=("u", "w"), g=(term(1.0, 1.0, source),))
    return Face(law, {"below": MINUS, "above": PLUS})


def _torque() -> Case:
    given = device(stack(LAYERS), interfaces={"YIG|Pt": INTERFACE})
    known = Film(RHO, THICKNESS, LAMBDA, turned(FIELD), MIXING)
    longitudinal, transverse = exact_correction(known.deficit_tensor(AXIS), THETA)
    strength = CURRENT_DENSITY * RHO * np.array([1 + longitudinal, transverse])
    return Case(
        "torque of a current on the insulator",
        _torque_of(film_accumulation(known, AXIS, THETA, strength, 0.0)),
        lambda method, cells: _solved(given, method, mesh_of(given, cells)).torque("YIG"),
        (EXACT, FIRST, SECOND),
        cells=8.0,
    )


def _torque_of(w: Array) -> Array:
    """-(hbar/2e) (N.J)_perp [J/m^2] from w at the face."""
    s, r, i = (float(np.asarray(g)) for g in (MIXING.s, MIXING.r, MIXING.i))
    across = w - AXIS * (AXIS @ w)
    return np.asarray(-HBAR / E_CHARGE * ((s - r) * across + i * np.cross(AXIS, w)))
