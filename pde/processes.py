"""The processes a solve runs on: one, or those of an MPI communicator.

Everything above the engines is written for one process's part of a state; sums over the device go through `total`.
Each method but `rank`, `size` and `meet` is collective: all processes must call it, and all get the same answer to the
last bit, so that they take the same decisions.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.errors import InputError
from hanle.pde.tensors import Array

T = TypeVar("T")

#: Entries up to which a sum is made in the order of the processes; larger ones are left to MPI's reduction.
ORDERED = 4096
#: Between two looks at whether the others have come [s].
PAUSE = 0.01


@dataclass(frozen=True, eq=False)
class Processes:
    """The processes of an MPI communicator (of mpi4py), or this one alone where it is None."""

    comm: Any = None

    @property
    def rank(self) -> int:
        """Number of this process, from 0."""
        return 0 if self.comm is None else int(self.comm.rank)

    @property
    def size(self) -> int:
        """How many there are."""
        return 1 if self.comm is None else int(self.comm.size)

    def gather(self, part: T) -> list[T]:
        """What every process gives, in their order."""
        return [part] if self.size == 1 else list(self.comm.allgather(part))

    def total(self, part: ArrayLike) -> Array:
        """Sum over the processes of arrays of one shape."""
        own = np.asarray(part, dtype=float)
        if self.size == 1:
            return own
        if own.size <= ORDERED:
            return np.asarray(sum(self.gather(own), start=np.zeros(own.shape)))
        found = np.empty(own.shape)
        self.comm.Allreduce(np.ascontiguousarray(own), found)
        return found

    def any(self, part: ArrayLike) -> bool:
        """Whether something is true (not zero) on any process."""
        return any(self.gather(bool(np.any(part))))

    def largest(self, part: float) -> float:
        """The largest of one number per process; NaN if one of them is."""
        return float(np.max(self.gather(float(part))))

    def joined(self, parts: Sequence[T]) -> list[T]:
        """The lists of all processes one after the other."""
        return [item for piece in self.gather(list(parts)) for item in piece]

    @contextmanager
    def alike(self, place: str) -> Iterator[None]:
        """An InputError inside, at a place of the problem, is raised on all processes where one of them meets it.

        What follows the last message inside must not communicate.
        """
        failure: InputError | None = None
        try:
            yield
        except InputError as error:
            failure = error.within(f"{place}: ")
            failure.__cause__ = error
        for met in self.gather(failure):
            if met is not None:
                raise met

    @contextmanager
    def apart(self) -> Iterator["Processes"]:
        """The same processes with messages of their own, which never meet those of anyone else."""
        if self.size == 1:
            yield self
            return
        comm = self.comm.Dup()
        yield Processes(comm)
        # Not after an error, which some of them may not have met.
        comm.Free()

    def meet(self, seconds: float) -> bool:
        """Whether all processes call this within some seconds of each other; not collective."""
        if self.size == 1:
            return True
        # Twice: one that comes late finds those who gave up on it at the first place, but not at the second.
        for _ in range(2):
            arrived, end = self.comm.Ibarrier(), time.monotonic() + seconds
            while not arrived.Test():
                if time.monotonic() > end:
                    return False
                time.sleep(PAUSE)
        return True

    def stream(self, part: T, take: Callable[[T], None]) -> None:
        """Hand what every process gives to `take` of process 0, in their order and one at a time."""
        if self.rank:
            self.comm.send(part, dest=0)
            return
        take(part)
        for source in range(1, self.size):
            take(self.comm.recv(source=source))


#: This process alone.
ALONE = Processes()
