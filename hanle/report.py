"""What a run reports: quantities with units, and how well they are proven."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from hanle.ac_results import ACResult
from hanle.course import Instant, MovingInstant
from hanle.materials.load import bibliography, numbers
from hanle.materials.records import USER
from hanle.pde.engines.contract import System
from hanle.pde.harmonic_problem import quadrature
from hanle.pde.response import Proof
from hanle.pde.solution import Balance
from hanle.pde.tensors import Array
from hanle.readings import (
    CURRENT_UNIT,
    ENTROPY_UNIT,
    HEAT_UNIT,
    RESISTANCE_UNIT,
    TORQUE_UNIT,
    WIRE_UNIT,
    receivers,
    torque_parts,
)
from hanle.results import Result
from hanle.spin_density import knows_bands
from hanle.transport import HEAT
from hanle.transport_readout import outer


@dataclass(frozen=True)
class Row:
    """One number.

    Attributes:
        name: as a program would call it.
        value: in SI.
        unit: "" where there is none.
        title: in words.
    """

    name: str
    value: float
    unit: str
    title: str


@dataclass(frozen=True, eq=False)
class Evidence:
    """What was solved, and how well."""

    proof: Proof
    system: System
    balances: Mapping[str, Balance]


def evidence(result: Result | ACResult) -> Evidence:
    """Of an AC response: of its first frequency, the balances of both amplitudes."""
    if isinstance(result, ACResult):
        first = result.solutions[0].doubled
        return Evidence(first.response.proof, first.response.system, {b.name: b for b in first.balances})
    return Evidence(result.proof, result.response.system, result.balances)


def which(result: Result | ACResult) -> str:
    """Which of several states the rows are about."""
    if isinstance(result, ACResult):
        return "first frequency"
    return "last moment" if isinstance(result, Instant) else "first state"


def rows(result: Result | ACResult, index: int = 0) -> list[Row]:
    """The numbers of a result; `index`: position along the batch axis, or among the frequencies."""
    if isinstance(result, ACResult):
        return list(_at_frequency(result, index))
    found = [*_resistivities(result, index), *_terminals(result, index)]
    found += _driven(result, index)
    unit = TORQUE_UNIT[len(result.mesh.axes)]
    for magnet in receivers(result):
        torque = np.atleast_2d(result.torque(magnet))[index]
        found += [
            Row(
                f"torque_{axis}({magnet})",
                float(value),
                unit,
                f"torque on the moments of {magnet}, component {axis}",
            )
            for axis, value in zip("xyz", torque, strict=True)
        ]
    for region in (name for name in result.mesh.regions if knows_bands(result, name)):
        ratio = np.atleast_2d(result.charge_to_spin(region).mean)[index]
        found += [
            Row(f"charge_to_spin_{axis}({region})", float(value), "", f"mean spin along {axis} per added electron")
            for axis, value in zip("xyz", ratio, strict=True)
        ]
    return [*found, *_torque_parts(result, index)]


def proof_rows(result: Result | ACResult) -> list[Row]:
    """Residuals and balances, the largest of all states."""
    shown = evidence(result)
    proof = shown.proof
    residual = max(proof.residuals.values(), default=0.0)
    found = [
        Row("unknowns", float(shown.system.unknowns), "", "of the linear system"),
        Row("residual", residual, "", f"largest relative true residual (asked: {proof.tolerance:.0e})"),
    ]
    names = {
        "u": "charge",
        "w_x": "spin x",
        "w_y": "spin y",
        "w_z": "spin z",
        "w_m": "magnons",
        "T_e": "heat of electrons",
        "T_m": "heat of magnons",
        "T_p": "heat of the lattice",
    }
    names |= {quadrature(name): f"{title}, quadrature" for name, title in names.items()}
    for name, balance in shown.balances.items():
        worst = float(np.max(balance.error))
        found.append(Row(f"balance({name})", worst, "", f"{names.get(name, name)}: what is missing / turnover"))
    return found


def table(found: Sequence[Row]) -> str:
    """Rows as aligned text: name, value, unit, meaning."""
    cells = [(row.name, f"{row.value:.6g}", row.unit, row.title) for row in found]
    widths = [max(len(cell[k]) for cell in cells) for k in range(3)]
    lines = [
        f"{name:<{widths[0]}}  {value:>{widths[1]}} {unit:<{widths[2]}}  {title}"
        for name, value, unit, title in cells
    ]
    return "\n".join(line.rstrip() for line in lines)


def sources(result: Result | ACResult) -> dict[str, str]:
    """BibTeX entries, by key, of the sources of the materials."""
    keys = {n.source for record in result.device.materials.values() for n in numbers(record).values()} - {USER}
    entries = bibliography()
    return {key: entries[key].strip() for key in sorted(keys) if key in entries}


def as_json(result: Result | ACResult, provenance: dict[str, str]) -> dict[str, Any]:
    """The same numbers for programs."""
    shown = evidence(result)
    proof = shown.proof
    return {
        "title": result.device.name,
        "quantities": {r.name: {"value": r.value, "unit": r.unit or "1", "title": r.title} for r in rows(result)},
        "proof": {
            "engine": proof.engine,
            "solver": proof.solver,
            "processes": shown.system.processes.size,
            "unknowns": shown.system.unknowns,
            "tolerance": proof.tolerance,
            "residuals": {name: float(value) for name, value in proof.residuals.items()},
            "iterations": {name: int(value) for name, value in proof.iterations.items()},
            "balances": {name: float(np.max(b.error)) for name, b in shown.balances.items()},
        },
        "provenance": provenance,
    }


def _at_frequency(result: ACResult, index: int) -> Iterator[Row]:
    """Real and imaginary parts of everything at one frequency."""
    yield Row("frequency", float(result.frequencies[index]), "Hz", "of the drives")
    data = result.dataset(split=True).isel(frequency=index)
    for name, values in data.data_vars.items():
        unit = "" if values.units == "1" else values.units
        for place in product(*(range(n) for n in values.shape)):
            labels = ", ".join(str(values[axis].values[k]) for axis, k in zip(values.dims, place, strict=True))
            yield Row(f"{name}({labels})" if labels else str(name), float(values[place]), unit, values.long_name)


def _resistivities(result: Result, index: int) -> Iterator[Row]:
    if not result.has_resistivity:
        return
    film = result.film
    entries = (
        ("rho_L", film.rho_L, "Ohm m", "longitudinal resistivity"),
        ("rho_T", film.rho_T, "Ohm m", "transverse resistivity"),
        ("rho_L_change", film.change_L, "", "rho_L/rho - 1, rho without spin Hall coupling"),
        ("sheet_resistance", film.sheet_L, "Ohm", "rho_L over the conducting thickness"),
    )
    for name, values, unit, title in entries:
        if not np.isnan(values[index]):
            yield Row(name, float(values[index]), unit, title)


def _terminals(result: Result, index: int) -> Iterator[Row]:
    unit = CURRENT_UNIT[len(result.mesh.axes)]
    if result.wiring.density is not None:
        yield Row("current_density", result.wiring.density, "A/m^2", "mean along x")
    for name in result.device.terminals:
        yield Row(f"V({name})", _at(result.terminal_voltage(name), index), "V", "against the ground")
    for name in (*result.wiring.currents, *result.wiring.voltages):
        yield Row(f"I({name})", _at(result.terminal_current(name), index), unit, "into the device")
    if result.wiring.pair:
        unit = RESISTANCE_UNIT[len(result.mesh.axes)]
        yield Row("resistance", _at(result.resistance(), index), unit, " to ".join(result.wiring.pair))


def _driven(result: Result, index: int) -> Iterator[Row]:
    """Wires and heat contacts."""
    dimension, wiring = len(result.mesh.axes), result.wiring
    for name in result.device.wires:
        yield Row(f"E({name})", _at(result.wire_field(name), index), "V/m", "along the wire")
        yield Row(f"I({name})", _at(result.wire_current(name), index), WIRE_UNIT[dimension], "along the wire")
    sources = [name for name, current in wiring.wire_currents.items() if current]
    for name in (n for n in result.device.wires if len(sources) == 1):
        title = "resistance per length" if name == sources[0] else f"nonlocal, current in {sources[0]}"
        unit = {2: "Ohm/m", 1: "Ohm"}[dimension]
        yield Row(f"resistance({name})", _at(result.wire_resistance(name), index), unit, title)
    if HEAT in result.device.transport:
        for name in result.response.system.problem.regions:
            carrier = "electrons" if name in result.device.conductors else "lattice"
            change = _at(result.largest_temperature_change(name, carrier), index)
            yield Row(f"dT_max({name})", change, "K", f"T - T_0 of the {carrier} where |T - T_0| is largest")
    for name in result.device.heat_contacts:
        yield Row(f"dT({name})", _at(result.contact_temperature(name), index), "K", "T - T_0 of the lattice there")
        yield Row(f"heat({name})", _at(result.heat_current(name), index), HEAT_UNIT[dimension], "into the device")
    for face in outer(result):
        heat = -_at(result.interface_heat_current(face), index)
        yield Row(f"heat({face})", heat, HEAT_UNIT[dimension], "into the device")
    # In time what is stored counts too.
    if result.device.transport and not isinstance(result, Instant):
        entropy = _at(result.entropy_production().total, index)
        yield Row("entropy_production", entropy, ENTROPY_UNIT[dimension], "of regions and faces")


def _torque_parts(result: Result, index: int) -> Iterator[Row]:
    if isinstance(result, MovingInstant):
        return  # the torque holds what pumping takes
    for name, reading in torque_parts(result).items():
        unit = "" if reading.units == "1" else reading.units
        values = np.broadcast_to(reading.values, (max(index + 1, len(reading.values)), *reading.values.shape[1:]))
        for face, value in zip(reading.labels["interface"], values[index], strict=True):
            if np.isfinite(value):
                yield Row(f"{name}({face})", float(value), unit, f"{reading.title}, y = N x E/|E|")


def _at(values: Array, index: int) -> float:
    return float(np.atleast_1d(values)[index])
