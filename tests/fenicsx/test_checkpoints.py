"""Courses that go on from a file of another number of processes, or of another distribution of the same mesh: compared
with the same ones, uninterrupted, on the processes that end them.

Pt on a magnet              linear, under an alternating drive; a magnet that moves beside fields that lag
a film on a bath            Joule heat, Newton's method
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI

import hanle
from hanle.joule_heating import heated
from hanle.macrospins import moved
from hanle.meshes.coarse import CoarseMeshWarning
from hanle.meshes.partition import bisected
from hanle.pde import checkpoint
from hanle.pde.engines.fenicsx import Fenicsx
from hanle.pde.engines.fenicsx_mesh import Partitioner
from hanle.pde.errors import InputError
from hanle.pde.linear.parallel import solver
from hanle.pde.macrospin_motion import move
from hanle.pde.motion_lagging import Lagging
from hanle.pde.motion_record import MotionControl, MotionRecord
from hanle.pde.processes import Processes
from hanle.pde.recording import Record
from hanle.pde.solution import Solution
from hanle.pde.transient import Control, Drives, transient
from hanle.solving import pose
from hanle.wiring import drive_table

WORLD = Processes(MPI.COMM_WORLD)
NM, TIGHT = 1e-9, 1e-12
#: Rounding of factorisations that differ after some ten steps, of the largest value.
SAME = 1e-7
MAGNET = {"kind": "magnetic insulator", "G_s": "-2e13 S/m^2", "G_r": "4e14 S/m^2", "G_i": "1.5e14 S/m^2"}

pytestmark = pytest.mark.filterwarnings(f"ignore::{CoarseMeshWarning.__module__}.{CoarseMeshWarning.__name__}")

#: Processes that begin, and that go on.
PAIRS = [*permutations(range(1, WORLD.size + 1), 2)] or [(1, 1)]


@cache
def first(count: int) -> Any:
    """A communicator of the first processes; None on the others."""
    found = MPI.COMM_WORLD.Split(int(WORLD.rank < count), WORLD.rank)
    return found if WORLD.rank < count else None


def on(count: int, act: Callable[[Any], Any]) -> Any:
    """What an action gives on the first processes, for all."""
    comm = first(count)
    found = None if comm is None else act(comm)
    return WORLD.gather(found)[0]


def spin_film() -> hanle.Device:
    """A section of Pt on a magnet."""
    shape = hanle.section("12 nm", [("YIG", "4 nm"), ("Pt", "3 nm")])
    return hanle.Device(
        shape, {"Pt": "Pt", "YIG": MAGNET}, field=(5.0, 20.0, 7.0), magnetisation={"YIG": (0.2, 0.9, -0.4)}
    )


def options(device: hanle.Device) -> dict[str, Any]:
    coarse: dict[str, Any] = {"cells_per_length": 1, "growth": 1.0}
    if not device.heat_contacts:
        coarse |= {"lateral": "uniform", "sizes": {"y": 2 * NM}}
    return {"engine": "fenicsx", "solver": "direct", "mesh": device.mesh(**coarse)}


def stopping(after: int, read: Callable[[Solution], Any]) -> Callable[[Solution], Any]:
    """A read-out that interrupts; 0: never."""
    left = [after]

    def ask(solution: Solution) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        return read(solution)

    return ask


def fields_in(device: hanle.Device) -> Callable[[Solution], Any]:
    """All fields in the metal at two places."""
    metal, heights = ("Au", (60 * NM, 170 * NM)) if device.heat_contacts else ("Pt", (4.3 * NM, 6.9 * NM))
    points = np.array([[0, y * NM, z] for y, z in zip((1.1, -5), heights, strict=True)])
    return lambda solution: solution.response.system.evaluate(metal, solution.state, points)


def interrupted(act: Callable[..., Any]) -> None:
    with pytest.raises(KeyboardInterrupt):
        act()


def interrupt_after(seconds: float) -> None:
    time.sleep(seconds)
    raise KeyboardInterrupt


def hot_film() -> hanle.Device:
    """A film on a bath, heated by its current."""
    heat = {"lattice_heat_conductivity": "5 W/(m K)", "electron_lattice_coupling": "3e17 W/(m^3 K)"}
    stored = {"lattice_heat_capacity": "2.5e6 J/(m^3 K)", "seebeck": "0 V/K"}
    return hanle.Device(
        hanle.stack([("Au", "200 nm")]),
        {"Au": {"like": "Au", "spin_hall_angle": 0.0} | heat | stored},
        transport=("heat",),
        heat_contacts={"bath": ["bottom"]},
        wires={"Au": ["Au"]},
    )


def course(device: hanle.Device, until: float) -> Callable[..., Any]:
    """comm, path, ... -> read-outs (times, ...) of a course."""
    problem = pose(device, drive=drive_table(None, None, None, None, None), **options(device)).problem
    drive, size = "du/dx", 1e7
    if device.heat_contacts:
        problem = heated(device, problem).problem
        drive, size = next(name for name in problem.drives if "Au" in name), 2e5

    def follow(
        comm: Any, path: Path | None, stop: int = 0, partitioner: Partitioner = bisected, resume: bool = False
    ) -> Any:
        control = Control(1e-2, solver=solver("direct"), solve_tolerance=TIGHT, checkpoint=path, every=3)
        record = Record(np.linspace(0, until, 5), {"fields": stopping(stop, fields_in(device))})
        drives = Drives({drive: lambda t: size * np.cos(3 * t / until)})
        engine = Fenicsx(1, comm, partitioner)
        return transient(problem, engine, drives, until, record=record, control=control, resume=resume).readings[
            "fields"
        ]

    return follow


def motion(device: hanle.Device) -> Callable[..., Any]:
    """comm, path, ... -> m and the fields at all times, of a magnet beside which fields lag."""
    magnets = {"YIG": hanle.Macrospin(damping=0.02, saturation_magnetisation="140 kA/m", field=("1 T", "3 T", 0))}
    posed = moved(device, magnets, drive_table(None, None, None, None, None), **options(device))
    until = 2e-12

    def follow(
        comm: Any, path: Path | None, stop: int = 0, partitioner: Partitioner = bisected, resume: bool = False
    ) -> Any:
        spins = replace(posed.spins, engine=Fenicsx(1, comm, partitioner), solver=solver("direct"), tolerance=TIGHT)
        control = MotionControl(1e-3, lagging=True, fields=1e-2, checkpoint=path, every=3)
        record = MotionRecord(np.linspace(0, until, 4), {"fields": stopping(stop, fields_in(device))})
        found = move(spins, posed.start, until, record=record, control=control, resume=resume)
        # What is kept of the fields of earlier times answers too.
        again = Lagging(spins, spins.directions(posed.start))
        later = [fields_in(device)(again.solution(state)) for state in found.states]
        np.testing.assert_allclose(later, found.readings["fields"], rtol=1e-6, atol=1e-6 * np.abs(later).max())
        return np.concatenate([found.m["YIG"].ravel(), found.readings["fields"].ravel() / 1e-6])

    return follow


#: What is followed, and a distribution of the mesh that is not the usual one.
CASES = {
    "linear": (lambda: course(spin_film(), 1e-13), "random"),
    "nonlinear": (lambda: course(hot_film(), 1e-10), "last"),
    "motion": (lambda: motion(spin_film()), "random"),
}


@dataclass(frozen=True, eq=False)
class Followed:
    """A case, and what it is uninterrupted."""

    follow: Callable[..., Any]
    other: str

    @cache  # noqa: B019
    def whole(self, count: int) -> Any:
        return on(count, lambda comm: self.follow(comm, None))

    def interrupted(self, count: int, path: Path, partitioner: Partitioner) -> None:
        on(count, lambda comm: interrupted(lambda: self.follow(comm, path, 3, partitioner)))
        assert [p.name for p in path.parent.iterdir()] == [path.name]

    def close(self, count: int, path: Path) -> None:
        found, expected = on(count, lambda comm: self.follow(comm, path, resume=True)), self.whole(count)
        assert found.shape == expected.shape
        assert np.abs(expected).max() > 0
        np.testing.assert_allclose(found, expected, rtol=0, atol=SAME * np.abs(expected).max())


@pytest.fixture(scope="module", params=list(CASES))
def case(request: pytest.FixtureRequest) -> Followed:
    follow, other = CASES[request.param]
    return Followed(follow(), other)


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_another_number_of_processes_goes_on(case: Followed, before: int, after: int, tmp_path: Path) -> None:
    case.interrupted(before, tmp_path / "course.npz", bisected)
    case.close(after, tmp_path / "course.npz")


def test_another_distribution_of_the_mesh_goes_on(
    case: Followed, partitioners: dict[str, Partitioner], tmp_path: Path
) -> None:
    """States stand in the file as one process would have them, whoever owned what."""
    case.interrupted(WORLD.size, tmp_path / "course.npz", partitioners[case.other])
    case.close(WORLD.size, tmp_path / "course.npz")


def test_a_solution_of_another_distribution_is_no_beginning(partitioners: dict[str, Partitioner]) -> None:
    """Its state would be misread: unknowns of this process are others."""
    device = spin_film()
    problem = pose(device, drive=drive_table(None, "1 A/m^2", None, None, None), **options(device)).problem
    mine, other = (Fenicsx(1, None, partitioners[name]) for name in ("bisected", "random"))
    found = transient(problem, other, Drives({"du/dx": 1e6}), 1e-14, control=Control(1e-2))
    begin = found.final.solution
    assert begin is not None
    transient(problem, other, Drives({"du/dx": 1e6}), 1e-14, control=Control(1e-2), initial=begin)
    if WORLD.size > 1:
        with pytest.raises(InputError, match="initial must be a solution of the same problem"):
            transient(problem, mine, Drives({"du/dx": 1e6}), 1e-14, initial=begin)


def test_one_process_that_is_interrupted_leaves_the_file_before(tmp_path: Path) -> None:
    """It does not wait for ever for the others, and writes nothing that is half of one step and half of another."""
    device, path = spin_film(), tmp_path / "course.npz"
    follow = course(device, 1e-13)
    on(WORLD.size, lambda comm: interrupted(lambda: follow(comm, path, stop=4)))
    before = path.read_bytes()
    WORLD.gather(None)
    with pytest.raises(KeyboardInterrupt), checkpoint.kept(WORLD, lambda: path.write_text("half")):
        interrupt_after(2 * checkpoint.PATIENCE * WORLD.rank)
    WORLD.gather(None)
    assert (path.read_bytes() == before) == (WORLD.size > 1)


def test_processes_in_different_steps_write_nothing(tmp_path: Path) -> None:
    problem = pose(spin_film(), drive=drive_table(None, None, None, None, None), **options(spin_film())).problem
    system, path = Fenicsx().assemble(problem), tmp_path / "course.npz"
    checkpoint.write(path, system, checkpoint.Content({"clock": [0], "digest": ""}))
    checkpoint.write(path, system, checkpoint.Content({"clock": [WORLD.rank or WORLD.size], "digest": ""}))
    found = checkpoint.read(path, system, "")
    assert found.numbers["clock"] == [0 if WORLD.size > 1 else 1]
