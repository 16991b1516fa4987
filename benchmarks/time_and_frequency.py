"""Cost of an AC response and of the stages of a time step, next to a steady solve with as many unknowns.

The film B1 of benchmarks/films.py with fewer nodes. The AC problem has two amplitudes per field, so it stands next to a
steady one with twice the nodes; both are solved for all drives of two contacts. A stage is one solve with a prepared
operator, wiring and read-out of the state included; it stands next to the steady solve for one drive.

Beyond linear response: the heated film of benchmarks/newton.py that stores heat as its state says, after a step of the
voltage. CPU seconds of one thread, all in this process after one small run for compilation. Usage:

    python benchmarks/time_and_frequency.py [--nodes 48 24]
"""

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

TAU = 3e-9**2 / 1e-4
#: Repetitions, of which the shortest counts.
RUNS = 3


def timed(run: Callable[..., Any], *args: Any, **options: Any) -> tuple[Any, float]:
    """(result, CPU seconds) of the fastest run."""
    best, result = float("inf"), None
    for _ in range(RUNS):
        start = time.process_time()
        result = run(*args, **options)
        best = min(best, time.process_time() - start)
    return result, best


def frequencies(nodes: tuple[int, int]) -> None:
    """Steady next to AC."""
    from films import film

    from hanle.pde.engines.scikit import Scikit
    from hanle.pde.harmonic import respond_at
    from hanle.pde.linear.multigrid import Multigrid
    from hanle.pde.steady import respond

    engine, solver = Scikit(), Multigrid()
    twice, cost = timed(respond, film((2 * nodes[0], nodes[1])), engine, solver=solver)
    size, iterations = twice.system.size, twice.proof.iterations["left"]
    print(f"{'steady, twice the nodes':26s} {size:7d} unknowns {iterations:3d} iterations {cost:6.2f} s")
    problem = film(nodes)
    for phase in (0.1, 1.0, 10.0, 100.0):
        found, ac = timed(respond_at, problem, phase / TAU, engine, solver=solver)
        size, iterations = found.doubled.system.size, found.doubled.proof.iterations["left"]
        text = f"AC, Omega tau = {phase:g}"
        print(
            f"{text:26s} {size:7d} unknowns {iterations:3d} iterations {ac:6.2f} s = {ac / cost:.2f} steady solves"
        )


def stages(nodes: tuple[int, int]) -> None:
    """Steady next to stages of steps of several sizes."""
    from films import film

    from hanle.pde.engines.scikit import Scikit
    from hanle.pde.linear.multigrid import Multigrid
    from hanle.pde.stages import Stepper
    from hanle.pde.steady import prepare

    engine, solver, problem = Scikit(), Multigrid(), film((2 * nodes[0], nodes[1]))
    prepared, whole = timed(prepare, problem, engine, solver=solver)
    response = prepared.response()
    load = -response.system.apply(response.lifts["left"])
    _, one = timed(prepared.response, load)
    steps = response.proof.iterations["left"]
    print(
        f"{'steady':26s} {response.system.size:7d} unknowns {steps:3d} iterations {whole:6.2f} s, one solve {one:.2f} s"
    )
    drives = {"left": lambda t: 1e-3 * (1 + t / TAU), "right": 0.0}
    for part in (0.03, 0.3, 3.0):
        dt = part * TAU
        stepper = Stepper(problem, engine, amplitudes=drives, fluxes={}, solver=solver)
        first = stepper.step(stepper.begin(0.0, 0 * load), dt, dt)
        before = stepper.stages.tally.solves, stepper.stages.tally.iterations
        _, cost = timed(stepper.step, first.after, dt, 2 * dt)
        tally = stepper.stages.tally
        solves, iterations = tally.solves - before[0], tally.iterations - before[1]
        text = f"stage, dt = {part:g} tau"
        mean = iterations / solves
        ratio = f"{cost / 3 / one:.2f} solves, {cost / 3 / whole:.2f} steady responses"
        print(f"{text:26s} {response.system.size:7d} unknowns {mean:5.1f} iterations {cost / 3:6.2f} s = {ratio}")


def nonlinear(nodes: tuple[int, int]) -> None:
    """Steps of courses with Joule heat next to the steady linear response of the problem linearised at their end."""
    from dataclasses import replace

    from newton import heated_film

    from hanle.materials.debye import Debye
    from hanle.pde.coefficients import as_weight, term
    from hanle.pde.engines.scikit import Scikit
    from hanle.pde.linear.multigrid import Multigrid
    from hanle.pde.linearised import linearised
    from hanle.pde.steady import respond
    from hanle.pde.storing import Excess, Proportional, warmed
    from hanle.pde.transient import Control, Drives, transient

    curved, engine, solver = heated_film(nodes)[1], Scikit(), Multigrid()
    law = curved.regions["Pt"]
    stored = {"T_e": 3e4 * 300.0, "T_p": 2.8e6 * 300.0}
    extra = [
        term(c, 1.0, [[float(a == b == n) for b in law.fields.components] for a in law.fields.components])
        for n, c in stored.items()
    ]
    parts = (
        (("T_e",), Proportional(as_weight(stored["T_e"]))),
        (("T_p",), warmed(as_weight(2.8e6), as_weight(300.0), Debye(240.0))),
    )
    following = replace(law, C=(*law.C, *extra), excess=Excess(law.fields, parts))
    problem = replace(curved, regions={"Pt": following})
    for error in (1e-2, 1e-4):
        begin = time.process_time()
        drives = Drives({"left": 1e-2, "right": 0.0})
        found = transient(problem, engine, drives, 2e-12, control=Control(error, solver=solver))
        cost = time.process_time() - begin
        _, one = timed(respond, linearised(problem, found.final.solution), engine, solver=solver)
        effort, size = found.effort, found.final.state.size
        trials = effort.steps + effort.rejected
        text = f"heated, error {error:g}"
        print(
            f"{text:26s} {size:7d} unknowns {trials:3d} steps, in each {effort.operators / trials:.2f} linearisations"
            f" and {effort.solves / trials:.1f} solves, {cost / trials:.2f} s = {cost / trials / one:.2f} responses"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", nargs=2, type=int, default=(48, 24), help="along the film and across; 16 in z")
    nodes = tuple(parser.parse_args().nodes)
    from films import film

    from hanle.pde.engines.scikit import Scikit
    from hanle.pde.harmonic import respond_at
    from hanle.pde.linear.multigrid import Multigrid

    respond_at(film((8, 6)), 1 / TAU, Scikit(), solver=Multigrid())
    frequencies(nodes)
    stages(nodes)
    nonlinear((nodes[0] // 2, nodes[1] // 2))


if __name__ == "__main__":
    main()
