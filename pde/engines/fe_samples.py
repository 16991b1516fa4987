"""States at points: quadrature points of regions and faces, arbitrary points, vertices."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hanle.meshes.tagged import IntArray
from hanle.pde.engines.contract import FaceSamples, Samples
from hanle.pde.engines.fe_faces import normals, rows_of
from hanle.pde.engines.fe_integrals import geometry, slopes
from hanle.pde.engines.fe_locate import locate
from hanle.pde.engines.fe_nodes import Int32
from hanle.pde.engines.fe_numbering import Numbering, Patch
from hanle.pde.errors import unknown_name
from hanle.pde.problem import Problem
from hanle.pde.processes import Processes
from hanle.pde.tensors import Array

Amplitudes = Mapping[str, Array | float]


def nodal(numbering: Numbering, x: Array, region: str, nodes: IntArray | Int32) -> Array:
    """Values (*nodes.shape, N) at mesh nodes of a region."""
    if region not in numbering.block_of:
        raise unknown_name("region with unknowns", region, numbering.block_of)
    k = numbering.block_of[region]
    width = numbering.blocks[k].fields.size
    view = x[numbering.offsets[k] : numbering.offsets[k + 1]].reshape(-1, width)
    return np.asarray(view[numbering.node_of[region][nodes]])


def region_samples(
    problem: Problem, numbering: Numbering, x: Array, region: str, amplitudes: Amplitudes, rule: str
) -> Samples:
    """See `contract.System.samples`."""
    nodes, element = numbering.nodes, numbering.nodes.element
    if rule not in ("gauss", "centre"):
        raise unknown_name("rule", rule, ("gauss", "centre"))
    points, weights = element.quadrature if rule == "gauss" else (element.centre, None)
    cells = nodes.cells[known(numbering.cells_of, region)]
    corners = nodes.corners(numbering.cells_of[region])
    values = nodal(numbering, x, region, cells)
    local, measure = slopes(element, corners, points, values)
    if weights is None:
        reference = element.quadrature
        weights = np.ones(1)
        measure = (geometry(element, corners, reference[0])[1] @ reference[1])[:, None]
    gradients = np.zeros((1, len(cells), len(points), 3, values.shape[-1]))
    gradients[0][..., list(nodes.mesh.axis_numbers), :] = local / nodes.unit
    names = problem.fields_of(region).components
    for g in problem.gradients:
        if g.component in names and g.reaches(region):
            gradients[..., g.direction, names.index(g.component)] += amplitude(amplitudes, g.name)
    return Samples(
        points=nodes.mesh.points3(_places(numbering, cells, points)),
        weights=(measure * weights)[None] * nodes.unit**nodes.mesh.dimension,
        values=np.einsum("qa,can->cqn", element.values(points), values)[None],
        gradients=gradients,
        entities=np.searchsorted(nodes.mesh.region_cells(region), numbering.cells_of[region]),
    )


def face_samples(
    problem: Problem, numbering: Numbering, x: Array, face: str, amplitudes: Amplitudes
) -> FaceSamples:
    """See `contract.System.face_samples`; rows of sides without unknowns are zero."""
    if face not in problem.faces:
        raise unknown_name("face with a law", face, problem.faces)
    mesh, cell = numbering.nodes.mesh, numbering.nodes.facet
    count, q = len(mesh.faces[face].nodes), len(cell.quadrature[1])
    rows = problem.faces[face].law.size
    found = FaceSamples(
        points=np.zeros((count, q, 3)),
        weights=np.zeros((1, count, q)),
        normals=np.zeros((count, 3)),
        traces=np.zeros((1, count, q, rows)),
        gradients=np.zeros((1, count, q, 3, rows)),
    )
    for patch in numbering.patches[face]:
        _sample_patch(problem, numbering, x, face, patch, amplitudes, found)
    return found


def point_values(numbering: Numbering, x: Array, region: str, points: Array) -> tuple[NDArray[np.bool_], Array]:
    """(whether a cell at hand contains it (n,), values there (n, N) or zero) for points (n, 3) [m] of a region."""
    nodes = numbering.nodes
    cells = known(numbering.cells_of, region)
    if not len(cells):
        width = numbering.blocks[numbering.block_of[region]].fields.size
        return np.zeros(len(points), dtype=bool), np.zeros((len(points), width))
    inside = np.asarray(points, dtype=float)[:, list(nodes.mesh.axis_numbers)] / nodes.unit
    found, reference = locate(nodes.element, nodes.corners(cells), inside)
    inside_one = found >= 0
    nodal_values = nodal(numbering, x, region, nodes.cells[cells[found[inside_one]]])
    values = np.zeros((len(found), nodal_values.shape[-1]))
    values[inside_one] = np.einsum("pa,pan->pn", nodes.element.values(reference[inside_one]), nodal_values)
    return inside_one, values


def vertex_values(numbering: Numbering, x: Array, region: str, cells: IntArray) -> tuple[Array, IntArray, Array]:
    """See `contract.System.vertex_values`, for some cells of a region."""
    points, local, used = _vertices(numbering, cells)
    return points, local, nodal(numbering, x, region, used)[None]


def all_vertex_values(
    numbering: Numbering, x: Array, region: str, processes: Processes
) -> tuple[Array, IntArray, Array]:
    """The same for all cells of a region, whichever process holds them."""
    known(numbering.cells_of, region)
    points, local, used = _vertices(numbering, numbering.nodes.mesh.region_cells(region))
    here = numbering.node_of[region][used] >= 0
    values = np.zeros((len(used), numbering.blocks[numbering.block_of[region]].fields.size))
    values[here] = nodal(numbering, x, region, used[here])
    return points, local, (processes.total(values) / processes.total(here)[:, None])[None]


def _vertices(numbering: Numbering, cells: IntArray) -> tuple[Array, IntArray, IntArray]:
    """(points (n, 3), cells into them, their mesh nodes)."""
    mesh = numbering.nodes.mesh
    used, local = np.unique(mesh.cells[cells], return_inverse=True)
    return mesh.points3(mesh.points[used]), local.reshape(len(cells), mesh.cells.shape[1]), used


def face_integral(numbering: Numbering, x: Array, face: str, component: str) -> tuple[float, float]:
    """(integral of a component over a face from its minus side, area where that side carries it)."""
    if face not in numbering.patches:
        raise unknown_name("face", face, numbering.patches)
    nodes, cell = numbering.nodes, numbering.nodes.facet
    points, weights = cell.quadrature
    total = area = 0.0
    for patch in numbering.patches[face]:
        region = patch.regions["minus"]
        if numbering.carries(region, component):
            measure = geometry(cell, nodes.facet_corners(patch.nodes), points)[1] * weights
            values = nodal(numbering, x, region, patch.nodes)[..., numbering.component(region, component)]
            total += float(np.sum(measure * (values @ cell.values(points).T)))
            area += float(measure.sum())
    return total, area


def _sample_patch(
    problem: Problem,
    numbering: Numbering,
    x: Array,
    face: str,
    patch: Patch,
    amplitudes: Amplitudes,
    out: FaceSamples,
) -> None:
    nodes, cell, here = numbering.nodes, numbering.nodes.facet, patch.facets
    points, weights = cell.quadrature
    corners = nodes.facet_corners(patch.nodes)
    measure = geometry(cell, corners, points)[1]
    normal = normals(nodes, patch, points)
    out.points[here] = nodes.mesh.points3(_places(numbering, patch.nodes, points))
    out.weights[0, here] = measure * weights * nodes.unit ** (nodes.mesh.dimension - 1)
    out.normals[here] = normals(nodes, patch, cell.centre)[:, 0]
    for rows in rows_of(problem, numbering, face, patch):
        values = nodal(numbering, x, rows.region, patch.nodes)[..., list(rows.columns)]
        out.traces[0, here, :, rows.law] = np.einsum("qa,can->cqn", cell.values(points), values)
        tangential = np.zeros((len(here), len(points), 3, len(rows.columns)))
        local = slopes(cell, corners, points, values)[0]
        tangential[..., list(nodes.mesh.axis_numbers), :] = local / nodes.unit
        names = problem.fields_of(rows.region).components
        for g in problem.gradients:
            for k, column in enumerate(rows.columns):
                if names[column] == g.component and g.reaches(rows.region):
                    axis = g.direction
                    along = np.eye(3)[axis] - normal * normal[..., axis, None]
                    tangential[..., k] += along * amplitude(amplitudes, g.name)
        out.gradients[0, here, :, :, rows.law] = tangential


def _places(numbering: Numbering, cells: IntArray | Int32, points: Array) -> Array:
    """Coordinates [m] of reference points in cells or facets given by their nodes."""
    nodes = numbering.nodes
    kind = nodes.vertex_element if cells.shape[1] == len(nodes.element.supports) else nodes.vertex_facet
    corners = nodes.mesh.points[cells[:, : kind.vertices]]
    return np.asarray(np.einsum("qv,cvn->cqn", kind.values(points), corners))


def known(cells_of: Mapping[str, IntArray], region: str) -> IntArray:
    """Cells of a region that has unknowns."""
    if region not in cells_of:
        raise unknown_name("region with unknowns", region, cells_of)
    return cells_of[region]


def amplitude(amplitudes: Amplitudes, name: str) -> float:
    """Amplitude of one drive, 0 where it is not given."""
    return float(np.asarray(amplitudes.get(name, 0.0)).ravel()[0])
