"""A matrix to coarsen with, where the stiffness itself is no M-matrix: second-order elements, slender cells."""

import numpy as np
import scipy.sparse as sp

from hanle.pde.tensors import Array


def by_distance(pattern: sp.csr_matrix, points: Array, measures: Array) -> sp.csr_matrix:
    """M-matrix that couples neighbours by (measure of the smaller) / (distance)^2.

    It knows the shapes of the cells, so that nodes above each other in a thin layer are strong neighbours and nodes
    beside each other are weak, for elements of any kind and order; it does not know an anisotropic conductivity.

    Args:
        pattern: (n, n) matrix whose entries tell neighbours, e.g. the stiffness; its values are not used.
        points: (n, 3) coordinates.
        measures: (n,) volume, area or length that belongs to each node (row sums of the absolute mass matrix).
    """
    entries = pattern.tocoo()
    apart = entries.row != entries.col
    i, j = entries.row[apart], entries.col[apart]
    squared = np.sum((points[i] - points[j]) ** 2, axis=1)
    weights = np.minimum(measures[i], measures[j]) / squared
    couplings = sp.csr_matrix((-weights, (i, j)), shape=pattern.shape)
    diagonal = -np.asarray(couplings.sum(axis=1)).ravel()
    matrix = sp.csr_matrix(couplings + sp.diags_array(diagonal))
    matrix.sort_indices()
    return matrix
