"""How these tests fail under mpirun: a failure on one process fails the program and is printed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from mpi4py import MPI

SECONDS = 60.0

ASYMMETRIC = """
from mpi4py import MPI

def test_one_process_fails():
    assert MPI.COMM_WORLD.rank == 0, "this is process one"

def test_others_go_on():
    assert MPI.COMM_WORLD.allreduce(1) == 2
"""
DIES = """
import os
from mpi4py import MPI

def test_one_process_dies():
    if MPI.COMM_WORLD.rank == 1:
        os._exit(3)
    MPI.COMM_WORLD.barrier()
"""
WAITS = """
from mpi4py import MPI

def test_others_wait():
    assert MPI.COMM_WORLD.rank == 0, "this is process one"
    MPI.COMM_WORLD.barrier()
"""


def run(text: str, folder: Path) -> tuple[int, str]:
    """Exit code and output of a test file on two processes, with the conftest of these tests and little patience."""
    conftest = Path(__file__).with_name("conftest.py").read_text()
    (folder / "conftest.py").write_text(conftest.replace("PATIENCE = 30.0", "PATIENCE = 1.0"))
    (folder / "test_it.py").write_text(text)
    (folder / "pytest.ini").write_text("[pytest]\ntimeout = 30\n")
    launcher = ("OMPI_COMM_WORLD_", "PMIX_", "PMI_")
    environment = {name: text for name, text in os.environ.items() if not name.startswith(launcher)}
    command = [
        "mpirun",
        "-n",
        "2",
        sys.executable,
        "-m",
        "pytest",
        "--color=no",
        "-p",
        "no:cacheprovider",
        str(folder),
    ]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=SECONDS, cwd=folder, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.skipif(MPI.COMM_WORLD.size > 1, reason="starts mpirun itself")
@pytest.mark.parametrize(
    ("text", "printed"),
    [
        (ASYMMETRIC, ["on process 1:", "this is process one", "1 failed, 1 passed"]),
        (WAITS, ["failed on process 1 only", "this is process one"]),
        (DIES, []),
    ],
    ids=["one fails", "others wait", "one dies"],
)
def test_failure_on_one_process_fails_the_program(text: str, printed: list[str], tmp_path: Path) -> None:
    code, output = run(text, tmp_path)
    assert code != 0
    assert [part for part in printed if part not in output] == [], output
    assert output.count("test session starts") == 1
