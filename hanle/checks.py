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
from hanle.launch import FENICSX
from hanle.materials.records import MagneticInsulator
from hanle.meshes.coarse import resolution
from hanle.meshes.layered import Layers
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.fields import CHARGE_AND_SPIN
from hanle.pde.problem import Face
from hanle.pde.quantity import show
from hanle.resolution import decay_lengths
from hanle.solving import pose
from hanle.spin_orbit import RashbaInterface, SpinOrbit
from hanle.sweeps import devices_of, state, states_of
from hanle.wiring import CURRENT_DIMENSION, DRIVE, Wiring

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
        grid, states = states_of(device, **{key: value for key, value in case.sweep.items() if key != "vary"})
        first, count = state(states, 0), math.prod(grid.shape) * len(devices)
    options = {key: value for key, value in case.run.items() if key not in (*DRIVE, "tolerance")}
    engine = choose_engine(device, options.get("engine", AUTO), options.get("order"))
    if not engine.batched:
        # One mesh serves all states of a sweep.
        options["mesh"] = device.mesh(conditions=states, **options.pop("mesh_options", {}))
    drive = {key: case.run[key] for key in DRIVE if key in case.run}
    posed = pose(device, drive=drive, conditions=first, **options)
    mesh, order = posed.problem.mesh, options.get("order") or 1
    lines = [
        f"device      {device.name or 'without a name'}",
        f"state       {_state(first)}" + (f", first of {count}" if count > 1 else ""),
        *_materials(device, states),
        *_interfaces(device, mesh, first),
        f"drive       {_drive(posed.wiring, device)}",
        f"engine      {engine.name}" + (f", order {order}" if isinstance(mesh, TaggedMesh) else ""),
        *_geometry(device, mesh, states, engine.name, order),
    ]
    return "\n".join(lines)


def _state(conditions: Conditions) -> str:
    temperature = show(float(np.asarray(conditions.temperature)), "temperature")
    if callable(conditions.field) or np.ndim(conditions.field) != 1:
        return f"{temperature}, B varies in space"
    b = ", ".join(f"{x:g}" for x in np.asarray(conditions.field))
    return f"{temperature}, B = ({b}) T"


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
            if len(regions) == 2:
                yield f"interface   {name}: {_plainly(choice, len(metals) == 2)}"
            continue
        points = np.zeros((1, 3)) if isinstance(mesh, Layers) else mesh.face_centres(name)
        nu = face_density(device, mesh, name, metals[0])
        g = interface_conductances(device, name, metals[0], magnets[0], points, conditions, nu)
        values = (f"{n} {_span(np.asarray(getattr(g, n), dtype=float))}" for n in CONDUCTANCES)
        yield f"interface   {name}: {', '.join(values)} S/m^2"


def _plainly(choice: Choice | None, metals: bool) -> str:
    """A law in a few words."""
    if isinstance(choice, Circuit):
        given = ", ".join(f"{n} {_given(getattr(choice, n))}" for n in ("G_up", "G_dn", "G_mix"))
        return f"{given} S/m^2, memory loss {_given(choice.memory_loss)}"
    if isinstance(choice, SpinOrbit):
        return f"spin-orbit coupling, {_spin_orbit(choice)}"
    if isinstance(choice, Face):
        return "a law of one's own"
    return str(choice) if choice else ("continuous" if metals else "closed")


def _spin_orbit(choice: SpinOrbit) -> str:
    found = choice.coefficients if isinstance(choice, RashbaInterface) else choice
    given = ", ".join(f"{n} {_given(getattr(found, n))}" for n in ("g_up", "g_dn", "g_mix"))
    driven = ", ".join(f"{n} {_given(sum(np.asarray(getattr(d, n)) for d in found.drives))}" for n in DRIVES)
    return f"{given} S/m^2; all populations together {driven} S/m"


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
    low, high = float(values.min()), float(values.max())
    return f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"


def _drive(drive: Wiring, device: Device) -> str:
    if drive.density is not None:
        return f"mean current density {show(drive.density, 'current density')} along x"
    kind = CURRENT_DIMENSION[len(device.shape.axes)]
    parts = [f"{show(i, kind)} into {name}" for name, i in drive.currents.items()]
    parts += [f"{name} at {show(v, 'voltage')}" for name, v in drive.voltages.items()]
    floating = [n for n in device.terminals if n not in drive.currents and n not in drive.voltages]
    return ", ".join(parts) + (f"; floating: {', '.join(floating)}" if floating else "")


def _geometry(
    device: Device, mesh: TaggedMesh | Layers, states: Conditions, engine: str, order: int
) -> Iterator[str]:
    if isinstance(mesh, Layers):
        sizes = (f"{n} {show(float(d), 'length')}" for n, d in zip(mesh.names, mesh.thickness[0], strict=True))
        yield f"layers      {', '.join(sizes)}; exact, no mesh"
        return
    cells = ", ".join(f"{name} {len(mesh.region_cells(name))}" for name in mesh.regions)
    yield f"mesh        {len(mesh.points)} points, {len(mesh.cells)} cells ({mesh.kind}): {cells}"
    for found in resolution(mesh, dict.fromkeys(mesh.regions, math.inf) | decay_lengths(device, states)):
        yield f"resolution  {found}"
    nodes = sum(len(np.unique(mesh.cells[mesh.region_cells(name)])) for name in device.conductors)
    unknowns = nodes * CHARGE_AND_SPIN.size * (2**mesh.dimension if order == 2 else 1)
    memory = (BYTES_AT_REST + BYTES_PER_UNKNOWN[engine] * unknowns) / 1e9
    yield f"unknowns    about {unknowns}; at most about {memory:.1f} GB"
