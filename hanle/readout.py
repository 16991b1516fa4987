"""Resistivities from the geometry of a measurement: films, cross-sections, bars with probes."""

from dataclasses import dataclass

import numpy as np

from hanle.pde import observables
from hanle.pde.observables import FIELD_X, FilmResistivity, film_resistivity
from hanle.pde.solution import Solution
from hanle.pde.steady import Response
from hanle.pde.tensors import Array


def film_readout(response: Response) -> FilmResistivity:
    """A film driven by E_x and E_y."""
    return film_resistivity(response)


def section_readout(solution: Solution) -> FilmResistivity:
    """A cross-section y, z driven along x with closed edges: E_y from the mean potentials of the two edges."""
    response = solution.response
    row = response.index(FIELD_X)
    r, c = response.reference[:, row, row], response.correction[:, row, row]
    area = response.system.measure("u")
    mesh = response.system.problem.mesh
    change = -c / (r + c)
    reference = area / r
    mean_j = solution.flux(FIELD_X) / area
    width, thickness = _section_size(mesh, area)
    edges = [response.system.average(name, "u", solution.state) for name in ("y+", "y-")]
    rho_t = (edges[0] - edges[1]) / width / mean_j
    return FilmResistivity(reference * (1 + change), rho_t, reference, change, rho_t / reference, thickness)


@dataclass(frozen=True)
class BarReadout:
    """How a bar is read: E_x between two probes on one side, E_y between two probes across.

    Attributes:
        along: probe nearer to the source, probe nearer to the drain; their voltage drop gives E_x.
        across: probe at high y, probe at low y; V(low) - V(high) over the width gives E_y.
        spacing: distance of the `along` probes [m].
        width: distance of the `across` probes [m].
        thickness: conducting thickness [m].
    """

    along: tuple[str, str]
    across: tuple[str, str] | None
    spacing: float
    width: float
    thickness: float

    def resistivity(self, solution: Solution) -> FilmResistivity:
        """Resistivities of the bar; change_L compares with the same device without spin Hall coupling."""
        source = next(iter(solution.response.system.problem.terminals))
        current = observables.current_in(solution, source)
        reference, shift = observables.voltage_change(solution, *self.along)
        section = self.width * self.thickness
        rho_reference = reference / current * section / self.spacing
        change = shift / reference
        rho_t = np.zeros_like(change)
        if self.across is not None:
            drop = observables.voltage(solution, self.across[1], self.across[0])
            rho_t = drop / current * self.thickness
        rho = rho_reference * (1 + change)
        return FilmResistivity(rho, rho_t, rho_reference, change, rho_t / rho_reference, self._thickness(change))

    def _thickness(self, like: Array) -> Array:
        return np.full_like(like, self.thickness)


def _section_size(mesh: object, area: Array) -> tuple[float, Array]:
    """(width, conducting thickness) of a section whose regions have one width."""
    points = mesh.points  # type: ignore[attr-defined]
    width = float(np.ptp(points[:, 0]))
    return width, area / width
