"""`hanle verify`: what the engines find next to what formulas say, for built-in cases or for the user's own device.

The expected deviation comes from the method, not from the result wanted: rounding for the exact engine; for finite
elements what the step from a coarse mesh to one of half the element size has changed, divided by 2^p - 1 (Richardson,
p the order), times `SAFETY`.
"""

import argparse
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from hanle import verify_cases, verify_magnets
from hanle.config import load
from hanle.deviations import ROUNDING, Row, difference, richardson
from hanle.engines import SCIKIT
from hanle.failures import team
from hanle.launch import FENICSX, require_shared
from hanle.meshes.coarse import CoarseMeshWarning
from hanle.pde.tensors import Array
from hanle.verify_cases import Case
from hanle.verify_device import rows as device_rows


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns 0, or 1 if a line is not as expected.

    Raises:
        HanleError: the device file cannot be read or solved.
    """
    parser = argparse.ArgumentParser(prog="hanle verify", description="Compare the engines with formulas.")
    parser.add_argument("device", nargs="?", help="a device file (TOML); built-in cases without it")
    parser.add_argument("--engine", choices=(SCIKIT, FENICSX), default=SCIKIT, help="of finite elements")
    given = parser.parse_args(argv)
    require_shared(given.engine)
    team(given.engine)
    start = time.monotonic()
    if given.device is None:
        return report(built_in(given.engine), start)
    return report(device_rows(load(given.device), given.engine), start)


def report(rows: Iterator[Row], start: float, say: Callable[[str], None] = print) -> int:
    """Print rows as they come; 0 if all are as expected, else 1."""
    say(f"{'compared':<62} {'engine':<17} {'deviation':>9} {'expected':>9}")
    found = []
    for row in rows:
        found.append(row)
        verdict = "ok" if row.ok else "FAILED"
        say(f"{row.formula:<62} {row.engine:<17} {row.deviation:9.1e} {row.expected:9.1e}  {verdict}")
    failed = sum(not row.ok for row in found)
    outcome = f"{failed} of {len(found)} FAILED" if failed else f"all {len(found)} as expected"
    say(
        f"{outcome}, {time.monotonic() - start:.0f} s; deviations are relative, of corrections such as rho_L/rho - 1"
    )
    return 1 if failed or not found else 0


def built_in(elements: str = SCIKIT) -> Iterator[Row]:
    """Rows of all built-in cases, in order; `elements`: the engine of finite elements."""
    for case in chain(verify_cases.cases(), verify_magnets.cases()):
        for method in (replace(method, elements=elements) for method in case.methods):
            yield compare(case, method.name, method.order, lambda cells, c=case, m=method: c.found(m, cells))  # type: ignore[misc]


def compare(case: Case, engine: str, order: int, found: Callable[[float], Array]) -> Row:
    """One row: the formula against the finer of two meshes, or against the exact engine."""
    with warnings.catch_warnings():
        # coarse meshes are wanted here; their error is part of the table
        warnings.simplefilter("ignore", CoarseMeshWarning)
        if order == 0:
            return Row(case.formula, engine, difference(found(case.cells), case.exact), ROUNDING)
        coarse, fine = found(case.cells), found(2 * case.cells)
    expected = richardson(coarse, fine, case.rate(order)) + case.left_out
    return Row(case.formula, engine, difference(fine, case.exact), expected)
