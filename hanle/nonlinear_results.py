"""What a device answers that was solved beyond linear response, and harmonics from opposite drives."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from hanle.heat_faces import CARRIERS, sinks
from hanle.pde.entropy import Entropy, entropy_production_at
from hanle.pde.errors import InputError
from hanle.pde.newton import Level, NewtonResult
from hanle.pde.observables import FilmResistivity
from hanle.pde.tensors import Array
from hanle.results import Result
from hanle.transport_readout import outer, plain_entropy

if TYPE_CHECKING:
    from hanle.torques import SpinOrbitTorque


@dataclass(frozen=True, eq=False, repr=False)
class NonlinearResult(Result):
    """A device under one drive, beyond linear response: answers what a `Result` does, but for other drives.

    Attributes:
        newton: the solution and how it was reached.
    """

    newton: NewtonResult = field(kw_only=True)

    @property
    def residuals(self) -> tuple[float, ...]:
        """Relative residual after each step of Newton's method at the whole drive."""
        return self.newton.residuals

    @property
    def levels(self) -> tuple[Level, ...]:
        """Drives at which Newton's method converged, in order."""
        return self.newton.levels

    @property
    def electric_power(self) -> float:
        """What terminals and wires deliver [W; W/m in 2D, W/m^2 in 1D]."""
        return electric_power(self)

    @property
    def heat_out(self) -> float:
        """Heat that leaves through heat contacts and sinks [W; W/m in 2D, W/m^2 in 1D]."""
        return heat_out(self)

    def entropy_production(self) -> Entropy:
        """Entropy by region and face, its sum and what leaves [W/K; W/(K m) in 2D, W/(K m^2) in 1D]."""
        return plain_entropy(entropy_production_at(self.solution, outer(self)))

    @property
    def energy_error(self) -> float:
        """|electric power - heat out| over the largest of both and the heat at each contact, 0 where all are."""
        flows = (float(self.heat_current(name)) for name in self.device.heat_contacts)
        size = max(abs(self.electric_power), abs(self.heat_out), *map(abs, flows))
        return abs(self.electric_power - self.heat_out) / size if size else 0.0

    @cached_property
    def film(self) -> FilmResistivity:
        """Refused: InputError."""
        raise _linear_only("rho_L and rho_T", "use resistance or wire_resistance")

    @property
    def has_resistivity(self) -> bool:
        """False."""
        return False

    @property
    def rho_L_change(self) -> Array:
        """Refused: InputError."""
        raise _linear_only("rho_L_change")

    @property
    def conductance_matrix(self) -> Array:
        """Refused: InputError."""
        raise _linear_only("conductance_matrix")

    def torque_origins(self, magnet: str, metal: str | None = None) -> "dict[str, SpinOrbitTorque]":
        """Refused: InputError."""
        raise _linear_only("torque_origins")

    def resistivity_origins(self) -> dict[str, tuple[Array, Array]]:
        """Refused: InputError."""
        raise _linear_only("resistivity_origins")

    def unidirectional_change(self, magnet: str, slope: float) -> Array:
        """Refused: InputError."""
        raise _linear_only("unidirectional_change")


def electric_power(result: Result) -> float:
    """What terminals and wires deliver, see `NonlinearResult.electric_power`."""
    solution = result.solution
    problem = solution.response.system.problem
    heat = {field.name for field in CARRIERS.values()}
    names = [n for n in problem.drives if n not in problem.terminals or problem.terminals[n].component not in heat]
    return float(sum(solution.amplitude(n)[0] * solution.flux(n)[0] for n in names))


def heat_out(result: Result) -> float:
    """Heat that leaves, see `NonlinearResult.heat_out`."""
    heat = tuple(field.name for field in CARRIERS.values())
    through = {name for name in sinks(result.device) if len(result.mesh.face_regions(name)) == 1}
    gained = sum(float(result.heat_current(name)) for name in result.device.heat_contacts)
    for entry in result.solution.ledger if through else ():
        if entry.kind == "face" and entry.place in through:
            gained += sum(float(entry.gain[name][0]) for name in heat if name in entry.gain)
    return -gained


def even_part(forward: Result, backward: Result, ask: Callable[[Any], ArrayLike]) -> Array:
    """Part of a read-out that keeps its sign when the drive is reversed, (f(+I) + f(-I))/2.

    Of a voltage V = R_1 I + R_2 I^2 it is R_2 I^2: Joule-driven spin Seebeck. Under I sin(omega t), slow, the second
    harmonic is -(1/2) of it, times cos(2 omega t).

    Args:
        forward, backward: results of one device under opposite drives.
        ask: the read-out, e.g. lambda r: r.wire_field("detector").
    """
    return np.asarray(0.5 * (np.asarray(ask(forward)) + np.asarray(ask(backward))))


def odd_part(forward: Result, backward: Result, ask: Callable[[Any], ArrayLike]) -> Array:
    """Part of a read-out that changes sign with the drive, (f(+I) - f(-I))/2; arguments as `even_part`."""
    return np.asarray(0.5 * (np.asarray(ask(forward)) - np.asarray(ask(backward))))


def _linear_only(name: str, cure: str = "solve without nonlinear=True") -> InputError:
    return InputError(name, "asked of a linear response", "a nonlinear solve", cure)
