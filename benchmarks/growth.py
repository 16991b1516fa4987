"""Growth of the multigrid solver: iterations, time and memory against mesh size, aspect ratio and precession.

The films of benchmarks/films.py, each in a process of its own with one thread. Usage:

    python benchmarks/growth.py [--largest 1e6]
"""

import argparse
import json
import sys

from films import STEP, film, measure, run

#: Lateral nodes; 16 nodes across the film.
SIZES = ((36, 18), (62, 31), (112, 56), (196, 98), (354, 177))
#: Lateral step over mean vertical step.
ASPECTS = (1, 10, 100, 1000)


def worker(nodes: tuple[int, int], aspect: float, strong: bool) -> None:
    """One run in this process as JSON."""
    measure(film((40, 20), strong=False), 1)
    print(json.dumps(measure(film(nodes, strong=strong, step=aspect * STEP / 10), 1)))


def row(title: str, nodes: tuple[int, int], aspect: float, strong: bool) -> float:
    """Run and print one case; its iterations."""
    found = run([sys.executable, __file__, "--worker", *map(str, nodes), str(aspect), str(int(strong))])
    size = found["unknowns"] / 1e6
    print(
        f"{title:34s} {size:6.3f} M  {found['iterations']:3.0f} it  {found['cpu'] / size:6.2f} CPU s/M  "
        f"{found['peak']:5.2f} GB",
        flush=True,
    )
    return found["iterations"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--largest", type=float, default=1e6, help="nodes")
    parser.add_argument("--worker", nargs=4)
    given = parser.parse_args()
    if given.worker:
        nx, ny, aspect, strong = given.worker
        worker((int(nx), int(ny)), float(aspect), bool(int(strong)))
        return
    sizes = [s for s in SIZES if 16 * s[0] * s[1] <= 1.1 * given.largest]
    growth = [row(f"size {16 * s[0] * s[1]:.0e} nodes", s, 10, False) for s in sizes]
    aspects = [row(f"aspect ratio {a}", (112, 56), a, False) for a in ASPECTS]
    strong = [row(f"aspect ratio {a}, strong precession", (112, 56), a, True) for a in ASPECTS]
    print(f"iterations from {sizes[0]} to {sizes[-1]} nodes: x {growth[-1] / growth[0]:.2f}")
    print(f"iterations over the aspect ratio: {min(aspects + strong):.0f} to {max(aspects + strong):.0f}")


if __name__ == "__main__":
    main()
