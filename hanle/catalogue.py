"""The library of materials as text."""

from collections.abc import Collection

from hanle.materials.load import available, bibliography, load, numbers, title
from hanle.materials.sourced import USER, Sourced


def listing() -> str:
    """One line per record: name, kind, title."""
    names = available()
    kinds = {name: load(name).kind for name in names}
    widths = max(map(len, names)), max(map(len, kinds.values()))
    lines = [f"{name:<{widths[0]}}  {kinds[name]:<{widths[1]}}  {title(name)}" for name in names]
    return "\n".join([*lines, "", "hanle materials NAME shows the numbers with their sources"])


def describe(name: str) -> str:
    """A record: every number with unit, temperature, source and note, then the sources.

    Raises:
        InputError: no such record.
    """
    found = numbers(load(name))
    cells = [(key, *_cells(number)) for key, number in found.items()]
    widths = [max(len(cell[k]) for cell in cells) for k in range(4)]
    lines = ["  ".join([*map(str.ljust, cell, widths), cell[4]]).rstrip() for cell in cells]
    return "\n".join([f"{name}: {title(name)}", "", *lines, *(f"\n{entry}" for entry in _cited(found.values()))])


def _cells(number: Sourced) -> tuple[str, str, str, str]:
    """Value with unit, temperature, source with the mark of estimates, note."""
    at = "" if number.temperature is None else f"at {number.temperature:g} K"
    marks = ([number.source] if number.source != USER else []) + (["estimate"] if number.estimate else [])
    return str(number), at, f"[{', '.join(marks)}]", number.note


def _cited(found: Collection[Sourced]) -> list[str]:
    """BibTeX entries of the sources and of what the notes name."""
    words = {number.source for number in found}
    words |= {word.strip(",.;:()") for number in found for word in number.note.split()}
    return [entry.strip() for key, entry in sorted(bibliography().items()) if key in words]
