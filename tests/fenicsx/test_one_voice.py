"""Two processes speak with one voice: what they refuse alike is printed once, and an error on one of them ends both.

Each test starts a program under mpirun and looks at what both processes print.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mpi4py import MPI

pytestmark = pytest.mark.skipif(MPI.COMM_WORLD.size > 1, reason="starts mpirun itself")

#: A program that waits for a process that failed would be ended after this many seconds; one that does not ends sooner.
HANGS, SOON = 90.0, 60.0
LAUNCHER = ("OMPI_COMM_WORLD_", "PMIX_", "PMI_")

DEVICE = """
field = ["0 T", "0 T", "1 T"]
[shape]
kind = "section"
width = "30 nm"
layers = [["YIG", "5 nm"], ["Pt", "2 nm"]]
[materials]
Pt = "Pt"
YIG = "YIG"
[profiles]
"Pt.resistivity" = "rho_of_one_voice:rho"
[run]
engine = "fenicsx"
mesh = { cells_per_length = 0.5 }
"""
RHO = """
import numpy as np
from mpi4py import MPI

def rho(points):
    {line}
    return np.full(len(points), 3e-7)
"""
SCRIPT = """
import sys
import hanle
from mpi4py import MPI

rank = MPI.COMM_WORLD.rank
film = hanle.section("30 nm", [("YIG", "5 nm"), ("Pt", "2 nm")])
device = hanle.Device(film, {"Pt": "Pt", "YIG": "YIG"}, field=(0, 0, 1))
say = lambda text: print(text, flush=True)
result = device.solve(engine="fenicsx", mesh_options={"cells_per_length": 0.5}, progress=say)
LINE
print("rho", float(result.rho_L), flush=True)
"""


def started(words: list[str], folder: Path) -> tuple[int, str, float]:
    """Exit code, everything that two processes print, and seconds."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith(LAUNCHER)}
    start = time.monotonic()
    done = subprocess.run(
        ["mpirun", "-n", "2", sys.executable, *words],
        env=environment, capture_output=True, text=True, errors="replace", timeout=HANGS, cwd=folder, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr, time.monotonic() - start


def hanle_run(folder: Path, line: str, *words: str) -> tuple[int, str, float]:
    """`hanle run` of DEVICE, whose resistivity is computed after `line`."""
    (folder / "rho_of_one_voice.py").write_text(RHO.format(line=line))
    (folder / "device.toml").write_text(DEVICE)
    command = ["-c", "import sys; from hanle.cli import main; sys.exit(main())", "run", "device.toml", *words]
    return started([*command, "-o", "out", "--no-pictures"], folder)


def left(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.name != "__pycache__")


@pytest.mark.parametrize(
    ("line", "message", "code"),
    [
        (
            "if MPI.COMM_WORLD.rank == 1: raise ValueError('no such file')",
            "the function rho raised ValueError: no",
            1,
        ),
        ("raise ValueError('no such file')", "the function rho raised ValueError: no such file", 1),
        ("points = points[MPI.COMM_WORLD.rank:]", "Pt.resistivity must be of shape", 1),
        ("if MPI.COMM_WORLD.rank == 1: raise KeyboardInterrupt", "hanle: interrupted, nothing was written", 130),
    ],
)
def test_an_error_ends_all_processes_with_one_message(line: str, message: str, code: int, tmp_path: Path) -> None:
    got, output, seconds = hanle_run(tmp_path, line)
    assert got == code, output
    assert output.count(message) == 1, output
    assert output.replace("hanle: warning: ", "").count("hanle: ") == 1, output
    assert "Traceback" not in output
    assert seconds < SOON
    assert left(tmp_path) == ["device.toml", "rho_of_one_voice.py"]


def test_progress_and_results_are_printed_once(tmp_path: Path) -> None:
    code, output, _ = hanle_run(tmp_path, "pass")
    assert code == 0, output
    for line in (
        "hanle: warning: coarse mesh: Pt, across y",
        "solving for du/dx",
        "writing fields",
        "rho_T  ",
        "balance(power)",
        "written to out/",
        "2 processes",
    ):
        assert output.count(line) == 1, output
    assert left(tmp_path) == ["device.toml", "out", "rho_of_one_voice.py"]
    assert left(tmp_path / "out") == [
        "device.toml", "fields", "fields.pvd", "results.json", "rho_of_one_voice.py", "sources.bib",
    ]  # fmt: skip
    code, output, _ = hanle_run(tmp_path, "pass")
    assert (code, output.count("output must be free")) == (1, 1), output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--engine", "scikit"], 'engine must be "fenicsx" on 2 processes'),
        (["--solver", "lu"], "invalid choice"),
    ],
)
def test_wrong_input_is_refused_once(words: list[str], message: str, tmp_path: Path) -> None:
    code, output, _ = hanle_run(tmp_path, "pass", *words)
    assert code in (1, 2), output
    assert output.count(message) == 1, output
    assert left(tmp_path) == ["device.toml", "rho_of_one_voice.py"]


@pytest.mark.parametrize(
    ("line", "last"),
    [
        ("if rank == 1: raise RuntimeError('injected')", "RuntimeError: injected"),
        ("if rank == 0: [0][1]", "IndexError: list index out of range"),
        ("result.save('fields.txt')", "ending in .vtm or .pvd or .vtkhdf"),
    ],
)
def test_a_script_shows_one_traceback(line: str, last: str, tmp_path: Path) -> None:
    """The whole of it, where it happened; the other process ends too, although it waits for the first."""
    wait = "\nMPI.COMM_WORLD.barrier()"
    (tmp_path / "script.py").write_text(SCRIPT.replace("LINE", line + wait))
    code, output, seconds = started(["script.py"], tmp_path)
    assert code != 0
    assert output.count("Traceback (most recent call last)") == 1, output
    assert output.count(last) == 1, output
    assert 'script.py", line 11, in <module>' in output
    assert "rho 3" not in output
    assert seconds < SOON


def test_a_script_shows_what_differs(tmp_path: Path) -> None:
    """Two processes that fail differently both say why."""
    line = "raise RuntimeError('first') if rank == 0 else ValueError('second')"
    (tmp_path / "script.py").write_text(SCRIPT.replace("LINE", line))
    code, output, _ = started(["script.py"], tmp_path)
    assert code != 0
    assert (output.count("RuntimeError: first"), output.count("ValueError: second")) == (1, 1), output


def test_a_script_hears_of_progress_once(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT.replace("LINE", "result.save('fields.vtkhdf')"))
    code, output, _ = started(["script.py"], tmp_path)
    assert code == 0, output
    assert output.count("solving for du/dx") == 1, output
    assert output.count("CoarseMeshWarning: coarse mesh: Pt, across y") == 1, output
    rho = [line for line in output.splitlines() if line.startswith("rho ")]
    assert len(rho) == 2
    assert rho[0] == rho[1]
    assert left(tmp_path) == ["fields.vtkhdf", "script.py"]
