"""The linear solvers over processes by name, and the automatic choice.

Those of `hanle.pde.linear.choose` under the same names, for systems that processes share; they need PETSc.
"""

from dataclasses import dataclass

from hanle.pde.errors import unknown_name
from hanle.pde.linear.choose import NAMES
from hanle.pde.linear.contract import LinearSolver, LinearSystem, Prepared
from hanle.pde.linear.fieldsplit import Fieldsplit
from hanle.pde.linear.mumps import Mumps
from hanle.pde.processes import Processes

#: Free unknowns up to which MUMPS is chosen: a second or two even where all are connected to all in a solid.
SMALL = 20_000


def solver(name: str) -> LinearSolver:
    """The linear solver called `name`: "direct" (MUMPS), "multigrid" (field-split) or "auto".

    Raises InputError with the nearest name for any other.
    """
    if name not in NAMES:
        raise unknown_name("solver", name, NAMES)
    solvers: dict[str, LinearSolver] = {"auto": Auto(), "direct": Mumps(), "multigrid": Fieldsplit()}
    return solvers[name]


def choose(system: LinearSystem) -> LinearSolver:
    """MUMPS for small systems, which costs little there and does not depend on the kind of coupling."""
    sharing = system.sharing
    owned = system.size if sharing is None else sharing.owned
    total = sum(Processes(None if sharing is None else sharing.comm).gather(owned))
    return Mumps() if total <= SMALL else Fieldsplit()


@dataclass(frozen=True)
class Auto:
    """LinearSolver that prepares the one `choose` names."""

    name: str = "auto"

    def prepare(self, system: LinearSystem) -> Prepared:
        """Prepare the chosen solver."""
        return choose(system).prepare(system)
