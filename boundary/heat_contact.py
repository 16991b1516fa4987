"""Heat across faces: sinks and held temperatures at outer faces, thermal boundary conductance between two bodies.

With t = (T - T_0)/T_0, Q = -q the heat that flows against q, and N outward from the side spoken of,

    sink        N.Q = h T_0 (t_ext - t)           per reservoir (T_e, T_p, T_m); T_ext of the surroundings
    held        t = (T - T_0)/T_0
    contact     N.Q of side a, reservoir i = sum_j h_ij T_0 (t_j of side b - t_i),   and the reverse on side b

h is in W/(m^2 K); 1/h is the resistance of Kapitza, 1958. Without a law nothing passes: the face is adiabatic.
All laws are linear about T_0 and concern heat only: `hanle.pde.coupling.joined` puts them on one face with those of
charge and spin. Second law: h >= 0.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from hanle.pde.coefficients import FaceLaw, Side, Term, as_weight, present, term
from hanle.pde.errors import InputError, unknown_name
from hanle.pde.fields import ELECTRON_HEAT, LATTICE_HEAT, MAGNON_HEAT, Field, FieldSet
from hanle.pde.tensors import Array

BODY, BELOW, ABOVE = "body", "below", "above"
#: Fields that carry heat, by name.
RESERVOIRS: Mapping[str, Field] = {field.name: field for field in (ELECTRON_HEAT, MAGNON_HEAT, LATTICE_HEAT)}

_SCALAR = np.asarray(1.0)


def heat_sink(
    temperature: ArrayLike,
    conductances: Mapping[str, ArrayLike],
    surroundings: ArrayLike | None = None,
    role: str = BODY,
) -> FaceLaw:
    """An outer face that exchanges heat with its surroundings.

    Args:
        temperature: T_0 [K].
        conductances: reservoir ("T_e", "T_m", "T_p") -> h [W/(m^2 K)], numbers, per facet, or a batch (batch, 1).
        surroundings: T_ext [K]; T_0 if None.
        role: name of the side, that of the law it is joined with.

    Raises:
        InputError: h < 0, temperatures that are not positive, an unknown reservoir.
    """
    t0 = _kelvin("temperature", temperature)
    outside = t0 if surroundings is None else _kelvin("surroundings", surroundings)
    fields = _fields("conductances", conductances)
    losses, sources = [], []
    for name, given in conductances.items():
        h = _conductance(name, given)
        row = _row(fields.slice(name).start, fields.size)
        losses.append(Term(-h * t0, _SCALAR, np.diag(row)))
        sources.append(Term(h * (outside - t0), _SCALAR, row))
    return FaceLaw(sides=(Side(role, fields),), G=present(losses), g=present(sources))


def held_temperature(temperature: float, held: Mapping[str, float], role: str = BODY) -> FaceLaw:
    """An outer face at given temperatures: reservoir -> T [K], about T_0 = `temperature` [K].

    Raises:
        InputError: temperatures that are not positive, an unknown reservoir.
    """
    t0 = _kelvin("temperature", temperature)
    given = {name: (_kelvin(name, kelvin) / t0 - 1).ravel() for name, kelvin in held.items()}
    return FaceLaw(sides=(Side(role, _fields("held", held)),), given=given)


def heat_contact(
    temperature: ArrayLike,
    conductances: Mapping[tuple[str, str], ArrayLike],
    roles: tuple[str, str] = (BELOW, ABOVE),
) -> FaceLaw:
    """An interface between two bodies.

    Args:
        temperature: T_0 [K].
        conductances: (reservoir below, reservoir above) -> h [W/(m^2 K)]: ("T_e", "T_e") between electrons of two
            metals, ("T_p", "T_p") between lattices, ("T_e", "T_p") from the electrons below to the lattice above.
        roles: names of the sides, those of the law it is joined with.

    Raises:
        InputError: h < 0, a temperature that is not positive, an unknown reservoir.
    """
    t0 = _kelvin("temperature", temperature)
    low, high = (_fields("conductances", [pair[k] for pair in conductances]) for k in (0, 1))
    size, terms = low.size + high.size, []
    for (one, other), given in conductances.items():
        warmer = _row(low.slice(one).start, size) - _row(low.size + high.slice(other).start, size)
        h = _conductance(f"{one}|{other}", given)
        terms.append(term(-h * t0, 1.0, np.outer(warmer, warmer)))
    return FaceLaw(sides=(Side(roles[0], low), Side(roles[1], high)), G=present(terms))


def _fields(key: str, names: Mapping[str, object] | list[str]) -> FieldSet:
    """The reservoirs named, each once, in the order of RESERVOIRS."""
    for name in names:
        if name not in RESERVOIRS:
            raise unknown_name(key, name, RESERVOIRS)
    return FieldSet(tuple(field for name, field in RESERVOIRS.items() if name in names))


def _row(place: int, size: int) -> Array:
    row = np.zeros(size)
    row[place] = 1.0
    return row


def _kelvin(key: str, given: ArrayLike) -> Array:
    values = as_weight(given)
    if not np.all(values > 0):
        raise InputError(key, "positive [K]", float(values.min()))
    return values


def _conductance(key: str, given: ArrayLike) -> Array:
    values = as_weight(given)
    if not np.all(values >= 0):
        raise InputError(
            f"conductances.{key}", "0 or positive [W/(m^2 K)]", float(values.min()), "usual: 1e7 to 1e10"
        )
    return values
