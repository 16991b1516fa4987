"""Fields written by several processes: the same cells, names, values and integrals as from one.

Processes are threads here, with the few methods of a communicator that are used above the engines; each holds every
second or third cell of a region. `tests/fenicsx` writes from real ones.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import meshio
import numpy as np
import pytest
import pyvista
from matplotlib.figure import Figure
from matplotlib.image import imread

from hanle.fields_file import write_fields
from hanle.meshes.hall_bar import hall_bar
from hanle.meshes.layered import Layers
from hanle.meshes.layers import film
from hanle.output import provenance
from hanle.pde.errors import HanleError, InputError
from hanle.pde.metal import normal_metal
from hanle.pde.problem import Problem
from hanle.pde.processes import Processes
from hanle.pde.solution import Solution
from hanle.quantities import shares
from hanle.region_data import CURRENT, SPIN_ACCUMULATION, all_regions, region_data
from hanle.scenes import show
from hanle.sections import plot_section
from hanle.together import each, led, streamed

NM = 1e-9
LENGTH = 1.3 * NM
#: The cells are boxes; VTK measures them by tetrahedra in double precision.
VOLUME = 1e-9


class Threads:
    """What threads that act as processes share."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.barrier = threading.Barrier(size, timeout=30)
        self.slots: list[Any] = [None] * size
        self.mail: dict[int, Any] = {}
        self.arrived = threading.Condition()


@dataclass(frozen=True)
class Comm:
    """A communicator between threads."""

    shared: Threads
    rank: int
    size: int = field(default=0)

    def allgather(self, part: Any) -> list[Any]:
        self.shared.slots[self.rank] = part
        self.shared.barrier.wait()
        found = list(self.shared.slots)
        self.shared.barrier.wait()
        return found

    def Allreduce(self, part: Any, found: Any) -> None:
        found[...] = sum(self.allgather(part))

    def send(self, part: Any, dest: int) -> None:
        with self.shared.arrived:
            assert dest == 0
            self.shared.arrived.wait_for(lambda: self.rank not in self.shared.mail, timeout=30)
            self.shared.mail[self.rank] = part
            self.shared.arrived.notify_all()

    def recv(self, source: int) -> Any:
        with self.shared.arrived:
            assert self.shared.arrived.wait_for(lambda: source in self.shared.mail, timeout=30)
            part = self.shared.mail.pop(source)
            self.shared.arrived.notify_all()
            return part


def in_processes(size: int, action: Callable[[Processes], Any]) -> list[Any]:
    """What an action returns, or the exception it raises, on each of `size` processes."""
    shared, found = Threads(size), [None] * size

    def run(rank: int) -> None:
        try:
            found[rank] = action(Processes(Comm(shared, rank, size)))
        except Exception as error:
            found[rank] = error

    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    return found


def metal() -> Any:
    return normal_metal(conductivity=4.1e6, diffusion_constant=6e-4, diffusion_length=LENGTH, spin_hall_angle=0.07)


def paint(points: Any) -> Any:
    values, slopes = np.zeros((len(points), 4)), np.zeros((len(points), 3, 4))
    values[:, 0], slopes[:, 0, 0] = 1e4 * points[:, 0], 1e4
    values[:, 2], slopes[:, 2, 2] = 4e-7 * np.sinh(points[:, 2] / LENGTH), 3e2 * np.cosh(points[:, 2] / LENGTH)
    values[:, 3], slopes[:, 1, 3] = 0.1 * points[:, 1], 0.1
    return values, slopes


class Part:
    """A painted system of which each process holds every n-th cell; the last process holds none of Pt."""

    def __init__(self, whole: Any, processes: Processes) -> None:
        self.whole, self.processes, self.problem = whole, processes, whole.problem

    def cells(self, count: int) -> Any:
        holders = max(1, self.processes.size - 1)
        return np.arange(count)[self.processes.rank :: holders] if self.processes.rank < holders else np.arange(0)

    def vertex_values(self, region: str, state: Any, own: bool = False) -> Any:
        points, cells, values = self.whole.vertex_values(region, state)
        if not own:
            return points, cells, values
        mine = cells[self.cells(len(cells))]
        used, local = np.unique(mine, return_inverse=True)
        return points[used], local.reshape(mine.shape), values[:, used]

    def samples(self, *arguments: Any) -> Any:
        whole = self.whole.samples(*arguments)
        mine = self.cells(len(whole.entities))
        arrays = (whole.weights[:, mine], whole.values[:, mine], whole.gradients[:, mine])
        return type(whole)(whole.points[mine], *arrays, whole.entities[mine])


@pytest.fixture
def bar(painted: Any) -> Solution:
    shape = hall_bar(60 * NM, 20 * NM, [("YIG", 5 * NM), ("Pt", 2 * NM)])
    found: Solution = painted(Problem(shape.mesh(lateral="uniform"), {"Pt": metal()}), paint)
    return found


def divided(solution: Solution, processes: Processes) -> Solution:
    """The same solution, held by several processes."""
    r = solution.response
    names = ("drives", "lifts", "changes", "source_state", "reference", "correction", "source_flux", "proof")
    response = type(r)(Part(r.system, processes), *(getattr(r, name) for name in names))
    return type(solution)(response, *(solution.amplitudes for _ in range(3)))


def blocks(path: Path) -> dict[str, Any]:
    """Regions of a file as pyvista reads them, by name."""
    if path.suffix == ".pvd":
        names = [entry.path for entry in pyvista.get_reader(path).datasets]
        return {Path(name).stem: block for name, block in zip(names, pyvista.read(path), strict=True)}
    read = pyvista.read(path)
    return {name: read[name] for name in read.keys()}  # noqa: SIM118 - a MultiBlock iterates over its blocks


def name_in(path: Path, name: str) -> str:
    """The name of an array in a file of this format."""
    return name.replace("/", " per ") if path.suffix == ".vtkhdf" else name


def sorted_places(points: Any) -> Any:
    """The order of some points by their coordinates, to 0.001 nm."""
    return np.lexsort(np.round(np.asarray(points) / (1e-3 * NM)).T)


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("suffix", [".pvd", ".vtkhdf", ".vtm"])
def test_pieces_make_the_whole(bar: Solution, tmp_path: Path, suffix: str, size: int) -> None:
    """Without ghosts: a cell written twice, or not at all, would change counts and integrals."""
    goal = tmp_path / "new" / f"bar{suffix}"
    paths = in_processes(size, lambda team: write_fields(divided(bar, team), goal, provenance={}))
    assert paths == [goal] * size
    whole, found = all_regions(bar), blocks(goal)
    assert list(found) == list(whole) == ["YIG", "Pt"]
    for name, region in whole.items():
        got = found[name]
        assert isinstance(got, pyvista.UnstructuredGrid)
        assert got.n_cells == len(region.cells)
        assert sorted(got.array_names) == sorted(name_in(goal, n) for n in (*region.point_data, *region.cell_data))
        order, own_order = sorted_places(region.centres), sorted_places(got.cell_centers().points)
        for array, values in region.cell_data.items():
            np.testing.assert_array_equal(got.cell_data[name_in(goal, array)][own_order], values[order])
    got, region = found["Pt"], whole["Pt"]
    places, values = np.asarray(got.points), got.point_data[name_in(goal, SPIN_ACCUMULATION)]
    np.testing.assert_array_equal(values, 2 * paint(places)[0][:, 1:])
    # Volumes of cells of a few nm are below what VTK takes for zero: measure in nm.
    sizes = got.scale(1e9).compute_cell_sizes()["Volume"] * 1e-27
    boxes = shares(region, at_points=False)
    assert sizes.sum() == pytest.approx(boxes.sum(), rel=VOLUME)
    current = sizes @ got.cell_data[name_in(goal, CURRENT)]
    np.testing.assert_allclose(current, boxes @ region.cell_data[CURRENT], rtol=VOLUME)


def test_pieces_hold_each_cell_once(bar: Solution, tmp_path: Path) -> None:
    """One file per process that has cells, in metres and readable alone; points between processes are in both."""
    goal = tmp_path / "bar.pvd"
    in_processes(3, lambda team: write_fields(divided(bar, team), goal, provenance={"run": "first"}))
    files = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.*"))
    names = ["Pt.pvtu", "Pt/0.vtu", "Pt/1.vtu", "YIG.pvtu", "YIG/0.vtu", "YIG/1.vtu", "YIG/2.vtu"]
    assert files == ["bar.pvd", *(f"bar/{name}" for name in names)]
    pieces = [meshio.read(tmp_path / "bar" / name) for name in ("Pt/0.vtu", "Pt/1.vtu")]
    centres = np.concatenate([p.points[p.cells_dict["hexahedron"]].mean(axis=1) for p in pieces])
    assert len(np.unique(np.round(centres / (1e-3 * NM)), axis=0)) == len(centres)
    region = region_data(bar, "Pt")
    assert sum(len(p.points) for p in pieces) > len(region.points)
    with pytest.raises(InputError, match=r"path.*no other index lists.*bar\.pvd"):
        write_fields(bar, tmp_path / "bar.vtm", provenance={}, overwrite=True)
    (tmp_path / "bar" / "Pt" / "thesis.tex").touch()
    with pytest.raises(InputError, match="thesis"):
        write_fields(bar, goal, provenance={}, overwrite=True)


def test_layers_in_every_format(painted: Any, tmp_path: Path) -> None:
    layers = Layers(("YIG", "Pt"), np.array([[20 * NM, 4 * LENGTH]]))
    solution = painted(Problem(layers, {"Pt": metal()}), paint)
    for suffix in (".pvd", ".vtkhdf"):
        found = blocks(write_fields(solution, tmp_path / f"stack{suffix}", provenance={}))
        assert list(found) == ["YIG", "Pt"]
        assert found["Pt"].length == pytest.approx(4 * LENGTH)
        assert found["Pt"].n_cells == len(region_data(solution, "Pt").cells)


def test_hdf_keeps_names_and_provenance(block_mesh: Any, painted: Any, tmp_path: Path) -> None:
    """HDF5 takes "/" for a path, VTK takes "Assembly" for its own."""
    mesh = block_mesh("z", [np.arange(4) * NM], regions=("Pt", "Assembly", "a/b"), layout=[0, 1, 2])
    solution = painted(Problem(mesh, {"Pt": metal()}), paint)
    notes = provenance(citations=["Zhang et al., 2019"])
    path = write_fields(solution, tmp_path / "bar.vtkhdf", provenance=notes)
    assert list(blocks(path)) == ["Pt", "Assembly-1", "a per b"]
    with h5py.File(path) as file:
        stored = {name: text.asstr()[()] for name, text in file["provenance"].items()}
    assert stored == notes
    with pytest.raises(InputError, match=r"bar\.vtkhdf.*overwrite=True"):
        write_fields(solution, path, provenance={})


@pytest.mark.parametrize("failing", [0, 1])
@pytest.mark.parametrize("suffix", [".pvd", ".vtkhdf"])
def test_an_error_on_one_process_is_an_error_on_all(
    bar: Solution, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, failing: int
) -> None:
    """Nobody waits, every process raises the same, nothing is left."""
    write, rows = meshio.Mesh.write, []

    def fail_one(self: Any, path: Path, **options: Any) -> None:
        if path.name == f"{failing}.vtu":
            raise OSError(28, "No space left on device")
        write(self, path, **options)

    def fail_later(self: Any, place: Any, part: Any) -> None:
        rows.append(part)
        if len(rows) > 3 + failing:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(meshio.Mesh, "write", fail_one)
    monkeypatch.setattr(h5py.Dataset, "__setitem__", fail_later)
    found = in_processes(3, lambda team: write_fields(divided(bar, team), tmp_path / f"bar{suffix}", provenance={}))
    assert [str(error) for error in found] == ["[Errno 28] No space left on device"] * 3
    assert list(tmp_path.iterdir()) == []


def test_the_first_process_acts_for_all() -> None:
    """Return values and errors of every kind reach the others; of what cannot be sent the message does."""

    def fail(error: Exception) -> None:
        raise error

    def act(team: Processes) -> Any:
        assert led(team, lambda: (team.rank, "x")) == (0, "x")
        assert each(team, lambda: team.rank) == list(range(team.size))
        taken: list[int] = []
        streamed(team, 10 * team.rank, taken.append)
        assert taken == ([0, 10, 20] if team.rank == 0 else [])
        with pytest.raises(ZeroDivisionError):
            streamed(team, team.rank, lambda rank: taken.append(rank) or 1 // 0)
        assert taken == ([0, 10, 20, 0] if team.rank == 0 else [])
        with pytest.raises(
            InputError, match='field must be a vector; instead received "5" - write three'
        ) as caught:
            led(team, lambda: fail(InputError("field", "a vector", "5", "write three")))
        assert caught.value.key == "field"
        with pytest.raises(InputError if team.rank == 0 else HanleError, match=r"^f must be x; instead received <"):
            led(team, lambda: fail(InputError("f", "x", threading.Lock())))
        return team.rank

    assert in_processes(3, act) == [0, 1, 2]


def test_pictures_are_drawn_once(
    bar: Solution, painted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From all cells, by the first process; the others know what is on them."""
    savefig, saved = Figure.savefig, []
    monkeypatch.setattr(Figure, "savefig", lambda figure, path: saved.append(path.name) or savefig(figure, path))
    flat = painted(Problem(film(100 * NM, [("YIG", 20 * NM), ("Pt", 5 * NM)]).mesh(), {"Pt": metal()}), paint)
    drawings = ((flat, partial(show, quantity="current")), (bar, plot_section), (flat, plot_section))
    for k, (solution, draw) in enumerate(drawings):
        alone = draw(solution, tmp_path / f"{k}-alone.png")
        found = in_processes(2, lambda team, s=solution, d=draw, k=k: d(divided(s, team), tmp_path / f"{k}.png"))
        assert found[0] == found[1]
        assert found[0].texts == alone.texts
        np.testing.assert_array_equal(imread(found[0].path), imread(alone.path))
    assert saved == [f"{k}{part}.png" for k in range(3) for part in ("-alone", "")]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(saved)
