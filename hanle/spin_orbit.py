"""Faces with spin-orbit coupling: what the user says of them, and their law.

A face between a metal and a ferromagnet takes a `RashbaInterface` (free electrons that meet a potential; coefficients
are computed) or `RashbaCoefficients` (numbers, as they are). Against an insulating magnet or an insulating metal, or at
an outer face of a ferromagnet, what is left is the torque that the lattice passes on.
"""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy.constants import m_e

from hanle.boundary.circuit import FERROMAGNET, NORMAL
from hanle.boundary.rashba import rashba_interface
from hanle.boundary.scattering.coefficients import CONDUCTANCES, DRIVES, POPULATIONS, RashbaCoefficients
from hanle.boundary.scattering.compute import all_orders, first_order
from hanle.boundary.scattering.drift import without_sharvin
from hanle.boundary.scattering.landauer import sharvin
from hanle.boundary.scattering.model import Interface
from hanle.boundary.scattering.quadrature import QuadratureError
from hanle.heat_faces import heat_numbers
from hanle.materials.records import FerromagneticMetal, MagneticInsulator
from hanle.meshes.layered import Layers
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.constants import E_CHARGE, HBAR
from hanle.pde.errors import InputError
from hanle.pde.problem import MINUS, PLUS, Face
from hanle.pde.quantity import DIMENSIONS, parse
from hanle.pde.tensors import Array

if TYPE_CHECKING:
    from hanle.device import Device

#: Arguments of the model -> dimension.
MODEL = {
    **dict.fromkeys(("E_F", "J", "U_N", "U_F"), "energy"),
    **dict.fromkeys(("u0", "um"), "wave number"),
    "h_R": "dimensionless",
    **dict.fromkeys(("tau_N", "tau_up", "tau_dn"), "time"),
    "mass": "mass",
}
#: Dimension -> (largest size in SI, an example): a number without its unit is found out.
LIMITS = {
    "energy": (1e3 * E_CHARGE, "5 eV"),
    "wave number": (1e13, "2 1/nm"),
    "time": (1e-9, "10 fs"),
}
#: What must be said so that nothing is counted twice -> what False means.
CHOICES = {
    "memory_loss": "the mixing conductance or memory loss of the device contains the flips already",
    "sharvin_removed": "conductances stay those of scattering theory, with the Sharvin resistances in them",
    "damping_like": "the spin Hall angle was fitted to a whole damping-like torque, that of the interface in it",
}


@dataclass(frozen=True)
class RashbaInterface:
    """A model interface with spin-orbit coupling: free electrons, exchange in the magnet, a potential between.

    Attributes:
        E_F, J, U_N, U_F: Fermi energy, exchange and potentials of both sides ("5 eV"; J where numbers).
        u0, um: interface potential and its exchange ("1 1/nm"; 1/m).
        h_R: strength of the coupling, without unit; the sign belongs to the normal from the metal to the magnet.
        tau_N, tau_up, tau_dn: momentum relaxation times ("10 fs"; s): what the currents along the interface are
            proportional to. They should give the resistivities of the device; see `resistivities`.
        memory_loss: whether flips at the interface, of second order in h_R, act in the device. False where a mixing
            conductance or a memory loss that was fitted contains them.
        sharvin_removed: whether the Sharvin resistances are taken out of the conductances and drives, as drift
            diffusion needs for a metallic contact. False keeps the bare numbers.
        damping_like: whether the damping-like part acts. False where theta was fitted to a whole damping-like torque.
        all_orders: coefficients of the exact matching instead of first order in h_R.
        accept: limits to go beyond, by name; see `hanle.boundary.scattering.validity`.
        mass: effective mass on both sides [kg].
        electrons, lattice: thermal conductances ("1e9 W/(m^2 K)") of devices that solve for heat; None for the
            electrons: by the law of Wiedemann and Franz from the conductances that act; for the lattices: one
            temperature, or that of the record of an insulating side.

    Raises:
        InputError: a number out of range, or one of the three choices not made.
        UnsupportedError: electrons bound to the interface.
        SolveError: sums over electrons diverge.
    """

    E_F: Any
    h_R: Any
    memory_loss: bool | None = None
    sharvin_removed: bool | None = None
    damping_like: bool | None = None
    J: Any = 0.0
    U_N: Any = 0.0
    U_F: Any = 0.0
    u0: Any = 0.0
    um: Any = 0.0
    tau_N: Any = 0.0
    tau_up: Any = 0.0
    tau_dn: Any = 0.0
    all_orders: bool = False
    accept: tuple[str, ...] = ()
    mass: Any = m_e
    electrons: Any = None
    lattice: Any = None

    def __post_init__(self) -> None:
        for key, h in heat_numbers(self).items():
            object.__setattr__(self, key, h)
        for key, dimension in MODEL.items():
            value = parse(getattr(self, key), dimension, key)
            limit, usual = LIMITS.get(dimension, (np.inf, ""))
            if abs(value) > limit:
                must = f"at most {limit:.3g} {DIMENSIONS[dimension].unit}"
                raise InputError(key, must, value, f'with its unit: "{usual}"')
            object.__setattr__(self, key, value)
        for key, meaning in CHOICES.items():
            if not isinstance(getattr(self, key), bool):
                raise InputError(key, "said: true or false", getattr(self, key), f"false means: {meaning}")
        if not isinstance(self.all_orders, bool):
            raise InputError("all_orders", "true or false", self.all_orders)
        if isinstance(self.accept, str):
            raise InputError("accept", "a list of names", self.accept, f'write ["{self.accept}"]')
        object.__setattr__(self, "accept", tuple(self.accept))
        if self.h_R and not (self.tau_N or self.tau_up or self.tau_dn):
            must = "given, at least one of tau_N, tau_up, tau_dn: no electrons are driven without"
            raise InputError("tau_N", must, self.tau_N, "tau = m sigma/(n e^2)")
        if self.sharvin_removed and self.edges[0] <= 0:
            must = "false where the metal is insulating (E_F below U_N): nothing enters it"
            raise InputError("sharvin_removed", must, self.sharvin_removed)
        self.coefficients  # noqa: B018 - errors belong here

    @property
    def model(self) -> Interface:
        """The model without the choices."""
        return Interface(**{key: getattr(self, key) for key in MODEL})

    @property
    def edges(self) -> Array:
        """k_F^2 of N, up and dn (3,) [1/m^2]; <= 0 for bands without electrons."""
        return self.model.edges

    @property
    def mean_free_paths(self) -> Array:
        """Of N, up and dn (3,) [m], which the law takes to be shorter than layers are thick; 0 without electrons."""
        speeds = HBAR / self.mass * np.sqrt(np.maximum(self.edges, 0.0))
        return np.asarray(speeds * [self.tau_N, self.tau_up, self.tau_dn])

    @property
    def resistivities(self) -> tuple[float, float]:
        """(normal metal, magnet) [Ohm m] that the relaxation times stand for: 1/rho = sum of n e^2 tau/m over spins.

        The drive of the interface is proportional to tau at a given field: unless these are the resistivities of the
        device, it is not that of the current that flows. Infinite where there are no electrons.
        """
        per_spin = np.maximum(self.edges, 0.0) ** 1.5 / (6 * np.pi**2) * E_CHARGE**2 / self.mass
        normal, up, dn = (float(s) for s in per_spin * [2 * self.tau_N, self.tau_up, self.tau_dn])
        return tuple(1 / sigma if sigma else float("inf") for sigma in (normal, up + dn))  # type: ignore[return-value]

    @cached_property
    def coefficients(self) -> RashbaCoefficients:
        """What acts in the device."""
        compute = all_orders if self.all_orders else first_order
        try:
            found = compute(self.model, loss=bool(self.memory_loss), accept=self.accept)
        except QuadratureError as error:
            raise QuadratureError(str(error).replace("loss=False", "memory_loss false")) from error
        if self.sharvin_removed:
            found = without_sharvin(found, *sharvin(self.model))
        found = replace(found, electrons=self.electrons, lattice=self.lattice)
        if self.damping_like:
            return found
        return replace(found, **{name: replace(getattr(found, name), a=0.0) for name in POPULATIONS})


#: Insulating side -> what is left.
_LEFT = {
    FERROMAGNET: "N.b_lat, g_mix and loss.G_NN",
    NORMAL: "up.b_lat, dn.b_lat and loss.G_FF",
}

SpinOrbit: TypeAlias = RashbaInterface | RashbaCoefficients


def spin_orbit_face(
    device: "Device", mesh: TaggedMesh | Layers, name: str, choice: SpinOrbit, magnetisation: Array
) -> Face:
    """The law of a face, oriented from the metal to the magnet.

    Args:
        magnetisation: m at the facets.
    """
    regions = mesh.face_regions(name)
    magnet, other = spin_orbit_sides(device, regions, f"interfaces.{name}")
    place = PLUS if regions[-1] == magnet and len(regions) == 2 else MINUS
    normal = _normals(mesh, name) * (1.0 if place == PLUS else -1.0)
    insulating = (
        FERROMAGNET if magnet not in device.conductors else NORMAL if other not in device.conductors else ""
    )
    given = choice.coefficients if isinstance(choice, RashbaInterface) else choice
    if isinstance(mesh, TaggedMesh):
        _require_facets(given, len(normal), f"interfaces.{name}")
    try:
        law = rashba_interface(magnet, given, magnetisation, normal, insulating)
    except InputError as error:
        if not insulating:
            raise error.within(f"interfaces.{name}.") from error
        other = "U_N" if insulating == NORMAL else "U_F"
        must = f"without currents into the insulating side {insulating}: only {_LEFT[insulating]} can differ from 0"
        cure = f"a RashbaInterface insulates there with {other} above E_F"
        raise InputError(f"interfaces.{name}", must, "other numbers", cure) from error
    return Face(law, {FERROMAGNET: place, NORMAL: MINUS if place == PLUS else PLUS})


def spin_orbit_sides(device: "Device", regions: tuple[str, ...], key: str) -> tuple[str, str]:
    """(magnet, region on the other side or "") of a face; InputError at `key` where they do not fit."""
    magnets = [r for r in regions if isinstance(device.materials[r], FerromagneticMetal | MagneticInsulator)]
    others = [r for r in regions if r not in magnets]
    if len(magnets) != 1 or not {*regions} & {*device.conductors}:
        must = "spin-orbit coupling only between one ferromagnet and a metal, or at its surface"
        raise InputError(key, must, regions, "one of both sides conducts")
    return magnets[0], others[0] if others else ""


def _require_facets(given: RashbaCoefficients, count: int, key: str) -> None:
    """Arrays have one number per facet."""
    places = [(name, getattr(given, name)) for name in (*CONDUCTANCES, "g_mix")]
    places += [(f"{name}.{k}", getattr(getattr(given, name), k)) for name in POPULATIONS for k in DRIVES]
    places += [(f"loss.{f.name}", getattr(given.loss, f.name)) for f in fields(given.loss)]
    for name, value in places:
        if np.shape(value) not in ((), (1,), (count,)):
            raise InputError(f"{key}.{name}", f"a number, or one for each of {count} facets", np.shape(value))


def _normals(mesh: TaggedMesh | Layers, name: str) -> Array:
    """Out of the minus side, (1 or facets, 3)."""
    if isinstance(mesh, Layers):
        outward = -1.0 if mesh.face_names[0] == name else 1.0
        return np.asarray(outward * np.eye(3)["xyz".index(mesh.axis)][None])
    return mesh.face_normals(name)
