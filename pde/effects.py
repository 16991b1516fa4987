"""Names of the effects that make small corrections: tags of terms, and what a device can leave out."""

from collections.abc import Sequence

from hanle.pde.errors import InputError, unknown_name

SPIN_HALL = "spin Hall"
ORDINARY_HALL = "ordinary Hall"
ANOMALOUS_HALL = "anomalous Hall"
ANISOTROPY = "anisotropic magnetoresistance"
INTERFACIAL = "interfacial spin-orbit"
THERMOELECTRIC = "thermoelectric"
SPIN_NERNST = "spin Nernst"
ANOMALOUS_NERNST = "anomalous Nernst"
#: Name -> what goes with it, in the order in which contributions are counted.
EFFECTS = {
    SPIN_HALL: "spin Hall and inverse spin Hall effect of metals",
    ORDINARY_HALL: "ordinary Hall effect",
    ANOMALOUS_HALL: "anomalous Hall effect of ferromagnets",
    ANISOTROPY: "anisotropic magnetoresistance of ferromagnets",
    THERMOELECTRIC: "Seebeck and Peltier effect of metals, of spin too",
    SPIN_NERNST: "spin Nernst effect and its inverse",
    ANOMALOUS_NERNST: "anomalous Nernst and Ettingshausen effect of ferromagnets",
    INTERFACIAL: "currents, spin currents and torques that an interface makes of fields along it",
}


def read_effects(key: str, given: Sequence[str]) -> tuple[str, ...]:
    """Names of effects, checked; each once. InputError at `key` for anything else."""
    if isinstance(given, str) or not all(isinstance(name, str) for name in given):
        raise InputError(key, "a list of effects", given, f"known: {', '.join(EFFECTS)}")
    for name in given:
        if name not in EFFECTS:
            raise unknown_name(key, name, EFFECTS)
    return tuple(dict.fromkeys(given))
