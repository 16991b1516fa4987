"""Tests of the engine fenicsx: the same on one process and under mpirun, where every process runs them all.

One process prints. A test that fails on one process fails on all of them. Where the others wait for the one that
failed, and where a test hangs, the program is ended.
"""

import faulthandler
import os
import sys
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pytest.config import create_terminal_writer
from dolfinx.graph import adjacencylist
from mpi4py import MPI

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
def partitioners() -> dict[str, Any]:
    """Who gets which cell: dolfinx decides, chance (nearly all facets lie between processes), all to the last process,
    to each process an equal share in the order of the mesh."""
    return {
        "dolfinx": None,
        "random": _partitioner(lambda rng, count: rng.integers(WORLD.size, size=count)),
        "last": _partitioner(lambda rng, count: np.full(count, WORLD.size - 1)),
        "shares": _partitioner(lambda rng, count: np.full(count, WORLD.rank)),
    }


def _partitioner(owners: Callable[[np.random.Generator, int], Any]) -> Any:
    """dolfinx hands each process its share of the cells and asks which process is to own each of them."""
    corners = {"interval": 2, "triangle": 3, "quadrilateral": 4, "tetrahedron": 4, "hexahedron": 8}

    def partition(comm: Any, parts: int, cell_types: Any, cells: Any) -> Any:
        count = len(cells[0]) // corners[cell_types[0].name]
        chosen = owners(np.random.default_rng(comm.rank), count)
        graph = adjacencylist(np.asarray(chosen, dtype=np.int32)[:, None])
        return getattr(graph, "_cpp_object", graph)

    return partition


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    """One folder for all processes."""
    return Path(WORLD.bcast(str(tmp_path)))
