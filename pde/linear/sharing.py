"""Unknowns that several processes share.

Every process numbers its own unknowns x from 0; `index` gives each its number among all unknowns y of the device,
x = y[index]. Several entries of x may be one and the same unknown: where regions are tied, and where the parts of the
device that two processes hold touch. Each unknown has one owner, and the owners hold y in consecutive ranges.
"""

from typing import Any

import numpy as np

from hanle.pde.tensors import Array, IntArray


class Sharing:
    """x = y[index] and its transpose between processes.

    Attributes:
        comm: an MPI communicator of mpi4py.
        index: (size of x,) numbers of the entries of x among all unknowns.
        start, stop: the range of unknowns that this process owns.
    """

    def __init__(self, comm: Any, index: IntArray, start: int, stop: int) -> None:
        self.comm, self.index, self.start, self.stop = comm, np.asarray(index, dtype=np.int64), start, stop
        wanted, self._entry = np.unique(self.index, return_inverse=True)
        starts = np.array(comm.allgather(start))
        # The last of equal starts owns: the ranges before it are empty.
        owner = np.searchsorted(starts, wanted, side="right") - 1
        self._asked = np.bincount(owner, minlength=comm.size)
        self._served = np.empty_like(self._asked)
        comm.Alltoall(self._asked, self._served)
        numbers = np.empty(int(self._served.sum()), dtype=np.int64)
        comm.Alltoallv([wanted, self._asked], [numbers, self._served])
        self._place = numbers - start

    @property
    def owned(self) -> int:
        """Number of unknowns that this process owns."""
        return self.stop - self.start

    def spread(self, y: Array) -> Array:
        """x = y[index] from the owned parts (owned,) of y."""
        found = np.empty(int(self._asked.sum()))
        self.comm.Alltoallv([np.ascontiguousarray(y[self._place]), self._served], [found, self._asked])
        return np.asarray(found[self._entry])

    def gathered(self, x: Array) -> Array:
        """The transpose: entries of x (of all processes) summed up at the unknowns they stand for, owned part."""
        own = np.bincount(self._entry, x, minlength=int(self._asked.sum()))
        found = np.empty(len(self._place))
        self.comm.Alltoallv([own, self._asked], [found, self._served])
        return np.asarray(np.bincount(self._place, found, minlength=self.owned), dtype=float)
