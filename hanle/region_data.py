"""What files and pictures show of a solution: one region at a time, in the names and signs of the user.

The unknowns are u = -V and w = mu_s/(2e); here they become V and mu_s/e. Names carry the SI unit in brackets.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import make_interp_spline

from hanle.meshes.layered import Layers
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.fields import Field
from hanle.pde.solution import Solution
from hanle.pde.tensors import Array

IntArray = NDArray[np.int64]

#: Direction of the moments as a function of position: points (n, 3) [m] -> unit vectors (n, 3).
Direction = Callable[[Array], Array]

#: Pieces drawn of a layer for each one that the engine gives.
REFINEMENT = 4

POTENTIAL = "potential V [V]"
SPIN_ACCUMULATION = "spin accumulation mu_s/e [V]"
CURRENT = "charge current density j [A/m^2]"
SPIN_CURRENT = {axis: f"spin current density J, {axis}-polarised [A/m^2]" for axis in "xyz"}
TORQUE = "torque density [J/m^3]"
MAGNON_POTENTIAL = "magnon potential mu_m/e [V]"
MAGNON_CURRENT = "magnon spin current density J_m [A/m^2]"
#: Field -> temperature difference to T_0, heat current density.
TEMPERATURES = {
    "T_e": "temperature of electrons T_e - T_0 [K]",
    "T_m": "temperature of magnons T_m - T_0 [K]",
    "T_p": "temperature of the lattice T_p - T_0 [K]",
}
HEAT_CURRENTS = {
    "T_e": "heat current density of electrons q_e [W/m^2]",
    "T_m": "heat current density of magnons q_m [W/m^2]",
    "T_p": "heat current density of the lattice q_p [W/m^2]",
}
MAGNETISATION = "magnetisation direction m [1]"


@dataclass(frozen=True, eq=False)
class RegionData:
    """Geometry and fields of one region.

    Attributes:
        name: the region.
        kind: cell kind, a key of `hanle.meshes.tagged.CELL_KINDS`.
        points: (n, 3) [m] over x, y, z, zero along absent axes.
        cells: (c, k) point numbers, VTK order.
        point_data: name with unit -> (n,) or (n, 3).
        cell_data: name with unit -> (c, 3), flow along x, y, z; of magnets that conduct the torque they take.
    """

    name: str
    kind: str
    points: Array
    cells: IntArray
    point_data: Mapping[str, Array]
    cell_data: Mapping[str, Array]

    @property
    def centres(self) -> Array:
        """(c, 3) [m] centres of the cells."""
        return np.asarray(self.points[self.cells].mean(axis=1))


def region_data(solution: Solution, region: str, *, index: int = 0, own: bool = False) -> RegionData:
    """Fields at the vertices and fluxes at the centres of the cells of a region.

    The potential is that of the unknowns: the ramp of a macroscopic gradient is not part of it (the currents
    include what it drives). Where several processes hold the device, all must call.

    Args:
        region: a region of the mesh; one without unknowns has geometry only.
        index: position along the batch axis.
        own: only the cells of this process, each of which belongs to no other; points between them belong to both.

    Raises:
        InputError: no such region, or `index` beyond the batch.
    """
    system = solution.response.system
    problem = system.problem
    if region not in problem.mesh.regions:
        raise unknown_name("region", region, problem.mesh.regions)
    team, part = system.processes, own and system.processes.size > 1
    if region not in problem.regions:
        return _geometry(problem.mesh, region, (team.rank, team.size) if part else (0, 1))
    points, cells, values = _vertices(solution, region, part)
    if not 0 <= index < len(values):
        raise InputError("index", f"from 0 to {len(values) - 1} (the batch)", index)
    kind = "line" if isinstance(problem.mesh, Layers) else problem.mesh.kind
    flux = _own_flux(solution, region) if part else _cell_flux(solution, region, points[cells].mean(axis=1))
    flux = flux[min(index, len(flux) - 1)]
    temperatures = np.ravel(problem.temperature)
    t0 = float(temperatures[min(index, len(temperatures) - 1)])
    point_data, cell_data = {}, {}
    for field in problem.fields_of(region).fields:
        columns = problem.fields_of(region).slice(field.name)
        point_data.update(_values(field, values[index][:, columns], t0))
        cell_data.update(_fluxes(field, flux[:, :, columns]))
    cell_data.update(_torque(solution, region, points[cells].mean(axis=1), part, index))
    return RegionData(region, kind, points, cells, point_data, cell_data)


def all_regions(
    solution: Solution, *, index: int = 0, own: bool = False, directions: Mapping[str, Direction] | None = None
) -> dict[str, RegionData]:
    """`region_data` of every region of the mesh, in mesh order.

    Args:
        directions: magnet -> m, to be shown in its cells; from `hanle.textures.directions`.
    """
    regions = solution.response.system.problem.mesh.regions
    found = {name: region_data(solution, name, index=index, own=own) for name in regions}
    for name, m in (directions or {}).items():
        region = found[name]
        found[name] = replace(region, cell_data={**region.cell_data, MAGNETISATION: m(region.centres)})
    return found


def _vertices(solution: Solution, region: str, own: bool) -> tuple[Array, IntArray, Array]:
    """Points, cells and values (batch, n, N); layers get four pieces for each one of the engine: smooth curves."""
    system = solution.response.system
    points, cells, values = system.vertex_values(region, solution.state, own)
    if isinstance(system.problem.mesh, Layers):
        number = np.arange(len(points))
        finer = np.linspace(0, number[-1], REFINEMENT * number[-1] + 1)
        points = np.stack([np.interp(finer, number, column) for column in points.T], axis=1)
        cells = np.stack([np.arange(len(points) - 1), np.arange(1, len(points))], axis=1)
        values = solution.values(region, points)
    return points, cells, values


def _geometry(mesh: TaggedMesh | Layers, region: str, share: tuple[int, int]) -> RegionData:
    """A region without unknowns; `share` (k, n): part k of n nearly equal parts of its cells."""
    if isinstance(mesh, Layers):
        # Where thicknesses vary over the batch, engines give the coordinates of its first member.
        thickness = mesh.thickness[0]
        number = mesh.names.index(region)
        points = np.zeros((2, 3))
        points[:, "xyz".index(mesh.axis)] = thickness[:number].sum(), thickness[: number + 1].sum()
        return RegionData(region, "line", points, np.array([[0, 1]]), {}, {})
    cells = mesh.cells[np.array_split(mesh.region_cells(region), share[1])[share[0]]]
    used, local = np.unique(cells, return_inverse=True)
    return RegionData(region, mesh.kind, mesh.points3(mesh.points[used]), local.reshape(cells.shape), {}, {})


def _own_flux(solution: Solution, region: str) -> Array:
    """`_cell_flux` in the cells of this process."""
    system = solution.response.system
    samples = system.samples(region, solution.state, solution.gradients, "centre")
    return system.problem.regions[region].flux(samples.values, samples.gradients)[:, :, 0]


def _cell_flux(solution: Solution, region: str, centres: Array) -> Array:
    """Flux densities (batch, cells, 3 flow, N) at the centres of the cells."""
    points, flux = solution.bulk_flux(region)
    if flux.shape[1] == len(centres):
        return flux[:, :, 0]
    # A layer is one entity for the exact engine: carry its quadrature points over to the pieces that are drawn.
    points, flux = solution.bulk_flux(region, "gauss")
    axis = int(np.ptp(centres, axis=0).argmax())
    position, first = np.unique(points[..., axis].ravel(), return_index=True)
    flat = flux.reshape(flux.shape[0], -1, *flux.shape[3:])[:, first]
    spline = make_interp_spline(position, flat, k=min(3, len(position) - 1), axis=1)
    return np.asarray(spline(centres[:, axis]))


def _torque(solution: Solution, region: str, centres: Array, own: bool, index: int) -> dict[str, Array]:
    """What magnets take inside a region, at the centres of its cells (of this process with `own`)."""
    system = solution.response.system
    laws = [law for name, law in system.problem.regions[region].deposits.items() if name.startswith("torque:")]
    if not laws:
        return {}
    if isinstance(system.problem.mesh, Layers):
        density = sum(law.density(solution.values(region, centres)[:, :, None]) for law in laws)
    else:
        samples = solution.own_samples(region, "centre")
        density = sum(law.density(samples.values, samples.gradients) for law in laws)
        density = density if own else solution.joined(samples.entities, np.asarray(density), 1)
    whole = np.asarray(density)[:, :, 0]
    return {TORQUE: HBAR / (2 * E_CHARGE) * whole[min(index, len(whole) - 1)]}


def _values(field: Field, values: Array, t0: float) -> dict[str, Array]:
    if field.name == "u":
        return {POTENTIAL: -values[:, 0]}
    if field.name == "w":
        return {SPIN_ACCUMULATION: 2.0 * values}
    if field.name == "w_m":
        return {MAGNON_POTENTIAL: 2.0 * values[:, 0]}
    if field.name in TEMPERATURES:
        return {TEMPERATURES[field.name]: t0 * values[:, 0]}
    return {f"{field.title} {field.name} [{field.unit}]": values[:, 0] if field.size == 1 else values}


def _fluxes(field: Field, flux: Array) -> dict[str, Array]:
    if field.name == "u":
        return {CURRENT: flux[:, :, 0]}
    if field.name == "w":
        return {SPIN_CURRENT[axis]: flux[:, :, a] for a, axis in enumerate("xyz")}
    if field.name == "w_m":
        return {MAGNON_CURRENT: flux[:, :, 0]}
    if field.name in HEAT_CURRENTS:
        # Q = -q.
        return {HEAT_CURRENTS[field.name]: -flux[:, :, 0]}
    names = field.components
    return {f"flux of {name} [{field.flux_unit}]": flux[:, :, k] for k, name in enumerate(names)}
