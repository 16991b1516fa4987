"""Records to tables: what `hanle.materials.load.material` reads back as an equal record."""

from dataclasses import replace
from typing import Any

from hanle.materials.load import Record, available, load
from hanle.materials.schemas import SCHEMAS


def to_given(record: Record) -> "str | dict[str, Any]":
    """The name of an equal record of the library, otherwise a table with every number.

    The name of a record is not kept: a record read from a table is called after its place.
    """
    for name in available():
        if same(load(name), record):
            return name
    return {"kind": record.kind} | SCHEMAS[record.kind].write(record)


def same(a: Record, b: Record) -> bool:
    """Whether two records are equal but for their names."""
    return type(a) is type(b) and replace(a, name="") == replace(b, name="")
