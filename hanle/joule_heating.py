"""The problem of a device beyond linear response: Joule heat, heat carried at the temperature of the place, magnons.

metals                  Joule heat of charge and spin to the electrons; S T j with the temperature of the place, and rho
                        with that of its electrons where the record gives rho(T); kappa_e and spin lifetimes stay
metal | metal           Joule heat in equal parts to the electrons of both; S T j with the mean of their temperatures
insulators              what magnons dissipate, to magnons and lattice
faces                   what spin and magnons lose there; with `MagnonInterface` and g_r the golden rule for any
                        accumulation and temperatures, without g_r the exchange stays linear
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from hanle.boundary.b_layer import CONDUCTANCES
from hanle.boundary.magnon_face import MAGNET, METAL
from hanle.boundary.magnon_face_nonlinear import nonlinear_magnon_face
from hanle.boundary.magnons.admissible import warn_if_doubtful
from hanle.boundary.magnons.exchange import MagnonExchange
from hanle.boundary.magnons.spectrum import Parabolic
from hanle.boundary.thermoelectric_face import at_mean_temperature
from hanle.build import centres
from hanle.capacities import excess
from hanle.conditions import Conditions
from hanle.face_laws import face_magnetisation, face_points, interface_seebeck
from hanle.magnon_faces import MagnonInterface, gap
from hanle.materials.conductors import Conductor
from hanle.materials.records import MagneticInsulator
from hanle.media import Place
from hanle.meshes.layered import Layers
from hanle.meshes.tagged import TaggedMesh
from hanle.metal_heat import conductivity_ratio, thermoelectric_law
from hanle.pde.coefficients import Bulk, Coefficient, FaceLaw, Side, as_weight, direction
from hanle.pde.constants import E_CHARGE
from hanle.pde.coupling import joined
from hanle.pde.errors import InputError, UnsupportedError
from hanle.pde.fields import ELECTRON_HEAT, MAGNON, MAGNON_HEAT, POTENTIAL, SPIN, FieldSet
from hanle.pde.joule import joule, joule_face
from hanle.pde.nonlinear import Factor, combined, restricted, varying
from hanle.pde.problem import MINUS, PLUS, Face, Problem
from hanle.pde.tensors import Array
from hanle.transport import HEAT, carried, lattice_conductance

if TYPE_CHECKING:
    from hanle.device import Device


@dataclass(frozen=True, eq=False)
class Heated:
    """A problem with its Joule heat.

    Attributes:
        exchanges: face -> (golden rule, m, alpha/alpha' if known) where magnons are exchanged beyond linear response.
    """

    problem: Problem
    exchanges: Mapping[str, tuple[MagnonExchange, Array, float | None]]

    def warn(self, traces_at: Callable[[str], Array]) -> None:
        """Warn of states in which the golden rule is doubtful; traces_at: face -> traces of the solution there."""
        t0 = as_weight(self.problem.temperature)
        for name, (exchange, m, damping_ratio) in self.exchanges.items():
            law, traces = self.problem.faces[name].law, traces_at(name)
            spin, potential, warm = (
                traces[..., law.columns(role, field.name)]
                for role, field in ((METAL, SPIN), (MAGNET, MAGNON), (MAGNET, MAGNON_HEAT))
            )
            spectrum = exchange.spectrum
            if isinstance(spectrum, Parabolic):
                exchange = replace(exchange, spectrum=replace(spectrum, gap=as_weight(spectrum.gap)))
            warn_if_doubtful(
                exchange,
                direction("magnetisation", m),
                2 * E_CHARGE * spin,
                2 * E_CHARGE * potential[..., 0],
                t0 * (1 + warm[..., 0]),
                damping_ratio,
            )


def require_heat(device: "Device") -> None:
    """Refuse devices for which there is nothing beyond linear response.

    Raises:
        InputError: heat is not solved for, or couplings are left out.
    """
    if HEAT not in device.transport:
        must = "left out where heat is not solved for"
        raise InputError("nonlinear", must, True, 'transport = ["heat"] or ["magnons", "heat"]')
    if device.without:
        raise InputError("nonlinear", "left out where couplings are left out", list(device.without))


def heated(device: "Device", problem: Problem, conditions: Conditions | None = None) -> Heated:
    """The problem of a device in linear response, made nonlinear.

    Raises:
        InputError: a profile of conductances at a face that follows the golden rule.
        UnsupportedError: a law of one's own that is not linear and has no temperatures.
    """
    mesh = problem.mesh
    given = (conditions or device.conditions).on_cells(mesh)
    regions = {
        name: replace(
            _region(device, name, law, mesh, given),
            excess=excess(device.materials[name], name, law.fields, centres(mesh, name), given),
        )
        for name, law in problem.regions.items()
    }
    faces, exchanges = dict(problem.faces), {}
    for name, face in problem.faces.items():
        rule = _golden(device, name, mesh, given)
        if rule is None:
            faces[name] = replace(face, law=_face(device, name, face, mesh, given))
            continue
        magnet, exchange, m = rule
        metal = next(r for r in mesh.face_regions(name) if r != magnet)
        law = nonlinear_magnon_face(magnet, exchange, given.temperature, m)
        sides = {METAL: carried(device, metal), MAGNET: carried(device, magnet)}
        faces[name] = replace(face, law=restricted(law, sides))
        exchanges[name] = (exchange, m, getattr(device.interfaces[name], "damping_ratio", None))
    return Heated(replace(problem, regions=regions, faces=faces), exchanges)


def _region(device: "Device", region: str, law: Bulk, mesh: TaggedMesh | Layers, conditions: Conditions) -> Bulk:
    record = device.materials[region]
    if not isinstance(record, Conductor):
        return joule(law) if MAGNON.name in law.fields else law
    place = Place(device, region, centres(mesh, region), conditions)
    coupled, warming = thermoelectric_law(place, record), conductivity_ratio(place, record)
    if warming is not None:
        conducting = replace(law, R=(), W=(), F=(), C=(), deposits={}, decay_lengths=())
        warmed = varying(conducting, ELECTRON_HEAT.name, warming, rows=(POTENTIAL.name, SPIN.name))
        law = combined(warmed, replace(law, A=(), B=(), S=()))
    if coupled is None:
        return joule(law)
    column = coupled.fields.slice(ELECTRON_HEAT.name).start
    carried_heat = coupled.filtered(lambda c: _row(c, column))
    added = partial(_added, warming)
    return joule(combined(law, varying(carried_heat, ELECTRON_HEAT.name, added, rows=(ELECTRON_HEAT.name,))))


def _added(warming: Factor | None, t: Array) -> tuple[Array, Array]:
    """S T j over S T_0 j at the conductivity at T_0, less the 1 that the law holds."""
    ratio, slope = (np.ones_like(t), np.zeros_like(t)) if warming is None else warming(t)
    return (1 + t) * ratio - 1, ratio + (1 + t) * slope


def _row(coefficient: Coefficient, row: int) -> Coefficient:
    """The terms of one row."""
    found = []
    for t in coefficient:
        kept = np.zeros_like(t.fields)
        kept[row] = t.fields[row]
        if np.any(kept):
            found.append(replace(t, fields=kept))
    return tuple(found)


def _face(device: "Device", name: str, face: Face, mesh: TaggedMesh | Layers, conditions: Conditions) -> FaceLaw:
    """A face law with its heat; itself where it dissipates nothing.

    Raises:
        UnsupportedError: a law of one's own that is not linear and has no temperatures.
    """
    law = face.law
    fields = {field for side in law.sides for field in side.fields.names}
    if not fields & {POTENTIAL.name, SPIN.name} or not (law.G or law.Q or law.L or law.at):
        return law
    coupled = interface_seebeck(device, mesh, name, face, conditions)
    law = law if coupled is None else at_mean_temperature(law, coupled)
    return joule_face(_with_electrons(device, name, face, law, mesh))


def _with_electrons(device: "Device", name: str, face: Face, law: FaceLaw, mesh: TaggedMesh | Layers) -> FaceLaw:
    """A law with the temperatures of the electrons of its metals, which take the heat, where no heat crosses."""
    place = dict(zip((MINUS, PLUS), mesh.face_regions(name), strict=False))
    heat = FieldSet((ELECTRON_HEAT,))
    lacking = tuple(
        Side(side.role, heat)
        for side in law.sides
        if side.fields.size
        and place[face.sides[side.role]] in device.conductors
        and ELECTRON_HEAT.name not in side.fields
    )
    if not lacking:
        return law
    if law.at is not None:
        raise UnsupportedError(f"interface {name}: where its heat goes is not said; give its law temperatures")
    return joined(law, FaceLaw(sides=lacking))


def _golden(
    device: "Device", face: str, mesh: TaggedMesh | Layers, conditions: Conditions
) -> tuple[str, MagnonExchange, Array] | None:
    """(magnet, golden rule, m) of a face whose `MagnonInterface` gives g_r and whose magnet carries magnons."""
    choice = device.interfaces.get(face)
    if not isinstance(choice, MagnonInterface) or choice.g_r is None:
        return None
    magnet = next(r for r in mesh.face_regions(face) if r not in device.conductors)
    record = device.materials[magnet]
    if not isinstance(record, MagneticInsulator) or MAGNON not in carried(device, magnet).fields:
        return None
    for name in CONDUCTANCES:
        if f"{face}.{name}" in device.profiles:
            must = "left out in a nonlinear solve: the golden rule gives it"
            raise InputError(f"profiles.{face}.{name}", must, "a profile")
    m = face_magnetisation(device, mesh, face, magnet, conditions)
    exchange = choice.exchange(record.magnons, gap(record, m, face_points(mesh, face), conditions))
    h_pp = lattice_conductance(record, f"interfaces.{face}.h_pp") if choice.h_pp is None else choice.h_pp
    return magnet, replace(exchange, h_pp=h_pp), m
