"""Makes the .msh files of this folder with Gmsh (any 4.x); run by hand, `python make_meshes.py`.

A box of YIG, 0 <= x <= 20, and one of Pt, 20 <= x <= 50, both 0 <= y, z <= 10, in nm; in 2D and 1D the same without z
and y. Groups: YIG, Pt, "left" (x = 0), "right" (x = 50), and from 2D on "bottom" (y = 0), which touches both.
"""

from itertools import pairwise
from pathlib import Path

import gmsh

HERE = Path(__file__).parent
KINDS = {
    "line": (1, False),
    "triangle": (2, False),
    "quad": (2, True),
    "tetra": (3, False),
    "hexahedron": (3, True),
}


def draw(dimension: int, structured: bool) -> None:
    """Two neighbours that share their common face."""
    line = [gmsh.model.occ.addPoint(x, 0, 0) for x in (0, 20, 50)]
    edges = [gmsh.model.occ.addLine(a, b) for a, b in pairwise(line)]
    entities = [(1, edge) for edge in edges]
    for step in ((0, 10, 0), (0, 0, 10))[: dimension - 1]:
        layers = {"numElements": [2], "recombine": True} if structured else {}
        made = gmsh.model.occ.extrude(entities, *step, **layers)
        top = max(dim for dim, _ in made)
        entities = [entity for entity in made if entity[0] == top]
    gmsh.model.occ.synchronize()
    for _, edge in gmsh.model.getEntities(1):
        if structured:
            gmsh.model.mesh.setTransfiniteCurve(edge, 3)


def name(dimension: int) -> None:
    """Physical groups from where things are."""
    for tag, (label, low, high) in enumerate((("YIG", 0, 20), ("Pt", 20, 50)), 1):
        inside = gmsh.model.getEntitiesInBoundingBox(low - 1, -1, -1, high + 1, 11, 11, dimension)
        gmsh.model.addPhysicalGroup(dimension, [e for _, e in inside], tag, label)
    boxes = {"left": (-1, -1, -1, 1, 11, 11), "right": (49, -1, -1, 51, 11, 11)}
    if dimension > 1:
        boxes["bottom"] = (-1, -1, -1, 51, 1, 11)
    for tag, (label, box) in enumerate(boxes.items(), 1):
        inside = gmsh.model.getEntitiesInBoundingBox(*box, dimension - 1)
        gmsh.model.addPhysicalGroup(dimension - 1, [e for _, e in inside], tag, label)


def main() -> None:
    gmsh.initialize()
    gmsh.option.setNumber("General.Terminal", 0)
    gmsh.option.setNumber("Mesh.MeshSizeMin", 8)
    gmsh.option.setNumber("Mesh.MeshSizeMax", 8)
    for kind, (dimension, structured) in KINDS.items():
        gmsh.clear()
        draw(dimension, structured)
        name(dimension)
        gmsh.model.mesh.generate(dimension)
        for version in (2.2, 4.1):
            for binary in (0, 1):
                gmsh.option.setNumber("Mesh.MshFileVersion", version)
                gmsh.option.setNumber("Mesh.Binary", binary)
                gmsh.write(str(HERE / f"{kind}-{version}-{('ascii', 'binary')[binary]}.msh"))
    gmsh.finalize()


if __name__ == "__main__":
    main()
