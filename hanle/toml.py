"""Writing TOML: the counterpart of `tomllib` for the tables of a device file."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from hanle.pde.errors import InputError

_BARE = re.compile(r"[A-Za-z0-9_-]+")
#: Lists longer than this are written over several lines.
LINE = 100


def write_toml(table: Mapping[str, Any]) -> str:
    """`table` as text that `tomllib.loads` reads back equal.

    Values: strings, booleans, integers, finite floats, lists and mappings of them. A mapping in a mapping becomes a
    table of its own; inside a list it is written inline.

    Raises:
        InputError: a value of another kind, or NaN.
    """
    return "\n".join(_table(table, ())).strip() + "\n"


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    plain = {k: v for k, v in table.items() if not isinstance(v, Mapping)}
    lines = [f"{_key(k)} = {_value(v, (*path, k))}" for k, v in plain.items()]
    if path and (lines or not table):
        lines = ["", f"[{'.'.join(map(_key, path))}]", *lines]
    for key, value in table.items():
        if isinstance(value, Mapping):
            lines += _table(value, (*path, key))
    return lines


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _string(name)


def _string(text: str) -> str:
    # The escapes of JSON are escapes of TOML too; JSON leaves DEL as it is, TOML does not.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any, path: tuple[str, ...]) -> str:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        parts = [_value(v, path) for v in value]
        line = f"[{', '.join(parts)}]"
        return line if len(line) <= LINE else "[\n" + "".join(f"  {p},\n" for p in parts) + "]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v, (*path, k))}" for k, v in value.items()) + " }"
    raise InputError(".".join(path), "a string, a finite number, true or false, a list or a table", value)
