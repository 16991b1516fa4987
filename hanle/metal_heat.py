"""What heat adds to the law of a metal: temperatures of electrons and lattice, and thermoelectric effects.

kappa_e without a number of the record is that of Wiedemann and Franz. Couplings that a device leaves out (`without`)
are left out of the conductivity that S stands on, too.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from hanle.materials.conductors import Conductor
from hanle.materials.debye import lattice_capacity
from hanle.materials.records import FerromagneticMetal
from hanle.pde.coefficients import Bulk, as_weight
from hanle.pde.constants import LORENZ
from hanle.pde.coupling import combined
from hanle.pde.effects import ANISOTROPY, ANOMALOUS_HALL, SPIN_HALL
from hanle.pde.errors import InputError
from hanle.pde.heat import metal_heat, thermoelectric
from hanle.pde.nonlinear import Factor
from hanle.pde.tensors import Array

if TYPE_CHECKING:
    from hanle.media import Place


def with_heat(bulk: Bulk, place: "Place", metal: Conductor) -> Bulk:
    """The law of a metal joined by the temperatures of its electrons and lattice."""
    t0 = place.conditions.temperature
    lattice, coupling = (
        0.0 if number is None else number.value
        for number in (metal.lattice_heat_conductivity, metal.electron_lattice_coupling)
    )
    heat = metal_heat(
        temperature=t0,
        electrons=electron_heat_conductivity(place, metal),
        lattice=lattice,
        coupling=coupling,
        electron_capacity=metal.gamma * np.asarray(t0),
        lattice_capacity=lattice_capacity(metal.lattice_heat_capacity, metal.debye_temperature, t0),
    )
    coupled = thermoelectric_law(place, metal)
    return combined(bulk, heat) if coupled is None else combined(bulk, heat, coupled)


def thermoelectric_law(place: "Place", metal: Conductor) -> Bulk | None:
    """What couples the heat of a metal to its charge and spin; None where nothing does.

    Raises:
        InputError: numbers that break the second law; the key names the region.
    """
    magnet: dict[str, Any] = {}
    if isinstance(metal, FerromagneticMetal):
        magnet = _of_magnet(place, metal)
    elif not metal.seebeck.value:
        return None
    if magnet and not (metal.seebeck.value or magnet["spin_dependent_seebeck"]):
        return None
    try:
        return thermoelectric(
            temperature=place.conditions.temperature,
            conductivity=1 / place.resistivity(metal),
            seebeck=metal.seebeck.value,
            spin_hall_angle=_spin_hall_angle(place, metal),
            spin_nernst_angle=metal.spin_nernst_angle.value,
            electrons=electron_heat_conductivity(place, metal),
            **magnet,
        )
    except InputError as error:
        raise error.within(f"{place.name}.") from error


def conductivity_ratio(place: "Place", metal: Conductor) -> Factor | None:
    """sigma(T_e)/sigma(T_0) at t = (T_e - T_0)/T_0 of a metal whose record gives rho(T); None for any other."""
    if metal.temperature_coefficient is None and not metal.resistivity_ratios:
        return None
    t0 = as_weight(place.conditions.temperature)
    reference, _ = metal.resistivity_ratio(t0)

    def factor(t: Array) -> tuple[Array, Array]:
        ratio, slope = metal.resistivity_ratio(t0 * (1 + t))
        return reference / ratio, -reference * slope * t0 / ratio**2

    return factor


def electron_heat_conductivity(place: "Place", metal: Conductor) -> Array:
    """kappa_e [W/(K m)] at the points of a region."""
    if metal.electron_heat_conductivity is not None:
        return np.asarray(metal.electron_heat_conductivity.value)
    sigma = (1 - 2 * _spin_hall_angle(place, metal) ** 2) / place.resistivity(metal)
    return np.asarray(LORENZ * np.asarray(place.conditions.temperature) * sigma)


def _of_magnet(place: "Place", metal: FerromagneticMetal) -> dict[str, Any]:
    return {
        "polarisation": place.quantity("polarisation", metal.P),
        "spin_dependent_seebeck": metal.spin_dependent_seebeck.value,
        "anomalous_nernst_angle": metal.anomalous_nernst_angle.value,
        "anomalous_hall_angle": _unless(place, ANOMALOUS_HALL, "anomalous_hall_angle", metal.alpha),
        "anisotropy": _unless(place, ANISOTROPY, "anisotropy", metal.amr),
        "magnetisation": place.conditions.magnetisation_at(place.name, place.points),
    }


def _spin_hall_angle(place: "Place", metal: Conductor) -> Array:
    return _unless(place, SPIN_HALL, "spin_hall_angle", metal.theta)


def _unless(place: "Place", effect: str, name: str, value: float) -> Array:
    """A quantity, 0 where the device leaves its effect out."""
    return np.zeros(()) if effect in place.device.without else place.quantity(name, value)
