"""Stacks per second of the engine `multilayer`: assembly, factorisation and one or two drives, on one thread.

    python benchmarks/multilayer_speed.py [batch]

Three tied metal layers on a magnetic insulator; thickness, conductivity, decay length, field and magnetisation vary
over the batch. "axis" has scalar relaxation and any precession axis in each layer; "tensor" a full 3x3 relaxation.
"""

import sys
import time
from collections.abc import Callable

import numpy as np

from hanle.boundary.b_layer import Conductances, b_layer
from hanle.meshes.layered import Layers
from hanle.pde.coefficients import Bulk, FaceLaw, Side
from hanle.pde.engines.contract import Part
from hanle.pde.engines.multilayer import Multilayer
from hanle.pde.fields import CHARGE_AND_SPIN
from hanle.pde.metal import normal_metal
from hanle.pde.problem import Face, Gradient, Problem
from hanle.pde.tensors import Array

LAYERS = ("A", "B", "C")


def metal(rng: np.random.Generator, batch: int, tensor: bool) -> Bulk:
    """A metal with random parameters."""
    one = (batch, 1)
    diffusion = 1e-4 * rng.uniform(0.3, 3, one)
    length = 1e-9 * rng.uniform(1, 10, one)
    relaxation = None
    if tensor:
        root = rng.normal(size=(batch, 1, 3, 3))
        spread = np.eye(3) + 0.2 * (root @ np.swapaxes(root, -1, -2))
        spread = 0.5 * (spread + np.swapaxes(spread, -1, -2))
        relaxation = (diffusion / length**2)[..., None, None] * spread
    return normal_metal(
        conductivity=1e6 * rng.uniform(0.3, 3, one),
        diffusion_constant=diffusion,
        diffusion_length=None if tensor else length,
        relaxation=relaxation,
        spin_hall_angle=rng.uniform(-0.1, 0.1, one),
        field=rng.normal(size=(batch, 1, 3)) * 10,
    )


def problem(batch: int, tensor: bool) -> Problem:
    """The random stacks."""
    rng = np.random.default_rng(0)
    both = (Side("below", CHARGE_AND_SPIN), Side("above", CHARGE_AND_SPIN))
    tie = Face(FaceLaw(both, tie=("u", "w")), {"below": "minus", "above": "plus"})
    magnet = b_layer("M", Conductances(-1e13, 3e14, 1e14), rng.normal(size=(batch, 1, 3)))
    return Problem(
        Layers(LAYERS, 10 ** rng.uniform(-9.5, -7, (batch, 3))),
        {name: metal(rng, batch, tensor) for name in LAYERS},
        {"bottom": Face(magnet, {"metal": "minus"}), "A|B": tie, "B|C": tie},
        gradients=(Gradient("u", "x"), Gradient("u", "y")),
    )


def response(stacks: Problem, drives: tuple[str, ...]) -> Array:
    """Correction of the conductance along x for each drive."""
    engine = Multilayer()
    system = engine.assemble(stacks)
    prepared = engine.default_solver(system).prepare(system.subsystem(Part.ALL).linear)
    functional = system.gradient_functional("du/dx")
    found = []
    for drive in drives:
        change = prepared.solve(-system.gradient_load(drive), tolerance=1e-8)
        own = system.gradient_pair("du/dx", drive, Part.PERTURBATIVE)
        found.append(own + np.einsum("bi,bi->b", functional, change))
    return np.array(found)


def seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """Least CPU time of some repeats."""
    best = np.inf
    for _ in range(repeats):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return float(best)


def main(batch: int = 100_000) -> None:
    """Print the rates."""
    for kind in ("axis", "tensor"):
        stacks = problem(batch, kind == "tensor")
        one = seconds(lambda p=stacks: response(p, ("du/dx",)))
        two = seconds(lambda p=stacks: response(p, ("du/dx", "du/dy")))
        print(
            f"{kind:7s} one drive {batch / one / 1e6:.3f} M stacks/s, two drives {batch / two / 1e6:.3f} M stacks/s"
        )


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))
