"""Unknowns that are prescribed: terminals and given values of face laws."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hanle.meshes.tagged import IntArray
from hanle.pde.engines.fe_numbering import Numbering, Patch
from hanle.pde.errors import InputError
from hanle.pde.problem import Problem
from hanle.pde.tensors import Array


@dataclass(frozen=True, eq=False)
class Constraints:
    """Prescribed unknowns of the block vectors x.

    Attributes:
        fixed: (size of x,).
        owners: place -> entries that a terminal, or the given values of a face, prescribe.
        given: (size of x,) prescribed values, 0 on terminals.
    """

    fixed: NDArray[np.bool_]
    owners: dict[str, IntArray]
    given: Array


def constraints(problem: Problem, numbering: Numbering) -> Constraints:
    """Collect them.

    Raises:
        InputError: two of them meet in one unknown (contacts that touch each other).
    """
    owners = {name: numbering.on_faces(t.faces, *t.components) for name, t in problem.terminals.items()}
    total, count = np.zeros((2, numbering.size))
    for face in problem.faces:
        entries: list[IntArray] = []
        for patch in numbering.patches[face]:
            for where, values in _given(problem, numbering, face, patch):
                np.add.at(total, where, values)
                np.add.at(count, where, 1.0)
                entries.append(where)
        if entries:
            # A terminal may have the name of its face.
            owners[f"{face} (given)" if face in owners else face] = np.unique(np.concatenate(entries))
    _check(owners, numbering.size, set(problem.terminals))
    fixed = np.zeros(numbering.size, dtype=bool)
    for name, mine in owners.items():
        # Faces that meet in an edge share its nodes: the first one answers for them in the balance sheet.
        owners[name] = mine[~fixed[mine]]
        fixed[mine] = True
    return Constraints(fixed, owners, total / np.maximum(count, 1.0))


def _given(problem: Problem, numbering: Numbering, face: str, patch: Patch) -> list[tuple[IntArray, Array]]:
    """(entries, values) that the law of an outer face prescribes; facet values are averaged at common nodes."""
    law, region = problem.faces[face].law, patch.regions["minus"]
    found = []
    for name, values in law.given.items():
        field = next((f for f in problem.fields_of(region).fields if f.name == name), None)
        if field is None:
            continue
        if len(patch.regions) > 1:
            raise InputError(f"faces.{face}.given", "on an outer boundary", "an interface")
        facets = len(numbering.nodes.mesh.faces[face].nodes)
        table = np.asarray(values, dtype=float)
        if table.ndim == 1 and field.size == 1 and table.size == facets:
            table = table[:, None]
        try:
            table = np.broadcast_to(table, (facets, field.size))[patch.facets]
        except ValueError as error:
            raise InputError(f"faces.{face}.given.{name}", f"({field.size},) or per facet", table.shape) from error
        for k, component in enumerate(field.components):
            where = numbering.unknowns(region, component, patch.nodes)
            found.append((where.ravel(), np.repeat(table[:, k], where.shape[1])))
    return found


def _check(owners: dict[str, IntArray], size: int, terminals: set[str]) -> None:
    owner = np.full(size, -1)
    names = list(owners)
    for k, name in enumerate(names):
        other = owner[owners[name]]
        clash = {names[o] for o in np.unique(other[other >= 0])}
        if clash & terminals or (clash and name in terminals):
            raise InputError(
                f"terminals.{name}",
                "apart from other contacts",
                sorted(clash),
                "leave at least one cell between them",
            )
        owner[owners[name]] = k
