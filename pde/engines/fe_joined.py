"""Integrals put together: where coefficients vary from point to point, one scalar matrix says what several terms do."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from hanle.pde.engines.fe_integrals import Integrand
from hanle.pde.engines.fe_scalars import is_skew
from hanle.pde.tensors import Array

#: Every so many weights are looked at to tell integrals apart.
SAMPLE = 97


@dataclass(frozen=True, eq=False)
class Integral:
    """One integral of a region and the field part that stands with it.

    Attributes:
        tag: of its term.
        form, pattern: as in `fe_integrals`, largest entries 1.
        fields: (rows, columns) or (rows,), the size of the weights included.
    """

    tag: str
    form: Array
    pattern: Array
    fields: Array

    @property
    def looks(self) -> tuple[bytes, bytes]:
        """What equal integrals have in common, and hardly any others."""
        return self.form.tobytes(), self.pattern.ravel()[::SAMPLE].astype(np.float32).tobytes()


def joined(integrals: Iterable[Integral]) -> Iterator[tuple[str, Integrand, Array]]:
    """(tag, integrand, fields) with integrals of parallel field parts added up.

    Those of constant weight, and those that several field parts have in common, stay as they are: others share them.
    """
    groups: dict[tuple[str, bool, bytes], list[tuple[float, Integral]]] = defaultdict(list)
    users: dict[tuple[bytes, bytes], set[bytes]] = defaultdict(set)
    for item in integrals:
        size = float(item.fields.ravel()[np.argmax(np.abs(item.fields))])
        # Zero has a sign, which is none of the direction.
        direction = (item.fields / size + 0.0).tobytes()
        groups[item.tag, item.form.ndim == 2 and is_skew(item.form), direction].append((size, item))
        users[item.looks].add(direction)
    for (tag, _, _), members in groups.items():
        alone = [item.pattern.size == 1 or len(users[item.looks]) > 1 for _, item in members]
        for item in (item for lone, (_, item) in zip(alone, members, strict=True) if lone):
            yield tag, [(item.form, item.pattern)], item.fields
        rest = [member for lone, member in zip(alone, members, strict=True) if not lone]
        if rest:
            largest, head = max(rest, key=lambda member: abs(member[0]))
            yield tag, [(size / largest * item.form, item.pattern) for size, item in rest], head.fields
