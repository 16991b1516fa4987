"""A device becomes a problem: media for materials, default laws for pairs of media, drives and terminals.

This is the only place that knows both what things are made of and how the equations are put.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from hanle.boundary.b_layer import CONDUCTANCES, MAGNET, METAL, Conductances, b_layer, conductances
from hanle.conditions import Conditions
from hanle.materials.records import MagneticInsulator, NormalMetal
from hanle.meshes.layered import Layers
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.coefficients import Bulk, FaceLaw, Side, as_weight
from hanle.pde.constants import E_CHARGE
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.fields import CHARGE_AND_SPIN
from hanle.pde.metal import normal_metal
from hanle.pde.problem import MINUS, PLUS, Face, Gradient, Problem, Terminal
from hanle.pde.tensors import Array
from hanle.profiles import Profile, scalar_at

if TYPE_CHECKING:
    from hanle.device import Device

#: Face laws a user can name instead of the default.
CLOSED, CONTINUOUS = "closed", "continuous"
#: 1 - cosine up to which two directions are one.
COLLINEAR = 1e-9


def problem(device: "Device", mesh: TaggedMesh | Layers, conditions: Conditions | None = None) -> Problem:
    """The problem of a device on a mesh.

    Args:
        conditions: those of the device if None; a batch for engines that take one.

    Raises:
        InputError: a region without material, a quantity out of range, a magnet without direction.
    """
    conditions = (conditions or device.conditions).on_cells(mesh)
    _check_regions(device, mesh)
    _check_faces(device, mesh)
    _check_magnets(device, mesh)
    metals = {
        name: m for name, m in device.materials.items() if isinstance(m, NormalMetal) and name in mesh.regions
    }
    return Problem(
        mesh=mesh,
        regions={name: metal_bulk(device, name, centres(mesh, name), conditions) for name in metals},
        faces=_faces(device, mesh, conditions),
        terminals={name: Terminal(faces) for name, faces in device.terminals.items()},
        gradients=_gradients(device, mesh),
    )


def metal_bulk(device: "Device", region: str, points: Array, conditions: Conditions) -> Bulk:
    """Law of a metal region, its profiles sampled at points (n, 3)."""
    metal = device.materials[region]
    if not isinstance(metal, NormalMetal):
        raise InputError(f"materials.{region}", "a normal metal", metal)
    rho = _quantity(device, region, "resistivity", metal.rho, points)
    if not np.all(rho > 0):
        raise InputError(f"profiles.{region}.resistivity", "positive [Ohm m]", float(rho.min()))
    sigma = 1 / rho
    diffusion = sigma / (2 * E_CHARGE**2 * metal.nu) if metal.density_of_states else metal.D
    relaxation = None if metal.relaxation is None else metal.relaxation_rates
    length = None if relaxation is not None else _quantity(device, region, "diffusion_length", metal.lam, points)
    try:
        return normal_metal(
            conductivity=sigma,
            diffusion_constant=diffusion,
            diffusion_length=length,
            relaxation=relaxation,
            spin_hall_angle=_quantity(device, region, "spin_hall_angle", metal.theta, points),
            field=conditions.field_at(points),
            g_factor=metal.g,
            mobility=metal.mu,
        )
    except InputError as error:
        # The records are checked already: what is out of range here came from a profile.
        raise (
            error if error.key.startswith((f"{region}.", "field")) else error.within(f"profiles.{region}.")
        ) from error


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
    given = device.interfaces.get(face)
    record = device.materials[magnet]
    if isinstance(given, Conductances):
        found = Conductances(
            *(scalar_at(getattr(given, n), points, f"interfaces.{face}.{n}") for n in CONDUCTANCES)
        )
    elif isinstance(record, MagneticInsulator) and record.conductances is not None:
        fixed = record.conductances
        found = Conductances(fixed.G_s.value, fixed.G_r.value, fixed.G_i.value)
    else:
        local = density_of_states(device, metal, points) if nu is None else nu
        found = _microscopic(device, metal, magnet, points, conditions, local)
    return Conductances(*(_quantity(device, face, name, getattr(found, name), points) for name in CONDUCTANCES))


def density_of_states(device: "Device", metal: str, points: Array) -> Array:
    """nu per spin [1/(J m^3)] of a metal at points (n, 3): () or (n,).

    Where D is given, nu = sigma/(2 e^2 D) follows a profile of the resistivity, as the bulk does.
    """
    host = device.materials[metal]
    if not isinstance(host, NormalMetal):
        raise InputError(f"materials.{metal}", "a normal metal", host)
    if host.density_of_states is not None:
        return np.asarray(host.nu)
    return 1 / (2 * E_CHARGE**2 * host.D * _quantity(device, metal, "resistivity", host.rho, points))


def face_density(device: "Device", mesh: TaggedMesh | Layers, face: str, metal: str) -> Array:
    """nu [1/(J m^3)] of a metal in the cells at a face: () or (facets,)."""
    nu = density_of_states(device, metal, centres(mesh, metal))
    if isinstance(mesh, Layers) or nu.ndim == 0:
        return nu
    side = mesh.face_regions(face).index(metal)
    return np.asarray(nu[np.searchsorted(mesh.region_cells(metal), mesh.faces[face].cells[:, side])])


def face_names(mesh: TaggedMesh | Layers) -> tuple[str, ...]:
    """Names of all faces of a geometry."""
    return mesh.face_names if isinstance(mesh, Layers) else tuple(mesh.faces)


def centres(mesh: TaggedMesh | Layers, region: str) -> Array:
    """Cell centres (n, 3); for a layer one point at the origin (its coefficients cannot vary inside)."""
    return np.zeros((1, 3)) if isinstance(mesh, Layers) else mesh.centres(region)


def _microscopic(
    device: "Device", metal: str, magnet: str, points: Array, conditions: Conditions, nu: ArrayLike
) -> Conductances:
    host, record = device.materials[metal], device.materials[magnet]
    if not (isinstance(host, NormalMetal) and isinstance(record, MagneticInsulator) and record.moments):
        raise InputError(f"interface {metal}|{magnet}", "a normal metal and a magnetic insulator", (host, record))
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


def _quantity(device: "Device", place: str, name: str, default: Profile, points: Array) -> Array:
    """A number, or its profile: per cell (n,) or, from batched conditions, (batch, 1)."""
    key = f"{place}.{name}"
    if key in device.profiles:
        return scalar_at(device.profiles[key], points, key)
    return np.asarray(default, dtype=float)


def _faces(device: "Device", mesh: TaggedMesh | Layers, conditions: Conditions) -> dict[str, Face]:
    found = {}
    for name in face_names(mesh):
        regions = mesh.face_regions(name)
        face = _face(device, mesh, name, regions, conditions)
        if face is not None:
            found[name] = face
    return found


def _face(
    device: "Device", mesh: TaggedMesh | Layers, name: str, regions: tuple[str, ...], conditions: Conditions
) -> Face | None:
    """The law of one face: the user's choice, or the default of the pair; None where the face is closed."""
    choice = device.interfaces.get(name)
    if choice == CLOSED:
        return None
    if isinstance(choice, Face):
        return choice
    metals = [r for r in regions if isinstance(device.materials.get(r), NormalMetal)]
    magnets = [r for r in regions if isinstance(device.materials.get(r), MagneticInsulator)]
    if isinstance(choice, Conductances) and not (len(metals) == 1 and len(magnets) == 1):
        raise InputError(f"interfaces.{name}", "given as conductances only between metal and magnet", regions)
    if len(metals) == 2:
        return Face(continuity(), {"below": MINUS, "above": PLUS})
    if choice == CONTINUOUS:
        raise InputError(f"interfaces.{name}", "closed, or a law: only metals can be continuous", choice)
    if len(metals) == 1 and len(magnets) == 1:
        sides = (MINUS, PLUS) if regions[0] == metals[0] else (PLUS, MINUS)
        points = np.zeros((1, 3)) if isinstance(mesh, Layers) else mesh.face_centres(name)
        nu = face_density(device, mesh, name, metals[0])
        g = interface_conductances(device, name, metals[0], magnets[0], points, conditions, nu)
        direction = _direction(device, magnets[0], g, points, conditions)
        return Face(b_layer(magnets[0], g, direction), {METAL: sides[0], MAGNET: sides[1]})
    return None


def _direction(device: "Device", magnet: str, g: Conductances, points: Array, conditions: Conditions) -> Array:
    """m, or any axis where the interface is isotropic and nothing sets one (a paramagnet at B = 0)."""
    isotropic = not np.any(as_weight(g.G_r)) and not np.any(as_weight(g.G_i))
    if isotropic and magnet not in conditions.magnetisation:
        return np.array([0.0, 0.0, 1.0])
    return conditions.magnetisation_at(magnet, points)


def continuity() -> FaceLaw:
    """Two metals in perfect contact: all fields continuous."""
    return FaceLaw(
        sides=(Side("below", CHARGE_AND_SPIN), Side("above", CHARGE_AND_SPIN)), tie=CHARGE_AND_SPIN.names
    )


def _gradients(device: "Device", mesh: TaggedMesh | Layers) -> tuple[Gradient, ...]:
    """Without terminals macroscopic fields drive, along x and y where the device is invariant or periodic."""
    if device.terminals:
        return ()
    periodic: Mapping[str, object] = {} if isinstance(mesh, Layers) else mesh.periodic
    found = tuple(Gradient("u", axis) for axis in "xy" if axis not in mesh.axes or axis in periodic)
    if not any(g.axis == "x" for g in found):
        must = "given where the device is not invariant along x"
        raise InputError("terminals", must, "none", "name outer faces: shape.terminals of a mesh, or [contacts]")
    return found


def _check_regions(device: "Device", mesh: TaggedMesh | Layers) -> None:
    for name in mesh.regions:
        if name not in device.materials:
            raise InputError(f"materials.{name}", "given: the shape has this region", "nothing")
    if not any(isinstance(m, NormalMetal) for m in device.materials.values()):
        raise InputError("materials", "at least one metal", list(device.materials), "insulators carry no current")


def _check_magnets(device: "Device", mesh: TaggedMesh | Layers) -> None:
    """Every magnet that is given a direction touches a metal that could feel it."""
    for name in device.magnetisation:
        beside = {
            region
            for face in face_names(mesh)
            for region in mesh.face_regions(face)
            if name in mesh.face_regions(face)
        }
        if not beside & {*device.metals}:
            must = "left out: the magnet touches no metal, so that its direction changes nothing"
            raise InputError(f"magnetisation.{name}", must, device.magnetisation[name])


def _check_faces(device: "Device", mesh: TaggedMesh | Layers) -> None:
    """Every face that the device names exists and can take what is said about it."""
    known = face_names(mesh)
    contacted = {face for faces in device.terminals.values() for face in faces}
    for name, choice in device.interfaces.items():
        if name not in known:
            raise unknown_name(f"interfaces.{name}", name, known)
        if choice == CLOSED and name in contacted:
            raise InputError(f"interfaces.{name}", "left out: the face is a contact", choice)
    for key in device.profiles:
        face, _, quantity = key.rpartition(".")
        if quantity not in CONDUCTANCES:
            continue
        if face not in known:
            raise unknown_name(f"profiles.{key}", face, known)
        kinds = {type(device.materials[r]) for r in mesh.face_regions(face)}
        if kinds != {NormalMetal, MagneticInsulator} or device.interfaces.get(face) == CLOSED:
            raise InputError(f"profiles.{key}", "of an open face between metal and magnet", face)
