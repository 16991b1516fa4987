"""Magnets that move as a whole, each m with a torque tau that comes from the transport beside it:

    dm/dt = -gamma m x B + alpha m x dm/dt - (gamma/M) tau(m, dm/dt)

    m      1    direction of the moments; M their sum in the measure of the torque: A m^2 in 3D, A m in 2D (per length),
                A in 1D (per area: M_s times the thickness)
    B      T    applied field, anisotropy, fields of the drives (Oersted), and what the user adds
    tau         angular momentum per time from the steady transport at m and dm/dt: it follows m at once, which holds
                for frequencies below D/lambda^2

tau is linear in dm/dt (`hanle.pde.pumping`), tau = tau_0(m) - (M/gamma) sum_j A_ij(m) dm_j/dt, so that dm/dt solves

    sum_j [(1 - alpha m_i x) delta_ij - A_ij] dm_j/dt = -gamma m_i x B - (gamma/M) tau_0,i

in the planes across all m at once: pumping, what flows back, and what passes from magnet to magnet are not lagged.
Several magnets share one transport problem. `macrospin_motion` integrates, `macrospin_linear` looks at small angles.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as entry
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hanle.pde.constants import HBAR, MU_B
from hanle.pde.engines.contract import Engine
from hanle.pde.errors import HanleError, InputError, UserCodeError, unknown_name
from hanle.pde.harmonic_problem import doubled, quadrature
from hanle.pde.observables import torque
from hanle.pde.problem import Problem
from hanle.pde.pumping import Motion, moving, places_of
from hanle.pde.response import Response
from hanle.pde.solution import Solution, wire
from hanle.pde.steady import TOLERANCE, Prepared, prepare
from hanle.pde.tensors import Array, unit

Complex = NDArray[np.complex128]
#: A number, or a function of the time [s].
Drive = float | Callable[[float], float]
#: |dm/dt| [1/s] for which pumping is solved; it is linear.
PROBE = 1e10
#: 2 mu_B/hbar [1/(s T)].
GAMMA = 2 * MU_B / HBAR


@dataclass(frozen=True, eq=False)
class Anisotropy:
    """B = field (m.axis) axis.

    Attributes:
        axis: (3,), normalised here.
        field: B_k [T]; > 0 makes the axis easy, < 0 hard: -mu_0 M_s for the shape of a film with its normal as axis.
    """

    axis: ArrayLike
    field: float

    def __post_init__(self) -> None:
        if not np.any(np.asarray(self.axis)):
            raise InputError("anisotropy.axis", "a vector that is not zero", self.axis)


@dataclass(frozen=True, eq=False)
class Magnet:
    """One magnet.

    Attributes:
        moment: M, > 0; for its unit see above.
        damping: alpha of the magnet alone, >= 0.
        field: applied B (3,) [T], or a function of the time [s].
        anisotropies: their fields add up.
        per_drive: drive -> B (3,) per unit of it [T per unit], such as the Oersted field.
        more: function (time, {magnet: m}) -> B (3,) [T]: exchange and dipole fields of other magnets, anything else.
        gamma: gyromagnetic ratio [1/(s T)].
    """

    moment: float
    damping: float = 0.0
    field: ArrayLike | Callable[[float], ArrayLike] = (0.0, 0.0, 0.0)
    anisotropies: tuple[Anisotropy, ...] = ()
    per_drive: Mapping[str, ArrayLike] = entry(default_factory=dict)
    more: Callable[[float, Mapping[str, Array]], ArrayLike] | None = None
    gamma: float = GAMMA

    def __post_init__(self) -> None:
        if not self.moment > 0:
            raise InputError("moment", "positive [A m^2, per length or area in 2D or 1D]", self.moment)
        if not self.damping >= 0:
            raise InputError("damping", "0 or positive", self.damping)
        if not self.gamma > 0:
            raise InputError("gamma", "positive [1/(s T)]", self.gamma)

    def applied(self, time: float) -> Array:
        """The applied field (3,) [T] at a time."""
        return vector("field", self.field(time) if callable(self.field) else self.field)

    def anisotropy_field(self, m: Array) -> Array:
        """The field (3,) [T] of all anisotropies."""
        axes = [(unit(a.axis), a.field) for a in self.anisotropies]
        return np.asarray(sum((b * (axis @ m) * axis for axis, b in axes), start=np.zeros(3)))


@dataclass(frozen=True, eq=False)
class Macrospins:
    """Magnets and the transport between them.

    Attributes:
        problem: function {magnet: m (3,)} -> the problem with all magnets at rest in these directions. Each takes
            torque on faces, or inside (deposits `torque:<magnet>`); no batch.
        magnets: magnet -> its numbers, in the order in which results keep them.
        engine: of the transport.
        amplitudes, fluxes: drives as in `hanle.pde.solution.wire`, numbers or functions of the time [s].
        solver, tolerance: of each solve, see `hanle.pde.steady.prepare`.
    """

    problem: Callable[[Mapping[str, Array]], Problem]
    magnets: Mapping[str, Magnet]
    engine: Engine
    amplitudes: Mapping[str, Drive] = entry(default_factory=dict)
    fluxes: Mapping[str, Drive] = entry(default_factory=dict)
    solver: Any = None
    tolerance: float = TOLERANCE

    def __post_init__(self) -> None:
        if not self.magnets:
            raise InputError("magnets", "at least one", "none")
        for name, magnet in self.magnets.items():
            for drive in magnet.per_drive:
                if drive not in (*self.amplitudes, *self.fluxes):
                    raise unknown_name(f"{name}.per_drive", drive, (*self.amplitudes, *self.fluxes))

    def driven(self, drive: str, value: Drive) -> "Macrospins":
        """The same with another value of one of its drives."""
        for key in ("amplitudes", "fluxes"):
            if drive in getattr(self, key):
                changed: dict[str, Any] = {key: {**getattr(self, key), drive: value}}
                return replace(self, **changed)
        raise unknown_name("drive", drive, (*self.amplitudes, *self.fluxes))

    @property
    def given(self) -> tuple[Mapping[str, Drive], Mapping[str, Drive]]:
        """Amplitudes and fluxes."""
        return self.amplitudes, self.fluxes

    def drives(self, time: float) -> tuple[dict[str, float], dict[str, float]]:
        """(amplitudes, fluxes) at a time."""
        found = [{n: drive_at(n, d, time) for n, d in given.items()} for given in self.given]
        return found[0], found[1]

    def directions(self, given: Mapping[str, ArrayLike]) -> Array:
        """Unit vectors (magnets, 3) of {magnet: m}; InputError for a magnet that lacks one, or a zero vector."""
        for name in given:
            if name not in self.magnets:
                raise unknown_name("m", name, self.magnets)
        missing = [name for name in self.magnets if name not in given]
        if missing:
            raise InputError("m", "given for every magnet", f"none for {missing[0]}")
        m = np.array([vector(f"m of {name}", given[name]) for name in self.magnets])
        if not np.all(np.any(m, axis=1)):
            raise InputError("m", "a vector that is not zero, for every magnet", "a zero vector")
        return unit(m)

    def named(self, values: Array) -> dict[str, Array]:
        """Rows of an array by magnet."""
        return dict(zip(self.magnets, values, strict=True))

    def field(self, time: float, m: Array) -> Array:
        """B (magnets, 3) [T]."""
        amplitudes, fluxes = self.drives(time)
        size = amplitudes | fluxes
        found = []
        for (name, magnet), direction in zip(self.magnets.items(), m, strict=True):
            b = magnet.applied(time) + magnet.anisotropy_field(direction)
            for drive, per_unit in magnet.per_drive.items():
                b = b + size[drive] * vector(f"{name}.per_drive", per_unit)
            if magnet.more is not None:
                b = b + vector(f"{name}.more", called(f"{name}.more", magnet.more, time, self.named(m)))
            found.append(b)
        return np.array(found)

    def energy(self, time: float, m: Array) -> Array:
        """-M B.m - M B_k (m.axis)^2/2 of each magnet (magnets,) [J, per length or area]; `more` is left out."""
        found = []
        for magnet, direction in zip(self.magnets.values(), m, strict=True):
            b = magnet.applied(time) + 0.5 * magnet.anisotropy_field(direction)
            found.append(-magnet.moment * float(b @ direction))
        return np.array(found)


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
        frames = across(m)
        n = len(m)
        rates = np.zeros((2 * n + 2, n, 3))
        for k in range(2 * n):
            rates[k + 2, k // 2] = PROBE * frames[k // 2, k % 2]
        # Members: driven and at rest; at rest; moving along each axis.
        found = self._torque(m, rates, time)
        change = np.einsum("bna,nka->bnk", found[2:] - found[1], frames) / PROBE
        return Torques(m, frames, found[0], np.moveaxis(change.reshape(n, 2, n, 2), (0, 1), (2, 3)))

    def rate(self, time: float, m: Array) -> tuple[Array, Torques]:
        """dm/dt (n, 3) [1/s], and the torques."""
        torques = self.torques(time, m)
        return self.rate_of(torques, self.force(time, torques)), torques

    def force(self, time: float, torques: Torques) -> Array:
        """-gamma m x B - (gamma/M) tau_0 (n, 3) [1/s]."""
        gamma, moment = self._numbers("gamma"), self._numbers("moment")
        b = self.spins.field(time, torques.m)
        return np.asarray(-gamma * np.cross(torques.m, b) - gamma / moment * torques.rest)

    def rate_of(self, torques: Torques, force: Array) -> Array:
        """dm/dt (n, 3) that a force (n, 3) makes."""
        size = 2 * len(force)
        parts = np.einsum("nka,na->nk", torques.frames, force).reshape(size)
        found = np.linalg.solve(self.inertia(torques.pumping).reshape(size, size), parts).reshape(-1, 2)
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
        spins = self.spins
        motions = {n: Motion(a, b) for n, a, b in zip(spins.magnets, m, rate, strict=True)}
        amplitudes, fluxes = spins.drives(time)
        response = self._prepared(moving(self._at_rest(m), motions)).response()
        self._last = response
        self._count(response)
        return wire(response, amplitudes=amplitudes, fluxes=fluxes)

    def pumping_at(self, m: Array, omega: float) -> Complex:
        """Like `Torques.pumping`, of small motions e^{-i omega t} about m: (n, 2, n, 2), nothing driven.

        The spins of the metals lag behind m: with omega in place of 0 they neither dephase nor relax in the same time.
        """
        spins, frames, n = self.spins, across(m), len(m)
        rest = self._at_rest(m)
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
                taken = self._taken(replace(prepared, system=system).response(), places, amplitudes, fluxes)[0]
                found[:, :, j, l] = np.einsum("nka,na->nk", frames, taken[:, :3] - 1j * taken[:, 3:]) / PROBE
        return found

    def _torque(self, m: Array, rates: Array, time: float) -> Array:
        """tau (members, n, 3) for rates (members, n, 3); only member 0 is driven."""
        spins, rest = self.spins, self._at_rest(m)
        if self._last is None and (batch := spins.engine.assemble(rest).batch) != 1:
            raise InputError("problem", "of one device", f"a batch of {batch}", "move one device after the other")
        places = {name: places_of(rest, name) for name in spins.magnets}
        amplitudes, fluxes = spins.drives(time)
        if spins.engine.batched:
            motions = {n: Motion(m[i], rates[:, None, i]) for i, n in enumerate(spins.magnets)}
            response = self._prepared(moving(rest, motions)).response()
            only = np.eye(1, len(rates))[0]
            drives = ({n: a * only for n, a in given.items()} for given in (amplitudes, fluxes))
            self._last = response
            return self._taken(response, places, *drives)
        prepared = self._prepared(rest)
        found = []
        for k, rate in enumerate(rates):
            motions = {n: Motion(m[i], rate[i]) for i, n in enumerate(spins.magnets) if np.any(rate[i])}
            # One operator for all members: only sources differ.
            system = spins.engine.assemble(moving(rest, motions), prepared.system) if motions else prepared.system
            response = self._last = replace(prepared, system=system).response()
            drives = ({n: a if k == 0 else 0.0 for n, a in given.items()} for given in (amplitudes, fluxes))
            found.append(self._taken(response, places, *drives)[0])
        return np.array(found)

    def _taken(
        self,
        response: Response,
        places: Mapping[str, tuple[str, ...]],
        amplitudes: Mapping[str, Any],
        fluxes: Mapping[str, Any],
    ) -> Array:
        """tau (batch, n, 3)."""
        self._count(response)
        solved = wire(response, amplitudes=amplitudes, fluxes=fluxes)
        return np.stack([sum(torque(solved, name, p) for p in on) for name, on in places.items()], axis=1)

    def _at_rest(self, m: Array) -> Problem:
        found = called("problem", self.spins.problem, self.spins.named(m))
        if not isinstance(found, Problem):
            raise InputError("problem", "a function that returns a Problem", type(found).__name__)
        return found

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


def across(m: Array) -> Array:
    """Two axes (n, 2, 3) across each m (n, 3); e_1, e_2, m are right-handed."""
    helper = np.eye(3)[np.abs(m).argmin(axis=1)]
    first = unit(np.cross(helper, m))
    return np.stack([first, np.cross(m, first)], axis=1)


def vector(key: str, given: ArrayLike) -> Array:
    """Three finite numbers."""
    found = np.asarray(given, dtype=float)
    if found.shape != (3,) or not np.all(np.isfinite(found)):
        raise InputError(key, "three finite numbers x, y, z", given)
    return found


def drive_at(name: str, drive: Drive, time: float) -> float:
    """A drive at a time; UserCodeError where its function fails."""
    return float(called(f"drive {name}", drive, time)) if callable(drive) else float(drive)


def called(what: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """A user's function; UserCodeError naming it where it fails."""
    try:
        return function(*arguments)
    except HanleError:
        raise
    except Exception as error:
        raise UserCodeError(f"{what} failed: {type(error).__name__}: {error}") from error
