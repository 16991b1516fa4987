"""A solution: the response of a problem, wired. It answers questions and carries its proof."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from hanle.pde.coefficients import Bulk
from hanle.pde.engines.contract import Entry, FaceSamples, Samples
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.problem import Problem
from hanle.pde.processes import Processes
from hanle.pde.response import Response
from hanle.pde.tensors import Array, IntArray
from hanle.pde.threads import single_threaded_blas


@dataclass(frozen=True, eq=False)
class Balance:
    """How well a balance closes.

    Attributes:
        name: component ("u", "w_x", ...) or "power".
        error: (batch,) size of the sum of all entries, divided by the turnover (0 where that is zero).
        turnover: (batch,) sum of the sizes of the entries of all components of the field, of its losses and sources
            inside regions point by point (in a symmetric film they cancel as a whole), and of what passes interfaces.
    """

    name: str
    error: Array
    turnover: Array


@dataclass(frozen=True, eq=False)
class Solution:
    """State of a problem under given drives.

    Attributes:
        response: the linear response it was wired from.
        amplitudes: (batch, drives) u on terminals [V], macroscopic gradients [V/m].
        reference_amplitudes: the same in the reference problem.
        amplitude_changes: their difference, obtained without subtraction.
        storing: at one time of a course, component or "power" -> (batch,) rate at which fields store it; see
            `hanle.pde.stages.storage`. Empty of steady states.
    """

    response: Response
    amplitudes: Array
    reference_amplitudes: Array
    amplitude_changes: Array
    storing: Mapping[str, Array] = field(default_factory=dict)

    @cached_property
    def state(self) -> Array:
        """The state vector of the engine: lifts, changes and sources superposed."""
        r = self.response
        total = np.zeros_like(r.source_state) + r.source_state
        for k, name in enumerate(r.drives):
            weight = self.amplitudes[:, k]
            part = r.lifts[name] + r.changes[name]
            total = total + (weight[0] * part if part.ndim == 1 else weight[:, None] * part)
        return total

    @cached_property
    def gradients(self) -> dict[str, Array]:
        """Amplitudes (batch,) of the macroscopic gradients by drive name."""
        names = [g.name for g in self.response.system.problem.gradients]
        return {name: self.amplitudes[:, self.response.index(name)] for name in names}

    @cached_property
    def fluxes(self) -> Array:
        """(batch, drives) flux gained at each drive: outflow at a terminal, integrated flux along a gradient."""
        flux = np.einsum("bij,bj->bi", self.response.matrix, self.amplitudes)
        return np.asarray(flux + self.response.source_flux)

    def amplitude(self, drive: str) -> Array:
        """Amplitude (batch,) of one drive: V at a terminal, the prescribed component along a gradient."""
        return np.asarray(self.amplitudes[:, self.response.index(drive)])

    def flux(self, drive: str) -> Array:
        """Flux (batch,) gained at one drive; see `fluxes`."""
        return np.asarray(self.fluxes[:, self.response.index(drive)])

    def samples(self, region: str, rule: str = "gauss") -> Samples:
        """Values and gradients of the fields in all cells of a region."""
        s = self.own_samples(region, rule)
        weights, values, gradients = (self.joined(s.entities, x, 1) for x in (s.weights, s.values, s.gradients))
        cells = np.sort(np.concatenate(self._processes.gather(s.entities)))
        return Samples(self.joined(s.entities, s.points, 0), weights, values, gradients, cells)

    def bulk_flux(self, region: str, rule: str = "centre") -> tuple[Array, Array]:
        """(points (entities, points, 3), flux densities (batch, entities, points, 3 flow, N)) in a region."""
        s = self.own_samples(region, rule)
        flux = self._bulk(region).flux(s.values, s.gradients)
        return self.joined(s.entities, s.points, 0), self.joined(s.entities, flux, 1)

    def face(self, name: str) -> FaceSamples:
        """Traces of the fields on a face that has a law."""
        return self.response.system.face_samples(name, self.state, self.gradients)

    def values(self, region: str, points: Array) -> Array:
        """Fields (batch, n, N) of a region at points (n, 3) [m]."""
        return self.response.system.evaluate(region, self.state, np.atleast_2d(points))

    @cached_property
    def ledger(self) -> tuple[Entry, ...]:
        """Where flux and power come from and go to."""
        with single_threaded_blas():
            return self.response.system.ledger(self.state, self.gradients)

    @cached_property
    def balances(self) -> tuple[Balance, ...]:
        """Charge, spin and power balance, with what is stored, each relative to its `Balance.turnover`."""
        fields = {f.name: f for b in self.response.system.problem.regions.values() for f in b.fields.fields}
        found = []
        for own in fields.values():
            gains = {name: np.array(self._gains(name)) for name in own.components}
            turnover = np.sum([np.abs(gain).sum(axis=0) for gain in gains.values()], axis=0)
            turnover = turnover + self._exchanged(own.name)
            found += [_balance(name, gain, turnover) for name, gain in gains.items()]
        power = np.array([*(e.power for e in self.ledger), *self._stored("power", 1.0)])
        return (*found, _balance("power", power, np.abs(power).sum(axis=0)))

    def _gains(self, component: str) -> list[Array]:
        """What a component gains at every place, less what is stored of it."""
        gained = [e.gain[component] for e in self.ledger if component in e.gain]
        return [*gained, *self._stored(component, -1.0)]

    def _stored(self, name: str, sign: float) -> list[Array]:
        return [sign * self.storing[name]] if name in self.storing else []

    def _exchanged(self, field: str) -> Array:
        """(batch,) what a field loses inside regions and what passes between them, in size, over all components."""
        total = np.zeros(self.amplitudes.shape[0])
        for region, bulk in self.response.system.problem.regions.items():
            if field in bulk.fields and (bulk.R or bulk.W or bulk.F):
                s = self.own_samples(region, "gauss")
                loss = np.abs(bulk.loss(s.values, s.gradients)[..., bulk.fields.slice(field)]).sum(axis=-1)
                total = total + self._processes.total(np.sum(s.weights * loss, axis=(1, 2)))
        for name, face in self.response.system.problem.faces.items():
            if sum(field in side.fields for side in face.law.sides) == 2 and (
                face.law.G or face.law.Q or face.law.g
            ):
                f = self.face(name)
                whole = [face.law.columns(side.role, field) for side in face.law.sides]
                passing = np.abs(face.law.flux(f.traces, f.gradients))
                total = total + sum(np.sum(f.weights * passing[..., k].sum(axis=-1), axis=(1, 2)) for k in whole)
        return total

    @property
    def _processes(self) -> Processes:
        return self.response.system.processes

    def own_samples(self, region: str, rule: str = "gauss") -> Samples:
        """The samples of this process's cells, for which the laws of the system hold weights."""
        return self.response.system.samples(region, self.state, self.gradients, rule)

    def joined(self, entities: IntArray, part: Array, axis: int) -> Array:
        """An array over this process's entities along an axis -> over those of all processes, in mesh order."""
        if self._processes.size == 1:
            return part
        order = np.argsort(np.concatenate(self._processes.gather(entities)), kind="stable")
        return np.take(np.concatenate(self._processes.gather(part), axis=axis), order, axis=axis)

    def _bulk(self, region: str) -> Bulk:
        regions = self.response.system.problem.regions
        if region not in regions:
            raise unknown_name("region", region, regions)
        return regions[region]


def _balance(name: str, parts: Array, turnover: Array) -> Balance:
    error = np.divide(np.abs(parts.sum(axis=0)), turnover, out=np.zeros_like(turnover), where=turnover > 0)
    return Balance(name, error, turnover)


def wire(
    response: Response,
    *,
    amplitudes: Mapping[str, float | Array],
    fluxes: Mapping[str, float | Array] | None = None,
) -> Solution:
    """Fix some drives by amplitude and the others by flux.

    Args:
        amplitudes: drive -> given amplitude (u on a terminal [V], gradient [V/m]).
        fluxes: drive -> given flux gained there (outflow at a terminal); drives named nowhere are open: zero flux.

    Raises:
        InputError: a drive is given twice, or no terminal is grounded so that potentials are undetermined.
    """
    fluxes = fluxes or {}
    for name in (*amplitudes, *fluxes):
        response.index(name)
        if name in amplitudes and name in fluxes:
            raise InputError(f"drive {name}", "given by amplitude or by flux", "both")
    batch = response.matrix.shape[0]
    known = [k for k, name in enumerate(response.drives) if name in amplitudes]
    free = [k for k in range(len(response.drives)) if k not in known]
    total, reference = np.zeros((2, batch, len(response.drives)))
    for k in known:
        total[:, k] = reference[:, k] = amplitudes[response.drives[k]]
    change = np.zeros_like(total)
    if free:
        wanted = np.stack([np.broadcast_to(fluxes.get(response.drives[k], 0.0), batch) for k in free], axis=1)
        block = np.ix_(range(batch), free, free)
        reference[:, free] = balanced_solve(
            response.system.problem,
            response.reference[block],
            wanted - _times(response.reference, free, known, total),
        )
        lacking = np.einsum("bij,bj->bi", response.correction[block], reference[:, free])
        lacking += _times(response.correction, free, known, total) + response.source_flux[:, free]
        change[:, free] = balanced_solve(response.system.problem, response.matrix[block], -lacking)
        total[:, free] = reference[:, free] + change[:, free]
    return Solution(response, total, reference, change)


def _times(matrix: Array, rows: list[int], columns: list[int], x: Array) -> Array:
    return np.asarray(np.einsum("bij,bj->bi", matrix[:, rows][:, :, columns], x[:, columns]))


def balanced_solve(problem: Problem, matrix: Array, rhs: Array) -> Array:
    """Amplitudes (batch, n) of drives of given flux, from the response among them (batch, n, n).

    Raises:
        InputError: potentials are undetermined.
    """
    # Terminals and gradients differ by powers of a length: equilibrate before judging whether a ground is missing.
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = 1 / np.sqrt(np.abs(np.einsum("bii->bi", matrix)))
        balanced = matrix * scale[:, :, None] * scale[:, None, :]
    if not np.all(np.isfinite(balanced)) or np.any(np.linalg.cond(balanced) > 1e13):
        terminals = tuple(problem.terminals)
        raise InputError("ground", "one terminal of each connected conductor", "none", f"terminals: {terminals}")
    return np.asarray(scale * np.linalg.solve(balanced, (scale * rhs)[..., None])[..., 0])
