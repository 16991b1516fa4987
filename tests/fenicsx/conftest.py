"""Tests of the engine fenicsx: the same on one process and under mpirun, where every process runs them all.

One process prints. A test that fails on one process fails on all of them. Where the others wait for the one that
failed, and where a test hangs, the program is ended.
"""

import faulthandler
import os
import sys
import time
from collections.abc import Generator
from contextlib import AbstractContextManager
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pytest.config import create_terminal_writer
from mpi4py import MPI

from hanle.meshes.partition import bisected
from hanle.pde.engines.fenicsx_mesh import Partitioner

#: Seconds that a process whose test failed waits for the others to end theirs.
PATIENCE = 30.0
#: Part of pytest's limit for a test after which it counts as hanging, and the seconds between the others and the first.
HANGS, AFTER = 0.8, 2.0
# a copy: its messages never meet those of a test
WORLD = MPI.COMM_WORLD.Dup()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Silence all processes but the first."""
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    if WORLD.rank > 0 and reporter is not None:
        reporter._tw = create_terminal_writer(session.config, StringIO())


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """End a test that hangs, from outside of Python: a process that waits inside PETSc runs no Python at all.

    The others print where they are, then the first process does, and ends the program.
    """
    limit = HANGS * float(item.config.getini("timeout"))
    with uncaptured(item):
        stderr = os.dup(2)
    faulthandler.dump_traceback_later(limit if WORLD.rank else limit + AFTER, exit=WORLD.rank == 0, file=stderr)
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()
        os.close(stderr)


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
            with uncaptured(item):
                print(
                    f"\n{item.nodeid} failed on process {WORLD.rank} only:\n{failure}", file=sys.stderr, flush=True
                )
                WORLD.Abort(1)
        time.sleep(1e-3)
    return list(WORLD.allgather(failure))


def uncaptured(item: pytest.Item) -> AbstractContextManager[None]:
    """A context in which output goes to the terminal."""
    capture: Any = item.config.pluginmanager.get_plugin("capturemanager")
    return capture.global_and_fixture_disabled()


@pytest.fixture(scope="session")
def partitioners() -> dict[str, Partitioner]:
    """Who owns which cell: as users have it, chance (nearly all facets lie between processes), the last process all,
    each process an equal share in the order of the mesh."""
    return {
        "bisected": bisected,
        "random": lambda mesh, parts: np.random.default_rng(0).integers(parts, size=len(mesh.cells)),
        "last": lambda mesh, parts: np.full(len(mesh.cells), parts - 1),
        "shares": lambda mesh, parts: np.repeat(
            np.arange(parts), [len(s) for s in np.array_split(mesh.cells, parts)]
        ),
    }


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    """One folder for all processes."""
    return Path(WORLD.bcast(str(tmp_path)))
