"""Localised moments in tables: `critical_temperature`, `g_factor` or `moment_g_factor`, `exchange`, `sublattices`.

Each sublattice has a `spin`, a number of moments (`areal_density` at an interface, `density` in the volume of a metal),
`coupling` (J) or `reduced_coupling` (nu J), and `bulk_weight`, its relative number of moments in the Weiss model.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from hanle.materials.sourced import Sourced
from hanle.materials.sublattices import Sublattice, VolumeSublattice
from hanle.materials.values import Table, matrix, plain, positive, require_known, require_present, sourced
from hanle.materials.weiss import (
    G_FACTOR,
    Moments,
    ferrimagnet,
    ferromagnet,
    from_exchange,
    require_critical_temperature,
    require_spin,
)
from hanle.pde.errors import InputError
from hanle.pde.quantity import exact

#: A sublattice as a table holds it, with its place for messages.
Entry: TypeAlias = tuple[str, Table]
_COUPLINGS: Final = {"coupling": "energy volume", "reduced_coupling": "dimensionless"}


def read_entries(name: str, table: Table, density: str) -> list[Entry]:
    """The entries of `sublattices`, their keys checked; `density` is the key of the number of moments."""
    given = table["sublattices"]
    if not isinstance(given, list) or not given:
        raise InputError(f"{name}.sublattices", "a list of tables, one per sublattice", given)
    entries = [(f"{name}.sublattices[{i}]", entry) for i, entry in enumerate(given)]
    for key, entry in entries:
        if not isinstance(entry, Mapping):
            raise InputError(key, "a table", entry)
        require_known(key, entry, ("spin", density, *_COUPLINGS, "bulk_weight"))
        require_present(key, entry, ("spin", density))
    return entries


def read_facts(name: str, table: Table, entries: Sequence[Entry]) -> tuple[Sourced, ...]:
    """Critical temperature, then one spin per sublattice."""
    critical = sourced(f"{name}.critical_temperature", table["critical_temperature"], "temperature")
    require_critical_temperature(f"{name}.critical_temperature", critical.value)
    spins = [sourced(f"{key}.spin", entry["spin"], "dimensionless") for key, entry in entries]
    for (key, _), spin in zip(entries, spins, strict=True):
        require_spin(f"{key}.spin", spin.value)
    return critical, *spins


def read_interface(key: str, entry: Table) -> Sublattice:
    """A sublattice at an interface."""
    name = _coupling_key(key, entry)
    return Sublattice(
        areal_density=sourced(f"{key}.areal_density", entry["areal_density"], "areal density"),
        coupling=sourced(f"{key}.{name}", entry[name], _COUPLINGS[name]),
    )


def read_volume(key: str, entry: Table) -> VolumeSublattice:
    """A sublattice in the volume of a metal; a list of three couplings is anisotropic exchange."""
    name = _coupling_key(key, entry)
    given, dimension = entry[name], _COUPLINGS[name]
    density = sourced(f"{key}.density", entry["density"], "volume density")
    if not isinstance(given, list):
        return VolumeSublattice(density, sourced(f"{key}.{name}", given, dimension))
    if len(given) != 3:
        raise InputError(f"{key}.{name}", "one number, or three along x, y and z", given)
    x, y, z = (sourced(f"{key}.{name}[{i}]", value, dimension) for i, value in enumerate(given))
    return VolumeSublattice(density, (x, y, z))


def read_moments(
    name: str, table: Table, facts: Sequence[Sourced], usual: Sequence[float], g_factor: str = "g_factor"
) -> Moments:
    """One sublattice: para- or ferromagnet; two: ferri- or antiferromagnet; more: the exchange matrix is needed.

    Args:
        facts: from `read_facts`.
        usual: weights of sublattices that give no `bulk_weight`.
        g_factor: key of the g factor of the moments.
    """
    critical, spins = facts[0].value, tuple(spin.value for spin in facts[1:])
    g = positive(f"{name}.{g_factor}", table.get(g_factor, G_FACTOR))
    weights = tuple(
        positive(f"{name}.sublattices[{i}].bulk_weight", entry["bulk_weight"]) if "bulk_weight" in entry else weight
        for i, (entry, weight) in enumerate(zip(table["sublattices"], usual, strict=True))
    )
    if "exchange" in table:
        energies = matrix(f"{name}.exchange", table["exchange"], "energy", "a list of rows of energies")
        return _require_agreement(name, from_exchange(spins, energies, weights, g), critical)
    if len(spins) == 1:
        return ferromagnet(spins[0], critical, g)
    if len(spins) == 2:
        return ferrimagnet((spins[0], spins[1]), (weights[0], weights[1]), critical, g)
    raise InputError(f"{name}.exchange", "given for more than two sublattices", None, "a matrix of energies E_ij")


def write_moments(
    moments: Moments,
    facts: Sequence[Sourced],
    sublattices: Sequence[Sublattice | VolumeSublattice],
    usual: Sequence[float],
    g_factor: str = "g_factor",
) -> dict[str, Any]:
    """What the readers above read back; `facts` may be empty, `usual` and `g_factor` as in `read_moments`."""
    facts = facts or (
        Sourced(moments.critical_temperature, "temperature"),
        *(Sourced(spin, "dimensionless") for spin in moments.spins),
    )
    table: dict[str, Any] = {"critical_temperature": plain(facts[0])}
    if moments.g_factor != G_FACTOR:
        table[g_factor] = moments.g_factor
    table["sublattices"] = [
        _entry(sublattice) | {"spin": plain(spin)} | ({} if weight == default else {"bulk_weight": weight})
        for sublattice, spin, weight, default in zip(sublattices, facts[1:], moments.weights, usual, strict=True)
    ]
    if len(sublattices) > 2 or read_moments("record", table, facts, usual, g_factor) != moments:
        table["exchange"] = [[exact(energy, "energy") for energy in row] for row in moments.exchange]
    return table


def moment_numbers(
    facts: Sequence[Sourced], sublattices: Sequence[Sublattice | VolumeSublattice]
) -> dict[str, Sourced]:
    """The sourced numbers of moments by key."""
    places = [f"sublattices[{i}]" for i in range(len(sublattices))]
    names = ("critical_temperature", *(f"{place}.spin" for place in places))
    found = dict(zip(names, facts, strict=False))
    for place, sublattice in zip(places, sublattices, strict=True):
        coupling, name = sublattice.coupling, f"{place}.{_written_coupling(sublattice)}"
        found[f"{place}.{_density_key(sublattice)}"] = _density(sublattice)
        if isinstance(coupling, tuple):
            found |= {f"{name}[{i}]": value for i, value in enumerate(coupling)}
        else:
            found[name] = coupling
    return found


def _coupling_key(key: str, entry: Table) -> str:
    given = [name for name in _COUPLINGS if name in entry]
    if len(given) != 1:
        raise InputError(f"{key}.coupling", "given, or else reduced_coupling = nu J (one of the two)", given)
    return given[0]


def _require_agreement(name: str, moments: Moments, critical: float) -> Moments:
    """The critical temperature given must be the one of the exchange matrix, to 1 %."""
    found = moments.critical_temperature
    if abs(found - critical) > 0.01 * max(found, critical):
        key, must = f"{name}.critical_temperature", f"what the exchange gives, {found:.4g} K"
        raise InputError(key, must, f"{critical:g} K", "scale exchange")
    return moments


def _entry(sublattice: Sublattice | VolumeSublattice) -> dict[str, Any]:
    coupling = sublattice.coupling
    written = [plain(value) for value in coupling] if isinstance(coupling, tuple) else plain(coupling)
    return {_density_key(sublattice): plain(_density(sublattice)), _written_coupling(sublattice): written}


def _written_coupling(sublattice: Sublattice | VolumeSublattice) -> str:
    """The key under which tables hold the coupling: J or nu J."""
    coupling = sublattice.coupling
    first = coupling[0] if isinstance(coupling, tuple) else coupling
    return "reduced_coupling" if first.dimension == "dimensionless" else "coupling"


def _density_key(sublattice: Sublattice | VolumeSublattice) -> str:
    return "areal_density" if isinstance(sublattice, Sublattice) else "density"


def _density(sublattice: Sublattice | VolumeSublattice) -> Sourced:
    return sublattice.areal_density if isinstance(sublattice, Sublattice) else sublattice.density
