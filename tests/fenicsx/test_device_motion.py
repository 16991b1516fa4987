"""Devices in time, under AC and in motion by the engine fenicsx <-> scikit on the same mesh, on 1 to 3 processes.

section of Pt on a magnet         amplitudes at one frequency; a course, its events and its restart; small motions
bar of Pt on a magnet in 3D       the same at one frequency and after a step
section Pt | Co                   a magnet that moves
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI

import hanle
from hanle.meshes.coarse import CoarseMeshWarning
from hanle.meshes.geometry import region_volume
from hanle.pde.processes import Processes

WORLD = Processes(MPI.COMM_WORLD)
NM = 1e-9
#: Of the largest value of a read-out: rounding of two factorisations, and what a hundred steps make of it.
SAME, STEPS = 1e-9, 1e-7
TIGHT = 1e-12
DIRECT = {"solver": "direct", "tolerance": TIGHT}
COARSE = {"cells_per_length": 1, "growth": 1.0, "lateral": "uniform"}
MAGNET = {"kind": "magnetic insulator", "G_s": "-2e13 S/m^2", "G_r": "4e14 S/m^2", "G_i": "1.5e14 S/m^2"}
ENGINES = ("scikit", "fenicsx")

pytestmark = pytest.mark.filterwarnings(f"ignore::{CoarseMeshWarning.__module__}.{CoarseMeshWarning.__name__}")


def section() -> tuple[hanle.Device, dict[str, Any]]:
    shape = hanle.section("12 nm", [("YIG", "4 nm"), ("Pt", "3 nm")])
    device = hanle.Device(
        shape,
        {"Pt": "Pt", "YIG": MAGNET},
        field=(5.0, 20.0, 7.0),
        magnetisation={"YIG": (0.2, 0.9, -0.4)},
    )
    return device, {"mesh": device.mesh(**COARSE, sizes={"y": 2 * NM}), **DIRECT}


def bar() -> tuple[hanle.Device, dict[str, Any]]:
    shape = hanle.hall_bar("12 nm", "6 nm", [("YIG", "4 nm"), ("Pt", "2 nm")])
    device = hanle.Device(shape, {"Pt": "Pt", "YIG": MAGNET}, magnetisation={"YIG": (0.2, 0.9, -0.4)})
    return device, {"mesh": device.mesh(**COARSE, sizes={"x": 2 * NM, "y": 2 * NM}), **DIRECT}


def close(found: Any, expected: Any, part: float = SAME) -> None:
    """Equal but for `part` of the largest; a field along y is not known (nan) where nothing says it."""
    found, expected = np.nan_to_num(found), np.nan_to_num(expected)
    assert found.shape == expected.shape
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=part * np.abs(expected).max())


def alike(values: Any) -> None:
    """The same numbers on every process."""
    assert len(set(WORLD.gather(np.asarray(values).tobytes()))) == 1


def both(solve: Callable[..., Any], **options: Any) -> list[Any]:
    return [solve(engine=engine, **options) for engine in ENGINES]


def test_amplitudes_of_a_section() -> None:
    device, options = section()
    alone, together = both(device.solve_ac, frequency="3 THz", **options)
    for name in ("rho_L_change", "rho_L"):
        close(getattr(together, name), getattr(alone, name))
        alike(getattr(together, name))
    points = [[0, 1.1 * NM, 4.3 * NM], [0, -5 * NM, 6.9 * NM]]
    for ask in (lambda r: r.spin_accumulation("Pt", points), lambda r: r.torque("YIG")):
        close(ask(together), ask(alone))
        assert np.abs(np.imag(ask(alone))).max() > 1e-3 * np.abs(ask(alone)).max()


@pytest.mark.parametrize("solver", ["direct", "multigrid"])
def test_amplitudes_of_a_bar(solver: str) -> None:
    device, options = bar()
    alone = device.solve_ac(frequency="3 THz", engine="scikit", **options)
    together = device.solve_ac(frequency="3 THz", engine="fenicsx", **options | {"solver": solver})
    close(together.impedance(), alone.impedance())
    close(together.torque("YIG"), alone.torque("YIG"))
    close(*([result.terminal_voltage(end) for end in device.shape.terminals] for result in (together, alone)))


def course(device: hanle.Device, options: dict[str, Any], **changes: Any) -> Callable[..., Any]:
    def follow(**more: Any) -> Any:
        given = {"until": "0.1 ps", "error": 1e-3, **options, **changes}
        return device.transient(**given | more)

    return follow


def test_course_of_a_section() -> None:
    device, options = section()
    point = [[0, 1.1 * NM, 4.3 * NM]]
    follow = course(
        device,
        options,
        current_density=lambda t: 1e11 * np.cos(2e13 * t),
        read={"mu": (lambda r: r.spin_accumulation("Pt", point)[0], "V", "spin accumulation")},
        events={"half": hanle.Event(lambda r: r.torque("YIG")[0], 1e-17)},
    )
    alone, together = both(follow)
    assert together.effort.steps == alone.effort.steps > 10
    for name in ("mu", "torque", "electric_field"):
        close(together.dataset[name], alone.dataset[name], STEPS)
        alike(together.dataset[name])
    assert [name for name, _ in together.events] == [name for name, _ in alone.events]
    assert [time for _, time in together.events] == pytest.approx([time for _, time in alone.events], rel=1e-5)
    close(together.final.rho_L, alone.final.rho_L)


def test_interrupted_course_goes_on(tmp_path: Path) -> None:
    """All processes keep one file and speak through the first one."""
    device, options = section()
    follow = course(device, options | {"engine": "fenicsx"}, current_density=1e11)
    whole, file, said = follow(), tmp_path / "course.npz", []

    def stop(result: Any) -> float:
        calls.append(1)
        if len(calls) == 25:
            raise KeyboardInterrupt
        return float(result.torque("YIG")[0]) + 1.0

    calls: list[int] = []
    kept = {"events": {"never": hanle.Event(stop, 1e-17)}}
    reference = follow(events={"never": hanle.Event(lambda r: float(r.torque("YIG")[0]) + 1.0, 1e-17)})
    with pytest.raises(KeyboardInterrupt):
        follow(checkpoint=file, every=2, progress=said.append, **kept)
    assert bool(said) == (WORLD.rank == 0)
    WORLD.gather(None)
    assert [p.name for p in tmp_path.iterdir()] == ["course.npz"]
    rest = follow(checkpoint=file, resume=True, **kept)
    assert rest.effort.steps == whole.effort.steps == reference.effort.steps
    # MUMPS adds what processes send each other in the order in which it comes.
    close(rest.dataset.torque, whole.dataset.torque, 0.0 if WORLD.size == 1 else SAME)


def test_course_of_a_bar() -> None:
    device, options = bar()
    alone, together = both(course(device, options, until="0.03 ps", current="1 uA"))
    for name in ("voltage", "current", "torque"):
        close(together.dataset[name], alone.dataset[name], STEPS)
    close(together.final.terminal_voltage("left"), alone.final.terminal_voltage("left"))


MOVES = {"damping": 0.02, "field": ("20 mT", "0.3 T", 0), "anisotropies": (((0, 0, 1), "-0.2 T"),)}


def test_magnets_in_motion() -> None:
    shape = hanle.section("8 nm", [("Pt", "3 nm"), ("Co", "2 nm")])
    device = hanle.Device(shape, {"Pt": "Pt", "Co": "Co"}, magnetisation={"Co": (-0.6, -0.5, 0.4)})
    options = {"mesh": device.mesh(**COARSE, sizes={"y": 2 * NM}), **DIRECT}
    given = {"magnets": {"Co": hanle.Macrospin(**MOVES)}, "current_density": "1e11 A/m^2"}
    alone, together = both(device.dynamics, until="20 ps", error=1e-4, **given, **options)
    assert together.found.steps == alone.found.steps > 3
    assert region_volume(device.mesh(**COARSE), "Co")[0] == pytest.approx(16e-18)
    close(together.m["Co"], alone.m["Co"])
    alike(together.m["Co"])
    for name in ("torque", "rate", "electric_field"):
        close(together.dataset[name], alone.dataset[name], STEPS)


def test_small_angles() -> None:
    device, options = section()
    device = device.with_changes(field=(0.0, 0.2, 0.05), magnetisation={"YIG": (0.1, 0.9, 0.2)})
    magnets = {"YIG": hanle.Macrospin(saturation_magnetisation="140 kA/m", **MOVES | {"field": None})}
    alone, together = both(device.small_angles, magnets=magnets, current_density="1e10 A/m^2", **options)
    close(together.m["YIG"], alone.m["YIG"], STEPS)
    # difference quotients over 1e-3 rad
    close(together.rates, alone.rates, STEPS)
    assert together.damping("YIG").enhancement == pytest.approx(alone.damping("YIG").enhancement, rel=1e-6)

    def along(result: Any) -> float:
        return float(np.ravel(result.electric_field)[0])

    drive = {"frequency": "9 GHz", "read": along, "current_density": "1e10 A/m^2"}
    assert together.rectified(**drive) == pytest.approx(alone.rectified(**drive), rel=1e-4)
