"""By what the residuals of the solves may change an answer: a posteriori, from the fields that belong to the answer.

A flux at drive i depends on the state through a(g_i, .), and a residual r moves it by z_i.r, z_i solving the transposed
equations. By the relations of Onsager z_i is, but for signs of time reversal, the change that drive i makes itself:

    |delta flux_i| <= sum_n |z_in| |r_n|,      r = sources - A (what all drives make)

Signals that fall by orders of magnitude on their way are far better known than the residual relative to the drive
says: what is left of r is not at their detector. At oblique m and in fields that turn spins z_i differs from the change
at (B, m), but not in size. Errors of the mesh are not in it.
"""

from collections.abc import Collection

import numpy as np

from hanle.pde.solution import Solution
from hanle.pde.steady import dot
from hanle.pde.tensors import Array


def amplitude_uncertainty(solution: Solution, known: Collection[str]) -> dict[str, Array]:
    """Drive -> bound (batch,) on the error of its amplitude by the residuals, of drives of given flux.

    Args:
        known: drives of given amplitude.
    """
    response = solution.response
    free = [k for k, name in enumerate(response.drives) if name not in known]
    if not free:
        return {}
    left = np.abs(_residual(solution))
    system = response.system
    moved = [
        dot(system, np.abs(np.where(system.fixed, 0.0, response.changes[n] + response.lifts[n])), left)
        for n in (response.drives[k] for k in free)
    ]
    batch = response.matrix.shape[0]
    fluxes = np.stack([np.broadcast_to(m, batch) for m in moved], axis=-1)
    inverse = np.abs(np.linalg.inv(_scaled(response.matrix[np.ix_(range(batch), free, free)])))
    size = _sizes(response.matrix, free)
    found = np.einsum("bij,bj->bi", inverse, fluxes / size) / size
    return {response.drives[k]: found[:, n] for n, k in enumerate(free)}


def _residual(solution: Solution) -> Array:
    """Sources less operator at the whole state, zero on what is prescribed."""
    system = solution.response.system
    total = system.source_load() - system.apply(solution.state)
    for name, amplitude in solution.gradients.items():
        load = system.gradient_load(name)
        total = total - (amplitude[0] * load if load.ndim == 1 else amplitude[:, None] * load)
    return np.where(system.fixed, 0.0, total)


def _sizes(matrix: Array, free: list[int]) -> Array:
    return np.asarray(np.sqrt(np.abs(np.einsum("bii->bi", matrix)[:, free])))


def _scaled(matrix: Array) -> Array:
    size = np.sqrt(np.abs(np.einsum("bii->bi", matrix)))
    return np.asarray(matrix / size[:, :, None] / size[:, None, :])
