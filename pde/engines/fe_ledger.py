"""The balance sheet of a state from the discrete operator: totals with test function 1, power with the state itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hanle.meshes.tagged import IntArray
from hanle.pde.engines.contract import Entry
from hanle.pde.engines.fe_numbering import Numbering
from hanle.pde.engines.fe_terms import FACE, FLUX, Load, Place, Terms
from hanle.pde.engines.fe_unknowns import Unknowns
from hanle.pde.tensors import Array


@dataclass(eq=False)
class _Sheet:
    """Residual of one place and the power that macroscopic gradients deliver there."""

    residual: Array
    delivered: dict[str, float]


def ledger(
    numbering: Numbering,
    terms: Terms,
    owners: Mapping[str, IntArray],
    unknowns: Unknowns,
    x: Array,
    amplitudes: Mapping[str, float],
) -> tuple[Entry, ...]:
    """Entries of all regions, faces, terminals and macroscopic gradients, summed over the processes.

    Args:
        owners: terminal or face -> entries of x it prescribes.
        unknowns: x = T y.
        x: block vector.
        amplitudes: drive -> amplitude of the macroscopic gradients.
    """
    sheets = _sheets(numbering, terms, x, amplitudes)
    entries = [_entry(numbering, place, kind, sheet, x) for (place, kind), sheet in sheets.items()]
    total = unknowns.gathered(sum((s.residual for s in sheets.values()), start=np.zeros(numbering.size)))
    taken = np.zeros(unknowns.size, dtype=bool)
    for place, entry in owners.items():
        # An unknown that several faces prescribe reacts at the first of them.
        mine = unknowns.marked(entry, numbering.size) & ~taken
        taken |= mine
        reaction = np.zeros(numbering.size)
        reaction[unknowns.representative[mine]] = total[mine]
        power = np.array([-float(reaction @ x)])
        entries.append(Entry(place, "terminal", _totals(numbering, reaction), power))
    for drive in amplitudes:
        given = sum(s.delivered.get(drive, 0.0) for s in sheets.values())
        entries.append(Entry(drive, "terminal", {}, np.array([-given])))
    return _merged(unknowns.processes.joined(entries)) if unknowns.processes.size > 1 else tuple(entries)


def face_flux(
    numbering: Numbering, terms: Terms, face: str, region: str, x: Array, amplitudes: Mapping[str, float]
) -> Array:
    """N.J (N,) integrated over the facets of a face beside a region, of the cells at hand: its balance tested there."""
    inner = Terms(
        operators=[o for o in terms.operators if _inside(o.place, region)],
        loads=[load for load in terms.loads if _inside(load.place, region)],
        functionals=[],
        pairs=[],
    )
    residual = np.zeros(numbering.size)
    for sheet in _sheets(numbering, inner, x, amplitudes).values():
        residual += sheet.residual
    # Of the whole face, not of the facets at hand: cells at hand may touch it where their neighbours have the facets.
    mesh = numbering.nodes.mesh
    facets = mesh.faces[face]
    beside = np.any((facets.cells >= 0) & (mesh.cell_region[facets.cells] == mesh.regions.index(region)), axis=1)
    nodes = np.unique(numbering.node_of[region][numbering.nodes.facet_nodes(facets)[beside]])
    return np.asarray(numbering.views(residual)[numbering.block_of[region]][nodes[nodes >= 0]].sum(axis=0))


def _inside(place: Place, region: str) -> bool:
    return place.name == region and place.kind != FACE


def _merged(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Entries of one place and kind added up."""
    found: dict[tuple[str, str], Entry] = {}
    for e in entries:
        known = found.get((e.place, e.kind))
        if known is None:
            found[e.place, e.kind] = e
            continue
        names = dict.fromkeys((*known.gain, *e.gain))
        gain = {n: known.gain.get(n, np.zeros(1)) + e.gain.get(n, np.zeros(1)) for n in names}
        found[e.place, e.kind] = Entry(e.place, e.kind, gain, known.power + e.power)
    return tuple(found.values())


def _sheets(
    numbering: Numbering, terms: Terms, x: Array, amplitudes: Mapping[str, float]
) -> dict[tuple[str, str], _Sheet]:
    sheets: dict[tuple[str, str], _Sheet] = {}

    def sheet(place: str, kind: str) -> _Sheet:
        return sheets.setdefault((place, kind), _Sheet(np.zeros(numbering.size), {}))

    views = numbering.views(x)
    for o in terms.operators:
        residual = sheet(o.place.name, o.place.kind).residual
        numbering.views(residual)[o.row] += (o.matrix @ views[o.col]) @ o.fields.T
    for load in terms.loads:
        factor = amplitudes[load.drive] if load.drive else -1.0
        residual = sheet(load.place.name, load.place.kind).residual
        numbering.views(residual)[load.block] += factor * np.outer(load.vector, load.fields)
    for f in terms.functionals:
        _deliver(sheet(f.place.name, f.place.kind), f.drive, amplitudes[f.drive] * _paired(f, views))
    for p in terms.pairs:
        trial = amplitudes[p.trial] if p.trial else 1.0
        _deliver(sheet(p.place.name, p.place.kind), p.test, amplitudes[p.test] * trial * p.value)
    return sheets


def _deliver(sheet: _Sheet, drive: str, power: float) -> None:
    sheet.delivered[drive] = sheet.delivered.get(drive, 0.0) + power


def _paired(load: Load, views: Sequence[Array]) -> float:
    return float((load.vector @ views[load.block]) @ load.fields)


def _entry(numbering: Numbering, place: str, kind: str, sheet: _Sheet, x: Array) -> Entry:
    power = float(sheet.residual @ x) + sum(sheet.delivered.values())
    gain = {} if kind == FLUX else _totals(numbering, -sheet.residual)
    return Entry(place, kind, gain, np.array([power]))


def _totals(numbering: Numbering, residual: Array) -> dict[str, Array]:
    """Component -> (1,) sum over all nodes; fields that nothing happens to are left out."""
    found: dict[str, Array] = {}
    for block, view in zip(numbering.blocks, numbering.views(residual), strict=True):
        for field in block.fields.fields:
            columns = view[:, block.fields.slice(field.name)]
            if np.any(columns):
                for name, total in zip(field.components, columns.sum(axis=0), strict=True):
                    found[name] = found.get(name, np.zeros(1)) + total
    return found
