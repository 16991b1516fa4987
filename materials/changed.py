"""A record with one of its numbers changed: what a sweep or a fit varies besides profiles in space."""

from dataclasses import fields, replace

from hanle.materials.magnons import MAGNON_KEYS
from hanle.materials.records import MagneticInsulator, Record
from hanle.materials.sourced import Sourced
from hanle.pde.errors import unknown_name


def plain_numbers(record: Record) -> dict[str, str]:
    """Key -> dimension of the numbers that a record gives as they are, and of all of the magnons of an insulator.

    Left out are numbers inside models (spins, critical temperatures, sublattices).
    """
    found = {f.name: getattr(record, f.name) for f in fields(record)}
    given = {key: number.dimension for key, number in found.items() if isinstance(number, Sourced)}
    return given | (MAGNON_KEYS if isinstance(record, MagneticInsulator) else {})


def with_number(record: Record, key: str, value: float) -> Record:
    """A copy with another value in SI; its source is then the user.

    Raises:
        InputError: the record does not give this number, or refuses the value.
    """
    known = plain_numbers(record)
    if key not in known:
        raise unknown_name(record.name, key, known)
    number = Sourced(value, known[key])
    if isinstance(record, MagneticInsulator):
        return replace(record, magnons=replace(record.magnons, **{key: number}))
    return replace(record, **{key: number})  # type: ignore[arg-type]
