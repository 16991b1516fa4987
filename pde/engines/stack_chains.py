"""The condensed operator of a stack as chains of two-ports, and which of its components float."""

from collections.abc import Iterator

import numpy as np

from hanle.pde.engines.contract import Part
from hanle.pde.engines.sets import Sets
from hanle.pde.engines.stack_model import StackModel
from hanle.pde.engines.tables import Table, dense, nonzero, table
from hanle.pde.engines.twoport import Port
from hanle.pde.linear.tridiagonal import Chain, Floating, Link, Shunt
from hanle.pde.tensors import Array, IntArray

#: Sums of coefficients below this fraction of their sizes count as zero.
CLOSED = 1e-12


def chains_of(model: StackModel, part: Part) -> tuple[Chain, ...]:
    """The operator of a part, one chain per set of coupled unknowns."""
    numbering = model.numbering
    links, shunts = _links(model, part), _shunts(model, part)
    owner = np.zeros(numbering.size, dtype=np.int64)
    for k, unknowns in enumerate(numbering.chains):
        owner[unknowns] = k
    chains = []
    for k, unknowns in enumerate(numbering.chains):
        start, planes = int(unknowns[0]), numbering.planes[unknowns]
        banded = bool(np.all(planes >= 0))
        own = [_local_link(l, start) for l in links if owner[l.below[0]] == k]
        here = [Shunt(s.here - start, s.matrix) for s in shunts if owner[s.here[0]] == k]
        rows = _rows(planes) if banded else np.arange(unknowns.size)[None, :]
        chains.append(Chain(start, unknowns.size, rows, tuple(own), tuple(here), banded))
    return tuple(chains)


def _local_link(link: Link, start: int) -> Link:
    return Link(link.below - start, link.above - start, link.P, link.Q, link.T0, link.T1)


def _rows(planes: IntArray) -> IntArray:
    """Unknowns of each plane, -1 in empty slots."""
    first, last = int(planes.min()), int(planes.max())
    members = [np.flatnonzero(planes == k) for k in range(first, last + 1)]
    rows = np.full((len(members), max(m.size for m in members)), -1, dtype=np.int64)
    for row, m in zip(rows, members, strict=True):
        row[: m.size] = m
    return rows


def _links(model: StackModel, part: Part) -> list[Link]:
    links = []
    for k, layer in model.layers.items():
        low, high = model.traces(k)
        if part is not Part.PERTURBATIVE:
            passing = [(p, p.passing) for p in layer.ports_of(part)]
        else:
            changed = zip(layer.ports, layer.reference_ports, strict=True)
            passing = [(p, _change(layer.across(part), p, r)) for p, r in changed if p is not r]
        links += [Link(low[list(p.components)], high[list(p.components)], *port) for p, port in passing]
    return links


def _change(across: Table, whole: Port, reference: Port) -> tuple[Array, Array, Array, Array]:
    """Two-port of the perturbative part; exactly linear where nothing is lost inside the piece."""
    if not any(np.any(m) for p in (whole, reference) for m in (p.R, p.B, p.W)):
        a = dense(across, whole.components, whole.components) / whole.thickness[:, None, None]
        return a, a, np.zeros_like(a), np.zeros_like(a)
    p, q, t0, t1 = (np.ascontiguousarray(a - b) for a, b in zip(whole.passing, reference.passing, strict=True))
    return p, q, t0, t1


def _shunts(model: StackModel, part: Part) -> list[Shunt]:
    """Face laws, split into sets of coupled rows, and the admittances of Globals."""
    shunts = []
    for face in model.faces.values():
        sets = Sets(face.unknowns.size)
        entries = face.conductance(part)
        for pair, weight in entries.items():
            if nonzero(weight):
                sets.join(pair)
        roots = sets.roots()
        for root in dict.fromkeys(roots[i] for i, _ in entries):
            rows = [i for i in range(face.unknowns.size) if roots[i] == root]
            shunts.append(Shunt(face.unknowns[rows], face.block(rows, part)))
    if part is not Part.PERTURBATIVE:
        for g in model.problem.globals:
            here = np.array([model.globals[g.name]], dtype=np.int64)
            shunts.append(Shunt(here, np.full((1, 1, 1), float(g.admittance))))
    return shunts


def floating_of(model: StackModel) -> tuple[Floating, ...]:
    """Sets of unknowns of which a common constant makes no flux: no sink, no terminal, no given value.

    First sets of one component: the constant u of a polarised interface makes no flux, although it is coupled to w
    there. What a set of one component does not leave alone may do so with others (fields that exchange).
    """
    sets, names = _pieces(model)
    sinks = list(_sinks(model))
    coupled = [
        (unknowns[i], unknowns[j]) for unknowns, entries in sinks for (i, j), w in entries.items() if nonzero(w)
    ]
    for i, j in coupled:
        if names[i] == names[j]:
            sets.join((i, j))
    single = _free(model, sets, sinks)
    for i, j in coupled:
        if sets.find(i) not in single and sets.find(j) not in single:
            sets.join((i, j))
    roots = np.array(sets.roots())
    return tuple(_floating(model, np.flatnonzero(roots == r)) for r in _free(model, sets, sinks))


def _pieces(model: StackModel) -> tuple[Sets, list[str]]:
    """The unknowns that layers connect, and the component of each."""
    sets, names = Sets(model.numbering.size), [""] * model.numbering.size
    for k, layer in model.layers.items():
        for name, *pair in zip(layer.bulk.fields.components, *(t.tolist() for t in model.traces(k)), strict=True):
            sets.join(pair)
            for i in pair:
                names[i] = name
    return sets, names


def _free(model: StackModel, sets: Sets, sinks: list[tuple[list[int], Table]]) -> list[int]:
    """Roots of the sets that nothing holds and whose common constant makes no flux."""
    roots = np.array(sets.roots())
    held = set(roots[model.fixed].tolist())
    for unknowns, entries in sinks:
        held |= {
            root for root in roots[unknowns].tolist() if _absorbs([roots[u] == root for u in unknowns], entries)
        }
    return [root for root in dict.fromkeys(roots.tolist()) if root not in held]


def _sinks(model: StackModel) -> Iterator[tuple[list[int], Table]]:
    """Everything that may take a constant away: unknowns, and what acts on their values."""
    for k, layer in model.layers.items():
        low = model.traces(k)[0].tolist()
        yield low, table(layer.bulk.R)
        yield low, table(layer.bulk.B, model.stack.axis)
    for face in model.faces.values():
        yield face.unknowns.tolist(), face.conductance(Part.ALL)
    for g in model.problem.globals:
        yield [model.globals[g.name]], {(0, 0): np.full(1, g.admittance)}


def _absorbs(members: list[bool], entries: Table) -> bool:
    """Whether a constant on some columns makes a flux in any row of any member; the first one mostly settles it."""
    first = {pair: weight[:1] for pair, weight in entries.items()}
    return _flows(members, first) or _flows(members, entries)


def _flows(members: list[bool], entries: Table) -> bool:
    total: dict[int, Array] = {}
    size: dict[int, Array] = {}
    for (i, j), weight in entries.items():
        if members[j]:
            total[i] = total.get(i, np.zeros(1)) + weight
            size[i] = size.get(i, np.zeros(1)) + np.abs(weight)
    return any(np.any(np.abs(total[i]) > CLOSED * size[i]) for i in total)


def _floating(model: StackModel, unknowns: IntArray) -> Floating:
    """A floating set with the weights of its mean over the layers."""
    place = {int(u): n for n, u in enumerate(unknowns)}
    weights = np.zeros((model.stack.layers.thickness.shape[0], unknowns.size))
    names = set()
    for k, layer in model.layers.items():
        for trace in model.traces(k):
            for c, u in enumerate(trace.tolist()):
                if u in place:
                    weights[:, place[u]] += 0.5 * layer.thickness
                    names.add(f"{layer.bulk.fields.components[c]} of {layer.name}")
    return Floating(" and ".join(sorted(names)), unknowns, weights / weights.sum(axis=1, keepdims=True))
