"""First and second harmonic of a device: read-outs of solves beyond linear response at opposite drives.

    V(I) = V(0) + R_1 I + R_2 I^2 + ...,   R_1 = [V(I) - V(-I)]/(2 I),   R_2 = [V(I) + V(-I) - 2 V(0)]/(2 I^2)

for any read-out V, such as the field in the detector of a nonlocal device (R_1: magnons that spin injects, even in m;
R_2: what Joule heat drives, odd in m). With a slow current I_0 sin(omega t) a lock-in finds

    amplitudes   V_1w = R_1 I_0,        in phase        V_2w = (1/2) R_2 I_0^2,  as -V_2w cos(2 omega t)
    rms values   V_1w = R_1 I_rms                       V_2w = R_2 I_rms^2/sqrt(2)

and the mean of V is V(0) + (1/2) R_2 I_0^2 = V(0) + R_2 I_rms^2. Some groups quote R_2w = V_2w/I_rms^2 in rms,
R_2/sqrt(2). Terms of I^3 and I^4 are in R_1 and R_2 at the I that is given: halve it to see them. V(0) of heat contacts
or surroundings that are not at T_0 is taken off: a lock-in does not see it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hanle.heat_faces import surroundings
from hanle.meshes.tagged import TaggedMesh
from hanle.nonlinear_results import NonlinearResult, even_part, odd_part
from hanle.nonlinear_solving import solve_nonlinear
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.response import Proof
from hanle.pde.tensors import Array
from hanle.readings import CURRENT_UNIT, HEAT_UNIT, WIRE_UNIT, Extra, Reading, readings
from hanle.wiring import GROUND, Wiring, drive_table, read_drive

if TYPE_CHECKING:
    from hanle.device import Device

#: Read-outs that are ratios to the drive themselves.
RATIOS = ("resistance", "wire_resistance")


@dataclass(frozen=True, eq=False, repr=False)
class Harmonics:
    """A device under opposite drives.

    Attributes:
        forward, backward: solved at I and -I.
        drive: I, the one given current, voltage or field of a wire that is not zero [unit].
        unit: its SI unit.
        rest: solved at I = 0 where heat drives besides; None: nothing flows there.
    """

    forward: NonlinearResult
    backward: NonlinearResult
    drive: float
    unit: str
    rest: NonlinearResult | None = None

    def __repr__(self) -> str:
        return f"<Harmonics: {self.forward!r} at +- {self.drive:.4g} {self.unit}>"

    @property
    def proof(self) -> Proof:
        """That of the less well solved one."""
        both = (self.forward.proof, self.backward.proof)
        return max(both, key=lambda proof: max(proof.residuals.values(), default=0.0))

    @property
    def mesh(self) -> Any:
        return self.forward.mesh

    def first(self, ask: str | Callable[[Any], Any]) -> Array:
        """R_1: of a wire its field over the drive [V/m per unit: Ohm/m], of a terminal its voltage [Ohm].

        Args:
            ask: a wire, a terminal (against the ground), or a function of a result.
        """
        return odd_part(self.forward, self.backward, self._question(ask))[()] / self.drive

    def second(self, ask: str | Callable[[Any], Any]) -> Array:
        """R_2, per square of the drive [V/(A^2 m) of a wire in 2D, V/A^2 of a terminal in 3D]; argument as `first`."""
        question = self._question(ask)
        offset = 0.0 if self.rest is None else question(self.rest)
        return (even_part(self.forward, self.backward, question) - offset)[()] / self.drive**2

    def readings(self, extra: Mapping[str, Extra] | None = None) -> dict[str, Reading]:
        """What a sweep keeps: each read-out of `hanle.readings` but ratios as <name>_1w (R_1) and <name>_2w (R_2)."""
        forward, backward = (readings(result, extra) for result in (self.forward, self.backward))
        rest = {} if self.rest is None else readings(self.rest, extra)
        found: dict[str, Reading] = {}
        for name, there in forward.items():
            if name not in RATIOS:
                back = backward[name].values
                offset = 2 * rest[name].values if rest else 0.0
                per = f"({self.unit})" if "/" in self.unit else self.unit
                for order, values in ((1, there.values - back), (2, there.values + back - offset)):
                    unit = f"{there.units}/{per}" + ("^2" if order == 2 else "")
                    title = f"{there.title}, {'first' if order == 1 else 'second'} harmonic"
                    found[f"{name}_{order}w"] = Reading(values / (2 * self.drive**order), unit, title, there.labels)
        return found

    def _question(self, ask: str | Callable[[Any], Any]) -> Callable[[Any], Any]:
        if callable(ask):
            return ask
        device = self.forward.device
        if ask in device.wires:
            return lambda result: result.wire_field(ask)
        if ask in device.terminals:
            return lambda result: result.terminal_voltage(ask)
        raise unknown_name("harmonic", ask, (*device.wires, *device.terminals))


def harmonics(
    device: "Device",
    *,
    current: Any = None,
    current_density: Any = None,
    wiring: Mapping[str, Any] | None = None,
    source: str | None = None,
    drain: str | None = None,
    previous: Harmonics | None = None,
    **options: Any,
) -> Harmonics:
    """Solve a device with heat at a drive and at the opposite one; what heat contacts are given stays.

    Args:
        current, current_density, wiring, source, drain: as in `hanle.solve`; one of them that is not zero.
        previous: of the same shape, whose mesh and matrices are reused.
        options: engine, order, solver, tolerance, mesh, mesh_options, conditions, as in `hanle.solve`.

    Raises:
        InputError: no drive or several of them; what `hanle.solve` refuses of nonlinear=True.
        SolveError: as there.
    """
    options.pop("nonlinear", None)
    given = drive_table(current, current_density, wiring, source, drain)
    plan = read_drive(device, **given)
    amount, unit = the_drive(plan, len(device.shape.axes))
    before = None if previous is None else previous.forward
    forward = solve_nonlinear(device, **given, previous=before, **options)
    same = {key: value for key, value in options.items() if key not in ("mesh", "mesh_options")}
    mesh = forward.mesh if isinstance(forward.mesh, TaggedMesh) else None

    def at(factor: float) -> NonlinearResult:
        return solve_nonlinear(device, **multiplied(plan, len(device.shape.axes), factor), mesh=mesh, **same)

    return Harmonics(forward, at(-1.0), amount, unit, at(0.0) if _heated(device, plan) else None)


def the_drive(plan: Wiring, dimension: int) -> tuple[float, str]:
    """(value, unit) of the one electric drive that is not zero.

    Raises:
        InputError: none or several.
    """
    groups = (
        (plan.currents, CURRENT_UNIT[dimension]),
        (plan.voltages, "V"),
        (plan.wire_currents, WIRE_UNIT.get(dimension, "")),
        (plan.wire_fields, "V/m"),
        ({} if plan.density is None else {"current_density": plan.density}, "A/m^2"),
    )
    active = [(name, amount, unit) for group, unit in groups for name, amount in group.items() if amount]
    if len(active) != 1:
        must = "with one current, voltage or field that is not zero, to be reversed"
        raise InputError("wiring", must, [name for name, *_ in active])
    return active[0][1:]


def multiplied(plan: Wiring, dimension: int, factor: float) -> dict[str, Any]:
    """The arguments of `hanle.solve` with all electric drives times a factor; heat stays."""
    if plan.density is not None:
        return {"current_density": factor * plan.density}
    given = {name: f"{factor * i!r} {CURRENT_UNIT[dimension]}" for name, i in plan.currents.items()}
    given |= {name: f"{factor * v!r} V" if v else GROUND for name, v in plan.voltages.items()}
    given |= {name: f"{factor * i!r} {WIRE_UNIT[dimension]}" for name, i in plan.wire_currents.items()}
    given |= {name: f"{factor * e!r} V/m" for name, e in plan.wire_fields.items()}
    kept = {name: f"{kelvin!r} K" for name, kelvin in plan.temperatures.items()}
    kept |= {name: f"{heat!r} {HEAT_UNIT[dimension]}" for name, heat in plan.heats.items()}
    return {"wiring": given | kept}


def _heated(device: "Device", plan: Wiring) -> bool:
    """Whether heat flows without electric drives: contacts or surroundings that are not at T_0."""
    driven = any((*plan.temperatures.values(), *plan.heats.values()))
    return driven or any(kelvin != device.temperature for kelvin in surroundings(device).values())
