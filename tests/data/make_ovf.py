"""Makes the .ovf files of this folder with discretisedfield (0.92); run by hand, `python make_ovf.py`.

A wall that turns about (1, 2, 3) along x, leans along y and changes its length along z: see `magnetisation`.
"""

import discretisedfield as df
import numpy as np


def magnetisation(point):
    """M [A/m] at a point [m]."""
    x, y, z = np.asarray(point) / 1e-9
    return (8e5 + 1e4 * z) * np.array([np.cos(0.3 * x), np.sin(0.3 * x) * np.cos(0.1 * y), np.sin(0.1 * y) + 0.05])


mesh = df.Mesh(p1=(-6e-9, -2e-9, 1e-9), p2=(6e-9, 4e-9, 5e-9), n=(4, 3, 2))
field = df.Field(mesh, nvdim=3, value=magnetisation, unit="A/m")
for name, representation in (("text", "txt"), ("binary4", "bin4"), ("binary8", "bin8")):
    field.to_file(f"texture-{name}.ovf", representation=representation)
