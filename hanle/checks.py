"""`hanle check`: everything about a device file that can be known without solving."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from hanle.boundary.b_layer import CONDUCTANCES
from hanle.boundary.circuit import Circuit
from hanle.boundary.scattering.coefficients import DRIVES
from hanle.conditions import Conditions
from hanle.config import Case
from hanle.device import Device
from hanle.engines import AUTO, SCIKIT, choose_engine
from hanle.face_laws import Choice, face_density, interface_conductances
from hanle.heat_faces import CIRCUIT_DIMENSIONS, HEAT_DIMENSION, HeatContact, circuit_heat
from hanle.launch import FENICSX
from hanle.materials.records import MagneticInsulator
from hanle.meshes.coarse import resolution
from hanle.meshes.layered import Layers
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.problem import Face, Problem
from hanle.pde.quantity import show
from hanle.resolution import decay_lengths
from hanle.solving import pose
from hanle.spin_orbit import CHOICES, RashbaInterface, SpinOrbit
from hanle.sweeps import devices_of, state, states_of
from hanle.tasks import AC, MAGNETS, Task
from hanle.time_drive import split
from hanle.transport import HEAT
from hanle.wiring import CURRENT_DIMENSION, DRIVE, HEAT_INTO, WIRE_CURRENT, Wiring

#: Memory of a solve by finite elements, at most about this per unknown [bytes], and of the program (of each process).
BYTES_PER_UNKNOWN, BYTES_AT_REST = {SCIKIT: 800.0, FENICSX: 5000.0}, 3e8


def check(case: Case) -> str:
    """Validate a case and describe what solving it would take, as lines of text.

    Raises:
        InputError: what `hanle.solving.solve` would refuse before it assembles anything.
    """
    device = case.device
    states, first, count = device.conditions, device.conditions, 1
    if case.sweep is not None:
        devices = devices_of(device, case.sweep.get("vary", {}))
        device = devices[0]
        grid, states = states_of(
            device, **{key: value for key, value in case.sweep.items() if key not in ("vary", "harmonics")}
        )
        first, count = state(states, 0), math.prod(grid.shape) * len(devices)
    options = {key: value for key, value in case.run.items() if key not in (*DRIVE, "tolerance", "nonlinear")}
    engine = choose_engine(device, options.get("engine", AUTO), options.get("order"))
    if not engine.batched:
        # One mesh serves all states of a sweep.
        options["mesh"] = device.mesh(conditions=states, **options.pop("mesh_options", {}))
    drive, signals = split({key: case.run[key] for key in DRIVE if key in case.run})
    posed = pose(device, drive=drive, conditions=first, **options)
    mesh, order = posed.problem.mesh, options.get("order") or 1
    lines = [
        f"device      {device.name or 'without a name'}",
        f"state       {_state(first)}" + (f", first of {count}" if count > 1 else ""),
        *_materials(device, states),
        *_interfaces(device, mesh, first),
        f"drive       {_drive(posed.wiring, device)}"
        + (f"; times functions: {', '.join(signals)}" if signals else "")
        + ("; beyond linear response" if case.run.get("nonlinear") else ""),
        *([f"task        {_task(case.task)}"] if case.task else []),
        f"engine      {engine.name}" + (f", order {order}" if isinstance(mesh, TaggedMesh) else ""),
        *_geometry(posed.problem, device, states, engine.name, order),
    ]
    return "\n".join(lines)


def _state(conditions: Conditions) -> str:
    temperature = show(float(np.asarray(conditions.temperature)), "temperature")
    if callable(conditions.field) or np.ndim(conditions.field) != 1:
        return f"{temperature}, B varies in space"
    b = ", ".join(f"{x:g}" for x in np.asarray(conditions.field))
    return f"{temperature}, B = ({b}) T"


def _task(task: Task) -> str:
    """What follows from the steady state, in a few words."""
    if task.name == AC:
        given = np.atleast_1d(task.options["frequency"])
        low, high = (show(float(f), "frequency") for f in (given.min(), given.max()))
        return f"AC response at {len(given)} frequencies, {low} to {high}"
    moving = ", ".join(task.options.get(MAGNETS, {}))
    return f"course until {show(task.options['until'], 'time')}" + (f"; {moving} moves" if moving else "")


def _materials(device: Device, states: Conditions) -> Iterator[str]:
    lengths = decay_lengths(device, states)
    for name, record in device.materials.items():
        decay = f", shortest decay length {show(lengths[name], 'length')}" if name in lengths else ""
        yield f"region      {name}: {record.kind}{decay}"


def _interfaces(device: Device, mesh: TaggedMesh | Layers, conditions: Conditions) -> Iterator[str]:
    for name in mesh.face_names:
        regions = mesh.face_regions(name)
        metals = [r for r in regions if r in device.conductors]
        magnets = [r for r in regions if isinstance(device.materials[r], MagneticInsulator)]
        choice = device.interfaces.get(name)
        if len(metals) != 1 or len(magnets) != 1 or isinstance(choice, (str, Face, SpinOrbit)):
            if len(regions) == 2 or isinstance(choice, HeatContact):
                said = _plainly(choice, len(metals) == 2)
                crosses = choice is None and len(metals) < 2 and HEAT in device.transport
                yield f"interface   {name}: {said}{' to charge and spin, heat crosses' if crosses else ''}"
            continue
        points = np.zeros((1, 3)) if isinstance(mesh, Layers) else mesh.face_centres(name)
        nu = face_density(device, mesh, name, metals[0])
        g = interface_conductances(device, name, metals[0], magnets[0], points, conditions, nu)
        values = (f"{n} {_span(np.asarray(getattr(g, n), dtype=float))}" for n in CONDUCTANCES)
        heat = f"; {_heat(choice)}" if isinstance(choice, HeatContact) else ""
        yield f"interface   {name}: {', '.join(values)} S/m^2{heat}"


def _plainly(choice: Choice | None, metals: bool) -> str:
    """A law in a few words."""
    if isinstance(choice, Circuit):
        given = ", ".join(f"{n} {_given(getattr(choice, n))}" for n in ("G_up", "G_dn", "G_mix"))
        return f"{given} S/m^2, memory loss {_given(choice.memory_loss)}{_numbers_of_heat(choice)}"
    if isinstance(choice, SpinOrbit):
        return f"spin-orbit coupling, {_spin_orbit(choice)}{_numbers_of_heat(choice)}"
    if isinstance(choice, HeatContact):
        return _heat(choice)
    if isinstance(choice, Face):
        return "a law of one's own"
    return str(choice) if choice else ("continuous" if metals else "closed")


def _heat(choice: HeatContact) -> str:
    """Conductances for heat."""
    return ", ".join(f"heat of {key} {show(h, HEAT_DIMENSION)}" for key, h in choice.given.items())


def _numbers_of_heat(choice: Circuit | SpinOrbit) -> str:
    """What is given of heat besides conductances for charge and spin."""
    given = circuit_heat(choice).items()
    return "".join(f", {key.replace('_', ' ')} {show(x, CIRCUIT_DIMENSIONS[key])}" for key, x in given)


def _spin_orbit(choice: SpinOrbit) -> str:
    found = choice.coefficients if isinstance(choice, RashbaInterface) else choice
    given = ", ".join(f"{n} {_given(getattr(found, n))}" for n in ("g_up", "g_dn", "g_mix"))
    driven = ", ".join(f"{n} {_given(sum(np.asarray(getattr(d, n)) for d in found.drives))}" for n in DRIVES)
    return f"{given} S/m^2; all populations together {driven} S/m{_model(choice)}"


def _model(choice: SpinOrbit) -> str:
    """What the relaxation times of a model stand for, to be compared with the layers."""
    if not isinstance(choice, RashbaInterface):
        return ""
    paths = " ".join(f"{1e9 * path:.3g}" for path in choice.mean_free_paths)
    normal, magnet = (f"{1e9 * rho:.4g}" for rho in choice.resistivities)
    chosen = ", ".join(f"{name} {str(getattr(choice, name)).lower()}" for name in CHOICES)
    return (
        f"; {chosen}; relaxation times of {normal} and {magnet} nOhm m (metal, magnet), "
        f"mean free paths N, up, dn {paths} nm"
    )


def _given(value: Any) -> str:
    """A conductance as the user gave it."""
    if callable(value):
        return "a function of position"
    array = np.asarray(value)
    if not np.iscomplexobj(array):
        return _span(array)
    real, imaginary = _span(array.real), _span(array.imag)
    return real if imaginary == "0" else f"{real} + i {imaginary}"


def _span(values: np.ndarray) -> str:
    # Adding 0 takes the sign from zero.
    low, high = float(values.min()) + 0.0, float(values.max()) + 0.0
    return f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"


def _drive(drive: Wiring, device: Device) -> str:
    if drive.density is not None:
        return f"mean current density {show(drive.density, 'current density')} along x"
    size = len(device.shape.axes)
    kind = CURRENT_DIMENSION[size]
    parts = [f"{show(i, kind)} into {name}" for name, i in drive.currents.items()]
    parts += [f"{name} at {show(v, 'voltage')}" for name, v in drive.voltages.items()]
    parts += [f"{show(i, WIRE_CURRENT[size])} along {name}" for name, i in drive.wire_currents.items()]
    parts += [f"{show(e, 'electric field')} along {name}" for name, e in drive.wire_fields.items()]
    parts += [f"{show(t, 'temperature')} above T_0 at {name}" for name, t in drive.temperatures.items()]
    parts += [f"{show(q, HEAT_INTO[size])} into {name}" for name, q in drive.heats.items()]
    floating = [n for n in device.terminals if n not in drive.currents and n not in drive.voltages]
    return ", ".join(parts) + (f"; floating: {', '.join(floating)}" if floating else "")


def _geometry(problem: Problem, device: Device, states: Conditions, engine: str, order: int) -> Iterator[str]:
    mesh = problem.mesh
    if isinstance(mesh, Layers):
        sizes = (f"{n} {show(float(d), 'length')}" for n, d in zip(mesh.names, mesh.thickness[0], strict=True))
        yield f"layers      {', '.join(sizes)}; exact, no mesh"
        return
    cells = ", ".join(f"{name} {len(mesh.region_cells(name))}" for name in mesh.regions)
    yield f"mesh        {len(mesh.points)} points, {len(mesh.cells)} cells ({mesh.kind}): {cells}"
    for found in resolution(mesh, dict.fromkeys(mesh.regions, math.inf) | decay_lengths(device, states)):
        yield f"resolution  {found}"
    nodes = {name: len(np.unique(mesh.cells[mesh.region_cells(name)])) for name in problem.regions}
    live = sum(count * problem.fields_of(name).size for name, count in nodes.items())
    unknowns = live * (2**mesh.dimension if order == 2 else 1)
    memory = (BYTES_AT_REST + BYTES_PER_UNKNOWN[engine] * unknowns) / 1e9
    yield f"unknowns    about {unknowns}; at most about {memory:.1f} GB"
