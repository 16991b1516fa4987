"""Programs of several processes, as seen from one: what is refused, what is left to the first process, and that an
ordinary run knows nothing of MPI. `tests/fenicsx/test_one_voice.py` starts real ones.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray

import hanle
from hanle import launch
from hanle.cli import main
from hanle.curves import plot_curves
from hanle.netcdf import write_curves, write_table
from hanle.pde.errors import InputError
from hanle.pde.processes import ALONE, Processes

FILM = """
field = ["0 T", "0 T", "1 T"]
[shape]
kind = "stack"
layers = [["YIG", "50 nm"], ["Pt", "5 nm"]]
[materials]
Pt = "Pt"
YIG = "YIG"
"""


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Started as one of two processes, by a launcher that this machine's MPI (if any) does not know."""
    monkeypatch.setenv("OMPI_COMM_WORLD_SIZE", "2")
    monkeypatch.setitem(sys.modules, "mpi4py", None)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, 1),
        ({"OMPI_COMM_WORLD_SIZE": "3"}, 3),
        ({"PMI_SIZE": "4"}, 4),
        ({"SLURM_STEP_NUM_TASKS": "8"}, 8),
        # mpirun inside a step of one task
        ({"OMPI_COMM_WORLD_SIZE": "2", "SLURM_STEP_NUM_TASKS": "1"}, 2),
        # a batch script that starts nothing
        ({"SLURM_NTASKS": "16", "SLURM_PROCID": "0"}, 1),
        ({"PMI_SIZE": ""}, 1),
    ],
)
def test_number_of_processes(variables: dict[str, str], expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in launch.SIZES:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert launch.started() == expected


@pytest.mark.usefixtures("two")
def test_other_engines_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "device.toml"
    path.write_text(FILM)
    for words in ([], ["--engine", "scikit"]):
        assert main(["run", str(path), *words]) == 1
        shown = capsys.readouterr().err
        assert 'engine must be "fenicsx" on 2 processes' in shown
        assert "add --engine fenicsx, or start hanle without mpirun" in shown
    assert main(["verify"]) == 1
    assert 'engine must be "fenicsx" on 2 processes' in capsys.readouterr().err
    for command in ("check", "materials", "demo"):
        assert main([command]) == 1
        assert f'received "{command}" - start it without mpirun' in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["device.toml"]


@pytest.mark.usefixtures("two")
def test_processes_that_do_not_find_each_other_are_refused() -> None:
    device = hanle.Device(hanle.stack([("Pt", "5 nm")]), {"Pt": "Pt"})
    with pytest.raises(InputError, match="MPI library that mpi4py uses, which sees 1 of 2; instead received 2"):
        device.solve(engine="fenicsx")
    with pytest.raises(InputError, match="which sees 1 of 2"):
        hanle.sweep(device, angle="beta", engine="fenicsx")
    # Other engines may solve something else on each process of a script.
    assert float(device.solve().rho_L) > 0


def test_ordinary_runs_leave_mpi_alone(tmp_path: Path) -> None:
    (tmp_path / "mpi4py.py").write_text("raise SystemExit('mpi4py was imported')\n")
    (tmp_path / "device.toml").write_text(FILM)
    path = os.pathsep.join([str(tmp_path), *sys.path])
    environment = {**os.environ, "PYTHONPATH": path} | dict.fromkeys(launch.SIZES, "")
    program = "import sys; from hanle.cli import main; sys.exit(main(['run', 'device.toml', '--no-pictures']))"
    for code, said in ((0, "solving for du/dx"), (1, "hanle: device.toml: output must be free")):
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == code, done.stderr
        assert said in done.stderr


@dataclass(frozen=True)
class Second:
    """A communicator that says of this process that it is the second of two, and nothing else."""

    rank: int = 1
    size: int = 2


def test_curves_of_a_shared_sweep_are_written_by_the_first_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others return the same path, and the same words of a picture, without waiting."""
    attributes = {"units": "V", "long_name": "voltage"}
    axis = ("angle", np.linspace(0, 90, 4), {"units": "deg", "long_name": "angle"})
    data = xarray.Dataset({"voltage": ("angle", np.arange(4.0), attributes)}, {"angle": axis})
    data.attrs["engine"] = "fenicsx"

    def write(folder: Path) -> list[Any]:
        paths = [f(data, folder / name, provenance={}) for f, name in ((write_curves, "c"), (write_table, "t"))]
        return [*(p.relative_to(folder) for p in paths), plot_curves(data, folder / "p.png").texts]

    monkeypatch.setattr(launch, "processes", lambda: Processes(Second()))
    monkeypatch.setattr(launch, "started", lambda: 2)
    other = write(tmp_path / "other")
    assert not (tmp_path / "other").exists()
    with pytest.raises(InputError, match=r"ending in \.nc"):
        write_curves(data, tmp_path / "c.txt", provenance={})
    monkeypatch.setattr(launch, "processes", lambda: ALONE)
    monkeypatch.setattr(launch, "started", lambda: 1)
    assert write(tmp_path / "first") == other
    assert sorted(os.listdir(tmp_path / "first")) == ["c.nc", "p.png", "t.csv"]
    data.attrs["engine"] = "scikit"
    monkeypatch.setattr(launch, "processes", lambda: Processes(Second()))
    write(tmp_path / "other")
    assert sorted(os.listdir(tmp_path / "other")) == ["c.nc", "p.png", "t.csv"]
