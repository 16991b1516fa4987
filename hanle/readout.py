"""Resistivities from the geometry of a measurement: films, cross-sections, bars with probes.

NaN stands for what a geometry cannot tell (rho_T without edges or probes across); `hanle.results` refuses to quote it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from hanle.meshes.tagged import TaggedMesh
from hanle.pde import observables
from hanle.pde.observables import FIELD_X, FilmResistivity, film_resistivity, measure
from hanle.pde.response import Response
from hanle.pde.solution import Solution
from hanle.pde.tensors import Array
from hanle.wiring import conductors


def film_readout(response: Response) -> FilmResistivity:
    """A film driven by E_x and E_y."""
    return film_resistivity(response)


def section_readout(solution: Solution) -> FilmResistivity:
    """A cross-section y, z driven along x with closed edges: E_y from the mean potentials of the two edges.

    In a section without straight edges "y-" and "y+" (a wire) rho_T and the thickness are NaN; so is rho_T where
    layers are insulated from each other, since each then has an E_y of its own.
    """
    response = solution.response
    row = response.index(FIELD_X)
    r, c = response.reference[:, row, row], response.correction[:, row, row]
    area = measure(response.system.problem, "u")
    change = -c / (r + c)
    reference = area / r
    mean_j = solution.flux(FIELD_X) / area
    width = _width(solution)
    if width is None:
        rho_t = thickness = np.full_like(change, np.nan)
    else:
        rho_t = (_edge(solution, "y+") - _edge(solution, "y-")) / width / mean_j
        thickness = area / width
    if len(set(conductors(response.system.problem).values())) > 1:
        rho_t = np.full_like(change, np.nan)
    return FilmResistivity(reference * (1 + change), rho_t, reference, change, rho_t / reference, thickness)


@dataclass(frozen=True)
class BarReadout:
    """How a bar is read: E_x between two probes on one side, E_y between two probes across.

    Attributes:
        along: probe nearer to the source, probe nearer to the drain; their voltage drop gives E_x.
        across: probe at high y, probe at low y; V(low) - V(high) over the width gives E_y.
        spacing: distance of the `along` probes [m].
        width: of the bar [m].
        thickness: layer -> thickness [m]; those that carry the current count. None for a bar seen from above, whose
            currents are per thickness and whose own is NaN.
    """

    along: tuple[str, str]
    across: tuple[str, str] | None
    spacing: float
    width: float
    thickness: Mapping[str, float] | None

    def resistivity(self, solution: Solution, current: Array, carrying: Collection[str]) -> FilmResistivity:
        """Resistivities at a current [A; A/m without thickness] through the layers `carrying`.

        change_L compares with the same bar without spin Hall coupling.
        """
        layers = self.thickness
        thickness = 1.0 if layers is None else sum(size for name, size in layers.items() if name in carrying)
        reference, shift = observables.voltage_change(solution, *self.along)
        rho_reference = reference / current * self.width * thickness / self.spacing
        change = shift / reference
        rho_t = np.full_like(change, np.nan)
        if self.across is not None:
            drop = observables.voltage(solution, self.across[1], self.across[0])
            rho_t = drop / current * thickness
        rho = rho_reference * (1 + change)
        whole = np.full_like(change, np.nan if layers is None else thickness)
        return FilmResistivity(rho, rho_t, rho_reference, change, rho_t / rho_reference, whole)


def _edges(solution: Solution, end: str) -> dict[str, TaggedMesh]:
    """Outer faces of conductors at one edge: called `end`, or "A|end" where there are several layers."""
    problem = solution.response.system.problem
    mesh = problem.mesh
    names = [end, *(f"{region}|{end}" for region in problem.regions)]
    return {name: mesh for name in names if isinstance(mesh, TaggedMesh) and name in mesh.faces}


def _width(solution: Solution) -> float | None:
    """Distance of the two edges [m]; None where there are none."""
    places = []
    for end in ("y+", "y-"):
        edges = _edges(solution, end)
        if not edges:
            return None
        name, mesh = next(iter(edges.items()))
        places.append(float(mesh.face_centres(name)[0, 1]))
    return places[0] - places[1]


def _edge(solution: Solution, end: str) -> Array:
    """Mean u over the conducting part of an edge (batch,)."""
    edges = _edges(solution, end)
    heights = [np.ptp(mesh.points[mesh.faces[name].nodes][..., 1]) for name, mesh in edges.items()]
    means = [solution.response.system.average(name, "u", solution.state) for name in edges]
    return np.asarray(np.average(means, axis=0, weights=heights))
