"""What a solved device answers about wires, magnons, heat, entropy and how well a small signal is known."""

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from hanle import carriers_readout
from hanle.heat_faces import surroundings
from hanle.pde.entropy import RESERVOIRS, Entropy, entropy_production
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.quantity import parse
from hanle.pde.tensors import Array
from hanle.pde.uncertainty import amplitude_uncertainty
from hanle.wires import amplitudes, wire_drive

if TYPE_CHECKING:
    from hanle.figures import Picture
    from hanle.results import Result

#: Part of a signal which the residual may move before a solve warns.
DOUBTFUL = 0.01


class SmallSignalWarning(UserWarning):
    """A signal is hardly above what the residuals of the solve may change."""


class TransportReadout:
    """Part of a `Result`."""

    def wire_field(self: Any, wire: str) -> Array:
        """E along a wire [V/m]: of an open one the inverse spin Hall voltage per length."""
        return plain(carriers_readout.wire_field(self, wire))

    def wire_current(self: Any, wire: str) -> Array:
        """Current along a wire [A; A/m in 1D]."""
        return plain(carriers_readout.wire_current(self, wire))

    def wire_resistance(self: Any, wire: str, source: str | None = None) -> Array:
        """E in a wire over the current in the source [Ohm/m; Ohm in 1D]: nonlocal where they differ.

        Args:
            source: default the one wire with a given current that is not zero.
        """
        return plain(carriers_readout.wire_resistance(self, wire, source))

    def magnon_potential(self: Any, region: str, points: Array) -> Array:
        """mu_m/e (n,) [V] at points (n, 3) [m] of a magnetic insulator that carries magnons."""
        return plain(carriers_readout.magnon_potential(self.solution, region, points))

    def temperature(self: Any, region: str, points: Array, carrier: str = "lattice") -> Array:
        """T (n,) [K] of "electrons", "magnons" or "lattice" at points (n, 3) [m] of a region."""
        return plain(carriers_readout.temperature(self.solution, region, points, carrier))

    def largest_temperature_change(self: Any, region: str, carrier: str = "lattice") -> Array:
        """T - T_0 [K] of "electrons", "magnons" or "lattice" where it is largest in a region, of either sign."""
        return plain(carriers_readout.largest_temperature_change(self.solution, region, carrier))

    def contact_temperature(self: Any, contact: str) -> Array:
        """T - T_0 [K] of a heat contact, without subtraction."""
        return plain(carriers_readout.contact_temperature(self.device, self.solution, contact))

    def heat_current(self: Any, contact: str) -> Array:
        """Heat into the device at a heat contact [W; W/m in 2D, W/m^2 in 1D]."""
        return plain(carriers_readout.heat_current(self.device, self.solution, contact))

    def spin_seebeck(self: Any, wire: str, hot: str, cold: str, region: str | None = None) -> Array:
        """E in a wire per temperature difference of two heat contacts [V/(K m)].

        Args:
            wire: or a terminal: its voltage against the ground [V/K; times m with a region].
            region: per mean gradient of the lattice temperature in it instead, along the way from cold to hot [V/K].
        """
        return plain(carriers_readout.spin_seebeck(self, wire, hot, cold, region))

    def spin_peltier(self: Any, contact: str, wire: str) -> Array:
        """T - T_0 of a heat contact per current in a wire [K/A; K m/A in 1D]; give the contact no heat ("0 W")."""
        return plain(carriers_readout.spin_peltier(self, contact, wire))

    def wire_voltage(self: Any, wire: str, length: float | str) -> Array:
        """E in a wire times its length [V]: of an open one the inverse spin Hall voltage, positive where E is.

        Args:
            length: of the wire, "100 um" or [m].

        Raises:
            InputError: a length that is none, or not positive.
        """
        metres = parse(length, "length", "length")
        if metres <= 0:
            raise InputError("length", "positive [m]", length)
        return np.asarray(self.wire_field(wire) * metres)[()]

    def interface_heat_current(self: Any, face: str, side: str | None = None) -> Array:
        """Heat through a face "A|B" from A to B [W; W/m in 2D, W/m^2 in 1D]: electrons, magnons and lattice together.

        Args:
            face: also an outer face, such as one with a `HeatContact`; then out of the device.
            side: the region on whose side; by default the first that carries heat. The two differ by what the face
                turns into heat, beyond linear response.

        Raises:
            InputError: no such face, or no heat on that side.
        """
        return plain(_heat_through(self, face, side))

    def show_temperatures(self: Any, path: str = "temperatures.png", **options: Any) -> "Picture":
        """Draw T - T_0 of electrons, magnons and lattice in a section: 2D devices, and cuts through 3D ones.

        Args:
            path: .png, .pdf or .svg.
            options: of `hanle.temperature_maps.plot_temperatures`; `reversed`, a result of the same device with m or
                the drive reversed on the same mesh, leaves what is odd: of m spin Peltier effect without Joule heat.
        """
        from hanle.temperature_maps import plot_temperatures

        other = options.pop("reversed", None)
        return plot_temperatures(self.solution, path, reversed=other and other.solution, **options)

    def entropy_production(self: Any) -> Entropy:
        """Entropy by region and face, its sum and what leaves [W/K; W/(K m) in 2D, W/(K m^2) in 1D].

        In linear response: of the second order of the drives. `hanle.pde.entropy` says of what.

        Raises:
            InputError: heat and magnons are not solved for.
        """
        _require_transport(self)
        return plain_entropy(entropy_production(self.solution, outer(self)))

    def uncertainty(self: Any, name: str) -> Array:
        """By how much the residuals of the solve may change the field of a wire, the voltage of a terminal, T - T_0.

        The errors of the mesh are not in it: refine to see them.

        Args:
            name: a wire [V/m], terminal [V] or heat contact [K].

        Raises:
            InputError: none of this name, its value was given, or one state alone is known: of a nonlinear solve, of
                one moment of a course.
        """
        if not np.any(self.response.matrix):
            cure = "look at residuals, or compare two tolerances"
            raise InputError("uncertainty", "asked of a linear response", "one state alone", cure)
        found = uncertainties(self)
        if name not in found:
            raise unknown_name("uncertainty", name, found)
        return plain(found[name])


def uncertainties(result: "Result") -> dict[str, Array]:
    """Wire, terminal or heat contact of given flux -> its uncertainty (batch,) [V/m, V, K]."""
    device, problem = result.device, result.response.system.problem
    plan = result.wiring
    if plan.density is not None:
        return {}
    known = {*plan.amplitudes, *amplitudes(device, problem, plan)}
    found = amplitude_uncertainty(result.solution, known)
    t0 = np.ravel(problem.temperature)
    own = {name: wire_drive(device, result.mesh, name) for name in device.wires}
    own |= {name: name for name in (*device.terminals, *device.heat_contacts)}
    units = {name: t0 if name in device.heat_contacts else 1.0 for name in own}
    return {name: units[name] * found[drive] for name, drive in own.items() if drive in found}


def warn_if_lost(result: "Result") -> None:
    """Warn of open wires whose field the residuals may change by more than DOUBTFUL of it; iterative solves only."""
    if not any(result.proof.iterations.values()):
        return
    for name, size in uncertainties(result).items():
        if name in result.device.wires and not result.wiring.wire_currents.get(name):
            field = np.abs(result.wire_field(name))
            if np.any(size > DOUBTFUL * field):
                warnings.warn(
                    f"the field of the wire {name} is known to {float(np.max(size)):.1e} V/m only, of "
                    f'{float(np.max(field)):.1e} V/m: lower tolerance, or use solver="direct"',
                    SmallSignalWarning,
                    stacklevel=3,
                )


def outer(result: "Result") -> dict[str, float]:
    """Outer faces with a `HeatContact` -> T of what is beyond [K]."""
    found = surroundings(result.device)
    return {face: kelvin for face, kelvin in found.items() if len(result.mesh.face_regions(face)) == 1}


def plain_entropy(found: Entropy) -> Entropy:
    """Without the batch axis where there is one state only."""
    return Entropy({place: plain(values) for place, values in found.places.items()}, plain(found.left))


def _require_transport(result: "Result") -> None:
    if not result.device.transport:
        must = "asked of a device with transport"
        raise InputError("entropy_production", must, "none", 'e.g. transport = ["magnons", "heat"]')


def _heat_through(result: "Result", face: str, side: str | None) -> Array:
    mesh, problem = result.mesh, result.response.system.problem
    if face not in mesh.face_names:
        raise unknown_name("face", face, mesh.face_names)
    regions = mesh.face_regions(face)
    columns = {
        name: [problem.regions[name].fields.slice(r).start for r in RESERVOIRS if r in problem.regions[name].fields]
        for name in regions
        if name in problem.regions
    }
    carrying = [name for name, found in columns.items() if found]
    if not carrying or side not in (None, *carrying):
        must = f"one of {', '.join(carrying)}" if carrying else "beside a region that carries heat"
        raise InputError("side", must, side or face)
    region = side or carrying[0]
    flux = result.response.system.face_flux(face, region, result.solution.state, result.solution.gradients)
    # Q = -q: N.Q out of the region is the heat that it gains.
    sign = -1.0 if region == regions[0] else 1.0
    return np.asarray(sign * flux[:, columns[region]].sum(axis=1))


def plain(values: Array) -> Array:
    """Without the batch axis where there is one state only."""
    array = np.asarray(values)
    return np.asarray(array[0] if array.shape[:1] == (1,) else array)[()]
