"""Whether this program was started as several processes (mpirun, srun).

MPI is touched only then: an ordinary run neither needs nor initialises it.
"""

import os
from typing import TYPE_CHECKING

from hanle.pde.errors import InputError

if TYPE_CHECKING:
    from hanle.pde.processes import Processes

#: The engine that runs on several processes.
FENICSX = "fenicsx"
#: Variables in which launchers tell each process how many there are: Open MPI, MVAPICH, MPICH and Intel MPI, Slurm.
SIZES = ("OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS")


def started() -> int:
    """As how many processes this program was started; 1 in ordinary use."""
    given = (os.environ.get(name, "") for name in SIZES)
    return next((int(size) for size in given if size.isdecimal()), 1)


def processes() -> "Processes":
    """The processes this program was started as; this one alone in ordinary use, and where mpi4py does not work."""
    from hanle.pde.processes import ALONE, Processes

    if started() == 1:
        return ALONE
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError):
        return ALONE
    return Processes(MPI.COMM_WORLD)


def shared_by(engine: str) -> "Processes":
    """The processes that share the work of an engine.

    Raises:
        InputError: mpi4py belongs to another MPI than the launcher, so that the processes do not find each other.
    """
    from hanle.pde.processes import ALONE

    if engine != FENICSX:
        return ALONE
    found, size = processes(), started()
    if found.size != size:
        must = f"started by the launcher of the MPI library that mpi4py uses, which sees {found.size} of {size}"
        raise InputError("processes", must, size, "use the mpirun of that library; `hanle doctor` names it")
    return found


def leads(engine: str) -> bool:
    """Whether this process writes what all processes that share the work of an engine hold alike."""
    return shared_by(engine).rank == 0


def require_shared(engine: str) -> None:
    """Refuse an engine that would do the same work on each process.

    Raises:
        InputError: several processes were started, and the engine uses one.
    """
    size = started()
    if size > 1 and engine != FENICSX:
        must = f'"{FENICSX}" on {size} processes: with any other each of them would do the same work'
        raise InputError("engine", must, engine, f"add --engine {FENICSX}, or start hanle without mpirun")
