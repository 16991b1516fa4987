"""Programs in the README and the documentation run, and print what is written below them."""

import contextlib
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: A program of its own, and the indented lines that follow it.
PROGRAM = re.compile(r"```python\n(import hanle\n.*?)```\n((?-s:(?:\n(?: {4}.*)?|[^`\n].*\n?)*))", re.DOTALL)
OUTPUT = re.compile(r"(?:^ {4}.*\n)+", re.MULTILINE)
NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:e[-+]?\d+)?")


def programs() -> list[tuple[str, str, str]]:
    """(file, program, output) of all pages."""
    found = []
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for code, after in PROGRAM.findall(page.read_text(encoding="utf-8")):
            output = OUTPUT.search(after.split("```")[0])
            found.append((page.name, code, output[0] if output else ""))
    return found


@pytest.mark.parametrize(("page", "code", "output"), programs(), ids=lambda x: x if x.endswith(".md") else "")
def test_program_prints_what_is_written(page: str, code: str, output: str) -> None:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, page, "exec"), {"__name__": "__main__"})
    found, expected = said.getvalue(), output
    assert NUMBER.sub("#", found).split() == NUMBER.sub("#", expected).split()
    for a, b in zip(NUMBER.findall(found), NUMBER.findall(expected), strict=True):
        # Written digits may be the last ones of a mesh or a solver.
        assert float(a) == pytest.approx(float(b), rel=2e-3), (page, a, b)


def test_pages_have_programs() -> None:
    assert {page for page, *_ in programs()} >= {"README.md", "spin_orbit_interfaces.md"}
