"""Tests of the engine fenicsx: the same on one process and under mpirun, where every process runs them all.

One process prints. A test that fails on one process fails on all of them. Where the others wait for the one that
failed, and where a test hangs, the program is ended.
"""

import sys
import time
from collections.abc import Generator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from _pytest.config import create_terminal_writer
from mpi4py import MPI

#: Seconds that a process whose test failed waits for the others to end theirs.
PATIENCE = 30.0
#: Seconds by which the process that prints is ahead of the next one in giving up a test that hangs.
AHEAD = 10.0
# a copy: its messages never meet those of a test
WORLD = MPI.COMM_WORLD.Dup()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Let a thread watch for tests that hang: a process that waits in MPI sees no signal."""
    config.option.timeout_method = "thread"
    if config.option.timeout is None:
        config.option.timeout = float(config.getini("timeout")) + AHEAD * WORLD.rank


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Silence all processes but the first."""
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    if WORLD.rank > 0 and reporter is not None:
        reporter._tw = create_terminal_writer(session.config, StringIO())


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail here too what failed on another process."""
    report = yield
    failure = report.longreprtext if report.failed else ""
    for rank, text in enumerate(gathered(failure, item)):
        if text and not report.failed:
            report.outcome, report.longrepr = "failed", f"on process {rank}:\n{text}"
    return report


def gathered(failure: str, item: pytest.Item) -> list[str]:
    """The failures of all processes, "" for none; ends the program where they do not come."""
    arrived, start = WORLD.Ibarrier(), time.monotonic()
    while not arrived.Test():
        if failure and time.monotonic() - start > PATIENCE:
            capture: Any = item.config.pluginmanager.get_plugin("capturemanager")
            with capture.global_and_fixture_disabled():
                print(
                    f"\n{item.nodeid} failed on process {WORLD.rank} only:\n{failure}", file=sys.stderr, flush=True
                )
                WORLD.Abort(1)
        time.sleep(1e-3)
    return list(WORLD.allgather(failure))


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    """One folder for all processes."""
    return Path(WORLD.bcast(str(tmp_path)))
