"""hanle doctor: what works on this machine, what is missing, and how to get it.

A broken library may raise anything when it is imported, or end the process. So libraries are tried in a child process
that reports step by step.
"""

import argparse
import importlib
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, requires, version

from hanle.pde.engines.fenicsx_available import HOW_TO_GET, NEEDED, NEEDED_ONCE

#: Packages that are imported under another name.
MODULES = {"scikit-fem": "skfem"}
#: Seconds that a group of checks may take, on a busy file system too.
PATIENCE = 180.0
#: Begins the lines of the child process that are meant for this module: (name,) before a check, a Finding after it.
MARK = "hanle doctor:"
#: By these variables a launcher such as mpirun tells its children that they are processes of one program.
LAUNCHER = ("OMPI_COMM_WORLD_", "PMIX_", "PMI_", "PRTE_")

Checks = Mapping[str, Callable[[], str]]


@dataclass(frozen=True)
class Finding:
    """What was tried, whether it works, and its description or what went wrong."""

    name: str
    works: bool
    text: str


def main(argv: list[str] | None = None) -> int:
    """Print what works here; 0 if all that hanle itself needs does, 1 otherwise. The engine fenicsx is optional."""
    argparse.ArgumentParser(prog="hanle doctor", description=str(__doc__).splitlines()[0]).parse_args(argv)
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"
    print(f"hanle {_version('hanle')}, Python {platform.python_version()} ({sys.executable}), {machine}")
    packages = _show("needed packages", tried("packages"))
    if all(finding.works for finding in packages):
        _show("pictures in 3D (optional)", [_renderer()])
    engine = _show("engine fenicsx, on several processes (optional)", tried("fenicsx"))
    broken = [finding.name for finding in packages if not finding.works]
    if broken:
        print(f"\nhanle cannot work here without {', '.join(broken)}: pip install hanle")
    if not all(finding.works for finding in engine):
        print(f"\nThe engine fenicsx does not work here. {HOW_TO_GET}")
    return 1 if broken else 0


def _show(title: str, findings: list[Finding]) -> list[Finding]:
    print(f"\n{title}")
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        print(f"  {finding.name:{width}}  {'' if finding.works else 'NO: '}{finding.text}", flush=True)
    return findings


def tried(group: str) -> list[Finding]:
    """The findings of a group of `checks`, made in a child process. Where it ends early, the check it was at failed."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith(LAUNCHER)}
    code = f"from hanle.doctor import report; report({group!r})"
    try:
        child = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, timeout=PATIENCE)
        printed, end = child.stdout, f"ends Python with exit code {child.returncode}"
        error = child.stderr.decode(errors="replace").strip().splitlines()
        end += f": {error[-1]}" if error else ""
    except subprocess.TimeoutExpired as late:
        printed, end = late.stdout or b"", f"takes more than {PATIENCE:.0f} s"
    lines = [line.removeprefix(MARK) for line in printed.decode(errors="replace").splitlines() if MARK in line]
    findings: dict[str, Finding] = {}
    for name, *rest in map(json.loads, lines or [json.dumps([group])]):
        findings[name] = Finding(name, *(rest or (False, end)))
    return list(findings.values())


def report(group: str) -> None:
    """Make the checks of a group and print a line for `tried` before and after each."""
    for name, check in checks(group).items():
        print(f"\n{MARK}{json.dumps([name])}", flush=True)
        try:
            found = [name, True, check()]
        except BaseException as error:
            # a broken library may even raise SystemExit
            found = [name, False, f"{type(error).__name__}: {error}"]
        print(f"\n{MARK}{json.dumps(found)}", flush=True)


def checks(group: str) -> Checks:
    """What is tried: name -> a function that describes it or raises."""
    if group == "fenicsx":
        return {**NEEDED, **NEEDED_ONCE}
    asked = [text for text in requires("hanle") or () if "extra ==" not in text]
    return {re.split(r"[^\w.-]", text, maxsplit=1)[0]: partial(package, text) for text in asked}


def package(requirement: str) -> str:
    """Import a package; its version.

    Raises:
        RuntimeError: it is older than the requirement ("numpy>=1.26") says; or whatever the import raises.
    """
    name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
    importlib.import_module(MODULES.get(name, name))
    found, oldest = version(name), re.search(r">=([\d.]+)", requirement)
    if oldest and _numbers(found) < _numbers(oldest[1]):
        raise RuntimeError(f"{found} is too old: {requirement} is needed")
    if name == "numba":
        from numba import config

        return f"{found}, {config.NUMBA_NUM_THREADS} threads"
    return found


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "(not installed)"


def _renderer() -> Finding:
    from hanle.rendering import CURE, renderer

    window, reason = renderer()
    if window is None:
        return Finding("off screen", False, f"{reason}; plane sections are drawn instead. Cure: {CURE}")
    return Finding("off screen", True, window or "the renderer of VTK")
