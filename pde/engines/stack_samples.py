"""Fields inside the layers of a stack: quadrature points, probes, points for pictures.

Positions inside a layer are fractions of its thickness. Where thicknesses vary over the batch, coordinates are those of
its first member, and the other members are looked at in the same fractions of their layers.
"""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from hanle.pde.engines.contract import Part, Samples
from hanle.pde.engines.stack_model import StackModel
from hanle.pde.engines.twoport import Port, profile
from hanle.pde.errors import InputError
from hanle.pde.tensors import Array, IntArray

#: Gauss points per panel: panels grow twofold from the faces, so squares of decaying fields are good to 1e-12.
GAUSS = 14
#: Points may lie this fraction of the thickness outside their layer (rounding of coordinates).
OUTSIDE = 1e-9


def sample(model: StackModel, k: int, state: Array, gradients: Mapping[str, Array | float], rule: str) -> Samples:
    """A state in layer k; see `contract.System.samples`."""
    if rule not in ("gauss", "centre"):
        raise InputError("rule", 'one of "gauss", "centre"', rule)
    where, weights = _gauss(panels(model, k)) if rule == "gauss" else (np.array([0.5]), np.ones(1))
    values, full = _with_gradients(model, k, state, gradients, where)
    measure = model.layers[k].thickness[:, None, None] * weights
    return Samples(
        _points(model, k, where)[None], measure, values[:, None], full[:, None], np.zeros(1, dtype=np.int64)
    )


def face_flux(model: StackModel, face: str, k: int, state: Array, gradients: Mapping[str, Array | float]) -> Array:
    """N.J (batch, N) out of layer k through one of its faces; see `contract.System.face_flux`."""
    sides = [side for layer, side in model.stack.sides[face].values() if layer == k]
    values, slopes = _with_gradients(model, k, state, gradients, np.array([float(sides[0])]))
    flux = model.layers[k].bulk.flux(values[:, None], slopes[:, None])[:, 0, 0, model.stack.axis]
    return np.asarray(flux if sides[0] == 1 else -flux)


def _with_gradients(
    model: StackModel, k: int, state: Array, gradients: Mapping[str, Array | float], where: Array
) -> tuple[Array, Array]:
    """Values (batch, points, N) and gradients (batch, points, 3, N), macroscopic ones included, in layer k."""
    values, slopes = inside(model, k, state, gradients, where)
    full = np.zeros((*values.shape[:2], 3, values.shape[2]))
    full[:, :, model.stack.axis, :] = slopes
    for name, amplitude in gradients.items():
        g = model.problem.gradient(name)
        component = model.driven(k, g)
        if component is not None:
            full[:, :, g.direction, component] += np.reshape(amplitude, (-1, 1))
    return values, full


def inside(
    model: StackModel, k: int, state: Array, gradients: Mapping[str, Array | float], where: Array
) -> tuple[Array, Array]:
    """Values and slopes along the axis, (batch, points, N) each, at fractions of the thickness of layer k."""
    layer = model.layers[k]
    source = layer.sources().f(Part.ALL, layer.size)
    for name, amplitude in gradients.items():
        g = model.problem.gradient(name)
        component = model.driven(k, g)
        if component is not None:
            unit = layer.gradient(component, g.direction).f(Part.ALL, layer.size)
            source = source + np.reshape(amplitude, (-1, 1)) * unit
    low, high = model.traces(k)
    values = np.zeros((len(state), where.size, layer.size))
    slopes = np.zeros_like(values)
    for p in layer.ports:
        own = list(p.components)
        traces = state[:, low[own]], state[:, high[own]]
        values[:, :, own], slopes[:, :, own] = profile(p, traces, source[:, own], where)
    return values, slopes


def values_at(model: StackModel, k: int, state: Array, points: Array) -> Array:
    """Values (batch, n, N) at points (n, 3) of layer k."""
    heights = np.atleast_2d(points)[:, model.stack.axis]
    low, high = model.stack.height((k, 0)), model.stack.height((k, 1))
    slack = OUTSIDE * (high - low)
    if np.any((heights < low - slack) | (heights > high + slack)):
        wrong = float(heights[np.argmax(np.maximum(low - heights, heights - high))])
        raise InputError("points", f"inside {model.layers[k].name}, {low:g} to {high:g} m along the stack", wrong)
    return inside(model, k, state, {}, np.clip((heights - low) / (high - low), 0.0, 1.0))[0]


def vertices(model: StackModel, k: int, state: Array) -> tuple[Array, IntArray, Array]:
    """Points (n, 3), lines (n - 1, 2) between them and values (batch, n, N) of layer k, four points per panel."""
    edges = panels(model, k)
    steps = [np.linspace(a, b, 4, endpoint=False) for a, b in pairwise(edges)]
    where = np.concatenate([*steps, [1.0]])
    numbers = np.arange(where.size, dtype=np.int64)
    return (
        _points(model, k, where),
        np.stack([numbers[:-1], numbers[1:]], axis=1),
        inside(model, k, state, {}, where)[0],
    )


def panels(model: StackModel, k: int) -> Array:
    """Edges of panels from 0 to 1: one shortest decay length wide at both faces, twice as wide each step inwards."""
    rate = max(_rate(p) for p in model.layers[k].ports)
    edges, width = [0.0], min(0.5, 1.0 / max(rate, 1.0))
    while edges[-1] + 1.5 * width < 0.5:
        edges.append(edges[-1] + width)
        width *= 2.0
    half = np.array([*edges, 0.5])
    return np.concatenate([half, 1.0 - half[-2::-1]])


def _rate(port: Port) -> float:
    """Upper bound of thickness over decay length in a batch."""
    inverse = np.linalg.inv(port.A)
    grow = np.linalg.norm(inverse @ port.R, ord=np.inf, axis=(1, 2)) ** 0.5
    drift = np.linalg.norm(inverse @ (port.W - port.B), ord=np.inf, axis=(1, 2))
    return float(np.max(port.thickness * (grow + drift)))


def _gauss(edges: Array) -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss(GAUSS)
    half, middle = 0.5 * np.diff(edges)[:, None], 0.5 * (edges[1:] + edges[:-1])[:, None]
    return (middle + half * nodes).ravel(), (half * weights).ravel()


def _points(model: StackModel, k: int, where: Array) -> Array:
    points = np.zeros((where.size, 3))
    low, high = model.stack.height((k, 0)), model.stack.height((k, 1))
    points[:, model.stack.axis] = low + where * (high - low)
    return points
