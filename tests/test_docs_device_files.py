"""docs/device_files.md is complete, and its device is one."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hanle.config import KEYS, read_case
from hanle.macrospins import Macrospin
from hanle.magnet_tables import MOTION
from hanle.materials.schemas import COMMON, SCHEMAS
from hanle.options import RUN_KEYS, SWEEP_KEYS, Output
from hanle.shapes import KINDS
from hanle.tasks import KEYS as TASKS

PAGE = (Path(__file__).parents[1] / "docs" / "device_files.md").read_text(encoding="utf-8")
WORDS = set(re.findall(r"\w+", PAGE.partition("## At the top")[2]))


def keys() -> Iterator[tuple[str, str]]:
    """(table, key) of everything that a device file may hold."""
    yield from (("", key) for key in KEYS)
    yield from (("run", key) for key in RUN_KEYS)
    yield from (("sweep", key) for key in SWEEP_KEYS)
    yield from (("output", key) for key in Output.__dataclass_fields__)
    yield from (("magnets", key) for key in (*Macrospin.__dataclass_fields__, MOTION))
    for table, found in (*TASKS.items(), *((name, kind.parameters) for name, kind in KINDS.items())):
        yield from ((table, key) for key in found)
    for kind, schema in SCHEMAS.items():
        yield from ((kind, key) for key in (*schema.keys, *schema.others, *COMMON))


@pytest.mark.parametrize("table", sorted({table for table, _ in keys()}))
def test_every_key_is_on_the_page(table: str) -> None:
    missing = {key for where, key in keys() if where == table} - WORDS
    assert not missing


def test_kinds_are_on_the_page() -> None:
    assert set(KINDS) <= WORDS
    assert all(f'"{kind}"' in PAGE for kind in SCHEMAS)


def test_the_device_is_one() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    case = read_case(text)
    assert set(case.device.transport) == {"magnons", "heat"}
    solved = case.device.solve(**case.run)
    assert abs(float(solved.wire_field("Pt"))) > 0
