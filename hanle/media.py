"""What a region is made of becomes its bulk law: one function per kind of record.

A new kind of material is a record in `hanle.materials.records`, a medium in `hanle.pde` and an entry here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hanle.conditions import Conditions
from hanle.magnon_media import insulator_law
from hanle.materials.conductors import Conductor
from hanle.materials.records import FerromagneticMetal, LocalMomentMetal, NormalMetal
from hanle.metal_heat import with_heat
from hanle.pde.coefficients import Bulk
from hanle.pde.conducting_magnet import LocalMoments, conducting_magnet
from hanle.pde.constants import E_CHARGE
from hanle.pde.errors import InputError
from hanle.pde.ferromagnet import ferromagnet
from hanle.pde.metal import normal_metal
from hanle.pde.tensors import Array
from hanle.profiles import Profile, scalar_at
from hanle.transport import HEAT

if TYPE_CHECKING:
    from hanle.device import Device


@dataclass(frozen=True, eq=False)
class Place:
    """A region or face of a device at points (n, 3), under conditions that may be a batch."""

    device: "Device"
    name: str
    points: Array
    conditions: Conditions

    def quantity(self, name: str, default: Profile) -> Array:
        """A number, or its profile: per point (n,) or, from batched conditions, (batch, 1)."""
        key = f"{self.name}.{name}"
        if key in self.device.profiles:
            return scalar_at(self.device.profiles[key], self.points, key)
        return np.asarray(default, dtype=float)

    def resistivity(self, metal: Conductor) -> Array:
        """rho [Ohm m] at points and temperature; a profile is that at the temperature of the record's number."""
        ratio, _ = metal.resistivity_ratio(self.conditions.temperature)
        return self.quantity("resistivity", metal.rho) * ratio


def region_law(device: "Device", region: str, points: Array, conditions: Conditions) -> Bulk | None:
    """Law of any region; None for an insulator in which nothing that is solved for moves."""
    if device.materials[region].conducts:
        return bulk_law(device, region, points, conditions)
    return insulator_law(device, region, points, conditions)


def bulk_law(device: "Device", region: str, points: Array, conditions: Conditions) -> Bulk:
    """Law of a conducting region, its profiles sampled at points (n, 3)."""
    place, record = Place(device, region, points, conditions), device.materials[region]
    if type(record) not in MEDIA:
        raise InputError(f"materials.{region}", "a metal", record)
    try:
        found = MEDIA[type(record)](place, record)
        return with_heat(found, place, record) if HEAT in device.transport else found
    except InputError as error:
        # The records are checked already: what is out of range here came from a profile, or from the temperature.
        raise (
            error
            if error.key.startswith((f"{region}.", f"{record.name}.", "field", "magnetisation", "profiles"))
            else error.within(f"profiles.{region}.")
        ) from error


def density_of_states(device: "Device", metal: str, points: Array) -> Array:
    """nu per spin [1/(J m^3)] of a metal at points (n, 3): () or (n,).

    Where D is given, nu = sigma/(2 e^2 D) follows a profile of the resistivity, as the bulk does, but not temperature.
    """
    host = device.materials[metal]
    if not isinstance(host, Conductor):
        raise InputError(f"materials.{metal}", "a metal", host)
    if host.density_of_states is not None:
        return np.asarray(host.nu)
    rho = Place(device, metal, points, device.conditions).quantity("resistivity", host.rho)
    return 1 / (2 * E_CHARGE**2 * host.D * rho)


def _conduction(place: Place, metal: Conductor) -> dict[str, Any]:
    """The arguments that all metals share."""
    rho, (ratio, _) = place.resistivity(metal), metal.resistivity_ratio(place.conditions.temperature)
    if not np.all(rho > 0):
        raise InputError(f"profiles.{place.name}.resistivity", "positive [Ohm m]", float(rho.min()))
    spread = 1 / rho / (2 * E_CHARGE**2 * metal.nu) if metal.density_of_states else metal.D / ratio
    return {
        "conductivity": 1 / rho,
        "diffusion_constant": spread,
        "spin_hall_angle": place.quantity("spin_hall_angle", metal.theta),
        "field": place.conditions.field_at(place.points),
        "g_factor": metal.g,
        "mobility": metal.mu / ratio,
    }


def _normal_metal(place: Place, metal: NormalMetal) -> Bulk:
    flips = metal.spin_flip_ratio(place.conditions.temperature)
    relaxation = None if metal.relaxation is None else metal.relaxation_rates / flips[..., None, None]
    length = None if relaxation is not None else place.quantity("diffusion_length", metal.lam) * flips
    return normal_metal(diffusion_length=length, relaxation=relaxation, **_conduction(place, metal))


def _ferromagnetic_metal(place: Place, metal: FerromagneticMetal) -> Bulk:
    flips = metal.spin_flip_ratio(place.conditions.temperature)
    length = place.quantity("diffusion_length", metal.lam) * flips
    across = length if metal.dephasing_length is None else metal.lam_phi
    return ferromagnet(
        place.name,
        magnetisation=place.conditions.magnetisation_at(place.name, place.points),
        polarisation=place.quantity("polarisation", metal.P),
        diffusion_length=length,
        exchange_length=place.quantity("exchange_length", metal.lam_J),
        dephasing_length=place.quantity("dephasing_length", across),
        anomalous_hall_angle=place.quantity("anomalous_hall_angle", metal.alpha),
        anisotropy=place.quantity("anisotropy", metal.amr),
        **_conduction(place, metal),
    )


def _local_moment_metal(place: Place, metal: LocalMomentMetal) -> Bulk:
    shared = _conduction(place, metal)
    nu = density_of_states(place.device, place.name, place.points)
    given = place.conditions.magnetisation.get(place.name)
    m = None if given is None else place.conditions.magnetisation_at(place.name, place.points)
    local = LocalMoments(metal.moments, metal.densities, metal.couplings(nu), metal.anisotropic)
    flips = metal.spin_flip_ratio(place.conditions.temperature)
    length: Array | None = place.quantity("diffusion_length", metal.lam) * flips
    lifetime = None
    if metal.spin_lifetime is not None and f"{place.name}.diffusion_length" not in place.device.profiles:
        # D may vary: then it is lambda that follows.
        length, lifetime = None, metal.tau_0 * flips
    return conducting_magnet(
        place.name,
        local,
        temperature=place.conditions.temperature,
        magnetisation=m,
        density_of_states=nu,
        diffusion_length=length,
        spin_lifetime=lifetime,
        **shared,
    )


#: Kind of record -> its bulk law.
MEDIA: Mapping[type, Callable[[Place, Any], Bulk]] = {
    NormalMetal: _normal_metal,
    FerromagneticMetal: _ferromagnetic_metal,
    LocalMomentMetal: _local_moment_metal,
}
