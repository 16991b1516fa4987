"""A course on two processes, one of which is killed while they write its file, goes on from there on one process."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mpi4py import MPI

from hanle.meshes.coarse import CoarseMeshWarning

pytestmark = [
    pytest.mark.skipif(MPI.COMM_WORLD.size > 1, reason="starts mpirun itself"),
    pytest.mark.filterwarnings(f"ignore::{CoarseMeshWarning.__module__}.{CoarseMeshWarning.__name__}"),
]

LAUNCHER = ("OMPI_COMM_WORLD_", "PMIX_", "PMI_")
#: Rounding of factorisations that differ after some ten steps, of the largest value.
SAME = 1e-7
COURSE = """
import hanle

def follow(**options):
    shape = hanle.section("12 nm", [("YIG", "4 nm"), ("Pt", "3 nm")])
    rates = {"G_s": "-2e13 S/m^2", "G_r": "4e14 S/m^2", "G_i": "1.5e14 S/m^2"}
    device = hanle.Device(
        shape, {"Pt": "Pt", "YIG": {"kind": "magnetic insulator"} | rates}, field=(5.0, 20.0, 7.0),
        magnetisation={"YIG": (0.2, 0.9, -0.4)},
    )
    mesh = device.mesh(cells_per_length=1, growth=1.0, lateral="uniform", sizes={"y": 2e-9})
    return device.transient(
        until="0.1 ps", error=1e-2, current_density=1e11, engine="fenicsx", solver="direct", mesh=mesh, every=1,
        **options,
    )
"""
KILLED = """
import os, sys, warnings
import numpy as np
from mpi4py import MPI
from hanle.pde import checkpoint

warnings.simplefilter("ignore")
rank, place, path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
calls = []

def killing(function, after):
    def call(*given, **more):
        calls.append(1)
        last = MPI.COMM_WORLD.rank == rank and len(calls) == 4
        if last and not after:
            os._exit(9)
        found = function(*given, **more)
        if last:
            os._exit(9)
        return found
    return call

owner, name, after = {
    "gathering": (checkpoint, "_whole", False),
    "writing": (checkpoint.os, "fsync", False),
    "naming": (checkpoint.os, "replace", True),
}[place]
setattr(owner, name, killing(getattr(owner, name), after))
follow(checkpoint=path)
"""


@pytest.mark.parametrize(("rank", "place"), [(1, "gathering"), (0, "writing"), (0, "naming")])
def test_a_process_is_killed(rank: int, place: str, tmp_path: Path) -> None:
    path = tmp_path / "course.npz"
    environment = {name: text for name, text in os.environ.items() if not name.startswith(LAUNCHER)}
    words = ["mpirun", "-n", "2", sys.executable, "-c", COURSE + KILLED, str(rank), place, str(path)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode != 0
    assert path.is_file(), done.stderr
    known: dict[str, object] = {}
    exec(COURSE, known)
    follow = known["follow"]
    whole = follow()  # type: ignore[operator]
    rest = follow(checkpoint=path, resume=True)  # type: ignore[operator]
    assert rest.effort.steps == whole.effort.steps > 5
    for name in ("torque", "electric_field"):
        expected = np.nan_to_num(whole.dataset[name])
        np.testing.assert_allclose(
            np.nan_to_num(rest.dataset[name]), expected, rtol=0, atol=SAME * np.abs(expected).max()
        )
    assert [p.name for p in tmp_path.iterdir()] == ["course.npz"]
