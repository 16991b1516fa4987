"""Faces where magnons and heat cross: what the user says of them, and their laws.

metal | ordered insulator       exchange through magnons (`hanle.boundary.magnon_face`), lattice to lattice
insulator | insulator           no magnons pass
all others                      `hanle.heat_faces`

Without other words the spin conductance g and the mixing conductance of the first are those of the device without
magnons (from moments, or G_s, G_r, G_i as numbers), and S/g and kappa/g are those of the golden rule for the magnons of
the record. `MagnonInterface` with g_r takes all of them from the golden rule.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from hanle.boundary.b_layer import Conductances
from hanle.boundary.magnon_face import MAGNET, METAL, magnon_face
from hanle.boundary.magnons.admissible import warn_if_doubtful
from hanle.boundary.magnons.exchange import Elastic, MagnonExchange
from hanle.boundary.magnons.linear import LinearExchange, linear, mixing
from hanle.boundary.magnons.spectrum import Parabolic
from hanle.conditions import Conditions
from hanle.materials.magnons import Magnons
from hanle.materials.records import MagneticInsulator
from hanle.materials.weiss import G_FACTOR
from hanle.pde.coefficients import FaceLaw
from hanle.pde.constants import MU_B
from hanle.pde.coupling import joined, restricted
from hanle.pde.errors import InputError
from hanle.pde.quantity import parse
from hanle.pde.tensors import Array
from hanle.transport import HEAT, carried, lattice_conductance

if TYPE_CHECKING:
    from hanle.device import Device

#: Arguments with a unit -> dimension.
NUMBERS = {
    **dict.fromkeys(("g_r", "g_i"), "areal density"),
    "inelastic_scale": "dimensionless",
    **dict.fromkeys(("h_pp", "h_ep"), "thermal conductance per area"),
    "damping_ratio": "dimensionless",
}
#: Golden rule: what the record of the insulator must hold.
_SPECTRUM = ("spin_wave_stiffness", "spin_density")


@dataclass(frozen=True)
class MagnonInterface:
    """What a metal and an ordered magnetic insulator exchange through magnons, where the default does not do.

    Attributes:
        g_r: real part of the mixing conductance at T = 0 ("4e18 1/m^2"); then g, S, kappa follow from it and from the
            stiffness, spin density and gap of the record. None: the conductances of the device without magnons.
        g_i: its imaginary part, of any sign; G_i = -(e^2/h) g_i. Only with g_r.
        elastic: density of magnons that reduces g_r and g_i: "bulk", "local" (twice that, at the surface) or "none".
        inelastic_scale: factor on all that magnons carry; 1 is the golden rule, about 0.6 is claimed for YIG|Pt.
        h_pp: from the lattice of the metal to that of the insulator ("2.8e8 W/(m^2 K)"); None: that of the record.
        h_ep: from the electrons of the metal to the lattice of the insulator.
        damping_ratio: alpha/alpha', damping of the magnet alone over what the interface adds, as `Device.small_angles`
            tells; solves beyond linear response then warn above the threshold of auto-oscillation.

    Raises:
        InputError: a number out of range, g_i or elastic without g_r.
    """

    g_r: Any = None
    g_i: Any = 0.0
    elastic: Elastic = "bulk"
    inelastic_scale: Any = 1.0
    h_pp: Any = None
    h_ep: Any = 0.0
    damping_ratio: Any = None

    def __post_init__(self) -> None:
        for key, dimension in NUMBERS.items():
            given = getattr(self, key)
            if given is not None:
                object.__setattr__(self, key, parse(given, dimension, key))
        if self.damping_ratio is not None and self.damping_ratio < 0:
            raise InputError("damping_ratio", "0 or positive", self.damping_ratio)
        if self.g_r is None and (self.g_i or self.elastic != "bulk"):
            raise InputError("g_r", "given with g_i or elastic", "nothing", "usual: 1e18 to 1e19 1/m^2")
        # The model refuses what is out of range; stiffness and spin density are the record's.
        self._exchange(1e28, Parabolic(1e-39, 0.0))

    def _exchange(self, spin_density: float, spectrum: Parabolic) -> MagnonExchange:
        given = {name: getattr(self, name) for name in ("g_i", "elastic", "inelastic_scale", "h_ep")}
        g_r = 1e18 if self.g_r is None else self.g_r
        return MagnonExchange(g_r, spin_density, spectrum, h_pp=self.h_pp or 0.0, **given)

    def exchange(self, numbers: Magnons, gap: Array) -> MagnonExchange:
        """The golden rule for the magnons of a record; g_r = 1e18 1/m^2 where none is given."""
        stiffness, density = (numbers.value(key) for key in _SPECTRUM)
        return self._exchange(density, Parabolic(stiffness, gap))


def golden_rule(
    device: "Device", face: str, magnet: str, points: Array, conditions: Conditions
) -> Conductances | None:
    """G_s, G_r, G_i at points (n, 3) of a face that has a `MagnonInterface` with g_r; None for any other."""
    choice = device.interfaces.get(face)
    if not isinstance(choice, MagnonInterface) or choice.g_r is None:
        return None
    m = conditions.magnetisation_at(magnet, points)
    return _linear(device, face, magnet, choice, m, points, conditions).conductances


def magnon_contact(
    device: "Device",
    face: str,
    metal: str,
    magnet: str,
    given: Conductances,
    m: Array,
    points: Array,
    conditions: Conditions,
) -> FaceLaw:
    """The law between a metal and an insulator that carries magnons, roles "metal" and "magnet".

    Args:
        given: G_s, G_r, G_i of the face.
        m: direction of the moments at points (n, 3).

    Raises:
        InputError: a number that is not known or out of range; the key names the interface.
    """
    choice = device.interfaces.get(face)
    choice = choice if isinstance(choice, MagnonInterface) else MagnonInterface()
    heat = HEAT in device.transport
    ratio = _linear(device, face, magnet, choice, m, points, conditions) if heat else None
    g, g_r, g_i = mixing(given)
    if choice.g_r is None:
        g = g * choice.inelastic_scale
    h_pp = choice.h_pp
    if heat and h_pp is None:
        h_pp = lattice_conductance(device.materials[magnet], f"interfaces.{face}.h_pp")
    try:
        exchange = LinearExchange(
            conditions.temperature,
            g=g,
            S=0.0 if ratio is None else g * _per_spin(ratio.S, ratio.g),
            kappa=0.0 if ratio is None else g * _per_spin(ratio.kappa, ratio.g),
            g_r=g_r,
            g_i=g_i,
            h_pp=h_pp or 0.0,
            h_ep=choice.h_ep,
        )
    except InputError as error:
        raise error.within(f"interfaces.{face}.") from error
    law = magnon_face(magnet, exchange, m)
    return restricted(law, {METAL: carried(device, metal), MAGNET: carried(device, magnet)})


def _per_spin(coefficient: ArrayLike, g: ArrayLike) -> Array:
    """A coefficient over the spin conductance; 0 where magnons are frozen out to the last digit."""
    size, conductance = np.broadcast_arrays(np.asarray(coefficient, dtype=float), np.asarray(g, dtype=float))
    return np.asarray(np.divide(size, conductance, out=np.zeros_like(size), where=conductance > 0))


def with_heat(law: FaceLaw, heat: FaceLaw | None) -> FaceLaw:
    """A law of spin and one of heat on one face."""
    return law if heat is None else joined(law, heat)


def _linear(
    device: "Device",
    face: str,
    magnet: str,
    choice: MagnonInterface,
    m: Array,
    points: Array,
    conditions: Conditions,
) -> LinearExchange:
    record = device.materials[magnet]
    if not isinstance(record, MagneticInsulator):
        raise InputError(f"interfaces.{face}", "beside a magnetic insulator", magnet)
    if missing := record.magnons.missing(*_SPECTRUM):
        keys = ", ".join(f"{magnet}.{key}" for key in missing)
        raise InputError(f"materials.{keys}", "given for exchange through magnons", "nothing")
    try:
        exchange = choice.exchange(record.magnons, gap(record, m, points, conditions))
        found = linear(exchange, conditions.temperature)
    except InputError as error:
        raise error.within(f"interfaces.{face}: ") from error
    warn_if_doubtful(exchange, m, np.zeros(3), 0.0, conditions.temperature)
    return found


def gap(record: MagneticInsulator, m: Array, points: Array, conditions: Conditions) -> Array:
    """Lowest energy of a magnon, g mu_B B.m + anisotropy [J], (n,) or (batch, 1).

    Raises:
        InputError: negative, where m is against B and not held by anisotropy.
    """
    found = gap_in(record, np.sum(conditions.field_at(points) * m, axis=-1))
    if np.any(found < 0):
        must = "such that magnons cost energy: m against B needs an anisotropy_gap above g mu_B B"
        raise InputError(f"{record.name}: gap", must, f"{float(found.min()):.4g} J")
    return found


def gap_in(record: MagneticInsulator, field: Array) -> Array:
    """g mu_B B.m + anisotropy [J] at B.m [T], of any sign."""
    factor = G_FACTOR if record.moments is None else record.moments.g_factor
    return np.asarray(factor * MU_B * field + record.magnons.value("anisotropy_gap"))
