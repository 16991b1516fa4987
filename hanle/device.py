"""A device: a shape, what it is made of and what it is exposed to. Frozen; changes are copies."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from typing import TYPE_CHECKING, Any

import numpy as np

from hanle.boundary.b_layer import CONDUCTANCES, Conductances
from hanle.boundary.circuit import SEEBECK, Circuit
from hanle.conditions import Conditions
from hanle.face_laws import Choice
from hanle.heat_faces import CIRCUIT_DIMENSIONS, HeatContact, heat_numbers
from hanle.magnon_faces import MagnonInterface
from hanle.materials.load import Record, material
from hanle.pde.effects import read_effects
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.problem import Face
from hanle.pde.quantity import parse
from hanle.profiles import Profile
from hanle.spin_orbit import SpinOrbit
from hanle.transport import read_transport, require_numbers
from hanle.wires import read_names, require_wires

if TYPE_CHECKING:
    from hanle.ac_results import ACResult
    from hanle.course import Course
    from hanle.meshes.tagged import TaggedMesh
    from hanle.motions import MotionCourse
    from hanle.results import Result
    from hanle.small_motions import SmallMotions

#: Dimensions of all quantities that may vary in space.
PROFILE_DIMENSIONS = {
    "resistivity": "resistivity",
    "spin_hall_angle": "dimensionless",
    **dict.fromkeys(("diffusion_length", "exchange_length", "dephasing_length"), "length"),
    **dict.fromkeys(("polarisation", "anomalous_hall_angle", "anisotropy"), "dimensionless"),
    "density_of_states_polarisation": "dimensionless",
    **dict.fromkeys(CONDUCTANCES, "conductance per area"),
}
#: Face laws that have a name.
CHOICES = ("closed", "continuous", "sink")
#: What a shape must offer.
SHAPE = ("axes", "regions", "terminals", "mesh")


@dataclass(frozen=True, eq=False)
class Device:
    """Everything that defines a simulation.

    Attributes:
        shape: from `hanle.hall_bar`, `hanle.stack`, `hanle.read_mesh`, ...
        materials: region -> name in the library, table or record.
        temperature: T; "300 K" or a number in K. It sets the moments of magnets; the numbers of metals and conductances
            given as numbers are those of their records at any T.
        field: B [T]: a vector (strings with unit accepted), a function of points (n, 3) -> (n, 3), or an array.
        magnetisation: magnet -> direction m, as `field`, or `hanle.read_ovf(...)`; along B where not given. A
            paramagnet follows B always.
        interfaces: face -> `Conductances`, `Circuit`, `RashbaInterface`, `RashbaCoefficients`, "closed", "continuous",
            `MagnonInterface`, `HeatContact`, "sink" (of spin, at outer faces) or a `Face` (a law of one's own).
            Default: metals are continuous, metal | magnetic insulator has the b-layer law of its moments, and what
            magnons add to it, outer faces and contacts pass no spin and no heat.
        profiles: "region.quantity" or "A|B.G_s" -> values in space, replacing the record's number, SI units: what
            `profiles` of the record names (resistivity, spin_hall_angle, diffusion_length, polarisation, ...);
            G_s, G_r, G_i.
        contacts: terminal -> outer faces; default: those of the shape, less strips that are insulators.
        without: effects to leave out, e.g. ("spin Hall",); names in `hanle.pde.effects`.
        transport: what is solved for besides charge and spin in metals: "magnons", "heat"; see `hanle.transport`.
        wires: wire -> metals that carry a current along an invariant axis; see `hanle.wires`. Default: a film without
            terminals has one field in all metals.
        heat_contacts: contact -> outer faces that are held at a temperature or take heat; see `hanle.wires`.
        name: for titles.

    Raises:
        InputError: an unknown region, face, material or quantity; a value without sense. The key says where.
    """

    shape: Any
    materials: Mapping[str, Any]
    temperature: float | str = 300.0
    field: Any = (0.0, 0.0, 0.0)
    magnetisation: Mapping[str, Profile] = attribute(default_factory=dict)
    interfaces: Mapping[str, Choice] = attribute(default_factory=dict)
    profiles: Mapping[str, Profile] = attribute(default_factory=dict)
    contacts: Mapping[str, Sequence[str]] | None = None
    without: Sequence[str] = ()
    transport: Sequence[str] = ()
    wires: Mapping[str, Sequence[str]] = attribute(default_factory=dict)
    heat_contacts: Mapping[str, Sequence[str]] = attribute(default_factory=dict)
    name: str = ""

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        if not all(hasattr(self.shape, name) for name in SHAPE):
            raise InputError("shape", "made by hanle.stack, hanle.hall_bar, hanle.read_mesh, ...", self.shape)
        _check_names("materials", self.materials, self.shape.regions)
        if missing := [region for region in self.shape.regions if region not in self.materials]:
            raise InputError("materials", "given for each region", f"none for {', '.join(missing)}")
        for terminal, faces in (self.contacts or {}).items():
            if isinstance(faces, str) or not faces:
                raise InputError(f"contacts.{terminal}", "a list of outer faces, at least one", faces)
        records = {n: material(given, f"materials.{n}") for n, given in self.materials.items()}
        set_(self, "materials", records)
        temperature = parse(self.temperature, "temperature", "temperature")
        if temperature <= 0:
            raise InputError("temperature", "above 0 K", f"{temperature} K", "usual: 0.01 K to 1000 K")
        set_(self, "temperature", temperature)
        set_(self, "field", _vector(self.field, "magnetic field", "field"))
        set_(
            self,
            "magnetisation",
            {n: _direction(m, f"magnetisation.{n}") for n, m in self.magnetisation.items()},
        )
        self._check_magnets(records)
        self._check_profiles(records)
        set_(
            self,
            "profiles",
            {n: _scalar(p, n.rpartition(".")[2], f"profiles.{n}") for n, p in self.profiles.items()},
        )
        set_(self, "without", read_effects("without", self.without))
        set_(self, "interfaces", {n: _choice(n, law) for n, law in self.interfaces.items()})
        set_(self, "transport", read_transport(self.transport))
        set_(self, "wires", read_names("wires", self.wires, "metals"))
        set_(self, "heat_contacts", read_names("heat_contacts", self.heat_contacts, "outer faces"))
        require_wires(self)
        if self.transport:
            require_numbers(self)

    @property
    def conditions(self) -> Conditions:
        return Conditions(self.temperature, self.field, self.magnetisation)

    @property
    def terminals(self) -> dict[str, tuple[str, ...]]:
        """Terminal -> outer faces: the contacts, or those of the shape without the strips that are insulators.

        A shape makes a terminal "A" of the top "A|top" of a strip A before it is known what the strip is made of.
        Ends and probes stay, whatever they lie on: to contact an insulator with them is an error when solving. With
        wires there are no terminals.
        """
        if self.contacts is not None:
            return {name: tuple(faces) for name, faces in self.contacts.items()}
        if self.wires:
            return {}
        return {
            name: tuple(faces)
            for name, faces in self.shape.terminals.items()
            if name not in self.materials
            or self.materials[name].conducts
            or not all(face.startswith(f"{name}|") for face in faces)
        }

    @property
    def conductors(self) -> tuple[str, ...]:
        """Regions of metal, magnetic or not."""
        return tuple(n for n, m in self.materials.items() if m.conducts)

    @property
    def magnets(self) -> tuple[str, ...]:
        """Magnetic regions, metals among them."""
        return tuple(n for n, m in self.materials.items() if m.magnetic)

    def is_paramagnet(self, region: str) -> bool:
        """Whether a region has moments that follow the field at any temperature."""
        moments = getattr(self.materials[region], "moments", None)
        return bool(moments and not moments.critical_temperature)

    def with_changes(self, **changes: Any) -> "Device":
        """A copy with some attributes replaced."""
        known = set(self.__dataclass_fields__)
        for key in changes:
            if key not in known:
                raise unknown_name("device", key, known)
        return replace(self, **changes)

    def with_magnetisation(self, **directions: Any) -> "Device":
        """A copy in which some magnets point elsewhere and the others as before: with_magnetisation(F2=(0, -1, 0))."""
        return self.with_changes(magnetisation={**self.magnetisation, **directions})

    def mesh(self, *, conditions: Conditions | None = None, **options: Any) -> "TaggedMesh":
        """A mesh graded by the shortest decay length of each metal, and fine enough for magnons between wires.

        Args:
            conditions: those of the device if None; a batch gives the shortest length of all its states.
            options: of the shape's `mesh` (cells_per_length, growth, cells, ...).
        """
        from hanle.resolution import resolving_mesh

        return resolving_mesh([self], conditions or self.conditions, options)

    def conductances(self, face: str) -> Conductances:
        """G_s, G_r, G_i [S/m^2] of a face between metal and magnet ("YIG|Pt") at the device's B and T.

        Raises:
            InputError: no such face, a closed one, one with a law of one's own, or one over which something varies.
        """
        from hanle.interfaces import uniform_conductances

        return uniform_conductances(self, face)

    def solve(self, **options: Any) -> "Result":
        """Solve; see `hanle.solving.solve` for the options (current, wiring, engine, order, ...)."""
        from hanle.solving import solve

        return solve(self, **options)

    def solve_ac(self, *, frequency: Any, **options: Any) -> "ACResult":
        """Complex amplitudes at a frequency or several; see `hanle.alternating.solve_ac` for the options."""
        from hanle.alternating import solve_ac

        return solve_ac(self, frequency=frequency, **options)

    def transient(self, *, until: Any, **options: Any) -> "Course":
        """Follow the device in time; see `hanle.transients.transient` for the options (current, times, read, ...)."""
        from hanle.transients import transient

        return transient(self, until=until, **options)

    def dynamics(self, *, until: Any, **options: Any) -> "MotionCourse":
        """Follow magnets in time; see `hanle.motions.dynamics` for the options (magnets, current, times, ...)."""
        from hanle.motions import dynamics

        return dynamics(self, until=until, **options)

    def small_angles(self, **options: Any) -> "SmallMotions":
        """Frequencies, damping and threshold of magnets; see `hanle.small_motions.small_angles` for the options."""
        from hanle.small_motions import small_angles

        return small_angles(self, **options)

    def _check_magnets(self, records: Mapping[str, Record]) -> None:
        magnets = [n for n, r in records.items() if r.magnetic]
        _check_names("magnetisation", self.magnetisation, magnets)
        for name in self.magnetisation:
            if self.is_paramagnet(name):
                raise InputError(
                    f"magnetisation.{name}",
                    "left out: the moments of a paramagnet follow the field",
                    self.magnetisation[name],
                    "give G_s, G_r, G_i in the record of the magnet to choose a direction",
                )

    def _check_profiles(self, records: Mapping[str, Record]) -> None:
        known = [f"{n}.{q}" for n, r in records.items() for q in r.profiles]
        faces = [f"{a}|{b}" for a in records for b in records if a != b]
        known += [f"{face}.{q}" for face in faces for q in CONDUCTANCES]
        _check_names("profiles", self.profiles, known)


def _check_names(key: str, given: Mapping[str, Any], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            raise unknown_name(key, name, known)


def _vector(given: Any, dimension: str, key: str) -> Callable[..., Any] | np.ndarray:
    """A vector or profile in SI; strings are parsed component by component."""
    if callable(given):
        return given  # type: ignore[no-any-return]
    if isinstance(given, (str, bytes)) or np.ndim(given) == 0:
        raise InputError(key, "three components (x, y, z)", given)
    if len(given) == 3 and np.ndim(given) == 1:
        return np.array([parse(c, dimension, f"{key}.{axis}") for c, axis in zip(given, "xyz", strict=True)])
    array = _finite(given, key)
    if array.ndim != 2 or array.shape[1] != 3:
        raise InputError(key, "three components, or an array (n, 3)", array.shape)
    return array


def _direction(given: Any, key: str) -> Callable[..., Any] | np.ndarray:
    """As `_vector`; a single one must not be zero."""
    found = _vector(given, "dimensionless", key)
    if not callable(found) and found.ndim == 1 and not np.any(found):
        raise InputError(key, "a vector that is not zero", [0, 0, 0])
    return found


def _scalar(given: Any, quantity: str, key: str) -> Profile:
    """A number or profile in SI."""
    return _in_si(given, PROFILE_DIMENSIONS[quantity], key)


def _finite(given: Any, key: str) -> np.ndarray:
    try:
        if np.iscomplexobj(given):
            raise TypeError("complex numbers")
        array = np.asarray(given, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(key, "an array of numbers (SI)", type(given).__name__, str(error)) from error
    bad = ~np.isfinite(array)
    if np.any(bad):
        first = [int(i) for i in np.argwhere(bad)[0]]
        raise InputError(key, "finite everywhere", f"NaN or infinity at {first}, {int(bad.sum())} in all")
    return array


def _choice(face: str, given: Any) -> Choice:
    """What a user says of a face, conductances in SI and dissipative."""
    key = f"interfaces.{face}"
    if isinstance(given, str) and given not in CHOICES:
        raise unknown_name(key, given, CHOICES)
    if isinstance(given, (str, Face, SpinOrbit, MagnonInterface, HeatContact)):
        return given
    if isinstance(given, Circuit):
        return _circuit(key, given)
    if not isinstance(given, Conductances):
        laws = "Conductances, Circuit, RashbaInterface, RashbaCoefficients, MagnonInterface, HeatContact, a Face"
        must = f"{laws}, or one of {', '.join(CHOICES)}"
        raise InputError(key, must, given)
    g = Conductances(*(_scalar(getattr(given, name), name, f"{key}.{name}") for name in CONDUCTANCES))  # type: ignore[arg-type]
    if not callable(g.G_s) and np.any(np.asarray(g.G_s) > 0):
        worst = float(np.max(g.G_s))
        raise InputError(f"{key}.G_s", "<= 0 S/m^2", worst, "a positive spin sink would create energy")
    return g


def _circuit(key: str, given: Circuit) -> Circuit:
    """The same in SI."""
    up, dn = (_in_si(getattr(given, n), "conductance per area", f"{key}.{n}") for n in ("G_up", "G_dn"))
    loss = _in_si(given.memory_loss, "dimensionless", f"{key}.memory_loss")
    mix = _mixing(given.G_mix, f"{key}.G_mix")
    for name, value in (("G_up", up), ("G_dn", dn), ("memory_loss", loss)):
        if not callable(value) and np.any(np.asarray(value) < 0):
            raise InputError(f"{key}.{name}", ">= 0", float(np.min(value)), "it would create energy")
    if not callable(mix) and np.any(np.real(np.asarray(mix)) < 0):
        raise InputError(f"{key}.G_mix", "of a real part >= 0 S/m^2", mix, "it would create energy")
    try:
        heat = heat_numbers(given)
    except InputError as error:
        raise error.within(f"{key}.") from error
    driven = {n: parse(getattr(given, n), CIRCUIT_DIMENSIONS[n], f"{key}.{n}") for n in SEEBECK}
    return replace(given, G_up=up, G_dn=dn, G_mix=mix, memory_loss=loss, **heat, **driven)  # type: ignore[arg-type]


def _mixing(given: Any, key: str) -> Any:
    """G_mix in SI: a complex number, a real one with unit, a pair (real, imaginary), an array or a function."""
    pair = isinstance(given, (tuple, list)) and len(given) == 2
    if pair or isinstance(given, str):
        parts = [parse(part, "conductance per area", key) for part in (given if pair else [given])]
        return complex(*parts)
    if callable(given):
        return given
    try:
        array = np.asarray(given, dtype=complex)
    except (TypeError, ValueError) as error:
        must = "a complex number, a pair (real, imaginary), an array or a function"
        raise InputError(key, must, type(given).__name__, str(error)) from error
    _finite(np.stack([array.real, array.imag]), key)
    return array if array.ndim else complex(array)


def _in_si(given: Any, dimension: str, key: str) -> Profile:
    if callable(given):
        return given  # type: ignore[no-any-return]
    return parse(given, dimension, key) if np.ndim(given) == 0 else _finite(given, key)
