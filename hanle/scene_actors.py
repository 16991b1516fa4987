"""What stands in a 3D scene: the metal, its surroundings, arrows, slices and stream lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from hanle.figures import FILLS
from hanle.pde.tensors import Array
from hanle.quantities import Quantity, colour_map, colour_range, extent, shares, stretch
from hanle.region_data import RegionData
from hanle.sections import SMALLEST

#: Height of the stretched metal (and where slices are to be seen) relative to the longest side of the device.
SCENE_HEIGHT, SLICE_HEIGHT = 0.07, 0.16
#: Around the metal, regions without unknowns are drawn up to these parts of its length and its drawn height.
MARGIN, DEPTH = 0.12, 0.8
#: Arrows along the longest side; stream lines across it, chosen from so many trial places; the length
#: (relative to the longest) from which one is drawn.
GLYPHS = 26
STREAM_LINES, SEED_TRIALS, WHOLE_LINE = 11, 601, 0.6
SLICES = 7
_CELL_TYPES = {"tetra": 10, "hexahedron": 12}
_SCALARS, _VECTORS = "scalars", "vectors"


@dataclass(frozen=True, eq=False)
class Scene:
    """A scene in units of the longest side of the metal, z stretched.

    Attributes:
        shown: what the colours mean.
        live: the regions that carry it.
        regions: all regions to draw.
        style: "surface", "slices", "streamlines" or "arrows".
        arrows: whether surfaces and slices carry arrows.
    """

    shown: Quantity
    live: Mapping[str, RegionData]
    regions: Mapping[str, RegionData]
    style: str
    arrows: bool

    @cached_property
    def box(self) -> Array:
        """Corners (2, 3) [m] of the metal."""
        return extent(self.live)

    @cached_property
    def length(self) -> float:
        """Longest lateral side [m]."""
        return float(np.ptp(self.box, axis=0)[:2].max())

    @cached_property
    def z_scale(self) -> float:
        """By how much z is stretched: 1, or a round number."""
        wanted = SLICE_HEIGHT if self.style == "slices" else SCENE_HEIGHT
        return stretch(float(np.ptp(self.box[:, 2])), self.length, wanted)

    @property
    def camera(self) -> tuple[float, float, float]:
        """From the scene to the camera: from the front right and above; flatter along the bar for slices."""
        if self.style != "slices":
            return (0.42, -1.0, 0.78)
        return (1.0, -0.9, 0.62) if self.long_axis == 0 else (0.9, -1.0, 0.62)

    @cached_property
    def limits(self) -> tuple[float, float]:
        """Ends of the colour bar, SI."""
        values = np.concatenate([self.shown.scalars(r) for r in self.live.values()])
        sizes = np.concatenate([shares(r, at_points=self.shown.at_points) for r in self.live.values()])
        return colour_range(values, sizes, self.shown)

    def place(self, points: Array) -> Array:
        """Points [m] in the scene."""
        return np.asarray((points - self.box.mean(axis=0)) * [1.0, 1.0, self.z_scale] / self.length)

    @cached_property
    def drawn_box(self) -> Array:
        """Corners (2, 3), in the scene, of all that is drawn."""
        inner, outer = self.place(self.box), self.place(extent(self.regions))
        room = np.array([MARGIN, MARGIN, DEPTH * np.ptp(inner[:, 2])])
        return np.stack([np.maximum(outer[0], inner[0] - room), np.minimum(outer[1], inner[1] + room)])

    def draw(self, plotter: Any) -> None:
        """Add everything to a pyvista.Plotter."""
        grids = {name: self._grid(region) for name, region in self.regions.items()}
        metal = {name: grids[name] for name in self.live}
        for k, (name, grid) in enumerate(grids.items()):
            if name not in metal:
                self._draw_surrounding(plotter, grid, FILLS[k % len(FILLS)])
        for grid in metal.values():
            if self.style == "surface":
                self._coloured(plotter, grid.extract_surface(algorithm=None), lighting=True)
            else:
                self._translucent(plotter, grid, "#9aa5b1", 0.22)
            self._edges(plotter, grid, "black", 2.0)
        {"surface": self._surface_arrows, "slices": self._slices, "arrows": self._arrows}.get(
            self.style, self._stream_lines
        )(plotter, metal)

    def _grid(self, region: RegionData) -> Any:
        import pyvista

        cells = np.column_stack([np.full(len(region.cells), region.cells.shape[1]), region.cells])
        kinds = np.full(len(cells), _CELL_TYPES[region.kind], dtype=np.uint8)
        grid = pyvista.UnstructuredGrid(cells.ravel(), kinds, self.place(region.points))
        if region.name in self.live:
            data = grid.point_data if self.shown.at_points else grid.cell_data
            data[_SCALARS] = self.shown.scalars(region)
            data[_VECTORS] = self.shown.arrows(region)
        return grid

    def _draw_surrounding(self, plotter: Any, grid: Any, colour: str) -> None:
        low, high = self.drawn_box
        bounds = [x for pair in zip(low - 1e-9, high + 1e-9, strict=True) for x in pair]
        inside = grid.clip_box(bounds, invert=False)
        if inside.n_cells:
            # What covers the metal must not tint the colours that the bar explains.
            covers = inside.center[2] > self.place(self.box)[:, 2].mean()
            self._translucent(plotter, inside, colour, 0.08 if covers else 0.5)
            self._edges(plotter, inside, "#8f877a", 1.5)

    def _translucent(self, plotter: Any, grid: Any, colour: str, opacity: float) -> None:
        # Front faces only: translucent triangles one behind another are not drawn in the right order everywhere.
        surface = grid.extract_surface(algorithm=None)
        plotter.add_mesh(surface, color=colour, opacity=opacity, culling="back", show_scalar_bar=False)

    def _edges(self, plotter: Any, grid: Any, colour: str, width: float) -> None:
        surface = grid.extract_surface(algorithm=None).clean()
        edges = surface.extract_feature_edges(
            feature_angle=40, boundary_edges=True, non_manifold_edges=False, manifold_edges=False
        )
        if edges.n_points:
            plotter.add_mesh(edges, color=colour, line_width=width, lighting=False)

    def _coloured(self, plotter: Any, mesh: Any, *, lighting: bool = False) -> None:
        plotter.add_mesh(
            mesh, scalars=_SCALARS, cmap=colour_map(self.shown), clim=self.limits, show_scalar_bar=False,
            lighting=lighting, ambient=0.68, diffuse=0.38, specular=0.0,
        )  # fmt: skip

    def _lattice(self, heights: Array, columns: Array | None = None) -> Array:
        """Places (n, 3) in the scene: evenly spaced in x and y (or at given x or y of the longer side)."""
        low, high = self.place(self.box)
        counts = np.maximum(3, np.round((high - low)[:2] * GLYPHS)).astype(int)
        steps = [low[k] + (high - low)[k] * (np.arange(counts[k]) + 0.5) / counts[k] for k in range(2)]
        if columns is not None:
            steps[self.long_axis] = columns
        return np.stack(np.meshgrid(*steps, heights, indexing="ij"), axis=-1).reshape(-1, 3)

    @property
    def long_axis(self) -> int:
        return int(np.argmax(np.ptp(self.box, axis=0)[:2]))

    def _sampled(self, metal: Mapping[str, Any], places: Array) -> tuple[Array, Array, Array]:
        """(places inside the metal, vectors, scalars)."""
        import pyvista

        found = []
        for grid in metal.values():
            probe = pyvista.PolyData(places).sample(grid)
            inside = np.asarray(probe["vtkValidPointMask"], dtype=bool)
            found.append([places[inside], np.asarray(probe[_VECTORS])[inside], np.asarray(probe[_SCALARS])[inside]])
        at, vectors, scalars = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return at, vectors, scalars

    def _glyphs(self, plotter: Any, at: Array, vectors: Array, scalars: Array | None = None) -> None:
        """Arrows no longer than the lattice step, dark, or coloured where scalars are given."""
        import pyvista

        size = np.linalg.norm(vectors, axis=1)
        longest = float(np.percentile(size, 98)) if len(size) else 0.0
        if longest == 0:
            return
        visible = size > SMALLEST * longest
        at, vectors, size = at[visible], vectors[visible], size[visible]
        cloud = pyvista.PolyData(at)
        cloud["drawn"] = vectors / np.maximum(size, longest)[:, None]
        cloud["size"] = np.minimum(size / longest, 1.0)
        if scalars is not None:
            cloud[_SCALARS] = scalars[visible]
        arrow = pyvista.Arrow(
            start=(-0.5, 0, 0), tip_length=0.38, tip_radius=0.17, shaft_radius=0.055, shaft_resolution=16
        )
        drawn = cloud.glyph(orient="drawn", scale="size", factor=0.92 / GLYPHS, geom=arrow, tolerance=None)
        if scalars is None:
            plotter.add_mesh(drawn, color="#1a1a1a", show_scalar_bar=False, ambient=0.4)
        else:
            self._coloured(plotter, drawn, lighting=True)

    def _surface_arrows(self, plotter: Any, metal: Mapping[str, Any]) -> None:
        if self.arrows and self.shown.vector:
            top = self.place(self.box)[1, 2]
            height = np.ptp(self.place(self.box)[:, 2])
            at, vectors, _ = self._sampled(metal, self._lattice(np.array([top - 1e-4 * height])))
            # The arrows float just above the surface, far enough to be seen whole.
            self._glyphs(plotter, at + np.array([0.0, 0.0, 0.008]), vectors)

    def _slices(self, plotter: Any, metal: Mapping[str, Any]) -> None:
        low, high = self.place(self.box)
        axis = self.long_axis
        where = low[axis] + (high - low)[axis] * (np.arange(SLICES) + 0.5) / SLICES
        for grid in metal.values():
            for x in where:
                origin = np.zeros(3)
                origin[axis] = x
                section = grid.slice(normal="xyz"[axis], origin=origin)
                if section.n_cells:
                    self._coloured(plotter, section)
        if self.arrows and self.shown.vector:
            heights = low[2] + (high - low)[2] * np.array([0.12, 0.5, 0.88])
            at, vectors, _ = self._sampled(metal, self._lattice(heights, where))
            self._glyphs(plotter, at, vectors)

    def _arrows(self, plotter: Any, metal: Mapping[str, Any]) -> None:
        middle = self.place(self.box)[:, 2].mean()
        self._glyphs(plotter, *self._sampled(metal, self._lattice(np.array([middle]))))

    def _stream_lines(self, plotter: Any, metal: Mapping[str, Any]) -> None:
        import pyvista

        seeds = self._seeds(metal)
        for grid in metal.values():
            field = grid.cell_data_to_point_data()
            # The flow is stretched like the scene; otherwise lines would leave the film.
            field["flow"] = np.asarray(field[_VECTORS]) * [1.0, 1.0, self.z_scale]
            lines = field.streamlines_from_source(
                pyvista.PolyData(seeds), vectors="flow", max_length=6.0, initial_step_length=0.2,
                max_step_length=0.5, terminal_speed=1e-9,
            )  # fmt: skip
            if lines.n_cells:
                # Beside a corner the interpolated flow runs into the wall; such a line stops halfway and is left out.
                lengths = lines.compute_cell_sizes(length=True, area=False, volume=False)["Length"]
                lines = lines.extract_cells(np.flatnonzero(lengths > WHOLE_LINE * lengths.max())).extract_surface(
                    algorithm=None
                )
                self._coloured(plotter, lines.tube(radius=0.0022, n_sides=10), lighting=True)
                self._direction_cones(plotter, lines)

    def _seeds(self, metal: Mapping[str, Any]) -> Array:
        """Where stream lines start: spread evenly over the metal across the middle of its longest side."""
        low, high = self.place(self.box)
        across, along = 1 - self.long_axis, self.long_axis
        line = np.tile((low + high) / 2, (SEED_TRIALS, 1))
        line[:, across] = low[across] + (high - low)[across] * (np.arange(SEED_TRIALS) + 0.5) / SEED_TRIALS
        line[:, along] += 1e-6
        inside, _, _ = self._sampled(metal, line)
        inside = inside[np.argsort(inside[:, across])]
        chosen = ((np.arange(STREAM_LINES) + 0.5) / STREAM_LINES * len(inside)).astype(int)
        return inside[chosen] if len(inside) else inside

    def _direction_cones(self, plotter: Any, lines: Any) -> None:
        """Two cones on every line tell which way the current flows."""
        import pyvista

        spots = []
        for number in range(lines.n_cells):
            points = lines.get_cell(number).point_ids
            spots += [points[len(points) // 4], points[3 * len(points) // 4]] if len(points) > 8 else []
        cloud = pyvista.PolyData(np.asarray(lines.points)[spots])
        cloud["flow"] = np.asarray(lines["flow"])[spots]
        cloud[_SCALARS] = np.asarray(lines[_SCALARS])[spots]
        cone = pyvista.Cone(direction=(1, 0, 0), height=0.022, radius=0.007, resolution=20)
        self._coloured(plotter, cloud.glyph(orient="flow", scale=False, geom=cone, tolerance=None), lighting=True)
