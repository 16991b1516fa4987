"""What a solved device answers. Every number comes from the solution of the equations; see `hanle.pde.observables`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from hanle.conditions import Conditions
from hanle.meshes.layered import Layers
from hanle.meshes.tagged import TaggedMesh
from hanle.pde import observables
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.observables import FilmResistivity
from hanle.pde.response import Proof, Response
from hanle.pde.solution import Balance, Solution
from hanle.pde.tensors import Array
from hanle.readout import BarReadout, film_readout, section_readout
from hanle.shapes import UserShape
from hanle.transport_readout import TransportReadout, plain
from hanle.wiring import Wiring, carriers

if TYPE_CHECKING:
    from pathlib import Path

    from hanle.device import Device
    from hanle.figures import Picture
    from hanle.spin_density import ChargeToSpin
    from hanle.torque_maps import SpinOrbitTorqueMap
    from hanle.torques import SpinOrbitTorque
    from hanle.transfer_torque import SpinTransferTorque


@dataclass(frozen=True, eq=False, repr=False)
class Result(TransportReadout):
    """A solved device.

    Attributes:
        device: what was solved.
        mesh: on which mesh or layers.
        solution: fields, fluxes and balances in the terms of the equations.
        wiring: what was given at the terminals.
        conditions: field, temperature and magnetisations of the states, one or a batch; None: those of the device.
        solver: solves another device in the same way; see `again`.

    Arrays have a leading batch axis in sweeps on the exact engine; single states give numbers. Where several processes
    hold the device, all must ask the same questions in the same order, and all get the answer for the whole device.
    """

    device: "Device"
    mesh: TaggedMesh | Layers
    solution: Solution
    wiring: Wiring = field(default_factory=Wiring)
    conditions: Conditions | None = None
    solver: "Callable[[Device, Result], Result] | None" = None

    def again(self, device: "Device") -> "Result":
        """Another device of the same shape on the same mesh, driven and solved as this one."""
        if self.solver is None:
            raise InputError(
                "result", "a linear response, made by `solve`", f"a {type(self).__name__} of one state"
            )
        return self.solver(device, self)

    def __repr__(self) -> str:
        return f"<Result: {self.device.name or self.shape_name}; engine {self.proof.engine}>"

    @property
    def response(self) -> Response:
        return self.solution.response

    @property
    def proof(self) -> Proof:
        """Engine, solver, residuals and iterations."""
        return self.response.proof

    @cached_property
    def film(self) -> FilmResistivity:
        """Resistivities of a film: driven by macroscopic fields, or a bar read by its probes."""
        if not self.device.terminals and not self.device.wires:
            if observables.FIELD_Y in self.response.drives:
                return film_readout(self.response)
            return section_readout(self.solution)
        bar = self._bar
        if bar is None:
            must = (
                "asked of a film, a section or a bar whose current flows from left to right, the probes floating, "
                "and not through a plate"
            )
            raise InputError("rho_L", must, self.shape_name, "use voltages")
        carrying = carriers(self.response.system.problem, "left")
        return bar.resistivity(self.solution, observables.current_in(self.solution, "left"), carrying)

    @property
    def has_resistivity(self) -> bool:
        """Whether rho_L can be asked for."""
        return not (self.device.terminals or self.device.wires) or self._bar is not None

    @property
    def _bar(self) -> BarReadout | None:
        """How the bar is read; None where the device is none, is driven otherwise, or its current has another width."""
        shape = self.device.shape
        if not isinstance(shape, UserShape) or shape.readout is None or self.device.contacts is not None:
            return None
        driven = {*self.wiring.currents, *self.wiring.voltages}
        if driven != {"left", "right"} or not np.all(observables.current_in(self.solution, "left")):
            return None
        plates = dict(dict(shape.arguments).get("plates", ()))
        wider = any(region in plates for region in carriers(self.response.system.problem, "left"))
        return None if wider else shape.readout

    @property
    def shape_name(self) -> str:
        """What kind of shape was solved, for messages and titles."""
        shape = self.device.shape
        return shape.kind if isinstance(shape, UserShape) else type(shape).__name__

    @property
    def rho_L(self) -> Array:
        """Longitudinal resistivity E_x/j_x at zero transverse current [Ohm m]."""
        return plain(self.film.rho_L)

    @property
    def rho_T(self) -> Array:
        """Transverse resistivity E_y/j_x at zero transverse current [Ohm m]."""
        return self._known("rho_T", self.film.rho_T, "one conductor and two edges or two probes across")

    @property
    def rho_L_change(self) -> Array:
        """rho_L/rho_D - 1 with rho_D the resistivity without spin Hall coupling; no cancellation."""
        return plain(self.film.change_L)

    @property
    def sheet_resistance(self) -> Array:
        """rho_L over the conducting thickness [Ohm per square]."""
        return self._known("sheet_resistance", self.film.sheet_L, "a thickness")

    @property
    def transverse_sheet_resistance(self) -> Array:
        """rho_T over the conducting thickness [Ohm]: transverse voltage over the whole current."""
        needed = "a thickness, and two edges or two probes across"
        return self._known("transverse_sheet_resistance", self.film.sheet_T, needed)

    def _known(self, name: str, values: Array, needed: str) -> Array:
        if np.any(np.isnan(values)):
            raise InputError(name, f"asked of a shape with {needed}", self.shape_name)
        return plain(values)

    def terminal_voltage(self, plus: str, minus: str | None = None) -> Array:
        """V(plus) - V(minus), or V(plus) against the ground [V]."""
        return plain(observables.voltage(self.solution, plus, minus))

    def terminal_current(self, terminal: str) -> Array:
        """Current into the device [A; A/m in 2D, A/m^2 in 1D]."""
        return plain(observables.current_in(self.solution, terminal))

    def resistance(self, plus: str | None = None, minus: str | None = None) -> Array:
        """V(plus) - V(minus) over the current into the source [Ohm; Ohm m in 2D, Ohm m^2 in 1D]; signed.

        Args:
            plus: default the source.
            minus: default the ground, where there is one.

        Raises:
            InputError: not driven by one given current, that current is zero, or there are several grounds.
        """
        given = {name: current for name, current in self.wiring.currents.items() if current}
        if len(given) != 1:
            must = "driven by one given current that is not zero"
            cure = "use terminal_voltage and terminal_current, or conductance_matrix"
            raise InputError("wiring", must, dict(self.wiring.currents) or "voltages only", cure)
        source, current = next(iter(given.items()))
        if minus is None:
            if len(self.wiring.voltages) != 1:
                raise InputError("minus", "named where several voltages are given", dict(self.wiring.voltages))
            minus = next(iter(self.wiring.voltages))
        return plain(observables.voltage(self.solution, plus or source, minus) / current)

    @property
    def conductance_matrix(self) -> Array:
        """Current into terminal i per volt on terminal j [S]; terminals in the order of `device.terminals`."""
        return plain(observables.conductance_matrix(self.response))

    def torque(self, magnet: str, place: str | None = None) -> Array:
        """Angular momentum per time that a magnet absorbs (3,) [N m; per length or area below 3D].

        Args:
            place: through this face ("YIG|Pt"), or inside this region, only.
        """
        return plain(observables.torque(self.solution, magnet, place))

    def torque_map(self, magnet: str, place: str) -> tuple[Array, Array]:
        """(centres (n, 3) [m], torque density (n, 3) a magnet absorbs through a face [J/m^2] or inside [J/m^3])."""
        centres, density = observables.torque_map(self.solution, magnet, place)
        return centres, plain(density)

    def spin_orbit_torque_map(self, magnet: str, metal: str | None = None) -> "SpinOrbitTorqueMap":
        """The torque through the face to a metal place by place, over the current there: bars, crosses, textures.

        Args:
            metal: as in `spin_orbit_torque`.
        """
        from hanle.torque_maps import spin_orbit_torque_map

        return spin_orbit_torque_map(self, magnet, metal)

    def spin_orbit_torque(self, magnet: str, metal: str | None = None) -> "SpinOrbitTorque":
        """The torque on a uniform magnet as damping-like and field-like part, efficiencies and effective fields.

        Args:
            metal: whose normal and field define the parts; needed where the magnet touches several metals.

        Of several states the parts are NaN where m is along y = N x E/|E|; that all are is an error.
        """
        from hanle.torques import spin_orbit_torque

        found = spin_orbit_torque(self, magnet, metal)
        if np.all(np.isnan(found.damping_like)):
            must = "not along N x E, where the damping-like and the field-like torque vanish"
            raise InputError("magnetisation", must, found.m.tolist(), "tilt it")
        return found

    def spin_transfer_torque(self, magnet: str, polariser: str, metal: str | None = None) -> "SpinTransferTorque":
        """The torque on a uniform magnet as damping-like and field-like part about the moments of another one.

        Args:
            metal: beside the magnet, whose face gives the area; needed where the magnet touches several metals.

        Of several states the parts are NaN where the moments are collinear.
        """
        from hanle.transfer_torque import spin_transfer_torque

        return spin_transfer_torque(self, magnet, polariser, metal)

    def torque_origins(self, magnet: str, metal: str | None = None) -> "dict[str, SpinOrbitTorque]":
        """The torque split by where it comes from: see `hanle.origins`. Solves the device twice more.

        Args:
            metal: as in `spin_orbit_torque`.
        """
        from hanle.origins import torque_origins

        return torque_origins(self, magnet, metal)

    def resistivity_origins(self) -> dict[str, tuple[Array, Array]]:
        """Effect -> (part of rho_L_change, part of rho_T [Ohm m]): see `hanle.origins`. Solves once per effect."""
        from hanle.origins import resistivity_origins

        return resistivity_origins(self)

    def unidirectional_change(self, magnet: str, slope: float) -> Array:
        """Part of the resistance that is odd in the current and in m, over the whole: see `hanle.unidirectional`.

        Args:
            slope: relative change of the conductivity of the magnet per volt of m.w [1/V].
        """
        from hanle.unidirectional import unidirectional_change

        return plain(unidirectional_change(self, magnet, slope))

    def spin_accumulation(self, region: str, points: Array) -> Array:
        """mu_s/e (n, 3) [V] at points (n, 3) [m] of a metal."""
        return plain(observables.spin_accumulation(self.solution, region, points))

    def spin_density(self, region: str, points: Array, electrons: ArrayLike = 0.0) -> Array:
        """Spins out of equilibrium, up - down along x, y, z (n, 3) [1/m^3], at points (n, 3) [m] of a metal.

        Args:
            electrons: density of added electrons [1/m^3], a number or (n,); 0 in a neutral metal.
        """
        from hanle.spin_density import spin_density

        return plain(spin_density(self, region, points, electrons))

    def charge_to_spin(self, region: str) -> "ChargeToSpin":
        """The spin that each added electron brings where the densities of states of both spins differ, and the rates.

        The record of the magnet must hold its `density_of_states_polarisation`.
        """
        from hanle.spin_density import charge_to_spin

        return charge_to_spin(self, region)

    def current_density(self, region: str) -> tuple[Array, Array]:
        """(points (n, 3) [m], j (n, 3) [A/m^2]) at the cell centres of a metal."""
        points, j = observables.current_density(self.solution, region)
        return points, plain(j)

    def spin_current(self, region: str) -> tuple[Array, Array]:
        """(points (n, 3) [m], J (n, 3 flow, 3 polarisation) [A/m^2]) at the cell centres of a metal."""
        points, j = observables.spin_current(self.solution, region)
        return points, plain(j)

    def interface_spin_current(self, face: str, side: str | None = None) -> Array:
        """Spin current (3 polarisation) through a face "Pt|Co", from the first region to the second [A; A/m, A/m^2].

        Args:
            side: the region on whose side; by default the first that carries spin. The two differ by what the face
                absorbs: transverse spin at a mixing conductance, longitudinal spin by memory loss.
        """
        return plain(observables.spin_current_through(self.solution, face, side))

    def show(self, quantity: str = "spin_accumulation", path: str = "", **options: Any) -> "Picture":
        """Draw a picture: in 3D a scene, in 2D a section, in 1D a profile.

        Args:
            quantity: "spin_accumulation", "current", "spin_current" (with `polarisation`, the axis of the spins),
                "torque" inside magnets that conduct; "magnon_potential", "magnon_current", "temperature_lattice",
                "heat_current_lattice", ... (of electrons, magnons) as plane sections or profiles.
            path: .png, .pdf or .svg; default "<quantity>.png" in the working folder.
            options: of `hanle.scenes.show`, `hanle.sections.plot_section`, ... (component, style, ...).
        """
        from hanle.quantities import SECTIONS
        from hanle.scalar_profiles import plot_scalar_profile
        from hanle.scenes import STYLES, show
        from hanle.sections import plot_section

        path = path or f"{quantity}.png"
        if quantity in SECTIONS:
            draw = plot_scalar_profile if len(self.mesh.axes) == 1 else plot_section
            return draw(self.solution, path, quantity=quantity, **options)
        if quantity not in STYLES:
            raise unknown_name("quantity", quantity, (*STYLES, *(SECTIONS if self.device.transport else ())))
        return show(self.solution, path, quantity, **options)

    def save(self, path: str, *, overwrite: bool = False) -> "Path":
        """Write all fields for ParaView and pyvista: .vtm (the default), .pvd or .vtkhdf; see `hanle.write_fields`."""
        from hanle.fields_file import write_fields
        from hanle.output import provenance
        from hanle.textures import directions

        stamp = provenance(engine=self.proof.engine)
        return write_fields(self.solution, path, provenance=stamp, overwrite=overwrite, directions=directions(self))

    @property
    def balances(self) -> Mapping[str, Balance]:
        """Charge ("u"), spin ("w_x", ...) and power balance, relative to the sum of absolute fluxes."""
        return {b.name: b for b in self.solution.balances}

    def report(self) -> str:
        """A few lines for a terminal: what was found and how well it is proven."""
        worst = max((float(np.max(b.error)) for b in self.solution.balances), default=0.0)
        residual = max(self.proof.residuals.values(), default=0.0)
        lines = [
            f"engine {self.proof.engine}, solver {self.proof.solver}: {self.response.system.unknowns} unknowns",
            f"largest residual {residual:.1e}, worst balance {worst:.1e}",
        ]
        return "\n".join(lines)
