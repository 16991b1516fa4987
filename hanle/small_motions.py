"""Small motions of the magnets of a device about their state at rest: frequencies, damping, threshold, ST-FMR."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hanle.course import Instant, MovingInstant, at_moment
from hanle.device import Device
from hanle.macrospins import Macrospin, Moved, moved
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.macrospin import Complex
from hanle.pde.macrospin_linear import Damping, FieldTone, SmallAngles, Tone, rectified, settled, threshold
from hanle.pde.observables import measure
from hanle.pde.quantity import parse, show
from hanle.pde.tensors import Array
from hanle.time_drive import drives
from hanle.wiring import DRIVE, drive_table, read_drive


@dataclass(frozen=True, eq=False, repr=False)
class SmallMotions:
    """Small motions about the state at rest.

    Attributes:
        moved: what was solved.
        state: the same in the terms of the equations: responses to fields and drives, see
            `hanle.pde.macrospin_linear`.
    """

    moved: Moved
    state: SmallAngles

    def __repr__(self) -> str:
        modes = ", ".join(show(float(f), "frequency") for f in self.frequencies)
        stable = "stable" if self.rates[0].real <= 0 else "unstable"
        return f"<SmallMotions: {', '.join(self.m)}; modes at {modes or 'no frequency'}; {stable}>"

    @property
    def m(self) -> Mapping[str, Array]:
        """Magnet -> direction (3,) at rest."""
        return self.state.spins.named(self.state.m)

    @property
    def rates(self) -> Complex:
        """lambda of the modes e^{lambda t} [1/s], the least damped first; Re > 0: unstable."""
        return self.state.rates

    @property
    def frequencies(self) -> Array:
        """Those of precession [Hz], one for each pair of modes, the least damped first."""
        turning = self.rates.imag
        return np.asarray(turning[turning > 0] / (2 * np.pi))

    def damping(self, magnet: str, frequency: Any = None) -> Damping:
        """Total damping, what pumping adds to it, backflow taken off, and inertia; the other magnets stand still.

        Args:
            frequency: e.g. "100 GHz", of precession about m, at which what flows back lags behind; negative for the
                other sense. None: it follows at once.
        """
        if frequency is None:
            return self.state.damping(magnet)
        return self.state.lagging(2 * np.pi * parse(frequency, "frequency", "frequency")).damping(magnet)

    def threshold(self, low: float, high: float) -> float:
        """Multiple of the given current at which the state at rest turns unstable, between two multiples.

        Args:
            low, high: e.g. 0 and 100, or -100 and 0: currents against the given one.

        Raises:
            InputError: nothing flows, several drives do; the state is stable, or unstable, at both.
        """
        for key, value in (("low", low), ("high", high)):
            if isinstance(value, str) or not np.isfinite(value):
                raise InputError(key, "a multiple of the given current, a finite number", value, "e.g. 0 and 100")
        spins = self.state.spins
        given = {**spins.amplitudes, **spins.fluxes}
        active = [(name, value) for name, value in given.items() if callable(value) or value]
        if len(active) != 1 or callable(active[0][1]):
            must = "one steady current or voltage that is not zero, to ask for its threshold"
            raise InputError("wiring", must, [name for name, _ in active])
        name, unit = active[0][0], float(active[0][1])
        bounds = (min(low * unit, high * unit), max(low * unit, high * unit))
        try:
            return threshold(spins, name, bounds, self.m)[0] / unit
        except InputError as error:
            if error.key != "bounds":
                raise
            must = "multiples of the given current, the state stable at one and unstable at the other"
            raise InputError("low, high", must, (low, high), f"{error.hint}; < 0: against it") from error

    def rectified(
        self,
        frequency: Any,
        read: Callable[[Instant], ArrayLike],
        *,
        field: Mapping[str, Any] | None = None,
        **drive: Any,
    ) -> Array:
        """Mean of a read-out over a period, less its value at rest: what ST-FMR and spin pumping measure.

        It leaves out that the mean of m moves a little, which counts where the read-out is not zero at rest: a voltage
        under a steady current.

        Args:
            frequency: e.g. "9 GHz".
            read: function of a result, e.g. lambda r: r.electric_field[0]; it knows the transport, not how m points.
            field: {magnet: B (3,)}, amplitude of an alternating field on one magnet, or
            drive: current, current_density or wiring as in `hanle.solve`: amplitudes of one alternating drive.

        Raises:
            InputError: neither or both, several of them, a frequency that is none.
        """
        if field and not isinstance(field, Mapping):
            raise InputError("field", "a magnet and its amplitude", field, 'e.g. {"Co": ("1 mT", 0, 0)}')
        if bool(field) == bool(drive) or (field and len(field) != 1):
            raise InputError("rectified", "given one field or one drive", {**(field or {}), **drive} or "neither")
        omega = 2 * np.pi * parse(frequency, "frequency", "frequency")
        tone: Tone | FieldTone
        if field:
            name, given = next(iter(field.items()))
            b = [parse(part, "magnetic field", f"field.{name}") for part in given]
            tone = FieldTone(name, b, omega)
        else:
            tone = Tone(*self._alternating(drive), omega)
        device, plan = self.moved.device, self.moved.plan
        return rectified(self.state, tone, lambda solution: read(at_moment(device, plan, solution, MovingInstant)))

    def _alternating(self, drive: Mapping[str, Any]) -> tuple[str, float]:
        """(name, amplitude) of the one drive that is not zero."""
        for name in drive:
            if name not in DRIVE:
                raise unknown_name("drive", name, DRIVE)
        posed = self.moved
        plan = read_drive(posed.device, **drive)
        area = 1.0
        if plan.density is not None:
            area = float(measure(posed.at_rest, "u")[0])
        found = drives(posed.device, posed.at_rest, plan, {}, area, ())
        active = {name: x for name, x in {**found.amplitudes, **found.fluxes}.items() if x}
        if len(active) != 1:
            raise InputError("drive", "one that is not zero", list(active) or "none")
        name, amount = next(iter(active.items()))
        return name, float(amount)  # type: ignore[arg-type]


def small_angles(
    device: Device,
    *,
    magnets: Mapping[str, Macrospin],
    current: Any = None,
    current_density: Any = None,
    wiring: Mapping[str, Any] | None = None,
    source: str | None = None,
    drain: str | None = None,
    **options: Any,
) -> SmallMotions:
    """Small motions of magnets of `device` about the state at rest next to where they begin.

    Args:
        magnets: region -> `hanle.Macrospin`; the others stay where they are.
        current, current_density, wiring, source, drain: as in `hanle.solve`; but nothing flows where none is given.
        options: engine, order, solver, tolerance, mesh, mesh_options, as there.

    Raises:
        InputError, UnsupportedError: as `hanle.motions.dynamics`.
        SolveError: no state at rest is found.
    """
    drive = drive_table(current, current_density, wiring, source, drain)
    posed = moved(device, magnets, drive, **options)
    return SmallMotions(posed, settled(posed.spins, posed.start))
