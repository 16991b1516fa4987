"""A mesh from Gmsh: a round wire in a magnetic insulator, its section (y, z).

Physical groups name the regions, interfaces are found by themselves ("Pt|YIG"), and `unit` and `axes` say what the
drawn coordinates mean. The file examples/data/wire.msh was made from wire.geo beside it.

With the current, B and the moments along the wire the answer is known, exact in theta (hanle.pde.closed_forms.edges):

    rho_L = rho/[1 - 2 theta^2 (1 - Re F)],  F = (L/a) I1/(I1' - kappa L I1) at a/L,  kappa = 2 rho (G_s - G_r - i G_i),

with L the complex transverse length and a the radius. The straight edges of the triangles replace the circle, and the
triangles resolve lambda by about nine: that is the error.
"""

import argparse
from pathlib import Path

import hanle
from hanle.pde.closed_forms.channels import transverse_length
from hanle.pde.closed_forms.edges import wire_correction
from hanle.pde.constants import HBAR, MU_B

MESH = Path(__file__).parent / "data" / "wire.msh"
RADIUS = 6e-9  # [m]
RHO, LENGTH, THETA, DIFFUSION, FIELD = 1e-6, 3e-9, 0.1, 5e-4, 9.0  # [Ohm m], [m], 1, [m^2/s], [T]
G_S, G_R, G_I = -5e13, 2e14, 1e14  # [S/m^2]


def main(order: int = 1, pictures: Path | None = None) -> float:
    """Solve with elements of this order; return the relative error of rho_L/rho - 1."""
    result = device().solve(order=order)
    turned = transverse_length(LENGTH, 2 * MU_B * FIELD / HBAR, DIFFUSION)
    exact = float(wire_correction(G_S - G_R - 1j * G_I, turned, RADIUS, RHO, THETA))
    error = float(result.rho_L_change) / exact - 1
    print(f"{len(result.mesh.points)} points, {len(result.mesh.cells)} triangles, regions {result.mesh.regions}")
    print(f"rho_L/rho - 1 = {float(result.rho_L_change):.6e}, exact {exact:.6e}, error {error:+.1e}")
    if pictures:
        from hanle.sections import plot_section

        path = pictures / "gmsh_import.png"
        plot_section(
            result.solution, path, component="magnitude", title="Pt wire in YIG, B along it", overwrite=True
        )
    return abs(error)


def device() -> hanle.Device:
    """The wire, B and m along it."""
    return hanle.Device(
        hanle.read_mesh(MESH, unit="nm", axes=("y", "z"), regions=("YIG", "Pt")),
        materials={
            "YIG": {
                "kind": "magnetic insulator",
                "G_s": f"{G_S} S/m^2",
                "G_r": f"{G_R} S/m^2",
                "G_i": f"{G_I} S/m^2",
            },
            "Pt": {
                "resistivity": f"{RHO} Ohm m",
                "spin_hall_angle": THETA,
                "diffusion_length": f"{LENGTH} m",
                "diffusion_constant": f"{DIFFUSION} m^2/s",
            },
        },
        field=(FIELD, 0.0, 0.0),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw into this folder")
    main(pictures=parser.parse_args().pictures)
