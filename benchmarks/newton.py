"""Cost of a nonlinear steady solve next to the linear one with the same unknowns.

The film B1 of benchmarks/films.py with fewer nodes, with electron and lattice temperature: Joule heat, a conductivity
that falls with temperature, a heat sink below. It stands next to the linear response of the same film without heating
(constant coefficients, heat apart from charge) and to that of the problem linearised at the answer, whose
coefficients vary from point to point. CPU seconds of one thread, in this process after one small run for compilation.
Usage:

    python benchmarks/newton.py [--nodes 32 16] [--direct]
"""

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

T0, RISE = 300.0, 3.5e-3
#: Name -> voltage [V].
VOLTAGES = {"2 mV": 2e-3, "10 mV": 1e-2, "50 mV": 5e-2}


def heated(nodes: tuple[int, int]) -> tuple[Any, Any]:
    """(linear, nonlinear) problem."""
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


def timed(run: Callable[..., Any], *args: Any, **options: Any) -> tuple[Any, float]:
    """(result, CPU seconds)."""
    start = time.process_time()
    result = run(*args, **options)
    return result, time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", nargs=2, type=int, default=(32, 16), help="along the film and across; 16 in z")
    parser.add_argument("--direct", action="store_true", help="the direct solver, not multigrid")
    options = parser.parse_args()

    from hanle.pde.engines.scikit import Scikit
    from hanle.pde.linear.direct import Direct
    from hanle.pde.linear.multigrid import Multigrid
    from hanle.pde.newton import newton
    from hanle.pde.steady import respond

    engine: Any = Scikit()
    solver: Any = Direct() if options.direct else Multigrid()
    for problem in heated((6, 4)):
        newton(problem, engine, amplitudes={"left": 1e-3, "right": 0.0}, solver=solver)
    linear, curved = heated(tuple(options.nodes))
    response, cost = timed(respond, linear, engine, solver=solver)
    print(f"{solver.name}, linear: {response.system.size} unknowns, {cost:.2f} s")
    for name, voltage in VOLTAGES.items():
        current = float(response.matrix[0, 0, 0]) * voltage
        by_voltage = {"amplitudes": {"left": voltage, "right": 0.0}}
        by_current = {"amplitudes": {"right": 0.0}, "fluxes": {"left": current}}
        for how, drive in (("voltage", by_voltage), ("current", by_current)):
            found, whole = timed(newton, curved, engine, solver=solver, **drive)
            _, one = timed(respond, found.solution.response.system.problem, engine, solver=solver)
            steps = ", ".join(f"{r:.0e}" for r in found.residuals)
            rise = float(found.solution.samples("Pt").values[..., 4].max())
            print(
                f"{how} {name:6s} T/T_0 - 1 = {rise:.1e}  {found.solves:2d} solves {whole:6.2f} s = {whole / one:4.1f}"
                f" linearised, {whole / cost:4.1f} linear responses; residuals {steps}"
            )


if __name__ == "__main__":
    main()
