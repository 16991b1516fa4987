"""Compiled loops of the finite element engine: sparsity pattern and scatter, directly in compressed rows.

A connectivity (cells, nodes per cell) holds node numbers; -1 leaves a node out. The tests compare with scipy's
coordinate format, which needs several times the memory.
"""

import numba as nb
import numpy as np


@nb.njit(cache=True)
def _cells_of_nodes(connectivity, count):  # type: ignore[no-untyped-def]
    """(start (count + 1,), cells): the cells around each node."""
    cells, width = connectivity.shape
    start = np.zeros(count + 1, np.int64)
    for c in range(cells):
        for a in range(width):
            if connectivity[c, a] >= 0:
                start[connectivity[c, a] + 1] += 1
    for i in range(count):
        start[i + 1] += start[i]
    around = np.empty(start[count], np.int32)
    place = start[:-1].copy()
    for c in range(cells):
        for a in range(width):
            i = connectivity[c, a]
            if i >= 0:
                around[place[i]] = c
                place[i] += 1
    return start, around


@nb.njit(cache=True)
def pattern(connectivity, count, coupled):  # type: ignore[no-untyped-def]
    """Compressed rows (indptr (count + 1,), indices) int32, sorted.

    Args:
        connectivity: (cells, nodes per cell) int32.
        count: number of rows and columns.
        coupled: (nodes per cell, nodes per cell) bool, which local pairs get an entry.
    """
    width = connectivity.shape[1]
    start, around = _cells_of_nodes(connectivity, count)
    mark = np.full(count, -1, np.int32)
    indptr = np.zeros(count + 1, np.int64)
    # Room for rows like those of a regular mesh; grown where a mesh has longer ones.
    indices = np.empty(count * (3 * width + 8), np.int32)
    total = 0
    for i in range(count):
        first = total
        for p in range(start[i], start[i + 1]):
            c = around[p]
            for a in range(width):
                if connectivity[c, a] != i:
                    continue
                for b in range(width):
                    j = connectivity[c, b]
                    if j >= 0 and coupled[a, b] and mark[j] != i:
                        mark[j] = i
                        if total == indices.size:
                            indices = np.concatenate((indices, np.empty_like(indices)))
                        # Rows are short and nearly in order already: insertion beats a library sort.
                        q = total
                        while q > first and indices[q - 1] > j:
                            indices[q] = indices[q - 1]
                            q -= 1
                        indices[q] = j
                        total += 1
        indptr[i + 1] = total
    return indptr.astype(np.int32), indices[:total].copy()


@nb.njit(cache=True)
def scatter(indptr, indices, connectivity, local, data):  # type: ignore[no-untyped-def]
    """data += local matrices (cells, a, b) at the places given by a connectivity (cells, nodes per cell)."""
    cells, width = connectivity.shape
    for c in range(cells):
        for a in range(width):
            i = connectivity[c, a]
            if i < 0:
                continue
            begin, end = indptr[i], indptr[i + 1]
            for b in range(width):
                j = connectivity[c, b]
                if j < 0:
                    continue
                low, high = begin, end
                while high - low > 1:
                    middle = (low + high) >> 1
                    if indices[middle] <= j:
                        low = middle
                    else:
                        high = middle
                # A pair that the pattern leaves out has a zero local entry.
                if indices[low] == j:
                    data[low] += local[c, a, b]
