"""What the state of a device beyond linear response must obey everywhere: T > 0, magnons below their gap."""

import warnings
from typing import TYPE_CHECKING

import numpy as np

from hanle.boundary.magnons.admissible import MagnonWarning
from hanle.build import centres
from hanle.conditions import Conditions
from hanle.heat_faces import CARRIERS
from hanle.magnon_faces import gap
from hanle.materials.records import MagneticInsulator
from hanle.pde.constants import E_CHARGE, K_B
from hanle.pde.errors import SolveError
from hanle.pde.fields import MAGNON, MAGNON_HEAT
from hanle.pde.solution import Solution

if TYPE_CHECKING:
    from hanle.device import Device

#: Part of k_B T_0 that says nothing about a gap of zero.
ROUNDING = 1e-6

_HEAT = (*(field.name for field in CARRIERS.values()), MAGNON_HEAT.name)


def require_possible(device: "Device", solution: Solution, conditions: Conditions, golden: bool) -> None:
    """Refuse a temperature at or below zero, and a magnon potential that reaches the gap.

    Args:
        golden: whether magnons are exchanged by the golden rule. An exchange that stays linear knows no gap: then
            condensation is warned of.

    Raises:
        SolveError: the message names the region.
    """
    system = solution.response.system
    for region, bulk in system.problem.regions.items():
        s = solution.own_samples(region)
        for field in (field for field in bulk.fields.fields if field.name in _HEAT):
            fall = system.processes.largest(
                float(np.max(-s.values[..., bulk.fields.slice(field.name)], initial=-1.0))
            )
            if fall >= 1:
                t0 = float(np.max(system.problem.temperature))
                raise SolveError(
                    f"{field.title.removeprefix('relative ')} of {region}: {t0 * (1 - fall):.4g} K; lower the drive"
                )
        record = device.materials[region]
        if MAGNON.name in bulk.fields and isinstance(record, MagneticInsulator):
            points = centres(system.problem.mesh, region)
            least = gap(record, conditions.magnetisation_at(region, points), points, conditions)
            least = least[s.entities] if least.shape == (len(points),) else least
            mu = 2 * E_CHARGE * s.values[..., bulk.fields.slice(MAGNON.name)].max(axis=(-2, -1))
            excess = system.processes.largest(float(np.max(mu - least, initial=-np.inf)))
            if excess > ROUNDING * K_B * float(np.max(system.problem.temperature)):
                _condensed(region, excess, golden)


def _condensed(region: str, excess: float, golden: bool) -> None:
    """Say that magnons condense."""
    text = (
        f"magnon potential of {region}: {excess:.4g} J above the gap: magnons condense there and have no steady state; "
        "lower the drive, or raise the gap by a field"
    )
    if golden:
        raise SolveError(text)
    warnings.warn(f"{text}; g_r of a hanle.MagnonInterface solves up to there", MagnonWarning, stacklevel=3)
