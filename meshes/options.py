"""How fine a mesh is: options of every shape's `mesh`, and decay lengths per region."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeAlias

from hanle.meshes.tensor import BOX_KIND, SIMPLEX_KIND
from hanle.pde.errors import InputError, unknown_name

#: What `mesh(resolve=...)` takes: one decay length [m] for all regions, or region -> decay length. None, infinity and
#: absent regions have nothing to resolve.
Resolve: TypeAlias = Mapping[str, float | None] | float | None

GRADED, UNIFORM = "graded", "uniform"


@dataclass(frozen=True)
class Options:
    """Options of `mesh`.

    Attributes:
        cells_per_length: cells per decay length at a face.
        growth: largest ratio of neighbouring cells.
        lateral: "graded" towards side edges and contacts, or "uniform".
        lateral_cells_per_length: the same along the layers; default: as across them in 2D, 3 in 3D.
        lateral_growth: default: as across the layers in 2D, 2 in 3D.
        sizes: axis -> largest cell [m]. Default along the layers: an eighth of each interval.
        bounds: axis -> largest cell [m] where `sizes` says nothing, besides the default.
        coarse_cells: fewest cells across a layer with nothing to resolve.
        corners: let cells grow no faster across the ends of blocks than within: fine on both sides of edges at which
            materials of different decay lengths meet, or one ends, and where fluxes crowd.
        cells: cell kind; default quadrilaterals and hexahedra, or "triangle" and "tetra".
        max_cells: a larger mesh is refused before it is made.
    """

    cells_per_length: float = 6.0
    growth: float = 1.4
    lateral: str = GRADED
    lateral_cells_per_length: float | None = None
    lateral_growth: float | None = None
    sizes: Mapping[str, float] = field(default_factory=dict)
    bounds: Mapping[str, float] = field(default_factory=dict)
    coarse_cells: int = 2
    corners: bool = False
    cells: str | None = None
    max_cells: int = 20_000_000

    def __post_init__(self) -> None:
        for key in ("cells_per_length", "lateral_cells_per_length"):
            value = getattr(self, key)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise InputError(key, "a positive number of cells", value, "usual: 3 to 12")
        for key in ("growth", "lateral_growth"):
            value = getattr(self, key)
            if value is not None and not (math.isfinite(value) and value >= 1):
                raise InputError(key, "at least 1", value, "usual: 1.2 to 2")
        if self.lateral not in (GRADED, UNIFORM):
            raise unknown_name("lateral", self.lateral, (GRADED, UNIFORM))
        if self.coarse_cells < 1 or self.max_cells < 1:
            raise InputError("coarse_cells, max_cells", "at least 1", (self.coarse_cells, self.max_cells))

    def checked(self, axes: Sequence[str]) -> "Options":
        """Itself, if `sizes`, `bounds` and `cells` fit a shape with these axes."""
        for key, given in (("sizes", self.sizes), ("bounds", self.bounds)):
            for axis, size in given.items():
                if axis not in axes:
                    raise unknown_name(key, axis, axes)
                if not size > 0:
                    raise InputError(f"{key}.{axis}", "a positive cell size [m]", size)
        known = (BOX_KIND[len(axes)], SIMPLEX_KIND[len(axes)])
        if self.cells is not None and self.cells not in known:
            must = f"{known[0]} or {known[1]}" if known[0] != known[1] else known[0]
            raise InputError("cells", f"{must} for a shape with {len(axes)} axes", self.cells)
        return self

    def largest(self, axis: str, usual: float) -> float:
        """Bound of all cells along an axis [m]; `usual` is that of the shape."""
        return self.sizes.get(axis, min(usual, self.bounds.get(axis, math.inf)))

    def simplices(self, dimension: int) -> bool:
        """Whether boxes are to be cut."""
        return dimension > 1 and self.cells == SIMPLEX_KIND[dimension]

    def along(self, axis: str, axes: Sequence[str], lateral: Sequence[str]) -> tuple[float, float]:
        """Cells per decay length and growth along an axis."""
        if axis not in lateral:
            return self.cells_per_length, self.growth
        cells, growth = (3.0, 2.0) if len(axes) == 3 else (self.cells_per_length, self.growth)
        return self.lateral_cells_per_length or cells, self.lateral_growth or growth


def read_options(given: Mapping[str, Any], axes: Sequence[str]) -> Options:
    """Options from keyword arguments; an unknown one is refused with the nearest name."""
    known = [f.name for f in fields(Options)]
    for key in given:
        if key not in known:
            raise unknown_name("mesh", key, known)
    return Options(**given).checked(axes)


def read_resolve(resolve: Resolve, regions: Collection[str]) -> dict[str, float]:
    """Region -> decay length [m], infinite where there is nothing to resolve.

    Raises:
        InputError: a region the shape does not have, or a length that is not positive.
    """
    given = resolve if isinstance(resolve, Mapping) else dict.fromkeys(regions, resolve)
    for name, length in given.items():
        if name not in regions:
            raise unknown_name("resolve", name, regions)
        if length is not None and not (isinstance(length, (int, float)) and length > 0):
            raise InputError(
                f"resolve.{name}", "a positive decay length [m]", length, "leave it out if there is none"
            )
    return {name: math.inf if given.get(name) is None else float(given[name]) for name in regions}  # type: ignore[arg-type]
