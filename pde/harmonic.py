"""AC response: complex amplitudes of a linear problem driven at e^{+i Omega t}.

What a device shows at time t is Re(amplitude e^{i Omega t}); amplitudes are peak values. The solve is a steady one for
the problem with twice the fields (`harmonic_problem`); here its answers are put together again. Complex states obey
X -> i X, so only drives in phase are solved for: the answers to those in quadrature follow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hanle.pde import observables
from hanle.pde.coefficients import Bulk
from hanle.pde.engines.contract import Engine, Samples, System
from hanle.pde.errors import unknown_name
from hanle.pde.fields import FieldSet
from hanle.pde.harmonic_problem import doubled, places, quadrature
from hanle.pde.observables import FilmResistivity
from hanle.pde.problem import Problem
from hanle.pde.response import Response
from hanle.pde.solution import Solution, wire
from hanle.pde.steady import TOLERANCE, Progress, respond
from hanle.pde.tensors import Array

ComplexArray: TypeAlias = NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class HarmonicResponse:
    """Complex linear response of a problem to its drives at one frequency, or at each of a batch.

    Attributes:
        problem: the problem itself, not doubled.
        omega: Omega [rad/s], (batch,) or (1,).
        doubled: the real response of the doubled problem, with proof.
    """

    problem: Problem
    omega: Array
    doubled: Response

    @property
    def drives(self) -> tuple[str, ...]:
        """Names of the drives; they index rows and columns of the matrices."""
        return self.problem.drives

    @cached_property
    def reference(self) -> ComplexArray:
        """(batch, drives, drives) response of the problem without tagged terms."""
        return self._complex(self.doubled.reference)

    @cached_property
    def correction(self) -> ComplexArray:
        """(batch, drives, drives) what the tagged terms add to it."""
        return self._complex(self.doubled.correction)

    @property
    def matrix(self) -> ComplexArray:
        """(batch, drives, drives) flux gained at drive i per unit of drive j."""
        return self.reference + self.correction

    def index(self, drive: str) -> int:
        """Row and column of a drive; InputError for an unknown name."""
        if drive not in self.drives:
            raise unknown_name("drive", drive, self.drives)
        return self.drives.index(drive)

    def _complex(self, matrix: Array) -> ComplexArray:
        rows, partners = _rows(self.doubled, self.drives)
        return matrix[:, rows][:, :, rows] + 1j * matrix[:, partners][:, :, rows]


def respond_at(
    problem: Problem,
    omega: ArrayLike,
    engine: Engine,
    *,
    solver: Any = None,
    tolerance: float = TOLERANCE,
    previous: HarmonicResponse | None = None,
    progress: Progress | None = None,
) -> HarmonicResponse:
    """Solve a linear problem for each of its drives, and for its sources, at e^{+i Omega t}.

    Args:
        omega: Omega [rad/s], a number, or a spectrum (batch,) for an engine that solves batches.
        solver, tolerance, progress: as in `steady.respond`.
        previous: the response at a frequency nearby, from which the solves start.

    Raises:
        UnsupportedError: a law that is not linear; linearise it first.
        SolveError: as `steady.respond`.
    """
    response = respond(
        doubled(problem, omega),
        engine,
        solver=solver,
        tolerance=tolerance,
        previous=previous.doubled if previous else None,
        progress=progress,
        guess=_guess,
    )
    return HarmonicResponse(problem, np.reshape(np.asarray(omega, dtype=float), -1), response)


@dataclass(frozen=True, eq=False)
class HarmonicSolution:
    """Complex amplitudes of a problem whose drives are fixed; every answer is complex unless it says otherwise.

    Attributes:
        response: the response it was wired from.
        doubled: the solution of the doubled problem. Its balances are those of both amplitudes, and its power is
            twice the mean over a period.
    """

    response: HarmonicResponse
    doubled: Solution

    @cached_property
    def amplitudes(self) -> ComplexArray:
        """(batch, drives) u on terminals [V], macroscopic gradients [V/m]."""
        return self._complex(self.doubled.amplitudes)

    @cached_property
    def fluxes(self) -> ComplexArray:
        """(batch, drives) flux gained at each drive, see `Solution.fluxes`."""
        return self._complex(self.doubled.fluxes)

    def amplitude(self, drive: str) -> ComplexArray:
        """Amplitude (batch,) of one drive."""
        return np.asarray(self.amplitudes[:, self.response.index(drive)])

    def flux(self, drive: str) -> ComplexArray:
        """Flux (batch,) gained at one drive."""
        return np.asarray(self.fluxes[:, self.response.index(drive)])

    def voltage(self, plus: str, minus: str | None = None) -> ComplexArray:
        """V(plus) - V(minus), or V(plus) against the ground (batch,) [V]."""
        real, imaginary = (
            observables.voltage(self.doubled, name(plus), None if minus is None else name(minus))
            for name in (str, quadrature)
        )
        return real + 1j * imaginary

    def current_in(self, terminal: str) -> ComplexArray:
        """Current into the device at a terminal (batch,)."""
        return observables.current_in(self.doubled, terminal) + 1j * observables.current_in(
            self.doubled, quadrature(terminal)
        )

    def impedance(self, plus: str, minus: str | None = None) -> ComplexArray:
        """V(plus) - V(minus) over the current into `plus` (batch,) [Ohm in 3D; inductive where Im > 0]."""
        return self.voltage(plus, minus) / self.current_in(plus)

    def values(self, region: str, points: Array) -> ComplexArray:
        """Fields (batch, n, N) of a region at points (n, 3) [m]."""
        return self._paired(self.doubled.values(region, points), region)

    def spin_accumulation(self, region: str, points: Array) -> ComplexArray:
        """mu_s/e = 2 w (batch, n, 3) [V] at points (n, 3) of a region."""
        bulk = self._bulk(region)
        if "w" not in bulk.fields:
            raise unknown_name("region", region, [n for n, b in self._regions.items() if "w" in b.fields])
        return np.asarray(2.0 * self.values(region, points)[..., bulk.fields.slice("w")])

    def samples(self, region: str, rule: str = "gauss") -> tuple[Samples, ComplexArray, ComplexArray]:
        """(samples with points and weights, values (batch, cells, points, N), gradients (..., 3, N)) in a region."""
        s = self.doubled.samples(region, rule)
        return s, self._paired(s.values, region), self._paired(s.gradients, region)

    def bulk_flux(self, region: str, rule: str = "centre") -> tuple[Array, ComplexArray]:
        """(points (cells, points, 3), flux densities (batch, cells, points, 3 flow, N)) in a region."""
        points, flux = self.doubled.bulk_flux(region, rule)
        return points, self._paired(flux, region)

    def traces(self, face: str) -> ComplexArray:
        """Fields (batch, facets, points, rows) on a face that has a law, those of one side after those of the other."""
        found = self.doubled.face(face).traces
        return paired(found, tuple(side.fields for side in self.response.problem.faces[face].law.sides))

    def deposits(self, only: str | None = None) -> dict[str, ComplexArray]:
        """What faces and regions hand to their receivers: name -> (batch, rows), see `observables.deposits`."""
        return {name: _halves(rows) for name, rows in observables.deposits(self.doubled, only).items()}

    def torque(self, magnet: str, place: str | None = None) -> ComplexArray:
        """Angular momentum given to a magnet per time (batch, 3), see `observables.torque`."""
        return _halves(observables.torque(self.doubled, magnet, place))

    def mean_power(self) -> dict[tuple[str, str], Array]:
        """(place, kind) -> real power (batch,) dissipated there, mean over a period; see `contract.Entry`."""
        found: dict[tuple[str, str], Array] = {}
        owners = {quadrature(name): name for name in self.response.drives}
        for entry in self.doubled.ledger:
            key = (owners.get(entry.place, entry.place), entry.kind)
            found[key] = found.get(key, np.zeros(1)) + 0.5 * entry.power
        return found

    @property
    def _regions(self) -> Mapping[str, Bulk]:
        return self.response.problem.regions

    def _bulk(self, region: str) -> Bulk:
        if region not in self._regions:
            raise unknown_name("region", region, self._regions)
        return self._regions[region]

    def _paired(self, values: Array, region: str) -> ComplexArray:
        return paired(values, (self._bulk(region).fields,))

    def _complex(self, table: Array) -> ComplexArray:
        rows, partners = _rows(self.doubled.response, self.response.drives)
        return np.asarray(table[:, rows] + 1j * table[:, partners])


def wire_at(
    response: HarmonicResponse,
    *,
    amplitudes: Mapping[str, ArrayLike],
    fluxes: Mapping[str, ArrayLike] | None = None,
) -> HarmonicSolution:
    """Fix some drives by complex amplitude and the others by complex flux; else as `solution.wire`."""
    for name in (*amplitudes, *(fluxes or {})):
        response.index(name)
    known, flowing = _parts(amplitudes), _parts(fluxes or {})
    return HarmonicSolution(response, wire(response.doubled, amplitudes=known, fluxes=flowing))


def _parts(given: Mapping[str, ArrayLike]) -> dict[str, Array]:
    """Real and imaginary parts of what drives are given, under the names of the doubled problem."""
    real = {name: np.asarray(np.real(value)) for name, value in given.items()}
    return real | {quadrature(name): np.asarray(np.imag(value)) for name, value in given.items()}


def film_resistivity_at(response: HarmonicResponse) -> FilmResistivity:
    """Complex resistivities of a film, its AC magnetoresistance: as `observables.film_resistivity`."""
    parts: Any = {"reference": response.reference, "correction": response.correction}
    return observables.film_resistivity(replace(response.doubled, drives=response.drives, **parts))


def paired(values: Array, sets: tuple[FieldSet, ...]) -> ComplexArray:
    """Complex components (..., n) of the fields in `sets`, one set after the other, from those of their doubles."""
    phase, quarter = places(sets)
    return np.asarray(values[..., phase] + 1j * values[..., quarter])


def _halves(rows: Array) -> ComplexArray:
    """Complex rows of deposits."""
    n = rows.shape[-1] // 2
    return np.asarray(rows[..., :n] + 1j * rows[..., n:])


def _rows(response: Response, drives: tuple[str, ...]) -> tuple[list[int], list[int]]:
    """Rows of the drives in phase and of those in quadrature."""
    return [response.index(name) for name in drives], [response.index(quadrature(name)) for name in drives]


def _guess(system: System, drive: str, found: Mapping[str, Array]) -> Array | None:
    """Where the solve for a drive starts.

    In quadrature: i times the answer to its partner. At the last terminal in phase: what makes all of them add up to
    nothing, as they do where a constant potential drives nothing.
    """
    partner = next((name for name in found if quadrature(name) == drive), None)
    if partner is not None:
        return turned(system, found[partner])
    terminals = tuple(system.problem.terminals)
    before = terminals[: len(terminals) // 2 - 1]
    if terminals and drive == terminals[len(before)] and before:
        return np.asarray(-sum((found[name] for name in before), start=np.zeros(1)))
    return None


def turned(system: System, state: Array) -> Array:
    """i times a state of a doubled problem."""
    components = {c for bulk in system.problem.regions.values() for c in bulk.fields.components}
    result = np.zeros_like(state)
    for name in sorted(components):
        if quadrature(name) in components:
            x, y = (system.constant(n).astype(bool) for n in (name, quadrature(name)))
            result[y], result[x] = state[x], -state[y]
    return result
