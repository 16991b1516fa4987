"""Faces with spin-orbit coupling: what the user says of them, and their law.

A face between a metal and a ferromagnet takes a `RashbaInterface` (free electrons that meet a potential; coefficients
are computed) or `RashbaCoefficients` (numbers, as they are). Against an insulating magnet or an insulating metal, or at
an outer face of a ferromagnet, what is left is the torque that the lattice passes on.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy.constants import m_e

from hanle.boundary.circuit import FERROMAGNET, NORMAL
from hanle.boundary.rashba import rashba_interface
from hanle.boundary.scattering.coefficients import POPULATIONS, RashbaCoefficients
from hanle.boundary.scattering.compute import all_orders, first_order
from hanle.boundary.scattering.drift import without_sharvin
from hanle.boundary.scattering.landauer import sharvin
from hanle.boundary.scattering.model import Interface
from hanle.materials.records import FerromagneticMetal, MagneticInsulator
from hanle.meshes.layered import Layers
from hanle.meshes.tagged import TaggedMesh
from hanle.pde.errors import InputError
from hanle.pde.problem import MINUS, PLUS, Face
from hanle.pde.quantity import parse
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
        tau_N, tau_up, tau_dn: momentum relaxation times ("10 fs"; s).
        memory_loss: whether flips at the interface, of second order in h_R, act in the device. False where a mixing
            conductance or a memory loss that was fitted contains them.
        sharvin_removed: whether the Sharvin resistances are taken out of the conductances and drives, as drift
            diffusion needs for a metallic contact. False keeps the bare numbers.
        damping_like: whether the damping-like part acts. False where theta was fitted to a whole damping-like torque.
        all_orders: coefficients of the exact matching instead of first order in h_R.
        accept: limits to go beyond, by name; see `hanle.boundary.scattering.validity`.
        mass: effective mass on both sides [kg].

    Raises:
        InputError: a number out of range, or one of the three choices not made.
        UnsupportedError: electrons bound to the interface.
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

    def __post_init__(self) -> None:
        for key, dimension in MODEL.items():
            object.__setattr__(self, key, parse(getattr(self, key), dimension, key))
        for key, meaning in CHOICES.items():
            if not isinstance(getattr(self, key), bool):
                raise InputError(key, "said: true or false", getattr(self, key), f"false means: {meaning}")
        object.__setattr__(self, "accept", tuple(self.accept))
        self.coefficients  # noqa: B018 - errors belong here

    @property
    def model(self) -> Interface:
        """The model without the choices."""
        return Interface(**{key: getattr(self, key) for key in MODEL})

    @cached_property
    def coefficients(self) -> RashbaCoefficients:
        """What acts in the device."""
        compute = all_orders if self.all_orders else first_order
        found = compute(self.model, loss=bool(self.memory_loss), accept=self.accept)
        if self.sharvin_removed:
            found = without_sharvin(found, *sharvin(self.model))
        if self.damping_like:
            return found
        return replace(found, **{name: replace(getattr(found, name), a=0.0) for name in POPULATIONS})


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
    try:
        law = rashba_interface(magnet, given, magnetisation, normal, insulating)
    except InputError as error:
        raise error.within(f"interfaces.{name}.") from error
    return Face(law, {FERROMAGNET: place, NORMAL: MINUS if place == PLUS else PLUS})


def spin_orbit_sides(device: "Device", regions: tuple[str, ...], key: str) -> tuple[str, str]:
    """(magnet, region on the other side or "") of a face; InputError at `key` where they do not fit."""
    magnets = [r for r in regions if isinstance(device.materials[r], FerromagneticMetal | MagneticInsulator)]
    others = [r for r in regions if r not in magnets]
    if len(magnets) != 1 or not {*regions} & {*device.conductors}:
        must = "spin-orbit coupling only between one ferromagnet and a metal, or at its surface"
        raise InputError(key, must, regions, "one of both sides conducts")
    return magnets[0], others[0] if others else ""


def _normals(mesh: TaggedMesh | Layers, name: str) -> Array:
    """Out of the minus side, (1 or facets, 3)."""
    if isinstance(mesh, Layers):
        outward = -1.0 if mesh.face_names[0] == name else 1.0
        return np.asarray(outward * np.eye(3)["xyz".index(mesh.axis)][None])
    return mesh.face_normals(name)
