"""What a course in time begins with."""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.engines.contract import System
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.solution import Solution
from hanle.pde.tensors import Array

#: A state to begin with: values of fields, uniform in space; a solution of the same problem under other drives; zero.
Initial: TypeAlias = Mapping[str, ArrayLike] | Solution | None


def initial_state(system: System, initial: Initial) -> Array:
    """The state vector of what a course begins with.

    Raises:
        InputError: a field the problem lacks, a wrong number of components, a solution of another layout.
    """
    if isinstance(initial, Solution):
        places = initial.response.system.places
        if system.processes.any(initial.state.shape != (system.size,) or not np.array_equal(places, system.places)):
            raise InputError("initial", "a solution of the same problem on the same mesh", initial.state.shape)
        return initial.state
    known = {f.name: f for bulk in system.problem.regions.values() for f in bulk.fields.fields}
    state = system.given_vector()
    for name, values in (initial or {}).items():
        if name not in known:
            raise unknown_name("initial", name, known)
        given = np.asarray(values, dtype=float).ravel()
        if given.size != known[name].size:
            raise InputError(
                f"initial.{name}", f"{known[name].size} components [{known[name].unit}]", given.tolist()
            )
        for component, value in zip(known[name].components, given, strict=True):
            state = np.where(system.fixed, state, state + value * system.constant(component))
    return state
