"""Which engine and which linear solver: by name, or chosen."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hanle.boundary.b_layer import Conductances
from hanle.boundary.circuit import Circuit
from hanle.launch import FENICSX
from hanle.meshes.layered import Layers
from hanle.meshes.layers import Stack
from hanle.pde.engines.contract import Engine
from hanle.pde.errors import InputError, UnsupportedError, unknown_name
from hanle.profiles import varies
from hanle.shapes import UserShape

if TYPE_CHECKING:
    from hanle.device import Device

AUTO, MULTILAYER, SCIKIT = "auto", "multilayer", "scikit"
ENGINES = (AUTO, MULTILAYER, SCIKIT, FENICSX)
#: Linear solvers of the finite elements.
SOLVERS = (AUTO, "direct", "multigrid")


def choose_engine(device: "Device", name: str = AUTO, order: int | None = None) -> Engine:
    """The engine called `name`.

    "auto" takes the exact one where the device is a stack of uniform layers and no order of elements is given.

    Raises:
        InputError: an unknown name, an order other than 1 or 2, or an order for the exact engine.
        UnsupportedError: the exact engine for a device that is no stack of uniform layers; `fenicsx` without dolfinx.
    """
    if name not in ENGINES:
        raise unknown_name("engine", name, ENGINES)
    if order not in (None, 1, 2):
        raise InputError("order", "1 or 2", order)
    if name == AUTO:
        name = MULTILAYER if order is None and is_uniform_stack(device) else SCIKIT
    if name == MULTILAYER:
        if order is not None:
            must = "left out for the exact engine, which has no elements"
            raise InputError("order", must, order, f'or use engine="{SCIKIT}"')
        if not is_uniform_stack(device):
            raise UnsupportedError(
                "engine multilayer is for stacks of uniform layers without textures: use engine scikit"
            )
        from hanle.pde.engines.multilayer import Multilayer

        return Multilayer()
    if name == FENICSX:
        return _fenicsx(order or 1)
    from hanle.pde.engines.scikit import Scikit

    return Scikit(order=order or 1)


def _fenicsx(order: int) -> Engine:
    from hanle.pde.engines.fenicsx_available import require_dolfinx

    with _warnings_shown():
        require_dolfinx()
        from hanle.pde.engines.fenicsx import Fenicsx
    return Fenicsx(order=order)


@contextmanager
def _warnings_shown() -> Iterator[None]:
    """Imports inside leave warnings as they were: ffcx, which dolfinx loads, hands them to a logger without output."""
    before = warnings.showwarning
    try:
        yield
    finally:
        if warnings.showwarning is not before:
            logging.captureWarnings(False)


def is_uniform_stack(device: "Device") -> bool:
    """Layers along one axis with nothing that varies inside them or over a face."""
    vectors = (device.field, *device.magnetisation.values())
    given = [g for g in device.interfaces.values() if isinstance(g, (Conductances, Circuit))]
    constant = not any(varies(x, 1) for g in given for x in vars(g).values())
    constant &= not any(varies(p, 1) for p in device.profiles.values()) and not any(varies(v, 3) for v in vectors)
    return constant and layers(device) is not None


def layers(device: "Device") -> Layers | None:
    """The layers of a stack, for the exact engine; None where the shape is none."""
    shape = device.shape.shape if isinstance(device.shape, UserShape) else device.shape
    return shape.layers_of_stack() if isinstance(shape, Stack) else None


def choose_solver(name: str, engine: Engine) -> Any:
    """A linear solver by name; None ("auto") leaves the choice to the engine.

    Raises:
        InputError: an unknown name, or any but "auto" for the exact engine, which eliminates layer by layer.
    """
    if name == AUTO:
        return None
    if name not in SOLVERS:
        raise unknown_name("solver", name, SOLVERS)
    if engine.batched:
        raise InputError("solver", f'"auto" for engine {engine.name}', name, f'or use engine="{SCIKIT}"')
    if engine.name == FENICSX:
        from hanle.pde.linear import parallel

        return parallel.solver(name)
    from hanle.pde.linear.choose import solver

    return solver(name)
