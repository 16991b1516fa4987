"""The library of materials as text."""

from hanle.materials.load import available, bibliography, load, numbers, title
from hanle.materials.sourced import Sourced


def listing() -> str:
    """One line per record: name, kind, title."""
    names = available()
    kinds = {name: load(name).kind for name in names}
    widths = max(map(len, names)), max(map(len, kinds.values()))
    lines = [f"{name:<{widths[0]}}  {kinds[name]:<{widths[1]}}  {title(name)}" for name in names]
    return "\n".join([*lines, "", "hanle materials NAME shows the numbers with their sources"])


def describe(name: str) -> str:
    """A record: every number with unit, temperature and source, then the sources.

    Raises:
        InputError: no such record.
    """
    found = numbers(load(name))
    width = max(map(len, found))
    lines = [f"{name}: {title(name)}", "", *(f"{key:<{width}}  {_line(number)}" for key, number in found.items())]
    entries = bibliography()
    used = sorted({number.source for number in found.values()} & set(entries))
    return "\n".join([*lines, *(f"\n{entries[key].strip()}" for key in used)])


def _line(number: Sourced) -> str:
    parts = [str(number)]
    if number.temperature is not None:
        parts.append(f"at {number.temperature:g} K")
    parts.append(f"[{number.source}{', estimate' if number.estimate else ''}]")
    return "  ".join(parts) + (f"  {number.note}" if number.note else "")
