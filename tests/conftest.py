"""Fixtures shared by all tests."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from hanle.meshes.facets import FaceRule, name_faces
from hanle.meshes.layered import Layers
from hanle.meshes.tagged import TaggedMesh
from hanle.meshes.tensor import tensor_grid
from hanle.pde.engines.contract import Samples
from hanle.pde.problem import Problem
from hanle.pde.processes import ALONE, Processes
from hanle.pde.response import Response
from hanle.pde.solution import Solution

_approx = pytest.approx


def _relative_approx(expected: Any, rel: Any = None, abs: Any = None, nan_ok: bool = False) -> Any:
    """pytest.approx without its hidden absolute tolerance of 1e-12, which is large among SI numbers."""
    if abs is None:
        rel, abs = 1e-6 if rel is None else rel, 0.0
    return _approx(expected, rel=rel, abs=abs, nan_ok=nan_ok)


pytest.approx = _relative_approx


def pytest_addoption(parser: pytest.Parser) -> None:
    """--elements chooses the engine of the tests that hold for any engine of finite elements."""
    parser.addoption(
        "--elements", choices=("scikit", "fenicsx"), default="scikit", help="engine of finite elements"
    )


@dataclass(frozen=True)
class Elements:
    """elements(order): the chosen engine of finite elements; elements.direct, elements.iterative: its solvers."""

    name: str

    def __call__(self, order: int = 1) -> Any:
        if self.name == "scikit":
            from hanle.pde.engines.scikit import Scikit

            return Scikit(order)
        from hanle.pde.engines.fenicsx import Fenicsx

        return Fenicsx(order)

    @property
    def direct(self) -> Any:
        if self.name == "scikit":
            from hanle.pde.linear.direct import Direct

            return Direct()
        from hanle.pde.linear.parallel import solver

        return solver("direct")

    @property
    def iterative(self) -> Any:
        if self.name == "scikit":
            from hanle.pde.linear.multigrid import Multigrid

            return Multigrid()
        from hanle.pde.linear.parallel import solver

        return solver("multigrid")


@pytest.fixture(scope="session")
def elements(request: pytest.FixtureRequest) -> Elements:
    """The engine of finite elements that --elements names."""
    return Elements(request.config.getoption("--elements"))


@pytest.fixture
def one_process(elements: Elements) -> None:
    """For tests that read states of the whole device."""
    if elements.name == "fenicsx":
        from mpi4py import MPI

        if MPI.COMM_WORLD.size > 1:
            pytest.skip("reads states of the whole device: one process")


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers with a fixed seed."""
    return np.random.default_rng(20261121)


@pytest.fixture
def interrupting() -> Callable[[Callable[[Solution], Any], int], Callable[[Solution], Any]]:
    """(reading, count) -> the reading, during which the user presses Ctrl-C at that call, once."""

    def once(reading: Callable[[Solution], Any], count: int) -> Callable[[Solution], Any]:
        calls = iter(range(1, count + 1))

        def ask(solution: Solution) -> Any:
            if next(calls, 0) == count > 0:
                raise KeyboardInterrupt
            return reading(solution)

        return ask

    return once


@dataclass(frozen=True, eq=False)
class PaintedSystem:
    """The few methods of a System that files and pictures read, for fields given as formulas."""

    problem: Problem
    paint: Any
    batch: int = 1
    size: int = 1
    unknowns: int = 1
    processes: Processes = ALONE

    def vertex_values(self, region: str, state: Any, own: bool = False) -> Any:
        points, cells = self._geometry(region)
        return points, cells, self.paint(points)[0][None]

    def evaluate(self, region: str, state: Any, points: Any) -> Any:
        return self.paint(points)[0][None]

    def samples(self, region: str, state: Any, gradients: Any, rule: str = "gauss") -> Samples:
        points, cells = self._geometry(region)
        if isinstance(self.problem.mesh, Layers):
            low, high = points[[0, -1], 2]
            places = np.zeros((1, 1 if rule == "centre" else 24, 3))
            places[0, :, 2] = (low + high) / 2 if rule == "centre" else np.linspace(low, high, 26)[1:-1]
        else:
            places = points[cells].mean(axis=1)[:, None]
        values, slopes = self.paint(places.reshape(-1, 3))
        shape = (1, *places.shape[:2])
        values, slopes = values.reshape(*shape, -1), slopes.reshape(*shape, 3, -1)
        return Samples(places, np.ones(shape), values, slopes, np.arange(len(places)))

    def _geometry(self, region: str) -> Any:
        mesh = self.problem.mesh
        if isinstance(mesh, Layers):
            ends = np.concatenate([[0.0], np.cumsum(mesh.thickness[0])])
            k = mesh.names.index(region)
            points = np.zeros((41, 3))
            points[:, 2] = np.linspace(ends[k], ends[k + 1], 41)
            return points, np.stack([np.arange(40), np.arange(1, 41)], axis=1)
        cells = mesh.cells[mesh.region_cells(region)]
        used, local = np.unique(cells, return_inverse=True)
        return mesh.points3(mesh.points[used]), local.reshape(cells.shape)


@pytest.fixture
def painted() -> Callable[[Problem, Any], Solution]:
    """painted(problem, paint): fields by a formula, points (n, 3) -> values (n, N), slopes (n, 3, N)."""

    def build(problem: Problem, paint: Any) -> Solution:
        system: Any = PaintedSystem(problem, paint)
        none: Any = np.zeros((1, 0, 0))
        response = Response(system, (), {}, {}, np.zeros(1), none, none, np.zeros((1, 0)), None)  # type: ignore[arg-type]
        empty = np.zeros((1, 0))
        return Solution(response, empty, empty, empty)

    return build


@pytest.fixture
def block_mesh(rng: np.random.Generator) -> Callable[..., TaggedMesh]:
    """block_mesh(axes, coordinates, ...): a tensor mesh, optionally cut and distorted.

    Outer faces are called "x-", "x+", ...; "A|x-", ... where there are several regions.
    Keyword arguments: `layout` region number per box, `regions` their names, `simplices`, `periodic` axis names,
    `distort` part of a cell by which points move, those on outer planes and on `planes` (axis, coordinate) within
    them.
    """

    def build(
        axes: str,
        coordinates: Any,
        *,
        regions: tuple[str, ...] = ("A",),
        layout: Any = 0,
        simplices: bool = False,
        periodic: str = "",
        distort: float = 0.0,
        planes: tuple[tuple[str, float], ...] = (),
    ) -> TaggedMesh:
        shape = tuple(len(c) - 1 for c in coordinates)
        boxes = np.broadcast_to(layout, shape)
        grid = tensor_grid(coordinates, boxes, [axes.index(a) for a in periodic], simplices=simplices)
        ends = [
            (a, sign, c[end]) for a, c in zip(axes, coordinates, strict=True) for sign, end in (("-", 0), ("+", -1))
        ]
        rules = [
            FaceRule(a + sign if len(regions) == 1 else f"{regions[r]}|{a}{sign}", regions[r], a, float(at))
            for a, sign, at in ends
            if a not in periodic
            for r in np.unique(boxes.take(0 if sign == "-" else -1, axes.index(a)))
        ]
        faces = name_faces(tuple(axes), grid.points, regions, grid.cell_region, grid.skin, rules)
        points = grid.points.copy()
        for k, c in enumerate(coordinates):
            fixed = [c[0], c[-1], *(at for a, at in planes if a == axes[k])]
            free = ~np.any(np.abs(grid.points[:, k, None] - fixed) < 1e-9 * np.ptp(c), axis=1)
            points[free, k] += distort * np.diff(c).min() * rng.uniform(-1, 1, int(free.sum()))
        return TaggedMesh(
            axes=tuple(axes),
            points=points,
            kind=grid.kind,
            cells=grid.cells,
            regions=regions,
            cell_region=grid.cell_region,
            faces=faces,
            periodic={axes[a]: pairs for a, pairs in grid.periodic.items()},
        )

    return build
