"""Cost of a nonlinear steady solve next to the linear one with the same unknowns.

The film B1 of benchmarks/films.py with fewer nodes, with electron and lattice temperature: Joule heat, a conductivity
that falls with temperature, a heat sink below. The linear problem is the same without heating. Both are driven by two
contacts; CPU seconds of one thread, in this process after one small run for compilation. Usage:

    python benchmarks/newton.py [--nodes 32 16]
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
#: Voltages that heat the film by the part of T_0 said.
VOLTAGES = {"0.1 %": 1.6e-3, "1 %": 5e-3, "10 %": 1.6e-2}


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
    nodes = tuple(parser.parse_args().nodes)

    from hanle.pde.engines.scikit import Scikit
    from hanle.pde.linear.direct import Direct
    from hanle.pde.linear.multigrid import Multigrid
    from hanle.pde.newton import newton
    from hanle.pde.steady import respond

    engine = Scikit()
    for problem in heated((6, 4)):
        newton(problem, engine, amplitudes={"left": 1e-3, "right": 0.0}, solver=Multigrid())
    linear, curved = heated(nodes)
    for solver in (Multigrid(), Direct()):
        response, cost = timed(respond, linear, engine, solver=solver)
        print(f"{solver.name:10s} linear        {response.system.size:7d} unknowns {cost:6.2f} s")
        for name, voltage in VOLTAGES.items():
            drive = {"amplitudes": {"left": voltage, "right": 0.0}}
            current = {"amplitudes": {"right": 0.0}, "fluxes": {"left": response.matrix[0, 0, 0] * voltage}}
            for how, given in (("voltage", drive), ("current", current)):
                found, whole = timed(newton, curved, engine, solver=solver, **given)
                steps = ", ".join(f"{r:.0e}" for r in found.residuals)
                rise = float(found.solution.samples("Pt").values[..., 4].max())
                print(
                    f"{solver.name:10s} {how} {name:6s} T/T_0 - 1 = {rise:.1e} {found.solves:2d} solves {whole:6.2f} s"
                    f" = {whole / cost:4.1f} linear responses; residuals {steps}"
                )


if __name__ == "__main__":
    main()
