"""What two media do to each other at a face: the user's choice, or the default of the pair.

metal | metal               all fields continuous; `Circuit` puts conductances between them
metal | ferromagnet         `RashbaInterface`: spin-orbit coupling there; also to insulators and at outer faces
metal | magnetic insulator  the b-layer law of its moments; `Conductances` gives its numbers, `MagnonInterface` those of
                            magnons; what else crosses where magnons and heat are solved for: `hanle.magnon_faces`
outer faces of a metal      "sink": no spin accumulation, as at a contact to a large reservoir
insulator | insulator, and every outer face: closed (lattices of insulators at one temperature, with heat)
faces that heat crosses     `HeatContact` gives conductances; defaults: `hanle.heat_faces`
"""

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from hanle.boundary.b_layer import CONDUCTANCES, MAGNET, METAL, Conductances, b_layer, conductances
from hanle.boundary.circuit import (
    ABOVE,
    BELOW,
    FERROMAGNET,
    NORMAL,
    Circuit,
    collinear_ferromagnets,
    normal_ferromagnet,
    normal_normal,
    transparent,
)
from hanle.boundary.heat_contact import BODY
from hanle.boundary.sinks import METAL as OUTER_METAL
from hanle.boundary.sinks import spin_sink
from hanle.boundary.thermoelectric_face import electron_conductance, thermoelectric_contact
from hanle.conditions import Conditions
from hanle.heat_faces import (
    CARRIERS,
    HeatContact,
    circuit_heat,
    contact_of_alike,
    heat_given,
    lattice_contact,
    outer_sink,
    require_heat_contact,
)
from hanle.magnon_faces import (
    MagnonInterface,
    golden_rule,
    magnon_contact,
    with_heat,
)
from hanle.materials.records import FerromagneticMetal, MagneticInsulator
from hanle.media import Place, density_of_states
from hanle.meshes.layered import Layers
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.coefficients import FaceLaw, as_weight
from hanle.pde.coupling import joined
from hanle.pde.errors import InputError, UnsupportedError
from hanle.pde.fields import MAGNON
from hanle.pde.problem import MINUS, PLUS, Face
from hanle.pde.tensors import Array, IntArray
from hanle.profiles import complex_at, scalar_at
from hanle.spin_orbit import SpinOrbit, spin_orbit_face, spin_orbit_sides
from hanle.transport import HEAT, carried

if TYPE_CHECKING:
    from hanle.device import Device

#: Face laws a user can name instead of the default.
CLOSED, CONTINUOUS, SINK = "closed", "continuous", "sink"
#: What a user may say of a face.
Choice: TypeAlias = Conductances | Circuit | SpinOrbit | MagnonInterface | HeatContact | str | Face
#: 1 - cosine up to which two directions are one.
COLLINEAR = 1e-9


def face_law(device: "Device", mesh: TaggedMesh | Layers, name: str, conditions: Conditions) -> Face | None:
    """The law of one face; None where it is closed.

    Raises:
        InputError: a choice that does not fit the pair of media.
    """
    choice, regions = device.interfaces.get(name), mesh.face_regions(name)
    if choice == CLOSED:
        return None
    if isinstance(choice, Face):
        return choice
    if isinstance(choice, Circuit | SpinOrbit) and HEAT not in device.transport:
        _require_no_heat(name, choice)
    if isinstance(choice, SpinOrbit):
        magnet, _ = spin_orbit_sides(device, regions, f"interfaces.{name}")
        if MAGNON in carried(device, magnet).fields:
            must = "a MagnonInterface where magnons reach a metal"
            raise InputError(f"interfaces.{name}", must, "spin-orbit coupling", 'or "closed"')
        m = face_magnetisation(device, mesh, name, magnet, conditions)
        face = spin_orbit_face(device, mesh, name, choice, m)
        return _with_heat_beside(device, name, regions, face, conditions) if HEAT in device.transport else face
    metals = [r for r in regions if r in device.conductors]
    insulators = [r for r in regions if isinstance(device.materials.get(r), MagneticInsulator)]
    _require_fitting(name, choice, len(metals), len(insulators), regions)
    if isinstance(choice, HeatContact):
        ordered = any(MAGNON in carried(device, r).fields for r in insulators)
        require_heat_contact(device, name, regions, bool(metals) and ordered and len(regions) == 2)
        if len(regions) == 1:
            return Face(outer_sink(choice, conditions, BODY), {BODY: MINUS})
    if choice == SINK:
        return Face(spin_sink(), {OUTER_METAL: MINUS})
    if len(metals) == 2:
        return _between_metals(device, mesh, name, choice, conditions)
    if len(metals) == 1 and len(insulators) == 1:
        return _on_insulator(device, mesh, name, metals[0], insulators[0], conditions)
    if len(regions) == 2 and HEAT in device.transport:
        return _lattices(device, name, regions, conditions)
    return None


def _require_no_heat(name: str, choice: Choice) -> None:
    """Refuse numbers of heat where it is not solved for."""
    for key, value in circuit_heat(choice).items():
        must = "left out where heat is not solved for"
        raise InputError(f"interfaces.{name}.{key}", must, value, 'transport = ["heat"] or ["magnons", "heat"]')


def _lattices(device: "Device", name: str, regions: tuple[str, ...], conditions: Conditions) -> Face:
    """Two insulators, or a metal and an insulator without moments: heat from lattice to lattice."""
    metals = [r for r in regions if r in device.conductors]
    if not metals:
        law = contact_of_alike(heat_given(device.interfaces.get(name)), conditions, ("lattice",))
        return Face(law, {BELOW: MINUS, ABOVE: PLUS})
    insulator = next(r for r in regions if r not in metals)
    law = _to_lattice(device, name, insulator, conditions)
    sides = (MINUS, PLUS) if regions[0] == metals[0] else (PLUS, MINUS)
    return Face(law, {METAL: sides[0], MAGNET: sides[1]})


def _to_lattice(device: "Device", name: str, insulator: str, conditions: Conditions) -> FaceLaw:
    """Heat from a metal to the lattice of an insulator without magnons."""
    choice = device.interfaces.get(name)
    if isinstance(choice, HeatContact):
        return lattice_contact(device, name, insulator, conditions, choice.lattice, choice.electrons)
    if isinstance(choice, MagnonInterface):
        return lattice_contact(device, name, insulator, conditions, choice.h_pp, choice.h_ep)
    return lattice_contact(device, name, insulator, conditions)


def face_points(mesh: TaggedMesh | Layers, name: str) -> Array:
    """Centres of the facets (n, 3); for layers one point at the origin."""
    return np.zeros((1, 3)) if isinstance(mesh, Layers) else mesh.face_centres(name)


def interface_conductances(
    device: "Device",
    face: str,
    metal: str,
    magnet: str,
    points: Array,
    conditions: Conditions,
    nu: ArrayLike | None = None,
) -> Conductances:
    """G_s, G_r, G_i of a metal | magnetic insulator face at points (n, 3), from moments or from given numbers.

    Args:
        nu: density of states of the metal at the points, from `face_density`; by default from its profile there.
    """
    given, record = device.interfaces.get(face), device.materials[magnet]
    if isinstance(given, Conductances):
        found = Conductances(
            *(scalar_at(getattr(given, n), points, f"interfaces.{face}.{n}") for n in CONDUCTANCES)
        )
    elif (ruled := golden_rule(device, face, magnet, points, conditions)) is not None:
        found = ruled
    elif isinstance(record, MagneticInsulator) and record.conductances is not None:
        fixed = record.conductances
        found = Conductances(fixed.G_s.value, fixed.G_r.value, fixed.G_i.value)
    else:
        local = density_of_states(device, metal, points) if nu is None else nu
        found = _microscopic(device, metal, magnet, points, conditions, local)
    place = Place(device, face, points, conditions)
    return Conductances(*(place.quantity(name, getattr(found, name)) for name in CONDUCTANCES))


def face_density(device: "Device", mesh: TaggedMesh | Layers, face: str, metal: str) -> Array:
    """nu [1/(J m^3)] of a metal in the cells at a face: () or (facets,)."""
    if isinstance(mesh, Layers):
        return density_of_states(device, metal, np.zeros((1, 3)))
    nu = density_of_states(device, metal, mesh.centres(metal))
    if nu.ndim == 0:
        return nu
    return np.asarray(nu[cells_beside(mesh, face, metal)])


def cells_beside(mesh: TaggedMesh, face: str, region: str) -> IntArray:
    """(facets,) positions, among the cells of a region, of those at a face."""
    side = mesh.face_regions(face).index(region)
    return np.searchsorted(mesh.region_cells(region), mesh.faces[face].cells[:, side])


def face_magnetisation(
    device: "Device", mesh: TaggedMesh | Layers, face: str, magnet: str, conditions: Conditions
) -> Array:
    """m at the facets, shapes as `Conditions.magnetisation_at`; given per cell of a metal, that of the cells there."""
    given = conditions.magnetisation.get(magnet)
    if (
        isinstance(given, np.ndarray)
        and given.ndim == 2
        and magnet in device.conductors
        and not isinstance(mesh, Layers)
    ):
        return conditions.magnetisation_at(magnet, mesh.centres(magnet))[cells_beside(mesh, face, magnet)]
    return conditions.magnetisation_at(magnet, face_points(mesh, face))


def _require_fitting(
    name: str, choice: Choice | None, metals: int, insulators: int, regions: tuple[str, ...]
) -> None:
    key = f"interfaces.{name}"
    if isinstance(choice, Conductances) and (metals, insulators) != (1, 1):
        must = "G_s, G_r, G_i only between a metal and a magnetic insulator"
        raise InputError(key, must, regions, "between metals: G_up, G_dn, G_mix (hanle.Circuit)")
    if isinstance(choice, MagnonInterface) and (metals, insulators) != (1, 1):
        raise InputError(key, "a MagnonInterface only between a metal and a magnetic insulator", regions)
    if isinstance(choice, Circuit) and metals != 2:
        raise InputError(key, "G_up, G_dn, G_mix only between two metals", regions, "else: hanle.Conductances")
    if choice == SINK and (len(regions), metals) != (1, 1):
        raise InputError(key, '"sink" only at an outer face of a metal', regions)
    if choice == CONTINUOUS and metals != 2:
        raise InputError(key, "closed, or a law: only metals can be continuous", choice)


def _between_metals(
    device: "Device", mesh: TaggedMesh | Layers, name: str, choice: Choice | None, conditions: Conditions
) -> Face:
    if not isinstance(choice, Circuit):
        law, stacked = transparent(), {BELOW: MINUS, ABOVE: PLUS}
        if HEAT in device.transport:
            law = joined(law, contact_of_alike(heat_given(choice), conditions, tuple(CARRIERS)))
        return Face(law, stacked)
    face = _circuit(device, mesh, name, choice, conditions)
    if HEAT not in device.transport:
        return face
    coupled = interface_seebeck(device, mesh, name, face, conditions)
    face = _with_heat_beside(device, name, mesh.face_regions(name), face, conditions)
    return face if coupled is None else replace(face, law=joined(face.law, coupled))


def _circuit(
    device: "Device", mesh: TaggedMesh | Layers, name: str, choice: Circuit, conditions: Conditions
) -> Face:
    """Charge and spin."""
    stacked, regions = {BELOW: MINUS, ABOVE: PLUS}, mesh.face_regions(name)
    given = circuit_at(choice, face_points(mesh, name), f"interfaces.{name}")
    magnets = [r for r in regions if isinstance(device.materials[r], FerromagneticMetal)]
    directions = [face_magnetisation(device, mesh, name, r, conditions) for r in magnets]
    try:
        if len(magnets) == 2:
            return Face(collinear_ferromagnets(given, *directions), stacked)
        if not magnets:
            return Face(_unpolarised(given), stacked)
        sides = (
            {NORMAL: MINUS, FERROMAGNET: PLUS} if regions[1] == magnets[0] else {NORMAL: PLUS, FERROMAGNET: MINUS}
        )
        return Face(normal_ferromagnet(magnets[0], given, directions[0]), sides)
    except InputError as error:
        raise error.within(f"interfaces.{name}.") from error


def _with_heat_beside(
    device: "Device", name: str, regions: tuple[str, ...], face: Face, conditions: Conditions
) -> Face:
    """A face of charge and spin, with the heat that crosses it, or none at an outer face."""
    given = heat_given(device.interfaces[name])
    if len(regions) == 1:
        if given:
            must = "left out at an outer face, which is closed for heat"
            raise InputError(f"interfaces.{name}.{min(given)}", must, given[min(given)])
        return face
    places = (MINUS, PLUS)
    role = {regions[places.index(place)]: role for role, place in face.sides.items()}
    insulators = [r for r in regions if r not in device.conductors]
    if insulators:
        metal = next(r for r in regions if r in device.conductors)
        heat = lattice_contact(
            device, name, insulators[0], conditions, **given, roles=(role[metal], role[insulators[0]])
        )
    else:
        first, second = (side.role for side in face.law.sides)
        known = {"electrons": electron_conductance(face.law, conditions.temperature)} | given
        heat = contact_of_alike(known, conditions, tuple(CARRIERS), (first, second))
    return replace(face, law=joined(face.law, heat))


def interface_seebeck(
    device: "Device", mesh: TaggedMesh | Layers, name: str, face: Face, conditions: Conditions
) -> FaceLaw | None:
    """What couples the heat through a `Circuit` to charge and spin; None where nothing does.

    Args:
        face: its law; the roles of its sides are used.

    Raises:
        InputError: polarised effects between metals that are not ferromagnetic.
    """
    choice, regions = device.interfaces.get(name), mesh.face_regions(name)
    if not isinstance(choice, Circuit) or not (choice.seebeck or choice.spin_dependent_seebeck):
        return None
    magnets = [r for r in regions if isinstance(device.materials[r], FerromagneticMetal)]
    try:
        return thermoelectric_contact(
            conditions.temperature,
            circuit_at(choice, face_points(mesh, name), f"interfaces.{name}"),
            choice.seebeck,
            choice.spin_dependent_seebeck,
            face_magnetisation(device, mesh, name, magnets[0], conditions) if magnets else None,
            (face.law.sides[0].role, face.law.sides[1].role),
        )
    except InputError as error:
        raise error.within(f"interfaces.{name}.") from error


def circuit_at(given: Circuit, points: Array, key: str) -> Circuit:
    """Conductances at points (n, 3): numbers or one per facet."""
    up, dn, loss = (
        scalar_at(getattr(given, n), points, f"{key}.{n}")  # a number, an array or a function of position
        for n in ("G_up", "G_dn", "memory_loss")
    )
    mix = complex_at(given.G_mix, points, f"{key}.G_mix")
    return replace(given, G_up=up, G_dn=dn, G_mix=mix, memory_loss=loss)


def _unpolarised(given: Circuit) -> FaceLaw:
    """Between normal metals, where no axis sets spin channels apart."""
    up, dn = np.asarray(given.G_up, dtype=float), np.asarray(given.G_dn, dtype=float)
    if np.any(up != dn) or np.any(np.asarray(given.G_mix)):
        must = "G_up = G_dn and no G_mix between metals that are not ferromagnetic"
        raise InputError("G_up", must, (given.G_up, given.G_dn, given.G_mix))
    total = np.asarray(up + dn)
    resistance = np.divide(1.0, total, out=np.full_like(total, np.inf), where=total != 0)
    return normal_normal(resistance, given.memory_loss)


def _on_insulator(
    device: "Device", mesh: TaggedMesh | Layers, name: str, metal: str, magnet: str, conditions: Conditions
) -> Face:
    sides = (MINUS, PLUS) if mesh.face_regions(name)[0] == metal else (PLUS, MINUS)
    points = face_points(mesh, name)
    nu = face_density(device, mesh, name, metal)
    g = interface_conductances(device, name, metal, magnet, points, conditions, nu)
    direction = _direction(magnet, g, points, conditions)
    if MAGNON in carried(device, magnet).fields:
        law = magnon_contact(device, name, metal, magnet, g, direction, points, conditions)
    else:
        heat = _to_lattice(device, name, magnet, conditions) if HEAT in device.transport else None
        law = with_heat(b_layer(magnet, g, direction), heat)
    return Face(law, {METAL: sides[0], MAGNET: sides[1]})


def _direction(magnet: str, g: Conductances, points: Array, conditions: Conditions) -> Array:
    """m, or any axis where the interface is isotropic and nothing sets one (a paramagnet at B = 0)."""
    isotropic = not np.any(as_weight(g.G_r)) and not np.any(as_weight(g.G_i))
    if isotropic and magnet not in conditions.magnetisation:
        return np.array([0.0, 0.0, 1.0])
    return conditions.magnetisation_at(magnet, points)


def _microscopic(
    device: "Device", metal: str, magnet: str, points: Array, conditions: Conditions, nu: ArrayLike
) -> Conductances:
    record = device.materials[magnet]
    if not (isinstance(record, MagneticInsulator) and record.moments):
        raise UnsupportedError(f"interface {metal}|{magnet}: {magnet} has no moments at its interface")
    along = np.linalg.norm(conditions.field_at(points), axis=-1)
    if magnet in conditions.magnetisation:
        along = np.sum(conditions.field_at(points) * conditions.magnetisation_at(magnet, points), axis=-1)
        _require_order(magnet, record.moments.critical_temperature, along, points, conditions)
    return conductances(record.rates(nu, along, conditions.temperature), nu)


def _require_order(magnet: str, critical: float, along: Array, points: Array, conditions: Conditions) -> None:
    """Refuse a direction m other than that of B (B.m = `along`) where no order holds the moments."""
    disordered = np.asarray(conditions.temperature, dtype=float) >= critical
    size = np.linalg.norm(conditions.field_at(points), axis=-1)
    if np.any(disordered & (along < size * (1 - COLLINEAR))):
        raise InputError(
            f"magnetisation.{magnet}",
            f"along B where the moments do not order (at and above {critical:.4g} K)",
            np.asarray(conditions.magnetisation_at(magnet, points)).reshape(-1, 3)[0].tolist(),
            "leave it out, or give the interface G_s, G_r, G_i as numbers",
        )
