"""What a device answers to an alternating drive: complex amplitudes, Re(amplitude e^{i omega t}) at time t."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from hanle import carriers_readout
from hanle.dynamics import Question, usual
from hanle.meshes.layered import Layers
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.errors import InputError, UserCodeError
from hanle.pde.harmonic import ComplexArray, HarmonicSolution, film_resistivity_at
from hanle.pde.observables import FIELD_X, FIELD_Y, FilmResistivity, measure
from hanle.pde.tensors import Array
from hanle.readings import RESISTANCE_UNIT
from hanle.wires import wire_drive
from hanle.wiring import Wiring

if TYPE_CHECKING:
    import xarray

    from hanle.device import Device

#: A read-out of one's own: a function of the result, its SI unit ("1" where there is none) and, if wanted, a title. It
#: returns one value, or a vector, per frequency.
Extra: TypeAlias = "tuple[Callable[[ACResult], Any], str] | tuple[Callable[[ACResult], Any], str, str]"


@dataclass(frozen=True, eq=False, repr=False)
class ACResult:
    """A device under an alternating drive; peak amplitudes, in phase with the drive where they are real.

    Attributes:
        device: what was solved.
        mesh: on which mesh or layers.
        frequencies: (n,) [Hz].
        solutions: one of all frequencies (exact engine), or one each.
        wiring: what was given at the terminals, amplitudes in phase.
        single: whether one frequency was given; answers then lack the axis of frequencies, which is the first.
    """

    device: "Device"
    mesh: TaggedMesh | Layers
    frequencies: Array
    solutions: tuple[HarmonicSolution, ...]
    wiring: Wiring
    single: bool

    def __repr__(self) -> str:
        engine = self.solutions[0].response.doubled.proof.engine
        return f"<ACResult: {self.device.name or 'device'}; {len(self.frequencies)} frequencies, engine {engine}>"

    @cached_property
    def films(self) -> tuple[FilmResistivity, ...]:
        """Complex resistivities of a film, one of each solution."""
        if not self._is_film:
            must = "asked of a film: a stack of layers without terminals and wires"
            raise InputError(
                "rho_T", must, self.device.name or "another device", "use terminal_voltage or impedance"
            )
        return tuple(film_resistivity_at(s.response) for s in self.solutions)

    @cached_property
    def _along(self) -> tuple[tuple[ComplexArray, ComplexArray], ...]:
        """(rho_L, rho_L_change) of a film or section, of each solution."""
        if self._is_film:
            return tuple((np.asarray(f.rho_L), np.asarray(f.change_L)) for f in self.films)
        if FIELD_X not in self.solutions[0].response.drives:
            must = "asked of a film or section without terminals and wires"
            raise InputError(
                "rho_L", must, self.device.name or "another device", "use terminal_voltage or impedance"
            )
        return tuple(_section(s) for s in self.solutions)

    @property
    def rho_L(self) -> ComplexArray:
        """E_x/j_x of a film or section at zero transverse current [Ohm m]."""
        return self._joined([rho for rho, _ in self._along])

    @property
    def rho_T(self) -> ComplexArray:
        """E_y/j_x of a film at zero transverse current [Ohm m]."""
        return self._joined([film.rho_T for film in self.films])

    @property
    def rho_L_change(self) -> ComplexArray:
        """rho_L/rho_D - 1 with rho_D the resistivity without spin Hall coupling; no cancellation."""
        return self._joined([change for _, change in self._along])

    def terminal_voltage(self, plus: str, minus: str | None = None) -> ComplexArray:
        """V(plus) - V(minus), or V(plus) against the ground [V]."""
        return self._joined([s.voltage(plus, minus) for s in self.solutions])

    def terminal_current(self, terminal: str) -> ComplexArray:
        """Current into the device [A; A/m in 2D, A/m^2 in 1D]."""
        return self._joined([s.current_in(terminal) for s in self.solutions])

    def impedance(self, plus: str | None = None, minus: str | None = None) -> ComplexArray:
        """V(plus) - V(minus) over the current into the source [Ohm; Ohm m in 2D, Ohm m^2 in 1D]; inductive if Im > 0.

        Args:
            plus, minus: default the source and the ground; others give a nonlocal impedance.

        Raises:
            InputError: not driven by one given current that flows to one ground.
        """
        pair = self.wiring.pair
        if pair is None:
            must = "driven by one given current that is not zero, to one ground"
            given = dict(self.wiring.currents) or "no current"
            raise InputError("wiring", must, given, "divide terminal_voltage by terminal_current")
        source, ground = pair
        drop = self.terminal_voltage(plus or source, minus or ground)
        return np.asarray(drop / self.terminal_current(source))[()]

    def wire_field(self, wire: str) -> ComplexArray:
        """E along a wire [V/m]."""
        drive = wire_drive(self.device, self.mesh, wire)
        return self._joined([s.amplitude(drive) for s in self.solutions])

    def wire_current(self, wire: str) -> ComplexArray:
        """Current along a wire [A; A/m in 1D]."""
        drive = wire_drive(self.device, self.mesh, wire)
        return self._joined([s.flux(drive) for s in self.solutions])

    def torque(self, magnet: str, place: str | None = None) -> ComplexArray:
        """Angular momentum per time that a magnet absorbs (..., 3), as `Result.torque`."""
        return self._joined([s.torque(magnet, place) for s in self.solutions])

    def spin_accumulation(self, region: str, points: ArrayLike) -> ComplexArray:
        """mu_s/e (..., n, 3) [V] at points (n, 3) [m] of a metal."""
        places = np.asarray(points, dtype=float)
        return self._joined([s.spin_accumulation(region, places) for s in self.solutions])

    def magnon_potential(self, region: str, points: ArrayLike) -> ComplexArray:
        """mu_m/e (..., n) [V] at points (n, 3) [m] of a magnetic insulator that carries magnons."""
        return self._asked(carriers_readout.magnon_potential, region, points)

    def temperature(self, region: str, points: ArrayLike, carrier: str = "lattice") -> ComplexArray:
        """Amplitude of T (..., n) [K] of "electrons", "magnons" or "lattice" at points (n, 3) [m] of a region."""
        return self._asked(carriers_readout.temperature_change, region, points, carrier)

    def contact_temperature(self, contact: str) -> ComplexArray:
        """Amplitude of T [K] of a heat contact."""
        return self._asked(partial(carriers_readout.contact_temperature, self.device), contact)

    def heat_current(self, contact: str) -> ComplexArray:
        """Heat into the device at a heat contact [W; W/m in 2D, W/m^2 in 1D]."""
        return self._asked(partial(carriers_readout.heat_current, self.device), contact)

    def _asked(self, question: Callable[..., Any], *details: Any) -> ComplexArray:
        """The answers to a question about a solution."""
        return self._joined([question(s, *details) for s in self.solutions])

    def dataset(self, read: "Mapping[str, Extra] | None" = None, *, split: bool = False) -> "xarray.Dataset":
        """Everything against frequency, with units: resistivities or voltages and currents, impedance, torques.

        Args:
            read: further read-outs, e.g. {"mu_y": (lambda r: r.spin_accumulation("Pt", point)[:, 0, 1], "V")}.
            split: real and imaginary parts as "name_real" and "name_imag", as `hanle.write_curves` needs them.
        """
        import xarray

        whole = replace(self, single=False)
        frequency = ("frequency", self.frequencies, {"units": "Hz", "long_name": "frequency"})
        axes: dict[str, Any] = {"frequency": frequency}
        variables: dict[str, Any] = {}
        for name, question in self._questions(read or {}).items():
            values, labels = question.ask(whole), dict(question.labels)
            if name in (read or {}) and values.ndim == 2:
                labels = {"component": tuple("xyz")}
            axes |= {axis: (axis, list(places), {"long_name": axis}) for axis, places in labels.items()}
            parts = {name: (values, "")}
            if split:
                parts = {f"{name}_real": (values.real, ", in phase"), f"{name}_imag": (values.imag, ", quadrature")}
            for key, (part, kind) in parts.items():
                notes = {"units": question.units, "long_name": question.title + kind}
                variables[key] = (("frequency", *labels), part, notes)
        proof = self.solutions[0].response.doubled.proof
        worst = max((r for s in self.solutions for r in s.response.doubled.proof.residuals.values()), default=0.0)
        about = {
            "engine": proof.engine,
            "solver": proof.solver,
            "largest_residual": worst,
            "title": self.device.name,
        }
        return xarray.Dataset(variables, axes, about)

    def _questions(self, read: "Mapping[str, Extra]") -> dict[str, Question]:
        """The usual read-outs and further ones."""
        problem = self.solutions[0].response.problem
        found = usual(self.device, problem)
        if FIELD_X in self.solutions[0].response.drives:
            found["rho_L"] = Question(lambda r: r.rho_L, "Ohm m", "longitudinal resistivity")
            found["rho_L_change"] = Question(lambda r: r.rho_L_change, "1", "rho_L/rho - 1")
        if self._is_film:
            found["rho_T"] = Question(lambda r: r.rho_T, "Ohm m", "transverse resistivity")
        if self.wiring.pair:
            unit = RESISTANCE_UNIT[len(self.mesh.axes)]
            found["impedance"] = Question(lambda r: r.impedance(), unit, "impedance")
        for name, given in read.items():
            if name in found:
                raise InputError("read", "under names of their own", name, f"kept already: {', '.join(found)}")
            found[name] = _own(name, given)
        return found

    @property
    def _is_film(self) -> bool:
        carrying = self.device.terminals or self.device.wires
        return not carrying and FIELD_Y in self.solutions[0].response.drives

    def _joined(self, parts: list[Any]) -> ComplexArray:
        """The answers of all solutions along the axis of frequencies."""
        values = np.concatenate([np.asarray(part, dtype=complex) for part in parts])
        # Where nothing depends on the frequency, a batch is solved once.
        values = np.broadcast_to(values, (len(self.frequencies), *values.shape[1:]))
        return np.asarray(values[0] if self.single else values)[()]


def _section(solution: HarmonicSolution) -> tuple[ComplexArray, ComplexArray]:
    """(rho_L, rho_L_change) of a section driven along x alone, closed at its edges."""
    response = solution.response
    row = response.index(FIELD_X)
    reference, correction = response.reference[:, row, row], response.correction[:, row, row]
    change = -correction / (reference + correction)
    return np.asarray(measure(response.doubled.system.problem, "u") / reference * (1 + change)), np.asarray(change)


def _own(name: str, given: "Extra") -> Question:
    """A read-out of the user's."""
    if not isinstance(given, tuple) or len(given) not in (2, 3):
        raise InputError(f"read.{name}", "(function of the result, unit) or (function, unit, title)", given)

    def ask(result: ACResult) -> ComplexArray:
        try:
            values = np.asarray(given[0](result), dtype=complex)
        except Exception as error:
            raise UserCodeError(f"read.{name}: the function raised {type(error).__name__}: {error}") from error
        n = len(result.frequencies)
        if values.shape not in ((n,), (n, 3)):
            must = f"a number, or a vector (3,), for each of {n} frequencies"
            raise InputError(f"read.{name}", must, values.shape)
        return values

    return Question(ask, given[1], given[2] if len(given) == 3 else name)
