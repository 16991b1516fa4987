"""Files from which courses go on: whole whenever a process is killed, and refused where they are of something else.

The program below writes a file over an older one, and is killed in every call of C inside, one after the other:
whatever happens, the file is the old or the new one.
"""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from hanle.pde import checkpoint
from hanle.pde.checkpoint import Content
from hanle.pde.errors import InputError
from hanle.pde.processes import ALONE

SYSTEM = SimpleNamespace(processes=ALONE, places=np.arange(1000), unknowns=1000)

PROGRAM = """
import os, sys
from pathlib import Path
from types import SimpleNamespace
import numpy as np
from hanle.pde import checkpoint
from hanle.pde.processes import ALONE

path = Path(sys.argv[1])
system = SimpleNamespace(processes=ALONE, places=np.arange(1000), unknowns=1000)

def write(version):
    content = checkpoint.Content(
        {"digest": "d", "clock": [version]}, {"r": np.full(7, version)}, {"u": np.full(1000, version)}
    )
    checkpoint.write(path, system, content)

def killed_in(call):
    '''Whether a process that writes version 2 dies before that call of C.'''
    child = os.fork()
    if child == 0:
        calls = [0]
        def count(frame, event, argument):
            if event == "c_call":
                calls[0] += 1
                if calls[0] == call:
                    os._exit(9)
        sys.setprofile(count)
        write(2)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9

call, seen = 1, []
write(1)
while killed_in(call):
    found = checkpoint.read(path, system, "d")
    version = found.numbers["clock"][0]
    assert np.all(found.arrays["r"] == version) and np.all(found.states["u"] == version), call
    assert set(os.listdir(path.parent)) <= {path.name, f".{path.name}.draft"}
    seen.append(version)
    call += 1
    if version == 2:
        write(1)
assert checkpoint.read(path, system, "d").numbers["clock"] == [2]
assert os.listdir(path.parent) == [path.name], "what was left behind is gone"
print(seen.count(1), seen.count(2))
"""


def written(path: Path, **changes: object) -> Path:
    content = {"numbers": {"digest": "d", "clock": [0]}, "states": {"u": np.arange(1000.0)}}
    checkpoint.write(path, SYSTEM, Content(**content | changes))  # type: ignore[arg-type]
    return path


def test_a_file_is_whole_wherever_its_process_is_killed(tmp_path: Path) -> None:
    alone = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    words = [sys.executable, "-c", PROGRAM, str(tmp_path / "runs" / "course.npz")]
    done = subprocess.run(words, env=alone, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    old, new = map(int, done.stdout.split())
    assert old > 100
    assert new > 0


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    numbers = {"digest": "d", "clock": [3, 0.1 + 0.2], "events": [("a", 1e-300)], "names": {"é": None}}
    arrays, states = {"r": np.array(7), "state": np.ones((2, 0))}, {"u": np.random.default_rng(1).random((3, 1000))}
    found = checkpoint.read(written(tmp_path / "a.npz", numbers=numbers, arrays=arrays, states=states), SYSTEM, "d")
    assert found.numbers["clock"] == [3, 0.1 + 0.2]
    assert found.numbers["events"] == [["a", 1e-300]]
    assert found.numbers["names"] == {"é": None}
    np.testing.assert_array_equal(found.states["u"], states["u"])
    assert {name: x.shape for name, x in found.arrays.items()} == {"r": (), "state": (2, 0)}


@pytest.mark.parametrize("damage", ["text", "cut", "other", "array", "folder"])
def test_other_files_are_refused(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "course.npz"
    if damage == "text":
        path.write_text("[shape]\n")
    elif damage == "cut":
        path.write_bytes(written(path).read_bytes()[:-100])
    elif damage == "other":
        np.savez(path, x=np.arange(3))
    elif damage == "array":
        with path.open("wb") as stream:
            np.save(stream, np.arange(3))
    else:
        path.mkdir()
    with pytest.raises(InputError, match=r"checkpoint must be a file of an earlier run.*course\.npz"):
        checkpoint.read(path, SYSTEM, "d")


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"digest": "e", "clock": [0]}, "must be of digest d.*the same problem, drives, times and engine"),
        ({"digest": "d", "clock": [0], "version": 1}, "must be of version 2"),
    ],
)
def test_files_of_something_else_are_refused(numbers: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        checkpoint.read(written(tmp_path / "course.npz", numbers=numbers), SYSTEM, "d")


def test_an_interruption_is_written_and_goes_on() -> None:
    written_at: list[str] = []
    with pytest.raises(KeyboardInterrupt), checkpoint.kept(ALONE, lambda: written_at.append("interrupted")):
        raise KeyboardInterrupt
    with checkpoint.kept(ALONE, lambda: written_at.append("end")):
        assert written_at == ["interrupted"]
    assert written_at == ["interrupted", "end"]
