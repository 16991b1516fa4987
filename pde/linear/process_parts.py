"""A group of unknowns solved by each process on its own part, the cut between the parts open.

With A = sum of T^T A_p T over the processes, the inverse is approximated by the sum of T^T D A_p^-1 D T, where D
shares out an unknown among the processes that hold it, in proportion to their diagonal entries (Neumann-Neumann;
Bourgat et al., 1989). A_p^-1 is a multigrid cycle; no matrix is built. What is constant on a part is solved for all
parts together before (balancing; Mandel, 1993), body by body, so that decay lengths may be larger than the parts.

A face law between two processes makes one of them hold nodes of which it has no cell. There A_p is the face law alone,
which may be singular (a contact that only takes the spin along m), so these nodes are left to the others: no share,
and zero in A_p^-1.
"""

from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from hanle.pde.errors import SolveError
from hanle.pde.linear.contract import BlockTerm, LinearSystem
from hanle.pde.linear.groups import Group
from hanle.pde.linear.multigrid import Cycle
from hanle.pde.linear.operators import Operator, merge
from hanle.pde.linear.reduced import Reduced, reduce
from hanle.pde.linear.sharing import Sharing
from hanle.pde.processes import Processes
from hanle.pde.tensors import Array, IntArray

#: Singular values of the operator on the constants below this fraction of the largest count as none.
NULL = 1e-11
#: Bodies of a block on one process up to which each has constants of its own.
BODIES = 8


class ProcessParts:
    """Approximate inverse of a group, from and to the owned parts of vectors y.

    Raises SolveError, on all processes, where the part of one of them is singular.
    """

    def __init__(self, reduced: Reduced, group: Group) -> None:
        processes, sharing = reduced.processes, reduced.sharing
        numbers, ties = _merged(sharing.index[group.entries(reduced.system)])
        self._exchange = Sharing(sharing.comm, numbers, sharing.start, sharing.stop)
        part = reduce(_local(reduced.system, group, ties)) if len(numbers) else None
        self._weight, others = _shares(self._exchange, part)
        self._cycle, failure = _cycle(part, others)
        failures = [text for text in processes.gather(failure) if text]
        if failures:
            raise SolveError(failures[0])
        self._constants = None
        if processes.size > 1:
            self._constants = Constants(processes, self._exchange, part, self._weight)

    def __call__(self, r: Array) -> Array:
        """The approximate solution, owned part; zero outside the group."""
        if self._constants is None:
            return self._parts(r)
        level, image = self._constants.solve(r)
        return level + self._parts(r - image)

    def _parts(self, r: Array) -> Array:
        x = self._weight * self._exchange.spread(r)
        return self._exchange.gathered(x if self._cycle is None else self._weight * self._cycle(x))


class Constants:
    """The equations restricted to what is constant on each body of each part, one number per component.

    Args:
        part: the system of this process, None where it holds nothing.
        weight: share of this process in each of its unknowns.
    """

    def __init__(self, processes: Processes, exchange: Sharing, part: Reduced | None, weight: Array) -> None:
        self._processes, self._exchange = processes, exchange
        copies = exchange.spread(exchange.gathered(np.ones(len(weight))))
        self._basis = _basis(processes, exchange, part, weight, copies)
        self._shares = 1.0 / copies
        self._image = self._basis if part is None else _image(part, self._basis)
        matrix = processes.total((self._basis.T @ self._image).toarray())
        self._inverse = np.linalg.pinv(matrix, rcond=NULL)

    def solve(self, r: Array) -> tuple[Array, Array]:
        """(solution among the constants, its image under the operator), owned parts."""
        # Every holder of an unknown counts its share of it.
        load = self._processes.total(self._basis.T @ (self._shares * self._exchange.spread(r)))
        amplitudes = self._inverse @ load
        level = self._exchange.gathered(self._shares * (self._basis @ amplitudes))
        return level, self._exchange.gathered(self._image @ amplitudes)


def _basis(
    processes: Processes, exchange: Sharing, part: Reduced | None, weight: Array, copies: Array
) -> sp.csr_matrix:
    """(unknowns of this process, constants of all) weighted, where they reach this process."""
    value, number = np.zeros(0), np.zeros(0, dtype=np.int64)
    if part is not None:
        number = _numbered(part)
        value = np.where(part.fixed, 0.0, weight)
    counts = processes.gather(int(number.max(initial=-1)) + 1)
    starts = np.concatenate([[0], np.cumsum(counts)])
    rows, columns, data = [np.arange(len(value))], [starts[processes.rank] + number], [value]
    cut = np.flatnonzero(copies > 1.5)
    shared = Sharing(exchange.comm, exchange.index[cut], exchange.start, exchange.stop)
    for rank in range(processes.size):
        mine = rank == processes.rank
        own, name = (x[cut] if mine else np.zeros(len(cut)) for x in (value, number + 1.0))
        found, named = (shared.spread(shared.gathered(np.asarray(x, dtype=float))) for x in (own, name))
        if not mine:
            here = np.flatnonzero(found)
            rows.append(cut[here])
            columns.append(starts[rank] + np.rint(named[here]).astype(np.int64) - 1)
            data.append(found[here])
    entries = (np.concatenate(rows), np.concatenate(columns))
    return sp.csr_matrix((np.concatenate(data), entries), shape=(len(value), int(starts[-1])))


def _numbered(part: Reduced) -> IntArray:
    """(unknowns,) the constant that each belongs to: one per component of each body, what is tied being one body."""
    system, found, start = part.system, [], 0
    for block in system.blocks:
        count, body = connected_components(block.coarsening, directed=False)
        if count > BODIES:
            count, body = 1, np.zeros(block.nodes, dtype=np.int64)
        found.append((start + body[:, None] * block.components + np.arange(block.components)).ravel())
        start += count * block.components
    number = np.concatenate(found).astype(np.int64)
    first = np.full(part.restrict(np.zeros(system.size)).size, start)
    unknown = np.rint(part.extend(np.arange(len(first), dtype=float))).astype(np.int64)
    np.minimum.at(first, unknown, number)
    # Numbers that meet in an unknown are one.
    graph = sp.coo_matrix((np.ones(len(number)), (number, first[unknown])), shape=(start, start))
    _, label = connected_components(graph, directed=False)
    return np.asarray(np.unique(label[first], return_inverse=True)[1])


def _image(part: Reduced, basis: sp.csr_matrix) -> sp.csr_matrix:
    """The operator of a part on the columns of `basis`."""
    operator, columns = Operator(part.system), basis.tocsc()
    images = []
    for k in range(basis.shape[1]):
        vector = np.zeros(basis.shape[0])
        if columns.indptr[k + 1] > columns.indptr[k]:
            vector = columns[:, [k]].toarray().ravel()
            vector = np.where(part.fixed, 0.0, part.restrict(operator.apply(part.extend(vector))))
        images.append(sp.csc_matrix(vector[:, None]))
    return sp.csr_matrix(sp.hstack(images, format="csr"))


def _merged(numbers: IntArray) -> tuple[IntArray, sp.csr_matrix | None]:
    """Numbers without repetition, and the ties of the entries that share one; None where none do."""
    wanted, place = np.unique(numbers, return_inverse=True)
    if len(wanted) == len(numbers):
        return numbers, None
    arrays = (np.ones(len(place)), place.astype(np.int32), np.arange(len(place) + 1))
    return wanted, sp.csr_matrix(arrays, shape=(len(place), len(wanted)))


def _local(system: LinearSystem, group: Group, ties: sp.csr_matrix | None) -> LinearSystem:
    """The group on this process, skew terms left out."""
    parts = [p for p in group.parts if system.blocks[p.block].nodes]
    places = {p.block: k for k, p in enumerate(parts)}
    blocks = [
        replace(
            system.blocks[p.block],
            components=p.width,
            fixed=np.ascontiguousarray(system.blocks[p.block].fixed[:, p.columns]),
            floating=(),
            groups=(),
        )
        for p in parts
    ]
    terms = merge(
        BlockTerm(places[t.row], places[t.col], t.matrix, group.fields(t))
        for t in system.terms
        if not t.skew and t.row in places and t.col in places
    )
    return LinearSystem(tuple(blocks), tuple(terms), ties)


def _shares(exchange: Sharing, part: Reduced | None) -> tuple[Array, NDArray[np.bool_]]:
    """(share of this process in each of its unknowns, those it leaves to others), in the order of the exchange."""
    own, conducts = np.zeros(0), np.zeros(0, dtype=bool)
    if part is not None:
        own = part.restrict(_diagonal(part.system))
        # The matrix is one of cells: nothing stands on its diagonal where this process has none.
        cells = [np.repeat(b.coarsening.diagonal() > 0.0, b.components) for b in part.system.blocks]
        conducts = part.restrict(np.concatenate(cells).astype(float)) > 0.0
    others = ~conducts & (exchange.spread(exchange.gathered(np.where(conducts, own, 0.0))) > 0.0)
    own = np.where(others, 0.0, own)
    return own / exchange.spread(exchange.gathered(own)), others


def _cycle(part: Reduced | None, others: NDArray[np.bool_]) -> tuple[Cycle | None, str]:
    """The cycle of a part that is zero on `others`, or why there is none."""
    if part is None:
        return None, ""
    try:
        return Cycle(_held(part, others) if others.any() else part), ""
    except SolveError as error:
        return None, str(error)


def _held(part: Reduced, fixed: NDArray[np.bool_]) -> Reduced:
    """The part with further unknowns fixed."""
    system = part.system
    views = system.views(part.extend(fixed.astype(float)))
    blocks = tuple(replace(b, fixed=b.fixed | (v > 0.0)) for b, v in zip(system.blocks, views, strict=True))
    return reduce(replace(system, blocks=blocks))


def _diagonal(system: LinearSystem) -> Array:
    """Size of the diagonal entries, averaged over the components of a node."""
    found = np.zeros(system.size)
    views = system.views(found)
    for t in system.terms:
        if t.row == t.col:
            views[t.row][:] += (t.matrix.diagonal() * (np.trace(t.fields) / len(t.fields)))[:, None]
    return np.abs(found)
