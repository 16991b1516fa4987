"""Capacities that differ from cell to cell, on any number of processes.

heat into a closed bar <-> what it stores, by constant capacities and by those that follow the state
"""

import numpy as np
import pytest

from hanle.meshes.layers import stack
from hanle.pde.coefficients import Bulk, as_weight, term
from hanle.pde.engines.fenicsx import Fenicsx
from hanle.pde.fields import ELECTRON_HEAT, FieldSet
from hanle.pde.problem import Problem
from hanle.pde.stages import Stepper
from hanle.pde.storing import Excess, Proportional

LENGTH, POWER, TIME = 1e-7, 1e18, 1e-12
FIELDS = FieldSet((ELECTRON_HEAT,))
TIGHT = 1e-11


@pytest.mark.parametrize("follows", [False, True])
def test_each_cell_stores_by_its_own_capacity(follows):
    """Laws name all cells of a region, whoever holds them."""
    mesh = stack([("bar", LENGTH)]).mesh(resolve={"bar": LENGTH}, cells_per_length=6, growth=1.0001)
    capacity = 1e6 * np.linspace(1, 3, len(mesh.region_cells("bar")))
    excess = Excess(FIELDS, ((("T_e",), Proportional(as_weight(capacity))),)) if follows else None
    bulk = Bulk(
        FIELDS,
        A=(term(1e-3, np.eye(3), [[1.0]]),),
        C=(term(capacity, 1.0, [[1.0]]),),
        F=(term(POWER, 1.0, [1.0]),),
        excess=excess,
    )
    stepper = Stepper(Problem(mesh, {"bar": bulk}, {}), Fenicsx(1), amplitudes={}, fluxes={}, tolerance=TIGHT)
    after = stepper.step(stepper.begin(0.0, np.zeros(stepper.system.size)), TIME, TIME).after
    total = stepper.system.processes.total
    assert total(after.stored.sum()) == pytest.approx(POWER * TIME * LENGTH, rel=1e-9)
    rises = total(after.state.sum()) / stepper.system.unknowns
    gas = np.mean(np.sqrt(1 + 2 * POWER * TIME / capacity) - 1)
    assert rises == pytest.approx(gas if follows else np.mean(POWER * TIME / capacity), rel=0.1)
