"""Temperatures that regions share, in the multigrid solver and where nothing holds them.

YIG on a substrate that only heat enters    iterations bounded: ties, h from 1e6 to 1e12, kappa ratios of 1e5
the same under AC and in second order       the same
multigrid                                   <-> the direct solver; balances of the weakest field
"""

from typing import Any

import numpy as np
import pytest

import hanle
from hanle.meshes.coarse import CoarseMeshWarning

#: To a residual of 1e-8, about five of them for the fields that are driven weakly. Without what is common a third more,
#: and 99 to more than 150 where contacts are stiff.
ITERATIONS, SECOND_ORDER = 24, 36
#: Of every field, from a residual of the same size.
BALANCE = 1e-10
#: Multigrid to this residual; answers relative to the largest.
TIGHT, SAME = 1e-12, 1e-7
NM = 1e-9

pytestmark = pytest.mark.filterwarnings(f"ignore::{CoarseMeshWarning.__module__}.{CoarseMeshWarning.__name__}")


def strips(substrate: float = 8.0, contact: float | None = None, h: float = 2.8e8, cells: str = "quad") -> Any:
    """(device, mesh) of two strips of Pt on YIG on a substrate."""
    pads = [("in", -150 * NM, 100 * NM, 7 * NM), ("out", 150 * NM, 100 * NM, 7 * NM)]
    given = hanle.MagnonInterface(h_pp=f"{h} W/(m^2 K)")
    faces: dict[str, Any] = {"YIG|in": given, "YIG|out": given}
    if contact is not None:
        faces["GGG|YIG"] = hanle.HeatContact(lattice=f"{contact} W/(m^2 K)")
    device = hanle.Device(
        hanle.strips(1e-6, [("GGG", 500 * NM), ("YIG", 100 * NM)], pads),
        {
            "YIG": "YIG",
            "in": "Pt",
            "out": "Pt",
            "GGG": {"like": "GGG", "lattice_heat_conductivity": f"{substrate} W/(m K)"},
        },
        magnetisation={"YIG": (1, 0.2, 0)},
        field=(0.1, 0, 0),
        transport=("magnons", "heat"),
        wires={"in": ["in"], "out": ["out"]},
        interfaces=faces,
        heat_contacts={"bath": ["bottom"], "heater": ["in|top"]},
    )
    return device, device.mesh(cells_per_length=1.0, cells=cells)


DRIVEN = {"in": "1 mA", "heater": "1 W/m"}


def solved(device: Any, mesh: Any, **options: Any) -> Any:
    given = {"wiring": DRIVEN, "engine": "scikit", "solver": "multigrid", "mesh": mesh}
    return device.solve(**given | options)


def worst(result: Any) -> int:
    return max(result.solution.response.proof.iterations.values())


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"cells": "triangle"},
        *({"h": h} for h in (1e6, 1e10, 1e12)),
        *({"contact": h} for h in (1e6, 1e10, 1e12)),
        *({"substrate": 8 * ratio} for ratio in (1e-2, 1e3)),
    ],
    ids=str,
)
def test_iterations_are_bounded(given: dict[str, Any]) -> None:
    device, mesh = strips(**given)
    assert worst(solved(device, mesh)) <= ITERATIONS


def test_second_order() -> None:
    device, mesh = strips()
    assert worst(solved(device, mesh, order=2)) <= SECOND_ORDER


def test_every_field_is_balanced() -> None:
    """Heat that spins bring along is a small part of the whole."""
    device, mesh = strips()
    found = solved(device, mesh, wiring={"in": "1 mA"}, tolerance=BALANCE)
    assert max(float(balance.error[0]) for balance in found.balances.values()) < BALANCE


def test_answers_are_those_of_the_direct_solver() -> None:
    device, mesh = strips(contact=1e10)
    one, other = (solved(device, mesh, solver=s, tolerance=TIGHT) for s in ("multigrid", "direct"))
    points = [[0, 10 * NM, 550 * NM], [0, -200 * NM, 580 * NM]]
    for ask in (
        lambda r: r.magnon_potential("YIG", points),
        lambda r: r.temperature("YIG", points) - 300,
        lambda r: r.temperature("GGG", [[0, 0, 30 * NM]]) - 300,
        lambda r: [r.wire_field("out"), r.wire_field("in")],
    ):
        expected = np.asarray(ask(other))
        np.testing.assert_allclose(ask(one), expected, rtol=0, atol=SAME * np.abs(expected).max())
