"""Magnets of a device that move as a whole, in the terms of the equations."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hanle.build import problem as build_problem
from hanle.device import Device
from hanle.dynamics import require_linear
from hanle.engines import AUTO
from hanle.materials.records import FerromagneticMetal, MagneticInsulator
from hanle.meshes.geometry import region_volume
from hanle.meshes.layered import Layers
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.constants import HBAR
from hanle.pde.errors import InputError, UnsupportedError, unknown_name
from hanle.pde.macrospin import GAMMA, Anisotropy, Macrospins, Magnet, motion_at
from hanle.pde.observables import measure
from hanle.pde.problem import Problem
from hanle.pde.pumping import places_of
from hanle.pde.quantity import parse
from hanle.pde.steady import TOLERANCE
from hanle.pde.tensors import Array
from hanle.pde.transient import Drives
from hanle.profiles import varies
from hanle.solving import pose
from hanle.time_drive import drives, split
from hanle.wiring import Wiring

#: Where the middle of a magnet is does not matter: m and B are the same everywhere.
ANYWHERE = np.zeros((1, 3))


@dataclass(frozen=True, eq=False, kw_only=True)
class Macrospin:
    """A magnet of a device that moves as a whole.

    Attributes:
        damping: alpha of the magnet alone; what pumping adds comes from the transport.
        anisotropies: pairs (axis, B_k), e.g. ((0, 0, 1), "-0.2 T"): B = B_k (m.axis) axis, easy for B_k > 0; the
            shape of a film is B_k = -mu_0 M_s along its normal.
        field: B (3,) that acts on m; a function of the time [s] that returns T; the field of the device if None.
            Electrons feel the field of the device at all times.
        begin: m at the start; that of the device if None.
        saturation_magnetisation: M_s, e.g. "140 kA/m"; that of the record if None: its `saturation_magnetisation`, or
            hbar gamma times the `spin_density` of its magnons.
        more: function (time, {magnet: m}) -> further B (3,) [T], such as exchange with other magnets.
        gamma: gyromagnetic ratio [1/(s T)].

    There is no thermal noise.
    """

    damping: float = 0.0
    anisotropies: Sequence[tuple[ArrayLike, Any]] = ()
    field: Any = None
    begin: Any = None
    saturation_magnetisation: Any = None
    more: Callable[[float, Mapping[str, Array]], ArrayLike] | None = None
    gamma: float = GAMMA


@dataclass(frozen=True, eq=False)
class PrescribedMotion:
    """A magnet of a device that moves as it is told, whatever acts on it; the transport follows.

    Attributes:
        motion: function of the time [s] that returns m (3,) and dm/dt (3,) [1/s], across m. On a cone:
            `hanle.precession(axis, cone, omega)`.
    """

    motion: Callable[[float], tuple[ArrayLike, ArrayLike]]


@dataclass(frozen=True, eq=False)
class Moved:
    """A device whose magnets move: what is solved, how m begins, what is connected."""

    device: Device
    spins: Macrospins
    start: Mapping[str, Array]
    plan: Wiring
    at_rest: Problem


def moved(
    device: Device,
    magnets: Mapping[str, Macrospin | PrescribedMotion],
    drive: Mapping[str, Any],
    *,
    engine: str = AUTO,
    order: int | None = None,
    solver: str = AUTO,
    tolerance: float = TOLERANCE,
    mesh: TaggedMesh | None = None,
    mesh_options: Mapping[str, Any] | None = None,
) -> Moved:
    """The magnets of a device and the transport beside them.

    Args:
        magnets: region -> how it moves; others are at rest.
        drive: with the keys of `hanle.wiring.DRIVE`; functions of time as in `hanle.transient`. Nothing flows where
            none is given.
        engine, order, solver, tolerance, mesh, mesh_options: as in `hanle.solve`.

    What magnons and heat store is that of the magnets where they begin; their gap and what crosses interfaces follow
    m in the field of the device.

    Raises:
        InputError: a name, a number or a unit that does not fit; M_s is known from nowhere.
        UnsupportedError: textures, laws that are not linear.
    """
    if not magnets:
        raise InputError("magnets", "at least one", "none", f"of {list(device.magnets)}")
    for name, magnet in magnets.items():
        _require_free(device, name)
        if not isinstance(magnet, Macrospin | PrescribedMotion):
            raise InputError(f"magnets.{name}", "a hanle.Macrospin or a hanle.PrescribedMotion", magnet)
    begin = {name: _begin(name, given) for name, given in magnets.items()}
    device = device.with_magnetisation(**{name: m for name, m in begin.items() if m is not None})
    for name in magnets:
        if varies(device.magnetisation.get(name, device.field), 3):
            raise UnsupportedError(f"magnetisation.{name} is a texture: a macrospin has one direction")
    given, signals = split(drive)
    posed = pose(
        device, drive=given, engine=engine, order=order, solver=solver, mesh=mesh, mesh_options=mesh_options
    )
    rest, conditions = posed.problem, device.conditions
    require_linear(rest, "the motion of a magnet")
    for name in magnets:
        places_of(rest, name)

    def problem(m: Mapping[str, Array]) -> Problem:
        turned = replace(conditions, magnetisation={**conditions.magnetisation, **m})
        found = build_problem(device, rest.mesh, turned)
        return replace(
            found, regions={name: replace(bulk, C=rest.regions[name].C) for name, bulk in found.regions.items()}
        )

    plan = posed.wiring
    area = 1.0 if plan.density is None else float(measure(rest, "u")[0])
    driven = drives(device, rest, plan, signals, area, ())
    if all(value is None for value in drive.values()):
        # The usual current of `solve` would push m unasked.
        driven = Drives(dict.fromkeys(driven.amplitudes, 0.0), dict.fromkeys(driven.fluxes, 0.0))
    spins = Macrospins(
        problem,
        {name: _magnet(device, rest.mesh, name, given) for name, given in magnets.items()},
        posed.engine,
        driven.amplitudes,
        driven.fluxes,
        posed.solver,
        tolerance,
    )
    start = {name: np.ravel(conditions.magnetisation_at(name, ANYWHERE))[:3] for name in magnets}
    return Moved(device, spins, start, plan, rest)


def _require_free(device: Device, name: str) -> None:
    """Refuse what is no magnet, and moments that follow the field."""
    if name not in device.magnets:
        raise unknown_name("magnets", name, device.magnets)
    if device.is_paramagnet(name):
        raise InputError(f"magnets.{name}", "a magnet; the moments of a paramagnet follow the field", name)


def _begin(name: str, given: Macrospin | PrescribedMotion) -> Any:
    """m at the start; None where it is that of the device."""
    if isinstance(given, Macrospin):
        return given.begin
    return motion_at(name, given.motion, 0.0)[0]


def _magnet(device: Device, mesh: TaggedMesh | Layers, name: str, given: Macrospin | PrescribedMotion) -> Magnet:
    """One magnet in SI."""
    key = f"magnets.{name}"
    if isinstance(given, PrescribedMotion):
        # What it weighs does not matter: nothing moves it.
        return Magnet(1.0, motion=given.motion)
    field = device.field if given.field is None else given.field
    if given.field is None and varies(device.field, 3):
        raise InputError(f"{key}.field", "given where the field of the device varies in space", "nothing")
    axes = []
    for n, pair in enumerate(given.anisotropies):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise InputError(f"{key}.anisotropies[{n}]", 'a pair (axis, field), e.g. ((0, 0, 1), "-0.2 T")', pair)
        axes.append(Anisotropy(pair[0], parse(pair[1], "magnetic field", f"{key}.anisotropies[{n}]")))
    moment = _saturation(device, name, given) * float(region_volume(mesh, name)[0])
    try:
        return Magnet(
            moment,
            given.damping,
            field if callable(field) else [parse(b, "magnetic field", f"{key}.field") for b in field],
            tuple(axes),
            more=given.more,
            gamma=given.gamma,
        )
    except InputError as error:
        if error.key.startswith(key):
            raise
        raise error.within(f"{key}.") from error


def _saturation(device: Device, name: str, given: Macrospin) -> float:
    """M_s [A/m]."""
    if given.saturation_magnetisation is not None:
        return parse(given.saturation_magnetisation, "magnetisation", f"magnets.{name}.saturation_magnetisation")
    record = device.materials[name]
    if isinstance(record, FerromagneticMetal) and record.saturation_magnetisation is not None:
        return record.saturation_magnetisation.value
    if isinstance(record, MagneticInsulator) and record.magnons.spin_density is not None:
        return HBAR * given.gamma * record.magnons.spin_density.value
    key = f"materials.{name}.saturation_magnetisation"
    raise InputError(key, "given", "nothing", f"or magnets.{name}.saturation_magnetisation")
