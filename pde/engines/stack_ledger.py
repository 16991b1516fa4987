"""Balance sheet of a stack: losses by quadrature, face fluxes from the laws, terminals from the residual."""

from collections.abc import Iterable, Mapping

import numpy as np

from hanle.pde.engines.contract import Entry, FaceSamples
from hanle.pde.engines.stack_model import StackModel
from hanle.pde.engines.stack_samples import sample
from hanle.pde.problem import MINUS
from hanle.pde.tensors import Array


def ledger(
    model: StackModel, state: Array, gradients: Mapping[str, Array | float], residual: Array
) -> tuple[Entry, ...]:
    """Entries of a state; see `contract.Entry`.

    What prescribes values is of kind "terminal": terminals, faces with given values (under the name of the face), and
    macroscopic gradients (under the name of the drive; the power they deliver is minus the integral of the flux along
    them).

    Args:
        residual: (batch, size) operator, gradients and sources at the state: the flux that each unknown still gains
            from outside.
    """
    delivered = {name: np.zeros(len(state)) for name in gradients}
    bulk = [e for k in model.layers for e in _bulk(model, k, state, gradients, delivered)]
    faces = [_face(model, name, state, gradients, delivered) for name in model.faces]
    nothing = {c: np.zeros(len(state)) for c in _components(model)}
    driven = [Entry(name, "terminal", nothing, -power) for name, power in delivered.items()]
    return (*bulk, *faces, *_terminals(model, state, residual), *driven)


def face_samples(model: StackModel, name: str, state: Array, gradients: Mapping[str, Array | float]) -> FaceSamples:
    """A state on a face that has a law; see `contract.FaceSamples`."""
    face, stack = model.faces[name], model.stack
    traces = state[:, None, None, face.unknowns]
    slopes = np.zeros((len(state), 1, 1, 3, face.unknowns.size))
    for drive, amplitude in gradients.items():
        g = model.problem.gradient(drive)
        for row in face.rows(g):
            slopes[:, 0, 0, g.direction, row] += amplitude
    points, normals = np.zeros((1, 1, 3)), np.zeros((1, 3))
    points[..., stack.axis] = stack.height(stack.sides[name][MINUS])
    normals[:, stack.axis] = stack.normal(name)
    return FaceSamples(points, np.ones((1, 1, 1)), normals, traces, slopes)


def _bulk(
    model: StackModel, k: int, state: Array, gradients: Mapping[str, Array | float], delivered: dict[str, Array]
) -> Iterable[Entry]:
    layer = model.layers[k]
    s = sample(model, k, state, gradients, "gauss")
    flux, loss = layer.bulk.flux(s.values, s.gradients), layer.bulk.loss(s.values, s.gradients)
    components = layer.bulk.fields.components
    for name in gradients:
        g = model.problem.gradient(name)
        component = model.driven(k, g)
        if component is not None:
            along = _integral(s.weights, flux[..., g.direction, component])
            delivered[name] = delivered[name] + along * gradients[name]
    nothing = {c: np.zeros(len(state)) for c in components}
    yield Entry(layer.name, "flux", nothing, _integral(s.weights, np.sum(flux * s.gradients, axis=(-2, -1))))
    lost = {c: -_integral(s.weights, loss[..., n]) for n, c in enumerate(components)}
    yield Entry(layer.name, "loss", lost, _integral(s.weights, np.sum(loss * s.values, axis=-1)))


def _integral(weights: Array, density: Array) -> Array:
    return np.asarray(np.sum(weights * density, axis=(1, 2)))


def _face(
    model: StackModel,
    name: str,
    state: Array,
    gradients: Mapping[str, Array | float],
    delivered: dict[str, Array],
) -> Entry:
    """The law of a face."""
    face = model.faces[name]
    s = face_samples(model, name, state, gradients)
    flux = face.law.flux(s.traces, s.gradients)[:, 0, 0, :]
    sheet = face.law.sheet_current(s.traces, s.gradients)[:, 0, 0]
    power = np.sum(sheet * s.gradients[:, 0, 0], axis=(-2, -1)) - np.sum(flux * s.traces[:, 0, 0], axis=-1)
    gain = _summed(zip(face.components, flux.T, strict=True), len(state))
    for drive in gradients:
        g = model.problem.gradient(drive)
        for row in face.rows(g):
            delivered[drive] = delivered[drive] + sheet[:, g.direction, row] * gradients[drive]
    return Entry(name, "face", gain, power)


def _terminals(model: StackModel, state: Array, residual: Array) -> Iterable[Entry]:
    """Terminals, faces with given values, and Globals with what their admittance and source bring."""
    component_of = _components_of(model)
    for name, unknowns in model.terminals.items():
        gain = _summed(((component_of[int(u)], residual[:, u]) for u in unknowns), len(state))
        yield Entry(name, "terminal", gain, -np.sum(residual[:, unknowns] * state[:, unknowns], axis=1))
    held = {int(u) for unknowns in model.terminals.values() for u in unknowns}
    for name in dict.fromkeys(where for where, _, _ in model.given):
        given = [u for where, u, _ in model.given if where == name and u not in held]
        gains = _summed(((component_of[u], residual[:, u]) for u in given), len(state))
        yield Entry(name, "terminal", gains, -np.sum(residual[:, given] * state[:, given], axis=1))
    for g in model.problem.globals:
        value = state[:, model.globals[g.name]]
        flow = g.source - g.admittance * value
        yield Entry(g.name, "terminal", {g.component: flow}, -flow * value)


def _summed(parts: Iterable[tuple[str, Array]], batch: int) -> dict[str, Array]:
    total: dict[str, Array] = {}
    for name, value in parts:
        total[name] = total.get(name, np.zeros(batch)) + value
    return total


def _components(model: StackModel) -> tuple[str, ...]:
    return tuple(dict.fromkeys(c for layer in model.layers.values() for c in layer.bulk.fields.components))


def _components_of(model: StackModel) -> dict[int, str]:
    """Component of each unknown."""
    return {
        int(u): c
        for k, layer in model.layers.items()
        for trace in model.traces(k)
        for u, c in zip(trace, layer.bulk.fields.components, strict=True)
    }
