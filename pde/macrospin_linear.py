"""Small angles about a state of magnets: modes, damping, susceptibility, threshold, rectified voltages (ST-FMR).

With m = (m_0 + v)/|m_0 + v|, v = sum_k xi_k e_k across m_0, and dm_0/dt = 0,

    dxi/dt = A xi + f,        xi(t) = Re(xi e^{-i omega t}),   xi = (-i omega - A)^{-1} f

where A holds precession, damping, pumping with what flows back, and the torque of the drives. A mode e^{lambda t}
precesses with |Im lambda|; -Re lambda is the half width at half maximum of its resonance, and its threshold is where
Re lambda passes through zero. Transport follows m at once, as in `hanle.pde.macrospin`; `SmallAngles.lagging` is the
state seen at a frequency at which what flows back lags behind.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, least_squares

from hanle.pde.errors import InputError, SolveError, UnsupportedError, unknown_name
from hanle.pde.macrospin import Complex, Macrospins, across, drive_at, vector
from hanle.pde.macrospin_transport import Course
from hanle.pde.recording import ReadOut, evaluated
from hanle.pde.tensors import Array, unit

#: Turn of m in difference quotients of order 4 [rad].
TURN = 1e-3
#: Newton steps towards rest, and the rate there, as part of the rates about.
STEPS, AT_REST = 30, 1e-9


@dataclass(frozen=True)
class Damping:
    """Of one magnet, mean over both directions across m.

    Attributes:
        total: alpha with what pumping adds and backflow takes away.
        enhancement: what pumping adds.
        inertia: b of (1 + b) dm/dt = ...: frequencies are lower by 1 + b.
    """

    total: float
    enhancement: float
    inertia: float


@dataclass(frozen=True, eq=False)
class SmallAngles:
    """Linear motion of n magnets about a state at rest.

    Attributes:
        spins: the magnets.
        time: at which drives and fields are taken [s].
        m: (n, 3).
        frames: (n, 2, 3) axes e_1, e_2 across each m; right-handed with m.
        matrix: A (2n, 2n) [1/s].
        inertia: (2n, 2n) of dm/dt in the equation of motion.
    """

    spins: Macrospins
    time: float
    m: Array
    frames: Array
    matrix: NDArray[Any]
    inertia: NDArray[Any]

    @property
    def rates(self) -> Complex:
        """lambda of all modes (2n,) [1/s], the least damped first."""
        found = np.linalg.eigvals(self.matrix).astype(complex)
        return np.asarray(found[np.argsort(-found.real, kind="stable")])

    @property
    def growth(self) -> float:
        """The largest Re lambda [1/s]: > 0 where the state is unstable."""
        return float(self.rates[0].real)

    def damping(self, magnet: str) -> Damping:
        """The damping of one magnet while the others stand still; of a `lagging` state, of circular precession."""
        k = 2 * self._number(magnet)
        own = self.inertia[k : k + 2, k : k + 2]
        # On the precession e_1 - i e_2 about m, e^{-i omega t} -> e_1 cos + e_2 sin with -i omega: 1 + b + i a.
        turned = (own[0, 0] + own[1, 1]) / 2 + 1j * (own[0, 1] - own[1, 0]) / 2
        total = float(turned.imag)
        return Damping(total, total - self.spins.magnets[magnet].damping, float(turned.real) - 1)

    def lagging(self, omega: float) -> "SmallAngles":
        """The same for motions e^{-i omega t} whose pumping the transport follows with its delay; complex matrices.

        Only its responses at omega count. Exact where no steady drive acts; the torque of a steady drive follows m at
        once.
        """
        course, size = Course(self.spins), len(self.matrix)
        inertia = course.inertia(course.pumping_at(self.m, omega)).reshape(size, size)
        return replace(self, inertia=inertia, matrix=np.linalg.solve(inertia, self.inertia @ self.matrix))

    def response(self, force: ArrayLike, omega: float) -> Complex:
        """xi (2n,) under f (2n,) [1/s] at omega [rad/s]."""
        return np.asarray(np.linalg.solve(-1j * omega * np.eye(len(self.matrix)) - self.matrix, np.asarray(force)))

    def directions(self, xi: ArrayLike) -> Complex:
        """Amplitudes of m (n, 3) from those along the axes (2n,)."""
        return np.asarray(np.einsum("nk,nka->na", np.reshape(xi, (-1, 2)), self.frames))

    def susceptibility(self, magnet: str, omega: float) -> Complex:
        """(n, 3, 3): amplitude of m of each magnet [1/T] per amplitude of a field on one of them, e^{-i omega t}."""
        k, gamma = self._number(magnet), self.spins.magnets[magnet].gamma
        found = []
        for axis in np.eye(3):
            force = np.zeros((len(self.m), 2))
            force[k] = self.frames[k] @ (-gamma * np.cross(self.m[k], axis))
            found.append(self.directions(self.response(np.linalg.solve(self.inertia, force.ravel()), omega)))
        return np.stack(found, axis=-1)

    def driven(self, drive: str, amplitude: float, omega: float) -> Complex:
        """xi (2n,) under the amplitude of one drive on top of its steady value, e^{-i omega t}."""
        spins, steady = self.spins, _value(self.spins, drive, self.time)
        forces = []
        for sign in (1, -1):
            course = Course(spins.driven(drive, steady + sign * amplitude))
            forces.append(course.force(self.time, course.torques(self.time, self.m)))
        force = np.einsum("nka,na->nk", self.frames, forces[0] - forces[1]).ravel() / 2
        return self.response(np.linalg.solve(self.inertia, force), omega)

    def _number(self, magnet: str) -> int:
        if magnet not in self.spins.magnets:
            raise unknown_name("magnet", magnet, self.spins.magnets)
        return list(self.spins.magnets).index(magnet)


def settled(spins: Macrospins, start: Mapping[str, ArrayLike], time: float = 0.0) -> SmallAngles:
    """The state at rest next to `start`, stable or not, and small angles about it.

    Args:
        start: magnet -> m (3,).
        time: at which drives and fields are taken [s].

    Raises:
        SolveError: none found; `hanle.pde.macrospin_motion.move` follows magnets wherever they go.
        UnsupportedError: magnets whose motion is given.
    """
    if spins.prescribed_names:
        raise UnsupportedError(f"small angles of {spins.prescribed_names[0]}, whose motion is given: use `move`")
    course, m = Course(spins), spins.directions(start)
    for _ in range(STEPS):
        found = _about(course, m, time)
        rate, _ = course.rate(time, m)
        scale = np.abs(found.matrix).max()
        parts = np.einsum("nka,na->nk", found.frames, rate).ravel()
        if np.abs(parts).max() <= AT_REST * scale:
            return found
        turn = -np.linalg.lstsq(found.matrix, parts, rcond=1e-10)[0]
        turn = turn * min(1.0, 0.5 / float(np.abs(turn).max()))
        m = unit(m + np.einsum("nk,nka->na", turn.reshape(-1, 2), found.frames))
    raise SolveError(
        f"no state at rest within {STEPS} steps of the start; there may be none (auto-oscillation): use `move`, or "
        "begin closer"
    )


def threshold(
    spins: Macrospins, drive: str, bounds: tuple[float, float], start: Mapping[str, ArrayLike]
) -> tuple[float, SmallAngles]:
    """The value of a drive at which the state at rest next to `start` turns unstable, and that state.

    Args:
        bounds: two values of the drive, stable and unstable.

    Raises:
        InputError: the state is stable, or unstable, at both.
    """

    def at(value: float) -> SmallAngles:
        return settled(spins.driven(drive, value), start)

    ends = [at(value).growth for value in bounds]
    if ends[0] * ends[1] > 0:
        kind = "unstable" if ends[0] > 0 else "stable"
        raise InputError("bounds", "two values, stable and unstable", bounds, f"the state is {kind} at both")
    found = float(brentq(lambda value: at(value).growth, *bounds, rtol=1e-12, xtol=1e-12 * max(map(abs, bounds))))
    return found, at(found)


@dataclass(frozen=True)
class Tone:
    """An alternating drive: amplitude cos(omega t) on top of its steady value.

    Attributes:
        drive: its name.
        amplitude: in its unit.
        omega: [rad/s].
    """

    drive: str
    amplitude: float
    omega: float


@dataclass(frozen=True, eq=False)
class FieldTone:
    """An alternating field on one magnet: field cos(omega t).

    Attributes:
        magnet: its name.
        field: (3,) [T].
        omega: [rad/s].
    """

    magnet: str
    field: ArrayLike
    omega: float


def rectified(state: SmallAngles, tone: Tone | FieldTone, reading: ReadOut, phases: int = 8) -> Array:
    """Mean of a read-out over a period under an alternating drive, less its value at rest.

    To second order in the amplitude: what pumping rectifies, and the resistance that m modulates times the drive, which
    ST-FMR measures. It leaves out that the mean of m moves a little, which counts only where the read-out is not zero
    at rest.

    Args:
        reading: function of the transport solution; the other drives stay at their steady values.
        phases: of the period that are averaged; from 4 on second order is exact.
    """
    if phases < 4:
        raise InputError("phases", "at least 4", phases)
    xi = amplitude(state, tone)
    at_rest = Course(state.spins).solution(state.time, state.m, np.zeros_like(state.m))
    total = -evaluated("reading", "rectified", reading, at_rest)
    for k in range(phases):
        turned = np.exp(-2j * np.pi * k / phases)
        v, dv = (xi * turned).real, (-1j * tone.omega * xi * turned).real
        length = np.linalg.norm(state.m + v, axis=1, keepdims=True)
        m = (state.m + v) / length
        rate = (dv - m * np.einsum("na,na->n", m, dv)[:, None]) / length
        spins = state.spins
        if isinstance(tone, Tone):
            spins = spins.driven(tone.drive, _value(spins, tone.drive, state.time) + tone.amplitude * turned.real)
        total = (
            total + evaluated("reading", "rectified", reading, Course(spins).solution(state.time, m, rate)) / phases
        )
    return np.asarray(total)


def amplitude(state: SmallAngles, tone: Tone | FieldTone) -> Complex:
    """Amplitude of m (n, 3), e^{-i omega t}, under an alternating drive."""
    if isinstance(tone, Tone):
        return state.directions(state.driven(tone.drive, tone.amplitude, tone.omega))
    chi = state.susceptibility(tone.magnet, tone.omega)
    return np.asarray(chi @ vector("field", tone.field))


@dataclass(frozen=True)
class Lorentzians:
    """V = [symmetric d^2 + antisymmetric d (B - centre)]/[(B - centre)^2 + d^2] + offset.

    Attributes:
        symmetric, antisymmetric, offset: in the unit of V.
        centre, half_width: in the unit of B.
        misfit: root mean square of what is left, over that of V.
    """

    symmetric: float
    antisymmetric: float
    offset: float
    centre: float
    half_width: float
    misfit: float


def lorentzians(fields: ArrayLike, values: ArrayLike, guess: tuple[float, float]) -> Lorentzians:
    """The symmetric and antisymmetric parts of a resonance.

    Args:
        fields, values: (n,), n > 5.
        guess: (centre, half width).
    """
    b, v = np.asarray(fields, dtype=float), np.asarray(values, dtype=float)
    if b.ndim != 1 or b.shape != v.shape or b.size <= 5:
        raise InputError("fields", "of one axis, more than 5, as many as values", (b.shape, v.shape))

    def basis(shape: Array) -> Array:
        x = (b - shape[0] * guess[1] - guess[0]) / (shape[1] * guess[1])
        return np.stack([1 / (1 + x**2), x / (1 + x**2), np.ones_like(x)], axis=1)

    def parts(shape: Array) -> Array:
        return np.asarray(np.linalg.lstsq(basis(shape), v, rcond=None)[0])

    def left(shape: Array) -> Array:
        return np.asarray((basis(shape) @ parts(shape) - v) / size)

    size = float(np.linalg.norm(v)) or 1.0
    # Centre and width in units of the guessed width; the amplitudes follow linearly.
    start = np.array([0.0, 1.0])
    shape = np.asarray(least_squares(left, start, xtol=1e-14, ftol=1e-14, gtol=1e-14).x)
    found = parts(shape)
    centre, width = guess[0] + float(shape[0]) * guess[1], float(shape[1]) * guess[1]
    misfit = float(np.linalg.norm(left(shape)))
    sign = 1.0 if width > 0 else -1.0
    return Lorentzians(float(found[0]), sign * float(found[1]), float(found[2]), centre, abs(width), misfit)


def spectrum(
    at: Callable[[float], Macrospins],
    fields: ArrayLike,
    tone: Tone | FieldTone,
    reading: ReadOut,
    start: Mapping[str, ArrayLike],
) -> Array:
    """Rectified read-outs at applied fields (n, ...): each settles from the state at the field before.

    Args:
        at: function applied field [T] -> magnets in it.
        start: magnet -> m (3,) for the first field.
    """
    found, m = [], start
    for b in np.asarray(fields, dtype=float).ravel():
        state = settled(at(float(b)), m)
        found.append(rectified(state, tone, reading))
        m = state.spins.named(state.m)
    return np.array(found)


def _about(course: Course, m: Array, time: float) -> SmallAngles:
    """Small angles about m, which need not be at rest."""
    frames, n = across(m), len(m)
    matrix = np.zeros((2 * n, 2 * n))
    for column in range(2 * n):
        for weight, turn in ((8, TURN), (-8, -TURN), (-1, 2 * TURN), (1, -2 * TURN)):
            moved = m.copy()
            moved[column // 2] = unit(m[column // 2] + turn * frames[column // 2, column % 2])
            rate = course.rate(time, moved)[0]
            matrix[:, column] += weight / (12 * TURN) * np.einsum("nka,na->nk", frames, rate).ravel()
    torques = course.torques(time, m)
    return SmallAngles(course.spins, time, m, frames, matrix, course.inertia(torques.pumping).reshape(2 * n, 2 * n))


def _value(spins: Macrospins, drive: str, time: float) -> float:
    """The steady value of a drive."""
    given = {**spins.amplitudes, **spins.fluxes}
    if drive not in given:
        raise unknown_name("drive", drive, given)
    return drive_at(drive, given[drive], time)
