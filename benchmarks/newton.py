"""Cost of a nonlinear steady solve next to the linear one with the same unknowns.

film    B1 of benchmarks/films.py with fewer nodes, with electron and lattice temperature: Joule heat, a conductivity
        that falls with temperature, a heat sink below
plate   two dimensions, crooked cells, the same and heat carried by currents (Seebeck effect), cooled at one end

Each stands next to the linear response of the same device without heating (constant coefficients, heat apart from
charge), by voltage and by the current that the voltage would drive through the cold device. CPU seconds of one
thread, in this process after one small run for compilation. What a step costs: laws at the points of all cells, the
matrices (assembly), the linear solver (its hierarchy or factors, and the iterations). Usage:

    python benchmarks/newton.py [--nodes 64 16] [--plate 65 33] [--direct]

Measured on a shared machine, with multigrid: 3 or 4 linear solves by voltage, 3 to 6 by current; a step costs 1.5 to
1.7 linear responses of the film with 98304 unknowns (laws and assembly together two thirds of it), 1.2 to 1.5 of the
plate with 12870. With a hierarchy for each step it would be 1.6 times as much.
"""

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

T0, RISE = 300.0, 3.5e-3
#: Voltages [V] of the film and of the plate.
FILM, PLATE = (2e-3, 1e-2, 5e-2), (2e-3, 1e-2, 2e-2)


def heated_film(nodes: tuple[int, int]) -> tuple[Any, Any]:
    """(linear, nonlinear) problem; terminals left and right."""
    from films import film

    from hanle.boundary.heat_contact import heat_sink
    from hanle.pde import nonlinear
    from hanle.pde.coupling import combined, joined
    from hanle.pde.heat import metal_heat
    from hanle.pde.joule import joule
    from hanle.pde.problem import Face

    bare = film(nodes)
    heat = metal_heat(temperature=T0, electrons=15.0, lattice=5.0, coupling=2.5e17)
    face = bare.faces["bottom"]
    law = joined(face.law, heat_sink(T0, {"T_p": 2.8e8}, role="metal"))
    linear = replace(
        bare, regions={"Pt": combined(bare.regions["Pt"], heat)}, faces={"bottom": Face(law, face.sides)}
    )
    flows = combined(bare.regions["Pt"], replace(heat, A=(), R=()))
    bulk = joule(nonlinear.combined(nonlinear.varying(flows, "T_e", nonlinear.resistive(RISE, T0)), heat))
    return linear, replace(linear, regions={"Pt": bulk})


def heated_plate(nodes: tuple[int, int]) -> tuple[Any, Any]:
    """(linear, nonlinear) problem of a plate of 40 nm x 20 nm, held at T_0 at its right end."""
    import numpy as np

    from hanle.meshes.tagged import Facets, TaggedMesh
    from hanle.meshes.tensor import tensor_grid
    from hanle.pde.coefficients import FaceLaw, Side
    from hanle.pde.coupling import combined
    from hanle.pde.fields import ELECTRON_HEAT, LATTICE_HEAT, FieldSet
    from hanle.pde.heat import metal_heat, thermoelectric
    from hanle.pde.joule import joule
    from hanle.pde.metal import normal_metal
    from hanle.pde.nonlinear import absolute, resistive, varying
    from hanle.pde.nonlinear import combined as bent
    from hanle.pde.problem import MINUS, Face, Problem, Terminal

    x, y = np.linspace(0, 4e-8, nodes[0]), np.linspace(0, 2e-8, nodes[1])
    grid = tensor_grid([x, y], np.zeros((len(x) - 1, len(y) - 1), dtype=np.int64))
    middle = grid.points[grid.skin.nodes].mean(axis=1)[:, 0]
    ends = {"left": middle < x[1] / 4, "right": middle > x[-1] - x[1] / 4}
    faces = {name: Facets(grid.skin.nodes[k], grid.skin.cells[k]) for name, k in ends.items()}
    points = grid.points.copy()
    inner = np.all((points > 1e-12) & (points < (x[-1] - 1e-12, y[-1] - 1e-12)), axis=1)
    points[inner] += 0.2 * x[1] * np.random.default_rng(5).uniform(-0.5, 0.5, (int(inner.sum()), 2))
    mesh = TaggedMesh(("x", "y"), points, grid.kind, grid.cells, ("Pt",), grid.cell_region, faces)
    charge = normal_metal(
        conductivity=2e6,
        diffusion_constant=3e-4,
        diffusion_length=1.5e-9,
        spin_hall_angle=0.1,
        field=(3.0, 1.0, -2.0),
    )
    thermal = thermoelectric(temperature=T0, conductivity=2e6, seebeck=-2e-5, spin_nernst_angle=0.1)
    heat = metal_heat(temperature=T0, electrons=15.0, lattice=5.0, coupling=3e15)
    flows = bent(charge, varying(thermal, "T_e", absolute, rows=("T_e",)))
    bulk = joule(bent(varying(flows, "T_e", resistive(RISE, T0)), heat))
    bath = FaceLaw((Side("body", FieldSet((ELECTRON_HEAT, LATTICE_HEAT))),), given={"T_e": 0.0, "T_p": 0.0})
    terminals = {name: Terminal((name,)) for name in ends}
    problem = Problem(mesh, {"Pt": bulk}, {"right": Face(bath, {"body": MINUS})}, terminals)
    return replace(problem, regions={"Pt": combined(charge, thermal, heat)}), problem


@dataclass
class Spent:
    """CPU seconds by what they were for; wraps what it times."""

    seconds: dict[str, float] = field(default_factory=dict)

    def timed(self, what: str, run: Callable[..., Any]) -> Callable[..., Any]:
        """`run`, on the account of `what`."""

        def measured(*args: Any, **options: Any) -> Any:
            start = time.process_time()
            try:
                return run(*args, **options)
            finally:
                self.seconds[what] = self.seconds.get(what, 0.0) + time.process_time() - start

        return measured


class Engine:
    """The engine scikit, timed."""

    name, batched = "scikit", False

    def __init__(self, spent: Spent) -> None:
        from hanle.pde.engines.scikit import Scikit

        self.assemble = spent.timed("assembly", Scikit().assemble)


class Solver:
    """A linear solver, timed."""

    def __init__(self, solver: Any, spent: Spent) -> None:
        self.name, self._solver, self._spent = solver.name, solver, spent

    def prepare(self, system: Any) -> Any:
        """See `hanle.pde.linear.contract`."""
        return self._timed(self._spent.timed("solver", self._solver.prepare)(system))

    def _timed(self, prepared: Any) -> Any:
        """Solves, and what serves other operators, on the account of the solver."""
        prepared.solve = self._spent.timed("solver", prepared.solve)
        if near := getattr(prepared, "near", None):

            def timed_near(system: Any) -> Any:
                found = self._spent.timed("solver", near)(system)
                return found and self._timed(found)

            prepared.near = timed_near
        return prepared


def report(name: str, problems: tuple[Any, Any], voltages: tuple[float, ...], solver: Any) -> None:
    """Print the rows of a device."""
    from hanle.pde.newton import newton
    from hanle.pde.steady import respond

    linear, curved = problems
    whole = Spent()
    response = whole.timed("linear", respond)(linear, Engine(Spent()), solver=solver)
    cost = whole.seconds["linear"]
    print(f"{name}, {solver.name}: {response.system.size} unknowns, linear response {cost:.2f} s")
    for voltage in voltages:
        current = float(response.matrix[0, 0, 0]) * voltage
        by_voltage = {"amplitudes": {"left": voltage, "right": 0.0}}
        by_current = {"amplitudes": {"right": 0.0}, "fluxes": {"left": current}}
        for how, drive in (("voltage", by_voltage), ("current", by_current)):
            spent = Spent()
            found = spent.timed("all", newton)(curved, Engine(spent), solver=Solver(solver, spent), **drive)
            seconds = spent.seconds
            steps = sum(len(level.residuals) for level in found.levels)
            laws = seconds["all"] - seconds["assembly"] - seconds["solver"]
            parts = (seconds["assembly"], laws, seconds["solver"])
            shares = " + ".join(f"{part / seconds['all']:.0%}" for part in parts)
            rise = float(abs(found.solution.samples("Pt").values[..., 4]).max())
            print(
                f"  {how} {1e3 * voltage:3.0f} mV  |T/T_0 - 1| {rise:.0e}  {found.solves} solves in {steps} steps,"
                f" a step {seconds['all'] / steps / cost:3.1f} linear responses (assembly + laws + solver: {shares});"
                f" residuals {', '.join(f'{r:.0e}' for r in found.residuals)}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", nargs=2, type=int, default=(64, 16), help="along the film and across; 16 in z")
    parser.add_argument("--plate", nargs=2, type=int, default=(65, 33), help="along the plate and across")
    parser.add_argument("--direct", action="store_true", help="the direct solver, not multigrid")
    options = parser.parse_args()

    from hanle.pde.engines.scikit import Scikit
    from hanle.pde.linear.direct import Direct
    from hanle.pde.linear.multigrid import Multigrid
    from hanle.pde.newton import newton
    from hanle.pde.steady import respond

    solver: Any = Direct() if options.direct else Multigrid()
    for build, nodes, voltages in (
        (heated_film, options.nodes, FILM),
        (heated_plate, options.plate, PLATE),
    ):
        small = build((9, 7))
        respond(small[0], Scikit(), solver=solver)
        newton(small[1], Scikit(), amplitudes={"left": 1e-3, "right": 0.0}, solver=solver)
        report(build.__name__.removeprefix("heated_"), build(tuple(nodes)), voltages, solver)


if __name__ == "__main__":
    main()
