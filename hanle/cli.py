"""The command line: hanle run | check | materials | verify | demo.

Exit codes: 0 done, 1 an error that the message explains, 2 wrong usage, 130 interrupted. Of several processes (mpirun)
one prints, and all return the same code; `run` is the command for them.
"""

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

from hanle.launch import started
from hanle.pde.errors import HanleError, InputError

#: Commands with a parser of their own: name -> (module, what it does).
OWN = {
    "demo": ("hanle.demo", "a Pt Hall bar on YIG: table against the formula, fields, pictures"),
    "verify": ("hanle.verify", "table of formula | engine | deviation | expected"),
    "doctor": ("hanle.doctor", "what works on this machine, what is missing, and how to get it"),
}
#: Commands that several processes may run together.
SHARED = ("run", "verify", "doctor")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        with _one_voice(), warnings.catch_warnings():
            warnings.showwarning = _show_warning
            return _command(words)
    except HanleError as error:
        return _fail(str(error), 1)
    except OSError as error:
        return _fail(f"{error.filename or 'files'}: {error.strerror or error}", 1)
    except KeyboardInterrupt as interrupt:
        return _fail(str(interrupt) or "interrupted, nothing was written", 130)


@contextmanager
def _one_voice() -> Iterator[None]:
    """Of several processes the first prints; `_fail` and the exception hook report the errors of all."""
    if started() == 1:
        yield
        return
    from hanle.failures import reporter
    from hanle.launch import processes

    reporter()
    if processes().rank == 0:
        yield
        return
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        yield


def _command(words: list[str]) -> int:
    if started() > 1 and words and words[0] not in SHARED and not words[0].startswith("-"):
        must = f"{', '.join(SHARED[:-1])} or {SHARED[-1]}, on {started()} processes"
        raise InputError("command", must, words[0], "start it without mpirun")
    if words and words[0] in OWN:
        command: Callable[[list[str]], int] = import_module(OWN[words[0]][0]).main
        return command(words[1:])
    given = _parser().parse_args(words)
    code: int = given.command(given)
    return code


def _fail(message: str, code: int) -> int:
    from hanle.failures import report

    report(message, lambda: print(f"hanle: {message}", file=sys.stderr), code)
    return code


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    print(f"hanle: warning: {message}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hanle", description="Charge, spin and Hanle precession in devices.")
    parser.add_argument("--version", action="version", version=f"hanle {version('hanle')}")
    commands = parser.add_subparsers(required=True, metavar="command")
    run = commands.add_parser("run", help="solve a device file and write results, fields, curves and pictures")
    run.add_argument("device", type=Path, help="device file (TOML)")
    run.add_argument("-o", "--output", type=Path, help="folder for the results (default: <device>-out)")
    run.add_argument(
        "--engine", choices=("auto", "multilayer", "scikit", "fenicsx"), help="default: what the file says, or auto"
    )
    run.add_argument("--order", type=int, choices=(1, 2), help="of the finite elements")
    run.add_argument("--solver", choices=("auto", "direct", "multigrid"), help="linear solver")
    run.add_argument("--overwrite", action="store_true", help="replace an earlier folder of results")
    run.add_argument("--resume", action="store_true", help="go on with a course in time that was interrupted")
    run.add_argument("--no-pictures", action="store_true", help="draw nothing")
    run.add_argument("--quiet", action="store_true", help="print the results only")
    run.set_defaults(command=_run)
    check = commands.add_parser("check", help="validate a device file; mesh, resolution and memory without solving")
    check.add_argument("device", type=Path, help="device file (TOML)")
    check.set_defaults(command=_check)
    materials = commands.add_parser("materials", help="list the library, or show one record with its sources")
    materials.add_argument("name", nargs="?", help="of a record")
    materials.set_defaults(command=_materials)
    for name, (_, what) in OWN.items():
        commands.add_parser(name, help=what, add_help=False)
    return parser


def _run(given: argparse.Namespace) -> int:
    from hanle.config import errors_name, load_case
    from hanle.run import run, summary, with_options

    case = with_options(
        load_case(given.device),
        pictures=not given.no_pictures,
        engine=given.engine,
        order=given.order,
        solver=given.solver,
    )
    folder = given.output or given.device.with_name(f"{given.device.stem}-out")
    with errors_name(given.device):
        say = None if given.quiet else _say
        solved = run(case, folder, overwrite=given.overwrite, resume=given.resume, say=say)
    print(summary(solved))
    print(f"\nwritten to {folder}{'' if str(folder).endswith('/') else '/'}")
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _check(given: argparse.Namespace) -> int:
    from hanle.checks import check
    from hanle.config import errors_name, load_case

    case = load_case(given.device)
    with errors_name(given.device):
        print(check(case))
    return 0


def _materials(given: argparse.Namespace) -> int:
    from hanle.catalogue import describe, listing

    print(listing() if given.name is None else describe(given.name))
    return 0
