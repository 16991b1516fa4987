"""Errors where several processes run: one message, and none of them left waiting.

What all processes refuse alike (an input, a solve without convergence) is reported by one of them. What fails on one
process only would leave the others waiting for it in their next exchange for ever: it is reported there, and all
processes are ended.
"""

import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any

from hanle.boundary.magnons.admissible import MagnonWarning
from hanle.launch import processes, shared_by
from hanle.meshes.coarse import CoarseMeshWarning
from hanle.transverse import TransverseSpinWarning

if TYPE_CHECKING:
    from hanle.pde.processes import Processes

#: Seconds that a process waits for the others to fail alike.
PATIENCE = 2.0
#: Where some processes fail, not all, each waits this long times its place among all: the first to report ends all.
SPREAD = 2.0
INTERRUPTED = 130


class Reporter:
    """Reports errors of several processes.

    Args:
        comm: an MPI communicator of mpi4py; a duplicate is made, so that nothing else is received here. Collective.
    """

    def __init__(self, comm: Any) -> None:
        self._comm = comm.Dup()

    def report(self, text: str, show: Callable[[], None], code: int) -> None:
        """Show an error that this process met; returns where all processes met one, otherwise ends all of them.

        Args:
            text: of the error; of equal ones only the first process shows its own.
            show: prints it.
            code: exit code of the program where it is ended.
        """
        if self._all_failed():
            if text not in self._comm.allgather(text)[: self._comm.rank]:
                show()
            return
        time.sleep(SPREAD * self._comm.rank / self._comm.size)
        show()
        sys.stdout.flush()
        sys.stderr.flush()
        self._comm.Abort(code)

    def _all_failed(self) -> bool:
        arrived = self._comm.Ibarrier()
        deadline = time.monotonic() + PATIENCE
        while not arrived.Test():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


@cache
def reporter() -> Reporter | None:
    """The reporter of this program's processes; None where there is one process. The first call is collective.

    From then on an exception that nothing catches is reported once, with its traceback, by `sys.excepthook`; one that
    not all processes raise ends all of them. An earlier hook is called for what is shown.
    """
    team = processes()
    if team.size == 1:
        return None
    found, before = Reporter(team.comm), sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        code = INTERRUPTED if issubclass(kind, KeyboardInterrupt) else 1
        text = "".join(traceback.format_exception_only(error))
        found.report(text, lambda: before(kind, error, trace), code)

    sys.excepthook = hook
    return found


def report(text: str, show: Callable[[], None], code: int) -> None:
    """`Reporter.report` where this program was started as several processes; otherwise shows the error."""
    found = reporter()
    if found is None:
        show()
    else:
        found.report(text, show, code)


def team(engine: str) -> "Processes":
    """The processes that share the work of an engine, their errors reported from now on. The first call is collective.

    Raises:
        InputError: the processes do not find each other; see `hanle.launch.shared_by`.
    """
    found = shared_by(engine)
    if found.size > 1:
        reporter()
    return found


@contextmanager
def heard_once(team: "Processes") -> Iterator[None]:
    """Inside, what is to be said of a mesh, a device and a state that all processes hold is said by the first."""
    if team.rank == 0:
        yield
        return
    with warnings.catch_warnings():
        for kind in (CoarseMeshWarning, TransverseSpinWarning, MagnonWarning):
            warnings.simplefilter("ignore", kind)
        yield
