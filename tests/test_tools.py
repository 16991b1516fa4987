"""The shell tools that bring dolfinx, on a machine whose system commands are replaced by small scripts.

What they do for real (a Debian root folder with dolfinx) is seen by the tests in tests/fenicsx, which run inside it.
"""

import fcntl
import os
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent
SECONDS = 20.0
#: Commands of this machine that the tools may use as they are.
REAL = {
    "awk",
    "cat",
    "cmp",
    "cp",
    "dirname",
    "echo",
    "env",
    "find",
    "flock",
    "grep",
    "head",
    "ln",
    "mkdir",
    "mktemp",
}
REAL |= {"mv", "rm", "sed", "sh", "sleep", "tail", "tee", "timeout", "true"}

SKIP_OPTIONS = 'while [ "${1#-}" != "$1" ]; do [ "$1" != --propagation ] || shift; shift; done; exec "$@"'
MAKE_FOLDERS = 'sleep 0.3; cd "$4"; mkdir -p proc dev sys opt etc/apt/apt.conf.d etc/dpkg/dpkg.cfg.d'
RUN_SOME = 'while [ "$1" != -euc ]; do shift; done; shift 3; case $1 in pip | dpkg | echo | sh) exec "$@" ;; esac'
#: All others: each writes a line to $LOG, and fails where the file $LOG.<command> exists.
FAKES = {
    "id": "echo 0",
    "python3": "exit 1",  # no dolfinx
    "apt-get": "",
    "apt-config": "echo 'Acquire::Check-Valid-Until \"false\";'; echo 'Acquire::Other \"1\";'",
    "mount": "",
    "df": "echo header; echo disk 1 1 99999999 1 /",
    "unshare": SKIP_OPTIONS,
    "debootstrap": f'mkdir -p "$4"; {MAKE_FOLDERS}',
    "chroot": RUN_SOME,
    "pip": "",
    "dpkg": "",
}
FAKE = """#!/bin/sh
echo "{name} $*" >>"$LOG"
[ ! -e "$LOG.{name}" ] || {{ echo "E: no {name}" >&2; exit 100; }}
{text}
"""


@dataclass(frozen=True)
class Machine:
    """A copy of the tools with system commands that only say that they were called."""

    folder: Path

    @property
    def source(self) -> Path:
        return self.folder / "a source"

    @property
    def root(self) -> Path:
        return self.folder / "cache" / "hanle" / "debian-trixie"

    def fake(self, name: str, text: str, path: str = "bin") -> None:
        """Put a script in the place of a command."""
        (self.folder / path / name).write_text(FAKE.format(name=name, text=text))
        (self.folder / path / name).chmod(0o755)

    def start(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        """Start a tool."""
        environment = {"PATH": str(self.folder / "bin"), "LOG": str(self.folder / "log"), **variables}
        environment["XDG_CACHE_HOME"] = str(self.folder / "cache")
        command = [str(self.source / "tools" / words[0]), *words[1:]]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)

    def run(self, *words: str, **variables: str) -> tuple[int, str, str]:
        """Exit code, output and errors of a tool."""
        process = self.start(*words, **variables)
        out, err = process.communicate(timeout=SECONDS)
        return process.returncode, out, err

    def called(self, name: str) -> list[str]:
        """The calls of a command."""
        lines = (self.folder / "log").read_text().splitlines()
        return [line for line in lines if line.startswith(f"{name} ")]

    def breaks(self, name: str, *, broken: bool = True) -> None:
        """Make a command fail, or work again."""
        mark = self.folder / f"log.{name}"
        mark.touch() if broken else mark.unlink()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Root on a Debian without dolfinx."""
    made = Machine(tmp_path)
    (tmp_path / "bin").mkdir()
    shutil.copytree(SOURCE / "tools", made.source / "tools")
    shutil.copy(SOURCE / "pyproject.toml", made.source)
    for name in REAL:
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"this machine has no {name}")
        (tmp_path / "bin" / name).symlink_to(found)
    for name, text in FAKES.items():
        made.fake(name, text)
    (tmp_path / "log").touch()
    return made


def refused(machine: Machine, *words: str) -> str:
    """The reason for which dolfinx cannot be had."""
    code, out, err = machine.run(*words)
    assert (code, out) == (77, "")
    reason = err.splitlines()[-1]
    assert reason.startswith("dolfinx cannot be had here: ")
    assert not machine.root.exists()
    return reason


def test_dolfinx_that_is_there_is_used(machine: Machine) -> None:
    machine.fake("python3", "exit 0")
    machine.fake("id", "echo 1000")
    assert machine.run("with-dolfinx", "sh", "-c", "echo $PWD $1; exit 3", "sh", "two words") == (
        3,
        f"{machine.source} two words\n",
        "",
    )
    assert machine.called("unshare") == []


def test_users_get_no_root_folder(machine: Machine) -> None:
    machine.fake("id", "echo 1000")
    assert "needs root" in refused(machine, "with-dolfinx", "true")


def test_other_systems_get_no_root_folder(machine: Machine) -> None:
    (machine.folder / "bin" / "apt-get").unlink()
    assert "needs Debian or Ubuntu" in refused(machine, "with-dolfinx", "true")


def test_closed_machine(machine: Machine) -> None:
    machine.breaks("unshare")
    assert "does not permit private mounts" in refused(machine, "with-dolfinx", "true")


def test_full_disk(machine: Machine) -> None:
    machine.fake("df", "echo header; echo disk 1 1 4100000 1 /")
    assert "needs 4 GB" in refused(machine, "with-dolfinx", "true")
    assert "has 3 GB left" in refused(machine, "with-dolfinx", "true")
    assert machine.called("debootstrap") == []


def test_broken_apt(machine: Machine) -> None:
    (machine.folder / "bin" / "debootstrap").unlink()
    machine.breaks("apt-get")
    assert "E: no apt-get (make_root failed; log: " in refused(machine, "with-dolfinx", "true")


@pytest.mark.parametrize("words", [(), ("--suite",), ("--suite", "bookworm", "true"), ("--suite", "sid")])
def test_wrong_usage(machine: Machine, words: tuple[str, ...]) -> None:
    code, _, err = machine.run("with-dolfinx", *words)
    assert code == 2
    assert "Usage" in err


def test_root_folder_is_made_once(machine: Machine) -> None:
    code, out, err = machine.run("with-dolfinx", "sh", "-c", "echo $1; exit 4", "sh", "two words")
    assert (code, out) == (4, "two words\n")
    assert "Making a Debian trixie root folder" in err
    assert machine.run("with-dolfinx", "echo", "again") == (0, "again\n", "")
    (made,) = machine.called("debootstrap")
    assert f" trixie {machine.root}.new http://deb.debian.org/debian" in made
    assert len(machine.called("pip")) == 1
    assert not Path(f"{machine.root}.new").exists()
    settings = (machine.root / "etc/apt/apt.conf.d/90host").read_text()
    assert "Check-Valid-Until" in settings
    assert "Other" not in settings


@pytest.mark.parametrize("name", ["debootstrap", "dpkg", "pip"])
def test_half_made_root_folder_is_not_used(machine: Machine, name: str) -> None:
    """Each step that fails leaves nothing under the name of the root folder; the next call begins again."""
    machine.breaks(name)
    assert f"E: no {name}" in refused(machine, "with-dolfinx", "echo", "never")
    machine.breaks(name, broken=False)
    leftover = Path(f"{machine.root}.new") / "opt" / "leftover"
    leftover.parent.mkdir(parents=True, exist_ok=True)
    leftover.touch()
    assert machine.run("with-dolfinx", "echo", "now")[:2] == (0, "now\n")
    assert len(machine.called("debootstrap")) == 2
    assert not (machine.root / "opt" / "leftover").exists()


def test_root_folder_follows_pyproject(machine: Machine) -> None:
    machine.run("with-dolfinx", "true")
    with (machine.source / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    code, out, err = machine.run("with-dolfinx", "echo", "changed")
    assert (code, out) == (0, "changed\n")
    assert "Installing what hanle needs" in err
    assert len(machine.called("pip")) == 2
    assert len(machine.called("dpkg")) == 1
    assert len(machine.called("debootstrap")) == 1


def test_two_at_once_make_one_root_folder(machine: Machine) -> None:
    both = [machine.start("with-dolfinx", "echo", text) for text in ("one", "two")]
    found = [process.communicate(timeout=SECONDS) for process in both]
    assert [out for out, _ in found] == ["one\n", "two\n"]
    assert len(machine.called("debootstrap")) == len(machine.called("pip")) == 1
    assert sum("Waiting for another process" in err for _, err in found) == 1


def test_use_waits_for_nobody(machine: Machine) -> None:
    """The lock is for making: a command in a root folder that is up to date runs while another process holds it."""
    machine.run("with-dolfinx", "true")
    with Path(f"{machine.root}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert machine.run("with-dolfinx", "echo", "at once")[1] == "at once\n"


def test_only_proxies_and_the_index_go_inside(machine: Machine) -> None:
    given = {"https_proxy": "http://proxy:1", "PIP_INDEX_URL": "https://index/simple", "PIP_FIND_LINKS": "/wheels"}
    machine.run("with-dolfinx", "true", **given, PYTHONPATH="/mine")
    inside = machine.called("chroot")[0]
    assert " https_proxy=http://proxy:1 " in inside
    assert " PIP_INDEX_URL=https://index/simple " in inside
    for absent in ("http_proxy= ", "PIP_FIND_LINKS", "PYTHONPATH"):
        assert absent not in inside


def test_engine_tests_that_do_not_run_are_reported(machine: Machine) -> None:
    machine.fake("id", "echo 1000")
    code, out, err = machine.run("test-fenicsx")
    assert (code, out) == (0, "")
    last = err.rsplit("\n\n", 1)[1].splitlines()
    assert last[1].startswith("The tests of the engine fenicsx did NOT run: dolfinx cannot be had here: ")
    assert last[0] == last[-1] == 80 * "#"
    assert machine.run("test-fenicsx", HANLE_NEEDS_FENICSX="1")[0] == 1


def test_engine_tests_run_on_one_two_and_three_processes(machine: Machine) -> None:
    machine.fake("with-dolfinx", "", "a source/tools")
    assert machine.run("test-fenicsx", "--suite", "sid", "-k", "film")[0] == 0
    calls = [line.split(" -m pytest")[0] for line in machine.called("with-dolfinx")]
    launchers = ["env python3", "env mpirun -n 2 python3", "env mpirun -n 3 python3"]
    assert list(dict.fromkeys(calls)) == [f"with-dolfinx --suite sid {words}" for words in ("true", *launchers)]
    assert all(" -k film" in line and " tests/" in line for line in machine.called("with-dolfinx")[1:])


@pytest.mark.parametrize(("outcome", "code"), [("exit 1", 1), ("exit 137", 137), ("sleep 60", 124)])
def test_failing_engine_tests_fail(machine: Machine, outcome: str, code: int) -> None:
    """Also those that hang: after some time (here a second) they are ended."""
    script = machine.source / "tools" / "test-fenicsx"
    script.write_text(script.read_text().replace("seconds=600", "seconds=1"))
    machine.fake("with-dolfinx", f'case "$*" in *"-n 2"*) {outcome} ;; esac', "a source/tools")
    found, _, err = machine.run("test-fenicsx")
    assert found == code
    assert "-n 2" in machine.called("with-dolfinx")[-1]
    assert ("takes more than 1 s" in err) == (code == 124)


@pytest.mark.parametrize("name", ["tools/with-dolfinx", "tools/debian-root", "tools/test-fenicsx", ".ci/bootstrap"])
def test_shell_can_read_it(name: str) -> None:
    subprocess.run(["sh", "-n", str(SOURCE / name)], check=True)
    assert os.access(SOURCE / name, os.X_OK)


def test_conda_environment_asks_for_what_the_package_asks() -> None:
    project = tomllib.loads((SOURCE / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    listed = (SOURCE / "environment.yml").read_text().splitlines()
    assert [name for name in wanted if f"  - {name}" not in listed] == []
