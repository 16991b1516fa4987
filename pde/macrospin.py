"""Magnets that move as a whole, each m with a torque tau that comes from the transport beside it:

    dm/dt = -gamma m x B + alpha m x dm/dt - (gamma/M) tau(m, dm/dt)

    m      1    direction of the moments; M their sum in the measure of the torque: A m^2 in 3D, A m in 2D (per length),
                A in 1D (per area: M_s times the thickness)
    B      T    applied field, anisotropy, fields of the drives (Oersted), and what the user adds
    tau         angular momentum per time from the transport at m and dm/dt: steady, so that it follows m at once, which
                holds for frequencies below D/lambda^2, or with what its fields store (`hanle.pde.motion_lagging`)

tau is linear in dm/dt (`hanle.pde.pumping`), tau = tau_0(m) - (M/gamma) sum_j A_ij(m) dm_j/dt, so that dm/dt solves

    sum_j [(1 - alpha m_i x) delta_ij - A_ij] dm_j/dt = -gamma m_i x B - (gamma/M) tau_0,i

in the planes across all m at once: pumping, what flows back, and what passes from magnet to magnet belong to the same
moment. Several magnets share one transport problem. `macrospin_transport` solves it, `macrospin_motion` integrates,
`macrospin_linear` looks at small angles. Fields do not fluctuate: there is no thermal noise in B or in the currents.
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
from hanle.pde.problem import Problem
from hanle.pde.pumping import ALONG
from hanle.pde.steady import TOLERANCE
from hanle.pde.tensors import Array, unit

Complex = NDArray[np.complex128]
#: A number, or a function of the time [s].
Drive = float | Callable[[float], float]
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
        if not np.any(vector("anisotropy.axis", self.axis)):
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
        motion: function of the time [s] that returns m (3,) and dm/dt (3,) [1/s]: the magnet moves like this, whatever
            acts on it, and only the transport follows; see `precession`.
    """

    moment: float
    damping: float = 0.0
    field: ArrayLike | Callable[[float], ArrayLike] = (0.0, 0.0, 0.0)
    anisotropies: tuple[Anisotropy, ...] = ()
    per_drive: Mapping[str, ArrayLike] = entry(default_factory=dict)
    more: Callable[[float, Mapping[str, Array]], ArrayLike] | None = None
    gamma: float = GAMMA
    motion: Callable[[float], tuple[ArrayLike, ArrayLike]] | None = None

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

    def directions(self, given: Mapping[str, ArrayLike], time: float = 0.0) -> Array:
        """Unit vectors (magnets, 3) of {magnet: m}; InputError for a magnet that lacks one, or a zero vector.

        Those of magnets whose motion is given are taken from it, at `time`.
        """
        for name in given:
            if name not in self.magnets:
                raise unknown_name("m", name, self.magnets)
        given = {**given, **{name: self._motion_of(name, time)[0] for name in self.prescribed_names}}
        missing = [name for name in self.magnets if name not in given]
        if missing:
            raise InputError("m", "given for every magnet", f"none for {missing[0]}")
        m = np.array([vector(f"m of {name}", given[name]) for name in self.magnets])
        if not np.all(np.any(m, axis=1)):
            raise InputError("m", "a vector that is not zero, for every magnet", "a zero vector")
        return unit(m)

    @property
    def prescribed_names(self) -> tuple[str, ...]:
        """Magnets whose motion is given."""
        return tuple(name for name, magnet in self.magnets.items() if magnet.motion is not None)

    def prescribed(self, time: float) -> dict[int, Array]:
        """Number of a magnet whose motion is given -> dm/dt (3,) [1/s]."""
        order = list(self.magnets)
        return {order.index(name): self._motion_of(name, time)[1] for name in self.prescribed_names}

    def placed(self, time: float, m: Array) -> Array:
        """m (n, 3) in which magnets whose motion is given are where they should be."""
        if not self.prescribed_names:
            return m
        found, order = m.copy(), list(self.magnets)
        for name in self.prescribed_names:
            found[order.index(name)] = self._motion_of(name, time)[0]
        return found

    def _motion_of(self, name: str, time: float) -> tuple[Array, Array]:
        return motion_at(name, self.magnets[name].motion, time)

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


def across(m: Array) -> Array:
    """Two axes (n, 2, 3) across each m (n, 3); e_1, e_2, m are right-handed."""
    helper = np.eye(3)[np.abs(m).argmin(axis=1)]
    first = unit(np.cross(helper, m))
    return np.stack([first, np.cross(m, first)], axis=1)


def precession(
    axis: ArrayLike, cone: float, omega: float, phase: float = 0.0
) -> Callable[[float], tuple[Array, Array]]:
    """Motion on a cone about an axis, for `Magnet.motion`.

    Args:
        cone: angle between m and the axis [rad].
        omega: angular frequency [rad/s]; that of the free precession about B along the axis is positive.

    Raises:
        InputError: no direction, or an angle or frequency that is no finite number.
    """
    about = vector("axis", axis)
    if not np.any(about):
        raise InputError("axis", "along a vector that is not zero", about.tolist())
    for key, number in (("cone", cone), ("omega", omega), ("phase", phase)):
        if not np.isfinite(number):
            raise InputError(key, "a finite number", number)
    about = about / np.linalg.norm(about)
    first = np.cross(about, np.eye(3)[np.abs(about).argmin()])
    first = first / np.linalg.norm(first)
    second = np.cross(about, first)

    def motion(time: float) -> tuple[Array, Array]:
        angle = omega * time + phase
        m = np.cos(cone) * about + np.sin(cone) * (np.cos(angle) * first + np.sin(angle) * second)
        return m, omega * np.cross(about, m)

    return motion


def vector(key: str, given: ArrayLike) -> Array:
    """Three finite numbers."""
    try:
        found = np.asarray(given, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(key, "three finite numbers x, y, z", given) from error
    if found.shape != (3,) or not np.all(np.isfinite(found)):
        raise InputError(key, "three finite numbers x, y, z", given)
    return found


def motion_at(magnet: str, motion: Any, time: float) -> tuple[Array, Array]:
    """(m, dm/dt) of a motion that is given, per length of m; InputError where m would not keep its length."""
    key = f"motion of {magnet}"
    pair = called(key, motion, time)
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise InputError(key, "a function that returns m and dm/dt", pair)
    m, rate = vector(f"{key}: m", pair[0]), vector(f"{key}: dm/dt", pair[1])
    size = float(np.linalg.norm(m))
    if not size:
        raise InputError(f"{key}: m", "a vector that is not zero", m)
    if abs(m @ rate) > ALONG * size * float(np.linalg.norm(rate)):
        raise InputError(f"{key}: dm/dt", "perpendicular to m", rate.tolist(), "m keeps its length")
    return m / size, rate / size


def drive_at(name: str, drive: Drive, time: float) -> float:
    """A drive at a time; UserCodeError where its function fails, InputError where it is not finite."""
    value = float(called(f"drive {name}", drive, time)) if callable(drive) else float(drive)
    if not np.isfinite(value):
        raise InputError(f"drive {name}", f"finite at {time:.6g} s", value)
    return value


def called(what: str, function: Any, *arguments: Any) -> Any:
    """A user's function; UserCodeError naming it where it fails."""
    try:
        return function(*arguments)
    except HanleError:
        raise
    except Exception as error:
        raise UserCodeError(f"{what} failed: {type(error).__name__}: {error}") from error
