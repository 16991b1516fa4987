"""One schema per kind of record: which keys its tables have, of what dimension, and how they become a record and back.

Keys are the fields of the record wherever that is a sourced number. A new kind of material is a record class and an
entry of `SCHEMAS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Generic, TypeVar

from hanle.materials.conductors import Conductor
from hanle.materials.magnons import MAGNON_KEYS, Magnons
from hanle.materials.moments_table import (
    moment_numbers,
    read_entries,
    read_facts,
    read_interface,
    read_moments,
    read_volume,
    write_moments,
)
from hanle.materials.records import (
    FerromagneticMetal,
    FixedConductances,
    Insulator,
    LocalMomentMetal,
    MagneticInsulator,
    NormalMetal,
    Record,
)
from hanle.materials.resistivity import read_ratios, write_ratios
from hanle.materials.sourced import Sourced
from hanle.materials.sublattices import VolumeSublattice
from hanle.materials.values import Table, matrix, plain, require_known, require_present, sourced
from hanle.pde.errors import InputError
from hanle.pde.quantity import exact

R = TypeVar("R", bound=Record)
Numbers = dict[str, Sourced]

#: Keys of every table besides those of its kind.
COMMON: Final = ("kind", "like", "title")


@dataclass(frozen=True)
class Schema(Generic[R]):
    """How the tables of one kind read.

    Attributes:
        keys: key -> dimension of its sourced number.
        others: keys that `build` reads from the table itself.
        required: keys of both sorts that must be there.
        alternatives: pairs of groups of keys; what a table gives of one group replaces all of the other group in the
            record that it is `like`.
        build: (name, table, numbers of `keys`) -> record.
        numbers: record -> its sourced numbers by key, for tables and citations.
        write: record -> table without its kind, which `build` reads back as an equal record.
    """

    keys: Mapping[str, str]
    others: tuple[str, ...]
    required: tuple[str, ...]
    alternatives: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    build: Callable[[str, Table, Numbers], R]
    numbers: Callable[[R], Numbers]
    write: Callable[[R], dict[str, Any]]

    def read(self, name: str, table: Table) -> R:
        """The record of a table that inherits from no other."""
        require_known(name, table, (*self.keys, *self.others, *COMMON))
        values = {k: sourced(f"{name}.{k}", table[k], d) for k, d in self.keys.items() if k in table}
        require_present(name, table, self.required)
        return self.build(name, table, values)

    def replaced(self, table: Table) -> set[str]:
        """Keys of a record that a table laid over it takes away."""
        pairs = [pair for a, b in self.alternatives for pair in ((a, b), (b, a))]
        return {key for given, other in pairs if any(k in table for k in given) for key in other}


_CONDUCTOR_KEYS: Final = {
    "resistivity": "resistivity",
    "temperature_coefficient": "temperature coefficient",
    "spin_hall_angle": "dimensionless",
    "diffusion_length": "length",
    "density_of_states": "density of states",
    "diffusion_constant": "diffusion constant",
    "mobility": "mobility",
    "g_factor": "dimensionless",
    "electron_heat_conductivity": "thermal conductivity",
    "lattice_heat_conductivity": "thermal conductivity",
    "electron_lattice_coupling": "heat exchange per volume",
    "seebeck": "Seebeck coefficient",
    "spin_nernst_angle": "dimensionless",
    "sommerfeld_coefficient": "Sommerfeld coefficient",
    "lattice_heat_capacity": "heat capacity per volume",
    "debye_temperature": "temperature",
}
_FERROMAGNET_KEYS: Final = _CONDUCTOR_KEYS | {
    "polarisation": "dimensionless",
    "exchange_length": "length",
    "dephasing_length": "length",
    "anomalous_hall_angle": "dimensionless",
    "anisotropy": "dimensionless",
    "density_of_states_polarisation": "dimensionless",
    "saturation_magnetisation": "magnetisation",
    "spin_dependent_seebeck": "Seebeck coefficient",
    "anomalous_nernst_angle": "dimensionless",
}
_INSULATOR_KEYS: Final = {
    "lattice_heat_conductivity": "thermal conductivity",
    "interface_heat_conductance": "thermal conductance per area",
    "lattice_heat_capacity": "heat capacity per volume",
    "debye_temperature": "temperature",
}
_LOCAL_MOMENT_KEYS: Final = _CONDUCTOR_KEYS | {
    "spin_lifetime": "time",
    "density_of_states_polarisation": "dimensionless",
}
_CONDUCTANCE_KEYS: Final = dict.fromkeys(("G_s", "G_r", "G_i"), "conductance per area")
_MOMENT_KEYS: Final = ("critical_temperature", "exchange", "sublattices")
#: g factor of the moments of a metal, whose `g_factor` is that of its electrons.
_MOMENT_G: Final = "moment_g_factor"
_DIFFUSION: Final = (("density_of_states",), ("diffusion_constant",))
#: Keys of all metals that are no numbers, and what takes the place of what.
_WARMING: Final = ("resistivity_ratios", "elliott_yafet")
_WARMINGS: Final = (("temperature_coefficient",), ("resistivity_ratios",))


def _conductor_numbers(record: Conductor) -> Numbers:
    found = {field.name: getattr(record, field.name) for field in fields(record)}
    return {name: value for name, value in found.items() if isinstance(value, Sourced)}


def _write_conductor(record: Conductor) -> dict[str, Any]:
    """What differs from the defaults of the class."""
    usual = {field.name: field.default for field in fields(record)}
    table = {name: plain(value) for name, value in _conductor_numbers(record).items() if value != usual[name]}
    if record.resistivity_ratios:
        table["resistivity_ratios"] = write_ratios(record.resistivity_ratios)
    return table | ({"elliott_yafet": True} if record.elliott_yafet else {})


def _arguments(name: str, table: Table, values: Numbers) -> dict[str, Any]:
    """The numbers of a metal, and how they change with temperature."""
    found: dict[str, Any] = dict(values)
    if "resistivity_ratios" in table:
        found["resistivity_ratios"] = read_ratios(f"{name}.resistivity_ratios", table["resistivity_ratios"])
    if "elliott_yafet" in table:
        if not isinstance(table["elliott_yafet"], bool):
            raise InputError(f"{name}.elliott_yafet", "true or false", table["elliott_yafet"])
        found["elliott_yafet"] = table["elliott_yafet"]
    return found


def _normal_metal(name: str, table: Table, values: Numbers) -> NormalMetal:
    rates = None
    if "relaxation" in table:
        must, hint = "a 3x3 list of rates", 'e.g. "2 1/ps"'
        rates = matrix(f"{name}.relaxation", table["relaxation"], "rate", must, hint)
    return NormalMetal(name=name, relaxation=rates, **_arguments(name, table, values))


def _write_normal_metal(record: NormalMetal) -> dict[str, Any]:
    if record.relaxation is None:
        return _write_conductor(record)
    rates = [[exact(rate, "rate") for rate in row] for row in record.relaxation]
    return _write_conductor(record) | {"relaxation": rates}


def _ferromagnetic_metal(name: str, table: Table, values: Numbers) -> FerromagneticMetal:
    return FerromagneticMetal(name=name, **_arguments(name, table, values))


def _local_moment_metal(name: str, table: Table, values: Numbers) -> LocalMomentMetal:
    entries = read_entries(name, table, "density")
    facts = read_facts(name, table, entries)
    sublattices = tuple(read_volume(key, entry) for key, entry in entries)
    moments = read_moments(name, table, facts, _bulk_weights(sublattices), _MOMENT_G)
    given = _arguments(name, table, values)
    return LocalMomentMetal(name=name, moments=moments, sublattices=sublattices, facts=facts, **given)


def _write_local_moment_metal(record: LocalMomentMetal) -> dict[str, Any]:
    usual = _bulk_weights(record.sublattices)
    moments = write_moments(record.moments, record.facts, record.sublattices, usual, _MOMENT_G)
    return _write_conductor(record) | moments


def _bulk_weights(sublattices: tuple[VolumeSublattice, ...]) -> list[float]:
    """In the volume of a metal the densities say how many moments there are of each kind."""
    first = sublattices[0].density.value
    return [s.density.value / first if first > 0 and s.density.value > 0 else 1.0 for s in sublattices]


def _magnetic_insulator(name: str, table: Table, values: Numbers) -> MagneticInsulator:
    carried = Magnons(**{key: value for key, value in values.items() if key in MAGNON_KEYS})
    values = {key: value for key, value in values.items() if key in _CONDUCTANCE_KEYS}
    if values:
        moment = [key for key in (*_MOMENT_KEYS, "g_factor") if key in table]
        if moment:
            must = "either a set of moments or the conductances G_s, G_r, G_i"
            raise InputError(name, must, ["G_s, ...", *moment])
        require_present(name, table, tuple(_CONDUCTANCE_KEYS))
        return MagneticInsulator(name, conductances=FixedConductances(**values), magnons=carried)
    require_present(name, table, ("critical_temperature", "sublattices"))
    entries = read_entries(name, table, "areal_density")
    facts = read_facts(name, table, entries)
    return MagneticInsulator(
        name,
        moments=read_moments(name, table, facts, [1.0] * len(entries)),
        sublattices=tuple(read_interface(key, entry) for key, entry in entries),
        facts=facts,
        magnons=carried,
    )


def _insulator_numbers(record: MagneticInsulator) -> Numbers:
    if record.conductances is not None:
        given = record.conductances
        return {name: getattr(given, name) for name in _CONDUCTANCE_KEYS} | record.magnons.numbers
    return moment_numbers(record.facts, record.sublattices) | record.magnons.numbers


def _write_insulator(record: MagneticInsulator) -> dict[str, Any]:
    if record.moments is None:
        return {name: plain(number) for name, number in _insulator_numbers(record).items()}
    weights = [1.0] * len(record.sublattices)
    carried = {name: plain(number) for name, number in record.magnons.numbers.items()}
    return write_moments(record.moments, record.facts, record.sublattices, weights) | carried


def _insulator(name: str, table: Table, values: Numbers) -> Insulator:
    return Insulator(name, **values)


def _present_numbers(record: Insulator) -> Numbers:
    found = {name: getattr(record, name) for name in _INSULATOR_KEYS}
    return {name: value for name, value in found.items() if value is not None}


_SCHEMAS: Final[dict[type[Any], Schema[Any]]] = {
    NormalMetal: Schema(
        keys=_CONDUCTOR_KEYS,
        others=("relaxation", *_WARMING),
        required=("resistivity", "spin_hall_angle"),
        alternatives=(_DIFFUSION, _WARMINGS, (("diffusion_length",), ("relaxation",))),
        build=_normal_metal,
        numbers=_conductor_numbers,
        write=_write_normal_metal,
    ),
    FerromagneticMetal: Schema(
        keys=_FERROMAGNET_KEYS,
        others=_WARMING,
        required=("resistivity", "polarisation", "diffusion_length"),
        alternatives=(_DIFFUSION, _WARMINGS),
        build=_ferromagnetic_metal,
        numbers=_conductor_numbers,
        write=_write_conductor,
    ),
    LocalMomentMetal: Schema(
        keys=_LOCAL_MOMENT_KEYS,
        others=(*_MOMENT_KEYS, _MOMENT_G, *_WARMING),
        required=("resistivity", "spin_hall_angle", "critical_temperature", "sublattices"),
        alternatives=(_DIFFUSION, _WARMINGS, (("diffusion_length",), ("spin_lifetime",))),
        build=_local_moment_metal,
        numbers=lambda record: _conductor_numbers(record) | moment_numbers(record.facts, record.sublattices),
        write=_write_local_moment_metal,
    ),
    Insulator: Schema(
        keys=_INSULATOR_KEYS,
        others=(),
        required=("lattice_heat_conductivity",),
        alternatives=(),
        build=_insulator,
        numbers=_present_numbers,
        write=lambda record: {name: plain(number) for name, number in _present_numbers(record).items()},
    ),
    MagneticInsulator: Schema(
        keys=_CONDUCTANCE_KEYS | MAGNON_KEYS,
        others=(*_MOMENT_KEYS, "g_factor"),
        required=(),
        alternatives=((tuple(_CONDUCTANCE_KEYS), (*_MOMENT_KEYS, "g_factor")),),
        build=_magnetic_insulator,
        numbers=_insulator_numbers,
        write=_write_insulator,
    ),
}
#: Schemas by the kind that tables name.
SCHEMAS: Final[Mapping[str, Schema[Any]]] = {record.kind: schema for record, schema in _SCHEMAS.items()}
