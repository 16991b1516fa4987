"""What a linear problem answers to its drives, and the proof of it; `hanle.pde.steady` makes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hanle.pde.engines.contract import System
from hanle.pde.errors import unknown_name
from hanle.pde.tensors import Array


@dataclass(frozen=True, eq=False)
class Proof:
    """What a solve can show for itself.

    Attributes:
        engine, solver: their names.
        residuals: drive -> relative true residual of its solve.
        iterations: drive -> iterations (0 for direct solvers).
        tolerance: what was asked for.
    """

    engine: str
    solver: str
    residuals: Mapping[str, float]
    iterations: Mapping[str, int]
    tolerance: float


@dataclass(frozen=True, eq=False)
class Response:
    """Linear response of a problem to its drives.

    Attributes:
        system: the assembled problem.
        drives: names, terminals first; they index rows and columns below.
        lifts: drive -> state of the reference problem (zero for macroscopic gradients).
        changes: drive -> v_j, what the perturbative couplings add.
        source_state: state due to the sources of the laws with all drives at zero.
        reference, correction: (batch, drives, drives); their sum is the response matrix.
        source_flux: (batch, drives) flux at each drive due to the sources.
        proof: residuals and iterations.
        history: drive -> changes of earlier states of a sweep, newest first; the next solve starts from them.
    """

    system: System
    drives: tuple[str, ...]
    lifts: Mapping[str, Array]
    changes: Mapping[str, Array]
    source_state: Array
    reference: Array
    correction: Array
    source_flux: Array
    proof: Proof
    history: Mapping[str, tuple[Array, ...]] = field(default_factory=dict)

    @property
    def matrix(self) -> Array:
        """Response matrix (batch, drives, drives)."""
        return self.reference + self.correction

    def index(self, drive: str) -> int:
        """Row and column of a drive in the response matrix; InputError for an unknown name."""
        if drive not in self.drives:
            raise unknown_name("drive", drive, self.drives)
        return self.drives.index(drive)
