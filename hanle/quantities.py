"""The quantities that pictures of 2D and 3D fields can show, and how far a thin film is stretched."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from hanle.pde.errors import InputError, unknown_name
from hanle.pde.tensors import Array
from hanle.region_data import (
    CURRENT,
    HEAT_CURRENTS,
    MAGNON_CURRENT,
    MAGNON_POTENTIAL,
    POTENTIAL,
    SPIN_ACCUMULATION,
    SPIN_CURRENT,
    TEMPERATURES,
    TORQUE,
    RegionData,
)

MAGNITUDE = "magnitude"
#: Told apart with any colour vision: diverging for what has a sign, perceptually even otherwise.
DIVERGING, SEQUENTIAL = "coolwarm", "viridis"


#: Part of the volume that colours tell apart, unless it stays below EDGES_ONLY of the largest value.
FILLED, EDGES_ONLY = 0.995, 0.1


@dataclass(frozen=True)
class Quantity:
    """One field as a picture shows it.

    Attributes:
        name: key of the data of a region.
        title, symbol: words and sign for the colour bar; "{a}" stands for the component.
        unit: SI.
        at_points: whether it lives on points (otherwise on cells).
        vector: whether it has three components.
        flow: whether they are directions in space, which a stretched picture stretches, not of spin.
        component: "x", "y", "z" or MAGNITUDE; "" for scalars.
    """

    name: str
    title: str
    symbol: str
    unit: str
    at_points: bool
    vector: bool
    flow: bool = False
    component: str = ""

    @property
    def label(self) -> str:
        """Title and symbol, without the unit."""
        if not self.vector:
            return f"{self.title} {self.symbol}".lstrip()
        inner = self.symbol.format(a="" if self.component == MAGNITUDE else self.component)
        return f"{self.title} " + (f"|{inner}|" if self.component == MAGNITUDE else inner)

    @property
    def signed(self) -> bool:
        return self.component != MAGNITUDE

    def arrows(self, region: RegionData) -> Array:
        """The vector field (n, 3) of a region."""
        return (region.point_data if self.at_points else region.cell_data)[self.name]

    def scalars(self, region: RegionData) -> Array:
        """What the colour shows: (n,)."""
        values = self.arrows(region)
        if not self.vector:
            return values
        return np.linalg.norm(values, axis=1) if not self.signed else values[:, "xyz".index(self.component)]


_CARRIERS = (("T_e", "electrons", "electrons"), ("T_m", "magnons", "magnons"), ("T_p", "lattice", "the lattice"))
QUANTITIES = {
    "potential": Quantity(POTENTIAL, "potential", "$V$", "V", True, False),
    "spin_accumulation": Quantity(SPIN_ACCUMULATION, "spin accumulation", "$\\mu_{{s{a}}}/e$", "V", True, True),
    "current": Quantity(CURRENT, "current density", "$j_{{{a}}}$", "A/m^2", False, True, True),
    **{
        f"spin_current_{axis}": Quantity(
            name, "spin current density", f"$J_{{{{{{a}}}}}}^{{{{\\,{axis}}}}}$", "A/m^2", False, True, True
        )
        for axis, name in SPIN_CURRENT.items()
    },
    "magnon_potential": Quantity(MAGNON_POTENTIAL, "magnon potential", "$\\mu_m/e$", "V", True, False),
    "magnon_current": Quantity(
        MAGNON_CURRENT, "magnon spin current density", "$J_{{m{a}}}$", "A/m^2", False, True, True
    ),
    **{
        f"temperature_{name}": Quantity(
            TEMPERATURES[key], f"temperature of {word}", f"$T_{key[-1]} - T_0$", "K", True, False
        )
        for key, name, word in _CARRIERS
    },
    **{
        f"heat_current_{name}": Quantity(
            HEAT_CURRENTS[key],
            f"heat current density of {word}",
            f"$q_{{{{{key[-1]}{{a}}}}}}$",
            "W/m^2",
            False,
            True,
            True,
        )
        for key, name, word in _CARRIERS
    },
    "torque": Quantity(TORQUE, "torque density", "$\\tau_{{{a}}}$", "J/m^3", False, True),
}

#: Drawn as plane sections and profiles only.
SECTIONS = tuple(name for name in QUANTITIES if name.startswith(("magnon_", "temperature_", "heat_current_")))


def choose(
    quantity: str, component: str | None, regions: Mapping[str, RegionData]
) -> tuple[Quantity, dict[str, RegionData]]:
    """(the quantity with its component, the regions that carry it).

    Args:
        quantity: a key of QUANTITIES.
        component: "x", "y", "z" or "magnitude"; if None the spin component that fills the volume, or the size of a
            current or torque.

    Raises:
        InputError: unknown quantity or component, or no region carries it.
    """
    if quantity not in QUANTITIES:
        raise unknown_name("quantity", quantity, QUANTITIES)
    found = QUANTITIES[quantity]
    live = {name: r for name, r in regions.items() if found.name in r.point_data or found.name in r.cell_data}
    if not live:
        raise InputError("quantity", "carried by a region", quantity, f"regions: {', '.join(regions)}")
    if not found.vector:
        return found, live
    if component is None and quantity == "spin_accumulation":
        filling = [shares(r, at_points=True) @ np.abs(found.arrows(r)) for r in live.values()]
        component = "xyz"[int(np.argmax(np.sum(filling, axis=0)))]
    component = component or MAGNITUDE
    if component not in (*"xyz", MAGNITUDE):
        raise unknown_name("component", component, (*"xyz", MAGNITUDE))
    return replace(found, component=component), live


def largest_polarisation(regions: Mapping[str, RegionData]) -> str:
    """The axis of spin, "x", "y" or "z", of which most flows."""
    flows = {
        axis: sum(
            float(shares(r, at_points=False) @ np.linalg.norm(r.cell_data[name], axis=1))
            for r in regions.values()
            if name in r.cell_data
        )
        for axis, name in SPIN_CURRENT.items()
    }
    return max(flows, key=lambda axis: flows[axis])


def stretch(thin: float, wide: float, wanted: float) -> float:
    """By how much to stretch `thin` so that it is about `wanted` x `wide`: 1, or a round number (1, 2, 5 x 10^n)."""
    ratio = wanted * wide / thin
    if ratio < 2:
        return 1.0
    power = 10.0 ** np.floor(np.log10(ratio))
    return float(power * max(step for step in (1, 2, 5) if step * power <= ratio * (1 + 1e-9)))


def extent(regions: Mapping[str, RegionData]) -> Array:
    """Corners (2, 3) [m] of the box around some regions."""
    points = np.concatenate([r.points for r in regions.values()])
    return np.stack([points.min(axis=0), points.max(axis=0)])


def colour_map(shown: Quantity) -> str:
    """Diverging for what has a sign, perceptually even for sizes; the potential has no meaningful zero."""
    return DIVERGING if shown.signed and shown.vector else SEQUENTIAL


def colour_range(values: Array, sizes: Array, shown: Quantity) -> tuple[float, float]:
    """Ends of the colour bar, symmetric where zero matters.

    Fields are singular at inner corners, where meshes are fine: sizes stop at what 99.5 % of the volume stays below,
    unless next to nothing is left there (a field that lives at edges).

    Args:
        values: (n,).
        sizes: (n,) volume or area that each value stands for, in any unit.
    """
    if not shown.vector:
        return float(values.min()), float(values.max())
    heights = np.abs(values)
    order = np.argsort(heights)
    filled = np.cumsum(sizes[order])
    top, common = float(heights.max()), float(heights[order][np.searchsorted(filled, FILLED * filled[-1])])
    top = (common if common > EDGES_ONLY * top else top) or 1.0
    return (-top if shown.signed else 0.0), top


def shares(region: RegionData, *, at_points: bool) -> Array:
    """Size of the box around each cell, or the sum of these around each point: what a value stands for."""
    corners = region.points[region.cells]
    span = np.ptp(corners, axis=1)
    cell = np.prod(np.where(np.ptp(region.points, axis=0) > 0, span, 1.0), axis=1)
    if not at_points:
        return np.asarray(cell)
    summed = np.bincount(region.cells.ravel(), np.repeat(cell, region.cells.shape[1]), len(region.points))
    return np.asarray(summed, dtype=float)
