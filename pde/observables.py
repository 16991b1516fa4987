"""Read-outs of a solution. Every flux comes from the laws; voltages are V = -u.

Units follow the mesh: currents are A in 3D, A/m in 2D and A/m^2 in 1D (per invariant length or area).
"""

from dataclasses import dataclass

import numpy as np

from hanle.meshes.geometry import region_volume
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.engines.contract import FaceSamples, Samples
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.problem import Problem
from hanle.pde.response import Response
from hanle.pde.solution import Solution
from hanle.pde.tensors import Array

#: Names of the drives of a film: macroscopic fields along x and y.
FIELD_X, FIELD_Y = "du/dx", "du/dy"
#: Sine of the angle below which m counts as along an axis.
ALONG = 1e-6
#: By how much the normals of a flat face may differ.
FLAT = 1e-9


@dataclass(frozen=True, eq=False)
class FilmResistivity:
    """Resistivities of a film driven by macroscopic fields; every array has shape (batch,).

    Attributes:
        rho_L: E_x/<j_x> at <j_y> = 0 [Ohm m], <> the mean over the conducting thickness.
        rho_T: E_y/<j_x> at <j_y> = 0 [Ohm m].
        reference: rho_L of the reference problem (Drude) [Ohm m].
        change_L: rho_L/reference - 1, obtained without subtracting resistivities.
        change_T: rho_T/reference.
        thickness: conducting thickness [m].
    """

    rho_L: Array
    rho_T: Array
    reference: Array
    change_L: Array
    change_T: Array
    thickness: Array

    @property
    def sheet_L(self) -> Array:
        """Longitudinal sheet resistance [Ohm per square]."""
        return self.rho_L / self.thickness

    @property
    def sheet_T(self) -> Array:
        """Transverse sheet resistance [Ohm]."""
        return self.rho_T / self.thickness


def measure(problem: Problem, component: str) -> Array:
    """Measure (batch or 1,) of the regions that carry a component: m^3 in 3D, m^2 in 2D, m in 1D."""
    names = [name for name, bulk in problem.regions.items() if component in bulk.fields.components]
    return sum((region_volume(problem.mesh, name) for name in names), start=np.zeros(1))


def film_resistivity(response: Response) -> FilmResistivity:
    """Resistivities from the response to E_x and E_y.

    With M = R + C (reference and correction of the integrated response): rho_L = t M_yy/det M,
    rho_T = -t M_yx/det M, and rho_L/rho_ref - 1 expanded so that only corrections of equal size are subtracted.

    Raises:
        InputError: the problem is not driven along both x and y.
    """
    for drive in (FIELD_X, FIELD_Y):
        if drive not in response.drives:
            raise InputError("drives", "the macroscopic fields along x and y of a film", response.drives)
    pick = np.ix_(range(len(response.matrix)), *[[response.index(FIELD_X), response.index(FIELD_Y)]] * 2)
    r, c, m = response.reference[pick], response.correction[pick], response.matrix[pick]
    det = m[:, 0, 0] * m[:, 1, 1] - m[:, 0, 1] * m[:, 1, 0]
    det_r = r[:, 0, 0] * r[:, 1, 1] - r[:, 0, 1] * r[:, 1, 0]
    lost = r[:, 1, 1] * (
        c[:, 0, 0] * r[:, 1, 1]
        + c[:, 0, 0] * c[:, 1, 1]
        - c[:, 0, 1] * c[:, 1, 0]
        - r[:, 0, 1] * c[:, 1, 0]
        - c[:, 0, 1] * r[:, 1, 0]
    )
    lost = lost + c[:, 1, 1] * r[:, 0, 1] * r[:, 1, 0]
    thickness = np.broadcast_to(measure(response.system.problem, "u"), det.shape)
    reference = thickness * r[:, 1, 1] / det_r
    rho_t = -thickness * m[:, 1, 0] / det
    change = -lost / (r[:, 1, 1] * det)
    return FilmResistivity(reference * (1 + change), rho_t, reference, change, rho_t / reference, thickness)


def conductance_matrix(response: Response) -> Array:
    """Terminal conductances (batch, terminals, terminals): current into terminal i per V on terminal j."""
    terminals = response.system.problem.terminals
    own = [response.index(name) for name, terminal in terminals.items() if terminal.component == "u"]
    return response.matrix[:, own][:, :, own]


def voltage(solution: Solution, plus: str, minus: str | None = None) -> Array:
    """V(plus) - V(minus), or V(plus) against the ground, shape (batch,) [V]."""
    level = -solution.amplitude(_terminal(solution, plus))
    return level if minus is None else level + solution.amplitude(_terminal(solution, minus))


def voltage_change(solution: Solution, plus: str, minus: str) -> tuple[Array, Array]:
    """(reference voltage, change by the perturbative couplings) of V(plus) - V(minus), without subtraction [V]."""
    i, j = (solution.response.index(_terminal(solution, name)) for name in (plus, minus))
    reference = solution.reference_amplitudes[:, j] - solution.reference_amplitudes[:, i]
    return reference, solution.amplitude_changes[:, j] - solution.amplitude_changes[:, i]


def current_in(solution: Solution, terminal: str) -> Array:
    """Current into the device at a terminal (batch,)."""
    return -solution.flux(_terminal(solution, terminal))


def current_density(solution: Solution, region: str) -> tuple[Array, Array]:
    """(points (n, 3), j (batch, n, 3) [A/m^2]) at the cell centres of a region."""
    points, flux = solution.bulk_flux(region)
    columns = _columns(solution, region, "u")
    return points[:, 0], flux[:, :, 0, :, columns][..., 0]


def spin_current(solution: Solution, region: str) -> tuple[Array, Array]:
    """(points (n, 3), J (batch, n, 3 flow, 3 polarisation) [A/m^2]) at the cell centres of a region."""
    points, flux = solution.bulk_flux(region)
    return points[:, 0], flux[:, :, 0, :, _columns(solution, region, "w")]


def spin_current_through(solution: Solution, face: str, side: str | None = None) -> Array:
    """Spin current (batch, 3 polarisation) through a face "A|B" from A to B, on one side, integrated.

    Args:
        face: also an outer face; then out of its region.
        side: the region on whose side; by default the first that carries spin. The two differ by what the face absorbs.

    Returns:
        A in 3D, A/m in 2D, A/m^2 in 1D; in charge units: the angular momentum flow is -(hbar/2e) times it.

    Raises:
        InputError: no such face, or no spin on that side.
    """
    mesh, problem = solution.response.system.problem.mesh, solution.response.system.problem
    names = mesh.faces if isinstance(mesh, TaggedMesh) else mesh.face_names
    if face not in names:
        raise unknown_name("face", face, names)
    regions = mesh.face_regions(face)
    carrying = [name for name in regions if "w" in problem.fields_of(name).names]
    if not carrying or side not in (None, *carrying):
        must = f"one of {', '.join(carrying)}" if carrying else "beside a region that carries spin"
        raise InputError("side", must, side or face)
    region = side or carrying[0]
    flux = solution.response.system.face_flux(face, region, solution.state, solution.gradients)
    return np.asarray(flux[:, _columns(solution, region, "w")] * (1.0 if region == regions[0] else -1.0))


def spin_accumulation(solution: Solution, region: str, points: Array) -> Array:
    """mu_s/e = 2 w (batch, n, 3) [V] at points (n, 3) of a region."""
    columns = _columns(solution, region, "w")
    return 2.0 * solution.values(region, points)[..., columns]


def deposits(solution: Solution, only: str | None = None) -> dict[str, Array]:
    """What faces and regions hand to their receivers: name -> (batch, rows), integrated [flux unit x area].

    Args:
        only: name of the one face or region to count; all if None.
    """
    problem = solution.response.system.problem
    places = (*problem.faces, *problem.regions)
    if only is not None and only not in places:
        raise unknown_name("face or region", only, places)
    found: dict[str, Array] = {}
    for place in places if only is None else (only,):
        samples, densities = _densities(solution, place)
        for receiver, density in densities.items():
            weights = np.broadcast_to(samples.weights, density.shape[:3])
            total = np.einsum("bfpa,bfp->ba", density, weights)
            if place in problem.regions:
                total = solution.response.system.processes.total(total)
            found[receiver] = found.get(receiver, 0.0) + total
    return found


def deposit_map(solution: Solution, place: str, receiver: str) -> tuple[Array, Array]:
    """(centres (n, 3), mean density (batch, n, rows)) of what a face or region hands to a receiver.

    Centres of facets and flux density on a face, centres of cells and flux density per metre in a region.
    """
    problem = solution.response.system.problem
    if place not in problem.faces and place not in problem.regions:
        raise unknown_name("face or region", place, (*problem.faces, *problem.regions))
    samples, densities = _densities(solution, place)
    if receiver not in densities:
        raise unknown_name(f"deposit of {place}", receiver, densities)
    density = densities[receiver]
    weights = np.broadcast_to(samples.weights, density.shape[:3])
    mean = np.einsum("bfpa,bfp->bfa", density, weights) / weights.sum(axis=-1)[..., None]
    centres = samples.points.mean(axis=1)
    if isinstance(samples, FaceSamples):
        return centres, mean
    return solution.joined(samples.entities, centres, 0), solution.joined(samples.entities, mean, 1)


def _densities(solution: Solution, place: str) -> tuple[FaceSamples | Samples, dict[str, Array]]:
    """Samples of a face, or of the own cells of a region, and receiver -> density (batch, entities, points, rows)."""
    problem = solution.response.system.problem
    if place in problem.faces:
        face = solution.face(place)
        laws = problem.faces[place].law.deposits
        return face, {n: law.density(face.traces, face.gradients) for n, law in laws.items()}
    own = solution.own_samples(place)
    laws = problem.regions[place].deposits
    return own, {n: law.density(own.values, own.gradients) for n, law in laws.items()}


def torque(solution: Solution, magnet: str, place: str | None = None) -> Array:
    """Angular momentum given to a magnet per time, (batch, 3) [N m in 3D, per invariant length or area else].

    Args:
        place: the face or region through which it is given; all of the magnet if None.
    """
    found = deposits(solution, place)
    if f"torque:{magnet}" not in found:
        raise _takes_nothing(solution, magnet, place)
    return HBAR / (2 * E_CHARGE) * found[f"torque:{magnet}"]


def _places_of(solution: Solution) -> dict[str, list[str]]:
    """Receiver -> faces and regions that hand something to it."""
    problem = solution.response.system.problem
    found: dict[str, list[str]] = {}
    for name, deposited in (
        *((name, face.law.deposits) for name, face in problem.faces.items()),
        *((name, law.deposits) for name, law in problem.regions.items()),
    ):
        for receiver in deposited:
            found.setdefault(receiver, []).append(name)
    return found


def _takes_nothing(solution: Solution, magnet: str, place: str | None) -> InputError:
    """The error for a magnet that does not exist, or takes no torque at a place."""
    places = {n.removeprefix("torque:"): p for n, p in _places_of(solution).items() if n.startswith("torque:")}
    if magnet not in places:
        return unknown_name("magnet", magnet, places)
    return InputError("place", f"where {magnet} takes torque ({', '.join(places[magnet])})", str(place))


def torque_map(solution: Solution, magnet: str, place: str) -> tuple[Array, Array]:
    """(centres (n, 3), torque density (batch, n, 3)) that a magnet absorbs through a face [J/m^2] or inside [J/m^3]."""
    if place not in _places_of(solution).get(f"torque:{magnet}", ()):
        raise _takes_nothing(solution, magnet, place)
    centres, density = deposit_map(solution, place, f"torque:{magnet}")
    return centres, HBAR / (2 * E_CHARGE) * density


def torque_parts(given: Array, m: Array, axis: Array) -> tuple[Array, Array]:
    """(DL, FL) of a torque = DL (y - m (m.y)) + FL m x y; both vectors span what is perpendicular to m.

    Args:
        given: the torque (..., 3), perpendicular to m.
        m: unit vector of the moments (..., 3).
        axis: unit vector y (..., 3): N x E/|E| for the normal N outward from the metal and the field E along it.

    Returns:
        NaN where m is along y, where neither part can act.
    """
    along = np.einsum("...a,...a->...", m, axis)
    across, turned = axis - m * along[..., None], np.cross(m, axis)
    size = np.einsum("...a,...a->...", across, across)
    size = np.where(size >= ALONG**2, size, np.nan)
    damping, turning = (np.einsum("...a,...a->...", given, v) / size for v in (across, turned))
    return np.asarray(damping), np.asarray(turning)


def is_flat(solution: Solution, face: str) -> bool:
    """Whether all of a face that has a law has one normal."""
    normals = solution.face(face).normals
    return bool(np.all(np.abs(normals - normals[0]) <= FLAT))


def flat_face(solution: Solution, face: str, region: str) -> tuple[Array, Array, Array]:
    """(normal (3,) outward from a region, area (batch,), mean field E (batch, 3) in its cells there [V/m]).

    The area is that of the mesh: m^2 in 3D, m in 2D, 1 in 1D.

    Raises:
        InputError: a curved face, or none with a law.
    """
    problem = solution.response.system.problem
    if face not in problem.faces:
        raise unknown_name("face", face, problem.faces)
    samples, mesh = solution.face(face), problem.mesh
    if not is_flat(solution, face):
        raise InputError("face", "flat", face, "on curved faces use torque_map")
    side = mesh.face_regions(face).index(region)
    gradients = solution.samples(region, "centre").gradients[:, :, 0, :, _columns(solution, region, "u").start]
    if isinstance(mesh, TaggedMesh):
        beside = np.searchsorted(mesh.region_cells(region), mesh.faces[face].cells[:, side])
        gradients = gradients[:, beside]
    weights = np.broadcast_to(samples.weights.sum(axis=-1), gradients.shape[:2])
    area = weights.sum(axis=1)
    mean = np.einsum("bfi,bf->bi", gradients, weights) / area[:, None]
    return samples.normals[0] * (1.0 if side == 0 else -1.0), area, mean


def mean_current_density(solution: Solution, region: str) -> tuple[Array, Array]:
    """(mean j (batch, 3) [A/m^2], measure of the region (batch,): m^3 in 3D, m^2 in 2D, m in 1D)."""
    system, own = solution.response.system, solution.own_samples(region)
    column = _columns(solution, region, "u").start
    j = system.problem.regions[region].flux(own.values, own.gradients)[..., column]
    weights = np.broadcast_to(own.weights, j.shape[:3])
    size = system.processes.total(weights.sum(axis=(1, 2)))
    return system.processes.total(np.einsum("bepi,bep->bi", j, weights)) / size[:, None], size


def _columns(solution: Solution, region: str, field: str) -> slice:
    """Columns of a field in the values of a region that has it."""
    regions = solution.response.system.problem.regions
    known = [name for name, bulk in regions.items() if field in bulk.fields]
    if region not in known:
        raise unknown_name("region", region, known)
    return regions[region].fields.slice(field)


def _terminal(solution: Solution, name: str) -> str:
    terminals = solution.response.system.problem.terminals
    if name not in terminals:
        raise unknown_name("terminal", name, terminals)
    return name
