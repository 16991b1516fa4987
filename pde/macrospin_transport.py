"""The transport beside magnets that move: torques at one (m, t) after the other, pumping and what flows back included.

tau is linear in dm/dt, so one solve for magnets at rest and one for motion along each axis across each m make the
equation of motion of `hanle.pde.macrospin` explicit. Fields that store follow in steps in time: a stage of a step is
the same problem with `rate` C added to what relaxes, and a load that holds what the fields were (`Memory`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hanle.pde.errors import InputError
from hanle.pde.harmonic_problem import doubled, quadrature
from hanle.pde.inertia import stepped
from hanle.pde.macrospin import Complex, Macrospins, across, called
from hanle.pde.observables import torque
from hanle.pde.problem import Problem
from hanle.pde.pumping import Motion, moving, places_of
from hanle.pde.response import Response
from hanle.pde.solution import Solution, wire
from hanle.pde.steady import Prepared, prepare
from hanle.pde.tensors import Array

#: |dm/dt| [1/s] for which pumping is solved; it is linear.
PROBE = 1e10


@dataclass(frozen=True, eq=False)
class Torques:
    """What transport does to n magnets in directions m.

    Attributes:
        m: (n, 3).
        frames: (n, 2, 3): two axes across each m; with m they are right-handed.
        rest: tau_0 (n, 3) of magnets at rest.
        pumping: (n, 2, n, 2) torque on magnet i along its axis k per dm_j/dt along axis l.
    """

    m: Array
    frames: Array
    rest: Array
    pumping: Array

    def total(self, rate: Array) -> Array:
        """tau (n, 3) of magnets that move with dm/dt (n, 3)."""
        parts = np.einsum("nka,na->nk", self.frames, rate)
        return np.asarray(self.rest + np.einsum("nkjl,jl,nka->na", self.pumping, parts, self.frames))


@dataclass(frozen=True, eq=False)
class Memory:
    """What makes a steady problem the stage of a step in time: A U + rate M U = b + load.

    Attributes:
        rate: [1/s].
        load: a vector like a state.
        near: a state close to that of the sources, from which their solve starts.
    """

    rate: float
    load: Array
    near: Array | None = None


@dataclass(frozen=True, eq=False)
class Answer:
    """The transport of magnets in directions m: driven and at rest; at rest; moving along each axis.

    Attributes:
        torques: of all of them.
        prepared: the operator; None from an engine that solves a batch.
        members: the solutions (one, a batch, from such an engine).
    """

    torques: Torques
    prepared: Prepared | None
    members: tuple[Solution, ...]

    @property
    def operator(self) -> Prepared:
        """The operator; ValueError where an engine solved a batch."""
        if self.prepared is None:
            raise ValueError("a batch has no operator of one state")
        return self.prepared

    def combined(self, rate: Array) -> tuple[Array, Array, Array]:
        """(state, amplitudes, fluxes) of magnets that move with dm/dt (n, 3); not of a batch."""
        weights = np.einsum("nka,na->nk", self.torques.frames, rate).ravel() / PROBE
        driven, still, *turning = self.members

        def sum_of(key: str) -> Array:
            changes = (
                w * (getattr(one, key) - getattr(still, key)) for w, one in zip(weights, turning, strict=True)
            )
            return np.asarray(sum(changes, start=getattr(driven, key)))

        return sum_of("state"), sum_of("amplitudes"), sum_of("fluxes")


class Course:
    """The transport of one run: solves at one (m, t) after the other, and counts.

    Attributes:
        solves: problems prepared.
        residual: the largest relative true residual.
    """

    def __init__(self, spins: Macrospins) -> None:
        self.spins, self.solves, self.residual = spins, 0, 0.0
        self._last: Response | None = None

    def torques(self, time: float, m: Array) -> Torques:
        """The torques on magnets in directions m (n, 3)."""
        return self.answer(time, m).torques

    def answer(self, time: float, m: Array, memory: Memory | None = None) -> Answer:
        """The transport of magnets in directions m (n, 3), that of a stage with `memory`."""
        frames = across(m)
        n = len(m)
        rates = np.zeros((2 * n + 2, n, 3))
        for k in range(2 * n):
            rates[k + 2, k // 2] = PROBE * frames[k // 2, k % 2]
        prepared, members = self._members(m, rates, time, memory)
        places = {name: places_of(members[0].response.system.problem, name) for name in self.spins.magnets}
        found = np.concatenate([_taken(one, places) for one in members])
        change = np.einsum("bna,nka->bnk", found[2:] - found[1], frames) / PROBE
        pumping = np.moveaxis(change.reshape(n, 2, n, 2), (0, 1), (2, 3))
        return Answer(Torques(m, frames, found[0], pumping), prepared, members)

    def rate(self, time: float, m: Array) -> tuple[Array, Torques]:
        """dm/dt (n, 3) [1/s], and the torques."""
        torques = self.torques(time, self.spins.placed(time, m))
        return self.rate_at(time, torques), torques

    def rate_at(self, time: float, torques: Torques) -> Array:
        """dm/dt (n, 3) [1/s] under torques at a time."""
        return self.rate_of(torques, self.force(time, torques), self.spins.prescribed(time))

    def force(self, time: float, torques: Torques) -> Array:
        """-gamma m x B - (gamma/M) tau_0 (n, 3) [1/s]."""
        gamma, moment = self._numbers("gamma"), self._numbers("moment")
        b = self.spins.field(time, torques.m)
        return np.asarray(-gamma * np.cross(torques.m, b) - gamma / moment * torques.rest)

    def rate_of(self, torques: Torques, force: Array, prescribed: Mapping[int, Array]) -> Array:
        """dm/dt (n, 3) that a force (n, 3) makes; those of some magnets are prescribed."""
        size = 2 * len(force)
        inertia = self.inertia(torques.pumping).reshape(size, size)
        parts = np.einsum("nka,na->nk", torques.frames, force).reshape(size)
        for number, rate in prescribed.items():
            rows = slice(2 * number, 2 * number + 2)
            inertia[rows], parts[rows] = np.eye(size)[rows], torques.frames[number] @ rate
        found = np.linalg.solve(inertia, parts).reshape(-1, 2)
        return np.asarray(np.einsum("nk,nka->na", found, torques.frames))

    def inertia(self, pumping: NDArray[Any]) -> NDArray[Any]:
        """(n, 2, n, 2): 1 - alpha m x - A in the axes across m, for the pumping of `Torques`, or `pumping_at`."""
        gamma, moment, alpha = (self._numbers(key)[:, :, None] for key in ("gamma", "moment", "damping"))
        own = np.eye(2) - alpha * np.array([[0.0, -1.0], [1.0, 0.0]])
        found = (gamma / moment)[..., None] * pumping
        for i, matrix in enumerate(own):
            found[i, :, i, :] += matrix
        return np.asarray(found)

    def solution(self, time: float, m: Array, rate: Array) -> Solution:
        """The transport of magnets in directions m that move with dm/dt = rate, (n, 3) each."""
        amplitudes, fluxes = self.spins.drives(time)
        response = self._prepared(self.in_motion(m, rate)).response()
        self._last = response
        self._count(response)
        return wire(response, amplitudes=amplitudes, fluxes=fluxes)

    def in_motion(self, m: Array, rate: Array) -> Problem:
        """The problem of magnets in directions m that move with dm/dt = rate, (n, 3) each."""
        motions = {n: Motion(a, b) for n, a, b in zip(self.spins.magnets, m, rate, strict=True)}
        return moving(self.at_rest(m), motions)

    def at_rest(self, m: Array) -> Problem:
        """The problem of magnets at rest in directions m (n, 3)."""
        found = called("problem", self.spins.problem, self.spins.named(m))
        if not isinstance(found, Problem):
            raise InputError("problem", "a function that returns a Problem", type(found).__name__)
        return found

    def pumping_at(self, m: Array, omega: float) -> Complex:
        """Like `Torques.pumping`, of small motions e^{-i omega t} about m: (n, 2, n, 2), nothing driven.

        The spins of the metals lag behind m: with omega in place of 0 they neither dephase nor relax in the same time.
        """
        spins, frames, n = self.spins, across(m), len(m)
        rest = self.at_rest(m)
        places = {name: places_of(rest, name) for name in spins.magnets}
        amplitudes, fluxes = ({f(x): 0.0 for x in given for f in (str, quadrature)} for given in spins.given)
        prepared: Prepared | None = None
        found = np.zeros((n, 2, n, 2), dtype=complex)
        for j, name in enumerate(spins.magnets):
            for l, axis in enumerate(frames[j]):
                # Amplitudes of e^{+i omega t} are conjugate.
                problem = doubled(moving(rest, {name: Motion(m[j], PROBE * axis)}), omega)
                if prepared is None:
                    prepared = prepare(problem, spins.engine, solver=spins.solver, tolerance=spins.tolerance)
                system = spins.engine.assemble(problem, prepared.system)
                response = replace(prepared, system=system).response()
                self._count(response)
                taken = _taken(wire(response, amplitudes=amplitudes, fluxes=fluxes), places)[0]
                found[:, :, j, l] = np.einsum("nka,na->nk", frames, taken[:, :3] - 1j * taken[:, 3:]) / PROBE
        return found

    def delay(self, m: Array, omega: float) -> float:
        """By what part of itself the torque of a precession at omega changes where the fields lag behind it."""
        quick = self.torques(0.0, m).pumping
        size = float(np.linalg.norm(quick))
        return float(np.linalg.norm(self.pumping_at(m, omega) - quick)) / size if size else 0.0

    def _members(
        self, m: Array, rates: Array, time: float, memory: Memory | None
    ) -> tuple[Prepared | None, tuple[Solution, ...]]:
        """Solutions for rates (members, n, 3); only member 0 is driven, and remembers."""
        spins, rest = self.spins, self.at_rest(m)
        rest = rest if memory is None else stepped(rest, memory.rate)
        if self._last is None and (batch := spins.engine.assemble(rest).batch) != 1:
            raise InputError("problem", "of one device", f"a batch of {batch}", "move one device after the other")
        drives = spins.drives(time)
        if spins.engine.batched:
            motions = {n: Motion(m[i], rates[:, None, i]) for i, n in enumerate(spins.magnets)}
            only = np.eye(1, len(rates))[0]
            given = [{n: a * only for n, a in drive.items()} for drive in drives]
            return None, (self._wired(self._prepared(moving(rest, motions)), given),)
        prepared = self._prepared(rest)
        nothing = [dict.fromkeys(drive, 0.0) for drive in drives]
        found = []
        for k, rate in enumerate(rates):
            motions = {n: Motion(m[i], rate[i]) for i, n in enumerate(spins.magnets) if np.any(rate[i])}
            # One operator for all members: only sources differ.
            system = spins.engine.assemble(moving(rest, motions), prepared.system) if motions else prepared.system
            one = replace(prepared, system=system)
            found.append(self._wired(one, nothing if k else drives, None if k else memory))
        return prepared, tuple(found)

    def _wired(
        self, prepared: Prepared, drives: Sequence[Mapping[str, Any]], memory: Memory | None = None
    ) -> Solution:
        """The solution under (amplitudes, fluxes)."""
        if memory is None:
            response = prepared.response()
        else:
            response = prepared.response(prepared.system.source_load() + memory.load, memory.near)
        self._last = response
        self._count(response)
        return wire(response, amplitudes=drives[0], fluxes=drives[1])

    def _prepared(self, problem: Problem) -> Prepared:
        spins = self.spins
        earlier = self._last
        found = prepare(problem, spins.engine, solver=spins.solver, tolerance=spins.tolerance, previous=earlier)
        self.solves += 1
        return found

    def _count(self, response: Response) -> None:
        self.residual = max(self.residual, *response.proof.residuals.values())

    def _numbers(self, key: str) -> Array:
        """A number of all magnets, (n, 1)."""
        return np.array([[getattr(magnet, key)] for magnet in self.spins.magnets.values()])


def _taken(solved: Solution, places: Mapping[str, tuple[str, ...]]) -> Array:
    """tau (batch, n, 3) that magnets take on their faces and inside."""
    return np.stack([sum(torque(solved, name, p) for p in on) for name, on in places.items()], axis=1)
