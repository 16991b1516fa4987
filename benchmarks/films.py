"""Films B1, B1s, B2: a metal film on an insulator between two contacts, first-order bricks, next to NGSolve.

B1: 5 nm film, sigma 1e6 S/m, theta 0.1, lambda 3 nm, D 1e-4 m^2/s, omega 1e12/s along z, m along y, G_s -1e13,
G_r 3e14, G_i 1e14 S/m^2; 112 x 56 x 16 nodes, dx = dy = 3.333 nm. B1s: D 1e-5, omega 1e13, G_i 3e14 (strong
precession). B2: as B1 with 354 x 177 x 16 nodes (4e6 unknowns). The correction is dG/G + 2 theta^2.

Every run is a process of its own with one thread; figures are CPU seconds after compilation (assembly, both solver
set-ups, the reference solution and the solve to 1e-8) and the peak memory of the process. Usage:

    python benchmarks/films.py [--cases B1 B1s B2] [--runs 3] [--no-peer] [--order 1]
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

CASES: dict[str, dict[str, Any]] = {
    "B1": {"nodes": (112, 56), "strong": False, "expected": 8.2609368e-03},
    "B1s": {"nodes": (112, 56), "strong": True, "expected": 3.8253672e-03},
    "B2": {"nodes": (354, 177), "strong": False, "expected": 8.09870707e-03},
}
STEP = 10 * 5e-9 / 15
PEER = Path(__file__).parent / "peers" / "ngsolve_film.py"


def film(
    nodes: tuple[int, int],
    *,
    strong: bool = False,
    omega_tau: float | None = None,
    step: float = STEP,
    height: int = 16,
) -> Any:
    """The problem of a film with contacts at both ends in x; `omega_tau` instead of its own precession."""
    import numpy as np

    from hanle.boundary.b_layer import Conductances, b_layer
    from hanle.meshes.tagged import Facets, TaggedMesh
    from hanle.meshes.tensor import tensor_grid
    from hanle.pde.constants import HBAR, MU_B
    from hanle.pde.metal import normal_metal
    from hanle.pde.problem import MINUS, Face, Problem, Terminal

    s = np.linspace(0, 1, height)
    z = 5e-9 * np.expm1(1.5 * s) / np.expm1(1.5)
    x, y = (np.arange(n) * step for n in nodes)
    grid = tensor_grid([x, y, z], np.zeros((len(x) - 1, len(y) - 1, len(z) - 1), dtype=np.int64))
    centre = grid.points[grid.skin.nodes].mean(axis=1)
    ends = {"left": centre[:, 0] < 0.1 * step, "right": centre[:, 0] > x[-1] - 0.1 * step}
    ends["bottom"] = centre[:, 2] < 0.1 * z[1]
    faces = {name: Facets(grid.skin.nodes[k], grid.skin.cells[k]) for name, k in ends.items()}
    mesh = TaggedMesh(("x", "y", "z"), grid.points, grid.kind, grid.cells, ("Pt",), grid.cell_region, faces)
    omega, diffusion, g_i = (1e13, 1e-5, 3e14) if strong else (1e12, 1e-4, 1e14)
    if omega_tau is not None:
        omega = omega_tau * diffusion / 3e-9**2
    bulk = normal_metal(
        conductivity=1e6,
        diffusion_constant=diffusion,
        diffusion_length=3e-9,
        spin_hall_angle=0.1,
        field=(0.0, 0.0, omega * HBAR / (2 * MU_B)),
    )
    law = b_layer("insulator", Conductances(-1e13, 3e14, g_i), (0.0, 1.0, 0.0))
    terminals = {"left": Terminal(("left",)), "right": Terminal(("right",))}
    return Problem(mesh, {"Pt": bulk}, {"bottom": Face(law, {"metal": MINUS})}, terminals)


def measure(problem: Any, order: int) -> dict[str, float]:
    """Time one response."""
    from hanle.pde.engines.scikit import Scikit
    from hanle.pde.steady import respond

    start = time.process_time()
    response = respond(problem, Scikit(order=order), tolerance=1e-8)
    cpu = time.process_time() - start
    correction = float(response.correction[0, 0, 0] / response.reference[0, 0, 0]) + 2 * 0.1**2
    return {
        "cpu": cpu,
        "unknowns": response.system.size,
        "iterations": max(response.proof.iterations.values()),
        "correction": correction,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def worker(case: str, order: int) -> None:
    """One run in this process, after a small film that compiles the kernels; the result as JSON."""
    # Large enough for the same solver as the real case.
    measure(film((40, 20), strong=False), order)
    print(json.dumps(measure(film(CASES[case]["nodes"], strong=CASES[case]["strong"]), order)))


def run(command: list[str]) -> dict[str, float]:
    """The JSON that a single-threaded process prints last."""
    quiet = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    done = subprocess.run(command, env=os.environ | quiet, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def peer_python() -> str:
    """An interpreter with NGSolve: this one, or one made for the benchmark under the user's cache."""
    if subprocess.run([sys.executable, "-c", "import ngsolve"], capture_output=True, check=False).returncode == 0:
        return sys.executable
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "hanle" / "peer-ngsolve"
    python = home / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "ngsolve", "numpy"], check=True)
    return str(python)


def report(case: str, runs: int, order: int, peer: str | None) -> None:
    """Print the medians of a case and the ratio to the peer, run by run in turn."""
    ours, theirs = [], []
    nodes, strong = CASES[case]["nodes"], CASES[case]["strong"]
    for _ in range(runs):
        ours.append(run([sys.executable, __file__, "--worker", case, "--order", str(order)]))
        if peer:
            theirs.append(run([peer, str(PEER), *map(str, nodes), str(int(strong)), str(order)]))
    first = ours[0]
    cpu = statistics.median(o["cpu"] for o in ours)
    size = first["unknowns"] / 1e6
    print(
        f"{case:4s} hanle    {size:6.3f} M unknowns  {first['iterations']:3.0f} it  {cpu:7.2f} CPU s  "
        f"{cpu / size:6.2f} s/M  {first['peak']:5.2f} GB ({first['peak'] / size:.2f} GB/M)  "
        f"correction {first['correction']:.7e} (expected {CASES[case]['expected']:.7e} in first order)",
        flush=True,
    )
    for name in ("chol", "multigrid") if theirs else ():
        their_cpu = statistics.median(t[f"{name}_cpu"] for t in theirs)
        ratio = statistics.median(t[f"{name}_cpu"] / o["cpu"] for t, o in zip(theirs, ours, strict=True))
        print(
            f"{case:4s} NGSolve ({name}): {theirs[0][f'{name}_iterations']:3.0f} it  {their_cpu:7.2f} CPU s  "
            f"{theirs[0]['peak']:5.2f} GB  correction {theirs[0][f'{name}_correction']:.7e}  ratio {ratio:.1f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="+", default=["B1", "B1s", "B2"], choices=list(CASES))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--order", type=int, default=1)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--worker", choices=list(CASES))
    given = parser.parse_args()
    if given.worker:
        worker(given.worker, given.order)
        return
    for case in given.cases:
        # The peer needs more memory and time at B2 than it is worth: the ratio is that of B1.
        peer = None if given.no_peer or case == "B2" else peer_python()
        report(case, given.runs if case != "B2" else 1, given.order, peer)


if __name__ == "__main__":
    main()
