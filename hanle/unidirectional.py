"""Unidirectional magnetoresistance of a ferromagnetic metal whose conductivity follows its spin accumulation.

    sigma(w) = sigma (1 + s m.w),   Delta R/R = - (integral of s sigma (m.w) |grad u|^2) / (power of the device)

To first order in s; m.w is proportional to the current, so the resistance changes sign with the current and with m.
s [1/V] is a property of the bands: with sigma_up, sigma_dn proportional to the densities of majority and minority,
which follow their own electrochemical potentials e(u - m.w), e(u + m.w), and energies E_up, E_dn of either,

    s = -(3e/2) [(1 + P)/(2 E_up) - (1 - P)/(2 E_dn)]

Source: Zhang and Vignale, 2016, whose resistance is this integral for a bilayer.
"""

from typing import TYPE_CHECKING

import numpy as np

from hanle.build import magnetisation_in
from hanle.materials.records import FerromagneticMetal
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array

if TYPE_CHECKING:
    from hanle.results import Result


def unidirectional_change(result: "Result", magnet: str, slope: float) -> Array:
    """Delta R/R (batch,) at the current of the result.

    Args:
        slope: s [1/V].

    Raises:
        InputError: not a ferromagnetic metal of the device, or a slope that is not finite.
    """
    device, solution = result.device, result.solution
    if not isinstance(device.materials.get(magnet), FerromagneticMetal):
        known = [n for n, record in device.materials.items() if isinstance(record, FerromagneticMetal)]
        raise InputError("magnet", f"one of the ferromagnetic metals {known}", magnet)
    if not np.isfinite(slope):
        raise InputError("slope", "finite [1/V]", slope)
    system, own = solution.response.system, solution.own_samples(magnet)
    bulk = system.problem.regions[magnet]
    u, w = bulk.fields.slice("u").start, bulk.fields.slice("w")
    heat = np.einsum("bepi,bepi->bep", bulk.flux(own.values, own.gradients)[..., u], own.gradients[..., u])
    m = magnetisation_in(result.conditions or device.conditions, result.mesh, magnet)
    m = m[:, own.entities] if m.shape[1] > 1 else m
    along = np.einsum("bepa,bea->bep", own.values[..., w], m)
    changed = system.processes.total(
        np.einsum("bep,bep->b", np.broadcast_to(own.weights, heat.shape), along * heat)
    )
    power = sum(np.maximum(entry.power, 0.0) for entry in solution.ledger)
    return np.asarray(-slope * changed / power)
