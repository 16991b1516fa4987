"""Small motions of the magnets of a device about their state at rest: frequencies, damping, threshold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hanle.device import Device
from hanle.macrospins import Macrospin, Moved, moved
from hanle.pde.errors import InputError
from hanle.pde.macrospin import Complex
from hanle.pde.macrospin_linear import Damping, SmallAngles, settled, threshold
from hanle.pde.tensors import Array


@dataclass(frozen=True, eq=False)
class SmallMotions:
    """Small motions about the state at rest.

    Attributes:
        moved: what was solved.
        state: the same in the terms of the equations: responses to fields and drives, see
            `hanle.pde.macrospin_linear` (`rectified` and `spectrum` there are ST-FMR).
    """

    moved: Moved
    state: SmallAngles

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

    def damping(self, magnet: str) -> Damping:
        """Total damping, what pumping adds to it, backflow taken off, and inertia; the other magnets stand still."""
        return self.state.damping(magnet)

    def threshold(self, low: float, high: float) -> float:
        """Multiple of the given current at which the state at rest turns unstable, between two multiples.

        Raises:
            InputError: nothing flows, several drives do; the state is stable, or unstable, at both.
        """
        spins = self.state.spins
        given = {**spins.amplitudes, **spins.fluxes}
        active = [(name, value) for name, value in given.items() if callable(value) or value]
        if len(active) != 1 or callable(active[0][1]):
            must = "one steady current or voltage that is not zero, to ask for its threshold"
            raise InputError("wiring", must, [name for name, _ in active])
        name, unit = active[0][0], float(active[0][1])
        bounds = (min(low * unit, high * unit), max(low * unit, high * unit))
        return threshold(spins, name, bounds, self.m)[0] / unit


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
        current, current_density, wiring, source, drain: as in `hanle.solve`.
        options: engine, order, solver, tolerance, mesh, mesh_options, as there.

    Raises:
        InputError, UnsupportedError: as `hanle.motions.dynamics`.
        SolveError: no state at rest is found.
    """
    drive = {
        "current": current,
        "current_density": current_density,
        "wiring": wiring,
        "source": source,
        "drain": drain,
    }
    posed = moved(device, magnets, drive, **options)
    return SmallMotions(posed, settled(posed.spins, posed.start))
