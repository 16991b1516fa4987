"""`hanle verify device.toml`: a device against a formula where there is one, else engines against each other.

A stack with one metal has a formula for any field, moments and relaxation tensor. Other stacks are compared with the
exact engine. For the rest first-order elements are compared with second-order ones, in solids with elements of half
the size. The balances must close.
The quantity is the correction by the spin Hall and ordinary Hall effect, or the whole response where both are absent;
of wires also what one tells of another, a nonlocal signal.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from hanle.boundary.b_layer import Conductances
from hanle.build import problem as build_problem
from hanle.deviations import ROUNDING, Row, difference, richardson
from hanle.device import Device
from hanle.engines import SCIKIT, choose_engine, is_uniform_stack, layers
from hanle.face_laws import interface_conductances
from hanle.heat_faces import closed_for_heat
from hanle.materials.records import MagneticInsulator, NormalMetal
from hanle.meshes.coarse import CoarseMeshWarning
from hanle.meshes.layered import Layers
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.closed_forms.oblique import decay_matrix, mixing_tensor, oblique_deficit
from hanle.pde.closed_forms.resistivity import exact_correction
from hanle.pde.constants import HBAR, MU_B
from hanle.pde.errors import InputError
from hanle.pde.observables import film_resistivity
from hanle.pde.problem import Face
from hanle.pde.response import Response
from hanle.pde.solution import wire
from hanle.pde.steady import TOLERANCE, respond
from hanle.pde.tensors import Array

#: Cells per decay length of the coarser mesh, by the number of mesh axes, and growth of its cells.
CELLS, GROWTH, LATERAL_GROWTH = {1: 6.0, 2: 4.0, 3: 3.0}, 1.4, 2.0
#: Relative residual of solves on lines, where direct solvers reach it.
TIGHT = 1e-11
#: Balances of finite elements may miss zero by the residual of the solve, times a hundred.
BALANCE = 100 * TOLERANCE
#: Those of the exact engine by rounding only.
EXACT_BALANCE = 1e-10
#: A mesh from a file is taken as it is: what a usable one keeps of the correction.
USABLE = 0.05
ORIGIN = np.zeros((1, 3))

#: What is compared, of a response.
Read: TypeAlias = Callable[[Response], Array]


def rows(device: Device, elements: str = SCIKIT) -> Iterator[Row]:
    """Rows of the table for one device.

    Args:
        elements: the engine of finite elements.

    Raises:
        InputError: a device that nothing drives.
    """
    stack = layers(device) if is_uniform_stack(device) else None
    if stack is None:
        yield from _elements(device, elements)
    else:
        yield from _stack(device, stack, elements)


def formula(device: Device) -> Array | None:
    """(rho_L/rho - 1, rho_T/rho) of a stack with one metal, exact in theta; None where the formula does not hold."""
    stack = layers(device)
    if stack is None or len(device.conductors) != 1 or device.terminals or device.profiles:
        return None
    if device.wires or device.transport:
        return None
    metal, at = device.materials[device.conductors[0]], stack.names.index(device.conductors[0])
    if not isinstance(metal, NormalMetal) or metal.mu:
        return None
    if np.any(metal.resistivity_ratio(device.conditions.temperature)[0] != 1):
        return None
    # the metal lies between the faces `at` and `at + 1`
    below, above = (_mixing(device, stack, stack.face_names[k]) for k in (at, at + 1))
    if below is None or above is None:
        return None
    larmor = metal.g * MU_B / HBAR * device.conditions.field_at(ORIGIN)
    decay = decay_matrix(metal.relaxation_rates, larmor, metal.D)
    deficit = oblique_deficit(decay, stack.thickness[0, at], metal.rho, below, above)
    return np.array(exact_correction(deficit, metal.theta))


def _mixing(device: Device, stack: Layers, face: str) -> Array | None:
    """Conductance tensor (3, 3) [S/m^2] of one face of the metal; None for a law of the user's own."""
    choice = device.interfaces.get(face)
    magnets = [r for r in stack.face_regions(face) if isinstance(device.materials[r], MagneticInsulator)]
    if isinstance(choice, Face):
        return None
    if not magnets or (isinstance(choice, str) and choice == "closed"):
        return np.zeros((3, 3))
    conditions = device.conditions
    g = interface_conductances(device, face, device.conductors[0], magnets[0], ORIGIN, conditions)
    s, r, i = _numbers(g)
    if not r and not i:
        return s * np.eye(3)
    return mixing_tensor(conditions.magnetisation_at(magnets[0], ORIGIN).reshape(3), s, r, i)


def _numbers(g: Conductances) -> tuple[float, float, float]:
    s, r, i = (float(np.ravel(x)[0]) for x in (g.G_s, g.G_r, g.G_i))
    return s, r, i


def _stack(device: Device, stack: Layers, elements: str) -> Iterator[Row]:
    """The exact engine against the formula, if there is one; elements against both."""
    exact = formula(device)
    engine = choose_engine(device, "multilayer")
    layered = respond(build_problem(device, stack), engine)
    if exact is None:
        read = _reader(device)
        reference, what = read(layered), "layered stack, exact engine"
    else:
        reference, what, read = exact, "film: closed form, exact in theta", _film
        yield Row(what, "multilayer", difference(read(layered), reference), ROUNDING)
    yield _balance(layered, "multilayer", EXACT_BALANCE)
    coarse, fine = meshes(device)
    for order in (1, 2):
        found = [_respond(device, mesh, elements, order, TIGHT) for mesh in (coarse, fine)]
        expected = richardson(read(found[0]), read(found[1]), 2 * order, _ratio(coarse, fine)) + ROUNDING
        yield Row(what, f"{elements}, order {order}", difference(read(found[1]), reference), expected)


def _elements(device: Device, elements: str) -> Iterator[Row]:
    """First-order elements against second order, in solids against elements of half the size.

    Re-entrant corners may spoil the order: only order 1 is taken for granted.
    """
    grids = meshes(device)
    steps = [_respond(device, mesh, elements, 1) for mesh in grids]
    if len(steps) == 3:
        for what, read in _readers(device, steps[0]).items():
            values = [read(response) for response in steps]
            expected = richardson(values[0], values[1], 1) / 2 + TOLERANCE
            deviation = difference(values[1], values[2])
            yield Row(f"elements of half the size{what}", f"{elements}, order 1", deviation, expected)
    else:
        second = _respond(device, grids[0], elements, 2)
        for what, read in _readers(device, second).items():
            values = [read(response) for response in steps]
            expected = richardson(values[0], values[1], 1) + TOLERANCE if len(values) == 2 else USABLE
            deviation = difference(values[-1], read(second))
            yield Row(f"elements of second order{what}", f"{elements}, order 1", deviation, expected)
        yield _balance(second, f"{elements}, order 2")
    yield _balance(steps[-1], f"{elements}, order 1")


def _respond(device: Device, mesh: TaggedMesh, elements: str, order: int, tolerance: float = TOLERANCE) -> Response:
    return respond(build_problem(device, mesh), choose_engine(device, elements, order), tolerance=tolerance)


def _film(response: Response) -> Array:
    found = film_resistivity(response)
    return np.array([found.change_L[0], found.change_T[0]])


def _readers(device: Device, response: Response) -> dict[str, Read]:
    """What is compared: words after those of the comparison -> how it is read from a response."""
    found: dict[str, Read] = {"": _reader(device)}
    along = [n for n, name in enumerate(response.drives) if name not in device.heat_contacts]
    signals = response.matrix[0][np.ix_(along, along)] if len(device.wires) > 1 else np.zeros((1, 1))
    if np.any(signals[~np.eye(len(signals), dtype=bool)]):
        found[": nonlocal signal"] = lambda r: r.matrix[0][np.ix_(along, along)] * (1 - np.eye(len(along)))
    return found


def _reader(device: Device) -> Read:
    """`_quantity` without the heat of a contact through which none flows."""
    idle = tuple(device.heat_contacts) if closed_for_heat(device) else ()
    return lambda response: _quantity(response, idle)


def _quantity(response: Response, idle: Sequence[str] = ()) -> Array:
    """Correction of the response matrix, or the matrix itself where nothing corrects it, drives in units that suit.

    Each entry is divided by the root of those of its drives in the reference, as these may be fields, voltages and
    temperatures. `idle`: drives left out.
    """
    used = [n for n, name in enumerate(response.drives) if name not in idle]
    if not used:
        raise InputError("contacts", "given, or a field along an axis that the mesh leaves out", "no drive")
    correction, reference, matrix = (
        part[0][np.ix_(used, used)] for part in (response.correction, response.reference, response.matrix)
    )
    size = np.sqrt(np.abs(np.diagonal(reference)))
    size = np.where(size > 0, size, 1.0)
    corrected = np.any(np.abs(correction) > ROUNDING * np.abs(reference))
    return np.asarray((correction if corrected else matrix) / np.outer(size, size))


def _balance(response: Response, engine: str, expected: float = BALANCE) -> Row:
    """All drives at once, terminals at different potentials."""
    terminals = tuple(response.system.problem.terminals)
    amplitudes = {name: 1e-3 * terminals.index(name) if name in terminals else 1e4 for name in response.drives}
    worst = max(float(np.max(b.error)) for b in wire(response, amplitudes=amplitudes).balances)
    return Row("charge, spin and power balance", engine, worst, expected)


def meshes(device: Device) -> tuple[TaggedMesh, ...]:
    """Two meshes, three of a solid, each of about half the element size of the one before; a mesh from a file alone."""
    shape = getattr(device.shape, "shape", device.shape)
    dimension = len(shape.axes)
    if hasattr(shape, "given"):
        return (device.mesh(),)
    lateral = tuple(getattr(shape, "lateral", ("x",) if dimension == 3 else ()))
    with warnings.catch_warnings():
        # coarse meshes are wanted here; their error is part of the table
        warnings.simplefilter("ignore", CoarseMeshWarning)
        usual = device.mesh(**_options(dimension, 1.0))
        found = []
        for finer in (0.5, 1.0, 2.0)[dimension < 3 :]:
            sizes = {axis: size / finer for axis, size in _largest(usual).items() if axis in lateral}
            found.append(device.mesh(**_options(dimension, finer), sizes=sizes))
    return tuple(found)


def _options(dimension: int, finer: float) -> Mapping[str, Any]:
    """Cells next to faces smaller by a factor, and a growth that makes all of them smaller by it."""
    options: dict[str, Any] = {"cells_per_length": CELLS[dimension] * finer, "growth": GROWTH ** (1 / finer)}
    if dimension == 3:
        options |= {"lateral_cells_per_length": CELLS[3] * finer, "lateral_growth": LATERAL_GROWTH ** (1 / finer)}
    return options


def _largest(mesh: TaggedMesh) -> dict[str, float]:
    """Axis -> longest extent of a cell [m]."""
    corners = mesh.points[mesh.cells]
    return dict(zip(mesh.axes, np.ptp(corners, axis=1).max(axis=0).tolist(), strict=True))


def _ratio(coarse: TaggedMesh, fine: TaggedMesh) -> float:
    """Ratio of the element sizes."""
    return float((len(fine.cells) / len(coarse.cells)) ** (1 / fine.dimension))
