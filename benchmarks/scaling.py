"""The engine fenicsx on one and two processes next to scikit: growth with size, aspect ratio, precession, processes.

The films of benchmarks/films.py; every row is a program of its own, one thread per process. Figures: CPU seconds of the
busiest process per million unknowns, for the solvers (both set-ups, reference solution, solve to 1e-8) and for the
assembly (distribution of the mesh, numbering, integrals), after a small film that compiles forms and kernels; and peak
memory of all processes together. A process that waits for another burns CPU time as well. Where dolfinx is missing the
program runs itself through tools/with-dolfinx. Usage:

    python benchmarks/scaling.py [--largest 3.2e6] [--groups size strong weak aspect precession]
"""

import argparse
import importlib.util
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from films import STEP, film, run

#: Lateral nodes by nominal unknowns; 16 nodes across the film, four unknowns each.
SIZES = {1e5: (56, 28), 4e5: (112, 56), 8e5: (158, 79), 1.6e6: (224, 112), 3.1e6: (312, 156), 6.2e6: (440, 220)}
ASPECTS = (1, 10, 100, 1000)
PRECESSIONS = (0.0, 1.0, 10.0)
#: What the engine is built for, on films of bricks.
SECONDS, GIGABYTES, ITERATIONS = 9.0, 5.0, 15


def worker(engine: str, nodes: tuple[int, int], aspect: float, omega_tau: float) -> None:
    """One run in this process (or these), the figures as JSON from the first."""
    from hanle.pde.engines.scikit import Scikit
    from hanle.pde.processes import ALONE, Processes
    from hanle.pde.steady import respond

    if engine == "scikit":
        chosen, processes = Scikit(), ALONE
    else:
        from mpi4py import MPI

        from hanle.pde.engines.fenicsx import Fenicsx

        chosen, processes = Fenicsx(), Processes(MPI.COMM_WORLD)
    respond(film((40, 20)), chosen)
    problem = film(nodes, omega_tau=omega_tau, step=aspect * STEP / 10)
    marks: list[float] = []
    response = respond(problem, chosen, progress=lambda text: marks.append(time.process_time()))
    end = time.process_time()
    found = {
        "unknowns": response.system.unknowns,
        "iterations": max(response.proof.iterations.values()),
        "cpu": processes.largest(end - marks[1]),
        "assembly": processes.largest(marks[1] - marks[0]),
        "peak": float(processes.total(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)),
        "correction": float(response.correction[0, 0, 0] / response.reference[0, 0, 0]),
    }
    if processes.rank == 0:
        print(json.dumps(found))


def row(engine: str, processes: int, size: float, aspect: float = 10, omega_tau: float = 0.09) -> dict[str, float]:
    """Run and print one case."""
    arguments = [engine, *map(str, SIZES[size]), str(aspect), str(omega_tau)]
    launcher = [] if processes == 1 else ["mpirun", "-n", str(processes)]
    found = run([*launcher, sys.executable, __file__, "--worker", *arguments])
    millions = found["unknowns"] / 1e6
    print(
        f"{engine:8s} {processes} x  {millions:6.3f} M  aspect {aspect:5g}  omega tau {omega_tau:5g}  "
        f"{found['iterations']:3.0f} it  {found['cpu'] / millions:6.2f} + {found['assembly'] / millions:5.2f} CPU s/M  "
        f"{found['peak'] / millions:5.2f} GB/M",
        flush=True,
    )
    return found


def sizes(largest: float) -> list[dict[str, float]]:
    """Growth with the number of unknowns on one process, next to scikit."""
    chosen = [s for s in SIZES if s <= largest]
    rows = [row("fenicsx", 1, s) for s in chosen]
    peers = [row("scikit", 1, s) for s in chosen]
    spent = [[r["cpu"] + r["assembly"] for r in group] for group in (rows, peers)]
    ratios = ", ".join(f"{a / b:.2f}" for a, b in zip(*spent, strict=True))
    differ = max(abs(a["correction"] / b["correction"] - 1) for a, b in zip(rows, peers, strict=True))
    print(f"CPU time, all of it, over that of scikit: {ratios}; corrections differ by {differ:.0e}")
    return rows


def strong(largest: float) -> list[dict[str, float]]:
    """The same film on two processes."""
    return [row("fenicsx", n, s) for s in (4e5, 1.6e6, 3.1e6) if s <= largest for n in (1, 2)]


def weak(largest: float) -> list[dict[str, float]]:
    """As many unknowns per process."""
    pairs = ((4e5, 8e5), (8e5, 1.6e6), (1.6e6, 3.1e6), (3.1e6, 6.2e6))
    return [row("fenicsx", n, s) for pair in pairs if pair[1] <= largest for n, s in zip((1, 2), pair, strict=True)]


def aspects(largest: float) -> list[dict[str, float]]:
    """Lateral over vertical step."""
    return [row("fenicsx", n, 4e5, aspect=a) for n in (1, 2) for a in ASPECTS]


def precessions(largest: float) -> list[dict[str, float]]:
    """Larmor frequency times spin lifetime."""
    return [row("fenicsx", n, 4e5, omega_tau=w) for n in (1, 2) for w in PRECESSIONS]


GROUPS: dict[str, Callable[[float], list[dict[str, float]]]] = {
    "size": sizes,
    "strong": strong,
    "weak": weak,
    "aspect": aspects,
    "precession": precessions,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--largest", type=float, default=3.2e6, help="unknowns")
    parser.add_argument("--groups", nargs="+", default=list(GROUPS), choices=list(GROUPS))
    parser.add_argument("--worker", nargs=5)
    given = parser.parse_args()
    if given.worker:
        engine, nx, ny, aspect, omega_tau = given.worker
        worker(engine, (int(nx), int(ny)), float(aspect), float(omega_tau))
        return
    if importlib.util.find_spec("dolfinx") is None:
        here = Path(__file__).resolve()
        home = here.parent.parent
        command = [str(home / "tools" / "with-dolfinx"), "python3", str(here.relative_to(home)), *sys.argv[1:]]
        raise SystemExit(subprocess.run(command, check=False).returncode)
    for name in given.groups:
        print(f"{name}: {GROUPS[name].__doc__}")
        rows = GROUPS[name](given.largest)
        iterations = max(r["iterations"] for r in rows)
        seconds, memory = (max(r[key] / (r["unknowns"] / 1e6) for r in rows) for key in ("cpu", "peak"))
        print(
            f"  most: {iterations:.0f} it (aim {ITERATIONS}), {seconds:.1f} CPU s/M in the solvers (aim {SECONDS:g}), "
            f"{memory:.1f} GB/M (aim {GIGABYTES:g})"
        )


if __name__ == "__main__":
    main()
