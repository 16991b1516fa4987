"""Scalar unknowns shared by faces: admittance and source of their balance (the faces themselves are tied)."""

import numpy as np
import scipy.sparse as sp

from hanle.pde.engines.fe_numbering import Numbering
from hanle.pde.engines.fe_terms import Load, Operator, Place, Terms
from hanle.pde.engines.fe_unknowns import Unknowns
from hanle.pde.problem import Problem


def global_terms(problem: Problem, numbering: Numbering, unknowns: Unknowns) -> Terms:
    """Terms at one entry of each unknown, on the process that owns it."""
    terms = Terms([], [], [], [])
    for item in problem.globals:
        mine = unknowns.marked(numbering.on_faces(item.faces, item.component), numbering.size)
        if not np.any(mine):
            continue
        entry = int(unknowns.representative[mine][0])
        block = int(np.searchsorted(numbering.offsets, entry, side="right")) - 1
        b = numbering.blocks[block]
        node, column = divmod(entry - numbering.offsets[block], b.fields.size)
        one = np.zeros(b.fields.size)
        one[column] = 1.0
        place = Place(item.name, "terminal")
        if item.admittance:
            point = sp.csr_matrix(([1.0], ([node], [node])), shape=(b.nodes, b.nodes))
            fields = item.admittance * np.diag(one)
            terms.operators.append(Operator(place, block, block, point, fields, on_values=True))
        if item.source:
            vector = np.zeros(b.nodes)
            vector[node] = 1.0
            terms.loads.append(Load(place, "", block, vector, item.source * one))
    return terms
